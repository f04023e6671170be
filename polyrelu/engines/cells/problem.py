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
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from polyrelu.arithmetic.exact import FloatArray, read_only
from polyrelu.arithmetic.ieee import SMALLEST_NORMAL, UNIT_ROUNDOFF
from polyrelu.networks.layer import Layer
from polyrelu.networks.pattern_cells import Placed
from polyrelu.networks.relevant_part import Restriction
from polyrelu.polyhedra.double_description import Vector
from polyrelu.polyhedra.halfspace import Halfspace
from polyrelu.tilings.chart import Chart

Columns = TypeVar("Columns", bound=tuple[Any, ...])

UNDECIDED = 2
NO_FACET = -2
_FLOOR = 2.0**-900  # the kernel's FLOOR, beyond what underflows add up to
_GRID_BITS = 53
_CACHE_LINE = 64  # bytes
_AS_BYTES = {-1: 0, 0: UNDECIDED, 1: 1}
# Twice what rounding can take from the sum of a row's moduli, which has fewer than 2^30 terms.
_RAISED = 1.0 + 2.0**-20


class Problem(NamedTuple):
    """A network, its target and the facets of its domain, as the kernel's columns (kernel/problem.h says more).

    Layers are numbered from 0, the target's rows are one more layer at the end; *sites* are the forms that cells are
    cut with: the ReLU neurons of all layers in their order, then the target's rows.

    Attributes:
        weights: all layers' transposed weights, flat; layer l starts at ``weight_start[l]`` and is (inputs, outputs).
        biases: all biases, flat; layer l has ``coord_start[l]:coord_start[l + 1]``.
        weight_error: relative error of a weight: 0 when the floats are the numbers, else u.
        relu: for each coordinate whether it passes through a ReLU, laid out as the biases are.
        site_of: for each coordinate its site, or -1.
        coord_of: for each site its coordinate.
        equality, strict: for each coordinate, whether it is a target row that demands equality, or less than zero.
        domain_forms, domain_sums, domain_errors: the domain's facets, (facets, d + 1), their s and e.
        on_grid: for each layer whether its forms are exact, and multiples of 2^-53, on every cell.
        without_bias: for each layer whether the last entry of its forms is zero on every cell.
        twins: (n, 3) neurons that repeat one before them in their layer: the two sites, whether with opposite sign.
        twin_start: layer l has ``twins[twin_start[l]:twin_start[l + 1]]``.
        dim: d + 1.
        neurons: how many of the sites are neurons; they come first.
        target_layer: the number of the target's layer (the number of layers where there is no target).
    """

    weights: FloatArray
    weight_start: NDArray[np.int64]
    biases: FloatArray
    coord_start: NDArray[np.int64]
    weight_error: FloatArray
    relu: NDArray[np.uint8]
    site_of: NDArray[np.int32]
    coord_of: NDArray[np.int32]
    equality: NDArray[np.uint8]
    strict: NDArray[np.uint8]
    domain_forms: FloatArray
    domain_sums: FloatArray
    domain_errors: FloatArray
    on_grid: NDArray[np.uint8]
    without_bias: NDArray[np.uint8]
    twins: NDArray[np.int32]
    twin_start: NDArray[np.int64]
    dim: int
    neurons: int
    target_layer: int


class Cells(NamedTuple):
    """Cells on their way to a run, or from one.

    Attributes:
        depth: the layer that is to be split next.
        signs: for each site 0, 1 or UNDECIDED, or what only the kernel knows.
        slots: for each cell the facet numbers that its bits mean, NO_FACET where a bit is not in use.
        start, size: cell i's generators are ``vectors[start[i]:start[i] + size[i]]``.
        vectors, radius: the generators and their r.
        solved: whether r comes from solving again.
        tight: bit masks over the slots, 64 to a word.
    """

    depth: NDArray[np.int64]
    signs: NDArray[np.uint8]
    slots: NDArray[np.int32]
    start: NDArray[np.int64]
    size: NDArray[np.int64]
    vectors: FloatArray
    radius: FloatArray
    solved: NDArray[np.uint8]
    tight: NDArray[np.uint64]


def problem(restriction: Restriction, where: Chart) -> Problem:
    """The kernel's problem; the restriction and the chart remember their parts of it."""
    if where.is_identity:
        unbounded = restriction.once(_restricted)
    else:
        unbounded = _unbounded(where.pulled_back(restriction.layers), restriction.target.halfspaces)
    forms, sums, errors = where.once(_facets)
    return unbounded._replace(domain_forms=forms, domain_sums=sums, domain_errors=errors)


def _restricted(restriction: Restriction) -> Problem:
    return _kept(_unbounded(restriction.layers, restriction.target.halfspaces))


def _facets(where: Chart) -> tuple[FloatArray, FloatArray, FloatArray]:
    """The domain's facets as forms on u, their s and e."""
    forms, exact = scaled(where.forms, where.dim + 1)
    sums = np.abs(forms).sum(axis=1) * (1 + forms.shape[1] * 2 * UNIT_ROUNDOFF)
    return _kept((forms, sums, np.where(exact, 0.0, sums * UNIT_ROUNDOFF + _FLOOR)))


def _kept(columns: Columns) -> Columns:
    """Columns that are kept, with their arrays sealed."""
    for column in columns:
        if isinstance(column, np.ndarray):
            read_only(column)
    return columns


def _unbounded(layers: Sequence[Layer], target: Sequence[Halfspace]) -> Problem:
    """The kernel's problem for layers on u, and rows of the target on their outputs, where the domain has no facets."""
    chain = with_target(layers, target)
    widths = [layer.output_dim for layer in chain]
    relu = np.array([on for layer in chain for on in layer.relu], dtype=np.uint8)
    is_site = relu.astype(np.bool_)
    equality, strict = np.zeros_like(relu), np.zeros_like(relu)
    if target:
        is_site[-len(target) :] = True
        equality[-len(target) :] = [h.relation == "==" for h in target]
        strict[-len(target) :] = [h.relation == "<" for h in target]
    site_of = np.where(is_site, np.cumsum(is_site) - 1, -1).astype(np.int32)
    coord_start = np.cumsum([0, *widths])
    scaled_layers, units, bits = list[_Scaled](), np.zeros(layers[0].input_dim, dtype=np.int64), 0
    on_grid = list[bool]()
    for layer in chain:
        own = _scaled(layer, units)
        bits = max(bits + own.weight_bits, own.bias_bits) if own.exactly else _GRID_BITS + 1
        on_grid.append(bits <= _GRID_BITS)
        scaled_layers.append(own)
        units = own.units
    twins = [own.twins for own in scaled_layers[: len(layers)]] + [()] * bool(target)
    sites = [
        (int(site_of[start + i]), int(site_of[start + partner]), opposite)
        for start, found in zip(coord_start.tolist(), twins, strict=False)
        for i, partner, opposite in found
    ]
    return Problem(
        weights=_in_lines([own.weight.T.ravel() for own in scaled_layers]),
        weight_start=np.cumsum([0, *(layer.input_dim * layer.output_dim for layer in chain)]),
        biases=np.concatenate([own.bias for own in scaled_layers]),
        coord_start=coord_start,
        weight_error=np.array([0.0 if own.exactly else UNIT_ROUNDOFF for own in scaled_layers]),
        relu=relu,
        site_of=site_of,
        coord_of=np.flatnonzero(is_site).astype(np.int32),
        equality=equality,
        strict=strict,
        domain_forms=np.empty((0, layers[0].input_dim + 1)),
        domain_sums=np.empty(0),
        domain_errors=np.empty(0),
        on_grid=np.array(on_grid, dtype=np.uint8),
        # By the numbers themselves: a float may be zero where its number is only small.
        without_bias=np.cumprod([not any(layer.offsets) for layer in chain]).astype(np.uint8),
        twins=np.array(sites, dtype=np.int32).reshape(-1, 3),
        twin_start=np.cumsum([0, *map(len, twins)]),
        dim=layers[0].input_dim + 1,
        neurons=int(relu.sum()),
        target_layer=len(layers),
    )


def _in_lines(parts: Sequence[FloatArray]) -> FloatArray:
    """All parts in one array that begins with a line of the cache: what lies across two takes longer to load."""
    length = sum(map(len, parts))
    room = np.empty(length + _CACHE_LINE // 8)
    start = -room.ctypes.data % _CACHE_LINE // 8
    return np.concatenate(parts, out=room[start : start + length])


def finest_unit(layers: Sequence[Layer], target: Sequence[Halfspace]) -> int:
    """The least k for which some coordinate of a layer, or a row of the target, is measured in units of 2^k."""
    finest, units = 0, np.zeros(layers[0].input_dim, dtype=np.int64)
    for layer in with_target(layers, target):
        units = _scaled(layer, units).units
        finest = min(finest, int(units.min(initial=0)))
    return finest


class _Scaled(NamedTuple):
    """A layer as the kernel sees it; see *Scaling* above.

    Attributes:
        weight, bias: the numbers in powers of two, as floats, (n, d) and (n,).
        exactly: whether these are the numbers.
        units: the power for each output.
        weight_bits, bias_bits: the least s >= 0 for which all of them are multiples of 2^-s.
        twins: the neurons that repeat an earlier one: their places, and whether with opposite sign.
    """

    weight: FloatArray
    bias: FloatArray
    exactly: bool
    units: NDArray[np.int64]
    weight_bits: int
    bias_bits: int
    twins: Sequence[tuple[int, int, bool]]


def _scaled(layer: Layer, units: NDArray[np.int64]) -> _Scaled:
    """A layer whose inputs are in the given powers of two; found once for each layer and units."""
    known = layer.once(_memory)
    key = units.tobytes()
    if key not in known:
        weight, bias, exactly, own = _in_units(layer, units)
        twins = _twins(layer, np.column_stack([weight, bias]))
        known[key] = _Scaled(
            read_only(weight), read_only(bias), exactly, read_only(own), _bits(weight), _bits(bias), twins
        )
    return known[key]


def _memory(_: Layer) -> dict[bytes, _Scaled]:
    return {}


def _bits(values: FloatArray) -> int:
    """The least s >= 0 for which all values are multiples of 2^-s; more than the grid has for tiny ones."""
    mantissas, exponents = np.frexp(values[values != 0.0])
    integers = np.ldexp(mantissas, _GRID_BITS).astype(np.int64)
    zeros = np.frexp((integers & -integers).astype(np.float64))[1] - 1
    return max(0, int((_GRID_BITS - zeros - exponents).max(initial=0)))


def _twins(layer: Layer, floats: FloatArray) -> list[tuple[int, int, bool]]:
    """The neurons of a layer whose rows are those of an earlier one times some number: their places, and its sign.

    Floats, the layer's ``[weight | bias]`` up to a factor for each row, tell which to compare exactly; rows that they
    tell apart by mistake are only not found.
    """
    if not layer.neurons:
        return []
    tops = np.abs(floats).argmax(axis=1)
    largest = np.take_along_axis(floats, tops[:, None], axis=1)
    kinds = np.round(np.divide(floats, largest, out=np.zeros_like(floats), where=largest != 0.0), 6) + 0.0
    first: dict[bytes, list[int]] = {}
    found = []
    for i, on in enumerate(layer.relu):
        if not on or not largest[i]:
            continue
        group = first.setdefault(kinds[i].tobytes(), [])
        for partner in group:
            factor = _factor(layer, i, partner, int(tops[i]))
            if factor:
                found.append((i, partner, factor < 0))
                break
        else:
            group.append(i)
    return found


def _factor(layer: Layer, i: int, partner: int, top: int) -> Fraction:
    """Which multiple row i of ``[weight | bias]`` is of another one, which has an entry at ``top``; 0 if it is none."""
    one, other = ((*layer.rows[k], layer.offsets[k]) for k in (i, partner))
    factor = Fraction(one[top]) / other[top]
    return factor if all(v == factor * w for v, w in zip(one, other, strict=True)) else Fraction(0)


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
    """Vectors times powers of two, with largest entry from 1/2 to 1, rounded to nearest, (n, dim).

    And for each whether nothing was rounded.
    """
    floats, exact = np.empty((len(vectors), dim)), np.empty(len(vectors), dtype=np.bool_)
    for i, vector in enumerate(vectors):
        unit = 1 << max(map(int.bit_length, vector), default=0)
        floats[i] = nearest = [v / unit for v in vector]
        ratios = map(float.as_integer_ratio, nearest)
        exact[i] = all(
            v * denominator == numerator * unit for v, (numerator, denominator) in zip(vector, ratios, strict=True)
        )
    return floats, exact


def stack(placed: Sequence[Placed], sites: int, words: int, dim: int) -> Cells | None:
    """Exact pointed cells as the kernel's; None when one has more facets than the masks have bits."""
    vectors = [g for p in placed for g in p.cell.generators]
    places = {vector: i for i, vector in enumerate(dict.fromkeys(vectors))}  # the cones of R^d share all they have
    floats, exact = scaled(list(places), dim)
    own = [places[vector] for vector in vectors]
    counts = [len(p.cell.generators) for p in placed]
    slots = np.full((len(placed), 64 * words), NO_FACET, dtype=np.int32)
    signs = np.full((len(placed), sites), UNDECIDED, dtype=np.uint8)
    for i, (cell, decided, begun) in enumerate(placed):
        if len(cell.facets) > 64 * words:
            return None
        slots[i, : len(cell.facets)] = cell.facets
        flat = decided.flat
        signs[i, : len(flat)] = flat
        signs[i, len(flat) : len(flat) + len(begun)] = [_AS_BYTES[sign] for sign in begun]
    masks = [p.cell.tight[k] for p in placed for k in range(len(p.cell.generators))]
    return Cells(
        depth=np.array([p.depth for p in placed], dtype=np.int64),
        signs=signs,
        slots=slots,
        start=np.cumsum([0, *counts])[:-1].astype(np.int64),
        size=np.array(counts, dtype=np.int64),
        vectors=floats[own],
        radius=np.where(exact[own], 0.0, 2 * UNIT_ROUNDOFF),
        solved=np.ones(len(own), dtype=np.uint8),
        tight=_words(masks, words),
    )


def widened(cells: Cells) -> Cells:
    """Cells with masks twice as wide."""
    return cells._replace(
        slots=np.hstack([cells.slots, np.full_like(cells.slots, NO_FACET)]),
        tight=np.hstack([cells.tight, np.zeros_like(cells.tight)]),
    )


def _words(masks: Sequence[int], words: int) -> NDArray[np.uint64]:
    if words == 1:
        return np.array(masks, dtype=np.uint64).reshape(len(masks), 1)
    full = 2**64 - 1
    rows = [[mask >> 64 * w & full for w in range(words)] for mask in masks]
    return np.array(rows, dtype=np.uint64).reshape(len(masks), words)
