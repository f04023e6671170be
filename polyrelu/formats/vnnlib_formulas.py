"""The formulas of VNN-LIB as unions of conjunctions of linear comparisons.

A term is linear in cases: ``(ite c a b)`` is a where c holds, and b where it does not. A comparison of terms with cases
is an alternative of what it says in each. What ``let`` binds is read where it is bound, and once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import reduce
from itertools import combinations, pairwise
from typing import TypeAlias

from polyrelu.formats.vnnlib_declarations import Declarations
from polyrelu.formats.vnnlib_syntax import Atom, List, Node, Source
from polyrelu.networks.clauses import Clause, Comparison, Comparisons, Form

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE]([+-]?\d+))?", re.ASCII)
_NAME = re.compile(r"[^\W\d][\w.$]*")
_COMPARISONS = ("<=", "<", ">=", ">", "=", "==", "!=", "distinct")
_CONSTANTS = {"true": True, "false": False}

# Far beyond what the benchmarks need, and small enough that no file takes more than seconds and some hundred megabytes.
_LARGEST_EXPONENT = 1000
_LARGEST_BITS = 50_000
_MOST_CLAUSES = 200_000
MOST_ENTRIES = 20_000_000

_Cases: TypeAlias = Sequence[tuple[Clause, Form]]
"""Forms, each where a clause holds; at every point one clause does, and those that do agree."""
_Truth: TypeAlias = Callable[[bool], list[Clause]]
"""The clauses of a formula, or of its negation."""


class _Bound:
    """What a ``let`` has given a name: a term or a formula, read when it is first used as such."""

    def __init__(self, formulas: Formulas, node: Node, scope: Scope) -> None:
        self._formulas, self._node, self._scope = formulas, node, scope
        self._cases: _Cases | None = None
        self._clauses: dict[bool, list[Clause]] = {}

    def cases(self) -> _Cases:
        """The term."""
        if self._cases is None:
            self._cases = self._formulas.term(self._node, self._scope)
        return self._cases

    def clauses(self, negated: bool) -> list[Clause]:
        """The formula."""
        if negated not in self._clauses:
            self._clauses[negated] = self._formulas.formula(self._node, negated, self._scope)
        return self._clauses[negated]

    def is_formula(self) -> bool:
        """Whether it has a truth value."""
        return self._formulas.is_formula(self._node, self._scope)


Scope: TypeAlias = Mapping[str, _Bound]


class Formulas:
    """Reads formulas.

    Args:
        source: fails with a place.
        declared: what names stand for.

    Attributes:
        comparisons: what the clauses consist of.
    """

    def __init__(self, source: Source, declared: Declarations) -> None:
        self.fail, self.head = source.fail, source.head
        self.declared = declared
        self.comparisons = Comparisons()
        self._leaves: dict[str, Form] = {}

    # -- formulas ------------------------------------------------------------------------------------------------

    def formula(self, node: Node, negated: bool, scope: Scope) -> list[Clause]:
        """The clauses of a formula, or of its negation."""
        if isinstance(node, Atom) and node.text in scope:
            return scope[node.text].clauses(negated)
        if isinstance(node, Atom) and node.text in _CONSTANTS:
            return [()] if _CONSTANTS[node.text] != negated else []
        head = self.head(node, "a formula such as (<= X_0 1)")
        assert isinstance(node, List)
        is_equality = head in ("=", "==", "distinct")
        if head in _COMPARISONS and not (is_equality and len(node.items) > 1 and self.is_formula(node.items[1], scope)):
            return self.comparison(node, negated, scope)
        if head == "let":
            body, inner = self._opened(node, scope)
            return self.formula(body, negated, inner)
        return self._connected(head, node, negated, scope)

    def _connected(self, head: str, node: List, negated: bool, scope: Scope) -> list[Clause]:
        """The clauses of formulas put together by a connective, or of the negation of that."""
        place, truths = node.place, [self._truth(part, scope) for part in node.items[1:]]
        self._check_count(head, node)
        match head:
            case "and" | "or":
                clauses = self._joined(truths, place, negated, head == "and")
            case "not":
                clauses = truths[0](not negated)
            case "=>":  # a => b => c is (not a) or (not b) or c
                clauses = self._joined([*map(_opposite, truths[:-1]), truths[-1]], place, negated, False)
            case "ite":
                clauses = self._if_then_else((truths[0], truths[1], truths[2]), place, negated)
            case "=" | "==":  # of formulas: each two that follow each other have one truth value
                same = [_opposite(self._different(a, b, place)) for a, b in pairwise(truths)]
                clauses = self._joined(same, place, negated, True)
            case "xor" | "distinct":
                clauses = reduce(lambda a, b: self._different(a, b, place), truths)(negated)
            case _:
                known = "and, or, not, =>, xor, ite, let, true, false"
                self.fail(f"unknown formula {head!r}; known are {known}, {', '.join(_COMPARISONS)}", place)
        return clauses

    def is_formula(self, node: Node, scope: Scope) -> bool:
        """Whether a node has a truth value, and not a number."""
        if isinstance(node, Atom):
            return scope[node.text].is_formula() if node.text in scope else node.text in _CONSTANTS
        head = node.items[0].text if node.items and isinstance(node.items[0], Atom) else ""
        if head == "let" and len(node.items) == 3:
            return self.is_formula(*self._opened(node, scope))
        if head == "ite" and len(node.items) == 4:
            return self.is_formula(node.items[2], scope)
        return head in ("and", "or", "not", "=>", "xor", *_COMPARISONS)

    def _check_count(self, head: str, node: List) -> None:
        """Refuse a connective with too few or too many formulas."""
        count = len(node.items) - 1
        exact = {"not": (1, "one formula"), "ite": (3, "three formulas"), "distinct": (2, "two formulas")}
        if head in exact and count != exact[head][0]:
            self.fail(f"{head} takes {exact[head][1]}, not {count}", node.place)
        if head in ("=>", "xor", "=", "==") and count < 2:
            self.fail(f"{head} takes at least two formulas, not {count}", node.place)

    def _truth(self, node: Node, scope: Scope) -> _Truth:
        return lambda negated: self.formula(node, negated, scope)

    def _joined(self, truths: Sequence[_Truth], place: int, negated: bool, all_hold: bool) -> list[Clause]:
        """The clauses of "all hold", or of "one holds", or of the negation of that."""
        combine = self.conjunction if all_hold != negated else self._disjunction
        return combine([truth(negated) for truth in truths], place)

    def _if_then_else(self, parts: tuple[_Truth, _Truth, _Truth], place: int, negated: bool) -> list[Clause]:
        condition, then, other = parts
        ways = [(condition(False), then(negated)), (condition(True), other(negated))]
        return self._disjunction([self.conjunction(way, place) for way in ways], place)

    def _different(self, a: _Truth, b: _Truth, place: int) -> _Truth:
        """That one holds and the other does not."""
        return lambda negated: self._if_then_else((a, _opposite(b), b), place, negated)

    def conjunction(self, parts: Sequence[list[Clause]], place: int) -> list[Clause]:
        """The clauses of what holds together."""
        common: list[int] = []
        product: list[Clause] = [()]
        for clauses in parts:
            if len(clauses) == 1:
                common += clauses[0]
                continue
            entries = len(clauses) * sum(map(len, product)) + len(product) * sum(map(len, clauses))
            self._check_size(len(product) * len(clauses), entries, place)
            product = [a + b for a in product for b in clauses]
        shared = tuple(common)
        self._check_size(len(product), len(product) * len(shared), place)
        return [shared + clause for clause in product]

    def _disjunction(self, parts: Sequence[list[Clause]], place: int) -> list[Clause]:
        """The clauses of what holds in one way or another."""
        union = [clause for clauses in parts for clause in clauses]
        self._check_size(len(union), 0, place)
        return union

    def _check_size(self, clauses: int, entries: int, place: int) -> None:
        if clauses > _MOST_CLAUSES or entries > MOST_ENTRIES:
            self.fail(f"the alternatives multiply to {clauses} cases, too many; split the property", place)

    def _opened(self, node: List, scope: Scope) -> tuple[Node, Scope]:
        """What a ``let`` is about, and the names in it."""
        bindings = node.items[1] if len(node.items) == 3 else node
        if len(node.items) != 3 or not isinstance(bindings, List):
            self.fail("a let reads (let ((name term) ...) formula)", node.place)
        inner: dict[str, _Bound] = {}
        for binding in bindings.items:
            name = binding.items[0] if isinstance(binding, List) and len(binding.items) == 2 else binding
            if not isinstance(binding, List) or not isinstance(name, Atom) or not _NAME.fullmatch(name.text):
                self.fail("a binding reads (name term) or (name formula)", binding.place)
            if name.text in inner:
                self.fail(f"{name.text!r} is bound twice", name.place)
            inner[name.text] = _Bound(self, binding.items[1], scope)
        return node.items[2], {**scope, **inner}

    # -- comparisons ---------------------------------------------------------------------------------------------

    def comparison(self, node: List, negated: bool, scope: Scope) -> list[Clause]:
        """The clauses of a comparison of two terms or more, or of its negation."""
        head, parts, place = self.head(node, "a comparison"), node.items[1:], node.place
        if head == "!=" and len(parts) != 2:
            self.fail(f"!= compares two terms, not {len(parts)}", place)
        if len(parts) < 2:
            self.fail(f"{head} compares at least two terms, not {len(parts)}", place)
        terms = [self.term(part, scope) for part in parts]
        if head in ("!=", "distinct"):  # each two terms differ
            sides = [self._pair(a, "==", b, place, not negated) for a, b in combinations(terms, 2)]
        else:
            sides = [self._pair(a, head, b, place, negated) for a, b in pairwise(terms)]
        if len(sides) == 1:
            return sides[0]
        return self._disjunction(sides, place) if negated else self.conjunction(sides, place)

    def _pair(self, left: _Cases, operator: str, right: _Cases, place: int, negated: bool) -> list[Clause]:
        """The clauses of a comparison of two terms, or of its negation."""
        clauses: list[Clause] = []
        for where, a in left:
            for also, b in right:
                row = Comparison.of(a, operator, b)
                if row.denominator_bits() > _LARGEST_BITS:
                    self.fail(f"the common denominator has more than {_LARGEST_BITS} bits", place)
                rows = row.violated() if negated else [row]
                clauses += [(*where, *also, self.comparisons.number(one)) for one in rows]
        self._check_size(len(clauses), 0, place)
        return clauses

    # -- terms ---------------------------------------------------------------------------------------------------

    def term(self, node: Node, scope: Scope) -> _Cases:
        """The forms of a term, each where its clause holds."""
        if isinstance(node, Atom):
            return scope[node.text].cases() if node.text in scope else [((), self._leaf(node))]
        head = self.head(node, "a term such as (+ X_0 1)")
        if head == "let":
            return self.term(*self._opened(node, scope))
        if head == "ite":
            return self._chosen(node, scope)
        parts = [self.term(part, scope) for part in node.items[1:]]
        if head not in ("+", "-", "*", "/"):
            known = "numbers, variables, +, -, *, /, ite and let"
            self.fail(f"unknown term {head!r}; known are {known}", node.place)
        if not parts or (head == "/" and len(parts) < 2):
            self.fail(f"{head} has {len(parts)} terms, too few", node.place)
        if all(len(part) == 1 and not part[0][0] for part in parts):
            return [((), self._combined(head, [part[0][1] for part in parts], node.place))]
        ways: list[tuple[Clause, list[Form]]] = [((), [])]
        for part in parts:
            self._check_size(len(ways) * len(part), 0, node.place)
            ways = [(where + also, [*forms, form]) for where, forms in ways for also, form in part]
        return [(where, self._combined(head, forms, node.place)) for where, forms in ways]

    def _chosen(self, node: List, scope: Scope) -> _Cases:
        """The cases of ``(ite condition term term)``."""
        if len(node.items) != 4:
            self.fail(f"ite takes a formula and two terms, not {len(node.items) - 1} parts", node.place)
        condition, then, other = node.items[1:]
        cases = [
            (where + also, form)
            for part, negated in ((then, False), (other, True))
            for where in self.formula(condition, negated, scope)
            for also, form in self.term(part, scope)
        ]
        self._check_size(len(cases), 0, node.place)
        return cases

    def _combined(self, head: str, parts: Sequence[Form], place: int) -> Form:
        """Forms put together by an operator of arithmetic."""
        total = parts[0].times(Fraction(-1)) if head == "-" and len(parts) == 1 else parts[0]
        if head in ("+", "-"):
            total = total.copy()
        for part in parts[1:]:
            if head in ("+", "-"):
                total.add(part, 1 if head == "+" else -1)
            elif head == "*":
                if total.coefficients and part.coefficients:
                    self.fail("a product of variables is not linear", place)
                total = total.times(part.constant) if total.coefficients else part.times(total.constant)
            elif part.coefficients or not part.constant:
                self.fail("dividing by a variable is not linear" if part.coefficients else "division by zero", place)
            else:
                total = total.times(1 / part.constant)
            touched = total.touched(part) if head in ("+", "-") else (total.constant, *total.coefficients.values())
            if any(max(v.numerator.bit_length(), v.denominator.bit_length()) > _LARGEST_BITS for v in touched):
                self.fail(f"a number of more than {_LARGEST_BITS} bits", place)
        return total

    def _leaf(self, atom: Atom) -> Form:
        """A variable or a number, which are looked up once: nobody adds to these forms."""
        if atom.text not in self._leaves:
            self._leaves[atom.text] = self._read(atom)
        return self._leaves[atom.text]

    def _read(self, atom: Atom) -> Form:
        number = _NUMBER.fullmatch(atom.text)
        if number is None:
            variable = self.declared.variable(atom)
            if variable is None:
                known = self.declared.examples
                self.fail(f"{atom.text!r} is neither a number nor a variable such as {known}", atom.place)
            return Form({variable: Fraction(1)}, Fraction(0))
        if number[4] and abs(int(number[4])) > _LARGEST_EXPONENT:
            self.fail(f"the exponent of {atom.text} is beyond {_LARGEST_EXPONENT}", atom.place)
        if number[3] is None and "." not in number[1][-1:]:
            whole, _, places = atom.text.partition(".")  # a third of what Fraction(text) takes
            return Form({}, Fraction(int(whole + places), 10 ** len(places)))
        return Form({}, Fraction(atom.text))


def _opposite(truth: _Truth) -> _Truth:
    return lambda negated: truth(not negated)
