"""Tiles as a text table."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Any

from polyrelu.arithmetic.exact import ExactVector, rounded_text
from polyrelu.errors import InexactError
from polyrelu.support.numerals import fraction_digits, read_number

_HEADER = ("tile", "pattern", "dim", "point", "inequalities")


def format_rows(rows: Iterable[tuple[str, ...]], count: int) -> str:
    """The rows of a table of tiles under their header, in columns; ``count`` is how many tiles there are in all."""
    shown = [_HEADER, *rows]
    widths = [max(len(row[k]) for row in shown) for k in range(len(_HEADER) - 1)]
    lines = ["  ".join([*(row[k].ljust(widths[k]) for k in range(len(widths))), row[-1]]) for row in shown]
    if count >= len(shown):
        lines.append(f"... and {count - len(shown) + 1} more")
    return "\n".join(lines)


def format_point(point: ExactVector, digits: int | None = None) -> str:
    """A point as text: decimals where they are exact and short, otherwise fractions, or with ``digits`` rounded."""

    def number(value: Any) -> str:
        decimal = rounded_text(value, 12)
        if _states(decimal, value):
            return decimal
        return fraction_digits(value) if digits is None else rounded_text(value, digits)

    return "(" + ", ".join(map(number, point)) + ")"


def _states(decimal: str, value: Fraction) -> bool:
    """Whether a decimal is a number, not only near it."""
    try:
        return read_number(decimal, "point") == value
    except InexactError:  # of too many digits
        return False
