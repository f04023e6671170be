"""Ask the compiled kernel and the twin small questions of every kind for a while, and stop where they differ.

    ./scripts/run python scripts/fuzz_kernel.py --seconds 600
    ./scripts/run python scripts/fuzz_kernel.py --seed 74 --count 1     # that question again

Questions are those of ``tests/engines/cells/differential.py``: generic, degenerate and extreme networks on bounded and
unbounded domains, one worker and two, by skeletons and the general way, stopped and shared. An answer is compared as a
whole: patterns, facets, flat tiles; points must lie inside. Exits with 1 at a difference, and names its seed.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import time
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.engines.cells import differential


def difference(seed: int) -> str | None:
    """What is wrong with the kernel's answer to a question, or None."""
    question = differential.small_question(seed)
    try:
        found, right = differential.kernel_answer(question), differential.right_answer(question)
    except Exception as error:  # whatever it is, the question is worth keeping
        return f"{question.name}, {question.way}: {type(error).__name__}: {error}"
    return None if found.tiles == right.tiles else f"{question.name}, {question.way}: the tiles differ"


def fuzz(seeds: Sequence[int] | itertools.count[int], seconds: float) -> tuple[int, str | None]:
    """How many questions were asked until the time was over, and the first difference with its seed."""
    until, asked = time.monotonic() + seconds, 0
    for seed in seeds:
        if time.monotonic() >= until:
            break
        asked += 1
        wrong = difference(seed)
        if wrong is not None:
            return asked, f"seed {seed}: {wrong}"
    return asked, None


def main(arguments: Sequence[str] | None = None) -> int:
    """Ask, and tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0, help="for how long (default 60)")
    parser.add_argument("--seed", type=int, default=0, help="of the first question; the others follow")
    parser.add_argument("--count", type=int, help="so many questions at most")
    given = parser.parse_args(arguments)
    seeds = itertools.count(given.seed) if given.count is None else range(given.seed, given.seed + given.count)
    asked, wrong = fuzz(seeds, given.seconds)
    print(f"{asked} questions: {wrong or 'no difference'}")
    return wrong is not None


if __name__ == "__main__":
    sys.exit(main())
