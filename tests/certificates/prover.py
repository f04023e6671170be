"""A slow prover, to have certificates that no engine has made: exact cells, split row by row in their order.

It reads a statement with the checker's own eyes, which is what a dishonest prover would do, too.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from polyrelu.certificates import checker
from polyrelu.polyhedra.cell import Cell, cell_of, split

Stop = Callable[[Any, int, list[Any]], bool]


class Part(NamedTuple):
    """A cell with the bits of the rows decided so far, and the values after the last level that is done."""

    cell: Cell
    pattern: str
    forms: list[list[int]]


def in_full(rows: Any, length: int, vertices: list[Any]) -> bool:
    """Stop nowhere before the last row."""
    return False


def early(rows: Any, length: int, vertices: list[Any]) -> bool:
    """Stop wherever the checker's bounds allow it."""
    try:
        return bool(rows.misses(vertices, length))
    except checker.Rejected:
        return False


def at_random(seed: int) -> Stop:
    """Stop at some of the places where the checker's bounds allow it."""
    choice = random.Random(seed)
    return lambda rows, length, vertices: choice.random() < 0.3 and early(rows, length, vertices)


def certificate(text: str, head: Sequence[str] = (), stop: Stop = in_full, root: str = "") -> str:
    """A certificate of a statement; ``head`` has its lines on the domain's coordinates.

    The cells are those of which ``stop`` says so, given the rows, the length and the vertices, or which are through all
    rows; of a target's cells those that begin with ``root``.
    """
    statement = checker.Statement(text.encode())
    coordinates = checker.Coordinates(statement, [line.split() for line in head])
    lines = [f"polyrelu-cells 1 {statement.hash}", *head]
    numbers: list[int | None] = [*range(len(statement.targets))] or [None]
    for number in numbers:
        rows = checker.Rows(statement, coordinates, number)
        name = "regions" if number is None else f"{number:x}"
        lines += [f"cells {name} {root or '-'}", *cells(rows, stop, root)]
    return "\n".join(lines) + "\n"


def cells(rows: Any, stop: Stop, root: str = "") -> Iterator[str]:
    """The lines of a part."""
    forms = [tuple(-a for a in form) for form, k in zip(rows.domain[:-1], range(rows.base), strict=False)]
    kept = [k for k, form in enumerate(forms) if any(form)]
    start = cell_of([forms[k] for k in kept], kept, rows.d)
    known = dict[tuple[int, ...], int]()
    count = 0
    yield "b"
    for found in parts(rows, start, stop):
        if not found.pattern.startswith(root):
            continue
        count += 1
        names = list[int]()
        for generator in found.cell.generators:
            if generator not in known:
                known[generator] = len(known)
                yield "v " + " ".join(format(x, "x") for x in generator)
            names.append(known[generator])
        yield f"c {len(found.pattern):x} " + " ".join(format(len(known) - name, "x") for name in names)
    yield f"end {count:x}"


def parts(rows: Any, start: Cell, stop: Stop) -> Iterator[Part]:
    """The cells below one, depth first."""
    inputs = [[int(i == j) for j in range(rows.d + 1)] for i in range(rows.d + 1)]
    todo = [(Part(start, "", inputs), 0, list[list[int]]())]
    while todo:
        part, level, entering = todo.pop()
        if level == len(rows.levels):
            assert not part.cell.lines, "a line in all cells: say so in the head"
            yield part
            continue
        weights, q, mask = rows.levels[level]
        if not entering:
            entering = [[checker.dot(row, column) for column in zip(*part.forms, strict=True)] for row in weights]
        decided = len(part.pattern) - rows.start[level] + rows.base
        places = [k for k, numbered in enumerate(mask) if numbered]
        if decided == len(places):
            bits = iter(part.pattern[len(part.pattern) - decided :])
            after = [
                form if not on or next(bits) == "1" else [0] * len(form)
                for form, on in zip(entering, mask, strict=True)
            ]
            scale = [q * a for a in part.forms[-1]]
            todo.append((Part(part.cell, part.pattern, [*after, scale]), level + 1, []))
            continue
        if part.pattern and not part.cell.lines and stop(rows, len(part.pattern), vertices_of(rows, part.cell)):
            yield part
            continue
        form = entering[places[decided]]
        for bit, half in zip("01", split(part.cell, form, rows.base + len(part.pattern)), strict=True):
            if half is not None:
                todo.append((Part(half, part.pattern + bit, part.forms), level, entering))


def vertices_of(rows: Any, cell: Cell) -> list[Any]:
    """A cell's generators as the checker has them."""
    return [rows.vertex(generator) for generator in cell.generators]
