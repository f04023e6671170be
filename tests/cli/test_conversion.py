import numpy as np
import pytest
from click.testing import CliRunner

import polyrelu as pr
from polyrelu.cli import cli

pytest.importorskip("onnx")


def test_networks_are_converted_exactly(tmp_path):
    source, out = tmp_path / "net.npz", tmp_path / "net.onnx"
    np.savez(source, W0=np.eye(2), b0=np.array([0.5, 0]), W1=np.ones((1, 2)), b1=np.zeros(1))
    said = CliRunner().invoke(cli, ["convert", str(source), "-o", str(out)])
    assert said.exit_code == 0, said.output
    assert said.output == f"{out}: Network(2-2-1, 2 ReLU neurons)\n"
    assert pr.load_network(out) == pr.load_network(source)


def test_rounding_is_said(tmp_path):
    nnet = tmp_path / "net.nnet"
    nnet.write_text("1,1,1,1,\n1,1,\n0,\n0,\n1,\n0,0,\n1,1,\n0.1,\n0,\n")
    said = CliRunner().invoke(cli, ["convert", str(nnet), "--out", str(tmp_path / "net.npz")])
    assert said.exit_code == 0
    assert "polyrelu: warning: save_network:" in said.stderr
    assert "the nearest ones are written" in said.stderr


def test_a_model_is_not_replaced_by_itself(tmp_path):
    path = tmp_path / "net.npz"
    np.savez(path, W0=np.eye(1), b0=np.zeros(1))
    said = CliRunner().invoke(cli, ["convert", str(path), "-o", str(path)])
    assert said.exit_code != 0
    assert "is MODEL itself" in said.output
    said = CliRunner().invoke(cli, ["convert", str(path), "-o", str(tmp_path / "net.txt")])
    assert "choose .npz or .onnx" in str(said.exception)
