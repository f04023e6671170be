"""What CI does, job by job, and what of it a change needs: ./scripts/run check.

    ./scripts/run check                     # lint, types and the tests that a change may have broken: two minutes
    ./scripts/run check --since HEAD~3      # of more commits; by default since the branch left main
    ./scripts/run check suite browser lint  # whole jobs, one after the other
    ./scripts/run check --list              # their names, budgets and commands

Each job has a budget in minutes, on two cores, and says so where it takes longer: a slow suite is one that nobody runs.
Exits with 1 if something is wrong.
"""

from __future__ import annotations

import argparse
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
BARE_ROOMS = ("arithmetic", "polyhedra", "networks", "tilings", "analysis", "support")
"""Rooms whose tests need no extra, but for those that are then left out; the selftest asks engines and checkers."""

BARE_TOOLS = ("hypothesis", "pytest", "pytest-xdist", "setuptools")
COMPILED = ("engines/cells/kernel", "engines/branch/kernel", "certificates/fast")


class Job(NamedTuple):
    """Commands, what they are for, and how many minutes they may take."""

    minutes: int
    purpose: str
    commands: tuple[str, ...]


JOBS = {
    "suite": Job(8, "the default tests, and doctests of modules and pages", ("pytest",)),
    "long": Job(5, "tests that take seconds each", ("pytest -m long",)),
    "lint": Job(3, "style and types", ("ruff check .", "ruff format --check .", "mypy")),
    "browser": Job(8, "pages and notebooks in a headless Chromium", ("pytest -m browser -n 1 tests/pages",)),
    "replay": Job(
        4, "a first contribution, by the page about it", ("pytest -m replay -n 0 tests/test_contributing.py",)
    ),
    "gallery": Job(2, "every figure, pixel by pixel", ("pytest -m gallery tests/figures",)),
    "dask": Job(3, "a cluster of Dask on this machine", ("pytest -m dask -n 0 tests/runs",)),
    "site": Job(12, "the documentation, built, its pages and notebooks run, and walked through", (".ci/site",)),
    "torch": Job(3, "PyTorch beside what is read of it, where it is installed", ("pytest -m torch",)),
    "shuffled": Job(8, "the default tests in an order of this day", ("pytest --shuffle {day}",)),
    "thorough": Job(30, "all examples of every law", ("pytest --hypothesis-profile thorough",)),
    "slow": Job(20, "tests that take minutes", ("pytest -m slow",)),
    "bare": Job(6, "without extras, in an environment of its own", ("{bare}",)),
    "lowest": Job(6, "the lowest versions that are allowed, likewise", ("{lowest}",)),
    "wheel": Job(
        8, "an archive, a wheel of it, and both in clean environments", ("python scripts/build_wheel.py --archive",)
    ),
}


def main() -> None:
    """Run what was asked for."""
    options = _options()
    if options.list:
        for name, job in JOBS.items():
            print(f"{name:9} {job.minutes:3} min  {job.purpose}\n{'':18}{'; '.join(map(_shown, job.commands))}")
    elif options.jobs:
        passed = [run(name) for name in options.jobs]
        sys.exit(not all(passed))
    else:
        sys.exit(not check_change(options.since))


def run(name: str) -> bool:
    """Run a job; whether it passed."""
    job, start = JOBS[name], time.monotonic()
    passed = _do(job.commands)
    minutes = (time.monotonic() - start) / 60
    late = ", OVER its budget" if minutes > job.minutes else ""
    print(f"check: {name} {_verdict(passed)} in {minutes:.1f} of {job.minutes} minutes{late}", flush=True)
    return passed


def check_change(since: str | None) -> bool:
    """Lint, types, and the tests of what has changed."""
    changed = sorted(changed_files(since))
    if not changed:
        print("check: nothing has changed")
        return True
    tests = sorted(affected(changed))
    python = [name for name in changed if name.endswith((".py", ".pyi")) and (ROOT / name).exists()]
    commands = ["pytest -q " + shlex.join([*tests, "tests/test_architecture.py"]) + " -k 'not every_script_has_help'"]
    if python:
        files = shlex.join(python)
        commands = [f"ruff check {files}", f"ruff format --check {files}", "mypy", *commands]
    start = time.monotonic()
    passed = _do(commands)
    print(f"check: {_verdict(passed)} in {time.monotonic() - start:.0f} s; CI runs everything", flush=True)
    return passed


def _verdict(passed: bool) -> str:
    return "passed" if passed else "FAILED"


def changed_files(since: str | None) -> set[str]:
    """What differs from a commit, by default from where this branch left main, and what is not versioned yet."""
    if not shutil.which("git"):
        sys.exit("check: there is no git to say what has changed; name a job, such as: ./scripts/run check suite lint")
    base = since or _said("git merge-base HEAD main").strip() or "HEAD"
    listed = _said(f"git diff --name-only {base}") + _said("git ls-files --others --exclude-standard")
    return set(listed.split())


def affected(changed: Iterable[str]) -> Iterator[str]:
    """The test files that changed files may break first: themselves, those of the same name, and those listed instead.

    A module's test is that of its name in its room; tests/test_architecture.py lists the others. A change of C++ asks
    the tests of its engine, and a new public name the zoo.
    """
    elsewhere = _listed_tests()
    for name in changed:
        path = Path(name)
        if path.parts[0] == "tests" and re.fullmatch(r"test_\w+\.py", path.name):
            wanted = [name]
        elif name.startswith(tuple(f"polyrelu/{folder}/" for folder in COMPILED)):
            room = Path(*path.parts[1:-2])
            wanted = [f"tests/{room}", "tests/engines/test_conformance.py"]
        elif path.parts[0] == "polyrelu" and path.suffix == ".py":
            module = path.relative_to("polyrelu").with_suffix("")
            own = module.parent / f"test_{module.name}"
            wanted = [f"tests/{own}.py", f"tests/{elsewhere.get(module.as_posix(), own)}.py", name]
            if module.name == "_conveniences":
                wanted.append("tests/test_zoo.py")
        elif path.parts[0] == "scripts":
            wanted = [f"tests/scripts/test_{path.stem}.py"]
        else:
            wanted = [name] if path.suffix == ".md" else []
        yield from (test for test in wanted if (ROOT / test).exists())


def _listed_tests() -> Mapping[str, str]:
    """Modules and the tests that run them, as tests/test_architecture.py lists them."""
    sys.path.insert(0, str(ROOT))
    from tests.test_architecture import THROUGH

    return THROUGH


def lowest_versions(text: str) -> list[str]:
    """The requirements of a pyproject.toml, each at the lowest version that it allows."""
    return [need.replace(">=", "==") for need in tomllib.loads(text)["project"]["dependencies"]]


def _do(commands: Iterable[str]) -> bool:
    """Run all commands where the checkout is, whatever becomes of those before."""
    failed = [command for command in commands if not _passes(command)]
    return not failed


def _passes(command: str) -> bool:
    if command in ("{bare}", "{lowest}"):
        return _elsewhere(command == "{lowest}")
    return _ran(shlex.split(command.format(day=time.strftime("%j"))))


def _ran(words: Sequence[str]) -> bool:
    print(f"check: {shlex.join(words)}", flush=True)
    return subprocess.run(words, cwd=ROOT, check=False).returncode == 0


def _elsewhere(lowest: bool) -> bool:
    """Test an installation without extras in a new environment, on request with the lowest versions."""
    pins = lowest_versions((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory(prefix="polyrelu-bare-") as folder:
        python = f"{folder}/bin/python"
        install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        steps = [
            [sys.executable, "-m", "venv", folder],
            [*install, ".", *BARE_TOOLS, *(pins if lowest else ["--constraint", "scripts/constraints.txt"])],
            [f"{folder}/bin/polyrelu", "selftest"],
            [python, "-m", "pytest", "--bare", *(f"tests/{room}" for room in BARE_ROOMS)],
        ]
        return all(map(_ran, steps))


def _said(command: str) -> str:
    return subprocess.run(shlex.split(command), cwd=ROOT, capture_output=True, text=True, check=False).stdout


def _shown(command: str) -> str:
    rooms = " ".join(f"tests/{room}" for room in BARE_ROOMS)
    return command.replace("{bare}", f"pytest --bare {rooms}").replace("{lowest}", f"pytest --bare {rooms}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("jobs", nargs="*", choices=[[], *JOBS], metavar="JOB", help="by default what a change needs")
    parser.add_argument("--since", metavar="COMMIT", help="what counts as changed (since the branch left main)")
    parser.add_argument("--list", action="store_true", help="list the jobs")
    return parser.parse_args()


if __name__ == "__main__":
    main()
