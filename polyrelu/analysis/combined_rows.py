r"""One row on the inputs that a sum of rows implies, pulled back as a sum, with slopes of its own below each neuron.

Rows :math:`f_i \le 0` of the last layer and signs of neurons, with weights :math:`y_i \ge 0`, say that
:math:`\sum_i y_i f_i \le 0`. On its way back to the inputs this form takes in each layer's signs, and is replaced by a
line below each neuron in doubt where its coefficient is positive, of any slope from 0 to 1, and the line above where it
is negative. What remains is a row that holds wherever all of them do.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from polyrelu.analysis.relaxed_rows import ENLARGED, Relaxation, Rows, Split
from polyrelu.arithmetic.exact import FloatArray
from polyrelu.bounds.linear import Enclosure, Forms, after_relu, entering, passage, reached, sizes
from polyrelu.bounds.relaxation import relu_lines
from polyrelu.networks.layer import Layer


def combined_row(
    relaxation: Relaxation,
    known: Sequence[Enclosure],
    splits: Sequence[Split],
    slopes: Sequence[FloatArray],
    multipliers: FloatArray,
    low: FloatArray,
    high: FloatArray,
) -> Rows:
    r"""The row, in floats with their error on a box.

    Args:
        relaxation: the layers.
        known: enclosures of all layers but the last on the box, one row each.
        splits: neurons with a sign, from the last layer to the first.
        slopes: of the lines below neurons in doubt, for each of these layers.
        multipliers: of the last layer's rows, and then of the splits; none negative.
        low: where the box begins.
        high: where it ends.

    **Error.** A step is that of :mod:`polyrelu.bounds.linear`, whatever the slopes between 0 and 1 are. A sum of s rows
    with weights rounds a coefficient by at most :math:`\gamma_{s+1} \sum_i y_i |a_{ij}|`, and s is no more than the
    widest layer; times what the layer takes, that is added, in sizes.
    """
    inner, last, factor = relaxation.layers[:-1], relaxation.layers[-1], relaxation.factor
    taken, moduli, reaches = Enclosure(low[None], high[None]), list[FloatArray](), list[FloatArray]()
    for layer, own, mask in zip(relaxation.layers, (*known, None), relaxation.masks, strict=True):
        moduli.append(sizes(np.maximum(np.abs(taken.low), np.abs(taken.high)))[0])
        reaches.append(reached(layer, taken))
        if own is not None:
            taken = after_relu(own, mask)
    nothing = Forms(np.zeros((1, last.input_dim)), np.zeros(1), np.zeros(1))
    everything = entering(last, np.arange(last.output_dim), reaches[-1][0], factor)
    forms = _sum(nothing, everything, multipliers[: last.output_dim], moduli[-1], factor)
    weights = dict(zip(splits, multipliers[last.output_dim :].tolist(), strict=True))
    for depth in reversed(range(len(inner))):
        lines = relu_lines(*known[depth], relaxation.masks[depth], slopes[depth])
        way = passage(inner[depth], lines, reaches[depth], factor)
        forms = way.back(forms, np.zeros(1, dtype=np.intp))
        chosen = [split for split in splits if split.depth == depth]
        if chosen:
            signs = _signs(inner[depth], chosen, reaches[depth][0], factor)
            forms = _sum(forms, signs, np.array([weights[split] for split in chosen]), moduli[depth], factor)
    errors = (forms.errors + factor * (sizes(forms.rows) @ moduli[0] + sizes(forms.constants))) * ENLARGED
    return Rows(forms.rows, forms.constants, errors)


def _signs(layer: Layer, splits: Sequence[Split], reach: FloatArray, factor: float) -> Forms:
    """What enters some neurons, of active ones minus that: forms that are not positive where they have their signs."""
    neurons = np.array([split.neuron for split in splits])
    sides = np.array([-1.0 if split.is_active else 1.0 for split in splits])
    own = entering(layer, neurons, reach[neurons], factor)
    return Forms(own.rows * sides[:, None], own.constants * sides, own.errors)


def _sum(form: Forms, more: Forms, weights: FloatArray, moduli: FloatArray, factor: float) -> Forms:
    """A form and others with weights, as one; ``moduli`` are sizes of what they are forms of."""
    size = sizes(form.rows) @ moduli + sizes(form.constants)
    size = size + sizes(weights) @ (sizes(more.rows) @ moduli + sizes(more.constants))
    errors = (form.errors + weights @ more.errors + factor * size) * ENLARGED
    return Forms(form.rows + weights @ more.rows, form.constants + weights @ more.constants, errors)
