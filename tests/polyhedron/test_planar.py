from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from polyrelu import Polyhedron
from polyrelu.polyhedron.planar import convex_polygon, cross
from tests.strategies import points


@given(st.lists(points(2), min_size=1, max_size=8))
def test_convex_polygon_is_the_hull_counter_clockwise(cloud):
    exact = [tuple(map(Fraction, p)) for p in cloud]
    polygon = convex_polygon(exact)
    assert set(polygon) == set(Polyhedron.from_generators(exact).vertices)
    if len(polygon) >= 3:
        turns = [cross(polygon[i - 2], polygon[i - 1], polygon[i]) for i in range(len(polygon))]
        assert all(turn > 0 for turn in turns)


def test_small_polygons():
    assert convex_polygon([]) == ()
    assert convex_polygon([(1, 2), (1, 2)]) == ((1, 2),)
    assert convex_polygon([(0, 0), (2, 2), (1, 1)]) == ((0, 0), (2, 2))
