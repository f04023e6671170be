import errno
import os
import resource
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import polyrelu as pr
from polyrelu.support.files import check_place, free_name, make_directory, write_whole


def put(text):
    return lambda path: path.write_text(text)


def test_what_is_written_takes_its_place(tmp_path):
    path = tmp_path / "a.txt"
    seen: list[Path] = []

    def write(new):
        seen.append(new)
        new.write_text("one")

    write_whole(path, write)
    assert (seen[0].parent, seen[0].suffix, path.read_text()) == (tmp_path, ".txt", "one")
    path.chmod(0o640)
    write_whole(str(path), put("two"))
    assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == ("two", 0o640)
    assert list(tmp_path.iterdir()) == [path]


def test_new_files_have_the_usual_permissions(tmp_path):
    (tmp_path / "usual").write_text("")
    write_whole(tmp_path / "new", put(""))
    assert (tmp_path / "new").stat().st_mode == (tmp_path / "usual").stat().st_mode


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError, SystemExit, MemoryError])
def test_with_any_exception_the_old_file_stays(tmp_path, error):
    path = tmp_path / "a.npz"
    path.write_text("old")

    def write(new):
        new.write_text("half")
        raise error

    with pytest.raises(error):
        write_whole(path, write)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_links_are_followed(tmp_path):
    (tmp_path / "there").mkdir()
    link = tmp_path / "link.txt"
    link.symlink_to(tmp_path / "there" / "a.txt")
    write_whole(link, put("one"))
    assert link.is_symlink()
    assert (tmp_path / "there" / "a.txt").read_text() == "one"
    link.unlink()
    link.symlink_to(link)
    with pytest.raises(pr.WriteError, match=r"link.txt"):
        write_whole(link, put("one"))


@pytest.mark.parametrize("function", [check_place, lambda path: write_whole(path, put("one"))])
def test_places_that_take_no_file_are_named(tmp_path, function):
    (tmp_path / "folder.npz").mkdir()
    (tmp_path / "file").write_text("")
    os.mkfifo(tmp_path / "pipe.npz")
    for name, message in (
        ("folder.npz", "folder.npz: is a directory; choose another name"),
        ("no/a.npz", "there is no directory .*no; make it first"),
        ("file/a.npz", "a.npz: there is no directory|a file; choose another place"),
        ("pipe.npz", "is no ordinary file"),
        ("a\0.npz", "no name has a zero character"),
        ("x" * 300 + ".npz", "File name too long.; choose a shorter name"),
    ):
        with pytest.raises(pr.WriteError, match=message):
            function(tmp_path / name)
    assert {p.name for p in tmp_path.iterdir()} == {"folder.npz", "file", "pipe.npz"}


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="nothing is forbidden to root")
def test_forbidden_places_are_named(tmp_path):
    kept = tmp_path / "kept.npz"
    kept.write_text("old")
    kept.chmod(0o444)
    with pytest.raises(pr.WriteError, match="is write-protected"):
        check_place(kept)
    tmp_path.chmod(0o555)
    try:
        with pytest.raises(pr.WriteError, match="you may not write there"):
            check_place(tmp_path / "a.npz")
    finally:
        tmp_path.chmod(0o755)


def test_a_write_protected_file_is_refused(tmp_path, monkeypatch):
    (tmp_path / "a.npz").write_text("old")
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK)
    with pytest.raises(pr.WriteError, match=r"a\.npz: is write-protected; choose another name"):
        check_place(tmp_path / "a.npz")


@pytest.mark.parametrize(
    ("number", "advice"),
    [(errno.ENOSPC, "make room on the disk"), (errno.EDQUOT, "quota"), (errno.EROFS, "a place that can be written to")],
)
def test_what_the_system_says_comes_with_advice(tmp_path, number, advice):
    def write(new):
        new.write_text("half")
        raise OSError(number, os.strerror(number))

    with pytest.raises(pr.WriteError, match=rf"a\.npz: cannot be written \({os.strerror(number)}\); .*{advice}"):
        write_whole(tmp_path / "a.npz", write)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", [".npz", ".parquet", ".ine", ".svg", ".geojson"])
@pytest.mark.filterwarnings(
    # NumPy 1 leaves an archive open that could not be written, and Python says so when it is collected.
    "ignore:Exception ignored in. <function ZipFile.__del__:pytest.PytestUnraisableExceptionWarning"
)
def test_files_larger_than_the_limit(tmp_path, suffix):
    """Python hears SIGXFSZ as an error of writing."""
    network = pr.Network([(np.vander(range(1, 9), 2), range(8)), ([[1] * 8], [0])])
    tiling = pr.linear_regions(network, pr.Polyhedron.box([-2, -2], [2, 2]), method="twin")
    path = tmp_path / f"a{suffix}"
    path.write_text("old")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200, hard))
    try:
        with pytest.raises(pr.WriteError, match=rf"a\{suffix}: cannot be written .*ulimit -f"):
            (tiling.save if suffix in (".npz", ".parquet") else tiling.export)(path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


WRITES_FOR_EVER = """
import sys, time
from polyrelu.support.files import write_whole

def write(path):
    path.write_text("half")
    print("writing", flush=True)
    time.sleep(60)

write_whole(sys.argv[1], write)
"""


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGKILL])
def test_a_killed_process_leaves_what_the_next_one_removes(tmp_path, sent):
    path = tmp_path / "a.npz"
    path.write_text("old")
    command = [sys.executable, "-c", WRITES_FOR_EVER, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout.readline() == "writing\n"
        check_place(path)
        assert len(list(tmp_path.glob(".a.npz.*.unfinished.npz"))) == 1  # it is being written
        process.send_signal(sent)
    assert path.read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 1 + (sent == signal.SIGKILL)
    (tmp_path / ".a.npz.mine.unfinished.npz").write_text("")
    write_whole(path, put("new"))
    assert {p.name for p in tmp_path.iterdir()} == {"a.npz", ".a.npz.mine.unfinished.npz"}


def test_long_names_have_room_for_an_unfinished_file(tmp_path):
    path = tmp_path / ("é" * 120 + ".npz")
    write_whole(path, put("one"))
    check_place(path)
    assert list(tmp_path.iterdir()) == [path]


def test_free_names(tmp_path):
    path = tmp_path / "a.npz"
    assert free_name(path) == path
    path.write_text("")
    (tmp_path / "a-2.npz").symlink_to("nowhere")
    assert free_name(path) == tmp_path / "a-3.npz"


def test_directories(tmp_path):
    assert make_directory(tmp_path / "a" / "b").is_dir()
    (tmp_path / "file").write_text("")
    for name in ("file", "file/a"):
        with pytest.raises(pr.WriteError, match="file"):
            make_directory(tmp_path / name)


def test_two_writers_do_not_disturb_each_other(tmp_path):
    path = tmp_path / "a.txt"

    def write(new):
        write_whole(path, put("inner"))
        new.write_text("outer")

    write_whole(path, write)
    assert (path.read_text(), list(tmp_path.iterdir())) == ("outer", [path])
    assert time.time() - path.stat().st_mtime < 60
