"""What the compiled module lets go of, also where there is no memory, which it says then."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import resource
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import polyrelu as pr
from polyrelu.engines.cells.run import NO_LIMIT, Pause
from tests.engines.cells.runs import LONG, Asked, concurrent
from tests.engines.cells.test_module import (
    ALONE,
    columns_of,
    kernel,
    library,
    references,
    rows_for,
    shifted_pieces,
    small,
)
from tests.extreme_networks import box

ROUNDS = 50
MALLINFO = (
    *("arena", "ordblks", "smblks", "hblks", "hblkhd"),
    *("usmblks", "fsmblks", "uordblks", "fordblks", "keepcost"),
)
KEPT = 30 * ROUNDS  # bytes, fewer than so many objects of any kind take


@pytest.fixture(scope="module")
def asked() -> Asked:
    return small()


# References


def test_what_a_kernel_holds_it_lets_go(asked):
    kind, columns, rows = library().Kernel, columns_of(asked), rows_for(asked)

    def ask() -> None:
        """Not asked here."""

    cells = asked.roots()
    given = [np.arange(len(cells.depth)), *map(np.ascontiguousarray, cells)]
    ends = bytearray(b"\0"), bytearray(b"\xff")
    held = [kind, ask, columns, *columns, rows, *given, *ends]
    before = references(held)
    for _ in range(3):
        run = kernel(asked, columns, rows, ask=ask)
        assert references(held)[1] == before[1] + 1
        run.put(*given)
        run.keep_within(*ends)
        run.advance(NO_LIMIT, LONG)
        assert len(run.lines(False)) > 0
        del run
    assert references(held) == before
    for end in ends:
        end.append(0)  # which nobody looks at any more


def test_what_functions_are_given_they_let_go(asked):
    pieces = [tuple(map(np.ascontiguousarray, piece)) for piece in shifted_pieces()]
    cells = asked.roots()
    own = [np.ascontiguousarray(cells[k]) for k in (3, 4, 5, 6, 8)]
    held = [pieces, *pieces, *(column for piece in pieces for column in piece), *own]
    before = references(held)
    for _ in range(3):
        results = library().in_order(pieces, 1, 2, *ALONE), library().measured(3, 1, *own)
        assert references(results[0]) == references((object(),)) * 5
        with pytest.raises(TypeError):
            library().in_order([*pieces, (1, 2, 3, 4)], 1, 2, *ALONE)
        with pytest.raises(TypeError):
            library().in_order([*pieces, (1,)], 1, 2, *ALONE)
        with pytest.raises(ValueError, match="kernel: these are no cells"):
            library().measured(3, 2, *own)
    assert references(held) == before


# Memory


class Mallinfo(ctypes.Structure):
    """What mallinfo2 tells."""

    _fields_ = [(name, ctypes.c_size_t) for name in MALLINFO]


@cache
def mallinfo() -> Any:
    """The C library's, if it has one."""
    library = ctypes.CDLL(None)
    if not hasattr(library, "mallinfo2"):
        pytest.skip("the C library does not tell")
    library.mallinfo2.restype = Mallinfo
    return library.mallinfo2


def in_use() -> int:
    """Bytes that the C library has handed out and not got back."""
    told = mallinfo()()
    return int(told.uordblks + told.hblkhd)


def used() -> tuple[int, int, int]:
    """Bytes, blocks of Python's, and references to None."""
    return in_use(), sys.getallocatedblocks(), sys.getrefcount(None)


def growth(work: Callable[[], None]) -> list[int]:
    """By how much that grows with so many rounds of work."""
    for _ in range(20):
        work()
        used()
    before = used()
    for _ in range(ROUNDS):
        work()
    return [now - then for now, then in zip(used(), before, strict=True)]


@pytest.mark.parametrize("way", ["tiles", "measured", "evidence", "refused", "pieces", "asking"])
def test_no_memory_is_lost(way, asked):
    columns, rows, cells = columns_of(asked), rows_for(asked), asked.roots()
    given = [np.arange(len(cells.depth)), *map(np.ascontiguousarray, cells)]
    pieces = [tuple(map(np.ascontiguousarray, piece)) for piece in shifted_pieces()]
    exact = asked.engine._exact_forms().answer
    doubtful = Asked.of(concurrent(np.random.default_rng(2)), box(2, 3))
    ask, roots = cache(doubtful.engine._exact_forms().answer), [*map(np.ascontiguousarray, doubtful.roots())]
    of_doubtful = columns_of(doubtful)

    def work() -> None:
        if way == "asking":
            run = kernel(doubtful, of_doubtful, ask=lambda *told: (*ask(*told),))
            run.put(np.arange(1), *roots)
            run.advance(NO_LIMIT, LONG)
            return
        if way == "refused":
            with contextlib.suppress(ValueError):
                kernel(asked, columns, rows[1:])
        elif way == "pieces":
            library().in_order(pieces, 1, 2, *ALONE)
        else:
            run = kernel(asked, columns, rows if way == "evidence" else None, measure=way == "measured", ask=exact)
            run.put(*given)
            run.advance(NO_LIMIT, LONG)
            run.found()
            run.put(*given)
            run.give(True, False)
            run.share(False)
            run.force_back(0)
            run.keep_within(b"\0", b"\xff")

    size, blocks, references_to_none = growth(work)
    assert size < KEPT
    assert max(blocks, 2 * abs(references_to_none)) < ROUNDS


def test_one_cell_after_the_other_needs_the_same_room():
    """A run that goes on for ever does not grow; what it found is handed out each time."""
    rng = np.random.default_rng(0)
    question = Asked.of(pr.Network([(rng.normal(size=(6, 2)), rng.normal(size=6) / 4)], relu=[True]), box(2, 2))
    given = [np.arange(1), *map(np.ascontiguousarray, question.roots())]
    run, sizes = kernel(question), list[int]()
    for _ in range(8):
        for _ in range(2):
            run.put(*given)
            run.advance(NO_LIMIT, LONG)
            run.found()
        sizes.append(in_use())
    assert sizes[-1] - sizes[3] < 8 * 40  # bytes, fewer than edges take


@contextlib.contextmanager
def little_memory() -> Iterator[None]:
    """Hardly more memory than there is in use."""
    if sys.platform != "linux":
        pytest.skip("who knows what is in use")
    limits = resource.getrlimit(resource.RLIMIT_AS)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + (1 << 21), limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, limits)


WIDE = 1 << 14  # words, so that a patch takes more than memory is kept for what was there once


def test_where_there_is_no_room_that_is_said(asked):
    cells, kind = asked.roots(WIDE), library().Kernel
    given = [np.arange(len(cells.depth)), *map(np.ascontiguousarray, cells)]
    before = sys.getrefcount(kind)
    with little_memory(), pytest.raises(MemoryError):
        kernel(asked, words=WIDE)
    assert sys.getrefcount(kind) == before
    run = kernel(asked, words=WIDE, ask=asked.engine._exact_forms().answer)
    run.put(*given)
    with little_memory(), pytest.raises(MemoryError):
        run.advance(NO_LIMIT, LONG)
    assert run.advance(0, LONG) in list(Pause)  # it is not at work any more
    run.put(np.zeros(12, dtype=np.int64), *given[1:])
    with little_memory(), pytest.raises(MemoryError):
        run.give(True, False)
    with little_memory(), pytest.raises(MemoryError):
        library().measured(41, 1, *(own[:0] for own in given[4:8]), given[9][:0])


def failing_in_turn(call: Callable[[], Any]) -> Iterator[None]:
    """Call again and again, where Python finds no room the first time it looks for it, the second, and so on.

    It either says so or is not troubled. Yields after each call.
    """
    memory = pytest.importorskip("_testcapi", reason="needs Python's own tests")
    for k in range(60):
        none_is_left = [list[int]() for _ in range(100)]  # of the lists that Python has at hand
        memory.set_nomemory(k, k + 1)
        try:
            call()
        except MemoryError:
            pass
        finally:
            memory.remove_mem_hooks()
        del none_is_left
        yield


def lists() -> int:
    return sum(type(own) is list for own in gc.get_objects())


@pytest.mark.parametrize("name", ["found", "give", "lines", "counters", "Kernel", "in_order", "measured"])
def test_python_without_room_loses_nothing(name, asked):
    columns, rows = columns_of(asked), rows_for(asked)
    pieces = tuple(tuple(map(np.ascontiguousarray, piece)) for piece in shifted_pieces())
    exact = asked.engine._exact_forms().answer
    given = [np.arange(1), *map(np.ascontiguousarray, asked.roots())]
    own, kind = given[4:8] + given[9:], library().Kernel
    at_work = kernel(asked, columns, ask=exact)

    def found() -> None:
        at_work.put(*given)
        at_work.advance(NO_LIMIT, LONG)
        at_work.found()

    def give() -> None:
        at_work.put(*given)
        at_work.give(True, False)

    calls: dict[str, Callable[[], Any]] = {
        "found": found,
        "give": give,
        "lines": lambda: at_work.lines(False),
        "counters": at_work.counters,
        "Kernel": lambda: kernel(asked, columns, rows, ask=exact),
        "in_order": lambda: library().in_order(pieces, 1, 2, *ALONE),
        "measured": lambda: library().measured(3, 1, *own),
    }
    call = calls[name]
    call()
    held = [kind, *columns, rows, *pieces, *own]
    before, many = references(held), lists()
    for _ in failing_in_turn(call):
        pass
    assert references(held) == before
    assert lists() <= many + 1  # the iterator's
    at_work.found()
    at_work.give(True, False)


def test_questions_for_which_there_is_no_room_are_not_asked():
    """Nor are others in their place."""
    memory = pytest.importorskip("_testcapi", reason="needs Python's own tests")
    question = Asked.of(concurrent(np.random.default_rng(2)), box(2, 3))
    cells = question.roots()
    given = [np.arange(len(cells.depth)), *map(np.ascontiguousarray, cells)]
    answer, told = question.engine._exact_forms().answer, list[Any]()

    def first_only(*own: bytes) -> Any:
        if told:
            raise LookupError
        told.append(answer(*own))
        return told[0]

    def repeats(*_: bytes) -> Any:
        if not left:
            raise LookupError
        return left.pop()

    run = kernel(question, ask=first_only)
    run.put(*given)
    with pytest.raises(LookupError):
        run.advance(NO_LIMIT, LONG)
    raised = list[type[BaseException]]()
    for k in range(12):
        left = list(told)
        run = kernel(question, ask=repeats)
        run.put(*given)
        memory.set_nomemory(k, k + 1)
        try:
            run.advance(NO_LIMIT, LONG)
        except (LookupError, MemoryError) as error:
            memory.remove_mem_hooks()
            raised.append(type(error))
        finally:
            memory.remove_mem_hooks()
    assert len(raised) == 12
    assert raised[:4] == [MemoryError] * 4
