"""The networks that VNN-LIB 2 declares, their tensors, and the places of the entries."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

ELEMENTS = ("real", "float16", "bfloat16", "float32", "float64")
WHOLE = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
"""Types of what a network may return, but not take: whole numbers are no polyhedron."""
TENSOR = re.compile(r'([A-Za-z]\w*) (\w+)\[((?:\d{1,9}(?:,\d{1,9})*)?)\](?: "([^"]*)")?', re.ASCII)
"""Name, type and shape of a declaration; the name of a value in the ONNX file may follow."""
LARGEST = 2**20
"""The most entries of a tensor."""
_INDICES = re.compile(r"(?:\d{1,9}(?:,\d{1,9})*)?", re.ASCII)

Kind: TypeAlias = Literal["input", "hidden", "output"]


@dataclass(frozen=True)
class Tensor:
    """A tensor of real numbers.

    Attributes:
        name: in the property.
        kind: what of the network it is.
        element: the type of its entries, as it is declared.
        shape: its sizes; () for a single number.
        onnx_name: its name in the ONNX file; None where the order says which one is meant.
    """

    name: str
    kind: Kind
    element: str
    shape: tuple[int, ...]
    onnx_name: str | None = None

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

    def __str__(self) -> str:
        return f"{self.name} {self.element} [{','.join(map(str, self.shape))}]"


@dataclass(frozen=True)
class DeclaredNetwork:
    """A network that a property speaks of.

    Attributes:
        name: in the property.
        tensors: in the order of their declarations: inputs, hidden values, outputs.
        equal_to: the network that it is a copy of.
        isomorphic_to: the network that it has the structure of, with other numbers.
    """

    name: str
    tensors: tuple[Tensor, ...]
    equal_to: str | None = None
    isomorphic_to: str | None = None

    def of_kind(self, kind: Kind) -> tuple[Tensor, ...]:
        """The tensors of one kind."""
        return tuple(tensor for tensor in self.tensors if tensor.kind == kind)

    @property
    def inputs(self) -> tuple[Tensor, ...]:
        """What it takes."""
        return self.of_kind("input")

    @property
    def values(self) -> tuple[Tensor, ...]:
        """What the property speaks of besides: outputs, and after them hidden values."""
        return self.of_kind("output") + self.of_kind("hidden")

    @property
    def is_plain(self) -> bool:
        """Whether it has one input and one output, of which no name is said, and nothing inside is spoken of."""
        return len(self.tensors) == 2 and all(tensor.onnx_name is None for tensor in self.tensors)

    @property
    def input_dim(self) -> int:
        """How many numbers it takes."""
        return total(self.inputs)

    @property
    def output_dim(self) -> int:
        """How many numbers it returns."""
        return total(self.of_kind("output"))


def total(tensors: Iterable[Tensor]) -> int:
    """How many entries tensors have together."""
    return sum(tensor.size for tensor in tensors)


def indices(text: str) -> tuple[int, ...]:
    """What stands between brackets.

    Raises:
        ValueError: other than numbers separated by commas.
    """
    if not _INDICES.fullmatch(text):
        raise ValueError("indices are numbers separated by commas")
    return tuple(map(int, text.split(","))) if text else ()
