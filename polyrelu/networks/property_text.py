r"""Properties from texts over inputs, values inside and outputs: ``"y0 > x1 or h1_3 > 0"``.

The text says what must *not* happen. Grammar, beyond that of :mod:`polyrelu.networks.linear_constraints`::

    text        = clause (("or" | "|" | "||") clause)*
    clause      = part (("and" | "&" | "&&" | ",") part)*
    part        = "not" part | "(" text ")" | comparison       # != is a comparison, too
    variable    = ("x" | "y") ["_"] index | ("h" | "z") layer "_" index    # and primes

``h1_3`` is coordinate 3 of what layer 1 returns, after its ReLU, and ``z1_3`` what enters that ReLU; layers and
coordinates count from 0. With primes a text speaks of several runs of the network at once: ``x0'`` and ``y0'`` are of a
second input, which is otherwise free, so ``"x0 <= x0' and y0 > y0'"`` is what a growing function never does. Of several
networks, those with one prime are about the second.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from typing import Any

from polyrelu.errors import InputError
from polyrelu.networks.clauses import (
    Clause,
    Comparison,
    Comparisons,
    Form,
    Variable,
    disjuncts,
    rewired,
    shared_inputs,
)
from polyrelu.networks.joint import Inside, check_inside
from polyrelu.networks.linear_constraints import Linear, Parser, Token
from polyrelu.networks.network import Network
from polyrelu.networks.properties import Member, Property
from polyrelu.networks.questions import Domain, given_domain
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support.arguments import instance, items

_NAME = re.compile(r"(?:([xy])_?([0-9]{1,9})|([hz])([0-9]{1,9})_([0-9]{1,9}))('*)")
_COMPARISONS = ("<=", "<", ">=", ">", "==", "=", "!=")
_AND, _OR = ("and", "&", "&&", ","), ("or", "|", "||")
_MOST_CLAUSES = 10_000
_MOST_RUNS = 8
_DEEPEST_NESTING = 100
_ADVICE = "pass a Network, or a list of them"


def property_of(network: Network | Sequence[Network], unsafe: str, domain: Domain | None = None) -> Property:
    """The property that no input of a domain does what a text says; see the module's docstring for the grammar.

    Args:
        network: R^d -> R^m; or several networks, of which those with primes are about the later ones.
        unsafe: what must not happen.
        domain: the inputs that it is about, of each run, as for :func:`polyrelu.engines.preimage.preimage`.

    Raises:
        ParseError: the text breaks the grammar, or is not linear; the message points at the column.
        InputError: no network; or it has no such layer.
        DimensionError: the domain lives in another space.

    Example:
        >>> import polyrelu as pr
        >>> net = pr.Network([([[1], [-1]], [0, 0]), ([[1, 1]], [0])])  # |x|
        >>> pr.verify(net, pr.Property.of(net, "y0 < x0 or h0_0 > 2", ([-2], [2]))).status
        'holds'
        >>> pr.verify(net, pr.Property.of(net, "x0 <= x0' and y0 > y0'")).status
        'violated'
    """
    given = (network,) if isinstance(network, Network) else tuple(items(network, "Property.of: network", _ADVICE))
    for one in given or (None,):
        instance(one, Network, "Property.of: network", _ADVICE)
    instance(unsafe, str, "Property.of: unsafe", "pass a text such as 'y0 > x1'")
    reader = _Reader(unsafe, given)
    clauses = reader.read()
    return _Runs(given, reader).assembled(clauses, [given_domain(domain, one, "Property.of") for one in given])


@dataclass(frozen=True)
class _Named:
    """A variable of a text: of which run, which kind, and where; outputs and inputs have no layer."""

    run: int
    kind: str
    layer: int
    coordinate: int

    @property
    def inside(self) -> Inside:
        return Inside(self.layer, self.coordinate, self.kind == "z")


class _Reader(Parser):
    """Reads a text into clauses over the variables that it names, which are numbered as they come."""

    def __init__(self, text: str, networks: Sequence[Network]) -> None:
        self.networks = networks
        self.variables: dict[_Named, int] = {}
        self.comparisons = Comparisons()
        super().__init__(text, 0, ("x", "y"))

    def read(self) -> list[Clause]:
        """The clauses of the whole text."""
        clauses = self.either(False)
        if self.token.kind != "end":
            self.fail(
                f"unexpected {self.token.text!r}; expected a comparison, 'and', 'or' or the end", self.token.column
            )
        return clauses

    def network(self, run: int) -> Network:
        """The network of a run."""
        return self.networks[run if len(self.networks) > 1 else 0]

    def either(self, negated: bool) -> list[Clause]:
        """The clauses of alternatives, or of their negation."""
        parts = [self.both(negated)]
        while self.accept(*_OR):
            parts.append(self.both(negated))
        return self.product(parts) if negated else [clause for part in parts for clause in part]

    def both(self, negated: bool) -> list[Clause]:
        """The clauses of what holds together, or of its negation."""
        parts = [self.part(negated)]
        while self.accept(*_AND):
            parts.append(self.part(negated))
        return [clause for part in parts for clause in part] if negated else self.product(parts)

    def product(self, parts: Sequence[list[Clause]]) -> list[Clause]:
        """The clauses of what holds together."""
        found: list[Clause] = [()]
        for part in parts:
            if len(found) * len(part) > _MOST_CLAUSES:
                self.fail(f"the alternatives multiply to over {_MOST_CLAUSES} cases", self.token.column)
            found = [a + b for a in found for b in part]
        return found

    def part(self, negated: bool) -> list[Clause]:
        """The clauses of a comparison, or of what is in parentheses, or of their negation."""
        if self.accept("not"):
            return self.nested(lambda: self.part(not negated))
        if self.token.text == "(" and self.opens_text():
            self.accept("(")
            clauses = self.nested(lambda: self.either(negated))
            if not self.accept(")"):
                self.fail("expected ')'", self.token.column)
            return clauses
        return self.compared(negated)

    def opens_text(self) -> bool:
        """Whether the parenthesis here is around a text, and not a sum: whether it encloses a comparison."""
        depth = 0
        for token in self.tokens[self.position :]:
            depth += (token.text == "(") - (token.text == ")")
            if not depth:
                return False
            if token.kind == "operator" and token.text in _COMPARISONS:
                return True
        return False

    def compared(self, negated: bool) -> list[Clause]:
        """The clauses of a chain of comparisons, or of its negation."""
        start, left = self.token, self.sum()
        rows: list[tuple[Comparison, bool]] = []
        while operator := self.accept(*_COMPARISONS):
            right = self.sum()
            is_not = operator.text == "!="
            row = Comparison.of(self.form(left), "==" if is_not else operator.text, self.form(right))
            rows.append((row, is_not != negated))
            left = right
        if not rows:
            place = self.token if self.token.kind != "end" else start
            self.fail("expected a comparison such as <= or >", place.column)
        sides: list[list[Clause]] = [
            [(self.comparisons.number(one),) for one in (row.violated() if turned else [row])] for row, turned in rows
        ]
        return [clause for side in sides for clause in side] if negated else self.product(sides)

    def form(self, linear: Linear) -> Form:
        """What was read, as a form; variables have the kind of their name until all of them are known."""
        return Form({("v", i): value for i, value in linear.coefficients.items() if value}, linear.constant)

    def index(self, token: Token) -> int:
        """The number of a variable."""
        match = _NAME.fullmatch(token.text)
        if match is None:
            known = "x0, y0, h0_0 (layer and coordinate), z0_0 (before the ReLU)"
            self.fail(f"unknown name {token.text!r}; variables are {known}, ..., and x0', y0', ...", token.column)
        flat, number, deep, layer, coordinate, primes = match.groups()
        if len(primes) >= (len(self.networks) if len(self.networks) > 1 else _MOST_RUNS):
            self.fail(f"{token.text!r} is of a network that was not passed", token.column)
        named = _Named(len(primes), flat or deep, int(layer or 0), int(coordinate or number))
        network = self.network(named.run)
        if flat:
            dim = network.input_dim if flat == "x" else network.output_dim
            if named.coordinate >= dim:
                self.fail(f"index {number} is out of range: {flat} has indices 0 to {dim - 1}", token.column)
        else:
            try:
                check_inside(network, named.inside, "variable")
            except InputError as error:
                self.fail(str(error).removeprefix("variable: "), token.column)
        return self.variables.setdefault(named, len(self.variables))

    def nested(self, read: Any) -> list[Clause]:
        """What is read one level deeper."""
        self.depth += 1
        if self.depth > _DEEPEST_NESTING:
            self.fail(f"more than {_DEEPEST_NESTING} nested parentheses", self.token.column)
        clauses: list[Clause] = read()
        self.depth -= 1
        return clauses


@dataclass
class _Runs:
    """The runs that a text speaks of, side by side."""

    networks: Sequence[Network]
    reader: _Reader
    inside: list[list[Inside]] = field(default_factory=list)

    def __post_init__(self) -> None:
        said = 1 + max((named.run for named in self.reader.variables), default=0)
        count = max(said, len(self.networks))
        self.inside = [[] for _ in range(count)]
        for named in self.reader.variables:
            if named.kind in "hz":
                self.inside[named.run].append(named.inside)

    def assembled(self, clauses: list[Clause], domains: Sequence[Polyhedron]) -> Property:
        """The property, with the domain of each run."""
        runs = range(len(self.inside))
        nets = [self.reader.network(run) for run in runs]
        inputs = self._ranges([net.input_dim for net in nets])
        values = self._ranges([net.output_dim + len(own) for net, own in zip(nets, self.inside, strict=True)])
        comparisons = self._renamed(inputs, values)
        common: list[int] = []
        for run in runs:
            domain = domains[run if len(domains) > 1 else 0]
            common += comparisons.numbers(_on_inputs(domain, inputs[run].start))
        clauses = [(*common, *clause) for clause in clauses]
        wiring = tuple(range(inputs[-1].stop))
        if len(runs) > 1:
            wiring = shared_inputs(clauses, comparisons, inputs)
            comparisons = rewired(comparisons, wiring)
        found, with_inputs = disjuncts(clauses, comparisons, max(wiring, default=-1) + 1, values[-1].stop)
        members = tuple(
            Member(
                nets[run] if run and len(self.networks) > 1 else None,
                tuple(wiring[j] for j in inputs[run]),
                tuple(self.inside[run]),
            )
            for run in runs
        )
        is_plain = len(runs) == 1 and not self.inside[0]
        return Property(nets[0].input_dim, nets[0].output_dim, found, with_inputs, () if is_plain else members)

    @staticmethod
    def _ranges(sizes: Sequence[int]) -> list[range]:
        ends = list(itertools.accumulate(sizes, initial=0))
        return [range(a, b) for a, b in pairwise(ends)]

    def _renamed(self, inputs: Sequence[range], values: Sequence[range]) -> Comparisons:
        """The comparisons about the joint network's inputs and values, under the same numbers."""
        places: dict[Variable, Variable] = {}
        for named, number in self.reader.variables.items():
            outputs = self.reader.network(named.run).output_dim
            if named.kind == "x":
                place = "x", inputs[named.run].start + named.coordinate
            elif named.kind == "y":
                place = "y", values[named.run].start + named.coordinate
            else:
                place = "y", values[named.run].start + outputs + self.inside[named.run].index(named.inside)
            places["v", number] = place
        new = Comparisons()
        for row in self.reader.comparisons.rows:
            new.append(row._replace(coefficients=tuple(sorted((places[v], c) for v, c in row.coefficients))))
        return new


def _on_inputs(domain: Polyhedron, begin: int) -> list[Comparison]:
    """The rows of a domain, as comparisons of the inputs from one on."""
    return [
        Comparison(
            tuple((("x", begin + j), Fraction(v)) for j, v in enumerate(row.normal) if v),
            Fraction(row.offset),
            row.relation,
        )
        for row in domain.halfspaces
    ]
