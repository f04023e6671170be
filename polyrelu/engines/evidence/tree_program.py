"""What trees ask of exact linear programs: on a part of the domain where all neurons that matter have signs.

There rows are affine in the inputs, and the multipliers of a program are factors that prove its answer, identically: no
side of a box has to make up for anything. Inputs that the domain fixes are left out.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from functools import cached_property
from typing import NamedTuple, Protocol, TypeAlias

from polyrelu.arithmetic.exact import ExactVector
from polyrelu.arithmetic.lp import Row as ProgramRow
from polyrelu.arithmetic.lp import Solution, Status, maximise
from polyrelu.engines.evidence.tree_chain import AffineForm, Chain, Line, Row, name_of, relu_line
from polyrelu.networks.statement_text import Name

FactorsByName: TypeAlias = Mapping[str, Fraction]


class Place(Protocol):
    """What is asked of a node."""

    splits: tuple[tuple[int, Name], ...]
    ends: dict[tuple[int, Name], Fraction]


class Proof(NamedTuple):
    """Factors that prove something of a node."""

    factors: FactorsByName


class Leaf(NamedTuple):
    """What a node has of the preimage: a tile, or less.

    Attributes:
        point: at which splits and conditions hold strictly, but for those that hold on all of the node; None where it
            is less than a tile.
    """

    point: ExactVector | None


class _Term(NamedTuple):
    """``form relation 0``, and the name of its row with the sign that factors of it have."""

    form: AffineForm
    relation: str
    name: str
    sign: int


class Program:
    """Exact linear programs about the parts of a domain."""

    def __init__(self, chain: Chain) -> None:
        self.chain = chain

    def most(self, node: Place, side: int, place: Name) -> Proof | None:
        """The proof that a neuron has nowhere on a node the sign ``side``; None if it has, or the node is empty."""
        form = _times(side, self._affine(node, self.chain.row(place)))
        return self._never_positive(form, self._cell(node))

    def leaf(self, node: Place) -> Proof | Leaf:
        """What a node has of the preimage, or the proof that it has nothing."""
        cell, target = self._cell(node), self._target(node)
        nothing = self._empty([*cell, *target])
        if nothing is not None:
            return nothing
        cutting = [term for term in target if term.relation == "<" or not self._holds(term, node)]
        if any(term.relation == "==" for term in cutting):
            return Leaf(None)
        return Leaf(self._inside([*cell, *cutting]))

    # -- rows ---------------------------------------------------------------------------------------------------------

    @cached_property
    def _fixed(self) -> dict[int, Fraction]:
        """Inputs with one value, which no strict condition is about alone."""
        low, up, strict = dict[int, Fraction](), dict[int, Fraction](), set[int]()
        for form, bound, relation in self.chain.domain:
            if len(form) == 1:
                [((_, j), a)] = form.items()
                if relation == "<":
                    strict.add(j)
                if relation == "==" or a > 0:
                    up[j] = min(up.get(j, bound / a), bound / a)
                if relation == "==" or a < 0:
                    low[j] = max(low.get(j, bound / a), bound / a)
        return {j: v for j, v in low.items() if up.get(j) == v and j not in strict}

    @cached_property
    def _free(self) -> list[int]:
        return [j for j in range(self.chain.input_dim) if j not in self._fixed]

    @cached_property
    def _domain(self) -> list[_Term]:
        terms = list[_Term]()
        for number, (form, bound, relation) in enumerate(self.chain.domain):
            entries = {j: a for (_, j), a in form.items()}
            if len(entries) != 1 or not entries.keys() <= self._fixed.keys():
                terms.append(_Term(self._on_free(AffineForm(entries, -bound)), relation, f"d{number}", 1))
        return terms

    def _on_free(self, form: AffineForm) -> AffineForm:
        """A form with the values of the fixed inputs put in."""
        entries = {j: a for j, a in form.entries.items() if j not in self._fixed}
        rest = sum((a * self._fixed[j] for j, a in form.entries.items() if j in self._fixed), form.constant)
        return AffineForm(entries, rest)

    def _affine(self, node: Place, row: Row) -> AffineForm:
        def line(place: Name, rises: bool) -> Line | None:
            return relu_line(node.ends.get((1, place)), node.ends.get((-1, place)), None, rises)

        form = self.chain.at_inputs(row.form, -row.bound, line)
        assert form is not None, "all that matters has a sign"
        return self._on_free(form)

    def _cell(self, node: Place) -> list[_Term]:
        """The domain and the splits of a node."""
        terms = list(self._domain)
        for side, place in node.splits:
            entries, constant = self._affine(node, self.chain.row(place))
            beyond = AffineForm(entries, constant - node.ends[side, place])
            terms.append(_Term(_times(-side, beyond), "<=", name_of(place), -side))
        return terms

    def _target(self, node: Place) -> list[_Term]:
        rows = enumerate(self.chain.target)
        return [_Term(self._affine(node, row), row.relation, f"t{number}", 1) for number, row in rows]

    # -- programs -----------------------------------------------------------------------------------------------------

    def _never_positive(self, form: AffineForm, cell: Sequence[_Term]) -> Proof | None:
        """The proof that a form is nowhere positive on a cell; None if it is, or the cell is empty."""
        scale = _scale(form)
        costs = [int(form.entries.get(j, 0) * scale) for j in self._free]
        rows, equal = self._split(cell)
        solution = maximise(costs, [self._row(term) for term in rows], [self._row(term) for term in equal])
        if solution.status is not Status.OPTIMAL or solution.value is None:
            return None
        if solution.value / scale + form.constant > 0:
            return None
        return Proof(_factors([*rows, *equal], solution, Fraction(1, scale)))

    @staticmethod
    def _holds(term: _Term, node: Place) -> bool:
        """Whether the ends of inputs show that a condition, ``<=`` or ``==``, holds on all of a node."""
        (entries, constant), extremes = term.form, []
        for side in (1, -1):
            ends = [node.ends.get((side if a > 0 else -side, (0, j))) for j, a in entries.items()]
            known = [end for end in ends if end is not None]
            if len(known) < len(ends):
                return False
            extremes.append(sum((a * end for a, end in zip(entries.values(), known, strict=True)), constant))
        least, most = extremes
        return most <= 0 and (term.relation == "<=" or least >= 0)

    def _empty(self, terms: Sequence[_Term]) -> Proof | None:
        """The proof that no point has all of this."""
        rows, equal = self._split(terms)
        room = [int(term.relation == "<") for term in rows]
        solution = self._most_room(rows, equal, room)
        is_empty = solution.status is Status.INFEASIBLE or (any(room) and (solution.value or 0) <= 0)
        if not is_empty:
            return None
        return Proof(_factors([*rows, *equal], solution, Fraction(1), 1))

    def _inside(self, terms: Sequence[_Term]) -> ExactVector | None:
        """A point at which inequalities are strict, those of the domain only where they say so."""
        rows, equal = self._split(terms)
        room = [int(term.relation == "<" or term.name[0] != "d") for term in rows]
        solution = self._most_room(rows, equal, room)
        if solution.status is not Status.OPTIMAL or not solution.value or solution.value < 0 or solution.point is None:
            return None
        point = dict(self._fixed)
        point.update(zip(self._free, solution.point, strict=False))
        return tuple(point[j] for j in range(self.chain.input_dim))

    def _most_room(self, rows: Sequence[_Term], equal: Sequence[_Term], room: Sequence[int]) -> Solution:
        """The largest t, at most 1, that fits into the rows that are given some room."""
        width = len(self._free)
        up = [*[0] * width, 1]
        inequalities: list[ProgramRow] = [(up, 1)]
        for term, own in zip(rows, room, strict=True):
            normal, offset = self._row(term)
            inequalities.append(([*normal, own], offset))
        equalities: list[ProgramRow] = [([*normal, 0], offset) for normal, offset in map(self._row, equal)]
        return maximise(up, inequalities, equalities)

    def _row(self, term: _Term) -> ProgramRow:
        """A row in integers."""
        scale = _scale(term.form)
        entries = term.form.entries
        return [int(entries.get(j, 0) * scale) for j in self._free], int(-term.form.constant * scale)

    @staticmethod
    def _split(terms: Iterable[_Term]) -> tuple[list[_Term], list[_Term]]:
        """The inequalities and the equations."""
        own = list(terms)
        return [term for term in own if term.relation != "=="], [term for term in own if term.relation == "=="]


def _factors(terms: Sequence[_Term], solution: Solution, unit: Fraction, skipped: int = 0) -> FactorsByName:
    """The multipliers of a program as factors of rows; the first rows of the program may be none of these."""
    assert solution.multipliers is not None
    found = dict[str, Fraction]()
    for term, y in zip(terms, solution.multipliers[skipped:], strict=True):
        if y:
            found[term.name] = found.get(term.name, Fraction(0)) + term.sign * y * unit * _scale(term.form)
    return {name: s for name, s in found.items() if s}


def _scale(form: AffineForm) -> int:
    return math.lcm(form.constant.denominator, *(a.denominator for a in form.entries.values()))


def _times(s: int, form: AffineForm) -> AffineForm:
    entries: Mapping[int, Fraction] = {j: s * a for j, a in form.entries.items()}
    return AffineForm(entries, s * form.constant)
