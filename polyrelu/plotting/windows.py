"""Which part of the plane, or of space, a drawing shows."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from operator import add, sub
from typing import Any, TypeAlias

from polyrelu.arithmetic.exact import ExactVector, exact_vector, to_float
from polyrelu.polyhedra.bounding_box import box_of_points
from polyrelu.tilings.tiling import Tiling

Window: TypeAlias = tuple[Sequence[Any], Sequence[Any]]
"""A lower and an upper corner."""

_MARGIN = 8  # a margin is so small a part of a window's width
_ASKED, _FEW = 400, 8  # tiles whose vertices are looked at; vertices that all count
_FAR = 2**20  # a width that a coordinate exceeds by more than this hardly shows beside it


def corners(window: Window, dim: int = 2) -> tuple[ExactVector, ExactVector]:
    """The corners of a window, exact.

    Raises:
        DimensionError: they are not in R^dim.
    """
    return exact_vector(window[0], "window: lower", dim), exact_vector(window[1], "window: upper", dim)


def window_of(tiling: Tiling) -> tuple[ExactVector, ExactVector]:
    """Lower and upper corner of the default window: the domain if it is bounded, else a square around most vertices.

    A bounded domain gets a margin along each axis on which floats do not tell its ends apart. Around unbounded tilings
    vertices that lie far beyond most others, by more than three times the extent of their middle half, do not count
    (Tukey's outer fences); of many tiles some hundred are asked. The square, or cube, is wider than they are by a
    quarter, and twice as wide as few of them. Without any it is one around a point of the first tile.
    """
    if tiling.domain.is_bounded() and not tiling.domain.is_empty():
        return _around_domain(*box_of_points(tiling.domain.vertices))
    vertices = _some_vertices(tiling)
    if not vertices:
        vertices = [tiling[0].point() if len(tiling) else (Fraction(0),) * tiling.domain.ambient_dim]
    lower, upper = box_of_points(_most(vertices))
    radius = max(map(sub, upper, lower)) / 2 or max(Fraction(1), *(abs(x) / _FAR for x in lower))
    radius *= Fraction(5, 4) if len(vertices) >= _FEW else 2
    middle = [(a + b) / 2 for a, b in zip(lower, upper, strict=True)]
    return tuple(m - radius for m in middle), tuple(m + radius for m in middle)


def _around_domain(lower: ExactVector, upper: ExactVector) -> tuple[ExactVector, ExactVector]:
    """The box, with a margin along each axis on which floats do not tell its ends apart."""
    told = [to_float(a) < to_float(b) for a, b in zip(lower, upper, strict=True)]
    width = max(b - a if apart else 0 for a, b, apart in zip(lower, upper, told, strict=True)) or 1
    margins = [
        Fraction(0) if apart else max(width, abs(a) / _FAR) / Fraction(_MARGIN)
        for a, apart in zip(lower, told, strict=True)
    ]
    return tuple(map(sub, lower, margins)), tuple(map(add, upper, margins))


def _some_vertices(tiling: Tiling) -> list[ExactVector]:
    """The vertices of all tiles, or of some hundred of many."""
    step = -(-len(tiling) // _ASKED) or 1
    return list(dict.fromkeys(vertex for tile in tiling[::step] for vertex in tile.polyhedron.vertices))


def _most(vertices: list[ExactVector]) -> list[ExactVector]:
    """Those within Tukey's outer fences along each axis; all of few."""
    if len(vertices) < _FEW:
        return vertices
    fences = []
    for values in map(sorted, zip(*vertices, strict=True)):
        low, high = values[len(values) // 4], values[-1 - len(values) // 4]
        fences.append((low - 3 * (high - low), high + 3 * (high - low)))
    kept = [v for v in vertices if all(low <= x <= high for x, (low, high) in zip(v, fences, strict=True))]
    return kept or vertices
