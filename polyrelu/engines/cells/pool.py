"""Running the kernel on the most promising cell first: a pool of cells, worked on in rounds.

A :class:`~polyrelu.engines.cells.runner.Runner` goes depth first, and hands over tiles in the end. A pool is for who
wants much of the domain decided soon, and takes tiles as they come. In each round the cells that are first in its order
are split a little, by one or many threads, and what is left of them goes back. After a round nothing is with a worker.

The largest cells come first by the determinant of their vertices' covariance, which is the square of their volume but
for a factor that depends on their shape; nothing but the order depends on it. Cells with rays are the largest.

Like in the runner nothing is lost when Ctrl-C comes: a cell is noted where it goes before it leaves where it was, and
those that are noted twice are told by their numbers.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from heapq import heappop, heappush
from itertools import count, groupby
from typing import Any, NamedTuple

import numpy as np

from polyrelu.arithmetic.exact import FloatArray
from polyrelu.engines.cells.open_cells import chosen, extents_of
from polyrelu.engines.cells.problem import Cells, Problem, widened
from polyrelu.engines.cells.run import NO_LIMIT, SECONDS, CellExtents, Columns, Found, Job, Left, Pause, Run
from polyrelu.engines.cells.runner import add_counts
from polyrelu.engines.cells.signs import ExactForms
from polyrelu.support.limits import check
from polyrelu.support.progress import progress_bar
from polyrelu.support.workers import Worker, finish

_CUTS = 4000  # of a cell before what is left of it goes back: putting it in and taking it back costs some hundred
_MOST_AT_ONCE = 64
_LEAST_SHARE = 8  # one cell of so many in the pool is taken in a round
_MOST_WAITING = 20_000  # with more, cells are split to the end, so that memory is flat
_ROUNDS_BETWEEN_TIDYING = 256


class _Entry(NamedTuple):
    """A cell that waits: by its key, the least first, then by its number, which is its own."""

    key: float
    number: int
    cells: Cells
    place: int
    extents: CellExtents | None = None


class _Turn:
    """What one worker does in a round: cells that it takes, and columns of those that it gives back."""

    def __init__(self, run: Run, pieces: list[Columns]) -> None:
        self.run, self.pieces, self.too_narrow = run, pieces, False
        self.taken, self.put, self.given = list[_Entry](), list[None](), list[Columns]()

    def work(self, cuts: int, until: float) -> None:
        """Split each cell for a while."""
        for entry in self.taken:
            self.put.extend(self.run.putting(*_alone(entry, self.run.words)))
            left = until - time.monotonic()
            pause = self.run.advance(cuts, max(left, 0.0))
            self.given.extend(self.run.giving(everything=True, accurate=True))
            self.too_narrow |= pause is Pause.TOO_NARROW
            if self.too_narrow or left <= 0:
                break
        self.pieces.extend(self.run.finding())

    @property
    def waiting(self) -> list[_Entry]:
        """The cells that it did not get to."""
        return self.taken[len(self.put) :]

    def back(self) -> Cells | None:
        """All that it gives back, if anything."""
        self.given.extend(self.run.giving(everything=True, accurate=True))
        self.pieces.extend(self.run.finding())
        given = [self.run.job_of(columns)[0] for columns in self.given]
        given = [cells for cells in given if len(cells.depth)]
        return _joined(given) if given else None


class _Round(NamedTuple):
    """A round, and the cells of the one before that may not be in the pool yet."""

    turns: Sequence[_Turn] = ()
    back: Sequence[_Entry] = ()


@dataclass
class Pool:
    """Runs the kernel in rounds; stands in for a :class:`~polyrelu.engines.cells.runner.Runner`.

    Args:
        workers: how many threads.
        progress: show a bar; by default only for long runs on a terminal.
        until: asked after each round, with the number of tiles found, whether to stop as for Ctrl-C.
        measure: measure the cells while their vertices are there.
        order: ``"largest"`` first, or depth first, as they are ``"found"``.
        keep: hand out the generators of finished cells.

    Attributes:
        pieces: what was found and not forgotten yet.
    """

    workers: int = 1
    progress: bool | None = None
    until: Callable[[int], bool] | None = None
    measure: bool = False
    order: str = "largest"
    keep: bool = False
    words: int = 1
    pieces: list[Columns] = field(default_factory=list)
    has_begun: bool = False
    _heap: list[_Entry] = field(default_factory=list)
    _now: _Round = field(default_factory=_Round)
    _runs: list[Run] = field(default_factory=list)
    _counted: list[Run] = field(default_factory=list)
    _rounds: int = 0
    _new_run: Callable[[], Run] | None = None

    def begin(self, problem: Problem, exact: Callable[[], ExactForms], roots: Callable[[int], Cells | None]) -> None:
        """Take in the roots, which are asked for by the width of their masks in words."""
        self._new_run = lambda: Run(problem, self.words, exact(), keep=self.keep, measure=self.measure)
        self._numbers = count()
        while (cells := roots(self.words)) is None:
            self.words *= 2
        self._heap = sorted(self._entries(cells))
        self._renew()
        self.has_begun = True

    def run(
        self, problem: Problem, exact: Callable[[], ExactForms], roots: Callable[[int], Cells | None], stats: Any
    ) -> None:
        """Split the roots, and all that comes of them. Raises KeyboardInterrupt when stopped."""
        self.begin(problem, exact, roots)
        try:
            with progress_bar(self.progress, desc="cells", unit=" cells", unit_scale=True) as bar:
                while self.advance():
                    bar.update(self.found_count - bar.n)
        finally:
            self.count(stats)

    def advance(self) -> bool:
        """Work for a round; whether anything is left. Raises KeyboardInterrupt when stopped."""
        self._settle()
        if not self._heap:
            return False
        self._rounds += 1
        if self._rounds % _ROUNDS_BETWEEN_TIDYING == 0:
            self._tidy()
        turns = [_Turn(run, self.pieces) for run in self._runs]
        self._now = _Round(turns)
        self._deal(turns)
        self._work([turn for turn in turns if turn.taken])
        self._settle(is_whole=True)
        check()
        if self.until is not None and self.until(self.found_count):
            raise KeyboardInterrupt
        return bool(self._heap)

    @property
    def found_count(self) -> int:
        """How many tiles were found, flat ones included."""
        counts = [run.counts for run in self._counted]
        return sum(own.cells + own.flat for own in counts)

    @property
    def found(self) -> list[Found]:
        """What was found, in pieces, and not forgotten."""
        return [self._counted[0].found_of(piece) for piece in self.pieces]

    def open(self) -> list[Left]:
        """The cells that wait; the run can go on."""
        if not self.has_begun:
            return []
        self._settle()
        return [_together(sorted(self._heap, key=_origin), self.words)] if self._heap else []

    def forget(self) -> None:
        """Nothing was begun."""
        self.has_begun = False

    def let_go(self) -> None:
        """Forget what was found."""
        self.pieces.clear()

    def count(self, stats: Any) -> None:
        """Add what was done to an engine's statistics."""
        for run in self._counted:
            add_counts(run, stats)

    # -- a round ------------------------------------------------------------------------------------------------------

    def _renew(self) -> None:
        """Runs for masks as wide as they are now."""
        assert self._new_run is not None
        self._runs = [self._new_run() for _ in range(self.workers)]
        self._counted += self._runs

    def _deal(self, turns: Sequence[_Turn]) -> None:
        """Give each worker the cells of its turn."""
        for k in range(self._at_once()):
            turns[k % len(turns)].taken.append(self._heap[0])
            heappop(self._heap)

    def _at_once(self) -> int:
        """How many cells are taken in a round."""
        share = max(self.workers, len(self._heap) // (1 if self.order == "found" else _LEAST_SHARE))
        return min(share, self.workers * _MOST_AT_ONCE, len(self._heap))

    def _work(self, turns: Sequence[_Turn]) -> None:
        cuts = NO_LIMIT if self.order == "found" or len(self._heap) > _MOST_WAITING else _CUTS
        until = time.monotonic() + SECONDS
        workers: list[Worker] = []
        try:
            for turn in turns[1:]:
                workers.append(Worker(partial(turn.work, cuts, until)))
            turns[0].work(cuts, until)
        finally:
            finish(workers)
        for worker in workers:
            if worker.error is not None:
                raise worker.error

    def _settle(self, is_whole: bool = False) -> None:
        """Put back what the latest round has left; unless it is whole, some of that may be in the pool already."""
        turns = self._now.turns
        if turns:
            back = [entry for turn in turns for entry in turn.waiting]
            for cells in filter(None, (turn.back() for turn in turns)):
                back += self._entries(cells)
            self._now = _Round((), back)
            if any(turn.too_narrow for turn in turns):
                self.words *= 2
                self._renew()
        there = () if is_whole or not self._now.back else {entry.number for entry in self._heap}
        for entry in self._now.back:
            if entry.number not in there:
                heappush(self._heap, entry)
        self._now = _Round()

    def _tidy(self) -> None:
        """Let go of the memory of cells that wait no more, which those share that came with them."""
        if self._heap:
            waiting = sorted(self._heap, key=_origin)
            cells, extents = _together(waiting, self.words)
            moved = (_Entry(old.key, old.number, cells, place, extents) for place, old in enumerate(waiting))
            self._heap = sorted(moved)

    def _entries(self, cells: Cells) -> list[_Entry]:
        keys, extents = self._keys(cells), extents_of(cells) if self.measure and cells.vectors.shape[1] > 1 else None
        return [_Entry(key, next(self._numbers), cells, place, extents) for place, key in enumerate(keys)]

    def _keys(self, cells: Cells) -> list[float]:
        if self.order == "largest":
            return [-float(size) for size in _sizes(cells)]
        last = next(self._numbers)
        return [-float(last + k) for k in range(len(cells.depth))]


def _sizes(cells: Cells) -> FloatArray:
    """About how large cells are: logarithms of the determinants of their vertices' covariances."""
    d, starts = cells.vectors.shape[1] - 1, cells.start
    with np.errstate(all="ignore"):
        x = cells.vectors[:, :-1] / cells.vectors[:, -1:]
        n = cells.size[:, None].astype(np.float64)
        mean = np.add.reduceat(x, starts, axis=0) / n
        off = x - np.repeat(mean, cells.size, axis=0)
        products = (off[:, :, None] * off[:, None, :]).reshape(len(x), d * d)
        covariance = (np.add.reduceat(products, starts, axis=0) / n).reshape(len(starts), d, d)
        finite = np.isfinite(covariance).all(axis=(1, 2))
        sizes = np.full(len(starts), np.inf)
        sizes[finite] = np.linalg.slogdet(covariance[finite])[1]
    return np.where(np.isnan(sizes), np.inf, sizes)


def _alone(entry: _Entry, words: int) -> Job:
    """The cell of an entry with nothing beside it, and masks of so many words."""
    cells, k = entry.cells, entry.place
    rows = slice(k, k + 1)
    places = slice(int(cells.start[k]), int(cells.start[k] + cells.size[k]))
    one = Cells(
        cells.depth[rows],
        cells.signs[rows],
        cells.slots[rows],
        np.zeros(1, dtype=np.int64),
        cells.size[rows],
        cells.vectors[places],
        cells.radius[places],
        cells.solved[places],
        cells.tight[places],
    )
    return _as_wide(one, words), np.zeros(1, dtype=np.int64)


def _origin(entry: _Entry) -> int:
    return id(entry.cells)


def _together(entries: Sequence[_Entry], words: int) -> Left:
    """The cells of some entries that are ordered by what they came with, and their extents where these are known."""
    groups = [list(group) for _, group in groupby(entries, _origin)]
    places = [np.array([entry.place for entry in group]) for group in groups]
    parts = [chosen((group[0].cells, own)) for group, own in zip(groups, places, strict=True)]
    cells = _joined([_as_wide(part, words) for part in parts])
    columns = [
        [column[own] for column in group[0].extents]
        for group, own in zip(groups, places, strict=True)
        if group[0].extents is not None
    ]
    if len(columns) < len(groups):
        return Left(cells)
    return Left(cells, CellExtents(*map(np.concatenate, zip(*columns, strict=True))))


def _as_wide(cells: Cells, words: int) -> Cells:
    """Cells with masks of so many words."""
    while cells.tight.shape[1] < words:
        cells = widened(cells)
    return cells


def _joined(given: Sequence[Cells]) -> Cells:
    """All cells of some."""
    if len(given) == 1:
        return given[0]
    columns = [np.concatenate(column) for column in zip(*given, strict=True)]
    together = Cells(*columns)
    return together._replace(start=np.concatenate([np.zeros(1, np.int64), np.cumsum(together.size)])[:-1])
