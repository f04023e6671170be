"""The kernel's bounds, run: each expression in floats, held against the same over exact numbers, at every magnitude.

What floats stand for is only known within e or r, so the exact numbers lie at the ends of what is allowed. Every term
of every bound is then left out once, and some example must notice.
"""

from fractions import Fraction
from functools import cache
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from flint import fmpq, fmpq_mat

import polyrelu as pr
from polyrelu.engines.cells.problem import _in_units, problem, with_target
from tests.engines.cells.plain_kernel import plain_kernel
from tests.extreme_networks import of_any_magnitude, plain_network, power

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")  # overflow and NaN are what is tried

SEEDS = range(250)


def fractions(values):
    return [Fraction(float(v)) for v in values]


def dot(a, b):
    return sum(x * y for x, y in zip(a, b, strict=True))


def sizes(rng, length):
    """Numbers of modulus at most 1, of like or of all magnitudes, some of which cancel or are zero."""
    kind = rng.integers(4)
    values = rng.uniform(-1, 1, length)
    if kind == 0:
        values *= 2.0 ** rng.integers(-1070, 1, length)
    if kind == 1:
        values *= 2.0 ** rng.choice([0, -537, -900, -1040])
    if kind == 2:
        values[rng.integers(length)] = 0.0
    return values


def form_within(rng, length):
    """A form as floats with s and e, and an exact one that is as far from it as e allows."""
    c = sizes(rng, length)
    c /= max(1.0, np.abs(c).sum())
    e = float(rng.choice([0.0, 2.0**-900, 2.0**-60, 2.0**-20, 2.0**-537])) * float(rng.uniform(0.5, 1))
    exact = fractions(c)
    exact[int(rng.integers(length))] += Fraction(e) * int(rng.choice([-1, 1]))
    return c, float(np.abs(c).sum()) * (1 + 2.0**-50), e, exact


def generator_within(rng, length):
    g = sizes(rng, length)
    g[rng.integers(length)] = rng.choice([-1.0, 1.0])
    r = float(rng.choice([0.0, 2.0**-52, 2.0**-30, 2.0**-8])) * float(rng.uniform(0.5, 1))
    return g, r, [v + Fraction(r) * int(rng.choice([-1, 1])) for v in fractions(g)]


# Signs


def sign_law(kernel, rng):
    dim = int(rng.integers(2, 7))
    c, s, e, exact_c = form_within(rng, dim)
    g, r, exact_g = generator_within(rng, dim)
    if rng.random() < 0.5:  # a value that nearly cancels
        j = int(np.argmax(np.abs(c)))
        rest = dot(c, g) - c[j] * g[j]
        if c[j] and abs(rest / c[j]) <= 1:
            g[j] = -rest / c[j]
            exact_g = [v + Fraction(r) * int(np.sign(w) or 1) for v, w in zip(fractions(g), c, strict=True)]
    v = kernel._value(c[None, None], 0, 0, g[None], 0)
    return abs(Fraction(v) - dot(exact_c, exact_g)) <= Fraction(kernel._bound(s, e, r, dim))


# New generators


def meeting_law(kernel, rng):
    """Where both ends have certified signs, the exact ends' values have them too, and the meeting point is within r."""
    dim = int(rng.integers(2, 6))
    c, s, e, exact_c = form_within(rng, dim)
    (up, r_up, exact_up), (down, r_down, exact_down) = generator_within(rng, dim), generator_within(rng, dim)
    if rng.random() < 0.5:  # a short edge, close to the hyperplane
        down = np.clip(up + rng.normal(size=dim) * 2.0 ** -rng.integers(5, 50), -1, 1)
        exact_down = [v + Fraction(r_down) * int(rng.choice([-1, 1])) for v in fractions(down)]
        shift = dot(c, 0.5 * up + 0.5 * down)
        j = int(np.argmax(np.abs(up)))
        c[j] -= shift / up[j]
        s, exact_c = float(np.abs(c).sum()) * (1 + 2.0**-50), fractions(c)
        exact_c[j] += Fraction(e) * int(rng.choice([-1, 1]))
    x, y = dot(exact_c, exact_up), -dot(exact_c, exact_down)
    if x < 0 and y < 0:
        up, down, r_up, r_down, exact_up, exact_down = down, up, r_down, r_up, exact_down, exact_up
        x, y = -y, -x
        x, y = dot(exact_c, exact_up), -dot(exact_c, exact_down)
    vector, radius = np.array([up, down, np.zeros(dim)]), np.array([r_up, r_down, 0.0])
    r = kernel._meet(vector, radius, np.array([*c, s, e, 0.0]), 0, 1, 2)
    assert not np.isnan(r)
    if np.isinf(r):
        return True
    if not (x > 0 and y > 0):
        return False  # the ends' signs were taken for certain
    at = x / (x + y)
    made = fractions(vector[2])
    target = [at * b + (1 - at) * a for a, b in zip(exact_up, exact_down, strict=True)]
    # Any point of the ray will do; the proof takes this one.
    a, b = (
        Fraction(kernel._value(c[None, None], 0, 0, up[None], 0)),
        -Fraction(kernel._value(c[None, None], 0, 0, down[None], 0)),
    )
    largest = max(abs(a * q + b * p) for p, q in zip(fractions(up), fractions(down), strict=True))
    scale = (a + b) / largest
    return max(abs(scale * t - m) for t, m in zip(target, made, strict=True)) <= Fraction(r)


# Solving again


def solving_law(kernel, rng):
    d = int(rng.integers(1, 5))
    dim, count = d + 1, d + int(rng.integers(0, 2))
    scratch = kernel.Scratch(
        **dict.fromkeys(
            ("above", "below", "on", "fresh", "sides", "above_tight", "below_tight", "common", "counts"), None
        ),
        order=np.zeros(64, dtype=np.int64),
        solution=np.zeros(dim),
        residuals=np.zeros(dim),
        M=np.zeros((dim, dim)),
        R=np.zeros((dim, dim)),
        T=np.zeros((64, dim)),
        rows=np.zeros((64, dim + 2)),
        chosen=np.zeros((dim, dim + 2)),
    )
    target = generator_within(rng, dim)[0] if rng.random() < 0.5 else rng.uniform(-1, 1, dim)
    target /= np.abs(target).max()
    size, exact = 2.0 ** rng.choice([0, 0, -537, -300]), list[Any]()
    while len(exact) < count:
        row = rng.normal(size=dim) * size * 2.0 ** rng.integers(-3, 1)
        j = int(np.argmax(np.abs(target)))
        row[j] -= dot(row, target) / target[j]
        row /= max(1.0, np.abs(row).sum())
        e = float(rng.choice([0.0, 2.0**-50, 2.0**-20])) * size
        scratch.rows[len(exact)] = [*row, float(np.abs(row).sum()) * (1 + 2.0**-50), e]
        off = fractions(row)
        off[int(rng.integers(dim))] += Fraction(e) * int(rng.choice([-1, 1]))
        exact.append(off)
    known = {tuple(scratch.rows[k]): row for k, row in enumerate(exact)}
    g = target + rng.normal(size=dim) * 2.0 ** -rng.integers(10, 50)
    g = np.clip(g / np.abs(g).max(), -1, 1)
    r = kernel.solve_again(g, count, scratch)
    if np.isinf(r):
        return True
    rows = [known[tuple(scratch.rows[k])] for k in range(d)]
    p = int(np.argmax(np.abs(g)))
    others = [j for j in range(dim) if j != p]
    M = fmpq_mat(d, d, [fmpq(row[j].numerator, row[j].denominator) for row in rows for j in others])
    right = fmpq_mat(d, 1, [-fmpq(row[p].numerator, row[p].denominator) for row in rows])
    solution = M.solve(right)
    exact_g = [Fraction(0)] * dim
    exact_g[p] = Fraction(1)
    for k, j in enumerate(others):
        exact_g[j] = Fraction(int(solution[k, 0].p), int(solution[k, 0].q))
    scale = Fraction(float(g[p]))  # rounded when it was divided, like all entries
    off = max(abs(scale * t - Fraction(float(v))) for t, v in zip(exact_g, g, strict=True))
    return off <= Fraction(r) + Fraction(1, 2**52)


# Forms


def forms_law(kernel, rng):
    """Forms of two layers on a sequence of cells, each changed from the one before."""
    network = plain_network(rng) if rng.random() < 0.6 else of_any_magnitude(rng)
    P = problem(network.layers, (), ())
    coords, layers = len(P.biases), len(P.coord_start) - 1
    forms, sums, errors = np.zeros((P.dim, coords)), np.zeros(coords), np.zeros(coords)
    built = kernel.Built(
        np.zeros(coords, dtype=np.bool_),
        np.full(layers, -1),
        np.full(layers, -2),
        np.zeros(layers, dtype=np.int64),
        np.zeros(coords, dtype=np.int64),
        np.zeros(coords),
    )
    signs = rng.integers(0, 2, len(P.site_layer)).astype(np.uint8)
    for _ in range(4):
        signs[rng.integers(0, max(1, len(signs)))] ^= 1
        exact = exact_forms(network, P, signs)
        for depth, (start, end) in enumerate(pairwise(P.coord_start.tolist())):
            kernel.enter_layer(P, depth, signs, forms, sums, errors, built)
            for i in range(start, end):
                off = sum(abs(c - Fraction(f)) for c, f in zip(exact[i], forms[:, i].tolist(), strict=True))
                total = sum(abs(Fraction(f)) for f in forms[:, i].tolist())
                if not (off <= Fraction(errors[i]) and total <= Fraction(sums[i]) and total <= 1 + Fraction(1, 2**20)):
                    return False
    return True


def exact_forms(network, P, signs):
    """The forms that the kernel approximates, in its units: found from the exact network and the units it chose."""
    rows, units = [], np.zeros(network.input_dim, dtype=np.int64)
    before = [[Fraction(int(i == j)) for j in range(P.dim)] for i in range(network.input_dim)]
    site = 0
    for layer in network.layers:
        own = _in_units(layer, units)[3]
        values = [
            [sum((w * c[j] for w, c in zip(row, before, strict=True)), Fraction(0)) for j in range(P.dim)]
            for row in layer.rows
        ]
        for value, offset in zip(values, layer.offsets, strict=True):
            value[-1] += offset
        rows += [[v * power(-k) for v in value] for value, k in zip(values, own, strict=True)]
        before = []
        for value, masked in zip(values, layer.relu, strict=True):
            before.append(value if not masked or signs[site] else [Fraction(0)] * P.dim)
            site += masked
        units = own
    return rows


# Boxes and reach


def room_for(kernel, coords, dim):
    """A kernel's Forms with room for bounds, and forms as columns."""
    empty = dict.fromkeys(kernel.Forms._fields)
    return kernel.Forms(
        **{
            **empty,
            "forms": np.zeros((dim, coords)),
            "sums": np.zeros(coords),
            "errors": np.zeros(coords),
            "box": np.zeros((2, coords)),
            "box_sides": np.zeros(coords, dtype=np.int8),
            "least": np.full(coords, np.nan),
            "most": np.full(coords, np.nan),
            "reach": np.zeros(coords),
        }
    )


def box_law(kernel, rng):
    """A side that the box certifies is the sign of the exact form at each exact generator."""
    dim, n, m = int(rng.integers(2, 5)), 6, int(rng.integers(1, 5))
    F, exact_forms = room_for(kernel, n, dim), []
    for i in range(n):
        c, s, e, exact = form_within(rng, dim)
        F.forms[:, i], F.sums[i], F.errors[i] = c, s, e
        exact_forms.append(exact)
    P = SimpleNamespace(dim=dim, coord_start=np.array([0, n]))
    centre, found = generator_within(rng, dim)[0], []
    for _ in range(m):
        r = float(rng.choice([0.0, 2.0**-52, 2.0**-30, 2.0**-8])) * float(rng.uniform(0.5, 1))
        g = np.clip(centre + rng.normal(size=dim) * rng.choice([0.0, 2.0 ** -rng.integers(0, 54)]), -1, 1)
        found.append((g, r, [v + Fraction(r) * int(rng.choice([-1, 1])) for v in fractions(g)]))
    if rng.random() < 0.7:  # forms that nearly vanish there
        j = int(np.argmax(np.abs(centre)))
        for i in range(n):
            F.forms[j, i] -= dot(F.forms[:, i], centre) / centre[j]
            F.forms[:, i] /= max(1.0, np.abs(F.forms[:, i]).sum())
            F.sums[i] = float(np.abs(F.forms[:, i]).sum()) * (1 + 2.0**-50)
            exact_forms[i] = fractions(F.forms[:, i])
            exact_forms[i][j] += Fraction(F.errors[i]) * int(rng.choice([-1, 1]))
    vectors, radius = np.array([g for g, _, _ in found]), np.array([r for _, r, _ in found])
    kernel.sides_of_box(P, F, 0, 0, m, vectors, radius)
    return all(
        dot(exact_forms[i], exact) * int(F.box_sides[i]) > 0
        for i in range(n)
        for _, _, exact in found
        if F.box_sides[i]
    )


def reach_law(kernel, rng):
    """The intervals that reach the target contain those of exact interval arithmetic from the exact vertices."""
    network = plain_network(rng) if rng.random() < 0.6 else of_any_magnitude(rng)
    P = problem(network.layers, (pr.Halfspace.of([1] * network.output_dim, 1),), ())
    coords, first = len(P.biases), int(P.coord_start[1])
    F, dim = room_for(kernel, coords, P.dim), P.dim
    exact_forms = []
    for i in range(first):
        c, s, e, exact = form_within(rng, dim)
        F.forms[:, i], F.sums[i], F.errors[i] = c, s, e
        exact_forms.append(exact)
    cell = [generator_within(rng, dim) for _ in range(3)]
    for g, r, exact in cell:  # vertices
        g[-1] = 0.25 + 0.75 * abs(g[-1])
        exact[-1] = Fraction(g[-1]) - Fraction(r)
    vectors, radius = np.array([g for g, _, _ in cell]), np.array([r for _, r, _ in cell])
    kernel.cannot_reach_target(P, F, 0, 0, len(cell), vectors, radius)
    if not (np.abs([F.least, F.most]) < kernel.FAR).all():
        return True  # it gave up
    values = [[dot(form, exact) / exact[-1] for _, _, exact in cell] for form in exact_forms]
    low, high = [min(v) for v in values], [max(v) for v in values]
    units = _in_units(network.layers[0], np.zeros(network.input_dim, dtype=np.int64))[3]
    for depth, layer in enumerate(with_target(network.layers, (pr.Halfspace.of([1] * network.output_dim, 1),))):
        start, end = int(P.coord_start[depth]), int(P.coord_start[depth + 1])
        if depth:
            own = _in_units(layer, units)[3]
            low, high = interval(layer, low, high, units.tolist(), own.tolist())
            units = own
        pairs = zip(F.least[start:end].tolist(), low, high, F.most[start:end].tolist(), strict=True)
        if not all(Fraction(a) <= b and c <= Fraction(d) for a, b, c, d in pairs):
            return False
        if depth < len(network.layers):
            low = [max(v, Fraction(0)) if on else v for v, on in zip(low, layer.relu, strict=True)]
            high = [max(v, Fraction(0)) if on else v for v, on in zip(high, layer.relu, strict=True)]
    return True


def interval(layer, low, high, units, own):
    lows, highs = [], []
    for row, offset, k in zip(layer.rows, layer.offsets, own, strict=True):
        terms = [(w * power(j - k) * a, w * power(j - k) * b) for w, a, b, j in zip(row, low, high, units, strict=True)]
        lows.append(sum(map(min, terms)) + offset * power(-k))
        highs.append(sum(map(max, terms)) + offset * power(-k))
    return lows, highs


LAWS = {
    "signs": sign_law,
    "meeting": meeting_law,
    "solving": solving_law,
    "forms": forms_law,
    "box": box_law,
    "reach": reach_law,
}


@cache
def as_it_is():
    return plain_kernel()


@pytest.mark.parametrize("law", LAWS)
def test_the_bound_holds(law):
    broken = [seed for seed in SEEDS if not LAWS[law](as_it_is(), np.random.default_rng(seed))]
    assert not broken


BOUND = "return (_gamma(dim) * s + e + (s + e) * r) * (1.0 + _gamma(8)) + FLOOR"
SLIDE = "slide = y * (A * steep) + x * (B * steep)"
ERROR = "error = (slide * (length + radius[up] + radius[down]) + (x * radius[down] + y * radius[up])) * share"
BOX = "bound = (reach[i] + slip * s + e + (s + e) * r) * raised + FLOOR"
WITHIN = "B = (slip * sums[c] + errors[c] + (sums[c] + errors[c]) * radius[k]) * (1.0 + _gamma(6)) + FLOOR"
RESIDUAL = "y[k] = abs(rho) + 2.0 * _gamma(dim + 1) * rows[k, dim] + 2.0 * rows[k, dim + 1] + FLOOR"
# Not here are terms that are slack beside others: both gamma_3 of a new generator and gamma_2 of one solved again (the
# errors of the values and residuals are as large already), what a vertex's value adds for dividing by t, and what an
# update of a form adds (beside gamma_{K+3} of the sum that it changes, as long as updates add no more terms than that).
SPOILT = [
    ("signs", BOUND, "return (e + (s + e) * r) + FLOOR"),
    ("signs", BOUND, "return _gamma(dim) * s + (s + e) * r + FLOOR"),
    ("signs", BOUND, "return _gamma(dim) * s + e + e * r + FLOOR"),
    ("signs", BOUND, "return _gamma(dim) * s + e + s * r + FLOOR"),
    ("signs", BOUND, "return (_gamma(dim) * s + e + (s + e) * r)"),
    ("signs", BOUND, "return (_gamma(1) * s / 2 + e + (s + e) * r) + FLOOR"),
    ("meeting", SLIDE, "slide = (y * A + x * B) * steep"),
    ("meeting", SLIDE, "slide = y * (A * steep)"),
    ("meeting", SLIDE, "slide = x * (B * steep)"),
    ("meeting", ERROR, "error = (slide * length + (x * radius[down] + y * radius[up])) * share"),
    ("meeting", ERROR, "error = (slide * (length + radius[up] + radius[down]) + x * radius[down]) * share"),
    ("meeting", ERROR, "error = (slide * (length + radius[up] + radius[down]) + y * radius[up]) * share"),
    ("solving", RESIDUAL, "y[k] = abs(rho) + 2.0 * _gamma(dim + 1) * rows[k, dim] + FLOOR"),
    ("solving", RESIDUAL, "y[k] = abs(rho) + 2.0 * rows[k, dim + 1] + FLOOR"),
    ("box", BOX, "bound = (reach[i] + e + (s + e) * r) * raised + FLOOR"),
    ("box", BOX, "bound = (reach[i] + slip * s + (s + e) * r) * raised + FLOOR"),
    ("box", BOX, "bound = (reach[i] + slip * s + e + e * r) * raised + FLOOR"),
    ("box", BOX, "bound = (slip * s + e + (s + e) * r) * raised + FLOOR"),
    ("reach", WITHIN, "B = 0.0"),
    ("reach", "own_low[i] -= slip * own_reach[i] + FLOOR", "own_low[i] -= FLOOR"),
    ("reach", "own_high[i] += slip * own_reach[i] + FLOOR", "own_high[i] += FLOOR"),
    ("reach", "own_low[i] -= slip * own_reach[i] + FLOOR", "own_low[i] -= slip * own_reach[i]"),
    ("forms", "    slip = _gamma(terms + 3)\n", "    slip = 0.0\n"),
    ("forms", "errors[a + i] = slip * abs(P.biases[a + i])", "errors[a + i] = 0.0"),
    ("forms", "own_errors[i] = own_errors[i] * raised + FLOOR", "own_errors[i] = own_errors[i] * raised"),
    ("forms", "errors[a + i] = P.weight_error[0] * sums[a + i]", "errors[a + i] = 0.0 * sums[a + i]"),
]


@pytest.mark.parametrize(("law", "old", "new"), SPOILT)
def test_every_term_of_the_bound_is_needed(law, old, new):
    """The same examples, and more of them, with a term left out: one must break the law, or the law shows nothing."""
    spoilt = plain_kernel([(old, new)])
    assert any(not LAWS[law](spoilt, np.random.default_rng(seed)) for seed in range(2500))
