import itertools

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import polyrelu as pr
from polyrelu.analysis.adjacency import contact_dim, touches
from tests.strategies import polyhedra, questions

ABSOLUTE = pr.Network([([[1], [-1]], [0, 0]), ([[1, 1]], [0])])
CROSS = pr.Network([([[1, 0], [-1, 0], [0, 1], [0, -1]], [0] * 4), ([[1, 1, -1, -1]], [0])])  # |x0| - |x1|


def zones_of(network, text, domain=None):
    return pr.preimage(network, pr.parse(text, dim=network.output_dim), domain).zones()


def test_tiles_on_both_sides_of_a_facet_are_one_zone():
    tiling = pr.preimage(ABSOLUTE, pr.parse("y0 >= 0", dim=1))
    graph = tiling.adjacency()
    assert nx.is_connected(graph)
    ((i, j, edge),) = graph.edges(data=True)
    assert edge["kind"] == "neuron"
    assert edge["neuron"] in [(0, 0), (0, 1)]
    assert tiling.shared_facet(i, j).vertices == ((0,),)
    assert [tile.pattern for tile in tiling] == [graph.nodes[k]["pattern"] for k in graph]
    assert [graph.nodes[k]["zone"] for k in graph] == [0, 0]
    assert [len(zone) for zone in tiling.zones()] == [2]


def test_open_tiles_are_not_joined_by_a_hyperplane_that_is_not_theirs():
    assert [len(zone) for zone in zones_of(ABSOLUTE, "y0 > 0")] == [1, 1]


def test_open_tiles_whose_patterns_differ_in_one_neuron_alone():
    """2 relu(x) - x is |x| with one neuron, and the hyperplane between the tiles is a neuron's and the target's."""
    layer = pr.Layer([[1], [1]], [0, 0], relu=[True, False])
    net = pr.Network([layer, pr.Layer([[2, -1]], [0], relu=False)])
    for method in ("cells", "twin", "unrelu"):
        assert [len(zone) for zone in pr.preimage(net, pr.parse("y0 > 0", dim=1), method=method).zones()] == [1, 1]
        assert [len(zone) for zone in pr.preimage(net, pr.parse("y0 >= 0", dim=1), method=method).zones()] == [2]


def test_open_sets_do_not_touch_in_a_vertex_that_neither_has():
    closed, open_ = (pr.preimage(CROSS, pr.parse(text, dim=1)) for text in ("y0 >= 0", "y0 > 0"))
    assert [len(zone) for zone in closed.zones(contact=0)] == [4]
    assert [len(zone) for zone in open_.zones(contact=0)] == [2, 2]


def test_a_contact_that_cannot_be_is_refused():
    with pytest.raises(pr.InputError, match="from 0 to 1"):
        pr.preimage(CROSS, pr.parse("y0 > 0", dim=1)).adjacency(contact=2)


def test_contact_in_a_vertex_does_not_join():
    """|x0| >= |x1| is two quadrants, left and right, that meet in the origin."""
    zones = zones_of(CROSS, "y0 >= 0")
    assert [len(zone) for zone in zones] == [2, 2]
    assert [len(zone) for zone in zones_of(CROSS, "y0 > 0")] == [2, 2]


def test_checkerboard():
    """max(0, x0 x1 signs): relu(x0) against relu(x1), four quadrants of which two opposite ones are kept."""
    net = pr.Network([([[1, 0], [0, 1]], [0, 0]), ([[1, 0], [0, 1]], [0, 0])])
    both = pr.preimage(net, [pr.parse("y0 > 0 and y1 > 0", dim=2), pr.parse("y0 <= 0 and y1 <= 0", dim=2)])
    assert [len(zone) for zone in both.zones()] == [1, 1]


def test_flat_tiles_touch_where_they_share_a_vertex():
    zones = zones_of(CROSS, "y0 == 0")
    assert [len(zone) for zone in zones] == [4]
    assert {tile.dim for tile in zones[0]} == {1}


def test_zones_of_nothing():
    assert zones_of(ABSOLUTE, "y0 < -1") == []


@pytest.mark.parametrize(
    ("P", "Q", "expected"),
    [
        (pr.Polyhedron.box([0, 0], [1, 1]), pr.Polyhedron.box([1, 0], [2, 1]), True),
        (pr.Polyhedron.box([0, 0], [1, 1]), pr.Polyhedron.box([1, 1], [2, 2]), False),
        (pr.Polyhedron.box([0, 0], [1, 1]), pr.Polyhedron.box([2, 0], [3, 1]), False),
        (pr.Polyhedron.box([0], [1]), pr.Polyhedron([[-1]], [-1], strict=True), True),
        (pr.Polyhedron([[1]], [1], strict=True), pr.Polyhedron([[-1]], [-1], strict=True), False),
    ],
)
def test_touching(P, Q, expected):
    assert touches(P, Q) == touches(Q, P) == expected


def by_comparing_all_pairs(tiling, contact=None):
    polyhedra = [tile.polyhedron for tile in tiling]
    pairs = itertools.combinations(range(len(tiling)), 2)
    if contact is None:
        return {(i, j) for i, j in pairs if touches(polyhedra[i], polyhedra[j])}
    return {(i, j) for i, j in pairs if contact_dim(polyhedra[i], polyhedra[j]) >= contact}


def edges(tiling, contact=None):
    return {tuple(sorted(edge)) for edge in tiling.adjacency(contact).edges}


METHODS = st.sampled_from(["cells", "cells", "unrelu", "twin"])


@given(questions(max_inputs=3, max_width=4, max_neurons=6), METHODS)
@settings(max_examples=150, deadline=None)
def test_matching_finds_what_comparing_all_pairs_finds(question, method):
    network, target, domain = question
    tiling = pr.preimage(network, target, domain, method)
    assert edges(tiling) == by_comparing_all_pairs(tiling)


@given(questions(max_inputs=2, max_width=4, max_neurons=5), polyhedra(), METHODS)
@settings(max_examples=100, deadline=None)
def test_in_unions_too(question, extra, method):
    network, target, domain = question
    other = pr.Polyhedron.from_halfspaces(
        [row._replace(normal=(*row.normal, *[0] * 9)[: network.output_dim]) for row in extra.halfspaces[:2]],
        network.output_dim,
    )
    tiling = pr.preimage(network, [target, other], domain, method)
    assert edges(tiling) == by_comparing_all_pairs(tiling)


@given(questions(max_inputs=3, max_width=4, max_neurons=5), st.integers(0, 2), METHODS)
@settings(max_examples=100, deadline=None)
def test_contact_of_any_dimension(question, contact, method):
    network, target, domain = question
    tiling = pr.preimage(network, target, domain, method)
    if contact < network.input_dim:
        assert edges(tiling, contact) == by_comparing_all_pairs(tiling, contact)


@given(questions(max_inputs=2, max_width=4, max_neurons=5))
@settings(max_examples=60, deadline=None)
def test_in_every_selection_of_tiles(question):
    network, target, domain = question
    tiling = pr.preimage(network, target, domain)[::-2]
    assert edges(tiling) == by_comparing_all_pairs(tiling)
