"""Rows as text, for people and for files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction

from polyrelu.arithmetic.exact import rounded_text
from polyrelu.errors import DimensionError
from polyrelu.support.arguments import items, whole_number
from polyrelu.support.numerals import MOST_DIGITS, integer_digits

_SHOWN_ROWS = 6
_FLIPPED = {"<=": ">=", "<": ">", "==": "=="}


def row_text(normal: Sequence[int], offset: int, relation: str, names: Sequence[str], digits: int | None = None) -> str:
    """A row as text with a positive leading coefficient; see :meth:`polyrelu.polyhedra.halfspace.Halfspace.format`."""
    sign = -1 if next((v for v in normal if v), 0) < 0 else 1
    shown = _FLIPPED[relation] if sign < 0 else relation
    scale = max(map(abs, normal), default=0) if digits is not None else 1
    text = ""
    for coefficient, name in zip(normal, names, strict=True):
        if coefficient:
            value = sign * coefficient
            size = "" if abs(value) == scale else f"{_number(abs(value), scale, digits)}*"
            text += (" - " if value < 0 else " + ") + size + name if text else ("-" if value < 0 else "") + size + name
    return f"{text or '0'} {shown} {_number(sign * offset, scale or 1, digits)}"


def _number(value: int, scale: int, digits: int | None) -> str:
    return integer_digits(value) if digits is None else rounded_text(Fraction(value, scale), digits)


def inequalities(
    rows: Iterable[tuple[Sequence[int], int, str]], dim: int, names: Sequence[str] | None, digits: int | None
) -> tuple[str, ...]:
    """Rows in R^dim as text; see :meth:`polyrelu.polyhedra.polyhedron.Polyhedron.inequalities`."""
    if digits is not None:
        whole_number(digits, "inequalities: digits", 1, MOST_DIGITS)
    given = [f"x{i}" for i in range(dim)] if names is None else names
    labels = list(map(str, items(given, "inequalities: names", "pass one name for each coordinate")))
    if len(labels) != dim:
        raise DimensionError(f"inequalities: {len(labels)} names for {dim} coordinates")
    return tuple(row_text(*row, labels, digits) for row in rows)


def summary(rows: Iterable[tuple[Sequence[int], int, str]], dim: int) -> str:
    """A polyhedron in a line, by its first rows."""
    texts = inequalities(rows, dim, None, None)
    shown = ", ".join(texts[:_SHOWN_ROWS])
    more = f", ... {len(texts) - _SHOWN_ROWS} more" if len(texts) > _SHOWN_ROWS else ""
    return f"Polyhedron(R^{dim}: {shown + more or 'whole space'})"
