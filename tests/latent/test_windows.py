from fractions import Fraction

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import polyrelu as pr
from polyrelu.analysis.outline import Polygon
from polyrelu.latent.windows import LatentCube, LatentPlane
from polyrelu.polyhedra.simple_polygon import signed_area
from tests.polyhedra.test_simple_polygon import exact_points, is_simple, outlines
from tests.strategies import weights

HALF = Fraction(1, 2)
UP = [[0, 1]]  # one feature, y_0 = u_1 + bias


def ring(*points):
    return tuple(exact_points(*points))


def area(polygons):
    return sum((polygon.area() for polygon in polygons), Fraction(0))


def window(*points, weight=UP, bias=(0,)):
    return LatentPlane.from_coordinates(points, weight, bias)


HEXAGON = window((0, 1), (1, HALF), (1, -HALF), (0, -1), (-1, -HALF), (-1, HALF))
CORNERS_ON = window((HALF, 1), (1, 0), (HALF, -1), (-HALF, -1), (-1, 0), (-HALF, 1))
PAC_MAN = window((2, 2), (4, -2), (2, -6), (-2, -6), (-4, -2), (-2, 2), (0, -2))
RUN = window((-1, 0), (0, 0), (1, 0), (0, -1))
DIAMOND = window((-1, 0), (0, 1), (1, 0), (0, -1))
CAT_EARS = window((-3, 0), (-2, 1), (-1, 0), (0, 0), (1, 0), (2, 1), (3, 0), (0, -2))
BEAN = window((-3, 0), (-2, 1), (-1, 0), (0, -1), (1, 0), (2, 1), (3, 0), (1, -2), (-1, -2))
TOUCHING = window((-2, -1), (2, -1), (2, 1), (1, 1), (0, 0), (-1, 1), (-2, 1))


@pytest.mark.parametrize(
    ("plane", "active", "silent", "crossings"),
    [
        (HEXAGON, 1, 1, [(-1, 0), (1, 0)]),
        (CORNERS_ON, 1, 1, [(-1, 0), (1, 0)]),
        (PAC_MAN, 2, 1, [(-3, 0), (-1, 0), (1, 0), (3, 0)]),
        (RUN, 0, 1, [(-1, 0), (1, 0)]),
        (DIAMOND, 1, 1, [(-1, 0), (1, 0)]),
        (CAT_EARS, 2, 1, [(-3, 0), (-1, 0), (1, 0), (3, 0)]),
        (BEAN, 2, 1, [(-3, 0), (-1, 0), (1, 0), (3, 0)]),
        (TOUCHING, 2, 1, [(-2, 0), (0, 0), (2, 0)]),
    ],
    ids=["hexagon", "corners on", "pac-man", "run", "diamond", "cat ears", "bean", "touching"],
)
def test_windows(plane, active, silent, crossings):
    assert (len(plane.active(0)), len(plane.silent(0))) == (active, silent)
    assert list(plane.crossings(0)) == crossings
    assert area(plane.active(0)) + area(plane.silent(0)) == plane.outline.area() == abs(signed_area(plane.window))
    assert all(y >= 0 for polygon in plane.active(0) for _, y in polygon.outer)
    assert all(y <= 0 for polygon in plane.silent(0) for _, y in polygon.outer)


def test_pieces_are_exact_polygons():
    assert PAC_MAN.active(0) == (
        Polygon(ring((-3, 0), (-1, 0), (-2, 2))),
        Polygon(ring((1, 0), (3, 0), (2, 2))),
    )
    assert CAT_EARS.silent(0) == (Polygon(ring((-3, 0), (0, -2), (3, 0))),)
    assert BEAN.silent(0) == (Polygon(ring((-3, 0), (-1, -2), (1, -2), (3, 0), (1, 0), (0, -1), (-1, 0))),)
    assert TOUCHING.active(0) == (
        Polygon(ring((-2, 0), (0, 0), (-1, 1), (-2, 1))),
        Polygon(ring((0, 0), (2, 0), (2, 1), (1, 1))),
    )


def test_three_pieces_and_more():
    """A comb with four teeth."""
    teeth = [(x, y) for k in range(4) for x, y in ((2 * k, 2), (2 * k + 1, 2), (2 * k + 1, -1), (2 * k + 2, -1))][:-2]
    comb = window(*teeth, (7, -2), (0, -2))
    assert len(comb.active(0)) == 4
    assert area(comb.active(0)) == 8
    assert len(comb.crossings(0)) == 8


def test_the_direction_of_tracing_does_not_matter():
    for plane in (PAC_MAN, CAT_EARS, BEAN, TOUCHING):
        other = window(*plane.window[::-1])
        assert (plane.active(0), plane.silent(0), plane.outline) == (other.active(0), other.silent(0), other.outline)
        assert plane.crossings(0) == other.crossings(0)


def test_a_window_inside_or_beside_its_hyperplane():
    square = [(0, 0), (1, 0), (1, 1), (0, 1)]
    plane = window(*square, weight=[[0, 0], [0, 0], [0, 0], [1, 0]], bias=[0, 1, -1, 0])
    assert [(area(plane.active(i)), area(plane.silent(i))) for i in range(4)] == [(0, 1), (1, 0), (0, 1), (1, 0)]
    assert [plane.crossings(i) for i in range(4)] == [(), (), (), ring((0, 0), (0, 1))]
    assert list(plane.regions()) == [(1, 3)]


def test_regions_and_counts():
    plane = window((0, 0), (4, 0), (4, 4), (0, 4), weight=[[1, 0], [0, 1], [1, 0]], bias=[-1, -2, -1])
    assert {subset: area(polygons) for subset, polygons in plane.regions().items()} == {
        (): 2,
        (0, 1, 2): 6,
        (0, 2): 6,
        (1,): 2,
    }
    assert plane.region([2, 0]) == (Polygon(ring((1, 0), (4, 0), (4, 2), (1, 2))),)
    assert plane.region([0]) == ()
    assert {count: area(polygons) for count, polygons in plane.counts().items()} == {0: 2, 1: 2, 2: 6, 3: 6}


@given(
    outlines(7),
    st.lists(st.tuples(*[st.integers(-2, 2)] * 2, st.integers(-9, 9)), min_size=1, max_size=5),
    st.data(),
)
@settings(max_examples=60, suppress_health_check=[HealthCheck.filter_too_much])  # few outlines of 7 corners are simple
def test_pieces_regions_and_points_agree(corners, forms, data):
    assume(is_simple(corners) and signed_area(corners) != 0)
    plane = window(*corners, weight=[form[:2] for form in forms], bias=[form[2] for form in forms])
    whole = plane.outline.area()
    assert whole == abs(signed_area(corners))
    regions = plane.regions()
    assert sum(map(area, regions.values())) == whole == sum(map(area, plane.counts().values()))
    for i in range(len(forms)):
        assert area(plane.active(i)) + area(plane.silent(i)) == whole
        assert area(plane.active(i)) == sum(area(polygons) for subset, polygons in regions.items() if i in subset)
        normal, offset = plane.form(i)
        for x, y in plane.crossings(i):
            assert normal[0] * x + normal[1] * y + offset == 0
    triangle = data.draw(st.sampled_from(plane.triangles))
    shares = data.draw(st.tuples(*[st.integers(1, 7)] * 3))
    u = tuple(sum(s * c[j] for s, c in zip(shares, triangle, strict=True)) / sum(shares) for j in range(2))
    y = plane.embedded([u])[0]
    if all(y):
        subset = tuple(i for i, value in enumerate(y) if value > 0)
        assert any(holds(u, polygon) for polygon in plane.region(subset))


def holds(u, polygon):
    """Whether a polygon holds a point in its interior or on its boundary: crossings of a ray, exactly."""
    inside = False
    for outline in (polygon.outer, *polygon.holes):
        for a, b in zip(outline, (*outline[1:], outline[0]), strict=True):
            turn = (b[0] - a[0]) * (u[1] - a[1]) - (b[1] - a[1]) * (u[0] - a[0])
            if turn == 0 and min(a, b) <= u <= max(a, b):
                return True
            if (a[1] > u[1]) != (b[1] > u[1]) and (turn > 0) == (b[1] > a[1]):
                inside = not inside
    return inside


def test_vertices_in_space_and_coordinates():
    W, b = [[1, 0], [0, 1], [1, 1]], [1, 2, 3]
    corners = [(0, 0), (2, 0), (0, "1/3")]
    plane = LatentPlane.from_coordinates(corners, W, b)
    again = LatentPlane(plane.embedded(), W, b)
    assert again == plane
    assert again.coordinates() == ring((0, 0), (2, 0), (0, Fraction(1, 3)))
    assert plane.coordinates([[2, 2, 4]]) == ((1, 0),)
    with pytest.raises(pr.InputError, match="point 1 is not in the plane"):
        plane.coordinates([[2, 2, 4], [0, 0, 1]])
    assert "3 features, a window with 3 vertices" in repr(plane)


def test_a_slice_of_a_larger_latent_space():
    W, b, basis = [[1, 0, 2], [0, 1, 0], [1, 1, 1]], [0, -1, 0], [[1, 0], [0, 1], [1, 1]]
    plane = LatentPlane.from_coordinates([(0, 0), (2, 0), (0, 2)], W, b, basis)
    assert plane.directions == ((3, 2), (0, 1), (2, 2))
    assert LatentPlane(plane.embedded(), W, b, basis) == plane
    with pytest.raises(pr.DimensionError, match=r"the latent space is R\^3; pass basis=, 3 rows of 2 numbers"):
        LatentPlane(plane.embedded(), W, b)
    with pytest.raises(pr.DimensionError, match=r"basis has 2 rows but the latent space is R\^3"):
        LatentPlane(plane.embedded(), W, b, basis[:2])


def test_errors():
    with pytest.raises(pr.InputError, match=r"edge 0 .* and edge 2 .* cross"):
        window((0, 0), (1, 1), (1, 0), (0, 1))
    with pytest.raises(pr.DimensionError, match="affine rank 1"):
        window((0, 0), (1, 1), (2, 2))
    with pytest.raises(pr.DimensionError, match="there are no vertices"):
        LatentPlane([], [[1, 0]], [0])
    with pytest.raises(pr.DimensionError, match="the weight has 1 rows but bias 2 entries"):
        window((0, 0), (1, 0), (0, 1), bias=[0, 1])
    with pytest.raises(pr.InputError, match="there is no feature 1; they are 0 to 0"):
        HEXAGON.active(1)
    with pytest.raises(pr.InputError, match="region: there is no feature -1"):
        HEXAGON.region([-1])


# -- cubes --------------------------------------------------------------------------------------------------------


@given(st.lists(st.tuples(*[weights] * 4), min_size=1, max_size=4))
@settings(max_examples=25)
def test_a_cube_is_cut_into_cells(forms):
    cube = LatentCube(None, [form[:3] for form in forms], [form[3] for form in forms], "3/2")
    cells = cube.cells()
    assert sum(cell.volume() for cell in cells.values()) == cube.cube.volume() == 27
    for i in range(len(forms)):
        active, silent = cube.active(i), cube.silent(i)
        assert (active & silent).is_empty()
        volume = sum((cell.volume() for subset, cell in cells.items() if i in subset), Fraction(0))
        assert volume == (0 if active.is_empty() else active.volume())
        assert volume + (0 if silent.is_empty() else silent.volume()) == 27


def test_a_cube_in_a_slice():
    basis = [[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 1]]
    cube = LatentCube(basis, [[0, 0, 0, 1], [1, 0, 0, 0]], [0, -2], 1)
    assert cube.layer.rows == ((1, 1, 1), (1, 0, 0))
    assert cube.active(0).volume() == cube.silent(0).volume() == 4
    assert cube.active(1).is_empty()
    assert not cube.active(0).contains([0, 0, 0])
    assert cube.silent(0).contains([0, 0, 0])
    with pytest.raises(pr.DimensionError, match=r"R\^4; pass basis=, 4 rows of 3 numbers"):
        LatentCube(None, [[0, 0, 0, 1]], [0])
    with pytest.raises(pr.InputError, match="half_width is 0"):
        LatentCube(basis, [[0, 0, 0, 1]], [0], 0)
    with pytest.raises(pr.InputError, match="LatentCube: there is no feature 7"):
        cube.active(7)


# -- several layers -----------------------------------------------------------------------------------------------


def test_no_bias_is_zero():
    corners, W = [(0, 0), (4, 0), (4, 4), (0, 4)], [[1, 0], [1, 1]]
    assert LatentPlane.from_coordinates(corners, W) == LatentPlane.from_coordinates(corners, W, [0, 0])
    assert LatentPlane([(0, 0), (4, 4), (0, 4)], W) == LatentPlane([(0, 0), (4, 4), (0, 4)], W, [0, 0])
    assert LatentCube(None, [[1, 0, 0]]) == LatentCube(None, [[1, 0, 0]], [0])


def test_windows_that_cross_themselves_have_a_hull():
    crossed, W = [(0, 0), (4, 4), (4, 0), (0, 4)], [[1, 0], [0, 1], [1, 1]]
    with pytest.raises(pr.InputError, match=r"edge 0 \(vertex 0 to vertex 1\) and edge 2 .*window='hull'"):
        LatentPlane.from_coordinates(crossed, W)
    hull = LatentPlane.from_coordinates(crossed, W, window="hull")
    assert hull == LatentPlane([plane_point(W, u) for u in crossed], W, window="hull")
    assert hull.outline.area() == 16
    with pytest.raises(pr.InputError, match="unknown window 'round'; choose one of traced, hull"):
        LatentPlane.from_coordinates(crossed, W, window="round")


def plane_point(W, u):
    return [row[0] * u[0] + row[1] * u[1] for row in W]


def test_features_by_name():
    plane = LatentPlane.from_coordinates([(0, 0), (4, 0), (4, 4), (0, 4)], [[1, 0], [1, 1]], [-1, -2])
    assert plane.active("y1") == plane.active("y_1") == plane.active(1)
    assert plane.region(["y0", 1]) == plane.region([0, 1])
    with pytest.raises(pr.ParseError, match="index 2 is out of range"):
        plane.active("y2")
