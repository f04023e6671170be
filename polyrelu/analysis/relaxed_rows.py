r"""Rows on the outputs and on neurons of a network as rows on its inputs that hold wherever those do, with proof.

On a box of inputs, with enclosures of what enters every ReLU, a form of any layer is bounded from below by a linear
function of x (:mod:`polyrelu.bounds.linear`). So where a form must not be positive, neither may that function: the set
that a target and the signs of some neurons leave of the box lies in the polyhedron of these rows. Where all neurons
before the form have signs, the two are the same up to rounding.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from polyrelu.arithmetic.exact import FloatArray, float_quotients
from polyrelu.arithmetic.ieee import floats_are_sound
from polyrelu.arithmetic.rounding import gamma
from polyrelu.bounds.linear import (
    Bounds,
    Enclosure,
    Forms,
    Passage,
    after_relu,
    by_intervals,
    entering,
    intersection,
    least_values,
    passage,
    reached,
    sizes,
)
from polyrelu.bounds.relaxation import relu_lines
from polyrelu.networks.layer import Layer
from polyrelu.polyhedra.halfspace import Halfspace

ENLARGED = 1.0 + 2.0**-30
SPARE = 2.0**-40  # of its size, by which an enclosure is wider than certain


class Split(NamedTuple):
    """A neuron whose sign is prescribed: its layer, its coordinate there, and whether it is active."""

    depth: int
    neuron: int
    is_active: bool


class Rows(NamedTuple):
    """r forms of which ``values . x + constants - errors`` is a lower bound on a box of R^d.

    Attributes:
        values: (r, d).
        constants, errors: (r,).
        at: for each layer the coefficients of its outputs in those of the forms that are of later layers, (k, n).
    """

    values: FloatArray
    constants: FloatArray
    errors: FloatArray
    at: tuple[FloatArray, ...] = ()


@dataclass(frozen=True, eq=False)
class Relaxation:
    """Makes rows on the inputs of a chain of layers.

    Attributes:
        layers: the chain, whose last layer, without ReLU, returns the forms that are asked about.
        domain_rows: rows on the inputs besides.
    """

    layers: tuple[Layer, ...]
    domain_rows: tuple[Halfspace, ...] = ()

    @cached_property
    def factor(self) -> float:
        """The gamma that covers all sums of one row (see :mod:`polyrelu.bounds.linear`)."""
        widest = max(max(layer.input_dim, layer.output_dim) for layer in self.layers)
        return gamma(8 * widest + 2 * len(self.layers) + 40)

    @cached_property
    def _domain_forms(self) -> tuple[FloatArray, FloatArray]:
        """The domain's rows as floats, each divided by its largest number."""
        numbers = [(*row.normal, -row.offset) for row in self.domain_rows]
        entries = ((v, max(1, *map(abs, own))) for own in numbers for v in own)
        floats = float_quotients(entries).reshape(len(numbers), self.layers[0].input_dim + 1)
        return floats[:, :-1], floats[:, -1]

    @cached_property
    def masks(self) -> list[NDArray[np.bool_]]:
        """Which coordinates of each layer pass through a ReLU."""
        return [np.array(layer.relu, dtype=np.bool_) for layer in self.layers]

    def bounds(self, low: FloatArray, high: FloatArray, known: Sequence[Enclosure] | None) -> Bounds:
        """Enclosures of what enters each layer's ReLU on k boxes, (k, n) each, a little wider than they might be.

        So whoever derives them anew from those of the layers before, in another arithmetic, finds that they hold. The
        bounds are those of :class:`polyrelu.bounds.linear.LinearBounds`.

        Args:
            low: where the boxes begin, (k, d).
            high: where they end.
            known: enclosures that hold there anyway.
        """
        inputs, found, passages = Enclosure(low, high), list[Enclosure](), list[Passage]()
        slopes = np.zeros((len(low), self.layers[-1].output_dim, low.shape[1]))
        if not floats_are_sound():
            nothing = [np.full((len(low), layer.output_dim), np.inf) for layer in self.layers]
            return Bounds(tuple(Enclosure(-ends, ends) for ends in nothing), slopes)
        for depth, (layer, mask) in enumerate(zip(self.layers, self.masks, strict=True)):
            taken = inputs if not depth else after_relu(found[-1], self.masks[depth - 1])
            reach = reached(layer, taken)
            own = intersection(by_intervals(layer, taken), None if known is None else known[depth])
            if depth:
                is_last = depth == len(self.layers) - 1
                asked = np.ones(own.low.shape, dtype=np.bool_) if is_last else mask & (own.low < 0) & (own.high > 0)
                own, rows = self._tightened(own, asked, depth, passages, inputs, reach)
                slopes = rows.reshape(slopes.shape) if is_last else slopes
            passages.append(passage(layer, relu_lines(*own, mask), reach, self.factor))
            found.append(own)
        return Bounds(tuple(found), slopes)

    def _tightened(
        self,
        own: Enclosure,
        asked: NDArray[np.bool_],
        depth: int,
        passages: Sequence[Passage],
        inputs: Enclosure,
        reach: FloatArray,
    ) -> tuple[Enclosure, FloatArray]:
        """Better bounds of some coordinates of a layer, of the last layer lower ones alone; and the forms' slopes."""
        box, neuron = np.nonzero(asked)
        if not len(box):
            return own, np.zeros((0, inputs.low.shape[1]))
        signs = (1.0,) if depth == len(self.layers) - 1 else (1.0, -1.0)
        rows, constants, errors = entering(self.layers[depth], neuron, reach[box, neuron], self.factor)
        forms = Forms(
            np.concatenate([sign * rows for sign in signs]),
            np.concatenate([sign * constants for sign in signs]),
            np.tile(errors, len(signs)),
        )
        least, slopes = least_values(forms, passages, inputs, np.tile(box, len(signs)), self.factor)
        spare = SPARE * reach[box, neuron]
        low, high = own.low.copy(), own.high.copy()
        low[box, neuron] = np.fmax(low[box, neuron], least[: len(box)] - spare)
        if len(signs) > 1:
            high[box, neuron] = np.fmin(high[box, neuron], spare - least[len(box) :])
        return Enclosure(low, high), slopes

    def rows(
        self, known: Sequence[Enclosure], splits: Sequence[Split], low: FloatArray, high: FloatArray
    ) -> tuple[Rows, tuple[Split, ...]]:
        """The forms of the last layer, then for each split that its neuron is not on the other side, then the domain's.

        Args:
            known: enclosures of all layers but the last on the box, one row each.
            splits: neurons with a sign.
            low: where the box begins.
            high: where it ends.

        Returns:
            The rows, and the splits in the order of theirs, from the last layer to the first.
        """
        inner, last = self.layers[:-1], self.layers[-1]
        masks = self.masks[:-1]
        taken, reaches = Enclosure(low[None], high[None]), []
        for layer, mask, own in zip(inner, masks, known, strict=False):
            reaches.append(reached(layer, taken))
            taken = after_relu(Enclosure(own.low, own.high), mask)
        forms = entering(last, np.arange(last.output_dim), reached(last, taken)[0], self.factor)
        ordered: list[Split] = []
        at: list[FloatArray] = []
        for depth in reversed(range(len(inner))):
            at.append(forms.rows)
            way = passage(inner[depth], relu_lines(*known[depth], masks[depth]), reaches[depth], self.factor)
            forms = way.back(forms, np.zeros(len(forms.rows), dtype=np.intp))
            own_splits = [split for split in splits if split.depth == depth]
            if own_splits:
                ordered += own_splits
                forms = _with_splits(forms, inner[depth], own_splits, reaches[depth][0], self.factor)
        moduli = sizes(np.maximum(np.abs(low), np.abs(high)))
        values, constants = self._domain_forms
        rounded = self.factor * (sizes(values) @ moduli + sizes(constants))
        together = [np.concatenate(pair) for pair in zip(forms, (values, constants, rounded), strict=True)]
        errors = (together[2] + self.factor * (sizes(together[0]) @ moduli + sizes(together[1]))) * ENLARGED
        return Rows(together[0], together[1], errors, tuple(reversed(at))), tuple(ordered)


def _with_splits(forms: Forms, layer: Layer, splits: Sequence[Split], reach: FloatArray, factor: float) -> Forms:
    """Forms of what a layer takes, and after them its neurons with a sign: minus what enters an active one."""
    neurons = np.array([split.neuron for split in splits])
    sides = np.array([-1.0 if split.is_active else 1.0 for split in splits])
    own = entering(layer, neurons, reach[neurons], factor)
    more = (own.rows * sides[:, None], own.constants * sides, own.errors)
    return Forms(*(np.concatenate(pair) for pair in zip(forms, more, strict=True)))
