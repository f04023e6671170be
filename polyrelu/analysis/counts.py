"""Numbers about more tiles than there is room for: each is looked at where it is found, and forgotten.

The tiles are those of :func:`polyrelu.preimage` with the method ``"cells"``. They are found by tasks of a second or two
(:mod:`polyrelu.runs`), here, in threads, in processes or on a cluster, and memory does not grow with their number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from fractions import Fraction
from math import prod
from types import MappingProxyType
from typing import Any, TypeVar

from polyrelu.analysis.measure import Enclosure, enclosed
from polyrelu.errors import InputError, Interrupted
from polyrelu.networks.network import Network
from polyrelu.networks.questions import Domain, Target
from polyrelu.runs.coordinator import Board, board_of, read_roots, work_off
from polyrelu.runs.executors import workers
from polyrelu.runs.folds import Count, Mapped, Tallies, Tally
from polyrelu.runs.tasks import WHOLE, Fold, Question, Root
from polyrelu.support.arguments import instance, whole_number
from polyrelu.support.limits import Limit, Stop
from polyrelu.tilings.chart import chart
from polyrelu.tilings.tiling import Tiling

T = TypeVar("T")


@dataclass(frozen=True)
class Measure:
    """What the tiles of a preimage amount to.

    Attributes:
        tiles: how many there are, flat ones included.
        dims: how many of each dimension.
        facets: of those of full dimension, how many have so many facets.
        walls: how many of these facets lie in the boundary of the ``"domain"``, on ``"neurons"``, and in the boundary
            of the ``"target"``, where the preimage ends; a facet between two tiles counts for each.
        volume: of all of them; None where the domain has no end. Zero where it is flat.
        share: of the domain's volume, that of its own dimension; None where the domain has no end.
        by_target: the same for each target that has tiles.
        complete: whether these are all tiles.
    """

    tiles: int
    dims: Mapping[int, int]
    facets: Mapping[int, int]
    walls: Mapping[str, int]
    volume: Enclosure | None
    share: Enclosure | None
    by_target: Mapping[int, Measure] = field(default_factory=lambda: MappingProxyType({}))
    complete: bool = True


def count(
    network: Network,
    target: Target | None = None,
    domain: Domain | None = None,
    *,
    executor: Executor | str | None = None,
    cuts: int | None = None,
    left: Iterable[Root] = (WHOLE,),
    progress: bool | None = None,
    until: Callable[[int], bool] | None = None,
    timeout: float | None = None,
) -> int:
    """How many tiles a preimage has, without keeping any. Exact.

    Args:
        network: R^d -> R^m.
        target: as for :func:`polyrelu.preimage`; None counts the linear regions.
        domain: as for :func:`polyrelu.preimage`.
        executor: where tasks run: None is this thread, one task after the other; ``"threads:2"``, ``"processes:2"``
            (which are spawned: a script has to stand below ``if __name__ == "__main__"``), ``"dask://HOST:PORT"``, a
            Dask client, or any Executor of ``concurrent.futures``, MPI or Parsl.
        cuts: after how many cuts a task hands back what is left; by default after a second or two. The number does not
            depend on it.
        left: go on with what an interrupted run has left, and count that alone.
        progress: show a bar; by default only for long runs on a terminal.
        until: asked time and again, with the number of tiles found, whether to stop as for Ctrl-C.
        timeout: seconds after which to stop as for Ctrl-C.

    Raises:
        DimensionError: target or domain live in the wrong space.
        BudgetExceeded: cells get too large, which is said at once.
        InputError: the executor is none; ``left`` is of another question; or ``timeout`` is not a positive number.
        Interrupted: Ctrl-C, ``until`` said so, or time is up, heard within a second. Its ``partial`` is the number so
            far, and its ``left`` what was not looked at: ``left=`` goes on with that.
        MissingExtraError: Dask is named and not installed.

    Cost: as the run of :func:`polyrelu.preimage`, and less than a hundredth more.

    >>> import polyrelu as pr
    >>> net = pr.Network([([[1, 0], [0, 1], [1, 1]], [0, 0, -1]), ([[1, -1, 1]], [0])])
    >>> pr.count(net, "y0 > 0", ([-1, -1], [1, 1])), pr.count(net, domain=([-1, -1], [1, 1]))
    (3, 5)
    """
    question = Question.of(network, target, domain)
    limits = Limit(until, timeout, "count")

    def number(board: Board[Any]) -> int:
        return int((board.value() or {}).get(0, 0)) if target is None else sum((board.value() or {}).values())

    return number(_worked_off("count", question, Count(), number, executor, cuts, left, progress, limits))


def measure(
    network: Network,
    target: Target | None = None,
    domain: Domain | None = None,
    *,
    executor: Executor | str | None = None,
    cuts: int | None = None,
    left: Iterable[Root] = (WHOLE,),
    progress: bool | None = None,
    until: Callable[[int], bool] | None = None,
    timeout: float | None = None,
) -> Measure:
    """What the tiles of a preimage amount to: their number and volume, and how many have which dimension, or facets.

    Arguments and errors as for :func:`count`; ``partial`` is the measure of what was looked at.

    Numbers are exact, and volumes enclosed: certified bounds of each tile, added up without rounding. So the answer is
    the same whoever works on it; with other ``cuts`` vertices are computed in other ways, and the last digits of the
    bounds may differ.

    Cost: as for :func:`count`, and measuring, which :func:`polyrelu.preimage` says; nothing where the domain is
    unbounded, which has no volume.

    >>> import polyrelu as pr
    >>> net = pr.Network([([[1, 0], [0, 1], [1, 1]], [0, 0, -1]), ([[1, -1, 1]], [0])])
    >>> found = pr.measure(net, "y0 > 0", ([-1, -1], [1, 1]))
    >>> found.tiles, dict(found.facets), dict(found.walls), round(float(found.share), 6)
    (3, {3: 1, 4: 2}, {'domain': 4, 'neurons': 5, 'target': 2}, 0.40625)
    """
    question = Question.of(network, target, domain)
    inputs = question.statement.domain
    is_bounded = inputs.sides.is_bounded or inputs.is_bounded()
    limits = Limit(until, timeout, "measure")

    def made(board: Board[dict[int, Tally]]) -> Measure:
        return _measure_of(board.value() or {}, question, is_bounded, not board.left)

    return made(_worked_off("measure", question, Tallies(is_bounded), made, executor, cuts, left, progress, limits))


def fold(
    network: Network,
    target: Target | None,
    domain: Domain | None,
    function: Callable[[Tiling], T],
    combine: Callable[[T, T], T],
    *,
    measure: bool = False,
    executor: Executor | str | None = None,
    cuts: int | None = None,
    left: Iterable[Root] = (WHOLE,),
    progress: bool | None = None,
    until: Callable[[int], bool] | None = None,
    timeout: float | None = None,
) -> T | None:
    """What a function says of the tiles of a preimage, some at a time, combined. Memory does not grow with the tiles.

    Args:
        network: as for :func:`count`, like all that is not said here.
        target: which outputs.
        domain: which inputs.
        function: called where tiles are found with an incomplete :class:`~polyrelu.tilings.tiling.Tiling` of some, in
            the order of their patterns; how many is not said.
        combine: called with two values, of which the first one's tiles come before the other's. It has to be
            associative, since which two are combined first depends on who is done first.
        measure: measure the tiles while their vertices are there, for functions that ask for volumes or boxes.
        executor: where tasks run.
        cuts: after how many cuts a task hands back what is left.
        left: go on with what an interrupted run has left.
        progress: show a bar.
        until: asked time and again whether to stop.
        timeout: seconds after which to stop.

    For processes and clusters both functions have to be pickled: they are functions of a module, not lambdas.

    Returns:
        The value of all tiles in their order, first target by target; None if there are no tiles.

    Errors as for :func:`count`; ``partial`` is the value of what was looked at.

    >>> import polyrelu as pr
    >>> net = pr.Network([([[1, 0], [0, 1], [1, 1]], [0, 0, -1]), ([[1, -1, 1]], [0])])
    >>> pr.fold(net, "y0 > 0", ([-1, -1], [1, 1]), lambda some: [tile.pattern for tile in some], list.__add__)
    ['100', '110', '111']
    """
    for name, own in (("function", function), ("combine", combine)):
        if not callable(own):
            raise InputError(f"fold: {name} is a {type(own).__name__}; pass a function")
    question = Question.of(network, target, domain)
    limits = Limit(until, timeout, "fold")
    mapped = Mapped(question, function, combine, instance(measure, bool, "fold: measure", "pass True or False"))

    def value(board: Board[tuple[T, ...]]) -> T | None:
        found = board.value()
        return found[0] if found else None

    return value(_worked_off("fold", question, mapped, value, executor, cuts, left, progress, limits))


def _worked_off(
    where: str,
    question: Question,
    own: Fold[T],
    partial: Callable[[Board[T]], Any],
    executor: Executor | str | None,
    cuts: int | None,
    left: Iterable[Root],
    progress: bool | None,
    limits: Limit,
) -> Board[T]:
    """The board of a question, when nothing is left on it."""
    least = None if cuts is None else whole_number(cuts, f"{where}: cuts", 1)
    board = board_of(question, own, least, read_roots(left, question, where))
    try:
        with limits.kept(), workers(executor, where) as team:
            work_off(board, team, keep_parts=True, progress=progress, on_found=limits)
    except KeyboardInterrupt as stop:
        if isinstance(stop, Stop) and not board.left:
            return board  # the limit was reached by what was found last
        when = f" after {limits.timeout} seconds" if limits.late else ""
        raise Interrupted(
            f"{where}: stopped{when} with {board.tiles} tiles; what they amount to is in .partial, and .left goes on",
            partial(board),
            tuple(board.left),
        ) from stop
    return board


def _measure_of(tallies: Mapping[int, Tally], question: Question, is_bounded: bool, complete: bool) -> Measure:
    domain = question.statement.domain
    whole = _volume_in_chart(question) if is_bounded and question.parts else None
    is_full = domain.is_full_dimensional()

    def made(own: Tally, by_target: Mapping[int, Measure]) -> Measure:
        walls = MappingProxyType(dict(zip(("domain", "neurons", "target"), own.walls, strict=True)))
        volume = _between(own.low, own.high) if is_full else Enclosure(0.0, 0.0)
        share = None if whole is None else _between(own.low / whole, min(own.high / whole, Fraction(1)))
        return Measure(
            own.tiles,
            MappingProxyType(dict(sorted(own.dims.items()))),
            MappingProxyType(dict(sorted(own.facets.items()))),
            walls,
            volume if is_bounded else None,
            share,
            by_target,
            complete,
        )

    nothing = MappingProxyType(dict[int, Measure]())
    parts = {index: made(own, nothing) for index, own in tallies.items()}
    return made(sum(tallies.values(), Tally()), MappingProxyType(parts))


def _volume_in_chart(question: Question) -> Fraction:
    """The domain's volume in the coordinates of its chart."""
    domain = question.statement.domain
    sides = domain.sides
    if not sides.others:  # a box, of which the chart has the coordinates that vary
        return prod((sides.high[j].value - sides.low[j].value for j in sides.free), start=Fraction(1))
    where = chart(domain, question.parts[0][1].moving)
    return domain.affine_preimage(where.basis, where.origin, where.dim).volume()


def _between(low: Fraction, high: Fraction) -> Enclosure:
    return Enclosure(enclosed(low)[0], enclosed(high)[1])
