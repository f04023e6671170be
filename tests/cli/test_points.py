"""``polyrelu point``."""

import json
from fractions import Fraction

import pytest
from click.testing import CliRunner

import polyrelu as pr
from polyrelu.cli import cli, points, stopping


def run(*arguments, code=0):
    found = CliRunner().invoke(cli, arguments, catch_exceptions=False)
    assert found.exit_code == code, found.output
    return found.output


def test_an_input_that_gets_there_or_none(model):
    network = pr.load_network(model)
    for condition in ("y0 > 1/2", "y0 == 1/3"):
        (result,) = json.loads(run("point", model, "--output", condition, "--box", "-2", "2", "--json"))["results"]
        point, value = ([Fraction(v) for v in result[name]] for name in ("point", "value"))
        assert max(map(abs, point)) <= 2
        assert pr.parse(condition, dim=1).contains(value)
        assert network(point) == tuple(value)
        assert result["target"] == 0
    assert "This is proven" in run("point", model, "--output", "y0 > 3", "--box", "-2", "2")
    document = json.loads(run("point", model, "--output", "y0 > 3", "--box", "-2", "2", "--json"))
    none = {"point": None, "value": None, "target": None, "complete": True}
    assert document == {"results": [none], "complete": True}


def test_what_is_printed_is_exact(model):
    """All digits, as a rounded point is beside an equation."""
    text = run("point", model, "--output", "y0 == 1/7", "--domain", "x0 == x1")
    assert text == "input   (4/7, 4/7)\noutput  about (0.142857143)\n"


def test_alternatives_and_a_statement(model, tmp_path):
    (result,) = json.loads(run("point", model, "--output", "y0 < -1", "--output", "y0 > 0", "--json"))["results"]
    assert result["target"] == 1
    statement = tmp_path / "question.txt"
    pr.Statement.of(pr.load_network(model), "y0 >= 1", ([-1, -1], [1, 1])).save(statement)
    assert run("point", "--statement", str(statement)) == "input   (1, 1)\noutput  about (1)\n"


def test_each_domain_of_a_property_is_answered(model, tmp_path):
    prop = tmp_path / "two.vnnlib"
    prop.write_text(
        "(declare-const X_0 Real) (declare-const X_1 Real) (declare-const Y_0 Real) (assert (>= Y_0 2))\n"
        "(assert (<= -2 X_1)) (assert (<= X_1 2))\n"
        "(assert (or (and (>= X_0 1) (<= X_0 3)) (and (<= X_0 0) (>= X_0 -3))))\n"
    )
    first, second = json.loads(run("point", model, "--property", str(prop), "--json"))["results"]
    assert first["point"] is not None
    assert second["point"] is None
    text = run("point", model, "--property", str(prop))
    assert text.startswith("input   (")
    assert "\n\nNone: " in text


def test_a_run_that_is_stopped_knows_neither(model, monkeypatch):
    def stopped(*_, **__):
        raise KeyboardInterrupt

    command = ("point", model, "--output", "y0 > 0", "--box", "-1", "1")
    assert "(" in run(*command, "--timeout", "100")
    monkeypatch.setattr(points, "verify", stopped)
    assert run(*command, code=130) == "polyrelu: interrupted: it is not known whether there is one\n"
    assert '"results": []' in run(*command, "--json", code=130)


def test_where_there_are_no_alarms_time_is_up_all_the_same(model, monkeypatch):
    def undecided(*_, **__):
        return pr.Verification("undecided", None, None, None, ((0, 0),), 1, 0, 1.0)

    monkeypatch.setattr(stopping, "_HAS_ALARM", False)
    monkeypatch.setattr(points, "verify", undecided)
    text = run("point", model, "--output", "y0 > 0", "--box", "-1", "1", "--timeout", "1e-9", code=124)
    assert text == "polyrelu: stopped after 1e-09 seconds: it is not known whether there is one\n"


@pytest.mark.parametrize("options", [(), ("--output", "y0 > 0", "--property", "unsafe.vnnlib")])
def test_wrong_usage(model, options):
    assert "--output" in run("point", model, *options, code=2)
