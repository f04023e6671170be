"""Stop `polyrelu preimage --save` at random moments, and see what is left.

    ./scripts/run python scripts/kill_save.py                       # 100 moments for each format and signal
    ./scripts/run python scripts/kill_save.py --count 10 --signals INT,KILL --formats npz

A network is made whose tiling takes seconds to find and seconds to write. Run unkilled once for each format; then it is
sent SIGINT, SIGTERM or SIGKILL at moments drawn evenly over the time of that run, and, for at least a third of them
(--writing), while the unfinished file is there. Every second run finds an older, complete file at its place. Each time:

* no file is corrupt: whatever bears a name of the result loads;
* nothing complete is lost: an older file is there, byte for byte, unless a complete one has taken its place;
* what is not complete says so, and is beside an older file;
* standard error has no traceback, and the exit code is the signal's, or 0 where the run was done already;
* after SIGINT and SIGTERM no unfinished file is left; after SIGKILL at most one, which the next run removes.

Exits with 1 if something is wrong, and says what.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

import polyrelu as pr
from polyrelu.support.files import check_place

EXIT_CODES = {signal.SIGINT: {0, 130}, signal.SIGTERM: {0, 143}, signal.SIGKILL: {0, -signal.SIGKILL}}
"""What a run may exit with: 0 if it was done before the signal came, or while Python was ending."""
WIDTHS = (4, 26, 26, 1)
_ASKED = ("--output", "y0 > 0", "--box", "-3", "3", "--tiles", "1")
_UNFINISHED = ".*.unfinished.*"
_POLL_SECONDS = 0.002
_PATIENCE = 300.0


@dataclass(frozen=True)
class Run:
    """The unkilled run of a format.

    Attributes:
        seconds: how long it takes.
        writing: how long its unfinished file is there.
        tiles: how many it finds.
    """

    seconds: float
    writing: float
    tiles: int


def command(model: Path, target: Path) -> list[str]:
    """The program that is stopped."""
    return [sys.executable, "-m", "polyrelu.cli", "preimage", str(model), *_ASKED, "--save", str(target)]


def network() -> dict[str, Any]:
    """The arrays of a network with about a hundred thousand tiles."""
    rng = np.random.default_rng(0)
    arrays = {}
    for i, (before, after) in enumerate(itertools.pairwise(WIDTHS)):
        arrays |= {f"W{i}": rng.normal(size=(after, before)), f"b{i}": rng.normal(size=after)}
    return arrays


def unfinished(folder: Path) -> list[Path]:
    """The unfinished files in a folder."""
    return list(folder.glob(_UNFINISHED))


def is_writing(folder: Path) -> bool:
    """Whether an unfinished file in a folder has something in it; the trial before a run is empty."""
    sizes = []
    for path in unfinished(folder):
        with contextlib.suppress(FileNotFoundError):
            sizes.append(path.stat().st_size)
    return any(sizes)


def unkilled(model: Path, target: Path) -> Run:
    """Run to the end, and watch."""
    began = time.monotonic()
    first = last = 0.0
    with subprocess.Popen(command(model, target), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while process.poll() is None:
            now = time.monotonic()
            if is_writing(target.parent):
                first, last = first or now, now
            time.sleep(_POLL_SECONDS)
    seconds = time.monotonic() - began
    if process.returncode:
        raise SystemExit(f"kill_save: the run that nobody stops exits with {process.returncode}")
    return Run(seconds, last - first, len(pr.load_tiling(target)))


def wrongs(
    model: Path, target: Path, older: bytes | None, sent: signal.Signals, moment: float, in_writing: bool, run: Run
) -> Iterator[str]:
    """Stop one run, and yield what is wrong afterwards; ``writing`` if its unfinished file was there."""
    if older is not None:
        target.write_bytes(older)
    with subprocess.Popen(
        command(model, target), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        began = time.monotonic()
        while in_writing and process.poll() is None and time.monotonic() - began < _PATIENCE:
            if is_writing(target.parent):
                break
            time.sleep(_POLL_SECONDS)
        try:
            process.wait(moment)
        except subprocess.TimeoutExpired:
            if is_writing(target.parent):
                yield "writing"
            process.send_signal(sent)
        try:
            _, said = process.communicate(timeout=_PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            yield f"does not end within {_PATIENCE:g} seconds"
            return
    if process.returncode not in EXIT_CODES[sent]:
        yield f"exits with {process.returncode}: {said.strip()[-200:]!r}"
    if "Traceback" in said:
        yield f"a traceback: {said.strip()[-200:]!r}"
    yield from _wrong_files(target, older, sent, run)


def _wrong_files(target: Path, older: bytes | None, sent: signal.Signals, run: Run) -> Iterator[str]:
    left = unfinished(target.parent)
    if len(left) > (sent == signal.SIGKILL):
        yield f"{len(left)} unfinished files are left"
    check_place(target)  # as the next run does first
    if unfinished(target.parent):
        yield "the next run does not remove an unfinished file"
    if older is not None and not target.exists():
        yield "the older file is gone"
    beside = target.with_name(f"{target.stem}.partial{target.suffix}")
    for path in target.parent.iterdir():
        if path not in (target, beside):
            yield f"there is a file {path.name}"
            continue
        if path == target and path.read_bytes() == older:
            continue
        try:
            found = pr.load_tiling(path)
        except pr.PolyreluError as error:
            yield f"corrupt: {error}"
            continue
        if found.complete != (len(found) == run.tiles) or not len(found):
            yield f"{path.name} has {len(found)} of {run.tiles} tiles and says complete is {found.complete}"
        if older is not None and path == target and not found.complete:
            yield "an older complete file is replaced by less"
        if path == beside and (older is None or found.complete):
            yield f"{path.name} has no reason to be beside"


def main() -> None:
    """Stop many runs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=100, help="moments for each format and signal (default: 100)")
    parser.add_argument("--writing", type=int, help="of these, while it writes (default: a third)")
    parser.add_argument("--signals", default="INT,TERM,KILL", help="separated by commas (default: INT,TERM,KILL)")
    parser.add_argument("--formats", default="npz,parquet", help="separated by commas (default: npz,parquet)")
    parser.add_argument("--seed", type=int, default=0, help="of the moments (default: 0)")
    given = parser.parse_args()
    writing = (given.count + 2) // 3 if given.writing is None else given.writing
    draw = random.Random(given.seed)
    found: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "model.npz"
        np.savez(model, **network())
        for suffix in given.formats.split(","):
            place = Path(folder) / suffix
            place.mkdir()
            target = place / f"tiles.{suffix}"
            run = unkilled(model, target)
            print(f".{suffix}: {run.tiles} tiles in {run.seconds:.1f} s, of which {run.writing:.1f} s writing")
            older = target.read_bytes()
            for name in given.signals.split(","):
                sent = signal.Signals[f"SIG{name}"]
                hits = 0
                for number in tqdm(range(given.count), desc=f"SIG{name} .{suffix}", disable=None):
                    for path in place.iterdir():
                        path.unlink()
                    in_writing = number < writing
                    moment = draw.uniform(0, run.writing if in_writing else run.seconds)
                    before = older if number % 2 else None
                    for wrong in wrongs(model, target, before, sent, moment, in_writing, run):
                        if wrong == "writing":
                            hits += 1
                        else:
                            found[f"SIG{name} .{suffix}: {wrong}"] += 1
                print(f"SIG{name} .{suffix}: {given.count} runs stopped, {hits} of them while they wrote")
                if hits < writing * 0.9:
                    found[f"SIG{name} .{suffix}: only {hits} of {writing} were stopped while they wrote"] += 1
    for wrong, times in found.most_common():
        print(f"{times:6}  {wrong}")
    print(f"{sum(found.values())} things are wrong")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
