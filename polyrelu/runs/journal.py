"""The journal of a run: what each task that is done has left, and the part that it has written.

A line a task, with a checksum in front. A line is appended when the task's part is on the disk, and the disk has the
line before anything is built on it. Lines that a crash has torn, or damage, say nothing: their tasks are done again.
What is open follows: the root of everything, unless its line is there; and what that has left, unless its lines are.

When nothing is open the lines are put in order, so that a run ends with the same bytes whatever has happened to it.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from polyrelu.runs.tasks import WHOLE, Root
from polyrelu.support.files import explained, write_bytes, write_whole

HEAD = "polyrelu journal 1"
_CHECK = 16  # hexadecimal digits


class PartNote(NamedTuple):
    """What the journal has of a part.

    Attributes:
        bytes, digest: how long the file is, and its SHA-256 in hexadecimal digits.
        tiles, flat: how many tiles it has, and how many of these are flat.
        first, last: the packed signs of its first and its last tile, as hexadecimal digits.
        volume: between which floats the volume of its tiles lies; None where that is not known.
    """

    bytes: int
    digest: str
    tiles: int
    flat: int
    first: str
    last: str
    volume: tuple[float, float] | None = None


@dataclass(frozen=True)
class Done:
    """A task that is done.

    Attributes:
        root: its root.
        open: the roots that it has left.
        sizes: for each of these the share of the domain's volume that it has at most; None where that is not known.
        tiles, cuts: how many tiles it has found, and how many cuts it has made.
        part: its tiles on the disk; None where there are none.
    """

    root: Root
    open: tuple[Root, ...]
    sizes: tuple[float, ...] | None
    tiles: int
    cuts: int
    part: PartNote | None

    def line(self) -> str:
        """As the journal has it."""
        said = {
            "root": self.root.hex(),
            "open": [root.hex() for root in self.open],
            "sizes": None if self.sizes is None else [size.hex() for size in self.sizes],
            "tiles": self.tiles,
            "cuts": self.cuts,
            "part": None if self.part is None else _as_json(self.part),
        }
        text = json.dumps(said, separators=(",", ":"))
        return f"{_checksum(text)} {text}\n"

    @classmethod
    def read(cls, line: str) -> Done | None:
        """A line of the journal; None where it is torn or damaged."""
        checksum, _, text = line.rstrip("\n").partition(" ")
        if not line.endswith("\n") or checksum != _checksum(text):
            return None
        said = json.loads(text)
        sizes = said["sizes"]
        return cls(
            root=bytes.fromhex(said["root"]),
            open=tuple(map(bytes.fromhex, said["open"])),
            sizes=None if sizes is None else tuple(map(float.fromhex, sizes)),
            tiles=said["tiles"],
            cuts=said["cuts"],
            part=None if said["part"] is None else _part(said["part"]),
        )


def _as_json(part: PartNote) -> dict[str, Any]:
    volume = None if part.volume is None else [end.hex() for end in part.volume]
    return part._asdict() | {"volume": volume}


def _part(said: Mapping[str, Any]) -> PartNote:
    volume = said["volume"]
    ends = None if volume is None else (float.fromhex(volume[0]), float.fromhex(volume[1]))
    return PartNote(**{name: said[name] for name in PartNote._fields} | {"volume": ends})


def _checksum(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:_CHECK]


class Ledger:
    """What is known of a run's tasks: the lines of its journal by their roots, and what follows.

    Args:
        lines: in any order; of two for one root the later one counts.
    """

    def __init__(self, lines: Iterable[Done] = ()) -> None:
        self._by_root = {done.root: done for done in lines}

    def add(self, done: Done) -> None:
        """A task more."""
        self._by_root[done.root] = done

    def drop(self, root: Root) -> None:
        """Forget a task, which is to be done again; what was built on it counts once that is done."""
        self._by_root.pop(root, None)

    def all(self) -> list[Done]:
        """All lines, of tasks that cannot be reached yet, too."""
        return list(self._by_root.values())

    def _reached(self) -> Iterator[tuple[Root, float, Done | None]]:
        """All roots that come from the first one, with their sizes: done or open."""
        waiting = [(WHOLE, 1.0)]
        while waiting:
            root, size = waiting.pop()
            done = self._by_root.get(root)
            yield root, size, done
            if done is not None:
                waiting += zip(done.open, done.sizes or [math.nan] * len(done.open), strict=True)

    def done(self) -> list[Done]:
        """The tasks that are done, in the order of their roots, which is that of their tiles."""
        return sorted((done for _, _, done in self._reached() if done is not None), key=lambda done: done.root)

    def open(self) -> list[Root]:
        """The roots that are open, in their order."""
        return sorted(root for root, _, done in self._reached() if done is None)

    def left(self) -> float:
        """The share of the domain's volume that open roots have at most, summed up; NaN where that is not known."""
        return math.fsum(size for _, size, done in self._reached() if done is None)


def read_journal(path: Path, digest: str) -> Ledger:
    """What a journal says; one that is not there, or is of another question, says nothing."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines(keepends=True)
    except FileNotFoundError:
        return Ledger()
    if not lines or lines[0] != _head(digest):
        return Ledger()
    return Ledger(filter(None, map(Done.read, lines[1:])))


def write_journal(path: Path, digest: str, done: Iterable[Done]) -> None:
    """Replace a journal by one with these lines, in the order of their roots."""
    lines = [_head(digest), *(one.line() for one in sorted(done, key=lambda one: one.root))]
    write_whole(path, lambda new: write_bytes(new, "".join(lines).encode()))


def _head(digest: str) -> str:
    return f"{HEAD} {digest}\n"


class Journal:
    """A journal to which lines are appended, by the one process that holds the run's lock.

    Args:
        path: its file, which is there and ends with a whole line.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle = os.open(path, os.O_WRONLY | os.O_APPEND | getattr(os, "O_CLOEXEC", 0))

    def append(self, done: Done) -> None:
        """Write a line, and wait until the disk has it.

        Raises:
            WriteError: the system refuses; a part of the line may be there, which says nothing.
        """
        with explained(self._path):
            content = done.line().encode()
            while content:
                content = content[os.write(self._handle, content) :]
            os.fsync(self._handle)

    def close(self) -> None:
        """Nothing more is appended."""
        os.close(self._handle)
