"""Which points of a float array satisfy rows: exactly, or as far as it is certain of points known within a radius."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from polyrelu.arithmetic.exact import FloatArray, read_only
from polyrelu.arithmetic.rounding import AffineForms, Signs
from polyrelu.polyhedra.halfspace import Halfspace


class FloatRows:
    """Rows in R^dim, ready for float points."""

    def __init__(self, rows: Sequence[Halfspace], dim: int) -> None:
        self._forms = AffineForms([h.normal for h in rows], [h.offset for h in rows], dim)
        self._relations = read_only(np.array([h.relation for h in rows], dtype="<U2"))

    def hold(self, points: FloatArray) -> NDArray[np.bool_]:
        """Whether each of n float points, (n, dim), satisfies all rows; exact."""
        return np.asarray(self._hold(self._forms.signs(points)).all(axis=1), dtype=np.bool_)

    def certified(self, points: FloatArray, radius: FloatArray) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """For points known within ``radius``: which surely satisfy all rows, and which are left in doubt."""
        signs, doubtful = self._forms.certified_signs(points, radius)
        ruled_out = np.asarray((~self._hold(signs) & ~doubtful).any(axis=1), dtype=np.bool_)
        in_doubt = np.asarray(doubtful.any(axis=1) & ~ruled_out, dtype=np.bool_)
        return ~ruled_out & ~in_doubt, in_doubt

    def _hold(self, signs: Signs) -> NDArray[np.bool_]:
        relations = self._relations
        holds = np.where(relations == "==", signs == 0, np.where(relations == "<", signs < 0, signs <= 0))
        return np.asarray(holds, dtype=np.bool_)
