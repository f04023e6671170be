"""Tilings as pandas tables. Extra ``pandas``."""

from __future__ import annotations

from typing import Any

from polyrelu.arithmetic.exact import to_float
from polyrelu.formats.exact_text import number_text
from polyrelu.support.extras import require
from polyrelu.tilings.tiling import Tiling


def to_pandas(tiling: Tiling, exact: bool = False) -> Any:
    """A DataFrame with one row a tile, in the tiling's order.

    Columns: ``pattern``, ``target`` (the index of the first target), ``x0, x1, ...`` (a point of the relative interior,
    its coordinates rounded to the nearest floats).

    Args:
        tiling: any.
        exact: add ``dim``, ``point`` (the same point exactly, as texts) and ``inequalities`` (as texts), which costs an
            exact polyhedron for each tile.

    Raises:
        RangeError: a coordinate is beyond the range of floats.
        MissingExtraError: pandas is not installed.
    """
    pandas = require("pandas", "to_pandas")
    points = [tile.inner_point() for tile in tiling]
    columns: dict[str, Any] = {
        "pattern": list(tiling.patterns),
        "target": [tile.target_index for tile in tiling],
        **{f"x{k}": [to_float(point[k]) for point in points] for k in range(tiling.domain.ambient_dim)},
    }
    if exact:
        rows = [tile.polyhedron.halfspaces for tile in tiling]  # canonical, so equalities are those of the affine hull
        columns["dim"] = [tiling.domain.ambient_dim - sum(row.relation == "==" for row in own) for own in rows]
        columns["point"] = [tuple(map(number_text, point)) for point in points]
        columns["inequalities"] = [tile.inequalities() for tile in tiling]
    return pandas.DataFrame(columns, index=pandas.RangeIndex(len(tiling), name="tile"))
