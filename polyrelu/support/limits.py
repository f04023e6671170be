"""Limits on time: one clock for all of them, and one question that long work asks now and then.

The clock measures seconds of work. It stands still while compiled code is loaded or compiled (:func:`loading`), because
that takes as long for any question and is done once: a limit of a second would otherwise be over before anything began.

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
from threading import Lock

from polyrelu.errors import InputError
from polyrelu.support.numerals import shown

_BETWEEN_CHECKS = 0.02  # seconds; ``until`` may be a slow function, and loops check often


COMPILES = "polyrelu-compiles"
"""The name of a thread that compiles; a program need not wait for it when it ends."""


class Stop(KeyboardInterrupt):
    """The caller's limit is reached."""


class _Clock:
    """Seconds of work; several threads may load at the same time."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._loading, self._began, self._loaded = 0, 0.0, 0.0

    def now(self) -> float:
        # without the lock: a signal handler asks, too, and may have interrupted who holds it
        began, loaded = self._began, self._loaded
        return (began if self._loading else time.monotonic()) - loaded

    def enter(self) -> None:
        with self._lock:
            if not self._loading:
                self._began = time.monotonic()
            self._loading += 1

    def leave(self) -> None:
        with self._lock:
            self._loading -= 1
            if not self._loading:
                self._loaded += time.monotonic() - self._began


_CLOCK = _Clock()


def now() -> float:
    """Seconds of work since some moment; time for loading compiled code is not counted."""
    return _CLOCK.now()


@contextmanager
def loading() -> Iterator[None]:
    """Within this the clock stands still."""
    _CLOCK.enter()
    try:
        yield
    finally:
        _CLOCK.leave()


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
        timeout: seconds of work from now.
        where: the function that was called, for its errors.

    Attributes:
        late: whether the time was up when it was last asked.

    Raises:
        InputError: the time limit is not a positive number.
    """

    def __init__(
        self, until: Callable[[int], bool] | None = None, timeout: float | None = None, where: str = "limit"
    ) -> None:
        self.until, self.timeout = until, timeout
        self._deadline = now() + seconds(timeout, where)
        self.late = False
        self._found, self._next = 0, 0.0

    def __call__(self, found: int) -> bool:
        """Whether to stop, now that so many tiles are found."""
        self._found = found
        self.late = now() > self._deadline
        return self.late or (self.until is not None and self.until(found))

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
