"""Gives the checker of trees mutants of true trees: what it accepts has to be true.

The questions are small and degenerate, drawn by chance as in the tests; what is true of them is known from certificates
of cells, which another engine writes and another checker checks. A mutant has one to three lines of a tree dropped,
doubled, exchanged, or changed in a word. It may be accepted if nothing is in a tile or a further set only where nothing
is in the target, if a tile is only where there are tiles, and if regions are as many as there are.

    python scripts/fuzz_trees.py [questions] [mutants of each] [seed]
"""

from __future__ import annotations

import argparse
import random
import re
import sys
import tempfile
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import polyrelu as pr
from polyrelu.certificates import checker, tree_checker
from polyrelu.engines.evidence.certify import certify
from polyrelu.engines.evidence.trees import write_trees
from tests.engines.evidence.questions import by_chance

NUMBERS = ["0", "1", "-1", "1/2", "-1/2", "2"]
NAMES = ["x0", "x1", "t0", "t1", "d0", "d1", *(f"{row}{i}" for row in ("z1.", "z2.", "a1.", "a2.") for i in range(3))]
KINDS = ["low", "up", "split", "none", "tile", "rest"]


def mutant(lines: list[str], rng: random.Random) -> list[str]:
    """A tree with some of its lines changed."""
    found = list(lines)
    for _ in range(rng.randint(1, 3)):
        k, other = rng.randrange(len(found)), rng.randrange(len(found))
        words = found[k].split()
        at = rng.randrange(len(words))
        kind = rng.randrange(6)
        if kind == 0 and len(found) > 1:
            del found[k]
        elif kind == 1:
            found.insert(k, found[other])
        elif kind == 2:
            found[k], found[other] = found[other], found[k]
        elif kind == 3:
            found[k] = rng.choice(["rest", "none", "tile " + " ".join(rng.choices(NUMBERS, k=rng.randint(0, 3)))])
        elif kind == 4:
            found[k] = " ".join([*words[:at], *words[at + 2 :]]) or "none"
        else:
            words[at] = rng.choice(KINDS if at == 0 else NUMBERS if at % 2 == 0 or words[0] == "tile" else NAMES)
            found[k] = " ".join(words)
    return found


def counts(claim: str) -> list[tuple[int, int]]:
    """For each target its tiles, and its further sets or flat parts."""
    return [(int(a), int(b)) for a, b in re.findall(r"(\d+) tiles, (\d+) (?:further|flat)", claim)]


def is_true(claim: str, truth: str, number: int) -> bool:
    """Whether a claim about a question with so many targets agrees with what is known."""
    if truth.startswith("empty"):
        return claim.startswith("holds") or claim == "regions: 0" or not any(tiles for tiles, _ in counts(claim))
    if truth.startswith("regions"):
        return claim == truth
    nothing = [(0, 0)] * number
    pairs = zip(counts(claim) or nothing, counts(truth) or nothing, strict=True)
    return all(
        (tiles + sets > 0 or full + flat == 0) and (full > 0 or tiles == 0) for (tiles, sets), (full, flat) in pairs
    )


def run(questions: int, each: int, seed: int) -> tuple[Counter[str], list[str]]:
    """What happened to mutants, and what is false of what was accepted."""
    counted, wrong = Counter[str](), list[str]()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "evidence")
        for own in range(seed, seed + questions):
            rng, text = random.Random(own), by_chance(own)
            said = pr.Statement.parse(text)
            certify(said, path, form="cells")
            truth = checker.check(text.encode(), [str(path)])
            for _ in range(each):
                lines = trees(said)
                path.write_text("\n".join([lines[0], *mutant(lines[1:], rng)]) + "\n")
                try:
                    claim = tree_checker.check(text.encode(), str(path))
                except tree_checker.Rejected:
                    counted["rejected"] += 1
                    continue
                counted["accepted"] += 1
                if not is_true(claim, truth, len(said.targets or ())):
                    wrong.append(f"{text}{path.read_text()}{claim}, but {truth}")
    return counted, wrong


def trees(said: pr.Statement) -> list[str]:
    """The lines of a statement's trees."""
    parts = list[str]()
    write_trees(said, lambda piece: parts.append(piece.decode()))
    return "".join(parts).splitlines()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("questions", nargs="?", type=int, default=100)
    parser.add_argument("each", nargs="?", type=int, default=30)
    parser.add_argument("seed", nargs="?", type=int, default=0)
    given = parser.parse_args()
    happened, false = run(given.questions, given.each, given.seed)
    print(*(f"{count} {what}" for what, count in happened.items()), sep=", ")
    print(*false[:3], sep="\n\n")
    sys.exit(f"{len(false)} that are false" if false else 0)
