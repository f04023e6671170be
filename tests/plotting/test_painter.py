import random
from collections import Counter
from fractions import Fraction
from itertools import combinations, pairwise
from typing import Any

import numpy as np
import pytest

from polyrelu.plotting.painter import creases, overlap, piece, plane_through, prepare
from polyrelu.plotting.solid import boundary_polygons
from polyrelu.polyhedra.polyhedron import Polyhedron

EYES = [(1, 0, 0, 0), (0, 0, -1, 0), (3, 2, 1, 0), (-1, 2, -2, 0), (9, -20, 13, 1)]


def points(*rows):
    return tuple(tuple(map(Fraction, row)) for row in rows)


def triangles(count, seed):
    rng = random.Random(seed)
    found: list[Any] = []
    while len(found) < count:
        corners = points(*([rng.randint(-4, 4) for _ in range(3)] for _ in range(3)))
        if any(area(corners)):
            found.append(corners)
    return found


def cross(u, v):
    return u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]


def minus(p, q):
    return tuple(a - b for a, b in zip(p, q, strict=True))


def dot(u, v):
    return sum(a * b for a, b in zip(u, v, strict=True))


def area(corners):
    """Twice the area, as a normal vector."""
    fans = [cross(minus(a, corners[0]), minus(b, corners[0])) for a, b in pairwise(corners[1:])]
    return tuple(map(sum, zip(*fans, strict=True)))


def exact_corners(part):
    return [tuple(Fraction(x, corner[-1]) for x in corner[:-1]) for corner in part.corners]


def hit(corners, start, direction):
    """Where along a line a polygon is met in its relative interior; None where it is not."""
    normal = area(corners)
    slope = dot(normal, direction)
    if not slope:
        return None
    t = dot(normal, minus(corners[0], start)) / slope
    at = tuple(s + t * d for s, d in zip(start, direction, strict=True))
    sides = zip(corners, (*corners[1:], corners[0]), strict=True)
    return t if all(dot(normal, cross(minus(q, p), minus(at, p))) > 0 for p, q in sides) else None


@pytest.mark.long
@pytest.mark.parametrize("eye", EYES)
@pytest.mark.parametrize("seed", range(3))
def test_along_every_line_of_sight_what_is_nearer_is_painted_later(eye, seed):
    shapes = triangles(8, seed)
    order = prepare([piece(shape, i) for i, shape in enumerate(shapes)]).order(np.array(eye, float))
    fragments = [(part.tag, exact_corners(part)) for group in order for part in group]
    rng = random.Random(seed)
    met = 0
    for _ in range(150):
        start = tuple(Fraction(rng.randint(-200, 200), 97) for _ in range(3))
        direction = minus(eye[:3], start) if eye[3] else eye[:3]
        seen = {i: hit(shape, start, direction) for i, shape in enumerate(shapes)}
        seen = {i: t for i, t in seen.items() if t is not None and (not eye[3] or t < 1)}
        painted = [tag for tag, corners in fragments if hit(corners, start, direction) is not None]
        painted = [tag for tag in painted if tag in seen]
        if len(painted) == len(seen) > 1:  # unless the line meets a cut
            assert [seen[tag] for tag in painted] == sorted(seen.values())
            met += 1
    assert met > 5


@pytest.mark.parametrize("seed", range(4))
def test_the_parts_of_each_face_make_up_the_whole(seed):
    shapes = triangles(9, seed)
    order = prepare([piece(shape, i) for i, shape in enumerate(shapes)]).order(np.array(EYES[2], float))
    parts = [part for group in order for part in group]
    assert len(parts) > len(shapes), "some of them cut each other"
    for i, shape in enumerate(shapes):
        pieces = [area(exact_corners(part)) for part in parts if part.tag == i]
        assert tuple(map(sum, zip(*pieces, strict=True))) == area(shape)


def test_segments_are_cut_where_they_pierce_a_face():
    square = points((-1, -1, 0), (1, -1, 0), (1, 1, 0), (-1, 1, 0))
    needle = points((0, 0, -2), (0, 0, 1))
    painting = prepare([piece(square, 0), piece(needle, 1)])
    order = painting.order(np.array([0, 1, 3, 0.0]))
    assert [(group[0].tag, sorted(exact_corners(group[0]))) for group in order] == [
        (1, sorted(points((0, 0, -2), (0, 0, 0)))),
        (0, sorted(square)),
        (1, sorted(points((0, 0, 0), (0, 0, 1)))),
    ]
    assert [group[0].tag for group in painting.order(np.array([0, 1, -3, 0.0]))] == [1, 0, 1]


@pytest.mark.parametrize("eye", EYES)
def test_edges_are_painted_after_the_faces_they_bound(eye):
    faces = boundary_polygons(Polyhedron.box([0] * 3, [1, 2, 3]))
    edges = {tuple(sorted(side)) for face in faces for side in zip(face, (*face[1:], face[0]), strict=True)}
    assert len(edges) == 12
    pieces = [piece(face, i) for i, face in enumerate(faces)] + [piece(e, 6 + i) for i, e in enumerate(sorted(edges))]
    place = {group[0].tag: k for k, group in enumerate(prepare(pieces).order(np.array(eye, float)))}
    for i, face in enumerate(faces):
        for j, edge in enumerate(sorted(edges)):
            if set(edge) <= set(face):
                assert place[6 + j] > place[i]


@pytest.mark.parametrize("seed", range(4))
def test_creases_are_where_faces_cut_each_other(seed):
    """Their ends lie in both faces; two faces have one if a side of one of them pierces the other, and else none."""
    shapes = triangles(5, seed)
    for first, second in combinations(shapes, 2):
        found = creases([piece(first, 0), piece(second, 1)])
        pierced = any(
            t is not None and 0 < t < 1
            for shape, other in ((first, second), (second, first))
            for start, end in zip(other, (*other[1:], other[0]), strict=True)
            for t in [hit(shape, start, minus(end, start))]
        )
        assert len(found) == pierced
        for ends in found:
            for end in (tuple(Fraction(x, end[-1]) for x in end[:-1]) for end in ends):
                assert not any(dot(area(shape), minus(end, shape[0])) for shape in (first, second))


def test_faces_that_touch_have_no_crease():
    square = points((-1, -1, 0), (1, -1, 0), (1, 1, 0), (-1, 1, 0))
    upright = points((-1, 0, 0), (1, 0, 0), (0, 0, 1))
    assert not creases([piece(square, 0), piece(upright, 1)])
    assert not creases([piece(square, 0), piece(square, 1)])
    assert len(creases([piece(square, 0), piece(points((-1, 0, -1), (1, 0, -1), (0, 0, 1)), 1)])) == 1


def test_parts_that_nothing_comes_between_are_painted_together():
    floor = points((-9, -9, 0), (9, -9, 0), (9, 9, 0), (-9, 9, 0))
    wall = points((0, 0, -1), (0, 1, -1), (0, 1, 1), (0, 0, 1))
    painting = prepare([piece(floor, 0), piece(wall, 1)])
    for eye in EYES[:4]:
        parts = Counter(group[0].tag for group in painting.order(np.array(eye, float)))
        assert parts[0] + parts[1] <= 3


def test_touching_is_not_overlapping():
    def flat(*corners):
        return piece(points(*((x, y, 0) for x, y in corners)), 0)

    above = (0, 0, 1, 0)
    square = flat((0, 0), (1, 0), (1, 1), (0, 1))
    assert not overlap(square, flat((1, 0), (2, 0), (2, 1)), above)
    assert not overlap(square, flat((1, 1), (2, 1)), above)
    assert overlap(square, flat((Fraction(1, 2), 0), (2, 0), (2, 1)), above)
    assert overlap(square, flat((0, 0), (1, 1)), above)


def test_planes_turn_with_their_corners():
    assert plane_through(points((0, 0, 2), (2, 0, 2), (4, 0, 2), (0, 1, 2))) == (0, 0, 1, -2)
    assert plane_through(points((0, 0, 2), (0, 1, 2), (1, 0, 2))) == (0, 0, -1, 2)
    assert prepare([]).order(np.array(EYES[0], float)) == []
