"""How long pictures of the plane take: ``python scripts/benchmark_pictures.py [TILES ...]``.

For each number of tiles a random network with about so many linear regions is drawn and saved as PNG, three times. The
medians are printed in seconds: of the polygons alone, of ``tiling.plot()``, and of it together with saving.
"""

from __future__ import annotations

import argparse
import io
import time
from collections.abc import Callable
from statistics import median

import numpy as np
from matplotlib import pyplot

import polyrelu as pr
from polyrelu.analysis.planar_tiles import planar_tiles
from polyrelu.plotting import plot_tiling
from polyrelu.plotting.windows import window_of

TIMES = 3
_RADIUS = 3
_WIDTHS = ((8, 4), (16, 8), (32, 16), (48, 32), (64, 48), (96, 64), (144, 96), (200, 130), (300, 200))


def tiling_of(tiles: int) -> pr.Tiling:
    """The linear regions of the least of some random networks that has at least so many in a square."""
    square = pr.Polyhedron.box([-_RADIUS] * 2, [_RADIUS] * 2)
    for widths in _WIDTHS:
        random = np.random.default_rng(0)
        shapes = zip((2, *widths), (*widths, 1), strict=True)
        layers = [(random.normal(size=(n, d)) / d**0.5, random.normal(size=n) / 2) for d, n in shapes]
        tiling = pr.linear_regions(pr.Network(layers), square)
        if len(tiling) >= tiles:
            return tiling
    return tiling


def seconds(action: Callable[[], object]) -> float:
    """The median of the times that an action takes."""
    taken = []
    for _ in range(TIMES):
        start = time.perf_counter()
        action()
        taken.append(time.perf_counter() - start)
        pyplot.close("all")
    return median(taken)


def saved(tiling: pr.Tiling) -> None:
    """Draw a tiling and save it as PNG."""
    plot_tiling(tiling).figure.savefig(io.BytesIO(), format="png")


def main(arguments: list[str] | None = None) -> None:
    """Print a row for each number of tiles."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tiles", type=int, nargs="*", default=[100, 1_000, 10_000, 20_000])
    pyplot.switch_backend("agg")
    print("tiles  polygons  plot  plot and save")
    for count in parser.parse_args(arguments).tiles:
        tiling = tiling_of(count)
        window = window_of(tiling)
        polygons = seconds(lambda tiling=tiling, window=window: planar_tiles(tiling, *window))  # type: ignore[misc]
        drawn = seconds(lambda tiling=tiling: plot_tiling(tiling))  # type: ignore[misc]
        both = seconds(lambda tiling=tiling: saved(tiling))  # type: ignore[misc]
        print(f"{len(tiling):5d}  {polygons:8.2f}  {drawn:4.2f}  {both:13.2f}")


if __name__ == "__main__":
    main()
