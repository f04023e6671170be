"""Laws of what the compiled run hands out: tiles come in the order in which numpy puts them."""

from __future__ import annotations

import numpy as np
import pytest

from polyrelu.engines.cells.run import arranged
from polyrelu.tilings import columns
from polyrelu.tilings.columns import Piece


def pieces_of(rng, width, counts, kinds):
    """Pieces whose patterns agree in long beginnings, and some of them altogether: bytes of so many kinds."""
    pieces = []
    for count in counts:
        packed = rng.integers(0, kinds, (count, width)).astype(np.uint8) * np.uint8(255 // max(1, kinds - 1))
        packed[:, : width // 2] = packed[: max(1, count // 8), : width // 2][rng.integers(0, max(1, count // 8), count)]
        own = rng.integers(0, 4, count)
        starts = np.concatenate([[0], np.cumsum(own)]).astype(np.int64)
        facets = rng.integers(0, 100, starts[-1]).astype(np.int32)
        pieces.append(Piece(packed, starts, facets, rng.normal(size=(count, 2))))
    return pieces


@pytest.mark.parametrize("width", [0, 1, 7, 8, 9, 16, 17, 38])
@pytest.mark.parametrize("counts", [(1,), (3, 2), (40, 200), (700, 1, 900)])
@pytest.mark.parametrize("kinds", [1, 2, 200])
def test_tiles_are_in_the_order_of_their_patterns_and_equal_ones_as_they_came(width, counts, kinds):
    pieces = pieces_of(np.random.default_rng(width + sum(counts)), width, counts, kinds)
    order, found = arranged(pieces)
    expected_order, expected = columns.arranged(pieces)
    assert order.tolist() == expected_order.tolist()
    for own, other in zip(map(np.asarray, found), map(np.asarray, expected), strict=True):
        assert own.dtype == other.dtype
        assert np.array_equal(own, other)
