"""Generators solved again: the radius is that of solving.h, and what it does not hold for is refused."""

from __future__ import annotations

import ctypes
import math
from fractions import Fraction

import numpy as np
import pytest

from tests.engines.cells.proofs import harness

U = Fraction(1, 2**53)


class Functions(ctypes.Structure):
    """Of functions.h, what is solved."""

    _fields_ = (
        *((f"f{k}", ctypes.c_void_p) for k in range(4)),
        ("solve", ctypes.CFUNCTYPE(ctypes.c_double, *[ctypes.c_void_p] * 2, *[ctypes.c_int] * 2)),
    )


@pytest.fixture(scope="session")
def kernel(tmp_path_factory):
    functions = harness.bounds(harness.shared_folder(tmp_path_factory))[harness.AS_IT_IS]
    return Functions.from_address(functions.value or 0)


def solved(kernel, g, forms, errors):
    """The radius, the generator and the rows in the order they were left in."""
    rows = np.array([[*own, sum(map(abs, own)), e] for own, e in zip(forms, errors, strict=True)])
    g = np.array(g, dtype=np.float64)
    r = kernel.solve(g.ctypes.data, rows.ctypes.data, len(rows), len(g))
    return r, g, rows


def inverse_of(matrix):
    """In fractions, by Gauss and Jordan."""
    n = len(matrix)
    rows = [[*map(Fraction, row), *(Fraction(int(i == j)) for j in range(n))] for i, row in enumerate(matrix)]
    for step in range(n):
        pivot = next(k for k in range(step, n) if rows[k][step])
        rows[step], rows[pivot] = rows[pivot], rows[step]
        rows[step] = [v / rows[step][step] for v in rows[step]]
        for k in range(n):
            if k != step:
                rows[k] = [a - rows[k][step] * b for a, b in zip(rows[k], rows[step], strict=True)]
    return [row[n:] for row in rows]


def radius_of(g, forms, errors):
    """alpha and r of solving.h for the exact inverse, with residuals that are nothing but rounding."""
    dim, d = len(g), len(g) - 1
    p = max(range(dim), key=lambda j: abs(g[j]))
    matrix = [[v for j, v in enumerate(own) if j != p] for own in forms]
    R = inverse_of(matrix)

    def gamma(k):
        return k * U / (1 - k * U)

    q = [
        2 * gamma(dim + 1) * sum(abs(Fraction(v)) for v in own) + 2 * Fraction(e)
        for own, e in zip(forms, errors, strict=True)
    ]
    alpha, most = Fraction(0), Fraction(0)
    for i in range(d):
        size = sum(abs(R[i][k]) * abs(Fraction(matrix[k][j])) for k in range(d) for j in range(d))
        wrong = sum(abs(R[i][k]) * Fraction(errors[k]) for k in range(d))
        alpha = max(alpha, gamma(d + 2) * (1 + size) + wrong)
        most = max(most, sum(abs(R[i][k]) * q[k] for k in range(d)))
    return alpha, most / (1 - alpha)


def through(g, rng, count):
    """Forms that vanish at an integer vector, whose first entry is 1024."""
    rest = rng.integers(-900, 900, (count, len(g) - 1))
    first = -rest @ g[1:]
    return (np.hstack([first[:, None], rest * 1024]) / 2.0**21).tolist()


CASES = [
    # The part of alpha that errors of the forms have, near its largest; rows may come in any order.
    *(("errors", seed, share) for seed in range(6) for share in (0.05, 0.45, 0.499)),
    *(("one error", seed, 0.4) for seed in range(4)),
]


@pytest.mark.parametrize(("kind", "seed", "share"), CASES)
def test_the_radius_is_what_the_residuals_and_the_inverse_make_of_it(kernel, kind, seed, share):
    rng = np.random.default_rng(seed)
    dim = 2 + seed % 4
    g = np.array([1024, *rng.integers(-700, 700, dim - 1)]) / 1024.0
    forms = through((g * 1024).astype(int), rng, dim - 1)
    errors = [0.0] * (dim - 1)
    places = range(dim - 1) if kind == "errors" else [int(rng.integers(dim - 1))]
    for k in places:
        errors[k] = 1.0
    alpha, _ = radius_of(g, forms, errors)
    errors = [e * share / float(alpha) for e in errors]
    alpha, right = radius_of(g, forms, errors)
    r, found, _ = solved(kernel, g * (1 + 2.0**-40) * np.array([1, *[1 + 2.0**-30] * (dim - 1)]), forms, errors)
    assert abs(found - g).max() <= r
    assert right * (1 - 2**-40) <= Fraction(r) <= right * (1 + 2**-20)


@pytest.mark.parametrize("steep", [2.0**-48, 2.0**-49, 2.0**-50])
def test_what_is_nearly_singular_has_a_larger_radius(kernel, steep):
    """Then alpha is of the size of the inverse, not of the errors."""
    forms = [[0.0, 0.5, 0.5], [0.0, 0.5, 0.5 - steep]]
    alpha, right = radius_of([1.0, 0.0, 0.0], forms, [0.0, 0.0])
    r, _, _ = solved(kernel, [1.0, 0.0, 0.0], forms, [0.0, 0.0])
    if alpha > Fraction(1, 2):
        assert r == math.inf
    else:
        assert alpha > Fraction(1, 20)
        assert right * (1 - 2**-40) <= Fraction(r) <= right * (1 + 2 * alpha)


@pytest.mark.parametrize(("share", "is_known"), [(0.49, True), (0.51, False), (2.0, False)])
def test_half_of_alpha_is_the_most(kernel, share, is_known):
    forms = [[0.0, 0.5, 0.0], [0.0, 0.0, -0.5]]
    r, _, _ = solved(kernel, [1.0, 0.0, 0.0], forms, [share / 2, 0.0])
    assert (r < math.inf) == is_known


@pytest.mark.parametrize(
    ("y", "is_known"), [(0.5, True), (-1.5, True), (1.9, True), (2.5, False), (-3.5, False), (9.0, False)]
)
@pytest.mark.parametrize("dim", [2, 3, 4])
def test_entries_beyond_two_are_refused(kernel, y, is_known, dim):
    """Residuals are bounded for entries up to 2."""
    g = [1.0, *[0.0] * (dim - 1)]
    forms = [[-y / 16 if k == 0 else 0.0, *(1 / 16 if j == k else 0.0 for j in range(dim - 1))] for k in range(dim - 1)]
    r, found, _ = solved(kernel, g, forms, [0.0] * (dim - 1))
    assert (r < math.inf) == is_known
    if is_known:
        exact = np.array([1.0, y, *[0.0] * (dim - 2)]) / max(1.0, abs(y))
        assert abs(found - exact).max() <= r < 2.0**-45


@pytest.mark.parametrize("dim", [2, 3, 5])
def test_fewer_rows_than_there_must_be_tell_nothing(kernel, dim):
    forms = [[0.0, *(0.5 if j == k else 0.0 for j in range(dim - 1))] for k in range(dim - 2)]
    assert solved(kernel, [1.0, *[0.0] * (dim - 1)], forms, [0.0] * len(forms))[0] == math.inf


@pytest.mark.parametrize("seed", range(8))
def test_rows_that_depend_on_others_are_left_out(kernel, seed):
    """However many there are, and wherever the largest entry is: the first rows are independent afterwards."""
    rng = np.random.default_rng(seed)
    dim = 3 + seed % 3
    g = np.array([1024, *rng.integers(-700, 700, dim - 1)]) / 1024.0
    basis = through((g * 1024).astype(int), rng, dim - 1)
    more = [[2 * v for v in basis[0]], [a - b for a, b in zip(basis[0], basis[1], strict=True)], [0.0] * dim]
    order = rng.permutation(dim + 2)
    forms = [[*basis, *more][k] for k in order]
    turn = rng.permutation(dim)
    forms, g = [[own[j] for j in turn] for own in forms], g[turn]
    r, found, rows = solved(kernel, g + 2.0**-30, forms, [0.0] * len(forms))
    assert abs(found - g).max() <= r < 2.0**-35
    p = int(np.argmax(np.abs(g)))
    assert np.linalg.matrix_rank(np.delete(rows[: dim - 1, :dim], p, axis=1)) == dim - 1
    assert {tuple(row) for row in rows[:, :dim].tolist()} <= {tuple(own) for own in forms}


@pytest.mark.parametrize("power", [848, 880, 896])
@pytest.mark.parametrize("dim", [2, 3])
def test_tiny_forms_have_no_smaller_radius(kernel, power, dim):
    """That of residuals that are nothing but rounding, beside which underflows count for more."""
    size = 2.0**-power
    forms = [[0.0, *(size if j == k else 0.0 for j in range(dim - 1))] for k in range(dim - 1)]
    g = [1.0, *[0.0] * (dim - 1)]
    _, right = radius_of(g, forms, [0.0] * (dim - 1))
    r, found, _ = solved(kernel, g, forms, [0.0] * (dim - 1))
    assert abs(found - g).max() == 0
    assert max(right, Fraction(2) ** (power - 901)) <= Fraction(r) < 2 * max(right, Fraction(2) ** (power - 900))
