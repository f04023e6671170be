"""Work that makes many objects and no circles of them, without looking for circles in between."""

from __future__ import annotations

import functools
import gc
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


def without_collection(function: Callable[P, R]) -> Callable[P, R]:
    """The function with Python's search for circles put off until it returns.

    What it makes is freed as ever where nothing refers to it any more; but the search goes through all objects there
    are, again and again as they get more, which is a third of the time of reading a file with a million words.
    """

    @functools.wraps(function)
    def inner(*args: P.args, **kwargs: P.kwargs) -> R:
        was_on = gc.isenabled()
        gc.disable()
        try:
            return function(*args, **kwargs)
        finally:
            if was_on:
                gc.enable()

    return inner
