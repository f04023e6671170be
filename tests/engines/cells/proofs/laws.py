"""The laws of the kernel's bounds, run on examples."""

from __future__ import annotations

import ctypes
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tests.engines.cells.proofs import grid, harness
from tests.engines.cells.proofs.examples import MAKERS, Dice

QUICK = {"forms": 150, "box": 150, "reach": 250, **dict.fromkeys(("signs", "inside", "meeting", "solving"), 250)}
GRID_EXAMPLES = 400


class Laws:
    """The laws, compiled."""

    def __init__(self, folder: Path, kernel: Path = harness.KERNEL) -> None:
        self._library = harness.laws(folder, kernel)

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


class Strength(NamedTuple):
    """Of a law on its first examples: of how many the kernel says something, and the largest of each ratio."""

    said: int
    error: float
    lemma: float


LEAST_STRENGTH = {
    "signs": Strength(250, 0.9999, 0.9999),
    "inside": Strength(250, 0.9999, 0.9999),
    "meeting": Strength(104, 0.999, 0.9999),
    "solving": Strength(90, 0.4401, 0.0),
    "forms": Strength(150, 0.9999, 0.9999),
    "box": Strength(150, 0.9999, 0.9999),
    "reach": Strength(142, 0.9999, 0.0),
}
"""Bounds that say less would be right, too; these are what they are said to be, and some examples come close."""


def strength(laws: Laws, functions: ctypes.c_void_p, law: str) -> Strength:
    """What it is."""
    found = [laws.ratios(law, functions, example(law, seed)) for seed in range(QUICK[law])]
    said = sum(lemma >= 0 for _, lemma in found)
    return Strength(said, max(error for error, _ in found), max(lemma for _, lemma in found))


def is_weaker(one: Strength, other: Strength) -> bool:
    """Whether some part of a strength is less."""
    return any(a < b for a, b in zip(one, other, strict=True))


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


def zonotope_indices(inputs: int, width: int) -> dict[str, list[list[int]]]:
    """For each table of counting_zonotope.cpp the indices that the code has in each step.

    First those of gammas, then each that bounds are raised by, with the number of bounds; all neurons may switch.
    """
    d, w = inputs, width

    def layer(before: int, columns: int, outputs: int, shared: int) -> list[int]:
        whole = [4, 2 * outputs] if shared == 0 else [shared + 4, outputs, 4, outputs]
        return [1, before, 2 * before + 12, outputs, columns + 2, outputs, *whole]

    return {
        "of_zonotope": [
            [3, 2 * d],
            [d + 3, 4, *layer(d, 1 + d, w, 0)],
            [3, 6, 3 * w],
            [w + 3, w + 8, 4, *layer(w, 1 + d + w, 2, 0)],
            [3, 6, 3 * 2],
            [d + w + 9, 10, 1],
        ],
        "of_zonotope_on_cell": [
            [1, d + 1, 8, 2, 2, 1 + 2 * w, 3, 1],
            [w + 3, w + 8, 4, *layer(w, 1 + d + w, 2, d)],
        ],
    }


def wrong_counts_of_zonotopes(library: harness.Library) -> list[str]:
    """Which indices are not those of the list, or are too small for the roundings on some path.

    raised(2) does where one rounding came before its product: that is no less than the next float.
    """
    wrong = []
    for inputs, width in ((3, 5), (4, 7)):
        for what, steps in zonotope_indices(inputs, width).items():
            found = counts(library, what, sum(len(own) + 1 for own in steps), inputs, width)
            listed = [index for own in steps for index in (*own, 0)]
            if [index for index, _ in found] != listed:
                wrong.append(f"{what}: {[index for index, _ in found]}, listed {listed}")
            wrong += [f"{what}: {index}, needed {needed}" for index, needed in found if needed > index + (index == 2)]
    return wrong
