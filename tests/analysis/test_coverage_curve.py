import math

import pytest

import polyrelu as pr
from tests.engines.moments import in_small_steps, random_network

BOX = ([-2, -2], [2, 2])
NET = random_network([2, 6, 6, 1])


@pytest.mark.parametrize("order", ["found", "largest"])
@pytest.mark.parametrize("target", ["y0 > 0", ["y0 > 1", "y0 < -1"]])
def test_what_is_decided_grows_to_all(order, target):
    whole = pr.preimage(NET, target, BOX)
    with in_small_steps(3):
        curve = pr.coverage_curve(NET, target, BOX, order=order)
    assert curve.complete
    assert curve.order == order
    first, *_, last = curve.moments
    assert (first.tiles, first.coverage.undecided.high, last.coverage.undecided.high) == (0, 1, 0)
    assert last.tiles == len(whole)
    assert whole.share(exact=True) in last.coverage.inside
    for before, after in zip(curve.moments, curve.moments[1:], strict=False):
        assert before.seconds <= after.seconds
        assert before.coverage.inside.low <= after.coverage.inside.high
        assert before.coverage.undecided.high >= after.coverage.undecided.low
    assert curve.seconds_until(0.0) == 0
    assert curve.seconds_until(1.5) == math.inf
    assert repr(curve).startswith(f"CoverageCurve({len(curve.moments)} moments, ")


def test_time_ends_the_curve():
    network = random_network([4, 30, 30, 1])
    curve = pr.coverage_curve(network, "y0 > 0", ([-3] * 4, [3] * 4), timeout=0.3)
    assert not curve.complete
    assert curve.moments[-1].coverage.undecided.low > 0
    assert len(list(curve.rows())) == len(curve.moments) <= 200
