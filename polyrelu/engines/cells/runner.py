"""Running the kernel: on one or many threads, with a progress bar, and so that Ctrl-C stops it.

Most runs are short. So the first cuts are made in the thread that asks, as many as take a millisecond, and threads are
started for what is left then, if anything is: while compiled code works, Ctrl-C is heard by those only who wait.

The kernel releases the interpreter lock, so threads run it in parallel. Cells to split lie on a board, from which
workers take them. When it is empty, a worker with nothing to do asks the one that has made the most cuts for a cell;
that one gives away the cell that waited longest, because it stands for the most work, and goes on. It is not asked
again before it has made another hundred. Which worker took which cell does not show in the result, because tiles are
sorted by pattern at the end.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from threading import Condition
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from polyrelu.engines.cells import kernel, loading
from polyrelu.engines.cells.kernel import (
    CELLS,
    CUTS,
    DISCARDED,
    HANDED_OVER,
    PRUNED,
    SHARE,
    SIGNS,
    SOLVES,
    STOP,
    Cells,
    Found,
    Problem,
)
from polyrelu.engines.cells.run import Run
from polyrelu.engines.cells.signs import ExactForms
from polyrelu.support.limits import check
from polyrelu.support.progress import Bar
from polyrelu.support.workers import Worker, finish

Job: TypeAlias = tuple[Cells, NDArray[np.int64]]

_CUTS_BEFORE_SHARING = 100  # take about as long as giving a cell away
_JOBS_PER_WORKER = 16  # of the roots, at the beginning
_POLL_SECONDS = 0.1
_POLL_SECONDS_TO_SHARE = 0.0002
_CUTS_ALONE = 200  # by the thread that asks
_ALONE = 1 << 9  # generators of the roots: with more, so many cuts might take long


@dataclass
class Runner:
    """Runs the kernel.

    Args:
        workers: how many threads.
        progress: show a bar; by default only for long runs on a terminal.
        until: asked about ten times a second in runs that take longer, with the number of cells found, whether to stop
            as for Ctrl-C.
    """

    workers: int = 1
    progress: bool | None = None
    until: Callable[[int], bool] | None = None
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
            runs = [] if cells is None else self._work(problem, exact, cells)
            too_narrow = cells is None or any(run.overflow for run in runs)
            if not too_narrow:
                for run in runs:
                    _add_counts(run, stats)
                    yield run.found
            if self.interrupted:
                raise KeyboardInterrupt
            if not too_narrow:
                return
            self.words *= 2  # some cell has more facets than fit: once more, with wider masks

    def _work(self, problem: Problem, exact: Callable[[], ExactForms], cells: Cells) -> list[Run]:
        """Split the cells, and all that they are split into, and return what the workers did, a run each."""
        first = Run(problem, self.words, exact())
        runs = [first]
        nothing = np.arange(0)
        loading.load(kernel.advance, lambda: first.split(cells, nothing), "the cell splitter")
        try:
            if len(cells.radius) <= _ALONE:
                cells = first.split(cells, np.arange(len(cells.depth)), _CUTS_ALONE)
            if len(cells.depth) and not first.overflow:
                self._work_in_threads(problem, exact, cells, runs)
        except KeyboardInterrupt:
            self.interrupted = True
        return runs

    def _work_in_threads(
        self, problem: Problem, exact: Callable[[], ExactForms], cells: Cells, runs: list[Run]
    ) -> None:
        runs += [Run(problem, self.words, exact()) for _ in range(self.workers - len(runs))]
        board = _Board(cells, self.workers)
        workers: list[Worker] = []
        try:
            for run in runs:
                workers.append(Worker(partial(board.work, run)))
            self._watch(workers, runs)
        finally:
            board.close()
            finish(workers)

    def _watch(self, workers: Sequence[Worker], runs: Sequence[Run]) -> None:
        working = list(workers)
        with self._bar() as bar:
            while working:
                wait(working, _POLL_SECONDS)
                for worker in working:
                    if worker.error is not None:
                        raise worker.error
                working = [worker for worker in working if not worker.is_done]
                found = int(sum(run.counters[CELLS] for run in runs))
                bar.update(found - bar.n)
                if working:
                    check()
                    if self.until is not None and self.until(found):
                        raise KeyboardInterrupt

    def _bar(self) -> Any:
        return Bar.of(self.progress, desc="cells", unit=" cells", unit_scale=True)


def wait(working: Sequence[Worker], seconds: float) -> None:
    """Wait so long, or until the first of some workers is done."""
    working[0].wait(seconds)


class _Board:
    """The cells that wait to be split, for some workers."""

    def __init__(self, cells: Cells, workers: int) -> None:
        count = len(cells.depth)
        jobs = 1 if workers == 1 else min(count, _JOBS_PER_WORKER * workers)
        self._jobs = deque((cells, np.arange(k, count, jobs)) for k in range(jobs))
        # How many cuts each worker had made when it last took or gave a cell. At the beginning it may be asked at once.
        self._cuts: dict[Run, int] = {}
        self._idle: set[Run] = set()
        self._closed = False
        self._changed = Condition()

    def work(self, run: Run) -> None:
        """Take cells and split them until there are no more, and none will come."""
        try:
            with self._changed:
                self._cuts[run] = -_CUTS_BEFORE_SHARING
            while (job := self._take(run)) is not None:
                run.split(*job, give=lambda cells: self._give(run, cells))
                if run.overflow:
                    self.close()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Stop all workers, which look now and then; without the lock, because who asks may be stopped with it."""
        self._closed = True
        for run in list(self._cuts):
            run.counters[STOP] = 1

    def _take(self, run: Run) -> Job | None:
        with self._changed:
            self._idle.add(run)
            while not self._jobs and not self._closed and len(self._idle) < len(self._cuts):
                self._ask()
                self._changed.wait(_POLL_SECONDS_TO_SHARE)
            if self._closed or not self._jobs:
                self._changed.notify_all()
                return None
            self._idle.remove(run)
            self._note(run)
            return self._jobs.popleft()

    def _give(self, run: Run, cells: Cells) -> None:
        with self._changed:
            self._jobs.append((cells, np.arange(len(cells.depth))))
            self._note(run)
            self._changed.notify()

    def _note(self, run: Run) -> None:
        run.counters[SHARE] = 0
        if run.counters[CUTS]:
            self._cuts[run] = int(run.counters[CUTS])

    def _ask(self) -> None:
        """Ask the worker that has made the most cuts for a cell, of those that are not asked yet."""
        busy = (run for run in self._cuts if run not in self._idle and not run.counters[SHARE])
        busiest = max(busy, key=self._cuts_since, default=None)
        if busiest is not None and self._cuts_since(busiest) >= _CUTS_BEFORE_SHARING:
            busiest.counters[SHARE] = 1

    def _cuts_since(self, run: Run) -> int:
        return int(run.counters[CUTS]) - self._cuts[run]


def _add_counts(run: Run, stats: Any) -> None:
    counters = run.counters
    stats.cuts += int(counters[CUTS])
    stats.signs_by_float += int(counters[SIGNS])
    stats.signs_by_rational += run.signs_by_rational
    stats.handed_over += int(counters[HANDED_OVER])
    stats.solved_again += int(counters[SOLVES])
    stats.discarded += int(counters[DISCARDED])
    stats.pruned += int(counters[PRUNED])
