"""Ranges of outputs against the vertices of all linear regions, on networks of every kind."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import polyrelu as pr
from polyrelu.analysis import output_range
from polyrelu.analysis.descent import Descent
from polyrelu.analysis.proof_trees import WrongProof
from tests import zoo
from tests.strategies import domains, networks, wide_networks

ABSOLUTE = zoo.NETWORKS["absolute value"]
SLOW = [HealthCheck.too_slow, HealthCheck.filter_too_much]


def extremes(network, domain, form):
    """The least and greatest value by all vertices and rays of all regions, by the exact engine."""
    lowest, highest = math.inf, -math.inf
    for tile in pr.linear_regions(network, domain, "twin"):
        vertices, rays, lines = tile.polyhedron.generators
        values = [dot(form, network.evaluate([vertex])[0]) for vertex in vertices]
        lowest, highest = min(lowest, *values), max(highest, *values)
        for ray in (*rays, *lines, *(tuple(-v for v in line) for line in lines)):
            ahead = tuple(a + b for a, b in zip(vertices[0], ray, strict=True))
            slope = dot(form, network.evaluate([ahead])[0]) - values[0]
            lowest, highest = (-math.inf if slope < 0 else lowest), (math.inf if slope > 0 else highest)
    return lowest, highest


def dot(form, value):
    return sum((a * v for a, v in zip(form, value, strict=True)), Fraction(0))


def searched(network, domain, form):
    """The range by the search, which many inputs take, where a domain ends."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(output_range, "ALWAYS", -1)
        return pr.output_range(network, domain, form)


def agrees(network, domain, form):
    found, other = pr.output_range(network, domain, form), searched(network, domain, form)
    assert found.complete
    for end, same in ((found.minimum, other.minimum), (found.maximum, other.maximum)):
        assert (end.value, end.attained) == (same.value, same.attained)
    assert (found.minimum.value, found.maximum.value) == extremes(network, domain, form)
    for end in (found.minimum, found.maximum):
        if isinstance(end.value, Fraction):
            assert dot(form, network.evaluate([end.point])[0]) == end.value
            assert domain.closure().contains(end.point)
            assert not end.attained or domain.contains(end.point)
            assert end.attained or not domain.is_closed_form
            assert (end.bound <= end.value) if end is found.minimum else (end.bound >= end.value)
        else:
            assert domain.closure().contains(end.point)
            assert end.ray is not None
            assert any(end.ray)
    return found


@settings(max_examples=30, suppress_health_check=SLOW)
@given(networks(max_inputs=3, max_width=4, max_depth=2, max_neurons=5), st.data())
def test_against_all_vertices(network, data):
    drawn = data.draw(domains(network.input_dim))
    domain = pr.Polyhedron.whole_space(network.input_dim) if drawn is None else drawn
    if domain.is_empty():
        with pytest.raises(pr.EmptySetError, match="output_range: the domain is empty"):
            pr.output_range(network, domain)
        return
    form = [data.draw(st.integers(-2, 2)) for _ in range(network.output_dim)]
    found = agrees(network, domain, form)
    if domain.is_bounded():
        assert found.check() >= 0


@settings(max_examples=8, suppress_health_check=SLOW)
@given(wide_networks(max_inputs=2, max_depth=2))
def test_at_all_magnitudes(network):
    domain = pr.Polyhedron.box([-1] * network.input_dim, [1] * network.input_dim)
    agrees(network, domain, [1] + [0] * (network.output_dim - 1)).check()


@pytest.mark.parametrize("name", zoo.NETWORKS)
def test_the_zoo(name):
    network = zoo.NETWORKS[name]
    dim = network.input_dim
    domain = pr.Polyhedron.box([Fraction(-1, 3)] * min(dim, 3) + [0] * (dim - 3), [1] * min(dim, 3) + [0] * (dim - 3))
    agrees(network, domain, [1] * network.output_dim).check()


@pytest.mark.parametrize("widths", [(3, 16, 16, 1), (2, 32, 32, 1), (5, 6, 6, 1)])
def test_regions_that_all_meet_in_a_point(widths):
    """Without biases regions are cones, which no bounds of boxes around the origin tell from one another."""
    rng = np.random.default_rng(0)
    network = pr.Network([(rng.normal(size=(b, a)).round(1), np.zeros(b)) for a, b in itertools.pairwise(widths)])
    box = pr.Polyhedron.box([-1] * widths[0], [1] * widths[0])
    found = pr.output_range(network, box)
    values = network(pr.linear_regions(network, box).arrays().vertices.points)
    assert float(found.minimum) == pytest.approx(values.min())
    assert float(found.maximum) == pytest.approx(values.max())


def test_a_domain_beyond_the_floats():
    domain = pr.Polyhedron.box([-(2**1100), 0], [2**1100, 1])
    found = agrees(zoo.NETWORKS["two outputs"], domain, [1, 0])
    assert found.check()
    assert "OutputRange(" in repr(found)


def test_open_domains_approach_what_they_do_not_attain():
    found = pr.output_range(ABSOLUTE, "x0 > 1 and x0 < 3")
    assert (found.minimum.value, found.minimum.attained) == (1, False)
    assert (found.maximum.value, found.maximum.attained) == (3, False)
    found = pr.output_range(ABSOLUTE, "x0 > -1 and x0 < 3")
    assert (found.minimum.value, found.minimum.point, found.minimum.attained) == (0, (0,), True)
    flat = pr.Network([(np.zeros((1, 2)), [7])])
    assert pr.output_range(flat, "x0 > 0 and x0 < 1 and x1 > 0 and x1 < 1").minimum.attained


def test_without_end_there_is_a_ray():
    found = pr.output_range(ABSOLUTE)
    assert (found.minimum.value, found.maximum.value) == (0, math.inf)
    assert found.maximum.ray is not None
    assert any(found.maximum.ray)
    assert repr(found) == "OutputRange(0 to inf)"
    with pytest.raises(WrongProof, match="infinite, has no proof"):
        found.check()


def test_forms_as_people_write_them():
    network = zoo.NETWORKS["two outputs"]
    by_text = pr.output_range(network, ([-1, -1], [1, 1]), "y0 - 2*y1 + 1/2")
    by_numbers = pr.output_range(network, ([-1, -1], [1, 1]), [1, -2])
    assert by_text.maximum.value == by_numbers.maximum.value + Fraction(1, 2)
    assert by_text.minimum.value == by_numbers.minimum.value + Fraction(1, 2)
    with pytest.raises(pr.ParseError, match="unexpected '>'; expected a sum such as"):
        pr.output_range(network, None, "y0 > 1")
    with pytest.raises(pr.InputError, match="output: 2 is out of range"):
        pr.output_range(network, None, 2)
    with pytest.raises(pr.DimensionError, match="expected 2 numbers, got 1"):
        pr.output_range(network, None, [1])


def test_many_inputs():
    """The maximum over a box of 60 inputs: no dimension in which cells could be listed."""
    rng = np.random.default_rng(2)
    network = pr.Network([(rng.standard_normal((10, 60)) / 8, rng.standard_normal(10)), (np.ones((1, 10)), [0])])
    found = pr.output_range(network, ([0] * 60, ["1/4"] * 60))
    values = network(rng.uniform(0, 0.25, (500, 60)))
    assert found.minimum.value <= values.min()
    assert values.max() <= found.maximum.value
    assert found.check() > 0


def test_a_stopped_run_says_what_is_certain():
    rng = np.random.default_rng(3)
    sizes = ((40, 8), (40, 40), (1, 40))
    network = pr.Network([(rng.standard_normal(size), rng.standard_normal(size[0])) for size in sizes])
    found = pr.output_range(network, ([-1] * 8, [1] * 8), timeout=0.3)
    assert not found.complete
    assert found.minimum.bound <= float(found.minimum)
    with pytest.raises(WrongProof, match="not known"):
        found.check()


def test_an_end_that_was_not_come_to_has_a_bound(monkeypatch):
    """Stopped on the way to the smallest value, the largest has the bound that boxes say."""
    monkeypatch.setattr(Descent, "run", lambda self: (_ for _ in ()).throw(KeyboardInterrupt))
    net = pr.Network([([[1, 0], [0, 1], [1, 1]], [0, 0, -1]), ([[1, 1, -2]], [0])])
    with pytest.raises(pr.Interrupted) as stopped:
        pr.output_range(net, ([0, 0], [2, 2]), 0)
    found = stopped.value.partial
    assert not found.complete
    assert -10 < found.minimum.bound <= -2
    assert 1 <= found.maximum.bound < 10
