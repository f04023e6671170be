"""The sources of the compiled kernel, and their digest, which the library carries.

A library that was built from other sources than those beside it would give answers that nobody can read the reason of.
So the build writes the digest into it (``kernel/build.py``), and :mod:`polyrelu.engines.cells.library` compares. The
build reads this file by its path, before there is a package: it imports nothing of polyrelu.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

KERNEL = Path(__file__).parent / "kernel"
"""The folder of the sources; it is not there where a wheel was installed."""

_KINDS = {".cpp", ".h", ".py"}


def sources(folder: Path = KERNEL) -> list[Path]:
    """The files that the library is made of, by name: C++, and how it is built. None if there is no folder."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.suffix in _KINDS)


def digest(folder: Path = KERNEL) -> str:
    """The SHA-256 of the names and contents of the sources, in hexadecimal digits.

    Cost: a millisecond.
    """
    found = sha256()
    for path in sources(folder):
        content = path.read_bytes()
        found.update(f"{path.name} {len(content)}\n".encode())
        found.update(content)
    return found.hexdigest()
