"""The compiled checker: which library is loaded, and what is asked of it before it may answer.

There is one, ``_checker``, built from the sources in ``fast/``, and none is used that was built from other sources.
The environment variable POLYRELU_CHECKER names another folder to take it from, such as one where it was built for a
sanitizer.
"""

from __future__ import annotations

import os
import sys
from functools import cache
from hashlib import sha256
from importlib.machinery import PathFinder
from importlib.util import module_from_spec
from pathlib import Path
from typing import Protocol, cast

from polyrelu.errors import InputError

PLACE = "POLYRELU_CHECKER"
"""The environment variable that names a folder of the library."""

_HERE = Path(__file__).parent
SOURCES = _HERE / "fast"
"""The folder of the sources; it is not there where a wheel was installed."""

_AGAIN = "build it again: ./scripts/run does, and so does pip install --editable {root}"


class Block(Protocol):
    """Lines of a part that name each other's vertices; read by one thread at a time, without Python's lock."""

    def read(self, lines: bytes, /) -> bytes:
        """Read whole lines; what they are with coordinates, if that was asked for."""

    def close(self) -> int:
        """How many cells it had; they count for the target from now on."""


class Target(Protocol):
    """What is known of a target's cells (``fast/block.h``)."""

    def block(self, kind: int, /) -> Block:
        """A block of cells; the kind is 0 for coordinates, 1 for rows, 2 for rows to be expanded."""

    def finish(self) -> tuple[int, int, int]:
        """The numbers of tiles, of flat parts and of zones, if the cells cover the domain."""


class Library(Protocol):
    """What the library offers (``fast/module.cpp``).

    Attributes:
        Rejected: the exception for what is not proved.
        SOURCES: the digest of the sources that it was built from.
    """

    Rejected: type[Exception]
    SOURCES: str

    def Target(self, rows: bytes, /) -> Target:  # it is a class
        """The cells of a target, to begin with none, by its rows."""

    def integer(self, operation: bytes, a: bytes, b: bytes, /) -> bytes:
        """An operation on two integers in hexadecimal digits, for tests."""


@cache
def checker_library() -> Library:
    """The library, loaded once.

    Raises:
        InputError: it is not built, or from other sources; the message says what to do.
    """
    return checked_library(Path(os.environ.get(PLACE) or _HERE))


def checked_library(folder: Path = _HERE, sources: Path = SOURCES) -> Library:
    """The library in a folder, if it is what the sources say; where there are none, there is nothing to compare.

    Raises:
        InputError: as :func:`checker_library`.
    """
    library = _loaded(folder)
    if sources.is_dir() and getattr(library, "SOURCES", "") != digest(sources):
        raise InputError(f"the checker in {folder} was built from other sources than {sources} holds; {_advice()}")
    return library


def digest(folder: Path = SOURCES) -> str:
    """The SHA-256 of the names and contents of the sources, in hexadecimal digits, as the build writes it."""
    found = sha256()
    for path in sorted(path for path in folder.iterdir() if path.suffix in {".cpp", ".h", ".py"}):
        content = path.read_bytes()
        found.update(f"{path.name} {len(content)}\n".encode())
        found.update(content)
    return found.hexdigest()


def _loaded(folder: Path) -> Library:
    """The library, found where it is said to be and nowhere else."""
    name = f"{__name__.rpartition('.')[0]}._checker"
    spec = PathFinder.find_spec(name, [str(folder)])
    if spec is None or spec.loader is None:
        raise InputError(f"there is no compiled checker in {folder}; {_advice()}")
    try:
        module = module_from_spec(spec)
        spec.loader.exec_module(module)
    except ImportError as error:
        raise InputError(f"the compiled checker {spec.origin} cannot be loaded ({error}); {_advice()}") from error
    sys.modules[name] = module
    return cast("Library", module)


def _advice() -> str:
    root = _HERE.parents[1]
    return _AGAIN.format(root=root) if (root / "pyproject.toml").exists() else "install polyrelu again"
