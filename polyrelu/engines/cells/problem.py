r"""Between exact cells and the kernel's arrays.

**Scaling.** The kernel measures coordinate i of layer l in units of :math:`2^{k_i}`. Since relu(2^k z) = 2^k relu(z),
it sees the network with weights :math:`w_{ij} 2^{k_j - k_i}` and biases :math:`b_i 2^{-k_i}`, in which every neuron has
the sign it had; inputs keep their unit, k = 0. The :math:`k_i` are chosen, layer by layer, so that :math:`\sum_j
|w_{ij}| 2^{k_j - k_i} + |b_i| 2^{-k_i} \le 1`, and about the least: so numbers of any magnitude, and rational ones
beyond the range of floats, become floats of modulus at most 1. Multiplying by a power of two is exact unless the result
is subnormal. That is a number less than :math:`2^{-1022}` times what its row may amount to; it loses digits, less than
:math:`2^{-1074}`, which the kernel's bounds allow for.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import frexp

import numpy as np
from numpy.typing import NDArray

from polyrelu.arithmetic.exact import FloatArray
from polyrelu.arithmetic.ieee import SMALLEST_NORMAL, UNIT_ROUNDOFF
from polyrelu.engines.cells.kernel import FLOOR, UNDECIDED, Cells, Problem
from polyrelu.networks.layer import Layer
from polyrelu.networks.pattern_cells import Placed
from polyrelu.polyhedra.double_description import Vector
from polyrelu.polyhedra.halfspace import Halfspace

_NO_SLOT = -2
_AS_BYTES = np.array([0, UNDECIDED, 1], dtype=np.uint8)  # for -1, 0, 1
# Twice what rounding can take from the sum of a row's moduli, which has fewer than 2^30 terms.
_RAISED = 1.0 + 2.0**-20


def problem(layers: Sequence[Layer], target: Sequence[Halfspace], facets: Sequence[Vector]) -> Problem:
    """The kernel's problem: layers on u, rows of the target on their outputs, and the domain's facets as forms on u."""
    chain = with_target(layers, target)
    widths = [layer.output_dim for layer in chain]
    relu = np.array([on for layer in chain for on in layer.relu], dtype=np.bool_)
    is_site = relu.copy()
    if target:
        is_site[-len(target) :] = True
    layer_of = np.repeat(np.arange(len(chain)), widths)
    coord_of = np.concatenate([np.arange(w) for w in widths]) if chain else np.empty(0, np.int64)
    equality = np.zeros(len(relu), dtype=np.bool_)
    if target:
        equality[-len(target) :] = [h.relation == "==" for h in target]
    weights, biases, errors, units = [], [], [], np.zeros(layers[0].input_dim, dtype=np.int64)
    for layer in chain:
        weight, bias, exactly, units = _in_units(layer, units)
        weights.append(weight.T.ravel())
        biases.append(bias)
        errors.append(0.0 if exactly else UNIT_ROUNDOFF)
    forms, exact = scaled(facets, layers[0].input_dim + 1)
    sums = np.abs(forms).sum(axis=1) * (1 + forms.shape[1] * 2 * UNIT_ROUNDOFF)
    return Problem(
        weights=np.concatenate(weights),
        weight_start=np.cumsum([0, *(layer.input_dim * layer.output_dim for layer in chain)]),
        biases=np.concatenate(biases),
        coord_start=np.cumsum([0, *widths]),
        weight_error=np.array(errors),
        relu=relu,
        site_of=np.where(is_site, np.cumsum(is_site) - 1, -1),
        site_layer=layer_of[is_site].astype(np.int64),
        site_coord=coord_of[is_site].astype(np.int64),
        neurons=int(relu.sum()),
        target_layer=len(layers),
        equality=equality,
        domain_forms=forms,
        domain_sums=sums,
        domain_errors=np.where(exact, 0.0, sums * UNIT_ROUNDOFF + FLOOR),
        dim=layers[0].input_dim + 1,
    )


def _in_units(layer: Layer, units: NDArray[np.int64]) -> tuple[FloatArray, FloatArray, bool, NDArray[np.int64]]:
    """A layer's weight and bias in powers of two: see *Scaling* above.

    Args:
        layer: R^d -> R^n.
        units: k for each of its d inputs.

    Returns:
        The (n, d) weight and the n biases as floats, whether these are the numbers exactly, and k for each output.
    """
    mantissas, exponents = _mantissas(layer)
    exponents[:, :-1] += units
    tops = np.where(mantissas != 0.0, exponents, np.iinfo(np.int64).min).max(axis=1, initial=np.iinfo(np.int64).min)
    tops[tops == np.iinfo(np.int64).min] = 0  # rows of zeros
    exponents -= tops[:, None]
    terms = np.ldexp(mantissas, np.maximum(exponents, -2000).astype(np.int32))
    own = np.frexp(np.abs(terms).sum(axis=1) * _RAISED)[1]
    inside = np.ldexp(terms, -own[:, None])
    exactly = layer.is_float and bool((np.abs(inside[mantissas != 0.0]) >= SMALLEST_NORMAL).all())
    return inside[:, :-1], inside[:, -1], exactly, tops + own


def _mantissas(layer: Layer) -> tuple[FloatArray, NDArray[np.int64]]:
    """The numbers ``[weight | bias]`` as mantissas, at least 1/2 and less than 1 in modulus or zero, and exponents.

    Exact where the numbers are floats; else mantissas are rounded to nearest.
    """
    floats = _relatively_near(layer)
    if floats is not None:
        mantissas, exponents = np.frexp(floats)
        return mantissas, exponents.astype(np.int64)
    rows = [(*row, offset) for row, offset in zip(layer.rows, layer.offsets, strict=True)]
    pairs = [_mantissa(v) for row in rows for v in row]
    shape = (layer.output_dim, layer.input_dim + 1)
    return (
        np.array([m for m, _ in pairs], dtype=np.float64).reshape(shape),
        np.array([e for _, e in pairs], dtype=np.int64).reshape(shape),
    )


def _relatively_near(layer: Layer) -> FloatArray | None:
    """The numbers ``[weight | bias]`` as floats, if each is within a relative :math:`2^{-53}`; else None."""
    floats = np.column_stack([layer.float_weight, layer.float_bias])
    if layer.is_float:
        return floats
    if not np.isfinite(floats).all():  # rational numbers beyond their range
        return None
    small = zip(*np.nonzero(np.abs(floats) < SMALLEST_NORMAL), strict=True)
    near = all(not (layer.rows[i][j] if j < layer.input_dim else layer.offsets[i]) for i, j in small)
    return floats if near else None


def _mantissa(value: Fraction) -> tuple[float, int]:
    size = value.numerator.bit_length() - value.denominator.bit_length()  # the value is 2^size times 1/2 to 2
    above, below = value.numerator << max(-size, 0), value.denominator << max(size, 0)
    mantissa, more = frexp(above / below)
    return mantissa, size + more


def with_target(layers: Sequence[Layer], target: Sequence[Halfspace]) -> list[Layer]:
    """Layers and, if the target has rows, one more whose outputs are at most zero where the rows hold."""
    if not target:
        return list(layers)
    normals = tuple(tuple(map(Fraction, h.normal)) for h in target)
    offsets = tuple(Fraction(-h.offset) for h in target)
    return [*layers, Layer.from_rows(normals, offsets, [False] * len(target), layers[-1].output_dim)]


def scaled(vectors: Sequence[Vector], dim: int) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Vectors with largest entry 1, rounded to nearest, (n, dim), and for each whether nothing was rounded."""
    floats, exact = np.empty((len(vectors), dim)), np.empty(len(vectors), dtype=np.bool_)
    for i, vector in enumerate(vectors):
        largest = max(map(abs, vector), default=0) or 1
        floats[i] = nearest = [v / largest for v in vector]
        ratios = map(float.as_integer_ratio, nearest)
        exact[i] = all(
            v * denominator == numerator * largest for v, (numerator, denominator) in zip(vector, ratios, strict=True)
        )
    return floats, exact


def stack(placed: Sequence[Placed], sites: int, words: int, dim: int) -> Cells | None:
    """Exact pointed cells as the kernel's; None when one has more facets than the masks have bits."""
    floats, exact = scaled([g for p in placed for g in p.cell.generators], dim)
    counts = [len(p.cell.generators) for p in placed]
    slots = np.full((len(placed), 64 * words), _NO_SLOT, dtype=np.int32)
    signs = np.full((len(placed), sites), UNDECIDED, dtype=np.uint8)
    for i, (cell, decided, begun) in enumerate(placed):
        if len(cell.facets) > 64 * words:
            return None
        slots[i, : len(cell.facets)] = cell.facets
        flat = decided.flat
        signs[i, : len(flat)] = flat
        signs[i, len(flat) : len(flat) + len(begun)] = _AS_BYTES[np.array(begun, dtype=np.int64) + 1]
    masks = [p.cell.tight[k] for p in placed for k in range(len(p.cell.generators))]
    return Cells(
        depth=np.array([p.depth for p in placed], dtype=np.int64),
        signs=signs,
        slots=slots,
        start=np.cumsum([0, *counts])[:-1].astype(np.int64),
        size=np.array(counts, dtype=np.int64),
        vectors=floats,
        radius=np.where(exact, 0.0, 2 * UNIT_ROUNDOFF),
        solved=np.ones(len(floats), dtype=np.bool_),
        tight=_words(masks, words),
    )


def _words(masks: Sequence[int], words: int) -> NDArray[np.uint64]:
    full = 2**64 - 1
    rows = [[mask >> 64 * w & full for w in range(words)] for mask in masks]
    return np.array(rows, dtype=np.uint64).reshape(len(masks), words)
