"""Tiles put in the order of their patterns: few and many, of patterns short and long, with ties."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pytest

from polyrelu.engines.cells.library import kernel_library

D = 2


class Piece(NamedTuple):
    """Columns of some tiles."""

    packed: np.ndarray
    starts: np.ndarray
    facets: np.ndarray
    points: np.ndarray

    @classmethod
    def of(cls, patterns: np.ndarray, rng: np.random.Generator) -> Piece:
        """Tiles with these patterns, and something else."""
        starts = int(rng.integers(0, 9)) + np.cumsum([0, *rng.integers(0, 4, len(patterns))], dtype=np.int64)
        facets = rng.integers(0, 1000, int(starts[-1] - starts[0]), dtype=np.int32)
        return cls(np.ascontiguousarray(patterns), starts, facets, rng.normal(size=(len(patterns), D)))

    def facets_of(self, i: int) -> list[int]:
        own = self.starts - self.starts[0]
        return self.facets[own[i] : own[i + 1]].tolist()


def in_order(pieces: Sequence[Piece], width: int) -> bool:
    """Whether the kernel puts pieces in order as Python does, which leaves ties as they were."""
    found = kernel_library().in_order(tuple(map(tuple, pieces)), width, D)
    types = (np.int64, np.uint8, np.int64, np.int32, np.float64)
    numbers, packed, starts, facets, points = (np.frombuffer(*own) for own in zip(found, types, strict=True))
    tiles = [(piece, i) for piece in pieces for i in range(len(piece.packed))]
    order = sorted(range(len(tiles)), key=lambda k: tiles[k][0].packed[tiles[k][1]].tobytes())
    own = [tiles[k] for k in order]
    expected = [row for piece, i in own for row in piece.facets_of(i)]
    return (
        numbers.tolist() == order
        and packed.tobytes() == b"".join(piece.packed[i].tobytes() for piece, i in own)
        and np.diff(starts, prepend=0).tolist() == [0, *(len(piece.facets_of(i)) for piece, i in own)]
        and facets.tolist() == expected
        and points.tobytes() == b"".join(piece.points[i].tobytes() for piece, i in own)
    )


def some_pieces(sizes: Sequence[int], width: int, values: Sequence[int], seed: int = 0) -> list[Piece]:
    """Patterns all of whose bytes are among some values."""
    rng = np.random.default_rng(seed)
    return [Piece.of(rng.choice(np.array(values, dtype=np.uint8), (n, width)), rng) for n in sizes]


@pytest.mark.parametrize("width", [0, 1, 2, 7, 8, 9, 10, 15, 16, 17])
def test_few_tiles(width):
    for seed, values in enumerate(([0, 1], [127, 128, 255], range(256))):
        assert in_order(some_pieces([30, 0, 1, 40], width, values, seed), width)
    alike = some_pieces([25, 25], width, [0], 5)
    for piece in alike:  # at the last byte alone
        piece.packed[:, -1:] = np.arange(len(piece.packed))[::-1, None] % 5
    assert in_order(alike, width)


@pytest.mark.parametrize("width", [1, 3, 7, 8, 9])
def test_many_tiles(width):
    """So many that they are dealt out first, by bits of which there are fewer than of those in which they differ."""
    assert in_order(some_pieces([1500, 1200], width, range(256), width), width)
    assert in_order(some_pieces([1500, 1200], width, [64, 65, 192], width), width)


def test_many_tiles_that_are_alike():
    assert in_order(some_pieces([1500, 1200], 9, [3]), 9)


def test_many_tiles_that_only_their_last_bytes_tell_apart():
    pieces = some_pieces([1500, 1200], 10, [3])
    for piece in pieces:
        piece.packed[:, 8:] = np.random.default_rng(0).integers(0, 9, (len(piece.packed), 2))
    assert in_order(pieces, 10)


def test_no_tiles():
    assert in_order([], 3)
    assert in_order(some_pieces([0, 0], 3, [1]), 3)
