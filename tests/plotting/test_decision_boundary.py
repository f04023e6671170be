from fractions import Fraction

import numpy as np
import pytest
from matplotlib import pyplot
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.colors import to_rgba

import polyrelu as pr
from polyrelu.plotting import plot_boundary, style
from polyrelu.plotting.scene import scene_of
from polyrelu.plotting.style import DARK, SILENT, feature_colour, themed
from tests.drawn import corners

SQUARE = pr.Polyhedron.box([-1, -1], [1, 1])
CUBE = pr.Polyhedron.box([-1] * 3, [1] * 3)
UNIT = [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
STAR = pr.Network([([[1, 0], [-1, 2], [0, -1]], [0, 0, 0])])  # three rays from the origin
CORNER = pr.Network([(UNIT, [0, 0, 0])])  # which input is the largest
DIAMOND = pr.Network([([[1, 0], [-1, 0], [0, 1], [0, -1]], [0] * 4), ([[1, 1, 1, 1]], [-1])])  # |x0| + |x1| - 1
SILENT_QUARTER = pr.Network([([[1, 0], [0, 1]], [0, 0]), ([[1, 0], [0, 1]], [0, 0])])  # relu(x0), relu(x1)


def lines(axes):
    return [artist for artist in axes.collections if isinstance(artist, LineCollection)]


def segments(collection):
    return {frozenset(map(tuple, segment.tolist())) for segment in collection.get_segments()}


def legend(axes):
    return [text.get_text() for text in axes.get_legend().get_texts()]


def surface(axes):
    return [item for item in scene_of(axes).items if not item.width]


def test_each_pair_is_a_line_of_its_colour(axes):
    assert plot_boundary(pr.decision_boundary(STAR, domain=SQUARE), axes) is axes
    first, second, third = lines(axes)
    assert segments(first) == {frozenset({(0, 0), (1, 1)})}
    assert segments(second) == {frozenset({(0, 0), (1, -1)})}
    assert segments(third) == {frozenset({(0, 0), (-1, -1 / 3)})}
    shades = [line.get_color()[0].tolist() for line in (first, second, third)]
    assert shades == [list(to_rgba(feature_colour(k))) for k in range(3)]
    assert legend(axes) == ["0 | 1", "0 | 2", "1 | 2"]
    assert (axes.get_xlim(), axes.get_ylim(), axes.get_aspect()) == ((-1, 1), (-1, 1), 1)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("$x_{0}$", "$x_{1}$")


def test_a_pair_alone_keeps_its_colour(axes):
    plot_boundary(pr.decision_boundary(STAR, 1, 2, SQUARE), axes, names=["cat", "dog", "owl"])
    (line,) = lines(axes)
    assert line.get_color()[0].tolist() == list(to_rgba(feature_colour(2)))
    assert legend(axes) == ["dog | owl"]


def test_unbounded_boundaries_are_clipped(axes):
    boundary = pr.decision_boundary(STAR, 0, 1)
    plot_boundary(boundary, axes)
    assert axes.get_xlim() == (-1, 1)  # around the only vertex, the origin
    plot_boundary(boundary, axes, window=([0, 0], [4, 2]), legend=False)
    assert segments(lines(axes)[-1]) == {frozenset({(0, 0), (2, 2)})}


def test_regions_lie_under_the_lines(axes):
    plot_boundary(pr.decision_boundary(STAR, domain=SQUARE), axes, regions=True)
    assert [patch.get_facecolor()[:3] for patch in axes.patches] == [to_rgba(feature_colour(k))[:3] for k in (3, 4, 5)]
    assert (1, -1) in corners(axes.patches[0])
    assert legend(axes) == ["0 | 1", "0 | 2", "1 | 2", "0", "1", "2"]


def test_one_output_has_two_regions(axes):
    boundary = pr.decision_boundary(DIAMOND, domain=SQUARE, threshold="-1/2")
    plot_boundary(boundary, axes, regions=True)
    assert legend(axes) == ["$y_0 = -0.5$", "$y_0 < -0.5$", "$y_0 > -0.5$"]
    assert len(segments(lines(axes)[0])) == 4
    below, above = axes.patches
    assert set(corners(below)) == {(0.5, 0), (0, 0.5), (-0.5, 0), (0, -0.5)}
    assert (1, 1) in corners(above)
    plot_boundary(boundary, axes, names=["in", "out"], regions=True)
    assert legend(axes) == ["in | out", "in", "out"]


def test_ties_are_grey_and_touching_points_are_dots(axes):
    plot_boundary(pr.decision_boundary(SILENT_QUARTER, domain=SQUARE, keep="all"), axes)
    (ties,) = (artist for artist in axes.collections if isinstance(artist, PolyCollection))
    (quarter,) = ties.get_paths()
    assert set(map(tuple, quarter.vertices.tolist())) == {(0, 0), (-1, 0), (0, -1), (-1, -1)}
    assert ties.get_facecolor()[0][:3].tolist() == list(to_rgba(themed(SILENT))[:3])
    assert legend(axes) == ["0 | 1", "tie"]
    at_origin = pr.Network([*DIAMOND.layers[:1], ([[1, 1, 1, 1], [0, 0, 0, 0]], [0, 0])])
    plot_boundary(pr.decision_boundary(at_origin, domain=SQUARE, keep="touching"), axes)
    assert [corners(line) for line in axes.lines] == [[(0, 0)]]


def test_nothing_is_an_empty_picture(axes):
    plot_boundary(pr.decision_boundary(DIAMOND, domain=SQUARE, threshold=9), axes)
    assert not lines(axes)
    assert axes.get_legend() is None
    plot_boundary(pr.decision_boundary(DIAMOND, domain=pr.Polyhedron.empty(2)), axes)


def test_a_slice_is_drawn_in_the_inputs_that_vary(axes):
    domain = pr.Polyhedron.box([-1, "1/2", -1], [1, "1/2", 1])
    plot_boundary(pr.decision_boundary(CORNER, domain=domain), axes, regions=True)
    found = [segments(line) for line in lines(axes)]
    assert found == [
        {frozenset({(0.5, -1), (0.5, 0.5)})},
        {frozenset({(0.5, 0.5), (1, 1)})},
        {frozenset({(-1, 0.5), (0.5, 0.5)})},
    ]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("$x_{0}$", "$x_{2}$")
    assert len(axes.patches) == 3


def test_a_surface_is_made_of_polygons():
    boundary = pr.decision_boundary(CORNER, domain=CUBE)
    axes = plot_boundary(boundary)
    polygons = surface(axes)
    assert len(polygons) == len(boundary) == 3
    for item, tile in zip(polygons, boundary, strict=True):
        assert {x for part in item.parts for x in part} == set(tile.polyhedron.vertices)
    assert legend(axes) == ["0 | 1", "0 | 2", "1 | 2"]
    texts = [text.get_text() for text in axes.texts]
    assert texts == [f"$x_{{{k}}} \\in [-1, 1]$" for k in range(3)]
    axes.get_figure().canvas.draw()


def test_a_surface_in_a_slice_of_four_inputs():
    network = pr.Network([([[1, 0, 0, 0], [0, 0, 1, 1]], [0, 0])])
    domain = pr.Polyhedron.box([-1, 1, -1, -1], [1, 1, 1, 1])
    (polygon,) = surface(plot_boundary(pr.decision_boundary(network, domain=domain)))
    assert {x for part in polygon.parts for x in part} == {
        (0, -1, 1), (0, 1, -1), (1, 0, 1), (1, 1, 0), (-1, -1, 0), (-1, 0, -1)
    }  # fmt: skip


def test_ties_in_space_are_solids():
    network = pr.Network([([[1, 0, 0], [0, 1, 0]], [0, 0]), ([[1, 0], [0, 1]], [0, 0])])
    axes = plot_boundary(pr.decision_boundary(network, domain=CUBE, keep="all"))
    assert len(surface(axes)) == 6 + 1
    assert legend(axes) == ["0 | 1", "tie"]
    axes.get_figure().canvas.draw()


def test_it_is_drawn_on_dark_paper(axes):
    with style(dark=True):
        figure, dark = pyplot.subplots()
        plot_boundary(pr.decision_boundary(SILENT_QUARTER, domain=SQUARE, keep="ties"), dark)
        (ties,) = (artist for artist in dark.collections if isinstance(artist, PolyCollection))
        assert ties.get_facecolor()[0][:3].tolist() == list(to_rgba(DARK[SILENT])[:3])
        figure.canvas.draw()


def test_what_cannot_be_drawn_is_refused():
    star = pr.decision_boundary(STAR, domain=SQUARE)
    with pytest.raises(pr.InputError, match="2 names for 3 classes; pass one for each"):
        plot_boundary(star, names=["a", "b"])
    with pytest.raises(pr.InputError, match="pass a list of texts"):
        plot_boundary(star, names="abc")
    with pytest.raises(pr.InputError, match="regions are drawn in the plane only"):
        plot_boundary(pr.decision_boundary(CORNER, domain=CUBE), regions=True)
    line = pr.Polyhedron.box([Fraction(-1), 0, 0], [1, 0, 0])
    with pytest.raises(pr.DimensionError, match="leaves 1 of the inputs free, and two or three are drawn"):
        plot_boundary(pr.decision_boundary(CORNER, domain=line))
    with pytest.raises(pr.InputError, match="is not where two classes meet"):
        plot_boundary(pr.preimage(STAR, pr.wins(0, 3), SQUARE))


def test_where_pairs_outnumber_colours_those_with_pieces_have_different_ones(axes):
    wide = pr.Network([([[1, 0], [-1, 2], [0, -1], *[[0, 0]] * 5], [0, 0, 0, *[-9] * 5])])  # STAR, and five that lose
    plot_boundary(pr.decision_boundary(wide, domain=SQUARE), axes)
    assert legend(axes) == ["0 | 1", "0 | 2", "1 | 2"]
    assert [line.get_color()[0].tolist() for line in lines(axes)] == [
        list(to_rgba(feature_colour(k))) for k in range(3)
    ]


def test_axes_of_a_slice_are_its_own_coordinates():
    network = pr.Network([(np.arange(-6, 6).reshape(3, 4) % 5 - 2, [1, 0, -1]), (np.eye(2, 3), [0, 0])], [True, False])
    sliced = network.slice(*pr.plane_through([0] * 4, [1, 0, 0, 0], [0, 1, 1, 0]))
    box = pr.Polyhedron.box([-2, -2], [2, 2])
    axes = plot_boundary(pr.decision_boundary(sliced, 0, 1, box))
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("$u_{0}$", "$u_{1}$")
    axes = pr.linear_regions(sliced, box).plot()
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("$u_{0}$", "$u_{1}$")
    assert not pr.linear_regions(pr.Network(sliced.layers), box).plot().get_xlabel()
