r"""Coordinates of points of a plane {M u + o : u in R^2} in R^d, exact or recovered from rounded points.

The plane comes from a layer: :math:`M = W B` and :math:`o = b` with W of h columns and B the basis of a plane in R^h
(the identity when h = 2). Points of float arrays such as ``np.eye(6) @ W_enc.T @ W_dec.T + b`` lie in the plane up to
rounding only. A float point v is *a rounded point of the plane* when some u satisfies, in every coordinate,

.. math:: |v - M u - o| \le \gamma_k\, (|W| |B| |u| + |o|) + 2 \eta\, (c + C |u|),

the bound for computing it in binary64, with :math:`\eta` from the table of :mod:`polyrelu.arithmetic.ieee`. By Lemma
3.1 and section 3.1 of [Higham2002]_ in :mod:`polyrelu.arithmetic.rounding`, summing h products and a bias in any order
perturbs each term by at most :math:`1 + \theta_{h+1}`, and storing W and b as floats by one factor more: k = h + 2.
Where the latent point z = B u was computed too, its terms carry :math:`\theta_3` (one conversion, one product, one
addition): k = h + 5. Underflow adds at most :math:`\eta / 2` for each product and each conversion, the latter times the
factor it meets; four times as much leaves room for later roundings: c = h + 1 and :math:`C |u| = \sum_j (|B| |u|)_j`,
and with a basis :math:`\sum_j |W_{ij}| (2 + |u_0| + |u_1|)` besides.

For each of the four sign patterns of u this is a system of linear inequalities, so whether such a u exists is decided
exactly. Any of them may stand for the point; one with few digits is taken.

No float decides anything here: the point is the dyadic number it stores, and the bound is evaluated over Fractions, at
every magnitude. It is about points that were computed in binary64, rounded to nearest, with gradual underflow; what
overflowed on the way is infinite or NaN, and such points have no exact value. Points of shorter floats, or of another
rounding mode, may be farther off, and are then refused.
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
from polyrelu.arithmetic.ieee import SMALLEST, UNIT_ROUNDOFF
from polyrelu.errors import DimensionError, InputError
from polyrelu.polyhedra.halfspace import Halfspace
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support.carried import Carried

_UNIT_ROUNDOFF, _UNDERFLOW = exact(UNIT_ROUNDOFF), 2 * exact(SMALLEST)


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

    def rounded_coordinates(self, point: ExactVector, guess: ExactVector | None = None) -> ExactVector | None:
        """A u for which the float point is a rounded M u + o: ``guess`` if it is such a u; None if there is none.

        Cost: up to four exact feasibility problems with 2 d + 2 rows.
        """
        found = self.coordinates(point)
        if found is not None:
            return found
        possible = [
            Polyhedron.from_halfspaces(self._rounding_rows(point, signs), 2) for signs in product((1, -1), repeat=2)
        ]
        if guess is not None and any(guess in rounded for rounded in possible):
            return guess
        for rounded in possible:
            if not rounded.is_empty():
                inner = rounded.simple_point()
                floats = nearest_floats(inner)
                if np.isfinite(floats).all() and floats in rounded:
                    return exact_vector(floats, "coordinates")
                return inner
        return None

    @cached_property
    def _gamma(self) -> Fraction:
        steps = len(self.weight[0]) + (2 if self.basis is None else 5)
        return steps * _UNIT_ROUNDOFF / (1 - steps * _UNIT_ROUNDOFF)

    @cached_property
    def _magnitudes(self) -> tuple[tuple[Fraction, Fraction, Fraction], ...]:
        """For each coordinate the rounding bound as coefficients of |u_0|, |u_1| and 1."""
        width = len(self.weight[0])
        basis = self.basis or ((Fraction(1), Fraction(0)), (Fraction(0), Fraction(1)))
        latent = [sum((abs(row[j]) for row in basis), Fraction(0)) for j in range(2)]
        bounds = []
        for row, offset in zip(self.weight, self.offset, strict=True):
            size = sum(map(abs, row), Fraction(0)) if self.basis is not None else Fraction(0)
            spread = [sum((abs(w * b[j]) for w, b in zip(row, basis, strict=True)), Fraction(0)) for j in range(2)]
            bounds.append(
                (
                    self._gamma * spread[0] + _UNDERFLOW * (latent[0] + size),
                    self._gamma * spread[1] + _UNDERFLOW * (latent[1] + size),
                    self._gamma * abs(offset) + _UNDERFLOW * (width + 1 + 2 * size),
                )
            )
        return tuple(bounds)

    def _rounding_rows(self, point: ExactVector, signs: Sequence[int]) -> list[Halfspace]:
        rows = [Halfspace.of((-signs[0], 0), 0), Halfspace.of((0, -signs[1]), 0)]
        for v, m, o, (c0, c1, c) in zip(point, self.matrix, self.offset, self._magnitudes, strict=True):
            spread = (signs[0] * c0, signs[1] * c1)
            rows.append(Halfspace.of((-m[0] - spread[0], -m[1] - spread[1]), c - (v - o)))
            rows.append(Halfspace.of((m[0] - spread[0], m[1] - spread[1]), c + (v - o)))
        return rows


def window_coordinates(
    plane: Plane,
    points: Sequence[ExactVector],
    rounded: bool,
    where: str,
    guesses: Sequence[ExactVector] | None = None,
) -> tuple[ExactVector, ...]:
    """Coordinates in the plane of points that span it.

    Args:
        plane: of rank two.
        points: in R^d.
        rounded: whether the points came as floats, and may be off the plane by the proven rounding bound.
        where: names the points in errors.
        guesses: for each point the u that it was probably computed from.

    Raises:
        DimensionError: the points do not span a plane; the message says the exact rank.
        InputError: a point is off the plane.
    """
    found = []
    for k, point in enumerate(points):
        u = (
            plane.rounded_coordinates(point, guesses[k] if guesses is not None else None)
            if rounded
            else plane.coordinates(point)
        )
        if u is None:
            rank = affine_rank(points)
            if rank != 2:
                excuse = ", more than the rounding of floats explains" if rounded else ""
                raise DimensionError(
                    f"{where}: the points have affine rank {rank}{excuse}; the corners of a window must have rank 2"
                )
            raise InputError(
                f"{where}[{k}] is not in the plane of the layer, W z + b; pass its weight and bias, or move the point"
            )
        found.append(u)
    rank = affine_rank(found)
    if rank != 2:
        raise DimensionError(
            f"{where}: the points have affine rank {rank}; the corners of a window must have rank 2, so pass points "
            "that are not all on one line"
        )
    return tuple(found)
