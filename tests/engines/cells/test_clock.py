"""The seconds after which runs pause are those of the system's clock."""

from __future__ import annotations

import time

import numpy as np
import pytest

from tests.engines.cells.harness.harness import built, shared_folder


@pytest.fixture(scope="session")
def clock(tmp_path_factory):
    return built("clock", shared_folder(tmp_path_factory))


def test_seconds_are_those_of_the_clock(clock):
    """To the nanosecond, but for rounding."""
    for _ in range(3):
        before, now = time.clock_gettime(time.CLOCK_MONOTONIC), np.zeros(1)
        clock.call("seconds", now)
        assert before <= now[0] <= time.clock_gettime(time.CLOCK_MONOTONIC)
