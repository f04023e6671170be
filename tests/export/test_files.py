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
