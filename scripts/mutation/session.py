"""A plugin of pytest that runs the tests again for each mutant, in a process forked for it, until one fails.

Tests are run once with no mutant, which must not fail; what they make then is there for all others. A test of a mutant
may take a multiple of the processor's time that it took then; what takes longer is not going to end. Tests that have
failed for many mutants of a header come first for the next.
"""

from __future__ import annotations

import ctypes
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
from mutation.changes import Mutant
from mutation.switches import SWITCH

_BYTES = 6 << 30
_LEAST_SECONDS, _FACTOR = 1.0, 20.0
_WALL_SECONDS = 900
_SHORT = 200  # characters of what a test says
CELLS = "tests/engines/cells"
ANSWERS = (f"{CELLS}/exams.py::test_answers",)
KERNEL, INTERVALS = (
    (f"{CELLS}/test_kernel.py",),
    (f"{CELLS}/exams.py::test_intervals", f"{CELLS}/test_interval_cells.py"),
)
EVIDENCE, SIZES = (f"{CELLS}/exams.py::test_evidence",), (f"{CELLS}/exams.py::test_sizes",)
BOXES = (f"{CELLS}/exams.py::test_boxes", f"{CELLS}/test_boxes.py", f"{CELLS}/test_zonotope.py::test_every_step")
LAWFUL = ("no_index", "the_grid", "no_stored", "laws")
BOUNDS = tuple(f"{CELLS}/exams.py::test_{name}" for name in LAWFUL)
WALK = ("tests/engines/branch/",)
ASKED = {
    **dict.fromkeys(("bounds", "forms", "reach", "solving", "grid"), ANSWERS + BOUNDS + KERNEL),
    **dict.fromkeys(("interval",), INTERVALS + ANSWERS),
    **dict.fromkeys(("evidence", "rows"), EVIDENCE + ANSWERS),
    **dict.fromkeys(("extents",), (*SIZES, f"{CELLS}/test_extents.py")),
    **dict.fromkeys(("corners",), (*SIZES, f"{CELLS}/test_corners.py")),
    **dict.fromkeys(("tiles", "tiles_module"), SIZES),
    **dict.fromkeys(("boxes", "boxes_module", "halving"), BOXES),
    **dict.fromkeys(("zonotope", "combination"), BOXES + ANSWERS),
    **dict.fromkeys(("numbers",), ANSWERS + BOUNDS + SIZES + EVIDENCE),
}
ELSE = ANSWERS + KERNEL + INTERVALS + EVIDENCE + SIZES
# Spoilt text is not found in a text with choices, and what is slow is slower in many processes.
LEFT_OUT = ("spoilt", "weak", "test_time_is_heard")


def asked_of(file: str) -> tuple[str, ...]:
    """What the names of the tests begin with that a header's mutants are asked."""
    engine, _, name = file.partition("/")
    return WALK if engine == "branch" else ASKED.get(name.removesuffix(".h"), ELSE)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Where mutants come from, and where verdicts go."""
    parser.addoption("--mutants", type=Path, help="a JSON file: [number, or 0 if compiled alone, fields of Mutant]")
    parser.addoption("--verdicts", type=Path, help="a file to which a line of JSON is added for each")
    parser.addoption("--jobs", type=int, default=1, help="processes at a time")


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
    _Run(session, option("verdicts"), option("jobs")).judge(json.loads(option("mutants").read_text()))
    return True


class _Run:
    def __init__(self, session: pytest.Session, verdicts: Path, jobs: int) -> None:
        self._session, self._verdicts, self._jobs = session, verdicts, jobs
        self._switch = ctypes.c_int.in_dll(ctypes.CDLL(os.environ["POLYRELU_SWITCH"], mode=ctypes.RTLD_GLOBAL), SWITCH)
        self._seconds: dict[str, float] = {}
        self._kills: dict[str, Counter[str]] = defaultdict(Counter)
        self._others = list[Asked]()
        self._done = 0

    def judge(self, mutants: list[tuple[int, dict[str, Any]]]) -> None:
        needed = {prefix for _, fields in mutants for prefix in asked_of(fields["file"])}
        self._items = [item for item in self._session.items if any(item.nodeid.startswith(own) for own in needed)]
        self._warm_up()
        for number, fields in mutants:
            while len(self._others) >= self._jobs:
                self._wait()
            self._begin(number, Mutant(**fields))
        while self._others:
            self._wait()

    def _warm_up(self) -> None:
        for item, following in zip(self._items, [*self._items[1:], self._items[0]], strict=True):
            began = time.process_time()
            failed = [report for report in runtestprotocol(item, nextitem=following, log=False) if report.failed]
            self._seconds[item.nodeid] = time.process_time() - began
            if failed:
                raise pytest.UsageError(f"{item.nodeid} fails without a mutant: {failed[0].longreprtext}")
        total = sum(self._seconds.values())
        slowest = sorted(self._seconds.items(), key=lambda own: -own[1])[:12]
        print(f"{len(self._items)} tests, {total:.1f} s; slowest {slowest}", flush=True)

    def _begin(self, number: int, mutant: Mutant) -> None:
        sys.stdout.flush()
        read, write = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(read)
            status = 1
            try:
                self._child(number, mutant, write)
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
        if told is None:
            told = {"verdict": "answer", "by": lines[-1] if lines else "before any test", "status": status}
        if told["verdict"] in ("answer", "law"):
            self._kills[asked.mutant.file][told["by"]] += 1
        self._done += 1
        with self._verdicts.open("a") as log:
            log.write(json.dumps({"name": asked.mutant.name, **told, "mutant": vars(asked.mutant)}) + "\n")
        print(f"{self._done} {asked.mutant.name}: {told['verdict']} {told['by']}"[:_SHORT], flush=True)

    # In the process for a mutant

    def _child(self, number: int, mutant: Mutant, pipe: int) -> None:
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
            resource.setrlimit(resource.RLIMIT_AS, (_BYTES, _BYTES))
            self._switch.value = number
            tell(json.dumps(self._asked(mutant.file, tell)))

    def _asked(self, file: str, tell: Any) -> dict[str, str]:
        prefixes, kills = asked_of(file), self._kills[file]
        items = [item for item in self._items if any(item.nodeid.startswith(own) for own in prefixes)]
        items.sort(key=lambda item: -kills[item.nodeid])
        effort: dict[str, str] | None = None
        for item, following in zip(items, [*items[1:], items[0]], strict=True):
            tell(item.nodeid)
            signal.setitimer(signal.ITIMER_PROF, _LEAST_SECONDS + _FACTOR * self._seconds[item.nodeid])
            reports = runtestprotocol(item, nextitem=following, log=False)
            signal.setitimer(signal.ITIMER_PROF, 0)
            failed = [report for report in reports if report.failed]
            if not failed:
                continue
            text = failed[0].longreprtext
            if "exams.Effort" not in text:
                is_law = any(f"test_{name}" in item.nodeid for name in LAWFUL)
                return {"verdict": "law" if is_law else "answer", "by": item.nodeid}
            effort = effort or {"verdict": "effort", "by": item.nodeid}
        return effort or {"verdict": "survived", "by": ""}


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
