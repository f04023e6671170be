from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

import polyrelu as pr
from polyrelu.networks.relevant_part import keep_all, restrict, restrict_as_stated
from tests.strategies import networks, points, polyhedra

ONE = pr.Network([pr.Layer([[1]], [0], relu=True)])


@pytest.mark.parametrize(
    ("text", "sign", "before"),
    [
        ("y0 > 0", "1", "y0 > 0"),
        ("y0 >= 1/2", "1", "y0 >= 1/2"),
        ("0 < y0 < 3", "1", "0 < y0 < 3"),
        ("y0 == 2", "1", "y0 == 2"),
        ("y0 <= 0", "0", "y0 <= 0"),
        ("y0 == 0", "0", "y0 <= 0"),
        ("-1 <= y0 <= 0", "0", "y0 <= 0"),
        ("y0 <= 1", "*", "y0 <= 1"),
        ("y0 < 1", "*", "y0 < 1"),
        ("-1 < y0 < 1", "*", "y0 < 1"),
        ("y0 >= 0", "*", "0 <= 1"),
        ("y0 > -1", "*", "0 <= 1"),
        ("y0 < 0", "*", "0 <= -1"),
        ("y0 == -1", "*", "0 <= -1"),
    ],
)
def test_a_condition_on_one_output_moves_before_its_relu(text, sign, before):
    restriction = restrict(ONE, pr.parse(text, dim=1))
    assert restriction.pattern(tuple(() for _ in restriction.layers)) == sign
    assert not any(restriction.layers[-1].relu)
    expected = pr.parse(before, dim=1)
    for z in map(Fraction, ("-2", "-1", "-1/2", "0", "1/4", "1/2", "1", "2", "3")):
        narrow = (z,) if restriction.outputs else ()
        assert (
            restriction.target.contains(narrow) == expected.contains((z,)) == pr.parse(text, dim=1).contains(ONE([z]))
        )


def test_y0_of_a_2_10_2_10_network_is_split_by_the_first_ten_neurons_only():
    W = [[1, i] for i in range(10)]
    net = pr.Network([(W, [0] * 10), ([[1] * 10] * 2, [0, 0]), (W, [0] * 10)], relu=[True, False, True])
    restriction = restrict(net, pr.parse("y0 > 0", dim=10))
    assert [sum(layer.relu) for layer in restriction.layers] == [10, 0, 0]
    assert restriction.template == ("?" * 10, "", "1*********")
    # W0 = (1, 0): the second bottleneck coordinate is not read
    assert [layer.output_dim for layer in restriction.layers] == [10, 1, 1]


def test_as_stated_rows_stay_in_their_order_and_every_relu_where_it_is():
    net = pr.Network([([[1], [2], [3]], [0] * 3), ([[1, 0, 1], [0, 1, 0]], [0, 0])], relu=[True, True])
    rows = [pr.Halfspace((1, 0), 3, "<="), pr.Halfspace((1, 0), 2, "<"), pr.Halfspace((1, 0), 3, "<=")]
    rows += [pr.Halfspace((0, 0), 1, "<="), pr.Halfspace((-1, 0), -1, "==")]
    target = pr.Polyhedron.from_halfspaces(rows, 2)
    restriction = restrict_as_stated(net, target)
    narrowed = [(row.normal, row.offset, row.relation) for row in restriction.target.halfspaces]
    assert narrowed == [((1,), 3, "<="), ((1,), 2, "<"), ((1,), 3, "<="), ((0,), 1, "<="), ((-1,), -1, "==")]
    assert restriction.coordinates == ((0, 2), (0,))
    assert [layer.relu for layer in restriction.layers] == [(True, True), (True,)]
    assert restriction.template == ("?*?", "?*")


def test_neurons_that_nothing_reads_are_free():
    net = pr.Network([([[1], [2], [3]], [0] * 3), ([[1, 0, 1], [0, 1, 0]], [0, 0])])
    assert restrict(net, pr.parse("y0 > 1", dim=2)).template[0] == "?*?"
    assert restrict(net, pr.parse("y1 > 1", dim=2)).template[0] == "*?*"
    assert restrict(net, pr.parse("y0 > y1", dim=2)).template[0] == "???"
    assert restrict(net, pr.Polyhedron.whole_space(2)).template[0] == "***"
    assert keep_all(net).template[0] == "???"


def test_a_network_remembers_what_it_was_last_asked_about():
    net = pr.Network([([[1], [2], [3]], [0] * 3), ([[1, 0, 1], [0, 1, 0]], [0, 0])], relu=[True, True])
    first = restrict(net, pr.parse("y0 > 1", dim=2))
    assert restrict(net, pr.parse("y0 > 1", dim=2)) is first
    moved = restrict(net, pr.parse("y0 > 3", dim=2))
    assert moved.layers is first.layers
    assert moved.target == pr.parse("y0 > 3", dim=1)
    both = restrict(net, pr.parse("y0 > y1 + 1", dim=2))
    assert [layer.neuron_count for layer in both.layers] == [3, 2]
    assert [layer.neuron_count for layer in moved.layers] == [2, 0]
    assert keep_all(net) is keep_all(net)


@given(networks(), st.data())
def test_the_restricted_network_decides_the_same_question(network, data):
    target = data.draw(polyhedra(network.output_dim, max_rows=3))
    restriction = restrict(network, target)
    small = pr.Network(restriction.layers)
    for x in data.draw(st.lists(points(network.input_dim), min_size=3, max_size=3)):
        assert restriction.target.contains(small([x])[0]) == target.contains(network([x])[0])


@given(networks(), st.data())
def test_affine_maps_of_restrictions(network, data):
    target = data.draw(polyhedra(network.output_dim, max_rows=3))
    restriction = restrict(network, target)
    x = tuple(map(Fraction, data.draw(points(network.input_dim))))
    if not target.contains(network([x])[0]):
        return
    bits = pr.Network(restriction.layers).activation_pattern(x)
    outputs, matrix, offset = restriction.affine_map(bits)
    value = network([x])[0]
    for i, row, c in zip(outputs, matrix, offset, strict=True):
        assert sum((a * b for a, b in zip(row, x, strict=True)), c) == value[i]
