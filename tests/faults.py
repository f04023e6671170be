"""What can go wrong with a disk, on purpose: processes that die in a system call, calls that fail, power that fails.

Everything that a run writes goes through a few calls of ``os``. They are counted here, and at a chosen one something
happens. ``python -m tests.faults DIRECTORY ...`` is a process that works on a run and dies at a chosen call.
"""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random
from typing import Any, TypeAlias

CALLS = ("write", "fsync", "replace")
Fault: TypeAlias = Callable[[str, Callable[..., Any], tuple[Any, ...]], Any]
"""Asked at the chosen call, with its name, what it does, and its arguments."""


class Calls:
    """Counts the calls, and has something happen at one of them.

    Args:
        at: the number of the call, from 0; None never.
        fault: what happens there.
    """

    def __init__(self, at: int | None = None, fault: Fault | None = None) -> None:
        self.at, self.fault, self.count = at, fault, 0

    @contextmanager
    def counted(self) -> Iterator[Calls]:
        """Within this, calls are counted."""
        real = {name: getattr(os, name) for name in CALLS}
        try:
            for name, call in real.items():
                setattr(os, name, self._counting(name, call))
            yield self
        finally:
            for name, call in real.items():
                setattr(os, name, call)

    def _counting(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*args: Any) -> Any:
            number, self.count = self.count, self.count + 1
            if number == self.at and self.fault is not None:
                return self.fault(name, call, args)
            return call(*args)

        return counted


def no_room(name: str, call: Callable[..., Any], args: tuple[Any, ...]) -> Any:
    """The disk is full: half of what was to be written is there."""
    if name == "write":
        handle, content = args
        call(handle, bytes(content)[: len(content) // 2])
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def death(name: str, call: Callable[..., Any], args: tuple[Any, ...]) -> Any:
    """The process is killed, in the middle of the call where it has one."""
    if name == "write":
        handle, content = args
        call(handle, bytes(content)[: len(content) // 2])
    elif os.getpid() % 2:
        call(*args)
    os.kill(os.getpid(), signal.SIGKILL)


class PowerCut(Exception):
    """The power fails here."""


class Disk:
    """A disk that has, after a power cut, what was waited for, and of the rest what chance leaves.

    Args:
        random: the chance.
        at: the number of the call at which the power fails.
    """

    def __init__(self, random: Random, at: int) -> None:
        self.random = random
        self.calls = Calls(at, self._cut)
        self._safe: dict[tuple[int, int], int] = {}  # of files that were written to, how much is safe
        self._paths: dict[tuple[int, int], str] = {}
        self._renames: list[tuple[str, str, bytes | None]] = []  # that the directory does not have yet

    @contextmanager
    def failing(self) -> Iterator[None]:
        """Within this the power fails, if it comes to the chosen call; then the disk is as it may be left."""
        with self.calls.counted():
            watched = {name: getattr(os, name) for name in CALLS}
            for name in CALLS:
                setattr(os, name, getattr(self, f"_{name}")(watched[name]))
            try:
                yield
            except PowerCut:
                self._lose()

    def _write(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def write(handle: int, content: Any) -> Any:
            key = _inode(handle)
            self._safe.setdefault(key, os.fstat(handle).st_size)
            self._paths[key] = os.readlink(f"/proc/self/fd/{handle}")
            return call(handle, content)

        return write

    def _fsync(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def fsync(handle: int) -> Any:
            found = call(handle)
            self._safe.pop(_inode(handle), None)
            place = os.readlink(f"/proc/self/fd/{handle}")
            self._renames = [rename for rename in self._renames if os.path.dirname(rename[1]) != place]
            return found

        return fsync

    def _replace(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def replace(old: Any, new: Any) -> Any:
            before = Path(new).read_bytes() if Path(new).exists() else None
            found = call(old, new)
            self._renames.append((str(old), str(new), before))
            self._paths = {key: str(new) if path == str(old) else path for key, path in self._paths.items()}
            return found

        return replace

    def _cut(self, name: str, call: Callable[..., Any], args: tuple[Any, ...]) -> Any:
        if self.random.random() < 0.5:
            call(*args)
        raise PowerCut

    def _lose(self) -> None:
        for key, safe in self._safe.items():
            path = Path(self._paths[key])
            if path.exists():
                size = path.stat().st_size
                os.truncate(path, self.random.randint(min(safe, size), size))
        kept = self.random.randint(0, len(self._renames))  # a file system with a journal loses the latest ones
        for _, new, before in reversed(self._renames[kept:]):
            if before is None:
                Path(new).unlink(missing_ok=True)
            else:
                Path(new).write_bytes(before)


def _inode(handle: int) -> tuple[int, int]:
    found = os.fstat(handle)
    return found.st_dev, found.st_ino


def contents(directory: Path) -> dict[str, bytes]:
    """All files of a run, by their names in it; in the lock a killed process leaves its note."""
    files = (path for path in sorted(directory.rglob("*")) if path.is_file() and path.name != "lock")
    return {str(path.relative_to(directory)): path.read_bytes() for path in files}


def work_and_die(directory: Path, at: int | None, seconds: float | None = None) -> int:
    """Have another process go on with a run, and die at a call, or after some time; what it exits with."""
    command = [sys.executable, "-m", "tests.faults", str(directory), str(-1 if at is None else at)]
    with subprocess.Popen(command, cwd=Path(__file__).parent.parent) as process:
        try:
            return process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait()


def forked(act: Callable[[], object], seconds: float | None = None) -> int:
    """Let a fork of this process act, which need not begin anew, and kill it after some time; what it exits with.

    This process must not have worked on runs itself: what the threads of libraries hold stays held in the fork.
    """
    child = os.fork()
    if not child:
        with suppress(BaseException):
            act()
            os._exit(0)
        os._exit(1)
    if seconds is not None:
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)  # which may be done by now, but is there until it is waited for
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def go_on(directory: Path, at: int | None = None) -> int:
    """Go on with a run, and die at a call; how many there were."""
    import polyrelu as pr

    run = pr.Run(directory)
    with Calls(at, death).counted() as calls:
        run.work()
    return calls.count


def main(directory: str, at: str) -> None:
    """Go on with a run, and die at a call."""
    go_on(Path(directory), int(at))


if __name__ == "__main__":
    main(*sys.argv[1:])
