"""What the tiles of a tiling state, read once, and the ways to look for a tile that a point or a set may lie in."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from polyrelu.certificates.exact_set import ExactSet, Row, Vector
from polyrelu.certificates.propagation import NetworkPart, Signs
from polyrelu.tilings.tile import Tile

SILENT, ACTIVE, FREE = "0", "1", "*"


@dataclass(frozen=True)
class Claims:
    """What a tile states.

    Attributes:
        rows, region: its points.
        pattern: a character for each ReLU neuron of the network.
        outputs: the numbers of the outputs whose affine map it states.
        affine, scale: that map: rows of integers, which stand for ``rows / scale``.
        target_index: the target that it maps into.
    """

    rows: tuple[Row, ...]
    region: ExactSet
    pattern: str
    outputs: tuple[int, ...]
    affine: list[list[int]]
    scale: int
    target_index: int

    @classmethod
    def of(cls, tile: Tile, rows: tuple[Row, ...], region: ExactSet) -> Claims:
        """What a tile with these points states."""
        outputs, matrix, offset = tile.affine_map()
        stated = [(*row, c) for row, c in zip(matrix, offset, strict=True)]
        scale = math.lcm(*(v.denominator for row in stated for v in row))
        affine = [[v.numerator * (scale // v.denominator) for v in row] for row in stated]
        pattern = tile.pattern.replace("|", "")
        return cls(rows, region, pattern, outputs, affine, scale, tile.target_index)


class ClaimedTiles:
    """Tiles by what they state about the neurons that matter."""

    def __init__(self, tiles: Sequence[Claims], part: NetworkPart) -> None:
        self.tiles, self.part = tiles, part
        stated = [[claims.pattern[place] for place in part.neurons] for claims in tiles]
        table = np.array(stated, dtype="<U1").reshape(len(stated), len(part.neurons))
        self._silent, self._active = table == SILENT, table == ACTIVE
        self._by_places: dict[tuple[int, ...], dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
        for i, own in enumerate(stated):
            places = tuple(n for n, c in enumerate(own) if c != FREE)
            self._by_places[places]["".join(own[n] for n in places)].append(i)

    def around(self, point: Vector) -> Iterator[int]:
        """The tiles that contain a point."""
        signs = np.array(self.part.signs_at(point), dtype=np.int8)
        contradicted = self._active[:, signs < 0].any(axis=1) | self._silent[:, signs > 0].any(axis=1)
        for i in np.flatnonzero(~contradicted).tolist():
            if all(row.holds(point) for row in self.tiles[i].rows):
                yield i

    def stating(self, signs: Signs) -> Iterator[int]:
        """The tiles all of whose claims are these signs, zero taken for silent."""
        shown = [ACTIVE if sign > 0 else SILENT for sign in signs]
        for places, tiles in self._by_places.items():
            yield from tiles.get("".join(shown[n] for n in places), ())
