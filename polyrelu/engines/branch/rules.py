"""Which neuron to branch on next: a rule looks at a cell and names one of those that are open there.

A rule decides nothing but the order, so every rule gives the same tiles. What that costs is counted by
``scripts/pruning/branching.py``: on nearly all networks ``whole_first`` asks for the fewest neurons, because what it
proves of a cell holds for all of its parts. It is the default, and compiled (``kernel/walk.h``); others are asked at
each step.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from polyrelu.arithmetic.exact import FloatArray


class View(NamedTuple):
    """What is known of the n open neurons of a layer on a cell.

    Attributes:
        values: what enters them at p points inside, (p, n), up to their doubts.
        least, most: certain bounds of it on a box around the cell, (n,).
        below, above: at how many of the points it is certainly negative, and positive, (n,).
    """

    values: FloatArray
    least: FloatArray
    most: FloatArray
    below: NDArray[np.intp]
    above: NDArray[np.intp]


Rule: TypeAlias = Callable[[View], int]
"""Names the next neuron, by its place in the view."""


def most_even(view: View) -> int:
    """The one that divides the points most evenly: it needs no linear program, and halves what there is to do."""
    even = np.minimum(view.below, view.above)
    return int(np.lexsort((-np.minimum(-view.least, view.most), -even))[0])


def whole_first(view: View) -> int:
    """One that all points are on one side of, if there is any: where it does not divide, one proof is for all parts.

    Of these the one whose bounds are the most one-sided; of the others the most even one.
    """
    even = np.minimum(view.below, view.above)
    depth = np.minimum(-view.least, view.most)
    whole = even == 0
    return int(np.argmin(np.where(whole, depth, np.inf))) if whole.any() else most_even(view)


def widest(view: View) -> int:
    """The one whose zero lies deepest between its bounds."""
    return int(np.argmax(np.minimum(-view.least, view.most)))


def in_order(view: View) -> int:
    """The first."""
    del view
    return 0


RULES: Mapping[str, Rule] = {"whole first": whole_first, "most even": most_even, "widest": widest, "in order": in_order}
