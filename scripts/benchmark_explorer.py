"""How many frames a second an explorer has: a network's numbers are dragged about, and each answer is timed.

An answer is all that Python does between two messages of the drawing: the edit, the zones of all features, their
islands and areas, and the bytes that are sent. Printed are the milliseconds of an answer, and the frames in a second of
such answers; with ``--floor`` the exit status says whether there are so many.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np

import polyrelu as pr
from polyrelu.pages.exploration import BIAS, Exploration


def network(widths: list[int], seed: int) -> pr.Network:
    """Gaussian weights with three decimals, as they are after they were dragged; ReLU after each layer."""
    rng = np.random.default_rng(seed)
    layers = [
        (
            [[f"{value:.3f}" for value in row] for row in rng.normal(size=(after, before))],
            [f"{value:.3f}" for value in 0.3 * rng.normal(size=after)],
        )
        for before, after in pairwise(widths)
    ]
    return pr.Network(layers, relu=[True] * len(layers))


def edits(net: pr.Network, count: int, seed: int) -> Iterator[dict[str, Any]]:
    """One number after the other moves a little: biases and weights of every layer, the window, the thresholds."""
    rng = np.random.default_rng(seed)
    for number in range(count):
        depth = int(rng.integers(len(net.layers)))
        layer = net.layers[depth]
        row, column = int(rng.integers(layer.output_dim)), int(rng.integers(BIAS, layer.input_dim))
        old = layer.offsets[row] if column == BIAS else layer.rows[row][column]
        yield {"entries": [[depth, row, column, f"{float(old) + 0.05 * rng.normal():.3f}"]]}
        if number % 10 == 0:
            x, y = rng.normal(size=2) / 10
            yield {"window": [f"{v:.3f}" for v in (x - 3, y - 3, x + 3, y + 3)]}
            yield {"thresholds": [[0, f"{abs(rng.normal()) / 10:.3f}"]]}


def timed(state: Exploration, count: int, seed: int) -> tuple[list[float], float]:
    """The seconds of each answer, and those of the processor for all of them."""
    seconds = []
    began = time.process_time()
    for edit in edits(state.network, count, seed):
        started = time.perf_counter()
        state = state.edited(edit)
        state.scene(), state.geometry(), state.layers()
        seconds.append(time.perf_counter() - started)
    return seconds, time.process_time() - began


def main() -> None:
    """Print a line for each network."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--widths", default="2-10-2-10", help="of the network's layers, by default 2-10-2-10")
    parser.add_argument("--frames", type=int, default=100, help="how many numbers are dragged, by default 100")
    parser.add_argument("--networks", type=int, default=3, help="how many random networks, by default 3")
    parser.add_argument("--floor", type=float, default=0, help="fail with fewer frames per second")
    options = parser.parse_args()
    widths = list(map(int, options.widths.split("-")))
    slowest = np.inf
    for seed in range(options.networks):
        state = Exploration.of(network(widths, seed))
        cells = len(state.found.tiling)
        timed(state, 3, seed)
        seconds, busy = timed(state, options.frames, seed)
        median, tail = statistics.median(seconds), sorted(seconds)[int(0.95 * len(seconds))]
        pace = len(seconds) / sum(seconds)
        slowest = min(slowest, pace)
        print(
            f"{options.widths}, seed {seed}, {cells} cells: {pace:.0f} frames/s; an answer takes {1e3 * median:.1f} ms,"
        )
        print(f"  95 of 100 at most {1e3 * tail:.1f} ms; {1e3 * busy / len(seconds):.1f} ms of the processor each")
    sys.exit(slowest < options.floor)


if __name__ == "__main__":
    main()
