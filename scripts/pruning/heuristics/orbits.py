r"""Symmetric weights, part two: exact symmetries of the question; one piece of each orbit is searched.

A symmetry is an affine map x -> g(x) and a permutation of the coordinates with :math:`z_{\pi(i)}(g(x)) = z_i(x)`, the
ReLU on the same coordinates, that maps the rows of P to rows of P and those of the domain to those of the domain. Then
x lies in the piece of an assignment iff g(x) lies in that of the permuted one. The symmetries form a group.

**Finding them.** If W has rank d, choose d neurons with independent weights. Their images determine g, one linear
system, and g determines all: each form must become one of the forms. Equal forms are matched in their order. So all
d-tuples of images are tried that look alike to P, and every candidate is checked exactly.

**Searching.** Write an assignment as a word of signs in the order of the neurons, silent before active. A node is
discarded when some symmetry certainly makes the words below it smaller: the permuted word is equal up to a neuron where
it is smaller, all these decided. The smallest assignment of an orbit is never discarded, since no symmetry makes it
smaller, and every other one is, at the latest as a whole. For each piece found the search is told its images, with the
mapped point as proof (:meth:`~polyrelu.engines.search.Heuristic.images`).

Sound: all pieces are found, the smallest of each orbit by the search, the others as its images. Cost: at most
``CANDIDATES`` linear systems once (with more nothing is done, nor with rank W < d), then n steps for each symmetry at
every node.

The gain is bounded by the order of the group, and weights that were learnt have none. A rational 2 x 2 matrix of finite
order has order 1, 2, 3, 4 or 6, so weights along a regular polygon with five corners, or seven, have no rotation left
once their coordinates are rounded to floats. Triangles, squares and hexagons, half-turns and mirror images may survive.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from typing import NamedTuple

from flint import fmpq_mat

from polyrelu.arithmetic.exact import ExactMatrix, ExactVector, flint_matrix, matrix_rows, row_echelon
from polyrelu.engines.search import Answer, FaceProblem, FaceSearch, Feasibility, Heuristic, Node, Together, bits
from polyrelu.polyhedra.halfspace import Halfspace

CANDIDATES = 20_000


class Symmetry(NamedTuple):
    """A symmetry other than the identity.

    Attributes:
        permutation: for each coordinate its image.
        map: d rows (G, h) for g(x) = G x + h.
    """

    permutation: tuple[int, ...]
    map: ExactMatrix

    def image(self, node: Node) -> Node:
        """The permuted assignment, with the mapped point."""
        active = sum(1 << self.permutation[i] for i in bits(node.active))
        silent = sum(1 << self.permutation[i] for i in bits(node.silent))
        point = node.answer.point if node.answer is not None else None
        return Node(active, silent, answer=None if point is None else Answer(True, self.moved(point)))

    def moved(self, point: ExactVector) -> ExactVector:
        """g(x)."""
        return tuple(sum((v * x for v, x in zip(row[:-1], point, strict=True)), row[-1]) for row in self.map)


class Orbits(Heuristic):
    """One piece of each orbit is searched, the others are its images."""

    def begin(self, search: FaceSearch) -> None:
        """Find the symmetries."""
        super().begin(search)
        self.symmetries = symmetries(search.problem)
        inverses = [{j: i for i, j in enumerate(symmetry.permutation)} for symmetry in self.symmetries]
        neurons = search.problem.neurons
        self._sources = [[(1 << j, 1 << inverse[j]) for j in neurons if inverse[j] != j] for inverse in inverses]

    def discard(self, node: Node) -> bool:
        """Whether some symmetry makes the assignments below smaller."""
        return any(self._gets_smaller(node, sources) for sources in self._sources)

    def images(self, node: Node) -> Iterable[Node]:
        """The rest of the orbit."""
        return (symmetry.image(node) for symmetry in self.symmetries)

    @staticmethod
    def _gets_smaller(node: Node, sources: Sequence[tuple[int, int]]) -> bool:
        decided, active = node.decided, node.active
        for here, source in sources:
            if not (decided & here and decided & source):
                return False
            before, after = bool(active & here), bool(active & source)
            if before != after:
                return before
        return False


def symmetries(problem: FaceProblem) -> list[Symmetry]:
    """All symmetries but the identity, as the module describes; none where they are not looked for."""
    layer, d = problem.layer, problem.layer.input_dim
    weights = flint_matrix(layer.rows, d)
    if not d or weights.rank() < d:
        return []
    _, basis = row_echelon(matrix_rows(weights.transpose()), layer.output_dim)
    alike: dict[object, list[int]] = {}
    looks = [_look(problem, i) for i in range(layer.output_dim)]
    for i, look in enumerate(looks):
        alike.setdefault(look, []).append(i)
    choices = [alike[looks[i]] for i in basis]
    if math.prod(map(len, choices)) > CANDIDATES:
        return []
    source = _augmented(problem, basis)
    found = []
    for images in itertools.product(*choices):
        if len(set(images)) == d:
            target = _augmented(problem, images)
            if target.det():
                symmetry = _symmetry(problem, target.solve(source))
                if symmetry is not None:
                    found.append(symmetry)
    return found


def _look(problem: FaceProblem, coordinate: int) -> object:
    """What a symmetry keeps of a coordinate: the ReLU, and its coefficients in P in any order of the rows."""
    rows = [(row.normal[coordinate], row.offset, row.relation) for row in problem.wanted.halfspaces]
    signed = [(abs(p), abs(q), r) if r == "==" else (p, q, r) for p, q, r in rows]  # an equality has no direction
    return problem.mask >> coordinate & 1, tuple(sorted(signed))


def _augmented(problem: FaceProblem, coordinates: Sequence[int]) -> fmpq_mat:
    """The forms of d coordinates, and (0, ..., 0, 1) below."""
    d = problem.layer.input_dim
    return flint_matrix([*(problem.forms[i] for i in coordinates), (*(0,) * d, 1)], d + 1)


def _symmetry(problem: FaceProblem, affine: fmpq_mat) -> Symmetry | None:
    """The symmetry with this map x -> G x + h, if it is one and not the identity."""
    n, d = problem.layer.output_dim, problem.layer.input_dim
    places: dict[tuple[object, ExactVector], Iterator[int]] = {}
    by_form: dict[tuple[object, ExactVector], list[int]] = {}
    for i, form in enumerate(problem.forms):
        by_form.setdefault((problem.mask >> i & 1, tuple(map(Fraction, form))), []).append(i)
    places = {key: iter(members) for key, members in by_form.items()}
    permutation = [-1] * n
    for j, pulled in enumerate(matrix_rows(flint_matrix(problem.forms, d + 1) * affine)):
        i = next(places.get((problem.mask >> j & 1, pulled), iter(())), None)
        if i is None:
            return None
        permutation[i] = j
    moved = {_permuted(row, permutation) for row in problem.wanted.halfspaces}
    pulled_domain = {_pulled(row, affine) for row in problem.domain.halfspaces}
    if moved != set(problem.wanted.halfspaces) or pulled_domain != set(problem.domain.halfspaces):
        return None
    if permutation == list(range(n)):
        return None
    return Symmetry(tuple(permutation), matrix_rows(affine)[:d])


def _permuted(row: Halfspace, permutation: Sequence[int]) -> Halfspace:
    normal = [0] * len(permutation)
    for i, j in enumerate(permutation):
        normal[j] = row.normal[i]
    return Halfspace.of(normal, row.offset, row.relation)


def _pulled(row: Halfspace, affine: fmpq_mat) -> Halfspace:
    """The row at g(x) as a row of x."""
    d = len(row.normal)
    ((*normal, constant),) = matrix_rows(flint_matrix([(*row.normal, -row.offset)], d + 1) * affine)
    return Halfspace.of(normal, -constant, row.relation)


HEURISTICS = [Orbits, lambda: Together(Orbits(), Feasibility(), name="feasibility, orbits")]
