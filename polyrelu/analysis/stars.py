"""The star of a point: the tiles around it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from polyrelu.arithmetic.exact import exact_vector
from polyrelu.networks.affine_outputs import signs_at
from polyrelu.tilings.tiling import Tiling


def star(tiling: Tiling, point: Iterable[Any]) -> Tiling:
    """The tiles whose closures contain a point: of a vertex all that meet in it, of another point of a face fewer.

    Where a neuron is not zero at the point, it has the same sign on each of these, so few tiles are looked at exactly.

    Args:
        tiling: any tiling.
        point: d exact numbers.

    Returns:
        The tiling of these tiles, in their order.

    Raises:
        DimensionError, InexactError: as for any point.

    Cost: a comparison of bits for each tile; milliseconds for each that is left.

    Example:
        >>> import polyrelu as pr
        >>> net = pr.Network([([[1, 0], [0, 1], [1, 1]], [0, 0, -1])], [True])
        >>> tiling = pr.linear_regions(net, ([-2, -2], [2, 2]))
        >>> len(tiling), len(tiling.star([0, 0])), len(tiling.star([0, 1])), len(tiling.star(["1/2", "1/3"]))
        (7, 4, 4, 1)
    """
    x = exact_vector(point, "star: point", tiling.domain.ambient_dim)
    found: list[int] = []
    for source, local, here in tiling.by_source():
        near = signs_at(source.restriction.layers, x).agreeing(source.data(local).bits)
        found += (int(here[k]) for k in near if source.polyhedron(int(local[k])).closure().contains(x))
    return tiling.select(np.sort(np.array(found, dtype=np.intp)))
