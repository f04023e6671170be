"""The syntax of VNN-LIB, a part of that of SMT-LIB 2: nested lists of words, and indices in brackets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple, NoReturn, TypeAlias

from polyrelu.errors import ParseError

_TOKEN = re.compile(
    r"""(?:\s+|;[^\n]*)*+(?:(?P<paren>[()])|(?P<quoted>"[^"]*"|\|[^|]*\|)|(?P<index>\[[^][();"|]*\])"""
    r"""|(?P<atom>[^\s();"|[]+)|$)"""
)
_SKIP = re.compile(r"(?:\s+|;[^\n]*)*+")
_SHOWN = 160
_MOST_TOKENS = 2_000_000
_LONGEST_TOKEN = 1000
_DEEPEST_NESTING = 100


def _visible(text: str) -> str:
    """A text whose characters all show on a terminal, and do nothing else there."""
    return "".join(c if c.isprintable() or c == "\t" else "\N{REPLACEMENT CHARACTER}" for c in text)


class Atom(NamedTuple):
    """A word, with the index that follows it, and its place in the text."""

    text: str
    place: int


class List(NamedTuple):
    """What parentheses enclose."""

    items: list[Node]
    place: int


Node: TypeAlias = Atom | List


class Source:
    """A text, and where it is from.

    Args:
        text: in VNN-LIB.
        where: names it in errors.
    """

    def __init__(self, text: str, where: str) -> None:
        self.text, self.where = text, where

    def fail(self, reason: str, place: int) -> NoReturn:
        """Raise an error that names line and column, and points at the place."""
        start = self.text.rfind("\n", 0, place) + 1
        end = self.text.find("\n", place)
        line, column = self.text.count("\n", 0, place) + 1, place - start
        first = max(start, place - _SHOWN // 2)
        shown = self.text[first : min(len(self.text) if end < 0 else end, first + _SHOWN)].rstrip()
        pointer = "".join("\t" if c == "\t" else " " for c in self.text[first:place]) + "^"
        raise ParseError(f"{self.where}, line {line}, column {column + 1}: {reason}\n  {_visible(shown)}\n  {pointer}")

    def head(self, node: Node, expected: str) -> str:
        """The word that a list begins with; an error says what was expected in its place."""
        if isinstance(node, Atom):
            self.fail(f"unexpected {node.text!r}; expected {expected}", node.place)
        if not node.items or not isinstance(node.items[0], Atom):
            self.fail(f"expected {expected}", node.place)
        return node.items[0].text

    def tokens(self) -> Iterator[Atom]:
        """Words, parentheses and indices."""
        end = 0
        for count, match in enumerate(_TOKEN.finditer(self.text)):
            kind = match.lastgroup
            place = match.start(kind) if kind else match.end()
            if match.start() != end or (kind is None and place < len(self.text)):
                break
            end = match.end()
            if kind is None:
                return
            if count >= _MOST_TOKENS:
                self.fail(f"more than {_MOST_TOKENS} words and parentheses; split the property", place)
            if end - place > _LONGEST_TOKEN and kind in ("atom", "index"):
                self.fail(f"a word of {end - place} characters; at most {_LONGEST_TOKEN} are read", place)
            yield Atom(match[kind], place)
        end = _SKIP.match(self.text, end).end()  # type: ignore[union-attr]  # it matches nothing at all, too
        if end < len(self.text):
            what = "an index" if self.text[end] in "[]" else "a quotation"
            self.fail(f"{self.text[end]!r} opens {what} that does not end", end)

    def commands(self) -> Iterator[List]:
        """The lists that are not in another one."""
        open_lists: list[List] = []
        for token in self.tokens():
            if token.text == "(":
                if len(open_lists) == _DEEPEST_NESTING:
                    self.fail(f"more than {_DEEPEST_NESTING} nested parentheses", token.place)
                open_lists.append(List([], token.place))
            elif not open_lists:
                self.fail(f"unexpected {token.text!r}; expected a command such as (assert ...)", token.place)
            elif token.text.startswith("["):
                items = open_lists[-1].items
                if not items or not isinstance(items[-1], Atom):
                    self.fail("an index follows a name", token.place)
                items[-1] = Atom(items[-1].text + re.sub(r"\s", "", token.text), items[-1].place)
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
