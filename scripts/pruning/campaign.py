"""Run heuristics on networks: one row a run, every run checked against the default search, nothing run twice.

Rows go to a CSV file as they are made. A row is found again by everything that decides it: the network, the target, the
limits, the heuristic, and a hash of the code that was run. So an interrupted campaign goes on where it stopped, and one
that is asked for more runs only what is new.
"""

from __future__ import annotations

import csv
import hashlib
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, NamedTuple

from loader import Entry, entries, library_code
from tqdm import tqdm
from trial import Found, Limits, Question, Result, run, warm_up

from polyrelu.engines.search import Best, Record
from polyrelu.errors import InputError
from polyrelu.support.files import write_whole

REFERENCE = Best().name
Row = dict[str, str]


class Job(NamedTuple):
    """A heuristic on a question."""

    question: Question
    heuristic: str
    code: str
    limits: Limits

    @property
    def key(self) -> tuple[str, ...]:
        """What a row of the CSV file is found again by."""
        return (*map(str, self.question), self.heuristic, self.code, *map(str, self.limits))


KEY = (*Question._fields, "heuristic", "code", *Limits._fields)
RECORD = tuple(each.name for each in fields(Record))
COLUMNS = (*KEY, "finished", *RECORD, "found", "check", "note")
FLOATS = ("seconds", "lost_volume")

Results = Callable[[Sequence[Job]], Iterator[tuple[Job, Result]]]


def run_job(job: Job, added: tuple[Path, ...]) -> Result:
    """One run of a heuristic that is known by name, in whatever process."""
    make = Best if job.heuristic == REFERENCE else entries(added)[job.heuristic].make
    warm_up(job.heuristic, make)
    return run(job.question, make, job.limits)


def digest(found: Found) -> str:
    """A short hash of a set of pieces."""
    return hashlib.sha256("\n".join(sorted(found)).encode()).hexdigest()[:12]


class Store:
    """The CSV file: rows by key, appended and flushed one by one.

    A last line that was torn by an interruption is cut off, and its run repeated.

    Raises:
        InputError: the file has other columns.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows: dict[tuple[str, ...], Row] = {}
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            self._read()
        else:
            write_whole(path, lambda new: new.write_text(",".join(COLUMNS) + "\n"))

    def _read(self) -> None:
        text = self.path.read_text()
        whole = text[: text.rfind("\n") + 1]
        header, *lines = list(csv.reader(whole.splitlines())) or [[]]
        if header and tuple(header) != COLUMNS:
            raise InputError(
                f"{self.path}: its columns are not those of this version; move the file away, or name another place "
                "with --out"
            )
        if not header:
            whole = ",".join(COLUMNS) + "\n"
        if whole != text:
            print(f"{self.path}: the last line was torn; its run is repeated", file=sys.stderr)
            write_whole(self.path, lambda new: new.write_text(whole))
        for line in lines:
            if len(line) == len(COLUMNS):
                row = dict(zip(COLUMNS, line, strict=True))
                self.rows[tuple(row[name] for name in KEY)] = row

    def keep(self, rows: Iterable[Row]) -> None:
        """Forget all other rows, as those of earlier code."""
        self.rows = {tuple(row[name] for name in KEY): row for row in rows}

        def write(path: Path) -> None:
            with path.open("w", newline="") as file:
                writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
                writer.writeheader()
                writer.writerows(self.rows.values())

        write_whole(self.path, write)

    def add(self, row: Row) -> None:
        """Keep a row, on disk at once."""
        self.rows[tuple(row[name] for name in KEY)] = row
        with self.path.open("a", newline="") as file:
            csv.DictWriter(file, COLUMNS, lineterminator="\n").writerow(row)


@dataclass
class Campaign:
    """Questions and heuristics, run on several processes, smaller widths first.

    Attributes:
        store: where rows are kept.
        heuristics: who is run, beside the default search.
        added: files of users, which other processes load again.
        workers: how many processes; with 1 everything runs in this one.
        failures: one message for each sound heuristic that disagreed, and for each that broke off with an error.
        ran: how many runs were made, rather than read.
    """

    store: Store
    heuristics: Sequence[Entry]
    added: tuple[Path, ...] = ()
    workers: int = 2
    failures: list[str] = field(default_factory=list)
    ran: int = 0
    _references: dict[Question, Found] = field(default_factory=dict)

    def run(self, questions: Iterable[Question], limits: Limits) -> list[Row]:
        """Rows of all runs, the default search first; a heuristic that runs out is not tried on wider layers.

        "Wider" is among questions that differ in nothing but the width and the seed.
        """
        every = list(questions)
        rows: list[Row] = []
        given_up: set[tuple[Any, ...]] = set()
        code = library_code()
        with self._bar(len(every) * (1 + len(self.heuristics))) as bar, self._processes() as results:
            for width in sorted({question.width for question in every}):
                here = [question for question in every if question.width == width]
                for names in ([(REFERENCE, code)], [(entry.name, entry.code) for entry in self.heuristics]):
                    jobs = [
                        Job(question, name, each, limits)
                        for question in here
                        for name, each in names
                        if (name, *_family(question)) not in given_up
                    ]
                    bar.update(len(here) * len(names) - len(jobs))
                    made = self._run_all(jobs, results, bar)
                    given_up |= {
                        (job.heuristic, *_family(job.question))
                        for job, row in zip(jobs, made, strict=True)
                        if row["finished"] in ("nodes", "seconds")
                    }
                    rows += made
        return rows

    def _run_all(self, jobs: list[Job], results: Results, bar: tqdm[Any]) -> list[Row]:
        fresh = [job for job in jobs if job.key not in self.store.rows]
        for job in jobs:
            if job.key in self.store.rows:
                self._recall(self.store.rows[job.key], job)
        bar.update(len(jobs) - len(fresh))
        for job, result in results(fresh):
            self.store.add(self._row(job, result))
            self.ran += 1
            bar.update()
        return [self.store.rows[job.key] for job in jobs]

    def _row(self, job: Job, result: Result) -> Row:
        row = dict(zip(KEY, job.key, strict=True)) | {"finished": result.finished, "note": result.note}
        for name in RECORD:
            value = getattr(result.record, name)
            row[name] = "" if value is None else f"{float(value):.6g}" if name in FLOATS else str(value)
        row["found"] = digest(result.found)
        if job.heuristic == REFERENCE and result.finished == "yes":
            self._references[job.question] = result.found
        row["check"] = self._check(job, result)
        return row

    def _check(self, job: Job, result: Result) -> str:
        """Compare the pieces with those of the default search: "ok", "lost k", or "unchecked" where that ran out."""
        if job.heuristic == REFERENCE:
            return "reference"
        if result.finished == "error":
            self._shout(f"{job.heuristic} broke off on {job.question}: {result.note}")
        reference = self._reference(job)
        if reference is None:
            return "unchecked"
        extra = result.found - reference
        lost = reference - result.found if result.finished == "yes" else frozenset()
        if extra:
            self._shout(
                f"{job.heuristic} on {job.question}: {len(extra)} pieces that the default search does not find: "
                f"{_listed(extra)}"
            )
            return f"{len(extra)} too many"
        if not lost:
            return "ok" if result.finished == "yes" else "ok so far"
        if self._claims(job.heuristic):
            self._shout(
                f"{job.heuristic} claims to be sound, but on {job.question} it lost {len(lost)} of {len(reference)} "
                f"pieces: {_listed(lost)}"
            )
        return f"lost {len(lost)} of {len(reference)}"

    def _recall(self, row: Row, job: Job) -> None:
        """A row that was read: say again what was wrong with it."""
        if row["finished"] == "error":
            self._shout(f"{job.heuristic} broke off on {job.question}: {row['note']}")
        elif row["check"].endswith("too many") or (row["check"].startswith("lost") and self._claims(job.heuristic)):
            self._shout(
                f"{job.heuristic} on {job.question}: {row['check']} pieces (from {self.store.path}; run with --fresh "
                "to see which)"
            )

    def _reference(self, job: Job) -> Found | None:
        """The pieces of the default search; searched again if they were read as a digest only."""
        if job.question not in self._references:
            row = self.store.rows[Job(job.question, REFERENCE, library_code(), job.limits).key]
            if row["finished"] != "yes":
                return None
            self._references[job.question] = run(job.question, Best, Limits(job.limits.limit, 3600)).found
        return self._references[job.question]

    def _claims(self, name: str) -> bool:
        return next(entry.is_sound for entry in self.heuristics if entry.name == name)

    def _shout(self, message: str) -> None:
        self.failures.append(message)
        tqdm.write(f"DISAGREEMENT: {message}", file=sys.stderr)

    @contextmanager
    def _processes(self) -> Iterator[Results]:
        if self.workers == 1:
            yield lambda jobs: ((job, run_job(job, self.added)) for job in jobs)
            return
        pool = ProcessPoolExecutor(self.workers, initializer=signal.signal, initargs=(signal.SIGINT, signal.SIG_IGN))

        def results(jobs: Sequence[Job]) -> Iterator[tuple[Job, Result]]:
            futures = {pool.submit(run_job, job, self.added): job for job in jobs}
            for future in as_completed(futures):
                yield futures[future], future.result()

        try:
            yield results
        finally:
            pool.shutdown(cancel_futures=True)

    @staticmethod
    def _bar(total: int) -> tqdm[Any]:
        return tqdm(total=total, desc="searches", unit=" runs", smoothing=0)


def _family(question: Question) -> tuple[Any, ...]:
    return question._replace(width=0, seed=0)


def _listed(found: Found, at_most: int = 5) -> str:
    """Some pieces by their zeroed coordinates."""
    parts = ["; ".join(_zeroed(block) for block in signs.split("|")) for signs in sorted(found)[:at_most]]
    return "zeroed " + ", ".join(parts) + (f" and {len(found) - at_most} more" if len(found) > at_most else "")


def _zeroed(signs: str) -> str:
    return "{" + ", ".join(str(i) for i, sign in enumerate(signs) if sign == "0") + "}"
