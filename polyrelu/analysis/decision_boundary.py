r"""Where a classifier changes its mind: the decision boundary, piece by piece. Exact.

Of a network f: R^d -> R^m that predicts the class of its largest output, the classes i and j *meet* in

.. math:: M_{ij} = \{x \in D : f_i(x) = f_j(x) \ge f_k(x) \text{ for all } k\},

a preimage, of a target that is a cone: :func:`meeting`. On each cell of the network the forms f_i - f_j are affine. So
the part of M in a cell has dimension d - 1, where d is that of the domain D, but for accidents:

* *ties*: cells of full dimension d on which f_i - f_j vanishes identically, for example where all neurons are silent
  and two biases are equal. There is no boundary inside a tie, nor on its rim, which the tie contains;
  :func:`polyrelu.analysis.zones.boundary` of the ties has the rim.
* *touching* pieces of dimension d - 2 or less, in which the classes meet without sharing a boundary.

What remains are the *pieces* of the boundary: of dimension d - 1, and in no tie of the same two classes. Where one
class only comes up to the other, as f_1 = 0 does to f_0 = abs(x) at 0, they meet in a piece, too: the definition asks
what they share, not who wins beyond it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from itertools import chain, combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from polyrelu.engines.faces.unrelu import DEFAULT_FACE_LIMIT
from polyrelu.engines.preimage import preimage
from polyrelu.errors import BudgetExceeded, InputError, Interrupted
from polyrelu.networks.network import Network
from polyrelu.networks.properties import level
from polyrelu.networks.questions import Domain, given_domain
from polyrelu.polyhedra.halfspace import Halfspace
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support.arguments import as_whole, instance, one_of
from polyrelu.support.limits import Limit
from polyrelu.support.numerals import shown
from polyrelu.tilings.tiling import Tiling

_MOST_NUMBERS = 10**7  # in the conditions of all pairs together
KEEP = ("boundary", "ties", "touching", "all")


def decision_boundary(
    network: Network,
    i: int | None = None,
    j: int | None = None,
    domain: Domain | None = None,
    method: str = "auto",
    *,
    threshold: Any = None,
    keep: str = "boundary",
    limit: int = DEFAULT_FACE_LIMIT,
    workers: int = 1,
    max_dim: int | None = None,
    progress: bool | None = None,
    until: Callable[[int], bool] | None = None,
    timeout: float | None = None,
) -> Tiling:
    """The inputs at which classes meet: two outputs are equal, and no other output is larger. Exact.

    Args:
        network: R^d -> R^m; the class of an input is the number of its largest output.
        i: a class.
        j: another one. With one of the two, its boundary with every other class; with none, all boundaries.
        domain: as for :func:`~polyrelu.engines.preimage.preimage`; None is all of R^d.
        method: an engine, as for :func:`~polyrelu.engines.preimage.preimage`.
        threshold: of a network with one output, whose two classes meet where ``y0 == threshold``; by default 0.
        keep: ``"boundary"`` for the pieces of one dimension less than the domain. ``"ties"`` for the cells of its full
            dimension on which the two outputs are identical, ``"touching"`` for what has a lower dimension than the
            boundary, and ``"all"`` for all three.
        limit: as for :func:`~polyrelu.engines.preimage.preimage`, and so are the next ones.
        workers: how many threads split cells.
        max_dim: the largest dimension of the domain in which to split cells by their vertices.
        progress: show a bar for each pair; by default only for long runs on a terminal.
        until: asked time and again, with the number of tiles found for the current pair, whether to stop.
        timeout: seconds after which to stop, for all pairs together.

    Returns:
        A tiling whose tiles are the pieces, closed if the domain is, each with its activation pattern. There is a
        target for each pair of classes, in the order (0, 1), (0, 2), ..., (1, 2), ...; a tile's ``target_index`` says
        whose piece it is, and :func:`classes` which classes these are. Pieces of two pairs share points where three
        classes meet; a whole piece on which three classes meet is listed once, for the first of its pairs. ``stats``
        counts the ``"ties"`` and the ``"touching"`` pieces, whether or not they are kept. ``complete`` means that none
        of what is kept is missing; for one pair, :func:`polyrelu.check_tiling` proves what ``"all"`` keeps.

    Raises:
        InputError: there is no such class; the classes are the same; classes of a network with one output, or a
            threshold for one with several; an unknown ``keep`` or method.
        DimensionError: as for :func:`~polyrelu.engines.preimage.preimage`.
        BudgetExceeded: likewise; or there are hundreds of classes, and too many pairs of them.
        Interrupted: Ctrl-C, ``until`` said so, or time is up; its ``partial`` holds what was found so far.

    Cost: a preimage for each pair of classes.

    >>> import polyrelu as pr
    >>> net = pr.Network([([[1], [-1]], [0, 0]), ([[1, 1], [0, 0]], [0, 1])])  # |x| and 1
    >>> boundary = pr.decision_boundary(net, 0, 1)
    >>> [str(tile.point()[0]) for tile in boundary]
    ['-1', '1']
    """
    instance(network, Network, "decision_boundary: network", "pass a Network; load_network reads files")
    one_of(keep, KEEP, "decision_boundary", "keep")
    targets = _targets(network.output_dim, i, j, threshold)
    inputs = given_domain(domain, network, "decision_boundary")
    time = Limit(None, timeout, "decision_boundary")
    runs: list[Tiling] = []
    complete = False
    try:
        with time.kept():
            for target in targets:
                found = preimage(
                    network,
                    target,
                    inputs,
                    method,
                    limit=limit,
                    workers=workers,
                    max_dim=max_dim,
                    progress=progress,
                    until=until,
                )
                runs.append(found)
        complete = True
    except Interrupted as stopped:
        runs.append(stopped.partial)
    except KeyboardInterrupt:  # between two pairs
        if not runs:
            raise
    try:
        boundary = _joined(targets, runs, keep, complete)
    except KeyboardInterrupt:  # what was found is not to be lost
        complete, boundary = False, _joined(targets, runs, keep, complete=False)
    if not complete:
        when = f" after {timeout} seconds" if time.late else ""
        message = f"decision_boundary: stopped{when} with {len(boundary)} pieces; they are in .partial"
        raise Interrupted(message, boundary)
    return boundary


def meeting(i: int, j: int, dim: int) -> Polyhedron:
    """The outputs in R^dim whose coordinates i and j are equal and the largest.

    >>> meeting(0, 2, dim=3)
    Polyhedron(R^3: x0 - x2 == 0, x0 - x1 >= 0)
    """
    rows = [Halfspace.of(_difference(i, j, dim), 0, "==")]
    rows += [Halfspace.of(_difference(k, i, dim), 0) for k in range(dim) if k not in (i, j)]
    return Polyhedron.from_halfspaces(rows, dim)


def classes(tiling: Tiling) -> tuple[tuple[int, ...], ...]:
    """For each target of a decision boundary the classes that meet there: two outputs, or (0,) of the only one.

    Raises:
        InputError: the tiling is of other targets.

    >>> import polyrelu as pr
    >>> net = pr.Network([([[1, 0], [0, 1], [1, 1]], [0, 0, 0])])
    >>> classes(pr.decision_boundary(net, domain=pr.Polyhedron.box([-1, -1], [1, 1])))
    ((0, 1), (0, 2), (1, 2))
    """
    found = []
    for target in tiling.targets:
        equal = [row for row in target.halfspaces if row.relation == "=="]
        own = tuple(k for k, v in enumerate(equal[0].normal) if v) if len(equal) == 1 else ()
        if not 0 < len(own) <= 2 or (len(own) == 1) != (target.ambient_dim == 1):
            raise InputError(f"classes: {target!r} is not where two classes meet; ask decision_boundary for a tiling")
        found.append(own)
    return tuple(found)


def _difference(plus: int, minus: int, dim: int) -> list[int]:
    return [int(k == plus) - int(k == minus) for k in range(dim)]


def _targets(outputs: int, i: int | None, j: int | None, threshold: Any) -> tuple[Polyhedron, ...]:
    """Where the chosen classes meet, one target for each pair."""
    chosen = [k for k in (i, j) if k is not None]
    if outputs == 0:
        raise InputError("decision_boundary: the network has no outputs, so it tells no classes apart")
    if outputs == 1:
        if chosen:
            raise InputError(
                f"decision_boundary: there is no class {shown(chosen[0])} to choose, because the network has one "
                "output; leave classes out, its boundary is where y0 == threshold"
            )
        return (level(0, 0 if threshold is None else threshold, 1),)
    if threshold is not None:
        raise InputError(
            f"decision_boundary: a threshold {shown(threshold)} is for networks with one output, and this one has "
            f"{outputs}; for where an output is {shown(threshold)} take the preimage of pr.level"
        )
    numbers = [_class(k, outputs) for k in chosen]
    if len(numbers) > len(set(numbers)):
        raise InputError(
            f"decision_boundary: classes {i} and {j} are the same; pass two, or one alone for its boundary with all"
        )
    pairs = _pairs(outputs, numbers)
    if len(pairs) * outputs**2 > _MOST_NUMBERS:
        raise BudgetExceeded(
            f"decision_boundary: {len(pairs)} pairs of {outputs} classes have too many conditions to write down; pass "
            "two classes, pair by pair"
        )
    return tuple(meeting(*pair, dim=outputs) for pair in pairs)


def _pairs(outputs: int, chosen: Sequence[int]) -> Sequence[tuple[int, int]]:
    """The pairs of classes with the chosen ones among them, in order."""
    if len(chosen) == 2:
        return [(min(chosen), max(chosen))]
    if chosen:
        return [(min(k, chosen[0]), max(k, chosen[0])) for k in range(outputs) if k != chosen[0]]
    return list(combinations(range(outputs), 2))


def _class(k: Any, outputs: int) -> int:
    number = as_whole(k)
    if number is None or not 0 <= number < outputs:
        raise InputError(f"decision_boundary: there is no class {shown(k)}; choose from 0 to {outputs - 1}")
    return number


def _joined(targets: Sequence[Polyhedron], runs: Sequence[Tiling], keep: str, complete: bool) -> Tiling:
    """What is kept of the preimages of the first targets, as one tiling."""
    stats: dict[str, int | float] = defaultdict(int)
    for run in runs:
        for name, count in run.stats.items():
            stats[name] = max(stats[name], count) if name == "lineality" else stats[name] + count
    parts = tuple((k, source) for k, run in enumerate(runs) for _, source in run.parts)
    method = "halfspaces" if any(run.method == "halfspaces" for run in runs) else runs[0].method
    whole = Tiling(runs[0].network, tuple(targets), runs[0].domain, method, complete, stats, parts)
    numbers = _distinct(whole)
    codimension = whole.domain.dim - _dimensions(whole)[numbers]
    kinds = {"boundary": codimension == 1, "ties": codimension < 1, "touching": codimension > 1}
    stats["tiles"] = len(numbers)
    stats |= {kind: int(np.count_nonzero(kinds[kind])) for kind in ("ties", "touching")}
    chosen = numbers[kinds[keep]] if keep in kinds else numbers
    return Tiling(whole.network, whole.targets, whole.domain, method, complete, stats, parts, chosen)


def _dimensions(tiling: Tiling) -> NDArray[np.intp]:
    dims = np.empty(len(tiling), dtype=np.intp)
    for source, local, own in tiling.by_source():
        dims[own] = source.dims(local)
    return dims


def _distinct(tiling: Tiling) -> NDArray[np.intp]:
    """The numbers of the tiles, in order, without those that are there for an earlier pair, too.

    In a cell of the network the pieces of two pairs are equal as soon as they share a piece of that dimension, because
    the outputs that are equal there are equal on all of either. So only tiles with one pattern are compared, which are
    few.
    """
    listed: dict[str, list[int]] = defaultdict(list)
    for number, pattern in enumerate(tiling.patterns):
        if not any(tiling[number].polyhedron == tiling[other].polyhedron for other in listed[pattern]):
            listed[pattern].append(number)
    return np.sort(np.fromiter(chain.from_iterable(listed.values()), dtype=np.intp))
