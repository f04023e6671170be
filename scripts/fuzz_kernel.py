"""Ask the compiled kernel and the twin small questions of every kind for a while, and stop where they differ.

    ./scripts/run python scripts/fuzz_kernel.py --seconds 600
    ./scripts/run python scripts/fuzz_kernel.py --count 100000 --log questions.log    # again, to go on where it was
    ./scripts/run python scripts/fuzz_kernel.py --seed 74 --count 1                   # that question again

Questions are those of ``tests/engines/cells/differential.py``: generic, degenerate and extreme networks on bounded and
unbounded domains, one worker and two, by skeletons and the general way, stopped and shared. One of TURN has networks as
large as the tests', the others the fewest neurons, so that many are asked: about 10 ms of a core each, most of them the
twin's. An answer is compared as a whole: patterns, facets, flat tiles; points must lie inside. Exits with 1 at a
difference, and names its seed.
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

# Kinds of networks come in turn, too: a number without a divisor in common with theirs meets all of them.
TURN = 11
ASKED_BETWEEN_LINES = 100


def question_of(seed: int) -> differential.Question:
    """One of few neurons, mostly of the fewest."""
    return differential.small_question(seed, differential.FEWEST if seed % TURN else differential.FEW)


def difference(seed: int) -> str | None:
    """What is wrong with the kernel's answer to a question, or None."""
    question = question_of(seed)
    try:
        found, right = differential.kernel_answer(question), differential.right_answer(question)
    except Exception as error:  # whatever it is, the question is worth keeping
        return f"{question.name}, {question.way}: {type(error).__name__}: {error}"
    return None if found.tiles == right.tiles else f"{question.name}, {question.way}: the tiles differ"


def fuzz(
    seeds: Sequence[int] | itertools.count[int], seconds: float, log: Path | None = None
) -> tuple[int, str | None]:
    """How many questions were asked until the time was over, and the first difference with its seed.

    Args:
        seeds: of the questions; with a log those are left out that it has.
        seconds: how long new ones are asked.
        log: where it is noted how many of the seeds are done; those count as asked.
    """
    until, asked = time.monotonic() + seconds, _noted(log)
    for seed in itertools.islice(seeds, asked, None):
        if time.monotonic() >= until:
            break
        wrong = difference(seed)
        asked += 1
        if wrong is not None:
            return asked, f"seed {seed}: {wrong}"
        if log is not None and asked % ASKED_BETWEEN_LINES == 0:
            log.write_text(f"{asked} questions\n", encoding="utf-8")
    return asked, None


def _noted(log: Path | None) -> int:
    return int(log.read_text(encoding="utf-8").split()[0]) if log is not None and log.exists() else 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Ask, and tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0, help="for how long (default 60)")
    parser.add_argument("--seed", type=int, default=0, help="of the first question; the others follow")
    parser.add_argument("--count", type=int, help="so many questions at most")
    parser.add_argument("--log", type=Path, help="a file to go on from, and to note in what is done")
    given = parser.parse_args(arguments)
    seeds = itertools.count(given.seed) if given.count is None else range(given.seed, given.seed + given.count)
    asked, wrong = fuzz(seeds, given.seconds, given.log)
    print(f"{asked} questions: {wrong or 'no difference'}")
    return wrong is not None


if __name__ == "__main__":
    sys.exit(main())
