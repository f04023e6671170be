"""Tables of results, in columns for reading or as Markdown, and goals beside the numbers that have one."""

from __future__ import annotations

from typing import NamedTuple


class Goal(NamedTuple):
    """What a number should be: at least, or at most, another."""

    relation: str
    bound: float

    @classmethod
    def at_least(cls, bound: float) -> Goal:
        """The larger, the better."""
        return cls("≥", bound)

    @classmethod
    def at_most(cls, bound: float) -> Goal:
        """The smaller, the better."""
        return cls("≤", bound)

    def is_met(self, value: float) -> bool:
        """Whether the number is as it should be; NaN never is."""
        return value >= self.bound if self.relation == "≥" else value <= self.bound

    def beside(self, value: float, digits: int = 2) -> str:
        """The number, with the goal beside it."""
        missed = "" if self.is_met(value) else ", missed"
        return f"{value:.{digits}f} (goal {self.relation} {self.bound:g}{missed})"


class Table:
    """A title, column heads and rows: the first column to the left, the others to the right."""

    def __init__(self, title: str, *head: str) -> None:
        self.title, self.rows = title, [head]

    def add(self, *cells: str) -> None:
        """One more row; missing cells at its end are empty."""
        width = len(self.rows[0])
        assert len(cells) <= width
        self.rows.append((*cells, *("",) * (width - len(cells))))

    def text(self, markdown: bool = False) -> str:
        """In columns, or as Markdown."""
        if markdown:
            head, *rows = (f"| {' | '.join(row)} |" for row in self.rows)
            rule = f"|---|{'--:|' * (len(self.rows[0]) - 1)}"
            return "\n".join([f"## {self.title}", "", head, rule, *rows])
        widths = [max(map(len, column)) for column in zip(*self.rows, strict=True)]
        lines = ["  ".join(aligned(row, widths)).rstrip() for row in self.rows]
        return "\n".join([self.title, "=" * len(self.title), *lines])


def aligned(row: tuple[str, ...], widths: list[int]) -> list[str]:
    """The cells, filled up to these widths."""
    first, *others = zip(row, widths, strict=True)
    return [first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)]
