"""Files of evidence and their names."""

import gzip
from pathlib import Path

import pytest

import polyrelu as pr
from polyrelu.engines.evidence.files import lines_of, numbered, opened, question_beside


@pytest.mark.parametrize(
    ("name", "later", "question"),
    [
        ("answer.cert.gz", "answer-2.cert.gz", "answer.question.txt"),
        ("answer.rows.gz", "answer-2.rows.gz", "answer.question.txt"),
        ("answer.gz", "answer-2.gz", "answer.question.txt"),
        ("answer", "answer-2", "answer.question.txt"),
        ("v1.5.txt", "v1.5-2.txt", "v1.5.question.txt"),
        (".gz", ".gz-2", ".gz.question.txt"),
    ],
)
def test_names_that_belong_together(name, later, question):
    folder = Path("some.gz") / "where"
    assert numbered(folder / name, 0) == folder / name
    assert numbered(folder / name, 2) == folder / later
    assert question_beside(folder / name) == folder / question


@pytest.mark.parametrize("name", ["a.txt", "a.gz", "a.GZ"])
def test_what_is_written_is_read(tmp_path, name):
    lines = [b"one\n", b"two %d\n" % 10**100, b"\n"]
    path = tmp_path / name
    with opened(path) as file:
        for line in lines:
            file.write(line)
    assert list(lines_of(path, "here")) == lines
    assert (path.read_bytes()[:2] == b"\x1f\x8b") == name.lower().endswith(".gz")
    first = path.read_bytes()
    with opened(path) as file:
        file.write(b"".join(lines))
    assert path.read_bytes() == first


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"one\ntwo", "its end is missing; make it anew"),
        (b"one\n" + b"x" * (2**20 + 1) + b"\n", r"a line is longer than 2\^20 characters"),
        (gzip.compress(b"one\ntwo\n", mtime=0)[:-9], "cannot be read"),
        (gzip.compress(b"one\ntwo\n", mtime=0)[:12] + b"\0" * 12, "cannot be read"),
    ],
)
def test_damaged_files_are_named(tmp_path, content, message):
    path = tmp_path / "damaged.gz"
    path.write_bytes(content)
    with pytest.raises(pr.InputError, match=f"here: .*damaged.gz.*{message}"):
        list(lines_of(path, "here"))


def test_missing_files_are_named(tmp_path):
    with pytest.raises(pr.InputError, match=r"missing\.gz cannot be read"):
        list(lines_of(tmp_path / "missing.gz", "here"))


def test_what_a_reader_does_is_no_damage(tmp_path):
    """Errors of whoever takes the lines are its own."""
    path = tmp_path / "a.txt"
    path.write_text("one\ntwo\n")

    def full():
        for _ in lines_of(path, "here"):
            raise OSError("no space left")

    with pytest.raises(OSError, match="no space left") as told:
        full()
    assert not isinstance(told.value, pr.PolyreluError)
