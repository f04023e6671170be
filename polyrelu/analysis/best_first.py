r"""The smallest value of a goal, by dividing its inputs and setting aside what is certainly no better.

A part is a box of inputs and the signs of some neurons on it. Certified bounds (:mod:`polyrelu.bounds.linear`) say what
enters each neuron there, linear rows what the target and the signs leave of the box
(:mod:`polyrelu.analysis.relaxed_rows`), and multipliers how small the goal may be
(:mod:`polyrelu.analysis.goals`). The part with the least bound is divided first: by the neuron in doubt that makes the
bound worst, or by an input where there are few inputs and many such neurons. Where no neuron is in doubt, the goal is
linear or a distance on a polyhedron, and its optimum is found exactly (:mod:`polyrelu.analysis.exact_optimum`).

It comes to its end: inputs are divided only as long as that settles neurons, and once a neuron is divided, neurons are
until none is in doubt.

So nothing is enumerated that bounds can exclude. Floats that are near the best value decide nothing: there the bound is
taken in exact arithmetic, and where that is no help the part is divided until it is exact.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from polyrelu.analysis.combined_rows import combined_row
from polyrelu.analysis.dividing import can_be_cut, costliest, hardest, steepest, with_signs
from polyrelu.analysis.exact_optimum import Optimum, Question
from polyrelu.analysis.goals import Evidence, ExactRow
from polyrelu.analysis.lifted_programs import Lifted, propose_lifted
from polyrelu.analysis.nearest import attained_at
from polyrelu.analysis.programs import Proposal, propose
from polyrelu.analysis.proof_trees import Claims, Part, Problem, WrongProof, exact_rows
from polyrelu.analysis.relaxed_rows import Relaxation, Rows, Split
from polyrelu.arithmetic.exact import ExactVector, FloatArray, enclosing_floats, nearest_floats
from polyrelu.arithmetic.float_lp import most_room
from polyrelu.bounds.linear import Enclosure
from polyrelu.bounds.relaxation import relu_lines
from polyrelu.errors import BudgetExceeded
from polyrelu.networks.network import Network
from polyrelu.polyhedra.halfspace import Halfspace, Relation
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support.limits import check
from polyrelu.support.progress import progress_bar

_FEW_INPUTS = 8
_FEW_NEURONS = 8
_FEW_DOUBTFUL = 3  # with so many neurons in doubt, or fewer, signs are divided rather than inputs
_PATIENCE = 2  # for each input, halvings in a row that settle no neuron
_MOST_LIFTED = 200  # neurons in doubt, for programs in what they return
_AT_ONCE = 32
_CLEAR = 2.0**-32  # a bound that is better by so much is clearly better
_DENOMINATORS = 2**20
_STEPS = np.linspace(1.0, 0.0, 33)  # of the way from the best point to one that is nearer


class Best(NamedTuple):
    """The best value so far; smaller ones are better, and of equal ones those that are attained.

    Attributes:
        cost: the value.
        is_open: whether no point is known at which it is attained: it is the limit of values.
        point: where; of the closure if it is open.
    """

    cost: Fraction
    is_open: bool
    point: ExactVector


@dataclass(frozen=True, eq=False)
class Sets:
    """The sets that are meant, whose rows may be strict.

    Attributes:
        domain: of inputs.
        network: maps them to where the target is.
        target: of outputs.
    """

    domain: Polyhedron
    network: Network
    target: Polyhedron

    @cached_property
    def are_closed(self) -> bool:
        """Whether no row is strict."""
        return self.domain.is_closed_form and self.target.is_closed_form

    def contain(self, point: ExactVector) -> bool:
        """Whether a point is in the domain, and its value in the target."""
        if not self.domain.contains(point):
            return False
        return not self.target.halfspaces or bool(self.target.contains(self.network.evaluate([point])[0]))


def one_sided(rows: Iterable[Halfspace]) -> tuple[Halfspace, ...]:
    """Rows, of which each equality is two inequalities."""
    found: list[Halfspace] = []
    for row in rows:
        sides = (1, -1) if row.relation == "==" else (1,)
        relation: Relation = "<" if row.relation == "<" else "<="
        found += [Halfspace(tuple(s * v for v in row.normal), s * row.offset, relation) for s in sides]
    return tuple(found)


@dataclass
class Counts:
    """What a search did.

    Attributes:
        parts: how many parts were bounded.
        excluded: how many were set aside by bounds.
        programs: linear or quadratic programs in floats, each checked.
        exact: parts whose optimum was found exactly.
    """

    parts: int = 0
    excluded: int = 0
    programs: int = 0
    exact: int = 0


@dataclass(frozen=True, eq=False)
class _Open:
    """A part that is to be divided.

    Attributes:
        part: the part.
        known: enclosures of all layers on it, one row each.
        doubtful: how many neurons are in doubt on it.
        idle: halvings in a row, down to it, that settled none.
        split: the neuron to divide it by; None where it is an input,
        along: which one.
    """

    part: Part
    known: tuple[Enclosure, ...]
    doubtful: int
    idle: int
    split: Split | None
    along: int = -1


@dataclass(eq=False)
class Search:
    """Looks for the smallest value.

    Args:
        problem: the problem, on a box that ends everywhere.
        low, high: a box of floats around the domain.
        sets: the sets that are meant, of which the problem has the closures.
        limit: the most parts to bound.
        progress: show a bar.

    Attributes:
        best: the best value so far.
        root: the tree of all parts, which is a proof of the value once the search has come to its end.
        counts: what it did.
    """

    problem: Problem
    low: FloatArray
    high: FloatArray
    sets: Sets
    limit: int
    progress: bool | None = None
    best: Best | None = None
    counts: Counts = field(default_factory=Counts)
    _waiting: list[tuple[float, int, _Open]] = field(default_factory=list)
    _numbers: itertools.count[int] = field(default_factory=itertools.count)
    _pending: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        with np.errstate(all="ignore"):
            low, high = self._near(self.low, self.high, self._reach())
        self.root = Part(low, high, ())
        self.started = False

    # -- what it stands on --------------------------------------------------------------------------------------------

    @cached_property
    def _relaxation(self) -> Relaxation:
        return Relaxation(self.problem.layers, self.problem.domain_rows)

    @cached_property
    def _has_few_inputs(self) -> bool:
        """Whether there are few inputs, and more neurons than a handful, of which all signs can be tried."""
        return len(self.low) <= _FEW_INPUTS and sum(int(mask.sum()) for mask in self._relaxation.masks) > _FEW_NEURONS

    @property
    def least(self) -> float:
        """A certified lower bound of the goal, so far."""
        bounds = [bound for bound, _, _ in self._waiting[:1]] + self._pending
        if not self.started:
            return -np.inf
        return min(bounds, default=np.inf)

    # -- the search ---------------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Find the smallest value. A KeyboardInterrupt passes through; what was found until then stays.

        Raises:
            BudgetExceeded: there are more than ``limit`` parts.
        """
        with np.errstate(all="ignore"), progress_bar(self.progress, desc="parts") as bar:
            if not self.started:
                self._pending = [-np.inf]
                self.started = True
                self._bound([self.root], None)
            while self._waiting:
                batch = self._batch()
                self._pending = [bound for bound, _, _ in batch]
                self._divide([own for _, _, own in batch])
                bar.update(self.counts.parts - bar.n)
            self._pending = []

    def _batch(self) -> list[tuple[float, int, _Open]]:
        most = _AT_ONCE if self._has_few_inputs else 1
        return [heapq.heappop(self._waiting) for _ in range(min(len(self._waiting), most))]

    def _divide(self, batch: Sequence[_Open]) -> None:
        parts: list[Part] = []
        above: list[_Open] = []
        reach = self._reach()
        for own in batch:
            children = tuple(self._children(own, reach))
            own.part.parts = children
            parts += children
            above += [replace(own, known=with_signs(own.known, child.splits)) for child in children]
        if parts:
            self._bound(parts, above)

    def _children(self, own: _Open, reach: float) -> list[Part]:
        part = own.part
        if own.split is not None:
            low, high = self._near(part.low, part.high, reach)
            other = own.split._replace(is_active=not own.split.is_active)
            return [Part(low, high, (*part.splits, split)) for split in (own.split, other)]
        j = own.along
        middle = 0.5 * part.low[j] + 0.5 * part.high[j]
        upper, lower = part.high.copy(), part.low.copy()
        upper[j] = lower[j] = middle
        part.cut = j, float(middle)
        halves = ((part.low, upper), (lower, part.high))
        return [Part(*self._near(*half, reach), part.splits) for half in halves]

    def _reach(self) -> float:
        """How far coordinates of better points may be from the goal's, a float no smaller."""
        far = None if self.best is None else self.problem.goal.reach(self.best.cost)
        return np.inf if far is None else enclosing_floats(far)[1]

    def _near(self, low: FloatArray, high: FloatArray, reach: float) -> tuple[FloatArray, FloatArray]:
        """The part of a box in which points can be better than the best so far."""
        if reach == np.inf:
            return low, high
        p = self.problem.goal.near
        below = np.nextafter(np.nextafter(p, -np.inf) - reach, -np.inf)
        above = np.nextafter(np.nextafter(p, np.inf) + reach, np.inf)
        return np.maximum(low, below), np.minimum(high, above)

    def _bound(self, parts: Sequence[Part], above: Sequence[_Open] | None) -> None:
        """Bound parts of others, and keep those that may be better than the best."""
        there = [k for k, part in enumerate(parts) if (part.low <= part.high).all()]
        if not there:
            return
        self.counts.parts += len(there)
        if self.counts.parts > self.limit:
            raise BudgetExceeded(
                f"search: {self.limit} parts were bounded, the limit; raise limit=, or make the domain smaller"
            )
        low, high = (np.stack([getattr(parts[k], end) for k in there]) for end in ("low", "high"))
        known = None
        if above is not None:
            known = tuple(
                Enclosure(
                    *(np.concatenate([getattr(above[k].known[depth], end) for k in there]) for end in ("low", "high"))
                )
                for depth in range(len(self.problem.layers))
            )
        found, slopes = self._relaxation.bounds(low, high, known)
        for row, k in enumerate(there):
            check()
            own = tuple(layer.chosen(np.array([row])) for layer in found)
            self._keep(parts[k], None if above is None else above[k], own, slopes[row])

    def _keep(self, part: Part, above: _Open | None, known: tuple[Enclosure, ...], slopes: FloatArray) -> None:
        """Set a part aside if it is no better than the best, finish it if it is exact, or let it wait."""
        part.claims = tuple(_claims(own, None if above is None else above.known[k]) for k, own in enumerate(known))
        first = self.problem.first
        rows_low = known[-1].low[0]
        if any((own.low > own.high).any() for own in known) or (rows_low[first:] > 0).any():
            self.counts.excluded += 1
            return
        bound = float(rows_low[0]) if first else -np.inf
        if first and self._is_clear(bound) and self._is_no_better(Fraction(bound)):
            self.counts.excluded += 1
            return
        doubtful = [_doubtful(own, mask) for own, mask in zip(known[:-1], self._relaxation.masks, strict=False)]
        count = sum(int(own.sum()) for own in doubtful)
        idle = 0 if above is None or count < above.doubtful else above.idle + 1
        takes_inputs = count > _FEW_DOUBTFUL and not part.splits and idle <= _PATIENCE * len(part.low)
        takes_inputs = takes_inputs and self._has_few_inputs and bool(can_be_cut(part).any())
        if first and takes_inputs and not self.problem.domain_rows:  # a program has nothing to add
            self._try(np.where(slopes[0] > 0, part.low, part.high))
            self._wait(bound, _Open(part, known, count, idle, None, steepest(part, slopes[0])))
            return
        rows, part.order = self._relaxation.rows(known[:-1], part.splits, part.low, part.high)
        lifted = self._lifted(part, known) if 0 < count <= _MOST_LIFTED else None
        proposal = self._proposal(part, rows) if lifted is None else None
        if lifted is not None:
            bound = max(bound, self._excluded_by_sum(part, known, lifted))
        if proposal is not None:
            bound = max(bound, self._excluded(part, known, rows, proposal))
        if part.evidence is not None:
            self.counts.excluded += 1
            return
        said = lifted or proposal
        if said is not None and said.point is not None:
            self._try(said.point)
        if not any(own.any() for own in doubtful):
            self._finish(part, known, proposal)
            return
        if lifted is not None and not takes_inputs:
            self._wait(bound, _Open(part, known, count, idle, costliest(doubtful, lifted)))
            return
        weights = self._weights(rows, proposal)
        if takes_inputs:
            self._wait(bound, _Open(part, known, count, idle, None, steepest(part, weights @ rows.values)))
        else:
            self._wait(bound, _Open(part, known, count, idle, hardest(known, doubtful, rows, weights)))

    def _wait(self, bound: float, own: _Open) -> None:
        """Let a part wait; of equal bounds the latest goes first."""
        heapq.heappush(self._waiting, (bound, -next(self._numbers), own))

    # -- bounds -------------------------------------------------------------------------------------------------------

    def _proposal(self, part: Part, rows: Rows) -> Proposal | None:
        self.counts.programs += 1
        return propose(self.problem.goal, rows, part.low, part.high)

    def _excluded(self, part: Part, known: tuple[Enclosure, ...], rows: Rows, proposal: Proposal) -> float:
        """A bound of the goal on a part; with evidence for the part if it is no better than the best."""
        goal, low, high = self.problem.goal, part.low, part.high
        multipliers, is_empty = proposal.multipliers, proposal.point is None
        if is_empty:
            if goal.bound(rows, multipliers, None, low, high) > 0:
                part.evidence = Evidence(_exact(multipliers), None, True)
            return -np.inf
        support = None
        if goal.norm is not None:
            support = goal.support(multipliers @ rows.values, low, high)
        bound = goal.bound(rows, multipliers, support, low, high)
        if self._is_clear(bound):
            if self._is_no_better(Fraction(bound)):
                part.evidence = Evidence(_exact(multipliers), None if support is None else _exact(support))
        elif self.best is not None and self._is_near(bound):
            self._excluded_exactly(part, known, multipliers, support)
        return bound

    def _lifted(self, part: Part, known: tuple[Enclosure, ...]) -> Lifted | None:
        """What a program in the neurons in doubt says, where there is one: of no other norm, and no rows on inputs."""
        if self.problem.domain_rows or self.problem.goal.norm not in (None, "linf"):
            return None
        self.counts.programs += 1
        layers = self.problem.layers
        return propose_lifted(self.problem.goal, layers, known[:-1], part.order, part.low, part.high)

    def _excluded_by_sum(self, part: Part, known: tuple[Enclosure, ...], lifted: Lifted) -> float:
        """A bound of the goal by the sum of all rows, with evidence for the part if it is no better than the best."""
        goal, low, high = self.problem.goal, part.low, part.high
        multipliers, is_empty = lifted.multipliers, lifted.point is None
        row = combined_row(self._relaxation, known[:-1], part.order, lifted.slopes, multipliers, low, high)
        one = np.ones(1)
        support = goal.support(row.values[0], low, high) if goal.norm is not None and not is_empty else None
        bound = goal.bound(row, one, support, low, high)
        if is_empty:
            if bound > 0:
                part.evidence, part.slopes = Evidence(_exact(multipliers), None, True), lifted.slopes
            return -np.inf
        if self._is_clear(bound) and self._is_no_better(Fraction(bound)):
            part.evidence = Evidence(_exact(multipliers), None if support is None else _exact(support))
            part.slopes = lifted.slopes
        return bound

    def _excluded_exactly(
        self, part: Part, known: tuple[Enclosure, ...], multipliers: FloatArray, support: FloatArray | None
    ) -> None:
        """The same where floats are too near the best value: with multipliers of few digits, exactly."""
        try:
            lines = [
                tuple(line[0] for line in relu_lines(own.low, own.high, mask))
                for own, mask in zip(known, self._relaxation.masks, strict=True)
            ]
            rows = exact_rows(self.problem, lines, part.order)
        except WrongProof:
            return
        low, high = self.problem.within(part.low, part.high)
        if any(a > b for a, b in zip(low, high, strict=True)):
            return
        short = _short(multipliers)
        evidence = Evidence(short, None if support is None else _short(support))
        bound = self.problem.goal.exact_bound(rows, evidence, low, high)
        if bound is not None and self._is_no_better(bound):
            part.evidence = evidence

    def _is_clear(self, bound: float) -> bool:
        """Whether a bound is so far above the best value that rounding is no matter."""
        if self.best is None or not bound > -np.inf:
            return False
        best = _float(self.best.cost)
        return bound > best + _CLEAR * abs(best) + 2.0**-1000

    def _is_near(self, bound: float) -> bool:
        assert self.best is not None
        best = _float(self.best.cost)
        return bound >= best - 2.0**-20 * (1.0 + abs(best))

    def _is_no_better(self, bound: Fraction) -> bool:
        """Whether what costs at least this much can be set aside."""
        best = self.best
        return best is not None and (bound > best.cost or (bound == best.cost and not best.is_open))

    # -- points -------------------------------------------------------------------------------------------------------

    def _try(self, point: FloatArray) -> None:
        """Take a float point for the best if it is better; of distances also one on the way to it from the best."""
        candidates = point[None]
        if self.problem.goal.norm is not None and self.best is not None:
            there = nearest_floats(self.best.point)
            candidates = there + (point - there) * _STEPS[:, None]
        values = self._values(candidates)
        first = self.problem.first
        if first and self.best is not None:
            best = _float(self.best.cost)
            candidates = candidates[values[:, 0] < best - _CLEAR * abs(best)]
        elif not first:
            candidates = candidates[(values < 0).all(axis=1)]
        if len(candidates):
            self.offer(self._exact_point(candidates[0]))

    def _exact_point(self, point: FloatArray) -> ExactVector:
        """A float point, between the domain's sides."""
        ends = zip(point.tolist(), self.problem.low, self.problem.high, strict=True)
        return tuple(min(max(Fraction(v), a), b) for v, a, b in ends)

    def _values(self, points: FloatArray) -> FloatArray:
        """The rows at some points, (p, rows)."""
        for layer, mask in zip(self.problem.layers, self._relaxation.masks, strict=True):
            points = points @ layer.float_weight.T + layer.float_bias
            points = np.where(mask, np.maximum(points, 0.0), points)
        return points

    def offer(self, point: ExactVector) -> bool:
        """Take a point for the best, if it is better and belongs to the sets that are meant; says whether it was."""
        cost = self._cost(point)
        if (self.best is not None and not cost < self.best.cost) or not self.sets.contain(point):
            return False
        self.best = Best(cost, False, point)
        return True

    def offer_best(self, points: FloatArray) -> None:
        """Offer the one of some points at which a linear goal is smallest."""
        with np.errstate(all="ignore"):
            values = np.nan_to_num(self._values(points)[:, 0], nan=np.inf)
        self.offer(self._exact_point(points[int(np.argmin(values))]))

    def _cost(self, point: ExactVector) -> Fraction:
        if not self.problem.first:
            return self.problem.goal.cost(point)
        return Network(self.problem.layers).evaluate([point])[0][0]

    # -- the end of a part --------------------------------------------------------------------------------------------

    def _finish(self, part: Part, known: tuple[Enclosure, ...], proposal: Proposal | None) -> None:
        """The optimum on a part on which all neurons have signs."""
        low, high = self.problem.within(part.low, part.high)
        if any(a > b for a, b in zip(low, high, strict=True)):
            return
        self.counts.exact += 1
        lines = [
            tuple(line[0] for line in relu_lines(own.low, own.high, mask))
            for own, mask in zip(known, self._relaxation.masks, strict=True)
        ]
        rows = exact_rows(self.problem, lines, part.order)
        found = Question(self.problem.goal, rows, low, high).optimum(proposal)
        part.evidence = found.evidence
        if found.cost is not None:
            self._take(found, part, rows, proposal)

    def _take(self, found: Optimum, part: Part, rows: Sequence[ExactRow], proposal: Proposal | None) -> None:
        """Take the optimum of a part for the best, if it is."""
        assert found.cost is not None
        assert found.point is not None
        best = self.best
        if best is not None and (found.cost > best.cost or (found.cost == best.cost and not best.is_open)):
            return
        point = self._inside(found.cost, found.point, rows)
        if point is None:
            why = self._why_empty(part, rows)
            if why is not None:
                part.evidence = why
                return
        if point is not None or best is None or found.cost < best.cost:
            self.best = Best(found.cost, point is None, found.point if point is None else point)

    def _why_empty(self, part: Part, rows: Sequence[ExactRow]) -> Evidence | None:
        """Why strict rows leave nothing of a part, although its closure has points; None where they leave something."""
        problem = self.problem
        middle = most_room(*self._conditions(rows), part.low, part.high)
        if middle is not None and self.sets.contain(self._exact_point(middle.point)):
            return None
        low, high = problem.within(part.low, part.high)
        question = Question(problem.goal, rows, low, high)
        return question.why_empty(problem.strict_rows(len(part.order)), *problem.opens(low, high))

    def _conditions(self, rows: Sequence[ExactRow]) -> tuple[FloatArray, FloatArray]:
        """The rows that are conditions, in floats."""
        own = rows[self.problem.first :]
        numbers = nearest_floats(v for row in own for v in (*row.normal, row.constant))
        table = numbers.reshape(len(own), len(self.root.low) + 1)
        return table[:, :-1], table[:, -1]

    def _inside(self, cost: Fraction, point: ExactVector, rows: Sequence[ExactRow]) -> ExactVector | None:
        """A point of the sets that are meant, on a part with these rows and with this cost; None if there is none."""
        if self.sets.are_closed or self.sets.contain(point):
            return point
        goal, first, dim = self.problem.goal, self.problem.first, len(point)
        strict = self.problem.strict_rows(len(rows) - first - len(self.problem.strict))[first:]
        conditions = zip(rows[first:], strict, strict=True)
        halfspaces = [Halfspace.of(row.normal, -row.constant, "<" if own else "<=") for row, own in conditions]
        there = Polyhedron.from_halfspaces([*halfspaces, *self.sets.domain.halfspaces], dim)
        if goal.norm is not None:
            return attained_at(there, goal.point, goal.norm, cost, point)
        level = there & Polyhedron.from_halfspaces([Halfspace.of(rows[0].normal, cost - rows[0].constant, "==")], dim)
        return None if level.is_empty() else level.sample_point()

    # -- what to divide -----------------------------------------------------------------------------------------------

    def _weights(self, rows: Rows, proposal: Proposal | None) -> FloatArray:
        if proposal is None or not proposal.multipliers.any():
            return np.ones(len(rows.values))
        return proposal.multipliers


def _doubtful(own: Enclosure, mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return np.asarray(mask & (own.low[0] < 0) & (own.high[0] > 0))


def _claims(own: Enclosure, before: Enclosure | None) -> Claims:
    """What is known better than before."""
    low, high = own.low[0], own.high[0]
    better = np.isfinite(low) | np.isfinite(high)
    if before is not None:
        better = (low > before.low[0]) | (high < before.high[0])
    places = np.flatnonzero(better)
    return Claims(places, low[places], high[places])


def _float(value: Fraction) -> float:
    """The nearest float, infinite beyond their range."""
    return float(nearest_floats([value])[0])


def _exact(values: FloatArray) -> ExactVector:
    return tuple(Fraction(v) for v in values.tolist())


def _short(values: FloatArray) -> ExactVector:
    return tuple(Fraction(v).limit_denominator(_DENOMINATORS) for v in values.tolist())
