"""Inputs that a domain fixes, folded into the biases: a problem in R^d becomes one in its free coordinates.

Where ``x_j == c`` on the whole domain, ``w_j x_j`` is a constant of the first layer. What is found in the free
coordinates is written down in all of them by zeros, the constants and the rows ``x_j == c``; canonical rows stay
canonical, because those of a set in which x_j is constant have no entry at j besides. So a domain with k free inputs
costs as R^k does, whatever d is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from polyrelu.arithmetic.exact import flint_matrix, matrix_rows
from polyrelu.networks.layer import Layer
from polyrelu.polyhedra.halfspace import Halfspace
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.polyhedra.sides import Sides
from polyrelu.support.carried import Carried


@dataclass(frozen=True)
class Folding(Carried):
    """The coordinates that a domain fixes, and those that it leaves free.

    Attributes:
        whole: the domain, in R^d, not empty.
        sides: its bounds of single coordinates.
        domain: the domain in its free coordinates.
    """

    whole: Polyhedron
    sides: Sides
    domain: Polyhedron

    @classmethod
    def of(cls, domain: Polyhedron) -> Folding | None:
        """The folding of a domain that is not empty; None where it fixes no coordinate."""
        return cls(domain, domain.sides, domain.unfixed()) if domain.sides.fixed else None

    def layer(self, first: Layer) -> Layer:
        """A layer on x as a layer on the free coordinates. Cost: one exact product."""
        fixed = self.sides.fixed
        constants = flint_matrix([*((fixed.get(j, Fraction(0)),) for j in range(first.input_dim)), (1,)], 1)
        offsets = tuple(row[0] for row in matrix_rows(first.after(constants)))
        free = first.restricted(range(first.output_dim), self.sides.free, first.relu)
        return Layer.from_rows(free.rows, offsets, first.relu, free.input_dim)

    def layers(self, chain: Sequence[Layer]) -> tuple[Layer, ...]:
        """A chain of layers on x as one on the free coordinates."""
        return (self.layer(chain[0]), *chain[1:])

    def row(self, halfspace: Halfspace) -> Halfspace:
        """A row with no entry at a fixed coordinate as a row in the free ones."""
        return halfspace._replace(normal=tuple(halfspace.normal[j] for j in self.sides.free))

    @cached_property
    def _constants(self) -> list[tuple[int, Halfspace]]:
        dim = self.whole.ambient_dim
        return [(j, Halfspace.side(j, 1, value, dim, "==")) for j, value in self.sides.fixed.items()]

    def lift(self, canonical: Polyhedron) -> Polyhedron:
        """A set in the free coordinates, by its canonical rows, as the set in R^d, by its canonical rows."""
        facets, free = set(canonical.facets), self.sides.free
        equalities = list(self._constants)
        closed: list[Halfspace] = []
        faces: list[Halfspace] = []
        for row in canonical.halfspaces:
            lifted = row._replace(normal=self.sides.lift_direction(row.normal, 0))
            if row.relation == "==":
                equalities.append((free[next(k for k, v in enumerate(row.normal) if v)], lifted))
            else:
                (closed if row in facets else faces).append(lifted)
        flat = [row for _, row in sorted(equalities)]
        known = None if canonical.known_point is None else self.sides.lift(canonical.known_point)
        return Polyhedron.from_canonical(flat, closed, self.whole.ambient_dim, faces, known)
