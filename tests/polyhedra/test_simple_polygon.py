from fractions import Fraction

import numpy as np
import pytest
import shapely
from hypothesis import assume, given
from hypothesis import strategies as st

import polyrelu as pr
from polyrelu.analysis.outline import polygons_around
from polyrelu.polyhedra.simple_polygon import directed_edges, require_simple, signed_area, split, triangulate


def exact_points(*points):
    return [tuple(map(Fraction, point)) for point in points]


def outlines(max_size=8):
    corner = st.tuples(st.integers(0, 6), st.integers(0, 6))
    return st.lists(corner, min_size=3, max_size=max_size).map(lambda points: exact_points(*points))


def is_simple(ring):
    try:
        require_simple(ring, "ring")
    except pr.InputError:
        return False
    return True


@given(outlines())
def test_simple_outlines_are_those_of_shapely(ring):
    assume(all(a != b for a, b in zip(ring, ring[1:] + ring[:1], strict=True)))
    assume(signed_area(ring) != 0)
    assert is_simple(ring) == shapely.LinearRing(np.array(ring, dtype=float)).is_simple


@given(outlines(7), st.booleans())
def test_triangles_cover_the_polygon_once(ring, straight):
    assume(is_simple(ring) and signed_area(ring) != 0)
    if straight:  # straight vertices, and repeated ones
        middle = tuple((a + b) / 2 for a, b in zip(*ring[:2], strict=True))
        ring = [ring[0], middle, middle, *ring[1:]]
    triangles = triangulate(ring)
    assert all(signed_area(triangle) > 0 for triangle in triangles)
    assert sum(map(signed_area, triangles)) == abs(signed_area(ring))
    polygon = shapely.Polygon(np.array(ring, dtype=float))
    assert all(shapely.Polygon(np.array(t, dtype=float)).within(polygon.buffer(1e-9)) for t in triangles)
    (whole,) = polygons_around(directed_edges(triangle) for triangle in triangles)
    assert whole.area() == abs(signed_area(ring))
    assert set(whole.outer) <= set(ring)
    assert whole.holes == ()


@pytest.mark.parametrize(
    ("ring", "how"),
    [
        (
            [(0, 0), (2, 2), (2, 0), (0, 2)],
            r"edge 0 \(vertex 0 to vertex 1\) and edge 2 \(vertex 2 to vertex 3\) cross near \(1, 1\)",
        ),
        ([(0, 0), (4, 0), (4, 2), (2, 0), (0, 2)], r"edge 0 .* and edge 2 .* touch near \(2, 0\)"),
        ([(0, 0), (4, 0), (2, 0), (2, 2)], r"edge 0 .* and edge 1 .* overlap"),
        ([(0, 0), (1, 1), (1, 1), (2, 0), (3, 0), (3, 3), (1, 1), (0, 3)], r"edge 0 .* and edge 5 .* touch"),
        ([(1, 0), (3, 0), (3, 1), (0, 1), (0, 0), (2, 0), (2, -1), (1, -1)], r"touch|overlap"),
    ],
)
def test_an_outline_that_meets_itself_is_refused_with_its_two_edges(ring, how):
    with pytest.raises(pr.InputError, match=how):
        require_simple(exact_points(*ring), "window")


@given(outlines(3), st.tuples(*[st.integers(-2, 2)] * 3))
def test_both_sides_of_a_line_make_up_the_whole(triangle, form):
    assume(signed_area(triangle) > 0)
    *normal, offset = map(Fraction, form)
    parts = split(tuple(triangle), tuple(normal), offset)
    assert sum(signed_area(part) for part in parts) == signed_area(triangle)
    for part, sign in zip(parts, (1, -1), strict=True):
        values = [sign * (normal[0] * x + normal[1] * y + offset) for x, y in part]
        assert all(value >= 0 for value in values)
        assert not part or signed_area(part) > 0
    if form == (0, 0, 0):
        assert parts == ((), tuple(triangle))
