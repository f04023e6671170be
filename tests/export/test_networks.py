"""Networks that are written are read again as they were, and onnxruntime computes the same."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import polyrelu as pr
from polyrelu.export.networks import save_network
from tests import zoo
from tests.strategies import networks

SUFFIXES = [".npz", ".onnx"]


def again(network, path):
    save_network(network, path)
    return pr.load_network(path)


@given(network=networks(max_inputs=3, max_neurons=5), suffix=st.sampled_from(SUFFIXES), data=st.data())
def test_a_network_that_is_written_is_the_same_function(tmp_path_factory, network, suffix, data):
    pytest.importorskip("onnx")
    path = tmp_path_factory.getbasetemp() / f"written{suffix}"
    if not all(layer.is_float for layer in network.layers):
        with pytest.warns(pr.RoundedWarning, match="numbers that are no floats"):
            save_network(network, path)
        return
    found = again(network, path)
    assert suffix == ".onnx" or found == network
    assert found.neuron_count == network.neuron_count
    point = data.draw(st.lists(st.fractions(-3, 3), min_size=network.input_dim, max_size=network.input_dim))
    assert found(point).tolist() == network(point).tolist()


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_coordinates_without_a_relu_keep_their_places(tmp_path, suffix):
    pytest.importorskip("onnx")
    mixed = zoo.NETWORKS["skip connection"]
    assert again(mixed, tmp_path / f"net{suffix}")(["1/3", -2]).tolist() == mixed(["1/3", -2]).tolist()


@pytest.mark.parametrize("wide", [False, True])
def test_onnxruntime_computes_the_same(tmp_path, wide):
    runtime = pytest.importorskip("onnxruntime")
    number = 0.1 if wide else 0.5
    network = pr.Network([pr.Layer([[number, -1], [2, 1]], [0, -1], [True, False]), pr.Layer([[1, 3]], [0.25], True)])
    save_network(network, tmp_path / "net.onnx")
    session = runtime.InferenceSession(tmp_path / "net.onnx", providers=["CPUExecutionProvider"])
    points = np.random.default_rng(0).normal(size=(7, 2)).astype(np.float64 if wide else np.float32)
    (values,) = session.run(None, {"x": points})
    assert values.dtype == points.dtype
    assert np.allclose(values, network(points.astype(np.float64)), atol=1e-6)


def test_what_cannot_be_written_is_refused(tmp_path):
    network = pr.Network([([[10**400]], [0])])
    with pytest.raises(pr.RangeError, match="layer 0 has a number beyond the range of floats"):
        save_network(network, tmp_path / "net.npz")
    with pytest.raises(pr.InputError, match=r"the suffix '.nnet'; choose .npz or .onnx"):
        save_network(pr.Network([([[1]], [0])]), tmp_path / "net.nnet")
    assert not list(tmp_path.iterdir())


def test_masks_in_archives_are_checked(tmp_path):
    arrays: Any = {"W0": np.eye(2), "b0": np.zeros(2), "relu": np.array([True]), "relu0": np.array([True, False])}
    np.savez(tmp_path / "net.npz", **arrays)
    assert pr.load_network(tmp_path / "net.npz").layers[0].relu == (True, False)
    for mask in (np.array([True]), np.array([1, 0])):
        np.savez(tmp_path / "net.npz", **arrays | {"relu0": mask})
        with pytest.raises(pr.InputError, match=r"relu0 has type .* expected 2 truth values"):
            pr.load_network(tmp_path / "net.npz")
    np.savez(tmp_path / "net.npz", **arrays | {"relu1": np.array([True])})
    with pytest.raises(pr.InputError, match=r"not understood: .*relu1"):
        pr.load_network(tmp_path / "net.npz")
