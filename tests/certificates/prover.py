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
        return bool(rows.misses(vertices, rows.base + length))
    except (checker.Rejected, ZeroDivisionError):  # the latter by a direction, which has no values
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
    lines = [f"polyrelu-cells 1 {statement.hash}", *(line for line in head if not line.startswith("line"))]
    numbers: list[int | None] = [*range(len(statement.targets))] or [None]
    for number in numbers:
        rows = checker.Target(statement, by_inputs(head), number)
        name = "regions" if number is None else f"{number:x}"
        lines += [f"cells {name} {root or '-'}", *(line for line in head if line.startswith("line"))]
        lines += cells(rows, stop, root)
    return "\n".join(lines) + "\n"


def by_inputs(head: Sequence[str]) -> dict[int, tuple[str, ...]]:
    """The lines on coordinates as the checker keeps them."""
    return {int(number, 16): (word, *words) for word, number, *words in map(str.split, head)}


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


def combined(rows: list[list[int]], forms: list[Form]) -> list[Form]:
    """The products of a level's rows, as forms on (u, t)."""
    return [
        tuple(sum(a * form[k] for a, form in zip(row, forms, strict=False)) for k in range(len(forms[0])))
        for row in rows
    ]


def parts(rows: Any, stop: Stop) -> Iterator[Part]:
    """The cells below the domain, depth first."""
    forms: list[Form] = [tuple(int(i == j) for j in range(rows.d + 1)) for i in range(rows.d + 1)]
    ends = combined(rows.levels[0][1][: rows.base], forms)
    kept = [k for k, end in enumerate(ends[:-1]) if any(end)]
    todo = [(Part(cell_of([ends[k] for k in kept], kept, rows.d), "", forms), 0, list[Form]())]
    while todo:
        part, level, values = todo.pop()
        if level == len(rows.levels):
            assert not part.cell.lines, "a line in all cells: say so in the head"
            yield part
            continue
        start, integers, numbered, relu = rows.levels[level]
        values = values or combined(integers, part.forms)
        row = rows.base + len(part.pattern)  # the next one
        if row == start + numbered:
            bits = "0" * rows.base + part.pattern
            off = [relu and k < numbered and bits[start + k] == "0" for k in range(len(values))]
            after = [(0,) * (rows.d + 1) if is_off else value for is_off, value in zip(off, values, strict=True)]
            todo.append((Part(part.cell, part.pattern, after), level + 1, []))
            continue
        if part.pattern and not part.cell.lines and stop(rows, len(part.pattern), vertices_of(rows, part.cell)):
            yield part
            continue
        for bit, half in zip("01", split(part.cell, values[row - start], row), strict=True):
            if half is not None:
                todo.append((Part(half, part.pattern + bit, part.forms), level, values))


def vertices_of(rows: Any, cell: Cell) -> list[Any]:
    """A cell's generators as the checker has them."""
    return [rows.vertex(generator) for generator in cell.generators]
