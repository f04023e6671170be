"""Mutants by hand: a function with a piece of its text replaced, to show that a test sees the difference."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable
from functools import cached_property
from typing import Any


def mutated(function: Callable[..., Any], old: str, new: str) -> Callable[..., Any]:
    """The function as it would be with ``new`` for ``old``, which must occur once in its text.

    Of a cached property pass and get the function behind it.
    """
    text = textwrap.dedent(inspect.getsource(function))
    assert text.count(old) == 1, f"{old!r} occurs {text.count(old)} times in {function.__qualname__}"
    namespace = dict(vars(inspect.getmodule(function)))
    exec(compile(text.replace(old, new), f"<mutant of {function.__qualname__}>", "exec"), namespace)
    mutant = namespace[function.__name__]
    return mutant.func if isinstance(mutant, cached_property) else mutant
