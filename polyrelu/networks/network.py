r"""ReLU networks as chains of one kind of layer.

A layer maps :math:`x \mapsto \rho(W x + b)`, where :math:`\rho` is ReLU on a masked subset of the coordinates and the
identity on the others. Identity coordinates carry linear layers and skip connections, so every engine handles one
thing. The network *is* its stored numbers: floats stand for the dyadic rationals they are.

``network(x)`` is exact on exact input and a float evaluation on numpy float arrays;
:meth:`Network.evaluate_with_bound` says how far the latter may be from the former.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from flint import fmpq_mat

from polyrelu.arithmetic.exact import (
    ExactArray,
    ExactMatrix,
    ExactVector,
    FloatArray,
    exact_array,
    exact_matrix,
    exact_vector,
    flint_matrix,
    is_float,
    is_float_array,
    matrix_rows,
    nearest_floats,
    read_only,
    to_flint,
)
from polyrelu.arithmetic.rounding import affine_with_bound, float_points, relu_with_bound
from polyrelu.errors import DimensionError, InputError
from polyrelu.support.arguments import items
from polyrelu.support.carried import Carried
from polyrelu.support.numerals import shown

if TYPE_CHECKING:
    from polyrelu._conveniences import NetworkMethods
else:
    NetworkMethods = object  # methods of upper rooms are put on the class from there

Bits: TypeAlias = tuple[tuple[bool, ...], ...]


@dataclass(frozen=True, init=False, repr=False)
class Layer(Carried):
    """``x -> relu(weight x + bias)`` on the coordinates where ``relu`` is true, the identity on the others.

    Args:
        weight: n rows of d numbers.
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
        rows = exact_matrix(weight, f"{where}: weight")
        offsets = exact_vector(bias, f"{where}: bias")
        if len(offsets) != len(rows):
            raise DimensionError(
                f"{where}: weight has {len(rows)} rows but bias has {len(offsets)} entries; they must agree"
            )
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
        return f"Layer({self.input_dim} -> {self.output_dim}, relu on {sum(self.relu)})"


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
    for i, value in enumerate(values):
        if not isinstance(value, (bool, np.bool_)):
            raise InputError(f"{where}: relu[{i}] is {shown(value)}; write True or False")
    return tuple(map(bool, values))


@dataclass(frozen=True, init=False, repr=False)
class Network(Carried, NetworkMethods):
    """A chain of layers, R^d -> R^m.

    Args:
        layers: :class:`Layer` objects, or ``(weight, bias)`` pairs.
        relu: with pairs, a truth value (or mask) for each; by default ReLU after every layer but the last.

    Example:
        >>> net = Network([([[1], [-1]], [0, 0]), ([[1, 1]], [0])])  # |x|
        >>> net(["-1/3"])
        array([Fraction(1, 3)], dtype=object)

    Raises:
        DimensionError: a layer does not take what the one before it returns; the message names the layer.
        InputError: no layers, or ``relu`` beside Layer objects.
    """

    layers: tuple[Layer, ...]

    def __init__(
        self,
        layers: Iterable[Layer | tuple[Any, Any]],
        relu: Sequence[bool | Iterable[bool]] | None = None,
    ) -> None:
        given = items(layers, "Network: layers", "pass Layer objects or (weight, bias) pairs")
        if not given:
            raise InputError("Network: there are no layers; pass at least one (weight, bias)")
        masks = _masks_for(given, relu)
        chain = tuple(
            item if isinstance(item, Layer) else Layer(*_pair(item, i), relu=masks[i], where=f"Network: layer {i}")
            for i, item in enumerate(given)
        )
        for i, (before, after) in enumerate(itertools.pairwise(chain)):
            if before.output_dim != after.input_dim:
                raise DimensionError(
                    f"Network: layer {i} returns {before.output_dim} coordinates "
                    f"but layer {i + 1} takes {after.input_dim}"
                )
        object.__setattr__(self, "layers", chain)

    @property
    def input_dim(self) -> int:
        """The dimension d of the input space."""
        return self.layers[0].input_dim

    @property
    def output_dim(self) -> int:
        """The dimension m of the output space."""
        return self.layers[-1].output_dim

    @property
    def widths(self) -> tuple[int, ...]:
        """Input dimension, then the number of coordinates each layer returns."""
        return (self.input_dim, *(layer.output_dim for layer in self.layers))

    @property
    def neuron_count(self) -> int:
        """How many coordinates pass through a ReLU."""
        return sum(sum(layer.relu) for layer in self.layers)

    def __call__(self, points: Any) -> ExactArray | FloatArray:
        """The network's value: exact on exact input, in floats on numpy float arrays.

        Args:
            points: one point of d numbers, or n of them as an (n, d) array or list. A numpy *float array* is
                evaluated in floats; lists, integer arrays, Fractions and strings are evaluated exactly.

        Returns:
            An array of shape (m,) or (n, m): Fractions, or float64 for float arrays.

        Raises:
            DimensionError: the points do not live in R^d.
        """
        if is_float_array(points):
            floats = self.evaluate_with_bound(np.atleast_2d(points))[0]
            return floats if points.ndim == 2 else np.asarray(floats[0])
        given = items(points, "Network: points", "pass one point of numbers, or a list of points")
        single = not given or not isinstance(given[0], (list, tuple, np.ndarray))
        rows = exact_matrix([given] if single else given, "Network: point", self.input_dim)
        values = exact_array(self.evaluate(rows), (len(rows), self.output_dim))
        return values[0] if single else values

    def evaluate(self, points: Sequence[ExactVector]) -> ExactMatrix:
        """Exact values at exact points, one row each."""
        rows = exact_matrix(points, "evaluate: point", self.input_dim)
        return self._forward(rows)[0] if rows else ()

    def activation_pattern(self, point: ExactVector) -> Bits:
        """For each layer, which of its ReLU coordinates are positive before the ReLU at an exact point."""
        return self._forward([exact_vector(point, "activation_pattern: point", self.input_dim)])[1]

    def _forward(self, points: Sequence[ExactVector]) -> tuple[ExactMatrix, Bits]:
        values: ExactMatrix = tuple(points)
        bits = []
        for layer in self.layers:
            columns = flint_matrix([(*point, 1) for point in values], layer.input_dim + 1).transpose()
            before = matrix_rows(layer.augmented * columns)
            bits.append(tuple(row[0] > 0 for row, masked in zip(before, layer.relu, strict=True) if masked))
            after = [
                tuple(max(v, 0 * v) for v in row) if masked else row
                for row, masked in zip(before, layer.relu, strict=True)
            ]
            values = tuple(zip(*after, strict=True)) if after else ((),) * len(values)
        return values, tuple(bits)

    def evaluate_with_bound(self, points: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Float values at float points and a bound on their distance from the exact values.

        Both have shape (n, m). The bound is proven in :mod:`polyrelu.arithmetic.rounding`. It is infinite, and the
        value whatever it is, where something on the way overflowed, and everywhere where this thread's floats are not
        sound.
        """
        values = float_points(points, self.input_dim, "evaluate_with_bound")
        radius = np.zeros(values.shape)
        for layer in self.layers:
            values, radius = affine_with_bound(layer.float_weight, layer.float_bias, values, radius)
            values, radius = relu_with_bound(values, radius, np.array(layer.relu, dtype=np.bool_))
        return values, radius

    def affine_map(self, bits: Bits) -> tuple[ExactMatrix, ExactVector]:
        """The affine map ``x -> M x + c`` of the network where its neurons are on and off as ``bits`` say.

        Raises:
            DimensionError: there is not one truth value for each ReLU neuron of each layer.
        """
        counts = [sum(layer.relu) for layer in self.layers]
        given = [len(on) if isinstance(on, Sequence) else -1 for on in bits] if isinstance(bits, Sequence) else None
        if given != counts:
            raise DimensionError(f"affine_map: the layers have {counts} ReLU neurons; pass a truth value for each")
        dim = self.input_dim
        identity = [[int(i == j) for j in range(dim + 1)] for i in range(dim + 1)]
        chain = flint_matrix(identity, dim + 1)
        for layer, on in zip(self.layers, bits, strict=True):
            signs = iter(on)
            rows = matrix_rows(layer.augmented * chain)
            kept = [
                row if not masked or next(signs) else (0,) * (dim + 1)
                for row, masked in zip(rows, layer.relu, strict=True)
            ]
            chain = flint_matrix([*kept, identity[-1]], dim + 1)
        affine = matrix_rows(chain)[:-1]
        return tuple(row[:-1] for row in affine), tuple(row[-1] for row in affine)

    def __repr__(self) -> str:
        return f"Network({'-'.join(map(str, self.widths))}, {self.neuron_count} ReLU neurons)"


def _pair(item: Any, index: int) -> tuple[Any, Any]:
    if not isinstance(item, (tuple, list)) or len(item) != 2:
        raise InputError(f"Network: layer {index} is {type(item).__name__}; pass Layer objects or (weight, bias) pairs")
    return item[0], item[1]


def _masks_for(layers: Sequence[Any], relu: Sequence[bool | Iterable[bool]] | None) -> Sequence[bool | Iterable[bool]]:
    if relu is None:
        return [True] * (len(layers) - 1) + [False]
    if any(isinstance(layer, Layer) for layer in layers):
        raise InputError("Network: Layer objects carry their own mask; leave relu out, or pass (weight, bias) pairs")
    relu = items(relu, "Network: relu", "pass a list with a truth value or a mask for each layer")
    if len(relu) != len(layers):
        raise DimensionError(f"Network: relu has {len(relu)} entries but there are {len(layers)} layers")
    return relu
