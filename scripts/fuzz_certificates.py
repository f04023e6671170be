"""Gives the checker subsets of the true cells of degenerate networks: it accepts those that cover the domain.

    python scripts/fuzz_certificates.py [planar networks] [spatial networks] [seed]

The cells are those of a full cover and of one that ends early, taken together. Whether some of them cover the domain
is decided apart from the checker: in the plane by their areas, in exact arithmetic, where a cell within another one
does not count; in space by the signs of the network at inner points of all cells of the full cover, in fractions.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import sys
import tempfile
from collections import Counter
from fractions import Fraction
from functools import cmp_to_key
from itertools import pairwise
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from polyrelu.certificates import checker
from tests.certificates import prover

Point = tuple[Fraction, ...]


def network(rng: random.Random, inputs: int) -> tuple[str, list[tuple[list[list[int]], bool]]]:
    """A question in a box, and its layers."""
    widths = [inputs, *(rng.randint(1, 4) for _ in range(rng.randint(1, 2))), 1]
    lines = ["polyrelu-statement 1", f"inputs {inputs}", "domain"]
    lines += [f"1 x{i} {side} 2" for i in range(inputs) for side in (">= -", "<=")]
    lines = [line.replace("- 2", "-2") for line in lines]
    layers = []
    for k, (a, b) in enumerate(pairwise(widths)):
        relu = k < len(widths) - 2
        rows = [[rng.choice([-1, 0, 1]) for _ in range(a + 1)] for _ in range(b)]
        layers.append((rows, relu))
        lines += [f"layer {'relu' if relu else 'linear'}", *(" ".join(map(str, row)) for row in rows)]
    lines += ["target", rng.choice(["1 y0 <= 0", "1 y0 < 0", "1 y0 == 0", "1 y0 >= 1"])]
    return "\n".join(lines) + "\n", layers


def listed(text: str, stop: prover.Stop) -> dict[str, list[tuple[int, ...]]]:
    """Patterns and vertices of the cells of a cover."""
    rows = checker.Target(checker.Statement(text.encode()), {}, 0)
    return {found.pattern: list(found.cell.generators) for found in prover.parts(rows, stop)}


def area(vertices: list[tuple[int, ...]]) -> Fraction:
    """Of the hull of points in convex position in the plane."""
    points = [(Fraction(x, t), Fraction(y, t)) for x, y, t in vertices]
    cx, cy = (sum(column) / len(points) for column in zip(*points, strict=True))
    rays = [(x - cx, y - cy) for x, y in points]

    def turn(a: Point, b: Point) -> int:
        lower = [(y, x) < (0, 0) for x, y in (a, b)]
        cross = a[0] * b[1] - a[1] * b[0]
        return lower[0] - lower[1] or (cross < 0) - (cross > 0)

    rays.sort(key=cmp_to_key(turn))
    return abs(sum(a[0] * b[1] - a[1] * b[0] for a, b in zip(rays, rays[1:] + rays[:1], strict=True)) / 2)


def maximal(patterns: list[str]) -> list[str]:
    """Those that do not begin with another one."""
    return [p for p in patterns if not any(q != p and p.startswith(q) for q in patterns)]


def signs(layers: list[tuple[list[list[int]], bool]], relation: str, x: Point) -> str:
    """The bits of all rows at a point of the inputs."""
    bits, h = "", list(x)
    for rows, relu in layers:
        z = [sum(w * v for w, v in zip(row, [*h, 1], strict=True)) for row in rows]
        bits += "".join("01"[value > 0] for value in z) if relu else ""
        h = [max(value, Fraction(0)) for value in z] if relu else z
    violated = {"1 y0 >= 1": 1 - h[0]}.get(relation, h[0])
    return bits + "01"[violated > 0]


def certificate(text: str, cells: list[tuple[str, list[tuple[int, ...]]]]) -> str:
    """The cells as a certificate, each with vertices of its own."""
    lines = [f"polyrelu-cells 1 {hashlib.sha256(text.encode()).hexdigest()}", "cells 0 -"]
    for pattern, vertices in cells:
        lines += ["b", *("v " + " ".join(format(x, "x") for x in vertex) for vertex in vertices)]
        lines.append(f"c {len(pattern):x} " + " ".join(format(k, "x") for k in range(len(vertices), 0, -1)))
    return "\n".join([*lines, f"end {len(cells):x}"]) + "\n"


def run(planar: int, spatial: int, seed: int, each: int = 6) -> tuple[Counter[str], list[str]]:
    """Counts of what happened, and certificates on which checker and oracle do not agree."""
    rng, counts, wrong = random.Random(seed), Counter[str](), list[str]()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "certificate"
        for inputs in [2] * planar + [3] * spatial:
            text, layers = network(rng, inputs)
            full, short = listed(text, prover.in_full), listed(text, prover.at_random(rng.randrange(2**32)))
            cells = full | short
            relation = text.rstrip().split("\n")[-1]
            centres = [
                tuple(sum(Fraction(v[i], v[-1]) for v in vertices) / len(vertices) for i in range(inputs))
                for vertices in full.values()
            ]
            patterns = [signs(layers, relation, centre) for centre in centres]
            for _ in range(each):
                names = rng.choice([list(full), list(short), list(cells)])
                out = rng.choice([0, 0, 1, 1, 2, rng.randint(0, len(names) - 1)])
                kept = rng.sample(names, max(len(names) - out, 1))
                if inputs == 2:
                    covers = sum(area(cells[name]) for name in maximal(kept)) == 16
                else:
                    seen = [sum(bits.startswith(name) for name in kept) for bits in unseen(patterns, full)]
                    covers = all(seen)
                covers = covers and len(maximal(kept)) == len(kept)  # cells that lie in another one overlap
                path.write_text(certificate(text, [(name, cells[name]) for name in kept]), encoding="utf-8")
                try:
                    checker.check(text.encode(), [str(path)])
                    accepted = True
                except checker.Rejected:
                    accepted = False
                counts[f"{inputs} inputs, {'accepted' if accepted else 'rejected'}"] += 1
                if accepted != covers:
                    wrong.append(f"{text}{path.read_text(encoding='utf-8')}{accepted}, but {covers}")
    return counts, wrong


def unseen(patterns: list[str], full: dict[str, list[tuple[int, ...]]]) -> list[str]:
    """The rows that are numbered, of all signs: those of the cells themselves where neurons are not seen."""
    return patterns if set(patterns) == set(full) else list(full)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("planar", nargs="?", type=int, default=100)
    parser.add_argument("spatial", nargs="?", type=int, default=10)
    parser.add_argument("seed", nargs="?", type=int, default=0)
    given = parser.parse_args()
    happened, false = run(given.planar, given.spatial, given.seed)
    print(*(f"{count} {what}" for what, count in happened.items()), sep=", ")
    print(*false[:3], sep="\n\n")
    sys.exit(f"{len(false)} on which they do not agree" if false else 0)
