"""The compiled kernel: which library is loaded, and what is asked of it before it may answer.

There are two, built from the same sources (``kernel/build.py``): ``_kernel`` for every processor, and ``_kernel_avx2``,
which is loaded where the processor has AVX2. None is used that was built from other sources than those beside it, or
whose compiler fused or reordered operations, for which no bound is proven.

The environment variable POLYRELU_KERNEL names another folder to take them from, such as one where they were built for a
sanitizer (``scripts/sanitize.py``). The same is asked of these.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from functools import cache
from importlib.machinery import PathFinder
from importlib.util import module_from_spec
from pathlib import Path
from typing import Any, Protocol, cast

from polyrelu.engines.cells.sources import KERNEL, digest, sources
from polyrelu.errors import InputError

PLACE = "POLYRELU_KERNEL"
"""The environment variable that names a folder of libraries."""

_HERE = Path(__file__).parent
_PACKAGE = __name__.rpartition(".")[0]
_AGAIN = "build it again: ./scripts/run does, and so does pip install --editable {root}"


class Library(Protocol):
    """What a library offers; its class Kernel is a run (``kernel/module.h``), and Boxes a search.

    Attributes:
        __name__: of the module.
        SOURCES: the digest of the sources that it was built from.
    """

    __name__: str
    SOURCES: str

    def Kernel(  # it is a class
        self,
        columns: tuple[Any, ...],
        dim: int,
        neurons: int,
        target_layer: int,
        words: int,
        keep: bool,
        measure: bool,
        shares: bool,
        ask: Callable[..., tuple[Any, float, bytes]],
        rows: Any,
        prunes: bool,
        /,
    ) -> Any:
        """A run on a problem, which asks what floats do not decide."""

    def Boxes(self, columns: tuple[Any, ...], inputs: int, ripe: int, most_columns: int, /) -> Any:  # likewise
        """A search by boxes of a network's inputs."""

    def in_order(
        self,
        pieces: Sequence[tuple[Any, ...]],
        width: int,
        d: int,
        threads: int,
        seconds: float,
        ask: Callable[[], object],
        /,
    ) -> tuple[bytes, ...]:
        """The columns of all pieces' tiles in the order of their patterns."""

    def measured(
        self, dim: int, words: int, start: Any, size: Any, vectors: Any, radius: Any, tight: Any, /
    ) -> tuple[bytes, ...]:
        """Certified volumes and boxes of cells on their way."""

    def tiles_measured(
        self,
        columns: tuple[Any, ...],
        dim: int,
        neurons: int,
        target_layer: int,
        packed: Any,
        starts: Any,
        facets: Any,
        points: Any,
        /,
    ) -> tuple[bytes, ...]:
        """Certified volumes and boxes of a problem's tiles, from their facets."""

    def has_avx2(self) -> bool:
        """Whether this processor can run the library for AVX2."""

    def as_written(self) -> bool:
        """Whether operations are rounded one by one, in the order in which they are written."""


@cache
def kernel_library() -> Library:
    """The library for this processor, loaded once.

    Raises:
        InputError: it is not built, or from other sources, or not as written; the message says what to do.

    Cost: a few milliseconds, the first time.
    """
    folder = Path(os.environ.get(PLACE) or _HERE)
    baseline = checked_library("_kernel", folder)
    return checked_library("_kernel_avx2", folder) if baseline.has_avx2() else baseline


def checked_library(name: str, folder: Path = _HERE, kernel: Path = KERNEL) -> Library:
    """A library by its name, if it is what the sources say.

    Args:
        name: ``"_kernel"`` or ``"_kernel_avx2"``.
        folder: where it is.
        kernel: the folder of the sources; if there is none, as where a wheel was installed, there is nothing to
            compare.

    Raises:
        InputError: as :func:`kernel_library`.
    """
    library = _loaded(name, folder)
    if sources(kernel) and getattr(library, "SOURCES", "") != digest(kernel):
        raise InputError(f"{name} in {folder} was built from other sources than {kernel} holds; {_advice()}")
    if not library.as_written():
        raise InputError(
            f"the compiler of {name} in {folder} fused or reordered operations, and no bound is proven for that; "
            f"{_advice()}, without flags such as -ffast-math"
        )
    return library


def _loaded(name: str, folder: Path) -> Library:
    """A library, found where it is said to be and nowhere else."""
    full_name = f"{_PACKAGE}.{name}"
    spec = PathFinder.find_spec(full_name, [str(folder)])
    if spec is None or spec.loader is None:
        raise InputError(f"there is no compiled kernel {name} in {folder}; {_advice()}")
    try:
        module = module_from_spec(spec)
        spec.loader.exec_module(module)
    except ImportError as error:
        raise InputError(f"the compiled kernel {spec.origin} cannot be loaded ({error}); {_advice()}") from error
    sys.modules[full_name] = module
    return cast("Library", module)


def _advice() -> str:
    root = _HERE.parents[2]
    return _AGAIN.format(root=root) if (root / "pyproject.toml").exists() else "install polyrelu again"
