"""Compare this checkout with another one, for example the commit before: the same questions, asked of both in turn.

    git worktree add ../before HEAD~5
    ./scripts/run python scripts/benchmark_against.py ../before

Each checkout answers in a process of its own, with this environment's packages, or those of the interpreter named by
``--python``, which a commit with numba needs. What a checkout compiles must be there. Times are CPU seconds of the
whole call, in runs in turn; ratios are those of the medians and of the minima, which a busy machine disturbs least.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import sys
from contextlib import closing
from functools import partial
from pathlib import Path

from benchmark import FULL, QUICK, generic
from measuring.engines import Engine, in_turn
from measuring.questions import DEGENERATE, Question
from tqdm import tqdm


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("other", type=Path, help="the root of another checkout")
    parser.add_argument("--repeat", type=int, default=15, help="runs of each, in turn")
    parser.add_argument("--python", default=sys.executable, metavar="PATH", help="the interpreter of the other one")
    parser.add_argument("--quick", action="store_true", help="small networks: does everything work?")
    options = parser.parse_args()
    if not (options.other / "polyrelu").is_dir():
        parser.error(f"{options.other} is not the root of a checkout of polyrelu")
    plan = QUICK if options.quick else FULL
    questions = [("generic", generic(widths)) for widths in plan.networks]
    for kind, widths in itertools.product(DEGENERATE, plan.degenerate):
        name = f"{'-'.join(map(str, widths))}, {kind}"
        questions.append(("not generic", Question(name, (kind, widths), "space")))
    print("| network | tiles | here, ms | there, ms | here / there, medians | minima |\n|---|--:|--:|--:|--:|--:|")
    ratios: dict[str, list[float]] = {}
    with closing(Engine()) as here, closing(Engine(options.other, options.python)) as other:
        for group, question in tqdm(questions, desc="networks"):
            ours, theirs = in_turn([partial(engine.ask, question) for engine in (here, other)], options.repeat)
            tiles, tiles_there = ours[0].tiles, theirs[0].tiles
            assert tiles == tiles_there, f"{question.name}: {tiles} tiles here, {tiles_there} there"
            middle = [statistics.median(answer.cpu for answer in answers) for answers in (ours, theirs)]
            least = min(answer.cpu for answer in ours) / min(answer.cpu for answer in theirs)
            ratios.setdefault(group, []).append(least)
            milliseconds = " | ".join(f"{1e3 * seconds:.1f}" for seconds in middle)
            print(
                f"| {question.name} | {tiles:,} | {milliseconds} | {middle[0] / middle[1]:.3f} | {least:.3f} |",
                flush=True,
            )
    for name, values in ratios.items():
        print(f"| {name}, geometric mean | | | | | {statistics.geometric_mean(values):.3f} |")


if __name__ == "__main__":
    main()
