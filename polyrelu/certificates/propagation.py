r"""What a network does on a set: the checker's own propagation, written apart from that of the engines on purpose.

A layer with weights W and biases b is kept as the integer matrix of :math:`q (W y + b t)` and :math:`q t`, q a common
denominator. So values stay integers: (y, t) before the layer and after it stand for the point y / t, as the points (x,
t) of an :class:`~polyrelu.certificates.exact_set.ExactSet` do, and while no neuron changes its sign, a layer and the
ones before it are one matrix, the product of theirs with zeros in the rows of silent neurons.

:func:`affine_pieces` cuts a set with one neuron after the other, layer by layer. A neuron that is positive on one
generator and negative on another takes both signs inside, so both closed halves have the dimension of the set, and
together they are the set. The pieces therefore cover it; on each of them every neuron keeps one sign.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import compress, count
from typing import NamedTuple, TypeAlias

from flint import fmpz_mat

from polyrelu.certificates.exact_set import ExactSet, Vector
from polyrelu.networks.layer import Layer, neuron_starts
from polyrelu.networks.network import Network

Signs: TypeAlias = tuple[int, ...]


@dataclass(frozen=True)
class NetworkPart:
    """The coordinates of a network that some neurons and outputs depend on, themselves included.

    Attributes:
        layers: as many as the network has, with only these coordinates.
        outputs: the numbers of the network's outputs that are among them.
        neurons: the numbers of the ReLU neurons among them, counted through all layers of the network.
    """

    layers: tuple[Layer, ...]
    outputs: tuple[int, ...]
    neurons: tuple[int, ...]

    @classmethod
    def of(cls, network: Network, outputs: frozenset[int], neurons: frozenset[int]) -> NetworkPart:
        """What the given outputs and ReLU neurons (counted through all layers) depend on."""
        starts = neuron_starts(network.layers)
        kept: list[list[int]] = []
        numbers: list[int] = []
        read = outputs
        for layer, start in reversed(list(zip(network.layers, starts, strict=False))):
            number = dict(zip(compress(count(), layer.relu), count(start), strict=False))
            kept.insert(0, sorted(read | {k for k, n in number.items() if n in neurons}))
            numbers += [number[k] for k in kept[0] if k in number]
            read = frozenset(j for k in kept[0] for j, weight in enumerate(layer.rows[k]) if weight)
        layers, inputs = [], list(range(network.input_dim))
        for layer, own in zip(network.layers, kept, strict=True):
            layers.append(layer.restricted(own, inputs, [layer.relu[k] for k in own]))
            inputs = own
        return cls(tuple(layers), tuple(inputs), tuple(sorted(numbers)))

    @cached_property
    def matrices(self) -> tuple[tuple[fmpz_mat, tuple[int, ...]], ...]:
        """For each layer its matrix of integers (see the module), and the numbers of its ReLU coordinates."""
        matrices = []
        for layer in self.layers:
            rows = [(*row, offset) for row, offset in zip(layer.rows, layer.offsets, strict=True)]
            q = math.lcm(*(v.denominator for row in rows for v in row))
            whole = [[v.numerator * (q // v.denominator) for v in row] for row in rows]
            matrices.append((fmpz_mat([*whole, [0] * layer.input_dim + [q]]), tuple(compress(count(), layer.relu))))
        return tuple(matrices)

    def signs_at(self, point: Vector) -> Signs:
        """The signs of ``neurons`` before the ReLU at a point (x, t)."""
        values = fmpz_mat([[v] for v in point])
        signs: list[int] = []
        for matrix, masked in self.matrices:
            values = matrix * values
            for k in masked:
                signs.append((values[k, 0] > 0) - (values[k, 0] < 0))
                if signs[-1] < 0:
                    values[k, 0] = 0
        return tuple(signs)


class AffinePiece(NamedTuple):
    """A part of a set on which a network is affine.

    Attributes:
        region: the part.
        signs: for each ReLU neuron, layer by layer, the sign (-1, 0, 1) before the ReLU inside the part; 0 means zero
            on all of it.
        affine: rows of integers: the values after the last layer at (x, t), and below the scale q t that they have.
    """

    region: ExactSet
    signs: Signs
    affine: fmpz_mat


def affine_pieces(region: ExactSet, network: NetworkPart) -> Iterator[AffinePiece]:
    """Closed-sign parts of a set, of its dimension and covering it, on which a part of a network is affine.

    Cost: one cut into halves less than there are pieces, and the neurons times the generators for each.
    """
    width = len(region.point)
    identity = fmpz_mat(width, width, [int(i == j) for i in range(width) for j in range(width)])
    yield from _descend(region, network, 0, (), identity)


def _descend(
    region: ExactSet, network: NetworkPart, depth: int, signs: Signs, affine: fmpz_mat
) -> Iterator[AffinePiece]:
    if depth == len(network.matrices):
        yield AffinePiece(region, signs, affine)
        return
    matrix, masked = network.matrices[depth]
    before = matrix * affine
    for part, own in _parts_of_one_sign(region, before, masked):
        after = fmpz_mat(before)
        for k, sign in zip(masked, own, strict=True):
            if sign <= 0:
                for j in range(after.ncols()):
                    after[k, j] = 0
        yield from _descend(part, network, depth + 1, signs + own, after)


def _parts_of_one_sign(region: ExactSet, matrix: fmpz_mat, chosen: Sequence[int]) -> Iterator[tuple[ExactSet, Signs]]:
    """Parts of a set, of its dimension and covering it, on which each chosen row of a matrix has one sign; with these.

    A form of one sign inside a set has that sign inside its parts of full dimension, and is not looked at again.
    """
    forms = [[matrix[k, j] for j in range(matrix.ncols())] for k in chosen]
    waiting: list[tuple[ExactSet, list[int], dict[int, int]]] = [(region, list(range(len(forms))), {})]
    while waiting:
        part, open_ones, signs = waiting.pop()
        values = part.values(fmpz_mat([forms[n] for n in open_ones])) if open_ones else []
        spans = [(min(own) < 0, max(own) > 0) for own in values]
        signs |= {n: above - below for n, (below, above) in zip(open_ones, spans, strict=True)}
        across = [n for n, span in zip(open_ones, spans, strict=True) if all(span)]
        if not across:
            yield part, tuple(signs[n] for n in range(len(forms)))
            continue
        above, below = part.halves(tuple(map(int, forms[across[0]])))
        waiting += [(below, across[1:], signs | {across[0]: -1}), (above, across[1:], signs | {across[0]: 1})]
