r"""By how much a class wins, :math:`y_k - \max_{j \ne k} y_j`, as the output of a network: by layers behind another.

The maximum is found in rounds: of each pair :math:`\max(a, b) = b + \max(a - b, 0)`, so a layer of each round returns
:math:`\max(a - b, 0)` and b, and the next one adds them up while it takes the differences of its own pairs.
"""

from __future__ import annotations

from fractions import Fraction

from polyrelu.errors import InputError
from polyrelu.networks.layer import Layer
from polyrelu.networks.network import Network
from polyrelu.support.arguments import whole_number

_Row = tuple[Fraction, ...]


def margin_network(network: Network, k: int) -> Network:
    """The network whose output is the margin of class k, exactly.

    Args:
        network: R^d -> R^m.
        k: the class, a number from 0 to m - 1.

    Raises:
        InputError: there is no such class, or no other.
    """
    m = network.output_dim
    k = whole_number(k, "margin: class", 0, m - 1)
    if m < 2:
        raise InputError("margin: the network has one output, so no class to win against; see output_range")
    # each value is a row on what the layer before returns
    values = [_combined(_unit(j, m), _unit(k, m), Fraction(-1)) for j in range(m) if j != k]
    layers, width = list(network.layers), m
    while len(values) > 1:
        pairs, odd = list(zip(values[::2], values[1::2], strict=False)), values[len(values) // 2 * 2 :]
        rows = [row for a, b in pairs for row in (_combined(a, b, Fraction(-1)), b)] + odd
        relu = [True, False] * len(pairs) + [False] * len(odd)
        layers.append(_layer(rows, relu, width))
        width = len(rows)
        values = [_combined(_unit(2 * i, width), _unit(2 * i + 1, width), Fraction(1)) for i in range(len(pairs))]
        values += [_unit(2 * len(pairs), width) for _ in odd]
    layers.append(_layer([tuple(-v for v in values[0])], [False], width))
    return Network(layers)


def _unit(j: int, dim: int) -> _Row:
    return tuple(Fraction(int(i == j)) for i in range(dim))


def _combined(first: _Row, second: _Row, factor: Fraction) -> _Row:
    return tuple(a + factor * b for a, b in zip(first, second, strict=True))


def _layer(rows: list[_Row], relu: list[bool], width: int) -> Layer:
    return Layer.from_rows(tuple(rows), (Fraction(0),) * len(rows), relu, width)
