r"""Points where equations hold: Newton's method in floats, and a last step in exact numbers.

Where a target or a domain has equations, a float satisfies them by luck alone. But on the piece around a point the
network is affine, and so is each residual :math:`r_k(x) = a_k \cdot v(x) - b_k`, where v is x for equations of the
domain and f(x) for those of the target. A few steps of least norm lead near a zero. Then as many inputs as there are
equations are moved: exact values at x and at :math:`x + h e_j` give the exact slopes, if h is so small that no neuron
changes its sign, and a linear system the inputs for which all residuals are 0 on that piece. Whether they are is not
said here: who asks evaluates the network.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np
from flint import fmpq, fmpq_mat
from numpy.typing import NDArray

from polyrelu.arithmetic.exact import ExactVector, FloatArray, float_quotients
from polyrelu.errors import RangeError
from polyrelu.networks.network import Network
from polyrelu.polyhedra.halfspace import Halfspace
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support.limits import check

_STEPS = 8
_CLOSE = 2.0**-30  # residuals, rows scaled, from which on the last step is worth its time
_LITTLE = Fraction(1, 2**80)
_FLAT = 2.0**-30  # of a row's largest slope: what is no slope any more, after other rows


@dataclass(frozen=True, eq=False)
class Equations:
    """The equations of a domain and a target.

    Attributes:
        network: R^d -> R^m.
        domain, target: sets in R^d and R^m.
    """

    network: Network
    domain: Polyhedron
    target: Polyhedron

    @cached_property
    def _of_inputs(self) -> list[Halfspace]:
        fixed = self.domain.sides.fixed
        return [h for h in _equations(self.domain) if any(a and j not in fixed for j, a in enumerate(h.normal))]

    @cached_property
    def _of_outputs(self) -> list[Halfspace]:
        return _equations(self.target)

    @cached_property
    def _floats(self) -> tuple[tuple[FloatArray, FloatArray], tuple[FloatArray, FloatArray]] | None:
        """The rows of inputs and of outputs, scaled; None where they are beyond floats."""
        widths = self.network.input_dim, self.network.output_dim
        try:
            return _scaled(self._of_inputs, widths[0]), _scaled(self._of_outputs, widths[1])
        except RangeError:
            return None

    @property
    def are_none(self) -> bool:
        """Whether there are none but those that fix an input."""
        return not (self._of_inputs or self._of_outputs)

    def near(self, point: FloatArray, low: FloatArray, high: FloatArray) -> ExactVector | None:
        """A point near another one for which equations seem to hold, exactly; None if no step leads there.

        Args:
            point: where to begin, (d,).
            low: lower ends of inputs, (d,).
            high: upper ends; inputs whose ends are equal are not moved.

        Cost: some evaluations and gradients at one point, and an exact evaluation for each equation.
        """
        if self._floats is None:
            return None
        with np.errstate(all="ignore"):
            for _ in range(_STEPS):
                residuals, slopes = self._linear(point)
                if not (np.isfinite(residuals).all() and np.isfinite(slopes).all()):
                    return None
                step = _least(slopes, residuals, low < high)
                is_open = np.where(step > 0, point < high, point > low)
                step = step if is_open.all() else _least(slopes, residuals, is_open & (low < high))
                point = np.clip(point + step, low, high)
            residuals, slopes = self._linear(point)
            if not (np.isfinite(slopes).all() and np.abs(residuals).max(initial=0.0) <= _CLOSE):
                return None
            places = _pivots(np.where((low < point) & (point < high), slopes, 0.0))
        return self._solved(point, *places)

    def _linear(self, point: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Residuals, (k,), and how they change with the inputs, (k, d)."""
        assert self._floats is not None, "asked before"
        (own, ends), (rows, offsets) = self._floats
        values, entered = point, []
        for layer in self.network.layers:
            entered.append(layer.float_weight @ values + layer.float_bias)
            values = np.where(layer.relu, np.maximum(entered[-1], 0.0), entered[-1])
        slopes = rows
        for layer, z in zip(reversed(self.network.layers), reversed(entered), strict=True):
            slopes = np.where(np.logical_and(layer.relu, z <= 0), 0.0, slopes) @ layer.float_weight
        return np.concatenate([own @ point - ends, rows @ values - offsets]), np.vstack([own, slopes])

    def _solved(self, point: FloatArray, rows: Sequence[int], columns: Sequence[int]) -> ExactVector | None:
        """The point with some inputs, ``columns``, moved so that the equations ``rows`` hold on its piece."""
        check()
        fixed = self.domain.sides.fixed
        x = tuple(fixed.get(j, Fraction(v)) for j, v in enumerate(point.tolist()))
        moved = [tuple(v + _LITTLE * (i == j) for i, v in enumerate(x)) for j in columns]
        here, *there = self._residuals([x, *moved], rows)
        if not any(here):
            return x
        slopes = [[_flint((own[k] - here[k]) / _LITTLE) for own in there] for k in range(len(rows))]
        try:
            steps = fmpq_mat(slopes).solve(fmpq_mat([[_flint(-r)] for r in here]))
        except ZeroDivisionError:  # the slopes of floats were not those
            return None
        moves = {j: Fraction(int(steps[k, 0].p), int(steps[k, 0].q)) for k, j in enumerate(columns)}
        return tuple(v + moves.get(j, 0) for j, v in enumerate(x))

    def _residuals(self, points: Sequence[ExactVector], rows: Sequence[int]) -> list[list[Fraction]]:
        """The residuals of some equations at points, exactly."""
        found = list[list[Fraction]]()
        for x, y in zip(points, self.network.evaluate(points), strict=True):
            pairs = [*((h, x) for h in self._of_inputs), *((h, y) for h in self._of_outputs)]
            found.append([_residual(*pairs[k]) for k in rows])
        return found


def _equations(part: Polyhedron) -> list[Halfspace]:
    return [h for h in part.halfspaces if h.relation == "=="]


def _residual(equation: Halfspace, values: Sequence[Fraction]) -> Fraction:
    return sum((a * v for a, v in zip(equation.normal, values, strict=True) if a), -Fraction(equation.offset))


def _flint(value: Fraction) -> fmpq:
    return fmpq(value.numerator, value.denominator)


def _scaled(equations: Sequence[Halfspace], width: int) -> tuple[FloatArray, FloatArray]:
    """Normals and offsets as floats, each row divided by its largest coefficient."""
    rows = [(*h.normal, h.offset) for h in equations]
    floats = float_quotients((v, max(1, *map(abs, row[:-1]))) for row in rows for v in row)
    floats = floats.reshape(len(rows), width + 1)
    return floats[:, :-1], floats[:, -1]


def _least(slopes: FloatArray, residuals: FloatArray, moves: NDArray[np.bool_]) -> FloatArray:
    """The shortest step of the inputs that may move which makes affine residuals 0, or nearly so."""
    open_ = np.where(moves, slopes, 0.0)
    try:
        return np.asarray(np.linalg.lstsq(open_, -residuals, rcond=None)[0])
    except np.linalg.LinAlgError:  # it gives up on extreme numbers
        return np.zeros(slopes.shape[1])


def _pivots(slopes: FloatArray) -> tuple[list[int], list[int]]:
    """Rows that are independent, as floats see it, and for each an input that moves it."""
    left, rows, columns = slopes.copy(), list[int](), list[int]()
    for k, own in enumerate(left):
        j = int(np.argmax(np.abs(own))) if len(own) else 0
        if len(own) and abs(own[j]) > _FLAT * np.abs(slopes[k]).max():
            rows.append(k)
            columns.append(j)
            left[k + 1 :] -= np.outer(left[k + 1 :, j] / own[j], own)
    return rows, columns
