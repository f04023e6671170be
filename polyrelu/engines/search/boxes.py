r"""Boxes that hold what each layer of a network is given, by exact interval arithmetic from the domain.

If x lies between l and h, then w x + b lies between :math:`\sum_j \min(w_j l_j, w_j h_j) + b` and the same with
maxima, and relu keeps the order. The boxes are larger than the exact images, never smaller.

The only floats here are the two infinities, which stand for a side without a bound. They are compared with Fractions
and change sign, and nothing else, so no magnitude and no mode of the processor changes an answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from polyrelu.networks.layer import Layer
from polyrelu.polyhedra.bounding_box import ExactBound, box_rows, quick_box_of
from polyrelu.polyhedra.polyhedron import Polyhedron


def input_boxes(layers: Sequence[Layer], domain: Polyhedron) -> list[Polyhedron]:
    """For each layer a set that holds its inputs for all x of a non-empty domain: the domain itself, then boxes."""
    found = [domain]
    low, high = quick_box_of(domain)
    for layer in layers[:-1]:
        before = [interval(row, offset, low, high) for row, offset in zip(layer.rows, layer.offsets, strict=True)]
        after = [
            (max(least, Fraction(0)), max(most, Fraction(0))) if on else (least, most)
            for (least, most), on in zip(before, layer.relu, strict=True)
        ]
        low, high = [least for least, _ in after], [most for _, most in after]
        found.append(Polyhedron.from_halfspaces(box_rows(low, high), len(low)))
    return found


def interval(
    row: Sequence[Fraction], offset: Fraction, low: Sequence[ExactBound], high: Sequence[ExactBound]
) -> tuple[ExactBound, ExactBound]:
    """The least and the greatest value of ``row . x + offset`` for x between low and high."""
    used = [(w, a, b) for w, a, b in zip(row, low, high, strict=True) if w]
    least = [_times(w, a if w > 0 else b) for w, a, b in used]
    most = [_times(w, b if w > 0 else a) for w, a, b in used]
    return _sum([offset, *least]), _sum([offset, *most])


def _sum(bounds: Sequence[ExactBound]) -> ExactBound:
    """The sum, infinite if one is; all infinite ones have one sign. Fractions need not fit into floats."""
    exact = [bound for bound in bounds if isinstance(bound, Fraction)]
    return sum(exact, Fraction(0)) if len(exact) == len(bounds) else next(b for b in bounds if isinstance(b, float))


def _times(w: Fraction, bound: ExactBound) -> ExactBound:
    if isinstance(bound, Fraction):
        return w * bound
    return bound if w > 0 else -bound
