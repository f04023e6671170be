"""What an operator is told besides its arguments, and arguments as the values that operators compute with."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from polyrelu.arithmetic.exact import exact
from polyrelu.errors import InputError
from polyrelu.formats import operators as op
from polyrelu.formats.lowering import ONE, ZERO, Lowering, Variable
from polyrelu.formats.operators import Value

Rows: TypeAlias = NDArray[np.object_]


@dataclass(frozen=True)
class Condition:
    """Truth values that depend on the input: where ``difference`` is positive, or not negative."""

    difference: Variable
    strict: bool

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the truth values."""
        return self.difference.shape

    def moved(self, move: Callable[[Rows], Rows]) -> Condition:
        """The same truth values in other places."""
        return Condition(Variable(np.asarray(move(self.difference.rows), dtype=object)), self.strict)

    def negated(self) -> Condition:
        """The opposite truth values."""
        return Condition(op.affine(self.difference, -ONE, ZERO), not self.strict)


class Jumping:
    """Numbers that jump where the input does not, such as the places of largest entries; nothing takes them."""

    shape: tuple[int, ...] = ()


@dataclass(frozen=True)
class Site:
    """Where an operator is lowered.

    Attributes:
        low: what it is lowered into.
        where: the place in the module, for messages.
        operator: its name.
    """

    low: Lowering
    where: str
    operator: str

    def value(self, given: Any) -> Value:
        """A tensor or a Python number as a variable or a constant.

        Raises:
            InputError: it is neither, for example truth values that depend on the input.
        """
        if isinstance(given, (Variable, np.ndarray)):
            return given
        if isinstance(given, (bool, int, float)):
            number = int(given) if isinstance(given, bool) else given
            return np.array(exact(number, f"{self.where}: {self.operator}"), dtype=object)
        if isinstance(given, Condition):
            why = "truth values that depend on the input is not continuous; they may stand in where and in products"
        elif isinstance(given, Jumping):
            why = "the places of largest or smallest entries is not continuous"
        else:
            why = f"{type(given).__name__} is not supported"
        raise InputError(f"{self.where}: {self.operator} of {why}")

    def variable(self, given: Any) -> Variable:
        """The same, as a variable that may be constant."""
        return op.as_variable(numeric(self.value(given)), self.where)

    def constant(self, given: Any) -> NDArray[Any]:
        """The same, which must not depend on the input.

        Raises:
            InputError: it does.
        """
        value = self.value(given)
        if isinstance(value, Variable):
            raise InputError(
                f"{self.where}: {self.operator} with an argument that depends on the input is not supported"
            )
        return value


def numeric(value: Value) -> Value:
    """Truth values as the numbers 0 and 1; other values as they are."""
    return value.astype(np.int64) if isinstance(value, np.ndarray) and value.dtype == np.bool_ else value


def axis_of(dim: int, rank: int) -> int:
    """An axis, counted from the front."""
    return range(max(rank, 1))[dim]


def axes_of(dims: int | Iterable[int] | None, rank: int) -> list[int]:
    """Axes in order, counted from the front; all of them for None or an empty list."""
    if dims is None:
        return list(range(rank))
    chosen = [dims] if isinstance(dims, int) else list(dims)
    return sorted({axis_of(d, rank) for d in chosen}) if chosen else list(range(rank))


def each(value: int | Sequence[int], rank: int) -> tuple[int, ...]:
    """One number for every spatial axis."""
    numbers = [value] if isinstance(value, int) else list(value)
    return tuple(numbers * rank if len(numbers) == 1 else numbers)


def along(matrix: NDArray[Any], x: Variable, axis: int, where: str) -> Variable:
    """The tensor whose lines along an axis are multiplied by a matrix from the left."""
    lines = np.moveaxis(x.rows, axis, -1)
    product = op.matmul(Variable(lines.reshape(math.prod(lines.shape[:-1]), -1)), matrix.T, where)
    rows = op.as_variable(product, where).rows.reshape(*lines.shape[:-1], len(matrix))
    return Variable(np.moveaxis(rows, -1, axis))
