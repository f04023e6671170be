"""Runs on disk: a question that is answered part by part, and can be killed at any moment.

Each task writes its tiles as one file where it works, and then the coordinator notes in the journal that it is done.
What is noted is on the disk. So a crash, a power cut or a full disk costs the tasks that were under way, and nothing
else; the tree of tasks does not depend on who works on them (:mod:`polyrelu.runs.tasks`), and neither do the parts.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from polyrelu.errors import InputError, Interrupted
from polyrelu.runs.certificates import certify_run
from polyrelu.runs.checking import check_run
from polyrelu.runs.coordinator import run
from polyrelu.runs.directory import Directory, Worker
from polyrelu.runs.journal import Done, Journal, Ledger, PartNote, write_journal
from polyrelu.runs.opening import tiling_of
from polyrelu.runs.parts import About, PartWriter, digest_of
from polyrelu.runs.record import Record, engine_version
from polyrelu.runs.status import Status, outward
from polyrelu.runs.tasks import Outcome, Root
from polyrelu.support.arguments import whole_number
from polyrelu.support.limits import Limit, Stop
from polyrelu.tilings.columns import Columns
from polyrelu.tilings.stored_tiling import StoredTiling


class Run(Record):
    """A run on disk: made, or continued, in a directory of its own.

    Args:
        directory: where it lives, or is going to; it is made.
        network, target, domain: the question, as for :func:`polyrelu.preimage`; without a target, the linear regions.
            Without a network the run is there already, and says itself what it is about.
        cuts: the budget of a task: what is lost with a task that is killed. By default a second or two of work.
        measure: find volumes and boxes of tiles, too, which takes about twice as long in the plane, and more beyond.

    Raises:
        InputError: there is no run, or one of another question or of other settings, or other files; or something is
            wrong with the question.
        WriteError: the directory cannot be written.
        MissingExtraError: pyarrow is not installed.

    Attributes:
        directory: its places.
        question: what is asked.
        settings: on what the bytes of its parts depend, beside the question.

    >>> import polyrelu as pr, tempfile
    >>> net = pr.Network([([[1, 0], [0, 1], [1, 1]], [0, 0, -1]), ([[1, -1, 1]], [0])])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     run = pr.Run(f"{folder}/run", net, "y0 > 0", ([-1, -1], [1, 1]))
    ...     status = run.work()
    ...     len(run.tiling())
    3
    >>> status.tiles, status.complete
    (3, True)
    """

    def tiling(self) -> StoredTiling:
        """The tiles that are there, see :func:`polyrelu.open_tiling`."""
        return tiling_of(self)

    def check(self, threads: int = 1) -> list[str]:
        """What is wrong with the run, in words: nothing where its tasks make up the whole and its parts are sound.

        Args:
            threads: how many parts are looked at at a time.

        Cost: all parts are read, some microseconds a tile; memory for a part for each thread.
        """
        return list(check_run(self, whole_number(threads, "Run.check: threads", 1)))

    # -- work ---------------------------------------------------------------------------------------------------------

    def work(
        self,
        executor: Executor | str | None = None,
        *,
        until: Callable[[int], bool] | None = None,
        timeout: float | None = None,
        on_task: Callable[[Status], object] | None = None,
    ) -> Status:
        """Go on until nothing is left.

        Parts that are missing or damaged are made again. What is there when this is stopped, killed or cut off from
        power is there when it goes on, and the run ends with the same bytes.

        Args:
            executor: where tasks run, as for :func:`polyrelu.count`: any of :mod:`concurrent.futures` and its like, or
                ``"threads:2"``, ``"processes:2"``, ``"dask://HOST:PORT"``; None is this thread. Its workers write to
                the directory, so it must be theirs, too.
            until: asked time and again, with the number of tiles of this call, whether to stop.
            timeout: seconds after which to stop.
            on_task: told how it stands after each task.

        Returns:
            How the run stands, complete.

        Raises:
            InputError: another process works on it, or it was begun by another version of the engine.
            WriteError: a part or the journal cannot be written, for example since the disk is full; go on when there is
                room.
            Interrupted: Ctrl-C, or a limit said so; its ``partial`` is the status.

        Cost: that of :func:`polyrelu.preimage`, and a quarter of it for writing; memory for a task's tiles, for each
        worker.
        """
        if self.settings.engine != engine_version():
            raise InputError(
                f"Run: {self.directory.path} was begun by the engine {self.settings.engine}, and this one is "
                f"{engine_version()}, which may divide the work in another way; install that version, or begin anew"
            )
        limit = Limit(until, timeout, "Run.work")
        with self.directory.locked() as worker:
            ledger = self._repaired()
            recorder = _Recorder(self, ledger, worker, limit, on_task)
            try:
                with limit.kept():
                    self._go_on(executor, recorder)
            except KeyboardInterrupt as stop:
                status = Status.of(ledger)
                when = f" after {timeout} seconds" if limit.late else ""
                raise Interrupted(
                    f"Run.work: stopped{when} with {status.tiles} tiles in {status.tasks} tasks; run it again to go on",
                    status,
                ) from stop
            finally:
                recorder.close()
            self._finish(ledger)
        return Status.of(ledger)

    def certify(
        self,
        executor: Executor | str | None = None,
        *,
        timeout: float | None = None,
        on_task: Callable[[int, int], object] = lambda done, of: None,
    ) -> None:
        """Write a certificate for each task that is done, beside its part, by a second search.

        When the run is complete, ``polyrelu check DIR`` proves by these that no tile is missing, without trusting what
        has found them. Certificates that are there are not written again.

        Args:
            executor: where the work is done, as for :meth:`work`.
            timeout: seconds after which to stop.
            on_task: told after each task how many of how many are certified.

        Raises:
            InputError: tasks are not about what a certificate would be: targets overlap, or settle a last ReLU; the
                domain is empty, or contains lines.
            WriteError: a file cannot be written.
            Interrupted: Ctrl-C, or a limit; certify again to go on. Its ``partial`` is how many tasks have theirs.

        Cost: up to three times that of :meth:`work`, and a tenth of a millisecond for each vertex of a cell.
        """
        limit, there = Limit(timeout=timeout, where="Run.certify"), 0

        def count(done: int, of: int) -> None:
            nonlocal there
            there = done
            on_task(done, of)

        try:
            with limit.kept():
                certify_run(self, executor, count)
        except KeyboardInterrupt as stop:
            when = f" after {timeout} seconds" if limit.late else ""
            raise Interrupted(
                f"Run.certify: stopped{when} with {there} tasks certified; certify again to go on", there
            ) from stop

    def _repaired(self) -> Ledger:
        """The tasks whose parts are sound, with a journal that has no torn line."""
        ledger = self.ledger()
        for done in ledger.done():
            if self.damaged(done) is not None:
                ledger.drop(done.root)
        write_journal(self.directory.journal, self.question.digest, ledger.all())
        return ledger

    def _go_on(self, executor: Executor | str | None, recorder: _Recorder) -> None:
        fold = Storing(self.directory, self.about(b""))
        run(
            self.question,
            fold,
            executor=executor,
            cuts=self.settings.cuts,
            roots=recorder.ledger.open(),
            on_done=recorder.note,
        )

    def _finish(self, ledger: Ledger) -> None:
        """Put the journal in order, and remove what killed processes have left."""
        done = ledger.done()
        write_journal(self.directory.journal, self.question.digest, done)
        known = {self.directory.part(one.root) for one in done if one.part is not None}
        for path in self.directory.path.glob("parts/??/*"):
            if path not in known and path.suffix == ".parquet":
                with suppress(OSError):
                    path.unlink()


@dataclass(frozen=True)
class Storing:
    """The fold that writes the tiles of a task to its file, in the process that has found them.

    Attributes:
        directory: the run's places.
        about: what parts are about, but for their roots.
    """

    directory: Directory
    about: About

    @property
    def measures(self) -> bool:
        """Whether tiles need sizes."""
        return self.about.measured

    def start(self, root: Root) -> Any:
        """A file that is begun, in memory."""
        return PartWriter(replace(self.about, root=root))

    def add(self, value: Any, tiles: Columns, target_index: int) -> Any:
        """With one more batch."""
        del target_index
        value.add(tiles)
        return value

    def end(self, value: Any) -> PartNote | None:
        """The file is on the disk, and this is what to note of it; None where there are no tiles."""
        written = value.close()
        if written is None:
            return None
        self.directory.write_part(value.about.root, written.content)
        volume = _volume(written.volumes) if written.volumes else None
        return PartNote(
            bytes=len(written.content),
            digest=digest_of(written.content),
            tiles=written.tiles,
            flat=written.flat,
            first=written.first.hex(),
            last=written.last.hex(),
            volume=volume,
        )

    def combine(self, one: Any, other: Any) -> None:
        """Nothing is put together: it is on the disk."""
        del one, other


def _volume(volumes: list[Any]) -> tuple[float, float] | None:
    low, high = np.concatenate(volumes, axis=1)
    return None if np.isnan(low).any() or np.isnan(high).any() else outward(low.tolist(), high.tolist())


class _Recorder:
    """Notes what is done in the journal, and how it goes in the lock."""

    def __init__(
        self, run: Run, ledger: Ledger, worker: Worker, limit: Limit, on_task: Callable[[Status], object] | None
    ) -> None:
        self.ledger = ledger
        self._journal = Journal(run.directory.journal)
        self._worker, self._limit, self._on_task = worker, limit, on_task
        before = Status.of(ledger)
        self._begun = {"begun": time.time(), "tiles": before.tiles}
        if before.share is not None:
            self._begun["share"] = before.share
        self._found = 0
        worker.say(**self._begun)

    def note(self, root: Root, outcome: Outcome[PartNote | None]) -> None:
        """A task is done: its part is on the disk, now the journal says so."""
        done = Done(root, outcome.open, outcome.sizes, outcome.tiles, outcome.cuts, outcome.value)
        self._journal.append(done)
        self.ledger.add(done)
        self._found += outcome.tiles
        self._worker.say(**self._begun)
        if self._on_task is not None:
            self._on_task(Status.of(self.ledger, self._begun))
        if self._limit(self._found) and self.ledger.open():
            raise Stop

    def close(self) -> None:
        """Nothing more is noted."""
        self._journal.close()
