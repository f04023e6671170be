"""Spectral norms, against singular values that are known, and certified bounds against enclosures."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polyrelu.arithmetic import spectral
from polyrelu.arithmetic.spectral import spectral_bounds, spectral_norm
from tests.strategies import wide_floats


def exactly(matrix):
    return tuple(tuple(map(Fraction, row)) for row in matrix)


def orthogonal(v):
    """A reflection, exact."""
    size = sum(a * a for a in v)
    return [[Fraction(int(i == j)) - 2 * Fraction(a * b, size) for j, b in enumerate(v)] for i, a in enumerate(v)]


def product(A, B):
    return tuple(
        tuple(sum(a * b for a, b in zip(row, column, strict=True)) for column in zip(*B, strict=True)) for row in A
    )


@settings(max_examples=25)
@given(st.lists(st.fractions(-9, 9, max_denominator=7), min_size=1, max_size=4), st.integers(0, 2))
def test_singular_values_that_are_known(values, more):
    """Reflections on both sides do not change them."""
    k = len(values)
    diagonal = [[v if i == j else Fraction(0) for j in range(k + more)] for i, v in enumerate(values)]
    matrix = product(product(orthogonal(range(1, k + 1)), diagonal), orthogonal(range(2, k + more + 2)))
    low, high = spectral_norm(matrix)
    largest = max(map(abs, values))
    assert Fraction(low) <= largest <= Fraction(high)
    assert high - low <= 2.0**-48 * high
    assert spectral_norm(tuple(zip(*matrix, strict=True))) == (low, high)


@pytest.mark.parametrize("scale", [10**400, Fraction(1, 10**400), Fraction(1, 2**1074), 1])
def test_every_magnitude(scale):
    low, high = spectral_norm(((3 * Fraction(scale), Fraction(0)), (Fraction(0), 5 * Fraction(scale))))
    assert Fraction(low) <= 5 * scale
    assert high == np.inf or 5 * scale <= Fraction(high)
    assert (
        spectral_norm(((Fraction(3), Fraction(4)),)) == (5.0, 5.0)
        or spectral_norm(((Fraction(3), Fraction(4)),))[0] < 5
    )
    assert spectral_norm(()) == spectral_norm(((Fraction(0),),)) == (0.0, 0.0)


@settings(max_examples=25)
@given(st.integers(1, 4), st.integers(1, 4), st.data())
def test_bounds_of_many_matrices(m, n, data):
    entries = data.draw(st.lists(wide_floats, min_size=2 * m * n, max_size=2 * m * n))
    matrices = np.array(entries).reshape(2, m, n)
    for matrix, bound in zip(matrices, spectral_bounds(matrices, np.zeros(2)), strict=True):
        assert spectral_norm(exactly(matrix.tolist()))[0] <= bound


def test_bounds_are_close_and_pay_for_the_radius():
    rng = np.random.default_rng(0)
    for shape in ((100, 3, 5), (100, 7, 2), (20, 10, 12)):
        matrices = rng.standard_normal(shape)
        bounds = spectral_bounds(matrices, np.zeros(shape[0]))
        norms = np.linalg.norm(matrices, 2, axis=(1, 2))
        assert (norms <= bounds).all()
        assert (bounds <= norms * (1 + 2.0**-20)).all()
        moved = matrices + rng.choice([-1.0, 1.0], shape) * 2.0**-10
        assert (np.linalg.norm(moved, 2, axis=(1, 2)) <= spectral_bounds(matrices, np.full(shape[0], 2.0**-10))).all()


def test_one_that_is_not_certified_takes_the_trace(monkeypatch):
    matrices = np.array([np.eye(2), 2 * np.eye(2), 3 * np.eye(2)])
    monkeypatch.setattr(spectral, "_about_largest", lambda square: np.array([1.0, 2.0, 9.0]))
    assert spectral_bounds(matrices, np.zeros(3)).round(6).tolist() == [1.0, round(8**0.5, 6), 3.0]
