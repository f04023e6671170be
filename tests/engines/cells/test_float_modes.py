"""Where floats are not IEEE 754's default, the kernel is not asked, and the answers are right."""

import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import polyrelu as pr
from polyrelu.arithmetic.exact import to_floats
from polyrelu.arithmetic.ieee import floats_are_sound, probe
from polyrelu.engines.cells import run as run_module
from tests.extreme_networks import box
from tests.float_modes import MODES, everywhere, float_mode


@pytest.mark.parametrize("mode", MODES)
@everywhere
def test_the_probe_sees_every_mode(mode, run):
    def ask():
        with float_mode(mode), pytest.warns(pr.FloatModeWarning, match="floats decide nothing"):
            return probe(), floats_are_sound()

    answers, sound = run(ask)
    assert not sound
    assert not all(answers.values())
    assert all(probe().values())
    assert floats_are_sound()


@pytest.mark.parametrize("mode", MODES)
@everywhere
@pytest.mark.parametrize("domain", [box(2, 2), None])
def test_cells_are_exact_in_every_mode(mode, run, domain):
    network = generic()
    target = pr.parse("y0 > y1", dim=network.output_dim)
    expected = pr.preimage(network, target, domain, "twin")

    def ask():
        with float_mode(mode), pytest.warns(pr.FloatModeWarning):
            return pr.preimage(network, target, domain, "cells", workers=2)

    found = run(ask)
    assert found.stats["signs_by_float"] == 0
    assert [(t.pattern, t.polyhedron) for t in found] == [(t.pattern, t.polyhedron) for t in expected]


def generic():
    rng = np.random.default_rng(0)
    return pr.Network([(rng.normal(size=(6, 2)), rng.normal(size=6)), (rng.normal(size=(3, 6)), rng.normal(size=3))])


@pytest.mark.parametrize("mode", MODES)
def test_a_worker_in_another_mode_than_the_one_who_asks(mode, monkeypatch):
    """Its thread is told in time: nothing of what floats found is used."""
    network, expected = generic(), pr.linear_regions(generic(), box(2, 2), "twin")
    advance = run_module.Run.advance

    def in_mode(run, *arguments, **options):
        with float_mode(mode):
            return advance(run, *arguments, **options)

    monkeypatch.setattr(run_module.Run, "advance", in_mode)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        found = pr.linear_regions(network, box(2, 2), "cells", workers=2)
    assert any(warning.category is pr.FloatModeWarning for warning in told)
    assert found.stats["signs_by_rational"] > 0
    assert [(t.pattern, t.polyhedron) for t in found] == [(t.pattern, t.polyhedron) for t in expected]


@pytest.mark.parametrize("mode", MODES)
def test_views_that_are_made_in_another_mode_are_the_same(mode):
    """Cached floats of a network outlive the mode in which they were first asked for."""
    rng = np.random.default_rng(1)
    numbers: list[list[str] | list[float]] = [
        [f"{p}/{q}" for p, q in zip(rng.integers(-99, 99, 3), rng.integers(1, 99, 3), strict=True)],
        [2.0**-1074] * 3,
    ]
    there, here = (pr.Layer(numbers, ["1/3", "-1/7"], True) for _ in range(2))
    with float_mode(mode):
        weight, bias = there.float_weight, there.float_bias
        exactly = there.is_float
    assert (weight == here.float_weight).all()
    assert (bias == here.float_bias).all()
    assert exactly == here.is_float
    with ThreadPoolExecutor(1) as pool:
        assert (pool.submit(to_floats, here.offsets).result() == bias).all()
