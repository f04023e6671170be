from fractions import Fraction

import numpy as np
import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import polyrelu as pr
from polyrelu.analysis.outline import Outline, Polygon, outline, polygons_around
from polyrelu.arithmetic.exact import primitive
from polyrelu.polyhedra.convex_polygon import convex_polygon
from tests.analysis.test_merge import CROSS, NORM, random_network
from tests.float_modes import MODES, float_mode, needs_float_modes
from tests.strategies import domains, networks, polyhedra

WINDOW = pr.Polyhedron.box([-3, -3], [3, 3])
SIXTH, ZERO = Fraction(1, 6), Fraction(0)


def to_shapely(polygon):
    return shapely.Polygon(
        np.array(polygon.outer, dtype=float), [np.array(hole, dtype=float) for hole in polygon.holes]
    )


def cycle(*points):
    """The directed edges of a convex polygon with these integer corners, counter-clockwise."""
    corners = [(x, y, 1) for x, y in points]
    return list(zip(corners, corners[1:] + corners[:1], strict=True))


def square(x, y, size=1):
    return cycle((x, y), (x + size, y), (x + size, y + size), (x, y + size))


def shape(polygons):
    return [(len(polygon.outer), [len(hole) for hole in polygon.holes]) for polygon in polygons]


def signed_area(ring):
    return sum(a[0] * b[1] - a[1] * b[0] for a, b in zip(ring, (*ring[1:], ring[0]), strict=True)) / Fraction(2)


def check_form(polygon):
    """The promises about rings: simple, oriented, without collinear vertices, from the first vertex on, valid."""
    for ring in (polygon.outer, *polygon.holes):
        assert len(set(ring)) == len(ring) >= 3
        assert (signed_area(ring) > 0) == (ring is polygon.outer)
        assert ring[0] == min(ring)
        for a, b, c in zip(ring, (*ring[1:], ring[0]), (*ring[2:], *ring[:2]), strict=True):
            assert (b[0] - a[0]) * (c[1] - b[1]) != (b[1] - a[1]) * (c[0] - b[0])
    assert list(polygon.holes) == sorted(polygon.holes)
    assert polygon.area() == signed_area(polygon.outer) + sum(map(signed_area, polygon.holes))


# -- polygons around convex ones ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cycles", "expected"),
    [
        ([], []),
        ([square(0, 0)], [(4, [])]),
        ([square(0, 0), square(1, 0)], [(4, [])]),  # no collinear vertices
        ([square(0, 0), square(2, 0)], [(4, []), (4, [])]),
        ([square(0, 0), square(1, 1)], [(4, []), (4, [])]),  # in touch at a vertex: two polygons
        ([square(0, 0, 2), square(2, 0), square(2, 1)], [(4, [])]),  # a T-junction
        ([square(0, 0, 2), square(2, 1, 2)], [(8, [])]),  # edges that overlap in part
        ([square(x, y) for x in range(3) for y in range(3) if (x, y) != (1, 1)], [(4, [4])]),
        # a hole that touches the outer ring in a vertex: eight squares around one, of which a corner one is missing
        ([square(x, y) for x in range(3) for y in range(3) if (x, y) not in [(1, 1), (2, 2)]], [(6, [4])]),
        # two holes that touch each other
        ([square(x, y) for x in range(4) for y in range(4) if (x, y) not in [(1, 1), (2, 2)]], [(4, [4, 4])]),
        # two crescents that touch in two points
        (
            [square(0, 0), square(1, 0), square(0, 1), square(1, 2), square(2, 2), square(2, 1)],
            [(6, []), (6, [])],
        ),
        # a ring inside a ring
        (
            [square(x, y) for x in range(5) for y in range(5) if {x, y} & {0, 4} or (x, y) == (2, 2)],
            [(4, [4]), (4, [])],
        ),
        # a corner that touches the middle of an edge of its own zone: the notch is a hole
        (
            [
                square(0, 0, 4),
                cycle((0, 4), (1, 4), (1, 6), (0, 6)),
                cycle((0, 6), (4, 6), (4, 7), (0, 7)),
                cycle((3, 4), (4, 6), (2, 6)),
            ],
            [(7, [4])],
        ),
    ],
)
def test_examples(cycles, expected):
    for order in (cycles, cycles[::-1]):
        polygons = polygons_around(order)
        assert shape(polygons) == expected
        for polygon in polygons:
            check_form(polygon)
            assert to_shapely(polygon).is_valid
        assert sum(polygon.area() for polygon in polygons) == sum(
            signed_area([(a[0], a[1]) for a, _ in edges]) for edges in cycles
        )


NOTCH = [
    square(0, 0, 4),
    cycle((0, 4), (1, 4), (1, 6), (0, 6)),
    cycle((0, 6), (4, 6), (4, 7), (0, 7)),
    cycle((3, 4), (4, 6), (2, 6)),
]


def scaled(cycles, factor, shift=0):
    def move(point):
        x, y, w = point
        return tuple(primitive([factor * Fraction(x, w) + shift, factor * Fraction(y, w) + shift, 1]))

    return [[(move(begin), move(end)) for begin, end in edges] for edges in cycles]


MAGNITUDES = {
    **{f"10^{power}": (Fraction(10) ** power, 0) for power in (-400, -323, 307, 400)},
    "far away": (1, 10**400),
    "about the end of the range": (10**308, -(10**308)),
    "thirds": (Fraction(1, 3), Fraction(1, 7)),
}


@pytest.mark.parametrize(("factor", "shift"), MAGNITUDES.values(), ids=MAGNITUDES)
def test_edges_meet_in_part_at_every_magnitude(factor, shift):
    """The floats that look for vertices on edges overflow, underflow or are all the same."""
    (usual,), (polygon,) = polygons_around(NOTCH), polygons_around(scaled(NOTCH, factor, shift))
    assert polygon.area() == usual.area() * factor**2
    assert polygon.outer == tuple((factor * x + shift, factor * y + shift) for x, y in usual.outer)
    assert [len(hole) for hole in polygon.holes] == [4]


@needs_float_modes
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("factor", "shift"), MAGNITUDES.values(), ids=MAGNITUDES)
def test_edges_meet_in_part_in_every_float_mode(mode, factor, shift):
    cycles = scaled(NOTCH, factor, shift)
    usual = polygons_around(cycles)
    with float_mode(mode):
        assert polygons_around(cycles) == usual


@st.composite
def triangles(draw):
    """Some of the triangles of a square that is cut in halves again and again, with no regard to neighbours.

    So edges meet in part, and corners touch the middle of edges; coordinates are integers, which suits shapely.
    """
    kept = []

    def cut(a, b, apex, depth):  # right-angled at the apex
        choice = draw(st.sampled_from(["cut", "cut", "cut", "keep", "drop"] if depth < 7 else ["keep", "drop"]))
        if choice == "cut":
            middle = ((a[0] + b[0]) // 2, (a[1] + b[1]) // 2)
            cut(apex, a, middle, depth + 1)
            cut(b, apex, middle, depth + 1)
        elif choice == "keep":
            kept.append((a, b, apex))

    cut((16, 0), (0, 16), (0, 0), 0)
    cut((0, 16), (16, 0), (16, 16), 0)
    return kept


@given(triangles())
@settings(max_examples=150)
def test_polygons_are_those_of_shapely(kept):
    """shapely's union, which keeps to the same convention, in integers: equal polygon by polygon and hole by hole."""
    polygons = polygons_around([cycle(*triangle) for triangle in kept])
    for polygon in polygons:
        check_form(polygon)
    ours = [to_shapely(polygon) for polygon in polygons]
    theirs = shapely.get_parts(shapely.unary_union([shapely.Polygon(triangle) for triangle in kept])).tolist()
    assert len(ours) == len(theirs)
    for mine in ours:
        assert mine.is_valid
        (same,) = [other for other in theirs if other.equals(mine)]
        assert len(same.interiors) == len(mine.interiors)


# -- zones --------------------------------------------------------------------------------------------------------


def check_zones(tiling, within=None):
    """Areas, exactly; validity, components and holes by shapely, for zones that meet facet to facet."""
    outlines = outline(tiling, within)
    zones = tiling.zones()
    assert len(outlines) == len(zones)
    for found, zone in zip(outlines, zones, strict=True):
        tiles = [tile.polyhedron if within is None else tile.polyhedron & within for tile in zone]
        assert found.area() == sum((tile.volume() for tile in tiles), Fraction(0))
        for polygon in found.polygons:
            check_form(polygon)
        corners = [convex_polygon(tile.vertices) for tile in tiles if tile.dim == 2]
        union = shapely.coverage_union_all([shapely.Polygon(np.array(c, dtype=float)) for c in corners])
        parts = shapely.get_parts(union).tolist()
        ours = [to_shapely(polygon) for polygon in found.polygons]
        assert all(polygon.is_valid for polygon in ours)
        assert sorted(len(part.interiors) for part in parts) == sorted(len(polygon.interiors) for polygon in ours)
        whole = shapely.unary_union(ours)
        assert shapely.symmetric_difference(whole, union).area <= 1e-9 * (1 + whole.area)
    return outlines


@given(data=st.data())
@settings(max_examples=60)
def test_questions_in_the_plane(data):
    network = data.draw(networks(max_inputs=2, max_neurons=5))
    assume(network.input_dim == 2)
    target = data.draw(polyhedra(network.output_dim, max_rows=2))
    method = data.draw(st.sampled_from(["cells", "unrelu"]))
    tiling = pr.preimage(network, target, data.draw(domains(2)), method)
    check_zones(tiling, WINDOW)
    if all(not tile.polyhedron.rays and not tile.polyhedron.lines for tile in tiling):
        check_zones(tiling)


@given(data=st.data())
@settings(max_examples=40)
def test_several_targets(data):
    """Tiles of different targets need not meet facet to facet; the exact area and the form of polygons decide."""
    network = data.draw(networks(max_inputs=2, max_neurons=4))
    assume(network.input_dim == 2)
    targets = data.draw(st.lists(polyhedra(network.output_dim, max_rows=1), min_size=2, max_size=3))
    tiling = pr.preimage(network, targets)
    for found, zone in zip(tiling.outline(WINDOW), tiling.zones(), strict=True):
        assert found.area() == sum(((tile.polyhedron & WINDOW).volume() for tile in zone), Fraction(0))
        for polygon in found.polygons:
            check_form(polygon)
            assert to_shapely(polygon).is_valid


@pytest.mark.parametrize(("seed", "text"), [(0, "y0 >= 0"), (2, "y0 <= 0"), (4, "y0 > 0")])
def test_random_networks(seed, text):
    tiling = pr.preimage(
        random_network([2, 10, 10, 1], seed), pr.parse(text, dim=1), pr.Polyhedron.box([-6, -6], [6, 6])
    )
    assert len(tiling) > 10
    check_zones(tiling)


def checkerboard(size):
    """Triangle waves between -1/2 and 1/2 in x0 and in x1; their zeros are the lines of a board of unit squares."""
    shifts = [-k for k in range(size + 1)]
    rows = [[1, 0]] * len(shifts) + [[0, 1]] * len(shifts)
    slopes = [1, *(2 * (-1) ** k for k in range(1, size + 1))]
    wave = [slopes + [0] * len(shifts), [0] * len(shifts) + slopes]
    return pr.Network([(rows, shifts * 2), (wave, [-Fraction(1, 2)] * 2)])


def test_a_checkerboard():
    """Squares that touch at their corners are zones of their own, unless segments of the second target join them."""
    network, box = checkerboard(4), pr.Polyhedron.box([0, 0], [4, 4])
    white, black = pr.parse("y0 >= 0 and y1 >= 0", dim=2), pr.parse("y0 < 0 and y1 < 0", dim=2)
    outlines = check_zones(pr.preimage(network, [white, black], box))
    assert [shape(found.polygons) for found in outlines] == [[(4, [])]] * 13
    assert sum(found.area() for found in outlines) == 8
    (joined,) = check_zones(pr.preimage(network, [white, black.closure()], box))
    assert shape(joined.polygons) == [(4, [])] * 13
    assert joined.area() == 8
    assert joined.flat


@pytest.mark.parametrize(
    ("network", "text", "shapes", "area"),
    [
        (CROSS, "y0 >= 0", [[(3, [])], [(3, [])]], 18),  # two wedges that touch in the origin
        (CROSS, "y0 > 0", [[(3, [])], [(3, [])]], 18),
        (CROSS, "y0 >= 1", [[(3, [])], [(3, [])]], 8),
        (NORM, "y0 >= 1", [[(4, [4])]], 34),
        (NORM, "y0 > 1", [[(4, [4])]], 34),
        (NORM, "y0 >= 1 and y0 <= 3", [[(4, [4])]], 16),
        (NORM, "y0 >= 1 and y0 <= 6", [[(4, [4])]], 34),
        (NORM, "y0 <= 0", [[]], 0),  # a point
        (NORM, "y0 == 1", [[]], 0),
        (NORM, "y0 < 0", [], 0),
        (NORM, "y0 > 7", [[]], 0),  # outside of the window
    ],
)
def test_zones_clipped_to_a_window(network, text, shapes, area):
    tiling = pr.preimage(network, pr.parse(text, dim=1))
    outlines = check_zones(tiling, WINDOW)
    assert sorted(map(shape, [found.polygons for found in outlines])) == sorted(shapes)
    assert sum(found.area() for found in outlines) == area


def test_flat_tiles_are_told_apart():
    tiling = pr.preimage(NORM, pr.parse("y0 == 1", dim=1))
    (found,) = tiling.outline()
    assert found.polygons == ()
    assert sorted(found.flat) == [((-1, 0), (0, -1)), ((-1, 0), (0, 1)), ((0, -1), (1, 0)), ((0, 1), (1, 0))]
    assert pr.preimage(NORM, pr.parse("y0 == 0", dim=1)).outline() == [Outline((), (((ZERO, ZERO),),))]
    assert pr.preimage(CROSS, pr.parse("y0 == 0", dim=1)).outline(WINDOW)[0].flat == (
        ((-3, -3), (0, 0)),
        ((-3, 3), (0, 0)),
        ((0, 0), (3, -3)),
        ((0, 0), (3, 3)),
    )


def test_a_window_may_cut_a_zone_in_two():
    tiling = pr.preimage(NORM, pr.parse("y0 >= 1 and y0 <= 2", dim=1))
    (found,) = outline(tiling, pr.Polyhedron.box([-2, Fraction(-1, 4)], [2, Fraction(1, 4)]))
    assert shape(found.polygons) == [(5, []), (5, [])] or shape(found.polygons) == [(6, []), (6, [])]


def test_an_open_window_is_taken_with_its_boundary():
    tiling = pr.preimage(NORM, pr.parse("y0 >= 1", dim=1))
    strict = pr.Polyhedron(WINDOW.A, WINDOW.b, strict=True)
    assert outline(tiling, strict) == outline(tiling, WINDOW)


def test_vertices_are_exact():
    tiling = pr.preimage(NORM, pr.parse("3*y0 <= 1/2", dim=1))
    assert tiling.outline()[0].polygons == (Polygon(((-SIXTH, ZERO), (ZERO, -SIXTH), (SIXTH, ZERO), (ZERO, SIXTH))),)


def test_errors():
    tiling = pr.preimage(NORM, pr.parse("y0 >= 1", dim=1))
    with pytest.raises(pr.UnboundedError, match="tile 0 is unbounded; pass within="):
        tiling.outline()
    with pytest.raises(pr.UnboundedError, match=r"the window .* is unbounded"):
        tiling.outline(pr.Polyhedron([[1, 0]], [1]))
    with pytest.raises(pr.DimensionError, match=r"the window lives in R\^3"):
        tiling.outline(pr.Polyhedron.box([0] * 3, [1] * 3))
    with pytest.raises(pr.UnboundedError, match="tile 0 is unbounded"):
        pr.preimage(CROSS, pr.parse("y0 == 0", dim=1)).outline()
    line = pr.preimage(pr.Network([([[1], [-1]], [0, 0]), ([[1, 1]], [0])]), pr.parse("y0 >= 0", dim=1))
    with pytest.raises(pr.DimensionError, match=r"lives in R\^1"):
        line.outline()
