"""Files of tensors that are read without a package, and strictly."""

import json
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import polyrelu as pr
from tests.strategies import damaged, is_read_or_refused

TYPES = {"<f8": "F64", "<f4": "F32", "<f2": "F16", "<i8": "I64", "<i4": "I32", "|i1": "I8", "|u1": "U8", "|b1": "BOOL"}
CHAIN: dict[str, Any] = {
    "0.weight": np.array([[0.5], [-1.0]], dtype=np.float32),
    "0.bias": np.array([0.0, 0.25], dtype=np.float64),
    "2.weight": np.array([[1, 2]], dtype=np.int64),
}


def safetensors(arrays, **header):
    """The bytes of a file, by the format's description."""
    entries: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    start, numbers = 0, b""
    for name, array in arrays.items():
        own = np.ascontiguousarray(array)
        numbers += own.tobytes()
        kind = TYPES.get(own.dtype.str, str(own.dtype))
        entries[name] = {"dtype": kind, "shape": list(own.shape), "data_offsets": [start, len(numbers)]}
        start = len(numbers)
    text = json.dumps(entries | header).encode()
    return len(text).to_bytes(8, "little") + text + numbers


def written(path, content):
    path.write_bytes(content)
    return path


def test_state_dicts_of_linear_layers(tmp_path):
    net = pr.load_network(written(tmp_path / "net.safetensors", safetensors(CHAIN)))
    assert net == pr.Network([([[0.5], [-1]], [0, 0.25]), ([[1, 2]], [0])])
    prefixed = {f"model.net.{name}": array for name, array in CHAIN.items()}
    assert pr.load_network(written(tmp_path / "net.safetensors", safetensors(prefixed))) == net
    assert pr.load_network(written(tmp_path / "net.weights", safetensors(CHAIN))) == net  # known by its content


def test_weights_and_biases_by_number(tmp_path):
    chain = {"W0": CHAIN["0.weight"], "b0": CHAIN["0.bias"], "W1": CHAIN["2.weight"], "b1": np.zeros(1)}
    net = pr.load_network(written(tmp_path / "net.safetensors", safetensors(chain)))
    assert net == pr.Network([([[0.5], [-1]], [0, 0.25]), ([[1, 2]], [0])])


@pytest.mark.parametrize(
    ("kind", "numbers", "value"),
    [
        ("BF16", b"\xcd\x3d", Fraction(205, 2048)),
        ("BF16", b"\x01\x80", -Fraction(1, 2**133)),
        ("F16", b"\x66\x2e", Fraction(np.float16(0.1).item())),
        ("F32", np.float32(0.1).tobytes(), Fraction(np.float32(0.1).item())),
        ("F64", np.float64(0.1).tobytes(), Fraction(0.1)),
        ("I8", b"\xff", Fraction(-1)),
        ("U16", b"\xff\xff", Fraction(65535)),
    ],
)
def test_numbers_are_what_their_type_stores(tmp_path, kind, numbers, value):
    entry = {"dtype": kind, "shape": [1, 1], "data_offsets": [0, len(numbers)]}
    text = json.dumps({"0.weight": entry}).encode()
    path = written(tmp_path / "net.safetensors", len(text).to_bytes(8, "little") + text + numbers)
    assert pr.load_network(path).layers[0].rows == ((value,),)


def entry(kind="F32", shape=(2, 1), place=(0, 8), **more):
    return {"dtype": kind, "shape": list(shape), "data_offsets": list(place), **more}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not a safetensors file: it does not begin with the length of a header"),
        (b"\xff" * 8 + b"{}", "length of a header"),
        ((2).to_bytes(8, "little") + b"{", "length of a header"),
        ((2).to_bytes(8, "little") + b"{]", "its header is no JSON"),
        ((2).to_bytes(8, "little") + b"\xff\xff", "its header is no JSON"),
        ((2**17).to_bytes(8, "little") + b"[" * 2**17, "its header is no JSON"),
        ((2).to_bytes(8, "little") + b"[]", "its header is no JSON object"),
        (safetensors(CHAIN) + b"\0", "do not share out the 41 bytes"),
        (safetensors(CHAIN)[:-1], "do not share out the 39 bytes"),
        (safetensors(CHAIN, x=entry(shape=(0,), place=(8, 8))), "do not share out|'x' is not the weight"),
        (safetensors(CHAIN, x=entry(place=(0, 8))), "do not share out"),
        (safetensors(CHAIN, x=entry(place=(0, 9))), "does not fill the bytes from 0 to 9"),
        (safetensors(CHAIN, x=entry(shape=(2**62, 2**62))), "does not fill|numbers, over the limit"),
        (safetensors(CHAIN, x=entry(shape=(-1, 2))), "'x' has the shape .* expected counts"),
        (safetensors(CHAIN, x=entry(shape=(1.0, 2))), "expected counts"),
        (safetensors(CHAIN, x=entry(shape=(True, 2))), "expected counts"),
        (safetensors(CHAIN, x=entry(place=(0, 4, 8))), "expected counts"),
        (safetensors(CHAIN, x=entry(kind="F8_E4M3")), "'x' has the type 'F8_E4M3'; known types are BF16, F16"),
        (safetensors(CHAIN, x=entry(kind="BOOL")), "known types are"),
        (safetensors(CHAIN, x=entry(more=1)), "'x' has no type, shape and place"),
        (safetensors(CHAIN, x=[1]), "'x' has no type, shape and place"),
        (safetensors({}), "numbered|not numbered|no layers"),
        (
            safetensors({"fc.weight": np.ones((1, 1))}),
            "'fc.weight' is not the weight or bias of a numbered Linear",
        ),
        (safetensors({"0.weight": np.ones((1, 1)), "1.weight": np.ones((1, 1))}), "not numbered 0, 2, 4"),
        (safetensors({"0.weight": np.ones((1, 1)), "a.2.weight": np.ones((1, 1))}), "not numbered 0, 2, 4"),
        (safetensors({"0.weight": np.ones(1)}), "layer 0 is not Linear"),
        (safetensors({"0.bias": np.ones(1)}), "layer 0 is not Linear"),
        (safetensors({"0.weight": np.full((1, 1), np.nan)}), "nan is not a finite"),
        (safetensors({"0.weight": np.ones((2, 1)), "2.weight": np.ones((1, 3))}), "returns 2 coordinates"),
    ],
)
def test_bad_files_are_refused(tmp_path, content, message):
    with pytest.raises(pr.PolyreluError, match=message):
        pr.load_network(written(tmp_path / "net.safetensors", content))


@given(st.data())
def test_damaged_files_are_refused_or_read_but_never_crash(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "damaged.safetensors"
    path.write_bytes(data.draw(damaged(safetensors(CHAIN))))
    assert is_read_or_refused(path)
