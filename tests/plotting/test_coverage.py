import numpy as np
import pytest
from matplotlib import pyplot

import polyrelu as pr
from polyrelu.plotting import plot_coverage
from tests.engines.moments import random_network

NET = random_network([2, 6, 6, 1])
CURVE = pr.coverage_curve(NET, "y0 > 0", ([-2, -2], [2, 2]))


def test_areas_are_the_shares():
    axes = plot_coverage(CURVE)
    inside, outside = axes.collections
    last = CURVE.moments[-1]
    heights = [np.asarray(areas.get_paths()[0].vertices)[:, 1] for areas in (inside, outside)]
    assert heights[0].max() == pytest.approx(100 * float(last.coverage.inside))
    assert heights[1].min() == pytest.approx(100 - 100 * float(last.coverage.outside))
    assert {text.get_text() for text in axes.texts} >= {"in"}
    assert axes.get_ylim() == (0, 100)
    pyplot.close("all")


def test_lines_have_names(tmp_path):
    axes = plot_coverage({"one": CURVE, "two": CURVE}, tmp_path / "curves.png")
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["one", "two"]
    assert (tmp_path / "curves.png").stat().st_size > 1000


def test_there_has_to_be_a_curve():
    with pytest.raises(pr.InputError, match="expected a CoverageCurve"):
        plot_coverage({})
    with pytest.raises(pr.InputError, match="expected a CoverageCurve"):
        plot_coverage([CURVE])  # type: ignore[arg-type]
