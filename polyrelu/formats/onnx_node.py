"""One node of an ONNX graph, with the values of its inputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np

from polyrelu.arithmetic.exact import exact
from polyrelu.errors import InputError
from polyrelu.formats import operators as op
from polyrelu.formats.aten_site import Condition, Jumping
from polyrelu.formats.lowering import Lowering, Variable
from polyrelu.formats.operators import Constant, Value

Given: TypeAlias = Value | Condition | Jumping
"""What a node may be given: numbers, or truth values or places that depend on the network's input."""


class Attributes(dict[str, Any]):
    """The attributes of a node. They remember which of them were read, so that none is skipped silently."""

    def __init__(self, given: dict[str, Any]) -> None:
        super().__init__(given)
        self.read: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        self.read.add(name)
        return super().__getitem__(name)

    def __contains__(self, name: object) -> bool:
        self.read.add(str(name))
        return super().__contains__(name)

    def get(self, name: str, default: Any = None) -> Any:
        """An attribute or a default."""
        self.read.add(name)
        return super().get(name, default)


@dataclass(frozen=True)
class Node:
    """One node of a graph with the values of its inputs.

    Attributes:
        low: the atoms of the graph.
        kind: the operator's name.
        inputs: its values; None where an optional input is left out.
        attributes: as Python values.
        opset: the version of the operators.
        outputs: how many outputs are named.
        where: names the node in errors.
    """

    low: Lowering
    kind: str
    inputs: Sequence[Given | None]
    attributes: Attributes
    opset: int
    outputs: int
    where: str

    def value(self, index: int) -> Value:
        """An input that must be there."""
        found = self.optional(index)
        if found is None:
            raise InputError(f"{self.where}: input {index} is missing")
        return found

    def optional(self, index: int) -> Value | None:
        """An input, or None if it is left out."""
        found = self.inputs[index] if index < len(self.inputs) else None
        if isinstance(found, Condition | Jumping):
            what = "the places of largest entries" if isinstance(found, Jumping) else "truth values"
            raise InputError(
                f"{self.where}: input {index} is {what} that depend on the network's input, and {self.kind} of these "
                "is not continuous"
            )
        return found

    def given(self, index: int) -> Given:
        """An input that must be there, and may be truth values that depend on the network's input."""
        found = self.inputs[index] if index < len(self.inputs) else None
        return found if isinstance(found, Condition) else self.value(index)

    def variable(self, index: int) -> Variable:
        """An input as a tensor of rows."""
        return op.as_variable(self.value(index), self.where)

    def constant(self, index: int) -> Constant:
        """An input that must not depend on the network's input."""
        found = self.value(index)
        if isinstance(found, Variable):
            raise InputError(f"{self.where}: input {index} depends on the network's input; it must be constant")
        return found

    def integers(self, index: int, attribute: str | None = None) -> list[int] | None:
        """A list of integers, from an input or, in older operator versions, from an attribute."""
        if attribute is not None and attribute in self.attributes:
            return [int(v) for v in self.attributes[attribute]]
        if self.optional(index) is None:
            return None
        given = self.constant(index)
        if given.dtype.kind not in "iu":
            raise InputError(f"{self.where}: input {index} has type {given.dtype}; expected integers")
        return [int(v) for v in given.ravel().tolist()]

    def flag(self, name: str, default: int = 0) -> bool:
        """An attribute that is 0 or 1."""
        return bool(self.attributes.get(name, default))

    def number(self, name: str, default: float) -> Fraction:
        """A float attribute, exactly; defaults are float32 numbers as in the specification."""
        return exact(self.attributes.get(name, float(np.float32(default))), f"{self.where}: {name}")

    def word(self, name: str, default: str) -> str:
        """An attribute that is a word."""
        given = self.attributes.get(name, default)
        return given.decode() if isinstance(given, bytes) else str(given)

    def axis(self, default: int, rank: int, beyond: int = 0) -> int:
        """The attribute ``axis``, counted from the start."""
        axis = int(self.attributes.get("axis", default))
        if not -rank <= axis < rank + beyond:
            raise InputError(f"{self.where}: axis {axis} is out of range for a tensor with {rank} axes")
        return axis % rank if axis < 0 else axis


def entries(value: Value) -> Any:
    """The array that shape operators move around: rows or numbers."""
    return value.rows if isinstance(value, Variable) else value


def like(value: Value, array: Any) -> Value:
    """An array of rows or numbers, whichever the value holds."""
    return Variable(np.asarray(array, dtype=object)) if isinstance(value, Variable) else np.asarray(array)
