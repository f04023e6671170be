"""What the compiled module hands out: tiles in order, lines, cells, what is known of them, and counts."""

from __future__ import annotations

import numpy as np
import pytest

import polyrelu as pr
from polyrelu.engines.cells.problem import widened
from polyrelu.engines.cells.run import NO_LIMIT, Pause, Run, Wish, arranged
from polyrelu.tilings import columns as tiling_columns
from tests.engines.cells.runs import LONG, Asked, concurrent, finished, put
from tests.engines.cells.test_module import ALONE, kernel, library, rows_for, shifted_pieces, small
from tests.extreme_networks import box


@pytest.fixture(scope="module")
def asked():
    return small()


def test_pieces_that_begin_anywhere_are_put_in_order():
    pieces = shifted_pieces()
    order, found = arranged(pieces)
    begun = [piece._replace(starts=piece.starts - piece.starts[0]) for piece in pieces]
    expected_order, expected = tiling_columns.arranged(begun)
    assert order.tolist() == expected_order.tolist()
    for own, other in zip(map(np.asarray, found), map(np.asarray, expected), strict=True):
        assert np.array_equal(own, other)
    assert library().in_order([], 1, 2, *ALONE) == (b"", b"", bytes(8), b"", b"")


def test_lines_are_handed_out_once_and_only_where_they_are_wanted(asked):
    run = asked.begun()
    finished(run)
    assert run.lines() == run.lines(whole_blocks=True) == b""
    run = kernel(asked, rows=rows_for(asked), ask=asked.engine._exact_forms().answer)
    run.put(np.arange(1), *map(np.ascontiguousarray, asked.roots()))
    run.advance(NO_LIMIT, LONG)
    assert run.lines(False)
    assert not run.lines(False)


def test_of_points_nothing_is_measured():
    domain = pr.Polyhedron([[1, 0], [0, 1]], [0, 0], equalities=[0, 1])
    question = Asked.of(pr.Network([([[1, 0], [0, 1]], [1, -1])], relu=[True]), domain)
    run = Run(question.problem, 1, question.engine._exact_forms(), measure=True)
    put(run, question.roots())
    found = finished(run)
    assert len(found.packed) == 1
    assert [len(own) for own in found.extents] == [0] * 4


@pytest.mark.parametrize("dim", [1, 2, 3])
def test_what_is_known_of_cells_is_handed_out_where_it_is_wanted(dim):
    rng = np.random.default_rng(dim)
    question = Asked.of(pr.Network([(rng.normal(size=(6, dim)), rng.normal(size=6) / 4)], relu=[True]), box(dim))
    run = Run(question.problem, 2, question.engine._exact_forms(), measure=True)
    put(run, question.roots(2))
    found = finished(run)
    cells = len(found.packed)
    extents, generators = found.extents, found.generators
    assert extents.box_low.shape == extents.box_high.shape == (cells, dim)
    assert np.isclose(extents.volume_low.sum(), 2**dim)
    assert (extents.box_low.min(axis=0) <= -1 + 1e-9).all()
    assert [len(own) for own in generators] == [1, 0, 0, 0]
    found = finished(question.begun(2, keep=True))
    assert [len(own) for own in found.extents] == [0] * 4
    many = int(found.generators.start[-1])
    assert [len(own) for own in found.generators] == [cells + 1, many, many, many]


def test_a_run_is_kept_within_what_it_is_told():
    question = integers(1, "y0 <= 1")
    every = finished(question.begun()).packed
    assert len(every) > 3
    for own in every:
        run = question.run()
        run.keep_within(own.tobytes(), own.tobytes())
        put(run, question.roots())
        assert finished(run).packed.tolist() == [own.tolist()]


@pytest.mark.parametrize("accurate", [True, False])
def test_cells_are_given_away_as_accurate_as_they_get_where_that_is_wanted(accurate):
    rng = np.random.default_rng(0)
    question = Asked.of(pr.Network([(rng.normal(size=(8, 3)), rng.normal(size=8) / 4)], relu=[True]), box(3))
    run = question.begun()
    run.force_back(1)
    run.advance(5, LONG)
    (columns,) = run.giving(everything=True, accurate=accurate)
    cells, _ = run.job_of(columns)
    assert len(cells.depth) > 1
    assert cells.solved.all() == accurate


def test_bounds_discard_cells_that_are_listed_only_where_they_may():
    question = integers(10, "y0 >= 0, y0 <= 0, y1 < 1")
    pruned = []
    for prunes in (True, False):
        wish = Wish(range(1, 1 + len(question.problem.domain_sums)), 0, prunes)
        run = Run(question.problem, 1, question.engine._exact_forms(), evidence=wish)
        put(run, question.roots())
        run.advance(NO_LIMIT, LONG)
        pruned.append(run.counts.pruned)
    assert pruned[0] > 0 == pruned[1]


ANSWERS = {"no vector": (b"", 0.0, b"\1"), "half a vector": (b"x" * 23, 0.0, b"\1"), "no sign": (b"x" * 24, 0.0, b"")}


@pytest.mark.parametrize("case", ANSWERS)
def test_exact_answers_of_another_length_are_refused(case):
    question = Asked.of(concurrent(np.random.default_rng(2)), box(2, 3))
    run = kernel(question, ask=lambda *_: ANSWERS[case])
    run.put(np.arange(1), *map(np.ascontiguousarray, question.roots()))
    with pytest.raises(ValueError, match=r"kernel: (an exact answer has the wrong|a column does not have whole)"):
        run.advance(NO_LIMIT, LONG)


def test_exact_answers_are_what_is_known_from_then_on():
    question = Asked.of(concurrent(np.random.default_rng(2)), box(2, 3))
    exact = question.engine._exact_forms()
    answer, told = exact.answer, set[tuple[float, ...]]()

    def noted(*given: bytes) -> tuple[bytes, float, bytes]:
        own = answer(*given)
        told.add((*np.frombuffer(own[0]).tolist(), own[1]))
        return own

    exact.answer = noted  # type: ignore[method-assign, assignment]
    run = Run(question.problem, 1, exact, keep=True)
    put(run, question.roots())
    kept = finished(run).generators
    known = {(*vector, radius) for vector, radius in zip(kept.vectors.tolist(), kept.radius.tolist(), strict=True)}
    assert told
    assert told <= known


@pytest.mark.parametrize("dim", [1, 2, 3])
def test_cells_that_are_given_away_are_measured(dim):
    """Their volumes add up to that of the box, and their boxes hold their vertices, however wide their masks are."""
    rng = np.random.default_rng(dim)
    question = Asked.of(pr.Network([(rng.normal(size=(6, dim)), rng.normal(size=6) / 4)], relu=[True]), box(dim))
    run = question.begun()
    run.force_back(1)
    run.advance(4, LONG)
    ((*columns,),) = run.giving(everything=True, accurate=True)
    cells, _ = run.job_of(columns)
    assert len(cells.depth) > 1
    told = []
    for words, own in ((1, cells), (2, widened(cells))):
        given = map(np.ascontiguousarray, (own.start, own.size, own.vectors, own.radius, own.tight))
        told.append([np.frombuffer(c) for c in library().measured(dim + 1, words, *given)])
    assert all(np.array_equal(one, other) for one, other in zip(*told, strict=True))
    low, high, box_low, box_high = told[0]
    assert low.sum() <= 2**dim <= high.sum()
    assert high.sum() - low.sum() < 1e-9
    for i, (start, size) in enumerate(zip(cells.start, cells.size, strict=True)):
        points = cells.vectors[start : start + size, :-1] / cells.vectors[start : start + size, -1:]
        assert np.abs(points.min(axis=0) - box_low[dim * i : dim * (i + 1)]).max() < 1e-9
        assert np.abs(points.max(axis=0) - box_high[dim * i : dim * (i + 1)]).max() < 1e-9


@pytest.mark.parametrize("everything", [False, True])
def test_cells_that_are_given_away_lie_one_behind_the_other(everything, asked):
    run = asked.begun()
    run.force_back(1)
    run.advance(1, LONG)
    cells = run.give(everything)
    assert cells.start.tolist() == (np.cumsum(cells.size) - cells.size).tolist()
    assert {len(cells.radius), len(cells.solved), len(cells.vectors), len(cells.tight)} == {cells.size.sum()}


def test_a_point_has_no_extents():
    """There is no coordinate to measure it in."""
    point = pr.Polyhedron([[1, 0], [0, 1]], [1, 2], equalities=[0, 1])
    question = Asked.of(pr.Network([([[1, 1], [1, -1]], [0, 0])], relu=[True]), point)
    run = Run(question.problem, 1, question.engine._exact_forms(), measure=True)
    put(run, question.roots())
    found = finished(run)
    assert found.packed.tolist() == [[128]]
    assert [len(column) for column in found.extents] == [0] * 4


NO_CELLS = {"dim": (1, 1), "words": (3, 0), "vectors": (2, 1), "tight": (3, 2)}


@pytest.mark.parametrize("case", NO_CELLS)
def test_what_are_no_cells_is_not_measured(case, asked):
    cells = asked.roots()
    own = [np.ascontiguousarray(cells[k]) for k in (3, 4, 5, 6, 8)]
    with pytest.raises(ValueError, match="kernel: these are no cells"):
        library().measured(*NO_CELLS[case], *own)
    with pytest.raises(ValueError, match="kernel: these are no cells"):
        library().measured(3, 1, own[0][:0], *own[1:])
    for sizes in ((1, 1), (2, 0)):
        with pytest.raises(ValueError, match="kernel: these are no cells"):
            library().measured(*sizes, *[b""] * 5)


# Counts


def test_a_run_that_has_done_nothing_counts_nothing(asked):
    run = asked.run()
    assert run.counts == (0,) * 12
    assert run.advance(0, 0.0) is Pause.DONE
    assert run.counts == (0,) * 12


def integers(seed: int, target: str) -> Asked:
    rng = np.random.default_rng(seed)
    layers = [(rng.integers(-3, 4, (b, a)), rng.integers(-2, 3, b)) for a, b in ((2, 5), (5, 2))]
    return Asked.of(pr.Network(layers, relu=[True, False]), box(2, 3), pr.parse(target, dim=2))


def test_counts_are_in_their_places():
    question = integers(10, "y0 >= 0, y0 <= 0, y1 < 1")
    run = question.begun()
    found = finished(run)
    counts = run.counts
    assert counts.cells == len(found.packed)
    assert question.begun().advance(counts.cuts - 1, LONG) is Pause.OUT_OF_CUTS
    assert question.begun().advance(counts.cuts + 1, LONG) is Pause.DONE
    assert counts.signs > 4 * counts.cuts
    assert counts.solves == counts.exact == 0  # all is on the grid
    assert counts.flat == len(found.flat_dim)
    assert 0 < counts.pruned < counts.discarded < counts.flat
    run = integers(4, "y0 >= 0, y0 <= 0, y1 < 1").begun()
    finished(run)
    assert (run.counts.skeletons, run.counts.fallbacks, run.counts.bounded, run.counts.excluded) == (1, 0, 1, 0)


def test_signs_that_are_told_exactly_are_counted():
    question = Asked.of(concurrent(np.random.default_rng(2)), box(2, 3))
    exact = question.engine._exact_forms()
    answer, told = exact.answer, list[int]()

    def counted(*given: bytes) -> tuple[bytes, float, bytes]:
        told.append(len(given[3]) // 4)
        return answer(*given)

    exact.answer = counted  # type: ignore[method-assign, assignment]
    run = Run(question.problem, 1, exact)
    put(run, question.roots())
    finished(run)
    assert run.counts.exact == sum(told) > run.counts.skeletons + run.counts.pruned
