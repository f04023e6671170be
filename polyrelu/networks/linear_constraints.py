r"""Constraints as text: ``"y0 > 0 and 2*y1 - y2/3 <= 0.5"`` to a Polyhedron.

Grammar (a hand-written recursive descent parser; nothing is ever evaluated as code)::

    constraint  = comparison (("and" | "&" | "&&" | ",") comparison)*
    comparison  = sum (("<=" | "<" | ">=" | ">" | "==" | "=") sum)+
    sum         = ["+" | "-"] term (("+" | "-") term)*
    term        = factor (("*" | "/") factor)*
    factor      = number | variable | "(" sum ")" | ("+" | "-") factor
    variable    = name ["_"] index            # y0, y_0; indices count from 0

The write-up from which the letter h comes counts from 1, so a :class:`~polyrelu.errors.CountingWarning` says so if the
first text with an h has ``h_1`` or ``h_2`` and no ``h_0``.

Decimals are read as they are written: ``0.1`` is 1/10. Numbers have at most
:data:`polyrelu.support.numerals.MOST_DIGITS` digits, those of their exponents counted, and what is computed from them
at most twice as many. A conjunction of linear comparisons is a convex polyhedron; ``or`` and ``!=`` are not, and are
refused with that reason.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple, NoReturn

from polyrelu.arithmetic.exact import ExactVector
from polyrelu.errors import CountingWarning, InexactError, InputError, ParseError
from polyrelu.polyhedra.halfspace import Halfspace, Relation
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support.arguments import dimension, instance, items
from polyrelu.support.numerals import MOST_DIGITS, read_number

_TOKEN = re.compile(
    r"""(?P<number>([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?)
      | (?P<word>[^\W\d]\w*'*)
      | (?P<operator><=|>=|==|!=|&&|\|\||\*\*|[<>=+\-*/(),&|])
      | (?P<space>\s+)""",
    re.VERBOSE,
)
_COMPARISONS = ("<=", "<", ">=", ">", "==", "=")
_AND = ("and", "&", "&&", ",")
_LONGEST_TOKEN = 1000
_MOST_BITS = 10 * MOST_DIGITS // 3 * 2  # of a numerator or a denominator, each of which may be a number that was read
_DEEPEST_NESTING = 100
_SHOWN = 160


class Token(NamedTuple):
    """A number, a word, an operator or the end, and where it stands."""

    kind: str
    text: str
    column: int


class Linear(NamedTuple):
    """A linear form: coefficients by variable index, and a constant."""

    coefficients: dict[int, Fraction]
    constant: Fraction

    def plus(self, other: Linear, factor: int | Fraction = 1) -> Linear:
        """The sum with a multiple of another form, whose coefficients are added in place."""
        for i, c in other.coefficients.items():
            self.coefficients[i] = self.coefficients.get(i, Fraction(0)) + factor * c
        return Linear(self.coefficients, self.constant + factor * other.constant)

    def times(self, factor: Fraction) -> Linear:
        """The multiple of the form."""
        return Linear({i: c * factor for i, c in self.coefficients.items()}, self.constant * factor)

    @property
    def is_constant(self) -> bool:
        """Whether no variable is in it."""
        return not any(self.coefficients.values())


def parse(text: str, dim: int, names: Sequence[str] = ("y", "h")) -> Polyhedron:
    """The polyhedron in R^dim of the points that satisfy a conjunction of linear comparisons.

    Args:
        text: for example ``"y0 > 0"``, ``"h_0 > 0 and 2*y1 - y2/3 <= 0.5"``, ``"-1 <= y0 < y1"``.
        dim: the dimension of the space, at most a million; indices run from 0 to dim - 1.
        names: the letters a variable may start with, each meaning the same coordinates.

    Example:
        >>> parse("0 <= y0 < y1", dim=2)
        Polyhedron(R^2: x0 >= 0, x0 - x1 < 0)

    Raises:
        ParseError: the text breaks the grammar, or asks for too long numbers; the message points at the column.
        InputError: the text is no text, or the dimension none.
    """
    if not isinstance(text, str):
        raise InputError(f"parse: expected text such as 'y0 > 0', got {type(text).__name__}")
    letters = tuple(items(names, "parse: names", "pass a list of letters such as ['y', 'h']"))
    for letter in letters:
        instance(letter, str, "parse: names", "pass a list of letters such as ['y', 'h']")
    space = dimension(dim, "parse: dim")
    parser = Parser(text, space, letters)
    rows = parser.constraint()
    parser.warn_of_counting()
    return Polyhedron.from_halfspaces(rows, space)


def coordinate(name: str, dim: int, names: Sequence[str] = ("y", "h")) -> int:
    """The number of a coordinate that is named as in a constraint.

    Args:
        name: for example ``"y0"`` or ``"h_0"``.
        dim: the dimension of the space.
        names: as for :func:`parse`.

    >>> coordinate("y_2", dim=3)
    2

    Raises:
        ParseError: it is none of the names, or the index is out of range.
    """
    parser = Parser(name, dimension(dim, "coordinate: dim"), tuple(names))
    first, *rest = parser.tokens
    if first.kind != "word" or len(rest) != 1:
        parser.fail(f"expected the name of one coordinate, such as {parser.names[0]}0", first.column)
    index = parser.index(first)
    parser.warn_of_counting()
    return index


def linear_form(text: str, dim: int, names: Sequence[str] = ("y", "h")) -> tuple[ExactVector, Fraction]:
    """The coefficients of a linear form in R^dim, and its constant.

    Args:
        text: for example ``"y0 - 2*y1"``; a sum of the grammar above.
        dim: the dimension of the space.
        names: as for :func:`parse`.

    >>> linear_form("y0 - y2/3 + 0.5", dim=3)
    ((Fraction(1, 1), Fraction(0, 1), Fraction(-1, 3)), Fraction(1, 2))

    Raises:
        ParseError: the text breaks the grammar.
    """
    parser = Parser(text, dimension(dim, "linear_form: dim"), tuple(names))
    form = parser.sum()
    if parser.token.kind != "end":
        parser.fail(f"unexpected {parser.token.text!r}; expected a sum such as y0 - 2*y1", parser.token.column)
    parser.warn_of_counting()
    return tuple(form.coefficients.get(i, Fraction(0)) for i in range(parser.dim)), form.constant


_COUNTED: set[str] = set()
"""Letters of which a text has shown to know that their indices count from 0, or whose user was told."""


class Parser:
    """Reads a text by recursive descent; what reads more than conjunctions takes sums and terms from here."""

    def __init__(self, text: str, dim: int, names: tuple[str, ...]) -> None:
        self.text = text
        self.dim = dim
        self.names = names
        self.tokens = list(self._tokenise())
        self.position = 0
        self.depth = 0
        self.used: dict[int, str] = {}

    def _tokenise(self) -> list[Token]:
        tokens, column = [], 0
        while column < len(self.text):
            match = _TOKEN.match(self.text, column)
            if match is None:
                self.fail(f"unexpected character {self.text[column]!r}", column)
            kind = match.lastgroup if match.lastgroup in ("word", "operator", "space") else "number"
            if kind == "word" and len(match.group()) > _LONGEST_TOKEN:
                self.fail(f"a name of {len(match.group())} characters; at most {_LONGEST_TOKEN} are read", column)
            if kind != "space":
                tokens.append(Token(kind, match.group(), column))
            column = match.end()
        return [*tokens, Token("end", "", len(self.text))]

    def fail(self, reason: str, column: int) -> NoReturn:
        """Raise an error that points at a column."""
        first = max(0, column - _SHOWN // 2)
        before = "".join("\t" if c == "\t" else " " for c in self.text[first:column])
        shown_text = self.text[first : first + _SHOWN]
        raise ParseError(f"constraint, column {column + 1}: {reason}\n  {shown_text}\n  {before}^")

    def short(self, value: Fraction, column: int) -> None:
        """Refuse a number that has become too long."""
        if max(value.numerator.bit_length(), value.denominator.bit_length()) > _MOST_BITS:
            self.fail(f"what is computed here has more than {2 * MOST_DIGITS} digits", column)

    @property
    def token(self) -> Token:
        """The next token."""
        return self.tokens[self.position]

    def accept(self, *texts: str) -> Token | None:
        """The next token, and go on, if it is one of these."""
        token = self.token
        if token.kind != "number" and token.text in texts and token.kind != "end":
            self.position += 1
            return token
        return None

    def constraint(self) -> list[Halfspace]:
        """The whole text: a conjunction."""
        rows = self.comparison()
        while self.accept(*_AND):
            rows += self.comparison()
        if self.token.kind != "end":
            self.refuse_rest()
        return rows

    def refuse_rest(self) -> NoReturn:
        """Say why the text cannot go on as it does."""
        token = self.token
        if token.text in ("or", "|", "||"):
            self.fail(
                "'or' makes a union, which is not convex; parse each part and pass a list of targets", token.column
            )
        self.fail(f"unexpected {token.text!r}; expected a comparison, 'and' or the end", token.column)

    def comparison(self) -> list[Halfspace]:
        """A chain of comparisons."""
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

    def row(self, left: Linear, operator: str, right: Linear) -> Halfspace:
        """The half-space of a comparison."""
        if operator in (">", ">="):
            left, right, operator = right, left, operator.replace(">", "<")
        form = Linear(dict(left.coefficients), left.constant).plus(right, -1)
        relation: Relation = "==" if operator in ("=", "==") else "<" if operator == "<" else "<="
        return Halfspace.of([form.coefficients.get(i, Fraction(0)) for i in range(self.dim)], -form.constant, relation)

    def sum(self) -> Linear:
        """Terms, added and subtracted."""
        total = self.term()
        while operator := self.accept("+", "-"):
            term = self.term()
            total = total.plus(term, 1 if operator.text == "+" else -1)
            for value in (total.constant, *(total.coefficients[i] for i in term.coefficients)):
                self.short(value, operator.column)
        return total

    def term(self) -> Linear:
        """Factors, multiplied and divided."""
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
            for value in (product.constant, *product.coefficients.values()):
                self.short(value, operator.column)
        return product

    def factor(self) -> Linear:
        """An atom, one level deeper."""
        self.depth += 1
        if self.depth > _DEEPEST_NESTING:
            self.fail(f"more than {_DEEPEST_NESTING} nested parentheses or signs", self.token.column)
        value = self.atom()
        self.depth -= 1
        return value

    def atom(self) -> Linear:
        """A number, a variable, or a sum in parentheses; perhaps with a sign."""
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
            return Linear({}, self.number(token))
        if token.kind == "word" and token.text not in ("and", "or", "not"):
            self.position += 1
            return Linear({self.index(token): Fraction(1)}, Fraction(0))
        before = self.tokens[self.position - 1].text if self.position else ""
        hint = f"; write {token.text}=" if before in ("=", "==") and token.text in ("<", ">") else ""
        return self.fail(
            f"expected a number or a variable{f', got {token.text!r}' if token.text else ''}{hint}", token.column
        )

    def number(self, token: Token) -> Fraction:
        """The number that a token is."""
        try:
            return read_number(token.text, "constraint")
        except InexactError as error:
            return self.fail(str(error).removeprefix("constraint: "), token.column)

    def index(self, token: Token) -> int:
        """The number of the variable that a token names."""
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
        self.used.setdefault(index, token.text)
        return index

    def warn_of_counting(self) -> None:
        """Warn of a first text that looks as if indices counted from 1."""
        if not any(name.startswith("h") for name in self.used.values()) or "h" in _COUNTED:
            return
        _COUNTED.add("h")
        if 0 not in self.used:
            warnings.warn(
                "indices count from 0: h_0 is the first coordinate and h_1 the second (see polyrelu.parse); a text "
                "without h_0 may mean something else. This is said once",
                CountingWarning,
                stacklevel=3,
            )
