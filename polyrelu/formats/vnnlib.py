r"""Properties in VNN-LIB: which inputs and outputs together would break a promise.

A file of VNN-LIB, the format of the VNN-COMP benchmarks (vnnlib.org), declares a network's inputs and outputs, in
version 1 as real constants ``X_0, ..., Y_0, ...``, and asserts what a *counterexample* satisfies. Grammar, a part of
SMT-LIB 2 (nothing is evaluated as code)::

    file     = command*                                 # ";" starts a comment
    command  = "(declare-const" name "Real)" | "(declare-fun" name "() Real)" | "(assert" formula ")"
             | "(set-logic ...)" | "(set-info ...)" | "(check-sat)" | "(get-model)" | "(exit)"    # without effect
    formula  = "(and" formula* ")" | "(or" formula* ")" | "(not" formula ")" | "(=>" formula formula+ ")"
             | "true" | "false" | comparison
    comparison = "(" ("<=" | "<" | ">=" | ">" | "=") term term+ ")"
    term     = number | name | "(+" term+ ")" | "(-" term+ ")" | "(*" term+ ")" | "(/" term term+ ")"

VNN-LIB 2 declares tensors of real numbers instead, and refers to their entries::

    command  = "(vnnlib-version <2.0>)" | "(declare-network" name input output ")" | ...
    input    = "(declare-input" name type shape ")"         # output: declare-output; shape: [1,5], or [] for one number
    comparison = ... | "(" ("==" | "!=") term term ")"
    term     = ... | name "[" index "," ... "]"

One network with one input and one output is read, flattened row by row; hidden values and relations between networks
are refused. Whatever floating type is declared, numbers are the decimals that are written and arithmetic is exact.

Comparisons are linear; they are about inputs, about outputs, or about both together. The conjunction of all assertions
is rewritten as a union of conjunctions; those with the same conditions on the inputs make one domain with several
targets.
Decimals are read as they are written: ``0.1`` is 1/10.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from os import PathLike
from typing import NamedTuple, TypeAlias

from polyrelu.errors import DimensionError, InputError
from polyrelu.formats.packed import read_text, refusing
from polyrelu.formats.vnnlib_syntax import Atom, List, Node, Source
from polyrelu.formats.vnnlib_tensors import ELEMENTS, LARGEST, TENSOR, Tensor, indices
from polyrelu.networks.properties import Disjunct, Property
from polyrelu.polyhedra.halfspace import Halfspace, Relation
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support.arguments import file_path

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE]([+-]?\d+))?", re.ASCII)
_VARIABLE = re.compile(r"([XY])_(0|[1-9]\d{0,6})", re.ASCII)
_WITHOUT_EFFECT = ("set-logic", "set-info", "set-option", "check-sat", "get-model", "exit")
_IN_NETWORKS = {"declare-input": "X", "declare-output": "Y", "declare-hidden": None}
_COMPARISONS = ("<=", "<", ">=", ">", "=")
_CONSTANTS = {"true": True, "false": False}

# Far beyond what the benchmarks need, and small enough that no file takes more than seconds and some hundred megabytes.
_LARGEST_FILE = 2**26
_LARGEST_EXPONENT = 1000
_LARGEST_BITS = 50_000
_MOST_CLAUSES = 10_000
_MOST_ENTRIES = 20_000_000


_Variable: TypeAlias = tuple[str, int]
_Coefficients: TypeAlias = dict[_Variable, Fraction]
_Clause: TypeAlias = tuple[int, ...]


class _Comparison(NamedTuple):
    """``sum of coefficients relation offset``, about the inputs (X), the outputs (Y), or both (XY)."""

    kind: str
    coefficients: tuple[tuple[_Variable, Fraction], ...]
    offset: Fraction
    relation: Relation


def load_property(path: str | PathLike[str], input_dim: int | None = None, output_dim: int | None = None) -> Property:
    """The property in a VNN-LIB file, see the module's docstring for what is read.

    Args:
        path: the file, text in UTF-8, which may be packed by gzip.
        input_dim: how many inputs the network has; checked when given.
        output_dim: how many outputs it has; checked when given.

    Raises:
        InputError: there is no such file, or it is larger than 64 MiB or not text.
        ParseError: it breaks the grammar or a limit; the message names line and column.
        DimensionError: it declares other numbers of inputs or outputs than the network has.

    Cost: linear in the file, and in the number of conjunctions that its alternatives multiply to.
    """
    file = file_path(path, "load_property")
    if not file.is_file():
        raise InputError(f"load_property: there is no file {file}")
    with refusing(file, "property"):
        return parse_property(read_text(file, _LARGEST_FILE), input_dim, output_dim, where=str(file))


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
        self.source = Source(text, where)
        self.fail = self.source.fail
        self.declared: dict[_Variable, int] = {}
        self.tensors: dict[str, Tensor] = {}
        self.comparisons: list[_Comparison] = []
        self.numbers: dict[_Comparison, int] = {}

    def property(self) -> Property:
        asserted: list[Node] = []
        for command in self.source.commands():
            head = self.head(command, "a command such as (assert ...)")
            if head == "assert":
                if len(command.items) != 2:
                    self.fail(f"assert takes one formula, not {len(command.items) - 1}", command.place)
                asserted.append(command.items[1])
            elif head in ("declare-const", "declare-fun"):
                self.declare(command)
            elif head == "declare-network":
                self.declare_network(command)
            elif head == "vnnlib-version":
                self.check_version(command)
            elif head not in _WITHOUT_EFFECT:
                hint = "; it belongs into a declare-network" if head in _IN_NETWORKS else ""
                known = "assert, declare-const, declare-fun and declare-network"
                self.fail(f"unknown command {head!r}; known are {known}{hint}", command.place)
        dims = {kind: self.dimension(kind) for kind in "XY"}
        clauses = self.conjunction([(node, False) for node in asserted], 0)
        return self.assembled(clauses, dims)

    def head(self, node: Node, expected: str) -> str:
        if isinstance(node, Atom):
            self.fail(f"unexpected {node.text!r}; expected {expected}", node.place)
        if not node.items or not isinstance(node.items[0], Atom):
            self.fail(f"expected {expected}", node.place)
        return node.items[0].text

    def declare(self, command: List) -> None:
        if self.tensors:
            self.fail("single variables are of VNN-LIB 1; a network is declared already", command.place)
        texts = [item.text if isinstance(item, Atom) else item.items for item in command.items]
        rest = [[], "Real"] if texts[0] == "declare-fun" else ["Real"]
        match = _VARIABLE.fullmatch(texts[1]) if len(texts) > 1 and isinstance(texts[1], str) else None
        if match is None or texts[2:] != rest:
            example = "(declare-fun X_0 () Real)" if texts[0] == "declare-fun" else "(declare-const X_0 Real)"
            self.fail(f"a declaration reads {example}, with X for an input and Y for an output", command.place)
        variable = match[1], int(match[2])
        if variable in self.declared:
            self.fail(f"{match[0]} is declared twice", command.place)
        self.declared[variable] = command.place

    def check_version(self, command: List) -> None:
        texts = [item.text for item in command.items if isinstance(item, Atom)]
        if len(command.items) != 2 or not re.fullmatch(r"<?2\.\d{1,6}>?", texts[-1], re.ASCII):
            self.fail("the version is not understood; expected (vnnlib-version <2.0>)", command.place)

    def declare_network(self, command: List) -> None:
        if self.tensors or self.declared:
            self.fail(
                "a second network is declared, or single variables; properties of one network are read", command.place
            )
        for item in command.items[2:]:
            head = self.head(item, "a declaration such as (declare-input X real [1,5])")
            if head not in _IN_NETWORKS:
                self.fail(
                    f"{head!r} in a network is not supported; known are declare-input and declare-output", item.place
                )
            kind = _IN_NETWORKS[head]
            if kind is None:
                self.fail("hidden values are not supported, only inputs and outputs", item.place)
            self.declare_tensor(kind, item)
        if len(self.tensors) != 2:
            self.fail("expected a network with one input and one output", command.place)

    def declare_tensor(self, kind: str, node: Node) -> None:
        assert isinstance(node, List)
        texts = [item.text if isinstance(item, Atom) else "(" for item in node.items[1:]]
        match = TENSOR.fullmatch(" ".join(texts))
        if match is None:
            self.fail("a declaration reads (declare-input X real [1,5])", node.place)
        name, element, shape = match.groups()
        if element.lower() not in ELEMENTS:
            self.fail(f"elements of type {element!r} are not supported; known are {', '.join(ELEMENTS)}", node.place)
        if name in self.tensors or any(tensor.kind == kind for tensor in self.tensors.values()):
            self.fail(f"{name!r}: one input and one output are supported, with different names", node.place)
        self.tensors[name] = Tensor(kind, indices(shape))
        if min(self.tensors[name].shape, default=1) < 1 or self.tensors[name].size > LARGEST:
            self.fail(f"the shape [{shape}] is not supported", node.place)

    def dimension(self, kind: str) -> int:
        for tensor in self.tensors.values():
            if tensor.kind == kind:
                return tensor.size
        indices = {i: place for (k, i), place in self.declared.items() if k == kind}
        for count, i in enumerate(sorted(indices)):
            if i != count:
                self.fail(f"{kind}_{i} is declared but {kind}_{count} is not; indices count from 0", indices[i])
        if not indices:
            self.fail(f"no {kind}_0 is declared; expected (declare-const {kind}_0 Real)", len(self.source.text))
        return len(indices)

    # -- formulas, as unions of conjunctions of numbered comparisons ---------------------------------------------

    def formula(self, node: Node, negated: bool) -> list[_Clause]:
        if isinstance(node, Atom) and node.text in _CONSTANTS:
            return [()] if _CONSTANTS[node.text] != negated else []
        head = self.head(node, "a formula such as (<= X_0 1)")
        assert isinstance(node, List)
        parts = node.items[1:]
        if head in ("and", "or", "=>"):
            if head == "=>" and len(parts) < 2:
                self.fail(f"=> takes at least two formulas, not {len(parts)}", node.place)
            combine = self.conjunction if (head == "and") != negated else self.disjunction
            premises = len(parts) - 1 if head == "=>" else 0  # a => b => c is (not a) or (not b) or c
            return combine([(part, negated != (i < premises)) for i, part in enumerate(parts)], node.place)
        if head == "not":
            if len(parts) != 1:
                self.fail(f"not takes one formula, not {len(parts)}", node.place)
            return self.formula(parts[0], not negated)
        comparisons = (*_COMPARISONS, "==", "!=") if self.tensors else _COMPARISONS
        if head not in comparisons:
            self.fail(
                f"unknown formula {head!r}; known are and, or, not, =>, true, false, {', '.join(comparisons)}",
                node.place,
            )
        if head == "!=":
            if len(parts) != 2:
                self.fail(f"!= compares two terms, not {len(parts)}", node.place)
            head, negated = "==", not negated
        if len(parts) < 2:
            self.fail(f"{head} compares at least two terms, not {len(parts)}", node.place)
        terms = [self.term(part) for part in parts]
        rows = [self.row(a, head, b, node.place) for a, b in pairwise(terms)]
        if not negated:
            return [tuple(self.number(row) for row in rows)]
        return [(self.number(other),) for row in rows for other in _violated(row)]

    def conjunction(self, parts: Sequence[tuple[Node, bool]], place: int) -> list[_Clause]:
        """The clauses of formulas, each as it is or negated, that hold together."""
        common: list[int] = []
        product: list[_Clause] = [()]
        for part, negated in parts:
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

    def disjunction(self, parts: Sequence[tuple[Node, bool]], place: int) -> list[_Clause]:
        """The clauses of formulas, each as it is or negated, of which one holds."""
        union: list[_Clause] = []
        for part, negated in parts:
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
        scale = 1
        for value in (*form.coefficients.values(), form.constant):
            scale = math.lcm(scale, value.denominator)
            if scale.bit_length() > _LARGEST_BITS:
                self.fail(f"the common denominator has more than {_LARGEST_BITS} bits", place)
        entries = tuple((variable, value) for variable, value in sorted(form.coefficients.items()) if value)
        relation: Relation = "==" if operator in ("=", "==") else "<" if operator == "<" else "<="
        return _Comparison("".join(sorted(kinds)) or "X", entries, -form.constant, relation)

    def term(self, node: Node) -> _Form:
        if isinstance(node, Atom):
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

    def leaf(self, atom: Atom) -> _Form:
        name, _, place = atom.text.removesuffix("]").partition("[")
        if name in self.tensors:
            tensor = self.tensors[name]
            try:
                return _Form({(tensor.kind, tensor.flat(indices(place))): Fraction(1)}, Fraction(0))
            except ValueError as error:
                self.fail(f"{atom.text}: {error}", atom.place)
        match = _VARIABLE.fullmatch(atom.text)
        if match is not None and not self.tensors:
            variable = match[1], int(match[2])
            if variable not in self.declared:
                self.fail(f"{atom.text} is not declared", atom.place)
            return _Form({variable: Fraction(1)}, Fraction(0))
        number = _NUMBER.fullmatch(atom.text)
        if number is None:
            known = " or ".join(f"{tensor}{[0] * len(self.tensors[tensor].shape)}" for tensor in self.tensors)
            self.fail(f"{atom.text!r} is neither a number nor a variable such as {known or 'X_0 or Y_0'}", atom.place)
        if number[4] and abs(int(number[4])) > _LARGEST_EXPONENT:
            self.fail(f"the exponent of {atom.text} is beyond {_LARGEST_EXPONENT}", atom.place)
        return _Form({}, Fraction(atom.text))

    # -- rows and polyhedra --------------------------------------------------------------------------------------

    def assembled(self, clauses: Sequence[_Clause], dims: dict[str, int]) -> Property:
        with_inputs = any(row.kind == "XY" for row in self.comparisons)
        first = {"X": 0, "Y": 0, "XY": dims["Y"]}  # where inputs begin in the rows of a comparison
        sizes = {"X": dims["X"], "Y": dims["Y"] + dims["X"] * with_inputs}
        sizes["XY"] = sizes["Y"]
        entries = sum(sizes[row.kind] for row in self.comparisons)
        if entries > _MOST_ENTRIES:
            self.fail(f"{len(self.comparisons)} rows of {dims['X']} and {dims['Y']} numbers are too many", 0)
        halfspaces = [_halfspace(row, sizes[row.kind], first[row.kind]) for row in self.comparisons]
        by_domain: dict[_Clause, dict[_Clause, None]] = {}
        for clause in clauses:
            numbers = dict.fromkeys(clause)
            inputs = tuple(i for i in numbers if self.comparisons[i].kind == "X")
            outputs = tuple(i for i in numbers if self.comparisons[i].kind != "X")
            by_domain.setdefault(tuple(sorted(inputs)), {})[outputs] = None

        def polyhedron(numbers: _Clause, kind: str) -> Polyhedron:
            return Polyhedron.from_halfspaces([halfspaces[i] for i in numbers], sizes[kind])

        return Property(
            dims["X"],
            dims["Y"],
            tuple(
                Disjunct(polyhedron(inputs, "X"), tuple(polyhedron(outputs, "Y") for outputs in targets))
                for inputs, targets in by_domain.items()
            ),
            with_inputs,
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
    turned = row._replace(coefficients=tuple((name, -v) for name, v in row.coefficients), offset=-row.offset)
    if row.relation == "==":
        return [row._replace(relation="<"), turned._replace(relation="<")]
    return [turned._replace(relation="<" if row.relation == "<=" else "<=")]


def _halfspace(row: _Comparison, dim: int, inputs_from: int) -> Halfspace:
    normal: list[Fraction | int] = [0] * dim
    for (kind, i), value in row.coefficients:
        normal[i + inputs_from * (kind == "X")] = value
    return Halfspace.of(normal, row.offset, row.relation)
