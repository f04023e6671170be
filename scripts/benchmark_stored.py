"""Measure a run on disk: what tiles cost to store, and what may be asked of them in how much memory.

    ./scripts/run python scripts/benchmark_stored.py --tiles 10000000

The question is for the linear regions of a seeded network in space, as wide as the number of tiles wants.
Times are CPU seconds; each step runs in a process of its own, whose peak memory is what the system says. The first row
is the same search without the disk: it counts.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

import polyrelu as pr

DIM, SIDE = 3, 8.0
NEURONS = {1_000_000: 96, 10_000_000: 200}
"""In each of two layers, for about so many regions."""


def question(neurons: int) -> tuple[pr.Network, None, pr.Polyhedron]:
    """Network, no target, domain."""
    rng = np.random.default_rng(0)
    widths = (DIM, neurons, neurons, 1)
    shapes = pairwise(widths)
    network = pr.Network([(rng.normal(size=(b, a)), rng.normal(size=b)) for a, b in shapes])
    return network, None, pr.Polyhedron.box([-SIDE] * DIM, [SIDE] * DIM)


def _count(place: Path, neurons: int) -> Any:
    return {"tiles": pr.count(*question(neurons))}


def _run(place: Path, neurons: int) -> Any:
    status = pr.Run(place, *question(neurons)).work()
    return {"tiles": status.tiles, "bytes a tile": round(status.bytes / status.tiles, 1), "tasks": status.tasks}


def _open(place: Path, neurons: int) -> Any:
    return {"tiles": len(pr.open_tiling(place))}


def _locate(place: Path, neurons: int) -> Any:
    points = np.random.default_rng(1).uniform(-SIDE, SIDE, (1000, DIM))
    return {"points": len(points), "found": int((np.asarray(pr.open_tiling(place).locate(points)) >= 0).sum())}


def _window(place: Path, neurons: int) -> Any:
    corner = pr.Polyhedron.box([0] * DIM, [SIDE / 64] * DIM)
    return {"tiles": len(pr.open_tiling(place).window(corner))}


def _volume(place: Path, neurons: int) -> Any:
    volume = pr.open_tiling(place).volume()
    return {"low": volume.low, "high": volume.high}


def _zones(place: Path, neurons: int) -> Any:
    return {"zones": len(pr.open_tiling(place).zones())}


def _check(place: Path, neurons: int) -> Any:
    return {"wrong": len(pr.Run(place).check())}


STEPS: dict[str, Callable[[Path, int], Any]] = {
    "count, no disk": _count,
    "run": _run,
    "open": _open,
    "locate 1,000 points": _locate,
    "window": _window,
    "volume": _volume,
    "zones": _zones,
    "check": _check,
}


def step(name: str, place: str, neurons: str) -> None:
    """One step, in this process; what it says, its CPU seconds and its peak memory."""
    started = time.process_time()
    said = STEPS[name](Path(place), int(neurons))
    seconds = time.process_time() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps({"seconds": round(seconds, 2), "MiB": peak, **said}))


def main() -> None:
    """The command line."""
    if len(sys.argv) == 5 and sys.argv[1] == "--step":
        step(*sys.argv[2:])
        return
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tiles", type=int, default=1_000_000, choices=sorted(NEURONS))
    parser.add_argument("--folder", type=Path, help="where the run lives; by default a temporary directory")
    given = parser.parse_args()
    place = given.folder or Path(tempfile.mkdtemp()) / "run"
    print(f"load {os.getloadavg()[0]:.1f}")
    print("| step | CPU s | peak MiB | |\n|---|---|---|---|")
    for name in STEPS:
        command = [sys.executable, __file__, "--step", name, str(place), str(NEURONS[given.tiles])]
        said = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        more = ", ".join(f"{key} {value:,}" for key, value in said.items() if key not in ("seconds", "MiB"))
        print(f"| {name} | {said['seconds']} | {said['MiB']} | {more} |", flush=True)
    if given.folder is None:
        shutil.rmtree(place.parent)


if __name__ == "__main__":
    main()
