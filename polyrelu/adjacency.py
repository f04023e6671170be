r"""Who touches whom, and the activation zones this makes.

Two tiles of dimension d *touch* when the points of one in the closure of the other have dimension d - 1: a full facet's
worth of contact, inside the set itself. So two open tiles on either side of a hyperplane that belongs to neither do not
touch, and |x| > 0 has two zones. A flat tile counts with its own, smaller d.

Candidates come from matching facets instead of comparing all pairs: tiles in contact have a facet on a common
hyperplane, on
opposite sides, and primitive rows make that an exact dictionary key. An exact linear program confirms each candidate.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import networkx as nx

from polyrelu.polyhedron import Halfspace, Polyhedron
from polyrelu.tiling import Tiling


def adjacency(tiling: Tiling) -> nx.Graph:
    """The graph of the tiles: nodes are their numbers, edges join tiles that touch along a facet.

    Every edge has the attribute ``hyperplane``, the common :class:`~polyrelu.polyhedron.Halfspace` row as an
    equality, or
    None between tiles of which one is flat. Cost: one exact LP for each pair of tiles on opposite sides of a
    hyperplane.
    """
    graph = nx.Graph()
    graph.add_nodes_from(range(len(tiling)))
    for i, j, hyperplane in _candidates(tiling):
        if not graph.has_edge(i, j) and touches(tiling[i].polyhedron, tiling[j].polyhedron):
            graph.add_edge(i, j, hyperplane=hyperplane)
    return graph


def touches(P: Polyhedron, Q: Polyhedron) -> bool:
    """Whether the points of one set in the closure of the other have dimension at least min(dim P, dim Q) - 1."""
    least = min(P.dim, Q.dim) - 1
    if (P.closure() & Q.closure()).dim < max(least, 0):
        return False
    return any((closed.closure() & other).dim >= max(least, 0) for closed, other in ((P, Q), (Q, P)))


def _candidates(tiling: Tiling) -> Iterator[tuple[int, int, Halfspace | None]]:
    sides: dict[Halfspace, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
    flat = [i for i, tile in enumerate(tiling) if tile.dim < tiling.domain.dim]
    for i, tile in enumerate(tiling):
        for row in tile.polyhedron.halfspaces:
            if row.relation != "==":
                hyperplane = row.boundary()
                sides[hyperplane][row.normal == hyperplane.normal].append(i)
    for hyperplane, (above, below) in sides.items():
        yield from ((i, j, hyperplane) for i in above for j in below)
    for i in flat:
        yield from ((i, j, None) for j in range(len(tiling)) if j != i)


def zones(tiling: Tiling) -> list[Tiling]:
    """The activation zones: the connected components of the adjacency graph, in the order of their first tiles."""
    return [tiling.select(component) for component in zone_numbers(tiling)]


def zone_numbers(tiling: Tiling) -> list[list[int]]:
    """The numbers of the tiles of each zone."""
    return sorted(sorted(component) for component in nx.connected_components(adjacency(tiling)))
