import json
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

import polyrelu as pr
from polyrelu.analysis.decision_boundary import classes
from polyrelu.cli import cli


@pytest.fixture
def star(tmp_path):
    """Three classes in the plane, which meet in three rays from the origin."""
    path = tmp_path / "star.npz"
    np.savez(path, W0=[[1.0, 0.0], [-1.0, 2.0], [0.0, -1.0]], b0=[0.0] * 3)
    return str(path)


@pytest.fixture
def quarter(tmp_path):
    """relu(x0) and relu(x1), which tie where both inputs are negative."""
    path = tmp_path / "quarter.npz"
    np.savez(path, W0=np.eye(2), b0=[0.0] * 2, W1=np.eye(2), b1=[0.0] * 2)
    return str(path)


@pytest.fixture
def corner(tmp_path):
    """Which of three inputs is the largest."""
    path = tmp_path / "corner.npz"
    np.savez(path, W0=np.eye(3), b0=[0.0] * 3)
    return str(path)


def run(*arguments, code=0) -> Any:
    result = CliRunner().invoke(cli, ["boundary", *arguments])
    assert result.exit_code == code, result.output
    return result


def test_all_pairs_and_one(star):
    shown = run(star, "--box", "-1", "1").stdout
    assert [line.split()[:3] for line in shown.splitlines()[1:4]] == [[str(k), "-", "1"] for k in range(3)]
    assert "Tiles of each pair of classes: 0 | 1: 1, 0 | 2: 1, 1 | 2: 1" in shown
    assert "Tiling(3 tiles in R^2, method 'cells')" in shown
    one = run(star, "--box", "-1", "1", "--classes", "2", "1").stdout
    assert "x0 - 3*x1 == 0" in one
    assert "classes: 1 | 2: 1\n" in one


def test_one_output_has_a_threshold(model):
    shown = run(model, "--box", "-2", "2", "--threshold", "1/2").stdout
    assert shown.count("== ") == 3
    assert "2*x1 == 3" in shown
    assert "pair of classes" not in shown
    assert "None: there is no such piece in the domain. This is proven" in run(model, "--box", "-1", "0").stdout


def test_ties_are_said(quarter):
    shown = run(quarter, "--box", "-1", "1").stdout
    assert "The classes tie on 1 cell of full dimension, which the boundary does not enter; --keep all" in shown
    kept = run(quarter, "--box", "-1", "1", "--keep", "ties").stdout
    assert "x0 <= 0" in kept
    assert "The classes tie" not in kept
    assert " 2 " in kept.splitlines()[1]
    nowhere = run(quarter, "--box", "-1", "0").stdout
    assert nowhere.startswith("None: there is no such piece in the domain.")
    assert "The classes tie on 1 cell" in nowhere


def test_an_empty_domain_is_said(star):
    assert run(star, "--domain", "x0 < 0 and x0 > 0").stdout.startswith("The domain is empty")


def test_json_says_the_classes(star):
    (result,) = json.loads(run(star, "--box", "-1", "1", "--json").stdout)["results"]
    assert result["classes"] == [[0, 1], [0, 2], [1, 2]]
    assert [(tile["target"], tile["dim"]) for tile in result["tiles"]] == [(0, 1), (1, 1), (2, 1)]
    assert result["complete"]
    assert (result["stats"]["ties"], result["stats"]["touching"]) == (0, 0)
    (short,) = json.loads(run(star, "--box", "-1", "1", "--json", "--tiles", "1").stdout)["results"]
    assert (short["tile_count"], len(short["tiles"])) == (3, 1)


def test_it_is_kept(star, tmp_path):
    path = tmp_path / "boundary.npz"
    assert run(star, "--box", "-1", "1", "--save", str(path)).stdout.splitlines()[-1] == str(path)
    assert classes(pr.load_tiling(path)) == ((0, 1), (0, 2), (1, 2))


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("star", ["--box", "-1", "1"]),
        ("star", ["--box", "-1", "1", "--regions"]),
        ("star", []),
        ("star", ["--domain", "x0 == 1 and x0 == 0"]),
        ("star", ["--domain", "x0 + x1 == 1"]),
        ("corner", ["--box", "-1", "1"]),
        ("corner", ["--box", "-1", "1", "--regions"]),
        ("corner", ["--box", "-1", "1", "--box", "1/2", "1/2", "--box", "-1", "1", "--regions"]),
        ("quarter", ["--box", "-1", "1", "--keep", "all"]),
    ],
)
def test_pictures(request, tmp_path, name, options):
    path = tmp_path / "boundary.png"
    run(request.getfixturevalue(name), *options, "--plot", str(path))
    assert path.read_bytes().startswith(b"\x89PNG")


def test_what_is_wrong_is_refused(star, model, corner, tmp_path):
    line = ["--box", "-1", "1", "--box", "0", "0", "--box", "0", "0"]
    refused = run(corner, *line, "--plot", str(tmp_path / "line.png"), code=2)
    assert "results in which two or three inputs vary, and here it is 1; give the others a --box" in refused.stderr
    for arguments, message in (
        ([star, "--classes", "0", "3"], "there is no class 3; choose from 0 to 2"),
        ([star, "--classes", "1", "1"], "classes 1 and 1 are the same"),
        ([star, "--threshold", "0"], "a threshold 0 is for networks with one output"),
        ([star, "--threshold", "much"], "--threshold: 'much' is not a number"),
        ([model, "--classes", "0", "1"], "leave classes out, its boundary is where y0 == threshold"),
    ):
        result = CliRunner().invoke(cli, ["boundary", *arguments])
        assert isinstance(result.exception, pr.PolyreluError)
        assert message in str(result.exception)
    assert "is not one of" in run(star, "--keep", "rim", code=2).stderr


def test_what_is_found_in_time_is_printed(tmp_path):
    rng = np.random.default_rng(0)
    path = tmp_path / "large.npz"
    layers = {"W0": (40, 3), "b0": (40,), "W1": (40, 40), "b1": (40,), "W2": (3, 40), "b2": (3,)}
    np.savez(path, **{name: rng.normal(size=shape) for name, shape in layers.items()})  # type: ignore[arg-type]
    result = run(str(path), "--box", "-1", "1", "--timeout", "0.5", "--json", code=124)
    document = json.loads(result.stdout)
    assert not document["complete"]
    assert "stopped after 0.5 seconds" in result.stderr
