"""The tensors that VNN-LIB 2 declares, and the places of their entries."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

ELEMENTS = ("real", "float16", "bfloat16", "float32", "float64")
TENSOR = re.compile(r'([A-Za-z]\w*) (\w+)\[((?:\d{1,9}(?:,\d{1,9})*)?)\](?: "[^"]*")?', re.ASCII)
"""Name, type and shape of a declaration; the name of a value in the ONNX file may follow."""
_INDICES = re.compile(r"(?:\d{1,9}(?:,\d{1,9})*)?", re.ASCII)


@dataclass(frozen=True)
class Tensor:
    """A tensor of real numbers.

    Attributes:
        kind: ``"X"`` for the network's input, ``"Y"`` for its output.
        shape: its sizes; () for a single number.
    """

    kind: str
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        """The number of entries."""
        return math.prod(self.shape)

    def flat(self, index: tuple[int, ...]) -> int:
        """The number of an entry, row by row.

        Raises:
            ValueError: there is no such entry.
        """
        if len(index) != len(self.shape) or any(i >= n for i, n in zip(index, self.shape, strict=True)):
            raise ValueError(f"there is no such entry in a tensor of shape {list(self.shape)}; indices count from 0")
        number = 0
        for i, n in zip(index, self.shape, strict=True):
            number = number * n + i
        return number


LARGEST = 2**20
"""The most entries of a tensor."""


def indices(text: str) -> tuple[int, ...]:
    """What stands between brackets.

    Raises:
        ValueError: other than numbers separated by commas.
    """
    if not _INDICES.fullmatch(text):
        raise ValueError("indices are numbers separated by commas")
    return tuple(map(int, text.split(","))) if text else ()
