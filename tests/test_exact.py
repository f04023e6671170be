from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from polyrelu.errors import DimensionError, InexactError
from polyrelu.exact import (
    exact,
    exact_matrix,
    exact_vector,
    flint_matrix,
    from_flint,
    matrix_rows,
    primitive,
    row_echelon,
    to_flint,
)


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
        exact_matrix(5, "m")
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
