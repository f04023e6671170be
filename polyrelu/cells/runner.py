"""Running the kernel: on one or many threads, with a progress bar, and so that Ctrl-C stops it.

The kernel releases the interpreter lock, so threads run it in parallel. With several workers a first, short run cuts
the domain into pieces; each piece is a subtree of its own, and handfuls of pieces are dealt out as workers become
free. Which worker took which piece does not show in the result, because tiles are sorted by pattern at the end.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
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
    run,
)

Counters: TypeAlias = NDArray[np.int64]

_NEVER = 1 << 62
_PIECES_PER_WORKER = 128
_JOBS_PER_WORKER = 16
_POLL_SECONDS = 0.1
_COUNTERS = STOP + 1
_SLOW_START_SECONDS = 1.0


@dataclass
class Runner:
    """Runs the kernel.

    Args:
        workers: how many threads.
        progress: show a bar; by default only for long runs on a terminal.
    """

    workers: int = 1
    progress: bool | None = None
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
        results: list[Found] = []
        counters: list[Counters] = []
        with ThreadPoolExecutor(self.workers) as pool, self._bar() as bar:
            if self.workers > 1:
                level = (self.workers * _PIECES_PER_WORKER).bit_length() - 1
                results += self._wait(pool, bar, problem, cells, [(0, len(cells.depth))], level, counters)
                cells = results[0].frontier
            count = min(len(cells.depth), self.workers * _JOBS_PER_WORKER if self.workers > 1 else 1)
            ends = [len(cells.depth) * k // max(count, 1) for k in range(count + 1)]
            if not self.interrupted:
                results += self._wait(pool, bar, problem, cells, list(pairwise(ends)), _NEVER, counters)
        if any(result.overflow for result in results):
            return [] if self.interrupted else None
        for counter in counters:
            stats.cuts += int(counter[CUTS])
            stats.signs_by_float += int(counter[SIGNS])
            stats.handed_over += int(counter[DOUBTS])
            stats.solved_again += int(counter[SOLVES])
            stats.discarded += int(counter[DISCARDED])
            stats.pruned += int(counter[PRUNED])
        return results

    def _bar(self) -> Any:
        disable = None if self.progress is None else not self.progress
        return tqdm(desc="cells", unit=" cells", unit_scale=True, delay=1, disable=disable, leave=False)

    def _wait(
        self,
        pool: ThreadPoolExecutor,
        bar: Any,
        problem: Problem,
        cells: Cells,
        pieces: list[tuple[int, int]],
        level: int,
        counters: list[Counters],
    ) -> list[Found]:
        """Run the kernel on pieces of the cells, showing how far it is; Ctrl-C stops it between two cells."""
        own: list[Counters] = [np.zeros(_COUNTERS, dtype=np.int64) for _ in pieces]
        counters += own
        jobs = [pool.submit(run, problem, cells, a, b, level, c) for (a, b), c in zip(pieces, own, strict=True)]
        waiting, began, told = set(jobs), time.monotonic(), False
        try:
            while waiting:
                _, waiting = wait(waiting, _POLL_SECONDS, FIRST_COMPLETED)
                bar.update(int(sum(c[CELLS] for c in counters)) - bar.n)
                late = time.monotonic() - began > _SLOW_START_SECONDS
                if late and not told and not any(c[STARTED] for c in own):
                    print("polyrelu: compiling the cell splitter, once; this takes a while", file=sys.stderr)
                    told = True
        except KeyboardInterrupt:
            self.interrupted = True
            for counter in own:
                counter[STOP] = 1
        return [job.result() for job in jobs]
