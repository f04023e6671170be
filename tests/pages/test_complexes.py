from collections import Counter, defaultdict
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

import polyrelu as pr
from polyrelu.analysis.zones import zone_numbers
from polyrelu.export.meshes import mesh
from polyrelu.pages.complexes import BEFORE, BEYOND, NOTHING, complex_of, window_around
from polyrelu.polyhedra.facet_rings import point_of

BOX = pr.Polyhedron.box([-2] * 3, [2] * 3)


def network(widths, seed=0):
    rng = np.random.default_rng(seed)
    layers = [(rng.integers(-8, 9, (b, a)) / 4, rng.integers(-8, 9, b) / 8) for a, b in pairwise(widths)]
    return pr.Network(layers)


NET = network((3, 6, 6, 1), seed=33)
REGIONS = pr.linear_regions(NET, BOX)
PREIMAGE = pr.preimage(NET, pr.parse("y0 <= -1", dim=1), BOX)


def area(points):
    """The area of a polygon in space."""
    a, *others = (np.array(point, dtype=float) for point in points)
    return float(np.linalg.norm(sum(np.cross(p - a, q - a) for p, q in pairwise(others)))) / 2


def face_area(made, face):
    return area([point_of(made.corners[k]) for k in face.ring])


def surface(made, tiles):
    """The surface of a set of tiles by the complex: the faces of which it has one side."""
    return sum(face_area(made, f) for f in made.faces if (f.before in tiles) != (f.beyond in tiles))


@pytest.mark.parametrize("tiling", [REGIONS, PREIMAGE], ids=["regions", "preimage"])
def test_each_tile_has_its_own_facets(tiling):
    made = complex_of([tiling])
    rings = defaultdict(set)
    for face in made.faces:
        points = frozenset(point_of(made.corners[k]) for k in face.ring)
        for tile in {face.before, face.beyond} - {NOTHING}:
            rings[tile].add((made.planes[face.plane], points))
    for number, tile in enumerate(tiling):
        P = tile.polyhedron
        assert rings[number] == {
            (row.boundary(), frozenset(v for v in P.vertices if not row.slack(v))) for row in P.facets
        }


def test_the_surface_of_zones_is_that_of_their_boundary():
    made = complex_of([PREIMAGE])
    expected = mesh(PREIMAGE)
    for numbers, faces in zip(zone_numbers(PREIMAGE), expected.faces, strict=True):
        known = sum(area([expected.vertices[k] for k in face]) for face in faces)
        assert surface(made, set(numbers.tolist())) == pytest.approx(known, rel=1e-12)


def test_the_surface_of_all_regions_is_that_of_the_domain():
    made = complex_of([REGIONS])
    assert surface(made, set(range(len(REGIONS)))) == pytest.approx(6 * 16, rel=1e-12)
    assert all(f.beyond == NOTHING or f.before != f.beyond for f in made.faces)


def test_a_face_is_seen_counter_clockwise_from_beyond():
    made = complex_of([PREIMAGE])
    for face in made.faces:
        a, b, c = (np.array(point_of(made.corners[k]), dtype=float) for k in face.ring[:3])
        outwards = np.cross(b - a, c - b)
        inside = np.array(PREIMAGE[face.before].inner_point(), dtype=float)
        assert outwards @ (inside - a) < 0
        if face.beyond != NOTHING:
            assert outwards @ (np.array(PREIMAGE[face.beyond].inner_point(), dtype=float) - a) > 0


@pytest.mark.parametrize("window", [None, pr.Polyhedron.box([-1] * 3, [1] * 3)], ids=["whole", "window"])
def test_faces_know_which_tiles_lack_them(window):
    """Those whose own row is strict: of an open target on the outside, and never where the window cuts."""
    tiling = pr.preimage(NET, pr.parse("y0 < -1", dim=1), BOX)
    made = complex_of([tiling], window)
    assert {face.lacking for face in complex_of([PREIMAGE], window).faces} == {0}
    assert len({face.lacking for face in made.faces}) > 1
    for face in made.faces:
        for number, flag in ((face.before, BEFORE), (face.beyond, BEYOND)):
            own = () if number == NOTHING else tiling[number].polyhedron.halfspaces
            strict = any(row.relation == "<" and row.boundary() == made.planes[face.plane] for row in own)
            assert bool(face.lacking & flag) == strict


def test_two_open_sides_of_one_face_are_lacking_both():
    targets = [pr.parse(text, dim=3) for text in ("y0 < 0", "y0 > 0, y1 >= 1/2")]
    made = complex_of([pr.preimage(pr.Network([(np.eye(3), [0, 0, 0])], [False]), targets, BOX)])
    (shared,) = [face for face in made.faces if face.beyond != NOTHING]
    assert shared.lacking == BEFORE + BEYOND


def test_corners_and_planes_are_there_once():
    made = complex_of([REGIONS])
    assert len(set(made.corners)) == len(made.corners)
    assert len(set(made.planes)) == len(made.planes)
    edges = Counter(frozenset(e) for f in made.faces for e in pairwise((*f.ring, f.ring[0])))
    assert len(made.corners) - len(edges) + len(made.faces) - len(REGIONS) == 1, "Euler: the domain is a ball"


def test_tiles_of_several_targets_are_cut_until_they_meet():
    distance = pr.Network([(np.eye(3), [0, 0, 0])], [False])
    targets = [pr.Polyhedron.box([0, 0, 0], [1, 1, 1]), pr.Polyhedron.box([1, "1/2", "1/3"], [2, 2, 2])]
    tiling = pr.preimage(distance, targets)
    made = complex_of([tiling])
    (shared,) = [face for face in made.faces if face.beyond != NOTHING]
    assert face_area(made, shared) == pytest.approx(1 / 3)
    whole = 6 + 2 * (1.5 + 5 / 3 + 1.5 * 5 / 3)
    assert surface(made, {0, 1}) == pytest.approx(whole - 2 / 3)
    assert surface(made, {0}) == pytest.approx(6)


def test_flat_tiles_are_there_by_their_dimension():
    cross = pr.Network([(np.eye(3), [0, 0, 0])], [False])
    box = pr.Polyhedron.box([-1] * 3, [1] * 3)
    for text, faces, segments, points in (
        ("y0 == 0", 1, 0, 0),
        ("y0 == 0 and y1 == 0", 0, 1, 0),
        ("y0 == 0 and y1 == 0 and y2 == 0", 0, 0, 1),
    ):
        made = complex_of([pr.preimage(cross, pr.parse(text, dim=3), box)])
        assert (len(made.faces), len(made.segments), len(made.points)) == (faces, segments, points)


def test_a_window_cuts_what_is_unbounded():
    cone = pr.preimage(pr.Network([(np.eye(3), [0, 0, 0])], [True]), pr.Polyhedron([[1, 1, 1]], [1]))
    with pytest.raises(pr.UnboundedError):
        complex_of([cone])
    window = window_around([cone])
    assert window == pr.Polyhedron.box([Fraction(-1, 2)] * 3, [Fraction(3, 2)] * 3)
    made = complex_of([cone], window)
    cut = (np.array([point_of(c) for c in made.corners], dtype=float)).round(9)
    assert cut.min() == -0.5
    assert cut.max() == 1.0
    total = sum(float((tile.polyhedron & window).volume()) for tile in cone)
    volume = sum(
        sign * float(np.linalg.det(np.array([point_of(made.corners[k]) for k in (f.ring[0], a, b)], dtype=float))) / 6
        for f in made.faces
        for sign in [1 if f.beyond == NOTHING else 0]
        for a, b in pairwise(f.ring[1:])
    )
    assert volume == pytest.approx(total), "by the divergence theorem, since rings turn outwards"


def test_different_tilings_do_not_share_faces():
    made = complex_of([REGIONS, PREIMAGE])
    assert made.tiles == len(REGIONS) + len(PREIMAGE)
    assert surface(made, set(range(len(REGIONS)))) == pytest.approx(96, rel=1e-12)
    with pytest.raises(pr.DimensionError, match=r"R\^2"):
        complex_of([pr.linear_regions(network((2, 3, 1)), pr.Polyhedron.box([0, 0], [1, 1]))])


def test_windows_around_little():
    slab = pr.preimage(pr.Network([([[1, 0, 0]], [0])], [False]), pr.Polyhedron.box([0], [0]))
    assert window_around([slab]).is_bounded()
    assert window_around([slab[:0]]) == pr.Polyhedron.box([-1] * 3, [1] * 3)
