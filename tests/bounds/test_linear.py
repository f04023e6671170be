from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import polyrelu as pr
from polyrelu.arithmetic.rounding import gamma
from polyrelu.bounds import linear
from polyrelu.bounds.linear import Enclosure, Forms, LinearBounds, Passage, by_intervals
from polyrelu.bounds.relaxation import Lines
from polyrelu.errors import FloatModeWarning
from polyrelu.networks.layer import Layer
from tests.extreme_networks import DEGENERATE, degenerate, of_any_magnitude, plain_network
from tests.float_modes import MODES, float_mode
from tests.mutants import mutated
from tests.strategies import networks, wide_floats, wide_networks

FIRST = np.zeros(1, dtype=np.intp)


def exactly(array):
    """An array of floats as one of the same numbers, exact."""
    return np.frompyfunc(Fraction, 1, 1)(np.asarray(array))


# -- bounds are true ------------------------------------------------------------------------------------------------


def entered(net, x):
    """What enters the ReLU of each layer at an exact point."""
    found = []
    for layer in net.layers:
        z = [
            sum((w * v for w, v in zip(row, x, strict=True)), b)
            for row, b in zip(layer.rows, layer.offsets, strict=True)
        ]
        found.append(z)
        x = tuple(max(v, Fraction(0)) if masked else v for v, masked in zip(z, layer.relu, strict=True))
    return found


def require_truth(net, low, high, points, bounds=None):
    """At exact points of each box, shares of the way from one end to the other, all is within the bounds."""
    bounds = LinearBounds(net.layers).over(low, high) if bounds is None else bounds
    for k, (first, last) in enumerate(zip(low.tolist(), high.tolist(), strict=True)):
        for shares in points:
            x = tuple(
                Fraction(a) + s * (Fraction(b) - Fraction(a)) for a, b, s in zip(first, last, shares, strict=True)
            )
            for own, enclosure in zip(entered(net, x), bounds.layers, strict=True):
                for z, least, most in zip(own, enclosure.low[k].tolist(), enclosure.high[k].tolist(), strict=True):
                    assert least == -np.inf or Fraction(least) <= z
                    assert most == np.inf or z <= Fraction(most)


def boxes(rng, dim, count, radius=1.0):
    ends = rng.uniform(-radius, radius, (2, count, dim))
    return ends.min(axis=0), ends.max(axis=0)


def some_points(rng, dim):
    return [
        [Fraction(int(v), 4) for v in row] for row in [*rng.choice([0, 4], (4, dim)), *rng.integers(0, 5, (4, dim))]
    ]


@pytest.mark.parametrize("seed", range(12))
def test_bounds_hold_at_exact_points(seed):
    rng = np.random.default_rng(seed)
    kinds = [plain_network, of_any_magnitude, lambda rng: degenerate(rng, str(rng.choice(DEGENERATE)))]
    for make in kinds:
        net = make(rng)
        low, high = boxes(rng, net.input_dim, 3, float(2.0 ** rng.integers(-3, 4)))
        low[0] = high[0]  # a point
        require_truth(net, low, high, some_points(rng, net.input_dim))


@given(net=st.one_of(networks(), wide_networks()), data=st.data())
def test_bounds_hold_at_every_magnitude(net, data):
    d = net.input_dim
    ends = [data.draw(st.lists(wide_floats, min_size=d, max_size=d)) for _ in range(2)]
    low, high = np.min(ends, axis=0)[None], np.max(ends, axis=0)[None]
    require_truth(net, low, high, [[0] * d, [1] * d, [Fraction(1, 2)] * d, [k % 2 for k in range(d)]])


def test_forms_of_the_outputs_are_a_last_layer():
    net = plain_network(np.random.default_rng(5))
    target = Layer([[1, *[-1] * (net.output_dim - 1)]], [Fraction(1, 3)], False)
    low, high = boxes(np.random.default_rng(6), net.input_dim, 4)
    both = pr.Network([*net.layers, target])
    require_truth(both, low, high, some_points(np.random.default_rng(7), net.input_dim))


# -- bounds are good --------------------------------------------------------------------------------------------------


def widths(bounds):
    return [own.high - own.low for own in bounds.layers]


def intervals(net, low, high):
    found, taken = [], Enclosure(low, high)
    for layer in net.layers:
        found.append(by_intervals(layer, taken))
        taken = linear.after_relu(found[-1], np.array(layer.relu))
    return found


@pytest.mark.parametrize("seed", range(6))
def test_they_are_never_worse_than_intervals(seed):
    rng = np.random.default_rng(seed)
    net = plain_network(rng)
    low, high = boxes(rng, net.input_dim, 5)
    bounds = LinearBounds(net.layers).over(low, high)
    for own, plain in zip(bounds.layers, intervals(net, low, high), strict=True):
        assert (own.low >= plain.low).all()
        assert (own.high <= plain.high).all()


def test_what_cancels_is_seen():
    """relu(x + 2) - relu(x + 1) is 1 on [0, 1]; intervals say from 0 to 2."""
    net = pr.Network([Layer([[1], [1]], [2, 1], True), Layer([[1, -1]], [0], True)])
    bounds = LinearBounds([*net.layers, Layer([[1], [-1]], [0, 0], False)]).over(np.zeros((1, 1)), np.ones((1, 1)))
    assert bounds.layers[-1].low[0].tolist() == pytest.approx([1, -1], abs=2**-40)
    assert bounds.slopes.shape == (1, 2, 1)
    assert abs(bounds.slopes).max() < 2**-40


def test_what_is_known_is_not_lost():
    net = plain_network(np.random.default_rng(1))
    bounder = LinearBounds(net.layers)
    low, high = boxes(np.random.default_rng(2), net.input_dim, 2)
    whole = bounder.over(low, high)
    middle = (low + high) / 2
    half = bounder.over(low, middle, whole.layers)
    assert all((a <= b).all() for a, b in zip(widths(half), widths(whole), strict=True))
    require_truth(net, low, middle, some_points(np.random.default_rng(3), net.input_dim), half)
    chosen = whole.layers[0].chosen(np.array([1]))
    assert chosen.low.tolist() == whole.layers[0].low[1:].tolist()


def test_many_forms_go_back_in_parts(monkeypatch):
    net = plain_network(np.random.default_rng(4))
    low, high = boxes(np.random.default_rng(5), net.input_dim, 6)
    whole = LinearBounds(net.layers).over(low, high)
    monkeypatch.setattr(linear, "_MOST_ENTRIES", 20)
    parts = LinearBounds(net.layers).over(low, high)
    require_truth(net, low, high, some_points(np.random.default_rng(3), net.input_dim), parts)
    assert all(np.allclose(a, b) for a, b in zip(widths(parts), widths(whole), strict=True))
    nothing = LinearBounds(net.layers).over(low[:0], high[:0])
    assert [own.low.shape[0] for own in nothing.layers] == [0] * len(net.layers)


# -- doubt ----------------------------------------------------------------------------------------------------------


def test_what_cannot_be_bounded_is_infinite():
    net = pr.Network([Layer([[1, 0], [0, 1]], [0, 0], True), Layer([[1, 1]], [0], False)])
    bounder = LinearBounds(net.layers)
    for low, high in (([-np.inf, 0.0], [0.0, 1.0]), ([-(2.0**400), 0.0], [2.0**400, 1.0]), ([0.0, 0.0], [np.inf, 1.0])):
        bounds = bounder.over(np.array([low]), np.array([high]))
        assert bounds.layers[-1].high[0, 0] >= high[0]
        assert not any(np.isnan(end).any() for own in bounds.layers for end in own)
    huge = pr.Network([Layer([[10**400]], [0], True), Layer([[Fraction(1, 10**400)]], [0], True)])
    bounds = LinearBounds(huge.layers).over(-np.ones((1, 1)), np.ones((1, 1)))
    assert bounds.layers[1].low[0, 0] == -np.inf


@pytest.mark.parametrize("mode", MODES)
def test_nothing_is_certain_where_floats_are_not_sound(mode):
    net = plain_network(np.random.default_rng(0))
    low, high = boxes(np.random.default_rng(0), net.input_dim, 2)
    with float_mode(mode), pytest.warns(FloatModeWarning):
        bounds = LinearBounds(net.layers).over(low, high)
    assert all(np.isposinf(own.high).all() and np.isneginf(own.low).all() for own in bounds.layers)
    assert bounds.slopes.shape == (2, net.output_dim, net.input_dim)


# -- every term of the error, over exact numbers ----------------------------------------------------------------------

LOST = [1.0] * 64 + [2.0**-54] * 20_000  # a sum whose small terms are swallowed, in whatever order it is added
ONES = [1.0] * len(LOST)

# Coefficients, a constant; weights to one input, biases; lines' slopes and offsets; how large the input may be.
STEPS: dict[str, Any] = {
    "sums": (ONES, 0.0, LOST, [0.0] * len(LOST), 1.0, [0.0] * len(LOST), 1.0),
    "biases": ([1.0], 0.0, [0.0], [Fraction(1, 3)], 1.0, [0.0], 0.0),
    "weights": ([1.0], 0.0, [Fraction(1, 3)], [0.0], 1.0, [0.0], 1.0),
    "slopes": ([0.1], 0.0, [1.0], [0.0], 0.3, [0.0], 1.0),
    "offsets": ([-0.1], 0.0, [0.0], [0.0], 1.0, [0.3], 0.0),
    "constants": ([1.0], 1.0, [0.0], [3 * 2.0**-54], 1.0, [0.0], 0.0),
    "underflow": ([2.0**-600], 0.0, [2.0**-600], [0.0], 1.0, [0.0], 1.0),
    "small weights": ([2.0**250], 0.0, [Fraction(1, 2**1076)], [0.0], 1.0, [0.0], 2.0**250),
    "small slopes": ([2.0**-1074], 0.0, [2.0**250], [0.0], 0.25, [0.0], 2.0**250),
}


def step_error(name, loss=Passage.loss, reached=linear.reached, passage=linear.passage):
    """How far one step is off at most, over the inputs that the box allows, and the bound on it; both exact."""
    rows, constant, weights, biases, slope, offsets, magnitude = STEPS[name]
    n = len(rows)
    layer = Layer([[w] for w in weights], biases, True)
    taken = Enclosure(np.array([[-magnitude]]), np.array([[magnitude]]))
    lines = Lines(np.full((1, n), slope), np.full((1, n), slope), np.array([offsets]))
    own = passage(layer, lines, reached(layer, taken), LinearBounds([layer])._factor)
    forms = Forms(np.array([rows]), np.array([constant]), np.zeros(1))
    found = own.moved(forms.rows, forms.constants, FIRST)
    exact = own._replace(
        weight=exactly([[Fraction(w)] for w in weights]),
        bias=exactly(list(map(Fraction, biases))),
        lines=Lines(*map(exactly, lines)),
    ).moved(exactly(forms.rows), exactly(forms.constants), FIRST)
    off = abs(exact[0].item() - Fraction(found[0].item())) * Fraction(magnitude)
    return off + abs(exact[1].item() - Fraction(found[1].item())), Fraction(loss(own, forms, FIRST).item())


@pytest.mark.parametrize("name", STEPS)
def test_bounds_of_steps_hold(name):
    error, bound = step_error(name)
    assert 0 < error <= bound


@pytest.mark.parametrize(
    ("name", "part", "old", "new"),
    [
        ("biases", "reached", " + sizes(layer.float_bias)", ""),
        ("weights", "reached", "magnitudes @ sizes(layer.float_weight).T", "0.0"),
        ("slopes", "reached", "magnitudes @ sizes(layer.float_weight).T", "0.0"),
        ("offsets", "passage", " + sizes(lines.offset)", ""),
        ("constants", "loss", " + sizes(forms.constants)", ""),
        ("weights", "loss", "dots(sizes(forms.rows), self.reach[box])", "0.0"),
        ("sums", "loss", "self.factor", "2.0**-53"),
    ],
)
def test_no_term_of_a_steps_error_is_spared(name, part, old, new):
    whole: Any = {"reached": linear.reached, "passage": linear.passage, "loss": Passage.loss}
    error, bound = step_error(name, **{part: mutated(whole[part], old, new)})
    assert error > bound


@pytest.mark.parametrize("name", ["underflow", "small weights", "small slopes"])
def test_sizes_have_a_floor(name, monkeypatch):
    monkeypatch.setattr(linear, "FLOOR", 0.0)
    error, bound = step_error(name)
    assert error > bound


def test_the_factor_grows_with_the_width(monkeypatch):
    monkeypatch.setattr(linear, "gamma", lambda k: gamma(min(k, 40)))
    error, bound = step_error("sums")
    assert error > bound


ENDS: dict[str, Any] = {
    "sums": (ONES, 0.0, LOST),
    "constant": ([1.0], 1.0, [3 * 2.0**-54]),
    "products": ([0.1], 0.0, [0.3]),
    "underflow": ([2.0**-600], 0.0, [2.0**-600]),
}


def end_error(name, loss=linear.loss_at_inputs):
    rows, constant, x = ENDS[name]
    forms, ends = Forms(np.array([rows]), np.array([constant]), np.zeros(1)), np.array([x])
    least = linear.least_at_inputs(forms.rows, forms.constants, ends, ends)
    exact = linear.least_at_inputs(*map(exactly, (forms.rows, forms.constants, ends, ends)))
    return abs(exact.item() - Fraction(least.item())), Fraction(
        loss(forms, ends, ends, gamma(8 * len(rows) + 42)).item()
    )


@pytest.mark.parametrize("name", ENDS)
def test_bounds_at_the_inputs_hold(name):
    error, bound = end_error(name)
    assert 0 < error <= bound


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("constant", " + sizes(forms.constants)", ""),
        ("products", "dots(sizes(forms.rows), magnitudes)", "0.0"),
    ],
)
def test_no_term_at_the_inputs_is_spared(name, old, new):
    error, bound = end_error(name, mutated(linear.loss_at_inputs, old, new))
    assert error > bound
