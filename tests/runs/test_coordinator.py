"""The coordinator: all tiles, each once and in order, whoever works; and what a stop leaves."""

import itertools
import os
import signal
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import polyrelu as pr
from polyrelu.runs.coordinator import board_of, budget, run, work_off
from polyrelu.runs.executors import workers
from polyrelu.runs.tasks import Question, work
from polyrelu.support.limits import Stop
from tests.strategies import questions

RNG = np.random.default_rng(5)
WIDTHS = (3, 9, 7, 1)
NET = pr.Network([(RNG.normal(size=(n, m)), RNG.normal(size=n)) for m, n in itertools.pairwise(WIDTHS)])
CUBE = ([-1] * 3, [1] * 3)


class Patterns:
    """Target and pattern of each tile, in their order."""

    measures = False

    def start(self, root):
        return ()

    def add(self, value, tiles, target_index):
        return value + tuple((target_index, pattern) for pattern in tiles.patterns(np.arange(len(tiles))))

    def end(self, value):
        return value

    def combine(self, one, other):
        return one + other


def expected(network, target, domain):
    found = pr.linear_regions(network, domain) if target is None else pr.preimage(network, target, domain)
    return [(tile.target_index, tile.pattern) for tile in found]


@settings(max_examples=20, deadline=None)
@given(questions(max_inputs=2, max_width=4, max_depth=2, max_neurons=6), st.integers(1, 50))
def test_a_fold_of_parts_is_that_of_the_whole(question, cuts):
    network, target, domain = question
    found = run(Question.of(*question), Patterns(), cuts=cuts) or ()
    assert sorted(found) == sorted(expected(network, target, domain))


@pytest.mark.parametrize("executor", [None, "threads:2", ThreadPoolExecutor(2)])
@pytest.mark.parametrize("target", [None, ["y0 > 1", "y0 <= 0"]])
def test_in_their_order_whoever_works(executor, target):
    question, tree = Question.of(NET, target, CUBE), []
    found = run(question, Patterns(), executor=executor, cuts=80, on_done=lambda root, outcome: tree.append(root))
    assert list(found or ()) == expected(NET, target, CUBE)
    alone = []
    run(question, Patterns(), cuts=80, on_done=lambda root, outcome: alone.append(root))
    assert sorted(tree) == sorted(alone)
    assert len(alone) > 5


def test_who_is_done_last_does_not_matter():
    """Roots are worked on from the last one to the first, and neighbours are put together all the same."""
    question = Question.of(NET, None, CUBE)
    board = board_of(question, Patterns(), 80)
    while board.waiting:
        root = max(board.waiting)
        board.waiting.remove(root)
        board.at_work.add(root)
        board.done(root, work(question, root, board.budget(root), Patterns()))
    assert list(board.value() or ()) == expected(NET, None, CUBE)
    assert len(board._runs) == 1
    assert board.share_left == 0


def test_what_is_left_becomes_less():
    board = board_of(Question.of(NET, None, CUBE), Patterns(), 80)
    shares = [board.share_left]
    work_off(board, on_done=lambda root, outcome: shares.append(board.share_left))
    assert shares[0] == 1.0
    assert shares[-1] == 0.0
    assert all(one + 1e-6 >= other for one, other in itertools.pairwise(shares))
    assert len(set(shares)) > 5


class Pressed(Patterns):
    """Somebody presses Ctrl-C while the k-th batch is added."""

    def __init__(self, when):
        self.when, self.batches = when, itertools.count()

    def add(self, value, tiles, target_index):
        if next(self.batches) == self.when:
            os.kill(os.getpid(), signal.SIGINT)
        return super().add(value, tiles, target_index)


@pytest.mark.parametrize("executor", [None, "threads:2"])
@pytest.mark.parametrize("when", [0, 3, 9])
@pytest.mark.parametrize("keep_parts", [True, False])
def test_a_stop_between_two_steps(executor, when, keep_parts):
    """What is done and what is left make up the whole."""
    question, before = Question.of(NET, None, CUBE), signal.getsignal(signal.SIGINT)
    board = board_of(question, Pressed(when), 80)
    with pytest.raises(Stop), workers(executor, "test") as team:
        work_off(board, team, keep_parts=keep_parts)
    assert not board.at_work
    assert board.left
    again = board_of(question, Patterns(), 10**6, board.left)
    work_off(again)
    assert sorted([*(board.value() or ()), *(again.value() or ())]) == expected(NET, None, CUBE)
    assert signal.getsignal(signal.SIGINT) is before


def test_an_error_in_a_task_is_raised():
    class Broken(Patterns):
        def add(self, value, tiles, target_index):
            raise ZeroDivisionError

    for executor in (None, "threads:2"):
        with pytest.raises(ZeroDivisionError):
            run(Question.of(NET, None, CUBE), Broken(), executor=executor)


def test_budgets():
    sizes = {dim: budget(Question.of(pr.Network([(np.eye(dim), np.zeros(dim))]), None, None)) for dim in (1, 4, 5, 8)}
    assert sizes == {1: 1 << 20, 4: 1 << 20, 5: 1 << 19, 8: 1 << 16}
