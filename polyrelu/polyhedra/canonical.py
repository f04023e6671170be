r"""Irredundant and canonical H-representations, open faces included.

Let C be the closure of a non-empty polyhedron P = {closed rows, strict rows, equalities}.

1. *Affine hull.* Inequalities that are equalities on all of C join the equalities; their reduced row echelon form is
   unique.
2. *Facets.* The other rows, reduced modulo the equalities, are pruned to one row per facet of C; modulo the
   equalities and in primitive integers a facet has exactly one row.
3. *Open faces.* A strict row removes from C the face on which it is tight. If that face is a facet, the facet's row is
   strict. If it is empty, the row says nothing. Otherwise it is a lower face, determined by the set J of facets that
   contain it; only the maximal removed faces count. The sum of the facet rows in J is tight on exactly that face, and
   is its canonical row.

So P and Q are equal as sets iff their canonical rows are equal. Cost: one linear program per row, and one per facet for
each strict row of the third kind, which are rare.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from polyrelu.arithmetic.exact import ExactMatrix, ExactVector, primitive, row_echelon
from polyrelu.arithmetic.lp import Row, Status, maximise
from polyrelu.polyhedra.halfspace import Halfspace
from polyrelu.polyhedra.sides import Sides, sides_of


@dataclass(frozen=True)
class Reduction:
    """The canonical rows of a non-empty polyhedron, each with the number of the given row it comes from."""

    equalities: tuple[Halfspace, ...]
    equality_sources: tuple[int, ...]
    facets: tuple[tuple[Halfspace, int], ...]
    open_faces: tuple[tuple[Halfspace, int], ...]

    def canonical_rows(self) -> tuple[Halfspace, ...]:
        """Equalities by pivot, then facets, then open faces, each group sorted."""
        inequalities = sorted(row for row, _ in self.facets) + sorted(row for row, _ in self.open_faces)
        return (*self.equalities, *inequalities)


def split_rows(halfspaces: Sequence[Halfspace]) -> tuple[list[Row], list[Row]]:
    """The closure's ``(inequalities, equalities)`` as plain rows."""
    inequalities: list[Row] = [(h.normal, h.offset) for h in halfspaces if h.relation != "=="]
    equalities: list[Row] = [(h.normal, h.offset) for h in halfspaces if h.relation == "=="]
    return inequalities, equalities


def implied_equality_rows(halfspaces: Sequence[Halfspace], dim: int) -> tuple[frozenset[int], ExactVector | None]:
    """Numbers of the non-trivial inequality rows that are tight on all of the (non-empty) set, and an inner point.

    At that point no other row is tight; it is None where none came along.

    The largest t with ``a_i x + t <= b_i`` for all rows still in question is positive iff none of them is. If it is
    zero, its multipliers combine the rows to ``0 <= 0``, so those with a positive one are tight everywhere; they join
    the equalities, and the question is asked again. Cost: at most one LP for each dimension the set lacks, plus one.
    """
    undecided = [i for i, h in enumerate(halfspaces) if h.relation != "==" and not h.is_trivial]
    equalities: list[Row] = [((*h.normal, 0), h.offset) for h in halfspaces if h.relation == "=="]
    implied: set[int] = set()
    up = (*[0] * dim, 1)
    inside: ExactVector | None = None
    while undecided:
        rows: list[Row] = [((*halfspaces[i].normal, 1), halfspaces[i].offset) for i in undecided]
        solution = maximise(up, [*rows, (up, 1)], equalities)
        if solution.value != 0 or solution.multipliers is None:
            inside = None if solution.point is None else solution.point[:-1]
            break
        tight = {i for i, y in zip(undecided, solution.multipliers, strict=False) if y}
        implied |= tight
        equalities += [((*halfspaces[i].normal, 0), halfspaces[i].offset) for i in undecided if i in tight]
        undecided = [i for i in undecided if i not in tight]
    return frozenset(implied), inside


def redundant_rows(rows: Sequence[Row], inside: ExactVector | None = None) -> frozenset[int]:
    """Numbers of inequalities that can be dropped together from a set of full dimension.

    Args:
        rows: no two are multiples of each other.
        inside: a point at which no row is tight; then rays from it find most of the rows that cannot be dropped.

    Cost: one LP for each row that no ray finds.
    """
    kept = list(range(len(rows)))
    needed = frozenset[int]() if inside is None else rows_hit(rows, inside)
    dropped = frozenset[int]()
    if inside is not None and len(needed) < len(rows):
        dropped, found = _sides_that_are_facets(rows, len(inside))
        needed |= found
    kept = [i for i in kept if i not in dropped]
    for i in kept.copy():
        if i in needed:
            continue
        normal, offset = rows[i]
        others = [rows[k] for k in kept if k != i]
        solution = maximise(normal, [*others, (normal, offset + 1)])
        if solution.value is not None and solution.value <= offset:
            kept.remove(i)
    return frozenset(range(len(rows))) - frozenset(kept)


def _sides_that_are_facets(rows: Sequence[Row], dim: int) -> tuple[frozenset[int], frozenset[int]]:
    """Rows that can be dropped, and rows that cannot, by bounds of coordinates.

    All are told apart where at most one row has two nonzero entries or more. A row that says x_j <= b is a facet of a
    set of full dimension iff a point with x_j = b satisfies all others strictly. There is none if another row is at
    least its offset everywhere between the bounds with x_j = b.
    """
    sides = sides_of(((*row, "<") for row in rows), dim)
    others = [Halfspace(tuple(rows[i][0]), rows[i][1], "<") for i in sides.others]
    dropped = {i for i, row in zip(sides.others, others, strict=True) if sides.imply(row.closed())}
    floors = [_Least.of(row, sides) for row in others]
    found = set()
    for bounds in (sides.low, sides.high):
        for j, (bound, _, source) in bounds.items():
            pinned = [floor.pinned(j, row.normal[j], bound) for row, floor in zip(others, floors, strict=True)]
            if any(v is not None and v >= row.offset for v, row in zip(pinned, others, strict=True)):
                dropped.add(source)
            elif len(others) == 1:
                found.add(source)
    if len(others) == 1:
        found |= set(sides.others) - dropped
    return frozenset(dropped), frozenset(found)


class _Least(NamedTuple):
    """The infimum of a row's normal between some sides: each coordinate's share, None where it has none.

    Attributes:
        shares: by coordinate.
        total: the sum of the shares there are.
        unbounded: the coordinates that have none.
    """

    shares: dict[int, Fraction]
    total: Fraction
    unbounded: frozenset[int]

    @classmethod
    def of(cls, row: Halfspace, sides: Sides) -> _Least:
        used = [(j, a, (sides.low if a > 0 else sides.high).get(j)) for j, a in enumerate(row.normal) if a]
        shares = {j: a * side.value for j, a, side in used if side is not None}
        return cls(shares, sum(shares.values(), Fraction(0)), frozenset(j for j, _, side in used if side is None))

    def pinned(self, j: int, entry: int, value: Fraction) -> Fraction | None:
        """The same where coordinate j has one value."""
        if not self.unbounded <= {j}:
            return None
        return self.total + (entry * value - self.shares.get(j, Fraction(0)) if entry else 0)


def rows_hit(rows: Sequence[Row], inside: ExactVector) -> frozenset[int]:
    """Rows that a ray from a point inside, along the normal of some row, hits alone and first: none is redundant.

    What the ray hits first and alone is the only row that is tight there, so without it the set would be larger. Cost:
    the square of the number of rows times their nonzero entries, in integers.
    """
    scale = math.lcm(*(v.denominator for v in inside))
    point = [int(v * scale) for v in inside]
    entries = [[(j, v) for j, v in enumerate(normal) if v] for normal, _ in rows]
    slacks = [
        offset * scale - sum(v * point[j] for j, v in own) for own, (_, offset) in zip(entries, rows, strict=True)
    ]
    columns: dict[int, list[tuple[int, int]]] = {}
    for k, own in enumerate(entries):
        for j, v in own:
            columns.setdefault(j, []).append((k, v))
    hit: set[int] = set()
    for i, own in enumerate(entries):
        if i in hit:
            continue
        speeds: dict[int, int] = {}
        for j, v in own:
            for k, w in columns[j]:
                speeds[k] = speeds.get(k, 0) + v * w
        first, alone = i, True
        for k, speed in speeds.items():
            if speed > 0 and k != i:
                later = slacks[k] * speeds[first] - slacks[first] * speed
                if later < 0:
                    first, alone = k, True
                elif later == 0:
                    alone = False
        if alone:
            hit.add(first)
    return frozenset(hit)


def reduce(halfspaces: Sequence[Halfspace], dim: int, inside: ExactVector | None = None) -> Reduction:
    """The :class:`Reduction` of the non-empty polyhedron with these rows; ``inside`` is tight on none of them."""
    implied, inside = (frozenset[int](), inside) if inside is not None else implied_equality_rows(halfspaces, dim)
    flat = [i for i, h in enumerate(halfspaces) if (h.relation == "==" or i in implied) and not h.is_trivial]
    augmented = [(*halfspaces[i].normal, halfspaces[i].offset) for i in flat]
    basis, pivots = row_echelon(augmented, dim + 1)
    _, independent = row_echelon(list(zip(*augmented, strict=True)), len(flat)) if flat else ((), ())

    candidates = _tightest_rows(halfspaces, frozenset(flat), basis, pivots)
    closed: list[Row] = [(row.normal, row.offset) for row, _ in candidates]
    redundant = redundant_rows(closed, inside)
    facets = tuple(c for k, c in enumerate(candidates) if k not in redundant)
    strict = [c for k, c in enumerate(candidates) if k in redundant and c[0].relation == "<"]
    return Reduction(
        equalities=tuple(Halfspace.of(row[:-1], row[-1], "==") for row in basis),
        equality_sources=tuple(flat[k] for k in independent),
        facets=facets,
        open_faces=_open_faces(facets, strict),
    )


def reduce_box(sides: Sides) -> Reduction:
    """The same of a non-empty set all of whose rows are sides; in the order of their rows, facets are fast to sort."""
    fixed, facets = _fixed_rows(sides), []
    for sign, bounds, order in ((-1, sides.low, sides.free), (1, sides.high, reversed(sides.free))):
        for j in order:
            if j in bounds:
                value, is_open, source = bounds[j]
                facets.append((Halfspace.side(j, sign, value, sides.dim, "<" if is_open else "<="), source))
    sources = tuple(sorted(source for _, source, _ in fixed))
    return Reduction(tuple(row for _, _, row in fixed), sources, tuple(facets), ())


def reduce_by_sides(small: Reduction, origin: Sequence[int], sides: Sides) -> Reduction:
    """The same of a set with fixed coordinates, from that in the free ones, whose row i is from row ``origin[i]``."""

    def lifted(row: Halfspace) -> Halfspace:
        return row._replace(normal=sides.lift_direction(row.normal, 0))

    fixed = _fixed_rows(sides)
    pivots = [next(k for k, v in enumerate(row.normal) if v) for row in small.equalities]
    flat = [(sides.free[k], lifted(row)) for k, row in zip(pivots, small.equalities, strict=True)]
    equalities = sorted([(j, row) for j, _, row in fixed] + flat)
    sources = [source for _, source, _ in fixed] + [origin[i] for i in small.equality_sources]
    facets, faces = (tuple((lifted(row), origin[i]) for row, i in rows) for rows in (small.facets, small.open_faces))
    return Reduction(tuple(row for _, row in equalities), tuple(sorted(sources)), facets, faces)


def _fixed_rows(sides: Sides) -> list[tuple[int, int, Halfspace]]:
    """The fixed coordinates, each with the number of a row that bounds it, and its equality."""
    return [
        (j, min(sides.low[j].source, sides.high[j].source), Halfspace.side(j, 1, value, sides.dim, "=="))
        for j, value in sides.fixed.items()
    ]


def _tightest_rows(
    halfspaces: Sequence[Halfspace], flat: frozenset[int], basis: ExactMatrix, pivots: tuple[int, ...]
) -> list[tuple[Halfspace, int]]:
    """Inequalities modulo the equalities, one for each direction: the tightest, strict before closed."""
    best: dict[tuple[int, ...], tuple[tuple[Fraction, bool], int]] = {}
    for i, halfspace in enumerate(halfspaces):
        if halfspace.relation == "==" or i in flat:
            continue
        row: Sequence[Fraction | int] = (*halfspace.normal, halfspace.offset)
        for equality, pivot in zip(basis, pivots, strict=True):
            factor = row[pivot]
            if factor:
                row = [v - factor * w for v, w in zip(row, equality, strict=True)]
        *integers, offset = row if isinstance(row, tuple) else primitive(row)
        divisor = math.gcd(*integers)
        if not divisor:
            continue  # constant on the affine hull, and the set is not empty: it holds everywhere
        direction = tuple(integers) if divisor == 1 else tuple(v // divisor for v in integers)
        key = (Fraction(offset, divisor), halfspace.relation != "<")
        if direction not in best or key < best[direction][0]:
            best[direction] = key, i
    return [
        (Halfspace.parallel(direction, offset, "<=" if is_closed else "<"), source)
        for direction, ((offset, is_closed), source) in best.items()
    ]


def _open_faces(
    facets: Sequence[tuple[Halfspace, int]], strict: Sequence[tuple[Halfspace, int]]
) -> tuple[tuple[Halfspace, int], ...]:
    rows: list[Row] = [(facet.normal, facet.offset) for facet, _ in facets]
    open_facets = {j for j, (facet, _) in enumerate(facets) if facet.relation == "<"}
    faces: dict[frozenset[int], int] = {}
    for row, source in strict:
        face = _facets_containing_tight_face(rows, (row.normal, row.offset))
        if face is not None and not face & open_facets:
            faces.setdefault(face, source)
    maximal = [face for face in faces if not any(other < face for other in faces)]
    return tuple((_sum_of_rows([facets[j][0] for j in face]), faces[face]) for face in maximal)


def _facets_containing_tight_face(facets: Sequence[Row], row: Row) -> frozenset[int] | None:
    """The facets that contain the face on which a valid row is tight; None when it is tight nowhere."""
    normal, offset = row
    best = maximise(normal, [*facets, row])
    if best.value is None or best.value < offset:
        return None
    containing = set()
    for j, (facet_normal, facet_offset) in enumerate(facets):
        inwards = tuple(-v for v in facet_normal)
        slack = maximise(inwards, [*facets, (inwards, 1 - facet_offset)], [row])  # slack <= 1 keeps it bounded
        if slack.status is Status.OPTIMAL and slack.value == -facet_offset:
            containing.add(j)
    return frozenset(containing)


def _sum_of_rows(rows: Sequence[Halfspace]) -> Halfspace:
    normals = [row.normal for row in rows]
    return Halfspace.of([sum(column) for column in zip(*normals, strict=True)], sum(row.offset for row in rows), "<")
