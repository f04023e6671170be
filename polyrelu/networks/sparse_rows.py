"""Matrices most of whose entries are zero: a sequence of rows, each made whole when it is looked at.

A convolution's matrix repeats a few weights in a few places of each row. It reads like any matrix, row by row, and what
goes through all of its entries goes through :attr:`SparseRows.entries` instead, where there are such rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias, overload

from flint import fmpq, fmpq_mat

from polyrelu.arithmetic.exact import ExactMatrix, ExactVector, to_flint
from polyrelu.networks.float_rows import FloatRows

Entries: TypeAlias = Mapping[int, Fraction]
"""A row, by the columns of its entries that are not zero."""

_ALWAYS_WHOLE = 2**20
_SPARSE = 4
_ZERO = Fraction(0)


@dataclass(frozen=True, slots=True, eq=False)
class SparseRows(Sequence[ExactVector]):
    """Rows by their entries that are not zero; equal to any sequence of the same rows.

    Attributes:
        entries: of each row.
        width: how long the rows are.
    """

    entries: tuple[Entries, ...]
    width: int

    def __len__(self) -> int:
        return len(self.entries)

    @overload
    def __getitem__(self, index: int) -> ExactVector: ...
    @overload
    def __getitem__(self, index: slice) -> SparseRows: ...
    def __getitem__(self, index: int | slice) -> ExactVector | SparseRows:
        if isinstance(index, slice):
            return SparseRows(self.entries[index], self.width)
        row = [_ZERO] * self.width
        for j, value in self.entries[index].items():
            row[j] = value
        return tuple(row)

    def __iter__(self) -> Iterator[ExactVector]:
        return map(self.__getitem__, range(len(self)))

    def __add__(self, others: Iterable[ExactVector]) -> SparseRows:
        """These rows, and others of their width after them."""
        return SparseRows((*self.entries, *map(entries_of, others)), self.width)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, SparseRows):
            return (self.entries, self.width) == (other.entries, other.width)
        if not isinstance(other, tuple):
            return NotImplemented
        return len(self) == len(other) and all(row == given for row, given in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment]  # it would have to be that of the rows as a tuple of tuples


Rows: TypeAlias = ExactMatrix | SparseRows | FloatRows


def entries_of(row: Sequence[Fraction]) -> dict[int, Fraction]:
    """A row by its entries that are not zero."""
    return {j: value for j, value in enumerate(row) if value}


def all_entries(rows: Rows) -> Iterable[Entries]:
    """Each row by its entries that are not zero."""
    return rows.entries if isinstance(rows, SparseRows) else map(entries_of, rows)


def rows_of(entries: Sequence[Entries], width: int) -> Rows:
    """Rows from their entries: whole ones, unless the matrix is large and mostly zero."""
    kept = SparseRows(tuple(entries), width)
    size, full = len(entries) * width, sum(map(len, entries))
    if size > _ALWAYS_WHOLE and size > _SPARSE * full:
        return SparseRows(tuple({j: v for j, v in row.items() if v} for row in entries), width)
    return tuple(kept)


def chosen(rows: Rows, outputs: Sequence[int], inputs: Sequence[int]) -> Rows:
    """The chosen columns of the chosen rows."""
    if isinstance(rows, FloatRows):
        return rows.chosen(outputs, inputs)
    if not isinstance(rows, SparseRows):
        return tuple(tuple(rows[i][j] for j in inputs) for i in outputs)
    place = {j: k for k, j in enumerate(inputs)}
    kept = [{place[j]: v for j, v in rows.entries[i].items() if j in place} for i in outputs]
    return rows_of(kept, len(inputs))


def product(rows: SparseRows, offsets: ExactVector, values: fmpq_mat) -> fmpq_mat:
    """``[rows | offsets] values``. Cost: by the entries that are not zero on both sides."""
    columns = values.ncols()
    table = [{t: v for t, v in enumerate(row) if v} for row in values.table()]
    rationals: dict[int, fmpq] = {}  # few numbers stand in many places
    result: list[fmpq] = []
    for own, offset in zip(rows.entries, offsets, strict=True):
        total = [fmpq(0)] * columns
        for j, value in (*own.items(), (rows.width, offset)):
            factors = table[j]
            if factors:
                if id(value) not in rationals:
                    rationals[id(value)] = to_flint(value)
                factor = rationals[id(value)]
                for t, v in factors.items():
                    total[t] += factor * v
        result += total
    return fmpq_mat(len(rows), columns, result)


def product_from_left(forms: fmpq_mat, rows: SparseRows, offsets: ExactVector) -> fmpq_mat:
    """Forms ``(w, c)`` on what a layer returns as forms on what it takes.

    Cost: by the entries that are not zero on both sides.
    """
    result: list[fmpq] = []
    for *form, constant in forms.table():
        total = [fmpq(0)] * rows.width
        for coefficient, own, offset in zip(form, rows.entries, offsets, strict=True):
            if coefficient:
                for j, value in own.items():
                    total[j] += coefficient * to_flint(value)
                constant += coefficient * to_flint(offset)
        result += [*total, constant]
    return fmpq_mat(forms.nrows(), rows.width + 1, result)
