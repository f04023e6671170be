r"""Convex sets by their generators, exact and plain.

A :class:`Region` is a non-empty convex polyhedral set with the generators of its closure, written as integer rows
:math:`(s v, s)` for a vertex v (s > 0), :math:`(r, 0)` for a ray, and two opposite rays for a line. A form
:math:`a \cdot x + b` is non-negative on the region iff it is non-negative on these rows, and it is positive somewhere
inside iff it is positive on one of them. Their sum is a point of the relative interior, because every generator takes
part with a positive weight.

A facet of a set of dimension k carries at least k generators, so a closed row that is tight on fewer is dropped. Strict
rows may remove lower faces and stay.

The one algorithm is the double description method, by cdd for a whole set and one step of it for a cut
(:mod:`polyrelu.polyhedra.double_description`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from flint import fmpz_mat

from polyrelu.arithmetic.exact import ExactVector
from polyrelu.polyhedra.canonical import split_rows
from polyrelu.polyhedra.cddlib import generators_from_halfspaces
from polyrelu.polyhedra.double_description import Cone, cut
from polyrelu.polyhedra.halfspace import Halfspace


@dataclass(frozen=True, eq=False)
class Region:
    """A non-empty convex set: ``rows`` that say which, and the ``generators`` of its closure (see the module).

    Attributes:
        rows: its halfspaces; no closed row that is tight on too few generators for a facet.
        generators: one integer row of d + 1 entries for each.
        point: a point of the relative interior.
        is_pointed: whether the closure has no line; then the generators are the extreme ones.
    """

    rows: tuple[Halfspace, ...]
    generators: fmpz_mat
    point: ExactVector
    is_pointed: bool

    @classmethod
    def of(cls, rows: Iterable[Halfspace], ambient_dim: int) -> Region | None:
        """The set with these rows, or None if it is empty. Cost: one double description."""
        distinct = tuple(dict.fromkeys(rows))
        generators, lines = generators_from_halfspaces(*split_rows(distinct), ambient_dim).homogeneous()
        both_ways = [tuple(sign * v for v in line) for line in lines for sign in (1, -1)]
        return cls._generated(distinct, [*generators, *both_ways], not lines)

    @classmethod
    def _generated(
        cls, rows: Sequence[Halfspace], generators: Sequence[Sequence[int]], is_pointed: bool
    ) -> Region | None:
        *total, scale = (sum(column) for column in zip(*generators, strict=True)) if generators else (0,)
        if not scale:
            return None  # no vertex
        point = tuple(Fraction(v, scale) for v in total)
        # The rows are feasible once closed. If the set is not empty, its relative interior is that of its closure.
        if not all(h.holds(point) for h in rows if h.relation == "<"):
            return None
        region = cls(tuple(rows), fmpz_mat([list(g) for g in generators]), point, is_pointed)
        tight = [sum(not v for v in slacks) for slacks in region.slacks(rows)]
        kept = (h for h, count in zip(rows, tight, strict=True) if h.relation != "<=" or count >= region.dim)
        return cls(tuple(kept), region.generators, point, is_pointed)

    @property
    def ambient_dim(self) -> int:
        """The dimension of the space."""
        return len(self.point)

    @cached_property
    def dim(self) -> int:
        """The dimension of the set."""
        return int(self.generators.rank()) - 1

    def slacks(self, rows: Sequence[Halfspace]) -> list[list[int]]:
        """For each row its slack on each generator, up to positive factors of the generators."""
        return self.values(fmpz_mat([[*(-v for v in h.normal), h.offset] for h in rows])) if rows else []

    def values(self, forms: fmpz_mat) -> list[list[int]]:
        """For each row (a, b) of integers the values ``a . x + b`` on each generator, up to the latter's factor."""
        return [[int(v) for v in row] for row in (forms * self.generators.transpose()).table()]

    def cut(self, *rows: Halfspace) -> Region | None:
        """The points that satisfy these rows too, or None if there are none.

        Cost: pairs of generators for each row, or one double description where there are lines.
        """
        if not self.is_pointed:
            return Region.of((*self.rows, *rows), self.ambient_dim)
        region: Region | None = self
        for row in rows:
            region = region and region._cut(row)
        return region

    def _cut(self, row: Halfspace) -> Region | None:
        rows = self.rows if row in self.rows else (*self.rows, row)
        generators = [tuple(map(int, g)) for g in self.generators.table()]
        slack = (*(-v for v in row.normal), row.offset)
        parts = cut(Cone(generators, self._tight, ()), slack, 1 << len(self.rows) + 1)
        return Region._generated(rows, parts.side(0 if row.relation == "==" else 1).generators, True)

    @cached_property
    def _tight(self) -> list[int]:
        """For each generator the rows it is tight on, as bits; the lowest bit stands for infinity."""
        slacks = [*zip(*self.slacks(self.rows), strict=True)] or [()] * self.generators.nrows()
        return [
            sum(1 << k for k, slack in enumerate((self.generators[g, self.ambient_dim], *own)) if not slack)
            for g, own in enumerate(slacks)
        ]
