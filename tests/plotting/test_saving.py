"""Pictures that are written where Axes could be passed."""

from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import image, pyplot

import polyrelu as pr
from polyrelu.plotting import plot_samples, plot_tiling, style
from polyrelu.plotting.style import DARK, PAPER

TILING = pr.preimage(pr.Network([([[1, 0], [-1, 1]], [0, 0]), ([[1, -1]], [0])]), "y0 > 0", ([-1, -1], [1, 1]))


def paper(path):
    return image.imread(path)[0, 0, :3].tolist()


@pytest.mark.parametrize("kind", [str, Path])
@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf", ".PNG"])
def test_a_path_is_a_file_with_the_picture(kind, suffix, tmp_path):
    path = tmp_path / f"zones{suffix}"
    axes = TILING.plot(kind(path))
    assert path.stat().st_size > 1000
    assert axes.patches or axes.collections
    assert axes.get_xlim() == TILING.plot().get_xlim()
    assert [one.name for one in tmp_path.iterdir()] == [path.name]


def test_pyplot_has_nothing_left_over(tmp_path):
    """Many pictures are written with no figure open afterwards, and settings are as before."""
    before, open_before = dict(mpl.rcParams), pyplot.get_fignums()
    for number in range(3):
        TILING.plot(tmp_path / f"{number}.png", colour_by="tile")
    assert pyplot.get_fignums() == open_before
    assert dict(mpl.rcParams) == before


def test_the_theme_around_is_kept(tmp_path):
    TILING.plot(tmp_path / "light.png")
    with style(dark=True):
        TILING.plot(tmp_path / "dark.png")
    assert paper(tmp_path / "light.png") == [1, 1, 1]
    assert paper(tmp_path / "dark.png") == pytest.approx([*mpl.colors.to_rgb(DARK[PAPER])], abs=1 / 255)


def test_wherever_ax_stands(tmp_path):
    question = TILING.network, "y0 > 0", ([-1, -1], [1, 1])
    plot_samples(*question, 10, tmp_path / "fifth.png")
    plot_samples(*question, ax=tmp_path / "named.png", n=10)
    plot_tiling(tiling=TILING, ax=str(tmp_path / "all.png"))
    points, W = np.array([[0.0, 0, 1], [2, 0, 1], [0, 2, 1]]), np.array([[1.0, 0], [0, 1], [0, 0]])
    pr.segment_and_plot(points, W.T, W, [0, 0, 1], ax=tmp_path / "plane.png")
    assert {path.stem for path in tmp_path.iterdir()} == {"fifth", "named", "all", "plane"}


def test_refusals_come_before_the_drawing(tmp_path):
    slow = pr.preimage(TILING.network, "y0 > 0")
    with pytest.raises(
        pr.InputError, match=r"plot_tiling: .*zones.html has no suffix of a picture; choose one of .*png"
    ):
        slow.plot(tmp_path / "zones.html")
    with pytest.raises(pr.InputError, match="has no suffix of a picture"):
        slow.plot("zones")
    with pytest.raises(pr.WriteError, match="there is no directory"):
        slow.plot(tmp_path / "none" / "zones.png")
    with pytest.raises(pr.InputError, match=r"plot_tiling: ax: .* is not the name of a file"):
        slow.plot("")
    assert pyplot.get_fignums() == []
    assert list(tmp_path.iterdir()) == []
