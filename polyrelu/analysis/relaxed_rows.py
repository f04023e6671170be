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

from polyrelu.arithmetic.exact import FloatArray, float_quotients
from polyrelu.arithmetic.rounding import gamma
from polyrelu.bounds.linear import Enclosure, Forms, after_relu, entering, passage, reached, sizes
from polyrelu.bounds.relaxation import relu_lines
from polyrelu.networks.layer import Layer
from polyrelu.polyhedra.halfspace import Halfspace

ENLARGED = 1.0 + 2.0**-30


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
        masks = [np.array(layer.relu, dtype=np.bool_) for layer in inner]
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
