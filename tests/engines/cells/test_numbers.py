"""What all of the kernel shares: blocks of memory that are kept for the next run, and arithmetic on the grid."""

from __future__ import annotations

import math
from collections import defaultdict
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from tests.engines.cells.harness.harness import built, shared_folder
from tests.engines.cells.proofs.grid import expected

KEPT = 6
"""Blocks of each size."""


@pytest.fixture(scope="session")
def harness(tmp_path_factory):
    return built("numbers", shared_folder(tmp_path_factory))


def steps_of(rng, sizes):
    """Bytes to take, or minus the number of a step whose block is given back."""
    steps, held = [1 << 12], [0]
    for _ in range(120):
        if held[1:] and rng.random() < 0.5:
            steps.append(-held.pop(int(rng.integers(1, len(held)))))
        else:
            held.append(len(steps))
            steps.append(1 << int(rng.choice(sizes)))
    return [*steps, *(-k for k in held[1:])]


@pytest.mark.parametrize("sizes", [(12,), (11, 12, 13), (7, 20, 22), (21, 22, 23)])
def test_blocks_are_kept_for_the_next_and_are_nobody_elses_meanwhile(harness, sizes):
    """A few of each size from 2^12 to 2^22, the one that came last first."""
    rng = np.random.default_rng(sum(sizes))
    steps = np.array(steps_of(rng, sizes), dtype=np.int64)
    addresses, given, returned = (np.zeros(len(steps), dtype=np.int64) for _ in range(3))
    harness.call("blocks", len(steps), steps, addresses, given, returned)
    shelves, in_use, system, back = defaultdict[Any, list[Any]](list), set[Any](), 0, 0
    for k, step in enumerate(steps.tolist()):
        own = int(addresses[k])
        if step > 0:
            assert own % 128 == 0
            assert own not in in_use
            if shelves[step]:
                assert own == shelves[step].pop()
            else:
                system += 1
            in_use.add(own)
        else:
            in_use.remove(own)
            size = int(steps[-step])
            if 1 << 12 <= size <= 1 << 22 and len(shelves[size]) < KEPT:
                shelves[size].append(own)
            else:
                back += 1
        assert (given[k], returned[k]) == (system, back)


@pytest.mark.parametrize(
    "lengths", [[1, 1, 16, 16, 17, 3, 40], [0, 500, 512, 512, 513, 4000, 70_000], [1 << 15, 1 << 15]]
)
def test_arrays_keep_what_is_in_them_and_give_back_what_held_it(harness, lengths):
    """But for the few blocks of each size that the next has."""
    keep, stay, missing = np.zeros(1, dtype=np.uint8), np.zeros(1, dtype=np.uint8), np.zeros(1, dtype=np.int64)
    for _ in range(2):
        harness.call("grown", 40, len(lengths), np.array(lengths), keep, stay, missing)
        assert (keep[0], stay[0]) == (1, 1)
    assert missing[0] == 0


def test_more_places_than_there_can_be_are_refused(harness):
    """Also where their bytes cannot be counted."""
    lengths = np.array(
        [1 << 58, 1 << 59, (1 << 60) + 1, (1 << 61) - 1, 1 << 61, (1 << 61) + 1, 1 << 63, (1 << 64) - 1],
        dtype=np.uint64,
    )
    are, same = np.zeros((2, len(lengths)), dtype=np.uint8)
    harness.call("refused", len(lengths), lengths, are, same)
    assert are.all()
    assert same.all()


def test_what_is_finite(harness):
    values = np.array([0.0, -1.0, 1e308, -1e308, math.inf, -math.inf, math.nan])
    are = np.zeros(len(values), dtype=np.uint8)
    harness.call("are_finite", len(values), values, are)
    assert are.tolist() == [1, 1, 1, 1, 0, 0, 0]


def test_gammas_are_the_nearest_floats(harness):
    gammas = np.zeros(300)
    harness.call("gammas", len(gammas), gammas)
    exact = [Fraction(k, 2**53) / (1 - Fraction(k, 2**53)) for k in range(len(gammas))]
    assert gammas.tolist() == list(map(float, exact))


def test_what_is_on_the_grid(harness):
    """Multiples of 2^-53 of modulus at most 1, whatever comes after the last entry."""
    step = 2.0**-53
    inside = [0.0, step, -step, 1.0, -1.0, 1 - step, 0.5 + 2 * step]
    outside = [step / 2, 0.25 + step / 2, 1 + 2 * step, -1 - 2 * step, 2.0, math.inf, -math.inf, math.nan, 1e300]
    rows, right = [], []
    for dim in (1, 3):
        rows.append([np.array([*own, 0.3 * step]) for v in (*inside, *outside) for own in placed(v, dim)])
        right.append([v in inside for v in (*inside, *outside) for _ in range(dim)])
    for dim, own, are in zip((1, 3), rows, right, strict=True):
        found = np.zeros(len(own), dtype=np.uint8)
        harness.call("are_on_grid", len(own), dim, np.array(own), found)
        assert found.astype(bool).tolist() == are


def placed(v, dim):
    """A number at each place of a vector."""
    return [[v if j == k else 0.5 for j in range(dim)] for k in range(dim)]


def words(numbers):
    return np.array([[v & 2**64 - 1, v >> 64] for v in numbers], dtype=np.uint64)


def test_common_divisors_of_long_numbers(harness):
    factors = (1, 2, 3, 5 << 61, 7 << 64, 9 << 63, (1 << 64) - 1, 1 << 64, (1 << 64) + 1, 3 << 66, (1 << 106) + 2, 15)
    pairs = [(a, b) for a in (0, *factors) for b in (0, *factors) if a or b]
    a, b = (words(own) for own in zip(*pairs, strict=True))
    common, low, length = np.zeros_like(a), np.zeros(len(a), dtype=np.int64), np.zeros(len(a), dtype=np.int64)
    harness.call("divisors", len(pairs), a, b, common, low, length)
    assert [int(x) | int(y) << 64 for x, y in common.tolist()] == [math.gcd(*pair) for pair in pairs]
    assert length.tolist() == [x.bit_length() for x, _ in pairs]
    assert low.tolist() == [(x & -x).bit_length() - 1 for x, _ in pairs]


SIZES = (1, 2, 3, 1 << 26, 1 << 52, (1 << 53) - 1, 1 << 53, (1 << 53) - 111)


def test_edges_meet_a_form_where_they_do_in_integers(harness):
    """At the ends of all ranges: the least values, values of 63 bits and more, results of 53 bits and more."""
    kinds = set()
    for a in SIZES:
        for b in SIZES:
            for form in ([a, 0, 0], [a, b, 0], [a, -b, 1], [b, 1, -a]):
                for up, down in (([a, 0, b], [-b, 1, 0]), ([1, b, 0], [-1, a, a]), ([b, -a, 1], [0, b, -a])):
                    rows = [np.array([*map(float, own), 2.0**52]) / 2.0**53 for own in (form, up, down)]
                    made, how = np.zeros(4), np.zeros(1, dtype=np.int64)
                    harness.call("met", 3, *rows, made, how)
                    kind, right = expected(form, up, down)
                    assert how[0] == kind
                    assert not right or made.tolist() == [*right, 0.0]
                    kinds.add(kind)
    assert kinds == {0, 1, 2}
