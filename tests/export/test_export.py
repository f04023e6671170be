import itertools
import json
import sys
import xml.etree.ElementTree as ET
from collections import Counter
from fractions import Fraction

import cdd
import cdd.gmp
import pytest
from hypothesis import given

import polyrelu as pr
from polyrelu.export import planar
from polyrelu.export.files import export_tiling
from polyrelu.export.hrep import ext_text, ine_text
from polyrelu.export.meshes import mesh, obj_text, ply_text
from polyrelu.networks.properties import between
from polyrelu.polyhedra.halfspace import Halfspace
from polyrelu.polyhedra.polyhedron import Polyhedron
from tests.strategies import polyhedra

NORM = pr.Network([([[1, 0], [-1, 0], [0, 1], [0, -1]], [0] * 4), ([[1, 1, 1, 1]], [0])])  # |x0| + |x1|
RING = pr.preimage(NORM, between(0, 1, 2, dim=1))
MAX = pr.Network([([[1, 0, 0], [0, 1, 0], [0, 0, 1]], [0] * 3), ([[1, 1, 1]], [0])])
CUBE = pr.Polyhedron.box([-1] * 3, [1] * 3)


def read_block(text):
    lines = [line for line in text.splitlines() if not line.startswith("*")]
    linear = [int(v) - 1 for v in lines[1].split()[2:]] if lines[1].startswith("linearity") else []
    begin = lines.index("begin")
    count, columns, kind = lines[begin + 1].split()
    rows = [[Fraction(v) for v in line.split()] for line in lines[begin + 2 : lines.index("end")]]
    assert (len(rows), kind) == (int(count), "rational")
    assert all(len(row) == int(columns) for row in rows)
    return lines[0], linear, rows


@given(polyhedra())
def test_ine_and_ext_state_the_closure(polyhedron):
    dim = polyhedron.ambient_dim
    kind, linear, rows = read_block(ine_text(polyhedron))
    assert kind == "H-representation"
    read = Polyhedron.from_halfspaces(
        [Halfspace.of([-v for v in r[1:]], r[0], "==" if i in linear else "<=") for i, r in enumerate(rows)], dim
    )
    relaxed = Polyhedron.from_halfspaces([h.closed() for h in polyhedron.halfspaces], dim)
    assert read == relaxed
    assert ("strict rows:" in ine_text(polyhedron)) == (not polyhedron.is_closed_form)
    kind, linear, rows = read_block(ext_text(polyhedron))
    assert kind == "V-representation"
    points = [r[1:] for i, r in enumerate(rows) if r[0] and i not in linear]
    rays = [r[1:] for i, r in enumerate(rows) if not r[0] and i not in linear]
    lines = [rows[i][1:] for i in linear]
    assert Polyhedron.from_generators(points, rays, lines, dim=dim) == polyhedron.closure()


def test_cddlib_means_the_same_by_an_ine_file():
    tile = RING[0].polyhedron
    _, linear, rows = read_block(ine_text(tile))
    matrix = cdd.gmp.matrix_from_array(rows, rep_type=cdd.RepType.INEQUALITY, lin_set=linear)
    corners = {tuple(row[1:]) for row in cdd.gmp.copy_generators(cdd.gmp.polyhedron_from_matrix(matrix)).array}
    assert corners == set(tile.vertices)


def test_a_tiling_as_blocks(tmp_path):
    for suffix, text in ((".ine", ine_text), (".ext", ext_text)):
        RING.export(tmp_path / f"t{suffix}")
        blocks = (tmp_path / f"t{suffix}").read_text().split("end\n")[:-1]
        assert len(blocks) == len(RING)
        assert blocks[1] + "end\n" == text(RING[1].polyhedron, f"tile 1, pattern {RING[1].pattern}")


def test_shapely_has_the_exact_area_and_holes():
    shapely = pytest.importorskip("shapely")
    (zone,) = RING.to_shapely()
    assert zone.is_valid
    assert (zone.area, len(zone.geoms), len(zone.geoms[0].interiors)) == (6.0, 1, 1)
    box = pr.Polyhedron.box([-1, -1], [1, 1])
    assert pr.preimage(NORM, pr.parse("y0 >= 1", dim=1)).to_shapely(within=box)[0].area == 2.0
    with pytest.raises(pr.UnboundedError):
        pr.preimage(NORM, pr.parse("y0 >= 1", dim=1)).to_shapely()
    flat = pr.preimage(NORM, pr.parse("y0 == 1", dim=1)).to_shapely()
    assert [type(g) for g in flat[0].geoms] == [shapely.LineString] * 4
    (point,) = pr.preimage(NORM, pr.parse("y0 == 0", dim=1)).to_shapely()
    assert point.geoms[0] == shapely.Point(0, 0)


def test_geojson():
    shapely = pytest.importorskip("shapely.geometry")
    (feature,) = json.loads(planar.geojson_text(RING))["features"]
    assert feature["properties"]["area"] == "6"
    assert feature["properties"]["exact"]["polygons"][0][0][0] == ["-2", "0"]
    assert shapely.shape(feature["geometry"]).area == 6.0
    assert all(ring[0] == ring[-1] for ring in feature["geometry"]["coordinates"][0])
    third = pr.preimage(NORM, pr.parse("3*y0 <= 1", dim=1))
    (feature,) = json.loads(planar.geojson_text(third))["features"]
    assert feature["properties"]["exact"]["polygons"][0][0][0] == ["-1/3", "0"]
    (flat,) = json.loads(planar.geojson_text(pr.preimage(NORM, pr.parse("y0 == 1", dim=1))))["features"]
    assert [g["type"] for g in flat["geometry"]["geometries"]] == ["LineString"] * 4


def test_svg(tmp_path):
    RING.export(tmp_path / "t.svg")
    root = ET.parse(tmp_path / "t.svg").getroot()
    paths = root.findall(".//{*}path")
    assert [path.get("id") for path in paths] == ["zone0"]
    assert paths[0].get("d") == ("M-2.0,0.0L0.0,-2.0L2.0,0.0L0.0,2.0Z M-1.0,0.0L0.0,1.0L1.0,0.0L0.0,-1.0Z")
    left, top, width, height = map(float, root.get("viewBox").split())
    assert left < -2 < 2 < left + width
    assert top < -2 < 2 < top + height
    flat = ET.fromstring(planar.svg_text(pr.preimage(NORM, pr.parse("y0 == 1", dim=1))))
    assert len(flat.findall(".//{*}path")) == 4
    ET.fromstring(planar.svg_text(RING.select([])))


def volume_inside(made, zone):
    """The volume inside a closed surface, by the divergence theorem: right only if every face looks outwards."""
    total = Fraction(0)
    for face in made.faces[zone]:
        a, *rest = (made.vertices[i] for i in face)
        for b, c in itertools.pairwise(rest):
            total += (
                a[0] * (b[1] * c[2] - b[2] * c[1])
                - a[1] * (b[0] * c[2] - b[2] * c[0])
                + a[2] * (b[0] * c[1] - b[1] * c[0])
            )
    return total / 6


@pytest.mark.parametrize("condition", ["y0 >= 1/2", "y0 <= 1", "1/3 <= y0 <= 2"])
def test_meshes_enclose_the_zones(condition):
    tiling = pr.preimage(MAX, pr.parse(condition, dim=1), CUBE)
    made = mesh(tiling)
    zones = tiling.zones()
    assert len(made.faces) == len(zones)
    for number, zone in enumerate(zones):
        assert volume_inside(made, number) == zone.volume(exact=True)
    assert made.flat == 0


def test_the_mesh_of_a_cube_is_closed():
    made = mesh(pr.preimage(MAX, pr.parse("y0 >= 0", dim=1), CUBE))
    assert len(set(made.vertices)) == len(made.vertices)
    edges = Counter((face[i - 1], face[i]) for faces in made.faces for face in faces for i in range(len(face)))
    corners = {v for v in made.vertices if all(abs(x) == 1 for x in v)}
    assert len(corners) == 8
    assert all(edges[b, a] == count for (a, b), count in edges.items())


def test_mesh_files():
    tiling = pr.preimage(MAX, pr.parse("y0 >= 1/2", dim=1), CUBE)
    made = mesh(tiling)
    obj = obj_text(tiling).splitlines()
    assert sum(line.startswith("v ") for line in obj) == len(made.vertices)
    faces = [[int(i) for i in line.split()[1:]] for line in obj if line.startswith("f ")]
    assert faces == [[i + 1 for i in face] for zone in made.faces for face in zone]
    header, body = ply_text(tiling).split("end_header\n")
    assert f"element vertex {len(made.vertices)}\n" in header
    assert f"element face {len(faces)}\n" in header
    lines = body.splitlines()
    assert tuple(map(float, lines[0].split())) == tuple(map(float, made.vertices[0]))
    assert lines[len(made.vertices)].split() == [str(len(faces[0])), *(str(i - 1) for i in faces[0]), "0"]


def test_pandas():
    pytest.importorskip("pandas")
    table = RING.to_pandas(exact=True)
    assert list(table.columns) == [
        *("pattern", "target", "zone", "dim", "volume_low", "volume_high", "x0", "x1"),
        *("volume", "point", "inequalities"),
    ]
    assert tuple(table["pattern"]) == RING.patterns
    for i, tile in enumerate(RING):
        assert tile.contains(list(table["point"][i]))
        assert float(Fraction(table["point"][i][0])) == table["x0"][i]
    assert len(RING.select([]).to_pandas()) == 0


def test_networkx():
    assert RING.to_networkx().edges == RING.adjacency().edges


def test_what_cannot_be_written_is_refused_before_the_file_is_touched(tmp_path):
    path = tmp_path / "t.obj"
    with pytest.raises(pr.DimensionError, match=r"lives in R\^2; meshes are made in R\^3"):
        export_tiling(RING, path)
    with pytest.raises(pr.UnboundedError, match="within a box"):
        export_tiling(pr.preimage(MAX, pr.parse("y0 >= 1", dim=1)), path)
    with pytest.raises(pr.DimensionError):
        export_tiling(pr.preimage(MAX, pr.parse("y0 >= 1", dim=1), CUBE), tmp_path / "t.svg")
    with pytest.raises(pr.InputError, match=r"known suffixes are \.ext"):
        export_tiling(RING, tmp_path / "t.stl")
    assert list(tmp_path.iterdir()) == []


def test_missing_packages_are_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    monkeypatch.setitem(sys.modules, "shapely", None)
    with pytest.raises(pr.MissingExtraError, match=r"polyrelu\[pandas\]"):
        RING.to_pandas()
    with pytest.raises(pr.MissingExtraError, match=r"polyrelu\[shapely\]"):
        RING.to_shapely()
