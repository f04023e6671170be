import sys

import pytest

import polyrelu as pr
from polyrelu.plotting.style import PALETTE, colour, require


def test_a_missing_matplotlib_is_named_with_its_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(pr.MissingExtraError, match=r"draw needs matplotlib.*pip install 'polyrelu\[plot\]'"):
        require("matplotlib", "draw")
    tiling = pr.preimage(pr.Network([([[1, 0]], [0])]), pr.parse("y0 > 0", dim=1))
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(pr.MissingExtraError, match="plot_tiling"):
        tiling.plot()


def test_colours_repeat_after_the_palette():
    assert colour(0) == PALETTE[0] == colour(len(PALETTE))
    assert len(set(PALETTE)) == len(PALETTE)
