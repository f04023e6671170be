"""A certificate in parts, written: the cells of an interval of patterns (``certificates/FORMAT.md``, section 8).

A cell belongs to the interval that has the least of its patterns. So of intervals that make up all patterns each cell
is in one, whoever writes the parts, and whenever.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from polyrelu.engines.cells.evidence import write_rows
from polyrelu.engines.cells.intervals import Interval
from polyrelu.engines.evidence.coordinates import equations_text, lines_text, places
from polyrelu.engines.evidence.expander import Expander
from polyrelu.engines.evidence.files import opened
from polyrelu.engines.evidence.question import ROWS, Question
from polyrelu.support.files import write_whole

PART = "*"
"""The root of a part of which nothing is said but its cells."""


def write_part(question: Question, word: str, interval: Interval, path: Path) -> int:
    """Write the cells of a problem whose least pattern lies in an interval.

    Args:
        question: what the certificate is about; its domain is not empty.
        word: the target's number, or ``regions``.
        interval: of the patterns of the problem's neurons.
        path: where to; compressed if the name ends in ``.gz``.

    Returns:
        The number of cells; where there are none, there is no file.

    Raises:
        WriteError: the file cannot be written.
        KeyboardInterrupt: Ctrl-C, or a limit that is kept; then there is no new file.

    Cost: up to three times the search of these cells, and a tenth of a millisecond for each vertex.
    """
    problem = question.problems[word]
    (place,) = places(question.domain, question.conditions, [problem])
    head = f"{ROWS} {question.hash}\n{equations_text(place.coordinates.equations)}"
    head += f"cells {word} {PART}\n{lines_text(place.coordinates.lines)}"
    lines = _Within(Expander(question), interval)

    def write(new: Path) -> None:
        with opened(new) as file:

            def take(rows: bytes) -> None:
                file.writelines(lines.of(rows))

            take(head.encode())
            t_row = len(question.conditions)
            where = place.chart
            write_rows(
                problem, question.domain, place.facet_rows, t_row, take, where=where, progress=False, within=interval
            )
            take(f"end {lines.count:x}\n".encode())

    write_whole(path, write)
    if not lines.count:
        path.unlink()
    return lines.count


class _Within:
    """Makes lines with coordinates of lines of rows, and leaves out cells that belong to other intervals.

    Args:
        expander: makes the coordinates.
        interval: the patterns.

    Attributes:
        count: how many cells there were in the interval.
    """

    def __init__(self, expander: Expander, interval: Interval) -> None:
        self.count = 0
        self._expander, self._interval = expander, interval
        self._least = 0  # of the next cell: its pattern's first digit is the highest

    def of(self, rows: bytes) -> Iterator[bytes]:
        """The lines that some lines of rows become."""
        digits = self._interval.digits
        for row in rows.splitlines():
            found = self._expander.line(row)
            keyword, *words = row.split()
            if keyword == b"b":
                self._least = 0
            elif keyword == b"p":
                for bit in (int(word, 16) for word in words):
                    self._least ^= 1 << digits - 1 - bit if bit < digits else 0
            elif keyword == b"c":
                if self._interval.first <= self._least <= self._interval.last:
                    self.count += 1
                else:
                    found = found[: found.rindex(b"c")]  # its vertices stay, for other cells
            yield found
