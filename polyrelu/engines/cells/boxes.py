r"""Cases that are decided by boxes of inputs: the compiled search, and what a network and a target are to it.

A *case* is a target and a box of inputs. The kernel encloses the image of a box by a zonotope and halves the box until
each part is certainly not mapped into the target, or is a *leaf* that an exact method may take from there
(``kernel/zonotope.h``, ``kernel/boxes.h``). All cases of a property share one search, so that a case costs little more
than its bounds. What is proven: no point of a box is mapped into the target unless it lies in a leaf, or in a box that
still waits. Strict rows count as closed ones.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from enum import IntEnum
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from polyrelu.arithmetic.exact import FloatArray, float_quotients, read_only
from polyrelu.arithmetic.ieee import UNIT_ROUNDOFF, UnsoundFloats, floats_are_sound
from polyrelu.engines.cells.library import kernel_library
from polyrelu.networks.layer import Layer
from polyrelu.networks.network import Network
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support.limits import check
from polyrelu.support.workers import Worker, finish

MOST_COLUMNS = 4096
"""Zonotopes with more parameters are not made."""

_SECONDS = 0.05
_MOST_WORK = 2**28  # multiplications for a box
_ALONE = 64  # boxes, before other threads are started
_ALL_BOXES = 2**62


class Pause(IntEnum):
    """Why a search pauses, as the kernel numbers it."""

    DONE = 0
    OUT_OF_BOXES = 1
    OUT_OF_TIME = 2
    POINTS = 3


class Given(NamedTuple):
    """What a search hands out: the numbers of cases, and boxes, or points, of these.

    Attributes:
        leaf_cases: (k,).
        low, high: the ends of the leaves, (k, d) each.
        point_cases: (p,).
        points: that seem to be mapped into their case's target, (p, d).
    """

    leaf_cases: NDArray[np.int32]
    low: FloatArray
    high: FloatArray
    point_cases: NDArray[np.int32]
    points: FloatArray


class Rows(NamedTuple):
    """A target as the kernel sees it: rows ``normal . y - offset``, each scaled, as nearest floats.

    Attributes:
        weights: transposed, (m, rows).
        biases: (rows,).
        equality: whether a row has to vanish, (rows,).
    """

    weights: FloatArray
    biases: FloatArray
    equality: NDArray[np.uint8]


class BoxSplitter:
    """Splits the boxes of many cases about one network.

    Args:
        network: R^d -> R^m.
        ripe: a box on which so many neurons may switch, or fewer, is a leaf.
    """

    def __init__(self, network: Network, ripe: int = 0) -> None:
        self.network = network
        columns = network.once(_columns)
        self._boxes: Any = kernel_library().Boxes(columns, network.input_dim, ripe, MOST_COLUMNS)

    def put(self, target: Polyhedron, low: FloatArray, high: FloatArray) -> int | None:
        """Put in a case, which is worked on first; its number, or None if floats cannot say where it is.

        Args:
            target: in R^m.
            low: where its boxes begin, finite, (d,) or (k, d).
            high: where they end.
        """
        rows = float_rows(target)
        ends = np.array((low, high))
        if not self.network.input_dim or not np.isfinite(ends).all():
            return None
        each = ends[None] if ends.ndim == 2 else ends.transpose(1, 0, 2)
        number: int = self._boxes.put(*rows, np.ascontiguousarray(each))
        return number

    def advance(self, boxes: int = _ALL_BOXES, seconds: float = _SECONDS) -> Pause:
        """Bound so many boxes, or for so long; any number of threads may. See :class:`Pause`.

        Raises:
            UnsoundFloats: in this thread; nothing was done.
        """
        if not floats_are_sound():
            raise UnsoundFloats
        return Pause(self._boxes.advance(boxes, seconds))

    def run(self, boxes: int, workers: int = 1) -> Pause:
        """Bound about so many more boxes, with so many threads, unless there are points to look at.

        Raises:
            UnsoundFloats: as :meth:`advance`.
            Stop: time was up.
            KeyboardInterrupt: Ctrl-C; nothing is lost.
        """
        last = self.bounded + boxes
        pause = self.advance(min(boxes, _ALONE))
        helpers: list[Worker] = []
        try:
            while pause in (Pause.OUT_OF_BOXES, Pause.OUT_OF_TIME) and self.bounded < last:
                check()
                if not helpers:
                    helpers = [Worker(partial(self._help, last)) for _ in range(workers - 1)]
                pause = self.advance(last - self.bounded)
        finally:
            self._is_over = True
            finish(helpers)
            self._is_over = False
        for helper in helpers:
            if helper.error is not None:
                raise helper.error
        return pause

    _is_over = False

    def _help(self, last: int) -> None:
        while not self._is_over and self.bounded < last:
            if self.advance(last - self.bounded) in (Pause.DONE, Pause.POINTS):
                return

    def give(self, everything: bool = False) -> Given:
        """Take away what was found since this was last asked; with ``everything`` what waits, too, as leaves."""
        leaf_cases, ends, point_cases, points = self._boxes.give(everything)
        of_leaves, of_points = np.frombuffer(leaf_cases, np.int32), np.frombuffer(point_cases, np.int32)
        d = self.network.input_dim
        low_and_high = np.frombuffer(ends).reshape(len(of_leaves), 2, d)
        found = np.frombuffer(points).reshape(len(of_points), d)
        return Given(of_leaves, low_and_high[:, 0], low_and_high[:, 1], of_points, found)

    def be_quiet(self) -> None:
        """Look for points no more."""
        self._boxes.be_quiet()

    @property
    def is_sound(self) -> bool:
        """Whether floats are what bounds are proven for, in this thread."""
        return floats_are_sound()

    @property
    def bounded(self) -> int:
        """How many boxes were bounded."""
        return int(self._boxes.counters()[0])

    @property
    def excluded(self) -> int:
        """How many of them certainly miss their target."""
        return int(self._boxes.counters()[1])

    @property
    def waiting(self) -> int:
        """How many boxes wait."""
        return int(self._boxes.counters()[2])


def work_for_box(network: Network) -> int:
    """How many multiplications a zonotope around a box takes at most."""
    widths = [network.input_dim, *(layer.output_dim for layer in network.layers)]
    return sum(m * n for m, n in itertools.pairwise(widths)) * sum(widths[:-1])


def can_bound(network: Network) -> bool:
    """Whether a zonotope around a box takes less than about a tenth of a second."""
    return work_for_box(network) <= _MOST_WORK


def float_rows(target: Polyhedron) -> Rows:
    """The rows of a target, each divided by its largest coefficient, as nearest floats."""
    ratios: list[tuple[int, int]] = []
    for row in target.halfspaces:
        numbers = (*row.normal, -row.offset)
        scale = max(1, *map(abs, numbers))
        ratios += ((v, scale) for v in numbers)
    floats = float_quotients(ratios).reshape(len(target.halfspaces), target.ambient_dim + 1)
    equality = np.array([row.relation == "==" for row in target.halfspaces], dtype=np.uint8)
    return Rows(np.ascontiguousarray(floats[:, :-1].T), np.ascontiguousarray(floats[:, -1]), equality)


def _columns(network: Network) -> tuple[Any, ...]:
    layers: Sequence[Layer] = network.layers
    sizes = [layer.input_dim * layer.output_dim for layer in layers]
    columns = (
        np.concatenate([layer.float_weight.T.ravel() for layer in layers]),
        np.cumsum([0, *sizes]),
        np.concatenate([layer.float_bias for layer in layers]),
        np.cumsum([0, *(layer.output_dim for layer in layers)]),
        np.full(len(layers), UNIT_ROUNDOFF),
        np.array([on for layer in layers for on in layer.relu], dtype=np.uint8),
    )
    for column in columns:
        read_only(column)
    return columns
