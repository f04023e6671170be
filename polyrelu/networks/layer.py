r"""One layer of a network, :math:`x \mapsto \rho(W x + b)` with ReLU on some coordinates, in exact numbers."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
from flint import fmpq, fmpq_mat

from polyrelu.arithmetic.exact import (
    ExactArray,
    ExactMatrix,
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
from polyrelu.errors import DimensionError, InputError
from polyrelu.support.arguments import items
from polyrelu.support.carried import Carried
from polyrelu.support.numerals import shown
from polyrelu.support.tensors import plain


@dataclass(frozen=True, init=False, repr=False)
class Layer(Carried):
    """``x -> relu(weight x + bias)`` on the coordinates where ``relu`` is true, the identity on the others.

    Args:
        weight: n rows of d numbers: lists, an array or a tensor.
        bias: n numbers.
        relu: a truth value for all coordinates, or one for each of the n.

    The rows are kept as Fractions in ``rows`` and ``offsets``.

    Raises:
        InexactError: an entry has no exact rational value.
        DimensionError: rows of different lengths, or a bias or mask of the wrong length.
    """

    rows: ExactMatrix
    offsets: ExactVector
    relu: tuple[bool, ...]
    input_dim: int

    def __init__(
        self, weight: Iterable[Iterable[Any]], bias: Iterable[Any], relu: bool | Iterable[bool], where: str = "Layer"
    ) -> None:
        weight = plain(weight, f"{where}: weight")
        rows = exact_matrix(weight, f"{where}: weight")
        offsets = exact_vector(bias, f"{where}: bias")
        if len(offsets) != len(rows):
            raise DimensionError(
                f"{where}: weight has {len(rows)} rows but bias has {len(offsets)} entries; they must agree"
            )
        relu = plain(relu, f"{where}: relu")
        mask = (bool(relu),) * len(rows) if isinstance(relu, (bool, np.bool_)) else _mask(relu, len(rows), where)
        width = len(rows[0]) if rows else int(getattr(weight, "shape", (0, 0))[1])
        self._set(rows, offsets, mask, width)
        if isinstance(weight, np.ndarray) and weight.dtype == np.float64:
            vars(self)["float_weight"] = read_only(_own_floats(weight))

    def _set(self, rows: ExactMatrix, offsets: ExactVector, relu: tuple[bool, ...], input_dim: int) -> None:
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

    @cached_property
    def float_weight(self) -> FloatArray:
        """The (n, d) weight rounded to nearest, read-only; equal to the exact one when that came from floats.

        Infinite beyond the range of floats.
        """
        numbers = list(itertools.chain.from_iterable(self.rows))
        keys = list(map(id, numbers))  # files of convolutions have few numbers in many places
        distinct = dict(zip(keys, numbers, strict=True))
        nearest = dict(zip(distinct, nearest_floats(distinct.values()).tolist(), strict=True))
        floats = np.fromiter(map(nearest.__getitem__, keys), np.float64).reshape(self.output_dim, self.input_dim)
        return read_only(floats)

    @cached_property
    def float_bias(self) -> FloatArray:
        """The n biases rounded to nearest, read-only; infinite beyond the range of floats."""
        return nearest_floats(self.offsets)

    @cached_property
    def is_float(self) -> bool:
        """Whether every number of the layer is a float, so that the float views are the layer itself."""
        return all(is_float(v, nearest) for v, nearest in self._rounded())

    def _rounded(self) -> Iterable[tuple[Fraction, float]]:
        """The different numbers of the layer with their floats."""
        numbers = [*itertools.chain.from_iterable(self.rows), *self.offsets]
        floats = [*self.float_weight.ravel().tolist(), *self.float_bias.tolist()]
        return dict(zip(map(id, numbers), zip(numbers, floats, strict=True), strict=True)).values()

    @cached_property
    def augmented(self) -> fmpq_mat:
        """The (n, d + 1) matrix ``[weight | bias]``."""
        rows = ((*row, offset) for row, offset in zip(self.rows, self.offsets, strict=True))
        numbers = list(itertools.chain.from_iterable(rows))
        keys = list(map(id, numbers))
        rationals = {key: to_flint(v) for key, v in dict(zip(keys, numbers, strict=True)).items()}
        return fmpq_mat(self.output_dim, self.input_dim + 1, list(map(rationals.__getitem__, keys)))

    @cached_property
    def homogeneous(self) -> fmpq_mat:
        """``[weight | bias]`` with a last row (0, 1), so that affine maps are composed by products."""
        entries = [*self.augmented.entries(), *[fmpq(0)] * self.input_dim, fmpq(1)]
        return fmpq_mat(self.output_dim + 1, self.input_dim + 1, entries)

    @cached_property
    def pseudo_inverse(self) -> PseudoInverse:
        """The exact pseudo-inverse of the weight. Cost: cubic."""
        return pseudo_inverse(self.rows, self.input_dim)

    @classmethod
    def from_rows(cls, rows: ExactMatrix, offsets: ExactVector, relu: Sequence[bool], input_dim: int) -> Layer:
        """A layer of numbers that are Fractions already, unchecked."""
        layer = object.__new__(cls)
        layer._set(rows, offsets, tuple(relu), input_dim)
        return layer

    def restricted(self, outputs: Sequence[int], inputs: Sequence[int], relu: Sequence[bool]) -> Layer:
        """The layer from the chosen inputs to the chosen outputs, with one mask entry for each of the latter."""
        everything = (range(self.output_dim), range(self.input_dim), self.relu)
        if all(map(_same, (outputs, inputs, relu), everything)):
            return self  # with its float views, which take a while to make
        rows = tuple(tuple(self.rows[i][j] for j in inputs) for i in outputs)
        return Layer.from_rows(rows, tuple(self.offsets[i] for i in outputs), relu, len(inputs))

    def __repr__(self) -> str:
        return f"Layer({self.input_dim} -> {self.output_dim}, relu on {self.neuron_count})"


def neuron_starts(layers: Iterable[Layer]) -> list[int]:
    """Where each layer's ReLU neurons begin when they are counted through all layers; last, how many there are."""
    return list(itertools.accumulate((layer.neuron_count for layer in layers), initial=0))


def neuron_places(layers: Iterable[Layer]) -> list[tuple[int, int]]:
    """The layer of each ReLU neuron, and its coordinate there."""
    return [(depth, i) for depth, layer in enumerate(layers) for i in layer.neurons]


def _own_floats(weight: FloatArray) -> FloatArray:
    """A copy without negative zeros, which are found by their bits, because some modes take more for zero."""
    floats = np.array(weight, dtype=np.float64, order="C")
    floats.view(np.int64)[floats.view(np.int64) == np.iinfo(np.int64).min] = 0
    return floats


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
