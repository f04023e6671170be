"""Run tests with all that is compiled built for a sanitizer: address, undefined and thread.

    ./scripts/run python scripts/sanitize.py                             # all three, 20 minutes
    ./scripts/run python scripts/sanitize.py --kinds thread --minutes 5 tests/engines/cells/test_engine.py

For each kind the libraries (the kernel, the walk and the fast checker) are built into a temporary folder, from which
polyrelu takes them by POLYRELU_KERNEL, POLYRELU_WALK and POLYRELU_CHECKER, and the tests run in one process; Python
itself is as it was. What does not fit into the time is sampled: each file has its share, its tests come in random order
(--seed), and those that are late are skipped. Hypothesis tries fewer examples. Tests of time and memory are left out:
all takes more of both here.

What a sanitizer says goes to files, and counts if it names our sources: Python and its packages leak what they need
until the end, and have locks that ThreadSanitizer does not see. Exits with 1 if we are accused or a test fails.

It needs g++ and its sanitizers' libraries, which Debian's g++ brings. Anything else can be run in the same way:

    ./scripts/run python scripts/sanitize.py --kinds address --run polyrelu selftest
"""

from __future__ import annotations

import argparse
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
CELLS = Path("polyrelu", "engines", "cells")
PLACES = {
    "POLYRELU_KERNEL": CELLS,
    "POLYRELU_WALK": Path("polyrelu", "engines", "branch"),
    "POLYRELU_CHECKER": Path("polyrelu", "certificates"),
}
SOURCES = (f"{CELLS}/kernel/", "engines/branch/kernel/", "certificates/fast/", "/_kernel", "/_walk", "/_checker")
TESTS = (
    "tests/engines/cells/test_engine.py",
    "tests/engines/cells/test_kernel.py",
    "tests/engines/cells/test_magnitudes.py",
    "tests/engines/cells/test_signs.py",
    "tests/engines/cells/test_boxes.py",
    "tests/engines/cells/test_evidence.py",
    "tests/engines/cells/test_interval_cells.py",
    "tests/analysis/test_measure.py",
    "tests/engines/branch/test_engine.py",
    "tests/engines/branch/test_facets.py",
    "tests/engines/branch/test_library.py",
    "tests/certificates/test_fast_checker.py",
    "tests/certificates/test_fast_library.py",
    "tests/engines/test_conformance.py",
    "tests/engines/test_tiles.py",
)
OF_TIME = ("time_is_heard", "within_a_second", "comes_long_before", "memory_is_flat", "keep_the_memory")
FLAGS = {
    "address": "-fsanitize=address",
    "undefined": "-fsanitize=undefined,float-cast-overflow",
    "thread": "-fsanitize=thread",
}
_PRELOADED = {"address": "libasan.so", "undefined": "libubsan.so", "thread": "libtsan.so"}
_OPTIONS = {
    # The kernel hears of memory that is not there, and tests have it hear; leaks are judged by their places.
    "address": "allocator_may_return_null=1:detect_leaks=1",
    "undefined": "print_stacktrace=1",
    "thread": "halt_on_error=0:exitcode=0:die_after_fork=0:history_size=4",
}
_VARIABLES = {"address": "ASAN_OPTIONS", "undefined": "UBSAN_OPTIONS", "thread": "TSAN_OPTIONS"}
# A report begins with one of these, and ends where the next one begins.
_REPORT = re.compile(r"^(?===\d+==ERROR|WARNING: ThreadSanitizer|(?:Direct|Indirect) leak of|.*: runtime error:)", re.M)
LEAST_SECONDS = 120.0
"""For each kind, however long it was built: nothing is said by what does not run."""
_LATE_SECONDS = 120.0
_begins_until: dict[Path, float] = {}


def main() -> None:
    """Build for each kind, run, and print what was said."""
    options = _options()
    started, accused = time.monotonic(), False
    for number, kind in enumerate(options.kinds):
        with tempfile.TemporaryDirectory(prefix=f"polyrelu-{kind}-") as name:
            folder = Path(name)
            began = time.monotonic()
            build(kind, folder)
            building = time.monotonic() - began
            kinds_left = len(options.kinds) - number
            left = options.minutes * 60 - (time.monotonic() - started) - building * (kinds_left - 1)
            seconds = max(left / kinds_left, LEAST_SECONDS)
            print(f"{kind}: built in {building:.0f} s; running for {seconds:.0f} s", flush=True)
            command = options.run or [*_pytest(seconds, options.seed), *options.tests]
            code = run(command, environment(kind, folder), seconds + _LATE_SECONDS)
            found = reports(folder)
        ours = [report for report in found if is_ours(report)]
        print("\n".join(ours))
        said = f"{len(ours)} reports of our sources, {len(found) - len(ours)} of others"
        print(f"{kind}: {said}; the command's exit code is {code}", flush=True)
        accused = accused or bool(ours) or code != 0
    sys.exit(int(accused))


def build(kind: str, folder: Path, root: Path = ROOT) -> None:
    """Build the libraries of a checkout for a sanitizer, into a folder."""
    flags = f"-O1 -g -fno-omit-frame-pointer {FLAGS[kind]}"
    places = ["--build-lib", str(folder / "lib"), "--build-temp", str(folder / "objects")]
    command = [sys.executable, "-W", "ignore", str(root / CELLS / "kernel" / "build.py"), *places]
    subprocess.run(command, env={**os.environ, "CXXFLAGS": flags, "LDFLAGS": FLAGS[kind]}, check=True)


def environment(kind: str, folder: Path) -> dict[str, str]:
    """The variables with which a command uses the libraries in a folder, and sanitizers write their reports there."""
    reports_to = f"log_path={folder / 'report'}"
    preloaded = " ".join(_library(name) for name in (_PRELOADED[kind], "libstdc++.so.6"))
    return {
        **os.environ,
        **{variable: str(folder / "lib" / place) for variable, place in PLACES.items()},
        "PYTHONMALLOC": "malloc",
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "scripts"), os.environ.get("PYTHONPATH", "")]),
        "LD_PRELOAD": preloaded,
        "LSAN_OPTIONS": "exitcode=0",
        _VARIABLES[kind]: f"{_OPTIONS[kind]}:{reports_to}",
    }


def run(command: Sequence[str], variables: dict[str, str], seconds: float) -> int:
    """The exit code of a command; one that does not end is killed, with all that it started, and gives 124."""
    # ThreadSanitizer keeps shadows of addresses at fixed places, where a random layout may put something else.
    fixed = ["setarch", "-R"] if "TSAN_OPTIONS" in variables and shutil.which("setarch") else []
    process = subprocess.Popen([*fixed, *command], env=variables, start_new_session=True)
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        return 124
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def reports(folder: Path) -> list[str]:
    """What sanitizers wrote to a folder, report by report."""
    return [report for path in sorted(folder.glob("report*")) for report in split(path.read_text(errors="replace"))]


def split(text: str) -> Iterator[str]:
    """The reports in a text, each with the lines that follow it; what comes before is none."""
    for part in _REPORT.split(text)[1:]:
        if not part.startswith("==") or "LeakSanitizer" not in part:  # that is a heading, of leaks that follow
            yield part.rstrip("=\n ")


def is_ours(report: str) -> bool:
    """Whether a report names a source of ours, or a library without a line."""
    return any(name in report for name in SOURCES)


def _library(name: str) -> str:
    compiler = os.environ.get("CXX", "g++").split()[0]
    shown = subprocess.run([compiler, f"-print-file-name={name}"], capture_output=True, text=True, check=True)
    path = Path(shown.stdout.strip())
    if not path.is_absolute():
        sys.exit(f"scripts/sanitize.py: {compiler} has no {name}; install g++ with its sanitizers")
    return str(path.resolve())


def _pytest(seconds: float, seed: int) -> list[str]:
    """The command that runs tests as a plugin of pytest: this file."""
    plain = ["-o", "addopts=", "-p", "no:xdist", "-p", "no:cacheprovider", "-q", "--continue-on-collection-errors"]
    sampled = ["-p", "sanitize", "--sample-seconds", str(seconds), "--sample-seed", str(seed)]
    chosen = ["-m", "not slow", "-k", " and ".join(f"not {name}" for name in OF_TIME)]
    return [sys.executable, "-m", "pytest", *chosen, *plain, *sampled]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options of the sample."""
    parser.addoption("--sample-seconds", type=float, help="how long tests may begin")
    parser.addoption("--sample-seed", type=int, default=0, help="of their order in each file")


def pytest_configure() -> None:
    """Have hypothesis try fewer examples, unless a test says how many."""
    from hypothesis import HealthCheck, settings

    settings.register_profile("sanitized", max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
    settings.load_profile("sanitized")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put the tests of each file into random order, and say until when each may begin: files have equal shares."""
    sizes = Counter(item.path for item in items)
    place = {path: number for number, path in enumerate(sizes)}
    drawn = random.Random(config.getoption("sample_seed"))
    drawn.shuffle(items)
    items.sort(key=lambda item: place[item.path])
    started, share = time.monotonic(), config.getoption("sample_seconds") / max(len(sizes), 1)
    _begins_until.update({path: started + share * (number + 1) for path, number in place.items()})


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what is late."""
    if time.monotonic() > _begins_until[item.path]:
        pytest.skip("its file's share of the time is over")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tests", nargs="*", default=TESTS, help="files of tests (the engine's)")
    parser.add_argument("--kinds", type=_kinds, default=tuple(FLAGS), help="of address,undefined,thread")
    parser.add_argument("--minutes", type=float, default=20.0, help="for all of it, building included")
    parser.add_argument("--seed", type=int, default=0, help="of the sample")
    parser.add_argument("--run", nargs=argparse.REMAINDER, help="a command to run instead of tests")
    return parser.parse_args()


def _kinds(text: str) -> tuple[str, ...]:
    kinds = tuple(text.split(","))
    if unknown := set(kinds) - set(FLAGS):
        raise argparse.ArgumentTypeError(f"{unknown.pop()} is none of {', '.join(FLAGS)}")
    return kinds


if __name__ == "__main__":
    main()
