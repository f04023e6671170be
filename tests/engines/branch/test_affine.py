from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import polyrelu as pr
from polyrelu.bounds import linear
from polyrelu.engines.branch.affine import Affine, AffineOn, returned
from polyrelu.networks.activation_pattern import SignVector
from polyrelu.networks.affine_outputs import matrix_and_offset, outputs_before
from polyrelu.networks.layer import Layer
from polyrelu.polyhedra.halfspace import Halfspace
from tests.extreme_networks import of_any_magnitude, plain_network
from tests.mutants import mutated
from tests.strategies import networks


def forms_of(net, signs, space, entering=AffineOn.entering):
    """The outputs of a network under signs, in floats."""
    values = space.inputs()
    for layer, on in zip(net.layers, signs, strict=True):
        values = returned(entering(space, layer, values), layer, on)
    return values


def furthest(net, signs, forms, points):
    """How far values at float points are from the exact ones, in doubts; at most 1 if the bound is true."""
    matrix, offset = matrix_and_offset(outputs_before(net.layers, signs))
    with np.errstate(all="ignore"):
        found, worst = forms.at(points), Fraction(0)
    for x, values in zip(points.tolist(), found.tolist(), strict=True):
        for row, c, value, doubt in zip(matrix, offset, values, forms.doubts.tolist(), strict=True):
            if np.isfinite(doubt):
                exact = sum((a * Fraction(v) for a, v in zip(row, x, strict=True)), c)
                off = abs(exact - Fraction(value))
                worst = max(worst, off / Fraction(doubt) if doubt else Fraction(int(off > 0)))
    return worst


def any_signs(net, data):
    return SignVector(tuple(data.draw(st.booleans()) for _ in layer.neurons) for layer in net.layers)


@given(net=networks(), data=st.data())
def test_values_are_within_their_doubts(net, data):
    low, high = -np.ones(net.input_dim), np.full(net.input_dim, 2.0)
    points = np.random.default_rng(0).uniform(low, high, (4, net.input_dim))
    signs = any_signs(net, data)
    assert furthest(net, signs, forms_of(net, signs, AffineOn(low, high, 10, 4)), points) <= 1


@pytest.mark.parametrize("seed", range(8))
def test_values_are_within_their_doubts_at_every_magnitude(seed):
    rng = np.random.default_rng(seed)
    for make in (plain_network, of_any_magnitude):
        net = make(rng)
        low, high = -np.ones(net.input_dim), np.ones(net.input_dim)
        points = rng.uniform(low, high, (6, net.input_dim))
        signs = SignVector(tuple(rng.random(layer.neuron_count) < 0.7) for layer in net.layers)
        assert furthest(net, signs, forms_of(net, signs, AffineOn(low, high, 10, 4)), points) <= 1


THIRDS = {
    "weights": Layer([[Fraction(1, 3)]], [0], False),
    "biases": Layer([[0]], [Fraction(1, 3)], False),
}


@pytest.mark.parametrize(
    ("names", "old", "new"),
    [
        (["biases"], " + self.factor * sizes(bias)", ""),
        (["weights", "weights"], "sizes(weight) @ values.doubts", "0.0"),
    ],
)
def test_no_term_of_a_layers_doubt_is_spared(names, old, new, monkeypatch):
    """The sizes of the result have their own share, which is taken away here."""
    net = pr.Network([THIRDS[name] for name in names])
    space, signs = AffineOn(-np.ones(1), np.ones(1), 1, 2), SignVector(((),) * len(names))
    points = np.array([[1.0], [0.7]])
    monkeypatch.setattr(AffineOn, "_doubts", lambda _self, rows, constants, radii: radii + 2.0**-300)
    inputs = Affine(np.eye(1), np.zeros(1), np.full(1, space.factor))
    monkeypatch.setattr(AffineOn, "inputs", lambda _self: inputs)
    assert furthest(net, signs, forms_of(net, signs, space), points) <= 1
    assert furthest(net, signs, forms_of(net, signs, space, mutated(AffineOn.entering, old, new)), points) > 1


def test_sizes_have_their_share(monkeypatch):
    """Without them a product that rounds would be taken for exact."""
    space = AffineOn(-np.ones(2), np.ones(2), 2, 1)
    rows = [Halfspace.of([10, 3], 7)]
    forms, points = space.of_rows(rows), np.array([[0.1, 0.3]])
    off = abs(Fraction(0.1) + Fraction(3, 10) * Fraction(0.3) - Fraction(7, 10) - Fraction(forms.at(points).item()))
    assert 0 < off <= Fraction(forms.doubts.item())
    monkeypatch.setattr(AffineOn, "_doubts", mutated(AffineOn._doubts, "self.factor * size", "0.0 * size"))
    assert off > Fraction(space.of_rows(rows).doubts.item())


def test_least_values_and_combinations():
    space = AffineOn(-np.ones(2), np.ones(2), 2, 1)
    forms = space.of_rows([Halfspace.of([1, 1], 1), Halfspace.of([-1, 2], 0)])
    least = forms.least(np.zeros(2), np.ones(2))
    assert (least <= [-1, -0.5]).all()
    assert least == pytest.approx([-1, -0.5], abs=2**-40)
    most = forms.between(np.zeros(2), np.ones(2))[1]
    assert (most >= [1, 1]).all()
    assert most == pytest.approx([1, 1], abs=2**-40)
    both = space.combination(forms, np.array([1.0, 2.0]))
    assert both.rows.tolist() == [[0.0, 3.0]]
    assert both.doubts[0] >= forms.doubts[0] + 2 * forms.doubts[1]
    assert forms.negated().at(np.zeros((1, 2))).tolist() == [[1.0, 0.0]]
    assert len(forms.and_also(forms).constants) == 4
    assert forms.chosen(np.array([1])).constants.tolist() == [0.0]


def test_what_is_too_large_is_in_doubt():
    space = AffineOn(-np.ones(1), np.ones(1), 1, 1)
    huge = space.entering(Layer([[2.0 * linear.LARGEST]], [0], True), space.inputs())
    assert np.isposinf(huge.doubts).all()
