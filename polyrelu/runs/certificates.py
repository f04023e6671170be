"""The certificates of a run's parts: for each task that is done a file beside its part, or where its part would be.

They are a search of their own, task by task, which whoever trusts nobody checks together
(:mod:`polyrelu.certificates.parts_checker`). A file that is there is whole; one that is missing is written when the run
is certified again. Which cells are in it depends on the question and the task alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from functools import lru_cache
from typing import NamedTuple

from polyrelu.engines.cells.intervals import Interval
from polyrelu.engines.evidence.parts import write_part
from polyrelu.engines.evidence.question import REGIONS
from polyrelu.engines.evidence.question import Question as Evidence
from polyrelu.errors import InputError
from polyrelu.networks.relevant_part import Restriction
from polyrelu.runs.directory import Directory
from polyrelu.runs.executors import workers
from polyrelu.runs.journal import Done
from polyrelu.runs.record import Record
from polyrelu.runs.tasks import Place, Question, all_places
from polyrelu.support.limits import check

SUFFIX = ".cert.gz"
_AHEAD = 2  # tasks for each worker
_SECONDS_BETWEEN_LOOKS = 0.1


class Share(NamedTuple):
    """What a task has done: patterns of a target's neurons, from one to another.

    Attributes:
        word: the target's number, as certificates have it, or ``regions``.
        interval: the patterns.
    """

    word: str
    interval: Interval


def require_certifiable(question: Question) -> None:
    """Refuse a question whose tasks are not about what its certificate would be.

    Raises:
        InputError: targets overlap; or they see other neurons than the statement has, as where a last ReLU is settled
            by a target; the domain is empty, or contains lines.
    """
    reason = _why_not(question)
    if reason is not None:
        raise InputError(
            f"Run.certify: {reason}; write one certificate of the whole, by certify(run.question.statement)"
        )


def _why_not(question: Question) -> str | None:
    if question.statement.domain.is_empty():
        return "the domain is empty"
    problems = list(_evidence(question).problems.values())
    own = [restriction for _, restriction in question.parts]
    if not all(map(_is_same, own, problems)):
        return "a target settles neurons of the last layer, or has rows that say nothing"
    if [one.target.canonical() for one in own] != [other.target.canonical() for other in problems]:
        return "the targets overlap, and tasks are about disjoint parts of them"
    if len(all_places(question)) != len(question.parts):
        return "the domain contains lines"
    return None


def _is_same(one: Restriction, other: Restriction) -> bool:
    """Whether the same neurons are split on."""
    return all(
        own.relu == others.relu and kept == others_kept
        for own, others, kept, others_kept in zip(
            one.layers, other.layers, one.coordinates, other.coordinates, strict=True
        )
    )


@lru_cache(maxsize=4)
def _evidence(question: Question) -> Evidence:
    return Evidence.of(question.statement)


def share_of(done: Done, question: Question) -> Share | None:
    """What a task has done; None where that is nothing, since it has only listed others.

    Raises:
        ValueError: its roots are none of this question.
    """
    if not done.root and len(all_places(question)) != 1:
        return None
    part, _, interval = Place.of(done.root, question) if done.root else all_places(question)[0]
    after = Place.of(done.open[0], question).interval.first if done.open else interval.last + 1
    if after <= interval.first:
        return None
    word = REGIONS if question.statement.targets is None else f"{question.parts[part][0]:x}"
    return Share(word, Interval(interval.first, after - 1, interval.digits))


def write_certificate(question: Question, directory: Directory, done: Done) -> int:
    """Write the certificate of a task, wherever this is; returns the number of cells."""
    share = share_of(done, question)
    if share is None:
        return 0
    path = directory.part(done.root, SUFFIX)
    directory.make_room(path)
    return write_part(_evidence(question), share.word, share.interval, path)


def certify_run(
    run: Record, executor: Executor | str | None, on_task: Callable[[int, int], object] = lambda done, of: None
) -> None:
    """Write the certificates that are missing.

    Args:
        run: what is done of it is certified.
        executor: where the work is done, as for :func:`polyrelu.runs.coordinator.run`.
        on_task: told how many of how many tasks are certified.

    Raises:
        InputError: as :func:`require_certifiable`.
        WriteError: a file cannot be written.
        KeyboardInterrupt: Ctrl-C, or a limit; go on later.
    """
    require_certifiable(run.question)
    every = run.ledger().done()
    missing = [done for done in every if not run.directory.part(done.root, SUFFIX).exists()]
    there = len(every) - len(missing)
    for number, _ in enumerate(_written(run, missing, executor), there + 1):
        on_task(number, len(every))


def _written(run: Record, missing: list[Done], executor: Executor | str | None) -> Iterator[int]:
    """The numbers of cells of tasks, as they are written."""
    with workers(executor, "Run.certify") as team:
        if team is None:
            for done in missing:
                check()
                yield write_certificate(run.question, run.directory, done)
            return
        waiting, at_work = missing[::-1], set[Future[int]]()
        try:
            while waiting or at_work:
                while waiting and len(at_work) < _AHEAD * team.count():
                    done = waiting.pop()
                    at_work.add(team.executor.submit(write_certificate, run.question, run.directory, done))
                check()
                ended, at_work = wait(at_work, _SECONDS_BETWEEN_LOOKS, FIRST_COMPLETED)
                for future in ended:
                    yield future.result()
        except BaseException:
            team.stop(keep_parts=False)
            raise
