"""The box that all cells of a walk lie in, with room for rounding."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from polyrelu.arithmetic.exact import FloatArray
from polyrelu.engines.branch.affine import Affine, AffineOn


class Space(NamedTuple):
    """A box.

    Attributes:
        forms: makes affine forms on it.
        low, high: ends that are around the exact ones.
        inner_low, inner_high: ends that are strictly inside.
    """

    forms: AffineOn
    low: FloatArray
    high: FloatArray
    inner_low: FloatArray
    inner_high: FloatArray

    @classmethod
    def between(cls, low: FloatArray, high: FloatArray, most_terms: int, depth: int) -> Space:
        """The box with ends that are around the exact ones, or one float beyond them."""
        forms = AffineOn(low, high, most_terms, depth)
        inner = [np.nextafter(np.nextafter(end, to * np.inf), to * np.inf) for end, to in ((low, 1), (high, -1))]
        return cls(forms, low, high, *inner)

    def inside(self, rows: Affine, points: FloatArray) -> FloatArray:
        """Those of some points that are certainly strictly inside, and at which all rows are negative."""
        between = ((points >= self.inner_low) & (points <= self.inner_high)).all(axis=1)
        return points[between & (rows.at(points) < -rows.doubts).all(axis=1)]
