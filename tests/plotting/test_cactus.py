import numpy as np

from polyrelu.plotting import plot_cactus


def test_curves_count_what_is_decided_within_a_time():
    axes = plot_cactus({"sat": [3, 0.5, 0.02], "unsat": [0.1], "none": []})
    first, second, third = axes.lines
    assert np.asarray(first.get_ydata()).tolist() == [0, 1, 2, 3, 3]
    assert np.asarray(first.get_xdata()).tolist()[1:4] == [0.02, 0.5, 3]
    assert np.asarray(second.get_ydata()).tolist()[-1] == 1
    assert np.asarray(third.get_ydata()).tolist() == [0, 0]
    assert axes.get_xscale() == "log"
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["sat", "unsat", "none"]


def test_one_curve_has_no_legend_and_no_curve_is_a_picture(tmp_path):
    assert plot_cactus({"all": [1.0]}).get_legend() is None
    plot_cactus({}, tmp_path / "empty.svg")
    assert (tmp_path / "empty.svg").stat().st_size
