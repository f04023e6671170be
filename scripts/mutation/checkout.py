"""A checkout whose compiled sources have all mutants, switched off, and the libraries built of them.

Places of arrays that are not there trap, so does arithmetic that is not defined; growing arrays leave no room to spare,
and new room is full of what nobody wrote. So what a mutant does wrong is seen sooner.
"""

from __future__ import annotations

import contextlib
import os
import re
import runpy
import shutil
import subprocess
import sysconfig
from collections.abc import Iterator, Sequence
from pathlib import Path

from mutation.changes import FOLDERS, ROOT, Mutant, changed, files, path_of
from mutation.switches import REACHED, SWITCH, refused, switched

CHECKED = (
    (
        "std::size_t bytes = 128;\n        while (bytes < length * sizeof(Value)) bytes *= 2;",
        "const std::size_t bytes = (length * sizeof(Value) + LINE - 1) / LINE * LINE + LINE;",
    ),
    ("static_cast<Value *>(Blocks::all().take(bytes))", "static_cast<Value *>(std::aligned_alloc(LINE, bytes))"),
    (
        "if (longer == nullptr) throw std::bad_alloc();",
        "if (longer == nullptr) throw std::bad_alloc();\n        std::memset((void *)longer, 0xA5, bytes);",
    ),
    ("~Array() { Blocks::all().give(start_, bytes_); }", "~Array() { check(); std::free(start_); }"),
    (
        "        Blocks::all().give(start_, bytes_);\n        start_ = longer;",
        "        check();\n        std::free(start_);\n        start_ = longer;",
    ),
    ("places_ = bytes / sizeof(Value);", "places_ = length;"),
    (
        "{ return start_[i]; }\n    const Value &",
        "{ if (i >= places_) __builtin_trap(); return start_[i]; }\n    const Value &",
    ),
    ("const { return start_[i]; }", "const { if (i >= places_) __builtin_trap(); return start_[i]; }"),
    (
        "  private:\n    POLYRELU_APART void grow",
        "  private:\n"
        "    static constexpr std::size_t LINE = 128;\n"
        "    void check() const {\n"
        "        const auto *bytes = reinterpret_cast<const unsigned char *>(start_);\n"
        "        if (places_ > 0)\n"
        "            for (std::size_t i = 0; i < LINE; i++)\n"
        "                if (bytes[places_ * sizeof(Value) + i] != 0xA5) __builtin_trap();\n"
        "    }\n"
        "    POLYRELU_APART void grow",
    ),
)
# The same of the views of columns that problem.h has.
CHECKED_VIEW = (
    "operator[](std::size_t i) const { return start[i]; }",
    "operator[](std::size_t i) const { if (i >= length) __builtin_trap(); return start[i]; }",
)
# What these replace has no mutants: it is not there when they run.
UNCHECKED = re.compile(r"Blocks::all\(\)\.|return start_\[i\]|\b(longer|places_ =)|bytes = 128|bytes < length")
SHAPES = re.compile(r"case \d: return new RunOf")
TRAPS = ("-fsanitize=bounds,integer-divide-by-zero,null", "-fsanitize-undefined-trap-on-error", "-D_GLIBCXX_ASSERTIONS")
FLAGS = ("-std=c++17", "-ffp-contract=off", "-w", "-Wno-narrowing", "-DPy_LIMITED_API=0x030B0000")
QUICKLY, WELL = "-O0", "-O1"  # compiled well, more mutants turn out to be the same code
APART = "-fvisibility=hidden"  # or the loader takes what is static from the library that is there already
SOURCES = {"cells": ("baseline.cpp", "_kernel"), "branch": ("module.cpp", "_walk")}
_PROOFS, _HARNESS = Path("tests", "engines", "cells", "proofs"), Path("tests", "engines", "cells", "harness")
_WALK_HARNESS = Path("tests", "engines", "branch", "harness")
_ALONE = 'EXPORTED(name)=extern "C" void name'
_TABLE = 'EXPORTED(name)=extern "C" const Functions *name'
_COUNTING = 'EXPORTED(result,name)=extern "C" result name'
# What else includes headers of the kernel, and what tests define in it.
UNITS = (
    (_PROOFS / "plain.cpp", "cells", _TABLE),
    (_PROOFS / "counting.cpp", "cells", _COUNTING),
    (_PROOFS / "counting_zonotope.cpp", "cells", _COUNTING),
    (_HARNESS / "boxes.cpp", "cells", _ALONE),
    (_HARNESS / "clock.cpp", "cells", _ALONE),
    (_HARNESS / "corners.cpp", "cells", _ALONE),
    (_HARNESS / "forms.cpp", "cells", _ALONE),
    (_HARNESS / "numbers.cpp", "cells", _ALONE),
    (_HARNESS / "extents.cpp", "cells", _ALONE),
    (_HARNESS / "reach.cpp", "cells", _ALONE),
    (_HARNESS / "rows.cpp", "cells", _ALONE),
    (_HARNESS / "zonotope.cpp", "cells", _ALONE),
    (_WALK_HARNESS / "bounds.cpp", "branch", _ALONE),
    (_WALK_HARNESS / "program.cpp", "branch", _ALONE),
)
ORIGINAL = "original"
PLACES = 1 << 16  # for numbers of mutants
_ROUNDS = 20


def prepare(folder: Path, mutants: dict[int, Mutant]) -> dict[int, int]:
    """Make the checkout; tell where it notes that a mutant is come to, for all that it has. Others are compiled alone.

    Cost: the compiler runs five to ten times, a minute in all.
    """
    shutil.copytree(ROOT / "polyrelu", folder / "polyrelu", ignore=shutil.ignore_patterns("node_modules", "*.so"))
    for name in ("pyproject.toml", "setup.cfg", "README.md"):
        shutil.copy(ROOT / name, folder)
    shutil.copytree(ROOT / FOLDERS["cells"], folder / ORIGINAL, ignore=shutil.ignore_patterns("*.so"))
    for library in (ROOT / "polyrelu" / "certificates").glob("_checker*.so"):
        shutil.copy(library, folder / "polyrelu" / "certificates")
    renew_tests(folder)
    left = {number: mutant for number, mutant in mutants.items() if not _is_replaced(mutant)}
    for _ in range(_ROUNDS):
        there = _write(folder, left)
        messages = "".join(_messages(folder))
        if "error" not in messages:
            break
        bad = refused(messages, left)
        if not bad:
            raise RuntimeError(f"the switched sources do not compile: {messages[:2000]}")
        left = {number: mutant for number, mutant in left.items() if number not in bad}
    _check_arrays(folder / FOLDERS["cells"])
    _leave_few_shapes(folder / FOLDERS["cells"])
    machine = folder / FOLDERS["cells"] / "machine.h"  # one library does
    machine.write_text(machine.read_text().replace("#if defined(__x86_64__)", "#if 0"))
    for engine in FOLDERS:
        build(folder, engine, folder / FOLDERS[engine].parent, QUICKLY, *TRAPS)
    return there


def renew_tests(folder: Path) -> None:
    """Copy the tests as they are now."""
    for name in ("tests", "scripts"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)


def _is_replaced(mutant: Mutant) -> bool:
    if mutant.file == "cells/problem.h":
        return CHECKED_VIEW[0] in mutant.text
    return (mutant.file == "cells/numbers.h" and UNCHECKED.search(mutant.text) is not None) or _is_of_shape(mutant)


def _is_of_shape(mutant: Mutant) -> bool:
    """Whether it changes which code is for few dimensions: there is less of that where arrays are checked."""
    return mutant.file == "cells/run.h" and SHAPES.match(mutant.text) is not None


def _write(folder: Path, mutants: dict[int, Mutant]) -> dict[int, int]:
    there = dict[int, int]()
    for file in files():
        own = {number: mutant for number, mutant in mutants.items() if mutant.file == file}
        text, noted = switched(path_of(file).read_text(), own, file)
        path_of(file, folder).write_text(text)
        there |= noted
    return there


def _messages(folder: Path) -> Iterator[str]:
    include = f"-I{sysconfig.get_path('include')}"
    for engine, (source, _) in SOURCES.items():
        yield _syntax([include, '-DPOLYRELU_SOURCES=""', source], folder / FOLDERS[engine])
    for path, engine, exported in UNITS:
        places = [f"-I{(folder / FOLDERS[engine]).resolve()}", f"-I{(folder / path).parent.resolve()}"]
        yield _syntax([*places, f"-D{exported}", "-DPARTS=15", str((folder / path).resolve())], folder)


def _syntax(arguments: Sequence[str], folder: Path) -> str:
    command = [compiler(), *FLAGS, "-fsyntax-only", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False).stderr


def compiler() -> str:
    """The compiler's name."""
    return os.environ.get("CXX", "g++")


def _check_arrays(kernel: Path) -> None:
    for name, changes in (("numbers.h", CHECKED), ("problem.h", (CHECKED_VIEW,))):
        path = kernel / name
        text = path.read_text()
        for old, new in changes:
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        path.write_text(text)


def _leave_few_shapes(kernel: Path) -> None:
    run = kernel / "run.h"
    run.write_text(re.sub(r"\n *case [4-9]: return new RunOf.*", "", run.read_text()))


def _leave_all_shapes(kernel: Path) -> None:
    baseline = kernel / SOURCES["cells"][0]
    baseline.write_text(re.sub(r"#define POLYRELU_FEW_SHAPES.*", "", baseline.read_text()))


def build(folder: Path, engine: str, place: Path, *options: str) -> Path | None:
    """A library of a checkout, in a place; None if it does not compile."""
    source, name = SOURCES[engine]
    kernel = folder / FOLDERS[engine]
    told = runpy.run_path(str(folder / FOLDERS["cells"].parent / "sources.py"))["digest"](kernel)
    library = place / f"{name}.abi3.so"
    command = [
        compiler(),
        *FLAGS,
        *options,
        f"-I{sysconfig.get_path('include')}",
        f'-DPOLYRELU_SOURCES="{told}"',
        source,
    ]
    if subprocess.run([*command, "-fsyntax-only"], cwd=kernel, capture_output=True, check=False).returncode:
        return None  # a third of the time
    command += ["-fPIC", "-shared", "-o", str(library.resolve())]
    done = subprocess.run(command, cwd=kernel, capture_output=True, text=True, check=False, timeout=600)
    return library if done.returncode == 0 else None


def alone(mutant: Mutant, folder: Path, level: str = QUICKLY, original: Path = ROOT) -> Path | None:
    """The library of a mutant that is compiled by itself, in a folder of its own; None if it does not compile."""
    for place in FOLDERS.values():
        shutil.copytree(original / place, folder / place, ignore=shutil.ignore_patterns("*.so"))
    shutil.copy(ROOT / FOLDERS["cells"].parent / "sources.py", folder / FOLDERS["cells"].parent)
    path_of(mutant.file, folder).write_text(changed(mutant, original))
    with contextlib.suppress(AssertionError):  # it is a change of what would be replaced
        _check_arrays(folder / FOLDERS["cells"])
    (_leave_all_shapes if _is_of_shape(mutant) else _leave_few_shapes)(folder / FOLDERS["cells"])
    engine = mutant.file.partition("/")[0]
    return build(folder, engine, folder, level, APART, *(TRAPS if level == QUICKLY else ()))


def switch_library(folder: Path) -> Path:
    """A library that has the switch and nothing else."""
    source, library = folder / "switch.c", folder / "switch.so"
    source.write_text(f"int {SWITCH} = 0;\nunsigned char {REACHED}[{PLACES}];\n")
    subprocess.run([compiler(), "-x", "c", "-shared", "-fPIC", "-o", str(library), str(source)], check=True)
    return library


def quiet_compiler(folder: Path) -> Path:
    """A compiler for what tests compile themselves of the switched sources."""
    script = folder / "compiler"
    script.write_text(f'#!/bin/sh\nexec {compiler()} "$@" -w -Wno-narrowing -O0 {" ".join(TRAPS)}\n')
    script.chmod(0o755)
    return script


def python_path(folder: Path) -> str:
    """Where a process is to find the checkout's modules."""
    return os.pathsep.join([str(folder), str(folder / "scripts")])
