"""An artist that paints exact pieces in space, on a 3D axes of matplotlib, in the right order.

matplotlib sorts whole faces by their mean depth, collection by collection, and shows translucent faces that cut each
other, or lie in different collections, wrongly. Here one collection holds everything in the axes and paints it in the
order of :mod:`polyrelu.plotting.painter`, from whichever side it is looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from polyrelu.arithmetic.exact import (
    ExactVector,
    FloatArray,
    exact_matrix,
    exact_vector,
    float_quotients,
    primitive,
    to_floats,
)
from polyrelu.plotting.painter import Painting, Piece, creases, overlap, piece, prepare, scaled
from polyrelu.plotting.style import HAIRLINE, INK, PAPER, themed
from polyrelu.polyhedra.convex_polygon import convex_polygon
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support.extras import require

if TYPE_CHECKING:
    from mpl_toolkits.mplot3d import Axes3D

CREASE = -1
"""The tag of a segment in which faces cut each other."""

_LIGHT = np.array([0.35, -0.45, 0.82])  # faces that look this way, or away from it, keep their colour
_DARKEST = 0.86
_CORE = 0.3  # points: so wide a stroke is seen through faces in its full strength
_DOT = 1 / 2000  # a point is a stroke of this length, with round ends


class Item(NamedTuple):
    """A face, a segment or a point with its look.

    Attributes:
        parts: the corners in R^3, exact and in order, of convex polygons that make up a face and turn the same way; of
            one polygon in most cases. Or those of one segment, or one point.
        colour: of the face, or of the stroke.
        alpha: opacity, from 0 to 1.
        width: of a stroke, in points.
        shaded: whether a face's colour depends on its direction.
        outline: for a point that is the tip of an arrow: places around the head, in floats. The convex hull of their
            shadow is painted instead of the point.
    """

    parts: tuple[tuple[ExactVector, ...], ...]
    colour: str
    alpha: float = 1.0
    width: float = 0.0
    shaded: bool = True
    outline: tuple[tuple[float, ...], ...] = ()


def scene_of(ax: Axes3D) -> Any:
    """The scene of a 3D axes; an empty one is added when there is none."""
    scene_class = _scene_class()
    for artist in ax.collections:
        if isinstance(artist, scene_class):
            return artist
    scene = scene_class()
    ax.add_collection(scene, autolim=False)
    return scene


def eye_of(projection: FloatArray) -> FloatArray:
    """The homogeneous point that a (4, 4) projection of matplotlib looks from.

    It is the point that the projection sends to no place on the paper: it makes x, y and w zero. Of its two signs, the
    one of negative depth is in front.
    """
    rows = projection[[0, 1, 3]]
    eye = np.array([(-1) ** k * np.linalg.det(np.delete(rows, k, axis=1)) for k in range(4)])
    towards: FloatArray = -eye if projection[2] @ eye > 0 else eye
    return towards


@lru_cache(maxsize=1)
def _scene_class() -> Any:
    base = require("matplotlib.collections", "plot_polyhedron").PathCollection
    path = require("matplotlib.path", "plot_polyhedron").Path
    to_rgb = require("matplotlib.colors", "plot_polyhedron").to_rgb
    project = require("mpl_toolkits.mplot3d.proj3d", "plot_polyhedron").proj_transform

    class Scene(base):  # type: ignore[misc, valid-type]
        """Everything flat in one 3D axes, painted back to front; ``items`` are exact, ``window`` is what is seen.

        Where faces cut each other there is a hairline, so that one sees where one of them ends behind the other.
        """

        def __init__(self) -> None:
            super().__init__([], capstyle="round", joinstyle="round", clip_on=False)
            self.items: list[Item] = []
            self.window: Polyhedron | None = None
            self._ink = themed(INK)
            self._painting: Painting | None = None

        def add(self, items: Sequence[Item]) -> None:
            """Add items to what is painted."""
            self.items += [item._replace(colour=themed(item.colour)) for item in items]
            self._painting = None
            self.stale = True

        def painted(self) -> list[tuple[Piece, ...]]:
            """The pieces in the order of painting, parts of one face together; creases have the tag ``CREASE``.

            Others have the number of their item.
            """
            if self._painting is None:
                pieces = [piece(part, i) for i, item in enumerate(self.items) for part in item.parts]
                self._painting = prepare([*pieces, *(Piece(ends, None, CREASE) for ends in creases(pieces))])
            return self._painting.order(eye_of(self.axes.get_proj()))

        def _item(self, part: Piece) -> Item:
            return Item((), self._ink, width=HAIRLINE) if part.tag == CREASE else self.items[part.tag]

        def do_3d_projection(self) -> float:
            """Project and order the pieces; called by the axes before it draws."""
            shapes, faces, edges, widths = [], [], [], []
            painted = self.painted()
            cores = self._cores(painted)
            for k, parts in enumerate([*painted, *cores]):
                item = self._item(parts[0])
                shapes.append(path.make_compound_path(*(path(self._flat(part, item)) for part in parts)))
                rgb = np.array(to_rgb(item.colour))
                if parts[0].plane is not None and item.shaded:
                    rgb = rgb * _shade(parts[0])
                filled = parts[0].plane is not None or bool(item.outline)
                paint, none = (*rgb, item.alpha), (0.0,) * 4
                faces.append(paint if filled else none)
                edges.append(none if filled else paint)
                widths.append(0 if filled else min(item.width, _CORE) if k >= len(painted) else item.width)
            self.set_paths(shapes)
            self.set_facecolor(faces or "none")
            self.set_edgecolor(edges or "none")
            self.set_linewidth(widths or 0)
            return 0.0

        def _cores(self, painted: Sequence[tuple[Piece, ...]]) -> list[tuple[Piece, ...]]:
            """The strokes over which translucent faces may have been painted, and no opaque ones.

            Painted again and thin, they are told from what they part whatever lies before them. Seams of paper between
            the tiles of a surface stay behind it.
            """
            eye = primitive(exact_vector(eye_of(self.axes.get_proj()), "eye", 4))
            found: list[tuple[Piece, ...]] = []
            opaque: list[Piece] = []
            is_covered, paper = False, themed(PAPER)
            for parts in reversed(painted):
                item = self._item(parts[0])
                if parts[0].plane is not None:
                    is_covered = True
                    if item.alpha == 1:
                        opaque += parts
                elif (
                    is_covered
                    and not item.outline
                    and item.colour != paper
                    and not any(overlap(parts[0], face, eye) for face in opaque)
                ):
                    found.append(parts)
            return found[::-1]

        def _flat(self, part: Piece, item: Item) -> FloatArray:
            """The corners on paper; all polygons turn the same way, so that parts of one fill it without a seam."""
            corners = np.array(item.outline or [float_quotients((x, c[-1]) for x in c[:-1]) for c in part.corners])
            flat: FloatArray = np.stack(project(*corners.T, self.axes.M)[:2], axis=1)
            if item.outline:
                return _hull(flat)
            if len(flat) == 1:
                return np.concatenate([flat, flat + _DOT * np.ptp(self.axes.get_xlim())])
            return flat

    return Scene


def _hull(points: FloatArray) -> FloatArray:
    return np.array([to_floats(corner) for corner in convex_polygon(exact_matrix(points, "scene"))])


def _shade(part: Piece) -> float:
    assert part.plane is not None, "only polygons are shaded"
    normal = np.array(scaled(part.plane)[:3])
    facing = abs(float(normal @ _LIGHT)) / float(np.linalg.norm(normal) * np.linalg.norm(_LIGHT))
    return _DARKEST + (1 - _DARKEST) * facing
