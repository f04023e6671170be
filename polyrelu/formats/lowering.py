r"""Lowering: a graph of affine maps and ReLUs as a chain of layers, exactly.

Every number that a graph computes is an affine combination of *atoms*,

.. math:: a_0 + \sum_k c_k \, t_k ,

where an atom t is an input coordinate, the value :math:`\max(0, r)` of a ReLU whose argument r is such a combination of
earlier atoms, or a *register*: a combination that got a name because it is shorter to carry than its atoms. So affine
maps compose by themselves and leave no layer behind. Each atom has a *depth*: 0 for inputs, otherwise one more than the
deepest atom it is made of; layer l of the network computes the atoms of depth l, and carries older ones that are still
needed as identity coordinates. All ReLUs of one tensor have one depth and stand in the tensor's order, dead ones too,
so that a plain chain of matrices lowers to itself.

Numbers are Fractions, and those of large dense matrices floats until somebody looks at them. Where rows have several
atoms, products go through ``flint.fmpq_mat``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import prod
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from polyrelu.arithmetic.exact import FloatArray, flint_matrix, float_ratio, from_flint
from polyrelu.errors import BudgetExceeded
from polyrelu.networks.float_rows import FloatRows
from polyrelu.networks.layer import Layer
from polyrelu.networks.network import Network

ZERO, ONE = Fraction(0), Fraction(1)
LARGEST_TENSOR = 2**20
"""The most entries of a tensor."""
LARGEST_MATRIX = 2**25
"""The most weights of a layer that are not zero, and the most products in making a tensor; more would take hours."""
_FEW = 20_000
_SPREAD = 64

SparseRow: TypeAlias = dict[int, Fraction]
Terms: TypeAlias = Mapping[int, Fraction]


@dataclass(frozen=True, slots=True, eq=False)
class FloatTerms(Mapping[int, Fraction]):
    """The terms of a row of a large matrix of floats, each made exact when it is looked at.

    Attributes:
        places: where each atom's coefficient is; the same object for all rows of a matrix.
        floats: the coefficients.
    """

    places: dict[int, int]
    floats: FloatArray

    def __getitem__(self, atom: int) -> Fraction:
        return Fraction(*float_ratio(float(self.floats[self.places[atom]])))

    def __iter__(self) -> Iterator[int]:
        return iter(self.places)

    def __len__(self) -> int:
        return len(self.places)


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """``constant + sum of terms[k] * atom k``; an explicit zero stays."""

    terms: Terms
    constant: Fraction

    def scaled(self, factor: Fraction, shift: Fraction = ZERO) -> Row:
        """``factor * row + shift``."""
        if factor == 1:
            return Row(self.terms, self.constant + shift)
        return Row({k: c * factor for k, c in self.terms.items()}, self.constant * factor + shift)

    def plus(self, other: Row) -> Row:
        """The sum of two rows."""
        if not other.terms:
            return Row(self.terms, self.constant + other.constant)
        terms = dict(self.terms)
        for k, c in other.terms.items():
            terms[k] = terms[k] + c if k in terms else c
        return Row(terms, self.constant + other.constant)


@dataclass(frozen=True, eq=False)
class Variable:
    """A tensor that depends on the input: an object array of :class:`Row`."""

    rows: NDArray[np.object_]

    @property
    def shape(self) -> tuple[int, ...]:
        """The tensor's shape."""
        return self.rows.shape

    @property
    def flat(self) -> list[Row]:
        """The rows in C order."""
        return self.rows.ravel().tolist()

    @classmethod
    def of(cls, rows: Sequence[Row], shape: Sequence[int]) -> Variable:
        """Rows in C order as a tensor of a shape."""
        array = np.empty(len(rows), dtype=object)
        array[:] = rows
        return cls(array.reshape(tuple(shape)))

    def map(self, function: Callable[[Row], Row]) -> Variable:
        """A function of every entry."""
        return Variable.of([function(row) for row in self.flat], self.shape)


@dataclass(frozen=True, slots=True, eq=False)
class _Atom:
    depth: int
    bank: int  # the number of the tensor it came with; all of a bank's ReLUs stand in its layer
    row: Row | None  # None for an input
    relu: bool

    @property
    def base_depth(self) -> int:
        """The depth of the atoms a consumer needs: a register can be expanded, and then costs no layer."""
        return self.depth - (self.row is not None and not self.relu)


def check_size(shape: Sequence[int], where: str) -> None:
    """Refuse a tensor that is too large to lower.

    Raises:
        BudgetExceeded: more than :data:`LARGEST_TENSOR` entries.
    """
    if prod(shape) > LARGEST_TENSOR:
        raise BudgetExceeded(f"{where}: a tensor of shape {tuple(shape)} has over {LARGEST_TENSOR} entries")


def check_work(products: int, where: str) -> None:
    """Refuse an operation with too many products of numbers.

    Raises:
        BudgetExceeded: more than :data:`LARGEST_MATRIX` products.
    """
    if products > LARGEST_MATRIX:
        raise BudgetExceeded(f"{where}: takes {products} products of numbers, over the limit of {LARGEST_MATRIX}")


class Lowering:
    """The atoms of one graph.

    Args:
        input_dim: how many numbers the graph takes.
        where: names the graph in errors.

    Example:
        >>> low = Lowering(2)
        >>> x = low.inputs((2,))
        >>> low.network(low.relu(combine([{0: ONE, 1: -ONE}], [ZERO], x.flat, (1,)))).widths  # max(0, x0 - x1)
        (2, 1)

    Raises:
        BudgetExceeded: more than :data:`LARGEST_TENSOR` inputs.
    """

    def __init__(self, input_dim: int, where: str = "Lowering") -> None:
        check_size((input_dim,), where)
        self.where = where
        self._input_dim = input_dim
        self._atoms = [_Atom(0, 0, None, False)] * input_dim
        self._banks: list[range] = [range(input_dim)]

    def inputs(self, shape: Sequence[int]) -> Variable:
        """The input as a tensor of a shape with ``input_dim`` entries."""
        return Variable.of([Row({k: ONE}, ZERO) for k in range(self._input_dim)], shape)

    def relu(self, tensor: Variable) -> Variable:
        """ReLU of every entry: one new atom for each."""
        return self._name(tensor, relu=True)

    def settled(self, tensor: Variable) -> Variable:
        """The same tensor, in registers if it is made of more atoms than it has entries and of several depths."""
        support = _support(tensor.flat)
        depths = {self._atoms[k].base_depth for k in support}
        return self._name(tensor, relu=False) if len(support) > tensor.rows.size and len(depths) > 1 else tensor

    def _name(self, tensor: Variable, relu: bool) -> Variable:
        rows, depth = self._expanded(tensor.flat)
        first = len(self._atoms)
        self._atoms += [_Atom(depth, len(self._banks), row, relu) for row in rows]
        self._banks.append(range(first, len(self._atoms)))
        return Variable.of([Row({k: ONE}, ZERO) for k in self._banks[-1]], tensor.shape)

    def _expanded(self, rows: Sequence[Row]) -> tuple[Sequence[Row], int]:
        """The rows over atoms of less than their depth, and that depth."""
        support = _support(rows)
        depth = 1 + max((self._atoms[k].base_depth for k in support), default=0)
        own: dict[int, Row] = {}
        for k in support:
            atom = self._atoms[k]
            own[k] = atom.row if atom.row is not None and atom.depth >= depth else Row({k: ONE}, ZERO)
        if all(row.terms.keys() == {k} for k, row in own.items()):
            return rows, depth
        order = sorted(support)
        place = {k: j for j, k in enumerate(order)}
        coefficients = [{place[k]: c for k, c in row.terms.items()} for row in rows]
        return combined_rows(coefficients, [row.constant for row in rows], [own[k] for k in order]), depth

    def network(self, output: Variable) -> Network:
        """The chain of layers that computes a tensor, flattened.

        Raises:
            BudgetExceeded: some layer would have more than 2^25 weights that are not zero.
        """
        rows, depth = self._expanded(output.flat)
        ends = [next(iter(row.terms)) for row in rows if len(row.terms) == 1]
        deepest = max((self._atoms[k].depth for k in ends), default=0)
        if deepest and deepest == depth - 1 and len(set(ends)) == len(rows) and all(map(_is_atom, rows)):
            rows, masks, depth = [self._row_at(k, deepest) for k in ends], self._masks(ends, deepest), deepest
        else:
            masks = [False] * len(rows)
        layers: list[Layer] = []
        while depth:
            depth -= 1
            inputs = self._coordinates(rows, depth)
            layers.append(self._layer(rows, masks, inputs))
            rows, masks = [self._row_at(k, depth) for k in inputs], self._masks(inputs, depth)
        return Network(reversed(layers))

    def _coordinates(self, rows: Sequence[Row], depth: int) -> list[int]:
        """What layer ``depth`` must return for ``rows``: whole banks of ReLUs, then registers and carried atoms."""
        if not depth:
            return list(range(self._input_dim))
        needed = _support(rows)
        own = [k for k in needed if self._atoms[k].depth == depth and self._atoms[k].relu]
        banks = sorted({self._atoms[k].bank for k in own})
        return [k for bank in banks for k in self._banks[bank]] + sorted(needed.difference(own))

    def _row_at(self, atom: int, depth: int) -> Row:
        row = self._atoms[atom].row
        return row if row is not None and self._atoms[atom].depth == depth else Row({atom: ONE}, ZERO)

    def _masks(self, atoms: Iterable[int], depth: int) -> list[bool]:
        return [self._atoms[k].relu and self._atoms[k].depth == depth for k in atoms]

    def _layer(self, rows: Sequence[Row], masks: Sequence[bool], inputs: Sequence[int]) -> Layer:
        if sum(len(row.terms) for row in rows) > LARGEST_MATRIX:
            raise BudgetExceeded(
                f"{self.where}: a layer from {len(inputs)} to {len(rows)} coordinates has more than "
                f"{LARGEST_MATRIX} weights"
            )
        offsets = tuple(row.constant for row in rows)
        place = {k: j for j, k in enumerate(inputs)}
        floats = _float_rows(rows, place)
        if floats is not None:
            return Layer.from_rows(floats, offsets, masks, len(inputs))
        entries = [{place[k]: c for k, c in row.terms.items()} for row in rows]
        return Layer.from_entries(entries, offsets, masks, len(inputs))


def _support(rows: Iterable[Row]) -> set[int]:
    """The atoms that rows are made of."""
    different: dict[int, Mapping[int, Any]] = {}  # rows of floats share theirs
    for row in rows:
        own = row.terms.places if isinstance(row.terms, FloatTerms) else row.terms
        different[id(own)] = own
    return {k for own in different.values() for k in own}


def _float_rows(rows: Sequence[Row], place: Mapping[int, int]) -> FloatRows | None:
    """Rows of one matrix of floats as such, each atom at its place; None if they are not all of one."""
    terms = [row.terms for row in rows if isinstance(row.terms, FloatTerms)]
    if not terms or len(terms) < len(rows) or any(own.places is not terms[0].places for own in terms):
        return None
    columns = [place[k] for k in terms[0].places]
    if columns == list(range(len(place))):
        return FloatRows.of(np.stack([own.floats for own in terms]))
    floats = np.zeros((len(rows), len(place)))
    floats[:, columns] = [own.floats for own in terms]
    return FloatRows.of(floats)


def _is_atom(row: Row) -> bool:
    return len(row.terms) == 1 and not row.constant and all(c == 1 for c in row.terms.values())


def float_product(weight: NDArray[Any], rows: Sequence[Row], shape: Sequence[int]) -> Variable | None:
    """The tensor of ``weight @ rows``, exactly, if that is a large matrix of floats and the rows are atoms; else None.

    So the dense layers of a file go from its floats to those of a layer, without a Fraction for each.
    """
    floats = FloatRows.of(weight)
    places = {next(iter(row.terms)): j for j, row in enumerate(rows) if _is_atom(row)} if floats is not None else {}
    if floats is None or len(places) < len(rows):
        return None
    return Variable.of([Row(FloatTerms(places, row), ZERO) for row in floats.floats], shape)


def combine(
    coefficients: Sequence[Terms], offsets: Sequence[Fraction], rows: Sequence[Row], shape: Sequence[int]
) -> Variable:
    """The tensor of ``offsets[i] + sum of coefficients[i][j] * rows[j]``, exactly."""
    return Variable.of(combined_rows(coefficients, offsets, rows), shape)


def combined_rows(coefficients: Sequence[Terms], offsets: Sequence[Fraction], rows: Sequence[Row]) -> Sequence[Row]:
    """The rows ``offsets[i] + sum of coefficients[i][j] * rows[j]``.

    Raises:
        BudgetExceeded: the result would have more than :data:`LARGEST_MATRIX` terms.

    Cost: one flint product where that is worth it.
    """
    lengths = [len(row.terms) for row in rows]
    work = sum(lengths[j] for own in coefficients for j in own)
    support = sorted(_support(rows))
    check_work(min(work, len(coefficients) * len(support)), "composing affine maps")
    dense = len(coefficients) * len(rows) * len(support)
    if max(lengths, default=0) <= 1 or work <= _FEW or dense > _SPREAD * work:
        return [_combined(own, offset, rows) for own, offset in zip(coefficients, offsets, strict=True)]
    place = {k: j for j, k in enumerate(support)}
    left = flint_matrix([_dense(own, len(rows)) for own in coefficients], len(rows))
    right = [[*_dense({place[k]: c for k, c in row.terms.items()}, len(support)), row.constant] for row in rows]
    product = (left * flint_matrix(right, len(support) + 1)).table()
    supports: dict[frozenset[int], list[int]] = {}  # the rows of a dense matrix all have the same
    combined = []
    for own, values, offset in zip(coefficients, product, offsets, strict=True):
        keys = frozenset(own)
        if keys not in supports:
            supports[keys] = sorted({k for j in keys for k in rows[j].terms})
        terms = {k: from_flint(values[place[k]]) for k in supports[keys]}
        combined.append(Row(terms, from_flint(values[-1]) + offset))
    return combined


def _combined(own: Terms, offset: Fraction, rows: Sequence[Row]) -> Row:
    terms: dict[int, Fraction] = {}
    constant = offset
    for j, c in own.items():
        row = rows[j]
        if row.constant:
            constant += c * row.constant
        for k, v in row.terms.items():
            value = c if v == 1 else c * v
            terms[k] = terms[k] + value if k in terms else value
    return Row(terms, constant)


def _dense(own: Terms, width: int) -> list[Any]:
    values: list[Any] = [0] * width
    for j, c in own.items():
        values[j] = c
    return values
