"""Boxes that are split until zonotopes decide: what is excluded is out of reach, and nothing is lost."""

import itertools
import time
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import polyrelu as pr
from polyrelu.arithmetic.ieee import UnsoundFloats
from polyrelu.bounds.linear import Enclosure, by_intervals
from polyrelu.engines.cells import boxes as boxes_module
from polyrelu.engines.cells.boxes import BoxSplitter, Pause, can_bound, float_rows, work_for_box
from polyrelu.errors import FloatModeWarning
from polyrelu.networks.layer import Layer
from polyrelu.support.limits import Limit, Stop
from tests.bounds.test_linear import boxes, require_truth, some_points
from tests.extreme_networks import DEGENERATE, degenerate, of_any_magnitude, plain_network
from tests.float_modes import MODES, float_mode
from tests.strategies import networks, wide_floats, wide_networks


class Bounds:
    """What is enclosed of a network on one box, as tests of linear bounds read it; None where numbers are too large."""

    def __init__(self, net, low, high, target=None):
        rows = float_rows(pr.Polyhedron.whole_space(net.output_dim) if target is None else target)
        ends = (np.ascontiguousarray(low), np.ascontiguousarray(high))
        enclosed = BoxSplitter(net)._boxes.enclosed(*ends, *rows)
        self.is_certain = enclosed is not None
        if enclosed is not None:
            least, most = np.frombuffer(enclosed[0]), np.frombuffer(enclosed[1])
            starts = np.cumsum([layer.output_dim for layer in net.layers])
            lows, highs = (np.split(v[None], starts, axis=1) for v in (least, most))
            self.layers = [Enclosure(a, b) for a, b in zip(lows, highs, strict=True)]
            self.rows = self.layers.pop()
            self.misses, self.crossing = enclosed[2:]


@pytest.mark.parametrize("seed", range(10))
def test_bounds_hold_at_exact_points(seed):
    rng = np.random.default_rng(seed)
    for make in (plain_network, of_any_magnitude, lambda rng: degenerate(rng, str(rng.choice(DEGENERATE)))):
        net = make(rng)
        low, high = boxes(rng, net.input_dim, 1, float(2.0 ** rng.integers(-3, 4)))
        bounds = Bounds(net, low[0], high[0])
        if bounds.is_certain:
            require_truth(net, low, high, some_points(rng, net.input_dim), bounds)


@settings(max_examples=40, deadline=None)
@given(net=st.one_of(networks(), wide_networks()), data=st.data())
def test_bounds_hold_at_every_magnitude(net, data):
    d = net.input_dim
    ends = [data.draw(st.lists(wide_floats, min_size=d, max_size=d)) for _ in range(2)]
    low, high = np.min(ends, axis=0), np.max(ends, axis=0)
    bounds = Bounds(net, low, high)
    if bounds.is_certain:
        shares = [[0] * d, [1] * d, [Fraction(1, 2)] * d, [k % 2 for k in range(d)]]
        require_truth(net, low[None], high[None], shares, bounds)


def test_bounds_are_never_worse_than_intervals_by_more_than_rounding():
    for seed in range(8):
        rng = np.random.default_rng(seed)
        net = plain_network(rng)
        low, high = boxes(rng, net.input_dim, 1)
        own, taken = Bounds(net, low[0], high[0]), Enclosure(low, high)
        for layer, enclosure in zip(net.layers, own.layers, strict=True):
            plain = by_intervals(layer, taken)
            slip = 2.0**-40 * (1 + np.abs(plain.low) + np.abs(plain.high))
            assert (enclosure.low >= plain.low - slip).all()
            assert (enclosure.high <= plain.high + slip).all()
            taken = Enclosure(*(np.where(layer.relu, np.maximum(end, 0), end) for end in enclosure))


def test_what_cancels_is_seen():
    """relu(x + 2) - relu(x + 1) is 1 on [0, 1]; intervals say from 0 to 2."""
    net = pr.Network([Layer([[1], [1]], [2, 1], True), Layer([[1, -1]], [0], False)])
    found = Bounds(net, np.zeros(1), np.ones(1)).layers[-1]
    assert (found.low[0, 0], found.high[0, 0]) == pytest.approx((1, 1), abs=2**-40)


TWO_SIDES = pr.Network([([[1], [-1]], [0, 0]), ([[1, 1], [1, -1]], [0, 0])])  # |x|, x


def test_conditions_are_combined():
    """No row alone is impossible on [-1, 1]: y1 <= -1/4 and y1 >= 1/4 are, together."""
    target = pr.parse("y1 <= -1/4, y1 >= 1/4", dim=2)
    bounds = Bounds(TWO_SIDES, -np.ones(1), np.ones(1), target)
    assert bounds.misses
    assert (bounds.rows.low < 0).all()
    assert not Bounds(TWO_SIDES, -np.ones(1), np.ones(1), pr.parse("y1 <= 1/4, y1 >= -1/4", dim=2)).misses
    assert Bounds(TWO_SIDES, -np.ones(1), np.ones(1), pr.parse("y1 == 2", dim=2)).misses
    assert Bounds(TWO_SIDES, -np.ones(1), np.ones(1), pr.parse("y1 == -2", dim=2)).misses


@pytest.mark.parametrize("count", [64, 65])
def test_many_conditions_are_not_combined(count):
    rows = [[0, 1], [0, -1], *[[1, 0]] * (count - 2)]
    target = pr.Polyhedron(rows, ["-1/4", "-1/4", *range(5, count + 3)])
    assert len(target.halfspaces) == count
    assert Bounds(TWO_SIDES, -np.ones(1), np.ones(1), target).misses == (count == 64)


def test_an_equality_is_combined_with_either_sign():
    for target in ("y1 == 1/2, y1 >= 3/4", "y1 == 1/2, y1 <= 1/4"):
        assert Bounds(TWO_SIDES, -np.ones(1), np.ones(1), pr.parse(target, dim=2)).misses


def decided(net, target, low, high, ripe=0, most=4000):
    search = BoxSplitter(net, ripe)
    search.be_quiet()
    assert search.put(target, low, high) == 0
    pause = search.run(most)
    return search, pause, search.give(everything=True)


@pytest.mark.parametrize("seed", range(6))
def test_nothing_is_lost(seed):
    """What is mapped into the target lies in a leaf: tiles of the preimage have a point in one."""
    rng = np.random.default_rng(seed)
    net = pr.Network([(rng.normal(size=(7, 2)), rng.normal(size=7)), (rng.normal(size=(2, 7)), rng.normal(size=2))])
    target = pr.Polyhedron(rng.normal(size=(2, 2)), rng.normal(size=2) / 4)
    search, _, given = decided(net, target, -np.ones(2), np.ones(2), most=200)
    tiles = pr.preimage(net, target, ([-1, -1], [1, 1]))
    assert len(tiles) == 0 or len(given.low)
    for tile in tiles:
        point = tile.point()
        assert any(
            all(Fraction(a) <= x <= Fraction(b) for a, x, b in zip(low, point, high, strict=True))
            for low, high in zip(given.low.tolist(), given.high.tolist(), strict=True)
        )
    assert search.bounded >= search.excluded


def test_boxes_decide_what_they_can():
    """|x| > 1 on [-1, 1]: nothing is reached but the bound itself."""
    assert decided(TWO_SIDES, pr.parse("y0 >= 3", dim=2), -np.ones(1), np.ones(1))[1] is Pause.DONE
    search, pause, given = decided(TWO_SIDES, pr.parse("y0 >= 1.001", dim=2), -np.ones(1), np.ones(1))
    assert (pause, len(given.low), search.waiting) == (Pause.DONE, 0, 0)
    _, pause, given = decided(TWO_SIDES, pr.parse("y0 >= 1", dim=2), -np.ones(1), np.ones(1))
    assert pause is Pause.DONE
    assert given.low.min() == -1  # where the value is 1
    assert given.high.max() == 1


def test_ripe_boxes_are_not_halved():
    _, pause, given = decided(TWO_SIDES, pr.parse("y0 >= 1/2", dim=2), -np.ones(1), np.ones(1), ripe=2)
    assert (pause, given.leaf_cases.tolist()) == (Pause.DONE, [0])
    assert (given.low[0, 0], given.high[0, 0]) == (-1, 1)


def test_points_are_handed_out_until_they_are_not_wanted():
    search = BoxSplitter(TWO_SIDES)
    assert search.put(pr.parse("y0 >= 1/2", dim=2), -np.ones(1), np.ones(1)) == 0
    assert search.run(100) is Pause.POINTS
    given = search.give()
    assert given.point_cases.tolist() == [0] * len(given.points)
    assert (np.abs(given.points) >= 0.5).all()
    search.be_quiet()
    assert search.run(1000) is Pause.DONE
    assert len(search.give().points) == 0


def test_cases_share_a_search():
    search = BoxSplitter(TWO_SIDES)
    search.be_quiet()
    numbers = [search.put(pr.parse(f"y0 >= {k}", dim=2), -np.ones(1), np.ones(1)) for k in range(4)]
    assert search.run(10**6) is Pause.DONE
    assert numbers == [0, 1, 2, 3]
    assert set(search.give().leaf_cases.tolist()) == {0, 1}


def test_many_boxes_of_a_case():
    search = BoxSplitter(TWO_SIDES)
    low = np.linspace(-2, 2, 41)[:, None]
    assert search.put(pr.parse("y0 >= 3", dim=2), low, low + 0.1) == 0
    assert search.run(10**6) is Pause.DONE
    assert (search.bounded, search.excluded) == (41, 41)


def test_what_floats_cannot_say_is_not_taken():
    search = BoxSplitter(TWO_SIDES)
    assert search.put(pr.Polyhedron([[10**400, 0]], [1]), -np.ones(1), np.ones(1)) == 0  # rows are scaled
    assert search.put(pr.parse("y0 >= 3", dim=2), np.array([-np.inf]), np.ones(1)) is None
    huge = pr.Network([Layer([[10**400]], [0], True), Layer([[Fraction(1, 10**400)]], [0], True)])
    _, pause, given = decided(huge, pr.parse("y0 >= 2", dim=1), -np.ones(1), np.ones(1), most=8)
    assert pause is Pause.OUT_OF_BOXES
    assert (given.low.min(), given.high.max()) == (-1, 1)


@pytest.mark.parametrize("mode", MODES)
def test_nothing_is_done_where_floats_are_not_sound(mode):
    search = BoxSplitter(TWO_SIDES)
    search.put(pr.parse("y0 >= 3", dim=2), -np.ones(1), np.ones(1))
    with float_mode(mode), pytest.warns(FloatModeWarning), pytest.raises(UnsoundFloats):
        search.run(10)
    assert search.bounded == 0


def wide():
    rng = np.random.default_rng(1)
    widths = [6, 30, 30, 30, 1]
    return pr.Network([(rng.normal(size=(m, n)), rng.normal(size=m)) for n, m in itertools.pairwise(widths)])


def test_threads_find_the_same():
    net = pr.Network([(layer.weight, layer.bias) for layer in plain_network(np.random.default_rng(4)).layers])
    d, target = net.input_dim, pr.Polyhedron([[1] * net.output_dim], [-4])
    counts = []
    for workers in (1, 2, 3):
        search = BoxSplitter(net)
        search.be_quiet()
        search.put(target, -np.ones(d), np.ones(d))
        search.run(3000, workers)
        counts.append(search.waiting == 0)
    assert len(set(counts)) == 1


def test_threads_work_on_the_same_boxes():
    """None twice, and none that nobody put in, also where some wait for what others do."""
    rng = np.random.default_rng(2)
    net = pr.Network([(rng.normal(size=(m, n)), rng.normal(size=m)) for n, m in ((2, 24), (24, 24), (24, 1))])
    found = []
    for workers in (1, 2, 3):
        search = BoxSplitter(net, ripe=4)
        search.be_quiet()
        search.put(pr.parse("y0 >= 5", dim=1), -4 * np.ones(2), 4 * np.ones(2))
        assert search.run(10**6, workers) is Pause.DONE
        leaves = search.give()
        ends = sorted(map(tuple, np.hstack([leaves.low, leaves.high]).tolist()))
        found.append((search.bounded, search.excluded, ends))
    assert found[0] == found[1] == found[2]
    assert search.bounded > 50


def test_time_is_heard():
    search = BoxSplitter(wide())
    search.be_quiet()
    search.put(pr.parse("y0 >= 40", dim=1), -np.ones(6), np.ones(6))
    limit, began = Limit(timeout=0.15), time.monotonic()
    with pytest.raises(Stop), limit.kept():
        search.run(10**9, 2)
    assert time.monotonic() - began < 2
    assert search.bounded > 0


def test_wide_networks_are_not_for_boxes(monkeypatch):
    assert work_for_box(wide()) == (6 * 30 + 30 * 30 + 30 * 30 + 30) * (6 + 30 + 30 + 30)
    assert can_bound(wide())
    monkeypatch.setattr(boxes_module, "_MOST_WORK", 2**17)
    assert not can_bound(wide())
