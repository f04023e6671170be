"""Patches of many vertices: cut by their skeletons into the cells that the general way finds."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

import polyrelu as pr
from polyrelu.engines.cells.run import Found, Run
from tests.engines.cells.differential import round_polytope
from tests.engines.cells.runs import Asked, finished
from tests.extreme_networks import box


def with_copies(dim: int, neurons: int, copies: int) -> pr.Network:
    """Some neurons are multiples of others: half of them of the first, soon after it, half of the last, at the end."""
    rng = np.random.default_rng(neurons)
    weight, bias = rng.normal(size=(neurons, dim)), rng.normal(size=neurons) / 2
    soon = copies // 2
    late = neurons - 1 - np.arange(copies - soon)[::-1] // 2
    of = np.concatenate([[0, 1], np.zeros(soon, dtype=int), np.arange(2, neurons), late])
    factor = rng.choice([1.0, -1.0, 2.0], len(of))
    return pr.Network([(weight[of] * factor[:, None], bias[of] * factor)], relu=[True])


SIDES = 54


def across_a_drum() -> pr.Network:
    """Among neurons that cut it upright some that each meet all its sides, the first with the last bit of a word.

    Three of the upright ones meet side 1, the first of them, which is not the first to be cut with, between the others.
    """
    rng = np.random.default_rng(3)
    rows, offsets = np.column_stack([rng.normal(size=(18, 2)), np.zeros(18)]), rng.normal(size=18)
    normals = [[float(v) for v in row.normal] for row in round_polytope(3, SIDES).halfspaces[:3]]
    ends = [float(row.offset) for row in round_polytope(3, SIDES).halfspaces[:3]]
    first, last = (np.linalg.solve([normals[k][:2] for k in (i, i + 1)], ends[i : i + 2]) for i in range(2))
    for at, share in ((8, 0.5), (14, 0.25), (15, 0.75)):
        x, y = first + share * (last - first)
        rows[at], offsets[at] = (-y, x + share, 0), -share * y  # through there and (-share, 0)
    rows[16:, 2] = 1, -2
    for at, height in ((7, 0.25), (13, -0.5)):
        rows[at], offsets[at] = (0, 0, 1), height
    return pr.Network([(rows, offsets)], relu=[True])


CASES = {
    "few": (with_copies(2, 7, 0), box(2), 1),
    "many of a neuron": (with_copies(3, 22, 6), box(3), 1),
    "neurons across the end of a word": (with_copies(3, 15, 3), round_polytope(3, 54), 2),
    "facets across the end of a word": (with_copies(3, 14, 0), round_polytope(3, 66), 2),
    "neurons that meet all sides": (across_a_drum(), round_polytope(3, SIDES), 2),
    "too many neurons": (with_copies(1, 110, 2), box(1), 2),  # for one patch
    "too many neurons in the plane": (with_copies(2, 76, 2), box(2), 2),
    "too many vertices": (with_copies(5, 12, 6), box(5), 1),
    "too many vertices and no copies": (with_copies(4, 24, 0), box(4), 1),
}
IN_TURNS = [name for name in CASES if name.startswith("too many vertices")]


@cache
def case(name: str) -> tuple[Asked, list[Any]]:
    """A question, and the cells that come of cutting one by one."""
    network, domain, words = CASES[name]
    asked = Asked.of(network, domain)
    run = asked.begun(words, keep=True)
    run.force_back(1)
    return asked, cells(finished(run), kept=True)


def cells(found: Found, kept: bool) -> list[Any]:
    """Patterns, facets and how many generators there are, if they are kept, sorted."""
    starts = found.facet_start.tolist()
    facets = [sorted(found.facets[a:b].tolist()) for a, b in pairwise(starts)]
    sizes = np.diff(found.generators.start).tolist() if kept else [0] * len(facets)
    return sorted(zip((row.tobytes() for row in found.packed), facets, sizes, strict=True))


def by_skeletons(name: str, keep: bool) -> tuple[Run, Found]:
    asked, _ = case(name)
    run = asked.begun(CASES[name][2], keep=keep)
    return run, finished(run)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("keep", [False, True])
def test_skeletons_have_the_cells_that_cutting_one_by_one_finds(name, keep):
    run, found = by_skeletons(name, keep)
    expected = case(name)[1]
    assert cells(found, keep) == [(pattern, facets, size * keep) for pattern, facets, size in expected]
    assert run.counts.cuts == run.counts.cells - 1
    assert (run.counts.skeletons > 1) == name.startswith("too many")
    assert run.counts.fallbacks == 0


@pytest.mark.parametrize("name", IN_TURNS)
def test_a_patch_is_cut_no_further_once_it_has_many_vertices(name):
    """2^11 are many; then its parts are cut by the other neurons, each no more often than it has to be."""
    run, found = by_skeletons(name, True)
    assert run.counts.skeletons < len(found.packed) / 2
    sizes = np.diff(found.generators.start)
    assert sizes.sum() > 1 << 11
    assert sizes.max() < 1 << 11


@cache
def tangents(count: int) -> Asked:
    """Tangents y = 2 k x - k^2 of a parabola, no three of which meet in a point; any two do, within the domain."""
    places = range(-(count // 2), count // 2)
    lines = pr.Layer([[2 * k, -1] for k in places], [-k * k for k in places], True)
    far = count * count // 4
    return Asked.of(pr.Network([lines]), pr.Polyhedron.box([-far, -2 * far], [far, 2 * far]))


@pytest.mark.parametrize("words", [1, 2])
@pytest.mark.parametrize("n", [10, 60])
def test_lines_in_general_position_have_as_many_cells_and_edges_as_there_are(words, n):
    points = list[np.ndarray]()
    for keep in (False, True):
        run = tangents(n).begun(words, keep)
        found = finished(run)
        assert (len(found.packed), run.counts.fallbacks) == (1 + n + n * (n - 1) // 2, 0)
        assert len(found.facets) == 2 * n * n + (4 + 2 * n)  # sides of edges, of which so many are at the end
        order = np.lexsort(found.packed.T)
        assert (np.diff(found.packed[order].astype(int), axis=0) != 0).any(axis=1).all()
        points.append(found.points[order])
    assert np.allclose(points[0], points[1], rtol=1e-9, atol=1e-9)  # the means of the same vertices
