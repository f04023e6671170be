"""One question of a list, decided; and the processes that decide several at a time."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from multiprocessing import connection, get_context
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from polyrelu.analysis.replay import float_counterexample
from polyrelu.analysis.verify import Verification, verify
from polyrelu.cli.solver import VERDICTS
from polyrelu.errors import BudgetExceeded, InputError, Interrupted, MissingExtraError, PolyreluError
from polyrelu.formats.answers import counterexample_text
from polyrelu.formats.instances import Instance
from polyrelu.formats.load import load_network
from polyrelu.formats.onnx_runs import float_run
from polyrelu.formats.packed import plain_suffix
from polyrelu.formats.vnnlib import load_query
from polyrelu.formats.vnnlib_query import Query
from polyrelu.networks.final_operators import after_final, is_monotone
from polyrelu.networks.network import Network
from polyrelu.networks.properties import Property
from polyrelu.support.limits import Limit, Stop

_GRACE = 10.0  # seconds after its time limit at which a worker that hears nothing is ended
_PATIENCE = 2.0
_KEPT = 4


@dataclass(frozen=True)
class Task:
    """A question of a list, with its number there, the time that it may take, and the last operator to leave out."""

    number: int
    instance: Instance
    timeout: float | None
    drop_final: str | None = None

    def asked_of(self, query: Query) -> Property:
        """What is asked of the network without its last operator."""
        operator = self.drop_final
        return query.prop if operator is None or not is_monotone(operator) else query.before_final(operator)


@dataclass(frozen=True)
class Outcome:
    """What became of a question.

    Attributes:
        number: of the question.
        result: ``sat``, ``unsat``, ``unknown``, ``timeout`` or ``error``.
        seconds: how long it took to read and decide it.
        in_floats: of ``sat``, whether onnxruntime returns a counterexample at binary32 inputs, too: ``confirmed``,
            ``not found`` (which does not say that there is none), or ``not tried``.
        counterexample: of ``sat``, the text of the file.
        note: why nothing is known.
    """

    number: int
    result: str
    seconds: float
    in_floats: str = ""
    counterexample: str = ""
    note: str = ""


def decide(task: Task) -> Outcome:
    """Read a question and decide it; whatever is wrong with it is its outcome."""
    began = time.monotonic()
    limit = Limit(timeout=task.timeout)
    try:
        with limit.kept():
            query, network = _read(task)
            left = None if task.timeout is None else max(task.timeout - (time.monotonic() - began), 0.001)
            found = verify(network, task.asked_of(query), left, progress=False)
    except (Stop, Interrupted):  # engines make the latter of the former
        if not limit(0):
            raise
        return Outcome(task.number, "timeout", time.monotonic() - began)
    except BudgetExceeded as error:
        return Outcome(task.number, "unknown", time.monotonic() - began, note=_line(error))
    except (PolyreluError, OSError, MemoryError) as error:
        return Outcome(task.number, "error", time.monotonic() - began, note=_line(error))
    outcome = Outcome(task.number, VERDICTS[found.status], time.monotonic() - began)
    if found.status == "undecided":
        return replace(outcome, result="timeout")
    return outcome if found.place is None else _with_counterexample(outcome, task, query, network, found)


def _line(error: BaseException) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]


@lru_cache(maxsize=_KEPT)
def _network(path: Path, drop_final: str | None) -> Network:
    """A network, which the next questions are likely to be about, too. The path is whole: folders may be changed."""
    return load_network(path, drop_final=drop_final)


@lru_cache(maxsize=1)
def _query(path: Path) -> Query:
    return load_query(path)


def _read(task: Task) -> tuple[Query, Network]:
    instance, options = task.instance, {} if task.drop_final is None else {"drop_final": task.drop_final}
    query, files = _query(instance.property_file.resolve()), dict(instance.networks)
    if "" in files:
        if len(query.names) != 1:
            raise InputError(f"{instance.prop}: is about {' and '.join(query.names)}; write NAME=FILE;NAME=FILE")
        files = {query.names[0]: files[""]}
    plain = {declared.name for declared in query.networks if declared.is_plain}
    given = {name: _network(path.resolve(), task.drop_final) if name in plain else path for name, path in files.items()}
    return query, query.joint(given, **options)


def _with_counterexample(outcome: Outcome, task: Task, query: Query, network: Network, found: Verification) -> Outcome:
    """The outcome with the file of the counterexample: one that onnxruntime confirms, if one is found."""
    assert found.point is not None
    assert found.value is not None
    assert found.place is not None
    point, value, files = found.point, found.value, list(task.instance.networks.values())
    if task.drop_final is not None:
        value = after_final(value, task.drop_final)
    hidden = any(declared.of_kind("hidden") for declared in query.networks)
    in_floats = "not tried"
    if len(files) == len(query.networks) == 1 and plain_suffix(files[0]) == ".onnx" and not hidden:
        try:
            asked, run = task.asked_of(query), float_run(files[0])
            confirmed = float_counterexample(network, asked, found.place, point, run, query.prop)
        except MissingExtraError:
            confirmed = None
        else:
            in_floats = "not found" if confirmed is None else "confirmed"
        if confirmed is not None:
            point, value = confirmed.point, confirmed.value
    return replace(outcome, in_floats=in_floats, counterexample=counterexample_text(query, point, value))


# -- several at a time --------------------------------------------------------------------------------------------


def decided(tasks: Iterable[Task], workers: int) -> Iterator[Outcome]:
    """The outcomes, as they come; by this process, or by as many others as there are workers.

    A process that dies, or does not hear that its time is up, costs its own question and is replaced.
    """
    if workers == 1:
        yield from map(decide, tasks)
        return
    waiting, crew = iter(tasks), list[_Worker]()
    try:
        for task in waiting:
            crew.append(_Worker(task))
            if len(crew) == workers:
                break
        while crew:
            for worker in _ready(crew):
                outcome = worker.outcome()
                if outcome is None:
                    continue
                yield outcome
                following = next(waiting, None)
                if following is None:
                    crew.remove(worker)
                    worker.end()
                else:
                    worker.begin(following)
    finally:
        for worker in crew:
            worker.end()


class _Worker:
    """A process that decides one question after the other."""

    def __init__(self, task: Task) -> None:
        self._process: BaseProcess | None = None
        self.begin(task)

    def begin(self, task: Task) -> None:
        """Give it a question."""
        if self._process is None or not self._process.is_alive():
            context = get_context("spawn")
            self.pipe, end = context.Pipe()
            self._process = context.Process(target=_serve, args=(end,), daemon=True)
            self._process.start()
            end.close()
        self._task, self._began, self._is_busy = task, time.monotonic(), True
        self.pipe.send(task)

    @property
    def handles(self) -> list[Any]:
        """What to wait for: an outcome, or the end of the process."""
        assert self._process is not None
        return [self.pipe, self._process.sentinel]

    @property
    def left(self) -> float:
        """The seconds until it is ended."""
        limit = float("inf") if self._task.timeout is None else self._task.timeout + _GRACE
        return limit - (time.monotonic() - self._began)

    def outcome(self) -> Outcome | None:
        """The outcome, if there is one: what it sent, or that it died, or that it is ended now."""
        assert self._process is not None
        took = time.monotonic() - self._began
        try:
            if self.pipe.poll():
                sent: Outcome | None = self.pipe.recv()
                if sent is None:  # it has started, and begins only now
                    self._began = time.monotonic()
                else:
                    self._is_busy = False
                return sent
        except (EOFError, OSError):
            self._process.join(1)
        if not self._process.is_alive():
            note = f"the process that decided it died (exit code {self._process.exitcode})"
            return Outcome(self._task.number, "error", took, note=note)
        if self.left > 0:
            return None
        self.end()
        return Outcome(self._task.number, "timeout", took)

    def end(self) -> None:
        """End the process: it ends itself where it has nothing to do."""
        if self._process is not None:
            self.pipe.close()
            if not self._is_busy:
                self._process.join(_PATIENCE)
            self._process.kill()
            self._process.join()


def _ready(crew: list[_Worker]) -> list[_Worker]:
    """Those to be looked at, once there are some: with an outcome, dead, or late."""
    longest = min(worker.left for worker in crew)
    handles = [handle for worker in crew for handle in worker.handles]
    found = set(map(id, connection.wait(handles, None if longest == float("inf") else max(longest, 0.0))))
    return [worker for worker in crew if worker.left <= 0 or any(id(handle) in found for handle in worker.handles)]


def _serve(pipe: Any) -> None:
    """What a worker does: the one that gives it questions decides when to stop."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    pipe.send(None)
    while True:
        try:
            task = pipe.recv()
        except EOFError:
            return
        pipe.send(decide(task))
