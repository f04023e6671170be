"""scripts/check.py: which tests a change asks for, and what jobs there are."""

import subprocess
import sys
import tomllib

import check
import pytest

from tests.test_architecture import ROOT


@pytest.mark.parametrize(
    ("changed", "tests"),
    [
        ("polyrelu/analysis/zones.py", ["tests/analysis/test_zones.py", "polyrelu/analysis/zones.py"]),
        (
            "polyrelu/analysis/best_first.py",
            ["tests/analysis/test_nearest_input.py", "polyrelu/analysis/best_first.py"],
        ),
        ("polyrelu/_conveniences.py", ["polyrelu/_conveniences.py", "tests/test_zoo.py"]),
        ("polyrelu/engines/cells/kernel/cell.h", ["tests/engines/cells", "tests/engines/test_conformance.py"]),
        ("polyrelu/certificates/fast/module.cpp", ["tests/certificates", "tests/engines/test_conformance.py"]),
        ("scripts/benchmark.py", ["tests/scripts/test_benchmark.py"]),
        ("tests/test_zoo.py", ["tests/test_zoo.py"]),
        ("tests/zoo.py", []),
        ("README.md", ["README.md"]),
        ("polyrelu/analysis/no_longer_there.py", []),
    ],
)
def test_a_change_asks_for_the_tests_that_know_it(changed, tests):
    assert list(dict.fromkeys(check.affected([changed]))) == tests


def test_every_module_asks_for_a_test():
    for path in (ROOT / "polyrelu").rglob("*.py"):
        name = path.relative_to(ROOT).as_posix()
        if not path.stem.startswith("__") and name != "polyrelu/errors.py":
            assert any(test.startswith("tests/") for test in check.affected([name])), name


def test_jobs_are_listed_with_their_budgets_and_markers_are_known():
    shown = subprocess.run(
        [sys.executable, ROOT / "scripts" / "check.py", "--list"], capture_output=True, text=True, check=True
    ).stdout
    markers = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["pytest"]["ini_options"]["markers"]
    known = {marker.partition(":")[0] for marker in markers}
    for name, job in check.JOBS.items():
        assert f"{name:9} {job.minutes:3} min" in shown
        used = {command.partition(" -m ")[2].partition(" ")[0] for command in job.commands}
        assert used - {""} <= known


def test_the_lowest_versions_are_those_that_are_allowed():
    assert check.lowest_versions('[project]\ndependencies = ["numpy>=1.26", "click>=8.1"]') == [
        "numpy==1.26",
        "click==8.1",
    ]


def test_a_job_fails_with_any_of_its_commands(monkeypatch, capfd):
    monkeypatch.setitem(check.JOBS, "both", check.Job(1, "", ("false", "echo after")))
    monkeypatch.setitem(check.JOBS, "late", check.Job(-1, "", ("true",)))
    assert not check.run("both")
    assert check.run("late")
    said = capfd.readouterr().out
    assert "after" in said
    assert "both FAILED in 0.0 of 1 minutes\n" in said
    assert "late passed in 0.0 of -1 minutes, OVER its budget" in said
