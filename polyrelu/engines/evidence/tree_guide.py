"""What floats propose for a tree: bounds, points and factors. Nothing is decided by it: all is proved in exact numbers.

Bounds are those of :meth:`~polyrelu.engines.evidence.tree_chain.Chain.at_inputs` in floats, for all neurons of a layer
at once. Factors come from a linear program in the inputs and in what open neurons return, with a ReLU between its
lines, whose multipliers are the proof that it has no point.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from polyrelu.arithmetic.exact import FloatArray, nearest_floats
from polyrelu.engines.evidence.tree_chain import Chain, Row, name_of
from polyrelu.networks.statement_text import Name

_MOST_VARIABLES = 4000
_GAIN = 0.05  # of the width of a range, by which a new end has to be better


@dataclass
class Ranges:
    """Where floats take values to be: of inputs (place 0), and of what enters the ReLUs of each layer."""

    low: list[FloatArray]
    high: list[FloatArray]

    @classmethod
    def unknown(cls, widths: Sequence[int]) -> Ranges:
        """Nothing is known of layers of these widths, the inputs first."""
        return cls([np.full(n, -np.inf) for n in widths], [np.full(n, np.inf) for n in widths])

    @property
    def is_box(self) -> bool:
        """Whether inputs are between ends that are finite and in order."""
        low, high = self.low[0], self.high[0]
        return bool((np.isfinite(low) & np.isfinite(high) & (low <= high)).all())

    def copy(self) -> Ranges:
        """The same, to be changed."""
        return Ranges([own.copy() for own in self.low], [own.copy() for own in self.high])

    def put(self, side: int, place: Name, value: float) -> None:
        """Let a value end at another place, if that is better."""
        depth, i = place
        if side > 0:
            self.low[depth][i] = max(self.low[depth][i], value)
        else:
            self.high[depth][i] = min(self.high[depth][i], value)


class Forms(NamedTuple):
    """Forms, k of them: for each layer (k, width), the inputs first; constants (k,)."""

    parts: Sequence[FloatArray]
    constants: FloatArray

    def times(self, s: float) -> Forms:
        """The forms times a number."""
        return Forms([s * part for part in self.parts], s * self.constants)


class Proposal(NamedTuple):
    """What a linear program proposes: factors by the names of rows, and slopes of open neurons."""

    rows: Mapping[str, float]
    slopes: Mapping[Name, float]


class Guide:
    """The network in floats."""

    def __init__(self, chain: Chain) -> None:
        self.chain = chain
        self.widths = [chain.input_dim, *(layer.output_dim for layer in chain.layers)]
        self.weights = [layer.float_weight for layer in chain.layers]
        self.biases = [layer.float_bias for layer in chain.layers]
        self.masks = [np.array(layer.relu, dtype=np.bool_) for layer in chain.layers]
        self.seen = []
        for own, width in zip(chain.seen, self.widths[1:], strict=True):
            mask = np.zeros(width, dtype=np.bool_)
            mask[own] = True
            self.seen.append(mask)

    @cached_property
    def target(self) -> Forms:
        """The rows of the target."""
        return self.forms(self.chain.target)

    def row_of_target(self, number: int, sign: int) -> Forms:
        """One row of the target, or its negative."""
        parts, constants = self.target
        return Forms([sign * part[number : number + 1] for part in parts], sign * constants[number : number + 1])

    def forms(self, rows: Sequence[Row]) -> Forms:
        """Rows in floats."""
        parts = self._nothing(len(rows))
        for number, row in enumerate(rows):
            for (depth, i), value in zip(row.form, nearest_floats(row.form.values()), strict=True):
                parts[depth][number, i] = value
        return Forms(parts, -nearest_floats([row.bound for row in rows]))

    def on_inputs(self, rows: Sequence[Row]) -> FloatArray:
        """Rows that are about inputs alone, as (k, d + 1), with the constant last."""
        forms = self.forms(rows)
        return np.column_stack([forms.parts[0], forms.constants])

    def _nothing(self, count: int) -> list[FloatArray]:
        return [np.zeros((count, width)) for width in self.widths]

    def open_(self, ranges: Ranges, depth: int) -> NDArray[np.bool_]:
        """Which neurons of a layer have no sign and are seen."""
        return np.asarray(self.seen[depth - 1] & (ranges.low[depth] < 0) & (ranges.high[depth] > 0))

    def open_count(self, ranges: Ranges) -> int:
        """How many there are in all layers."""
        return sum(int(self.open_(ranges, depth).sum()) for depth in range(1, len(self.widths)))

    def entering(self, depth: int, neurons: NDArray[np.intp]) -> Forms:
        """What enters neurons of a layer, as forms of what the layer before returns."""
        parts = self._nothing(len(neurons))
        parts[depth - 1] = self.weights[depth - 1][neurons]
        return Forms(parts, self.biases[depth - 1][neurons])

    def at_inputs(self, forms: Forms, ranges: Ranges) -> Forms:
        """Forms of inputs that are no larger; their constants are -inf where there are none."""
        constants, now = forms.constants.copy(), forms.parts[-1]
        for depth in range(len(self.weights), 0, -1):
            if now.any():
                below, above, offset = self._lines(ranges, depth)
                falls = np.minimum(now, 0.0)
                with np.errstate(all="ignore"):
                    constants += np.where(falls < 0, falls * offset, 0.0).sum(axis=1)
                now = np.where(now > 0, now * below, falls * above)
                constants += now @ self.biases[depth - 1]
                now = now @ self.weights[depth - 1] + forms.parts[depth - 1]
            else:
                now = forms.parts[depth - 1]
        return Forms([now], constants)

    def least(self, forms: Forms, ranges: Ranges) -> tuple[FloatArray, FloatArray]:
        """Lower bounds of forms, and the slopes that they have at the inputs."""
        (slopes,), constants = self.at_inputs(forms, ranges)
        with np.errstate(all="ignore"):
            ends = np.where(slopes > 0, slopes * ranges.low[0], np.where(slopes < 0, slopes * ranges.high[0], 0.0))
            return np.nan_to_num(constants + ends.sum(axis=1), nan=-np.inf), slopes

    def refresh(self, ranges: Ranges, only: Collection[tuple[int, Name]] | None = None) -> list[tuple[int, Name]]:
        """Bound open neurons anew, layer by layer, or ``only`` some sides of them; which ends are better by now."""
        found = []
        for depth in range(1, len(self.widths)):
            is_open = self.open_(ranges, depth)
            for side, own in ((1, ranges.low[depth]), (-1, ranges.high[depth])):
                chosen = is_open if only is None else is_open & self._are_among(only, side, depth)
                neurons = np.flatnonzero(chosen)
                if not len(neurons):
                    continue
                ends = side * self.least(self.entering(depth, neurons).times(side), ranges)[0]
                known = own[neurons]
                with np.errstate(all="ignore"):
                    gain = side * (ends - known)
                    much = np.isinf(known) | (gain > _GAIN * (ranges.high[depth] - ranges.low[depth])[neurons])
                better = np.isfinite(ends) & (much | (side * ends >= 0))
                own[neurons[better]] = ends[better]
                found += [(side, (depth, i)) for i in neurons[better].tolist()]
        return found

    def _are_among(self, only: Collection[tuple[int, Name]], side: int, depth: int) -> NDArray[np.bool_]:
        mask = np.zeros(self.widths[depth], dtype=np.bool_)
        mask[[i for one, (layer, i) in only if one == side and layer == depth]] = True
        return mask

    def values(self, points: FloatArray) -> list[FloatArray]:
        """What enters the ReLUs of each layer at points, (points, width) each; first the points."""
        found, now = [points], points
        for weight, bias, mask in zip(self.weights, self.biases, self.masks, strict=True):
            found.append(now @ weight.T + bias)
            now = np.where(mask, np.maximum(found[-1], 0.0), found[-1])
        return found

    def of_target(self, points: FloatArray) -> FloatArray:
        """The rows of the target at points, (points, rows)."""
        parts, constants = self.target
        entering = self.values(points)
        returned = [points]
        for depth, mask in enumerate(self.masks, 1):
            returned.append(np.where(mask, np.maximum(entering[depth], 0.0), entering[depth]))
        products = [own @ part.T for own, part in zip(returned, parts, strict=True)]
        return np.asarray(sum(products) + constants)

    def costliest(self, ranges: Ranges) -> Name:
        """The open neuron that costs most, between its lines, of the row that is nearest to being proved."""
        row = int(np.argmax(self.least(self.target, ranges)[0]))
        now, best = self.target.parts[-1][row], (-1.0, (0, 0))
        for depth in range(len(self.weights), 0, -1):
            below, above, offset = self._lines(ranges, depth)
            low, high = ranges.low[depth], ranges.high[depth]
            with np.errstate(all="ignore"):
                gaps = np.where(now < 0, offset, np.minimum(-low * below, high * (1.0 - below)))
                costs = np.nan_to_num(np.where(now == 0, 0.0, np.abs(now) * gaps))
            for i in np.flatnonzero(self.open_(ranges, depth)).tolist():
                best = max(best, (float(costs[i]), (depth, i)))
            now = (
                np.where(now > 0, now * below, now * above) @ self.weights[depth - 1]
                + self.target.parts[depth - 1][row]
            )
        return best[1]

    def _lines(self, ranges: Ranges, depth: int) -> tuple[FloatArray, FloatArray, FloatArray]:
        low, high, mask = ranges.low[depth], ranges.high[depth], self.masks[depth - 1]
        active, silent = ~mask | ((low >= 0) & (high > 0)), mask & (high <= 0)
        open_ = ~active & ~silent
        with np.errstate(all="ignore"):
            slope = np.where(open_, np.nan_to_num(high / (high - low)), 0.0)
            above = np.where(active, 1.0, slope)
            below = np.where(active | (open_ & (high >= -low) & np.isfinite(low)), 1.0, 0.0)
            offset = np.where(open_, np.where(np.isfinite(low) & np.isfinite(high), -slope * low, np.inf), 0.0)
        return below, above, offset

    def contradiction(self, ranges: Ranges, splits: Sequence[tuple[int, Name]]) -> Proposal | None:
        """Factors that are likely to prove that a node has no point of the preimage."""
        program = _Program(self, ranges, splits)
        return None if program.width > _MOST_VARIABLES else program.proposal()


class _Program:
    """Rows ``rows . v + constant <= 0`` in the inputs and in what open neurons return, the constant last.

    Attributes:
        hard: lines around ReLUs, which hold always; for each open neuron first those from below.
        soft: what is given some room, the same for all: splits, conditions of the domain and of the target.
        names: of the latter, with the sign that factors have.
    """

    def __init__(self, guide: Guide, ranges: Ranges, splits: Sequence[tuple[int, Name]]) -> None:
        self.guide, self.ranges = guide, ranges
        self.open = [np.flatnonzero(guide.open_(ranges, depth)) for depth in range(1, len(guide.widths))]
        self.width = guide.widths[0] + sum(map(len, self.open))
        self.hard, self.soft = list[FloatArray](), list[FloatArray]()
        self.names = list[tuple[str, int]]()
        self.flat = dict[Name, int]()  # for open neurons, where the line 0 is among the hard rows
        self.splits = splits

    def proposal(self) -> Proposal | None:
        """The program solved: the least s for which all that is soft holds up to s; None if it is not positive."""
        from scipy.optimize import linprog  # takes a while to import

        self._write()
        if not self.soft:
            return None
        rows = np.array([*self.soft, *self.hard])
        lengths = np.abs(rows[:, :-1]).max(axis=1, initial=0.0)
        lengths[lengths == 0] = 1.0
        rows /= lengths[:, None]
        room = np.where(np.arange(len(rows)) < len(self.soft), -1.0, 0.0)
        costs = np.append(np.zeros(self.width), 1.0)
        ends = [*zip(self.ranges.low[0], self.ranges.high[0], strict=True)]
        ends += [(None, None)] * (self.width - len(ends)) + [(-1.0, None)]
        if not np.isfinite(rows).all():
            return None
        found = linprog(costs, np.column_stack([rows[:, :-1], room]), -rows[:, -1], bounds=ends, method="highs")
        if found.status != 0 or not found.fun > 0:
            return None
        multipliers = np.maximum(-found.ineqlin.marginals, 0.0) / lengths
        factors = dict[str, float]()
        for (name, sign), y in zip(self.names, multipliers.tolist(), strict=False):
            if y > 0:
                factors[name] = factors.get(name, 0.0) + sign * y
        return Proposal(factors, self._slopes(multipliers[len(self.soft) :]))

    def _slopes(self, multipliers: FloatArray) -> dict[Name, float]:
        """What the two lines below each ReLU make of each other."""
        pairs = {place: multipliers[at : at + 2] for place, at in self.flat.items()}
        return {place: float(own[1] / own.sum()) for place, own in pairs.items() if own.sum() > 0}

    def _write(self) -> None:
        entered, returned = self._layers()
        for side, (depth, i) in self.splits:
            if depth:
                self._give_room(-side * entered[depth][i], name_of((depth, i)), -side)
        for letter, rows in (("d", self.guide.chain.domain), ("t", self.guide.chain.target)):
            forms = self.guide.forms(rows)
            for number, row in enumerate(rows):
                if letter == "d" and len(row.form) < 2:
                    continue
                whole = np.zeros(self.width + 1)
                for part, own in zip(forms.parts, returned, strict=True):
                    whole += part[number] @ own
                whole[-1] += forms.constants[number]
                for sign in (1, -1) if row.relation == "==" else (1,):
                    self._give_room(sign * whole, f"{letter}{number}", sign)

    def _give_room(self, row: FloatArray, name: str, sign: int) -> None:
        self.soft.append(row)
        self.names.append((name, sign))

    def _layers(self) -> tuple[list[FloatArray], list[FloatArray]]:
        """What enters the ReLUs of each layer, and what it returns, as rows; lines around open ones are written."""
        guide, column = self.guide, self.guide.widths[0]
        now = np.eye(column, self.width + 1)
        entered, returned = [now], [now]
        for depth in range(1, len(guide.widths)):
            z = guide.weights[depth - 1] @ now
            z[:, -1] += guide.biases[depth - 1]
            low, high = self.ranges.low[depth], self.ranges.high[depth]
            now = np.where((guide.masks[depth - 1] & (high <= 0))[:, None], 0.0, z)
            for i in self.open[depth - 1].tolist():
                h = np.zeros(self.width + 1)
                h[column], column = 1.0, column + 1
                now[i] = h
                self._enclose((depth, i), z[i], h, low[i], high[i])
            entered.append(z)
            returned.append(now)
        return entered, returned

    def _enclose(self, place: Name, z: FloatArray, h: FloatArray, low: float, high: float) -> None:
        """Write the lines around one ReLU."""
        self.flat[place] = len(self.hard)
        self.hard += [-h, z - h]
        if np.isfinite(low) and np.isfinite(high):
            with np.errstate(all="ignore"):
                m = high / (high - low)
                above = h - m * z
                above[-1] += m * low
            self.hard.append(above)
