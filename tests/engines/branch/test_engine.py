"""The engine that branches, where the conformance suite does not look: many inputs, plain floats, solvers that lie."""

import itertools
from fractions import Fraction
from functools import partial

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import polyrelu as pr
from polyrelu.engines.branch import makers
from polyrelu.engines.branch.engine import BranchEngine
from polyrelu.engines.branch.rules import RULES
from polyrelu.engines.branch.suitable import is_suitable
from polyrelu.networks.relevant_part import keep_all, restrict
from tests.extreme_networks import DEGENERATE, degenerate, nearly_parallel, of_any_magnitude
from tests.strategies import questions


def network(*widths, seed=0):
    draw = np.random.default_rng(seed)
    return pr.Network([(draw.normal(size=(b, a)), draw.normal(size=b)) for a, b in itertools.pairwise(widths)])


def cube(dim, radius=1):
    return pr.Polyhedron.box([-radius] * dim, [radius] * dim)


def as_set(tiling):
    return {(tile.pattern, tile.polyhedron) for tile in tiling}


@settings(max_examples=12)
@given(dim=st.integers(1, 5), hidden=st.integers(2, 5), seed=st.integers(0, 2**32))
def test_the_same_tiles_as_cells_tile_for_tile(dim, hidden, seed):
    net = network(dim, hidden, 2, 2, seed=seed)
    target = pr.parse("y0 >= y1 and y0 > -1", dim=2)
    assert as_set(pr.preimage(net, target, cube(dim), "branch")) == as_set(pr.preimage(net, target, cube(dim), "cells"))


@pytest.mark.parametrize("kind", DEGENERATE)
def test_degenerate_networks(kind):
    for seed in range(2):
        net = degenerate(np.random.default_rng([seed, DEGENERATE.index(kind)]), kind)
        domain = cube(net.input_dim)
        assert as_set(pr.linear_regions(net, domain, "branch")) == as_set(pr.linear_regions(net, domain, "cells"))
        target = pr.Polyhedron([[1] * net.output_dim], [0])
        found, expected = (pr.preimage(net, target, domain, method) for method in ("branch", "twin"))
        assert as_set(found) == as_set(expected)


@pytest.mark.parametrize("seed", range(6))
def test_extreme_networks(seed):
    rng = np.random.default_rng(seed)
    for net in (of_any_magnitude(rng), nearly_parallel(rng)):
        domain = cube(net.input_dim)
        assert as_set(pr.linear_regions(net, domain, "branch")) == as_set(pr.linear_regions(net, domain, "twin"))


@settings(max_examples=40)
@given(question=questions(max_neurons=5), lies=st.integers(1, 2**40))
def test_a_solver_that_lies_changes_no_answer(question, lies):
    """It says other points, NaN and infinity among them, other multipliers, or nothing."""
    net, target, domain = question
    assert as_set(lying(net, target, domain, lies)) == as_set(pr.preimage(net, target, domain, "substitution"))


def lying(net, target, domain, lies):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(makers, "BranchEngine", partial(BranchEngine, lies=lies))
        return pr.preimage(net, target, domain, "branch")


def test_lies_cost_exact_programs_and_nothing_else():
    net, found = network(3, 6, 4, 1), []
    for lies in (0, 1):
        engine = BranchEngine(keep_all(net), cube(3), 10**6, lies=lies)
        engine.run()
        found.append((engine.tiles().columns.signs.tolist(), engine.stats))
    assert found[0][0] == found[1][0]
    assert found[0][1].exact_programs == 0
    assert found[1][1].exact_programs > 10


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_gives_the_same_tiles(rule):
    engine, compiled = (
        BranchEngine(keep_all(network(3, 6, 4, 1)), cube(3), 10**6, None, own) for own in (RULES[rule], None)
    )
    engine.run()
    compiled.run()
    assert engine.tiles().columns.signs.tolist() == compiled.tiles().columns.signs.tolist()
    assert engine.stats.cells == len(engine.found) == engine.stats.cuts + 1
    if rule == "whole first":
        assert engine.stats == compiled.stats


@pytest.mark.parametrize("dim", [9, 16])
def test_many_inputs_with_few_tiles(dim):
    net = network(dim, 6, 3, seed=dim)
    small = pr.Polyhedron.box([Fraction(-1, 8)] * dim, [Fraction(1, 8)] * dim)
    tiling = pr.linear_regions(net, small, "branch")
    assert len(tiling) > 1
    assert tiling.patterns == pr.linear_regions(net, small, "halfspaces").patterns
    x = tiling[0].point()
    assert (tiling[0].pattern, tiling[0].dim) == ("".join(str(int(on)) for on in net.activation_pattern(x)[0]), dim)


def test_constant_inputs_and_rows_of_the_domain():
    net = network(4, 6, 1, seed=2)
    domain = pr.Polyhedron.box([-1, Fraction(1, 3), -1, -1], [1, Fraction(1, 3), 1, 1]) & pr.Polyhedron(
        [[1, 0, 1, 0]], [Fraction(1, 2)], strict=True
    )
    assert is_suitable(domain)
    assert as_set(pr.linear_regions(net, domain, "branch")) == as_set(pr.linear_regions(net, domain, "cells"))


def test_what_floats_cannot_describe_is_left_to_exact_arithmetic():
    flat = pr.Polyhedron([[1, 1]], [0], equalities=[0]) & cube(2)
    for domain in (flat, pr.Polyhedron.whole_space(2), pr.Polyhedron.box([0, 0], [0, 0]), cube(2, 10**200)):
        assert not is_suitable(domain)
        regions = pr.linear_regions(network(2, 3, 1), domain, "branch")
        assert as_set(regions) == as_set(pr.linear_regions(network(2, 3, 1), domain, "twin"))


def test_a_domain_thinner_than_floats():
    low, high = 1 + Fraction(1, 2**70), 1 + Fraction(1, 2**69)
    net = pr.Network([([[1, 1], [1, -1]], [-2 - Fraction(3, 2**70), 0]), ([[1, 1]], [0])])
    domain = pr.Polyhedron.box([low, low], [high, high])
    assert as_set(pr.linear_regions(net, domain, "branch")) == as_set(pr.linear_regions(net, domain, "twin"))


def test_bounds_end_a_search_early():
    net = network(4, 10, 10, 1)
    target = pr.parse("y0 >= 10000", dim=1)
    engine = BranchEngine(restrict(net, target), cube(4), 10**6)
    engine.run()
    assert (engine.stats.pruned, engine.stats.nodes, len(engine.tiles())) == (1, 0, 0)


def test_limits_and_interruptions():
    net = network(6, 8, 1)
    with pytest.raises(
        pr.BudgetExceeded, match=r"branch: 5 neurons were asked for, the limit, and \d tiles found; raise"
    ):
        pr.linear_regions(net, cube(6), "branch", limit=5)
    with pytest.raises(pr.Interrupted) as stopped:
        pr.linear_regions(net, cube(6), "branch", until=lambda found: found >= 3)
    assert 3 <= len(stopped.value.partial) < 30
    assert not stopped.value.partial.complete
    with pytest.raises(pr.Interrupted):
        pr.linear_regions(network(12, 40, 1), cube(12), "branch", timeout=0.3)


def test_auto_chooses_it_where_cells_get_too_large():
    net = network(20, 6, 2)
    found = pr.preimage(net, pr.parse("y0 > 0", dim=2), pr.Polyhedron.box([0] * 20, [Fraction(1, 4)] * 20))
    assert found.method == "branch"
    assert found.stats["cells"] == len(found)


@settings(max_examples=15)
@given(question=questions(max_neurons=6), stop=st.integers(1, 12), lies=st.sampled_from([0, 5]))
def test_what_is_undecided_and_the_tiles_are_all_there_is(question, stop, lies):
    """Whatever the moment of the stop, and though nothing was taken from the walk after it."""
    net, target, domain = question
    restriction = restrict(net, target)
    domain = cube(net.input_dim, 2) if domain is None else domain & cube(net.input_dim, 2)
    assume(not domain.is_empty() and is_suitable(domain))
    whole, engine = (BranchEngine(restriction, domain, 10**6, lies=lies) for _ in range(2))
    whole.run()
    if not engine.reach.misses:
        engine._walk.advance(stop)
    undecided, tiles = engine.undecided(), engine.tiles()
    cells = [undecided.polyhedron(i) for i in range(len(undecided))]
    assert set(map(tiles.bits, range(len(tiles)))) <= set(map(whole.tiles().bits, range(len(whole.tiles()))))
    for i in range(len(whole.tiles())):
        signs, point = whole.tiles().bits(i), whole.tiles().inner_point(i)
        is_there = signs in map(tiles.bits, range(len(tiles)))
        assert is_there + sum(cell.contains(point) for cell in cells) >= 1
        if whole.tiles().polyhedron(i).is_full_dimensional():
            assert is_there + sum(cell.contains(point) for cell in cells) == 1
