"""Where tasks run: in threads, in processes, or on whatever keeps the interface of ``concurrent.futures``.

A task is a call of a function of this package with arguments that can be pickled. So Dask (``client.get_executor()``),
``mpi4py.futures.MPIPoolExecutor`` and Parsl's executors do as well as those of the standard library; none of them is
imported here but Dask, when its address is given.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from queue import SimpleQueue
from typing import Any, TypeAlias, TypeVar

from polyrelu.errors import InputError
from polyrelu.runs.tasks import Fold, Outcome, Question, Root, Task, work
from polyrelu.support.arguments import whole_number
from polyrelu.support.extras import require
from polyrelu.support.numerals import shown

T = TypeVar("T")
Ended: TypeAlias = SimpleQueue[tuple[Root, Future[Outcome[T]]]]

KINDS = "threads:N, processes:N or dask://HOST:PORT"
_MOST_WORKERS = 1024
_SECONDS_BETWEEN_COUNTS = 1.0
_MOST_RESTARTS = 100
_SECONDS_TO_CONNECT = 10


class Workers:
    """An executor, and how many tasks it works on at a time.

    Args:
        executor: anything with ``submit``.
        count: asked for that number, which may change.
    """

    def __init__(self, executor: Executor, count: Callable[[], int]) -> None:
        self.executor, self._count = executor, count
        self._counted, self._next = 1, 0.0
        self._begun = set[Future[Any]]()

    def count(self) -> int:
        """How many tasks it works on at a time; at least one. It is asked about once a second."""
        if time.monotonic() >= self._next:
            self._counted = max(self._count(), 1)
            self._next = time.monotonic() + _SECONDS_BETWEEN_COUNTS
        return self._counted

    def begin(self, question: Question, root: Root, cuts: int, fold: Fold[T], ended: Ended[T]) -> None:
        """Submit a task; when it has ended, it is put into the queue."""
        future = self.submit(question, root, cuts, fold)
        self._begun.add(future)

        def end(own: Future[Outcome[T]]) -> None:
            self._begun.discard(own)
            ended.put((root, own))

        future.add_done_callback(end)

    def submit(self, question: Question, root: Root, cuts: int, fold: Fold[T]) -> Future[Outcome[T]]:
        """Submit a task."""
        return self.executor.submit(work, question, root, cuts, fold)

    def is_lost(self, future: Future[Any]) -> bool:
        """Whether a task has ended with its worker, and is to be done again."""
        return False

    def stop(self, keep_parts: bool) -> bool:
        """Work on nothing more; whether the tasks that were at work will be put into the queue all the same."""
        for future in list(self._begun):
            future.cancel()
        return False

    def close(self) -> None:
        """Let go of what was made for this."""


class _Threads(Workers):
    """Threads of this process, which hear of a stop between two batches."""

    def __init__(self, number: int) -> None:
        super().__init__(ThreadPoolExecutor(number, "polyrelu"), lambda: number)
        self._is_over = threading.Event()

    def submit(self, question: Question, root: Root, cuts: int, fold: Fold[T]) -> Future[Outcome[T]]:
        return self.executor.submit(self._work, question, root, cuts, fold)

    def _work(self, question: Question, root: Root, cuts: int, fold: Fold[T]) -> Outcome[T]:
        task = Task(question, root, cuts, fold)
        while not self._is_over.is_set() and task.go_on():
            pass
        return task.outcome()

    def stop(self, keep_parts: bool) -> bool:
        self._is_over.set()
        return keep_parts

    def close(self) -> None:
        self._is_over.set()
        self.executor.shutdown()


class _Processes(Workers):
    """Processes of this machine. When one is killed, the pool is made again, and what it was at is done again."""

    def __init__(self, number: int) -> None:
        self._number, self._restarts = number, 0
        super().__init__(self._pool(), lambda: number)

    def _pool(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(self._number, get_context("spawn"), _leave_interrupts_alone)

    def submit(self, question: Question, root: Root, cuts: int, fold: Fold[T]) -> Future[Outcome[T]]:
        try:
            return super().submit(question, root, cuts, fold)
        except BrokenExecutor:
            self._restarts += 1
            if self._restarts > _MOST_RESTARTS:
                raise
            self.executor.shutdown(wait=False)
            self.executor = self._pool()
            return super().submit(question, root, cuts, fold)

    def is_lost(self, future: Future[Any]) -> bool:
        return self._restarts < _MOST_RESTARTS and isinstance(future.exception(), BrokenExecutor)

    def stop(self, keep_parts: bool) -> bool:
        processes = list((getattr(self.executor, "_processes", None) or {}).values())
        self.executor.shutdown(wait=False, cancel_futures=True)
        for process in processes:
            process.terminate()
        for process in processes:
            process.join()
        return False

    def close(self) -> None:
        self.executor.shutdown()


def _leave_interrupts_alone() -> None:
    """Ctrl-C is the coordinator's: it goes to all processes of a terminal."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


class _Dask(Workers):
    """A cluster of Dask: the question is sent to its workers once, and workers that are added get tasks, too."""

    def __init__(self, client: Any, is_own: bool) -> None:
        super().__init__(client.get_executor(pure=False), lambda: sum(client.nthreads().values()))
        self._client, self._is_own, self._sent = client, is_own, dict[str, Any]()

    def submit(self, question: Question, root: Root, cuts: int, fold: Fold[T]) -> Future[Outcome[T]]:
        if question.digest not in self._sent:
            self._sent[question.digest] = self._client.scatter(question, broadcast=True)
        return self.executor.submit(work, self._sent[question.digest], root, cuts, fold)

    def stop(self, keep_parts: bool) -> bool:
        self.executor.shutdown(wait=False)  # which cancels what has begun
        return False

    def close(self) -> None:
        if self._is_own:
            self._client.close()


@contextmanager
def workers(executor: Executor | str | None, where: str) -> Iterator[Workers | None]:
    """The workers that are meant; those that are made for it are gone afterwards. None is this thread.

    Args:
        executor: an executor, a Dask client, or a text: ``"threads:2"``, ``"processes:2"`` (which are spawned, so a
            script has to stand below ``if __name__ == "__main__"``), or ``"dask://HOST:PORT"``.
        where: names the function in errors.

    Raises:
        InputError: it is none of these.
        MissingExtraError: Dask is not installed.
    """
    found = _found(executor, where)
    try:
        yield found
    finally:
        if found is not None:
            found.close()


def _found(executor: Any, where: str) -> Workers | None:
    if executor is None or isinstance(executor, Workers):
        return executor
    if isinstance(executor, str):
        return _named(executor, where)
    if hasattr(executor, "get_executor") and hasattr(executor, "nthreads"):
        return _Dask(executor, False)
    if hasattr(executor, "submit"):
        number = getattr(executor, "_max_workers", None)
        return Workers(executor, lambda: number if isinstance(number, int) else _MOST_WORKERS)
    raise InputError(f"{where}: executor {shown(executor)} has no submit; pass an Executor, or {KINDS}")


def _named(text: str, where: str) -> Workers:
    kind, colon, rest = text.partition(":")
    if kind == "dask" and rest.startswith("//"):
        distributed = require("distributed", f"executor {text!r}")
        try:
            client = distributed.Client(f"tcp:{rest}", timeout=_SECONDS_TO_CONNECT)
        except (OSError, ValueError) as error:
            raise InputError(f"{where}: executor {shown(text)}: no scheduler answers there ({error})") from error
        return _Dask(client, True)
    if kind in ("threads", "processes") and colon and rest.isdecimal():
        number = whole_number(int(rest), f"{where}: {kind}", 1, _MOST_WORKERS)
        return _Threads(number) if kind == "threads" else _Processes(number)
    raise InputError(f"{where}: executor {shown(text)} is unknown; pass {KINDS}")
