"""Which zones of a tiling on disk hang together by less than facets: by edges or points that tiles have in common.

Facets have joined most tiles by then. Of the others those may touch whose boxes meet: boxes are sorted outside of
memory by their lower ends along the first axis, and a sweep keeps those that have not ended. Pairs of tiles of
different zones are sorted by the batches that they are in, and are looked at exactly, batch by batch, as long as their
zones are not joined yet.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from polyrelu.analysis.adjacency import bounding_boxes, connected, dim_in_common
from polyrelu.arithmetic.exact import FloatArray
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support.external_sort import Records, Sorter
from polyrelu.tilings.columns import Columns
from polyrelu.tilings.stored_tiling import StoredTiling
from polyrelu.tilings.tiling import Tiling

Numbers: TypeAlias = NDArray[np.int64]
Words: TypeAlias = NDArray[np.uint64]
ZonesOf: TypeAlias = Callable[[int, int], Numbers]

_MOST_KEPT = 1 << 12  # polyhedra, whose vertices are known then
_AT_ONCE = 1 << 8  # boxes
_NUMBER = 8  # bytes


def joined_zones(tiling: StoredTiling, contact: int, count: int, zones_of: ZonesOf, folder: Path) -> Numbers:
    """For each of so many zones by facets, that of contacts of a dimension; in the order of first zones.

    Args:
        tiling: whose zones they are.
        contact: the least dimension of what two tiles have in common.
        count: how many zones there are.
        zones_of: the zones of some tiles, from a number on, so many.
        folder: for what does not fit into memory.

    Cost: the exact vertices of all tiles, unless they were measured, a tenth of a millisecond or more each; for pairs
    of tiles of different zones whose boxes meet some linear programs. Memory for a batch, and for boxes of those tiles
    that a hyperplane along the first axis meets.
    """
    leader = np.arange(count)
    batches = np.array([first + start for first, _, source in tiling.sources() for start in source.starts])
    pairs = Sorter(4 * _NUMBER, folder)
    for found in _pairs_of_boxes(_boxes(tiling, zones_of, folder), tiling.domain.ambient_dim):
        owners = np.searchsorted(batches, found, side="right")
        pairs.add(_as_bytes(np.hstack([owners, found])))
    polyhedra = _Polyhedra(tiling)
    for block in pairs.sorted():
        for i, j in _as_numbers(block)[:, 2:].tolist():
            zones = [_leading(leader, int(zones_of(k, 1)[0])) for k in (i, j)]
            if zones[0] != zones[1] and polyhedra.dim_in_common(i, j) >= contact:
                leader[max(zones)] = min(zones)
    return connected(count, np.column_stack([np.arange(count), leader]))


def _leading(leader: Numbers, zone: int) -> int:
    """The first one of the zones that are joined with a zone."""
    while leader[zone] != zone:
        leader[zone] = leader[leader[zone]]
        zone = int(leader[zone])
    return zone


class _Polyhedra:
    """Tiles as polyhedra, of which the latest ones are kept."""

    def __init__(self, tiling: StoredTiling) -> None:
        self._tiling, self._dim = tiling, tiling.domain.dim
        self._starts = np.array([first for first, _, _ in tiling.sources()])
        self._kept = OrderedDict[int, Polyhedron]()

    def dim_in_common(self, i: int, j: int) -> int:
        """The dimension of what two tiles have in common."""
        P, Q = self._of(i), self._of(j)
        parts = np.searchsorted(self._starts, [i, j], side="right")
        return dim_in_common(P, Q, parts[0] == parts[1] and P.dim == Q.dim == self._dim)

    def _of(self, number: int) -> Polyhedron:
        found = self._kept.pop(number, None) or self._tiling[number].polyhedron
        self._kept[number] = found
        if len(self._kept) > _MOST_KEPT:
            self._kept.popitem(last=False)
        return found


# -- boxes ------------------------------------------------------------------------------------------------------------


def _boxes(tiling: StoredTiling, zones_of: ZonesOf, folder: Path) -> Iterator[Records]:
    """The boxes of all tiles by their lower ends along the first axis, each with its tile's number and zone."""
    dim = tiling.domain.ambient_dim
    sorter = Sorter(_NUMBER * (3 + 2 * dim), folder)
    for first, batch in tiling.batches():
        numbers = np.arange(first, first + len(batch))
        low, high = _outer(batch)
        along = _ordered(low[:, 0]) if dim else np.zeros(len(batch), dtype=np.uint64)
        words = [along, numbers, zones_of(first, len(batch)), *low.T.view(np.int64), *high.T.view(np.int64)]
        sorter.add(_as_bytes(np.column_stack([word.astype(np.uint64) for word in words])))
    return sorter.sorted()


def _outer(batch: Tiling) -> FloatArray:
    """Lower and upper corners of boxes around tiles: those that were measured, or of the vertices."""
    ((_, columns),) = batch.parts
    assert isinstance(columns, Columns)
    if columns.sizes is None:
        return bounding_boxes(batch, range(len(batch)))
    boxes = np.stack([columns.sizes.box_low, columns.sizes.box_high])
    unknown = np.flatnonzero(~np.isfinite(boxes).all(axis=(0, 2)))
    boxes[:, unknown] = bounding_boxes(batch, unknown.tolist())
    return boxes


def _pairs_of_boxes(boxes: Iterator[Records], dim: int) -> Iterator[Numbers]:
    """Pairs of tiles of different zones whose boxes meet, (n, 2), of boxes that come in order."""
    known = np.empty((0, 3 + 2 * dim), dtype=np.uint64)  # those that have not ended
    for block in boxes:
        for start in range(0, len(block), _AT_ONCE):
            some = _as_numbers(block[start : start + _AT_ONCE])
            before, known = len(known), np.vstack([known, some])
            low, high = _corners(known, dim)
            for k in range(before, len(known)):
                meets = ((low[:k] <= high[k]) & (low[k] <= high[:k])).all(axis=1) & (known[:k, 2] != known[k, 2])
                others = known[:k][meets, 1]
                yield np.column_stack([others, np.full(len(others), known[k, 1])]).astype(np.int64)
            if dim:
                known = known[high[:, 0] >= low[-1, 0]]


def _corners(records: Words, dim: int) -> tuple[FloatArray, FloatArray]:
    corners = np.ascontiguousarray(records[:, 3:]).view(np.float64)
    return corners[:, :dim], corners[:, dim:]


def _ordered(values: FloatArray) -> Words:
    """Floats as numbers that have their order."""
    bits = (values + 0.0).view(np.int64)  # of the two zeros one is left
    return np.where(bits < 0, ~bits, bits ^ np.int64(-(2**63))).view(np.uint64)


def _as_bytes(numbers: Numbers | Words) -> Records:
    """Numbers as bytes, the highest first, a row each."""
    return np.ascontiguousarray(numbers.astype(">u8")).view(np.uint8).reshape(len(numbers), _NUMBER * numbers.shape[1])


def _as_numbers(records: Records) -> Words:
    """The rows of numbers that were written."""
    return np.ascontiguousarray(records).view(">u8").astype(np.uint64)
