r"""Conditions on the outputs of a last sigmoid, tanh or softmax, as conditions on what enters it, exactly.

Those operators are not piecewise linear, but they keep order, so some conditions on y are linear conditions on z:

====================  =============================================================================================
sigmoid               :math:`y_i \le y_j \iff z_i \le z_j`;  :math:`y_i \le 1/2 \iff z_i \le 0`;
                      :math:`y_i + y_j \le 1 \iff z_i + z_j \le 0`;  always :math:`0 < y_i < 1`
tanh                  :math:`y_i \le \pm y_j \iff z_i \le \pm z_j`;  :math:`y_i \le 0 \iff z_i \le 0`;
                      always :math:`-1 < y_i < 1`
softmax               :math:`y_i \le y_j \iff z_i \le z_j`;  of two outputs :math:`y_i \le 1/2 \iff z_i \le z_j`;
                      always :math:`0 < y_i < 1` and :math:`\sum_i y_i = 1`
log-softmax           :math:`y_i \le y_j \iff z_i \le z_j`;  always :math:`y_i < 0`
====================  =============================================================================================

and the same with ``<``, ``==`` and the other way round. What is beyond the values that a sum of outputs can have is
decided, whatever enters; of a single output, a softmax is 1 and a log-softmax 0. Other bounds lie at logarithms of
rational numbers, which are irrational, or are not linear in z; they are refused.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import NamedTuple, TypeVar, overload

import numpy as np

from polyrelu.arithmetic.exact import ExactVector, FloatArray, nearest_floats
from polyrelu.errors import InputError
from polyrelu.networks.properties import Disjunct, Property
from polyrelu.networks.questions import given_outputs
from polyrelu.polyhedra.halfspace import Halfspace
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support.arguments import dimension
from polyrelu.support.numerals import shown

Asked = TypeVar("Asked", Polyhedron, Property)


class _Operator(NamedTuple):
    """An operator of which each output lies between two numbers, and whose middle is where z is 0.

    Attributes:
        low, high: no output reaches them.
        middle: the value at 0, where an output depends on its own input alone.
    """

    low: float
    high: float
    middle: Fraction | None


_OPERATORS = {
    "logsoftmax": _Operator(-math.inf, 0, None),
    "sigmoid": _Operator(0, 1, Fraction(1, 2)),
    "softmax": _Operator(0, 1, None),
    "tanh": _Operator(-1, 1, Fraction(0)),
}
MONOTONE = ("LogSoftmax", "Sigmoid", "Softmax", "Tanh")
"""The operators, as ONNX names them."""


def is_monotone(operator: str) -> bool:
    """Whether an operator is one of :data:`MONOTONE`, in any case and with hyphens or underscores or without."""
    return _key(operator) in _OPERATORS


def by_groups(operator: str) -> bool:
    """Whether each output of one of these operators depends on all that enters it."""
    return _OPERATORS[_key(operator)].middle is None


def _key(operator: str) -> str:
    return operator.lower().replace("_", "").replace("-", "")


@overload
def before_final(target: Asked, operator: str, dim: int | None = None) -> Asked: ...
@overload
def before_final(target: str, operator: str, dim: int | None = None) -> Polyhedron: ...
def before_final(target: Polyhedron | str | Property, operator: str, dim: int | None = None) -> Polyhedron | Property:
    """What enters a last operator of a network where its outputs satisfy a condition: the same set, said before it.

    Args:
        target: a set of outputs of the operator, or a text about y0, y1, ..., or a property.
        operator: ``"Sigmoid"``, ``"Tanh"``, ``"Softmax"`` or ``"LogSoftmax"``, in any case.
        dim: how many outputs there are, for a text.

    Example:
        >>> before_final("y0 >= 1/2", "Sigmoid", dim=1)
        Polyhedron(R^1: x0 >= 0)
        >>> before_final("y1 > y0 and y1 <= 1", "Softmax", dim=2)
        Polyhedron(R^2: x0 - x1 < 0)

    Raises:
        InputError: another operator, or a condition that is not a linear one before it; the message says which and why.
        ParseError: the text breaks the grammar.
    """
    key = _key(operator) if isinstance(operator, str) else ""
    if key not in _OPERATORS:
        raise InputError(f"before_final: the operator is {shown(operator)}; choose one of {', '.join(MONOTONE)}")
    if isinstance(target, Property):
        if target.with_inputs:
            raise InputError(f"before_final: the property compares inputs with outputs of {operator}; ask without it")
        if target.members and by_groups(operator):
            raise InputError(f"before_final: the property is about several runs, each with a {operator} of its own")
        parts = [
            Disjunct(part.domain, tuple(_before(one, operator, _OPERATORS[key]) for one in part.targets))
            for part in target.disjuncts
        ]
        return replace(target, disjuncts=tuple(parts))
    if isinstance(target, str) and dim is None:
        raise InputError("before_final: pass dim, the number of outputs, with a text")
    space = 0 if dim is None else dimension(dim, "before_final: dim")
    return _before(given_outputs(target, space, "before_final: target"), operator, _OPERATORS[key])


def after_final(values: ExactVector, operator: str) -> ExactVector:
    """About what a last operator returns where these values enter it, as floats are; ``values`` for any other."""
    entering = nearest_floats(values)
    shifted = entering - entering.max(initial=-math.inf)
    found: dict[str, Callable[[], FloatArray]] = {
        "logsoftmax": lambda: shifted - np.log(np.exp(shifted).sum()),
        "sigmoid": lambda: (1 + np.tanh(entering / 2)) / 2,
        "softmax": lambda: np.exp(shifted) / np.exp(shifted).sum(),
        "tanh": lambda: np.tanh(entering),
    }
    key = _key(operator)
    return tuple(map(Fraction, found[key]().tolist())) if key in found else values


def _before(target: Polyhedron, name: str, operator: _Operator) -> Polyhedron:
    dim = target.ambient_dim
    origin = (Fraction(0),) * dim
    rows = [_row(row, name, operator, dim) for row in target.halfspaces]
    return Polyhedron.from_halfspaces([row for row in rows if any(row.normal) or not row.holds(origin)], dim)


def _row(row: Halfspace, name: str, operator: _Operator, dim: int) -> Halfspace:
    """One row, before the operator."""
    entries = [(i, v) for i, v in enumerate(row.normal) if v]
    if not entries:
        return row
    low, high = _reach(row, operator)
    if low == high:
        return _decided(row, row.relation != "<" if row.offset == low else row.offset > low and row.relation != "==")
    if not low < row.offset < high:
        return _decided(row, row.offset >= high and row.relation != "==")
    if len(entries) == 1:
        ((i, v),) = entries
        return _bound(row, i, v, name, operator)
    (_, one), (_, other), *more = entries
    if not more and one == -other and not row.offset:
        return row
    if not more and one == other and operator.middle is not None and row.offset == 2 * one * operator.middle:
        return Halfspace.of(row.normal, 0, row.relation)
    raise _not_linear(row, name, "it compares sums of outputs, and these are not linear before it")


def _reach(row: Halfspace, operator: _Operator) -> tuple[float, float]:
    """Two numbers between which a sum of outputs lies, and which it does not reach; where they are equal, its value."""
    if len(row.normal) == 1 and operator.middle is None:
        return (row.normal[0] * operator.high,) * 2
    if operator is _OPERATORS["softmax"]:  # a mean of the coefficients
        return min(row.normal), max(row.normal)
    ends = [sorted((v * operator.low, v * operator.high)) for v in row.normal if v]
    return sum(low for low, _ in ends), sum(high for _, high in ends)


def _bound(row: Halfspace, i: int, v: int, name: str, operator: _Operator) -> Halfspace:
    """A row about one output."""
    dim, at = len(row.normal), Fraction(row.offset, v)
    upper = v > 0  # y <= at, or else y >= at
    if operator.middle is not None and at == operator.middle:
        return Halfspace.of(row.normal, 0, row.relation)
    if operator is _OPERATORS["softmax"] and dim == 2 and at == Fraction(1, 2):
        sign = 1 if upper else -1
        return Halfspace.of([sign if j == i else -sign for j in range(2)], 0, row.relation)
    if operator.middle is None:
        raise _not_linear(row, name, "an output depends on all that enters, and only comparisons of outputs are linear")
    raise _not_linear(
        row, name, f"the bound {at} is reached at an irrational number; {operator.middle} is reached at 0"
    )


def _decided(row: Halfspace, always: bool) -> Halfspace:
    """A row that always holds, or never."""
    return Halfspace((0,) * len(row.normal), 0 if always else -1, "<=")


def _not_linear(row: Halfspace, name: str, why: str) -> InputError:
    terms = " + ".join(f"{v} y{i}" for i, v in enumerate(row.normal) if v).replace("+ -", "- ")
    return InputError(f"before_final: {terms} {row.relation} {row.offset}, of the outputs of {name}: {why}")
