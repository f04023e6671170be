"""A slow prover, to have certificates that no engine has made: exact cells, split row by row in their order.

It reads a statement with the checker's own eyes, which is what a dishonest prover would do, too.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from polyrelu.certificates import checker
from polyrelu.polyhedra.cell import Cell, cell_of, split

Form = tuple[int, ...]
Stop = Callable[[Any, int, list[Any]], bool]


class Part(NamedTuple):
    """A cell with the bits of the rows decided so far, and the values of the levels that are done."""

    cell: Cell
    pattern: str
    forms: list[Form]


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
    lines = [f"polyrelu-cells 1 {statement.hash}", *(line for line in head if not line.startswith("line"))]
    numbers: list[int | None] = [*range(len(statement.targets))] or [None]
    for number in numbers:
        rows = checker.Rows(statement, coordinates, number)
        name = "regions" if number is None else f"{number:x}"
        lines += [f"cells {name} {root or '-'}", *(line for line in head if line.startswith("line"))]
        lines += cells(rows, stop, root)
    return "\n".join(lines) + "\n"


def cells(rows: Any, stop: Stop, root: str = "") -> Iterator[str]:
    """The lines of a part."""
    known = dict[tuple[int, ...], int]()
    count = 0
    yield "b"
    for found in parts(rows, stop):
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


def entering(level: Any, forms: list[Form]) -> list[Form]:
    """The values of a level's rows, before their ReLUs, as forms on (u, t)."""
    indices, rows, *_ = level
    return [tuple(form) for form in checker.columnwise(rows, [forms[i] for i in indices])]


def parts(rows: Any, stop: Stop) -> Iterator[Part]:
    """The cells below the domain, depth first."""
    forms: list[Form] = [tuple(int(i == j) for j in range(rows.d + 1)) for i in range(rows.d + 1)]
    forms += entering(rows.levels[0], forms)
    ends = entering(rows.levels[1], forms)
    kept = [k for k, end in enumerate(ends[:-1]) if any(end)]
    start = cell_of([ends[k] for k in kept], kept, rows.d)
    todo = [(Part(start, "", forms + ends), 2, list[Form]())]
    while todo:
        part, level, values = todo.pop()
        if level == len(rows.levels):
            assert not part.cell.lines, "a line in all cells: say so in the head"
            yield part
            continue
        numbered, relu = rows.levels[level][2:]
        values = values or entering(rows.levels[level], part.forms)
        decided = len(part.pattern) - rows.start[level] + rows.base
        places = [k for k, on in enumerate(numbered) if on]
        if decided == len(places):
            bits = iter(part.pattern[len(part.pattern) - decided :])
            after = [
                (0,) * len(value) if on and next(bits) == "0" and cut else value
                for value, on, cut in zip(values, numbered, relu, strict=True)
            ]
            todo.append((Part(part.cell, part.pattern, part.forms + after), level + 1, []))
            continue
        if part.pattern and not part.cell.lines and stop(rows, len(part.pattern), vertices_of(rows, part.cell)):
            yield part
            continue
        for bit, half in zip(
            "01", split(part.cell, values[places[decided]], rows.base + len(part.pattern)), strict=True
        ):
            if half is not None:
                todo.append((Part(half, part.pattern + bit, part.forms), level, values))


def vertices_of(rows: Any, cell: Cell) -> list[Any]:
    """A cell's generators as the checker has them."""
    return [rows.vertex(generator) for generator in cell.generators]
