"""GeoParquet and shapely, of zones and of tiles."""

import json

import pytest

import polyrelu as pr
from tests import zoo

shapely = pytest.importorskip("shapely")
parquet = pytest.importorskip("pyarrow.parquet")


@pytest.mark.parametrize("name", ["ring", "overlapping targets", "level set", "point in the plane"])
@pytest.mark.parametrize("by", ["zone", "tile"])
def test_what_is_written_is_read_again(name, by, tmp_path):
    tiling = zoo.tiling(name)
    tiling.to_geoparquet(tmp_path / "a.geoparquet", by=by)
    table = parquet.read_table(tmp_path / "a.geoparquet")
    geometries = [shapely.from_wkb(own) for own in table["geometry"].to_pylist()]
    assert geometries == tiling.to_shapely(by=by)
    about = json.loads(table.schema.metadata[b"geo"])
    assert (about["version"], about["primary_column"]) == ("1.1.0", "geometry")
    column = about["columns"]["geometry"]
    assert column["encoding"] == "WKB"
    assert column["crs"] is None
    assert set(column["geometry_types"]) == {own.geom_type for own in geometries}
    assert column["bbox"] == list(shapely.total_bounds(geometries))
    pieces = tiling.zones() if by == "zone" else [tiling[i : i + 1] for i in range(len(tiling))]
    for geometry, piece in zip(geometries, pieces, strict=True):
        assert geometry.area in piece.volume() or abs(geometry.area - piece.volume().mid) < 2**-40
    assert table.column_names[0] == ("zone" if by == "zone" else "pattern")


def test_windows_and_suffixes(tmp_path):
    far = zoo.tiling("unbounded plane with a hole")
    with pytest.raises(pr.UnboundedError, match="pass within="):
        far.to_shapely(by="tile")
    with pytest.raises(pr.UnboundedError):
        far.to_geoparquet(tmp_path / "far.parquet")
    tiles = far.to_shapely(zoo.square(2), by="tile")
    assert sum(own.area for own in tiles) == 14
    far.to_geoparquet(tmp_path / "far.parquet", zoo.square(2), "tile")
    with pytest.raises(pr.InputError, match=r"to_geoparquet: .*\.csv.*write .geoparquet or .parquet"):
        far.to_geoparquet(tmp_path / "far.csv")
    with pytest.raises(pr.InputError, match="to_shapely: unknown by 'cell'"):
        far.to_shapely(by="cell")
    with pytest.raises(pr.DimensionError):
        zoo.tiling("space").to_geoparquet(tmp_path / "space.geoparquet")
    zoo.tiling("ring").export(tmp_path / "ring.geoparquet")
    assert parquet.read_table(tmp_path / "ring.geoparquet")["tiles"].to_pylist() == [4]


def test_a_window_that_misses_a_tile():
    missed = zoo.tiling("ring").to_shapely(([5, 5], [6, 6]), by="tile")
    assert all(own.is_empty for own in missed)
