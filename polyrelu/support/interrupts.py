"""Ctrl-C that is heard between steps, and not in the middle of one.

Python raises KeyboardInterrupt between any two of its own steps. Work that is to lose nothing then has to be written
for that in each line; or, as here, it asks :func:`polyrelu.support.limits.check` where it may be stopped, and Ctrl-C is
one more limit.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from polyrelu.support.limits import Limit


@contextmanager
def heard_between_steps() -> Iterator[None]:
    """Within this, Ctrl-C is a limit that is reached; pressed twice, it raises KeyboardInterrupt at once.

    Only the main thread hears of it, and only where nobody has put another handler in place.
    """
    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    pressed = list[int]()

    def note(number: int, frame: FrameType | None) -> None:
        if pressed:
            signal.default_int_handler(number, frame)
        pressed.append(number)

    signal.signal(signal.SIGINT, note)
    try:
        with Limit(lambda _: bool(pressed)).kept():
            yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
