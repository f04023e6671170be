"""Counterexample files: in the form of VNN-COMP, and as the solver interface of the VNN-LIB standard prints them.

In VNN-COMP's form a file says ``sat``, and then the entries of inputs and outputs, flattened and numbered through::

    sat
    ((X_0 0.25)
     (X_1 -1)
     (Y_0 3.5))

The standard's has a head for each tensor, ``X float32 [1,2]``, and below it a line for each entry. Both are read, with
or without the verdict; numbers are the decimals that are written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from os import PathLike

from polyrelu.arithmetic.exact import ExactVector, nearest_floats
from polyrelu.errors import InputError
from polyrelu.formats.packed import read_text, refusing
from polyrelu.formats.vnnlib_query import Query
from polyrelu.formats.vnnlib_tensors import Tensor
from polyrelu.support.arguments import file_path
from polyrelu.support.numerals import read_number, shown

_LARGEST_FILE = 2**26
_VERDICTS = ("sat", "unsat", "unknown", "timeout", "timed-out", "holds", "violated", "error")
_ENTRY = re.compile(r"\(\s*([XY])_(\d{1,9})\s+([^\s()]{1,1000})\s*\)", re.ASCII)
_HEAD = re.compile(r"([A-Za-z]\w*)\s+(\w+)\s+\[([\d,\s]*)\]", re.ASCII)
_MOST_PLACES = 150  # those of a float32 beside one


@dataclass(frozen=True)
class Answer:
    """What a file claims.

    Attributes:
        verdict: its first word, if it is one.
        point: the input of the joint network of a query.
        values: what it says that the networks return there; None for what it does not say.
    """

    verdict: str | None
    point: ExactVector
    values: tuple[Fraction | None, ...]


def read_answer(path: str | PathLike[str], query: Query) -> Answer:
    """The counterexample in a file, of the networks of a query.

    Args:
        path: the file, text in UTF-8, which may be packed by gzip.
        query: what it is a counterexample to.

    Raises:
        InputError: there is no such file, it has neither form, or has no entry for some input, or another one; or the
            inputs of two networks differ that are to be equal.
    """
    file = file_path(path, "read_answer")
    if not file.is_file():
        raise InputError(f"read_answer: there is no file {file}")
    with refusing(file, "answer"):
        text = read_text(file, _LARGEST_FILE)
        first, _, rest = text.lstrip().partition("\n")
        verdict = first.strip() if first.strip() in _VERDICTS else None
        body = text if verdict is None else rest
        tensors = _by_tensor(body, query, str(file)) if _HEAD.search(body) else _by_number(body, query, str(file))
        return Answer(verdict, *_joined(tensors, query, str(file)))


_Entries = Mapping[str, Sequence[Fraction | None]]


def _by_number(text: str, query: Query, where: str) -> dict[str, list[Fraction | None]]:
    """The entries of all tensors, of inputs and outputs numbered through."""
    found: dict[tuple[str, int], Fraction] = {}
    for letter, number, value in _ENTRY.findall(text):
        if (letter, int(number)) in found:
            raise InputError(f"{where}: {letter}_{number} comes twice")
        found[letter, int(number)] = read_number(value, f"{where}: {letter}_{number}")
    if not found:
        raise InputError(f"{where}: has no counterexample; expected entries such as (X_0 0.25), or X float32 [1,2]")
    tensors: dict[str, list[Fraction | None]] = {}
    count = {"X": 0, "Y": 0}
    for network in query.networks:
        for tensor in network.tensors:
            letter = {"input": "X", "output": "Y"}.get(tensor.kind, "")
            begin = count.get(letter, 0)
            tensors[tensor.name] = [found.pop((letter, begin + k), None) for k in range(tensor.size)]
            count[letter] = begin + tensor.size
    for letter, number in found:
        raise InputError(f"{where}: there is no {letter}_{number}; {letter} has {count[letter]} entries")
    return tensors


def _by_tensor(text: str, query: Query, where: str) -> dict[str, list[Fraction | None]]:
    """The entries of tensors that have a head each."""
    sizes = {tensor.name: tensor.size for network in query.networks for tensor in network.tensors}
    tensors: dict[str, list[Fraction | None]] = {}
    name = ""
    for number, line in enumerate(map(str.strip, text.splitlines()), 1):
        head = _HEAD.fullmatch(line)
        if head is not None:
            name = head[1]
            if name not in sizes or name in tensors:
                what = "comes twice" if name in tensors else f"is not declared; known are {', '.join(sizes)}"
                raise InputError(f"{where}: {name} {what}")
            tensors[name] = []
        elif line and name:
            tensors[name].append(read_number(line, f"{where}: line {number} after the verdict"))
        elif line:
            raise InputError(f"{where}: {shown(line)} stands before the first tensor")
    for name, size in sizes.items():
        entries = tensors.setdefault(name, [None] * size)
        if len(entries) != size:
            raise InputError(f"{where}: {name} has {len(entries)} entries, and {size} are declared")
    return tensors


def _joined(tensors: _Entries, query: Query, where: str) -> tuple[ExactVector, tuple[Fraction | None, ...]]:
    """The input of the joint network, and what is said of its values."""
    point: dict[int, Fraction] = {}
    values: list[Fraction | None] = []
    for network, places in zip(query.networks, query.wiring, strict=True):
        names = [(tensor.name, k) for tensor in network.inputs for k in range(tensor.size)]
        for (name, k), place in zip(names, places, strict=True):
            value = tensors[name][k]
            if value is None:
                raise InputError(f"{where}: says nothing of entry {k} of the input {name}")
            if point.setdefault(place, value) != value:
                raise InputError(f"{where}: entry {k} of {name} is to equal that of another network, and does not")
        values += [entry for tensor in network.values for entry in tensors[tensor.name]]
    return tuple(point[j] for j in sorted(point)), tuple(values)


def counterexample_text(query: Query, point: ExactVector, values: ExactVector) -> str:
    """A counterexample in VNN-COMP's form; numbers as :func:`decimal_text` writes them."""
    entries: dict[str, list[Fraction]] = {"X": [], "Y": []}
    for tensor, own in query.assignment(point, values):
        if tensor.kind != "hidden":
            entries["X" if tensor.kind == "input" else "Y"] += own
    lines = [f"({letter}_{k} {decimal_text(v)})" for letter, own in entries.items() for k, v in enumerate(own)]
    return "sat\n(" + "\n ".join(lines) + ")\n"


def assignment_lines(assigned: Iterator[tuple[Tensor, Sequence[Fraction]]]) -> Iterator[str]:
    """A counterexample as the standard prints it: the head of each tensor, and a line for each entry."""
    for tensor, entries in assigned:
        yield str(tensor)
        yield from map(decimal_text, entries)


def decimal_text(value: Fraction) -> str:
    """A number as a decimal: exactly where it has few places, as every float32 of usual size has; else its float."""
    rest, twos, fives = value.denominator, 0, 0
    while rest % 2 == 0 and twos <= _MOST_PLACES:
        rest, twos = rest // 2, twos + 1
    while rest % 5 == 0 and fives <= _MOST_PLACES:
        rest, fives = rest // 5, fives + 1
    places = max(twos, fives)
    if rest != 1 or places > _MOST_PLACES or abs(value) >= 10**_MOST_PLACES:
        return repr(float(nearest_floats([value])[0]))
    digits = str(abs(value.numerator) * 10**places // value.denominator).rjust(places + 1, "0")
    sign = "-" if value < 0 else ""
    return f"{sign}{digits[:-places]}.{digits[-places:]}" if places else f"{sign}{digits}"
