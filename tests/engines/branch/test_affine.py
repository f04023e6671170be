"""What the compiled walk computes with forms, against exact numbers, and with each term left out."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import polyrelu as pr
from polyrelu.bounds import linear
from polyrelu.bounds.linear import sizes
from polyrelu.engines.branch import library
from polyrelu.engines.branch.affine import AffineOn
from polyrelu.networks.activation_pattern import SignVector
from polyrelu.networks.affine_outputs import matrix_and_offset, outputs_before
from polyrelu.networks.layer import Layer
from polyrelu.polyhedra.halfspace import Halfspace
from polyrelu.polyhedra.polyhedron import Polyhedron
from tests.engines.cells.harness.harness import AS_IT_IS, built, shared_folder
from tests.extreme_networks import of_any_magnitude, plain_network
from tests.strategies import networks

HERE, KERNEL = Path(__file__).parent / "harness", Path(library.__file__).parent / "kernel"
# The sizes of a result have a share of their own, which hides the others: it is taken away in these.
WITHOUT_SIZES = ("(radius + factor * size) * ENLARGED", "radius + 0x1p-300")
SPOILT = {
    "without sizes": [WITHOUT_SIZES],
    "biases": [WITHOUT_SIZES, (" + space.factor * size_of(layer.bias[i])", "")],
    "doubts of the layer before": [
        WITHOUT_SIZES,
        ("radius += size_of(weight[k]) * values.doubts[std::size_t(k)];", ""),
    ],
    "a doubt of a bound": [("doubt = forms.doubts[std::size_t(k)] * ENLARGED", "doubt = 0.0")],
    "a doubt of an end": [("2.0 * doubt - constant", "-8.0 * doubt - constant")],
    "doubts of a combination": [("radius += size_of(y) * rows.doubts[std::size_t(k)];", "")],
}


@pytest.fixture(scope="session")
def walk(tmp_path_factory):
    return built("bounds", shared_folder(tmp_path_factory), None, HERE, KERNEL)


@pytest.fixture(scope="session")
def spoilt(tmp_path_factory):
    return built("bounds", shared_folder(tmp_path_factory), SPOILT, HERE, KERNEL)


class Known:
    """n forms on R^d, as the walk has them."""

    def __init__(self, rows, constants, doubts):
        self.rows, self.constants, self.doubts = (
            np.ascontiguousarray(v, dtype=np.float64) for v in (rows, constants, doubts)
        )

    @property
    def arrays(self):
        return self.rows, self.constants, self.doubts

    def at(self, points):
        return points @ self.rows.T + self.constants


def inputs_of(space):
    dim = len(space.moduli)
    return Known(np.eye(dim), np.zeros(dim), (space.factor * (sizes(np.eye(dim)) @ space.moduli + 2.0**-300)) * 1.0001)


def entered(compiled, space, layer, values, on, variant=AS_IT_IS):
    """What enters the ReLU of a layer, of whose inputs some are on."""
    found = Known(np.zeros((layer.output_dim, len(space.moduli))), *np.zeros((2, layer.output_dim)))
    given_ = layer.float_weight, layer.float_bias, np.array(on, dtype=np.uint8), *values.arrays
    numbers = len(space.moduli), layer.input_dim, layer.output_dim
    arrays = *map(np.ascontiguousarray, given_), space.moduli, float(space.factor), *found.arrays
    compiled.call("entered", *numbers, *arrays, variant=variant)
    return found


def forms_of(compiled, net, signs, space, variant=AS_IT_IS, inputs=None):
    """What enters the last layer under signs."""
    values, on = inputs or inputs_of(space), [True] * net.input_dim
    for layer, own in zip(net.layers, signs, strict=True):
        values = entered(compiled, space, layer, values, on, variant)
        silent = [i for i, active in zip(layer.neurons, own, strict=True) if not active]
        on = [i not in silent for i in range(layer.output_dim)]
    return values


def furthest(net, signs, forms, points):
    """How far values at float points are from the exact ones, in doubts; at most 1 if the bound is true."""
    last = net.layers[-1]
    entering = (*net.layers[:-1], Layer.from_rows(last.rows, last.offsets, (False,) * last.output_dim, last.input_dim))
    matrix, offset = matrix_and_offset(outputs_before(entering, SignVector((*signs[:-1], ()))))
    with np.errstate(all="ignore"):
        found, worst = forms.at(points), Fraction(0)
    for x, values in zip(points.tolist(), found.tolist(), strict=True):
        for row, c, value, doubt in zip(matrix, offset, values, forms.doubts.tolist(), strict=True):
            if np.isfinite(doubt):
                exact = sum((a * Fraction(v) for a, v in zip(row, x, strict=True)), c)
                worst = max(worst, abs(exact - Fraction(value)) / Fraction(doubt))
    return worst


@given(net=networks(), data=st.data())
def test_values_are_within_their_doubts(walk, net, data):
    low, high = -np.ones(net.input_dim), np.full(net.input_dim, 2.0)
    points = np.random.default_rng(0).uniform(low, high, (4, net.input_dim))
    signs = SignVector(tuple(data.draw(st.booleans()) for _ in layer.neurons) for layer in net.layers)
    assert furthest(net, signs, forms_of(walk, net, signs, AffineOn(low, high, 10, 4)), points) <= 1


@pytest.mark.parametrize("seed", range(12))
def test_values_are_within_their_doubts_at_every_magnitude(walk, seed):
    rng = np.random.default_rng(seed)
    for make in (plain_network, of_any_magnitude):
        net = make(rng)
        low, high = -np.ones(net.input_dim), np.ones(net.input_dim)
        points = rng.uniform(low, high, (6, net.input_dim))
        signs = SignVector(tuple(rng.random(layer.neuron_count) < 0.7) for layer in net.layers)
        assert furthest(net, signs, forms_of(walk, net, signs, AffineOn(low, high, 10, 4)), points) <= 1


THIRDS = {
    "weights": Layer([[Fraction(1, 3)]], [0], False),
    "biases": Layer([[0]], [Fraction(1, 3)], False),
}


@pytest.mark.parametrize(
    ("names", "variant"), [(["biases"], "biases"), (["weights", "weights"], "doubts of the layer before")]
)
def test_no_term_of_a_layers_doubt_is_spared(spoilt, names, variant):
    net, space = pr.Network([THIRDS[name] for name in names]), AffineOn(-np.ones(1), np.ones(1), 1, 2)
    signs, points = SignVector(((),) * len(names)), np.array([[1.0], [0.7]])
    inputs = Known(np.eye(1), np.zeros(1), np.full(1, space.factor))
    assert furthest(net, signs, forms_of(spoilt, net, signs, space, "without sizes", inputs), points) <= 1
    assert furthest(net, signs, forms_of(spoilt, net, signs, space, variant, inputs), points) > 1


def test_what_is_too_large_is_in_doubt(walk):
    space = AffineOn(-np.ones(1), np.ones(1), 1, 1)
    huge = Layer([[2.0 * linear.LARGEST]], [0], True)
    assert np.isposinf(entered(walk, space, huge, inputs_of(space), [True]).doubts).all()


# -- boxes --------------------------------------------------------------------------------------------------------

small_rows = st.builds(Halfspace.of, st.tuples(*[st.integers(-3, 3)] * 2), st.integers(-2, 3)).filter(
    lambda row: any(row.normal)
)
SQUARE = AffineOn(-np.ones(2), np.ones(2), 20, 1)


def form_of(row):
    forms = SQUARE.of_rows([row])
    return np.ascontiguousarray(forms.rows[0]), float(forms.constants[0]), float(forms.doubts[0])


def narrowed(compiled, row, low, high, variant=AS_IT_IS):
    first, last = np.array(low), np.array(high)
    compiled.call("narrowed", 2, *form_of(row), first, last, variant=variant)
    return first, last


@given(row=small_rows, low=st.floats(-1, 0), high=st.floats(0, 1))
def test_narrowed_boxes_lose_nothing(walk, row, low, high):
    ends = [low, -1.0], [1.0, high]
    first, last = narrowed(walk, row, *ends)
    assert (first >= ends[0]).all()
    assert (last <= ends[1]).all()
    left = Polyhedron.box(*ends) & Polyhedron.from_halfspaces([row], 2)
    if not left.is_empty():
        assert left.is_subset(Polyhedron.box(first.tolist(), last.tolist()))


def test_a_narrowed_box_needs_its_doubt(walk, spoilt):
    row, ends = Halfspace.of([3, 10], -2), ([-1.0, -0.1], [1.0, 1.0])
    exact = (Fraction(-2) - 10 * Fraction(-0.1)) / 3
    assert Fraction(narrowed(walk, row, *ends)[1][0].item()) >= exact
    assert Fraction(narrowed(spoilt, row, *ends, "a doubt of an end")[1][0].item()) < exact


def least_of(row, low, high):
    """The least of ``normal . x - offset``, divided by the largest number as in floats, on a box; exact."""
    scale = max(1, *map(abs, (*row.normal, row.offset)))
    terms = (a * Fraction(x if a > 0 else y) for a, x, y in zip(row.normal, low, high, strict=True))
    return (sum(terms, Fraction(0)) - row.offset) / scale


def bounded(compiled, row, low, high, variant=AS_IT_IS):
    ends = np.zeros(2)
    compiled.call("bounded", 2, *form_of(row), np.array(low), np.array(high), ends, variant=variant)
    return ends


@given(row=small_rows, low=st.floats(-1, 0), high=st.floats(0, 1))
def test_bounds_of_a_form_enclose(walk, row, low, high):
    least, most = bounded(walk, row, [low, -1.0], [1.0, high]).tolist()
    opposite = row._replace(normal=tuple(-a for a in row.normal), offset=-row.offset)
    assert Fraction(least) <= least_of(row, [low, -1.0], [1.0, high])
    assert Fraction(most) >= -least_of(opposite, [low, -1.0], [1.0, high])


def test_bounds_of_a_form_need_its_doubt(spoilt):
    broken = 0
    for k in range(1, 40):
        row, low, high = Halfspace.of([k, 3 * k + 1], 5 * k + 2), [0.1, 0.3], [0.7, 0.9]
        least, most = bounded(spoilt, row, low, high, "a doubt of a bound").tolist()
        opposite = row._replace(normal=tuple(-a for a in row.normal), offset=-row.offset)
        broken += Fraction(least) > least_of(row, low, high) or Fraction(most) < -least_of(opposite, low, high)
    assert broken


def combined(compiled, rows, multipliers, low, high, variant=AS_IT_IS):
    forms, least = SQUARE.of_rows(rows), np.zeros(1)
    arrays = *map(np.ascontiguousarray, forms), np.array(multipliers), np.array(low), np.array(high), SQUARE.moduli
    compiled.call("combined", 2, len(rows), *arrays, float(SQUARE.factor), least, variant=variant)
    return Fraction(least[0].item())


def exact_combination(rows, multipliers, low, high):
    scaled = [
        (Fraction(y) / max(1, *map(abs, (*row.normal, row.offset))), row)
        for y, row in zip(multipliers, rows, strict=True)
    ]
    normal = [sum((y * row.normal[j] for y, row in scaled), Fraction(0)) for j in range(2)]
    constant = -sum((y * row.offset for y, row in scaled), Fraction(0))
    return sum((a * Fraction(x if a > 0 else y) for a, x, y in zip(normal, low, high, strict=True)), constant)


@given(rows=st.lists(small_rows, min_size=1, max_size=4), data=st.data())
def test_bounds_of_combinations_are_certain(walk, rows, data):
    multipliers = [data.draw(st.floats(0, 4)) for _ in rows]
    low, high = [data.draw(st.floats(-1, 0)), -1.0], [1.0, data.draw(st.floats(0, 1))]
    assert combined(walk, rows, multipliers, low, high) <= exact_combination(rows, multipliers, low, high)


def test_bounds_of_combinations_need_the_doubts(walk, spoilt):
    """Of forms that are known badly; the share of sizes is too small for that."""
    forms = [np.array([[1.0, 0.0]]), np.zeros(1), np.array([0.5])]
    others = np.array([2.0]), np.zeros(2), np.ones(2), SQUARE.moduli, float(SQUARE.factor)
    least, careless = np.zeros(1), np.zeros(1)
    walk.call("combined", 2, 1, *forms, *others, least)
    spoilt.call("combined", 2, 1, *forms, *others, careless, variant="doubts of a combination")
    assert least[0] <= -1 < careless[0]
