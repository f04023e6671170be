"""Running the kernel: on one or many threads, with a progress bar, and so that Ctrl-C stops it.

The kernel releases the interpreter lock, so threads run it in parallel. The work begins as one job. When a worker has
nothing to do, the job that has made the most cuts is asked to leave what it has not begun; it comes back at once, and
the cells that it left are dealt out again, in turn, because those that waited longest stand for the most work. A job is
not asked before it has made some hundreds of cuts, so short runs are not shared at all. Which worker took which cell
does not show in the result, because tiles are sorted by pattern at the end.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from polyrelu.cells.kernel import (
    CELLS,
    CUTS,
    DISCARDED,
    DOUBTS,
    LEAVE,
    PRUNED,
    SIGNS,
    SOLVES,
    STARTED,
    STOP,
    Cells,
    Found,
    Memory,
    Problem,
)
from polyrelu.cells.run import run

Counters: TypeAlias = NDArray[np.int64]

_NEVER = 1 << 62
_CUTS_BEFORE_SHARING = 400  # more than 0, or a job may be asked again and again before it has done anything
_POLL_SECONDS = 0.1
_POLL_SECONDS_TO_SHARE = 0.0005
# Counters of two threads must not share a line of the cache, or each waits for the other with every count.
_COUNTERS = max(LEAVE + 1, 256)
_SLOW_START_SECONDS = 3.0  # longer than loading what was compiled before


@dataclass
class Runner:
    """Runs the kernel.

    Args:
        workers: how many threads.
        progress: show a bar; by default only for long runs on a terminal.
        until: asked about ten times a second, with the number of cells found, whether to stop as for Ctrl-C.
    """

    workers: int = 1
    progress: bool | None = None
    until: Callable[[int], bool] | None = None
    words: int = 1
    interrupted: bool = False

    def run(self, problem: Problem, roots: Callable[[int], Cells | None], stats: Any) -> Iterator[Found]:
        """What the kernel finds on the roots, which are asked for by the width of their masks in words.

        Raises:
            KeyboardInterrupt: Ctrl-C, after what was found until then has been yielded.
        """
        while True:
            cells = roots(self.words)
            found = None if cells is None else self._attempt(problem, cells, stats)
            if found is not None:
                yield from found
                if self.interrupted:
                    raise KeyboardInterrupt
                return
            self.words *= 2  # some cell has more facets than fit: once more, with wider masks

    def _attempt(self, problem: Problem, cells: Cells, stats: Any) -> list[Found] | None:
        """What all jobs find, or None if some cell had too many facets for the masks."""
        results: list[Found] = []
        counters: list[Counters] = []
        running: dict[Future[Found], Counters] = {}
        spare: list[Memory] | None = None if self.workers == 1 else []
        began, told, asked = time.monotonic(), False, 0.0

        def submit(cells: Cells, jobs: int) -> None:
            for k in range(min(jobs, len(cells.depth))):
                chosen = np.arange(k, len(cells.depth), jobs)
                counters.append(np.zeros(_COUNTERS, dtype=np.int64))
                job = pool.submit(run, problem, cells, chosen, _NEVER, counters[-1], False, spare)
                running[job] = counters[-1]

        with ThreadPoolExecutor(self.workers) as pool, self._bar() as bar:
            submit(cells, 1)
            while running:
                try:
                    idle = len(running) < self.workers
                    done, _ = wait(running, _POLL_SECONDS_TO_SHARE if idle else _POLL_SECONDS, FIRST_COMPLETED)
                    now = time.monotonic()
                    if now - asked >= _POLL_SECONDS:
                        asked = now
                        cells_found = int(sum(c[CELLS] for c in counters))
                        bar.update(cells_found - bar.n)
                        if self.until is not None and self.until(cells_found):
                            raise KeyboardInterrupt
                    late = now - began > _SLOW_START_SECONDS
                    if late and not told and not any(c[STARTED] for c in counters):
                        print("polyrelu: compiling the cell splitter, once; this takes a while", file=sys.stderr)
                        told = True
                except KeyboardInterrupt:
                    self.interrupted = True
                    for counter in counters:
                        counter[STOP] = 1
                    done = set(running)
                for job in done:
                    found = job.result()
                    del running[job]
                    results.append(found)
                    if not self.interrupted and not found.overflow:
                        submit(found.frontier, max(1, self.workers - len(running)))
                if len(running) < self.workers:
                    busiest = max(running.values(), key=lambda counter: int(counter[CUTS]), default=None)
                    if busiest is not None and busiest[CUTS] >= _CUTS_BEFORE_SHARING:
                        busiest[LEAVE] = 1
        if any(result.overflow for result in results):
            return [] if self.interrupted else None
        _add_counts(counters, stats)
        return results

    def _bar(self) -> Any:
        disable = None if self.progress is None else not self.progress
        return tqdm(desc="cells", unit=" cells", unit_scale=True, delay=1, disable=disable, leave=False)


def _add_counts(counters: Sequence[Counters], stats: Any) -> None:
    for counter in counters:
        stats.cuts += int(counter[CUTS])
        stats.signs_by_float += int(counter[SIGNS])
        stats.handed_over += int(counter[DOUBTS])
        stats.solved_again += int(counter[SOLVES])
        stats.discarded += int(counter[DISCARDED])
        stats.pruned += int(counter[PRUNED])
