"""Decision boundaries: lines in the plane, surfaces in space, and slices of what has more inputs.

The inputs that the domain fixes are left out; what remains has two or three. Pieces are clipped to the window exactly,
as polyhedra, and only then turned into floats.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from polyrelu.analysis.decision_boundary import classes
from polyrelu.arithmetic.exact import FloatArray, rounded_text, to_floats
from polyrelu.engines.preimage import preimage
from polyrelu.errors import DimensionError, InputError
from polyrelu.networks.fixed_inputs import Folding
from polyrelu.networks.network import Network
from polyrelu.networks.properties import wins
from polyrelu.plotting.solid import plot_polyhedron, solid_axes
from polyrelu.plotting.style import FEATURES, HAIRLINE, PAPER, SILENT, feature_colour, in_formula, themed
from polyrelu.plotting.windows import Window
from polyrelu.plotting.zones import frame, plot_zones
from polyrelu.polyhedra.bounding_box import box_of_points
from polyrelu.polyhedra.convex_polygon import convex_polygon
from polyrelu.polyhedra.halfspace import Halfspace
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support.arguments import items
from polyrelu.support.extras import require
from polyrelu.tilings.tiling import Tiling

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LINE, _DOT = 1.6, 3.5
_MARGIN = 8  # the window around an unbounded boundary is wider than its vertices by 1/8 of their extent to each side
_REGION_ALPHA, _TIE_ALPHA, _SURFACE_ALPHA = 0.16, 0.35, 0.85
_SHOWN_DIGITS = 4
_ZOOM, _LABEL_GAP = 1.12, 0.17
_LIGHT, _RELIEF = np.array([0.2, -0.5, 0.85]), 0.5
_LEGEND_COLUMNS = 6


def plot_boundary(
    tiling: Tiling,
    ax: Any = None,
    *,
    window: Window | None = None,
    names: Sequence[str] | None = None,
    regions: bool = False,
    legend: bool = True,
    linewidth: float = _LINE,
) -> Axes:
    """Draw a decision boundary: as lines where two inputs vary, as a surface where three do.

    Args:
        tiling: from :func:`~polyrelu.analysis.decision_boundary.decision_boundary`. Ties, if they are in it, are grey.
        ax: where to draw, three-dimensional for a surface; a new figure when absent.
        window: lower and upper corner in the inputs that vary; by default the domain's bounding box, or one around all
            vertices.
        names: of the classes; of a network with one output, those below and above its threshold.
        regions: in the plane, fill the regions of the classes behind the lines, faintly. This computes them.
        legend: say which colour is whose.
        linewidth: of lines, in points.

    Returns:
        The axes. Of a network with seven classes at most, a pair has the same colour in each drawing; of more classes
        there are more pairs than colours.

    Raises:
        DimensionError: the domain leaves more or fewer inputs free than two or three.
        InputError: the tiling is no decision boundary; there is not a name for each class; or ``regions`` in space.
        MissingExtraError: matplotlib is not installed.

    Cost: the vertices of each piece; in space the painter's order of all polygons, which is quadratic at least.
    """
    pyplot = require("matplotlib.pyplot", "plot_boundary")
    shown, looks = _Slice.of(tiling), _Look.of_pairs(tiling, names)
    if len(shown.inputs) not in (2, 3):
        raise DimensionError(
            f"plot_boundary: the domain leaves {len(shown.inputs)} of the inputs free, and two or three are drawn; "
            "fix the others by a domain such as Polyhedron.box with equal bounds"
        )
    if len(shown.inputs) == 3 and regions:
        raise InputError("plot_boundary: regions are drawn in the plane only; fix one of the three inputs")
    seen = Polyhedron.box(*(shown.window() if window is None else window))
    axes: Axes
    if len(shown.inputs) == 3:
        axes = _draw_surface(shown, looks, seen, ax)
    else:
        axes = pyplot.subplots(figsize=(4.2, 4.2), layout="constrained")[1] if ax is None else ax
        if regions:
            _fill_regions(shown, seen, axes)
        _draw_lines(shown, looks, seen, axes, linewidth)
    if legend:
        _add_legend(axes, shown, looks, _region_names(tiling, names) if regions else [])
    return axes


class _Slice(NamedTuple):
    """A boundary in the inputs that its domain leaves free.

    Attributes:
        tiling: the boundary.
        folding: what the domain fixes; None if nothing.
        inputs: the numbers of the free inputs.
        domain: in these inputs.
        pieces: for each tile the number of its pair of classes, and the closed set in these inputs.
    """

    tiling: Tiling
    folding: Folding | None
    inputs: tuple[int, ...]
    domain: Polyhedron
    pieces: list[tuple[int, Polyhedron]]

    @classmethod
    def of(cls, tiling: Tiling) -> _Slice:
        """The slice in which a tiling lies."""
        domain, dim = tiling.domain, tiling.domain.ambient_dim
        pieces = [(tile.target_index, tile.polyhedron.closure()) for tile in tiling]
        folding = None if domain.is_empty() else Folding.of(domain)
        if folding is None:
            return cls(tiling, None, tuple(range(dim)), domain, pieces)
        free, fixed = tuple(folding.sides.free), folding.sides.fixed
        embedding = [[int(j == k) for k in free] for j in range(dim)]
        constants = [fixed.get(j, 0) for j in range(dim)]
        low = [(pair, P.affine_preimage(embedding, constants, dim=len(free))) for pair, P in pieces]
        return cls(tiling, folding, free, folding.domain, low)

    @property
    def network(self) -> Network:
        """The network in the free inputs."""
        network = self.tiling.network
        return network if self.folding is None else Network(self.folding.layers(network.layers))

    def window(self) -> Window:
        """The domain's bounding box, or if it is unbounded one around all vertices with a margin."""
        if self.domain.is_bounded() and not self.domain.is_empty():
            return box_of_points(self.domain.vertices)
        vertices = [vertex for _, P in self.pieces for vertex in P.vertices]
        lower, upper = box_of_points(vertices or [(Fraction(0),) * len(self.inputs)])
        margin = max(b - a for a, b in zip(lower, upper, strict=True)) / _MARGIN or Fraction(1)
        return [a - margin for a in lower], [b + margin for b in upper]


class _Look(NamedTuple):
    """How the pieces of a pair of classes are drawn."""

    colour: str
    label: str

    @classmethod
    def of_pairs(cls, tiling: Tiling, names: Sequence[str] | None) -> list[_Look]:
        """The looks of a boundary's targets.

        Colours are counted through all pairs that the network has, or if there are more pairs than colours through
        those that have pieces.
        """
        pairs, outputs = classes(tiling), tiling.network.output_dim
        if outputs == 1:
            at_threshold = f"$y_0 = {rounded_text(_threshold(tiling), _SHOWN_DIGITS)}$"
            label = at_threshold if names is None else " | ".join(_names(2, names))
            return [cls(feature_colour(0), label)]
        known = _names(outputs, names)
        every: list[tuple[int, ...]] = list(combinations(range(outputs), 2))
        if len(every) > len(FEATURES):
            present = {tiling.parts[part][0] for part in tiling.places()[0].tolist()}
            every = [pair for k, pair in enumerate(pairs) if k in present]
        place = {pair: number for number, pair in enumerate(every)}
        return [cls(feature_colour(place.get((i, j), 0)), f"{known[i]} | {known[j]}") for i, j in pairs]


def _region_names(tiling: Tiling, names: Sequence[str] | None) -> list[str]:
    """What to call the regions of the classes."""
    if names is None and tiling.network.output_dim == 1:
        at = rounded_text(_threshold(tiling), _SHOWN_DIGITS)
        return [f"$y_0 < {at}$", f"$y_0 > {at}$"]
    return _names(max(tiling.network.output_dim, 2), names)


def _names(count: int, names: Sequence[str] | None) -> list[str]:
    """The classes' names, by default their numbers."""
    if names is None:
        return [str(k) for k in range(count)]
    given = items(names, "plot_boundary: names", "pass a list of texts")
    if len(given) != count:
        raise InputError(f"plot_boundary: {len(given)} names for {count} classes; pass one for each")
    return list(map(str, given))


def _threshold(tiling: Tiling) -> Fraction:
    """The value of the only output where its two classes meet."""
    (row,) = tiling.targets[0].halfspaces
    return Fraction(row.offset, row.normal[0])


# -- in the plane -------------------------------------------------------------------------------------------------


def _draw_lines(shown: _Slice, looks: Sequence[_Look], seen: Polyhedron, axes: Axes, linewidth: float) -> None:
    """Segments pair by pair, ties under them, and points."""
    collections = require("matplotlib.collections", "plot_boundary")
    segments: dict[int, list[FloatArray]] = defaultdict(list)
    ties: list[FloatArray] = []
    for pair, P in shown.pieces:
        corners = [to_floats(corner) for corner in convex_polygon((P & seen).vertices)]
        if len(corners) == 1 and P.dim == 0:  # and not a segment that ends in the window's corner
            axes.plot(*corners[0], "o", color=looks[pair].colour, markersize=_DOT, markeredgewidth=0, zorder=4)
        elif len(corners) == 2:
            segments[pair].append(np.array(corners))
        elif len(corners) > 2:
            ties.append(np.array(corners))
    grey = themed(SILENT)
    areas = collections.PolyCollection(
        ties, facecolor=grey, edgecolor=grey, linewidth=HAIRLINE, alpha=_TIE_ALPHA, zorder=2.5
    )
    axes.add_collection(areas, autolim=False)
    for pair, own in sorted(segments.items()):
        lines = collections.LineCollection(
            own, colors=looks[pair].colour, linewidths=linewidth, capstyle="round", zorder=3
        )
        axes.add_collection(lines, autolim=False)
    frame(axes, seen)
    first, second = (in_formula(shown.tiling.network.input_names[i]) for i in shown.inputs)
    axes.set(xlabel=first, ylabel=second)


def _fill_regions(shown: _Slice, seen: Polyhedron, axes: Axes) -> None:
    """The region of each class, faintly."""
    domain, targets = shown.domain & seen, _winning(shown.tiling)
    regions = [preimage(shown.network, target, domain, progress=False) for target in targets]
    plot_zones(regions, axes, seen, colours=region_colours(len(targets)), alpha=_REGION_ALPHA, linewidth=0)


def _winning(tiling: Tiling) -> list[Polyhedron]:
    """For each class the outputs that predict it."""
    outputs = tiling.network.output_dim
    if outputs > 1:
        return [wins(k, outputs) for k in range(outputs)]
    sides = (Halfspace.side(0, sign, _threshold(tiling), 1) for sign in (1, -1))
    return [Polyhedron.from_halfspaces([side], 1) for side in sides]


def region_colours(count: int) -> list[str]:
    """The colours of the regions of so many classes: those after the colours of the pairs."""
    pairs = count * (count - 1) // 2
    return [feature_colour(pairs + k) for k in range(count)]


# -- in space -----------------------------------------------------------------------------------------------------


def _draw_surface(shown: _Slice, looks: Sequence[_Look], seen: Polyhedron, ax: Any) -> Any:
    """Polygons, and the edges of the window around them; ties are translucent solids."""
    lower, upper = box_of_points(seen.vertices)
    axes = solid_axes((lower, upper), ax, labels=None, zoom=_ZOOM)
    plot_polyhedron(seen, axes, alpha=0, edges=SILENT)
    for pair, P in shown.pieces:
        if P.dim == 3:
            plot_polyhedron(P, axes, colour=SILENT, alpha=_TIE_ALPHA, edges=PAPER)
        else:
            plot_polyhedron(P, axes, colour=_lit(looks[pair].colour, P), alpha=_SURFACE_ALPHA, edges=PAPER)
    names = [in_formula(shown.tiling.network.input_names[i]) for i in shown.inputs]
    _label_window(axes, names, to_floats(lower), to_floats(upper))
    return axes


def _lit(shade: str, piece: Polyhedron) -> str:
    """A colour, paler where a polygon faces the light, which shows the relief of a surface of many polygons."""
    colours = require("matplotlib.colors", "plot_boundary")
    normals = [np.array(row.normal, dtype=float) for row in piece.halfspaces if row.relation == "=="]
    if len(normals) != 1:
        return shade
    facing = abs(float(normals[0] @ _LIGHT)) / float(np.linalg.norm(normals[0]) * np.linalg.norm(_LIGHT))
    rgb = np.array(colours.to_rgb(shade))
    lit: str = colours.to_hex(rgb + (1 - rgb) * _RELIEF * facing)
    return lit


def _label_window(axes: Any, names: Sequence[str], lower: FloatArray, upper: FloatArray) -> None:
    """Write at three edges of the window which input it is, and from where to where it goes."""
    middle, size = (lower + upper) / 2, upper - lower
    places = [
        (middle[0], upper[1] + _LABEL_GAP * size[1], lower[2]),
        (upper[0] + _LABEL_GAP * size[0], middle[1], lower[2]),
        (upper[0], lower[1], upper[2] + _LABEL_GAP / 2 * size[2]),
    ]
    for axis, (name, place) in enumerate(zip(names, places, strict=True)):
        text = f"{name[:-1]} \\in [{lower[axis]:.3g}, {upper[axis]:.3g}]$"
        axes.text(*place, text, ha="center", va="center")


# -- in both ------------------------------------------------------------------------------------------------------


def _add_legend(axes: Any, shown: _Slice, looks: Sequence[_Look], regions: Sequence[str]) -> None:
    """The pairs that have pieces, ties, and the names of the regions, above the axes."""
    patch = require("matplotlib.patches", "plot_boundary").Patch
    line = require("matplotlib.lines", "plot_boundary").Line2D
    flat = len(shown.inputs) == 2
    handles: list[Any] = []
    for pair in sorted({pair for pair, _ in shown.pieces}):
        colour, label = looks[pair]
        handles.append(line([], [], color=colour, label=label) if flat else patch(color=colour, label=label))
    if any(P.dim == len(shown.inputs) for _, P in shown.pieces):
        handles.append(patch(color=themed(SILENT), alpha=_TIE_ALPHA, label="tie"))
    for colour, label in zip(region_colours(len(regions)), regions, strict=True):
        handles.append(patch(color=colour, alpha=_REGION_ALPHA, linewidth=0, label=label))
    if handles:
        axes.legend(
            handles=handles,
            loc="lower center",
            bbox_to_anchor=(0.5, 1.0 if flat else 1.01),
            ncols=min(len(handles), _LEGEND_COLUMNS),
            handlelength=1.4,
            columnspacing=1.3,
        )
