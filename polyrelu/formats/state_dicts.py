"""Networks of arrays by name, as state dicts have them: numbers and names, and no architecture.

So only what leaves no doubt is read: a sparse autoencoder's four arrays, or ``Linear`` layers numbered ``0, 2, 4, ...``
(perhaps with a common prefix), between which a ReLU is assumed, as in a ``torch.nn.Sequential`` of Linear and ReLU.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from polyrelu.arithmetic.exact import as_fractions
from polyrelu.errors import InputError
from polyrelu.formats.autoencoders import autoencoder, is_autoencoder
from polyrelu.formats.packed import check_numbers
from polyrelu.networks.float_rows import entries_for_layer
from polyrelu.networks.layer import Layer
from polyrelu.networks.network import Network

FIX = "load the module in your program and pass it to Network.from_torch, or export it to ONNX"
_KEY = re.compile(r"(.*?)(\d{1,6})\.(weight|bias)", re.ASCII)


def network_of_state(arrays: Mapping[str, NDArray[Any]], path: Path, centre: bool | None = None) -> Network:
    """The network of a state dict's arrays.

    Args:
        arrays: by name.
        path: the file, for messages.
        centre: for sparse autoencoders, see :func:`polyrelu.formats.autoencoders.autoencoder`.

    Raises:
        InputError: neither an autoencoder nor Linear and ReLU in turn; or ``centre`` is given for the latter.
        InexactError: a weight is NaN or infinite.
        DimensionError: the layers do not fit together.
        BudgetExceeded: more numbers than exact arithmetic has room for.
    """
    check_numbers(sum(array.size for array in arrays.values()), path)
    if is_autoencoder(arrays):
        return autoencoder(arrays, path, centre)
    no_centre(centre, path)
    return _sequential(arrays, path)


def no_centre(centre: bool | None, path: Path) -> None:
    """Refuse the option of autoencoders for another network.

    Raises:
        InputError: it was given.
    """
    if centre is not None:
        raise InputError(f"load_network: centre does not apply to {path}, which is no sparse autoencoder; leave it out")


def _sequential(arrays: Mapping[str, NDArray[Any]], path: Path) -> Network:
    layers: dict[int, dict[str, Any]] = {}
    prefixes = set()
    for key, array in arrays.items():
        match = _KEY.fullmatch(key)
        if match is None:
            raise InputError(f"{path}: {key!r} is not the weight or bias of a numbered Linear layer; {FIX}")
        prefixes.add(match[1])
        layers.setdefault(int(match[2]), {})[match[3]] = array
    order = sorted(layers)
    if len(prefixes) > 1 or order != list(range(0, 2 * len(order), 2)):
        raise InputError(
            f"{path}: the layers {list(arrays)[:8]} are not numbered 0, 2, 4, ... as in a Sequential; {FIX}"
        )
    return Network(_linear(layers[i], i, i < order[-1], path) for i in order)


def _linear(arrays: Mapping[str, Any], number: int, relu: bool, path: Path) -> Layer:
    weight, bias = arrays.get("weight"), arrays.get("bias")
    if weight is None or weight.ndim != 2 or (bias is not None and bias.ndim != 1):
        raise InputError(f"{path}: layer {number} is not Linear: its weight is missing or not a matrix; {FIX}")
    bias = np.zeros(len(weight)) if bias is None else bias
    return Layer(entries_for_layer(weight), as_fractions(bias), relu, where=f"{path}: layer {number}")
