"""A tiling that is larger than memory: its tiles are brought batch by batch, and what is asked of all streams.

Parts that are chosen of it come into memory where they are small, and are then like any other tiling; zones and other
large parts stay where they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from polyrelu.arithmetic.exact import FloatArray, nearest_floats
from polyrelu.arithmetic.rounding import middle_and_half
from polyrelu.errors import InputError
from polyrelu.networks.questions import Domain, given_region
from polyrelu.networks.relevant_part import Restriction
from polyrelu.polyhedra.bounding_box import ExactBound, box_of
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.tilings.columns import Columns
from polyrelu.tilings.stored import StoredTiles, chosen_columns, signs_around
from polyrelu.tilings.tile import Tile
from polyrelu.tilings.tile_source import NOWHERE, Numbers
from polyrelu.tilings.tiling import Tiling, tile_numbers

if TYPE_CHECKING:
    from polyrelu._conveniences import StoredTilingMethods
else:
    StoredTilingMethods = object  # methods of upper rooms are put on the class from there

MOST_IN_MEMORY = 1 << 20
"""Chosen tiles come into memory unless they are more."""
_HALVINGS = 6  # of a window, for its parts to be bounded
_ROUNDED, _TINY = 2.0**-50, 2.0**-1000  # more than rounding to nearest takes from a number


@dataclass(frozen=True, eq=False, repr=False)
class StoredTiling(Tiling, StoredTilingMethods):
    """A tiling whose tiles lie elsewhere: all of its parts' sources are :class:`~polyrelu.tilings.stored.StoredTiles`.

    Attributes:
        known_volume: between which floats its volume lies, where that was noted.
    """

    known_volume: tuple[float, float] | None = None

    def sources(self) -> Iterator[tuple[int, int, StoredTiles]]:
        """The parts: the number of the first tile, the target's index, and the source."""
        first = 0
        for index, source in self.parts:
            assert isinstance(source, StoredTiles)
            yield first, index, source
            first += len(source)

    def batches(self) -> Iterator[tuple[int, Tiling]]:
        """The tiles as tilings in memory, one batch after the other, each with the number of its first tile."""
        for first, index, source in self.sources():
            for start, columns in source.each():
                yield first + start, self._in_memory([(index, columns)])

    def __iter__(self) -> Iterator[Tile]:
        for _, batch in self.batches():
            yield from batch

    def select(self, indices: Iterable[int]) -> Tiling:
        """The tiling of the chosen tiles, by number and in their order; incomplete if it leaves any out.

        It is in memory unless it has more than a million tiles; then it stays where it is.

        Raises:
            InputError: a number is not that of a tile, or comes twice, or so many are not in ascending order.
        """
        numbers = tile_numbers(indices, len(self))
        ordered = np.sort(numbers)
        if (ordered[1:] == ordered[:-1]).any():
            raise InputError(f"select: tile {ordered[:-1][ordered[1:] == ordered[:-1]][0]} is chosen twice")
        if len(numbers) <= MOST_IN_MEMORY:
            return self._gathered(ordered, np.searchsorted(ordered, numbers))
        if not np.array_equal(numbers, ordered):
            raise InputError(f"select: {len(numbers)} tiles are too many to reorder; pass their numbers ascending")
        return self.lazily(ordered)

    def in_memory(self) -> Tiling:
        """All tiles as a tiling in memory. Cost: about a hundred bytes a tile."""
        everything = np.arange(len(self))
        return self._gathered(everything, everything)

    def _gathered(self, numbers: Numbers, order: Numbers) -> Tiling:
        """The tiles with these ascending numbers, in memory, put in an order."""
        parts, places, done = list[tuple[int, Columns]](), [], 0
        for index, source, own in self._split(numbers):
            columns, place = source.gathered(own)
            parts.append((index, columns))
            places.append(done + place)
            done += len(columns)
        found = self._in_memory(parts, len(numbers) == len(self))
        chosen = np.concatenate([np.empty(0, dtype=np.intp), *places])[order]
        return found if np.array_equal(chosen, np.arange(len(chosen))) else replace(found, chosen=chosen)

    def lazily(self, numbers: Numbers) -> StoredTiling:
        """The chosen tiles, by ascending numbers, where they are."""
        parts = tuple(
            (index, replace(source, batches=chosen_batches(source, own))) for index, source, own in self._split(numbers)
        )
        complete = self.complete and len(numbers) == len(self)
        return replace(self, parts=parts, complete=complete, known_volume=None, undecided_parts=None)

    def _split(self, numbers: Numbers) -> Iterator[tuple[int, StoredTiles, Numbers]]:
        """For each part the numbers of these tiles within it."""
        for first, index, source in self.sources():
            begin, end = np.searchsorted(numbers, [first, first + len(source)])
            yield index, source, numbers[begin:end] - first

    def _in_memory(self, parts: Iterable[tuple[int, Columns]], is_all: bool = False) -> Tiling:
        return Tiling(
            network=self.network,
            targets=self.targets,
            domain=self.domain,
            method=self.method,
            complete=self.complete and is_all,
            stats=self.stats,
            parts=tuple(parts),
        )

    # -- points, patterns, windows ------------------------------------------------------------------------------------

    def _locate_floats(self, points: FloatArray) -> NDArray[np.intp]:
        found = np.full(len(points), NOWHERE, dtype=np.intp)
        for first, _, source in self.sources():
            left = np.flatnonzero(found == NOWHERE)  # an earlier part has smaller numbers
            here = source.find(points[left])
            found[left] = np.where(here == NOWHERE, NOWHERE, here + first)
        return found

    def _locate_exact(self, point: Any) -> int:
        """By the signs of floats around it, exactly."""
        near = nearest_floats(point)[None]
        radius = np.abs(near) * _ROUNDED + _TINY
        for number in self._around(near, radius).tolist():
            if self[number].contains(point):
                return int(number)
        return NOWHERE

    def _around(self, points: FloatArray, radius: FloatArray) -> Numbers:
        """The numbers of tiles that may come within a radius of one of some points."""
        found = [np.empty(0, dtype=np.intp)]
        for first, _, source in self.sources():
            found.append(first + source.agreeing(*signs_around(source, points, radius)))
        return np.concatenate(found)

    def around(self, low: Sequence[ExactBound], high: Sequence[ExactBound]) -> Numbers:
        """The numbers of the tiles that may have points in a box, by certified bounds; all where it has no end."""
        if any(isinstance(end, float) for end in (*low, *high)):
            return np.arange(len(self))
        return self._around(*_boxes(low, high))

    def window(self, region: Domain) -> Tiling:
        """The tiles that have points in a bounded region; exact.

        Args:
            region: passed like a domain: a polyhedron, corners of a box, or a text.

        Raises:
            InputError: the region is unbounded.
            DimensionError: it lives in another space.

        Cost: bounds on parts of the region say which tiles may be near; of these a tile whose known point is outside
        costs some linear programs.
        """
        wanted = given_region(region, self.domain.ambient_dim, "window: region")
        if wanted.is_empty():
            return self.select([])
        if not wanted.is_bounded():
            raise InputError(f"window: {wanted} is unbounded; pass a bounded region, such as a box (lows, highs)")
        near = self.around(*box_of(wanted))
        return self.select([number for number in near.tolist() if self._meets(number, wanted)])

    def _meets(self, number: int, region: Polyhedron) -> bool:
        tile = self[number]
        return region.contains(tile.inner_point()) is True or not (tile.polyhedron & region).is_empty()

    def count_matching(self, pattern: str) -> int:
        """How many tiles have a pattern, in which ``*`` stands for either sign.

        Args:
            pattern: as a tile says it, for all neurons of the network; bars between layers may be left out.

        Raises:
            InputError: it has another length, or other characters.

        Cost: the batches that may have such tiles are brought.
        """
        return len(self._matching(pattern))

    def matching(self, pattern: str) -> Tiling:
        """The tiles with such a pattern; see :meth:`count_matching`."""
        return self.select(self._matching(pattern))

    def _matching(self, pattern: str) -> Numbers:
        signs = pattern.replace("|", "")
        neurons = sum(map(len, (layer.neurons for layer in self.network.layers)))
        if len(signs) != neurons or set(signs) - set("01*"):
            raise InputError(
                f"matching: the pattern {pattern[:80]!r} needs a character 0, 1 or * for each of {neurons} neurons"
            )
        found = [np.empty(0, dtype=np.intp)]
        for first, _, source in self.sources():
            wanted = _wanted(source.restriction, signs)
            if wanted is not None:
                active, silent = (np.array([sign != other for sign in wanted]) for other in "01")
                found.append(first + source.agreeing(active[None], silent[None]))
        return np.concatenate(found)


@dataclass(frozen=True)
class ChosenBatch:
    """Some tiles of a batch.

    Attributes:
        batch: where they are.
        numbers: theirs in it, ascending.
    """

    batch: Any
    numbers: Numbers

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.numbers)

    @property
    def ends(self) -> tuple[bytes, bytes]:
        """The batch's."""
        ends: tuple[bytes, bytes] = self.batch.ends
        return ends

    def bring(self) -> Columns:
        """The tiles."""
        return chosen_columns(self.batch.bring(), np.asarray(self.numbers))


def chosen_batches(source: StoredTiles, numbers: Numbers) -> tuple[ChosenBatch, ...]:
    """Batches of the tiles with these ascending numbers."""
    starts = np.cumsum([0, *(batch.count for batch in source.batches)])
    cuts = np.searchsorted(numbers, starts)
    chosen = (
        ChosenBatch(batch, numbers[begin:end] - start)
        for batch, start, begin, end in zip(source.batches, starts, cuts, cuts[1:], strict=False)
        if end > begin
    )
    return tuple(chosen)


def _boxes(low: Any, high: Any) -> tuple[FloatArray, FloatArray]:
    """Boxes that cover one, as their middles and half their widths, (n, d) each: its longest sides are halved."""
    lows, highs = (nearest_floats(end)[None] for end in (low, high))
    with np.errstate(all="ignore"):  # where a radius is no number, every sign is possible
        for _ in range(_HALVINGS):
            along = int(np.argmax((highs - lows).max(axis=0)))
            middle = 0.5 * lows[:, along] + 0.5 * highs[:, along]
            lows, highs = np.repeat(lows, 2, axis=0), np.repeat(highs, 2, axis=0)
            highs[::2, along] = middle
            lows[1::2, along] = middle
        middles, halves = middle_and_half(lows, highs)
        return middles, halves + (np.abs(middles) + halves) * _ROUNDED + _TINY


def _wanted(restriction: Restriction, signs: str) -> str | None:
    """What a pattern of all neurons says of those that are split on; None where another one contradicts it."""
    marks = list(zip("".join(restriction.template), signs, strict=True))
    if any({mark, sign} == {"0", "1"} for mark, sign in marks):
        return None
    return "".join(sign for mark, sign in marks if mark == "?")
