r"""Order statistics: the k-th smallest of n numbers is piecewise linear, and a network of comparators finds it exactly.

A *comparator* puts two numbers in order with one neuron,

.. math:: \min(a, b) = a - \max(0, a - b), \qquad \max(a, b) = b + \max(0, a - b) .

Batcher's merge exchange sorts n of them in :math:`\lceil \log_2 n \rceil (\lceil \log_2 n \rceil + 1) / 2` stages of
comparators that have no number in common (Knuth, The Art of Computer Programming 3, Algorithm 5.2.2 M). A stage is a
layer. Comparators that no number asked for depends on are left out.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TypeAlias

import numpy as np

from polyrelu.formats import operators as op
from polyrelu.formats.lowering import Lowering, Variable

Stage: TypeAlias = list[tuple[int, int]]
"""Pairs of places; after the stage the smaller number stands at the first."""


def ordered(low: Lowering, columns: Sequence[Variable], places: Collection[int], where: str) -> dict[int, Variable]:
    """The numbers that stand at some places once the columns are sorted entry by entry, ascending.

    Args:
        low: what it is lowered into.
        columns: tensors of one shape.
        places: from 0, the smallest, to n - 1.
        where: for messages.

    Cost: a neuron for each comparator and entry.
    """
    now = list(columns)
    for stage in stages(len(now), places):
        firsts, seconds = (Variable(np.stack([now[pair[side]].rows for pair in stage])) for side in (0, 1))
        over = low.relu(op.as_variable(op.subtract(low, firsts, seconds, where), where))
        smaller = op.as_variable(op.subtract(low, firsts, over, where), where)
        larger = op.as_variable(op.add(low, seconds, over, where), where)
        for (i, j), least, most in zip(stage, smaller.rows, larger.rows, strict=True):
            now[i], now[j] = _tensor(least), _tensor(most)
    return {place: now[place] for place in places}


def stages(count: int, places: Collection[int]) -> list[Stage]:
    """The comparators that bring the right numbers to some places, stage by stage."""
    needed, found = set(places), []
    for stage in reversed(_merge_exchange(count)):
        kept = [pair for pair in stage if not needed.isdisjoint(pair)]
        needed.update(*kept)
        if kept:
            found.append(kept)
    return found[::-1]


def _merge_exchange(count: int) -> list[Stage]:
    """All stages of Batcher's merge exchange; the letters are Knuth's."""
    if count < 2:
        return []
    top = 1 << ((count - 1).bit_length() - 1)
    found, p = [], top
    while p:
        q, r, d = top, 0, p
        while True:
            found.append([(i, i + d) for i in range(count - d) if i & p == r])
            if q == p:
                break
            d, q, r = q - p, q >> 1, p
        p >>= 1
    return found


def _tensor(rows: object) -> Variable:
    """Rows as a tensor; a single row is one without axes."""
    return Variable(np.asarray(rows, dtype=object))
