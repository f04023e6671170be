"""Cells against the twin where floats are at their worst: at any magnitude, and where neurons are just missed."""

import itertools
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import polyrelu as pr
from polyrelu.engines.cells.problem import _in_units
from tests.extreme_networks import LEAST, MOST, box, just_missed, nearest, nearly_parallel, of_any_magnitude, power

seeds = st.integers(0, 2**32)


def assert_same(network, domain, target=None):
    if target is None:
        fast, exact = (pr.linear_regions(network, domain, method) for method in ("cells", "twin"))
    else:
        fast, exact = (pr.preimage(network, target, domain, method) for method in ("cells", "twin"))
    assert fast.patterns == exact.patterns
    assert [tile.polyhedron for tile in fast] == [tile.polyhedron for tile in exact]
    return fast


@settings(max_examples=15, deadline=None)
@given(seeds, st.one_of(st.just(0), st.integers(-1000, 1000)), st.sampled_from(["regions", "preimage", "whole space"]))
def test_cells_are_right_at_any_magnitude(seed, size, question):
    network = of_any_magnitude(np.random.default_rng(seed))
    domain = None if question == "whole space" else box(network.input_dim, power(size))
    target = pr.parse("y0 > y1", dim=network.output_dim) if question == "preimage" else None
    assert_same(network, domain, target)


@settings(max_examples=40, deadline=None)
@given(seeds, st.integers(-500, 490), st.integers(-500, 490), st.one_of(st.none(), st.integers(0, 1000)))
@example(0, 277, 277, None)  # values near 2^512
@example(0, -248, -247, None)  # and near 2^-537
@example(0, 0, 0, 492)
def test_lines_that_are_just_missed_are_missed(seed, first, second, beside):
    assert_same(just_missed(np.random.default_rng(seed), first, second, beside), box(2))


@pytest.mark.parametrize("seed", range(12))
def test_products_that_underflow_in_the_numerator_alone_leave_no_bound_of_zero(seed):
    """An older formula of the bound did that, and was wrong for some of these."""
    assert_same(just_missed(np.random.default_rng(seed), 0, 0, 492), box(2))


def test_nearly_parallel_neurons_at_ordinary_magnitudes():
    """A vertex beside one whose sign was decided exactly: solved again, it once became its opposite."""
    least = np.nextafter(-6.0, -np.inf)
    network = pr.Network(
        [([[-9, -6], [-4.5, -3], [-1.5, 6]], [least, -3, -1.5]), ([[-1, -1, -1]], [2])], relu=[True, True]
    )
    assert len(assert_same(network, box(2, 4))) == 10


@settings(max_examples=40, deadline=None)
@given(seeds)
def test_nearly_parallel_neurons(seed):
    network = nearly_parallel(np.random.default_rng(seed))
    assert_same(network, box(network.input_dim, 4))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(0, 3000, 100))
def test_many_more_of_each_kind(seed):
    for k in range(seed, seed + 100):
        rng = np.random.default_rng(k)
        network = nearly_parallel(rng)
        assert_same(network, box(network.input_dim, 4))
        network = of_any_magnitude(rng)
        assert_same(network, box(network.input_dim, power(rng.integers(-1000, 1000))))
        assert_same(just_missed(rng, int(rng.integers(-500, 490)), 0, int(rng.integers(470, 510))), box(2))


@settings(max_examples=100, deadline=None)
@given(seeds)
def test_units_make_rows_amount_to_at_most_one_and_change_nothing(seed):
    network = of_any_magnitude(np.random.default_rng(seed))
    units = np.zeros(network.input_dim, dtype=np.int64)
    for layer in network.layers:
        weight, bias, exactly, own = _in_units(layer, units)
        assert (np.abs(weight).sum(axis=1) + np.abs(bias) <= 1).all()
        for i, (row, offset) in enumerate(zip(layer.rows, layer.offsets, strict=True)):
            right = [v * power(k - own[i]) for v, k in zip((*row, offset), (*units.tolist(), 0), strict=True)]
            assert not any(right) or sum(map(abs, right)) > Fraction(1, 4)
            for value, number in zip((*weight[i], bias[i]), right, strict=True):
                slip = Fraction(0) if exactly else abs(number) * power(-53) + power(-1074)
                assert abs(Fraction(float(value)) - number) <= slip
        units = own


def test_numbers_beyond_floats_are_ordinary_to_the_kernel():
    """Rational weights of 2^-4000 and 2^4000, and a hidden coordinate that is 2^4000 times its neighbours."""
    huge = power(4000)
    network = pr.Network(
        [
            pr.Layer([[1 / huge, 0], [1, 1], [huge, -huge]], [0, Fraction(1, 3), huge / 7], relu=True),
            pr.Layer([[huge, -1, 1 / huge]], [Fraction(1, 5)], relu=True),
        ]
    )
    assert network.layers[0].is_float is False
    tiling = assert_same(network, box(2))
    assert tiling.stats["signs_by_float"] > 10
    assert nearest(huge) == huge
    assert LEAST < 0 < MOST


@pytest.mark.parametrize("power", [-300, -320, -323, -324, -400])
def test_a_bias_that_floats_cannot_tell_from_zero_is_none(power):
    """The kernel keeps facets by vertices strictly on a side; where all floats are zero it once took these for none."""
    tiny = Fraction(10) ** power
    network = pr.Network([([[1, 0], [-1, 0], [0, 1]], [0, 0, 0]), ([[1, 1, -1]], [-tiny])], relu=[True, True])
    thin = next(tile for tile in assert_same(network, box(2)) if tile.pattern == "010|0")
    assert thin.polyhedron == pr.Polyhedron.box([-tiny, -1], [0, 0])


@pytest.mark.parametrize("seed", range(8))
def test_numbers_below_and_beyond_floats_among_zeros(seed):
    """Zero biases have a shorter way of their own, and these are none."""
    rng = np.random.default_rng(seed)
    for _ in range(12):
        network = _of_zeros_and_extremes(rng)
        domain = box(network.input_dim, 3) if rng.random() < 0.7 else None
        target = pr.Polyhedron([rng.integers(-1, 2, network.output_dim).tolist()], [_extreme(rng, 0.5)])
        assert_same(network, domain, None if rng.random() < 0.5 else target)


def _of_zeros_and_extremes(rng):
    widths = rng.integers(1, 4, int(rng.integers(2, 5))).tolist()
    layers = [
        (
            [[_extreme(rng, 0.8) for _ in range(inputs)] for _ in range(outputs)],
            [_extreme(rng, 0.0) if rng.random() < 0.3 else 0 for _ in range(outputs)],
        )
        for inputs, outputs in itertools.pairwise(widths)
    ]
    return pr.Network(layers, relu=[True] * len(layers))


def _extreme(rng, ordinary):
    """A small integer, or one times a power of ten of which floats know nothing."""
    size = 0 if rng.random() < ordinary else int(rng.choice([-700, -400, -324, -310, 320, 400]))
    return int(rng.integers(-2, 3)) * Fraction(10) ** size
