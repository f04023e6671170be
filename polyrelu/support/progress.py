"""The progress bar: on a terminal, after a second, and without a thread that watches it."""

from __future__ import annotations

from functools import cache
from threading import RLock
from typing import Any


def progress_bar(progress: bool | None, items: Any = None, **options: Any) -> Any:
    """Tqdm's bar, shown always, never, or (None) only for long work on a terminal."""
    disable = None if progress is None else not progress
    return _kind()(items, delay=1, disable=disable, leave=False, **options)


@cache
def _kind() -> type:
    """Tqdm's bar without its monitor, a thread for the rest of the process, and without its lock for all processes.

    That lock is a semaphore of the system, which a worker that is terminated would leave behind.
    """
    from tqdm import tqdm  # takes as long to import as numpy

    class Bar(tqdm):  # type: ignore[misc]
        monitor_interval = 0

    Bar.set_lock(getattr(tqdm, "_lock", None) or RLock())
    return Bar
