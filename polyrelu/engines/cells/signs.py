"""Signs that floats leave in doubt, decided in rational arithmetic.

A generator of a cell is the ray on which the forms of all facets vanish that it lies on: the kernel of an integer
matrix, which is known exactly. The cell's other facets say which of the two directions it is; what the target leaves of
a cell may have no others, and then some inequality that holds on the cell does, because cells contain no line.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import chain
from math import gcd
from operator import mul

import numpy as np
from flint import fmpz_mat
from numpy.typing import NDArray

from polyrelu.arithmetic.ieee import UNIT_ROUNDOFF
from polyrelu.engines.cells.problem import scaled, with_target
from polyrelu.networks.activation_pattern import SignVector
from polyrelu.networks.affine_outputs import Outputs
from polyrelu.networks.layer import Layer, neuron_places, neuron_starts
from polyrelu.polyhedra.cell import INFINITY
from polyrelu.polyhedra.double_description import Vector
from polyrelu.polyhedra.halfspace import Halfspace


class ExactForms:
    """The forms behind facet numbers, which depend on the cell.

    Args:
        layers: the network on u.
        target: rows on its outputs.
        facets: the domain's facets as forms, at most zero inside.

    Facets are numbered as in :class:`polyrelu.tilings.columns.Columns`, and INFINITY is t >= 0.
    """

    def __init__(self, layers: Sequence[Layer], target: Sequence[Halfspace], facets: Sequence[Vector]) -> None:
        self._network, self._target, self.facets = layers, target, facets
        self.dim = layers[0].input_dim + 1
        self._latest: dict[int, tuple[SignVector, fmpz_mat]] = {}

    # Most runs of the kernel leave nothing in doubt, and never ask for what follows.

    @cached_property
    def layers(self) -> list[Layer]:
        """The network's layers, and one for the target."""
        return with_target(self._network, self._target)

    @cached_property
    def sites(self) -> list[tuple[int, int]]:
        """The layer of each site, and its coordinate there."""
        return [*neuron_places(self._network), *((len(self._network), k) for k in range(len(self._target)))]

    @cached_property
    def _starts(self) -> list[int]:
        return neuron_starts(self._network)

    @cached_property
    def _outputs(self) -> Outputs:
        return Outputs(self.layers)

    @property
    def neurons(self) -> int:
        """How many of the sites are neurons."""
        return self._starts[-1]

    def on(self, signs: NDArray[np.uint8]) -> FormsOnCell:
        """The forms on a cell with these signs of all sites, 0 or 1 where they are known."""
        return FormsOnCell(self, signs)

    def answer(self, signs: bytes, on: bytes, off: bytes, sites: bytes) -> tuple[bytes, float, bytes]:
        """The kernel's question about a generator of a cell.

        Args:
            signs: a byte for each site, as for :meth:`on`.
            on: int32 numbers of the facets that it lies on.
            off: those of the cell's others.
            sites: int32 numbers of sites of one layer.

        Returns:
            The generator as floats with entries at most 1, how far an entry may be off, and a byte for each site: the
            sign of its form there, as for :meth:`FormsOnCell.signs`.
        """
        cell = self.on(np.frombuffer(signs, dtype=np.uint8))
        vector = cell.generator(array("i", on).tolist(), array("i", off).tolist())
        first = len(self.facets)
        told = cell.signs([first + site for site in array("i", sites)], vector)
        floats, (exactly,) = scaled([vector], self.dim)
        return floats.tobytes(), 0.0 if exactly else 2 * UNIT_ROUNDOFF, array("b", told).tobytes()

    def sign_vector(self, signs: NDArray[np.uint8], depth: int) -> SignVector:
        """The signs of the neurons of the layers before ``depth``, all of which are known."""
        return SignVector.from_flat(signs, self._starts[: depth + 1])

    def rows(self, depth: int, signs: NDArray[np.uint8]) -> fmpz_mat:
        """The forms of a layer's coordinates, all times the same positive number."""
        before = self.sign_vector(signs, depth)
        known = self._latest.get(depth)
        if known is None or known[0] != before:
            rows, _ = (self.layers[depth].augmented * self._outputs.before(before)).numer_denom()
            known = self._latest[depth] = before, rows
        return known[1]


class FormsOnCell:
    """See :class:`ExactForms`."""

    def __init__(self, everywhere: ExactForms, known: NDArray[np.uint8]) -> None:
        self._everywhere, self._known = everywhere, known
        self._rows: dict[int, fmpz_mat] = {}

    def form(self, number: int) -> Vector:
        """The form of a facet, or of a site that is none, up to a positive factor."""
        facets, dim = self._everywhere.facets, self._everywhere.dim
        if number == INFINITY:
            return (*[0] * (dim - 1), 1)
        if number < len(facets):
            return facets[number]
        depth, i = self._everywhere.sites[number - len(facets)]
        rows = self._layer(depth)
        return tuple(int(rows[i, j]) for j in range(dim))

    def side(self, number: int) -> int:
        """The sign that the form of a facet has inside."""
        if number == INFINITY:
            return 1
        site = number - len(self._everywhere.facets)
        return 1 if site >= 0 and self._known[site] == 1 else -1

    def generator(self, on: Sequence[int], off: Sequence[int]) -> Vector:
        """The generator that lies on the facets ``on``, of which there are enough, and not on ``off``, the others.

        Raises:
            AssertionError: no ray does, or more than one; that would be an error in the kernel.
        """
        dim = self._everywhere.dim
        kernel, nullity = fmpz_mat(len(on), dim, [v for number in on for v in self.form(number)]).nullspace()
        if nullity != 1:
            raise AssertionError(f"{nullity} directions lie on the facets {list(on)}")
        vector = [int(kernel[j, 0]) for j in range(dim)]
        insides = (self.side(number) * sum(map(mul, self.form(number), vector)) for number in chain(off, self._valid()))
        inside = next(filter(None, insides), 0)
        if not inside:
            raise AssertionError(f"a generator lies on all facets of its cell, {list(on)} and {list(off)}")
        factor = gcd(*vector) * (1 if inside > 0 else -1)
        return tuple(v // factor for v in vector)

    def signs(self, numbers: Sequence[int], vector: Vector) -> list[int]:
        """The signs of the forms of some sites of one layer at a vector: -1, 0 or 1."""
        places = [self._everywhere.sites[number - len(self._everywhere.facets)] for number in numbers]
        values = self._layer(places[0][0]) * fmpz_mat(len(vector), 1, vector)
        return [(values[i, 0] > 0) - (values[i, 0] < 0) for _, i in places]

    def _valid(self) -> Iterator[int]:
        """The numbers of all inequalities that are known to hold on the cell."""
        first = len(self._everywhere.facets)
        yield INFINITY
        yield from range(first)
        neurons = self._known[: self._everywhere.neurons]
        yield from (first + np.flatnonzero(neurons <= 1)).tolist()

    def _layer(self, depth: int) -> fmpz_mat:
        if depth not in self._rows:
            self._rows[depth] = self._everywhere.rows(depth, self._known)
        return self._rows[depth]
