r"""Affine forms in floats that are known to be near exact ones on a box: what a network's neurons are on a cell.

Forms :math:`\hat a_i x + \hat c_i` stand for exact ones :math:`f_i`, and on the box :math:`|f_i(x) - (\hat a_i x +
\hat c_i)| \le r_i`. With m the moduli of the box's points, in *sizes* (:mod:`polyrelu.bounds.linear`), the size of a
form is :math:`s_i = |\hat a_i| m + |\hat c_i|`, and

* its value at a float point of the box is computed within :math:`r_i + \gamma s_i`, its *doubt*;
* a layer makes of forms with radii r ones with radii :math:`|W| (r + \gamma s) + \gamma |b|`;
* a combination with multipliers y is known within :math:`\sum y_i (r_i + \gamma s_i)`.

The proofs are those of :mod:`polyrelu.bounds.linear`: sizes keep underflow and overflow away, :math:`\gamma_k` with
:math:`k = 8 w + 2 L + 40` covers each sum of at most w terms together with the rounding of the bound itself, and radii
that are added up through L layers are enlarged by :math:`1 + 2^{-30}` at each, which is more than any further rounding
for :math:`w < 2^{20}`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from polyrelu.arithmetic.exact import FloatArray, float_quotients
from polyrelu.arithmetic.rounding import gamma
from polyrelu.bounds.linear import sizes
from polyrelu.polyhedra.halfspace import Halfspace

_ENLARGED = 1.0 + 2.0**-30


class Affine(NamedTuple):
    """Forms ``rows . x + constants``, n of them, known within ``doubts`` at float points of a box of R^d.

    Attributes:
        rows: (n, d).
        constants: (n,).
        doubts: how far a value computed at a point of the box may be from the exact one, (n,).
    """

    rows: FloatArray
    constants: FloatArray
    doubts: FloatArray

    def at(self, points: FloatArray) -> FloatArray:
        """Values at p points of the box, (p, n), each within its doubt."""
        return points @ self.rows.T + self.constants


class AffineOn:
    """Makes affine forms on a box.

    Args:
        low: where the box begins, finite, (d,).
        high: where it ends.
        most_terms: the most terms of any sum: widths of layers, and numbers of rows.
        depth: how many layers forms may pass.
    """

    def __init__(self, low: FloatArray, high: FloatArray, most_terms: int, depth: int) -> None:
        self.moduli = sizes(np.maximum(np.abs(low), np.abs(high)))
        self.factor = gamma(8 * max(most_terms, len(low)) + 2 * depth + 40)

    def _doubts(self, rows: FloatArray, constants: FloatArray, radii: FloatArray) -> FloatArray:
        """Doubts of forms that are known within radii."""
        size = sizes(rows) @ self.moduli + sizes(constants)
        doubts: FloatArray = (radii + self.factor * size) * _ENLARGED
        return doubts

    def of_rows(self, halfspaces: Sequence[Halfspace]) -> Affine:
        """``normal . x - offset`` of each row, divided by its largest number."""
        dim = len(self.moduli)
        numbers = [(*row.normal, -row.offset) for row in halfspaces]
        scaled = ((own, max(1, *map(abs, own))) for own in numbers)
        entries = ((v, scale) for own, scale in scaled for v in own)
        floats = float_quotients(entries).reshape(len(numbers), dim + 1)
        rows, constants = floats[:, :dim], floats[:, dim]
        return Affine(rows, constants, self._doubts(rows, constants, np.zeros(len(numbers))))
