"""Zones of a tiling that is larger than memory: the connected components of its tiles.

Each batch is divided by the contacts within it; its components are then joined by the contacts across batches. So
memory holds a batch, the components of all batches, and nothing of the tiles; which component each is in is on disk.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory, mkstemp
from typing import overload

import numpy as np
from numpy.typing import NDArray

from polyrelu.analysis.adjacency import FLAT, checked_contact, connected
from polyrelu.analysis.stored_contacts import Marks, Met, stored_contacts
from polyrelu.analysis.stored_low_contacts import joined_zones
from polyrelu.analysis.zones import SORTS, size_of_zone
from polyrelu.support.arguments import one_of
from polyrelu.tilings.columns import Columns
from polyrelu.tilings.stored import Batch, StoredTiles, chosen_columns
from polyrelu.tilings.stored_tiling import MOST_IN_MEMORY, StoredTiling
from polyrelu.tilings.tile_source import Numbers
from polyrelu.tilings.tiling import Tiling

Components = NDArray[np.int64]


def zones(tiling: StoredTiling, contact: int | None = None, sort: str = "first") -> StoredZones:
    """The activation zones of a tiling on disk; each stays there until it is looked at.

    Args:
        tiling: whose zones.
        contact: the least dimension of the contact that connects, by default a facet's.
        sort: ``"first"``, ``"tiles"`` or ``"volume"``, as for :func:`polyrelu.analysis.zones.zones`.

    Raises:
        InputError: an unknown ``sort``, or a ``contact`` that is no dimension of a contact.

    Cost: see :func:`polyrelu.analysis.stored_contacts.stored_contacts`; eight bytes a tile on the disk. Where facets
    leave several zones, ``contact`` costs as :func:`polyrelu.analysis.stored_low_contacts.joined_zones` says, too.
    """
    one_of(sort, SORTS, "zones", "sort")
    found = StoredZones.of(tiling, None if contact is None else checked_contact(tiling, contact))
    if sort == "tiles":
        return found.ordered(np.argsort(-found.tiles, kind="stable"))
    if sort == "volume":
        sizes = [size_of_zone(zone) for zone in found]
        return found.ordered(np.array(sorted(range(len(sizes)), key=lambda k: sizes[k], reverse=True), dtype=np.intp))
    return found


class _Components(Marks):
    """The components of each batch, numbered through, and on the disk for each tile that of its own.

    The file has no name any more, so it vanishes with its last reader, however that ends.
    """

    def __init__(self) -> None:
        self._handle, path = mkstemp(prefix="polyrelu-zones-")
        os.unlink(path)
        weakref.finalize(self, os.close, self._handle)
        self.batches: list[tuple[int, int]] = []  # the first tile's number, and how many
        self.firsts: list[NDArray[np.int64]] = []  # of each component its first tile
        self.counts: list[NDArray[np.int64]] = []
        self.count = 0

    def of_batch(self, first: int, count: int, pairs: NDArray[np.int64]) -> Components:
        """The components of a batch; they are written down."""
        own = connected(count, pairs)
        _, places, sizes = np.unique(own, return_index=True, return_counts=True)
        self.firsts.append(first + places)
        self.counts.append(sizes)
        self.batches.append((first, count))
        own = own + self.count
        self.count += len(places)
        content = memoryview(own.astype("<i8").tobytes())
        while content:
            content = content[os.write(self._handle, content) :]
        return own

    def of(self, number: int) -> int:
        """The component of a tile."""
        return int(self.some(number, 1)[0])

    def some(self, first: int, count: int) -> Components:
        """The components of some tiles."""
        content = b""
        while len(content) < 8 * count:
            content += os.pread(self._handle, 8 * count - len(content), 8 * first + len(content))
        return np.frombuffer(content, dtype="<i8").astype(np.int64)


@dataclass(frozen=True, eq=False)
class StoredZones(Sequence[Tiling]):
    """The zones of a tiling on disk, a sequence of tilings that are brought when they are looked at.

    A zone of at most a million tiles comes into memory, a larger one is a tiling on disk itself.

    Attributes:
        tiling: whose zones they are.
        tiles: how many tiles each has.
        zone_of: for each component of a batch, its zone.
        components: where the components of tiles are.
    """

    tiling: StoredTiling
    tiles: NDArray[np.int64]
    zone_of: NDArray[np.intp]
    components: _Components

    @classmethod
    def of(cls, tiling: StoredTiling, contact: int | None = None) -> StoredZones:
        """The zones by contacts of a dimension at least, or of facets, in the order of their first tiles."""
        marks, facets_connect = _Components(), contact is None or contact < tiling.domain.dim
        links = [np.empty((0, 2), dtype=np.int64)]
        with TemporaryDirectory(prefix="polyrelu-contacts-") as name:
            folder = Path(name)
            for met in stored_contacts(tiling, folder, marks) if facets_connect else _alone(tiling, marks):
                # Contacts of flat tiles may have a smaller dimension than is asked.
                linked = met.marks if contact is None else met.marks[met.labels != FLAT]
                across = linked[linked[:, 0] != linked[:, 1]]
                if len(across):
                    links.append(np.unique(np.sort(across, axis=1), axis=0))
            # Components are numbered in the order of their first tiles, so zones are, too.
            zone_of = connected(marks.count, np.concatenate(links))
            counts = np.concatenate([np.empty(0, np.int64), *marks.counts])
            found = cls(tiling, _added(counts, zone_of), zone_of.astype(np.intp), marks)
            if contact is None or not facets_connect or len(found) < 2:
                return found
            together = joined_zones(tiling, contact, len(found), found.of_tiles, folder)
        return replace(found, tiles=_added(found.tiles, together), zone_of=together[found.zone_of])

    def ordered(self, order: NDArray[np.intp]) -> StoredZones:
        """The same zones in another order."""
        place = np.empty(len(order), dtype=np.intp)
        place[order] = np.arange(len(order))
        return replace(self, tiles=self.tiles[order], zone_of=place[self.zone_of])

    def __len__(self) -> int:
        return len(self.tiles)

    def __iter__(self) -> Iterator[Tiling]:
        return map(self.__getitem__, range(len(self)))

    @overload
    def __getitem__(self, index: int) -> Tiling: ...
    @overload
    def __getitem__(self, index: slice) -> list[Tiling]: ...
    def __getitem__(self, index: int | slice) -> Tiling | list[Tiling]:
        number = range(len(self))[index]
        if isinstance(number, range):
            return [self[k] for k in number]
        found = self._zone(number)
        return found.in_memory() if len(found) <= MOST_IN_MEMORY else found

    def of_tiles(self, first: int, count: int) -> NDArray[np.intp]:
        """The zones of some tiles, from a number on."""
        return self.zone_of[self.components.some(first, count)]

    def numbers(self, zone: int) -> Numbers:
        """The numbers of a zone's tiles in the tiling."""
        found = [first + np.flatnonzero(self.of_tiles(first, count) == zone) for first, count in self._batches_of(zone)]
        return np.concatenate([np.empty(0, dtype=np.intp), *found])

    @cached_property
    def _by_zone(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Zones with the batches that they have tiles in, as pairs in order."""
        batch = np.repeat(np.arange(len(self.components.counts)), list(map(len, self.components.counts)))
        pairs = np.unique(np.column_stack([self.zone_of, batch]), axis=0)
        return pairs[:, 0], pairs[:, 1]

    def _batches_of(self, zone: int) -> list[tuple[int, int]]:
        zones_, batches = self._by_zone
        begin, end = np.searchsorted(zones_, [zone, zone + 1])
        return [self.components.batches[k] for k in batches[begin:end].tolist()]

    def _zone(self, zone: int) -> StoredTiling:
        """A zone where it is."""
        parts = []
        wanted = dict(self._batches_of(zone))
        for first, index, source in self.tiling.sources():
            batches, begin = [], first
            for batch in source.batches:
                if begin in wanted:
                    count = int(np.count_nonzero(self.of_tiles(begin, batch.count) == zone))
                    batches.append(ZoneBatch(batch, self, begin, zone, count))
                begin += batch.count
            parts.append((index, StoredTiles(source.restriction, source.domain, tuple(batches))))
        complete = self.tiling.complete and len(self) == 1
        return replace(self.tiling, parts=tuple(parts), complete=complete, known_volume=None)


def _alone(tiling: StoredTiling, marks: Marks) -> Iterator[Met]:
    """No contacts, but marks: each tile is a component."""
    for first, batch in tiling.batches():
        marks.of_batch(first, len(batch), np.empty((0, 2), dtype=np.int64))
    yield from ()


def _added(counts: NDArray[np.int64], groups: NDArray[np.integer]) -> NDArray[np.int64]:
    """The sums of counts by groups."""
    sums = np.zeros(int(groups.max(initial=-1)) + 1, dtype=np.int64)
    np.add.at(sums, groups, counts)
    return sums


@dataclass(frozen=True, eq=False)
class ZoneBatch:
    """The tiles of a batch that are in a zone.

    Attributes:
        batch: where they are.
        zones: what knows which they are.
        first: the number of the batch's first tile.
        zone, count: the zone, and how many of its tiles are in the batch.
    """

    batch: Batch
    zones: StoredZones
    first: int
    zone: int
    count: int

    @property
    def ends(self) -> tuple[bytes, bytes]:
        """The batch's."""
        return self.batch.ends

    def bring(self) -> Columns:
        """The tiles."""
        own = self.zones.of_tiles(self.first, self.batch.count) == self.zone
        return chosen_columns(self.batch.bring(), np.flatnonzero(own))
