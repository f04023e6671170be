r"""Checks proofs that nothing is smaller: exactly, and without the search that found them.

Of a tree of parts (:mod:`polyrelu.analysis.proof_trees`) it is checked that the root covers the domain, the parts of a
part all of it, that each claim follows from those of the part above and of the layers before, by intervals or by one
linear form, and that each part that is not divided has evidence enough. The lines around a ReLU come from
:mod:`polyrelu.bounds.relaxation`, and are held against both ends here; nothing else of the search is used.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from polyrelu.analysis.exact_forms import Box, Forms, entering
from polyrelu.analysis.goals import Evidence, ExactRow, combination
from polyrelu.analysis.proof_trees import (
    Claims,
    Part,
    Problem,
    WrongProof,
    exact_rows,
    exact_sum,
    passed,
)
from polyrelu.analysis.relaxed_rows import Split
from polyrelu.arithmetic.exact import ExactVector, FloatArray
from polyrelu.bounds.relaxation import relu_lines
from polyrelu.support.limits import check

_ZERO = Fraction(0)


@dataclass(frozen=True, eq=False)
class _Known:
    """What is known of all layers on a part: ends in floats, NaN-free, infinite where nothing is known."""

    low: list[FloatArray]
    high: list[FloatArray]

    def with_split(self, split: Split) -> _Known:
        """The same where a neuron has a sign."""
        low, high = list(self.low), list(self.high)
        own = (low if split.is_active else high)[split.depth].copy()
        own[split.neuron] = max(own[split.neuron], 0.0) if split.is_active else min(own[split.neuron], 0.0)
        (low if split.is_active else high)[split.depth] = own
        return _Known(low, high)


@dataclass(frozen=True, eq=False)
class Checker:
    """Checks a proof that no input has a smaller cost.

    Args:
        problem: the problem.
        cost: the cost that no input falls short of.
        reach: how far coordinates may be from the goal's point, in the norm's units; None where there is no norm.
    """

    problem: Problem
    cost: Fraction
    checked: list[int] = field(default_factory=lambda: [0])

    def check(self, root: Part) -> int:
        """Check a whole proof; returns the number of its parts.

        Raises:
            WrongProof: it proves nothing.
        """
        problem = self.problem
        infinite = [np.full(layer.output_dim, np.inf) for layer in problem.layers]
        self._covers(root, *self._needed(problem.low, problem.high), "the root")
        if root.splits:
            raise WrongProof("the root has splits")
        waiting = [(root, _Known([-own for own in infinite], infinite))]
        while waiting:
            check()
            part, above = waiting.pop()
            waiting += self._part(part, above)
            self.checked[0] += 1
        return self.checked[0]

    def _needed(self, low: ExactVector, high: ExactVector) -> tuple[ExactVector, ExactVector]:
        """Where a smaller cost may be in a box: no further from the goal's point than that."""
        goal = self.problem.goal
        near = goal.reach(self.cost)
        if near is None:
            return low, high
        if goal.norm == "l2" and near**2 < 2 * self.cost:
            raise WrongProof("the reach is too short")
        return (
            tuple(max(a, v - near) for a, v in zip(low, goal.point, strict=True)),
            tuple(min(b, v + near) for b, v in zip(high, goal.point, strict=True)),
        )

    @staticmethod
    def _covers(part: Part, low: ExactVector, high: ExactVector, what: str) -> None:
        if any(a > b for a, b in zip(low, high, strict=True)):
            return
        ends = zip(part.low.tolist(), low, high, part.high.tolist(), strict=True)
        if not all(a <= b and c <= d for a, b, c, d in ends):
            raise WrongProof(f"{what} does not cover its share of the domain")

    def _part(self, part: Part, above: _Known) -> list[tuple[Part, _Known]]:
        low, high = self.problem.within(part.low, part.high)
        opens = frozenset[int]().union(*self.problem.opens(low, high))
        if any(a > b or (a == b and j in opens) for j, (a, b) in enumerate(zip(low, high, strict=True))):
            return []
        known, lines = self._claims(part, above, low, high)
        if known is None:
            return []
        if part.parts:
            return self._divided(part, known, low, high)
        last_low = known.low[-1]
        if part.evidence is None:
            settled = self.problem.first and last_low[0] > -np.inf and Fraction(float(last_low[0])) >= self.cost
            if settled or (last_low[self.problem.first :] > 0).any():
                return []
            raise WrongProof("a part without evidence is not settled by its claims")
        if set(part.order) != set(part.splits) or [s.depth for s in part.order] != sorted(
            (s.depth for s in part.order), reverse=True
        ):
            raise WrongProof("the splits of some evidence are not those of its part")
        rows, evidence = self._rows_of(part, part.evidence, known, lines)
        bound = self.problem.goal.exact_bound(rows, evidence, low, high)
        if evidence.is_empty:
            normal = combination(rows, evidence.multipliers, len(low))
            strict = bound == 0 and self._is_strict(part, part.evidence.multipliers, normal, low, high)
            enough = bound is not None and (bound > 0 or strict)
        else:
            enough = bound is not None and bound >= self.cost
        if not enough:
            raise WrongProof("the evidence of a part proves too little")
        return []

    def _rows_of(
        self, part: Part, evidence: Evidence, known: _Known, lines: Sequence[tuple[FloatArray, ...]]
    ) -> tuple[list[ExactRow], Evidence]:
        """The rows that evidence is about, and the evidence; of rows that are summed there is one."""
        problem, multipliers = self.problem, evidence.multipliers
        if not part.slopes:
            return exact_rows(problem, lines, part.order), evidence
        splits = len(part.order)
        right = len(multipliers) == problem.layers[-1].output_dim + splits + len(problem.domain_rows)
        if not right or len(part.slopes) != len(problem.layers) - 1 or any(y < 0 for y in multipliers):
            raise WrongProof("the sum of a part's rows is none")
        if problem.first and multipliers[0] != (0 if evidence.is_empty else 1):
            raise WrongProof("the goal counts once in a sum of rows, and not where a part is empty")
        bent = []
        for layer, low, high, slopes in zip(problem.layers, known.low, known.high, part.slopes, strict=False):
            mask = np.array(layer.relu, dtype=np.bool_)
            bent.append(relu_lines(low, high, mask, slopes))
            _hold(bent[-1], low, high, mask)
        row = exact_sum(problem, bent, part.order, multipliers)
        if problem.first and evidence.is_empty:
            return [row, row], evidence._replace(multipliers=(_ZERO, Fraction(1)))  # the first is of the goal
        return [row], evidence._replace(multipliers=(Fraction(1),))

    def _is_strict(
        self, part: Part, multipliers: ExactVector, normal: Sequence[Fraction], low: ExactVector, high: ExactVector
    ) -> bool:
        """Whether what multipliers combine is never as small as its bound, because a row or a side of it is strict."""
        if any(y > 0 and own for y, own in zip(multipliers, self.problem.strict_rows(len(part.order)), strict=True)):
            return True
        below, above = self.problem.opens(low, high)
        return any(normal[j] > 0 for j in below) or any(normal[j] < 0 for j in above)

    def _divided(self, part: Part, known: _Known, low: ExactVector, high: ExactVector) -> list[tuple[Part, _Known]]:
        one, other = part.parts
        low, high = self._needed(low, high)
        fresh = [[s for s in child.splits if s not in part.splits] for child in (one, other)]
        if any(set(part.splits) - set(child.splits) for child in (one, other)):
            raise WrongProof("a part lost a split")
        if part.cut is not None:
            if any(fresh):
                raise WrongProof("a part is divided by an input and by neurons at once")
            j, middle = part.cut[0], Fraction(part.cut[1])
            upper, lower = list(high), list(low)
            upper[j], lower[j] = min(middle, high[j]), max(middle, low[j])
            self._covers(one, low, tuple(upper), "a half")
            self._covers(other, tuple(lower), high, "a half")
            return [(one, known), (other, known)]
        if [len(own) for own in fresh] != [1, 1]:
            raise WrongProof("a part is divided in some other way than by one neuron")
        (a,), (b,) = fresh
        if a[:2] != b[:2] or a.is_active == b.is_active or not self.problem.layers[a.depth].relu[a.neuron]:
            raise WrongProof("the two sides are not those of one neuron")
        for child in (one, other):
            self._covers(child, low, high, "a side")
        return [(one, known.with_split(a)), (other, known.with_split(b))]

    def _claims(
        self, part: Part, above: _Known, low: ExactVector, high: ExactVector
    ) -> tuple[_Known | None, list[tuple[FloatArray, ...]]]:
        """What is known on a part, its claims verified; None where these contradict one another."""
        known = _Known(list(above.low), list(above.high))
        lines: list[tuple[FloatArray, ...]] = []
        box = taken = Box.of(low, high)
        for depth, layer in enumerate(self.problem.layers):
            own = part.claims[depth] if depth < len(part.claims) else None
            if own is not None and len(own.places):
                self._verified(depth, own, known, lines, taken, box)
            ends_low, ends_high = known.low[depth], known.high[depth]
            if (ends_low > ends_high).any():
                return None, lines
            mask = np.array(layer.relu, dtype=np.bool_)
            found = relu_lines(ends_low, ends_high, mask)
            _hold(found, ends_low, ends_high, mask)
            lines.append(tuple(found))
            taken = _after_relu(ends_low, ends_high, mask)
        return known, lines

    def _verified(
        self,
        depth: int,
        own: Claims,
        known: _Known,
        lines: Sequence[tuple[FloatArray, ...]],
        taken: Box,
        box: Box,
    ) -> None:
        """Verify claims of a layer, and add them to what is known."""
        lower, upper = known.low[depth].copy(), known.high[depth].copy()
        layer = self.problem.layers[depth]
        asked: list[tuple[int, int, Fraction]] = []
        for place, a, b in zip(own.places.tolist(), own.low.tolist(), own.high.tolist(), strict=True):
            for side, end, had in ((1, a, lower[place]), (-1, -b, -upper[place])):
                if end > had and end != -np.inf:
                    asked.append((place, side, Fraction(end)))
            lower[place], upper[place] = max(lower[place], a), min(upper[place], b)
        forms = entering(layer, [place for place, _, _ in asked], [side for _, side, _ in asked])
        left = [k for k, found in enumerate(taken.least(forms)) if found is None or found < asked[k][2]]
        if left:
            forms = Forms([forms.rows[k] for k in left], forms.scale)
            for k in reversed(range(depth)):
                forms = passed(forms, self.problem.layers[k], lines[k])
            for number, found in zip(left, box.least(forms), strict=True):
                place, _, end = asked[number]
                if found is None or found < end:
                    raise WrongProof(f"a claim about coordinate {place} of layer {depth} does not follow")
        known.low[depth], known.high[depth] = lower, upper


def _after_relu(low: FloatArray, high: FloatArray, mask: NDArray[np.bool_]) -> Box:
    lower = np.where(mask, np.maximum(low, 0.0), low).tolist()
    upper = np.where(mask, np.maximum(high, 0.0), high).tolist()
    return Box.of(
        [Fraction(v) if np.isfinite(v) else None for v in lower],
        [Fraction(v) if np.isfinite(v) else None for v in upper],
    )


def _hold(lines: tuple[FloatArray, ...], low: FloatArray, high: FloatArray, mask: NDArray[np.bool_]) -> None:
    """Hold lines against both ends of each interval, exactly.

    Raises:
        WrongProof: one is not around ReLU there.
    """
    values = zip(*(own.tolist() for own in (*lines, low, high)), mask.tolist(), strict=True)
    for below, above, offset, a, b, masked in values:
        if not masked or a >= 0:
            right = below == above == 1 and offset == 0
        elif b <= 0:
            right = below == above == offset == 0
        elif not (np.isfinite(above) and np.isfinite(offset)):
            continue  # nothing is claimed, and what uses it proves nothing
        else:
            slope, t = Fraction(above), Fraction(offset)
            right = 0 <= below <= 1 and slope * Fraction(a) + t >= 0 and slope * Fraction(b) + t >= Fraction(b)
        if not right:
            raise WrongProof("a line is not around ReLU")
