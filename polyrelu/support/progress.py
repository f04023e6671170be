"""The progress bar: on a terminal, after a second, and without a thread that watches it."""

from __future__ import annotations

from typing import Any

from tqdm import tqdm


class Bar(tqdm):  # type: ignore[misc]
    """tqdm's bar without its monitor, which is a thread for the rest of the process."""

    monitor_interval = 0

    @classmethod
    def of(cls, progress: bool | None, items: Any = None, **options: Any) -> Bar:
        """A bar that is shown always, never, or (None) only for long work on a terminal."""
        disable = None if progress is None else not progress
        return cls(items, delay=1, disable=disable, leave=False, **options)
