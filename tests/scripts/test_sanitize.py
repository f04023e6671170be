"""scripts/sanitize.py finds what is wrong in a module made for that, and blames nobody else."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
import sanitize

from tests.kernel_checkout import small_checkout

LOAD = "from polyrelu.engines.cells.library import kernel_library as k;"
WRONG = {
    # What is volatile is not left out by a compiler.
    "overrun": "volatile int n = 4; volatile int *p = new int[n]; p[n] = 1; delete[] p; Py_RETURN_NONE;",
    "leak": "volatile int *p = new int[4]; p[0] = 1; p = nullptr; Py_RETURN_NONE;",
    "overflow": "volatile int i = 0x7fffffff; i = i + 1; Py_RETURN_NONE;",
    "nothing": "Py_RETURN_NONE;",
    "race": "static int i = 0; auto add = [] { for (int k = 0; k < 1000; k++) i++; };"
    "std::thread a(add), b(add); a.join(), b.join(); return PyLong_FromLong(i);",
}
FOUND = {"address": {"overrun", "leak"}, "undefined": {"overflow"}, "thread": {"race"}}

pytestmark = pytest.mark.skipif(shutil.which("g++") is None, reason="needs g++")


@pytest.mark.long
@pytest.mark.parametrize("kind", list(FOUND))
def test_what_is_wrong_is_found(kind, tmp_path):
    root, folder = small_checkout(tmp_path / "checkout", **WRONG), tmp_path / "built"
    for name in ("module.h", "avx2.cpp"):  # before AVX2 is switched on
        path = root / sanitize.CELLS / "kernel" / name
        path.write_text("#include <thread>\n" + path.read_text())
    sanitize.build(kind, folder, root)
    variables = {**sanitize.environment(kind, folder), "PYTHONPATH": str(root)}
    found = set()
    for name in WRONG:
        sanitize.run([sys.executable, "-P", "-c", f"{LOAD} k().{name}()"], variables, 60)
        if any(map(sanitize.is_ours, sanitize.reports(folder))):
            found.add(name)
        for report in folder.glob("report*"):
            report.unlink()
    assert found == FOUND[kind]


def test_reports_are_told_apart():
    text = """
==7==ERROR: LeakSanitizer: detected memory leaks

Direct leak of 8 byte(s) in 1 object(s) allocated from:
    #0 0x1 in malloc
    #1 0x2 in PyObject_Malloc

Indirect leak of 16 byte(s) in 1 object(s) allocated from:
    #0 0x1 in operator new(unsigned long)
    #1 0x3  (/tmp/_kernel.abi3.so+0x11a9)

SUMMARY: AddressSanitizer: 24 byte(s) leaked in 2 allocation(s).
"""
    first, second = sanitize.split(text)
    assert "PyObject_Malloc" in first
    assert [sanitize.is_ours(report) for report in (first, second)] == [False, True]
    text = f"{sanitize.CELLS}/kernel/a.h:3:5: runtime error: signed\n    #0 0x1\nb.h:3:5: runtime error: shift\n"
    one, two = sanitize.split(text)
    assert [sanitize.is_ours(report) for report in (one, two)] == [True, False]
    assert list(sanitize.split("3 passed in 0.1s\n")) == []


def test_what_does_not_end_is_killed():
    started = time.monotonic()
    assert sanitize.run([sys.executable, "-c", "import time; time.sleep(60)"], {}, 0.5) == 124
    assert time.monotonic() - started < 30


SLOW_TESTS = """
import time
import pytest

@pytest.mark.parametrize("i", range(20))
def test(i):
    time.sleep(0.1)
"""


def test_each_file_has_its_share(tmp_path):
    for name in ("test_a.py", "test_b.py"):
        (tmp_path / name).write_text(SLOW_TESTS)
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = -n 2\n")
    command = [*sanitize._pytest(1.0, 0), "-vv", "--rootdir", str(tmp_path), str(tmp_path)]
    variables = {**os.environ, "PYTHONPATH": str(Path(sanitize.__file__).parent)}
    done = subprocess.run(command, cwd=tmp_path, env=variables, capture_output=True, text=True, check=False)
    for name in ("test_a.py", "test_b.py"):
        lines = [line for line in done.stdout.splitlines() if f"{name}::test[" in line]
        assert len(lines) == 20
        assert 1 <= sum("PASSED" in line for line in lines) <= 8
