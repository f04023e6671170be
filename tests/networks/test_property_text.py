"""Properties from texts, held against what the texts say at points."""

import itertools
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

import polyrelu as pr
from polyrelu.networks.named_properties import monotone
from polyrelu.networks.property_text import property_of
from tests.strategies import networks

NET = pr.Network([([[1, 2], [-1, 1], [0, -1]], [0, 1, 0]), ([[1, 1, -1], [0, 1, 1]], [0, -1])])
ABSOLUTE = pr.Network([([[1], [-1]], [0, 0]), ([[1, 1]], [0])])
RELU = pr.Network([([[1]], [0]), ([[1]], [0])])
GRID = [Fraction(v) for v in (-2, -1, 0, 1)] + [Fraction(1, 2)]


def breaks(prop, network, point):
    """Whether the property's set has this input of the joint network."""
    value = prop.asked_of(network).evaluate([point])[0]
    return any(part.domain.contains(point) and any(t.contains(value) for t in part.targets) for part in prop.disjuncts)


TEXTS = {
    "y0 > x1": lambda x, y, h: y[0] > x[1],
    "y0 > x1 or x_0 == 1": lambda x, y, h: y[0] > x[1] or x[0] == 1,
    "not (y0 > x1 or y_1 < 0) and h0_2 != 0": lambda x, y, h: y[0] <= x[1] and y[1] >= 0 and h[2] != 0,
    "(x0 + 1)*2 >= (y0 - h0_1) and (x0 < 0 | x1 > 0)": (
        lambda x, y, h: (x[0] + 1) * 2 >= y[0] - h[1] and (x[0] < 0 or x[1] > 0)
    ),
    "-1 <= x0 < x1, y1 <= 1/2": lambda x, y, h: -1 <= x[0] < x[1] and y[1] <= Fraction(1, 2),
    "not -1 <= x0 < x1": lambda x, y, h: not -1 <= x[0] < x[1],
    "not not ((x0 < 0))": lambda x, y, h: x[0] < 0,
    "h1_0 > h0_0": lambda x, y, h: y[0] > h[0],
    "z0_0 < -1 or z1_1 > 1": lambda x, y, h: x[0] + 2 * x[1] < -1 or y[1] > 1,
}


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_means_what_it_says(text):
    asked = pr.Property.of(NET, text)
    for x in itertools.product(GRID, repeat=2):
        h, y = NET[:1].evaluate([x])[0], NET.evaluate([x])[0]
        assert breaks(asked, NET, x) == TEXTS[text](x, y, h), x


def test_domains_hold_for_every_run():
    asked = pr.Property.of(NET, "y0 > y0'", ([-1, -1], [1, 1]))
    assert (asked.domain_dim, asked.input_names) == (4, ["x0", "x1", "x0'", "x1'"])
    assert breaks(asked, NET, (1, 1, 0, 0))
    assert not breaks(asked, NET, (2, 1, 0, 0))
    assert not breaks(asked, NET, (1, 1, 0, -2))
    alone = pr.Property.of(NET, "y0 > 0", "x0 >= 0")
    assert alone.members == ()
    assert alone.disjuncts[0].domain == pr.parse("x0 >= 0", 2, ("x",))


def test_equal_inputs_are_one():
    asked = pr.Property.of((RELU, ABSOLUTE), "x0 == x0' and y0 > y0'")
    assert (asked.domain_dim, asked.target_names) == (1, ["y0", "y0'"])
    assert pr.verify(RELU, asked).status == "holds"
    inside = pr.Property.of(ABSOLUTE, "x0 == x0' and h0_1' > y0 + x0")
    assert inside.target_names == ["y0", "y0'", "h0_1'", "x0"]
    assert pr.verify(ABSOLUTE, inside).status == "violated"


@given(networks(max_inputs=2, max_neurons=4), st.sampled_from([False, True]))
def test_a_network_that_is_not_monotone_has_two_points_that_show_it(network, decreasing):
    """And where it holds, no two points of a grid break it."""
    if not network.input_dim or not network.output_dim:
        return
    box = ([-2] * network.input_dim, [2] * network.input_dim)
    asked = monotone(network, box, decreasing=decreasing)
    found = pr.verify(network, asked)
    if found.status == "violated":
        points = [tuple(found.point[j] for j in member.wiring) for member in asked.members]
        (a, b), (y, z) = points, [network.evaluate([point])[0][0] for point in points]
        assert a[0] <= b[0]
        assert a[1:] == b[1:]
        assert y < z if decreasing else y > z
        return
    for rest in itertools.product(GRID, repeat=network.input_dim - 1):
        values = [network.evaluate([(v, *rest)])[0][0] for v in sorted(GRID)]
        assert values == sorted(values, reverse=decreasing)


def test_equivalence_with_room_to_differ():
    moved = pr.Network([([[1], [-1]], [0, 0]), ([[1, 1]], ["1/8"])])
    for within, status in (("1/8", "holds"), ("1/9", "violated"), (0, "violated")):
        assert pr.verify(ABSOLUTE, pr.Property.equivalent(ABSOLUTE, moved, within=within)).status == status
    assert pr.verify(moved, pr.Property.equivalent(moved, moved)).status == "holds"
    with pytest.raises(pr.DimensionError, match=r"the networks map R\^1 -> R\^1 and R\^2 -> R\^2"):
        pr.Property.equivalent(ABSOLUTE, NET)
    with pytest.raises(pr.InputError, match="within is -1; pass a number that is not negative"):
        pr.Property.equivalent(ABSOLUTE, RELU, within=-1)


def test_lipschitz_constants_in_both_norms():
    """(x, y) -> relu(x) - 2 relu(y): 3 for the largest difference, 2 for the sum."""
    network = pr.Network([([[1, 0], [0, 1]], [0, 0]), ([[1, -2]], [0])])
    for norm, slope in (("linf", 3), ("l1", 2)):
        for L, status in ((slope, "holds"), (Fraction(99 * slope, 100), "violated")):
            asked = pr.Property.lipschitz(network, L, ([-1, -1], [1, 1]), norm)
            found = pr.verify(network, asked)
            assert found.status == status, (norm, L)
            if status == "violated":
                steps = [abs(a - b) for a, b in zip(found.point[:2], found.point[2:], strict=True)]
                assert abs(found.value[0] - found.value[1]) > L * (max(steps) if norm == "linf" else sum(steps))
    with pytest.raises(pr.InputError, match="no norm 'l2'; choose from 'linf' and 'l1'"):
        pr.Property.lipschitz(network, 1, norm="l2")
    with pytest.raises(pr.InputError, match=r"l1 of 11 inputs takes 2\^11 rows"):
        pr.Property.lipschitz(pr.Network([([[1] * 11], [0])]), 1, norm="l1")


def test_steady_networks():
    assert pr.verify(ABSOLUTE, pr.Property.steady(ABSOLUTE, "1/10", "1/10", ([-1], [1]))).status == "holds"
    assert pr.verify(ABSOLUTE, pr.Property.steady(ABSOLUTE, "1/10", "9/100", ([-1], [1]))).status == "violated"


def test_evidence_of_a_property_of_two_runs(tmp_path):
    from polyrelu.certificates import checker

    for number, (net, status) in enumerate(((RELU, "holds"), (ABSOLUTE, "violated"))):
        place = tmp_path / f"{number}.cert"
        found = pr.verify(net, monotone(net, ([-1], [1])), certify=place)
        assert found.status == status
        evidence, question = found.files
        assert checker.check(question.read_bytes(), [str(evidence)])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("y0 > x2", "column 6: index 2 is out of range: x has indices 0 to 1"),
        ("y2 > 0", "index 2 is out of range: y has indices 0 to 1"),
        ("h2_0 > 0", "column 1: h2_0: there is no layer 2; layers are 0 to 1"),
        ("z0_3 > 0", "z0_3: layer 0 has coordinates 0 to 2"),
        ("h1 > 0", "unknown name 'h1'; variables are x0, y0, h0_0"),
        ("q0 > 0", "unknown name 'q0'"),
        ("y0", "column 1: expected a comparison"),
        ("", "expected a number or a variable"),
        ("y0 > 0 or", "expected a number or a variable"),
        ("(y0 > 0", r"expected '\)'"),
        ("(y0 > 0) y1", "unexpected 'y1'; expected a comparison, 'and', 'or' or the end"),
        ("y0 * y1 > 0", "a product of two variables is not linear"),
        ("y0 ** 2 > 0", "powers are not linear"),
        ("y0'''''''' > 0", "is of a network that was not passed"),
        ("not " * 101 + "y0 > 0", "more than 100 nested"),
        (" and ".join(["(y0 > 0 or y1 > 0)"] * 14), "multiply to over 10000 cases"),
    ],
)
def test_texts_that_are_refused(text, message):
    with pytest.raises(pr.ParseError, match=message):
        pr.Property.of(NET, text)


def test_arguments_that_are_refused():
    with pytest.raises(pr.InputError, match=r"Property.of: network: expected a list, got int 3; pass a Network"):
        property_of(3, "y0 > 0")  # type: ignore[arg-type]
    with pytest.raises(pr.InputError, match=r"Property.of: network: expected a Network"):
        property_of([], "y0 > 0")
    with pytest.raises(pr.InputError, match=r"Property.of: unsafe: expected a str"):
        property_of(NET, None)  # type: ignore[arg-type]
    with pytest.raises(pr.ParseError, match="is of a network that was not passed"):
        property_of((NET, NET), "y0'' > 0")
    with pytest.raises(pr.InputError, match=r"monotone: input"):
        monotone(NET, input=2)
