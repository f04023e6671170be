import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

import polyrelu as pr
from polyrelu.engines.search.boxes import input_boxes, interval
from tests.strategies import domains, networks, witnesses


@given(networks(), st.data())
def test_boxes_hold_what_layers_are_given(network, data):
    drawn = data.draw(domains(network.input_dim))
    domain = pr.Polyhedron.whole_space(network.input_dim) if drawn is None else drawn
    if domain.is_empty():
        return
    boxes = input_boxes(network.layers, domain)
    for x in witnesses(domain.closure()):
        for depth, box in enumerate(boxes[1:], 1):
            assert box.contains(pr.Network(network.layers[:depth])([x])[0])


@pytest.mark.parametrize(
    ("row", "low", "high", "expected"),
    [
        ((2, -1), (0, 0), (1, 3), (-2, 3)),
        ((0, -1), (-math.inf, 0), (1, 3), (-2, 1)),
        ((1, -1), (-math.inf, 0), (1, 3), (-math.inf, 2)),
        ((1, 1), (0, -math.inf), (math.inf, 5), (-math.inf, math.inf)),
        ((10**400, 1), (1, -math.inf), (2, 0), (-math.inf, 2 * 10**400 + 1)),
    ],
)
def test_intervals(row, low, high, expected):
    def exact(bounds):
        return [b if isinstance(b, float) else Fraction(b) for b in bounds]

    assert interval(exact(row), Fraction(1), exact(low), exact(high)) == expected


def test_numbers_beyond_floats_on_a_half_line():
    net = pr.Network([([["1e400", 1]], ["1e400"]), ([[1]], [0])], relu=[True, True])
    half = pr.Polyhedron([[-1, 0], [1, 0]], [0, 1])  # x1 is free
    found = pr.preimage(net, pr.parse("y0 > 0", dim=1), half, method="search")
    assert [tile.pattern for tile in found] == [
        tile.pattern for tile in pr.preimage(net, pr.parse("y0 > 0", dim=1), half)
    ]
