"""Linear programs as the compiled walk has them, solved by it, and a zoo of them."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from polyrelu.engines.branch import library
from tests.engines.cells.harness.harness import AS_IT_IS, built

HERE, KERNEL = Path(__file__).parent / "harness", Path(library.__file__).parent / "kernel"
EXCHANGE = "exchange(leaving, entering, end);"
VARIANTS = {AS_IT_IS: [(EXCHANGE, f"{EXCHANGE} pivots++;")]}  # it counts
ROUNDING = 2.0**-34  # what a row may be violated by, of the box's width
HOPELESS = 2.0**-16  # the room below which the method ends, likewise


class Rows(NamedTuple):
    """A box, and rows ``a x + c <= 0``."""

    low: NDArray[np.float64]
    high: NDArray[np.float64]
    rows: NDArray[np.float64]
    constants: NDArray[np.float64]

    @classmethod
    def of(cls, low, high, rows, constants):
        """By lists."""
        low, high, constants = (np.array(own, dtype=np.float64) for own in (low, high, constants))
        return cls(low, high, np.array(rows, dtype=np.float64).reshape(len(constants), len(low)), constants)

    @property
    def scale(self):
        """The box's width, at most 1."""
        return min(1.0, (self.high - self.low).max())


class Solved(NamedTuple):
    """What a program says in the end.

    Attributes:
        taken: which rows were.
        solved: after which of them it was, 1, or was not, 0, or was not asked to, -1.
        rooms: after each.
        point, multipliers: in the end.
        pivots: in all.
        kept: how many rows it has.
    """

    taken: list[int]
    solved: list[int]
    rooms: list[float]
    point: NDArray[np.float64]
    multipliers: NDArray[np.float64]
    pivots: int
    kept: int


def compiled(folder):
    """The functions of harness/program.cpp, which count pivots."""
    return built("program", folder, VARIANTS, HERE, KERNEL)


def solved(walk, own: Rows, after=None) -> Solved:
    """Append rows one by one, and solve after those that are told, by default all."""
    n, dim = own.rows.shape
    asked = np.ones(n, dtype=np.uint8) if after is None else np.array(after, dtype=np.uint8)
    went, ends, rooms, point, multipliers = np.zeros((n, 2), int), np.zeros(2, int), *map(np.zeros, (n, dim, n))
    low, high = np.append(own.low, -1e9), np.append(own.high, 1e9)  # what is behind is nobody's
    given = low, high, own.rows, own.constants, asked
    walk.call("solved", dim, n, *given, went, rooms, point, multipliers, ends)
    taken, told = went.T.tolist()
    return Solved(taken, told, rooms.tolist(), point, multipliers, int(ends[0]), int(ends[1]))


def most_room(own: Rows, multipliers) -> float:
    """No cube inside the rows, with its middle in the box, has a larger half-width, by multipliers; at most 1."""
    lengths = np.abs(own.rows).sum(axis=1)
    combined = multipliers @ own.rows
    least = np.where(combined > 0, own.low, own.high)
    slope = 1.0 - multipliers @ lengths
    return slope - multipliers @ own.constants - combined @ least if slope >= -1e-9 else np.inf


def furthest(own: Rows, told: Solved) -> float:
    """How far the rows, divided by their largest entries, are violated at the end, and the box."""
    lengths, slopes = np.abs(own.rows).max(axis=1), np.abs(own.rows).sum(axis=1)
    over = (own.rows @ told.point + own.constants + slopes * told.rooms[-1]) / lengths
    return max(0.0, *over, *(own.low - told.point), *(told.point - own.high))


KINDS = ("plain", "integers", "cone", "parallel", "thin", "scaled", "equal", "far")


def example(seed: int) -> Rows:
    """Some rows of each kind."""
    rng, kind = np.random.default_rng([4, seed]), KINDS[seed % len(KINDS)]
    dim, n = int(rng.integers(1, 7)), int(rng.integers(1, 11))
    low, high = -np.ones(dim), np.ones(dim)
    rows, x = rng.normal(size=(n, dim)), rng.uniform(-1, 1, dim)
    constants = -rows @ x - rng.exponential(0.3, n) + 0.1
    if kind == "integers":
        rows = rng.integers(-2, 3, (n, dim)) + np.eye(dim)[rng.integers(0, dim, n)] * 5.0
        constants = rng.integers(-3, 2, n) / 1.0
    elif kind == "cone":  # all through a point
        rows, x = np.round(rows * 4) + 0.5, np.round(x * 4) / 4
        constants = -rows @ x
    elif kind == "parallel":
        rows = rows[:1] * rng.choice([-1.0, 1.0], (n, 1)) + rng.normal(size=(n, dim)) * 2.0 ** -rng.integers(10, 30)
        constants = -rows @ x - rng.exponential(0.1, n)
    elif kind == "thin":
        high = low + 2.0 ** -rng.integers(0, 30, dim)
        constants = -rows @ rng.uniform(low, high) - rng.normal(0.2, 0.5, n) * (high - low).max()
    elif kind == "scaled":
        factors = 2.0 ** rng.integers(-200, 200, n)
        rows, constants = rows * factors[:, None], constants * factors
    elif kind == "equal":
        chosen = rng.integers(0, n, n)
        rows, constants = rows[chosen], constants[chosen]
    elif kind == "far":
        low, high = low - 30, high * 7
        rows[rng.random((n, dim)) < 0.3] = 0.0
        rows[:, 0] += 0.1
        constants = -rows @ rng.uniform(low, high) + rng.normal(0, 3, n)
    return Rows.of(low, high, rows, constants)
