"""The kernel as plain Python, as it is or spoilt, so that its expressions can be run one by one."""

from pathlib import Path
from types import ModuleType

import polyrelu.engines.cells

SOURCE = Path(polyrelu.engines.cells.__file__).with_name("kernel.py").read_text()
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
