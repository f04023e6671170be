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
from polyrelu.polyhedra.double_description import Vector
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
    if until_pointed and placed.cell.lines and placed.cell.facets == (INFINITY,):
        corner = layer.once(_corner_in_inputs) if not placed.depth else _corner(_rows(placed, layers), layer.neurons)
        if corner is not None:
            count_signs(len(corner.places) << len(corner.places))
            yield from _cones(placed, corner, layer.neuron_count, first_facet)
            return
    rows = _rows(placed, layers)
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


def _rows(placed: Placed, layers: Sequence[Layer]) -> fmpz_mat:
    """The forms of the layer that is to be split next on a cell, up to one positive factor."""
    rows, _ = layers[placed.depth].after(outputs_before(layers, placed.signs)).numer_denom()
    return rows


def _independent(rows: fmpz_mat, neurons: Sequence[int]) -> list[int]:
    """The places of the first neurons whose rows, their last entries left out, are independent."""
    d = rows.ncols() - 1
    if d <= len(neurons) and fmpz_mat(d, d, [rows[i, j] for i in neurons[:d] for j in range(d)]).det():
        return list(range(d))  # as they nearly always are, and larger matrices take longer
    columns = fmpz_mat(d, len(neurons), [rows[i, j] for j in range(d) for i in neurons])
    echelon, _, rank = columns.rref()
    return [next(k for k in range(len(neurons)) if echelon[j, k]) for j in range(rank)]


class _Corner(NamedTuple):
    """Where d independent neurons of a layer are zero together.

    Attributes:
        places: which of the layer's neurons they are.
        apex: the point.
        rays: for each the ray from there on which it alone is not zero, but positive.
    """

    places: list[int]
    apex: Vector
    rays: list[Vector]


def _corner_in_inputs(layer: Layer) -> _Corner | None:
    """That of a layer whose inputs are the coordinates."""
    rows, _ = layer.after(identity_map(layer.input_dim)).numer_denom()
    return _corner(rows, layer.neurons)


def _corner(rows: fmpz_mat, neurons: Sequence[int]) -> _Corner | None:
    """The corner of the first d independent neurons; None if there are fewer.

    With the rows B u + b t the apex is u = -B^-1 b, and the columns of B^-1 are the rays. In integers [B | -b | I] is
    reduced to D [I | -B^-1 b | B^-1].
    """
    places, d = _independent(rows, neurons), rows.ncols() - 1
    if len(places) < d:
        return None
    known = fmpz_mat(d, 2 * d + 1, [v for i, k in enumerate(places) for v in _beside_unit(rows, neurons[k], i)])
    reduced, *_ = known.rref()
    unit, apex, *columns = zip(*(map(int, row[d - 1 :]) for row in reduced.tolist()), strict=True)
    side = 1 if unit[-1] > 0 else -1  # of D
    rays = [primitive([*(side * v for v in column), 0]) for column in columns]
    return _Corner(places, primitive([*(side * v for v in apex), side * unit[-1]]), rays)


def _beside_unit(rows: fmpz_mat, row: int, i: int) -> Iterator[fmpz | int]:
    """A row [B | -b | I] whose neuron is the i-th."""
    d = rows.ncols() - 1
    yield from (rows[row, j] for j in range(d))
    yield -rows[row, d]
    yield from (j == i for j in range(d))


def _cones(placed: Placed, corner: _Corner, neurons: int, first_facet: int) -> Iterator[Placed]:
    """The 2^d cones into which the neurons of a corner cut R^d, of so many neurons of the layer."""
    d = len(corner.places)
    facets = (INFINITY, *(first_facet + k for k in corner.places))
    on_all = (2 << d) - 2
    tight = (on_all, *((on_all | 1) & ~(2 << j) for j in range(d)))
    towards = [((-1, tuple(-v for v in ray)), (1, ray)) for ray in corner.rays]
    signs = [0] * neurons
    for chosen in itertools.product(*towards):
        for k, (side, _) in zip(corner.places, chosen, strict=True):
            signs[k] = side
        generators = (corner.apex, *(ray for _, ray in chosen))
        yield Placed(Cell(generators, tight, facets), placed.signs, tuple(signs))


def _line_enders_first(rows: fmpz_mat, neurons: Sequence[int], cell: Cell) -> list[int]:
    """The places of a layer's neurons, those first whose rows vary along a line of the cell."""
    places = list(range(len(neurons)))
    if not cell.lines:
        return places
    along = rows * fmpz_mat(len(cell.lines), rows.ncols(), [v for line in cell.lines for v in line]).transpose()
    return sorted(places, key=lambda k: not any(along[neurons[k], j] for j in range(along.ncols())))
