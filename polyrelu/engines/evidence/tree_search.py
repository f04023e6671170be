r"""Trees, found: a domain is divided until each part has a proof, or is a tile (``certificates/FORMAT.md``, section 7).

Floats propose what is to be proved, and exact numbers prove it (:mod:`polyrelu.engines.evidence.tree_guide`,
:mod:`polyrelu.engines.evidence.tree_chain`). An end that floats find on a node is *promised*: it is proved when a proof
asks for it, and on the node on which it was found, so what nothing needs is not written, and what holds for several
parts is proved once, above them. A split whose sign the proof of one part does not use is left out with the other part.

For a verdict, neurons or inputs are split that bounds depend on most. For a preimage, neurons are split layer by layer,
and only those that divide their node: that is decided by points, by linear programs in floats whose multipliers prove
it exactly, and else by exact linear programs. So each tile is one leaf.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TypeAlias

import numpy as np

from polyrelu.arithmetic import float_lp
from polyrelu.arithmetic.exact import FloatArray, to_float
from polyrelu.engines.evidence.tree_chain import Chain, Line, Row, relu_line, rounded_down, total_of
from polyrelu.engines.evidence.tree_guide import Factors, Guide, Ranges
from polyrelu.engines.evidence.tree_program import Program, Proof
from polyrelu.errors import BudgetExceeded
from polyrelu.networks.statement_text import Name
from polyrelu.support.limits import check
from polyrelu.support.numerals import fraction_digits

_FEW_INPUTS = 8  # so many inputs are split rather than neurons, for a verdict
_DEEPEST = 400
_MARGIN = 1e-9
_DIGITS = (6, 12, 24, 45)  # of factors, in bits
_POINTS = 64
_SEED = 20

Side: TypeAlias = tuple[int, Name]
"""The lower end of a value is (1, place), the upper one (-1, place)."""


@dataclass(eq=False)
class Node:
    """A part of the domain.

    Attributes:
        splits: on the way to it, (side, place) each.
        by: for neurons and inputs that were split on, the node with which that began.
        ends: what is proved.
        promised: what floats have found, and on which node.
        ranges: the same in floats, proved or not.
        points: some points inside, as floats see it, (p, d).
        rows: the splits of neurons in floats, as ``rows . x + constant <= 0``, where layers before have signs.
        lines: what is written.
        is_used: whether a proof has used the sign of its last split.
    """

    splits: tuple[Side, ...]
    by: Mapping[Name, Node]
    ends: dict[Side, Fraction]
    promised: dict[Side, Node]
    ranges: Ranges
    points: FloatArray
    rows: FloatArray
    known: dict[Side, bool] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    is_used: bool = False


class Search:
    """The search for the tree of one target, or of the regions.

    Args:
        chain: the question.
        is_verdict: whether it is expected that nothing is in the target.
        limit: the most nodes.
        shared: ends that are proved of the domain; what is proved of it joins them.
    """

    def __init__(self, chain: Chain, is_verdict: bool, limit: int, shared: dict[Side, Fraction]) -> None:
        self.chain, self.is_verdict, self.limit, self.shared = chain, is_verdict, limit, shared
        self.guide, self.program = Guide(chain), Program(chain)
        self.path: list[Node] = []
        self.nodes = self.leaves = 0
        self.dim = chain.input_dim
        self.free = int((self._root_ranges().low[0] < self._root_ranges().high[0]).sum())

    def lines(self) -> list[str]:
        """The lines of the tree."""
        root = self._root()
        lines = self._grown(root)
        self.shared.update(root.ends)
        return lines

    # -- nodes --------------------------------------------------------------------------------------------------------

    def _root_ends(self) -> dict[Side, Fraction]:
        ends = dict[Side, Fraction]()
        for row in self.chain.domain:
            if len(row.form) == 1:
                [(place, a)] = row.form.items()
                for side in (1, -1) if row.relation == "==" else (-1 if a > 0 else 1,):
                    _improve(ends, (side, place), row.bound / a)
        return ends

    def _root_ranges(self) -> Ranges:
        widths = [self.dim, *(layer.output_dim for layer in self.chain.layers)]
        ranges = Ranges([np.full(n, -np.inf) for n in widths], [np.full(n, np.inf) for n in widths])
        for (side, place), end in self._root_ends().items():
            ranges.put(side, place, to_float(end))
        return ranges

    def _root(self) -> Node:
        ranges, nothing = self._root_ranges(), np.empty((0, self.dim))
        for (side, place), end in self.shared.items():
            ranges.put(side, place, to_float(end))
        node = Node((), {}, {**self._root_ends(), **self.shared}, {}, ranges, nothing, np.empty((0, self.dim + 1)))
        low, high = ranges.low[0], ranges.high[0]
        if np.isfinite(low).all() and np.isfinite(high).all() and (low <= high).all():
            points = np.random.default_rng(_SEED).uniform(low, high, (_POINTS, self.dim))
            forms = self.guide.forms(self.chain.domain)
            inside = np.ones(_POINTS, dtype=np.bool_)
            if self.chain.domain and forms.parts[0] is not None:
                values = points @ forms.parts[0].T + forms.constants
                general = [len(row.form) > 1 for row in self.chain.domain]
                inside = (values[:, general] < -_MARGIN).all(axis=1)
            node.points = points[inside]
        return node

    def _part(self, node: Node, side: int, place: Name, value: Fraction) -> Node:
        """The part of a node on which a value is on one side."""
        ends, ranges = dict(node.ends), node.ranges.copy()
        _improve(ends, (side, place), value)
        ranges.put(side, place, to_float(value))
        part = Node((*node.splits, (side, place)), node.by, ends, dict(node.promised), ranges, node.points, node.rows)
        part.by = {**node.by, place: part}
        part.promised.pop((side, place), None)
        if place[0] and not self.is_verdict:
            values = self.guide.values(node.points)[place[0]][:, place[1]]
            part.points = node.points[side * values > _margin(values)]
            part.rows = np.vstack([node.rows, -side * self._float_row(node, place)])
        return part

    def _float_row(self, node: Node, place: Name) -> FloatArray:
        """What enters a neuron in the inputs; the layers before have signs on the node."""
        forms = self.guide.at_inputs(self.guide.entering(place[0], np.array([place[1]])), node.ranges)
        assert forms.parts[0] is not None
        return np.append(forms.parts[0][0], forms.constants[0])

    def _grown(self, node: Node) -> list[str]:
        check()
        self.nodes += 1
        if self.nodes > self.limit or len(node.splits) > _DEEPEST:
            raise BudgetExceeded(
                f"trees: {self.limit} parts of the domain were looked at, the limit; make the domain smaller"
            )
        self.path.append(node)
        try:
            below = self._below(node)
        finally:
            self.path.pop()
        return [*node.lines, *below]

    def _below(self, node: Node) -> list[str]:
        for side, place, _ in self.guide.refreshed(node.ranges):
            node.promised[side, place] = node
        line = self._missed(node)
        if line is not None:
            return [line]
        if not any(self.guide.open_(node.ranges, depth).any() for depth in range(1, len(self.chain.layers) + 1)):
            return self._leaf(node)
        return self._divided_for_a_verdict(node) if self.is_verdict else self._divided(node)

    # -- proofs -------------------------------------------------------------------------------------------------------

    def least(
        self, node: Node, terms: Iterable[tuple[Fraction, Row]], slopes: Mapping[int, Fraction]
    ) -> Fraction | None:
        """What the checker computes of a sum of rows on a node; ends that are promised are proved first."""

        def line(place: Name, rises: bool) -> Line | None:
            for side in (1, -1):
                self._settle(node, (side, place))
            if place in node.by:
                node.by[place].is_used = True
            slope = slopes.get(self.chain.numbers[place])
            return relu_line(node.ends.get((1, place)), node.ends.get((-1, place)), slope, rises)

        found = self.chain.at_inputs(*total_of(terms), line)
        if found is None:
            return None
        total = found.constant
        for j, c in found.entries.items():
            end = node.ends.get((1 if c > 0 else -1, (0, j)))
            if end is None:
                return None
            if (0, j) in node.by:
                node.by[0, j].is_used = True
            total += c * end
        return total

    def _settle(self, node: Node, side: Side) -> None:
        """Prove an end that was promised, on the node on which it was found."""
        owner = node.promised.get(side)
        if owner is not None:
            self._bound(owner, side, [], {})

    def _bound(
        self, owner: Node, side: Side, factors: Sequence[tuple[str, Fraction]], slopes: Mapping[int, Fraction]
    ) -> bool:
        """Prove an end on a node of the path, for all of the path below it; whether there is a proof."""
        for node in self.path:
            if node.promised.get(side) is owner:
                del node.promised[side]
        row = self.chain.row(side[1])
        found = self._sum(owner, [(Fraction(side[0]), row)], factors, slopes)
        if found is None:
            return False
        return self._write_end(owner, side, side[0] * rounded_down(found), factors, slopes)

    def _write_end(
        self,
        owner: Node,
        side: Side,
        end: Fraction,
        factors: Sequence[tuple[str, Fraction]],
        slopes: Mapping[int, Fraction],
    ) -> bool:
        word = "low" if side[0] > 0 else "up"
        owner.lines.append(" ".join([word, self.chain.name(side[1]), *_written(factors, slopes)]))
        for node in self.path[self.path.index(owner) :]:
            _improve(node.ends, side, end)
            node.ranges.put(*side, to_float(end))
        return True

    def _sum(
        self,
        node: Node,
        terms: Sequence[tuple[Fraction, Row]],
        factors: Sequence[tuple[str, Fraction]],
        slopes: Mapping[int, Fraction],
    ) -> Fraction | None:
        """A lower bound of terms, with factors of rows."""
        whole, constant = list(terms), Fraction(0)
        for name, s in factors:
            if name[0] in "nx":
                place = self.chain.place(name)
                end = node.ends.get((1 if s > 0 else -1, place))
                if end is None:
                    return None
                if place in node.by:
                    node.by[place].is_used = True
                whole.append((-s, self.chain.row(place)))
                constant += s * end
            else:
                rows = self.chain.domain if name[0] == "d" else self.chain.target
                whole.append((s, rows[int(name[1:])]))
        found = self.least(node, whole, slopes)
        return None if found is None else found + constant

    def _none(self, node: Node, factors: Sequence[tuple[str, Fraction]], slopes: Mapping[int, Fraction]) -> str | None:
        """The line that ends a node, if these factors prove that it has nothing of the preimage."""
        found = self._sum(node, [], factors, slopes)
        is_strict = any(s > 0 and self._relation(name) == "<" for name, s in factors)
        if found is None or not (found > 0 or (found == 0 and is_strict)):
            return None
        self.leaves += 1
        return " ".join(["none", *_written(factors, slopes)])

    def _relation(self, name: str) -> str:
        rows = {"d": self.chain.domain, "t": self.chain.target}.get(name[0])
        return rows[int(name[1:])].relation if rows else ""

    # -- nothing is there ---------------------------------------------------------------------------------------------

    def _missed(self, node: Node) -> str | None:
        """The end of a node that bounds of one row of the target, or of the domain, exclude."""
        if not self.chain.target:
            return None
        for number, row in enumerate(self.chain.target):
            for sign in (1, -1) if row.relation == "==" else (1,):
                forms = self.guide.target
                one = forms._replace(
                    parts=[None if part is None else sign * part[[number]] for part in forms.parts],
                    constants=sign * forms.constants[[number]],
                )
                if self.guide.least(one, node.ranges)[0][0] > 0:
                    line = self._none(node, [(f"t{number}", Fraction(sign))], {})
                    if line is not None:
                        return line
        return None

    def _contradicted(self, node: Node) -> str | None:
        """The end of a node that a linear program excludes."""
        found = self.guide.contradiction(node.ranges, node.splits)
        return None if found is None else self._shortest(node, found)

    def _shortest(self, node: Node, found: Factors) -> str | None:
        """The proof with the fewest digits that is one, without the factors that it does not need."""
        for bits in _DIGITS:
            slopes = {number: _short(a, bits) for number, a in found.slopes.items() if a > 0}
            slopes = {number: min(a, Fraction(1)) for number, a in slopes.items()}
            factors = [(name, _short(s, bits)) for name, s in found.rows.items()]
            factors = [(name, s) for name, s in factors if s]
            line = self._none(node, factors, slopes)
            if line is not None:
                return line
        return None

    # -- what is divided ----------------------------------------------------------------------------------------------

    def _halved(self, node: Node, place: Name, value: Fraction) -> list[str]:
        """A node by its two parts, or by one whose proof is one of all of it."""
        written = []
        for side in (-1, 1):
            part = self._part(node, side, place, value)
            lines = self._grown(part)
            if not part.is_used and place[0]:
                return lines
            written += lines
        said = f"split {self.chain.name(place)}" + (f" {fraction_digits(value)}" if not place[0] else "")
        return [said, *written]

    def _divided_for_a_verdict(self, node: Node) -> list[str]:
        line = self._contradicted(node) if self.free > _FEW_INPUTS or len(node.splits) > 6 else None
        if line is not None:
            return [line]
        if self.free <= _FEW_INPUTS and self.chain.target and np.isfinite(node.ranges.low[0]).all():
            place, value = self._input_to_split(node)
            if value is not None:
                return self._halved(node, place, value)
        return self._halved(node, self._neuron_to_split(node), Fraction(0))

    def _input_to_split(self, node: Node) -> tuple[Name, Fraction | None]:
        """The input that moves the row that is nearest to being proved the most, and the middle."""
        least, slopes = self.guide.least(self.guide.target, node.ranges)
        low, high = node.ranges.low[0], node.ranges.high[0]
        moves = np.abs(slopes[int(np.argmax(least))]) * (high - low)
        j = int(np.argmax(np.where(high > low, np.nan_to_num(moves), -1.0)))
        middle = 0.5 * low[j] + 0.5 * high[j]
        return (0, j), Fraction(_few_digits(middle, low[j], high[j])) if low[j] < middle < high[j] else None

    def _neuron_to_split(self, node: Node) -> Name:
        """The open neuron whose triangle costs the row that is nearest to being proved the most."""
        ranges, best = node.ranges, (-1.0, (0, 0))
        least, _ = self.guide.least(self.guide.target, ranges)
        row = int(np.argmax(least)) if len(least) else 0
        costs = self.guide.costs(row, ranges)
        for depth, own in enumerate(costs, 1):
            open_ = self.guide.open_(ranges, depth)
            for i in np.flatnonzero(open_).tolist():
                best = max(best, (float(own[i]), (depth, i)))
        return best[1]

    def _divided(self, node: Node) -> list[str]:
        """A node whose first open layer is decided neuron by neuron."""
        depth = next(k for k in range(1, len(self.chain.layers) + 1) if self.guide.open_(node.ranges, k).any())
        for i in np.flatnonzero(self.guide.seen[depth - 1]).tolist():
            self._promises_kept(node, (depth, i))
        while True:
            open_ = np.flatnonzero(self.guide.open_(node.ranges, depth))
            if not len(open_):
                return self._below(node)
            values = self.guide.values(node.points)[depth][:, open_]
            margins = _margin(values)
            below, above = (values < -margins).sum(axis=0), (values > margins).sum(axis=0)
            doubtful = [
                (side, int(open_[n]))
                for side, count in ((-1, below), (1, above))
                for n in np.flatnonzero(count == 0).tolist()
                if not node.known.get((side, (depth, int(open_[n]))))
            ]
            if not doubtful:
                n = int(np.argmax(np.minimum(below, above)))
                return self._halved(node, (depth, int(open_[n])), Fraction(0))
            side, i = doubtful[0]
            self._decide(node, side, (depth, i))

    def _promises_kept(self, node: Node, place: Name) -> None:
        """Prove the sign that floats give a neuron; where they are wrong, it is open again."""
        depth, i = place
        for side in (1, -1):
            self._settle(node, (side, place))
        node.ranges.low[depth][i] = _float_end(node.ends.get((1, place)), -np.inf)
        node.ranges.high[depth][i] = _float_end(node.ends.get((-1, place)), np.inf)

    def _decide(self, node: Node, side: int, place: Name) -> None:
        """Find out whether a neuron has a sign somewhere inside a node; if not, prove that it has the other one."""
        if self._decided_by_floats(node, side, place):
            return
        proof = self.program.most(node, side, place)
        if proof is None:
            node.known[side, place] = True
            return
        self._bound(node, (-side, place), proof.factors, {})
        assert node.ends[-side, place] * side <= 0, "an exact program proves it"
        self._promises_kept(node, place)

    def _decided_by_floats(self, node: Node, side: int, place: Name) -> bool:
        """The same by a linear program in floats, if it can be."""
        low, high = node.ranges.low[0], node.ranges.high[0]
        free = low < high
        if not (np.isfinite(low).all() and np.isfinite(high).all() and free.any()):
            return False
        own = -side * self._float_row(node, place)
        rows = np.vstack([node.rows, own, *self._domain_rows()])
        constants = rows[:, -1] + rows[:, :-1][:, ~free] @ low[~free]
        proposal = float_lp.most_room(rows[:, :-1][:, free], constants, low[free], high[free])
        if proposal is None:
            return False
        if proposal.room > 0:
            point = low.copy()
            point[free] = proposal.point
            values = rows[:, :-1] @ point + rows[:, -1]
            if (values < -1e-7 * np.abs(rows[:, :-1]).max(axis=1, initial=0.0)).all():
                node.points = np.vstack([node.points, point])
                values = self.guide.values(node.points[-1:])[place[0]][:, place[1]]
                return bool((side * values > _margin(values)).all())
            return False
        multipliers = proposal.multipliers
        count = len(node.rows)
        if not multipliers[count] > 0:
            return False
        names = [(self.chain.name(p), s) for s, p in node.splits if p[0]]
        names_ = [*names, None, *((f"d{k}", 1) for k in self._general())]
        shares = {
            own[0]: own[1] * y / multipliers[count]
            for own, y in zip(names_, multipliers.tolist(), strict=True)
            if own is not None and y > 0
        }
        for bits in _DIGITS:
            factors = [(name, _short(s, bits)) for name, s in shares.items()]
            found = self._sum(node, [(Fraction(-side), self.chain.row(place))], [f for f in factors if f[1]], {})
            if found is not None and found >= 0:
                self._bound(node, (-side, place), [f for f in factors if f[1]], {})
                self._promises_kept(node, place)
                return True
        return False

    def _general(self) -> list[int]:
        return [k for k, row in enumerate(self.chain.domain) if len(row.form) > 1 and row.relation != "=="]

    def _domain_rows(self) -> list[FloatArray]:
        """Conditions of the domain that are no sides of a box, in floats."""
        chosen = [self.chain.domain[k] for k in self._general()]
        forms = self.guide.forms(chosen)
        if forms.parts[0] is None:
            return []
        return [np.append(part, constant) for part, constant in zip(forms.parts[0], forms.constants, strict=True)]

    # -- leaves -------------------------------------------------------------------------------------------------------

    def _leaf(self, node: Node) -> list[str]:
        """The end of a node on which floats see no neuron that is open."""
        line = self._contradicted(node) if self.chain.target else None
        if line is not None:
            return [line]
        for depth in range(1, len(self.chain.layers) + 1):
            for i in np.flatnonzero(self.guide.seen[depth - 1]).tolist():
                self._promises_kept(node, (depth, i))
            if self.guide.open_(node.ranges, depth).any():
                return self._divided(node)
        found = self.program.leaf(node)
        if isinstance(found, Proof):
            line = self._none(node, found.factors, {})
            assert line is not None, "an exact program proves it"
            return [line]
        for owner in node.by.values():
            owner.is_used = True
        self.leaves += 1
        for proof in found.proofs:
            side, number = proof.side, proof.number
            word = "low" if side > 0 else "up"
            node.lines.append(" ".join([word, f"t{number}", *_written(proof.factors, {})]))
        if found.point is None or any(not place[0] for place in node.by):
            return ["rest"]
        return [" ".join(["tile", *map(fraction_digits, found.point)])]


def _improve(ends: dict[Side, Fraction], side: Side, value: Fraction) -> None:
    old = ends.get(side)
    if old is None or side[0] * value > side[0] * old:
        ends[side] = value


def _margin(values: FloatArray) -> FloatArray:
    """What floats may be wrong by, about: nothing is decided by it."""
    return np.asarray(_MARGIN * (1.0 + np.abs(values)))


def _float_end(end: Fraction | None, otherwise: float) -> float:
    return otherwise if end is None else to_float(end)


def _short(value: float, bits: int) -> Fraction:
    """A number near a float, of so many binary digits."""
    if not np.isfinite(value) or value == 0:
        return Fraction(0)
    unit = Fraction(2) ** (int(np.frexp(value)[1]) - bits)
    return round(Fraction(value) / unit) * unit


def _few_digits(middle: float, low: float, high: float) -> Fraction:
    """A number near the middle of an interval, of few binary digits."""
    unit = Fraction(2) ** int(np.frexp(high - low)[1] - 4)
    found = round(Fraction(middle) / unit) * unit
    return found if low < found < high else Fraction(middle)


def _written(factors: Sequence[tuple[str, Fraction]], slopes: Mapping[int, Fraction]) -> list[str]:
    signed = ((name, -s if name[0] in "dt" else s) for name, s in factors)  # conditions have upper ends
    words = [*signed, *((f"a{number}", a) for number, a in slopes.items())]
    return [word for name, s in words for word in (name, fraction_digits(s))]
