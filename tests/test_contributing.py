"""A first contribution, made by following .github/CONTRIBUTING.md and nothing else."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.test_architecture import ROOT

PAGE = ROOT / ".github" / "CONTRIBUTING.md"
NEEDED = ("CITATION.cff", "README.md", "pyproject.toml", "setup.cfg", "polyrelu", "scripts", "tests")
BLOCK = re.compile(r"^```(\w+)(?: title=\"(\S+)\")?\n(.*?)^```$", re.DOTALL | re.MULTILINE)


class Block(NamedTuple):
    kind: str
    place: str
    text: str


def blocks():
    return [Block(*found) for found in BLOCK.findall(PAGE.read_text())]


def change(path, text):
    """Put the lines with + for those with - between the others, which stand there once."""
    lines = [line if line.strip() else " \n" for line in text.splitlines(keepends=True)]
    before = "".join(line[1:] for line in lines if line[0] != "+")
    there = path.read_text()
    assert there.count(before) == 1, f"{path.name} has {there.count(before)} places like\n{before}"
    path.write_text(there.replace(before, "".join(line[1:] for line in lines if line[0] != "-")))


def write(path, text):
    assert not path.exists(), path
    path.write_text(text)


def run(root, text):
    """Run the commands of a block, with polyrelu from there."""
    here = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "PYTHONPATH": str(root)}
    for line in text.splitlines():
        command = line.removeprefix("./scripts/run ")
        assert command != line, line
        done = subprocess.run(
            command, shell=True, cwd=root, env={**os.environ, **here}, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    root = tmp_path_factory.mktemp("checkout")
    for name in NEEDED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("node_modules", "front", "corpus"))
        else:
            shutil.copy(ROOT / name, root / name)
    return root


def test_a_place_that_is_not_there_is_seen(tmp_path):
    path = tmp_path / "a.py"
    path.write_text("x = 1\ny = 2\n")
    change(path, " x = 1\n-y = 2\n+y = 3\n")
    assert path.read_text() == "x = 1\ny = 3\n"
    with pytest.raises(AssertionError, match=r"a\.py has 0 places like"):
        change(path, " x = 2\n+y = 3\n")


def test_each_path_is_there():
    kinds = [block.kind for block in blocks()]
    assert (kinds.count("python"), kinds.count("diff"), kinds.count("bash")) == (5, 8, 4)


@pytest.mark.replay
def test_a_first_contribution_by_the_page_alone(checkout):
    for block in blocks():
        match block.kind:
            case "python":
                write(checkout / block.place, block.text)
            case "diff":
                change(checkout / block.place, block.text)
            case "bash":
                run(checkout, block.text)
