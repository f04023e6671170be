r"""What splitting cells takes, judged before anything that grows with the dimension is made.

A cell is kept by its generators. A box in k dimensions has 2^k of them; when N hyperplanes have cut it, it has at most
as many vertices as a cyclic polytope with that many facets (P. McMullen, The maximum numbers of faces of a convex
polytope, Mathematika 17, 1970), and in random networks of many neurons about 12 times 2^k. Before each cut the kernel
wants room for one new generator for each pair on either side, so m generators take :math:`2m + m^2 / 4 + 1` places,
and arrays grow by a factor of three.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from math import comb

from flint import nmod_mat

from polyrelu.arithmetic.exact import flint_matrix
from polyrelu.bounds.reach import reach
from polyrelu.errors import BudgetExceeded
from polyrelu.networks.fixed_inputs import Folding
from polyrelu.networks.relevant_part import Restriction
from polyrelu.polyhedra.polyhedron import Polyhedron

ALWAYS = 7
"""Up to so many dimensions cells are never refused."""

_MOST_BYTES = 2**31
_USUAL_GROWTH = 12
_GROWTH_OF_ARRAYS = 3
_PRIME = 2**61 - 1
_ENOUGH = 64
_FEW_FOR_PROGRAMS = 40  # so many inputs, and finding equalities that nobody wrote takes well below a second


def require_room(restriction: Restriction, domain: Polyhedron, max_dim: int | None) -> None:
    """Refuse a problem whose cells have too many generators; the domain is not empty.

    Args:
        restriction: the problem.
        domain: where.
        max_dim: the largest number of dimensions to try, or None to judge by what a cell takes.

    Raises:
        BudgetExceeded: says how large a cell may get, how many cells there may be, and what to do.

    Cost: none up to 7 free inputs; otherwise one evaluation of the network in floats.
    """
    most = ALWAYS if max_dim is None else max_dim
    if len(domain.sides.free) <= most:
        return
    dim, exactly = varying_dim(restriction, domain)
    if dim <= most:
        return
    about = "" if exactly else "at least "
    cuts = len(restriction.target.halfspaces)
    if max_dim is None and dim <= _ENOUGH:
        folding = Folding.of(domain)
        layers = restriction.layers if folding is None else folding.layers(restriction.layers)
        cuts += reach(layers, domain.unfixed().sides, restriction.target).doubtful
    else:
        cuts += restriction.neuron_count
    generators = largest_cell(dim, cuts)
    if max_dim is None and bytes_for(dim, generators) <= _MOST_BYTES:
        return
    limit = "so that" if max_dim is None else f"more than max_dim={max_dim}, and"
    raise BudgetExceeded(
        f"cells: the domain has {about}{dim} dimensions in which the network varies, {limit} a cell may have 2^{dim} "
        f"vertices before it is cut and about {shown(generators)} afterwards, which takes "
        f"{shown_bytes(dim, generators)}; there may be up to {most_cells(restriction, dim)} cells. Make some inputs "
        f"constant in the domain, ask on a slice of few dimensions, or pass max_dim={dim} to try it all the same"
    )


def varying_dim(restriction: Restriction, domain: Polyhedron) -> tuple[int, bool]:
    """The dimension of the chart of a domain, and whether that is exact or only a lower bound.

    Equalities that follow from the domain's rows, and that nobody wrote, are looked for only where that is quick.
    """
    small = domain.unfixed()
    sides, free = small.sides, domain.sides.free
    others = [small.halfspaces[i] for i in sides.others]
    flat = [h.normal for h in others if h.relation == "=="]
    lost = int(flint_matrix(flat, small.ambient_dim).rank()) if flat else 0
    if others and small.ambient_dim <= _FEW_FOR_PROGRAMS:
        lost = small.ambient_dim - small.dim
    without = [j for j in range(small.ambient_dim) if j not in sides.low and j not in sides.high]
    if not without:
        return small.ambient_dim - lost, True
    moving = [[row[free[j]] for j in without] for row in restriction.moving]
    rank, exactly = _rank([*moving, *([h.normal[j] for j in without] for h in others)], len(without))
    return small.ambient_dim - len(without) + rank - lost, exactly


def _rank(rows: Sequence[Sequence[Fraction | int]], columns: int) -> tuple[int, bool]:
    """The rank modulo a prime, or of a part of the rows and columns where that is large; the true one is no smaller."""
    if len(rows) > _ENOUGH and columns > _ENOUGH:
        across = range(0, columns, columns // _ENOUGH)
        part = [[row[j] for j in across] for row in rows[:: len(rows) // _ENOUGH]]
        rank = _rank_modulo(part, len(across))
        if 2 * rank > _ENOUGH:
            return rank, False
    return _rank_modulo(rows, columns), True


def _rank_modulo(rows: Sequence[Sequence[Fraction | int]], columns: int) -> int:
    if not rows or not columns:
        return 0
    integers, _ = flint_matrix(rows, columns).numer_denom()
    return int(nmod_mat(integers, _PRIME).rank())


def largest_cell(dim: int, cuts: int) -> int:
    """About how many generators a cell gets that begins as a box and is cut by so many hyperplanes."""
    facets = 2 * dim + cuts
    upper, lower = (dim + 1) // 2, (dim + 2) // 2
    bound = comb(facets - upper, facets - dim) + comb(facets - lower, facets - dim)
    corners: int = 1 << dim
    return corners if not cuts else min(bound, _USUAL_GROWTH * corners)


def bytes_for(dim: int, generators: int) -> int:
    """About how much memory the kernel asks for to cut a cell with so many generators."""
    places = 2 * generators + generators * generators // 4 + 1
    return _GROWTH_OF_ARRAYS * places * (8 * (dim + 1) + 64)


def most_cells(restriction: Restriction, dim: int) -> str:
    """No more cells than this: sum_{j <= dim} C(n, j) for each layer of n neurons, multiplied."""
    total = 0.0
    for layer in restriction.layers:
        neurons = layer.neuron_count
        if neurons <= dim:
            total += neurons * math.log10(2)
            continue
        count = term = 1
        for j in range(dim):
            term = term * (neurons - j) // (j + 1)
            count += term
        total += math.log10(count)
    return shown_power(total)


def shown(number: int) -> str:
    """An integer, as a power of ten where it is long."""
    return str(number) if number < 10**6 else shown_power(math.log10(number))


def shown_power(exponent: float) -> str:
    """10^exponent for people; the exponent may be beyond that of floats."""
    return str(round(10**exponent)) if exponent < 6 else f"10^{math.floor(exponent)}"


def shown_bytes(dim: int, generators: int) -> str:
    """Memory for people."""
    size = bytes_for(dim, generators)
    return f"{size / 2**30:.1f} GiB" if size < 2**50 else f"{shown(size)} bytes"
