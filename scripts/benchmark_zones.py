"""Measure what is asked of a tiling after it is found: contacts, graph, volume, merging, outlines, topology, checking.

    ./scripts/run python scripts/benchmark_zones.py
    ./scripts/run python scripts/benchmark_zones.py --networks DIR     # also the 602,490 regions of DIR/cartpole.npz

Networks as in scripts/benchmark.py, with one output more; the tilings are of y0 > 0 over the box [-6, 6]^d, and the
linear regions where marked. Every step is timed on a tiling that nothing has been asked of, medians over the runs. The
last table compares matching facets with an exact linear program for each pair of tiles, in the same run.
"""

from __future__ import annotations

import argparse
import itertools
import resource
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

import polyrelu as pr
from polyrelu.analysis.adjacency import contacts, touches

SIZES = [(2, 64, 64, 1), (3, 16, 16, 1), (5, 16, 16)]
LARGE = 20_000
STEPS: dict[str, Callable[[pr.Tiling], Any]] = {
    "contacts": contacts,
    "graph": pr.Tiling.adjacency,
    "volume": pr.Tiling.volume,
    "merged": pr.Tiling.merged,
    "outline": pr.Tiling.outline,
    "Betti numbers": pr.Tiling.betti_numbers,
    "check_tiling": pr.check_tiling,
}
FOR_LARGE = ("contacts", "graph", "volume")


def network_of(widths: tuple[int, ...]) -> pr.Network:
    """The benchmark's network; the last layer is linear if it has one output."""
    rng = np.random.default_rng(0)
    layers = [(rng.normal(0, np.sqrt(2 / a), (b, a)), rng.normal(0, 0.5, b)) for a, b in itertools.pairwise(widths)]
    return pr.Network(layers, relu=[b != 1 for b in widths[1:]])


def tiling_of(network: pr.Network, radius: int) -> pr.Tiling:
    """The zone of y0 > 0 for one output, the linear regions otherwise."""
    box = pr.Polyhedron.box([-radius] * network.input_dim, [radius] * network.input_dim)
    if network.output_dim == 1:
        return pr.preimage(network, pr.parse("y0 > 0", dim=1), box, progress=False)
    return pr.linear_regions(network, box, progress=False)


def seconds(step: Callable[[pr.Tiling], Any], tiling: pr.Tiling) -> float:
    """How long a step takes."""
    began = time.perf_counter()
    step(tiling)
    return time.perf_counter() - began


def row(name: str, network: pr.Network, radius: int, repeat: int) -> str:
    """One row of the first table."""
    count = len(tiling_of(network, radius))
    cells = []
    for step, function in STEPS.items():
        if (step == "outline" and network.input_dim != 2) or (count > LARGE and step not in FOR_LARGE):
            cells.append("-")
            continue
        times = [seconds(function, tiling_of(network, radius)) for _ in range(repeat)]
        cells.append(f"{statistics.median(times):.2f}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return f"| {name} | {count:,} | {' | '.join(cells)} | {peak:,} |"


def all_pairs(tiling: pr.Tiling) -> int:
    """The number of contacts, by a linear program for each pair."""
    polyhedra = [tile.polyhedron for tile in tiling]
    return sum(touches(P, Q) for P, Q in itertools.combinations(polyhedra, 2))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=3, help="runs of each; medians are reported")
    parser.add_argument("--networks", type=Path, help="a directory with cartpole.npz")
    options = parser.parse_args()
    rows = [
        row("-".join(map(str, widths)), network_of(widths), 6, options.repeat)
        for widths in tqdm(SIZES, desc="random networks")
    ]
    if options.networks:
        network = pr.load_network(options.networks / "cartpole.npz")
        hidden = pr.Network([layer for layer in network.layers if any(layer.relu)])
        rows.append(row("cartpole regions, [-1, 1]^4", hidden, 1, 1))
    print(f"| network | tiles | {' | '.join(STEPS)} | peak MiB so far |")
    print(f"|---|{'--:|' * (len(STEPS) + 2)}")
    print("\n".join(rows))
    tiling = tiling_of(network_of((2, 10, 10, 1)), 6)
    matched = statistics.median(seconds(contacts, tiling_of(network_of((2, 10, 10, 1)), 6)) for _ in range(5))
    assert all_pairs(tiling) == len(contacts(tiling).pairs)
    print(f"\n{len(tiling)} tiles: all pairs / matched = {seconds(all_pairs, tiling) / matched:,.0f}")


if __name__ == "__main__":
    main()
