r"""Proofs that nothing is smaller, as data: the problem, a tree of parts, and the rows that evidence is about.

The root of a tree is a box of inputs, a part is divided by an input's middle or by the sign of a neuron, and a part
that is not divided has :class:`~polyrelu.analysis.goals.Evidence`, or claims that contradict one another. Claims are
enclosures of what enters neurons on a part. :mod:`polyrelu.analysis.optimality` checks all of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from polyrelu.analysis.exact_forms import Forms, are_finite, entering, pulled_back
from polyrelu.analysis.goals import Evidence, ExactRow, Goal
from polyrelu.analysis.relaxed_rows import Split
from polyrelu.arithmetic.exact import ExactVector, FloatArray
from polyrelu.errors import PolyreluError
from polyrelu.networks.layer import Layer
from polyrelu.polyhedra.halfspace import Halfspace
from polyrelu.support.limits import check


class WrongProof(PolyreluError, ValueError):
    """A proof does not prove what it is said to prove; the message says where."""


class Claims(NamedTuple):
    """What enters some of a layer's coordinates lies between these on a part: places, lower and upper ends, (n,)."""

    places: NDArray[np.intp]
    low: FloatArray
    high: FloatArray


@dataclass(eq=False)
class Part:
    """A part of a proof.

    Attributes:
        low, high: a box around it, in floats.
        splits: the neurons that have a sign on it.
        claims: for each layer what is known better than on the part above; the last layer's are of the rows.
        parts: what it is divided into, if it is: the two halves of its box, or the two sides of a neuron.
        cut: of the halves the input along which they are, and where.
        evidence: of a part that is not divided; None where its claims contradict one another or settle the goal.
        order: the splits in the order of the evidence's multipliers.
        slopes: for each layer but the last those of the lines below its neurons, where rows are summed before they are
            pulled back; none where each is pulled back by itself.
    """

    low: FloatArray
    high: FloatArray
    splits: tuple[Split, ...]
    claims: tuple[Claims, ...] = ()
    parts: tuple[Part, ...] = ()
    cut: tuple[int, float] | None = None
    evidence: Evidence | None = None
    order: tuple[Split, ...] = ()
    slopes: tuple[FloatArray, ...] = ()

    def __iter__(self) -> Iterator[Part]:
        """This part and all below it."""
        waiting = [self]
        while waiting:
            part = waiting.pop()
            yield part
            waiting += part.parts


@dataclass(frozen=True, eq=False)
class Problem:
    """What is made small, over which inputs.

    Attributes:
        layers: a chain whose last layer returns the rows: of a linear goal the goal itself, then what may not be
            positive.
        goal: what is made small.
        domain_rows: rows on the inputs with more than one of them.
        low, high: the domain's sides, exact.
        strict: of the last layer's conditions and then of the domain's rows, which are strict.
        open_low, open_high: the sides that do not belong to the domain.
    """

    layers: tuple[Layer, ...]
    goal: Goal
    domain_rows: tuple[Halfspace, ...]
    low: ExactVector
    high: ExactVector
    strict: tuple[bool, ...] = ()
    open_low: frozenset[int] = frozenset()
    open_high: frozenset[int] = frozenset()

    @property
    def first(self) -> int:
        """Where the conditions begin among the rows."""
        return 1 if self.goal.norm is None else 0

    def strict_rows(self, splits: int) -> list[bool]:
        """Which rows are strict, between whose conditions of outputs and of inputs there are some of splits."""
        conditions = self.layers[-1].output_dim - self.first
        own = self.strict or (False,) * (conditions + len(self.domain_rows))
        return [False] * self.first + [*own[:conditions], *(False,) * splits, *own[conditions:]]

    def opens(self, low: ExactVector, high: ExactVector) -> tuple[frozenset[int], frozenset[int]]:
        """The sides of a box within the domain's that do not belong to the domain."""
        below = frozenset(j for j in self.open_low if low[j] == self.low[j])
        return below, frozenset(j for j in self.open_high if high[j] == self.high[j])

    def within(self, low: FloatArray, high: FloatArray) -> tuple[ExactVector, ExactVector]:
        """The part of the domain's box that is in a box of floats."""
        lower = tuple(a if b == -np.inf else max(a, Fraction(b)) for a, b in zip(self.low, low.tolist(), strict=True))
        upper = tuple(a if b == np.inf else min(a, Fraction(b)) for a, b in zip(self.high, high.tolist(), strict=True))
        return lower, upper


def exact_rows(problem: Problem, lines: Sequence[tuple[FloatArray, ...]], splits: Sequence[Split]) -> list[ExactRow]:
    """The rows of the last layer, of splits and of the domain, as rows on the inputs that hold wherever those do.

    Args:
        problem: the problem.
        lines: around each layer's ReLU: slopes below and above, and offsets.
        splits: in the order of their rows: from the last layer to the first.

    Cost: a product of exact matrices for each layer.
    """
    forms = _everything(problem)
    for k in reversed(range(len(problem.layers) - 1)):
        forms = passed(forms, problem.layers[k], lines[k])
        own = [split for split in splits if split.depth == k]
        if own:
            forms = forms.and_others(_signs(problem.layers[k], own))
    rows = [ExactRow(row[:-1], row[-1]) for row in forms.fractions()]
    return rows + [_in_units(row) for row in problem.domain_rows]


def exact_sum(
    problem: Problem, lines: Sequence[tuple[FloatArray, ...]], splits: Sequence[Split], multipliers: ExactVector
) -> ExactRow:
    """The sum of the rows of :func:`exact_rows` with multipliers, pulled back as one, which loses less.

    Cost: a product of an exact vector and a matrix for each layer.
    """
    count = problem.layers[-1].output_dim
    own, others = multipliers[:count], multipliers[count + len(splits) :]
    weights = dict(zip(splits, multipliers[count:], strict=False))
    form = _everything(problem).sum(own)
    for k in reversed(range(len(problem.layers) - 1)):
        form = passed(form, problem.layers[k], lines[k])
        chosen = [split for split in splits if split.depth == k and weights[split]]
        if chosen:
            signs = _signs(problem.layers[k], chosen)
            form = form.and_others(signs).sum([Fraction(1), *(weights[split] for split in chosen)])
    ((*normal, constant),) = form.fractions()
    for y, row in zip(others, map(_in_units, problem.domain_rows), strict=True):
        normal = [v + y * a for v, a in zip(normal, row.normal, strict=True)]
        constant += y * row.constant
    return ExactRow(tuple(normal), constant)


def passed(forms: Forms, layer: Layer, lines: tuple[FloatArray, ...]) -> Forms:
    """Forms of what a layer returns as forms of what it takes that are no larger where its lines hold.

    Raises:
        WrongProof: a neuron has no lines.
    """
    check()
    if not are_finite(lines):
        raise WrongProof("a neuron without ends has no lines")
    return pulled_back(forms, layer, lines)


def _everything(problem: Problem) -> Forms:
    """The rows of the last layer."""
    count = problem.layers[-1].output_dim
    return entering(problem.layers[-1], range(count), [1] * count)


def _signs(layer: Layer, splits: Sequence[Split]) -> Forms:
    """What enters some neurons, of active ones minus that: forms that are not positive where they have their signs."""
    return entering(layer, [s.neuron for s in splits], [-1 if s.is_active else 1 for s in splits])


def _in_units(row: Halfspace) -> ExactRow:
    """A row of the domain divided by its largest number, as in floats, so that multipliers mean the same."""
    size = max(1, abs(row.offset), *map(abs, row.normal))
    return ExactRow(tuple(Fraction(v, size) for v in row.normal), Fraction(-row.offset, size))
