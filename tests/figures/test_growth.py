import numpy as np
from matplotlib import pyplot

import polyrelu as pr
from polyrelu.figures.growth import DEPTHS, WIDTHS, count_cells, growth, random_network
from tests.drawn import xs, ys


def test_counts_are_those_of_another_engine():
    for count in count_cells([1, 4], [1, 2], seeds=[7]):
        box = pr.Polyhedron.box([-2, -2], [2, 2])
        again = pr.linear_regions(random_network(count.width, count.depth, 7), box, "twin")
        assert count.cells == len(again)


def test_one_layer_meets_at_most_quadratically_many_of_its_faces():
    for count in count_cells(depths=[1], seeds=[0]):
        lines = count.width
        assert lines < count.cells <= 1 + lines + lines * (lines - 1) // 2
        assert count.cells <= 2**lines


def test_counts_are_medians():
    single = [count_cells([8], [2], seeds=[seed])[0].cells for seed in range(3)]
    (median,) = count_cells([8], [2], seeds=[2, 0, 1])
    assert min(single) < median.cells == sorted(single)[1] < max(single)


def test_the_picture_shows_the_counts():
    figure = growth()
    (axes,) = figure.axes
    faces, cells = axes.lines[: len(DEPTHS)], axes.lines[len(DEPTHS) :]
    assert [len(xs(line)) for line in cells] == [len(WIDTHS)] * len(DEPTHS)
    drawn = [int(y) for line in cells for y in ys(line)]
    assert drawn == [count.cells for count in count_cells()]
    for depth, line in zip(DEPTHS, faces, strict=True):
        (start, end), logs = xs(line), np.log2(ys(line))
        assert (logs[0], logs[1] / (end - start)) == (0, depth)  # 2^(depth n)
    assert axes.get_yscale() == "log"
    assert axes.get_xlim() == (0, 64)
    pyplot.close(figure)
