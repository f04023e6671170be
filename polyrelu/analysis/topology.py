r"""The shape of a tiling: its faces, its Euler characteristic, its components, holes and voids. Exact.

The set X is the union of the tiles themselves, strict rows respected: two open squares on either side of an edge that
belongs to neither are two components, and so are two open squares with a common corner; the closed ones are one.

*Cells.* X is cut into finitely many *cells*, relatively open convex polyhedra, such that a cell that meets the closure
of another lies in it. Write s <= t when cell s lies in the closure of cell t. Then X has the (weak, and as X is
triangulable, true) homotopy type of the order complex of the cells.

*Proof.* Let U(s) be the union of all cells t >= s. It is open in X: the closure of any other cell t, not >= s, is made
of cells r <= t, and none of them is >= s. It is star-shaped: for p in s and q in a cell t >= s, p lies in the closure
of t, so the segment from p to q, without p, lies in t. So the map of X to the finite space of cells, in which up-sets
are open, pulls each smallest open set {t >= s} back to the contractible U(s), and {t >= s} is contractible for having a
smallest element. Such a map is a weak homotopy equivalence, and a finite space is weakly equivalent to its order
complex (M. C. McCord, Singular homology groups and homotopy groups of finite topological spaces, Duke Math. J. 33,
1966, theorem 6, doi:10.1215/S0012-7094-66-03352-7). Nothing here asks cells to be bounded, or X to be closed.

*Which cells.* A strict row removes whole faces from a tile, so a tile is a union of relatively open faces of its
closure. Tiles of one part, flat ones included, meet face to face: they are c and {x : Mx + k in T}, for cells c of a
complex on each of which the network is an affine map; where two cells meet, in a common face, their maps agree, so the
two closed tiles meet in the part of the one, and of the other, in that face. Hence their faces are cells already. Faces
of different parts may overlap in part. A face that meets the closure of another without lying in it is cut by a row
of that other one, and so on until none does. All cuts are made by rows of tiles, which are finitely many hyperplanes,
so this ends.

Homology is over GF(2), see :mod:`polyrelu.arithmetic.order_complex`. In up to three dimensions the numbers are those of
rational homology too, because subsets of R^3 have no torsion.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import chain

import numpy as np

from polyrelu.arithmetic.exact import FloatArray, nearest_floats
from polyrelu.arithmetic.order_complex import betti_numbers as betti_numbers_of_order
from polyrelu.arithmetic.order_complex import euler_characteristic as euler_characteristic_of_order
from polyrelu.polyhedra.canonical import split_rows
from polyrelu.polyhedra.cddlib import generators_from_halfspaces
from polyrelu.polyhedra.faces import Closure, Face, closure_of, excess, faces
from polyrelu.polyhedra.halfspace import Halfspace
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support.progress import progress_bar
from polyrelu.tilings.tile import Tile
from polyrelu.tilings.tiling import Tiling


def f_vector(tiling: Tiling) -> tuple[int, ...]:
    """How many faces of dimension 0, 1, ..., d the closures of the tiles have; equal faces count once.

    Faces are compared as exact sets. The preimage of a single target is tiled face to face, and this is the f-vector of
    a polyhedral complex; where a union of targets has several parts, a face may lie across others, and each counts.
    For a closed and bounded set that is tiled face to face, the alternating sum is the Euler characteristic. Unbounded
    faces count like bounded ones, and faces at infinity do not.

    >>> import polyrelu as pr
    >>> absolute = pr.Network([([[1], [-1]], [0, 0]), ([[1, 1]], [0])])
    >>> pr.preimage(absolute, pr.parse("y0 <= 1", dim=1)).f_vector()  # [-1, 0] and [0, 1]
    (3, 2)

    Cost: one conversion between representations for each tile.
    """
    counts = [0] * (tiling.domain.ambient_dim + 1)
    for dim in {face.closure: face.dim for _, found in _tile_faces(tiling) for face in found}.values():
        counts[dim] += 1
    return tuple(counts)


def euler_characteristic(tiling: Tiling) -> int:
    """The Euler characteristic of the union of the tiles: the alternating sum of its Betti numbers.

    It is that of the homotopy type, so every convex set has 1, be it open, closed or unbounded.

    >>> import polyrelu as pr
    >>> absolute = pr.Network([([[1], [-1]], [0, 0]), ([[1, 1]], [0])])
    >>> pr.preimage(absolute, pr.parse("y0 >= 1", dim=1)).euler_characteristic()  # two rays
    2

    Cost: that of the cells, see :func:`betti_numbers`, and an addition for each pair of them in order.
    """
    return euler_characteristic_of_order(_cells(tiling))


def betti_numbers(tiling: Tiling) -> tuple[int, ...]:
    """The Betti numbers b_0, ..., b_{d-1} of the union of the tiles: its components, its holes, its voids, and so on.

    Over GF(2), of the set itself: strict rows are respected, and unbounded tiles are not closed at infinity. Tiles
    connect through contact of any dimension, whereas :meth:`Tiling.zones` asks for a facet. In R^d there are no further
    numbers; in R^0 there is b_0. The empty tiling has zeros.

    >>> import polyrelu as pr
    >>> diamond = pr.Network([([[1, 0], [-1, 0], [0, 1], [0, -1]], [0] * 4), ([[1, 1, 1, 1]], [0])])  # |x0| + |x1|
    >>> pr.preimage(diamond, pr.parse("y0 > 1", dim=1)).betti_numbers()
    (1, 1)

    Cost: one conversion between representations for each tile; for several parts, all pairs of faces whose
    bounding boxes meet. Then see :func:`polyrelu.arithmetic.order_complex.betti_numbers`.
    """
    length = max(tiling.domain.ambient_dim, 1)
    numbers = betti_numbers_of_order(_cells(tiling))
    assert not any(numbers[length:]), "a subset of R^d has no homology from dimension d on"
    return (*numbers, *[0] * length)[:length]


def _tile_faces(tiling: Tiling) -> Iterator[tuple[Tile, list[Face]]]:
    for tile in progress_bar(None, tiling, desc="faces", unit=" tiles"):
        yield tile, faces(tile.polyhedron)


def _cells(tiling: Tiling) -> list[set[int]]:
    """The order of the cells, as :mod:`polyrelu.arithmetic.order_complex` wants it."""
    known: dict[Closure, Face] = {}
    parts: dict[Closure, set[int]] = {}
    inside: dict[Closure, None] = {}
    for tile, found in _tile_faces(tiling):
        for face in found:
            known[face.closure] = face
            parts.setdefault(face.closure, set()).add(id(tile.source))
            if face.inside:
                inside[face.closure] = None
    if inside and set.intersection(*(parts[closure] for closure in inside)):
        return _order_of_faces(known, inside)
    cells = [
        _Cell(closure, face.dim, face.equalities, face.inequalities, frozenset(parts[closure]))
        for closure, face in known.items()
        if closure in inside
    ]
    return _order_of_cells(_cut_to_fit(cells))


def _order_of_faces(known: Mapping[Closure, Face], inside: Collection[Closure]) -> list[set[int]]:
    """The order of those faces of a complex that are inside, from the facets of each."""
    lesser: dict[Closure, set[Closure]] = {}
    numbers: dict[Closure, int] = {}
    below = []
    for face in sorted(known.values(), key=lambda face: face.dim):
        lesser[face.closure] = set(face.facets).union(*(lesser[facet] for facet in face.facets))
        if face.closure in inside:
            numbers[face.closure] = len(numbers)
            below.append({numbers[other] for other in lesser[face.closure] if other in numbers})
    return below


@dataclass(frozen=True, eq=False)
class _Cell:
    """A relatively open convex polyhedron.

    Attributes:
        closure, dim: which one it is.
        equalities, inequalities: rows of its closure; no inequality is tight on all of it.
        parts: the complexes of which it is a face; two cells of one complex never need cutting.
    """

    closure: Closure
    dim: int
    equalities: tuple[Halfspace, ...]
    inequalities: tuple[Halfspace, ...]
    parts: frozenset[int] = frozenset()
    _known_sides: dict[Halfspace, tuple[bool, bool]] = field(default_factory=dict, init=False, repr=False)

    def sides(self, row: Halfspace) -> tuple[bool, bool]:
        """Whether some of the cell lies strictly inside a row's hyperplane, and whether some lies beyond.

        Remembered, because the faces of a tile have most of their rows in common.
        """
        if row not in self._known_sides:
            values = [excess(row, g) for g in self.closure]
            self._known_sides[row] = min(values) < 0, max(values) > 0
        return self._known_sides[row]

    def is_below(self, other: _Cell) -> bool:
        """Whether the cell lies in the closure of the other one."""
        if self.closure <= other.closure:
            return True
        if self.parts & other.parts:
            return False
        return not any(self.sides(row)[1] for row in other.inequalities) and not any(
            any(self.sides(row)) for row in other.equalities
        )

    def cutting_row(self, other: _Cell) -> Halfspace | None:
        """A row of the other cell that cuts this one, if this one meets the other's closure without lying in it."""
        if self.parts & other.parts or self.closure <= other.closure:
            return None
        crossing = None
        for row in chain(other.equalities, other.inequalities):
            inside, beyond = self.sides(row)
            if inside and beyond:
                crossing = row
            elif beyond or (inside and row.relation == "=="):
                return None
        if crossing is None or any(not other.sides(row)[0] for row in self.inequalities):
            return None
        open_rows = [row._replace(relation="<") for row in self.inequalities]
        rows = [*self.equalities, *open_rows, *other.equalities, *other.inequalities]
        common = Polyhedron.from_halfspaces(rows, len(crossing.normal))
        return None if common.is_empty() else crossing

    def cut(self, row: Halfspace) -> list[_Cell]:
        """The three cells inside, on and beyond a hyperplane that has the cell on both sides."""
        hyperplane = row.boundary()
        opposite = Halfspace(tuple(-v for v in row.normal), -row.offset, "<=")
        return [
            self._piece((*self.equalities, hyperplane), self.inequalities, self.dim - 1),
            self._piece(self.equalities, (*self.inequalities, row._replace(relation="<=")), self.dim),
            self._piece(self.equalities, (*self.inequalities, opposite), self.dim),
        ]

    def _piece(self, equalities: tuple[Halfspace, ...], inequalities: tuple[Halfspace, ...], dim: int) -> _Cell:
        ambient_dim = len(next(iter(self.closure))) - 1
        closure = closure_of(generators_from_halfspaces(*split_rows((*equalities, *inequalities)), ambient_dim))
        facets = tuple(h for h in inequalities if any(g[-1] and not excess(h, g) for g in closure))
        return _Cell(closure, dim, equalities, facets)


def _cut_to_fit(cells: Iterable[_Cell]) -> list[_Cell]:
    """Cells with the same union, none of which meets the closure of another without lying in it."""
    done: dict[Closure, _Cell] = {}
    fresh = {cell.closure: cell for cell in cells}
    while fresh:
        everything = list(({**done, **fresh}).values())
        boxes = _Boxes(everything)
        cuts: dict[int, Halfspace] = {}
        new = [i for i, cell in enumerate(everything) if cell.closure in fresh]
        for i in progress_bar(None, new, desc="fit", unit=" cells"):
            for j in boxes.near(i):
                for one, other in ((i, j), (j, i)):
                    if one not in cuts and (row := everything[one].cutting_row(everything[other])) is not None:
                        cuts[one] = row
        done = {cell.closure: cell for i, cell in enumerate(everything) if i not in cuts}
        pieces = chain.from_iterable(everything[i].cut(row) for i, row in cuts.items())
        fresh = {piece.closure: piece for piece in pieces if piece.closure not in done}
    return list(done.values())


def _order_of_cells(cells: Iterable[_Cell]) -> list[set[int]]:
    order = sorted(cells, key=lambda cell: cell.dim)
    boxes = _Boxes(order)
    return [
        {i for i in boxes.near(j) if order[i].dim < cell.dim and order[i].is_below(cell)}
        for j, cell in enumerate(progress_bar(None, order, desc="order", unit=" cells"))
    ]


class _Boxes:
    """Boxes around cells, in floats: a filter that overlooks no pair of closures that meet.

    Bounds are rounded to nearest (beyond the greatest float to infinity), where rounding keeps order: if one box's
    exact lower bound is at most another's upper bound, then so are the floats. So do comparisons that take subnormal
    numbers for zero; hence this holds in every mode of the processor.
    """

    def __init__(self, cells: Sequence[_Cell]) -> None:
        width = len(next(iter(cells[0].closure))) - 1 if cells else 0
        lower = np.array([_lower_bounds(cell.closure, 1) for cell in cells]).reshape(len(cells), width)
        upper = -np.array([_lower_bounds(cell.closure, -1) for cell in cells]).reshape(len(cells), width)
        self.lower, self.upper = np.ascontiguousarray(lower.T), np.ascontiguousarray(upper.T)

    def near(self, i: int) -> list[int]:
        """The other cells whose boxes meet that of cell i."""
        found = np.arange(self.lower.shape[1])
        for lower, upper in zip(self.lower, self.upper, strict=True):
            found = found[(lower[found] <= upper[i]) & (upper[found] >= lower[i])]
        return [j for j in found.tolist() if j != i]


def _lower_bounds(closure: Closure, sign: int) -> FloatArray:
    """The lower bound of each coordinate, times the sign, as the nearest float."""
    *coordinates, scales = zip(*closure, strict=True)
    bounded = [not any(sign * x < 0 and not t for x, t in zip(values, scales, strict=True)) for values in coordinates]
    bounds = np.full(len(coordinates), -math.inf)
    bounds[bounded] = nearest_floats(
        min(Fraction(sign * x, t) for x, t in zip(values, scales, strict=True) if t)
        for values, finite in zip(coordinates, bounded, strict=True)
        if finite
    )
    return bounds
