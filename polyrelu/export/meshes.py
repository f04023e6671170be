r"""The surfaces of zones in space as meshes: Wavefront ``.obj`` and Stanford ``.ply``, for viewers.

A zone's surface is made of the parts of its tiles' facets beyond which there is no tile, each a convex polygon,
counter-clockwise seen from outside. Corners are the exact ones, rounded to the nearest float; equal corners are one
vertex. Flat tiles have no inside and are left out, which a comment counts.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from polyrelu.analysis.zones import boundary, zone_numbers
from polyrelu.arithmetic.exact import ExactVector, to_float
from polyrelu.errors import DimensionError, UnboundedError
from polyrelu.polyhedra.convex_polygon import polygon_in_plane
from polyrelu.tilings.tiling import Tiling


@dataclass(frozen=True)
class Mesh:
    """Polygons in space.

    Attributes:
        vertices: exact points.
        faces: for each zone its polygons, as vertex numbers, counter-clockwise seen from outside.
        flat: how many flat tiles are left out.
    """

    vertices: tuple[ExactVector, ...]
    faces: tuple[tuple[tuple[int, ...], ...], ...]
    flat: int


def mesh(tiling: Tiling) -> Mesh:
    """The surfaces of a bounded tiling's zones.

    Raises:
        DimensionError: the tiling does not live in R^3.
        UnboundedError: a tile is unbounded.

    Cost: that of :func:`polyrelu.analysis.zones.boundary`, and a conversion for each of its facets.
    """
    if tiling.domain.ambient_dim != 3:
        raise DimensionError(f"mesh: the tiling lives in R^{tiling.domain.ambient_dim}; meshes are made in R^3")
    if not tiling.is_bounded():
        raise UnboundedError("mesh: a tile is unbounded; compute the preimage within a box")
    zone_of = {i: k for k, numbers in enumerate(zone_numbers(tiling)) for i in numbers.tolist()}
    flat = {i for i in range(len(tiling)) if tiling[i].dim < 3}
    places: dict[ExactVector, int] = {}
    faces: dict[int, list[tuple[int, ...]]] = defaultdict(list)
    for part in boundary(tiling):
        if part.tile not in flat:
            polygon = polygon_in_plane(part.polyhedron.vertices, part.row.normal)
            if len(polygon) > 2:
                faces[zone_of[part.tile]].append(tuple(places.setdefault(p, len(places)) for p in polygon))
    count = max(zone_of.values(), default=-1) + 1
    return Mesh(tuple(places), tuple(tuple(faces[k]) for k in range(count)), len(flat))


def obj_text(tiling: Tiling) -> str:
    """The zones as Wavefront OBJ, one object each; errors and cost as for :func:`mesh`."""
    made = mesh(tiling)
    lines = [f"# polyrelu: {len(made.faces)} zones; {_note(tiling, made)}"]
    lines += [f"v {_floats(vertex)}" for vertex in made.vertices]
    for number, faces in enumerate(made.faces):
        lines.append(f"o zone{number}")
        lines += [f"f {' '.join(str(i + 1) for i in face)}" for face in faces]
    return "\n".join([*lines, ""])


def ply_text(tiling: Tiling) -> str:
    """The zones as PLY in ASCII, the zone's number with each face; errors and cost as for :func:`mesh`."""
    made = mesh(tiling)
    faces = [(number, face) for number, faces in enumerate(made.faces) for face in faces]
    lines = ["ply", "format ascii 1.0", f"comment polyrelu: {_note(tiling, made)}"]
    lines += [f"element vertex {len(made.vertices)}", *(f"property double {axis}" for axis in "xyz")]
    lines += [
        f"element face {len(faces)}",
        "property list uint uint vertex_indices",
        "property uint zone",
        "end_header",
    ]
    lines += [_floats(vertex) for vertex in made.vertices]
    lines += [f"{len(face)} {' '.join(map(str, face))} {number}" for number, face in faces]
    return "\n".join([*lines, ""])


def _note(tiling: Tiling, made: Mesh) -> str:
    return f"{made.flat} flat tiles left out{'' if tiling.complete else '; incomplete, tiles are missing'}"


def _floats(vertex: ExactVector) -> str:
    return " ".join(repr(to_float(v)) for v in vertex)
