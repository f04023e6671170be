"""The progress bar."""

import io
import sys
import threading
from multiprocessing.synchronize import SemLock

import pytest
from tqdm import tqdm
from tqdm.std import TqdmDefaultWriteLock

from polyrelu.engines.faces.unrelu import face_progress
from polyrelu.support.progress import _kind, progress_bar


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(("progress", "here", "on_a_terminal"), [(True, True, True), (False,) * 3, (None, False, True)])
def test_the_bar_is_shown_always_never_or_only_on_a_terminal(monkeypatch, progress, here, on_a_terminal):
    for stream, shown in ((io.StringIO(), here), (Terminal(), on_a_terminal)):
        monkeypatch.setattr(sys, "stderr", stream)
        with progress_bar(progress, range(3), total=3) as bar:
            assert bar.disable is not shown
            assert list(bar) == [0, 1, 2]
        assert stream.getvalue().strip("\r ") == ""  # it waits a second


def test_faces_are_counted_against_their_number():
    bar = face_progress([(), (0,)], 2, True)
    assert isinstance(bar, tqdm)
    with bar:
        assert bar.total == 2


def test_no_thread_watches_it():
    before = threading.active_count()
    with progress_bar(True, range(3)) as bar:
        assert threading.active_count() == before
        list(bar)


def test_it_makes_no_semaphore(monkeypatch):
    made = []
    monkeypatch.setattr(SemLock, "__init__", lambda *args, **options: made.append(args))
    monkeypatch.delattr(tqdm, "_lock", raising=False)
    monkeypatch.delattr(TqdmDefaultWriteLock, "mp_lock", raising=False)
    kind = _kind.__wrapped__()
    assert list(kind(range(3), disable=True)) == [0, 1, 2]
    assert made == []


def test_it_takes_the_lock_that_bars_have_already(monkeypatch):
    lock = threading.RLock()
    monkeypatch.setattr(tqdm, "_lock", lock, raising=False)
    assert getattr(_kind.__wrapped__(), "_lock", None) is lock
