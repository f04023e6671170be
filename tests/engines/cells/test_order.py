"""Tiles put in the order of their patterns: few and many, of patterns short and long, with ties."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Sequence
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


def in_order(
    pieces: Sequence[Piece], width: int, threads: int = 1, seconds: float = 3600.0, ask: Callable[[], object] = list
) -> bool:
    """Whether the kernel puts pieces in order as NumPy does, which leaves ties as they were."""
    found = kernel_library().in_order(tuple(map(tuple, pieces)), width, D, threads, seconds, ask)
    types = (np.int64, np.uint8, np.int64, np.int32, np.float64)
    numbers, packed, starts, facets, points = (np.frombuffer(*own) for own in zip(found, types, strict=True))
    given = [np.concatenate([own[k] for own in (*pieces, nothing(width))]) for k in (0, 2, 3)]
    counts = np.concatenate([np.diff(piece.starts) for piece in (*pieces, nothing(width))])
    order = np.lexsort(given[0].T[::-1]) if width else np.arange(len(counts))
    ends = np.cumsum(counts[order])
    gather = np.arange(counts.sum()) + np.repeat(
        (np.cumsum(counts) - counts)[order] - (ends - counts[order]), counts[order]
    )
    return (
        np.array_equal(numbers, order)
        and np.array_equal(packed, given[0][order].ravel())
        and np.array_equal(starts, [0, *ends])
        and np.array_equal(facets, given[1][gather])
        and np.array_equal(points, given[2][order].ravel())
    )


def nothing(width: int) -> Piece:
    """No tiles."""
    return Piece.of(np.empty((0, width), dtype=np.uint8), np.random.default_rng(0))


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


@pytest.mark.parametrize("threads", [-1, 0, 2, 3, 65, 1000])
def test_many_threads(threads):
    """More than there is work for; kinds of one tile and of thousands, the last ones at the end of a share."""
    for values in (range(256), [0, 255], [7]):
        assert in_order(some_pieces([5000, 0, 4000], 2, values), 2, threads)


def test_long_patterns_that_differ_in_the_end():
    """Alike for many bytes, as where a network has thousands of neurons of which few ever switch."""
    pieces = some_pieces([40, 3, 2100], 27, [9])
    for k, piece in enumerate(pieces):
        piece.packed[:, 8] = np.arange(len(piece.packed)) % 3
        piece.packed[:, 24] = (k + np.arange(len(piece.packed))) % 5
        piece.packed[:, 26] = np.arange(len(piece.packed))[::-1] % 7
    assert in_order(pieces, 27)
    assert in_order(pieces[:2], 27)


@pytest.mark.parametrize("threads", [1, 2])
def test_it_is_asked_in_between_and_what_is_raised_stops(threads):
    pieces, asked = some_pieces([9000, 14000], 3, range(256)), list[int]()
    assert in_order(pieces, 3, threads, 0.0, lambda: asked.append(threading.get_ident()))
    assert {*asked} == {threading.get_ident()}
    assert abs(len(asked) - 2 * 23000 // threads // 4096) <= 2  # by the thread that called, of its share

    def stop() -> None:
        asked.append(0)
        raise ValueError("stop")

    for before in (0, 1, len(asked) // 2, len(asked) - 1):
        calls = iter([None] * before)
        with pytest.raises((StopIteration, ValueError)):
            in_order(pieces, 3, threads, 0.0, calls.__next__)
        assert next(calls, "none left") == "none left"
    answer = object()
    references = sys.getrefcount(answer)
    assert in_order(pieces, 3, threads, 0.0, lambda: answer)
    assert sys.getrefcount(answer) == references
    references = sys.getrefcount(stop)
    with pytest.raises(ValueError, match="stop"):
        in_order(pieces, 3, threads, 0.0, stop)
    assert sys.getrefcount(stop) == references
    assert in_order(pieces[:1], 3, threads, 3600.0, stop)  # before that nobody is asked


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("differ", [0, 9, 20, 29])
def test_it_is_asked_where_the_first_bytes_of_all_are_alike(threads, differ):
    """And shared, and put in order: by the first bytes that tell, which may be the last ones, or by none."""
    pieces, asked = some_pieces([6000, 7000], 30, [5]), list[int]()
    for piece in pieces:
        piece.packed[:, differ:] = np.random.default_rng(1).integers(
            0, 3 if differ else 1, (len(piece.packed), 30 - differ)
        )
    assert in_order(pieces, 30, threads, 0.0, lambda: asked.append(0))
    assert len(asked) > 6000 * 2 // 4096 + (differ or 30) // 8 // threads
    with pytest.raises(StopIteration):
        in_order(pieces, 30, threads, 0.0, iter([None]).__next__)
