"""Statements by hand, one of each kind, and the checker's verdict about their certificates; and others by chance."""

from __future__ import annotations

import random
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import polyrelu as pr
from polyrelu.certificates import checker
from polyrelu.engines.evidence.affine_hull import Condition, Proof
from polyrelu.networks.statement_text import read_statement

ABS = "layer relu\n1 0\n-1 0\nlayer linear\n1 1 0\n"  # y0 = |x0|
TWO = "layer relu\n1 1 0\n1 -1 -1/2\nlayer linear\n1 -2 1/4\n"  # of x0 and x1
SUM = "layer relu\n1 1 -1\n2 2 1\nlayer linear\n1 -1 0\n"  # of x0 + x1 alone


def statement(inputs: int, domain: str, layers: str, *targets: str) -> str:
    """A statement; conditions are separated by semicolons."""
    lines = ["polyrelu-statement 1", f"inputs {inputs}"]
    if domain:
        lines += ["domain", *domain.split("; ")]
    lines += layers.splitlines()
    for target in targets:
        lines += ["target", *filter(None, target.split("; "))]
    return "\n".join(lines) + "\n"


KINDS = {
    "a box": (
        statement(1, "1 x0 >= -1; 1 x0 <= 2", ABS, "1 y0 <= 1/2"),
        "preimage: target 0: 2 tiles, 0 flat parts, 1 zones",
    ),
    "R^1": (statement(1, "", ABS, "1 y0 <= 1/2"), "preimage: target 0: 2 tiles, 0 flat parts, 1 zones"),
    "regions": (statement(2, "", TWO), "regions: 4"),
    "regions of a box": (statement(2, "1 x0 > 0; 1 x0 <= 1; 1 x1 >= 0; 1 x1 < 1", TWO), "regions: 2"),
    "two inequalities make it flat": (
        statement(2, "1 x0 1 x1 <= 1; -1 x0 -1 x1 <= -1; 1 x0 >= -2; 1 x0 <= 3", TWO, "1 y0 > 0"),
        "preimage: target 0: 2 tiles, 0 flat parts, 1 zones",
    ),
    "three inequalities make it flat": (
        statement(2, "1 x0 >= 0; 1 x1 >= 0; 2 x0 3 x1 <= 0", TWO, "1 y0 > 0"),
        "preimage: target 0: 1 tiles, 0 flat parts, 1 zones",
    ),
    "an equality": (
        statement(2, "1 x0 -3 x1 == 1/2; 1 x1 >= 0", TWO, "1 y0 <= 3/4"),
        "preimage: target 0: 1 tiles, 0 flat parts, 1 zones",
    ),
    "fixed inputs": (
        statement(
            3, "1 x1 == 1/3; 3 x2 <= -1; 1/2 x2 >= -1/6", "layer relu\n1 1 1 0\nlayer linear\n1 -1\n", "1 y0 < 0"
        ),
        "preimage: target 0: 2 tiles, 0 flat parts, 1 zones",
    ),
    "a point": (statement(1, "2 x0 == 1", ABS, "1 y0 == 1/2"), "preimage: target 0: 1 tiles, 0 flat parts, 1 zones"),
    "x1 is never used": (
        statement(2, "1 x0 >= -1", "layer relu\n1 0 0\nlayer linear\n1 0\n", "1 y0 > 1"),
        "preimage: target 0: 1 tiles, 0 flat parts, 1 zones",
    ),
    "x0 + x1 only": (statement(2, "", SUM, "1 y0 >= -2"), "preimage: target 0: 2 tiles, 0 flat parts, 1 zones"),
    "x0 + x1 only, in a strip": (
        statement(3, "1 x0 1 x1 <= 4; 1 x2 == 5", SUM.replace("1 1 -1\n2 2 1\n", "1 1 0 -1\n2 2 0 1\n"), "1 y0 >= -2"),
        "preimage: target 0: 2 tiles, 0 flat parts, 1 zones",
    ),
    "nothing is seen": (statement(2, "", TWO, "0 y0 <= 1"), "preimage: target 0: 1 tiles, 0 flat parts, 1 zones"),
    "nothing is seen, nor satisfied": (
        statement(2, "", TWO, "0 y0 <= -1"),
        "holds: no point of the domain maps into a target",
    ),
    "a target without conditions": (
        statement(2, "1 x1 >= 0", TWO, ""),
        "preimage: target 0: 1 tiles, 0 flat parts, 1 zones",
    ),
    "an empty domain": (
        statement(2, "1 x0 1 x1 <= 0; 1 x0 >= 1; 1 x1 >= 0", TWO, "1 y0 > 0"),
        "empty: the domain has no points",
    ),
    "strictly empty": (statement(1, "1 x0 < 1; 1 x0 >= 1", ABS), "empty: the domain has no points"),
    "strictly empty together": (
        statement(2, "1 x0 > 0; 1 x1 >= 0; 1 x0 1 x1 <= 0", TWO),
        "empty: the domain has no points",
    ),
    "empty by a false condition": (statement(1, "1 x0 < 1; 0 x0 == 3", ABS), "empty: the domain has no points"),
    "several targets": (
        statement(1, "1 x0 >= -3; 1 x0 <= 3", ABS, "1 y0 < 1", "1 y0 > 2; 1 x0 > 0", "1 y0 <= -1"),
        "preimage: target 0: 2 tiles, 0 flat parts, 1 zones; target 1: 1 tiles, 0 flat parts, 1 zones; "
        "target 2: 0 tiles, 0 flat parts, 0 zones",
    ),
    "a touched face": (
        statement(1, "1 x0 >= -3", ABS, "1 y0 <= 0"),
        "preimage: target 0: 0 tiles, 1 flat parts, 0 zones",
    ),
    "a face touched strictly": (
        statement(1, "1 x0 >= -3", ABS, "1 y0 < 0"),
        "holds: no point of the domain maps into a target",
    ),
    "an equality of the output": (
        statement(2, "1 x0 >= -1; 1 x0 <= 1; 1 x1 >= -1; 1 x1 <= 1", TWO, "1 y0 == 0"),
        "preimage: target 0: 0 tiles, 2 flat parts, 0 zones",
    ),
    "inputs and values in the middle": (
        statement(2, "", TWO, "1 h1.0 1 x1 <= 1; 1 y0 > 0; 1 x0 < 2"),
        "preimage: target 0: 4 tiles, 0 flat parts, 1 zones",
    ),
    "no ReLU": (
        statement(2, "1 x0 >= 0", "layer linear\n1 1 0\n1 -1 0\n", "1 y0 > 1; 1 y1 <= 2"),
        "preimage: target 0: 1 tiles, 0 flat parts, 1 zones",
    ),
    "regions without ReLU": (statement(2, "1 x0 >= 0", "layer linear\n1 1 0\n"), "regions: 1"),
    "linear values beside ReLUs": (
        statement(2, "", "layer 10\n1 0 0\n0 1 0\nlayer relu\n1 1 -1\n", "1 y0 >= 1"),
        "preimage: target 0: 2 tiles, 0 flat parts, 1 zones",
    ),
    "no inputs": (
        statement(0, "", "layer relu\n1\n-1\n", "1 y0 > 0"),
        "preimage: target 0: 1 tiles, 0 flat parts, 1 zones",
    ),
}
"""By name, a statement and what the checker says that is proved."""


def verdict(text: str, *paths: Path) -> str:
    """What the checker says is proved about a statement."""
    return checker.check(text.encode(), paths)  # type: ignore[no-any-return,no-untyped-call]


def by_chance(seed: int) -> str:
    """A small statement with much that is degenerate."""
    r = random.Random(seed)
    dim = r.randint(1, 3)
    inputs = [f"x{i}" for i in range(dim)]
    domain = []
    if r.random() < 0.5:
        for x in inputs:
            domain += [f"1 {x} >= {r.choice(['-6', '-1', '0'])}", f"1 {x} <= {r.choice(['6', '1', '1', '0'])}"]
    domain += [_condition(r, inputs) for _ in range(r.choice([0, 0, 1, 2, 3]))]
    r.shuffle(domain)
    layers, width, names = [], dim, list(inputs)
    depth = r.randint(1, 3)
    for layer in range(1, depth + 1):
        count = r.randint(1, 3)
        layers.append("layer " + "".join(r.choice("1110" if layer < depth else "10000") for _ in range(count)))
        layers += [" ".join(_number(r) for _ in range(width + 1)) for _ in range(count)]
        width = count
        names += [f"{f'h{layer}.' if layer < depth else 'y'}{i}" for i in range(count)]
    targets = [
        "; ".join(_condition(r, names if r.random() < 0.4 else names[-width:]) for _ in range(r.randint(1, 2)))
        for _ in range(r.choice([0, 1, 1, 2]))
    ]
    return statement(dim, "; ".join(domain), "\n".join(layers) + "\n", *targets)


def _number(r: random.Random) -> str:
    return r.choice(["-2", "-1", "-1/2", "0", "0", "1/3", "1", "2", "0.25"])


def _condition(r: random.Random, names: list[str]) -> str:
    chosen = r.sample(names, r.randint(1, min(2, len(names))))
    relation = r.choice(["<=", ">=", "<=", ">=", "<", ">", "=="])
    return (
        " ".join(f"{r.choice(['-2', '-1', '1', '1', '1/2'])} {name}" for name in chosen) + f" {relation} {_number(r)}"
    )


def conditions(text: str) -> list[Condition]:
    """The conditions of a statement's domain, as they are written."""
    said = read_statement(text, "a test").domain
    return [Condition({j: a for (_, j), a in one.coefficients.items() if a}, one.offset, one.relation) for one in said]


def total(conditions: Sequence[Condition], proof: Proof) -> tuple[dict[int, Fraction], Fraction]:
    """The sum of s (a.x - b): its entries that are not zero, and its constant; that the signs of s are allowed."""
    normal, constant = dict[int, Fraction](), Fraction(0)
    for number, s in proof.items():
        condition = conditions[number]
        assert s > 0 or condition.relation == "=="
        constant -= s * condition.bound
        for j, a in condition.normal.items():
            normal[j] = normal.get(j, Fraction(0)) + s * a
    return {j: a for j, a in normal.items() if a}, constant


def saved(text: str, path: Path) -> pr.Statement:
    """The statement, written to a file as it is."""
    path.write_text(text)
    return pr.Statement.load(path)
