"""A network on a line, a plane or a space through its inputs, which is a network of few inputs.

Many questions about networks of hundreds of inputs are asked on a slice: along a segment between two images, on the
plane through three. There the first layer is one exact product smaller, and everything else is as it was: engines,
zones, volumes and pictures see a network of one, two or three inputs, and :meth:`Slice.lift` says where in the inputs
an answer lies.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
from flint import fmpq_mat

from polyrelu.arithmetic.exact import (
    ExactMatrix,
    ExactVector,
    exact_array,
    exact_matrix,
    exact_vector,
    flint_matrix,
    is_float_array,
    matrix_rows,
    row_echelon,
)
from polyrelu.errors import DimensionError, InputError
from polyrelu.networks.layer import Layer
from polyrelu.networks.network import Network
from polyrelu.networks.questions import Domain, given_region
from polyrelu.polyhedra.cutting_planes import without_implied
from polyrelu.polyhedra.images import preimage_rows
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support.arguments import instance, items


@dataclass(frozen=True, init=False, repr=False)
class Slice(Network):
    """``u -> f(origin + u_0 directions_0 + u_1 directions_1 + ...)`` for a network f: R^n -> R^m, as a network.

    Made by :func:`slice_of`, as ``network.slice(origin, directions)``.

    Attributes:
        origin: a point of R^n.
        directions: k independent vectors of R^n.

    Example:
        >>> from polyrelu import preimage
        >>> net = Network([([[1, 1, -1]], [0])], relu=[False])
        >>> line = net.slice([0, 0, 1], [[1, 2, 0]])
        >>> (tile,) = preimage(line, Polyhedron([[1]], [2]), Polyhedron.box([0], [5]))
        >>> [line.lift(vertex) for vertex in tile.polyhedron.vertices]
        [(Fraction(0, 1), Fraction(0, 1), Fraction(1, 1)), (Fraction(1, 1), Fraction(2, 1), Fraction(1, 1))]
    """

    origin: ExactVector
    directions: ExactMatrix

    @property
    def input_names(self) -> tuple[str, ...]:
        """What pictures and pages call the coordinates of the slice: u0, u1, ..."""
        return tuple(f"u{i}" for i in range(self.input_dim))

    def with_layers(self, layers: Iterable[Layer]) -> Slice:
        """Other layers on the same slice."""
        made = object.__new__(Slice)
        for name, value in (("layers", tuple(layers)), ("origin", self.origin), ("directions", self.directions)):
            object.__setattr__(made, name, value)
        return made

    def lift(self, points: Any) -> Any:
        """Where points of the slice are among the inputs.

        Args:
            points: one point of k numbers, or several as a list or an array of shape (p, k).

        Returns:
            For one exact point a tuple of n Fractions, for several an object array of shape (p, n). For a numpy float
            array floats, not exact.

        Raises:
            DimensionError: the points do not have k coordinates.
        """
        if is_float_array(points):
            self._require_coordinates(points.shape[-1] if points.ndim else 0)
            origin, directions = (np.array(part, dtype=np.float64) for part in (self.origin, self.directions))
            return points @ directions + origin
        given = items(points, "lift: points", "pass one point of numbers, or a list of points")
        single = not given or not isinstance(given[0], (list, tuple, np.ndarray))
        rows = exact_matrix([given] if single else given, "lift: point")
        for row in rows:
            self._require_coordinates(len(row))
        lifted = matrix_rows(flint_matrix([(*row, 1) for row in rows], self.input_dim + 1) * self._frame)
        return lifted[0] if single else exact_array(lifted, (len(rows), len(self.origin)))

    def lift_set(self, polyhedron: Polyhedron) -> Polyhedron:
        """A set of the slice, such as a tile's polyhedron, as the flat set of R^n that it is there.

        Raises:
            DimensionError: it is not in R^k.

        Cost: through its vertices.
        """
        given = instance(polyhedron, Polyhedron, "lift_set: polyhedron", "pass a Polyhedron, such as tile.polyhedron")
        self._require_coordinates(given.ambient_dim)
        return given.affine_image(tuple(zip(*self.directions, strict=True)), self.origin)

    def restrict(self, polyhedron: Domain) -> Polyhedron:
        """The part of a set of R^n, such as the box of allowed inputs, that lies in the slice, in its coordinates.

        The set is passed like a domain, see :func:`polyrelu.preimage`.

        Raises:
            DimensionError: it is not in R^n.
        """
        given = given_region(polyhedron, len(self.origin), "restrict: polyhedron")
        if given.ambient_dim != len(self.origin):
            raise DimensionError(
                f"restrict: the set is in R^{given.ambient_dim}, but the slice in R^{len(self.origin)}"
            )
        columns = tuple(zip(*self.directions, strict=True))
        rows = preimage_rows(given.halfspaces, columns, self.origin, self.input_dim)
        return without_implied(rows, self.input_dim)

    def coordinates(self, point: Iterable[Any]) -> ExactVector:
        """The coordinates in the slice of a point of R^n.

        Raises:
            DimensionError: it is not in R^n.
            InputError: it does not lie in the slice.
        """
        given = exact_vector(point, "coordinates: point", len(self.origin))
        shifted = flint_matrix([[x - o for x, o in zip(given, self.origin, strict=True)]], len(given))
        directions = flint_matrix(self.directions, len(given))
        (found,) = matrix_rows(shifted * directions.transpose() * self._inverse)
        if matrix_rows(flint_matrix([found], self.input_dim) * directions) != matrix_rows(shifted):
            raise InputError("coordinates: the point is not in the slice, so it has no coordinates there")
        return found

    def _require_coordinates(self, count: int) -> None:
        if count != self.input_dim:
            raise DimensionError(f"lift: a point has {count} coordinates, but the slice has {self.input_dim}")

    @cached_property
    def _frame(self) -> fmpq_mat:
        return flint_matrix([*self.directions, self.origin], len(self.origin))

    @cached_property
    def _inverse(self) -> fmpq_mat:
        """Of the directions' scalar products with one another."""
        directions = flint_matrix(self.directions, len(self.origin))
        return (directions * directions.transpose()).inv()

    def __repr__(self) -> str:
        return f"Slice({'-'.join(map(str, self.widths))} in R^{len(self.origin)}, {self.neuron_count} ReLU neurons)"


def slice_of(network: Network, origin: Iterable[Any], directions: Iterable[Iterable[Any]]) -> Slice:
    """A network on the line, plane or space ``origin + u_0 directions_0 + u_1 directions_1 + ...`` of its inputs.

    Args:
        network: R^n -> R^m.
        origin: a point of R^n.
        directions: k vectors of R^n, linearly independent. Float arrays stand for the numbers that they are.

    Raises:
        DimensionError: the origin or a direction is not in R^n, or there are none.
        InputError: the directions are dependent.

    Cost: one exact product of the first weight with the directions.
    """
    dim = network.input_dim
    start = exact_vector(origin, "slice: origin", dim)
    along = exact_matrix(directions, "slice: directions", dim)
    if not along:
        raise DimensionError("slice: there are no directions; pass one for a line, two for a plane")
    pivots = row_echelon(along, dim)[1]
    if len(pivots) < len(along):
        raise InputError(f"slice: the {len(along)} directions span only {len(pivots)} dimensions; leave some out")
    first = network.layers[0]
    frame = flint_matrix([(*row, Fraction(0)) for row in along] + [(*start, Fraction(1))], dim + 1)
    rows = matrix_rows(first.after(frame.transpose()))
    layer = Layer.from_rows(tuple(row[:-1] for row in rows), tuple(row[-1] for row in rows), first.relu, len(along))
    made = object.__new__(Slice)
    for name, value in (("layers", (layer, *network.layers[1:])), ("origin", start), ("directions", along)):
        object.__setattr__(made, name, value)
    return made


def plane_through(*points: Iterable[Any]) -> tuple[ExactVector, ExactMatrix]:
    """Origin and directions of the plane through three points, for ``network.slice``; of the line through two.

    In the slice the first point has the coordinates 0, and the others the unit vectors.

    Args:
        points: two points of R^n for a line, three for a plane, four for a space.

    Example:
        >>> origin, directions = plane_through([1, 0, 0], [0, 1, 0], [0, 0, 1])
        >>> directions == ((-1, 1, 0), (-1, 0, 1))
        True

    Raises:
        DimensionError: points in different spaces, or fewer than two.
    """
    given = exact_matrix(points, "plane_through: points")
    if len(given) < 2:
        raise DimensionError(f"plane_through: a plane takes three points, a line two; got {len(given)}")
    origin = given[0]
    return origin, tuple(tuple(x - o for x, o in zip(point, origin, strict=True)) for point in given[1:])
