from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from matplotlib import pyplot

import polyrelu as pr
from polyrelu.latent.windows import LatentCube, LatentPlane
from polyrelu.plotting.scene import CREASE, scene_of
from polyrelu.plotting.space import plot_latent_cube, plot_plane_in_space
from polyrelu.plotting.style import INK, SILENT, face_colour, feature_colour, line_colour, themed
from tests.latent.test_windows import HEXAGON

WEIGHT, BIAS = [[1, 0], [0, 1], [-1, 0]], [0, 0, "1/2"]
PLANE = LatentPlane.from_coordinates([(1, 1), (-1, 1), (-1, -1), (1, -1)], WEIGHT, BIAS)
DENTED = LatentPlane.from_coordinates([(1, 1), (0, "1/2"), (-1, 1), (-1, -1), (1, -1)], WEIGHT, BIAS)
CUBE = LatentCube(None, [[1, 0, 0], [1, 1, 1], [0, 0, 0], [1, 0, 0]], ["1/2", 0, -1, 1])
INKED, GREY = themed(INK), themed(SILENT)


def faces(axes):
    return [item for item in scene_of(axes).items if not item.width and not item.outline]


def painted_faces(axes):
    """The parts of faces in the order of painting, those painted together as one entry, with their face's number."""
    scene, known = scene_of(axes), faces(axes)
    order = [(scene.items[group[0].tag], group) for group in scene.painted() if group[0].tag != CREASE]
    return [(known.index(item), group) for item, group in order if item in known]


def corners(item):
    return {point for part in item.parts for point in part}


def area(item):
    """Of a face of the plane above, in the coordinates of its window."""
    flat = [[point[:2] for point in part] for part in item.parts]
    fans = [(part[0], *side) for part in flat for side in pairwise(part[1:])]
    return sum((a[0] - o[0]) * (b[1] - o[1]) - (a[1] - o[1]) * (b[0] - o[0]) for o, a, b in fans) / 2


def test_the_half_plane_pair():
    square, whole, active = faces(plot_plane_in_space(PLANE, half_width=2))
    assert (square.colour, whole.colour, active.colour) == (INKED, GREY, face_colour(feature_colour(2)))
    assert corners(square) == {(x, y, 0) for x in (-2, 2) for y in (-2, 2)}
    assert {y for y in corners(whole) if y[0] == -1} == {(-1, -1, Fraction(3, 2)), (-1, 1, Fraction(3, 2))}
    assert all(x + z == Fraction(1, 2) for item in (whole, active) for x, _, z in corners(item))
    assert (min(z for _, _, z in corners(active)), area(whole), area(active)) == (0, 4, 3)


@pytest.mark.parametrize("view", [(30, 30), (30, 210), (-30, 30), (-30, 210)])
def test_the_hyperplane_is_cut_and_passes_behind_and_before_the_window(view):
    axes = plot_plane_in_space(PLANE, view=view)
    elevation, azimuth = np.radians(view)
    before = np.cos(elevation) * np.cos(azimuth) + np.sin(elevation) > 0  # the eye is where y_0 + y_2 > 1/2
    (first, (far,)), *window, (last, (near,)) = painted_faces(axes)
    assert (first, [number for number, _ in window], last) == (0, [1, 2], 0)
    assert all((2 * (x + z) >= w) is bool(before) or 2 * (x + z) == w for x, _, z, w in near.corners)
    assert all((2 * (x + z) <= w) is bool(before) or 2 * (x + z) == w for x, _, z, w in far.corners)


def test_three_hyperplanes_superpose():
    drawn = faces(plot_plane_in_space(PLANE, hyperplanes=(0, 2, 1)))
    assert [item.colour for item in drawn] == [INKED] * 3 + [GREY] + [face_colour(feature_colour(i)) for i in range(3)]
    for i, (square, active) in enumerate(zip(drawn[:3], drawn[4:], strict=True)):
        assert {point[i] for point in corners(square)} == {0}
        assert min(point[i] for point in corners(active)) == 0
    assert [area(item) for item in drawn[3:]] == [4, 2, 2, 3]


def test_the_window_has_its_rim_and_each_boundary_its_colour():
    drawn = [item for item in scene_of(plot_plane_in_space(PLANE)).items if item.width]
    rim = {frozenset(item.parts[0]) for item in drawn if item.colour == INKED}
    window = PLANE.embedded()
    assert {frozenset(edge) for edge in zip(window, window[1:] + window[:1], strict=True)} <= rim
    ((boundary,),) = [item.parts for item in drawn if item.colour == line_colour(feature_colour(2))]
    assert set(boundary) == {(Fraction(1, 2), -1, 0), (Fraction(1, 2), 1, 0)}
    along = LatentPlane.from_coordinates([(0, 0), (1, 0), (0, 1)], [[1, 0], [0, 1], [1, 1]], [0, 0, 0])
    drawn = [item for item in scene_of(plot_plane_in_space(along, hyperplanes=(0, 1))).items if item.width]
    assert sum(set(item.parts[0]) <= set(along.embedded()) for item in drawn) == 1, "only the rim off the hyperplanes"


def test_a_dented_window_is_one_face():
    axes = plot_plane_in_space(DENTED, view=(30, 30))
    _, whole, active = faces(axes)
    assert len(whole.parts) == 3
    assert area(whole) == DENTED.outline.area()
    assert area(active) == sum(polygon.area() for polygon in DENTED.active(2))
    assert [(number, len(group)) for number, group in painted_faces(axes)] == [(0, 1), (1, 3), (2, 3), (0, 1)]


def test_a_feature_that_is_never_active_has_no_face():
    silent = LatentPlane.from_coordinates(PLANE.window, [*WEIGHT[:2], [0, 0]], [0, 0, -1])
    assert [item.colour for item in faces(plot_plane_in_space(silent))] == [INKED, GREY]


def test_cubes():
    drawn = faces(plot_latent_cube(CUBE, 0))
    assert [item.colour for item in drawn] == [GREY] * 6 + [face_colour(feature_colour(0))] * 6
    active = {point for item in drawn[6:] for point in corners(item)}
    assert active == {(x, y, z) for x in (Fraction(-1, 2), 1) for y in (-1, 1) for z in (-1, 1)}
    assert [item.colour for item in faces(plot_latent_cube(CUBE, 2))] == [GREY] * 6
    assert [item.colour for item in faces(plot_latent_cube(CUBE, 3))] == [face_colour(feature_colour(3))] * 6, (
        "silent on one face"
    )


def test_axes_and_errors():
    axes = pyplot.figure().add_subplot(projection="3d")
    assert plot_plane_in_space(PLANE, axes, half_width=3) is axes
    assert axes.get_xlim() == (-3, 3)
    assert [text.get_text() for text in axes.texts] == ["$y_0$", "$y_1$", "$y_2$"]
    assert plot_latent_cube(CUBE, 1, axes) is axes
    with pytest.raises(pr.DimensionError, match=r"lies in R\^1; only R\^3"):
        plot_plane_in_space(HEXAGON)
    with pytest.raises(pr.InputError, match="there is no feature 4"):
        plot_plane_in_space(PLANE, hyperplanes=(4,))
    with pytest.raises(pr.InputError, match="there is no feature 4"):
        plot_latent_cube(CUBE, 4)
    with pytest.raises(pr.InputError, match="the axes are flat"):
        plot_plane_in_space(PLANE, pyplot.subplots()[1])
