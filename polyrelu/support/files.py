"""Files that are whole or not there: each is written beside its place, and moved to it once it is complete.

What is half written is called ``.NAME.XXXXXXXX.unfinished.SUFFIX`` after the file that it was going to be. It vanishes
with every exception, Ctrl-C included. Only a killed process leaves it behind; the next one that writes the same file
removes it, because the lock that its writer held is gone.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import stat
from collections.abc import Callable, Iterator
from os import PathLike
from pathlib import Path

from polyrelu.errors import WriteError

try:
    import fcntl
except ImportError:  # not on Windows, where leftovers stay
    fcntl = None  # type: ignore[assignment]

_KEPT_CHARACTERS = 40  # of a name, so that what is put around it fits where names are short
_ADVICE = {
    errno.ENOSPC: "make room on the disk, or choose another place",
    errno.EDQUOT: "the quota is used up; make room, or choose another place",
    errno.EFBIG: "it would be larger than this process may make a file (ulimit -f); raise that limit",
    errno.EACCES: "you may not write there; change the permissions, or choose another place",
    errno.EPERM: "you may not write there; change the permissions, or choose another place",
    errno.EROFS: "choose a place that can be written to",
    errno.ENAMETOOLONG: "choose a shorter name",
    errno.EEXIST: "a file is there; choose another place",
    errno.ENOENT: "make the directory first, or choose another place",
    errno.ENOTDIR: "part of its path is a file; choose another place",
    errno.ELOOP: "its links lead in a circle; choose another place",
}


def write_whole(path: str | PathLike[str], write: Callable[[Path], object]) -> None:
    """Let ``write`` make a file, and put it in its place when it is complete; until then what is there stays.

    A symbolic link is followed, and the permissions of a file that is replaced are kept.

    Args:
        path: where to.
        write: writes to the path that it is given, which is in the same directory and has the same suffix.

    Raises:
        WriteError: the system refuses; the message names the file, and says what to do.

    Cost: that of ``write``, and of waiting until the disk has it.
    """
    with explained(path):
        place = _place(path)
        _remove_leftovers(place)
        handle, new = -1, place
        try:
            while handle < 0:
                new = place.with_name(f"{_beginning(place)}{secrets.token_hex(4)}.unfinished{place.suffix}")
                handle = _made(new)
            if place.exists():
                new.chmod(stat.S_IMODE(place.stat().st_mode))
            write(new)
            os.fsync(handle)
            if fcntl is None:  # Windows moves no open files
                os.close(handle)
                handle = -1
            new.replace(place)
            sync_directory(place.parent)
        finally:  # a new name each time, so nothing of others is removed
            if new != place:
                new.unlink(missing_ok=True)
            if handle >= 0:
                os.close(handle)


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file that is there, piece by piece as the system takes them."""
    handle = os.open(path, os.O_WRONLY | getattr(os, "O_BINARY", 0))
    try:
        rest = memoryview(content)
        while rest:
            rest = rest[os.write(handle, rest) :]
    finally:
        os.close(handle)


def check_place(path: str | PathLike[str]) -> None:
    """Find out, before long work, whether a file could be written.

    Raises:
        WriteError: it could not: as of now it is a directory, write-protected, or in a place that takes no files.
    """
    with explained(path):
        place = _place(path)
        if place.exists() and not os.access(place, os.W_OK):
            raise WriteError(f"{path}: is write-protected; choose another name, or change its permissions")
        _remove_leftovers(place)
        trial = place.with_name(f"{_beginning(place)}{secrets.token_hex(4)}.unfinished{place.suffix}")
        try:
            os.close(_made(trial))
        finally:
            trial.unlink(missing_ok=True)


def make_directory(path: str | PathLike[str]) -> Path:
    """A directory, made if it is not there, with those that it lies in.

    Raises:
        WriteError: it cannot be made, or is something else.
    """
    directory = Path(path)
    with explained(path):
        directory.mkdir(parents=True, exist_ok=True)
    return directory


def free_name(path: Path) -> Path:
    """The path, or if there is a file the first of ``name-2``, ``name-3``, ... where there is none."""
    number, free = 1, path
    while os.path.lexists(free):
        number += 1
        free = path.with_stem(f"{path.stem}-{number}")
    return free


def _place(path: str | PathLike[str]) -> Path:
    """Where a file is really, behind symbolic links."""
    if "\0" in os.fspath(path):
        raise WriteError(f"{os.fspath(path)!r}: no name has a zero character; choose another name")
    place = Path(os.path.realpath(path))
    with contextlib.suppress(FileNotFoundError):
        kind = place.stat().st_mode
        if stat.S_ISDIR(kind):
            raise WriteError(f"{path}: is a directory; choose another name")
        if not stat.S_ISREG(kind):
            raise WriteError(f"{path}: is no ordinary file; choose another name")
    if not place.parent.is_dir():
        raise WriteError(f"{path}: there is no directory {place.parent}; make it first, or choose another place")
    return place


def _beginning(place: Path) -> str:
    return f".{place.name[:_KEPT_CHARACTERS]}."


def _made(path: Path) -> int:
    """A new file, locked as long as the handle is open; -1 if another process has taken it for a leftover."""
    handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | getattr(os, "O_CLOEXEC", 0), 0o666)
    try:
        if fcntl is not None:
            with contextlib.suppress(OSError):  # file systems without locks
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not path.exists():
                os.close(handle)
                return -1
    except BaseException:
        os.close(handle)
        raise
    return handle


def _remove_leftovers(place: Path) -> None:
    """Remove what killed processes have left of the file: nobody holds its lock."""
    if fcntl is None or not os.access(place.parent, os.R_OK):
        return
    name = re.compile(rf"{re.escape(_beginning(place))}[0-9a-f]{{8}}\.unfinished{re.escape(place.suffix)}")
    for path in [path for path in place.parent.iterdir() if name.fullmatch(path.name)]:
        with contextlib.suppress(OSError):  # of another user, locked, or gone by now
            handle = os.open(path, os.O_RDWR | os.O_NOFOLLOW)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                path.unlink()
            finally:
                os.close(handle)


def sync_directory(directory: Path) -> None:
    """Make the new name last; where that is not possible, the file is whole all the same."""
    with contextlib.suppress(OSError):
        handle = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextlib.contextmanager
def explained(path: str | PathLike[str]) -> Iterator[None]:
    """What the system refuses, with the file's name and what to do."""
    try:
        yield
    except WriteError:
        raise
    except OSError as error:
        reason = error.strerror or str(error) or type(error).__name__
        advice = _ADVICE.get(error.errno or 0, "choose another place")
        raise WriteError(f"{path}: cannot be written ({reason}); {advice}") from error
