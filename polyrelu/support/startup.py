"""Ctrl-C while the program is still being imported ends it without a traceback.

Imports take most of a second, and Python shows where Ctrl-C hit one. So this module comes first, and needs nothing but
the standard library. It does something only where ``polyrelu`` is run as a program; in a Python session and in other
programs, Ctrl-C is theirs. Later the command line puts handlers of its own in the place of these.
"""

from __future__ import annotations

import os
import signal
import sys
from itertools import pairwise
from pathlib import PurePath
from types import FrameType

PROGRAMS = ("polyrelu", "polyrelu.cli")


def is_program(arguments: list[str], original: list[str]) -> bool:
    """Whether these are the arguments of ``polyrelu``, ``python -m polyrelu`` or ``python -m polyrelu.cli``.

    Args:
        arguments: ``sys.argv``; while ``-m`` looks for its module, that is not yet part of it.
        original: ``sys.orig_argv``.
    """
    if not arguments:
        return False
    if arguments[0] == "-m":
        rest = original[1 : len(original) - len(arguments) + 1]
        return any(f"{before}{name}" in (f"-m{program}" for program in PROGRAMS) for before, name in _pairs(rest))
    return PurePath(arguments[0]).stem == "polyrelu" and PurePath(arguments[0]).suffix in ("", ".exe")


def _pairs(words: list[str]) -> list[tuple[str, str]]:
    """Options with what follows them, and alone: ``-m name`` and ``-mname``."""
    return [*pairwise(words), *((word, "") for word in words)]


def quit_at_once(number: int, frame: FrameType | None = None) -> None:
    """Nothing has begun, so nothing can be lost."""
    del frame
    os.write(2, b"polyrelu: interrupted\n" if number == signal.SIGINT else b"polyrelu: terminated\n")
    os._exit(128 + number)


def listen() -> None:
    """Let SIGINT and SIGTERM quit at once; what is ignored, as nohup and background jobs have it, stays so."""
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, quit_at_once)


if is_program(sys.argv, sys.orig_argv):
    listen()
