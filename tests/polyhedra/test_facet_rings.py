from fractions import Fraction

import numpy as np
import pytest

import polyrelu as pr
from polyrelu.polyhedra import facet_rings as module
from polyrelu.polyhedra.convex_polygon import polygon_in_plane
from polyrelu.polyhedra.facet_rings import corner_of, facet_rings, point_of


def slowly(polyhedron):
    """The facets by their definition: the vertices in each hyperplane, in order."""
    return {
        row: polygon_in_plane([v for v in polyhedron.vertices if not row.slack(v)], row.normal)
        for row in polyhedron.facets
    }


def turned(ring):
    """A ring from its least corner on."""
    start = ring.index(min(ring))
    return (*ring[start:], *ring[:start])


def agree(polyhedron):
    (facets,) = facet_rings([polyhedron])
    found = {facet.row: turned([point_of(corner) for corner in facet.corners]) for facet in facets}
    return found == {row: turned(ring) for row, ring in slowly(polyhedron).items()}


def random_simple(seed, rows=9):
    rng = np.random.default_rng(seed)
    normals, offsets = rng.integers(-9, 10, (rows, 3)), rng.integers(1, 30, rows)
    kept = normals.any(axis=1)
    rational = pr.Polyhedron(normals[kept].tolist(), [Fraction(int(v), 7) for v in offsets[kept]])
    return (rational & pr.Polyhedron.box([-3] * 3, [3] * 3)).canonical()


@pytest.mark.parametrize("seed", range(12))
def test_rings_are_those_of_the_vertices_in_each_hyperplane(seed):
    assert agree(random_simple(seed))


def test_simple_ones_need_no_double_description(monkeypatch):
    polyhedra = [random_simple(seed) for seed in range(6)]
    monkeypatch.setattr(module, "_by_double_description", lambda polyhedron: pytest.fail("it is simple"))
    assert all(facet_rings(polyhedra))


@pytest.mark.parametrize(
    "polyhedron",
    [
        pr.Polyhedron.from_generators([(1, 0, 0), (-1, 0, 0), (0, 1, 0), (0, -1, 0), (0, 0, 1), (0, 0, -1)]),
        pr.Polyhedron.from_generators([(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0), ("1/2", "1/3", 2)]),
        pr.Polyhedron.from_generators([(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1)]),
    ],
    ids=["octahedron", "pyramid", "simplex"],
)
def test_others_are_right_too(polyhedron):
    assert agree(polyhedron)


def test_numbers_that_floats_do_not_tell_apart():
    huge, tiny = 10**400, Fraction(1, 10**400)
    assert agree(pr.Polyhedron.box([-huge] * 3, [huge, huge + 1, huge]).canonical())
    cut = pr.Polyhedron.box([0, 0, 0], [1, 1, 1]) & pr.Polyhedron([[1, 1, 1]], [3 - tiny])
    assert agree(cut.canonical()), "a corner is cut off that is nearer than any float"
    assert len(cut.vertices) == 10


def test_open_sets_have_the_rings_of_their_closures():
    closed = random_simple(3)
    opened = pr.Polyhedron(closed.A, closed.b, strict=True)
    corners = [[facet.corners for facet in facet_rings([own])[0]] for own in (closed, opened)]
    assert corners[0] == corners[1]


def test_rings_turn_counter_clockwise_seen_from_outside():
    for facet in facet_rings([random_simple(5)])[0]:
        a, b, c = (np.array(point_of(corner), dtype=float) for corner in facet.corners[:3])
        assert np.cross(b - a, c - b) @ np.array(facet.row.normal, dtype=float) > 0


def test_what_has_no_rings():
    with pytest.raises(pr.DimensionError, match="dimension 2, and no inside"):
        facet_rings([pr.Polyhedron.box([0, 0, 0], [1, 1, 0])])
    with pytest.raises(pr.DimensionError, match=r"in R\^2"):
        facet_rings([pr.Polyhedron.box([0, 0], [1, 1])])
    with pytest.raises(pr.UnboundedError, match="unbounded"):
        facet_rings([pr.Polyhedron([[1, 0, 0], [0, 1, 0], [0, 0, 1], [-1, -1, 0]], [1, 1, 1, 1])])
    with pytest.raises(pr.UnboundedError, match="unbounded"):
        facet_rings([pr.Polyhedron([[1, 0, 0]], [1])])


def test_corners_are_primitive():
    assert corner_of((Fraction(1, 2), Fraction(1, 3), Fraction(0))) == (3, 2, 0, 6)
    assert point_of((3, 2, 0, 6)) == (Fraction(1, 2), Fraction(1, 3), 0)
