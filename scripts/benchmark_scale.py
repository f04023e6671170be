"""More cells than there is room for: rates, memory, and what dividing the work into tasks costs.

    ./scripts/run python scripts/benchmark_scale.py [count] [overhead] [processes] [paper] [--cells 1e8] [--width 192]

``count`` counts so many cells, or all if there are fewer, of a random network of two layers of so many neurons over
[-1, 1]^4 (2.41 10^8 for 192), and says the rate and the peak of memory; with ``--every 60`` it prints how far it is
each minute, as lines of a table. ``overhead`` compares tasks with a tiling by one thread, and with one bare run of the
kernel, whose cells come in no order and are thrown away, by the time of the processor; ``processes`` compares two
processes with one, by the clock, which needs two cores that nobody else uses; ``paper`` says what a coordinator of 100
cores sees on the way to 10^11 cells, with the constants measured here.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import time
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np

import polyrelu as pr
from polyrelu.engines.cells.engine import CellEngine
from polyrelu.engines.cells.run import Pause, Run
from polyrelu.engines.cells.runner import Runner
from polyrelu.networks.relevant_part import keep_all
from polyrelu.runs.coordinator import CUTS, board_of, work_off
from polyrelu.runs.executors import workers
from polyrelu.runs.folds import Count
from polyrelu.runs.tasks import Outcome, Question, Root
from polyrelu.support.limits import Limit

_BATCH = 1 << 15


def random_network(*widths: int) -> pr.Network:
    """A network with normal weights, the same each time."""
    rng = np.random.default_rng(0)
    return pr.Network([(rng.normal(size=(n, m)) / np.sqrt(m), rng.normal(size=n) * 0.3) for m, n in pairwise(widths)])


def cube(dim: int) -> pr.Polyhedron:
    """[-1, 1]^d."""
    return pr.Polyhedron.box([-1] * dim, [1] * dim)


def peak() -> float:
    """The most memory that this process and those it has waited for had, in MiB."""
    return max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1024


def cpu_seconds() -> float:
    """Of this process, and of those it has waited for."""
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


class Table:
    """How a run goes, a line now and then.

    Args:
        every: seconds from line to line; none are printed if it is None.
    """

    def __init__(self, every: float | None) -> None:
        self.every, self.began, self.last = every, time.perf_counter(), (0.0, 0)
        if every is not None:
            print("| seconds | cells | cells a second, since the last line | tasks | roots that wait | MiB at most |")
            print("|---|---|---|---|---|---|", flush=True)

    def note(self, cells: int, tasks: int, waiting: int) -> None:
        """Print a line if it is time."""
        seconds, (before, known) = time.perf_counter() - self.began, self.last
        if self.every is not None and seconds - before >= self.every:
            rate = (cells - known) / (seconds - before)
            print(f"| {seconds:.0f} | {cells:.4g} | {rate:.3g} | {tasks} | {waiting} | {peak():.0f} |", flush=True)
            self.last = seconds, cells


def count(cells: int, width: int, executor: str | None, every: float | None = None) -> None:
    """Count so many cells, and stop."""
    tasks, began = list[Outcome[Any]](), (time.perf_counter(), cpu_seconds())
    board = board_of(Question.of(random_network(4, width, width, 1), None, cube(4)), Count())
    waiting, table = 0, Table(every)

    def done(root: Root, outcome: Outcome[Any]) -> None:
        nonlocal waiting
        tasks.append(outcome)
        waiting = max(waiting, len(board.waiting))
        table.note(board.tiles, len(tasks), len(board.waiting))

    limit = Limit(lambda found: found >= cells)
    try:
        with limit.kept(), workers(executor, "count") as team:
            work_off(board, team, done, keep_parts=True, on_found=limit)
    except KeyboardInterrupt:
        pass
    wall, cpu = time.perf_counter() - began[0], cpu_seconds() - began[1]
    sizes = [len(root) for outcome in tasks for root in outcome.open]
    share = "the first" if board.waiting else "all"
    print(f"count       {share} {board.tiles:,} cells in {wall:.0f} s, load {os.getloadavg()[2]:.1f}")
    print(f"            {board.tiles / wall:.3g} a second, {board.tiles / cpu:.3g} for a second of one processor")
    print(f"            {peak():.0f} MiB at most; {len(tasks)} tasks, {wall / len(tasks):.2f} s each")
    print(f"            at most {waiting} roots wait, of {np.mean(sizes):.0f} bytes each")


def timed(work: Callable[[], int]) -> tuple[int, float]:
    """What it returns, and the seconds of the processor."""
    began = time.process_time()
    return work(), time.process_time() - began


def bare(network: pr.Network, domain: pr.Polyhedron) -> int:
    """The cells of a domain by one run of the kernel, whose tiles are thrown away."""
    engine = CellEngine(keep_all(network), domain, Runner())
    problem = engine._kernel_problem()
    assert problem is not None
    engine._split_exactly(for_kernel=True)
    cells = engine._roots(1)
    assert cells is not None
    run = Run(problem, 1, engine._exact_forms())
    run.put(cells, [0])
    while run.advance(_BATCH, 1.0) is not Pause.DONE:
        run.found()
    return run.counts.cells


def _tiles(network: pr.Network, domain: pr.Polyhedron) -> int:
    return len(pr.linear_regions(network, domain, workers=1))


def overhead() -> None:
    """Tasks against one thread, which makes a tiling, and against one run of the kernel, by the processor's time."""
    for widths in ((3, 192, 192, 1), (4, 80, 80, 1)):
        network, domain = random_network(*widths), cube(widths[0])
        cells, alone = timed(partial(bare, network, domain))
        found, tiling = timed(partial(_tiles, network, domain))
        for cuts in (1 << 20, 1 << 17):
            again, by_tasks = timed(partial(pr.count, network, None, domain, cuts=cuts, progress=False))
            assert again == cells == found
            name, more, most = "-".join(map(str, widths)), by_tasks / tiling - 1, by_tasks / alone - 1
            print(f"overhead    {name}: {cells} cells, a tiling {tiling:.1f} s, the kernel alone {alone:.1f} s;")
            print(f"            by tasks of {cuts} cuts {more:+.1%} of the tiling, {most:+.1%} of the kernel alone")


def processes(cells: int, width: int) -> None:
    """Two processes against one, by the clock."""
    for executor in ("processes:1", "processes:2"):
        print(f"{executor:12}", end="")
        count(cells, width, executor)


def paper() -> None:
    """10^11 cells on 100 cores."""
    rate, cells, cores, root = 2.5e5, 1e11, 100, 40
    tasks = 2 * cells / CUTS  # those that end before their budget is used up are about as many
    hours = cells / rate / cores / 3600
    print(f"paper       10^11 cells, {cores} cores of {rate:.2g} cells a second: {hours:.1f} hours, {tasks:.2g} tasks,")
    print(f"            {tasks / hours / 3600:.0f} a second at the coordinator, which takes about 1 ms for each;")
    print(
        f"            a journal of {tasks * 2 * root / 1e6:.0f} MB; stored, {cells * 40 / 1e12:.0f} TB in as many files"
    )


def main() -> None:
    """The parts that are asked for; all by default."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", help="count, overhead, processes, paper; all by default")
    parser.add_argument("--cells", type=float, default=1e7)
    parser.add_argument("--width", type=int, default=192)
    parser.add_argument("--executor")
    parser.add_argument("--every", type=float, help="seconds between lines that say how far counting is")
    options = parser.parse_args()
    asked = options.parts or ["count", "overhead", "processes", "paper"]
    for part in asked:
        if part == "count":
            count(int(options.cells), options.width, options.executor, options.every)
        elif part == "overhead":
            overhead()
        elif part == "processes":
            processes(int(options.cells), options.width)
        elif part == "paper":
            paper()
        else:
            sys.exit(f"unknown part {part}")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
