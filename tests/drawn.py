"""What matplotlib drew, as plain numbers: its own types allow everything that converts to an array."""

from typing import Any

import numpy as np


def xs(line: Any) -> list[float]:
    """The first coordinates of a line's points."""
    return np.asarray(line.get_xdata(), dtype=float).tolist()


def ys(line: Any) -> list[float]:
    """The second coordinates of a line's points."""
    return np.asarray(line.get_ydata(), dtype=float).tolist()


def corners(shape: Any) -> list[tuple[float, ...]]:
    """The points of a line, a polygon's ring, or a collection's places."""
    for name in ("get_xydata", "get_xy", "get_offsets"):
        if hasattr(shape, name):
            return [tuple(point) for point in np.asarray(getattr(shape, name)(), dtype=float).tolist()]
    return [tuple(point) for point in np.asarray(shape.get_path().vertices, dtype=float).tolist()]
