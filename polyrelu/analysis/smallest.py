"""Questions for a smallest value, in the inputs that a domain leaves free, and the searches that answer them."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from polyrelu.analysis.best_first import Best, Search, Sets, one_sided
from polyrelu.analysis.goals import Goal
from polyrelu.analysis.proof_trees import Problem
from polyrelu.arithmetic.exact import ExactVector
from polyrelu.bounds.reach import float_ends, rows_of
from polyrelu.networks.fixed_inputs import Folding
from polyrelu.networks.layer import Layer
from polyrelu.networks.network import Network
from polyrelu.polyhedra.bounding_box import box_of
from polyrelu.polyhedra.polyhedron import Polyhedron


@dataclass(frozen=True, eq=False)
class Smallest:
    """What is made small over which inputs.

    Attributes:
        layers: of a network on all inputs, whose last outputs are what the target or the form is about.
        domain: a set of inputs, not empty, of which some are free.
        goal: what is made small: a distance in the free inputs, or a linear form.
        form: of a linear goal the layer of one form of the outputs.
        target: what the outputs have to be.
    """

    layers: tuple[Layer, ...]
    domain: Polyhedron
    goal: Goal
    form: Layer | None
    target: Polyhedron

    @cached_property
    def folded(self) -> tuple[Layer, ...]:
        """The layers on the free inputs."""
        folding = Folding.of(self.domain)
        return self.layers if folding is None else folding.layers(self.layers)

    @cached_property
    def free(self) -> Polyhedron:
        """The domain in its free inputs."""
        return self.domain.unfixed()

    @property
    def rows(self) -> Layer:
        """The layer of the goal and of the target's rows."""
        if self.form is not None:
            return self.form
        return rows_of(Polyhedron.from_halfspaces(one_sided(self.target.halfspaces), self.target.ambient_dim))

    def problem(self, cost: Fraction | None = None) -> Problem:
        """The problem, on a box that ends everywhere; ``cost`` is one that is reached, and may be needed for that."""
        closed = self.free.closure()
        low, high = box_of(closed) if not closed.sides.is_bounded else _box_of_sides(closed)
        far = None if cost is None else self.goal.reach(cost)
        if far is not None:
            low = [max(a, v - far) for a, v in zip(low, self.goal.point, strict=True)]
            high = [min(b, v + far) for b, v in zip(high, self.goal.point, strict=True)]
        others = one_sided(self.free.halfspaces[i] for i in self.free.sides.others)
        ends = tuple(Fraction(v) for v in low), tuple(Fraction(v) for v in high)
        targets = () if self.form is not None else one_sided(self.target.halfspaces)
        sides = ((self.free.sides.low, ends[0]), (self.free.sides.high, ends[1]))
        opens = [frozenset(j for j, own in at.items() if own.is_open and own.value == end[j]) for at, end in sides]
        strict = tuple(row.relation == "<" for row in (*targets, *others))
        return Problem((*self.folded, self.rows), self.goal, others, *ends, strict, *opens)

    def search(self, limit: int, progress: bool | None, best: Best | None) -> Search:
        """The search, with a best value that is known."""
        problem = self.problem(None if best is None else best.cost)
        box = Polyhedron.box(problem.low, problem.high)
        low, high = float_ends(box.sides)
        sets = Sets(self.free, Network(self.folded), self.target)
        return Search(problem, low, high, sets, limit, progress, best)

    def lift(self, point: ExactVector) -> ExactVector:
        """A point of the free inputs with the constant ones."""
        return self.domain.sides.lift(point)


def _box_of_sides(polyhedron: Polyhedron) -> tuple[list[Fraction], list[Fraction]]:
    sides, dims = polyhedron.sides, range(polyhedron.ambient_dim)
    return [sides.low[j].value for j in dims], [sides.high[j].value for j in dims]
