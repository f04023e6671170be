r"""When the union of two polyhedra is one: an exact test by faces, without linear programs.

Let P and Q have the same affine hull and a common facet :math:`F = \bar P \cap H = \bar Q \cap H` on opposite sides of
H, and let P' and Q' be P and Q without their rows along H.

**Claim.** For closed P and Q the union is convex iff every row of P' holds on Q and every row of Q' on P; and then
:math:`P \cup Q = P' \cap Q'`.

*If*: :math:`P' \cap Q' \cap H^- = P \cap Q' = P`, and likewise for Q; the two sides of H cover everything. *Only if*: a
facet of P other than F is part of a facet of the union, because the union meets the side of P in P alone, so its row
holds on the union. (A. Bemporad, K. Fukuda and F. D. Torrisi, Convexity recognition of the union of polyhedra,
Computational Geometry 18, 2001, doi:10.1016/S0925-7721(01)00004-9, prove it for any two polyhedra by their envelope.)

Full-dimensional sets with disjoint interiors and a convex union have such a facet: from a point of H in the closure of
one of them alone, segments into the other leave both.

**Open faces.** A polyhedron with strict rows is its closure without some faces, its facets among them. The union is a
polyhedron iff the closures pass the test above and

1. P and Q are not both open along H;
2. a facet of the union that P or Q lacks, both lack as far as they reach it: an edge cannot be open in one half only;
3. the lower faces of P and Q that neither of them has lie in faces of the union of which neither has a point.

**A missing facet.** If P lacks its facet on h and :math:`\bar Q` is that facet, the union is a polyhedron iff Q lacks
what it has in common with the other missing faces of P; the union then lacks those, and what Q lacks.

A face is named by the generators in it, so these are comparisons of sets of numbers (compare R. Bagnara, P. M. Hill and
E. Zaffanella, Exact join detection for convex polyhedra and other numerical abstractions, Computational Geometry 43,
2010, doi:10.1016/j.comgeo.2009.09.002).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from operator import mul
from typing import TypeAlias

from polyrelu.arithmetic.exact import ExactMatrix, row_echelon
from polyrelu.polyhedra.convex_polygon import cyclic_facets
from polyrelu.polyhedra.double_description import Vector
from polyrelu.polyhedra.generators import modulo
from polyrelu.polyhedra.halfspace import Halfspace
from polyrelu.polyhedra.polyhedron import Polyhedron

Face: TypeAlias = frozenset[int]


@dataclass(frozen=True, eq=False)
class Piece:
    """A polyhedron as faces: sets of generators, by number.

    Attributes:
        equalities: its affine hull, canonical.
        facets: for each facet, as the row ``(normal, -offset)``, the generators on it.
        strict: the facets that are missing.
        gone: the maximal lower faces that are missing and lie in no missing facet.
        points, generators: its vertices; and its vertices and rays.
        lines: its lineality space in reduced echelon form; generators are reduced by it, hence unique.
    """

    equalities: tuple[Halfspace, ...]
    facets: dict[Vector, Face]
    strict: frozenset[Vector]
    gone: tuple[Face, ...]
    points: Face
    generators: Face
    lines: ExactMatrix

    def lacks(self, face: Face) -> bool:
        """Whether the set has no point of this face of its closure."""
        if face.isdisjoint(self.points):
            return True
        return any(face <= self.facets[row] for row in self.strict) or any(face <= other for other in self.gone)

    def polyhedron(self, dim: int) -> Polyhedron:
        """The set by its canonical rows."""
        rows = sorted(Halfspace(r[:-1], -r[-1], "<" if r in self.strict else "<=") for r in self.facets)
        open_faces = []
        for face in self.gone:
            tight = [row for row, on in self.facets.items() if face <= on]
            total = [sum(column) for column in zip(*tight, strict=True)]
            open_faces.append(Halfspace.of(total[:-1], -total[-1], "<"))
        return Polyhedron.from_canonical(self.equalities, rows, dim, sorted(open_faces))


def negated(row: Vector) -> Vector:
    """The row from the other side."""
    return tuple(-v for v in row)


@dataclass
class GeneratorPool:
    """Generators, as homogeneous vectors (:mod:`polyrelu.polyhedra.generators`), by number."""

    vectors: list[Vector] = field(default_factory=list)
    numbers: dict[Vector, int] = field(default_factory=dict)

    def number(self, vector: Vector) -> int:
        """The number of a generator, a new one if it is new."""
        found = self.numbers.setdefault(vector, len(self.vectors))
        if found == len(self.vectors):
            self.vectors.append(vector)
        return found

    def side(self, row: Vector, generator: int) -> int:
        """Negative, zero or positive: where a generator is with regard to a row that should be at most zero."""
        return sum(map(mul, row, self.vectors[generator]))

    def piece(self, polyhedron: Polyhedron) -> Piece:
        """A non-empty polyhedron as a piece."""
        rows = polyhedron.canonical().halfspaces
        equalities = tuple(row for row in rows if row.relation == "==")
        inequalities = [row for row in rows if row.relation != "=="]
        cycle = cyclic_facets(inequalities) if polyhedron.ambient_dim == 2 and not equalities else None
        if cycle is not None:
            lines: ExactMatrix = ()
            vectors = {self.number(begin) for _, begin, _ in cycle}
        else:
            reduced, lines = polyhedron.generators.modulo_lines()
            vectors = set(map(self.number, reduced))
        generators = frozenset(vectors)
        # A canonical strict row that is no facet is tight on less than a facet: its face lies in several facets.
        faces = {row: self._on((*row.normal, -row.offset), generators) for row in inequalities}
        lower = [
            row
            for row, face in faces.items()
            if row.relation == "<" and any(face < other for other in faces.values() if other is not face)
        ]
        facets = {(*row.normal, -row.offset): face for row, face in faces.items() if row not in lower}
        return Piece(
            equalities=equalities,
            facets=facets,
            strict=frozenset((*row.normal, -row.offset) for row in faces if row.relation == "<" and row not in lower),
            gone=tuple(faces[row] for row in lower),
            points=frozenset(k for k in generators if self.vectors[k][-1]),
            generators=generators,
            lines=lines,
        )

    def _on(self, row: Vector, generators: Iterable[int]) -> Face:
        return frozenset(k for k in generators if not self.side(row, k))

    def tight_if_valid(self, row: Vector, of: Piece, on: Piece) -> Face | None:
        """The generators of ``on`` for which a facet row of another piece is tight; None if it does not hold on all."""
        if any(sum(map(mul, row, line)) for line in on.lines):
            return None
        tight = set(of.facets[row] & on.generators)
        for k in on.generators - of.generators:
            side = self.side(row, k)
            if side > 0:
                return None
            if not side:
                tight.add(k)
        return frozenset(tight)

    def union(self, P: Piece, Q: Piece, hyperplane: Vector) -> Piece | None:
        """The union of two pieces if it is a polyhedron, else None.

        Either they have a common facet, on which P has the row ``hyperplane`` and Q its negative; or Q is the facet
        that P lacks on that row, up to missing faces.
        """
        if Q.generators == P.facets[hyperplane]:
            return _completed(P, Q, hyperplane)
        if hyperplane in P.strict and negated(hyperplane) in Q.strict:
            return None
        facets: dict[Vector, Face] = {}
        for piece, other, along in ((P, Q, hyperplane), (Q, P, negated(hyperplane))):
            for row, face in piece.facets.items():
                if row == along or row in facets:
                    continue
                opposite = other.facets.get(row)
                if opposite is None:
                    opposite = self.tight_if_valid(row, piece, other)
                    if opposite is None or (row in piece.strict and not other.lacks(opposite)):
                        return None
                elif (row in piece.strict) != (row in other.strict):
                    return None
                facets[row] = face | opposite
        strict = frozenset(row for row in P.strict | Q.strict if row in facets)
        gone = _gone(P, Q, hyperplane, facets, strict)
        if gone is None:
            return None
        return self._without_inner_generators(P, Q, P.facets[hyperplane], facets, strict, gone)

    def _without_inner_generators(
        self,
        P: Piece,
        Q: Piece,
        common: Face,
        facets: dict[Vector, Face],
        strict: frozenset[Vector],
        gone: tuple[Face, ...],
    ) -> Piece:
        """The union by its own generators: those of P and Q except what lies in the middle of a larger face.

        That can only happen on the common facet, unless the union has lines that P and Q have not; it has the rays
        that are tight everywhere.
        """
        generators, lines, doubtful = P.generators | Q.generators, P.lines, common
        straight = generators - P.points - Q.points
        for face in facets.values():
            straight &= face
        if straight:
            dim = len(self.vectors[next(iter(straight))]) - 1
            lines, pivots = row_echelon([*lines, *(self.vectors[k][:-1] for k in straight)], dim)
            new = {k: self.number(modulo(self.vectors[k], lines, pivots)) for k in generators - straight}
            facets = {row: frozenset(new[k] for k in face - straight) for row, face in facets.items()}
            gone = tuple(frozenset(new[k] for k in face - straight) for face in gone)
            generators = doubtful = frozenset(k for k in new.values() if any(self.vectors[k]))
        points = frozenset(k for k in generators if self.vectors[k][-1])
        inner = set()
        for k in doubtful:
            above = generators if k in points else generators - points
            for face in facets.values():
                if k in face:
                    above &= face
            if len(above) > 1:  # its smallest face has other generators, so it is none
                inner.add(k)
        kept = generators - inner
        return Piece(
            equalities=P.equalities,
            facets={row: face & kept for row, face in facets.items()},
            strict=strict,
            gone=tuple(face & kept for face in gone),
            points=points & kept,
            generators=kept,
            lines=lines,
        )


def _completed(P: Piece, Q: Piece, hyperplane: Vector) -> Piece | None:
    """P with its missing facet on a row, which is Q up to missing faces."""
    common = P.facets[hyperplane]
    strict = P.strict - {hyperplane}
    if not all(Q.lacks(face & common) for face in (*P.gone, *(P.facets[row] for row in strict))):
        return None
    missing = {*P.gone, *Q.gone, *(Q.facets[row] for row in Q.strict)}
    gone = _maximal(face for face in missing if not any(face <= P.facets[row] for row in strict))
    return replace(P, strict=strict, gone=gone)


def _maximal(faces: Iterable[Face]) -> tuple[Face, ...]:
    found = set(faces)
    return tuple(face for face in found if not any(face < other for other in found))


def _gone(
    P: Piece, Q: Piece, hyperplane: Vector, facets: dict[Vector, Face], strict: frozenset[Vector]
) -> tuple[Face, ...] | None:
    """The lower faces that the union lacks; None if it lacks something that is not a face of its closure."""
    if not P.gone and not Q.gone:
        return ()
    common = P.facets[hyperplane]
    missing = [face for piece in (P, Q) for face in piece.gone if not face <= common]
    missing += [face & other for face in P.gone for other in Q.gone]
    if hyperplane in P.strict:
        missing += [face & common for face in Q.gone]
    if negated(hyperplane) in Q.strict:
        missing += [face & common for face in P.gone]
    faces: set[Face] = set()
    for part in missing:
        if part.isdisjoint(P.points | Q.points):
            continue
        smallest = P.generators | Q.generators
        for face in facets.values():
            if part <= face:
                smallest &= face
        if not (P.lacks(smallest & P.generators) and Q.lacks(smallest & Q.generators)):
            return None
        if not any(smallest <= facets[row] for row in strict):
            faces.add(smallest)
    return _maximal(faces)
