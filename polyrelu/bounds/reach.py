"""What each layer can reach from a box of inputs, for certain: which neurons cannot switch there.

The bounds are those of :mod:`polyrelu.bounds.linear`, which nothing that floats round away makes wrong. Infinite sides,
overflow and NaN leave signs in doubt, and so do floats that are not IEEE 754's default.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from polyrelu.arithmetic.exact import FloatArray, nearest_floats
from polyrelu.bounds.linear import Enclosure, LinearBounds
from polyrelu.networks.activation_pattern import PartialSigns
from polyrelu.networks.layer import Layer
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.polyhedra.sides import Side, Sides

_MOST_WORK = 2.0**33  # for a layer, which is about a second


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
    """What layers can reach from between the sides of a domain.

    Cost: that of linear bounds over one box, at most a second or so for each layer.
    """
    low, high = float_ends(sides)
    found = LinearBounds([*layers, rows_of(target)], _MOST_WORK).over(low[None], high[None]).layers
    signs = (certain_signs(layer, own)[0] for layer, own in zip(layers, found[:-1], strict=True))
    return Reach(PartialSigns(map(tuple, (own.tolist() for own in signs))), bool(misses(target, found[-1])[0]))


def rows_of(target: Polyhedron) -> Layer:
    """A layer that returns ``normal . y - offset`` for each row of a target."""
    rows = target.halfspaces
    normals = tuple(tuple(map(Fraction, row.normal)) for row in rows)
    offsets = tuple(Fraction(-row.offset) for row in rows)
    return Layer.from_rows(normals, offsets, [False] * len(rows), target.ambient_dim)


def misses(target: Polyhedron, forms: Enclosure) -> NDArray[np.bool_]:
    """Whether on each of k boxes some row of a target certainly holds nowhere, by enclosures of :func:`rows_of`."""
    strict = np.array([row.relation == "<" for row in target.halfspaces], dtype=np.bool_)
    equal = np.array([row.relation == "==" for row in target.halfspaces], dtype=np.bool_)
    above = (forms.low > 0) | (strict & (forms.low >= 0))
    return np.asarray((above | (equal & (forms.high < 0))).any(axis=1))


def certain_signs(layer: Layer, entered: Enclosure) -> NDArray[np.int8]:
    """The signs of the ReLU neurons of a layer on each of k boxes, 0 where they are open, (k, neurons)."""
    low, high = (end[:, layer.neurons] for end in entered)
    return (low > 0).astype(np.int8) - (high < 0).astype(np.int8)


def float_ends(sides: Sides) -> tuple[FloatArray, FloatArray]:
    """The ends of the smallest boxes of floats around a box, or nearly; infinite where there are none, (d,) each."""
    return -_above(sides.low, sides.dim, -1), _above(sides.high, sides.dim, 1)


def _above(bounds: Mapping[int, Side], dim: int, sign: int) -> FloatArray:
    """Floats that are no less than bounds times a sign."""
    ends = np.full(dim, np.inf)
    if bounds:
        ends[list(bounds)] = np.nextafter(sign * nearest_floats(side.value for side in bounds.values()), np.inf)
    return ends
