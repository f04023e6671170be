"""Limits, asked from wherever the work is."""

import itertools
import threading
import time
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

import polyrelu as pr
from polyrelu.engines.registry import METHODS
from polyrelu.support import limits
from tests.analysis.test_verify import ABS, prop

NO_TIMES = [0, -1, float("nan"), Decimal("NaN"), Decimal("sNaN"), -(10**400), "1", "soon", [], 1j]
LONG_TIMES = [None, 1e300, float("inf"), 10**400, Fraction(10**400), Decimal("1e999")]


@pytest.mark.parametrize("timeout", NO_TIMES)
def test_what_is_no_time_is_refused(timeout):
    for question in (
        lambda: pr.preimage(ABS, pr.parse("y0 > 0", dim=1), timeout=timeout),
        lambda: pr.linear_regions(ABS, timeout=timeout),
        lambda: pr.verify(ABS, prop("(>= Y_0 0)"), timeout),
    ):
        with pytest.raises(pr.InputError, match=r"the time limit is .* pass a positive number"):
            question()


@pytest.mark.parametrize("timeout", LONG_TIMES)
def test_long_times_are_no_limit(timeout):
    assert len(pr.linear_regions(ABS, timeout=timeout)) == 2
    assert pr.verify(ABS, prop("(>= Y_0 0)"), timeout).status == "violated"


def test_checks_ask_all_limits_that_are_kept():
    limits.check()
    answers = [False]
    with limits.Limit(until=lambda _: answers[0]).kept(), limits.Limit(timeout=100).kept():
        limits.check()
        answers[0] = True
        time.sleep(0.03)
        with limits.unlimited():
            limits.check()
        with pytest.raises(limits.Stop):
            limits.check()
    limits.check()


def test_limits_are_those_of_a_thread():
    heard = []

    def other():
        limits.check()
        heard.append("nothing")

    with limits.Limit(until=lambda _: True).kept():
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    assert heard == ["nothing"]


def large(widths=(6, 24, 24, 2), seed=0):
    rng = np.random.default_rng(seed)
    return pr.Network(
        [(rng.normal(size=(b, a)).tolist(), rng.normal(size=b).tolist()) for a, b in itertools.pairwise(widths)]
    )


@pytest.mark.long
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("target", ["y0 > y1", "y0 == y1"])
def test_every_method_stops_in_time(method, target):
    network, box = large(), pr.Polyhedron.box([-9] * 6, [9] * 6)
    began = time.monotonic()
    with pytest.raises(pr.Interrupted, match=r"stopped after 0\.5 seconds with \d+ tiles") as stopped:
        pr.preimage(network, pr.parse(target, dim=2), box, method, timeout=0.5, limit=2**40)
    assert time.monotonic() - began < 10  # a second on an idle machine
    partial = stopped.value.partial
    assert not partial.complete
    for tile in partial[:3]:
        assert partial.targets[0].contains(network.evaluate([tile.point()])[0])


@pytest.mark.long
def test_starts_with_many_rows_stop_in_time():
    rng = np.random.default_rng(0)
    domain = pr.Polyhedron(np.rint(1000 * rng.normal(size=(70, 7))), [1000] * 70)
    for method in ("cells", "twin"):
        began = time.monotonic()
        with pytest.raises(pr.Interrupted):
            pr.linear_regions(large((7, 3, 1)), domain, method, timeout=0.5)
        assert time.monotonic() - began < 10
    began = time.monotonic()
    rows = "".join(
        "(assert (<= (+ " + " ".join(f"(* {a} X_{i})" for i, a in enumerate(row)) + ") 1000.0))"
        for row in np.rint(1000 * rng.normal(size=(70, 7))).astype(int).tolist()
    )
    rows = rows.replace("(* -", "(* -")
    names = "".join(f"(declare-const X_{i} Real)" for i in range(7)) + "(declare-const Y_0 Real)"
    from polyrelu.formats.vnnlib import parse_property

    asked = parse_property(names + rows + "(assert (>= Y_0 0))")
    assert pr.verify(large((7, 3, 1)), asked, timeout=0.5).status == "undecided"
    assert time.monotonic() - began < 10
