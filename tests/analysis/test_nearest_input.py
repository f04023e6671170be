"""The nearest input against the nearest tile of all, on networks of every kind, with floats that lie, and in time."""

import itertools
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import polyrelu as pr
from polyrelu.analysis import best_first, descent
from polyrelu.analysis.nearest import NORMS
from polyrelu.analysis.nearest_input import NearestInput
from polyrelu.analysis.programs import Proposal
from polyrelu.analysis.proof_trees import WrongProof
from polyrelu.networks.layer import Layer
from tests import zoo
from tests.strategies import points, questions, wide_networks

ABSOLUTE = zoo.NETWORKS["absolute value"]
SIZES = {"max_inputs": 3, "max_width": 3, "max_depth": 2, "max_neurons": 5}
SLOW = [HealthCheck.too_slow, HealthCheck.filter_too_much]


def seeded(seed, *widths):
    rng = np.random.default_rng(seed)
    sizes = [(after, before) for before, after in itertools.pairwise(widths)]
    return pr.Network([(rng.integers(-4, 5, size) / 4, rng.integers(-4, 5, size[0]) / 4) for size in sizes])


def same_as_tiles(network, target, point, domain, norm, method="cells"):
    """The nearest input is the nearest point of the preimage, and its proof is one."""
    tiling = pr.preimage(network, target, domain, method)
    if not len(tiling):
        with pytest.raises(pr.EmptySetError, match="no input of the domain reaches the target"):
            pr.nearest_input(network, target, point, domain, norm)
        return
    expected = tiling.nearest(point, norm)
    found = pr.nearest_input(network, target, point, domain, norm)
    assert found.complete
    assert (found.squared_distance, found.attained) == (expected.squared_distance, expected.attained)
    assert found.value == network.evaluate([found.point])[0]
    assert found.at_least <= float(found)
    if found.attained:
        assert tiling.contains(found.point)
        assert tiling.targets[found.target_index].contains(found.value)
    found.check()


@settings(max_examples=30, suppress_health_check=SLOW)
@given(questions(**SIZES), st.data())
def test_against_all_tiles(drawn, data):
    network, target, domain = drawn
    point = data.draw(points(network.input_dim))
    same_as_tiles(network, target, point, domain, data.draw(st.sampled_from(NORMS)))


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("name", [name for name, one in zoo.QUESTIONS.items() if one.targets is not None])
def test_the_zoo(name, norm):
    question = zoo.QUESTIONS[name]
    point = [Fraction(1, 3)] * question.network.input_dim
    same_as_tiles(question.network, question.targets, point, question.domain, norm, "auto")


@settings(max_examples=8, suppress_health_check=SLOW)
@given(wide_networks(max_inputs=2, max_depth=2), st.sampled_from(NORMS))
def test_at_all_magnitudes(network, norm):
    target = pr.Polyhedron([[-1] + [0] * (network.output_dim - 1)], [-1])
    domain = pr.Polyhedron.box([-1] * network.input_dim, [1] * network.input_dim)
    same_as_tiles(network, target, [0] * network.input_dim, domain, norm, "twin")


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("seed", range(3))
def test_several_targets_and_strict_ones(norm, seed):
    network = seeded(seed, 2, 5, 5, 2)
    targets = ["y0 > 1 and y1 < 0", "y1 >= 2", "y0 == y1"]
    same_as_tiles(network, targets, ["1/2", -1], ([-2, -2], [2, 2]), norm)
    same_as_tiles(network, targets, [0, 3], "x0 > -1 and x1 > x0 and x1 < 2 and x0 < 2", norm)


def test_an_open_face_is_not_attained_and_a_dead_neuron_is_not_reached():
    found = pr.nearest_input(ABSOLUTE, "y0 > 1", ["1/3"])
    assert (found.point, found.distance, found.attained) == ((1,), Fraction(2, 3), False)
    dead = pr.Network([([[1]], [0]), ([[1]], [0])])  # relu(x), which is nowhere positive left of zero
    with pytest.raises(pr.EmptySetError):
        pr.nearest_input(dead, "y0 > 0", [-1], ([-2], [0]))
    assert pr.nearest_input(dead, "y0 > 0", [-1], ([-2], [1])).check()


@pytest.mark.parametrize("norm", NORMS)
def test_a_target_that_nothing_reaches_is_proved_beside_another(norm):
    """Where the domain has no end, the box around the best point is all that is left to look at."""
    targets = ["y0 <= -1", "y0 >= 2"]
    for order in (targets, targets[::-1]):
        found = pr.nearest_input(ABSOLUTE, order, ["1/3"], None, norm)
        assert found.distance == Fraction(5, 3)
        assert set(found.proof.roots) == {0, 1}
        assert found.check() > 1


def test_a_box_that_an_open_side_leaves_nothing_of():
    """The first target is approached at an open side; of the second only that side is left to look at."""
    found = pr.nearest_input(ABSOLUTE, ["y0 >= 1/2", "y0 >= 3/4 and y0 <= 7/8"], [9], "x0 < 1 and x0 > -1")
    assert (found.distance, found.attained) == (8, False)
    found.check()


def test_a_row_of_the_domain_has_one_unit():
    """Its multipliers mean the same in floats and exactly."""
    zero, one = Fraction(0), Fraction(1)
    network = pr.Network([Layer.from_rows(((zero, zero, one), (zero, -one, one)), (zero, zero), [True, True], 3)])
    domain = pr.Polyhedron([[-1, 0, 0], [0, -1, 0], [0, 0, -1], [1, 1, 1]], [1, 1, 1, 2])
    same_as_tiles(network, "y0 + y1 == 2", [0, 0, 0], domain, "linf")


@pytest.mark.parametrize("search", ["nearest_input", "output_range"])
def test_a_stopped_search_hands_out_what_is_certain(search, monkeypatch):
    """Ctrl-C ends it, and the bounds that it has by then are in the error."""
    network, box = seeded(7, 6, 24, 24, 1), ([-2] * 6, [2] * 6)

    def stop(*args, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(best_first.Search, "_divide", stop)
    monkeypatch.setattr(descent, "verify", stop)
    high = float(network(np.random.default_rng(0).uniform(-2, 2, (2000, 6))).max())
    calls = {
        "nearest_input": lambda: pr.nearest_input(network, f"y0 >= {high * 0.95}", [0] * 6, box),
        "output_range": lambda: pr.output_range(network, box),
    }
    with pytest.raises(pr.Interrupted, match=f"{search}: stopped with") as stopped:
        calls[search]()
    assert not stopped.value.partial.complete


@pytest.mark.long
@pytest.mark.parametrize("norm", NORMS)
def test_hundreds_of_inputs(norm):
    """The class changes at a point that is found without a preimage, which has too many tiles."""
    rng = np.random.default_rng(1)
    hidden, out = rng.standard_normal((8, 200)) / 14, rng.standard_normal((2, 8))
    network = pr.Network([(hidden, rng.standard_normal(8)), (out, [0, 0])])
    start = rng.uniform(0, 1, 200)
    low, high = np.clip(start - 0.25, 0, 1), np.clip(start + 0.25, 0, 1)
    first, second = (0, 1) if network(start[None])[0, 0] > network(start[None])[0, 1] else (1, 0)
    found = pr.nearest_input(network, f"y{second} >= y{first}", start, (low, high), norm)
    assert found.complete
    assert found.attained
    assert found.value[second] == found.value[first]
    assert found.check() == found.proof.parts
    assert found.point is not None
    steps = np.array([float(a) - b for a, b in zip(found.point, start, strict=True)])
    length = {"linf": np.abs(steps).max(), "l1": np.abs(steps).sum(), "l2": np.sqrt((steps * steps).sum())}
    assert float(found) == pytest.approx(length[norm])


def test_floats_that_lie_change_nothing(monkeypatch):
    """Proposals are wrong points and wrong multipliers: the answer is the same, and proved."""
    network, target = seeded(7, 2, 4, 4, 1), pr.parse("y0 >= 1", dim=1)
    expected = pr.preimage(network, target, zoo.square(2)).nearest([0, 0], "l2")
    rng = np.random.default_rng(3)

    def lie(goal, rows, low, high):
        kind = rng.integers(4)
        if kind == 0:
            return None
        multipliers = np.abs(rng.standard_normal(len(rows.values))) * (kind != 1)
        return Proposal(None if kind == 2 else rng.uniform(low, high), multipliers, np.zeros(len(rows.values)))

    monkeypatch.setattr(best_first, "propose", lie)
    found = pr.nearest_input(network, target, [0, 0], zoo.square(2), "l2")
    assert found.squared_distance == expected.squared_distance
    found.check()


def test_a_stopped_run_says_what_is_certain():
    network = seeded(7, 6, 24, 24, 1)
    high = float(network(np.random.default_rng(0).uniform(-2, 2, (2000, 6))).max())
    found = pr.nearest_input(network, f"y0 >= {high * 0.95}", [0] * 6, ([-2] * 6, [2] * 6), timeout=0.3)
    assert isinstance(found, NearestInput)
    assert not found.complete
    assert 0 <= found.at_least <= float(found)
    assert "incomplete" in repr(found)
    with pytest.raises(WrongProof, match="stopped"):
        found.check()


def test_errors_name_the_fix():
    with pytest.raises(pr.InputError, match="linf, l1, l2"):
        pr.nearest_input(ABSOLUTE, "y0 >= 1", [0], norm="max")
    with pytest.raises(pr.DimensionError, match="expected 1 numbers, got 2"):
        pr.nearest_input(ABSOLUTE, "y0 >= 1", [0, 0])
    with pytest.raises(pr.BudgetExceeded, match="2 parts were bounded, the limit; raise limit="):
        pr.nearest_input(seeded(7, 2, 4, 4, 1), "y0 >= 1", [0, 0], ([-2, -2], [2, 2]), limit=2)
