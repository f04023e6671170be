"""Slices: what the network does on them is what the whole network does at the lifted points."""

import pickle
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import polyrelu as pr
from tests.strategies import coordinates, networks, polyhedra

NET = pr.Network([([[1, 2, 3], [0, 1, -1], [1, 1, 1]], [0, "1/3", -1]), ([[1, -1, 1]], [0])])


@st.composite
def slices(draw):
    network = draw(networks(max_inputs=4))
    dim = network.input_dim
    count = draw(st.integers(1, dim)) if dim else 1
    origin = draw(st.tuples(*[coordinates] * dim))
    directions = draw(st.lists(st.tuples(*[coordinates] * dim), min_size=count, max_size=count))
    try:
        return network, network.slice(origin, directions)
    except pr.InputError as error:
        assert "span only" in str(error)
        return network, None


@settings(max_examples=30)
@given(slices(), st.data())
def test_values_are_those_of_the_network(both, data):
    network, sliced = both
    if sliced is None:
        return
    point = data.draw(st.tuples(*[coordinates] * sliced.input_dim))
    lifted = sliced.lift(point)
    assert sliced.evaluate([point]) == network.evaluate([lifted])
    assert sliced.activation_pattern(point) == network.activation_pattern(lifted)
    assert sliced.coordinates(lifted) == point
    assert [tuple(row) for row in sliced.lift([point, point])] == [lifted, lifted]
    assert pickle.loads(pickle.dumps(sliced)) == sliced


@settings(max_examples=30)
@given(slices(), st.data())
def test_restriction_is_membership(both, data):
    network, sliced = both
    if sliced is None:
        return
    allowed = data.draw(polyhedra(network.input_dim))
    point = data.draw(st.tuples(*[coordinates] * sliced.input_dim))
    part = sliced.restrict(allowed)
    assert (point in part) == (sliced.lift(point) in allowed)
    lifted = sliced.lift_set(part)
    assert (sliced.lift(point) in lifted) == (point in part)
    assert lifted.is_subset(allowed)


def test_a_preimage_on_a_plane_is_the_plane_of_the_preimage():
    box = pr.Polyhedron.box([-1] * 3, [1] * 3)
    sliced = NET.slice(*pr.plane_through([0, 0, 0], [1, 0, "1/2"], [0, 1, -1]))
    flat = pr.preimage(sliced, pr.parse("y0 > 1/2", 1), sliced.restrict(box))
    whole = pr.preimage(NET, pr.parse("y0 > 1/2", 1), box)
    rng = np.random.default_rng(1)
    points = [tuple(Fraction(int(n), 7) for n in row) for row in rng.integers(-9, 10, (120, 2))]
    inside = [point in sliced.restrict(box) for point in points]
    assert 12 < sum(inside) < 110
    found = [flat.contains(point) for point in points]
    assert 6 < sum(found) < sum(inside)
    assert found == [whole.contains(sliced.lift(point)) for point in points]
    lifted = [sliced.lift_set(tile.polyhedron) for tile in flat]
    assert {tile.dim for tile in lifted} == {2}


def test_floats_are_lifted_as_floats():
    sliced = NET.slice([0, 1, 2], [[1, 0, 0.5]])
    assert sliced.lift(np.array([[2.0], [4.0]])).tolist() == [[2, 1, 3], [4, 1, 4]]
    assert sliced.lift(np.array([2.0])).tolist() == [2, 1, 3]
    assert repr(sliced) == "Slice(1-3-1 in R^3, 3 ReLU neurons)"


def test_boundaries_and_regions_on_a_slice():
    classes = pr.Network([(np.eye(3), [0, 0, 0])])
    sliced = classes.slice(*pr.plane_through([1, 0, 0], [0, 1, 0], [0, 0, 1]))
    triangle = sliced.restrict(pr.Polyhedron.box([0] * 3, [1] * 3))
    assert triangle == pr.parse("x0 >= 0 and x1 >= 0 and x0 + x1 <= 1", 2, names=["x"])
    pieces = pr.decision_boundary(sliced, domain=triangle)
    centre = ["1/3", "1/3"]
    assert all(centre in tile.polyhedron for tile in pieces)
    assert len(pieces) == 3


@pytest.mark.parametrize(
    ("origin", "directions", "error", "message"),
    [
        ([0, 0], [[1, 0, 0]], pr.DimensionError, "slice: origin"),
        ([0, 0, 0], [[1, 0]], pr.DimensionError, "slice: directions"),
        ([0, 0, 0], [], pr.DimensionError, "no directions"),
        ([0, 0, 0], [[1, 2, 3], [2, 4, 6]], pr.InputError, "span only 1 dimensions"),
        ([0, 0, 0], [[0, 0, 0]], pr.InputError, "span only 0 dimensions"),
        ([0, 0, np.nan], [[1, 0, 0]], pr.InexactError, "slice: origin"),
    ],
)
def test_slices_that_are_none(origin, directions, error, message):
    with pytest.raises(error, match=message):
        NET.slice(origin, directions)


def test_coordinates_have_names_of_their_own():
    sliced = NET.slice([0, 0, 1], [[1, 0, 0], [0, 1, 0]])
    assert (sliced.input_names, NET.input_names) == (("u0", "u1"), ("x0", "x1", "x2"))
    other = sliced.with_layers(sliced.layers[:1])
    assert other.lift([2, 3]) == sliced.lift([2, 3])
    assert other.input_names == sliced.input_names


def test_points_that_are_not_there():
    sliced = NET.slice([0, 0, 1], [[1, 0, 0]])
    with pytest.raises(pr.InputError, match="not in the slice"):
        sliced.coordinates([1, 0, 0])
    with pytest.raises(pr.DimensionError, match="lift: a point has 2 coordinates, but the slice has 1"):
        sliced.lift([1, 2])
    with pytest.raises(pr.DimensionError, match="lift: a point has 3"):
        sliced.lift(np.zeros((4, 3)))
    with pytest.raises(pr.DimensionError, match=r"restrict: the set is in R\^1, but the slice in R\^3"):
        sliced.restrict(pr.Polyhedron.box([0], [1]))
    with pytest.raises(pr.DimensionError, match="three points"):
        pr.plane_through([1, 2])
