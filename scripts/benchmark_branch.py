"""Measure ``method="branch"`` on random networks over [-1, 1]^d: microseconds a region, and how many there are.

    ./scripts/run python scripts/benchmark_branch.py
    ./scripts/run python scripts/benchmark_branch.py --peer PYTHON --regions 200   # beside relucent

Times are CPU seconds, of all processes. relucent looks for cells that meet the cube, and is timed on the first ones
that it finds. On small networks it is let go on to the end, and where its cells are others than ours, exact
arithmetic says of each whether it meets the open cube in a set of full dimension.
"""

from __future__ import annotations

import argparse
import itertools
import json
import subprocess
import time
from pathlib import Path

import numpy as np
from measuring.questions import random_network
from measuring.tables import Table
from tqdm import tqdm

import polyrelu as pr
from polyrelu.engines.branch.engine import BranchEngine
from polyrelu.engines.branch.exact import ExactCells, splits_of
from polyrelu.networks.activation_pattern import SignVector, unpacked_signs
from polyrelu.networks.relevant_part import keep_all

WIDTHS = ("8-12-12", "10-12-12", "12-12-12")
SMALL = ("2-6-4", "3-5-4", "4-5-4")
RELUCENT = """
import sys, json, resource, numpy, relucent
from relucent.model.model import LinearLayer, ReLULayer, ReLUNetwork
widths, regions = json.loads(sys.argv[1]), float(sys.argv[2])
rng, layers = numpy.random.default_rng(0), []
for a, b in zip(widths, widths[1:]):
    layers += [LinearLayer(rng.normal(0, (2 / a) ** 0.5, (b, a)), rng.normal(0, 0.5, b)), ReLULayer()]
def cpu():
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
relucent.Complex(ReLUNetwork(layers)).bfs(max_polys=5, nworkers=1, verbose=0, verify=False)
found, began = relucent.Complex(ReLUNetwork(layers)), cpu()
found.bfs(max_polys=regions, nworkers=1, verbose=0, verify=False, cube_radius=1.0, cube_mode="intersect")
cells = [(numpy.asarray(cell.ss_np).ravel() > 0).astype(int).tolist() for cell in found]
print(json.dumps([cells, cpu() - began]))
"""

Cells = set[tuple[bool, ...]]


def engine(widths: tuple[int, ...]) -> BranchEngine:
    """The engine for all regions of a network."""
    return BranchEngine(keep_all(random_network(widths)), cube(widths[0]), 10**9, progress=False)


def cube(dim: int) -> pr.Polyhedron:
    """[-1, 1]^d."""
    return pr.Polyhedron.box([-1] * dim, [1] * dim)


def relucent(python: str | Path, widths: tuple[int, ...], regions: float) -> tuple[Cells, float]:
    """The sign vectors of the cells that relucent finds, and its CPU seconds."""
    command = [str(python), "-c", RELUCENT, json.dumps(widths), str(regions)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    cells, seconds = json.loads(done.stdout.splitlines()[-1])
    return {tuple(map(bool, cell)) for cell in cells}, seconds


def speed(widths: tuple[int, ...], python: str | None, regions: int) -> tuple[str, ...]:
    """A row of the first table."""
    ours = engine(widths)
    began = time.process_time()
    ours.run()
    seconds = time.process_time() - began
    stats, each = ours.stats, seconds / ours.stats.cells
    row = (f"{stats.cells:,}", f"{stats.programs / stats.cells:.2f}", f"{stats.exact_programs:,}", f"{1e6 * each:.1f}")
    if python is None:
        return row
    found, spent = relucent(python, widths, regions)
    theirs = spent / len(found)
    return (*row, f"{1e6 * theirs:,.0f}", f"{theirs / each:,.0f}")


def comparison(widths: tuple[int, ...], python: str) -> tuple[str, ...]:
    """A row of the second table: how many cells each has, and how many of those that one has alone are there."""
    ours = engine(widths)
    ours.run()
    packed = ours.tiles().columns.signs
    cells: Cells = set(map(tuple, unpacked_signs(packed, sum(widths[1:])).tolist()))
    theirs, _ = relucent(python, widths, float("inf"))
    alone = [f"{sum(is_there(widths, cell) for cell in own)} of {len(own)}" for own in (cells - theirs, theirs - cells)]
    return (f"{len(cells):,}", f"{len(theirs):,}", *alone)


def is_there(widths: tuple[int, ...], cell: tuple[bool, ...]) -> bool:
    """Whether a cell meets the cube in a set of full dimension, by an exact linear program with all its rows."""
    net = random_network(widths)
    ends = np.cumsum([0, *widths[1:]]).tolist()
    signs = SignVector(tuple(cell[first:last]) for first, last in itertools.pairwise(ends))
    exact = ExactCells(net.layers, keep_all(net).target, cube(widths[0]))
    return exact.has_interior(splits_of(net.layers, np.ones(len(cell), dtype=np.bool_), np.array(cell)), signs)


def as_widths(text: str) -> tuple[int, ...]:
    """``8-12-12`` as numbers."""
    return tuple(map(int, text.split("-")))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("networks", nargs="*", default=WIDTHS, help="widths: inputs, then neurons of each layer")
    parser.add_argument("--peer", metavar="PYTHON", help="an interpreter that has relucent 1.0.0")
    parser.add_argument("--regions", type=int, default=200, help="on how many regions relucent is timed")
    options = parser.parse_args()
    head = ("network", "regions", "programs a region", "exact programs", "µs a region")
    table = Table("Regions over [-1, 1]^d", *head, *(("relucent, µs", "ratio") if options.peer else ()))
    for name in tqdm(options.networks, disable=None):
        table.add(name, *speed(as_widths(name), options.peer, options.regions))
    print(table.text(markdown=True), flush=True)
    if options.peer:
        table = Table("Who is right", "network", "ours", "relucent", "ours alone, there", "relucent's alone, there")
        for name in tqdm(SMALL, disable=None):
            table.add(name, *comparison(as_widths(name), options.peer))
        print(f"\n{table.text(markdown=True)}", flush=True)


if __name__ == "__main__":
    main()
