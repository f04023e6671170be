"""The progress bar: on a terminal, after a second, and without a thread that watches it."""

from __future__ import annotations

from functools import cache
from typing import Any


def progress_bar(progress: bool | None, items: Any = None, **options: Any) -> Any:
    """Tqdm's bar, shown always, never, or (None) only for long work on a terminal."""
    disable = None if progress is None else not progress
    return _kind()(items, delay=1, disable=disable, leave=False, **options)


@cache
def _kind() -> type:
    """Tqdm's bar without its monitor, which is a thread for the rest of the process."""
    from tqdm import tqdm  # takes as long to import as numpy

    class Bar(tqdm):  # type: ignore[misc]
        monitor_interval = 0

    return Bar
