"""Tiles that lie elsewhere, such as on a disk, batch by batch: a batch is brought when somebody looks at its tiles.

The batches are columns of one problem, and follow one another in the order of the patterns. So a point's signs say in
which batches it can lie, and most questions bring one batch or two. The latest ones are kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from polyrelu.arithmetic.exact import ExactVector, FloatArray
from polyrelu.arithmetic.rounding import relu_with_bound
from polyrelu.networks.activation_pattern import SignVector, packed_signs
from polyrelu.polyhedra.halfspace import Halfspace
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.tilings.chart import chart
from polyrelu.tilings.columns import Columns
from polyrelu.tilings.sections import joined
from polyrelu.tilings.tile_source import NOWHERE, Extents, Numbers, TileData, TileSource

MOST_KEPT = 2
"""How many batches are kept in memory."""


class Batch(Protocol):
    """Tiles that lie elsewhere: picklable, and small."""

    @property
    def count(self) -> int:
        """How many there are: one at least."""

    @property
    def ends(self) -> tuple[bytes, bytes]:
        """Packed signs: no pattern of these tiles is below the first ones, or above the second ones."""

    def bring(self) -> Columns:
        """The tiles."""


@dataclass(frozen=True, eq=False)
class StoredTiles(TileSource):
    """Tiles of one problem in batches that are brought when they are needed.

    Attributes:
        domain: the problem's.
        batches: in the order of their patterns.
    """

    domain: Polyhedron
    batches: tuple[Batch, ...]

    @cached_property
    def _starts(self) -> NDArray[np.intp]:
        return np.cumsum([0, *(batch.count for batch in self.batches)])

    @property
    def starts(self) -> list[int]:
        """The number of the first tile of each batch."""
        starts: list[int] = self._starts[:-1].tolist()
        return starts

    @cached_property
    def _kept(self) -> dict[int, Columns]:
        return {}

    def columns(self, k: int) -> Columns:
        """The tiles of batch number k; of the latest ones, those that are there."""
        found = self._kept.pop(k, None)
        if found is None:
            while len(self._kept) >= MOST_KEPT:
                del self._kept[next(iter(self._kept))]
            found = self.batches[k].bring()
        self._kept[k] = found
        return found

    def each(self) -> Iterator[tuple[int, Columns]]:
        """The batches one after the other, each with the number of its first tile; none is kept."""
        for k, batch in enumerate(self.batches):
            yield int(self._starts[k]), self._kept[k] if k in self._kept else batch.bring()

    def _at(self, index: int) -> tuple[Columns, int]:
        k = int(np.searchsorted(self._starts, index, side="right")) - 1
        return self.columns(k), index - int(self._starts[k])

    def _by_batch(self, numbers: Numbers) -> Iterator[tuple[Columns, Numbers, Numbers]]:
        """The batches of these tiles, with the numbers within the batch, and the places among the given ones."""
        owner = np.searchsorted(self._starts, numbers, side="right") - 1
        order = np.argsort(owner, kind="stable")
        for own in np.split(order, np.flatnonzero(np.diff(owner[order])) + 1) if len(numbers) else ():
            k = int(owner[own[0]])
            yield self.columns(k), numbers[own] - self._starts[k], own

    def __len__(self) -> int:
        return int(self._starts[-1])

    def bits(self, index: int) -> SignVector:
        """The signs of the restricted layers' ReLU neurons on a tile."""
        columns, local = self._at(index)
        return columns.bits(local)

    def polyhedron(self, index: int) -> Polyhedron:
        """A tile as an exact canonical polyhedron."""
        columns, local = self._at(index)
        return columns.polyhedron(local)

    def inner_point(self, index: int) -> ExactVector:
        """An exact point of the relative interior of a tile."""
        columns, local = self._at(index)
        return columns.inner_point(local)

    def stated_facets(self, index: int) -> tuple[tuple[int, Halfspace], ...] | None:
        """The facets by their numbers, where a tile is closed or open by these alone."""
        columns, local = self._at(index)
        return columns.stated_facets(local)

    def only(self, index: int) -> Columns:
        """The columns of one tile alone."""
        columns, local = self._at(index)
        return columns.only(local)

    @property
    def meets_in_neurons(self) -> bool:
        """True, as for columns."""
        return True

    def patterns(self, numbers: Numbers) -> list[str]:
        """The activation patterns of the chosen tiles."""
        found = [""] * len(numbers)
        for columns, local, own in self._by_batch(numbers):
            for place, pattern in zip(own.tolist(), columns.patterns(local), strict=True):
                found[place] = pattern
        return found

    def dims(self, numbers: Numbers) -> NDArray[np.intp]:
        """The dimensions of the chosen tiles."""
        dims = np.empty(len(numbers), dtype=np.intp)
        for columns, local, own in self._by_batch(numbers):
            dims[own] = columns.dims(local)
        return dims

    def facet_counts(self, numbers: Numbers) -> NDArray[np.int64]:
        """How many facets each of the chosen tiles has."""
        counts = np.empty(len(numbers), dtype=np.int64)
        for columns, local, own in self._by_batch(numbers):
            counts[own] = columns.facet_counts(local)
        return counts

    def extents(self, numbers: Numbers, along: int, by_cells: Callable[[Columns], Extents]) -> Extents | None:
        """The sizes of all tiles, where they were measured when they were found."""
        if not self.batches or self.columns(0).sizes is None:
            return None
        return self.once(_sizes)

    def gathered(self, numbers: Numbers) -> tuple[Columns, Numbers]:
        """The tiles with these ascending numbers as columns in memory, and for each its number in these.

        Columns are in the order of the patterns. So are the tiles here, unless the domain contains lines.
        """
        found = [chosen_columns(columns, local) for columns, local, _ in self._by_batch(numbers)]
        columns = joined_columns(found) if found else self._none()
        own = np.arange(len(columns))
        if self._ascends or not columns.packed.shape[1]:
            return columns, own
        order = np.argsort(_keys([row.tobytes() for row in columns.packed]), kind="stable")
        own[order] = np.arange(len(order))
        return chosen_columns(columns, order), own

    def agreeing(self, active: NDArray[np.bool_], silent: NDArray[np.bool_]) -> Numbers:
        """The numbers of the tiles with no other neurons active, or silent, than these, in any of some rows of them.

        Cost: the batches that may have such tiles are brought, and their signs compared.
        """
        wanted = [packed_signs(signs) for signs in (~silent, ~active)]
        lows, highs = (
            _keys([row.tobytes() for row in wanted[0]]),
            _keys([row.tobytes() for row in packed_signs(active)]),
        )
        found = [np.empty(0, dtype=np.intp)]
        for k in range(len(self.batches)):
            rows = np.flatnonzero((lows <= self._lasts[k]) & (self._firsts[k] <= highs))
            if len(rows):
                packed = self.columns(k).packed
                # What all rows say leaves few tiles, and each row is compared with these.
                near = _agreeing(packed, *(np.bitwise_and.reduce(own[rows], axis=0) for own in wanted))
                agrees = np.zeros(len(near), dtype=np.bool_)
                for row in rows.tolist():
                    agrees[_agreeing(packed[near], *(own[row] for own in wanted))] = True
                found.append(self._starts[k] + near[agrees])
        return np.concatenate(found)

    def data(self, numbers: Numbers) -> TileData:
        """What to write down of the chosen tiles."""
        found = [(own, columns.data(local)) for columns, local, own in self._by_batch(numbers)]
        if not found:
            return _joined([(np.empty(0, dtype=np.intp), super().data(numbers))])
        return _joined(found)

    def _none(self) -> Columns:
        own = chart(self.domain, self.restriction.moving)
        return Columns.sorted_by_pattern(self.restriction, self.domain, own, [], [])

    # -- points -------------------------------------------------------------------------------------------------------

    def locate(self, points: FloatArray, place: Numbers) -> Numbers:
        """For each float point the least ``place[i]`` of a tile i that contains it, or -1; exact."""
        found = np.full(len(points), NOWHERE, dtype=np.intp)
        for k, asked in self._batches_of(points):
            own = place[self._starts[k] : self._starts[k + 1]]
            if (own != NOWHERE).any():
                _keep_least(found, asked, self.columns(k).locate(points[asked], own))
        return found

    def find(self, points: FloatArray) -> Numbers:
        """For each float point the least number of a tile that contains it, or -1; exact.

        Cost: the batches in which points may lie are brought, one for most points.
        """
        found = np.full(len(points), NOWHERE, dtype=np.intp)
        for k, asked in self._batches_of(points):
            own = np.arange(self._starts[k], self._starts[k + 1])
            _keep_least(found, asked, self.columns(k).locate(points[asked], own))
        return found

    def _batches_of(self, points: FloatArray) -> Iterator[tuple[int, Numbers]]:
        """The batches in which points may lie by their signs, each with the numbers of these points."""
        if not len(points) or not self.batches:
            return
        lows, highs = _pattern_ends(self, points)
        some = range(len(self.batches))
        if self._ascends:  # they do, unless the domain contains lines
            least, greatest = np.sort(lows)[0], np.sort(highs)[-1]
            begin, end = np.searchsorted(self._lasts, least), np.searchsorted(self._firsts, greatest, "right")
            some = range(int(begin), int(end))
        for k in some:
            asked = np.flatnonzero((lows <= self._lasts[k]) & (self._firsts[k] <= highs))
            if len(asked):
                yield k, asked

    @cached_property
    def _ascends(self) -> bool:
        return bool((self._lasts[:-1] < self._firsts[1:]).all())

    @cached_property
    def _firsts(self) -> NDArray[np.bytes_]:
        return _keys([batch.ends[0] for batch in self.batches])

    @cached_property
    def _lasts(self) -> NDArray[np.bytes_]:
        return _keys([batch.ends[1] for batch in self.batches])


def _agreeing(packed: NDArray[np.uint8], on: NDArray[np.uint8], off: NDArray[np.uint8]) -> Numbers:
    """The numbers of the rows of packed signs in which these neurons are on, and those off."""
    return np.flatnonzero(~((~packed & on) | (packed & off)).any(axis=1))


def _keep_least(found: Numbers, asked: Numbers, here: Numbers) -> None:
    """Note numbers of tiles, each where it is the least so far."""
    before = found[asked]
    found[asked] = np.where((here != NOWHERE) & ((before == NOWHERE) | (here < before)), here, before)


def _keys(packed: Sequence[bytes]) -> NDArray[np.bytes_]:
    """Packed signs as strings of bytes, which sort as patterns do."""
    width = max([1, *map(len, packed)])
    return np.array(packed, dtype=f"S{width}")


def signs_around(
    source: TileSource, points: FloatArray, radius: FloatArray
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which neurons may be active, and which may be silent, somewhere within a radius of each point: (n, neurons) each.

    Where a value is beyond the range of floats both are possible.
    """
    values = points
    silent, active = [], []
    for layer in source.restriction.layers:
        values, radius = layer.with_bound(values, radius)
        mask = np.array(layer.relu, dtype=np.bool_)
        own, bound = values[:, mask], radius[:, mask]
        silent.append(~(own > bound))
        active.append(~(own < -bound))
        values, radius = relu_with_bound(values, radius, mask)
    return np.concatenate(active, axis=1), np.concatenate(silent, axis=1)


def _pattern_ends(source: TileSource, points: FloatArray) -> tuple[NDArray[np.bytes_], NDArray[np.bytes_]]:
    """The least and the greatest pattern that a tile around each point can have, packed."""
    active, silent = signs_around(source, points, np.zeros(points.shape))
    low, high = ([row.tobytes() for row in packed_signs(signs)] for signs in (~silent, active))
    return _keys(low), _keys(high)


def _sizes(source: StoredTiles) -> Extents:
    """The sizes of all tiles, one batch after the other."""
    sizes = [columns.sizes for _, columns in source.each() if columns.sizes is not None]
    return Extents(*(np.concatenate(column) for column in zip(*(vars(own).values() for own in sizes), strict=True)))


def chosen_columns(columns: Columns, numbers: Numbers) -> Columns:
    """The columns of tiles with these numbers, in this order."""
    starts, counts = columns.starts[:-1][numbers], np.diff(columns.starts)[numbers]
    ends = np.cumsum(counts)
    gather = np.arange(counts.sum()) + np.repeat(starts - (ends - counts), counts)
    is_section = np.isin(numbers, columns.sections.numbers)
    of_sections = np.flatnonzero(is_section)
    places = np.searchsorted(columns.sections.numbers, numbers[of_sections])
    new = {number: k for k, number in enumerate(numbers.tolist())} if columns.flat else {}
    return replace(
        columns,
        packed=columns.packed[numbers],
        starts=np.concatenate([np.zeros(1, np.int64), ends]),
        facets=columns.facets[gather],
        points=columns.points[numbers],
        flat={new[number]: own for number, own in columns.flat.items() if number in new},
        sections=columns.sections.chosen(places, of_sections),
        sizes=None if columns.sizes is None else Extents(*(own[numbers] for own in vars(columns.sizes).values())),
    )


def joined_columns(parts: Sequence[Columns]) -> Columns:
    """Columns of one problem, one after the other."""
    firsts = np.cumsum([0, *map(len, parts)])
    counts = np.concatenate([np.diff(own.starts) for own in parts])
    shifts = np.repeat(firsts[:-1], [len(own.sections.numbers) for own in parts])
    together = joined([own.sections for own in parts])
    numbers = np.concatenate([own.sections.numbers for own in parts]) + shifts
    sizes = [vars(own.sizes).values() for own in parts if own.sizes is not None]
    columns = map(np.concatenate, zip(*sizes, strict=True))
    return replace(
        parts[0],
        packed=np.concatenate([own.packed for own in parts]),
        starts=np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)]),
        facets=np.concatenate([own.facets for own in parts]),
        points=np.concatenate([own.points for own in parts]),
        flat={int(first) + i: flat for first, own in zip(firsts, parts, strict=False) for i, flat in own.flat.items()},
        sections=together._replace(numbers=numbers),
        sizes=Extents(*columns) if len(sizes) == len(parts) else None,
    )


def _joined(found: Sequence[tuple[Numbers, TileData]]) -> TileData:
    """Data of tiles from several batches, in the order of their places."""
    order = np.argsort(np.concatenate([own for own, _ in found]), kind="stable")
    parts = [data for _, data in found]
    counts = np.concatenate([data.counts for data in parts])
    starts = np.cumsum(counts) - counts
    ends = np.cumsum(counts[order])
    gather = np.arange(counts.sum()) + np.repeat(starts[order] - (ends - counts[order]), counts[order])
    polyhedra = list(chain.from_iterable(data.polyhedra for data in parts))
    return TileData(
        np.concatenate([data.bits for data in parts])[order],
        counts[order],
        np.concatenate([data.facets for data in parts])[gather],
        np.concatenate([data.points for data in parts])[order],
        [polyhedra[i] for i in order.tolist()],
        parts[0].chart,
    )
