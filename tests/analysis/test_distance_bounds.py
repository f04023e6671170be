"""Float bounds on distances: their expressions over exact numbers, and an example that needs each proven term."""

from __future__ import annotations

import itertools
import math
import warnings
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import polyrelu as pr
from polyrelu.analysis import distance_bounds
from polyrelu.analysis.distance_bounds import DUAL_NORMS, distances, forms, lower_bounds, value_at, value_error
from polyrelu.analysis.nearest import NORMS
from polyrelu.arithmetic.exact import exact_array, exact_vector, matrix_rows, to_floats
from polyrelu.networks.affine_outputs import Outputs
from tests.float_modes import MODES, float_mode, needs_float_modes
from tests.mutants import mutated

U = 2.0**-53
ABOVE_U = U * (1 + 2.0**-52)
SMALLEST, SMALLEST_NORMAL = 2.0**-1074, 2.0**-1022


class Example(NamedTuple):
    """A form as floats know it, and as it is; it is at least zero on the tile."""

    a: list[float]
    r: list[float]
    c: float
    r_c: float
    true_a: list[Fraction | float]
    true_c: Fraction | float
    p: list[Fraction | float]

    @property
    def size(self) -> int:
        return len(self.a)

    def arrays(self):
        """Two equal forms of one tile, so that sums over coordinates run one after the other."""
        values = np.array([*self.a, self.c]).reshape(1, -1, 1).repeat(2, axis=2)
        radius = np.array([*self.r, self.r_c]).reshape(1, -1, 1).repeat(2, axis=2)
        return values, radius, np.ones((1, 2), dtype=np.int8), to_floats(exact_vector(self.p, "p"))

    def distances(self, norm):
        """The bounds of these forms, by the module's function or its mutant."""
        values, radius, signs, point = self.arrays()
        return distance_bounds.distances(values, radius, signs, point, norm)

    def is_right(self) -> bool:
        """Whether truth is what floats claim to know of it."""
        pairs = zip([*self.a, self.c], [*self.r, self.r_c], [*self.true_a, self.true_c], strict=True)
        return all(abs(Fraction(t) - Fraction(v)) <= Fraction(r) for v, r, t in pairs)

    def value(self) -> Fraction:
        """The form at the point: the expression of the float filter, run over exact numbers."""
        a: Any = exact_array([[[Fraction(v)] for v in self.true_a]], (1, self.size, 1))
        c: Any = exact_array([[Fraction(self.true_c)]], (1, 1))
        p: Any = exact_array([[Fraction(v)] for v in self.p], (self.size, 1))
        return value_at(a, c, p)[0, 0]

    def is_above(self, bound: float, norm: str) -> bool:
        """Whether a bound is above the distance of the form's side from the point."""
        value = self.value()
        sizes: Any = exact_array([[[abs(Fraction(v))] for v in self.true_a]], (1, self.size, 1))
        power = 2 if norm == "l2" else 1
        size = (sizes * sizes).sum() if norm == "l2" else DUAL_NORMS[norm](sizes)[0, 0]
        return bound > 0 and (value >= 0 or Fraction(bound) ** power * size > value**power * (-1) ** power)


def spread(first, others, dim=64):
    return [first, *[others] * (dim - 1)]


# What a term guards against: (function, text, text without the term), a norm, and the example that needs it.
TERMS: dict[str, Any] = {
    "rounding of the value": (
        (value_error, "gamma(len(p) + 2)", "gamma(1)"),
        "linf",
        Example(spread(1.0, U), [0.0] * 64, -1 - 60 * U, 0.0, spread(1.0, U), -1 - 60 * U, [1] * 64),
    ),
    "the form's radius in the value": (
        (value_error, "(r * np.abs(p)).sum(axis=1)", "0"),
        "linf",
        Example([0.0], [2.0**-10], -(2.0**-12), 0.0, [2.0**-10], -(2.0**-12), [2]),
    ),
    "the constant's radius": (
        (value_error, "+ r_c", ""),
        "l1",
        Example([1.0], [0.0], -(2.0**-12), 2.0**-10, [1.0], 2.0**-11, [0]),
    ),
    "rounding of the doubt": (
        (distances, "(1.0 + rounding) * value_error", "value_error"),
        "linf",
        Example(spread(-1.0, -ABOVE_U), spread(1.0, U), 2.0**-98, 0.0, spread(0, U - ABOVE_U), 2.0**-98, [1] * 64),
    ),
    "products that underflow": (
        (distances, "p) + SMALLEST_NORMAL", "p)"),
        "linf",
        Example([2.0**-537] * 64, [0.0] * 64, -16 * SMALLEST, 0.0, [2.0**-537] * 64, -16 * SMALLEST, [2.0**-538] * 64),
    ),
    "the form's radius in the norm": (
        (distances, "np.abs(a) + r", "np.abs(a)"),
        "l1",
        Example([0.0], [2.0**-10], -1.0, 0.0, [2.0**-10], -1.0, [0]),
    ),
    "a root times a subnormal number": (
        (distances, "(np.abs(a) + r) + SMALLEST_NORMAL", "(np.abs(a) + r)"),
        "l2",
        Example([SMALLEST] * 2, [0.0] * 2, -(2.0**-1000), 0.0, [SMALLEST] * 2, -(2.0**-1000), [0, 0]),
    ),
    "rounding of the norm and the quotient": (
        (distances, "(1.0 - rounding) * ", ""),
        "linf",
        Example(spread(1.0, U), [0.0] * 64, 0.0, 0.0, spread(1.0, U), 0, spread(-1.0, -(1 + 2.0**-52))),
    ),
    "a quotient that underflows": (
        (distances, "bounds >= SMALLEST_NORMAL", "bounds > 0"),
        "l1",
        Example([2.0**100], [0.0], -0.6 * 2.0**-974, 0.0, [2.0**100], -0.6 * 2.0**-974, [0]),
    ),
    "a quotient that overflows": (
        (distances, "& np.isfinite(bounds)", ""),
        "linf",
        Example([2.0**-900], [0.0], -(2.0**900), 0.0, [2.0**-900], -(2.0**900), [0]),
    ),
}


@pytest.mark.parametrize("term", TERMS)
def test_every_term_of_the_bound_is_needed(term, monkeypatch):
    """The bound holds for the example, and would not without the term: none of them is mere caution."""
    (function, old, new), norm, example = TERMS[term]
    assert example.is_right()
    for each in NORMS:
        assert not any(example.is_above(bound, each) for bound in example.distances(each)[0])
    monkeypatch.setattr(distance_bounds, function.__name__, mutated(function, old, new))
    wrong = example.distances(norm)[0]
    assert any(not np.isfinite(bound) or example.is_above(bound, norm) for bound in wrong)


magnitudes = st.integers(-1074, 1020)
fractions = st.fractions(-1, 1, max_denominator=2**60)


@st.composite
def examples(draw):
    """Forms at all magnitudes, alone and beside one another, often nearly zero at the point."""
    dim = draw(st.integers(1, 4))
    base = draw(magnitudes)
    near = st.one_of(magnitudes, st.integers(base - 60, base + 60).map(lambda e: max(-1074, min(1020, e))))
    a = [draw(st.floats(-2, 2)) * 2.0 ** draw(near) for _ in range(dim)]
    p = [Fraction(draw(fractions)) * Fraction(2) ** draw(magnitudes) for _ in range(dim)]
    at_point = -sum(Fraction(v) * x for v, x in zip(a, p, strict=True))
    beside = at_point * (1 + draw(fractions) * Fraction(2) ** draw(st.integers(-60, 1)))
    c = draw(st.one_of(st.just(beside), st.floats(-2, 2).map(lambda v: Fraction(v) * Fraction(2) ** base)))
    c = to_floats([c])[0] if abs(c) < 2**1022 else 1.0
    sizes = st.one_of(st.just(0.0), st.floats(0, 1))
    r = [draw(sizes) * 2.0 ** draw(near) for _ in range(dim)]
    r_c = draw(sizes) * 2.0 ** draw(near)
    steps = [draw(fractions) for _ in range(dim + 1)]
    true = [Fraction(v) + s * Fraction(w) for v, s, w in zip([*a, c], steps, [*r, r_c], strict=True)]
    return Example(a, r, float(c), r_c, true[:-1], true[-1], p)


@pytest.mark.parametrize("norm", NORMS)
@settings(max_examples=300)
@given(examples())
def test_no_bound_is_above_the_distance_at_any_magnitude(norm, example):
    bound = example.distances(norm)[0, 0]
    assert np.isfinite(bound)
    assert not example.is_above(bound, norm)


@settings(max_examples=300)
@given(examples())
def test_the_value_in_floats_is_off_by_less_than_its_bound(example):
    values, radius, _, p = example.arrays()
    a, c, r, r_c = values[:, :-1], values[:, -1], radius[:, :-1], radius[:, -1]
    with np.errstate(all="ignore"):
        value, error = value_at(a, c, p[:, None])[0, 0], value_error(a, c, r, r_c, p[:, None])[0, 0]
    if np.isfinite([value, error]).all():
        slack = Fraction(error) * (1 + Fraction(3 * example.size + 16, 2**53)) + Fraction(SMALLEST_NORMAL)
        assert abs(Fraction(value) - example._replace(p=p).value()) <= slack


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("place", range(8))
def test_what_is_not_finite_says_nothing(norm, wrong, place):
    """Wherever it stands; beside it, forms say what they said."""
    values, radius, p = np.zeros((1, 3, 2)), np.zeros((1, 3, 2)), np.zeros(2)
    values[0, :, :] = [[1.0], [2.0], [-3.0]]
    known = distances(values, radius, np.ones((1, 2), np.int8), p, norm)
    assert (known > 0.9).all()
    if place < 6:
        (values if place < 3 else radius)[0, place % 3, 0] = wrong if place < 3 else abs(wrong)
    else:
        p[place - 6] = wrong
    found = distances(values, radius, np.ones((1, 2), np.int8), p, norm)
    assert found[0, 0] == 0
    assert found[0, 1] == (known[0, 1] if place < 6 else 0)


def test_a_form_without_a_sign_says_nothing():
    values, radius = np.array([[[1.0], [-3.0]]]), np.zeros((1, 2, 1))
    assert distances(values, radius, np.zeros((1, 1), np.int8), np.zeros(1), "linf") == 0


def exact_forms(source, number):
    """The forms on a tile layer by layer, then those of the target's rows: rows of d + 1 exact numbers."""
    restriction, bits = source.restriction, source.bits(number)
    outputs = Outputs(restriction.layers)
    for depth, layer in enumerate(restriction.layers):
        yield matrix_rows(layer.augmented * outputs.before(bits.before(depth)))
    *maps, _ = matrix_rows(outputs.before(bits))
    scales = [max(1, *map(abs, h.normal), abs(h.offset)) for h in restriction.target.halfspaces]
    yield [
        tuple(
            (h.offset * int(j == len(maps[0]) - 1) - sum(v * row[j] for v, row in zip(h.normal, maps, strict=True)))
            / Fraction(scale)
            for j in range(len(maps[0]))
        )
        for h, scale in zip(restriction.target.halfspaces, scales, strict=True)
    ]


@settings(max_examples=40)
@given(st.integers(0, 2**32), st.lists(st.integers(-300, 300), min_size=3, max_size=3))
def test_forms_are_known_within_their_radii(seed, exponents):
    random = np.random.default_rng(seed)
    sizes = [(4, 2), (4, 4), (1, 4)]
    weights = [
        np.round(random.normal(size=size), random.integers(1, 4)) * 2.0**e
        for size, e in zip(sizes, exponents, strict=True)
    ]
    net = pr.Network([(w, random.normal(size=len(w)) * 2.0 ** random.integers(-60, 1)) for w in weights])
    tiling = pr.preimage(net, pr.parse("y0 >= 0", dim=1), pr.Polyhedron.box([-1, -1], [1, 1]), method="twin")
    for _, source in tiling.parts:
        numbers = list(range(len(source)))
        for depth, (values, radius, _) in enumerate(forms(source, numbers, 2)):
            if not values.shape[2]:
                continue
            for number in numbers:
                rows = list(exact_forms(source, number))[depth]
                for i, j in itertools.product(range(values.shape[2]), range(3)):
                    value, known = values[number, j, i], radius[number, j, i]
                    if np.isfinite([value, known]).all():
                        assert abs(Fraction(value) - rows[i][j]) <= Fraction(known)


def test_forms_that_cancel_in_a_network():
    """At 1 the output is 2^-61, but floats find its negative: the sum 1 + 2^-60 of the second layer is 1 to them."""
    layers = [([[1], [1]], [0, 0]), ([[1, 2.0**-60], [1, 0]], [0, 0]), ([[1, -1]], [-(2.0**-61)])]
    net = pr.Network(layers)
    assert net([1]) == [Fraction(1, 2**61)]
    tiling = pr.preimage(net, pr.parse("y0 >= 0", dim=1), pr.Polyhedron.box([0], [2]))
    inside = tiling.locate([1])
    assert inside >= 0
    for norm in NORMS:
        assert lower_bounds(tiling, (Fraction(1),), norm)[inside] == 0
    (_, source), number = tiling.parts[0], tiling[inside].number
    values, radius, signs = list(forms(source, [number], 1))[3]  # of the target's row
    assert distances(values, 0 * radius, signs, np.ones(1), "linf").max() > 0.2  # the forms' radii left out


@needs_float_modes
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("norm", NORMS)
def test_where_floats_are_not_the_default_they_say_nothing(mode, norm):
    net = pr.Network([([[1, 0], [0, 1]], [0, 0]), ([[1, 1]], [0])])
    tiling = pr.preimage(net, pr.parse("y0 >= 1", dim=1), pr.Polyhedron.box([-2, -2], [2, 2]))
    point, usual = exact_vector(["-1/3", "-1/7"], "point"), tiling.nearest(["-1/3", "-1/7"], norm)
    assert lower_bounds(tiling, point, norm).any()
    with float_mode(mode), warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        assert not lower_bounds(tiling, point, norm).any()
        found = tiling.nearest(point, norm)
    assert {warning.category for warning in said} == {pr.FloatModeWarning}
    assert found.projected == len(tiling)
    assert (found.point, found.tile, found.squared_distance) == (usual.point, usual.tile, usual.squared_distance)


def test_numbers_that_no_float_is_near():
    """Points and weights beyond the range of floats: nothing is known, and exact arithmetic decides."""
    net = pr.Network([([[1, 0], [0, 1]], [0, 0]), ([[1, 1]], [0])])
    tiling = pr.preimage(net, pr.parse("y0 >= 1", dim=1))
    far = exact_vector([-(10**400), 1], "point")
    assert not lower_bounds(tiling, far, "linf").any()
    found = tiling.nearest(far, "l1")
    assert (found.point[1], found.distance) == (1, 0)
    found = tiling.nearest([-(10**400), -(10**400)])
    assert found.distance == 10**400 + Fraction(1, 2)
    huge = pr.preimage(pr.Network([([[10**400]], [-1])]), pr.parse("y0 >= 0", dim=1), method="twin")
    assert not lower_bounds(huge, (Fraction(-1),), "linf").any()
    assert huge.nearest([-1]).distance == 1 + Fraction(1, 10**400)
