r"""Affine forms in integers over one number: pulled back through layers, and their least values on boxes. Exact.

Fractions reduce after each operation, which takes far longer than the operation. Here k forms
:math:`x \mapsto (a_i x + c_i) / q` are the rows :math:`(a_i, c_i)` of an integer matrix with one q, nothing is reduced,
and a step back through a layer is one product of integer matrices.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from flint import fmpz_mat

from polyrelu.arithmetic.exact import FloatArray
from polyrelu.networks.layer import Layer


class Forms(NamedTuple):
    """k forms of d variables.

    Attributes:
        rows: of each the d integer coefficients, and then the constant.
        scale: what all of them are over, positive.
    """

    rows: list[list[int]]
    scale: int

    def and_others(self, more: Forms) -> Forms:
        """These forms, and others after them."""
        scale = math.lcm(self.scale, more.scale)
        rows = [_times(row, scale // own.scale) for own in (self, more) for row in own.rows]
        return Forms(rows, scale)

    def sum(self, weights: Iterable[Fraction]) -> Forms:
        """The one form that is the sum of these times numbers."""
        integers, scale = over_one_number(weights)
        total = [0] * len(self.rows[0]) if self.rows else []
        for weight, row in zip(integers, self.rows, strict=True):
            if weight:
                total = [v + weight * a for v, a in zip(total, row, strict=True)]
        return Forms([total], self.scale * scale)

    def fractions(self) -> list[tuple[Fraction, ...]]:
        """The rows as Fractions."""
        return [tuple(Fraction(v, self.scale) for v in row) for row in self.rows]


class Box(NamedTuple):
    """Ends of d variables, in integers over one number; None where there is no end."""

    low: list[int | None]
    high: list[int | None]
    scale: int

    @classmethod
    def of(cls, low: Sequence[Fraction | None], high: Sequence[Fraction | None]) -> Box:
        """The box between these."""
        scale = math.lcm(*(v.denominator for v in (*low, *high) if v is not None))
        lower, upper = (
            [None if v is None else v.numerator * (scale // v.denominator) for v in own] for own in (low, high)
        )
        return cls(lower, upper, scale)

    def least(self, forms: Forms) -> list[Fraction | None]:
        """The least value of each form; None where it has none, or an end that it would need is not known.

        Cost: an integer product for each coefficient that is not zero.
        """
        scale = forms.scale * self.scale
        values = (self._least(row) for row in forms.rows)
        return [None if value is None else Fraction(value, scale) for value in values]

    def _least(self, row: Sequence[int]) -> int | None:
        total = row[-1] * self.scale
        for v, a, b in zip(row, self.low, self.high, strict=False):
            if v:
                end = a if v > 0 else b
                if end is None:
                    return None
                total += v * end
        return total


def entering(layer: Layer, places: Sequence[int], signs: Sequence[int]) -> Forms:
    """What enters some coordinates of a layer, times 1 or -1, as forms of what it takes."""
    matrix, scale = layer.integers
    columns = range(layer.input_dim + 1)
    return Forms([[s * int(matrix[i, j]) for j in columns] for i, s in zip(places, signs, strict=True)], scale)


def pulled_back(forms: Forms, layer: Layer, lines: Sequence[FloatArray]) -> Forms:
    """Forms of what a layer returns as forms of what it takes, no larger where its lines hold.

    Args:
        forms: the forms.
        layer: the layer.
        lines: below and above each coordinate its slopes, and the offset above, (n,) each: finite.

    Cost: a product of integer matrices.
    """
    slopes, fine = over_one_number(Fraction(v) for line in lines for v in line.tolist())
    count = layer.output_dim
    below, above, offsets = slopes[:count], slopes[count : 2 * count], slopes[2 * count :]
    matrix, scale = layer.integers
    entries: list[int] = []
    constants: list[int] = []
    for row in forms.rows:
        entries += [v * (a if v > 0 else b) for v, a, b in zip(row, below, above, strict=False)]
        constants.append(row[-1] * fine + sum(v * t for v, t in zip(row, offsets, strict=False) if v < 0))
    width = layer.input_dim + 1
    product = [int(v) for v in (fmpz_mat(len(forms.rows), count, entries) * matrix).entries()]
    rows = [product[k * width : (k + 1) * width] for k in range(len(forms.rows))]
    for row, constant in zip(rows, constants, strict=True):
        row[-1] += constant * scale
    return Forms(rows, forms.scale * fine * scale)


def over_one_number(values: Iterable[Fraction]) -> tuple[list[int], int]:
    """Integers and the one number that the values are these over."""
    own = list(values)
    scale = math.lcm(*(v.denominator for v in own))
    return [v.numerator * (scale // v.denominator) for v in own], scale


def are_finite(lines: Sequence[FloatArray]) -> bool:
    """Whether lines have numbers everywhere."""
    return all(bool(np.isfinite(line).all()) for line in lines)


def _times(row: list[int], factor: int) -> list[int]:
    return row if factor == 1 else [v * factor for v in row]
