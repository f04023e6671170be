"""The kernel's headers by themselves: functions in C++ over arrays, as they are or spoilt, called with arrays of numpy.

A file NAME.cpp beside this one includes headers of the kernel and exports functions, within namespace polyrelu::

    EXPORTED(measure)(i64 n, const double *given, double *result) { ... }

They return nothing, take i64, double and pointers, and write into arrays that the caller gives them. In a test::

    kernel = built("NAME", shared_folder(tmp_path_factory))
    kernel.call("measure", len(given), given, result)
    spoilt = built("NAME", shared_folder(tmp_path_factory), {"no tau": [(" + exactly<T>(TAU)", "")]})
    spoilt.call("measure", len(given), given, result, variant="no tau")

All variants of a library are one file to the compiler, each in a namespace of its own. Floats are the same at any level
of optimisation, so spoilt ones, which are many, are compiled without.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import hashlib
import os
import re
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

import polyrelu.engines.cells

HERE = Path(__file__).parent
KERNEL = Path(polyrelu.engines.cells.__file__).parent / "kernel"
AS_IT_IS = "as it is"
OPTIONS = ("-std=c++17", "-ffp-contract=off", "-fPIC", "-shared")
FOR_GOOD, FOR_SPOILT = ("-O2", "-Wall", "-Wextra", "-Werror"), ("-O0", "-w")

Changes = Iterable[tuple[str, str]]


class Compiled:
    """A shared library of functions, in variants; who calls it while other headers are in use calls one of these."""

    def __init__(self, variants: Iterable[str], kernel: Path, build: Callable[[Path, Path | None], Path]) -> None:
        self._numbers = {name: number for number, name in enumerate(variants)}
        self._kernel, self._build = kernel, build
        self._library = ctypes.CDLL(str(build(kernel, None)))

    def call(self, function: str, *arguments: Any, variant: str = AS_IT_IS) -> None:
        """Call a function; arrays are passed as pointers to their first element, and have to be contiguous."""
        if (other := _in_use.get(self._kernel.parent.name)) is not None and other != self._kernel:
            self._kernel = other
            with contextlib.suppress(subprocess.CalledProcessError):  # then it stays what it was
                self._library = ctypes.CDLL(str(self._build(other, other.parent)))
        self._library[f"{function}_{self._numbers[variant]}"](*map(_passed, arguments))


_in_use: dict[str, Path] = {}


def use_headers(kernel: Path) -> None:
    """Have all libraries of an engine's headers made again, when they are called, of those in another folder."""
    _in_use[kernel.parent.name] = kernel


def built(
    name: str, folder: Path, spoilt: Mapping[str, Changes] | None = None, here: Path = HERE, kernel: Path = KERNEL
) -> Compiled:
    """The functions of ``name.cpp`` in a folder, where other processes may be building them, too.

    Args:
        name: of a file beside this one.
        folder: where to build, unless it is done.
        spoilt: variants by name, each with pairs (old, new) of passages, each of which occurs once in the file and what
            it includes. Without, the functions are optimised, and there is one variant.
        here: the folder of the file, if it is beside another kernel's tests.
        kernel: the folder of the headers.
    """
    variants = {AS_IT_IS: ()} if spoilt is None else spoilt
    flags = FOR_GOOD if spoilt is None else FOR_SPOILT

    def build(headers: Path, other: Path | None) -> Path:
        changes = enumerate(variants.values())
        text = "".join(_unit(here / f"{name}.cpp", headers, number, own) for number, own in changes)
        if other is None:
            return _compiled(folder, name, text, flags)
        return _compiled(other, name, text, (*flags, "-fno-gnu-unique"))  # or the loader takes what is there already

    return Compiled(variants, kernel, build)


def _compiled(folder: Path, name: str, text: str, flags: Iterable[str]) -> Path:
    stem = folder / f"{name}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"
    source, library = stem.with_suffix(".cpp"), stem.with_suffix(".so")
    with stem.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not library.exists():
            source.write_text(text)
            compiler = [os.environ.get("CXX", "g++"), *OPTIONS, *flags]
            subprocess.run([*compiler, "-o", str(library), str(source)], check=True, timeout=120)
    return library


def shared_folder(temporary: Any) -> Path:
    """A folder that all workers of a test run have in common; of ``tmp_path_factory``."""
    own: Path = temporary.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "harness"
    folder.mkdir(exist_ok=True)
    return folder


def _unit(file: Path, kernel: Path, number: int, changes: Changes) -> str:
    """What the compiler reads of a variant."""
    text = "\n".join(_flattened(file, kernel, set()))
    for old, new in changes:
        assert text.count(old) == 1, f"{old!r} occurs {text.count(old)} times in what {file.name} includes"
        text = text.replace(old, new)
    names = {"polyrelu": f"polyrelu_{number}", "EXPORTED(name)": f'extern "C" void name##_{number}'}
    defined = "".join(f"#define {macro} {meaning}\n" for macro, meaning in names.items())
    return f"{defined}{text}\n#undef polyrelu\n#undef EXPORTED\n"


def _flattened(path: Path, kernel: Path, seen: set[Path]) -> Iterator[str]:
    """The lines of a file with those of the kernel's headers in place, each header once; compilers name its own lines.

    So that each variant has headers of its own: compilers take copies for the same file.
    """
    seen.add(path)
    yield f'#line 1 "{path}"'
    for number, line in enumerate(path.read_text().splitlines(), 1):
        header = re.fullmatch(r'#include "([^"]*)".*', line)
        if header is not None:
            if kernel / header[1] not in seen:
                yield from _flattened(kernel / header[1], kernel, seen)
            yield f'#line {number + 1} "{path}"'
        elif line != "#pragma once":
            yield line


def _passed(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        assert value.flags.c_contiguous
        return ctypes.c_void_p(value.ctypes.data)
    return ctypes.c_double(value) if isinstance(value, float) else ctypes.c_int64(value)
