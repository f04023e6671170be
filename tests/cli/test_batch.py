"""Lists of questions."""

import csv
import os
import signal
from pathlib import Path
from typing import Any

import onnx
import pytest
from click.testing import CliRunner

from polyrelu.cli import cli
from polyrelu.cli.batch_work import Task, _serve, decide, decided
from polyrelu.errors import Interrupted
from polyrelu.formats.instances import read_instances
from tests.formats.small_models import doubling, save_model

DECLARED = """(declare-const X_0 Real) (declare-const X_1 Real) (declare-const Y_0 Real) (declare-const Y_1 Real)
(assert (and (<= -1 X_0 1) (<= -1 X_1 1)))
"""


def run(*arguments):
    return CliRunner().invoke(cli, list(map(str, arguments)))


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    doubling(tmp_path / "net.onnx")
    for name, formula in (("sat", "(assert (>= Y_0 (+ X_1 2)))"), ("unsat", "(assert (> Y_0 2))")):
        (tmp_path / f"{name}.vnnlib").write_text(DECLARED + formula)
    return tmp_path


INSTANCES = "net.onnx,sat.vnnlib,60\nnet.onnx,unsat.vnnlib,60\nnet.onnx,sat.vnnlib,1e-9\nnone.onnx,sat.vnnlib,60\n"


def test_a_list_of_questions(here):
    (here / "instances.csv").write_text(INSTANCES)
    done = run("batch", "instances.csv", "--plot", "cactus.svg")
    assert done.exit_code == 0, done.output
    rows = list(csv.DictReader(Path("results.csv").read_text().splitlines()))
    assert [row["result"] for row in rows] == ["sat", "unsat", "timeout", "error"]
    assert rows[0]["in_floats"] == "confirmed"
    assert "there is no file" in rows[3]["note"]
    assert run("check", "net.onnx", "sat.vnnlib", rows[0]["counterexample"]).exit_code == 0
    assert "counterexamples in floats: 1 confirmed" in done.stdout
    assert Path("cactus.svg").read_text().startswith("<?xml")


def test_properties_of_a_last_operator(here):
    """They are about its outputs, and counterexamples are those of the file as it is."""
    nodes = [onnx.helper.make_node("Mul", ["x", "two"], ["h"]), onnx.helper.make_node("Softmax", ["h"], ["y"])]
    save_model(here / "soft.onnx", nodes, [("y", [2])])
    for name, formula in (("half", "(>= Y_0 0.5)"), ("one", "(>= Y_0 1)"), ("third", "(>= Y_0 0.3)")):
        (here / f"{name}.vnnlib").write_text(f"{DECLARED}(assert {formula})")
    Path("list.csv").write_text("".join(f"soft.onnx,{name}.vnnlib\n" for name in ("half", "one", "third")))
    assert run("batch", "list.csv", "--drop-final", "Softmax").exit_code == 0
    rows = list(csv.DictReader(Path("results.csv").read_text().splitlines()))
    assert [row["result"] for row in rows] == ["sat", "unsat", "error"]
    assert "only comparisons of outputs are linear" in rows[2]["note"]
    assert rows[0]["in_floats"] == "confirmed"
    entries = dict(line.strip("() ").split() for line in Path(rows[0]["counterexample"]).read_text().splitlines()[1:])
    assert float(entries["Y_0"]) >= 0.5
    assert float(entries["Y_0"]) + float(entries["Y_1"]) == pytest.approx(1)


def test_a_list_goes_on_where_it_was_stopped(here):
    (here / "instances.csv").write_text(INSTANCES)
    run("batch", "instances.csv")
    lines = Path("results.csv").read_text().splitlines(keepends=True)
    Path("results.csv").write_text("".join(lines[:2]) + lines[2][:9])  # stopped while a line was written
    done = run("batch", "instances.csv", "--counterexamples", "found")
    assert "1 of 4 questions are decided in results.csv" in done.stdout
    assert "1/4 sat" not in done.stdout
    assert [line.split(",")[3] for line in Path("results.csv").read_text().splitlines()[1:]] == [
        "sat",
        "unsat",
        "timeout",
        "error",
    ]
    Path("results.csv").write_text("something else\n")
    assert "has no results" in str(run("batch", "instances.csv").exception)


def test_time_that_is_up_in_an_engine(here, monkeypatch):
    """Where only the question's own limit hears it, and where it was Ctrl-C."""
    from polyrelu.cli import batch_work

    nothing: Any = None

    def interrupted(*args, **options):
        raise Interrupted("preimage", nothing)

    (here / "instances.csv").write_text(INSTANCES)
    monkeypatch.setattr(batch_work, "verify", interrupted)
    (one, *_) = read_instances("instances.csv")
    assert decide(Task(0, one, 1e-9)).result == "timeout"
    with pytest.raises(Interrupted):
        decide(Task(0, one, 60.0))


def test_counterexamples_that_floats_do_not_have(here):
    (here / "third.vnnlib").write_text(DECLARED + "(assert (= (* 3 X_0) 1))(assert (> Y_0 0))")
    (here / "instances.csv").write_text("net.onnx,third.vnnlib,60\n")
    outcome = decide(Task(0, read_instances("instances.csv")[0], 60.0))
    assert (outcome.result, outcome.in_floats) == ("sat", "not found")


class Deadly(Task):
    """A question that ends the process that reads it."""

    def __reduce__(self):
        return os._exit, (9,)


def test_several_processes(here):
    """One of which dies of its question, which costs no other."""
    (here / "instances.csv").write_text(INSTANCES)
    tasks = [Task(i, one, one.timeout) for i, one in enumerate(read_instances(here / "instances.csv"))]
    outcomes = {
        outcome.number: outcome
        for outcome in decided([tasks[0], Deadly(7, tasks[0].instance, None), tasks[1], tasks[3]], 2)
    }
    assert {number: one.result for number, one in outcomes.items()} == {0: "sat", 1: "unsat", 3: "error", 7: "error"}
    assert "died (exit code 9)" in outcomes[7].note


def test_a_worker_ends_with_the_pipe():
    class Closed:
        sent = None

        def send(self, what):
            self.sent = what

        def recv(self):
            raise EOFError

    before = signal.getsignal(signal.SIGINT)
    try:
        _serve(Closed())
    finally:
        signal.signal(signal.SIGINT, before)
