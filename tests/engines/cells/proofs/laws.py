"""The laws of the kernel's bounds, run on examples."""

from __future__ import annotations

import ctypes
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from tests.engines.cells.proofs import grid, harness, spoilt
from tests.engines.cells.proofs.examples import MAKERS, Dice

QUICK = {"forms": 150, "box": 150, "reach": 250, **dict.fromkeys(("signs", "inside", "meeting", "solving"), 250)}
GRID_EXAMPLES = 400


class Laws:
    """The laws, compiled."""

    def __init__(self, folder: Path) -> None:
        self._library = harness.laws(folder)

    def ratios(self, law: str, functions: ctypes.c_void_p, example: tuple[Any, ...]) -> tuple[float, float]:
        """The largest error / bound of an example, and lemma / bound: laws.cpp says what they are."""
        lemma = ctypes.c_double(0.0)
        changed = law.endswith("solving")  # which solves in place
        arguments = [value.copy() if changed and isinstance(value, np.ndarray) else value for value in example]
        error = self._library.call(law, functions, *arguments, ctypes.byref(lemma))
        self._library.call("empty")
        assert error >= 0, f"an example of {law} is malformed: {example}"
        return error, lemma.value


@cache
def example(law: str, seed: int) -> tuple[Any, ...]:
    """An example by dice."""
    with np.errstate(all="ignore"):
        return MAKERS[law](Dice(seed))


def is_broken(laws: Laws, functions: ctypes.c_void_p, law: str, seed: int) -> bool:
    """Whether a bound does not hold for an example."""
    return max(laws.ratios(law, functions, example(law, seed))) > 1


def wrong_on_grid(functions: ctypes.c_void_p) -> list[int]:
    """The seeds of examples on the grid that are not as Python has them."""
    return [seed for seed in range(GRID_EXAMPLES) if not grid.is_right(functions, grid.example(Dice(seed)))]


# Indices and what is needed


def counts(library: harness.Library, what: str, rows: int, *sizes: int) -> list[tuple[int, int]]:
    """A table of counting.cpp: indices in the code, and what would do."""
    table = np.zeros(2 * rows, dtype=np.int64)
    library.call(what, *sizes, table)
    return [(int(index), int(needed)) for index, needed in table.reshape(rows, 2)]


def indices(dim: int, width: int) -> dict[str, list[tuple[str, int]]]:
    """For each table of counting.cpp what its rows are about, and the index that the code has there."""
    d = dim - 1
    return {
        "of_bounds": [
            ("gamma of a value", dim),
            ("B", 8),
            ("gamma of a value at a point", dim),
            ("B at a point", 6),
            ("gamma of a sum that is made", 3),
            ("gamma of its scale", 3),
            ("r", 24),
        ],
        "of_forms": [
            ("s of the first layer", dim),
            ("gamma of a form", width + 3),
            ("e", 2 * width + 12),
            ("s", dim),
            ("gamma of a centre's value", dim),
            ("h + B", dim + 8),
        ],
        "of_reach": [("gamma of a vertex's value", dim + 4), ("B of it", 6), ("gamma of an interval", width + 8)],
        "of_solving": [
            ("gamma of a residual", dim + 1),
            ("gamma of I - R M", d + 2),
            ("alpha", 2 * d + 8),
            ("r before it is scaled", 2 * dim + 12),
            ("gamma of the scale", 2),
            ("r", 4),
        ],
    }


def wrong_counts(library: harness.Library) -> list[str]:
    """Which indices are not those of the list, or are too small for the roundings on some path.

    Sums have one rounding more than their index, and do with it: see forms.h.
    """
    wrong = []
    for dim, width in ((2, 2), (3, 5), (5, 4), (6, 9)):
        for what, rows in indices(dim, width).items():
            sizes = (dim, width) if what in ("of_forms", "of_reach") else (dim,)
            for (name, index), (found, needed) in zip(rows, counts(library, what, len(rows), *sizes), strict=True):
                excused = 1 if name.startswith("s") else 0
                if found != index or needed > index + excused:
                    wrong.append(f"{name}: {found}, listed {index}, needed {needed} (d + 1 = {dim}, K = {width})")
    return wrong


# For scripts/mutate_kernel.py


@cache
def _compiled_laws() -> Laws:
    folder = Path(tempfile.gettempdir()) / "polyrelu-proofs"
    folder.mkdir(exist_ok=True)
    return Laws(folder)


def first_broken(kernel: Path) -> str | None:
    """The first law that does not hold for the kernel in a folder, or None."""
    folder = kernel / "proofs"
    folder.mkdir()
    laws, functions = _compiled_laws(), harness.bounds(folder, kernel=kernel)[harness.AS_IT_IS]
    if wrong_on_grid(functions):
        return "grid"
    for name, weak in spoilt.WEAK.items():
        if weak.seed >= 0 and is_broken(laws, functions, weak.law, weak.seed):
            return name
    for law, seeds in QUICK.items():
        if any(is_broken(laws, functions, law, seed) for seed in range(seeds)):
            return law
    wrong = wrong_counts(harness.counting(folder, kernel))
    return wrong[0] if wrong else None
