"""Cubes around an input bring both ends of the distance together, and what is not decided moves none."""

import itertools
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

import polyrelu as pr
from polyrelu.analysis import nearest_bracket, nearest_input
from polyrelu.analysis.nearest_bracket import Bracket
from polyrelu.support.limits import Limit
from tests import zoo

SOON = 30.0


def bracket_of(network, targets, start, domain):
    return Bracket(network, tuple(targets), domain, tuple(map(Fraction, start)))


def seeded(seed, *widths):
    rng = np.random.default_rng(seed)
    sizes = [(after, before) for before, after in itertools.pairwise(widths)]
    return pr.Network([(rng.normal(size=size).round(2), rng.normal(size=size[0]).round(2)) for size in sizes])


@pytest.mark.parametrize("seed", range(6))
def test_both_ends_enclose_the_distance_and_come_close(seed):
    network, start = seeded(seed, 3, 6, 6, 1), (0, "1/3", "-1/2")
    targets, domain = [pr.parse("y0 >= 2", dim=1), pr.parse("y0 <= -1", dim=1)], zoo.square(3, 3)
    try:
        exact = pr.nearest_input(network, targets, start, domain).distance
    except pr.EmptySetError:
        exact = None
    found = bracket_of(network, targets, start, domain)
    found.narrow(Limit(timeout=SOON))
    if exact is None:
        assert found.high is None
        return
    assert found.low <= exact <= found.high
    assert found.high - found.low <= found.high / 64
    assert any(t.contains(network.evaluate([found.point])[0]) for t in targets)


def test_what_is_not_decided_moves_no_end(monkeypatch):
    """Cubes of more than 1/2 are too hard; those within are decided, and the last ones get more time."""
    asked = []

    def tired(network, targets, seconds, *, domain, progress):
        radius = domain.sides.high[0].value
        asked.append((radius, seconds))
        found = pr.verify(network, targets, seconds, domain=domain, progress=progress)
        return found if radius <= Fraction(1, 2) else replace(found, status="undecided", point=None)

    monkeypatch.setattr(nearest_bracket, "verify", tired)
    found = bracket_of(zoo.NETWORKS["absolute value"], [pr.parse("y0 >= 1", dim=1)], [0], pr.Polyhedron.box([-4], [4]))
    found.narrow(Limit(timeout=SOON))
    assert found.high is None
    assert Fraction(63, 128) <= found.low <= Fraction(1, 2)
    assert max(seconds for radius, seconds in asked if radius > Fraction(1, 2)) > 2 * asked[0][1]


@pytest.mark.parametrize("norm", ["linf", "l1", "l2"])
def test_a_search_that_takes_too_long_is_helped(norm, monkeypatch):
    monkeypatch.setattr(nearest_input._Run, "is_decided", lambda run, limit: False)
    network, start, domain = seeded(0, 3, 6, 6, 1), (0, 0, 0), ([-2] * 3, [2] * 3)
    target = f"y0 >= {network.evaluate([start])[0][0] + 1}"
    helped = pr.nearest_input(network, target, start, domain, norm, timeout=SOON)
    monkeypatch.undo()
    exact = pr.nearest_input(network, target, start, domain, norm)
    assert not helped.complete
    assert 0 < helped.at_least <= float(exact) <= float(helped)
    if norm == "linf":
        assert float(helped) - helped.at_least < float(helped) / 50
