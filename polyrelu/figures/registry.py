"""All figures by name, and the function that writes them.

A figure is a function without required arguments that computes what it shows and returns a matplotlib figure; an
animation returns an animation. They are registered by module path, and imported when they are drawn: listing the names
is cheap. Files depend on nothing but the code and matplotlib's version: no dates, no random identifiers.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from polyrelu.errors import InputError, PolyreluError
from polyrelu.figures.animate import write_animation, writes_mp4
from polyrelu.plotting.style import style
from polyrelu.support.extras import require
from polyrelu.support.files import make_directory, write_whole
from polyrelu.support.progress import progress_bar

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORMATS = ("png", "svg")
_COLOURS = 256
_METADATA = {"png": {"Software": None}, "svg": {"Date": None}}


class Entry(NamedTuple):
    """A registered figure.

    Attributes:
        title: what it shows, in a few words.
        function: where it is made, as ``module:function``.
        kind: whether the function returns a figure or an animation.
        argument: what the function is called with, if anything.
    """

    title: str
    function: str
    kind: Literal["figure", "animation"] = "figure"
    argument: str | None = None

    def load(self) -> Callable[[], Any]:
        """The function, imported, with its argument."""
        module, _, name = self.function.partition(":")
        made_by: Callable[..., Any] = getattr(import_module(module), name)
        return made_by if self.argument is None else partial(made_by, self.argument)


_BLOCKS = "polyrelu.figures.blocks"
_WORKED = "polyrelu.figures.worked_example"
_STEPS = "polyrelu.figures.unrelu_steps"
_FIRST = "polyrelu.figures.first_layer"
_LIBRARY = "polyrelu.figures.library"

_TEST_PICTURES = {
    name: Entry(f"Test picture: {title}", f"{_LIBRARY}:figure_test_picture", argument=name)
    for name, title in (
        ("test_easy", "seven regular features"),
        ("test_medium", "uneven features, a dent"),
        ("test_hard_1", "a feature next to zero"),
        ("test_hard_2", "small features beside large ones"),
        ("test_hard_3a", "a kink"),
        ("test_hard_3b", "the kink, a little later in training"),
        ("test_hard_4a", "large negative biases"),
        ("test_hard_4b", "the same, a little later in training"),
        ("test_hard_5", "a needle as thin as a line"),
    )
}

FIGURES: Mapping[str, Entry] = MappingProxyType(
    {
        "network-diagram": Entry("A network of two blocks, in full and simplified", f"{_BLOCKS}:network_diagram"),
        "demonstration": Entry(
            "2-10-2-10: samples and the exact zones", "polyrelu.figures.demonstration:demonstration"
        ),
        "one-layer": Entry("The latent space of one layer with five features", f"{_BLOCKS}:one_layer"),
        "library-half-plane-pair": Entry(
            "One hyperplane parts a plane in space in two half-planes", f"{_LIBRARY}:figure_half_plane_pair"
        ),
        "library-planes-in-space": Entry(
            "A plane in space cut by each coordinate hyperplane, and by all", f"{_LIBRARY}:figure_planes_in_space"
        ),
        "library-superposition": Entry(
            "Six half-plane pairs, one by one and superposed", f"{_LIBRARY}:figure_superposition"
        ),
        "library-example-plot": Entry("The example plot of the library", f"{_LIBRARY}:figure_example_plot"),
        "library-test-pictures": Entry("The nine test pictures, from easy to hard", f"{_LIBRARY}:figure_test_pictures"),
        **_TEST_PICTURES,
        "special-windows": Entry("Six windows in special position", "polyrelu.figures.windows:special_windows"),
        "library-latent-cube": Entry(
            "A cube of a latent space cut by three features", f"{_LIBRARY}:figure_latent_cube"
        ),
        "library-superposed-cube": Entry(
            "A cube of a latent space with four features at once", f"{_LIBRARY}:figure_superposed_cube"
        ),
        "two-blocks": Entry("Two blocks: the later features in the earlier latent space", f"{_BLOCKS}:two_blocks"),
        "three-blocks": Entry(
            "Three blocks: the last features in gamma-, alpha- and beta-space", f"{_BLOCKS}:three_blocks"
        ),
        "beta-space": Entry("Beta-space of the worked example with its three directions", f"{_STEPS}:beta_space"),
        "cube-half-space": Entry("A cube of h-space, cut by the condition", f"{_STEPS}:cut_cube"),
        "cube-orthant": Entry("What of the orthant satisfies it", f"{_STEPS}:positive_orthant"),
        "cube-range": Entry("The same, with the range of the layer drawn through", f"{_STEPS}:range_plane"),
        "unrelu-one": Entry("Un-ReLU, one coordinate at a time", f"{_STEPS}:one_coordinate", "animation"),
        "unrelu-two": Entry("Un-ReLU, two coordinates at a time", f"{_STEPS}:two_coordinates", "animation"),
        "three-pieces": Entry("Three pieces form one half-plane", f"{_WORKED}:three_pieces"),
        "first-layer-cube": Entry(
            "The cube of a-space, cut by the pulled-back half-space", f"{_FIRST}:pulled_back_cube"
        ),
        "first-layer-relu": Entry("The same with the constraints of the ReLU", f"{_FIRST}:relu_constraints"),
        "first-layer-all": Entry("All constraints together", f"{_FIRST}:all_constraints"),
        "first-layer-range": Entry("The same with the range of W and the axial faces", f"{_FIRST}:axial_faces"),
        "first-layer-phase-1": Entry(
            "Un-ReLU of the first layer, phase 1: one zeroed coordinate", f"{_FIRST}:phase_one", "animation"
        ),
        "first-layer-phase-2": Entry(
            "Un-ReLU of the first layer, phase 2: two zeroed coordinates", f"{_FIRST}:phase_two", "animation"
        ),
        "fact-check": Entry("10,000 samples against the un-ReLU-ed regions", f"{_WORKED}:fact_check"),
        "gamma-space": Entry("One block further back: gamma-space of the worked example", f"{_WORKED}:gamma_space"),
        "growth": Entry("Faces 2^n against cells actually met", "polyrelu.figures.growth:growth"),
    }
)
"""Name -> entry, in the order of the write-up."""


def write_figures(
    directory: Path | str,
    names: Iterable[str] | None = None,
    progress: bool | None = None,
    *,
    formats: Iterable[str] = FORMATS,
    dark: bool = False,
) -> list[Path]:
    """Draw figures and write them as ``name.png`` and ``name.svg``, animations as GIF and, with ffmpeg, MP4.

    Args:
        directory: made if it is not there.
        names: of the figures; all when absent.
        progress: show a bar; by default only on a terminal.
        formats: of the figures that do not move.
        dark: light ink on dark paper.

    Returns:
        The paths in the order they were written.

    Raises:
        InputError: an unknown name or format; the message lists the known ones.
        WriteError: a file cannot be written.
        MissingExtraError: matplotlib is not installed.
    """
    chosen = list(FIGURES) if names is None else list(dict.fromkeys(names))
    kinds = list(dict.fromkeys(formats))
    for what, given, known in (("figure", chosen, FIGURES), ("format", kinds, FORMATS)):
        for one in given:
            if one not in known:
                raise InputError(f"write_figures: unknown {what} {one!r}; choose from {', '.join(known)}")
    folder = make_directory(directory)
    written: list[Path] = []
    with progress_bar(progress, total=len(chosen), unit=" figures") as bar:
        for name in chosen:
            bar.set_description(name)
            with style(dark):
                written += _write(name, folder, kinds)
            bar.update()
    return written


def _write(name: str, folder: Path, formats: list[str]) -> list[Path]:
    pyplot = require("matplotlib.pyplot", "write_figures")
    entry = FIGURES[name]
    made = entry.load()()
    if entry.kind == "animation":
        suffixes = [".gif", ".mp4"] if writes_mp4() else [".gif"]
        paths = [write_animation(made, folder / f"{name}{suffix}") for suffix in suffixes]
        pyplot.close(made._fig)
        return paths
    return save_figure(made, folder, name, formats)


def save_figure(made: Figure, folder: Path, name: str, formats: Iterable[str] = FORMATS) -> list[Path]:
    """Write a figure as ``name.png``, ``name.svg`` and so on, small and the same bytes each time, and close it."""
    pyplot = require("matplotlib.pyplot", "save_figure")
    paths = []
    with style():
        for kind in formats:
            paths.append(folder / f"{name}.{kind}")
            write_whole(paths[-1], partial(_draw, made, kind))
    pyplot.close(made)
    return paths


def _draw(made: Figure, kind: str, path: Path) -> None:
    made.savefig(path, metadata=_METADATA[kind])
    if kind == "png":
        reduce_colours(path)


def reduce_colours(path: Path) -> None:
    """Rewrite a PNG with its most frequent colours as a palette: a third of the size.

    Fills and lines keep their colours exactly; pixels on their edges take the nearest.
    """
    image: Any = require("PIL.Image", "write_figures")  # comes with matplotlib
    with image.open(path) as picture:
        pixels = np.asarray(picture.convert("RGB"), dtype=np.int32)
    packed = pixels[..., 0] << 16 | pixels[..., 1] << 8 | pixels[..., 2]
    codes, code_of, counts = np.unique(packed, return_inverse=True, return_counts=True)
    colours = np.stack([codes >> 16, codes >> 8 & 255, codes & 255], axis=1)
    palette = colours[np.argsort(-counts, kind="stable")[:_COLOURS]]
    nearest = [int(((palette - one) ** 2).sum(axis=1).argmin()) for one in colours]
    reduced = image.fromarray(np.array(nearest, dtype=np.uint8)[code_of].reshape(pixels.shape[:2]), "P")
    reduced.putpalette(palette.astype(np.uint8).tobytes())
    reduced.save(path, optimize=True)


def main(name: str) -> None:
    """The command line of a script that writes one figure: ``--out DIR``."""
    parser = argparse.ArgumentParser(description=f"Write the figure {name!r}: {FIGURES[name].title}.")
    parser.add_argument("--out", type=Path, default=Path("out"), help="directory for the files (default: out)")
    directory: Path = parser.parse_args().out
    try:
        for path in write_figures(directory, [name]):
            print(path)
    except (PolyreluError, OSError) as error:
        sys.exit(f"{name}: {error}")
