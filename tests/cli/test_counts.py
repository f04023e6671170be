"""``polyrelu count``."""

import json

import pytest
from click.testing import CliRunner

import polyrelu as pr
from polyrelu.cli import cli, counts
from polyrelu.errors import Interrupted, PolyreluError


def run(*arguments, code=0):
    found = CliRunner().invoke(cli, arguments, catch_exceptions=False)
    assert found.exit_code == code, found.output
    return found.output


def test_a_count(model):
    assert run("count", model, "--box", "-1", "1") == "4\n"
    assert run("count", model, "--box", "-2", "2", "--output", "y0 > 0", "--executor", "threads:2") == "3\n"
    document = json.loads(run("count", model, "--output", "y0 > 0", "--json"))
    assert document == {"results": [{"tiles": 3, "complete": True}], "complete": True}


def test_a_measure(model):
    text = run("count", model, "--box", "-1", "1", "--output", "y0 > 0", "--output", "y0 < -1/2", "--measure")
    assert "share   " in text
    assert "target 1: 4 tiles" in text
    (result,) = json.loads(run("count", model, "--box", "-2", "2", "--measure", "--json"))["results"]
    assert result["tiles"] == 4
    assert result["dims"] == {"2": 4}
    assert result["walls"] == {"domain": 8, "neurons": 8, "target": 0}
    assert result["volume"][0] <= 16 <= result["volume"][1]
    assert "volume" not in run("count", model, "--measure")


def test_a_property_and_a_statement(model, tmp_path):
    prop = tmp_path / "unsafe.vnnlib"
    prop.write_text(
        "(declare-const X_0 Real)\n(declare-const X_1 Real)\n(declare-const Y_0 Real)\n"
        "(assert (>= X_0 -2))\n(assert (<= X_0 2))\n(assert (>= X_1 -2))\n(assert (<= X_1 2))\n(assert (>= Y_0 0))\n"
    )
    assert run("count", model, "--property", str(prop)) == "3\n"
    with prop.open("a") as more:
        more.write("(assert (or (<= X_0 -1) (>= X_0 1)))\n")
    assert run("count", model, "--property", str(prop)) == "1\n2\n"
    document = json.loads(run("count", model, "--property", str(prop), "--json"))
    assert document == {"results": [{"tiles": n, "complete": True} for n in (1, 2)], "complete": True}
    statement = tmp_path / "question.txt"
    pr.Statement.of(pr.load_network(model), "y0 > 0", ([-1, -1], [1, 1])).save(statement)
    assert run("count", "--statement", str(statement)) == "1\n"


def test_stopped(model, monkeypatch):
    def stopped(*_, until, **__):
        raise Interrupted("count: stopped", 2, (b"",))

    monkeypatch.setattr(counts, "count", stopped)
    assert "2\n" in run("count", model, "--timeout", "100", code=130)
    document, _, _ = run("count", model, "--json", code=130).rpartition("polyrelu: interrupted")
    assert json.loads(document) == {"results": [{"tiles": 2, "complete": False}], "complete": False}


@pytest.mark.parametrize(("options", "word"), [(("--executor", "nowhere"), "threads:N"), (("--box", "a", "b"), "box")])
def test_wrong_usage(model, options, word):
    with pytest.raises(PolyreluError, match=word):
        run("count", model, *options)
