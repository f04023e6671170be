"""A network under one's fingers: what may be changed, and what is then seen. Knows no browser.

An :class:`Exploration` holds a network with its window and thresholds. It takes *edits*, in which every number is a
short decimal and meant exactly, and after each it has the exact zones, islands and areas of what the network is now.
:mod:`polyrelu.pages.explorer` puts it into a notebook, and into pages that stand still.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import Any, TypeAlias

import numpy as np

from polyrelu.arithmetic.exact import ExactVector, exact, exact_vector, to_float
from polyrelu.errors import InputError, RangeError
from polyrelu.latent.superposition import Features, Superposition, area_text, chosen_features, planar_box, require_plane
from polyrelu.networks.layer import Layer
from polyrelu.networks.network import Network
from polyrelu.networks.slices import Slice
from polyrelu.pages.page import document, packed, packed_counts
from polyrelu.polyhedra.bounding_box import box_of
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support.arguments import items, whole_number
from polyrelu.support.numerals import shown
from polyrelu.support.palette import colour, for_lines
from polyrelu.tilings.table import format_point
from polyrelu.tilings.tile import Tile

Scene: TypeAlias = dict[str, Any]

_DIGITS = 6  # of inequalities whose exact coefficients would be long
_LONGEST_ROW = 40
_LEAST_SIDE = Fraction(1, 2**400)
_FINEST = Fraction(1, 2**40)  # of what is seen, in comparison with its distance
BIAS = -1
"""The column of a layer's bias, beside its weight's."""


@dataclass(frozen=True)
class Exploration:
    """A state of the exploration; edits make new ones.

    Attributes:
        network: R^2 -> R^m, exact.
        features: coordinates of the output.
        thresholds: one for each feature; its zone is where it is above.
        lows, highs: the window's corners.
        pin: a point that is looked at, or None.
    """

    network: Network
    features: tuple[int, ...]
    thresholds: tuple[Fraction, ...]
    lows: ExactVector
    highs: ExactVector
    pin: ExactVector | None = None

    @classmethod
    def of(
        cls,
        network: Network,
        features: Features = None,
        box: Any = 3,
        thresholds: Mapping[int, Any] | None = None,
    ) -> Exploration:
        """The beginning.

        Raises:
            DimensionError: the network's inputs are not in the plane.
            InputError: there is no such feature, or the window has no interior.
        """
        chosen = chosen_features(network, features)
        require_plane(network, "explore")
        levels = dict(thresholds or {})
        unknown = levels.keys() - set(chosen)
        if unknown:
            raise InputError(f"explore: a threshold for {sorted(unknown, key=str)}, but the features are {chosen}")
        lows, highs = _corners(planar_box(box, "explore"))
        exactly = tuple(exact(levels.get(i, 0), f"explore: threshold of feature {i}") for i in chosen)
        return cls(network, chosen, exactly, lows, highs)

    @cached_property
    def found(self) -> Superposition:
        """The zones of what the network is now."""
        levels = dict(zip(self.features, self.thresholds, strict=True))
        return Superposition(self.network, _box(self.lows, self.highs), self.features, levels)

    @property
    def selected(self) -> Tile | None:
        """The cell under the pin."""
        number = self._pinned
        return None if number < 0 else self.found.tiling[number]

    @cached_property
    def _pinned(self) -> int:
        return -1 if self.pin is None else self.found.cell_at(self.pin)

    # -- edits ----------------------------------------------------------------------------------------------------

    def edited(self, edit: Mapping[str, Any]) -> Exploration:
        """The state after an edit.

        Args:
            edit: ``entries``, a list of ``[layer, row, column, number]``, where the column ``BIAS`` is the bias;
                ``thresholds``, a list of ``[place among the features, number]``; ``window``, four numbers, the lower
                corner's first; ``pin``, a point or None. What is left out stays as it is.

        Raises:
            InputError: a place that is none, or a window without an interior.
            InexactError: a number that is none.
        """
        changes: dict[str, Any] = {}
        if edit.get("entries"):
            changes["network"] = self._with_entries(items(edit["entries"], "explore: entries", "pass a list"))
        if edit.get("thresholds"):
            levels = list(self.thresholds)
            for place, level in edit["thresholds"]:
                levels[whole_number(place, "explore: threshold", 0, len(levels) - 1)] = exact(level, "threshold")
            changes["thresholds"] = tuple(levels)
        if edit.get("window"):
            corners = exact_vector(edit["window"], "explore: window", 4)
            changes |= dict(zip(("lows", "highs"), _drawable(corners[:2], corners[2:]), strict=True))
        if "pin" in edit:
            changes["pin"] = None if edit["pin"] is None else exact_vector(edit["pin"], "explore: pin", 2)
        return replace(self, **changes)

    def _with_entries(self, entries: Sequence[Sequence[Any]]) -> Network:
        """The network with other numbers in some places; its other layers are the same objects."""
        layers = list(self.network.layers)
        numbers = {
            depth: ([list(row) for row in layers[depth].rows], list(layers[depth].offsets))
            for depth in {whole_number(entry[0], "explore: layer", 0, len(layers) - 1) for entry in entries}
        }
        for depth, row, column, number in entries:
            layer, (rows, offsets) = layers[depth], numbers[depth]
            i = whole_number(row, "explore: row", 0, layer.output_dim - 1)
            value = exact(number, f"explore: layer {depth}, row {i}")
            if column == BIAS:
                offsets[i] = value
            else:
                rows[i][whole_number(column, "explore: column", 0, layer.input_dim - 1)] = value
        for depth, (rows, offsets) in numbers.items():
            old = layers[depth]
            layers[depth] = Layer.from_rows(tuple(map(tuple, rows)), tuple(offsets), old.relu, old.input_dim)
        return self.network.with_layers(layers) if isinstance(self.network, Slice) else Network(layers)

    # -- what is seen ---------------------------------------------------------------------------------------------

    def layers(self) -> list[dict[str, Any]]:
        """The network's numbers as floats, layer by layer."""
        return [
            {
                "inputs": layer.input_dim,
                "relu": list(layer.relu),
                "weight": layer.float_weight.tolist(),
                "bias": layer.float_bias.tolist(),
            }
            for layer in self.network.layers
        ]

    def scene(self) -> Scene:
        """What stands beside the drawing: window, features with islands and areas, and what is pinned."""
        found = self.found
        whole = to_float((self.highs[0] - self.lows[0]) * (self.highs[1] - self.lows[1]))
        features = []
        for place, (feature, level) in enumerate(zip(self.features, self.thresholds, strict=True)):
            area = found.area(np.flatnonzero(found.active[:, place]))
            features.append(
                {
                    "name": f"y{feature}",
                    "row": feature,
                    **shades(feature),
                    "threshold": to_float(level),
                    "islands": len(found.islands[place]),
                    "area": area_text(area),
                    "share": area.mid / whole,
                }
            )
        return {
            "window": [to_float(v) for v in (*self.lows, *self.highs)],
            "features": features,
            "points": len(found.points),
            "cells": len(found.tiling),
            "corners": len(found.corners),
            "neurons": found.signs.shape[1],
            "pin": self._seen_at_pin(),
        }

    def _seen_at_pin(self) -> dict[str, Any] | None:
        tile = self.selected
        if tile is None or self.pin is None:
            return None
        (values,) = self.network.evaluate([self.pin])
        names = self.network.input_names
        rows = tile.inequalities(names)
        short = all(len(row) <= _LONGEST_ROW for row in rows)
        return {
            "cell": self._pinned,
            "at": [to_float(v) for v in self.pin],
            "point": format_point(self.pin),
            "pattern": tile.pattern,
            "inequalities": list(rows if short else tile.inequalities(names, _DIGITS)),
            "exact": short,
            "values": [f"{to_float(values[i]):.6g}" for i in self.features],
        }

    def geometry(self) -> bytes:
        """The cells as one block of little-endian columns, in the order of :meth:`columns`."""
        points, starts, corners, islands, signs = self._columns()
        return b"".join(
            array.astype(kind).tobytes()
            for array, kind in ((points, "<f8"), (starts, "<u4"), (corners, "<u4"), (islands, "<u2"), (signs, "u1"))
        )

    def _columns(self) -> tuple[Any, ...]:
        """Corner points, starts of cells' corners, corners, islands counted from 1 (0 for none), and packed signs."""
        found = self.found
        islands = np.minimum(found.island_numbers + 1, np.iinfo(np.uint16).max)
        return found.float_points, found.starts, found.corners, islands, np.packbits(found.signs, axis=1)

    def page(self) -> str:
        """A page of this state that stands still: all is seen and nothing moves, since there is no Python behind it."""
        points, starts, corners, islands, signs = self._columns()
        data = {
            "scene": self.scene(),
            "layers": self.layers(),
            "columns": {
                "points": packed(points),
                "starts": packed_counts(starts),
                "corners": packed_counts(corners),
                "islands": packed_counts(islands),
                "signs": packed(signs),
            },
        }
        widths = "-".join(map(str, self.network.widths))
        return document("explorer", data, f"Zones of a {widths} network")


def shades(number: int) -> dict[str, Any]:
    """The colours of a feature: of its zone, and of the zone's rim in the light and in the dark."""
    own = colour(number)
    return {"colour": own, "lines": [for_lines(own), for_lines(own, dark=True)]}


@lru_cache(maxsize=1)
def _box(lows: ExactVector, highs: ExactVector) -> Polyhedron:
    """A window, which remembers what engines find out about it while a network is dragged."""
    return Polyhedron.box(lows, highs)


def _corners(window: Polyhedron) -> tuple[ExactVector, ExactVector]:
    """The corners of a window that is a box."""
    if not window.is_bounded():
        raise InputError("explore: the window is unbounded; pass a half width, or (lows, highs)")
    lows, highs = (tuple(map(exact, corner)) for corner in box_of(window))
    if window != Polyhedron.box(lows, highs):
        raise InputError("explore: the window is no box; pass a half width, or (lows, highs)")
    return _drawable(lows, highs)


def _drawable(lows: ExactVector, highs: ExactVector) -> tuple[ExactVector, ExactVector]:
    """The corners of a window, whose sides and area are floats, and whose points floats can tell apart."""
    for low, high in zip(lows, highs, strict=True):
        if low >= high:
            raise InputError("explore: the window has no interior; pass lows that are below the highs")
        if not _LEAST_SIDE < high - low < 1 / _LEAST_SIDE or max(-low, high) > (high - low) / _FINEST:
            raise RangeError(
                f"explore: the window from {shown(low)} to {shown(high)} is too small, too large or too far away to be "
                "drawn in floats; choose another"
            )
    return lows, highs
