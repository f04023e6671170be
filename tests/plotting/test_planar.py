from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from matplotlib import pyplot

import polyrelu as pr
from polyrelu.plotting import plot_samples, plot_tiling, style
from polyrelu.plotting.planar import widths_of
from polyrelu.plotting.style import area_colour, line_colour
from polyrelu.plotting.windows import window_of
from polyrelu.support.palette import PALETTE
from tests.drawn import corners
from tests.pictures import (
    assert_area,
    assert_in_legend,
    assert_labels_apart,
    assert_told_apart,
    colours_of,
    legend_entries,
    unexplained,
)

CROSS = pr.Network([([[1, 0], [-1, 0], [0, 1], [0, -1]], [0] * 4), ([[1, 1, -1, -1]], [0])])  # |x0| - |x1|
BOX = pr.Polyhedron.box([-2, -1], [2, 1])


def polygons(axes):
    return [path.to_polygons()[0] for path in axes.collections[0].get_paths()]


def parts(axes) -> list[Any]:
    """The collections: tiles, and the lines where the tiling ends."""
    return list(axes.collections)


def area(corners):
    x, y = np.asarray(corners).T
    return abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))) / 2


def network(seed, *widths):
    random = np.random.default_rng(seed)
    layers = [(random.normal(size=(n, d)) / d**0.5, random.normal(size=n) / 2) for d, n in pairwise(widths)]
    return pr.Network(layers)


def question(text, domain=None):
    return pr.preimage(CROSS, pr.parse(text, dim=1), domain)


def test_polygons_are_the_tiles_clipped_to_the_window():
    axes = plot_tiling(question("y0 >= 0"), window=([-2, -1], [2, 1]))
    assert len(polygons(axes)) == 4
    assert sum(map(area, polygons(axes))) == pytest.approx(6)
    corners = {tuple(p) for polygon in polygons(axes) for p in polygon}
    assert corners == {(0, 0), (1, 1), (2, 0), (2, 1), (1, -1), (2, -1), (-1, 1), (-2, 0), (-2, 1), (-1, -1), (-2, -1)}
    assert (axes.get_xlim(), axes.get_ylim(), axes.get_aspect()) == ((-2, 2), (-1, 1), 1)


@pytest.mark.parametrize("text", ["y0 > -1/5", "y0 <= 1/7"])
def test_drawn_areas_are_those_of_the_tiling(text):
    tiling = pr.preimage(network(1, 2, 14, 9, 1), pr.parse(text, dim=1), pr.Polyhedron.box([-2, -2], [2, 2]))
    axes = plot_tiling(tiling)
    assert_area(axes.collections[:1], tiling.volume())
    for zone in tiling.zones():
        assert_area(plot_tiling(zone, window=([-2, -2], [2, 2])).collections[:1], zone.volume())


def test_colours_tell_zones_tiles_or_patterns_apart():
    tiling = question("y0 >= 0", BOX)
    for colour_by, count in (("zone", 2), ("tile", 4), ("pattern", 4)):
        colours = colours_of(plot_tiling(tiling, colour_by=colour_by).collections[0]) - {"#ffffff"}
        assert len(colours) == count
        assert colours <= {area_colour(c).lower() for c in PALETTE}


def test_linear_regions_are_coloured_by_pattern_and_preimages_by_zone():
    regions = pr.linear_regions(CROSS, BOX)
    assert len(colours_of(plot_tiling(regions).collections[0]) - {"#ffffff"}) == 4
    assert len(colours_of(plot_tiling(question("y0 >= 0", BOX)).collections[0]) - {"#ffffff"}) == 2


def test_many_patterns_have_hues_by_their_active_neurons():
    tiling = pr.linear_regions(network(0, 2, 20, 1), pr.Polyhedron.box([-3, -3], [3, 3]))
    assert len(tiling) > len(PALETTE)
    axes = plot_tiling(tiling)
    assert_told_apart(axes.figure)
    assert not legend_entries(axes.figure)


def test_more_zones_than_colours_leave_the_small_ones_grey():
    saw = pr.Network(
        [([[1, 0]] * 61, [-k for k in range(61)]), ([[(-1) ** k * (1 + (k > 0)) for k in range(61)]], [0])]
    )
    tiling = pr.preimage(saw, pr.parse("y0 > 1/2", dim=1), pr.Polyhedron.box([0, 0], [60, 9]))
    assert len(tiling.zones()) == 30
    axes = plot_tiling(tiling)
    named = {entry.text for entry in legend_entries(axes.figure)}
    assert {"zone 0", "7 smaller zones"} <= named
    assert len(named) == 25
    assert not unexplained(axes.figure)


def test_a_legend_names_zones_and_lines():
    with style():
        figure = plot_tiling(question("y0 > 0", BOX)).figure
    assert_in_legend(figure, {"zone 0": PALETTE[0], "zone 1": area_colour(PALETTE[1])})
    assert_in_legend(figure, ["boundary excluded"])
    assert not unexplained(figure)
    assert_labels_apart(figure)
    assert [entry.text for entry in legend_entries(plot_tiling(question("y0 >= 0", BOX)).figure)] == [
        "zone 0", "zone 1", "boundary included",
    ]  # fmt: skip
    assert not legend_entries(plot_tiling(question("y0 >= 0", BOX), legend=False).figure)
    axes = pyplot.subplots()[1]
    assert not legend_entries(plot_tiling(question("y0 >= 0", BOX), axes).figure), "there may be no room for it"
    assert legend_entries(plot_tiling(question("y0 >= 0", BOX), axes, legend=True).figure)


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("options", [{}, {"hatches": True}, {"colour_by": "tile"}, {"labels": "number"}])
def test_neighbours_are_told_apart_and_labels_do_not_overlap(dark, options):
    with style(dark=dark):
        figure = plot_tiling(question("y0 > 0", BOX), **options).figure
        assert_told_apart(figure)
        assert_labels_apart(figure)


def test_excluded_boundaries_are_dashed():
    for text, excluded in (("y0 > 0", True), ("y0 >= 0", False)):
        _, ends = parts(plot_tiling(question(text, BOX)))
        assert len(ends.get_segments()) == 4
        ((_, dashes),) = ends.get_linestyle()
        assert (dashes is not None) == excluded
        assert colours_of(ends) == {line_colour(PALETTE[k]).lower() for k in (0, 1)}
    assert len(plot_tiling(pr.linear_regions(CROSS, BOX)).collections) == 1, "the picture ends there, not the regions"


def test_hatches_for_print():
    axes = plot_tiling(question("y0 >= 0", BOX), hatches=True)
    assert [collection.get_hatch() for collection in axes.collections[:2]] == ["///", "\\\\\\"]
    assert_area(axes.collections[:2], 6)


def test_flat_tiles_are_segments_and_points():
    axes = plot_tiling(question("y0 == 0", BOX))
    assert len(axes.patches) == 0
    assert sorted(tuple(corners(line)) for line in axes.lines) == sorted(
        [((-1, -1), (0, 0)), ((-1, 1), (0, 0)), ((0, 0), (1, -1)), ((0, 0), (1, 1))]
    )
    point = pr.preimage(CROSS, pr.parse("y0 == 0", dim=1), pr.Polyhedron.box([-1, 0], [1, 0]))
    assert [len(corners(line)) for line in plot_tiling(point, window=([-1, -1], [1, 1])).lines] == [1]


def test_slivers_have_no_edge():
    thin = question("0 <= y0 <= 0.0001", BOX)
    assert set(parts(plot_tiling(thin))[0].get_linewidth()) == {0}
    assert set(parts(plot_tiling(question("y0 >= 0", BOX)))[0].get_linewidth()) == {0.5}


def test_small_tiles_have_thin_edges():
    tiling = pr.linear_regions(network(0, 2, 40, 1), pr.Polyhedron.box([-9, -9], [9, 9]))
    widths = set(parts(plot_tiling(tiling))[0].get_linewidth()) - {0}
    assert len(widths) == 1
    assert 0 < widths.pop() < 0.5


def test_widths_of_polygons():
    square, triangle = np.array([[0, 0], [2, 0], [2, 2], [0, 2]]), np.array([[0, 0], [4, 0], [0, 3]])
    assert widths_of([square, triangle, square[:2], 3.0 * square]).tolist() == pytest.approx([2, 2.4, 0, 6])


@pytest.mark.parametrize("what", ["number", "zone", "pattern"])
def test_labels_are_inside_their_tiles(what):
    tiling = question("y0 >= 0", BOX)
    axes = plot_tiling(tiling, labels=True if what == "number" else what)
    wanted = {"number": {"0", "1", "2", "3"}, "zone": {"0", "1"}, "pattern": set(tiling.patterns)}[what]
    assert {text.get_text() for text in axes.texts} == wanted
    zones = tiling.zones()
    for text in axes.texts:
        i = tiling.locate(list(text.get_position()))
        assert i >= 0
        assert text.get_text() == {
            "number": str(i), "zone": str([zone.contains(list(text.get_position())) for zone in zones].index(True)),
            "pattern": tiling.patterns[i],
        }[what]  # fmt: skip


def test_fold_lines_are_labelled_by_their_neurons():
    net = pr.Network([([[1, 0], [0, 1], [1, 1]], [0, "1/2", "1/3"])], [True])
    axes = plot_tiling(pr.linear_regions(net, BOX), labels="neuron")
    found = {text.get_text(): text.get_position() for text in axes.texts}
    assert set(found) == {"(0, 0)", "(0, 1)", "(0, 2)"}
    for name, (x, y) in found.items():
        values = [x, y + 1 / 2, x + y + 1 / 3]
        assert values[int(name[4])] == pytest.approx(0)
    assert_labels_apart(axes.figure)


def test_default_windows():
    assert window_of(question("y0 >= 0", BOX)) == ((-2, -1), (2, 1))
    assert window_of(question("y0 >= 1")) == ((-2, -2), (2, 2)), "twice as wide as two vertices"
    assert window_of(question("y0 >= 0")) == ((-2, -2), (2, 2)), "one vertex"
    assert window_of(question("y0 > 1 and y0 < 0")) == ((-2, -2), (2, 2)), "none"
    far = pr.Network([([[1, 0], [-1, 0]], [-(10**9), 10**9]), ([[1, 1]], [0])])
    half_plane = pr.preimage(far, pr.parse("y0 >= 1", dim=1))
    (left, _), (right, _) = window_of(half_plane)
    assert right - left == 4, "a strip has no vertices, but points"
    plot_tiling(question("y0 > 5", BOX))


def test_few_far_vertices_do_not_widen_the_window():
    rows = [[1, k] for k in range(-4, 5)] + [[1, "100001/100000"]]
    fan = pr.Network([(rows, [k % 3 for k in range(9)] + [0])], [True])
    tiling = pr.linear_regions(fan)
    vertices = [vertex for tile in tiling for vertex in tile.polyhedron.vertices]
    assert max(max(map(abs, vertex)) for vertex in vertices) > 10**5
    lower, upper = window_of(tiling)
    assert max(map(abs, (*lower, *upper))) < 50
    assert upper[0] - lower[0] == upper[1] - lower[1]
    inside = [all(a <= x <= b for x, a, b in zip(v, lower, upper, strict=True)) for v in vertices]
    assert sum(inside) > len(vertices) * Fraction(3, 4)


def test_a_tile_outside_the_window_is_not_drawn():
    assert len(polygons(plot_tiling(question("y0 >= 1", BOX), window=([0, -1], [2, 1])))) == 2


def test_samples_are_split_by_the_target():
    axes = plot_samples(CROSS, pr.parse("y0 > 0", dim=1), BOX, n=500, seed=3)
    outside, inside = map(corners, axes.collections)
    assert len(outside) + len(inside) == 500
    assert all(abs(x) > abs(y) for x, y in inside)
    assert all(abs(x) <= abs(y) for x, y in outside)
    assert BOX.contains(np.vstack([outside, inside])).all()


def test_axes_are_taken_and_returned():
    with style():
        figure, axes = pyplot.subplots()
    assert plot_tiling(question("y0 >= 0", BOX), axes) is axes
    assert question("y0 >= 0", BOX).plot(axes, colour_by="tile") is axes
    assert plot_samples(CROSS, pr.parse("y0 > 0", dim=1), BOX, 10, axes) is axes
    figure.canvas.draw()


def test_samples_of_questions_in_words():
    axes = plot_samples(CROSS, "y0 > 0", ([-3, -2], [3, 2]), n=100, seed=3)
    same = plot_samples(CROSS, pr.parse("y0 > 0", dim=1), pr.Polyhedron.box([-3, -2], [3, 2]), n=100, seed=3)
    assert all(np.array_equal(corners(a), corners(b)) for a, b in zip(axes.collections, same.collections, strict=True))


def test_bad_input_is_refused():
    line = pr.preimage(pr.Network([([[1]], [0])]), pr.parse("y0 > 0", dim=1))
    with pytest.raises(pr.DimensionError, match=r"lives in R\^1; only R\^2 and R\^3 are drawn"):
        line.plot()
    with pytest.raises(pr.InputError, match="choose one of zone, tile, pattern"):
        question("y0 > 0", BOX).plot(colour_by="size")
    with pytest.raises(pr.InputError, match="choose one of number, zone, pattern, neuron"):
        question("y0 > 0", BOX).plot(labels="name")
    with pytest.raises(pr.DimensionError, match=r"both must be R\^2"):
        plot_samples(line.network, line.targets[0], pr.Polyhedron.box([0], [1]))
    with pytest.raises(pr.DimensionError, match="expected 2 numbers"):
        question("y0 > 0", BOX).plot(window=([0], [1, 1]))
