"""What each layer can reach from a box of inputs, in floats with proven bounds: which neurons cannot switch there.

The bounds are those of :func:`polyrelu.arithmetic.rounding.affine_with_bound`, from the middle of the box. A sign
counts only where the value exceeds its bound; infinite sides, overflow and NaN leave every sign in doubt, and so do
floats that are not IEEE 754's default.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from polyrelu.arithmetic.exact import to_floats
from polyrelu.arithmetic.ieee import floats_are_sound
from polyrelu.arithmetic.rounding import affine_with_bound
from polyrelu.networks.activation_pattern import PartialSigns
from polyrelu.networks.layer import Layer
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.polyhedra.sides import Sides


class Reach(NamedTuple):
    """What is certain of a chain of layers on a box.

    Attributes:
        signs: which neurons are positive on all of the box, which negative; those of the others are open.
        misses: whether certainly no point of the box is mapped into the target.
    """

    signs: PartialSigns
    misses: bool

    @property
    def doubtful(self) -> int:
        """How many neurons may switch."""
        return sum(own.count(0) for own in self.signs)


def reach(layers: Sequence[Layer], sides: Sides, target: Polyhedron) -> Reach:
    """What layers can reach from between the sides of a domain. Cost: one evaluation of the network in floats."""
    try:
        known = _middle(sides) if floats_are_sound() else None
    except OverflowError:  # numbers beyond the range of floats
        known = None
    if known is None:
        return Reach(PartialSigns((0,) * layer.neuron_count for layer in layers), False)
    values, radius = known
    signs = []
    with np.errstate(all="ignore"):
        for layer in layers:
            values, radius = affine_with_bound(layer.float_weight, layer.float_bias, values, radius)
            mask = np.array(layer.relu, dtype=np.bool_)
            certain = np.isfinite(values) & np.isfinite(radius)
            sign = np.where(certain & (values > radius), 1, np.where(certain & (values < -radius), -1, 0))[0]
            signs.append(tuple(sign[mask].tolist()))
            silent = mask & (sign < 0)
            radius = np.where(silent, 0.0, radius)
            values = np.where(silent, 0.0, np.where(mask, np.maximum(values, 0.0), values))
        misses = False
        if np.isfinite(values).all() and np.isfinite(radius).all() and target.halfspaces:
            holds, doubtful = target.contains_certified(values, radius)
            misses = not (holds[0] or doubtful[0])
    return Reach(PartialSigns(signs), misses)


def _middle(sides: Sides) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """The middle of a bounded box and how far its points are from there, in each coordinate; None if unbounded."""
    if not sides.is_bounded:
        return None
    dims = range(sides.dim)
    low = np.nextafter(to_floats(sides.low[j].value for j in dims), -np.inf)
    high = np.nextafter(to_floats(sides.high[j].value for j in dims), np.inf)
    middle = 0.5 * low + 0.5 * high
    half = np.nextafter(np.maximum(high - middle, middle - low), np.inf)
    return middle[None], half[None]
