"""How setuptools builds what is compiled, named in pyproject.toml; run by itself it builds in place, in this checkout.

    ./scripts/run python polyrelu/engines/cells/kernel/build.py

Two libraries of the kernel are built from the same headers, one for every processor and one for those with AVX2. Both
carry the digest of the sources, of which this file is one: with other flags they would be other libraries. The checker
of certificates (``polyrelu/certificates/fast``) shares no source with them, and carries a digest of its own folder. All
are compiled anew each time, since a file's date says little of what is in it. CXXFLAGS may ask for ``-O1 -g``, not for
operations that are rounded otherwise. Needed are setuptools 77 and a C++17 compiler.
"""

from __future__ import annotations

import os
import platform
import runpy
import sys
from pathlib import Path
from typing import Any

from setuptools import setup
from setuptools.command.build_ext import build_ext

HERE = Path(__file__).parent
ROOT = HERE.parents[3]
SOURCES: dict[str, Any] = runpy.run_path(str(HERE.parent / "sources.py"))

PREFERRED = ["-O3", "-g0"]
FALLBACK = ["-O1", "-g0"]
"""For processors that are rarely met, where a fast library would take everybody twice as long to compile."""
# Bounds are proven for operations that are rounded one by one, so nothing may be fused or reordered.
REQUIRED = ["-std=c++17", "-ffp-contract=off", "-fno-fast-math", "-fvisibility=hidden", "-Wall", "-Wextra", "-pthread"]
PYTHON = "0x030B0000"
"""The oldest Python, 3.11: what is built for it runs on all later ones."""


class BuildKernel(build_ext):
    """The command ``build_ext``, for libraries that carry the digest of their sources."""

    parallel: bool | int | None

    def finalize_options(self) -> None:
        """Complete what pyproject.toml says of the extensions."""
        super().finalize_options()
        self.force = True
        if self.parallel is None:
            self.parallel = True  # as many compilers as there are processors
        for extension in self.extensions:
            folder = _folder(extension)
            files = [os.path.relpath(path, ROOT) for path in SOURCES["sources"](folder)]
            extension.depends = files  # these go into source distributions
            extension.extra_compile_args = [*_preferred(extension), *os.environ.get("CXXFLAGS", "").split(), *REQUIRED]
            extension.define_macros = [("Py_LIMITED_API", PYTHON), ("POLYRELU_SOURCES", f'"{_digest(folder)}"')]

    def build_extensions(self) -> None:
        """Compile and link.

        Raises:
            RuntimeError: the sources were changed meanwhile.
        """
        folders = {_folder(extension) for extension in self.extensions}
        before = {folder: _digest(folder) for folder in folders}
        super().build_extensions()
        if any(_digest(folder) != before[folder] for folder in folders):
            raise RuntimeError("the sources of a library were changed while it was built; build it again")


def _folder(extension: Any) -> Path:
    """Where all sources of an extension are."""
    source: str = extension.sources[0]
    return (ROOT / source).parent


def _preferred(extension: Any) -> list[str]:
    """How much is made of it: on x86-64 nearly every processor loads the kernel that is compiled for AVX2."""
    is_fallback = extension.name.endswith("._kernel") and platform.machine().lower() in {"x86_64", "amd64"}
    return FALLBACK if is_fallback else PREFERRED


def _digest(folder: Path) -> str:
    found: str = SOURCES["digest"](folder)
    return found


if __name__ == "__main__":
    os.chdir(ROOT)
    setup(script_args=["--quiet", "build_ext", *(sys.argv[1:] or ["--inplace"])])
