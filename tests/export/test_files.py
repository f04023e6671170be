import dataclasses
import json

import pytest

import polyrelu as pr

BOX = {dim: pr.Polyhedron.box([-1] * dim, [1] * dim) for dim in (2, 3)}


@pytest.mark.parametrize(
    ("suffix", "dim"), [(".ine", 2), (".ext", 2), (".svg", 2), (".geojson", 2), (".obj", 3), (".ply", 3), (".gltf", 3)]
)
def test_incomplete_tilings_say_so_in_every_file(tmp_path, suffix, dim):
    identity = [[int(i == j) for j in range(dim)] for i in range(dim)]
    network = pr.Network([(identity, [0] * dim), ([[1] * dim], [0])])
    whole = pr.preimage(network, pr.parse("y0 >= 1/2", dim=1), BOX[dim])
    part = dataclasses.replace(whole, complete=False)
    texts = []
    for tiling in (whole, part):
        tiling.export(tmp_path / f"t{suffix}")
        texts.append((tmp_path / f"t{suffix}").read_text())
    if suffix in (".geojson", ".gltf"):
        found = [json.loads(text) for text in texts]
        states = [one["complete"] if suffix == ".geojson" else one["asset"]["extras"]["complete"] for one in found]
        assert states == [True, False]
    else:
        assert ["incomplete" in text for text in texts] == [False, True]


def far(dim):
    """A tiling whose corners are beyond the range of floats."""
    identity = [[int(i == j) for j in range(dim)] for i in range(dim)]
    box = pr.Polyhedron.box([10**400] * dim, [10**400 + 1] * dim)
    return pr.linear_regions(pr.Network([(identity, [0] * dim)]), box, method="twin")


@pytest.mark.parametrize(
    ("suffix", "dim"), [(".svg", 2), (".geojson", 2), (".obj", 3), (".ply", 3), (".gltf", 3), (".glb", 3)]
)
def test_corners_beyond_floats_are_refused_where_floats_are_written(tmp_path, suffix, dim):
    with pytest.raises((pr.InputError, pr.RangeError), match=r"beyond the range of floats|beyond the largest float32"):
        far(dim).export(tmp_path / f"t{suffix}")
    assert list(tmp_path.iterdir()) == []


def test_exact_formats_hold_them(tmp_path):
    far(2).export(tmp_path / "t.ine")
    assert str(10**400) in (tmp_path / "t.ine").read_text()
    with pytest.raises(pr.RangeError, match="ask for exact numbers"):
        far(2).to_pandas()
    with pytest.raises(pr.InputError, match=r"to_shapely: .*outline\(\) keeps exact numbers"):
        far(2).to_shapely()


@pytest.mark.parametrize("suffix", [".ine", ".svg"])
def test_an_export_that_fails_leaves_the_old_file(tmp_path, suffix):
    path = tmp_path / f"t{suffix}"
    path.write_text("old")
    unbounded = pr.linear_regions(pr.Network([([[1, 0], [0, 1]], [0, 0])]))
    if suffix == ".ine":
        unbounded = dataclasses.replace(unbounded, parts=((0, unbounded.parts[0][1]), (0, None)), chosen=None)  # type: ignore[arg-type]
        with pytest.raises(TypeError):
            unbounded.export(path)
    else:
        with pytest.raises(pr.UnboundedError):
            unbounded.export(path)
    assert (path.read_text(), list(tmp_path.iterdir())) == ("old", [path])
