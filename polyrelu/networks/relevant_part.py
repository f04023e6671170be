r"""What the target sees: the part of a network that a preimage depends on.

A neuron that nothing downstream reads cannot matter, so it is not split on and is shown as ``*``:

* an output coordinate is *seen* when some row of the target has a nonzero coefficient for it;
* a coordinate of an earlier layer is seen when some seen coordinate after it has a nonzero weight for it.

A last-layer ReLU whose coordinate the target constrains *alone* becomes a condition before that ReLU. Such rows say
:math:`a_i \in I` for an interval I, and relu(z) lies in I iff z lies in

* :math:`\{z : z \le \sup I\}` when 0 lies in I (the lower end says nothing, strictness of the upper end is kept);
* I itself, when I lies in the positive numbers: the neuron is active, shown as ``1``;
* no z at all, when I has no number that is not negative.

All three are convex, so one condition takes the place of two faces. When 0 is the upper end of I the neuron is silent,
shown as ``0``; in the first case it is otherwise free, shown as ``*``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from polyrelu.arithmetic.exact import ExactMatrix, ExactVector, read_only
from polyrelu.networks.activation_pattern import SignVector, sign_rows
from polyrelu.networks.affine_outputs import outputs_backwards, pulled_back
from polyrelu.networks.layer import Layer, neuron_starts
from polyrelu.networks.network import Network
from polyrelu.networks.sparse_rows import Rows
from polyrelu.polyhedra.halfspace import Halfspace
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support.carried import Carried

_SPLIT, _FREE, _ACTIVE, _SILENT = "?*10"


@dataclass(frozen=True)
class Restriction(Carried):
    """The layers and the target that engines work on, and how their answer reads in the whole network.

    Attributes:
        layers: as many as the network has, each with only the coordinates that are seen. Engines split on all the
            coordinates that still pass through a ReLU.
        target: in the space of the last of these layers.
        coordinates: for each layer the network's coordinates that are kept.
        template: for each layer one character for each of its ReLU neurons in the network: ``?`` where the engines
            decide, else what to show.
        signs: for each of :attr:`outputs` the character its last-layer ReLU shows, or the empty string if it has none.
    """

    layers: tuple[Layer, ...]
    target: Polyhedron
    coordinates: tuple[tuple[int, ...], ...]
    template: tuple[str, ...]
    signs: tuple[str, ...]

    @property
    def outputs(self) -> tuple[int, ...]:
        """The seen output coordinates of the network, one for each coordinate of the target's space."""
        return self.coordinates[-1]

    @property
    def neuron_count(self) -> int:
        """How many neurons the engines split on."""
        return neuron_starts(self.layers)[-1]

    @cached_property
    def moving(self) -> Rows:
        """Rows of d numbers: where x moves orthogonally to all of them, nothing changes that the target sees.

        They are the weights of the first layer, or where that has no ReLU those of the layers up to the first that has,
        composed; or of the target's rows where none has.
        """
        chain: list[Layer] = []
        for layer in self.layers:
            chain.append(layer)
            if layer.neurons:
                break
        else:
            dim = self.target.ambient_dim
            normals = tuple(tuple(map(Fraction, h.normal)) for h in self.target.halfspaces)
            chain.append(Layer.from_rows(normals, (Fraction(0),) * len(normals), [False] * len(normals), dim))
        *linear, last = chain
        if not linear:
            return last.rows
        return tuple(row[:-1] for row in pulled_back(last.augmented, linear, [()] * len(linear)))

    def pattern(self, signs: Sequence[Sequence[bool]]) -> str:
        """The activation pattern of a piece: a character for each ReLU neuron, layers separated by ``|``."""
        return self.patterns(sign_rows([signs], self.neuron_count))[0]

    def patterns(self, signs: NDArray[np.bool_]) -> list[str]:
        """The patterns of many pieces, from their signs (n, neurons), counted through the layers."""
        template, decided = self._shown
        if not len(template):
            return [""] * len(signs)
        text = np.tile(template, (len(signs), 1))
        text[:, decided] = np.where(signs, ord("1"), ord("0"))
        return text.view(f"S{len(template)}").ravel().astype(str).tolist()

    @cached_property
    def _shown(self) -> tuple[NDArray[np.uint8], NDArray[np.intp]]:
        """The template as one row of characters, and where the engines decide."""
        text = np.frombuffer("|".join(layer for layer in self.template if layer).encode(), dtype=np.uint8)
        return text, read_only(np.flatnonzero(text == ord(_SPLIT)))

    def affine_map(self, signs: SignVector) -> tuple[tuple[int, ...], ExactMatrix, ExactVector]:
        """The outputs on which the network is affine where neurons have these signs, and its ``(M, c)`` there.

        All seen outputs but those whose last ReLU may switch inside the piece.
        """
        matrix, offset = outputs_backwards(self.layers, signs)
        zero = (Fraction(0),) * self.layers[0].input_dim
        rows = [
            (i, zero, Fraction(0)) if sign == _SILENT else (i, row, c)
            for i, sign, row, c in zip(self.outputs, self.signs, matrix, offset, strict=True)
            if sign != _FREE
        ]
        return tuple(i for i, _, _ in rows), tuple(row for _, row, _ in rows), tuple(c for _, _, c in rows)


class _Seen(NamedTuple):
    """What some outputs of a network depend on: the layers, and their coordinates in the network."""

    layers: tuple[Layer, ...]
    coordinates: tuple[tuple[int, ...], ...]


def restrict(network: Network, target: Polyhedron) -> Restriction:
    """The part of the network that ``target`` sees.

    Cost: one pass over the weights, and none where the last target that the network was asked about has the same rows;
    its layers are the same where that sees the same outputs. Both are frequent: people ask about a target in many
    domains, and move the bounds of outputs.
    """
    return network.latest(_restricted_to, target.halfspaces, target)


def restrict_as_stated(network: Network, target: Polyhedron) -> Restriction:
    """The same with the target's rows as they are, in their order, and no ReLU moved: evidence is about these.

    Cost: one pass over the weights.
    """
    rows = target.halfspaces
    outputs = tuple(i for i in range(network.output_dim) if any(row.normal[i] for row in rows))
    return _restriction(network, rows, {}, network.latest(_seen, (outputs, ()), outputs, ()))


def _restricted_to(network: Network, target: Polyhedron) -> Restriction:
    rows, signs = list(target.irredundant().halfspaces), dict[int, str]()
    for i, masked in enumerate(network.layers[-1].relu):
        own = [row for row in rows if row.normal[i]]
        if masked and own and all(sum(map(bool, row.normal)) == 1 for row in own):
            signs[i], before_relu = _move_before_relu(own, i)
            rows = [row for row in rows if not row.normal[i]] + before_relu
    outputs = tuple(i for i in range(network.output_dim) if any(row.normal[i] for row in rows))
    settled = tuple(signs)
    return _restriction(network, rows, signs, network.latest(_seen, (outputs, settled), outputs, settled))


def keep_all(network: Network) -> Restriction:
    """The whole network with the whole space as target: every neuron is split on, as for linear regions."""
    return network.once(_everything)


def _everything(network: Network) -> Restriction:
    coordinates = tuple(tuple(range(layer.output_dim)) for layer in network.layers)
    return _restriction(network, [], {}, _Seen(network.layers, coordinates))


def _seen(network: Network, outputs: tuple[int, ...], settled: tuple[int, ...]) -> _Seen:
    """What these outputs depend on; the last layer's ReLU is left out where it is settled."""
    coordinates = [outputs]
    for layer in reversed(network.layers[1:]):
        latest = coordinates[0]
        coordinates.insert(0, layer.read_by(latest))
    layers = list[Layer]()
    inputs: Sequence[int] = range(network.input_dim)
    for layer, own in zip(network.layers, coordinates, strict=True):
        left_out = settled if len(layers) == len(network.layers) - 1 else ()
        layers.append(layer.restricted(own, inputs, [layer.relu[i] and i not in left_out for i in own]))
        inputs = own
    return _Seen(tuple(layers), tuple(coordinates))


def _restriction(network: Network, rows: Sequence[Halfspace], signs: dict[int, str], seen: _Seen) -> Restriction:
    """The restriction to rows on all outputs; ``signs`` are to be shown for last neurons that are settled."""
    template = list[str]()
    for layer, outputs in zip(network.layers, seen.coordinates, strict=True):
        settled = signs if len(template) == len(network.layers) - 1 else {}
        marks = dict.fromkeys(outputs, _SPLIT) | settled
        template.append("".join(marks.get(i, _FREE) for i, masked in enumerate(layer.relu) if masked))
    outputs = seen.coordinates[-1]
    narrowed = [row._replace(normal=tuple(row.normal[i] for i in outputs)) for row in rows]
    return Restriction(
        layers=seen.layers,
        target=Polyhedron.from_halfspaces(narrowed, len(outputs)),
        coordinates=seen.coordinates,
        template=tuple(template),
        signs=tuple(signs.get(i, "") for i in outputs),
    )


def _move_before_relu(rows: Sequence[Halfspace], i: int) -> tuple[str, list[Halfspace]]:
    """The sign to show and the rows on z that say what ``rows``, which involve coordinate i alone, say on relu(z)."""
    origin = (Fraction(0),) * len(rows[0].normal)
    if all(row.holds(origin) for row in rows):
        # Only 0 == a_i among the equalities holds at zero; of it, too, just the upper half remains.
        upper = [Halfspace(row.normal, row.offset, "<=") if row.relation == "==" else row for row in rows]
        upper = [row for row in upper if row.normal[i] > 0]
        return (_SILENT if any(row.offset == 0 for row in upper) else _FREE), upper
    for row in rows:
        is_lower = row.normal[i] < 0 or row.relation == "=="
        if is_lower and not row.holds(origin) and Fraction(row.offset, row.normal[i]) >= 0:
            return _ACTIVE, list(rows)
    return _FREE, [Halfspace((0,) * len(rows[0].normal), -1, "<=")]
