"""What a mutant is: all small changes of the compiled sources, found by patterns.

A mutant has one operator, constant, comparison, rounding term, index, word or statement changed; none is chosen by
hand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = {
    "cells": Path("polyrelu", "engines", "cells", "kernel"),
    "branch": Path("polyrelu", "engines", "branch", "kernel"),
}
# What the processor can do and what a library says of itself: tests/engines/cells/test_library.py asks other libraries.
ASKED_ELSEWHERE = {"machine.h", "identity.h"}


@dataclass(frozen=True)
class Mutant:
    """A file with ``new`` for ``old`` at a place."""

    file: str
    line: int
    column: int
    old: str
    new: str
    text: str

    @property
    def name(self) -> str:
        """Shown, and the key among results."""
        return f"{self.file}:{self.line}:{self.column} {self.old!r} -> {self.new!r}"


def files() -> tuple[str, ...]:
    """The headers that are changed, such as ``cells/bounds.h``."""
    return tuple(
        f"{engine}/{path.name}"
        for engine, folder in FOLDERS.items()
        for path in sorted((ROOT / folder).glob("*.h"))
        if path.name not in ASKED_ELSEWHERE
    )


def path_of(file: str, root: Path = ROOT) -> Path:
    """Where a header is in a checkout."""
    engine, _, name = file.partition("/")
    return root / FOLDERS[engine] / name


# Where operators are surrounded by blanks they are binary, and `<` is no bracket of a template.
SWAPS = {
    " + ": (" - ",),
    " - ": (" + ",),
    " * ": (" / ",),
    " / ": (" * ",),
    " % ": (" * ",),
    " += ": (" -= ",),
    " -= ": (" += ",),
    " *= ": (" /= ",),
    " /= ": (" *= ",),
    " < ": (" <= ", " >= "),
    " > ": (" >= ", " <= "),
    " <= ": (" < ", " > "),
    " >= ": (" > ", " < "),
    " == ": (" != ",),
    " != ": (" == ",),
    " && ": (" || ",),
    " || ": (" && ",),
    " & ": (" | ",),
    " | ": (" & ",),
    " ^ ": (" | ",),
    " << ": (" >> ",),
    " >> ": (" << ",),
    " &= ": (" |= ",),
    " |= ": (" &= ",),
    " ^= ": (" |= ",),
    " >>= ": (" <<= ",),
    " <<= ": (" >>= ",),
}
WORDS = {
    "true": ("false",),
    "false": ("true",),
    "larger": ("smaller",),
    "smaller": ("larger",),
    "modulus": ("",),
    "FLOOR": ("0.0",),
    "TINY": ("0.0",),
    "HUGE_VAL": ("1.0",),
    "POSITIVE": ("NEGATIVE",),
    "NEGATIVE": ("POSITIVE",),
    "ON": ("OFF",),
    "OFF": ("ON",),
    "SILENT": ("OFF",),
    "lowest": ("ones",),
    "near": ("far",),
    "far": ("near",),
}
DECLARES = re.compile(
    r"\s*(const|constexpr|static|auto|using|template|return|struct|class|enum|public|private|int|bool|double|T|u\d+|i\d+"
    r"|u64|std::\w+|Generator<S>|Patch<S>|Waiting|Parts|Next|Question|Buffer|inline|explicit|virtual|Array<.*>|for)\b"
)


def code_of(text: str) -> str:
    """The text with blanks for comments, strings and lines for the preprocessor, of equal length."""
    blank = lambda match: re.sub(r"[^\n]", " ", match[0])  # noqa: E731
    return re.sub(r"//[^\n]*|^#[^\n]*|\"[^\"\n]*\"|'[^'\n]*'", blank, text, flags=re.MULTILINE)


def replacements(line: str) -> Iterator[tuple[int, str, str]]:
    """All small changes of a line of code: column, old and new."""
    for change in (_operators, _words, _constants, _roundings, _places, _statements):
        yield from change(line)


def _operators(line: str) -> Iterator[tuple[int, str, str]]:
    for old, news in SWAPS.items():
        for match in re.finditer(re.escape(old), line):
            yield from ((match.start(), old, new) for new in news)
    for match in re.finditer(r"(?<=[(\s=,])(!|~|-)(?=[\w(])", line):
        yield match.start(), match[0], " "
    for match in re.finditer(r"\+\+|--", line):
        yield match.start(), match[0], "--" if match[0] == "++" else "++"


def _words(line: str) -> Iterator[tuple[int, str, str]]:
    for match in re.finditer(r"\b[A-Za-z_]\w*\b", line):
        yield from ((match.start(), match[0], new) for new in WORDS.get(match[0], ()))


def _constants(line: str) -> Iterator[tuple[int, str, str]]:
    for match in re.finditer(r"(?<![\w.])\d+(?![\w.])", line):
        yield match.start(), match[0], str(int(match[0]) + 1)
        if int(match[0]) > 0:
            yield match.start(), match[0], str(int(match[0]) - 1)
    for match in re.finditer(r"(?<![\w.])(\d+\.\d+|0x[\dA-Fa-f.]+p-?\d+)", line):
        if float.fromhex(match[0]) == 0.0:
            yield match.start(), match[0], "1.0"
            continue
        yield match.start(), match[0], "0.0"
        yield match.start(), match[0], f"(2.0 * {match[0]})"


def _roundings(line: str) -> Iterator[tuple[int, str, str]]:
    for match in re.finditer(r"gamma_<T>\(([^()]*(?:\([^()]*\))?[^()]*)\)", line):
        yield match.start(), match[0], f"gamma_<T>(({match[1]}) - 1)"
        yield match.start(), match[0], "exactly<T>(0.0)"
    for match in re.finditer(r"raised<T>\(([^()]*)\)", line):
        yield match.start(), match[0], "exactly<T>(1.0)"


def _places(line: str) -> Iterator[tuple[int, str, str]]:
    for match in re.finditer(r"\[(?!&?\])([^\[\]]*[A-Za-z_)][^\[\]]*)(?<!\d)\]", line):
        for shift in (" + 1", " - 1"):
            yield match.start(), match[0], f"[({match[1]}){shift}]"


def _statements(line: str) -> Iterator[tuple[int, str, str]]:
    for match in re.finditer(r"\b(continue|break)\b", line):
        yield match.start(), match[0], ""
    statement = re.fullmatch(r"(\s*)([^\s].*;)\s*", line)
    is_one = statement and statement[2][0] != "}" and statement[2].count("(") == statement[2].count(")")
    if statement and is_one and not DECLARES.match(line):
        yield len(statement[1]), statement[2], ";"


def mutants_of(file: str) -> list[Mutant]:
    """All mutants of a file, in the order of their places."""
    text = path_of(file).read_text()
    lines, code = text.splitlines(), code_of(text).splitlines()
    found = [
        Mutant(file, number, column, line[column : column + len(old)], new, line.strip())  # `plain` has no strings
        for number, (line, plain) in enumerate(zip(lines, code, strict=True), 1)
        for column, old, new in dict.fromkeys(replacements(plain))
    ]
    return sorted(found, key=lambda mutant: (mutant.line, mutant.column))


def changed(mutant: Mutant, root: Path = ROOT) -> str:
    """The text of a mutant's file, of that in a checkout."""
    lines = path_of(mutant.file, root).read_text().splitlines(keepends=True)
    line = lines[mutant.line - 1]
    assert line[mutant.column :].startswith(mutant.old), mutant
    lines[mutant.line - 1] = line[: mutant.column] + mutant.new + line[mutant.column + len(mutant.old) :]
    return "".join(lines)
