"""A run of the compiled kernel: the cells that are put in, and what it finds in them.

The kernel is the folder of that name, in C++: the algorithm of :mod:`polyrelu.polyhedra.cell` in floats, with every
sign certified. ``splitter.h`` is where to begin reading.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import IntEnum
from itertools import starmap
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from polyrelu.arithmetic.exact import FloatArray
from polyrelu.arithmetic.ieee import UnsoundFloats, floats_are_sound
from polyrelu.engines.cells.library import kernel_library
from polyrelu.engines.cells.problem import Cells, Problem
from polyrelu.engines.cells.signs import ExactForms
from polyrelu.support.limits import check
from polyrelu.tilings.columns import Piece

NO_LIMIT = 1 << 62
SECONDS = 0.05
"""How long a run works before it looks up: what stops it is heard that soon."""


Job: TypeAlias = tuple[Cells, Sequence[int] | NDArray[np.int64]]
"""Cells, and the numbers of those that are meant."""

Columns: TypeAlias = Sequence[bytes]
"""What the kernel returns."""


class Pause(IntEnum):
    """Why a run pauses, as the kernel numbers it."""

    DONE = 0
    OUT_OF_CUTS = 1
    OUT_OF_TIME = 2
    ASKED = 3
    TOO_NARROW = 4


class Generators(NamedTuple):
    """The generators of some cells: those of cell i are ``start[i]`` to ``start[i + 1]``.

    Attributes:
        start: n + 1 places.
        vectors, radius: homogeneous vectors, and how far each may be from one that is exact.
        tight: for each the facets of its cell that it lies on, bits over the cell's masks, 64 to a word.
    """

    start: NDArray[np.int64]
    vectors: FloatArray
    radius: FloatArray
    tight: NDArray[np.uint64]


class CellExtents(NamedTuple):
    """Certified volumes and boxes of n cells in the chart's coordinates; NaN where there is no certificate.

    Attributes:
        volume_low, volume_high: the volume of cell i lies between them, n each.
        box_low, box_high: cell i lies between them, (n, d) each.
    """

    volume_low: FloatArray
    volume_high: FloatArray
    box_low: FloatArray
    box_high: FloatArray


class Left(NamedTuple):
    """Cells that a stopped run leaves, and their extents where they are known."""

    cells: Cells
    extents: CellExtents | None = None


class Found(NamedTuple):
    """What a run finds: finished cells, flat tiles, and the cells' generators and extents if they were asked for.

    ``packed`` (signs of the neurons, eight to a byte, the first highest) and ``facets`` (delimited by ``facet_start``)
    are the finished cells' columns, ``points`` lie inside them. The same is known of tiles that the target leaves of a
    cell where a row touches it, or demands equality: of the facets that touch tile i the first ``flat_containing[i]``
    contain it; ``flat_is_face`` says whether it is a face of its cell, which others may share, and not a section
    through its inside; ``flat_dim`` is the dimension of a section, and -1 of a face.
    """

    packed: NDArray[np.uint8]
    facet_start: NDArray[np.int64]
    facets: NDArray[np.int32]
    points: FloatArray
    flat_packed: NDArray[np.uint8]
    flat_dim: NDArray[np.int32]
    flat_is_face: NDArray[np.int32]
    flat_containing: NDArray[np.int32]
    flat_start: NDArray[np.int64]
    flat_facets: NDArray[np.int32]
    generators: Generators
    extents: CellExtents


class Counts(NamedTuple):
    """What a run has done so far; see :class:`polyrelu.engines.cells.engine.CellStats`."""

    cells: int
    cuts: int
    signs: int
    solves: int
    flat: int
    discarded: int
    pruned: int
    exact: int
    skeletons: int
    fallbacks: int
    bounded: int
    excluded: int


class Wish(NamedTuple):
    """What is wanted as evidence: which rows the facets are; the ReLU neurons' and the target's follow ``t_row``.

    Attributes:
        facet_rows: the row of each facet of the domain.
        t_row: the row t, which is the facet at infinity.
        prunes: whether bounds may discard cells before all rows have signs.
    """

    facet_rows: Sequence[int]
    t_row: int
    prunes: bool


class Run:
    """The kernel at work on a problem, for one thread at a time. It begins with what was put in last.

    Args:
        P: the problem.
        words: how many words the masks of facets have.
        exact: decides the signs that floats leave in doubt.
        keep: hand out the generators of finished cells, as accurate as they get.
        measure: hand out the extents of finished cells.
        shares: other runs may ask it for cells; then it cuts what is put in coarsely first.
        evidence: list all cells that the search ends with, and nothing else; see :meth:`lines`.
    """

    def __init__(
        self,
        P: Problem,
        words: int,
        exact: ExactForms,
        keep: bool = False,
        measure: bool = False,
        shares: bool = False,
        evidence: Wish | None = None,
    ) -> None:
        self.P, self.words = P, words
        columns = tuple(map(np.ascontiguousarray, P[:-3]))
        library = kernel_library()
        sizes = (P.dim, P.neurons, P.target_layer, words)
        rows = None if evidence is None else np.array([evidence.t_row, *evidence.facet_rows], dtype=np.int32)
        prunes = evidence is not None and evidence.prunes
        self._kernel: Any = library.Kernel(columns, *sizes, keep, measure, shares, exact.answer, rows, prunes)

    def put(self, cells: Cells, numbers: Sequence[int] | NDArray[np.int64]) -> None:
        """Give it the cells with these numbers to split."""
        for _ in self.putting(cells, numbers):
            pass

    def putting(self, cells: Cells, numbers: Sequence[int] | NDArray[np.int64]) -> Iterator[None]:
        """The same, once the iterator is asked: a list that is extended with it takes note in the same step."""
        return starmap(self._kernel.put, [(np.asarray(numbers, dtype=np.int64), *map(np.ascontiguousarray, cells))])

    def advance(self, cuts: int = NO_LIMIT, seconds: float = SECONDS) -> Pause:
        """Split cells depth first until there is a reason to pause; what is not done by then is done next time.

        Args:
            cuts: pause after so many.
            seconds: pause after so long, and a little.

        Raises:
            UnsoundFloats: in this thread; nothing was done.
            BaseException: what exact arithmetic raised, Ctrl-C included; nothing is lost, and it can go on.
            MemoryError: it cannot go on.
        """
        if not floats_are_sound():
            raise UnsoundFloats
        return Pause(self._kernel.advance(cuts, seconds))

    def keep_within(self, first: bytes, last: bytes) -> None:
        """Find nothing but tiles with patterns from one to the other, packed, in their order (``kernel/interval.h``).

        Cells are to be put in by their patterns, too, and after this.
        """
        self._kernel.keep_within(first, last)

    def share(self, asked: bool) -> None:
        """Say whether it is to pause as soon as it has a cell to give; any thread may, at any time."""
        self._kernel.share(asked)

    def give(self, everything: bool = False) -> Cells:
        """Take away the cell that waits longest, which stands for the most work, or all that is left to do."""
        (columns,) = self.giving(everything)
        return self.job_of(columns)[0]

    def giving(self, everything: bool = False, accurate: bool = False) -> Iterator[Columns]:
        """The same, once the iterator is asked; :meth:`job_of` reads it.

        If they are to be ``accurate``, generators are solved again first, so that the cells can be measured.
        """
        return starmap(self._kernel.give, [(everything, accurate)])

    def job_of(self, columns: Columns) -> Job:
        """Cells that were given away."""
        depth, signs, slots, start, size, vectors, radius, solved, tight = columns
        count = len(depth) // 8
        cells = Cells(
            np.frombuffer(depth, np.int64),
            np.frombuffer(signs, np.uint8).reshape(count, len(self.P.coord_of)),
            np.frombuffer(slots, np.int32).reshape(count, 64 * self.words),
            np.frombuffer(start, np.int64),
            np.frombuffer(size, np.int64),
            np.frombuffer(vectors).reshape(-1, self.P.dim),
            np.frombuffer(radius),
            np.frombuffer(solved, np.uint8),
            np.frombuffer(tight, np.uint64).reshape(-1, self.words),
        )
        return cells, np.arange(count)

    def found(self) -> Found:
        """What was found since this was last asked."""
        (columns,) = self.finding()
        return self.found_of(columns)

    def finding(self) -> Iterator[Columns]:
        """The same, once the iterator is asked; :meth:`found_of` reads it."""
        return starmap(self._kernel.found, [()])

    def found_of(self, columns: Columns) -> Found:
        """What was found, of columns."""
        packed, start, facets, points, *rest = columns
        flat_packed, dim, is_face, containing, flat_start, flat_facets, *rest = rest
        kept_start, vectors, radius, tight, *extents = rest
        bytes_, d = (self.P.neurons + 7) // 8, self.P.dim - 1
        cells, flats = len(start) // 8 - 1, len(flat_start) // 8 - 1
        return Found(
            np.frombuffer(packed, np.uint8).reshape(cells, bytes_),
            np.frombuffer(start, np.int64),
            np.frombuffer(facets, np.int32),
            np.frombuffer(points).reshape(cells, d),
            np.frombuffer(flat_packed, np.uint8).reshape(flats, bytes_),
            np.frombuffer(dim, np.int32),
            np.frombuffer(is_face, np.int32),
            np.frombuffer(containing, np.int32),
            np.frombuffer(flat_start, np.int64),
            np.frombuffer(flat_facets, np.int32),
            Generators(
                np.frombuffer(kept_start, np.int64),
                np.frombuffer(vectors).reshape(-1, self.P.dim),
                np.frombuffer(radius),
                np.frombuffer(tight, np.uint64).reshape(-1, self.words),
            ),
            CellExtents(
                *map(np.frombuffer, extents[:2]),
                *(np.frombuffer(end).reshape(len(extents[0]) // 8, d) for end in extents[2:]),
            ),
        )

    def lines(self, whole_blocks: bool = False) -> bytes:
        """The lines of what was listed as evidence since this was last asked (``certificates/FORMAT.md``, section 4).

        A run's lines belong together in their order. With ``whole_blocks`` a block to which cells may be added waits,
        and what is returned may stand between those of other runs.
        """
        found: bytes = self._kernel.lines(whole_blocks)
        return found

    @property
    def counts(self) -> Counts:
        """What it has done so far; while it works, about."""
        return Counts(*self._kernel.counters())

    def force_back(self, one_in: int) -> None:
        """For tests: let about one patch in so many go the general way; 0 for none."""
        self._kernel.force_back(one_in)


def arranged(pieces: Sequence[Piece], threads: int = 1) -> tuple[NDArray[np.intp], Piece]:
    """:func:`polyrelu.tilings.columns.arranged`, compiled, by so many threads if there are thousands of tiles for each.

    Limits that are kept are heard, and Ctrl-C.
    """
    width, d = pieces[0].packed.shape[1], pieces[0].points.shape[1]
    given = [tuple(map(np.ascontiguousarray, piece)) for piece in pieces]
    order, packed, starts, facets, points = kernel_library().in_order(given, width, d, threads, SECONDS, check)
    count = len(order) // 8
    tiles = Piece(
        np.frombuffer(packed, np.uint8).reshape(count, width),
        np.frombuffer(starts, np.int64),
        np.frombuffer(facets, np.int32),
        np.frombuffer(points).reshape(count, d),
    )
    return np.frombuffer(order, np.int64), tiles
