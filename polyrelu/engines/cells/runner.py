"""Running the kernel: on one or many threads, with a progress bar, and so that Ctrl-C stops it.

The thread that asks works itself, a twentieth of a second at a time, and in between looks at limits. Most runs are
shorter than that, and start no other thread. The kernel releases the interpreter lock, so threads run it in parallel.

Cells to split lie on a board, from which workers take them. When it is empty, a worker with nothing to do asks the one
that has made the most cuts for a cell; that one gives away the cell that waited longest, because it stands for the most
work, and goes on. It is not asked again before it has made another hundred. Which worker took which cell does not show
in the result, because tiles are sorted by pattern at the end. The board has no lock: Ctrl-C may come between taking one
and the block that would let go of it (:mod:`polyrelu.support.workers`).
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from polyrelu.engines.cells.problem import Cells, Problem
from polyrelu.engines.cells.run import NO_LIMIT, SECONDS, Found, Pause, Run
from polyrelu.engines.cells.signs import ExactForms
from polyrelu.support.limits import check
from polyrelu.support.progress import progress_bar
from polyrelu.support.workers import Worker, finish

Job: TypeAlias = tuple[Cells, NDArray[np.int64]]

_CUTS_BEFORE_SHARING = 100  # take about as long as giving a cell away
_JOBS_PER_WORKER = 16  # of the roots, at the beginning
_SECONDS_BETWEEN_LOOKS = 0.0002  # of a worker with nothing to do
_SECONDS_ALONE = 0.003  # of the thread that asks, before it starts others


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
    interrupted: bool = False

    def run(
        self,
        problem: Problem,
        exact: Callable[[], ExactForms],
        roots: Callable[[int], Cells | None],
        stats: Any,
    ) -> Iterator[Found]:
        """What the kernel finds on the roots, which are asked for by the width of their masks in words.

        Each worker has exact forms of its own.

        Raises:
            KeyboardInterrupt: Ctrl-C, after what was found until then has been yielded.
        """
        while True:
            cells = roots(self.words)
            members = [] if cells is None else self._work(problem, exact, cells)
            too_narrow = cells is None or any(member.too_narrow for member in members)
            if not too_narrow:
                for member in members:
                    add_counts(member.run, stats)
                    yield from member.found
            if self.interrupted:
                raise KeyboardInterrupt
            if not too_narrow:
                return
            self.words *= 2  # some cell has more facets than fit: once more, with wider masks

    def _work(self, problem: Problem, exact: Callable[[], ExactForms], cells: Cells) -> list[_Member]:
        """Split the cells, and all that they are split into, and return who did it."""
        first = _Member(self._run(problem, exact))
        members = [first]
        try:
            first.run.put(cells, np.arange(len(cells.depth)))
            seconds = SECONDS if self.workers == 1 else _SECONDS_ALONE
            if first.advance(seconds) not in (Pause.DONE, Pause.TOO_NARROW):
                members += [_Member(self._run(problem, exact)) for _ in range(self.workers - 1)]
                self._work_together(members)
        except KeyboardInterrupt:
            self.interrupted = True
            for member in members[1:]:
                while member.is_busy:  # which it is for a moment, if Ctrl-C came before it was known to be there
                    time.sleep(_SECONDS_BETWEEN_LOOKS)
            for member in members:
                member.collect()
        return members

    def _run(self, problem: Problem, exact: Callable[[], ExactForms]) -> Run:
        return Run(problem, self.words, exact(), measure=self.measure, shares=self.workers > 1)

    def _work_together(self, members: list[_Member]) -> None:
        board = _Board(members)
        workers: list[Worker] = []
        with self._bar() as bar:

            def look() -> None:
                check()
                for worker in workers:
                    if worker.error is not None:
                        raise worker.error
                counts = [member.run.counts for member in members]
                found = sum(count.cells + count.flat for count in counts)
                bar.update(found - bar.n)
                if self.until is not None and self.until(found):
                    raise KeyboardInterrupt

            try:
                for member in members[1:]:
                    workers.append(Worker(partial(board.work, member)))
                board.work(members[0], look)
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
    """One of those who work on a problem: a run, what it has found, and whether its masks were too narrow."""

    def __init__(self, run: Run) -> None:
        self.run, self.found, self.too_narrow = run, list[Found](), False
        self.is_busy, self.is_asked, self.cuts_when_asked = False, False, -_CUTS_BEFORE_SHARING

    def advance(self, seconds: float = SECONDS) -> Pause:
        """Work for a while."""
        pause = self.run.advance(NO_LIMIT, seconds)
        self.too_narrow |= pause is Pause.TOO_NARROW
        self.collect()
        return pause

    def collect(self) -> None:
        """Add what the run has found, if anything."""
        found = self.run.found()
        if len(found.packed) or len(found.flat_packed):
            self.found.append(found)


class _Board:
    """The cells that wait to be split, for some workers, the first of whom may be at work already."""

    def __init__(self, members: list[_Member]) -> None:
        self._members = members
        self._jobs: deque[Job] = deque()
        self.is_closed = False
        members[0].is_busy = True

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
                cells = member.run.give()
                self._jobs.append((cells, np.arange(len(cells.depth))))
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
                cells, numbers = self._jobs.popleft()
            except IndexError:
                member.is_busy = False
            else:
                member.run.put(cells, numbers)
                return True
            if not any(other.is_busy for other in self._members) and not self._jobs:
                return False
            self._ask()
            time.sleep(_SECONDS_BETWEEN_LOOKS)
            look()
        return False

    def _ask(self) -> None:
        """Ask the worker that has made the most cuts for a cell, of those that are not asked yet."""
        busy = (member for member in self._members if member.is_busy and not member.is_asked)
        busiest = max(busy, key=_cuts_since, default=None)
        if busiest is not None and _cuts_since(busiest) >= _CUTS_BEFORE_SHARING:
            busiest.is_asked = True
            busiest.run.share(True)


def _cuts_since(member: _Member) -> int:
    return member.run.counts.cuts - member.cuts_when_asked


def add_counts(run: Run, stats: Any) -> None:
    """Add what a run has done to an engine's statistics."""
    counts = run.counts
    stats.cuts += counts.cuts
    stats.signs_by_float += counts.signs
    stats.signs_by_rational += counts.exact
    stats.solved_again += counts.solves
    stats.discarded += counts.discarded
    stats.pruned += counts.pruned
