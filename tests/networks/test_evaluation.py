import warnings
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import polyrelu as pr
from polyrelu.errors import FloatModeWarning
from tests.float_modes import MODES, everywhere, float_mode
from tests.strategies import networks, polyhedra, wide_floats, wide_networks


@given(networks(), st.data())
def test_float_points_are_classified_as_exact_evaluation_does(network, data):
    targets = data.draw(st.lists(polyhedra(network.output_dim, max_rows=3), min_size=1, max_size=2))
    seed = data.draw(st.integers(0, 2**32))
    xs = np.random.default_rng(seed).integers(-4, 5, (20, network.input_dim)) / 2.0
    values = network([[Fraction(v) for v in x] for x in xs.tolist()])
    expected = [any(target.contains(value) for target in targets) for value in values]
    assert pr.maps_into(network, targets, xs).tolist() == expected


def test_a_point_that_floats_misjudge():
    """0.1 + 0.2 - 0.3 is 2^-54 in floats' own exact terms but 5.6e-17 when computed; the sign of the rest is exact."""
    net = pr.Network([([[1, 1, -1]], [0])])
    point = np.array([[0.1, 0.2, 0.3]])
    true = Fraction(0.1) + Fraction(0.2) - Fraction(0.3)
    assert net(point)[0, 0] != true
    level = pr.Polyhedron([[1]], [true])
    assert pr.maps_into(net, level, point).tolist() == [True]
    assert pr.maps_into(net, pr.Polyhedron([[1]], [true], strict=True), point).tolist() == [False]


def test_what_overflows_on_its_way_is_evaluated_exactly():
    """The last layer forgets a number that is beyond the floats, or takes it back."""
    point = np.array([[1.0], [0.0], [-1.0]])
    one = pr.Network([([[1e300]], [0]), ([[1e300]], [0]), ([[0.0]], [1])], relu=[False] * 3)
    assert pr.maps_into(one, pr.parse("y0 <= 0", dim=1), point).tolist() == [False] * 3
    assert pr.maps_into(one, pr.parse("y0 == 1", dim=1), point).tolist() == [True] * 3
    back = pr.Network([([[1e300]], [0]), ([[1e300]], [0]), ([["1e-600"]], [0])], relu=[False, True, False])
    assert pr.maps_into(back, pr.parse("y0 >= 1/2", dim=1), point).tolist() == [True, False, False]
    assert pr.maps_into(back, pr.parse("y0 <= 0", dim=1), point).tolist() == [False, True, True]
    beyond = pr.Network([([[10**400], [1]], [0, 0]), ([[1, -(10**400)]], [0])], relu=[[True, False], False])
    assert pr.maps_into(beyond, pr.parse("y0 == 0", dim=1), point).tolist() == [True, True, False]


@settings(max_examples=200)
@given(wide_networks(), st.data())
def test_points_of_all_magnitudes(network, data):
    """Targets through the very value at a point, or next to it."""
    xs = np.array([data.draw(st.lists(wide_floats, min_size=network.input_dim, max_size=network.input_dim))] * 2)
    xs[1, 0] = np.nextafter(xs[0, 0], np.inf)
    values = network([[Fraction(v) for v in x] for x in xs.tolist()])
    normal = data.draw(st.lists(wide_floats, min_size=network.output_dim, max_size=network.output_dim))
    level = sum((Fraction(a) * v for a, v in zip(normal, values[0], strict=True)), Fraction(0))
    for offset, strict in ((level, False), (level, True), (level + Fraction(data.draw(wide_floats)), False)):
        target = pr.Polyhedron([normal], [offset], strict=strict)
        assert pr.maps_into(network, target, xs).tolist() == [bool(target.contains(value)) for value in values]


@everywhere
@pytest.mark.parametrize("mode", MODES)
def test_answers_where_floats_are_not_sound(mode, run):
    """Points and weights that other modes round to others."""
    net = pr.Network([([[1, 1, -1]], [0])])
    point = np.array([[0.1, 0.2, 0.3], [5e-324, 0.0, 0.0], [1.0, 2.0**-53, 1.0]])
    values = [net.evaluate([tuple(map(Fraction, x))])[0][0] for x in point.tolist()]
    level = pr.Polyhedron([[-1]], [0], strict=True)
    box = pr.linear_regions(
        pr.Network([([[1, 1, -1]], [0])], relu=[True]), pr.Polyhedron.box([-1] * 3, [1] * 3), "twin"
    )
    list_of_tiles = pr.preimage(net, level, pr.Polyhedron.box([-1] * 3, [1] * 3), "unrelu")
    expected = [value > 0 for value in values]

    def work():
        with float_mode(mode), warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            found = pr.maps_into(net, level, point), level.contains(np.array([[v[0]] for v in point.tolist()]))
            located = box.locate(point), list_of_tiles.contains(point)
        return found, located, {warning.category for warning in told}

    (inside, positive), (located, contained), told = run(work)
    assert inside.tolist() == contained.tolist() == expected
    assert located.tolist() == [int(value > 0) for value in values]
    assert positive.all()
    assert told == {FloatModeWarning}


def test_spaces_are_checked():
    net = pr.Network([([[1, 1, -1]], [0])])
    with pytest.raises(pr.DimensionError, match=r"R\^2 but the network's outputs in R\^1"):
        pr.maps_into(net, pr.Polyhedron.whole_space(2), np.zeros((1, 3)))
    with pytest.raises(pr.DimensionError, match=r"\(n, 3\)"):
        pr.maps_into(net, pr.Polyhedron.whole_space(1), np.zeros((1, 2)))
