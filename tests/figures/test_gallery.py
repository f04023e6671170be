"""The gallery shows every figure of the registry with at most five lines, and these lines make that very picture."""

import re
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from matplotlib import pyplot

from polyrelu.figures.registry import FIGURES
from polyrelu.plotting.style import style
from tests.pictures import blurred, cut_labels, overlapping_labels

ROOT = Path(__file__).parent.parent.parent
PAGE = ROOT / "papers" / "latent-spaces" / "gallery.md"
LINES = 5
FEW = 80  # pixels of a boundary at 200 dots per inch that a corner, or a label's end, may spoil


class Section(NamedTuple):
    """What the page has below the heading of a figure."""

    text: str
    code: str


def read_page():
    head, *parts = re.split(r"^## ", PAGE.read_text(), flags=re.MULTILINE)
    (beginning,) = blocks_of(head)
    sections = {}
    for part in parts:
        name, _, text = part.partition("\n")
        (code,) = blocks_of(text)
        sections[name] = Section(text, code)
    return beginning, sections


def blocks_of(text):
    return re.findall(r"^```python\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)


BEGINNING, SECTIONS = read_page()


@pytest.fixture(scope="module")
def names():
    """What the page imports."""
    made: dict[str, Any] = {}
    exec(BEGINNING, made)
    return made


def test_the_gallery_shows_all_figures_in_their_order():
    assert list(SECTIONS) == list(FIGURES)


@pytest.mark.parametrize("name", FIGURES)
def test_a_section_has_the_picture_its_makers_and_at_most_five_lines(name):
    entry, (text, code) = FIGURES[name], SECTIONS[name]
    image = PAGE.parent / f"{name}.{'png' if entry.kind == 'figure' else 'gif'}"
    script = ROOT / "scripts" / "figures" / f"{name.replace('-', '_')}.py"
    module, function = entry.function.split(":")
    assert f"![{entry.title}]({image.name})" in text
    assert f"`{module.rpartition('.')[2]}.{function}`](../../{module.replace('.', '/')}.py)" in text
    assert f"](../../{script.relative_to(ROOT)})" in text
    assert image.exists()
    assert 1 <= len(code.splitlines()) <= LINES
    assert all(len(line) <= 120 for line in code.splitlines())
    assert ";" not in code


IN_SPACE = (
    *("library-half-plane-pair", "library-planes-in-space", "library-latent-cube", "library-superposed-cube"),
    *("cube-half-space", "cube-orthant", "cube-range"),
    *("first-layer-cube", "first-layer-relu", "first-layer-all", "first-layer-range"),
)
PICTURES = [name for name, entry in FIGURES.items() if entry.kind == "figure"]
SAMPLED = ("demonstration", "fact-check")  # dots, which bound no area


@pytest.mark.gallery
@pytest.mark.parametrize("name", FIGURES)
def test_the_lines_make_that_very_picture_and_it_is_readable(name, names):
    entry, made = FIGURES[name], dict(names)
    with style():
        exec(SECTIONS[name].code, made)
        shown = frames_of(pyplot.gcf() if entry.kind == "figure" else made["animation"], entry.kind, overlapping_labels)
        pyplot.close("all")
        figure = entry.load()()
        drawn = frames_of(figure, entry.kind, cut_labels)
        assert len(pyplot.get_fignums()) == 1
        for picture, other in zip(shown, drawn, strict=True):
            assert picture.shape == other.shape
            assert (picture == other).all()
            assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 3  # not an empty page
        if entry.kind == "figure" and not name.startswith("test_"):  # these are on one sheet
            assert not [spot for spot in blurred(figure, few=FEW) if is_boundary(spot, name)]


ON_DARK = (*IN_SPACE, "three-pieces", "gamma-space")  # the others in the slow suite
PAPERS = ("#ffffff", "#15181d")


@pytest.mark.parametrize(
    "name", [name if name in ON_DARK else pytest.param(name, marks=pytest.mark.slow) for name in PICTURES]
)
def test_neighbours_are_told_apart_on_dark_paper_too(name):
    with style(dark=True):
        figure = FIGURES[name].load()()
    assert not [spot for spot in blurred(figure, few=FEW) if is_boundary(spot, name)]


def is_boundary(spot, name):
    """Whether there is anything to be told apart: not one area that is narrow somewhere, or paper between samples."""
    if name in SAMPLED and spot.fills[0] == spot.fills[1] and spot.fills[0] in PAPERS:
        return False
    return spot.fills[0] != spot.fills[1] or not set(spot.between) <= set(spot.fills)


def frames_of(made, kind, spoilt):
    """The pixels of a figure, or of two frames of an animation, and no labels that are spoilt."""
    if kind == "figure":
        return [pixels(made, spoilt)]
    made._draw_was_started = True  # it is not going to run
    found = []
    for number in (8, made._save_count - 1):
        made._func(number)
        found.append(pixels(made._fig, spoilt))
    return found


def pixels(figure, spoilt):
    figure.set_dpi(60)
    assert not spoilt(figure)  # which draws it
    return np.asarray(figure.canvas.buffer_rgba())[..., :3].copy()
