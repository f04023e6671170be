"""Islands of features through checkpoints of a network: which go on, are born, die, split and merge.

Two checkpoints side by side are one network, and one run in the window finds the cells on which the neurons of both
have one sign. So it is decided, not sampled, which islands of the one share an area with which of the other; and where
the areas have to be compared, bounds of them are, and exact areas where bounds overlap.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, cmp_to_key
from itertools import pairwise, zip_longest
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from polyrelu.analysis.measure import Enclosure
from polyrelu.errors import DimensionError, InputError
from polyrelu.latent.superposition import NO_ISLAND, Features, Superposition, planar_box
from polyrelu.networks.layer import Layer
from polyrelu.networks.network import Network
from polyrelu.support.carried import Carried

EventKind: TypeAlias = Literal["birth", "death", "split", "merge"]
Pair: TypeAlias = tuple[int, int]


@dataclass(frozen=True)
class Event:
    """What happens to islands of a feature from one checkpoint to the next.

    Attributes:
        kind: an island is *born* that shares no area with one of the checkpoint before, or *dies* without sharing one
            with the next; it *splits* where it shares areas with several of the next, and several *merge*.
        checkpoint: the later one.
        feature: whose islands they are.
        before, after: the islands' tracks at the earlier and the later checkpoint.
    """

    kind: EventKind
    checkpoint: int
    feature: int
    before: tuple[int, ...]
    after: tuple[int, ...]

    def __str__(self) -> str:
        old, new = (" and ".join(map(str, tracks)) for tracks in (self.before, self.after))
        says = {
            "birth": f"island {new} of y{self.feature} is born",
            "death": f"island {old} of y{self.feature} dies",
            "split": f"island {old} of y{self.feature} splits into {new}",
            "merge": f"islands {old} of y{self.feature} merge into {new}",
        }[self.kind]
        return f"checkpoint {self.checkpoint}: {says}"


@dataclass(frozen=True, init=False, eq=False, repr=False)
class History(Carried):
    """Checkpoints of a network in one window, and its features' islands through them.

    Args:
        networks: R^2 -> R^m each; they may differ in their inner layers.
        window: half width, ``(lows, highs)`` or a polygon.
        features: coordinates of the output; by default all of them.
        thresholds: by feature; by default 0.

    Attributes:
        frames: for each checkpoint the zones.
        tracks: for each checkpoint and each feature the tracks of its islands, in the islands' order. An island goes on
            as that with which it shares the largest area, where several want the same one the largest area first;
            each other island begins a track. Tracks are counted from 0 in each feature.
        events: in the order of checkpoints and features.

    Raises:
        InputError: no networks, or as for :class:`Superposition`.
        DimensionError: networks with different numbers of outputs, or as for :class:`Superposition`.

    Example:
        >>> import polyrelu as pr
        >>> def hat(b): return pr.Network([([[1, 0], [-1, 0]], [0, 0]), ([[1, 1]], [b])])  # |x0| + b
        >>> past = History([hat(0), hat(1), hat(-4)])
        >>> past.tracks
        (((0, 1),), ((0,),), ((),))

    Cost: for each checkpoint that of its zones, and for each two together that of a network of both.
    """

    frames: tuple[Superposition, ...]

    def __init__(
        self,
        networks: Sequence[Network],
        window: Any = 3,
        features: Features = None,
        thresholds: Mapping[int, Any] | None = None,
    ) -> None:
        if not networks:
            raise InputError("History: there are no checkpoints; pass at least one network")
        widths = {network.output_dim for network in networks}
        if len(widths) > 1:
            raise DimensionError(
                f"History: the checkpoints have {sorted(widths)} outputs; features are the same in all"
            )
        box = planar_box(window, "History")
        frames = tuple(Superposition(network, box, features, thresholds) for network in networks)
        object.__setattr__(self, "frames", frames)

    @property
    def features(self) -> tuple[int, ...]:
        """The features, by number."""
        return self.frames[0].features

    @cached_property
    def overlaps(self) -> tuple[tuple[Mapping[Pair, Overlap], ...], ...]:
        """From each checkpoint to the next, for each feature: the pairs of islands that share an area, and that."""
        return tuple(_overlaps(before, after) for before, after in pairwise(self.frames))

    @cached_property
    def tracks(self) -> tuple[tuple[tuple[int, ...], ...], ...]:
        """The tracks of islands, by checkpoint and feature; see the class."""
        through = [self._tracks_of(place) for place in range(len(self.features))]
        return tuple(zip(*through, strict=True)) if through else ((),) * len(self.frames)

    def _tracks_of(self, place: int) -> list[tuple[int, ...]]:
        count = len(self.frames[0].islands[place])
        tracks = [tuple(range(count))]
        for step, overlaps in enumerate(self.overlaps):
            goes_on = {after: tracks[-1][before] for before, after in _matched(overlaps[place])}
            now = []
            for island in range(len(self.frames[step + 1].islands[place])):
                if island not in goes_on:
                    goes_on[island], count = count, count + 1
                now.append(goes_on[island])
            tracks.append(tuple(now))
        return tracks

    @cached_property
    def events(self) -> tuple[Event, ...]:
        """Births, deaths, splits and merges; see :class:`Event`."""
        return tuple(
            event
            for step in range(len(self.overlaps))
            for place in range(len(self.features))
            for event in self._events_at(step, place)
        )

    def _events_at(self, step: int, place: int) -> list[Event]:
        here, there = self.tracks[step][place], self.tracks[step + 1][place]
        after: dict[int, list[int]] = {island: [] for island in range(len(here))}
        before: dict[int, list[int]] = {island: [] for island in range(len(there))}
        for first, second in sorted(self.overlaps[step][place]):
            after[first].append(second)
            before[second].append(first)
        events: list[tuple[EventKind, list[int], list[int]]] = []
        for island, heirs in after.items():
            if len(heirs) != 1:
                events.append(("split" if heirs else "death", [island], heirs))
        for island, ancestors in before.items():
            if len(ancestors) != 1:
                events.append(("merge" if ancestors else "birth", ancestors, [island]))
        return [
            Event(kind, step + 1, self.features[place], tuple(here[i] for i in old), tuple(there[i] for i in new))
            for kind, old, new in events
        ]

    def __len__(self) -> int:
        return len(self.frames)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self.frames)} checkpoints, {len(self.features)} features)"


@dataclass(frozen=True, eq=False)
class Overlap:
    """What two islands share.

    Attributes:
        area: between two floats.
        both: the zones of both checkpoints' network.
        cells: what they share, as numbers of its cells.
    """

    area: Enclosure
    both: Superposition
    cells: NDArray[np.intp]

    @cached_property
    def exact(self) -> Fraction:
        """The area. Cost: milliseconds for each cell."""
        return Fraction(self.both.tiling.select(self.cells).volume(exact=True))


def _matched(overlaps: Mapping[Pair, Overlap]) -> list[Pair]:
    """Pairs of islands, the largest overlap first, each island in one at most."""
    taken: tuple[set[int], set[int]] = set(), set()
    pairs = []

    def order(one: Pair, other: Pair) -> int:
        return _smaller(overlaps[one], overlaps[other]) or (one > other) - (one < other)

    for before, after in sorted(overlaps, key=cmp_to_key(order)):
        if before not in taken[0] and after not in taken[1]:
            pairs.append((before, after))
            taken[0].add(before)
            taken[1].add(after)
    return pairs


def _smaller(one: Overlap, other: Overlap) -> int:
    """Negative, zero or positive where the first is larger, equal or smaller."""
    if one.area.low > other.area.high:
        return -1
    if other.area.low > one.area.high:
        return 1
    return (one.exact < other.exact) - (one.exact > other.exact)


def _overlaps(before: Superposition, after: Superposition) -> tuple[Mapping[Pair, Overlap], ...]:
    """For each feature the islands of two checkpoints that share an area."""
    first, second = before.tiling.network, after.tiling.network
    both = Superposition(beside(first, second), before.window)
    cells = _cells_in(both, (first, second), (before, after))
    found = []
    for place in range(len(before.features)):
        islands = [frame.island_numbers[own, place] for frame, own in zip((before, after), cells, strict=True)]
        shared: dict[Pair, list[int]] = defaultdict(list)
        for cell in np.flatnonzero((islands[0] != NO_ISLAND) & (islands[1] != NO_ISLAND)).tolist():
            shared[int(islands[0][cell]), int(islands[1][cell])].append(cell)
        areas = {pair: np.array(own, dtype=np.intp) for pair, own in shared.items()}
        found.append({pair: Overlap(both.area(own), both, own) for pair, own in areas.items()})
    return tuple(found)


def _cells_in(
    both: Superposition, networks: tuple[Network, Network], frames: tuple[Superposition, Superposition]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The cells of two checkpoints in which each cell of both lies: those with their part of its signs."""
    first, second = (
        _places(frame, both.signs[:, own]) for frame, own in zip(frames, _own_neurons(*networks), strict=True)
    )
    return first, second


def _own_neurons(first: Network, second: Network) -> tuple[list[int], list[int]]:
    """Which neurons of two networks beside each other are whose, in their order."""
    own: tuple[list[int], list[int]] = ([], [])
    at = 0
    for layers in zip_longest(first.layers, second.layers):
        for layer, network, mine in zip(layers, (first, second), own, strict=True):
            # Of the one that ended, each output is carried on, and a neuron in the last layer, as all features are.
            carried = network.output_dim if layer is None and _is_last(layers, first, second) else 0
            count = carried if layer is None else layer.neuron_count
            if layer is not None:
                mine += range(at, at + count)
            at += count
    return own


def _is_last(layers: tuple[Layer | None, Layer | None], first: Network, second: Network) -> bool:
    return any(layer is network.layers[-1] for layer, network in zip(layers, (first, second), strict=True))


def _places(frame: Superposition, signs: NDArray[np.bool_]) -> NDArray[np.intp]:
    """The cells with these signs."""
    number = {row.tobytes(): cell for cell, row in enumerate(np.packbits(frame.signs, axis=1))}
    return np.fromiter((number[row.tobytes()] for row in np.packbits(signs, axis=1)), np.intp, len(signs))


def beside(first: Network, second: Network) -> Network:
    """Two networks of the same inputs as one, whose outputs are those of the first and then those of the second.

    >>> import polyrelu as pr
    >>> double, negative = pr.Network([([[2]], [0])]), pr.Network([([[1]], [0]), ([[-1]], [0])])
    >>> [int(value) for value in beside(double, negative)([3])]
    [6, -3]
    """
    pairs = zip_longest(first.layers, second.layers)
    return Network(
        [
            _beside(one or _identity(first.output_dim), other or _identity(second.output_dim), apart=depth > 0)
            for depth, (one, other) in enumerate(pairs)
        ]
    )


def _identity(dim: int) -> Layer:
    rows = tuple(tuple(Fraction(int(i == j)) for j in range(dim)) for i in range(dim))
    return Layer.from_rows(rows, (Fraction(0),) * dim, (False,) * dim, dim)


def _beside(one: Layer, other: Layer, apart: bool) -> Layer:
    """Two layers as one: of the same inputs, or apart, of inputs of their own."""
    left, right = ((Fraction(0),) * layer.input_dim * apart for layer in (other, one))
    rows = (*((*row, *left) for row in one.rows), *((*right, *row) for row in other.rows))
    width = one.input_dim + len(left)
    return Layer.from_rows(rows, (*one.offsets, *other.offsets), (*one.relu, *other.relu), width)
