"""``export_tiling``: a tiling to a file that other tools read, by its suffix."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from os import PathLike
from pathlib import Path

from polyrelu.errors import InputError
from polyrelu.export.geoparquet import geoparquet_bytes
from polyrelu.export.gltf import glb_bytes, gltf_text
from polyrelu.export.hrep import ext_text, ine_text
from polyrelu.export.latex import to_latex
from polyrelu.export.meshes import obj_text, ply_text
from polyrelu.export.planar import geojson_text, svg_text
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support.arguments import file_path
from polyrelu.support.files import write_whole
from polyrelu.tilings.tiling import Tiling


def _tile_by_tile(text: Callable[[Polyhedron, str], str]) -> Callable[[Tiling], Iterable[bytes]]:
    def texts(tiling: Tiling) -> Iterable[bytes]:
        note = "" if tiling.complete else ", of an incomplete tiling"
        for i, tile in enumerate(tiling):
            yield text(tile.polyhedron, f"tile {i}, pattern {tile.pattern or '-'}{note}").encode()

    return texts


def _at_once(text: Callable[[Tiling], str]) -> Callable[[Tiling], Iterable[bytes]]:
    return lambda tiling: [text(tiling).encode()]


_WRITERS: dict[str, Callable[[Tiling], Iterable[bytes]]] = {
    ".ine": _tile_by_tile(ine_text),
    ".ext": _tile_by_tile(ext_text),
    ".obj": _at_once(obj_text),
    ".ply": _at_once(ply_text),
    ".gltf": _at_once(gltf_text),
    ".glb": lambda tiling: [glb_bytes(tiling)],
    ".svg": _at_once(svg_text),
    ".geojson": _at_once(geojson_text),
    ".geoparquet": lambda tiling: [geoparquet_bytes(tiling)],
    ".tex": _at_once(lambda tiling: to_latex(tiling) + "\n"),
}

EXPORTS = tuple(_WRITERS)
PLANAR, SPATIAL = (".svg", ".geojson", ".geoparquet"), (".obj", ".ply", ".gltf", ".glb")
"""The formats of zones in the plane, and in space."""


def export_tiling(tiling: Tiling, path: str | PathLike[str]) -> None:
    """Write a tiling for other tools, by the file's suffix.

    * ``.ine`` and ``.ext``: exact H- and V-representations, one block a tile (:mod:`polyrelu.export.hrep`);
    * ``.obj`` and ``.ply``: the surfaces of the zones in space (:mod:`polyrelu.export.meshes`);
    * ``.gltf`` and ``.glb``: the same in translucent colours, rounded to float32 (:mod:`polyrelu.export.gltf`);
    * ``.svg`` and ``.geojson``: the outlines of the zones in the plane (:mod:`polyrelu.export.planar`);
    * ``.geoparquet``: the same as a table with a geometry for each zone (:mod:`polyrelu.export.geoparquet`);
    * ``.tex``: a LaTeX table of all inequalities, exact (:mod:`polyrelu.export.latex`).

    All but the first two and the last round to floats (GeoJSON has exact numbers as properties). An incomplete tiling
    says so in the file. cddlib and lrs read one block a file. :meth:`polyrelu.tilings.tiling.Tiling.save` keeps
    everything.

    Args:
        tiling: what to write.
        path: where to; a file that is there is replaced once the new one is whole.

    Raises:
        InputError: another suffix, or a coordinate beyond the range of floats where the format holds floats.
        WriteError: the system refuses, see :func:`polyrelu.support.files.write_whole`.
        DimensionError: the tiling lives in another space than the format needs.
        UnboundedError: a tile is unbounded, and the format needs its vertices.
        MissingExtraError: a package that the format needs is not installed.
    """
    file = file_path(path, "export")
    writer = _WRITERS.get(file.suffix.lower())
    if writer is None:
        raise InputError(
            f"export: {file} has the suffix {file.suffix!r}; known suffixes are {', '.join(sorted(_WRITERS))}; "
            f"save() writes .npz and .parquet"
        )

    def write(whole: Path) -> None:
        with whole.open("wb") as stream:
            stream.writelines(writer(tiling))

    try:
        write_whole(file, write)
    except OverflowError as error:
        raise InputError(
            f"export: a coordinate is beyond the range of floats, which {file.suffix} files hold ({error}); .ine, "
            ".ext, .tex and save() keep exact numbers"
        ) from error
