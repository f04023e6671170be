"""Certificates, written: the cells engine lists the cells that a search ends with, and they go to a file as they come.

The answer itself is not asked: cells that were discarded are part of the proof, and no tiling has them. So evidence
takes a search of its own.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from polyrelu.arithmetic.exact import exact_vector
from polyrelu.engines.cells.budget import require_room
from polyrelu.engines.evidence.affine_hull import AffineHull
from polyrelu.engines.evidence.coordinates import empty_text, head, head_text
from polyrelu.engines.evidence.expander import Expander
from polyrelu.engines.evidence.files import opened
from polyrelu.engines.evidence.forms import Forms
from polyrelu.engines.evidence.plain import write_cells
from polyrelu.engines.evidence.question import POINT, ROWS, Question
from polyrelu.errors import BudgetExceeded, InputError
from polyrelu.networks.statement import Statement
from polyrelu.support.arguments import file_path, instance, whole_number
from polyrelu.support.files import write_whole
from polyrelu.support.limits import Limit, Stop
from polyrelu.tilings.table import format_point

Write: TypeAlias = Callable[[bytes], object]


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
    workers: int = 1,
    max_dim: int | None = None,
    timeout: float | None = None,
    progress: bool | None = None,
) -> Certified:
    """Write a certificate of the answer to a statement, which ``polyrelu check`` checks without trusting this.

    It proves the preimage of the targets, or the linear regions where there are none, or that no input is in a target.

    Args:
        statement: the question.
        path: where to; compressed if the name ends in ``.gz``. A file that is there is replaced once this one is whole.
        rows_only: say vertices by the rows on which they lie, which takes much less room; ``polyrelu expand`` makes the
            certificate of it.
        workers: how many threads split cells.
        max_dim: as for :func:`polyrelu.engines.preimage.preimage`.
        timeout: seconds after which to give up.
        progress: show a bar; by default only for long runs on a terminal.

    Raises:
        BudgetExceeded: cells get too large, which is said at once; or the time is up.
        InputError: targets see different directions of an unbounded domain; or ``timeout`` is not a positive number.
        WriteError: the file cannot be written.
        KeyboardInterrupt: Ctrl-C. Then, and after an error, the file is as it was.

    Cost: a search, a second one after that of the answer; coordinates take several times as long as rows. Memory does
    not grow with the number of cells.
    """
    instance(statement, Statement, "certify: statement", "make one with Statement.of, or read one with Statement.load")
    place, limit = file_path(path, "certify"), Limit(timeout=timeout, where="certify")
    whole_number(workers, "certify: workers", 1)
    try:
        with limit.kept():
            return Evidence(statement, max_dim).write(place, rows_only, workers, progress)
    except Stop as stop:
        if not limit.late:
            raise
        raise BudgetExceeded(
            f"certify: {timeout} seconds were not enough, and {place} was not written; allow more time"
        ) from stop


class Evidence:
    """A statement of which the certificate is going to be written.

    Args:
        statement: the question.
        max_dim: the largest dimension to try, or None to judge by what a cell takes.

    Raises:
        BudgetExceeded: cells get too large.
        InputError: targets see different directions of an unbounded domain.
    """

    def __init__(self, statement: Statement, max_dim: int | None = None) -> None:
        self.question = question = Question.of(statement)
        self._head = None
        if not question.domain.is_empty():
            for problem in question.problems.values():
                require_room(problem, question.domain, max_dim)
            self._head = head(question.domain, question.conditions, list(question.problems.values()))

    def write(self, path: Path, rows_only: bool, workers: int = 1, progress: bool | None = None) -> Certified:
        """Write the certificate to a file; limits that are kept are heard."""
        began, cells = time.perf_counter(), 0

        def write(new: Path) -> None:
            nonlocal cells
            with opened(new) as file:
                cells = self._write(
                    file.write if rows_only else Expander(self.question).into(file.write), workers, progress
                )

        write_whole(path, write)
        return Certified(path, cells, path.stat().st_size, time.perf_counter() - began)

    def _write(self, write: Write, workers: int, progress: bool | None) -> int:
        """Write the lines with rows for vertices; returns the number of cells."""
        question, own, total = self.question, self._head, 0
        write(f"{ROWS} {question.hash}\n".encode())
        if own is None:
            write(empty_text(AffineHull(question.conditions, question.input_dim).contradiction()).encode())
            return 0
        write(head_text(own.coordinates).encode())
        for word, problem in question.problems.items():
            write(f"cells {word} -\n".encode())
            count = write_cells(Forms(problem, question.conditions, own.coordinates), own.chart, own.facet_rows, write)
            write(f"end {count:x}\n".encode())
            total += count
        return total


def write_point(statement: Statement, point: Iterable[Any], path: str | PathLike[str]) -> None:
    """Write a point that shows that a target is reached, for ``polyrelu check`` to evaluate.

    Args:
        statement: the question.
        point: d numbers, in the domain, which the network maps into a target.
        path: where to.

    Raises:
        InputError: the point is not in the domain, or not mapped into a target; or the statement has none.
        DimensionError, InexactError: it is no point of R^d.
        WriteError: the file cannot be written.

    Cost: one evaluation of the network.
    """
    instance(statement, Statement, "write_point: statement", "make one with Statement.of, or read one")
    x, place = exact_vector(point, "write_point: point", statement.domain.ambient_dim), file_path(path, "write_point")
    if statement.targets is None:
        raise InputError("write_point: the statement asks for linear regions, and a point is evidence about targets")
    if not statement.domain.contains(x):
        raise InputError(f"write_point: {format_point(x)} is not in the statement's domain; choose a point that is")
    value = statement.network.evaluate([x])[0]
    if not any(target.contains(value) for target in statement.targets):
        raise InputError(f"write_point: {format_point(x)} is mapped into no target; choose a point that is")
    text = f"{POINT} {statement.hash}\nx{''.join(f' {v}' for v in x)}\n"

    def write(new: Path) -> None:
        with opened(new) as file:
            file.write(text.encode())

    write_whole(place, write)
