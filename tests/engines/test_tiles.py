import itertools
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import polyrelu as pr
from polyrelu.engines.branch import library
from polyrelu.engines.branch.tiles import Columns, PackedCells
from polyrelu.engines.registry import METHODS
from polyrelu.networks.activation_pattern import packed_signs
from tests import zoo
from tests.engines.moments import CtrlC, check_left, in_small_steps, one_neuron_at_a_time, random_network
from tests.strategies import questions

BOX = ([-2, -2], [2, 2])
NET = random_network([2, 6, 6, 1])


def named(tiles):
    return sorted((tile.pattern, tile.target_index, repr(tile.polyhedron.halfspaces)) for tile in tiles)


@pytest.mark.parametrize(
    ("method", "order"),
    [*itertools.product(["cells", "twin"], ["found", "largest"]), ("branch", "found"), ("halfspaces", "found")],
)
@settings(max_examples=12, deadline=None)
@given(question=questions(max_inputs=2, max_neurons=5), workers=st.integers(1, 2))
def test_the_same_tiles_as_the_preimage(method, order, question, workers):
    with in_small_steps(1), one_neuron_at_a_time():
        network, target, domain = question
        found = list(pr.tiles(network, target, domain, method, order=order, workers=workers))
    assert named(found) == named(pr.preimage(network, target, domain, method))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("target", ["y0 > 0", "y0 == 0", ["y0 > 1", "y0 < 3"]])
def test_every_method(method, target):
    network = random_network([2, 3, 3, 1])
    assert named(pr.tiles(network, target, BOX, method)) == named(pr.preimage(network, target, BOX, method))


@pytest.mark.parametrize("method", ["cells", "branch", "halfspaces"])
@pytest.mark.parametrize("name", ["duplicate neurons", "fan", "sum of absolute values", "zero weights", "no inputs"])
def test_flat_tiles_are_compared_with_tiles_that_are_forgotten(name, method):
    network = zoo.NETWORKS[name]
    domain = zoo.square(2, network.input_dim)
    for target in ("y0 <= 0", "y0 == 0"):
        with in_small_steps(1), one_neuron_at_a_time():
            found = list(pr.tiles(network, target, domain, method))
        assert named(found) == named(pr.preimage(network, target, domain, "cells"))


@pytest.mark.parametrize("method", ["branch", "halfspaces"])
def test_the_first_tile_comes_long_before_the_last(method):
    """Of some hundred thousand tiles in eight dimensions three are handed out, and the rest is said to be undecided."""
    network = random_network([8, 12, 12, 1])
    began = time.process_time()
    with pr.tiles(network, "y0 > 0", ([-1] * 8, [1] * 8), method) as found:
        first = list(itertools.islice(found, 3))
        left = found.undecided()
    assert len(first) == 3
    assert len(left) > 3
    assert time.process_time() - began < 5


@pytest.mark.parametrize("method", ["branch", "halfspaces"])
@pytest.mark.parametrize("first", [31, 83])
def test_branches_go_on_after_ctrl_c(method, first):
    """As cells do, below; also between flat tiles."""
    modules = ("branch/streamed.py", "branch/engine.py", "halfspaces/engine.py", "halfspaces/streamed.py")
    for network, target in ((NET, "y0 > 0"), (zoo.NETWORKS["fan"], "y0 <= 0")):
        domain = zoo.square(2, network.input_dim)
        stream, found = pr.tiles(network, target, domain, method), list[pr.Tile]()
        with one_neuron_at_a_time():
            for time_ in range(8):
                try:
                    with CtrlC(first * (1 + time_), modules):
                        found.extend(stream)
                except KeyboardInterrupt:
                    stream.undecided()
            found.extend(stream)
        assert named(found) == named(pr.preimage(network, target, domain, "cells"))


@pytest.mark.parametrize("order", ["found", "largest"])
def test_masks_that_are_too_narrow_grow(order):
    """A cell in ten dimensions, or a polygon with 80 sides, has more facets than a word has bits."""
    rows = [[1000 - abs(k), k] for k in range(-990, 991, 30)]
    round_ = pr.Polyhedron([*rows, *([-a, b] for a, b in rows)], [1000] * (2 * len(rows)))
    network = random_network([2, 4, 4, 1])
    assert named(pr.tiles(network, "y0 > 0", round_, order=order)) == named(pr.preimage(network, "y0 > 0", round_))


def test_to_close_it_early_stops_the_run():
    network = random_network([5, 30, 30, 1])
    began = time.process_time()
    with pr.tiles(network, "y0 > 0", ([-5] * 5, [5] * 5)) as found:
        first = list(itertools.islice(found, 3))
    assert len(first) == found.handed_out == 3
    assert list(found) == []
    assert time.process_time() - began < 5
    with pytest.raises(pr.InputError, match="undecided: the iterator is closed"):
        found.undecided()


@pytest.mark.parametrize("order", ["found", "largest"])
def test_time_is_heard(order):
    network = random_network([5, 30, 30, 1])
    began = time.monotonic()
    stream = pr.tiles(network, "y0 > 0", ([-5] * 5, [5] * 5), order=order, timeout=0.3)
    with pytest.raises(pr.Interrupted, match=r"tiles: stopped after 0\.3 seconds with \d+ tiles handed out"):
        for _ in stream:
            pass
    assert time.monotonic() - began < 5
    assert len(stream.undecided()) > 10


@pytest.mark.parametrize(
    ("method", "order", "after"),
    [
        *itertools.product(["cells", "branch", "halfspaces"], ["found"], [0, 1, 2, 4]),
        *itertools.product(["cells"], ["largest"], [0, 1, 2, 4, 9]),
        *itertools.product(["branch", "halfspaces"], ["found"], [9]),  # cells are done by then
    ],
)
def test_a_stopped_iterator_says_what_is_undecided(method, order, after):
    whole = pr.preimage(NET, "y0 > 0", BOX)
    asked = itertools.count()
    handed_out = list[pr.Tile]()
    stream = pr.tiles(NET, "y0 > 0", BOX, method, order=order, until=lambda found: next(asked) >= after)
    with in_small_steps(2), one_neuron_at_a_time(), pytest.raises(pr.Interrupted) as stopped:
        handed_out.extend(stream)
    together = [*handed_out, *stopped.value.partial]
    assert len(together) == len(set(named(together)))
    check_left(together, list(stopped.value.partial.undecided()), whole)


@pytest.mark.parametrize("method", ["branch", "halfspaces"])
@pytest.mark.parametrize("target", ["y0 <= 0", "y0 <= 1"])
def test_nothing_is_lost_or_comes_twice_wherever_ctrl_c_comes(method, target):
    """At one line of the engine in 67, on a question that is small."""
    modules = ("branch/streamed.py", "branch/engine.py", "halfspaces/engine.py", "halfspaces/streamed.py")
    network, domain = zoo.NETWORKS["absolute value"], zoo.square(2, 1)
    whole = named(pr.preimage(network, target, domain, "cells"))
    for line in itertools.count(1, 67):
        stream, found, is_done = pr.tiles(network, target, domain, method), list[pr.Tile](), False
        with one_neuron_at_a_time():
            try:
                with CtrlC(line, modules):
                    found.extend(stream)
                is_done = True
            except KeyboardInterrupt as stopped:
                check_stopped(found, stopped, whole)
            found.extend(stream)
        assert named(found) == whole, line
        if is_done:
            break
    assert line > 100


@pytest.mark.parametrize("method", ["branch", "halfspaces"])
@pytest.mark.parametrize("target", ["y0 <= 0", "y0 <= 1"])
def test_it_goes_on_after_any_question_whether_to_stop(method, target):
    network, domain = zoo.NETWORKS["absolute value"], zoo.square(2, 1)
    whole = named(pr.preimage(network, target, domain, "cells"))
    for moment in range(12):
        stream, found = pr.tiles(network, target, domain, method, until=once(moment)), list[pr.Tile]()
        with one_neuron_at_a_time():
            try:
                found.extend(stream)
            except pr.Interrupted as stopped:
                check_stopped(found, stopped, whole)
                found.extend(stream)
        assert named(found) == whole, moment


def once(moment: int) -> Callable[[int], bool]:
    """Says to stop when it is asked for the n-th time, and never again."""
    asked = itertools.count()
    return lambda found: next(asked) == moment


def test_what_is_found_and_still_waits_comes_once(monkeypatch):
    """Ctrl-C between two steps of exact arithmetic: a tile is there, and its cell is still in doubt."""
    network, domain, steps = zoo.NETWORKS["absolute value"], zoo.square(2, 1), itertools.count()

    def append(cells: PackedCells, *columns: Any) -> None:
        cells.extend(Columns(packed_signs(columns[0]), packed_signs(columns[1]), columns[2]))
        if np.isnan(columns[2]).any() and next(steps) == 0:
            raise KeyboardInterrupt

    monkeypatch.setattr(PackedCells, "append", append)
    monkeypatch.setattr(library.Found, "by", classmethod(in_doubt))
    stream, found = pr.tiles(network, "y0 <= 1", domain, "branch"), list[pr.Tile]()
    with pytest.raises(pr.Interrupted):
        found.extend(stream)
    found.extend(stream)
    assert named(found) == named(pr.preimage(network, "y0 <= 1", domain, "cells"))


def in_doubt(kind, walk, neurons, dim, by=library.Found.by):
    """What a walk found, as if floats could tell nothing of it."""
    found = by(walk, neurons, dim)
    return found._replace(in_doubt=np.ones_like(found.in_doubt))


def check_stopped(found, stopped, whole):
    """What was handed out, what is found since and what is undecided are all there is."""
    assert isinstance(stopped, pr.Interrupted)
    listed = named([*found, *stopped.partial])
    left = list(stopped.partial.undecided())
    assert set(listed) <= set(whole)
    assert left or listed == whole


@pytest.mark.parametrize("order", ["found", "largest"])
@pytest.mark.parametrize("first", [20, 53, 100])
def test_after_ctrl_c_it_goes_on(order, first):
    """Ctrl-C comes eight times, a little later each time; between two of these the iterator may be asked anything."""
    whole = named(pr.preimage(NET, "y0 > 0", BOX))
    modules = ("cells/pool.py", "cells/streamed.py", "cells/engine.py")
    with in_small_steps(3):
        stream, found = pr.tiles(NET, "y0 > 0", BOX, order=order), list[pr.Tile]()
        for time_ in range(8):
            try:
                with CtrlC(first * (1 + time_), modules):
                    found.extend(stream)
            except KeyboardInterrupt:
                stream.undecided()
        found.extend(stream)
    assert named(found) == whole


@pytest.mark.long
def test_memory_is_flat():
    """Many tiles, of which a batch at a time is held: all of them, packed as they are, take more than twice as much."""
    network, domain = random_network([3, 40, 40, 1], seed=2), ([-9] * 3, [9] * 3)
    list(itertools.islice(pr.tiles(network, "y0 > -1000", domain), 1))  # what is kept of a network is not counted

    def peak(ask):
        tracemalloc.start()
        try:
            return sum(1 for _ in ask()), tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    with in_small_steps(5_000):  # or a fast machine finds nearly all of them in a step
        handed_out, most = peak(lambda: pr.tiles(network, "y0 > -1000", domain))
    kept, for_all = peak(lambda: pr.preimage(network, "y0 > -1000", domain))
    assert handed_out == kept > 70_000
    assert 2 * most < for_all


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"order": "best"}, "tiles: unknown order 'best'; choose one of found, largest"),
        ({"method": "magic"}, "tiles: unknown method 'magic'"),
        ({"timeout": -1}, "tiles: the time limit is -1 seconds"),
    ],
)
def test_bad_questions_are_refused_at_once(options, message):
    with pytest.raises(pr.InputError, match=message):
        pr.tiles(NET, "y0 > 0", BOX, **options)


def test_batches_have_the_same_tiles():
    stream, found = pr.tiles(NET, "y0 > 0", BOX), list[pr.Tile]()
    with in_small_steps(2):
        while (batch := stream.batch()) is not None:
            assert not batch.complete
            found += batch
    assert named(found) == named(pr.preimage(NET, "y0 > 0", BOX))
    assert stream.handed_out == len(found)
