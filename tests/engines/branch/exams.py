"""What scripts/mutate_kernel.py asks of mutants of the walk, beside the tests: see tests/engines/cells/exams.py."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

import polyrelu as pr
from tests.engines.branch import programs, test_facets, test_steps, test_walk
from tests.engines.cells import differential
from tests.engines.cells.exams import Effort, usual
from tests.engines.cells.harness.harness import shared_folder
from tests.extreme_networks import box

COUNT = 100
LARGER = [[5, 5, 3], [3, 8, 4]]
PROGRAMS = 400
SMALL = [k for k in range(COUNT) if differential.small_question(k).network.neuron_count <= 8]


@cache
def question(number: int) -> Any:
    """Small questions of every kind, and some of more inputs."""
    if number < COUNT:
        own = differential.small_question(number)
        return own.network, own.target, box(own.network.input_dim, 2)
    rng, widths = np.random.default_rng(number), LARGER[number - COUNT]
    network = differential.of_widths(rng, "generic", widths)
    return network, pr.parse("y0 >= y1", dim=widths[-1]), box(widths[0], 1)


@cache
def right(number: int) -> set[Any]:
    """The tiles that another engine finds."""
    return tiles(number, "twin" if number < COUNT else "cells")[0]


def tiles(number: int, method: str) -> tuple[set[Any], dict[str, Any]]:
    """Patterns and polyhedra, and what was counted."""
    network, target, domain = question(number)
    if target is None:
        tiling = pr.linear_regions(network, domain, method)
    else:
        tiling = pr.preimage(network, target, domain, method)
    return {(tile.pattern, tile.polyhedron) for tile in tiling}, dict(tiling.stats or {})


@pytest.mark.parametrize("number", [*SMALL, *range(COUNT, COUNT + len(LARGER))])
def test_walks(number):
    found, stats = tiles(number, "branch")
    assert found == right(number)
    now = {name: value for name, value in stats.items() if isinstance(value, int)}
    before = usual(f"walk {number}", now)
    if any(value > before.get(name, 0) for name, value in now.items()):
        raise Effort(f"{now}, not {before}")


@pytest.fixture(scope="session")
def walk(tmp_path_factory):
    return programs.compiled(shared_folder(tmp_path_factory))


@pytest.mark.parametrize("kind", range(len(programs.KINDS)))
def test_pivots(walk, kind):
    """Of linear programs, each row by row and at once."""
    examples = [programs.example(seed) for seed in range(kind, PROGRAMS, len(programs.KINDS))]
    now = [
        programs.solved(walk, own, after).pivots
        for own in examples
        for after in (None, np.arange(len(own.rows))[::-1] < 1)
    ]
    before = usual(f"pivots {kind}", now)
    if any(a > b for a, b in zip(now, before, strict=True)):
        raise Effort(f"{now} pivots, not {before}")


@pytest.mark.parametrize("seed", range(24))
def test_pivots_for_facets(walk, seed, monkeypatch):
    """Of polytopes, by looks straight ahead and linear programs."""
    tile = test_facets.drawn(seed)
    _, now = test_facets.said_of(walk, tile, test_facets.point_in(tile), monkeypatch)
    before = usual(f"pivots for facets {seed}", now)
    if now > before:
        raise Effort(f"{now} pivots, not {before}")


@pytest.mark.parametrize("rule", ["in order", "most even"])
@pytest.mark.parametrize("count", [0, 2, 4])
@pytest.mark.parametrize("widths", [(2, 8, 3, 1), (3, 6, 1), (1, 7, 4, 1), (2, 9, 1)])
def test_programs_and_points(widths, count, rule):
    """Of walks that know no point in the beginning: programs, neurons, and points that are known twice."""
    now = [0] * 3
    for engine, cell, _ in test_steps.cells_of(
        test_steps.network(*widths), rule, rows=test_steps.some_rows(widths[0], count), points=False
    ):
        now[0] += len(cell.points) - len(np.unique(cell.points, axis=0))
        now[1:] = (engine._walk.counters()[k] for k in (test_walk.NODES, test_walk.PROGRAMS))
    before = usual(f"points {widths} {count} {rule}", now)
    if any(a > b for a, b in zip(now, before, strict=True)):
        raise Effort(f"{now}, not {before}")
