"""The operators of ONNX that make or take truth values, where these depend on the input.

``Where``, and products with a mask, are lowered where the two branches meet at the condition's boundary:
:mod:`polyrelu.formats.aten_conditions` says when. Exporters cast a mask to floats before they multiply with it, so
truth values stay what they are in a cast; and what moves numbers around moves truth values, too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from polyrelu.errors import InputError
from polyrelu.formats import operators as op
from polyrelu.formats.aten_conditions import check_branches, chosen, multiplied
from polyrelu.formats.aten_site import Condition, Site
from polyrelu.formats.lowering import ONE, ZERO, Variable
from polyrelu.formats.onnx_functions import FUNCTIONS
from polyrelu.formats.onnx_node import Given, Node
from polyrelu.formats.onnx_shapes import SHAPES
from polyrelu.formats.operators import Value

MOVES = frozenset(
    {
        "DepthToSpace", "Expand", "Flatten", "Gather", "GatherElements", "GatherND", "Identity", "Reshape", "Slice",
        "SpaceToDepth", "Split", "Squeeze", "Tile", "Transpose", "Unsqueeze",
    }
)  # fmt: skip
"""The operators that move their first input's entries around."""


def _site(node: Node) -> Site:
    return Site(node.low, node.where, node.kind)


def _compared(sign: int, strict: bool) -> Callable[[Node], Given]:
    """``a > b`` is the condition that ``sign * (a - b)`` is positive."""

    def lowered(node: Node) -> Given:
        a, b = node.value(0), node.value(1)
        if not isinstance(a, Variable) and not isinstance(b, Variable):
            constants: Given = FUNCTIONS[node.kind](node)  # type: ignore[assignment]  # one value
            return constants
        check_branches(np.broadcast_shapes(a.shape, b.shape), f"{node.where}: {node.kind}")
        gap = op.as_variable(op.subtract(node.low, a, b, node.where), node.where)
        return Condition(op.affine(gap, sign * ONE, ZERO), strict)

    return lowered


def _not(node: Node) -> Given:
    given = node.given(0)
    return given.negated() if isinstance(given, Condition) else FUNCTIONS["Not"](node)  # type: ignore[return-value]


def _where(node: Node) -> Value:
    if not isinstance(node.given(0), Condition):
        return SHAPES["Where"](node)  # type: ignore[return-value]  # one value
    return chosen(_site(node), node.given(0), node.value(1), node.value(2))


def moved(node: Node, condition: Condition, lower: Callable[[Node], list[Given]]) -> list[Given]:
    """What an operator of :data:`MOVES` makes of truth values."""
    inside = lower(replace(node, inputs=[condition.difference, *node.inputs[1:]]))
    return [Condition(op.as_variable(part, node.where), condition.strict) for part in inside]  # type: ignore[arg-type]


def masked(node: Node) -> Value | None:
    """A product of which one factor is truth values; None if none is."""
    return multiplied(_site(node), [node.given(0), node.given(1)])


def refuse(node: Node) -> None:
    """Refuse truth values where they are no condition.

    Raises:
        InputError: an input is truth values that depend on the network's input.
    """
    if any(isinstance(given, Condition) for given in node.inputs):
        raise InputError(
            f"{node.where}: {node.kind} of truth values that depend on the network's input is not continuous; they may "
            "stand in Where and in products"
        )


CONDITIONS: dict[str, Callable[[Node], Given]] = {
    "Greater": _compared(1, strict=True),
    "GreaterOrEqual": _compared(1, strict=False),
    "Less": _compared(-1, strict=True),
    "LessOrEqual": _compared(-1, strict=False),
    "Not": _not,
    "Where": _where,
}
