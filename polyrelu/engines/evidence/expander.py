r"""From rows to coordinates: what section 4 of ``certificates/FORMAT.md`` calls an expander.

A vertex is said by rows that vanish there. Under the pattern of the next cell these are linear forms on (u, t), and the
vertex is the direction that solves them. Nobody needs to trust this: whether the points are the vertices of the cells
is what a checker finds out.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

from flint import fmpz_mat

from polyrelu.engines.evidence.coordinates import read_head
from polyrelu.engines.evidence.forms import Forms
from polyrelu.engines.evidence.question import Question
from polyrelu.errors import InputError
from polyrelu.polyhedra.double_description import Vector, values_on
from polyrelu.support.numerals import shown

ROWS, CELLS = "polyrelu-rows 1", "polyrelu-cells 1"


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

    def expanded(self, lines: Iterable[str]) -> Iterator[str]:
        """The certificate's lines, as those of the rows come in.

        Raises:
            InputError: a line is not what FORMAT.md says, or says no point; the message names it.

        Cost: the forms of the layers in which a cell differs from the one before it, and an elimination for each
        vertex.
        """
        for line in lines:
            self._number += 1
            try:
                found = self._line(line.split())
            except (ValueError, IndexError, KeyError) as error:
                raise self._wrong(f"{shown(line.strip())} is not what stands here in a file of rows") from error
            if found is not None:
                yield found + "\n"

    def _line(self, words: list[str]) -> str | None:
        """What becomes of a line: another one, or nothing as yet."""
        keyword, *rest = words
        if self._number == 1:
            return self._first(words)
        if keyword in ("eq", "line"):
            self._head.append(words)
        elif keyword == "cells":
            self._forms = self._new_forms(rest[0])
        elif keyword != "empty" and self._forms is None:
            raise ValueError
        elif keyword == "b":
            self._flip(self._forms, set(self._flipped))
        elif keyword == "p":
            self._flip(self._forms, {int(word, 16) for word in rest})
            return None
        elif keyword == "w":
            self._new.append([int(word, 16) for word in rest])
            return None
        elif keyword == "c":
            length = int(rest[0], 16)
            points = [self._vertex(self._forms, rows, length) for rows in self._new]
            self._new.clear()
            return "\n".join([*points, " ".join(words)])
        elif keyword != "end":
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
            said = " ".join(map(str, rows))
            raise self._wrong(f"the rows {said} of a vertex before it leave {nullity} directions, and have to leave one")
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
