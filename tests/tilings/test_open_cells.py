import itertools
import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import polyrelu as pr
from tests import zoo
from tests.engines.moments import METHODS, CtrlC, check_partial, in_small_steps, random_network, stopped
from tests.strategies import questions

BOX = ([-2, -2], [2, 2])
NET = random_network([2, 6, 6, 1])


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=12, deadline=None)
@given(question=questions(max_inputs=2, max_neurons=5), after=st.integers(0, 40))
def test_a_stopped_run_misses_nothing(method, question, after):
    network, target, domain = question
    whole = pr.preimage(network, target, domain, method)
    with in_small_steps(1):
        check_partial(stopped(pr.preimage, network, target, domain, method, after=after), whole)


@pytest.mark.parametrize("order", ["found", "largest"])
@pytest.mark.parametrize("target", ["y0 > 0", "y0 == 0", "y0 >= 0 and y0 <= 0"])
@pytest.mark.parametrize("workers", [1, 2])
def test_the_kernel_hands_out_what_is_open(order, target, workers):
    net = random_network([2, 8, 8, 8, 1])
    whole = pr.preimage(net, target, BOX)
    assert len(whole) > 10
    lengths = set()
    with in_small_steps(2):
        for after in (0, 1, 2, 5, 9):
            partial = stopped(pr.preimage, net, target, BOX, order=order, workers=workers, after=after)
            check_partial(partial, whole)
            lengths.add(len(partial.undecided()))
    assert max(lengths) > 3


@pytest.mark.parametrize("name", ["duplicate neurons", "fan", "dead layer", "skip connection", "zero weights"])
@pytest.mark.parametrize("method", METHODS)
def test_degenerate_networks(name, method):
    network = zoo.NETWORKS[name]
    domain = zoo.square(2, network.input_dim)
    whole = pr.linear_regions(network, domain, method)
    for after in (0, 1, 2):
        with in_small_steps(1):
            check_partial(stopped(pr.linear_regions, network, domain, method, after=after), whole)


@pytest.mark.parametrize("scale", [zoo.TINY, zoo.HUGE, zoo.BEYOND])
def test_extreme_networks(scale):
    network = zoo.scaled(scale, 1 / scale)
    whole = pr.linear_regions(network, BOX)
    with in_small_steps(1):
        for after in (0, 1, 2):
            partial = stopped(pr.linear_regions, network, BOX, after=after)
            check_partial(partial, whole)
            assert pytest.approx(1.0) == float(partial.coverage().inside) + float(partial.coverage().undecided)


@pytest.mark.parametrize("domain", ["x0 > -1 and x0 < 1 and x1 > -1 and x1 < 1", "x0 == 1/3 and x1 >= -1 and x1 <= 1"])
def test_open_and_flat_domains(domain):
    domain = pr.parse(domain, 2, ["x"])
    whole = pr.preimage(NET, "y0 > 0", domain)
    for method in ("cells", "twin", "halfspaces"):
        with in_small_steps(1):
            for after in (1, 4):
                partial = stopped(pr.preimage, NET, "y0 > 0", domain, method, after=after)
                check_partial(partial, whole)
    assert len(whole) > 2


MODULES = ("cells/runner.py", "cells/run.py", "cells/engine.py", "cells/pool.py")


@pytest.mark.parametrize("method", ["cells", "twin"])
@pytest.mark.parametrize("order", ["found", "largest"])
def test_ctrl_c_at_any_line_loses_nothing(method, order):
    network = random_network([2, 3, 3, 1], seed=3)
    whole = pr.preimage(network, "y0 > 0", BOX)
    with in_small_steps(1):
        counted = CtrlC(0, MODULES)
        with counted:
            pr.preimage(network, "y0 > 0", BOX, method, order=order)
        moments = [int(counted.count * k / 23) + k for k in range(1, 23)]
        seen = set()
        for line in moments:
            try:
                with CtrlC(line, MODULES):
                    partial = pr.preimage(network, "y0 > 0", BOX, method, order=order)
            except pr.Interrupted as error:
                partial = error.partial
            if partial.undecided_parts is not None or partial.complete:
                check_partial(partial, whole)
                seen.add(len(partial))
    assert len(seen) > 2


def test_a_cell_that_is_lost_is_noticed():
    """The law is one that a wrong answer breaks."""
    whole = pr.preimage(NET, "y0 > 0", BOX)
    with in_small_steps(2):
        partial = stopped(pr.preimage, NET, "y0 > 0", BOX, after=4)
    (index, source), *_ = partial.undecided_parts or ()
    for cell in range(len(source)):
        if any((tile.polyhedron & source.polyhedron(cell)).dim == 2 for tile in whole):
            break
    kept = pr.Tiling(partial.network, partial.targets, partial.domain, "cells", False, {}, partial.parts)
    object.__setattr__(kept, "undecided_parts", ((index, source.only(1 - min(cell, 1))),))
    with pytest.raises(AssertionError):
        check_partial(kept, whole)


def test_several_targets_wait_for_themselves():
    with in_small_steps(2):
        partial = stopped(pr.preimage, NET, ["y0 > 1", "y0 < 3"], BOX, after=3)
    left = partial.undecided()
    targets = [left.target_index(i) for i in range(len(left))]
    assert set(targets) == {0, 1}
    assert left[targets.index(1)] == partial.domain
    for point in itertools.product([-1, 0, 1], repeat=2):
        assert left.contains(point)


def test_what_is_undecided_is_a_sequence_that_travels():
    with in_small_steps(2):
        partial = stopped(pr.preimage, NET, "y0 > 0", BOX, after=3)
    left = partial.undecided()
    assert list(left) == left[:] == [left[i] for i in range(len(left))]
    assert left[-1] == left[len(left) - 1]
    assert repr(left) == f"Undecided({len(left)} cells)"
    again = pickle.loads(pickle.dumps(partial))
    assert list(again.undecided()) == list(left)
    assert again.coverage() == partial.coverage()
    with pytest.raises(IndexError):
        left[len(left)]


def test_a_complete_tiling_leaves_nothing_and_a_part_does_not_know():
    whole = pr.preimage(NET, "y0 > 0", BOX)
    assert list(whole.undecided()) == []
    with pytest.raises(pr.InputError, match="undecided: what this tiling leaves out is not known"):
        whole[:3].undecided()
    partial = stopped(pr.preimage, NET, "y0 > 0", BOX, "unrelu", after=2)
    assert not partial.complete
    with pytest.raises(pr.InputError, match="'unrelu' does not say"):
        partial.undecided()
