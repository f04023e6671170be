"""Tilings as tables: pandas frames and Arrow tables. Extras ``pandas`` and ``parquet``."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from polyrelu.analysis.adjacency import components
from polyrelu.analysis.arrays import TileArrays
from polyrelu.arithmetic.exact import to_float
from polyrelu.formats.exact_text import network_hash, number_text
from polyrelu.support.extras import require
from polyrelu.tilings.tiling import Tiling


def to_pandas(tiling: Tiling, exact: bool = False) -> Any:
    """A DataFrame with one row a tile, in the tiling's order.

    Columns: ``pattern``, ``target`` (the index of the first target), ``zone`` (its number, missing where the tiling is
    not complete, because other tiles might join zones), ``dim``, ``volume_low`` and ``volume_high`` (floats between
    which the volume lies: zero of flat tiles, infinite of unbounded ones), and ``x0, x1, ...`` (a point of the relative
    interior, its coordinates rounded to the nearest floats).

    Args:
        tiling: any.
        exact: add ``volume`` (as text, missing where it is infinite), ``point`` (the same point exactly, as texts) and
            ``inequalities`` (as texts), which costs an exact polyhedron for each tile.

    Raises:
        RangeError: a coordinate is beyond the range of floats.
        MissingExtraError: pandas is not installed.
    """
    pandas = require("pandas", "to_pandas")
    columns = _columns(tiling, exact)
    columns["zone"] = pandas.array(columns["zone"], dtype="Int64")
    return pandas.DataFrame(columns, index=pandas.RangeIndex(len(tiling), name="tile"))


def to_arrow(tiling: Tiling, exact: bool = False) -> Any:
    """A ``pyarrow.Table`` with one row a tile, in the tiling's order.

    Columns: those of :func:`to_pandas`, and for each tile ``vertices`` (a list of points), ``rays`` (directions) and
    ``rows`` (a list of records ``normal``, ``offset``, ``relation``, and ``radius``, how far the numbers may be off),
    as floats. The schema's metadata has what was asked, as JSON under the key ``polyrelu``.

    Args:
        tiling: any.
        exact: add ``volume``, ``point`` and ``inequalities`` as texts.

    Raises:
        RangeError: a coordinate is beyond the range of floats.
        MissingExtraError: pyarrow is not installed.
    """
    pyarrow = require("pyarrow", "to_arrow")
    columns, found = _columns(tiling, exact), tiling.arrays()
    zone = pyarrow.array(columns.pop("zone"), type=pyarrow.int64())
    names = {name: pyarrow.array(values) for name, values in columns.items() if name not in ("point", "inequalities")}
    names |= {"zone": zone, **_lists(pyarrow, found)}
    for name in ("point", "inequalities"):
        if name in columns:
            texts = [list(own) for own in columns[name]]
            names[name] = pyarrow.array(texts, type=pyarrow.list_(pyarrow.string()))
    return pyarrow.table(names).replace_schema_metadata({"polyrelu": json.dumps(question(tiling))})


def question(tiling: Tiling) -> dict[str, Any]:
    """What was asked, as JSON values."""
    network, names = tiling.network, [f"y{i}" for i in range(tiling.network.output_dim)]
    return {
        "network": {"hash": network_hash(network), "inputs": network.input_dim, "outputs": network.output_dim},
        "targets": [list(target.inequalities(names)) for target in tiling.targets],
        "domain": list(tiling.domain.inequalities()),
        "method": tiling.method,
        "complete": tiling.complete,
    }


def _columns(tiling: Tiling, exact: bool) -> dict[str, Any]:
    """What both tables have."""
    found = tiling.arrays()
    points = [tile.inner_point() for tile in tiling]
    columns: dict[str, Any] = {
        "pattern": list(tiling.patterns),
        "target": found.targets,
        "zone": components(tiling).tolist() if tiling.complete else [None] * len(tiling),
        "dim": found.dims,
        "volume_low": found.volumes.low,
        "volume_high": found.volumes.high,
        **{f"x{k}": [to_float(point[k]) for point in points] for k in range(tiling.domain.ambient_dim)},
    }
    if exact:
        sizes = tiling.arrays(exact=True).volumes.low
        columns["volume"] = [number_text(size) if size != np.inf else None for size in sizes]
        columns["point"] = [tuple(map(number_text, point)) for point in points]
        columns["inequalities"] = [tile.inequalities() for tile in tiling]
    return columns


def _lists(pyarrow: Any, found: TileArrays) -> dict[str, Any]:
    """Vertices, rays and rows as Arrow lists, which keep them as they are."""

    def vectors(values: Any) -> Any:
        starts = np.arange(len(values) + 1, dtype=np.int64) * values.shape[1]
        return pyarrow.LargeListArray.from_arrays(starts, np.ascontiguousarray(values).ravel())

    lists = {
        name: pyarrow.LargeListArray.from_arrays(own.starts, vectors(own.points))
        for name, own in (("vertices", found.vertices), ("rays", found.rays))
    }
    rows = found.rows
    records = pyarrow.StructArray.from_arrays(
        [vectors(rows.normals), *map(pyarrow.array, (rows.offsets, rows.relations.tolist(), rows.radius))],
        ["normal", "offset", "relation", "radius"],
    )
    return {**lists, "rows": pyarrow.LargeListArray.from_arrays(rows.starts, records)}
