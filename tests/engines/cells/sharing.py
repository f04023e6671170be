"""Runs that give cells away whenever they can, so that small problems keep all workers busy."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

from polyrelu.engines.cells import runner
from polyrelu.engines.cells.run import NO_LIMIT, Columns, Pause, Run

_PATIENCE = 5.0  # seconds


class Sharing:
    """From now on runs pause after each cut, and whenever they have a cell to give.

    The thread that asks waits until another worker has begun, if there is one.

    Args:
        monkeypatch: pytest's.
        workers: how many there will be.

    Attributes:
        runs: those that have worked, in the order in which they began.
        given: how many cells were given away.
        before, after: called with the run, in its thread, before and after it works.
    """

    def __init__(self, monkeypatch: Any, workers: int) -> None:
        self._workers = workers
        self.runs: list[Run] = []
        self.given = 0
        self.before: Callable[[Run], object] = _nothing
        self.after: Callable[[Run], object] = _nothing
        self._advance, self._share, self._giving = Run.advance, Run.share, Run.giving

        def giving(run: Run, everything: bool = False, accurate: bool = False) -> Iterator[Columns]:
            self.given += not everything
            return self._giving(run, everything, accurate)

        monkeypatch.setattr(runner, "_SECONDS_ALONE", 0.0)
        monkeypatch.setattr(runner, "_CUTS_BEFORE_SHARING", 0)
        monkeypatch.setattr(Run, "advance", lambda run, *_: self._worked(run))
        monkeypatch.setattr(Run, "share", lambda run, asked: self._share(run, True))
        monkeypatch.setattr(Run, "giving", giving)

    def is_first(self, run: Run) -> bool:
        """Whether this is the run of the thread that asks."""
        return run is self.runs[0]

    def _worked(self, run: Run) -> Pause:
        if run not in self.runs:
            self.runs.append(run)
            self._share(run, True)
        self.before(run)
        pause = self._advance(run, 1, NO_LIMIT)
        self.after(run)
        if self.is_first(run) and self.given == 1:
            self._wait()
        return pause

    def _wait(self) -> None:
        """Until the cell that was given away is at work, or for a while."""
        until = time.monotonic() + _PATIENCE
        while len(self.runs) == 1 < self._workers and time.monotonic() < until:
            time.sleep(0.001)


def _nothing(run: Run) -> None:
    pass
