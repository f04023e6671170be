"""The checks of pictures find what is wrong with pictures."""

from fractions import Fraction

import numpy as np
import pytest
from matplotlib import pyplot
from matplotlib.collections import PolyCollection
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path

from tests.pictures import (
    assert_area,
    assert_in_legend,
    assert_labels_apart,
    assert_told_apart,
    blurred,
    contrast,
    cut_labels,
    drawn_area,
    labels,
    overlapping_labels,
    pixels,
    share_told_apart,
    unexplained,
)


@pytest.fixture
def bare():
    """A small figure whose axes fill it, without ticks."""
    figure = pyplot.figure(figsize=(1, 1))
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, 1), ylim=(0, 1))
    axes.set_axis_off()
    return figure, axes


def halves(axes, left, right, line=None, width=1.0, **kwargs):
    axes.add_patch(Rectangle((0, 0), 0.5, 1, facecolor=left, linewidth=0, **kwargs))
    axes.add_patch(Rectangle((0.5, 0), 0.5, 1, facecolor=right, linewidth=0, **kwargs))
    if line is not None:
        axes.plot([0.5, 0.5], [0, 1], color=line, linewidth=width)


def test_contrast_is_that_of_the_standard():
    assert contrast("black", "white") == pytest.approx(21)
    assert contrast("#777777", "white") == pytest.approx(4.48, abs=0.01)
    assert contrast("white", "#777777") == contrast("#777777", "white")


@pytest.mark.parametrize(
    ("left", "right", "line", "told"),
    [
        ("black", "white", None, True),
        ("#777777", "#888888", None, False),
        ("#777777", "#888888", "black", True),
        ("#777777", "#888888", "#808080", False),
        ("white", "#303030", "#909090", True),
        ("#e0e0e0", "#e0e0e0", "black", True),
        ("#e0e0e0", "#e0e0e0", "#d0d0d0", False),
        ("#404040", "#808080", "black", False),
    ],
)
def test_areas_are_told_apart_by_their_fills_or_a_line(bare, left, right, line, told):
    figure, axes = bare
    halves(axes, left, right, line)
    assert (not blurred(figure)) == told
    assert share_told_apart(figure) == float(told)
    if told:
        assert_told_apart(figure)
    else:
        assert blurred(figure)[0].pixels > 150


def test_narrow_parts_of_an_area_do_not_divide_it(bare):
    figure, axes = bare
    axes.scatter(*np.mgrid[0.05:1:0.12, 0.05:1:0.12], s=4, color="#0072B2", linewidths=0)
    assert_told_apart(figure)


def test_a_line_with_a_rim_tells_dark_from_light(bare):
    figure, axes = bare
    halves(axes, "#303030", "#404040", "#f0f0f0", 2.2)
    halves(axes, "none", "none", "#202020", 1)
    assert_told_apart(figure)


def test_translucent_fills_count_as_they_look(bare):
    figure, axes = bare
    halves(axes, "black", "white", alpha=0.2)
    assert blurred(figure)[0].fills == ("#cccccc", "#ffffff")
    assert pixels(figure).shape == (200, 200, 3)
    assert all(patch.get_antialiased() for patch in axes.patches), "the figure is left as it was"


def test_texts_that_overlap_or_leave_the_figure_are_found(bare):
    figure, axes = bare
    axes.text(0.2, 0.5, "left")
    axes.text(0.25, 0.52, "over it")
    axes.text(0.9, 0.1, "far too long")
    axes.text(0.2, 0.5, "hidden", visible=False)
    assert [text for text, _ in labels(figure)] == ["left", "over it", "far too long"]
    assert overlapping_labels(figure) == [("left", "over it")]
    assert cut_labels(figure) == ["far too long"]
    with pytest.raises(AssertionError):
        assert_labels_apart(figure)
    axes.texts[1].set_y(0.8)
    assert_labels_apart(figure, inside=False)


def test_annotations_and_texts_in_space_are_where_they_are_drawn():
    figure = pyplot.figure(figsize=(3, 3))
    axes = figure.add_subplot(projection="3d")
    axes.set_axis_off()
    axes.text(0, 0, 0, "near")
    axes.text(1, 1, 1, "far")
    assert not overlapping_labels(figure)
    figure = pyplot.figure(figsize=(3, 3))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.annotate("tip", (0.9, 0.9), (0.1, 0.1), arrowprops={"arrowstyle": "->"})
    axes.text(0.5, 0.5, "on the arrow")
    assert_labels_apart(figure)


def test_legends_explain_colours(bare):
    figure, axes = bare
    halves(axes, "#0072B2", "#D55E00")
    axes.patches[0].set_label("blue")
    axes.legend()
    assert unexplained(figure) == {"#d55e00"}
    assert unexplained(figure, but=["#D55E00"]) == set()
    assert_in_legend(figure, ["blue"])
    assert_in_legend(figure, {"blue": "#0072B2"})
    with pytest.raises(AssertionError, match="in no legend"):
        assert_in_legend(figure, ["red"])
    with pytest.raises(AssertionError):
        assert_in_legend(figure, {"blue": "#D55E00"})


def test_areas_are_those_of_the_paths(bare):
    square, hole = [(0, 0), (4, 0), (4, 4), (0, 4), (0, 0)], [(1, 1), (1, 2), (2, 2), (2, 1), (1, 1)]
    ring = Path(square + hole, ([Path.MOVETO] + [Path.LINETO] * 3 + [Path.CLOSEPOLY]) * 2)
    triangles = PolyCollection([[(0, 0), (1, 0), (0, 1)], [(0, 0), (0.1, 0), (0, 0.1)]])
    assert drawn_area([PathPatch(ring)]) == 15
    assert drawn_area([Rectangle((1, 1), 2, 3), triangles]) == 6 + Fraction(1, 2) + Fraction(0.1) ** 2 / 2
    assert_area([PathPatch(ring)], 15 * (1 + 1e-10))
    with pytest.raises(AssertionError):
        assert_area([PathPatch(ring)], 15 * (1 + 1e-8))
    assert np.isclose(float(drawn_area(bare[1].patches)), 0)
