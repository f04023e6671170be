import sys

import numpy as np
import pytest
from matplotlib import pyplot
from matplotlib.colors import to_hex, to_rgb

import polyrelu as pr
from polyrelu.plotting.style import DARK, INK, LIGHT, PAPER, WINDOW, area_colour, line_colour, style, themed
from polyrelu.support.palette import PALETTE, contrast


def test_a_missing_matplotlib_is_asked_for(monkeypatch):
    tiling = pr.preimage(pr.Network([([[1, 0]], [0])]), pr.parse("y0 > 0", dim=1))
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(pr.MissingExtraError, match="plot_tiling needs matplotlib"):
        tiling.plot()


def inks():
    figure, axes = pyplot.subplots()
    axes.set_title("ink")
    found = themed(INK), to_hex(axes.title.get_color()), to_hex(figure.get_facecolor()), themed(PAPER)
    pyplot.close(figure)
    return tuple(one.upper() for one in found)


def test_themes():
    light = LIGHT[INK], LIGHT[INK], LIGHT[PAPER], LIGHT[PAPER]
    dark = DARK[INK], DARK[INK], DARK[PAPER], DARK[PAPER]
    with style():
        assert inks() == light
    with style(dark=True):
        assert inks() == dark
        with style():
            assert inks() == dark, "a figure's own style does not change the theme around it"
        with style(dark=False):
            assert inks() == light
        assert inks() == dark
    with pytest.raises(ZeroDivisionError), style(dark=True):
        1 / 0  # noqa: B018
    assert themed(INK) == LIGHT[INK]
    assert [themed(shade) for shade in ("red", (0, 1, 0), [0, 0, 1])] == ["red", (0, 1, 0), [0, 0, 1]]


@pytest.mark.parametrize("dark", [False, True])
def test_no_colour_of_the_palette_vanishes_on_either_paper(dark):
    with style(dark=dark):
        for shade in (*PALETTE, INK):
            for behind in (PAPER, WINDOW):
                assert contrast(to_hex(themed(area_colour(shade))), themed(behind)) >= 3
        for shade in PALETTE:
            paper = np.array(to_rgb(themed(PAPER)))
            for share in (0.3, 0.6):
                red, green, blue = ((1 - share) * paper + share * np.array(to_rgb(shade))).tolist()
                tint = to_hex((red, green, blue))
                known = contrast(tint, line_colour(shade)), contrast(tint, themed(PAPER))
                assert max(known) >= 3, "a line with a rim of paper shows on any fill"
