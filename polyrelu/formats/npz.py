"""Networks as numpy archives: ``W0, b0, W1, b1, ...`` and, optionally, ``relu``; or a sparse autoencoder's arrays.

Biases that are left out are zero.
``relu`` has a truth value for each layer, and ``relu0``, ... one for each coordinate of a layer, where they differ.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from polyrelu.arithmetic.exact import as_fractions
from polyrelu.errors import InputError
from polyrelu.formats.autoencoders import autoencoder, is_autoencoder
from polyrelu.formats.packed import LARGEST_FILE, MOST_NUMBERS, check_numbers, read_members
from polyrelu.formats.state_dicts import no_centre
from polyrelu.networks.float_rows import entries_for_layer
from polyrelu.networks.layer import Layer
from polyrelu.networks.network import Network

_NAME = re.compile(r"(?:[Wb]|relu)(?:0|[1-9]\d{0,8})|relu", re.ASCII)
# What numpy writes before the numbers of an array: a literal, which is read here without being evaluated.
_HEADER = re.compile(
    rb"\{'descr': (?P<kind>'[^'\\]{1,20}'|\[.*\]), 'fortran_order': (?P<order>True|False), "
    rb"'shape': \((?P<shape>(?:\d{1,19}, ?)*(?:\d{1,19})?)\),? *\} *\n?",
    re.DOTALL,
)
_MAGIC = b"\x93NUMPY"
_LENGTHS = {(1, 0): "<H", (2, 0): "<I", (3, 0): "<I"}
_LONGEST_HEADER = 2**16
_LARGEST = 32 * MOST_NUMBERS  # bytes: twice what the widest type of number needs
_MOST_AXES = 32


def read_npz(path: Path, centre: bool | None = None) -> Network:
    """The network in a numpy archive; nothing in it is ever unpickled.

    Raises:
        InputError: not an archive, too large, an array is missing, superfluous or of the wrong kind.
        BudgetExceeded: more numbers than exact arithmetic has room for.
    """
    arrays = read_archive(path, largest=_LARGEST)
    if is_autoencoder(arrays):
        check_numbers(sum(array.size for array in arrays.values()), path)
        return autoencoder(arrays, path, centre)
    no_centre(centre, path)
    return chain_of_arrays(arrays, path)


def is_chain(names: Collection[str]) -> bool:
    """Whether arrays of these names are weights and biases ``W0, b0, ...`` and, perhaps, ``relu``."""
    return bool(names) and all(_NAME.fullmatch(name) for name in names)


def chain_of_arrays(arrays: Mapping[str, NDArray[Any]], path: Path) -> Network:
    """The network of arrays ``W0, b0, W1, b1, ...`` and, perhaps, ``relu``.

    Raises:
        InputError: an array is missing, superfluous or of the wrong kind.
        BudgetExceeded: more numbers than exact arithmetic has room for.
    """
    for name, array in arrays.items():
        if not _NAME.fullmatch(name) or array.dtype.kind not in "fiub":
            raise InputError(f"{path}: array {name!r} of type {array.dtype} is not a weight, bias or relu mask")
    check_numbers(sum(array.size for array in arrays.values()), path)
    depth = sum(name.startswith("W") for name in arrays)
    expected = {f"W{i}" for i in range(depth)}
    also = {"relu", *(f"{kind}{i}" for i in range(depth) for kind in ("b", "relu"))}
    if not depth or arrays.keys() - also != expected:
        missing, extra = sorted(expected - arrays.keys()), sorted(arrays.keys() - expected - also)
        raise InputError(
            f"{path}: expected arrays W0, b0, W1, b1, ... and perhaps relu; missing: {_some(missing)}, "
            f"not understood: {_some(extra)}, found: {_some(sorted(arrays))}"
        )
    relu = _masks(arrays.get("relu"), depth, path)
    layers = []
    for i in range(depth):
        weight = arrays[f"W{i}"]
        bias = arrays.get(f"b{i}", np.zeros(len(weight) if weight.ndim else 1))
        if weight.ndim != 2 or bias.ndim != 1:
            raise InputError(f"{path}: W{i} and b{i} have {weight.ndim} and {bias.ndim} dimensions; expected 2 and 1")
        mask = _mask(arrays.get(f"relu{i}"), relu[i], len(bias), f"{path}: relu{i}")
        layers.append(Layer(entries_for_layer(weight), as_fractions(bias), mask, where=f"{path}: layer {i}"))
    return Network(layers)


def _some(names: list[str]) -> str:
    shown = f"{names[:10]}{f' and {len(names) - 10} more' if len(names) > 10 else ''}"
    return shown if names else "none"


def _masks(relu: NDArray[Any] | None, depth: int, path: Path) -> list[bool]:
    if relu is None:
        return [True] * (depth - 1) + [False]
    if relu.dtype != np.bool_ or relu.shape != (depth,):
        raise InputError(f"{path}: relu has type {relu.dtype} and shape {relu.shape}; expected {depth} truth values")
    return [bool(v) for v in relu]


def _mask(own: NDArray[Any] | None, relu: bool, length: int, where: str) -> bool | list[bool]:
    """Which coordinates of a layer pass through a ReLU: all, or those that its own array says."""
    if own is None:
        return relu
    if own.dtype != np.bool_ or own.shape != (length,):
        raise InputError(f"{where} has type {own.dtype} and shape {own.shape}; expected {length} truth values")
    return [bool(v) for v in own]


def read_archive(
    path: Path, only: Collection[str] | None = None, largest: int = LARGEST_FILE
) -> dict[str, NDArray[Any]]:
    """The arrays of a numpy archive, read-only: all, or those of the given names. Nothing is unpickled or evaluated.

    Raises:
        InputError: not an archive of plain arrays, or it would unpack to more than ``largest`` bytes.
    """
    members = read_members(path, largest, None if only is None else [f"{name}.npy" for name in only])
    arrays = {}
    for name, content in members.items():
        if not name.endswith(".npy"):
            raise InputError(f"{path}: not a readable .npz archive of plain arrays ({name!r} is no array)")
        try:
            arrays[name.removesuffix(".npy")] = plain_array(content)
        except ValueError as error:
            raise InputError(f"{path}: not a readable .npz archive of plain arrays ({name}: {error})") from None
    return arrays


def write_archive(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write arrays as a numpy archive, compressed."""
    with path.open("wb") as stream:
        np.savez_compressed(stream, **arrays)  # type: ignore[arg-type]


def plain_array(content: bytes) -> NDArray[Any]:
    """The array in a file of numpy's own format; its numbers are exactly what follows the header.

    Raises:
        ValueError: it is no such file, or not of plain numbers or texts.
    """
    version = tuple(content[6:8])
    if not content.startswith(_MAGIC) or version not in _LENGTHS:
        raise ValueError("it does not begin like one")
    at = 8 + struct.calcsize(_LENGTHS[version])
    if len(content) < at:
        raise ValueError("it ends within its header")
    (length,) = struct.unpack(_LENGTHS[version], content[8:at])
    header = _HEADER.fullmatch(content, at, at + length) if length <= _LONGEST_HEADER else None
    if header is None or len(content) < at + length:
        raise ValueError(f"its header {content[at : at + min(length, 80)]!r} is not understood")
    kind = header["kind"].decode("latin-1").strip("'")
    if "O" in kind:
        raise ValueError("it holds Python objects, a pickle, which is never read")
    try:
        dtype = np.dtype(kind)
        if dtype.kind not in "fiubcSU" or not dtype.itemsize:
            raise TypeError(kind)
    except (TypeError, ValueError, SyntaxError, OverflowError):
        raise ValueError(f"its type {kind[:40]!r} is not one of plain numbers") from None
    shape = tuple(int(size) for size in re.findall(rb"\d+", header["shape"]))
    if len(shape) > _MOST_AXES or math.prod(shape) * dtype.itemsize != len(content) - at - length:
        raise ValueError(
            f"its shape {shape[:_MOST_AXES]} of {dtype} takes {math.prod(shape) * dtype.itemsize} bytes, but "
            f"{len(content) - at - length} follow"
        )
    numbers = np.frombuffer(content, dtype, offset=at + length)
    return numbers.reshape(shape, order="F" if header["order"] == b"True" else "C")
