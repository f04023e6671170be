"""Cells by their inequalities: few of them, in any dimension. The conformance suite has the rest."""

import itertools
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import polyrelu as pr
from polyrelu.bounds.reach import reach
from polyrelu.engines.halfspaces.engine import HalfspaceEngine
from polyrelu.formats.vnnlib import parse_property
from polyrelu.networks.relevant_part import keep_all
from polyrelu.polyhedra import cddlib
from tests.strategies import networks, points


def network(*widths, relu=None, seed=0):
    draw = np.random.default_rng(seed)
    layers = [(draw.normal(size=(b, a)), draw.normal(size=b)) for a, b in itertools.pairwise(widths)]
    return pr.Network(layers, relu=relu)


@pytest.fixture
def without_double_description(monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("a double description")

    monkeypatch.setattr(cddlib, "_double_description", refuse)


def opposite(dim):
    """|sum of x_i| + |alternating sum|, at most dim in the cube."""
    return pr.Network([([[1] * dim, [(-1) ** i for i in range(dim)]], [0, 0]), ([[1, 1]], [0])])


@pytest.mark.parametrize("dim", [16, 30, pytest.param(784, marks=pytest.mark.slow)])
def test_few_neurons_of_many_inputs(dim, without_double_description, tmp_path):
    cube = pr.Polyhedron.box([-1] * dim, [1] * dim)
    reached = pr.preimage(opposite(dim), pr.parse(f"y0 >= {dim}", dim=1), cube)
    assert reached.method == "branch"
    assert len(reached) >= 1
    assert all(opposite(dim)(tile.point())[0] == dim for tile in reached)
    assert not len(pr.preimage(opposite(dim), pr.parse(f"y0 >= {dim + 1}", dim=1), cube))
    assert not len(pr.preimage(opposite(dim), pr.parse(f"y0 >= {2 * dim + 1}", dim=1), cube))
    inside = pr.preimage(opposite(dim), pr.parse(f"y0 > {dim - 1}", dim=1), cube)
    for tile in inside:
        assert tile.dim == dim
        assert opposite(dim)(tile.point())[0] > dim - 1
        assert len(tile.inequalities()) == len(tile.polyhedron.halfspaces)
    inside.save(tmp_path / "found.npz")
    assert len(pr.load_tiling(tmp_path / "found.npz", opposite(dim))) == len(inside)


def test_one_feature_of_an_autoencoder_is_one_tile(without_double_description):
    tied = network(20, 5, 20, relu=[False, True])
    tiling = pr.preimage(tied, pr.parse("y3 > 1/2", dim=20), pr.Polyhedron.box([0] * 20, [1] * 20))
    assert (len(tiling), tiling.method) == (1, "branch")
    assert tied(tiling[0].point())[3] > Fraction(1, 2)
    assert tiling[0].dim == 20
    assert "0" in tiling.table()
    wide = network(120, 16, 120, relu=[False, True])
    everywhere = pr.preimage(wide, pr.parse("y3 > 1/2", dim=120))
    assert (len(everywhere), everywhere.method) == (1, "cells")
    assert everywhere[0].polyhedron.halfspaces[0].relation == "<"
    unit = pr.preimage(wide, pr.parse("y3 > 1/2", dim=120), pr.Polyhedron.box([0] * 120, [1] * 120))
    assert len(unit) == 1
    assert unit[0].polyhedron == everywhere[0].polyhedron & unit.domain


def test_flat_answers_in_many_dimensions(without_double_description):
    dim = 60
    cube = pr.Polyhedron.box([0] * dim, [1] * dim)
    summed = pr.Network([([[1] * dim, [-1] * dim], [-1, 1]), ([[1, 1]], [0])])  # |sum - 1|
    on = pr.preimage(summed, pr.parse("y0 == 0", dim=1), cube)
    assert [tile.dim for tile in on] == [dim - 1]
    assert sum(on[0].point()) == 1
    corner = pr.preimage(summed, pr.parse(f"y0 >= {dim - 1}", dim=1), cube)
    assert [tile.point() for tile in corner] == [(1,) * dim]


def test_the_engine_stops_when_asked_and_keeps_what_it_found():
    many = network(10, 8, 2)
    with pytest.raises(pr.Interrupted) as stopped:
        pr.linear_regions(many, pr.Polyhedron.box([-1] * 10, [1] * 10), "halfspaces", until=lambda found: found >= 2)
    assert len(stopped.value.partial) == 2
    asked = []

    def until(found):
        asked.append(found)
        return False

    cube = pr.Polyhedron.box([-1] * 12, [1] * 12)
    pr.preimage(opposite(12), pr.parse("y0 > 11", dim=1), cube, "halfspaces", until=until)
    assert len(asked) > 3


def test_limits():
    cube = pr.Polyhedron.box([-1] * 10, [1] * 10)
    with pytest.raises(pr.BudgetExceeded, match="5 signs of neurons were asked for, the limit"):
        pr.linear_regions(network(10, 8, 2), cube, "halfspaces", limit=5)
    engine = HalfspaceEngine(keep_all(network(10, 8, 2)), cube, 10**6, 1, None, "cells: too large")
    with pytest.raises(pr.BudgetExceeded, match=r"cells: too large\. Cells by their inequalities take too long"):
        engine.run()
    with pytest.raises(pr.BudgetExceeded, match="cells: the domain has 20 dimensions"):
        pr.linear_regions(network(20, 200, 1), pr.Polyhedron.box([-1] * 20, [1] * 20))


def test_a_verdict_in_many_dimensions():
    text = "".join(f"(declare-const X_{i} Real)" for i in range(20)) + "(declare-const Y_0 Real)"
    text += "".join(f"(assert (<= -1 X_{i} 1))" for i in range(20))
    found = pr.verify(opposite(20), parse_property(text + "(assert (>= Y_0 20))"))
    assert (found.status, found.value) == ("violated", (20,))
    assert pr.verify(opposite(20), parse_property(text + "(assert (> Y_0 20))")).status == "holds"


@given(net=networks(max_inputs=3, max_neurons=6), data=st.data())
def test_signs_that_are_certain_are_true(net, data):
    low, high = (data.draw(points(net.input_dim)) for _ in range(2))
    box = pr.Polyhedron.box(list(map(min, low, high)), list(map(max, low, high)))
    target = pr.Polyhedron([[1] * net.output_dim], [-1])
    known = reach(net.layers, box.sides, target)
    for share in (Fraction(0), Fraction(1, 3), Fraction(1)):
        x = tuple(a + share * (b - a) for a, b in zip(low, high, strict=True))
        assert not (known.misses and target.contains(net([x])[0]))
        for certain, on in zip(known.signs, net.activation_pattern(x), strict=True):
            assert all(sign == 0 or (sign > 0) == active for sign, active in zip(certain, on, strict=True))


def test_what_cannot_be_bounded_is_in_doubt():
    net = pr.Network([([[1], [2]], [10, -10])], relu=[True])
    target = pr.Polyhedron.whole_space(2)
    bounded = pr.Polyhedron.box([-1], [1])
    assert reach(net.layers, bounded.sides, target).signs == ((1, -1),)
    for domain in (pr.Polyhedron.whole_space(1), pr.Polyhedron.box([-(10**400)], [10**400])):
        assert reach(net.layers, domain.sides, target).doubtful == 2
    huge = pr.Network([([[10**400], [1]], [0, 10])], relu=[True])
    assert reach(huge.layers, bounded.sides, target).signs == ((0, 1),)
