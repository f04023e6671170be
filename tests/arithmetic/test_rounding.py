import math
import re
import sys
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from polyrelu.arithmetic import rounding as floats
from polyrelu.arithmetic.exact import to_floats
from polyrelu.arithmetic.ieee import SMALLEST, SMALLEST_NORMAL, UNIT_ROUNDOFF
from polyrelu.arithmetic.rounding import (
    AffineForms,
    affine_with_bound,
    float_points,
    middle_and_half,
    relu_with_bound,
)
from polyrelu.engines.cells.sources import sources
from polyrelu.errors import DimensionError, FloatModeWarning, InexactError
from tests.float_modes import MODES, everywhere, float_mode
from tests.mutants import mutated
from tests.strategies import wide_floats

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


# -- every term of the bounds, over exact numbers -----------------------------------------------------------------

# A sum of 64 ones and many numbers that each of them swallows: whatever order it is added in, on up to 64 lanes.
LOST = [1.0] * 64 + [2.0**-54] * 2000
FORMS = {
    "sums": (LOST, 0.0, [1.0] * len(LOST), 0.0),
    "offset": ([1.0], Fraction(1, 3), [0.0], 0.0),
    "conversion": ([Fraction(1, 3), 1], 0.0, [1.0, 0.0], 0.0),
    "products underflow": ([2.0**-600, 1.0], 0.0, [2.0**-600, 0.0], 0.0),
    "conversion underflows": ([Fraction(1, 2**1076), 1], 0.0, [2.0**900, 0.0], 0.0),
    "radius": ([1.0], 0.0, [1.0], 0.25),
}


def form_error(method, case):
    """How far a form's float value is off at most, within the radius, and the bound on it; both exact."""
    normal, offset, point, radius = case
    normal, offset = list(map(Fraction, normal)), Fraction(offset)
    scale = math.lcm(*(v.denominator for v in (*normal, offset)))
    forms = AffineForms([[int(v * scale) for v in normal]], [int(offset * scale)], len(normal))
    x = np.array([point])
    (value,), (bound,) = (v[0].tolist() for v in method(forms, x, np.full(x.shape, radius)))
    largest = max(map(abs, (*normal, offset)))
    off = sum((a * Fraction(v) for a, v in zip(normal, point, strict=True)), -offset) / largest - Fraction(value)
    moved = sum(map(abs, normal), Fraction(0)) * Fraction(radius) / largest
    return abs(off) + moved, Fraction(bound)


@pytest.mark.parametrize("name", FORMS)
def test_bounds_of_forms_hold(name):
    error, bound = form_error(AffineForms.values_with_bound, FORMS[name])
    assert 0 < error <= bound


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("sums", "gamma(4 * self.dim + 8)", "gamma(1)"),
        ("sums", "gamma(4 * self.dim + 8) * total", "0.0"),
        ("conversion", "gamma(4 * self.dim + 8) * total", "0.0"),
        ("offset", "+ np.abs(self._float_offsets)", ""),
        ("products underflow", " + underflow", ""),
        ("conversion underflows", "(magnitudes + radius).sum(axis=1, keepdims=True)", "0.0"),
        ("radius", "+ spread", ""),
    ],
)
def test_no_term_of_the_forms_bound_is_spared(name, old, new):
    error, bound = form_error(mutated(AffineForms.values_with_bound, old, new), FORMS[name])
    assert error > bound


LAYERS: dict[str, Any] = {
    "sums": (LOST, 0.0, [1.0] * len(LOST), 0.0),
    "bias": ([0.0], Fraction(1, 3), [0.0], 0.0),
    "weights": ([Fraction(1, 3)], 0.0, [1.0], 0.0),
    "products underflow": ([2.0**-600], 0.0, [2.0**-600], 0.0),
    "weights underflow": ([Fraction(1, 2**1076)], 0.0, [2.0**900], 0.0),
    "radius": ([1.0], 0.0, [1.0], 0.25),
    # What is below the floats before it meets a weight, and not behind it.
    "gamma times an input": ([2.0**1020 + 2.0**968], 0.0, [3 * 2.0**-1060], 0.0),
}


def layer_error(function, case):
    weight, bias, point, radius = case
    rows, offset = list(map(Fraction, weight)), Fraction(bias)
    x = np.array([point])
    values, bounds = function(to_floats(rows)[None], to_floats([offset]), x, np.full(x.shape, radius))
    off = sum((a * Fraction(v) for a, v in zip(rows, point, strict=True)), offset) - Fraction(values.item())
    return abs(off) + sum(map(abs, rows), Fraction(0)) * Fraction(radius), Fraction(bounds.item())


@pytest.mark.parametrize("name", LAYERS)
def test_bounds_of_layers_hold(name):
    error, bound = layer_error(affine_with_bound, LAYERS[name])
    assert 0 < error <= bound


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("sums", "factor * magnitudes", "magnitudes"),
        ("weights", "factor * magnitudes + SMALLEST_NORMAL / UNIT_ROUNDOFF", "0.0 * magnitudes"),
        ("bias", " + factor * np.abs(bias)", ""),
        ("products underflow", " + underflow", ""),
        ("weights underflow", "(magnitudes + radius).sum(axis=1, keepdims=True)", "0.0"),
        ("radius", "radius / UNIT_ROUNDOFF + ", ""),
        (
            "gamma times an input",
            "radius / UNIT_ROUNDOFF + factor * magnitudes + SMALLEST_NORMAL / UNIT_ROUNDOFF",
            "(radius + gamma(dim + 2) * magnitudes) / UNIT_ROUNDOFF",
        ),
    ],
)
def test_no_term_of_the_layers_bound_is_spared(name, old, new):
    error, bound = layer_error(mutated(affine_with_bound, old, new), LAYERS[name])
    assert error > bound


@pytest.mark.parametrize("mode", MODES)
def test_products_of_matrices_may_be_computed_in_any_mode(mode, monkeypatch):
    """As BLAS's threads may, whose modes nobody asks; a mode for all of the function is a harder test than that."""
    monkeypatch.setattr(floats, "floats_are_sound", lambda: True)
    subnormal: Any = ([2.0**1000], 0.0, [2.0**-1050], 0.0), ([2.0**-1050, 2.0**-1040], 0.0, [2.0**700, 2.0**800], 0.0)
    for case in (*LAYERS.values(), *subnormal):
        weight, bias = to_floats(map(Fraction, case[0]))[None], to_floats([Fraction(case[1])])
        x = np.array([case[2]])
        with float_mode(mode):
            values, bounds = affine_with_bound(weight, bias, x, np.full(x.shape, case[3]))
        error, bound = layer_error(lambda *_, found=(values, bounds): found, case)
        assert error <= bound
    lost = np.array([[2.0**1000, 2.0**1000, -(2.0**1000)]]), np.zeros(1), np.full((1, 3), 2.0**24 - 1), np.zeros((1, 3))
    with float_mode(mode):  # some modes overflow to the greatest float, from which a sum comes back
        assert np.isposinf(affine_with_bound(*lost)[1]).all()
        forms = AffineForms([(1, 1, -1)], [0], 3)
        assert forms.certified_signs(np.full((1, 3), sys.float_info.max / 4), np.zeros((1, 3)))[1].all()
    if mode == "denormals are zero":
        with float_mode(mode):
            careless = mutated(affine_with_bound, " + SMALLEST_NORMAL / UNIT_ROUNDOFF", "")
            careless.__globals__["floats_are_sound"] = lambda: True
            found = careless(np.array([[2.0**1000]]), np.zeros(1), np.array([[2.0**-1050]]), np.zeros((1, 1)))
        error, bound = layer_error(lambda *_: found, subnormal[0])
        assert error > bound


def test_relu_passes_the_bound_on():
    values, radius = np.array([[-1.0, -1.0, 2.0, -3.0]]), np.array([[0.5, 1.5, 1.0, 0.5]])
    mask = np.array([True, True, True, False])
    found = relu_with_bound(values, radius, mask)
    assert [v.tolist() for v in found] == [[[0, 0, 2, -3]], [[0, 1.5, 1, 0.5]]]
    careless = mutated(relu_with_bound, "values < -radius", "values < 0")
    assert careless(values, radius, mask)[1].tolist() == [[0, 0, 1, 0.5]]  # but relu(-1 + 1.5) = 0.5


@example(-1.0, 1e-20)
@example(-sys.float_info.max, sys.float_info.max)
@given(finite, finite)
def test_half_widths_reach_both_ends(first, second):
    low, high = sorted([first, second])
    middle, half = (v.item() for v in middle_and_half(np.array([low]), np.array([high])))
    assert np.isfinite(middle)
    if np.isfinite(half):
        assert Fraction(middle) - Fraction(half) <= Fraction(low)
        assert Fraction(high) <= Fraction(middle) + Fraction(half)


def test_half_widths_need_their_last_float():
    careless = mutated(
        middle_and_half, "np.nextafter(np.maximum(high - middle, middle - low), np.inf)", "high - middle"
    )
    middle, half = (Fraction(v.item()) for v in careless(np.array([-1.0]), np.array([1e-20])))
    assert middle + half < Fraction(1e-20)


# -- overflow, infinity, NaN --------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 0.0, 1.0])
def test_nothing_is_certain_of_an_unknown_coordinate(value):
    """NaN used to count as certainly zero."""
    points, radius = np.array([[value, 1.0]]), np.array([[np.inf, 0.0]])
    signs, doubtful = AffineForms([(1, 0), (0, 1), (1, 1)], [0, 0, 0], 2).certified_signs(points, radius)
    assert doubtful.all()
    assert not signs.any()
    _, bound = affine_with_bound(np.array([[0.0, 1.0], [1.0, 0.0]]), np.zeros(2), points, radius)
    assert np.isposinf(bound).all()
    _, bound = relu_with_bound(points, radius, np.ones(2, dtype=np.bool_))
    assert bound.tolist() == [[np.inf, 0.0]]


def test_what_overflows_is_in_doubt():
    big = sys.float_info.max
    weight = np.array([[1.0, 1.0, -1.0], [np.inf, 0.0, 0.0], [0.0, 0.0, 1.0]])
    _, bound = affine_with_bound(weight, np.zeros(3), np.array([[big, big, big]]), np.zeros((1, 3)))
    assert np.isposinf(bound).all()  # of the third, too, because the sum of the point's moduli overflows
    forms = AffineForms([(1, 1, -1)], [0], 3)
    assert forms.certified_signs(np.array([[big, big, big]]), np.zeros((1, 3)))[1].all()
    assert forms.signs(np.array([[big, big, big]])).tolist() == [[1]]
    _, bound = affine_with_bound(np.array([[1.0], [0.0]]), np.array([np.inf, 0.0]), np.ones((1, 1)), np.zeros((1, 1)))
    assert np.isposinf(bound[0, 0])
    assert np.isfinite(bound[0, 1])


# -- every magnitude ----------------------------------------------------------------------------------------------


@settings(max_examples=300)
@given(
    st.integers(1, 3).flatmap(lambda d: st.tuples(*[st.lists(wide_floats, min_size=d, max_size=d)] * 2)), wide_floats
)
def test_signs_where_a_form_nearly_cancels(rows, shift):
    """The form vanishes at a point next to the one that is asked, or at that point."""
    normal, point = rows
    on = sum((Fraction(a) * Fraction(x) for a, x in zip(normal, point, strict=True)), Fraction(0))
    for offset in (on, on + Fraction(shift), on * (1 + Fraction(1, 2**53))):
        scale = math.lcm(offset.denominator, *(Fraction(a).denominator for a in normal))
        integers, constant = [int(Fraction(a) * scale) for a in normal], int(offset * scale)
        forms = AffineForms([integers], [constant], len(point))
        assert forms.signs(np.array([point])).tolist() == [[exact_sign(integers, constant, point)]]


@settings(max_examples=300)
@given(st.data(), st.integers(1, 3), st.sampled_from([0.0, 2.0**-60, 0.25]))
def test_layers_of_all_magnitudes(data, dim, relative):
    weight, point = (data.draw(st.lists(wide_floats, min_size=dim, max_size=dim)) for _ in range(2))
    if dim > 1:
        weight[1], point[1] = -weight[0], data.draw(st.sampled_from([point[0], np.nextafter(point[0], 0.0).item()]))
    bias = data.draw(wide_floats)
    x = np.array([point])
    radius = np.abs(x) * relative
    values, bound = affine_with_bound(np.array([weight]), np.array([bias]), x, radius)
    assert not np.isnan(bound).any()
    if np.isfinite(bound).all():
        rows = list(map(Fraction, weight))
        off = sum((a * Fraction(v) for a, v in zip(rows, point, strict=True)), Fraction(bias)) - Fraction(values.item())
        moved = sum((abs(a) * Fraction(r) for a, r in zip(rows, radius[0].tolist(), strict=True)), Fraction(0))
        assert abs(off) + moved <= Fraction(bound.item())


# -- other modes --------------------------------------------------------------------------------------------------


@everywhere
@pytest.mark.parametrize("mode", MODES)
def test_unsound_floats_decide_nothing(mode, run):
    forms = AffineForms([(1, -1), (1, 0)], [0, 0], 2)
    points = np.array([[5e-324, 0.0], [1.0, 1.0 + 2.0**-52], [0.0, 0.0], [0.1, 0.1]])

    def work():
        with float_mode(mode):
            made = AffineForms([(3, 10**400), (1, 0)], [1, 10**330], 2)
            with pytest.warns(FloatModeWarning, match="floats decide nothing"):
                _, doubtful = forms.certified_signs(points, np.zeros(points.shape))
            with pytest.warns(FloatModeWarning, match="floats decide nothing"):
                _, bound = affine_with_bound(np.eye(2), np.zeros(2), points, np.zeros(points.shape))
            with pytest.warns(FloatModeWarning, match="floats decide nothing"):
                signs = forms.signs(points)
        return made, doubtful, bound, signs

    made, doubtful, bound, signs = run(work)
    assert doubtful.all()
    assert np.isposinf(bound).all()
    assert signs.tolist() == [[1, 1], [-1, 1], [0, 0], [0, 1]]
    same = AffineForms([(3, 10**400), (1, 0)], [1, 10**330], 2)
    assert (made._float_normals == same._float_normals).all()
    assert (made._float_offsets == same._float_offsets).all()


def test_points_are_checked():
    with pytest.raises(DimensionError, match=r"shape \(n, 2\), got \(3, 1\)"):
        float_points(np.zeros((3, 1)), 2, "here")
    with pytest.raises(InexactError, match="here: point 1 has coordinate 0 = nan"):
        float_points(np.array([[0.0], [np.nan]]), 1, "here")


@pytest.mark.parametrize(
    "points",
    [
        np.array([[0], [2**53 + 1]]),
        np.array([[Fraction(0)], [Fraction(1, 3)]]),
        np.array([[0], [1 + np.longdouble(2) ** -60]], dtype=np.longdouble),
        [[10**400]],
        [["a third"]],
        [[1.0], [1.0, 2.0]],
        [[1j]],
    ],
)
@pytest.mark.filterwarnings("ignore::numpy.exceptions.ComplexWarning")
def test_points_that_are_no_floats_are_refused_rather_than_rounded(points):
    if isinstance(points, np.ndarray) and points.dtype == np.longdouble and points[1, 0] == 1:
        pytest.skip("long double is double here")
    with pytest.raises(InexactError, match="here: "):
        float_points(points, 1, "here")


def test_points_of_other_types_that_are_floats():
    for points in (np.array([[1], [2**53]]), np.array([[Fraction(1, 2)]]), np.array([[0.1]], dtype=np.float32)):
        assert float_points(points, 1, "here").tolist() == points.astype(np.float64).tolist()


def test_the_kernel_has_the_numbers_of_the_table():
    """It is in C++, and cannot read them here."""
    found = dict(re.findall(r"constexpr double (\w+) = (0x1p-?\d+);", "".join(map(Path.read_text, sources()))))
    table = {"ROUNDOFF": UNIT_ROUNDOFF, "TINY": SMALLEST, "TAU": SMALLEST_NORMAL, "FLOOR": 2.0**-900, "FAR": 2.0**100}
    assert {name: float.fromhex(found[name]) for name in table} == table


def test_the_table_says_what_floats_do():
    assert 1.0 + UNIT_ROUNDOFF == 1.0 < math.nextafter(1.0, 2.0) == 1.0 + 2 * UNIT_ROUNDOFF
    assert math.nextafter(0.0, 1.0) == SMALLEST == math.ulp(SMALLEST_NORMAL)
    assert sys.float_info.min == SMALLEST_NORMAL
