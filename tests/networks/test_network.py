from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import polyrelu as pr
from tests.strategies import networks, points, wide_floats, wide_networks

ABSOLUTE = pr.Network([([[1], [-1]], [0, 0]), ([[1, 1]], [0])])


def by_hand(network, point):
    """The network's value in plain Fractions: the specification of evaluation."""
    for layer in network.layers:
        point = [
            sum((Fraction(w) * x for w, x in zip(row, point, strict=True)), b)
            for row, b in zip(layer.rows, layer.offsets, strict=True)
        ]
        point = [max(v, Fraction(0)) if on else v for v, on in zip(point, layer.relu, strict=True)]
    return tuple(point)


@given(networks(), st.data())
def test_evaluation(network, data):
    xs = data.draw(st.lists(points(network.input_dim), min_size=1, max_size=3))
    expected = [by_hand(network, x) for x in xs]
    assert [tuple(row) for row in network(xs)] == expected
    assert tuple(network(xs[0])) == expected[0]
    floats = np.array([[float(v) for v in x] for x in xs])
    values, bound = network.evaluate_with_bound(floats)
    for x, row, radius in zip(floats.tolist(), values, bound, strict=True):
        exact = by_hand(network, [Fraction(v) for v in x])
        assert all(
            abs(Fraction(float(v)) - e) <= Fraction(float(r)) for v, e, r in zip(row, exact, radius, strict=True)
        )


@given(networks(), st.data())
def test_the_affine_map_of_a_points_own_pattern_gives_its_value(network, data):
    x = tuple(map(Fraction, data.draw(points(network.input_dim))))
    matrix, offset = network.affine_map(network.activation_pattern(x))
    value = tuple(sum((m * v for m, v in zip(row, x, strict=True)), c) for row, c in zip(matrix, offset, strict=True))
    assert value == by_hand(network, x)


def test_exact_in_exact_out_floats_in_floats_out():
    assert ABSOLUTE(["-1/3"]).tolist() == [Fraction(1, 3)]
    assert ABSOLUTE([[0.1], [2]]).tolist() == [[Fraction(0.1)], [2]]
    assert ABSOLUTE(np.array([[-3]])).dtype == object
    result = ABSOLUTE(np.array([[-0.5], [2.0]]))
    assert (result.dtype, result.tolist()) == (np.float64, [[0.5], [2.0]])
    assert ABSOLUTE(np.array([-0.5], dtype=np.float32)).tolist() == [0.5]


def test_default_relu_is_after_every_layer_but_the_last():
    net = pr.Network([([[1]], [0]), ([[1]], [0]), ([[1]], [0])])
    assert [layer.relu for layer in net.layers] == [(True,), (True,), (False,)]
    assert (net.widths, net.neuron_count, repr(net)) == ((1, 1, 1, 1), 2, "Network(1-1-1-1, 2 ReLU neurons)")
    skip = pr.Network([pr.Layer([[1], [1]], [0, 0], relu=[True, False])])
    assert skip([-2]).tolist() == [0, -2]


@settings(max_examples=200)
@given(wide_networks(), st.data())
def test_bounds_hold_at_every_magnitude(network, data):
    point = data.draw(st.lists(wide_floats, min_size=network.input_dim, max_size=network.input_dim))
    (values,), (bound,) = network.evaluate_with_bound(np.array([point]))
    assert not np.isnan(bound).any()
    exact = by_hand(network, list(map(Fraction, point)))
    for value, error, e in zip(values.tolist(), bound.tolist(), exact, strict=True):
        assert np.isinf(error) or abs(Fraction(value) - e) <= Fraction(error)


@pytest.mark.parametrize(
    ("build", "error", "message"),
    [
        (lambda: pr.Network([]), pr.InputError, "no layers"),
        (
            lambda: pr.Network([([[1]], [0]), ([[1, 2]], [0])]),
            pr.DimensionError,
            "layer 0 returns 1 .* layer 1 takes 2",
        ),
        (lambda: pr.Network([([[1]], [0, 0])]), pr.DimensionError, "layer 0: weight has 1 rows but bias has 2"),
        (lambda: pr.Network([([[1], [1, 2]], [0, 0])]), pr.DimensionError, r"layer 0: weight\[1\]"),
        (lambda: pr.Network([([[float("inf")]], [0])]), pr.InexactError, r"layer 0: weight\[0\]\[0\]: inf"),
        (lambda: pr.Network([([[1]], [0])], relu=[True, False]), pr.DimensionError, "2 entries but there are 1 layers"),
        (lambda: pr.Network([([[1]], [0])], relu=[[True, False]]), pr.DimensionError, "relu has 2 entries"),
        (lambda: pr.Network([([[1]], [0])], relu=[["yes"]]), pr.InputError, "'yes'; write True or False"),  # type: ignore[list-item]
        (lambda: pr.Network([pr.Layer([[1]], [0], True)], relu=[True]), pr.InputError, "carry their own mask"),
        (lambda: pr.Network([[[1]]]), pr.InputError, "layer 0 is list"),  # type: ignore[list-item]
        (lambda: ABSOLUTE([1, 2]), pr.DimensionError, "has 2 entries, expected 1"),
        (lambda: ABSOLUTE(np.zeros((2, 3))), pr.DimensionError, r"\(n, 1\)"),
        (lambda: ABSOLUTE(np.array([np.nan])), pr.InexactError, "nan"),
    ],
)
def test_bad_networks_are_refused(build, error, message):
    with pytest.raises(error, match=message):
        build()


@given(networks(), st.data())
def test_the_parts_of_a_network_are_the_network(network, data):
    x = data.draw(points(network.input_dim))
    for at in range(1, len(network.layers)):
        first, second = network.split(at)
        assert (first, second) == (network[:at], network[at:])
        assert second(list(first(x))).tolist() == network(x).tolist()
        assert pr.Network([*first.layers, *second.layers]) == network
    assert network[:] == network[0:100] == network
    assert network[-1:].layers == network.layers[-1:]


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        (slice(0, 0), "the slice from 0 to 0 has none of the 2 layers"),
        (slice(2, None), "the slice from 2 to None has none"),
        (slice(None, None, 2), "a step of 2 leaves layers out"),
        (slice(None, None, -1), "a step of -1 leaves layers out"),
        (slice("1", None), "ends that are no whole numbers"),
        (0, r"net\[0\] is no network; write net\[1:\]"),
        ("decoder", r"net\['decoder'\] is no network"),
    ],
)
def test_slices_without_layers_are_refused(chosen, message):
    with pytest.raises(pr.InputError, match=message):
        ABSOLUTE[chosen]


@pytest.mark.parametrize("at", [0, 2, -1, 0.5, None])
def test_splits_that_leave_nothing_are_refused(at):
    with pytest.raises(pr.InputError, match="split: at"):
        ABSOLUTE.split(at)
    with pytest.raises(pr.InputError, match="the network has one layer"):
        ABSOLUTE[1:].split(1)
