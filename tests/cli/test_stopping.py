import json
import os
import subprocess
import sys
import time

import numpy as np
import pytest
from click.testing import CliRunner

import polyrelu as pr
from polyrelu.cli import cli, question


@pytest.fixture
def large(tmp_path):
    """A network with more tiles than anyone waits for."""
    rng = np.random.default_rng(0)
    path = tmp_path / "large.npz"
    np.savez(
        path,
        W0=rng.normal(size=(40, 6)),
        b0=rng.normal(size=40),
        W1=rng.normal(size=(40, 40)),
        b1=rng.normal(size=40),
        W2=rng.normal(size=(1, 40)),
        b2=np.zeros(1),
    )
    return str(path)


@pytest.fixture
def stopped(monkeypatch, model):
    """Preimages that Ctrl-C stops at their second tile."""
    whole = pr.preimage(pr.load_network(model), pr.parse("y0 >= 0", dim=1), pr.Polyhedron.box([-1] * 2, [2] * 2))

    def stop(network, targets, domain, *_arguments, **_options):
        return pr.preimage(network, targets, domain, "twin", until=lambda found: found >= 2)

    monkeypatch.setattr(question, "preimage", stop)
    return whole


def run(*arguments):
    return CliRunner().invoke(cli, arguments)


ASKED = ("--output", "y0 >= 0", "--box", "-1", "2")


def test_what_a_stopped_run_found_is_kept_and_marked(stopped, model, tmp_path):
    path, picture = tmp_path / "t.npz", tmp_path / "t.svg"
    result = run("preimage", model, *ASKED, "--save", str(path), "--plot", str(picture))
    assert result.exit_code == 130
    kept = pr.load_tiling(path)
    assert not kept.complete
    assert 0 < len(kept) < len(stopped)
    assert f"{len(kept)} tile" in result.stderr
    assert f"others are missing; kept in {path} and {picture}, marked incomplete" in result.stderr
    assert "incomplete" in result.stdout
    assert picture.read_text().startswith("<?xml")


def test_a_stopped_run_with_json_is_one_document(stopped, model, tmp_path):
    result = run("preimage", model, *ASKED, "--save", str(tmp_path / "t.parquet"), "--json")
    (report,) = json.loads(result.stdout)["results"]
    assert (result.exit_code, report["complete"]) == (130, False)
    assert report["tile_count"] == len(pr.load_tiling(tmp_path / "t.parquet"))


def test_zones_of_a_stopped_run_are_not_claimed(stopped, model, tmp_path):
    result = run("zones", model, *ASKED, "--save", str(tmp_path / "t.npz"))
    assert "The zones are not known" in result.stdout
    assert not pr.load_tiling(tmp_path / "t.npz").complete
    (report,) = json.loads(run("zones", model, *ASKED, "--json").stdout)["results"]
    assert report["zones"] is None


@pytest.mark.parametrize("command", ["preimage", "regions"])
def test_the_time_limit_stops_runs(large, tmp_path, command):
    path = tmp_path / "t.npz"
    asked = ("--output", "y0 > 0") if command == "preimage" else ()
    began = time.monotonic()
    result = run(command, large, *asked, "--box", "-9", "9", "--timeout", "2", "--tiles", "1", "--save", str(path))
    assert result.exit_code == 124
    assert time.monotonic() - began < 60
    assert "stopped after 2 seconds" in result.stderr
    assert path.exists() == (": 0 tiles found" not in result.stderr)  # a busy machine may find none
    assert not path.exists() or not pr.load_tiling(path).complete


def test_time_limits_are_positive_and_for_engines_that_can_stop(model):
    for options, message in (
        (("--timeout", "0"), "--timeout 0: pass a positive number of seconds"),
        (("--timeout", "5", "--method", "unrelu"), "--timeout works where cells are split, not with --method unrelu"),
    ):
        result = run("preimage", model, *ASKED, *options)
        assert result.exit_code == 2
        assert message in result.stderr


PRESSES_CTRL_C = """
import os, signal, threading
from polyrelu.cells import Runner
from polyrelu.cli import main

run = Runner.run

def pressed(self, *arguments):
    threading.Timer(1.5, os.kill, (os.getpid(), signal.SIGINT)).start()
    return run(self, *arguments)

Runner.run = pressed
main()
"""


@pytest.mark.skipif(os.name != "posix", reason="sends SIGINT")
def test_ctrl_c_loses_nothing(large, tmp_path):
    path = tmp_path / "t.npz"
    asked = ["regions", large, "--box", "-9", "9", "--tiles", "1", "--save", str(path)]
    stopped = subprocess.run(
        [sys.executable, "-c", PRESSES_CTRL_C, *asked], capture_output=True, text=True, check=False
    )
    error = stopped.stderr
    assert stopped.returncode == 130
    assert path.exists() == (": 0 tiles found" not in error)
    assert not path.exists() or f"kept in {path}, marked incomplete" in error
    assert not path.exists() or not pr.load_tiling(path).complete
