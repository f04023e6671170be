r"""Cells listed in exact arithmetic, all to their full length: the specification of what the compiled engine lists.

Every cell is split by all rows, the target's included, so no cell is discarded early. That is slower, and right.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from polyrelu.engines.evidence.forms import Forms
from polyrelu.polyhedra.cell import INFINITY, Cell, split
from polyrelu.support.limits import check
from polyrelu.tilings.chart import Chart

_MOST_VERTICES = 2**16  # in a block


class _Part(NamedTuple):
    """A cell, and the bits that are 1 among those of the rows that it was split by."""

    cell: Cell
    length: int
    bits: frozenset[int]


def write_cells(forms: Forms, chart: Chart, facet_rows: Sequence[int], write: Callable[[bytes], object]) -> int:
    """Write the lines of all cells from the first ``b`` on, with rows for vertices; returns how many there are.

    Args:
        forms: of the rows.
        chart: the domain's, in the same coordinates.
        facet_rows: the row of each of its facets.
        write: takes whole lines.

    Cost: exact arithmetic throughout, milliseconds a cell.
    """
    listing = _Listing([*facet_rows, forms.base - 1], write)
    count = 0
    for cell, bits in _cells(forms, chart.start, len(facet_rows)):
        listing.add(cell, bits, forms.count)
        count += 1
    return count


def _cells(forms: Forms, start: Cell, facets: int) -> Iterator[tuple[Cell, frozenset[int]]]:
    """Every cell and the bits that are 1; rows are facets with numbers that follow those of the domain's."""
    waiting, on = [_Part(start, 0, frozenset())], frozenset[int]()
    while waiting:
        check()
        cell, length, bits = waiting.pop()
        if length == forms.count:
            yield cell, bits
            continue
        for bit in on ^ bits:
            forms.flip(bit)
        on = bits
        below, above = split(cell, forms[forms.base + length], facets + 1 + length)
        if above is not None:
            waiting.append(_Part(above, length + 1, bits | {length}))
        if below is not None:
            waiting.append(_Part(below, length + 1, bits))


class _Listing:
    """Writes cells; the rows of facets up to t, which is the last of them, are given, and others follow it."""

    def __init__(self, rows: Sequence[int], write: Callable[[bytes], object]) -> None:
        self.rows, self.write = rows, write
        self.bits = frozenset[int]()
        self.vertices: dict[tuple[int, ...], int] = {}
        write(b"b\n")

    def add(self, cell: Cell, bits: frozenset[int], length: int) -> None:
        """Write a cell, and its vertices that are new."""
        assert not cell.lines, "no line is left in a cell of full length"
        if len(self.vertices) + len(cell.generators) > _MOST_VERTICES:
            self.__init__(self.rows, self.write)  # type: ignore[misc]
        lines = [f"p{''.join(f' {bit:x}' for bit in sorted(bits ^ self.bits))}\n"] if bits != self.bits else []
        self.bits = bits
        rows = [self._row(facet) for facet in cell.facets]
        for vector, tight in zip(cell.generators, cell.tight, strict=True):
            if vector not in self.vertices:
                self.vertices[vector] = len(self.vertices)
                lines.append(f"w{''.join(f' {row:x}' for k, row in enumerate(rows) if tight >> k & 1)}\n")
        back = "".join(f" {len(self.vertices) - self.vertices[vector]:x}" for vector in cell.generators)
        self.write("".join([*lines, f"c {length:x}{back}\n"]).encode())

    def _row(self, facet: int) -> int:
        if facet == INFINITY:
            return self.rows[-1]
        domain = len(self.rows) - 1
        return self.rows[facet] if facet < domain else self.rows[-1] + facet - domain
