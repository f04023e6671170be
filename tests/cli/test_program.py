import json
import shlex
import subprocess
import sys

import numpy as np
import pytest
from click.testing import CliRunner

import polyrelu as pr
from polyrelu.cli import cli, main, question


def run(*arguments):
    return CliRunner().invoke(cli, arguments, catch_exceptions=False)


def test_preimage_prints_the_tiles(model):
    result = run("preimage", model, "--output", "y0 >= 0", "--box", "-2", "2")
    assert result.exit_code == 0
    assert [line.split()[1] for line in result.stdout.splitlines()[1:4]] == ["01", "10", "11"]
    assert "3 tiles" in result.stdout
    again = run("preimage", model, "--output", "y0 >= 0", "--box", "-2", "2", "--workers", "2", "--method", "cells")
    assert again.stdout.splitlines()[:4] == result.stdout.splitlines()[:4]


def test_boxes_and_domains(model):
    whole = run("preimage", model, "--output", "y0 >= 0")
    assert "x1 <= 2" not in whole.stdout
    two = run("preimage", model, "--output", "y0 >= 0", "--box", "0", "1/2", "--box", "0.1", "3")
    assert "2*x0 <= 1" in two.stdout
    assert "10*x1" not in two.stdout
    cut = run("preimage", model, "--output", "y0 >= 0", "--box", "-2", "2", "--domain", "x0 + x1 <= 1")
    assert "x0 + x1 <= 1" in cut.stdout or "x0 + x1 == 1" in cut.stdout
    rounded = run("preimage", model, "--output", "y0 >= 0", "--box", "-2", "4/3", "--digits", "3")
    assert "1.33" in rounded.stdout
    wrong = CliRunner().invoke(cli, ["preimage", model, "--output", "y0 >= 0"] + ["--box", "0", "1"] * 3)
    assert wrong.exit_code == 2
    assert "--box is given 3 times" in wrong.stderr


def test_plot(model, tmp_path):
    for suffix, magic in ((".png", b"\x89PNG"), (".svg", b"<?xml"), (".pdf", b"%PDF")):
        path = tmp_path / f"zone{suffix}"
        result = run("preimage", model, "--output", "y0 >= 0", "--box", "-2", "2", "--plot", str(path))
        assert result.stdout.splitlines()[-1] == str(path)
        assert path.read_bytes().startswith(magic)


def invoke_main(monkeypatch, capsys, *arguments):
    monkeypatch.setattr(sys, "argv", ["polyrelu", *arguments])
    with pytest.raises(SystemExit) as stopped:
        main()
    return stopped.value.code, capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--output", "y7 > 0"], "column 1: index 7 is out of range"),
        (["--output", "y0 > 0", "--box", "0", "nan"], "--box: 'nan' is not a number"),
        (["--output", "y0 > 0", "--box", "1", "0"], "lower bound 1 above upper bound 0"),
        (["--output", "y0 > 0", "--domain", "y0 > 0"], "unknown name 'y0'"),
        (["--output", "y0 > 0", "--limit", "2", "--method", "unrelu"], "raise --limit,"),
        ([], "Missing option '--output'"),
    ],
)
def test_errors_are_short_and_exit_with_2(monkeypatch, capsys, model, options, message):
    code, error = invoke_main(monkeypatch, capsys, "preimage", model, *options)
    assert code == 2
    assert message in error
    assert "Traceback" not in error


def test_missing_models_are_errors_and_debug_shows_where(monkeypatch, capsys):
    code, error = invoke_main(monkeypatch, capsys, "preimage", "missing.npz", "--output", "y0 > 0")
    assert (code, error) == (2, "polyrelu: load_network: there is no file missing.npz\n")
    monkeypatch.setattr(sys, "argv", ["polyrelu", "--debug", "preimage", "missing.npz", "--output", "y0 > 0"])
    with pytest.raises(pr.InputError):
        main()


def test_an_interrupted_run_prints_what_it_has(monkeypatch, capsys, model):
    tiling = pr.preimage(pr.load_network(model), pr.parse("y0 >= 0", dim=1))

    def stop(*_arguments, **_options):
        raise pr.Interrupted("preimage: stopped", tiling[:1])

    monkeypatch.setattr(question, "preimage", stop)
    monkeypatch.setattr(sys, "argv", ["polyrelu", "preimage", model, "--output", "y0 >= 0"])
    with pytest.raises(SystemExit) as stopped:
        main()
    captured = capsys.readouterr()
    assert stopped.value.code == 130
    assert len(captured.out.splitlines()) == 4
    assert captured.err == "polyrelu: interrupted: 1 tile found, others are missing\n"


def test_demo_command(tmp_path):
    result = run("demo", "--out", str(tmp_path))
    assert result.exit_code == 0
    assert result.stdout.count("0 disagreements") == 2
    assert result.stdout.splitlines()[-1] == str(tmp_path / "demo.png")


def test_the_program_is_installed():
    shown = subprocess.run(
        [sys.executable, "-m", "polyrelu.cli", "--version"], capture_output=True, text=True, check=True
    )
    assert shown.stdout == f"{pr.__version__}\n"  # as the VNN-LIB standard has it
    helped = run("preimage", "--help")
    assert 'Example: polyrelu preimage model.npz --output "y0 > 0"' in " ".join(helped.stdout.split())


def test_questions_on_a_slice(model, tmp_path):
    """On the segment from (0, 0) to (1, 2) the network is 3 t - 1, where t is positive."""
    points = tmp_path / "points.csv"
    points.write_text("0,0\n1,2\n")
    done = run("preimage", model, "--output", "y0 >= 0", "--slice", points, "--box", "-1", "2")
    assert "3*x0 >= 1" in done.stdout
    assert "x0 <= 2" in done.stdout
    declared = "(declare-const X_0 Real)(declare-const X_1 Real)(declare-const Y_0 Real)"
    (tmp_path / "unsafe.vnnlib").write_text(declared + "(assert (<= X_1 1))(assert (>= X_0 0))(assert (>= Y_0 0))")
    done = run("preimage", model, "--property", tmp_path / "unsafe.vnnlib", "--slice", points)
    assert "3*x0 >= 1, 2*x0 <= 1" in done.stdout
    points.write_text("0,0\n")
    with pytest.raises(pr.DimensionError, match="three points"):
        run("regions", model, "--slice", points)


def test_zones_prints_the_islands(model, tmp_path):
    path = tmp_path / "zones.png"
    result = run("zones", model, "--output", "y0 >= 0", "--box", "-2", "2", "--plot", str(path))
    assert result.exit_code == 0
    header, zone, *_ = result.stdout.splitlines()
    assert header.split() == ["zone", "tiles", "area", "bounding", "box", "point"]
    assert zone.split()[:3] == ["0", "3", "7.5"]
    assert "[-2, 2] x [-2, 2]" in zone
    assert "fill 0.4688 of the domain" in result.stdout
    assert path.read_bytes().startswith(b"\x89PNG")
    assert "unbounded" in run("zones", model, "--output", "y0 >= 0").stdout


def test_zones_by_contact_and_in_order(tmp_path):
    path = tmp_path / "cross.npz"
    first, second = [[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]], [[1.0, 1.0, -1.0, -1.0]]
    np.savez(path, W0=first, b0=[0.0] * 4, W1=second, b1=[0.0])
    question = ("zones", str(path), "--output", "y0 >= 0", "--box", "-1", "2")
    areas = [line.split()[2] for line in run(*question).stdout.splitlines()[1:3]]
    assert areas == ["3.5", "1"]
    assert run(*question, "--contact", "0").stdout.splitlines()[1].split()[:3] == ["0", "4", "4.5"]


def test_zones_of_nothing(model):
    result = run("zones", model, "--output", "y0 > 9", "--box", "-1", "1")
    assert result.stdout.startswith("None: no input of the domain has such an output.")
    assert result.exit_code == 0


def test_info(model):
    shown = run("info", model).stdout
    assert shown.strip() == str(pr.load_network(model).summary())
    found = json.loads(run("info", model, "--json").stdout)
    assert (found["widths"], found["region_bound"], found["method"]) == ([2, 2, 1], 4, "cells")


def test_misspelt_commands_are_answered(monkeypatch, capsys):
    assert "No such command 'zone'. Did you mean 'zones'?" in invoke_main(monkeypatch, capsys, "zone")[1]
    assert (
        "Choose one of batch, boundary, check, convert, count, demo"
        in invoke_main(monkeypatch, capsys, "frobnicate")[1]
    )


def test_errors_speak_the_command_lines_language(monkeypatch, capsys, model):
    _, error = invoke_main(monkeypatch, capsys, "preimage", model, "--output", "y0 > 1 or y0 < 0")
    assert "repeat --output, once for each part" in error
    _, error = invoke_main(monkeypatch, capsys, "preimage", model, "--output", "y0 => 1")
    assert "write >=" in error
    _, error = invoke_main(monkeypatch, capsys, "regions", model, "--box", "0", "1", "--max-dim", "1")
    assert "--max-dim" in error


def test_a_closed_pipe_is_no_error(model):
    shown = subprocess.run(
        f"{sys.executable} -m polyrelu regions {model} --box -1 1 --json | head -1; exit ${{PIPESTATUS[0]}}",
        shell=True,
        executable="/bin/bash",
        capture_output=True,
        text=True,
        check=False,
    )
    assert (shown.stdout, shown.stderr) == ("{\n", "")
    assert shown.returncode in (0, 141)


def examples():
    """The commands that the help texts show."""
    for name, command in {"": cli, **cli.commands}.items():
        shown = " ".join(run(*[name] * bool(name), "--help").stdout.split())
        assert "Example: polyrelu" in shown, name
        for line in (command.epilog or "").splitlines():
            text = line.replace("\b", "").removeprefix("Example:").removeprefix("or:").strip()
            if text.startswith("polyrelu"):
                yield text


def test_every_example_in_the_help_runs(model, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    declared = "(declare-const X_0 Real)(declare-const X_1 Real)(declare-const Y_0 Real)"
    np.savez(
        tmp_path / "classes.npz", W0=[[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]], b0=[0.0] * 3, W1=np.eye(3), b1=[1.0] * 3
    )
    (tmp_path / "unsafe.vnnlib").write_text(declared + "(assert (>= X_0 0))(assert (<= X_0 1))(assert (>= Y_0 9))")
    onnx = pytest.importorskip("onnx")
    helper, floats = onnx.helper, onnx.TensorProto.FLOAT
    for name, nodes, shape in (
        ("model", [("MatMul", ["x", "W"], ["y"])], [1, 2]),
        (
            "classifier",
            [("Flatten", ["x"], ["f"]), ("Relu", ["f"], ["r"]), ("Softmax", ["r"], ["y"])],
            ["n", 3, "h", "w"],
        ),
    ):
        graph = helper.make_graph(
            [helper.make_node(*node) for node in nodes],
            name,
            [helper.make_tensor_value_info("x", floats, shape)],
            [helper.make_tensor_value_info("y", floats, None)],
            [onnx.numpy_helper.from_array(np.ones((2, 1), dtype=np.float32), "W")],
        )
        onnx.save(helper.make_model(graph), tmp_path / f"{name}.onnx")
    (tmp_path / "points.csv").write_text("0, 0\n1, 2\n")
    (tmp_path / "start.csv").write_text("0, 0\n")
    (tmp_path / "instances.csv").write_text("model.npz,unsafe.vnnlib,60\n")
    (tmp_path / "answer.txt").write_text("sat\n((X_0 1) (X_1 8) (Y_0 9))")
    networks = "".join(
        f"(declare-network {n} (declare-input X{n} real [2])(declare-output Y{n} real [1]))"
        for n in ("teacher", "student")
    )
    (tmp_path / "alike.vnnlib").write_text(networks + "(assert (< Yteacher[0] Ystudent[0]))")
    for name in ("a.onnx", "b.onnx"):
        (tmp_path / name).write_bytes((tmp_path / "model.onnx").read_bytes())
    assert run("statement", "model.npz", "--output", "y0 > 0", "-o", "question.txt").exit_code == 0
    for example in examples():
        words = shlex.split(example, comments=True)[1:]
        if words[0] in ("demo", "figures") or "--help" in words:
            continue  # which have tests of their own
        result = run(*words)
        assert result.exit_code in ((0, 1) if words[0] == "verify" else (0,)), (example, result.output)
