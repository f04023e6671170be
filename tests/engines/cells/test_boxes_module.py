"""The splitting of boxes as a class of Python: what it takes, what it says of what is wrong, and what it lets go of."""

import resource
import sys
import threading
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

import polyrelu as pr
from polyrelu.engines.cells.boxes import BoxSplitter, _columns
from polyrelu.engines.cells.library import kernel_library
from tests.engines.cells import test_memory as memory
from tests.engines.cells.test_boxes_search import LONG, TWO_SIDES
from tests.engines.cells.test_memory import KEPT, ROUNDS, growth, little_memory


def columns_of(net=TWO_SIDES):
    return list(_columns(net))


def references(columns):
    return [sys.getrefcount(own) for own in columns]


def test_a_network_without_inputs_is_one():
    columns = columns_of()
    columns[:2] = [columns[0][2:], columns[1] - [0, 2, 2]]
    boxes = kernel_library().Boxes(tuple(columns), 0, 0, 64)
    nothing = np.zeros(0)
    low = np.frombuffer(boxes.enclosed(nothing, nothing, *ROWS)[0])
    assert low == pytest.approx([0, 0, 0, 0, -1], abs=2**-30)
    assert boxes.put(*ROWS, nothing) == 0
    assert boxes.put(*ROWS, ENDS) == 1
    assert boxes.counters() == (0, 0, 0)


def test_networks_that_are_none():
    Boxes = kernel_library().Boxes
    columns = columns_of()
    for wrong in (tuple(columns[:-1]), (*columns, columns[0]), (), (*columns[:5], None), (*columns[:5], b"odd"[:1])):
        before = references(columns)
        if len(wrong) == 6 and wrong[5] is not None:
            continue
        with pytest.raises((ValueError, TypeError)):
            Boxes(wrong, 1, 0, 64)
        assert references(columns) == before
    with pytest.raises(ValueError, match="this is no network"):
        Boxes(tuple(columns), -1, 0, 64)
    with pytest.raises((TypeError, SystemError)):
        Boxes(columns, 1, 0, 64)
    for k, column in enumerate(columns[:5]):
        for spoilt in (object(), column.view(np.uint8)[:-1], column[::2] if len(column) > 2 else object()):
            with pytest.raises((ValueError, TypeError, BufferError)):
                Boxes((*columns[:k], spoilt, *columns[k + 1 :]), 1, 0, 64)


def test_a_splitter_lets_go_of_its_network():
    columns = [np.array(own) for own in columns_of()]
    before = references(columns)
    one = kernel_library().Boxes(tuple(columns), 1, 0, 64)
    assert references(columns) != before
    del one
    assert references(columns) == before


def test_a_splitter_is_given_back_as_a_whole():
    """Its own memory, the object, and its hold on the type."""
    columns, kind = tuple(columns_of()), kernel_library().Boxes
    before = sys.getrefcount(kind)
    size, blocks, _ = growth(lambda: kind(columns, 1, 0, 64))
    assert size < KEPT
    assert blocks < ROUNDS
    assert sys.getrefcount(kind) == before


ROWS = [np.array([1.0, 0.0]), np.array([-1.0]), np.array([0], dtype=np.uint8)]
ENDS = np.array([0.0, 1.0, 1.0, 2.0])


def spoilt_cases(ends):
    """Columns of a case that do not belong together."""
    weights, biases, equality = ROWS
    yield weights[:1], biases, equality, *ends
    yield np.ones(4), biases, equality, *ends
    yield weights, np.ones(2), equality, *ends
    yield weights, biases, np.zeros(2, dtype=np.uint8), *ends
    yield weights, biases, np.zeros(0, dtype=np.uint8), *ends


def test_cases_that_are_none():
    boxes = BoxSplitter(TWO_SIDES)._boxes
    for case in (*spoilt_cases([ENDS]), (*ROWS, ENDS[:3]), (*ROWS, ENDS[:1])):
        with pytest.raises(ValueError, match="do not belong together"):
            boxes.put(*case)
    good = (*ROWS, ENDS)
    for k in range(4):
        with pytest.raises((TypeError, BufferError, ValueError)):
            boxes.put(*good[:k], object(), *good[k + 1 :])
        with pytest.raises((TypeError, BufferError, ValueError)):
            boxes.put(*good[:k], np.ones((3, 3))[:, ::2], *good[k + 1 :])
    with pytest.raises(TypeError):
        boxes.put(*good[:3])
    assert boxes.counters() == (0, 0, 0)
    assert boxes.put(*good) == 0
    assert boxes.counters() == (0, 0, 2)
    assert boxes.put(*ROWS, ENDS[:0]) == 1
    assert boxes.counters() == (0, 0, 2)


def test_columns_of_a_case_are_let_go():
    boxes = BoxSplitter(TWO_SIDES)._boxes
    columns = [*ROWS, ENDS]
    before, kept = references(columns), sys.getrefcount(None)
    for _ in range(20):
        boxes.put(*columns)
        boxes.enclosed(ENDS[:1], ENDS[1:2], *ROWS)
        boxes.enclosed(np.array([np.inf]), np.array([np.inf]), *ROWS)
        boxes.be_quiet()
        boxes.give(True)
        boxes.advance(1, LONG)
    assert references(columns) == before
    assert abs(sys.getrefcount(None) - kept) < 10


def test_what_is_handed_out_is_let_go():
    boxes = BoxSplitter(TWO_SIDES)._boxes
    for own in (boxes.give(True), boxes.enclosed(ENDS[:1], ENDS[1:2], *ROWS)):
        assert sys.getrefcount(own) == 3  # this name, the tuple and the call
        assert all(sys.getrefcount(column) == 3 for column in own if isinstance(column, bytes) and len(column) > 1)


def test_arguments_of_calls():
    boxes = BoxSplitter(TWO_SIDES)._boxes
    for call, wrong in ((boxes.advance, (1,)), (boxes.advance, ("a", 1.0)), (boxes.give, ()), (boxes.enclosed, ())):
        with pytest.raises(TypeError):
            call(*wrong)
    for k in range(5):
        good: list[object] = [ENDS[:1], ENDS[1:2], *ROWS]
        good[k] = object()
        with pytest.raises(TypeError):
            boxes.enclosed(*good)
    with pytest.raises(TypeError):
        boxes.be_quiet(1)


def test_what_encloses_is_told_in_order():
    least, most, misses, crossing = BoxSplitter(TWO_SIDES)._boxes.enclosed(np.array([-1.0]), np.array([1.0]), *ROWS)
    low, high = np.frombuffer(least), np.frombuffer(most)
    assert low == pytest.approx([-1, -1, 0, -1, -1], abs=2**-30)
    assert high[:3] == pytest.approx([1, 1, 1.0], abs=1.01)
    assert (misses, crossing) == (False, 2)
    assert Fraction(low[0]) <= -1


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_each_row_of_a_case_is_enclosed(count):
    """Nothing is missed that asks for nothing."""
    offsets = np.arange(1.0, 1 + count)
    rows = np.tile([1.0, 0.0], (count, 1)).T.ravel(), -offsets, np.zeros(count, dtype=np.uint8)
    least, most, misses, _ = BoxSplitter(TWO_SIDES)._boxes.enclosed(np.array([0.5]), np.array([0.75]), *rows)
    assert np.frombuffer(least)[4:] == pytest.approx(0.5 - offsets, abs=2**-30)
    assert np.frombuffer(most)[4:] == pytest.approx(0.75 - offsets, abs=2**-30)
    assert not misses


def test_a_splitter_gives_back_all_memory_of_cases_and_of_threads():
    """Of two cases, of one thread that works alone, and of another beside it."""
    columns, rows = _columns(TWO_SIDES), (np.zeros(2 * 400), np.zeros(400), np.zeros(400, dtype=np.uint8))

    def once():
        boxes = kernel_library().Boxes(columns, 1, 0, 64)
        boxes.be_quiet()
        for _ in range(2):
            boxes.put(*rows, ENDS[:2])
        for _ in range(4):
            boxes.advance(1, LONG)
        other = threading.Thread(target=boxes.advance, args=(10**9, 0.002))
        other.start()
        boxes.advance(10, LONG)
        other.join()

    for _ in range(4):
        once()
        memory.in_use()

    def grown() -> int:
        before = memory.in_use()
        for _ in range(8):
            once()
        return memory.in_use() - before

    # What is lost is lost each time; Python's threads keep something now and then.
    assert min(grown() for _ in range(5)) < 8 * 40  # bytes, fewer than anything takes


def in_use():
    """The bytes of memory that this process has."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="who tells of memory is not there")
@pytest.mark.parametrize("what", ["nothing", "cases", "threads", "turns"])
def test_memory_is_given_back(what):
    net, rows = TWO_SIDES, (np.zeros(2 * 20000), np.zeros(20000), np.zeros(20000, dtype=np.uint8))
    if what in ("threads", "turns"):
        rng = np.random.default_rng(1)
        net = pr.Network([(rng.normal(size=(60, 40)), np.zeros(60)), (np.ones((1, 60)), np.zeros(1))])
    columns, end = _columns(net), np.zeros(2 * net.input_dim)

    def once():
        boxes = kernel_library().Boxes(columns, net.input_dim, 0, 64)
        if what == "cases":
            boxes.put(*rows, end)
        for _ in range(2 if what == "threads" else 0):
            boxes.put(np.ones(1), np.ones(1), rows[2][:1], end)
            boxes.advance(1, LONG)

    search = kernel_library().Boxes(columns, net.input_dim, 0, 64)
    search.put(np.ones(net.output_dim), np.ones(1), rows[2][:1], np.tile([-1.0, 1.0], net.input_dim))
    count, room = {"nothing": (10000, 2**18), "cases": (60, 2**21), "threads": (100, 2**21), "turns": (60, 2**21)}[what]
    for _ in range(5):
        once()
    before = in_use()
    for _ in range(count):
        if what == "turns":  # of one thread, which need what it needs once
            search.advance(0, LONG)
        else:
            once()
    assert in_use() - before < room


MANY = 4_500_000
"""Rows of 72 MB, which no heap keeps at hand."""


def test_where_there_is_no_room_that_is_said():
    boxes = BoxSplitter(TWO_SIDES)._boxes
    rows = np.zeros(2 * MANY), np.zeros(MANY), np.zeros(MANY, dtype=np.uint8)
    with little_memory(), pytest.raises(MemoryError):
        boxes.put(*rows, ENDS)
    with little_memory(), pytest.raises(MemoryError):
        boxes.enclosed(ENDS[:1], ENDS[1:2], *rows)
    boxes.put(*rows, ENDS)
    with little_memory(), pytest.raises(MemoryError):
        boxes.advance(1, LONG)
