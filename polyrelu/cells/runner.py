"""Running the kernel: on one or many threads, with a progress bar, and so that Ctrl-C stops it.

The kernel releases the interpreter lock, so threads run it in parallel. With several workers a first, short run cuts
the domain into pieces; each piece is a subtree of its own, and handfuls of pieces are dealt out as workers become
free. A handful that turns out to be more than a few thousand cuts comes back unfinished and is dealt out again, in
two halves; or, if a worker has nothing to do by then, it is first cut into pieces again, since a depth-first run
often leaves one large piece and crumbs. Which worker took which piece does not show in the result, because tiles are
sorted by pattern at the end.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from polyrelu.cells.kernel import (
    CELLS,
    CUTS,
    DISCARDED,
    DOUBTS,
    PRUNED,
    SIGNS,
    SOLVES,
    STARTED,
    STOP,
    Cells,
    Found,
    Problem,
)
from polyrelu.cells.run import run

Counters: TypeAlias = NDArray[np.int64]

_NEVER = 1 << 62
_PIECES_PER_WORKER = 128
_JOBS_PER_WORKER = 4
_CUTS_PER_JOB = 4000
_LEVELS_TO_SHARE = 4
_POLL_SECONDS = 0.1
# Counters of two threads must not share a line of the cache, or each waits for the other with every count.
_COUNTERS = max(STOP + 1, 256)
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
        waiting: set[Future[Found]] = set()
        into_pieces: set[Future[Found]] = set()
        began, told = time.monotonic(), False

        def submit(cells: Cells, jobs: int, level: int, budget: int) -> None:
            ends = [len(cells.depth) * k // jobs for k in range(jobs + 1)]
            for a, b in pairwise(ends):
                if a < b:
                    counters.append(np.zeros(_COUNTERS, dtype=np.int64))
                    job = pool.submit(run, problem, cells, a, b, level, budget, counters[-1], False)
                    waiting.add(job)
                    if level < _NEVER:
                        into_pieces.add(job)

        with ThreadPoolExecutor(self.workers) as pool, self._bar() as bar:
            alone = self.workers == 1
            level = (self.workers * _PIECES_PER_WORKER).bit_length() - 1
            submit(cells, 1, _NEVER if alone else level, _NEVER)
            while waiting:
                try:
                    done, still = wait(waiting, _POLL_SECONDS, FIRST_COMPLETED)
                    cells_found = int(sum(c[CELLS] for c in counters))
                    bar.update(cells_found - bar.n)
                    if self.until is not None and self.until(cells_found):
                        raise KeyboardInterrupt
                    late = time.monotonic() - began > _SLOW_START_SECONDS
                    if late and not told and not any(c[STARTED] for c in counters):
                        print("polyrelu: compiling the cell splitter, once; this takes a while", file=sys.stderr)
                        told = True
                except KeyboardInterrupt:
                    self.interrupted = True
                    for counter in counters:
                        counter[STOP] = 1
                    done, still = waiting, set()
                waiting = still
                for job in done:
                    found = job.result()
                    results.append(found)
                    if self.interrupted or found.overflow:
                        continue
                    if job in into_pieces:
                        submit(found.frontier, self.workers * _JOBS_PER_WORKER, _NEVER, _CUTS_PER_JOB)
                    elif len(waiting) < self.workers:
                        submit(found.frontier, 1, _LEVELS_TO_SHARE, _CUTS_PER_JOB)
                    else:
                        submit(found.frontier, 2, _NEVER, _CUTS_PER_JOB)
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
