"""A run of the compiled kernel (:mod:`polyrelu.cells.kernel`): its arrays, which grow, and what is in them at the end.

Compiled code makes no arrays. It works on those it is given, and comes back when one is too short for its next step.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from polyrelu.cells import kernel
from polyrelu.cells.kernel import (
    Built,
    Cell,
    Cells,
    Doubts,
    Finished,
    Forms,
    Found,
    Generators,
    Lengths,
    Memory,
    Patches,
    Pool,
    Problem,
    Scratch,
    Stack,
)

# The columns of Cells that have a row for each generator.
_OF_GENERATORS = ("vectors", "radius", "solved", "tight")


def run(
    P: Problem,
    roots: Cells,
    first: int,
    last: int,
    stop_level: int,
    budget: int,
    counters: NDArray[np.int64],
    keep: bool,
) -> Found:
    """Split the roots ``first`` to ``last`` depth first and return what that finds.

    Cells with at least ``stop_level`` cuts behind them are put on the frontier, and all that is left is once
    ``budget`` cuts are made. ``counters`` is shared with the caller: counts go up as the work goes on, and a nonzero
    ``counters[STOP]`` ends it early. With ``keep`` the generators of the finished cells are solved again, which makes
    them as accurate as they get, and returned. ``overflow`` in the result means that some cell had more facets than the
    masks have bits; nothing else in it counts then.
    """
    largest = int(roots.size[first:last].max(initial=0))
    memory = _first_memory(P, roots, largest, kernel.TIGHT + roots.tight.shape[1], kernel.MOST_BUCKETS)
    at, wanted = np.zeros(kernel.OVERFLOW + 1, np.int64), np.zeros(len(Lengths._fields), np.int64)
    at[kernel.ROOT], at[kernel.TOP] = first, -1
    while not kernel.advance(P, roots, last, memory, at, wanted, stop_level, budget, counters, keep):
        memory = _larger(memory, Lengths(*wanted.tolist()))

    cells, doubted, left = int(at[kernel.FOUND]), int(at[kernel.DOUBTED]), int(at[kernel.LEFT])
    finished = _beginning(memory.finished, cells, start=cells + 1, facets=memory.finished.start[cells])
    doubts = _beginning(memory.doubts, doubted, start=doubted + 1, facets=memory.doubts.start[doubted])
    of_generators = dict.fromkeys(_OF_GENERATORS, int(memory.left.size[:left].sum()))
    kept = cells if keep else 0
    return Found(
        finished.packed,
        finished.start,
        finished.facets,
        finished.points,
        doubts.depth,
        doubts.signs,
        doubts.start,
        doubts.facets,
        _beginning(memory.left, left, **of_generators),
        _beginning(memory.kept, int(memory.kept.start[kept]), start=kept + 1),
        bool(at[kernel.OVERFLOW]),
    )


def _first_memory(P: Problem, roots: Cells, largest: int, columns: int, buckets: int) -> Memory:
    """Arrays to begin with, for roots of up to ``largest`` generators, that have ``columns`` words of bits each.

    A patch's hash table has up to ``buckets`` buckets.
    """
    dim, sites, words = P.dim, roots.signs.shape[1], roots.tight.shape[1]
    slots, coords, layers = 64 * words, len(P.biases), len(P.coord_start) - 1
    packed, room, few = (P.neurons + 7) // 8, max(1024, 2 * largest), 16

    def integers(*shape: int) -> NDArray[np.int64]:
        return np.zeros(shape, np.int64)

    def bits(*shape: int) -> NDArray[np.uint64]:
        return np.empty(shape, np.uint64)

    never = integers(layers + 1) - 1
    built = Built(
        np.zeros(coords, np.bool_), never, never - 1, integers(layers + 1), integers(coords), np.empty(coords)
    )
    return Memory(
        Forms(
            np.zeros((dim, coords)),
            np.zeros(coords),
            np.zeros(coords),
            integers(coords),
            integers(layers + 1),
            built,
            np.empty((2, coords)),
            np.empty(coords, np.int8),
            *(np.empty(coords) for _ in range(3)),
        ),
        Pool(
            np.empty((room, dim)),
            np.empty(room),
            np.empty(room, np.bool_),
            bits(room, columns),
            integers(room),
            integers(room),
        ),
        Patches(
            integers(few, 8),
            np.empty((few, sites), np.uint8),
            np.empty((few, packed), np.uint8),
            np.empty((few, slots), np.int32),
            np.empty((few, slots, dim + 3)),
            integers(few, 64),
            integers(2 * buckets),
        ),
        Stack(integers(few, 4), bits(few, columns), np.empty(room, np.uint32)),
        Cell(np.empty(room, np.uint32), bits(columns)),
        _scratch(room, dim, words),
        Finished(
            np.empty((room, packed), np.uint8), integers(room), np.empty((room, dim - 1)), np.empty(room, np.int32)
        ),
        Doubts(integers(few), np.empty((few, sites), np.uint8), integers(few), np.empty(few, np.int32)),
        Cells(
            integers(few),
            np.empty((few, sites), np.uint8),
            np.empty((few, slots), np.int32),
            integers(few),
            integers(few),
            np.empty((few, dim)),
            np.empty(few),
            np.empty(few, np.bool_),
            bits(few, words),
        ),
        Generators(integers(room), np.empty((few, dim)), np.empty(few), bits(few, words)),
    )


def _scratch(room: int, dim: int, words: int) -> Scratch:
    slots = 64 * words
    return Scratch(
        above=np.empty(room, np.uint32),
        below=np.empty(room, np.uint32),
        on=np.empty(room, np.uint32),
        fresh=np.empty(room, np.uint32),
        sides=np.empty(room, np.int64),
        above_tight=np.empty((words, room), np.uint64),
        below_tight=np.empty((words, room), np.uint64),
        common=np.empty(words, np.uint64),
        counts=np.empty(64, np.int64),
        order=np.empty(slots, np.int64),
        solution=np.empty(dim),
        residuals=np.empty(dim),
        M=np.empty((dim, dim)),
        R=np.empty((dim, dim)),
        T=np.empty((slots, dim)),
        rows=np.empty((slots, dim + 2)),
        chosen=np.empty((dim, dim + 2)),
    )


def _larger(memory: Memory, wanted: Lengths) -> Memory:
    """The same, with the arrays that are shorter than wanted made longer."""
    words, dim = len(memory.scratch.common), memory.pool.vector.shape[1]
    enough = wanted.cell <= len(memory.cell.ids)
    return Memory(
        memory.forms,
        _grown(memory.pool, wanted.pool),
        _grown(memory.patches, wanted.patches, heads=wanted.heads),
        _grown(memory.stack, wanted.stack, ids=wanted.stack_ids),
        memory.cell._replace(ids=_longer(memory.cell.ids, wanted.cell)),
        memory.scratch if enough else _scratch(2 * wanted.cell, dim, words),
        _grown(memory.finished, wanted.finished, facets=wanted.finished_facets),
        _grown(memory.doubts, wanted.doubts, facets=wanted.doubt_facets),
        _grown(memory.left, wanted.left, **dict.fromkeys(_OF_GENERATORS, wanted.left_generators)),
        _grown(memory.kept, wanted.kept, start=wanted.finished),
    )


def _beginning(group: Any, length: int, **lengths: int) -> Any:
    """The first ``length`` places of each array, or as many as is said for it by name."""
    return group._replace(**{name: array[: lengths.get(name, length)] for name, array in group._asdict().items()})


def _grown(group: Any, length: int, **lengths: int) -> Any:
    """Arrays that begin as these and have at least ``length`` places, or as many as is said for them by name."""
    longer = {name: _longer(array, lengths.get(name, length)) for name, array in group._asdict().items()}
    return group._replace(**longer)


def _longer(array: NDArray[Any], length: int) -> NDArray[Any]:
    """An array that begins with the given one and has at least the given length."""
    if length <= len(array):
        return array
    longer = np.empty((2 * length, *array.shape[1:]), array.dtype)
    longer[: len(array)] = array
    return longer
