"""A run of the compiled :mod:`~polyrelu.engines.cells.kernel`: its arrays, which grow, and what it finds in them.

Compiled code makes no arrays. It works on those it is given, and comes back when one is too short for its next step,
when it has a cell to give away, and when a sign has to be decided exactly.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from polyrelu.arithmetic.ieee import UNIT_ROUNDOFF, UnsoundFloats, floats_are_sound
from polyrelu.engines.cells import kernel
from polyrelu.engines.cells.compiled import called
from polyrelu.engines.cells.kernel import (
    Built,
    Cell,
    Cells,
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
    Touched,
)
from polyrelu.engines.cells.problem import scaled
from polyrelu.engines.cells.signs import ExactForms

# For how many generators, cells and so on there is room at first, and for how many of what is rare.
_ROOM, _FEW = 1 << 14, 64
_NO_LIMIT = 1 << 62
_CACHE_LINE = 128  # two lines of most machines, which may fetch them in pairs
# The columns of Cells that have a row for each generator.
_OF_GENERATORS = ("vectors", "radius", "solved", "tight")


class Run:
    """The kernel at work on a problem, for one thread at a time: its arrays, and what it has found so far.

    Args:
        P: the problem.
        words: how many words the masks of facets have.
        exact: decides the signs that floats leave in doubt.
        keep: solve the generators of finished cells again, which makes them as accurate as they get, and keep them.

    Attributes:
        counters: what the kernel counts, as the work goes on. A nonzero ``counters[STOP]`` ends it early. A nonzero
            ``counters[SHARE]`` asks for a cell to give away.
        signs_by_rational: how many signs floats left in doubt.
    """

    def __init__(self, P: Problem, words: int, exact: ExactForms, keep: bool = False) -> None:
        self.P, self.exact, self.keep, self.signs_by_rational = P, exact, keep, 0
        self.counters = _zeros(kernel.SHARE + 1)
        self._at, self._wanted = _zeros(kernel.QUESTION + 1), _zeros(len(Lengths._fields))
        self._memory = _first_memory(P, words)
        for starts in (self._memory.finished.start, self._memory.touched.start, self._memory.kept.start):
            starts[0] = 0

    def split(
        self,
        roots: Cells,
        chosen: NDArray[np.int64],
        budget: int = _NO_LIMIT,
        give: Callable[[Cells], None] | None = None,
    ) -> Cells:
        """Split the roots with the chosen numbers depth first, and return what is left once ``budget`` cuts are made.

        It begins with what would have been next. Asked to share, the run gives cells to ``give`` and goes on.

        Raises:
            UnsoundFloats: in this thread; nothing was done.
        """
        if not floats_are_sound():
            raise UnsoundFloats
        at, counters = self._at, self.counters
        at[[kernel.HELD, kernel.ROOT, kernel.BOTTOM, kernel.LEFT]], at[kernel.TOP] = 0, -1
        largest = int(roots.size[chosen].max(initial=0))
        if largest > min(len(self._memory.pool.key), len(self._memory.cell.ids)):
            self._memory = _larger(self._memory, Lengths(pool=largest, cell=largest))
        _forget_forms(self._memory.forms.built)
        while True:
            given = (self.P, roots, chosen, self._memory, at, self._wanted, budget, counters, self.keep)
            pause = called(kernel.advance, *given)
            if pause == kernel.DONE:
                return self._left()
            if pause == kernel.TOO_SHORT:
                self._memory = _larger(self._memory, Lengths(*self._wanted.tolist()))
            elif pause == kernel.IN_QUESTION:
                self._decide()
            elif give is not None:
                give(self._left())
                at[kernel.LEFT] = 0

    def _decide(self) -> None:
        """Decide all signs of the generators of the cell at work at which the neuron in question is in doubt."""
        pool, patches, cell = self._memory.pool, self._memory.patches, self._memory.cell
        p, size, neuron = (int(self._at[k]) for k in (kernel.AT_PATCH, kernel.AT_SIZE, kernel.QUESTION))
        own, slots = int(patches.numbers[p, kernel.FACETS]), patches.slots[p].tolist()
        signs = np.empty(patches.signs.shape[1], dtype=np.uint8)
        called(kernel.signs_so_far, patches, p, cell.bits, len(self.P.domain_forms), signs)
        exact, facets = self.exact.on(signs), _mask(cell.bits[kernel.TIGHT :])
        for g in cell.ids[:size]:
            bits = pool.bits[g]
            doubtful = int(bits[kernel.POSITIVE] & bits[kernel.NEGATIVE])
            if not doubtful >> neuron & 1:
                continue
            on = facets & _mask(bits[kernel.TIGHT :])
            vector = exact.generator([slots[k] for k in _ones(on)], [slots[k] for k in _ones(facets & ~on)])
            asked = list(_ones(doubtful))
            for k, sign in zip(asked, exact.signs([slots[own + k] for k in asked], vector), strict=True):
                if sign >= 0:
                    bits[kernel.NEGATIVE] &= ~np.uint64(1 << k)
                if sign <= 0:
                    bits[kernel.POSITIVE] &= ~np.uint64(1 << k)
                if sign == 0:
                    bits[kernel.TIGHT + (own + k) // 64] |= np.uint64(1 << (own + k) % 64)
            self.signs_by_rational += len(asked)
            (pool.vector[g],), (exactly,) = scaled([vector], self.P.dim)
            pool.radius[g], pool.solved[g] = (0.0 if exactly else 2 * UNIT_ROUNDOFF), True

    def _left(self) -> Cells:
        count, left = int(self._at[kernel.LEFT]), self._memory.left
        generators = dict.fromkeys(_OF_GENERATORS, int(left.size[:count].sum()))
        return Cells(*(array.copy() for array in _beginning(left, count, **generators)))

    @property
    def overflow(self) -> bool:
        """Whether some cell had more facets than the masks have bits; nothing that was found counts then."""
        return bool(self._at[kernel.OVERFLOW])

    @property
    def found(self) -> Found:
        """What was found; the arrays are parts of those of the run, and keep all of them in memory."""
        cells, passed_on = int(self._at[kernel.FOUND]), int(self._at[kernel.PASSED_ON])
        finished, touched, kept = self._memory.finished, self._memory.touched, self._memory.kept
        finished = _beginning(finished, cells, start=cells + 1, facets=finished.start[cells])
        touched = _beginning(touched, passed_on, start=passed_on + 1, facets=touched.start[passed_on])
        kept = _beginning(kept, int(kept.start[cells]) if self.keep else 0, start=cells + 1 if self.keep else 1)
        return Found(
            finished.packed,
            finished.start,
            finished.facets,
            finished.points,
            touched.signs,
            touched.start,
            touched.facets,
            kept,
        )


def _first_memory(P: Problem, words: int) -> Memory:
    """Arrays to begin with. Room that is not used costs nothing, coming back for more does."""
    dim, sites, columns = P.dim, len(P.site_layer), kernel.TIGHT + words
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
        Touched(
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


def _forget_forms(built: Built) -> None:
    built.active[:], built.version[:], built.seen[:], built.steps[:] = False, -1, -2, 0


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
        _grown(memory.touched, wanted.touched, facets=wanted.touched_facets),
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
    longer = np.empty((3 * length, *array.shape[1:]), array.dtype)
    longer[: len(array)] = array
    return longer


def _apart(*shape: int, kind: type[Any] = np.float64) -> NDArray[Any]:
    """A new array that shares no line of the cache with another, or two threads would wait for each other."""
    size = math.prod(shape)
    return np.empty(size + 2 * _CACHE_LINE, kind)[_CACHE_LINE : _CACHE_LINE + size].reshape(shape)


def _zeros(length: int) -> NDArray[np.int64]:
    numbers = _apart(length, kind=np.int64)
    numbers[:] = 0
    return numbers


def _mask(words: NDArray[np.uint64]) -> int:
    """Words of bits as one number."""
    return sum(int(word) << 64 * k for k, word in enumerate(words))


def _ones(mask: int) -> Iterator[int]:
    """The places of the bits that are set."""
    while mask:
        yield (mask & -mask).bit_length() - 1
        mask &= mask - 1
