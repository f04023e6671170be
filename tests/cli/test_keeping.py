"""What becomes of results that cannot be written where they should be."""

import errno
import os
import tempfile
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import polyrelu as pr
from polyrelu.cli import cli, keeping, question, results
from polyrelu.tilings.tiling import Tiling

ASKED = ("--output", "y0 >= 0", "--box", "-1", "2")


def run(*arguments, **options):
    return CliRunner().invoke(cli, arguments, **options)


@pytest.fixture
def full(tmp_path, monkeypatch):
    """A folder on a disk that becomes full while the run is under way, and another current directory."""
    folder, here = tmp_path / "full", tmp_path / "here"
    folder.mkdir()
    here.mkdir()
    monkeypatch.chdir(here)
    save = Tiling.save

    def saved(tiling, path, overwrite=False):
        if Path(path).parent == folder:
            raise pr.WriteError(f"{path}: cannot be written (No space left on device); make room on the disk")
        save(tiling, path, overwrite)

    monkeypatch.setattr(Tiling, "save", saved)
    return folder


def test_a_result_is_kept_in_the_current_directory_instead(full, model, tmp_path):
    result = run("preimage", model, *ASKED, "--save", str(full / "t.npz"))
    kept = tmp_path / "here" / "t.npz"
    assert len(pr.load_tiling(kept)) == 3
    assert isinstance(result.exception, pr.WriteError)
    assert str(result.exception).endswith(f"make room on the disk. It is kept in {kept} instead")
    assert result.stdout.startswith("tile ")
    assert str(kept) in result.stdout
    run("preimage", model, *ASKED, "--save", str(full / "t.npz"))
    assert len(pr.load_tiling(tmp_path / "here" / "t-2.npz")) == 3


def test_or_where_temporary_files_are(full, model, tmp_path, monkeypatch):
    monkeypatch.chdir(full)
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    result = run("preimage", model, *ASKED, "--save", str(full / "t.parquet"))
    assert f"kept in {tmp_path / 'temporary' / 't.parquet'} instead" in str(result.exception)
    assert len(pr.load_tiling(tmp_path / "temporary" / "t.parquet")) == 3
    monkeypatch.setattr(tempfile, "tempdir", str(full))
    result = run("preimage", model, *ASKED, "--save", str(full / "t.npz"))
    assert str(result.exception).endswith("make room on the disk")
    assert result.stdout.startswith("tile ")


def test_who_sits_at_a_terminal_is_asked(full, model, tmp_path, monkeypatch):
    monkeypatch.setattr(keeping, "_at_terminal", lambda: True)
    answers = f"{full}/again.npz\n{tmp_path}/mine\n"
    result = run("preimage", model, *ASKED, "--save", str(full / "t.npz"), input=answers)
    assert result.exit_code == 0
    assert result.stderr.count("Another file, or nothing to give up") == 2
    assert len(pr.load_tiling(tmp_path / "mine.npz")) == 3
    result = run("preimage", model, *ASKED, "--save", str(full / "t.npz"), input="\n")
    assert f"kept in {tmp_path / 'here' / 't.npz'} instead" in str(result.exception)


def test_tiles_that_a_format_cannot_hold_are_kept_in_one_that_can(model, tmp_path):
    result = run("preimage", model, "--output", "y0 > 0", "--save", str(tmp_path / "t.svg"))
    assert isinstance(result.exception, pr.UnboundedError)
    assert str(result.exception).endswith(f"The tiles are kept in {tmp_path / 't.npz'} instead")
    assert pr.load_tiling(tmp_path / "t.npz").complete
    assert not (tmp_path / "t.svg").exists()


@pytest.fixture
def stopped(monkeypatch):
    """Preimages that Ctrl-C stops at their second tile."""

    def stop(network, targets, domain, *_arguments, **_options):
        return pr.preimage(network, targets, domain, "twin", until=lambda found: found >= 2)

    monkeypatch.setattr(question, "preimage", stop)


@pytest.mark.parametrize("suffix", [".npz", ".parquet", ".ine", ".svg"])
def test_what_is_less_is_written_beside(model, tmp_path, suffix, request):
    path, picture = tmp_path / f"t{suffix}", tmp_path / "p.png"
    asked = ("preimage", model, *ASKED, "--save", str(path), "--plot", str(picture))
    assert run(*asked).exit_code == 0
    old, drawn = path.read_bytes(), picture.read_bytes()
    request.getfixturevalue("stopped")
    result = run(*asked)
    beside = tmp_path / f"t.partial{suffix}"
    assert result.exit_code == 130
    assert f"kept in {beside} and {tmp_path / 'p.partial.png'}, marked incomplete" in result.stderr
    assert (path.read_bytes(), picture.read_bytes()) == (old, drawn)
    assert run(*asked).exit_code == 130
    names = {"p.partial-2.png", "p.partial.png", "p.png", f"t.partial-2{suffix}", f"t.partial{suffix}", f"t{suffix}"}
    assert {p.name for p in tmp_path.iterdir()} == {"model.npz", *names}
    if suffix in (".npz", ".parquet"):
        assert not pr.load_tiling(beside).complete


def test_where_nothing_was_found_nothing_is_written(model, tmp_path, monkeypatch):
    def stop(network, targets, domain, *_arguments, **_options):
        return pr.preimage(network, targets, domain, "twin", until=lambda found: True)

    monkeypatch.setattr(question, "preimage", stop)
    result = run("preimage", model, *ASKED, "--save", str(tmp_path / "t.npz"), "--plot", str(tmp_path / "t.png"))
    assert result.exit_code == 130
    assert "0 tiles found, others are missing\n" in result.stderr
    assert list(tmp_path.iterdir()) == [Path(model)]


def test_an_empty_answer_is_an_answer(model, tmp_path):
    run("preimage", model, "--output", "y0 > 99", *ASKED[2:], "--save", str(tmp_path / "t.npz"))
    assert pr.load_tiling(tmp_path / "t.npz").complete


def test_places_are_tried_before_anything_is_computed(model, tmp_path, monkeypatch):
    monkeypatch.setattr(question, "preimage", lambda *_, **__: pytest.fail("computed"))
    (tmp_path / "p.vnnlib").write_text("")
    (tmp_path / "linked.npz").symlink_to(model)
    saved = Path(model).read_bytes()
    for options, message in (
        (("--save", model), "is a file that the question is in"),
        (("--save", str(tmp_path / "linked.npz")), "is a file that the question is in"),
        (("--save", "a.svg", "--plot", "./a.svg"), "are the same file"),
        (("--save", str(tmp_path / ("x" * 300 + ".npz"))), "too long"),
        (("--plot", str(tmp_path / ("x" * 300 + ".png"))), "too long"),
    ):
        result = run("preimage", model, *ASKED, *options)
        assert message in result.stderr + str(result.exception), options
    assert Path(model).read_bytes() == saved

    def refused(path):
        raise pr.WriteError(f"{path}: cannot be written ({os.strerror(errno.EROFS)}); choose another place")

    monkeypatch.setattr(results, "check_place", refused)
    assert "Read-only" in str(run("preimage", model, *ASKED, "--save", str(tmp_path / "t.npz")).exception)


def test_numbered_files_are_kept_elsewhere_too(full, model, tmp_path):
    (tmp_path / "p.vnnlib").write_text(
        "(declare-const X_0 Real)(declare-const X_1 Real)(declare-const Y_0 Real)"
        "(assert (or (and (<= 0 X_0 1) (<= 0 X_1 1)) (and (<= 2 X_0 3) (<= 2 X_1 3))))"
    )
    asked = ("preimage", model, "--property", str(tmp_path / "p.vnnlib"), "--save", str(full / "t.npz"))
    assert "kept in" in str(run(*asked).exception)
    assert np.all([pr.load_tiling(p).complete for p in (tmp_path / "here").iterdir()])
