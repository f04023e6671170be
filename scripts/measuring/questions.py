"""Questions about networks, and a process that answers them: a line of JSON for each, with the seconds that it took.

    python scripts/measuring/questions.py         # reads questions, writes answers, until there are no more

It runs with the polyrelu that PYTHONPATH says, any commit of it: only what all of them have is asked, unless a question
is about something newer. First it writes where that polyrelu was imported from. What a question is about is made
before the clock starts, and kept for the next question about it. Times are of whole calls, Python included: by the
clock on the wall, and CPU seconds of the process, all its threads together.
"""

from __future__ import annotations

import argparse
import itertools
import json
import resource
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

import polyrelu as pr

GENERIC = "generic"
DEGENERATE = ("zero biases", "integers from -2 to 2", "signs only", "opposite pairs")
AXES = "axes"
SEED_OF_THE_POINT, RADIUS_OF_A_CELL = 1, 2.0**-20

Floats = NDArray[np.float64]


class Question(NamedTuple):
    """Which tiles does a network have, and how long does it take to find them?

    Attributes:
        name: what the table says.
        network: the path of a file, or a kind (GENERIC, one of DEGENERATE, or AXES) and widths, input first.
        domain: half the side of a box around 0; or lower and upper bounds; ``"space"``; or ``"cell"``, a box so small
            that it lies in one cell.
        target: a condition on the outputs; None asks for all linear regions.
        workers: how many threads.
        timed: ``"run"``, ``"run and measure"``, or ``"volume"``, which is then asked of the tiles of a run.
        calls: how often it is asked; each call is timed.
    """

    name: str
    network: str | tuple[str, tuple[int, ...]]
    domain: float | str | tuple[tuple[str, ...], tuple[str, ...]]
    target: str | None = None
    workers: int = 1
    timed: str = "run"
    calls: int = 1


class Answer(NamedTuple):
    """What a question took.

    Attributes:
        wall: seconds by the clock on the wall, the median of the calls.
        cpu: CPU seconds of all threads, the median of the calls.
        kernel: those of them that the calling thread spent in the compiled kernel; 0 where there is none.
        first: seconds by the clock on the wall of the first call less the median of the others; 0 without others.
        tiles: how many there are.
        exactly: how many signs exact arithmetic decided.
        peak: MiB, the most that the process ever held.
    """

    wall: float
    cpu: float
    kernel: float
    first: float
    tiles: int
    exactly: int
    peak: int

    @classmethod
    def median(cls, answers: Iterable[Answer]) -> Answer:
        """The median of each entry, over answers to one question."""
        wall, cpu, kernel, first, *counts = zip(*answers, strict=True)
        return cls(*map(statistics.median, (wall, cpu, kernel, first)), *map(max, counts))  # type: ignore[arg-type]


def random_network(widths: tuple[int, ...], kind: str = GENERIC) -> pr.Network:
    """Hidden layers only, with weights N(0, sqrt(2 / fan_in)) and biases N(0, 0.5), or not generic.

    That is: all biases zero, small integers, or each neuron twice with opposite signs. With AXES the first d neurons
    are the inputs and all others are constants, so that R^d has 2^d cells.
    """
    rng = np.random.default_rng(0)
    layers = [layer(rng, a, b, kind) for a, b in itertools.pairwise(widths)]
    if kind == AXES:
        (first, _), *later = layers
        layers = [(np.eye(*first.shape), np.zeros(len(first))), *((0 * weight, bias) for weight, bias in later)]
    return pr.Network(layers, relu=[True] * len(layers))


def layer(rng: np.random.Generator, inputs: int, outputs: int, kind: str) -> tuple[Floats, Floats]:
    """Weights and biases."""
    weight, bias = rng.normal(0, np.sqrt(2 / inputs), (outputs, inputs)), rng.normal(0, 0.5, outputs)
    if kind == "zero biases":
        bias = np.zeros(outputs)
    elif kind == "integers from -2 to 2":
        weight, bias = integers(rng, 2, (outputs, inputs)), integers(rng, 2, (outputs,))
    elif kind == "signs only":
        weight, bias = integers(rng, 1, (outputs, inputs)), integers(rng, 1, (outputs,))
    elif kind == "opposite pairs":
        weight, bias = (np.concatenate([half, -half]) for half in (weight[: outputs // 2], bias[: outputs // 2]))
    return weight, bias


def integers(rng: np.random.Generator, largest: int, shape: tuple[int, ...]) -> Floats:
    """Random integers of modulus at most ``largest``."""
    return rng.integers(-largest, largest + 1, shape).astype(np.float64)


@cache
def network_of(source: str | tuple[str, tuple[int, ...]]) -> pr.Network:
    """The network that a question is about."""
    if isinstance(source, str):
        return pr.load_network(Path(source))
    kind, widths = source
    return random_network(widths, kind)


@cache
def domain_of(domain: float | str | tuple[tuple[str, ...], tuple[str, ...]], dim: int) -> pr.Polyhedron:
    """The domain that a question is about."""
    if domain == "space":
        return pr.Polyhedron.whole_space(dim)
    if domain == "cell":
        centre = np.random.default_rng(SEED_OF_THE_POINT).normal(size=dim)
        return pr.Polyhedron.box(list(centre - RADIUS_OF_A_CELL), list(centre + RADIUS_OF_A_CELL))
    if isinstance(domain, tuple):
        lower, upper = domain
        return pr.Polyhedron.box(list(lower), list(upper))
    return pr.Polyhedron.box([-domain] * dim, [domain] * dim)


def prepared(question: Question) -> Callable[..., pr.Tiling]:
    """The call that answers, with all that it is about."""
    network = network_of(question.network)
    domain = domain_of(question.domain, network.input_dim)
    options: dict[str, Any] = {"workers": question.workers, "progress": False}
    if question.target is None:
        return partial(pr.linear_regions, network, domain, **options)
    target = pr.parse(question.target, dim=network.output_dim)
    return partial(pr.preimage, network, target, domain, **options)


@contextmanager
def kernel_timed() -> Iterator[list[float]]:
    """Within this, the CPU seconds of each time that the compiled kernel works, as they come."""
    seconds: list[float] = []
    try:
        from polyrelu.engines.cells.run import Run

        advance = Run.advance
    except (ImportError, AttributeError):  # in commits that have none
        yield seconds
        return

    def timed(*args: Any, **options: Any) -> Any:
        begun = time.thread_time()
        try:
            return advance(*args, **options)
        finally:
            seconds.append(time.thread_time() - begun)

    Run.advance = timed  # type: ignore[method-assign]
    try:
        yield seconds
    finally:
        Run.advance = advance  # type: ignore[method-assign]


def answered(question: Question) -> Answer:
    """Ask and time."""
    run = prepared(question)
    walls, cpus, kernels = [], [], []
    for _ in range(question.calls):
        timed: Callable[[], Any] = run
        if question.timed == "run and measure":
            timed = partial(run, measure=True)
        elif question.timed == "volume":
            tiling = run()
            timed = tiling.volume
        with kernel_timed() as in_kernel:
            cpu, wall = time.process_time(), time.perf_counter()
            found = timed()
            walls.append(time.perf_counter() - wall)
            cpus.append(time.process_time() - cpu)
        kernels.append(sum(in_kernel))
        tiling = tiling if question.timed == "volume" else found
    first = walls[0] - statistics.median(walls[1:]) if question.calls > 1 else 0.0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (1024 * (1024 if sys.platform == "darwin" else 1))
    exactly = tiling.stats["signs_by_rational"]
    wall, cpu, kernel = map(statistics.median, (walls, cpus, kernels))
    return Answer(wall, cpu, kernel, first, len(tiling), exactly, peak)


def as_tuples(value: Any) -> Any:
    """JSON's lists as the tuples that they were."""
    return tuple(map(as_tuples, value)) if isinstance(value, list) else value


def main() -> None:
    """Answer questions from the standard input."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    print(json.dumps(str(Path(pr.__file__).parent.parent)), flush=True)
    for line in sys.stdin:
        print(json.dumps(answered(Question(*as_tuples(json.loads(line))))), flush=True)


if __name__ == "__main__":
    main()
