"""What the certificates of a run's parts prove, and that its tiles are those that they prove.

The certificates are checked by ``certificates/parts_checker.py``, in a process of its own that has nothing but Python.
It says of each part which tiles it has, by a hash of their signs; the same is made here of the tiles on the disk.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from hashlib import sha256
from typing import NamedTuple

import numpy as np

from polyrelu.certificates import parts_checker
from polyrelu.certificates.checker import Rejected
from polyrelu.runs.certificates import SUFFIX
from polyrelu.runs.journal import Done
from polyrelu.runs.opening import PartBatch, part_of, problem_of
from polyrelu.runs.record import Record


class Proved(NamedTuple):
    """What a part's certificate proves of its tiles.

    Attributes:
        tiles: how many of full dimension there are.
        digest: the SHA-256 of their packed signs, in their order.
    """

    tiles: int
    digest: str


NOTHING = Proved(0, sha256(b"").hexdigest())


def has_certificates(run: Record) -> bool:
    """Whether there are any."""
    return next(run.directory.path.glob(f"parts/??/*{SUFFIX}"), None) is not None


def prove(run: Record, jobs: int = 1) -> str:
    """What the certificates of a complete run prove: no tile of full dimension is missing, and none is there twice.

    Args:
        run: complete, and certified.
        jobs: how many parts are checked at a time, each by a process.

    Returns:
        The claim, such as ``regions: 1300``, which is true of the question; and the run's tiles are these.

    Raises:
        Rejected: that is not proved; the message says why.
        InputError: a part of the run is missing or damaged.

    Cost: a third of a millisecond a tile, or more in more dimensions; 3 kB for each cell of a part, for each job.
    """
    if run.ledger().open():
        raise Rejected(
            f"{run.directory.path}: the run is not complete; only of all its tiles it is proved that they are all"
        )
    tasks = {str(run.directory.part(done.root, SUFFIX)): done for done in run.ledger().done()}
    files = [path for path, done in tasks.items() if run.directory.part(done.root, SUFFIX).exists()]
    proved, claim = _checked(run, files, jobs)
    for path, done in tasks.items():
        on_disk, own = _on_disk(run, done), proved.get(path, NOTHING)
        if on_disk != own:
            raise Rejected(
                f"{run.directory.part(done.root)}: has {on_disk.tiles} tiles of full dimension, and the certificate "
                f"beside it proves {own.tiles}, or others"
            )
    return claim


def _checked(run: Record, files: list[str], jobs: int) -> tuple[dict[str, Proved], str]:
    """What is proved of each part, and of all."""
    command = [sys.executable, "-I", "-S", str(parts_checker.__file__), str(run.directory.question), "-"]
    names = "".join(f"{path}\n" for path in files)
    said = subprocess.run([*command, "--jobs", str(jobs)], input=names, text=True, capture_output=True, check=False)
    *parts, claim = said.stdout.splitlines() or [""]
    if said.returncode or not claim.startswith("VERIFIED "):
        raise Rejected(said.stderr.strip().removeprefix("REJECTED ") or "the checker said nothing")
    return dict(_parts(parts)), claim.removeprefix("VERIFIED ")


def _parts(lines: list[str]) -> Iterator[tuple[str, Proved]]:
    for line in lines:
        path, _, found = line.removeprefix("PART ").rpartition(": ")
        _, _, tiles, _, digest = found.split()
        yield path, Proved(int(tiles), digest)


def _on_disk(run: Record, done: Done) -> Proved:
    """The tiles of full dimension in a part."""
    if done.part is None:
        return NOTHING
    tiles = PartBatch(run.directory, run.about(done.root), problem_of(run, part_of(done.root)), done.part).bring()
    full = tiles.packed[tiles.dims(np.arange(len(tiles))) == tiles.domain.dim]
    return Proved(len(full), sha256(full.tobytes()).hexdigest())
