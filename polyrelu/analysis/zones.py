"""Activation zones: the connected components of a preimage, and the facets that bound them."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from polyrelu.analysis.adjacency import Contacts, Neuron, components, contacts, flat_tiles, shared_facet
from polyrelu.arithmetic.exact import rounded_text
from polyrelu.errors import InputError
from polyrelu.polyhedra.halfspace import Halfspace
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support.arguments import one_of, whole_number
from polyrelu.support.numerals import MOST_DIGITS
from polyrelu.support.progress import progress_bar
from polyrelu.support.shown import Shown
from polyrelu.tilings.neuron_facets import FacetReader, Kind, neuron_names
from polyrelu.tilings.table import format_point
from polyrelu.tilings.tiling import Tiling

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

SORTS = ("first", "volume", "tiles")
# Between them a float near a volume is near it for its size.
_LEAST_SIZE, _GREATEST_SIZE = 2.0**-900, 2.0**900


@dataclass(frozen=True)
class BoundaryPart:
    """A facet of a tile, whole from :func:`facets`; from :func:`boundary` a convex part beyond which there is no tile.

    Attributes:
        tile: the tile's number.
        row: the facet's canonical row; strict where the facet does not belong to the tile.
        kind: ``"domain"``, ``"neuron"`` or ``"target"``: whose hyperplane it is, the first that applies.
        neuron: ``(layer, coordinate)`` in the network of the first neuron whose hyperplane it is, or None.
        neighbours: the tiles across the facet, in facet contact; several only in tilings of a union of targets.
        within: the tile, or what is left of the facet; what of it lies in the facet's hyperplane is ``polyhedron``.
    """

    tile: int
    row: Halfspace
    kind: Kind
    neuron: Neuron | None
    neighbours: tuple[int, ...]
    within: Polyhedron

    @cached_property
    def polyhedron(self) -> Polyhedron:
        """The points of the part, exactly."""
        hyperplane = Polyhedron.from_halfspaces([self.row.boundary()], len(self.row.normal))
        return (self.within.closure() & hyperplane).canonical()


class Zones(list[Tiling], Shown):
    """The activation zones of a tiling: a list of tilings that shows itself as one page.

    Attributes:
        tiling: whose zones they are.
    """

    tiling: Tiling

    def __init__(self, found: Iterable[Tiling], tiling: Tiling) -> None:
        super().__init__(found)
        self.tiling = tiling

    def numbers(self) -> list[list[int]]:
        """For each zone the numbers of its tiles in the tiling."""
        whole = self.tiling.chosen
        place = None if whole is None else {number: i for i, number in enumerate(whole.tolist())}
        chosen = (() if zone.chosen is None else zone.chosen.tolist() for zone in self)
        return [[number if place is None else place[number] for number in own] for own in chosen]


def zones(tiling: Tiling, contact: int | None = None, sort: str = "first") -> Zones:
    """The activation zones: the connected components of the tiles, as a list of tilings.

    Args:
        tiling: any tiling.
        contact: the least dimension of the contact that connects; by default a facet's. With 0 tiles that touch in a
            vertex are connected, too.
        sort: ``"first"`` by their first tiles, ``"volume"`` or ``"tiles"`` by size, the largest first. Unbounded zones
            come first among volumes; in a flat domain shares of it are compared. Volumes are compared as the middles of
            their enclosures, and exactly where floats hardly tell them from zero or infinity.

    Raises:
        InputError: an unknown ``sort``, or a ``contact`` that is no dimension of a contact.

    Whether a zone is unbounded tells its ``is_bounded()``. Cost: that of :func:`polyrelu.analysis.adjacency.adjacency`,
    without the graph.

    >>> import polyrelu as pr
    >>> net = pr.Network([([[1, 0], [-1, 0], [0, 1], [0, -1]], [0] * 4), ([[1, 1, -1, -1]], [0])])  # |x0| - |x1|
    >>> tiling = pr.preimage(net, pr.parse("y0 >= 0", dim=1))
    >>> len(tiling.zones()), len(tiling.zones(contact=0))
    (2, 1)
    """
    one_of(sort, SORTS, "zones", "sort")
    found = Zones(tiling.divide(zone_numbers(tiling, contact)), tiling)
    if sort == "tiles":
        found.sort(key=len, reverse=True)
    if sort == "volume":
        found.sort(key=size_of_zone, reverse=True)
    return found


def zone_numbers(tiling: Tiling, contact: int | None = None) -> list[NDArray[np.intp]]:
    """The numbers of the tiles of each zone, in the order of first tiles."""
    if not len(tiling):
        return []
    labels = components(tiling, contact)
    order = np.argsort(labels, kind="stable")
    return np.split(order, np.searchsorted(labels[order], np.arange(1, labels.max() + 1)))


def size_of_zone(zone: Tiling) -> Fraction | float:
    """The volume or the share: infinite, or a float near it, or exactly where floats hardly know it."""
    if not zone.is_bounded():
        return math.inf
    measure = zone.share if _is_measured_by_share(zone) else zone.volume
    size = measure()
    return size.mid if not size.width or _LEAST_SIZE <= size.mid <= _GREATEST_SIZE else measure(exact=True)


def _is_measured_by_share(tiling: Tiling) -> bool:
    """Whether the domain is bounded and flat: no part of it has a volume, but each is a share of the whole."""
    return tiling.domain.dim < tiling.domain.ambient_dim and tiling.domain.is_bounded()


def zone_table(tiling: Tiling, contact: int | None = None, sort: str = "first", digits: int = 4) -> str:
    """The zones as a text table: tiles, volume, bounding box and a point of the first tile, which is exact.

    Volumes and boxes are rounded to ``digits`` significant digits; arguments as for :func:`zones`. In a flat domain,
    for example a box in which some inputs are constant, a zone's share of the domain stands for its volume.
    """
    whole_number(digits, "zone_table: digits", 1, MOST_DIGITS)
    size = {1: "length", 2: "area"}.get(tiling.domain.ambient_dim, "volume")
    if _is_measured_by_share(tiling):
        size = "share"
    rows = [("zone", "tiles", size, "bounding box", "point")]
    for i, zone in enumerate(zones(tiling, contact, sort)):
        corners: tuple[Any, Any] = zone.bounding_box()
        if not np.isfinite(corners).all() and zone.is_bounded():
            corners = zone.bounding_box(exact=True)  # beyond the greatest float
        sides = zip(*corners, strict=True)
        box = " x ".join(f"[{rounded_text(low, digits)}, {rounded_text(high, digits)}]" for low, high in sides)
        volume = rounded_text(size_of_zone(zone), digits) if zone.is_bounded() else "unbounded"
        rows.append((str(i), str(len(zone)), volume, box, format_point(zone[0].point())))
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]) - 1)]
    return "\n".join("  ".join([*map(str.ljust, row, widths), row[-1]]) for row in rows)


def facets(tiling: Tiling, i: int) -> tuple[BoundaryPart, ...]:
    """The facets of tile ``i``, and which tiles are across each of them.

    Raises:
        InputError: the tile is flat.

    >>> import polyrelu as pr
    >>> net = pr.Network([([[1, 0], [0, 1]], [0, 0])], [True])
    >>> tiling = pr.linear_regions(net, pr.Polyhedron.box([-1, -1], [1, 1]))
    >>> for facet in tiling.facets(0):
    ...     print(facet.row.format(["x0", "x1"]), facet.kind, facet.neuron, facet.neighbours)
    x0 >= -1 domain None ()
    x1 >= -1 domain None ()
    x1 <= 0 neuron (0, 1) (1,)
    x0 <= 0 neuron (0, 0) (2,)
    """
    number = whole_number(i, "facets: tile", 0, len(tiling) - 1)
    found = contacts(tiling)
    labels: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for column in (0, 1):
        for k in np.flatnonzero(found.pairs[:, column] == number).tolist():
            labels[number].append((int(found.pairs[k, 1 - column]), int(found.labels[k])))
    return tuple(_facets(tiling, number, labels[number], found, _readers(tiling)))


def boundary(tiling: Tiling) -> list[BoundaryPart]:
    """The facets that bound a tiling, or the parts of them that no other tile is across, tile by tile.

    Flat tiles have no part in it. Cost: about a millisecond for each tile on the boundary.

    >>> import polyrelu as pr
    >>> net = pr.Network([([[1, 0], [0, 1]], [0, 0])], [True])
    >>> tiling = pr.linear_regions(net, pr.Polyhedron.box([-1, -1], [1, 1]))
    >>> [(part.tile, part.row.format(["x0", "x1"])) for part in tiling.boundary()[:3]]
    [(0, 'x0 >= -1'), (0, 'x1 >= -1'), (1, 'x0 >= -1')]
    """
    found = contacts(tiling)
    flat = flat_tiles(tiling)
    partners: list[list[tuple[int, int]]] = [[] for _ in range(len(tiling))]
    for (i, j), label in zip(found.pairs.tolist(), found.labels.tolist(), strict=True):
        partners[i].append((j, label))
        partners[j].append((i, label))
    readers = _readers(tiling)
    bounding = []
    inner = _surrounded(tiling, [len(p) for p in partners])
    numbers = np.flatnonzero(~flat & ~inner).tolist()
    for number in progress_bar(None, numbers, desc="boundary", unit=" tiles"):
        for facet in _facets(tiling, number, partners[number], found, readers):
            # Tiles of one target share a facet wholly or not at all, see polyrelu.tilings.neuron_facets.
            if len(tiling.parts) > 1 or flat[list(facet.neighbours)].all():
                bounding += _uncovered(tiling, facet)
    return bounding


def _readers(tiling: Tiling) -> list[tuple[FacetReader, list[Neuron]]]:
    return [(FacetReader(source, tiling.domain), neuron_names(source)) for _, source in tiling.parts]


def _surrounded(tiling: Tiling, degrees: list[int]) -> NDArray[np.bool_]:
    """Tiles of which it is clear without looking at them that another one is across each facet."""
    inner = np.zeros(len(tiling), dtype=np.bool_)
    for source, local, own in tiling.by_source():
        if len(tiling.parts) == 1 and source.meets_in_neurons:
            inner[own] = source.facet_counts(local) == np.array(degrees)[own]
    return inner


def _facets(
    tiling: Tiling,
    number: int,
    partners: list[tuple[int, int]],
    found: Contacts,
    readers: list[tuple[FacetReader, list[Neuron]]],
) -> Iterator[BoundaryPart]:
    tile = tiling[number]
    if tile.dim < tiling.domain.dim:
        raise InputError(f"facets: tile {number} is flat, of dimension {tile.dim}; its polyhedron has its rows")
    part_of, local = tiling.places()
    reader, names = readers[int(part_of[number])]
    for facet in reader.facets(int(local[number])):
        own = {names[k] for k in facet.neurons}
        across = tuple(
            sorted(
                other
                for other, label in partners
                if (
                    found.names[label] in own
                    if label >= 0
                    else _lies_in(shared_facet(tiling, number, other), facet.row)
                )
            )
        )
        neuron = names[facet.neurons[0]] if facet.kind == "neuron" else None
        yield BoundaryPart(number, facet.row, facet.kind, neuron, tuple(sorted(across)), tile.polyhedron)


def _lies_in(shared: Polyhedron, row: Halfspace) -> bool:
    return not row.slack(shared.relative_interior_point())


def _uncovered(tiling: Tiling, facet: BoundaryPart) -> list[BoundaryPart]:
    """What of a facet no other tile is across: all, nothing, or convex pieces."""
    pieces = [facet.polyhedron]
    for other in facet.neighbours:
        closed = tiling[other].polyhedron.closure()
        pieces = [rest for piece in pieces for rest in piece.difference(closed) if rest.dim == piece.dim]
    if not facet.neighbours:
        return [facet]
    return [replace(facet, within=piece.closure()) for piece in pieces]
