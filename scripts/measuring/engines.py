"""Checkouts of polyrelu that answer questions, each in a process of its own, and how to come by an old one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import tomllib
import venv
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from measuring.questions import Answer, Question

ROOT = Path(__file__).parent.parent.parent
QUESTIONS = Path(__file__).parent / "questions.py"
NUMBA_COMMIT = "adaadfa"  # the last one whose kernel numba compiles

Value = TypeVar("Value")


class Engine:
    """A checkout that answers in a long-lived process of its own.

    Raises:
        SystemExit: what answers is not that checkout, or nothing does.
    """

    def __init__(self, checkout: Path = ROOT, python: str = sys.executable) -> None:
        checkout = checkout.resolve()
        self.process = subprocess.Popen(
            [python, str(QUESTIONS)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(checkout)},
            cwd=checkout,
        )
        found = json.loads(self._line())
        if Path(found).resolve() != checkout:
            self.close()
            raise SystemExit(f"{checkout} was to be measured, but polyrelu was imported from {found}")

    def _line(self) -> str:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            self.close()
            raise SystemExit("an engine does not answer; what it printed is above")
        return line

    def ask(self, question: Question) -> Answer:
        """What the question took."""
        assert self.process.stdin is not None
        print(json.dumps(question), file=self.process.stdin, flush=True)
        return Answer(*json.loads(self._line()))

    def close(self) -> None:
        """Let the process end."""
        self.process.communicate()


def in_turn(askers: Sequence[Callable[[], Value]], repeat: int) -> list[list[Value]]:
    """For each asker its answers: one round to get warm, which does not count, then all of them, round by round."""
    rounds = [[ask() for ask in askers] for _ in range(1 + repeat)]
    return [list(answers) for answers in zip(*rounds[1:], strict=True)]


@contextmanager
def numba_checkout(given: Path | None) -> Iterator[Path]:
    """The checkout with numba's engine: the one that is there already, or one that is made and removed."""
    if given:
        yield given
        return
    with tempfile.TemporaryDirectory() as directory:
        checkout = Path(directory) / "polyrelu-numba"
        git = ["git", "-C", str(ROOT), "worktree"]
        subprocess.run([*git, "add", "--quiet", "--detach", str(checkout), NUMBA_COMMIT], check=True)
        try:
            yield checkout
        finally:
            subprocess.run([*git, "remove", "--force", str(checkout)], check=True)


def numba_python(checkout: Path) -> str:
    """The interpreter of an environment with what that checkout depends on, at the versions that it pins."""
    project = tomllib.loads((checkout / "pyproject.toml").read_text())["project"]
    requirements = ["-c", str(checkout / "scripts" / "constraints.txt"), *project["dependencies"]]
    python = environment("benchmark-numba", requirements)
    if python is None:
        raise SystemExit("numba could not be installed; what pip printed is above")
    return python


def environment(name: str, requirements: Sequence[str]) -> str | None:
    """The interpreter of an environment of that name, made when it is not there; None when that fails."""
    directory = ROOT / ".venv" / name
    python, made = directory / "bin" / "python", directory / "made"
    if not made.exists():
        print(f"installing {' '.join(requirements)} into {directory} ...", file=sys.stderr)
        venv.create(directory, with_pip=True)
        installed = subprocess.run([python, "-m", "pip", "install", "-q", *requirements], check=False)
        if installed.returncode:
            return None
        made.touch()
    return str(python)
