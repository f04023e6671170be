r"""Certified bounds of all slopes of a chain of layers over boxes: an interval for each entry of the Jacobian.

The slopes of a layer's outputs are products of its weights with those of its inputs; behind the ReLU they are what they
were where the neuron is active on the whole box, zero where it is silent, and otherwise one or the other, in the
smallest interval that contains both. So with bounds of what enters each ReLU, such as those of
:mod:`polyrelu.bounds.linear`, intervals travel through the layers, many boxes at a time
(:func:`~polyrelu.arithmetic.rounding.affine_with_bound` has the proof of a product with an interval).

**Norms.** The sum of moduli of a row w of the Jacobian is :math:`\max_s s \cdot w` over all signs s, so in the maximum
norm the Jacobian J is followed along the vectors of signs, and not input by input: J s for s in :math:`\{\pm 1\}^d`, of
which half will do. As :math:`J s = \sum_j s_j J e_j`, and the interval that contains a sum and zero lies in the sum of
those of its terms, these intervals lie in the sums of those of single slopes: what cancels between inputs is not added
up. In the sum norm the same holds on the side of the outputs, whose signed sums are taken as outputs of the last layer.
Their number doubles with each input or output; where there are many, moduli are added up after all.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from polyrelu.arithmetic.exact import FloatArray, flint_matrix, matrix_rows
from polyrelu.arithmetic.rounding import affine_with_bound, gamma, middle_and_half
from polyrelu.bounds.linear import Enclosure
from polyrelu.networks.layer import Layer

NORMS = ("linf", "l1", "l2")


_MOST_SIGNED = 8  # inputs or outputs, all of whose signs are tried


class Slopes(NamedTuple):
    """How much outputs change along vectors v on k boxes: each entry of J v is within ``radius`` of ``middle``.

    Both are (k, v, m). Along the unit vectors, (k, d, m), they are the Jacobian J, transposed.
    """

    middle: FloatArray
    radius: FloatArray

    @property
    def _moduli(self) -> FloatArray:
        return np.abs(self.middle) + self.radius

    def largest(self) -> FloatArray:
        """Floats that no entry exceeds in modulus, (k,)."""
        with np.errstate(over="ignore", invalid="ignore"):
            return _raised(self._moduli.max(axis=(1, 2), initial=0.0), 1)

    def norms(self, norm: str) -> FloatArray:
        """Floats that no norm of such a Jacobian exceeds, (k,): of operators, in the same norm on both sides."""
        with np.errstate(over="ignore", invalid="ignore"):
            moduli = self._moduli
            terms = moduli.shape[1] + moduli.shape[2]
            rows = moduli.sum(axis=1).max(axis=1, initial=0.0)
            columns = moduli.sum(axis=2).max(axis=1, initial=0.0)
            if norm != "l2":
                return _raised(rows if norm == "linf" else columns, terms)
            frobenius = np.sqrt((moduli * moduli).sum(axis=(1, 2)))
            return _raised(np.minimum(np.sqrt(rows) * np.sqrt(columns), frobenius) + 2.0**-500, terms)


def _raised(bounds: FloatArray, terms: int) -> FloatArray:
    """Bounds that sums of so many terms in floats may fall short of; infinite where there are none."""
    return np.where(np.isnan(bounds), np.inf, bounds * (1.0 + gamma(terms + 8)))


class SlopeBounds:
    """Upper bounds of the norms of the Jacobians of a chain of layers over boxes: see *Norms* above."""

    def __init__(self, layers: Sequence[Layer]) -> None:
        self.layers = layers
        dim, last = layers[0].input_dim, layers[-1]
        self._units = np.eye(dim)
        self._signs = np.array(half_the_signs(dim), dtype=np.float64) if dim <= _MOST_SIGNED else None
        self._signed: Sequence[Layer] | None = None
        if last.output_dim <= _MOST_SIGNED and not last.neurons:
            signs = flint_matrix(half_the_signs(last.output_dim), last.output_dim)
            rows = matrix_rows(signs * flint_matrix(last.rows, last.input_dim))
            sums = Layer.from_rows(rows, (Fraction(0),) * len(rows), [False] * len(rows), last.input_dim)
            self._signed = (*layers[:-1], sums)

    def norms(self, known: Sequence[Enclosure], norm: str) -> FloatArray:
        """Floats that no norm of a Jacobian on k boxes exceeds, (k,), by what enters each ReLU on them.

        Whoever calls has asked whether floats are sound. Cost: a vector through the network for each input, or for each
        half of their signs.
        """
        if norm == "linf" and self._signs is not None:
            return slopes(self.layers, known, self._signs).largest()
        if norm == "l1" and self._signed is not None:
            return slopes(self._signed, known, self._units).largest()
        bound = slopes(self.layers, known, self._units).norms(norm)
        if norm != "l2":
            return bound
        with np.errstate(over="ignore", invalid="ignore"):
            mean = np.sqrt(self.norms(known, "linf")) * np.sqrt(self.norms(known, "l1")) + 2.0**-500
            return np.fmin(bound, _raised(mean, 1))


def half_the_signs(dim: int) -> list[tuple[int, ...]]:
    """The vectors of d signs of which the first is 1: of each and its opposite one."""
    return [(1, *more) for more in product((1, -1), repeat=dim - 1)] if dim else [()]


def slopes(layers: Sequence[Layer], known: Sequence[Enclosure], along: FloatArray) -> Slopes:
    """How much the last layer's outputs change along some vectors, by what enters each ReLU on k boxes.

    Args:
        layers: the chain.
        known: what enters each layer's ReLU, on k boxes.
        along: the vectors, (v, d).

    Cost: v vectors through the network for each box.
    """
    count, vectors = len(known[0].low), len(along)
    middle = np.tile(along, (count, 1, 1))
    radius = np.zeros_like(middle)
    for layer, entered in zip(layers, known, strict=True):
        shape, nothing = (count, vectors, layer.output_dim), np.zeros(layer.output_dim)
        flat = (v.reshape(count * vectors, layer.input_dim) for v in (middle, radius))
        middle, radius = (v.reshape(shape) for v in affine_with_bound(layer.float_weight, nothing, *flat))
        if layer.neurons:
            middle, radius = _behind(middle, radius, entered, np.array(layer.relu, dtype=np.bool_))
    return Slopes(middle, radius)


def _behind(
    middle: FloatArray, radius: FloatArray, entered: Enclosure, mask: NDArray[np.bool_]
) -> tuple[FloatArray, FloatArray]:
    """The slopes behind the ReLU."""
    silent = mask & (entered.high <= 0)
    doubtful = mask & ~silent & (entered.low < 0)
    with np.errstate(over="ignore", invalid="ignore"):
        low = np.minimum(np.nextafter(middle - radius, -np.inf), 0.0)
        high = np.maximum(np.nextafter(middle + radius, np.inf), 0.0)
        both, half = middle_and_half(low, high)
    middle = np.where(silent[:, None], 0.0, np.where(doubtful[:, None], both, middle))
    radius = np.where(silent[:, None], 0.0, np.where(doubtful[:, None], half, radius))
    return middle, np.where(np.isnan(radius), np.inf, radius)
