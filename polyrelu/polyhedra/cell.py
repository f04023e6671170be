r"""Cell splitting in exact arithmetic: the specification of the compiled kernel, and its fallback.

A polyhedron in :math:`R^d` is the slice t = 1 of a cone in :math:`R^{d+1}`, whose points are (x, t) with t >= 0. A
:class:`Cell` keeps the generators of that cone as primitive integer vectors: vertices have t > 0, rays t = 0, and lines
are the directions the cell contains with both signs. Each facet is a form that is non-negative or non-positive on the
cone; each generator carries the set of facets on which it lies, as a bit mask.

:func:`split` cuts a cell with a form, the double description method (T. S. Motzkin et al., The double description
method, 1953; K. Fukuda and A. Prodon, Double description method revisited, 1996, doi:10.1007/3-540-61576-8_77):

* a generator goes left, right, or on the hyperplane;
* each pair (left, right) of *adjacent* generators gives one new generator on the hyperplane. Two are adjacent iff no
  third one lies on every facet that both lie on (Fukuda and Prodon, proposition 7), which holds for degenerate cells
  too; a necessary condition, checked first, is that these facets number at least d - 1 less the dimension of the lines;
* facets whose set of generators is contained in another facet's are not facets any more, and are dropped. So a cell's
  facets are at all times an irredundant H-representation.

A line that is not parallel to the hyperplane becomes one ray on either side, and every other generator is moved along
it onto the hyperplane.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from operator import mul
from typing import NamedTuple, TypeAlias

from polyrelu.arithmetic.exact import primitive
from polyrelu.polyhedra.halfspace import Halfspace
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support.limits import check

Vector: TypeAlias = tuple[int, ...]

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
    on_lines = [_dot(form, line) for line in cell.lines]
    pivot = next((k for k, value in enumerate(on_lines) if value), None)
    if pivot is not None:
        return _split_line(cell, form, facet, pivot, on_lines)
    values = [_dot(form, generator) for generator in cell.generators]
    if max(values, default=0) <= 0:
        return cell, None
    if min(values) >= 0:
        return None, cell
    new = _new_generators(cell, values)
    mark = 1 << len(cell.facets)
    facets = (*cell.facets, facet)
    sides = []
    for sign in (-1, 1):
        kept = [
            (generator, tight | (0 if value else mark))
            for generator, tight, value in zip(cell.generators, cell.tight, values, strict=True)
            if value * sign >= 0
        ]
        added = [(generator, tight | mark) for generator, tight in new]
        sides.append(without_redundant_facets([*kept, *added], facets, cell.lines))
    return sides[0], sides[1]


def cell_of(forms: Sequence[Vector], facets: Sequence[int], dim: int, polyhedron: Polyhedron | None = None) -> Cell:
    """The cell of the points (u, t), t >= 0, at which all forms are at most zero; ``facets`` numbers the forms.

    Cost: the double description method, unless the same set is at hand as a polyhedron that knows its generators.
    """
    if polyhedron is None:
        polyhedron = Polyhedron.from_halfspaces([Halfspace.of(form[:-1], -form[-1]) for form in forms], dim)
    vertices, rays, lines = polyhedron.generators
    generators = [primitive([*v, 1]) for v in vertices] + [primitive([*r, 0]) for r in rays]
    at_infinity = (*[0] * dim, 1)
    members = [
        (g, sum(1 << j for j, form in enumerate([*forms, at_infinity]) if not _dot(form, g))) for g in generators
    ]
    return without_redundant_facets(members, [*facets, INFINITY], tuple(primitive([*v, 0]) for v in lines))


def _new_generators(cell: Cell, values: Sequence[int]) -> list[tuple[Vector, int]]:
    """Where the edges between the two sides meet the hyperplane."""
    least = len(cell.generators[0]) - 2 - len(cell.lines)
    positive = [k for k, value in enumerate(values) if value > 0]
    negative = [k for k, value in enumerate(values) if value < 0]
    new = []
    for p in positive:
        check()
        for n in negative:
            common = cell.tight[p] & cell.tight[n]
            if common.bit_count() >= least and not any(
                common & tight == common for k, tight in enumerate(cell.tight) if k not in (p, n)
            ):
                new.append((_combine(values[p], cell.generators[n], -values[n], cell.generators[p]), common))
    return new


def _split_line(cell: Cell, form: Sequence[int], facet: int, pivot: int, on_lines: Sequence[int]) -> tuple[Cell, Cell]:
    sign = 1 if on_lines[pivot] > 0 else -1
    line = tuple(sign * v for v in cell.lines[pivot])
    slope = abs(on_lines[pivot])

    def onto(vector: Vector, value: int) -> Vector:
        return _combine(slope, vector, -value, line)

    mark = 1 << len(cell.facets)
    others = [k for k in range(len(cell.lines)) if k != pivot]
    lines = tuple(onto(cell.lines[k], on_lines[k]) for k in others)
    moved = [(onto(g, _dot(form, g)), t | mark) for g, t in zip(cell.generators, cell.tight, strict=True)]
    everywhere = mark - 1
    facets = (*cell.facets, facet)
    backwards = tuple(-v for v in line)
    return (
        without_redundant_facets([*moved, (backwards, everywhere)], facets, lines),
        without_redundant_facets([*moved, (line, everywhere)], facets, lines),
    )


def without_redundant_facets(
    generators: Iterable[tuple[Vector, int]], facets: Sequence[int], lines: tuple[Vector, ...]
) -> Cell:
    """The cell of these (generator, tight) pairs, with the facets that are not facets any more left out."""
    members = list(generators)
    check()
    supports = [sum(1 << k for k, (_, tight) in enumerate(members) if tight >> j & 1) for j in range(len(facets))]
    kept = [j for j, own in enumerate(supports) if not any(own & other == own and own != other for other in supports)]
    tight = tuple(sum(1 << new for new, j in enumerate(kept) if mask >> j & 1) for _, mask in members)
    return Cell(tuple(vector for vector, _ in members), tight, tuple(facets[j] for j in kept), lines)


def _combine(a: int, u: Vector, b: int, v: Vector) -> Vector:
    """The primitive vector along ``a u + b v``."""
    total = [a * x + b * y for x, y in zip(u, v, strict=True)]
    divisor = math.gcd(*total)
    return tuple(x // divisor for x in total) if divisor > 1 else tuple(total)


def _dot(form: Sequence[int], vector: Vector) -> int:
    return sum(map(mul, form, vector))
