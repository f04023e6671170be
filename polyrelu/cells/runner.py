"""Running the kernel: on one or many threads, with a progress bar, and so that Ctrl-C stops it.

The kernel releases the interpreter lock, so threads run it in parallel. With several workers a first, short run cuts
the domain into pieces; each piece is a subtree of its own, and the pieces are dealt out as workers become free. Which
worker took which piece does not show in the result, because tiles are sorted by pattern at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any

import numpy as np
from tqdm import tqdm

from polyrelu.cells.kernel import CELLS, CUTS, DISCARDED, DOUBTS, SOLVES, STOP, Cells, Found, Problem, run

_NEVER = 1 << 62
_PIECES_PER_WORKER = 64
_POLL_SECONDS = 0.1


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

    def run(self, problem: Problem, roots: Callable[[int], Cells | None], stats: Any) -> Iterator[Found]:
        """What the kernel finds on the roots, which are asked for by the width of their masks in words."""
        while True:
            cells = roots(self.words)
            found = None if cells is None else self._attempt(problem, cells, stats)
            if found is not None:
                yield from found
                return
            self.words *= 2  # some cell has more facets than fit: once more, with wider masks

    def _attempt(self, problem: Problem, cells: Cells, stats: Any) -> list[Found] | None:
        total = np.zeros(6, dtype=np.int64)
        results: list[Found] = []
        if self.workers > 1:
            level = (self.workers * _PIECES_PER_WORKER).bit_length() - 1
            first = run(problem, cells, 0, len(cells.depth), level, total)
            if first.overflow:
                return None
            results.append(first)
            cells = first.frontier
        size = -(-len(cells.depth) // (self.workers * _PIECES_PER_WORKER)) if self.workers > 1 else len(cells.depth)
        chunks = [(a, min(a + size, len(cells.depth))) for a in range(0, len(cells.depth), max(size, 1))]
        counters = [np.zeros(6, dtype=np.int64) for _ in chunks]
        disable = None if self.progress is None else not self.progress
        with (
            ThreadPoolExecutor(self.workers) as pool,
            tqdm(desc="cells", unit=" cells", unit_scale=True, delay=1, disable=disable, leave=False) as bar,
        ):
            jobs: set[Future[Found]] = {
                pool.submit(run, problem, cells, a, b, _NEVER, counter)
                for (a, b), counter in zip(chunks, counters, strict=True)
            }
            waiting = jobs
            try:
                while waiting:
                    _, waiting = wait(waiting, _POLL_SECONDS, FIRST_COMPLETED)
                    bar.update(int(sum(c[CELLS] for c in counters)) - bar.n)
            except KeyboardInterrupt:
                for counter in counters:
                    counter[STOP] = 1
                raise
        results += [job.result() for job in jobs]
        if any(result.overflow for result in results):
            return None
        for counter in (total, *counters):
            stats.cuts += int(counter[CUTS])
            stats.handed_over += int(counter[DOUBTS])
            stats.solved_again += int(counter[SOLVES])
            stats.discarded += int(counter[DISCARDED])
        return results
