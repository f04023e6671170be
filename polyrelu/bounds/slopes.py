r"""Certified bounds of all slopes of a chain of layers over boxes: an interval for each entry of the Jacobian.

The slopes of a layer's outputs are products of its weights with those of its inputs; behind the ReLU they are what they
were where the neuron is active on the whole box, zero where it is silent, and otherwise one or the other, in the
smallest interval that contains both. So with bounds of what enters each ReLU, such as those of
:mod:`polyrelu.bounds.linear`, intervals travel through the layers, many boxes at a time
(:func:`~polyrelu.arithmetic.rounding.affine_with_bound` has the proof of a product with an interval).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from polyrelu.arithmetic.exact import FloatArray
from polyrelu.arithmetic.rounding import affine_with_bound, gamma, middle_and_half
from polyrelu.bounds.linear import Enclosure
from polyrelu.networks.layer import Layer

NORMS = ("linf", "l1", "l2")


class Slopes(NamedTuple):
    """Jacobians on k boxes: each entry is within ``radius`` of ``middle``, (k, d, m) both; the inputs come first."""

    middle: FloatArray
    radius: FloatArray

    def norms(self, norm: str) -> FloatArray:
        """Floats that no norm of such a Jacobian exceeds, (k,): of operators, in the same norm on both sides."""
        with np.errstate(over="ignore", invalid="ignore"):
            moduli = np.abs(self.middle) + self.radius
            factor = 1.0 + gamma(moduli.shape[1] + moduli.shape[2] + 8)
            rows = moduli.sum(axis=1).max(axis=1, initial=0.0)
            columns = moduli.sum(axis=2).max(axis=1, initial=0.0)
            if norm == "l2":
                frobenius = np.sqrt((moduli * moduli).sum(axis=(1, 2)))
                bound = np.minimum(np.sqrt(rows) * np.sqrt(columns), frobenius) + 2.0**-500
            else:
                bound = rows if norm == "linf" else columns
            return np.where(np.isnan(bound), np.inf, bound * factor)


def slopes(layers: Sequence[Layer], known: Sequence[Enclosure]) -> Slopes:
    """The slopes of the last layer's outputs by the inputs, by what enters each ReLU on k boxes.

    Whoever calls has asked whether floats are sound. Cost: d vectors through the network for each box.
    """
    count, dim = len(known[0].low), layers[0].input_dim
    middle = np.tile(np.eye(dim), (count, 1, 1))
    radius = np.zeros_like(middle)
    for layer, entered in zip(layers, known, strict=True):
        shape, nothing = (count, dim, layer.output_dim), np.zeros(layer.output_dim)
        flat = (v.reshape(count * dim, layer.input_dim) for v in (middle, radius))
        middle, radius = (v.reshape(shape) for v in affine_with_bound(layer.float_weight, nothing, *flat))
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
