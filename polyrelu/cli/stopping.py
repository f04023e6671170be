"""Stopping early: Ctrl-C, SIGTERM and ``--timeout``, by one mechanism.

SIGINT, SIGTERM and the alarm of ``--timeout`` all raise :class:`Heard` in the main thread, between any two steps of
Python: no stage has to ask. Each stage keeps what is finished, and what comes after a stop is short: what was found is
kept and printed. The second signal ends the program at once.

:meth:`Stops.patient` is for short steps that should not be torn apart, such as writing a file: a stop that comes
meanwhile is put off until they are over, by half a second at the most. Where there are no alarms (on Windows, and in
threads), engines are asked to stop as soon as time is up, and other stages end before they hear of it.
"""

from __future__ import annotations

import math
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import current_thread, main_thread
from types import FrameType
from typing import IO, Any

import click

from polyrelu.cli.exit_codes import Exit
from polyrelu.support import limits

_PATIENCE = 0.5
_SECONDS_TO_QUIT = 0.2  # for temporary files to be removed
_AGAIN, _AT_ONCE = 0.05, 0.001
_LONGEST_ALARM = 1e6
_SIGNALS = {signal.SIGINT: Exit.INTERRUPTED, signal.SIGTERM: Exit.TERMINATED}
_HAS_ALARM = hasattr(signal, "setitimer")


class Heard(KeyboardInterrupt):
    """The first signal, or the alarm."""


class Quit(BaseException):
    """The second signal: nothing more is kept or printed."""

    def __init__(self, code: Exit) -> None:
        super().__init__(code)
        self.code = code


class Stopped(click.ClickException):
    """How a stopped run ends; click would swallow the message of a KeyboardInterrupt."""

    def __init__(self, message: str, code: Exit) -> None:
        super().__init__(message)
        self.__dict__["exit_code"] = int(code)  # click has it for a constant of the class

    def show(self, file: IO[Any] | None = None) -> None:
        """The message as a line on standard error."""
        click.echo(f"polyrelu: {self.message}", file=file, err=file is None)


class Stops:
    """Why the run was stopped, if it was.

    Attributes:
        reason: the exit code of the first stop; None as long as there was none.
        seconds: the time limit, None without one.
    """

    def __init__(self) -> None:
        self.reason: Exit | None = None
        self.seconds: float | None = None
        self._limit: limits.Limit | None = None
        self._deadline: float | None = None
        self._patience: float | None = None  # how long a stop is put off, None where it is not
        self._again = self._listens = False
        self._quitting: Exit | None = None

    # -- what stages ask ------------------------------------------------------------------------------------------

    def start(self, seconds: float | None) -> None:
        """From now on the time limit counts; without a limit nothing happens.

        Raises:
            click.UsageError: it is no positive number.
        """
        if seconds is None:
            return
        if not seconds > 0:
            raise click.UsageError(f"--timeout {seconds:g}: pass a positive number of seconds.")
        self.seconds, self._limit = seconds, limits.Limit(timeout=seconds)
        self._deadline = time.monotonic() + seconds
        if self._listens and _HAS_ALARM:
            _set_alarm(seconds)

    def is_late(self, found: int) -> bool:
        """Whether time is up, for engines to ask where there are no alarms; how many tiles they found plays no part."""
        if self.reason is None and self._limit is not None and self._limit(found):
            self.reason = Exit.LATE
        return self.reason is not None

    @property
    def left(self) -> float | None:
        """The seconds that are left; None without a limit."""
        return None if self._deadline is None else max(self._deadline - time.monotonic(), _AT_ONCE)

    @property
    def until(self) -> Callable[[int], bool] | None:
        """What engines are to ask; None where there is no limit, or an alarm for it."""
        return None if self._limit is None or (self._listens and _HAS_ALARM) else self.is_late

    @property
    def words(self) -> str:
        """Why the run was stopped."""
        if self.reason is Exit.LATE:
            return f"stopped after {self.seconds:g} seconds"
        return "terminated" if self.reason is Exit.TERMINATED else "interrupted"

    def outcome(self, rest: str = "") -> Stopped:
        """The error that ends a stopped run, with more to say about it."""
        return Stopped(f"{self.words}{rest}", self.reason or Exit.INTERRUPTED)

    @contextmanager
    def patient(self, seconds: float = _PATIENCE) -> Iterator[None]:
        """Within this a first stop is put off, for so long at most; ``reason`` tells that it came. May be nested."""
        if self.reason is not None or not _HAS_ALARM:
            yield
            return
        before, self._patience = self._patience, seconds
        try:
            yield
        finally:
            self._patience = before
            if self.reason is not None and self._quitting is None:
                _set_alarm(0)

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Once the run is stopped: raise :class:`polyrelu.support.limits.Stop` if what is within this takes longer."""
        if self.reason is None or seconds == math.inf:
            yield
            return
        limit = limits.Limit(timeout=max(seconds, _AT_ONCE))
        alarm = self._listens and _HAS_ALARM
        self._limit = limit
        with limit.kept():
            try:
                if alarm:
                    _set_alarm(max(seconds, _AT_ONCE))
                yield
            finally:
                self._limit = None
                if alarm and self._quitting is None:
                    _set_alarm(0)

    @contextmanager
    def soon(self, seconds: float) -> Iterator[None]:
        """Hear a first stop at once, also within :meth:`patient`; once the run is stopped, as :meth:`within`."""
        with self.patient(_AT_ONCE), self.within(seconds):
            yield

    # -- signals --------------------------------------------------------------------------------------------------

    def hear(self, number: int, frame: FrameType | None = None) -> None:
        """The handler of all signals."""
        del frame
        if number == getattr(signal, "SIGALRM", None):
            self._hear_alarm()
        elif self.reason is None:
            self._stop(_SIGNALS[signal.Signals(number)])
        else:
            self._quit(_SIGNALS[signal.Signals(number)])

    def _hear_alarm(self) -> None:
        if self._quitting is not None:
            os._exit(self._quitting)
        if self._again or (self.reason is not None and self._patience is not None and self._patience < math.inf):
            self._again, self._patience = False, None
            raise Heard
        if self.reason is not None:
            if self._limit is not None:
                raise limits.Stop
            return
        if self._deadline is None:
            return
        left = self._deadline - time.monotonic()
        if left > 0:  # an alarm cannot be set for longer
            _set_alarm(max(left, _AGAIN))
        else:
            self._stop(Exit.LATE)

    def _stop(self, reason: Exit) -> None:
        self.reason, self._limit = reason, None
        if self._patience is None:
            raise Heard
        if self._patience < math.inf:
            _set_alarm(self._patience)

    def _quit(self, code: Exit) -> None:
        if self._quitting is not None or not _HAS_ALARM:
            os._exit(code)
        self._quitting = code
        end_line = b"\n" if os.isatty(2) else b""
        os.write(2, end_line + b"polyrelu: quit at once; nothing more is kept\n")
        _set_alarm(_SECONDS_TO_QUIT)
        raise Quit(code)

    def not_lost(self, unraisable: Any) -> None:
        """A hook for exceptions in finalizers, which Python swallows: a stop that hit one is raised again."""
        if isinstance(unraisable.exc_value, Heard) and _HAS_ALARM:
            self._again = True
            _set_alarm(_AGAIN)
        elif isinstance(unraisable.exc_value, Quit):
            os._exit(unraisable.exc_value.code)
        else:
            sys.__unraisablehook__(unraisable)

    @contextmanager
    def listening(self) -> Iterator[Stops]:
        """Handle signals within this, if it is the main thread; signals that are ignored, as under nohup, stay so."""
        if current_thread() is not main_thread():
            yield self
            return
        alarms = [signal.SIGALRM] if _HAS_ALARM else []
        heard = [n for n in (*_SIGNALS, *alarms) if signal.getsignal(n) is not signal.SIG_IGN]
        hook, sys.unraisablehook = sys.unraisablehook, self.not_lost
        before = {number: signal.signal(number, self.hear) for number in heard}
        self._listens = True
        try:
            yield self
        finally:
            self._listens = False
            if _HAS_ALARM:
                _set_alarm(0)
            for number, handler in before.items():
                signal.signal(number, handler if handler is not None else signal.SIG_DFL)
            sys.unraisablehook = hook


def stops() -> Stops:
    """Those of the command that is running."""
    context = click.get_current_context(silent=True)
    found = context.find_object(Stops) if context is not None else None
    return Stops() if found is None else found


def _set_alarm(seconds: float) -> None:
    signal.setitimer(signal.ITIMER_REAL, min(seconds, _LONGEST_ALARM))


TIMEOUT = click.option(
    "--timeout",
    type=float,
    metavar="SECONDS",
    help="Give up after this time; by default never.",
)
