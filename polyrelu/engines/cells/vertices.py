r"""The vertices of all tiles at once: the run is repeated, and hands out the generators of its cells.

A generator is known as floats :math:`\hat g` of length k + 1 with :math:`|g - \hat g|_\infty \le r`. Where
:math:`\hat g_t > 2 r` it is a vertex, and ``kernel/extents.h`` proves that its coordinate j lies within

.. math:: e_j = \Big( \frac{r}{\hat g_t - r} (1 + |\hat x_j|) + \gamma_3 |\hat x_j| \Big) (1 + \gamma_{12}) + \tau,
          \qquad \hat x_j = fl(\hat g_j / \hat g_t),

evaluated as there. What has another generator, is flat, or was split exactly is left to whoever asks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from polyrelu.arithmetic.exact import FloatArray, nearest_floats
from polyrelu.arithmetic.ieee import SMALLEST_NORMAL
from polyrelu.arithmetic.rounding import affine_with_bound, gamma
from polyrelu.engines.cells.pool import Pool
from polyrelu.engines.cells.run import Found
from polyrelu.engines.cells.streamed import StreamedCells
from polyrelu.engines.protocol import ORDERS
from polyrelu.networks.activation_pattern import packed_keys
from polyrelu.tilings.chart import Chart
from polyrelu.tilings.columns import Columns


class TileVertices(NamedTuple):
    """The vertices of some tiles in x, one tile after the other.

    Attributes:
        numbers: the tiles' numbers in their columns, ascending.
        starts: tile ``numbers[i]`` has the vertices from ``starts[i]`` to ``starts[i + 1]``.
        points, radius: (m, d) and (m); each coordinate is off by so much at most.
    """

    numbers: NDArray[np.intp]
    starts: NDArray[np.intp]
    points: FloatArray
    radius: FloatArray

    def chosen(self, places: NDArray[np.intp]) -> TileVertices:
        """Some of the tiles, by their places here."""
        counts = np.diff(self.starts)[places]
        ends = np.cumsum(counts)
        gather = np.arange(int(counts.sum())) + np.repeat(self.starts[:-1][places] - (ends - counts), counts)
        starts = np.concatenate([np.zeros(1, np.intp), ends])
        return TileVertices(self.numbers[places], starts, self.points[gather], self.radius[gather])


class _Repetition(StreamedCells):
    """Finds full tiles again; the flat ones are known."""

    def _settle(self, ask: Callable[[], None]) -> None:
        self.faces.clear()
        self.flat.clear()


def tile_vertices(columns: Columns) -> TileVertices:
    """The certified vertices of all tiles that have nothing else. Cost: as the run, and some memory for each vertex.

    Raises:
        KeyboardInterrupt: Ctrl-C, or a limit.
        UnsoundFloats: in this thread.
    """
    chart = columns.chart
    pieces = [_no_vertices(chart)]
    if chart.dim and not chart.lineality:
        pieces += (_vertices(chart, rows, found) for rows, found in _found_again(columns))
    joined = _Piece(*map(np.concatenate, zip(*pieces, strict=True)))
    starts = np.concatenate([np.zeros(1, np.intp), np.cumsum(joined.counts)])
    found = TileVertices(joined.rows, starts, joined.points, joined.radius)
    return found.chosen(np.argsort(joined.rows, kind="stable"))


class _Piece(NamedTuple):
    """The tiles of a piece: their numbers, how many vertices each has, and these."""

    rows: NDArray[np.intp]
    counts: NDArray[np.intp]
    points: FloatArray
    radius: FloatArray


def _no_vertices(chart: Chart) -> _Piece:
    none, numbers = np.empty(0), np.empty(0, dtype=np.intp)
    return _Piece(numbers, numbers, np.empty((0, len(chart.origin))), none)


def _found_again(columns: Columns) -> Iterator[tuple[NDArray[np.intp], Found]]:
    """What the repetition finds, with the number of each cell among the columns' tiles, or -1."""
    keys = packed_keys(columns.packed)
    order = np.argsort(keys, kind="stable")  # tiles of files of others may be in any
    keys = keys[order]
    missing = int(np.count_nonzero(columns.dims(np.arange(len(columns))) == columns.domain.dim))
    pool = Pool(order=ORDERS[0], keep=True)
    engine, has_more = _Repetition(columns.restriction, columns.domain, pool), True
    while has_more and missing > 0:
        has_more = engine.advance()
        for found in pool.found:
            own = packed_keys(found.packed)
            rows = np.minimum(np.searchsorted(keys, own), len(keys) - 1)
            rows = np.where(keys[rows] == own, order[rows], -1)
            missing -= int(np.count_nonzero(rows >= 0))
            yield rows, found
        engine.forget()


def _vertices(chart: Chart, rows: NDArray[np.intp], found: Found) -> _Piece:
    """The vertices of those cells that have certified ones only."""
    start, vectors, r, _ = found.generators
    counts = np.diff(start)
    with np.errstate(all="ignore"):
        t = vectors[:, -1]
        x = vectors[:, :-1] / t[:, None]
        share = (r / (t - r))[:, None]
        first_order = share * (1.0 + np.abs(x)) + gamma(3) * np.abs(x)
        e = (first_order * (1.0 + gamma(12)) + SMALLEST_NORMAL).max(axis=1, initial=0.0)
        sure = (2.0 * r < t) & np.isfinite(t) & np.isfinite(e)
    points, radius = _in_x(chart, x, e)
    sure &= np.isfinite(radius)
    of_sure = np.bincount(np.repeat(np.arange(len(counts)), counts), weights=sure, minlength=len(counts))
    chosen = (rows >= 0) & (of_sure == counts) & (counts > 0)
    kept = np.repeat(chosen, counts)
    return _Piece(rows[chosen], counts[chosen], points[kept], radius[kept])


def _in_x(chart: Chart, points: FloatArray, radius: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Points of the chart in x, and bounds on how far their coordinates are off."""
    if chart.is_identity:
        return points, radius
    basis = nearest_floats(v for row in chart.basis for v in row).reshape(len(chart.origin), chart.dim)
    spread = np.broadcast_to(radius[:, None], points.shape)
    moved, bound = affine_with_bound(basis, nearest_floats(chart.origin), points, spread)
    return moved, bound.max(axis=1, initial=0.0)
