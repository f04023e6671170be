"""One run: a heuristic on a question, ended by its limits at the latest."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NamedTuple

from networks import Shape, network

import polyrelu as pr
from polyrelu.engines.faces.backward import NetworkSearch, network_search
from polyrelu.engines.search import FaceSearch, Heuristic, Record, face_search

Found = frozenset[str]


class Question(NamedTuple):
    """What is searched: a network, a target after it, and where x may lie ([-box, box]^d, or anywhere if 0)."""

    network: str
    width: int
    dim: int
    blocks: int
    seed: int
    target: str
    box: int

    def __str__(self) -> str:
        box = f", box {self.box}" if self.box else ""
        return f"{self.network} {Shape(self.dim, self.width, self.blocks)}, seed {self.seed}, {self.target}{box}"


class Limits(NamedTuple):
    """When a run is given up: so many nodes, so many seconds."""

    limit: int
    max_seconds: float


class OutOfTime(BaseException):
    """The seconds of a run are over. Not an Exception: no heuristic should catch it."""


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise OutOfTime in the body after so many seconds, and again every second should something swallow it."""

    def ring(number: int, frame: FrameType | None) -> None:
        raise OutOfTime

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds, 1.0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


class Result(NamedTuple):
    """How a run ended.

    Attributes:
        finished: "yes", or the limit that ended it ("nodes", "seconds"), or "error".
        record: what was counted until then.
        found: the pieces found until then, by their signs (1 for active), blocks separated by bars.
        note: the message of an error.
    """

    finished: str
    record: Record
    found: Found
    note: str = ""


def run(question: Question, make: Callable[[], Heuristic], limits: Limits) -> Result:
    """One run, ended by its limits at the latest.

    With one block, all faces of the layer are searched. With several, the search goes backwards through the network, a
    fresh heuristic for each polyhedron at each layer, and decides no neuron that the target does not see.
    """
    net = network(question.network, Shape(question.dim, question.width, question.blocks), question.seed)
    target = pr.parse(question.target, dim=net.output_dim)
    domain = (
        pr.Polyhedron.box([-question.box] * net.input_dim, [question.box] * net.input_dim) if question.box else None
    )
    found: set[str] = set()
    search: FaceSearch | NetworkSearch
    if question.blocks == 1:
        (layer,) = net.layers
        search = layers = face_search(
            target, layer.rows, layer.offsets, heuristic=make(), domain=domain, limit=limits.limit, progress=False
        )
        finished, note, seconds = ended(
            layers.run, limits.max_seconds
        )  # without the polyhedra, which take longer than the search
        for zeroed in map(set, layers.zeroed):
            found.add("".join("01"[i not in zeroed] for i in range(question.width)))
    else:
        search = network_search(net, target, make, domain, limit=limits.limit, progress=False)

        def find_all() -> None:
            for bits, _ in search:
                found.add("|".join("".join("01"[on] for on in block) for block in bits))
                if search.record.nodes > limits.limit:
                    raise pr.BudgetExceeded("all layers together")

        finished, note, seconds = ended(find_all, limits.max_seconds)
    if finished != "yes":
        search.record.seconds = seconds
    return Result(finished, search.record, frozenset(found), note)


def ended(search: Callable[[], object], seconds: float) -> tuple[str, str, float]:
    """Search, and say how that ended, with the message of an error, and after how many seconds."""
    began = time.perf_counter()
    how, note = "yes", ""
    try:
        with time_limit(seconds):
            search()
    except OutOfTime:
        how = "seconds"
    except pr.BudgetExceeded:
        how = "nodes"
    except Exception as error:
        how, note = "error", " ".join(f"{type(error).__name__}: {error}".split())
    return how, note, time.perf_counter() - began


_warm: set[str] = set()


def warm_up(name: str, make: Callable[[], Heuristic]) -> None:
    """Let a heuristic answer a tiny question first, once in each process.

    So what it imports is not timed, and no time limit ends an import in the middle.
    """
    if name not in _warm:
        _warm.add(name)
        run(Question("random", 2, 2, 1, 0, "y0 > 0", 1), make, Limits(100, 60.0))
