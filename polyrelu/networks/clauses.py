"""Unions of conjunctions of comparisons, and the properties that they are.

What a text says about inputs and outputs, with its negations and alternatives, is a union of *clauses*: comparisons
that hold together. Those about inputs alone make a domain, the others targets; clauses with the same domain share it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple, TypeAlias

from polyrelu.networks.joint import Wiring
from polyrelu.networks.properties import Disjunct
from polyrelu.polyhedra.halfspace import Halfspace, Relation
from polyrelu.polyhedra.polyhedron import Polyhedron

Variable: TypeAlias = tuple[str, int]
"""``("x", j)`` is an input of the network that is asked, ``("y", i)`` a value of it."""
Clause: TypeAlias = tuple[int, ...]
"""Comparisons that hold together, by their numbers."""
_SHORT = 1000


@dataclass
class Form:
    """A linear form in variables; sums are made in place, so that long ones stay linear."""

    coefficients: dict[Variable, Fraction]
    constant: Fraction

    def add(self, other: Form, factor: Fraction | int) -> None:
        """Add a multiple of another form."""
        for variable, value in other.coefficients.items():
            self.coefficients[variable] = self.coefficients.get(variable, Fraction(0)) + factor * value
        self.constant += factor * other.constant

    def times(self, factor: Fraction) -> Form:
        """The multiple of the form."""
        return Form({v: c * factor for v, c in self.coefficients.items()} if factor else {}, self.constant * factor)

    def __neg__(self) -> Form:
        return Form({v: -c for v, c in self.coefficients.items()}, -self.constant)

    def minus(self, other: Form) -> Form:
        """The difference."""
        form = self.copy()
        form.add(other, -1)
        return form

    @property
    def is_constant(self) -> bool:
        """Whether no variable is in it."""
        return not self.coefficients

    def copy(self) -> Form:
        """The same form, to add to."""
        return Form(dict(self.coefficients), self.constant)

    def touched(self, other: Form) -> Iterator[Fraction]:
        """The numbers that adding another form has changed."""
        yield self.constant
        yield from (self.coefficients[v] for v in other.coefficients if v in self.coefficients)


class Comparison(NamedTuple):
    """``sum of coefficients relation offset``; variables without a coefficient are left out."""

    coefficients: tuple[tuple[Variable, Fraction], ...]
    offset: Fraction
    relation: Relation

    @classmethod
    def of(cls, left: Form, operator: str, right: Form) -> Comparison:
        """``left operator right``, where the operator is one of ``<= < >= > == =``."""
        if operator in (">", ">="):
            left, right, operator = right, left, operator.replace(">", "<")
        form = left if right.is_constant else -right if left.is_constant else left.minus(right)
        entries = [(variable, value) for variable, value in form.coefficients.items() if value]
        relation: Relation = "==" if operator in ("=", "==") else "<" if operator == "<" else "<="
        offset = right.constant if not left.constant else right.constant - left.constant
        return cls(tuple(entries if len(entries) < 2 else sorted(entries)), offset, relation)

    @property
    def is_about_inputs(self) -> bool:
        """Whether no value is in it; so of what has no variables at all."""
        return all(kind == "x" for (kind, _), _ in self.coefficients)

    @property
    def is_mixed(self) -> bool:
        """Whether inputs are compared with values."""
        return len({kind for (kind, _), _ in self.coefficients}) > 1

    def denominator_bits(self) -> int:
        """How long the common denominator of its numbers is, or at most is."""
        bits = self.offset.denominator.bit_length() + sum(v.denominator.bit_length() for _, v in self.coefficients)
        if bits < _SHORT:
            return bits
        return math.lcm(self.offset.denominator, *(v.denominator for _, v in self.coefficients)).bit_length()

    def violated(self) -> list[Comparison]:
        """The comparisons whose union is the opposite."""
        turned = self._replace(coefficients=tuple((name, -v) for name, v in self.coefficients), offset=-self.offset)
        if self.relation == "==":
            return [self._replace(relation="<"), turned._replace(relation="<")]
        return [turned._replace(relation="<" if self.relation == "<=" else "<=")]

    def equated(self) -> tuple[int, int] | None:
        """The two inputs of which it says nothing but that they are equal."""
        if self.relation != "==" or self.offset or len(self.coefficients) != 2:
            return None
        ((kind, i), a), ((other, j), b) = self.coefficients
        return (i, j) if kind == other == "x" and a == -b else None

    def halfspace(self, dim: int, inputs_from: int) -> Halfspace:
        """The points in R^dim that satisfy it, where values are the first coordinates, and inputs begin there."""
        normal: list[Fraction | int] = [0] * dim
        for (kind, i), value in self.coefficients:
            normal[i + inputs_from * (kind == "x")] = value
        return Halfspace.of(normal, self.offset, self.relation)


@dataclass
class Comparisons:
    """Different comparisons, by number."""

    rows: list[Comparison] = field(default_factory=list)
    _numbers: dict[tuple[object, ...], int] = field(default_factory=dict)

    def number(self, row: Comparison) -> int:
        """The number of a comparison, a new one if it is new."""
        found = self._numbers.setdefault(_key(row), len(self.rows))
        if found == len(self.rows):
            self.rows.append(row)
        return found

    def append(self, row: Comparison) -> None:
        """Take a comparison under the next number, also if there is one like it."""
        self._numbers.setdefault(_key(row), len(self.rows))
        self.rows.append(row)

    def numbers(self, rows: Iterable[Comparison]) -> Clause:
        """The clause of these."""
        return tuple(map(self.number, rows))

    @property
    def are_mixed(self) -> bool:
        """Whether one compares inputs with values."""
        return any(row.is_mixed for row in self.rows)

    def entries(self, inputs: int, values: int) -> int:
        """How many numbers the rows have that :func:`disjuncts` writes."""
        wide = values + inputs * self.are_mixed
        return sum(inputs if row.is_about_inputs else wide for row in self.rows)


def _key(row: Comparison) -> tuple[object, ...]:
    """What two equal comparisons have in common: whole numbers, whose hash costs a twentieth of a Fraction's."""
    numbers = ((*variable, *value.as_integer_ratio()) for variable, value in row.coefficients)
    return (row.relation, *row.offset.as_integer_ratio(), *numbers)


def shared_inputs(clauses: Sequence[Clause], comparisons: Comparisons, groups: Sequence[range]) -> Wiring:
    """For each input the coordinate that it takes, so that inputs of different groups that are always equal share one.

    Args:
        clauses: of which each says of these inputs that they are equal.
        comparisons: what the clauses consist of.
        groups: the inputs of each network.
    """
    group = {j: number for number, inputs in enumerate(groups) for j in inputs}
    equal = {number: pair for number, row in enumerate(comparisons.rows) if (pair := row.equated())}
    always = {pair for number, pair in equal.items() if all(number in clause for clause in clauses)}
    first = {j: j for j in group}
    for i, j in sorted(always):
        low, high = sorted((first[i], first[j]))
        if group[i] != group[j]:
            first = {k: low if v == high else v for k, v in first.items()}
    places = {j: place for place, j in enumerate(sorted(set(first.values())))}
    return tuple(places[first[j]] for j in sorted(first))


def rewired(comparisons: Comparisons, wiring: Wiring) -> Comparisons:
    """The comparisons with the coordinates that inputs take in their place, under the same numbers."""
    new = Comparisons()
    for row in comparisons.rows:
        form = Form({}, Fraction(0))
        for (kind, i), value in row.coefficients:
            variable = (kind, wiring[i] if kind == "x" else i)
            form.add(Form({variable: value}, Fraction(0)), 1)
        new.append(Comparison.of(form, row.relation, Form({}, row.offset)))
    return new


def disjuncts(
    clauses: Iterable[Clause], comparisons: Comparisons, inputs: int, values: int
) -> tuple[tuple[Disjunct, ...], bool]:
    """The domains of the clauses with their targets, and whether these are about inputs, too.

    Args:
        clauses: a union of conjunctions.
        comparisons: what they consist of.
        inputs: the dimension of the inputs of the network that is asked.
        values: that of what it returns.

    Cost: linear in the clauses, and in the numbers of the rows.
    """
    mixed = comparisons.are_mixed
    wide = values + inputs * mixed
    own = [row.is_about_inputs for row in comparisons.rows]
    rows = [
        row.halfspace(inputs, 0) if is_input else row.halfspace(wide, values)
        for row, is_input in zip(comparisons.rows, own, strict=True)
    ]
    by_domain: dict[Clause, dict[Clause, None]] = {}
    for clause in clauses:
        numbers = dict.fromkeys(clause)
        domain = tuple(sorted(i for i in numbers if own[i]))
        by_domain.setdefault(domain, {})[tuple(i for i in numbers if not own[i])] = None
    made: dict[Clause, Polyhedron] = {}

    def target(numbers: Clause) -> Polyhedron:
        if numbers not in made:
            made[numbers] = Polyhedron.from_halfspaces([rows[i] for i in numbers], wide)
        return made[numbers]

    found = [
        Disjunct(Polyhedron.from_halfspaces([rows[i] for i in domain], inputs), tuple(map(target, targets)))
        for domain, targets in by_domain.items()
    ]
    return tuple(found), mixed
