r"""The domain's own coordinates, as certificates say them.

Some inputs are what others say (``eq``), and some may stay zero, since going along them, and along others with them,
changes nothing that a target sees (``line``). The coordinates u are the inputs that are left. They are those of a
:class:`~polyrelu.tilings.chart.Chart`.

A target sees x through the ReLU neurons and its own conditions, as far as *linear paths* lead to them, on which there
is no ReLU: where x moves orthogonally to these rows, no neuron changes, and so nothing does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import NamedTuple

from flint import fmpq_mat, fmpz

from polyrelu.arithmetic.exact import ExactMatrix, ExactVector, flint_matrix, matrix_rows, primitive, row_echelon
from polyrelu.engines.evidence.affine_hull import AffineHull, Condition, Equation, Proof, Sparse
from polyrelu.networks.relevant_part import Restriction
from polyrelu.polyhedra.double_description import Vector
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support.numerals import fraction_digits
from polyrelu.tilings.chart import Chart, chart


class Line(NamedTuple):
    """Going along x_i, and ``others[j]`` times along each x_j, changes nothing."""

    i: int
    others: Sparse


@dataclass(frozen=True)
class Coordinates:
    """Which inputs are coordinates, and what the others are.

    Attributes:
        input_dim: the number d of inputs.
        equations: the inputs that others say; only their first three attributes matter here.
        lines: the inputs that stay zero.
    """

    input_dim: int
    equations: tuple[Equation, ...]
    lines: tuple[Line, ...]

    @cached_property
    def inputs(self) -> tuple[int, ...]:
        """The inputs that are the coordinates u, in their order."""
        others = {equation.i for equation in self.equations} | {line.i for line in self.lines}
        return tuple(i for i in range(self.input_dim) if i not in others)

    @property
    def dim(self) -> int:
        """The number of coordinates."""
        return len(self.inputs)

    @cached_property
    def rows(self) -> list[tuple[dict[int, Fraction], Fraction]]:
        """Each input as a form on (u, 1): its entries by the number of the coordinate, and its constant."""
        place = {i: k for k, i in enumerate(self.inputs)}
        rows = [({place[i]: Fraction(1)} if i in place else {}, Fraction(0)) for i in range(self.input_dim)]
        for i, constant, terms, *_ in self.equations:
            rows[i] = {place[j]: b for j, b in terms.items() if j in place}, constant
        return rows

    @cached_property
    def embedding(self) -> fmpq_mat:
        """The matrix that takes (u, 1) to (x, 1)."""
        rows = [[*(entries.get(k, 0) for k in range(self.dim)), constant] for entries, constant in self.rows]
        return flint_matrix([*rows, [*[0] * self.dim, 1]], self.dim + 1)

    def form(self, condition: Condition) -> Vector:
        """``bound t - normal . x`` as a form on (u, t), up to a positive factor: not negative inside."""
        form = [Fraction(0)] * self.dim + [condition.bound]
        for j, a in condition.normal.items():
            entries, constant = self.rows[j]
            form[-1] -= a * constant
            for k, v in entries.items():
                form[k] -= a * v
        return primitive(form)


class Place(NamedTuple):
    """Where the cells of one problem are: the coordinates, and the engine's side of them.

    Attributes:
        coordinates: the coordinates u.
        chart: the chart that has them.
        facet_rows: for each of the chart's facets the number of a condition that says it.
    """

    coordinates: Coordinates
    chart: Chart
    facet_rows: tuple[int, ...]


def places(domain: Polyhedron, conditions: Sequence[Condition], problems: Iterable[Restriction]) -> Iterator[Place]:
    """The coordinates for each of several problems in a domain; they have the same equations.

    Args:
        domain: the domain, not empty.
        conditions: what it is made of, as it is written.
        problems: what each target sees.

    Cost: that of :func:`polyrelu.tilings.chart.chart`, and once of :meth:`AffineHull.equations`.
    """
    equations: tuple[Equation, ...] | None = None
    for problem in problems:
        seen = () if domain.sides.is_bounded else rows_seen(problem)
        own = chart(domain, seen)
        if equations is None:
            equations = AffineHull(conditions, domain.ambient_dim).equations(own.dim + own.lineality)
        lines: tuple[Line, ...] = ()
        if own.lineality:
            ends = (_dense(condition.normal, domain.ambient_dim) for condition in conditions)
            lines = _lines(domain.ambient_dim, equations, [*seen, *ends])
        coordinates = Coordinates(domain.ambient_dim, equations, lines)
        assert coordinates.embedding == own.embedding, "a chart's coordinates are inputs"
        yield Place(coordinates, own, _facet_rows(coordinates, own, conditions))


def _facet_rows(coordinates: Coordinates, own: Chart, conditions: Sequence[Condition]) -> tuple[int, ...]:
    """For each facet of a chart the first condition that says it."""
    numbers: dict[Vector, int] = {}
    for r, condition in enumerate(conditions):
        if condition.relation != "==":
            numbers.setdefault(tuple(-v for v in coordinates.form(condition)), r)
    return tuple(numbers[form] for form in own.forms)


def rows_seen(restriction: Restriction) -> ExactMatrix:
    """Rows on x: where x moves orthogonally to all of them, nothing changes that the target sees.

    They are what linear paths make of the rows of neurons and targets. No cell with all its signs has a line along
    which none of them changes.
    """
    dim, layers, rows = restriction.layers[0].input_dim, restriction.layers, list[ExactVector]()
    normals = [h.normal for h in restriction.target.halfspaces]
    after = [*(flint_matrix(layer.rows, layer.input_dim) for layer in layers[1:])]
    after.append(flint_matrix(normals, restriction.target.ambient_dim))
    values = layers[0].rows
    for layer, weight in zip(layers, after, strict=True):
        rows += [values[i] for i in layer.neurons]
        passed = [(Fraction(0),) * dim if on else row for row, on in zip(values, layer.relu, strict=True)]
        values = matrix_rows(weight * flint_matrix(passed, dim))
    return (*rows, *values)


def _lines(dim: int, equations: Sequence[Equation], rows: Sequence[ExactVector]) -> tuple[Line, ...]:
    """The inputs along which nothing changes, with others, once the equations are put in."""
    said = {equation.i for equation in equations}
    free = [j for j in range(dim) if j not in said]
    on_free = [[row[j] + sum(e.terms.get(j, 0) * row[e.i] for e in equations) for j in free] for row in rows]
    basis, pivots = row_echelon(on_free, len(free))
    return tuple(
        Line(i, {free[p]: -row[k] for p, row in zip(pivots, basis, strict=True) if row[k]})
        for k, i in enumerate(free)
        if k not in pivots
    )


def _dense(vector: Sparse, dim: int) -> ExactVector:
    return tuple(vector.get(j, Fraction(0)) for j in range(dim))


# -- text -------------------------------------------------------------------------------------------------------------


def equations_text(equations: Iterable[Equation]) -> str:
    """The lines ``eq``."""
    return "".join(f"eq {one.i:x}{_pairs(one.above)} |{_pairs(one.below)}\n" for one in equations)


def lines_text(lines: Iterable[Line]) -> str:
    """The lines ``line``."""
    return "".join(f"line {i:x}{_pairs(others)}\n" for i, others in lines)


def empty_text(proof: Proof) -> str:
    """The line ``empty``."""
    return f"empty{_pairs(proof)}\n"


def read_coordinates(lines: Iterable[Sequence[str]], conditions: Sequence[Condition], input_dim: int) -> Coordinates:
    """The coordinates that the words of lines ``eq`` and ``line`` say; the proofs are not checked."""
    equations, others = [], []
    for keyword, first, *words in lines:
        i = int(first, 16)
        if keyword == "line":
            others.append(Line(i, _read_pairs(words)))
            continue
        above = _read_pairs(words[: words.index("|")])
        constant, form = Fraction(0), dict[int, Fraction]()
        for r, s in above.items():
            constant += s * conditions[r].bound
            for j, a in conditions[r].normal.items():
                form[j] = form.get(j, Fraction(0)) + s * a
        lead = form.pop(i)
        terms = {j: -a / lead for j, a in form.items() if a}
        equations.append(Equation(i, constant / lead, terms, above, {}))
    return Coordinates(input_dim, tuple(equations), tuple(others))


def _pairs(entries: Sparse) -> str:
    return "".join(f" {j:x} {fraction_digits(v)}" for j, v in entries.items())


def _read_pairs(words: Sequence[str]) -> Sparse:
    return {int(j, 16): _rational(v) for j, v in zip(words[::2], words[1::2], strict=True)}


def _rational(word: str) -> Fraction:
    """An integer or a fraction of any length, which Python's own reading limits."""
    above, _, below = word.partition("/")
    return Fraction(int(fmpz(above)), int(fmpz(below or "1")))
