"""All mutants of a header in one text, of which a number chooses one while the program runs.

So thousands of mutants are compiled at once. An expression with changes becomes a choice: ``a + b`` is written as ::

    (polyrelu_reached[7] = 1, polyrelu_mutant == 7 ? (a - b) : (a + b))

and a statement that may be left out is written behind ``if (polyrelu_reached[8] = 1, polyrelu_mutant == 8); else``.
Number 0 is the text as it was. Each choice notes that it was come to, at the place of its first number: a test that
does not come to a choice cannot notice its mutants. What is chosen between is the longest expression around a change
that brackets, commas, semicolons, question marks or an assignment delimit; changes of parts of it are within its last
alternative. Each alternative stands on a line that is called by its number, so that a compiler that refuses it says
which: where a constant is needed, such as between the brackets of a template, there is no choice, and the mutant has to
be compiled by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from mutation.changes import Mutant, code_of

SWITCH = "polyrelu_mutant"
REACHED = "polyrelu_reached"
MARK = "mutant"
DECLARED = f'extern "C" {{ extern int {SWITCH}; extern unsigned char {REACHED}[]; }}\n'

_KEYWORDS = re.compile(r"\s*(return|else|case|throw|do)\b")
_BEFORE_BRACKETS = re.compile(r"\s*(if|while|for|switch)( constexpr)? ?\(")
_COMPARES = re.compile(r" ([=!]|<|>)= ")
_ASSIGNS = re.compile(r"(?<![=!<>])=(?!=)")
# Where the compiler needs numbers, there is no choice.
_CONSTANT = re.compile(r"^(?!.*if constexpr)(?=.*\b(constexpr|case|template|enum|static_assert)\b|.*auto &?\[)")
# What is declared behind a condition is not there afterwards.
_DECLARATION = re.compile(
    r"(?!(?:delete|else|if|for|while|do|throw|return|default|break|continue)\b)"
    r"(?:unsigned |long )*[A-Za-z_][\w:]*(?:<[^;]*>)?[ *&]+[A-Za-z_]\w*\s*[=;({,\[:]"
)
_ENDS_STATEMENT = re.compile(r"([;{}):]|\belse)\s*$")


class Slot(NamedTuple):
    """The places in a text where an expression begins and ends."""

    start: int
    end: int


class Change(NamedTuple):
    """A mutant as a change of a whole text: its number, and what stands from ``start`` to ``end`` then."""

    number: int
    start: int
    end: int
    new: str


def switched(text: str, mutants: Mapping[int, Mutant], name: str) -> tuple[str, dict[int, int]]:
    """The text with all mutants, by their numbers from 1 on; and of those that it has the place where it is noted.

    Args:
        text: of a header.
        mutants: changes of it.
        name: what compilers are to call the header.
    """
    writer = _Writer(text, name)
    for number, mutant in mutants.items():
        writer.add(number, mutant)
    return DECLARED + f'#line 1 "{name}"\n' + writer.written(0, len(text)), writer.noted


class _Writer:
    def __init__(self, text: str, name: str) -> None:
        self._text, self._code, self._name = text, code_of(text), name
        self._lines = [0, *(match.end() for match in re.finditer(r"\n", text))]
        self._choices: dict[Slot, list[Change]] = {}
        self._left_out: dict[int, Change] = {}
        self.noted = dict[int, int]()

    def add(self, number: int, mutant: Mutant) -> None:
        """Write a mutant into the text, if there is a place."""
        if _CONSTANT.match(mutant.text):
            return
        start = self._lines[mutant.line - 1] + mutant.column
        change = Change(number, start, start + len(mutant.old), mutant.new)
        if mutant.new in (";", "") and mutant.old.rstrip(";") != "modulus":
            self._leave_out(change)
            return
        if mutant.old.startswith("["):  # so that it is a place that can be written to
            change = Change(number, start + 1, change.end - 1, mutant.new[1:-1])
        slot = self._slot(change)
        if slot is not None and not any(_cross(slot, other) for other in self._choices):
            self._choices.setdefault(slot, []).append(change)
            self.noted[number] = self._choices[slot][0].number

    def _leave_out(self, change: Change) -> None:
        start = change.start
        while match := re.compile(r"else\s+(?!\s)").match(self._code, start, change.end):
            start = match.end()
        before = self._code[: change.start]
        block = before[max(before.rfind("{"), before.rfind("}")) + 1 :]
        is_statement = _ENDS_STATEMENT.search(before) is not None and block.count("(") == block.count(")")
        is_free = start < change.end and self._code[start] != "}" and start not in self._left_out
        if is_statement and is_free and not _DECLARATION.match(self._code, start):
            self._left_out[start] = change
            self.noted[change.number] = change.number

    def _slot(self, change: Change) -> Slot | None:
        """The expression around a change; None where it is none that can be told."""
        assigns = self._code[change.start : change.end].endswith("= ") and change.new.endswith("= ")
        closing = "{};," if assigns and not _COMPARES.search(change.new) else "{};,?:"
        start, end = self._backwards(change.start), self._forwards(change.end, closing)
        while match := _KEYWORDS.match(self._code, start, end) or _BEFORE_BRACKETS.match(self._code, start, end):
            start = match.end() if match.re is _KEYWORDS else self._forwards(match.end(), ")") + 1
        while start < end and self._code[start].isspace():
            start += 1
        while end > start and self._code[end - 1].isspace():
            end -= 1
        return Slot(start, end) if start <= change.start and change.end <= end + 1 and start < end else None

    def _backwards(self, place: int) -> int:
        depth, code = 0, self._code
        while place > 0:
            c = code[place - 1]
            if c in ")]":
                depth += 1
            elif c in "([":
                if depth == 0:
                    return place
                depth -= 1
            elif depth == 0 and (c in "{};,?" or _is_colon(code, place - 1) or _ASSIGNS.match(code, place - 1)):
                return place
            place -= 1
        return place

    def _forwards(self, place: int, closing: str) -> int:
        depth, code = 0, self._code
        while place < len(code):
            c = code[place]
            if c in "([":
                depth += 1
            elif c in ")]":
                if depth == 0:
                    return place
                depth -= 1
            elif depth == 0 and c in closing and (c != ":" or _is_colon(code, place)):
                return place
            place += 1
        return place

    def written(self, start: int, end: int, within: Slot | None = None) -> str:
        """The text from a place to another with all choices but that of a slot."""
        inside = (slot for slot in self._choices if start <= slot.start and slot.end <= end and slot != within)
        parts, at = list[str](), start
        for slot in sorted(inside, key=lambda slot: (slot.start, -slot.end)):
            if slot.start >= at:  # else it is within the one before
                parts += [self._with_statements(at, slot.start), self._choice(slot)]
                at = slot.end
        return "".join([*parts, self._with_statements(at, end, last=True)])

    def _with_statements(self, start: int, end: int, last: bool = False) -> str:
        """The text between choices, with the statements that may be left out."""
        parts, at = list[str](), start
        for place in sorted(p for p in self._left_out if start <= p < end + (not last)):
            number = self._left_out[place].number
            parts += [
                self._text[at:place],
                f'\n#line {number} "{MARK}"\nif ({_note(number)}, {SWITCH} == {number}); else{self._back(place)}',
            ]
            at = place
        return "".join([*parts, self._text[at:end]])

    def _choice(self, slot: Slot) -> str:
        own = self._choices[slot]
        alternatives = [
            f'\n#line {change.number} "{MARK}"\n{_note(change.number) + ", " if change is own[0] else ""}'
            f"{SWITCH} == {change.number} ? ({self._flat(slot.start, change.start)}{change.new}"
            f"{self._flat(change.end, slot.end)}) :"
            for change in own
        ]
        return f"({''.join(alternatives)}{self._back(slot.start)}({self.written(*slot, within=slot)}))"

    def _flat(self, start: int, end: int) -> str:
        """The text on one line, without comments."""
        lines = [line.partition("//")[0] for line in self._text[start:end].split("\n")]
        return " ".join(lines)

    def _back(self, place: int) -> str:
        return f'\n#line {self._text.count(chr(10), 0, place) + 1} "{self._name}"\n'


def _note(number: int) -> str:
    """That a choice was come to."""
    return f"{REACHED}[{number}] = 1"


def _is_colon(code: str, place: int) -> bool:
    """Whether there is one, and not two."""
    return code[place] == ":" and ":" not in (code[place - 1], code[place + 1])


def _cross(one: Slot, other: Slot) -> bool:
    return one.start < other.start < one.end < other.end or other.start < one.start < other.end < one.end


def refused(messages: str, mutants: Mapping[int, Mutant]) -> set[int]:
    """The numbers of the mutants that a compiler names with an error, or that are on a line that it names."""
    places = re.findall(r"^([\w/.]+):(\d+):(?:\d+:)? (?:fatal )?error: (.*)", messages, re.MULTILINE)
    marked = {int(number) for name, number, _ in places if name == MARK}
    lines = {(name, int(line)) for name, line, what in places if not marked or "constant" in what}
    return marked | {number for number, own in mutants.items() if (own.file, own.line) in lines}


def renumbered(mutants: Iterable[Mutant]) -> dict[int, Mutant]:
    """Numbers from 1 on."""
    return dict(enumerate(mutants, 1))
