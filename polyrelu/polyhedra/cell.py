r"""Cell splitting in exact arithmetic: the specification of the compiled kernel, and its fallback.

A polyhedron in :math:`R^d` is the slice t = 1 of a cone in :math:`R^{d+1}`, whose points are (x, t) with t >= 0. A
:class:`Cell` keeps the generators of that cone as primitive integer vectors: vertices have t > 0, rays t = 0, and lines
are the directions the cell contains with both signs. Each facet is a form that is non-negative or non-positive on the
cone; each generator carries the set of facets on which it lies, as a bit mask.

:func:`split` cuts a cell with a form, by one step of the double description method
(:func:`polyrelu.polyhedra.double_description.cut`), and keeps both sides. Facets whose set of generators is contained
in another facet's are not facets any more, and are dropped. So a cell's facets are at all times an irredundant
H-representation.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from polyrelu.polyhedra.double_description import Cone, Vector, cut, values_on
from polyrelu.polyhedra.halfspace import Halfspace
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support.limits import check

INFINITY = -1
"""The facet t = 0, on which rays lie; it bounds the cone but no polyhedron."""


class Cell(NamedTuple):
    """A full-dimensional cell: generators of its cone, the facets of the cone, and who lies on which.

    ``tight[k]`` has bit j set when ``generators[k]`` lies on ``facets[j]``; lines lie on all facets.
    """

    generators: tuple[Vector, ...]
    tight: tuple[int, ...]
    facets: tuple[int, ...]
    lines: tuple[Vector, ...] = ()


def split(cell: Cell, form: Sequence[int], facet: int) -> tuple[Cell | None, Cell | None]:
    """The parts of a cell where ``form . (x, t) <= 0`` and ``>= 0``, None where that part is not full-dimensional.

    A form that vanishes on the whole cell leaves it on the first side. ``facet`` numbers the new facet.
    """
    halves = cut(Cone(cell.generators, cell.tight, cell.lines), form, 1 << len(cell.facets))
    if max(halves.values, default=0) <= 0:
        return cell, None
    if min(halves.values) >= 0:
        return None, cell
    facets = (*cell.facets, facet)
    return _cell(halves.side(-1), facets), _cell(halves.side(1), facets)


def cell_of(forms: Sequence[Vector], facets: Sequence[int], dim: int, polyhedron: Polyhedron | None = None) -> Cell:
    """The cell of the points (u, t), t >= 0, at which all forms are at most zero; ``facets`` numbers the forms.

    Cost: the double description method, unless the same set is at hand as a polyhedron that knows its generators.
    """
    if polyhedron is None:
        polyhedron = Polyhedron.from_halfspaces([Halfspace.of(form[:-1], -form[-1]) for form in forms], dim)
    generators, lines = polyhedron.generators.homogeneous()
    rows = [*forms, (*[0] * dim, 1)]
    tight = [sum(1 << j for j, value in enumerate(values_on(rows, g)) if not value) for g in generators]
    return _cell(Cone(generators, tight, lines), [*facets, INFINITY])


def _cell(cone: Cone, facets: Sequence[int]) -> Cell:
    """The cell of a cone, with the facets that are not facets any more left out."""
    check()
    supports = [sum(1 << k for k, tight in enumerate(cone.tight) if tight >> j & 1) for j in range(len(facets))]
    kept = [j for j, own in enumerate(supports) if not any(own & other == own and own != other for other in supports)]
    tight = cone.tight
    if len(kept) < len(facets):
        tight = [sum(1 << new for new, j in enumerate(kept) if mask >> j & 1) for mask in tight]
    return Cell(tuple(cone.generators), tuple(tight), tuple(facets[j] for j in kept), tuple(cone.lines))
