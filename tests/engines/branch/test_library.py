"""What the compiled walk says of a cell is true: at every magnitude, against exact arithmetic."""

from fractions import Fraction

import numpy as np
import pytest

import polyrelu as pr
from polyrelu.arithmetic.exact import matrix_rows
from polyrelu.engines.branch.engine import BranchEngine
from polyrelu.engines.branch.library import Asked, Pause
from polyrelu.engines.branch.rules import most_even
from polyrelu.networks.activation_pattern import SignVector
from polyrelu.networks.affine_outputs import outputs_before
from polyrelu.networks.relevant_part import keep_all
from tests.extreme_networks import nearly_parallel, of_any_magnitude


def cells(net, most=60):
    """The cells that ask a rule, one after the other, with their rows and boxes; the rule answers."""
    engine = BranchEngine(
        keep_all(net), pr.Polyhedron.box([-1] * net.input_dim, [1] * net.input_dim), 10**6, None, most_even
    )
    pause = Pause.PAUSED
    while pause is not Pause.DONE and most:
        pause = Pause(engine._walk.advance(1))
        if pause is Pause.RULE:
            most -= 1
            yield Asked.by(engine._walk, net.input_dim), [np.frombuffer(own) for own in engine._walk.forms()]
        engine._take()
        engine._answer(pause, engine._walk)


def furthest(net, cell):
    """How far values at points are from the exact ones, in doubts; at most 1 if what is said is true."""
    layer, ends = net.layers[cell.depth], np.cumsum([0, *(own.neuron_count for own in net.layers)]).tolist()
    signs = SignVector.from_flat(cell.signs, ends).before(cell.depth)
    forms = matrix_rows(layer.augmented * outputs_before(net.layers, signs))
    worst = Fraction(0)
    for x, values in zip(cell.points.tolist(), cell.values.tolist(), strict=True):
        for neuron, value, doubt in zip(layer.neurons, values, cell.doubts.tolist(), strict=True):
            if np.isfinite(doubt):
                terms = (a * Fraction(v) for a, v in zip(forms[neuron], (*x, 1), strict=True))
                off = abs(sum(terms) - Fraction(value))
                worst = max(worst, off / Fraction(doubt) if doubt else Fraction(int(off > 0)))
    return worst


@pytest.mark.parametrize("seed", range(4))
def test_values_are_within_their_doubts(seed):
    rng = np.random.default_rng(seed)
    found = [furthest(net, cell) for net in (of_any_magnitude(rng), nearly_parallel(rng)) for cell, _ in cells(net, 20)]
    assert all(off <= 1 for off in found)


def test_doubts_are_no_larger_than_a_million_roundings():
    """So the law above is not for nothing: with doubts that are much smaller it would not hold."""
    net = nearly_parallel(np.random.default_rng(3))
    assert max(furthest(net, cell._replace(doubts=cell.doubts * 2.0**-20)) for cell, _ in cells(net)) > 1


@pytest.mark.parametrize("seed", range(3))
def test_points_are_inside_and_boxes_around(seed):
    for cell, (rows, constants, doubts, *_, low, high) in cells(nearly_parallel(np.random.default_rng(seed)), 30):
        values = cell.points @ rows.reshape(len(constants), len(low)).T + constants
        assert (values < -doubts).all()
        assert (cell.points >= low).all()
        assert (cell.points <= high).all()


def test_a_rule_may_choose_open_neurons_only():
    engine = BranchEngine(
        keep_all(pr.Network([([[1], [2]], [0, 1])], relu=[True])), pr.Polyhedron.box([-1], [1]), 9, None, len
    )
    assert Pause(engine._walk.advance(1)) is Pause.RULE
    with pytest.raises(ValueError, match="a rule chose a neuron that is not open"):
        engine._walk.choose(5)
