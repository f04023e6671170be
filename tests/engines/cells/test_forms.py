"""The forms of a layer: when they are computed anew, how far they may be off, and what boxes tell of their signs."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

from tests.engines.cells.harness.harness import built, shared_folder

OFF, ON, UNDECIDED = 0, 1, 2
DIM, LAYERS, CELLS = 3, 3, 16
U = Fraction(1, 2**53)


@pytest.fixture(scope="session")
def harness(tmp_path_factory):
    library, runs = built("forms", shared_folder(tmp_path_factory)), np.zeros(1, dtype=np.int64)
    library.call("runs", runs)
    if not runs[0]:
        pytest.skip("is compiled for AVX2")
    return library


def gamma(k):
    return k * U / (1 - k * U)


class Memory:
    """The forms of all layers, exactly, with their e; and what they were computed from."""

    def __init__(self, width):
        self.width = width
        self.rows = [[[Fraction(0)] * DIM for _ in range(width)] for _ in range(LAYERS)]
        self.errors = [[Fraction(0)] * width for _ in range(LAYERS)]
        self.active = [set[int]() for _ in range(LAYERS)]
        self.steps, self.version, self.seen = [0] * LAYERS, [0] * LAYERS, [-1] * LAYERS

    def sum(self, layer, k):
        return sum(map(abs, self.rows[layer][k]), Fraction(0))

    def enter_first(self, weights, biases):
        self.rows[0] = [[*weights[:, i], biases[i]] for i in range(self.width)]
        self.errors[0] = [U * self.sum(0, i) for i in range(self.width)]

    def enter(self, layer, weights, biases, active):
        """A sum of more than twice as many terms as it has is none that is worth going on with."""
        changed = sorted(active ^ self.active[layer])
        anew = self.seen[layer] != self.version[layer - 1] or len(changed) > len(active)
        anew = anew or self.steps[layer] + len(changed) > 2 * len(active)
        self.seen[layer] = self.version[layer - 1]
        self.steps[layer] = 0 if anew else self.steps[layer] + len(changed)
        self.active[layer] = active
        terms = sorted(active) if anew else changed
        if not terms and not anew:
            return
        self.version[layer] += 1
        slip = gamma(len(terms) + 3)
        for i in range(self.width):
            row, error = self.rows[layer][i], self.errors[layer][i] + slip * self.sum(layer, i)
            if anew:
                row, error = [*[Fraction(0)] * (DIM - 1), biases[i]], slip * abs(biases[i])
            for k in terms:
                w = weights[k, i] if k in active else -weights[k, i]
                row = [c + w * before for c, before in zip(row, self.rows[layer - 1][k], strict=True)]
                error += abs(w) * (self.errors[layer - 1][k] * (1 + gamma(1)) + slip * self.sum(layer - 1, k))
            self.rows[layer][i], self.errors[layer][i] = row, error if terms else Fraction(0)


def signs_of_cells(rng, sites, width):
    """Each is a little different from the one before, in one layer or two; now and then in many places."""
    signs = [rng.integers(0, 2, sites)]
    for _ in range(CELLS - 1):
        now = signs[-1].copy()
        first = 0 if rng.random() < 0.2 else min(width, sites - 1)
        now[rng.integers(first, sites, int(rng.choice([0, 1, 1, 2, width])))] ^= 1
        signs.append(now)
    return np.array(signs, dtype=np.uint8)


@pytest.mark.parametrize("width", [1, 3, 8, 9, 17])
@pytest.mark.parametrize("sited", ["all", "some", "others first", "one layer others first"])
def test_forms_are_changed_or_computed_anew(harness, width, sited):
    """Weights are others at each cell, so that each term shows when it was added; sums of theirs are floats."""
    rng = np.random.default_rng(width)
    coords = width * LAYERS
    relu, site_of = np.ones(coords, dtype=np.uint8), np.arange(coords, dtype=np.int32)
    if sited == "some":
        relu = rng.integers(0, 2, coords).astype(np.uint8)
        site_of = np.where(relu, np.cumsum(relu) - 1, -1).astype(np.int32)
    if sited == "others first":
        site_of = site_of[::-1].copy()
    if sited == "one layer others first":
        site_of[:width] = site_of[:width][::-1].copy()
    sites = max(1, int(site_of.max()) + 1)
    signs = signs_of_cells(rng, sites, width)
    sizes = [(DIM - 1, width), *[(width, width)] * (LAYERS - 1)]
    starts = np.cumsum([0, *(a * b for a, b in sizes)])
    weights = rng.integers(-9, 10, (CELLS, starts[-1])) / 2.0**12
    biases = rng.integers(-9, 10, (CELLS, coords)) / 2.0**12
    rows = np.zeros((CELLS, coords, DIM + 2))
    errors, on_grid = np.array([float(U), 0.0, 0.0]), np.array([0, 0, width == 9], dtype=np.uint8)
    given = errors, relu, site_of, on_grid, CELLS, sites, weights, biases, signs
    harness.call("entered", DIM, LAYERS, width, *given, rows)
    memory, exactly = Memory(width), np.vectorize(Fraction, otypes=[object])
    for cell in range(CELLS):
        own = [exactly(weights[cell, a:b]).reshape(size) for (a, b), size in zip(pairwise(starts), sizes, strict=True)]
        bias = exactly(biases[cell]).reshape(LAYERS, width)
        if cell == 0:
            memory.enter_first(own[0], bias[0])
        for layer in range(1, LAYERS):
            before = range((layer - 1) * width, layer * width)
            is_active = [not relu[c] or signs[cell, site_of[c]] == ON for c in before]
            memory.enter(layer, own[layer], bias[layer], {k for k in range(width) if is_active[k]})
        for c, row in enumerate(rows[cell].tolist()):
            layer, i = divmod(c, width)
            assert [*map(Fraction, row[:DIM])] == memory.rows[layer][i]
            s, e = Fraction(row[DIM]), Fraction(row[DIM + 1])
            assert memory.sum(layer, i) <= s <= memory.sum(layer, i) * (1 + 20 * U)
            least = Fraction(0) if on_grid[layer] else memory.errors[layer][i]
            assert least <= e <= least * (1 + 200 * U) + Fraction(1, 2**800)


@pytest.mark.parametrize("layer", range(LAYERS))
def test_forms_do_not_depend_on_the_numbers_of_sites(harness, layer):
    """Of one layer they are the other way round, which is told of each layer by itself."""
    rng, width, cells = np.random.default_rng(layer), 8, 3
    coords = sites = width * LAYERS
    weights = rng.integers(-9, 10, (cells, (DIM - 1) * width + (LAYERS - 1) * width * width)) / 2.0**12
    biases, signs = rng.normal(size=(cells, coords)), rng.integers(0, 2, (cells, sites)).astype(np.uint8)
    in_turn, other = np.arange(coords, dtype=np.int32), np.arange(coords, dtype=np.int32)
    other[layer * width : (layer + 1) * width] = in_turn[layer * width : (layer + 1) * width][::-1]
    found = []
    for site_of in (in_turn, other):
        rows, own = np.zeros((cells, coords, DIM + 2)), np.ascontiguousarray(signs[:, site_of])
        given = np.zeros(LAYERS), np.ones(coords, dtype=np.uint8), site_of, np.zeros(LAYERS, dtype=np.uint8)
        harness.call("entered", DIM, LAYERS, width, *given, cells, sites, weights, biases, own, rows)
        found.append(rows)
    assert np.array_equal(found[0], found[1])


@pytest.mark.parametrize("width", [1, 7, 8, 9, 17, 24])
@pytest.mark.parametrize("sited", ["all", "some", "others first"])
def test_a_box_tells_the_signs_that_are_open(harness, width, sited):
    for seed in range(4):
        rng = np.random.default_rng(seed)
        relu, site_of = np.ones(width, dtype=np.uint8), np.arange(width, dtype=np.int32)
        if sited == "some":
            relu = rng.integers(0, 2, width).astype(np.uint8)
            site_of = np.where(relu, np.cumsum(relu) - 1, -1).astype(np.int32)
        if sited == "others first":
            site_of = site_of[::-1].copy()
        weights, biases = rng.normal(size=(2, width)) / 8, rng.normal(size=width) / 8
        low, high = np.array([-0.5, 0.25, 0.5]), np.array([0.75, 0.5, 1.0])
        before = np.full(width + 8, 7, dtype=np.uint8)  # what is behind the signs stays as it is
        known = rng.random(width) < (0.3 if seed % 2 else 0.0)
        before[:width] = np.where(known, rng.integers(0, 2, width), UNDECIDED)
        signs = before.copy()
        open_, counts, middle, bound = told_by_box(
            harness, weights, biases, low, high, 2.0**-20, signs, relu=relu, site_of=site_of
        )
        expected, left, told = before.copy(), [], 0
        for i, site in enumerate(site_of.tolist()):
            values = [sum(map(np.prod, zip((*weights[:, i], biases[i]), g, strict=True))) for g in corners(low, high)]
            assert middle[i] - bound[i] < min(values) <= max(values) < middle[i] + bound[i]
            assert bound[i] < (max(values) - min(values)) / 2 + 2.0**-19
            if site < 0 or before[site] != UNDECIDED:
                continue
            expected[site] = ON if middle[i] > bound[i] else OFF if -middle[i] > bound[i] else UNDECIDED
            if expected[site] == UNDECIDED:
                left.append(i)
            else:
                told += 1
        assert signs.tolist() == expected.tolist()
        assert counts == [len(left), told]
        assert open_ == left


def told_by_box(harness, weights, biases, low, high, r, signs, error=0.0, relu=None, site_of=None):
    """Which coordinates are left open, how many these are and how many signs were told, values and bounds.

    Weights are an array (inputs, width), which may be off by ``error`` of their sum; signs are written.
    """
    dim, width = len(low), len(biases)
    relu = np.ones(width, dtype=np.uint8) if relu is None else relu
    site_of = np.arange(width, dtype=np.int32) if site_of is None else site_of
    open_, counts = np.full(width, -1, dtype=np.int32), np.zeros(2, dtype=np.int64)
    middle, bound = np.zeros(width), np.zeros(width)
    box = np.array(low, dtype=np.float64), np.array(high, dtype=np.float64)
    arrays = relu, site_of, np.array(weights, dtype=np.float64), np.array(biases, dtype=np.float64), *box
    harness.call("told", dim, width, error, *arrays, r, signs, open_, counts, middle, bound)
    return open_[: counts[0]].tolist(), counts.tolist(), middle, bound


def test_a_sign_that_is_known_stays_as_it_is(harness):
    """Wherever it is among signs that are open: here it is the opposite of what a box tells."""
    width = 24
    for k in range(width):
        signs = np.full(width, UNDECIDED, dtype=np.uint8)
        signs[k] = OFF
        open_, counts, _, _ = told_by_box(harness, np.ones((1, width)), np.ones(width), [0, 1], [0, 1], 0.0, signs)
        assert (open_, counts) == ([], [0, width - 1])
        assert signs.tolist() == [ON] * k + [OFF] + [ON] * (width - k - 1)


@pytest.mark.parametrize("width", [1, 9])
@pytest.mark.parametrize("sign", [1, -1])
def test_infinite_values_tell_no_sign(harness, width, sign):
    huge, signs = np.full((2, width), sign * 1e308), np.full(width, UNDECIDED, dtype=np.uint8)
    _, _, middle, bound = told_by_box(harness, huge, huge[0], [1, 1, 1], [1, 1, 1], 0.25, signs, error=0.25)
    assert np.isinf([middle, bound]).all()
    assert (signs == UNDECIDED).all()


def test_the_middle_of_a_box_may_be_at_its_end(harness):
    """Between two floats that are neighbours there is none; nor does the product with the weight round as it should."""
    weight, low = -0.5211476345774354, 0.9903042542341595
    high, signs = float(np.nextafter(low, 1)), np.full(1, UNDECIDED, dtype=np.uint8)
    _, _, middle, bound = told_by_box(harness, np.zeros((0, 1)), [weight], [low], [high], 0.0, signs)
    assert middle[0] in (weight * low, weight * high)
    for end in (low, high):
        assert abs(Fraction(weight) * Fraction(end) - Fraction(middle[0])) <= Fraction(bound[0])


def test_products_that_are_lost_count(harness):
    """Three products below the least float: what becomes of one of them is all that is seen."""
    signs = np.full(1, UNDECIDED, dtype=np.uint8)
    place, least = [0.625, 0.375, 0.375], 2.0**-1074
    told_by_box(harness, [[least], [-least]], [-least], place, place, 0.0, signs)
    assert signs.tolist() == [UNDECIDED]


def test_generators_far_from_what_they_seem_count_the_more_the_less_is_known_of_a_form(harness):
    """|c . g - c^ . z| <= |c^| . h + e + (s + e) r, and is not far below."""
    signs, r = np.full(1, UNDECIDED, dtype=np.uint8), 0.25
    for error in (0.0, 0.5, 2.0):
        _, _, _, bound = told_by_box(harness, [[0.5]], [0.25], [0.5, 1], [0.5, 1], r, signs, error)
        s, e = 0.75, 0.75 * error
        assert e + (s + e) * r <= bound[0] <= (e + (s + e) * r) * (1 + 2.0**-40) + 2.0**-40


def corners(low, high):
    return [[(low, high)[k >> j & 1][j] for j in range(len(low))] for k in range(1 << len(low))]


def test_eight_signs_are_those_of_each(harness):
    special = [2.0, -2.0, 1.0, -1.0, 0.0, -0.0, 0.5, np.inf, -np.inf, np.nan]
    rng = np.random.default_rng(0)
    v = rng.choice(special, 8 * 100)
    h = np.abs(rng.choice(special, 8 * 100))
    signs = np.zeros(100, dtype=np.uint64)
    harness.call("eight", 100, v, h, signs)
    found = signs.view(np.uint8).tolist()
    assert found == np.where(v > h, ON, np.where(-v > h, OFF, UNDECIDED)).tolist()


def test_bits_of_a_mask_are_packed(harness):
    rng = np.random.default_rng(0)
    x, masks = (rng.integers(0, 2**64, 50, dtype=np.uint64) for _ in range(2))
    masks[:3] = [0, 2**64 - 1, 1 << 63]
    bits = np.zeros(50, dtype=np.uint64)
    harness.call("packed", 50, x, masks, bits)
    for own, mask, found in zip(x.tolist(), masks.tolist(), bits.tolist(), strict=True):
        places = [k for k in range(64) if mask >> k & 1]
        assert found == sum((own >> place & 1) << k for k, place in enumerate(places))
