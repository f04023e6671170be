"""The reference with nothing wasted: cells of full dimension, split only by hyperplanes that divide them.

This is no heuristic, it has no tree over neurons: the cells engine (:mod:`polyrelu.engines.cells`) starts from the
domain and cuts each cell in two at a hyperplane that meets its interior, so every cut makes one cell more, and N cells
cost N - 1 cuts. A tree with N leaves has 2 N - 1 nodes, so no face search that branches does better. It asks for less,
though: pieces without interior, which the face search finds too, are not cells.

Sound, by the engine's own proof. Cost: see :func:`polyrelu.preimage`.
"""

from __future__ import annotations

import time
from typing import NamedTuple

import polyrelu as pr
from polyrelu.engines.search import FaceProblem


class Reference(NamedTuple):
    """What the cells engine did.

    Attributes:
        cells: the cells of full dimension of the layer in the domain.
        cuts: the cuts that made them, one fewer; none if there is no cell.
        tiles: the tiles of the preimage of P; neurons that P does not mention are not split for them.
        seconds: for the cells, and for the preimage.
    """

    cells: int
    cuts: int
    tiles: int
    seconds: tuple[float, float]


def reference(problem: FaceProblem) -> Reference:
    """The cells of the problem's layer in its domain, and the tiles on which the layer lands in P.

    Raises:
        InputError: the engine does not take the domain, for example for its dimension.
    """
    network = pr.Network([problem.layer])
    began = time.perf_counter()
    cells = len(pr.linear_regions(network, problem.domain, method="cells", progress=False))
    between = time.perf_counter()
    tiles = len(pr.preimage(network, problem.wanted, problem.domain, method="cells", progress=False))
    return Reference(cells, max(cells - 1, 0), tiles, (between - began, time.perf_counter() - between))
