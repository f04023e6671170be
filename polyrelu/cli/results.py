"""What becomes of tilings: they are printed as text or JSON, kept in files, and drawn.

Files are written before anything is printed, and what a stopped run has found is kept like the rest, because it may
have taken hours.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple

import click

from polyrelu.cli.documents import Document
from polyrelu.cli.keeping import keep, rescue
from polyrelu.cli.options import JSON, together
from polyrelu.cli.stopping import Stops, stops
from polyrelu.errors import Interrupted, PolyreluError, WriteError
from polyrelu.export.files import EXPORTS, PLANAR, SPATIAL
from polyrelu.formats.tilings import SUFFIXES
from polyrelu.pages.page import SUFFIX
from polyrelu.plotting import plot_tiling, style
from polyrelu.support.extras import require
from polyrelu.support.files import check_place, write_whole
from polyrelu.support.shown import Shown
from polyrelu.tilings.tiling import Tiling

SHOWN_TILES, SHOWN_DIGITS = 50, 4
_KEPT = (*SUFFIXES, *EXPORTS)
_SECONDS_TO_DRAW = 0.8  # or to write files for other tools, once the run is stopped


def keeping(drawn: str) -> Callable[..., Callable[..., None]]:
    """The options that say what becomes of a result; ``drawn`` says in the help which are drawn."""
    return together(
        click.option(
            "--plot",
            type=click.Path(dir_okay=False, path_type=Path),
            metavar="FILE",
            help=f"Draw {drawn} to this file, a .png, .svg or .pdf.",
        ),
        click.option(
            "--save",
            type=click.Path(dir_okay=False, path_type=Path),
            metavar="FILE",
            help=f"Keep the tiles: {' '.join(SUFFIXES)} for polyrelu.load_tiling, {' '.join(EXPORTS)} for other tools.",
        ),
        click.option(
            "--page",
            type=click.Path(dir_okay=False, path_type=Path),
            metavar="FILE",
            help="Write a page that one can zoom, turn and search, an .html that needs no network.",
        ),
        JSON,
    )


KEEPING = keeping("a two-dimensional result")


class Drawing(NamedTuple):
    """How results are drawn.

    Attributes:
        figure: makes a matplotlib figure of one.
        dims: how many inputs it may have.
        of_slices: whether only the inputs that vary in the domain count.
    """

    figure: Callable[[Tiling], Any]
    dims: tuple[int, ...] = (2,)
    of_slices: bool = False

    def check(self, inputs: int, varying: int) -> None:
        """Refuse what has another number of inputs.

        Raises:
            click.UsageError: so it is.
        """
        if self.of_slices and varying not in self.dims:
            raise click.UsageError(
                f"--plot draws results in which two or three inputs vary, and here it is {varying}; give the others a "
                "--box with equal bounds."
            )
        if not self.of_slices and inputs not in self.dims:
            raise click.UsageError(f"--plot draws results with two inputs, and this network has {inputs}.")


def _tiles_figure(tiling: Tiling) -> Any:
    figure, axes = require("matplotlib.pyplot", "--plot").subplots(figsize=(4.5, 4.5), layout="constrained")
    plot_tiling(tiling, axes)
    axes.set(xlabel="x0", ylabel="x1")
    return figure


OF_TILES = Drawing(_tiles_figure)


class Results(NamedTuple):
    """The options above, as click passes them on, how results are drawn, and what has the page of one."""

    plot: Path | None
    save: Path | None
    as_json: bool
    page: Path | None = None
    drawing: Drawing = OF_TILES
    paged: Callable[[Tiling], Shown | Tiling] = lambda tiling: tiling

    def check(self, dim: int | None = None, reads: Iterable[Path | None] = (), *, varying: int | None = None) -> None:
        """Refuse files that could not be written, before anything is computed.

        Args:
            dim: the input dimension, once it is known.
            reads: the files that the question is in, which are not replaced.
            varying: how many of the inputs vary in the domain; all when None.

        Raises:
            click.UsageError: a suffix is unknown, a directory is missing, or the format is for another dimension.
            WriteError: the file could not be written. MissingExtraError: ``--plot`` without matplotlib.
        """
        files = [("--plot", self.plot), ("--save", self.save), ("--page", self.page)]
        written = [(option, path) for option, path in files if path is not None]
        for option, path in written:
            if any(given is not None and _same(path, given) for given in reads):
                raise click.UsageError(f"{option} {path}: is a file that the question is in; choose another name.")
        if self.save is not None:
            suffix = self.save.suffix.lower()
            if suffix not in _KEPT:
                raise click.UsageError(f"--save {self.save}: the suffix must be one of {', '.join(_KEPT)}.")
            self._check_place("--save", self.save)
            needed = 2 if suffix in PLANAR else 3 if suffix in SPATIAL else dim
            if dim is not None and needed != dim:
                raise click.UsageError(
                    f"--save {self.save}: {suffix} files are for {needed} inputs, and this network has {dim}; "
                    f"{', '.join(SUFFIXES)} are for any number."
                )
        if self.plot is not None:
            pyplot = require("matplotlib.pyplot", "--plot")
            known = pyplot.Figure().canvas.get_supported_filetypes()
            if self.plot.suffix.lower().removeprefix(".") not in known:
                raise click.UsageError(f"--plot {self.plot}: the suffix must be one of .{', .'.join(sorted(known))}.")
            self._check_place("--plot", self.plot)
            if dim is not None:
                self.drawing.check(dim, dim if varying is None else varying)
        if self.page is not None:
            if self.page.suffix.lower() != SUFFIX:
                raise click.UsageError(f"--page {self.page}: the suffix must be {SUFFIX}.")
            self._check_place("--page", self.page)
        for (one, path), (other, same) in combinations(written, 2):
            if _same(path, same):
                raise click.UsageError(f"{one} and {other} are the same file {same}; choose two names.")

    @staticmethod
    def _check_place(option: str, path: Path) -> None:
        if not path.parent.is_dir():
            raise click.UsageError(f"{option} {path}: there is no directory {path.parent}.")
        check_place(path)

    def run(
        self,
        answers: Iterator[Tiling],
        heard: Stops,
        write: Callable[[Document, Tiling], None],
        text: Callable[[Tiling], str],
        certify: Callable[[Tiling, int], list[Path]] = lambda tiling, number: [],
    ) -> None:
        """Keep, draw, print and certify tilings, one by one; with several, files are numbered.

        Args:
            answers: the tilings.
            heard: tells whether the run was stopped.
            write: adds a tiling to the JSON document.
            text: a tiling for people.
            certify: writes the certificate of a tiling with its number, if one is wanted; returns the files.

        Raises:
            Stopped: Ctrl-C, SIGTERM or the time limit, after what there was has been kept and printed.
        """
        document, said = Document(heard), ": nothing was printed yet"
        with document.whole() if self.as_json else nullcontext():
            try:
                for number, tiling in enumerate(_until_stopped(answers)):
                    said = self._answer(tiling, number, heard, document, write, text)
                    if heard.reason is not None or not tiling.complete:
                        raise KeyboardInterrupt
                    said += ", but not certified"
                    for path in certify(tiling, number):
                        click.echo(str(path), err=self.as_json)
                    said = f": {number + 1} result{'s' * bool(number)} printed, others are missing"
            except KeyboardInterrupt as error:
                raise heard.outcome(said) from error

    def _answer(
        self,
        tiling: Tiling,
        number: int,
        heard: Stops,
        document: Document,
        write: Callable[[Document, Tiling], None],
        text: Callable[[Tiling], str],
    ) -> str:
        """Keep, draw and print one tiling, and return what there is to say of it if the run is stopped."""
        with heard.patient():
            kept, failure = self._keep(tiling, number)
        lost = isinstance(failure, KeyboardInterrupt)
        if self.as_json:
            write(document, tiling)
        else:
            with heard.patient(math.inf):
                click.echo("\n" * bool(number) + f"{text(tiling)}\n\n{run_summary(tiling)}")
        for path in kept:
            click.echo(str(path), err=self.as_json)
        if failure is not None and not lost:
            raise failure
        return _stopped(tiling, kept, lost)

    def _keep(self, tiling: Tiling, number: int) -> tuple[list[Path], PolyreluError | KeyboardInterrupt | None]:
        """Keep and draw a tiling: which files were written, and the first reason why one was not, or not at its place.

        A stop is such a reason, too; once the run is stopped, drawings get a moment. A run that was stopped before it
        found a tile writes none.
        """
        kept: list[Path] = []
        failure: PolyreluError | None = None
        if not (tiling.complete or len(tiling)):
            return kept, None
        for path, write in ((self.save, _save), (self.plot, self._save_plot), (self.page, self._save_page)):
            if path is not None:
                numbered = path.with_stem(f"{path.stem}-{number}") if number else path
                seconds = math.inf if path.suffix.lower() in SUFFIXES else _SECONDS_TO_DRAW
                try:
                    with stops().within(seconds):
                        place, problem = keep(tiling, numbered, write)
                    kept.append(place)
                except KeyboardInterrupt as stop:
                    return kept, failure or stop
                except PolyreluError as error:
                    told = write is _save and not isinstance(error, WriteError)
                    problem = rescue(tiling, numbered, error) if told else error
                failure = failure or problem
        return kept, failure

    def _save_plot(self, tiling: Tiling, path: Path) -> None:
        pyplot = require("matplotlib.pyplot", "--plot")
        with style():
            figure = self.drawing.figure(tiling)
            write_whole(path, figure.savefig)
            pyplot.close(figure)

    def _save_page(self, tiling: Tiling, path: Path) -> None:
        self.paged(tiling).save(path)


def _until_stopped(answers: Iterator[Tiling]) -> Iterator[Tiling]:
    """The tilings, and last what a stopped run found."""
    try:
        yield from answers
    except Interrupted as stopped:
        yield stopped.partial


def _stopped(tiling: Tiling, kept: list[Path], lost: bool) -> str:
    count = f"{len(tiling)} tile{'s' * (len(tiling) != 1)}"
    found = f": {count} found, which are all" if tiling.complete else f": {count} found, others are missing"
    marked = "" if tiling.complete else ", marked incomplete"
    places = f"; kept in {' and '.join(map(str, kept))}{marked}" if kept else ""
    return found + places + "; there was no time to write the rest" * lost


def nothing(tiling: Tiling) -> str:
    """What to say of a tiling without tiles."""
    if not tiling.complete:
        return "Nothing was found before the run was stopped."
    if tiling.domain.is_empty():
        return "The domain is empty: no input satisfies --box, --domain and the property at once."
    return "None: no input of the domain has such an output. This is proven, not sampled."


def run_summary(tiling: Tiling) -> str:
    """The tiling and the statistics of its computation in a line, without those that are zero."""
    stats = ", ".join(
        f"{name.replace('_', ' ')} {f'{value:.3g}' if isinstance(value, float) else value}"
        for name, value in tiling.stats.items()
        if value
    )
    return f"{tiling!r}: {stats}"


def _same(one: Path, other: Path) -> bool:
    return one.resolve() == other.resolve()


def _save(tiling: Tiling, path: Path) -> None:
    if path.suffix.lower() in SUFFIXES:
        tiling.save(path)
    else:
        tiling.export(path)
