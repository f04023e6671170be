"""Tasks: a question, a root and a budget go in; what was found comes out, and the roots that are left.

A *root* names a set of tiles by their patterns, in tens of bytes, and nothing of how they are found: it is an interval
of patterns (:mod:`polyrelu.engines.cells.intervals`) of one part of the target. Budgets are counted in cuts, not in
seconds. So the tree of tasks that one root grows is the same whoever works on it, and so is what they find.
"""

from __future__ import annotations

import math
import pickle
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, Generic, NamedTuple, Protocol, TypeAlias, TypeVar

from polyrelu.engines.cells.budget import require_room
from polyrelu.engines.cells.interval_cells import IntervalCells, sectors
from polyrelu.engines.cells.intervals import Interval
from polyrelu.engines.preimage import disjoint_parts
from polyrelu.networks.network import Network
from polyrelu.networks.questions import Domain, Target
from polyrelu.networks.relevant_part import Restriction, keep_all, restrict
from polyrelu.networks.statement import Statement
from polyrelu.support.numerals import shown
from polyrelu.tilings.columns import Columns

T = TypeVar("T")

Root: TypeAlias = bytes
"""The empty one stands for everything; others ascend as their patterns do, part by part."""

WHOLE: Root = b""


@dataclass(frozen=True)
class Question:
    """What a run is about; it travels to other processes, which read it once.

    Attributes:
        statement: network, targets (None for the linear regions) and domain, and the text that says so exactly.
    """

    statement: Statement

    @classmethod
    def of(cls, network: Network, target: Target | None = None, domain: Domain | None = None) -> Question:
        """A question, as :func:`polyrelu.preimage` takes it; no target asks for the linear regions."""
        return cls(Statement.of(network, target, domain))

    @property
    def text(self) -> str:
        """The statement's text."""
        return self.statement.text

    @property
    def digest(self) -> str:
        """The statement's SHA-256 in hexadecimal digits."""
        return self.statement.hash

    @cached_property
    def parts(self) -> tuple[tuple[int, Restriction], ...]:
        """Disjoint parts of the targets, as restricted problems, each with the number of its target."""
        network, targets = self.statement.network, self.statement.targets
        if self.statement.domain.is_empty():
            return ()
        if targets is None:
            return ((0, keep_all(network)),)
        return tuple((index, restrict(network, part)) for index, part in disjoint_parts(targets))

    @cached_property
    def _carried(self) -> bytes:
        return pickle.dumps(self.statement)

    def __reduce__(self) -> tuple[Any, tuple[str, bytes]]:
        """How it travels: as bytes, which who has them already does not read again."""
        return _carried, (self.digest, self._carried)


@lru_cache(maxsize=4)
def _known(digest: str) -> list[Question]:
    return []


def _carried(digest: str, content: bytes) -> Question:
    known = _known(digest)
    if not known:
        known.append(Question(pickle.loads(content)))
    return known[0]


class Place(NamedTuple):
    """What a root stands for: some patterns, of a pointed sector of the domain, in a part of the target."""

    part: int
    sector: int
    interval: Interval

    def root(self) -> Root:
        """As bytes; their order is that of the places."""
        first, last, digits = self.interval
        width, more = (digits + 7) // 8, -digits % 8
        ends = ((number << more).to_bytes(width, "big") for number in (first, last))
        return b"".join([self.part.to_bytes(2, "big"), self.sector.to_bytes(4, "big"), *ends])

    @classmethod
    def of(cls, root: Root, question: Question) -> Place:
        """Read a root.

        Raises:
            ValueError: it is none of this question.
        """
        part, sector = int.from_bytes(root[:2], "big"), int.from_bytes(root[2:6], "big")
        if len(root) < 6 or part >= len(question.parts):
            raise ValueError(f"{shown(root)} is no root of this question")
        digits = question.parts[part][1].neuron_count
        width, more = (digits + 7) // 8, -digits % 8
        first, last = (int.from_bytes(root[6 + k * width : 6 + (k + 1) * width], "big") for k in range(2))
        if len(root) != 6 + 2 * width or (first | last) & (1 << more) - 1 or first > last:
            raise ValueError(f"{shown(root)} is no root of this question")
        return cls(part, sector, Interval(first >> more, last >> more, digits))


@dataclass(frozen=True)
class Outcome(Generic[T]):
    """What a task gives back.

    Attributes:
        value: what the fold made of the tiles.
        open: the roots that are left, in their order; with what was found they make up the task's root.
        sizes: for each of these the share of the domain's volume that it has at most; None where that is not known.
        tiles, cuts: how many were found and made.
    """

    value: T
    open: tuple[Root, ...]
    sizes: tuple[float, ...] | None
    tiles: int
    cuts: int


class Fold(Protocol[T]):
    """What is made of tiles, in the workers: a picklable object."""

    @property
    def measures(self) -> bool:
        """Whether the batches need :attr:`~polyrelu.tilings.columns.Columns.sizes`."""

    def start(self, root: Root) -> T:
        """What there is before the first batch of a task."""

    def add(self, value: T, tiles: Columns, target_index: int) -> T:
        """With one more batch of tiles of a target. Tiles come in the order of their patterns, in and among batches."""

    def end(self, value: T) -> T:
        """What the task hands out, after its last batch."""

    def combine(self, one: T, other: T) -> T:
        """Of two tasks together; associative and commutative, if folds are to be the same whatever the order."""


def work(question: Question, root: Root, cuts: int, fold: Fold[T]) -> Outcome[T]:
    """Split what a root stands for until so many cuts are made; the same in every process.

    Raises:
        ValueError: the root is none of this question.
        BudgetExceeded: cells get too large.
    """
    task = Task(question, root, cuts, fold)
    while task.go_on():
        pass
    return task.outcome()


class Task(Generic[T]):
    """One task at work, for who wants to stop it: what it has done by then is an outcome, too.

    Args:
        question, root, cuts, fold: as for :func:`work`.

    Attributes:
        tiles: how many it has found.
    """

    def __init__(self, question: Question, root: Root, cuts: int, fold: Fold[T]) -> None:
        self._question, self._fold = question, fold
        self._value = fold.start(root)
        self.tiles, self._cells, self._target_index = 0, None, 0
        places = [Place.of(root, question)] if root else all_places(question)
        self._begun, self._waiting = places[0] if len(places) == 1 else None, places
        if self._begun is not None:
            part, sector, interval = self._begun
            self._target_index, restriction = question.parts[part]
            domain = question.statement.domain
            self._cells = IntervalCells(restriction, domain, sector, interval, fold.measures)
            self._batches = self._cells.batches(cuts)

    def go_on(self) -> bool:
        """Work for a batch of tiles; whether there is more to do. A stop passes through."""
        if self._cells is None:
            return False
        tiles = next(self._batches, None)
        if tiles is not None:
            self._add(tiles)
        return tiles is not None

    def _add(self, tiles: Columns) -> None:
        if len(tiles):
            self._value = self._fold.add(self._value, tiles, self._target_index)
            self.tiles += len(tiles)

    def outcome(self) -> Outcome[T]:
        """What was found, and what is left."""
        if self._cells is None or self._begun is None:
            return Outcome(self._fold.end(self._value), tuple(place.root() for place in self._waiting), None, 0, 0)
        rest = self._cells.rest()
        self._add(self._cells.batch())
        part, sector, _ = self._begun
        roots = tuple(Place(part, sector, own.interval).root() for own in rest)
        shares = tuple(own.share for own in rest)
        sizes = None if any(map(math.isnan, shares)) else shares
        return Outcome(self._fold.end(self._value), roots, sizes, self.tiles, self._cells.cuts)


def all_places(question: Question) -> list[Place]:
    """What makes up a question.

    Raises:
        BudgetExceeded: cells get too large.
    """
    places, domain = [], question.statement.domain
    for part, (_, restriction) in enumerate(question.parts):
        require_room(restriction, domain, None)
        everything = Interval.whole(restriction.neuron_count)
        places += [Place(part, sector, everything) for sector in range(len(sectors(restriction, domain)))]
    return places
