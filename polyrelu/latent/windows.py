r"""One layer's latent space as superposed half-space pairs.

For y = relu(W z + b), with W of d rows and h columns, each row i splits the latent space R^h into an active half-space,
:math:`W_i z + b_i > 0`, and a silent one, where :math:`y_i = 0`. A :class:`LatentPlane` shows all d pairs at once in a
window, a polygon in R^h or in a two-dimensional slice of it; a :class:`LatentCube` in a cube of three dimensions. Where
features of a later layer are active, in the space of an earlier one, says :mod:`polyrelu.latent.feature_zones`.

The window is a simple polygon, convex or not. It is triangulated once; lines cut the triangles exactly, and
:func:`polyrelu.analysis.outline.polygons_around` puts the parts together again. Polygons are closed. The parts of them
that lie in a boundary :math:`W_i z + b_i = 0` belong to the silent side, and show on both.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any, TypeAlias

from polyrelu.analysis.outline import Polygon, polygons_around
from polyrelu.arithmetic.exact import ExactMatrix, ExactVector, exact, exact_matrix, exact_vector
from polyrelu.arithmetic.ieee import format_of
from polyrelu.engines.preimage import linear_regions
from polyrelu.errors import DimensionError, InputError
from polyrelu.latent.rounded_planes import Plane, window_coordinates
from polyrelu.networks.layer import Layer
from polyrelu.networks.linear_constraints import coordinate
from polyrelu.networks.network import Network
from polyrelu.polyhedra.convex_polygon import convex_polygon
from polyrelu.polyhedra.halfspace import Halfspace
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.polyhedra.simple_polygon import Corners, directed_edges, require_simple, split, triangulate
from polyrelu.support.arguments import as_whole, one_of
from polyrelu.support.carried import Carried
from polyrelu.support.numerals import shown
from polyrelu.support.shown import Shown

Polygons: TypeAlias = tuple[Polygon, ...]
Subset: TypeAlias = tuple[int, ...]
_WINDOWS = ("traced", "hull")


@dataclass(frozen=True, init=False, repr=False)
class LatentPlane(Carried, Shown):
    """A window of the plane {W z + b} in R^d, cut by the coordinate hyperplanes y_i = 0.

    Coordinates in the window have the bias as origin and the columns of the basis as axes: z = B u and y = W B u + b.

    Args:
        vertices: the window's corners, points of the plane in R^d, in the order in which they are traced. An array of
            floats may be off the plane by the rounding of its dtype, see :mod:`polyrelu.latent.rounded_planes`.
        W_dec: the weight W, d rows of h numbers.
        bias: d numbers, by default zeros.
        basis: B, h rows of two numbers; by default the identity, for h = 2.
        window: ``"traced"`` for the polygon that the vertices trace, ``"hull"`` for their convex hull.

    Example:
        >>> plane = LatentPlane.from_coordinates([(0, 0), (4, 0), (4, 4), (0, 4)], [[1, 0], [1, 1]], [-1, -2])
        >>> {subset: str(sum(p.area() for p in polygons)) for subset, polygons in plane.regions().items()}
        {(): '3/2', (0,): '1/2', (0, 1): '23/2', (1,): '5/2'}

    Raises:
        InexactError: an entry has no exact rational value.
        DimensionError: shapes that do not agree, or vertices whose affine rank is not 2; the message says the rank.
        InputError: a vertex off the plane, or an outline that meets itself; the message names the two edges.
    """

    window: Corners
    plane: Plane

    def __init__(
        self,
        vertices: Iterable[Iterable[Any]],
        W_dec: Iterable[Iterable[Any]],
        bias: Iterable[Any] | None = None,
        basis: Iterable[Iterable[Any]] | None = None,
        window: str = "traced",
    ) -> None:
        plane = _plane(W_dec, bias, basis)
        points = exact_matrix(vertices, "LatentPlane: vertices", len(plane.offset))
        corners = window_coordinates(plane, _some(points), format_of(vertices), "LatentPlane: vertices")
        self._set(_outlined(corners, window, "LatentPlane"), plane)

    @classmethod
    def from_coordinates(
        cls,
        corners: Iterable[Iterable[Any]],
        W_dec: Iterable[Iterable[Any]],
        bias: Iterable[Any] | None = None,
        basis: Iterable[Iterable[Any]] | None = None,
        window: str = "traced",
    ) -> LatentPlane:
        """The plane with the window's corners given in the plane's own two coordinates u.

        Arguments and errors as for the class.
        """
        plane = _plane(W_dec, bias, basis)
        points = _some(exact_matrix(corners, "LatentPlane: corners", 2))
        flat = Plane(((Fraction(1), Fraction(0)), (Fraction(0), Fraction(1))), (Fraction(0), Fraction(0)))
        return cls.from_window(window_coordinates(flat, points, None, "LatentPlane: corners"), plane, window)

    @classmethod
    def from_window(
        cls,
        corners: Corners,
        plane: Plane,
        window: str = "traced",
        where: str = "LatentPlane",
        names: Sequence[str] | None = None,
    ) -> LatentPlane:
        """The plane with a window whose corners are exact coordinates of rank two; ``names`` are theirs in errors."""
        latent = object.__new__(cls)
        latent._set(_outlined(corners, window, where, names), plane)
        return latent

    def _set(self, window: Corners, plane: Plane) -> None:
        object.__setattr__(self, "window", window)
        object.__setattr__(self, "plane", plane)

    @property
    def feature_count(self) -> int:
        """The number d of features."""
        return len(self.plane.offset)

    @property
    def directions(self) -> ExactMatrix:
        """The rows of W B: how each feature grows along the two coordinates."""
        return self.plane.matrix

    def form(self, feature: int | str) -> tuple[ExactVector, Fraction]:
        """Normal and offset of a feature before its ReLU: ``y_i = normal . u + offset``."""
        i = feature_number(feature, self.feature_count, "LatentPlane")
        return self.plane.matrix[i], self.plane.offset[i]

    def coordinates(self, points: Iterable[Iterable[Any]] | None = None) -> ExactMatrix:
        """Points of the plane in R^d in its two coordinates; by default the window's corners.

        Raises:
            InputError: a point is off the plane.
        """
        if points is None:
            return self.window
        found = []
        for k, point in enumerate(exact_matrix(points, "coordinates: points", self.feature_count)):
            u = self.plane.coordinates(point)
            if u is None:
                raise InputError(f"coordinates: point {k} is not in the plane W z + b; only points of it have any")
            found.append(u)
        return tuple(found)

    def embedded(self, points: Iterable[ExactVector] | None = None) -> ExactMatrix:
        """Points given by their coordinates as points of the plane in R^d; by default the window's corners."""
        return tuple(self.plane.point(u) for u in (self.window if points is None else points))

    @cached_property
    def triangles(self) -> tuple[Corners, ...]:
        """A triangulation of the window."""
        return triangulate(self.window)

    @cached_property
    def outline(self) -> Polygon:
        """The window as a polygon: counter-clockwise, without straight vertices."""
        (polygon,) = _assembled(self.triangles)
        return polygon

    def active(self, feature: int | str) -> Polygons:
        """The part of the window where a feature is positive: one polygon for each connected piece."""
        normal, offset = self.form(feature)
        return _assembled(split(triangle, normal, offset)[0] for triangle in self.triangles)

    def silent(self, feature: int | str) -> Polygons:
        """The part of the window where a feature is zero; all of it where the window lies in the hyperplane."""
        normal, offset = self.form(feature)
        return _assembled(split(triangle, normal, offset)[1] for triangle in self.triangles)

    def crossings(self, feature: int | str) -> Corners:
        """The points where the window's outline meets the hyperplane y_i = 0, ordered.

        Of an edge, or a run of edges, that lies in the hyperplane, the two ends; of an outline that lies in it
        altogether, none.
        """
        normal, offset = self.form(feature)
        corners = [point for k, point in enumerate(self.window) if point != self.window[k - 1]]
        values = [normal[0] * x + normal[1] * y + offset for x, y in corners]
        found = set()
        for k, (point, value) in enumerate(zip(corners, values, strict=True)):
            before, earlier, later = corners[k - 1], values[k - 1], values[(k + 1) % len(values)]
            if earlier * value < 0:
                part = earlier / (earlier - value)
                found.add(tuple(a + part * (b - a) for a, b in zip(before, point, strict=True)))
            if value == 0 and (earlier != 0 or later != 0):
                found.add(point)
        return tuple(sorted(found))

    @cached_property
    def _cells(self) -> Mapping[Subset, list[Corners]]:
        cells: dict[Subset, list[Corners]] = {(): list(self.triangles)}
        for i in range(self.feature_count):
            normal, offset = self.form(i)
            finer: dict[Subset, list[Corners]] = {}
            for subset, pieces in cells.items():
                for piece in pieces:
                    for own, part in zip(((i,), ()), split(piece, normal, offset), strict=True):
                        if part:
                            finer.setdefault(subset + own, []).append(part)
            cells = finer
        return cells

    def region(self, subset: Iterable[int | str]) -> Polygons:
        """The part of the window where exactly the features of a subset are active."""
        chosen = tuple(sorted({feature_number(i, self.feature_count, "region") for i in subset}))
        return _assembled(self._cells.get(chosen, ()))

    def regions(self) -> dict[Subset, Polygons]:
        """For each subset of the features, the part of the window where exactly these are active, if it has an area.

        Cost: a cut for each feature and each convex piece found so far; d lines make at most quadratically many.
        """
        return {subset: _assembled(pieces) for subset, pieces in sorted(self._cells.items())}

    def counts(self) -> dict[int, Polygons]:
        """How many features superpose: for each number, the part of the window where that many are active."""
        by_count: dict[int, list[Corners]] = {}
        for subset, pieces in self._cells.items():
            by_count.setdefault(len(subset), []).extend(pieces)
        return {count: _assembled(pieces) for count, pieces in sorted(by_count.items())}

    def __repr__(self) -> str:
        return f"LatentPlane({self.feature_count} features, a window with {len(self.window)} vertices)"


def _outlined(corners: Corners, window: str, where: str, names: Sequence[str] | None = None) -> Corners:
    """The window that corners trace, or that is their convex hull."""
    if one_of(window, _WINDOWS, where, "window") == "hull":
        return convex_polygon(corners)
    fix = "pass the corners in another order, or window='hull' for their convex hull"
    require_simple(corners, f"{where}: window", names, fix)
    return corners


def _some(points: ExactMatrix) -> ExactMatrix:
    if not points:
        raise DimensionError("LatentPlane: there are no vertices; a window needs at least three")
    return points


def _plane(W_dec: Iterable[Iterable[Any]], bias: Iterable[Any] | None, basis: Iterable[Iterable[Any]] | None) -> Plane:
    weight, offset, axes = _layer("LatentPlane", W_dec, bias, basis, 2)
    return Plane(weight, offset, axes)


def _layer(
    where: str,
    weight: Iterable[Iterable[Any]],
    bias: Iterable[Any] | None,
    basis: Iterable[Iterable[Any]] | None,
    dim: int,
) -> tuple[ExactMatrix, ExactVector, ExactMatrix | None]:
    """A layer and the basis of a slice of its latent space with ``dim`` columns, checked."""
    rows = exact_matrix(weight, f"{where}: weight")
    offset = exact_vector([0] * len(rows) if bias is None else bias, f"{where}: bias")
    if not rows or len(offset) != len(rows):
        raise DimensionError(
            f"{where}: the weight has {len(rows)} rows but bias {len(offset)} entries; they must agree"
        )
    width = len(rows[0])
    if basis is None:
        if width != dim:
            raise DimensionError(
                f"{where}: the latent space is R^{width}; pass basis=, {width} rows of {dim} numbers, to choose a slice"
            )
        return rows, offset, None
    axes = exact_matrix(basis, f"{where}: basis", dim)
    if len(axes) != width:
        raise DimensionError(f"{where}: basis has {len(axes)} rows but the latent space is R^{width}; they must agree")
    return rows, offset, axes


def feature_number(feature: int | str, count: int, where: str) -> int:
    """The number of a feature that is given by it, or by its name ``"y0"``, ``"h_0"``."""
    if isinstance(feature, str):
        return coordinate(feature, count)
    number = as_whole(feature)
    if number is None or not 0 <= number < count:
        raise InputError(f"{where}: there is no feature {shown(feature)}; they are 0 to {count - 1}")
    return number


def _assembled(pieces: Iterable[Corners]) -> Polygons:
    return polygons_around(directed_edges(piece) for piece in pieces if piece)


@dataclass(frozen=True, init=False, repr=False)
class LatentCube(Carried, Shown):
    """A cube in a three-dimensional slice of the latent space of relu(W z + b), cut by each feature's half-space.

    Coordinates u in R^3 have z = B u: the bias is their origin, and the columns of the basis their axes.

    Args:
        basis: B, h rows of three numbers; None is the identity, for h = 3.
        W: d rows of h numbers.
        bias: d numbers, by default zeros.
        half_width: the cube is ``|u_j| <= half_width``.

    Example:
        >>> cube = LatentCube(None, [[1, 0, 0], [1, 1, 1]], [0, -2], 1)
        >>> str(cube.active(0).volume()), {subset: str(cell.volume()) for subset, cell in cube.cells().items()}
        ('4', {(): '4', (0,): '23/6', (0, 1): '1/6'})

    Raises:
        InexactError: an entry has no exact rational value.
        DimensionError: shapes that do not agree.
        InputError: a half width that is not positive.
    """

    layer: Layer
    half_width: Fraction

    def __init__(
        self,
        basis: Iterable[Iterable[Any]] | None,
        W: Iterable[Iterable[Any]],
        bias: Iterable[Any] | None = None,
        half_width: Any = 1,
    ) -> None:
        weight, offset, axes = _layer("LatentCube", W, bias, basis, 3)
        width = _positive(half_width, "LatentCube: half_width")
        rows = weight if axes is None else tuple(_times(row, axes) for row in weight)
        object.__setattr__(self, "layer", Layer.from_rows(rows, offset, [True] * len(rows), 3))
        object.__setattr__(self, "half_width", width)

    @property
    def feature_count(self) -> int:
        """The number d of features."""
        return self.layer.output_dim

    @cached_property
    def cube(self) -> Polyhedron:
        """The cube in the coordinates u."""
        return Polyhedron.box([-self.half_width] * 3, [self.half_width] * 3)

    def active(self, feature: int | str) -> Polyhedron:
        """The part of the cube where a feature is positive; open there."""
        return self._cut(self._silent_row(feature).violated()[0])

    def silent(self, feature: int | str) -> Polyhedron:
        """The part of the cube where a feature is zero."""
        return self._cut(self._silent_row(feature))

    def _silent_row(self, feature: int | str) -> Halfspace:
        i = feature_number(feature, self.feature_count, "LatentCube")
        return Halfspace.of(self.layer.rows[i], -self.layer.offsets[i])

    def _cut(self, row: Halfspace) -> Polyhedron:
        return self.cube & Polyhedron.from_halfspaces([row], 3)

    def cells(self) -> dict[Subset, Polyhedron]:
        """For each subset of the features, the closed part of the cube where exactly these are active, if not flat."""
        found = {}
        for tile in linear_regions(Network([self.layer]), self.cube):
            bits = [character == "1" for character in tile.pattern]
            found[tuple(i for i, on in enumerate(bits) if on)] = tile.polyhedron
        return dict(sorted(found.items()))

    def __repr__(self) -> str:
        return f"LatentCube({self.feature_count} features, half width {self.half_width})"


def _positive(half_width: Any, where: str) -> Fraction:
    width = exact(half_width, where)
    if width <= 0:
        raise InputError(f"{where} is {shown(width)}; it must be positive")
    return width


def _times(row: ExactVector, matrix: ExactMatrix) -> ExactVector:
    columns = zip(*matrix, strict=True)
    return tuple(sum((a * b for a, b in zip(row, column, strict=True)), Fraction(0)) for column in columns)
