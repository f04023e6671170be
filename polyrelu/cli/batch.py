"""``polyrelu batch``: all questions of a list, one after the other or several at a time, and where one stopped, on."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from polyrelu.cli.batch_work import Outcome, Task, decided
from polyrelu.cli.options import JSON
from polyrelu.cli.stopping import stops
from polyrelu.errors import InputError
from polyrelu.formats.instances import Instance, read_instances
from polyrelu.support.files import check_place, make_directory, write_whole

_HEADING = ("network", "property", "timeout", "result", "seconds", "in_floats", "counterexample", "note")
_RESULTS = ("sat", "unsat", "unknown", "timeout", "error")
_SOLVED = ("sat", "unsat")
_EXAMPLES = """\b
Example: polyrelu batch instances.csv --out results.csv --workers 2
or:      polyrelu batch instances.csv --timeout 60 --plot cactus.svg
"""


@click.command("batch", epilog=_EXAMPLES, short_help="Decide a list of questions, as in VNN-COMP.")
@click.argument("instances", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("results.csv"),
    show_default=True,
    help="The file of the results. What is there already is not decided again.",
)
@click.option(
    "--counterexamples",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Where counterexamples go, a file each; by default beside the results.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(0, min_open=True),
    metavar="SECONDS",
    help="The most time for each question, where the list does not say less.",
)
@click.option(
    "--drop-final",
    metavar="OP",
    help="Leave out the last operator of each network if this is its name, e.g. Softmax. Properties are about its "
    "outputs all the same, as far as they are linear before it.",
)
@click.option("--workers", type=click.IntRange(1), default=1, show_default=True, help="Questions decided at a time.")
@click.option(
    "--plot",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="A cactus plot: how many questions are decided within which time.",
)
@JSON
def batch_command(
    instances: Path,
    out: Path,
    folder: Path | None,
    timeout: float | None,
    drop_final: str | None,
    workers: int,
    plot: Path | None,
    as_json: bool,
) -> None:
    """Decide all questions of INSTANCES, a list in the format of VNN-COMP: network, property and seconds in each line.

    Each is "sat" (a counterexample exists: the property is violated), "unsat" (it holds), "timeout", "unknown" or
    "error", a line in the file of the results, which is written as it comes: run the same again to go on. With "sat"
    comes a file with the counterexample, exact, or one of binary32 numbers that onnxruntime confirms, if one is found;
    the results say which. With --json the results are printed as well, and what is said on the way goes to standard
    error.
    """
    asked = read_instances(instances)
    kept = _Results(out)
    for place in (out, plot):
        if place is not None:
            check_place(place)
    todo = [
        Task(number, one, _least(one.timeout, timeout), drop_final)
        for number, one in enumerate(asked)
        if not kept.takes(one)
    ]
    if len(todo) < len(asked):
        click.echo(f"{len(asked) - len(todo)} of {len(asked)} questions are decided in {out}", err=as_json)
    place = make_directory(out.with_name(f"{out.stem}-counterexamples") if folder is None else folder)
    heard = stops()
    for count, outcome in enumerate(decided(todo, min(workers, max(len(todo), 1))), 1):
        with heard.patient():
            kept.add(asked[outcome.number], outcome, _saved(outcome, asked[outcome.number], place))
        if heard.reason is not None:  # Ctrl-C came together with the end of a question's time
            raise heard.outcome()
        progress = _progress(len(asked) - len(todo) + count, len(asked), asked[outcome.number], outcome)
        click.echo(progress, err=as_json)
    rows = [kept.rows[one.key] for one in asked]
    click.echo(f"\n{table(rows)}\n{out}", err=as_json)
    if plot is not None:
        _plot(rows, plot)
        click.echo(str(plot), err=as_json)
    if as_json:
        click.echo(json.dumps(_document(rows, out), indent=1))


def _document(rows: Sequence[Mapping[str, str]], out: Path) -> dict[str, Any]:
    """The results as JSON values; null where a cell is empty."""
    results: list[dict[str, str | float | None]] = [{name: row[name] or None for name in _HEADING} for row in rows]
    for own, row in zip(results, rows, strict=True):
        own |= {name: float(row[name]) if row[name] else None for name in ("timeout", "seconds")}
    return {"file": str(out), "counts": dict(Counter(row["result"] for row in rows)), "results": results}


def _least(*limits: float | None) -> float | None:
    return min((limit for limit in limits if limit is not None), default=None)


def _progress(count: int, total: int, one: Instance, outcome: Outcome) -> str:
    what = f"{one.network} {one.prop}"
    more = "; ".join(filter(None, (outcome.in_floats and f"in floats {outcome.in_floats}", outcome.note)))
    return f"{count:{len(str(total))}}/{total} {outcome.result:8}{outcome.seconds:9.3f} s  {what}" + f"  {more}" * bool(
        more
    )


def _saved(outcome: Outcome, one: Instance, folder: Path) -> str:
    """The name of the file with the counterexample, once it is written; empty where there is none."""
    if not outcome.counterexample:
        return ""
    stems = [Path(part).name.removesuffix(".gz") for part in (one.network.split(";")[0], one.prop)]
    path = folder / f"{outcome.number:04}_{'_'.join(Path(stem).stem for stem in stems)}.txt"
    write_whole(path, lambda place: place.write_text(outcome.counterexample))
    return str(path)


@dataclass
class _Results:
    """The results in a file, to which a line is added at a time.

    Attributes:
        path: the file.
        rows: the lines that it has, by their questions.
    """

    path: Path
    rows: dict[tuple[str, str, str], Mapping[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.path.is_file():
            return
        text = self.path.read_text()
        whole = text[: text.rfind("\n") + 1]  # a line that is not finished is decided again
        reader = csv.DictReader(io.StringIO(whole))
        if whole and tuple(reader.fieldnames or ()) != _HEADING:
            raise InputError(f"batch: {self.path} has no results; it begins otherwise than {','.join(_HEADING)}")
        self.rows = {(row["network"], row["property"], row["timeout"]): row for row in reader}
        if whole != text:
            write_whole(self.path, lambda place: place.write_text(whole))

    def takes(self, one: Instance) -> bool:
        """Whether the question is decided there."""
        return one.key in self.rows

    def add(self, one: Instance, outcome: Outcome, counterexample: str) -> None:
        """Write the line of an outcome."""
        cells = (*one.key, outcome.result, f"{outcome.seconds:.6f}", outcome.in_floats, counterexample, outcome.note)
        row = dict(zip(_HEADING, cells, strict=True))
        is_new = not self.path.is_file() or not self.path.stat().st_size
        with self.path.open("a", newline="") as stream:
            writer = csv.DictWriter(stream, _HEADING, lineterminator="\n")
            if is_new:
                writer.writeheader()
            writer.writerow(row)
        self.rows[one.key] = row


def table(rows: Sequence[Mapping[str, str]]) -> str:
    """How many questions have which result, and what that took."""
    counts = Counter(row["result"] for row in rows)
    lines = [f"{'result':8} {'questions':>9} {'seconds':>10} {'longest':>9}"]
    for result in _RESULTS:
        if counts[result]:
            seconds = [float(row["seconds"]) for row in rows if row["result"] == result]
            lines.append(f"{result:8} {counts[result]:9} {sum(seconds):10.3f} {max(seconds):9.3f}")
    seconds = [float(row["seconds"]) for row in rows]
    lines.append(f"{'all':8} {len(rows):9} {sum(seconds):10.3f} {max(seconds, default=0.0):9.3f}")
    confirmed = Counter(row["in_floats"] for row in rows if row["result"] == "sat")
    if confirmed:
        said = ", ".join(f"{count} {what}" for what, count in sorted(confirmed.items()))
        lines.append(f"counterexamples in floats: {said}")
    return "\n".join(lines)


def _plot(rows: Iterable[Mapping[str, str]], path: Path) -> None:
    from polyrelu.plotting.cactus import plot_cactus  # matplotlib takes longer to import than the rest

    solved = [row for row in rows if row["result"] in _SOLVED]
    times = {name: [float(row["seconds"]) for row in solved if row["result"] == name] for name in _SOLVED}
    both = [float(row["seconds"]) for row in solved]
    plot_cactus(
        {"sat or unsat": both, **{name: own for name, own in times.items() if own and len(own) < len(both)}}, path
    )
