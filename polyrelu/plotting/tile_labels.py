"""What is written on planar tilings: on tiles their numbers, zones or patterns; beside fold lines their neurons."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from polyrelu.analysis.adjacency import components, contacts
from polyrelu.analysis.planar_tiles import PlanarTiles
from polyrelu.arithmetic.exact import FloatArray
from polyrelu.plotting.style import INK, PAPER, area_colour, themed
from polyrelu.support.extras import require
from polyrelu.support.palette import contrast
from polyrelu.tilings.tiling import Tiling

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LABELS = ("number", "zone", "pattern", "neuron")

_SIZE = 7.0  # points
_ROOM = 0.62  # the width of a character, as a part of its height
_WHITE, _BLACK = "#FFFFFF", "#15181D"


def label_tiles(
    ax: Axes, tiling: Tiling, drawn: PlanarTiles, what: str, fills: Sequence[str], points_per_unit: float
) -> None:
    """Write on each tile that has room for it its ``"number"``, ``"zone"`` or ``"pattern"``.

    Args:
        ax: the axes, with their limits.
        tiling: the tiles.
        drawn: as they are seen.
        what: one of :data:`LABELS`.
        fills: the colour of each tile.
        points_per_unit: how many points a unit of the data takes.
    """
    if what == "neuron":
        _label_neurons(ax, tiling, drawn, points_per_unit)
        return
    zones = components(tiling).tolist() if what == "zone" else []
    texts = zones or (tiling.patterns if what == "pattern" else range(len(tiling)))
    places = [middle_of(corners) if len(corners) > 2 else None for corners in drawn.corners]
    best: dict[int, float] = {}  # a zone's number is written once, where there is most room
    for zone, place in zip(zones, places, strict=False):
        best[zone] = max(best.get(zone, 0.0), place[1] if place else 0.0)
    for place, text, fill in zip(places, map(str, texts), fills, strict=True):
        needed = _SIZE * math.hypot(1.2, _ROOM * len(text)) / 2 / points_per_unit
        if place and text and place[1] > needed and (not zones or best.get(int(text)) == place[1]):
            shade = max((_WHITE, _BLACK), key=lambda ink: contrast(ink, area_colour(fill)))
            ax.text(*place[0], text, ha="center", va="center", fontsize=_SIZE, color=shade, zorder=4)


def middle_of(corners: FloatArray) -> tuple[tuple[float, float], float]:
    """A point well inside a convex polygon, its centre of gravity, and how far it is from the sides."""
    origin = corners[0]
    spokes = corners[1:] - origin
    areas = spokes[:-1, 0] * spokes[1:, 1] - spokes[:-1, 1] * spokes[1:, 0]
    total = float(areas.sum())
    if not total > 0:
        return (float(origin[0]), float(origin[1])), 0.0
    middle = origin + (areas[:, None] * (spokes[:-1] + spokes[1:])).sum(axis=0) / (3 * total)
    sides = np.roll(corners, -1, axis=0) - corners
    lengths = np.hypot(sides[:, 0], sides[:, 1])
    heights = (sides[:, 0] * (middle - corners)[:, 1] - sides[:, 1] * (middle - corners)[:, 0])[lengths > 0]
    return (float(middle[0]), float(middle[1])), float((heights / lengths[lengths > 0]).min())


def _label_neurons(ax: Axes, tiling: Tiling, drawn: PlanarTiles, points_per_unit: float) -> None:
    """Write each neuron's ``(layer, coordinate)`` along the longest edge of its fold line that has room for it."""
    found = contacts(tiling)
    edges: defaultdict[Any, list[FloatArray]] = defaultdict(list)
    for (i, j), label in zip(found.pairs.tolist(), found.labels.tolist(), strict=True):
        if label >= 0 and min(len(drawn.corners[i]), len(drawn.corners[j])) > 2:
            edges[found.names[label]].append(shared_edge(drawn.corners[i], drawn.corners[j]))
    halo = require("matplotlib.patheffects", "plot_tiling").withStroke(linewidth=2, foreground=themed(PAPER))
    taken: list[tuple[FloatArray, float]] = []
    for (layer, neuron), own in sorted(edges.items()):
        text = f"({layer}, {neuron})"
        reach = _SIZE * (_ROOM * len(text) + 1) / 2 / points_per_unit
        for edge in sorted(own, key=lambda ends: -math.dist(*ends)):
            middle, along = edge.mean(axis=0), edge[1] - edge[0]
            if math.hypot(*along) < 2 * reach:
                break
            if all(math.dist(middle, other) > reach + its for other, its in taken):
                turn = math.degrees(math.atan2(along[1], along[0]))
                ax.text(
                    float(middle[0]),
                    float(middle[1]),
                    text,
                    rotation=(turn + 90) % 180 - 90,
                    rotation_mode="anchor",
                    ha="center",
                    va="center",
                    fontsize=_SIZE,
                    color=themed(INK),
                    path_effects=[halo],
                    zorder=4,
                )
                taken.append((middle, reach))
                break


def shared_edge(corners: FloatArray, others: FloatArray) -> FloatArray:
    """The edge of two polygons that have one in common: their two nearest pairs of corners."""
    distances = np.hypot(*(corners[:, None] - others[None]).transpose(2, 0, 1)).min(axis=1)
    edge: FloatArray = corners[np.argsort(distances, kind="stable")[:2]]
    return edge
