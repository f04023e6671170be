"""The progress bar."""

import io
import sys
import threading

import pytest
from tqdm import tqdm

from polyrelu.engines.faces.unrelu import face_progress
from polyrelu.support.progress import progress_bar


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
