r"""Properties in VNN-LIB: which inputs and outputs together would break a promise.

A file of VNN-LIB 1, the format of the VNN-COMP benchmarks (vnnlib.org), declares real constants ``X_0, ..., Y_0, ...``
for a network's inputs and outputs and asserts what a *counterexample* satisfies. Grammar, a part of SMT-LIB 2 (nothing
is evaluated as code)::

    file     = command*                                 # ";" starts a comment
    command  = "(declare-const" name "Real)" | "(declare-fun" name "() Real)" | "(assert" formula ")"
             | "(set-logic ...)" | "(set-info ...)" | "(check-sat)" | "(get-model)" | "(exit)"    # without effect
    formula  = "(and" formula* ")" | "(or" formula* ")" | "(not" formula ")" | comparison
    comparison = "(" ("<=" | "<" | ">=" | ">" | "=") term term+ ")"
    term     = number | name | "(+" term+ ")" | "(-" term+ ")" | "(*" term+ ")" | "(/" term term+ ")"

Comparisons are linear, and each is about inputs only or about outputs only. The conjunction of all assertions is
rewritten as a union of conjunctions; those with the same conditions on the inputs make one domain with several targets.
Decimals are read as they are written: ``0.1`` is 1/10.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from os import PathLike
from pathlib import Path
from typing import NamedTuple, NoReturn, TypeAlias

from polyrelu.errors import DimensionError, InputError, ParseError
from polyrelu.polyhedron import Halfspace, Polyhedron
from polyrelu.polyhedron.halfspace import Relation
from polyrelu.properties import Disjunct, Property

_TOKEN = re.compile(r"""(?P<skip>\s+|;[^\n]*)|(?P<paren>[()])|(?P<quoted>"[^"]*"|\|[^|]*\|)|(?P<atom>[^\s();"|]+)""")
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE]([+-]?\d+))?", re.ASCII)
_VARIABLE = re.compile(r"([XY])_(0|[1-9]\d{0,6})", re.ASCII)
_WITHOUT_EFFECT = ("set-logic", "set-info", "set-option", "check-sat", "get-model", "exit")
_VERSION_2 = ("vnnlib-version", "declare-network", "declare-input", "declare-output", "declare-hidden")
_COMPARISONS = ("<=", "<", ">=", ">", "=")
_SHOWN = 160

# Far beyond what the benchmarks need, and small enough that no file takes more than seconds and some hundred megabytes.
_LARGEST_FILE = 2**26
_MOST_TOKENS = 2_000_000
_LONGEST_TOKEN = 1000
_DEEPEST_NESTING = 100
_LARGEST_EXPONENT = 1000
_LARGEST_BITS = 50_000
_MOST_CLAUSES = 10_000
_MOST_ENTRIES = 20_000_000


class _Atom(NamedTuple):
    text: str
    place: int


class _List(NamedTuple):
    items: list[_Node]
    place: int


_Node: TypeAlias = _Atom | _List
_Variable: TypeAlias = tuple[str, int]
_Coefficients: TypeAlias = dict[_Variable, Fraction]
_Clause: TypeAlias = tuple[int, ...]


class _Comparison(NamedTuple):
    """``sum of coefficients relation offset``, about the inputs (X) or the outputs (Y)."""

    kind: str
    coefficients: tuple[tuple[int, Fraction], ...]
    offset: Fraction
    relation: Relation


def load_property(path: str | PathLike[str], input_dim: int | None = None, output_dim: int | None = None) -> Property:
    """The property in a VNN-LIB file, see the module's docstring for what is read.

    Args:
        path: the file.
        input_dim: how many inputs the network has; checked when given.
        output_dim: how many outputs it has; checked when given.

    Raises:
        InputError: there is no such file, or it is larger than 64 MiB or not text.
        ParseError: it breaks the grammar or a limit; the message names line and column.
        DimensionError: it declares other numbers of inputs or outputs than the network has.

    Cost: linear in the file, and in the number of conjunctions that its alternatives multiply to.
    """
    file = Path(path)
    if not file.is_file():
        raise InputError(f"load_property: there is no file {file}")
    size = file.stat().st_size
    if size > _LARGEST_FILE:
        raise InputError(f"{file}: {size} bytes, over the limit of {_LARGEST_FILE}; this is no property")
    try:
        text = file.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"{file}: not a text file ({error}); unpack it first if it is compressed") from error
    return parse_property(text, input_dim, output_dim, where=str(file))


def parse_property(
    text: str, input_dim: int | None = None, output_dim: int | None = None, where: str = "property"
) -> Property:
    """The property that a text in VNN-LIB states; arguments and errors as for :func:`load_property`.

    Example:
        >>> parse_property("(declare-const X_0 Real) (declare-const Y_0 Real) (assert (<= X_0 0.1)) (assert (> Y_0 2))")
        Property(R^1 -> R^1: 1 domain, 1 target)
    """
    found = _Reader(text, where).property()
    for given, dim, what in ((input_dim, found.input_dim, "input"), (output_dim, found.output_dim, "output")):
        if given is not None and given != dim:
            raise DimensionError(
                f"{where}: declares {dim} {what}s but the network has {given}; is it another network's?"
            )
    return found


class _Reader:
    def __init__(self, text: str, where: str) -> None:
        self.text, self.where = text, where
        self.declared: dict[_Variable, int] = {}
        self.comparisons: list[_Comparison] = []
        self.numbers: dict[_Comparison, int] = {}

    def fail(self, reason: str, place: int) -> NoReturn:
        start = self.text.rfind("\n", 0, place) + 1
        end = self.text.find("\n", place)
        line, column = self.text.count("\n", 0, place) + 1, place - start
        first = max(start, place - _SHOWN // 2)
        shown = self.text[first : min(len(self.text) if end < 0 else end, first + _SHOWN)].rstrip()
        pointer = "".join("\t" if c == "\t" else " " for c in self.text[first:place]) + "^"
        raise ParseError(f"{self.where}, line {line}, column {column + 1}: {reason}\n  {shown}\n  {pointer}")

    # -- text to nested lists ------------------------------------------------------------------------------------

    def tokens(self) -> Iterator[_Atom]:
        place, count = 0, 0
        while place < len(self.text):
            match = _TOKEN.match(self.text, place)
            if match is None:
                self.fail(f"{self.text[place]!r} opens a quotation that does not end", place)
            if match.lastgroup != "skip":
                count += 1
                if count > _MOST_TOKENS:
                    self.fail(f"more than {_MOST_TOKENS} words and parentheses; split the property", place)
                if match.lastgroup == "atom" and match.end() - place > _LONGEST_TOKEN:
                    self.fail(f"a word of {match.end() - place} characters; at most {_LONGEST_TOKEN} are read", place)
                yield _Atom(match.group(), place)
            place = match.end()

    def commands(self) -> Iterator[_List]:
        open_lists: list[_List] = []
        for token in self.tokens():
            if token.text == "(":
                if len(open_lists) == _DEEPEST_NESTING:
                    self.fail(f"more than {_DEEPEST_NESTING} nested parentheses", token.place)
                open_lists.append(_List([], token.place))
            elif not open_lists:
                self.fail(f"unexpected {token.text!r}; expected a command such as (assert ...)", token.place)
            elif token.text != ")":
                open_lists[-1].items.append(token)
            else:
                closed = open_lists.pop()
                if open_lists:
                    open_lists[-1].items.append(closed)
                else:
                    yield closed
        if open_lists:
            self.fail("this parenthesis is never closed", open_lists[-1].place)

    # -- commands ------------------------------------------------------------------------------------------------

    def property(self) -> Property:
        asserted: list[tuple[_Node, int]] = []
        for command in self.commands():
            head = self.head(command, "a command such as (assert ...)")
            if head == "assert":
                if len(command.items) != 2:
                    self.fail(f"assert takes one formula, not {len(command.items) - 1}", command.place)
                asserted.append((command.items[1], command.place))
            elif head in ("declare-const", "declare-fun"):
                self.declare(command)
            elif head not in _WITHOUT_EFFECT:
                hint = "; this is VNN-LIB 2, only version 1 is read" if head in _VERSION_2 else ""
                self.fail(
                    f"unknown command {head!r}; known are assert, declare-const and declare-fun{hint}", command.place
                )
        dims = {kind: self.dimension(kind) for kind in "XY"}
        clauses = self.conjunction([node for node, _ in asserted], False, 0)
        return self.assembled(clauses, dims)

    def head(self, node: _Node, expected: str) -> str:
        if isinstance(node, _Atom):
            self.fail(f"unexpected {node.text!r}; expected {expected}", node.place)
        if not node.items or not isinstance(node.items[0], _Atom):
            self.fail(f"expected {expected}", node.place)
        return node.items[0].text

    def declare(self, command: _List) -> None:
        texts = [item.text if isinstance(item, _Atom) else item.items for item in command.items]
        rest = [[], "Real"] if texts[0] == "declare-fun" else ["Real"]
        match = _VARIABLE.fullmatch(texts[1]) if len(texts) > 1 and isinstance(texts[1], str) else None
        if match is None or texts[2:] != rest:
            example = "(declare-fun X_0 () Real)" if texts[0] == "declare-fun" else "(declare-const X_0 Real)"
            self.fail(f"a declaration reads {example}, with X for an input and Y for an output", command.place)
        variable = match[1], int(match[2])
        if variable in self.declared:
            self.fail(f"{match[0]} is declared twice", command.place)
        self.declared[variable] = command.place

    def dimension(self, kind: str) -> int:
        indices = {i: place for (k, i), place in self.declared.items() if k == kind}
        for count, i in enumerate(sorted(indices)):
            if i != count:
                self.fail(f"{kind}_{i} is declared but {kind}_{count} is not; indices count from 0", indices[i])
        if not indices:
            self.fail(f"no {kind}_0 is declared; expected (declare-const {kind}_0 Real)", len(self.text))
        return len(indices)

    # -- formulas, as unions of conjunctions of numbered comparisons ---------------------------------------------

    def formula(self, node: _Node, negated: bool) -> list[_Clause]:
        head = self.head(node, "a formula such as (<= X_0 1)")
        assert isinstance(node, _List)
        parts = node.items[1:]
        if head in ("and", "or"):
            combine = self.conjunction if (head == "and") != negated else self.disjunction
            return combine(parts, negated, node.place)
        if head == "not":
            if len(parts) != 1:
                self.fail(f"not takes one formula, not {len(parts)}", node.place)
            return self.formula(parts[0], not negated)
        if head not in _COMPARISONS:
            self.fail(f"unknown formula {head!r}; known are and, or, not, {', '.join(_COMPARISONS)}", node.place)
        if len(parts) < 2:
            self.fail(f"{head} compares at least two terms, not {len(parts)}", node.place)
        terms = [self.term(part) for part in parts]
        rows = [self.row(a, head, b, node.place) for a, b in pairwise(terms)]
        if not negated:
            return [tuple(self.number(row) for row in rows)]
        return [(self.number(other),) for row in rows for other in _violated(row)]

    def conjunction(self, parts: Sequence[_Node], negated: bool, place: int) -> list[_Clause]:
        common: list[int] = []
        product: list[_Clause] = [()]
        for part in parts:
            clauses = self.formula(part, negated)
            if len(clauses) == 1:
                common += clauses[0]
                continue
            entries = len(clauses) * sum(map(len, product)) + len(product) * sum(map(len, clauses))
            self.check_size(len(product) * len(clauses), entries, part.place)
            product = [a + b for a in product for b in clauses]
        shared = tuple(common)
        self.check_size(len(product), len(product) * len(shared), place)
        return [shared + clause for clause in product]

    def disjunction(self, parts: Sequence[_Node], negated: bool, place: int) -> list[_Clause]:
        union: list[_Clause] = []
        for part in parts:
            union += self.formula(part, negated)
            self.check_size(len(union), 0, place)
        return union

    def check_size(self, clauses: int, entries: int, place: int) -> None:
        if clauses > _MOST_CLAUSES or entries > _MOST_ENTRIES:
            self.fail(f"the alternatives multiply to {clauses} cases, too many; split the property", place)

    def number(self, row: _Comparison) -> int:
        if row not in self.numbers:
            self.numbers[row] = len(self.comparisons)
            self.comparisons.append(row)
        return self.numbers[row]

    # -- comparisons and terms -----------------------------------------------------------------------------------

    def row(self, left: _Form, operator: str, right: _Form, place: int) -> _Comparison:
        if operator in (">", ">="):
            left, right, operator = right, left, operator.replace(">", "<")
        form = _Form(dict(left.coefficients), left.constant)
        form.add(right, Fraction(-1))
        kinds = {kind for (kind, _), value in form.coefficients.items() if value}
        if len(kinds) > 1:
            self.fail("compares inputs with outputs; each comparison must be about inputs or about outputs", place)
        scale = 1
        for value in (*form.coefficients.values(), form.constant):
            scale = math.lcm(scale, value.denominator)
            if scale.bit_length() > _LARGEST_BITS:
                self.fail(f"the common denominator has more than {_LARGEST_BITS} bits", place)
        entries = tuple((i, value) for (_, i), value in sorted(form.coefficients.items()) if value)
        relation: Relation = "==" if operator == "=" else "<" if operator == "<" else "<="
        return _Comparison(kinds.pop() if kinds else "X", entries, -form.constant, relation)

    def term(self, node: _Node) -> _Form:
        if isinstance(node, _Atom):
            return self.leaf(node)
        head = self.head(node, "a term such as (+ X_0 1)")
        parts = [self.term(part) for part in node.items[1:]]
        if head not in ("+", "-", "*", "/"):
            self.fail(f"unknown term {head!r}; known are numbers, variables, +, -, * and /", node.place)
        if not parts or (head == "/" and len(parts) < 2):
            self.fail(f"{head} has {len(parts)} terms, too few", node.place)
        total = parts[0].times(Fraction(-1)) if head == "-" and len(parts) == 1 else parts[0]
        if head in ("+", "-"):
            total = _Form(dict(total.coefficients), total.constant)
        for part in parts[1:]:
            if head in ("+", "-"):
                total.add(part, Fraction(1 if head == "+" else -1))
            elif head == "*":
                if total.coefficients and part.coefficients:
                    self.fail("a product of variables is not linear", node.place)
                total = total.times(part.constant) if total.coefficients else part.times(total.constant)
            elif part.coefficients or not part.constant:
                what = "dividing by a variable is not linear" if part.coefficients else "division by zero"
                self.fail(what, node.place)
            else:
                total = total.times(1 / part.constant)
            touched = total.constant, *(total.coefficients[v] for v in part.coefficients if v in total.coefficients)
            if any(max(v.numerator.bit_length(), v.denominator.bit_length()) > _LARGEST_BITS for v in touched):
                self.fail(f"a number of more than {_LARGEST_BITS} bits", node.place)
        return total

    def leaf(self, atom: _Atom) -> _Form:
        match = _VARIABLE.fullmatch(atom.text)
        if match is not None:
            variable = match[1], int(match[2])
            if variable not in self.declared:
                self.fail(f"{atom.text} is not declared", atom.place)
            return _Form({variable: Fraction(1)}, Fraction(0))
        number = _NUMBER.fullmatch(atom.text)
        if number is None:
            self.fail(f"{atom.text!r} is neither a number nor a variable such as X_0 or Y_0", atom.place)
        if number[4] and abs(int(number[4])) > _LARGEST_EXPONENT:
            self.fail(f"the exponent of {atom.text} is beyond {_LARGEST_EXPONENT}", atom.place)
        return _Form({}, Fraction(atom.text))

    # -- rows and polyhedra --------------------------------------------------------------------------------------

    def assembled(self, clauses: Sequence[_Clause], dims: dict[str, int]) -> Property:
        entries = sum(dims[row.kind] for row in self.comparisons)
        if entries > _MOST_ENTRIES:
            self.fail(f"{len(self.comparisons)} rows of {dims['X']} and {dims['Y']} numbers are too many", 0)
        halfspaces = [_halfspace(row, dims[row.kind]) for row in self.comparisons]
        by_domain: dict[_Clause, dict[_Clause, None]] = {}
        for clause in clauses:
            inputs, outputs = (
                tuple(dict.fromkeys(i for i in clause if self.comparisons[i].kind == kind)) for kind in "XY"
            )
            by_domain.setdefault(tuple(sorted(inputs)), {})[outputs] = None

        def polyhedron(numbers: _Clause, kind: str) -> Polyhedron:
            return Polyhedron.from_halfspaces([halfspaces[i] for i in numbers], dims[kind])

        return Property(
            dims["X"],
            dims["Y"],
            tuple(
                Disjunct(polyhedron(inputs, "X"), tuple(polyhedron(outputs, "Y") for outputs in targets))
                for inputs, targets in by_domain.items()
            ),
        )


@dataclass
class _Form:
    """A linear form in inputs and outputs; sums are made in place, so that long ones stay linear."""

    coefficients: _Coefficients
    constant: Fraction

    def add(self, other: _Form, factor: Fraction) -> None:
        for variable, value in other.coefficients.items():
            self.coefficients[variable] = self.coefficients.get(variable, Fraction(0)) + factor * value
        self.constant += factor * other.constant

    def times(self, factor: Fraction) -> _Form:
        return _Form({v: c * factor for v, c in self.coefficients.items()} if factor else {}, self.constant * factor)


def _violated(row: _Comparison) -> list[_Comparison]:
    """The comparisons whose union is the opposite of one."""
    turned = row._replace(coefficients=tuple((i, -v) for i, v in row.coefficients), offset=-row.offset)
    if row.relation == "==":
        return [row._replace(relation="<"), turned._replace(relation="<")]
    return [turned._replace(relation="<" if row.relation == "<=" else "<=")]


def _halfspace(row: _Comparison, dim: int) -> Halfspace:
    normal: list[Fraction | int] = [0] * dim
    for i, value in row.coefficients:
        normal[i] = value
    return Halfspace.of(normal, row.offset, row.relation)
