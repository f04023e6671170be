"""Signs that floats leave in doubt, decided in rational arithmetic.

A generator of a cell is the ray on which the forms of all facets vanish that it lies on: the kernel of an integer
matrix, which is known exactly. The cell's other facets say which of the two directions it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from math import gcd
from operator import mul

import numpy as np
from flint import fmpz_mat
from numpy.typing import NDArray

from polyrelu.cells.exact import Outputs
from polyrelu.cells.problem import with_target
from polyrelu.cells.twin import INFINITY, Vector
from polyrelu.network import Bits, Layer
from polyrelu.polyhedron import Halfspace


class ExactForms:
    """The forms behind facet numbers, on one cell after another.

    Args:
        layers: the network on u.
        target: rows on its outputs.
        facets: the domain's facets as forms, at most zero inside.

    Facets are numbered as in :class:`polyrelu.cells.columns.Columns`, INFINITY is t >= 0. Cells are given by the signs
    of all sites, 0 or 1 where they are known.
    """

    def __init__(self, layers: Sequence[Layer], target: Sequence[Halfspace], facets: Sequence[Vector]) -> None:
        self.facets, self.layers = facets, with_target(layers, target)
        self.dim = layers[0].input_dim + 1
        self._sites = [
            (depth, i)
            for depth, layer in enumerate(self.layers)
            for i, masked in enumerate(layer.relu)
            if masked or depth == len(layers)
        ]
        self._ends = list(accumulate((sum(layer.relu) for layer in layers), initial=0))
        self._outputs = Outputs(self.layers)
        self._latest: dict[int, tuple[Bits, fmpz_mat]] = {}

    def bits(self, signs: NDArray[np.uint8], depth: int) -> Bits:
        """The signs of the neurons of the layers before ``depth``."""
        ends = self._ends
        return tuple(tuple(map(bool, signs[ends[k] : ends[k + 1]].tolist())) for k in range(depth))

    def form(self, number: int, signs: NDArray[np.uint8]) -> Vector:
        """The form of a facet, or of a site that is none, up to a positive factor."""
        if number == INFINITY:
            return (*[0] * (self.dim - 1), 1)
        if number < len(self.facets):
            return self.facets[number]
        depth, i = self._sites[number - len(self.facets)]
        rows = self._layer(depth, signs)
        return tuple(int(rows[i, j]) for j in range(self.dim))

    def side(self, number: int, signs: NDArray[np.uint8]) -> int:
        """The sign that the form of a facet has inside."""
        if number == INFINITY:
            return 1
        return 1 if number >= len(self.facets) and signs[number - len(self.facets)] == 1 else -1

    def generator(self, on: Sequence[int], off: Sequence[int], signs: NDArray[np.uint8]) -> Vector:
        """The generator of a cell that lies on the facets ``on``, of which there are enough, and not on ``off``."""
        rows = [self.form(number, signs) for number in on]
        kernel, nullity = fmpz_mat(len(rows), self.dim, [v for row in rows for v in row]).nullspace()
        assert nullity == 1, f"{nullity} directions lie on the facets {list(on)}"
        vector = [int(kernel[j, 0]) for j in range(self.dim)]
        insides = (self.side(number, signs) * _dot(self.form(number, signs), vector) for number in off)
        inside = next(filter(None, insides), 0)
        assert inside, f"a generator lies on all facets of its cell, {list(on)} and {list(off)}"
        factor = gcd(*vector) * (1 if inside > 0 else -1)
        return tuple(v // factor for v in vector)

    def sign(self, number: int, vector: Vector, signs: NDArray[np.uint8]) -> int:
        """The sign of a site's form at a vector."""
        value = _dot(self.form(number, signs), vector)
        return (value > 0) - (value < 0)

    def _layer(self, depth: int, signs: NDArray[np.uint8]) -> fmpz_mat:
        bits = self.bits(signs, depth)
        known = self._latest.get(depth)
        if known is None or known[0] != bits:
            rows, _ = (self.layers[depth].augmented * self._outputs.before(bits)).numer_denom()
            known = self._latest[depth] = bits, rows
        return known[1]


def _dot(form: Vector, vector: Sequence[int]) -> int:
    return sum(map(mul, form, vector))
