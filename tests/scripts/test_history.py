import gc
import json
import shutil
import subprocess

import pytest
from history import __main__ as history
from history.benchmarks import instructions
from history.benchmarks.networks import NETWORKS
from history.benchmarks.verbs import VERBS

from polyrelu.engines.cells import runner


def test_there_are_ten_networks_and_eight_verbs():
    assert (len(NETWORKS), len(VERBS)) == (10, 8)


@pytest.fixture
def results(tmp_path, monkeypatch):
    """What asv keeps of one commit, the first of this repository's history that git has here."""
    if shutil.which("git") is None or not (history.ROOT / ".git").exists():
        pytest.skip("there is no git, or this is no clone")
    commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=history.ROOT, capture_output=True, text=True, check=True)
    rows = {
        history.COUNTED: [[5e6, None], [["'2-32-32'", "'no biases'"]]],
        history.TIMED: [[0.5, 0.25], [["'zones'"], ["'2-32-32'", "'3-8'"]], "version"],
    }
    kept = {
        "commit_hash": commit.stdout.strip(),
        "params": {"cpu": "a processor"},
        "result_columns": ["result", "params", "version"],
        "results": rows,
    }
    path = tmp_path / "machine" / "abc-env.json"
    path.parent.mkdir()
    path.write_text(json.dumps(kept), encoding="utf-8")
    monkeypatch.setattr(history, "RESULTS", tmp_path)
    return kept["commit_hash"]


def test_results_have_names(results):
    ((commit, found),) = history.measured()
    assert commit == results
    assert found["instructions"] == {"2-32-32": 5e6}
    assert found["seconds"] == {"zones 2-32-32": 0.5, "zones 3-8": 0.25}
    assert found["machine"] == "a processor"
    assert found["title"]


def test_two_commits_are_compared_by_ratios():
    old = {"instructions": {"a": 4e6, "gone": 1.0}, "seconds": {"zones a": 0.5}}
    new = {"instructions": {"a": 3e6}, "seconds": {"zones a": 1.0}}
    lines = [line.split() for line in history.compared(old, new)]
    assert ["a", "4,000,000", "3,000,000", "0.750"] in lines
    assert ["zones", "a", "0.5000", "1.0000", "2.000"] in lines
    assert not any("gone" in line for line in lines)


def test_the_page_has_each_commit_and_a_picture(results, tmp_path, monkeypatch):
    monkeypatch.setattr(history, "PAGE", tmp_path / "history.md")
    monkeypatch.setattr(history, "PICTURE", tmp_path / "history.png")
    later = {"date": 2**31, "title": "later", "instructions": {"2-32-32": 4e6, "no biases": 1e6}}
    history.draw({**dict(history.measured()), "f" * 40: later})
    text = (tmp_path / "history.md").read_text(encoding="utf-8")
    assert text.index(results[:7]) < text.index("fffffff")
    assert "| 5.0 | - |" in text
    assert "| 4.0 | 1.0 |" in text
    assert (tmp_path / "history.png").stat().st_size > 1000


def test_nothing_measured_is_said():
    with pytest.raises(SystemExit, match="nothing is measured yet"):
        history.draw({"a" * 40: {"date": 0, "title": "t"}})


def test_nothing_is_counted_that_comes_once_in_a_while(monkeypatch):
    seen: list[tuple[bool, float]] = []
    monkeypatch.setattr(instructions, "NETWORKS", {"2-10-2-10": NETWORKS["2-10-2-10"]})
    monkeypatch.setattr(instructions, "regions", lambda *_: seen.append((gc.isenabled(), vars(runner)["SECONDS"])))
    monkeypatch.setattr(runner, "SECONDS", 0.05)
    try:
        instructions.main()
    finally:
        gc.enable()
    assert seen == [(False, 3600.0)] * 2


def test_verbs_are_compared_over_what_all_commits_were_asked():
    old = {"commit": "a" * 40, "seconds": {"zones 3-8": 0.002, "zones 2-4": 0.008, "volume 3-8": 1.0}}
    new = {"commit": "b" * 40, "seconds": {"zones 3-8": 0.001, "zones 2-4": 0.001, "verify 2-4": 1.0}}
    lines = list(history.verbs([old, new]))
    assert "| commit | zones (2) |" in lines
    assert "| `aaaaaaa` | 4.00 |" in lines
    assert "| `bbbbbbb` | 1.00 |" in lines
    assert list(history.verbs([])) == []
