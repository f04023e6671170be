import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import polyrelu as pr
from polyrelu.analysis.merge import merged, merged_polyhedra
from tests.polyhedra.test_convex_union import is_one_polyhedron, same_set
from tests.strategies import domains, networks, points, polyhedra, questions, witnesses

CROSS = pr.Network([([[1, 0], [-1, 0], [0, 1], [0, -1]], [0] * 4), ([[1, 1, -1, -1]], [0])])  # |x0| - |x1|
NORM = pr.Network([([[1, 0], [-1, 0], [0, 1], [0, -1]], [0] * 4), ([[1, 1, 1, 1]], [0])])  # |x0| + |x1|

STEP = pr.Network([([[1, 0], [-1, 0]], [0, 0]), ([[1, -1]], [0])])  # x0


def random_network(widths, seed):
    rng = np.random.default_rng(seed)
    return pr.Network(
        [(rng.normal(size=(n, m)) / math.sqrt(m), rng.normal(size=n)) for m, n in itertools.pairwise(widths)]
    )


def check(tiling):
    result = tiling.merged()
    assert sorted(number for tiles in result.members for number in tiles) == list(range(len(tiling)))
    assert [tiles[0] for tiles in result.members] == sorted(tiles[0] for tiles in result.members)
    for number, (piece, tiles) in enumerate(zip(result, result.members, strict=True)):
        assert tiles == tuple(sorted(tiles))
        assert same_set(piece, *(tiling[tile].polyhedron for tile in tiles))
        assert (result.piece_of[list(tiles)] == number).all()
        plain = pr.Polyhedron.from_halfspaces(piece.halfspaces, piece.ambient_dim)
        assert piece.halfspaces == plain.canonical().halfspaces
    return result


@given(question=questions(max_neurons=5), method=st.sampled_from(["cells", "unrelu"]), data=st.data())
@settings(max_examples=60)
def test_same_set_and_no_pair_left(question, method, data):
    network, target, domain = question
    tiling = pr.preimage(network, target, domain, method)
    result = check(tiling)
    xs = data.draw(st.lists(points(network.input_dim), max_size=3))
    for x in [*xs, *(w for tile in tiling for w in witnesses(tile.polyhedron))]:
        number = result.locate(x)
        assert (number >= 0) == result.contains(x) == tiling.contains(x) == any(piece.contains(x) for piece in result)
        assert number < 0 or result[number].contains(x)
    full = [piece for piece in result if piece.dim == tiling.domain.dim]
    for i, P in enumerate(full):
        for Q in full[:i]:
            if (P.closure() & Q.closure()).dim == P.dim - 1:
                assert not is_one_polyhedron(P, Q)


@given(data=st.data())
@settings(max_examples=40)
def test_several_targets(data):
    network = data.draw(networks(max_inputs=2, max_neurons=4))
    targets = data.draw(st.lists(polyhedra(network.output_dim, max_rows=1), min_size=2, max_size=3))
    check(pr.preimage(network, targets, data.draw(domains(network.input_dim))))


@given(network=networks(max_neurons=6), data=st.data())
@settings(max_examples=40)
def test_all_linear_regions_are_the_domain(network, data):
    regions = pr.linear_regions(network, data.draw(domains(network.input_dim)))
    result = check(regions)
    if not regions.domain.is_empty() and all(tile.dim == regions.domain.dim for tile in regions):
        assert list(result) == [regions.domain]


@pytest.mark.parametrize(("widths", "box"), [([2, 16, 16], 6), ([3, 6, 6], 3)])
def test_the_order_undoes_the_cuts(widths, box):
    """Any other order gets stuck with many pieces."""
    domain = pr.Polyhedron.box([-box] * widths[0], [box] * widths[0])
    regions = pr.linear_regions(random_network(widths, seed=1), domain)
    assert len(regions) > 20
    assert list(merged(regions)) == [domain]


@pytest.mark.parametrize(
    ("network", "one", "other", "pieces"),
    [
        (NORM, "y0 > 0", "y0 <= 0", 5),  # the origin alone is a flat tile, but no facet
        (NORM, "y0 > 1", "y0 <= 1", 5),
        (CROSS, "y0 > 0", "y0 <= 0", 4),
        (STEP, "y0 > 1", "y0 <= 1", 1),  # the plane again
        (STEP, "y0 > 1", "y0 < 1", 2),
        (STEP, "y0 > 1", "y0 == 1", 1),
    ],
)
def test_both_sides_of_a_condition(network, one, other, pieces):
    tiling = pr.preimage(network, [pr.parse(one, dim=1), pr.parse(other, dim=1)])
    result = check(tiling)
    assert len(result) == pieces


@pytest.mark.parametrize(
    ("network", "text", "pieces"),
    [
        (NORM, "y0 <= 1", 1),
        (NORM, "y0 < 1", 1),
        (NORM, "y0 >= 1", 4),
        (NORM, "y0 > 0", 4),  # the plane without a point: quadrants without their corner
        (NORM, "y0 >= 0", 1),
        (NORM, "y0 == 1", 4),
        (NORM, "y0 == 0", 1),
        (CROSS, "y0 >= 0", 2),
        (CROSS, "y0 > 0", 2),
        (CROSS, "y0 == 0", 2),  # four half-lines are two lines
        (CROSS, "y0 >= 1", 2),
        (CROSS, "y0 <= 1", 2),
    ],
)
@pytest.mark.parametrize("method", ["cells", "unrelu"])
def test_counts(network, text, pieces, method):
    assert len(check(pr.preimage(network, pr.parse(text, dim=1), method=method))) == pieces


def worked_example():
    s = math.sqrt(3) / 2
    W = [[1, 0], [-1 / 2, s], [-1 / 2, -s]]
    D = [[1 / 4, 1 / 4, -s / 2], [s / 2, -s / 2, 0]]
    return W, D


def test_the_worked_example():
    """papers/worked-example: three pieces of un-ReLU are a half-plane; five tiles are three pieces."""
    W, D = worked_example()
    faces = dict(pr.unrelu(pr.parse("h_0 > 0", dim=3), W, [-0.3] * 3))
    assert merged_polyhedra(faces.values()) == [(pr.Polyhedron([[-1, 0]], [-0.3], strict=True), (0, 1, 2))]
    network = pr.Network([(W, [-0.5] * 3), (D, [0, 0]), (W, [-0.3] * 3)], relu=[True, False, True])
    tiling = pr.preimage(network, pr.parse("h_0 > 0", dim=3))
    result = check(tiling)
    assert (len(tiling), len(result)) == (5, 3)


@pytest.mark.long
@pytest.mark.parametrize(
    ("widths", "box", "text", "count"),
    [
        ([2, 24, 24, 1], 6, "y0 > 0", 100_000),
        ([2, 16, 16, 1], 6, "y0 <= 0", 10_000),
        ([3, 8, 8, 1], 3, "y0 > 0", 10_000),
    ],
)
def test_many_points(widths, box, text, count):
    network, target = random_network(widths, seed=4), pr.parse(text, dim=1)
    domain = pr.Polyhedron.box([-box] * widths[0], [box] * widths[0])
    tiling = pr.preimage(network, target, domain)
    result = merged(tiling)
    assert len(result) <= len(tiling) / 3
    X = np.random.default_rng(1).uniform(-box, box, (count, widths[0]))
    inside = np.any([piece.contains_floats(X) for piece in result], axis=0)
    assert (inside == pr.maps_into(network, target, X)).all()
    number = result.locate(X)
    assert ((number >= 0) == inside).all()
    assert all(piece.contains(X[number == k]).all() for k, piece in enumerate(result))
    for piece, tiles in zip(result, result.members, strict=True):
        if len(tiles) > 1 and widths[0] == 2:
            assert piece.volume() == sum((tiling[tile].polyhedron.volume() for tile in tiles), Fraction(0))
            assert all(tiling[tile].polyhedron.closure().is_subset(piece.closure()) for tile in tiles[:3])


def test_nothing_and_dimension_zero():
    empty = pr.preimage(NORM, pr.parse("y0 < 0", dim=1)).merged()
    assert (len(empty), empty.contains([0, 0]), empty.locate([0, 0])) == (0, False, -1)
    assert repr(empty) == "Merged(0 tiles in R^2 into 0)"
    assert merged_polyhedra([]) == []
    point = pr.Polyhedron.whole_space(0)
    assert merged_polyhedra([point, point]) == [(point, (0,)), (point, (1,))]


def test_an_empty_set_is_refused():
    with pytest.raises(pr.EmptySetError, match="set 1 is empty"):
        merged_polyhedra([pr.Polyhedron.whole_space(2), pr.Polyhedron.empty(2)])


def test_a_sequence():
    result = pr.preimage(NORM, pr.parse("y0 >= 1", dim=1)).merged()
    assert result[1:3] == (result[1], result[2])
    assert [len(tiles) for tiles in result.members] == [1] * 4
    assert "4 tiles in R^2 into 4" in repr(result)
