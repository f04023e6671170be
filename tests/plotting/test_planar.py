import numpy as np
import pytest
from matplotlib import pyplot
from matplotlib.colors import to_rgb

import polyrelu as pr
from polyrelu.plotting import plot_samples, plot_tiling, style
from polyrelu.plotting.planar import window_of
from polyrelu.support.palette import PALETTE
from tests.drawn import corners

CROSS = pr.Network([([[1, 0], [-1, 0], [0, 1], [0, -1]], [0] * 4), ([[1, 1, -1, -1]], [0])])  # |x0| - |x1|
BOX = pr.Polyhedron.box([-2, -1], [2, 1])


def polygons(axes):
    return [patch.get_path().to_polygons()[0] for patch in axes.patches]


def area(corners):
    x, y = np.asarray(corners).T
    return abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))) / 2


def question(text, domain=None):
    return pr.preimage(CROSS, pr.parse(text, dim=1), domain)


def test_polygons_are_the_tiles_clipped_to_the_window():
    axes = plot_tiling(question("y0 >= 0"), window=([-2, -1], [2, 1]))
    assert len(axes.patches) == 4
    assert sum(map(area, polygons(axes))) == pytest.approx(6)
    corners = {tuple(p) for polygon in polygons(axes) for p in polygon}
    assert corners == {(0, 0), (1, 1), (2, 0), (2, 1), (1, -1), (2, -1), (-1, 1), (-2, 0), (-2, 1), (-1, -1), (-2, -1)}
    assert (axes.get_xlim(), axes.get_ylim(), axes.get_aspect()) == ((-2, 2), (-1, 1), 1)


def test_colours_tell_zones_tiles_or_patterns_apart():
    tiling = question("y0 >= 0", BOX)
    for colour_by, count in (("zone", 2), ("tile", 4), ("pattern", 4)):
        axes = plot_tiling(tiling, colour_by=colour_by)
        colours = {tuple(patch.get_facecolor()[:3]) for patch in axes.patches}
        assert len(colours) == count
        assert colours <= {to_rgb(c) for c in PALETTE}


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
    assert {patch.get_linewidth() for patch in plot_tiling(thin).patches} == {0}
    assert {patch.get_linewidth() for patch in plot_tiling(question("y0 >= 0", BOX)).patches} == {0.5}


def test_labels_are_inside_their_tiles():
    tiling = question("y0 >= 0", BOX)
    axes = plot_tiling(tiling, labels=True)
    assert {text.get_text() for text in axes.texts} == {"0", "1", "2", "3"}
    for text in axes.texts:
        assert tiling[int(text.get_text())].contains(list(text.get_position()))


def test_default_windows():
    assert window_of(question("y0 >= 0", BOX)) == ((-2, -1), (2, 1))
    assert window_of(question("y0 >= 1")) == ((-1.25, -0.25), (1.25, 0.25))
    assert window_of(question("y0 >= 0")) == ((-1, -1), (1, 1))
    plot_tiling(question("y0 > 5", BOX))


def test_a_tile_outside_the_window_is_not_drawn():
    assert len(plot_tiling(question("y0 >= 1", BOX), window=([0, -1], [2, 1])).patches) == 2


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
    with pytest.raises(pr.DimensionError, match=r"lives in R\^1; only R\^2 is drawn"):
        line.plot()
    with pytest.raises(pr.InputError, match="choose one of zone, tile, pattern"):
        question("y0 > 0", BOX).plot(colour_by="size")
    with pytest.raises(pr.DimensionError, match=r"both must be R\^2"):
        plot_samples(line.network, line.targets[0], pr.Polyhedron.box([0], [1]))
    with pytest.raises(pr.DimensionError, match="expected 2 numbers"):
        question("y0 > 0", BOX).plot(window=([0], [1, 1]))
