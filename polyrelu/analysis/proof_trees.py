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
from flint import fmpq_mat
from numpy.typing import NDArray

from polyrelu.analysis.goals import Evidence, ExactRow, Goal
from polyrelu.analysis.relaxed_rows import Split
from polyrelu.arithmetic.exact import ExactVector, FloatArray, matrix_rows, to_flint
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


def exact_rows(
    problem: Problem, lines: Sequence[tuple[FloatArray, ...]], splits: Sequence[Split], depth: int | None = None
) -> list[ExactRow]:
    """The rows of the last layer, of splits and of the domain, as rows on the inputs that hold wherever those do.

    Args:
        problem: the problem.
        lines: around each layer's ReLU: slopes below and above, and offsets.
        splits: in the order of their rows: from the last layer to the first.
        depth: of which layer, if not of the last; then there are no other rows.

    Cost: a product of exact matrices for each layer.
    """
    last = len(problem.layers) - 1 if depth is None else depth
    forms = problem.layers[last].augmented
    for k in reversed(range(last)):
        check()
        forms = pulled_through(forms, problem.layers[k], lines[k])
        own = [split for split in splits if split.depth == k] if depth is None else []
        if own:
            augmented = problem.layers[k].augmented
            width = augmented.ncols()
            entries = [
                -augmented[s.neuron, j] if s.is_active else augmented[s.neuron, j] for s in own for j in range(width)
            ]
            forms = fmpq_mat(forms.nrows() + len(own), width, [*forms.entries(), *entries])
    rows = [ExactRow(row[:-1], row[-1]) for row in matrix_rows(forms)]
    if depth is None:
        rows += [_in_units(row) for row in problem.domain_rows]
    return rows


def exact_sum(
    problem: Problem, lines: Sequence[tuple[FloatArray, ...]], splits: Sequence[Split], multipliers: ExactVector
) -> ExactRow:
    """The sum of the rows of :func:`exact_rows` with multipliers, pulled back as one, which loses less.

    Cost: a product of an exact vector and a matrix for each layer.
    """
    count, last = problem.layers[-1].output_dim, len(problem.layers) - 1
    own, others = multipliers[:count], multipliers[count + len(splits) :]
    weights = dict(zip(splits, multipliers[count:], strict=False))
    form = fmpq_mat(1, count, list(map(to_flint, own))) * problem.layers[last].augmented
    for k in reversed(range(last)):
        check()
        form = pulled_through(form, problem.layers[k], lines[k])
        augmented = problem.layers[k].augmented
        for split in (split for split in splits if split.depth == k and weights[split]):
            weight = to_flint(-weights[split] if split.is_active else weights[split])
            width = augmented.ncols()
            form += fmpq_mat(1, width, [weight * augmented[split.neuron, j] for j in range(width)])
    ((*normal, constant),) = matrix_rows(form)
    for y, row in zip(others, map(_in_units, problem.domain_rows), strict=True):
        normal = [v + y * a for v, a in zip(normal, row.normal, strict=True)]
        constant += y * row.constant
    return ExactRow(tuple(normal), constant)


def _in_units(row: Halfspace) -> ExactRow:
    """A row of the domain divided by its largest number, as in floats, so that multipliers mean the same."""
    size = max(1, abs(row.offset), *map(abs, row.normal))
    return ExactRow(tuple(Fraction(v, size) for v in row.normal), Fraction(-row.offset, size))


def pulled_through(forms: fmpq_mat, layer: Layer, lines: tuple[FloatArray, ...]) -> fmpq_mat:
    """Forms of what a layer returns as forms of what it takes that are no larger where its lines hold."""
    if not all(np.isfinite(line).all() for line in lines):
        raise WrongProof("a neuron without ends has no lines")
    slopes = list(zip(*([to_flint(Fraction(v)) for v in line.tolist()] for line in lines), strict=True))
    count, width = forms.nrows(), forms.ncols()
    entries = forms.entries()
    for i in range(count):
        constant = entries[i * width + width - 1]
        for j, (low, high, t) in enumerate(slopes):
            v = entries[i * width + j]
            if v > 0:
                entries[i * width + j] = v * low
            elif v < 0:
                entries[i * width + j] = v * high
                constant += v * t
        entries[i * width + width - 1] = constant
    return fmpq_mat(count, width, entries) * layer.homogeneous


def least(row: ExactRow, low: ExactVector, high: ExactVector) -> Fraction:
    """The least value of a row on a box."""
    return sum((v * (a if v > 0 else b) for v, a, b in zip(row.normal, low, high, strict=True) if v), row.constant)
