"""``load_network``: a network from a file, by its suffix, or by its first bytes if that is unknown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

from polyrelu.errors import InputError
from polyrelu.formats.nnet import read_nnet
from polyrelu.formats.npz import read_npz
from polyrelu.formats.packed import member_names, plain_suffix, read_start, refusing
from polyrelu.formats.safetensors import read_safetensors
from polyrelu.formats.torch_weights import read_torch
from polyrelu.networks.network import Network
from polyrelu.support.arguments import file_path


def _read_keras(path: Path, **options: Any) -> Network:
    from polyrelu.formats.keras_reader import read_keras  # operators take longer to import than the kernel

    return read_keras(path, **options)


def _read_keras_h5(path: Path, **options: Any) -> Network:
    from polyrelu.formats.keras_h5 import read_keras_h5

    return read_keras_h5(path, **options)


def _read_onnx(path: Path, **options: Any) -> Network:
    from polyrelu.formats.onnx_reader import read_onnx

    return read_onnx(path, **options)


_READERS: dict[str, Callable[..., Network]] = {
    ".h5": _read_keras_h5,
    ".hdf5": _read_keras_h5,
    ".keras": _read_keras,
    ".nnet": read_nnet,
    ".npz": read_npz,
    ".onnx": _read_onnx,
    ".pt": read_torch,
    ".pth": read_torch,
    ".safetensors": read_safetensors,
}
_OPTIONS = {
    ".h5": {"drop_final", "input_shape"},
    ".hdf5": {"drop_final", "input_shape"},
    ".keras": {"drop_final", "input_shape"},
    ".nnet": {"normalise"},
    ".npz": {"centre"},
    ".onnx": {"drop_final", "input_shape", "output_name"},
    ".pt": {"centre"},
    ".pth": {"centre"},
    ".safetensors": {"centre"},
}
_HDF5_MAGIC = b"\x89HDF\r\n\x1a\n"


def load_network(
    path: str | PathLike[str],
    *,
    normalise: str | None = None,
    drop_final: str | None = None,
    input_shape: Sequence[int] | None = None,
    output_name: str | None = None,
    centre: bool | None = None,
) -> Network:
    """The network stored in a file; its numbers are taken as they are, exactly.

    ``.npz``: arrays ``W0, b0, W1, b1, ...`` with ReLU after every layer but the last, unless a boolean array ``relu``
    (one entry for each layer) says otherwise, or ``relu0``, ... (one for each coordinate of a layer); biases that are
    left out are zero. ``.onnx``: any
    graph of piecewise-linear operators. ``.nnet``: the text format of ACAS Xu. ``.keras``: a Sequential or functional
    model of Keras 3; ``.h5``: one of Keras 2 or 3. ``.pt``, ``.pth``: the state dict of a ``torch.nn.Sequential`` of
    Linear and ReLU in turn; for other modules see :meth:`~polyrelu.networks.network.Network.from_torch`.
    ``.safetensors``: arrays as in ``.npz``, or a state dict. All three may be a sparse autoencoder's ``W_enc``,
    ``b_enc``, ``W_dec``, ``b_dec`` and perhaps ``b_pre``, which computes ``relu((x - b) @ W_enc + b_enc) @ W_dec +
    b_dec``; b is ``b_pre``, or else ``b_dec``.

    A file with another suffix is known by its content. All may be packed by gzip, with ``.gz`` after the suffix. At
    most 2^23 numbers are read, from at most a gibibyte.

    Args:
        path: the file.
        normalise: for ``.nnet``, ``"fold"`` (the default) puts the normalisation of inputs and outputs into the
            weights, ``"ignore"`` leaves it out.
        drop_final: for ``.onnx`` and ``.keras``, the name of a last operator to leave out, for example ``"Softmax"``.
        input_shape: for ``.onnx`` and ``.keras``, the shape of the input, where the file leaves it open.
        output_name: for ``.onnx``, the value to return, an output or any value inside; by default the only output.
        centre: for sparse autoencoders, False if nothing is subtracted from the input, which the file does not say.

    Raises:
        InputError: the file does not exist, is of no known kind, or does not hold a network; an option does not apply.
        DimensionError: its layers do not fit together.
        InexactError: a weight is NaN or infinite.
        BudgetExceeded: it is too large to be written as dense layers.
        MissingExtraError: the package that reads the format is not installed.
    """
    file = file_path(path, "load_network")
    if not file.is_file():
        there = f"{file} is a directory" if file.is_dir() else f"there is no file {file}"
        raise InputError(f"load_network: {there}")
    kind = _kind(file)
    given = {
        "normalise": normalise,
        "drop_final": drop_final,
        "input_shape": input_shape,
        "output_name": output_name,
        "centre": centre,
    }
    options = {name: value for name, value in given.items() if value is not None}
    for name in options:
        if name not in _OPTIONS.get(kind, ()):
            raise InputError(f"load_network: {name} does not apply to {kind} files such as {file}; leave it out")
    with refusing(file, "network"):
        network = _READERS[kind](file, **options)
    for layer in network.layers:
        if not layer.is_sparse:
            layer.float_weight  # noqa: B018 -- while it loads, and not when the first question waits for an answer
    return network


def _kind(file: Path) -> str:
    suffix = plain_suffix(file)
    if suffix in _READERS:
        return suffix
    start = read_start(file, 9)
    if start.startswith(_HDF5_MAGIC):
        return ".h5"
    if suffix == ".vnnlib":
        raise InputError(f"load_network: {file} is a property, not a network; the network comes first")
    if start.startswith(b"//"):
        return ".nnet"
    if start.startswith(b"PK"):
        return _archive(file)
    if start[8:] == b"{":
        return ".safetensors"
    raise InputError(
        f"load_network: {file} has the suffix {file.suffix!r}; known suffixes are {', '.join(sorted(_READERS))}"
    )


def _archive(file: Path) -> str:
    try:
        names = member_names(file)
    except InputError as error:
        raise InputError(f"load_network: {file} is a damaged archive ({error})") from error
    if "config.json" in names and "model.weights.h5" in names:
        return ".keras"
    return ".npz" if all(name.endswith(".npy") for name in names) else ".pt"
