"""Networks as safetensors files, read strictly and without a package.

The format is eight bytes that say how long a header is, the header, and numbers. The header is a JSON object that gives
each tensor its type, its shape and its place among the numbers, which the tensors share out without gaps. So a reader
is shorter than the care that a package of it needs, and numpy, unlike that, has no bfloat16.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from polyrelu.errors import InputError
from polyrelu.formats.npz import chain_of_arrays, is_chain
from polyrelu.formats.packed import check_numbers, read_bytes
from polyrelu.formats.state_dicts import network_of_state, no_centre
from polyrelu.networks.network import Network

_LENGTH = struct.Struct("<Q")
_LONGEST_HEADER = 2**24
_METADATA = "__metadata__"


def _plain(kind: str) -> tuple[int, Callable[[bytes], NDArray[Any]]]:
    return np.dtype(kind).itemsize, lambda numbers: np.frombuffer(numbers, kind)


def _bfloat16(numbers: bytes) -> NDArray[Any]:
    """The first half of a float32, whose second half is zero."""
    return (np.frombuffer(numbers, "<u2").astype("<u4") << 16).view("<f4")


_TYPES: dict[str, tuple[int, Callable[[bytes], NDArray[Any]]]] = {
    "BF16": (2, _bfloat16),
    "F16": _plain("<f2"),
    "F32": _plain("<f4"),
    "F64": _plain("<f8"),
    "I16": _plain("<i2"),
    "I32": _plain("<i4"),
    "I64": _plain("<i8"),
    "I8": _plain("<i1"),
    "U16": _plain("<u2"),
    "U32": _plain("<u4"),
    "U64": _plain("<u8"),
    "U8": _plain("<u1"),
}


def read_safetensors(path: Path, centre: bool | None = None) -> Network:
    """The network in a ``.safetensors`` file: W0, b0, ... as in an archive of numpy, or a state dict.

    Raises:
        InputError: no such file, damaged, or its tensors are not understood.
        InexactError: a weight is NaN or infinite.
        DimensionError: the layers do not fit together.
        BudgetExceeded: more numbers than exact arithmetic has room for.
    """
    arrays = read_tensors(path)
    if is_chain(arrays):
        no_centre(centre, path)
        return chain_of_arrays(arrays, path)
    return network_of_state(arrays, path, centre)


def read_tensors(path: Path) -> dict[str, NDArray[Any]]:
    """The tensors of a file by name; bfloat16 as float32, which holds all its numbers.

    Raises:
        InputError: no such file, or damaged.
        BudgetExceeded: more numbers than a network may have.
    """
    content = read_bytes(path)
    header, start = _header(content, path)
    entries = {name: _entry(name, entry, path) for name, entry in header.items() if name != _METADATA}
    check_numbers(sum(math.prod(shape) for _, shape, _, _ in entries.values()), path)
    spans = sorted((begin, end) for _, _, begin, end in entries.values())
    ends = [0, *(end for _, end in spans)]
    if [begin for begin, _ in spans] != ends[:-1] or ends[-1] != len(content) - start:
        raise InputError(
            f"{path}: the tensors do not share out the {len(content) - start} bytes after the header without gaps; the "
            "file is damaged"
        )
    return {
        name: _TYPES[kind][1](content[start + begin : start + end]).reshape(shape)
        for name, (kind, shape, begin, end) in entries.items()
    }


def _header(content: bytes, path: Path) -> tuple[dict[str, Any], int]:
    """The header, and where the numbers begin."""
    length = _LENGTH.unpack_from(content)[0] if len(content) >= _LENGTH.size else 0
    start = _LENGTH.size + length
    if not 2 <= length <= _LONGEST_HEADER or start > len(content):
        raise InputError(f"{path}: not a safetensors file: it does not begin with the length of a header")
    try:
        header = json.loads(content[_LENGTH.size : start].decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: not a safetensors file: its header is no JSON ({error})") from None
    if not isinstance(header, dict):
        raise InputError(f"{path}: not a safetensors file: its header is no JSON object")
    return header, start


def _entry(name: str, entry: Any, path: Path) -> tuple[str, tuple[int, ...], int, int]:
    """The type, shape and place of a tensor.

    Raises:
        InputError: they are missing, do not agree, or the type is not one of real numbers.
    """
    if not isinstance(entry, dict) or entry.keys() != {"dtype", "shape", "data_offsets"}:
        raise InputError(f"{path}: {name!r} has no type, shape and place in the header; the file is damaged")
    kind, shape, place = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(kind, str) or kind not in _TYPES:
        raise InputError(f"{path}: {name!r} has the type {kind!r}; known types are {', '.join(_TYPES)}")
    if not (_are_counts(shape) and _are_counts(place) and len(place) == 2):
        raise InputError(f"{path}: {name!r} has the shape {shape} and the place {place}; expected counts")
    begin, end = place
    if end - begin != math.prod(shape) * _TYPES[kind][0]:
        raise InputError(
            f"{path}: {name!r} of shape {shape} and type {kind} does not fill the bytes from {begin} to {end}"
        )
    return kind, tuple(shape), begin, end


def _are_counts(values: Any) -> bool:
    return isinstance(values, list) and len(values) <= 32 and all(type(v) is int and 0 <= v <= 2**62 for v in values)
