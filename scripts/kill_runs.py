"""Kill a run on disk, again and again, and see that it ends with the same bytes.

Half of the kills come at moments drawn from the time that an unkilled run takes, half at system calls (writes, waits,
renames) drawn from those that it makes; a few of them tear the call apart. What is killed is a fork of this process,
so its time is that of its work. A run that is complete begins anew. Besides, each of its calls fails once for want of
room, and the power fails at each once (``--all``).

``python scripts/kill_runs.py --kills 100`` prints how many kills fell after the first part was there. Killed processes
lose nothing that they have written, so ``--folder`` may be in memory, where nobody waits for a disk.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from random import Random

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

import polyrelu as pr  # noqa: E402
from tests.faults import Calls, Disk, contents, forked, go_on, no_room  # noqa: E402
from tests.runs.questions import network  # noqa: E402

QUESTION = network(3, 16, 12, 1, seed=0), None, ([-2, -2, -2], [2, 2, 2])
CUTS = 400  # fewer are used up by the way down to a task's root, and there are thousands of tasks


def begun(place: Path) -> pr.Run:
    """The run, new or as it stands."""
    return pr.Run(place, *QUESTION, cuts=CUTS)


def kill(folder: Path, kills: int, seed: int) -> None:
    """Kill it so often, and compare whenever it is done."""
    random, whole, counted = Random(seed), folder / "whole", folder / "counted"
    begun(whole)
    started = time.monotonic()
    assert forked(lambda: go_on(whole)) == 0
    seconds = time.monotonic() - started
    begun(counted)
    assert forked(lambda: (folder / "calls").write_text(str(go_on(counted)))) == 0
    calls = int((folder / "calls").read_text())
    same, late, finished = contents(whole), 0, 0
    kinds = {"moments": 0, "calls": 0}
    place = folder / "run"
    while (done := sum(kinds.values())) < kills:
        begun(place)
        kind = "calls" if done % 2 else "moments"
        at = random.randrange(calls) if kind == "calls" else None
        moment = None if kind == "calls" else random.uniform(0.0, seconds)
        code = forked(partial(go_on, place, at), moment)
        if code == -signal.SIGKILL:
            kinds[kind] += 1
            late += any(place.glob("parts/??/*.parquet"))
        else:
            assert code == 0, code
            finished += 1
            assert contents(place) == same
            shutil.rmtree(place)
    begun(place)
    assert forked(lambda: go_on(place)) == 0
    assert contents(place) == same
    print(
        f"{kills} kills, {kinds['moments']} at moments and {kinds['calls']} at calls, {late} of them after the first "
        f"part; {finished + 1} runs ended, all with the same {sum(map(len, same.values()))} bytes in {len(same)} files "
        f"({calls} calls, {seconds:.1f} s unkilled)"
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
    parser.add_argument("--folder", type=Path, help="where runs live; by default where temporary files do")
    parser.add_argument("--all", action="store_true", help="let every call fail, too")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        kill(Path(folder), given.kills, given.seed)
    if given.all:
        with tempfile.TemporaryDirectory(dir=given.folder) as folder:
            fail(Path(folder))


if __name__ == "__main__":
    main()
