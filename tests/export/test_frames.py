"""Tables of tiles: pandas and Arrow, against each tile."""

import json
import math
import sys

import pytest

import polyrelu as pr
from polyrelu.formats.exact_text import network_hash
from tests import zoo

NAMES = ["ring", "overlapping targets", "flat domain", "whole line", "level set", "empty target", "stopped run"]


@pytest.mark.parametrize("name", NAMES)
def test_both_tables_say_what_tiles_are(name):
    pandas, pyarrow = pytest.importorskip("pandas"), pytest.importorskip("pyarrow")
    tiling = zoo.tiling(name)
    frame, table = tiling.to_pandas(exact=True), tiling.to_arrow(exact=True)
    assert isinstance(table, pyarrow.Table)
    rows = table.to_pylist()
    zones = {k: z for z, own in enumerate(tiling.zones().numbers()) for k in own} if tiling.complete else {}
    assert len(frame) == len(rows) == len(tiling)
    for i, (tile, row) in enumerate(zip(tiling, rows, strict=True)):
        P, own = tile.polyhedron, frame.loc[i]
        for found in (own, row):
            assert (found["pattern"], found["target"], found["dim"]) == (tile.pattern, tile.target_index, P.dim)
            assert list(found["inequalities"]) == list(tile.inequalities())
            assert list(found["point"]) == [str(v) for v in tile.inner_point()]
            assert found["zone"] == zones.get(i) or (not tiling.complete and pandas.isna(found["zone"]))
            if P.is_bounded() or not P.is_full_dimensional():
                assert found["volume_low"] <= P.volume() <= found["volume_high"]
                assert found["volume"] == str(P.volume())
            else:
                assert found["volume_low"] == math.inf
                assert found["volume"] is None or pandas.isna(found["volume"])
        assert len(row["vertices"]) == len(P.vertices)
        assert len(row["rays"]) == len(P.rays) + 2 * len(P.lines)
        assert sorted(one["relation"] for one in row["rows"]) == sorted(h.relation for h in P.halfspaces)
        assert all(len(one["normal"]) == P.ambient_dim for one in row["rows"])
    said = json.loads(table.schema.metadata[b"polyrelu"])
    assert said["network"]["hash"] == network_hash(tiling.network)
    assert said["complete"] == tiling.complete


def test_an_arrow_table_is_a_parquet_file(tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    table = zoo.tiling("ring").to_arrow()
    parquet.write_table(table, tmp_path / "ring.parquet")
    assert parquet.read_table(tmp_path / "ring.parquet").equals(table)


def test_without_pyarrow(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(pr.MissingExtraError, match=r"to_arrow needs pyarrow.*polyrelu\[parquet\]"):
        zoo.tiling("ring").to_arrow()
