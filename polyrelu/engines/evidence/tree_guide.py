"""What floats propose for a tree: bounds, points and factors. Nothing is decided by it: all is proved in exact numbers.

Bounds are those of :meth:`~polyrelu.engines.evidence.tree_chain.Chain.at_inputs` in floats, for all neurons of a layer
at once. Factors come from a linear program in the inputs and in what open neurons return, with a ReLU between its
lines, whose multipliers are the proof that it has no point.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from polyrelu.arithmetic.exact import FloatArray, nearest_floats
from polyrelu.engines.evidence.tree_chain import Chain, Row
from polyrelu.networks.statement_text import Name

_MOST_VARIABLES = 4000


@dataclass
class Ranges:
    """Where floats take values to be: of inputs (place 0), and of what enters the ReLUs of each layer."""

    low: list[FloatArray]
    high: list[FloatArray]

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
    """Forms, k of them: for each layer (k, width), or None where they name nothing of it; constants (k,)."""

    parts: Sequence[FloatArray | None]
    constants: FloatArray


class Factors(NamedTuple):
    """What a linear program proposes: factors by the names of rows, and slopes of open neurons."""

    rows: Mapping[str, float]
    slopes: Mapping[int, float]


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

    def forms(self, rows: Sequence[Row]) -> Forms:
        """Rows in floats."""
        parts: list[FloatArray | None] = [None] * len(self.widths)
        for number, row in enumerate(rows):
            places = list(row.form)
            for (depth, i), value in zip(places, nearest_floats(row.form.values()), strict=True):
                own = parts[depth]
                if own is None:
                    own = parts[depth] = np.zeros((len(rows), self.widths[depth]))
                own[number, i] = value
        return Forms(parts, -nearest_floats([row.bound for row in rows]))

    def open_(self, ranges: Ranges, depth: int) -> NDArray[np.bool_]:
        """Which neurons of a layer have no sign and are seen."""
        return np.asarray(self.seen[depth - 1] & (ranges.low[depth] < 0) & (ranges.high[depth] > 0))

    def entering(self, depth: int, neurons: NDArray[np.intp]) -> Forms:
        """What enters neurons of a layer, as forms of what the layer before returns."""
        parts: list[FloatArray | None] = [None] * len(self.widths)
        parts[depth - 1] = self.weights[depth - 1][neurons]
        return Forms(parts, self.biases[depth - 1][neurons])

    def at_inputs(self, forms: Forms, ranges: Ranges) -> Forms:
        """Forms of inputs that are no larger; their constants are -inf where there is none."""
        count = len(forms.constants)
        constants, now = forms.constants.copy(), np.zeros((count, self.widths[-1]))
        for depth in range(len(self.weights), 0, -1):
            part = forms.parts[depth]
            now = now if part is None else now + part
            if not now.any():
                now = np.zeros((count, self.widths[depth - 1]))
                continue
            below, above, offset = self._lines(ranges, depth)
            falls = np.minimum(now, 0.0)
            with np.errstate(all="ignore"):
                constants += np.where(falls < 0, falls * offset, 0.0).sum(axis=1)
            now = np.where(now > 0, now * below, falls * above)
            constants += now @ self.biases[depth - 1]
            now = now @ self.weights[depth - 1]
        part = forms.parts[0]
        return Forms([now if part is None else now + part], constants)

    def least(self, forms: Forms, ranges: Ranges) -> tuple[FloatArray, FloatArray]:
        """Lower bounds of forms, and the slopes that they have at the inputs."""
        (slopes, *_), constants = self.at_inputs(forms, ranges)
        assert slopes is not None
        with np.errstate(all="ignore"):
            ends = np.where(slopes > 0, slopes * ranges.low[0], np.where(slopes < 0, slopes * ranges.high[0], 0.0))
        return np.nan_to_num(constants + ends.sum(axis=1), nan=-np.inf), slopes

    def costs(self, row: int, ranges: Ranges) -> list[FloatArray]:
        """For each layer how much a row of the target loses by what is open of its neurons."""
        found = [np.zeros(width) for width in self.widths[1:]]
        if not self.chain.target:
            return found
        now = np.zeros(self.widths[-1])
        for depth in range(len(self.weights), 0, -1):
            part = self.target.parts[depth]
            now = now if part is None else now + part[row]
            below, above, offset = self._lines(ranges, depth)
            with np.errstate(all="ignore"):
                low, high = ranges.low[depth], ranges.high[depth]
                gap = np.where(now < 0, offset, np.minimum(-low * below, high * (1.0 - below)))
                found[depth - 1] = np.nan_to_num(np.where(self.open_(ranges, depth), np.abs(now) * gap, 0.0))
            now = np.where(now > 0, now * below, now * above) @ self.weights[depth - 1]
        return found

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

    def refreshed(self, ranges: Ranges) -> list[tuple[int, Name, float]]:
        """Bound all open neurons anew, layer by layer; what is better by more than rounding, as (side, place, end)."""
        found = []
        for depth in range(1, len(self.widths)):
            neurons = np.flatnonzero(self.open_(ranges, depth))
            if not len(neurons):
                continue
            forms = self.entering(depth, neurons)
            for side in (1, -1):
                parts = [None if part is None else side * part for part in forms.parts]
                ends = self.least(Forms(parts, side * forms.constants), ranges)[0]
                old = (ranges.low if side > 0 else ranges.high)[depth][neurons]
                with np.errstate(all="ignore"):
                    better = ends - side * old > 1e-6 * (1e-30 + np.abs(ends))
                    better |= np.isinf(old) & np.isfinite(ends)
                for i, end in zip(neurons[better].tolist(), ends[better].tolist(), strict=True):
                    found.append((side, (depth, i), side * end))
                    ranges.put(side, (depth, i), side * end)
        return found

    def values(self, points: FloatArray) -> list[FloatArray]:
        """What enters the ReLUs of each layer at points, (points, width) each; first the points."""
        found, now = [points], points
        for weight, bias, mask in zip(self.weights, self.biases, self.masks, strict=True):
            now = now @ weight.T + bias
            found.append(now)
            now = np.where(mask, np.maximum(now, 0.0), now)
        return found

    # -- linear programs ----------------------------------------------------------------------------------------------

    def contradiction(self, ranges: Ranges, splits: Sequence[tuple[int, Name]]) -> Factors | None:
        """Factors that are likely to prove that a node has no point of the preimage."""
        program = _Program(self, ranges, splits)
        return None if program.width > _MOST_VARIABLES else program.factors()


class _Program:
    """Rows in the inputs and in what open neurons return, as arrays ``rows . v + constants <= 0``."""

    def __init__(self, guide: Guide, ranges: Ranges, splits: Sequence[tuple[int, Name]]) -> None:
        self.guide, self.ranges, self.splits = guide, ranges, splits
        dim = guide.widths[0]
        self.open = [np.flatnonzero(guide.open_(ranges, depth)) for depth in range(1, len(guide.widths))]
        self.width = dim + sum(map(len, self.open))

    def factors(self) -> Factors | None:
        """The program solved: the least s for which splits and target hold up to s."""
        from scipy.optimize import linprog  # takes a while to import

        hard, soft, names, slopes = self._rows()
        if not soft:
            return None
        rows = np.array([*soft, *hard])
        sizes = np.abs(rows[:, :-1]).max(axis=1, initial=0.0)
        sizes[sizes == 0] = 1.0
        rows /= sizes[:, None]
        give = np.zeros(len(rows))
        give[: len(soft)] = -1.0
        costs = np.zeros(self.width + 1)
        costs[-1] = 1.0
        dim = self.guide.widths[0]
        ends = [(low, high) for low, high in zip(self.ranges.low[0], self.ranges.high[0], strict=True)]
        ends += [(None, None)] * (self.width - dim) + [(-1.0, None)]
        found = linprog(costs, np.column_stack([rows[:, :-1], give]), -rows[:, -1], bounds=ends, method="highs")
        if found.status != 0 or not found.fun > 0:
            return None
        multipliers = np.maximum(-found.ineqlin.marginals, 0.0) / sizes
        named = dict[str, float]()
        for (name, sign), y in zip(names, multipliers.tolist(), strict=False):
            if y > 0:
                named[name] = named.get(name, 0.0) + sign * y
        return Factors(named, self._slopes(slopes, multipliers[len(soft) :]))

    def _slopes(self, places: Mapping[int, tuple[int, int]], multipliers: FloatArray) -> dict[int, float]:
        found = {}
        for number, (flat, steep) in places.items():
            whole = multipliers[flat] + multipliers[steep]
            if whole > 0:
                found[number] = float(multipliers[steep] / whole)
        return found

    def _rows(
        self,
    ) -> tuple[
        list[FloatArray],
        list[FloatArray],
        list[tuple[str, int]],
        dict[int, tuple[int, int]],
    ]:
        """Rows that hold always and rows that are given some room, names of the latter, and where open neurons are."""
        guide, ranges, dim = self.guide, self.ranges, self.guide.widths[0]
        now, column = np.eye(dim, self.width + 1), dim
        values, entered = [now], [now]
        hard: list[FloatArray] = []
        slopes = dict[int, tuple[int, int]]()
        for depth in range(1, len(guide.widths)):
            z = guide.weights[depth - 1] @ now
            z[:, -1] += guide.biases[depth - 1]
            entered.append(z)
            low, high, mask = ranges.low[depth], ranges.high[depth], guide.masks[depth - 1]
            now = np.where((mask & ((high <= 0) | ((low < 0) & (high > 0))))[:, None], 0.0, z)
            for i in self.open[depth - 1].tolist():
                h = np.zeros(self.width + 1)
                h[column], now[i, column], column = 1.0, 1.0, column + 1
                slopes[guide.chain.numbers[depth, i]] = len(hard), len(hard) + 1
                hard += [-h, z[i] - h]
                if np.isfinite(low[i]) and np.isfinite(high[i]):
                    m = high[i] / (high[i] - low[i])
                    above = h - m * z[i]
                    above[-1] += m * low[i]
                    hard.append(above)
            values.append(now)
        soft: list[FloatArray] = []
        names: list[tuple[str, int]] = []
        for side, (depth, i) in self.splits:
            if depth:
                soft.append(-side * entered[depth][i])
                names.append((f"n{guide.chain.numbers[depth, i]}", side))
        for letter, rows in (("d", guide.chain.domain), ("t", guide.chain.target)):
            forms = guide.forms(rows)
            for number, row in enumerate(rows):
                if letter == "d" and len(row.form) < 2:
                    continue
                whole = np.zeros(self.width + 1)
                for depth, part in enumerate(forms.parts):
                    if part is not None:
                        whole += part[number] @ values[depth]
                whole[-1] += forms.constants[number]
                for sign in (1, -1) if row.relation == "==" else (1,):
                    soft.append(sign * whole)
                    names.append((f"{letter}{number}", sign))
        return hard, soft, names, slopes
