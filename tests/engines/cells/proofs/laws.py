"""The laws of the kernel's bounds, run on examples."""

from __future__ import annotations

import ctypes
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from tests.engines.cells.proofs import harness
from tests.engines.cells.proofs.examples import MAKERS, Dice

QUICK = 400


class Laws:
    """The laws, compiled."""

    def __init__(self, folder: Path) -> None:
        self._library = harness.laws(folder)

    def ratios(self, law: str, functions: ctypes.c_void_p, example: tuple[Any, ...]) -> tuple[float, float]:
        """The largest error / bound of an example, and lemma / bound: laws.cpp says what they are."""
        lemma = ctypes.c_double(0.0)
        arguments = [value.copy() if law.endswith("solving") and hasattr(value, "copy") else value for value in example]
        error = self._library.call(law, functions, *arguments, ctypes.byref(lemma))
        self._library.call("empty")
        assert error >= 0, f"an example of {law} is malformed: {example}"
        return error, lemma.value


@cache
def example(law: str, seed: int) -> tuple[Any, ...]:
    """An example by dice."""
    return MAKERS[law](Dice(seed))


def broken_by(laws: Laws, functions: ctypes.c_void_p, law: str, seed: int) -> bool:
    """Whether a bound does not hold for an example."""
    return max(laws.ratios(law, functions, example(law, seed))) > 1
