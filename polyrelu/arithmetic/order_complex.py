r"""Homology of a finite partially ordered set, over the field of two elements.

A poset P stands for its *order complex*, the simplicial complex whose simplices are the chains x0 < x1 < ... < xk of P.

*Removing points.* The link of x in the order complex is the join of the orders {y < x} and {y > x}. Where either is
contractible, so is the link, and x can be left out without changing the homotopy type; such an x is a *weak point*. An
order is contractible if it has a largest or a smallest element, and more generally if leaving out elements that are
weak for that reason (*beat points*) ends at a single one (R. E. Stong, Finite topological spaces, Trans. AMS 123, 1966,
doi:10.2307/1994660; J. A. Barmak, E. G. Minian, Simple homotopy types and finite spaces, Adv. Math. 218, 2008,
doi:10.1016/j.aim.2007.11.019). Collapsing a cell complex from its free faces is the special case of a face, which
has one cell above it, and then of that cell, whose boundary has become a disc.

*What remains* is answered by its order complex: b_k = (chains of k + 1 elements) - rank of the boundary to k - 1 - rank
of the boundary from k + 1.

Posets are given as lists: ``below[x]`` is the set of all elements less than x (not only of those covered by it), and
elements are numbered so that lesser ones come first.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from heapq import heapify, heappop, heappush

from polyrelu.support.progress import progress_bar

Below = Sequence[Collection[int]]


def euler_characteristic(below: Below) -> int:
    """The Euler characteristic of the order complex.

    It is the sum of the weights w with ``sum of w(y) over y <= x`` = 1 for all x: the contribution of x is its own
    simplex less the Euler characteristic of the cone's base {y < x}. In the faces of a cell complex, w(x) is
    (-1)^dim x. Cost: one addition for each comparable pair.
    """
    weights: list[int] = []
    for lesser in below:
        weights.append(1 - sum(weights[y] for y in lesser))
    return sum(weights)


def betti_numbers(below: Below) -> tuple[int, ...]:
    """The Betti numbers b_0, b_1, ... over GF(2) of the order complex, up to its dimension; () for no elements.

    Cost: removing weak points takes a few microseconds for each pair of elements below (or above) a common one. The
    chains of what remains are all listed, and eliminated at cubic cost in the worst case, near linear in practice.
    """
    dimension = max(_heights(below), default=-1)
    kept = _without_weak_points(below)
    numbers = {x: i for i, x in enumerate(sorted(kept))}
    found = _chain_betti_numbers([[numbers[y] for y in kept[x]] for x in numbers])
    return found + (0,) * (dimension + 1 - len(found))


def _heights(below: Below) -> list[int]:
    heights: list[int] = []
    for lesser in below:
        heights.append(max((heights[y] + 1 for y in lesser), default=0))
    return heights


def _without_weak_points(below: Below) -> dict[int, set[int]]:
    """What is left, element to lesser elements, when weak points are removed, one after the other, until none is seen.

    Small links are looked at first. A link is looked at again when it has lost an element: a size that is out of date
    marks an entry whose link has changed since.
    """
    lesser = {x: set(smaller) for x, smaller in enumerate(below)}
    greater: dict[int, set[int]] = {x: set() for x in lesser}
    for x, smaller in lesser.items():
        for y in smaller:
            greater[y].add(x)
    sides = (lesser, greater)
    queue = [(len(side[x]), x, upper) for upper, side in enumerate(sides) for x in lesser]
    heapify(queue)
    with progress_bar(None, total=len(lesser), desc="collapse", unit=" cells") as bar:
        while queue:
            size, x, upper = heappop(queue)
            if x not in lesser or size != len(sides[upper][x]) or not _is_contractible(sides[upper][x], lesser):
                continue
            for y in lesser.pop(x):
                greater[y].remove(x)
                heappush(queue, (len(greater[y]), y, 1))
            for y in greater.pop(x):
                lesser[y].remove(x)
                heappush(queue, (len(lesser[y]), y, 0))
            bar.update()
    return lesser


def _is_contractible(elements: Collection[int], lesser: dict[int, set[int]]) -> bool:
    """Whether leaving out beat points ends at a single element; True proves contractibility, False proves nothing."""
    if not elements:
        return False
    order = sorted(elements)
    places = {x: i for i, x in enumerate(order)}
    down = [sum(1 << places[y] for y in lesser[x] if y in places) for x in order]
    if down[-1].bit_count() == len(order) - 1:
        return True
    up = [0] * len(order)
    for i, lower in enumerate(down):
        for j in _bits(lower):
            up[j] |= 1 << i
    if up[0].bit_count() == len(order) - 1:
        return True
    left = (1 << len(order)) - 1
    removed = True
    while removed:
        removed = False
        for i in _bits(left):
            if _has_largest(down[i] & left, down) or _has_smallest(up[i] & left, up):
                left ^= 1 << i
                removed = True
    return left.bit_count() == 1


def _has_largest(elements: int, down: Sequence[int]) -> bool:
    top = elements.bit_length() - 1
    return top >= 0 and elements & ~down[top] == 1 << top


def _has_smallest(elements: int, up: Sequence[int]) -> bool:
    lowest = elements & -elements
    return lowest > 0 and elements & ~up[lowest.bit_length() - 1] == lowest


def _bits(mask: int) -> Iterator[int]:
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest


def _chain_betti_numbers(below: Below) -> tuple[int, ...]:
    """The Betti numbers by listing all chains, from the longest down.

    A column that is the pivot of a longer chain's boundary is itself, up to earlier columns, a boundary; so it
    reduces to zero and need not be looked at (C. Chen, M. Kerber, Persistent homology computation with a twist, EuroCG
    2011).
    """
    levels = list(_chains(below))
    ranks = [0] * (len(levels) + 1)
    cleared: set[int] = set()
    for k in range(len(levels) - 1, 0, -1):
        shorter = {chain: i for i, chain in enumerate(levels[k - 1])}
        columns = (
            {shorter[chain[:i] + chain[i + 1 :]] for i in range(k + 1)}
            for number, chain in enumerate(levels[k])
            if number not in cleared
        )
        bar = progress_bar(None, columns, total=len(levels[k]) - len(cleared), desc="eliminate")
        cleared = _pivots(bar)
        ranks[k] = len(cleared)
    return tuple(len(level) - ranks[k] - ranks[k + 1] for k, level in enumerate(levels))


def _chains(below: Below) -> Iterator[list[tuple[int, ...]]]:
    """All chains of one element, of two, and so on, each from its largest element down."""
    level: list[tuple[int, ...]] = [(x,) for x in range(len(below))]
    while level:
        yield level
        level = [(*chain, y) for chain in level for y in below[chain[-1]]]


def _pivots(columns: Iterable[set[int]]) -> set[int]:
    """The pivot rows of a sparse matrix over GF(2) whose columns are sets of row numbers; there are rank many."""
    reduced: dict[int, set[int]] = {}
    for column in columns:
        while column and (pivot := max(column)) in reduced:
            column ^= reduced[pivot]
        if column:
            reduced[pivot] = column
    return set(reduced)
