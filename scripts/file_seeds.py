"""Small files of every format that polyrelu reads, and ways to damage them; a part of scripts/fuzz_files.py.

Damage is done to bytes, to the words of texts, and deeper: to the members of archives, whose sizes and checksums are
made right again, to the values of JSON documents, to the fields of protobuf messages, to the arrays of tilings, whose
checksum is made right, too.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import pickle
import random
import re
import tempfile
import warnings
import zipfile
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import polyrelu as pr
from polyrelu.formats.tilings import _bytes, _checksum

FORMATS = ("npz", "onnx", "keras", "h5", "nnet", "pt", "safetensors", "vnnlib", "tiling", "parquet")
_MOST_BYTES = 1 << 16
_WORDS = [
    *(
        "0",
        "1",
        "-1",
        "1e999999999",
        "-1e-999999999",
        "1e400",
        "nan",
        "inf",
        "1/0",
        "1/3",
        "9" * 40,
        "9" * 5000,
        "0x10",
    ),
    *("10000000000000000000000000000000", "2147483648", "-2147483649", "4294967296", "1000000", "3.5", ".", "-", "+"),
    *("(", ")", "((((((((", "(assert", "(and", "(or", "(not", "[0,", "]", '"', "|", ";", "//", ",", ",,", "\n", "\t"),
    *(
        "X_0",
        "Y_0",
        "X_1",
        "X_99999",
        "X[0]",
        "=>",
        "true",
        "false",
        "\ufeff",
        "é",
        "\0",
        "\u2028",
        "\x1b[31m",
        "\u0661",
    ),
]
_VALUES: list[Any] = [
    *(None, True, False, 0, 1, -1, 2, 3, 7, 255, 2**31, -(2**31), 2**63, 10**30, -(10**30), 1_000_000, 10**9),
    *(0.0, -0.5, 1e308, 1e-320, float("inf"), float("nan"), "", "x", "relu", "softmax", "dense", "channels_first"),
    *([], [[]], [1], [1, 2, 3], [None, 4], {}, {"a": 1}, "same", "valid", "Dense", "Functional", "9" * 5000),
]
_DEEP = "[" * 3000 + "]" * 3000


class Seed(NamedTuple):
    """A whole file: its format, what it holds (network, property or tiling), its suffix and its bytes."""

    format: str
    kind: str
    suffix: str
    content: bytes


# -- whole files ------------------------------------------------------------------------------------------------------


_MADE: list[tuple[Seed, ...]] = []


def seeds() -> tuple[Seed, ...]:
    """The whole files, always the same."""
    if not _MADE:
        _MADE.append(_seeds())
    return _MADE[0]


def seeds_elsewhere() -> None:
    """Make the whole files in another process, so that this one starts no threads, and may fork."""
    if not _MADE:
        source, out = os.pipe()
        child = os.fork()
        if not child:
            with os.fdopen(out, "wb") as stream:
                pickle.dump([tuple(seed) for seed in seeds()], stream)
                stream.flush()
                os._exit(0)
        os.close(out)
        with os.fdopen(source, "rb") as stream:
            _MADE.append(tuple(Seed(*fields) for fields in pickle.load(stream)))
        os.waitpid(child, 0)


def _seeds() -> tuple[Seed, ...]:
    rng = np.random.default_rng(0)
    found = [Seed("npz", "network", ".npz", _npz(save, rng)) for save in (np.savez, np.savez_compressed)]
    found += [Seed("nnet", "network", ".nnet", text.encode()) for text in (_NNET, _OLD_NNET)]
    found += [Seed("vnnlib", "property", ".vnnlib", text.encode()) for text in (_VNNLIB_1, _VNNLIB_2)]
    if find_spec("onnx") is not None:
        found += [Seed("onnx", "network", ".onnx", content) for content in _onnx(rng)]
    if find_spec("h5py") is not None:
        found += [Seed("keras", "network", ".keras", content) for content in _keras(rng)]
        found.append(Seed("h5", "network", ".h5", _h5(rng)))
    found += [Seed("safetensors", "network", ".safetensors", _safetensors(rng))]
    if find_spec("torch") is not None:
        found.append(Seed("pt", "network", ".pt", _torch()))
    found += [Seed("tiling", "tiling", ".npz", content) for content in _tilings(".npz")]
    if find_spec("pyarrow") is not None:
        found += [Seed("parquet", "tiling", ".parquet", content) for content in _tilings(".parquet")]
    packed = [one for one in found if one.format in ("nnet", "vnnlib", "onnx")]
    return (
        *found,
        *(one._replace(suffix=f"{one.suffix}.gz", content=gzip.compress(one.content)) for one in packed[::3]),
    )


def _npz(save: Callable[..., None], rng: np.random.Generator) -> bytes:
    buffer = io.BytesIO()
    relu = np.array([True, False])
    save(buffer, W0=rng.normal(size=(3, 2)), b0=rng.normal(size=3), W1=np.ones((1, 3), "f4"), b1=np.zeros(1), relu=relu)
    return buffer.getvalue()


def _safetensors(rng: np.random.Generator) -> bytes:
    """A sparse autoencoder."""
    shapes = {"W_enc": (2, 3), "b_enc": (3,), "W_dec": (3, 2), "b_dec": (2,)}
    header, numbers = {}, b""
    for name, shape in shapes.items():
        start = len(numbers)
        numbers += rng.normal(size=shape).astype("<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [start, len(numbers)]}
    return _headed(json.dumps(header).encode(), numbers)


def _headed(header: bytes, numbers: bytes) -> bytes:
    return len(header).to_bytes(8, "little") + header + numbers


_NNET = """// a comment
2,2,1,2,
2,2,1,
0,
-1.0,0.0,
1.0,10.0,
0.5,5.0,-2.5,
2.0,10.0,3.0,
0.1,-2.5e-1,
1.0,0.0,
0.5,
-0.5,
1.0,1.0,
-0.3,
"""
_OLD_NNET = """2,2,1,2,
2,2,1,
words that nobody reads
-1.0,0.0,0.0,
1.0,10.0,9.0,
0.5,5.0,
2.0,10.0,
0.1,-2.5e-1,
1.0,0.0, // a row
0.5,
-0.5,
1.0,1.0,
-0.3,
"""
"""With bounds and means of other lengths."""
_VNNLIB_1 = """; a property
(declare-const X_0 Real)
(declare-fun X_1 () Real)
(declare-const Y_0 Real)
(declare-const Y_1 Real)
(assert (<= X_0 0.25))
(assert (and (>= X_0 (- 0.5)) (<= -1 X_1 1e-1)))
(assert (or (and (<= Y_0 Y_1) (>= X_1 0)) (not (< (+ (* 2 Y_0) 1) (/ Y_1 3)))))
(assert (=> true (>= Y_1 -3)))
"""
_VNNLIB_2 = """(vnnlib-version <2.0>)
(declare-network f
  (declare-input X real [1,2])
  (declare-output Y float32 [2]))
(assert (and (<= X[0,0] 1) (>= X[0,0] -1) (== X[0,1] 0.5)))
(assert (or (!= Y[0] 3) (<= (+ Y[1] 1) (* 2 Y[0]))))
"""


def _onnx(rng: np.random.Generator) -> list[bytes]:
    from onnx import TensorProto, helper, numpy_helper

    def model(nodes: list[Any], shape: list[Any], stored: dict[str, Any]) -> bytes:
        graph = helper.make_graph(
            nodes,
            "graph",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
            [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
            [numpy_helper.from_array(np.asarray(array), name) for name, array in stored.items()],
        )
        made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        return bytes(made.SerializeToString())

    def f32(*shape: int) -> Any:
        return rng.normal(size=shape).astype(np.float32)

    node = helper.make_node
    chain = [
        node("Gemm", ["x", "W", "b"], ["a"], transB=1, alpha=0.5),
        node("Relu", ["a"], ["c"]),
        node("MatMul", ["c", "V"], ["d"]),
        node("Clip", ["d", "low", "high"], ["y"]),
    ]
    image = [
        node("Conv", ["x", "K", "k"], ["a"], kernel_shape=[2, 2], pads=[1, 0, 1, 0], strides=[1, 2]),
        node("LeakyRelu", ["a"], ["b"], alpha=0.25),
        node("MaxPool", ["b"], ["c"], kernel_shape=[2, 1], strides=[1, 1]),
        node("BatchNormalization", ["c", "scale", "shift", "mean", "var"], ["d"], epsilon=0.0),
        node("Reshape", ["d", "shape"], ["e"]),
        node("ReduceMean", ["e"], ["f"], axes=[1], keepdims=1),
        node("Sub", ["e", "f"], ["y"]),
    ]
    moved = [
        node("Slice", ["x", "from", "to"], ["a"]),
        node("Concat", ["a", "x"], ["b"], axis=1),
        node("Pad", ["b", "pads"], ["c"], mode="constant"),
        node("Split", ["c", "parts"], ["d", "e"], axis=1),
        node("Max", ["d", "e"], ["f"]),
        node("Expand", ["f", "wide"], ["g"]),
        node("Gather", ["g", "which"], ["h"], axis=1),
        node("Transpose", ["h"], ["y"], perm=[1, 0]),
    ]
    chosen = [
        node("Greater", ["x", "zero"], ["m"]),
        node("Cast", ["m"], ["n"], to=TensorProto.FLOAT),
        node("Mul", ["n", "x"], ["a"]),
        node("TopK", ["a", "k"], ["b", "places"]),
        node("ScatterND", ["b", "at", "new"], ["c"]),
        node("Softmax", ["constant"], ["d"]),
        node("Where", ["m", "x", "zero"], ["e"]),
        node("Sum", ["c", "d", "e"], ["y"]),
    ]
    some = {"k": np.array([3]), "at": np.array([[0, 1]]), "new": f32(1), "constant": f32(1, 3), "zero": np.float32(0)}
    ints = {"from": [0, 0], "to": [1, 2], "pads": [0, 1, 0, 0], "parts": [3, 3], "wide": [2, 3], "which": [0, 2]}
    quarter = np.array([0.25], "f4")
    return [
        model(
            chain,
            [None, 2],
            {"W": f32(3, 2), "b": f32(3), "V": f32(3, 2), "low": np.float32(-1), "high": np.float32(2)},
        ),
        model(
            image,
            [1, 1, 3, 3],
            {"K": f32(1, 1, 2, 2), "k": f32(1), "scale": quarter, "shift": f32(1), "mean": f32(1), "var": quarter}
            | {"shape": np.array([1, -1])},
        ),
        model(chosen, [1, 3], some),
        model(moved, [1, 3], {name: np.array(values, "i8") for name, values in ints.items()}),
    ]


def _keras(rng: np.random.Generator) -> list[bytes]:
    def layer(kind: str, name: str, *reads: str, **config: Any) -> dict[str, Any]:
        made = {"class_name": kind, "config": {"name": name, **config}, "registered_name": None, "name": name}
        tensors = [{"class_name": "__keras_tensor__", "config": {"keras_history": [one, 0, 0]}} for one in reads]
        calls = [{"args": [tensors if len(tensors) > 1 else tensors[0]], "kwargs": {}}] if tensors else []
        return made | {"inbound_nodes": calls}

    def f32(*shape: int) -> Any:
        return rng.normal(size=shape).astype(np.float32)

    chain = [
        layer("InputLayer", "entry", batch_shape=[None, 3]),
        layer("Dense", "one", units=4, activation="relu", use_bias=True),
        layer("Dense", "two", units=2, activation="linear", use_bias=False),
    ]
    conv = {
        "filters": 2,
        "kernel_size": [2, 2],
        "strides": [1, 1],
        "padding": "same",
        "dilation_rate": [1, 1],
        "groups": 1,
    }
    graph = [
        layer("InputLayer", "entry", batch_shape=[None, 3, 3, 1]),
        layer("Conv2D", "conv", "entry", **conv, use_bias=True, activation="leaky_relu", data_format="channels_last"),
        layer("ZeroPadding2D", "pad", "conv", padding=[[1, 0], [0, 1]], data_format="channels_last"),
        layer(
            "MaxPooling2D",
            "pool",
            "pad",
            pool_size=[2, 2],
            strides=[2, 2],
            padding="valid",
            data_format="channels_last",
        ),
        layer("BatchNormalization", "norm", "pool", axis=-1, epsilon=0.0, center=True, scale=True),
        layer("Flatten", "flat", "norm", data_format="channels_last"),
        layer("Rescaling", "scaled", "flat", scale=0.5, offset=1),
        layer("Add", "sum", "flat", "scaled"),
        layer("Reshape", "shape", "sum", target_shape=[2, -1]),
    ]
    functional = {"layers": graph, "input_layers": ["entry", 0, 0], "output_layers": ["shape", 0, 0]}
    quarter = np.full(2, 0.25, "f4")
    return [
        _keras_file(
            {"class_name": "Sequential", "config": {"name": "model", "layers": chain}},
            {("dense", "one"): [f32(3, 4), f32(4)], ("dense_1", "two"): [f32(4, 2)]},
        ),
        _keras_file(
            {"class_name": "Functional", "config": {"name": "model", **functional}},
            {
                ("conv2d", "conv"): [f32(2, 2, 1, 2), f32(2)],
                ("batch_normalization", "norm"): [f32(2), f32(2), f32(2), quarter],
            },
        ),
    ]


def _keras_file(config: dict[str, Any], weights: dict[tuple[str, str], list[Any]]) -> bytes:
    import h5py

    stored, buffer = io.BytesIO(), io.BytesIO()
    with h5py.File(stored, "w") as file:
        for (group, name), arrays in weights.items():
            own = file.create_group(f"layers/{group}/vars")
            own.attrs["name"] = name
            for i, array in enumerate(arrays):
                own[str(i)] = array
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("config.json", json.dumps(config))
        archive.writestr("metadata.json", json.dumps({"keras_version": "3.15.1"}))
        archive.writestr("model.weights.h5", stored.getvalue())
    return buffer.getvalue()


def _h5(rng: np.random.Generator) -> bytes:
    import h5py

    layers = [
        {"class_name": "Dense", "config": {"name": "one", "units": 4, "activation": "relu", "use_bias": True}},
        {"class_name": "LeakyReLU", "config": {"name": "two", "alpha": 0.25}},
    ]
    layers[0]["config"]["batch_input_shape"] = [None, 3]  # type: ignore[index]
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        file.attrs["keras_version"] = "2.15.0"
        file.attrs["model_config"] = json.dumps({"class_name": "Sequential", "config": {"layers": layers}})
        own = file.create_group("model_weights/one")
        own.attrs["weight_names"] = [b"one/kernel:0", b"one/bias:0"]
        own["one/kernel:0"], own["one/bias:0"] = rng.normal(size=(3, 4)).astype("f4"), np.zeros(4, "f4")
    return buffer.getvalue()


def _torch() -> bytes:
    import torch

    torch.manual_seed(0)
    buffer = io.BytesIO()
    torch.save(torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.ReLU(), torch.nn.Linear(3, 1)).state_dict(), buffer)
    return buffer.getvalue()


def _tilings(suffix: str) -> list[bytes]:
    network = pr.Network([([[1, 0], ["1/3", 1], [1, -1]], [0, 0.1, -1]), ([[1, 1, -2], [0, 1, 1]], [0, 1])])
    box = pr.Polyhedron.box([-2, -2], [2, "7/3"])
    targets = [pr.parse("y0 >= 1/2", dim=2), pr.parse("y1 > 1", dim=2)]
    found = []
    for target, method in ((targets[0], "auto"), (targets, "unrelu")):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"tiling{suffix}"
            pr.preimage(network, target, box, method, progress=False).save(path)
            found.append(path.read_bytes())
    return found


# -- damage -----------------------------------------------------------------------------------------------------------


def damaged(seed: Seed, others: Sequence[Seed], rng: random.Random) -> bytes:
    """The content of a file, damaged in a few ways."""
    is_packed = seed.suffix.endswith(".gz")
    packed = is_packed and rng.random() < 0.8
    content = gzip.decompress(seed.content) if packed else seed.content
    deeper = _DEEPER.get(seed.format) if packed or not is_packed else None
    if deeper is not None and rng.random() < 0.6:
        content = deeper(content, rng)
    if deeper is None or rng.random() < 0.4:
        content = _bytes_damaged(content, rng.choice(others).content, rng)
    return gzip.compress(content, mtime=0) if packed else content


def _bytes_damaged(content: bytes, other: bytes, rng: random.Random) -> bytes:
    damage = bytearray(content)
    for _ in range(rng.choice([1, 1, 1, 2, 4, 16])):
        at, width = rng.randrange(len(damage) + 1), rng.choice([1, 1, 2, 4, 8, 50, 400])
        match rng.randrange(8):
            case 0 | 1:
                for k in range(at, min(at + width % 5, len(damage))):
                    damage[k] ^= 1 << rng.randrange(8)
            case 2:
                damage[at : at + width] = rng.randbytes(width)
            case 3:
                damage[at : at + width] = rng.choice([b"\0", b"\xff", b"\x7f"]) * width
            case 4:
                del damage[at : at + width]
            case 5:
                damage[at:at] = rng.randbytes(width)
            case 6:
                start = rng.randrange(len(other) + 1)
                damage[at : at + width] = other[start : start + 10 * width]
            case 7 if rng.random() < 0.3:
                del damage[at:]
        if not damage:
            break
    return bytes(damage[:_MOST_BYTES])


def _text_damaged(content: bytes, rng: random.Random) -> bytes:
    words = re.findall(r"\s+|[^\s(),]+|.", content.decode("utf-8", "replace"), re.DOTALL)
    for _ in range(rng.choice([1, 1, 2, 5])):
        at = rng.randrange(len(words))
        match rng.randrange(5):
            case 0:
                words[at] = rng.choice(_WORDS)
            case 1:
                words.insert(at, rng.choice(_WORDS))
            case 2:
                words[at : at + rng.choice([1, 3])] = []
            case 3:
                words[at:at] = words[at : at + 5] * rng.choice([1, 3, 300])
            case 4:
                other = rng.randrange(len(words))
                words[at], words[other] = words[other], words[at]
        if not words:
            break
    text = "".join(words)
    encoding = rng.choice(["utf-8"] * 20 + ["utf-16", "utf-32", "utf-8-sig", "latin-1"])
    return text.encode(encoding, "replace")


def _zip_damaged(content: bytes, rng: random.Random) -> bytes:
    """An archive one of whose members is damaged, dropped, doubled, renamed or packed otherwise."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = [(item.filename, archive.read(item)) for item in archive.infolist()]
    chosen = rng.randrange(len(members))
    name, inside = members[chosen]
    method = rng.choice([zipfile.ZIP_STORED] * 3 + [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
    match rng.randrange(10):
        case 0:
            del members[chosen]
        case 1:
            members.append((name, inside))
        case 2:
            members[chosen] = rng.choice([name[:-1], f"../{name}", name.upper(), "W7.npy", "x"]), inside
        case 3:
            members[chosen] = name, rng.choice(members)[1]
        case _:
            members[chosen] = name, _member_damaged(name, inside, rng)
    buffer = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(buffer, "w", method) as archive:
        warnings.simplefilter("ignore")  # of names that come twice
        for name, inside in members:
            archive.writestr(name, inside)
    return buffer.getvalue()


def _member_damaged(name: str, content: bytes, rng: random.Random) -> bytes:
    if name.endswith(".json") and rng.random() < 0.9:
        return _json_damaged(content, rng)
    if name.endswith(".npy") and rng.random() < 0.7:
        end = content.find(b"\n") + 1
        return _header_damaged(content[:end], rng) + content[end:]
    return _bytes_damaged(content, content, rng)


def _header_damaged(header: bytes, rng: random.Random) -> bytes:
    """A header of numpy's format with another type, shape or order."""
    old, new = rng.choice(
        [
            (rb"'<f8'|'<f4'|'\|b1'|'\|u1'|'<i4'|'<i8'", rng.choice(_TYPES)),
            (rb"\([\d, ]*\)", rng.choice(_SHAPES)),
            (rb"False", rng.choice([b"True", b"None", b"0", b"__import__('os')"])),
            (rb"'descr'", rng.choice([b"'shape'", b"descr", b"'x'"])),
        ]
    )
    changed = re.sub(old, lambda _: new, header)
    if rng.random() < 0.8:  # its length is right again
        changed = changed[:8] + (len(changed) - 10).to_bytes(2, "little") + changed[10:]
    return changed


_TYPES = [
    *(
        b"'<f4'",
        b"'<f2'",
        b"'>f8'",
        b"'<f16'",
        b"'|O'",
        b"'<U3'",
        b"'|S8'",
        b"'|V8'",
        b"'<c16'",
        b"'<M8[s]'",
        b"'i4,f4'",
    ),
    *(
        b"[('a', '<f8')]",
        b"'<f8,,,,,,,,'",
        b"'|b1'",
        b"'<i8'",
        b"'|S99999999999'",
        b"'\\x00'",
        b"None",
        b"8",
        b"'<f8'" * 90,
    ),
]
_SHAPES = [
    *(b"()", b"(0,)", b"(-1,)", b"(3,)", b"(1, 1)", b"(3, 2, 1)", b"(2, 3)", b"(99999999999, 99999999999)", b"(1e3,)"),
    *(
        b"(9223372036854775808,)",
        b"(0, 10000000)",
        b"(3, 2",
        b"[3, 2]",
        b"(True, 2)",
        b"(" + b"1, " * 70 + b")",
        b"(3L,)",
    ),
]


def _json_damaged(content: bytes, rng: random.Random) -> bytes:
    """A JSON document some of whose values are others."""
    if rng.random() < 0.05:
        return content.replace(rng.choice([b"null", b"true", b"3", b'"relu"']), _DEEP.encode(), 1)
    document = json.loads(content)
    for _ in range(rng.choice([1, 1, 2, 4])):
        places = list(_places(document))
        if not places:
            break
        container, key = rng.choice(places)
        if rng.random() < 0.15:
            del container[key]
        elif rng.random() < 0.1 and isinstance(container, list):
            container.append(container[key])
        else:
            container[key] = rng.choice(_VALUES)
    return json.dumps(document).encode()


def _places(document: Any) -> list[tuple[Any, Any]]:
    """All containers in a document, with their keys."""
    items = (
        document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    )
    found = []
    for key, value in items:
        found += [(document, key), *_places(value)]
    return found


def _safetensors_damaged(content: bytes, rng: random.Random) -> bytes:
    end = 8 + int.from_bytes(content[:8], "little")
    return _headed(_json_damaged(content[8:end], rng), content[end:])


def _protobuf_damaged(content: bytes, rng: random.Random) -> bytes:  # noqa: PLR0912
    """A model some of whose fields have other values."""
    from onnx import ModelProto

    model = ModelProto.FromString(content)
    for _ in range(rng.choice([1, 1, 2, 4])):
        graph = model.graph
        node, tensor = rng.choice(graph.node), rng.choice(graph.initializer)
        names = [name for one in graph.node for name in (*one.input, *one.output)] + ["", "nothing"]
        number = rng.choice([0, 1, -1, 2, 3, 7, 2**31, -(2**40), 2**62, 1_000_000])
        match rng.randrange(12):
            case 0:
                node.op_type = rng.choice([one.op_type for one in graph.node] + list(_OPERATORS))
            case 1 if node.input:
                node.input[rng.randrange(len(node.input))] = rng.choice(names)
            case 2 if node.output:
                node.output[rng.randrange(len(node.output))] = rng.choice(names)
            case 3 if node.attribute:
                attribute = rng.choice(node.attribute)
                if attribute.ints:
                    attribute.ints[rng.randrange(len(attribute.ints))] = number
                attribute.i = number
                attribute.f = rng.choice([0.0, -1.0, 1e38, float("nan"), float("inf")])
                attribute.type = rng.choice([attribute.type] * 5 + [1, 2, 3, 4, 6, 7])
            case 4 if tensor.dims:
                tensor.dims[rng.randrange(len(tensor.dims))] = number
            case 5:
                tensor.dims.append(number)
            case 6:
                tensor.data_type = rng.randrange(24)
            case 7:
                tensor.raw_data = _bytes_damaged(tensor.raw_data, content, rng)
            case 8 if graph.input[0].type.tensor_type.shape.dim:
                rng.choice(graph.input[0].type.tensor_type.shape.dim).dim_value = number
            case 9:
                node.attribute.add(name=rng.choice(["axis", "axes", "pads", "to", "perm", "x"]), i=number, type=2)
            case 10:
                graph.node.add(op_type=rng.choice(_OPERATORS), input=[rng.choice(names)], output=[rng.choice(names)])
            case 11:
                del graph.node[rng.randrange(len(graph.node))]
        if not graph.node:
            break
    return bytes(model.SerializeToString())


_OPERATORS = (
    *(
        "Abs",
        "Cast",
        "Constant",
        "ConstantOfShape",
        "Dropout",
        "Expand",
        "Flatten",
        "GlobalMaxPool",
        "HardSigmoid",
        "If",
    ),
    *("Loop", "MatMul", "Mul", "Neg", "PRelu", "ReduceMax", "Shape", "Squeeze", "Unsqueeze", "Div", "Sum", "Identity"),
)


def _tiling_damaged(content: bytes, rng: random.Random) -> bytes:
    """A tiling with other arrays or another header, whose checksum is right."""
    if rng.random() < 0.3:
        return _zip_damaged(content, rng)
    arrays = dict(np.load(io.BytesIO(content)))
    del arrays["checksum"]
    name = rng.choice([*arrays, "header", "header", "network"])
    array = arrays[name]
    match rng.randrange(6):
        case 0 | 1 if name == "header":
            arrays[name] = _bytes_of(_json_damaged(array.tobytes(), rng))
        case 0 | 1 if array.dtype == np.uint8 and array.ndim == 1 and array.size:
            arrays[name] = _bytes_of(_text_damaged(array.tobytes(), rng))
        case 2:
            arrays[name] = array[: rng.randrange(len(array) + 1)]
        case 3 if array.size:
            changed = array.copy()
            low, high = (np.iinfo(array.dtype).min, np.iinfo(array.dtype).max) if array.dtype.kind in "iu" else (-2, 2)
            changed.flat[rng.randrange(array.size)] = rng.choice([0, 1, low, high, rng.randint(low, high)])
            arrays[name] = changed
        case 4:
            arrays[name] = array.astype(rng.choice(["i1", "f4", "f8", "i8", "u1", "U9"]))
        case 5:
            arrays[name] = array.reshape(rng.choice([(-1,), (1, -1), (-1, 1)])) if array.size else array
    if rng.random() < 0.1:
        del arrays[rng.choice(list(arrays))]
    buffer = io.BytesIO()
    np.savez(buffer, **arrays, checksum=_bytes(_checksum(arrays)))
    return buffer.getvalue()


def _bytes_of(content: bytes) -> Any:
    return np.frombuffer(content, dtype=np.uint8)


_DEEPER: dict[str, Callable[[bytes, random.Random], bytes]] = {
    "keras": _zip_damaged,
    "nnet": _text_damaged,
    "npz": _zip_damaged,
    "onnx": _protobuf_damaged,
    "pt": _zip_damaged,
    "safetensors": _safetensors_damaged,
    "tiling": _tiling_damaged,
    "vnnlib": _text_damaged,
}
