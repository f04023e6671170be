"""The compiled walk through cells (``kernel/walk.h``), and how a problem is put to it.

The environment variable POLYRELU_WALK names another folder to take the library from, such as one where it was built for
a sanitizer.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from enum import IntEnum
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from polyrelu.arithmetic.exact import FloatArray
from polyrelu.engines.branch.affine import Affine
from polyrelu.engines.branch.space import Space
from polyrelu.engines.cells.library import checked_library
from polyrelu.networks.layer import Layer

PLACE = "POLYRELU_WALK"
"""The environment variable that names a folder of the library."""

_HERE = Path(__file__).parent


class Pause(IntEnum):
    """Why a walk pauses: it is done, has done as much as it was to, or has a question."""

    DONE = 0
    PAUSED = 1
    EXACTLY = 2
    BOUNDS = 3
    RULE = 4


class WalkLibrary(Protocol):
    """What the library offers; its class Walk is a walk (``kernel/module.cpp``)."""

    def Walk(  # it is a class
        self,
        dim: int,
        layers: tuple[Any, ...],
        target: tuple[Any, ...],
        is_exact: bool,
        space: tuple[Any, ...],
        rows: tuple[Any, ...],
        points: Any,
        reach: Any,
        fixes: bool,
        asks_bounds: bool,
        asks_rule: bool,
        lies: int,
        dive: int,
        /,
    ) -> Any:
        """A walk through a problem's cells."""

    def facets(
        self, dim: int, space: tuple[Any, ...], rows: tuple[Any, ...], sides: Any, point: Any, beyond: Any, /
    ) -> bytes:
        """Whether each row is a facet, an :class:`IsFacet` each."""


@cache
def walk_library() -> WalkLibrary:
    """The library, loaded once.

    Raises:
        InputError: it is not built, or from other sources, or not as written; the message says what to do.
    """
    return cast("WalkLibrary", checked_library("_walk", Path(os.environ.get(PLACE) or _HERE), _HERE / "kernel"))


class Asked(NamedTuple):
    """What a walk says of the cell that asks.

    Attributes:
        depth: the layer.
        signs: of all neurons, of which those of the layers before mean something, (neurons,).
        splits: whether each neuron divided the domain.
        own: the signs of this layer's n neurons, 0 where open.
        neuron: the one that is asked about, by its place among these, negative for none.
        side: and which side, 0 where it is silent.
        points: strictly inside, (p, d).
        values: what enters the layer's neurons there, (p, n).
        doubts, least, most: how far these may be off, and bounds of them on the cell's box, (n,).
    """

    depth: int
    signs: NDArray[np.bool_]
    splits: NDArray[np.bool_]
    own: NDArray[np.int8]
    neuron: int
    side: int
    points: FloatArray
    values: FloatArray
    doubts: FloatArray
    least: FloatArray
    most: FloatArray

    @classmethod
    def by(cls, walk: Any, dim: int) -> Asked:
        """By the walk that asks."""
        depth, signs, splits, own, neuron, side, *floats = walk.cell()
        points, values, doubts, least, most = map(np.frombuffer, floats)
        own = np.frombuffer(own, np.int8)
        signs, splits = np.frombuffer(signs, np.bool_), np.frombuffer(splits, np.bool_)
        at_points = points.reshape(-1, dim), values.reshape(-1, len(own))
        return cls(depth, signs, splits, own, neuron, side, *at_points, doubts, least, most)


class Batch(NamedTuple):
    """The k cells whose bounds a walk asks for.

    Attributes:
        depth: the layer that they come to.
        low, high: boxes around them, (k, d).
        signs: of all neurons, of which those of the layers before mean something, (k, neurons).
        known: the depth at which each cell's last bounds were found, negative for the domain's, and its place there.
    """

    depth: int
    low: FloatArray
    high: FloatArray
    signs: NDArray[np.bool_]
    known: NDArray[np.int32]

    @classmethod
    def by(cls, walk: Any, dim: int) -> Batch:
        """By the walk that asks."""
        depth, low, high, signs, known = walk.batch()
        boxes = np.frombuffer(low).reshape(-1, dim)
        flags = np.frombuffer(signs, np.bool_).reshape(len(boxes), -1)
        return cls(
            depth, boxes, np.frombuffer(high).reshape(-1, dim), flags, np.frombuffer(known, np.int32).reshape(-1, 2)
        )


class Found(NamedTuple):
    """Cells that are through, a row each.

    Attributes:
        signs: of all neurons, (n, neurons).
        splits: whether each neuron divided the domain on the way, (n, neurons).
        in_doubt: whether floats could not tell if the target leaves a part of full dimension, (n,).
        points: strictly inside of that part; NaN where none is known, (n, d).
    """

    signs: NDArray[np.bool_]
    splits: NDArray[np.bool_]
    in_doubt: NDArray[np.bool_]
    points: FloatArray

    @classmethod
    def by(cls, walk: Any, neurons: int, dim: int) -> Found:
        """What a walk found and has not forgotten."""
        *flags, points = walk.found()
        signs, splits, in_doubt = (np.frombuffer(own, np.bool_) for own in flags)
        shape = len(in_doubt), neurons
        return cls(
            signs.reshape(shape), splits.reshape(shape), in_doubt, np.frombuffer(points).reshape(len(in_doubt), dim)
        )


def walk_through(
    space: Space,
    layers: Sequence[Layer],
    target: Layer,
    root: Affine,
    points: FloatArray,
    reach: NDArray[np.int8],
    *,
    is_exact: bool = False,
    fixes: bool = True,
    asks_bounds: bool = False,
    asks_rule: bool = False,
    lies: int = 0,
    dive: int = 0,
) -> Any:
    """A walk through the cells of a box.

    Args:
        space: the box.
        layers: what divides it.
        target: forms of what the last layer returns, which are to be negative.
        root: rows of the domain beside the box.
        points: points strictly inside of these, (p, d).
        reach: the signs of all neurons on the whole domain, 0 where open.
        is_exact: the target's forms are for exact arithmetic alone.
        fixes: give signs to neurons by bounds on a cell's box.
        asks_bounds: pause for bounds, of many cells at once.
        asks_rule: pause for each choice of a neuron.
        lies: a seed; unless it is 0, what the linear programs say is spoilt in many ways, for tests.
        dive: a seed; unless it is 0, of each cell that is divided only one part is followed.
    """
    return walk_library().Walk(
        len(space.low),
        tuple(map(_columns, layers)),
        _columns(target),
        is_exact,
        _of_space(space),
        _of_forms(root),
        points,
        reach,
        fixes,
        asks_bounds,
        asks_rule,
        lies,
        dive,
    )


class IsFacet(IntEnum):
    """Whether a row of a set of full dimension is a facet: yes; no; no, and it does not touch the set; in doubt."""

    YES = 1
    NO = 2
    NEVER = 3
    DOUBT = 4


def facets(
    space: Space, rows: Affine, sides: NDArray[np.int32], point: FloatArray, beyond: FloatArray
) -> list[IsFacet]:
    """Which rows of a set are its facets.

    Args:
        space: a box around the set, whose sizes are those of one that goes ``beyond`` it at each end.
        rows: not positive on the set, and all that is said of it.
        sides: of each row, whether it is no end of the box, 0, or the upper one of x_j, j + 1, or the lower, -(j + 1).
        point: strictly inside.
        beyond: positive, (d,).

    Cost: a linear program in floats for each row, where a look straight ahead does not do.
    """
    found = walk_library().facets(len(point), _of_space(space), _of_forms(rows), sides, point, beyond)
    return [IsFacet(own) for own in found]


def _of_space(space: Space) -> tuple[Any, ...]:
    return (space.low, space.high, space.inner_low, space.inner_high, space.forms.moduli, space.forms.factor)


def _of_forms(forms: Affine) -> tuple[FloatArray, ...]:
    return tuple(map(np.ascontiguousarray, forms))


def _columns(layer: Layer) -> tuple[FloatArray, FloatArray, NDArray[np.int32]]:
    return np.ascontiguousarray(layer.float_weight), layer.float_bias, np.array(layer.neurons, dtype=np.int32)
