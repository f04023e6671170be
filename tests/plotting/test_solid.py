import math
import random
from collections import Counter
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from matplotlib import pyplot
from matplotlib.colors import to_rgb, to_rgba
from mpl_toolkits.mplot3d.proj3d import proj_transform

import polyrelu as pr
from polyrelu.plotting import plot_arrow, plot_polyhedron, solid_axes, style
from polyrelu.plotting.scene import CREASE, eye_of, scene_of
from polyrelu.plotting.solid import boundary_polygons
from polyrelu.plotting.style import INK, themed
from polyrelu.support.palette import PALETTE

WINDOW = [-1] * 3, [1] * 3
CUBE = pr.Polyhedron.box(*WINDOW)


def sides(polygon):
    return [tuple(sorted(side)) for side in zip(polygon, (*polygon[1:], polygon[0]), strict=True)]


def polytope(seed):
    rng = random.Random(seed)
    return pr.Polyhedron.from_generators([[Fraction(rng.randint(-9, 9), 3) for _ in range(3)] for _ in range(9)])


def determinant(a, b, c):
    return sum(a[i] * (b[i - 2] * c[i - 1] - b[i - 1] * c[i - 2]) for i in range(3))


@pytest.mark.parametrize("seed", range(5))
def test_boundary_polygons_close_up_and_hold_the_volume(seed):
    P = polytope(seed)
    faces = boundary_polygons(P)
    edges = Counter(side for face in faces for side in sides(face))
    assert set(edges.values()) == {2}
    assert len(P.vertices) - len(edges) + len(faces) == 2
    centre = P.relative_interior_point()
    pyramids = [
        abs(determinant(*([x - c for x, c in zip(p, centre, strict=True)] for p in (face[0], a, b))))
        for face in faces
        for a, b in pairwise(face[1:])
    ]
    assert sum(pyramids) / 6 == P.volume()


def test_flats_are_their_own_boundary():
    triangle = [(0, 0, 0), (1, 0, 1), (0, 1, 1)]
    (polygon,) = boundary_polygons(pr.Polyhedron.from_generators([*triangle, ("1/3", "1/3", "2/3")]))
    assert sorted(polygon) == sorted(triangle)
    assert boundary_polygons(pr.Polyhedron.from_generators([(0, 0, 0), (1, 2, 3), ("1/2", 1, "3/2")])) == [
        ((0, 0, 0), (1, 2, 3))
    ]
    assert boundary_polygons(pr.Polyhedron.from_generators([(1, 2, 3)])) == [((1, 2, 3),)]
    assert boundary_polygons(pr.Polyhedron.empty(3)) == []
    with pytest.raises(pr.UnboundedError, match="intersect it with a box"):
        boundary_polygons(pr.Polyhedron.whole_space(3))
    with pytest.raises(pr.DimensionError, match=r"lives in R\^2; it must be R\^3"):
        boundary_polygons(pr.Polyhedron.whole_space(2))


def test_clipped_exactly_to_the_window():
    axes = solid_axes(WINDOW, labels=None)
    plot_polyhedron(pr.parse("h_0 > 1/3", dim=3), axes, edges=None)
    drawn = {item.parts[0] for item in scene_of(axes).items}
    assert drawn == set(boundary_polygons(pr.Polyhedron.box(["1/3", -1, -1], [1, 1, 1])))
    plot_polyhedron(pr.parse("h_0 > 1/3", dim=3), axes, window=([0] * 3, ["1/2"] * 3), edges=None)
    corners = {point for item in scene_of(axes).items[6:] for point in item.parts[0]}
    assert corners == set(pr.Polyhedron.box(["1/3", 0, 0], ["1/2"] * 3).vertices)


def test_drawn_corners_are_the_projected_exact_ones():
    axes = plot_polyhedron(CUBE, solid_axes(WINDOW, labels=None), colour=PALETTE[2], alpha=0.25, shaded=False)
    axes.figure.canvas.draw()
    scene = scene_of(axes)
    expected = np.transpose(proj_transform(*np.array(CUBE.vertices, float).T, axes.M)[:2])
    drawn = np.concatenate([path.vertices for path in scene.get_paths()])
    assert len(scene.get_paths()) == 6 + 12 + len(scene._cores(scene.painted()))
    assert all(np.hypot(*(drawn - corner).T).min() < 1e-12 for corner in expected)
    faces = [tuple(c) for c in scene.get_facecolor() if c[3]]
    assert faces == [to_rgba(PALETTE[2], 0.25)] * 6
    assert {tuple(c) for c in scene.get_edgecolor() if c[3]} == {to_rgba(themed(INK))}


def test_strokes_are_seen_through_translucent_faces_and_not_through_opaque_ones():
    for alpha, expected in ((0.5, 0.3), (1.0, None)):
        axes = solid_axes(WINDOW, labels=None)
        plot_polyhedron(pr.parse("h_0 == 0 and h_1 == 0", dim=3), axes)
        plot_polyhedron(pr.parse("h_0 == 1/2", dim=3), axes, alpha=alpha, edges=None)
        axes.figure.canvas.draw()
        widths = scene_of(axes).get_linewidth()[-2:]
        assert set(widths) == ({expected} if expected else {widths[0], 0})


def test_shading_darkens_and_keeps_the_hue():
    axes = plot_polyhedron(CUBE, colour=PALETTE[1], edges=None)
    axes.figure.canvas.draw()
    faces = [c[:3] for c in scene_of(axes).get_facecolor() if c[3] == 0.35]
    ratios = np.array(faces)[:, :2] / np.array(to_rgb(PALETTE[1]))[:2]
    assert np.allclose(ratios[:, 0], ratios[:, 1])
    assert len(set(ratios[:, 0].round(6))) == 3
    assert (ratios <= 1).all()


def test_flats_are_drawn():
    axes = solid_axes(WINDOW, labels=None)
    plot_polyhedron(pr.parse("h_0 + h_1 + h_2 == 0", dim=3), axes, edges=None)
    plot_polyhedron(pr.parse("h_0 == 0 and h_1 == 0 and h_2 > 0", dim=3), axes, colour=PALETTE[3])
    plot_polyhedron(pr.Polyhedron.box(["1/2"] * 3, ["1/2"] * 3), axes)
    plot_polyhedron(pr.parse("h_0 > 2", dim=3), axes)
    hexagon, case, ray, _, point = scene_of(axes).items
    assert case.parts == ray.parts
    assert case.width > ray.width
    assert len(hexagon.parts[0]) == 6
    assert ray.parts[0] == ((0, 0, 0), (0, 0, 1))
    assert ray.width > 0
    assert point.parts[0] == ((Fraction(1, 2),) * 3,)
    axes.figure.canvas.draw()
    assert len(scene_of(axes).get_paths()) >= 5


def test_faces_that_cut_each_other_are_cut():
    axes = solid_axes(WINDOW, labels=None)
    plot_polyhedron(pr.parse("h_0 == 0", dim=3), axes, edges=None)
    plot_polyhedron(pr.parse("h_1 == 0", dim=3), axes, edges=None)
    axes.view_init(0, 45)
    front = [[part.tag for part in group] for group in scene_of(axes).painted()]
    assert [tags for tags in front if tags != [CREASE]] == [[1], [0], [1]]
    assert front.count([CREASE]) == 1


def test_the_order_follows_the_view():
    axes = solid_axes(WINDOW, labels=None)
    for x in (0, "1/2"):
        plot_polyhedron(pr.Polyhedron.box([x, -1, -1], [x, 1, 1]), axes, edges=None)
    axes.view_init(10, 20)
    assert [group[0].tag for group in scene_of(axes).painted()] == [0, 1]
    axes.view_init(10, 200)
    assert [group[0].tag for group in scene_of(axes).painted()] == [1, 0]


def test_the_eye_is_where_the_view_says():
    axes = solid_axes(WINDOW, labels=None, view=(30, 60))
    eye = eye_of(axes.get_proj())
    direction = [math.cos(math.pi / 6) / 2, math.cos(math.pi / 6) * math.sin(math.pi / 3), 0.5]
    assert np.allclose(eye[:3] / np.linalg.norm(eye[:3]), direction)
    axes.set_proj_type("persp")
    eye = eye_of(axes.get_proj())
    assert eye[3] > 0
    assert np.allclose(eye[:3] / np.linalg.norm(eye[:3]), direction)


def test_arrows_have_a_head_and_a_label():
    axes = solid_axes(WINDOW, labels=("$a$", "$b$", "$c$"))
    assert [text.get_text() for text in axes.texts] == ["$a$", "$b$", "$c$"]
    before = len(scene_of(axes).items)
    assert plot_arrow((1, 1, 0), axes, label="$U_0$", colour=PALETTE[4]) is axes
    shaft, head = scene_of(axes).items[before:]
    assert shaft.parts[0][0] == (0, 0, 0)
    assert head.parts[0] == ((1, 1, 0),)
    assert axes.texts[-1].get_text() == "$U_0$"
    assert plot_arrow((0, 0, 0), axes) is axes
    assert len(scene_of(axes).items) == before + 2


def test_axes_are_taken_and_returned(tmp_path):
    with style():
        figure = pyplot.figure(layout="constrained")
        axes = figure.add_subplot(projection="3d")
    assert solid_axes(WINDOW, axes) is axes
    assert plot_polyhedron(CUBE, axes) is axes
    assert axes.get_box_aspect().tolist() == pytest.approx([axes.get_box_aspect()[0]] * 3)
    for name in ("solid.png", "solid.svg", "solid.pdf"):
        figure.savefig(tmp_path / name, bbox_inches="tight")
    assert len([child for child in axes.collections if child is scene_of(axes)]) == 1


def test_bad_input_is_refused():
    with pytest.raises(pr.DimensionError, match=r"lives in R\^2; only R\^3 is drawn"):
        plot_polyhedron(pr.Polyhedron.whole_space(2))
    with pytest.raises(pr.UnboundedError, match="pass window="):
        plot_polyhedron(pr.Polyhedron.whole_space(3))
    with pytest.raises(pr.DimensionError, match="expected 3 numbers"):
        solid_axes(([0, 0], [1, 1]))
    flat = pyplot.subplots()[1]
    with pytest.raises(pr.InputError, match="the axes are flat"):
        plot_polyhedron(CUBE, flat)
    with pytest.raises(pr.InputError, match="the axes are flat"):
        solid_axes(WINDOW, flat)
