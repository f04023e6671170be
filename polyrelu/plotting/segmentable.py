r"""Latent planes and cubes under the names and signatures of a public library for one-layer latent spaces.

The library is the "Latent Space Visualizer for 1-layer ReLU MLP" (``segmentable_spaces``). Its example runs as printed,
with exact geometry behind it and Axes returned instead of a window shown:

>>> import numpy as np
>>> from polyrelu import get_rigged_bias, get_unit_2d_vectors_regularly_spaced, segment_and_plot
>>> num_feats = 6
>>> W_enc = get_unit_2d_vectors_regularly_spaced(num_vecs=num_feats)
>>> W_dec = W_enc.T
>>> b = get_rigged_bias(num_dims=num_feats)
>>> plane_vertices = np.eye(6) @ W_enc.T @ W_dec.T + b
>>> axes = segment_and_plot(plane_vertices, W_enc, W_dec, bias=b, Z=3, plot_title='Example plot')
>>> axes.get_title(), axes.get_xlim() == (-3, 3), axes.get_aspect()
('Example plot', True, 1.0)

Each feature is alone on a part of its own, and overlaps with its neighbours only:

>>> plane = latent_plane(plane_vertices, W_enc, W_dec, b)
>>> [len(plane.active(i)) for i in range(6)]
[1, 1, 1, 1, 1, 1]
>>> all(plane.region([i]) and plane.region([i, (i + 1) % 6]) for i in range(6))
True

The library's prose calls the corners ``plane_points``, its code ``plane_vertices``; both names are taken.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from polyrelu.arithmetic.exact import (
    ExactMatrix,
    ExactVector,
    FloatArray,
    exact,
    exact_matrix,
    exact_vector,
    flint_matrix,
    matrix_rows,
    primitive,
    row_echelon,
    to_float,
)
from polyrelu.arithmetic.ieee import format_of
from polyrelu.errors import DimensionError, InputError
from polyrelu.latent.rounded_planes import Plane, affine_rank, window_coordinates
from polyrelu.latent.windows import LatentCube, LatentPlane
from polyrelu.plotting.latent import plot_latent_plane
from polyrelu.plotting.saving import into_files
from polyrelu.polyhedra.convex_polygon import angle
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support.arguments import MOST_DIMENSIONS, also_called, instance, whole_number
from polyrelu.support.numerals import shown

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from polyrelu.plotting.saving import Place


def regular_unit_vectors(n: int) -> FloatArray:
    """Unit vectors of the plane, n of them at equal angles from (1, 0) on, the columns of a (2, n) float array."""
    angles = 2 * np.pi * np.arange(whole_number(n, "regular_unit_vectors: n", 1, MOST_DIMENSIONS)) / n
    return np.stack([np.cos(angles), np.sin(angles)])


def rigged_bias(n: int) -> FloatArray:
    """The number -cos(2 pi / n), n times: for n regular unit vectors just negative enough to tell neighbours apart."""
    count = whole_number(n, "rigged_bias: n", 1, MOST_DIMENSIONS)
    return np.full(count, -np.cos(2 * np.pi / count))


def get_unit_2d_vectors_regularly_spaced(num_vecs: int) -> FloatArray:
    """The library's name of :func:`regular_unit_vectors`: the columns of a (2, num_vecs) float array.

    >>> get_unit_2d_vectors_regularly_spaced(num_vecs=4).round(3) + 0.0
    array([[ 1.,  0., -1.,  0.],
           [ 0.,  1.,  0., -1.]])
    """
    return regular_unit_vectors(num_vecs)


def get_rigged_bias(num_dims: int) -> FloatArray:
    """The library's name of :func:`rigged_bias`: the number -cos(2 pi / num_dims), num_dims times."""
    return rigged_bias(num_dims)


def clockwise_order(rows: Sequence[ExactVector]) -> list[int]:
    """The order of vectors in the plane clockwise from the first; zero vectors come last. Exact."""
    directions = [primitive(row) for row in rows]
    x, y = next((direction for direction in directions if any(direction)), (1, 0))
    turned = [(x * a + y * b, y * a - x * b) for a, b in directions]
    nonzero = [k for k, vector in enumerate(turned) if any(vector)]
    return sorted(nonzero, key=lambda k: angle(turned[k])) + [k for k, vector in enumerate(turned) if not any(vector)]


class SegmentablePlane:
    """The polygon traced by points of a plane in R^d, to be cut by coordinate hyperplanes.

    Args:
        plane_points: the corners, n rows of d numbers, of affine rank 2.
        W: features in the latent plane: d rows of two numbers, or its transpose. Where an array of corners in floats is
            off any plane by rounding, they are taken as rounded points of {W z + bias}, see
            :mod:`polyrelu.latent.rounded_planes`.
        bias: d numbers, by default zeros.
        reorient: order features, and the corners with them, clockwise from the first.
        window: ``"traced"`` for the polygon that the corners trace, ``"hull"`` for their convex hull.

    Attributes:
        plane: the :class:`~polyrelu.latent.windows.LatentPlane` that does the work.
        reorient_ordering: the order of the corners.

    Raises:
        DimensionError: shapes that do not agree, or corners of another rank than 2.
        InputError: an outline that meets itself.
    """

    @also_called(plane_vertices="plane_points")
    def __init__(
        self,
        plane_points: Iterable[Iterable[Any]],
        W: Iterable[Iterable[Any]],
        bias: Iterable[Any] | None = None,
        reorient: bool = False,
        window: str = "traced",
    ) -> None:
        points = exact_matrix(plane_points, "SegmentablePlane: plane_points")
        dim = len(points[0]) if points else 0
        weight = _rows_of(exact_matrix(W, "SegmentablePlane: W"), dim)
        offset = exact_vector([0] * dim if bias is None else bias, "SegmentablePlane: bias", dim)
        ordering = list(range(len(points)))
        if reorient:
            if any(len(row) != 2 for row in weight) or len(weight) != len(points):
                raise DimensionError(
                    f"SegmentablePlane: reorient needs one feature in R^2 for each of the {len(points)} corners, but "
                    f"W has {len(weight)} rows of {len(weight[0]) if weight else 0} numbers"
                )
            ordering = clockwise_order(weight)
        self.W = tuple(weight[k] for k in ordering) if reorient else weight
        self.bias = offset
        self.plane_vertices = tuple(points[k] for k in ordering)
        self.reorient_ordering = tuple(ordering)
        plane = _plane_through(self.plane_vertices, weight, offset)
        guesses = self.W if len(self.W) == len(points) and plane.weight == weight else None
        corners = window_coordinates(
            plane, self.plane_vertices, format_of(plane_points), "SegmentablePlane: plane_points", guesses
        )
        self.plane = LatentPlane.from_window(corners, plane, window, "SegmentablePlane", _names(ordering, len(weight)))

    def break_into_segments(self, dim_idx: int) -> tuple[list[ExactMatrix], list[ExactMatrix]]:
        """The pieces with ``y_i > 0`` and those with ``y_i <= 0``, each an outline of exact points in R^d."""
        active, silent = self.plane.active(dim_idx), self.plane.silent(dim_idx)
        return [self.plane.embedded(p.outer) for p in active], [self.plane.embedded(p.outer) for p in silent]

    def convert_to_2d(
        self, segments: Iterable[Iterable[Iterable[Any]]], bias: Iterable[Any], basis: Iterable[Iterable[Any]]
    ) -> list[ExactMatrix]:
        """Points in R^d as coordinates with ``bias`` as origin and the basis as axes; points off the plane projected.

        Args:
            segments: lists of points in R^d.
            bias: d numbers.
            basis: two vectors of d numbers, or the transpose.

        Raises:
            DimensionError: the basis vectors are dependent, or not in R^d.
        """
        dim = len(self.bias)
        origin = exact_vector(bias, "convert_to_2d: bias", dim)
        rows = _rows_of(exact_matrix(basis, "convert_to_2d: basis"), dim)
        if len(rows) != dim or len(row_echelon(rows, len(rows[0]))[0]) != 2 or len(rows[0]) != 2:
            raise DimensionError(f"convert_to_2d: the basis must be two independent vectors in R^{dim}")
        columns = flint_matrix(rows, 2)
        project = (columns.transpose() * columns).inv() * columns.transpose()
        converted = []
        for segment in segments:
            points = exact_matrix(segment, "convert_to_2d: segment", dim)
            shifted = [[x - o for x, o in zip(point, origin, strict=True)] for point in points]
            converted.append(matrix_rows(flint_matrix(shifted, dim) * project.transpose()))
        return converted


class SegmentableCube(LatentCube):
    """A :class:`~polyrelu.latent.windows.LatentCube` whose basis is given as three vectors of the latent space R^h.

    Args:
        basis_vectors: three vectors of h numbers.
        W: d rows of h numbers.
        bias: d numbers, by default zeros.
        half_width: the cube's, along each basis vector.
    """

    def __init__(
        self,
        basis_vectors: Iterable[Iterable[Any]],
        W: Iterable[Iterable[Any]],
        bias: Iterable[Any] | None = None,
        half_width: Any = 1,
    ) -> None:
        rows = exact_matrix(W, "SegmentableCube: W")
        vectors = exact_matrix(basis_vectors, "SegmentableCube: basis_vectors")
        if len(vectors) != 3:
            raise DimensionError(f"SegmentableCube: a cube needs 3 basis vectors, got {len(vectors)}")
        super().__init__(tuple(zip(*vectors, strict=True)), rows, [0] * len(rows) if bias is None else bias, half_width)

    def break_into_segments(self, dim_idx: int) -> tuple[Polyhedron, Polyhedron]:
        """The parts of the cube with ``y_i > 0`` and with ``y_i <= 0``."""
        return self.active(dim_idx), self.silent(dim_idx)


@also_called(plane_vertices="plane_points")
def latent_plane(
    plane_points: Iterable[Iterable[Any]],
    W_enc: Iterable[Iterable[Any]],
    W_dec: Iterable[Iterable[Any]],
    bias: Iterable[Any] | None = None,
    window: str = "traced",
) -> LatentPlane:
    """The latent plane of ``y = relu(W_dec W_enc x + bias)`` in the window that points trace.

    Args:
        plane_points: n rows of d numbers. Where there is one for each feature, they are traced clockwise by the
            direction of the features, the columns of W_enc; else in the given order. An array of floats may be off the
            plane by the rounding of its dtype, see :mod:`polyrelu.latent.rounded_planes`.
        W_enc: two rows of d numbers, or its transpose.
        W_dec: d rows of two numbers, or its transpose.
        bias: d numbers, by default zeros.
        window: ``"traced"`` for the polygon that the points trace, ``"hull"`` for their convex hull.

    Raises:
        DimensionError: shapes that do not agree, or points whose affine rank is not 2.
        InputError: a point off the plane, or an outline that meets itself; the message names the features.
    """
    points = exact_matrix(plane_points, "latent_plane: plane_points")
    dim = len(points[0]) if points else 0
    offset = exact_vector([0] * dim if bias is None else bias, "latent_plane: bias", dim if points else None)
    decoder = _rows_of(exact_matrix(W_dec, "latent_plane: W_dec"), dim)
    encoder = tuple(zip(*exact_matrix(W_enc, "latent_plane: W_enc"), strict=True))
    features = encoder if len(encoder) == dim else tuple(zip(*encoder, strict=True))
    if {len(features), len(decoder)} != {dim} or {len(row) for row in (*features, *decoder)} != {2}:
        raise DimensionError(
            f"latent_plane: with points of {dim} numbers W_enc must be (2, {dim}) and W_dec ({dim}, 2); for other "
            "latent spaces use LatentPlane with basis="
        )
    ordering, guesses = list(range(len(points))), None
    if len(features) == len(points):
        ordering = clockwise_order(features)
        points, guesses = tuple(points[k] for k in ordering), [features[k] for k in ordering]
    plane = Plane(decoder, offset)
    corners = window_coordinates(plane, points, format_of(plane_points), "latent_plane: plane_points", guesses)
    return LatentPlane.from_window(corners, plane, window, "latent_plane", _names(ordering, dim))


@also_called(plane_vertices="plane_points")
@into_files
def segment_and_plot(
    plane_points: Iterable[Iterable[Any]],
    W_enc: Iterable[Iterable[Any]],
    W_dec: Iterable[Iterable[Any]],
    bias: Iterable[Any] | None = None,
    Z: float = 3,
    plot_title: str | None = None,
    ax: Place | None = None,
    window: str = "traced",
) -> Axes:
    """Draw the superposed half-planes of ``y = relu(W_dec W_enc x + bias)``; the module has an example.

    Args:
        plane_points: as for :func:`latent_plane`, and so are the next ones.
        W_enc: two rows of d numbers.
        W_dec: d rows of two numbers.
        bias: d numbers, by default zeros.
        Z: half the width of the axes.
        plot_title: above them.
        ax: where to draw: axes, or the path of a picture to write; a new figure when absent.
        window: ``"traced"`` or ``"hull"``.

    Raises:
        DimensionError: as for :func:`latent_plane`.
        InputError: likewise; or Z is not positive, or the title no text.
        MissingExtraError: matplotlib is not installed.
    """
    given: Any = ax  # axes by now
    radius = to_float(exact(Z, "segment_and_plot: Z"))
    if radius <= 0:
        raise InputError(f"segment_and_plot: Z is {shown(Z)}; it must be positive, half the width of the axes")
    title = None if plot_title is None else instance(plot_title, str, "segment_and_plot: plot_title", "pass a text")
    plane = latent_plane(plane_points, W_enc, W_dec, bias, window)
    axes = plot_latent_plane(plane, given, radius=radius)
    if title is not None:
        axes.set_title(title)
    return axes


def _names(ordering: Sequence[int], features: int) -> list[str]:
    """What errors call the corners: features, where there is a corner for each."""
    return [f"{'feature' if len(ordering) == features else 'point'} {k}" for k in ordering]


def _rows_of(matrix: ExactMatrix, dim: int) -> ExactMatrix:
    """The matrix with one row for each of ``dim`` features, transposed if it has them as columns."""
    if matrix and len(matrix) != dim and len(matrix[0]) == dim:
        return tuple(zip(*matrix, strict=True))
    return matrix


def _plane_through(points: ExactMatrix, weight: ExactMatrix, offset: ExactVector) -> Plane:
    """The plane of W z + b, or else the one that the points span exactly."""
    fits = len(weight) == len(offset) and all(len(row) == 2 for row in weight)
    of_layer = Plane(weight, offset)
    spans = fits and len(row_echelon(weight, 2)[0]) == 2
    if spans and all(of_layer.coordinates(point) is not None for point in points):
        return of_layer
    rank = affine_rank(points) if points else -1
    if rank == 2 or not spans:
        if rank != 2:
            raise DimensionError(f"SegmentablePlane: plane_points have affine rank {rank}; a plane needs rank 2")
        sides = [tuple(x - o for x, o in zip(point, points[0], strict=True)) for point in points[1:]]
        _, pivots = row_echelon(tuple(zip(*sides, strict=True)), len(sides))
        first, second = (sides[k] for k in pivots)
        return Plane(tuple(zip(first, second, strict=True)), points[0])
    return of_layer
