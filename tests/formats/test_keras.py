"""Files in the layout of Keras 3, written here; and, where Keras is installed, files that it wrote."""

import io
import itertools
import json
import os
import sys
import warnings
import zipfile
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import polyrelu as pr

h5py = pytest.importorskip("h5py")

RNG = np.random.default_rng(3)


def layer(kind, name, inbound=None, **config):
    found = {"module": "keras.layers", "class_name": kind, "config": {"name": name, **config}, "registered_name": None}
    if inbound is not None:
        found["name"] = name
        found["inbound_nodes"] = [
            {"args": [tensors if len(tensors) > 1 else tensors[0]], "kwargs": {}}
            for call in inbound
            for tensors in [[tensor(*place) for place in call]]
            if tensors
        ]
    return found


def tensor(name, node=0):
    return {"class_name": "__keras_tensor__", "config": {"shape": [None], "keras_history": [name, node, 0]}}


def entry(*shape, **options):
    return layer("InputLayer", "entry", batch_shape=[None, *shape], **options)


def dense(name, inbound=None, activation="linear", use_bias=True):
    return layer("Dense", name, inbound, activation=activation, use_bias=use_bias)


def sequential(*layers):
    return {"class_name": "Sequential", "config": {"name": "model", "layers": list(layers)}}


def write(path, config, weights, named=True, version="3.15.1", change=None):
    """A .keras file; weights are lists of arrays by (group, layer name)."""
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        for (group, name), arrays in weights.items():
            own = file.create_group(f"layers/{group}/vars")
            if named:
                own.attrs["name"] = name
            for i, array in enumerate(arrays):
                own[str(i)] = array
        if change is not None:
            change(file)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", json.dumps(config))
        archive.writestr("metadata.json", json.dumps({"keras_version": version}))
        archive.writestr("model.weights.h5", buffer.getvalue())
    return path


def floats(*shape):
    return RNG.normal(size=shape).astype(np.float32)


KERNEL, BIAS, LAST = floats(3, 4), floats(4), floats(4, 2)
MLP = sequential(entry(3), dense("one", activation="relu"), dense("two", use_bias=False))
MLP_WEIGHTS = {("dense", "one"): [KERNEL, BIAS], ("dense_1", "two"): [LAST]}
EXPECTED = pr.Network([(KERNEL.T, BIAS), (LAST.T, np.zeros(2))])


@pytest.mark.parametrize("named", [True, False])
def test_a_sequential_model_has_the_stored_numbers(tmp_path, named):
    assert pr.load_network(write(tmp_path / "net.keras", MLP, MLP_WEIGHTS, named)) == EXPECTED
    renamed = write(tmp_path / "net.zip", MLP, MLP_WEIGHTS, named)
    assert pr.load_network(renamed) == EXPECTED


def test_weights_are_found_by_name_first(tmp_path):
    swapped = {("dense_1", "one"): [KERNEL, BIAS], ("dense", "two"): [LAST]}
    assert pr.load_network(write(tmp_path / "net.keras", MLP, swapped)) == EXPECTED
    with pytest.raises(pr.InputError, match=r"layer 'one' \(Dense\): has 1 stored weights; expected 2"):
        pr.load_network(write(tmp_path / "net.keras", MLP, swapped, named=False))


def values(path, points, **options):
    network = pr.load_network(path, **options)
    return network([[Fraction(float(v)) for v in np.ravel(point)] for point in points])


def test_a_functional_model_with_a_shared_layer(tmp_path):
    layers = [
        entry(3) | {"inbound_nodes": []},
        dense("shared", [[("entry",)], [("shared", 0)]], activation="relu"),
        layer("Add", "sum", [[("shared", 1), ("shared", 0)]]),
        layer("Subtract", "difference", [[("sum",), ("entry",)]]),
        layer("Maximum", "larger", [[("difference",), ("shared", 0)]]),
        layer("Concatenate", "both", [[("larger",), ("entry",)]], axis=-1),
        layer("Average", "mean", [[("both",), ("both",)]]),
    ]
    model = {"layers": layers, "input_layers": ["entry", 0, 0], "output_layers": [["mean", 0, 0]]}
    weight, bias = floats(3, 3), floats(3)
    path = write(
        tmp_path / "net.keras", {"class_name": "Functional", "config": model}, {("dense", "shared"): [weight, bias]}
    )
    exact_weight, exact_bias = (np.vectorize(Fraction)(a.astype(float)) for a in (weight, bias))
    for point in floats(6, 3):
        x = np.array([Fraction(float(v)) for v in point])
        first = np.maximum(x @ exact_weight + exact_bias, 0)
        second = np.maximum(first @ exact_weight + exact_bias, 0)
        expected = [*np.maximum(second + first - x, first), *x]
        assert values(path, [point])[0].tolist() == expected


def padded(image, kernel, strides, padding):
    """An image (rows, columns, channels) with the border of TensorFlow's "same", NaN in it, or as it is."""
    if padding == "valid":
        return image
    borders = []
    for n, k, s in zip(image.shape, kernel, strides, strict=False):
        total = max(0, (-(-n // s) - 1) * s + k - n)
        borders.append((total // 2, total - total // 2))
    return np.pad(image, [*borders, (0, 0)], constant_values=np.nan)


def windows(image, kernel, strides, padding):
    """The windows of an image, by output place."""
    rows = padded(image, kernel, strides, padding)
    counts = [(n - k) // s + 1 for n, k, s in zip(rows.shape, kernel, strides, strict=False)]
    for i, j in itertools.product(*map(range, counts)):
        a, b = i * strides[0], j * strides[1]
        yield rows[a : a + kernel[0], b : b + kernel[1]]


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("strides", [(1, 1), (2, 1), (3, 2)])
def test_images_have_their_channels_last(tmp_path, padding, strides):
    options = {"padding": padding, "strides": list(strides), "data_format": "channels_last"}
    kernel, bias = floats(2, 3, 2, 3), floats(3)
    convolution = layer(
        "Conv2D",
        "conv",
        kernel_size=[2, 3],
        dilation_rate=[1, 1],
        groups=1,
        activation="relu",
        use_bias=True,
        **options,
    )
    image = floats(5, 6, 2)
    path = write(tmp_path / "net.keras", sequential(entry(5, 6, 2), convolution), {("conv2d", "conv"): [kernel, bias]})
    expected = [
        max(0.0, float((np.nan_to_num(w)[..., None] * kernel.astype(float)).sum(axis=(0, 1, 2))[c] + bias[c]))
        for w in windows(image.astype(float), (2, 3), strides, padding)
        for c in range(3)
    ]
    assert np.array(values(path, [image])[0], dtype=float) == pytest.approx(np.array(expected), abs=1e-9)
    for kind, reduce in (("MaxPooling2D", np.nanmax), ("AveragePooling2D", np.nanmean)):
        path = write(
            tmp_path / "net.keras", sequential(entry(5, 6, 2), layer(kind, "p", pool_size=[2, 3], **options)), {}
        )
        pools = [reduce(w[..., c]) for w in windows(image.astype(float), (2, 3), strides, padding) for c in range(2)]
        assert np.array(values(path, [image])[0], dtype=float) == pytest.approx(np.array(pools), abs=1e-9)


X = np.array([[-2.0, -0.5, 0.25, 3.0]])


@pytest.mark.parametrize(
    ("given", "function"),
    [
        (
            layer("ReLU", "r", max_value=2.0, negative_slope=0.5, threshold=0.0),
            lambda x: min(x if x > 0 else x / 2, 2.0),
        ),
        (layer("ReLU", "r", max_value=None, negative_slope=0.0, threshold=0.0), lambda x: max(x, 0.0)),
        (layer("LeakyReLU", "r", negative_slope=0.25), lambda x: x if x > 0 else x / 4),
        (layer("Activation", "r", activation="relu6"), lambda x: min(max(x, 0.0), 6.0)),
        (layer("Activation", "r", activation="hard_tanh"), lambda x: min(max(x, -1.0), 1.0)),
        (layer("Activation", "r", activation="linear"), lambda x: x),
        (layer("Rescaling", "r", scale=0.5, offset=-1), lambda x: x / 2 - 1),
        (layer("Dropout", "r", rate=0.5), lambda x: x),
        (layer("Flatten", "r", data_format="channels_last"), lambda x: x),
    ],
)
def test_layers_without_weights(tmp_path, given, function):
    path = write(tmp_path / "net.keras", sequential(entry(4), given), {})
    assert [float(v) for v in values(path, X)[0]] == [function(v) for v in X[0]]


def test_normalisation_and_parametric_slopes(tmp_path):
    normal = layer("BatchNormalization", "n", axis=-1, scale=True, center=True, epsilon=0.0)
    arrays = [floats(4), floats(4), floats(4), np.array([4, 1, 0.25, 16], np.float32)]
    path = write(tmp_path / "net.keras", sequential(entry(4), normal), {("batch_normalization", "n"): arrays})
    scale, shift, mean, variance = arrays
    expected = scale * (X[0] - mean) / np.sqrt(variance) + shift
    assert np.array(values(path, X)[0], dtype=float) == pytest.approx(expected, rel=1e-6)
    slopes = np.array([0.5, 0.25, 0.125, 2], np.float32)
    path = write(tmp_path / "net.keras", sequential(entry(4), layer("PReLU", "p")), {("p_re_lu", "p"): [slopes]})
    assert [float(v) for v in values(path, X)[0]] == [-1.0, -0.125, 0.25, 3.0]


def test_shapes_move_entries_around(tmp_path):
    layers = [
        entry(2, 3),
        layer("Permute", "p", dims=[2, 1]),
        layer("ZeroPadding1D", "z", padding=[0, 1], data_format="channels_last"),
        layer("Reshape", "r", target_shape=[-1]),
    ]
    path = write(tmp_path / "net.keras", sequential(*layers), {})
    assert [int(v) for v in values(path, [[1, 2, 3, 4, 5, 6]])[0]] == [1, 4, 2, 5, 3, 6, 0, 0]


def test_the_last_operator_is_dropped_when_asked(tmp_path):
    soft = sequential(entry(3), dense("one", activation="relu"), dense("two", activation="softmax", use_bias=False))
    path = write(tmp_path / "net.keras", soft, MLP_WEIGHTS)
    with pytest.raises(pr.InputError, match=r"layer 'two' \(Dense\): the activation softmax.*drop_final=\"softmax\""):
        pr.load_network(path)
    assert pr.load_network(path, drop_final="Softmax") == EXPECTED
    own = sequential(*MLP["config"]["layers"], layer("Softmax", "s", axis=-1))
    path = write(tmp_path / "net.keras", own, MLP_WEIGHTS)
    assert pr.load_network(path, drop_final="Softmax") == EXPECTED
    with pytest.raises(pr.InputError, match="drop_final is 'ArgMax', but the last layer is Softmax"):
        pr.load_network(path, drop_final="ArgMax")


def test_open_shapes_are_given(tmp_path):
    path = write(tmp_path / "net.keras", sequential(entry(None, 2), layer("Flatten", "f")), {})
    with pytest.raises(pr.InputError, match=r"open shape \[None, None, 2\]; pass input_shape"):
        pr.load_network(path)
    assert pr.load_network(path, input_shape=(1, 3, 2)).input_dim == 6
    with pytest.raises(pr.DimensionError, match=r"input_shape \(1, 3, 3\) disagrees"):
        pr.load_network(path, input_shape=(1, 3, 3))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            layer("Lambda", "l", function={"code": "boom"}),
            r"layer 'l' \(Lambda\): not supported; supported are Activation",
        ),
        (layer("LSTM", "l"), r"layer 'l' \(LSTM\): not supported"),
        (sequential(), r"layer 'model' \(Sequential\): not supported"),
        (layer("Dense", "l") | {"registered_name": "mine>Dense"}, "a class of one's own, whose code is not read"),
        (layer("ReLU", "l", threshold=1.0), "threshold of 1.0 makes it discontinuous"),
        (layer("Activation", "l", activation={"class_name": "LeakyReLU"}), "activation of class LeakyReLU"),
        (layer("Activation", "l", activation="tanh"), "activation tanh is not supported; supported are hard_sigmoid"),
        (layer("Flatten", "l", data_format="nhwc"), "data_format is 'nhwc'"),
        (layer("Permute", "l", dims=[3, 7]), "cannot be lowered"),
        (dense("l"), "has 0 stored weights; expected 2"),
        (layer("Dense", "l", use_bias=False, quantization_config={}), "quantised"),
    ],
)
def test_what_is_not_understood_is_named(tmp_path, given, message):
    with pytest.raises(pr.InputError, match=message):
        pr.load_network(write(tmp_path / "net.keras", sequential(entry(3, 1), given), {}))


def test_weights_outside_the_file_are_not_read(tmp_path):
    secret = tmp_path / "secret.h5"
    with h5py.File(secret, "w") as file:
        file["kernel"] = KERNEL
    model = sequential(entry(3), dense("one", use_bias=False))

    def link(file):
        file.create_group("layers/dense/vars")["0"] = h5py.ExternalLink(str(secret), "kernel")

    def raw(file):
        group = file.create_group("layers/dense/vars")
        group.create_dataset("0", (3, 4), "f4", external=[(str(secret), 0, h5py.h5f.UNLIMITED)])

    for change in (link, raw):
        with pytest.raises(pr.InputError, match="weight 0 of layer 'one': is missing, or kept in another file"):
            pr.load_network(write(tmp_path / "net.keras", model, {}, change=change))


def test_other_archives_are_refused(tmp_path):
    old = write(tmp_path / "old.keras", MLP, MLP_WEIGHTS, version="2.15.0")
    with pytest.raises(pr.InputError, match=r"was written by Keras 2\.15\.0; load it in Keras 3 and save it again"):
        pr.load_network(old)
    (tmp_path / "net.keras").write_bytes(b"\x89HDF\r\n\x1a\n")
    with pytest.raises(pr.InputError, match=r"not a readable \.keras archive"):
        pr.load_network(tmp_path / "net.keras")
    integer = {("dense", "one"): [KERNEL.astype(np.int8), BIAS], ("dense_1", "two"): [LAST]}
    with pytest.raises(pr.InputError, match="of type int8; only plain floats"):
        pr.load_network(write(tmp_path / "net.keras", MLP, integer))
    infinite = MLP_WEIGHTS | {("dense", "one"): [KERNEL, np.full(4, np.inf)]}
    with pytest.raises(pr.InexactError, match="layer 'one'"):
        pr.load_network(write(tmp_path / "net.keras", MLP, infinite))


def test_h5py_is_an_extra(tmp_path, monkeypatch):
    path = write(tmp_path / "net.keras", MLP, MLP_WEIGHTS)
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(pr.MissingExtraError, match=r"needs h5py.*pip install 'polyrelu\[keras\]'"):
        pr.load_network(path)


TEXT = json.dumps(MLP)


@settings(max_examples=60)
@given(st.data())
def test_damaged_configurations_are_refused_or_read_but_never_crash(tmp_path_factory, data):
    parts = json.loads(TEXT)
    node = parts
    while isinstance(node, (dict, list)) and node:
        key = data.draw(st.sampled_from(sorted(node) if isinstance(node, dict) else range(len(node))))
        if data.draw(st.booleans()) or not isinstance(node[key], (dict, list)):
            node[key] = data.draw(st.sampled_from([None, 0, -1, "x", [], {}, [None], 1e400, True]))
            break
        node = node[key]
    path = write(tmp_path_factory.getbasetemp() / "damaged.keras", parts, MLP_WEIGHTS)
    try:
        assert pr.load_network(path).widths
    except pr.PolyreluError as error:
        assert str(error)


# -- files that Keras wrote -------------------------------------------------------------------------------------------


def changed(place, value):
    """The model of two dense layers with another value in a layer's configuration, or in place of it all."""
    config = json.loads(json.dumps(MLP))
    target = config
    for key in place[:-1]:
        target = target[key]
    target[place[-1]] = value
    return config


NEITHER: list[Any] = [None, 3, [], {}]
MORE: list[Any] = [[[]], [None], "x"]


@pytest.mark.parametrize(
    ("place", "value"),
    [
        *((("config", "layers", 1, "config", "units"), value) for value in (10**30, -1, "4", [4], 5, 4.5, 2**40)),
        *(
            (("config", "layers", 0, "config", "batch_shape"), value)
            for value in ([None, 10**30], [None, -3], 3, [None, "3"])
        ),
        *(
            (("config", "layers", 0, "config", "batch_shape"), value)
            for value in ([None, 3.5], [None, 0], [], [None, 10**8])
        ),
        *((("config", "layers", 1, key), value) for key in ("config", "class_name") for value in NEITHER),
        *((("config", "layers"), value) for value in (None, 3, {}, *MORE)),
        *(((key,), value) for key in ("config", "class_name") for value in NEITHER),
        (("config", "layers", 1, "config", "activation"), 10**30),
        (("config", "layers", 1, "config", "name"), ["one"]),
    ],
)
def test_nonsense_in_a_configuration_is_refused(tmp_path, place, value):
    path = write(tmp_path / "net.keras", changed(place, value), MLP_WEIGHTS)
    with pytest.raises(pr.PolyreluError, match=r"net\.keras"):
        pr.load_network(path)


def test_nonsense_in_sizes_of_windows_is_refused(tmp_path):
    for kind, options in (
        ("ZeroPadding1D", {"padding": [10**9, 10**9]}),
        ("ZeroPadding1D", {"padding": [-1, 0]}),
        ("MaxPooling1D", {"pool_size": [10**30], "strides": [1], "padding": "valid"}),
        ("MaxPooling1D", {"pool_size": [2], "strides": [0], "padding": "same"}),
        ("Reshape", {"target_shape": [10**30, -1]}),
        ("Permute", {"dims": [10**30, 1]}),
    ):
        config = sequential(entry(4, 2), layer(kind, "the_layer", **options))
        with pytest.raises(pr.PolyreluError, match="the_layer"):
            pr.load_network(write(tmp_path / "net.keras", config, {}))


def test_configurations_that_are_no_json_are_refused(tmp_path):
    path = write(tmp_path / "net.keras", MLP, MLP_WEIGHTS)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    for config in (b"[" * 10**5, b"\xff", b"{}", b"3", b"NaN", b'{"a": ' + b"9" * 5000 + b"}"):
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in (members | {"config.json": config}).items():
                archive.writestr(name, content)
        with pytest.raises(pr.InputError, match=r"net\.keras"):
            pr.load_network(path)


def keras_models():
    os.environ.setdefault("KERAS_BACKEND", "jax")
    keras = pytest.importorskip("keras", reason="keras and a backend are needed to compare with: pip install keras jax")
    layers = keras.layers
    image, flat = keras.Input((7, 8, 2)), keras.Input((3,))
    hidden = layers.Dense(3, activation="relu")
    twice = layers.Add()([hidden(hidden(flat)), flat])
    models = {
        "mlp": keras.Sequential([flat, layers.Dense(4, "relu"), layers.Dropout(0.5), layers.Dense(2, use_bias=False)]),
        "graph": keras.Model(flat, layers.Dense(2)(layers.Concatenate()([twice, flat]))),
        "prelu": keras.Sequential([flat, layers.PReLU(), layers.ReLU(max_value=1.5, negative_slope=0.1)]),
        "causal": keras.Sequential([keras.Input((9, 2)), layers.Conv1D(3, 3, padding="causal", dilation_rate=2)]),
    }
    for padding, strides in itertools.product(("same", "valid"), (1, 2, 3)):
        models[f"{padding} {strides}"] = keras.Sequential(
            [
                image,
                layers.Conv2D(4, (2, 3), strides, padding, activation="relu", groups=2),
                layers.BatchNormalization(),
                layers.MaxPooling2D((2, 1), padding=padding),
                layers.Flatten(),
                layers.Dense(2, activation="leaky_relu"),
            ]
        )
    return keras, models


def test_keras_evaluates_its_files_alike(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        keras, models = keras_models()
        for name, model in models.items():
            for weight in model.weights:
                value = RNG.normal(size=weight.shape)
                weight.assign(abs(value) + 0.5 if "variance" in weight.path else value)
            model.save(tmp_path / "net.keras")
            points = RNG.normal(size=(8, *model.input_shape[1:])).astype(np.float32)
            expected = keras.ops.convert_to_numpy(model(points, training=False)).reshape(8, -1)
            got = np.array(values(tmp_path / "net.keras", points), dtype=float)
            assert got == pytest.approx(expected, rel=1e-4, abs=1e-4), name
