"""Lowering against evaluation in Fractions, entry by entry."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import polyrelu as pr
from polyrelu.formats import operators as op
from polyrelu.formats import windows as win
from polyrelu.formats.lowering import ONE, ZERO, Lowering, Variable, combine
from polyrelu.formats.operators import square_root
from polyrelu.networks import float_rows

SMALL = st.fractions(-3, 3, max_denominator=4)
STEPS = ("relu", "leaky", "clip", "abs", "affine", "max", "min", "add", "sub")


def apply(kind, numbers):
    """A step on a list of Fractions, by its definition. ``seen`` holds the values before it."""
    first = {
        "relu": lambda v, u: max(v, 0),
        "leaky": lambda v, u: v if v > 0 else v / 4,
        "clip": lambda v, u: min(max(v, Fraction(-1, 2)), Fraction(1)),
        "abs": lambda v, u: abs(v),
        "affine": lambda v, u: v,
        "max": max,
        "min": min,
        "add": lambda v, u: v + u,
        "sub": lambda v, u: v - u,
    }[kind]
    return lambda other: [first(v, u) for v, u in zip(numbers, other, strict=True)]


def lowered(low, kind, x, other):
    where = "test"
    return {
        "relu": lambda: low.relu(x),
        "leaky": lambda: op.leaky_relu(low, x, np.array([Fraction(1, 4)], dtype=object), where),
        "clip": lambda: op.clip(low, x, Fraction(-1, 2), ONE, where),
        "abs": lambda: op.absolute(low, x, where),
        "affine": lambda: x,
        "max": lambda: op.maximum(low, x, other, where),
        "min": lambda: op.minimum(low, x, other, where),
        "add": lambda: op.add(low, x, other, where),
        "sub": lambda: op.subtract(low, x, other, where),
    }[kind]()


@settings(max_examples=150)
@given(st.data())
def test_random_graphs_have_exact_values(data):
    """Chains of random steps with skips to any earlier tensor; the depth of the network is at most their number."""
    dim, width = data.draw(st.integers(1, 3)), data.draw(st.integers(1, 3))
    steps = data.draw(
        st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 10), st.randoms()), min_size=1, max_size=6)
    )
    point = data.draw(st.lists(SMALL, min_size=dim, max_size=dim))
    low = Lowering(dim)
    matrix = [[Fraction(data.draw(SMALL)) for _ in range(dim)] for _ in range(width)]
    seen = [combine([dict(enumerate(row)) for row in matrix], [ONE] * width, low.inputs((dim,)).flat, (width,))]
    values = [[sum(a * b for a, b in zip(row, point, strict=True)) + 1 for row in matrix]]
    for kind, back, draw in steps:
        weight = [[Fraction(draw.randint(-4, 4), 2) for _ in range(width)] for _ in range(width)]
        x = combine([dict(enumerate(row)) for row in weight], [ZERO] * width, seen[-1].flat, (width,))
        v = [sum(a * b for a, b in zip(row, values[-1], strict=True)) for row in weight]
        other = back % len(seen)
        seen.append(lowered(low, kind, x, seen[other]))
        values.append(apply(kind, v)(values[other]))
    net = low.network(seen[-1])
    assert net(point).tolist() == values[-1]
    assert len(net.layers) <= 2 * len(steps) + 1


def test_large_compositions_go_through_flint_and_are_the_same():
    rng = np.random.default_rng(0)
    size = 40
    first, second = (rng.integers(-9, 9, (size, size)).astype(object) * Fraction(1, 3) for _ in range(2))
    x = Lowering(size).inputs((size, 1))
    twice = op.matmul(second, op.matmul(first, x, "a"), "b")
    product = second @ first
    for row, expected in zip(twice.flat, product.tolist(), strict=True):
        assert [row.terms[k] for k in range(size)] == expected


def variable(value):
    assert isinstance(value, Variable)
    return value


def test_affine_maps_leave_no_layers():
    low = Lowering(2)
    x = low.inputs((2,))
    for _ in range(5):
        x = op.affine(variable(op.matmul(np.array([[1, 1], [0, 1]]), x, "m")), Fraction(1, 2), ONE)
    assert low.network(x).widths == (2, 2)
    assert low.network(low.relu(x)).widths == (2, 2)
    assert low.network(op.affine(low.relu(x), Fraction(2), ZERO)).widths == (2, 2, 2)


def test_what_the_output_does_not_need_is_not_carried():
    low = Lowering(3)
    x = low.inputs((3,))
    low.relu(op.affine(x, Fraction(2), ZERO))
    assert low.network(low.relu(low.relu(Variable(x.rows[:2])))).widths == (3, 2, 2)


def test_pooling_with_padding_makes_no_neurons_for_repeated_places():
    low = Lowering(4)
    pooled = win.max_pool(low, low.inputs((1, 1, 4)), win.Windows((2,), (2,), (1,), (1, 1)), "pool")
    net = low.network(pooled)
    assert net([1, 5, 3, 2]).tolist() == [1, 5, 2]
    assert net.neuron_count == 1


@given(st.fractions(min_value=Fraction(1, 10**9), max_value=10**9))
def test_square_roots(value):
    root, is_exact = square_root(value, "test")
    assert is_exact == (root * root == value)
    assert square_root(value * value, "test") == (value, True)
    if not is_exact:
        down, up = (Fraction(float(np.nextafter(float(root), side))) for side in (0, np.inf))
        assert ((down + root) / 2) ** 2 < value < ((up + root) / 2) ** 2  # no float is nearer


def test_leaky_networks_have_exact_preimages():
    low = Lowering(2)
    rng = np.random.default_rng(0)
    x = low.inputs((2, 1))
    for shape in [(4, 2), (4, 4)]:
        x = op.leaky_relu(low, variable(op.matmul(rng.normal(size=shape), x, "m")), np.array([0.1]), "l")
    net = low.network(variable(op.matmul(rng.normal(size=(1, 4)), x, "m")))
    box = pr.Polyhedron.box([-2, -2], [2, 2])
    found = pr.preimage(net, pr.parse("y0 >= 1/10", dim=1), box, method="twin")
    points = rng.uniform(-2, 2, size=(200, 2))
    for point in points.tolist():
        assert found.contains(point) == (net(point)[0] >= Fraction(1, 10))


def test_numbers_that_are_not_real_are_refused():
    with pytest.raises(pr.InexactError, match=r"w\[0, 1\]: inf is not a finite number"):
        op.fractions(np.array([[0, np.inf]]), "w")
    with pytest.raises(pr.InexactError, match="type complex128"):
        op.fractions(np.array([1j]), "w")


def test_a_nan_that_signals_is_refused_without_a_warning():
    """Converting it is an invalid operation to the processor; damaged files have such bits."""
    signalling = np.array([0x7F800001], dtype=np.uint32).view(np.float32)
    with pytest.raises(pr.InexactError, match=r"w\[0\]: nan is not a finite number"):
        op.fractions(signalling, "w")


@given(data=st.data())
def test_large_matrices_stay_floats_on_their_way_into_layers(data):
    """Whatever is around them: biases, sums with what was before, matrices that follow each other, constants."""
    numbers = st.lists(st.sampled_from([0.0, -0.5, 1.0, 0.1]), min_size=3, max_size=3)
    steps = data.draw(st.lists(st.sampled_from(["matrix", "bias", "relu", "skip", "double"]), min_size=1, max_size=6))
    weights = [np.array(data.draw(st.lists(numbers, min_size=3, max_size=3))) for _ in steps]

    def network():
        low = Lowering(3)
        x = start = low.inputs((1, 3))
        for step, weight in zip(steps, weights, strict=True):
            made = {
                "matrix": lambda x=x, w=weight: op.matmul(x, w, "test"),
                "bias": lambda x=x, w=weight: op.add(low, x, w[0], "test"),
                "relu": lambda x=x: low.relu(x),
                "skip": lambda x=x: op.add(low, x, start, "test"),
                "double": lambda x=x: op.add(low, x, x, "test"),
            }[step]()
            assert isinstance(made, Variable)
            x = made
        return low.network(x)

    expected = network()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(float_rows, "LEAST_FLOATS", 1)
        found = network()
    assert found == expected
    if steps[-1] == "matrix" and set(steps[:-1]) == {"relu"}:
        assert isinstance(found.layers[-1].rows, float_rows.FloatRows)


def test_atoms_that_a_matrix_does_not_read_have_no_weight(monkeypatch):
    monkeypatch.setattr(float_rows, "LEAST_FLOATS", 1)
    low = Lowering(3)
    x = low.inputs((1, 3))
    network = low.network(op.matmul(Variable(x.rows[:, 1:]), np.array([[1.0], [2.0]]), "test"))  # type: ignore[arg-type]
    assert network.layers[0].rows == ((0, 1, 2),)
    assert isinstance(network.layers[0].rows, float_rows.FloatRows)
