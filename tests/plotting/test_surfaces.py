from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from matplotlib import pyplot

import polyrelu as pr
from polyrelu.plotting import plot_zone_surfaces, style
from polyrelu.plotting.scene import scene_of
from polyrelu.plotting.style import INK, THIN, face_colour, themed
from polyrelu.plotting.surfaces import faces
from polyrelu.support.palette import PALETTE
from tests.pictures import assert_in_legend, assert_labels_apart, assert_told_apart

HALVES = pr.Network([([[1, 0, 0], [-1, 0, 0]], [0, 0]), ([[1, 1]], [0])])  # |x0|
OCTANTS = pr.Network([(np.eye(3).tolist(), [0] * 3)], [True])
CUBE = pr.Polyhedron.box([-2] * 3, [2] * 3)


def two_slabs(text="y0 >= 1"):
    return pr.preimage(HALVES, pr.parse(text, dim=1), CUBE)


def painted(axes):
    """The items of the scene that are not the window's frame."""
    return [item for item in scene_of(axes).items if item.width != THIN]


def squared_area(polygon):
    """Of a polygon parallel to two axes, exactly."""
    points = np.array(polygon, dtype=object)
    u, v = (column for column in points.T if len(set(column)) > 1)
    return abs(sum(u[i - 1] * v[i] - u[i] * v[i - 1] for i in range(len(u)))) / 2


def test_faces_are_the_surface_of_each_zone():
    found = faces(two_slabs(), CUBE)
    assert len(found) == 12
    for zone in (0, 1):
        own = [face for face in found if face.zone == zone]
        assert sum(squared_area(p) for face in own for p in face.polygons) == 2 * (16 + 4 + 4)


def test_tiles_behind_a_face_do_not_show():
    regions = pr.linear_regions(OCTANTS, CUBE)
    assert len(regions) == 8
    found = faces(regions, CUBE)
    assert len(found) == 6
    assert {len(face.polygons) for face in found} == {4}
    axes = plot_zone_surfaces(regions)
    edges = [item for item in painted(axes) if item.width]
    assert len(edges) == 24, "halves of the cube's edges, and no sides of tiles within its faces"
    assert {item.colour for item in edges} == {themed(INK)}


def test_a_window_cuts_and_closes_zones():
    window = pr.Polyhedron.box([0, 0, 0], ["3/2", 1, 1])
    found = faces(two_slabs(), window)
    assert {face.zone for face in found} == {1}
    assert sum(squared_area(p) for face in found for p in face.polygons) == 2 * (1 + Fraction(1, 2) * 2)
    axes = plot_zone_surfaces(two_slabs(), window=([0, 0, 0], ["3/2", 1, 1]))
    assert axes.get_xlim() == (0, 1.5)


def test_zones_have_their_colours_and_names():
    with style():
        axes = two_slabs().plot()
        assert {item.colour for item in painted(axes) if not item.width} == {face_colour(c) for c in PALETTE[:2]}
        assert_in_legend(axes.figure, {f"zone {k}": face_colour(PALETTE[k]) for k in (0, 1)})
        assert_labels_apart(axes.figure)
        assert_told_apart(axes.figure)
    axes = pyplot.figure().add_subplot(projection="3d")
    assert two_slabs().plot(axes) is axes
    assert axes.get_legend() is None


def test_excluded_faces_are_faint_and_their_edges_dashed():
    closed, strict = plot_zone_surfaces(two_slabs()), plot_zone_surfaces(two_slabs("y0 > 1"))
    assert {item.alpha for item in painted(closed) if not item.width} == {0.75}
    assert sorted(item.alpha for item in painted(strict) if not item.width) == pytest.approx([0.45] * 2 + [0.75] * 10)
    assert len([item for item in painted(closed) if item.width]) == 24
    dashes = [item.parts[0] for item in painted(strict) if item.width]
    assert len(dashes) > 100
    on_rim = [dash for dash in dashes if {abs(x) for x, _, _ in dash} == {1}]
    assert len(on_rim) == len(dashes) - 16, "eight edges are dashed, and sixteen are not"
    assert_in_legend(strict.figure, ["boundary excluded"])


def test_flat_tiles_are_polygons():
    axes = plot_zone_surfaces(two_slabs("y0 == 1"))
    planes = [item for item in painted(axes) if not item.width]
    assert len(planes) == 2
    assert {abs(x) for item in planes for x, _, _ in item.parts[0]} == {1}


def test_unbounded_tilings_are_seen_in_a_cube():
    wedge = pr.preimage(OCTANTS, pr.parse("y0 >= 1 and y1 >= 1 and y2 >= 1", dim=3))
    axes: Any = wedge.plot()
    assert axes.get_xlim() == axes.get_ylim() == axes.get_zlim()
    assert len([item for item in painted(axes) if not item.width]) == 6


def test_what_is_for_the_plane_is_refused():
    flat = pr.linear_regions(pr.Network([([[1, 0]], [0])], [True]), pr.Polyhedron.box([0, 0], [1, 1]))
    with pytest.raises(pr.DimensionError, match=r"lives in R\^2; it must be R\^3"):
        plot_zone_surfaces(flat)
    with pytest.raises(pr.InputError, match="without labels"):
        two_slabs().plot(labels=True)
    with pytest.raises(pr.InputError, match="leave colour_by= out"):
        two_slabs().plot(colour_by="tile")
    with pytest.raises(pr.InputError, match="axes are flat"):
        two_slabs().plot(pyplot.subplots()[1])
