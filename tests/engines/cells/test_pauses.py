"""A run that is stopped, by time, by cuts or by exact arithmetic that fails, loses nothing and goes on."""

from __future__ import annotations

import time
from collections.abc import Callable
from fractions import Fraction
from functools import cache

import numpy as np
import pytest

import polyrelu as pr
from polyrelu.engines.cells.run import NO_LIMIT, Pause, Run
from tests.engines.cells.runs import LONG, Asked, Tiles, concurrent, finished, put, twin
from tests.extreme_networks import box

MOST = 2**63 - 1


@cache
def hundredfold() -> tuple[Asked, int]:
    """A question, and how many cells there are if it is asked a hundred times."""
    rng = np.random.default_rng(0)
    network = pr.Network(
        [(rng.normal(size=(n, m)), rng.normal(size=n)) for m, n in ((2, 8), (8, 6))], relu=[True, True]
    )
    asked = Asked.of(network, box(2))
    return asked, 100 * len(finished(asked.begun()).packed)


def begun_hundredfold(forced: int = 0) -> Run:
    asked, _ = hundredfold()
    run, cells = asked.run(), asked.roots()
    run.force_back(forced)
    run.put(cells, np.zeros(100, dtype=np.int64))
    return run


# Time


@pytest.mark.parametrize("forced", [0, 1])
def test_time_that_is_up_is_heard_after_some_work_and_not_before(forced):
    asked, cells = hundredfold()
    assert asked.begun().advance(NO_LIMIT, 0.0) is Pause.DONE
    run, found, pauses = begun_hundredfold(forced), list[int](), 0
    while (pause := run.advance(NO_LIMIT, 0.0)) is not Pause.DONE:
        assert pause is Pause.OUT_OF_TIME
        found.append(len(run.found().packed))
        pauses += 1
    assert sum(found) + len(run.found().packed) == cells
    assert 3 <= pauses <= 50
    assert max(found) < cells / 2


def test_time_that_goes_by_is_the_clocks():
    """Of a hundredth of a second no run takes a fifth, if there is work for longer; seconds begin anywhere."""
    rng = np.random.default_rng(0)
    network = pr.Network([(rng.normal(size=(40, n)), rng.normal(size=40)) for n in (4, 40)], relu=[True, True])
    run = Asked.of(network, box(4)).begun()
    begun = time.monotonic() % 1
    if begun > 0.7:
        time.sleep(1.01 - begun)
    before = time.thread_time()
    assert run.advance(NO_LIMIT, 0.01) is Pause.OUT_OF_TIME
    assert time.thread_time() - before < 0.2


def test_as_much_time_or_as_many_cuts_as_can_be_said_are_enough():
    _, cells = hundredfold()
    run = begun_hundredfold()
    assert run.advance(200, LONG) is Pause.OUT_OF_CUTS
    assert run.advance(MOST, LONG) is Pause.DONE
    assert len(run.found().packed) == cells
    assert run.advance(0, 0.0) is Pause.DONE


def test_a_run_pauses_after_each_cut_if_it_is_given_one_at_a_time():
    asked, _ = hundredfold()
    every = finished(asked.begun())
    run, pauses = asked.begun(), 0
    run.force_back(1)
    while run.advance(1, LONG) is Pause.OUT_OF_CUTS:
        pauses += 1
        assert run.counts.cuts == pauses
    assert len(run.found().packed) == len(every.packed) > 20
    assert pauses == run.counts.cuts > 20


def test_what_is_counted_is_shown_while_a_run_works():
    """Exact questions count as work, so that the counts are renewed after a few of them."""
    asked = Asked.of(concurrent(np.random.default_rng(2)), box(2, 3))
    exact = asked.engine._exact_forms()
    answer, shown = exact.answer, list[int]()

    def looking(*question: bytes) -> tuple[bytes, float, bytes]:
        shown.append(run.counts.exact)
        return answer(*question)

    exact.answer = looking  # type: ignore[method-assign, assignment]
    run = Run(asked.problem, 1, exact)
    put(run, asked.roots())
    finished(run)
    assert shown[0] == 0
    assert any(0 < count < run.counts.exact for count in shown)
    assert shown == sorted(shown)


def test_a_run_that_is_asked_at_once_gives_nothing_before_there_is_something():
    asked, cells = hundredfold()
    run = begun_hundredfold()
    run.share(True)
    assert run.advance(NO_LIMIT, LONG) is Pause.ASKED
    assert run.counts.cuts == 0
    other = asked.run()
    put(other, run.give())
    run.share(False)
    one = len(finished(other).packed)
    assert one == cells // 100
    assert len(finished(run).packed) == cells - one
    run = asked.begun()
    run.share(True)
    assert run.advance(NO_LIMIT, LONG) is Pause.ASKED
    assert run.counts.cuts > 0


@pytest.mark.parametrize("forced", [0, 1, 2])
def test_a_run_that_is_asked_pauses_only_where_it_has_something_to_give(forced):
    asked, _ = hundredfold()
    cells = len(finished(asked.begun()).packed)
    run, other = asked.begun(), asked.run()
    run.force_back(forced)
    run.share(True)
    given = 0
    while run.advance(NO_LIMIT, LONG) is Pause.ASKED:
        parts = run.give()
        assert len(parts.depth) > 0
        put(other, parts)
        given += len(parts.depth)
    assert given > 1
    assert len(run.found().packed) + len(finished(other).packed) == cells


@pytest.mark.parametrize("parts", range(2, 8))
def test_half_of_the_parts_that_wait_are_given_away(parts):
    """Of a patch that is cut at once: one is at work by then. Of an odd number the half is rounded up."""
    lines = pr.Network([([[1]] * (parts - 1), [-Fraction(k + 1, parts) for k in range(parts - 1)])], relu=[True])
    asked = Asked.of(lines, box(1, 1))
    run, other = asked.begun(keep=True), asked.run()
    run.share(True)
    assert run.advance(NO_LIMIT, LONG) is Pause.ASKED
    given = run.give()
    assert len(given.depth) == parts // 2
    run.share(False)
    put(other, given)
    assert len(finished(other).packed) == parts // 2
    assert len(finished(run).packed) == parts - parts // 2


def test_giving_everything_away_does_nothing_to_it():
    """A cell that the target has not begun with is given away as it is, wherever time was up."""
    rng = np.random.default_rng(0)
    layers = [(rng.normal(size=(6, 2)), rng.normal(size=6)), (rng.normal(size=(1, 6)), [0.25])]
    asked = Asked.of(pr.Network(layers, relu=[True, False]), box(2), pr.parse("y0 <= 0", dim=1))
    cells, many = len(finished(asked.begun()).packed), 500
    run, found, pauses = asked.run(), 0, 0
    run.put(asked.roots(), np.zeros(many, dtype=np.int64))
    run.force_back(1)
    while run.advance(NO_LIMIT, 0.0) is Pause.OUT_OF_TIME:
        before, found, pauses = run.counts, found + len(run.found().packed), pauses + 1
        left = run.give(everything=True)
        assert run.counts == before
        assert not len(run.found().packed)
        run = asked.run()
        run.force_back(1)
        put(run, left)
    assert pauses > 2
    assert found + len(run.found().packed) == cells * many


# Exact arithmetic that fails


class Refused(Exception):
    """What exact arithmetic raises here."""


NO_FLOAT = Fraction(10**20, 3 * 10**20 + 7)


@cache
def rows_through_corners(dim: int, text: str) -> tuple[Asked, Tiles]:
    """A cube whose corners are no floats, and rows of a target through some of them: only exact arithmetic tells."""
    rows = [[int(i == j) for j in range(dim)] for i in range(dim)]
    layers = [pr.Layer([*rows, [1] * dim], [*[1] * dim, Fraction(-1, 7)], [True] * (dim + 1))]
    layers.append(pr.Layer([[*row, 0] for row in rows], [-1 - NO_FLOAT] * dim, [False] * dim))
    question = pr.Network(layers), box(dim, NO_FLOAT), pr.parse(text, dim=dim)
    return Asked.of(*question), twin(*question)


TEXTS = (
    "y0 + y1 + y2 <= 0, y0 <= 0, y1 <= 0",
    "y0 + y1 + y2 <= 0, y0 >= 0, y1 <= 0, y0 + y1 - y2 <= 0",
    "y0 - y1 >= 0, y0 + y1 - 2*y2 >= 0, y2 >= 0",
    "y0 - y1 == 0, y0 - y2 == 0, y2 >= 0",
)


def refusing(asked: Asked, refused: Callable[[int], bool], look: Callable[[Run], None] = lambda run: None) -> Run:
    """A run with everything to do, whose exact arithmetic refuses some questions, counted from 1, and looks at it."""
    forms = asked.engine._exact_forms()
    answer, count = forms.answer, 0

    def answering(*question: bytes) -> tuple[bytes, float, bytes]:
        nonlocal count
        count += 1
        look(run)
        if refused(count):
            raise Refused
        return answer(*question)

    forms.answer = answering  # type: ignore[method-assign, assignment]
    run = Run(asked.problem, 1, forms)
    put(run, asked.roots())
    return run


def gone_on_with(run: Run, seconds: float) -> None:
    """Until nothing is left to do, however often time is up."""
    while run.advance(NO_LIMIT, seconds) is not Pause.DONE:
        pass


@pytest.mark.parametrize("text", TEXTS)
def test_rows_go_on_after_each_question_that_failed(text):
    asked, expected = rows_through_corners(3, text)
    undisturbed = asked.begun()
    finished(undisturbed)
    run, failed = refusing(asked, lambda count: count % 2 == 1), 0
    while True:
        try:
            assert run.advance(NO_LIMIT, LONG) is Pause.DONE
        except Refused:
            failed += 1
            continue
        break
    assert failed > 1
    assert asked.tiles([run.found()]) == expected
    assert run.counts == undisturbed.counts


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("which", [1, 2, 4])
def test_what_is_given_away_after_that_is_all_that_is_left(text, which):
    """Rows that are begun with are gone through first, which may ask, and fail, again; nobody else may call then."""
    asked, expected = rows_through_corners(3, text)
    giving, errors = False, set[str]()

    def look(run: Run) -> None:
        if giving:
            with pytest.raises(RuntimeError) as error:
                run.found()
            errors.add(str(error.value))

    run = refusing(asked, lambda count: count in (which, which + 1), look)
    with pytest.raises(Refused):
        run.advance(NO_LIMIT, LONG)
    parts, giving = [run.found()], True
    try:
        cells = run.give(everything=True)
    except Refused:
        cells = run.give(everything=True)
    giving = False
    assert errors <= {"kernel: a run works for one thread at a time"}
    assert run.advance() is Pause.DONE
    parts.append(run.found())
    other = asked.run()
    put(other, cells)
    assert asked.tiles([*parts, finished(other)]) == expected


def test_a_section_that_is_begun_with_is_not_given_away_as_a_cell():
    asked, expected = rows_through_corners(3, "y0 - 2*y1 == 0, y0 - 2*y1 + y2 <= 0")
    failed = 0
    for which in range(1, 20):
        run = refusing(asked, which.__eq__)
        try:
            run.advance(NO_LIMIT, LONG)
        except Refused:
            failed += 1
        parts, other = [run.found()], asked.run()
        put(other, run.give(everything=True))
        assert asked.tiles([*parts, run.found(), finished(other)]) == expected
    assert failed > 1


@pytest.mark.parametrize("seconds", [LONG, 0.0])
def test_giving_away_has_all_the_time_it_takes(seconds):
    """A row through all corners of a side, after one that is begun with: it takes many questions."""
    asked, expected = rows_through_corners(4, "y0 + y1 + y2 + y3 <= 0, y0 <= 0")
    for which in range(1, 8):
        run = refusing(asked, which.__eq__)
        with pytest.raises(Refused):
            gone_on_with(run, seconds)
        parts = [run.found()]
        other = asked.run()
        put(other, run.give(everything=True))
        assert asked.tiles([*parts, run.found(), finished(other)]) == expected
