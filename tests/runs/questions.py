"""Questions for runs on disk: small ones, of all kinds, and what a run makes of them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

import polyrelu as pr

SQUARE = ([-2, -2], [2, 2])


def network(*widths: int, seed: int, whole: bool = False) -> pr.Network:
    """A random one; of small whole numbers it is degenerate in many ways."""
    rng = np.random.default_rng(seed)
    shapes = list(pairwise(widths))
    if whole:
        return pr.Network([(rng.integers(-1, 2, (b, a)), rng.integers(-1, 2, b)) for a, b in shapes])
    return pr.Network([(rng.normal(size=(b, a)), rng.normal(size=b)) for a, b in shapes])


QUESTIONS: dict[str, tuple[pr.Network, Any, Any, int]] = {
    "usual": (network(2, 5, 3, 1, seed=3), "y0 <= 1/2", SQUARE, 6),
    "regions": (network(2, 4, 3, 1, seed=1), None, SQUARE, 7),
    "equality": (network(2, 5, 3, 1, seed=75, whole=True), "y0 == 0", SQUARE, 4),
    "flat tiles": (network(2, 5, 3, 1, seed=30, whole=True), "y0 == 0", SQUARE, 2),
    "twins": (network(2, 5, 3, 1, seed=21, whole=True), None, SQUARE, 4),
    "strict": (network(2, 5, 3, 1, seed=21, whole=True), "y0 < 1", SQUARE, 4),
    "two targets": (network(2, 5, 2, seed=3, whole=True), ["y0 <= 0", "y1 > 0"], SQUARE, 4),
    "all of the plane": (network(2, 5, 1, seed=5, whole=True), "y0 > 0", None, 3),
    "all of space": (network(3, 4, 2, seed=3, whole=True), None, None, 5),
    "a segment": (network(2, 5, 3, 1, seed=2), "y0 > 0", pr.Polyhedron.box([-2, 1], [2, 1]), 3),
    "nothing": (network(2, 5, 3, 1, seed=2), "y0 > 1000000", SQUARE, 9),
    "an empty domain": (network(2, 3, 1, seed=2), "y0 > 0", pr.Polyhedron.empty(2), 9),
}
"""Network, target, domain, and the budget of a task: each has several, as far as there is something to do."""


@cache
def stored(name: str, place: Path, measure: bool = False) -> pr.StoredTiling:
    """The answer on disk; found once for each place."""
    net, target, domain, cuts = QUESTIONS[name]
    run = pr.Run(place / name, net, target, domain, cuts=cuts, measure=measure)
    run.work()
    return run.tiling()


@cache
def whole(name: str) -> pr.Tiling:
    """The answer in memory."""
    net, target, domain, _ = QUESTIONS[name]
    return pr.linear_regions(net, domain) if target is None else pr.preimage(net, target, domain)


def points(dim: int) -> Iterator[Any]:
    """Points by the array: in general position, on a grid with many hyperplanes through it, and rational."""
    rng = np.random.default_rng(0)
    yield rng.uniform(-2.2, 2.2, (200, dim))
    yield rng.integers(-3, 4, (60, dim)).astype(np.float64)
    yield [[f"{v}/3" for v in row] for row in rng.integers(-6, 7, (12, dim)).tolist()]
