"""Runs that are stopped at a chosen moment, and what has to be true of what they leave."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from types import FrameType
from typing import Any

import numpy as np
import pytest

import polyrelu as pr
from polyrelu.engines.branch import engine as branch
from polyrelu.engines.cells.run import Pause, Run

METHODS = ["cells", "twin", "branch", "halfspaces"]


def random_network(widths: list[int], seed: int = 0) -> pr.Network:
    """Weights with two digits, so that exact arithmetic is quick."""
    rng = np.random.default_rng(seed)
    layers = [(rng.normal(size=(b, a)).round(2), rng.normal(size=b).round(2)) for a, b in itertools.pairwise(widths)]
    return pr.Network(layers)


@contextmanager
def in_small_steps(cuts: int = 3) -> Iterator[None]:
    """Within this the kernel pauses after so many cuts, so that there are many moments to stop."""
    advance = Run.advance

    def briefly(run: Run, most: int = 0, seconds: float = 0.0) -> Pause:
        return advance(run, cuts, 1e6)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Run, "advance", briefly)
        yield


@contextmanager
def one_neuron_at_a_time() -> Iterator[None]:
    """Within this the engine that branches asks for one neuron, and looks up."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(branch, "_FIRST_STEP", 1)
        patch.setattr(branch, "_MOST_AT_ONCE", 0)
        yield


def stopped(ask: Callable[..., pr.Tiling], *question: Any, after: int, **options: Any) -> pr.Tiling:
    """What a run has found that is stopped when it asks for the n-th time, or all where it does not."""
    asked = itertools.count()
    try:
        return ask(*question, until=lambda found: next(asked) >= after, **options)
    except pr.Interrupted as error:
        return error.partial


class CtrlC:
    """Ctrl-C before a certain line of some modules is run."""

    def __init__(self, line: int, modules: tuple[str, ...]) -> None:
        self.line, self.modules, self.count = line, modules, 0

    def __enter__(self) -> None:
        self._before = sys.gettrace()
        sys.settrace(self._call)

    def __exit__(self, *_: object) -> None:
        sys.settrace(self._before)

    def _call(self, frame: FrameType, event: str, argument: Any) -> Any:
        return self._step if frame.f_code.co_filename.endswith(self.modules) else None

    def _step(self, frame: FrameType, event: str, argument: Any) -> Any:
        if event == "line":
            self.count += 1
            if self.count == self.line:
                raise KeyboardInterrupt
        return self._step


def check_partial(partial: pr.Tiling, whole: pr.Tiling) -> None:
    """Tiles and open cells cover what the whole answer has, and their interiors are disjoint."""
    check_left(list(partial), list(partial.undecided()), whole)


def check_left(tiles: list[pr.Tile], open_cells: list[pr.Polyhedron], whole: pr.Tiling) -> None:
    """The same of tiles and cells that are listed."""
    named = {(tile.pattern, tile.polyhedron) for tile in whole}
    dim = whole.domain.dim
    assert all((tile.pattern, tile.polyhedron) in named for tile in tiles if tile.dim == dim)
    found = {(tile.pattern, tile.polyhedron) for tile in tiles}
    for tile in whole:
        if (tile.pattern, tile.polyhedron) not in found:
            point = tile.inner_point()
            around = (cell for cell in open_cells if cell.contains(point))
            assert any(map(tile.polyhedron.is_subset, around)), f"of tile {tile.pattern} something is missed"
    sets = [tile.polyhedron for tile in tiles if tile.dim == dim] + open_cells
    assert all(cell.is_subset(whole.domain) and cell.dim == dim for cell in open_cells)
    points = [one.relative_interior_point() for one in sets]
    assert all(one is other or not other.contains(x) for one, x in zip(sets, points, strict=True) for other in sets)


def volume(sets: Any) -> Fraction:
    """The sum of exact volumes."""
    return sum((one.volume() for one in sets), Fraction(0))
