"""``export_tiling``: a tiling to a file that other tools read, by its suffix."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from os import PathLike
from pathlib import Path

from polyrelu.errors import InputError
from polyrelu.export.hrep import ext_text, ine_text
from polyrelu.export.meshes import obj_text, ply_text
from polyrelu.export.planar import geojson_text, svg_text
from polyrelu.polyhedron import Polyhedron
from polyrelu.tiling import Tiling


def _tile_by_tile(text: Callable[[Polyhedron, str], str]) -> Callable[[Tiling], Iterable[str]]:
    def texts(tiling: Tiling) -> Iterable[str]:
        return (text(tile.polyhedron, f"tile {i}, pattern {tile.pattern or '-'}") for i, tile in enumerate(tiling))

    return texts


def _at_once(text: Callable[[Tiling], str]) -> Callable[[Tiling], Iterable[str]]:
    return lambda tiling: [text(tiling)]


_WRITERS: dict[str, Callable[[Tiling], Iterable[str]]] = {
    ".ine": _tile_by_tile(ine_text),
    ".ext": _tile_by_tile(ext_text),
    ".obj": _at_once(obj_text),
    ".ply": _at_once(ply_text),
    ".svg": _at_once(svg_text),
    ".geojson": _at_once(geojson_text),
}

EXPORTS = tuple(_WRITERS)


def export_tiling(tiling: Tiling, path: str | PathLike[str]) -> None:
    """Write a tiling for other tools, by the file's suffix.

    * ``.ine`` and ``.ext``: exact H- and V-representations, one block a tile (:mod:`polyrelu.export.hrep`);
    * ``.obj`` and ``.ply``: the surfaces of the zones in space (:mod:`polyrelu.export.meshes`);
    * ``.svg`` and ``.geojson``: the outlines of the zones in the plane (:mod:`polyrelu.export.planar`).

    The last four round to floats (GeoJSON has exact numbers as properties). cddlib and lrs read one block a file.
    :meth:`polyrelu.tiling.Tiling.save` keeps everything.

    Args:
        tiling: what to write.
        path: where to; a file that is there is replaced.

    Raises:
        InputError: another suffix.
        DimensionError: the tiling lives in another space than the format needs.
        UnboundedError: a tile is unbounded, and the format needs its vertices.
    """
    file = Path(path)
    writer = _WRITERS.get(file.suffix.lower())
    if writer is None:
        raise InputError(
            f"export: {file} has the suffix {file.suffix!r}; known suffixes are {', '.join(sorted(_WRITERS))}; "
            f"save() writes .npz and .parquet"
        )
    texts = iter(writer(tiling))
    first = next(texts, "")  # what cannot be written is refused before the file is touched
    with file.open("w", encoding="utf-8") as stream:
        stream.write(first)
        stream.writelines(texts)
