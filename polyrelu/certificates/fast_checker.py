"""The compiled checker, for large certificates: what :mod:`polyrelu.certificates.checker` says, sooner.

The statement and a certificate's first lines are read by the small checker's own code. Blocks of vertices and cells go
to a library in C++ (``fast/``), which evaluates the network in integers, as the small one does: most signs are decided
by rounded integers within proven bounds, the others exactly. Blocks are read by several threads. Nothing is shared with
engines. Where the two checkers were to disagree the small one would be right.

It also reads certificates that have rows instead of coordinates (FORMAT.md, section 4), and writes the coordinates.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import contextmanager
from math import gcd
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from typing import Any, Protocol

from polyrelu.certificates import checker
from polyrelu.certificates.checker import Rejected
from polyrelu.certificates.fast_library import Block, Target, checker_library

COORDINATES, ROWS, EXPANDED = range(3)
"""What the lines of a block are: ``v`` lines; ``w`` lines; ``w`` lines that are to become ``v`` lines."""

_KINDS = {"polyrelu-cells": COORDINATES, "polyrelu-rows": ROWS}
_Head = dict[int, tuple[str, ...]]  # the lines on coordinates, by inputs
_PIECE = 2**18  # characters that are read at a time: some tenths of a second of work, after which a stop is heard
_MOST_AT_ONCE = 2**26  # characters of a block that wait for a thread


def check_fast(statement: str | Path, *certificates: str | Path, threads: int = 2) -> str:
    """What certificates prove about a statement, in the words of ``checker.py``.

    Args:
        statement: the file with the question.
        certificates: files with evidence, of coordinates or of rows, compressed or not.
        threads: how many read blocks at the same time.

    Returns:
        The claim, such as ``preimage: target 0: 18 tiles, 0 flat parts, 2 zones``.

    Raises:
        checker.Rejected: nothing is proved; the message says why.
        OSError: a file cannot be read.

    Cost: about 10 microseconds a vertex for networks of two layers, 60 for ACAS Xu; memory for patterns and a block.
    """
    question = Path(statement).read_bytes()
    with _rejections(), _Pool(threads) as pool:
        reader = _Checker(question, pool, 2 * threads)
        others = [path for path in certificates if not reader.reads_cells(path)]
        if others:  # points, and empty domains, which are said in a line
            with TemporaryDirectory() as folder:
                return str(checker.check(question, [*_in_coordinates(question, others, Path(folder))]))
        return reader.claim()


def _in_coordinates(question: bytes, paths: Sequence[str | Path], folder: Path) -> Iterator[str | Path]:
    """The same files, with expansions of those that have rows."""
    for number, path in enumerate(paths):
        with _opened(path) as source:
            has_rows = (source.line() or [""])[0] == "polyrelu-rows"
        if has_rows:
            expanded = folder / str(number)
            with _opened(path) as source, expanded.open("wb") as to:
                _Expander(question, to).read(source)
            path = expanded
        yield path


def expand(statement: str | Path, rows: str | Path, coordinates: str | Path, level: int = 6) -> None:
    """Write a certificate with coordinates, from one that has rows instead.

    Args:
        statement: the file with the question.
        rows: the certificate; it is not checked.
        coordinates: the file to write, compressed if its name ends in ``.gz``.
        level: of the compression, from 1 (fast) to 9 (small).

    Raises:
        checker.Rejected: the file is no such certificate.
        OSError: a file cannot be read or written.
    """
    target = Path(coordinates)
    with (
        _rejections(),
        _opened(rows) as source,
        gzip.open(target, "wb", level) if target.suffix == ".gz" else target.open("wb") as to,
    ):
        _Expander(Path(statement).read_bytes(), to).read(source)


def rows_as_text(statement: checker.Statement, head: _Head, target: int | None) -> bytes:
    """The rows of a target, or of the linear regions, as the library reads them: see ``fast/rows.h``.

    They are the small checker's: each layer is reduced to what the target sees, and hands on what the target reads from
    earlier ones, and the constant, which comes last. What lines change has been checked, and is left out.
    """
    known = checker.Target(statement, head, target)
    d, base, inputs, last = known.d, known.base, known.d, len(known.levels) - 1
    domain = [row[: d + 1] for row in known.levels[0][1][:base]]
    said = [f"{d:x} {base:x}"]
    for relation, row in zip(known.kinds[:base], domain, strict=True):
        divisor = gcd(*row) or 1  # the smallest integers, which rounded ones can be exact for
        said.append(f"{relation} {_hexadecimal([-a // divisor for a in row])}")
    said.append(f"{last + 1:x}")
    for number, (_, rows, numbered, _) in enumerate(known.levels):
        if number == 0:
            rows, numbered = [row[: d + 1] for row in rows[base:]], numbered - base
        elif number == 1:
            rows = [row[base:] for row in rows]  # the domain's rows hand on nothing
        # Where nothing follows any number will do; by powers of two rounded weights stay exact.
        q = 1 << max((abs(a) for row in rows for a in row), default=0).bit_length()
        if number < last:
            *rows, (*_, q) = rows
        said.append(f"{len(rows):x} {inputs:x} {q:x}")
        said += [f"{int(k < numbered)} {_hexadecimal(row)}" for k, row in enumerate(rows)]
        inputs = len(rows)
    conditions = [] if target is None else statement.targets[target]
    return " ".join([*said, *(relation for _, _, relation in conditions)]).encode()


def _hexadecimal(values: Sequence[int]) -> str:
    return " ".join(format(value, "x") for value in values)


@contextmanager
def _rejections() -> Iterator[None]:
    """Whatever is said of files that are no evidence becomes a rejection."""
    try:
        yield
    except (Rejected, OSError, MemoryError):
        raise
    except Exception as reason:
        raise Rejected(str(reason) if isinstance(reason, checker_library().Rejected) else repr(reason)) from reason


def need(condition: bool, message: str) -> None:
    """What the proof needs."""
    if not condition:
        raise Rejected(message)


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class _Writable(Protocol):
    def write(self, text: bytes, /) -> int: ...


class _Source:
    """A file as lines, and as pieces of many lines."""

    def __init__(self, file: _Readable) -> None:
        self._file, self._held, self._at, self._size = file, b"", 0, 0

    def line(self) -> list[str] | None:
        """The words of the next line; None at the end."""
        while (end := self._held.find(b"\n", self._at)) < 0:
            need(len(self._held) - self._at <= checker.MOST_IN_LINE, "a line that is too long")
            if not self._more():
                need(self._at == len(self._held), "a line that does not end")
                return None
        line, self._at = self._held[self._at : end], end + 1
        need(len(line) < checker.MOST_IN_LINE, "a line that is too long")
        return line.decode().split()

    def begins_with(self, letter: bytes) -> bool:
        """Whether the next line does."""
        while self._at == len(self._held) and self._more():
            pass
        return self._held[self._at : self._at + 1] == letter

    def block(self) -> Iterator[bytes]:
        """Lines up to the next one that begins with b or e."""
        while True:
            if self._held[self._at : self._at + 1] in {b"b", b"e"}:
                return
            ends = [self._held.find(mark, self._at) for mark in (b"\nb", b"\ne")]
            found = min((end for end in ends if end >= 0), default=None)
            last = self._held.rfind(b"\n", self._at) if found is None else found
            end = last + 1 or self._at
            if end > self._at:
                piece, self._at = self._held[self._at : end], end
                yield piece
            need(len(self._held) - self._at <= checker.MOST_IN_LINE or found is not None, "a line that is too long")
            if found is None and not self._more():
                need(self._at == len(self._held), "a line that does not end")
                return

    def _more(self) -> bool:
        read = self._file.read(_PIECE)
        self._size += len(read)
        need(self._size <= checker.MOST_IN_FILE, "a file that is too long")
        self._held, self._at = self._held[self._at :] + read, 0
        return bool(read)


@contextmanager
def _opened(path: str | Path) -> Iterator[_Source]:
    with open(path, "rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
        file.seek(0)
        if not packed:
            yield _Source(file)
            return
        with gzip.open(file, "rb") as unpacked:
            yield _Source(unpacked)


class _Evidence:
    """What files of cells are about: their first lines, and the rows of targets."""

    def __init__(self, question: bytes) -> None:
        self.statement = checker.Statement(question)
        self.numbers: list[int | None] = [*range(len(self.statement.targets))] or [None]

    def kind(self, source: _Source) -> str:
        """What a file is, by its first line."""
        words = source.line() or []
        need(len(words) == 3 and words[1] == "1" and words[2] == self.statement.hash, "evidence for another statement")
        return words[0]

    def number(self, name: str) -> int | None:
        """A target by its name."""
        number: int | None = None if name == "regions" else checker.whole(name, 0, len(self.numbers) - 1)
        need(number in self.numbers, "linear regions, where the statement has targets, or the other way round")
        return number

    def target(self, number: int | None, head: _Head) -> Target:
        """What is to be known of a target, in the coordinates of which the head speaks."""
        return checker_library().Target(rows_as_text(self.statement, head, number))

    def lines_of_part(self, source: _Source) -> _Head:
        """The ``line`` lines after a ``cells`` line."""
        lines = _Head()
        while source.begins_with(b"l"):
            words = source.line() or []
            need(words[0] == "line", f"what is {words[0][:40]}?")
            lines |= self.on_coordinates(words)
        return lines

    def on_coordinates(self, words: list[str]) -> _Head:
        """A line of the head, by its input."""
        word, number, *others = words
        return {checker.whole(number, 0, self.statement.widths[0] - 1): (word, *others)}


class _Checker(_Evidence):
    """Has the library read the cells of files."""

    def __init__(self, question: bytes, pool: _Pool, most_waiting: int) -> None:
        super().__init__(question)
        self._pool, self._most_waiting = pool, most_waiting
        self._targets: dict[int | None, tuple[_Head, Target]] = {}

    def reads_cells(self, path: str | Path) -> bool:
        """Read a file, if it has cells."""
        with _opened(path) as source:
            kind, head, has_cells = self.kind(source), _Head(), False
            if kind not in _KINDS:
                return False
            while (words := source.line()) is not None:
                if words[0] == "cells":
                    has_cells = True
                    _, name, _ = words
                    known = self._part_of(self.number(name), head | self.lines_of_part(source))
                    self._read_part(source, known, _KINDS[kind])
                elif words[0] == "empty":
                    return False
                else:
                    need(words[0] in {"eq", "line"} and not has_cells, f"what is {words[0][:40]}?")
                    head |= self.on_coordinates(words)
            need(has_cells, "a certificate without cells")
        return True

    def claim(self) -> str:
        """What is proved."""
        need(self._targets.keys() == set(self.numbers), "a target without cells")
        totals = [self._targets[number][1].finish() for number in self.numbers]
        if self.numbers == [None]:
            return f"regions: {totals[0][0]}"
        if not any(tiles or flat for tiles, flat, _ in totals):
            return "holds: no point of the domain maps into a target"
        said = (f"target {j}: {t} tiles, {flat} flat parts, {z} zones" for j, (t, flat, z) in enumerate(totals))
        return "preimage: " + "; ".join(said)

    def _part_of(self, number: int | None, head: _Head) -> Target:
        if number not in self._targets:
            self._targets[number] = head, self.target(number, head)
        known_head, known = self._targets[number]
        need(known_head == head, "a part in other coordinates than the one before it")
        return known

    def _read_part(self, source: _Source, known: Target, kind: int) -> None:
        waiting, count = list[Future[int]](), 0
        while source.begins_with(b"b"):
            words = source.line()
            need(words == ["b"], "what is a block?")
            waiting.append(self._submit(source, known.block(kind)))
            if len(waiting) >= self._most_waiting:
                count += waiting.pop(0).result()
        count += sum(future.result() for future in waiting)
        words = source.line() or ["the end"]
        need(words[0] == "end" and len(words) == 2, f"what is {words[0][:40]}?")
        need(count == checker.whole(words[1], 1, checker.MOST_IN_FILE), "cells are missing")

    def _submit(self, source: _Source, block: Block) -> Future[int]:
        """Have a block read, by a thread; here what is too much to wait."""
        pieces, size = list[bytes](), 0
        for piece in source.block():
            pieces.append(piece)
            size += len(piece)
            if size > _MOST_AT_ONCE:
                self._pool.submit(self._pool.read, block, pieces).result()
                pieces, size = [], 0
        return self._pool.submit(self._pool.read_and_close, block, pieces)


class _Pool(ThreadPoolExecutor):
    """Threads that read blocks; when its owner is stopped, or rejects, they leave theirs at the next piece."""

    def __init__(self, threads: int) -> None:
        super().__init__(threads)
        self._stopped = Event()

    def read(self, block: Block, pieces: Sequence[bytes]) -> None:
        """Read pieces of a block."""
        for piece in pieces:
            if self._stopped.is_set():
                raise CancelledError
            block.read(piece)

    def read_and_close(self, block: Block, pieces: Sequence[bytes]) -> int:
        """Read the last pieces of a block; how many cells it has."""
        self.read(block, pieces)
        return block.close()

    def __exit__(self, kind: type[BaseException] | None, *raised: Any) -> None:
        """Wait for the threads, which have little to do any more if something was raised."""
        if kind is not None:
            self._stopped.set()
            self.shutdown(wait=False, cancel_futures=True)
        super().__exit__(kind, *raised)


class _Expander(_Evidence):
    """Copies a certificate, with coordinates in the place of rows."""

    def __init__(self, question: bytes, to: _Writable) -> None:
        super().__init__(question)
        self._to = to

    def read(self, source: _Source) -> None:
        """Read a file, and write what it becomes."""
        need(self.kind(source) == "polyrelu-rows", "not a certificate with rows")
        self._write("polyrelu-cells", "1", self.statement.hash)
        head = _Head()
        while (words := source.line()) is not None:
            self._write(*words)
            if words[0] == "cells":
                self._expand_part(source, self.number(words[1]), head)
            else:
                need(words[0] in {"eq", "line", "empty"}, f"what is {words[0][:40]}?")
                if words[0] != "empty":
                    head |= self.on_coordinates(words)

    def _expand_part(self, source: _Source, number: int | None, head: _Head) -> None:
        lines = self.lines_of_part(source)
        for key, (word, *others) in lines.items():
            self._write(word, f"{key:x}", *others)
        target = self.target(number, head | lines)
        while source.begins_with(b"b"):
            self._write(*(source.line() or []))
            block = target.block(EXPANDED)
            for piece in source.block():
                self._to.write(block.read(piece))
            block.close()
        words = source.line() or ["the end"]
        need(words[0] == "end", f"what is {words[0][:40]}?")
        self._write(*words)

    def _write(self, *words: str) -> None:
        self._to.write(" ".join(words).encode() + b"\n")
