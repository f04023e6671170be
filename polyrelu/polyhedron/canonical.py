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

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from polyrelu.exact import ExactMatrix, primitive, row_echelon
from polyrelu.lp import Row, Status, maximise
from polyrelu.polyhedron.halfspace import Halfspace


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


def implied_equality_rows(halfspaces: Sequence[Halfspace], dim: int) -> frozenset[int]:
    """Numbers of the non-trivial inequality rows that are tight on all of the (non-empty) set.

    The largest t with ``a_i x + t <= b_i`` for all rows still in question is positive iff none of them is. If it is
    zero, its multipliers combine the rows to ``0 <= 0``, so those with a positive one are tight everywhere; they join
    the equalities, and the question is asked again. Cost: at most one LP for each dimension the set lacks, plus one.
    """
    undecided = [i for i, h in enumerate(halfspaces) if h.relation != "==" and not h.is_trivial]
    equalities: list[Row] = [((*h.normal, 0), h.offset) for h in halfspaces if h.relation == "=="]
    implied: set[int] = set()
    up = (*[0] * dim, 1)
    while undecided:
        rows: list[Row] = [((*halfspaces[i].normal, 1), halfspaces[i].offset) for i in undecided]
        solution = maximise(up, [*rows, (up, 1)], equalities)
        if solution.value != 0 or solution.multipliers is None:
            break
        tight = {i for i, y in zip(undecided, solution.multipliers, strict=False) if y}
        implied |= tight
        equalities += [((*halfspaces[i].normal, 0), halfspaces[i].offset) for i in undecided if i in tight]
        undecided = [i for i in undecided if i not in tight]
    return frozenset(implied)


def redundant_rows(rows: Sequence[Row]) -> frozenset[int]:
    """Numbers of inequalities that can be dropped together from a set of full dimension. Cost: one LP for each row."""
    kept = list(range(len(rows)))
    for i in range(len(rows)):
        normal, offset = rows[i]
        others = [rows[k] for k in kept if k != i]
        solution = maximise(normal, [*others, (normal, offset + 1)])
        if solution.value is not None and solution.value <= offset:
            kept.remove(i)
    return frozenset(range(len(rows))) - frozenset(kept)


def reduce(halfspaces: Sequence[Halfspace], dim: int) -> Reduction:
    """The :class:`Reduction` of the non-empty polyhedron with these rows."""
    implied = implied_equality_rows(halfspaces, dim)
    flat = [i for i, h in enumerate(halfspaces) if (h.relation == "==" or i in implied) and not h.is_trivial]
    augmented = [(*halfspaces[i].normal, halfspaces[i].offset) for i in flat]
    basis, pivots = row_echelon(augmented, dim + 1)
    _, independent = row_echelon(list(zip(*augmented, strict=True)), len(flat)) if flat else ((), ())

    candidates = _tightest_rows(halfspaces, frozenset(flat), basis, pivots)
    closed: list[Row] = [(row.normal, row.offset) for row, _ in candidates]
    redundant = redundant_rows(closed)
    facets = tuple(c for k, c in enumerate(candidates) if k not in redundant)
    strict = [c for k, c in enumerate(candidates) if k in redundant and c[0].relation == "<"]
    return Reduction(
        equalities=tuple(Halfspace.of(row[:-1], row[-1], "==") for row in basis),
        equality_sources=tuple(flat[k] for k in independent),
        facets=facets,
        open_faces=_open_faces(facets, strict),
    )


def _tightest_rows(
    halfspaces: Sequence[Halfspace], flat: frozenset[int], basis: ExactMatrix, pivots: tuple[int, ...]
) -> list[tuple[Halfspace, int]]:
    """Inequalities modulo the equalities, one for each direction: the tightest, strict before closed."""
    best: dict[tuple[int, ...], tuple[tuple[Fraction, bool], int]] = {}
    for i, halfspace in enumerate(halfspaces):
        if halfspace.relation == "==" or i in flat:
            continue
        entries: list[Fraction] = [Fraction(v) for v in (*halfspace.normal, halfspace.offset)]
        for row, pivot in zip(basis, pivots, strict=True):
            factor = entries[pivot]
            if factor:
                entries = [v - factor * w for v, w in zip(entries, row, strict=True)]
        if not any(entries[:-1]):
            continue  # constant on the affine hull, and the set is not empty: it holds everywhere
        direction = primitive(entries[:-1])
        lead = next(k for k, v in enumerate(direction) if v)
        key = (entries[-1] * direction[lead] / entries[lead], halfspace.relation != "<")
        if direction not in best or key < best[direction][0]:
            best[direction] = key, i
    return [
        (Halfspace.of(direction, offset, "<=" if is_closed else "<"), source)
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
