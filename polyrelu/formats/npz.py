"""Networks as numpy archives: arrays ``W0, b0, W1, b1, ...`` and, optionally, ``relu``."""

from __future__ import annotations

import re
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from polyrelu.errors import InputError
from polyrelu.network import Layer, Network

_LARGEST_ARCHIVE = 2**30
# What zipfile and numpy raise on damaged archives; NotImplementedError is zipfile's for unknown compression methods.
_UNREADABLE = (
    OSError,
    ValueError,
    EOFError,
    KeyError,
    zipfile.BadZipFile,
    zlib.error,
    MemoryError,
    NotImplementedError,
    RuntimeError,
)


def read_npz(path: Path) -> Network:
    """The network in a numpy archive; nothing in it is ever unpickled.

    Raises:
        InputError: not an archive, too large, an array is missing, superfluous or of the wrong kind.
    """
    arrays = read_archive(path)
    for name, array in arrays.items():
        if not re.fullmatch(r"[Wb]\d+|relu", name) or array.dtype.kind not in "fiub":
            raise InputError(f"{path}: array {name!r} of type {array.dtype} is not a weight, bias or relu mask")
    depth = sum(name.startswith("W") for name in arrays)
    expected = {f"{kind}{i}" for i in range(depth) for kind in "Wb"}
    if not depth or arrays.keys() - {"relu"} != expected:
        missing, extra = sorted(expected - arrays.keys()), sorted(arrays.keys() - expected - {"relu"})
        raise InputError(
            f"{path}: expected arrays W0, b0, W1, b1, ... and perhaps relu; missing: {missing or 'none'}, "
            f"not understood: {extra or 'none'}, found: {sorted(arrays)}"
        )
    relu = _masks(arrays.get("relu"), depth, path)
    layers = []
    for i in range(depth):
        weight, bias = arrays[f"W{i}"], arrays[f"b{i}"]
        if weight.ndim != 2 or bias.ndim != 1:
            raise InputError(f"{path}: W{i} and b{i} have {weight.ndim} and {bias.ndim} dimensions; expected 2 and 1")
        layers.append(Layer(weight, bias, relu[i], where=f"{path}: layer {i}"))
    return Network(layers)


def _masks(relu: NDArray[Any] | None, depth: int, path: Path) -> list[bool]:
    if relu is None:
        return [True] * (depth - 1) + [False]
    if relu.dtype != np.bool_ or relu.shape != (depth,):
        raise InputError(f"{path}: relu has type {relu.dtype} and shape {relu.shape}; expected {depth} truth values")
    return [bool(v) for v in relu]


def read_archive(path: Path) -> dict[str, NDArray[Any]]:
    """The arrays of a numpy archive; nothing in it is ever unpickled.

    Raises:
        InputError: not an archive of plain arrays, or it would unpack to more than a gibibyte.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(item.file_size for item in archive.infolist())
            if size > _LARGEST_ARCHIVE:
                raise InputError(f"{path}: unpacks to {size} bytes, over the limit of {_LARGEST_ARCHIVE}")
        with np.load(path, allow_pickle=False) as stored:
            return {name: stored[name] for name in stored.files}
    except InputError:
        raise
    except _UNREADABLE as error:
        raise InputError(f"{path}: not a readable .npz archive of plain arrays ({error})") from error
