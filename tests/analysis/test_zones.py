import json
import sys
import warnings
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

import polyrelu as pr
from polyrelu.analysis.adjacency import flat_tiles
from polyrelu.analysis.zones import zone_table
from polyrelu.errors import FloatModeWarning
from polyrelu.export.json_report import zones_report
from polyrelu.figures.demo import RADIUS, run_demo
from tests.float_modes import MODES, float_mode
from tests.strategies import questions

CROSS = pr.Network([([[1, 0], [-1, 0], [0, 1], [0, -1]], [0] * 4), ([[1, 1, -1, -1]], [0])])  # |x0| - |x1|
SQUARE = pr.Polyhedron.box([-1, -1], [1, 1])
METHODS = st.sampled_from(["cells", "cells", "unrelu"])


def just_beyond(tiling, facet):
    """The tiles whose closures contain p + t (p - c) for all small t > 0: p is inside a facet, c inside the tile."""
    point = facet.polyhedron.relative_interior_point()
    centre = tiling[facet.tile].polyhedron.relative_interior_point()
    outwards = [p - c for p, c in zip(point, centre, strict=True)]

    def enters(row):
        slope = sum(a * n for a, n in zip(row.normal, outwards, strict=True))
        return row.slack(point) > 0 or (not row.slack(point) and (slope == 0 if row.relation == "==" else slope <= 0))

    return [i for i, tile in enumerate(tiling) if all(enters(row) for row in tile.polyhedron.halfspaces)]


def facets_of_full_tiles(tiling):
    flat = flat_tiles(tiling)
    return [facet for i in range(len(tiling)) if not flat[i] for facet in tiling.facets(i)]


def answered(question, method):
    network, target, domain = question
    return pr.preimage(network, target, domain, method)


tilings = st.builds(answered, questions(max_inputs=2, max_width=4, max_neurons=5), METHODS)


@given(tilings)
@settings(max_examples=80, deadline=None)
def test_beyond_a_facet_are_its_neighbours(tiling):
    flat = flat_tiles(tiling)
    for facet in facets_of_full_tiles(tiling):
        beyond = [j for j in just_beyond(tiling, facet) if not flat[j]]
        both_open = [j for j in beyond if facet.row.relation == "<" and j not in facet.neighbours]
        full = [j for j in facet.neighbours if not flat[j]]  # flat ones touch with a facet of their own, a lower one
        assert beyond == sorted([*full, *both_open])
        assert len(beyond) <= 1


@given(tilings)
@settings(max_examples=60, deadline=None)
def test_kinds_of_facets(tiling):
    for facet in facets_of_full_tiles(tiling):
        point = facet.polyhedron.relative_interior_point()
        on_domain = [
            row
            for row in tiling.domain.halfspaces
            if row.relation != "==" and not row.is_trivial and not row.slack(point)
        ]
        assert (facet.kind == "domain") == bool(on_domain)
        if facet.kind == "neuron":
            assert facet.neuron is not None
            layer, coordinate = facet.neuron
            values: Any = point
            for k, own in enumerate(tiling.network.layers[: layer + 1]):
                linear = pr.Layer(own.weight, own.bias, relu=own.relu if k < layer else False)
                values = pr.Network([linear])(values)
            assert values[coordinate] == 0


def test_the_boundary_of_a_square_is_four_times_its_side():
    net = pr.Network([([[1, 0], [0, 1], [1, 1]], [0, 0, 0])], [True])
    boundary = pr.linear_regions(net, SQUARE).boundary()
    assert {facet.kind for facet in boundary} == {"domain"}
    assert sum(length(facet.polyhedron) for facet in boundary) == 8


def test_where_a_neighbour_covers_half_a_facet_the_other_half_bounds():
    net = pr.Network([([[1, 0], [0, 1]], [0, 0])], [False])
    targets = [pr.Polyhedron.box([-1, -1], [0, 1]), pr.Polyhedron.box([0, 0], [1, 1])]
    tiling = pr.preimage(net, targets)
    assert [len(zone) for zone in tiling.zones()] == [2]
    ((i, j, edge),) = tiling.adjacency().edges(data=True)
    assert edge == {"kind": "target", "neuron": None}
    assert set(tiling.shared_facet(i, j).vertices) == {(0, 0), (0, 1)}
    assert sum(length(facet.polyhedron) for facet in tiling.boundary()) == 6 + 4 - 2


def length(segment):
    (a, b), (c, d) = segment.vertices
    assert a == c or b == d
    return abs(a - c) + abs(b - d)


def test_zones_by_size():
    tiling = pr.preimage(CROSS, pr.parse("y0 >= 1", dim=1), pr.Polyhedron.box([-2, -2], [4, 2]))
    assert [zone.volume(exact=True) for zone in tiling.zones(sort="volume")] == [Fraction(8), 1]
    assert [len(zone) for zone in tiling.zones(sort="tiles")] == [2, 2]


def test_unbounded_zones_come_first():
    tiling = pr.preimage(CROSS, pr.parse("y0 >= 1", dim=1), pr.Polyhedron([[-1, 0]], [2]))
    first, second = tiling.zones(sort="volume")
    assert not first.is_bounded()
    assert second.is_bounded()


def test_in_a_box_with_a_constant_input_zones_are_measured_by_their_share():
    net = pr.Network([([[1, 0, 5], [-1, 0, -5]], [-11, 8])], relu=[True])
    box = pr.Polyhedron.box([-1, 0, 2], [3, 2, 2])  # x2 = 2: active where x0 > 1, and where x0 < -2 is outside
    tiling = pr.preimage(net, pr.parse("y0 + y1 > 0", dim=2), box)
    assert zone_table(tiling).splitlines()[0].split()[:3] == ["zone", "tiles", "share"]
    assert [float(zone.share()) for zone in tiling.zones(sort="volume")] == [0.5]
    assert " 0.5 " in zone_table(tiling, sort="volume").splitlines()[1]


def test_an_unknown_order_is_refused():
    with pytest.raises(pr.InputError, match="'size'; choose one of first, volume, tiles"):
        pr.preimage(CROSS, pr.parse("y0 > 0", dim=1)).zones(sort="size")


def test_flat_tiles_have_no_facets_of_the_preimage():
    with pytest.raises(pr.InputError, match="tile 0 is flat, of dimension 1"):
        pr.preimage(CROSS, pr.parse("y0 == 0", dim=1)).facets(0)


def test_the_islands_of_the_demo_are_those_of_a_flood_fill():
    demo = run_demo()
    zones = demo.in_box.zones()
    steps = (np.arange(1000) + 0.5) / 1000 * 2 * RADIUS - RADIUS
    samples = np.stack(np.meshgrid(steps, steps, indexing="ij"), axis=-1).reshape(-1, 2)
    active = (demo.network(samples)[:, 0] > 0).reshape(1000, 1000)
    islands, count = ndimage.label(active, np.ones((3, 3)))  # in an acute corner samples only meet diagonally
    seen = set()
    for island in range(1, count + 1):
        own = samples[islands.ravel() == island]
        own = own[:: max(1, len(own) // 200)]
        (zone,) = [k for k, zone in enumerate(zones) if zone.contains(own).any()]
        assert zones[zone].contains(own).all()
        assert zone not in seen
        seen.add(zone)
    for missed in set(range(len(zones))) - seen:
        point = zones[missed][0].point()
        assert demo.network(point)[0] > 0
    assert (len(zones), count) == (3, 3)


@pytest.mark.parametrize("exponent", [160, -170, 400, -400])
def test_zones_beyond_and_below_the_floats(exponent):
    """Vertices beyond the greatest float, volumes that floats cannot tell apart: the larger zone still comes first."""
    side = Fraction(10) ** exponent
    net = pr.Network([([[1, 0], [0, 1]], [0, 0])], relu=[True])
    square = pr.Polyhedron.box([-side, -side], [side, side])
    assert len(pr.linear_regions(net, square).zones(contact=0)) == 1
    apart = [pr.Polyhedron([[-1, 1]], [-Fraction(side) * 3 / 4]), pr.Polyhedron([[1, -1]], [-Fraction(side) / 2])]
    tiling = pr.preimage(net, apart, square)
    first, second = tiling.zones(sort="volume")
    assert first.volume(exact=True) > second.volume(exact=True)
    assert len(tiling.zones(contact=0)) == 2
    assert tiling.betti_numbers() == (2, 0)
    shown, largest = zone_table(tiling, sort="volume").splitlines()[1].split()[2], first.volume(exact=True)
    assert abs(Fraction(shown) - largest) <= largest / 1000
    assert "inf" not in zone_table(tiling)
    report = json.loads(json.dumps(zones_report(tiling, sort="volume"), allow_nan=False))
    ends = report["zones"][0]["volume"]
    assert ends == ([sys.float_info.max, None] if side > 1 else [first.volume().low, first.volume().high])
    if side == 10**400:
        assert report["zones"][1]["bounding_box"] == [[sys.float_info.max, None], [None, None]]


@pytest.mark.parametrize("mode", MODES)
def test_zones_where_floats_are_not_sound(mode):
    tiling = pr.preimage(CROSS, pr.parse("y0 >= 1/3", dim=1), SQUARE)
    flat = pr.preimage(CROSS, pr.parse("y0 == 0", dim=1), SQUARE)
    expected = tiling.f_vector(), flat.betti_numbers()
    tiny = pr.linear_regions(
        pr.Network([([[1, 0], [0, 1]], [0, 0])], [True]), pr.Polyhedron.box([-5e-324] * 2, [5e-324] * 2)
    )
    with float_mode(mode), warnings.catch_warnings():
        warnings.simplefilter("ignore", FloatModeWarning)
        assert [len(zone) for zone in tiling.zones(contact=0, sort="volume")] == [2, 2]
        assert [len(zone) for zone in tiny.zones(contact=0, sort="volume")] == [4]
        assert len(tiny.adjacency(0).edges) == 6
        assert tiny.betti_numbers() == (1, 0)
        assert (tiling.f_vector(), flat.betti_numbers()) == expected
        assert len(flat.zones()) == 1
        table = zone_table(tiling)
    assert table == zone_table(tiling)
