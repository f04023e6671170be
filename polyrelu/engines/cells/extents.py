"""How large the tiles of a run are: certified volumes and boxes, for all of them at once.

Columns do not keep the vertices of their tiles. A run that is asked to measures each cell while its vertices are there
(``kernel/extents.h`` has the proof). What exact arithmetic finished has no certificate here, and is left to whoever
asks.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from polyrelu.arithmetic.exact import FloatArray, nearest_floats, row_echelon
from polyrelu.arithmetic.rounding import affine_with_bound, middle_and_half
from polyrelu.engines.cells.run import CellExtents
from polyrelu.networks.relevant_part import Restriction
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.tilings.chart import Chart
from polyrelu.tilings.tile_source import Extents

_UNKNOWN = np.full(1, np.nan)
_UNKNOWN.setflags(write=False)


def unmeasured(count: int, dim: int) -> CellExtents:
    """Cells of which nothing is known. All places are one, since most runs measure nothing."""
    volumes = np.ndarray(count, np.float64, _UNKNOWN, strides=(0,))
    boxes = np.ndarray((count, dim), np.float64, _UNKNOWN, strides=(0, 0))
    return CellExtents(volumes, volumes, boxes, boxes)


def sizes_in_x(
    restriction: Restriction,
    domain: Polyhedron,
    chart: Chart,
    cells: Sequence[CellExtents],
    order: NDArray[np.intp],
) -> Extents:
    """The sizes of tiles, in an order of the numbers of the cells that they are; beyond these are flat tiles.

    No volumes where tiles contain lines; flat tiles have volume zero.
    """
    count, dim = len(order), domain.ambient_dim
    volumes, boxes = np.full((2, count), np.nan), np.full((2, count, dim), np.nan)
    found = CellExtents(*map(np.concatenate, zip(unmeasured(0, chart.dim), *cells, strict=True)))
    are_cells = order < len(found.volume_low)
    rows = order[are_cells]
    volumes[:, ~are_cells] = 0.0
    if not chart.lineality:
        volumes[:, are_cells] = found.volume_low[rows], found.volume_high[rows]
    low, high = boxes_in_x(chart, found.box_low[rows], found.box_high[rows])
    moved = moved_by_lineality(restriction, domain, chart)
    low[:, moved], high[:, moved] = -np.inf, np.inf
    boxes[:, are_cells] = low, high
    return Extents(*volumes, *boxes)


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


def moved_by_lineality(restriction: Restriction, domain: Polyhedron, chart: Chart) -> NDArray[np.bool_]:
    """For each coordinate of x whether it varies along the lines that every tile contains.

    These lines are orthogonal to the domain's rows and the first layer's; a coordinate is constant on them iff its unit
    vector is a combination of those.
    """
    dim = domain.ambient_dim
    if not chart.lineality:
        return np.zeros(dim, dtype=np.bool_)
    fixed: list[Sequence[Fraction | int]] = [*restriction.moving]
    fixed += [h.normal for h in domain.closure().canonical().halfspaces]
    rank = len(row_echelon(fixed, dim)[0])
    units = (tuple(int(i == j) for j in range(dim)) for i in range(dim))
    return np.array([len(row_echelon([*fixed, unit], dim)[0]) > rank for unit in units], dtype=np.bool_)
