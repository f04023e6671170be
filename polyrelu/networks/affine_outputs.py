"""Cells through the layers of a network in exact arithmetic: what the kernel does, and what it leaves undone.

A cell at depth l is one on which all neurons of the layers before l have one sign, ``bits``. There the forms that enter
layer l are affine, :func:`forms_at` of them; :func:`refine` splits the cell by all of the layer's ReLU neurons.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from flint import fmpq, fmpq_mat

from polyrelu.arithmetic.exact import ExactMatrix, matrix_rows, primitive
from polyrelu.networks.layer import Layer
from polyrelu.networks.network import Bits
from polyrelu.polyhedra.cell import Cell, Vector, split


class Placed(NamedTuple):
    """A cell and the signs of all neurons of the layers before ``depth`` on it.

    ``begun`` has the signs of this layer's neurons by which the cell was already cut, None for the others; it is empty
    where there are none.
    """

    cell: Cell
    bits: Bits
    begun: tuple[bool | None, ...] = ()

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
    values = fmpq_mat(dim + 1, dim + 1, [int(i == j) for i in range(dim + 1) for j in range(dim + 1)])
    for layer, on in zip(layers, bits, strict=False):
        values = outputs_after(layer, on, values)
    return values


class Outputs:
    """:func:`outputs_before`, which remembers each depth's last answer: cells that follow one another begin alike."""

    def __init__(self, layers: Sequence[Layer]) -> None:
        self.layers = layers
        self._latest: dict[int, tuple[Bits, fmpq_mat]] = {}

    def before(self, bits: Bits) -> fmpq_mat:
        """The affine outputs of the layers before ``len(bits)`` as rows ``(w, c)``, with a last row (0, 1)."""
        depth = len(bits)
        known = self._latest.get(depth)
        if known is not None and known[0] == bits:
            return known[1]
        values = outputs_before(self.layers, ())
        if depth:
            values = outputs_after(self.layers[depth - 1], bits[-1], self.before(bits[:-1]))
        self._latest[depth] = bits, values
        return values


def outputs_after(layer: Layer, on: Sequence[bool], values: fmpq_mat) -> fmpq_mat:
    """The outputs of a layer with these signs, from the outputs before it; both as rows with a last row (0, 1)."""
    columns = values.ncols()
    entries = (layer.augmented * values).entries()
    signs = iter(on)
    for i, masked in enumerate(layer.relu):
        if masked and not next(signs):
            entries[i * columns : (i + 1) * columns] = [fmpq(0)] * columns
    return fmpq_mat(layer.output_dim + 1, columns, [*entries, *[fmpq(0)] * (columns - 1), fmpq(1)])


def refine(
    placed: Placed,
    layers: Sequence[Layer],
    first_facet: int,
    count_signs: Callable[[int], None],
    until_pointed: bool = False,
) -> Iterator[Placed]:
    """The cells that the next layer's ReLU neurons make of a cell; neuron k of the layer is facet ``first_facet + k``.

    ``count_signs`` is told how many signs of generators were decided. Neurons that end a line of the cell come first,
    so that it gets as pointed as it can before it is cut in many. With ``until_pointed`` parts of a cell with lines are
    handed out as soon as they have none, with the signs that they have until then in ``begun``: R^d becomes 2^d
    simplicial cones where the first d neurons are independent.
    """
    layer = layers[placed.depth]
    rows = forms_at(layers, placed.bits)
    forms = [primitive(rows[i]) for i in layer.neurons]
    order = sorted(range(len(forms)), key=lambda k: not _ends_a_line(forms[k], placed.cell))
    signs: list[bool] = [False] * len(forms)

    def descend(cell: Cell, step: int) -> Iterator[Placed]:
        if step == len(order):
            yield Placed(cell, (*placed.bits, tuple(signs)))
            return
        if until_pointed and placed.cell.lines and not cell.lines:
            known = set(order[:step])
            yield Placed(cell, placed.bits, tuple(sign if k in known else None for k, sign in enumerate(signs)))
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
