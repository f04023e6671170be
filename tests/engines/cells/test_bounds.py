"""Where an edge meets a form: what floats do not certify, or cannot say, is known within no radius at all."""

from __future__ import annotations

import ctypes
import math
from typing import Any

import numpy as np
import pytest

from tests.engines.cells.proofs import harness

STEEP = 2.0**-899
"""Twice what stands in every bound for underflows, so that bounds of forms of this size have few digits."""
UP, DOWN = np.array([1.0, 0.25]), np.array([-1.0, 0.5])


class Functions(ctypes.Structure):
    """Of functions.h, the first four."""

    _fields_ = (
        ("value", ctypes.c_void_p),
        ("sign_bound", ctypes.CFUNCTYPE(ctypes.c_double, *[ctypes.c_double] * 3, ctypes.c_int)),
        ("inner_bound", ctypes.c_void_p),
        (
            "meet",
            ctypes.CFUNCTYPE(
                ctypes.c_double,
                *[ctypes.c_void_p] * 2,
                ctypes.c_double,
                ctypes.c_void_p,
                ctypes.c_double,
                ctypes.c_void_p,
                ctypes.c_int,
            ),
        ),
    )


@pytest.fixture(scope="session")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Functions:
    functions = harness.bounds(harness.shared_folder(tmp_path_factory))[harness.AS_IT_IS]
    return Functions.from_address(functions.value or 0)


def met(kernel: Functions, up: Any, down: Any, size: float = 1.0) -> tuple[list[float], float]:
    """Where the form whose first entry is the only one meets an edge of which the ends are known exactly."""
    form, made = np.array([size, 0.0, size, 0.0]), np.zeros(2)
    ends = np.ascontiguousarray(up), np.ascontiguousarray(down)
    r = kernel.meet(form.ctypes.data, ends[0].ctypes.data, 0.0, ends[1].ctypes.data, 0.0, made.ctypes.data, 2)
    return made.tolist(), float(r)


@pytest.mark.parametrize("end", ["up", "down"])
def test_a_value_that_is_its_bound_certifies_nothing(kernel, end):
    bound = kernel.sign_bound(STEEP, 0.0, 0.0, 2) / STEEP
    for first, is_known in ((bound, False), (math.nextafter(bound, 0.0), False), (math.nextafter(bound, 1.0), True)):
        up, down = (UP * [first, 1.0], DOWN) if end == "up" else (UP, DOWN * [first, 1.0])
        assert (met(kernel, up, down, STEEP)[1] < math.inf) == is_known


def test_opposite_ends_meet_nowhere(kernel):
    assert met(kernel, UP, DOWN)[1] < 2.0**-40
    assert met(kernel, UP * [1.0, 0.0], DOWN * [1.0, 0.0])[1] == math.inf


def test_where_floats_see_both_ends_on_one_side_the_nearer_is_taken(kernel):
    """So that what is made lies on the edge."""
    assert met(kernel, UP, [0.5, 0.25]) == ([1.0, 0.5], math.inf)
    assert met(kernel, [-0.25, 0.5], DOWN) == ([-0.5, 1.0], math.inf)
    assert met(kernel, [-0.5, 0.5], [0.5, 0.25]) == ([0.0, 1.0], math.inf)
