"""The shortest way from one tile to another, from facet to facet: which neurons flip on it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from polyrelu.analysis.adjacency import Neuron, contacts
from polyrelu.arithmetic.exact import exact_vector
from polyrelu.errors import InputError
from polyrelu.support.arguments import as_whole, whole_number
from polyrelu.tilings.tile_source import NOWHERE
from polyrelu.tilings.tiling import Tiling

_NO_ONE = -9999  # what scipy says of a node without a predecessor


class Way(NamedTuple):
    """A shortest way through a tiling.

    Attributes:
        tiles: the numbers of the tiles, from the first to the last.
        neurons: for each step the ``(layer, coordinate)`` of the neuron that flips; of several that flip at once the
            first; None where a flat tile, or only a target's row, is between two tiles.
    """

    tiles: tuple[int, ...]
    neurons: tuple[Neuron | None, ...]

    @property
    def flips(self) -> int:
        """How many steps it has."""
        return len(self.neurons)


def way(tiling: Tiling, start: Any, end: Any) -> Way | None:
    """A shortest way between two tiles: from each to the next through a facet that they share.

    No way has fewer flips, inside the set that is tiled; it may have more than patterns differ in, and does where the
    set is not convex. Of several the one that comes first when tiles are visited by number.

    Args:
        tiling: any tiling.
        start: the number of a tile, or a point in one (in the first of several).
        end: another.

    Returns:
        The way; None where the tiles are in different zones.

    Raises:
        InputError: there is no such tile, or no tile contains the point.
        DimensionError, InexactError: as for any point.

    Cost: that of :func:`polyrelu.analysis.adjacency.adjacency` without the graph, once for each tiling.

    Example:
        >>> import polyrelu as pr
        >>> net = pr.Network([([[1, 0], [0, 1]], [0, 0])], [True])
        >>> tiling = pr.linear_regions(net, ([-1, -1], [1, 1]))
        >>> tiling.way([-1, -1], [1, 1])
        Way(tiles=(0, 1, 3), neurons=((0, 1), (0, 0)))
    """
    first, last = (_tile(tiling, value, name) for value, name in ((start, "start"), (end, "end")))
    found = contacts(tiling)
    steps = _back(found.pairs, len(tiling), first, last)
    if steps is None:
        return None
    labels = dict(zip(map(tuple, found.pairs.tolist()), found.labels.tolist(), strict=True))
    crossed = (labels[min(a, b), max(a, b)] for a, b in pairwise(steps))
    return Way(tuple(steps), tuple(found.names[label] if label >= 0 else None for label in crossed))


def _tile(tiling: Tiling, value: Any, name: str) -> int:
    """The tile that is meant."""
    if as_whole(value) is not None:
        return whole_number(value, f"way: {name}", 0, len(tiling) - 1)
    point = exact_vector(value, f"way: {name}", tiling.domain.ambient_dim)
    number = int(tiling.locate(point))
    if number == NOWHERE:
        raise InputError(f"way: {name} is in no tile; pass the number of a tile, or a point of one")
    return number


def _back(pairs: Any, count: int, first: int, last: int) -> Sequence[int] | None:
    """The nodes of a shortest way in a graph, by the predecessors of a search in breadth."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import breadth_first_order

    both = np.concatenate([pairs, pairs[:, ::-1]])
    links = coo_array((np.ones(len(both), dtype=np.int8), (both[:, 0], both[:, 1])), shape=(count, count)).tocsr()
    links.sort_indices()
    _, before = breadth_first_order(links, first, directed=True)
    steps = [last]
    while steps[-1] != first:
        previous = int(before[steps[-1]])
        if previous == _NO_ONE:
            return None
        steps.append(previous)
    return steps[::-1]
