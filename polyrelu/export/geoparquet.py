"""Planar tilings as GeoParquet 1.1: a geometry a row, which geopandas, QGIS, DuckDB and others read. Extra ``shapely``.

Coordinates are the plane's own: the coordinate reference system is stated as none.
"""

from __future__ import annotations

import json
from io import BytesIO
from os import PathLike
from typing import Any

from polyrelu.errors import InputError
from polyrelu.export.frames import question, to_arrow
from polyrelu.export.planar import to_shapely
from polyrelu.networks.questions import Domain
from polyrelu.support.arguments import file_path, one_of
from polyrelu.support.extras import require
from polyrelu.support.files import write_whole
from polyrelu.tilings.tiling import Tiling

SUFFIX = ".geoparquet"
_BY = ("zone", "tile")


def to_geoparquet(tiling: Tiling, path: str | PathLike[str], within: Domain | None = None, by: str = "zone") -> None:
    """Write the zones or the tiles of a planar tiling as GeoParquet.

    Columns of zones: ``zone``, ``tiles`` (how many), ``volume_low``, ``volume_high``, ``geometry``; of tiles the flat
    columns of :func:`polyrelu.export.frames.to_arrow`, and ``geometry``.

    Args:
        tiling: in the plane.
        path: where to, a ``.geoparquet`` or ``.parquet``; a file that is there is replaced once the new one is whole.
        within: a bounded window to clip geometries to; needed where a tile is unbounded.
        by: ``"zone"`` or ``"tile"``: what there is a row for.

    Raises:
        InputError: another suffix, an unknown ``by``, or a coordinate beyond the range of floats.
        MissingExtraError: shapely or pyarrow is not installed.
        DimensionError, UnboundedError: as for :func:`polyrelu.analysis.outline.outline`.
        WriteError: the system refuses.
    """
    file = file_path(path, "to_geoparquet")
    one_of(by, _BY, "to_geoparquet", "by")
    if file.suffix.lower() not in (SUFFIX, ".parquet"):
        raise InputError(f"to_geoparquet: {file} has the suffix {file.suffix!r}; write {SUFFIX} or .parquet")
    whole = geoparquet_bytes(tiling, within, by)
    write_whole(file, lambda place: place.write_bytes(whole))


def geoparquet_bytes(tiling: Tiling, within: Domain | None = None, by: str = "zone") -> bytes:
    """What is in the file."""
    parquet, shapely = require("pyarrow.parquet", "to_geoparquet"), require("shapely", "to_geoparquet")
    geometries = to_shapely(tiling, within, by)
    table = _tiles(tiling) if by == "tile" else _zones(tiling)
    encoded = [bytes(shapely.to_wkb(geometry)) for geometry in geometries]
    table = table.append_column("geometry", require("pyarrow", "to_geoparquet").array(encoded, type="binary"))
    told = {"polyrelu": json.dumps(question(tiling)), "geo": json.dumps(_about(geometries))}
    whole = BytesIO()
    parquet.write_table(table.replace_schema_metadata(told), whole)
    return whole.getvalue()


def _tiles(tiling: Tiling) -> Any:
    return to_arrow(tiling).drop_columns(["vertices", "rays", "rows"])


def _zones(tiling: Tiling) -> Any:
    pyarrow = require("pyarrow", "to_geoparquet")
    sizes = [zone.volume() if zone.is_bounded() else None for zone in tiling.zones()]
    return pyarrow.table(
        {
            "zone": pyarrow.array(range(len(sizes)), type=pyarrow.int64()),
            "tiles": pyarrow.array(map(len, tiling.zones()), type=pyarrow.int64()),
            "volume_low": pyarrow.array([None if own is None else own.low for own in sizes], type=pyarrow.float64()),
            "volume_high": pyarrow.array([None if own is None else own.high for own in sizes], type=pyarrow.float64()),
        }
    )


def _about(geometries: list[Any]) -> dict[str, Any]:
    """The metadata that the format asks for."""
    kinds = sorted({geometry.geom_type for geometry in geometries})
    bounds = [geometry.bounds for geometry in geometries if not geometry.is_empty]
    column: dict[str, Any] = {"encoding": "WKB", "geometry_types": kinds, "crs": None, "edges": "planar"}
    if bounds:
        ends = list(zip(*bounds, strict=True))
        column["bbox"] = [*map(min, ends[:2]), *map(max, ends[2:])]
    return {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": column}}
