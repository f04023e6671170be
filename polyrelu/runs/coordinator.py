"""The coordinator: it alone hands out roots, and takes back what is found and what is left."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from typing import TypeVar

from polyrelu.runs.tasks import WHOLE, Fold, Outcome, Question, Root, work

T = TypeVar("T")

CUTS = 1_000_000


def run(
    question: Question,
    fold: Fold[T],
    *,
    executor: Executor | None = None,
    cuts: int = CUTS,
    roots: Iterable[Root] = (WHOLE,),
    on_done: Callable[[Root, Outcome[T]], object] = lambda root, outcome: None,
) -> T | None:
    """Work on roots, and on all that they leave, until nothing is left; what the fold makes of all, None of nothing.

    Args:
        question: what is asked.
        fold: what is made of tiles.
        executor: where tasks run; None is here, one after the other.
        cuts: the budget of a task.
        roots: where to begin.
        on_done: told of each task that is done, in this thread.
    """
    waiting = deque(roots)
    value: T | None = None
    while waiting:
        root = waiting.popleft()
        outcome = work(question, root, cuts, fold)
        waiting.extendleft(reversed(outcome.open))
        value = outcome.value if value is None else fold.combine(value, outcome.value)
        on_done(root, outcome)
    return value
