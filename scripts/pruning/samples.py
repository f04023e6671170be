"""Points where pieces are likely to lie, and what each of them shows: shared by the ideas that look before they prove.

Two kinds of points, in equal parts, all rational and made from a seed:

* *corners*: where d hyperplanes z_i = 0, chosen at random, meet. Such a point lies in the closed pieces of both signs
  of each of these d neurons, so it shows up to 2^d assignments at once. Small cells have as many corners as large ones;
* *spread* points of the domain: random combinations of its generators, with steps of many sizes along rays and lines.
"""

from __future__ import annotations

import math
import operator
import random
from fractions import Fraction
from functools import lru_cache

from flint import fmpq_mat, fmpz_mat

from polyrelu.arithmetic.exact import ExactVector, flint_matrix, matrix_rows, primitive
from polyrelu.engines.search import FaceProblem, Node, bits
from polyrelu.polyhedra.halfspace import Halfspace

SEED = 0
_FINE = 1 << 10


@lru_cache(maxsize=2)
def sample_points(problem: FaceProblem, count: int, seed: int = SEED) -> tuple[ExactVector, ...]:
    """At most ``count`` distinct points of the domain; none if it is empty. Made once for all who ask the same."""
    if problem.domain.is_empty():
        return ()
    rng = random.Random(seed)
    spread = _Spread(problem)
    found: dict[ExactVector, None] = {}
    for k in range(count):
        point = _corner(problem, rng) if k % 2 else None
        if point is None or not _is_inside(problem, point):
            point = spread.point(rng)
        found[point] = None
    return tuple(found)


def _is_inside(problem: FaceProblem, point: ExactVector) -> bool:
    return all(row.holds(point) for row in problem.domain.halfspaces)


def _corner(problem: FaceProblem, rng: random.Random) -> ExactVector | None:
    """The point where d random hyperplanes meet, if it is one point."""
    d = problem.layer.input_dim
    if not 0 < d <= len(problem.neurons):
        return None
    forms = [problem.forms[i] for i in rng.sample(problem.neurons, d)]
    matrix: fmpq_mat = flint_matrix([form[:-1] for form in forms], d)
    if matrix.rank() < d:
        return None
    solution = matrix.solve(flint_matrix([(-form[-1],) for form in forms], 1))
    return tuple(row[0] for row in matrix_rows(solution))


class _Spread:
    """Random points of the relative interior of the domain, which belongs to it whatever rows are strict."""

    def __init__(self, problem: FaceProblem) -> None:
        vertices, rays, lines = problem.domain.generators
        self.dim = problem.layer.input_dim
        self.denominator = math.lcm(*(x.denominator for v in vertices for x in v))
        self.vertices = [[int(x * self.denominator) for x in v] for v in vertices]
        self.steps = [(primitive(ray), 1) for ray in rays] + [(primitive(line), -_FINE) for line in lines]

    def point(self, rng: random.Random) -> ExactVector:
        """A combination of all vertices, with positive weights, and steps along all rays and lines, of many sizes."""
        weights = [rng.randrange(1, _FINE) ** 2 for _ in self.vertices]
        unit = self.denominator * sum(weights)
        total = [sum(map(operator.mul, weights, column)) for column in zip(*self.vertices, strict=True)]
        total = [_FINE * v for v in total]
        size = unit * 2 ** rng.randrange(7)
        for vector, least in self.steps:
            step = size * rng.randrange(least, _FINE)
            total = [t + step * v for t, v in zip(total, vector, strict=True)]
        return tuple(Fraction(t, _FINE * unit) for t in total)


def _holds(row: Halfspace, excess: int) -> bool:
    """Whether a row holds where its left side exceeds the right one by a positive multiple of this."""
    return excess == 0 if row.relation == "==" else (excess < 0 if row.relation == "<" else excess <= 0)


class Witnesses:
    """Points of the domain, and for each sign of each neuron the set of those that have it, as a bit mask of points.

    A point with z_i = 0 has both signs. The points of a node are the intersection of the sets of its signs; that takes
    one operation a sign for all points at once, so nothing needs to be kept for each node.

    Attributes:
        points: the points; point k is bit k of every mask.
    """

    def __init__(self, problem: FaceProblem) -> None:
        self.problem = problem
        self.points: list[ExactVector] = []
        size = problem.layer.output_dim
        self._silent, self._active = [0] * size, [0] * size
        self._by_violations: dict[int, int] = {}
        self._known: set[ExactVector] = set()
        self._forms = fmpz_mat(size, problem.layer.input_dim + 1, [v for form in problem.forms for v in form])
        rows = problem.wanted.halfspaces
        # For each neuron the rows that are met once its a is large, if that breaks no other row.
        self._mends: dict[int, int] = {}
        for u in bits(problem.seen):
            if all(row.normal[u] == 0 if row.relation == "==" else row.normal[u] <= 0 for row in rows):
                self._mends[u] = sum(1 << k for k, row in enumerate(rows) if row.normal[u] < 0)

    @classmethod
    def sampled(cls, problem: FaceProblem, count: int, seed: int = SEED) -> Witnesses:
        """Those of :func:`sample_points`."""
        witnesses = cls(problem)
        for point in sample_points(problem, count, seed):
            witnesses._keep(point)
        return witnesses

    def add(self, point: ExactVector) -> None:
        """Look at a point, exactly; one outside the domain, or known, is not kept."""
        if point not in self._known and _is_inside(self.problem, point):
            self._keep(point)

    def _keep(self, point: ExactVector) -> None:
        problem = self.problem
        bit = 1 << len(self.points)
        self.points.append(point)
        self._known.add(point)
        scale = math.lcm(*(v.denominator for v in point))
        column = fmpz_mat([[int(v * scale)] for v in (*point, 1)])
        after = []
        for i, (value,) in enumerate((self._forms * column).table()):
            z = int(value)  # times unit
            if z >= 0:
                self._active[i] |= bit
            if z <= 0:
                self._silent[i] |= bit
            after.append(max(z, 0) if problem.mask >> i & 1 else z)
        unit = problem.scale * scale
        broken = sum(
            1 << k
            for k, row in enumerate(problem.wanted.halfspaces)
            if not _holds(row, sum(map(operator.mul, row.normal, after)) - row.offset * unit)
        )
        self._by_violations[broken] = self._by_violations.get(broken, 0) | bit

    def of(self, node: Node) -> int:
        """The points that have the node's signs."""
        common = (1 << len(self.points)) - 1
        for i in bits(node.active):
            common &= self._active[i]
        for i in bits(node.silent):
            common &= self._silent[i]
        return common

    def in_a_piece(self, node: Node) -> int:
        """The points of pieces below the node."""
        return self.of(node) & self._by_violations.get(0, 0)

    def in_the_relaxation(self, node: Node) -> int:
        """Points x that solve the node's relaxation, with a_u = relu(z_u) or larger where that meets rows of P.

        An undecided neuron that enters some rows negatively and none otherwise, no equality at all, has an a_u that may
        be as large as these rows need.
        """
        mended = 0
        for u in bits(self.problem.undecided(node)):
            mended |= self._mends.get(u, 0)
        solving = 0
        for broken, points in self._by_violations.items():
            if not broken & ~mended:
                solving |= points
        return solving & self.of(node) if solving else 0

    def balance(self, points: int, neuron: int) -> int:
        """How many of these points lie on the neuron's smaller side; those on the hyperplane are on neither."""
        active = (points & ~self._silent[neuron]).bit_count()
        silent = (points & ~self._active[neuron]).bit_count()
        return min(active, silent)
