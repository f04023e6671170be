r"""Conditions on the outputs of a last sigmoid, tanh or softmax, as conditions on what enters it, exactly.

Those operators are not piecewise linear, but they keep order, so some conditions on y are linear conditions on z:

====================  =============================================================================================
sigmoid               :math:`y_i \le y_j \iff z_i \le z_j`;  :math:`y_i \le 1/2 \iff z_i \le 0`;
                      :math:`y_i + y_j \le 1 \iff z_i + z_j \le 0`;  always :math:`0 < y_i < 1`
tanh                  :math:`y_i \le \pm y_j \iff z_i \le \pm z_j`;  :math:`y_i \le 0 \iff z_i \le 0`;
                      always :math:`-1 < y_i < 1`
softmax               :math:`y_i \le y_j \iff z_i \le z_j`;  of two outputs :math:`y_i \le 1/2 \iff z_i \le z_j`;
                      always :math:`0 < y_i < 1`
log-softmax           :math:`y_i \le y_j \iff z_i \le z_j`;  always :math:`y_i < 0`
====================  =============================================================================================

and the same with ``<``, ``==`` and the other way round; of a softmax of one output, y is 1. Other bounds lie at
logarithms of rational numbers, which are irrational, or are not linear in z; they are refused.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import NamedTuple, TypeVar

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
        low, high: no output reaches them; None is no bound.
        middle: the value at 0, where an output depends on its own input alone.
    """

    low: int | None
    high: int
    middle: Fraction | None


_OPERATORS = {
    "logsoftmax": _Operator(None, 0, None),
    "sigmoid": _Operator(0, 1, Fraction(1, 2)),
    "softmax": _Operator(0, 1, None),
    "tanh": _Operator(-1, 1, Fraction(0)),
}
MONOTONE = ("LogSoftmax", "Sigmoid", "Softmax", "Tanh")
"""The operators, as ONNX names them."""


def is_monotone(operator: str) -> bool:
    """Whether an operator is one of :data:`MONOTONE`, in any case and with hyphens or underscores or without."""
    return _key(operator) in _OPERATORS


def _key(operator: str) -> str:
    return operator.lower().replace("_", "").replace("-", "")


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
        parts = [
            Disjunct(part.domain, tuple(_before(one, operator, _OPERATORS[key]) for one in part.targets))
            for part in target.disjuncts
        ]
        return replace(target, disjuncts=tuple(parts))
    if isinstance(target, str) and dim is None:
        raise InputError("before_final: pass dim, the number of outputs, with a text")
    space = 0 if dim is None else dimension(dim, "before_final: dim")
    return _before(given_outputs(target, space, "before_final: target"), operator, _OPERATORS[key])


def _before(target: Polyhedron, name: str, operator: _Operator) -> Polyhedron:
    dim = target.ambient_dim
    origin = (Fraction(0),) * dim
    rows = [_row(row, name, operator, dim) for row in target.halfspaces]
    return Polyhedron.from_halfspaces([row for row in rows if any(row.normal) or not row.holds(origin)], dim)


def _row(row: Halfspace, name: str, operator: _Operator, dim: int) -> Halfspace:
    """One row, before the operator."""
    entries = [(i, v) for i, v in enumerate(row.normal) if v]
    by_order = operator.middle is None
    if not entries:
        return row
    if len(entries) == 1:
        ((i, v),) = entries
        return _bound(row, i, v, name, operator)
    (_, one), (_, other), *more = entries
    if not more and one == -other and not row.offset:
        return row
    if not more and one == other:
        middle = 2 * one * (operator.middle if operator.middle is not None else Fraction(1, 2))
        if not by_order and row.offset == middle:
            return Halfspace.of(row.normal, 0, row.relation)
    raise _not_linear(row, name, "it compares sums of outputs, and these are not linear before it")


def _bound(row: Halfspace, i: int, v: int, name: str, operator: _Operator) -> Halfspace:
    """A row about one output."""
    dim, at = len(row.normal), Fraction(row.offset, v)
    upper = v > 0  # y <= at, or else y >= at
    if name.lower() == "softmax" and dim == 1:
        return _decided(row, row.holds((Fraction(1),)))
    if at >= operator.high:
        return _decided(row, upper and row.relation != "==")
    if operator.low is not None and at <= operator.low:
        return _decided(row, not upper and row.relation != "==")
    if operator.middle is not None and at == operator.middle:
        return Halfspace.of(row.normal, 0, row.relation)
    if name.lower() == "softmax" and dim == 2 and at == Fraction(1, 2):
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
