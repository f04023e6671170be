"""Sizes of tiles that were not measured when they were found: the run is repeated, and measures.

Cells are the same in every run, because every sign is certified; their patterns say which tiles they are. The run ends
as soon as all of them are there, which matters where the one that found them was stopped.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from polyrelu.engines.cells.open_cells import sizes_of_open
from polyrelu.engines.cells.pool import Pool
from polyrelu.engines.cells.streamed import StreamedCells
from polyrelu.engines.protocol import ORDERS
from polyrelu.tilings.columns import Columns
from polyrelu.tilings.open_cells import OpenCells
from polyrelu.tilings.tile_source import Extents


def measured(columns: Columns) -> Extents:
    """What the kernel certifies of the tiles' sizes. Cost: as the run, and measuring.

    The same in every repetition. No volumes where tiles contain lines; flat tiles have volume zero.

    Raises:
        KeyboardInterrupt: Ctrl-C.
        UnsoundFloats: in this thread.
    """
    if isinstance(columns, OpenCells):
        return sizes_of_open(columns)
    count, dim = len(columns), columns.domain.ambient_dim
    volumes, boxes = np.full((2, count), np.nan), np.full((2, count, dim), np.nan)
    flat = columns.dims(np.arange(count)) < columns.domain.dim
    volumes[:, flat] = 0.0
    if columns.chart.dim:
        pool = Pool(measure=True, order=ORDERS[0])
        engine = StreamedCells(columns.restriction, columns.domain, pool)
        keys, missing = _keys(columns.packed), int(np.count_nonzero(~flat))
        has_more = True
        while has_more and missing:
            has_more = engine.advance()
            again = engine.fresh()
            assert again.sizes is not None
            rows = np.searchsorted(keys, _keys(again.packed))
            known = rows < len(keys)
            known[known] = keys[rows[known]] == _keys(again.packed)[known]
            rows = rows[known]
            volumes[:, rows] = again.sizes.volume_low[known], again.sizes.volume_high[known]
            boxes[:, rows] = again.sizes.box_low[known], again.sizes.box_high[known]
            missing -= int(np.count_nonzero(~flat[rows]))
            engine.forget()
        volumes[:, flat] = 0.0
    return Extents(*volumes, *boxes)


def _keys(packed: NDArray[np.uint8]) -> NDArray[np.bytes_]:
    """Packed patterns as strings of bytes, which sort as the columns do."""
    if not packed.shape[1]:
        return np.zeros(len(packed), dtype="S1")
    return np.ascontiguousarray(packed).view(f"S{packed.shape[1]}").ravel()
