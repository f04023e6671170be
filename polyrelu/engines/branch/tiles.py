"""Tiles that are written down when they are asked for: signs, and the neurons that divided the domain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from polyrelu.engines.branch.exact import ExactCells, Split, exact_point
from polyrelu.networks.activation_pattern import SignVector, packed_signs, sign_rows
from polyrelu.networks.affine_outputs import signs_at
from polyrelu.networks.fixed_inputs import Folding
from polyrelu.networks.relevant_part import Restriction
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support.limits import check
from polyrelu.tilings.tile_source import TileSource


class Found(NamedTuple):
    """A tile as the engine finds it.

    Attributes:
        signs: of all neurons.
        splits: the neurons that divided the domain.
        point: a float point strictly inside, if one is known.
    """

    signs: SignVector
    splits: tuple[Split, ...]
    point: tuple[float, ...] | None


@dataclass(frozen=True, eq=False)
class BranchTiles(TileSource):
    """Tiles in the order of their patterns, whose canonical rows are found when they are asked for.

    Attributes:
        exact: writes them down, in the inputs that the domain leaves free.
        pieces: the tiles.
        folding: how these inputs lie among all inputs.
    """

    exact: ExactCells
    pieces: tuple[Found, ...]
    folding: Folding | None

    @classmethod
    def of(
        cls,
        restriction: Restriction,
        exact: ExactCells,
        full: Sequence[Found],
        flat: Sequence[Found],
        folding: Folding | None,
    ) -> BranchTiles:
        """The full tiles, and of the flat ones those that no other tile contains; of equal ones the first pattern's."""
        kept = list(full)
        written = [(exact.tile(found.splits, found.signs), found) for found in flat]
        for tile, found in sorted(written, key=lambda own: (-own[0].dim, own[1].signs)):
            check()
            point = tile.relative_interior_point()
            there = signs_at(restriction.layers if folding is None else exact.layers, point)
            packed = packed_signs(sign_rows([one.signs for one in kept], restriction.neuron_count))
            around = (exact.tile(kept[i].splits, kept[i].signs) for i in there.agreeing(packed))
            if not any(other.contains(point) and tile.is_subset(other) for other in around):
                kept.append(found)
        return cls(restriction, exact, tuple(sorted(kept, key=lambda own: own.signs)), folding)

    def __len__(self) -> int:
        return len(self.pieces)

    def bits(self, index: int) -> SignVector:
        """The signs of the restricted layers' ReLU neurons on a tile."""
        return self.pieces[index].signs

    @cached_property
    def _canonical(self) -> dict[int, Polyhedron]:
        return {}

    def polyhedron(self, index: int) -> Polyhedron:
        """A tile as an exact canonical polyhedron. Cost: at most one linear program a row, when first asked for."""
        if index not in self._canonical:
            signs, splits, point = self.pieces[index]
            tile = self.exact.tile(splits, signs, None if point is None else exact_point(point)).canonical()
            self._canonical[index] = tile if self.folding is None else self.folding.lift(tile)
        return self._canonical[index]
