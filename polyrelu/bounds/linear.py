r"""Certified bounds of all neurons over many boxes at once, by linear functions that are pulled back to the inputs.

A linear form of what a layer takes, :math:`A h + c` with h the outputs of the layer before, is bounded from below by
one of what that layer takes: each :math:`\max(z, 0)` is replaced by the line of :mod:`polyrelu.bounds.relaxation` that
suits the sign of its coefficient, and z by :math:`W h' + b`. So forms travel back to the inputs, where the box says how
small they are (H. Zhang et al., Efficient neural network robustness certification with general activation functions,
NeurIPS 2018). The lines need bounds of z, and so layers are bounded one after the other. What floats round away is
known at every step, and is taken off at the end; the result is intersected with interval arithmetic, so it is never
worse.

**Error of a step.** From here on A, c, :math:`\lambda`, t are the floats at hand, and all sums are those of exact
numbers unless a hat is on them. One step makes of (A, c)

.. math:: A' = A \cdot \lambda, \quad \hat A'' = A' \hat W, \quad \hat c'' = c + A^- t + A' \hat b,

where :math:`A^-` are the negative parts. Let m bound the moduli of :math:`h'`, and :math:`V = |W| m + |b|`, which then
bounds those of z. In the notation of :mod:`polyrelu.arithmetic.rounding`, where an operation in a product of matrices
counts twice because its thread may round in any mode, a term of these sums passes a conversion, the product with
:math:`\lambda`, and n products and sums: :math:`2 n + 2` factors at most, and two more additions in
:math:`\hat c''`. So on the box

.. math:: \big|(A'' h' + c'') - (\hat A'' h' + \hat c'')\big| \le \gamma_{2n+4} \big(|A| (V + t) + |c|\big) + \omega,

where :math:`\omega` is what underflow loses: less than :math:`\tau` for each operation, and for each subnormal number
all of it.

**Sizes.** All moduli are taken in a coarser sense, :math:`|x| + F` with :math:`F = 2^{-300}` where :math:`|x| \le
2^{300}`, and infinity elsewhere, NaN included. So no product of three of them underflows or overflows, and
:math:`\omega` is paid for: :math:`\gamma_1 F |\hat w| m` is more than :math:`\tau |\hat w| m` and so on for each factor
that may be flushed, and :math:`\gamma_1 F F F` for each product. Where the sum of sizes is finite, all that was
multiplied was at most :math:`2^{300}`, so nothing has overflowed, in any mode; where it is not, the bound is infinite.

**Evaluating it.** The sum with sizes passes :math:`2 n + 2 d + 8` roundings itself; :math:`\gamma` and the products
with it make five more, and adding up L layers L + 1. All is within :math:`\gamma_k` for :math:`k = 8 w + 2 L + 40`,
where w is the largest width, so the step's error is at most :math:`\gamma_k (|A| (V + t) + |c|)` in sizes. What is
evaluated at the inputs, :math:`A^+ low + A^- high + c`, and the conversion of the first row are bounded in the same
way.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from polyrelu.arithmetic.exact import FloatArray
from polyrelu.arithmetic.ieee import floats_are_sound
from polyrelu.arithmetic.rounding import affine_with_bound, gamma, middle_and_half
from polyrelu.bounds.relaxation import Lines, relu_lines
from polyrelu.networks.layer import Layer

FLOOR, LARGEST = 2.0**-300, 2.0**300  # see *Sizes* above
_MOST_ENTRIES = 2**22  # of forms that are pulled back at once

Places = NDArray[np.intp]


class Enclosure(NamedTuple):
    """What enters the ReLU of a layer's n coordinates lies between these on each of k boxes; two (k, n) arrays."""

    low: FloatArray
    high: FloatArray

    def chosen(self, boxes: Places) -> Enclosure:
        """The same of some of the boxes."""
        return Enclosure(self.low[boxes], self.high[boxes])


class Bounds(NamedTuple):
    """What is certain of a chain of layers on each of k boxes.

    Attributes:
        layers: an :class:`Enclosure` for each layer.
        slopes: for the n forms of the last layer the linear functions of d inputs that bound them from below, up to a
            constant: what their minima depend on, (k, n, d). They steer, and prove nothing.
    """

    layers: tuple[Enclosure, ...]
    slopes: FloatArray


class Forms(NamedTuple):
    """Lower bounds ``rows . h + constants - errors`` of r quantities by what some layer returns, of width n.

    Attributes:
        rows: (r, n).
        constants, errors: (r,).
    """

    rows: FloatArray
    constants: FloatArray
    errors: FloatArray


class Passage(NamedTuple):
    """What stands between forms of what a layer returns and of what it takes, on each of k boxes.

    Attributes:
        weight, bias: nearest floats, (n, d) and (n,).
        lines: around the layer's ReLU, (k, n) each.
        reach: sizes of what enters the ReLU, and of the lines' offsets, (k, n).
        factor: the gamma of the module's docstring.
    """

    weight: FloatArray
    bias: FloatArray
    lines: Lines
    reach: FloatArray
    factor: float

    def back(self, forms: Forms, box: Places) -> Forms:
        """Forms of what the layer takes that are no larger; ``box`` says on which box each form is asked for, (r,)."""
        rows, constants = self.moved(forms.rows, forms.constants, box)
        return Forms(rows, constants, forms.errors + self.loss(forms, box))

    def moved(self, rows: FloatArray, constants: FloatArray, box: Places) -> tuple[FloatArray, FloatArray]:
        """The step A'', c'', in the arithmetic of what it is given."""
        below, above, offset = (line[box] for line in self.lines)
        bent = rows * np.where(rows > 0, below, above)
        raised = dots(np.where(rows < 0, rows, 0), offset)
        return bent @ self.weight, constants + raised + bent @ self.bias

    def loss(self, forms: Forms, box: Places) -> FloatArray:
        """A bound on what rounding makes of it, (r,)."""
        return self.factor * (dots(sizes(forms.rows), self.reach[box]) + sizes(forms.constants))


class LinearBounds:
    """Bounds the neurons of a chain of layers over boxes.

    Args:
        layers: the chain. For bounds of linear forms of the outputs, such as the rows of a target, end it with a layer
            of these.
        most_work: how many multiplications there may be for a layer's neurons, over all boxes; where it would take
            more, interval arithmetic has to do.
    """

    def __init__(self, layers: Sequence[Layer], most_work: float = math.inf) -> None:
        self.layers, self.most_work = tuple(layers), most_work
        self.widest = max(max(layer.input_dim, layer.output_dim) for layer in self.layers)

    @cached_property
    def _factor(self) -> float:
        return gamma(8 * self.widest + 2 * len(self.layers) + 40)

    @cached_property
    def _masks(self) -> list[NDArray[np.bool_]]:
        return [np.array(layer.relu, dtype=np.bool_) for layer in self.layers]

    def over(self, low: FloatArray, high: FloatArray, known: Sequence[Enclosure] | None = None) -> Bounds:
        """What is certain on k boxes ``low <= x <= high``, (k, d) each, with finite ends or not.

        Args:
            low: where the boxes begin; none is empty.
            high: where they end.
            known: enclosures of all layers that are known to hold on these boxes, as those of larger boxes do; the
                result is never worse, and neurons that have a sign there are not bounded again.

        Cost: for each neuron of layer l that interval arithmetic leaves in doubt two vectors through the l layers
        before, in floats.
        """
        count = len(low)
        if not floats_are_sound():
            nothing = [np.full((count, layer.output_dim), np.inf) for layer in self.layers]
            slopes = np.zeros((count, self.layers[-1].output_dim, self.layers[0].input_dim))
            return Bounds(tuple(Enclosure(-ends, ends) for ends in nothing), slopes)
        with np.errstate(all="ignore"):
            return self._over(low, high, known)

    def _over(self, low: FloatArray, high: FloatArray, known: Sequence[Enclosure] | None) -> Bounds:
        found: list[Enclosure] = []
        passages: list[Passage] = []
        inputs = Enclosure(low, high)
        slopes = np.empty(0)
        for depth, layer in enumerate(self.layers):
            taken = inputs if not depth else after_relu(found[-1], self._masks[depth - 1])
            reach = reached(layer, taken)
            bounded = intersection(by_intervals(layer, taken), None if known is None else known[depth])
            if depth == len(self.layers) - 1:
                bounded, slopes = self._outputs(bounded, passages, inputs, reach)
            elif depth:
                bounded = self._tightened(bounded, passages, inputs, reach)
            lines = relu_lines(*bounded, self._masks[depth])
            passages.append(passage(layer, lines, reach, self._factor))
            found.append(bounded)
        return Bounds(tuple(found), slopes)

    def _tightened(
        self, bounded: Enclosure, passages: Sequence[Passage], inputs: Enclosure, reach: FloatArray
    ) -> Enclosure:
        """Better bounds of the next layer's neurons that may switch."""
        depth = len(passages)
        box, neuron = np.nonzero(self._masks[depth] & (bounded.low < 0) & (bounded.high > 0))
        if not len(box) or self._is_too_much(2 * len(box), passages):
            return bounded
        rows, constants, errors = entering(self.layers[depth], neuron, reach[box, neuron], self._factor)
        both = Forms(np.concatenate([rows, -rows]), np.concatenate([constants, -constants]), np.tile(errors, 2))
        least, _ = least_values(both, passages, inputs, np.tile(box, 2), self._factor)
        low, high = bounded.low.copy(), bounded.high.copy()
        low[box, neuron] = np.maximum(low[box, neuron], least[: len(box)])
        high[box, neuron] = np.minimum(high[box, neuron], -least[len(box) :])
        return Enclosure(low, high)

    def _outputs(
        self, bounded: Enclosure, passages: Sequence[Passage], inputs: Enclosure, reach: FloatArray
    ) -> tuple[Enclosure, FloatArray]:
        """Better lower bounds of all forms of the last layer, and the slopes of the functions that give them."""
        count, width = bounded.low.shape
        if self._is_too_much(count * width, passages):
            return bounded, np.zeros((count, width, inputs.low.shape[1]))
        box, neuron = np.repeat(np.arange(count), width), np.tile(np.arange(width), count)
        forms = entering(self.layers[-1], neuron, reach.ravel(), self._factor)
        least, rows = least_values(forms, passages, inputs, box, self._factor)
        low = np.maximum(bounded.low, least.reshape(count, width))
        return Enclosure(low, bounded.high), rows.reshape(count, width, inputs.low.shape[1])

    def _is_too_much(self, forms: int, passages: Sequence[Passage]) -> bool:
        return forms * sum(own.weight.size for own in passages) > self.most_work


def sizes(values: FloatArray) -> FloatArray:
    """Moduli from which nothing can underflow or overflow unnoticed, see *Sizes* in the module's docstring."""
    moduli: FloatArray = np.abs(values)
    if moduli.max(initial=0.0) <= LARGEST:  # which NaN is not
        moduli += FLOOR
        return moduli
    return np.where(moduli <= LARGEST, moduli + FLOOR, np.inf)


def dots(first: FloatArray, second: FloatArray) -> FloatArray:
    """The scalar products of rows with rows, (r,), in the arithmetic of what it is given."""
    products: FloatArray = np.einsum("ij,ij->i", first, second)
    return products


def reached(layer: Layer, taken: Enclosure) -> FloatArray:
    """Sizes of what enters the ReLU of a layer, the V of the module's docstring, (k, n)."""
    magnitudes = sizes(np.maximum(np.abs(taken.low), np.abs(taken.high)))
    return magnitudes @ sizes(layer.float_weight).T + sizes(layer.float_bias)


def passage(layer: Layer, lines: Lines, reach: FloatArray, factor: float) -> Passage:
    """The way through a layer, by lines around its ReLU and sizes of what enters it."""
    return Passage(layer.float_weight, layer.float_bias, lines, reach + sizes(lines.offset), factor)


def entering(layer: Layer, neuron: Places, reach: FloatArray, factor: float) -> Forms:
    """What enters the ReLU of some neurons as forms of what their layer takes; ``reach`` is the size of each."""
    return Forms(layer.float_weight[neuron], layer.float_bias[neuron], factor * reach)


def least_values(
    forms: Forms, passages: Sequence[Passage], inputs: Enclosure, box: Places, factor: float
) -> tuple[FloatArray, FloatArray]:
    """Certified lower bounds of forms of what layers return, each on its box, (r,); and their rows at the inputs."""
    widest = max(forms.rows.shape[1], *(own.weight.shape[1] for own in passages), 1)
    count = max(1, _MOST_ENTRIES // widest)
    if len(box) > count:
        parts = [slice(first, first + count) for first in range(0, len(box), count)]
        found = [least_values(Forms(*(v[own] for v in forms)), passages, inputs, box[own], factor) for own in parts]
        return np.concatenate([least for least, _ in found]), np.concatenate([slopes for _, slopes in found])
    for one in reversed(passages):
        forms = one.back(forms, box)
    low, high = inputs.chosen(box)
    values = least_at_inputs(forms.rows, forms.constants, low, high)
    errors = forms.errors + loss_at_inputs(forms, low, high, factor)
    return np.where(errors < np.inf, np.nextafter(values - errors, -np.inf), -np.inf), forms.rows


def least_at_inputs(rows: FloatArray, constants: FloatArray, low: FloatArray, high: FloatArray) -> FloatArray:
    """The least values of forms of x between ends, (r, d) each, in the arithmetic of what it is given."""
    return dots(np.where(rows > 0, rows, 0), low) + dots(np.where(rows < 0, rows, 0), high) + constants


def loss_at_inputs(forms: Forms, low: FloatArray, high: FloatArray, factor: float) -> FloatArray:
    """A bound on what rounding makes of them, (r,)."""
    magnitudes = sizes(np.maximum(np.abs(low), np.abs(high)))
    return factor * (dots(sizes(forms.rows), magnitudes) + sizes(forms.constants))


def after_relu(entered: Enclosure, mask: NDArray[np.bool_]) -> Enclosure:
    """What a layer returns, by what enters its ReLU."""
    return Enclosure(*(np.where(mask, np.maximum(end, 0.0), end) for end in entered))


def by_intervals(layer: Layer, taken: Enclosure) -> Enclosure:
    """What enters the ReLU of a layer by interval arithmetic, from what the layer takes."""
    values, radius = affine_with_bound(layer.float_weight, layer.float_bias, *middle_and_half(*taken))
    certain = np.isfinite(values) & np.isfinite(radius)
    low, high = np.nextafter(values - radius, -np.inf), np.nextafter(values + radius, np.inf)
    return Enclosure(np.where(certain, low, -np.inf), np.where(certain, high, np.inf))


def intersection(first: Enclosure, second: Enclosure | None) -> Enclosure:
    """What two enclosures of the same say together."""
    if second is None:
        return first
    return Enclosure(np.maximum(first.low, second.low), np.minimum(first.high, second.high))
