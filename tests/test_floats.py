from fractions import Fraction
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyrelu import floats
from polyrelu.errors import DimensionError, InexactError
from polyrelu.floats import AffineForms, affine_with_bound, float_points

big = st.one_of(st.integers(-3, 3), st.integers(-(10**30), 10**30), st.integers(-(2**2000), 2**2000))
finite = st.floats(allow_nan=False, allow_infinity=False)


def exact_sign(normal, offset, point):
    value = sum((a * Fraction(float(x)) for a, x in zip(normal, point, strict=True)), Fraction(-offset))
    return (value > 0) - (value < 0)


@given(
    st.lists(st.tuples(big, big, big), min_size=1, max_size=4),
    st.lists(st.tuples(finite, finite), min_size=1, max_size=4),
)
def test_signs_are_exact_over_all_magnitudes(rows, points):
    normals, offsets = [row[:2] for row in rows], [row[2] for row in rows]
    signs = AffineForms(normals, offsets, 2).signs(np.array(points))
    expected = [[exact_sign(n, o, p) for n, o in zip(normals, offsets, strict=True)] for p in points]
    assert signs.tolist() == expected


@given(st.integers(1, 6), st.integers(0, 2**32))
def test_points_on_and_next_to_a_hyperplane(dim, seed):
    """Certified signs never err, and the exact branch is really needed: these points defeat plain floats."""
    random = Random(seed)
    normal = [random.randint(-(10**6), 10**6) or 1 for _ in range(dim)]
    point = [random.uniform(-1, 1) for _ in range(dim)]
    on = sum((a * Fraction(x) for a, x in zip(normal, point, strict=True)), Fraction(0))
    scaled = [a * on.denominator for a in normal]
    for shift in (-1, 0, 1):
        forms = AffineForms([scaled], [on.numerator + shift], dim)
        assert forms.signs(np.array([point])).tolist() == [[-shift]]
        assert forms.certified_signs(np.array([point]), np.zeros((1, dim)))[1].all()


def test_a_wrong_bound_is_caught(monkeypatch):
    """With the bound taken away the same comparison fails, so it does test the bound."""
    point = np.array([[0.1, 0.3]])
    on = Fraction(0.1) * 3 - Fraction(0.3)  # not zero, but 0.1 * 3 - 0.3 in floats has another sign or size
    scale = on.denominator
    forms = AffineForms([(3 * scale, -scale)], [on.numerator], 2)
    assert forms.signs(point).tolist() == [[0]]
    monkeypatch.setattr(floats, "gamma", lambda k: 0.0)
    monkeypatch.setattr(floats, "_UNDERFLOW", 0.0)
    assert forms.signs(point).tolist() != [[0]]


def test_zero_is_certain_where_nothing_moves():
    forms = AffineForms([(1, 0)], [0], 2)
    signs, doubtful = forms.certified_signs(np.array([[0.0, 5.0], [1e-300, 1.0]]), np.array([[0.0, 1.0], [0.0, 0.0]]))
    assert signs.tolist() == [[0], [1]]
    assert doubtful.tolist() == [[False], [False]]


@given(st.integers(1, 4), st.integers(1, 4), st.integers(0, 2**32))
def test_affine_bound_holds(rows, columns, seed):
    random = Random(seed)
    weight = np.array([[random.gauss(0, 10 ** random.randint(-3, 3)) for _ in range(columns)] for _ in range(rows)])
    bias = np.array([random.gauss(0, 1) for _ in range(rows)])
    point = np.array([[random.gauss(0, 1) for _ in range(columns)]])
    radius = np.abs(point) * random.choice([0.0, 1e-12, 0.1])
    values, bound = affine_with_bound(weight, bias, point, radius)
    for corner in (-1, 1):
        x = [Fraction(float(p)) + corner * Fraction(float(r)) for p, r in zip(point[0], radius[0], strict=True)]
        for i in range(rows):
            true = sum((Fraction(float(w)) * v for w, v in zip(weight[i], x, strict=True)), Fraction(float(bias[i])))
            assert abs(true - Fraction(float(values[0, i]))) <= Fraction(float(bound[0, i]))


def test_points_are_checked():
    with pytest.raises(DimensionError, match=r"shape \(n, 2\), got \(3, 1\)"):
        float_points(np.zeros((3, 1)), 2, "here")
    with pytest.raises(InexactError, match="here: point 1 has coordinate 0 = nan"):
        float_points(np.array([[0.0], [np.nan]]), 1, "here")
