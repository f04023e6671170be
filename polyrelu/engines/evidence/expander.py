r"""From rows to coordinates: what section 4 of ``certificates/FORMAT.md`` calls an expander.

A vertex is said by rows that vanish there. Under the pattern of the next cell these are linear forms on (u, t), and the
vertex is the direction that solves them. Nobody needs to trust this: whether the points are the vertices of the cells
is what a checker finds out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from os import PathLike
from pathlib import Path

from flint import fmpz_mat

from polyrelu.engines.evidence.coordinates import read_head
from polyrelu.engines.evidence.files import lines_of, opened
from polyrelu.engines.evidence.forms import Forms
from polyrelu.engines.evidence.question import CELLS, ROWS, Question
from polyrelu.errors import InputError
from polyrelu.networks.statement import Statement
from polyrelu.polyhedra.double_description import Vector, values_on
from polyrelu.support.arguments import file_path, instance
from polyrelu.support.files import write_whole
from polyrelu.support.numerals import shown


def expand(statement: Statement, rows: str | PathLike[str], path: str | PathLike[str]) -> None:
    """Make the certificate with coordinates of one with rows, which is smaller, but which the checker does not read.

    Args:
        statement: the question that both are about.
        rows: the file with rows, compressed or not.
        path: where to; compressed if the name ends in ``.gz``.

    Raises:
        InputError: there is no such file, it is about another statement, or it is damaged; the message names the line.
        WriteError: the file cannot be written.

    Cost: an elimination for each vertex, a tenth of a millisecond in the plane.
    """
    instance(statement, Statement, "expand: statement", "make one with Statement.of, or read one with Statement.load")
    source, place = file_path(rows, "expand"), file_path(path, "expand")
    expander = Expander(Question.of(statement), str(source))

    def write(new: Path) -> None:
        with opened(new) as file:
            for line in lines_of(source, "expand"):
                file.write(expander.line(line))
            expander.end()

    write_whole(place, write)


class Expander:
    """Takes the lines of a rows-only certificate, and gives those of the certificate with coordinates.

    Args:
        question: what the certificate is about.
        where: the file, for errors.
    """

    def __init__(self, question: Question, where: str = "expand") -> None:
        self.question, self.where = question, where
        self._number = 0
        self._head: list[list[str]] = []
        self._forms: Forms | None = None
        self._flipped = set[int]()  # the bits that are 1
        self._new: list[list[int]] = []  # the rows of the vertices of the next cell

    def into(self, write: Callable[[bytes], object]) -> Callable[[bytes], object]:
        """A function that takes lines of rows, several at a time, and writes what becomes of them."""
        return lambda lines: write(b"".join(map(self.line, lines.splitlines())))

    def line(self, line: bytes) -> bytes:
        """What becomes of a line: others with their ends, or nothing as yet.

        Raises:
            InputError: it is not what FORMAT.md says, or says no point; the message names it.

        Cost: the forms of the layers in which a cell differs from the one before it, and an elimination for each
        vertex.
        """
        self._number += 1
        try:
            found = self._line(line.decode("ascii").split())
        except InputError:
            raise
        except (ArithmeticError, LookupError, ValueError) as error:
            raise self._wrong(f"{shown(str(line.rstrip())[2:-1])} is not what stands here in a file of rows") from error
        return b"" if found is None else f"{found}\n".encode()

    def end(self) -> None:
        """Nothing follows.

        Raises:
            InputError: something is missing.
        """
        if self._forms is not None or not self._number:
            raise self._wrong("the file ends too early; make it anew")

    def _line(self, words: list[str]) -> str | None:
        """What becomes of a line: another one, or nothing as yet."""
        keyword, *rest = words
        if self._number == 1:
            return self._first(words)
        if keyword in ("eq", "line"):
            self._head.append(words)
        elif keyword == "cells":
            self._forms = self._new_forms(rest[0])
        elif self._forms is not None:
            return self._line_of_part(self._forms, words)
        elif keyword != "empty":
            raise ValueError
        return " ".join(words)

    def _line_of_part(self, forms: Forms, words: list[str]) -> str | None:
        keyword, *rest = words
        if keyword == "p":
            self._flip(forms, {_number(word) for word in rest})
            return None
        if keyword == "w":
            self._new.append([_number(word) for word in rest])
            return None
        if keyword == "b":
            self._flip(forms, set(self._flipped))
        elif keyword == "c":
            length = _number(rest[0])
            points = [self._vertex(forms, rows, length) for rows in self._new]
            self._new.clear()
            return "\n".join([*points, " ".join(words)])
        elif keyword == "end":
            self._forms = None
        else:
            raise ValueError
        return " ".join(words)

    def _first(self, words: list[str]) -> str:
        kind = " ".join(words[:2])
        if kind != ROWS or len(words) != 3:
            raise self._wrong(f"{shown(' '.join(words))} is no file of rows, which begins with {ROWS!r} and a hash")
        if words[2] != self.question.hash:
            raise self._wrong(
                f"these rows are about the statement with the hash {words[2]}, and the one given has the hash "
                f"{self.question.hash}; give the statement that they were made for"
            )
        return f"{CELLS} {words[2]}"

    def _new_forms(self, target: str) -> Forms:
        question = self.question
        coordinates = read_head(self._head, question.conditions, question.input_dim)
        self._flipped.clear()
        return Forms(question.problems[target], question.conditions, coordinates)

    def _flip(self, forms: Forms, bits: set[int]) -> None:
        for bit in bits:
            forms.flip(bit)
        self._flipped ^= bits

    def _vertex(self, forms: Forms, rows: Sequence[int], length: int) -> str:
        """The line of the vertex on these rows."""
        entries = [v for row in rows for v in forms[row]]
        solutions, nullity = fmpz_mat(len(rows), forms.columns, entries).nullspace()
        if nullity != 1:
            said = " ".join(f"{row:x}" for row in rows)
            raise self._wrong(
                f"the rows {said} of a vertex before it leave {nullity} directions, and have to leave one"
            )
        point = tuple(int(solutions[i, 0]) for i in range(forms.columns))
        size = math.gcd(*point) * self._side(forms, point, length)
        return "v " + " ".join(f"{v // size:x}" for v in point)

    def _side(self, forms: Forms, point: Vector, length: int) -> int:
        """1 where a point is on its cell's side of the first row on which it does not lie, else -1."""
        if point[-1]:
            return 1 if point[-1] > 0 else -1
        for row in range(forms.base + length):
            (value,) = values_on([forms[row]], point)
            if value:
                inside = row < forms.base or forms.is_on(row - forms.base)
                return 1 if (value > 0) == inside else -1
        raise self._wrong("a vertex before it lies on all rows of its cell")

    def _wrong(self, reason: str) -> InputError:
        return InputError(f"{self.where}: line {self._number}: {reason}")


def _number(word: str) -> int:
    value = int(word, 16)
    if value < 0:
        raise ValueError
    return value
