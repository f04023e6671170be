"""How large the tiles of a run are: certified volumes and boxes, for all of them at once.

Columns do not keep the vertices of their tiles. The run is repeated, which takes as long as it took, and each batch of
finished cells is measured while its vertices are there (:mod:`polyrelu.cells.extent_kernel`). Cells are the same in
every run, because every sign is certified; their patterns say which tiles they are. What exact arithmetic finished has
no certificate here, and is left to whoever asks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from polyrelu.cells.chart import Chart
from polyrelu.cells.columns import Columns
from polyrelu.cells.engine import CellEngine
from polyrelu.cells.extent_kernel import CellExtents, cell_extents
from polyrelu.cells.kernel import Cells, Found, Problem
from polyrelu.cells.problem import problem
from polyrelu.cells.run import Run
from polyrelu.cells.runner import Runner
from polyrelu.cells.signs import ExactForms
from polyrelu.exact import FloatArray, row_echelon, to_floats
from polyrelu.floats import affine_with_bound

_CUTS_PER_BATCH = 4000
_UNUSED_SLOT = -2
# To measure one tile exactly takes about as long as to measure this many in a repeated run.
_CELLS_PER_EXACT_TILE = 100


@dataclass(eq=False)
class Extents:
    """What is known of the sizes of all tiles of some columns; NaN where nothing is.

    Attributes:
        volume_low, volume_high: the volume in the chart's coordinates, n each; NaN where tiles contain lines.
        box_low, box_high: outer boxes in the coordinates of x, (n, d) each.
        asked: how many tiles of unknown size were wanted before the run was repeated.
        measured: whether it was.
    """

    volume_low: FloatArray
    volume_high: FloatArray
    box_low: FloatArray
    box_high: FloatArray
    asked: int = 0
    measured: bool = False


_KNOWN: WeakKeyDictionary[Columns, Extents] = WeakKeyDictionary()


def extents(columns: Columns, wanted: NDArray[np.intp], progress: bool | None = None) -> Extents:
    """The sizes of the tiles, as far as they are known; those with the wanted numbers are going to be looked at.

    The run is repeated as soon as all unknown ones that were wanted so far would take as long exactly, and its results
    are kept as long as the columns are.

    Args:
        columns: the tiles.
        wanted: numbers of tiles.
        progress: show a bar; by default only for long runs on a terminal.

    Raises:
        KeyboardInterrupt: Ctrl-C; the next call starts again.
    """
    known = _KNOWN.get(columns)
    if known is None:
        n, d = len(columns), columns.domain.ambient_dim
        known = Extents(np.full(n, np.nan), np.full(n, np.nan), np.full((n, d), np.nan), np.full((n, d), np.nan))
        flat = list(columns.flat)
        known.volume_low[flat] = known.volume_high[flat] = 0.0
        _KNOWN[columns] = known
    known.asked += int(np.isnan(known.volume_low[wanted]).sum())
    if not known.measured and known.asked * _CELLS_PER_EXACT_TILE > len(columns):
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
            known.volume_low[rows], known.volume_high[rows] = sizes.volume_low[found], sizes.volume_high[found]
        low, high = boxes_in_x(chart, sizes.box_low[found], sizes.box_high[found])
        low[:, moved], high[:, moved] = -np.inf, np.inf
        known.box_low[rows], known.box_high[rows] = low, high

    engine = CellEngine(columns.restriction, columns.domain, MeasuringRunner(record, progress), chart.dim)
    if chart.dim and problem(engine.layers, engine.rows, chart.forms) is not None:
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
                self.record(found.packed, cell_extents(*found.generators))
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
    """Boxes in the chart's coordinates, (n, k) each, as boxes around their images in x, (n, d) each."""
    dim = len(chart.origin)
    if chart.dim == dim:
        return low.copy(), high.copy()  # then x = u
    middle = 0.5 * low + 0.5 * high
    half = np.nextafter(np.maximum(high - middle, middle - low), np.inf)
    basis = to_floats(v for row in chart.basis for v in row).reshape(dim, chart.dim)
    centre, radius = affine_with_bound(basis, to_floats(chart.origin), middle, half)
    return np.nextafter(centre - radius, -np.inf), np.nextafter(centre + radius, np.inf)


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
