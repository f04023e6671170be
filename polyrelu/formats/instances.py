"""Lists of questions as VNN-COMP keeps them: ``instances.csv``, a network, a property and a time limit in each line.

Paths are relative to the list, and what is packed by gzip may be named without ``.gz``. A network that a property of
several networks speaks of is written ``NAME=FILE``, and several of these are separated by semicolons.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from polyrelu.errors import InputError
from polyrelu.formats.packed import read_text, refusing
from polyrelu.support.arguments import file_path
from polyrelu.support.numerals import shown

_LARGEST_FILE = 2**26
_COLUMNS = 3


@dataclass(frozen=True)
class Instance:
    """A question of a list.

    Attributes:
        network: what the line says of the network.
        prop: what it says of the property.
        timeout: the seconds that it allows; None where it says nothing.
        folder: that of the list.
    """

    network: str
    prop: str
    timeout: float | None
    folder: Path

    @property
    def key(self) -> tuple[str, str, str]:
        """What tells it from the others."""
        return self.network, self.prop, "" if self.timeout is None else f"{self.timeout:g}"

    @property
    def networks(self) -> Mapping[str, Path]:
        """The files of the networks by their names; the one file of the network under no name."""
        parts = [part.strip() for part in self.network.split(";")]
        if all("=" not in part for part in parts[:1]) and len(parts) == 1:
            return {"": self._file(parts[0])}
        pairs = [part.partition("=") for part in parts if part]
        return {name.strip(): self._file(path.strip()) for name, _, path in pairs}

    @property
    def property_file(self) -> Path:
        """The file of the property."""
        return self._file(self.prop)

    def _file(self, name: str) -> Path:
        """The file of this name, or the one that is packed, or the one that is not."""
        place = self.folder / name
        packed = place.with_name(place.name + ".gz")
        if not place.is_file() and packed.is_file():
            return packed
        return place if place.is_file() or place.suffix != ".gz" else place.with_suffix("")


def read_instances(path: str | PathLike[str]) -> list[Instance]:
    """The questions in a list.

    Args:
        path: the file, text in UTF-8; a first line whose third entry is no number is a heading.

    Raises:
        InputError: there is no such file, or a line does not have a network, a property and perhaps a positive number
            of seconds; the message names it.
    """
    file = file_path(path, "read_instances")
    if not file.is_file():
        raise InputError(f"read_instances: there is no file {file}")
    found: list[Instance] = []
    with refusing(file, "list of instances"):
        for number, row in enumerate(csv.reader(io.StringIO(read_text(file, _LARGEST_FILE))), 1):
            cells = [cell.strip() for cell in row]
            if not any(cells) or (number == 1 and len(cells) == _COLUMNS and _seconds(cells[2]) is None):
                continue
            found.append(_instance(cells, file.parent, f"{file}, line {number}"))
    return found


def _instance(cells: list[str], folder: Path, where: str) -> Instance:
    if len(cells) not in (_COLUMNS - 1, _COLUMNS) or not all(cells[:2]):
        raise InputError(f"{where}: expected a network, a property and a time limit, separated by commas")
    said = cells[2] if len(cells) == _COLUMNS else ""
    timeout = _seconds(said)
    if said and timeout is None:
        raise InputError(f"{where}: the time limit is {shown(said)}; write a positive number of seconds")
    return Instance(cells[0], cells[1], timeout, folder)


def _seconds(text: str) -> float | None:
    """A positive number of seconds; None if it is none."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0 < value < float("inf") else None
