r"""Points first: floats that say where a network is likely to break a property, each held against it exactly.

How well a point breaks a target :math:`\{y : a_i y \le b_i\}` is its *margin*, the least :math:`b_i - a_i y`, rows
scaled. Points are drawn from the domain's box. The best of them climb along the gradient of the row that makes the
margin, which finds most in many dimensions, and have children, which scatter less from one generation to the next,
because a least of several functions has no gradient worth following. What has a margin that is not clearly negative is
evaluated in exact arithmetic. Where there are equations, the best point is moved onto them first
(:mod:`polyrelu.analysis.equations`). So what is found is certain, and what is not found proves nothing. Everything is
drawn with one seed: the same question has the same answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import NamedTuple

import numpy as np

from polyrelu.analysis.equations import Equations
from polyrelu.arithmetic.exact import ExactVector, FloatArray, float_quotients
from polyrelu.bounds.linear import Places
from polyrelu.bounds.reach import float_ends
from polyrelu.networks.network import Network
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support.limits import check

_SEED = 186
_FAR = 2.0**20  # how far points are drawn where a domain has no end
_NEAR = -(2.0**-30)  # margins from which on a point is worth an exact evaluation
_IN_CUBE = 64  # points
_CLIMBERS, _STEPS, _TRIED = 16, 8, 4
_WALKED = 32  # steps
_FURTHER = 1.0 + 2.0**-10  # than to where a margin seems to be zero


class Example(NamedTuple):
    """A counterexample: a point of the domain that is mapped into the target; exact.

    Attributes:
        point: in the domain.
        value: its output, in the target.
    """

    point: ExactVector
    value: ExactVector


class _Evaluated(NamedTuple):
    """Points, (p, d), and what floats say of them.

    Attributes:
        points: themselves.
        entered: what enters the ReLUs of each layer, (p, n).
        margins: how deep in the target they are mapped, (p,).
        worst: the rows that make the margins, (p,).
    """

    points: FloatArray
    entered: list[FloatArray]
    margins: FloatArray
    worst: Places

    def at(self, places: Places) -> _Evaluated:
        """Some of the points."""
        entered = [own[places] for own in self.entered]
        return _Evaluated(self.points[places], entered, self.margins[places], self.worst[places])


@dataclass(frozen=True, eq=False)
class Candidates:
    """Looks for counterexamples by points.

    Attributes:
        network: R^d -> R^m.
        domain: a set in R^d.
        target: a set in R^m that no point of the domain may be mapped into.
    """

    network: Network
    domain: Polyhedron
    target: Polyhedron

    @cached_property
    def _random(self) -> np.random.Generator:
        return np.random.default_rng(_SEED)

    @cached_property
    def _ends(self) -> tuple[FloatArray, FloatArray]:
        """Ends of a box inside of the domain's, or just beside it where that is thinner than floats."""
        low, high = float_ends(self.domain.sides)
        middle = _near_zero(low, high)
        low = np.where(np.isfinite(low), np.nextafter(np.nextafter(low, np.inf), np.inf), middle - _FAR)
        high = np.where(np.isfinite(high), np.nextafter(np.nextafter(high, -np.inf), -np.inf), middle + _FAR)
        return low, np.maximum(low, high)

    @cached_property
    def _rows(self) -> tuple[FloatArray, FloatArray]:
        """The target's rows, scaled: normals and offsets; equalities as two rows."""
        return _scaled(self.target)

    @cached_property
    def _equations(self) -> Equations:
        return Equations(self.network, self.domain, self.target)

    def search(self, effort: int) -> Example | None:
        """A counterexample, if looking for it finds one.

        Args:
            effort: how much to look: 0 is a few points, 1 some hundred points and a few steps from there, 2 four times
                as many, and so on.

        Cost: for small networks a millisecond, some ten milliseconds for an effort of 1, and six times as much for each
        more.
        """
        with np.errstate(all="ignore"):
            drawn = self._evaluated(self._drawn(4 ** (effort + 3)))
            found = self._proved_among(drawn) or self._on_equations(drawn)
            if found is None and effort and len(self._rows[1]):
                found = self._climb(drawn, *self._ends) or self._evolve(drawn, 8 * effort)
            return found

    def within(self, centre: FloatArray, radius: float) -> Example | None:
        """A counterexample in a cube, if a few points and steps from there find one. Cost: about a millisecond."""
        low, high = (np.clip(end, *self._ends) for end in (centre - radius, centre + radius))
        with np.errstate(all="ignore"):
            drawn = self._evaluated(low + self._random.random((_IN_CUBE, len(low))) * (high - low))
            return self._proved_among(drawn) or self._on_equations(drawn) or self._climb(drawn, low, high)

    def by_steps(self, start: FloatArray, norm: str) -> Example | None:
        """A counterexample near a point, if steps along slopes reach one: each as short as the slope there allows.

        So where no neuron changes its sign on the way, and no end is met, the first step goes the least distance.

        Args:
            start: where the steps begin, (d,).
            norm: in which they are short: ``"linf"``, ``"l1"`` or ``"l2"``.

        Cost: an evaluation and a gradient at one point for each step, no more than 32 of them.
        """
        low, high = self._ends
        point = np.clip(start, low, high)
        with np.errstate(all="ignore"):
            for _ in range(_WALKED):
                here = self._evaluated(point[None])
                found = self._proved_among(here)
                if found is not None:
                    return found
                uphill = -self._slopes(here)[0]
                uphill = np.where(np.where(uphill > 0, point < high, point > low), uphill, 0.0)
                missing = max(-float(here.margins[0]), 0.0)
                step = _shortest(uphill, norm) * (missing * _FURTHER - _NEAR)
                if not np.isfinite(step).all() or not step.any():
                    break
                point = np.clip(point + step, low, high)
            return self._on_equations(here)

    def _drawn(self, count: int) -> FloatArray:
        """Points of the domain's box, a few of them corners, (count, d)."""
        low, high = self._ends
        shares = self._random.random((count, len(low)))
        shares[::8] = np.round(shares[::8])
        return np.clip(low + shares * (high - low), low, high)

    def _evolve(self, drawn: _Evaluated, generations: int) -> Example | None:
        """A counterexample among the descendants of the best points."""
        low, high = self._ends
        points, margins = drawn.points, drawn.margins
        for generation in range(generations):
            best = np.argsort(-margins)[: len(points) // 16]
            spread = 0.25 * 0.8**generation * (high - low)
            children = np.repeat(points[best], 15, axis=0)
            children = np.clip(children + self._random.normal(size=children.shape) * spread, low, high)
            born = self._evaluated(children)
            found = self._proved_among(born)
            if found is not None:
                return found
            points = np.concatenate([points[best], born.points])
            margins = np.concatenate([margins[best], born.margins])
        return self._on_equations(born) if generations else None

    def among(self, points: FloatArray) -> Example | None:
        """A counterexample among some points, if the best of them are any."""
        with np.errstate(all="ignore"):
            return self._proved_among(self._evaluated(points))

    def _proved_among(self, given: _Evaluated) -> Example | None:
        order = np.argsort(-given.margins)[:_TRIED]
        for place in order[given.margins[order] >= _NEAR].tolist():
            check()
            found = self.proved(given.points[place])
            if found is not None:
                return found
        return None

    def _on_equations(self, given: _Evaluated) -> Example | None:
        """A counterexample near the best of some points, where equations are asked: it is moved onto them, exactly."""
        if self._equations.are_none or not len(given.points):
            return None
        moved = self._equations.near(given.points[np.argmax(given.margins)], *self._ends)
        return None if moved is None else self._exactly(moved)

    def near(self, point: FloatArray) -> Example | None:
        """The counterexample that a point is when it is moved into the domain's box, exactly."""
        return self.proved(np.clip(point, *self._ends))

    def proved(self, point: FloatArray) -> Example | None:
        """The counterexample that a point is, exactly, with the constant inputs as the domain has them."""
        if not np.isfinite(point).all():
            return None
        fixed = self.domain.sides.fixed
        return self._exactly(tuple(fixed.get(j, Fraction(v)) for j, v in enumerate(point.tolist())))

    def _exactly(self, exact: ExactVector) -> Example | None:
        """The counterexample that a point is."""
        if not self.domain.contains(exact):
            return None
        value = self.network.evaluate([exact])[0]
        return Example(exact, value) if self.target.contains(value) else None

    def margins(self, points: FloatArray) -> FloatArray:
        """How deep in the target points are mapped, about; negative outside."""
        with np.errstate(all="ignore"):
            return self._evaluated(points).margins

    def _evaluated(self, points: FloatArray) -> _Evaluated:
        *entered, values = self._values(points)
        return _Evaluated(points, entered, *self._margins(values))

    def _values(self, points: FloatArray) -> list[FloatArray]:
        """What enters the layers' ReLUs at p points, and last what the network returns, (p, n) each."""
        entered = []
        for layer in self.network.layers:
            entered.append(points @ layer.float_weight.T + layer.float_bias)
            points = np.where(layer.relu, np.maximum(entered[-1], 0.0), entered[-1])
        return [*entered, points]

    def _margins(self, values: FloatArray) -> tuple[FloatArray, Places]:
        """The margins of outputs, and the rows that make them; NaN counts as hopeless."""
        normals, offsets = self._rows
        if not len(offsets):
            return np.zeros(len(values)), np.zeros(len(values), dtype=np.intp)
        slacks = np.nan_to_num(offsets - values @ normals.T, nan=-np.inf)
        worst = np.argmin(slacks, axis=1)
        return slacks[np.arange(len(values)), worst], worst

    def _climb(self, drawn: _Evaluated, low: FloatArray, high: FloatArray) -> Example | None:
        """A counterexample a few steps from the points that are nearest to being one, between ends."""
        here = drawn.at(np.argsort(-drawn.margins)[:_CLIMBERS])
        for step in range(_STEPS):
            uphill = -np.sign(self._slopes(here))
            here = self._evaluated(np.clip(here.points + 0.4 * 0.7**step * (high - low) * uphill, low, high))
            found = self._proved_among(here)
            if found is not None:
                return found
        return self._on_equations(here)

    def _slopes(self, given: _Evaluated) -> FloatArray:
        """How the row that makes the margin grows with the inputs, (p, d)."""
        slopes: FloatArray = self._rows[0][given.worst]
        for layer, own in zip(reversed(self.network.layers), reversed(given.entered), strict=True):
            slopes = np.where(np.logical_and(layer.relu, own <= 0), 0.0, slopes) @ layer.float_weight
        return np.asarray(np.nan_to_num(slopes))


def _near_zero(low: FloatArray, high: FloatArray) -> FloatArray:
    """The point between ends that is nearest to zero, zero where there are none."""
    return np.asarray(np.clip(0.0, low, high))


def _shortest(slopes: FloatArray, norm: str) -> FloatArray:
    """The step that is the shortest of those along which a form with these slopes grows by one."""
    if norm == "linf":
        return np.asarray(np.sign(slopes) / np.abs(slopes).sum())
    if norm == "l2":
        return np.asarray(slopes / (slopes @ slopes))
    steepest = np.arange(len(slopes)) == np.argmax(np.abs(slopes))
    return np.where(steepest, 1.0 / slopes, 0.0)


def _scaled(target: Polyhedron) -> tuple[FloatArray, FloatArray]:
    """The rows of a target as floats, each divided by its largest coefficient; an equality as two rows."""
    rows = [(*h.normal, h.offset) for h in target.halfspaces]
    rows += [tuple(-v for v in row) for row, h in zip(rows, target.halfspaces, strict=True) if h.relation == "=="]
    entries = ((v, max(1, *map(abs, row))) for row in rows for v in row)
    floats = float_quotients(entries).reshape(len(rows), target.ambient_dim + 1)
    return floats[:, :-1], floats[:, -1]
