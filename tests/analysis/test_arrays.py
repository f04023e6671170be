"""All tiles as arrays, against each tile as it is written down exactly."""

import dataclasses
from fractions import Fraction
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings

import polyrelu as pr
from polyrelu.analysis.arrays import PointLists
from polyrelu.analysis.tile_lists import OF_DOMAIN, OF_TARGET, UNKNOWN, FloatRows
from polyrelu.engines.cells import vertices
from polyrelu.tilings import float_rows
from polyrelu.tilings.columns import Columns
from tests import zoo
from tests.strategies import questions, wide_networks

NET = pr.Network([([[1, 0.5], [-1, 0.25], [0.3, -1]], [0, "1/10", -0.2]), ([[1, 1, -1], [1, -1, 0]], [0, 0])])
BOX = pr.Polyhedron.box([-1, -1], [1, 1])


def near(floats, exact, radius):
    """Whether numbers are known within a radius."""
    return radius == np.inf or all(abs(Fraction(a) - b) <= Fraction(radius) for a, b in zip(floats, exact, strict=True))


def is_multiple(floats, exact, radius):
    """Whether a row known within a radius may be a positive multiple of another."""
    if radius == np.inf:
        return True
    low, high = Fraction(0), None
    for v, b in zip(map(Fraction, floats), exact, strict=True):
        ends = sorted(((v - Fraction(radius)) * (1 if b >= 0 else -1), (v + Fraction(radius)) * (1 if b >= 0 else -1)))
        if b:
            low, high = max(low, ends[0] / abs(b)), ends[1] / abs(b) if high is None else min(high, ends[1] / abs(b))
        elif not ends[0] <= 0 <= ends[1]:
            return False
    return high is None or low <= high


def agrees(tiling):
    """Every array says of every tile what its polyhedron says."""
    found, exact = tiling.arrays(), tiling.arrays(exact=True)
    assert len(found) == len(exact) == len(tiling)
    assert found.targets.tolist() == [tile.target_index for tile in tiling]
    for i, tile in enumerate(tiling):
        P = tile.polyhedron
        assert found.dims[i] == exact.dims[i] == P.dim
        for lists, same, points in (
            (found.vertices, exact.vertices, P.vertices),
            (found.rays, exact.rays, directions(P)),
        ):
            assert sorted(map(tuple, same.of(i).tolist())) == sorted(points)
            own = slice(lists.starts[i], lists.starts[i + 1])
            assert matched(lists.points[own].tolist(), lists.radius[own].tolist(), points, near)
        own = slice(found.rows.starts[i], found.rows.starts[i + 1])
        rows = [(*h.normal, h.offset) for h in P.halfspaces]
        floats = np.column_stack([found.rows.normals[own], found.rows.offsets[own]]).tolist()
        assert matched(floats, found.rows.radius[own].tolist(), rows, is_multiple)
        assert sorted(found.rows.relations[own]) == sorted(h.relation for h in P.halfspaces)
        normals, offsets = exact.rows.of(i)
        assert [(*map(int, a), b) for a, b in zip(normals.tolist(), offsets.tolist(), strict=True)] == rows
        outputs, matrix, shift = tile.affine_map()
        for maps in (found.maps, exact.maps):
            seen = np.flatnonzero([str(v) != "nan" for v in maps.offsets[i].tolist()])
            assert seen.tolist() == list(outputs) or np.isinf(maps.radius[i]).any()
            for k, row, c in zip(outputs, matrix, shift, strict=True):
                assert near([*maps.matrices[i, k], maps.offsets[i, k]], [*row, c], maps.radius[i, k])
        assert near(found.centres.points[i].tolist(), exact.centres.points[i].tolist(), found.centres.radius[i])
        assert all(h.slack(tuple(exact.centres.points[i])) > 0 for h in P.facets)
        size = exact.volumes.low[i]
        assert size == exact.volumes.high[i]
        assert found.volumes.low[i] <= size <= found.volumes.high[i] or size == np.inf == found.volumes.low[i]


def directions(P):
    return [*P.rays, *P.lines, *(tuple(-v for v in line) for line in P.lines)]


def matched(floats, radius, exact, fits):
    """Whether each float vector stands for one exact one, and each for another."""
    pairs = nx.Graph()
    pairs.add_nodes_from(range(len(floats)))
    for k, (own, off) in enumerate(zip(floats, radius, strict=True)):
        pairs.add_edges_from((k, (j,)) for j, v in enumerate(exact) if fits(own, v, off))
    found = nx.bipartite.maximum_matching(pairs, range(len(floats)))
    return len(floats) == len(exact) == len(found) // 2


@settings(max_examples=25)
@given(questions(max_neurons=5))
def test_every_part_is_within_its_bound(question):
    net, target, domain = question
    agrees(pr.preimage(net, target, domain, "cells"))


@settings(max_examples=15)
@given(wide_networks())
def test_at_every_magnitude(network):
    agrees(pr.linear_regions(network, zoo.square(1, network.input_dim), "cells"))


SLICED = pr.Polyhedron.box([-1, "1/3", -1, 0.1], [1, "1/3", 1, 0.1])
WIDE = pr.Network(
    [([[1, 2, 3, 4], [4, -3, 2, -1], [1, 1, -1, -1]], [0.1, "1/7", 0]), ([[1, 1, -1], [2, 0, 1]], [0, 1])]
)
CASES = {
    "regions": lambda: pr.linear_regions(NET, BOX),
    "two targets": lambda: pr.preimage(NET, ["y0 > 1/2", "y0 <= 1/3 and y1 <= 1/3"], BOX),
    "constant inputs": lambda: pr.linear_regions(WIDE, SLICED),
    "a tilted plane": lambda: pr.linear_regions(NET, BOX & pr.parse("x0 + x1 == 1/3", 2, ["x"])),
    "strict rows of a domain": lambda: pr.linear_regions(NET, BOX & pr.parse("x0 + x1 < 1/3", 2, ["x"])),
    "no end": lambda: pr.linear_regions(NET),
    "some tiles": lambda: pr.linear_regions(NET, BOX)[1:3],
    "other engines": lambda: pr.linear_regions(NET, BOX, "branch"),
    "a last ReLU": lambda: pr.preimage(
        pr.Network([*NET.layers, pr.Layer([[1, 0], [0, 1]], [0, -1], True)]), "y0 > 0", BOX
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_cases(case):
    agrees(CASES[case]())


def test_most_tiles_are_found_by_floats(monkeypatch):
    """So they cost microseconds: none of many tiles is written down."""
    tiling = pr.linear_regions(zoo.NETWORKS["space"], pr.Polyhedron.box([-1] * 3, [1] * 3))
    monkeypatch.setattr(type(tiling), "__getitem__", None)
    found = tiling.arrays()
    assert len(found.vertices.points) >= 4 * len(tiling)
    assert len(found.rows.offsets) >= 4 * len(tiling)
    assert np.isfinite(found.maps.radius).all()
    assert np.isfinite(found.centres.radius).all()
    assert (found.volumes.low > 0).all()
    assert abs(found.volumes.low.sum() - 8) < 2**-36


def test_rows_say_whose_they_are():
    tiling = pr.preimage(NET, "y0 <= 1/2", BOX)
    rows = tiling.arrays().rows
    assert {tuple(own) for own in rows.neurons.tolist()} == {OF_DOMAIN, OF_TARGET, (0, 0), (0, 1), (0, 2)}
    exact = tiling.arrays(exact=True).rows
    for i in range(len(tiling)):
        own = slice(rows.starts[i], rows.starts[i + 1])
        assert sorted(rows.neurons[own].tolist()) == sorted(exact.neurons[own].tolist())
    flat = pr.preimage(NET, "y1 == 1/3", BOX).arrays()
    assert set(flat.dims.tolist()) == {1}
    assert {tuple(own) for own in flat.rows.neurons.tolist()} == {UNKNOWN}


def test_arrays_are_read_only_and_the_same_again():
    found = pr.linear_regions(NET, BOX).arrays()
    assert found.vertices is found.vertices
    for array in (*found.vertices, *found.rows, *found.maps, *found.centres, *found.volumes, found.dims, found.targets):
        assert not array.flags.writeable
    assert isinstance(found.vertices, PointLists)


def test_unsound_floats_are_not_asked(monkeypatch):
    monkeypatch.setattr("polyrelu.analysis.arrays.floats_are_sound", lambda: False)
    monkeypatch.setattr("polyrelu.analysis.tile_lists.floats_are_sound", lambda: False)
    found = pr.linear_regions(NET, BOX).arrays()
    assert np.isinf(found.vertices.radius).all()
    assert np.isinf(found.rows.radius).all()


def halved(function):
    """A bound that is much too small."""

    def wrong(*args):
        found = function(*args)
        replace: Any = dataclasses.replace if dataclasses.is_dataclass(found) else type(found)._replace
        return replace(found, radius=found.radius * 0)

    return wrong


@pytest.mark.parametrize(
    ("module", "name"), [(vertices, "tile_vertices"), (float_rows, "float_facets"), (float_rows, "float_outputs")]
)
def test_a_bound_of_zero_is_found(monkeypatch, module, name):
    """The comparison sees errors of the size of roundings."""
    place = {
        "tile_vertices": module,
        "float_facets": "polyrelu.analysis.tile_lists",
        "float_outputs": "polyrelu.analysis.arrays",
    }[name]
    monkeypatch.setattr(
        place if not isinstance(place, str) else __import__(place, fromlist=["x"]), name, halved(getattr(module, name))
    )
    if name == "float_facets":
        monkeypatch.setattr("polyrelu.analysis.tile_lists.gamma", lambda k: 0.0)
    rng = np.random.default_rng(1)
    network = pr.Network(
        [(rng.standard_normal((6, 2)), rng.standard_normal(6)), (rng.standard_normal((2, 6)), rng.standard_normal(2))]
    )
    with pytest.raises(AssertionError):
        agrees(pr.linear_regions(network, BOX))


def test_rows_are_written_by_floats_for_constant_inputs():
    columns = pr.linear_regions(WIDE, SLICED).parts[0][1]
    assert isinstance(columns, Columns)
    assert len(FloatRows.of(columns).constants[1]) == 2
