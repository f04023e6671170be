"""Threads whose owner is stopped at any moment."""

import signal
import threading
import time
from functools import partial

import pytest

from polyrelu.support.workers import Worker, finish


def test_a_worker_works_and_is_waited_for():
    made = []
    worker = Worker(lambda: made.append(threading.get_ident()))
    finish([worker])
    assert worker.is_done
    assert worker.wait(0)
    assert worker.error is None
    assert made != [threading.get_ident()]


def test_an_error_is_kept():
    worker = Worker(lambda: 1 / 0)
    finish([worker])
    assert isinstance(worker.error, ZeroDivisionError)


def sleep_until(told):
    while not told:
        time.sleep(1e-4)


def test_waiting_ends_after_some_time():
    stop: list[bool] = []
    worker = Worker(lambda: sleep_until(stop))
    assert not worker.wait(0.01)
    stop.append(True)
    finish([worker])
    assert worker.wait(0)


def test_waiting_ends_when_the_work_does():
    began = time.monotonic()
    assert Worker(lambda: time.sleep(0.01)).wait(60)
    assert time.monotonic() - began < 30


class Stopped(KeyboardInterrupt):
    pass


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="has no alarms")
def test_signals_at_any_moment_leave_no_worker_waiting():
    """Alarms come all the time, between any two steps of the owner; each worker ends all the same."""
    heard = []

    def stop(number, frame):
        heard.append(number)
        raise Stopped

    before = signal.signal(signal.SIGALRM, stop)
    try:
        for k in range(300):
            told: list[bool] = []
            worker = None
            try:
                signal.setitimer(signal.ITIMER_REAL, 1e-5 * (k % 60 + 1))
                worker = Worker(partial(sleep_until, told))
                while True:
                    worker.wait(0.0001)
            except Stopped:
                told.append(True)
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
            if worker is not None:
                finish([worker])
                assert worker.is_done
    finally:
        signal.signal(signal.SIGALRM, before)
    assert len(heard) == 300


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="has no alarms")
def test_a_signal_while_workers_finish_is_raised_when_they_have():
    def stop(number, frame):
        raise Stopped

    before = signal.signal(signal.SIGALRM, stop)
    try:
        workers = [Worker(lambda: time.sleep(0.2)) for _ in range(3)]
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        with pytest.raises(Stopped):
            finish(workers)
        assert all(worker.is_done for worker in workers)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
