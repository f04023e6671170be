"""What the compiled module does with what it is given, refuses, and hands out."""

from __future__ import annotations

import gc
import importlib.machinery
import importlib.util
import sys
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import polyrelu as pr
from polyrelu.engines.cells.library import kernel_library
from polyrelu.engines.cells.run import Run
from polyrelu.tilings.columns import Piece
from tests.engines.cells.runs import Asked, concurrent, finished, put
from tests.extreme_networks import box

ALONE = 1, 3600.0, list  # one thread, and how often it asks whom


def library() -> Any:
    """The compiled module itself."""
    return kernel_library()


def small() -> Asked:
    """A question of a few cells and a target."""
    rng = np.random.default_rng(3)
    network = pr.Network([(rng.normal(size=(4, 2)), rng.normal(size=4)), (rng.normal(size=(2, 4)), rng.normal(size=2))])
    return Asked.of(network, box(2), pr.parse("y0 >= 0", dim=2))


@pytest.fixture(scope="module")
def asked():
    return small()


def columns_of(asked: Asked) -> tuple[Any, ...]:
    return tuple(map(np.ascontiguousarray, asked.problem[:-3]))


def kernel(asked: Asked, columns: Any = None, rows: Any = None, **changes: Any) -> Any:
    """A run of the compiled kernel itself."""
    P = asked.problem
    usual = {"dim": P.dim, "neurons": P.neurons, "layer": P.target_layer, "words": 1}
    told: dict[str, Any] = {**usual, "keep": False, "measure": False, "shares": False, "ask": print, **changes}
    return library().Kernel(columns_of(asked) if columns is None else columns, *told.values(), rows, True)


def references(objects: Sequence[Any]) -> list[int]:
    return [sys.getrefcount(own) for own in objects]


def rows_for(asked: Asked) -> Any:
    return np.arange(1 + len(asked.problem.domain_sums), dtype=np.int32)


def shifted_pieces() -> list[Piece]:
    """Two pieces cut out of longer ones: their facets begin anywhere."""
    rng = np.random.default_rng(1)
    starts = [np.array(own, dtype=np.int64) for own in ([3, 5, 5, 9], [2, *range(3, 33)])]
    return [
        Piece(
            rng.integers(0, 256, (len(own) - 1, 1)).astype(np.uint8),
            own,
            rng.integers(0, 99, own[-1] - own[0]).astype(np.int32),
            rng.normal(size=(len(own) - 1, 2)),
        )
        for own in starts
    ]


# Loading


def loaded_again() -> Any:
    """The library under another name: the interpreter keeps the one that was loaded last."""
    path = library().__file__
    name = f"again.{Path(path).name.partition('.')[0]}"
    loader = importlib.machinery.ExtensionFileLoader(name, path)
    spec = importlib.util.spec_from_file_location(name, path, loader=loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def test_a_library_is_loaded_again_and_let_go():
    gone = list[weakref.ref[Any]]()
    for _ in range(3):
        module = loaded_again()
        names = {"Kernel", "Boxes", "in_order", "measured", "tiles_measured", "SOURCES", "as_written"}
        assert names <= set(vars(module))
        assert module.as_written()
        gone += [weakref.ref(kind) for kind in (module.Kernel, module.Boxes)]
    del module
    gc.collect()
    assert [ref() for ref in gone[:4]] == [None] * 4


# Arguments


NO_PROBLEMS: dict[str, dict[str, Any]] = {
    "no dimension": {"dim": 0},
    "no words": {"words": 0},
    "neither": {"dim": -1, "words": -1},
    "few columns": {"columns": ()},
    "a list": {"columns": []},
    "numbers": {"columns": (1,) * 17},
    "parts of numbers": {"columns": (b"x",) * 17},
    "few rows": {"rows": np.zeros(2, dtype=np.int32)},
    "parts of rows": {"rows": b"xyz"},
    "no rows": {"rows": 3},
}


@pytest.mark.parametrize("case", NO_PROBLEMS)
def test_what_is_no_problem_is_refused_and_let_go(case, asked):
    given, kind = NO_PROBLEMS[case], library().Kernel
    columns = columns_of(asked)
    held = [kind, print, *columns, *(own for own in given.values() if isinstance(own, np.ndarray | tuple))]
    before = references(held)
    for _ in range(2):
        with pytest.raises((TypeError, ValueError, SystemError), match=r"kernel: |bytes-like|tupleobject|argument"):
            kernel(asked, **{"columns": columns, **given})
    assert references(held) == before


def test_refusals_say_what_is_wrong(asked):
    for given in ({"dim": 0}, {"words": 0}, {"columns": ()}):
        with pytest.raises(ValueError, match="kernel: this is no problem"):
            kernel(asked, **given)
    with pytest.raises(ValueError, match="kernel: a row is needed for each facet of the domain, and one for infinity"):
        kernel(asked, rows=np.zeros(2, dtype=np.int32))
    with pytest.raises(TypeError):
        library().in_order(3, 1, 2, *ALONE)
    with pytest.raises(MemoryError):  # so many pieces there cannot be
        library().in_order(range(1 << 60), 1, 2, *ALONE)
    for call in (library().Kernel, library().measured, library().in_order):
        with pytest.raises(TypeError):
            call()


def test_a_problem_of_one_dimension_is_one(asked):
    assert kernel(asked, dim=1).counters() == (0,) * 12


CALLS = {"put": (), "advance": (), "lines": (), "give": (1,), "share": (), "force_back": (), "keep_within": (b"",)}


@pytest.mark.parametrize("name", CALLS)
def test_calls_without_what_they_need_are_refused(name, asked):
    with pytest.raises(TypeError):
        getattr(kernel(asked), name)(*CALLS[name])


@pytest.mark.parametrize("lengths", [(0, 1), (1, 0), (2, 2)])
def test_ends_that_are_no_patterns_are_refused(lengths, asked):
    with pytest.raises(ValueError, match="kernel: patterns have a bit for each neuron"):
        kernel(asked).keep_within(*(b"x" * length for length in lengths))
    with pytest.raises(TypeError):
        kernel(asked).keep_within(b"x", 1)


def test_cells_that_are_none_are_refused(asked):
    cells = asked.roots()
    numbers, given = np.arange(1), [*map(np.ascontiguousarray, cells)]
    for k in range(10):
        with pytest.raises((TypeError, ValueError)):
            kernel(asked).put(*(1 if k == i else own for i, own in enumerate([numbers, *given])))
    with pytest.raises(MemoryError):  # more generators than there can be
        kernel(asked).put(numbers, *given[:4], np.array([1 << 60]), *given[5:])


# Who works


def test_all_calls_are_refused_while_a_run_works():
    question = Asked.of(concurrent(np.random.default_rng(2)), box(2, 3))
    forms, cells = question.engine._exact_forms(), question.roots()
    answer, refused = forms.answer, set[str]()
    given = [np.arange(len(cells.depth)), *map(np.ascontiguousarray, cells)]
    calls: dict[str, tuple[Any, ...]] = {
        "put": tuple(given),
        "advance": (1, 1.0),
        "found": (),
        "lines": (False,),
        "give": (False, False),
        "force_back": (1,),
        "keep_within": (b"\0\0", b"\xff\xff"),
    }

    def asks_back(*told: bytes) -> tuple[bytes, float, bytes]:
        for name, arguments in calls.items():
            with pytest.raises(RuntimeError, match="kernel: a run works for one thread at a time"):
                getattr(run._kernel, name)(*arguments)
            refused.add(name)
        return answer(*told)

    forms.answer = asks_back  # type: ignore[method-assign, assignment]
    run = Run(question.problem, 1, forms)
    put(run, cells)
    finished(run)
    assert refused == set(calls)
