"""The laws and the kernel's bounds as libraries: the laws compiled once, the bounds as they are or spoilt.

A spoilt variant has other text in the kernel's headers. All variants of a library are one file to the compiler, each in
a namespace of its own; floats are the same at any level of optimisation, so many are compiled without.
"""

from __future__ import annotations

import ctypes
import fcntl
import hashlib
import os
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

import polyrelu.engines.cells

HERE = Path(__file__).parent
KERNEL = Path(polyrelu.engines.cells.__file__).parent / "kernel"
OPTIONS = ("-std=c++17", "-O1", "-ffp-contract=off", "-fPIC", "-shared")
CAREFUL = ("-Wall", "-Wextra", "-Werror")
AS_IT_IS = "as it is"
BOUNDS, SOLVING, FORMS, GRID = 1, 2, 4, 8
EVERYTHING = 15

Changes = Iterable[tuple[str, str]]


class Library:
    """A compiled file of functions."""

    def __init__(self, path: Path) -> None:
        self._library = ctypes.CDLL(str(path))

    def call(self, function: str, *arguments: Any) -> float:
        """Call a function that returns a double; arrays and structures are passed by their addresses."""
        entry = self._library[function]
        entry.restype = ctypes.c_double
        return float(entry(*map(passed, arguments)))

    def address(self, function: str) -> ctypes.c_void_p:
        """What a function returns that gives an address."""
        entry = self._library[function]
        entry.restype = ctypes.c_void_p
        return ctypes.c_void_p(entry())


def passed(value: Any) -> Any:
    """An argument as ctypes takes it."""
    if isinstance(value, np.ndarray):
        assert value.flags.c_contiguous
        return ctypes.c_void_p(value.ctypes.data)
    if isinstance(value, ctypes.Structure):
        return ctypes.byref(value)
    return ctypes.c_double(value) if isinstance(value, float) else value


def laws(folder: Path, kernel: Path = KERNEL) -> Library:
    """The laws, in exact arithmetic; they include the kernel's headers as they are, for their templates."""
    return Library(_compiled(folder, "laws", _unit("laws.cpp", 0, (), kernel), (*CAREFUL, "-lgmpxx", "-lgmp")))


def counting(folder: Path, kernel: Path = KERNEL, name: str = "counting") -> Library:
    """The kernel's bounds over numbers that count roundings; or its zonotopes, by the file's name."""
    flags = CAREFUL if kernel == KERNEL else ("-O0", "-w")
    return Library(_compiled(folder, name, _unit(f"{name}.cpp", 0, (), kernel), flags))


def bounds(
    folder: Path,
    spoilt: Mapping[str, tuple[Changes, int]] | None = None,
    kernel: Path = KERNEL,
) -> Mapping[str, ctypes.c_void_p]:
    """The tables of functions (functions.h) of all variants by name; without ``spoilt`` only AS_IT_IS.

    Args:
        folder: where to build, unless it is done; other processes may be at it, too.
        spoilt: for each variant pairs (old, new) of passages, each of which occurs once in the kernel's headers, and
            which of its functions are asked for: the sum of some of BOUNDS, SOLVING, FORMS and GRID.
        kernel: the folder of the headers.
    """
    variants = {AS_IT_IS: ((), EVERYTHING)} if spoilt is None else spoilt
    text = "".join(
        _unit("plain.cpp", number, changes, kernel, parts) for number, (changes, parts) in enumerate(variants.values())
    )
    flags = CAREFUL if spoilt is None and kernel == KERNEL else ("-O0", "-w")
    library = Library(_compiled(folder, "bounds", text, flags))
    return {name: library.address(f"functions_{number}") for number, name in enumerate(variants)}


def shared_folder(temporary: Any) -> Path:
    """A folder that all workers of a test run have in common; of ``tmp_path_factory``."""
    own: Path = temporary.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "proofs"
    folder.mkdir(exist_ok=True)
    return folder


def _compiled(folder: Path, name: str, text: str, flags: tuple[str, ...]) -> Path:
    stem = folder / f"{name}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"
    source, library = stem.with_suffix(".cpp"), stem.with_suffix(".so")
    with stem.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not library.exists():
            source.write_text(text)
            compiler = [os.environ.get("CXX", "g++"), *OPTIONS, str(source), "-o", str(library), *flags]
            subprocess.run(compiler, check=True, timeout=300)
    return library


def _unit(name: str, number: int, changes: Changes, kernel: Path, parts: int = EVERYTHING) -> str:
    """What the compiler reads of a variant."""
    text = "\n".join(_flattened(HERE / name, kernel, set()))
    for old, new in changes:
        assert text.count(old) == 1, f"{old!r} occurs {text.count(old)} times in what {name} includes"
        text = text.replace(old, new)
    exported = "EXPORTED(result, name)", 'extern "C" result name'
    if name == "plain.cpp":
        exported = "EXPORTED(name)", f'extern "C" const Functions *name##_{number}'
    defined = f"#define polyrelu polyrelu_{number}\n#define {' '.join(exported)}\n#define PARTS {parts}\n"
    return f"{defined}{text}\n#undef polyrelu\n#undef EXPORTED\n#undef PARTS\n"


def _flattened(path: Path, kernel: Path, seen: set[Path]) -> Iterator[str]:
    """The lines of a file with those of its headers in place, each header once; compilers name its own lines.

    So that each variant has headers of its own: compilers take copies for the same file. What functions.h declares is
    the same for all of them.
    """
    seen.add(path)
    yield f'#line 1 "{path}"'
    for number, line in enumerate(path.read_text().splitlines(), 1):
        header = re.fullmatch(r'#include "(.*)"', line)
        if header is not None:
            places = [folder / header[1] for folder in (HERE, kernel) if (folder / header[1]).exists()]
            if places[0].name == "functions.h":
                yield f'#include "{places[0]}"'
            elif places[0] not in seen:
                yield from _flattened(places[0], kernel, seen)
            yield f'#line {number + 1} "{path}"'
        elif line != "#pragma once":
            yield line
