r"""Coordinates of points of a plane {M u + o : u in R^2} in R^d, exact or recovered from rounded points.

The plane comes from a layer: :math:`M = W B` and :math:`o = b` with W of h columns and B the basis of a plane in R^h
(the identity when h = 2). Points of float arrays such as ``np.eye(6) @ W_enc.T @ W_dec.T + b`` lie in the plane up to
rounding only. A point v of floats in a format with unit roundoff u and least number :math:`\eta` (the table of
:mod:`polyrelu.arithmetic.ieee`) is *a rounded point of the plane* when some z in R^2 satisfies, in every coordinate,

.. math:: |v - M z - o| \le \gamma_k\, (|W| |B| |z| + |o|) + 2 \eta\, (c + C |z|),

the bound for computing it in that format. By Lemma 3.1 and section 3.1 of [Higham2002]_ in
:mod:`polyrelu.arithmetic.rounding`, summing h products and a bias in any order perturbs each term by at most
:math:`1 + \theta_{h+1}`, and storing W and b as floats by one factor more: k = h + 2. Where the latent point B z was
computed too, its terms carry :math:`\theta_3` (one conversion, one product, one addition): k = h + 5. Underflow adds at
most :math:`\eta / 2` for each product and each conversion, the latter times the factor it meets; four times as much
leaves room for later roundings: c = h + 1 and :math:`C |z| = \sum_j (|B| |z|)_j`, and with a basis
:math:`\sum_j |W_{ij}| (2 + |z_0| + |z_1|)` besides.

*Short formats* are often added up in a longer one, float16 and bfloat16 in float32, and rounded at the end. Then a term
passes at most h + 1 operations of the longer format, with roundings of :math:`u^2` at most, and two of u: one at the
end of the sum, one of the bias. As :math:`(1 + u^2)^{h+1} (1 + u)^2 \le (1 + u)^{h+1}` for :math:`2 \le h < 1 / u`,
that is within the bound. It says something for :math:`k u < 1` only: wider latent spaces in short formats are refused.

For each of the four sign patterns of z this is a system of linear inequalities, so whether such a z exists is decided
exactly. Any of them may stand for the point; one with few digits is taken.

No float decides anything here: the point is the dyadic number it stores, and the bound is evaluated over Fractions, at
every magnitude. It is about points that were computed in the format of their array, rounded to nearest, with gradual
underflow; what overflowed on the way is infinite or NaN, and such points have no exact value. Points that were rounded
more coarsely before, or in another mode, may be farther off, and are then refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import product

import numpy as np

from polyrelu.arithmetic.exact import (
    ExactMatrix,
    ExactVector,
    exact,
    exact_vector,
    flint_matrix,
    matrix_rows,
    nearest_floats,
    row_echelon,
)
from polyrelu.arithmetic.ieee import FloatFormat
from polyrelu.errors import DimensionError, InputError, PolyreluError
from polyrelu.polyhedra.halfspace import Halfspace
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support.carried import Carried


def affine_rank(points: Sequence[ExactVector]) -> int:
    """The dimension of the affine hull of points; exact."""
    differences = [tuple(x - o for x, o in zip(point, points[0], strict=True)) for point in points[1:]]
    return len(row_echelon(differences, len(points[0]))[0])


@dataclass(frozen=True)
class Plane(Carried):
    """The plane {M u + o} in R^d of a layer W z + b along z = B u.

    Attributes:
        weight: W, d rows of h numbers.
        offset: o = b, d numbers.
        basis: B, h rows of two numbers; None is the identity.
    """

    weight: ExactMatrix
    offset: ExactVector
    basis: ExactMatrix | None = None

    @cached_property
    def matrix(self) -> ExactMatrix:
        """M = W B, d rows of two numbers."""
        if self.basis is None:
            return self.weight
        return matrix_rows(flint_matrix(self.weight, len(self.basis)) * flint_matrix(self.basis, 2))

    def point(self, u: ExactVector) -> ExactVector:
        """M u + o."""
        return tuple(m[0] * u[0] + m[1] * u[1] + o for m, o in zip(self.matrix, self.offset, strict=True))

    def coordinates(self, point: ExactVector) -> ExactVector | None:
        """The u with M u + o = point, or None for a point off the plane; M has rank two. Cost: linear in d."""
        p, q, determinant = self._pivots
        (a, b), (c, d) = self.matrix[p], self.matrix[q]
        x, y = point[p] - self.offset[p], point[q] - self.offset[q]
        u = ((d * x - b * y) / determinant, (a * y - c * x) / determinant)
        return u if self.point(u) == point else None

    @cached_property
    def _pivots(self) -> tuple[int, int, Fraction]:
        _, pivots = row_echelon(tuple(zip(*self.matrix, strict=True)), len(self.matrix))
        if len(pivots) < 2:
            raise DimensionError(
                f"LatentPlane: the weight, along the basis, has rank {len(pivots)}; coordinates in a plane need rank 2"
            )
        p, q = pivots
        (a, b), (c, d) = self.matrix[p], self.matrix[q]
        return p, q, a * d - b * c


@dataclass(frozen=True)
class RoundedPoints(Carried):
    """What a format of floats makes of the points of a plane.

    Args:
        plane: of rank two.
        floats: the format.
        where: names the points in errors.

    Raises:
        DimensionError: the latent space has so many dimensions that nothing is known of sums of so many such floats.
    """

    plane: Plane
    floats: FloatFormat
    where: str = "points"

    def __post_init__(self) -> None:
        if self._steps * self._unit_roundoff >= 1:
            width = len(self.plane.weight[0])
            raise DimensionError(
                f"{self.where}: nothing is known of {self.floats.name} sums over a latent space of {width} dimensions; "
                "compute the points in float32 or float64"
            )

    def coordinates(self, point: ExactVector, guess: ExactVector | None = None) -> ExactVector | None:
        """A u for which the point is a rounded M u + o: ``guess`` if it is such a u; None if there is none.

        Cost: up to four exact feasibility problems with 2 d + 2 rows.
        """
        found = self.plane.coordinates(point)
        if found is not None:
            return found
        if guess is not None and self.explains(guess, point):
            return guess
        for signs in product((1, -1), repeat=2):
            rounded = Polyhedron.from_halfspaces(self._rows(point, signs), 2)
            if not rounded.is_empty():
                inner = rounded.simple_point()
                nearest = nearest_floats(inner)
                if np.isfinite(nearest).all() and nearest in rounded:
                    return exact_vector(nearest, "coordinates")
                return inner
        return None

    def explains(self, u: ExactVector, point: ExactVector) -> bool:
        """Whether the point is within the rounding bound of M u + o."""
        return all(
            abs(v - true) <= c0 * abs(u[0]) + c1 * abs(u[1]) + c
            for v, true, (c0, c1, c) in zip(point, self.plane.point(u), self.bounds, strict=True)
        )

    @cached_property
    def _steps(self) -> int:
        """How many roundings a term passes: k."""
        return len(self.plane.weight[0]) + (2 if self.plane.basis is None else 5)

    @property
    def _unit_roundoff(self) -> Fraction:
        return exact(self.floats.unit_roundoff)

    @cached_property
    def bounds(self) -> tuple[tuple[Fraction, Fraction, Fraction], ...]:
        """For each coordinate the rounding bound as coefficients of |u_0|, |u_1| and 1."""
        weight, basis = self.plane.weight, self.plane.basis
        gamma = self._steps * self._unit_roundoff / (1 - self._steps * self._unit_roundoff)
        underflow = 2 * exact(self.floats.smallest)
        axes = basis or ((Fraction(1), Fraction(0)), (Fraction(0), Fraction(1)))
        latent = [sum((abs(row[j]) for row in axes), Fraction(0)) for j in range(2)]
        bounds = []
        for row, offset in zip(weight, self.plane.offset, strict=True):
            size = sum(map(abs, row), Fraction(0)) if basis is not None else Fraction(0)
            spread = [sum((abs(w * b[j]) for w, b in zip(row, axes, strict=True)), Fraction(0)) for j in range(2)]
            bounds.append(
                (
                    gamma * spread[0] + underflow * (latent[0] + size),
                    gamma * spread[1] + underflow * (latent[1] + size),
                    gamma * abs(offset) + underflow * (len(row) + 1 + 2 * size),
                )
            )
        return tuple(bounds)

    def _rows(self, point: ExactVector, signs: Sequence[int]) -> list[Halfspace]:
        """The bound as inequalities for the u of one quadrant."""
        rows = [Halfspace.of((-signs[0], 0), 0), Halfspace.of((0, -signs[1]), 0)]
        for v, m, o, (c0, c1, c) in zip(point, self.plane.matrix, self.plane.offset, self.bounds, strict=True):
            spread = (signs[0] * c0, signs[1] * c1)
            rows.append(Halfspace.of((-m[0] - spread[0], -m[1] - spread[1]), c - (v - o)))
            rows.append(Halfspace.of((m[0] - spread[0], m[1] - spread[1]), c + (v - o)))
        return rows


def window_coordinates(
    plane: Plane,
    points: Sequence[ExactVector],
    floats: FloatFormat | None,
    where: str,
    guesses: Sequence[ExactVector] | None = None,
) -> tuple[ExactVector, ...]:
    """Coordinates in the plane of points that span it.

    Args:
        plane: of rank two.
        points: in R^d.
        floats: the format of the array that the points came in, which may be off the plane by its proven rounding
            bound; None for points that are meant exactly.
        where: names the points in errors.
        guesses: for each point the u that it was probably computed from.

    Raises:
        DimensionError: the points do not span a plane; the message says the exact rank.
        InputError: a point is off the plane.
    """
    rounded = None if floats is None else RoundedPoints(plane, floats, where)
    found = []
    for k, point in enumerate(points):
        if rounded is None:
            u = plane.coordinates(point)
        else:
            u = rounded.coordinates(point, guesses[k] if guesses is not None else None)
        if u is None:
            raise _off_the_plane(points, k, floats, where)
        found.append(u)
    rank = affine_rank(found)
    if rank != 2:
        raise DimensionError(
            f"{where}: the points have affine rank {rank}; the corners of a window must have rank 2, so pass points "
            "that are not all on one line"
        )
    return tuple(found)


def _off_the_plane(points: Sequence[ExactVector], k: int, floats: FloatFormat | None, where: str) -> PolyreluError:
    """What is wrong with points of which the k-th is off the plane."""
    rank = affine_rank(points)
    if rank != 2:
        excuse = f", more than the rounding of {floats.name} explains" if floats is not None else ""
        fix = (
            "; pass points that were computed in shorter floats in their own dtype"
            if floats is not None
            else "; pass points that were computed in floats as an array, which may be off the plane by rounding"
        )
        return DimensionError(
            f"{where}: the points have affine rank {rank}{excuse}; the corners of a window must have rank 2{fix}"
        )
    return InputError(
        f"{where}[{k}] is not in the plane of the layer, W z + b; pass its weight and bias, or move the point"
    )
