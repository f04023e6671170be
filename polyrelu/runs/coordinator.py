"""The coordinator: it alone hands out roots, and takes back what was found and what is left.

Who splits knows nothing of this. Roots wait in their order, and the first ones go first: so few wait, and what is done
soon hangs together. Values of neighbouring intervals are combined as soon as both are there; so the fold of a run is
that of all tiles in their order, whoever found them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

from polyrelu.errors import InputError
from polyrelu.runs.executors import Ended, Workers, workers
from polyrelu.runs.tasks import WHOLE, Fold, Outcome, Place, Question, Root, Task, all_places
from polyrelu.support.arguments import instance, items
from polyrelu.support.interrupts import heard_between_steps
from polyrelu.support.limits import Stop, check, unlimited
from polyrelu.support.progress import progress_bar

T = TypeVar("T")

CUTS = 1 << 20
"""The budget of a task in few dimensions: a second or two."""

_CUTS_TO_BEGIN = 16  # of so many: the first task is to give others something to do
_FEW_DIMENSIONS = 4
_SECONDS_BETWEEN_LOOKS = 0.1
_AHEAD = 2  # tasks for each worker, so that none waits for the next one


def budget(question: Question) -> int:
    """How many cuts a task makes, if nobody says: fewer in more dimensions, where a cut takes longer."""
    free = len(question.statement.domain.sides.free)
    return CUTS >> min(max(free - _FEW_DIMENSIONS, 0), 10)


@dataclass
class Board(Generic[T]):
    """What is done of a run, and what is left.

    Args:
        question, fold, cuts: as for :func:`run`.
        waiting: roots that nobody works on, a heap.

    Attributes:
        at_work: those that somebody does.
        sizes: of roots that are left, the share of the domain's volume that they have at most, where it is known.
        tiles: how many were found.
    """

    question: Question
    fold: Fold[T]
    cuts: int
    waiting: list[Root]
    at_work: set[Root] = field(default_factory=set)
    sizes: dict[Root, float] = field(default_factory=lambda: {WHOLE: 1.0})
    tiles: int = 0
    _runs: dict[_Key, _Run[T]] = field(default_factory=dict)
    _ends: dict[_Key, _Key] = field(default_factory=dict)

    @property
    def left(self) -> list[Root]:
        """The roots that are left, in their order."""
        return sorted([*self.waiting, *self.at_work])

    @property
    def share_left(self) -> float | None:
        """At most this share of the domain's volume is left; None where that is not known."""
        left = self.left
        if not all(root in self.sizes for root in left):
            return None
        return min(sum(self.sizes[root] for root in left), 1.0)

    def take(self) -> Root | None:
        """The first root that waits, for somebody to work on."""
        if not self.waiting:
            return None
        root = heappop(self.waiting)
        self.at_work.add(root)
        return root

    def budget(self, root: Root) -> int:
        """The cuts of a root's task."""
        return self.cuts if root else max(self.cuts // _CUTS_TO_BEGIN, 1)

    def give_back(self, root: Root) -> None:
        """Nobody works on it any more."""
        self.at_work.discard(root)
        heappush(self.waiting, root)

    def done(self, root: Root, outcome: Outcome[T]) -> None:
        """Take note of a task's outcome."""
        for own in outcome.open:
            heappush(self.waiting, own)
        if outcome.sizes is not None:
            self.sizes.update(zip(outcome.open, outcome.sizes, strict=True))
        self.at_work.discard(root)
        self.sizes.pop(root, None)
        self.tiles += outcome.tiles
        self._keep(root, outcome)

    def value(self) -> T | None:
        """The fold of all that was found, in order; None of nothing."""
        runs = [self._runs[key].value for key in sorted(self._runs)]
        return self._combined(runs)

    def _keep(self, root: Root, outcome: Outcome[T]) -> None:
        """Put a task's value beside those of the intervals before and after what it has done."""
        if not root and not outcome.tiles:
            return  # what only lists the roots has no place
        place = Place.of(root, self.question) if root else all_places(self.question)[0]
        first = (place.part, place.sector, place.interval.first)
        after = Place.of(outcome.open[0], self.question).interval.first if outcome.open else place.interval.last + 1
        if first[2] == after and not outcome.tiles:
            return
        run = _Run(first, (*first[:2], after), outcome.value if outcome.tiles else None)
        before, behind = self._ends.pop(run.first, None), self._runs.pop(run.after, None)
        near = [*([self._runs.pop(before)] if before else []), run, *([behind] if behind else [])]
        joined = _Run(near[0].first, near[-1].after, self._combined([own.value for own in near]))
        self._runs[joined.first], self._ends[joined.after] = joined, joined.first

    def _combined(self, values: Iterable[T | None]) -> T | None:
        found: T | None = None
        for value in values:
            if value is not None:
                found = value if found is None else self.fold.combine(found, value)
        return found


_Key = tuple[int, int, int]


@dataclass(frozen=True)
class _Run(Generic[T]):
    """An interval that is done, from a pattern to before another, and its value."""

    first: _Key
    after: _Key
    value: T | None


def run(
    question: Question,
    fold: Fold[T],
    *,
    executor: Executor | str | None = None,
    cuts: int | None = None,
    roots: Iterable[Root] = (WHOLE,),
    on_done: Callable[[Root, Outcome[T]], object] = lambda root, outcome: None,
) -> T | None:
    """Work on roots, and on all that they leave, until nothing is left.

    Args:
        question: what is asked.
        fold: what is made of tiles.
        executor: where tasks run, as for :func:`polyrelu.runs.executors.workers`; None is here, one after the other.
        cuts: the budget of a task; what is found does not depend on it, but how it is divided into tasks does.
        roots: where to begin: disjoint ones.
        on_done: told of each task that is done, in this thread.

    Returns:
        What the fold makes of all tiles in their order; None if there are none.

    Raises:
        KeyboardInterrupt: Ctrl-C or a limit, heard within a second. Tasks that were at work are not done then, and
            ``on_done`` was told of all others.
    """
    board = board_of(question, fold, cuts, roots)
    with workers(executor, "run") as team:
        work_off(board, team, on_done)
    return board.value()


def board_of(question: Question, fold: Fold[T], cuts: int | None = None, roots: Iterable[Root] = (WHOLE,)) -> Board[T]:
    """A board with these roots on it."""
    waiting = list(roots)
    heapify(waiting)
    return Board(question, fold, budget(question) if cuts is None else cuts, waiting)


def work_off(
    board: Board[T],
    executor: Workers | None = None,
    on_done: Callable[[Root, Outcome[T]], object] = lambda root, outcome: None,
    keep_parts: bool = False,
    progress: bool | None = False,
    on_found: Callable[[int], bool] = lambda tiles: False,
) -> None:
    """Work on what is on a board until nothing is left, or ``on_found``, told how many tiles were found, says to stop.

    With ``keep_parts`` a task that is stopped in this process counts for what it has done, though its roots are others
    than those of its budget then. Raises as :func:`run`.
    """
    with heard_between_steps(), progress_bar(progress, desc="tiles", unit=" tiles", unit_scale=True) as bar:

        def found(tiles: int) -> bool:
            bar.update(tiles - bar.n)
            return on_found(tiles)

        def done(root: Root, outcome: Outcome[T]) -> bool:
            board.done(root, outcome)
            stop = found(board.tiles)
            on_done(root, outcome)
            return stop and bool(board.left)

        if executor is None:
            _work_here(board, done, found, keep_parts)
        else:
            _work_there(board, executor, done, keep_parts)


def _work_here(
    board: Board[T], done: Callable[[Root, Outcome[T]], bool], found: Callable[[int], bool], keep_parts: bool
) -> None:
    while (root := board.take()) is not None:
        task = None
        try:
            task = Task(board.question, root, board.budget(root), board.fold)
            while task.go_on():
                if found(board.tiles + task.tiles):
                    raise Stop
                check()
        except BaseException as error:
            if task is not None and keep_parts and isinstance(error, Stop):
                with unlimited():
                    done(root, task.outcome())
            else:
                board.give_back(root)
            raise
        if done(root, task.outcome()):
            raise Stop


def _work_there(board: Board[T], executor: Workers, done: Callable[[Root, Outcome[T]], bool], keep_parts: bool) -> None:
    ended: Ended[T] = SimpleQueue()
    try:
        while board.waiting or board.at_work:
            while len(board.at_work) < _AHEAD * executor.count() and (root := board.take()) is not None:
                executor.begin(board.question, root, board.budget(root), board.fold, ended)
            check()
            try:
                root, future = ended.get(timeout=_SECONDS_BETWEEN_LOOKS)
            except Empty:
                continue
            if executor.is_lost(future):
                board.give_back(root)
            elif done(root, future.result()):
                raise Stop
    except BaseException as error:
        stopped = executor.stop(isinstance(error, Stop) and keep_parts)
        with unlimited():
            for _ in range(len(board.at_work) if stopped else 0):
                root, future = ended.get()
                if not future.cancelled() and future.exception() is None:
                    done(root, future.result())
        for root in list(board.at_work):
            board.give_back(root)
        raise


def read_roots(roots: Iterable[Root], question: Question, where: str) -> list[Root]:
    """Roots that were passed, checked.

    Raises:
        InputError: one is none of this question.
    """
    advice = "pass what an interrupted run of this question has left"
    found = items(roots, f"{where}: left", advice)
    for root in found:
        instance(root, bytes, f"{where}: left", advice)
        try:
            if root:
                Place.of(root, question)
        except ValueError as error:
            raise InputError(f"{where}: left: {error}; {advice}") from None
    return found
