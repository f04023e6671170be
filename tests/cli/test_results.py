import json
import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

import polyrelu as pr
from polyrelu.cli import cli, question, verdicts

DECLARED = "(declare-const X_0 Real)(declare-const X_1 Real)(declare-const Y_0 Real)"
BOX = "".join(f"(assert (>= X_{i} -2))(assert (<= X_{i} 2))" for i in range(2))


@pytest.fixture
def unsafe(tmp_path):
    def write(assertions):
        path = tmp_path / "p.vnnlib"
        path.write_text(DECLARED + BOX + assertions)
        return str(path)

    return write


def run(*arguments):
    return CliRunner().invoke(cli, arguments, catch_exceptions=False)


def test_preimage_of_a_property(model, unsafe):
    by_file = run("preimage", model, "--property", unsafe("(assert (>= Y_0 0))"))
    by_hand = run("preimage", model, "--output", "y0 >= 0", "--box", "-2", "2")
    assert by_file.stdout.splitlines()[:4] == by_hand.stdout.splitlines()[:4]
    two = unsafe("(assert (or (and (<= X_0 0) (>= Y_0 0)) (and (>= X_0 1) (>= Y_0 2))))")
    shown = run("preimage", model, "--property", two, "--domain", "x1 >= 1")
    assert shown.stdout.count("tiles in R^2") == 2
    results = json.loads(run("preimage", model, "--property", two, "--json").stdout)["results"]
    assert [one["targets"] for one in results] == [[["y0 >= 0"]], [["y0 >= 2"]]]


def test_regions_of_the_inputs_of_a_property(model, unsafe):
    by_file = run("regions", model, "--property", unsafe("(assert (>= Y_0 5))"))
    assert by_file.stdout.splitlines()[:5] == run("regions", model, "--box", "-2", "2").stdout.splitlines()[:5]
    two = unsafe("(assert (or (and (<= X_0 0) (>= Y_0 0)) (and (>= X_0 1) (>= Y_0 2))))")
    results = json.loads(run("regions", model, "--property", two, "--domain", "x1 >= 1", "--json").stdout)["results"]
    assert [[tile["pattern"] for tile in one["tiles"]] for one in results] == [["01"], ["11"]]


def test_json_is_exact_and_whole(model):
    shown = run("preimage", model, "--output", "3*y0 >= 1", "--box", "0", "1/3", "--json")
    (result,) = json.loads(shown.stdout)["results"]
    assert (result["tile_count"], result["complete"], result["tiles"]) == (0, True, [])
    (result,) = json.loads(run("regions", model, "--box", "-1/3", "2", "--json").stdout)["results"]
    assert [tile["pattern"] for tile in result["tiles"]] == ["00", "01", "10", "11"]
    assert set(result["tiles"][0]["inequalities"]) == {"3*x0 >= -1", "3*x1 >= -1", "x1 <= 0", "x0 <= 0"}
    flat = run("preimage", model, "--output", "y0 == 0", "--box", "-1", "2", "--json")
    assert [tile["dim"] for tile in json.loads(flat.stdout)["results"][0]["tiles"]] == [1, 1, 1]
    network = pr.load_network(model)
    for tile in json.loads(flat.stdout)["results"][0]["tiles"]:
        assert network([tile["point"]])[0][0] == 0
    (result,) = json.loads(run("regions", model, "--box", "-1", "2", "--json", "--tiles", "1").stdout)["results"]
    assert (result["tile_count"], len(result["tiles"])) == (4, 1)


def test_regions(model, tmp_path):
    plot = tmp_path / "r.png"
    shown = run("regions", model, "--box", "-1", "1", "--tiles", "2", "--plot", str(plot))
    assert [line.split()[1] for line in shown.stdout.splitlines()[1:3]] == ["00", "01"]
    assert "... and 2 more" in shown.stdout
    assert plot.read_bytes().startswith(b"\x89PNG")


def test_save(model, unsafe, tmp_path):
    path = tmp_path / "t.npz"
    shown = run("preimage", model, "--output", "y0 >= 0", "--box", "-2", "2", "--save", str(path), "--json")
    assert shown.stderr == f"{path}\n"
    assert len(pr.load_tiling(path, pr.load_network(model))) == json.loads(shown.stdout)["results"][0]["tile_count"]
    two = unsafe("(assert (or (and (<= X_0 0) (>= Y_0 0)) (and (>= X_0 1) (>= Y_0 2))))")
    run("preimage", model, "--property", two, "--save", str(path))
    assert pr.load_tiling(tmp_path / "t-1.npz").targets == (pr.parse("y0 >= 2", dim=1),)
    picture = tmp_path / "t.svg"
    run("regions", model, "--box", "-1", "1", "--save", str(picture))
    assert picture.read_text().startswith("<svg")
    wrong = CliRunner().invoke(cli, ["regions", model, "--save", "t.csv"])
    assert (wrong.exit_code, "the suffix must be one of .npz, .parquet" in wrong.stderr) == (2, True)


def test_the_question_is_asked_once(model, unsafe):
    both = CliRunner().invoke(
        cli, ["preimage", model, "--output", "y0 > 0", "--property", unsafe("(assert (>= Y_0 0))")]
    )
    assert both.exit_code == 2
    assert "one of them, not both" in both.stderr


def test_verify_says_so_and_exits_accordingly(model, unsafe):
    holds = run("verify", model, unsafe("(assert (> Y_0 3))"))
    assert (holds.exit_code, holds.stdout.splitlines()[0]) == (0, "holds")
    violated = run("verify", model, unsafe("(assert (>= Y_0 3))"))
    assert violated.exit_code == 1
    assert violated.stdout.splitlines()[:2] == ["violated", "input    (2, 2)"]
    report = json.loads(run("verify", model, unsafe("(assert (>= Y_0 3))"), "--json").stdout)
    assert report["verdict"] == "violated"
    assert report["counterexample"]["input"] == ["2", "2"]
    assert report["counterexample"]["output_floats"] == [3.0]
    undecided = run("verify", model, unsafe("(assert (> Y_0 3))"), "--timeout", "1e-9")
    assert undecided.exit_code == 3
    assert undecided.stdout.splitlines()[0] == "undecided"
    undecided = run("verify", model, unsafe("(assert (> Y_0 3))"), "--timeout", "1e-9", "--json")
    assert (undecided.exit_code, json.loads(undecided.stdout)) == (3, {"verdict": "undecided"})


def test_verify_says_what_remains(model, unsafe, monkeypatch):
    original = pr.verify
    monkeypatch.setattr(verdicts, "verify", lambda network, asked, *_, **__: original(network, asked, 1e-9))
    undecided = run("verify", model, unsafe("(assert (> Y_0 3))"), "--timeout", "100")
    assert undecided.exit_code == 3
    assert undecided.stdout.splitlines()[:2] == [
        "undecided",
        "0 of 1 cases are excluded; time was up in target 0 of domain 0",
    ]


def test_verify_in_many_dimensions(tmp_path):
    """All inputs one: 9, which few neurons decide; and the most dimensions of cells are an option as elsewhere."""
    np.savez(tmp_path / "net.npz", W0=np.ones((2, 9)), b0=np.zeros(2), W1=np.array([[2.0, -1.0]]), b1=np.zeros(1))
    declared = "".join(f"(declare-const X_{i} Real)(assert (<= -1 X_{i} 1))" for i in range(9))
    for asked, status in ((">= Y_0 9", "violated"), (">= Y_0 10", "holds"), ("> Y_0 9", "holds")):
        (tmp_path / "p.vnnlib").write_text(f"{declared}(declare-const Y_0 Real)(assert ({asked}))")
        arguments = ("verify", str(tmp_path / "net.npz"), str(tmp_path / "p.vnnlib"))
        assert run(*arguments).stdout.startswith(status)
        assert run(*arguments, "--max-dim", "9").stdout.startswith(status)
    with pytest.raises(pr.BudgetExceeded, match="more than max_dim=3"):  # which neither points nor bounds decide
        run(*arguments, "--max-dim", "3")


def test_verify_as_a_program(model, unsafe):
    program = [sys.executable, "-m", "polyrelu.cli", "verify", model]
    found = subprocess.run([*program, unsafe("(assert (>= Y_0 3))")], capture_output=True, text=True, check=False)
    said = found.stderr.splitlines()
    assert (found.returncode, said) == (1, [])
    broken = subprocess.run([*program, unsafe("(assert (>= Y_7 3))")], capture_output=True, text=True, check=False)
    assert (broken.returncode, broken.stdout) == (2, "")
    assert "line 1, column 163: Y_7 is not declared" in broken.stderr


def test_alternatives_are_a_union(model):
    one, other, both = (
        json.loads(run("preimage", model, *asked, "--box", "-2", "2", "--json").stdout)["results"][0]
        for asked in (
            ("--output", "y0 >= 2"),
            ("--output", "y0 <= 0"),
            ("--output", "y0 >= 2", "--output", "y0 <= 0"),
        )
    )
    assert both["targets"] == [["y0 >= 2"], ["y0 <= 0"]]
    assert both["tile_count"] == one["tile_count"] + other["tile_count"]


def test_zones_as_json_and_kept(model, tmp_path):
    path = tmp_path / "z.npz"
    shown = run("zones", model, "--output", "y0 >= 0", "--box", "-2", "2", "--json", "--save", str(path))
    (report,) = json.loads(shown.stdout)["results"]
    (zone,) = report["zones"]
    assert zone["tiles"] == report["tile_count"] == len(pr.load_tiling(path))
    assert zone["volume"][0] <= 7.5 <= zone["volume"][1]
    assert zone["bounding_box"] == [[-2.0, -2.0], [2.0, 2.0]]
    (report,) = json.loads(run("zones", model, "--output", "y0 >= 0", "--json").stdout)["results"]
    assert report["zones"][0]["volume"] is None
    assert report["zones"][0]["bounding_box"] == [[None, None], [None, None]]


def test_nothing_is_said_in_words(model):
    assert "no input of the domain has such an output" in run("preimage", model, "--output", "y0 < -2").stdout
    assert "no input of the domain" in run("zones", model, "--output", "y0 < -2").stdout
    empty = run("preimage", model, "--output", "y0 > 0", "--box", "0", "1", "--domain", "x0 > 2")
    assert "The domain is empty" in empty.stdout


def test_files_that_could_not_be_written_are_refused_first(model, tmp_path, monkeypatch):
    def never(*_arguments, **_options):
        raise AssertionError("computed")

    monkeypatch.setattr(question, "preimage", never)
    for options, message in (
        (("--save", str(tmp_path / "no" / "t.npz")), "there is no directory"),
        (("--plot", str(tmp_path / "no" / "t.png")), "there is no directory"),
        (("--save", "t.glb"), ".glb files are for 3 inputs, and this network has 2"),
        (("--plot", "t.xyz"), "the suffix must be one of"),
        (("--page", "t.htm"), "the suffix must be .html"),
        (("--page", str(tmp_path / "no" / "t.html")), "there is no directory"),
        (("--page", "t.html", "--save", "t.html"), "the suffix must be one of"),
    ):
        result = CliRunner().invoke(cli, ["preimage", model, "--output", "y0 > 0", *options])
        assert (result.exit_code, message in result.stderr) == (2, True), result.stderr


def test_what_was_computed_is_printed_though_it_cannot_be_kept(model, tmp_path):
    path = tmp_path / "t.svg"
    result = CliRunner().invoke(cli, ["preimage", model, "--output", "y0 > 0", "--save", str(path)])
    assert result.stdout.startswith("tile ")
    assert isinstance(result.exception, pr.UnboundedError)


@pytest.mark.parametrize(
    "command", [("preimage", "--output", "y0 >= 0"), ("regions",), ("zones", "--output", "y0 >= 0")]
)
def test_pages_are_written(model, tmp_path, command):
    path, plot = tmp_path / "page.html", tmp_path / "page.svg"
    shown = run(*command[:1], model, *command[1:], "--box", "-2", "2", "--page", str(path), "--plot", str(plot))
    assert shown.stdout.splitlines()[-2:] == [str(plot), str(path)]
    assert "polyrelu-document" in path.read_text(encoding="utf8")


def test_the_page_of_zones_has_them_in_their_order(model, tmp_path):
    path = tmp_path / "zones.html"
    asked = ("--output", "y0 >= 0", "--box", "-2", "2", "--sort", "volume")
    run("zones", model, *asked, "--page", str(path))
    target = pr.parse("y0 >= 0", dim=1)
    tiling = pr.preimage(pr.load_network(model), target, pr.Polyhedron.box([-2, -2], [2, 2]))
    tiling.zones(sort="volume").save(tmp_path / "same.html")
    assert path.read_text(encoding="utf8") == (tmp_path / "same.html").read_text(encoding="utf8")


def test_surfaces_are_saved_for_three_inputs(tmp_path):
    np.savez(tmp_path / "cube.npz", W0=np.eye(3), b0=np.zeros(3), W1=np.ones((1, 3)), b1=np.zeros(1))
    path = tmp_path / "zones.glb"
    run("zones", str(tmp_path / "cube.npz"), "--output", "y0 > 1", "--box", "-1", "1", "--save", str(path))
    assert path.read_bytes().startswith(b"glTF")


def test_long_exact_rows_come_with_advice(tmp_path):
    rng = np.random.default_rng(1)
    arrays: dict[str, Any] = {f"W{i}": rng.normal(size=(5, 5 if i else 2)) for i in range(4)}
    arrays |= {f"b{i}": np.ones(5) for i in range(4)}
    np.savez(tmp_path / "deep.npz", **arrays)
    asked = ("preimage", str(tmp_path / "deep.npz"), "--output", "y0 < 9", "--box", "-1", "1")
    assert "--digits 4 shows them rounded" in run(*asked).stdout
    rounded = run(*asked, "--digits", "4").stdout
    assert "rounded" not in rounded
    assert "Shown with 4 digits; --exact prints all of them." in rounded
    assert max(map(len, rounded.splitlines())) < 400
    assert run(*asked, "--exact").stdout.splitlines()[:5] == run(*asked).stdout.splitlines()[:5]
    both = CliRunner().invoke(cli, [*asked, "--exact", "--digits", "4"])
    assert (both.exit_code, "--digits rounds, and --exact does not" in both.stderr) == (2, True)


@pytest.mark.skipif(sys.platform == "win32", reason="has no pseudo-terminals")
def test_tables_are_rounded_on_a_terminal(model, tmp_path):
    def on_a_terminal(*options):
        master, slave = os.openpty()
        command = [sys.executable, "-m", "polyrelu", "preimage", model, "--output", "y0 >= 0", "--box", "0", "2/3"]
        with subprocess.Popen([*command, *options], stdout=slave, stderr=subprocess.DEVNULL, stdin=slave) as running:
            os.close(slave)
            shown = b""
            while True:
                try:
                    piece = os.read(master, 1 << 16)
                except OSError:  # it has ended
                    break
                if not piece:
                    break
                shown += piece
        os.close(master)
        assert running.returncode == 0
        return shown.decode()

    rounded = on_a_terminal()
    assert "x0 <= 0.6667" in rounded
    assert "Shown with 4 digits; --exact prints all of them." in rounded
    assert "3*x0 <= 2" in on_a_terminal("--exact")
    assert "x0 <= 0.67\r" in on_a_terminal("--digits", "2")
    assert json.loads(on_a_terminal("--json"))["results"][0]["tiles"][0]["inequalities"]
