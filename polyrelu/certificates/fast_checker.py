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
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from polyrelu.certificates import checker
from polyrelu.certificates.checker import Rejected, need
from polyrelu.certificates.fast_library import Block, Target, checker_library

COORDINATES, ROWS, EXPANDED = range(3)
"""What the lines of a block are: ``v`` lines; ``w`` lines; ``w`` lines that are to become ``v`` lines."""

_KINDS = {"polyrelu-cells": COORDINATES, "polyrelu-rows": ROWS}
_PIECE = 2**22  # characters that are read at a time
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

    Cost: 3 microseconds a vertex in the plane, for networks of 128 neurons.
    """
    with _rejections(), ThreadPoolExecutor(threads) as pool:
        return _proved(_Checker(Path(statement).read_bytes(), pool, 2 * threads), certificates)


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


def rows_as_text(rows: Any) -> bytes:
    """The rows of a target, as the library reads them: see ``fast/rows.h``."""
    said = [f"{rows.d:x} {rows.base:x}"]
    for k, form in enumerate(rows.domain):
        kind = "<" if rows.strict_ends >> k & 1 else "+"
        said.append(f"{kind if any(form) else kind + '0'} {_hexadecimal(form)}")
    said.append(f"{len(rows.levels):x}")
    inputs = rows.d
    for weights, q, mask in rows.levels:
        said.append(f"{len(weights):x} {inputs:x} {q:x}")
        said += [f"{int(numbered)} {_hexadecimal(row)}" for row, numbered in zip(weights, mask, strict=True)]
        inputs = len(weights)
    return " ".join([*said, *rows.relations]).encode()


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


def _proved(judge: _Checker, certificates: Sequence[str | Path]) -> str:
    """As ``checker.check``: points come first."""
    head = list[list[str]]()
    kinds = [_first_words(path)[0] for path in certificates]
    for kind, path in sorted(zip(kinds, certificates, strict=True), key=lambda file: file[0] != "polyrelu-point"):
        with _opened(path) as source:
            if kind == "polyrelu-point":
                judge.read_point(source)
            else:
                head = judge.read(source)
    return str(judge.finish(head))


class _Source:
    """A file as lines, and as pieces of many lines."""

    def __init__(self, file: IO[bytes]) -> None:
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

    def block(self) -> Iterator[bytes]:
        """Lines up to the next one that begins with b or e."""
        while True:
            if self._held[self._at : self._at + 1] in {b"b", b"e"}:
                return
            ends = [self._held.find(mark, self._at) for mark in (b"\nb", b"\ne")]
            found = min((end for end in ends if end >= 0), default=None)
            if found is not None:
                end = found + 1
            else:
                end = self._held.rfind(b"\n", self._at) + 1 or self._at
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


def _first_words(path: str | Path) -> list[str]:
    with _opened(path) as source:
        words = source.line()
    need(words is not None and len(words) == 3, f"{path} is no evidence")
    assert words is not None
    return words


class _Part:
    """The cells of a target: its rows, and what the library knows."""

    def __init__(self, rows: Any) -> None:
        self.rows, self.known = rows, _target_of(rows)

    def finish(self) -> tuple[int, int, int]:
        return self.known.finish()


def _target_of(rows: Any) -> Target:
    return checker_library().Target(rows_as_text(rows))


class _Checker(checker.Checker):  # type: ignore[misc]
    """The small checker, with blocks of cells left to the library."""

    def __init__(self, question: bytes, pool: ThreadPoolExecutor, most_waiting: int) -> None:
        super().__init__(question)
        self._pool, self._most_waiting = pool, most_waiting

    def target(self, name: str, head: list[list[str]]) -> Any:
        number = None if name == "regions" else checker.whole(name, 0, len(self.numbers) - 1)
        need(number in self.numbers and (self.head is None or self.head == head), "a part of another certificate")
        if number not in self.targets:
            self.head = head
            coordinates = checker.Coordinates(self.statement, head)
            self.targets[number] = _Part(checker.Rows(self.statement, coordinates, number))
        return self.targets[number]

    def read_point(self, source: _Source) -> None:
        self._kind_of(source, {"polyrelu-point": 0})
        while (words := source.line()) is not None:
            need(words[0] == "x", "not a point")
            self.point(words[1:])

    def _kind_of(self, source: _Source, kinds: dict[str, int]) -> int:
        first = source.line()
        assert first is not None
        kind, version, digest = first
        need(version == "1" and digest == self.statement.hash, "evidence for another statement")
        need(kind in kinds, "not a certificate")
        return kinds[kind]

    def read(self, source: _Source) -> list[list[str]]:
        kind = self._kind_of(source, _KINDS)
        head = list[list[str]]()
        while (words := source.line()) is not None:
            if words[0] == "cells":
                self._read_part(source, self.target(words[1], head), words[2].replace("-", "").encode(), kind)
            else:
                need(words[0] in {"eq", "line", "empty"} and not self.targets, f"what is {words[0][:40]}?")
                head.append(words)
        return head

    def _read_part(self, source: _Source, part: _Part, root: bytes, kind: int) -> None:
        part.known.open(root)
        waiting, count = list[Future[int]](), 0
        while (words := source.line()) is not None:
            if words[0] != "b":
                break
            waiting.append(self._submit(source, part.known.block(root, kind)))
            if len(waiting) >= self._most_waiting:
                count += waiting.pop(0).result()
        count += sum(future.result() for future in waiting)
        need(words is not None, "the file ends early")
        assert words is not None
        need(words[0] == "end", f"what is {words[0][:40]}?")
        need(count == checker.whole(words[1], 1, checker.MOST_IN_FILE), "cells are missing")

    def _submit(self, source: _Source, block: Block) -> Future[int]:
        """Have a block read, by a thread; here what is too much to wait."""
        pieces, size = list[bytes](), 0
        for piece in source.block():
            pieces.append(piece)
            size += len(piece)
            if size > _MOST_AT_ONCE:
                self._pool.submit(_read, block, pieces).result()
                pieces, size = [], 0
        return self._pool.submit(_read_and_close, block, pieces)


def _read(block: Block, pieces: Sequence[bytes]) -> None:
    for piece in pieces:
        block.read(piece)


def _read_and_close(block: Block, pieces: Sequence[bytes]) -> int:
    _read(block, pieces)
    return block.close()


class _Expander:
    """Copies a certificate, with coordinates in the place of rows."""

    def __init__(self, question: bytes, to: IO[bytes]) -> None:
        self._statement, self._to = checker.Statement(question), to

    def read(self, source: _Source) -> None:
        first = source.line()
        need(first is not None and first[:2] == ["polyrelu-rows", "1"], "not a certificate with rows")
        assert first is not None
        need(first[2] == self._statement.hash, "a certificate of another statement")
        self._write(["polyrelu-cells", *first[1:]])
        head = list[list[str]]()
        while (words := source.line()) is not None:
            self._write(words)
            if words[0] != "cells":
                head.append(words)
                continue
            number = None if words[1] == "regions" else checker.whole(words[1], 0, len(self._statement.targets) - 1)
            rows = checker.Rows(self._statement, checker.Coordinates(self._statement, head), number)
            target = _target_of(rows)
            while (words := source.line()) is not None and words[0] == "b":
                self._write(words)
                block = target.block(b"", EXPANDED)
                for piece in source.block():
                    self._to.write(block.read(piece))
            need(words is not None and words[0] == "end", "the file ends early")
            assert words is not None
            self._write(words)

    def _write(self, words: Sequence[str]) -> None:
        self._to.write(" ".join(words).encode() + b"\n")
