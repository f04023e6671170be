"""Kill a run on disk, again and again, and see that it ends with the same bytes.

Half of the kills come at moments drawn from the time that an unkilled run takes, half at system calls (writes, waits,
renames) drawn from those that it makes; a few of them tear the call apart. A run that is complete begins anew. Besides,
each of its calls fails once for want of room, and the power fails at each once (``--all``).

``python scripts/kill_runs.py --kills 100`` prints how many kills fell after the first part was there.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path
from random import Random

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

import polyrelu as pr  # noqa: E402
from tests.faults import Calls, Disk, contents, no_room, work_and_die  # noqa: E402
from tests.runs.questions import network  # noqa: E402

QUESTION = network(3, 32, 24, 1, seed=0), None, ([-2, -2, -2], [2, 2, 2])
CUTS = 4000


def begun(place: Path) -> pr.Run:
    """The run, new or as it stands."""
    return pr.Run(place, *QUESTION, cuts=CUTS)


def kill(folder: Path, kills: int, seed: int) -> None:
    """Kill it so often, and compare whenever it is done."""
    random, whole = Random(seed), folder / "whole"
    begun(whole)
    started = time.monotonic()
    assert work_and_die(whole, None) == 0
    seconds = time.monotonic() - started
    calls = Calls()
    with calls.counted():
        begun(folder / "counted").work()
    same, late, finished, done = contents(whole), 0, 0, 0
    place = folder / "run"
    while done < kills:
        begun(place)
        at = random.randrange(calls.count) if done % 2 else None
        had_part = any(place.glob("parts/??/*.parquet"))
        code = work_and_die(place, at, None if at is not None else random.uniform(0.0, seconds))
        if code == -signal.SIGKILL:
            done += 1
            late += had_part or any(place.glob("parts/??/*.parquet"))
        if code == 0:
            finished += 1
            assert contents(place) == same
            shutil.rmtree(place)
    begun(place).work()
    assert contents(place) == same
    print(
        f"{kills} kills, {late} of them after the first part; {finished + 1} runs ended, all with the same "
        f"{sum(map(len, same.values()))} bytes in {len(same)} files ({calls.count} calls, {seconds:.1f} s unkilled)"
    )


def fail(folder: Path) -> None:
    """Let each call fail once, and the power at each."""
    whole = begun(folder / "sound")
    calls = Calls()
    with calls.counted():
        whole.work()
    same = contents(folder / "sound")
    os.fsync = lambda handle: None  # the disk is this machine's memory
    for at in range(calls.count):
        place = folder / f"full-{at}"
        try:
            with Calls(at, no_room).counted():
                begun(place).work()
        except pr.WriteError:
            pass
        begun(place).work()
        assert contents(place) == same, at
        shutil.rmtree(place)
        begun(place)
        with Disk(Random(at), at).failing():
            begun(place).work()
        begun(place).work()
        assert contents(place) == same, at
        shutil.rmtree(place)
    print(
        f"{calls.count} calls failed for want of room, and at each the power failed: always the same bytes in the end"
    )


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--all", action="store_true", help="let every call fail, too")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        kill(Path(folder), given.kills, given.seed)
    if given.all:
        with tempfile.TemporaryDirectory() as folder:
            fail(Path(folder))


if __name__ == "__main__":
    main()
