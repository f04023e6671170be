"""Cells on which every neuron has one sign: one of them by its rows, and all of them by splitting, layer by layer.

A cell at depth l is one on which all neurons of the layers before l have one sign. There the forms that enter layer l
are affine; :func:`refine` splits the cell by all of the layer's ReLU neurons, in exact arithmetic: what the kernel
does, and what it leaves undone.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from functools import cache
from typing import NamedTuple

from flint import fmpz, fmpz_mat

from polyrelu.arithmetic.exact import matrix_rows, primitive
from polyrelu.networks.activation_pattern import SignVector
from polyrelu.networks.affine_outputs import identity_map, outputs_after, outputs_before
from polyrelu.networks.layer import Layer
from polyrelu.polyhedra.cell import INFINITY, Cell, split
from polyrelu.polyhedra.halfspace import Halfspace
from polyrelu.polyhedra.polyhedron import Polyhedron


def sign_row(form: Sequence[Fraction], is_active: bool) -> Halfspace:
    """``w . x + c >= 0`` where a neuron with the form (w, c) is active, and ``<= 0`` where it is silent."""
    *normal, constant = form
    return Halfspace.of([-v for v in normal], constant) if is_active else Halfspace.of(normal, -constant)


def pattern_cell(layers: Sequence[Layer], signs: SignVector, domain: Polyhedron) -> Polyhedron:
    """The closed cell of the domain on which every neuron has its sign, zero allowed."""
    rows: list[Halfspace] = []
    values = identity_map(domain.ambient_dim)
    for layer, on in zip(layers, signs, strict=True):
        forms = layer.after(values)
        entering = matrix_rows(forms)
        rows += (sign_row(entering[i], active) for i, active in zip(layer.neurons, on, strict=True))
        values = outputs_after(layer, on, forms)
    return domain & Polyhedron.from_halfspaces(rows, domain.ambient_dim)


class Placed(NamedTuple):
    """A cell and the signs of all neurons of the layers before ``depth`` on it.

    ``begun`` has the signs of this layer's neurons by which the cell was already cut, as a layer of
    :class:`~polyrelu.networks.activation_pattern.PartialSigns`; it is empty where there are none.
    """

    cell: Cell
    signs: SignVector = SignVector()
    begun: tuple[int, ...] = ()

    @property
    def depth(self) -> int:
        """The layer that is to be split next."""
        return len(self.signs)


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
    rows, _ = (layer.after(outputs_before(layers, placed.signs))).numer_denom()
    if until_pointed and placed.cell.lines and placed.cell.facets == (INFINITY,):
        independent = _independent(rows, layer.neurons)
        if len(independent) == len(placed.cell.lines):
            count_signs(len(independent) << len(independent))
            yield from _cones(placed, rows, layer.neurons, independent, first_facet)
            return
    form = cache(lambda k: primitive([int(rows[layer.neurons[k], j]) for j in range(rows.ncols())]))
    order = _line_enders_first(rows, layer.neurons, placed.cell)
    signs = [0] * len(order)

    def descend(cell: Cell, step: int) -> Iterator[Placed]:
        if step == len(order):
            yield Placed(cell, placed.signs.then(sign > 0 for sign in signs))
            return
        if until_pointed and placed.cell.lines and not cell.lines:
            yield Placed(cell, placed.signs, tuple(signs))
            return
        k = order[step]
        count_signs(len(cell.generators) + len(cell.lines))
        for sign, half in zip((-1, 1), split(cell, form(k), first_facet + k), strict=True):
            if half is not None:
                signs[k] = sign
                yield from descend(half, step + 1)
        signs[k] = 0

    yield from descend(placed.cell, 0)


def _independent(rows: fmpz_mat, neurons: Sequence[int]) -> list[int]:
    """The places of the first neurons whose rows, their last entries left out, are independent."""
    d = rows.ncols() - 1
    if d <= len(neurons) and fmpz_mat(d, d, [rows[i, j] for i in neurons[:d] for j in range(d)]).det():
        return list(range(d))  # as they nearly always are, and larger matrices take longer
    columns = fmpz_mat(d, len(neurons), [rows[i, j] for j in range(d) for i in neurons])
    echelon, _, rank = columns.rref()
    return [next(k for k in range(len(neurons)) if echelon[j, k]) for j in range(rank)]


def _cones(
    placed: Placed, rows: fmpz_mat, neurons: Sequence[int], chosen: Sequence[int], first_facet: int
) -> Iterator[Placed]:
    """The 2^d cones into which d independent neurons of a layer cut R^d; ``chosen`` are their places.

    With the rows B u + b t, all have the apex u = -B^-1 b, and the columns of B^-1, with signs, are their rays. In
    integers [B | -b | I] is reduced to D [I | -B^-1 b | B^-1].
    """
    d = len(chosen)
    known = fmpz_mat(d, 2 * d + 1, [v for i, k in enumerate(chosen) for v in _beside_unit(rows, neurons[k], i, d)])
    reduced, *_ = known.rref()
    unit, apex, *columns = zip(*(map(int, row[d - 1 :]) for row in reduced.tolist()), strict=True)
    side = 1 if unit[-1] > 0 else -1  # of D
    top = primitive([*(side * v for v in apex), side * unit[-1]])
    rays_up = [primitive([*(side * v for v in column), 0]) for column in columns]
    towards = [(tuple(-v for v in ray), ray) for ray in rays_up]
    facets = (INFINITY, *(first_facet + k for k in chosen))
    on_all = (2 << d) - 2
    tight = (on_all, *((on_all | 1) & ~(2 << j) for j in range(d)))
    signs = [0] * len(neurons)
    for rays in itertools.product(*towards):
        for k, ray, (_, positive) in zip(chosen, rays, towards, strict=True):
            signs[k] = 1 if ray is positive else -1
        yield Placed(Cell((top, *rays), tight, facets), placed.signs, tuple(signs))


def _beside_unit(rows: fmpz_mat, row: int, i: int, d: int) -> Iterator[fmpz | int]:
    """A row [B | -b | I] whose neuron is the i-th."""
    yield from (rows[row, j] for j in range(d))
    yield -rows[row, d]
    yield from (j == i for j in range(d))


def _line_enders_first(rows: fmpz_mat, neurons: Sequence[int], cell: Cell) -> list[int]:
    """The places of a layer's neurons, those first whose rows vary along a line of the cell."""
    places = list(range(len(neurons)))
    if not cell.lines:
        return places
    along = rows * fmpz_mat(len(cell.lines), rows.ncols(), [v for line in cell.lines for v in line]).transpose()
    return sorted(places, key=lambda k: not any(along[neurons[k], j] for j in range(along.ncols())))
