import json

import numpy as np
import pytest
from click.testing import CliRunner

import polyrelu as pr
from polyrelu.cli import cli

onnx = pytest.importorskip("onnx")

NNET = """// a network
1, 1, 1, 1,
1, 1,
0,
0,
10,
5, 3,
2, 4,
1,
0,
"""  # y = 4 (x - 5) / 2 + 3, for 0 <= x <= 10


@pytest.fixture
def classifier(tmp_path):
    """Two inputs of an open shape, a matrix, ReLU and Softmax."""
    helper = onnx.helper
    floats = onnx.TensorProto.FLOAT
    graph = helper.make_graph(
        [
            helper.make_node("MatMul", ["x", "W"], ["h"]),
            helper.make_node("Relu", ["h"], ["r"]),
            helper.make_node("Softmax", ["r"], ["y"]),
        ],
        "net",
        [helper.make_tensor_value_info("x", floats, ["n", "d"])],
        [helper.make_tensor_value_info("y", floats, None)],
        [onnx.numpy_helper.from_array(np.eye(2, dtype=np.float32), "W")],
    )
    path = tmp_path / "net.onnx"
    onnx.save(helper.make_model(graph), path)
    return str(path)


@pytest.fixture
def nnet(tmp_path):
    path = tmp_path / "net.nnet"
    path.write_text(NNET)
    return str(path)


def run(*arguments):
    return CliRunner().invoke(cli, arguments, catch_exceptions=False)


READING = ("--drop-final", "softmax", "--input-shape", "1,2")


def test_every_command_on_networks_reads_with_the_same_options(classifier, tmp_path):
    prop = tmp_path / "p.vnnlib"
    prop.write_text(
        "(declare-network f (declare-input X real [1,2]) (declare-output Y real [1,2]))"
        "(assert (<= X[0,0] 1)) (assert (>= Y[0,0] 2))"
    )
    assert "2 ReLU neurons" in run("info", classifier, *READING).stdout
    shown = run("preimage", classifier, *READING, "--output", "y0 >= y1", "--box", "0", "2")
    assert "x0 - x1 >= 0" in shown.stdout
    assert "about the outputs of softmax" in shown.stderr
    assert "4 tiles" in run("regions", classifier, *READING, "--box", "-1", "1").stdout
    assert "None" in run("zones", classifier, *READING, "--output", "y0 > 1", "--box", "-1", "2").stdout
    assert run("count", classifier, *READING, "--property", str(prop)).stdout == "0\n"
    assert run("verify", classifier, str(prop), *READING).stdout.startswith("holds")


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("(>= Y[0,0] 1)", "holds"),  # no output of Softmax is 1, whatever enters it
        ("(>= Y[0,0] 0.5)", "violated"),
        ("(> Y[0,0] Y[0,1])", "violated"),
        ("(and (> Y[0,0] 0.5) (> Y[0,1] 0.5))", "holds"),
        ("(>= Y[0,0] 0.25)", "only comparisons of outputs are linear"),
    ],
)
def test_a_property_is_about_the_last_operator(condition, expected, classifier, tmp_path, monkeypatch, capsys):
    """Not about what enters it, which may be 2 where an output is less than 1."""
    from tests.cli.test_program import invoke_main

    prop = tmp_path / "p.vnnlib"
    prop.write_text(
        "(declare-network f (declare-input X real [1,2]) (declare-output Y real [1,2]))"
        f"(assert (<= X[0,0] 5)) (assert (>= X[0,0] -5)) (assert (<= X[0,1] 5)) (assert (>= X[0,1] -5))"
        f"(assert {condition})"
    )
    if expected in ("holds", "violated"):
        found = run("verify", classifier, str(prop), *READING)
        assert found.stdout.split()[0] == expected
        assert "about the outputs of softmax" in found.stderr
    else:
        code, error = invoke_main(monkeypatch, capsys, "verify", classifier, str(prop), *READING)
        assert (code, expected in error) == (2, True)


def test_options_are_passed_on_and_errors_speak_of_flags(monkeypatch, capsys, classifier, nnet):
    from tests.cli.test_program import invoke_main

    for arguments, message in (
        ([classifier, "--drop-final", "Softmax"], "the open shape (?, ?); pass --input-shape (1, ...)"),
        ([classifier, "--input-shape", "1,2"], 'drop it with --drop-final "Softmax"'),
        ([nnet, "--drop-final", "Softmax"], "--drop-final does not apply to .nnet files"),
        ([nnet, "--no-centre"], "centre does not apply to .nnet files"),
        ([classifier, "--input-shape", "1,two"], "'1,two' is not a shape; write positive sizes"),
        ([nnet, "--normalise", "no"], "'no' is not one of 'fold', 'ignore'"),
    ):
        code, error = invoke_main(monkeypatch, capsys, "info", *arguments)
        assert code == 2
        assert message in error


def test_a_sparse_autoencoder_is_centred_unless_its_command_says_no(tmp_path):
    arrays = {"W_enc": np.eye(1), "b_enc": np.zeros(1), "W_dec": np.eye(1), "b_dec": np.array([2.0])}
    np.savez(tmp_path / "sae.npz", **arrays)  # type: ignore[arg-type]
    question = ("preimage", str(tmp_path / "sae.npz"), "--output", "y0 > 2", "--box", "-9", "9")
    for options, row in (((), "x0 > 2"), (("--centre",), "x0 > 2"), (("--no-centre",), "x0 > 0")):
        assert row in run(*question, *options).stdout


def test_normalisation_is_folded_unless_ignored(nnet):
    def first_row(*options):
        found = json.loads(run("preimage", nnet, "--output", "y0 == 3", *options, "--json").stdout)
        return found["results"][0]["tiles"][0]["inequalities"]

    assert first_row() == first_row("--normalise", "fold") == ["x0 == 5"]
    assert first_row("--normalise", "ignore") == ["x0 == 3"]


def test_domains_on_the_other_scale_are_warned_of(nnet, tmp_path):
    inside = run("preimage", nnet, "--output", "y0 > 0", "--box", "2", "12")
    assert inside.stderr == ""
    outside = run("preimage", nnet, "--output", "y0 > 0", "--box", "-1", "-1/2")
    assert "warning: the domain lies outside the physical inputs" in outside.stderr
    assert "--normalise ignore" in outside.stderr
    assert run("preimage", nnet, "--output", "y0 > 0", "--box", "-1", "-1/2", "--normalise", "ignore").stderr == ""
    prop = tmp_path / "p.vnnlib"
    prop.write_text("(declare-const X_0 Real)(declare-const Y_0 Real)(assert (>= X_0 11))(assert (<= Y_0 0))")
    found = run("verify", nnet, str(prop))
    assert found.stdout.startswith("holds")
    assert "the domain lies outside the physical inputs" in found.stderr


def test_files_that_are_no_networks(monkeypatch, capsys, tmp_path):
    from tests.cli.test_program import invoke_main

    (tmp_path / "p.vnnlib").write_text("")
    _, error = invoke_main(monkeypatch, capsys, "verify", str(tmp_path / "p.vnnlib"), "net.npz")
    assert "is a property, not a network; the network comes first" in error
    _, error = invoke_main(monkeypatch, capsys, "info", str(tmp_path))
    assert "is a directory" in error
    with pytest.raises(pr.InputError, match="is a directory"):
        pr.load_network(tmp_path)
