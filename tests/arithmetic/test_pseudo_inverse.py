import math
from fractions import Fraction

import sympy
from hypothesis import given
from hypothesis import strategies as st

from polyrelu.arithmetic.exact import flint_matrix, matrix_rows
from polyrelu.arithmetic.pseudo_inverse import pseudo_inverse
from tests.strategies import matrices

HALF_ROOT = math.sqrt(3) / 2
TRIANGLE = [[1.0, 0.0], [-0.5, HALF_ROOT], [-0.5, -HALF_ROOT]]  # three features at 120 degrees, as floats


@given(st.integers(1, 4), st.integers(1, 4), st.data())
def test_pseudo_inverse_satisfies_the_penrose_equations(rows, columns, data):
    entries = st.one_of(st.integers(-2, 2), st.sampled_from([Fraction(1, 3), Fraction(-5, 2)]))
    W = tuple(tuple(map(Fraction, row)) for row in data.draw(matrices(rows, columns, entries)))
    found = pseudo_inverse(W, columns)
    A, X = flint_matrix(W, columns), flint_matrix(found.matrix, rows)
    assert A * X * A == A
    assert X * A * X == X
    assert (A * X).transpose() == A * X
    assert (X * A).transpose() == X * A
    rank = A.rank()
    assert len(found.kernel) == columns - rank
    assert len(found.left_kernel) == rows - rank
    for v in found.kernel:
        assert not any(map(any, matrix_rows(A * flint_matrix([v], columns).transpose())))
    for v in found.left_kernel:
        assert not any(map(any, matrix_rows(flint_matrix([v], rows) * A)))


def test_pseudo_inverse_of_floats_is_symbolic():
    W = tuple(tuple(map(Fraction, row)) for row in TRIANGLE)
    matrix = pseudo_inverse(W, 2).matrix
    assert sympy.Matrix(matrix) == sympy.Matrix(W).pinv()
    assert all(isinstance(v, Fraction) for row in matrix for v in row)
