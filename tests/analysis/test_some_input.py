"""Whether there is an input that reaches a target, against preimages; and that points are tried first."""

import numpy as np
import pytest
from hypothesis import given, settings

import polyrelu as pr
from polyrelu.engines.cells.engine import CellEngine
from polyrelu.polyhedra.polyhedron import Polyhedron
from tests.strategies import questions


@settings(max_examples=40, deadline=None)
@given(questions(max_inputs=3, max_neurons=6))
def test_there_is_one_unless_the_preimage_is_empty(question):
    network, target, domain = question
    found, tiling = pr.some_input(network, target, domain), pr.preimage(network, target, domain)
    assert (found is None) == (not len(tiling))
    assert found is None or (tiling.contains(found) and target.contains(network.evaluate([found])[0]))


def test_points_are_tried_before_anything_is_split(monkeypatch):
    rng = np.random.default_rng(0)
    network = pr.Network([(rng.normal(size=(40, 5)), rng.normal(size=40)), (rng.normal(size=(1, 40)), [0])])
    for name in ("run", "run_full"):
        monkeypatch.setattr(CellEngine, name, None)
    found = pr.some_input(network, "y0 >= 0", ([-1] * 5, [1] * 5))
    assert found is not None
    assert network.evaluate([found])[0][0] >= 0
    assert Polyhedron.box([-1] * 5, [1] * 5).contains(found)


def test_time_is_heard():
    rng = np.random.default_rng(0)
    layers = [(rng.normal(size=(b, a)), rng.normal(size=b)) for a, b in ((12, 60), (60, 60), (60, 1))]
    network = pr.Network(layers)
    high = float(network(rng.uniform(-1, 1, (4000, 12))).max())
    with pytest.raises(pr.Interrupted, match=r"some_input: stopped after 0\.2 seconds"):
        pr.some_input(network, f"y0 >= {3 * high}", ([-1] * 12, [1] * 12), timeout=0.2)
