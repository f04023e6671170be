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
from typing import TYPE_CHECKING, Any

import numpy as np

from polyrelu.arithmetic.exact import (
    ExactArray,
    ExactMatrix,
    ExactVector,
    FloatArray,
    exact_array,
    exact_matrix,
    exact_vector,
    flint_matrix,
    is_float_array,
    matrix_rows,
)
from polyrelu.arithmetic.rounding import float_points, relu_with_bound
from polyrelu.errors import DimensionError, InputError
from polyrelu.networks.activation_pattern import SignVector
from polyrelu.networks.affine_outputs import matrix_and_offset, outputs_before, signs_at
from polyrelu.networks.layer import Layer, neuron_starts
from polyrelu.support.arguments import is_sequence, items, whole_number
from polyrelu.support.carried import Carried
from polyrelu.support.numerals import shown
from polyrelu.support.tensors import plain

if TYPE_CHECKING:
    from polyrelu._conveniences import NetworkMethods
else:
    NetworkMethods = object  # methods of upper rooms are put on the class from there


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
    def input_names(self) -> tuple[str, ...]:
        """What pictures and pages call the inputs: x0, x1, ...; u0, u1, ... on a slice, whose coordinates they are."""
        return tuple(f"x{i}" for i in range(self.input_dim))

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
        return neuron_starts(self.layers)[-1]

    def __call__(self, points: Any) -> ExactArray | FloatArray:
        """The network's value: exact on exact input, in floats on numpy float arrays.

        Args:
            points: one point of d numbers, or n of them as an (n, d) array or list. A *float array* of numpy, or such a
                tensor, is evaluated in floats; lists, integer arrays, Fractions and strings are evaluated exactly.

        Returns:
            An array of shape (m,) or (n, m): Fractions, or float64 for float arrays.

        Raises:
            DimensionError: the points do not live in R^d.
        """
        points = plain(points, "Network: points")
        if is_float_array(points):
            floats = self.evaluate_with_bound(np.atleast_2d(points))[0]
            return floats if points.ndim == 2 else np.asarray(floats[0])
        given = items(points, "Network: points", "pass one point of numbers, or a list of points")
        single = not given or not is_sequence(given[0])
        rows = exact_matrix([given] if single else given, "Network: point", self.input_dim)
        values = exact_array(self.evaluate(rows), (len(rows), self.output_dim))
        return values[0] if single else values

    def __getitem__(self, chosen: slice) -> Network:
        """The network of some layers that follow each other: ``net[1:]`` goes on where ``net[:1]`` ends.

        Layers count from 0. A last layer of ``net[:k]`` keeps its ReLUs, so its outputs are those neurons' values.

        Raises:
            InputError: not a slice of step 1, or one without layers.
        """
        if not isinstance(chosen, slice):
            raise InputError(
                f"Network: net[{shown(chosen)}] is no network; write net[1:] or net[:2] for some of its layers, or "
                "net.layers[i] for one"
            )
        try:
            layers = self.layers[chosen]
        except (TypeError, ValueError):
            raise InputError(f"Network: {shown(chosen)} has ends that are no whole numbers; write net[1:]") from None
        if chosen.step not in (None, 1):
            raise InputError(f"Network: a step of {shown(chosen.step)} leaves layers out; leave the step away")
        if not layers:
            raise InputError(
                f"Network: the slice from {chosen.start} to {chosen.stop} has none of the {len(self.layers)} layers; a "
                "network has at least one"
            )
        return Network(layers)

    def split(self, at: int) -> tuple[Network, Network]:
        """The networks before and after a place between two layers, so that the second of the first is this one.

        Args:
            at: how many layers the first network has: ``net[:at]`` and ``net[at:]``.

        Example:
            >>> first, second = Network([([[1], [-1]], [0, 0]), ([[1, 1]], [0])]).split(1)  # |x|
            >>> first([-3]), second(first([-3]))
            (array([Fraction(0, 1), Fraction(3, 1)], dtype=object), array([Fraction(3, 1)], dtype=object))

        Raises:
            InputError: one of them would have no layers.
        """
        most = len(self.layers) - 1
        if not most:
            raise InputError("split: the network has one layer, so there is no place between two")
        at = whole_number(at, "split: at", 1, most)
        return self[:at], self[at:]

    def evaluate(self, points: Sequence[ExactVector]) -> ExactMatrix:
        """Exact values at exact points, one row each."""
        values = exact_matrix(points, "evaluate: point", self.input_dim)
        for layer in self.layers:
            columns = flint_matrix([(*point, 1) for point in values], layer.input_dim + 1).transpose()
            before = matrix_rows(layer.after(columns))
            after = [
                tuple(max(v, 0 * v) for v in row) if masked else row
                for row, masked in zip(before, layer.relu, strict=True)
            ]
            values = tuple(zip(*after, strict=True)) if after else ((),) * len(values)
        return values

    def activation_pattern(self, point: ExactVector) -> SignVector:
        """For each layer, which of its ReLU coordinates are positive before the ReLU at an exact point."""
        return signs_at(self.layers, exact_vector(point, "activation_pattern: point", self.input_dim)).active

    def evaluate_with_bound(self, points: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Float values at float points and a bound on their distance from the exact values.

        Both have shape (n, m). The bound is proven in :mod:`polyrelu.arithmetic.rounding`. It is infinite, and the
        value whatever it is, where something on the way overflowed, and everywhere where this thread's floats are not
        sound.
        """
        values = float_points(points, self.input_dim, "evaluate_with_bound")
        radius = np.zeros(values.shape)
        for layer in self.layers:
            values, radius = layer.with_bound(values, radius)
            values, radius = relu_with_bound(values, radius, np.array(layer.relu, dtype=np.bool_))
        return values, radius

    def with_inputs(self) -> Network:
        """The network that returns its outputs, and after them its inputs, which pass through all layers unchanged.

        So conditions may compare the two: ``y0 > x1`` is a half-space of its outputs. Neurons are the same.

        >>> Network([([[2]], [1])], relu=[True]).with_inputs()([3]).tolist()
        [Fraction(7, 1), Fraction(3, 1)]
        """
        zero, one, dim = Fraction(0), Fraction(1), self.input_dim
        passed = [tuple(one if i == j else zero for j in range(dim)) for i in range(dim)]
        chain = []
        for depth, layer in enumerate(self.layers):
            more = (zero,) * (dim if depth else 0)
            rows = tuple((*row, *more) for row in layer.rows) if depth else layer.rows
            units = tuple((*(zero,) * (layer.input_dim if depth else 0), *unit) for unit in passed)
            offsets = (*layer.offsets, *(zero,) * dim)
            chain.append(
                Layer.from_rows(rows + units, offsets, (*layer.relu, *(False,) * dim), layer.input_dim + len(more))
            )
        return Network(chain)

    def affine_map(self, bits: Sequence[Sequence[bool]]) -> tuple[ExactMatrix, ExactVector]:
        """The affine map ``x -> M x + c`` of the network where its neurons are on and off as ``bits`` say.

        Raises:
            DimensionError: there is not one truth value for each ReLU neuron of each layer.
        """
        counts = [layer.neuron_count for layer in self.layers]
        given = [len(on) if isinstance(on, Sequence) else -1 for on in bits] if isinstance(bits, Sequence) else None
        if given != counts:
            raise DimensionError(f"affine_map: the layers have {counts} ReLU neurons; pass a truth value for each")
        return matrix_and_offset(outputs_before(self.layers, bits))

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
