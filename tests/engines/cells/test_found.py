"""What a run hands out: flat tiles as it says them, sizes beside generators, cells for others, points."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np
import pytest

import polyrelu as pr
from polyrelu.engines.cells.run import Found, Run
from polyrelu.engines.cells.signs import ExactForms
from tests.engines.cells import differential
from tests.engines.cells.runs import Asked, finished, put
from tests.extreme_networks import box

WITH_FLAT_TILES = (92, 95, 97, 112, 114, 140, 152)
"""Small questions that have some: sections, faces, or both."""


def rows_of(exact: ExactForms, found: Found, i: int) -> tuple[list[tuple[int, ...]], list[int]]:
    """The facets that touch a flat tile as rows (a, b), where a.u <= b, and the numbers of those that contain it."""
    signs = np.zeros(len(exact.sites), dtype=np.uint8)
    signs[: exact.neurons] = np.unpackbits(found.flat_packed[i], count=exact.neurons)
    forms, first = exact.on(signs), len(exact.facets)
    rows = []
    for facet in found.flat_facets[found.flat_start[i] : found.flat_start[i + 1]].tolist():
        *normal, offset = forms.form(facet)
        is_on = first <= facet < first + exact.neurons and signs[facet - first]
        rows.append((*(-v if is_on else v for v in normal), offset if is_on else -offset))
    return rows, list(range(found.flat_containing[i]))


def questions_with_flat_tiles() -> Iterator[tuple[ExactForms, Found]]:
    for number in WITH_FLAT_TILES:
        question = differential.small_question(number)
        regions = Asked.of(question.network, box(question.network.input_dim, 2), question.target)
        run = regions.run()
        cells = regions.cells()
        assert cells is not None
        put(run, cells)
        yield regions.engine._exact_forms(), finished(run)


def test_flat_tiles_are_what_is_said_of_them():
    kinds = set[bool]()
    for exact, found in questions_with_flat_tiles():
        for i, (dim, is_face) in enumerate(zip(found.flat_dim.tolist(), found.flat_is_face.tolist(), strict=True)):
            rows, containing = rows_of(exact, found, i)
            normals, offsets = [row[:-1] for row in rows], [row[-1] for row in rows]
            tile = pr.Polyhedron(normals, offsets, equalities=containing)
            assert is_face in (0, 1)
            assert dim == (-1 if is_face else tile.dim)
            assert 0 <= tile.dim < tile.ambient_dim
            for k in range(len(rows)):
                end = pr.Polyhedron(normals, offsets, equalities=[*containing, k])
                assert not end.is_empty()
                assert (k in containing) == (end.dim == tile.dim)
            kinds.add(bool(is_face))
    assert kinds == {True, False}


# Sizes and generators

RNG = np.random.default_rng(0)
LAYERS = [(RNG.normal(size=(9, 2)), RNG.normal(size=9)), (RNG.normal(size=(5, 9)), RNG.normal(size=5))]
NETWORK = pr.Network(LAYERS, relu=[True, True])


@pytest.mark.parametrize("words", [1, 2])
def test_sizes_are_the_same_beside_generators(words):
    regions = Asked.of(NETWORK, box(2, 2))
    cells = regions.cells(words)
    assert cells is not None
    found = []
    for keep in (False, True):
        run = Run(regions.problem, words, regions.engine._exact_forms(), keep=keep, measure=True)
        put(run, cells)
        found.append(finished(run))
    alone, beside = found
    assert len(alone.generators.radius) == 0
    assert len(beside.generators.start) == len(beside.packed) + 1 > 20
    for one, other in zip(alone.extents, beside.extents, strict=True):
        assert one.tobytes() == other.tobytes()
    total = Fraction(0)
    for low, high in zip(beside.extents.volume_low.tolist(), beside.extents.volume_high.tolist(), strict=True):
        assert 0 < low <= high < low * (1 + 1e-9)
        total += Fraction(high)
    assert 16 <= total < 16 * (1 + Fraction(1, 10**9))


# Cells for others


def test_cells_are_given_as_accurate_as_they_get():
    for accurate in (False, True):
        regions = Asked.of(NETWORK, box(2, 2))
        run = regions.begun()
        run.advance(30, 1e6)
        (columns,) = run.giving(True, accurate)
        cells, _ = run.job_of(columns)
        assert len(cells.depth) > 2
        assert cells.solved.all() == accurate
        again = regions.run()
        put(again, cells)
        assert len(finished(again).packed) + len(run.found().packed) == len(finished(regions.begun()).packed)


# Points


@pytest.mark.parametrize("power", [0, 20, 30, 38])
def test_points_are_known_of_mirrored_cells_or_of_none(power):
    """Far from the origin floats may not tell that a point is inside, on either side."""
    known = []
    for side in (1, -1):
        ends = sorted(side * (2**power + Fraction(k, 64)) for k in (0, 3))
        network = pr.Network([([[side]], [-(2**power) - Fraction(1, 64)])], relu=[True])
        tiling = pr.linear_regions(network, pr.Polyhedron.box([ends[0]], [ends[1]]), "cells")
        known.append(sorted(bool(np.isnan(tile.source.points[tile.number]).any()) for tile in tiling))
    assert known[0] == known[1]
    assert len(known[0]) == 2
