"""Ctrl-C that is heard between steps."""

import os
import signal
import threading

import pytest

from polyrelu.support.interrupts import heard_between_steps
from polyrelu.support.limits import Stop, check


def press():
    os.kill(os.getpid(), signal.SIGINT)


def test_it_waits_for_a_step_to_end():
    done = []

    def work():
        with heard_between_steps():
            press()
            done.append(1)
            check()

    with pytest.raises(Stop):
        work()
    assert done == [1]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_pressed_twice_it_does_not_wait():
    def work():
        with heard_between_steps():
            press()
            press()

    with pytest.raises(KeyboardInterrupt) as caught:
        work()
    assert not isinstance(caught.value, Stop)


def test_others_handlers_stay():
    heard = []
    before = signal.signal(signal.SIGINT, lambda *_: heard.append(1))
    try:
        with heard_between_steps():
            press()
            check()
    finally:
        signal.signal(signal.SIGINT, before)
    assert heard == [1]


def test_in_a_thread_nothing_changes():
    done = []

    def work():
        with heard_between_steps():
            check()
            done.append(1)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == [1]
