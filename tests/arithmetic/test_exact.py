import math
import struct
from contextlib import nullcontext
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import sympy
from hypothesis import example, given, settings
from hypothesis import strategies as st

from polyrelu.arithmetic.exact import (
    exact,
    exact_matrix,
    exact_vector,
    flint_matrix,
    float_ratio,
    from_flint,
    is_float,
    matrix_rows,
    nearest_floats,
    primitive,
    rounded_text,
    row_echelon,
    to_flint,
    to_floats,
)
from polyrelu.errors import DimensionError, InexactError
from tests.float_modes import MODES, float_mode


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (3, Fraction(3)),
        (0.5, Fraction(1, 2)),
        (0.1, Fraction(3602879701896397, 36028797018963968)),
        (np.float32(0.1), Fraction(13421773, 134217728)),
        (np.float16(0.1), Fraction(819, 8192)),
        (np.int8(-7), Fraction(-7)),
        (np.array(2.5), Fraction(5, 2)),
        (Decimal("0.1"), Fraction(1, 10)),
        ("0.1", Fraction(1, 10)),
        ("1/3", Fraction(1, 3)),
        (" -2e-3 ", Fraction(-1, 500)),
        (sympy.Rational(2, 3), Fraction(2, 3)),
        (sympy.Integer(4), Fraction(4)),
        (sympy.Float(0.1), Fraction(0.1)),
        (to_flint(Fraction(5, 7)), Fraction(5, 7)),
    ],
)
def test_numbers_are_what_they_store(value, expected):
    assert exact_vector([value], "v") == (expected,)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (float("nan"), "nan is not a finite number"),
        (float("-inf"), "-inf is not a finite number"),
        (np.float32("inf"), "inf is not a finite number"),
        (Decimal("NaN"), "NaN is not a finite number"),
        (1j, "complex"),
        (np.complex64(1), "complex"),
        (sympy.sqrt(2), "limit_denominator"),
        (sympy.pi, "nsimplify"),
        (sympy.oo, "no exact rational value"),
        (sympy.nan, "no exact rational value"),
        (sympy.Symbol("x"), "no exact rational value"),
        ("1/0", "is not a number"),
        ("one", "is not a number"),
        (True, "truth value"),
        (np.bool_(False), "truth value"),
        (None, "NoneType"),
    ],
)
def test_what_has_no_rational_value_is_refused_by_name_and_place(value, message):
    with pytest.raises(InexactError, match=message) as caught:
        exact_matrix([[0, 1], [2, value]], "weight")
    assert "weight[1][1]" in str(caught.value)


def test_shapes_are_checked():
    with pytest.raises(DimensionError, match=r"m\[1\]: has 1 entries, expected 2"):
        exact_matrix([[1, 2], [3]], "m")
    with pytest.raises(DimensionError, match="expected 3 numbers, got 2"):
        exact_vector([1, 2], "v", 3)
    with pytest.raises(DimensionError, match="single number, got a sequence"):
        exact_vector([[1, 2]], "v")
    with pytest.raises(DimensionError, match="expected a sequence"):
        exact_matrix(5, "m")  # type: ignore[arg-type]
    with pytest.raises(DimensionError, match="expected a sequence"):
        exact_vector("12", "v")


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_floats_are_dyadic(value):
    assert float(exact(value)) == value
    denominator = exact(value).denominator
    assert denominator & (denominator - 1) == 0


@given(st.lists(st.fractions(), min_size=1, max_size=5), st.fractions(min_value="1/1000"))
def test_primitive_rows_do_not_see_positive_scaling(row, scale):
    assert primitive(row) == primitive([scale * v for v in row])
    assert all(isinstance(v, int) for v in primitive(row))
    assert primitive(primitive(row)) == primitive(row)


@given(st.lists(st.tuples(*[st.fractions(-3, 3, max_denominator=5)] * 3), max_size=4))
def test_flint_matrices_round_trip_and_echelon_rows_span_the_same_space(rows):
    assert matrix_rows(flint_matrix(rows, 3)) == tuple(rows)
    basis, pivots = row_echelon(rows, 3)
    assert len(basis) == flint_matrix(rows, 3).rank() == flint_matrix([*rows, *basis], 3).rank()
    for i, (row, pivot) in enumerate(zip(basis, pivots, strict=True)):
        assert row[pivot] == 1
        assert all(other[pivot] == 0 for j, other in enumerate(basis) if j != i)


@given(st.fractions())
def test_flint_numbers_round_trip(value):
    assert from_flint(to_flint(value)) == value


BITS = st.integers(0, 2**64 - 1).map(lambda bits: struct.unpack("<d", struct.pack("<Q", bits))[0]).filter(math.isfinite)


@pytest.mark.parametrize("mode", [None, *MODES])
@settings(max_examples=50)
@example(5e-324)
@example(-5e-324 * 3)
@example(0.0)
@given(BITS)
def test_floats_are_what_they_store_in_every_mode(mode, value):
    expected = value.as_integer_ratio()
    with float_mode(mode) if mode else nullcontext():
        found, read = float_ratio(value), exact(np.float64(value)).as_integer_ratio()
    assert found == read == expected


@pytest.mark.parametrize("mode", MODES)
def test_short_floats_are_what_they_store_in_every_mode(mode):
    values: list[Any] = [np.float32(1e-45), np.float32(-3e-45), np.float32(1e-38), np.float32(0.1), np.float16(6e-8)]
    expected = [Fraction(float(v)) for v in values]
    with float_mode(mode):
        assert [exact(v) for v in values] == expected


def scaled_fraction(numerator, denominator, exponent):
    return Fraction(numerator, denominator) * Fraction(2) ** exponent


wide_fractions = st.one_of(
    st.fractions(), st.builds(scaled_fraction, st.integers(), st.integers(1), st.integers(-1200, 1200))
)


@pytest.mark.parametrize("mode", [None, *MODES])
@settings(max_examples=50)
@example(Fraction(2**1024 - 2**970))
@example(Fraction(2**1024 - 2**970 - 1))
@example(Fraction(1, 2**1075))
@example(Fraction(3, 2**1075))
@given(wide_fractions)
def test_nearest_floats_are_infinite_beyond_the_floats(mode, value):
    with np.errstate(all="ignore"):
        expected = (
            float(to_floats([value])[0]) if abs(value) < 2**1024 - 2**970 else math.inf * (1 if value > 0 else -1)
        )
    with float_mode(mode) if mode else nullcontext():
        nearest = struct.pack("<d", nearest_floats([value])[0])
    assert nearest == struct.pack("<d", expected)


@given(wide_fractions, st.integers(1, 12))
def test_rounded_text(value, digits):
    text = rounded_text(value, digits)
    assert abs(Fraction(text) - value) <= abs(value) * Fraction(1, 10 ** (digits - 1)) * Fraction(51, 100)
    if 1e-300 < abs(value) < 1e300:
        assert text == f"{float(value):.{digits}g}"


def test_an_infinite_float_is_no_number():
    assert not is_float(Fraction(10**400), math.inf)
