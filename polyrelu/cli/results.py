"""What becomes of tilings: printed, as text or JSON, kept in files and drawn.

Files are written before anything is printed, and what a stopped run has found is kept like the rest, because it may
have taken hours.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import click

from polyrelu.cli.keeping import keep, rescue
from polyrelu.cli.options import JSON, together
from polyrelu.cli.stopping import Clock, Late, Stopped
from polyrelu.errors import Interrupted, PolyreluError, WriteError
from polyrelu.export.files import EXPORTS, PLANAR, SPATIAL
from polyrelu.files import check_place, write_whole
from polyrelu.formats.tilings import SUFFIXES
from polyrelu.plotting import plot_tiling, style
from polyrelu.plotting.style import require
from polyrelu.tiling import Tiling

SHOWN_TILES = 50
_KEPT = (*SUFFIXES, *EXPORTS)

KEEPING = together(
    click.option(
        "--plot",
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE",
        help="Draw a two-dimensional result to this file, a .png, .svg or .pdf.",
    ),
    click.option(
        "--save",
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE",
        help=f"Keep the tiles: {' '.join(SUFFIXES)} for polyrelu.load_tiling, {' '.join(EXPORTS)} for other tools.",
    ),
    JSON,
)


class Results(NamedTuple):
    """The options above, as click passes them on."""

    plot: Path | None
    save: Path | None
    as_json: bool

    def check(self, dim: int | None = None, reads: Iterable[Path | None] = ()) -> None:
        """Refuse files that could not be written, before anything is computed.

        Args:
            dim: the input dimension, once it is known.
            reads: the files that the question is in, which are not replaced.

        Raises:
            click.UsageError: a suffix is unknown, a directory is missing, or the format is for another dimension.
            WriteError: the file could not be written.
            MissingExtraError: ``--plot`` without matplotlib.
        """
        for option, path in (("--save", self.save), ("--plot", self.plot)):
            if path is not None and any(given is not None and _same(path, given) for given in reads):
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
            if self.save is not None and _same(self.plot, self.save):
                raise click.UsageError(f"--plot and --save are the same file {self.save}; choose two names.")
            if dim is not None and dim != 2:
                raise click.UsageError(f"--plot draws results with two inputs, and this network has {dim}.")

    @staticmethod
    def _check_place(option: str, path: Path) -> None:
        if not path.parent.is_dir():
            raise click.UsageError(f"{option} {path}: there is no directory {path.parent}.")
        check_place(path)

    def run(
        self,
        answers: Iterator[Tiling],
        clock: Clock,
        report: Callable[[Tiling], dict[str, Any]],
        text: Callable[[Tiling], str],
    ) -> None:
        """Keep, draw and print tilings, one by one; with several, files are numbered.

        Raises:
            Stopped: Ctrl-C or the time limit, after what there was has been kept and printed.
        """
        reports = []
        for number, (tiling, stopped) in enumerate(_until_stopped(answers)):
            kept, failure = self._keep(tiling, number)
            if self.as_json:
                reports.append(report(tiling))
            else:
                found = text(tiling) if len(tiling) else _nothing(tiling)
                click.echo("\n" * bool(number) + f"{found}\n\n{run_summary(tiling)}")
            for path in kept:
                click.echo(str(path), err=self.as_json)
            if stopped and self.as_json:
                self._print(reports)
            if failure is not None:
                raise failure
            if stopped:
                raise (Late if clock.late else Stopped)(_stopped(tiling, clock, kept))
        if self.as_json:
            self._print(reports)

    def _keep(self, tiling: Tiling, number: int) -> tuple[list[Path], PolyreluError | None]:
        """The files that were written, and why one was not, or not at its place; none where nothing was found yet."""
        kept: list[Path] = []
        failure: PolyreluError | None = None
        if not (tiling.complete or len(tiling)):
            return kept, None
        for path, write in ((self.save, _save), (self.plot, _save_plot)):
            if path is not None:
                numbered = path.with_stem(f"{path.stem}-{number}") if number else path
                try:
                    place, problem = keep(tiling, numbered, write)
                    kept.append(place)
                except PolyreluError as error:
                    told = write is _save and not isinstance(error, WriteError)
                    problem = rescue(tiling, numbered, error) if told else error
                failure = failure or problem
        return kept, failure

    @staticmethod
    def _print(reports: list[dict[str, Any]]) -> None:
        click.echo(json.dumps({"results": reports}, indent=1))


def _until_stopped(answers: Iterator[Tiling]) -> Iterator[tuple[Tiling, bool]]:
    """The tilings, and last what a stopped run found, which is said."""
    try:
        for tiling in answers:
            yield tiling, False
    except Interrupted as stopped:
        yield stopped.partial, True


def _stopped(tiling: Tiling, clock: Clock, kept: list[Path]) -> str:
    why = f"stopped after {clock.seconds:g} seconds" if clock.late else "interrupted"
    count = f"{len(tiling)} tile{'s' * (len(tiling) != 1)}"
    where = f"; kept in {' and '.join(map(str, kept))}, marked incomplete" if kept else ""
    return f"{why}: {count} found, others are missing{where}"


def _nothing(tiling: Tiling) -> str:
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


def _save_plot(tiling: Tiling, path: Path) -> None:
    pyplot = require("matplotlib.pyplot", "--plot")
    with style():
        figure, axes = pyplot.subplots(figsize=(4.5, 4.5), layout="constrained")
        plot_tiling(tiling, axes)
        axes.set(xlabel="x0", ylabel="x1")
        write_whole(path, figure.savefig)
        pyplot.close(figure)
