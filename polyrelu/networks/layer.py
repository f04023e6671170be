r"""One layer of a network, :math:`x \mapsto \rho(W x + b)` with ReLU on some coordinates, in exact numbers."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
from flint import fmpq, fmpq_mat, fmpz_mat

from polyrelu.arithmetic.exact import (
    ExactArray,
    ExactVector,
    FloatArray,
    exact_array,
    exact_matrix,
    exact_vector,
    is_float,
    nearest_floats,
    read_only,
    to_flint,
)
from polyrelu.arithmetic.pseudo_inverse import PseudoInverse, pseudo_inverse
from polyrelu.arithmetic.rounding import affine_with_bound
from polyrelu.errors import BudgetExceeded, DimensionError, InputError
from polyrelu.networks.float_rows import FloatRows, without_negative_zeros
from polyrelu.networks.sparse_rows import (
    Entries,
    Rows,
    SparseRows,
    all_entries,
    chosen,
    product,
    product_from_left,
    rows_of,
)
from polyrelu.support.arguments import items
from polyrelu.support.carried import Carried
from polyrelu.support.limits import check
from polyrelu.support.numerals import shown
from polyrelu.support.tensors import plain

LARGEST_ARRAY = 2**27
"""The most entries of an array of floats that is made of rows which are mostly zero: a gibibyte."""
_AT_ONCE = 2**22
_AT_A_TIME = 2**19  # weights that become rational numbers, in half a second


@dataclass(frozen=True, init=False, repr=False)
class Layer(Carried):
    """``x -> relu(weight x + bias)`` on the coordinates where ``relu`` is true, the identity on the others.

    Args:
        weight: n rows of d numbers: lists, an array or a tensor.
        bias: n numbers.
        relu: a truth value for all coordinates, or one for each of the n.

    The rows are kept as Fractions in ``rows`` and ``offsets``; those of a large convolution, which are mostly zero, by
    their other entries (:mod:`polyrelu.networks.sparse_rows`), and large ones of floats by these
    (:mod:`polyrelu.networks.float_rows`). Nothing is made whole for them until someone asks for an array.

    Raises:
        InexactError: an entry has no exact rational value.
        DimensionError: rows of different lengths, or a bias or mask of the wrong length.
    """

    rows: Rows
    offsets: ExactVector
    relu: tuple[bool, ...]
    input_dim: int

    def __hash__(self) -> int:
        return hash((self.offsets, self.relu, self.input_dim))

    def __init__(
        self, weight: Iterable[Iterable[Any]], bias: Iterable[Any], relu: bool | Iterable[bool], where: str = "Layer"
    ) -> None:
        weight = plain(weight, f"{where}: weight")
        rows: Rows = FloatRows.of(weight) or exact_matrix(weight, f"{where}: weight")
        offsets = exact_vector(bias, f"{where}: bias")
        if len(offsets) != len(rows):
            raise DimensionError(
                f"{where}: weight has {len(rows)} rows but bias has {len(offsets)} entries; they must agree"
            )
        relu = plain(relu, f"{where}: relu")
        mask = (bool(relu),) * len(rows) if isinstance(relu, (bool, np.bool_)) else _mask(relu, len(rows), where)
        width = len(rows[0]) if rows else int(getattr(weight, "shape", (0, 0))[1])
        self._set(rows, offsets, mask, width)
        if isinstance(weight, np.ndarray) and weight.dtype == np.float64 and not isinstance(rows, FloatRows):
            vars(self)["float_weight"] = read_only(without_negative_zeros(weight))

    def _set(self, rows: Rows, offsets: ExactVector, relu: tuple[bool, ...], input_dim: int) -> None:
        for name, value in zip(("rows", "offsets", "relu", "input_dim"), (rows, offsets, relu, input_dim), strict=True):
            object.__setattr__(self, name, value)

    @property
    def output_dim(self) -> int:
        """The number n of coordinates the layer returns."""
        return len(self.rows)

    @cached_property
    def neurons(self) -> tuple[int, ...]:
        """The coordinates that pass through a ReLU."""
        return tuple(i for i, masked in enumerate(self.relu) if masked)

    @property
    def neuron_count(self) -> int:
        """How many coordinates pass through a ReLU."""
        return len(self.neurons)

    @property
    def weight(self) -> ExactArray:
        """The (n, d) weight as an array of Fractions."""
        return exact_array(self.rows, (self.output_dim, self.input_dim))

    @property
    def bias(self) -> ExactArray:
        """The n biases as an array of Fractions."""
        return exact_array(self.offsets, (self.output_dim,))

    @property
    def is_sparse(self) -> bool:
        """Whether the rows are kept by their entries that are not zero."""
        return isinstance(self.rows, SparseRows)

    @cached_property
    def float_weight(self) -> FloatArray:
        """The (n, d) weight rounded to nearest, read-only; equal to the exact one when that came from floats.

        Infinite beyond the range of floats.

        Raises:
            BudgetExceeded: the rows are kept by their entries, and there is no room for an array.
        """
        if isinstance(self.rows, FloatRows):
            return self.rows.floats
        self._require_room()
        return read_only(self._float_rows(0, self.output_dim))

    def _require_room(self) -> None:
        """Refuse to make an enormous array of rows that are mostly zero."""
        if self.is_sparse and self.output_dim * self.input_dim > LARGEST_ARRAY:
            raise BudgetExceeded(
                f"{self!r}: an array of its {self.output_dim * self.input_dim} weights, which are mostly zero, would "
                f"have more than {LARGEST_ARRAY} entries; make most inputs constant in the domain, or ask about fewer "
                "outputs"
            )

    def _float_rows(self, begin: int, end: int) -> FloatArray:
        """Some rows rounded to nearest."""
        own = self.rows[begin:end]
        floats = np.zeros((len(own), self.input_dim))
        if isinstance(own, SparseRows):
            for row, entries in zip(floats, own.entries, strict=True):
                row[list(entries)] = [self._nearest[id(v)] for v in entries.values()]
        else:
            numbers = itertools.chain.from_iterable(own)
            floats.ravel()[:] = np.fromiter((self._nearest[id(v)] for v in numbers), np.float64, floats.size)
        return floats

    @cached_property
    def _distinct(self) -> dict[int, Fraction]:
        """The numbers of the rows by their identity: files of convolutions have few numbers in many places."""
        own = self.rows
        numbers = (row.values() for row in own.entries) if isinstance(own, SparseRows) else own
        return {id(v): v for v in itertools.chain.from_iterable(numbers)}

    @cached_property
    def _nearest(self) -> dict[int, float]:
        """The nearest floats of the numbers of the rows, by the numbers' identity."""
        return dict(zip(self._distinct, nearest_floats(self._distinct.values()).tolist(), strict=True))

    def with_bound(self, points: FloatArray, radius: FloatArray) -> tuple[FloatArray, FloatArray]:
        """``weight points + bias`` in floats, of points known within a radius, and a bound on how far it is off.

        See :func:`polyrelu.arithmetic.rounding.affine_with_bound`; rows that are mostly zero are made whole some at a
        time.
        """
        if not self.is_sparse:
            return affine_with_bound(self.float_weight, self.float_bias, points, radius)
        some = max(1, _AT_ONCE // max(1, self.input_dim))
        ends = [(begin, begin + some) for begin in range(0, self.output_dim, some)]
        parts = [
            affine_with_bound(self._float_rows(*part), self.float_bias[slice(*part)], points, radius) for part in ends
        ]
        values, bounds = (np.concatenate(both, axis=1) for both in zip(*parts, strict=True))
        return values, bounds

    @cached_property
    def float_bias(self) -> FloatArray:
        """The n biases rounded to nearest, read-only; infinite beyond the range of floats."""
        return nearest_floats(self.offsets)

    @cached_property
    def is_float(self) -> bool:
        """Whether every number of the layer is a float, so that the float views are the layer itself."""
        if not isinstance(self.rows, FloatRows) and not all(
            is_float(v, self._nearest[key]) for key, v in self._distinct.items()
        ):
            return False
        return all(map(is_float, self.offsets, self.float_bias.tolist()))

    @cached_property
    def augmented(self) -> fmpq_mat:
        """The (n, d + 1) matrix ``[weight | bias]``."""
        if isinstance(self.rows, FloatRows):
            return self._augmented_integers(self.rows)
        self._require_room()
        rows = ((*row, offset) for row, offset in zip(self.rows, self.offsets, strict=True))
        numbers = list(itertools.chain.from_iterable(rows))
        keys = list(map(id, numbers))
        rationals = {key: to_flint(v) for key, v in dict(zip(keys, numbers, strict=True)).items()}
        return fmpq_mat(self.output_dim, self.input_dim + 1, list(map(rationals.__getitem__, keys)))

    def _augmented_integers(self, rows: FloatRows) -> fmpq_mat:
        """:attr:`augmented` of floats, which are integers over one number, and so are the biases."""
        integers, places = rows.over_a_power_of_two()
        scale = math.lcm(1 << places, *(v.denominator for v in self.offsets))
        more = scale >> places
        entries = list[int]()
        for row, offset in zip(integers, self.offsets, strict=True):
            own = row.tolist()
            entries += own if more == 1 else [more * v for v in own]
            entries.append(int(offset * scale))
        return fmpq_mat(fmpz_mat(self.output_dim, self.input_dim + 1, entries)) / scale

    @cached_property
    def integers(self) -> tuple[fmpz_mat, int]:
        """:attr:`augmented` as integers (n, d + 1) over one positive number."""
        matrix, scale = self.augmented.numer_denom()
        return matrix, int(scale)

    @cached_property
    def homogeneous(self) -> fmpq_mat:
        """``[weight | bias]`` with a last row (0, 1), so that affine maps are composed by products."""
        entries = [*self.augmented.entries(), *[fmpq(0)] * self.input_dim, fmpq(1)]
        return fmpq_mat(self.output_dim + 1, self.input_dim + 1, entries)

    def after(self, values: fmpq_mat) -> fmpq_mat:
        """``[weight | bias] values``: what enters the ReLU, of columns that end with what the bias is times."""
        if isinstance(self.rows, SparseRows):
            return product(self.rows, self.offsets, values)
        if len(self._parts) <= 1 or "augmented" in vars(self):
            return self.augmented * values
        found = list[fmpq]()
        for part in self._parts:
            check()
            found += (part.augmented * values).entries()
        return fmpq_mat(self.output_dim, values.ncols(), found)

    @cached_property
    def _parts(self) -> tuple[Layer, ...]:
        """Layers of some of the outputs each: exact numbers are made of few enough of them for a stop to be heard."""
        step = max(1, _AT_A_TIME // max(1, self.input_dim))
        parts = (slice(first, first + step) for first in range(0, self.output_dim, step))
        return tuple(
            Layer.from_rows(self.rows[own], self.offsets[own], self.relu[own], self.input_dim) for own in parts
        )

    def pulled_back(self, forms: fmpq_mat) -> fmpq_mat:
        """Forms ``(w, c)`` on what enters the ReLU as forms on what the layer takes."""
        if isinstance(self.rows, SparseRows):
            return product_from_left(forms, self.rows, self.offsets)
        entries = forms.entries()
        width = self.output_dim + 1
        constants = entries[self.output_dim :: width]
        del entries[self.output_dim :: width]
        pulled = fmpq_mat(forms.nrows(), self.output_dim, entries) * self.augmented
        for k, constant in enumerate(constants):
            pulled[k, self.input_dim] += constant
        return pulled

    @cached_property
    def pseudo_inverse(self) -> PseudoInverse:
        """The exact pseudo-inverse of the weight. Cost: cubic."""
        self._require_room()
        return pseudo_inverse(tuple(self.rows), self.input_dim)

    @classmethod
    def from_rows(cls, rows: Rows, offsets: ExactVector, relu: Sequence[bool], input_dim: int) -> Layer:
        """A layer of numbers that are Fractions already, unchecked."""
        layer = object.__new__(cls)
        layer._set(rows, offsets, tuple(relu), input_dim)
        return layer

    @classmethod
    def from_entries(
        cls, entries: Sequence[Entries], offsets: ExactVector, relu: Sequence[bool], input_dim: int
    ) -> Layer:
        """The same, of rows by their entries that are not zero, by column."""
        return cls.from_rows(rows_of(entries, input_dim), offsets, relu, input_dim)

    def restricted(self, outputs: Sequence[int], inputs: Sequence[int], relu: Sequence[bool]) -> Layer:
        """The layer from the chosen inputs to the chosen outputs, with one mask entry for each of the latter."""
        everything = (range(self.output_dim), range(self.input_dim), self.relu)
        if all(map(_same, (outputs, inputs, relu), everything)):
            return self  # with its float views, which take a while to make
        rows = chosen(self.rows, outputs, inputs)
        return Layer.from_rows(rows, tuple(self.offsets[i] for i in outputs), relu, len(inputs))

    def read_by(self, outputs: Sequence[int]) -> tuple[int, ...]:
        """The inputs that have a weight other than zero for one of these outputs."""
        if isinstance(self.rows, SparseRows):
            return tuple(sorted({j for i in outputs for j in self.rows.entries[i]}))
        if isinstance(self.rows, FloatRows):
            return tuple(np.flatnonzero(self.rows.nonzero[list(outputs)].any(axis=0)).tolist())
        return tuple(j for j in range(self.input_dim) if any(self.rows[i][j] for i in outputs))

    @property
    def weight_count(self) -> int:
        """How many weights are not zero."""
        if isinstance(self.rows, FloatRows):
            return int(np.count_nonzero(self.rows.nonzero))
        return sum(map(len, all_entries(self.rows)))

    def __repr__(self) -> str:
        return f"Layer({self.input_dim} -> {self.output_dim}, relu on {self.neuron_count})"


def neuron_starts(layers: Iterable[Layer]) -> list[int]:
    """Where each layer's ReLU neurons begin when they are counted through all layers; last, how many there are."""
    return list(itertools.accumulate((layer.neuron_count for layer in layers), initial=0))


def neuron_places(layers: Iterable[Layer]) -> list[tuple[int, int]]:
    """The layer of each ReLU neuron, and its coordinate there."""
    return [(depth, i) for depth, layer in enumerate(layers) for i in layer.neurons]


def _same(chosen: Sequence[Any], everything: Sequence[Any]) -> bool:
    return len(chosen) == len(everything) and all(a == b for a, b in zip(chosen, everything, strict=True))


def _mask(relu: Any, length: int, where: str) -> tuple[bool, ...]:
    values = items(relu, f"{where}: relu", "pass True, False, or one of them for each coordinate")
    if len(values) != length:
        raise DimensionError(f"{where}: relu has {len(values)} entries but there are {length} coordinates")
    values = [plain(value, f"{where}: relu[{i}]") for i, value in enumerate(values)]
    for i, value in enumerate(values):
        if not isinstance(value, (bool, np.bool_)):
            raise InputError(f"{where}: relu[{i}] is {shown(value)}; write True or False")
    return tuple(map(bool, values))
