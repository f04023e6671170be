"""Cases decided box by box: bounds exclude boxes, points show that a target is reached, and the rest is handed on.

The compiled search (:mod:`polyrelu.engines.cells.boxes`) halves boxes; what it leaves is a few small ones, for an exact
engine. Its points are only near a target: each is held against it exactly here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias

import numpy as np

from polyrelu.analysis.counterexamples import Candidates, Example
from polyrelu.arithmetic.exact import FloatArray, exact, read_only
from polyrelu.bounds.reach import float_ends
from polyrelu.engines.cells.boxes import BoxSplitter, Given, Pause, can_bound
from polyrelu.networks.network import Network
from polyrelu.networks.properties import Disjunct
from polyrelu.polyhedra.halfspace import Halfspace
from polyrelu.polyhedra.polyhedron import Polyhedron

Case: TypeAlias = tuple[int, int]

_EVERY_BOX = 2**30  # neurons: all boxes are ripe
_MOST_FAILURES = 32
_BETWEEN_LOOKS = 2**12  # boxes


class BoxByBox:
    """Decides cases of a property, each a disjunct and one of its targets.

    Args:
        network: R^d -> R^m.
        disjuncts: of the property.

    Attributes:
        boxes: how many boxes were bounded.
        found: a case and a counterexample, once there is one.
    """

    def __init__(self, network: Network, disjuncts: Sequence[Disjunct]) -> None:
        self.network, self.disjuncts = network, disjuncts
        self.boxes = 0
        self.found: tuple[Case, Example] | None = None
        self._takes_network = can_bound(network)

    def takes(self, case: Case) -> bool:
        """Whether boxes of a case can be bounded."""
        return self._takes_network and self.disjuncts[case[0]].domain.sides.is_bounded

    def at_once(self, cases: Sequence[Case]) -> list[Case]:
        """Those of some cases that one box each does not decide; all, where it finds a counterexample.

        Cost: for each case the bounds of one box, and about 0.1 ms.
        """
        search = BoxSplitter(self.network, _EVERY_BOX)
        numbers = {self._put(search, case): case for case in reversed(cases)}
        numbers.pop(None, None)
        undecided = set(cases) - set(numbers.values())
        if not search.is_sound:
            return list(cases)
        for given in self._handed_out(search, len(cases), 1, numbers):
            undecided |= {numbers[number] for number in given.leaf_cases.tolist()}
        undecided |= {
            numbers[number] for number in search.give(everything=True).leaf_cases.tolist()
        }  # too large to bound
        return [case for case in cases if case in undecided or self.found is not None]

    def is_hard(self, case: Case, few: int) -> bool:
        """Whether more than a few neurons may switch on the box of a case."""
        search = BoxSplitter(self.network, few)
        if self._put(search, case) is None or not search.is_sound:
            return True
        search.be_quiet()
        search.advance(1, np.inf)
        return len(search.give(everything=True).leaf_cases) != 1

    def left(self, case: Case, boxes: int, few: int, workers: int) -> list[Polyhedron] | None:
        """What bounds of so many boxes leave of a domain: a few small parts, and nothing where it is decided.

        Args:
            case: which.
            boxes: how many to bound at most, about.
            few: how many parts are a few.
            workers: how many threads bound boxes.

        Returns:
            Parts that cover all of the domain that may be mapped into the target; None where they are not a few,
            where boxes wait, or where a counterexample is found.
        """
        search = BoxSplitter(self.network)
        number = self._put(search, case)
        if number is None or not search.is_sound:
            return None
        ends: list[tuple[FloatArray, FloatArray]] = []
        for given in self._handed_out(search, boxes, workers, {number: case}):
            ends += zip(given.low, given.high, strict=True)
            if self.found is not None or len(ends) > few:
                return None
        return None if search.waiting else [self._part(case, *own) for own in ends]

    def _put(self, search: BoxSplitter, case: Case) -> int | None:
        disjunct = self.disjuncts[case[0]]
        return search.put(disjunct.targets[case[1]], *disjunct.domain.once(_ends))

    def _handed_out(
        self, search: BoxSplitter, boxes: int, workers: int, numbers: dict[int | None, Case]
    ) -> Iterator[Given]:
        """What a search hands out until it ends, or so many boxes were bounded; points are looked at."""
        failures, before, pause = 0, search.bounded, Pause.POINTS
        try:
            while pause is not Pause.DONE and search.bounded - before < boxes and self.found is None:
                pause = search.run(min(boxes - (search.bounded - before), _BETWEEN_LOOKS), workers)
                given = search.give()
                for number, point in zip(given.point_cases.tolist(), given.points, strict=True):
                    if self.found is None and failures < _MOST_FAILURES:
                        self._look_at(numbers[number], point)
                        failures += 1
                if failures >= _MOST_FAILURES:
                    search.be_quiet()
                yield given
        finally:
            self.boxes += search.bounded - before

    def _look_at(self, case: Case, point: FloatArray) -> None:
        disjunct = self.disjuncts[case[0]]
        if not disjunct.domain.is_empty():
            example = Candidates(self.network, disjunct.domain, disjunct.targets[case[1]]).near(point)
            self.found = None if example is None else (case, example)

    def _part(self, case: Case, low: FloatArray, high: FloatArray) -> Polyhedron:
        domain, dim = self.disjuncts[case[0]].domain, self.network.input_dim
        rows = [
            Halfspace.side(j, sign, exact(end), dim, "<=")
            for sign, ends in ((-1, low), (1, high))
            for j, end in enumerate(ends.tolist())
        ]
        return Polyhedron.from_halfspaces([*domain.halfspaces, *rows], dim)


def _ends(domain: Polyhedron) -> tuple[FloatArray, FloatArray]:
    """Where the box of a domain begins and ends, which many cases may ask."""
    low, high = map(read_only, float_ends(domain.sides))
    return low, high
