import sys

import numpy as np
import pytest

import polyrelu as pr
from tests.scripts import script

STUB = """
import json, sys
for line in sys.stdin:
    found = {"regions": REGIONS, "seconds": 0.25}
    print(json.dumps({"network": line.strip(), "published": found, "hashed": found}), flush=True)
"""


@pytest.fixture(scope="module")
def peer():
    return script("peers/edge_subdivision.py")


@pytest.fixture
def benchmark():
    return script("benchmark.py")


@pytest.fixture
def without_torch(tmp_path, monkeypatch):
    (tmp_path / "torch.py").write_text("raise ImportError('no torch here')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))


def answering(benchmark, tmp_path, monkeypatch, regions):
    path = tmp_path / "stub.py"
    path.write_text(STUB.replace("REGIONS", str(regions)))
    monkeypatch.setattr(benchmark, "EDGE_SUBDIVISION", path)
    return benchmark.EdgeSubdivision(sys.executable)


def test_without_torch_the_column_is_left_out(benchmark, without_torch, capfd):
    assert benchmark.edge_subdivision(sys.executable) is None
    said = capfd.readouterr().err
    assert "edge_subdivision: this Python has no torch; pip install torch" in said
    assert "edge subdivision is not measured" in said


def test_not_asked_for_is_not_run(benchmark):
    assert benchmark.peer_python(None, wanted=False) is None
    assert benchmark.edge_subdivision(None) is None


def test_seconds_of_a_peer(benchmark, tmp_path, monkeypatch):
    running = answering(benchmark, tmp_path, monkeypatch, 7)
    assert running.seconds((2, 3), 7) == {"published": 0.25, "hashed": 0.25}
    with pytest.raises(AssertionError, match=r'"2-3".*\n*expected 8'):
        running.seconds((2, 3), 8)
    running.close()
    assert running.process.returncode == 0


@pytest.mark.parametrize("widths", [(2, 8, 8), (2, 5, 5, 5), (3, 6, 6), (4, 5, 4), (5, 4, 4)])
def test_edge_subdivision_finds_the_same_regions(peer, benchmark, widths):
    pytest.importorskip("torch")
    layers = peer.random_layers(list(widths))
    box = pr.Polyhedron.box([-6] * widths[0], [6] * widths[0])
    regions = pr.linear_regions(benchmark.random_network(widths), box)
    hashed, published = peer.hashed(layers), peer.published(layers)
    assert peer.count_regions(hashed) == peer.count_regions(published) == len(regions)
    vertices = {tuple(map(float, v)) for tile in regions for v in tile.polyhedron.vertices}
    for found in (hashed, published):
        assert len(found.vertices) == len(vertices)
        rounded = np.array(sorted(map(tuple, found.vertices.numpy().round(9))))
        assert np.allclose(rounded, np.array(sorted(tuple(np.round(v, 9)) for v in vertices)), atol=1e-6)
    assert len(hashed.edges) == len(published.edges)
    if widths[0] == 2:
        assert len(hashed.vertices) - len(hashed.edges) + len(regions) == 1


def test_signs_are_those_of_the_neurons(peer):
    pytest.importorskip("torch")
    layers = peer.random_layers([3, 6, 5])
    for found in (peer.hashed(layers), peer.published(layers)):
        assert ((found.signs == 0).sum(1) == 3).all()
        values = peer.every_neuron(layers, found.vertices)
        signs = found.signs[:, 6:]
        assert (values.sign()[signs != 0] == signs[signs != 0]).all()
        assert values[signs == 0].abs().max() < 1e-9
        ends = found.signs[found.edges]
        assert (((ends[:, 0] + ends[:, 1]) == 0).sum(1) == 2).all()


@pytest.mark.parametrize("method", ["hashed", "published"])
def test_a_neuron_through_a_vertex_is_an_error(peer, method):
    torch = pytest.importorskip("torch")
    diagonal = [(torch.tensor([[1.0, 1.0]], dtype=torch.float64), torch.zeros(1, dtype=torch.float64))]
    with pytest.raises(ArithmeticError, match="neuron 0 is zero at a vertex"):
        getattr(peer, method)(diagonal)


def test_the_methods_asked_for_are_those_there_are(peer, benchmark):
    assert set(benchmark.METHODS) == set(peer.METHODS)
