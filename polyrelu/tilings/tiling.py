"""The result: a finite list of convex tiles, each an exact polyhedron with its activation pattern.

A :class:`Tiling` promises: its tiles lie in the domain and map into the target; together they contain every such point
when ``complete``; their relative interiors are disjoint where they have the dimension of the domain; and no tile
contains another. For a closed target and domain the tiles are closed and share boundaries; strict conditions stay
strict rows.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, overload

import numpy as np
from numpy.typing import NDArray

from polyrelu.arithmetic.batches import is_batch, rows_as_floats
from polyrelu.arithmetic.exact import (
    ExactVector,
    FloatArray,
    exact_matrix,
    exact_vector,
    is_float_array,
    read_only,
)
from polyrelu.arithmetic.rounding import float_points
from polyrelu.errors import InputError
from polyrelu.networks.network import Network
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support.arguments import items, whole_number
from polyrelu.support.carried import Carried
from polyrelu.support.numerals import MOST_DIGITS
from polyrelu.support.tensors import plain
from polyrelu.tilings.open_cells import Undecided
from polyrelu.tilings.table import format_point, format_rows
from polyrelu.tilings.tile import Tile
from polyrelu.tilings.tile_source import NOWHERE, Numbers, TileSource

if TYPE_CHECKING:
    from polyrelu._conveniences import TilingMethods
else:
    TilingMethods = object  # methods of upper rooms are put on the class from there

_KEPT_TILES = 10_000


@dataclass(frozen=True, eq=False, repr=False)
class Tiling(Carried, Sequence[Tile], TilingMethods):
    """The tiles of a preimage, a sequence in the order of their targets and patterns.

    Beside what is here it has the methods of :mod:`polyrelu._conveniences`: its volume, zones, facets, drawings, files.

    Attributes:
        network, targets, domain: what was asked; the preimage is of the union of the targets.
        method: the engine that answered.
        complete: whether nothing is missing; False only in the partial result of an interrupted run.
        stats: what the engine did, by name.
        parts: (target index, source) pairs, whose tiles follow one another.
        chosen: the numbers of this tiling's tiles among all tiles of the parts; all of them when None.
        divided: of a zone, how many tiles all zones have, at which it is faster to look together; otherwise 0.
        undecided_parts: of a stopped run what it has not decided, in pairs as above; None where that is not known.
    """

    network: Network
    targets: tuple[Polyhedron, ...]
    domain: Polyhedron
    method: str
    complete: bool
    stats: Mapping[str, int | float]
    parts: tuple[tuple[int, TileSource], ...]
    chosen: NDArray[np.intp] | None = None
    divided: int = 0
    undecided_parts: tuple[tuple[int, TileSource], ...] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "stats", MappingProxyType(dict(self.stats)))
        if self.chosen is not None:
            object.__setattr__(self, "chosen", read_only(self.chosen.view()))

    @cached_property
    def _ends(self) -> list[int]:
        return list(accumulate(len(source) for _, source in self.parts))

    @cached_property
    def _tiles(self) -> dict[int, Tile]:
        return {}

    def __len__(self) -> int:
        return len(self.chosen) if self.chosen is not None else (self._ends[-1] if self._ends else 0)

    def __iter__(self) -> Iterator[Tile]:
        return map(self.__getitem__, range(len(self)))

    def by_source(self) -> Iterator[tuple[TileSource, Numbers, Numbers]]:
        """The parts' sources, each with the numbers of this tiling's tiles in the source, and in the tiling."""
        part_of, local = self.places()
        for part, (_, source) in enumerate(self.parts):
            own = np.flatnonzero(part_of == part)
            yield source, local[own], own

    def places(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """For each tile the number of its part, and its number within the part's source."""
        numbers = np.arange(len(self)) if self.chosen is None else self.chosen
        ends = np.array(self._ends, dtype=np.intp)
        part = np.searchsorted(ends, numbers, side="right")
        return part, numbers - np.concatenate([np.zeros(1, dtype=np.intp), ends])[part]

    def _tile(self, index: int) -> Tile:
        """Tile number ``index``; the latest ones are kept, so that their polyhedra are built once."""
        if index not in self._tiles:
            number = index if self.chosen is None else int(self.chosen[index])
            part = bisect_right(self._ends, number)
            target_index, source = self.parts[part]
            if len(self._tiles) >= _KEPT_TILES:
                self._tiles.clear()
            self._tiles[index] = Tile(target_index, source, number - (self._ends[part - 1] if part else 0))
        return self._tiles[index]

    @overload
    def __getitem__(self, index: int) -> Tile: ...
    @overload
    def __getitem__(self, index: slice) -> Tiling: ...
    def __getitem__(self, index: int | slice) -> Tile | Tiling:
        number = range(len(self))[index]
        return self._tile(number) if isinstance(number, int) else self.select(number)

    def select(self, indices: Iterable[int]) -> Tiling:
        """The tiling of the chosen tiles, by number; incomplete if it leaves any out.

        Raises:
            InputError: a number is not that of a tile, or comes twice.
        """
        chosen = tile_numbers(indices, len(self))
        used, times = np.unique(chosen, return_counts=True)
        if (times > 1).any():
            raise InputError(f"select: tile {used[times > 1][0]} is chosen twice, but tiles do not overlap")
        is_all = len(chosen) == len(self)
        numbers = chosen if self.chosen is None else self.chosen[chosen]
        left = self.undecided_parts if is_all else None
        return replace(self, complete=self.complete and is_all, chosen=numbers, divided=0, undecided_parts=left)

    def divide(self, groups: Iterable[Iterable[int]]) -> Iterator[Tiling]:
        """Tilings of the tiles of each group, by number, about all of which the same is going to be asked."""
        return (replace(self.select(group), divided=len(self)) for group in groups)

    def undecided(self) -> Undecided:
        """The cells that a stopped run has not decided, each a polyhedron that is made when it is looked at.

        With the tiles they cover the preimage, and for one target all interiors are disjoint. A complete tiling leaves
        nothing undecided.

        Raises:
            InputError: it is not known: the tiling is a part of another one, or was loaded, or its engine cannot say.

        >>> import polyrelu as pr
        >>> net = pr.Network([([[1, 0], [0, 1], [1, 1]], [0, 0, -1]), ([[1, -1, 1]], [0])])
        >>> try:
        ...     pr.preimage(net, "y0 > 0", ([-1, -1], [1, 1]), "twin", until=lambda found: found == 2)
        ... except pr.Interrupted as stopped:
        ...     partial = stopped.partial
        >>> len(partial), len(partial.undecided())
        (2, 3)
        """
        if self.complete:
            return Undecided(())
        if self.undecided_parts is None:
            raise InputError(
                "undecided: what this tiling leaves out is not known, because it is a part of another one, or was "
                f"loaded, or {self.method!r} does not say; stop a run of 'cells', 'twin', 'branch' or 'halfspaces'"
            )
        return Undecided(self.undecided_parts)

    @property
    def patterns(self) -> tuple[str, ...]:
        """The activation pattern of each tile."""
        patterns = [""] * len(self)
        for source, local, own in self.by_source():
            for i, pattern in zip(own.tolist(), source.patterns(local), strict=True):
                patterns[i] = pattern
        return tuple(patterns)

    def locate(self, points: Any) -> int | NDArray[np.intp]:
        """The number of the first tile that contains a point, or each of many points; -1 where none does.

        Always exact: a float point is the dyadic rational it stores. Args and errors as in
        :meth:`polyrelu.polyhedra.polyhedron.Polyhedron.contains`. Cost: points times rows, in floats with exact checks
        of the few doubtful ones.
        """
        points = plain(points, "locate: points")
        dim = self.domain.ambient_dim
        if is_float_array(points) and points.ndim == 2:
            return self._locate_floats(float_points(points, dim, "locate"))
        if not is_batch(points):
            return self._locate_exact(exact_vector(points, "locate: point", dim))
        rows = exact_matrix(points, "locate: points", dim)
        floats = rows_as_floats(rows, dim)
        if floats is not None:
            return self._locate_floats(floats)
        return np.fromiter(map(self._locate_exact, rows), dtype=np.intp, count=len(rows))

    def _locate_exact(self, point: ExactVector) -> int:
        return next((i for i, tile in enumerate(self) if tile.contains(point)), NOWHERE)

    def _locate_floats(self, points: FloatArray) -> NDArray[np.intp]:
        found = np.full(len(points), NOWHERE, dtype=np.intp)
        for source, local, own in self.by_source():
            place = np.full(len(source), NOWHERE, dtype=np.intp)
            place[local] = own
            here = source.locate(points, place)
            found = np.where((here != NOWHERE) & ((found == NOWHERE) | (here < found)), here, found)
        return found

    def contains(self, points: Any) -> bool | NDArray[np.bool_]:
        """Whether a point, or each of many, lies in some tile; exact, see :meth:`locate`."""
        found = self.locate(points)
        return found != NOWHERE if isinstance(found, int) else np.asarray(found != NOWHERE, dtype=np.bool_)

    def table(self, limit: int = 20, digits: int | None = None) -> str:
        """The tiles as a text table: number, pattern, dimension, a point, and the inequalities, one row each.

        At most ``limit`` tiles are shown, and the last line says how many are not. ``digits`` as in
        :meth:`polyrelu.polyhedra.polyhedron.Polyhedron.inequalities`; fractions of points are then rounded, too.
        """
        return format_rows(self.rows(limit, digits), len(self))

    def rows(self, limit: int = 20, digits: int | None = None) -> Iterator[tuple[str, ...]]:
        """The rows of the table, one by one: number, pattern, dimension, point and inequalities."""
        whole_number(limit, "table: limit")
        if digits is not None:
            whole_number(digits, "table: digits", 1, MOST_DIGITS)
        for i, tile in enumerate(self[:limit]):
            yield (
                str(i),
                tile.pattern or "-",
                str(tile.dim),
                format_point(tile.point(), digits),
                ", ".join(tile.inequalities(digits=digits)),
            )

    def is_bounded(self) -> bool:
        """Whether all tiles fit in a box. Cost: some exact LPs a tile, unless the domain is bounded."""
        return self.domain.is_bounded() or all(tile.polyhedron.is_bounded() for tile in self)

    def __repr__(self) -> str:
        state = "" if self.complete else ", incomplete"
        return f"Tiling({len(self)} tiles in R^{self.domain.ambient_dim}, method {self.method!r}{state})"


def tile_numbers(indices: Any, count: int) -> NDArray[np.intp]:
    """Numbers of tiles, of which there are ``count``, checked."""
    if isinstance(indices, (np.ndarray, range)):
        numbers = np.asarray(indices)
        fits = not numbers.size or (numbers.dtype.kind in "iu" and numbers.min() >= 0 and numbers.max() < count)
        if numbers.ndim == 1 and fits:
            return numbers.astype(np.intp)
    listed = items(indices, "select", "pass a list of tile numbers")
    checked = (whole_number(i, "select: tile", 0, count - 1) for i in listed)
    return np.fromiter(checked, dtype=np.intp)
