"""The smallest value of a network with one output, where cells can be listed: down from region to region.

On the region of a point the output is affine, and a linear program finds its smallest value there. Then it is asked
whether any input has a smaller one (:func:`polyrelu.analysis.verify.verify`): a point of another region, to go on from,
or the proof that there is none. Each region is left for good, so this ends; as a rule after a few steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from polyrelu.analysis.verify import Verification, verify
from polyrelu.arithmetic.exact import ExactVector, exact, nearest_floats, primitive
from polyrelu.arithmetic.lp import Row, Status, maximise
from polyrelu.bounds.linear import LinearBounds
from polyrelu.bounds.reach import float_ends
from polyrelu.networks.network import Network
from polyrelu.networks.pattern_cells import pattern_cell
from polyrelu.polyhedra.halfspace import Halfspace, Relation
from polyrelu.polyhedra.polyhedron import Polyhedron

_SEED, _DRAWN = 6, 1024


@dataclass(eq=False)
class Descent:
    """Goes down to the smallest value.

    Args:
        network: R^d -> R.
        domain: not empty.
        progress: show a bar.

    Attributes:
        value: the smallest value so far; None before there is one, and where there is no end.
        point: where it is, in the domain's closure; where there is no end, the beginning of ``ray``.
        ray: a direction along which the output falls without end, if there is one.
        attained: whether the point is known to belong to the domain.
        complete: whether nothing is below.
        steps, boxes, cells: how many points it went down from, and what was bounded or split in between.
    """

    network: Network
    domain: Polyhedron
    progress: bool | None = None
    value: Fraction | None = None
    point: ExactVector | None = None
    ray: ExactVector | None = None
    attained: bool = False
    complete: bool = False
    steps: int = 0
    boxes: int = 0
    cells: int = 0

    def run(self) -> None:
        """Go down to the end. A KeyboardInterrupt passes through; what was found until then stays.

        Raises:
            BudgetExceeded: cells get too large.

        Cost: for each step a linear program in the inputs, and a question for :func:`verify`.
        """
        self._go_down(self._begin())
        while self.ray is None and (below := self._asked("<").point) is not None:
            self._go_down(below)
        if not self.attained and self.ray is None:
            there = self._asked("<=").point
            if there is not None:
                self.point, self.attained = there, True
        self.complete = True

    def least(self) -> float:
        """A float that no value is below, by bounds of the whole domain."""
        with np.errstate(all="ignore"):
            low, high = float_ends(self.domain.sides)
            return float(LinearBounds(self.network.layers).over(low[None], high[None]).layers[-1].low[0, 0])

    def _begin(self) -> ExactVector:
        """The best of some points of the domain, of which one is always there."""
        known = self.domain.sample_point()
        low, high = float_ends(self.domain.sides)
        if not np.isfinite(low).all() or not np.isfinite(high).all():
            return known
        with np.errstate(all="ignore"):
            drawn = np.random.default_rng(_SEED).uniform(0.0, 1.0, (_DRAWN, len(low)))
            drawn[: _DRAWN // 2] = drawn[: _DRAWN // 2].round()
            points = low * (1.0 - drawn) + high * drawn
            points = np.concatenate([nearest_floats(known)[None], points[self.domain.contains_floats(points)]])
            best = int(np.argmin(np.nan_to_num(np.asarray(self.network(points), dtype=np.float64)[:, 0], nan=np.inf)))
        point = tuple(map(exact, points[best].tolist())) if best else known
        return point if self.domain.contains(point) else known

    def _go_down(self, point: ExactVector) -> None:
        """Find the smallest value on the region of a point of the domain."""
        self.steps += 1
        signs = self.network.activation_pattern(point)
        ((row,), (constant,)) = self.network.affine_map(signs)
        region = pattern_cell(self.network.layers, signs, self.domain.closure())
        down = primitive([-v for v in row])
        unequal: list[Row] = [(h.normal, h.offset) for h in region.halfspaces if h.relation != "=="]
        equal: list[Row] = [(h.normal, h.offset) for h in region.halfspaces if h.relation == "=="]
        found = maximise(down, unequal, equal)
        if found.status is Status.UNBOUNDED:
            self.value, self.point, self.attained = None, point, False
            self.ray = _ray(down, unequal, equal)
            return
        assert found.point is not None, "the region has a point"
        self.point = found.point
        self.value = sum((a * b for a, b in zip(row, found.point, strict=True)), constant)
        self.attained = bool(self.domain.contains(found.point))

    def _asked(self, relation: Relation) -> Verification:
        """Whether some input has a value below the smallest so far, or as small."""
        assert self.value is not None
        target = Polyhedron.from_halfspaces([Halfspace.of([1], self.value, relation)], 1)
        found = verify(self.network, target, domain=self.domain, progress=self.progress)
        self.boxes += found.boxes
        self.cells += found.cells
        return found


def _ray(down: Sequence[int], unequal: Sequence[Row], equal: Sequence[Row]) -> ExactVector:
    """The ray of a polyhedron that goes down the most, among those with coordinates of at most 1."""
    rows: list[Row] = [(normal, 0) for normal, _ in unequal]
    rows += [([sign * int(i == j) for i in range(len(down))], 1) for j in range(len(down)) for sign in (1, -1)]
    found = maximise(down, rows, [(normal, 0) for normal, _ in equal])
    assert found.point is not None, "zero is one"
    return found.point
