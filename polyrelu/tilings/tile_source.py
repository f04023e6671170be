"""Where tiles come from: what every analysis may ask of them, however they are kept.

A new kind of source (on disk, streamed) says how many tiles it has, and of each its signs and its exact polyhedron; the
other verbs have answers made of these. It overrides those that it can answer faster, as
:class:`polyrelu.tilings.columns.Columns` does, and nobody asks a source of which kind it is.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from polyrelu.arithmetic.exact import ExactVector, FloatArray, read_only
from polyrelu.networks.activation_pattern import SignVector, packed_signs, sign_rows
from polyrelu.networks.relevant_part import Restriction
from polyrelu.polyhedra.halfspace import Halfspace
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support.carried import Carried
from polyrelu.tilings.facet_matching import Matches

if TYPE_CHECKING:
    from polyrelu.tilings.chart import Chart
    from polyrelu.tilings.columns import Columns

NOWHERE = -1
Numbers = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Extents:
    """Certified sizes of all tiles of a source; NaN where nothing is known. The arrays are read-only.

    Attributes:
        volume_low, volume_high: the volume in the coordinates of the domain's chart lies between them, n each.
        box_low, box_high: outer boxes in the coordinates of x, (n, d) each.
    """

    volume_low: FloatArray
    volume_high: FloatArray
    box_low: FloatArray
    box_high: FloatArray

    def __post_init__(self) -> None:
        for name, array in list(vars(self).items()):
            object.__setattr__(self, name, read_only(array.view()))


class TileData(NamedTuple):
    """Some tiles, column by column, as files keep them.

    Attributes:
        bits: the signs of the restricted layers' ReLU neurons, a row a tile, eight to a byte, first neuron highest.
        counts, facets: how many facets each tile has, and their numbers, one tile's after the other's.
        points: float points of the chart in the interior of the tiles, certified; NaN where none is known.
        polyhedra: for each tile the exact set; None where its facets say it.
        chart: the domain's coordinates, whose facets come first in the numbering; None where there are no numbers.
    """

    bits: NDArray[np.uint8]
    counts: NDArray[np.int32]
    facets: NDArray[np.int32]
    points: FloatArray
    polyhedra: Iterable[Polyhedron | None]
    chart: Chart | None


@dataclass(frozen=True, eq=False)
class TileSource(Carried, ABC):
    """Tiles for one restricted problem, in the order of their patterns, numbered from 0.

    Attributes:
        restriction: the problem that they answer.
    """

    restriction: Restriction

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def bits(self, index: int) -> SignVector:
        """The signs of the restricted layers' ReLU neurons on a tile."""

    @abstractmethod
    def polyhedron(self, index: int) -> Polyhedron:
        """A tile as an exact canonical polyhedron."""

    def patterns(self, numbers: Numbers) -> list[str]:
        """The activation patterns of the chosen tiles."""
        return [self.restriction.pattern(self.bits(i)) for i in numbers.tolist()]

    def stated_facets(self, index: int) -> tuple[tuple[int, Halfspace], ...] | None:
        """All rows of a tile of full dimension with the numbers that :meth:`data` has for them, in that order.

        None where they have no numbers, or the tile has other rows, too.
        """
        return None

    def inner_point(self, index: int) -> ExactVector:
        """An exact point of the relative interior of a tile."""
        return self.polyhedron(index).relative_interior_point()

    def dims(self, numbers: Numbers) -> NDArray[np.intp]:
        """The dimensions of the chosen tiles."""
        return np.array([self.polyhedron(i).dim for i in numbers.tolist()], dtype=np.intp)

    def locate(self, points: FloatArray, place: Numbers) -> Numbers:
        """For each float point the least ``place[i]`` of a tile i that contains it, or -1; exact.

        Tiles with place -1 do not take part.
        """
        found = np.full(len(points), NOWHERE, dtype=np.intp)
        remaining = np.arange(len(points))
        for i in np.argsort(place)[np.count_nonzero(place < 0) :].tolist():
            inside = self.polyhedron(i).contains_floats(points[remaining])
            found[remaining[inside]] = place[i]
            remaining = remaining[~inside]
        return found

    def only(self, index: int) -> TileSource:
        """A source of one tile alone, which has its number 0."""
        return TileList(self.restriction, ((self.bits(index), self.polyhedron(index)),))

    @property
    def meets_in_neurons(self) -> bool:
        """Whether it is known that tiles of full dimension touch in whole facets only, on hyperplanes of neurons."""
        return False

    def match_facets(self, numbers: Numbers, of_target: bool) -> Matches:
        """Which facets the chosen tiles of full dimension share, as far as that is known without exact arithmetic.

        With ``of_target`` tiles with a facet that is a row of the target are listed among those left alone.
        """
        nothing = np.empty(0, dtype=np.int64)
        return Matches(nothing.reshape(0, 2), nothing, np.arange(len(numbers)), nothing.astype(np.bool_))

    def at_seams(self, numbers: Numbers, domain: Polyhedron) -> NDArray[np.int64]:
        """Positions of tiles with facets of the source's own domain beyond which a larger domain may go on."""
        return np.empty(0, dtype=np.int64)

    def facet_counts(self, numbers: Numbers) -> NDArray[np.int64]:
        """How many facets each of the chosen tiles of full dimension has."""
        return np.array([len(self.polyhedron(i).facets) for i in numbers.tolist()], dtype=np.int64)

    def extents(self, numbers: Numbers, along: int, by_cells: Callable[[Columns], Extents]) -> Extents | None:
        """Certified sizes of all tiles, where they are known or found faster than those of some tiles exactly.

        Args:
            numbers: the tiles that are asked for.
            along: how many tiles are likely to be asked for in all, if more.
            by_cells: measures all tiles found by cells; a source calls it once at most.
        """
        return None

    def data(self, numbers: Numbers) -> TileData:
        """What to write down of the chosen tiles."""
        bits = packed_signs(sign_rows([self.bits(i) for i in numbers.tolist()], self.restriction.neuron_count))
        counts, no_points = np.zeros(len(numbers), dtype=np.int32), np.empty((len(numbers), 0))
        polyhedra = map(self.polyhedron, numbers.tolist())
        return TileData(bits, counts, np.empty(0, dtype=np.int32), no_points, polyhedra, None)


@dataclass(frozen=True)
class TileList(TileSource):
    """Tiles that are there already."""

    pieces: tuple[tuple[SignVector, Polyhedron], ...]

    def __len__(self) -> int:
        return len(self.pieces)

    def bits(self, index: int) -> SignVector:
        """The signs of the restricted layers' ReLU neurons on a tile."""
        return self.pieces[index][0]

    def polyhedron(self, index: int) -> Polyhedron:
        """A tile as an exact canonical polyhedron."""
        return self.pieces[index][1]
