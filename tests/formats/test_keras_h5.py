"""Whole models in HDF5, in the words of Keras 2 and of Keras 3, written here; and, where Keras is installed, by it."""

import json
import os
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import polyrelu as pr
from tests.formats.test_keras import EXPECTED, KERNEL, LAST, MLP, entry, floats, layer
from tests.strategies import damaged, is_read_or_refused

h5py = pytest.importorskip("h5py")

BIAS = EXPECTED.layers[0].float_bias.astype(np.float32)
WEIGHTS = {"one": {"one/kernel:0": KERNEL, "one/bias:0": BIAS}, "two": {"two/kernel:0": LAST}}
OLD = {
    "class_name": "Sequential",
    "config": {
        "name": "model",
        "layers": [
            {
                "class_name": "Dense",
                "config": {"name": "one", "units": 4, "activation": "relu", "use_bias": True}
                | {"batch_input_shape": [None, 3]},
            },
            {"class_name": "Dense", "config": {"name": "two", "units": 2, "activation": "linear", "use_bias": False}},
        ],
    },
}


def write(path, config, weights, version="2.15.0"):
    """A whole model; weights are arrays by layer and place."""
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"] = version
        file.attrs["backend"] = "tensorflow"
        if config is not None:
            file.attrs["model_config"] = json.dumps(config)
        group = file.create_group("model_weights")
        for name, arrays in weights.items():
            own = group.create_group(name)
            own.attrs["weight_names"] = [place.encode() for place in arrays]
            for place, array in arrays.items():
                own[place] = array
    return path


@pytest.mark.parametrize(("config", "version"), [(OLD, "2.15.0"), (MLP, "3.15.1")])
@pytest.mark.parametrize("name", ["net.h5", "net.hdf5", "net"])
def test_whole_models_have_the_stored_numbers(tmp_path, config, version, name):
    assert pr.load_network(write(tmp_path / name, config, WEIGHTS, version)) == EXPECTED


def test_the_first_versions_of_sequential_models_are_lists(tmp_path):
    config = {"class_name": "Sequential", "config": OLD["config"]["layers"]}
    assert pr.load_network(write(tmp_path / "net.h5", config, WEIGHTS)) == EXPECTED


def functional(call=None):
    """x + leaky(x), as Keras 2 writes it."""
    layers = [
        {"class_name": "InputLayer", "name": "entry", "inbound_nodes": []}
        | {"config": {"name": "entry", "batch_input_shape": [None, 3]}},
        {"class_name": "LeakyReLU", "name": "bent", "config": {"name": "bent", "alpha": 0.25}}
        | {"inbound_nodes": [[["entry", 0, 0, call or {}]]]},
        {"class_name": "Add", "name": "sum", "config": {"name": "sum"}}
        | {"inbound_nodes": [[["bent", 0, 0, {}], ["entry", 0, 0, {}]]]},
    ]
    inner = {"layers": layers, "input_layers": [["entry", 0, 0]], "output_layers": [["sum", 0, 0]]}
    return {"class_name": "Model", "config": inner}


def test_functional_models_of_keras_2(tmp_path):
    network = pr.load_network(write(tmp_path / "net.h5", functional(), {}))
    assert network([4, -4, 0]).tolist() == [8, -5, 0]
    with pytest.raises(pr.InputError, match="'bent' is called with more than tensors"):
        pr.load_network(write(tmp_path / "net.h5", functional({"mask": 1}), {}))


def test_shapes_and_final_layers_may_be_given(tmp_path):
    last = layer("Dense", "two", activation="softmax", use_bias=False)
    config = {"class_name": "Sequential", "config": {"layers": [entry(3), MLP["config"]["layers"][1], last]}}
    path = write(tmp_path / "net.h5", config, WEIGHTS, "3.0.0")
    assert pr.load_network(path, drop_final="softmax", input_shape=(1, 3)) == EXPECTED


@pytest.mark.parametrize(
    ("config", "weights", "message"),
    [
        (None, WEIGHTS, "has no attribute model_config, so it holds weights alone; save the whole model"),
        ([1], WEIGHTS, "its configuration is no JSON object"),
        (OLD, {"one": WEIGHTS["one"]}, r"layer 'two' \(Dense\): has 0 stored weights; expected 1"),
        (
            {"class_name": "Sequential", "config": [{"class_name": "Dense", "config": {"activation": "hard_sigmoid"}}]},
            {},
            "hard_sigmoid has another slope in Keras 2",
        ),
        ({"class_name": "Sequential"}, {}, "damaged, or no model"),
    ],
)
def test_bad_models_are_refused(tmp_path, config, weights, message):
    with pytest.raises(pr.InputError, match=message) as caught:
        pr.load_network(write(tmp_path / "net.h5", config, weights))
    assert "net.h5" in str(caught.value)


def test_weights_are_read_from_the_file_itself(tmp_path):
    path = write(tmp_path / "net.h5", OLD, WEIGHTS)
    with h5py.File(path, "r+") as file:
        del file["model_weights/two/two/kernel:0"]
        file["model_weights/two/two/kernel:0"] = h5py.ExternalLink("secret.h5", "kernel")
    with pytest.raises(pr.InputError, match="is missing, or kept in another file"):
        pr.load_network(path)
    with h5py.File(path, "r+") as file:
        file["model_weights/two"].attrs["weight_names"] = [b"other/kernel:0"]
    with pytest.raises(pr.InputError, match="there is no weight"):
        pr.load_network(path)


@settings(max_examples=25)
@given(data=st.data())
def test_damaged_files_are_refused_or_read_but_never_crash(tmp_path_factory, data):
    path = write(tmp_path_factory.getbasetemp() / "damaged.h5", OLD, WEIGHTS)
    content = path.read_bytes()
    path.unlink()
    path.write_bytes(data.draw(damaged(content)))
    assert is_read_or_refused(path)


def test_files_that_keras_writes(tmp_path):
    os.environ.setdefault("KERAS_BACKEND", "numpy")
    keras = pytest.importorskip("keras")
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4, "relu"), keras.layers.Dense(2)])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.save(tmp_path / "net.h5")
    points = floats(5, 3)
    assert np.allclose(pr.load_network(tmp_path / "net.h5")(points.astype(float)), model.predict(points), atol=1e-5)
