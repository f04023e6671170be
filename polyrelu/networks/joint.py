r"""Networks asked together, as one network: side by side, with inputs in common, and with values from inside.

A property may relate a network to a copy of itself (monotonicity), to another network (equivalence), or its outputs to
what its neurons say. Each is a question about one network, the *joint* one:

.. math:: (x_1, \dots, x_n) \mapsto (f_1(x_{W_1}), \dots, f_k(x_{W_k}), \text{values inside})

where the wiring :math:`W_i` says which coordinates the i-th network takes. Values pass through later layers unchanged,
so the joint network has the neurons of its members and no others.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import NamedTuple, TypeAlias

from polyrelu.errors import DimensionError, InputError
from polyrelu.networks.layer import Layer
from polyrelu.networks.network import Network

Wiring: TypeAlias = tuple[int, ...]
"""For each input of a network, the coordinate that it takes."""
_Row: TypeAlias = tuple[Fraction, ...]
_ZERO, _ONE = Fraction(0), Fraction(1)


class Inside(NamedTuple):
    """A value inside a network.

    Attributes:
        layer: the layer that it comes from, from 0 on.
        coordinate: its number there.
        is_before: whether it is what enters the ReLU; else it is what leaves it.
    """

    layer: int
    coordinate: int
    is_before: bool = False

    def __str__(self) -> str:
        return f"{'z' if self.is_before else 'h'}{self.layer}_{self.coordinate}"


def side_by_side(networks: Sequence[Network], wiring: Sequence[Wiring] | None = None) -> Network:
    """The network that asks several at once: their outputs, one after the other.

    Args:
        networks: at least one.
        wiring: for each the coordinates that it takes; by default each has inputs of its own.

    Raises:
        InputError: there is no network.
        DimensionError: a wiring does not say one coordinate for each input.

    Example:
        >>> absolute = Network([([[1], [-1]], [0, 0]), ([[1, 1]], [0])])
        >>> side_by_side([absolute, absolute])([-2, 3]).tolist()
        [Fraction(2, 1), Fraction(3, 1)]
        >>> side_by_side([absolute, Network([([[5]], [1])])], [(0,), (0,)])([-2]).tolist()
        [Fraction(2, 1), Fraction(-9, 1)]
    """
    if not networks:
        raise InputError("side_by_side: there is no network; pass at least one")
    places = _own_inputs(networks) if wiring is None else [tuple(one) for one in wiring]
    taken, said = [network.input_dim for network in networks], [len(one) for one in places]
    if taken != said:
        raise DimensionError(f"side_by_side: the networks take {taken} inputs, but the wiring says {said}")
    dim = max((j + 1 for one in places for j in one), default=0)
    if len(networks) == 1 and places[0] == tuple(range(dim)):
        return networks[0]
    depth = max(len(network.layers) for network in networks)
    chains = [_lengthened(network, depth) for network in networks]
    first = [_wired(chain[0], place, dim) for chain, place in zip(chains, places, strict=True)]
    return Network([_stacked(first, dim), *map(_beside, zip(*(chain[1:] for chain in chains), strict=True))])


def observing(network: Network, inside: Iterable[Inside]) -> Network:
    """The network that returns its outputs, and after them values inside it.

    Raises:
        InputError: there is no such value.

    Example:
        >>> absolute = Network([([[1], [-1]], [0, 0]), ([[1, 1]], [0])])
        >>> observing(absolute, [Inside(0, 1), Inside(0, 1, is_before=True)])([3]).tolist()
        [Fraction(3, 1), Fraction(0, 1), Fraction(-3, 1)]
    """
    seen = tuple(inside)
    for value in seen:
        check_inside(network, value, "observing")
    chain: list[Layer] = []
    passed: list[Inside] = []
    for depth, layer in enumerate(network.layers):
        carried = len(passed)
        rows = [(*row, *(_ZERO,) * carried) for row in layer.rows]
        new = [value for value in seen if _joins(value) == depth]
        sources = [layer.input_dim + k for k in range(carried)]
        offsets = list(layer.offsets) + [_ZERO] * carried
        rows += [_unit(j, layer.input_dim + carried) for j in sources]
        for value in new:
            is_own = value.is_before  # what enters the ReLU of this layer; else what left that of the one before
            rows.append(rows[value.coordinate] if is_own else _unit(value.coordinate, layer.input_dim + carried))
            offsets.append(layer.offsets[value.coordinate] if is_own else _ZERO)
        relu = (*layer.relu, *(False,) * (carried + len(new)))
        chain.append(Layer.from_rows(tuple(rows), tuple(offsets), relu, layer.input_dim + carried))
        passed += new
    last = [value for value in seen if _joins(value) == len(network.layers)]
    if last or tuple(passed) != seen:
        chain.append(_picked(chain[-1].output_dim, network.output_dim, passed, seen))
    return Network(chain)


def check_inside(network: Network, value: Inside, where: str) -> None:
    """Refuse a value that the network does not have.

    Raises:
        InputError: it has no such layer, or the layer no such coordinate.
    """
    layers = network.layers
    if not 0 <= value.layer < len(layers):
        raise InputError(f"{where}: {value}: there is no layer {value.layer}; layers are 0 to {len(layers) - 1}")
    if not 0 <= value.coordinate < layers[value.layer].output_dim:
        raise InputError(
            f"{where}: {value}: layer {value.layer} has coordinates 0 to {layers[value.layer].output_dim - 1}"
        )


def _joins(value: Inside) -> int:
    """The layer from which on a value is carried beside what the network computes."""
    return value.layer if value.is_before else value.layer + 1


def _picked(width: int, outputs: int, passed: Sequence[Inside], seen: Sequence[Inside]) -> Layer:
    """The layer that puts what was carried in the order that was asked for; what left the last ReLU is an output."""
    places = list(range(outputs))
    places += [outputs + passed.index(value) if value in passed else value.coordinate for value in seen]
    return Layer.from_rows(
        tuple(_unit(j, width) for j in places), (_ZERO,) * len(places), (False,) * len(places), width
    )


def _own_inputs(networks: Sequence[Network]) -> list[Wiring]:
    places: list[Wiring] = []
    for network in networks:
        begin = sum(map(len, places))
        places.append(tuple(range(begin, begin + network.input_dim)))
    return places


def _lengthened(network: Network, depth: int) -> list[Layer]:
    """The layers of a network, and after them as many as it takes that change nothing."""
    dim = network.output_dim
    idle = Layer.from_rows(tuple(_unit(i, dim) for i in range(dim)), (_ZERO,) * dim, (False,) * dim, dim)
    return [*network.layers, *[idle] * (depth - len(network.layers))]


def _wired(layer: Layer, places: Wiring, dim: int) -> Layer:
    """A first layer that takes its inputs from these places of R^dim; two of them may be one."""
    rows = []
    for row in layer.rows:
        whole = [_ZERO] * dim
        for j, value in zip(places, row, strict=True):
            whole[j] += value
        rows.append(tuple(whole))
    return Layer.from_rows(tuple(rows), layer.offsets, layer.relu, dim)


def _stacked(layers: Sequence[Layer], dim: int) -> Layer:
    """Layers that take the same, as one."""
    rows = tuple(row for layer in layers for row in layer.rows)
    offsets = tuple(value for layer in layers for value in layer.offsets)
    return Layer.from_rows(rows, offsets, tuple(on for layer in layers for on in layer.relu), dim)


def _beside(layers: Sequence[Layer]) -> Layer:
    """Layers that take coordinates of their own, as one."""
    dim, begin, wired = sum(layer.input_dim for layer in layers), 0, []
    for layer in layers:
        wired.append(_wired(layer, tuple(range(begin, begin + layer.input_dim)), dim))
        begin += layer.input_dim
    return _stacked(wired, dim)


def _unit(j: int, dim: int) -> _Row:
    return (*(_ZERO,) * j, _ONE, *(_ZERO,) * (dim - j - 1))
