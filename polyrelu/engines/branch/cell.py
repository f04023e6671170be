"""A cell by its inequalities in floats, and what is certain to be in it.

All that is said here is certain: points are strictly inside, boxes are around, and what is called empty is. Where
floats cannot tell, they say so.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import NamedTuple

import numpy as np

from polyrelu.arithmetic import float_lp
from polyrelu.arithmetic.exact import FloatArray
from polyrelu.engines.branch.affine import Affine, AffineOn

MOST_POINTS = 48
_STEPS = np.array([0.5, 0.25, 2.0**-4, 2.0**-8, 0.0])[:, None]  # from where there is most room to a point of the cell


class Space(NamedTuple):
    """The box that all cells lie in.

    Attributes:
        forms: makes affine forms on it.
        low, high: ends that are around the exact ones.
        inner_low, inner_high: ends that are strictly inside.
    """

    forms: AffineOn
    low: FloatArray
    high: FloatArray
    inner_low: FloatArray
    inner_high: FloatArray

    @classmethod
    def between(cls, low: FloatArray, high: FloatArray, most_terms: int, depth: int) -> Space:
        """The box with ends that are around the exact ones, or one float beyond them."""
        forms = AffineOn(low, high, most_terms, depth)
        inner = [np.nextafter(np.nextafter(end, to * np.inf), to * np.inf) for end, to in ((low, 1), (high, -1))]
        return cls(forms, low, high, *inner)


@dataclass(frozen=True, eq=False)
class Cell:
    """A closed cell of full dimension.

    Attributes:
        rows: forms that are not positive on it; with the box of the space they say what it is.
        low, high: a box around it, (d,).
        points: points strictly inside, (p, d); none may be known.
    """

    rows: Affine
    low: FloatArray
    high: FloatArray
    points: FloatArray

    def inside(self, points: FloatArray, space: Space) -> FloatArray:
        """Those of some points of the space that are strictly inside."""
        between = ((points >= space.inner_low) & (points <= space.inner_high)).all(axis=1)
        return points[between & (self.rows.at(points) < -self.rows.doubts).all(axis=1)]

    def within(self, form: Affine, points: FloatArray) -> Cell:
        """The part on which one more form is not positive, with points strictly inside."""
        low, high = narrowed(self.low, self.high, form)
        return Cell(self.rows.and_also(form), low, high, points[:MOST_POINTS])


def narrowed(low: FloatArray, high: FloatArray, form: Affine) -> tuple[FloatArray, FloatArray]:
    """A box around the part of a box on which one form is not positive.

    Where the others add as little as they can, ``a_j x_j`` may be as large as what is left, but not larger. The form's
    doubt covers these sums as it covers its values; two more roundings are outwards.
    """
    row, constant, doubt = form.rows[0], form.constants[0], form.doubts[0]
    with np.errstate(all="ignore"):
        least = np.where(row > 0, row * low, row * high)
        room = 2.0 * doubt - constant - (least.sum() - least)
        ends = room / row
    up, down = np.nextafter(ends, np.inf), np.nextafter(ends, -np.inf)
    certain = np.isfinite(ends)
    return (
        np.where(certain & (row < 0), np.maximum(low, down), low),
        np.where(certain & (row > 0), np.minimum(high, up), high),
    )


class Answer(Enum):
    """Whether a cell has a part of full dimension on which forms are negative."""

    YES = "points inside of it are known"
    NO = "it has none, but may touch them"
    NEVER = "nowhere on the cell are all of them zero or negative"
    DOUBT = "floats cannot tell"


class Looked(NamedTuple):
    """What was found out about some forms on a cell.

    Attributes:
        answer: whether they are negative somewhere strictly inside.
        points: points at which they are, if any are known, (p, d).
        by_program: whether a linear program was solved.
    """

    answer: Answer
    points: FloatArray
    by_program: bool


def look(cell: Cell, forms: Affine, space: Space) -> Looked:
    """Whether some forms are negative strictly inside a cell, and points at which they are.

    The points that are known are asked first, then the box, then a linear program in floats, whose point is held
    against all rows, and whose multipliers are, with all rounding, against the box. Cost: at most that program.
    """
    at_points = cell.points[(forms.at(cell.points) < -forms.doubts).all(axis=1)]
    if len(at_points):
        return Looked(Answer.YES, at_points, False)
    nothing = at_points
    least = forms.least(cell.low, cell.high)
    if (least >= 0).any():
        return Looked(Answer.NEVER if (least > 0).any() else Answer.NO, nothing, False)
    together = cell.rows.and_also(forms)
    proposal = float_lp.most_room(together.rows, together.constants, cell.low, cell.high)
    if proposal is None:
        return Looked(Answer.DOUBT, nothing, True)
    candidates = np.clip(_towards(proposal.point, cell), space.inner_low, space.inner_high)
    found = replace(cell, rows=together).inside(candidates, space)
    if len(found):
        return Looked(Answer.YES, found, True)
    bound = space.forms.combination(together, proposal.multipliers).least(cell.low, cell.high)[0]
    return Looked(Answer.NEVER if bound > 0 else Answer.NO if bound >= 0 else Answer.DOUBT, nothing, True)


def _towards(point: FloatArray, cell: Cell) -> FloatArray:
    """A point, and points on the way from it to the middle of those that a cell has."""
    middle = cell.points.mean(axis=0) if len(cell.points) else 0.5 * cell.low + 0.5 * cell.high
    return point + _STEPS * (middle - point)
