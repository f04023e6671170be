"""Certificates, written: the cells engine lists the cells that a search ends with, and they go to a file as they come.

The answer itself is not asked: cells that were discarded are part of the proof, and no tiling has them. So evidence
takes a search of its own. Where cells have too many vertices, it is a tree (:mod:`polyrelu.engines.evidence.trees`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeAlias, get_args

from polyrelu.arithmetic.exact import exact_vector
from polyrelu.engines.cells.budget import require_room
from polyrelu.engines.cells.evidence import write_rows
from polyrelu.engines.evidence.affine_hull import AffineHull
from polyrelu.engines.evidence.coordinates import empty_text, equations_text, lines_text, places
from polyrelu.engines.evidence.expander import Expander
from polyrelu.engines.evidence.files import opened, question_beside
from polyrelu.engines.evidence.question import POINT, ROWS, Question
from polyrelu.engines.evidence.trees import is_promising, write_trees
from polyrelu.errors import BudgetExceeded, InputError
from polyrelu.networks.statement import Statement
from polyrelu.support.arguments import file_path, instance, one_of
from polyrelu.support.files import write_whole
from polyrelu.support.limits import Limit, Stop
from polyrelu.support.numerals import fraction_digits
from polyrelu.tilings.table import format_point
from polyrelu.tilings.tiling import Tiling

Write: TypeAlias = Callable[[bytes], object]
Form: TypeAlias = Literal["auto", "cells", "tree"]
"""Of certificates: cells by their vertices, or trees of splits and bounds."""


class Certified(NamedTuple):
    """What was written.

    Attributes:
        path: the file.
        cells: how many cells it lists, or leaves of trees.
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
    form: Form = "auto",
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
        form: ``"cells"``, which lists vertices; ``"tree"``, of splits and bounds, for many inputs; ``"auto"`` takes a
            tree only where cells get too large and few neurons may switch, or bounds exclude the targets.
        rows_only: say vertices by the rows on which they lie, which takes much less room; ``polyrelu expand`` makes the
            certificate of it. Trees have none.
        workers: how many threads split cells.
        max_dim: as for :func:`polyrelu.engines.preimage.preimage`.
        timeout: seconds after which to give up.
        progress: show a bar; by default only for long runs on a terminal.

    Raises:
        BudgetExceeded: cells get too large, which is said at once; or the time is up.
        InputError: ``timeout`` is not a positive number; or ``form`` is none, or a tree with ``rows_only``.
        WriteError: the file cannot be written.
        KeyboardInterrupt: Ctrl-C. Then, and after an error, the file is as it was.

    Cost: a search, a second one after that of the answer; coordinates take several times as long as rows. Memory does
    not grow with the number of cells.
    """
    instance(statement, Statement, "certify: statement", "make one with Statement.of, or read one with Statement.load")
    check_form(form, rows_only, "certify")
    place = file_path(path, "certify")
    with _in_time(timeout, "certify", place):
        return Evidence(statement, max_dim, form).write(place, rows_only, workers, progress)


def certificate(
    tiling: Tiling,
    path: str | PathLike[str],
    *,
    form: Form = "auto",
    rows_only: bool = False,
    workers: int = 1,
    max_dim: int | None = None,
    timeout: float | None = None,
    progress: bool | None = None,
) -> Certified:
    """Write a certificate of the answer that a tiling is, and beside it the statement that it is about.

    The search runs again, since the cells that it discards are part of the proof, and no tiling has them; where cells
    get too large for a tiling of the branching engine, it is a tree that is looked for. The statement beside
    ``answer.cert.gz`` is ``answer.question.txt``; a file that is there is replaced.

    Args:
        tiling: complete; from :func:`polyrelu.engines.preimage.preimage` and the like, or from a file.
        path: where to, as for :func:`certify`, which says more of what follows, too.
        form: ``"cells"``, ``"tree"`` or ``"auto"``.
        rows_only: say vertices by the rows on which they lie.
        workers: how many threads split cells.
        max_dim: the largest dimension to try.
        timeout: seconds after which to give up.
        progress: show a bar.

    Raises:
        InputError: the tiling leaves tiles out; or as for :func:`certify`.
        BudgetExceeded, WriteError, KeyboardInterrupt: as for :func:`certify`.

    Cost: as for :func:`certify`.
    """
    check_form(form, rows_only, "certificate")
    place = file_path(path, "certificate")
    with _in_time(timeout, "certificate", place):
        evidence = Evidence(statement_of(tiling), max_dim, form, is_known=tiling.method == "branch")
        return evidence.write_with_question(place, rows_only, workers, progress)


def statement_of(tiling: Tiling) -> Statement:
    """The statement that a tiling answers.

    Raises:
        InputError: it leaves tiles out.
    """
    if not tiling.complete:
        raise InputError(
            "certificate: the tiling leaves tiles out, and a certificate is of all; ask it of the whole tiling, or "
            "compute it to the end"
        )
    return Statement.of(tiling.network, None if _is_of_regions(tiling) else tiling.targets, tiling.domain)


def _is_of_regions(tiling: Tiling) -> bool:
    """Whether a tiling has the linear regions: it splits on all neurons, although its target says nothing."""
    is_free = len(tiling.targets) == 1 and not tiling.targets[0].halfspaces
    return is_free and any(len(source.restriction.outputs) for _, source in tiling.parts)


@contextmanager
def _in_time(timeout: float | None, where: str, path: Path) -> Iterator[None]:
    """Within this a time limit counts; when it is up, an error says so."""
    limit = Limit(timeout=timeout, where=where)
    try:
        with limit.kept():
            yield
    except Stop as stop:
        if not limit.late:
            raise
        raise BudgetExceeded(
            f"{where}: {timeout} seconds were not enough, and {path} was not written; allow more time"
        ) from stop


def check_form(form: Form, rows_only: bool, where: str) -> None:
    """Refuse what is no form of certificates, and trees by rows.

    Raises:
        InputError: there is no such form; or it is a tree, and is to say vertices by rows.
    """
    one_of(form, get_args(Form), where, "form")
    instance(rows_only, bool, f"{where}: rows_only", "pass True or False")
    if form == "tree" and rows_only:
        raise InputError(f"{where}: rows_only is about the vertices of cells, and trees have none; leave it out")


class Evidence:
    """A statement of which the certificate is going to be written.

    Args:
        statement: the question.
        max_dim: the largest dimension in which to list cells, or None to judge by what a cell takes.
        form: of the certificate.
        is_known: whether the answer is known without cells; then a tree may be large.

    Raises:
        BudgetExceeded: cells get too large, and a tree is not asked for, nor promises to be small.
    """

    def __init__(
        self,
        statement: Statement,
        max_dim: int | None = None,
        form: Form = "auto",
        *,
        is_known: bool = False,
    ) -> None:
        self.statement = statement
        self.question = Question.of(statement)
        self.is_tree = form == "tree"
        if not (self.is_tree or self.question.domain.is_empty()):
            try:
                for problem in self.question.problems.values():
                    require_room(problem, self.question.domain, max_dim)
            except BudgetExceeded:
                if form == "cells" or not (is_known or is_promising(self.question)):
                    raise
                self.is_tree = True

    def write(self, path: Path, rows_only: bool, workers: int = 1, progress: bool | None = None) -> Certified:
        """Write the certificate to a file; limits that are kept are heard."""
        began, cells = time.perf_counter(), 0

        def write(new: Path) -> None:
            nonlocal cells
            with opened(new) as file:
                if self.is_tree:
                    cells = write_trees(self.statement, file.write)
                    return
                take = file.write if rows_only else Expander(self.question).into(file.write)
                cells = self._write(take, workers, progress)

        write_whole(path, write)
        return Certified(path, cells, path.stat().st_size, time.perf_counter() - began)

    def write_with_question(
        self, path: Path, rows_only: bool, workers: int = 1, progress: bool | None = None
    ) -> Certified:
        """The same, and the statement beside it (:func:`polyrelu.engines.evidence.files.question_beside`)."""
        written = self.write(path, rows_only, workers, progress)
        self.statement.save(question_beside(path))
        return written

    def _write(self, write: Write, workers: int, progress: bool | None) -> int:
        """Write the lines with rows for vertices; returns the number of cells."""
        question, total = self.question, 0
        write(f"{ROWS} {question.hash}\n".encode())
        if question.domain.is_empty():
            write(empty_text(AffineHull(question.conditions, question.input_dim).contradiction()).encode())
            return 0
        problems = question.problems
        own = places(question.domain, question.conditions, problems.values())
        for (word, problem), (coordinates, chart, facet_rows) in zip(problems.items(), own, strict=True):
            if not total:
                write(equations_text(coordinates.equations).encode())
            write(f"cells {word} -\n{lines_text(coordinates.lines)}".encode())
            count = write_rows(
                problem,
                question.domain,
                facet_rows,
                len(question.conditions),
                write,
                where=chart,
                workers=workers,
                progress=progress,
            )
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
    text = f"{POINT} {statement.hash}\nx{''.join(f' {fraction_digits(v)}' for v in x)}\n"

    def write(new: Path) -> None:
        with opened(new) as file:
            file.write(text.encode())

    write_whole(place, write)
