"""Train the 2-10-2-10 network of ``polyrelu demo`` and keep the run with the best hidden island.

Ten features are bumps around ten centres in [-4, 4]^2; the network, with a bottleneck of two in the middle, learns them
there. Outside the square it extrapolates, and now and then leaves a small island where a feature is active although
nobody trained it to be. The script looks for one outside [-4, 4]^2 and inside [-6, 6]^2: exactly, with polyrelu.
Weights are rounded to multiples of 1/64, so that the tiles' inequalities are short integers.

    ./scripts/run python scripts/train_demo.py --out polyrelu/figures/data/demo.npz
"""

from __future__ import annotations

import argparse
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

import polyrelu as pr
from polyrelu.formats.npz import write_archive
from polyrelu.support.files import write_whole

Array = NDArray[np.float64]
GRID = 64
INNER, OUTER = 4, 6


class Candidate(NamedTuple):
    """A training run, one of its outputs, and the areas of that output's zones."""

    score: float
    seed: int
    output: int
    islands: list[Fraction]


def features(points: Array, centres: Array, radius: float) -> Array:
    """Ten bumps: 1 at the centre, 0 at distance ``radius`` and beyond."""
    squares = ((points[:, None, :] - centres[None, :, :]) ** 2).sum(axis=2)
    return np.maximum(0.0, 1.0 - squares / radius**2)


def train(seed: int, steps: int = 3000, batch: int = 256, rate: float = 1e-2) -> list[Array]:
    """Parameters W0, b0, W1, b1, W2, b2 after Adam on the mean squared error, rounded to multiples of 1/64."""
    rng = np.random.default_rng(seed)
    angles = 2 * np.pi * (np.arange(10) + rng.uniform(-0.3, 0.3, 10)) / 10
    radii = rng.uniform(1.2, 3.4, 10)
    centres = np.stack([radii * np.cos(angles), radii * np.sin(angles)], axis=1)
    shapes = [(10, 2), (10,), (2, 10), (2,), (10, 2), (10,)]
    parameters = [rng.normal(0, np.sqrt(2 / s[-1]), s) if len(s) == 2 else rng.normal(0, 2, s) for s in shapes]
    means = [np.zeros(s) for s in shapes]
    squares = [np.zeros(s) for s in shapes]
    for step in range(1, steps + 1):
        W0, b0, W1, b1, W2, b2 = parameters
        x = rng.uniform(-INNER, INNER, (batch, 2))
        z0 = x @ W0.T + b0
        a0 = np.maximum(z0, 0)
        a1 = a0 @ W1.T + b1
        z2 = a1 @ W2.T + b2
        error = np.maximum(z2, 0.05 * z2) - features(x, centres, 1.6)  # leaky in training, so that no output dies
        d2 = error * np.where(z2 > 0, 1.0, 0.05) / batch
        d1 = d2 @ W2
        d0 = (d1 @ W1) * (z0 > 0)
        gradients = [d0.T @ x, d0.sum(0), d1.T @ a0, d1.sum(0), d2.T @ a1, d2.sum(0)]
        for p, g, m, v in zip(parameters, gradients, means, squares, strict=True):
            m += 0.1 * (g - m)
            v += 0.001 * (g * g - v)
            p -= rate * (m / (1 - 0.9**step)) / (np.sqrt(v / (1 - 0.999**step)) + 1e-8)
    return [np.round(p * GRID) / GRID for p in parameters]


def network(parameters: list[Array]) -> pr.Network:
    """The parameters as a network."""
    W0, b0, W1, b1, W2, b2 = parameters
    return pr.Network([(W0, b0), (W1, b1), (W2, b2)], relu=[True, False, True])


def islands(parameters: list[Array], output: int) -> tuple[list[Fraction], list[bool]]:
    """Areas of the zones of ``y_output > 0`` in the outer square, and which lie outside the inner one."""
    net = network(parameters)
    outer = pr.Polyhedron.box([-OUTER] * 2, [OUTER] * 2)
    inner = pr.Polyhedron.box([-INNER] * 2, [INNER] * 2)
    tiling = pr.preimage(net, pr.parse(f"y{output} > 0", dim=10), outer, method="substitution")
    zones = tiling.zones()
    border = [any(abs(c) == OUTER for tile in zone for v in tile.polyhedron.vertices for c in v) for zone in zones]
    hidden = [
        not touches and all((tile.polyhedron & inner).is_empty() for tile in zone)
        for zone, touches in zip(zones, border, strict=True)
    ]
    return [sum((tile.polyhedron.volume() for tile in zone), Fraction(0)) for zone in zones], hidden


def probe(parameters: list[Array], output: int) -> bool:
    """A cheap look with samples: is the feature active both inside the inner square and outside it?"""
    ticks = np.linspace(-OUTER, OUTER, 241)
    grid = np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, 2)
    active = network(parameters)(grid)[:, output] > 0
    inside = (np.abs(grid) <= INNER).all(axis=1)
    return bool(active[inside].mean() > 0.02 and active[~inside].any() and active[~inside].mean() < 0.3)


def main() -> None:
    """Train, look for islands, and write the best run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=20, help="how many training runs to look at")
    parser.add_argument("--out", default="demo.npz", help="where to write the best network")
    options = parser.parse_args()
    best: Candidate | None = None
    for seed in tqdm(range(options.seeds), desc="training runs"):
        parameters = train(seed)
        for output in range(10):
            if not probe(parameters, output):
                continue
            areas, hidden = islands(parameters, output)
            small = [float(a) for a, h in zip(areas, hidden, strict=True) if h and 0.01 < a < 0.4]
            large = [float(a) for a in areas if a > 1]
            if small and large:
                score = len(large) + min(len(areas), 4) - abs(np.log(small[0] / 0.06))
                tqdm.write(
                    f"seed {seed}, output {output}: areas {[round(float(a), 3) for a in areas]}, score {score:.2f}"
                )
                if best is None or score > best.score:
                    best = Candidate(score, seed, output, areas)
    if best is None:
        raise SystemExit("no run had a hidden island; try more --seeds")
    W0, b0, W1, b1, W2, b2 = train(best.seed)
    order = [best.output, *(i for i in range(10) if i != best.output)]
    arrays = {"W0": W0, "b0": b0, "W1": W1, "b1": b1, "W2": W2[order], "b2": b2[order]}
    arrays["relu"] = np.array([True, False, True])
    write_whole(options.out, lambda path: write_archive(path, arrays))
    areas = list(map(float, best.islands))
    print(f"{options.out}: seed {best.seed}, output {best.output} (now output 0), zone areas {areas}")


if __name__ == "__main__":
    main()
