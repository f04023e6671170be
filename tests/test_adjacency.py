import networkx as nx
import pytest

import polyrelu as pr
from polyrelu.adjacency import touches

ABSOLUTE = pr.Network([([[1], [-1]], [0, 0]), ([[1, 1]], [0])])
CROSS = pr.Network([([[1, 0], [-1, 0], [0, 1], [0, -1]], [0] * 4), ([[1, 1, -1, -1]], [0])])  # |x0| - |x1|


def zones_of(network, text, domain=None):
    return pr.preimage(network, pr.parse(text, dim=network.output_dim), domain).zones()


def test_tiles_on_both_sides_of_a_facet_are_one_zone():
    tiling = pr.preimage(ABSOLUTE, pr.parse("y0 >= 0", dim=1))
    graph = tiling.adjacency()
    assert nx.is_connected(graph)
    ((_, _, hyperplane),) = graph.edges(data="hyperplane")
    assert (hyperplane.normal, hyperplane.offset, hyperplane.relation) == ((1,), 0, "==")
    assert [len(zone) for zone in tiling.zones()] == [2]


def test_open_tiles_are_not_joined_by_a_hyperplane_that_is_not_theirs():
    assert [len(zone) for zone in zones_of(ABSOLUTE, "y0 > 0")] == [1, 1]


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
