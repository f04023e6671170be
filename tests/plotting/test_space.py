from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from matplotlib import pyplot
from matplotlib.colors import to_rgb

import polyrelu as pr
from polyrelu.latent.windows import LatentCube, LatentPlane
from polyrelu.plotting.space import plot_latent_cube, plot_plane_in_space, polyhedron_faces
from polyrelu.plotting.style import INK, SILENT, feature_colour
from tests.latent.test_windows import HEXAGON

PLANE = LatentPlane.from_coordinates([(1, 1), (-1, 1), (-1, -1), (1, -1)], [[1, 0], [0, 1], [-1, 0]], [0, 0, "1/2"])
CUBE = LatentCube(None, [[1, 0, 0], [1, 1, 1], [0, 0, 0]], ["1/2", 0, -1])
ABOVE, BELOW = (30.0, 30.0), (-30.0, 30.0)


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    pyplot.close("all")


def faces(axes):
    """Colour, corners and place in the order of drawing."""
    return [
        (to_rgb(face.get_facecolor()[0]), {tuple(p) for p in corners_of(face)}, face.get_zorder())
        for face in axes.collections
    ]


def corners_of(face):
    """The corners in space, which matplotlib keeps in one attribute or another."""
    return face._vec.T[:, :3].tolist() if hasattr(face, "_vec") else np.asarray(face._faces)[0].tolist()


@pytest.mark.parametrize(("view", "near"), [(ABOVE, True), (BELOW, False)])
def test_the_half_plane_pair_and_what_hides_what(view, near):
    axes = plot_plane_in_space(PLANE, view=view)
    by_colour: dict[Any, Any] = {}
    for colour, points, order in faces(axes):
        by_colour.setdefault(colour, []).append((points, order))
    assert set(by_colour) == {to_rgb(SILENT), to_rgb(feature_colour(2)), to_rgb(INK)}
    ((active, over),) = by_colour[to_rgb(feature_colour(2))]
    assert active == {(0.5, -1, 0), (0.5, 1, 0), (-1, -1, 1.5), (-1, 1, 1.5)}
    ((square, middle),) = by_colour[to_rgb(INK)]
    assert {point[2] for point in square} == {0}
    ((_, under),) = [(p, o) for p, o in by_colour[to_rgb(SILENT)] if min(z for _, _, z in p) < 0]
    assert (over > middle > under) is near
    assert (over < middle < under) is not near


def test_three_hyperplanes_cut_everything_into_octants():
    axes = plot_plane_in_space(PLANE, hyperplanes=(0, 1, 2), view=ABOVE)
    drawn = faces(axes)
    for _, points, _ in drawn:
        for values in np.array(sorted(points)).T:
            assert (values >= 0).all() or (values <= 0).all()
    assert sum(colour == to_rgb(INK) for colour, _, _ in drawn) == 12
    assert sum(colour == to_rgb(SILENT) for colour, _, _ in drawn) == 6
    orders = {order for colour, points, order in drawn if all(min(p) >= 0 for p in points) and colour != to_rgb(INK)}
    assert min(orders) == max(order for _, _, order in drawn)


def test_cubes_are_drawn_face_by_face_far_ones_first():
    axes = plot_latent_cube(CUBE, 0, view=ABOVE)
    drawn = faces(axes)
    assert len(drawn) == 12
    corners = {point for colour, points, _ in drawn if colour == to_rgb(feature_colour(0)) for point in points}
    assert corners == {(x, y, z) for x in (-0.5, 1) for y in (-1, 1) for z in (-1, 1)}
    assert max(drawn, key=lambda face: face[2])[0] == to_rgb(feature_colour(0))
    behind = faces(plot_latent_cube(CUBE, 0, view=(30.0, 210.0)))
    assert max(behind, key=lambda face: face[2])[0] == to_rgb(SILENT)
    assert len(faces(plot_latent_cube(CUBE, 2))) == 6


def test_faces_of_polyhedra():
    found = polyhedron_faces(CUBE.active(1).closure())
    assert len(found) == 7
    for normal, corners in found:
        values = {sum(n * x for n, x in zip(normal, corner, strict=True)) for corner in corners}
        assert len(values) == 1
    assert sorted(len(corners) for _, corners in found) == [3, 3, 3, 5, 5, 5, 6]
    assert polyhedron_faces(pr.Polyhedron.box([0, 0, 0], [1, 1, 0])) == []
    assert all(isinstance(x, Fraction) for _, corners in found for corner in corners for x in corner)


def test_axes_and_errors():
    axes = pyplot.figure().add_subplot(projection="3d")
    assert plot_plane_in_space(PLANE, axes, half_width=3) is axes
    assert axes.get_xlim() == (-3, 3)
    assert plot_latent_cube(CUBE, 1, axes) is axes
    with pytest.raises(pr.DimensionError, match=r"lies in R\^1; only R\^3"):
        plot_plane_in_space(HEXAGON)
    with pytest.raises(pr.InputError, match="there is no feature 4"):
        plot_plane_in_space(PLANE, hyperplanes=(4,))
    with pytest.raises(pr.InputError, match="there is no feature 4"):
        plot_latent_cube(CUBE, 4)
