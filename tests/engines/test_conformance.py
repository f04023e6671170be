"""One suite that every engine passes: the same question has the same tiling, whoever answers it."""

import itertools
from fractions import Fraction
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import polyrelu as pr
from polyrelu.engines.registry import METHODS
from tests.strategies import domains, networks, points, polyhedra, questions, witnesses

ENGINES = [method for method in METHODS if method != "auto"]
REFERENCE = "substitution"
engines = pytest.mark.parametrize("engine", ENGINES)

ABSOLUTE = pr.Network([([[1], [-1]], [0, 0]), ([[1, 1]], [0])])


def as_set(tiling):
    return {(tile.pattern, tile.target_index, tile.polyhedron) for tile in tiling}


def whole(domain, dim):
    return pr.Polyhedron.whole_space(dim) if domain is None else domain


def volume(tiling):
    return sum((tile.polyhedron.volume() for tile in tiling), Fraction(0))


@engines
@given(question=questions())
def test_same_tiles_as_the_reference(engine, question):
    network, target, domain = question
    tiling = pr.preimage(network, target, domain, engine)
    assert as_set(tiling) == as_set(pr.preimage(network, target, domain, REFERENCE))
    assert len(as_set(tiling)) == len(tiling)
    assert tiling.method == engine
    assert tiling.complete


@engines
@given(question=questions(), data=st.data())
def test_a_point_is_in_the_tiling_iff_the_network_maps_it_into_the_target(engine, question, data):
    """Random rational points, and the vertices, edges and centres of the tiles, where mistakes would be."""
    network, target, domain = question
    tiling = pr.preimage(network, target, domain, engine)
    inside = whole(domain, network.input_dim)
    xs = data.draw(st.lists(points(network.input_dim), min_size=5, max_size=5))
    for x in [*xs, *(w for tile in tiling for w in witnesses(tile.polyhedron))]:
        expected = inside.contains(x) and target.contains(network([x])[0])
        assert tiling.contains(x) == expected
        assert (tiling.locate(x) >= 0) == expected


@engines
@given(question=questions())
def test_every_tile_maps_into_the_target_as_a_set(engine, question):
    """The inclusion 'tiles inside the preimage', proven for all points of each tile at once."""
    network, target, domain = question
    for tile in pr.preimage(network, target, domain, engine):
        outputs, matrix, offset = tile.affine_map()
        rows = [
            row for row in target.irredundant().halfspaces if all(i in outputs for i, v in enumerate(row.normal) if v)
        ]
        narrow = pr.Polyhedron.from_halfspaces(
            [row._replace(normal=tuple(row.normal[i] for i in outputs)) for row in rows], len(outputs)
        )
        assert tile.polyhedron.is_subset(narrow.affine_preimage(matrix, offset, network.input_dim))
        assert tile.polyhedron.is_subset(whole(domain, network.input_dim))


@engines
@given(question=questions(max_inputs=2, max_neurons=5))
def test_nothing_is_missing_from_a_box(engine, question):
    """The inclusion 'preimage inside the tiles': with the tiles of the complement they fill the box."""
    network, target, _ = question
    box = pr.Polyhedron.box([-2] * network.input_dim, [2] * network.input_dim)
    complement = pr.Polyhedron.whole_space(network.output_dim).difference(target)
    found = pr.preimage(network, target, box, engine)
    rest = [pr.preimage(network, part, box, engine) for part in complement]
    assert volume(found) + sum(map(volume, rest)) == box.volume()


@engines
@given(question=questions())
def test_interiors_are_disjoint_and_flat_tiles_are_needed(engine, question):
    network, target, domain = question
    tiling = pr.preimage(network, target, domain, engine)
    for a, b in itertools.combinations(tiling, 2):
        if a.dim == b.dim == tiling.domain.dim:
            assert (a.polyhedron & b.polyhedron).dim < a.dim
        assert not a.polyhedron.is_subset(b.polyhedron)
        assert not b.polyhedron.is_subset(a.polyhedron)


@engines
@given(network=networks(max_neurons=6), data=st.data())
def test_linear_regions_cover_the_domain_with_disjoint_interiors(engine, network, data):
    domain = data.draw(domains(network.input_dim))
    regions = pr.linear_regions(network, domain, engine)
    assert as_set(regions) == as_set(pr.linear_regions(network, domain, REFERENCE))
    inside = whole(domain, network.input_dim)
    for tile in regions:
        assert tile.dim == inside.dim
        x = tile.polyhedron.relative_interior_point()
        bits = network.activation_pattern(x)
        assert tile.pattern == "|".join("".join(str(int(b)) for b in layer) for layer in bits if layer)
        outputs, matrix, offset = tile.affine_map()
        assert outputs == tuple(range(network.output_dim))
        assert [
            sum((m * v for m, v in zip(row, x, strict=True)), c) for row, c in zip(matrix, offset, strict=True)
        ] == list(network([x])[0])
    for x in data.draw(st.lists(points(network.input_dim), min_size=4, max_size=4)):
        assert regions.contains(x) == inside.contains(x)
    if inside.is_bounded() and inside.is_full_dimensional():
        assert volume(regions) == inside.volume()


@pytest.mark.long
@engines
@given(question=questions(max_neurons=5), data=st.data())
def test_unions_and_intersections_of_targets(engine, question, data):
    network, first, domain = question
    second = data.draw(polyhedra(network.output_dim, max_rows=2))
    both = pr.preimage(network, first & second, domain, engine)
    union = pr.preimage(network, [first, second], domain, engine)
    one, two = (pr.preimage(network, target, domain, engine) for target in (first, second))
    xs = data.draw(st.lists(points(network.input_dim), min_size=4, max_size=4))
    for x in [*xs, *(w for tiling in (one, two, union) for tile in tiling for w in witnesses(tile.polyhedron))]:
        assert both.contains(x) == (one.contains(x) and two.contains(x))
        assert union.contains(x) == (one.contains(x) or two.contains(x))
    for a, b in itertools.combinations(union, 2):
        if a.dim == b.dim == union.domain.dim:
            assert (a.polyhedron & b.polyhedron).dim < a.dim
    for tile in union:
        for x in filter(tile.contains, witnesses(tile.polyhedron)):
            assert tile.target_index == (0 if first.contains(network([x])[0]) else 1)


@engines
@given(question=questions(max_neurons=5), data=st.data())
def test_shifted_inputs_shift_the_answer(engine, question, data):
    network, target, domain = question
    shift = data.draw(points(network.input_dim))
    first = network.layers[0]
    bias = [
        b - sum((w * s for w, s in zip(row, shift, strict=True)), Fraction(0))
        for row, b in zip(first.rows, first.offsets, strict=True)
    ]
    moved = pr.Network([pr.Layer(first.weight, bias, first.relu), *network.layers[1:]])
    identity = np.eye(network.input_dim, dtype=int)
    there = None if domain is None else domain.affine_image(identity, shift)
    expected = {
        (t.pattern, t.polyhedron.affine_image(identity, shift)) for t in pr.preimage(network, target, domain, engine)
    }
    assert {(t.pattern, t.polyhedron) for t in pr.preimage(moved, target, there, engine)} == expected


@engines
@given(question=questions(max_neurons=5), data=st.data())
def test_permuted_inputs_permute_the_answer(engine, question, data):
    network, target, domain = question
    order = data.draw(st.permutations(range(network.input_dim)))
    permutation = np.eye(network.input_dim, dtype=int)[list(order)]
    first = network.layers[0]
    turned = pr.Network([pr.Layer(first.weight[:, list(order)], first.bias, first.relu), *network.layers[1:]])
    zero = [0] * network.input_dim
    there = None if domain is None else domain.affine_image(permutation, zero)
    expected = {
        (t.pattern, t.polyhedron.affine_image(permutation, zero)) for t in pr.preimage(network, target, domain, engine)
    }
    assert {(t.pattern, t.polyhedron) for t in pr.preimage(turned, target, there, engine)} == expected


@engines
@pytest.mark.parametrize(("n", "d"), [(1, 1), (4, 1), (4, 2), (5, 2), (5, 3)])
def test_generic_hyperplanes_make_as_many_regions_as_zaslavsky_says(engine, n, d):
    moment_curve = [[t**k for k in range(d)] for t in range(1, n + 1)]  # any d rows are independent
    net = pr.Network([pr.Layer(moment_curve, [t**d for t in range(1, n + 1)], relu=True)])
    assert len(pr.linear_regions(net, method=engine)) == sum(comb(n, i) for i in range(d + 1))


@engines
def test_braid_arrangement(engine):
    rows = [[1, -1, 0], [1, 0, -1], [0, 1, -1]]
    regions = pr.linear_regions(pr.Network([pr.Layer(rows, [0] * 3, relu=True)]), method=engine)
    assert len(regions) == 6
    assert all(len(tile.polyhedron.lines) == 1 for tile in regions)


@engines
def test_worked_example_of_the_write_up(engine):
    root = 3**0.5
    W = [[1, 0], [-0.5, root / 2], [-0.5, -root / 2]]
    D = [[0.25, 0.25, -root / 4], [root / 4, -root / 4, 0]]
    net = pr.Network([(W, [-0.5] * 3), (D, [0, 0]), (W, [-0.3] * 3)], relu=[True, False, True])
    tiling = pr.preimage(net, pr.parse("h_0 > 0", dim=3), method=engine)
    assert {pattern.split("|")[0] for pattern in tiling.patterns} == {"100", "010", "110", "101", "011"}
    assert {pattern.split("|")[1] for pattern in tiling.patterns} == {"1**"}
    assert len(tiling) == 5


@engines
def test_flat_preimages(engine):
    """|x| = 0 is a point, |x| <= 0 too, |x| = 1 two points; each belongs to one tile, marked by its dimension."""
    for text, expected in (("y0 == 0", [0]), ("y0 <= 0", [0]), ("y0 == 1", [1, -1])):
        tiling = pr.preimage(ABSOLUTE, pr.parse(text, dim=1), method=engine)
        assert [tile.dim for tile in tiling] == [0] * len(expected)
        assert {tile.point() for tile in tiling} == {(x,) for x in expected}
    assert len(pr.preimage(ABSOLUTE, pr.parse("y0 < 0", dim=1), method=engine)) == 0


@engines
def test_a_flat_tile_inside_another_is_not_reported(engine):
    """max(0, x) + max(0, x): the duplicate neuron's mixed signs give the point 0, part of both rays."""
    net = pr.Network([([[1], [1]], [0, 0]), ([[1, 1]], [0])])
    assert pr.preimage(net, pr.parse("y0 >= 0", dim=1), method=engine).patterns == ("00", "11")


@engines
def test_a_neuron_that_vanishes_on_a_cell_counts_as_silent(engine):
    net = pr.Network([([[1]], [0]), ([[1]], [0]), ([[1]], [0])])  # relu(relu(x))
    assert pr.linear_regions(net, method=engine).patterns == ("0|0", "1|1")
    zero = pr.Network([([[0]], [0]), ([[1]], [0])])
    assert pr.linear_regions(zero, method=engine).patterns == ("0",)


@engines
def test_flat_domains_are_tiled_in_their_own_affine_hull(engine):
    net = pr.Network([([[1, 1], [1, -1]], [0, 0]), ([[1, 1]], [0])])
    diagonal = pr.Polyhedron([[1, -1], [1, 0], [-1, 0]], [0, 1, 1], equalities=[0])
    regions = pr.linear_regions(net, diagonal, engine)
    assert regions.patterns == ("00", "10")
    assert [tile.dim for tile in regions] == [1, 1]


@engines
def test_nothing_to_see_is_one_tile_and_nothing_to_find_is_none(engine):
    everything = pr.preimage(ABSOLUTE, pr.Polyhedron.whole_space(1), method=engine)
    assert everything.patterns == ("**",)
    assert everything[0].polyhedron == pr.Polyhedron.whole_space(1)
    assert len(pr.preimage(ABSOLUTE, pr.Polyhedron.empty(1), method=engine)) == 0
    assert len(pr.preimage(ABSOLUTE, pr.parse("y0 > 0", dim=1), pr.Polyhedron.empty(1), engine)) == 0
    assert len(pr.preimage(ABSOLUTE, [], method=engine)) == 0


@pytest.mark.long
@engines
@pytest.mark.parametrize("seed", range(4))
def test_many_samples_agree(engine, seed):
    """A hundred thousand of the default engine, a tenth of that of the others, which have the same tiles."""
    rng = np.random.default_rng(seed)
    hidden, scale = (6, 1) if seed % 2 else (5, 4)
    draw = (
        (lambda *shape: rng.normal(size=shape)) if seed < 2 else (lambda *shape: rng.integers(-scale, scale + 1, shape))
    )
    net = pr.Network([(draw(hidden, 2), draw(hidden)), (draw(2, hidden), draw(2))])
    target = pr.parse("y0 > 0 and y0 >= y1", dim=2)
    tiling = pr.preimage(net, target, pr.Polyhedron.box([-3, -3], [3, 3]), engine)
    points = rng.uniform(-3, 3, (100_000 if engine == "cells" else 10_000, 2))
    points[::10] = np.round(points[::10])  # many of them on the boundaries of tiles of small-integer networks
    assert (pr.maps_into(net, target, points) == tiling.contains(points)).all()


@pytest.mark.slow
@settings(max_examples=1500)
@given(question=questions(max_neurons=9))
def test_all_engines_on_many_larger_networks(question):
    network, target, domain = question
    tilings = [as_set(pr.preimage(network, target, domain, engine)) for engine in ENGINES]
    assert all(tiling == tilings[0] for tiling in tilings)
