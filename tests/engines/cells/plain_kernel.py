"""The kernel as plain Python, as it is or spoilt, so that its expressions can be run one by one."""

import subprocess
import sys
from pathlib import Path
from types import ModuleType

import polyrelu.engines.cells

SOURCE = Path(polyrelu.engines.cells.__file__).with_name("kernel.py").read_text()
ROOT = Path(__file__).parents[3]
_UNCOMPILED = """
def njit(**options):
    return lambda function: function
"""


def plain_kernel(changes=()):
    """The kernel's functions uncompiled; ``changes`` are pairs (old, new) of passages, each of which occurs once."""
    source = SOURCE.replace("from numba import njit\n", _UNCOMPILED)
    assert source != SOURCE
    for old, new in changes:
        assert source.count(old) == 1, old
        source = source.replace(old, new)
    module = ModuleType("plain_kernel")
    exec(compile(source, "kernel.py", "exec"), module.__dict__)
    return module


def run_uncompiled(code):
    """What code prints in a process that compiles nothing, and its errors."""
    command, environment = [sys.executable, "-c", code], {"NUMBA_DISABLE_JIT": "1", "PATH": "/usr/bin:/bin"}
    shown = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False, env=environment)
    return shown.stdout, shown.stderr
