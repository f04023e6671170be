"""Cells in exact arithmetic: what floats leave in doubt, and tiles as people get them.

A cell is written down as the neurons that divided the domain on the way to it. That these rows and the domain's say all
is what the engine has proved of the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from polyrelu.arithmetic.exact import ExactVector, flint_matrix
from polyrelu.networks.activation_pattern import SignVector
from polyrelu.networks.affine_outputs import pulled_back
from polyrelu.networks.layer import Layer
from polyrelu.networks.pattern_cells import sign_row
from polyrelu.polyhedra.halfspace import Halfspace
from polyrelu.polyhedra.polyhedron import Polyhedron


class Split(NamedTuple):
    """A neuron that divided a cell, and the side: its layer, its coordinate there, and whether it is active."""

    depth: int
    neuron: int
    is_active: bool


def splits_of(layers: Sequence[Layer], splits: NDArray[np.bool_], signs: NDArray[np.bool_]) -> tuple[Split, ...]:
    """The neurons that divided a cell, by truth values of all neurons: whether each did, and whether it is active."""
    places = ((depth, neuron) for depth, layer in enumerate(layers) for neuron in layer.neurons)
    return tuple(
        Split(*place, on) for place, does, on in zip(places, splits.tolist(), signs.tolist(), strict=True) if does
    )


@dataclass(frozen=True, eq=False)
class ExactCells:
    """Writes down the cells of a problem.

    Attributes:
        layers: the layers, on the domain's coordinates.
        target: what the last of them may return.
        domain: a closed or half-open set of full dimension.
    """

    layers: Sequence[Layer]
    target: Polyhedron
    domain: Polyhedron

    def rows(self, splits: Iterable[Split], signs: SignVector) -> list[Halfspace]:
        """What splits say on x, closed; ``signs`` are those of all layers before the last split's."""
        found: list[Halfspace] = []
        for depth, group in groupby(sorted(splits), key=lambda split: split.depth):
            own, layer = list(group), self.layers[depth]
            chosen = [(*layer.rows[i], layer.offsets[i]) for _, i, _ in own]
            forms = pulled_back(flint_matrix(chosen, layer.input_dim + 1), self.layers[:depth], signs[:depth])
            found += (sign_row(form, split.is_active) for form, split in zip(forms, own, strict=True))
        return found

    def target_rows(self, signs: SignVector) -> list[Halfspace]:
        """The target's rows as rows on x."""
        rows, width = self.target.halfspaces, self.target.ambient_dim
        if not rows:
            return []
        normals = flint_matrix([(*h.normal, 0) for h in rows], width + 1)
        pulled = pulled_back(normals, self.layers, signs)
        return [Halfspace.of(row[:-1], h.offset - row[-1], h.relation) for h, row in zip(rows, pulled, strict=True)]

    def has_interior(self, splits: Sequence[Split], signs: SignVector) -> bool:
        """Whether a cell is of full dimension; where a neuron vanishes on it, it is not. Cost: a linear program."""
        rows = [row for row in self.domain.halfspaces if not row.is_trivial] + self.rows(splits, signs)
        strictly = [row._replace(relation="<") for row in rows]
        return not Polyhedron.from_halfspaces(strictly, self.domain.ambient_dim).is_empty()

    def tile(self, splits: Sequence[Split], signs: SignVector, point: ExactVector | None = None) -> Polyhedron:
        """What the target leaves of a cell, by rows of which some may be redundant; a point of it may be known."""
        rows = [*self.domain.halfspaces, *self.rows(splits, signs), *self.target_rows(signs)]
        return Polyhedron.from_halfspaces(rows, self.domain.ambient_dim, point)


def exact_point(point: Iterable[float]) -> ExactVector:
    """A float point as it is."""
    return tuple(map(Fraction, point))
