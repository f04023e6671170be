"""Processor modes in which floats are not IEEE 754's default, set for the calling thread by libm's fesetenv.

For tests only: ``with float_mode("upward"): ...``. Every mode is restored, whatever happens inside. Modes belong to a
thread; one that is started inside inherits the mode.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import platform
import struct
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest

# Bits of mxcsr, the control register of x86-64's vector unit, on which Python, numpy and compiled code compute: the
# rounding mode in bits 13 and 14, flush-to-zero in bit 15, denormals-are-zero in bit 6. glibc's fenv_t has it at byte
# 28, behind the old coprocessor's registers, whose control word at byte 0 has the rounding mode in bits 10 and 11.
_ROUNDING = {"downward": 1, "upward": 2, "toward zero": 3}
_FLUSHING = {"flush to zero": 1 << 15, "denormals are zero": 1 << 6}
_MXCSR, _LENGTH = 28, 32

MODES = (*_ROUNDING, *_FLUSHING)


def _libm() -> ctypes.CDLL | None:
    if platform.machine().lower() not in ("x86_64", "amd64") or platform.libc_ver()[0] != "glibc":
        return None
    return ctypes.CDLL(ctypes.util.find_library("m") or "libm.so.6")


_LIBM = _libm()

needs_float_modes = pytest.mark.skipif(_LIBM is None, reason="modes are set through glibc's fenv_t on x86-64")


@contextmanager
def float_mode(name: str) -> Iterator[None]:
    """Run the body in one of ``MODES``, in this thread; skips the test on platforms other than glibc on x86-64."""
    if _LIBM is None:
        pytest.skip("modes are set through glibc's fenv_t on x86-64")
    before = ctypes.create_string_buffer(4 * _LENGTH)
    if _LIBM.fegetenv(before) != 0:
        raise OSError("fegetenv failed")
    changed = bytearray(before.raw)
    (control,), (mxcsr,) = struct.unpack_from("<H", changed, 0), struct.unpack_from("<I", changed, _MXCSR)
    if name in _FLUSHING:
        mxcsr |= _FLUSHING[name]
    else:
        control = control & ~(3 << 10) | _ROUNDING[name] << 10
        mxcsr = mxcsr & ~(3 << 13) | _ROUNDING[name] << 13
    struct.pack_into("<H", changed, 0, control)
    struct.pack_into("<I", changed, _MXCSR, mxcsr)
    after = ctypes.create_string_buffer(bytes(changed), 4 * _LENGTH)
    try:
        if _LIBM.fesetenv(after) != 0:
            raise OSError("fesetenv failed")
        yield
    finally:
        _LIBM.fesetenv(before)


def in_this_thread(work: Callable[[], Any]) -> Any:
    return work()


def in_a_worker(work: Callable[[], Any]) -> Any:
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result()


everywhere = pytest.mark.parametrize("run", [in_this_thread, in_a_worker])
