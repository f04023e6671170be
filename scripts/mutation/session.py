"""A plugin of pytest that runs the tests again for each mutant, in a process forked for it, until one fails.

Tests are run twice with no mutant, and must not fail. What they make the first time is there for all others; the second
time it is noted which choices of the switched sources each comes to, and the processor's time that it takes. A mutant
is asked those tests only that come to its choice, and survives at once if none does. First come the tests that have
failed for many mutants of its line and of its header in little time, or are made for it; when they have taken
``--enough`` seconds, as the kernel as it is takes them, the mutant survives. A test that takes a multiple of its time
is not going to end.
"""

from __future__ import annotations

import ctypes
import gc
import importlib.machinery
import importlib.util
import json
import os
import resource
import signal
import sys
import tempfile
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from _pytest.runner import runtestprotocol
from mutation import checkout
from mutation.changes import Mutant, path_of
from mutation.switches import REACHED, SWITCH

_BYTES = 4 << 30
_LEAST_SECONDS, _FACTOR = 0.5, 15.0
_AFTER_EFFORT = 0.3  # seconds in which an answer may still turn out wrong
_OVERHEAD = 0.005  # seconds for a test of no length
_OF_LINE, _OF_FILE, _OF_NONE = 5.0, 1.0, 0.2  # what a test's kills of neighbours count for
_OF_OWN = 2.0  # what it counts for that a test is made for a header
_WALL_SECONDS = 900  # for the compiler, and a test
_WALL_FOR_TEST = 60  # seconds after which a test waits for what does not come
_SHORT = 200  # characters of what a test says


def _of_cells(*names: str) -> tuple[str, ...]:
    return tuple(f"tests/engines/cells/{name}" for name in names)


def _exams(*names: str) -> tuple[str, ...]:
    return _of_cells(*(f"exams.py::test_{name}" for name in names))


ANSWERS = _exams("answers", "the_clock", "neigh", "generators", "flat")
BOUNDS = _exams("no_index", "the_grid", "no_stored", "laws")
EVIDENCE, SIZES = _exams("evidence"), _exams("sizes")
INTERVALS = _exams("intervals") + _of_cells("test_interval_cells.py")
KERNEL = _of_cells(*(f"test_{name}.py" for name in ("kernel", "skeleton", "words", "forms", "patches", "pauses")))
MODULE = _of_cells(*(f"test_{name}.py" for name in ("module", "handed_out", "memory", "run", "pauses", "patches")))
FOUND, NUMBERS, TILES = _of_cells("test_found.py"), _of_cells("test_numbers.py"), _of_cells("test_tiles.py")
LISTED = _of_cells(
    "test_listed.py",
    *(f"test_evidence.py::test_{name}" for name in ("cells_may_have", "both_sides", "a_violated", "directions")),
)
ERRORS = _of_cells("test_zonotope_errors.py")
ZONOTOPES = _of_cells("test_zonotope.py::test_every_step") + ERRORS
BOXES = _exams("boxes") + _of_cells("test_boxes")
WALK = ("tests/engines/branch/",)
ASKED = {
    "bounds": ANSWERS + BOUNDS + KERNEL + _of_cells("test_bounds.py"),
    "forms": ANSWERS + BOUNDS + KERNEL,
    "solving": ANSWERS + BOUNDS + KERNEL + _of_cells("test_solving.py"),
    "reach": ANSWERS + BOUNDS + KERNEL + _of_cells("test_reach.py") + ERRORS,
    "grid": ANSWERS + BOUNDS + KERNEL + NUMBERS,
    "numbers": ANSWERS + BOUNDS + SIZES + EVIDENCE + NUMBERS,
    "interval": INTERVALS + ANSWERS,
    "evidence": EVIDENCE + ANSWERS + LISTED + FOUND,
    "finish": FOUND + ANSWERS + SIZES + EVIDENCE,
    "rows": _of_cells("test_rows.py") + EVIDENCE + ANSWERS,
    "order": _of_cells("test_order.py") + ANSWERS + MODULE,
    "extents": _of_cells("test_extents.py") + _exams("sizes_on"),
    "corners": SIZES + _of_cells("test_corners.py") + TILES,
    **dict.fromkeys(("tiles", "tiles_module"), SIZES + TILES),
    **dict.fromkeys(("boxes", "boxes_module", "halving"), BOXES + ZONOTOPES),
    **dict.fromkeys(("zonotope", "combination"), BOXES + ZONOTOPES + _exams("combinations", "no_index_of_zonotopes")),
    "buffers": MODULE + BOXES + FOUND,
    "module": MODULE + _of_cells("test_order.py"),
}
MEMORY = _of_cells("test_memory.py::test_no_memory_is_lost")
OWN = {
    "bounds": _of_cells("test_bounds.py"),
    "evidence": _of_cells("test_listed.py"),
    "module": MEMORY + _of_cells("test_order.py"),
    "numbers": NUMBERS,
    "order": _of_cells("test_order.py"),
    "rows": _of_cells("test_rows.py"),
    "signs": _of_cells(
        "test_words.py::test_signs",
        *(f"test_patches.py::test_{name}" for name in ("generators_of_which", "what_exact", "a_neuron_of_which")),
    ),
    "solving": _of_cells("test_solving.py"),
    "splitter": MEMORY + _of_cells("test_clock.py"),
}
ELSE = (
    ANSWERS
    + KERNEL
    + INTERVALS
    + EVIDENCE
    + LISTED
    + SIZES
    + _exams("arrays")
    + MODULE
    + FOUND
    + _of_cells("test_clock.py")
)
# Spoilt text is not found in a text with choices, and what is slow is slower in many processes.
LEFT_OUT = ("spoilt", "weak", "test_time_is_heard")


def asked_of(file: str) -> tuple[str, ...]:
    """What the names of the tests begin with that a header's mutants are asked."""
    engine, _, name = file.partition("/")
    return WALK if engine == "branch" else ASKED.get(name.removesuffix(".h"), ELSE)


def made_for(file: str) -> tuple[str, ...]:
    """What the names of the tests begin with that are there for a header's sake, and are asked early."""
    engine, _, name = file.partition("/")
    return OWN.get(name.removesuffix(".h"), ()) if engine == "cells" else ()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Where mutants come from, and where verdicts go."""
    parser.addoption(
        "--mutants", type=Path, help="a JSON file: [number, or 0 if compiled alone, where it is noted, fields]"
    )
    parser.addoption("--verdicts", type=Path, help="a file to which a line of JSON is added for each")
    parser.addoption("--jobs", type=int, default=1, help="processes at a time")
    parser.addoption("--enough", type=float, default=2.0, help="seconds of tests after which a mutant survives")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out tests of the sources' text, and of time."""
    del config
    items[:] = [item for item in items if not {item.name, *getattr(item, "fixturenames", ())} & set(LEFT_OUT)]


def pytest_configure(config: pytest.Config) -> None:
    """Hypothesis tries the same few examples each time."""
    del config
    from hypothesis import HealthCheck, settings

    every = list(HealthCheck)
    settings.register_profile(
        "mutants", max_examples=8, deadline=None, derandomize=True, database=None, suppress_health_check=every
    )
    settings.load_profile("mutants")


class Asked(NamedTuple):
    """A process at work for a mutant, and the end of the pipe on which it tells what it is about to do."""

    mutant: Mutant
    pid: int
    pipe: int
    began: float


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool:
    """Run the tests once, and then for each mutant."""
    option = session.config.getoption
    judged = _Run(session, option("verdicts"), option("jobs"), option("enough"))
    judged.judge([(number, place, Mutant(**own)) for number, place, own in json.loads(option("mutants").read_text())])
    return True


class _Run:
    def __init__(self, session: pytest.Session, verdicts: Path, jobs: int, enough: float) -> None:
        self._session, self._verdicts, self._jobs, self._enough = session, verdicts, jobs, enough
        library = ctypes.CDLL(os.environ["POLYRELU_SWITCH"], mode=ctypes.RTLD_GLOBAL)
        self._switch = ctypes.c_int.in_dll(library, SWITCH)
        self._reached = (ctypes.c_ubyte * checkout.PLACES).in_dll(library, REACHED)
        self._seconds: dict[str, float] = {}
        self._comes_to: dict[int, list[pytest.Item]] = defaultdict(list)
        self._kills: dict[str, Counter[str]] = defaultdict(Counter)  # by headers, and by lines of them
        self._others = list[Asked]()
        self._done = 0

    def judge(self, mutants: list[tuple[int, int, Mutant]]) -> None:
        needed = {prefix for _, _, mutant in mutants for prefix in asked_of(mutant.file)}
        self._items = [item for item in self._session.items if any(item.nodeid.startswith(own) for own in needed)]
        self._warm_up()
        gc.collect()
        gc.freeze()  # or each process copies what the collector counts
        for number, place, mutant in mutants:
            asked = self._tests_of(number, place, mutant)
            if not asked:
                self._tell(mutant, {"verdict": "survived", "by": "", "why": "no test comes to it"})
                continue
            while len(self._others) >= self._jobs:
                self._wait()
            self._begin(number, mutant, asked)
        while self._others:
            self._wait()

    def _warm_up(self) -> None:
        for is_known in (False, True):
            for item, following in zip(self._items, [*self._items[1:], self._items[0]], strict=True):
                ctypes.memset(self._reached, 0, checkout.PLACES)
                began = time.process_time()
                failed = [report for report in runtestprotocol(item, nextitem=following, log=False) if report.failed]
                self._seconds[item.nodeid] = time.process_time() - began
                if failed:
                    raise pytest.UsageError(f"{item.nodeid} fails without a mutant: {failed[0].longreprtext}")
                if is_known:
                    for place in (k for k, noted in enumerate(bytes(self._reached)) if noted):
                        self._comes_to[place].append(item)
        total = sum(self._seconds.values())
        slowest = sorted(self._seconds.items(), key=lambda own: -own[1])[:12]
        print(f"{len(self._items)} tests, {total:.1f} s; slowest {slowest}", flush=True)

    def _tests_of(self, number: int, place: int, mutant: Mutant) -> list[pytest.Item]:
        """Those that may notice a mutant, the most promising first, as many as there is time for."""
        prefixes = asked_of(mutant.file)
        items = self._comes_to.get(place, []) if number else self._items
        items = [item for item in items if any(item.nodeid.startswith(own) for own in prefixes)]
        of_line, of_file = self._kills[_line(mutant)], self._kills[mutant.file]

        def promise(item: pytest.Item) -> float:
            own = _OF_OWN if item.nodeid.startswith(made_for(mutant.file)) else _OF_NONE
            kills = _OF_LINE * of_line[item.nodeid] + _OF_FILE * of_file[item.nodeid] + own
            return kills / (self._seconds[item.nodeid] + _OVERHEAD)

        chosen, total = list[pytest.Item](), 0.0
        for item in sorted(items, key=promise, reverse=True):
            if not chosen or total + self._seconds[item.nodeid] <= self._enough:
                chosen.append(item)
                total += self._seconds[item.nodeid]
        return chosen

    def _begin(self, number: int, mutant: Mutant, items: list[pytest.Item]) -> None:
        sys.stdout.flush()
        read, write = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(read)
            status = 1
            try:
                self._child(number, mutant, items, write)
                status = 0
            finally:
                os._exit(status)
        os.close(write)
        self._others.append(Asked(mutant, pid, read, time.monotonic()))

    def _wait(self) -> None:
        pid, status = os.wait()
        asked = next(own for own in self._others if own.pid == pid)
        self._others.remove(asked)
        with os.fdopen(asked.pipe) as stream:
            lines = stream.read().splitlines()
        told = json.loads(lines[-1]) if lines and lines[-1].startswith("{") else None
        if not lines:  # it is this program that is at fault, not the mutant that is noticed
            raise RuntimeError(f"{asked.mutant.name} was asked nothing: status {status}")
        if told is None:
            told = {"verdict": "answer", "by": lines[-1], "status": status}
        if told["verdict"] in ("answer", "law", "effort"):
            for near in (asked.mutant.file, _line(asked.mutant)):
                self._kills[near][told["by"]] += 1
        self._tell(asked.mutant, told)

    def _tell(self, mutant: Mutant, told: dict[str, Any]) -> None:
        self._done += 1
        with self._verdicts.open("a") as log:
            log.write(json.dumps({"name": mutant.name, **told, "mutant": vars(mutant)}) + "\n")
        print(f"{self._done} {mutant.name}: {told['verdict']} {told['by']}"[:_SHORT], flush=True)

    # In the process for a mutant

    def _child(self, number: int, mutant: Mutant, items: list[pytest.Item], pipe: int) -> None:
        def tell(line: str) -> None:
            os.write(pipe, f"{line}\n".encode())

        with open(os.devnull, "w") as nowhere:
            os.dup2(nowhere.fileno(), 1)
            os.dup2(nowhere.fileno(), 2)
        signal.alarm(_WALL_SECONDS)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        with tempfile.TemporaryDirectory() as name:
            if number == 0:
                library = checkout.alone(mutant, Path(name), original=Path(os.environ["POLYRELU_PLAIN"]))
                if library is None:
                    tell(json.dumps({"verdict": "does not compile", "by": ""}))
                    return
                tell("loading")
                _use(library, mutant.file)
                _use_headers(path_of(mutant.file, Path(name)).parent)
            resource.setrlimit(resource.RLIMIT_AS, (_BYTES, _BYTES))
            self._switch.value = number
            tell(json.dumps(self._asked(items, tell)))

    def _asked(self, items: list[pytest.Item], tell: Any) -> dict[str, str]:
        effort: dict[str, str] | None = None
        left = _AFTER_EFFORT
        for item, following in zip(items, [*items[1:], items[0]], strict=True):
            if effort:
                left -= self._seconds[item.nodeid] + _OVERHEAD
                if left < 0:
                    break
            tell(item.nodeid)
            signal.alarm(_WALL_FOR_TEST + int(_FACTOR * self._seconds[item.nodeid]))
            signal.setitimer(signal.ITIMER_PROF, _LEAST_SECONDS + _FACTOR * self._seconds[item.nodeid])
            reports = runtestprotocol(item, nextitem=following, log=False)
            signal.setitimer(signal.ITIMER_PROF, 0)
            failed = [report for report in reports if report.failed]
            if not failed:
                continue
            text = failed[0].longreprtext
            if "exams.Effort" not in text:
                is_law = item.nodeid.startswith(BOUNDS)
                return {"verdict": "law" if is_law else "answer", "by": item.nodeid}
            effort = effort or {"verdict": "effort", "by": item.nodeid}
        return effort or {"verdict": "survived", "by": ""}


def _line(mutant: Mutant) -> str:
    return f"{mutant.file}:{mutant.line}"


def _use(library: Path, file: str) -> None:
    """Make a library that of the package, in this process."""
    walk = file.startswith("branch/")
    name = "polyrelu.engines.branch._walk" if walk else "polyrelu.engines.cells._kernel"
    loader = importlib.machinery.ExtensionFileLoader(name, str(library))
    spec = importlib.util.spec_from_file_location(name, library, loader=loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    getter = "walk_library" if walk else "kernel_library"
    for own in list(sys.modules.values()):
        if getter in getattr(own, "__dict__", {}):
            setattr(own, getter, lambda: module)


def _use_headers(kernel: Path) -> None:
    """Have what tests compile of an engine's headers made of those in a folder."""
    from tests.engines.cells.harness.harness import use_headers  # those that the tests have imported

    use_headers(kernel)
