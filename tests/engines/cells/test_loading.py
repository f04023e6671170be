"""Loading compiled code, with a function that compiles in a second."""

import importlib
import sys
import threading

import pytest

import polyrelu as pr
from polyrelu.engines.cells import loading
from polyrelu.support import limits

SOURCE = """
from numba import njit

@njit(cache=True)
def twice(x):
    return 2 * x
"""


@pytest.fixture
def twice(tmp_path, monkeypatch):
    """A compiled function that is new, and how to get it as another process would."""
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "loading_twice.py").write_text(SOURCE)

    def fresh():
        sys.modules.pop("loading_twice", None)
        importlib.invalidate_caches()
        return importlib.import_module("loading_twice").twice

    yield fresh
    sys.modules.pop("loading_twice", None)


def load(function):
    threads = []

    def call():
        threads.append(threading.current_thread() is threading.main_thread())
        function(1)

    loading.load(function, call, "a test")
    return threads


def test_compiling_is_said_once_and_left_to_a_thread(twice, capsys):
    function = twice()
    began = limits.now()
    assert load(function) == [False]
    assert limits.now() - began < 0.2  # the clock stood still
    assert capsys.readouterr().err == "polyrelu: compiling a test, once; this takes a while\n"
    assert load(function) == []
    assert capsys.readouterr().err == ""


def test_what_was_compiled_before_is_loaded_silently_and_here(twice, capsys):
    load(twice())
    capsys.readouterr()
    assert load(twice()) == [True]
    assert capsys.readouterr().err == ""


def test_errors_of_the_thread_are_raised(twice):
    def call():
        raise ZeroDivisionError

    with pytest.raises(pr.InputError, match=r"cannot be loaded \(ZeroDivisionError"):
        loading.load(twice(), call, "a test")


def test_ctrl_c_is_heard_while_others_compile(twice, monkeypatch):
    class Pressed(threading.Event):
        def wait(self, timeout=None):
            raise KeyboardInterrupt

    monkeypatch.setattr(loading, "Event", Pressed)
    with pytest.raises(KeyboardInterrupt):
        load(twice())
    for thread in threading.enumerate():
        if thread.name == limits.COMPILES:
            thread.join()
