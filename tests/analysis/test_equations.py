"""Points on flat preimages: they are found, they are exact, and nothing rests on the floats that lead there."""

from __future__ import annotations

import signal
import time
from contextlib import contextmanager
from fractions import Fraction
from itertools import count, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import polyrelu as pr
from polyrelu.analysis.counterexamples import Candidates
from polyrelu.analysis.equations import Equations
from polyrelu.engines.cells.engine import CellEngine
from polyrelu.networks.questions import given_targets
from polyrelu.support.limits import Limit, Stop
from tests.strategies import questions

ABS = pr.Network([([[1], [-1]], [0, 0]), ([[1, 1]], [0])])  # |x|


def network(*widths, seed=0):
    rng = np.random.default_rng(seed)
    return pr.Network([(rng.normal(size=(b, a)) / np.sqrt(a), rng.normal(size=b)) for a, b in pairwise(widths)])


QUESTIONS = {
    "one equation, 12 inputs": (network(12, 40, 40, 1), "y0 == 1/3", None),
    "two equations": (network(30, 40, 2), "y0 == 0 & y1 == 1/7", ([-3] * 30, [3] * 30)),
    "an equation and an open condition": (network(20, 40, 2), "y0 == y1 & y1 < 1/2", ([-2] * 20, [2] * 20)),
    "an image": (network(784, 50, 10), "y3 == y5", ([0] * 784, [1] * 784)),
    "some inputs are fixed": (network(9, 30, 1), "y0 == 0", ([-3] * 8 + [Fraction(1, 3)], [3] * 8 + [Fraction(1, 3)])),
    "no ends": (network(10, 20, 3), "y0 == y1 & y1 == y2", None),
}


@pytest.fixture
def without_splits(monkeypatch):
    """The cell engine fails, and nothing is split by boxes or parts either: points are tried before."""
    for name in ("run", "run_full"):
        monkeypatch.setattr(CellEngine, name, None)


@pytest.mark.parametrize("name", QUESTIONS)
@pytest.mark.usefixtures("without_splits")
def test_a_point_of_a_flat_preimage_is_found_before_anything_is_split(name, monkeypatch):
    net, text, domain = QUESTIONS[name]
    target = given_targets(text, net, "test")[0]
    found = pr.some_input(net, text, domain)
    assert found is not None
    assert target.contains(net.evaluate([found])[0])
    assert domain is None or pr.Polyhedron.box(*domain).contains(found)
    inputs = pr.Polyhedron.whole_space(net.input_dim) if domain is None else pr.Polyhedron.box(*domain)
    monkeypatch.setattr(Equations, "near", lambda *_: None)
    assert Candidates(net, inputs, target).search(2) is None  # floats alone meet no equation


@pytest.mark.usefixtures("without_splits")
def test_a_flat_domain_has_points():
    net = network(12, 40, 1)
    sides = [f"x{j} >= 0" for j in range(12)]
    domain = pr.parse(" & ".join([" + ".join(f"x{j}" for j in range(12)) + " == 1", "x0 == 2*x1", *sides]), 12, ["x"])
    middle = net.evaluate([[Fraction(2, 33), Fraction(1, 33)] + [Fraction(1, 11)] * 10])[0][0]
    for target in (f"y0 > {middle - Fraction(1, 100)}", f"y0 == {middle}"):
        found = pr.some_input(net, target, domain)
        assert found is not None
        assert domain.contains(found)


@settings(max_examples=60, deadline=None)
@given(questions(max_inputs=3, max_neurons=6), st.integers(-2, 2))
def test_a_level_of_an_output_is_found_only_if_it_is_there(question, level):
    net, _, domain = question
    text = f"y0 == {level}"
    found, tiling = pr.some_input(net, text, domain), pr.preimage(net, text, domain)
    assert (found is None) == (not len(tiling))
    assert found is None or tiling.contains(found)


def test_what_is_solved_wrongly_is_no_point(monkeypatch):
    """Whatever the last step says, the network is evaluated."""
    box, target = pr.Polyhedron.box([-1], [2]), pr.parse("y0 == 1/3", dim=1)
    assert Candidates(ABS, box, target).search(1).value == (Fraction(1, 3),)
    monkeypatch.setattr(Equations, "_solved", lambda self, point, *_: (Fraction(1, 3) + Fraction(1, 2**90),))
    assert Candidates(ABS, box, target).search(2) is None
    monkeypatch.setattr(Equations, "_solved", lambda self, point, *_: (Fraction(3),))
    assert Candidates(ABS, box, pr.parse("y0 == 3", dim=1)).search(2) is None  # it is not in the domain


def test_floats_that_fail_find_nothing(monkeypatch):
    box, target = pr.Polyhedron.box([-1], [2]), pr.parse("y0 == 1/3", dim=1)

    def fails(*_, **__):
        raise np.linalg.LinAlgError

    monkeypatch.setattr(np.linalg, "lstsq", fails)
    assert Candidates(ABS, box, target).search(1) is None
    huge = pr.Network([([[10**200]], [0]), ([[10**200]], [0])])
    assert Candidates(huge, box, target).search(1) is None


def test_equations_that_say_the_same_are_solved_once():
    net, target = network(8, 20, 2), pr.parse("y0 == 0 & 2*y0 == 0 & y0 + y1 == 1/2 & y1 == 1/2", dim=2)
    found = Candidates(net, pr.Polyhedron.box([-3] * 8, [3] * 8), target).search(1)
    assert found is not None
    assert found.value == (0, Fraction(1, 2))


def test_time_is_heard_where_no_point_is_on_an_equation():
    rng = np.random.default_rng(0)
    net = pr.Network([(rng.normal(size=(b, a)), rng.normal(size=b)) for a, b in pairwise((12, 60, 60, 1))])
    high = float(net(rng.uniform(-1, 1, (4000, 12))).max())
    with pytest.raises(pr.Interrupted, match=r"stopped after 0\.2 seconds"):
        pr.some_input(net, f"y0 == {3 * high}", ([-1] * 12, [1] * 12), timeout=0.2)


# -- stops ------------------------------------------------------------------------------------------------------------


@contextmanager
def heard():
    """When signals are heard, in CPU seconds; there is one after each twentieth, as long as Python is at work."""
    times = [time.process_time()]
    before = signal.signal(signal.SIGPROF, lambda *_: times.append(time.process_time()))
    signal.setitimer(signal.ITIMER_PROF, 0.05, 0.05)
    try:
        yield times
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


@pytest.mark.long
@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="there are no such signals")
def test_ctrl_c_is_heard_within_a_second_on_a_large_network():
    net = network(1024, 4096, 2)
    equations = Equations(net, pr.Polyhedron.box([0] * 1024, [1] * 1024), given_targets("y0 == y1", net, "test")[0])
    with heard() as times:
        assert equations.near(np.full(1024, 0.5), np.zeros(1024), np.ones(1024)) is not None
    assert len(times) > 20
    assert max(b - a for a, b in pairwise(times)) < 1


@pytest.mark.long
def test_a_limit_is_asked_while_a_large_layer_is_evaluated():
    net = network(1024, 1024, 1)
    asked = count()
    equations = Equations(net, pr.Polyhedron.box([0] * 1024, [1] * 1024), given_targets("y0 == 0", net, "test")[0])
    with Limit(until=lambda _: next(asked) >= 1).kept(), pytest.raises(Stop):
        equations.near(np.full(1024, 0.5), np.full(1024, -9.0), np.full(1024, 9.0))
