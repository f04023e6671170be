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
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from polyrelu.arithmetic.exact import FloatArray, nearest_floats, read_only, row_echelon
from polyrelu.arithmetic.ieee import floats_are_sound
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

_CUTS_PER_BATCH = 4000
_UNUSED_SLOT = -2
# To measure one tile exactly takes about as long as to measure this many in a repeated run.
_CELLS_PER_EXACT_TILE = 100


class Extents:
    """What is known of the sizes of all tiles of some columns; NaN where nothing is.

    Args:
        count: how many tiles there are.
        dim: the dimension of x.

    Attributes:
        volume_low, volume_high: the volume in the chart's coordinates, n each; NaN where tiles contain lines.
        box_low, box_high: outer boxes in the coordinates of x, (n, d) each. All four are read-only.
        asked: how many tiles of unknown size were wanted before the run was repeated.
        measured: whether it was.
    """

    def __init__(self, count: int, dim: int) -> None:
        self._volumes, self._boxes = np.full((2, count), np.nan), np.full((2, count, dim), np.nan)
        self.volume_low, self.volume_high = (read_only(row) for row in self._volumes)
        self.box_low, self.box_high = (read_only(row) for row in self._boxes)
        self.asked, self.measured = 0, False

    def note_volumes(self, numbers: Any, low: Any, high: Any) -> None:
        """Write down enclosures of the volumes of the tiles with these numbers."""
        self._volumes[0, numbers], self._volumes[1, numbers] = low, high

    def note_boxes(self, numbers: Any, low: Any, high: Any) -> None:
        """Write down boxes around the tiles with these numbers."""
        self._boxes[0, numbers], self._boxes[1, numbers] = low, high


_KNOWN: WeakKeyDictionary[Columns, Extents] = WeakKeyDictionary()


def extents(columns: Columns, wanted: NDArray[np.intp], progress: bool | None = None) -> Extents:
    """The sizes of the tiles, as far as they are known; those with the wanted numbers are going to be looked at.

    The run is repeated as soon as all unknown ones that were wanted so far would take as long exactly, and its results
    are kept as long as the columns are.

    Args:
        columns: the tiles.
        wanted: numbers of tiles.
        progress: show a bar; by default only for long runs on a terminal.

    Where this thread's floats are not sound, nothing is measured; what was known before stays.

    Raises:
        KeyboardInterrupt: Ctrl-C; the next call starts again.
    """
    known = _KNOWN.get(columns)
    if known is None:
        known = Extents(len(columns), columns.domain.ambient_dim)
        known.note_volumes(list(columns.flat), 0.0, 0.0)
        _KNOWN[columns] = known
    known.asked += int(np.isnan(known.volume_low[wanted]).sum())
    if not known.measured and known.asked * _CELLS_PER_EXACT_TILE > len(columns) and floats_are_sound():
        measure(columns, known, progress)
        known.measured = True
    return known


def measure(columns: Columns, known: Extents, progress: bool | None = None) -> None:
    """Repeat the run of some columns and write down what the kernel certifies. Cost: as the run, and measuring."""
    chart = columns.chart
    keys = _keys(columns.packed)
    moved = moved_by_lineality(columns)

    def record(packed: NDArray[np.uint8], sizes: CellExtents) -> None:
        rows = np.searchsorted(keys, _keys(packed))
        found = rows < len(keys)
        found[found] = keys[rows[found]] == _keys(packed)[found]
        rows = rows[found]
        if not chart.lineality:
            known.note_volumes(rows, sizes.volume_low[found], sizes.volume_high[found])
        low, high = boxes_in_x(chart, sizes.box_low[found], sizes.box_high[found])
        low[:, moved], high[:, moved] = -np.inf, np.inf
        known.note_boxes(rows, low, high)

    engine = CellEngine(columns.restriction, columns.domain, MeasuringRunner(record, progress))
    if chart.dim:
        engine.run()


class MeasuringRunner(Runner):
    """Runs the kernel in batches of bounded size and measures the cells that each one finishes.

    Args:
        record: told the packed patterns of finished cells and their sizes in the chart's coordinates.
        progress: show a bar; by default only for long runs on a terminal.
    """

    def __init__(self, record: Callable[[NDArray[np.uint8], CellExtents], None], progress: bool | None = None) -> None:
        super().__init__(1, progress)
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
