from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from polyrelu import Polyhedron
from polyrelu.polyhedra.convex_polygon import convex_polygon, cross, cyclic_facets, polygon_in_plane
from tests.strategies import points, polyhedra


@given(st.lists(points(2), min_size=1, max_size=8))
def test_convex_polygon_is_the_hull_counter_clockwise(cloud):
    exact = [tuple(map(Fraction, p)) for p in cloud]
    polygon = convex_polygon(exact)
    assert set(polygon) == set(Polyhedron.from_generators(exact).vertices)
    if len(polygon) >= 3:
        turns = [cross(polygon[i - 2], polygon[i - 1], polygon[i]) for i in range(len(polygon))]
        assert all(turn > 0 for turn in turns)


@given(st.lists(points(2), min_size=3, max_size=8), st.tuples(*[st.integers(-2, 2)] * 3), st.integers(0, 2))
def test_polygons_in_space_turn_around_their_normal(cloud, slopes, axis):
    """Points of the plane in which coordinate ``axis`` is a form in the others, or the other way round."""
    a, b, c = slopes
    sign = c or 1
    exact = [tuple(map(Fraction, p)) for p in cloud]
    around = [[x, y] for x, y in exact]
    for corner, (x, y) in zip(around, exact, strict=True):
        corner.insert(axis, a * x + b * y)
    normal = [-a * sign, -b * sign]
    normal.insert(axis, Fraction(sign))
    polygon = polygon_in_plane(map(tuple, around), normal)
    assert set(polygon) == set(Polyhedron.from_generators(around).vertices)
    for i in range(len(polygon) if len(polygon) > 2 else 0):
        p, q, r = polygon[i - 2], polygon[i - 1], polygon[i]
        (ux, uy, uz), (vx, vy, vz) = ([t - s for s, t in zip(*pair, strict=True)] for pair in ((p, q), (q, r)))
        product = (uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx)
        assert sum(m * n for m, n in zip(product, normal, strict=True)) > 0


def corner(x, y):
    return Fraction(x), Fraction(y)


def test_small_polygons():
    assert convex_polygon([]) == ()
    assert convex_polygon([corner(1, 2), corner(1, 2)]) == ((1, 2),)
    assert convex_polygon([corner(0, 0), corner(2, 2), corner(1, 1)]) == ((0, 0), (2, 2))


@given(polyhedra(2))
def test_facets_go_around_a_bounded_polygon(polygon):
    """Corners are the vertices, counter-clockwise, each facet from one to the next; otherwise it is not bounded."""
    canonical = polygon.canonical()
    if canonical.dim < 2:
        return
    cycle = cyclic_facets(canonical.halfspaces)
    if not canonical.is_bounded():
        assert cycle is None
        return
    assert cycle is not None
    corners = [(Fraction(x, w), Fraction(y, w)) for _, (x, y, w), _ in cycle]
    assert sorted(corners) == sorted(canonical.vertices)
    for (row, begin, end), (_, following, after) in zip(cycle, [*cycle[1:], *cycle[:1]], strict=True):
        assert end == following
        assert all(row.normal[0] * x + row.normal[1] * y == row.offset * w for x, y, w in (begin, end))
        a, b, c = ((Fraction(x, w), Fraction(y, w)) for x, y, w in (begin, end, after))
        assert cross(a, b, c) > 0
