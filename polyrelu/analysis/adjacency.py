r"""Who touches whom.

Two tiles of dimension d *touch* when the points of one in the closure of the other have dimension d - 1: a full facet's
worth of contact, inside the set itself. So two open tiles on either side of a hyperplane that belongs to neither do not
touch, and |x| > 0 has two zones. A flat tile counts with its own, smaller d.

Contacts are matched instead of comparing all pairs:

* tiles from the cell engine by the pattern across each facet (:mod:`polyrelu.tilings.facet_matching`), a million a
  second;
* what that leaves open, and tiles of other engines, by exact keys of their facets
  (:mod:`polyrelu.tilings.neuron_facets`);
* tiles for different targets of a union, which need not meet facet to facet, by common hyperplanes and exact linear
  programs; flat tiles by bounding boxes and exact linear programs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from polyrelu.arithmetic.exact import FloatArray, nearest_floats, read_only, row_echelon
from polyrelu.errors import BudgetExceeded
from polyrelu.polyhedra.halfspace import Halfspace
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support.arguments import whole_number
from polyrelu.tilings.facet_matching import Matches
from polyrelu.tilings.neuron_facets import FacetReader, NeuronFacet, neuron_names
from polyrelu.tilings.tile_source import TileSource
from polyrelu.tilings.tiling import Tiling

if TYPE_CHECKING:
    import networkx as nx

Neuron = tuple[int, int]


@dataclass
class Contacts:
    """Pairs of tiles in facet contact, as arrays.

    Attributes:
        pairs: (m, 2) numbers of tiles, the smaller first, sorted.
        labels: (m) the neuron whose hyperplane is between them, as an index into ``names``; -1 between tiles of which
            one is flat, -2 where only a target's row is between them.
        names: ``(layer, coordinate)`` of neurons in the network.
    """

    pairs: NDArray[np.int64]
    labels: NDArray[np.int64]
    names: list[Neuron]

    def attributes(self) -> Iterator[dict[str, Any]]:
        """The attributes of each pair's edge in the graph."""
        for label in self.labels.tolist():
            if label >= 0:
                yield {"kind": "neuron", "neuron": self.names[label]}
            else:
                yield {"kind": "target" if label == TARGET else "flat", "neuron": None}


FLAT, TARGET = -1, -2
"""Labels where no neuron is between two tiles."""

OpenFacet: TypeAlias = tuple[TileSource, int, NeuronFacet]
"""A facet that may be shared with a tile for another target: its source, its tile's number, and itself."""


def adjacency(tiling: Tiling, contact: int | None = None) -> nx.Graph:
    """The graph of the tiles: nodes are their numbers, edges join tiles that touch.

    Args:
        tiling: any tiling.
        contact: the least dimension of the common points for an edge; by default a facet's. With 0 a common vertex is
            enough.

    Returns:
        A graph whose nodes have the attributes ``pattern`` and ``zone`` (the number of the connected component, in the
        order of first tiles). Edges have ``kind``: ``"neuron"`` where a neuron's hyperplane is between the tiles,
        then ``neuron`` is its ``(layer, coordinate)``; ``"target"`` where only rows of the targets of a union are,
        ``"flat"`` where a tile of lower dimension is involved. With ``contact`` they have ``dim``, the dimension of
        the common points, instead. For the polyhedron in common see :func:`shared_facet`.

    Raises:
        InputError: ``contact`` is not between 0 and d - 1.

    Cost: a microsecond or two a facet for tiles from the cell engine, most of it for the graph itself; a millisecond
    a tile otherwise; with ``contact`` the exact vertices of all tiles.
    """
    attributes: Iterator[dict[str, Any]]
    if contact is None:
        found = contacts(tiling)
        pairs, attributes = found.pairs, found.attributes()
    else:
        low = list(_contacts_of_dimension(tiling, contact))
        pairs = np.array([(i, j) for i, j, _ in low], dtype=np.int64).reshape(-1, 2)
        attributes = ({"dim": dim} for _, _, dim in low)
    import networkx  # takes a third of a second, and only graphs need it

    graph = networkx.Graph()
    nodes = zip(tiling.patterns, connected(len(tiling), pairs).tolist(), strict=True)
    graph.add_nodes_from((i, {"pattern": pattern, "zone": zone}) for i, (pattern, zone) in enumerate(nodes))
    graph.add_edges_from((i, j, own) for (i, j), own in zip(pairs.tolist(), attributes, strict=True))
    return graph


def components(tiling: Tiling, contact: int | None = None) -> NDArray[np.int64]:
    """For each tile the number of its connected component, in the order of first tiles; see :func:`adjacency`."""
    if contact is None:
        return connected(len(tiling), contacts(tiling).pairs)
    pairs = [(i, j) for i, j, _ in _contacts_of_dimension(tiling, contact)]
    return connected(len(tiling), np.array(pairs, dtype=np.int64).reshape(-1, 2))


def connected(count: int, pairs: NDArray[np.int64]) -> NDArray[np.int64]:
    """For each of so many things the number of its connected component, in the order of first things."""
    if not count:
        return np.empty(0, dtype=np.int64)
    _, first, inverse = np.unique(linked(count, *pairs.T), return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[inverse].astype(np.int64)


def linked(count: int, first: NDArray[np.int64], second: NDArray[np.int64]) -> NDArray[np.int32]:
    """For each of ``count`` nodes the number of its connected component; edge k joins ``first[k]`` and ``second[k]``.

    Raises:
        BudgetExceeded: there are 2^31 nodes or more.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    if count > np.iinfo(np.int32).max:
        raise BudgetExceeded(f"zones: there are {count} nodes to join; 2^31 - 1 is the most")
    # Some versions of SciPy up to 1.11 print an error for wider numbers, and go on with labels that mean nothing.
    ends = first.astype(np.int32), second.astype(np.int32)
    links = coo_array((np.ones(len(first), dtype=np.bool_), ends), shape=(count, count))
    labels: NDArray[np.int32] = connected_components(links, directed=False)[1]
    return labels


def shared_facet(tiling: Tiling, i: int, j: int) -> Polyhedron:
    """The points that the closures of two tiles have in common, exactly: their facet, where they touch in one.

    >>> import polyrelu as pr
    >>> net = pr.Network([([[1, 0], [0, 1]], [0, 0])], [True])
    >>> tiling = pr.linear_regions(net, pr.Polyhedron.box([-1, -1], [1, 1]))
    >>> [(i, j, kind) for i, j, kind in tiling.adjacency().edges(data="neuron")]
    [(0, 1, (0, 1)), (0, 2, (0, 0)), (1, 3, (0, 0)), (2, 3, (0, 1))]
    >>> tiling.shared_facet(0, 1).inequalities()
    ('x1 == 0', 'x0 >= -1', 'x0 <= 0')
    """
    i, j = (whole_number(k, "shared_facet: tile", 0, len(tiling) - 1) for k in (i, j))
    return (tiling[i].polyhedron.closure() & tiling[j].polyhedron.closure()).canonical()


def touches(P: Polyhedron, Q: Polyhedron) -> bool:
    """Whether the points of one set in the closure of the other have dimension at least min(dim P, dim Q) - 1."""
    least = max(min(P.dim, Q.dim) - 1, 0)
    return contact_dim(P, Q) >= least


def contact_dim(P: Polyhedron, Q: Polyhedron) -> int:
    """The dimension of the points of one set in the closure of the other; -1 if there are none. Cost: a few LPs."""
    return max((P.closure() & Q).dim, (P & Q.closure()).dim)


# -- facet contact ------------------------------------------------------------------------------------------------


@dataclass
class _Found:
    """Contacts while they are collected."""

    pairs: list[NDArray[np.int64]] = field(default_factory=list)
    labels: list[NDArray[np.int64]] = field(default_factory=list)
    names: list[Neuron] = field(default_factory=list)

    def add(self, pairs: Any, labels: Any) -> None:
        self.pairs.append(np.asarray(pairs, dtype=np.int64).reshape(-1, 2))
        self.labels.append(np.asarray(labels, dtype=np.int64))

    def contacts(self) -> Contacts:
        pairs = np.sort(np.concatenate([np.empty((0, 2), np.int64), *self.pairs]), axis=1)
        labels = np.concatenate([np.empty(0, np.int64), *self.labels])
        order = np.lexsort((-labels, pairs[:, 1], pairs[:, 0]))
        pairs, labels = pairs[order], labels[order]
        new = np.ones(len(pairs), dtype=np.bool_)
        new[1:] = (pairs[1:] != pairs[:-1]).any(axis=1)
        return Contacts(read_only(pairs[new]), read_only(labels[new]), self.names)


def contacts(tiling: Tiling) -> Contacts:
    """All pairs of tiles in facet contact; found once for each tiling."""
    return tiling.once(_contacts)


def _contacts(tiling: Tiling) -> Contacts:
    found = _Found()
    flat = flat_tiles(tiling)
    several = len(tiling.parts) > 1
    open_facets: list[OpenFacet] = []
    for source, local, own in tiling.by_source():
        full = ~flat[own]
        local, tiles = local[full], own[full]
        shift = len(found.names)
        found.names += neuron_names(source)
        reader = FacetReader(source, tiling.domain)
        undecided, matched = _match_quickly(source, local, tiles, reader, several, found, shift)
        partners: dict[tuple[Any, bool], tuple[int, NeuronFacet]] = {}
        for k in undecided.tolist():
            tile = int(tiles[k])
            for facet in reader.facets(int(local[k])):
                if facet.kind == "domain" or any((k, neuron) in matched for neuron in facet.neurons):
                    continue
                if facet.kind == "neuron" and (facet.key, not facet.side) in partners:
                    other, beyond = partners.pop((facet.key, not facet.side))
                    if "<=" in (facet.row.relation, beyond.row.relation):
                        found.add([(other, tile)], [shift + facet.neurons[0]])
                elif facet.kind == "neuron":
                    partners[facet.key, facet.side] = tile, facet
                else:
                    open_facets.append((source, tile, facet))
        open_facets += [(source, tile, facet) for tile, facet in partners.values()]
        if source.meets_in_neurons and not several:
            open_facets.clear()  # beyond the target's rows there is nothing
    for i, j in hyperplane_contacts(tiling, open_facets):
        found.add([(i, j)], [TARGET])
    _match_flat(tiling, flat, found)
    return found.contacts()


def flat_tiles(tiling: Tiling) -> NDArray[np.bool_]:
    """Which tiles have a smaller dimension than the domain."""
    flat = np.zeros(len(tiling), dtype=np.bool_)
    for source, local, own in tiling.by_source():
        flat[own] = source.dims(local) < tiling.domain.dim
    return flat


def _match_quickly(
    source: TileSource,
    local: NDArray[np.intp],
    tiles: NDArray[np.intp],
    reader: FacetReader,
    several: bool,
    found: _Found,
    shift: int,
) -> tuple[NDArray[np.int64], set[tuple[int, int]]]:
    """Add what the source knows; return the positions in ``local`` that need a second look, and their neurons done."""
    sure, its_neurons, (pairs, neurons, again, _) = sure_contacts(source, local, reader, several)
    found.add(tiles[sure], shift + its_neurons)
    second = np.isin(pairs, again)
    both = np.stack([neurons, neurons], axis=1)
    return again, set(zip(pairs[second].tolist(), both[second].tolist(), strict=True))


def _closed_at(reader: FacetReader, number: int) -> frozenset[int]:
    """The neurons of the facets that belong to a tile."""
    facets = reader.facets(number)
    return frozenset(neuron for facet in facets if facet.row.relation == "<=" for neuron in facet.neurons)


def sure_contacts(
    source: TileSource, local: NDArray[np.intp], reader: FacetReader, several: bool
) -> tuple[NDArray[np.int64], NDArray[np.int64], Matches]:
    """What the source knows of contacts of some tiles: their positions in ``local``, neurons, and what else is known.

    Facets that may belong to neither tile are looked at.
    """
    matches = source.match_facets(local, several)
    if several:
        seams = source.at_seams(local, reader.domain)
        matches = matches._replace(alone=np.union1d(matches.alone, seams))
    pairs, neurons, _, doubtful = matches
    kept = ~doubtful
    own_neurons = cache(lambda i: _closed_at(reader, int(local[i])))  # a tile has several facets
    for k in np.flatnonzero(doubtful).tolist():
        kept[k] = any(int(neurons[k]) in own_neurons(int(i)) for i in pairs[k])
    return pairs[kept], neurons[kept], matches


def hyperplane_contacts(tiling: Tiling, facets: list[OpenFacet]) -> Iterator[tuple[int, int]]:
    """Contacts of tiles that need not meet facet to facet: facets on one hyperplane, overlapping in their dimension."""
    sides: dict[Halfspace, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
    for k, (_, _, facet) in enumerate(facets):
        plane = facet.row.boundary()
        sides[plane][facet.row.normal == plane.normal].append(k)
    for above, below in sides.values():
        if not above or not below:
            continue
        boxes = bounding_boxes(tiling, [facets[k][1] for k in (*above, *below)])
        far = slice(len(above), None)
        for a, k in enumerate(above):
            meet = (boxes[0, a] <= boxes[1, far]).all(axis=1) & (boxes[0, far] <= boxes[1, a]).all(axis=1)
            for b in np.flatnonzero(meet):
                (source, i, first), (other, j, second) = facets[k], facets[below[b]]
                found_before = source is other and source.meets_in_neurons
                if found_before or (first.row.relation == "<" and second.row.relation == "<"):
                    continue
                if shared_facet(tiling, i, j).dim == tiling.domain.dim - 1:
                    yield i, j


def _match_flat(tiling: Tiling, flat: NDArray[np.bool_], found: _Found) -> None:
    if not flat.any():
        return
    for i, j in _pairs_of_boxes(bounding_boxes(tiling, range(len(tiling))), flat):
        if touches(tiling[i].polyhedron, tiling[j].polyhedron):
            found.add([(i, j)], [FLAT])


# -- contact in any dimension -------------------------------------------------------------------------------------


def _contacts_of_dimension(tiling: Tiling, least: int) -> Iterator[tuple[int, int, int]]:
    least = checked_contact(tiling, least)
    part_of, _ = tiling.places()
    flat = flat_tiles(tiling)
    for i, j in _pairs_of_boxes(bounding_boxes(tiling, range(len(tiling))), np.ones(len(tiling), dtype=np.bool_)):
        are_full_of_one_part = part_of[i] == part_of[j] and not (flat[i] or flat[j])
        dim = dim_in_common(tiling[i].polyhedron, tiling[j].polyhedron, are_full_of_one_part)
        if dim >= least:
            yield i, j, dim


def checked_contact(tiling: Tiling, contact: int) -> int:
    """The least dimension of contacts, as it was passed.

    Raises:
        InputError: it is no dimension of a contact.
    """
    return whole_number(contact, "adjacency: contact", 0, max(tiling.domain.ambient_dim - 1, 0))


def dim_in_common(P: Polyhedron, Q: Polyhedron, are_full_of_one_part: bool) -> int:
    """As :func:`contact_dim` of two tiles. Full ones of one part meet face to face, which is seen from vertices."""
    return _common_face_dim(P, Q) if are_full_of_one_part and not P.lines else contact_dim(P, Q)


def _common_face_dim(P: Polyhedron, Q: Polyhedron) -> int:
    """The same for two pointed polyhedra whose closures meet in a common face: that is spanned by what they share."""
    vertices = [v for v in P.vertices if v in set(Q.vertices)]
    rays = [r for r in P.rays if r in set(Q.rays)]
    if not vertices or all(_misses(polyhedron, vertices, rays) for polyhedron in (P, Q)):
        return -1
    rows = [(*v, Fraction(1)) for v in vertices] + [(*r, Fraction(0)) for r in rays]
    return len(row_echelon(rows, P.ambient_dim + 1)[0]) - 1


def _misses(polyhedron: Polyhedron, vertices: list[Any], rays: list[Any]) -> bool:
    """Whether some strict row is tight on the whole face with these generators."""
    return any(
        all(not row.slack(v) for v in vertices)
        and all(not sum(a * x for a, x in zip(row.normal, r, strict=True)) for r in rays)
        for row in polyhedron.halfspaces
        if row.relation == "<"
    )


def bounding_boxes(tiling: Tiling, numbers: Any) -> FloatArray:
    """Lower and upper corners, (2, n, d), of boxes around the closures of tiles, in floats.

    Where two closures meet, so do their boxes: corners are rounded to nearest (beyond the greatest float to infinity),
    which keeps order. Comparisons that take subnormal numbers for zero keep it, too, so that holds in every mode of the
    processor. A corner itself may lie within its tile, by half a unit in the last place.
    """
    dim = tiling.domain.ambient_dim
    boxes = np.empty((2, len(numbers), dim))
    for k, number in enumerate(numbers):
        vertices, rays, lines = tiling[number].polyhedron.generators
        corners = nearest_floats(x for v in vertices for x in v).reshape(len(vertices), dim)
        boxes[0, k], boxes[1, k] = corners.min(axis=0), corners.max(axis=0)
        for direction in (*rays, *lines, *(tuple(-x for x in line) for line in lines)):
            for axis, x in enumerate(direction):
                if x:
                    boxes[int(x > 0), k, axis] = np.inf if x > 0 else -np.inf
    return boxes


def _pairs_of_boxes(boxes: FloatArray, wanted: NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """Pairs i < j of boxes that meet, one of them wanted; by a sweep along the first axis."""
    low, high = boxes
    count = len(low)
    if not count or not low.shape[1]:
        yield from ((i, j) for i in range(count) for j in range(i + 1, count))
        return
    order = np.argsort(low[:, 0], kind="stable")
    starts = low[order, 0]
    for place, i in enumerate(order.tolist()):
        later = order[place + 1 : np.searchsorted(starts, high[i, 0], side="right")]
        meet = ((low[later] <= high[i]) & (low[i] <= high[later])).all(axis=1) & (wanted[later] | wanted[i])
        yield from ((min(i, j), max(i, j)) for j in later[meet].tolist())
