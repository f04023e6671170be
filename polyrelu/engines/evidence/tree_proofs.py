"""Parts of a domain, and what is proved of them: the lines of a tree, in exact numbers.

An end that floats find on a node is *promised*: it is proved when a proof asks for it, on the node on which it was
found. So what nothing needs is not written, and what holds for several parts is proved once, above them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple, TypeAlias

from polyrelu.arithmetic.exact import FloatArray, to_float
from polyrelu.engines.evidence.tree_chain import (
    Chain,
    Line,
    Row,
    name_of,
    place_of,
    relu_line,
    rounded_down,
    total_of,
)
from polyrelu.engines.evidence.tree_guide import Ranges
from polyrelu.networks.statement_text import Name
from polyrelu.support.limits import check
from polyrelu.support.numerals import fraction_digits

Side: TypeAlias = tuple[int, Name]
"""The lower end of a value is (1, place), the upper one (-1, place)."""


class Factors(NamedTuple):
    """What a proof consists of.

    Attributes:
        rows: the factors of rows, by their names: of conditions they are not negative, but of equations; of others
            they are positive where the upper end counts, and negative where the lower one does.
        slopes: of open neurons, by their places.
    """

    rows: Mapping[str, Fraction] = {}
    slopes: Mapping[Name, Fraction] = {}

    def words(self) -> list[str]:
        """How certificates say them."""
        pairs = [*self.rows.items(), *((name_of(place, "a"), a) for place, a in self.slopes.items())]
        return [word for name, s in pairs for word in (name, fraction_digits(s))]


@dataclass(eq=False)
class Claim:
    """A line that something is proved by.

    Attributes:
        text: the line.
        uses: the ends that its proof uses.
        side, end: what is proved of an input or a neuron, if it is about one.
        is_needed: whether a leaf uses it, by itself or through others.
    """

    text: str
    uses: frozenset[Claim] = frozenset()
    side: Side | None = None
    end: Fraction = Fraction(0)
    is_needed: bool = False

    def need(self) -> None:
        """Note that a leaf uses it."""
        waiting = [self]
        while waiting:
            claim = waiting.pop()
            if not claim.is_needed:
                claim.is_needed = True
                waiting += claim.uses


@dataclass(eq=False)
class Node:
    """A part of the domain.

    Attributes:
        splits: on the way to it.
        begun: for what was split on, the nodes that began with that.
        ends: what is proved.
        sources: by which claims; splits and the domain are none.
        promised: what floats have found, and on which node.
        ranges: the same in floats, proved or not.
        points: some points inside, as floats see it, (p, d).
        rows: the splits of neurons as ``rows . x + constant <= 0``, where layers before have signs, (n, d + 1).
        there: which signs of neurons are known to be had somewhere inside.
        before: what floats knew, and where, before they looked at this node.
        lines: those around neurons, by their places and whether they are below, with what they are known by.
        claims: what is proved on it.
        is_used: whether a proof has used its last split.
    """

    splits: tuple[Side, ...]
    begun: Mapping[Name, tuple[Node, ...]]
    ends: dict[Side, Fraction]
    sources: dict[Side, Claim]
    promised: dict[Side, Node]
    ranges: Ranges
    points: FloatArray
    rows: FloatArray
    there: set[Side] = field(default_factory=set)
    lines: dict[tuple[Name, bool], tuple[Line | None, frozenset[Claim]]] = field(default_factory=dict)
    before: tuple[Ranges, dict[Side, Node]] | None = None
    claims: list[Claim] = field(default_factory=list)
    is_used: bool = False

    def part(self, side: Side, value: Fraction, points: FloatArray, rows: FloatArray) -> Node:
        """The part on which a value ends at another place, on one side."""
        ends, sources, promised = dict(self.ends), dict(self.sources), dict(self.promised)
        if improve(ends, side, value):
            sources.pop(side, None)
            promised.pop(side, None)
        ranges = self.ranges.copy()
        ranges.put(*side, to_float(value))
        node = Node((*self.splits, side), self.begun, ends, sources, promised, ranges, points, rows)
        node.begun = {**self.begun, side[1]: (*self.begun.get(side[1], ()), node)}
        node.lines = dict(self.lines)
        node.forget(side[1])
        return node

    def promise(self, side: Side) -> None:
        """Note that floats have found an end here."""
        self.promised[side] = self
        self.forget(side[1])

    def own_promises(self) -> list[Side]:
        """What floats have found here, and is not proved; the last layers first."""
        own = [side for side, owner in self.promised.items() if owner is self]
        return sorted(own, key=lambda side: -side[1][0])

    def promise_only(self, kept: Collection[Side], ranges: Ranges) -> None:
        """Take back what floats have found here, but for some ends; ``ranges`` are what they say then."""
        assert self.before is not None, "floats have looked at it"
        for side in self.own_promises():
            if side not in kept:
                del self.promised[side]
                if side in self.before[1]:
                    self.promised[side] = self.before[1][side]
                self.forget(side[1])
        self.ranges = ranges

    def forget(self, place: Name) -> None:
        """Forget the lines around a neuron, as its ends are others by now."""
        self.lines.pop((place, False), None)
        self.lines.pop((place, True), None)

    def use(self, place: Name) -> None:
        """Note that a proof needs what the splits say of an input or a neuron."""
        for node in self.begun.get(place, ()):
            node.is_used = True


class Proofs:
    """Proves what a tree says, on the nodes of the path on which a search is."""

    def __init__(self, chain: Chain) -> None:
        self.chain = chain
        self.path: list[Node] = []

    def none(self, node: Node, factors: Factors) -> Claim | None:
        """The end of a node, if these factors prove that it has nothing of the preimage."""
        found, uses = self.least(node, [], factors)
        is_strict = any(s > 0 and self._relation(name) == "<" for name, s in factors.rows.items())
        if found is None or not (found > 0 or (found == 0 and is_strict)):
            return None
        return Claim(" ".join(["none", *factors.words()]), uses)

    def bound(self, owner: Node, side: Side, factors: Factors) -> None:
        """Prove an end on a node, for all of the path below it; if it can be."""
        for node in self.path:
            if node.promised.get(side) is owner:
                del node.promised[side]
        found, uses = self.least(owner, [(Fraction(side[0]), self.chain.row(side[1]))], factors)
        if found is not None:
            text = end_text(side[0], name_of(side[1]), factors)
            claim = Claim(text, uses, side, side[0] * rounded_down(found))
            owner.claims.append(claim)
            for node in self.path[self.path.index(owner) :]:
                if improve(node.ends, side, claim.end):
                    node.sources[side] = claim
                    node.forget(side[1])

    def signs(self, node: Node) -> frozenset[Claim]:
        """What gives the neurons that matter their signs on a node."""
        used = set[Claim]()
        for depth, own in enumerate(self.chain.seen, 1):
            for i in own:
                used |= self._used(node, (depth, i), is_bent=True)
                node.use((depth, i))
        return frozenset(used)

    def keep(self, node: Node, place: Name) -> None:
        """Prove what is promised of a neuron; where floats were wrong, they are told."""
        for side in (1, -1):
            self._settle(node, (side, place))
        low, up = node.ends.get((1, place)), node.ends.get((-1, place))
        node.ranges.low[place[0]][place[1]] = -float("inf") if low is None else to_float(low)
        node.ranges.high[place[0]][place[1]] = float("inf") if up is None else to_float(up)

    def least(
        self, node: Node, terms: Sequence[tuple[Fraction, Row]], factors: Factors
    ) -> tuple[Fraction | None, frozenset[Claim]]:
        """The lower bound that the checker finds of a sum of rows on a node, and what it uses.

        What is promised is proved first.
        """
        whole, constant, used = list(terms), Fraction(0), set[Claim]()
        for name, s in factors.rows.items():
            if name[0] in "zx":
                side = (-1 if s > 0 else 1, place_of(name))
                end = node.ends.get(side)
                if end is None:
                    return None, frozenset()
                used |= {node.sources[side]} if side in node.sources else set()
                node.use(side[1])
                whole.append((s, self.chain.row(side[1])))
                constant -= s * end
            else:
                whole.append((s, self._conditions(name)[int(name[1:])]))
        found = self._back(node, whole, factors.slopes, used)
        return None if found is None else found + constant, frozenset(used)

    def _back(
        self, node: Node, terms: Sequence[tuple[Fraction, Row]], slopes: Mapping[Name, Fraction], used: set[Claim]
    ) -> Fraction | None:
        check()

        def line(place: Name, rises: bool) -> Line | None:
            node.use(place)
            own, sources = self._line(node, place, rises, slopes.get(place) if rises else None)
            used.update(sources)
            return own

        found = self.chain.at_inputs(*total_of(terms), line)
        if found is None:
            return None
        total = found.constant
        for j, c in found.entries.items():
            end = node.ends.get((1 if c > 0 else -1, (0, j)))
            if end is None:
                return None
            node.use((0, j))
            total += c * end
        return total

    def _line(
        self, node: Node, place: Name, rises: bool, slope: Fraction | None
    ) -> tuple[Line | None, frozenset[Claim]]:
        """The line around a neuron, and what it is known by."""
        known = node.lines.get((place, rises)) if slope is None else None
        if known is not None:
            return known
        for side in (1, -1):
            self._settle(node, (side, place))
        line = relu_line(node.ends.get((1, place)), node.ends.get((-1, place)), slope, rises)
        found = line, frozenset(self._used(node, place, is_bent=slope is not None))
        if slope is None:
            node.lines[place, rises] = found
        return found

    @staticmethod
    def _used(node: Node, place: Name, *, is_bent: bool) -> set[Claim]:
        """What the line around a neuron is known by: a sign, or both ends, unless its slope is said (``is_bent``)."""
        low, up = node.ends.get((1, place)), node.ends.get((-1, place))
        if up is not None and up <= 0:
            sides = [-1]
        elif low is not None and low >= 0:
            sides = [1]
        else:
            sides = [] if is_bent else [1, -1]
        return {node.sources[side, place] for side in sides if (side, place) in node.sources}

    def _settle(self, node: Node, side: Side) -> None:
        """Prove an end that is promised, on the node on which it was found."""
        owner = node.promised.get(side)
        if owner is not None:
            self.bound(owner, side, Factors())

    def _conditions(self, name: str) -> Sequence[Row]:
        return self.chain.domain if name[0] == "d" else self.chain.target

    def _relation(self, name: str) -> str:
        return self._conditions(name)[int(name[1:])].relation if name[0] in "dt" else ""


def end_text(side: int, name: str, factors: Factors) -> str:
    """How certificates say that an end is proved."""
    return " ".join(["low" if side > 0 else "up", name, *factors.words()])


def improve(ends: dict[Side, Fraction], side: Side, value: Fraction) -> bool:
    """Let a value end at another place, if that is better; whether it is."""
    old = ends.get(side)
    is_better = old is None or side[0] * value > side[0] * old
    if is_better:
        ends[side] = value
    return is_better
