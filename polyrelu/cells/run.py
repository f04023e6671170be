"""A run of the compiled kernel (:mod:`polyrelu.cells.kernel`): its arrays, which grow, and what is in them at the end.

Compiled code makes no arrays. It works on those it is given, and comes back when one is too short for its next step.
"""

from __future__ import annotations

import math
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

# For how many generators, cells and so on there is room at first, and for how many of what is rare.
_ROOM, _FEW = 1 << 14, 64
_CACHE_LINE = 128  # two lines of most machines, which may fetch them in pairs
# The columns of Cells that have a row for each generator.
_OF_GENERATORS = ("vectors", "radius", "solved", "tight")


def run(
    P: Problem,
    roots: Cells,
    chosen: NDArray[np.int64],
    budget: int,
    counters: NDArray[np.int64],
    keep: bool,
    spare: list[Memory] | None = None,
) -> Found:
    """Split the roots with the chosen numbers depth first and return what that finds.

    Once ``budget`` cuts are made, all that is left is put on the frontier, which begins with what would have been next.
    ``counters`` is shared with the caller: counts go up as the work goes on, a nonzero ``counters[STOP]`` ends it
    early, and a nonzero ``counters[LEAVE]`` has the same effect as a budget that is used up. With ``keep`` the
    generators of the finished cells are solved again, which makes them as accurate as they get, and returned. Memory of
    earlier runs is taken from ``spare``, and put back. ``overflow`` in the result means that some cell had more facets
    than the masks have bits; nothing else in it counts then.
    """
    largest = int(roots.size[chosen].max(initial=0))
    memory = spare.pop() if spare else _first_memory(P, roots, kernel.TIGHT + roots.tight.shape[1])
    memory = _begun(_larger(memory, Lengths(pool=largest, cell=largest)))
    at, wanted = _apart(kernel.OVERFLOW + 1, kind=np.int64), _apart(len(Lengths._fields), kind=np.int64)
    at[:] = 0
    at[kernel.TOP] = -1
    while not kernel.advance(P, roots, chosen, memory, at, wanted, budget, counters, keep):
        memory = _larger(memory, Lengths(*wanted.tolist()))

    cells, doubted, left = int(at[kernel.FOUND]), int(at[kernel.DOUBTED]), int(at[kernel.LEFT])
    finished = _beginning(memory.finished, cells, start=cells + 1, facets=memory.finished.start[cells])
    doubts = _beginning(memory.doubts, doubted, start=doubted + 1, facets=memory.doubts.start[doubted])
    frontier = _beginning(memory.left, left, **dict.fromkeys(_OF_GENERATORS, int(memory.left.size[:left].sum())))
    kept = _beginning(memory.kept, int(memory.kept.start[cells]) if keep else 0, start=cells + 1 if keep else 1)
    # Copies, since what is found may be kept for long, and must not keep all the room that it was found in.
    finished, doubts, frontier, kept = (_copied(group) for group in (finished, doubts, frontier, kept))
    if spare is not None:
        spare.append(memory)
    return Found(
        finished.packed,
        finished.start,
        finished.facets,
        finished.points,
        doubts.depth,
        doubts.signs,
        doubts.start,
        doubts.facets,
        frontier,
        kept,
        bool(at[kernel.OVERFLOW]),
    )


def _first_memory(P: Problem, roots: Cells, columns: int) -> Memory:
    """Arrays to begin with; generators have ``columns`` words of bits.

    Room that is not used costs nothing, coming back for more does.
    """
    dim, sites, words = P.dim, roots.signs.shape[1], roots.tight.shape[1]
    slots, coords, layers = 64 * words, len(P.biases), len(P.coord_start) - 1
    packed, room, few = (P.neurons + 7) // 8, _ROOM, _FEW
    built = Built(
        active=_apart(coords, kind=np.bool_),
        version=_apart(layers, kind=np.int64),
        seen=_apart(layers, kind=np.int64),
        steps=_apart(layers, kind=np.int64),
        listed=_apart(coords, kind=np.int64),
        factor=_apart(coords),
    )
    return Memory(
        Forms(
            forms=_apart(dim, coords),
            sums=_apart(coords),
            errors=_apart(coords),
            crossing=_apart(coords, kind=np.int64),
            crossing_count=_apart(layers, kind=np.int64),
            built=built,
            box=_apart(2, coords),
            box_sides=_apart(coords, kind=np.int8),
            least=_apart(coords),
            most=_apart(coords),
            reach=_apart(coords),
        ),
        Pool(
            vector=_apart(room, dim),
            radius=_apart(room),
            solved=_apart(room, kind=np.bool_),
            bits=_apart(room, columns, kind=np.uint64),
            key=_apart(room, kind=np.int64),
            chain=_apart(room, kind=np.int64),
        ),
        Patches(
            numbers=_apart(few, kernel.BUCKETS + 1, kind=np.int64),
            signs=_apart(few, sites, kind=np.uint8),
            packed=_apart(few, packed, kind=np.uint8),
            slots=_apart(few, slots, kind=np.int32),
            forms=_apart(few, slots, dim + 3),
            listed=_apart(few, 64, kind=np.int64),
            heads=_apart(2 * kernel.MOST_BUCKETS, kind=np.int64),
        ),
        Stack(
            numbers=_apart(few, kernel.SIZE + 1, kind=np.int64),
            bits=_apart(few, columns, kind=np.uint64),
            ids=_apart(room, kind=np.uint32),
        ),
        Cell(ids=_apart(room, kind=np.uint32), bits=_apart(columns, kind=np.uint64)),
        _scratch(room, dim, words),
        Finished(
            packed=_apart(4 * room, packed, kind=np.uint8),
            start=_apart(4 * room, kind=np.int64),
            points=_apart(4 * room, dim - 1),
            facets=_apart(32 * room, kind=np.int32),
        ),
        Doubts(
            depth=_apart(few, kind=np.int64),
            signs=_apart(few, sites, kind=np.uint8),
            start=_apart(few, kind=np.int64),
            facets=_apart(room, kind=np.int32),
        ),
        Cells(
            depth=_apart(few, kind=np.int64),
            signs=_apart(few, sites, kind=np.uint8),
            slots=_apart(few, slots, kind=np.int32),
            start=_apart(few, kind=np.int64),
            size=_apart(few, kind=np.int64),
            vectors=_apart(room, dim),
            radius=_apart(room),
            solved=_apart(room, kind=np.bool_),
            tight=_apart(room, words, kind=np.uint64),
        ),
        Generators(
            start=_apart(4 * room, kind=np.int64),
            vectors=_apart(room, dim),
            radius=_apart(room),
            tight=_apart(room, words, kind=np.uint64),
        ),
    )


def _begun(memory: Memory) -> Memory:
    """Memory in which nothing is known yet."""
    built = memory.forms.built
    built.active[:], built.version[:], built.seen[:], built.steps[:] = False, -1, -2, 0
    memory.finished.start[0] = memory.doubts.start[0] = memory.kept.start[0] = 0
    return memory


def _scratch(room: int, dim: int, words: int) -> Scratch:
    slots = 64 * words
    return Scratch(
        above=_apart(room, kind=np.uint32),
        below=_apart(room, kind=np.uint32),
        on=_apart(room, kind=np.uint32),
        fresh=_apart(room, kind=np.uint32),
        sides=_apart(room, kind=np.int64),
        above_tight=_apart(words, room, kind=np.uint64),
        below_tight=_apart(words, room, kind=np.uint64),
        common=_apart(words, kind=np.uint64),
        counts=_apart(64, kind=np.int64),
        order=_apart(slots, kind=np.int64),
        solution=_apart(dim),
        residuals=_apart(dim),
        M=_apart(dim, dim),
        R=_apart(dim, dim),
        T=_apart(slots, dim),
        rows=_apart(slots, dim + 2),
        chosen=_apart(dim, dim + 2),
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


def _copied(group: Any) -> Any:
    return group._replace(**{name: array.copy() for name, array in group._asdict().items()})


def _grown(group: Any, length: int, **lengths: int) -> Any:
    """Arrays that begin as these and have at least ``length`` places, or as many as is said for them by name."""
    longer = {name: _longer(array, lengths.get(name, length)) for name, array in group._asdict().items()}
    return group._replace(**longer)


def _longer(array: NDArray[Any], length: int) -> NDArray[Any]:
    """An array that begins with the given one and has at least the given length."""
    if length <= len(array):
        return array
    longer = np.empty((3 * length, *array.shape[1:]), array.dtype)
    longer[: len(array)] = array
    return longer


def _apart(*shape: int, kind: type[Any] = np.float64) -> NDArray[Any]:
    """A new array that shares no line of the cache with another, or two threads would wait for each other."""
    size = math.prod(shape)
    return np.empty(size + 2 * _CACHE_LINE, kind)[_CACHE_LINE : _CACHE_LINE + size].reshape(shape)
