"""What the compiled walk computes with forms is what its formulas say, and not much more, whatever the sizes."""

import itertools

import numpy as np
import pytest

from polyrelu.bounds.linear import FLOOR, LARGEST, sizes
from polyrelu.engines.branch.affine import Affine, AffineOn
from polyrelu.engines.branch.library import walk_through
from polyrelu.engines.branch.space import Space
from polyrelu.networks.layer import Layer
from tests.engines.branch.programs import HERE, KERNEL
from tests.engines.cells.harness.harness import built, shared_folder

ENLARGED = 1.0 + 2.0**-30
FACTORS = [0.0, 2.0**-40, 0.5]  # the last is none that floats have; so it shows
SHAPES = [(1, 1, 1), (2, 3, 1), (3, 1, 4), (1, 4, 2), (4, 2, 3)]


@pytest.fixture(scope="session")
def walk(tmp_path_factory):
    return built("bounds", shared_folder(tmp_path_factory), None, HERE, KERNEL)


def near(expected):
    return pytest.approx(expected, rel=1e-8, abs=1e-99)


def drawn(seed, *shapes):
    rng = np.random.default_rng([7, seed])
    return rng, *(rng.integers(-40, 41, shape) / 8.0 for shape in shapes)


@pytest.mark.parametrize("factor", FACTORS)
@pytest.mark.parametrize("shape", SHAPES)
def test_a_layer_adds_up_radii_and_sizes(walk, shape, factor):
    dim, inputs, outputs = shape
    rng, weight, bias, rows, constants = drawn(1, (outputs, inputs), outputs, (inputs, dim), inputs)
    doubts, moduli, on = rng.random(inputs), rng.random(dim) + 1, rng.random(inputs) < 0.7
    found = np.full((outputs, dim), np.nan), np.full(outputs, np.nan), np.full(outputs, np.nan)
    walk.call(
        "entered",
        dim,
        inputs,
        outputs,
        weight,
        bias,
        on.astype(np.uint8),
        rows,
        constants,
        doubts,
        moduli,
        factor,
        *found,
    )
    own = weight * on
    assert found[0] == near(own @ rows)
    assert found[1] == near(own @ constants + bias)
    radii = np.abs(own) @ doubts + factor * np.abs(bias)
    size = np.abs(own @ rows) @ moduli + np.abs(own @ constants + bias)
    assert found[2] == near(radii + factor * size)


@pytest.mark.parametrize("dim", [1, 2, 5])
def test_bounds_are_those_of_the_corners(walk, dim):
    for seed in range(20):
        rng, row, low = drawn(seed, dim, dim)
        constant, doubt, high, ends = float(rng.normal()), float(rng.random()), low + rng.random(dim), np.zeros(2)
        walk.call("bounded", dim, row, constant, doubt, low, high, ends)
        corners = [row @ corner + constant for corner in itertools.product(*zip(low, high, strict=True))]
        assert ends.tolist() == near([min(corners) - doubt, max(corners) + doubt])


@pytest.mark.parametrize("factor", FACTORS)
@pytest.mark.parametrize("dim", [3, 1, 4, 2])
def test_combinations_add_up_doubts(walk, dim, factor):
    """Whatever the dimension before; what has no part in it, does not matter, be it in doubt altogether."""
    for seed, n in itertools.product(range(4), range(1, 6)):
        rng, rows, constants, low, multipliers = drawn(seed, (n, dim), n, dim, n)
        doubts, high, moduli, least = rng.random(n), low + rng.random(dim), rng.random(dim) + 1, np.zeros(1)
        multipliers = np.maximum(multipliers, 0.0)
        row, constant = multipliers @ rows, multipliers @ constants
        radius, size = multipliers @ doubts, np.abs(row) @ moduli + abs(constant)
        corner = np.where(row > 0, low, high)
        doubts[multipliers == 0] = np.inf
        walk.call("combined", dim, n, rows, constants, doubts, multipliers, low, high, moduli, factor, least)
        assert least[0] == pytest.approx(row @ corner + constant - radius - factor * size, abs=1e-6)


def test_radii_are_enlarged_where_they_are_used(walk):
    """Once in a bound; three times in a combination, which is made a form before."""
    one, ends, zero = np.ones(1), np.zeros(2), np.zeros(1)
    walk.call("bounded", 1, zero, 0.0, 1.0, zero, one, ends)
    assert ends.tolist() == [-ENLARGED, ENLARGED]
    walk.call("combined", 1, 1, np.zeros((1, 1)), zero, one, one, zero, one, one, 0.0, ends)
    assert ends[0] == pytest.approx(-(ENLARGED**3), rel=2.0**-48, abs=0)


@pytest.mark.parametrize("end", [0.25, -0.75, 0.3])
@pytest.mark.parametrize("doubt", [0.0, 0.125])
def test_boxes_are_narrowed_to_two_doubts_and_a_float(walk, end, doubt):
    """By x_1 <= end, and by x_1 >= end; other coordinates help as much as they can."""
    for sign in (1.0, -1.0):
        for others in ([], [0.5], [-2.0, 0.0]):
            row = np.array([*others, sign])
            low, high = -np.ones(len(row)), np.ones(len(row))
            help_ = float(np.abs(others).sum())
            walk.call("narrowed", len(row), row, -sign * end + help_, doubt, low, high)
            expected = sign * (2 * doubt - (-sign * end + help_) + help_)
            found = high[-1] if sign > 0 else low[-1]
            assert found == near(expected)
            assert (found - end) * sign >= doubt
            if not others and doubt == 0:
                assert found == np.nextafter(end, sign * np.inf)
            assert (low[-1] if sign > 0 else high[-1]) == -sign


def test_ends_that_say_nothing_stay(walk):
    """A row with a zero, one that all satisfy, and those whose ends are too large for floats."""
    low, high = np.array([-1.0, 2.0]), np.array([1.0, 3.0])
    walk.call("narrowed", 2, np.array([1.0, 0.0]), -9.0, 0.0, low, high)
    assert (low.tolist(), high.tolist()) == ([-1, 2], [1, 3])
    walk.call("narrowed", 2, np.array([1.0, 0.0]), 4.0, 0.0, low, high)
    assert (low.tolist(), high[1]) == ([-1, 2], 3)
    for row, constant, doubt in [(1.0, 0.5, np.inf), (2.0**-900, 2.0**300, 0.0), (-(2.0**-900), 2.0**300, 0.0)]:
        low, high = np.array([-1.0]), np.array([1.0])
        walk.call("narrowed", 1, np.array([row]), constant, doubt, low, high)
        assert (low.tolist(), high.tolist()) == ([-1], [1])


@pytest.mark.parametrize("value", [0.0, FLOOR, -1.0, LARGEST, -LARGEST])
def test_sizes_are_moduli_and_a_bit_up_to_the_largest(walk, value):
    """As polyrelu.bounds.linear has them; what is larger, or no number, is infinite."""
    for own in (value, np.nextafter(LARGEST, np.inf), np.nan):
        doubts = np.zeros(1)
        point = np.zeros(1), np.full(1, own), np.ones(1, dtype=np.uint8), np.zeros((1, 1)), np.zeros(1), np.zeros(1)
        walk.call("entered", 1, 1, 1, *point, np.zeros(1), 0.5, np.zeros((1, 1)), np.zeros(1), doubts)
        assert doubts[0] == near(sizes(np.array([own]))[0])


# -- numbers, in the walk itself --------------------------------------------------------------------------------------


def doubt_of(weight, bias, factor):
    """Of what enters a layer's neuron, on [-1, 1], whose moduli are said to be 1."""
    forms = AffineOn(np.array([-1.0]), np.array([1.0]), 1, 1)
    forms.moduli, forms.factor = np.ones(1), factor
    space = Space.between(np.array([-1.0]), np.array([1.0]), 1, 1)._replace(forms=forms)
    layer, root = Layer([[weight]], [bias], [True]), Affine(np.zeros((0, 1)), np.zeros(0), np.zeros(0))
    target = Layer(np.zeros((0, 1)), [], [])
    walk = walk_through(space, [layer], target, root, np.zeros((0, 1)), np.zeros(1, np.int8))
    return np.frombuffer(walk.forms()[5])[0]


def test_radii_are_enlarged_in_every_layer():
    """That of the input twice more, of a layer once more."""
    for factor in (1.0, 2.0**-20):
        expected = factor * (ENLARGED**3 + ENLARGED)
        assert doubt_of(1.0, 0.0, factor) == pytest.approx(expected, rel=2.0**-48, abs=0)


def test_what_is_zero_has_a_size():
    """So what underflows is in doubt: of the weight that of an input, 1; and of biases and sums."""
    assert doubt_of(0.0, 0.0, 1.0) == near((1 + 1 + 1 + 1) * FLOOR)


def test_what_is_too_large_is_infinitely_in_doubt():
    assert np.isfinite(doubt_of(LARGEST, 0.0, 2.0**-20))
    assert np.isfinite(doubt_of(1.0, -LARGEST, 2.0**-20))
    assert np.isinf(doubt_of(1.0, float(np.nextafter(LARGEST, np.inf)), 2.0**-20))
