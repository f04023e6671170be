"""Files of evidence: text, compressed where the name ends in .gz; and the names of files that belong together."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from polyrelu.errors import InputError

_MAGIC = b"\x1f\x8b"
_LEVEL = 4  # 6 takes four times as long, for a tenth less of a file
_LONGEST_LINE = 2**20
_SUFFIXES = (".gz", ".cert", ".rows", ".point", ".proof", ".txt")


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """A file to write to; the same content makes the same bytes."""
    with path.open("wb") as raw:
        if path.suffix.lower() == ".gz":
            with gzip.GzipFile("", "wb", _LEVEL, raw, mtime=0) as packed:
                yield cast("IO[bytes]", packed)
        else:
            yield raw


def lines_of(path: Path, where: str) -> Iterator[bytes]:
    """The lines of a file, one by one.

    Raises:
        InputError: there is no such file, it cannot be read, or it ends within a line.
    """
    try:
        with path.open("rb") as raw:
            packed = raw.read(len(_MAGIC)) == _MAGIC
            raw.seek(0)
            file = cast("IO[bytes]", gzip.GzipFile(fileobj=raw)) if packed else raw
            while line := file.readline(_LONGEST_LINE + 1):
                if not line.endswith(b"\n"):
                    reason = (
                        "a line is longer than 2^20 characters" if len(line) > _LONGEST_LINE else "its end is missing"
                    )
                    raise InputError(f"{where}: {path}: {reason}; make it anew")
                yield line
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{where}: {path} cannot be read ({error}); check the name, or make it anew") from error


def numbered(path: Path, number: int) -> Path:
    """The file for a question of several: ``answer.cert.gz`` for number 0, then ``answer-1.cert.gz``, and so on."""
    stem, suffix = _split(path.name)
    return path.with_name(f"{stem}-{number}{suffix}") if number else path


def question_beside(path: Path) -> Path:
    """Where the statement lies that evidence is about: ``answer.question.txt`` beside ``answer.cert.gz``."""
    return path.with_name(f"{_split(path.name)[0]}.question.txt")


def _split(name: str) -> tuple[str, str]:
    """The name of a file before and after the suffixes that files of evidence have."""
    stem = name
    while (suffix := Path(stem).suffix).lower() in _SUFFIXES:
        stem = stem.removesuffix(suffix)
    return stem, name.removeprefix(stem)
