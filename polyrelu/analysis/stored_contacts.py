"""Who touches whom in a tiling that is larger than memory.

Within a batch facets are matched as in :mod:`polyrelu.analysis.adjacency`. What that leaves open is written down: for
each such facet the pattern beyond, with the neuron's bit cleared on both sides, so that the two tiles that share it
write the same. Sorted outside of memory, those that match stand beside each other, and whole patterns are compared. So
memory holds a batch, and what goes through it is the facets between batches, not all of them.

Facets that have no partner then, at the ends of the target and where several neurons fold at once, are looked at
exactly, like there, and matched by the SHA-256 of their exact keys in the same way. Flat tiles, and tiles of different
targets, are compared exactly with what is near them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from polyrelu.analysis.adjacency import FLAT, TARGET, OpenFacet, hyperplane_contacts, sure_contacts, touches
from polyrelu.polyhedra.bounding_box import box_of
from polyrelu.support.external_sort import Records, Sorter
from polyrelu.tilings.columns import Columns
from polyrelu.tilings.neuron_facets import FacetReader, NeuronFacet, neuron_names
from polyrelu.tilings.stored import StoredTiles
from polyrelu.tilings.stored_tiling import StoredTiling

_DIGEST = 32


class Met(NamedTuple):
    """Pairs of tiles in facet contact.

    Attributes:
        pairs: (m, 2) numbers of tiles.
        labels: (m) what is between them, as :class:`polyrelu.analysis.adjacency.Contacts` says it.
        marks: (m, 2) the tiles' marks.
    """

    pairs: NDArray[np.int64]
    labels: NDArray[np.int64]
    marks: NDArray[np.int64]


class Marks:
    """Gives each tile a number, which comes with its contacts across batches: here zero."""

    def of_batch(self, first: int, count: int, pairs: NDArray[np.int64]) -> NDArray[np.int64]:
        """For each tile of a batch, from the number of its first tile on, with the contacts within it."""
        del first, pairs
        return np.zeros(count, dtype=np.int64)

    def of(self, number: int) -> int:
        """What a tile was given."""
        del number
        return 0


def stored_contacts(tiling: StoredTiling, folder: Path, marks: Marks | None = None) -> Iterator[Met]:
    """All pairs of tiles in facet contact, in no particular order, each once; exact.

    Args:
        tiling: whose tiles lie elsewhere.
        folder: for what does not fit into memory; it is there, and is removed by the caller.
        marks: gives each tile a number that comes with its contacts; by default 0.

    Cost: a microsecond or two a facet, a millisecond for each tile at the target's end; memory for a batch. Of tilings
    for several targets the facets at the targets' ends are in memory, too.
    """
    search = _Search(tiling, folder, marks or Marks())
    for first, _, source in tiling.sources():
        yield from search.within(first, source)
        yield from search.across(source)
    if len(tiling.parts) > 1:
        yield from search.between_targets()
    yield from search.of_flat()


class _Search:
    """What is collected on the way.

    Attributes:
        names: ``(layer, coordinate)`` of the neurons that labels are about.
    """

    def __init__(self, tiling: StoredTiling, folder: Path, marks: Marks) -> None:
        self.tiling, self.folder, self.marks = tiling, folder, marks
        self.names: list[tuple[int, int]] = []
        self._several = len(tiling.parts) > 1
        self._open: list[OpenFacet] = []
        self._marks_of_open: dict[int, int] = {}
        self._flat: list[tuple[int, int]] = []  # numbers and marks
        self._shift = 0

    # -- within a batch -------------------------------------------------------------------------------------------

    def within(self, first: int, source: StoredTiles) -> Iterator[Met]:
        """The contacts within each batch of a source; the other facets are written down."""
        self._first, self._shift = first, len(self.names)
        self.names += neuron_names(source)
        width = (source.restriction.neuron_count + 7) // 8
        self._facets = Sorter(width + _TAIL, self.folder)
        self._ends_of_target = Sorter(_PLACE, self.folder)
        for start, columns in source.each():
            begin = first + start
            full = np.flatnonzero(columns.dims(np.arange(len(columns))) == self.tiling.domain.dim)
            reader = FacetReader(columns, self.tiling.domain)
            local, neurons, matches = sure_contacts(columns, full, reader, self._several)
            marks = self.marks.of_batch(begin, len(columns), local)
            yield Met(begin + local, self._shift + neurons, marks[local])
            alone = full[matches.alone]
            self._write_open(columns, alone, full[matches.pairs], matches.neurons, begin, marks)
            is_flat = np.ones(len(columns), dtype=np.bool_)
            is_flat[full] = False
            self._flat += [(begin + i, int(marks[i])) for i in np.flatnonzero(is_flat).tolist()]

    def _write_open(
        self,
        columns: Columns,
        alone: NDArray[np.intp],
        pairs: NDArray[np.int64],
        neurons: NDArray[np.int64],
        begin: int,
        marks: NDArray[np.int64],
    ) -> None:
        """Write down the facets of these tiles that have no partner in their batch."""
        count = columns.restriction.neuron_count
        domain = len(columns.chart.facets)
        starts, counts = columns.starts[:-1][alone], np.diff(columns.starts)[alone]
        owner = np.repeat(alone, counts)
        within = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
        site = columns.facets[np.repeat(starts, counts) + within].astype(np.int64) - domain
        if self._several:
            at_seam = columns.at_seams(alone, self.tiling.domain)
            at_end = np.union1d(owner[site >= count], alone[at_seam]).astype(np.intp)
            self._ends_of_target.add(_numbers(at_end + begin, marks[at_end]))
        is_neuron = (site >= 0) & (site < count)
        owner, site = owner[is_neuron], site[is_neuron]
        known = (pairs * count + neurons[:, None]).ravel()
        lonely = ~np.isin(owner * count + site, known)
        owner, site = owner[lonely], site[lonely]
        self._facets.add(_records(columns, owner, site, begin, marks))

    # -- across batches -------------------------------------------------------------------------------------------

    def across(self, source: StoredTiles) -> Iterator[Met]:
        """The contacts between the batches of a source."""
        width = self._facets.width - _TAIL
        second = Sorter(_PLACE + 4, self.folder)
        left = np.empty((0, width + _TAIL), dtype=np.uint8)
        for block in self._facets.sorted():
            records = np.concatenate([left, block])
            keys = np.ascontiguousarray(records[:, : width + 4]).view(f"S{width + 4}").ravel()
            same = np.flatnonzero(keys[1:] == keys[:-1])
            found = _Pairs.of(records, same, width)
            doubtful = found.doubtful
            yield found.met(~doubtful, self._shift)
            yield found.met(self._sure(source, found, doubtful), self._shift)
            alone = np.ones(len(records), dtype=np.bool_)
            alone[same] = alone[same + 1] = False
            has_last = bool(len(records)) and bool(alone[-1])
            left = records[-1:] if has_last else records[:0]  # its partner may come
            alone[len(records) - has_last :] = False
            second.add(_alone(records[alone], width))
        second.add(_alone(left, width))
        yield from self._look_again(source, second)

    def _sure(self, source: StoredTiles, found: _Pairs, doubtful: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Of doubtful pairs those whose facet belongs to one of them."""
        reader = FacetReader(source, self.tiling.domain)
        sure = np.zeros(len(doubtful), dtype=np.bool_)
        for k in np.flatnonzero(doubtful).tolist():
            facets = (facet for number in found.pairs[k].tolist() for facet in reader.facets(number - self._first))
            sure[k] = any(int(found.sites[k]) in facet.neurons and facet.row.relation == "<=" for facet in facets)
        return sure

    def _look_again(self, source: StoredTiles, second: Sorter) -> Iterator[Met]:
        """Match the facets that have no partner by flipping one sign, by their exact keys."""
        keys = Sorter(_DIGEST + 2 + _PLACE + 4, self.folder)
        reader = FacetReader(source, self.tiling.domain)
        for block in second.sorted():
            for number, mark, site in zip(*_placed(block), _whole(block[:, _PLACE:]).tolist(), strict=True):
                for facet in reader.facets(number - self._first):
                    if site in facet.neurons and facet.kind == "neuron":
                        keys.add(_exact_record(facet, number, mark, site))
                        if self._several:
                            self._keep_open(source, number, mark, facet)
        if self._several:
            for block in self._ends_of_target.sorted():
                for number, mark in zip(*_placed(block), strict=True):
                    for facet in reader.facets(number - self._first):
                        if facet.kind != "domain":  # at a seam a neuron may fold, too
                            self._keep_open(source, number, mark, facet)
        left = np.empty((0, keys.width), dtype=np.uint8)
        for block in keys.sorted():
            records = np.concatenate([left, block])
            same = np.flatnonzero((records[1:, :_DIGEST] == records[:-1, :_DIGEST]).all(axis=1))
            same = same[records[same, _DIGEST] != records[same + 1, _DIGEST]]  # from both sides
            closed = (records[same, _DIGEST + 1] | records[same + 1, _DIGEST + 1]) > 0
            yield self._met_again(records, same[closed])
            left = records[-1:]

    def _met_again(self, records: Records, same: NDArray[np.intp]) -> Met:
        place = slice(_DIGEST + 2, _DIGEST + 2 + _PLACE)
        both = [_placed(records[k, place]) for k in (same, same + 1)]
        pairs, marks = (np.array([own[i] for own in both], dtype=np.int64).reshape(2, -1).T for i in range(2))
        return Met(pairs, self._shift + _whole(records[same, place.stop :]), marks)

    # -- several targets, flat tiles ------------------------------------------------------------------------------

    def _keep_open(self, source: StoredTiles, number: int, mark: int, facet: NeuronFacet) -> None:
        self._open.append((source, number, facet))
        self._marks_of_open[number] = mark

    def between_targets(self) -> Iterator[Met]:
        """The contacts of tiles for different targets."""
        for i, j in hyperplane_contacts(self.tiling, self._open):
            marks = [[self._marks_of_open[i], self._marks_of_open[j]]]
            yield Met(np.array([[i, j]]), np.array([TARGET]), np.array(marks))

    def of_flat(self) -> Iterator[Met]:
        """The contacts of flat tiles, with each other and with full ones."""
        flat = dict(self._flat)
        for number, mark in self._flat:
            polyhedron = self.tiling[number].polyhedron
            for other in self.tiling.around(*box_of(polyhedron)).tolist():
                if other == number or (other in flat and other < number):
                    continue
                if touches(polyhedron, self.tiling[other].polyhedron):
                    marks = [[mark, self.marks.of(other)]]
                    yield Met(np.array([[number, other]]), np.array([FLAT]), np.array(marks))


# -- records ----------------------------------------------------------------------------------------------------------

_PLACE = 16  # a tile's number and its mark
_TAIL = 4 + 1 + 1 + _PLACE  # the neuron, the side, whether it is doubtful, the tile


def _numbers(*columns: NDArray[np.int64]) -> Records:
    """Numbers as bytes, the highest first, a row each."""
    stacked = np.column_stack(columns).astype(">i8")
    return stacked.view(np.uint8).reshape(len(stacked), 8 * len(columns))


def _placed(records: Records) -> tuple[list[int], list[int]]:
    """The numbers and marks at the beginning of records."""
    both = np.ascontiguousarray(records[:, :_PLACE]).view(">i8").reshape(-1, 2)
    return both[:, 0].tolist(), both[:, 1].tolist()


def _whole(records: Records) -> NDArray[np.int64]:
    """Four bytes of each record as a number."""
    return np.ascontiguousarray(records[:, :4]).view(">u4").ravel().astype(np.int64)


def _records(
    columns: Columns, owner: NDArray[np.intp], site: NDArray[np.int64], begin: int, marks: NDArray[np.int64]
) -> Records:
    """Facets as records: the pattern without the neuron's bit, the neuron, the side, whether doubtful, the tile."""
    packed = columns.packed[owner].copy()
    rows, bit = np.arange(len(owner)), (128 >> site % 8).astype(np.uint8)
    side = (packed[rows, site // 8] & bit) > 0
    packed[rows, site // 8] &= ~bit
    strict = any(row.relation == "<" for row in columns.restriction.target.halfspaces)
    doubtful = np.isnan(columns.points[owner]).any(axis=1) & strict
    flags = np.column_stack([side, doubtful]).astype(np.uint8)
    neurons = site.astype(">u4").view(np.uint8).reshape(-1, 4)
    return np.hstack([packed, neurons, flags, _numbers(owner + begin, marks[owner])])


class _Pairs(NamedTuple):
    """Records that match, as pairs.

    Attributes:
        pairs, marks: of the tiles, the one on which the neuron is silent first.
        sites: the neurons.
        doubtful: whether strict rows may leave the facet to neither.
    """

    pairs: NDArray[np.int64]
    marks: NDArray[np.int64]
    sites: NDArray[np.int64]
    doubtful: NDArray[np.bool_]

    @classmethod
    def of(cls, records: Records, same: NDArray[np.intp], width: int) -> _Pairs:
        """Of records each of which matches the one behind it."""
        tail = records[:, width:]
        both = [_placed(tail[k, 6:]) for k in (same, same + 1)]
        pairs, marks = (np.array([own[i] for own in both], dtype=np.int64).reshape(2, -1).T for i in range(2))
        doubtful = (tail[same, 5] | tail[same + 1, 5]) > 0
        return cls(pairs, marks, _whole(tail[same]), doubtful)

    def met(self, chosen: NDArray[np.bool_], shift: int) -> Met:
        """Some of them as contacts."""
        return Met(self.pairs[chosen], shift + self.sites[chosen], self.marks[chosen])


def _alone(records: Records, width: int) -> Records:
    """Records without a partner as tiles and neurons, to be looked at tile by tile."""
    return np.hstack([records[:, width + 6 :], records[:, width : width + 4]])


def _exact_record(facet: NeuronFacet, number: int, mark: int, site: int) -> Records:
    """A facet by the digest of its exact key."""
    plane, rest = facet.key
    key = hashlib.sha256(repr(plane).encode() + b"|" + rest).digest()
    flags = bytes([facet.side, facet.row.relation == "<="])
    whole = b"".join([key, flags, number.to_bytes(8, "big"), mark.to_bytes(8, "big"), site.to_bytes(4, "big")])
    return np.frombuffer(whole, dtype=np.uint8)[None]
