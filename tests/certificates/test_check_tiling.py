"""The verdict on a tiling: right ones pass, wrong ones are refused with evidence that is checked again here."""

import dataclasses
from fractions import Fraction

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import polyrelu as pr
from polyrelu.polyhedra.halfspace import Halfspace
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.tilings.tile_source import TileList
from tests.strategies import domains, polyhedra, questions, witnesses

ABSOLUTE = pr.Network([([[1], [-1]], [0, 0]), ([[1, 1]], [0])])
CROSS = pr.Network([([[1, 0], [-1, 0], [0, 1], [0, -1]], [0] * 4), ([[1, 1, -1, -1]], [0])])  # |x0| - |x1|
SIZES = {"max_inputs": 2, "max_width": 3, "max_depth": 2, "max_neurons": 5}
METHODS = ("cells", "unrelu", "substitution", "twin")


def as_lists(tiling, change=lambda number, tiles: tiles):
    """The tiling as lists of (bits, polyhedron), each of its parts changed by ``change``."""
    parts, start = [], 0
    for target_index, source in tiling.parts:
        pieces = [(source.bits(i), source.polyhedron(i)) for i in range(len(source))]
        parts.append((target_index, TileList(source.restriction, tuple(change(start, pieces)))))
        start += len(source)
    return dataclasses.replace(tiling, parts=tuple(parts))


def with_tile(tiling, number, change):
    """The tiling with one tile replaced by what ``change(bits, polyhedron)`` returns, a list of such pairs."""

    def changed(start, pieces):
        return [new for i, piece in enumerate(pieces, start) for new in (change(*piece) if i == number else [piece])]

    return as_lists(tiling, changed)


def signs_before_relu(network, point):
    values, signs = point, []
    for layer in network.layers:
        before = [
            sum((w * v for w, v in zip(row, values, strict=True)), b)
            for row, b in zip(layer.rows, layer.offsets, strict=True)
        ]
        signs += [(v > 0) - (v < 0) for v, on in zip(before, layer.relu, strict=True) if on]
        values = [max(v, 0) if on else v for v, on in zip(before, layer.relu, strict=True)]
    return signs


def confirm(verdict, tiling, network=None, targets=None, domain=None):
    """Check the evidence of a refusal by evaluating it."""
    network = network or tiling.network
    targets = tiling.targets if targets is None else targets
    domain = tiling.domain if domain is None else domain
    assert not verdict
    assert not verdict.ok
    assert verdict.message
    point, tiles = verdict.point, [tiling[i] for i in verdict.tiles]
    if verdict.kind == "empty":
        assert tiles[0].polyhedron.is_empty()
        return
    value = network.evaluate([point])[0]
    if verdict.kind == "missing":
        assert tiles == []
        assert point in domain
        assert any(value in target for target in targets)
        assert not any(point in tile.polyhedron for tile in tiling)
        return
    assert all(point in tile.polyhedron for tile in tiles)
    if verdict.kind == "domain":
        assert point not in domain
    elif verdict.kind == "pattern":
        shown = [c for c in tiles[0].pattern if c != "|"]
        signs = signs_before_relu(network, point)
        contradictions = {("1", -1), ("0", 1)} & set(zip(shown, signs, strict=False))
        assert contradictions or list(map(len, tiles[0].pattern.split("|"))) != [
            sum(layer.relu) for layer in network.layers if any(layer.relu)
        ]
    elif verdict.kind == "affine map":
        outputs, matrix, offset = tiles[0].affine_map()
        stated = [
            sum((m * x for m, x in zip(row, point, strict=True)), c) for row, c in zip(matrix, offset, strict=True)
        ]
        assert any(k >= len(value) or value[k] != v for k, v in zip(outputs, stated, strict=True))
    elif verdict.kind == "target":
        index = tiles[0].target_index
        assert index >= len(targets) or value not in targets[index]
    elif verdict.kind == "earlier target":
        assert any(value in target for target in targets[: tiles[0].target_index])
    elif verdict.kind == "overlap":
        i, j = verdict.tiles
        assert i != j
        for tile in tiles:
            assert tile.dim == domain.dim
            assert all(h.relation == "==" or h.slack(point) > 0 for h in tile.polyhedron.canonical().halfspaces)
    else:
        assert verdict.kind == "contained"
        assert tiles[0].polyhedron.is_subset(tiles[1].polyhedron)
        assert verdict.tiles[0] != verdict.tiles[1]
        assert tiles[0].dim < domain.dim


@st.composite
def changed_tilings(draw, relation=None):
    """A right tiling of one target, with rows of the given relation if any, and the number of one of its tiles."""
    network, target, domain = draw(questions(**SIZES))
    if relation is not None:
        target = draw(polyhedra(network.output_dim, max_rows=2, relation=st.just(relation)))
    tiling = pr.preimage(network, target, domain, method=draw(st.sampled_from(["unrelu", "twin"])))
    assume(len(tiling))
    return tiling, draw(st.integers(0, len(tiling) - 1))


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=25)
@given(question=questions(**SIZES))
def test_what_the_engines_find_is_verified(method, question):
    network, target, domain = question
    tiling = pr.preimage(network, target, domain, method=method)
    verdict = pr.check_tiling(tiling)
    assert verdict, verdict
    assert (verdict.kind, verdict.tiles, verdict.point) == ("verified", (), None)
    assert verdict.stats["tiles"] == len(tiling)


@settings(max_examples=30)
@given(data=st.data(), question=questions(**SIZES), method=st.sampled_from(METHODS))
def test_unions_are_verified(data, question, method):
    network, target, domain = question
    targets = [target, *data.draw(st.lists(polyhedra(network.output_dim, max_rows=2), max_size=2))]
    verdict = pr.check_tiling(pr.preimage(network, targets, domain, method=method))
    assert verdict, verdict


@settings(max_examples=25)
@given(question=questions(**SIZES))
def test_linear_regions_are_verified(question):
    network, _, domain = question
    tiling = pr.linear_regions(network, domain, method="unrelu")
    assert pr.check_tiling(tiling)
    if tiling:
        confirm(pr.check_tiling(tiling[1:]), tiling[1:])


@settings(max_examples=40)
@given(changed_tilings())
def test_a_removed_tile_is_missed(drawn):
    tiling, number = drawn
    rest = tiling.select(i for i in range(len(tiling)) if i != number)
    verdict = pr.check_tiling(rest)
    assert verdict.kind == "missing"
    confirm(verdict, rest)
    assert verdict.point in tiling[number].polyhedron


@settings(max_examples=25)
@given(changed_tilings())
def test_a_doubled_tile_is_found(drawn):
    tiling, number = drawn
    doubled = with_tile(tiling, number, lambda bits, polyhedron: [(bits, polyhedron)] * 2)
    verdict = pr.check_tiling(doubled)
    assert verdict.kind == ("overlap" if tiling[number].dim == tiling.domain.dim else "contained")
    assert set(verdict.tiles) == {number, number + 1}
    confirm(verdict, doubled)


@settings(max_examples=40)
@given(changed_tilings(), st.data())
def test_an_enlarged_tile_is_refused(drawn, data):
    """The tile of a pattern is all that maps into the target there, so without one of its rows it is too large."""
    tiling, number = drawn
    rows = tiling[number].polyhedron.canonical().halfspaces
    assume(rows)
    left_out = data.draw(st.integers(0, len(rows) - 1))

    def enlarge(bits, polyhedron):
        kept = [h for k, h in enumerate(rows) if k != left_out]
        return [(bits, Polyhedron.from_halfspaces(kept, polyhedron.ambient_dim))]

    larger = with_tile(tiling, number, enlarge)
    confirm(pr.check_tiling(larger), larger)


@settings(max_examples=40)
@given(changed_tilings(), st.data())
def test_a_shifted_tile_is_refused(drawn, data):
    tiling, number = drawn
    dim = tiling.domain.ambient_dim
    shift = data.draw(st.tuples(*[st.sampled_from([0, 1, Fraction(-1, 3)])] * dim))
    identity = [[int(i == j) for j in range(dim)] for i in range(dim)]
    moved = tiling[number].polyhedron.affine_preimage(identity, [-s for s in shift])
    assume(moved != tiling[number].polyhedron)
    wrong = with_tile(tiling, number, lambda bits, _: [(bits, moved)])
    confirm(pr.check_tiling(wrong), wrong)


@settings(max_examples=40)
@given(changed_tilings("<"))
def test_a_strict_row_made_weak_is_refused(drawn):
    tiling, number = drawn
    weak = with_tile(tiling, number, lambda bits, P: [(bits, P.canonical().closure())])
    verdict = pr.check_tiling(weak)
    if tiling[number].polyhedron.canonical().is_closed_form:
        assert verdict
    else:
        confirm(verdict, weak)


@settings(max_examples=40)
@given(changed_tilings(), st.data())
def test_a_flipped_bit_is_refused_unless_the_neuron_vanishes(drawn, data):
    tiling, number = drawn
    bits = tiling[number].bits
    places = [(i, k) for i, layer in enumerate(bits) for k in range(len(layer))]
    if not places:
        return
    depth, k = data.draw(st.sampled_from(places))
    flipped = tuple(tuple(on != ((i, n) == (depth, k)) for n, on in enumerate(layer)) for i, layer in enumerate(bits))
    wrong = with_tile(tiling, number, lambda _, polyhedron: [(flipped, polyhedron)])
    signs = signs_before_relu(tiling.network, tiling[number].polyhedron.relative_interior_point())
    shown = [c for c in tiling[number].pattern if c != "|"]
    changed = [c for c in wrong[number].pattern if c != "|"]
    (place,) = [i for i, (a, b) in enumerate(zip(shown, changed, strict=True)) if a != b]
    verdict = pr.check_tiling(wrong)
    assert verdict.kind == ("pattern" if signs[place] else "verified")
    if signs[place]:
        confirm(verdict, wrong)


@settings(max_examples=60)
@given(data=st.data(), drawn=changed_tilings())
def test_an_answer_to_another_question_is_told_apart(data, drawn):
    """Either the other question has the same answer, or the evidence shows that it does not."""
    tiling, _ = drawn
    network, targets, domain = tiling.network, tiling.targets, tiling.domain
    if data.draw(st.booleans()):
        targets = (data.draw(polyhedra(network.output_dim, max_rows=2)),)
    if data.draw(st.booleans()):
        other = data.draw(domains(network.input_dim))
        domain = Polyhedron.whole_space(network.input_dim) if other is None else other
    if data.draw(st.booleans()):
        last = network.layers[-1]
        bias = [b + data.draw(st.sampled_from([0, 1, -1])) for b in last.bias]
        network = pr.Network([*network.layers[:-1], pr.Layer(last.weight, bias, last.relu)])
    verdict = pr.check_tiling(tiling, network, targets, domain)
    if verdict:
        answer = pr.preimage(network, targets, domain, method="substitution")
        for point in [p for tile in (*tiling, *answer) for p in witnesses(tile.polyhedron)]:
            assert tiling.contains(point) == answer.contains(point)
    else:
        confirm(verdict, tiling, network, targets, domain)


@pytest.mark.parametrize("tiling", [pr.linear_regions(net) for net in (ABSOLUTE, CROSS)], ids=repr)
def test_every_flipped_bit_is_refused(tiling):
    """Between silent and active, both ways."""
    for number, tile in enumerate(tiling):
        (layer, last) = tile.bits
        for k in range(len(layer)):
            flipped = (tuple(on != (i == k) for i, on in enumerate(layer)), last)
            wrong = with_tile(tiling, number, lambda _, P, flipped=flipped: [(flipped, P)])
            verdict = pr.check_tiling(wrong)
            assert (verdict.kind, verdict.tiles) == ("pattern", (number,))
            confirm(verdict, wrong)


def test_claims_about_neurons_that_no_output_reads():
    """Linear regions split on them too."""
    regions = pr.linear_regions(pr.Network([([[1], [1]], [0, -1]), ([[1, 0]], [0])]))
    assert pr.check_tiling(regions)
    wrong = with_tile(regions, 0, lambda bits, P: [(((False, True), ()), P)])
    verdict = pr.check_tiling(wrong)
    assert verdict.kind == "pattern"
    confirm(verdict, wrong)


def test_a_tile_cut_in_two_is_still_right():
    """The halves share their pattern and touch, and neither has the rows of its cell."""
    tiling = pr.preimage(CROSS, pr.parse("y0 >= 1", dim=1), Polyhedron.box([-3, -3], [3, 3]))
    below, above = Halfspace.of([1, 3], 2), Halfspace.of([-1, -3], -2)

    def cut(bits, P):
        parts = [P & Polyhedron.from_halfspaces([side], 2) for side in (below, above)]
        return [(bits, part) for part in parts if part.dim == 2]

    halved = as_lists(tiling, lambda _, pieces: [new for piece in pieces for new in cut(*piece)])
    assert len(halved) > len(tiling)
    verdict = pr.check_tiling(halved)
    assert verdict, verdict
    assert verdict.stats["pairs"]


def test_an_open_vertex_stays_open():
    """The strict row touches the square in a corner only, so it is no facet; without it the corner would be in."""
    square = [Halfspace.of(row, 1) for row in ([1, 0], [0, 1], [-1, 0], [0, -1])]
    domain = Polyhedron.from_halfspaces([*square, Halfspace.of([1, 1], 2, "<")], 2)
    for method in METHODS:
        tiling = pr.preimage(CROSS, pr.parse("y0 <= 0", dim=1), domain, method=method)
        assert pr.check_tiling(tiling)
        verdict = pr.check_tiling(tiling, domain=domain.closure())
        assert (verdict.kind, verdict.point) == ("missing", (1, 1))


def test_tiles_of_a_later_target_are_missed():
    targets = [pr.parse("y0 >= 2", dim=1), pr.parse("y0 >= 1", dim=1)]
    tiling = pr.preimage(ABSOLUTE, targets, Polyhedron.box([-3], [3]))
    verdict = pr.check_tiling(tiling[:3])
    assert verdict.kind == "missing"
    assert tiling[3].contains(verdict.point)
    confirm(verdict, tiling[:3])


def test_a_dropped_flat_tile_is_missed():
    tiling = pr.preimage(CROSS, pr.parse("y0 == 0", dim=1))
    assert pr.check_tiling(tiling)
    assert {tile.dim for tile in tiling} == {1}
    verdict = pr.check_tiling(tiling[:3])
    assert (verdict.kind, len(verdict.tiles)) == ("missing", 0)
    confirm(verdict, tiling[:3])


def test_a_single_point_is_missed():
    """|x| <= 0 is one point of the line."""
    tiling = pr.preimage(ABSOLUTE, pr.parse("y0 <= 0", dim=1))
    assert pr.check_tiling(tiling)
    assert pr.check_tiling(tiling[:0]).point == (0,)


def test_flat_tiles_inside_a_full_one_are_refused():
    tiling = pr.preimage(ABSOLUTE, pr.parse("y0 >= 1", dim=1))
    end = Polyhedron.from_halfspaces([Halfspace.of([1], 1, "==")], 1)
    wrong = with_tile(tiling, 1, lambda bits, P: [(bits, P), (bits, end)])
    verdict = pr.check_tiling(wrong)
    assert verdict.kind == "contained"
    confirm(verdict, wrong)


def test_overlap_across_different_patterns_and_parts():
    """Both targets read another output, so their tiles say nothing about the same neurons."""
    net = pr.Network([([[1, 0], [0, 1]], [0, 0])], relu=[True])
    targets = [pr.parse("y0 >= 1", dim=2), pr.parse("y1 >= 1", dim=2)]
    right = pr.preimage(net, targets, Polyhedron.box([-2, -2], [2, 2]))
    assert pr.check_tiling(right)
    alone = pr.preimage(net, targets[1], right.domain)
    swapped = dataclasses.replace(right, parts=(right.parts[0], (1, alone.parts[0][1])))
    verdict = pr.check_tiling(swapped)
    assert verdict.kind == "earlier target"
    confirm(verdict, swapped)
    both = dataclasses.replace(
        right, targets=(Polyhedron.whole_space(2),), parts=(right.parts[0], (0, alone.parts[0][1]))
    )
    verdict = pr.check_tiling(both)
    assert verdict.kind == "overlap"
    confirm(verdict, both)


def test_a_wrong_target_index_is_refused():
    targets = [pr.parse("y0 >= 2", dim=1), pr.parse("y0 >= 1", dim=1)]
    tiling = pr.preimage(ABSOLUTE, targets, Polyhedron.box([-3], [3]))
    assert [tile.target_index for tile in tiling] == [0, 0, 1, 1]
    assert pr.check_tiling(tiling)
    for index, kind in ((0, "target"), (7, "target")):
        wrong = dataclasses.replace(tiling, parts=(tiling.parts[0], (index, tiling.parts[1][1])))
        verdict = pr.check_tiling(wrong)
        assert (verdict.kind, verdict.tiles) == (kind, (2,))
        confirm(verdict, wrong)
    early = dataclasses.replace(tiling, parts=((1, tiling.parts[0][1]), tiling.parts[1]))
    assert pr.check_tiling(early).kind == "earlier target"
    confirm(pr.check_tiling(early), early)


def test_an_empty_tile_is_refused():
    tiling = pr.preimage(ABSOLUTE, pr.parse("y0 >= 1", dim=1))
    wrong = with_tile(tiling, 0, lambda bits, P: [(bits, P), (bits, Polyhedron.empty(1))])
    assert pr.check_tiling(wrong).tiles == (1,)
    confirm(pr.check_tiling(wrong), wrong)


def test_a_wrong_affine_map_is_refused():
    """The part of another network, with the same signs but another last layer, has another affine map."""
    tiling = pr.preimage(ABSOLUTE, pr.parse("y0 >= 0", dim=1))
    double = pr.Network([*ABSOLUTE.layers[:1], pr.Layer([[2, 2]], [0], False)])
    verdict = pr.check_tiling(tiling, double)
    assert verdict.kind == "affine map"
    confirm(verdict, tiling, double)


def test_other_patterns_than_the_network_has_neurons():
    tiling = pr.preimage(ABSOLUTE, pr.parse("y0 >= 1", dim=1))
    other = pr.Network([([[1], [-1], [0]], [0, 0, 0]), ([[1, 1, 0]], [0])])
    verdict = pr.check_tiling(tiling, other)
    assert verdict.kind == "pattern"
    confirm(verdict, tiling, other)


def test_nothing_is_the_preimage_of_nothing():
    for target, domain in (("y0 < 0", None), ("y0 >= 0", Polyhedron.empty(1))):
        tiling = pr.preimage(ABSOLUTE, pr.parse(target, dim=1), domain)
        assert len(tiling) == 0
        assert pr.check_tiling(tiling)


def test_wrong_spaces_are_named():
    tiling = pr.preimage(ABSOLUTE, pr.parse("y0 >= 1", dim=1))
    for other in ({"network": CROSS}, {"target": Polyhedron.whole_space(2)}, {"domain": Polyhedron.whole_space(2)}):
        with pytest.raises(pr.DimensionError, match="check_tiling"):
            pr.check_tiling(tiling, **other)
    with pytest.raises(pr.InputError, match="check_tiling: target 0: expected a Polyhedron, got int 1"):
        pr.check_tiling(tiling, target=[1])  # type: ignore[list-item]


def test_a_trained_size_tiling_by_cells():
    """Weights with long fractions, three inputs, strict target: one second."""
    layers = [
        ([[0.31, -0.7, 1.2], [-0.4, 0.9, 0.1], [1.1, 0.2, -0.3], [0.5, 0.5, 0.5]], [0.1, -0.2, 0.3, -0.7]),
        ([[1.0, -0.6, 0.4, -1.3], [-0.8, 0.7, 0.9, 0.2]], [0.05, -0.1]),
        ([[1.0, -1.1]], [0.01]),
    ]
    tiling = pr.preimage(pr.Network(layers), pr.parse("y0 > 0", dim=1), Polyhedron.box([-3] * 3, [3] * 3))
    assert len(tiling) > 5
    verdict = pr.check_tiling(tiling)
    assert verdict
    assert verdict.stats["cells"] >= verdict.stats["parts"] >= len(tiling)
    confirm(pr.check_tiling(tiling[1:]), tiling[1:])
    missing = pr.check_tiling(tiling[1:]).point
    assert missing is not None
    assert missing in tiling[0].polyhedron
