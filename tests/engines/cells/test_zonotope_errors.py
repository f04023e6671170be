"""What a zonotope's errors, sums, bounds and slopes are: as zonotope.h says, but for roundings; and what follows.

That they suffice is shown by test_zonotope.py. Here they are no larger, either.
"""

import itertools
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import pytest

import polyrelu as pr
from tests.engines.cells.harness.harness import built, shared_folder
from tests.engines.cells.test_zonotope import Steps, cell_question, cell_steps, question, steps

U, FLOOR, FAR = 2.0**-53, 2.0**-900, 2.0**100
SLIP = 2.0**-30  # what these formulas, in floats, may be off by, and much less than a term of them


@pytest.fixture(scope="module")
def zonotopes(tmp_path_factory):
    return built("zonotope", shared_folder(tmp_path_factory))


def gamma(k: int) -> float:
    return k * U / (1 - k * U)


def is_about(found: Any, told: Any, scale: Any = None) -> bool:
    """Whether numbers are as told, but for roundings of numbers of a scale."""
    scale = np.abs(told) if scale is None else scale
    return bool(np.all(np.abs(found - told) <= SLIP * scale + FLOOR / 64))


class Parameters(NamedTuple):
    """Of a box or a cell: how many coordinates are parameters, its vertices in floats, X and the spread."""

    shared: int
    vertices: Any
    largest: float
    spread: float

    def sums(self, entries: Any) -> Any:
        sizes = np.ones(len(entries))
        sizes[1 : 1 + self.shared] = self.largest
        return sizes @ np.abs(entries)

    def ends(self, entries: Any, errors: Any) -> tuple[Any, Any]:
        """The least and the greatest values by the zonotope."""
        used = 1 + self.shared
        at = entries[0] + self.vertices @ entries[1:used]
        reach = np.abs(entries[used:]).sum(axis=0) + errors + self.spread * self.sums(entries)
        return at.min(axis=0) - reach - FLOOR, at.max(axis=0) + reach + FLOOR


A_BOX = Parameters(0, np.zeros((1, 0)), 1.0, 0.0)


def of_cell(generators: Any) -> Parameters:
    d = generators.shape[1] - 2
    t, r = generators[:, d], generators[:, d + 1]
    x = generators[:, :d] / t[:, None]
    size = np.maximum(1, np.abs(x).max(axis=1))
    rho = ((1 + size) * r / (t - r) + gamma(1) * size).max()
    return Parameters(d, x, size.max() + rho, gamma(d + 1) + rho)


def by_affine(weights: Any, biases: Any, active: Any, errors: Any, sums: Any) -> Any:
    """The errors that a layer makes."""
    slip = gamma(int(active.sum()) + 3)
    return np.abs(weights) @ np.where(active, errors * (1 + U) + slip * sums, 0) + slip * np.abs(biases) + FLOOR


def by_intervals(weights: Any, biases: Any, low: Any, high: Any) -> tuple[Any, Any, Any]:
    """Ends of affine functions, and the sums of the moduli of their terms; FAR where one is beyond."""
    one, other = weights * low, weights * high
    size = np.abs(weights) @ np.maximum(np.abs(low), np.abs(high)) + np.abs(biases)
    ends = biases + np.minimum(one, other).sum(axis=1) - FLOOR, biases + np.maximum(one, other).sum(axis=1) + FLOOR
    if np.abs(ends).max(initial=0) < FAR:
        return (*ends, size)
    return np.full(len(biases), -FAR), np.full(len(biases), FAR), np.full(len(biases), FAR)


def odd_bounds(found: Any, layer: Any, given: Any, of: Parameters, entries: Any, errors: Any) -> bool:
    """Whether bounds are not the better ones by intervals and by the zonotope."""
    low, high = of.ends(entries, errors)
    if given is None:
        scale = of.sums(entries)
    else:
        least, most, scale = by_intervals(*layer, *given)
        low, high, scale = np.maximum(low, least), np.minimum(high, most), scale + of.sums(entries)
    return not (is_about(found[0], low, scale) and is_about(found[1], high, scale))


def odd_bend(made: Steps, number: int, relu: Any, before: Any, after: Any) -> bool:
    """Whether slopes, offsets, errors or sums are not as told of the best lines."""
    low, high, slope, offset = (own[number] for own in (made.low, made.high, made.slopes, made.offsets))
    (errors, sums), (later, later_sums) = before, after
    for i, masked in enumerate(relu):
        told: tuple[float, ...] = 1.0, 0.0, errors[i], sums[i]
        if masked and low[i] < 0:
            told = (0.0,) * 4
            if high[i] > 0:
                bend = max(-slope[i] * low[i], (1 - slope[i]) * high[i]) / 2 + FLOOR
                error = slope[i] * errors[i] + gamma(3) * (slope[i] * sums[i] + bend) + FLOOR
                told = high[i] / (high[i] - low[i]), bend, error, slope[i] * sums[i] + 2 * bend
        found = slope[i], offset[i], later[i], later_sums[i]
        if not is_about(np.array(found), np.array(told)):
            return True
    return False


def odd_steps(net: pr.Network, made: Steps, of: Parameters, rows: Any) -> str | None:
    """Which step is odd; None where all are as told."""
    first = 0 if of.shared else 1  # the step before it is that of inputs
    given = None
    active = np.ones(net.input_dim, dtype=bool)
    crossing = 0
    for number, layer in enumerate(net.layers):
        at = 2 * number + first
        if at >= len(made.entries):
            return None
        own = layer.float_weight, layer.float_bias
        entries, errors = made.entries[at], made.errors[at]
        if not is_about(made.sums[at], of.sums(entries)) and (number or first):
            return "sums"
        if at and not is_about(errors, by_affine(*own, active, made.errors[at - 1], made.sums[at - 1])):
            return "errors"
        if at and odd_bounds((made.low[number], made.high[number]), own, given, of, entries, errors):
            return "bounds"
        if odd_bend(made, number, layer.relu, *((made.errors[k], made.sums[k]) for k in (at, at + 1))):
            return "bend"
        active = (made.slopes[number] > 0) | (made.offsets[number] > 0)
        crossing += int(((made.low[number] < 0) & (made.high[number] > 0) & np.array(layer.relu)).sum())
        given = [np.where(layer.relu, np.maximum(end[number], 0), end[number]) for end in (made.low, made.high)]
    if not made.is_whole:
        return None
    own = np.array(rows[0]).reshape(len(rows[0]), net.output_dim), np.array(rows[1])
    if not is_about(made.sums[-1], of.sums(made.entries[-1])):
        return "sums of rows"
    if not is_about(made.errors[-1], by_affine(*own, active, made.errors[-2], made.sums[-2])):
        return "errors of rows"
    if odd_bounds((made.row_low, made.row_high), own, given, of, made.entries[-1], made.errors[-1]):
        return "bounds of rows"
    if not (made.crossing == crossing and is_about(made.spread, of.spread)):
        return "numbers"
    return None


def odd_inputs(made: Steps, low: Any, high: Any) -> bool:
    """Whether the first step is not a middle, and a column for each input that varies, alone."""
    centre = low / 2 + high / 2
    half = np.maximum(high - centre, centre - low) * (1 + 3 * U) + FLOOR
    varies = half > 2.0**-40 * np.abs(centre) + FLOOR
    columns = np.zeros((len(made.entries[0]) - 1, len(low)))
    columns[np.arange(varies.sum()), np.flatnonzero(varies)] = half[varies]
    return not (
        (made.entries[0][0] == centre).all()
        and is_about(made.entries[0][1:], columns)
        and is_about(made.errors[0], np.where(varies, 0, half))
        and is_about(made.sums[0], np.abs(centre) + half)
    )


@pytest.mark.parametrize("seeds", [range(a, a + 10) for a in range(0, 80, 10)])
def test_every_step_is_as_told(zonotopes, seeds):
    odd = {}
    for seed in seeds:
        net, low, high, *asked = question(seed)
        made = steps(zonotopes, net, low, high, *asked)
        odd[seed] = "inputs" if odd_inputs(made, low, high) else odd_steps(net, made, A_BOX, asked)
    assert not {seed: step for seed, step in odd.items() if step}


@pytest.mark.parametrize("seeds", [range(a, a + 10) for a in range(0, 80, 10)])
def test_every_step_on_a_cell_is_as_told(zonotopes, seeds):
    odd = {}
    for seed in seeds:
        net, generators, *asked = cell_question(seed)
        made, ends = cell_steps(zonotopes, net, generators, *asked)
        if not made.entries:
            continue
        of, first = of_cell(generators), net.layers[0]
        sums = np.abs(first.float_weight).sum(axis=1) + np.abs(first.float_bias)
        if not (is_about(made.sums[0], sums * of.largest) and is_about(made.errors[0], U * sums * of.largest + FLOOR)):
            odd[seed] = "forms"
        elif step := odd_steps(net, made, of, asked):
            odd[seed] = step
        elif made.is_whole and odd_bounds(ends, None, None, of, made.entries[-1], made.errors[-1]):
            odd[seed] = "ends of rows"
    assert not odd


@pytest.mark.parametrize("unit", [0.0, 2.0**-890, 2.0**-900, 2.0**-905])
def test_what_underflow_may_hide_is_in_every_step(zonotopes, unit):
    rng = np.random.default_rng(1)
    net = pr.Network(
        [pr.Layer(rng.normal(size=(m, n)) * unit, rng.normal(size=m) * unit, True) for n, m in ((2, 4), (4, 3))]
    )
    asked = (rng.normal(size=(3, 3)) * unit).tolist(), [0.0] * 3, [False] * 3
    ends = -np.ones(2), np.ones(2)
    assert odd_steps(net, steps(zonotopes, net, *ends, *asked), A_BOX, asked) is None
    generators = np.array([[a, b, 4, 0.0] for a in (1, -1) for b in (1, -1)])
    made, row_ends = cell_steps(zonotopes, net, generators, *asked)
    of, sums = of_cell(generators), np.abs(net.layers[0].float_weight).sum(axis=1) + np.abs(net.layers[0].float_bias)
    assert is_about(made.errors[0], U * sums * of.largest + FLOOR)
    assert odd_steps(net, made, of, asked) is None
    assert not odd_bounds(row_ends, None, None, of, made.entries[-1], made.errors[-1])


@pytest.mark.parametrize("sign", [1, -1])
def test_a_neuron_with_a_bound_that_is_zero_may_not_switch(zonotopes, sign):
    bias = sign * FLOOR * (1 + 5 * 2.0**-52)  # of which gamma_10 and FLOOR are taken
    net = pr.Network([pr.Layer(np.eye(2), [0, 0], False), pr.Layer([[0, 0]], [bias], True)])
    made = steps(zonotopes, net, -np.ones(2), np.ones(2), [[1]], [0.0], [False])
    assert (made.low if sign > 0 else made.high)[1][0] == 0
    assert (made.slopes[1][0], made.offsets[1][0], made.crossing) == (sign > 0, 0, 0)


def test_a_combination_may_hide_underflow(zonotopes):
    """Rows whose mean is a number of the size of FLOOR: three of it are needed, one for each step on the way."""
    net = pr.Network([pr.Layer([[2.0**-896]], [0], False)])
    missed = [
        steps(zonotopes, net, -np.ones(1), np.ones(1), [[1], [-1]], [k * FLOOR / 4] * 2, [False] * 2).misses
        for k in range(8, 20)
    ]
    assert missed == [k > 12 for k in range(8, 20)]


@pytest.mark.parametrize("far", [2.0**98, 2.0**101, 2.0**110])
@pytest.mark.parametrize("place", range(3))
def test_vertices_that_are_too_far_away_tell_nothing(zonotopes, far, place):
    net = pr.Network([pr.Layer([[2.0**-120, 0]], [0.5], True)])
    generators = np.array([[1.0, 0, 1, 0], [-1, 0, 1, 0], [0, 1, 1, 0]])
    generators[place] = [1, 0, 1 / far, 0]
    made, _ = cell_steps(zonotopes, net, generators, [[1]], [0.0], [False])
    assert bool(made.entries) == (far < FAR)


@pytest.mark.parametrize("centre", [1.0, -1.0, 3.0, 0.0])
def test_inputs_that_hardly_vary_have_no_column(zonotopes, centre):
    """From 2^-40 of their size on they have one; what is less is an error."""
    half = np.array([2.0**k * f for k in (-41, -40, -39, -38) for f in (0, 1, 1.01)])
    low, high = centre - half, centre + half
    net = pr.Network([pr.Layer([[1] * len(low)], [0], False)])
    asked = [[1]], [0.0], [False]
    made = steps(zonotopes, net, low, high, *asked)
    assert not odd_inputs(made, low, high)
    assert odd_steps(net, made, A_BOX, asked) is None
    columns = [[Fraction(v) for v in own] for own in (*made.entries[0], made.errors[0])]
    least = [sum(map(abs, own)) for own in zip(*columns, strict=True)]
    assert all(Fraction(own) >= size for own, size in zip(made.sums[0], least, strict=True))


@pytest.mark.parametrize("seed", range(6))
def test_no_sum_is_rounded_down(zonotopes, seed):
    """What leaves neurons is at most as large as its sum is said to be; so is what enters them."""
    net, low, high, *asked = layered(seed)
    made = steps(zonotopes, net, low, high, *asked)
    for number in range(len(net.layers)):
        (before, after), at = made.sums[2 * number + 1 : 2 * number + 3], made.entries[2 * number + 1]
        for i, (slope, offset) in enumerate(zip(made.slopes[number], made.offsets[number], strict=True)):
            assert Fraction(before[i]) >= sum(abs(Fraction(v)) for v in at[:, i].tolist())
            if offset:
                assert Fraction(after[i]) >= Fraction(slope) * Fraction(before[i]) + 2 * Fraction(offset)


def test_a_row_that_may_be_zero_is_not_missed(zonotopes):
    bias = FLOOR * (1 + 5 * 2.0**-52)  # of which gamma_10 and FLOOR are taken
    net = pr.Network([pr.Layer(np.eye(2), [0, 0], False)])
    made = steps(zonotopes, net, -np.ones(2), np.ones(2), [[0, 0]], [bias], [False])
    assert made.row_low[0] == 0
    assert not made.misses


def test_values_that_a_product_rounds_lie_between_bounds(zonotopes):
    """Where a box is a point, and no term is taken from another, errors are as large as they can be."""
    rng = np.random.default_rng(0)
    weights = rng.uniform(0.5, 2, (300, 1)) * rng.choice([-1, 1], (300, 1))
    net = pr.Network([pr.Layer(weights, np.zeros(300), False)])
    for x in rng.uniform(1, 2, 4):
        made = steps(zonotopes, net, np.array([x]), np.array([x]), [], [], [])
        values = [Fraction(w) * Fraction(x) for w in weights[:, 0].tolist()]
        assert all(Fraction(a) <= v <= Fraction(b) for a, v, b in zip(made.low[0], values, made.high[0], strict=True))


# What follows


def bearing_on_inputs(net: pr.Network, made: Steps, rows: Any, inputs: Any) -> Any:
    """By how much neurons that may switch bend, with how each bears on the combination, shared among the inputs."""
    bearing = np.abs(np.array(rows).T @ made.factors)
    score = np.zeros(net.input_dim)
    for number in reversed(range(len(net.layers))):
        influence = np.abs(made.entries[2 * number + 1][1 : 1 + len(inputs)])
        total = influence.sum(axis=0)
        for i in np.flatnonzero((made.offsets[number] > 0) & (total > 0)):
            score[inputs] += bearing[i] * made.offsets[number][i] * (influence[:, i] / total[i])
        bearing = np.abs(net.layers[number].float_weight).T @ (bearing * made.slopes[number])
    return score


def layered(seed: int) -> Any:
    """A question of six inputs and two layers, all of whose rows may hold, about a box."""
    rng = np.random.default_rng(seed)
    sizes = [6, 7, 6, 3]
    layers = [(rng.normal(size=(m, n)) / np.sqrt(n), rng.normal(size=m) / 8) for n, m in itertools.pairwise(sizes)]
    middle, radius = rng.normal(size=6) / 4, rng.uniform(0.1, 1, 6)
    rows = rng.normal(size=(1 + seed % 3, 3)).tolist()
    return pr.Network(layers), middle - radius, middle + radius, rows, [-0.1] * len(rows), [False] * len(rows)


@pytest.mark.parametrize("make", [question, layered])
@pytest.mark.parametrize("seeds", [range(a, a + 20) for a in range(0, 100, 20)])
def test_the_input_that_promises_most_is_halved(zonotopes, make, seeds):
    odd = []
    for seed in seeds:
        net, low, high, rows, *asked = make(seed)
        made = steps(zonotopes, net, low, high, rows, *asked)
        if not made.is_whole or made.misses:
            continue
        inputs = np.flatnonzero(np.any(made.entries[0][1:], axis=0))
        combined = made.entries[-1] @ made.factors
        score = bearing_on_inputs(net, made, rows, inputs)
        if not score.any():
            score[inputs] = np.abs(combined[1 : 1 + len(inputs)])
        corner = low / 2 + high / 2
        corner[inputs] = np.where(combined[1 : 1 + len(inputs)] > 0, low[inputs], high[inputs])
        doubt = np.abs(combined[1 : 1 + len(inputs)]) <= SLIP * (np.abs(made.entries[-1]) @ np.abs(made.factors)).max()
        same = made.corner == corner
        same[inputs] |= doubt
        is_best = made.along == -1 if not len(inputs) else score[made.along] >= (1 - SLIP) * score[inputs].max()
        if not (same.all() and is_best):
            odd.append(seed)
    assert not odd


@pytest.mark.parametrize("weight", [0.0, 2.0**-1070])
def test_a_neuron_that_depends_on_no_input_that_varies_has_no_say(zonotopes, weight):
    """The first neuron bends by an input that hardly varies, the second by the last one, which is to be halved.

    Nor has one that depends on it by so little that a share of it is no number.
    """
    net = pr.Network(
        [pr.Layer([[1, weight, 0], [0, 0, 1], [0, 3, 0]], [-1, 0, 100], True), pr.Layer([[1, 1, 1]], [-100], False)]
    )
    middle, half = np.array([1.0, 0, 0]), np.array([2.0**-42, 1, 1])
    made = steps(zonotopes, net, middle - half, middle + half, [[-1]], [0.0], [False])
    assert (made.crossing, made.along) == (2, 2)


@pytest.mark.parametrize("seed", range(8))
def test_where_no_neuron_may_switch_the_input_that_changes_most_is_halved(zonotopes, seed):
    rng = np.random.default_rng(seed)
    row, middle, radius = rng.normal(size=5), rng.normal(size=5), rng.uniform(0.5, 1, 5)
    radius[seed % 5] = 0
    row[(seed + 1) % 5] *= 100
    net = pr.Network([pr.Layer([row], [-row @ middle], False)])
    for equality, offset in ((False, 0.0), (True, 0.0), (True, -0.01), (True, 0.01)):
        made = steps(zonotopes, net, middle - radius, middle + radius, [[-1.0]], [offset], [equality])
        assert made.along == np.argmax(np.abs(row) * radius)
        assert abs(made.factors[0]) == 1
        assert (made.corner == middle + np.where(made.factors[0] * row > 0, 1, -1) * radius).all()
    assert steps(zonotopes, net, middle, middle, [[-1.0]], [0.0], [True]).along == -1


@pytest.mark.parametrize(("middle", "radius"), [(0.7, 0.4), (-0.7, 0.4), (0.0, 1.1), (1.1, 0.0), (0.55, 0.4)])
def test_numbers_that_are_too_large_tell_nothing(zonotopes, middle, radius):
    """Bounds of either side may be."""
    net = pr.Network([pr.Layer([[2.0**100]], [0], False), pr.Layer([[1]], [0], False)])
    ends = np.array([middle - radius]), np.array([middle + radius])
    made = steps(zonotopes, net, *ends, [[1]], [0.0], [False])
    assert made.is_whole == (abs(middle) + radius < 1)


def threshold(compiled: Any, net: pr.Network, generators: Any, rows: Any) -> tuple[float, Steps]:
    """From which offset on rows are seen to be missed, and what is known just below."""
    below, above, alike = 0.0, 4.0, [False] * len(rows)
    for _ in range(20):
        middle = (below + above) / 2
        made, _ = cell_steps(compiled, net, generators, rows, [middle] * len(rows), alike)
        below, above = (below, middle) if made.misses else (middle, above)
    return above, cell_steps(compiled, net, generators, rows, [below] * len(rows), alike)[0]


@pytest.mark.parametrize("scale", [1, 2, 3])
def test_a_combination_has_to_make_up_for_its_errors_only(zonotopes, scale):
    """Rows whose mean is a number: it is seen to be positive as soon as it is more than what vertices may be off by."""
    net = pr.Network([pr.Layer(np.random.default_rng(scale).normal(size=(3, 2)), [0, 0, 0], False)])
    generators = np.array([[a, b, 1, 2.0**-6] for a in (1, -1) for b in (1, -1)])
    row = np.array([1.0, 0.5, 2.0])
    offset, made = threshold(zonotopes, net, generators, [row.tolist(), (-scale * row).tolist()])
    shares = np.array([scale, 1]) / (1 + scale)
    loss = shares @ (made.errors[-1] + made.spread * made.sums[-1])
    assert 0.95 * loss < offset < 1.1 * loss
