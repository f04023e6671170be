r"""Constraints as text: ``"y0 > 0 and 2*y1 - y2/3 <= 0.5"`` to a Polyhedron.

Grammar (a hand-written recursive descent parser; nothing is ever evaluated as code)::

    constraint  = comparison (("and" | "&" | "&&" | ",") comparison)*
    comparison  = sum (("<=" | "<" | ">=" | ">" | "==" | "=") sum)+
    sum         = ["+" | "-"] term (("+" | "-") term)*
    term        = factor (("*" | "/") factor)*
    factor      = number | variable | "(" sum ")" | ("+" | "-") factor
    variable    = name ["_"] index            # y0, y_0; indices count from 0

Decimals are read as they are written: ``0.1`` is 1/10. A conjunction of linear comparisons is a convex polyhedron;
``or`` and ``!=`` are not, and are refused with that reason.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple, NoReturn

from polyrelu.errors import InputError, ParseError
from polyrelu.polyhedron import Halfspace, Polyhedron
from polyrelu.polyhedron.halfspace import Relation

_TOKEN = re.compile(
    r"""(?P<number>(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?)
      | (?P<word>[^\W\d]\w*)
      | (?P<operator><=|>=|==|!=|&&|\|\||\*\*|[<>=+\-*/(),&|])
      | (?P<space>\s+)""",
    re.VERBOSE,
)
_COMPARISONS = ("<=", "<", ">=", ">", "==", "=")
_AND = ("and", "&", "&&", ",")
_LARGEST_EXPONENT = 1000
_LONGEST_TOKEN = 1000
_DEEPEST_NESTING = 100


class _Token(NamedTuple):
    kind: str
    text: str
    column: int


class _Linear(NamedTuple):
    """A linear form: coefficients by variable index, and a constant."""

    coefficients: dict[int, Fraction]
    constant: Fraction

    def plus(self, other: _Linear, factor: int | Fraction = 1) -> _Linear:
        indices = sorted(self.coefficients.keys() | other.coefficients.keys())
        zero = Fraction(0)
        total = {i: self.coefficients.get(i, zero) + factor * other.coefficients.get(i, zero) for i in indices}
        return _Linear(total, self.constant + factor * other.constant)

    def times(self, factor: Fraction) -> _Linear:
        return _Linear({i: c * factor for i, c in self.coefficients.items()}, self.constant * factor)

    @property
    def is_constant(self) -> bool:
        return not any(self.coefficients.values())


def parse(text: str, dim: int, names: Sequence[str] = ("y", "h")) -> Polyhedron:
    """The polyhedron in R^dim of the points that satisfy a conjunction of linear comparisons.

    Args:
        text: for example ``"y0 > 0"``, ``"h_0 > 0 and 2*y1 - y2/3 <= 0.5"``, ``"-1 <= y0 < y1"``.
        dim: the dimension of the space; indices run from 0 to dim - 1.
        names: the letters a variable may start with, each meaning the same coordinates.

    Example:
        >>> parse("0 <= y0 < y1", dim=2)
        Polyhedron(R^2: x0 >= 0, x0 - x1 < 0)

    Raises:
        ParseError: the text breaks the grammar; the message points at the column.
    """
    if not isinstance(text, str):
        raise InputError(f"parse: expected text such as 'y0 > 0', got {type(text).__name__}")
    return Polyhedron.from_halfspaces(_Parser(text, dim, tuple(names)).constraint(), dim)


class _Parser:
    def __init__(self, text: str, dim: int, names: tuple[str, ...]) -> None:
        self.text = text
        self.dim = dim
        self.names = names
        self.tokens = list(self._tokenise())
        self.position = 0
        self.depth = 0

    def _tokenise(self) -> list[_Token]:
        tokens, column = [], 0
        while column < len(self.text):
            match = _TOKEN.match(self.text, column)
            if match is None:
                self.fail(f"unexpected character {self.text[column]!r}", column)
            kind = match.lastgroup if match.lastgroup in ("word", "operator", "space") else "number"
            if kind != "space" and len(match.group()) > _LONGEST_TOKEN:
                self.fail(
                    f"a name or number of {len(match.group())} characters; at most {_LONGEST_TOKEN} are read", column
                )
            if kind != "space":
                tokens.append(_Token(kind, match.group(), column))
            column = match.end()
        return [*tokens, _Token("end", "", len(self.text))]

    def fail(self, reason: str, column: int) -> NoReturn:
        pointer = " " * column + "^"
        raise ParseError(f"constraint, column {column + 1}: {reason}\n  {self.text}\n  {pointer}")

    @property
    def token(self) -> _Token:
        return self.tokens[self.position]

    def accept(self, *texts: str) -> _Token | None:
        token = self.token
        if token.kind != "number" and token.text in texts and token.kind != "end":
            self.position += 1
            return token
        return None

    def constraint(self) -> list[Halfspace]:
        rows = self.comparison()
        while self.accept(*_AND):
            rows += self.comparison()
        if self.token.kind != "end":
            self.refuse_rest()
        return rows

    def refuse_rest(self) -> NoReturn:
        token = self.token
        if token.text in ("or", "|", "||"):
            self.fail(
                "'or' makes a union, which is not convex; parse each part and pass a list of targets", token.column
            )
        self.fail(f"unexpected {token.text!r}; expected a comparison, 'and' or the end", token.column)

    def comparison(self) -> list[Halfspace]:
        start, left, rows = self.token, self.sum(), []
        while operator := self.accept(*_COMPARISONS, "!="):
            if operator.text == "!=":
                self.fail(
                    "'!=' makes a union, which is not convex; pass the two sides as a list of targets", operator.column
                )
            right = self.sum()
            rows.append(self.row(left, operator.text, right))
            left = right
        if not rows:
            if self.token.text in ("or", "|", "||"):
                self.refuse_rest()
            self.fail(
                "expected a comparison such as <= or >", self.token.column if self.token.kind != "end" else start.column
            )
        return rows

    def row(self, left: _Linear, operator: str, right: _Linear) -> Halfspace:
        if operator in (">", ">="):
            left, right, operator = right, left, operator.replace(">", "<")
        form = left.plus(right, -1)
        relation: Relation = "==" if operator in ("=", "==") else "<" if operator == "<" else "<="
        return Halfspace.of([form.coefficients.get(i, Fraction(0)) for i in range(self.dim)], -form.constant, relation)

    def sum(self) -> _Linear:
        total = self.term()
        while operator := self.accept("+", "-"):
            total = total.plus(self.term(), 1 if operator.text == "+" else -1)
        return total

    def term(self) -> _Linear:
        product = self.factor()
        while operator := self.accept("*", "/", "**"):
            if operator.text == "**":
                self.fail("powers are not linear", operator.column)
            other = self.factor()
            if operator.text == "/":
                if not other.is_constant:
                    self.fail("dividing by a variable is not linear", operator.column)
                if not other.constant:
                    self.fail("division by zero", operator.column)
                product = product.times(1 / other.constant)
            elif other.is_constant:
                product = product.times(other.constant)
            elif product.is_constant:
                product = other.times(product.constant)
            else:
                self.fail("a product of two variables is not linear", operator.column)
        return product

    def factor(self) -> _Linear:
        self.depth += 1
        if self.depth > _DEEPEST_NESTING:
            self.fail(f"more than {_DEEPEST_NESTING} nested parentheses or signs", self.token.column)
        value = self.atom()
        self.depth -= 1
        return value

    def atom(self) -> _Linear:
        token = self.token
        if sign := self.accept("+", "-"):
            inner = self.factor()
            return inner.times(Fraction(-1)) if sign.text == "-" else inner
        if self.accept("("):
            inner = self.sum()
            if not self.accept(")"):
                self.fail("expected ')'", self.token.column)
            return inner
        if token.kind == "number":
            self.position += 1
            return _Linear({}, self.number(token))
        if token.kind == "word" and token.text not in ("and", "or", "not"):
            self.position += 1
            return _Linear({self.index(token): Fraction(1)}, Fraction(0))
        before = self.tokens[self.position - 1].text if self.position else ""
        hint = f"; write {token.text}=" if before in ("=", "==") and token.text in ("<", ">") else ""
        return self.fail(
            f"expected a number or a variable{f', got {token.text!r}' if token.text else ''}{hint}", token.column
        )

    def number(self, token: _Token) -> Fraction:
        exponent = re.search(r"[eE]([+-]?\d+)$", token.text)
        if exponent and abs(int(exponent[1])) > _LARGEST_EXPONENT:
            self.fail(f"the exponent of {token.text} is beyond {_LARGEST_EXPONENT}", token.column)
        return Fraction(token.text)

    def index(self, token: _Token) -> int:
        match = re.fullmatch(r"([^\W\d]+?)_?([0-9]+)", token.text)
        if match is None or match[1] not in self.names:
            known = " or ".join(f"{name}0" for name in self.names)
            self.fail(
                f"unknown name {token.text!r}; variables are written {known}, ... up to index {self.dim - 1}",
                token.column,
            )
        index = int(match[2])
        if index >= self.dim:
            self.fail(
                f"index {index} is out of range: the space has dimension {self.dim}, indices 0 to {self.dim - 1}",
                token.column,
            )
        return index
