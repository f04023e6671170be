"""A sample of scripts/fuzz_files.py, and what it would find."""

import random
import sys

import file_seeds
import fuzz_files
import pytest

import polyrelu as pr
from polyrelu.formats import load as loading

OPTIONS = fuzz_files.Options(0, file_seeds.FORMATS, 60, 4096, False)


@pytest.mark.filterwarnings("ignore::polyrelu.errors.RoundedWarning")
def test_whole_files_are_read(tmp_path):
    for number, seed in enumerate(file_seeds.seeds()):
        path = tmp_path / f"{number}{seed.suffix}"
        path.write_bytes(seed.content)
        assert fuzz_files.read(path, seed.kind)


@pytest.mark.long
@pytest.mark.filterwarnings("ignore::polyrelu.errors.RoundedWarning")
def test_damaged_files_are_read_or_refused_in_words(tmp_path):
    refused = 0
    for number in range(200):
        name, kind, content = fuzz_files.made(number, OPTIONS)
        path = tmp_path / name
        path.write_bytes(content)
        assert fuzz_files.fault_of(path, kind) is None, number
        try:
            fuzz_files.read(path, kind)
        except (pr.PolyreluError, OSError):
            refused += 1
    assert 100 < refused < 200  # the damage is neither nothing nor all there is


def test_equal_numbers_make_equal_files():
    assert fuzz_files.made(7, OPTIONS) == fuzz_files.made(7, OPTIONS) != fuzz_files.made(7, OPTIONS._replace(seed=1))
    seed = file_seeds.seeds()[0]
    assert len({file_seeds.damaged(seed, [seed], random.Random(i)) for i in range(100)}) > 80


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (ZeroDivisionError("x"), "ZeroDivisionError at"),
        (pr.InputError("bad"), "the file is not named"),
        (OSError("a.npz"), None),
    ],
)
def test_faults_are_seen(tmp_path, monkeypatch, error, fault):
    def fails(path):
        raise error

    monkeypatch.setattr(pr, "load_network", fails)
    found = fuzz_files.fault_of(tmp_path / "a.npz", "network")
    assert found is None if fault is None else found.startswith(fault)


def test_what_only_the_last_net_catches_is_seen(tmp_path, monkeypatch):
    monkeypatch.setitem(loading._READERS, ".npz", lambda path: 1 / 0)
    (tmp_path / "a.npz").write_bytes(b"")
    assert fuzz_files.fault_of(tmp_path / "a.npz", "network") is None
    found = fuzz_files.fault_of(tmp_path / "a.npz", "network", strict=True)
    assert found.startswith("caught by the last net only: ZeroDivisionError")


SCRIPT = """
import os, sys, time
sys.argv = ["fuzz_files.py"]
sys.path.insert(0, {scripts!r})
import fuzz_files, file_seeds

def read(path, kind):
    if fuzz_files.NUMBER == 3:
        os.abort()
    if fuzz_files.NUMBER == 5:
        while True:
            pass
    if fuzz_files.NUMBER == 6:
        return [bytes(2**20) for _ in range(2000)]

def made(number, options):
    fuzz_files.NUMBER = number
    return "a.npz", "network", b""

fuzz_files.read, fuzz_files.made = read, made
options = fuzz_files.Options(0, file_seeds.FORMATS, 1.0, 500, False)
for number, fault in fuzz_files.faults(range(8), options):
    if fault:
        print(number, fault)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits memory as Linux does")
def test_crashes_hangs_and_memory_are_seen():
    import subprocess
    from pathlib import Path

    scripts = str(Path(fuzz_files.__file__).parent)
    shown = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(scripts=scripts)], capture_output=True, text=True, check=True, timeout=120
    )
    lines = shown.stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["3", "5", "6"]
    assert "dies of signal 6" in lines[0]
    assert "more than 1 seconds" in lines[1]
    assert "MemoryError" in lines[2]
