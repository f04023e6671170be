"""Where a run lives: a directory with its question, its journal and its parts.

* ``question.txt``: the statement (``certificates/FORMAT.md``, section 1); its SHA-256 is the question's name.
* ``run.json``: the formats, the versions and the settings on which the bytes of parts depend.
* ``journal``: see :mod:`polyrelu.runs.journal`.
* ``parts/ab/abc...parquet``: see :mod:`polyrelu.runs.parts`; each has the SHA-256 of its root as its name.
* ``lock``: held by the one process that works; what it says about itself is empty when nobody does.

Whatever is written is written to another name first, waited for, and renamed. So after a crash or a power cut each of
these files is what it was or what it was going to be.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from polyrelu.errors import InputError
from polyrelu.runs.tasks import Root
from polyrelu.support.files import explained, make_directory, sync_directory, write_bytes, write_whole

try:
    import fcntl
except ImportError:  # not on Windows, where nobody looks whether another process works
    fcntl = None  # type: ignore[assignment]

FORMAT = "polyrelu run 1"
_LARGEST_HEADER = 2**20
_NAME_LENGTH = 40
_ATTEMPTS, _BETWEEN_ATTEMPTS = 5, 0.05
_OWN = {"question.txt", "run.json", "journal", "parts", "lock"}


class Settings(NamedTuple):
    """On what the tree of tasks, and the bytes of parts, depend beside the question.

    Attributes:
        cuts: the budget of a task.
        measure: whether tiles are measured.
        engine: the version of what finds tiles.
    """

    cuts: int
    measure: bool
    engine: str


@dataclass(frozen=True)
class Directory:
    """The places of a run.

    Attributes:
        path: the directory.
    """

    path: Path

    @property
    def question(self) -> Path:
        """The statement."""
        return self.path / "question.txt"

    @property
    def header(self) -> Path:
        """Formats, versions and settings; where it is, there is a run."""
        return self.path / "run.json"

    @property
    def journal(self) -> Path:
        """What is done."""
        return self.path / "journal"

    @property
    def lock(self) -> Path:
        """Who works."""
        return self.path / "lock"

    def part(self, root: Root, suffix: str = ".parquet") -> Path:
        """The file of a task's tiles, or what stands beside it."""
        name = hashlib.sha256(root).hexdigest()[:_NAME_LENGTH]
        return self.path / "parts" / name[:2] / f"{name}{suffix}"

    def write_part(self, root: Root, content: bytes, suffix: str = ".parquet") -> None:
        """Write such a file, whole or not at all, and wait until the disk has it.

        Raises:
            WriteError: the system refuses.
        """
        place = self.part(root, suffix)
        self.make_room(place)
        write_whole(place, lambda new: write_bytes(new, content))

    def make_room(self, place: Path) -> None:
        """Make the directory of such a file, and wait until the disk has it.

        Raises:
            WriteError: the system refuses.
        """
        if not place.parent.is_dir():
            make_directory(place.parent)
            for above in (place.parent.parent, self.path):
                sync_directory(above)

    # -- the header -----------------------------------------------------------------------------------------------

    def exists(self) -> bool:
        """Whether there is a run."""
        return self.header.is_file()

    def check_free(self) -> None:
        """Refuse a directory that something else is in.

        Raises:
            InputError: it is no directory, or has other files.
        """
        if not self.path.exists():
            return
        if not self.path.is_dir():
            raise InputError(f"{self.path}: is a file; a run needs a directory of its own")
        others = sorted({path.name for path in self.path.iterdir() if not path.name.startswith(".")} - _OWN)
        if others:
            raise InputError(f"{self.path}: has other files, such as {others[0]!r}; a run needs a directory of its own")

    def write_header(self, settings: Settings, digest: str) -> None:
        """Make the run. What is there before is there, the header comes last."""
        from importlib.metadata import version  # imports half the standard library

        said = {"format": FORMAT, "version": version("polyrelu"), "question": digest, **settings._asdict()}
        text = json.dumps(said, indent=1) + "\n"
        write_whole(self.header, lambda new: write_bytes(new, text.encode()))

    def read_header(self, digest: str) -> Settings:
        """The settings.

        Raises:
            InputError: there is no run, it is damaged, of another format, or of another question than this.
        """
        try:
            with self.header.open("rb") as stream:
                said: Any = json.loads(stream.read(_LARGEST_HEADER))
            kind, question = said["format"], said["question"]
            settings = Settings(*(said[name] for name in Settings._fields))
            sound = all(type(v) is kind for v, kind in zip(settings, (int, bool, str), strict=True))
        except FileNotFoundError:
            raise InputError(f"{self.path}: there is no run in this directory") from None
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise InputError(f"{self.header}: damaged, or not the header of a run ({error})") from error
        if kind != FORMAT or not sound or settings.cuts < 1:
            raise InputError(f"{self.header}: is of the format {kind!r}; this version of polyrelu reads {FORMAT!r}")
        if question != digest:
            raise InputError(
                f"{self.path}: the hash of question.txt begins {digest[:12]}, and that of the run's question "
                f"{str(question)[:12]}; one of them was exchanged"
            )
        return settings

    # -- the lock -------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def locked(self) -> Iterator[Worker]:
        """Be the one process that works.

        Raises:
            InputError: another one works.
            WriteError: the lock cannot be written.
        """
        with explained(self.lock):
            handle = os.open(self.lock, os.O_CREAT | os.O_RDWR | getattr(os, "O_CLOEXEC", 0), 0o666)
        try:
            if not _taken(handle):
                raise InputError(f"{self.path}: {self._who()} works on this run; wait for it, or stop it")
            worker = Worker(handle)
            try:
                yield worker
            finally:
                worker.be_silent()
        finally:
            os.close(handle)

    def worker(self) -> dict[str, Any] | None:
        """What the process that works says about itself; None where nobody works, or nobody can tell."""
        if fcntl is None or not self.lock.is_file():
            return None
        with self.lock.open("rb") as stream:
            with contextlib.suppress(OSError):
                fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
                return None  # nobody holds it
            return _said(stream.read(_LARGEST_HEADER))

    def _who(self) -> str:
        said = self.worker() or {}
        known = {"process", "host"} <= said.keys()
        return f"process {said['process']} on {said['host']}" if known else "another process"


class Worker:
    """The process that works: it says so in the lock that it holds.

    Args:
        handle: the lock, open and held.
    """

    def __init__(self, handle: int) -> None:
        self._handle = handle

    def say(self, **more: float) -> None:
        """Leave a note, for who asks how it goes. That it cannot be written does no harm."""
        note = {"process": os.getpid(), "host": socket.gethostname(), "time": time.time(), **more}
        with contextlib.suppress(OSError):
            content = json.dumps(note).encode()
            os.pwrite(self._handle, content, 0)
            os.ftruncate(self._handle, len(content))

    def be_silent(self) -> None:
        """Take the note away."""
        with contextlib.suppress(OSError):
            os.ftruncate(self._handle, 0)


def _taken(handle: int) -> bool:
    if fcntl is None:
        return True
    for _ in range(_ATTEMPTS):  # who asks whether it is held holds it for a moment, too
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(_BETWEEN_ATTEMPTS)
        except OSError:  # file systems without locks
            return True
        else:
            return True
    return False


def _said(content: bytes) -> dict[str, Any]:
    with contextlib.suppress(ValueError):
        said = json.loads(content)
        if isinstance(said, dict):
            return said
    return {}
