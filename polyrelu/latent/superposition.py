r"""All features of a network at once in a window of the plane: where each is active, exactly, and fast.

For a network f: R^2 -> R^m, features i and thresholds t_i the *zone* of a feature is :math:`\{x : f_i(x) > t_i\}` in
the window. :mod:`polyrelu.latent.feature_zones` asks for one preimage for each. Here the thresholds become biases of
the last layer and all its coordinates neurons, so that one run finds the cells on which every neuron and every feature
has one sign. They are the faces of a planar map: each edge inside is shared by two of them, whole. So

* corners are intersections of neighbouring facets, in integers, and equal ones are one;
* the *islands* of a feature, the connected components of its zone, are found along the edges between its cells, but
  for edges on which the feature comes down to its threshold, which its open zone lacks;
* areas are sums of what the engine certifies of its cells.

Cost: a few milliseconds for two hundred cells.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from polyrelu.analysis.adjacency import connected
from polyrelu.analysis.measure import Enclosure, tile_volumes
from polyrelu.arithmetic.exact import FloatArray, exact, exact_vector, float_quotients, nearest_floats, read_only
from polyrelu.engines.preimage import linear_regions
from polyrelu.errors import DimensionError, InputError
from polyrelu.networks.activation_pattern import unpacked_signs
from polyrelu.networks.layer import Layer, neuron_starts
from polyrelu.networks.linear_constraints import coordinate
from polyrelu.networks.network import Network
from polyrelu.polyhedra.convex_polygon import cyclic_facets
from polyrelu.polyhedra.given_sets import given_set
from polyrelu.polyhedra.halfspace import Halfspace
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support.arguments import as_whole, instance, is_sequence, items
from polyrelu.support.carried import Carried
from polyrelu.support.numerals import shown
from polyrelu.tilings.columns import Columns
from polyrelu.tilings.tiling import Tiling

Integers: TypeAlias = NDArray[np.object_]
Features: TypeAlias = int | str | Iterable[int | str] | None
"""Coordinates of an output, by number or by name such as ``"y0"``; None is all of them."""
NO_ISLAND = -1


@dataclass(frozen=True, init=False, eq=False, repr=False)
class Superposition(Carried):
    """The zones of a network's features in a window of the plane of its inputs.

    Args:
        network: R^2 -> R^m.
        window: a bounded polygon with an interior, such as a box.
        features: coordinates of the output, by number or by name such as ``"y0"``; by default all of them.
        thresholds: by feature's number; by default 0.

    Attributes:
        tiling: the cells, as a tiling of the window; the last neurons of their patterns are the features, in order.

    Example:
        >>> import polyrelu as pr
        >>> net = pr.Network([([[1, 0], [-1, 0]], [0, 0]), ([[1, 1], [-1, 1]], [-1, 0])])  # |x0| - 1, x1's silence
        >>> found = Superposition(net, pr.Polyhedron.box([-3, -3], [3, 3]))
        >>> [len(islands) for islands in found.islands], [str(found.exact_area(i)) for i in found.features]
        ([2, 1], ['24', '18'])

    Raises:
        DimensionError: the network's inputs, or the window, are not in the plane.
        InputError: the window is unbounded or flat; there is no such feature; a threshold below what a ReLU returns.
        InexactError: a threshold has no exact value.
    """

    network: Network
    window: Polyhedron
    features: tuple[int, ...]
    thresholds: tuple[Fraction, ...]
    tiling: Tiling

    def __init__(
        self,
        network: Network,
        window: Polyhedron,
        features: Features = None,
        thresholds: Mapping[int, Any] | None = None,
    ) -> None:
        chosen = chosen_features(network, features)
        require_plane(network, "Superposition")
        levels = tuple(_threshold(network, i, (thresholds or {}).get(i, 0)) for i in chosen)
        asked = with_features(network, chosen, levels)
        tiling = linear_regions(asked, _window(window), "cells", progress=False, measure=True)
        for name, value in zip(
            ("network", "window", "features", "thresholds", "tiling"),
            (network, window, chosen, levels, tiling),
            strict=True,
        ):
            object.__setattr__(self, name, value)

    @property
    def _columns(self) -> Columns:
        ((_, source),) = self.tiling.parts
        assert isinstance(source, Columns), "the cells engine keeps columns"
        return source

    @cached_property
    def signs(self) -> NDArray[np.bool_]:
        """(cells, neurons) whether each neuron, and last each feature, is active on each cell."""
        return read_only(unpacked_signs(self._columns.packed, self.tiling.network.neuron_count))

    @property
    def active(self) -> NDArray[np.bool_]:
        """(cells, features) whether each feature is active on each cell."""
        return self.signs[:, self.signs.shape[1] - len(self.features) :]

    def cell_at(self, point: Iterable[Any]) -> int:
        """The number of the first cell that contains an exact point; -1 outside the window."""
        exactly = exact_vector(point, "cell_at: point", 2)
        found = (k for k in self._columns.candidates(exactly) if self.tiling[k].contains(exactly))
        return next(found, -1)

    # -- corners --------------------------------------------------------------------------------------------------

    @property
    def starts(self) -> NDArray[np.int64]:
        """Where each cell's corners begin in ``corners``, and last, where they end."""
        return self._columns.starts

    @property
    def corners(self) -> NDArray[np.intp]:
        """The corners of each cell, counter-clockwise, as numbers of ``points``; one cell's after the other's."""
        return self._map[1]

    @property
    def points(self) -> Integers:
        """(n, 3) the corners, ``(x w, y w, w)`` in primitive integers with w > 0."""
        return self._map[0]

    @cached_property
    def float_points(self) -> FloatArray:
        """(n, 2) the corners, rounded to nearest."""
        xs, ys, weights = self.points.T.tolist() if len(self.points) else ([], [], [])
        return float_quotients([*zip(xs, weights, strict=True), *zip(ys, weights, strict=True)]).reshape(2, -1).T

    @cached_property
    def _map(self) -> tuple[Integers, NDArray[np.intp]]:
        """The different corners, and which of them begins each facet when facets go round their cells."""
        rows, cells = self._rows
        following = _next_in_cell(cells, self.starts)
        corners = _meetings(rows, rows[following])
        # Facet k ends where it meets the next, which begins there.
        begins = np.empty(len(corners), dtype=object)
        begins[following] = list(map(tuple, corners.tolist()))
        numbers: dict[tuple[int, int, int], int] = {}
        places = np.fromiter((numbers.setdefault(corner, len(numbers)) for corner in begins), np.intp, len(begins))
        return np.array(list(numbers), dtype=object).reshape(-1, 3), read_only(places)

    @cached_property
    def _rows(self) -> tuple[Integers, NDArray[np.intp]]:
        """The facets ``(a, b, c)`` for ``a x + b y <= c``, counter-clockwise round each cell, and whose each is."""
        columns, signs = self._columns, self.signs
        cells = np.repeat(np.arange(len(columns)), np.diff(columns.starts))
        facets = columns.facets.astype(np.intp)
        rows = np.empty((len(facets), 3), dtype=object)
        of_domain = np.array([(*row.normal, row.offset) for row in columns.chart.facets], dtype=object)
        first_neuron = len(of_domain)
        outer = facets < first_neuron
        rows[outer] = of_domain[facets[outer]]
        neurons = facets - first_neuron
        for (_, (first, after)), (forms, kind_of) in zip(_spans(self.tiling.network), self._forms, strict=True):
            own = np.flatnonzero((neurons >= first) & (neurons < after))
            found = forms[kind_of[cells[own]], neurons[own] - first]
            on = signs[cells[own], neurons[own]]
            rows[own] = found * np.where(on, -1, 1)[:, None].astype(object)
            rows[own, 2] *= -1
        return _round_cells(rows, cells, columns.starts), cells

    @cached_property
    def _forms(self) -> list[tuple[Integers, NDArray[np.intp]]]:
        """For each layer the forms of its neurons, (kinds, neurons, 3) integers, and of which kind each cell is.

        A form ``(a, b, c)`` has the sign of ``a x + b y + c``. Cells with equal signs before a layer are of one kind.
        """
        values = np.array([[[1, 0, 0], [0, 1, 0]]], dtype=object)  # what enters a layer, times scale, on each kind
        scale, kind_of = 1, np.zeros(len(self.signs), dtype=np.intp)
        found = []
        for layer, (first, after) in _spans(self.tiling.network):
            rows, factor = _whole_rows(layer)
            forms = rows[:, :-1] @ values
            forms[:, :, 2] += scale * rows[:, -1]
            scale *= factor
            found.append((forms[:, list(layer.neurons)], kind_of))
            example, following = _kinds(self.signs[:, :after])
            values = forms[kind_of[example]]
            cell, neuron = np.nonzero(~self.signs[example, first:after])
            values[cell, np.array(layer.neurons, dtype=np.intp)[neuron]] = 0
            kind_of = following
        return found

    # -- islands --------------------------------------------------------------------------------------------------

    @cached_property
    def edges(self) -> NDArray[np.intp]:
        """(n, 4) the edges inside the window: the two cells, the first with its begin and end counter-clockwise."""
        cells = np.repeat(np.arange(len(self.tiling)), np.diff(self.starts))
        begins = self.corners
        ends = begins[_next_in_cell(cells, self.starts)]
        count = len(self.points)
        there, back = begins * count + ends, ends * count + begins
        order = np.argsort(there)
        place = np.minimum(np.searchsorted(there[order], back), len(order) - 1)
        partner = order[place]
        inside = (there[partner] == back) & (begins < ends)
        found: NDArray[np.intp] = np.stack([cells, cells[partner], begins, ends], axis=1)[inside]
        return found

    @cached_property
    def island_numbers(self) -> NDArray[np.intp]:
        """(cells, features) the island of each feature that a cell is part of, counted by first cells; -1 for none."""
        first, second = self.edges[:, :2].T
        edge, feature = np.nonzero(self.active[first] & self.active[second])
        apart = self._at_threshold(edge, feature)
        edge, feature = edge[~apart], feature[~apart]
        # One graph for all features, whose nodes are the cells where each is active: feature by feature, in order.
        on = self.active.T
        node = (np.cumsum(on) - 1).reshape(on.shape)
        labels = connected(int(on.sum()), np.stack([node[feature, first[edge]], node[feature, second[edge]]], axis=1))
        own, _ = np.nonzero(on)
        begins = np.searchsorted(own, np.arange(len(on)))
        numbers = np.full(on.shape, NO_ISLAND, dtype=np.intp)
        numbers[on] = labels - np.append(labels, 0)[begins][own]
        found: NDArray[np.intp] = read_only(numbers.T)
        return found

    def _at_threshold(self, edges: NDArray[np.intp], features: NDArray[np.intp]) -> NDArray[np.bool_]:
        """For edges and features, one of each, whether the feature is at its threshold all along the edge."""
        forms, kind_of = self._forms[-1]
        first, begin, end = self.edges[edges][:, [0, 2, 3]].T
        own = forms[kind_of[first], features]
        at_both: NDArray[np.bool_] = np.ones(len(edges), dtype=np.bool_)
        for corner in (begin, end):
            left = np.flatnonzero(at_both)
            at_both[left] = (own[left] * self.points[corner[left]]).sum(axis=1) == 0
        return at_both

    @cached_property
    def islands(self) -> tuple[tuple[NDArray[np.intp], ...], ...]:
        """For each feature its islands, as the numbers of their cells."""
        return tuple(
            tuple(np.flatnonzero(numbers == island) for island in range(numbers.max(initial=NO_ISLAND) + 1))
            for numbers in self.island_numbers.T
        )

    # -- areas ----------------------------------------------------------------------------------------------------

    @cached_property
    def _areas(self) -> tuple[FloatArray, FloatArray]:
        return tile_volumes(self.tiling, Polyhedron.volume)

    def area(self, cells: NDArray[np.intp] | Sequence[int]) -> Enclosure:
        """The area of some cells together, by number, between two floats."""
        low, high = (math.fsum(bound[cells].tolist()) for bound in self._areas)
        return Enclosure(max(math.nextafter(low, -math.inf), 0.0), math.nextafter(high, math.inf) if high else 0.0)

    def exact_area(self, feature: int) -> Fraction:
        """The area of a feature's zone. Cost: that of exact volumes, milliseconds for each cell."""
        zone = self.tiling.select(np.flatnonzero(self.active[:, self.features.index(feature)]))
        return Fraction(zone.volume(exact=True))

    def zones(self, feature: int) -> list[Tiling]:
        """The islands of a feature as tilings by cells; closed, as cells are."""
        return [self.tiling.select(cells) for cells in self.islands[self.features.index(feature)]]

    def __repr__(self) -> str:
        return f"Superposition({len(self.features)} features, {len(self.tiling)} cells)"


# -- what is asked ------------------------------------------------------------------------------------------------


def chosen_features(network: Network, features: Features = None) -> tuple[int, ...]:
    """Coordinates of a network's output by number or name, checked; all of them for None.

    Raises:
        InputError: there is no such feature, or it is named twice.
        ParseError: there is no feature of this name.
    """
    instance(network, Network, "Superposition: network", "pass a Network; load_network reads files")
    count = network.output_dim
    listed: Iterable[Any] = range(count)
    if isinstance(features, str) or as_whole(features) is not None:
        listed = [features]
    elif features is not None:
        listed = items(features, "Superposition: features", "pass numbers or names, such as [0, 2] or ['y0', 'y2']")
    chosen: list[int] = []
    for given in listed:
        number = coordinate(given, count) if isinstance(given, str) else as_whole(given)
        if number is None or not 0 <= number < count:
            raise InputError(f"Superposition: there is no feature {shown(given)}; they are 0 to {count - 1}")
        if number in chosen:
            raise InputError(f"Superposition: feature {number} is named twice; name each once")
        chosen.append(number)
    return tuple(chosen)


def require_plane(network: Network, where: str) -> None:
    """Refuse a network whose inputs are not in the plane.

    Raises:
        DimensionError: they are not.
    """
    if network.input_dim != 2:
        raise DimensionError(
            f"{where}: the network takes R^{network.input_dim}, and what is shown is a plane; pass a plane through its "
            "inputs, network.slice(*polyrelu.plane_through(a, b, c)) for three of them"
        )


def planar_box(box: Any, where: str) -> Polyhedron:
    """A window from a half width, from ``(lows, highs)``, or as it is.

    Raises:
        InputError: neither, or a box without an interior.
    """
    if isinstance(box, Polyhedron) or is_sequence(box):
        window = given_set(box, 2, f"{where}: box")
        if window.dim < window.ambient_dim:
            raise InputError(f"{where}: the box {window} has no interior; pass lows that are below the highs")
        return window
    width = exact(box, f"{where}: box")
    if width <= 0:
        raise InputError(f"{where}: box is {shown(width)}; a half width must be positive")
    return Polyhedron.box([-width] * 2, [width] * 2)


def _threshold(network: Network, feature: int, level: Any) -> Fraction:
    value = exact(level, f"Superposition: threshold of feature {feature}")
    if value < 0 and network.layers[-1].relu[feature]:
        raise InputError(
            f"Superposition: the threshold {shown(value)} of feature {feature} is below all values of its ReLU; pass "
            "one from 0 up"
        )
    return value


def with_features(network: Network, features: Sequence[int], levels: Sequence[Fraction | int]) -> Network:
    """The network whose last neurons are active exactly where some features are above their thresholds."""
    *before, last = network.layers
    key = tuple(features), tuple(levels)
    return Network([*before, last.latest(_above_levels, key, *key)])


def _above_levels(last: Layer, features: Sequence[int], levels: Sequence[Fraction | int]) -> Layer:
    rows = tuple(last.rows[i] for i in features)
    offsets = tuple(last.offsets[i] - level for i, level in zip(features, levels, strict=True))
    return Layer.from_rows(rows, offsets, [True] * len(rows), last.input_dim)


def _window(window: Polyhedron) -> Polyhedron:
    instance(window, Polyhedron, "Superposition: window", "pass a box such as Polyhedron.box([-3, -3], [3, 3])")
    if window.ambient_dim != 2:
        raise DimensionError(
            f"Superposition: the window lives in R^{window.ambient_dim}; pass one in the plane, such as a box"
        )
    if not window.is_bounded() or not window.is_full_dimensional():
        raise InputError(f"Superposition: the window {window} is unbounded or flat; pass a box with an interior")
    return window.closure()


# -- arrays -------------------------------------------------------------------------------------------------------


def _spans(network: Network) -> Iterable[tuple[Layer, tuple[int, int]]]:
    """Each layer with the numbers of its neurons, from the first to the one after the last."""
    return zip(network.layers, pairwise(neuron_starts(network.layers)), strict=True)


def _whole_rows(layer: Layer) -> tuple[Integers, int]:
    """A layer's rows with their biases, times the least number that makes all of them integers; and that number."""
    entries = [[*row, offset] for row, offset in zip(layer.rows, layer.offsets, strict=True)]
    factor = math.lcm(*(value.denominator for row in entries for value in row))
    whole = [[value.numerator * (factor // value.denominator) for value in row] for row in entries]
    return np.array(whole, dtype=object).reshape(layer.output_dim, layer.input_dim + 1), factor


def _kinds(rows: NDArray[np.bool_]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Where each of the different rows comes first, and which of them each row is."""
    packed = np.packbits(rows, axis=1) if rows.shape[1] else np.zeros((len(rows), 1), dtype=np.uint8)
    _, example, kind_of = np.unique(packed, axis=0, return_index=True, return_inverse=True)
    return example, kind_of.reshape(-1)


def _next_in_cell(cells: NDArray[np.intp], starts: NDArray[np.int64]) -> NDArray[np.intp]:
    """For each entry of cells' lists, one after the other, the next one of its list, cyclically."""
    following = np.arange(1, len(cells) + 1)
    following[starts[1:] - 1] = starts[:-1]
    return following


def _meetings(rows: Integers, others: Integers) -> Integers:
    """Where the lines of pairs of rows meet, in primitive integers."""
    (a, b, c), (d, e, f) = rows.T, others.T
    points = np.stack([c * e - f * b, f * a - c * d, a * e - b * d], axis=1)
    primitive: Integers = points // np.gcd.reduce(points, axis=1)[:, None]
    return primitive


def _round_cells(rows: Integers, cells: NDArray[np.intp], starts: NDArray[np.int64]) -> Integers:
    """The rows of each cell by the angles of their normals.

    Floats sort them, and that they are sorted is decided by integers: each turns left to the next, and they go round
    once. Where it is not so, normals are nearly parallel, and integers sort them.
    """
    normals = nearest_floats(rows[:, :2].ravel().tolist()).reshape(-1, 2)
    rows = rows[np.lexsort([np.arctan2(normals[:, 1], normals[:, 0]), cells])]
    following = _next_in_cell(cells, starts)
    turns = rows[:, 0] * rows[following, 1] - rows[:, 1] * rows[following, 0]
    upper = (rows[:, 1] > 0) | ((rows[:, 1] == 0) & (rows[:, 0] > 0))
    rounds = np.add.reduceat((~upper & upper[following]).astype(np.intp), starts[:-1])
    for cell in sorted({*cells[turns <= 0].tolist(), *np.flatnonzero(rounds != 1).tolist()}):
        own = slice(starts[cell], starts[cell + 1])
        rows[own] = _sorted_exactly(rows[own])
    return rows


def _sorted_exactly(rows: Integers) -> Integers:
    facets = cyclic_facets([Halfspace.of(row[:2], row[2]) for row in rows.tolist()])
    assert facets is not None, "a cell of a bounded window is bounded"
    return np.array([(*row.normal, row.offset) for row, _, _ in facets], dtype=object)


def area_text(area: Enclosure, digits: int = 4) -> str:
    """An area with as many of so many significant digits as its bounds leave no doubt about.

    >>> area_text(Enclosure(2.99999, 3.00001)), area_text(Enclosure(1.23, 1.25)), area_text(Enclosure(0.0, 0.0))
    ('3.000', '1.2', '0')
    """
    if not area.high:
        return "0"
    for count in range(digits, 0, -1):
        low, high = (f"{end:#.{count}g}".rstrip(".") for end in (area.low, area.high))
        if low == high:
            return low
    return f"about {area.mid:.1g}"
