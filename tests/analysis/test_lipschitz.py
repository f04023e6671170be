"""The steepest region, against all of them looked at one by one."""

import itertools
import math
import time
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import polyrelu as pr
from polyrelu.analysis import steepest as module
from polyrelu.analysis.steepest import exact_norm
from polyrelu.bounds.slopes import NORMS, Slopes
from tests import zoo
from tests.strategies import domains, networks, wide_networks


def by_regions(network, domain, norm):
    """The largest norm of the Jacobians of all regions, of which the columns of fixed inputs do not count."""
    region = pr.Polyhedron.whole_space(network.input_dim) if domain is None else domain
    free = region.sides.free
    found = [(0.0, 0.0, None if norm == "l2" else Fraction(0))]
    for tile in pr.linear_regions(network, region, "twin"):
        matrix = tuple(tuple(row[j] for j in free) for row in tile.affine_map()[1])
        found.append(exact_norm(matrix, norm))
    return max(found, key=lambda own: own[0] if own[2] is None else own[2])


def checked(network, domain, norm, **options):
    found = pr.lipschitz(network, domain, norm, **options)
    assert found.complete
    low, high, value = by_regions(network, domain, norm)
    assert found.value == value or (norm == "l2" and found.value == 0 == low)
    assert found.enclosure.low <= high
    assert low <= found.enclosure.high
    if value is not None:
        assert value in found.enclosure
    assert found.enclosure.low * (1 - 2.0**-40) <= found.enclosure.high
    region = pr.Polyhedron.whole_space(network.input_dim) if domain is None else domain
    assert region.closure().contains(found.point)
    assert network.affine_map(network.activation_pattern(found.point))[0] == found.matrix
    return found


@st.composite
def questions(draw, /, **sizes):
    network = draw(networks(**sizes))
    return network, draw(domains(network.input_dim)), draw(st.sampled_from(NORMS))


@settings(max_examples=40)
@given(questions(max_neurons=6))
def test_no_region_is_steeper(question):
    network, domain, norm = question
    region = pr.Polyhedron.whole_space(network.input_dim) if domain is None else domain
    if region.is_empty():
        with pytest.raises(pr.EmptySetError, match="lipschitz: the domain is empty"):
            pr.lipschitz(network, domain, norm)
    elif region.dim < len(region.sides.free):
        with pytest.raises(pr.InputError, match=r"lies in a hyperplane.*net.slice"):
            pr.lipschitz(network, domain, norm)
    else:
        checked(network, domain, norm)


@settings(max_examples=20)
@given(wide_networks(), st.sampled_from(NORMS))
def test_at_every_magnitude(network, norm):
    checked(network, zoo.square(1, network.input_dim), norm)


RNG = np.random.default_rng(5)
NET = pr.Network([(RNG.standard_normal((6, 3)), RNG.standard_normal(6)), (RNG.standard_normal((3, 6)), [0, 1, -1])])


@pytest.mark.parametrize("norm", NORMS)
def test_boxes_are_halved_where_regions_may_be_many(norm, monkeypatch):
    """Down to boxes that have few, or are narrow."""
    monkeypatch.setattr(module, "_FEW_INPUTS", 0)
    monkeypatch.setattr(module, "_MOST_REGIONS", 8)
    monkeypatch.setattr(module, "_NARROW", 2.0**-3)
    assert checked(NET, zoo.square(1, 3), norm).stats["boxes"] > 8


def test_boxes_are_halved_where_regions_are_many(monkeypatch):
    """What was found of them counts."""
    asked = []

    def some(network, domain, until, **options):
        asked.append(domain)
        tiling = pr.linear_regions(network, domain, **options)
        if len(asked) < 4 and until(module._TRIED + 1):
            raise pr.Interrupted("many", tiling[:1])
        return tiling

    monkeypatch.setattr(module, "linear_regions", some)
    found = checked(NET, zoo.square(1, 3), "linf")
    assert found.stats["boxes"] > 3


def test_one_output_is_its_slope_in_the_dual_norm():
    gradient = pr.Network([([[3, -4, 0]], [0]), ([[1], [-1]], [0, 0])], relu=[False, False])
    assert pr.lipschitz(gradient, norm="linf", output=0).value == 7
    assert pr.lipschitz(gradient, norm="l1", output="y0 - y1").value == 8
    assert (
        pr.lipschitz(gradient, norm="l2", output=[1, 0]).enclosure
        == pr.lipschitz(gradient, output=1, norm="l2").enclosure
    )
    assert 5 in pr.lipschitz(gradient, norm="l2", output=0).enclosure
    with pytest.raises(pr.InputError, match="lipschitz: output"):
        pr.lipschitz(gradient, output=2)


def test_what_is_said_holds_between_any_two_points():
    """The constant is no sample: differences never exceed it, and some come close."""
    value = pr.lipschitz(NET, zoo.square(1, 3), "linf").value
    xs = RNG.uniform(-1, 1, (200, 3))
    ys = xs + RNG.uniform(-1, 1, (200, 3)) * 2.0**-10
    change = np.abs(NET(xs) - NET(np.clip(ys, -1, 1))).max(axis=1) / np.abs(xs - np.clip(ys, -1, 1)).max(axis=1)
    assert value is not None
    assert change.max() <= float(value) * (1 + 2.0**-30)
    prop = pr.Property.lipschitz(pr.Network([([[1], [-2]], [0, 0]), ([[1, 1]], [0])]), 2, ([-1], [1]))
    assert pr.verify(pr.Network([([[1], [-2]], [0, 0]), ([[1, 1]], [0])]), prop).status == "holds"
    assert pr.lipschitz(pr.Network([([[1], [-2]], [0, 0]), ([[1, 1]], [0])]), ([-1], [1])).value == 2


def test_a_stopped_run_says_what_is_certain():
    rng = np.random.default_rng(0)
    widths = [10, 20, 20, 2]
    net = pr.Network(
        [(rng.standard_normal((b, a)) / math.sqrt(a), rng.standard_normal(b)) for a, b in itertools.pairwise(widths)]
    )
    began = time.monotonic()
    found = pr.lipschitz(net, ([-1] * 10, [1] * 10), timeout=0.5)
    assert time.monotonic() - began < 5
    assert not found.complete
    assert found.value is None
    assert 0 < found.enclosure.low < found.enclosure.high < math.inf
    assert found.matrix is not None
    assert exact_norm(found.matrix, "linf")[0] == found.enclosure.low
    assert "incomplete" in repr(found)
    with pytest.raises(pr.BudgetExceeded, match="boxes wait, more than limit=10"):
        pr.lipschitz(net, ([-1] * 10, [1] * 10), limit=10)


@pytest.mark.parametrize("where", ["_add", "_by_regions", "_steepest_of"])
def test_ctrl_c_is_answered_with_what_is_known(where, monkeypatch):
    asked = []

    def stop(*_, **__):
        asked.append(1)
        raise KeyboardInterrupt

    monkeypatch.setattr(module.Search, where, stop)
    with pytest.raises(pr.Interrupted, match="lipschitz: stopped with") as stopped:
        pr.lipschitz(NET, zoo.square(1, 3))
    assert asked
    assert not stopped.value.partial.complete


def test_a_stop_within_cells_is_a_stop(monkeypatch):
    """Whoever stops the regions of a box stops the search."""

    def interrupted(*_, **__):
        raise pr.Interrupted("stopped", pr.linear_regions(NET, zoo.square(1, 3)))

    monkeypatch.setattr(module, "linear_regions", interrupted)
    with pytest.raises(pr.Interrupted, match="lipschitz: stopped"):
        pr.lipschitz(NET, zoo.square(1, 3))


def test_a_bound_that_is_too_small_is_found(monkeypatch):
    """With bounds of half the size a steep region is passed over."""
    norms = Slopes.norms
    monkeypatch.setattr(Slopes, "norms", lambda own, norm: 0.5 * norms(own, norm))
    passed = [is_right(pr.Network(random_layers(seed)), zoo.square(3, 2)) for seed in range(20)]
    assert not all(passed)


def random_layers(seed):
    rng = np.random.default_rng(seed)
    return [(rng.standard_normal((6, 2)), rng.standard_normal(6)), (rng.standard_normal((2, 6)), [0, 0])]


def is_right(network, domain):
    return pr.lipschitz(network, domain).value == by_regions(network, domain, "linf")[2]
