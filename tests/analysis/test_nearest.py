"""Nearest points: certificates, brute force over all tiles, and the float bounds that spare most of them."""

import dataclasses
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import polyrelu as pr
from polyrelu.analysis.distance_bounds import lower_bounds
from polyrelu.analysis.nearest import NORMS, project
from polyrelu.arithmetic.exact import exact_vector
from polyrelu.networks.activation_pattern import SignVector
from polyrelu.polyhedra.halfspace import Halfspace
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.tilings.tile_source import TileList
from tests.strategies import coordinates, points, polyhedra, questions, witnesses

ABSOLUTE = pr.Network([([[1], [-1]], [0, 0]), ([[1, 1]], [0])])
SIZES = {"max_inputs": 3, "max_width": 3, "max_depth": 2, "max_neurons": 5}


def cost(x, p, norm):
    """The distance, squared for l2."""
    steps = [abs(a - b) for a, b in zip(x, p, strict=True)]
    return {"linf": max(steps, default=0), "l1": sum(steps), "l2": sum(v * v for v in steps)}[norm]


def tiling_of(*polyhedra):
    """These polyhedra as tiles of a network without neurons."""
    dim = polyhedra[0].ambient_dim
    net = pr.Network([([[int(i == j) for j in range(dim)] for i in range(dim)], [0] * dim)])
    whole = pr.preimage(net, Polyhedron.whole_space(dim))
    pieces = tuple((SignVector(), polyhedron) for polyhedron in polyhedra)
    restriction = dataclasses.replace(whole.parts[0][1].restriction, layers=(), target=Polyhedron.whole_space(dim))
    return dataclasses.replace(whole, parts=((0, TileList(restriction, pieces)),))


@st.composite
def asked(draw, /, **sizes: int):
    """A tiling with tiles, a point, and a norm."""
    network, target, domain = draw(questions(**(sizes or SIZES)))
    tiling = pr.preimage(network, target, domain, method=draw(st.sampled_from(["unrelu", "twin", "cells"])))
    assume(len(tiling))
    return tiling, draw(points(network.input_dim)), draw(st.sampled_from(NORMS))


@pytest.mark.parametrize("norm", NORMS)
@given(data=st.data())
def test_a_projection_proves_its_distance(norm, data):
    """Weak duality in the two polyhedral norms, the KKT conditions in the Euclidean one, all exact."""
    dim = data.draw(st.integers(1, 3))
    P = data.draw(polyhedra(dim))
    p = exact_vector(data.draw(points(dim)), "point")
    assume(not P.is_empty())
    value, x, y = project(P, p, norm)
    rows = P.halfspaces
    assert x in P.closure()
    assert value == cost(x, p, norm)
    assert all(v >= 0 for v, h in zip(y, rows, strict=True) if h.relation != "==")
    gradient = [sum(v * h.normal[j] for v, h in zip(y, rows, strict=True)) for j in range(dim)]
    if norm == "l2":
        assert [a - b for a, b in zip(p, x, strict=True)] == gradient
        assert all(not v or not h.slack(x) for v, h in zip(y, rows, strict=True))
    else:
        dual = sum(map(abs, gradient)) if norm == "linf" else max(map(abs, gradient))
        assert dual <= 1
        assert value == -sum(v * h.slack(p) for v, h in zip(y, rows, strict=True))


@settings(max_examples=80)
@given(asked())
def test_against_brute_force(drawn):
    tiling, p, norm = drawn
    p = exact_vector(p, "point")
    found = tiling.nearest(p, norm)
    costs = [project(tile.polyhedron, p, norm).cost for tile in tiling]
    least = min(costs)
    assert (found.squared_distance if norm == "l2" else found.distance) == least == cost(found.point, p, norm)
    assert found.point in tiling[found.tile].polyhedron.closure()
    assert found.attained == (found.point in tiling[found.tile].polyhedron)
    closest = [i for i, c in enumerate(costs) if c == least]
    if found.attained:
        assert all(not attains(tiling[i].polyhedron, p, norm, least) for i in closest if i < found.tile)
    else:
        assert found.tile == closest[0]
        assert not any(attains(tiling[i].polyhedron, p, norm, least) for i in closest)


def attains(polyhedron, p, norm, least):
    """Whether the set has a point at the least distance; by the halfspaces of the ball, of which l1 has 2^d."""
    if norm == "l2":
        return project(polyhedron, p, norm).point in polyhedron
    dim = len(p)
    units = [[sign * (i == j) for j in range(dim)] for i in range(dim) for sign in (1, -1)]
    corners = [[1 if k >> j & 1 else -1 for j in range(dim)] for k in range(2**dim)]
    ball = [
        Halfspace.of(normal, least + sum(a * b for a, b in zip(normal, p, strict=True)))
        for normal in (units if norm == "linf" else corners)
    ]
    return not (polyhedron & Polyhedron.from_halfspaces(ball, dim)).is_empty()


@settings(max_examples=50)
@given(asked())
def test_no_known_point_is_nearer(drawn):
    tiling, p, norm = drawn
    found = pr.nearest_point(tiling, p, norm)
    least = found.squared_distance if norm == "l2" else found.distance
    assert all(cost(w, p, norm) >= least for tile in tiling for w in witnesses(tile.polyhedron))


@settings(max_examples=60)
@given(asked(max_inputs=3, max_width=4, max_depth=3, max_neurons=6))
def test_float_bounds_are_below_the_distance(drawn):
    tiling, p, norm = drawn
    p = exact_vector(p, "point")
    for bound, tile in zip(lower_bounds(tiling, p, norm), tiling, strict=True):
        exact = project(tile.polyhedron, p, norm).cost
        assert Fraction(bound) ** (2 if norm == "l2" else 1) <= exact


@pytest.mark.parametrize("norm", NORMS)
@given(shift=coordinates, scale=st.sampled_from([1.0, 1e150, 1e300, 1e-150, 1e-300, 1e-320]))
@settings(max_examples=20)
def test_float_bounds_survive_large_and_small_numbers(norm, shift, scale):
    """Overflow and underflow cost sharpness, never truth."""
    net = pr.Network([([[scale, 0.1], [-0.3, scale]], [scale, -0.7]), ([[scale, 1.0]], [0])])
    tiling = pr.preimage(net, pr.parse("y0 >= 1", dim=1), Polyhedron.box([-3, -3], [3, 3]), method="unrelu")
    p = exact_vector([shift, 5], "point")
    for bound, tile in zip(lower_bounds(tiling, p, norm), tiling, strict=True):
        assert Fraction(bound) ** (2 if norm == "l2" else 1) <= project(tile.polyhedron, p, norm).cost


def test_ties_go_to_the_lowest_number():
    tiling = pr.preimage(ABSOLUTE, pr.parse("y0 >= 1", dim=1))
    for norm in NORMS:
        found = tiling.nearest([0], norm)
        assert (found.tile, found.distance, found.attained) == (0, 1, True)
        assert tiling[::-1].nearest([0], norm).tile == 0


def test_an_open_tile_comes_close_but_is_not_reached():
    found = pr.preimage(ABSOLUTE, pr.parse("y0 > 1", dim=1)).nearest(["1/3"])
    assert (found.point, found.distance, found.attained) == ((1,), Fraction(2, 3), False)


def test_a_closed_tile_at_the_same_distance_is_preferred_to_an_open_one():
    open_one, closed = Polyhedron([[1]], [-1], strict=True), Polyhedron([[-1]], [-1])
    for norm in NORMS:
        found = tiling_of(open_one, closed).nearest([0], norm)
        assert (found.tile, found.point, found.attained) == (1, (1,), True)
        assert not tiling_of(open_one).nearest([0], norm).attained


def test_an_open_side_does_not_matter_where_another_point_is_as_near():
    """Above the open strip's end the square of radius 1 still touches the set."""
    P = Polyhedron([[0, -1], [1, 0], [-1, 0]], [-1, 1, 1], strict=[1, 2])
    for norm in NORMS:
        found = tiling_of(P).nearest([-1, 0], norm)
        assert found.attained == (norm == "linf")
        assert found.distance == 1


def test_a_closed_tile_is_found_behind_an_open_one_that_touches():
    """Both are at distance zero and so are their bounds."""
    open_one, closed = Polyhedron([[1]], [0], strict=True), Polyhedron([[-1]], [0])
    for norm in NORMS:
        found = tiling_of(open_one, closed).nearest([0], norm)
        assert (found.tile, found.distance, found.attained) == (1, 0, True)


def test_between_two_open_ends():
    """The least square touches the set along an open segment, whose ends are all the vertices there are."""
    P = Polyhedron([[0, -1], [1, 0], [-1, 0]], [-1, 1, 1], strict=[1, 2])
    for norm in NORMS:
        found = tiling_of(P).nearest([0, 0], norm)
        assert found.attained
        assert found.point in P
        assert found.distance == 1


@pytest.mark.parametrize("norm", NORMS)
def test_float_bounds_at_a_zero_that_floats_miss(norm):
    """At 1/n the form n x - 1 is zero, but n times the float 1/n is not always 1."""
    for n in range(1, 60):
        regions = pr.linear_regions(pr.Network([([[n]], [-1])], relu=[True]), method="unrelu")
        assert len(regions) == 2
        assert not lower_bounds(regions, (Fraction(1, n),), norm).any()


def test_euclidean_distances_are_exact_squares():
    half = tiling_of(Polyhedron([[-1, -1]], [-1]))
    found = half.nearest([0, 0], "l2")
    assert (found.point, found.squared_distance, found.distance) == ((Fraction(1, 2),) * 2, Fraction(1, 2), None)
    assert float(found) == pytest.approx(0.5**0.5)
    straight = tiling_of(Polyhedron([[-3, -4]], [-5])).nearest([0, 0], "l2")
    assert (straight.distance, straight.point) == (1, (Fraction(3, 5), Fraction(4, 5)))


def test_flat_and_unbounded_tiles():
    line = Polyhedron([[1, 1, 0], [0, 0, 1]], [2, 1], equalities=[0, 1])
    assert tiling_of(line).nearest([0, 0, 0], "l2").point == (1, 1, 1)
    assert tiling_of(line).nearest([0, 0, 0], "linf").distance == 1
    assert tiling_of(line).nearest([0, 0, 0], "l1").distance == 3
    assert tiling_of(Polyhedron.whole_space(2)).nearest([5, 7]).distance == 0


def test_a_point_inside_is_its_own_nearest():
    tiling = pr.preimage(ABSOLUTE, pr.parse("y0 >= 1", dim=1))
    for norm in NORMS:
        found = tiling.nearest([3], norm)
        assert (found.point, found.distance, found.attained) == ((3,), 0, True)
        assert tiling.locate([3]) == found.tile


def test_few_of_many_tiles_are_built():
    rng = np.random.default_rng(0)
    sizes = ((16, 2), (16, 16), (1, 16))
    net = pr.Network([(rng.standard_normal(size), rng.standard_normal(size[0])) for size in sizes])
    tiling = pr.preimage(net, pr.parse("y0 >= 0", dim=1), Polyhedron.box([-6, -6], [6, 6]))
    assert len(tiling) > 30
    start = exact_vector(next(x for x in rng.uniform(-6, 6, (100, 2)) if not tiling.contains(x)), "point")
    for norm in NORMS:
        found = tiling.nearest(start, norm)
        costs = [project(tile.polyhedron, start, norm).cost for tile in tiling]
        assert found.squared_distance == min(costs) ** (1 if norm == "l2" else 2) > 0
        assert 3 * found.projected < len(tiling)


def test_errors_name_the_fix():
    tiling = pr.preimage(ABSOLUTE, pr.parse("y0 >= 1", dim=1))
    with pytest.raises(pr.InputError, match="linf, l1, l2"):
        tiling.nearest([0], "max")
    with pytest.raises(pr.DimensionError, match="expected 1 numbers, got 2"):
        tiling.nearest([0, 0])
    with pytest.raises(pr.EmptySetError, match="no tiles"):
        tiling[:0].nearest([0])
