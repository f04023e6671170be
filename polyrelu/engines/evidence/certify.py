"""Certificates, written: the cells engine lists its cells, and they go to a file with the domain's own coordinates."""

from __future__ import annotations

import gzip
import io
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import IO, NamedTuple

from polyrelu.engines.cells.budget import require_room
from polyrelu.engines.evidence.affine_hull import AffineHull
from polyrelu.engines.evidence.coordinates import Head, empty_text, head, head_text
from polyrelu.engines.evidence.expander import CELLS, ROWS, Expander
from polyrelu.engines.evidence.forms import Forms
from polyrelu.engines.evidence.plain import write_cells
from polyrelu.engines.evidence.question import Question
from polyrelu.networks.statement import Statement
from polyrelu.support.arguments import file_path, instance
from polyrelu.support.files import write_whole
from polyrelu.support.limits import Limit


class Certified(NamedTuple):
    """What was written.

    Attributes:
        path: the file.
        cells: how many cells it lists.
        bytes: how large it is.
        seconds: how long it took.
    """

    path: Path
    cells: int
    bytes: int
    seconds: float


def certify(
    statement: Statement,
    path: str | PathLike[str],
    *,
    rows_only: bool = False,
    timeout: float | None = None,
) -> Certified:
    """Write the certificate of the answer to a statement.
    """
    instance(statement, Statement, "certify: statement", "make one with Statement.of, or read one with Statement.load")
    place, began, limit = file_path(path, "certify"), time.perf_counter(), Limit(timeout=timeout, where="certify")
    cells = 0

    def write(new: Path) -> None:
        nonlocal cells
        with text_file(new) as stream, limit.kept():
            cells = write_certificate(Question.of(statement), stream.write, rows_only)

    write_whole(place, write)
    return Certified(place, cells, place.stat().st_size, time.perf_counter() - began)


def write_certificate(question: Question, write: Callable[[str], object], rows_only: bool) -> int:
    """Write the lines of a certificate; returns how many cells it lists."""
    if not rows_only:
        expander, plain = Expander(question), write

        def write(text: str) -> None:
            plain("".join(expander.expanded(text.splitlines())))

    write(f"{ROWS} {question.hash}\n")
    conditions, domain = question.conditions, question.domain
    if domain.is_empty():
        write(empty_text(AffineHull(conditions, question.input_dim).contradiction()))
        return 0
    own = head(domain, conditions, list(question.problems.values()))
    write(head_text(own.coordinates))
    total = 0
    for word, restriction in question.problems.items():
        write(f"cells {word} -\n")
        count = write_cells(Forms(restriction, conditions, own.coordinates), own.chart, own.facet_rows, write)
        write(f"end {count:x}\n")
        total += count
    return total


@contextmanager
def text_file(path: Path) -> Iterator[IO[str]]:
    """A text file to write to, compressed if its name ends in .gz; the same text makes the same bytes."""
    with path.open("wb") as raw:
        if path.suffix.lower() != ".gz":
            with io.TextIOWrapper(raw, "ascii", newline="\n") as text:
                yield text
            return
        with gzip.GzipFile("", "wb", fileobj=raw, mtime=0) as packed, io.TextIOWrapper(packed, "ascii", newline="\n") as text:
            yield text
