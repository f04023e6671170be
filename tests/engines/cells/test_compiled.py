"""Compiled code on disk that is damaged, with a function that compiles in a second."""

import subprocess
import sys

import pytest

import polyrelu as pr
from polyrelu.engines.cells.compiled import called

MODULE = """
from numba import njit
from polyrelu.engines.cells.compiled import called

@njit(cache=True)
def twice(x):
    if x < 0:
        raise ValueError("negative")
    return 2 * x

if __name__ == "__main__":
    print(called(twice, 21))
"""


def run(folder):
    return subprocess.run([sys.executable, folder / "twice.py"], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("suffix", ["nbi", "nbc"])
def test_damaged_code_names_its_folder(tmp_path, suffix, monkeypatch):
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    (tmp_path / "twice.py").write_text(MODULE)
    assert run(tmp_path).stdout == "42\n"
    (kept,) = (tmp_path / "__pycache__").glob(f"*.{suffix}")
    whole = kept.read_bytes()
    for content in (b"", whole[: len(whole) // 2], b"\xcd" * len(whole)):
        kept.write_bytes(content)
        said = run(tmp_path).stderr.splitlines()[-1]
        assert said.startswith(
            f"polyrelu.errors.InputError: compiled code in {tmp_path / '__pycache__'} cannot be loaded"
        )
        assert "delete that folder" in said
    kept.write_bytes(whole)
    assert run(tmp_path).stdout == "42\n"
    kept.unlink()
    assert run(tmp_path).stdout == "42\n"


class Fake:
    """A compiled function that the system keeps from being kept, before or after it is there."""

    def __init__(self, *overloads):
        self.overloads, self.stats, self.calls = overloads, type("Stats", (), {"cache_path": "/there"}), 0

    def __call__(self, x):
        self.calls += 1
        if self.calls == 1:
            raise OSError(28, "No space left on device")
        return x


def test_code_that_cannot_be_kept():
    assert called(Fake("int"), 3) == 3
    with pytest.raises(pr.InputError, match=r"compiled code in /there cannot be kept .*No space left.*NUMBA_CACHE_DIR"):
        called(Fake(), 3)


def test_errors_of_the_function_itself_are_its_own():
    def fails():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        called(fails)
