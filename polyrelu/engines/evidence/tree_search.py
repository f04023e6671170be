r"""Trees, found: a domain is divided until each part has a proof, or is a tile (``certificates/FORMAT.md``, section 7).

Floats propose what is to be proved (:mod:`polyrelu.engines.evidence.tree_guide`), and exact numbers prove it
(:mod:`polyrelu.engines.evidence.tree_proofs`). A split whose sign the proof of one part does not use is left out, with
the other part.

For a verdict, neurons or inputs are split that bounds depend on most. For a preimage, neurons are split layer by layer,
and only those that divide their node: that is decided by points, by linear programs in floats whose multipliers prove
it exactly, and else by exact linear programs. So each tile is one leaf.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction

import numpy as np

from polyrelu.arithmetic import float_lp
from polyrelu.arithmetic.exact import FloatArray, to_float
from polyrelu.engines.evidence.tree_chain import Chain, name_of
from polyrelu.engines.evidence.tree_guide import Guide, Ranges
from polyrelu.engines.evidence.tree_program import Leaf, Program
from polyrelu.engines.evidence.tree_proofs import Claim, Factors, Node, Proofs, Side, improve
from polyrelu.errors import BudgetExceeded
from polyrelu.networks.statement_text import Name
from polyrelu.support.limits import check
from polyrelu.support.numerals import fraction_digits

_FEW_INPUTS = 8  # so many inputs are split rather than neurons, for a verdict
_RIPE = 12  # so many open neurons are split rather than inputs
_MOST_HALVES = 40  # of inputs, on the way to a node
_DEEPEST = 150
_ROOM = 2.0**-23  # of a point that is believed to be inside
_MARGIN = 2.0**-30
_BITS = (6, 12, 24, 45)  # of factors
_POINTS = 64
_TRIES, _SHARE = 32, 0.25  # to do with fewer ends, which leave at least this share of a bound
_SEED = 20


class Reached(Exception):
    """A target is reached, or floats take it to be."""


class Search:
    """The search for the tree of one target, or of the regions.

    Args:
        chain: the question.
        is_verdict: whether to show that nothing is in the target.
        limit: the most nodes.
        shared: ends that are proved of the domain; what is proved of it joins them.

    Attributes:
        nodes, leaves: how many there are.
    """

    def __init__(self, chain: Chain, is_verdict: bool, limit: int, shared: dict[Side, Fraction]) -> None:
        self.chain, self.is_verdict, self.limit, self.shared = chain, is_verdict, limit, shared
        self.guide, self.program, self.proofs = Guide(chain), Program(chain), Proofs(chain)
        self.nodes = self.leaves = 0

    def lines(self) -> list[str]:
        """The lines of the tree.

        Raises:
            Reached: something is in the target, or is taken to be by floats, and it was to be shown that nothing is.
            BudgetExceeded: there are too many nodes.
        """
        root = self._root()
        if self.is_verdict:
            self._see_what_is_reached(root.points)
        lines = self._grown(root)
        for claim in root.claims:
            if claim.is_needed and claim.side is not None:
                improve(self.shared, claim.side, claim.end)
        return lines

    # -- nodes --------------------------------------------------------------------------------------------------------

    def _root(self) -> Node:
        """The domain, with some of its points."""
        ends = dict(self.shared)
        for row in self.chain.domain:
            if len(row.form) == 1:
                [(place, a)] = row.form.items()
                for side in (1, -1) if row.relation == "==" else (-1 if a > 0 else 1,):
                    improve(ends, (side, place), row.bound / a)
        ranges = Ranges.unknown(self.guide.widths)
        for one, end in ends.items():
            ranges.put(*one, to_float(end))
        low, high = ranges.low[0], ranges.high[0]
        points = np.empty((0, len(low)))
        if ranges.is_box:
            drawn = np.random.default_rng(_SEED).uniform(low, high, (_POINTS, len(low)))
            values = drawn @ self._general[:, :-1].T + self._general[:, -1]
            points = drawn[(values < -_margin(values)).all(axis=1)]
        return Node((), {}, ends, {}, {}, ranges, points, self._general)

    @property
    def _general(self) -> FloatArray:
        """The domain's inequalities about more than one input, ``rows . x + constant <= 0``."""
        return self.guide.on_inputs([self.chain.domain[k] for k in self._general_numbers])

    @property
    def _general_numbers(self) -> list[int]:
        return [k for k, row in enumerate(self.chain.domain) if len(row.form) > 1 and row.relation != "=="]

    def _part(self, node: Node, side: int, place: Name, value: Fraction) -> Node:
        """The part of a node on which a value is on one side."""
        if self.is_verdict or not place[0]:
            return node.part((side, place), value, node.points, node.rows)
        values = self.guide.values(node.points)[place[0]][:, place[1]]
        points = node.points[side * values > _margin(values)]
        return node.part((side, place), value, points, np.vstack([node.rows, -side * self._row(node, place)]))

    def _row(self, node: Node, place: Name) -> FloatArray:
        """What enters a neuron as ``row . x + constant``, (d + 1,), where the layers before have signs."""
        forms = self.guide.at_inputs(self.guide.entering(place[0], np.array([place[1]])), node.ranges)
        return np.append(forms.parts[0][0], forms.constants[0])

    def _grown(self, node: Node) -> list[str]:
        """The lines of a node and of all that is below it."""
        check()
        self.nodes += 1
        if self.nodes > self.limit or len(node.splits) > _DEEPEST:
            raise BudgetExceeded(
                f"trees: there would be more than {self.limit} nodes, or {_DEEPEST} splits on the way to one; make the "
                "domain smaller"
            )
        self.proofs.path.append(node)
        try:
            self._look(node)
            below = self._below(node)
        finally:
            self.proofs.path.pop()
        return [*(claim.text for claim in node.claims if claim.is_needed), *below]

    def _look(self, node: Node) -> None:
        """Let floats bound what is open on a node."""
        node.before = node.ranges.copy(), dict(node.promised)
        for side in self.guide.refresh(node.ranges):
            node.promise(side)

    def _below(self, node: Node) -> list[str]:
        """What ends a node, or the parts in which it is divided."""
        missed = self._missed(node)
        if missed is not None:
            return self._ended(missed)
        if self.is_verdict and self.guide.open_count(node.ranges):
            return self._divided_for_a_verdict(node)
        contradicted = self._contradicted(node) if not self.guide.open_count(node.ranges) else None
        return self._divided(node) if contradicted is None else self._ended(contradicted)

    def _ended(self, leaf: Claim) -> list[str]:
        self.leaves += 1
        leaf.need()
        return [leaf.text]

    def _halved(self, node: Node, place: Name, value: Fraction) -> list[str]:
        """A node by its two parts, or by one whose proof is one of all of it."""
        written = list[str]()
        for side in (-1, 1):
            part = self._part(node, side, place, value)
            lines = self._grown(part)
            if not part.is_used:
                return lines
            written += lines
        return [f"split {name_of(place)}{'' if place[0] else f' {fraction_digits(value)}'}", *written]

    # -- nothing is there ---------------------------------------------------------------------------------------------

    def _missed(self, node: Node) -> Claim | None:
        """The end of a node that the bound of one row of the target excludes."""
        for sign in (1, -1):
            least, _ = self.guide.least(self.guide.target.times(sign), node.ranges)
            for number in np.flatnonzero(least > 0).tolist():
                if sign > 0 or self.chain.target[number].relation == "==":
                    found = self._excluded(node, number, sign)
                    if found is not None:
                        return found
        return None

    def _excluded(self, node: Node, number: int, sign: int) -> Claim | None:
        """The end of a node by one row of the target: by few of the ends that floats have found here, or by all."""
        factors, ranges = Factors({f"t{number}": Fraction(sign)}), node.ranges
        idle = self._keep_few_promises(node, number, sign)
        found = self.proofs.none(node, factors)
        if found is None and idle:
            node.ranges = ranges
            for side in idle:
                node.promise(side)
            found = self.proofs.none(node, factors)
        return found

    def _keep_few_promises(self, node: Node, number: int, sign: int) -> list[Side]:
        """Take back ends that floats have found here, as long as a row of the target keeps a share of its bound.

        Returns:
            What was taken back.
        """
        assert node.before is not None, "floats have looked at it"
        before, row, promised = node.before[0], self.guide.row_of_target(number, sign), node.own_promises()
        enough = _SHARE * self.guide.least(row, node.ranges)[0]
        kept, size, tries = promised, len(promised), 0
        while size and tries < _TRIES:
            at = 0
            while at < len(kept) and tries < _TRIES:
                fewer, ranges, tries = [*kept[:at], *kept[at + size :]], before.copy(), tries + 1
                self.guide.refresh(ranges, set(fewer))
                if self.guide.least(row, ranges)[0] >= enough:
                    kept = fewer
                    node.promise_only(kept, ranges)
                else:
                    at += size
            size //= 2
        return [side for side in promised if side not in set(kept)]

    def _contradicted(self, node: Node) -> Claim | None:
        """The end of a node that a linear program excludes, in the fewest digits."""
        found = self.guide.contradiction(node.ranges, node.splits) if self.chain.target else None
        if found is not None:
            for factors in _shorter_and_longer(found.rows, found.slopes):
                leaf = self.proofs.none(node, factors)
                if leaf is not None:
                    return self._without_idle_factors(node, factors, leaf)
        return None

    def _without_idle_factors(self, node: Node, factors: Factors, leaf: Claim) -> Claim:
        """The same without the factors that are not needed, the smallest first."""
        for name in sorted(factors.rows, key=lambda name: abs(factors.rows[name])):
            fewer = factors._replace(rows={key: s for key, s in factors.rows.items() if key != name})
            shorter = self.proofs.none(node, fewer)
            if shorter is not None:
                factors, leaf = fewer, shorter
        return leaf

    # -- for a verdict ------------------------------------------------------------------------------------------------

    def _see_what_is_reached(self, points: FloatArray) -> None:
        """Raise ``Reached`` if floats take one of some points to be in the target, and well inside."""
        values = self.guide.of_target(points)
        margins = _margin(values)
        if len(points) and self.chain.target:
            equal = np.array([row.relation == "==" for row in self.chain.target])
            inside = np.where(equal, False, values < -margins)
            if inside.all(axis=1).any():
                raise Reached

    def _divided_for_a_verdict(self, node: Node) -> list[str]:
        ranges = node.ranges
        few = int((ranges.low[0] < ranges.high[0]).sum()) <= _FEW_INPUTS
        if few and ranges.is_box and self.guide.open_count(ranges) > _RIPE and len(node.splits) < _MOST_HALVES:
            place, value = self._input_to_split(node)
            if value is not None:
                return self._halved(node, place, value)
        contradicted = self._contradicted(node)
        if contradicted is not None:
            return self._ended(contradicted)
        return self._halved(node, self.guide.costliest(node.ranges), Fraction(0))

    def _input_to_split(self, node: Node) -> tuple[Name, Fraction | None]:
        """The input that moves the row that is nearest to being proved the most, and its middle, if it has one."""
        least, slopes = self.guide.least(self.guide.target, node.ranges)
        low, high = node.ranges.low[0], node.ranges.high[0]
        if not self._general_numbers:
            self._see_what_is_reached(np.vstack([0.5 * low + 0.5 * high, np.where(slopes > 0, low, high)]))
        moves = np.abs(slopes[int(np.argmax(least))]) * (high - low)
        j = int(np.argmax(np.where(high > low, np.nan_to_num(moves), -1.0)))
        return (0, j), _middle(float(low[j]), float(high[j]))

    # -- for a preimage -----------------------------------------------------------------------------------------------

    def _divided(self, node: Node) -> list[str]:
        """A node whose first open layer is decided neuron by neuron."""
        depth = self._first_open(node)
        if depth is None:
            return self._leaf(node)
        if self.is_verdict:  # floats were wrong about signs
            return self._divided_for_a_verdict(node)
        while True:
            open_ = np.flatnonzero(self.guide.open_(node.ranges, depth))
            if not len(open_):
                self._look(node)
                return self._below(node)
            values = self.guide.values(node.points)[depth][:, open_]
            sides = {side: (side * values > _margin(values)).sum(axis=0) for side in (-1, 1)}
            doubtful = next(self._doubtful(node, depth, open_.tolist(), sides), None)
            if doubtful is None:
                even = int(np.argmax(np.minimum(sides[-1], sides[1])))
                return self._halved(node, (depth, int(open_[even])), Fraction(0))
            self._decide(node, *doubtful)

    def _first_open(self, node: Node) -> int | None:
        """The first layer with a neuron that matters and has no sign; what is promised of those before is proved."""
        for depth, seen in enumerate(self.chain.seen, 1):
            for i in seen:
                self.proofs.keep(node, (depth, i))
            if self.guide.open_(node.ranges, depth).any():
                return depth
        return None

    @staticmethod
    def _doubtful(node: Node, depth: int, open_: list[int], sides: Mapping[int, FloatArray]) -> Iterator[Side]:
        """Signs of open neurons of which it is not known that they are had inside a node."""
        for side, counts in sides.items():
            for i, count in zip(open_, counts.tolist(), strict=True):
                if not count and (side, (depth, i)) not in node.there:
                    yield side, (depth, i)

    def _decide(self, node: Node, side: int, place: Name) -> None:
        """Find out whether a neuron has a sign inside a node; if not, prove that it has the other one or is 0."""
        factors = self._believed(node, side, place)
        if factors is None:
            proof = None if (side, place) in node.there else self.program.most(node, side, place)
            factors = None if proof is None else Factors(proof.factors)
        if factors is None:
            node.there.add((side, place))
        else:
            self.proofs.bound(node, (-side, place), factors)
            self.proofs.keep(node, place)

    def _believed(self, node: Node, side: int, place: Name) -> Factors | None:
        """The same by a linear program in floats: factors that prove it, or a point that is kept, or nothing."""
        low, high = node.ranges.low[0], node.ranges.high[0]
        free = low < high
        if not (node.ranges.is_box and free.any()):
            return None
        rows = np.vstack([node.rows, -side * self._row(node, place)])
        constants = rows[:, -1] + rows[:, :-1][:, ~free] @ low[~free]
        found = float_lp.most_room(rows[:, :-1][:, free], constants, low[free], high[free])
        if found is None:
            return None
        if found.room > 0:
            point = low.copy()
            point[free] = found.point
            if (rows[:, :-1] @ point + rows[:, -1] < -_ROOM * np.abs(rows[:, :-1]).max(axis=1, initial=0.0)).all():
                node.points = np.vstack([node.points, point])
                node.there.add((side, place))
            return None
        *shares, own = found.multipliers.tolist()
        if not own > 0:
            return None
        names = [(f"d{k}", 1) for k in self._general_numbers]
        names += [(name_of(at), -one) for one, at in node.splits if at[0]]
        factors = {name: sign * y / own for (name, sign), y in zip(names, shares, strict=True) if y > 0}
        row = [(Fraction(-side), self.chain.row(place))]
        for proposed in _shorter_and_longer(factors, {}):
            bound, _ = self.proofs.least(node, row, proposed)
            if bound is not None and bound >= 0:
                return proposed
        return None

    def _leaf(self, node: Node) -> list[str]:
        """The end of a node on which all neurons that matter have signs."""
        found = self.program.leaf(node)
        if isinstance(found, Leaf) and self.is_verdict:
            raise Reached
        if not isinstance(found, Leaf):
            leaf = self.proofs.none(node, Factors(found.factors))
            assert leaf is not None, "an exact program proves it"
            return self._ended(leaf)
        signs = self.proofs.signs(node)
        for place in node.begun:
            node.use(place)
        is_part = any(not place[0] for place in node.begun)
        words = ["rest"] if found.point is None or is_part else ["tile", *map(fraction_digits, found.point)]
        return self._ended(Claim(" ".join(words), signs))


def _margin(values: FloatArray) -> FloatArray:
    """What floats may be wrong by, about: nothing is decided by it."""
    return np.asarray(_MARGIN * (1.0 + np.abs(values)))


def _shorter_and_longer(rows: Mapping[str, float], slopes: Mapping[Name, float]) -> Iterator[Factors]:
    """Numbers near floats, of more and more digits."""
    for bits in _BITS:
        factors = {name: short for name, s in rows.items() if (short := _short(s, bits))}
        yield Factors(factors, {place: min(_short(a, bits), Fraction(1)) for place, a in slopes.items() if a > 0})


def _short(value: float, bits: int) -> Fraction:
    """A number near a float, of so many binary digits; 0 if it is not finite."""
    if not np.isfinite(value):
        return Fraction(0)
    unit = Fraction(2) ** (int(np.frexp(value)[1]) - bits)
    return round(Fraction(value) / unit) * unit


def _middle(low: float, high: float) -> Fraction | None:
    """A number of few digits near the middle of an interval; None if there is no float inside."""
    middle = 0.5 * low + 0.5 * high
    if not low < middle < high:
        return None
    unit = Fraction(2) ** (int(np.frexp(high - low)[1]) - 4)
    found = round(Fraction(middle) / unit) * unit
    return found if low < found < high else Fraction(middle)
