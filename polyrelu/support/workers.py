"""Threads whose owner may be stopped at any moment.

Ctrl-C raises in the main thread between any two of its steps: also between taking a lock, as
``concurrent.futures.wait`` and ``threading.Event`` do, and the block that would let go of it. A worker that then wants
the lock waits for ever, and so does who joins it. So an owner shares no lock with its workers but one that a worker
only lets go of, when it is done.
"""

from __future__ import annotations

from _thread import allocate_lock, start_new_thread
from collections.abc import Callable, Iterable


class Worker:
    """A thread that calls a function; it begins at once.

    Attributes:
        is_done: whether the function has returned or raised.
        error: what it raised.
    """

    def __init__(self, work: Callable[[], object]) -> None:
        self.is_done = False
        self.error: BaseException | None = None
        self._busy = allocate_lock()
        self._busy.acquire()
        start_new_thread(self._run, (work,))

    def _run(self, work: Callable[[], object]) -> None:
        try:
            work()
        except BaseException as error:
            self.error = error
        finally:
            self.is_done = True
            self._busy.release()

    def wait(self, seconds: float) -> bool:
        """Wait so long or until it is done; whether it is."""
        if not self.is_done:
            self._busy.acquire(timeout=seconds)
        return self.is_done


def finish(workers: Iterable[Worker], seconds: float = 0.1) -> None:
    """Wait for workers that have been told to stop; a KeyboardInterrupt that comes meanwhile is raised at the end."""
    stop: KeyboardInterrupt | None = None
    for worker in workers:
        while not worker.is_done:
            try:
                worker.wait(seconds)
            except KeyboardInterrupt as error:
                stop = error
    if stop is not None:
        raise stop
