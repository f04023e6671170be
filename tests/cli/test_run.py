"""``polyrelu run``, and ``polyrelu check`` of its directory."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

import polyrelu as pr
from polyrelu.cli import cli
from polyrelu.errors import PolyreluError
from tests.faults import contents


@pytest.fixture
def call():
    def run(*arguments, code=0):
        found = CliRunner().invoke(cli, list(map(str, arguments)), catch_exceptions=False)
        assert found.exit_code == code, found.output
        return found.output

    return run


@pytest.fixture
def asked(model):
    return [model, "--output", "y0 > 0", "--box", "-2", "2"]


def test_a_run(call, asked, tmp_path):
    text = call("run", tmp_path / "run", *asked)
    assert text.splitlines()[:2] == ["complete", "tiles  3"]
    tiling = pr.open_tiling(tmp_path / "run")
    assert tiling.patterns == pr.preimage(tiling.network, "y0 > 0", ([-2, -2], [2, 2])).patterns
    assert call("run", tmp_path / "run") == text == call("run", tmp_path / "run", *asked)
    assert json.loads(call("run", tmp_path / "run", "--status", "--json"))["tiles"] == 3
    assert call("run", tmp_path / "run", "--status", "--live") == text
    assert call("check", tmp_path / "run").startswith("SOUND 3 tiles")


def test_certificates(call, asked, tmp_path):
    place = tmp_path / "run"
    call("run", place, *asked, "--cuts", "3")
    assert "VERIFIED" not in call("check", place)
    call("run", place, "--certify")
    said = call("check", place).splitlines()
    assert said[1:] == ["VERIFIED preimage: target 0: 3 tiles"]
    next(place.glob("parts/??/*.cert.gz")).unlink()
    assert "REJECTED" in call("check", place, code=1)


def test_executors_and_budgets(call, asked, tmp_path):
    call("run", tmp_path / "one", *asked, "--cuts", "3")
    call("run", tmp_path / "two", *asked, "--cuts", "3", "--executor", "threads:2")
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_regions_statements_and_volumes(call, model, tmp_path):
    assert "volume between" in call("run", tmp_path / "run", model, "--regions", "--box", "-1", "1", "--measure")
    again = ["run", tmp_path / "again", "--statement", tmp_path / "run" / "question.txt", "--measure"]
    call(*again)
    assert contents(tmp_path / "run") == contents(tmp_path / "again")


def test_a_run_that_is_stopped(call, asked, tmp_path, monkeypatch):
    def stopped(self, *_, **__):
        raise pr.Interrupted("stopped", self.status())

    with monkeypatch.context() as patched:
        patched.setattr("polyrelu.runs.stored_run.Run.work", stopped)
        text = call("run", tmp_path / "run", *asked, code=130)
    assert f"0 tiles, which {tmp_path / 'run'} keeps; polyrelu run {tmp_path / 'run'} goes on" in text
    assert "stopped; run it again to go on" in call("run", tmp_path / "run", "--status")
    assert "1 roots are open" in call("check", tmp_path / "run")
    call("run", tmp_path / "run")


def test_a_damaged_run_is_rejected(call, asked, tmp_path):
    call("run", tmp_path / "run", *asked)
    part = next((tmp_path / "run").glob("parts/??/*"))
    part.write_bytes(b"PAR1")
    assert "REJECTED" in call("check", tmp_path / "run", code=1)
    call("run", tmp_path / "run")
    call("check", tmp_path / "run")


def test_wrong_usage(call, asked, model, tmp_path):
    assert "--live goes with --status" in call("run", tmp_path / "run", "--live", code=2)
    assert "leave the question out" in call("run", tmp_path / "run", *asked, "--status", code=2)
    assert "Missing argument 'MODEL'" in call("run", tmp_path / "run", "--box", "0", "1", code=2)
    assert "Missing option '--output'" in call("run", tmp_path / "run", model, code=2)
    with pytest.raises(PolyreluError, match="there is no run in"):
        call("run", tmp_path / "run")
    with pytest.raises(PolyreluError, match="has other files"):
        call("run", tmp_path, *asked)
    assert "Missing argument 'EVIDENCE" in call("check", model, code=2)


def test_a_property_with_several_domains_is_refused(call, model, tmp_path):
    prop = tmp_path / "unsafe.vnnlib"
    declared = "".join(f"(declare-const {name} Real)\n" for name in ("X_0", "X_1", "Y_0"))
    either = "(and (>= X_0 0) (<= X_0 1) (>= X_1 0) (<= X_1 1)) (and (>= X_0 1) (<= X_0 2) (>= X_1 0) (<= X_1 1))"
    prop.write_text(f"{declared}(assert (or {either}))\n(assert (>= Y_0 0))\n")
    assert "has 2 domains, and a run is about one" in call("run", tmp_path / "run", model, "--property", prop, code=2)
