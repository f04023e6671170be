r"""A statement's network as trees see it (``certificates/FORMAT.md``, section 7), in exact numbers.

Layers are integer matrices over a common denominator, with the bias as last column. A *form* is
:math:`\sum a_p v_p`, with a coefficient for some places p = (layer, number): layer 0 has the inputs, layer l what the
l-th one returns. :meth:`Chain.least` is what the checker computes, step by step, with the same roundings.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import NamedTuple, TypeAlias

from flint import fmpz_mat

from polyrelu.arithmetic.exact import ExactVector
from polyrelu.networks.layer import Layer
from polyrelu.networks.statement_text import Condition, Name, Said
from polyrelu.polyhedra.halfspace import Relation

FINE = 2**20
_DIGITS = 64
_SPARSE = 8  # times as many entries are 0

Form: TypeAlias = Mapping[Name, Fraction]
Line: TypeAlias = tuple[int, Fraction]
"""The slope m, times ``FINE``, and the offset t of a line."""


class Row(NamedTuple):
    """``form - bound``: where a condition is meant, ``relation`` holds between it and 0."""

    form: Form
    bound: Fraction
    relation: Relation

    @classmethod
    def of(cls, condition: Condition) -> Row:
        """A condition as it is written."""
        entries, offset, relation, factor = condition
        return cls({place: a / factor for place, a in entries.items()}, offset / factor, relation)

    def value(self, values: Mapping[Name, Fraction]) -> Fraction:
        """What it is where places have these values."""
        return sum((a * values[place] for place, a in self.form.items()), -self.bound)


class AffineForm(NamedTuple):
    """``sum of entries x_j + constant``."""

    entries: Mapping[int, Fraction]
    constant: Fraction


@dataclass(frozen=True)
class Layers:
    """The layers of a statement as integers."""

    said: Said

    @cached_property
    def matrices(self) -> list[tuple[fmpz_mat, int]]:
        """For each layer its rows with the bias last, as integers, and their common denominator."""
        return [_over_one_denominator(layer) for layer in self.said.layers]

    @cached_property
    def sparse(self) -> list[list[list[tuple[int, int]]] | None]:
        """For each layer the entries of these rows that are not 0, with their columns; None where these are many."""
        return [_entries(*one) for one in zip(self.said.layers, self.matrices, strict=True)]

    def entering(self, depth: int, factors: Mapping[int, int]) -> tuple[dict[int, int], int]:
        """The sum of a layer's integer rows with these factors: what is not 0, by columns, and the bias."""
        rows, matrix = self.sparse[depth - 1], self.matrices[depth - 1][0]
        if rows is None:
            found = (fmpz_mat([[factors.get(i, 0) for i in range(matrix.nrows())]]) * matrix).entries()
            *values, bias = (int(v) for v in found)
            return {j: v for j, v in enumerate(values) if v}, bias
        sums = dict[int, int]()
        for i, c in factors.items():
            for j, w in rows[i]:
                sums[j] = sums.get(j, 0) + c * w
        bias = sums.pop(matrix.ncols() - 1, 0)
        return {j: v for j, v in sums.items() if v}, bias


@dataclass(frozen=True)
class Chain:
    """A statement with one of its targets, or none for the linear regions.

    Attributes:
        net: the layers.
        domain, target: the conditions.
        is_of_regions: whether there is no target.
    """

    net: Layers
    domain: Sequence[Row]
    target: Sequence[Row]
    is_of_regions: bool

    @classmethod
    def all_of(cls, said: Said) -> list[Chain]:
        """What a statement asks, one for each target."""
        net, domain = Layers(said), [Row.of(condition) for condition in said.domain]
        if said.targets is None:
            return [cls(net, domain, (), True)]
        return [cls(net, domain, [Row.of(condition) for condition in target], False) for target in said.targets]

    @property
    def layers(self) -> Sequence[Layer]:
        """The layers as they are stated."""
        return self.net.said.layers

    @property
    def input_dim(self) -> int:
        """The number of inputs."""
        return self.net.said.input_dim

    @property
    def matrices(self) -> list[tuple[fmpz_mat, int]]:
        """The layers as integers."""
        return self.net.matrices

    @cached_property
    def seen(self) -> list[list[int]]:
        """For each layer its ReLU neurons that the target depends on; all of them for regions."""
        named = {place for row in self.target for place in row.form}
        seen = [{i for depth, i in named if depth == layer} for layer in range(len(self.layers) + 1)]
        for depth in range(len(self.layers), 0, -1):
            layer = self.layers[depth - 1]
            seen[depth] |= set(range(layer.output_dim)) if self.is_of_regions else set()
            seen[depth - 1] |= {j for i in seen[depth] for j, w in enumerate(layer.rows[i]) if w}
        return [sorted(own & set(layer.neurons)) for own, layer in zip(seen[1:], self.layers, strict=True)]

    def row(self, place: Name) -> Row:
        """An input, or what enters a neuron, as a form of what the layer before returns."""
        depth, i = place
        if not depth:
            return Row({place: Fraction(1)}, Fraction(0), "<=")
        layer = self.layers[depth - 1]
        return Row({(depth - 1, j): w for j, w in enumerate(layer.rows[i]) if w}, -layer.offsets[i], "<=")

    def at_inputs(self, form: Form, constant: Fraction, line: Callable[[Name, bool], Line | None]) -> AffineForm | None:
        """A form of inputs that is no larger, ReLUs having become lines; None where one has no line.

        Args:
            form: what is to go back to the inputs.
            constant: what is added to it.
            line: of a neuron, that is below its ReLU, or above it; which it is says the second argument.

        Cost: a product with the matrix of each layer, in integers.
        """
        total, scale = constant, math.lcm(*(a.denominator for a in form.values()))
        values: dict[int, int] = {}
        for depth in range(len(self.layers), 0, -1):
            values = _gathered(values, form, depth, scale)
            relu, entering, offset = self.layers[depth - 1].relu, dict[int, int](), Fraction(0)
            for i, c in values.items():
                own = line((depth, i), c > 0) if relu[i] else _IDENTITY
                if own is None:
                    return None
                m, t = own
                if m:
                    entering[i] = c * m
                if t:
                    offset += c * t
            total += offset / scale
            scale *= FINE * self.matrices[depth - 1][1]
            values = {}
            if entering:
                values, bias = self.net.entering(depth, entering)
                total += Fraction(bias, scale)
        values = _gathered(values, form, 0, scale)
        return AffineForm({j: Fraction(v, scale) for j, v in values.items()}, total)

    def at(self, x: ExactVector) -> tuple[dict[Name, Fraction], dict[Name, Fraction]]:
        """What enters ReLUs at a point, and what layers return, by places."""
        scale = math.lcm(*(a.denominator for a in x))
        values = fmpz_mat([[int(a * scale)] for a in x]) if x else fmpz_mat(0, 1)
        entering, returned = dict[Name, Fraction](), {(0, j): a for j, a in enumerate(x)}
        for depth, (matrix, q) in enumerate(self.matrices, 1):
            column = [*(int(v) for v in values.entries()), scale]
            values = matrix * fmpz_mat([[v] for v in column])
            scale *= q
            for i, on in enumerate(self.layers[depth - 1].relu):
                entering[depth, i] = Fraction(int(values[i, 0]), scale)
                if on and values[i, 0] < 0:
                    values[i, 0] = 0
                returned[depth, i] = Fraction(int(values[i, 0]), scale)
        return entering, returned


def name_of(place: Name, letter: str = "z") -> str:
    """The name that an input or a neuron, or a neuron's slope, has in certificates."""
    return f"{letter}{place[0]}.{place[1]}" if place[0] else f"x{place[1]}"


def place_of(name: str) -> Name:
    """The input or the neuron that has a name."""
    depth, _, i = name[1:].rpartition(".")
    return int(depth or "0"), int(i)


_IDENTITY = FINE, Fraction(0)
_NOTHING = 0, Fraction(0)


def relu_line(low: Fraction | None, up: Fraction | None, slope: Fraction | None, rises: bool) -> Line | None:
    """The line that the checker takes for ReLU between these ends: above it, or below it if that ``rises``."""
    if up is not None and up <= 0:
        return _NOTHING
    if low is not None and low >= 0:
        return _IDENTITY
    if rises:
        chosen = low is not None and up is not None and up >= -low
        return FINE * chosen if slope is None else int(slope * FINE), Fraction(0)
    if low is None or up is None:
        return None
    m = int(up * FINE // (up - low))
    return m, max(-m * low, (FINE - m) * up) / FINE


def rounded_down(value: Fraction) -> Fraction:
    """The number rounded down to 64 binary digits."""
    unit = Fraction(2) ** (value.numerator.bit_length() - value.denominator.bit_length() - _DIGITS)
    return value // unit * unit


def total_of(terms: Iterable[tuple[Fraction, Row]]) -> tuple[dict[Name, Fraction], Fraction]:
    """The sum of rows times numbers, as a form and a constant."""
    form, constant = dict[Name, Fraction](), Fraction(0)
    for s, row in terms:
        constant -= s * row.bound
        for place, a in row.form.items():
            form[place] = form.get(place, Fraction(0)) + s * a
    return form, constant


def _gathered(values: dict[int, int], form: Form, depth: int, scale: int) -> dict[int, int]:
    for (layer, i), a in form.items():
        if layer == depth:
            values[i] = values.get(i, 0) + int(a * scale)
    return {i: c for i, c in values.items() if c}


def _entries(layer: Layer, integers: tuple[fmpz_mat, int]) -> list[list[tuple[int, int]]] | None:
    """The entries of a layer's integer rows that are not 0, with their columns; None if there are more than a few."""
    if sum(map(bool, itertools.chain(*layer.rows))) * _SPARSE > layer.output_dim * layer.input_dim:
        return None
    return [[(j, int(w)) for j, w in enumerate(row) if w] for row in integers[0].tolist()]


def _over_one_denominator(layer: Layer) -> tuple[fmpz_mat, int]:
    q = math.lcm(*(a.denominator for row in layer.rows for a in row), *(b.denominator for b in layer.offsets))
    rows = [[int(a * q) for a in (*row, b)] for row, b in zip(layer.rows, layer.offsets, strict=True)]
    return (fmpz_mat(rows) if rows else fmpz_mat(0, layer.input_dim + 1)), q
