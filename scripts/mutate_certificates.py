"""Changes certificates and questions at random: what is still accepted has to be true.

    python scripts/mutate_certificates.py [mutants] [seed]

What a certificate proves (tiles, flat parts, zones, regions) depends on its question alone. So a changed certificate
that is accepted has to prove what the right one proves, and one of a changed question what a new certificate of that
question proves, which the slow prover of the tests makes.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from polyrelu.certificates import checker
from tests.certificates import prover

Lines = list[list[str]]
Kind = Callable[[random.Random, Lines], None]


def proved(question: str, certificate: str, path: Path) -> str | None:
    """What is proved, or None."""
    path.write_text(certificate, encoding="utf-8")
    try:
        return checker.check(question.encode(), [str(path)])
    except checker.Rejected:
        return None


def pick(rng: random.Random, lines: Lines, word: str) -> int:
    """The place of a line that begins with a word."""
    return rng.choice([i for i, line in enumerate(lines) if line[0] == word])


def hexadecimal(change: Callable[[random.Random, int], int], word: str, first: int, last: int | None = None) -> Kind:
    """A kind that changes a number of a line."""

    def kind(rng: random.Random, lines: Lines) -> None:
        line = lines[pick(rng, lines, word)]
        i = rng.choice(range(len(line))[first:last])
        line[i] = format(change(rng, int(line[i], 16)), "x")

    return kind


def drop(word: str) -> Kind:
    """A kind that leaves out a line."""

    def kind(rng: random.Random, lines: Lines) -> None:
        del lines[pick(rng, lines, word)]

    return kind


def double(rng: random.Random, lines: Lines) -> None:
    """A cell twice."""
    i = pick(rng, lines, "c")
    lines.insert(i, [*lines[i]])


def drop_some(rng: random.Random, lines: Lines) -> None:
    """Cells one after the other are left out."""
    i = pick(rng, lines, "c")
    for j in range(min(i + rng.randint(2, 9), len(lines)) - 1, i - 1, -1):
        if lines[j][0] == "c":
            del lines[j]


def merge(rng: random.Random, lines: Lines) -> None:
    """A cell has the vertices of the one before, too."""
    i = pick(rng, lines, "c")
    for j in range(i - 1, 0, -1):
        if lines[j][0] == "c":
            between = sum(line[0] == "v" for line in lines[j:i])
            lines[i] += [format(int(back, 16) + between, "x") for back in lines[j][2:]]
            lines[i][2:] = sorted(set(lines[i][2:]))
            del lines[j]
            return


def exchange(rng: random.Random, lines: Lines) -> None:
    """Two cells exchange their vertices' numbers."""
    i, j = pick(rng, lines, "c"), pick(rng, lines, "c")
    lines[i][2:], lines[j][2:] = lines[j][2:], lines[i][2:]


def swap_lines(word: str) -> Kind:
    """A kind in which two lines change their places."""

    def kind(rng: random.Random, lines: Lines) -> None:
        i, j = pick(rng, lines, word), pick(rng, lines, word)
        lines[i], lines[j] = lines[j], lines[i]

    return kind


def of_cell(change: Callable[[random.Random, list[str]], object]) -> Kind:
    """A kind that changes the vertices of a cell."""

    def kind(rng: random.Random, lines: Lines) -> None:
        line = lines[pick(rng, lines, "c")]
        change(rng, line)

    return kind


def inner(rng: random.Random, lines: Lines) -> None:
    """The middle of two vertices is one, too, in front or at the end."""
    i = pick(rng, lines, "c")
    vertices = [[int(x, 16) for x in line[1:]] for line in lines[:i] if line[0] == "v"]
    a, b = (vertices[-int(back, 16)] for back in rng.choices(lines[i][2:], k=2))
    middle = (
        [x * b[-1] + y * a[-1] for x, y in zip(a, b, strict=True)]
        if a[-1] and b[-1]
        else [*map(sum, zip(a, b, strict=True))]
    )
    ids = [format(int(back, 16) + 1, "x") for back in lines[i][2:]]
    lines[i][2:] = rng.choice([["1", *ids], [*ids, "1"], ["1", *ids[1:]]])
    lines.insert(i, ["v", *(format(x, "x") for x in middle)])
    for line in lines[i + 2 :]:
        if line[0] == "b":
            return
        if line[0] == "c":
            line[2:] = [format(int(back, 16) + (int(back, 16) > 1), "x") for back in line[2:]]


def scale(rng: random.Random, lines: Lines) -> None:
    """A vertex by a multiple."""
    line = lines[pick(rng, lines, "v")]
    factor = rng.choice([-1, 2, 3, 0])
    line[1:] = [format(int(x, 16) * factor, "x") for x in line[1:]]


def direction(rng: random.Random, lines: Lines) -> None:
    """A vertex that is a direction, or no longer one."""
    line = lines[pick(rng, lines, "v")]
    line[-1] = "1" if line[-1] == "0" else "0"


def permute(rng: random.Random, lines: Lines) -> None:
    """A vertex with other coordinates' values."""
    line = lines[pick(rng, lines, "v")]
    line[1:-1] = rng.sample(line[1:-1], len(line) - 2)


def same(rng: random.Random, lines: Lines) -> None:
    """A vertex that is another one."""
    lines[pick(rng, lines, "v")][:] = lines[pick(rng, lines, "v")]


def root(rng: random.Random, lines: Lines) -> None:
    """A part of another root."""
    line = lines[pick(rng, lines, "cells")]
    line[2] = rng.choice([line[2] + "0", line[2] + "1", "0", "1", "-"])


def truncate(rng: random.Random, lines: Lines) -> None:
    """The file ends early."""
    del lines[rng.randrange(2, len(lines)) :]


def block(rng: random.Random, lines: Lines) -> None:
    """A block begins."""
    lines.insert(pick(rng, lines, rng.choice("vc")), ["b"])


def another_word(rng: random.Random, lines: Lines) -> None:
    """A line of another kind."""
    lines[rng.randrange(1, len(lines))][0] = rng.choice(["v", "c", "b", "cells", "end", "eq", "line", "empty", "x"])


def other_target(rng: random.Random, lines: Lines) -> None:
    """A part of another target."""
    lines[pick(rng, lines, "cells")][1] = rng.choice(["0", "1", "regions"])


def digit(rng: random.Random, lines: Lines) -> None:
    """A digit of any number."""
    line = lines[rng.randrange(1, len(lines))]
    if len(line) > 1:
        i = rng.randrange(1, len(line))
        j = rng.randrange(len(line[i]))
        line[i] = line[i][:j] + rng.choice("0123456789abcdef-") + line[i][j + 1 :]


def drop_both(rng: random.Random, lines: Lines) -> None:
    """A cell and a vertex are left out."""
    drop("c")(rng, lines)
    drop("v")(rng, lines)


EVIDENCE: dict[str, Kind] = {
    "drop a cell and a vertex": drop_both,
    "drop a cell": drop("c"),
    "double a cell": double,
    "drop cells": drop_some,
    "merge cells": merge,
    "exchange cells": exchange,
    "cells in another order": swap_lines("c"),
    "vertices in another order": swap_lines("v"),
    "drop a vertex": drop("v"),
    "move a vertex": hexadecimal(lambda rng, x: x + rng.choice([-1, 1]), "v", 1, -1),
    "move a vertex far": hexadecimal(lambda rng, x: x + rng.randint(-9, 9) * 16 ** rng.randint(0, 9), "v", 1, -1),
    "negate a coordinate": hexadecimal(lambda rng, x: -x, "v", 1, -1),
    "change t": hexadecimal(lambda rng, x: max(x + rng.choice([-1, 1]), 0), "v", -1),
    "scale a vertex": scale,
    "a direction": direction,
    "permute coordinates": permute,
    "two vertices are one": same,
    "an inner point": inner,
    "leave out a vertex of a cell": of_cell(lambda rng, line: line.pop(rng.randrange(2, len(line)))),
    "repeat a vertex of a cell": of_cell(lambda rng, line: line.append(rng.choice(line[2:]))),
    "a vertex more": of_cell(lambda rng, line: line.append(format(rng.randint(1, 12), "x"))),
    "another vertex": hexadecimal(lambda rng, x: x + rng.choice([-1, 1]), "c", 2),
    "reversed vertices": of_cell(lambda rng, line: line.__setitem__(slice(2, None), line[:1:-1])),
    "longer": hexadecimal(lambda rng, x: x + 1, "c", 1, 2),
    "shorter": hexadecimal(lambda rng, x: max(x - 1, 0), "c", 1, 2),
    "much shorter": hexadecimal(lambda rng, x: rng.randint(0, x), "c", 1, 2),
    "a root": root,
    "truncate": truncate,
    "a block": block,
    "another word": another_word,
    "another target": other_target,
    "a digit": digit,
}


def number(rng: random.Random, lines: Lines) -> None:
    """A number of the question is another one."""
    places = [(i, j) for i, line in enumerate(lines[2:], 2) for j, x in enumerate(line) if x.lstrip("-").isdigit()]
    i, j = rng.choice(places)
    if lines[i][0] != "layer":
        lines[i][j] = str(int(lines[i][j]) + rng.choice([-2, -1, 1]))


def relation(rng: random.Random, lines: Lines) -> None:
    """A condition has another relation."""
    line = rng.choice([line for line in lines if set(line) & set(checker.SIDES)] or [["", "", ""]])
    line[-2] = rng.choice([*checker.SIDES])


def relu(rng: random.Random, lines: Lines) -> None:
    """A layer is linear, or not."""
    line = lines[pick(rng, lines, "layer")]
    line[1] = {"relu": "linear", "linear": "relu"}[line[1]]


def condition(rng: random.Random, lines: Lines) -> None:
    """A condition is left out."""
    places = [i for i, line in enumerate(lines) if set(line) & set(checker.SIDES)]
    if places:
        del lines[rng.choice(places)]


QUESTION: dict[str, Kind] = {"a number": number, "a relation": relation, "a ReLU": relu, "a condition": condition}


def question(rng: random.Random) -> str:
    """A question of two to five inputs, degenerate or not; bounded or not; with all kinds of targets."""
    inputs = rng.choice([2, 2, 2, 3, 3, 4, 5])
    widths = [inputs, *(rng.randint(1, 6 - inputs + (inputs < 5)) for _ in range(rng.randint(1, 2))), 2]
    lines = ["polyrelu-statement 1", f"inputs {inputs}", "domain"]
    free = rng.random() < 0.2
    for i in range(inputs):
        signs = [rng.choice([">=", ">"]), rng.choice(["<=", "<"])] if rng.random() < 0.2 else [">=", "<="]
        lines += [f"1 x{i} {signs[0]} {-2 if free else -1}"]
        lines += [f"1 x{i} {signs[1]} 2"] if not free else []
    big = rng.random() < 0.4
    for k, (a, b) in enumerate(pairwise(widths)):
        lines.append("layer linear" if k == len(widths) - 2 else "layer relu")
        lines += [
            " ".join(str(rng.randint(-9, 9) if big else rng.choice([-1, 0, 1])) for _ in range(a + 1)) for _ in range(b)
        ]
    targets = [
        [],
        [["1 y0 <= 0"]],
        [["1 y0 < 0"]],
        [["1 y0 == 0"]],
        [["1 y0 -1 y1 <= 0", "1 y1 < 1"]],
        [["1 y0 > 0"], ["1 y1 <= 1", "1 x0 <= 1"]],
        [["1 y0 <= -99"]],
        [["1 y0 >= 0", "1 h1.0 <= 1"]],
        [["1 y0 <= 0", "2 y0 <= 0"]],
    ]
    for target in rng.choice(targets):
        lines += ["target", *target]
    return "\n".join(lines) + "\n"


def in_parts(text: str, head: list[str], rng: random.Random) -> str:
    """A certificate in two parts, where each has a cell."""
    halves = [prover.certificate(text, head, root=root) for root in "01"]
    if any("\nend 0" in half for half in halves):
        return prover.certificate(text, head)
    return halves[0] + "\n".join(line for line in halves[1].split("\n")[1 + len(head) :])


def certified(rng: random.Random) -> tuple[str, str]:
    """A question and its certificate: whole, with early cells, or in parts."""
    while True:
        text, head = question(rng), list[str]()
        if rng.random() < 0.15:  # a flat domain, of the first input
            lines = text.split("\n")
            lines[3:5] = ["1 x0 == 1"] if "<" in lines[4] and "x0" in lines[4] else lines[3:5]
            text = "\n".join(lines)
            head = ["eq 0 0 1 | 0 -1"] if "==" in lines[3] else []
        try:
            how = rng.randrange(3)
            if how == 2:
                return text, in_parts(text, head, rng)
            return text, prover.certificate(text, head, [prover.in_full, prover.early][how])
        except (AssertionError, checker.Rejected):
            continue  # it has lines


def written(lines: Lines) -> str:
    """The lines as a file."""
    return "\n".join(" ".join(line) for line in lines) + "\n"


def repaired(lines: Lines) -> None:
    """Each part says how many cells it has."""
    count = 0
    for line in lines:
        count = 0 if line[0] == "cells" else count + (line[0] == "c")
        if line[0] == "end":
            line[1:] = [format(count, "x")]


def run(mutants: int, seed: int, each: int = 120) -> tuple[Counter[str], list[str]]:
    """Counts of what happened, and what was accepted and is false: question, certificate, claim."""
    rng, counts, wrong = random.Random(seed), Counter[str](), list[str]()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "certificate"
        while counts["mutants"] < mutants:
            text, right = certified(rng)
            claim = proved(text, right, path)
            assert claim is not None, (text, right)
            counts["certificates"] += 1
            for _ in range(min(each, mutants - counts["mutants"])):
                counts["mutants"] += 1
                if rng.random() < 0.12:
                    name, kind = rng.choice([*QUESTION.items()])
                    lines = [line.split() for line in text.split("\n") if line]
                    kind(rng, lines)
                    changed = written(lines)
                    certificate = right.replace(old_hash(right), checker.hashlib.sha256(changed.encode()).hexdigest())
                else:
                    name, kind = rng.choice([*EVIDENCE.items()])
                    lines = [line.split() for line in right.split("\n") if line]
                    try:
                        kind(rng, lines)
                    except (IndexError, ValueError):
                        counts["not made"] += 1
                        continue
                    repaired(lines)
                    changed, certificate = text, written(lines)
                found = proved(changed, certificate, path)
                if found is None:
                    counts["rejected"] += 1
                elif changed == text:
                    counts["accepted, the same claim"] += found == claim
                    wrong += [] if found == claim else [f"{name}\n{changed}{certificate}{found}, but {claim}"]
                else:
                    head = [line for line in right.split("\n") if line[:3] == "eq "]
                    try:
                        truth = proved(changed, prover.certificate(changed, head), path)
                    except (AssertionError, IndexError):
                        truth = None
                    counts["accepted, true of the changed question"] += found == truth
                    wrong += [] if found == truth else [f"{name}\n{changed}{certificate}{found}, but {truth}"]
    return counts, wrong


def old_hash(certificate: str) -> str:
    """The hash in a certificate's first line."""
    return certificate.split("\n", 1)[0].split()[2]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("mutants", nargs="?", type=int, default=1000)
    parser.add_argument("seed", nargs="?", type=int, default=0)
    given = parser.parse_args()
    happened, false = run(given.mutants, given.seed)
    print(*(f"{count} {what}" for what, count in happened.items()), sep=", ")
    print(*false[:3], sep="\n\n")
    sys.exit(f"{len(false)} accepted and false" if false else 0)
