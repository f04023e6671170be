r"""Exact numbers, rows, polyhedra and networks as text, and back.

A rational is ``3``, ``-1/3`` or, beyond ten thousand bits, hexadecimal: ``0x...``. A row is ``1 -2 <= 3``: normal,
relation, the offset. A polyhedron in canonical form is ``equalities|facets|open faces``, rows separated by ``;``; any
other is its rows alone. Nothing is evaluated as code.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable
from fractions import Fraction
from typing import cast

from polyrelu.arithmetic.exact import ExactVector
from polyrelu.errors import InputError
from polyrelu.networks.layer import Layer
from polyrelu.networks.network import Network
from polyrelu.polyhedra.halfspace import Halfspace, Relation
from polyrelu.polyhedra.polyhedron import Polyhedron

_DECIMAL_BITS = 10_000  # Python refuses to convert much longer integers to decimals, in either direction
_MOST_DIGITS = 10**6
_MOST_DIMENSIONS = 10**6


def integer_text(value: int) -> str:
    """An integer as text."""
    return str(value) if abs(value).bit_length() < _DECIMAL_BITS else hex(value)


def number_text(value: Fraction | int) -> str:
    """A rational as text."""
    numerator = integer_text(value.numerator)
    return numerator if value.denominator == 1 else f"{numerator}/{integer_text(value.denominator)}"


def read_integer(text: str) -> int:
    """The integer that a text states.

    Raises:
        InputError: it states none, or one of more than a million digits.
    """
    digits = text.removeprefix("-")
    plain = digits.isascii() and digits.isdigit() and len(digits) <= _DECIMAL_BITS * 3 // 10 + 2
    if not plain and not (digits.startswith("0x") and digits.isalnum() and len(digits) <= _MOST_DIGITS):
        raise InputError(f"exact text: {text[:40]!r} is not an integer")
    try:
        return int(text, 10 if plain else 16)
    except ValueError:
        raise InputError(f"exact text: {text[:40]!r} is not an integer") from None


def read_number(text: str) -> Fraction:
    """The rational that a text states.

    Raises:
        InputError: it states none.
    """
    numerator, slash, denominator = text.partition("/")
    below = read_integer(denominator) if slash else 1
    if below < 1:
        raise InputError(f"exact text: {text[:40]!r} has no positive denominator")
    return Fraction(read_integer(numerator), below)


def vector_text(values: Iterable[Fraction | int]) -> str:
    """Rationals separated by spaces."""
    return " ".join(map(number_text, values))


def read_vector(text: str, length: int) -> ExactVector:
    """The rationals that a text lists.

    Raises:
        InputError: there are not ``length`` of them.
    """
    words = text.split()
    if len(words) != length:
        raise InputError(f"exact text: {len(words)} numbers where {length} are expected")
    return tuple(map(read_number, words))


def row_text(row: Halfspace) -> str:
    """A row as text."""
    return " ".join([*map(integer_text, row.normal), row.relation, integer_text(row.offset)])


def read_row(text: str, dim: int) -> Halfspace:
    """The row that a text states.

    Raises:
        InputError: it is no row in R^dim in primitive integers.
    """
    words = text.split()
    if len(words) != dim + 2 or words[dim] not in ("<=", "<", "=="):
        raise InputError(f"exact text: {text[:40]!r} is not a row in R^{dim}")
    row = Halfspace(tuple(map(read_integer, words[:dim])), read_integer(words[-1]), cast("Relation", words[dim]))
    if math.gcd(*row.normal, row.offset) > 1:
        raise InputError(f"exact text: the row {text[:40]!r} is not in primitive integers")
    return row


def rows_text(rows: Iterable[Halfspace]) -> str:
    """Rows separated by semicolons."""
    return ";".join(map(row_text, rows))


def _read_rows(text: str, dim: int) -> list[Halfspace]:
    return [read_row(part, dim) for part in text.split(";")] if text else []


def read_polyhedron(text: str, dim: int) -> Polyhedron:
    """The polyhedron of :func:`rows_text`, with its rows in their order, or of :func:`canonical_text`.

    Raises:
        InputError: the text states no polyhedron in R^dim.
    """
    groups = [_read_rows(part, dim) for part in text.split("|")]
    if len(groups) == 1:
        return Polyhedron.from_halfspaces(groups[0], dim)
    if len(groups) != 3:
        raise InputError(f"exact text: {text[:40]!r} is not a polyhedron")
    return Polyhedron.from_canonical(groups[0], groups[1], dim, groups[2])


def canonical_text(polyhedron: Polyhedron) -> str:
    """A non-empty polyhedron by its canonical rows, in their three groups."""
    canonical = polyhedron.canonical()
    flat = [row for row in canonical.halfspaces if row.relation == "=="]
    faces = canonical.halfspaces[len(flat) + len(canonical.facets) :]
    return "|".join(map(rows_text, (flat, canonical.facets, faces)))


def network_text(network: Network) -> str:
    """A network as text: for each layer its shape, its mask, and its rows with their offsets."""
    lines = []
    for layer in network.layers:
        lines.append(
            f"layer {layer.output_dim} {layer.input_dim} {''.join(str(int(on)) for on in layer.relu)}".rstrip()
        )
        lines += [vector_text((*row, offset)) for row, offset in zip(layer.rows, layer.offsets, strict=True)]
    return "\n".join(lines)


def read_network(text: str) -> Network:
    """The network of :func:`network_text`.

    Raises:
        InputError: the text states none.
        DimensionError: its layers do not fit together.
    """
    lines, layers, at = text.split("\n"), [], 0
    while at < len(lines):
        head = [*lines[at].split(), ""]
        if len(head) not in (4, 5) or head[0] != "layer" or set(head[3]) - {"0", "1"}:
            raise InputError(f"exact text: {lines[at][:40]!r} does not begin a layer")
        rows, width = read_integer(head[1]), read_integer(head[2])
        if not (0 <= rows < len(lines) - at and 0 <= width <= _MOST_DIMENSIONS and len(head[3]) == rows):
            raise InputError(f"exact text: {lines[at][:40]!r} does not fit the layer after it")
        values = [read_vector(line, width + 1) for line in lines[at + 1 : at + 1 + rows]]
        mask = [c == "1" for c in head[3]]
        layers.append(Layer.from_rows(tuple(v[:-1] for v in values), tuple(v[-1] for v in values), mask, width))
        at += rows + 1
    return Network(layers)


def network_hash(network: Network) -> str:
    """The SHA-256 of a network's exact numbers, shapes and masks, in hexadecimal.

    Networks have the same hash iff they have the same layers, however their numbers were written. Cost: one pass over
    the weights.
    """
    return hashlib.sha256(network_text(network).encode()).hexdigest()
