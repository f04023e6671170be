import base64
import json
import struct
from fractions import Fraction

import numpy as np
import pytest

import polyrelu as pr
from polyrelu.export.gltf import glb_bytes, gltf_text
from polyrelu.export.meshes import mesh

trimesh = pytest.importorskip("trimesh")

PEAKS = pr.Network([([[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, 0, 1]], [-1, -1, 0, 0]), ([[1, 1, 0, 0]], [0])])
BOX = pr.Polyhedron.box([-2, 0, "-1/3"], [3, 1, 1])
TILING = pr.preimage(PEAKS, pr.parse("y0 >= 1/2", dim=1), BOX)  # |x0| >= 3/2: two zones


def read(path):
    """What a .glb file holds, chunk by chunk."""
    data = path.read_bytes()
    magic, version, length = struct.unpack_from("<4sII", data)
    assert (magic, version, length, length % 4) == (b"glTF", 2, len(data), 0)
    chunks, place = {}, 12
    while place < length:
        size, kind = struct.unpack_from("<I4s", data, place)
        assert size % 4 == 0
        chunks[kind] = data[place + 8 : place + 8 + size]
        place += 8 + size
    return json.loads(chunks[b"JSON"]), chunks.get(b"BIN\0", b"")


def entries(document, numbers, index):
    accessor = document["accessors"][index]
    view = document["bufferViews"][accessor["bufferView"]]
    kind = {5126: "<f4", 5125: "<u4"}[accessor["componentType"]]
    found = np.frombuffer(numbers[view["byteOffset"] : view["byteOffset"] + view["byteLength"]], kind)
    return found.reshape(accessor["count"], 3 if accessor["type"] == "VEC3" else 1)


@pytest.mark.parametrize("suffix", [".glb", ".gltf"])
def test_a_reader_finds_closed_surfaces_with_the_zones_volumes(tmp_path, suffix):
    TILING.export(tmp_path / f"zones{suffix}")
    scene = trimesh.load_scene(tmp_path / f"zones{suffix}")
    zones = TILING.zones()
    assert set(scene.geometry) == {f"zone{k}" for k in range(len(zones))}
    for number, zone in enumerate(zones):
        surface = scene.geometry[f"zone{number}"].copy()
        surface.merge_vertices()
        assert surface.is_watertight
        assert surface.volume == pytest.approx(float(zone.volume(exact=True)), rel=1e-6)
        lower, upper = zone.bounding_box()
        assert np.allclose(surface.bounds, [lower, upper])
        colour = surface.visual.material.baseColorFactor
        assert 0 < colour[3] < 255
    # The third input points upwards, where glTF has its second axis.
    assert np.allclose(scene.bounds[:, 1], [-1 / 3, 1])
    assert np.allclose(scene.bounds[:, 2], [-1, 0])


def test_positions_are_the_corners_rounded_to_float32(tmp_path):
    TILING.export(tmp_path / "t.glb")
    document, numbers = read(tmp_path / "t.glb")
    made = mesh(TILING)
    positions = entries(document, numbers, 0)
    assert positions.tolist() == [[float(np.float32(float(v))) for v in vertex] for vertex in made.vertices]
    assert document["accessors"][0]["min"] == positions.min(axis=0).tolist()
    assert document["accessors"][0]["max"] == positions.max(axis=0).tolist()
    assert any(v == float(np.float32(Fraction(-1, 3))) for v in positions.ravel())
    for zone, drawn in enumerate(document["meshes"]):
        (primitive,) = drawn["primitives"]
        triangles = entries(document, numbers, primitive["indices"]).reshape(-1, 3)
        assert len(triangles) == sum(len(face) - 2 for face in made.faces[zone])
        assert document["materials"][primitive["material"]]["alphaMode"] == "BLEND"
    assert document["buffers"] == [{"byteLength": len(numbers)}]


def test_the_text_holds_the_same_as_the_container(tmp_path):
    TILING.export(tmp_path / "t.glb")
    document, numbers = read(tmp_path / "t.glb")
    text = json.loads(gltf_text(TILING))
    head, encoded = text["buffers"][0].pop("uri").split(",")
    assert (head, base64.b64decode(encoded)) == ("data:application/octet-stream;base64", numbers)
    assert text == document


def test_flat_tiles_and_empty_tilings(tmp_path):
    flat = pr.preimage(PEAKS, pr.parse("y0 == 1/2", dim=1), BOX)
    for tiling, left_out in ((TILING.select([]), 0), (flat, len(flat))):
        (tmp_path / "t.glb").write_bytes(glb_bytes(tiling))
        document, numbers = read(tmp_path / "t.glb")
        assert document["asset"]["extras"]["flat_tiles_left_out"] == left_out
        assert (numbers, document.keys()) == (b"", {"asset", "scene", "scenes"})
        assert not json.loads(gltf_text(tiling)).get("buffers")


def test_what_gltf_cannot_hold_is_refused(tmp_path):
    far = pr.preimage(PEAKS, pr.parse("y0 >= 1", dim=1), pr.Polyhedron.box([0] * 3, [10**39, 1, 1]))
    with pytest.raises(pr.InputError, match="beyond the largest float32"):
        far.export(tmp_path / "t.glb")
    assert not (tmp_path / "t.glb").exists()
