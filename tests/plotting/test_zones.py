from fractions import Fraction

import numpy as np
import pytest
from matplotlib.colors import to_rgba

import polyrelu as pr
from polyrelu.analysis.outline import outline
from polyrelu.plotting.style import INK
from polyrelu.plotting.zones import plot_directions, plot_polyhedra, plot_zones, polygon_path
from polyrelu.support.palette import PALETTE
from tests.drawn import corners

CROSS = pr.Network([([[1, 0], [-1, 0], [0, 1], [0, -1]], [0] * 4), ([[1, 1, -1, -1], [-1, -1, -1, -1]], [0, 1])])
WINDOW = pr.Polyhedron.box([-2, -1], [2, 1])
DIAMOND = pr.Polyhedron([[1, 1], [1, -1], [-1, 1], [-1, -1]], [1] * 4)


def zones_of(*conditions):
    return [pr.preimage(CROSS, pr.parse(text, dim=2)) for text in conditions]


def signed_area(path):
    total = 0
    for ring in path.to_polygons():
        x, y = ring.T
        total += (np.dot(x[:-1], y[1:]) - np.dot(x[1:], y[:-1])) / 2
    return total


def test_each_polygon_is_the_exact_outline_in_the_window(axes):
    tilings = zones_of("y0 > 0", "y1 > 0")  # |x0| > |x1|: left and right; |x0| + |x1| < 1: the diamond
    assert plot_zones(tilings, axes, WINDOW, alpha=0.5) is axes
    assert len(axes.patches) == 3
    assert [patch.get_facecolor() for patch in axes.patches] == [to_rgba(PALETTE[i], 0.5) for i in (0, 0, 1)]
    exact = [polygon.area() for tiling in tilings for zone in outline(tiling, WINDOW) for polygon in zone.polygons]
    assert exact == [Fraction(3), Fraction(3), Fraction(2)]
    assert [signed_area(patch.get_path()) for patch in axes.patches] == exact
    assert set(corners(axes.patches[2])) == {(1, 0), (0, 1), (-1, 0), (0, -1)}
    assert (axes.get_xlim(), axes.get_ylim(), axes.get_aspect()) == ((-2, 2), (-1, 1), 1)


def test_edges_are_drawn_inside_the_window_only(axes):
    plot_zones(zones_of("y0 > 0", "y1 > 0"), axes, WINDOW)
    cross, diamond, rims = (collection.get_segments() for collection in axes.collections)
    assert sorted(tuple(map(tuple, sorted(segment.tolist()))) for segment in cross) == [
        ((-1, -1), (0, 0)), ((-1, 1), (0, 0)), ((0, 0), (1, -1)), ((0, 0), (1, 1)),
    ]  # fmt: skip
    assert len(diamond) == 4
    assert len(rims) == 8


def test_without_lines_there_are_none(axes):
    plot_zones(zones_of("y0 > 0"), axes, WINDOW, linewidth=0, colours=["k"])
    assert not axes.collections
    assert axes.patches[0].get_facecolor()[:3] == (0, 0, 0)


def test_holes_stay_empty(axes):
    plot_zones(zones_of("y1 < 0"), axes, WINDOW)  # the window without the diamond, which touches its rim
    assert sum(signed_area(patch.get_path()) for patch in axes.patches) == 6
    (zone,) = outline(pr.preimage(CROSS, pr.parse("y1 < 0", dim=2)), pr.Polyhedron.box([-2, -2], [2, 2]))
    path = polygon_path(zone.polygons[0])
    assert len(path.to_polygons()) == 2
    assert signed_area(path) == 14


def test_polyhedra_are_clipped_and_labelled(axes):
    half = pr.Polyhedron([[-1, 0]], [0], strict=True)
    flat = pr.Polyhedron([[1, 0]], [0], equalities=[0])
    away = pr.Polyhedron([[1, 0]], [-9])
    plot_polyhedra([half, flat, away, DIAMOND], axes, WINDOW, labels="abcd", offset=(0, 3))
    assert [signed_area(patch.get_path()) for patch in axes.patches] == [4, 2]
    assert [(text.get_text(), tuple(text.xy)) for text in axes.texts] == [("a", (1, 0)), ("d", (0, 0))]
    assert [patch.get_facecolor()[:3] for patch in axes.patches] == [to_rgba(PALETTE[i])[:3] for i in (0, 3)]


def test_arrows_and_their_labels(axes):
    axes.set_xlim(-3, 3)
    plot_directions([[1, 0], ["-1/2", 1]], axes, ["$W_0$", "$W_1$"], colours=[INK, "r"])
    arrows, labels = axes.texts[::2], axes.texts[1::2]
    assert [arrow.xy for arrow in arrows] == [(1, 0), (-0.5, 1)]
    assert [label.get_text() for label in labels] == ["$W_0$", "$W_1$"]
    assert [label.xy for label in labels] == [(1, 0), (-0.5, 1)]
    for label, arrow in zip(labels, arrows, strict=True):
        assert np.dot(label.xyann, arrow.xy) == pytest.approx(np.hypot(*label.xyann) * np.hypot(*arrow.xy))  # outwards
    assert axes.get_xlim() == (-3, 3)
    plot_directions([[0, 1]], axes)
    assert len(axes.texts) == 5


def test_bad_input_is_refused(axes):
    with pytest.raises(pr.DimensionError, match="2 colours for 1 tilings"):
        plot_zones(zones_of("y0 > 0"), axes, WINDOW, colours=["r", "g"])
    with pytest.raises(pr.DimensionError, match="1 labels for 2 sets"):
        plot_polyhedra([DIAMOND, DIAMOND], axes, WINDOW, labels=["a"])
    with pytest.raises(pr.DimensionError, match="3 labels for 1 vectors"):
        plot_directions([[1, 0]], axes, "abc")
    with pytest.raises(pr.DimensionError):
        plot_directions([[1, 0, 0]], axes)
    with pytest.raises(pr.UnboundedError, match="bounded"):
        plot_zones(zones_of("y0 > 0"), axes, pr.Polyhedron.whole_space(2))
