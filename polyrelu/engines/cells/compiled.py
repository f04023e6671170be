"""Calls of compiled functions, whose code numba keeps on disk, where it may have been damaged, or have no room."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from polyrelu.arithmetic.ieee import UnsoundFloats
from polyrelu.errors import InputError


def called(function: Any, *arguments: Any) -> Any:
    """What a compiled function returns; errors as in :func:`explained`."""
    return explained(function, partial(function, *arguments))


def explained(function: Any, call: Callable[[], Any]) -> Any:
    """What a call of a compiled function returns.

    Raises:
        InputError: its code can neither be loaded nor made; the message names the folder that it is kept in.
    """
    try:
        return call()
    except UnsoundFloats:
        raise
    except Exception as error:
        if getattr(function, "overloads", True):  # it is there, so this is an error of its own
            if isinstance(error, OSError):  # or of keeping it
                return call()
            raise
        folder, reason = function.stats.cache_path, f"{type(error).__name__}: {error}"
        if isinstance(error, OSError):
            what, advice = "kept", "make room there, or set NUMBA_CACHE_DIR to another folder"
        else:
            what, advice = "loaded", "delete that folder, and it will be compiled again"
        raise InputError(f"compiled code in {folder} cannot be {what} ({reason}); {advice}") from error
