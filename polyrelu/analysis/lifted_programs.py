r"""Programs in the inputs and in what the neurons in doubt return: floats that propose, and decide nothing.

A neuron in doubt returns some h between its lines, :math:`h \ge 0`, :math:`h \ge z` and :math:`h \le \lambda z + t`,
where z enters it; all others are affine. So the smallest value of a goal over a box, the target's rows and the signs of
neurons is bounded by a linear program, and its multipliers say how: with which weight each row counts, and which line
below each neuron is the best, the share of :math:`h \ge z` in what holds h up. Rows are summed with these weights
before they are pulled back to the inputs (:mod:`polyrelu.analysis.combined_rows`), which loses less than to pull each
back by itself (S. Wang et al., Beta-CROWN, NeurIPS 2021).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from polyrelu.analysis.goals import Goal
from polyrelu.analysis.relaxed_rows import Split
from polyrelu.arithmetic.exact import FloatArray
from polyrelu.bounds.linear import Enclosure
from polyrelu.bounds.relaxation import relu_lines
from polyrelu.networks.layer import Layer

_OPTIMAL = 0
_LARGEST = 2.0**100  # of the powers of two: beyond it multipliers say little, and cost much to be made exact


class Lifted(NamedTuple):
    """What such a program says.

    Attributes:
        point: where the goal is smallest, (d,); None where there seems to be no point.
        multipliers: one for each row of the last layer, then for each split, none negative; of a linear goal the first
            is 1, or 0 where there is no point.
        slopes: for each layer but the last the slopes of the lines below, (n,).
        losses: for each of these layers what the bound loses by each neuron's lines, (n,).
    """

    point: FloatArray | None
    multipliers: FloatArray
    slopes: tuple[FloatArray, ...]
    losses: tuple[FloatArray, ...]


class _Program(NamedTuple):
    """Rows ``matrix . (x, h) + constants <= 0``, large ones divided by powers of two, as programs refuse these.

    Attributes:
        matrix: (r, d + m), for m neurons in doubt: of each first ``z <= h``, then ``h <= line``; then the last layer's
            rows and those of the splits.
        constants: (r,).
        sizes: what they are divided by, (r,).
        neurons: the layer of each neuron in doubt, and its place there.
    """

    matrix: FloatArray
    constants: FloatArray
    sizes: FloatArray
    neurons: list[tuple[int, int]]


def propose_lifted(
    goal: Goal,
    layers: Sequence[Layer],
    known: Sequence[Enclosure],
    splits: Sequence[Split],
    low: FloatArray,
    high: FloatArray,
) -> Lifted | None:
    """The smallest value of a linear goal, or of a distance in the maximum norm, on a part; None where floats give up.

    Args:
        goal: what.
        layers: the chain whose last layer has the rows.
        known: enclosures of what enters each of the others, one row each.
        splits: neurons with a sign, which the enclosures know.
        low: where the part's box begins.
        high: where it ends.

    Cost: a linear program with three rows for each neuron in doubt; a second one where there seems to be no point.
    """
    program = _program(layers, known, splits)
    first = 2 * len(program.neurons)
    with np.errstate(all="ignore"):
        if not (np.isfinite(program.matrix).all() and np.isfinite(program.constants).all()):
            return None
        if program.sizes.max(initial=1.0) > _LARGEST:
            return None
        found = _least_goal(goal, program, first, low, high)
        if found is not None and found.status == _OPTIMAL:
            return _read(program, known, found, len(low), first, np.asarray(found.x[: len(low)]), goal.norm is None)
        found = _most_room(program, first + (goal.norm is None), low, high)
        if found is None or found.status != _OPTIMAL or not found.fun > 0:
            return None
        return _read(program, known, found, len(low), first, None, goal.norm is None)


def _program(layers: Sequence[Layer], known: Sequence[Enclosure], splits: Sequence[Split]) -> _Program:
    """The rows, in the inputs and the neurons in doubt."""
    masks = [np.array(layer.relu, dtype=np.bool_) for layer in layers]
    doubtful = [m & (own.low[0] < 0) & (own.high[0] > 0) for own, m in zip(known, masks, strict=False)]
    dim = layers[0].input_dim
    width = dim + sum(int(own.sum()) for own in doubtful)
    now, constants = np.eye(dim, width), np.zeros(dim)
    pairs: list[tuple[FloatArray, FloatArray]] = []
    signed: dict[Split, tuple[FloatArray, float]] = {}
    neurons: list[tuple[int, int]] = []
    for depth, (layer, own, doubt) in enumerate(zip(layers[:-1], known, doubtful, strict=True)):
        entered, offsets = layer.float_weight @ now, layer.float_weight @ constants + layer.float_bias
        for split in (split for split in splits if split.depth == depth):
            side = -1.0 if split.is_active else 1.0
            signed[split] = side * entered[split.neuron], side * float(offsets[split.neuron])
        _, above, offset = (line[0] for line in relu_lines(*own, masks[depth]))
        silent = masks[depth] & ~doubt & (own.low[0] < 0)
        now, constants = entered.copy(), offsets.copy()
        now[silent | doubt], constants[silent | doubt] = 0.0, 0.0
        for place in np.flatnonzero(doubt).tolist():
            now[place, dim + len(neurons)] = 1.0
            neurons.append((depth, place))
            below = entered[place] - now[place], offsets[place]
            over = now[place] - above[place] * entered[place], -above[place] * offsets[place] - offset[place]
            pairs.append((np.stack([below[0], over[0]]), np.array([below[1], over[1]])))
    last = layers[-1]
    rows = [*(own for own, _ in pairs), last.float_weight @ now]
    rows += [signed[split][0][None] for split in splits]
    ends = [*(own for _, own in pairs), last.float_weight @ constants + last.float_bias]
    ends += [np.array([signed[split][1]]) for split in splits]
    matrix, constants = np.concatenate(rows), np.concatenate(ends)
    places = np.frexp(np.abs(matrix).max(axis=1, initial=0.0))[1]
    sizes = np.exp2(np.maximum(places, 0).astype(np.float64))
    return _Program(matrix / sizes[:, None], constants / sizes, sizes, neurons)


def _least_goal(goal: Goal, program: _Program, first: int, low: FloatArray, high: FloatArray) -> Any:
    """The program that makes the goal small."""
    matrix, constants, dim = program.matrix, program.constants, len(low)
    more = np.zeros((2, len(program.neurons)))
    more[1] = np.inf
    if goal.norm is None:
        rest = np.delete(np.arange(len(matrix)), first)
        return _solved(matrix[first], matrix[rest], constants[rest], low, high, more)
    from scipy.sparse import csr_array, eye_array, hstack, vstack

    count = matrix.shape[1]
    column = csr_array(np.full((dim, 1), -1.0))
    wide = csr_array((dim, count - dim))
    rows = vstack(
        [
            csr_array(np.column_stack([matrix, np.zeros(len(matrix))])),
            hstack([eye_array(dim), wide, column]),
            hstack([-eye_array(dim), wide, column]),
        ]
    )
    costs = np.append(np.zeros(count), 1.0)
    ends = np.concatenate([constants, -goal.near, goal.near])
    return _solved(costs, rows, ends, low, high, np.column_stack([more, [0.0, np.inf]]))


def _most_room(program: _Program, first: int, low: FloatArray, high: FloatArray) -> Any:
    """The program that makes the largest of the conditions small: above zero, where there is no point."""
    size = len(program.matrix)
    if first == size:
        return None
    column = np.zeros(size)
    column[first:] = -1.0
    keep = np.ones(size, dtype=np.bool_)
    keep[2 * len(program.neurons) : first] = False
    matrix = np.column_stack([program.matrix, column])[keep]
    more = np.zeros((2, len(program.neurons) + 1))
    more[:, -1], more[1, :-1] = (-np.inf, np.inf), np.inf
    costs = np.append(np.zeros(program.matrix.shape[1]), 1.0)
    return _solved(costs, matrix, program.constants[keep], low, high, more)


def _solved(costs: FloatArray, rows: Any, constants: FloatArray, low: FloatArray, high: FloatArray, more: Any) -> Any:
    from scipy.optimize import linprog  # takes a while to import

    if not (np.isfinite(costs).all() and np.isfinite(constants).all()):
        return None  # a point beyond the range of floats
    ends = np.column_stack([np.append(low, more[0]), np.append(high, more[1])])
    return linprog(costs, A_ub=rows, b_ub=-constants, bounds=ends, method="highs")


def _read(
    program: _Program,
    known: Sequence[Enclosure],
    found: Any,
    dim: int,
    first: int,
    point: FloatArray | None,
    is_linear: bool,
) -> Lifted:
    """What the multipliers of a program mean."""
    sizes = np.delete(program.sizes, first) if is_linear else program.sizes
    unit = float(program.sizes[first]) if is_linear and point is not None else 1.0  # of what was made small
    own = np.maximum(-np.asarray(found.ineqlin.marginals)[: len(sizes)], 0.0) / sizes * unit
    held = np.maximum(np.asarray(found.lower.marginals)[dim : dim + len(program.neurons)], 0.0) * unit
    conditions = own[first:]
    multipliers = np.concatenate([[float(point is not None)] * is_linear, conditions])
    slopes = [np.where(own_.high[0] >= -own_.low[0], 1.0, 0.0) for own_ in known]
    losses = [np.zeros(own_.low.shape[1]) for own_ in known]
    for k, (depth, place) in enumerate(program.neurons):
        by_line, over = own[2 * k], own[2 * k + 1]
        low, high = known[depth].low[0, place], known[depth].high[0, place]
        if by_line + held[k] > 0:
            slopes[depth][place] = min(by_line / (by_line + held[k]), 1.0)
        losses[depth][place] = over * (-low * high / (high - low)) + min(by_line * -low, held[k] * high)
    return Lifted(point, multipliers, tuple(slopes), tuple(losses))
