"""Examples for the laws: floats of all magnitudes, and how far what they stand for is from them.

An example is made of choices, which dice make, or Hypothesis. Choices are numbers of an interval, integers and members
of lists, so that a search can change them a little.
"""

from __future__ import annotations

import ctypes
import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from polyrelu.engines.cells.problem import _GRID_BITS, _bits

Value = TypeVar("Value")
Floats = NDArray[np.float64]
U, SUBNORMAL, FLOOR = 2.0**-53, 2.0**-1074, 2.0**-900


class Choices(Protocol):
    """Where an example comes from."""

    def integer(self, low: int, high: int) -> int: ...

    def number(self, low: float, high: float) -> float: ...

    def member(self, of: Sequence[Value]) -> Value: ...


class Dice:
    """Choices by a random generator, the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self._rng = np.random.default_rng(seed)

    def integer(self, low: int, high: int) -> int:
        return int(self._rng.integers(low, high + 1))

    def number(self, low: float, high: float) -> float:
        return float(self._rng.uniform(low, high))

    def member(self, of: Sequence[Value]) -> Value:
        return of[int(self._rng.integers(len(of)))]


class Network(ctypes.Structure):
    """As in functions.h."""

    _fields_ = (
        *((name, ctypes.c_int) for name in ("dim", "layers", "target_layer", "coords")),
        *((name, ctypes.c_void_p) for name in ("weights", "weight_start", "biases", "coord_start", "weight_error")),
        *((name, ctypes.c_void_p) for name in ("relu", "site_of", "coord_of", "equality", "on_grid")),
        ("sites", ctypes.c_int),
    )


def numbers(choices: Choices, n: int) -> Floats:
    """Of modulus at most 1, of like or of all magnitudes, some zero."""
    kind = choices.integer(0, 4)
    values = np.array([choices.number(-1, 1) for _ in range(n)])
    if kind == 0:
        values = np.ldexp(values, [-choices.integer(0, 1073) for _ in range(n)])
    if kind == 1:
        values = values * 2.0 ** choices.member([-537, -900, -1040, -1073])
    if kind == 2:
        values[choices.integer(0, n - 1)] = 0.0
    if kind == 3:
        values = np.ldexp(values, [-choices.integer(0, 60) for _ in range(n)])
    return values


def total(values: Floats) -> float:
    """At least the sum of the moduli, and nearly it."""
    return math.nextafter(math.fsum(np.abs(values)), math.inf)


def form(c: Floats, e: float) -> Floats:
    """A row: entries, s and e."""
    return np.array([*c, total(c), e])


def an_error(choices: Choices) -> float:
    return choices.member([0.0, 2.0**-60, 2.0**-20, 2.0**-537, 2.0**-900, SUBNORMAL]) * choices.member([1.0, 0.75, 0.5])


def a_radius(choices: Choices) -> float:
    return choices.member([0.0, 2.0**-52, 2.0**-30, 2.0**-8, 2.0**-600]) * choices.member([1.0, 0.75])


def a_form(choices: Choices, dim: int) -> tuple[Floats, Floats]:
    """A row, and how far its entries are off; all of e may be in one of them."""
    c = numbers(choices, dim)
    c /= max(1.0, total(c))
    e = an_error(choices)
    return form(c, e), at_one_place(choices, dim, e)


def at_one_place(choices: Choices, dim: int, e: float) -> Floats:
    off = np.zeros(dim)
    off[choices.integer(0, dim - 1)] = e * choices.member([-1, 1])
    return off


def a_generator(choices: Choices, dim: int) -> tuple[Floats, float, Floats]:
    g = numbers(choices, dim)
    g[choices.integer(0, dim - 1)] = choices.member([-1.0, 1.0])
    r = a_radius(choices)
    return g, r, np.array([r * choices.member([-1, 1]) for _ in range(dim)])


def signs(choices: Choices) -> tuple[Any, ...]:
    """A form at a generator; its value may nearly cancel."""
    dim = choices.integer(1, 6)
    c, dc = a_form(choices, dim)
    g, r, dg = a_generator(choices, dim)
    j = int(np.argmax(np.abs(c[:dim])))
    rest = float(np.delete(c[:dim], j) @ np.delete(g, j)) / (c[j] or 1.0)
    if choices.integer(0, 1) and c[j] and abs(rest) <= 1:
        g[j] = -rest
    if choices.integer(0, 1):  # all errors add up
        way = np.where(c[:dim] * (c[:dim] @ g or 1.0) < 0, -1.0, 1.0)
        dg = r * way
        dc = np.zeros(dim)
        j = int(np.argmax(np.abs(g)))
        dc[j] = c[-1] * (np.sign(g[j]) or 1.0) * (np.sign(float(c[:dim] @ g)) or 1.0)
    return dim, c, dc, g, dg, r


def inside(choices: Choices) -> tuple[Any, ...]:
    """A form at a point of any size."""
    dim = choices.integer(2, 6)
    c, dc = a_form(choices, dim)
    point = numbers(choices, dim - 1) * 2.0 ** choices.member([0, 0, 3, 200, 900, 1023])
    j = int(np.argmax(np.abs(point)))
    if choices.integer(0, 1) and point[j]:
        rest = (c[dim - 1] + float(np.delete(c[: dim - 1], j) @ np.delete(point, j))) / point[j]
        if abs(rest) <= 0.5:
            c[j] = -rest
            c = form(c[:dim] / max(1.0, total(c[:dim])), c[-1])
    if choices.integer(0, 1):
        dc = np.zeros(dim)
        dc[j if abs(point[j]) > 1 else dim - 1] = c[-1] * choices.member([-1, 1])
    if c[dim] < 2.0**-54 and c[-1] < FLOOR:  # then something was lost, and e says so
        dc, c[-1] = at_one_place(choices, dim, FLOOR), FLOOR
    return dim, c, dc, point


def meeting(choices: Choices) -> tuple[Any, ...]:
    """An edge that a form meets; it may be short, and close to the hyperplane."""
    dim = choices.integer(2, 5)
    c, dc = a_form(choices, dim)
    (up, r_up, d_up), (down, r_down, d_down) = a_generator(choices, dim), a_generator(choices, dim)
    kind = choices.integer(0, 2)
    if kind == 0:
        step = 2.0 ** -choices.integer(3, 50)
        down = np.clip(up + step * np.array([choices.number(-2, 2) for _ in range(dim)]), -1, 1)
    if kind < 2:
        at = choices.member([0.5, 0.5, 2.0**-10, 1 - 2.0**-10])
        j = int(np.argmax(np.abs(at * up + (1 - at) * down)))
        between = at * up[j] + (1 - at) * down[j]
        if between:
            c[j] -= float(c[:dim] @ (at * up + (1 - at) * down)) / between
            c = form(c[:dim] / max(1.0, total(c[:dim])), c[-1])
    if not np.isfinite(c).all():
        return meeting_of_units(dim)
    if float(c[:dim] @ up) < float(c[:dim] @ down):
        up, r_up, d_up, down, r_down, d_down = down, r_down, d_down, up, r_up, d_up
    if choices.integer(0, 1):  # what the ends are off by moves the meeting point the same way
        k = choices.integer(0, dim - 1)
        d_up[k] = r_up * choices.member([-1, 1])
        d_down[k] = r_down * np.sign(d_up[k])
    return dim, c, dc, up, d_up, r_up, down, d_down, r_down


def meeting_of_units(dim: int) -> tuple[Any, ...]:
    up, down, c = np.zeros((3, dim))
    up[0], down[0], up[-1], down[-1], c[0] = 1.0, -1.0, 1.0, 1.0, 1.0
    return dim, form(c, 0.0), np.zeros(dim), up, np.zeros(dim), 0.0, down, np.zeros(dim), 0.0


def solving(choices: Choices) -> tuple[Any, ...]:
    """Facets that nearly meet in a line, sometimes one more than needed, and a guess of it."""
    d = choices.integer(1, 4)
    dim, count = d + 1, d + choices.integer(0, 1)
    target = numbers(choices, dim) if choices.integer(0, 2) == 0 else _normals(choices, dim)
    target[choices.integer(0, dim - 1)] = choices.member([1.0, -1.0])
    size = 2.0 ** choices.member([0, 0, 0, -537, -300, -1000, -1015])
    rows, off = [], []
    j = int(np.argmax(np.abs(target)))
    common, apart = _normals(choices, dim), choices.member([1.0, 1.0, 2.0**-20, 2.0**-45, 2.0**-50])
    for _ in range(count):
        row = (common * (apart < 1) + apart * _normals(choices, dim)) * size * 2.0 ** choices.member([0, 0, -3, -20])
        row[j] -= float(row @ target) / target[j]
        row /= max(1.0, total(row))
        e = choices.member([0.0, 0.0, 2.0**-50, 2.0**-20, 2.0**-3]) * size * choices.number(0.5, 1)
        rows.append(form(row, e))
        off.append(at_one_place(choices, dim, e))
    step = 2.0 ** -choices.member([choices.integer(10, 50), choices.integer(0, 4), 0])
    g = target + step * _normals(choices, dim)
    if choices.integer(0, 3) == 0:  # entries that come to more than the largest of the guess
        g = target * np.where(np.arange(dim) == choices.integer(0, d), 1.0, choices.number(0, 0.9))
    g = np.clip(g / np.abs(g).max(), -1, 1)
    return dim, count, np.array(rows), np.array(off), g


def _normals(choices: Choices, n: int) -> Floats:
    return np.array([choices.number(-1, 1) for _ in range(n)])


def network(
    choices: Choices, widths: Sequence[int], on_grid: bool, first_error: float | None = None
) -> tuple[Any, ...]:
    """A network in units, as polyrelu/engines/cells/problem.py makes it; and twice what its numbers are off by."""
    weights, biases, errors, flags, off_weights, off_biases = [], [], [], [], [], []
    bits = 0
    for depth, (inputs, outputs) in enumerate(itertools.pairwise(widths)):
        rows = np.array([_row(choices, inputs + 1, on_grid) for _ in range(outputs)])
        exactly = on_grid or choices.integer(0, 1) == 1
        error = 0.0 if exactly else U
        if depth == 0 and first_error is not None:
            error = first_error
        bits = max(bits + _bits(rows[:, :-1]), _bits(rows[:, -1])) if exactly and not error else _GRID_BITS + 1
        share = np.array([choices.member([-1.0, 1.0, 1.0, 0.5]) for _ in range(rows.size)]).reshape(rows.shape)
        off = 2.0 * share * error * (1 - 2.0**-40) * np.abs(rows)
        weights.append(rows[:, :-1].T.ravel())
        biases.append(rows[:, -1])
        off_weights.append(off[:, :-1].T.ravel())
        off_biases.append(off[:, -1])
        errors.append(error)
        flags.append(bits <= _GRID_BITS)
    start = np.cumsum([0, *widths[1:]])
    coords = int(start[-1])
    relu = np.array([choices.integer(0, 5) > 0 for _ in range(coords)], dtype=np.uint8)
    sites = int(relu.sum())
    columns = {
        "weights": np.concatenate(weights),
        "weight_start": np.cumsum([0, *(a * b for a, b in itertools.pairwise(widths))]).astype(np.int64),
        "biases": np.concatenate(biases),
        "coord_start": start.astype(np.int64),
        "weight_error": np.array(errors),
        "relu": relu,
        "site_of": np.where(relu, np.cumsum(relu) - 1, -1).astype(np.int32),
        "coord_of": np.flatnonzero(relu).astype(np.int32),
        "equality": np.zeros(coords, dtype=np.uint8),
        "on_grid": np.array(flags, dtype=np.uint8),
    }
    layers = len(widths) - 1
    made = Network(
        widths[0] + 1,
        layers,
        layers - 1,
        coords,
        *(columns[field[0]].ctypes.data for field in Network._fields_[4:14]),
        sites,
    )
    made.kept = columns  # as long as the structure lasts
    return made, np.concatenate(off_weights), np.concatenate(off_biases)


def _row(choices: Choices, n: int, on_grid: bool) -> Floats:
    """Of a sum of moduli more than 1/4 and at most 1, or zero."""
    if on_grid:
        row = np.array([choices.integer(-3, 3) for _ in range(n)]) / 2.0 ** choices.integer(0, 3)
    else:
        row = _normals(choices, n)
        if choices.integer(0, 3) == 0:
            row = np.ldexp(row, [-choices.member([0, 0, 30, 537, 1060]) for _ in range(n)])
    row[-1] *= choices.integer(0, 2) > 0
    size = float(np.abs(row).sum())
    return row if not size else np.ldexp(row, -math.frexp(size * (1 + 2.0**-20))[1])


def forms(choices: Choices) -> tuple[Any, ...]:
    """A network on a sequence of cells, each changed from the one before in a neuron or two."""
    widths = [choices.integer(1, 3), *(choices.integer(2, 7) for _ in range(choices.integer(2, 3)))]
    made, *off = network(choices, widths, choices.integer(0, 3) == 0)
    cells = 4
    own = np.array([choices.integer(0, 1) for _ in range(made.sites + 1)], dtype=np.uint8)
    rows = []
    for _ in range(cells):
        own = own.copy()
        for _ in range(choices.integer(1, 2)):
            own[choices.integer(0, made.sites)] ^= 1
        rows.append(own[: made.sites])
    return made, cells, np.ascontiguousarray(rows), *off


def _cell(choices: Choices, dim: int, m: int, spread: float, least_last: float) -> tuple[Floats, Floats]:
    """Generators around a centre with their radii, and how far they are off."""
    centre = a_generator(choices, dim)[0]
    rows, off = [], []
    for _ in range(m):
        g = np.clip(centre + spread * _normals(choices, dim), -1, 1)
        g[-1] = max(g[-1], least_last)
        r = a_radius(choices)
        rows.append([*g, r])
        off.append([r * choices.member([-1, 1]) for _ in range(dim)])
    return np.array(rows), np.array(off)


def box(choices: Choices) -> tuple[Any, ...]:
    """A layer at generators that lie more or less together; some of its forms nearly vanish there."""
    d, n, m = choices.integer(1, 4), 4, choices.integer(1, 4)
    made, off_weights, off_biases = network(choices, [d, n], False, choices.member([0.0, U, 2.0**-20]))
    spread = choices.member([0.0, 2.0**-53, 2.0**-40, 2.0**-10, 1.0])
    generators, off = _cell(choices, d + 1, m, spread, -1.0)
    if spread and choices.integer(0, 1):
        generators[:, -2], off[:, -1] = 0.0, 0.0
    return made, off_weights, off_biases, m, generators, off


def reach(choices: Choices) -> tuple[Any, ...]:
    """A network on a cell with vertices at any distance; what these are off by may add up in one of its neurons."""
    widths = [choices.integer(1, 3), *(choices.integer(1, 5) for _ in range(choices.integer(1, 3)))]
    made, *off = network(choices, widths, False, choices.member([0.0, U, U, 2.0**-20]))
    least = choices.member([0.25, 2.0**-5, 2.0**-40])
    generators, moved = _cell(choices, widths[0] + 1, choices.integer(1, 4), choices.member([1.0, 2.0**-20]), least)
    if choices.integer(0, 1):
        generators[:, -2] = choices.member([0.0, 2.0**-52, 2.0**-30]) * choices.integer(0, 1)
        generators[:, -1] = choices.member([0.0, 2.0**-52])
        moved = np.sign(moved) * generators[:, -1:]
    if choices.integer(0, 1):
        n = int(made.kept["coord_start"][1])
        c = [*made.kept["weights"][: widths[0] * n : n], made.kept["biases"][0]]
        moved = np.where(np.array(c) < 0, -1.0, 1.0) * choices.member([-1, 1]) * generators[:, -1:]
    return made, *off, len(generators), generators, np.ascontiguousarray(moved)


MAKERS: dict[str, Callable[[Choices], tuple[Any, ...]]] = {
    "signs": signs,
    "inside": inside,
    "meeting": meeting,
    "solving": solving,
    "forms": forms,
    "box": box,
    "reach": reach,
}
