"""Stopping early: Ctrl-C and ``--timeout``."""

from __future__ import annotations

import time
from typing import IO, Any

import click

INTERRUPTED, LATE, CLOSED = 130, 124, 141
"""Exit codes: what shells say of Ctrl-C, what timeout(1) says, and what shells say of a closed pipe."""


class Stopped(click.ClickException):
    """The run was stopped; click would swallow the message of a KeyboardInterrupt."""

    exit_code = INTERRUPTED

    def show(self, file: IO[Any] | None = None) -> None:
        """The message as a line on standard error."""
        click.echo(f"polyrelu: {self.message}", file=file, err=file is None)


class Late(Stopped):
    """The time limit stopped the run."""

    exit_code = LATE


class Clock:
    """Says when the time is up, and whether it said so.

    Args:
        seconds: from now; None is never.
    """

    def __init__(self, seconds: float | None) -> None:
        if seconds is not None and not seconds > 0:
            raise click.UsageError(f"--timeout {seconds:g}: pass a positive number of seconds.")
        self.seconds = seconds
        self._deadline = None if seconds is None else time.monotonic() + seconds
        self.late = False

    def is_late(self, found: int) -> bool:
        """Whether the time is up; ``found`` is what engines tell, and plays no part."""
        del found
        self.late = self._deadline is not None and time.monotonic() > self._deadline
        return self.late


TIMEOUT = click.option("--timeout", type=float, metavar="SECONDS", help="Give up after this time; by default never.")
