"""Exact arithmetic on the grid, in integers of Python."""

from __future__ import annotations

import ctypes
import math
from typing import Any

import numpy as np

from tests.engines.cells.proofs.examples import Choices

NOT, ROUNDED, ON_GRID = range(3)


class Grid(ctypes.Structure):
    """Of functions.h, what is about the grid."""

    _fields_ = (
        *((f"f{k}", ctypes.c_void_p) for k in range(8)),
        ("value", ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 2, ctypes.c_int, ctypes.c_void_p)),
        ("meet", ctypes.CFUNCTYPE(ctypes.c_int, *[ctypes.c_void_p] * 4, ctypes.c_int)),
    )


def on_grid(choices: Choices, dim: int) -> list[int]:
    """Multiples of 2^-53 of modulus at most 1, as integers; of many bits or few."""
    bits = choices.member([1, 2, 3, 8, 20, 30, 53])
    values = [choices.integer(-(1 << bits), 1 << bits) for _ in range(dim)]
    if choices.integer(0, 1):
        values[choices.integer(0, dim - 1)] = 0
    shift = choices.integer(0, 53 - bits)
    return [v << shift for v in values]


def example(choices: Choices) -> tuple[list[int], list[int], list[int]]:
    """A form and two generators; these may be nearly opposite, or have a common factor."""
    dim = choices.integer(1, 6)
    form, up, down = (on_grid(choices, dim) for _ in range(3))
    kind = choices.integer(0, 5)
    if kind == 0:
        down = [-v for v in up]
    if kind == 1:
        form = [v // 3 for v in form]
        up, down = ([int(math.fmod(-v, 3)) + v for v in g] for g in (up, down))
    if _value(form, up) < 0:
        up = [-v for v in up]
    if _value(form, down) > 0:
        down = [-v for v in down]
    return form, up, down


def _value(form: list[int], g: list[int]) -> int:
    return sum(a * b for a, b in zip(form, g, strict=True))


def expected(form: list[int], up: list[int], down: list[int]) -> tuple[int, list[float]]:
    """What exact_meet says and makes."""
    x, y = _value(form, up), -_value(form, down)
    if x <= 0 or y <= 0:
        return NOT, []
    common = math.gcd(x, y)
    x, y = x // common, y // common
    made = [x * d + y * u for u, d in zip(up, down, strict=True)]
    divisor = math.gcd(*made)
    if x >> 63 or y >> 63 or not divisor:
        return NOT, []
    made = [v // divisor for v in made]
    bits = max(abs(v).bit_length() for v in made)
    return ON_GRID if bits <= 53 else ROUNDED, [v / (1 << bits) for v in made]


def is_right(functions: ctypes.c_void_p, numbers: tuple[list[int], list[int], list[int]]) -> bool:
    """Whether value and meeting point of an example are what Python's integers make of them."""
    table = Grid.from_address(functions.value or 0)
    arrays: list[Any] = [np.array(own, dtype=np.float64) / 2.0**53 for own in numbers]
    dim = len(arrays[0])
    halves, made = np.zeros(2, dtype=np.uint64), np.full(dim, np.nan)
    for g, own in zip(arrays[1:], numbers[1:], strict=True):
        table.value(arrays[0].ctypes.data, g.ctypes.data, dim, halves.ctypes.data)
        v = int(halves[0]) + (int(halves[1]) << 64)
        if v - (v >> 127 << 128) != _value(numbers[0], own):
            return False
    how = table.meet(*(array.ctypes.data for array in arrays), made.ctypes.data, dim)
    kind, right = expected(*numbers)
    return bool(how == kind and (kind == NOT or made.tolist() == right))
