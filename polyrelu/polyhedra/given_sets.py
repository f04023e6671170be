r"""Sets as people pass them: a polyhedron, or a box by its two corners ``(lows, highs)``.

A list of d pairs (low, high) is the other habit, and a box by pairs would silently be another set. So pairs are
refused, and the error says the corners. In the plane both forms look alike: ``[(a, b), (c, d)]`` is

.. math:: [a, c] \times [b, d] \text{ by its corners}, \qquad [a, b] \times [c, d] \text{ by pairs}.

Corners are what is asked for, and so they are taken where the pairs would make no box, the same one, or one of a lower
dimension; otherwise nobody can tell, and both ways to say it are shown. Two numpy arrays in a tuple are corners: nobody
writes a pair of numbers as an array, and ``tiling.bounding_box()`` returns this.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np

from polyrelu.arithmetic.exact import ExactVector, exact_matrix
from polyrelu.errors import InputError
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support.arguments import is_sequence
from polyrelu.support.numerals import shown

SetLike: TypeAlias = Polyhedron | tuple[Iterable[Any], Iterable[Any]]
"""A polyhedron, or the lower and the upper corner of a box."""


def given_set(value: Any, dim: int, where: str) -> Polyhedron:
    """The set that was passed: a polyhedron as it is, or the box of two corners in R^dim.

    Args:
        value: a polyhedron, or ``(lows, highs)``.
        dim: the dimension of the space; whether a polyhedron lives in it is for the caller to say.
        where: names the argument in errors.

    Raises:
        InputError: it is neither; or d pairs (low, high), or might be.
        InexactError: a bound has no exact value.

    >>> given_set(([-1, 0], [1, "1/2"]), 2, "domain")
    Polyhedron(R^2: x0 >= -1, x0 <= 1, x1 >= 0, 2*x1 <= 1)
    >>> given_set([(-1, 1), (-1, 1)], 2, "domain")
    Traceback (most recent call last):
    polyrelu.errors.InputError: domain: these are pairs (low, high); pass the two corners, ([-1, -1], [1, 1])
    """
    if isinstance(value, Polyhedron):
        return value
    parts = list(value) if is_sequence(value) else []
    sizes = [len(part) if is_sequence(part) and hasattr(part, "__len__") else None for part in parts]
    if sizes == [dim, dim]:
        low, high = exact_matrix(parts, where, dim)
        if dim == 2 and not (isinstance(value, tuple) and all(isinstance(part, np.ndarray) for part in parts)):
            _refuse_pairs_in_the_plane(parts, low, high, where)
        return Polyhedron.box(low, high)
    if sizes == [2] * dim and dim > 0:
        raise InputError(f"{where}: these are pairs (low, high); pass the two corners, {_corners(parts)}")
    advice = f"pass a Polyhedron, or the two corners of a box, (lows, highs) with {dim} numbers each"
    raise InputError(f"{where}: expected a Polyhedron, got {type(value).__name__} {shown(value)}; {advice}")


def _refuse_pairs_in_the_plane(parts: Sequence[Any], low: ExactVector, high: ExactVector, where: str) -> None:
    """Refuse what are pairs, or might be, though it looks like two corners."""
    by_corners, by_pairs = _size(low, high), _size(*zip(low, high, strict=True))
    if by_pairs is None or low[1] == high[0] or (by_corners is not None and by_corners > by_pairs):
        return
    low_high = _corners(parts)
    if by_corners != by_pairs:
        raise InputError(f"{where}: these are pairs (low, high); pass the two corners, {low_high}")
    raise InputError(
        f"{where}: {shown(parts)} may be two corners, lows and highs, or a pair (low, high) for each coordinate; pass "
        f"Polyhedron.box({_listed(parts[0])}, {_listed(parts[1])}) for the corners, Polyhedron.box{low_high} for pairs"
    )


def _size(low: Sequence[Fraction], high: Sequence[Fraction]) -> int | None:
    """The dimension of the box, or None where a lower bound is above its upper one."""
    if any(a > b for a, b in zip(low, high, strict=True)):
        return None
    return sum(a < b for a, b in zip(low, high, strict=True))


def _corners(pairs: Sequence[Any]) -> str:
    """The corners of a box by pairs, as one writes them."""
    low, high = map(_listed, zip(*pairs, strict=True))
    return f"({low}, {high})"


def _listed(numbers: Iterable[Any]) -> str:
    return f"[{', '.join(repr(v) if isinstance(v, str) else str(v) for v in numbers)}]"
