r"""The text of a statement: read into layers and conditions, and written; its grammar is in ``certificates/FORMAT.md``.

A statement is read by several programs, and its reader must not take it for another question than its author. So there
is no guessing: a name is written in one way, lines end with line feeds, and between words there are blanks. What is
refused is refused with the line's number, the rule, the word and the fix.

Conditions keep the order, the sign and the relation in which they are said; ``>=`` and ``>`` are turned around. Rows
are scaled to primitive integers, by a positive factor.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple, NoReturn, TypeAlias

from flint import fmpz

from polyrelu.errors import BudgetExceeded, InputError
from polyrelu.networks.layer import Layer
from polyrelu.polyhedra.halfspace import Halfspace, Relation
from polyrelu.support.arguments import MOST_DIMENSIONS
from polyrelu.support.numerals import fraction_digits, integer_digits, shown

_TITLE, _VERSION = "polyrelu-statement", "1"
HEADER = f"{_TITLE} {_VERSION}"
LONGEST_LINE = 2**20
MOST_DIGITS = 2**16
"""Of a numerator with its sign, of a denominator, and of what a decimal has before its point, and after it."""
MOST_NUMBERS = 2**23
"""Of all layers together, as in files of networks: exact ones take some hundred bytes each."""

Name: TypeAlias = tuple[int, int]
"""A value in a network: the number of layers before it, and its coordinate there. ``(0, 3)`` is the input x3."""

_KEYWORDS = ("inputs", "domain", "layer", "target")
_GROUPS = "groups begin with the words inputs, domain, layer and target"
_RELATIONS: dict[str, tuple[int, Relation]] = {
    "<": (1, "<"), "<=": (1, "<="), "==": (1, "=="), ">=": (-1, "<="), ">": (-1, "<"),
}  # fmt: skip
_TURNED = {"<": ">", "<=": ">="}
_MEANT = {"=": "==", "=<": "<=", "=>": ">=", "≤": "<=", "≥": ">="}
_UNIONS = ("!=", "<>", "≠")
_NUMBER = re.compile(r"([+-]?[0-9]+)(?:/([0-9]+)|\.([0-9]+))?")
_EXPONENT = re.compile(r"[+-]?[0-9.]+[eE][+-]?[0-9]+")
_INDEX = r"(0|[1-9][0-9]{0,8})"
_NAME = re.compile(rf"([xy]){_INDEX}|h([1-9][0-9]{{0,8}})\.{_INDEX}")
_LIKE_A_NAME = re.compile(r"[xyh][0-9]")
_ODD = re.compile(r"[^\t\n -~]")
_MOST_BITS = 4 * LONGEST_LINE  # of a condition's numbers over one denominator, which are written in a line
_SHORT = 12  # characters of numbers that are remembered, since they come again
_PYTHONS_LEAST_LIMIT = 640  # digits that Python converts whatever its setting


class Condition(NamedTuple):
    """``sum of coefficients relation offset`` in primitive integers, about values of a network; none is zero."""

    coefficients: Mapping[Name, int]
    offset: int
    relation: Relation

    def row(self, place: Mapping[Name, int], dim: int) -> Halfspace:
        """The condition as a row in R^dim, where each value has its place."""
        normal = [0] * dim
        for name, coefficient in self.coefficients.items():
            normal[place[name]] = coefficient
        return Halfspace(tuple(normal), self.offset, self.relation)


class Said(NamedTuple):
    """What a statement says; ``targets`` is None where it asks for the linear regions."""

    input_dim: int
    domain: tuple[Condition, ...]
    layers: tuple[Layer, ...]
    targets: tuple[tuple[Condition, ...], ...] | None


def read_statement(text: str, where: str) -> Said:
    """What a text says.

    Args:
        text: the statement.
        where: its place, for errors.

    Raises:
        InputError: it breaks a rule; the message names the line, the rule, the word and the fix.
        BudgetExceeded: the layers have too many numbers.

    Cost: linear; about four microseconds a number.
    """
    return _Reader(text, where).said()


class _Line(NamedTuple):
    number: int
    text: str


class _Group(NamedTuple):
    number: int
    keyword: str
    words: list[str]
    rows: list[_Line]


class _Reader:
    def __init__(self, text: str, where: str) -> None:
        self.text, self.where = text, where
        self.known: dict[str, Fraction] = {}
        self.opened: set[str] = set()
        self.count = 0

    def fail(self, number: int, reason: str) -> NoReturn:
        raise InputError(f"{self.where}: line {number}: {reason}")

    def said(self) -> Said:
        groups = self.groups()
        dim = self.inputs(groups[0])
        layers: list[Layer] = []
        for group in groups:
            if group.keyword == "layer":
                layers.append(self.layer(group, len(layers) + 1, layers[-1].output_dim if layers else dim))
        if not layers:
            self.fail(groups[-1].number, "there is no layer after it; say at least one")
        widths = (dim, *(layer.output_dim for layer in layers))
        domain = [self.conditions(group, widths[:1]) for group in groups if group.keyword == "domain"]
        targets = [self.conditions(group, widths) for group in groups if group.keyword == "target"]
        return Said(dim, domain[0] if domain else (), tuple(layers), tuple(targets) or None)

    # -- lines and groups ---------------------------------------------------------------------------------------

    def lines(self) -> Iterator[_Line]:
        """The lines that say something."""
        for number, text in enumerate(self.text.split("\n"), 1):
            if len(text) > LONGEST_LINE:
                self.fail(number, f"has {len(text)} characters; at most {LONGEST_LINE} are read")
            text = text.strip(" \t\r")
            if not text or text.startswith("#"):
                continue
            if odd := _ODD.search(text):
                self.odd(number, odd)
            yield _Line(number, text)

    def odd(self, number: int, found: re.Match[str]) -> NoReturn:
        """Refuse a character that is none of those that a statement consists of."""
        word = self.word_around(found)
        if word in _MEANT:
            self.fail(number, f"{word!r} is no relation; write {_MEANT[word]!r}")
        if word in _UNIONS:
            self.unequal(number, word)
        self.fail(
            number,
            f"the character {found.group()!a}; outside of comments there are letters, digits and signs of ASCII, "
            "blanks and tabs; take it out, or write '-' for a minus",
        )

    @staticmethod
    def word_around(found: re.Match[str]) -> str:
        """The word that has a character."""
        before, after = found.string[: found.start()], found.string[found.end() :]
        return re.split(r"[ \t]", before)[-1] + found.group() + re.split(r"[ \t]", after)[0]

    def groups(self) -> list[_Group]:
        lines = self.lines()
        first = next(lines, None)
        if first is None:
            self.fail(1, f"there is nothing; a statement begins with {HEADER!r}")
        words = first.text.split()
        if words != [_TITLE, _VERSION]:
            other = f"version {_VERSION} is read, " if words[0] == _TITLE else ""
            self.fail(first.number, f"a statement begins with {HEADER!r}; {other}here is {shown(first.text)}")
        found: list[_Group] = []
        for line in lines:
            keyword, *rest = line.text.split(maxsplit=1)
            if keyword in _KEYWORDS:
                found.append(_Group(line.number, keyword, rest[0].split() if rest else [], []))
                self.check_group(found[-1])
            elif not found:
                self.fail(line.number, f"{shown(keyword)} stands before all groups; write 'inputs' and their number")
            else:
                found[-1].rows.append(line)
        if not found:
            self.fail(first.number, "nothing follows; write 'inputs' and their number, then the layers")
        return found

    def check_group(self, group: _Group) -> None:
        """Refuse a group that has no place after those before it, or that has words of which it takes none."""
        number, keyword, words, _ = group
        if not self.opened and keyword != "inputs":
            self.fail(number, f"{keyword!r} comes first; the first group is 'inputs' and their number")
        if keyword in ("inputs", "domain") and keyword in self.opened:
            self.fail(number, f"a second group {keyword!r}; there is at most one, put its rows there")
        if keyword == "layer" and "target" in self.opened:
            self.fail(number, "a layer after a target; put the layers before the targets")
        if keyword in ("domain", "target") and words:
            self.fail(number, f"{shown(words[0])} follows {keyword!r}; conditions have lines of their own")
        self.opened.add(keyword)

    def inputs(self, group: _Group) -> int:
        """The number of inputs."""
        word = " ".join(group.words)
        if not re.fullmatch(_INDEX, word) or int(word) > MOST_DIMENSIONS:
            self.fail(group.number, f"inputs {shown(word)}: write their number, from 0 to {MOST_DIMENSIONS}")
        for row in group.rows[:1]:
            self.fail(row.number, f"{shown(row.text.split()[0])} follows 'inputs', which has no rows; {_GROUPS}")
        return int(word)

    # -- layers -------------------------------------------------------------------------------------------------

    def layer(self, group: _Group, depth: int, width: int) -> Layer:
        mask = self.mask(group, depth)
        rows, offsets = [], []
        for row in group.rows:
            words = row.text.split()
            self.count += len(words)
            if self.count > MOST_NUMBERS:
                raise BudgetExceeded(
                    f"{self.where}: line {row.number}: the layers have more than {MOST_NUMBERS} numbers"
                )
            numbers = self.numbers(row.number, words)
            if len(numbers) != width + 1:
                self.fail(
                    row.number,
                    f"a neuron of layer {depth} has {width} weights and a bias, {width + 1} numbers; "
                    f"here {'is 1' if len(numbers) == 1 else f'are {len(numbers)}'}",
                )
            rows.append(tuple(numbers[:-1]))
            offsets.append(numbers[-1])
        return Layer.from_rows(tuple(rows), tuple(offsets), mask, width)

    def mask(self, group: _Group, depth: int) -> tuple[bool, ...]:
        """Which coordinates of a layer pass through a ReLU."""
        word, count = " ".join(group.words), len(group.rows)
        if word in ("relu", "linear"):
            return (word == "relu",) * count
        if not re.fullmatch("[01]+", word):
            self.fail(group.number, f"layer {shown(word)}: write 'relu', 'linear', or a 1 or 0 for each neuron")
        if len(word) != count:
            self.fail(
                group.number,
                f"layer {shown(word)}: {len(word)} digits, but layer {depth} has {count} neurons; write one for each",
            )
        return tuple(digit == "1" for digit in word)

    # -- numbers ------------------------------------------------------------------------------------------------

    def numbers(self, number: int, words: Iterable[str]) -> list[Fraction]:
        known = self.known
        return [known[word] if word in known else self.number(number, word) for word in words]

    def number(self, number: int, word: str) -> Fraction:
        match = _NUMBER.fullmatch(word)
        if match is None:
            self.no_number(number, word)
        whole, below, places = match.groups()
        if len(word) > MOST_DIGITS and max(map(len, match.groups(""))) > MOST_DIGITS:
            self.fail(number, f"{shown(word)} has more than {MOST_DIGITS} digits; write a shorter number")
        if places is not None:
            value = Fraction(_integer(whole + places), 10 ** len(places))
        elif below is not None:
            if not (denominator := _integer(below)):
                self.fail(number, f"{shown(word)} divides by zero; write another denominator")
            value = Fraction(_integer(whole), denominator)
        else:
            value = Fraction(_integer(whole))
        if len(word) <= _SHORT:
            self.known[word] = value
        return value

    def no_number(self, number: int, word: str) -> NoReturn:
        advice = "write an integer, a decimal such as 0.25, or a fraction such as -1/3"
        if _EXPONENT.fullmatch(word):
            self.fail(number, f"{shown(word)} has an exponent, and numbers have none; {advice}")
        self.fail(number, f"{shown(word)} is not a number; {advice} ({_GROUPS})")

    # -- conditions ---------------------------------------------------------------------------------------------

    def conditions(self, group: _Group, widths: Sequence[int]) -> tuple[Condition, ...]:
        return tuple(self.condition(row.number, row.text.split(), widths) for row in group.rows)

    def condition(self, number: int, words: Sequence[str], widths: Sequence[int]) -> Condition:
        """A condition on values of which there are so many at each depth."""
        if len(words) < 2 or words[-2] not in _RELATIONS or any(word in _RELATIONS for word in words[:-2]):
            self.no_condition(number, words)
        *pairs, relation, last = words
        names, values = [], []
        for place in range(0, len(pairs), 2):
            coefficient = pairs[place]
            if _LIKE_A_NAME.match(coefficient):
                self.fail(number, f"{shown(coefficient)} has no coefficient before it; write '1 {coefficient}'")
            values += self.numbers(number, [coefficient])
            if place + 1 == len(pairs):
                self.fail(
                    number, f"no name follows {shown(coefficient)}; write one, or put numbers behind {relation!r}"
                )
            names.append(self.name(number, pairs[place + 1], widths))
        *integers, offset = self.over_one_denominator(number, [*values, *self.numbers(number, [last])])
        sums = dict.fromkeys(names, 0)
        for name, integer in zip(names, integers, strict=True):
            sums[name] += integer
        sign, kept = _RELATIONS[relation]
        divisor = sign * (math.gcd(offset, *sums.values()) or 1)
        return Condition({name: value // divisor for name, value in sums.items() if value}, offset // divisor, kept)

    def over_one_denominator(self, number: int, values: Sequence[Fraction]) -> list[int]:
        """Integers, which are the numbers of a condition times one positive factor."""
        scale = 1
        for value in values:
            scale = math.lcm(scale, value.denominator)
            if len(values) * scale.bit_length() > _MOST_BITS:
                self.fail(number, "its numbers are too long over one denominator; round them, or write fewer")
        return [value.numerator * (scale // value.denominator) for value in values]

    def no_condition(self, number: int, words: Sequence[str]) -> NoReturn:
        """Say why words are no condition."""
        for word in words:
            if word in _MEANT:
                self.fail(number, f"{word!r} is no relation; write {_MEANT[word]!r}")
            if word in _UNIONS:
                self.unequal(number, word)
        known = ", ".join(_RELATIONS)
        found = [place for place, word in enumerate(words) if word in _RELATIONS]
        if not found:
            self.fail(
                number, f"{shown(' '.join(words))} has no relation; write one of {known}, then a number ({_GROUPS})"
            )
        if len(found) > 1:
            self.fail(number, f"{len(found)} relations in a condition; write a line for each")
        after = words[found[0] + 1 :]
        given = f"here is {shown(' '.join(after))}" if after else "here is nothing"
        self.fail(number, f"after {words[found[0]]!r} comes one number, {given}; put names and coefficients before it")

    def unequal(self, number: int, word: str) -> NoReturn:
        self.fail(number, f"{word!r} makes a union of two sets; write two targets, one with '<' and one with '>'")

    def name(self, number: int, word: str, widths: Sequence[int]) -> Name:
        match = _NAME.fullmatch(word)
        if match is None:
            self.fail(
                number,
                f"{shown(word)} is no name; write x0 for an input, h1.0 for what layer 1 gives, y0 for an output",
            )
        if len(widths) == 1 and match[1] != "x":
            self.fail(
                number, f"{word!r} in the domain, where there are inputs only; put the condition into the targets"
            )
        last = len(widths) - 1
        depth = {"x": 0, "y": last}.get(match[1], int(match[3] or 0))
        if depth > last:
            self.fail(number, f"{word!r}: there is no layer {depth}; the last one is layer {last}")
        index, count = int(match[2] or match[4] or 0), widths[depth]
        if index >= count:
            letter = word.removesuffix(str(index))
            there = f"they are {letter}0 to {letter}{count - 1}" if count else "there is none of its kind"
            self.fail(number, f"{word!r} is out of range: {there}")
        return depth, index


def _integer(digits: str) -> int:
    return int(digits) if len(digits) <= _PYTHONS_LEAST_LIMIT else int(fmpz(digits.removeprefix("+")))


# -- writing --------------------------------------------------------------------------------------------------------


def write_statement(
    layers: Sequence[Layer], targets: Iterable[Sequence[Halfspace]] | None, domain: Sequence[Halfspace]
) -> str:
    """The text that says a question about layers; targets are rows on their outputs.

    Raises:
        InputError: a number or a line would be longer than those that are read.

    Cost: linear; about a microsecond a number.
    """
    lines = [HEADER, f"inputs {layers[0].input_dim}"]
    if domain:
        lines += ["domain", *(_condition_text(row, "x") for row in domain)]
    for layer in layers:
        lines.append(f"layer {_mask_text(layer.relu)}")
        lines += map(_neuron_text, layer.rows, layer.offsets)
    for target in () if targets is None else targets:
        lines += ["target", *(_condition_text(row, "y") for row in target)]
    for number, line in enumerate(lines, 1):
        _check_length(number, line)
    return "\n".join(lines) + "\n"


def _mask_text(relu: Sequence[bool]) -> str:
    if all(relu):
        return "relu"
    return "".join("01"[masked] for masked in relu) if any(relu) else "linear"


def _neuron_text(row: Sequence[Fraction], offset: Fraction) -> str:
    return " ".join(map(fraction_digits, (*row, offset)))


def _condition_text(row: Halfspace, letter: str) -> str:
    """A row with a positive leading coefficient; an equality as it stands."""
    names = [i for i, entry in enumerate(row.normal) if entry]
    divisor = math.gcd(row.offset, *(row.normal[i] for i in names)) or 1
    relation: str = row.relation
    if names and row.normal[names[0]] < 0 and relation in _TURNED:
        divisor, relation = -divisor, _TURNED[relation]
    pairs = (f"{integer_digits(row.normal[i] // divisor)} {letter}{i}" for i in names)
    return " ".join([*pairs, relation, integer_digits(row.offset // divisor)])


def _check_length(number: int, line: str) -> None:
    if len(line) > MOST_DIGITS:
        digits = max(len(part) for word in line.split() for part in word.split("/"))
        if digits > MOST_DIGITS or len(line) > LONGEST_LINE:
            raise InputError(
                f"Statement.of: line {number} would have {len(line)} characters, and a number of {digits} digits; "
                f"statements have at most {LONGEST_LINE}, and {MOST_DIGITS}; round the numbers first"
            )
