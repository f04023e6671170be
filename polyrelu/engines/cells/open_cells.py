"""From what a stopped run leaves to open cells: exact cells, and those that the kernel gave back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from polyrelu.engines.cells.extents import sizes_in_x, unmeasured
from polyrelu.engines.cells.library import kernel_library
from polyrelu.engines.cells.problem import Cells
from polyrelu.engines.cells.run import CellExtents, Job, Left
from polyrelu.networks.activation_pattern import packed_signs
from polyrelu.networks.pattern_cells import Placed
from polyrelu.networks.relevant_part import Restriction
from polyrelu.polyhedra.cell import INFINITY
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.tilings.chart import Chart
from polyrelu.tilings.open_cells import OpenCells, Vertices
from polyrelu.tilings.tile_source import Extents

_ON = 1


def open_cells(
    restriction: Restriction, domain: Polyhedron, chart: Chart, placed: Sequence[Placed], left: Iterable[Left]
) -> OpenCells:
    """Exact cells and cells of the kernel as one source, in that order."""
    neurons = restriction.neuron_count
    signs = [np.zeros((len(placed), neurons), dtype=np.bool_)]
    counts, facets = list[int](), list[Sequence[int] | NDArray[np.int32]]()
    for row, cell in zip(signs[0], placed, strict=True):
        decided = cell.signs.flat
        begun = np.array(cell.begun, dtype=np.int64) > 0
        row[: len(decided)], row[len(decided) : len(decided) + len(begun)] = decided, begun
        facets.append([facet for facet in cell.cell.facets if facet != INFINITY])
        counts.append(len(facets[-1]))
    vertices = []
    for cells, extents in left:
        signs.append(cells.signs[:, :neurons] == _ON)
        facets.append(cells.slots[cells.slots >= 0])
        counts += np.count_nonzero(cells.slots >= 0, axis=1).tolist()
        vertices.append(_vertices(cells, extents))
    packed = packed_signs(np.concatenate(signs))
    starts = np.cumsum([0, *counts], dtype=np.int64)
    numbers = np.concatenate([np.empty(0, dtype=np.int32), *(np.asarray(own, dtype=np.int32) for own in facets)])
    points = np.full((len(packed), chart.dim), np.nan)
    kept = tuple(vertices) if chart.dim else ()
    return OpenCells(restriction, domain, chart, packed, starts, numbers, points, {}, vertices=kept)


def chosen(job: Job) -> Cells:
    """The cells that are meant, with no others beside them."""
    cells, numbers = job
    rows = np.asarray(numbers, dtype=np.intp)
    if len(rows) == len(cells.depth):
        return cells
    size = cells.size[rows]
    start = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(size)])[:-1]
    places = np.repeat(cells.start[rows] - start, size) + np.arange(size.sum())
    return Cells(
        cells.depth[rows],
        cells.signs[rows],
        cells.slots[rows],
        start,
        size,
        cells.vectors[places],
        cells.radius[places],
        cells.solved[places],
        cells.tight[places],
    )


def _vertices(cells: Cells, extents: CellExtents | None) -> Vertices:
    dim, words = cells.vectors.shape[1], cells.tight.shape[1]
    return Vertices(dim, words, cells.start, cells.size, cells.vectors, cells.radius, cells.tight, extents)


def sizes_of_open(cells: OpenCells) -> Extents:
    """What is certified of the sizes of open cells; nothing where they were split exactly. Cost: microseconds each."""
    unknown = len(cells) - sum(len(own.size) for own in cells.vertices)
    found = [unmeasured(unknown, cells.chart.dim)]
    for own in cells.vertices:
        found.append(measured_by(own) if own.sizes is None else CellExtents(*own.sizes))
    return sizes_in_x(cells.restriction, cells.domain, cells.chart, found, np.arange(len(cells)))


def extents_of(cells: Cells) -> CellExtents:
    """What is certified of the sizes of some cells. Cost: microseconds each."""
    return measured_by(_vertices(cells, None))


def measured_by(own: Vertices) -> CellExtents:
    """What vertices say of the sizes of their cells."""
    ends = kernel_library().measured(*own[:2], *map(np.ascontiguousarray, own[2:7]))
    low, high, *box = map(np.frombuffer, ends)
    return CellExtents(low, high, *(corner.reshape(-1, own.dim - 1) for corner in box))
