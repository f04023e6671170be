"""Laws of the compiled kernel: the cells of the twin, whichever way it cuts, pauses, gives away and goes on."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from fractions import Fraction
from random import Random
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import polyrelu as pr
from polyrelu.engines.cells import engine as engine_module
from polyrelu.engines.cells import problem as problem_module
from polyrelu.engines.cells.problem import NO_FACET, UNDECIDED, Problem
from polyrelu.engines.cells.run import NO_LIMIT, Found, Pause, Run
from polyrelu.engines.cells.signs import FormsOnCell
from polyrelu.polyhedra.cell import INFINITY
from tests.engines.cells.questions import questions
from tests.engines.cells.runs import LONG, Asked, concurrent, finished, put, twin
from tests.extreme_networks import box, degenerate

seeds = st.integers(0, 2**32)


@settings(max_examples=150)
@given(questions())
def test_cells_are_those_of_the_twin(question):
    asked = Asked.of(*question)
    assert asked.tiles([finished(asked.begun())]) == twin(*question)


@settings(max_examples=80)
@given(questions(), st.sampled_from([1, 2, 3, 5]))
def test_patches_go_either_way(question, one_in):
    """By their skeletons, or one cell after the other."""
    asked, expected = Asked.of(*question), twin(*question)
    for forced in (one_in, 0):
        run = asked.begun()
        run.force_back(forced)
        assert asked.tiles([finished(run)]) == expected
        assert forced != 1 or run.counts.skeletons == 0


def test_both_ways_are_gone():
    network = wide((3, 12, 12))
    asked, counts = Asked.of(network, box(3)), []
    for forced in (0, 1, 2):
        run = asked.begun()
        run.force_back(forced)
        found = finished(run)
        counts.append(run.counts)
        assert len(found.packed) == counts[0].cells
    by_skeleton, one_by_one, mixed = counts
    assert by_skeleton.skeletons > 10
    assert one_by_one.skeletons == 0
    assert 0 < mixed.skeletons < by_skeleton.skeletons
    assert by_skeleton.cuts == one_by_one.cuts == mixed.cuts == by_skeleton.cells - 1


@pytest.mark.parametrize("widths", [(2, 5), (2, 8), (3, 9), (4, 12)])
@pytest.mark.parametrize("words", [1, 2])
def test_parts_are_worked_on_depth_first(widths, words):
    """Next comes a neighbour, across a wall, of the last part that has any left."""
    order = [row.tobytes() for row in finished(Asked.of(wide(widths), box(widths[0])).begun(words, keep=True)).packed]
    left, waiting = set(order[1:]), [{order[0]}]
    for pattern in order:
        assert pattern in waiting[-1]
        waiting[-1].remove(pattern)
        bits = int.from_bytes(pattern, "big")
        beside = {(bits ^ 1 << k).to_bytes(len(pattern), "big") for k in range(8 * len(pattern))} & left
        waiting = [own for own in [*waiting, beside] if own]
        left -= beside
    assert not waiting


def test_of_cells_around_the_origin_boxes_tell_nearly_all_signs_of_neurons_without_a_bias():
    """All forms vanish there, so a box with the origin in it tells none."""
    rng = np.random.default_rng(0)
    network = pr.Network([(rng.normal(size=(16, d)), np.zeros(16)) for d in (2, 16)], relu=[True, True])
    run = Asked.of(network).begun()
    finished(run)
    around = 2 * 16  # cells of the first layer: its lines meet in the origin
    of_first_layer = 4 * 16 * 3 + 2 * around  # in four cones, each neuron at three generators or at those it makes
    assert around < run.counts.cells
    assert run.counts.signs < of_first_layer + 16 * around + 3 * 2 * run.counts.cells


@settings(max_examples=80)
@given(questions(), st.lists(st.integers(1, 9), min_size=1, max_size=4))
def test_a_run_that_pauses_goes_on(question, pauses):
    asked, expected = Asked.of(*question), twin(*question)
    run, parts, before = asked.begun(), list[Found](), 0
    for k in range(10**6):
        pause = run.advance(pauses[k % len(pauses)], LONG)
        parts.append(run.found())
        if pause is Pause.DONE:
            break
        assert pause is Pause.OUT_OF_CUTS
        assert run.counts.cuts > before
        before = run.counts.cuts
    assert asked.tiles(parts) == expected


def test_time_that_is_up_pauses_a_run():
    asked = Asked.of(wide((5, 14, 14)), box(5))
    whole, run, parts = finished(asked.begun()), asked.begun(), list[Found]()
    while run.advance(NO_LIMIT, 0.0) is not Pause.DONE:
        parts.append(run.found())
    parts.append(run.found())
    assert len(parts) > 10
    assert sum(len(part.packed) for part in parts) == len(whole.packed)


@settings(max_examples=80)
@given(questions(), seeds, st.booleans())
def test_cells_that_are_given_away_are_found_elsewhere(question, seed, mixed):
    random = Random(seed)
    asked, expected = Asked.of(*question), twin(*question)
    runs, parts = [asked.begun(), asked.run()], list[Found]()
    if mixed:
        runs[1].force_back(2)
    while any(run.advance(random.randint(0, 4), LONG) is not Pause.DONE for run in runs):
        giver, taker = random.sample(runs, 2)
        given_away = giver.give(everything=random.random() < 0.2)
        put(taker, given_away)
        parts += [run.found() for run in runs if random.random() < 0.5]
    parts += [run.found() for run in runs]
    assert asked.tiles(parts) == expected


def test_a_run_that_gave_everything_away_has_nothing_left():
    asked = Asked.of(wide((3, 12, 12)), box(3))
    run, other = asked.begun(), asked.run()
    assert run.advance(20, LONG) is Pause.OUT_OF_CUTS
    first = run.found()
    put(other, run.give(everything=True))
    assert run.advance() is Pause.DONE
    assert not len(run.found().packed)
    assert not len(run.give().depth)
    assert asked.tiles([first, finished(other)]) == asked.tiles([finished(asked.begun())])
    put(run, asked.cells() or pytest.fail("there are cells"))
    assert asked.tiles([finished(run)]) == asked.tiles([finished(asked.begun())])


def test_a_run_that_is_asked_pauses_as_soon_as_it_has_a_cell_to_give():
    asked = Asked.of(wide((2, 9, 9)), box(2))
    run, given_away = asked.begun(), 0
    run.share(True)
    while run.advance(NO_LIMIT, LONG) is Pause.ASKED:
        cells = run.give()
        assert len(cells.depth) > 0
        put(run, cells)
        given_away += 1
        if given_away == 5:
            run.share(False)
    assert given_away == 5
    assert run.counts.cells == len(finished(asked.begun()).packed)


def test_cells_that_are_given_away_say_what_they_are():
    network = wide((2, 6, 6))
    asked = Asked.of(network, box(2))
    run = asked.begun()
    run.advance(3, LONG)
    cells = run.give(everything=True)
    assert len(cells.depth) > 1
    assert (np.diff([*cells.start, len(cells.radius)]) == cells.size).all()
    assert set(np.unique(cells.signs)) >= {0, 1, UNDECIDED}
    assert (cells.slots >= NO_FACET).all()
    for slots, start, size in zip(cells.slots, cells.start, cells.size, strict=True):
        used = np.flatnonzero(slots != NO_FACET)
        union = int(np.bitwise_or.reduce(cells.tight[start : start + size, 0]))
        assert [k for k in range(64) if union >> k & 1] == used.tolist()


@settings(max_examples=60)
@given(questions(), st.sampled_from([2, 3]))
def test_the_shape_for_all_dimensions_is_the_one_for_few(question, words):
    """Masks of one word, up to six dimensions, have code of their own."""
    asked = Asked.of(*question)
    few, every = finished(asked.begun()), finished(asked.begun(words))
    for name in set(Found._fields) - {"generators", "extents"}:
        one, other = getattr(few, name), getattr(every, name)
        assert one.dtype == other.dtype
        assert np.array_equal(one, other, equal_nan=one.dtype.kind == "f")


@pytest.mark.parametrize("dim", [1, 2, 6, 7, 8])
def test_any_dimension(dim):
    network = wide((dim, 4, 3))
    asked = Asked.of(network, box(dim, 2))
    assert asked.tiles([finished(asked.begun())]) == twin(network, box(dim, 2))


def tangents(count: int) -> list[list[Fraction]]:
    """Of half a circle, in rational points."""
    angles = [Fraction(2 * k, count) - 1 for k in range(count)]
    return [[(1 - t * t) / (1 + t * t), 2 * t / (1 + t * t)] for t in angles]


@pytest.mark.parametrize(("sides", "words"), [(62, 1), (63, 2), (126, 2), (127, 3)])
@pytest.mark.parametrize("forced", [0, 1])
def test_masks_that_are_too_narrow_are_told(sides, words, forced):
    """One cell has all tangents as facets, and two sides of the square."""
    network = pr.Network([pr.Layer(tangents(sides), [-1] * sides, relu=True)])
    asked = Asked.of(network, box(2, Fraction(101, 100)))
    narrow = [k for k in range(1, 4) if asked.begun(k).advance(NO_LIMIT, LONG) is Pause.TOO_NARROW]
    assert narrow == list(range(1, words))
    run = asked.begun(4)
    run.force_back(forced)
    found = finished(run)
    assert np.diff(found.facet_start).max() == sides + 2
    columns = pr.linear_regions(network, box(2, Fraction(101, 100)), "cells")
    assert len(found.packed) == len(columns)


def test_roots_that_do_not_fit_are_no_cells():
    sides = 65
    network, disc = wide((2, 3)), pr.Polyhedron(tangents(sides), [1] * sides)
    asked = Asked.of(network, disc)
    assert asked.cells(1) is None
    assert asked.tiles([finished(asked.begun(2))]) == twin(network, disc)


def test_a_section_may_have_more_vertices_than_the_cell():
    """280 where the cube has 256."""
    identity = pr.Network([(np.eye(8), np.zeros(8))], relu=[False])
    section = pr.parse(" + ".join(f"{100 + k}*y{k}" for k in range(8)) + " == 7", dim=8)
    found = finished(Asked.of(identity, box(8, 1), section).begun())
    assert found.flat_dim.tolist() == [7]
    assert len(found.flat_facets) == 16 + 1


def wide(widths: Sequence[int], seed: int = 0) -> pr.Network:
    rng = np.random.default_rng(seed)
    layers = [(rng.normal(size=(b, a)), rng.normal(size=b)) for a, b in itertools.pairwise(widths)]
    return pr.Network(layers, relu=[True] * len(layers))


# -- exact arithmetic that fails ---------------------------------------------------------------------------------------


@settings(max_examples=40)
@given(
    questions(st.sampled_from(["concurrent", "rational", "nearly parallel", "integers"])),
    st.sets(st.integers(1, 30), min_size=1),
    st.sampled_from([KeyboardInterrupt, ValueError]),
    st.sampled_from([0, 1, 2]),
)
def test_a_run_goes_on_after_an_exception(question, failing, error, forced):
    asked, expected = Asked.of(*question), twin(*question)
    run, parts, failed = _failing(asked, failing, error), list[Found](), 0
    run.force_back(forced)
    while True:
        try:
            pause = run.advance(NO_LIMIT, LONG)
        except error:
            failed += 1
            parts.append(run.found())
            continue
        assert pause is Pause.DONE
        break
    parts.append(run.found())
    assert failed <= len(failing)
    assert asked.tiles(parts) == expected


def test_what_a_run_gives_away_after_an_exception_is_all_that_is_left():
    question = concurrent(np.random.default_rng(2)), box(2, 3)
    asked, expected = Asked.of(*question), twin(*question)
    for k in (1, 2, 4):
        run, other = _failing(asked, {k}, KeyboardInterrupt), asked.run()
        with pytest.raises(KeyboardInterrupt):
            run.advance(NO_LIMIT, LONG)
        first = run.found()
        put(other, run.give(everything=True))
        assert asked.tiles([first, finished(other)]) == expected


def _failing(asked: Asked, questions: AbstractSet[int], error: type[BaseException]) -> Run:
    """A run with everything to do, whose exact arithmetic raises at these questions."""
    forms = asked.engine._exact_forms()
    answer, count = forms.answer, itertools.count(1)

    def failing(*question: bytes) -> tuple[bytes, float, bytes]:
        if next(count) in questions:
            raise error
        return answer(*question)

    forms.answer = failing  # type: ignore[method-assign, assignment]
    run, cells = Run(asked.problem, 1, forms), asked.cells()
    if cells is not None:
        put(run, cells)
    return run


@pytest.mark.parametrize("answer", [(b"", 0.0, b""), (b"x" * 23, 0.0, b"\x01"), (1, 2, 3), ("a", "b")])
def test_answers_that_are_none_are_errors(answer):
    asked = Asked.of(concurrent(np.random.default_rng(2)), box(2, 3))
    forms = asked.engine._exact_forms()
    forms.answer = lambda *_: answer  # type: ignore[method-assign]
    run = Run(asked.problem, 1, forms)
    put(run, asked.cells() or pytest.fail("there are cells"))
    with pytest.raises((TypeError, ValueError)):
        run.advance(NO_LIMIT, LONG)


def test_a_run_works_for_one_thread_at_a_time():
    asked = Asked.of(concurrent(np.random.default_rng(2)), box(2, 3))
    forms = asked.engine._exact_forms()
    answer, errors = forms.answer, list[str]()

    def asks_back(*question: bytes) -> tuple[bytes, float, bytes]:
        for call in (run.advance, run.give, run.found, lambda: run.force_back(1)):
            try:
                call()
            except RuntimeError as error:
                errors.append(str(error))
        run.share(False)
        assert run.counts.exact >= 0
        return answer(*question)

    forms.answer = asks_back  # type: ignore[method-assign, assignment]
    run = Run(asked.problem, 1, forms)
    put(run, asked.cells() or pytest.fail("there are cells"))
    found = finished(run)
    assert len(errors) >= 4
    assert set(errors) == {"kernel: a run works for one thread at a time"}
    assert asked.tiles([found]) == asked.tiles([finished(asked.begun())])


# -- what is known of finished cells -------------------------------------------------------------------------------


@settings(max_examples=60)
@given(questions(), st.sampled_from([0, 1, 2]), st.sampled_from([1, 2]))
def test_generators_lie_within_their_radius_and_on_their_facets(question, forced, words):
    asked = Asked.of(*question)
    run = asked.begun(words, keep=True)
    run.force_back(forced)
    found = finished(run)
    kept, neurons = found.generators, asked.problem.neurons
    assert len(kept.start) == len(found.packed) + 1
    signs = np.full((len(found.packed), len(asked.problem.coord_of)), UNDECIDED, dtype=np.uint8)
    signs[:, :neurons] = unpacked_signs_of(found, neurons)
    signs[:, neurons:] = 0
    forms = asked.engine._exact_forms()
    for i, own in enumerate(signs):
        facets = found.facets[found.facet_start[i] : found.facet_start[i + 1]].tolist()
        which = slice(kept.start[i], kept.start[i + 1])
        masks = [_mask(words) for words in kept.tight[which]]
        cell = _Kept(forms.on(own), kept.vectors[which].tolist(), kept.radius[which].tolist(), masks)
        assert any(map(cell.is_right, cell.meanings(facets)))


def unpacked_signs_of(found: Found, neurons: int):
    return np.unpackbits(found.packed, axis=1)[:, :neurons] if neurons else np.zeros((len(found.packed), 0), np.uint8)


def _mask(words) -> int:
    return sum(int(word) << 64 * k for k, word in enumerate(words))


class _Kept(NamedTuple):
    """A cell's generators."""

    exact: FormsOnCell
    vectors: list[list[float]]
    radius: list[float]
    masks: list[int]

    def meanings(self, facets: list[int]) -> Iterator[dict[int, int]]:
        """What the bits of masks may mean: facets in their order, and the one at infinity perhaps among them."""
        union = 0
        for mask in self.masks:
            union |= mask
        bits = [bit for bit in range(union.bit_length()) if union >> bit & 1]
        assert len(facets) <= len(bits) <= len(facets) + 1
        for k in range(len(bits)) if len(bits) > len(facets) else [len(facets)]:
            yield dict(zip(bits, [*facets[:k], INFINITY, *facets[k:]], strict=False))

    def is_right(self, bits: dict[int, int]) -> bool:
        """Whether each generator is the one that its mask says, all are different, and none lies on a facet more."""
        known = set()
        for vector, radius, mask in zip(self.vectors, self.radius, self.masks, strict=True):
            on = [facet for bit, facet in bits.items() if mask >> bit & 1]
            off = [facet for facet in bits.values() if facet not in on]
            try:
                right = self.exact.generator(on, off)
            except AssertionError:
                return False
            known.add(right)
            if any(self.exact.side(n) * _dot(self.exact.form(n), right) <= 0 for n in off):
                return False
            if radius < np.inf and not _is_near(vector, radius, right):
                return False
        return len(known) == len(self.vectors)


def _dot(form, vector):
    return sum(a * x for a, x in zip(form, vector, strict=True))


def _is_near(vector, radius, ray) -> bool:
    """Whether some positive multiple of an exact vector is within a radius of a float vector."""
    r, low, high = Fraction(radius), Fraction(0), None
    for entry, x in zip(map(Fraction, vector), ray, strict=True):
        if not x:
            if abs(entry) > r:
                return False
            continue
        ends = sorted([(entry - r) / x, (entry + r) / x])
        low, high = max(low, ends[0]), ends[1] if high is None else min(high, ends[1])
    return high is not None and low <= high and high > 0


@settings(max_examples=80)
@given(questions())
def test_points_lie_strictly_inside(question):
    asked = Asked.of(*question)
    found = finished(asked.begun())
    forms, neurons = asked.engine._exact_forms(), asked.problem.neurons
    signs = np.zeros((len(found.packed), len(asked.problem.coord_of)), dtype=np.uint8)
    signs[:, :neurons] = unpacked_signs_of(found, neurons)
    for i, own in enumerate(signs):
        if np.isnan(found.points[i]).any():
            continue
        point, exact = (*map(Fraction, found.points[i].tolist()), Fraction(1)), forms.on(own)
        for number in found.facets[found.facet_start[i] : found.facet_start[i + 1]].tolist():
            assert exact.side(number) * _dot(exact.form(number), point) > 0


def test_most_cells_know_a_point_inside():
    for domain in (box(3), None):
        found = finished(Asked.of(wide((3, 9, 9)), domain).begun())
        unknown = np.isnan(found.points).any(axis=1).sum()
        assert unknown <= (0 if domain is not None else len(found.packed))


# -- neurons that repeat others -------------------------------------------------------------------------------------


@pytest.mark.parametrize("factor", [1, 3, -1, Fraction(-2, 7)])
@pytest.mark.parametrize("domain", [box(2), None])
def test_twins_that_vanish_identically_are_both_off(factor, domain):
    """The second layer's neurons are zero where the first layer's are off: both are silent, whatever their factor."""
    network = pr.Network([pr.Layer([[1, 0], [0, 1]], [0, 0], True), pr.Layer([[1, 1], [factor, factor]], [0, 0], True)])
    asked = Asked.of(network, domain)
    found = asked.tiles([finished(asked.begun())])
    assert found == twin(network, domain)
    silent = [pattern for pattern, _ in found if pattern.startswith("00")]
    assert [pattern.replace("|", "")[-2:] for pattern in silent] == ["00"]


def test_twins_are_not_cut_twice():
    normals = [[1, 2], [3, -1], [-2, 1]]
    repeated = [[-3 * v for v in row] for row in normals]
    network = pr.Network([pr.Layer([*normals, *repeated], [1, 0, 2, -3, 0, -6], True)])
    asked = Asked.of(network, box(2))
    assert len(asked.problem.twins) == 3
    run = asked.begun()
    found = finished(run)
    assert asked.tiles([found]) == twin(network, box(2))
    assert run.counts.exact == 0


# -- claims that the kernel relies on ---------------------------------------------------------------------------------


def _with_wrong_signs(P: Problem) -> Problem:
    twins = P.twins.copy()
    twins[:, 2] ^= 1
    return P._replace(twins=twins)


LIES = {
    "all on the grid": (lambda P: P._replace(on_grid=np.ones_like(P.on_grid)), "rational"),
    "twins with the other sign": (_with_wrong_signs, "opposite pairs"),
    "rows without an equality": (lambda P: P._replace(equality=np.zeros_like(P.equality)), "integers"),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_claim_that_is_false_is_caught_by_the_twin(lie, monkeypatch):
    """So the comparison bites: each of them decides signs, and a wrong one shows in the cells."""
    change, kind = LIES[lie]
    make = problem_module.problem
    wrong = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        network = concurrent(rng) if kind == "rational" else degenerate(rng, kind)
        target = pr.parse("y0 == 0", dim=network.output_dim) if "equality" in lie else None
        question = network, box(network.input_dim), target
        expected = twin(*question)
        asked = Asked.of(*question)
        assert asked.tiles([finished(asked.begun())]) == expected
        monkeypatch.setattr(engine_module, "problem", lambda *columns: change(make(*columns)))
        asked = Asked.of(*question)
        monkeypatch.undo()
        try:
            wrong += asked.tiles([finished(asked.begun())]) != expected
        except AssertionError:  # a generator that lies on too few facets
            wrong += 1
    assert wrong > 0
