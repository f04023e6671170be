"""What intervals tell of a layer and of a cell: all of the truth, hardly more, and whether it misses a target."""

import itertools
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import pytest

from tests.engines.cells.harness.harness import built, shared_folder

FAR, FLOOR, SLIP = 2.0**100, 2.0**-900, 2.0**-30
MISSES, OPEN, UNKNOWN = 0, 1, 2


@pytest.fixture(scope="module")
def reach(tmp_path_factory):
    return built("reach", shared_folder(tmp_path_factory))


def intervals(compiled: Any, weights: Any, biases: Any, low: Any, high: Any, relu: Any) -> tuple[bool, Any, Any]:
    """Whether bounds of affine functions are told, and these."""
    n, told = len(biases), np.zeros(1, dtype=np.int64)
    own = [np.zeros(n) for _ in range(3)]
    transposed, mask = np.ascontiguousarray(weights.T), np.array(relu, dtype=np.uint8)
    compiled.call("intervals", n, len(low), transposed, biases, low, high, mask, *own, told)
    return bool(told[0]), own[0], own[1]


@pytest.mark.parametrize("seed", range(30))
def test_a_layer_is_bounded(reach, seed):
    rng = np.random.default_rng(seed)
    n, width = int(rng.integers(1, 7)), seed % 7
    weights, biases = rng.normal(size=(n, width)) * 2.0 ** rng.integers(-9, 9), rng.normal(size=n)
    ends = np.sort(rng.normal(size=(2, width)) * rng.choice([0, 1, 1, 1], width), axis=0)
    relu = rng.random(width) < 0.5
    is_told, low, high = intervals(reach, weights, biases, ends[0], ends[1], relu)
    assert is_told
    given = [[Fraction(max(v, 0) if on else v) for v, on in zip(end, relu, strict=True)] for end in ends]
    for row, bias, least, most in zip(weights.tolist(), biases.tolist(), low.tolist(), high.tolist(), strict=True):
        terms = [sorted((Fraction(w) * a, Fraction(w) * b)) for w, a, b in zip(row, *given, strict=True)]
        first, last = (Fraction(bias) + sum(term[k] for term in terms) for k in (0, 1))
        size = abs(Fraction(bias)) + sum(max(map(abs, term)) for term in terms)
        slip = Fraction(width + 8, 2**53) * size + Fraction(FLOOR)
        assert slip / 2 <= first - Fraction(least) <= 2 * slip
        assert slip / 2 <= Fraction(most) - last <= 2 * slip


def test_what_vanishes_does_not_matter_and_what_is_negative_does(reach):
    """A coordinate that is always zero has no part in it, even if floats cannot hold its weight."""
    ends = np.array([0.0, -1.0, -1.0]), np.array([0.0, 0.0, -0.5])
    is_told, low, high = intervals(reach, np.array([[np.inf, 1.0, 1.0]]), np.zeros(1), *ends, [False] * 3)
    assert is_told
    assert (low[0], high[0]) == pytest.approx((-2, -0.5), abs=2.0**-40)
    assert intervals(reach, np.array([[np.inf, 1.0]]), np.zeros(1), ends[0][:2], ends[1][:2], [True, True])[0]


@pytest.mark.parametrize(("low", "high"), [(-1.1, 0.5), (-0.5, 1.1), (-0.5, 0.9), (-0.9, 0.5)])
@pytest.mark.parametrize("place", range(3))
def test_what_is_too_large_tells_nothing(reach, low, high, place):
    weights = np.ones((3, 1)) * 2.0**-100
    weights[place] = 1.0
    ends = np.array([low * FAR]), np.array([high * FAR])
    assert intervals(reach, weights, np.zeros(3), *ends, [False])[0] == (max(-low, high) < 1)


class Layers(NamedTuple):
    """Weights and biases, which coordinates are neurons, and which rows of the last layer are equations."""

    weights: list[Any]
    biases: list[Any]
    relu: list[Any]
    equality: Any


def asked(compiled: Any, net: Layers, signs: Any, depth: int, generators: Any) -> tuple[bool, int, Any, Any]:
    """Whether a cell's middle seems to be mapped into the target, what bounds say of it, and these of all layers."""
    starts = np.cumsum([0, *(len(biases) for biases in net.biases)])
    sizes = np.cumsum([0, *(own.size for own in net.weights)])
    low, high, told = np.zeros(starts[-1]), np.zeros(starts[-1]), np.zeros(2, dtype=np.int64)
    equality = np.concatenate([np.zeros(starts[-2]), net.equality]).astype(np.uint8)
    weights = np.concatenate([own.T.ravel() for own in net.weights])
    compiled.call(
        "cell", net.weights[0].shape[1], len(net.weights), starts, sizes, weights,
        np.concatenate(net.biases), np.concatenate(net.relu).astype(np.uint8), equality, signs, depth, len(generators),
        generators, low, high, told,
    )  # fmt: skip
    ends = [[column[a:b] for a, b in itertools.pairwise(starts)] for column in (low, high)]
    return bool(told[0]), int(told[1]), ends[0], ends[1]


def made(seed: int) -> tuple[Layers, Any, int, Any]:
    """A network of three layers and a target of all kinds of rows; signs before a layer; and a cell there."""
    rng = np.random.default_rng(seed)
    widths = [int(n) for n in (rng.integers(1, 4), *rng.integers(2, 7, 2), rng.integers(1, 4))]
    weights = [rng.normal(size=(m, n)) for n, m in itertools.pairwise(widths)]
    biases = [rng.normal(size=m) for m in widths[1:]]
    biases[-1] += rng.choice([-4, 0, 4, 9])
    relu = [rng.random(m) < 0.8 for m in widths[1:-1]] + [np.zeros(widths[-1], dtype=bool)]
    net = Layers(weights, biases, relu, rng.random(widths[-1]) < 0.15)
    signs = rng.integers(0, 2, sum(widths)).astype(np.uint8)
    d, m = widths[0], widths[0] + int(rng.integers(1, 4))
    vectors = np.column_stack([rng.normal(size=(m, d)), rng.uniform(0.2, 1, m)])
    vectors /= np.abs(vectors).max(axis=1)[:, None]
    return net, signs, seed % 3, np.column_stack([vectors, vectors[:, -1] * 2.0 ** rng.integers(-50, -3)])


def affine(net: Layers, signs: Any, depth: int, x: Any) -> Any:
    """What enters a layer at points, by the signs of neurons before it."""
    values, site = net.weights[0] @ x.T + net.biases[0][:, None], 0
    for layer in range(depth):
        keeps = np.ones(len(values))
        neurons = np.flatnonzero(net.relu[layer])
        keeps[neurons] = signs[site : site + len(neurons)]
        site += len(neurons)
        values = net.weights[layer + 1] @ (keeps[:, None] * values) + net.biases[layer + 1][:, None]
    return values


@pytest.mark.parametrize("seeds", [range(a, a + 10) for a in range(0, 120, 10)])
def test_a_cell_is_bounded_and_its_middle_tried(reach, seeds):
    for seed in seeds:
        net, signs, depth, generators = made(seed)
        d = generators.shape[1] - 2
        x = generators[:, :d] / generators[:, d:-1]
        seems, aim, lows, highs = asked(reach, net, signs, depth, generators)
        middle = affine(net, signs, depth, x.mean(axis=0)[None])[:, 0]
        at = affine(net, signs, depth, x)
        # A vertex may be off by its radius, and every form has moduli of its entries up to their sum.
        unit = affine(net, signs, depth, np.vstack([np.zeros(d), np.eye(d)]))
        sizes = np.abs(unit[:, 1:] - unit[:, :1]).sum(axis=1) + np.abs(unit[:, 0])
        off = sizes * (generators[:, -1] * (1 + np.abs(x).max(axis=1).clip(1)) / generators[:, d]).max()
        low, high = at.min(axis=1), at.max(axis=1)
        assert (lows[depth] <= low).all()
        assert (highs[depth] >= high).all()
        assert (lows[depth] >= low - 1.4 * off - SLIP * sizes).all()
        assert (highs[depth] <= high + 1.4 * off + SLIP * sizes).all()
        for layer in range(depth + 1, len(net.weights)):
            on, W, b = net.relu[layer - 1], net.weights[layer], net.biases[layer]
            middle = W @ np.where(on, np.maximum(middle, 0), middle) + b
            given = [np.where(on, np.maximum(end[layer - 1], 0), end[layer - 1]) for end in (lows, highs)]
            one, other = W * given[0], W * given[1]
            assert np.allclose(lows[layer], b + np.minimum(one, other).sum(axis=1), rtol=SLIP)
            assert np.allclose(highs[layer], b + np.maximum(one, other).sum(axis=1), rtol=SLIP)
        assert seems == bool(((middle < 0) & ~net.equality).all())
        misses = (lows[-1] > 0) | (net.equality & (highs[-1] < 0))
        assert aim == (MISSES if misses.any() else OPEN)


PLAIN = Layers([np.eye(2), np.array([[1.0, 1.0]])], [np.zeros(2), np.zeros(1)], [np.ones(2), np.zeros(1)], [False])
SQUARE = np.array([[a, b, 1.0, 0.0] for a in (-1, 1) for b in (-1, 1)])


def aim_of(compiled: Any, generators: Any, net: Layers = PLAIN) -> tuple[bool, int]:
    return asked(compiled, net, np.ones(4, dtype=np.uint8), 0, np.ascontiguousarray(generators, dtype=np.float64))[:2]


def test_cells_that_are_not_known_to_be_bounded_are_not_judged(reach):
    assert aim_of(reach, SQUARE)[1] == OPEN
    for last in ([0.0, 0.0], [-1.0, 0.0], [1.0, 0.5], [2.0**-101, 0.0], [0.0, 0.25]):
        for place in range(4):
            cell = SQUARE.copy()
            cell[place, 2:] = last
            assert aim_of(reach, cell)[1] == UNKNOWN
    assert aim_of(reach, SQUARE * [1, 1, 1, 0] + [0, 0, 0, 0.49])[1] == OPEN


@pytest.mark.parametrize("place", range(3))
@pytest.mark.parametrize("weight", [2.0**97, -(2.0**97), 2.0**100, -(2.0**100)])
def test_cells_with_values_that_are_too_large_are_not_judged(reach, weight, place):
    first = np.eye(3, 2)
    first[place] = [weight, 0]
    net = Layers([first, np.zeros((1, 3))], [np.zeros(3), np.zeros(1)], [np.ones(3), np.zeros(1)], [False])
    for sign in (1, -1):
        cell = SQUARE * [1, 1, 0, 1] + [1.5 * sign, 0, 1, 0]  # x is of one sign, so that one end alone may be too large
        assert aim_of(reach, cell, net)[1] == (UNKNOWN if abs(weight) == FAR else OPEN)


@pytest.mark.parametrize("radius", [0.0, 2.0**-4])
@pytest.mark.parametrize("sign", [1, -1])
def test_values_that_floats_round_lie_between_bounds(reach, sign, radius):
    """Where no term is taken from another, errors are as large as they can be."""
    rng = np.random.default_rng(0)
    rows, biases = sign * rng.uniform(0.1, 1, (200, 1)), sign * rng.uniform(0, 2.0**-20, 200)
    net = Layers([rows, np.zeros((1, 200))], [biases, np.zeros(1)], [np.zeros(200), np.zeros(1)], [False])
    for x, t in ((1.0, 1.0), *np.round(rng.uniform(0.5, 1, (4, 2)), 6).astype(np.float32).astype(float)):
        _, _, (low, _), (high, _) = asked(reach, net, np.ones(1, dtype=np.uint8), 0, np.array([[x, t, radius]]))
        for off, other in itertools.product((radius, -radius), repeat=2):
            point = Fraction(x + off) / Fraction(t + other)
            values = (
                Fraction(w) * point + Fraction(b) for w, b in zip(rows[:, 0].tolist(), biases.tolist(), strict=True)
            )
            assert all(Fraction(a) <= v <= Fraction(b) for a, v, b in zip(low, values, high, strict=True))


@pytest.mark.parametrize("sign", [1, -1])
def test_a_bound_that_is_zero_shows_nothing(reach, sign):
    bias = np.array([sign * FLOOR * (1 + 5 * 2.0**-52)])  # of which gamma_10 and FLOOR are taken
    net = PLAIN._replace(weights=[np.eye(2), np.zeros((1, 2))], biases=[np.zeros(2), bias], equality=[sign < 0])
    _, aim, lows, highs = asked(reach, net, np.ones(4, dtype=np.uint8), 0, SQUARE)
    assert (lows if sign > 0 else highs)[-1] == 0
    assert aim == OPEN


@pytest.mark.parametrize("place", range(3))
@pytest.mark.parametrize("weight", [0.8 * 2.0**97, 0.8 * 2.0**100])
def test_cells_with_a_bound_on_one_side_that_is_too_large_are_not_judged(reach, weight, place):
    """At 1, or -1, and hardly known, so that the other end is not; nor are those of other vertices."""
    first = np.eye(3, 2) / 2
    first[place] = [weight, 0]
    net = Layers([first, np.zeros((1, 3))], [np.zeros(3), np.zeros(1)], [np.ones(3), np.zeros(1)], [False])
    for sign in (1, -1):
        cell = SQUARE * [0.45, 1, 1, 0] + [0.55 * sign, 0, 0, 0.4]
        assert aim_of(reach, cell, net)[1] == (UNKNOWN if weight > FAR / 2 else OPEN)


def test_values_that_vanish_lie_between_bounds_that_do_not(reach):
    net = PLAIN._replace(weights=[np.zeros((2, 2)), np.zeros((1, 2))])
    _, _, (low, _), (high, _) = asked(reach, net, np.ones(4, dtype=np.uint8), 0, SQUARE)
    assert low == pytest.approx([-2 * FLOOR] * 2, rel=SLIP, abs=0)
    assert high == pytest.approx([2 * FLOOR] * 2, rel=SLIP, abs=0)


def test_a_middle_has_to_be_inside(reach):
    """relu(x) + relu(y) + b < 0 at the middle of the square, where the neurons are zero."""
    for bias, seems in ((-1.0, True), (0.0, False), (1.0, False)):
        assert aim_of(reach, SQUARE, PLAIN._replace(biases=[np.zeros(2), np.array([bias])]))[0] == seems
    assert not aim_of(reach, SQUARE * [1, 1, 0, 1], PLAIN._replace(biases=[np.zeros(2), np.array([-1.0])]))[0]
