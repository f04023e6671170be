"""The helper that the tests of other modes rest on, and the probe that notices them."""

import struct
import warnings

import numpy as np
import pytest

from polyrelu.arithmetic.ieee import floats_are_sound, probe
from polyrelu.errors import FloatModeWarning
from tests.float_modes import MODES, everywhere, float_mode

WRONG = {
    "downward": {"1 - 2^-54 == 1"},
    "upward": {"1 + 2^-53 == 1"},
    "toward zero": {"1 - 2^-54 == 1"},
    "flush to zero": {"2^-1022 * 0.5 != 0"},
    "denormals are zero": {"2^-1022 * 0.5 != 0", "2^-1074 * 2^52 != 0"},  # the comparison with zero has them, too
}


@everywhere
@pytest.mark.parametrize("mode", MODES)
def test_the_probe_sees_each_mode_in_the_thread_that_has_it(mode, run):
    def work():
        with float_mode(mode):
            answers, third = probe(), struct.pack("<d", float(np.float64(1.0) / np.float64(3.0)))
            with warnings.catch_warnings(record=True) as told:
                warnings.simplefilter("always")
                sound = floats_are_sound()
        return answers, third, sound, told

    answers, third, sound, told = run(work)
    assert {question for question, right in answers.items() if not right} == WRONG[mode]
    assert third == struct.pack("<Q", 0x3FD5555555555555 + (mode == "upward"))
    assert not sound
    assert [warning.category for warning in told] == [FloatModeWarning]
    assert floats_are_sound()  # restored, and the thread that waited never had it


@pytest.mark.parametrize("mode", MODES)
def test_a_mode_ends_with_its_block_even_by_an_error(mode):
    with pytest.raises(ZeroDivisionError), float_mode(mode):
        raise ZeroDivisionError
    assert all(probe().values())
