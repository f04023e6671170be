"""Resizing a tensor along its axes: nearest places, or means of neighbours, in exact arithmetic.

Where an output lies among the inputs is ONNX's ``coordinate_transformation_mode``; the weights of the places around it
are rational, because scales are. So every mode is a linear map.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from polyrelu.errors import InputError
from polyrelu.formats.lowering import ONE, ZERO, SparseRow

HALF = Fraction(1, 2)
PLACES = ("half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners", "asymmetric")


@dataclass(frozen=True)
class Resizing:
    """How places along an axis are found and weighted.

    Attributes:
        mode: ``nearest``, ``linear`` or ``cubic``.
        places: one of :data:`PLACES`.
        nearest: ``round_prefer_floor``, ``round_prefer_ceil``, ``floor`` or ``ceil``.
        cubic: the coefficient of cubic interpolation.
        exclude_outside: whether places beyond the edge have no weight, instead of being the edge.
    """

    mode: str = "nearest"
    places: str = "half_pixel"
    nearest: str = "round_prefer_floor"
    cubic: Fraction = Fraction(-3, 4)
    exclude_outside: bool = False

    def axis(self, size: int, length: int, scale: Fraction, where: str) -> list[SparseRow]:
        """For each of ``length`` outputs along an axis, the weights of the inputs, of which there are ``size``.

        Raises:
            InputError: an unknown way to find places or weights.
        """
        rows = []
        for i in range(length):
            place = self._place(i, size, length, scale, where)
            weights = self._weights(place, where)
            if self.exclude_outside:
                inside = {k: w for k, w in weights.items() if 0 <= k < size}
                total = sum(inside.values(), ZERO)
                weights = {k: w / total for k, w in inside.items()}
            row: SparseRow = {}
            for k, weight in weights.items():
                at = min(max(k, 0), size - 1)
                row[at] = row.get(at, ZERO) + weight
            rows.append({k: w for k, w in row.items() if w})
        return rows

    def _place(self, i: int, size: int, length: int, scale: Fraction, where: str) -> Fraction:
        if self.places == "asymmetric":
            return i / scale
        if self.places == "align_corners":
            return Fraction(i * (size - 1), length - 1) if length > 1 else ZERO
        if self.places == "pytorch_half_pixel" and length == 1:
            return ZERO
        if self.places == "half_pixel_symmetric":
            exact_length = scale * size
            return Fraction(size, 2) * (1 - length / exact_length) + (i + HALF) / scale - HALF
        if self.places in PLACES:
            return (i + HALF) / scale - HALF
        raise InputError(
            f"{where}: coordinate_transformation_mode is {self.places!r}; supported are {', '.join(PLACES)}"
        )

    def _weights(self, place: Fraction, where: str) -> SparseRow:
        below = math.floor(place)
        part = place - below
        if self.mode == "nearest":
            return {self._nearest(below, part, where): ONE}
        if self.mode == "linear":
            return {below: ONE - part, below + 1: part} if part else {below: ONE}
        if self.mode == "cubic":
            return {below + k: self._cubic(abs(k - part)) for k in (-1, 0, 1, 2)}
        raise InputError(f"{where}: the mode is {self.mode!r}; supported are nearest, linear and cubic")

    def _nearest(self, below: int, part: Fraction, where: str) -> int:
        over = {"round_prefer_floor": part > HALF, "round_prefer_ceil": part >= HALF, "floor": False, "ceil": part > 0}
        if self.nearest not in over:
            raise InputError(f"{where}: nearest_mode is {self.nearest!r}; supported are {', '.join(over)}")
        return below + over[self.nearest]

    def _cubic(self, t: Fraction) -> Fraction:
        """The weight at a distance t: R. Keys, Cubic convolution interpolation for digital image processing, 1981.

        Source: doi:10.1109/TASSP.1981.1163711.
        """
        a = self.cubic
        if t <= 1:
            return (a + 2) * t**3 - (a + 3) * t**2 + 1
        return a * (t**3 - 5 * t**2 + 8 * t - 4) if t < 2 else ZERO


def joined(axes: Sequence[Sequence[SparseRow]], sizes: Sequence[int]) -> list[SparseRow]:
    """The rows of the map along all axes, of flattened tensors: products of those along each."""
    rows: list[SparseRow] = [{0: ONE}]
    for axis, size in zip(axes, sizes, strict=True):
        rows = [{k * size + j: v * w for k, v in row.items() for j, w in own.items()} for row in rows for own in axis]
    return rows
