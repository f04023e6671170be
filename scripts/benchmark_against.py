"""Compare this checkout with another one, for example the commit before: the same questions, asked of both in turn.

    git worktree add ../before HEAD~5
    ./scripts/run python scripts/benchmark_against.py ../before

Each checkout answers in a process of its own, with this environment's packages. Times are CPU seconds of the whole
call, in runs in turn; ratios are those of the medians and of the minima, which a busy machine disturbs least.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from benchmark import DEGENERATE, DEGENERATE_WIDTHS, NETWORKS, degenerate_network
from tqdm import tqdm

import polyrelu as pr

ROOT = Path(__file__).parent.parent
GENERIC = "generic"


def answer() -> None:
    """Answer questions from standard input: the CPU seconds of each, and how many tiles it has."""
    networks: dict[str, tuple[pr.Network, pr.Polyhedron]] = {}
    print(json.dumps(str(Path(pr.__file__).parent.parent)), flush=True)
    for line in sys.stdin:
        if line not in networks:
            kind, widths = json.loads(line)
            network = degenerate_network(kind, tuple(widths))
            dim = network.input_dim
            box = pr.Polyhedron.box([-6] * dim, [6] * dim)
            networks[line] = network, box if kind == GENERIC else pr.Polyhedron.whole_space(dim)
            pr.linear_regions(*networks[line], progress=False)  # compiles, and fills what is cached
        began = time.process_time()
        tiling = pr.linear_regions(*networks[line], progress=False)
        print(json.dumps([time.process_time() - began, len(tiling)]), flush=True)


class Checkout:
    """A checkout that answers."""

    def __init__(self, root: Path) -> None:
        environment = {**os.environ, "PYTHONPATH": str(root.resolve())}
        command = [sys.executable, __file__, "--answer"]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment, cwd=root
        )
        found = json.loads(self._line())
        if Path(found) != root.resolve():
            raise SystemExit(f"{root} was to be measured, but polyrelu was imported from {found}")

    def _line(self) -> str:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit("a checkout does not answer; what it printed is above")
        return line

    def ask(self, kind: str, widths: tuple[int, ...]) -> tuple[float, int]:
        """The CPU seconds of a question, and the number of tiles."""
        assert self.process.stdin is not None
        print(json.dumps([kind, widths]), file=self.process.stdin, flush=True)
        seconds, tiles = json.loads(self._line())
        return seconds, tiles


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("other", type=Path, nargs="?", help="the root of another checkout")
    parser.add_argument("--repeat", type=int, default=15, help="runs of each, in turn")
    parser.add_argument("--answer", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.answer:
        answer()
        return
    if options.other is None or not (options.other / "polyrelu").is_dir():
        parser.error("name the root of another checkout of polyrelu")
    here, other = Checkout(ROOT), Checkout(options.other)
    questions = [(GENERIC, widths) for widths in NETWORKS]
    questions += list(itertools.product(DEGENERATE, DEGENERATE_WIDTHS))
    print("| network | tiles | here, ms | there, ms | here / there, medians | minima |\n|---|--:|--:|--:|--:|--:|")
    ratios: dict[str, list[float]] = {}
    for kind, widths in tqdm(questions, desc="networks"):
        pairs = [(here.ask(kind, widths), other.ask(kind, widths)) for _ in range(options.repeat)]
        (_, tiles), (_, tiles_there) = pairs[0]
        assert tiles == tiles_there, f"{kind} {widths}: {tiles} tiles here, {tiles_there} there"
        ours, theirs = ([pair[k][0] for pair in pairs] for k in (0, 1))
        medians, least = statistics.median(ours) / statistics.median(theirs), min(ours) / min(theirs)
        ratios.setdefault("generic" if kind == GENERIC else "not generic", []).append(least)
        milliseconds = f"{1e3 * statistics.median(ours):.1f} | {1e3 * statistics.median(theirs):.1f}"
        name = "-".join(map(str, widths)) + f", {kind}" * (kind != GENERIC)
        print(f"| {name} | {tiles:,} | {milliseconds} | {medians:.3f} | {least:.3f} |", flush=True)
    for name, values in ratios.items():
        print(f"| {name}, geometric mean | | | | | {statistics.geometric_mean(values):.3f} |")


if __name__ == "__main__":
    main()
