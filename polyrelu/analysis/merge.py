r"""Fewer convex pieces for the same set: tiles whose union is convex become one polyhedron.

Pairs of tiles with a common facet are merged where their union is one polyhedron, which is decided exactly (see
:mod:`polyrelu.polyhedra.convex_union`); greedily, those first whose patterns agree longest. Tiles arise when one neuron
after the other cuts them, so this undoes the last cuts first, and whatever part of that tree lies in the preimage as a
whole becomes one piece again: all linear regions of a box become the box. At the end no pair is left to merge; that
need not be the fewest pieces possible.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple, TypeAlias, overload

import numpy as np
from numpy.typing import NDArray

from polyrelu.arithmetic.exact import ExactMatrix
from polyrelu.errors import DimensionError, EmptySetError
from polyrelu.polyhedra.convex_union import Face, GeneratorPool, Piece, negated
from polyrelu.polyhedra.double_description import Vector
from polyrelu.polyhedra.halfspace import Halfspace
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support.arguments import instance
from polyrelu.support.carried import Carried
from polyrelu.support.progress import progress_bar
from polyrelu.tilings.tile import Tile
from polyrelu.tilings.tiling import Tiling

_NOWHERE = -1
_FIRST = (False, -1)  # a flat piece closes an open one before that grows and its facet with it


@dataclass(frozen=True, eq=False, repr=False)
class Merged(Carried, Sequence[Polyhedron]):
    """Convex pieces whose union is the union of a tiling's tiles; a sequence in the order of their first tiles.

    Attributes:
        tiling: what was merged.
        pieces: the polyhedra, in canonical form.
        members: for each piece the numbers of its tiles, ascending; every tile is in one piece.
    """

    tiling: Tiling
    pieces: tuple[Polyhedron, ...]
    members: tuple[tuple[int, ...], ...]

    def __len__(self) -> int:
        return len(self.pieces)

    @overload
    def __getitem__(self, index: int) -> Polyhedron: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Polyhedron, ...]: ...
    def __getitem__(self, index: int | slice) -> Polyhedron | tuple[Polyhedron, ...]:
        return self.pieces[index]

    @cached_property
    def piece_of(self) -> NDArray[np.intp]:
        """For each tile the number of its piece."""
        owner = np.full(len(self.tiling), _NOWHERE, dtype=np.intp)
        for number, tiles in enumerate(self.members):
            owner[list(tiles)] = number
        return owner

    def locate(self, points: Any) -> int | NDArray[np.intp]:
        """The number of a piece that contains a point, or each of many float points; -1 where none does.

        Exact, and as fast as :meth:`polyrelu.tilings.tiling.Tiling.locate`, which it asks: the piece is that of the
        first tile.
        """
        tiles = self.tiling.locate(points)
        if isinstance(tiles, int):
            return int(self.piece_of[tiles]) if tiles != _NOWHERE else _NOWHERE
        found = np.full(len(tiles), _NOWHERE, dtype=np.intp)
        found[tiles != _NOWHERE] = self.piece_of[tiles[tiles != _NOWHERE]]
        return found

    def contains(self, points: Any) -> bool | NDArray[np.bool_]:
        """Whether a point, or each of many float points, lies in some piece; exact."""
        return self.tiling.contains(points)

    def __repr__(self) -> str:
        state = "" if self.tiling.complete else ", incomplete"
        return f"Merged({len(self.tiling)} tiles in R^{self.tiling.domain.ambient_dim} into {len(self)}{state})"


def merged(tiling: Tiling, *, progress: bool | None = None) -> Merged:
    """Fewer convex polyhedra with exactly the same union, each with the numbers of the tiles it is made of.

    Tiles of different dimension stay apart, but a flat tile that is the missing facet of an open one closes it.

    Args:
        tiling: of any dimension; tiles may be unbounded, flat or open.
        progress: show a bar; by default only for long runs on a terminal.

    Cost: each tile's vertices, then rows times vertices integer products for each pair of neighbours.

    >>> import polyrelu as pr
    >>> absolute = pr.Network([([[1], [-1]], [0, 0]), ([[1, 1]], [0])])  # |x|
    >>> merged(pr.preimage(absolute, pr.parse("y0 < 2", dim=1)))
    Merged(2 tiles in R^1 into 1)
    >>> [piece.inequalities() for piece in merged(pr.preimage(absolute, pr.parse("y0 > 2", dim=1)))]
    [('x0 < -2',), ('x0 > 2',)]
    """
    tiles = progress_bar(progress, tiling, desc="merging: tiles", unit=" tiles")
    pieces = _merge(((tile.polyhedron, _address(tile)) for tile in tiles), progress)
    return Merged(tiling, tuple(piece for piece, _ in pieces), tuple(members for _, members in pieces))


def merged_polyhedra(
    polyhedra: Iterable[Polyhedron], *, progress: bool | None = None
) -> list[tuple[Polyhedron, tuple[int, ...]]]:
    """Fewer convex polyhedra with exactly the same union, each with the numbers of the polyhedra it is made of.

    For sets that are no tiling, such as the pieces of :func:`polyrelu.unrelu`; :func:`merged` finds a better order.

    Args:
        polyhedra: non-empty, in one space. They may overlap, but only pairs that meet in a common facet are merged.
        progress: show a bar; by default only for long runs on a terminal.

    Raises:
        EmptySetError: one of the sets is empty.

    >>> from polyrelu import Polyhedron
    >>> merged_polyhedra(Polyhedron.box([i, 0], [i + 1, 1]) for i in range(3))
    [(Polyhedron(R^2: x0 >= 0, x1 >= 0, x1 <= 1, x0 <= 3), (0, 1, 2))]
    """
    return _merge(((polyhedron, _Address(0, 0)) for polyhedron in polyhedra), progress)


def _merge(
    polyhedra: Iterable[tuple[Polyhedron, _Address]], progress: bool | None
) -> list[tuple[Polyhedron, tuple[int, ...]]]:
    pool = GeneratorPool()
    merger = _Merger(pool)
    dim = 0
    for number, (polyhedron, address) in enumerate(polyhedra):
        instance(polyhedron, Polyhedron, f"merged_polyhedra: set {number}", "pass polyhedra")
        if number and polyhedron.ambient_dim != dim:
            raise DimensionError(
                f"merged_polyhedra: set {number} lives in R^{polyhedron.ambient_dim} but those before it in R^{dim}"
            )
        if polyhedron.is_empty():
            raise EmptySetError(f"merged_polyhedra: set {number} is empty; leave it out")
        dim = polyhedron.ambient_dim
        merger.add(pool.piece(polyhedron), address)
    count = len(merger.pieces)
    with progress_bar(progress, desc="merging", unit=" merges") as bar:
        for _ in merger.run():
            bar.update()
    members: dict[int, list[int]] = defaultdict(list)
    for number in range(count):
        members[merger.whole(number)].append(number)
    return [(merger.pieces[number].polyhedron(dim), tuple(those)) for number, those in members.items()]


class _Address(NamedTuple):
    """Where a piece comes from: the source of some tile in it, and the signs of that tile's neurons as one number."""

    source: int
    signs: int

    def distance(self, other: _Address) -> tuple[bool, int]:
        """How early two pieces were cut apart; pieces of different sources come last."""
        return self.source != other.source, (self.signs ^ other.signs).bit_length()


def _address(tile: Tile) -> _Address:
    return _Address(id(tile.source), tile.bits.number)


FaceKey: TypeAlias = tuple[Face, ExactMatrix]
FacetKey: TypeAlias = tuple[Vector, Face, tuple[Halfspace, ...], ExactMatrix]


@dataclass
class _Merger:
    """Greedy merging of pairs.

    Attributes:
        pool: of the generators.
        pieces: those there are at present, by number; numbers are not used twice.
        addresses, parents: of every piece there ever was, by number; a piece that was not merged is its own parent.
        sides: for each facet, from one of its sides, the pieces that have it.
        open_facets: for each face, the pieces that lack it as a facet, and on which row.
        flat: for each face, the pieces of lower dimension whose closure it is.
        queue: pairs to try, as (distance, one, other, row of the one); some may be gone by the time of their turn.
    """

    pool: GeneratorPool
    pieces: dict[int, Piece] = field(default_factory=dict)
    addresses: list[_Address] = field(default_factory=list)
    parents: list[int] = field(default_factory=list)
    sides: dict[FacetKey, set[int]] = field(default_factory=lambda: defaultdict(set))
    open_facets: dict[FaceKey, set[tuple[int, Vector]]] = field(default_factory=lambda: defaultdict(set))
    flat: dict[FaceKey, set[int]] = field(default_factory=lambda: defaultdict(set))
    queue: list[tuple[tuple[bool, int], int, int, Vector]] = field(default_factory=list)

    def add(self, piece: Piece, address: _Address) -> int:
        """The number of a new piece; its pairs with the present ones join the queue."""
        number = len(self.parents)
        self.pieces[number] = piece
        self.addresses.append(address)
        self.parents.append(number)
        for row, face in piece.facets.items():
            for other in self.sides.get((negated(row), face, piece.equalities, piece.lines), ()):
                heapq.heappush(self.queue, (address.distance(self.addresses[other]), number, other, row))
            self.sides[row, face, piece.equalities, piece.lines].add(number)
        for row in piece.strict:
            for other in self.flat.get((piece.facets[row], piece.lines), ()):
                heapq.heappush(self.queue, (_FIRST, number, other, row))
            self.open_facets[piece.facets[row], piece.lines].add((number, row))
        for other, row in self.open_facets.get((piece.generators, piece.lines), ()):
            heapq.heappush(self.queue, (_FIRST, other, number, row))
        if piece.equalities:
            self.flat[piece.generators, piece.lines].add(number)
        return number

    def _drop(self, number: int) -> None:
        piece = self.pieces.pop(number)
        for row, face in piece.facets.items():
            self.sides[row, face, piece.equalities, piece.lines].discard(number)
        for row in piece.strict:
            self.open_facets[piece.facets[row], piece.lines].discard((number, row))
        if piece.equalities:
            self.flat[piece.generators, piece.lines].discard(number)

    def run(self) -> Iterator[int]:
        """Merge until no pair is left; yields the number of each piece that is made."""
        while self.queue:
            _, one, other, row = heapq.heappop(self.queue)
            if one not in self.pieces or other not in self.pieces:
                continue
            union = self.pool.union(self.pieces[one], self.pieces[other], row)
            if union is not None:
                self._drop(one)
                self._drop(other)
                number = self.add(union, self.addresses[one])
                self.parents[one] = self.parents[other] = number
                yield number

    def whole(self, number: int) -> int:
        """The present piece that a piece has become part of (with path halving)."""
        while self.parents[number] != number:
            self.parents[number] = self.parents[self.parents[number]]
            number = self.parents[number]
        return number
