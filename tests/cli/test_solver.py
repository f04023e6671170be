"""The solver interface of the VNN-LIB standard, and other tools' answers."""

import numpy as np
import onnx
import pytest
from click.testing import CliRunner
from onnx import numpy_helper

import polyrelu as pr
from polyrelu.cli import cli
from tests.formats.small_models import doubling

DECLARED = """(vnnlib-version <2.0>)
(declare-network f (declare-input X float32 [2]) {hidden} (declare-output Y float32 [2]))
(assert (and (<= -1 X[0] 1) (<= -1 X[1] 1)))
"""
SAT, UNSAT = "(assert (>= Y[0] (+ X[1] 2)))", "(assert (> Y[0] 2))"


def run(*arguments):
    return CliRunner().invoke(cli, list(map(str, arguments)))


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    doubling(tmp_path / "net.onnx")
    for name, formula in (("sat", SAT), ("unsat", UNSAT)):
        (tmp_path / f"{name}.vnnlib").write_text(DECLARED.format(hidden="") + formula)
    return tmp_path


def test_verdicts_in_the_standards_words(here):
    done = run("verify", "unsat.vnnlib", "--network", "f=net.onnx")
    assert (done.stdout, done.exit_code) == ("unsat\n", 0)
    assert "declares float32; the verdict is about the network in exact arithmetic" in done.stderr
    done = run("verify", "sat.vnnlib", "--network", "f=net.onnx", "--timeout", "60")
    lines = done.stdout.splitlines()
    assert (lines[0], lines[1], lines[4], done.exit_code) == ("sat", "X float32 [2]", "Y float32 [2]", 1)
    x, y = map(float, lines[2:4]), map(float, lines[5:7])
    assert [max(0.0, 2 * v) for v in x] == list(y)
    late = run("verify", "sat.vnnlib", "--network", "f=net.onnx", "--timeout", "1e-9")
    assert (late.stdout, late.exit_code) == ("timed-out\n", 3)


def test_assignments_as_tensors(here):
    done = run("verify", "sat.vnnlib", "--network", "f=net.onnx", "--serialise-assignments", "found")
    assert done.stdout == "sat\n"
    tensors = {path.stem: onnx.TensorProto.FromString(path.read_bytes()) for path in (here / "found").iterdir()}
    x, y = (numpy_helper.to_array(tensors[name]) for name in "XY")
    assert (x.dtype, x.shape) == (np.float32, (2,))
    assert np.array_equal(np.maximum(0, 2 * x), y)


def test_hidden_values_and_copies(here):
    hidden = DECLARED.format(hidden='(declare-hidden H float32 [2] "h")')
    (here / "hidden.vnnlib").write_text(hidden + "(assert (and (< H[0] -1) (> Y[1] 1)))")
    assert "violated" in run("verify", "net.onnx", "hidden.vnnlib").stdout
    done = run("verify", "hidden.vnnlib", "--network", "f=net.onnx").stdout.splitlines()
    assert [line.split()[0] for line in done if " " in line] == ["X", "H", "Y"]
    copy = "(declare-network g (equal-to f) (declare-input A float32 [2]) (declare-output B float32 [2]))"
    first, rest = DECLARED.format(hidden="").split("(assert", 1)
    falls = "(assert (and (<= X[0] A[0] 1) (== X[1] A[1]) (> Y[0] B[0])))"
    (here / "copy.vnnlib").write_text(f"{first}{copy}(assert{rest}{falls}")
    assert run("verify", "copy.vnnlib", "--network", "f=net.onnx").stdout == "unsat\n"
    assert run("verify", "net.onnx", "copy.vnnlib").stdout.startswith("holds")
    other = f"{first}{copy.replace('equal-to', 'isomorphic-to')}(assert{rest}(assert (> Y[0] B[0]))"
    (here / "other.vnnlib").write_text(other)
    assert run("verify", "other.vnnlib", "--network", "f=net.onnx", "--network", "g=net.onnx").exit_code == 1
    assert "give --network NAME=FILE for each" in run("verify", "net.onnx", "other.vnnlib").stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["sat.vnnlib"], "Missing argument 'PROPERTY', or option '--network'"),
        (["net.onnx", "sat.vnnlib", "--network", "f=net.onnx"], "leave MODEL out"),
        (["sat.vnnlib", "--network", "net.onnx"], "--network net.onnx: write NAME=FILE"),
        (["sat.vnnlib", "--network", "f=net.onnx", "--network", "f=net.onnx"], "f is given twice"),
        (["sat.vnnlib", "--network", "g=net.onnx"], "the property is about f, and what is said is of g"),
        (["net.onnx", "sat.vnnlib", "--serialise-assignments", "d"], "is for a property with --network"),
    ],
)
def test_wrong_usage(here, arguments, message):
    done = run("verify", *arguments)
    assert done.stdout == ""
    assert message in done.stderr or message in str(done.exception)


def test_what_is_supported():
    for name, expected in (
        ("onnx-element-types", "real\n"),
        ("vnnlib-versions", "1.0\n2.0\n"),
        ("hidden-node-theories", "NH\nH\n"),
        ("multiple-network-theories", "SNET\nMENET\nMINET\nMNET\n"),
        ("serialise-assignments", "true\n"),
        ("unsat-proofs", "false\n"),
    ):
        assert run("supports", f"--{name}").stdout == expected
    operators = run("supports", "--onnx-operators").stdout.split()
    assert {"Conv", "Relu", "MaxPool", "Gemm"} <= set(operators)
    assert not {"Sigmoid", "Where", "Div"} & set(operators)
    least, newest = map(int, run("supports", "--onnx-opset-versions").stdout.split())
    assert least < 18 <= newest
    assert "Say what: --onnx-opset-versions" in run("supports").stderr
    assert (run("--name").stdout, run("--version").stdout) == ("polyrelu\n", f"{pr.__version__}\n")


def test_answers_of_other_tools_are_checked(here):
    (here / "good.txt").write_text("sat\n((X_0 1)\n(X_1 -1)\n(Y_0 2.5)\n(Y_1 0))")
    done = run("check", "net.onnx", "sat.vnnlib", "good.txt")
    assert done.exit_code == 0
    assert done.stdout.splitlines() == [
        "as written: target 0 of domain 0 is reached",
        "the outputs in the file are off by at most 0.5",
        "what onnxruntime returns is off by at most 0, and breaks the property, too",
        "VERIFIED: the network breaks the property at this point, in exact arithmetic",
    ]
    (here / "bad.txt").write_text("sat\nX float32 [2]\n1.5\n0\n")
    done = run("check", "sat.vnnlib", "bad.txt", "--network", "f=net.onnx")
    assert done.exit_code == 1
    assert "  x0 <= 1 is missed by 0.5" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("REJECTED")
    assert "MODEL PROPERTY ANSWER" in run("check", "net.onnx", "sat.vnnlib").stderr


def test_an_answer_that_holds_once_it_is_rounded(here):
    """0.1 is not the float next to it, which alone breaks this."""
    tenth = f"{np.float32(0.1):.30f}"
    (here / "tenth.vnnlib").write_text(DECLARED.format(hidden="") + f"(assert (== X[0] {tenth}))(assert (> Y[0] 0))")
    (here / "answer.txt").write_text("((X_0 0.1) (X_1 0))")
    done = run("check", "net.onnx", "tenth.vnnlib", "answer.txt")
    assert done.exit_code == 0
    assert "with entries rounded to binary32: target 0 of domain 0 is reached" in done.stdout
