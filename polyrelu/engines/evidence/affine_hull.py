r"""What holds everywhere in a domain, each with the sum of conditions that proves it.

A domain is given by conditions :math:`a_r \cdot x \le b_r`, ``<`` or ``==``. A *proof* of :math:`g \cdot x \le h` is a
number :math:`s_r` for some of them, not negative where the condition is no equality, with :math:`\sum s_r (a_r \cdot x
- b_r) = g \cdot x - h` identically. A *flat* is a form that is zero everywhere in the domain, with a proof that it is
not positive and one that it is not negative. Flats come from

1. two conditions with opposite directions and the same bound: the fixed inputs of boxes, and equalities, each of which
   is such a pair by itself;
2. linear programs, where more conditions leave no room only together. They are about the inputs that are not fixed.

Elimination says some inputs by the others, with proofs that are sums of theirs.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from functools import cached_property
from typing import NamedTuple, TypeAlias

from polyrelu.arithmetic.exact import flint_matrix, matrix_rows, row_echelon
from polyrelu.arithmetic.lp import Row, maximise
from polyrelu.polyhedra.halfspace import Relation

Proof: TypeAlias = Mapping[int, Fraction]
"""The numbers s, by the numbers of the conditions."""

Sparse: TypeAlias = Mapping[int, Fraction]
"""The entries of a vector that are not zero."""

_Direction: TypeAlias = tuple[tuple[int, int], ...]  # the entries that are not zero, in primitive integers


class Condition(NamedTuple):
    """``normal . x relation bound``: a condition of a domain as it is written."""

    normal: Sparse
    bound: Fraction
    relation: Relation


class Equation(NamedTuple):
    """``x_i = constant + sum of terms`` everywhere in a domain.

    Attributes:
        i: the input that it is about.
        constant, terms: what it is.
        above, below: the proofs that x_i less the other side is not positive, and that it is not negative.
    """

    i: int
    constant: Fraction
    terms: Sparse
    above: Proof
    below: Proof


class _Bound(NamedTuple):
    """``direction . x <= value``, or ``<``, for some direction, with its proof."""

    value: Fraction
    is_strict: bool
    proof: Proof


class _Row(NamedTuple):
    """``normal . x <= offset``, or ``<``, in integers on the free inputs, with its proof."""

    normal: tuple[int, ...]
    offset: int
    is_strict: bool
    proof: Proof


class _Flat(NamedTuple):
    """``normal . x == offset`` in integers on the free inputs, with the proofs of both sides."""

    normal: tuple[int, ...]
    offset: int
    above: Proof
    below: Proof


class AffineHull:
    """The conditions of a domain in R^dim, and what follows from them."""

    def __init__(self, conditions: Iterable[Condition], dim: int) -> None:
        self.dim = dim
        self._bounds = _tightest(conditions)

    def contradiction(self) -> Proof:
        """The proof that an empty domain is empty: of ``0 <= -c`` with c > 0, or of ``0 < 0``.

        Cost: none where a condition or two say it; else one linear program in the inputs that are not fixed.
        """
        for direction, bound in self._bounds.items():
            pair = [bound, *([self._bounds[_opposite(direction)]] if self._is_two_sided(direction) else [])]
            room = sum(one.value for one in pair)
            if (len(pair) == 2 or not direction) and (room < 0 or (not room and any(one.is_strict for one in pair))):
                return _sum((1, one.proof) for one in pair)
        up, flats = (*[0] * len(self._free), 1), self._parallel
        rows: list[Row] = [((*row.normal, int(row.is_strict)), row.offset) for row in self._rows]
        solution = maximise(up, [(up, 1), *rows], [((*flat.normal, 0), flat.offset) for flat in flats])
        assert solution.multipliers is not None, "bounded by 1"
        return _sum(_shares(self._rows, flats, solution.multipliers[1:]))

    def equations(self, dim: int) -> tuple[Equation, ...]:
        """The equations of the domain, which is not empty and has this dimension, in reduced row echelon form.

        Cost: one elimination, of the flats that are no fixed inputs; and a linear program for each dimension that the
        domain lacks and that no pair of conditions explains.
        """
        fixed = [Equation(j, one.value, {}, one.proof, low.proof) for j, (one, low) in self._fixed.items()]
        flats = self._parallel
        if len(self._free) - _rank(flats) > dim:
            flats = [*flats, *self._found_by_programs()]
        return tuple(sorted([*fixed, *self._eliminated(flats)], key=lambda equation: equation.i))

    def _is_two_sided(self, direction: _Direction) -> bool:
        return bool(direction) and _opposite(direction) in self._bounds

    @cached_property
    def _flat_directions(self) -> list[_Direction]:
        """The directions with two sides and no room between them, one of each two that are opposite."""
        bounds, flat = self._bounds, dict[_Direction, None]()
        for one, bound in bounds.items():
            if (
                self._is_two_sided(one)
                and _opposite(one) not in flat
                and bound.value + bounds[_opposite(one)].value == 0
            ):
                flat[one] = None
        return list(flat)

    @cached_property
    def _fixed(self) -> dict[int, tuple[_Bound, _Bound]]:
        """The inputs that a pair of conditions fixes, with their bounds from above and from below."""
        alone = [direction[0][0] for direction in self._flat_directions if len(direction) == 1]
        return {j: (self._bounds[((j, 1),)], self._bounds[((j, -1),)]) for j in alone}

    @cached_property
    def _free(self) -> list[int]:
        return [j for j in range(self.dim) if j not in self._fixed]

    @cached_property
    def _parallel(self) -> list[_Flat]:
        """The flats that are pairs of conditions and do not fix an input."""
        found = []
        for direction in self._flat_directions:
            above, below = self._on_free(direction), self._on_free(_opposite(direction))
            if any(above.normal):
                found.append(_Flat(above.normal, above.offset, above.proof, below.proof))
        return found

    @cached_property
    def _rows(self) -> list[_Row]:
        """The other conditions, the tightest of each direction."""
        flat = {one for direction in self._flat_directions for one in (direction, _opposite(direction))}
        return [self._on_free(direction) for direction in self._bounds if direction not in flat]

    def _on_free(self, direction: _Direction) -> _Row:
        """A bound with the values of the fixed inputs put in."""
        bound, normal, offset, parts = self._bounds[direction], dict[int, int](), Fraction(0), []
        for j, entry in direction:
            if j in self._fixed:
                above, below = self._fixed[j]
                offset -= entry * above.value
                parts.append((abs(entry), below.proof if entry > 0 else above.proof))
            else:
                normal[j] = entry
        offset += bound.value
        scale = offset.denominator
        proof = _sum([(scale, bound.proof), *((scale * size, part) for size, part in parts)])
        return _Row(tuple(scale * normal.get(j, 0) for j in self._free), int(scale * offset), bound.is_strict, proof)

    def _found_by_programs(self) -> list[_Flat]:
        """Flats that no pair of conditions gives.

        The largest e with ``normal . x + e <= offset`` for all rows in question is positive iff none of them is flat.
        If it is zero, the multipliers combine rows and known flats to zero, so that each row that takes part is the
        negative of a sum of the others.
        """
        found = list[_Flat]()
        rows, up = [row for row in self._rows if any(row.normal)], (*[0] * len(self._free), 1)
        while rows:
            flats = [*self._parallel, *found]
            inequalities: list[Row] = [((*row.normal, 1), row.offset) for row in rows]
            solution = maximise(up, [(up, 1), *inequalities], [((*flat.normal, 0), flat.offset) for flat in flats])
            assert solution.multipliers is not None, "bounded by 1"
            if solution.value:
                break
            shares = _shares(rows, flats, solution.multipliers[1:])
            for i, (share, proof) in enumerate(shares[: len(rows)]):
                if share:
                    others = ((size / share, one) for k, (size, one) in enumerate(shares) if k != i)
                    found.append(_Flat(rows[i].normal, rows[i].offset, proof, _sum(others)))
            rows = [row for row, (share, _) in zip(rows, shares, strict=False) if not share]
        return found

    def _eliminated(self, flats: Sequence[_Flat]) -> Iterable[Equation]:
        """The reduced row echelon form of flats."""
        columns = len(self._free)
        _, independent = row_echelon([[flat.normal[j] for flat in flats] for j in range(columns)], len(flats))
        flats = [flats[k] for k in independent]  # others would make the proofs longer
        count = len(flats)
        rows = [(*flat.normal, flat.offset, *(int(i == k) for k in range(count))) for i, flat in enumerate(flats)]
        for row in matrix_rows(flint_matrix(rows, columns + 1 + count).rref()[0]):
            pivot = next(j for j in range(columns) if row[j])
            factors = [(v, flat) for v, flat in zip(row[columns + 1 :], flats, strict=True) if v]
            yield Equation(
                self._free[pivot],
                row[columns],
                {self._free[j]: -row[j] for j in range(pivot + 1, columns) if row[j]},
                _sum((abs(v), flat.above if v > 0 else flat.below) for v, flat in factors),
                _sum((abs(v), flat.below if v > 0 else flat.above) for v, flat in factors),
            )


def _tightest(conditions: Iterable[Condition]) -> dict[_Direction, _Bound]:
    """The tightest bound of each direction, of equal ones a strict one, else the first; equalities bound two."""
    bounds = dict[_Direction, _Bound]()
    for number, (normal, bound, relation) in enumerate(conditions):
        scale, direction = _primitive(normal)
        for sign in (1, -1) if relation == "==" else (1,):
            towards = direction if sign > 0 else _opposite(direction)
            found = _Bound(sign * scale * bound, relation == "<", {number: sign * scale})
            known = bounds.get(towards)
            if known is None or (found.value, not found.is_strict) < (known.value, not known.is_strict):
                bounds[towards] = found
    return bounds


def _primitive(normal: Sparse) -> tuple[Fraction, _Direction]:
    """A positive factor, and the direction in primitive integers that it makes of a normal."""
    entries = sorted((j, v) for j, v in normal.items() if v)
    if not entries:
        return Fraction(1), ()
    scale = Fraction(
        math.lcm(*(v.denominator for _, v in entries)),
        math.gcd(*(v.numerator for _, v in entries)),
    )
    return scale, tuple((j, int(scale * v)) for j, v in entries)


def _opposite(direction: _Direction) -> _Direction:
    return tuple((j, -v) for j, v in direction)


def _rank(flats: Sequence[_Flat]) -> int:
    return int(flint_matrix([flat.normal for flat in flats], len(flats[0].normal)).rank()) if flats else 0


def _shares(
    rows: Sequence[_Row], flats: Sequence[_Flat], multipliers: Sequence[Fraction]
) -> list[tuple[Fraction, Proof]]:
    """Multipliers of rows and then of flats as factors, none negative, of proofs."""
    of_rows = [(y, row.proof) for y, row in zip(multipliers, rows, strict=False)]
    of_flats = zip(multipliers[len(rows) :], flats, strict=True)
    return [*of_rows, *((abs(z), flat.above if z > 0 else flat.below) for z, flat in of_flats)]


def _sum(proofs: Iterable[tuple[Fraction | int, Proof]]) -> Proof:
    """The sum of proofs times factors that are not negative."""
    total = dict[int, Fraction]()
    for factor, proof in proofs:
        if factor:
            for number, share in proof.items():
                total[number] = total.get(number, Fraction(0)) + factor * share
    return {number: share for number, share in sorted(total.items()) if share}
