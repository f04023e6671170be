"""What the program exits with: the one table that ``--help``, the guide and the tests read."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """The exit codes; ``meaning`` says in words when."""

    meaning: str

    def __new__(cls, code: int, meaning: str) -> Exit:
        """A code that carries its meaning."""
        member = int.__new__(cls, code)
        member._value_ = code
        member.meaning = meaning
        return member

    DONE = 0, "done; verify: the property holds; check: verified"
    VIOLATED = 1, "verify: the property is violated; check: rejected"
    ERROR = 2, "wrong usage, or an error"
    UNDECIDED = 3, "verify: undecided, also at its own --timeout"
    LATE = 124, "stopped by --timeout, other commands"
    INTERRUPTED = 130, "stopped by Ctrl-C"
    CLOSED = 141, "whoever read the output has closed it"
    TERMINATED = 143, "stopped by SIGTERM"


def table(separator: str = "  ") -> str:
    """A line for each code."""
    return "\n".join(f"{code.value:3}{separator}{code.meaning}" for code in Exit)
