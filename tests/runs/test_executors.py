"""Where tasks run: what is meant, and what becomes of workers that are lost."""

import itertools
import os
import signal
import sys
import time

import numpy as np
import pytest

import polyrelu as pr
from polyrelu.runs.coordinator import board_of, work_off
from polyrelu.runs.executors import workers
from polyrelu.runs.folds import Count
from polyrelu.runs.tasks import Question

RNG = np.random.default_rng(5)
WIDTHS = (3, 9, 7, 1)
NET = pr.Network([(RNG.normal(size=(n, m)), RNG.normal(size=n)) for m, n in itertools.pairwise(WIDTHS)])
CUBE = ([-1] * 3, [1] * 3)


@pytest.mark.parametrize("text", ["thread:2", "threads", "threads:", "threads:two", "threads:-1", "dask:8786", ""])
def test_unknown_texts(text):
    with pytest.raises(pr.InputError, match=r"count: executor .* is unknown; pass threads:N, processes:N or dask://"):
        pr.count(NET, None, CUBE, executor=text)


def test_what_is_no_executor():
    with pytest.raises(pr.InputError, match=r"count: threads: 0 is out of range"):
        pr.count(NET, None, CUBE, executor="threads:0")
    with pytest.raises(pr.InputError, match="count: executor 3 has no submit"):
        pr.count(NET, None, CUBE, executor=3)  # type: ignore[arg-type]


def test_a_cluster_without_dask(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(pr.MissingExtraError, match=r"polyrelu\[dask\]"):
        pr.count(NET, None, CUBE, executor="dask://127.0.0.1:8786")


@pytest.mark.slow
def test_a_process_that_is_killed():
    """The pool is made again, and what it was at is done again."""
    question, killed = Question.of(NET, None, CUBE), list[int]()
    with workers("processes:2", "test") as team:

        def kill(root, outcome):
            if len(killed) < 2 and outcome.tiles:
                killed.append(next(iter(vars(team)["executor"]._processes)))
                os.kill(killed[-1], signal.SIGKILL)
                time.sleep(0.1)

        board = board_of(question, Count(), 100)
        work_off(board, team, kill)
    assert len(killed) == 2
    assert board.value() == {0: pr.count(NET, None, CUBE)}
