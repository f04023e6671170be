import hashlib
import json

import pytest
from click.testing import CliRunner

import polyrelu as pr
from polyrelu.cli import cli
from tests.cli.test_networks import NNET
from tests.cli.test_program import invoke_main

DECLARED = "(declare-const X_0 Real)(declare-const X_1 Real)(declare-const Y_0 Real)"
BOX = "".join(f"(assert (>= X_{i} -2))(assert (<= X_{i} 2))" for i in range(2))
TWO = f"{DECLARED}{BOX}(assert (or (and (<= X_0 0) (or (>= Y_0 1) (<= Y_0 -2))) (and (>= X_0 1) (>= Y_0 2))))"


def run(*arguments):
    return CliRunner().invoke(cli, arguments, catch_exceptions=False)


@pytest.fixture
def out(tmp_path):
    return tmp_path / "question.txt"


@pytest.fixture
def two(tmp_path):
    """A property that is about two sets of inputs."""
    path = tmp_path / "two.vnnlib"
    path.write_text(TWO)
    return str(path)


def answered(*arguments):
    """The results of a question, without what a run measures."""
    results = json.loads(run(*arguments, "--json").stdout)["results"]
    return [{name: value for name, value in one.items() if name not in ("network", "stats")} for one in results]


def test_a_question_is_written_down(model, out):
    asked = ("--output", "y0 >= 0", "--output", "2*y0 < -1", "--box", "-2", "0.5", "--domain", "x0 + x1 <= 1")
    shown = run("statement", model, *asked, "-o", str(out))
    assert (shown.exit_code, shown.stderr) == (0, "")
    assert shown.stdout == f"{hashlib.sha256(out.read_bytes()).hexdigest()}  {out}\n"
    domain = pr.Polyhedron.box([-2, -2], ["1/2", "1/2"]) & pr.parse("x0 + x1 <= 1", dim=2, names=["x"])
    targets = [pr.parse("y0 >= 0", dim=1), pr.parse("2*y0 < -1", dim=1)]
    assert pr.Statement.load(out) == pr.Statement.of(pr.load_network(model), targets, domain)
    assert answered("preimage", "--statement", str(out)) == answered("preimage", model, *asked)


def test_regions_are_written_down(model, out, two):
    run("statement", model, "--regions", "--box", "-2", "2", "--out", str(out))
    said = pr.Statement.load(out)
    assert said == pr.Statement.of(pr.load_network(model), None, pr.Polyhedron.box([-2, -2], [2, 2]))
    assert answered("regions", "--statement", str(out)) == answered("regions", model, "--box", "-2", "2")
    shown = run("statement", model, "--regions", "--property", two, "-o", str(out))
    assert "is about 2 sets of inputs;" in shown.stderr
    files = [line.split("  ")[1] for line in shown.stdout.splitlines()]
    results = [answered("regions", "--statement", file)[0] for file in files]
    assert results == answered("regions", model, "--property", two)


def test_a_property_has_a_statement_for_each_domain(model, out, two):
    shown = run("statement", model, "--property", two, "-o", str(out))
    numbered = out.with_name("question-1.txt")
    assert shown.stdout == "".join(f"{pr.Statement.load(path).hash}  {path}\n" for path in (out, numbered))
    assert shown.stderr == (
        f"polyrelu: the property is about 2 sets of inputs, with targets in each; {out} to {numbered} state one each\n"
    )
    network, prop = pr.load_network(model), pr.load_property(two)
    for path, part in zip((out, numbered), prop.disjuncts, strict=True):
        assert pr.Statement.load(path) == pr.Statement.of(network, part.targets, part.domain)
    results = [answered("preimage", "--statement", str(path))[0] for path in (out, numbered)]
    assert results == answered("preimage", model, "--property", two)


def test_a_property_without_points_has_none(monkeypatch, capsys, model, out, tmp_path):
    path = tmp_path / "never.vnnlib"
    path.write_text(f"{DECLARED}{BOX}(assert (>= Y_0 1))(assert false)")
    code, error = invoke_main(monkeypatch, capsys, "statement", model, "--property", str(path), "-o", str(out))
    assert (code, out.exists()) == (2, False)
    assert error == f"polyrelu: {path}: no inputs and outputs satisfy it, so every network keeps it; nothing to state\n"


def test_written_by_hand(out):
    out.write_text(
        "polyrelu-statement 1\ninputs 2\ndomain\n1 x0 >= -1\n1 x0 <= 1\n1 x1 >= -1\n1 x1 <= 1\n"
        "layer relu\n1 1 0\n1 -1 0\nlayer linear\n1 1 0\n# |x1| and more\ntarget\n1 h1.1 >= 1\n1 x0 >= 1/2\n"
    )
    (result,) = answered("preimage", "--statement", str(out))
    assert result["targets"] == [["y2 >= 1", "2*y1 >= 1"]]
    network = pr.Statement.load(out).network
    target = pr.parse("y2 >= 1 and 2*y1 >= 1", dim=3)
    tiling = pr.preimage(network, target, pr.Polyhedron.box([-1, -1], [1, 1]))
    assert [tile["pattern"] for tile in result["tiles"]] == list(tiling.patterns)
    assert tiling.contains(["1/2", "-1/2"])
    assert not tiling.contains(["1/4", "-3/4"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["-o", "q.txt"], "Missing option '--output' or '--property'."),
        (["--output", "y0 > 0"], "Missing option '-o' / '--out'"),
        (["--output", "y0 > 0", "--regions", "-o", "q.txt"], "--regions asks for no outputs; leave --output or"),
        (["--output", "y0 > 0", "-o", "none/q.txt"], "none/q.txt: there is no directory"),
        (["--output", "y1 > 0", "-o", "q.txt"], "index 1 is out of range"),
        (["--output", "y0 > 0", "-o", "model.npz"], "--out model.npz: is a file that the question is in"),
    ],
)
def test_what_cannot_be_stated_is_refused(monkeypatch, capsys, model, tmp_path, options, message):
    monkeypatch.chdir(tmp_path)
    code, error = invoke_main(monkeypatch, capsys, "statement", "model.npz", *options)
    assert code == 2
    assert message in error
    assert not (tmp_path / "q.txt").exists()


def test_the_place_is_looked_at_before_the_model_is_read(monkeypatch, capsys):
    asked = ("--output", "y0 > 0", "-o", "none/q.txt")
    assert "there is no directory" in invoke_main(monkeypatch, capsys, "statement", "none.npz", *asked)[1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["preimage"], "Missing argument 'MODEL', or option '--statement'."),
        (["preimage", "model.npz", "--statement", "q.txt"], "--statement q.txt: says the network; leave MODEL out."),
        (["preimage", "--statement", "q.txt", "--normalise", "fold"], "says the network; leave --normalise out."),
        (["regions", "--statement", "q.txt", "--input-shape", "1,2"], "says the network; leave --input-shape out."),
        (["regions", "--statement", "q.txt", "--box", "0", "1"], "says inputs and outputs; leave --box out."),
        (["regions", "--statement", "q.txt", "--property", "p"], "says inputs and outputs; leave --property out."),
        (["preimage", "--statement", "q.txt", "--output", "y0 > 0"], "says inputs and outputs; leave --output out."),
        (["preimage", "--statement", "q.txt", "--domain", "x0 > 0"], "says inputs and outputs; leave --domain out."),
        (
            ["regions", "--statement", "q.txt"],
            "--statement q.txt: has a target, it asks for a preimage; see polyrelu pre",
        ),
        (
            ["preimage", "--statement", "r.txt"],
            "--statement r.txt: has no target, it asks for the linear regions; see p",
        ),
        (["preimage", "--statement", "none.txt"], "there is no file none.txt"),
        (["preimage", "--statement", "q.txt", "--save", "q.txt"], "--save q.txt: is a file that the question is in;"),
        (["preimage", "--statement", "w.txt"], "w.txt: line 4: 'layr' is not a number; write an integer"),
    ],
)
def test_a_statement_says_all_that_is_asked(monkeypatch, capsys, model, tmp_path, arguments, message):
    monkeypatch.chdir(tmp_path)
    run("statement", "model.npz", "--output", "y0 > 0", "-o", "q.txt")
    run("statement", "model.npz", "--regions", "-o", "r.txt")
    (tmp_path / "w.txt").write_text("polyrelu-statement 1\ninputs 1\nlayer relu\nlayr linear\n")
    code, error = invoke_main(monkeypatch, capsys, *arguments)
    assert code == 2
    assert message in error


def test_tiles_are_kept_and_drawn(model, out):
    """What keeps tiles and draws them goes by the statement's inputs."""
    run("statement", model, "--output", "y0 >= 0", "--box", "-2", "2", "-o", str(out))
    plot, save = out.with_suffix(".svg"), out.with_suffix(".npz")
    shown = run("preimage", "--statement", str(out), "--plot", str(plot), "--save", str(save))
    assert shown.stdout.splitlines()[-2:] == [str(save), str(plot)]
    assert len(pr.load_tiling(save)) == 3


def test_other_scales_are_warned_of(tmp_path, out):
    path = tmp_path / "net.nnet"
    path.write_text(NNET)
    shown = run("statement", str(path), "--output", "y0 > 0", "--box", "20", "30", "-o", str(out))
    assert "the domain lies outside the physical inputs" in shown.stderr
    shown = run(
        "statement", str(path), "--output", "y0 > 0", "--normalise", "ignore", "--box", "-1", "1", "-o", str(out)
    )
    assert shown.stderr == ""
    assert pr.Statement.load(out).network == pr.load_network(path, normalise="ignore")
