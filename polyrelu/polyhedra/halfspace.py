"""One row of an H-representation: a closed or open halfspace, or a hyperplane.

A :class:`Halfspace` is ``normal . x <= offset``, ``normal . x < offset`` or ``normal . x == offset`` with primitive
integer entries, so two rows with the same solutions and the same direction are the same tuple. The zero normal is
allowed: ``0 <= 1`` holds everywhere and ``0 <= -1`` nowhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any, Literal, NamedTuple, TypeAlias

from polyrelu.arithmetic.exact import ExactVector, exact_matrix, exact_vector, primitive
from polyrelu.errors import DimensionError, InputError
from polyrelu.polyhedra.text import row_text
from polyrelu.support.arguments import as_whole, items
from polyrelu.support.numerals import shown

Relation: TypeAlias = Literal["<=", "<", "=="]

_EXACT_TYPES = {Fraction, int}
_ROWS = {tuple, list}
_RELATIONS = ("<=", "<", "==")


class Halfspace(NamedTuple):
    """``normal . x relation offset``, in primitive integers."""

    normal: tuple[int, ...]
    offset: int
    relation: Relation

    @classmethod
    def of(cls, normal: Sequence[Fraction | int], offset: Fraction | int, relation: Relation = "<=") -> Halfspace:
        """The row scaled to primitive integers; an equality also gets a positive leading entry.

        Raises:
            InexactError: an entry has no exact rational value.
            InputError: the relation is none of ``<=``, ``<`` and ``==``.
        """
        if not isinstance(relation, str) or relation not in _RELATIONS:
            raise InputError(f"Halfspace.of: unknown relation {shown(relation)}; choose one of {', '.join(_RELATIONS)}")
        if type(normal) not in _ROWS:
            normal = items(normal, "Halfspace.of: normal", "pass a list of numbers")
        row = primitive(_exact((*normal, offset), "Halfspace.of"))
        if relation == "==" and next((v for v in row if v), 0) < 0:
            row = tuple(-v for v in row)
        return cls(row[:-1], row[-1], relation)

    @classmethod
    def side(cls, j: int, sign: int, bound: Fraction, dim: int, relation: Relation = "<=") -> Halfspace:
        """``x_j <= bound`` for sign 1 and ``x_j >= bound`` for sign -1 in R^dim, or with another relation."""
        normal = (*(0,) * j, sign * bound.denominator, *(0,) * (dim - 1 - j))
        return cls(normal, sign * bound.numerator, relation)

    @classmethod
    def parallel(cls, direction: tuple[int, ...], offset: Fraction, relation: Relation) -> Halfspace:
        """The row ``direction . x relation offset``, whose direction is primitive integers."""
        scale = offset.denominator
        normal = direction if scale == 1 else tuple(v * scale for v in direction)
        return cls(normal, offset.numerator, relation)

    @property
    def is_trivial(self) -> bool:
        """Whether the normal is zero, so that the row holds everywhere or nowhere."""
        return not any(self.normal)

    def slack(self, point: ExactVector) -> Fraction:
        """``offset - normal . point``: positive inside, zero on the boundary."""
        if type(point) not in _ROWS:
            point = exact_vector(point, "slack: point")
        if len(point) != len(self.normal):
            raise DimensionError(f"slack: the point has {len(point)} entries but the row lives in R^{len(self.normal)}")
        x = _exact(point, "slack: point")
        products = (a * v for a, v in zip(self.normal, x, strict=True) if a)
        return self.offset - sum(products, Fraction(0))

    def holds(self, point: ExactVector) -> bool:
        """Whether the point satisfies the row, exactly."""
        slack = self.slack(point)
        return slack == 0 if self.relation == "==" else (slack > 0 if self.relation == "<" else slack >= 0)

    def closed(self) -> Halfspace:
        """The row with ``<`` relaxed to ``<=``."""
        return self._replace(relation="<=") if self.relation == "<" else self

    def boundary(self) -> Halfspace:
        """The hyperplane ``normal . x == offset``."""
        return Halfspace.of(self.normal, self.offset, "==")

    def violated(self) -> tuple[Halfspace, ...]:
        """The halfspaces whose union is the complement: one for an inequality, two for an equality."""
        normal = tuple(-v for v in self.normal)
        if self.relation == "==":
            return Halfspace(normal, -self.offset, "<"), Halfspace(self.normal, self.offset, "<")
        return (Halfspace(normal, -self.offset, "<" if self.relation == "<=" else "<="),)

    def format(self, names: Sequence[str], digits: int | None = None) -> str:
        """The row as text with a positive leading coefficient, e.g. ``2*x0 - x1 <= 3``.

        Exact by default. With ``digits`` the row is divided by its largest coefficient and printed to that many
        significant digits, for reading only.
        """
        return row_text(*self, names, digits)


def _exact(values: Sequence[Any], where: str) -> Sequence[Any]:
    """Numbers as they are where all are Fractions or ints, else their exact values."""
    return values if {type(v) for v in values} <= _EXACT_TYPES else exact_vector(values, where)


def halfspaces_from_arrays(
    A: Iterable[Iterable[Any]],
    b: Iterable[Any],
    strict: bool | Iterable[int],
    equalities: Iterable[int],
) -> tuple[int | None, tuple[Halfspace, ...]]:
    """Validated rows of ``A x <= b`` and the dimension of x (None when there is no row to tell it)."""
    offsets = exact_vector(b, "Polyhedron: b")
    shape = getattr(A, "shape", None)
    normals = exact_matrix(A, "Polyhedron: A")
    if len(normals) != len(offsets):
        raise DimensionError(f"Polyhedron: A has {len(normals)} rows but b has {len(offsets)} entries; they must agree")
    count = len(offsets)
    all_or_none = range(count) if strict is True else () if strict is False else None
    open_rows = row_indices(all_or_none if all_or_none is not None else strict, count, "strict")  # type: ignore[arg-type]
    equal_rows = row_indices(equalities, count, "equalities")
    if all_or_none is None and open_rows & equal_rows:
        raise InputError(
            f"Polyhedron: rows {sorted(open_rows & equal_rows)} are both strict and equalities; choose one"
        )
    relations: list[Relation] = ["==" if i in equal_rows else "<" if i in open_rows else "<=" for i in range(count)]
    rows = tuple(map(Halfspace.of, normals, offsets, relations))
    if normals:
        return len(normals[0]), rows
    return (shape[1] if shape is not None and len(shape) == 2 else None), rows


def row_indices(chosen: Iterable[Any], count: int, what: str) -> frozenset[int]:
    """Row numbers, given as numbers or as one truth value per row.

    Raises:
        InputError: a number is out of range, or there is not one truth value for each row.
    """
    values = items(chosen, f"Polyhedron: {what}", "pass row numbers, or one truth value for each row")
    if values and all(isinstance(v, bool) or type(v).__name__ in ("bool", "bool_") for v in values):
        if len(values) != count:
            raise InputError(f"Polyhedron: {what} has {len(values)} truth values but there are {count} rows")
        return frozenset(i for i, v in enumerate(values) if v)
    for value in values:
        number = as_whole(value)
        if number is None or not 0 <= number < count:
            raise InputError(f"Polyhedron: {what} names row {shown(value)}, but the rows are 0 to {count - 1}")
    return frozenset(map(int, values))
