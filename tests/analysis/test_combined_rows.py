"""Sums of rows: what floats say of them holds exactly, what programs propose bounds the goal, and lies are refused."""

import copy
import itertools
from fractions import Fraction

import numpy as np
import pytest

import polyrelu as pr
from polyrelu.analysis import best_first
from polyrelu.analysis.combined_rows import combined_row
from polyrelu.analysis.goals import Evidence, Goal
from polyrelu.analysis.lifted_programs import Lifted, propose_lifted
from polyrelu.analysis.proof_trees import Problem, WrongProof, exact_sum
from polyrelu.analysis.relaxed_rows import Relaxation, Split
from polyrelu.bounds.linear import Enclosure
from polyrelu.bounds.relaxation import relu_lines
from polyrelu.networks.layer import Layer


def seeded(seed, *widths, scale=1.0):
    rng = np.random.default_rng(seed)
    sizes = [(after, before) for before, after in itertools.pairwise(widths)]
    return pr.Network([(scale * rng.normal(size=size), scale * rng.normal(size=size[0])) for size in sizes])


def enclosed(network, low, high):
    """The layers' relaxation, and what enters them between the ends."""
    relaxation = Relaxation(network.layers)
    return relaxation, relaxation.bounds(low[None], high[None], None)[0][:-1]


@pytest.mark.parametrize(("seed", "scale"), [(0, 1.0), (1, 1e-6), (2, 1e6), (3, 1.0), (4, 1e-150), (5, 1.0)])
def test_floats_are_no_larger_than_the_exact_sum(seed, scale):
    rng = np.random.default_rng(seed)
    network = seeded(seed, 3, 6, 5, 2, scale=scale)
    low, high = -rng.uniform(0.1, 1, 3), rng.uniform(0.1, 1, 3)
    relaxation, known = enclosed(network, low, high)
    splits = (Split(1, 2, True), Split(1, 4, False), Split(0, 3, False))
    slopes = tuple(rng.uniform(0, 1, own.low.shape[1]) for own in known)
    multipliers = rng.uniform(0, 2, 2 + len(splits))
    row = combined_row(relaxation, known, splits, slopes, multipliers, low, high)
    lines = [
        tuple(line[0] for line in relu_lines(own.low, own.high, mask, below))
        for own, mask, below in zip(known, relaxation.masks[:-1], slopes, strict=True)
    ]
    ends = tuple(map(Fraction, low.tolist())), tuple(map(Fraction, high.tolist()))
    problem = Problem(network.layers, Goal("linf", (Fraction(0),) * 3), (), *ends)
    exact = exact_sum(problem, lines, splits, tuple(map(Fraction, multipliers.tolist())))
    for corner in itertools.product(*zip(*ends, strict=True)):
        there = row.values[0] @ np.array(corner, dtype=np.float64) + row.constants[0] - row.errors[0]
        assert Fraction(float(there)) <= exact.at(corner)
    # and the exact sum is no larger than the rows are, wherever neurons have their signs
    for point in rng.uniform(low, high, (50, 3)):
        x = tuple(map(Fraction, point.tolist()))
        entered, total = x, Fraction(0)
        for depth, layer in enumerate(network.layers):
            values = pr.Network([(layer.weight, layer.bias)], relu=[False]).evaluate([entered])[0]
            for split, y in zip(splits, multipliers[2:].tolist(), strict=True):
                if split.depth == depth:
                    total += Fraction(y) * (-values[split.neuron] if split.is_active else values[split.neuron])
            entered = tuple(max(v, Fraction(0)) if on else v for v, on in zip(values, layer.relu, strict=True))
        total += sum(Fraction(y) * v for y, v in zip(multipliers[:2].tolist(), entered, strict=True))
        assert exact.at(x) <= total


@pytest.mark.parametrize("norm", [None, "linf"])
def test_a_program_bounds_the_goal(norm):
    """Its sum is a bound of the goal, and a better one than by each row for itself."""
    network = seeded(8, 4, 8, 8, 1)
    low, high = -np.ones(4), np.ones(4)
    relaxation, known = enclosed(network, low, high)
    goal = Goal(norm, () if norm is None else (Fraction(0),) * 4)
    said = propose_lifted(goal, network.layers, known, (), low, high)
    assert isinstance(said, Lifted)
    assert said.point is not None
    row = combined_row(relaxation, known, (), said.slopes, said.multipliers, low, high)
    support = None if norm is None else goal.support(row.values[0], low, high)
    bound = goal.bound(row, np.ones(1), support, low, high)
    if norm is None:
        values = network(np.random.default_rng(0).uniform(-1, 1, (500, 4)))[:, 0]
        plain = relaxation.bounds(low[None], high[None], None)[0][-1].low[0, 0]
        assert plain < bound <= values.min()
    else:
        assert bound <= float(pr.nearest_input(network, "y0 <= 0", [0] * 4, (low.tolist(), high.tolist())))


@pytest.mark.parametrize("norm", [None, "linf"])
@pytest.mark.parametrize("places", [20, 70])
def test_large_rows_have_the_program_of_ordinary_ones(norm, places):
    """Rows of targets are integers, and large ones where an offset is a float; programs refuse those as they are."""
    network = seeded(2, 4, 5, 3, 1)
    last = network.layers[-1]
    factor = Fraction(2) ** places
    other = Layer(last.weight * factor, last.bias * factor, False)
    low, high = -np.ones(4), np.ones(4)
    goal = Goal(norm, (Fraction(0),) * 4 if norm else ())
    _, known = enclosed(network, low, high)
    one, scaled = (
        propose_lifted(goal, layers, known, (), low, high) for layers in (network.layers, (*network.layers[:-1], other))
    )
    assert isinstance(one, Lifted)
    assert isinstance(scaled, Lifted)
    assert one.point is not None
    assert scaled.point is not None
    assert np.allclose(one.point, scaled.point)
    assert all(map(np.allclose, one.slopes, scaled.slopes))
    assert np.allclose(one.multipliers, scaled.multipliers * (1.0 if norm is None else 2.0**places))
    unit = 2.0**places if norm is None else 1.0  # of what the bound is of
    assert all(
        np.allclose(a * unit, b, rtol=1e-6, atol=1e-9 * unit) for a, b in zip(one.losses, scaled.losses, strict=True)
    )


@pytest.fixture(scope="module")
def found():
    answer = pr.nearest_input(seeded(5, 9, 4, 3, 1), "y0 <= -6/5", [0] * 9, ([-1] * 9, [1] * 9))
    assert answer.proof.parts == answer.check()
    return answer


def summed(found):
    return [part for part in found.proof.roots[0] if part.slopes]


def outside(part):
    part.slopes = tuple(own + 1.5 for own in part.slopes)


def below_zero(part):
    part.slopes = tuple(own - 1.5 for own in part.slopes)


def no_number(part):
    part.slopes = tuple(own * np.nan for own in part.slopes)


def too_few(part):
    part.slopes = part.slopes[:-1]


def negative(part):
    part.evidence = part.evidence._replace(multipliers=tuple(-y - 1 for y in part.evidence.multipliers))


def without_one(part):
    part.evidence = part.evidence._replace(multipliers=part.evidence.multipliers[:-1])


def nothing(part):
    part.evidence = Evidence(tuple(0 * y for y in part.evidence.multipliers), None, True)


LIES = [outside, below_zero, no_number, too_few, negative, without_one, nothing]


@pytest.mark.parametrize("lie", LIES, ids=lambda lie: lie.__name__)
def test_sums_that_were_changed_are_refused(found, lie):
    changed = copy.deepcopy(found)
    chosen = summed(changed)
    assert chosen
    lie(chosen[0])
    with pytest.raises(WrongProof):
        changed.check()


def test_programs_that_lie_change_nothing(monkeypatch, found):
    rng = np.random.default_rng(3)

    def lying(goal, layers, known, splits, low, high):
        kind = rng.integers(4)
        if kind == 0:
            return None
        slopes = tuple(rng.uniform(0, 1, own.low.shape[1]) for own in known)
        losses = tuple(rng.uniform(0, 1, own.low.shape[1]) for own in known)
        point = None if kind == 1 else rng.uniform(low, high)
        multipliers = rng.uniform(0, 1, layers[-1].output_dim + len(splits)) * (kind != 2)
        return Lifted(point, multipliers, slopes, losses)

    monkeypatch.setattr(best_first, "propose_lifted", lying)
    network = seeded(5, 9, 4, 3, 1)
    other = pr.nearest_input(network, "y0 <= -6/5", [0] * 9, ([-1] * 9, [1] * 9))
    assert other.squared_distance == found.squared_distance
    assert other.check()


def test_enclosures_with_infinite_ends_have_no_program():
    network = seeded(0, 2, 3, 1)
    known = [Enclosure(np.full((1, 3), -np.inf), np.full((1, 3), np.inf))]
    assert propose_lifted(Goal(), network.layers, known, (), -np.ones(2), np.ones(2)) is None
