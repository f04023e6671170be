r"""Affine maps of many tiles at once, in floats with certified bounds.

On each of n tiles a layer is an affine map of x, :math:`x \mapsto V^T (x, 1)`. Its entries come out of the layers
before in products of matrices for all tiles together, and with them how far they may be off
(:func:`~polyrelu.arithmetic.rounding.affine_with_bound`): the linear part of a layer moves all d + 1 rows of V, its
bias the last. Where that overflows the bound is infinite. Whoever calls has asked whether floats are sound.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from polyrelu.arithmetic.exact import FloatArray, nearest_floats
from polyrelu.arithmetic.ieee import SMALLEST_NORMAL, UNIT_ROUNDOFF
from polyrelu.arithmetic.rounding import affine_with_bound
from polyrelu.networks.layer import Layer
from polyrelu.polyhedra.halfspace import Halfspace


class FloatMaps(NamedTuple):
    """Affine maps of x on n tiles.

    Attributes:
        values: (n, d + 1, w), for each of w quantities its coefficients and then its constant.
        radius: how far each entry may be off, of the same shape.
    """

    values: FloatArray
    radius: FloatArray

    @classmethod
    def identity(cls, count: int, dim: int) -> FloatMaps:
        """The map from x to itself."""
        return cls(np.tile(np.eye(dim + 1)[:, :dim], (count, 1, 1)), np.zeros((count, dim + 1, dim)))

    def after(self, weight: FloatArray, bias: FloatArray) -> FloatMaps:
        """These, and then an affine map by nearest floats (w', w) and (w')."""
        count, rows, width = self.values.shape
        nothing = np.zeros_like(bias)
        linear = affine_with_bound(weight, nothing, *(v[:, :-1].reshape(count * (rows - 1), width) for v in self))
        last = affine_with_bound(weight, bias, *(v[:, -1] for v in self))
        shape = count, rows - 1, len(bias)
        joined = (np.concatenate([a.reshape(shape), b[:, None]], axis=1) for a, b in zip(linear, last, strict=True))
        return FloatMaps(*joined)

    def where(self, passes: NDArray[np.bool_]) -> FloatMaps:
        """Those quantities of each tile that pass, and zero for the others, (n, w). What is unknown is NaN then."""
        factor = passes[:, None, :].astype(np.float64)
        with np.errstate(invalid="ignore"):
            return FloatMaps(self.values * factor, self.radius * factor)

    def chosen(self, owner: NDArray[np.intp], quantity: NDArray[np.intp]) -> FloatMaps:
        """Single quantities of tiles, as maps (m, d + 1)."""
        return FloatMaps(self.values[owner, :, quantity], self.radius[owner, :, quantity])


def entering(layers: Sequence[Layer], signs: NDArray[np.bool_]) -> Iterator[FloatMaps]:
    """What enters the ReLU of each layer, and at last what leaves the last one, on tiles with these signs.

    Args:
        layers: a chain.
        signs: (n, neurons), counted through the layers.
    """
    maps, start = FloatMaps.identity(len(signs), layers[0].input_dim), 0
    for layer in layers:
        maps = maps.after(layer.float_weight, layer.float_bias)
        yield maps
        passes = np.ones((len(signs), layer.output_dim), dtype=np.bool_)
        places = list(layer.neurons)
        passes[:, places] = signs[:, start : start + len(places)]
        maps, start = maps.where(passes), start + len(places)
    yield maps


def float_form(row: Halfspace) -> tuple[FloatArray, FloatArray]:
    """``normal . x - offset`` of a row as d + 1 nearest floats, and how far they may be off."""
    form = nearest_floats((*row.normal, -row.offset))
    return form, 2 * UNIT_ROUNDOFF * np.abs(form) + SMALLEST_NORMAL
