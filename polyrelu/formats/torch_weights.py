"""Networks as PyTorch weight files: the state dict of a Sequential of Linear and ReLU in turn.

A state dict has numbers and names, no architecture. So only what leaves no doubt is read: ``Linear`` layers numbered
``0, 2, 4, ...`` (perhaps with a common prefix), between which a ReLU is assumed. Files are read with
``weights_only=True``, which runs no code. Reading needs the package torch.
"""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import numpy as np

from polyrelu.errors import InputError
from polyrelu.formats.packed import check_numbers, member_names, read_bytes
from polyrelu.networks.layer import Layer
from polyrelu.networks.network import Network
from polyrelu.support.extras import require

_KEY = re.compile(r"(.*?)(\d{1,6})\.(weight|bias)", re.ASCII)
_FIX = "load the module in your program and pass it to Network.from_torch, or export it to ONNX"


def read_torch(path: Path) -> Network:
    """The network in a ``.pt`` or ``.pth`` file.

    Raises:
        InputError: not a state dict, or not one of Linear and ReLU in turn.
        InexactError: a weight is NaN or infinite.
        DimensionError: the layers do not fit together.
        BudgetExceeded: more numbers than exact arithmetic has room for.
        MissingExtraError: torch is not installed.
    """
    torch = require("torch", f"reading {path}")
    content = read_bytes(path)
    if content.startswith(b"PK"):
        member_names(path)  # which refuses what would unpack to too much
    try:
        stored = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except Exception as error:  # torch has no class of its own for damaged or refused files
        reason = str(error).split("\n", maxsplit=1)[0]
        raise InputError(f"{path}: not a file of weights alone ({type(error).__name__}: {reason}); {_FIX}") from error
    if not isinstance(stored, dict) or not stored:
        raise InputError(f"{path}: holds {type(stored).__name__}, not a state dict; {_FIX}")
    arrays: dict[int, dict[str, Any]] = {}
    prefixes, numbers = set(), 0
    for key, value in stored.items():
        match = _KEY.fullmatch(key) if isinstance(key, str) else None
        if match is None or not isinstance(value, torch.Tensor):
            raise InputError(f"{path}: {key!r} is not the weight or bias of a numbered Linear layer; {_FIX}")
        prefixes.add(match[1])
        numbers += value.numel()
        check_numbers(numbers, path)
        arrays.setdefault(int(match[2]), {})[match[3]] = tensor_array(value, f"{path}: {key}")
    order = sorted(arrays)
    if len(prefixes) > 1 or order != list(range(0, 2 * len(order), 2)):
        raise InputError(
            f"{path}: the layers {list(stored)[:8]} are not numbered 0, 2, 4, ... as in a Sequential; {_FIX}"
        )
    layers = []
    for i in order:
        weight, bias = arrays[i].get("weight"), arrays[i].get("bias")
        if weight is None or weight.ndim != 2 or (bias is not None and bias.ndim != 1):
            raise InputError(f"{path}: layer {i} is not Linear: its weight is missing or not a matrix; {_FIX}")
        bias = np.zeros(len(weight)) if bias is None else bias
        layers.append(Layer(weight, bias, i < order[-1], where=f"{path}: layer {i}"))
    return Network(layers)


def tensor_array(tensor: Any, where: str) -> Any:
    """A torch tensor of real numbers as a numpy array, without rounding.

    Raises:
        InputError: the tensor is sparse, quantised, complex or without storage.
    """
    try:
        dense = tensor.detach().cpu()
        if dense.is_complex() or dense.is_quantized or dense.layout != _strided():
            raise TypeError(f"{dense.dtype}, {dense.layout}")
        return (dense.double() if dense.is_floating_point() else dense).numpy()
    except (RuntimeError, TypeError, NotImplementedError) as error:
        raise InputError(f"{where}: not a plain tensor of real numbers ({error})") from error


def _strided() -> Any:
    return require("torch", "reading tensors").strided
