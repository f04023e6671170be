"""The facets of a tile: which inequality each is, whose it is, and what is beyond.

A facet's hyperplane belongs to the domain, to neurons whose preactivations vanish on it, or to a row of the target, in
this order where several apply: nothing lies beyond the domain, and beyond a neuron's hyperplane the network is a
different affine map.

Two full-dimensional tiles for the same target share a facet iff they lie on opposite sides of the same hyperplane and
their patterns agree on all neurons but those whose preactivations vanish on it. If they share one, that is clear,
because preactivations are continuous. Conversely follow a path from the first tile through the inside of its facet;
the signs beyond are, layer by layer, those of the second tile: where a preactivation does not vanish on the facet,
because the patterns agree; where it does, because it is the same affine map on both sets beyond the hyperplane, and
vanishes on it. Target rows hold on the facet, thus beyond it unless they vanish on it, and those that do have one sign
beyond. So each facet is shared wholly or not at all, and shared facets are found by equal keys, in exact arithmetic,
without comparing pairs.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Literal, NamedTuple, TypeAlias

from polyrelu.arithmetic.exact import matrix_rows, primitive
from polyrelu.networks.activation_pattern import SignVector, packed_signs
from polyrelu.networks.affine_outputs import outputs_after
from polyrelu.networks.layer import neuron_places, neuron_starts
from polyrelu.polyhedra.halfspace import Halfspace
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.tilings.chart import Chart, chart
from polyrelu.tilings.tile_source import TileSource

Kind: TypeAlias = Literal["domain", "neuron", "target"]
Vector: TypeAlias = tuple[int, ...]


class NeuronFacet(NamedTuple):
    """One facet of a tile.

    Attributes:
        row: the canonical row; strict where the facet does not belong to the tile.
        kind: whose hyperplane it is.
        neurons: the restricted neurons, counted through the layers, whose preactivations vanish on it.
        key: the hyperplane and the pattern without these neurons; equal on both sides of a shared facet.
        side: which side of the hyperplane the tile is on.
    """

    row: Halfspace
    kind: Kind
    neurons: tuple[int, ...]
    key: tuple[Vector, bytes]
    side: bool


class FacetReader:
    """Reads the facets of one source's tiles in exact arithmetic; a tile costs one product of matrices a layer."""

    def __init__(self, source: TileSource, domain: Polyhedron) -> None:
        self.source, self.domain = source, domain

    @cached_property
    def _chart(self) -> Chart:
        return chart(self.domain, self.source.restriction.moving)

    def facets(self, number: int) -> Iterator[NeuronFacet]:
        """The facets of a tile of the domain's dimension."""
        signs = self.source.bits(number)
        flat = signs.flat
        vanishing = self._hyperplanes(signs)
        domain_forms = set(map(_unsigned, self._chart.forms))
        for row in self.source.polyhedron(number).facets:
            form = self._chart.form(row)
            plane = _unsigned(form)
            neurons = vanishing.get(plane, ())
            kind: Kind = "domain" if plane in domain_forms else "neuron" if neurons else "target"
            rest = flat.copy()
            rest[list(neurons)] = False
            yield NeuronFacet(row, kind, neurons, (plane, packed_signs(rest).tobytes()), form == plane)

    def _hyperplanes(self, signs: SignVector) -> dict[Vector, tuple[int, ...]]:
        """The neurons whose preactivations vanish on each hyperplane, by the hyperplane's form in the chart."""
        layers = self.source.restriction.layers
        found: dict[Vector, tuple[int, ...]] = {}
        values = self._chart.embedding
        for layer, start, on in zip(layers, neuron_starts(layers), signs, strict=False):
            forms = layer.after(values)
            rows = matrix_rows(forms)
            for number, i in enumerate(layer.neurons, start):
                plane = _unsigned(primitive(rows[i]))
                if any(plane[:-1]):
                    found[plane] = (*found.get(plane, ()), number)
            values = outputs_after(layer, on, forms)
        return found


def neuron_names(source: TileSource) -> list[tuple[int, int]]:
    """``(layer, coordinate)`` in the network of each ReLU neuron of the restricted layers, in their order."""
    coordinates = source.restriction.coordinates
    return [(depth, coordinates[depth][i]) for depth, i in neuron_places(source.restriction.layers)]


def _unsigned(form: Vector) -> Vector:
    """The form or its negative, whichever begins with a positive number."""
    return tuple(-v for v in form) if next((v for v in form if v), 0) < 0 else form
