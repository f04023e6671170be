"""Limits on time, and one question that long work asks now and then.

A :class:`Limit` is what the caller said, ``until=`` and ``timeout=``. While it is :meth:`~Limit.kept`, :func:`check`
asks it from wherever the work is, however deep, and raises :class:`Stop`, a KeyboardInterrupt: what handles Ctrl-C
handles it. Python hears Ctrl-C itself between any two of its own steps, so a loop that calls ``check`` hears all.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from polyrelu.errors import InputError
from polyrelu.support.numerals import shown

_BETWEEN_CHECKS = 0.02  # seconds; ``until`` may be a slow function, and loops check often


class Stop(KeyboardInterrupt):
    """The caller's limit is reached."""


def seconds(timeout: object, where: str) -> float:
    """A time limit as a number of seconds; None, and what exceeds the range of floats, is infinity.

    Raises:
        InputError: it is not a positive number.
    """
    if timeout is None:
        return math.inf
    try:
        found = float(timeout)  # type: ignore[arg-type]
    except OverflowError:
        found = math.inf if timeout > 0 else -math.inf  # type: ignore[operator]
    except (TypeError, ValueError):
        found = math.nan
    if isinstance(timeout, str | bytes | bool) or not found > 0:
        raise InputError(
            f"{where}: the time limit is {shown(timeout)} seconds; pass a positive number, or None for none"
        )
    return found


class Limit:
    """When to stop, as the caller said: called with the number of tiles found, it says whether to stop.

    Args:
        until: asked with the number of tiles found.
        timeout: seconds from now.
        where: the function that was called, for its errors.

    Attributes:
        late: whether the time was up when it was last asked.
        reached: whether it said to stop then.

    Raises:
        InputError: the time limit is not a positive number.
    """

    def __init__(
        self, until: Callable[[int], bool] | None = None, timeout: float | None = None, where: str = "limit"
    ) -> None:
        self.until, self.timeout = until, timeout
        self._deadline = time.monotonic() + seconds(timeout, where)
        self.late = self.reached = False
        self._found, self._next = 0, 0.0

    @property
    def left(self) -> float:
        """The seconds that are left, none after the deadline."""
        return max(0.0, self._deadline - time.monotonic())

    def __call__(self, found: int) -> bool:
        """Whether to stop, now that so many tiles are found."""
        self._found = found
        self.late = time.monotonic() > self._deadline
        self.reached = self.late or (self.until is not None and self.until(found))
        return self.reached

    def check(self) -> None:
        """Ask again, with the last number of tiles, unless that was just done; raises Stop."""
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + _BETWEEN_CHECKS
            if self(self._found):
                raise Stop

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Within this, :func:`check` asks this limit, and those that were kept before."""
        token = _KEPT.set((*_KEPT.get(), self))
        try:
            yield
        finally:
            _KEPT.reset(token)


_KEPT: ContextVar[tuple[Limit, ...]] = ContextVar("limits", default=())


def check() -> None:
    """Stop here if a limit is reached. Cost: a tenth of a microsecond where nobody set one.

    Raises:
        Stop: it is.
    """
    for limit in _KEPT.get():
        limit.check()


@contextmanager
def unlimited() -> Iterator[None]:
    """Within this, :func:`check` asks nobody: a stopped run puts together what it found."""
    token = _KEPT.set(())
    try:
        yield
    finally:
        _KEPT.reset(token)
