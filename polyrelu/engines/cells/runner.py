"""Running the kernel: on one or many threads, with a progress bar, and so that Ctrl-C stops it.

The thread that asks works itself, a twentieth of a second at a time, and in between looks at limits. Most runs are
shorter than that, and start no other thread. The kernel releases the interpreter lock, so threads run it in parallel.

Cells to split lie on a board, from which workers take them. When it is empty, a worker with nothing to do asks the one
that has made the most cuts for a cell; that one gives away the cell that waited longest, because it stands for the most
work, and goes on. It is not asked again before it has made another hundred. Which worker took which cell does not show
in the result, because tiles are sorted by pattern at the end. The board has no lock: Ctrl-C may come between taking one
and the block that would let go of it (:mod:`polyrelu.support.workers`).

**Nothing is lost.** Ctrl-C may also come between the call that returns a cell and the name that it was to get. So
whatever is moved, cells and tiles, goes from the kernel into a list, or the other way, while that list is extended:
that is one step of the interpreter. After a stop each cell is on the board, with a member, or in the kernel.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import starmap
from typing import Any

import numpy as np

from polyrelu.engines.cells.open_cells import chosen
from polyrelu.engines.cells.problem import Cells, Problem
from polyrelu.engines.cells.run import NO_LIMIT, SECONDS, Columns, Found, Job, Left, Pause, Run
from polyrelu.engines.cells.signs import ExactForms
from polyrelu.support.limits import check
from polyrelu.support.progress import progress_bar
from polyrelu.support.workers import Worker, finish

_CUTS_BEFORE_SHARING = 100  # take about as long as giving a cell away
_JOBS_PER_WORKER = 16  # of the roots, at the beginning
_SECONDS_BETWEEN_LOOKS = 0.0002  # of a worker with nothing to do
_SECONDS_ALONE = 0.002  # of the thread that asks, before it starts others


@dataclass
class Runner:
    """Runs the kernel.

    Args:
        workers: how many threads.
        progress: show a bar; by default only for long runs on a terminal.
        until: asked about twenty times a second in runs that take longer, with the number of tiles found, whether to
            stop as for Ctrl-C.
        measure: measure the cells while their vertices are there.
    """

    workers: int = 1
    progress: bool | None = None
    until: Callable[[int], bool] | None = None
    measure: bool = False
    words: int = 1
    _board: _Board | None = None

    def run(
        self, problem: Problem, exact: Callable[[], ExactForms], roots: Callable[[int], Cells | None], stats: Any
    ) -> None:
        """Split the roots, which are asked for by the width of their masks in words, and all that comes of them.

        Each worker has exact forms of its own.

        Raises:
            KeyboardInterrupt: Ctrl-C, or a limit; :attr:`open` is what is left to do.
        """
        while True:
            cells = roots(self.words)
            if cells is not None:
                board = self._board = _Board((cells, np.arange(len(cells.depth))))
                try:
                    self._work(problem, exact)
                except KeyboardInterrupt:
                    board.collect()
                    board.count(stats)
                    raise
                if not any(member.too_narrow for member in board.members):
                    board.count(stats)
                    return
            self.words *= 2  # some cell has more facets than fit: once more, with wider masks

    @property
    def has_begun(self) -> bool:
        """Whether the roots are here, and not with who asks."""
        return self._board is not None

    @property
    def found(self) -> list[Found]:
        """What was found so far, in pieces."""
        return [] if self._board is None else self._board.found()

    def open(self) -> list[Left]:
        """The cells that are not split to the end; those of a run that is not going on any more."""
        return [] if self._board is None else [Left(chosen(job)) for job in self._board.open()]

    def forget(self) -> None:
        """Nothing was begun."""
        self._board = None

    def _work(self, problem: Problem, exact: Callable[[], ExactForms]) -> None:
        """Split what is on the board, and all that it is split into."""
        assert self._board is not None
        board = self._board
        board.members.append(_Member(self._run(problem, exact), board.pieces))
        first = board.members[0]
        first.take(board.jobs)
        seconds = SECONDS if self.workers == 1 else _SECONDS_ALONE
        if first.advance(seconds) not in (Pause.DONE, Pause.TOO_NARROW):
            board.members += [_Member(self._run(problem, exact), board.pieces) for _ in range(self.workers - 1)]
            self._work_together(board)

    def _run(self, problem: Problem, exact: Callable[[], ExactForms]) -> Run:
        return Run(problem, self.words, exact(), measure=self.measure, shares=self.workers > 1)

    def _work_together(self, board: _Board) -> None:
        workers: list[Worker] = []
        board.members[0].is_busy = True
        with self._bar() as bar:

            def look() -> None:
                check()
                for worker in workers:
                    if worker.error is not None:
                        raise worker.error
                counts = [member.run.counts for member in board.members]
                found = sum(count.cells + count.flat for count in counts)
                bar.update(found - bar.n)
                if self.until is not None and self.until(found):
                    raise KeyboardInterrupt

            try:
                for member in board.members[1:]:
                    workers.append(Worker(partial(board.work, member)))
                board.work(board.members[0], look)
            finally:
                board.is_closed = True
                finish(workers)
            for worker in workers:
                if worker.error is not None:
                    raise worker.error
            look()

    def _bar(self) -> Any:
        return progress_bar(self.progress, desc="cells", unit=" cells", unit_scale=True)


class _Member:
    """One of those who work on a problem.

    Args:
        run: its run of the kernel.
        pieces: where it puts what that has found.

    Attributes:
        too_narrow: whether its masks were.
    """

    def __init__(self, run: Run, pieces: list[Columns]) -> None:
        self.run, self.pieces, self.too_narrow = run, pieces, False
        self.is_busy, self.is_asked, self.cuts_when_asked = False, False, -_CUTS_BEFORE_SHARING
        self._left = list[Columns]()
        self._taken, self._put = list[Job](), list[None]()  # the latest job, and whether it is in the run

    def take(self, jobs: deque[Job]) -> None:
        """Take a job from those that wait.

        Raises:
            IndexError: there is none.
        """
        self._taken.clear()
        self._put.clear()
        self._taken.extend(starmap(jobs.popleft, [()]))
        self._put.extend(self.run.putting(*self._taken[0]))

    def advance(self, seconds: float = SECONDS) -> Pause:
        """Work for a while."""
        pause = self.run.advance(NO_LIMIT, seconds)
        self.too_narrow |= pause is Pause.TOO_NARROW
        self.collect()
        return pause

    def collect(self) -> None:
        """Add what the run has found, if anything."""
        self.pieces.extend(self.run.finding())

    def open(self) -> list[Job]:
        """What is left to do, which leaves the run."""
        self._left.extend(self.run.giving(everything=True, accurate=True))
        return [*self._taken[len(self._put) :], *map(self.run.job_of, self._left)]


class _Board:
    """The cells that wait to be split, and who splits them.

    Attributes:
        jobs: the cells.
        members: who works, the first of them in the thread that asks.
        pieces: what they have found.
    """

    def __init__(self, job: Job) -> None:
        self.jobs: deque[Job] = deque([job])
        self.members: list[_Member] = []
        self.pieces: list[Columns] = []
        self.is_closed = False

    def collect(self) -> None:
        """Have all together that was found, once nobody works any more."""
        for member in self.members[1:]:
            while member.is_busy:  # which it is for a moment, if Ctrl-C came before it was known to be there
                time.sleep(_SECONDS_BETWEEN_LOOKS)
        for member in self.members:
            member.collect()

    def count(self, stats: Any) -> None:
        """Add what was done to an engine's statistics."""
        for member in self.members:
            add_counts(member.run, stats)

    def found(self) -> list[Found]:
        """What was found, in pieces."""
        return [self.members[0].run.found_of(piece) for piece in self.pieces]

    def open(self) -> list[Job]:
        """What is left to do."""
        self.collect()
        return [*self.jobs, *(job for member in self.members for job in member.open())]

    def work(self, member: _Member, look: Callable[[], None] = lambda: None) -> None:
        """Split what the member has, and then take cells and split them until there are no more, and none will come."""
        try:
            while not self.is_closed and (member.is_busy or self._take(member, look)):
                self._split(member, look)
                member.is_busy = False
        except BaseException:
            self.is_closed = True
            raise
        finally:
            member.is_busy = False

    def _split(self, member: _Member, look: Callable[[], None]) -> None:
        while not self.is_closed:
            pause = member.advance()
            if pause is Pause.ASKED:
                self.jobs.extend(map(member.run.job_of, member.run.giving()))
                member.is_asked, member.cuts_when_asked = False, member.run.counts.cuts
                member.run.share(False)
            elif pause is Pause.TOO_NARROW:
                self.is_closed = True
            elif pause is Pause.DONE:
                return
            look()

    def _take(self, member: _Member, look: Callable[[], None]) -> bool:
        """Take a job; False if there is none, and none will come."""
        while not self.is_closed:
            member.is_busy = True  # before the job is taken, so that nobody thinks that all is done
            try:
                member.take(self.jobs)
            except IndexError:
                member.is_busy = False
            else:
                return True
            if not any(other.is_busy for other in self.members) and not self.jobs:
                return False
            self._ask()
            time.sleep(_SECONDS_BETWEEN_LOOKS)
            look()
        return False

    def _ask(self) -> None:
        """Ask the worker that has made the most cuts for a cell, of those that are not asked yet."""
        busy = (member for member in self.members if member.is_busy and not member.is_asked)
        busiest = max(busy, key=_cuts_since, default=None)
        if busiest is not None and _cuts_since(busiest) >= _CUTS_BEFORE_SHARING:
            busiest.is_asked = True
            busiest.run.share(True)


def _cuts_since(member: _Member) -> int:
    return member.run.counts.cuts - member.cuts_when_asked


def add_counts(run: Run, stats: Any) -> None:
    """Add what a run has done to an engine's statistics."""
    counts = run.counts
    stats.cells += counts.cells
    stats.flat += counts.flat
    stats.cuts += counts.cuts
    stats.signs_by_float += counts.signs
    stats.signs_by_rational += counts.exact
    stats.solved_again += counts.solves
    stats.discarded += counts.discarded
    stats.pruned += counts.pruned
    stats.bounded += counts.bounded
    stats.excluded += counts.excluded
