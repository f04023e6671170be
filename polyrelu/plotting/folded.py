r"""The latent plane as a layer folds it: a sheet of flat faces in R^n, shown in three dimensions.

A layer a = relu(W alpha + b) sends the plane to R^n. Where k features are active its image lies in a face of dimension
k of the orthant: it is one point where none is, a part of an axis where one is, and a flat piece from there on. So the
sheet is creased along the lines of the features, and these creases are all there is to see of R^n.

Axis i is shown as (W_i, -t): it goes the way that the feature points in the plane, and down. Seen like that the sheet
is an umbrella; from straight above it would lie over the plane without overlap, because

.. math:: \alpha \mapsto W^\top \mathrm{relu}(W \alpha + b)

is the gradient of a convex function and cannot turn back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from polyrelu.arithmetic.exact import ExactMatrix, ExactVector, exact
from polyrelu.engines.preimage import linear_regions
from polyrelu.errors import DimensionError
from polyrelu.networks.layer import Layer
from polyrelu.networks.network import Network
from polyrelu.plotting.scene import Item, scene_of
from polyrelu.plotting.solid import boundary_polygons, plot_arrow, solid_axes
from polyrelu.plotting.style import INK, WINDOW, feature_colour
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.tilings.tile import Tile
from polyrelu.tilings.tiling import Tiling

if TYPE_CHECKING:
    from mpl_toolkits.mplot3d import Axes3D

VIEW = (52, -80)
_CREASE, _STRAIGHT, _BORDER = 0.9, 2.2, 0.5  # points: where the sheet bends, where it is an axis, where a zone ends
_ZOOM, _TITLE = 1.36, 1.07  # of the sheet, beyond which axes reach; and where the title is, above them
_BEYOND = Fraction(5, 4)  # how far axes reach, as a multiple of what the sheet reaches


def plot_folded(
    layer: Layer,
    domain: Polyhedron,
    zones: Mapping[int, Tiling],
    ax: Axes3D,
    *,
    letter: str = "a",
    slope: Any = "3/5",
    view: tuple[float, float] = VIEW,
) -> Axes3D:
    """Draw a part of the plane as a layer folds it, with zones on it.

    Args:
        layer: from R^2, with ReLU in each coordinate.
        domain: the part of the plane, bounded and of dimension 2.
        zones: tilings of the domain, by the number of the feature whose colour they get. A tile has the signs of the
            layer's neurons, so the layer is the first one of the network that the tilings are of.
        ax: three-dimensional axes.
        letter: of the coordinates of R^n.
        slope: how far each axis goes down, while it goes the row of the weight along.
        view: elevation and azimuth in degrees.

    Raises:
        DimensionError: the layer does not read a plane.

    Cost: one image of a polygon for each tile; what is in the axes is ordered when it is drawn.
    """
    if layer.input_dim != 2:
        raise DimensionError(f"plot_folded: the layer reads R^{layer.input_dim}; only planes are folded")
    down = -exact(slope, "plot_folded: slope")
    shown = (*zip(*layer.rows, strict=True), (down,) * layer.output_dim)
    sheet = [folded(tile, layer, shown) for tile in linear_regions(Network([layer]), domain, progress=False)]
    faces = [face for face in sheet if len(face) > 2]
    on_it = {i: [folded(tile, layer, shown) for tile in tiling] for i, tiling in zones.items()}
    corners = [corner for face in sheet for corner in face]
    low, high = (tuple(pick(axis) for axis in zip(*corners, strict=True)) for pick in (min, max))
    axes = solid_axes((low, high), ax, labels=None, view=view, zoom=_ZOOM)
    axes.set_title(f"${letter}$-space: $\\mathbf{{R}}^{{{layer.output_dim}}}$, folded", y=_TITLE)
    items = [Item((face,), WINDOW) for face in faces]
    for i, tiles in on_it.items():
        items += [Item((face,), feature_colour(i), 0.35, shaded=False) for face in tiles if len(face) > 2]
    items += [Item((edge,), INK, width=_BORDER) for tiles in on_it.values() for edge in _borders(tiles)]
    items += [Item((edge,), INK, width=_CREASE) for edge in _creases(faces)]
    items += [Item((face,), INK, width=_STRAIGHT) for face in sheet if len(face) == 2]
    scene_of(axes).add(items)
    reach = _BEYOND * max(max(map(abs, axis)) for axis in list(zip(*corners, strict=True))[:2])
    for i in range(layer.output_dim):
        tip = [reach * row[i] for row in shown]
        plot_arrow(tip, axes, label=f"${letter}_{{{i}}}$")
    return axes


def folded(tile: Tile, layer: Layer, shown: ExactMatrix) -> tuple[ExactVector, ...]:
    """The corners of a tile's image under the layer and a projection to R^3: a polygon, a segment or a point."""
    head = Network([layer, Layer.from_rows(shown, (Fraction(0),) * 3, [False] * 3, layer.output_dim)])
    matrix, offset = head.affine_map(head.activation_pattern(tile.inner_point()))
    (polygon,) = boundary_polygons(tile.polyhedron.closure().affine_image(matrix, offset))
    return polygon


def _edges(face: Sequence[ExactVector]) -> list[tuple[ExactVector, ExactVector]]:
    return [(min(a, b), max(a, b)) for a, b in zip(face, (*face[1:], face[0]), strict=True)]


def _creases(faces: Sequence[Sequence[ExactVector]]) -> list[tuple[ExactVector, ExactVector]]:
    return list(dict.fromkeys(edge for face in faces for edge in _edges(face)))


def _borders(tiles: Sequence[Sequence[ExactVector]]) -> list[tuple[ExactVector, ExactVector]]:
    """The edges that one tile of a zone has alone; those of two are creases, where the zone goes on."""
    count: dict[tuple[ExactVector, ExactVector], int] = {}
    for tile in tiles:
        if len(tile) > 2:
            for edge in _edges(tile):
                count[edge] = count.get(edge, 0) + 1
    return [edge for edge, times in count.items() if times == 1]
