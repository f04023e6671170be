"""Between exact cells and the kernel's arrays."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from polyrelu.cells.exact import Placed
from polyrelu.cells.kernel import UNDECIDED, Cells, Problem
from polyrelu.cells.twin import Vector
from polyrelu.exact import FloatArray
from polyrelu.network import Layer
from polyrelu.polyhedron import Halfspace

_SMALLEST, _LARGEST = 2.0**-300, 2.0**300
ROUNDOFF = 2.0**-53
_NO_SLOT = -2


def problem(layers: Sequence[Layer], target: Sequence[Halfspace], facets: Sequence[Vector]) -> Problem | None:
    """The kernel's problem: layers on u, rows of the target on their outputs, and the domain's facets as forms on u.

    None when a number is outside the range for which the kernel's bounds are proven.
    """
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
    forms, exact = scaled(facets, layers[0].input_dim + 1)
    try:
        weights = np.concatenate([layer.float_weight.T.ravel() for layer in chain])
        biases = np.concatenate([layer.float_bias for layer in chain])
    except OverflowError:  # rational weights beyond the range of floats
        return None
    sizes = np.abs(np.concatenate([weights, biases, forms.ravel()]))
    if not ((sizes == 0) | ((sizes >= _SMALLEST) & (sizes <= _LARGEST))).all() or any(
        layer.has_vanished for layer in chain
    ):
        return None
    sums = np.abs(forms).sum(axis=1) * (1 + forms.shape[1] * 2 * ROUNDOFF)
    return Problem(
        weights=weights,
        weight_start=np.cumsum([0, *(layer.input_dim * layer.output_dim for layer in chain)]),
        biases=biases,
        coord_start=np.cumsum([0, *widths]),
        weight_error=np.array([0.0 if layer.is_float else ROUNDOFF for layer in chain]),
        relu=relu,
        site_of=np.where(is_site, np.cumsum(is_site) - 1, -1),
        site_layer=layer_of[is_site].astype(np.int64),
        site_coord=coord_of[is_site].astype(np.int64),
        neurons=int(relu.sum()),
        target_layer=len(layers),
        equality=equality,
        domain_forms=forms,
        domain_sums=sums,
        domain_errors=np.where(exact, 0.0, sums * ROUNDOFF),
        dim=layers[0].input_dim + 1,
    )


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
    for i, (cell, bits, begun) in enumerate(placed):
        if len(cell.facets) > 64 * words:
            return None
        slots[i, : len(cell.facets)] = cell.facets
        flat = [on for layer in bits for on in layer]
        signs[i, : len(flat)] = flat
        for k, sign in enumerate(begun, len(flat)):
            if sign is not None:
                signs[i, k] = sign
    masks = [p.cell.tight[k] for p in placed for k in range(len(p.cell.generators))]
    return Cells(
        depth=np.array([p.depth for p in placed], dtype=np.int64),
        signs=signs,
        slots=slots,
        start=np.cumsum([0, *counts])[:-1].astype(np.int64),
        size=np.array(counts, dtype=np.int64),
        vectors=floats,
        radius=np.where(exact, 0.0, 2 * ROUNDOFF),
        solved=np.ones(len(floats), dtype=np.bool_),
        tight=_words(masks, words),
    )


def _words(masks: Sequence[int], words: int) -> NDArray[np.uint64]:
    full = 2**64 - 1
    rows = [[mask >> 64 * w & full for w in range(words)] for mask in masks]
    return np.array(rows, dtype=np.uint64).reshape(len(masks), words)
