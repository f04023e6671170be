"""Checkouts that hold little more than the build of the kernel.

In the places of the kernel and of the checker of certificates there are modules of a few lines.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
CELLS = Path("polyrelu", "engines", "cells")
KERNEL = CELLS / "kernel"
TAKEN = (
    "pyproject.toml",
    "setup.cfg",
    "README.md",
    "LICENSE",
    "scripts/source_archive.py",
    "polyrelu/errors.py",
    *(str(CELLS / name) for name in ("sources.py", "library.py")),
    *(str(KERNEL / name) for name in ("build.py", "machine.h", "identity.h", "baseline.cpp", "avx2.cpp")),
)
MODULE = """
#pragma once
#include "identity.h"
%s
static PyMethodDef methods[] = {%s {nullptr, nullptr, 0, nullptr}};
static PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, POLYRELU_NAME, nullptr, 0, methods, nullptr, nullptr, nullptr, nullptr};
PyMODINIT_FUNC POLYRELU_INIT() {
    PyObject *module = PyModule_Create(&definition);
    if (module != nullptr) polyrelu::add_identity(module);
    return module;
}
"""
CHECKER = Path("polyrelu", "certificates", "fast", "module.cpp")
WALK = Path("polyrelu", "engines", "branch", "kernel", "module.cpp")
CHECKER_MODULE = """
#include <Python.h>
static PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "_checker", nullptr, 0, nullptr, nullptr, nullptr, nullptr, nullptr};
PyMODINIT_FUNC PyInit__checker() { return PyModule_Create(&definition); }
"""


def small_checkout(root, **functions):
    """A checkout in a new folder; ``functions`` are bodies in C++ of what else the module offers, by name."""
    for name in TAKEN:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, root / name)
    for folder in ("polyrelu", "polyrelu/engines", str(CELLS)):
        (root / folder / "__init__.py").write_text("")
    bodies = "\n".join(f"static PyObject *{name}(PyObject *, PyObject *) {{{b}}}" for name, b in functions.items())
    table = "".join(f'{{"{name}", {name}, METH_NOARGS, nullptr}},' for name in functions)
    (root / KERNEL / "module.h").write_text(MODULE % (bodies, table))
    (root / CHECKER).parent.mkdir(parents=True)
    (root / CHECKER).write_text(CHECKER_MODULE)
    (root / WALK).parent.mkdir(parents=True)
    (root / WALK).write_text(CHECKER_MODULE.replace("_checker", "_walk"))
    return root


def build(root, *arguments, **variables):
    command = [sys.executable, "-W", "ignore", str(root / KERNEL / "build.py"), *arguments]
    return subprocess.run(command, env={**os.environ, **variables}, capture_output=True, text=True, check=False)


def python(root, code, **variables):
    """What a new process prints, with polyrelu from there."""
    variables = {**os.environ, "PYTHONPATH": str(root), **variables}
    command = [sys.executable, "-c", code]
    shown = subprocess.run(command, cwd=root, env=variables, capture_output=True, text=True, check=False)
    return shown.stdout + shown.stderr
