"""Measure how long a new user waits for the first picture: fresh processes, from ``import`` to a saved file.

    ./scripts/run python scripts/benchmark_first_picture.py
    ./scripts/run python scripts/benchmark_first_picture.py --runs 11 --only "latent plane" --markdown

Each picture is made by a few lines as a user writes them, by ``python -c`` in an empty folder. Times are medians of
whole processes, by the clock on the wall and in CPU seconds of all threads, and the first row is what matplotlib alone
takes to save an empty picture. Runs take turns, after one each that does not count, which leaves compiled files behind
(bytecode, matplotlib's list of fonts). The machine should be idle: the load average is printed.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from measuring.tables import Table

ROOT = Path(__file__).parent.parent
DEMO = ROOT / "polyrelu" / "figures" / "data" / "demo.npz"  # 2-10-2-10

PICTURES: Mapping[str, str] = {
    "matplotlib alone": """
from matplotlib import pyplot
pyplot.subplots()[0].savefig("picture.png")
""",
    "latent plane": """
import numpy as np
import polyrelu as pr
W, b = pr.get_unit_2d_vectors_regularly_spaced(num_vecs=6), pr.get_rigged_bias(num_dims=6)
pr.segment_and_plot(W.T @ W + b, W, W.T, b, ax="picture.png")
""",
    "zones in the plane": f"""
import polyrelu as pr
net = pr.load_network({str(DEMO)!r})
pr.preimage(net, "y0 > 0", domain=([-6, -6], [6, 6])).plot("picture.png")
""",
    "linear regions": f"""
import polyrelu as pr
net = pr.load_network({str(DEMO)!r})
pr.linear_regions(net, domain=([-6, -6], [6, 6])).plot("picture.png", colour_by="pattern")
""",
    "page of zones": f"""
import polyrelu as pr
net = pr.load_network({str(DEMO)!r})
pr.preimage(net, "y0 > 0", domain=([-6, -6], [6, 6])).save("picture.html")
""",
}


class Took(NamedTuple):
    """A process: seconds by the clock on the wall, CPU seconds, and the bytes of the file."""

    wall: float
    cpu: float
    size: int


def run(program: str) -> Took:
    """Let a fresh process make one picture.

    Raises:
        RuntimeError: it fails, or there is no picture; with what the process said.
    """
    with tempfile.TemporaryDirectory() as folder:
        before, began = _children_cpu(), time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-c", program], cwd=folder, env=_environment(), capture_output=True, text=True, check=False
        )
        wall, cpu = time.perf_counter() - began, _children_cpu() - before
        files = [*Path(folder).iterdir()]
        if done.returncode or len(files) != 1:
            raise RuntimeError(f"no picture was made by{program}\n{done.stderr}")
        return Took(wall, cpu, files[0].stat().st_size)


def measure(programs: Mapping[str, str], runs: int) -> dict[str, Took]:
    """The medians, after one run each that does not count."""
    for program in programs.values():
        run(program)
    taken: dict[str, list[Took]] = {name: [] for name in programs}
    for _ in range(runs):
        for name, program in programs.items():
            taken[name].append(run(program))
    return {name: Took(*map(statistics.median, zip(*some, strict=True))) for name, some in taken.items()}


def table(medians: Mapping[str, Took]) -> Table:
    """The medians, and how many lines the user writes."""
    found = Table("From import to the first picture", "picture", "lines", "seconds", "CPU seconds", "kB")
    for name, took in medians.items():
        lines = len(PICTURES[name].strip().splitlines())
        found.add(name, f"{lines}", f"{took.wall:.2f}", f"{took.cpu:.2f}", f"{took.size / 1000:.0f}")
    return found


def _children_cpu() -> float:
    """The CPU seconds of all processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _environment() -> dict[str, str]:
    """As here, with this package and without a screen."""
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    return {**os.environ, "PYTHONPATH": path, "MPLBACKEND": "Agg"}


def main(arguments: Iterable[str] | None = None) -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=7, help="how many processes for each picture (default: 7)")
    parser.add_argument("--only", nargs="+", choices=PICTURES, default=[*PICTURES], metavar="PICTURE", help="by name")
    parser.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    chosen = parser.parse_args(None if arguments is None else [*arguments])
    load = os.getloadavg()[0]
    medians = measure({name: PICTURES[name] for name in chosen.only}, max(chosen.runs, 1))
    print(table(medians).text(chosen.markdown))
    print(f"\nload average {load:.1f} before, {os.getloadavg()[0]:.1f} after")


if __name__ == "__main__":
    main()
