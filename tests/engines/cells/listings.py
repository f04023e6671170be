"""What the engine lists as evidence, read slowly: every form and vertex is computed anew, from the lines alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import gcd
from pathlib import Path
from typing import NamedTuple, TypeAlias

from flint import fmpz_mat

import polyrelu as pr
from polyrelu.arithmetic.exact import primitive
from polyrelu.certificates import checker
from polyrelu.engines.cells.evidence import write_rows
from polyrelu.networks.relevant_part import Restriction, keep_all, restrict_as_stated
from polyrelu.polyhedra.double_description import cone_generators
from polyrelu.polyhedra.halfspace import Halfspace
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.tilings.chart import Chart, chart

Vector: TypeAlias = tuple[int, ...]
Bits: TypeAlias = tuple[int, ...]


class Listed(NamedTuple):
    """A cell that is listed: the bits of its pattern, and its vertices, primitive, on (u, t)."""

    pattern: Bits
    vertices: frozenset[Vector]


@dataclass(frozen=True)
class Question:
    """A network, a domain that is not empty, and a target, or None for the linear regions."""

    network: pr.Network
    domain: Polyhedron
    target: Polyhedron | None

    @cached_property
    def restriction(self) -> Restriction:
        return keep_all(self.network) if self.target is None else restrict_as_stated(self.network, self.target)

    @cached_property
    def chart(self) -> Chart:
        return chart(self.domain, self.restriction.moving)

    @cached_property
    def facet_rows(self) -> list[int]:
        """The rows of the chart's facets; those that the domain does not write get numbers behind its own."""
        written = [row.closed() for row in self.domain.halfspaces]
        rows = list[int]()
        for facet in self.chart.facets:
            if facet not in written:
                written.append(facet)
            rows.append(written.index(facet))
        return rows

    @property
    def t_row(self) -> int:
        return max([len(self.domain.halfspaces) - 1, *self.facet_rows]) + 1

    def lines(self, compiled: bool = True) -> bytes:
        """The lines that the engine writes."""
        found: list[bytes] = []
        rows, t_row = self.facet_rows, self.t_row
        count = write_rows(self.restriction, self.domain, rows, t_row, found.append, compiled=compiled)
        lines = b"".join(found)
        assert count == lines.count(b"\nc ")
        return lines

    def listed(self, lines: bytes) -> list[Listed]:
        """The cells of some lines, each shown to be what its pattern says, with all its vertices and no others."""
        return list(self._listed(lines, check=True))

    def _listed(self, lines: bytes, check: bool) -> Iterator[Listed]:
        rows, ones, vertices = list[list[int]](), set[int](), list[Vector]()
        for word, *words in map(str.split, lines.decode().splitlines()):
            numbers = [int(number, 16) for number in words]
            if word == "b":
                ones, vertices = set(), []
            elif word == "p":
                ones ^= set(numbers)
            elif word == "w":
                rows.append(numbers)
            else:
                assert word == "c"
                length, *backs = numbers
                assert all(one < length for one in ones)
                cell = _Region(self, tuple(int(k in ones) for k in range(length)))
                vertices += map(cell.vertex, rows)
                rows.clear()
                assert len(vertices) <= 2**16
                assert all(1 <= back <= len(vertices) for back in backs)
                own = [vertices[-back] for back in backs]
                assert len(set(own)) == len(own)
                if check:
                    cell.check(set(own))
                yield Listed(cell.pattern, frozenset(own))

    def is_in_region(self, pattern: Bits, point: Vector) -> bool:
        """Whether a point (u, t) has the signs of a pattern, zero allowed."""
        region = _Region(self, pattern)
        return all(_value(region.inside(row), point) >= 0 for row in region.forms)

    def certificate(self, lines: bytes) -> str:
        """The certificate with coordinates that some lines stand for, where u is x."""
        assert self.chart.is_identity
        name = "regions" if self.target is None else "0"
        said = [f"polyrelu-cells 1 {checker.Statement(self.statement.encode()).hash}", f"cells {name} -"]
        cells = list(self._listed(lines, check=False))
        for cell in cells:
            said.append("b")
            said += ["v " + " ".join(f"{v:x}" for v in vertex) for vertex in cell.vertices]
            said.append(f"c {len(cell.pattern):x} " + " ".join(f"{k + 1:x}" for k in range(len(cell.vertices))))
        return "\n".join([*said, f"end {len(cells):x}"]) + "\n"

    @property
    def statement(self) -> str:
        """The question as a statement."""
        said = ["polyrelu-statement 1", f"inputs {self.network.input_dim}", "domain"]
        said += [_condition(row, "x") for row in self.domain.halfspaces]
        for layer in self.network.layers:
            said.append("layer " + "".join("01"[on] for on in layer.relu))
            said += [
                " ".join(str(Fraction(v)) for v in (*row, offset))
                for row, offset in zip(layer.rows, layer.offsets, strict=True)
            ]
        if self.target is not None:
            said += ["target", *(_condition(row, "y") for row in self.target.halfspaces)]
        return "\n".join(said) + "\n"

    def verdict(self, lines: bytes, folder: Path) -> str:
        """What the checker says of some lines.

        Raises:
            polyrelu.certificates.checker.Rejected: they prove nothing.
        """
        path = folder / "certificate"
        path.write_text(self.certificate(lines))
        verdict: str = checker.check(self.statement.encode(), [str(path)])
        return verdict


def _condition(row: Halfspace, name: str) -> str:
    pairs = "".join(f"{a} {name}{j} " for j, a in enumerate(row.normal) if a)
    return f"{pairs}{row.relation} {row.offset}"


class _Region:
    """The points of the domain at which rows have the signs of a pattern, zero allowed, by forms on (u, t)."""

    def __init__(self, question: Question, pattern: Bits) -> None:
        self.pattern, self.base = pattern, question.t_row + 1
        dim = question.chart.dim + 1
        domain = zip(question.facet_rows, question.chart.forms, strict=True)
        self.forms = {row: tuple(-v for v in form) for row, form in domain}  # rows are not negative inside
        self.forms[question.t_row] = (*[0] * (dim - 1), 1)
        self.forms |= {self.base + k: form for k, form in enumerate(_forms(question, pattern))}
        self.dim = dim

    def inside(self, row: int) -> Vector:
        """A row as a form that is not negative inside."""
        form = self.forms[row]
        return form if row < self.base or self.pattern[row - self.base] else tuple(-v for v in form)

    def vertex(self, rows: list[int]) -> Vector:
        """The one direction on some rows that lies inside."""
        assert rows == sorted(set(rows))
        entries = [v for row in rows for v in self.forms[row]]
        directions, nullity = fmpz_mat(len(rows), self.dim, entries).nullspace()
        assert nullity == 1
        found = [int(directions[j, 0]) for j in range(self.dim)]
        values = [_value(self.inside(row), found) for row in self.forms]
        side = next(value for value in values if value)
        size = gcd(*found) * (1 if side > 0 else -1)
        return tuple(v // size for v in found)

    def check(self, vertices: set[Vector]) -> None:
        """Whether these are its vertices, and each bit 1 stands for a row that is positive somewhere."""
        cone, lines = cone_generators([tuple(-v for v in self.inside(row)) for row in self.forms], [], self.dim)
        assert not lines
        assert set(cone) == vertices
        assert fmpz_mat([list(v) for v in sorted(vertices)]).rank() == self.dim
        for k, bit in enumerate(self.pattern):
            assert bit == any(_value(self.forms[self.base + k], v) > 0 for v in vertices)


def _forms(question: Question, pattern: Bits) -> list[Vector]:
    """The forms of the rows that have bits."""
    dim = question.chart.dim + 1
    values = [[Fraction(int(i == j)) for j in range(dim)] for i in range(dim)]
    found = list[Vector]()
    for layer in question.chart.pulled_back(question.restriction.layers):
        rows = [_combined((*row, b), values, dim) for row, b in zip(layer.rows, layer.offsets, strict=True)]
        for i, on in enumerate(layer.relu):
            if on and len(found) == len(pattern):
                return found
            if on:
                found.append(primitive(rows[i]) if any(rows[i]) else (0,) * dim)
                rows[i] = rows[i] if pattern[len(found) - 1] else [Fraction(0)] * dim
        values = [*rows, values[-1]]
    for row in question.restriction.target.halfspaces[: len(pattern) - len(found)]:
        form = _combined((*row.normal, -row.offset), values, dim)
        found.append(primitive(form) if any(form) else (0,) * dim)
    return found


def _combined(row: tuple[Fraction | int, ...], values: list[list[Fraction]], dim: int) -> list[Fraction]:
    return [sum((a * value[j] for a, value in zip(row, values, strict=True) if a), Fraction(0)) for j in range(dim)]


def _value(form: Vector, point: Vector | list[int]) -> int:
    return sum(a * x for a, x in zip(form, point, strict=True))
