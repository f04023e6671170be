"""The syntax of VNN-LIB, a part of that of SMT-LIB 2: nested lists of words, and indices in brackets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple, NoReturn, TypeAlias

from polyrelu.errors import ParseError

_TOKEN = re.compile(
    r"""(?:\s+|;[^\n]*)*+(?:(?P<word>[^\s();"|[]+|"[^"]*"|\|[^|]*\|)|(?P<open>\()|(?P<close>\))"""
    r"""|(?P<index>\[[^][();"|]*\])|(?P<endless>["|[])|$)"""
)
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

    def commands(self) -> Iterator[List]:
        """The lists that are not in another one."""
        open_lists: list[List] = []
        for count, match in enumerate(_TOKEN.finditer(self.text)):
            kind = match.lastgroup
            if kind is None:  # the end of the text
                break
            place = match.start(kind)
            if count >= _MOST_TOKENS:
                self.fail(f"more than {_MOST_TOKENS} words and parentheses; split the property", place)
            if kind == "open":
                if len(open_lists) == _DEEPEST_NESTING:
                    self.fail(f"more than {_DEEPEST_NESTING} nested parentheses", place)
                open_lists.append(List([], place))
            elif not open_lists or kind == "endless":
                self._fail_at(match)
            elif kind == "word":
                open_lists[-1].items.append(self._word(match, place))
            elif kind == "index":
                items = open_lists[-1].items
                items.append(self._indexed(items.pop() if items else None, self._word(match, place)))
            else:
                closed = open_lists.pop()
                if open_lists:
                    open_lists[-1].items.append(closed)
                else:
                    yield closed
        if open_lists:
            self.fail("this parenthesis is never closed", open_lists[-1].place)

    def _word(self, match: re.Match[str], place: int) -> Atom:
        text = match[match.lastindex or 0]
        if len(text) > _LONGEST_TOKEN and text[0] not in '"|':
            self.fail(f"a word of {len(text)} characters; at most {_LONGEST_TOKEN} are read", place)
        return Atom(text, place)

    def _indexed(self, name: Node | None, index: Atom) -> Atom:
        if not isinstance(name, Atom):
            self.fail("an index follows a name", index.place)
        return Atom(name.text + re.sub(r"\s", "", index.text), name.place)

    def _fail_at(self, match: re.Match[str]) -> NoReturn:
        """Refuse what belongs into no command, or does not end."""
        text, place = match[match.lastindex or 0], match.start(match.lastindex or 0)
        if match.lastgroup == "endless":
            what = "an index" if text == "[" else "a quotation"
            self.fail(f"{text!r} opens {what} that does not end", place)
        self.fail(f"unexpected {text!r}; expected a command such as (assert ...)", place)
