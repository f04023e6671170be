"""Layers multiplied under a sign vector: the affine maps that a network is where its neurons' signs are known.

Maps are kept as rows ``(w, c)`` for ``w . x + c``, with a last row (0, 1), so that they compose as matrices do.
Forward, :func:`outputs_before` and :class:`Outputs` give all coordinates of a layer; backward, :func:`pulled_back`
gives a few forms for less.

Others multiply layers for reasons of their own: the kernel and :mod:`polyrelu.analysis.distance_bounds` in floats, each
with a proof for its rounding; :class:`polyrelu.engines.search.problem.FaceProblem` in integers, one row through one
layer of which a part has signs; and what certifies a tiling, which is to share nothing with what found it.
"""

from __future__ import annotations

from collections.abc import Sequence

from flint import fmpq, fmpq_mat

from polyrelu.arithmetic.exact import ExactMatrix, ExactVector, flint_matrix, matrix_rows
from polyrelu.networks.activation_pattern import PartialSigns, SignVector
from polyrelu.networks.layer import Layer


def identity_map(dim: int) -> fmpq_mat:
    """The map from x to itself."""
    return fmpq_mat(dim + 1, dim + 1, [int(i == j) for i in range(dim + 1) for j in range(dim + 1)])


def outputs_after(layer: Layer, on: Sequence[bool], forms: fmpq_mat) -> fmpq_mat:
    """The outputs of a layer with these signs, from the forms that enter its ReLU, ``layer.after`` of a map."""
    columns, entries = forms.ncols(), forms.entries()
    for i, active in zip(layer.neurons, on, strict=True):
        if not active:
            entries[i * columns : (i + 1) * columns] = [fmpq(0)] * columns
    return fmpq_mat(layer.output_dim + 1, columns, [*entries, *[fmpq(0)] * (columns - 1), fmpq(1)])


def outputs_before(layers: Sequence[Layer], signs: Sequence[Sequence[bool]]) -> fmpq_mat:
    """The outputs of the layers that have signs, as a map on x."""
    values = identity_map(layers[0].input_dim)
    for layer, on in zip(layers, signs, strict=False):
        values = outputs_after(layer, on, layer.after(values))
    return values


class Outputs:
    """:func:`outputs_before`, which remembers each depth's last answer: cells that follow one another begin alike."""

    def __init__(self, layers: Sequence[Layer]) -> None:
        self.layers = layers
        self._latest: dict[int, tuple[SignVector, fmpq_mat]] = {}

    def before(self, signs: SignVector) -> fmpq_mat:
        """The outputs of the layers that have signs, as a map on x."""
        depth = len(signs)
        known = self._latest.get(depth)
        if known is not None and known[0] == signs:
            return known[1]
        if depth:
            layer = self.layers[depth - 1]
            values = outputs_after(layer, signs[-1], layer.after(self.before(signs.before(depth - 1))))
        else:
            values = identity_map(self.layers[0].input_dim)
        self._latest[depth] = signs, values
        return values


def matrix_and_offset(outputs: fmpq_mat) -> tuple[ExactMatrix, ExactVector]:
    """A map as ``(M, c)``, for ``x -> M x + c``."""
    *rows, _ = matrix_rows(outputs)
    return tuple(row[:-1] for row in rows), tuple(row[-1] for row in rows)


def pulled_back(forms: fmpq_mat, layers: Sequence[Layer], signs: Sequence[Sequence[bool]]) -> ExactMatrix:
    """Forms on what layers with these signs return, as forms on what they take. Cost: by the number of forms."""
    forms = fmpq_mat(forms)
    for layer, on in zip(reversed(layers), reversed(signs), strict=True):
        for i, active in zip(layer.neurons, on, strict=True):
            if not active:
                for k in range(forms.nrows()):
                    forms[k, i] = 0
        forms = layer.pulled_back(forms)
    return matrix_rows(forms)


def outputs_backwards(layers: Sequence[Layer], signs: Sequence[Sequence[bool]]) -> tuple[ExactMatrix, ExactVector]:
    """``(M, c)`` of all layers under all their signs, for ``x -> M x + c``. Cost: by the number of outputs."""
    count = layers[-1].output_dim
    units = fmpq_mat(count, count + 1, [int(i == j) for i in range(count) for j in range(count + 1)])
    rows = pulled_back(units, layers, signs)
    return tuple(row[:-1] for row in rows), tuple(row[-1] for row in rows)


def signs_at(layers: Sequence[Layer], point: ExactVector) -> PartialSigns:
    """The signs of all neurons at a point, open where they are zero."""
    signs = []
    values = flint_matrix([*((v,) for v in point), (1,)], 1)
    for layer in layers:
        forms = layer.after(values)
        own = tuple(int(forms[i, 0] > 0) - int(forms[i, 0] < 0) for i in layer.neurons)
        values = outputs_after(layer, [sign > 0 for sign in own], forms)
        signs.append(own)
    return PartialSigns(signs)
