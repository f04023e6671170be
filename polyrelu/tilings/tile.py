"""One convex piece of an answer, with its activation pattern."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from polyrelu.arithmetic.exact import (
    ExactMatrix,
    ExactVector,
    FloatArray,
    nearest_floats,
)
from polyrelu.arithmetic.ieee import SMALLEST, floats_are_sound
from polyrelu.arithmetic.rounding import gamma
from polyrelu.networks.activation_pattern import SignVector
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support.carried import Carried
from polyrelu.tilings.tile_source import TileSource


@dataclass(frozen=True, eq=False)
class Tile(Carried):
    """One convex piece of a preimage.

    Attributes:
        target_index: the first of the targets that its points map into; 0 when there is one.
        source, number: where its data are.
    """

    target_index: int
    source: TileSource
    number: int

    def __getstate__(self) -> dict[str, Any]:
        """A tile travels without the others of its source."""
        return {"target_index": self.target_index, "source": self.source.only(self.number), "number": 0}

    @cached_property
    def polyhedron(self) -> Polyhedron:
        """The tile as an exact set, in canonical form: irredundant, the same whichever engine found it."""
        return self.source.polyhedron(self.number)

    @cached_property
    def bits(self) -> SignVector:
        """The signs of the neurons that were split on, layer by layer."""
        return self.source.bits(self.number)

    @property
    def pattern(self) -> str:
        """A character for each ReLU neuron, layers separated by ``|``.

        ``1`` active, ``0`` silent, ``*`` free: the target does not depend on it, or it may switch inside the tile
        without mattering.
        """
        return self.source.restriction.pattern(self.bits)

    @property
    def dim(self) -> int:
        """The dimension of the tile; below that of the domain it is a flat tile."""
        return self.polyhedron.dim

    def point(self) -> ExactVector:
        """A point of the relative interior with few decimals, exact."""
        return self.polyhedron.simple_point()

    def float_vertices(self) -> tuple[FloatArray, FloatArray]:
        """The vertices of the closure as floats (n, d), and for each a bound (n) on the distance of its coordinates.

        They are the exact vertices rounded to nearest, so a coordinate is off by at most u times its float, or half the
        smallest float. A coordinate beyond the greatest float is infinite, and so is its vertex's bound. Bounds are
        infinite, too, where this thread's floats are not sound.
        """
        dim = self.polyhedron.ambient_dim
        exact = self.polyhedron.vertices
        vertices = nearest_floats(x for vertex in exact for x in vertex).reshape(len(exact), dim)
        if not floats_are_sound():
            return vertices, np.full(len(vertices), np.inf)
        return vertices, gamma(2) * np.abs(vertices).max(axis=1, initial=0.0) + SMALLEST

    def inner_point(self) -> ExactVector:
        """A point of the relative interior, exact; found without a search in tilings by cells."""
        return self.source.inner_point(self.number)

    def inequalities(self, names: Sequence[str] | None = None, digits: int | None = None) -> tuple[str, ...]:
        """The tile as text, see :meth:`polyrelu.polyhedra.polyhedron.Polyhedron.inequalities`."""
        return self.polyhedron.inequalities(names, digits)

    def contains(self, points: Any) -> bool | NDArray[np.bool_]:
        """Whether a point, or each of many, lies in the tile; always exact."""
        return self.polyhedron.contains(points)

    def affine_map(self) -> tuple[tuple[int, ...], ExactMatrix, ExactVector]:
        """``(outputs, M, c)``: on the tile, the network's outputs with these numbers are ``M x + c``.

        These are the outputs that the target sees, without those whose last ReLU may switch inside the tile.
        """
        return self.source.restriction.affine_map(self.bits)

    def __repr__(self) -> str:
        return f"Tile({self.pattern!r}, dim {self.dim}, {len(self.polyhedron.halfspaces)} rows)"
