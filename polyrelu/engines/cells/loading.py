"""Loading compiled code: once a process, from numba's cache or by compiling it, which takes from a second to a minute.

The clock of limits stands still meanwhile (:func:`polyrelu.support.limits.loading`). Whether something is compiled,
numba says itself: only then is it told. The compiler hears no Ctrl-C, so it works in a thread of its own, and who waits
does.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from threading import Event, Thread
from typing import Any

from numba.core.event import Listener, install_listener

from polyrelu.engines.cells.compiled import explained
from polyrelu.support.limits import COMPILES, loading

_POLL_SECONDS = 0.1


def load(function: Any, call: Callable[[], object], what: str) -> None:
    """Load a compiled function, unless it is.

    Args:
        function: what numba's ``njit`` made.
        call: calls it with arguments of the types that it is for, and nothing to do.
        what: its name, for people who wait.

    Raises:
        InputError: its code can neither be loaded nor made.

    Cost: a second when it was compiled before, up to a minute when not.
    """
    if getattr(function, "signatures", True):  # without numba's compiler it is a function of Python
        return
    with loading(), install_listener("numba:compile", _Teller(what)):
        if _is_cached(function):
            explained(function, call)
        else:
            _in_a_thread(partial(explained, function, call))


class _Teller(Listener):
    """Says once that something is compiled."""

    def __init__(self, what: str) -> None:
        self.what, self.told = what, False

    def on_start(self, event: Any) -> None:
        if not self.told:
            self.told = True
            print(f"polyrelu: compiling {self.what}, once; this takes a while", file=sys.stderr)

    def on_end(self, event: Any) -> None:
        pass


def _is_cached(function: Any) -> bool:
    """Whether numba's cache has an index for the function that is newer than its source; then it will be used."""
    code = function.py_func.__code__
    source = Path(code.co_filename)
    cache = Path(function.stats.cache_path or "")
    indices = cache.glob(f"{source.stem}.{function.py_func.__qualname__}-{code.co_firstlineno}.*.nbi")
    try:
        return any(index.stat().st_mtime >= source.stat().st_mtime for index in indices)
    except OSError:
        return False


def _in_a_thread(call: Callable[[], object]) -> None:
    done = Event()
    failed: list[BaseException] = []

    def work() -> None:
        try:
            call()
        except BaseException as error:
            failed.append(error)
        finally:
            done.set()

    Thread(target=work, name=COMPILES, daemon=True).start()
    while not done.wait(_POLL_SECONDS):
        pass
    if failed:
        raise failed[0]
