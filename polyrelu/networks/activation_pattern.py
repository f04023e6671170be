"""Activation patterns as sets: the sign conditions of a layer, and the cell of a whole pattern."""

from __future__ import annotations

from collections.abc import Sequence

from polyrelu.networks.layer import Layer
from polyrelu.networks.network import Bits, Network
from polyrelu.polyhedra.halfspace import Halfspace
from polyrelu.polyhedra.polyhedron import Polyhedron


def sign_conditions(layer: Layer, silent: frozenset[int]) -> list[Halfspace]:
    """``z_i <= 0`` for the silent ReLU coordinates and ``z_i >= 0`` for the others, in the space before the ReLU."""
    dim = layer.output_dim
    return [Halfspace(tuple((1 if i in silent else -1) * (i == j) for j in range(dim)), 0, "<=") for i in layer.neurons]


def pattern_cell(layers: Sequence[Layer], bits: Bits, domain: Polyhedron) -> Polyhedron:
    """The closed cell of the domain on which every neuron has the sign its bit says, zero allowed."""
    cell = domain
    for depth, (layer, on) in enumerate(zip(layers, bits, strict=True)):
        silent = frozenset(i for i, active in zip(layer.neurons, on, strict=True) if not active)
        signs = Polyhedron.from_halfspaces(sign_conditions(layer, silent), layer.output_dim)
        before = signs.affine_preimage(layer.rows, layer.offsets, layer.input_dim)
        if depth:
            matrix, offset = Network(layers[:depth]).affine_map(bits[:depth])
            before = before.affine_preimage(matrix, offset, domain.ambient_dim)
        cell = cell & before
    return cell
