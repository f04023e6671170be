"""The walk as a class of Python: what it takes, what it says of what is wrong or too much, and who may use it."""

import threading

import numpy as np
import pytest

import polyrelu as pr
from polyrelu.engines.branch.library import Pause, walk_library
from tests.engines.branch.test_engine import network
from tests.engines.branch.test_walk import engine_of
from tests.engines.cells.test_memory import little_memory


def box(dim):
    low = np.full(dim, -1.0)
    return low, -low, low / 2, -low / 2, -low, 1.0


def forms(rows, dim):
    return np.zeros((rows, dim)), np.full(rows, -1.0), np.zeros(rows)


def layer(inputs, outputs):
    return np.zeros((inputs, outputs)), np.zeros(outputs), np.arange(outputs, dtype=np.int32)


def of_walk(dim=2, outputs=3):
    """What a walk is given: of a box, a layer that vanishes, and a target of one row."""
    flags = (False, True, False, False, 0, 0)
    layers, target = (layer(dim, outputs),), (np.zeros((outputs, 1)), np.zeros(1), np.zeros(0, np.int32))
    return [
        dim,
        layers,
        target,
        flags[0],
        box(dim),
        forms(1, dim),
        np.zeros((1, dim)),
        np.zeros(outputs, np.int8),
        *flags[1:],
    ]


def of_facets(dim=2, rows=3):
    return [dim, box(dim), forms(rows, dim), np.zeros(rows, np.int32), np.zeros(dim), np.ones(dim)]


def test_arrays_that_do_not_belong_together_are_refused():
    assert Pause(walk_library().Walk(*of_walk()).advance(9)) in list(Pause)
    for place, wrong in ((4, box(3)), (5, (np.zeros(3), *forms(1, 2)[1:])), (7, np.zeros(2, np.int8))):
        given = of_walk()
        given[place] = wrong
        with pytest.raises(ValueError, match="walk: an array has the wrong length"):
            walk_library().Walk(*given)
    assert len(walk_library().facets(*of_facets())) == 3
    for place, wrong in ((1, box(3)), (3, np.zeros(2, np.int32)), (4, np.zeros(3)), (5, b"odd")):
        given = of_facets()
        given[place] = wrong
        with pytest.raises(ValueError, match="walk: an array has the wrong length"):
            walk_library().facets(*given)


def test_bounds_of_other_cells_are_refused():
    engine = engine_of(network(2, 30, 1), pr.parse("y0 >= -1000000", dim=1), 2)
    walk = engine._walk
    while (pause := Pause(walk.advance(10**6))) is not Pause.BOUNDS:
        engine._answer(pause, walk)
    for many in (0, 10**4):
        with pytest.raises(ValueError, match="walk: an array has the wrong length"):
            walk.bound(np.zeros(many, np.uint8), np.zeros(0, np.int8))
    engine._answer(pause, walk)
    assert Pause(walk.advance(10**6)) in list(Pause)


def test_one_thread_at_a_time():
    walk, refused = engine_of(network(3, 40, 40, 1))._walk, list[str]()
    worker = threading.Thread(target=walk.advance, args=(10**4,))
    worker.start()
    while worker.is_alive() and not refused:
        try:
            walk.counters()
        except RuntimeError as error:
            refused.append(str(error))
    worker.join()
    assert refused == ["walk: it goes on for one thread at a time"]
    assert len(walk.counters()) == 6


def test_where_there_is_no_room_that_is_said():
    """For 72 MB, which no heap keeps at hand."""
    of_a_walk, rows = of_walk(3000, 3000), of_facets(3000, 3000)
    for make, given in ((walk_library().Walk, of_a_walk), (walk_library().facets, rows)):
        with little_memory(), pytest.raises(MemoryError):
            make(*given)
