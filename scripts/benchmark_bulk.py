"""What all tiles at once as arrays cost, part by part, in microseconds a tile of computing.

    ./scripts/run python scripts/benchmark_bulk.py
    ./scripts/run python scripts/benchmark_bulk.py --shape 4,24,24,2 --half-width 3

The regions of a random network on a box are found, and then each part of their arrays is made (polyrelu/analysis/
arrays.py). Vertices are found by a run of its own, which measures volumes on the way.
"""

from __future__ import annotations

import argparse
import itertools
import time

import numpy as np

import polyrelu as pr

_PARTS = ("vertices", "rays", "centres", "volumes", "rows", "maps", "dims", "targets")


def network(shape: list[int], seed: int) -> pr.Network:
    """Random weights of about the size that keeps values as large as inputs."""
    rng = np.random.default_rng(seed)
    sizes = itertools.pairwise(shape)
    return pr.Network([(rng.standard_normal((b, a)) / np.sqrt(a), rng.standard_normal(b)) for a, b in sizes])


def main() -> None:
    """Print a line for each part."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shape", default="2,64,64,1", help="the network's widths (default: 2,64,64,1)")
    parser.add_argument("--half-width", type=float, default=3.0, help="of the box (default: 3)")
    parser.add_argument("--seed", type=int, default=0, help="of the weights (default: 0)")
    options = parser.parse_args()
    shape = list(map(int, options.shape.split(",")))
    box = [-options.half_width] * shape[0], [options.half_width] * shape[0]
    began = time.process_time()
    tiling = pr.linear_regions(network(shape, options.seed), box)
    count = max(len(tiling), 1)
    print(
        f"{len(tiling)} regions of {options.shape}, found in {(time.process_time() - began) / count * 1e6:.1f} us each"
    )
    found = tiling.arrays()
    for part in _PARTS:
        began = time.process_time()
        getattr(found, part)
        print(f"{part:9} {(time.process_time() - began) / count * 1e6:8.2f} us a tile")


if __name__ == "__main__":
    main()
