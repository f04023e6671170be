"""Networks as PyTorch weight files: state dicts, see :mod:`polyrelu.formats.state_dicts`.

Files are read with ``weights_only=True``, which runs no code. Reading needs the package torch.
"""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import Any

from polyrelu.errors import InputError
from polyrelu.formats.packed import check_numbers, member_names, read_bytes
from polyrelu.formats.state_dicts import FIX, network_of_state
from polyrelu.networks.network import Network
from polyrelu.support.extras import require
from polyrelu.support.tensors import plain


def read_torch(path: Path, centre: bool | None = None) -> Network:
    """The network in a ``.pt`` or ``.pth`` file.

    Raises:
        InputError: not a state dict, or not one that is understood.
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
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of sparse tensors, which are refused below
            stored = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except Exception as error:  # torch has no class of its own for damaged or refused files
        reason = str(error).split("\n", maxsplit=1)[0]
        raise InputError(f"{path}: not a file of weights alone ({type(error).__name__}: {reason}); {FIX}") from error
    if not isinstance(stored, dict) or not stored:
        raise InputError(f"{path}: holds {type(stored).__name__}, not a state dict; {FIX}")
    arrays, numbers = {}, 0
    for key, value in stored.items():
        if not isinstance(key, str) or not isinstance(value, torch.Tensor):
            raise InputError(f"{path}: {key!r} is not the weight or bias of a numbered Linear layer; {FIX}")
        numbers += value.numel()
        check_numbers(numbers, path)
        arrays[key] = _real(value, f"{path}: {key}")
    return network_of_state(arrays, path, centre)


def _real(tensor: Any, where: str) -> Any:
    """A tensor of real numbers as an array.

    Raises:
        InputError: it has others, or is no plain tensor.
    """
    array = plain(tensor, where)
    if array.dtype.kind not in "fiu":
        raise InputError(f"{where}: not a plain tensor of numbers (its type is {tensor.dtype})")
    return array
