"""``save_network``: a network as a file that :func:`polyrelu.load_network` and other programs read, by its suffix.

* ``.npz``: arrays ``W0, b0, W1, b1, ...`` in binary64, ``relu`` with a truth value for each layer, and ``relu0``, ...
  for layers of which only some coordinates pass through a ReLU.
* ``.onnx``: a ``Gemm`` for each layer and a ``Relu``, in float32 where this holds all its numbers, else in binary64;
  where only some coordinates pass through a ReLU they are picked out, and put back in their places.

Numbers are written as they are. Those that are no floats, rational ones such as 1/3, are rounded to the nearest, and a
:class:`~polyrelu.errors.RoundedWarning` says so: what is read again is another network then.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from polyrelu.errors import InputError, RangeError, RoundedWarning
from polyrelu.formats.npz import write_archive
from polyrelu.networks.layer import Layer
from polyrelu.networks.network import Network
from polyrelu.support.arguments import file_path, instance
from polyrelu.support.extras import require
from polyrelu.support.files import write_whole

_OPSET, _IR_VERSION = 13, 8


def save_network(network: Network, path: str | PathLike[str]) -> None:
    """Write a network as ``.npz`` or ``.onnx``.

    Args:
        network: what to write.
        path: the file; one that is there is replaced.

    Raises:
        InputError: the suffix is another one.
        RangeError: a number is beyond the range of floats.
        BudgetExceeded: a layer is too large to be written as a matrix.
        WriteError: the system refuses.
        MissingExtraError: the package onnx is not installed.

    Warns:
        RoundedWarning: some numbers are no floats.
    """
    instance(network, Network, "save_network: network", "pass a Network; load_network reads files")
    file = file_path(path, "save_network")
    suffix = file.suffix.lower()
    if suffix not in _WRITERS:
        raise InputError(f"save_network: {file} has the suffix {file.suffix!r}; choose {' or '.join(_WRITERS)}")
    for i, layer in enumerate(network.layers):
        if not (np.isfinite(layer.float_weight).all() and np.isfinite(layer.float_bias).all()):
            raise RangeError(f"save_network: layer {i} has a number beyond the range of floats, 1.8e308")
    inexact = [str(i) for i, layer in enumerate(network.layers) if not layer.is_float]
    if inexact:
        warnings.warn(
            f"save_network: {file}: layers {', '.join(inexact)} have numbers that are no floats; the nearest ones are "
            "written, so the file has another network",
            RoundedWarning,
            stacklevel=2,
        )
    _WRITERS[suffix](network, file)


def _some(layer: Layer) -> bool:
    """Whether only some coordinates pass through a ReLU."""
    return 0 < layer.neuron_count < layer.output_dim


def _write_npz(network: Network, file: Path) -> None:
    arrays: dict[str, NDArray[Any]] = {"relu": np.array([layer.neuron_count > 0 for layer in network.layers])}
    for i, layer in enumerate(network.layers):
        arrays |= {f"W{i}": layer.float_weight, f"b{i}": layer.float_bias}
        if _some(layer):
            arrays[f"relu{i}"] = np.array(layer.relu)
    write_whole(file, lambda place: write_archive(place, arrays))


def _write_onnx(network: Network, file: Path) -> None:
    onnx = require("onnx", "save_network")
    require("onnx.numpy_helper", "save_network")
    content = _model(onnx, network).SerializeToString()
    write_whole(file, lambda place: place.write_bytes(content))


def _model(onnx: Any, network: Network) -> Any:
    single = all(map(_fits_single, network.layers))
    kind, dtype = (onnx.TensorProto.FLOAT, np.float32) if single else (onnx.TensorProto.DOUBLE, np.float64)
    nodes: list[Any] = []
    stored: dict[str, NDArray[Any]] = {}
    value = "x"

    def node(operator: str, inputs: list[str], name: str, **attributes: Any) -> str:
        nodes.append(onnx.helper.make_node(operator, inputs, [name], **attributes))
        return name

    for i, layer in enumerate(network.layers):
        stored |= {f"W{i}": layer.float_weight.astype(dtype), f"b{i}": layer.float_bias.astype(dtype)}
        value = node("Gemm", [value, f"W{i}", f"b{i}"], f"z{i}", transB=1)
        if _some(layer):
            bent = list(layer.neurons)
            straight = [j for j in range(layer.output_dim) if not layer.relu[j]]
            places = {f"bent{i}": bent, f"straight{i}": straight, f"order{i}": np.argsort([*bent, *straight])}
            stored |= {name: np.array(index, dtype=np.int64) for name, index in places.items()}
            relu = node("Relu", [node("Gather", [value, f"bent{i}"], f"p{i}", axis=1)], f"r{i}")
            passed = node("Gather", [value, f"straight{i}"], f"s{i}", axis=1)
            value = node("Gather", [node("Concat", [relu, passed], f"c{i}", axis=1), f"order{i}"], f"h{i}", axis=1)
        elif layer.neurons:
            value = node("Relu", [value], f"h{i}")
    node("Identity", [value], "y")
    tensor = onnx.helper.make_tensor_value_info
    graph = onnx.helper.make_graph(
        nodes,
        "network",
        [tensor("x", kind, ["batch", network.input_dim])],
        [tensor("y", kind, ["batch", network.output_dim])],
        [onnx.numpy_helper.from_array(array, name) for name, array in stored.items()],
    )
    opset = [onnx.helper.make_opsetid("", _OPSET)]
    return onnx.helper.make_model(graph, opset_imports=opset, ir_version=_IR_VERSION, producer_name="polyrelu")


def _fits_single(layer: Layer) -> bool:
    """Whether float32 holds all numbers of a layer."""
    with np.errstate(over="ignore"):
        return all((part.astype(np.float32) == part).all() for part in (layer.float_weight, layer.float_bias))


_WRITERS: dict[str, Callable[[Network, Path], None]] = {".npz": _write_npz, ".onnx": _write_onnx}
