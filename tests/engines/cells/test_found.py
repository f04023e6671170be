"""What a run hands out: flat tiles as it says them, sizes beside generators, cells for others, points."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from functools import cache
from operator import mul

import numpy as np
import pytest

import polyrelu as pr
from polyrelu.engines.cells.run import Found, Run
from polyrelu.engines.cells.signs import ExactForms
from polyrelu.tilings.columns import Columns
from tests.engines.cells import differential, listings
from tests.engines.cells.runs import Asked, finished, put
from tests.extreme_networks import box

WITH_FLAT_TILES = (92, 95, 97, 112, 114, 140, 152)
"""Small questions that have some: sections, faces, or both."""
MOST_FLAT_TILES = 4
"""Of a question are looked at."""


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


def question_with_flat_tiles(number: int | None) -> tuple[ExactForms, Found]:
    """A small one, or that with more facets than a word has bits."""
    if number is None:
        regions = line_across_a_polygon((1, 2), Fraction(1, 4))
        return regions.engine._exact_forms(), finished(regions.begun(words=2))
    question = differential.small_question(number)
    regions = Asked.of(question.network, box(question.network.input_dim, 2), question.target)
    return regions.engine._exact_forms(), finished(regions.begun())


@cache
def line_across_a_polygon(normal: tuple[int, ...], offset: Fraction) -> Asked:
    """An equation on one with more facets than a word has bits."""
    network = pr.Network([([normal], [1000]), ([[1]], [-1000])])
    return Asked.of(network, differential.round_polytope(2, 70), pr.parse(f"y0 == {offset}", dim=1))


@pytest.mark.parametrize("number", [None, *WITH_FLAT_TILES])
def test_flat_tiles_are_what_is_said_of_them(number):
    exact, found = question_with_flat_tiles(number)
    assert len(found.flat_dim) > 0
    for i in range(min(len(found.flat_dim), MOST_FLAT_TILES)):
        rows, containing = rows_of(exact, found, i)
        normals, offsets = [row[:-1] for row in rows], [row[-1] for row in rows]
        tile = pr.Polyhedron(normals, offsets, equalities=containing)
        assert found.flat_is_face[i] in (0, 1)
        assert found.flat_dim[i] == (-1 if found.flat_is_face[i] else tile.dim)
        assert 0 <= tile.dim < tile.ambient_dim
        for k in range(len(rows)):
            end = pr.Polyhedron(normals, offsets, equalities=[*containing, k])
            assert not end.is_empty()
            assert (k in containing) == (end.dim == tile.dim)


def test_a_level_line_touches_facets_of_both_words():
    regions = line_across_a_polygon((0, 16), Fraction(11))
    facets, found = regions.engine._exact_forms().facets, finished(regions.begun(words=2))
    row, *touched = found.flat_facets.tolist()
    assert (row, found.flat_containing.tolist()) == (len(facets) + 1, [1])  # after the neuron's
    assert [facets[k][:2] for k in touched] == [(-63, 11), (63, 11)]
    assert touched[0] < 64 <= touched[1]


# Sizes and generators

RNG = np.random.default_rng(0)
LAYERS = [(RNG.normal(size=(9, 2)), RNG.normal(size=9)), (RNG.normal(size=(5, 9)), RNG.normal(size=5))]
NETWORK = pr.Network(LAYERS, relu=[True, True])
SMALL = pr.Network([(LAYERS[0][0][:3], LAYERS[0][1][:3] / 8)], relu=[True])


@pytest.mark.parametrize("words", [1, 2])
def test_sizes_are_the_same_beside_generators(words):
    domain = box(2, 2) if words == 1 else differential.round_polytope(2, 70)
    regions = Asked.of(NETWORK if words == 1 else SMALL, domain)
    cells = regions.cells(words)
    assert cells is not None
    found = []
    for keep in (False, True):
        run = Run(regions.problem, words, regions.engine._exact_forms(), keep=keep, measure=True)
        put(run, cells)
        found.append(finished(run))
    alone, beside = found
    assert len(alone.generators.radius) == 0
    assert len(beside.generators.start) == len(beside.packed) + 1 > 4
    for one, other in zip(alone.extents, beside.extents, strict=True):
        assert one.tobytes() == other.tobytes()
    total = Fraction(0)
    for low, high in zip(beside.extents.volume_low.tolist(), beside.extents.volume_high.tolist(), strict=True):
        assert 0 < low <= high < low * (1 + 1e-9)
        total += Fraction(high)
    assert domain.volume() <= total < domain.volume() * (1 + Fraction(1, 10**9))


# Signs

REPEATED = pr.Network(
    [
        (
            [[1, 3], [-4, 10], [-8, 20], [7, -9], [-14, 18], [21, -27], [3, 1], [5, -5], [14, -18], [2, 9]],
            [1, 2, 4, 3, -6, 9, -1, 2, 6, 4],
        )
    ],
    relu=[True],
)
"""Neurons 2, 4, 5 and 8 repeat neurons 1 and 3, some with opposite signs, and begin a byte."""


def test_neurons_that_repeat_one_are_on_with_it_or_against_it():
    tiles, expected = (pr.linear_regions(REPEATED, box(2, 2), method) for method in ("cells", "twin"))
    assert differential.tiles_of(tiles) == differential.tiles_of(expected)
    assert len(tiles) > 10
    question = listings.Question(REPEATED, box(2, 2), None)
    assert Counter(question.listed(question.lines())) == Counter(question.listed(question.lines(compiled=False)))


@pytest.mark.parametrize("neurons", [16, 40, 64])
def test_patterns_of_many_bytes(neurons):
    """On a line, with a neuron at the beginning of a byte that repeats another, and points that a target leaves."""
    rows, offsets = (
        [[1 if k % 3 else -1] for k in range(neurons)],
        [(7 * k % neurons) - neurons // 2 for k in range(neurons)],
    )
    rows[8], offsets[8] = [2 * rows[3][0]], 2 * offsets[3]
    network = pr.Network([(rows, offsets), ([[1 if k % 2 else -1 for k in range(neurons)]], [0])])
    target = pr.parse("y0 == 1/3", dim=1)
    regions = [pr.linear_regions(network, box(1, neurons), method) for method in ("cells", "twin")]
    ends = [pr.preimage(network, target, box(1, neurons), method) for method in ("cells", "twin")]
    assert len(regions[1]) > neurons / 2
    assert len(ends[1]) > 0
    for found, expected in (regions, ends):
        assert differential.tiles_of(found) == differential.tiles_of(expected)


@cache
def all_on() -> Asked:
    """An equation after more neurons than there are bits in a word."""
    network = pr.Network([([[1]] * 72, range(72, 144)), ([[1] * 72], [0])])
    return Asked.of(network, box(1), pr.parse(f"y0 == {sum(range(72, 144))}", dim=1))


def test_a_flat_tile_of_many_neurons():
    found = finished(all_on().begun())
    assert found.flat_packed.tolist() == [[255] * 9]
    assert found.flat_dim.tolist() == [0]


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
        ((_, source),) = tiling.parts
        assert isinstance(source, Columns)
        known.append(sorted(np.isnan(source.points[:, 0]).tolist()))
    assert known[0] == known[1]
    assert len(known[0]) == 2


FAR = 2.0**20


@cache
def thin_and_far(seed: int) -> tuple[Asked, list[Fraction], Fraction]:
    """A plate of a few last digits of its points on a plane through the origin, the plane's normal, how thick it is."""
    rng = np.random.default_rng(seed)
    normal, thick = np.array([*rng.uniform(0.5, 2, 4), -1.0]), 2.0**-33 * float(rng.uniform(1, 3))
    unit = np.eye(5)[:4]
    rows = np.vstack([-normal, normal, -unit, unit.sum(axis=0)[None]])
    domain = pr.Polyhedron(rows, [0, thick, *[-FAR] * 4, 4 * FAR + 1])
    network = pr.Network([pr.Layer(np.eye(5), [0] * 5, False)])
    return Asked.of(network, domain), list(map(Fraction, normal.tolist())), Fraction(thick)


@pytest.mark.parametrize("seed", [6, 22])
def test_points_far_away_are_inside_or_not_known(seed):
    """Where floats find them inside, but for rounding that grows with how far they are."""
    asked, normal, thick = thin_and_far(seed)
    (point,) = finished(asked.begun()).points.tolist()
    assert np.isnan(point).all() or 0 < sum(map(mul, normal, map(Fraction, point))) < thick


@cache
def far_along(axis: int, seed: int) -> tuple[Asked, list[Fraction]]:
    """A box that is thin, and far away along one axis, and a neuron of the second layer through its middle.

    The neuron's form depends on the other coordinate alone, but for rounding: what two of the first layer make of the
    far one cancels. Also where the box begins, is cut, and ends along the other axis.
    """
    rng = np.random.default_rng(seed)
    a, b = (Fraction(1, int(rng.integers(3, 90))) for _ in range(2))
    p = Fraction(*rng.integers(3, 90, 2).tolist())
    offset, thin = Fraction(int(rng.integers(-90, 90)), 97), Fraction(2.0**-15)
    first = pr.Layer([own[:: 1 - 2 * axis] for own in ([a, 0], [b, 1])], [1, 2], [True, True])
    middle = (p / a + offset) / (p / b) - 2
    low, high = Fraction(float(middle - thin)), Fraction(float(middle + thin))
    domain = pr.Polyhedron.box(*(end[:: 1 - 2 * axis] for end in ([2**40, low], [2**40 + 1, high])))
    network = pr.Network([first, pr.Layer([[p / a, -p / b]], [offset], [True])])
    return Asked.of(network, domain), [low, middle, high]


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("seed", [3, 29])
def test_points_far_along_an_axis_are_inside_or_not_known(axis, seed):
    asked, (low, middle, high) = far_along(axis, seed)
    found = finished(asked.begun())
    assert (found.packed >> 5).ravel().tolist() in ([6, 7], [7, 6])
    for packed, point in zip(found.packed.ravel().tolist(), found.points.tolist(), strict=True):
        is_below = packed >> 5 & 1
        x = point[1 - axis]
        assert np.isnan(x) or (low < x < middle if is_below else middle < x < high)
