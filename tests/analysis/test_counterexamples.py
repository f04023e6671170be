from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings

import polyrelu as pr
from polyrelu.analysis.counterexamples import Candidates, Example
from tests.mutants import mutated
from tests.strategies import questions

ABS = pr.Network([([[1], [-1]], [0, 0]), ([[1, 1]], [0])])  # |x|


@settings(max_examples=60)
@given(questions(max_neurons=5))
def test_what_is_found_is_a_counterexample(question):
    network, target, domain = question
    where = pr.Polyhedron.whole_space(network.input_dim) if domain is None else domain
    if where.is_empty():
        return
    found = Candidates(network, where, target).search(1)
    if found is not None:
        assert where.contains(found.point)
        assert found.value == network.evaluate([found.point])[0]
        assert target.contains(found.value)


def test_floats_that_lie_find_nothing(monkeypatch):
    """Points that only seem to break a target are evaluated, and forgotten."""
    monkeypatch.setattr(Candidates, "_margins", lambda self, values: (np.ones(len(values)), np.zeros(len(values), int)))
    box = pr.Polyhedron.box([-1], [1])
    assert Candidates(ABS, box, pr.parse("y0 < 0", dim=1)).search(2) is None
    believing = mutated(Candidates._exactly, " if self.target.contains(value) else None", "")
    monkeypatch.setattr(Candidates, "_exactly", believing)
    assert Candidates(ABS, box, pr.parse("y0 < 0", dim=1)).search(2) is not None


def test_the_same_question_has_the_same_answer():
    box = pr.Polyhedron.box([-1, -1], [1, 1])
    net = pr.Network([([[1, 2], [-1, 1]], [0, 0]), ([[1, 1]], [0])])
    first, second = (Candidates(net, box, pr.parse("y0 > 3/2", dim=1)).search(1) for _ in range(2))
    assert isinstance(first, Example)
    assert first == second


def narrow(dim):
    """A target that only a small part of the cube is mapped into: all inputs near 3/4."""
    rows = [[sign * int(i == j) for j in range(dim)] for sign in (1, -1) for i in range(dim)]
    offsets = [Fraction(-3, 4)] * dim + [Fraction(3, 4)] * dim
    return pr.Network([(rows, offsets), (np.ones((1, 2 * dim), dtype=int), [0])])  # the distance to there


@pytest.mark.parametrize("dim", [3, 5])
def test_descendants_find_what_samples_miss(dim, monkeypatch):
    box, target = pr.Polyhedron.box([-1] * dim, [1] * dim), pr.parse("y0 < 1/20", dim=1)
    assert Candidates(narrow(dim), box, target).search(0) is None
    assert Candidates(narrow(dim), box, target).search(2) is not None
    for way in ("_climb", "_evolve"):
        monkeypatch.setattr(Candidates, way, lambda *_: None)
    assert Candidates(narrow(dim), box, target).search(2) is None


def test_gradients_find_corners_of_many_inputs(monkeypatch):
    dim = 200
    net = pr.Network([([[(-1) ** i for i in range(dim)]], [0])], relu=[True])
    box, target = pr.Polyhedron.box([-1] * dim, [1] * dim), pr.parse(f"y0 >= {dim} - 1/1000", dim=1)
    assert Candidates(net, box, target).search(1) is not None
    monkeypatch.setattr(Candidates, "_climb", lambda *_: None)
    assert Candidates(net, box, target).search(1) is None


def test_constant_inputs_stay_what_they_are():
    """One third is no float."""
    net = pr.Network([([[1, 1]], [0])])
    domain = pr.Polyhedron.box([Fraction(1, 3), 0], [Fraction(1, 3), 1])
    found = Candidates(net, domain, pr.parse("y0 > 1", dim=1)).search(1)
    assert found.point[0] == Fraction(1, 3)


def test_domains_without_end_and_numbers_without_floats():
    for domain in (pr.Polyhedron.whole_space(1), pr.Polyhedron([[-1]], [-(10**6)]), pr.Polyhedron([[1]], [10**400])):
        found = Candidates(ABS, domain, pr.parse("y0 > 1/2", dim=1)).search(1)
        assert found is None or domain.contains(found.point)
    assert Candidates(ABS, pr.Polyhedron.whole_space(1), pr.parse("y0 > 1/2", dim=1)).search(0) is not None
    far = pr.Polyhedron.box([10**400], [10**401])
    assert Candidates(ABS, far, pr.parse("y0 > 1/2", dim=1)).search(1) is None
    huge = pr.Network([([[10**400]], [0])])
    found = Candidates(huge, pr.Polyhedron.box([-1], [1]), pr.parse("y0 < -1", dim=1)).search(1)
    assert found is None or found.value[0] == 10**400 * found.point[0]
    nothing = replace(Candidates(ABS, pr.Polyhedron.box([0], [1]), pr.Polyhedron.whole_space(1)))
    assert nothing.search(1) is not None


LINE = pr.Network([([[2] * 9 + [1]], [0])], relu=[False])
WIDE = ([-9] * 10, [9] * 10)


@pytest.mark.parametrize(("norm", "distance"), [("linf", 1 / 19), ("l1", 1 / 2), ("l2", 37**-0.5)])
def test_a_step_on_a_linear_way_is_the_shortest(norm, distance):
    candidates = Candidates(LINE, pr.Polyhedron.box(*WIDE), pr.parse("y0 >= 1", dim=1))
    found = candidates.by_steps(np.zeros(10), norm)
    moved = np.array([float(v) for v in found.point])
    order = {"linf": np.inf, "l1": 1, "l2": 2}[norm]
    assert distance <= np.linalg.norm(moved, order) <= distance * 1.01


def test_steps_go_on_where_an_end_or_a_neuron_stops_one():
    bent = pr.Network([([[1, 0], [0, 1]], [0, -1]), ([[1, 3]], [0])])  # the second is silent at first
    target = pr.parse("y0 >= 4", dim=1)
    found = Candidates(bent, pr.Polyhedron.box([0, 0], [2, 9]), target).by_steps(np.array([0.0, 1.25]), "linf")
    assert found is not None
    assert found.point[0] <= 2
    assert found.value[0] >= 4


def test_steps_end_where_nothing_rises():
    flat = pr.Network([([[1]], [-5]), ([[1]], [0])])
    target = pr.parse("y0 >= 1", dim=1)
    assert Candidates(flat, pr.Polyhedron.box([0], [9]), target).by_steps(np.zeros(1), "l2") is None
