"""Cells through the layers of a network in exact arithmetic: what the kernel does, and what it leaves undone.

A cell at depth l is one on which all neurons of the layers before l have one sign, ``bits``. There the forms that enter
layer l are affine, :func:`forms_at` of them; :func:`refine` splits the cell by all of the layer's ReLU neurons.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from flint import fmpq_mat

from polyrelu.cells.twin import Cell, Vector, split
from polyrelu.exact import ExactMatrix, flint_matrix, matrix_rows, primitive
from polyrelu.network import Bits, Layer, Network


class Placed(NamedTuple):
    """A cell and the signs of all neurons of the layers before ``depth`` on it."""

    cell: Cell
    bits: Bits

    @property
    def depth(self) -> int:
        """The layer that is to be split next."""
        return len(self.bits)


def forms_at(layers: Sequence[Layer], bits: Bits) -> ExactMatrix:
    """Rows ``(w, c)``: the forms ``w . u + c`` that enter layer ``len(bits)`` where earlier neurons are as they say."""
    return matrix_rows(layers[len(bits)].augmented * outputs_before(layers, bits))


def outputs_before(layers: Sequence[Layer], bits: Bits) -> fmpq_mat:
    """The affine outputs of the layers before ``len(bits)`` as rows ``(w, c)``, with a last row (0, 1)."""
    dim = layers[0].input_dim
    one = [*[0] * dim, 1]
    if not bits:
        return flint_matrix([[int(i == j) for j in range(dim + 1)] for i in range(dim + 1)], dim + 1)
    matrix, offset = Network(layers[: len(bits)]).affine_map(bits)
    return flint_matrix([*((*row, c) for row, c in zip(matrix, offset, strict=True)), one], dim + 1)


def refine(
    placed: Placed, layers: Sequence[Layer], first_facet: int, count_signs: Callable[[int], None]
) -> Iterator[Placed]:
    """The cells that the next layer's ReLU neurons make of a cell; neuron k of the layer is facet ``first_facet + k``.

    ``count_signs`` is told how many signs of generators were decided. Neurons that end a line of the cell come first,
    so that it gets as pointed as it can before it is cut in many.
    """
    layer = layers[placed.depth]
    rows = forms_at(layers, placed.bits)
    forms = [primitive(row) for row, masked in zip(rows, layer.relu, strict=True) if masked]
    order = sorted(range(len(forms)), key=lambda k: not _ends_a_line(forms[k], placed.cell))
    signs: list[bool] = [False] * len(forms)

    def descend(cell: Cell, step: int) -> Iterator[Placed]:
        if step == len(order):
            yield Placed(cell, (*placed.bits, tuple(signs)))
            return
        k = order[step]
        count_signs(len(cell.generators) + len(cell.lines))
        for side, half in enumerate(split(cell, forms[k], first_facet + k)):
            if half is not None:
                signs[k] = bool(side)
                yield from descend(half, step + 1)

    yield from descend(placed.cell, 0)


def _ends_a_line(form: Vector, cell: Cell) -> bool:
    return any(sum(a * x for a, x in zip(form, line, strict=True)) for line in cell.lines)
