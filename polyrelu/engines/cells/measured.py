"""Sizes of tiles that were not measured when they were found: each from the rows of its own facets.

The kernel finds the vertices of a tile anew (``kernel/corners.h`` has the proof) and measures it by them; nothing is
split again. What it cannot certify, and flat tiles' boxes, are left to whoever asks.
"""

from __future__ import annotations

import numpy as np

from polyrelu.arithmetic.ieee import UnsoundFloats, floats_are_sound
from polyrelu.engines.cells.extents import sizes_in_x, unmeasured
from polyrelu.engines.cells.library import kernel_library
from polyrelu.engines.cells.open_cells import sizes_of_open
from polyrelu.engines.cells.problem import Problem, problem
from polyrelu.engines.cells.run import CellExtents
from polyrelu.support.limits import check
from polyrelu.tilings.columns import Columns
from polyrelu.tilings.open_cells import OpenCells
from polyrelu.tilings.tile_source import Extents, Numbers

_AT_ONCE = 1 << 12
"""Tiles between two questions whether to stop."""


def measured(columns: Columns) -> Extents:
    """What the kernel certifies of the tiles' sizes. Cost: microseconds a tile.

    No volumes where tiles contain lines; flat tiles have volume zero.

    Raises:
        KeyboardInterrupt: Ctrl-C.
        UnsoundFloats: in this thread.
    """
    if isinstance(columns, OpenCells):
        return sizes_of_open(columns)
    count, own = len(columns), columns.chart
    full = np.flatnonzero(columns.dims(np.arange(count)) == columns.domain.dim)
    found = [unmeasured(len(full), own.dim)]
    if own.dim:
        given = problem(columns.restriction, own)
        found = [_certified(columns, given, part) for part in np.split(full, range(_AT_ONCE, len(full), _AT_ONCE))]
    order = np.full(count, count)  # a number that no full tile has
    order[full] = np.arange(len(full))
    return sizes_in_x(columns.restriction, columns.domain, own, found, order)


def _certified(columns: Columns, given: Problem, numbers: Numbers) -> CellExtents:
    """The sizes of some full tiles in the chart's coordinates."""
    check()
    if not floats_are_sound():
        raise UnsoundFloats
    tiles = columns.data(numbers)
    starts = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(tiles.counts, dtype=np.int64)])
    arrays = tuple(map(np.ascontiguousarray, given[:-3]))
    sizes = given.dim, given.neurons, given.target_layer
    ends = kernel_library().tiles_measured(arrays, *sizes, tiles.bits, starts, tiles.facets, tiles.points)
    low, high, *box = map(np.frombuffer, ends)
    return CellExtents(low, high, *(corner.reshape(len(numbers), given.dim - 1) for corner in box))
