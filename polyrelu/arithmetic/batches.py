"""One point, or many: how functions of points tell the two apart.

Many points are an array with two dimensions, or a list of lists; arrays of floats are for floats, and all else is
exact. Where the numbers of a list are floats, the fast ways of float arrays give the exact answer too.
"""

from __future__ import annotations

from itertools import chain
from typing import Any

from polyrelu.arithmetic.exact import ExactMatrix, FloatArray, is_float, nearest_floats
from polyrelu.support.arguments import is_sequence


def is_batch(points: Any) -> bool:
    """Whether these are many points."""
    dimensions = getattr(points, "ndim", None)
    if dimensions is not None:
        return bool(dimensions == 2)
    return isinstance(points, (list, tuple)) and len(points) > 0 and is_sequence(points[0])


def rows_as_floats(rows: ExactMatrix, columns: int) -> FloatArray | None:
    """Exact points as an (n, columns) array of float64, if that is what all their coordinates are."""
    numbers = list(chain.from_iterable(rows))
    floats = nearest_floats(numbers)
    if all(map(is_float, numbers, floats.tolist())):
        return floats.reshape(len(rows), columns)
    return None
