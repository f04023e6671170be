"""How large the tiles of a run are: certified volumes and boxes, for all of them at once.

Columns do not keep the vertices of their tiles. The run is repeated, which takes as long as it took, and each batch of
finished cells is measured while its vertices are there (:mod:`polyrelu.engines.cells.extent_kernel`). Cells are the
same in every run, because every sign is certified; their patterns say which tiles they are. What exact arithmetic
finished has no certificate here, and is left to whoever asks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from polyrelu.arithmetic.exact import FloatArray, nearest_floats, row_echelon
from polyrelu.arithmetic.rounding import affine_with_bound, middle_and_half
from polyrelu.engines.cells.compiled import called
from polyrelu.engines.cells.engine import CellEngine
from polyrelu.engines.cells.extent_kernel import CellExtents, cell_extents
from polyrelu.engines.cells.kernel import Cells, Found, Problem
from polyrelu.engines.cells.loading import load
from polyrelu.engines.cells.run import Run
from polyrelu.engines.cells.runner import Runner
from polyrelu.engines.cells.signs import ExactForms
from polyrelu.tilings.chart import Chart
from polyrelu.tilings.columns import Columns
from polyrelu.tilings.tile_source import Extents

_CUTS_PER_BATCH = 4000
_UNUSED_SLOT = -2


def measured(columns: Columns) -> Extents:
    """What the kernel certifies of the tiles' sizes when the run is repeated. Cost: as the run, and measuring.

    The same in every repetition. No volumes where tiles contain lines; flat tiles have volume zero.

    Raises:
        KeyboardInterrupt: Ctrl-C.
        UnsoundFloats: in this thread.
    """
    count, dim = len(columns), columns.domain.ambient_dim
    volumes, boxes = np.full((2, count), np.nan), np.full((2, count, dim), np.nan)
    volumes[:, list(columns.flat)] = 0.0
    chart = columns.chart
    keys = _keys(columns.packed)
    moved = moved_by_lineality(columns)

    def record(packed: NDArray[np.uint8], sizes: CellExtents) -> None:
        rows = np.searchsorted(keys, _keys(packed))
        found = rows < len(keys)
        found[found] = keys[rows[found]] == _keys(packed)[found]
        rows = rows[found]
        if not chart.lineality:
            volumes[:, rows] = sizes.volume_low[found], sizes.volume_high[found]
        low, high = boxes_in_x(chart, sizes.box_low[found], sizes.box_high[found])
        low[:, moved], high[:, moved] = -np.inf, np.inf
        boxes[:, rows] = low, high

    if chart.dim:
        CellEngine(columns.restriction, columns.domain, MeasuringRunner(record)).run()
    return Extents(*volumes, *boxes)


class MeasuringRunner(Runner):
    """Runs the kernel in batches of bounded size and measures the cells that each one finishes.

    Args:
        record: told the packed patterns of finished cells and their sizes in the chart's coordinates.

    A bar is shown for long runs on a terminal.
    """

    def __init__(self, record: Callable[[NDArray[np.uint8], CellExtents], None]) -> None:
        super().__init__(1, None)
        self.record = record

    def run(
        self,
        problem: Problem,
        exact: Callable[[], ExactForms],
        roots: Callable[[int], Cells | None],
        stats: Any,
    ) -> Iterator[Found]:
        """Measure what the kernel finds on the roots; what it leaves to exact arithmetic is handed out."""
        cells = roots(self.words)
        while cells is None:
            self.words *= 2
            cells = roots(self.words)
        waiting, decide = [cells], exact()
        with self._bar() as bar:
            while waiting:
                batch = waiting.pop()
                run = Run(problem, batch.tight.shape[1], decide, keep=True)
                left = run.split(batch, np.arange(len(batch.depth)), _CUTS_PER_BATCH)
                if run.overflow:
                    waiting.append(wider(batch))
                    continue
                if len(left.depth):
                    waiting.append(left)
                found = run.found
                no_cells = found.generators._replace(start=found.generators.start[:1])
                load(cell_extents, partial(cell_extents, *no_cells), "the measurer")
                self.record(found.packed, called(cell_extents, *found.generators))
                bar.update(len(found.packed))
                yield without_finished(found)


def without_finished(found: Found) -> Found:
    """What was found without the finished cells, which are tiles already."""
    return found._replace(
        packed=found.packed[:0], facet_start=found.facet_start[:1], facets=found.facets[:0], points=found.points[:0]
    )


def wider(cells: Cells) -> Cells:
    """The same cells with masks twice as wide."""
    slots = np.full_like(cells.slots, _UNUSED_SLOT)
    return cells._replace(
        slots=np.concatenate([cells.slots, slots], axis=1),
        tight=np.concatenate([cells.tight, np.zeros_like(cells.tight)], axis=1),
    )


def boxes_in_x(chart: Chart, low: FloatArray, high: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Boxes in the chart's coordinates, (n, k) each, as boxes around their images in x, (n, d) each.

    A box with an unknown side, NaN, is unknown. One that overflows on its way has infinite sides. The last rounding is
    paid for by going one float further out (in practice the bound of the map, several roundings wide, would pay).
    """
    dim = len(chart.origin)
    if chart.dim == dim:
        return low.copy(), high.copy()  # then x = u
    basis = nearest_floats(v for row in chart.basis for v in row).reshape(dim, chart.dim)
    centre, radius = affine_with_bound(basis, nearest_floats(chart.origin), *middle_and_half(low, high))
    centre = np.where(np.isinf(radius), 0.0, centre)
    below, above = np.nextafter(centre - radius, -np.inf), np.nextafter(centre + radius, np.inf)
    unknown = np.isnan(low).any(axis=1) | np.isnan(high).any(axis=1)
    below[unknown], above[unknown] = np.nan, np.nan
    return below, above


def moved_by_lineality(columns: Columns) -> NDArray[np.bool_]:
    """For each coordinate of x whether it varies along the lines that every tile contains.

    These lines are orthogonal to the domain's rows and the first layer's; a coordinate is constant on them iff its unit
    vector is a combination of those.
    """
    dim = columns.domain.ambient_dim
    if not columns.chart.lineality:
        return np.zeros(dim, dtype=np.bool_)
    fixed: list[Sequence[Fraction | int]] = [*columns.restriction.moving]
    fixed += [h.normal for h in columns.domain.closure().canonical().halfspaces]
    rank = len(row_echelon(fixed, dim)[0])
    units = (tuple(int(i == j) for j in range(dim)) for i in range(dim))
    return np.array([len(row_echelon([*fixed, unit], dim)[0]) > rank for unit in units], dtype=np.bool_)


def _keys(packed: NDArray[np.uint8]) -> NDArray[np.bytes_]:
    """Packed patterns as strings of bytes, which sort as the columns do."""
    if not packed.shape[1]:
        return np.zeros(len(packed), dtype="S1")
    return np.ascontiguousarray(packed).view(f"S{packed.shape[1]}").ravel()
