import gzip
import json
import os
import signal
import subprocess
import sys
import time

import pytest
from click.testing import CliRunner

import polyrelu as pr
from polyrelu.certificates import checker, tree_checker
from polyrelu.cli import cli
from polyrelu.engines.evidence.certify import Evidence
from tests.cli.test_program import invoke_main
from tests.cli.test_statements import TWO
from tests.engines.evidence.questions import KINDS

ASKED = ("--output", "y0 >= 0", "--box", "-2", "2")


def run(*arguments):
    return CliRunner().invoke(cli, list(map(str, arguments)), catch_exceptions=False)


def proved(question, *evidence):
    return checker.check(question.read_bytes(), evidence)


@pytest.fixture
def question(tmp_path):
    path = tmp_path / "question.txt"
    path.write_text(KINDS["several targets"][0])
    return path


@pytest.fixture
def answer(tmp_path, question):
    path = tmp_path / "answer.cert.gz"
    run("preimage", "--statement", question, "--certify", path)
    return path


# -- writing ----------------------------------------------------------------------------------------------------------


def test_a_question_in_words_is_stated_beside_the_answer(model, tmp_path):
    place, question = tmp_path / "answer.cert.gz", tmp_path / "answer.question.txt"
    shown = run("preimage", model, *ASKED, "--certify", place)
    assert shown.stdout.splitlines()[-2:] == [str(place), str(question)]
    assert proved(question, place) == "preimage: target 0: 3 tiles, 0 flat parts, 1 zones"
    domain = pr.Polyhedron.box([-2, -2], [2, 2])
    assert pr.Statement.load(question) == pr.Statement.of(pr.load_network(model), pr.parse("y0 >= 0", dim=1), domain)


def test_a_statement_is_answered_as_it_stands(tmp_path, question):
    """Its hash is in the certificate, and it is not written again."""
    question.write_text("# by hand\n" + question.read_text())
    shown = run("preimage", "--statement", question, "--certify", tmp_path / "answer.gz")
    assert shown.stdout.splitlines()[-1] == str(tmp_path / "answer.gz")
    assert proved(question, tmp_path / "answer.gz") == KINDS["several targets"][1]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["answer.gz", "question.txt"]


def test_regions_and_zones_have_certificates(model, tmp_path):
    run("regions", model, "--box", "-2", "2", "--certify", tmp_path / "regions.cert")
    assert proved(tmp_path / "regions.question.txt", tmp_path / "regions.cert") == "regions: 4"
    shown = run("zones", model, *ASKED, "--certify", tmp_path / "zones.cert", "--json")
    assert proved(tmp_path / "zones.question.txt", tmp_path / "zones.cert").endswith("1 zones")
    assert len(json.loads(shown.stdout)["results"][0]["zones"]) == 1
    assert shown.stderr == f"{tmp_path / 'zones.cert'}\n{tmp_path / 'zones.question.txt'}\n"


@pytest.mark.parametrize("command", ["preimage", "zones", "regions", "verify"])
def test_trees_are_written_where_they_are_asked_for(command, model, tmp_path, question):
    """By each command that writes certificates; polyrelu check knows them by their first line."""
    asked = [model, "--box", "-2", "2"] if command == "regions" else [model, *ASKED]
    if command == "verify":
        asked = [model, prop_file(tmp_path, "(>= Y_0 1000)")]
    run(command, *asked, "--certify", tmp_path / "tree.gz", "--form", "tree")
    assert gzip.decompress((tmp_path / "tree.gz").read_bytes()).startswith(b"polyrelu-tree 1 ")
    shown = run("check", tmp_path / "tree.question.txt", tmp_path / "tree.gz")
    assert shown.exit_code == 0
    run(command, *asked, "--certify", tmp_path / "cells.gz", "--form", "cells")
    assert gzip.decompress((tmp_path / "cells.gz").read_bytes()).startswith(b"polyrelu-cells 1 ")


def test_a_property_with_several_domains_has_several(model, tmp_path):
    (tmp_path / "two.vnnlib").write_text(TWO)
    run("preimage", model, "--property", tmp_path / "two.vnnlib", "--certify", tmp_path / "answer.cert.gz")
    for name, targets in (("answer", 2), ("answer-1", 1)):
        said = proved(tmp_path / f"{name}.question.txt", tmp_path / f"{name}.cert.gz")
        assert said.count("tiles") == targets


def test_rows_are_expanded(tmp_path, question, answer):
    rows, whole = tmp_path / "answer.rows.gz", tmp_path / "again.cert.gz"
    run("preimage", "--statement", question, "--certify", rows, "--rows-only")
    shown = run("expand", question, rows, "-o", whole)
    assert (shown.exit_code, shown.stdout) == (0, f"{whole}\n")
    assert gzip.decompress(whole.read_bytes()) == gzip.decompress(answer.read_bytes())
    whole.unlink()
    assert run("expand", question, rows, "-o", whole, "--fast").stdout == f"{whole}\n"
    assert gzip.decompress(whole.read_bytes()) == gzip.decompress(answer.read_bytes())


@pytest.mark.parametrize("how", [[], ["--fast"]])
def test_what_cannot_be_expanded_is_named(monkeypatch, capsys, tmp_path, question, answer, how):
    out = str(tmp_path / "out.gz")
    for rows, message in ((answer, f"{answer}: "), (tmp_path / "missing", "missing")):
        code, error = invoke_main(monkeypatch, capsys, "expand", str(question), str(rows), "-o", out, *how)
        assert code == 2
        assert error.startswith("polyrelu: expand: ")
        assert message in error
    assert sorted(path.name for path in tmp_path.iterdir()) == ["answer.cert.gz", "question.txt"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--rows-only"], "--rows-only is about the certificate; give --certify FILE, too."),
        (["--form", "tree"], "--form is about the certificate; give --certify FILE, too."),
        (["--certify", "t.gz", "--form", "tree", "--rows-only"], "--rows-only is about the vertices of cells"),
        (["--certify", "missing/answer.gz"], "there is no directory missing"),
        (["--certify", "question.txt"], "is the file of something else; choose another name"),
        (["--certify", "t.npz", "--save", "t.npz"], "is the file of something else"),
        (["--certify", "question.question.txt"], None),
    ],
)
def test_what_cannot_be_certified_is_said_before(monkeypatch, capsys, tmp_path, question, options, message):
    monkeypatch.chdir(tmp_path)
    code, error = invoke_main(monkeypatch, capsys, "preimage", "--statement", str(question), *options)
    assert code == (0 if message is None else 2)
    assert message is None or message in error
    assert message is None or sorted(path.name for path in tmp_path.iterdir()) == ["question.txt"]


def test_a_statement_beside_the_answer_replaces_no_model(monkeypatch, capsys, model, tmp_path):
    """The property's file has the very name that the statement is going to have."""
    prop = tmp_path / "answer.question.txt"
    prop.write_text(TWO)
    place = str(tmp_path / "answer.cert")
    code, error = invoke_main(monkeypatch, capsys, "preimage", model, "--property", str(prop), "--certify", place)
    assert code == 2
    assert "the statement beside it, " in error
    assert prop.read_text() == TWO


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs alarms")
@pytest.mark.usefixtures("in_time")
def test_a_certificate_for_which_there_is_no_time(monkeypatch, model, tmp_path):
    """The tiles are printed before, and the exit code says that something is missing."""

    def endless(*_):
        while True:
            time.sleep(0.01)

    monkeypatch.setattr(Evidence, "write", endless)
    shown = run("preimage", model, *ASKED, "--certify", tmp_path / "answer.gz", "--timeout", "3")
    assert shown.exit_code == 124
    assert "3 tiles" in shown.stdout
    assert "stopped after 3 seconds: 3 tiles found, which are all, but not certified" in shown.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["model.npz"]


# -- verdicts ---------------------------------------------------------------------------------------------------------


def prop_file(tmp_path, text):
    declared = "(declare-const X_0 Real)(declare-const X_1 Real)(declare-const Y_0 Real)"
    box = "".join(f"(assert (>= X_{i} -2))(assert (<= X_{i} 2))" for i in range(2))
    path = tmp_path / "prop.vnnlib"
    path.write_text(f"{declared}{box}(assert {text})")
    return path


def test_a_property_that_holds_has_a_certificate_for_each_domain(model, tmp_path):
    prop = prop_file(
        tmp_path, "(or (and (<= X_0 0) (>= Y_0 2)) (and (>= X_0 1) (<= Y_0 -1/2)))".replace("-1/2", "-0.5")
    )
    shown = run("verify", model, prop, "--certify", tmp_path / "answer.cert.gz")
    assert shown.exit_code == 0
    names = [f"{stem}.{suffix}" for stem in ("answer", "answer-1") for suffix in ("cert.gz", "question.txt")]
    assert shown.stdout.splitlines()[-4:] == [str(tmp_path / name) for name in names]
    for number in (0, 2):
        said = proved(tmp_path / names[number + 1], tmp_path / names[number])
        assert said == "holds: no point of the domain maps into a target"


def test_a_property_that_is_violated_has_a_point(model, tmp_path):
    prop = prop_file(tmp_path, "(or (and (<= X_0 0) (>= Y_0 2)) (and (>= X_0 1) (>= Y_0 0.5)))")
    shown = run("verify", model, prop, "--certify", tmp_path / "point.txt", "--json")
    assert shown.exit_code == 1
    assert json.loads(shown.stdout)["verdict"] == "violated"
    assert shown.stderr == f"{tmp_path / 'point.txt'}\n{tmp_path / 'point.question.txt'}\n"
    said = proved(tmp_path / "point.question.txt", tmp_path / "point.txt")
    assert said == "violated: the point maps into target 0"


# -- checking ---------------------------------------------------------------------------------------------------------


def test_check_says_what_is_proved(capfd, question, answer):
    capfd.readouterr()
    assert run("check", question, answer).exit_code == 0
    assert capfd.readouterr() == (f"VERIFIED {KINDS['several targets'][1]}\n", "")


def test_check_rejects(capfd, model, tmp_path, question, answer):
    run("regions", model, "--certify", tmp_path / "other.gz")
    capfd.readouterr()
    assert run("check", question, tmp_path / "other.gz").exit_code == 1
    out, err = capfd.readouterr()
    assert (out, err[:9], err[-21:]) == ("", "REJECTED ", "for another statement\n"[-21:])
    answer.write_bytes(answer.read_bytes()[:-20])
    assert run("check", question, answer).exit_code == 1
    assert "REJECTED" in capfd.readouterr().err


def test_the_compiled_checker_says_the_same(capfd, tmp_path, question, answer):
    rows = tmp_path / "answer.rows.gz"
    run("preimage", "--statement", question, "--certify", rows, "--rows-only")
    for evidence in (answer, rows):
        shown = run("check", "--fast", question, evidence)
        assert (shown.exit_code, shown.stdout) == (0, f"VERIFIED {KINDS['several targets'][1]}\n")
    question.write_text(question.read_text() + "# another\n")
    shown = run("check", "--fast", question, answer)
    assert (shown.exit_code, shown.stdout) == (1, "")
    assert shown.stderr == "REJECTED: evidence for another statement\n"


def test_check_takes_parts_and_names_that_look_like_options(monkeypatch, capfd, tmp_path, question):
    """The parts of a certificate may be in several files."""
    monkeypatch.chdir(tmp_path)
    run("preimage", "--statement", question, "--certify", "answer")
    first, *lines = (tmp_path / "answer").read_text().splitlines()
    starts = [place for place, line in enumerate(lines) if line.startswith("cells")]
    for number, (begin, end) in enumerate(zip(starts, [*starts[1:], len(lines)], strict=True)):
        (tmp_path / f"-{number}").write_text("\n".join([first, *lines[begin:end]]) + "\n")
    capfd.readouterr()
    assert run("check", question, "--", "-2", "-0", "-1").exit_code == 0
    assert capfd.readouterr().out == f"VERIFIED {KINDS['several targets'][1]}\n"


def test_check_says_what_to_do_with_rows_and_missing_files(monkeypatch, capsys, tmp_path, question):
    run("preimage", "--statement", question, "--certify", tmp_path / "rows.gz", "--rows-only")
    code, error = invoke_main(monkeypatch, capsys, "check", str(question), str(tmp_path / "rows.gz"))
    assert code == 2
    assert "has rows for vertices; make coordinates of them with polyrelu expand, or give --fast" in error
    code, error = invoke_main(monkeypatch, capsys, "check", str(question), str(tmp_path / "missing.gz"))
    assert (code, error) == (2, f"polyrelu: check: there is no file {tmp_path / 'missing.gz'}\n")


@pytest.mark.skipif(os.name == "nt", reason="needs signals")
@pytest.mark.usefixtures("in_time")
def test_check_is_stopped_with_its_process(tmp_path, question, answer):
    """A checker that takes its time ends when Ctrl-C comes."""
    slow = tmp_path / "slow.py"
    slow.write_text("import time\nprint('here', flush=True)\ntime.sleep(100)\n")
    code = (
        "import polyrelu.certificates.checker as checker, polyrelu.cli as program, sys\n"
        f"checker.__file__ = {str(slow)!r}\n"
        f"sys.argv = ['polyrelu', 'check', {str(question)!r}, {str(answer)!r}]\n"
        "program.main()\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "here\n"
    process.send_signal(signal.SIGINT)
    out, error = process.communicate()
    assert (process.returncode, out, error) == (130, "", "polyrelu: interrupted\n")


@pytest.mark.parametrize("name", ["question", "rows"])
def test_expand_replaces_nothing_that_it_reads(monkeypatch, capsys, tmp_path, question, name):
    rows = tmp_path / "answer.rows"
    run("preimage", "--statement", question, "--certify", rows, "--rows-only")
    out = str(question if name == "question" else rows)
    code, error = invoke_main(monkeypatch, capsys, "expand", str(question), str(rows), "-o", out)
    assert code == 2
    assert "is a file that is read; choose another name" in error


# -- trees ------------------------------------------------------------------------------------------------------------


def test_trees_are_checked_by_their_own_program(tmp_path, question, capfd):
    pr.Statement.load(question).certify(tmp_path / "answer.tree.gz", form="tree")
    claim = tree_checker.check(question.read_bytes(), str(tmp_path / "answer.tree.gz"))
    for more in ((), ("--fast",)):
        assert run("check", question, tmp_path / "answer.tree.gz", *more).exit_code == 0
        assert capfd.readouterr().out == f"VERIFIED {claim}\n"
    text = gzip.decompress((tmp_path / "answer.tree.gz").read_bytes())
    (tmp_path / "less.tree").write_bytes(text[: text.rindex(b"none")])
    assert run("check", question, tmp_path / "less.tree").exit_code == 1
    assert capfd.readouterr().err.startswith("REJECTED ")
    shown = run("check", question, tmp_path / "answer.tree.gz", tmp_path / "less.tree")
    assert shown.exit_code == 2
    assert "trees are in one file" in shown.output
