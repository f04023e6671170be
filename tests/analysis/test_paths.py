"""Shortest ways from tile to tile, against networkx."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import polyrelu as pr
from polyrelu.analysis.paths import Way
from tests import zoo
from tests.strategies import networks

NET = pr.Network([([[1, 0], [-1, 0], [0, 1], [0, -1]], [0] * 4), ([[1, 1, 1, 1]], [0])])
RING = pr.preimage(NET, "y0 >= 1 and y0 <= 2", zoo.square(3))


def is_way(tiling, found, start, end):
    graph = tiling.adjacency()
    assert found.tiles[0] == start
    assert found.tiles[-1] == end
    for a, b, neuron in zip(found.tiles[:-1], found.tiles[1:], found.neurons, strict=True):
        assert graph.edges[a, b]["neuron"] == neuron
    assert found.flips == len(found.tiles) - 1 == nx.shortest_path_length(graph, start, end)


@settings(max_examples=20)
@given(networks(max_inputs=2), st.data())
def test_no_way_is_shorter(network, data):
    tiling = pr.linear_regions(network, zoo.square(2, network.input_dim))
    start, end = (data.draw(st.integers(0, len(tiling) - 1)) for _ in range(2))
    found = tiling.way(start, end)
    is_way(tiling, found, start, end)
    differ = int(np.count_nonzero(tiling[start].bits.flat != tiling[end].bits.flat))
    assert found.flips >= differ or flips_together(tiling)


def flips_together(tiling):
    """Whether neurons flip together somewhere."""
    return any(np.count_nonzero(tiling[i].bits.flat != tiling[j].bits.flat) > 1 for i, j in tiling.adjacency().edges)


def test_around_a_hole():
    """The way stays in the ring, and there are two of the same length."""
    found = RING.way([-1.5, 0.25], [1.5, 0.25])
    is_way(RING, found, RING.locate([-1.5, 0.25]), RING.locate([1.5, 0.25]))
    assert found.flips >= 1
    assert RING.way(0, 0) == Way((0,), ())


def test_no_way():
    apart = pr.preimage(pr.Network([([[1], [-1]], [0, 0]), ([[1, 1]], [0])]), "y0 >= 1")
    assert apart.way(0, 1) is None
    with pytest.raises(pr.InputError, match="way: end is in no tile"):
        apart.way(0, [0])
    with pytest.raises(pr.InputError, match="way: start"):
        apart.way(2, 0)


def test_targets_and_flat_tiles_have_no_neuron():
    union = pr.preimage(pr.Network([([[1]], [0])]), ["y0 <= 0", "y0 >= 0 and y0 <= 1"])
    assert union.way([-1], [1]).neurons == (None,)
