"""``load_network``: a network from a file, by its suffix."""

from __future__ import annotations

from collections.abc import Callable
from os import PathLike
from pathlib import Path

from polyrelu.errors import InputError
from polyrelu.formats.npz import read_npz
from polyrelu.network import Network

_READERS: dict[str, Callable[[Path], Network]] = {".npz": read_npz}


def load_network(path: str | PathLike[str]) -> Network:
    """The network stored in a file; its numbers are taken as they are, exactly.

    ``.npz``: arrays ``W0, b0, W1, b1, ...`` with ReLU after every layer but the last, unless a boolean array ``relu``
    (one entry for each layer) says otherwise.

    Raises:
        InputError: the file does not exist, has an unknown suffix, or does not hold a network.
        DimensionError: its layers do not fit together.
        InexactError: a weight is NaN or infinite.
    """
    file = Path(path)
    if file.suffix.lower() not in _READERS:
        raise InputError(
            f"load_network: {file} has the suffix {file.suffix!r}; known suffixes are {', '.join(sorted(_READERS))}"
        )
    if not file.is_file():
        raise InputError(f"load_network: there is no file {file}")
    return _READERS[file.suffix.lower()](file)
