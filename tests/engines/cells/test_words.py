"""Masks of more than one word: facets and neurons on either side of the end of the first."""

from __future__ import annotations

import itertools
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
import pytest

import polyrelu as pr
from polyrelu.tilings.chart import chart
from tests.engines.cells.differential import of_widths, round_polytope
from tests.engines.cells.runs import Asked, Tiles, concurrent, finished, put, twin
from tests.engines.cells.test_patches import parabola

ENDS = range(58, 66)
"""Facets of a polygon, whose neurons have the next bits."""


def network_of(kind: str, rng: np.random.Generator) -> tuple[pr.Network, pr.Polyhedron | None]:
    """A network on the plane and a target, or None."""
    if kind == "concurrent":  # signs that floats leave in doubt
        return concurrent(rng, 7), None
    if kind == "rows":  # of a target, which are the first to cut
        affine = pr.Network([(np.eye(2), np.zeros(2))], relu=[False])
        return affine, pr.parse("y0 <= 1, y1 <= 1, y0 + y1 >= -2, y0 - 2*y1 < 2, y0 + 2*y1 <= 2", dim=2)
    if kind == "equality":
        affine = pr.Network([(np.eye(2), np.zeros(2))], relu=[False])
        return affine, pr.parse("y0 <= 1, y0 + y1 >= -2, y0 == y1, y0 >= 0", dim=2)
    if kind == "vertices":  # lines through opposite vertices, where signs are zero
        return pr.Network([([[1, 0], [0, 1], [1, 1], [2, 1]], [0, 0, 0, 1])], relu=[True]), None
    return of_widths(rng, kind, [2, 6, 3]), None


@cache
def question(kind: str, facets: int) -> tuple[Asked, Tiles]:
    """What runs get, and the tiles that they have to find."""
    network, target = network_of(kind, np.random.default_rng(facets))
    domain = round_polytope(2, facets)
    return Asked.of(network, domain, target), twin(network, domain, target)


@pytest.mark.parametrize("kind", ["generic", "integers", "concurrent", "rows", "equality", "vertices"])
@pytest.mark.parametrize("facets", ENDS)
def test_neurons_across_the_end_of_a_word(kind, facets):
    asked, expected = question(kind, facets)
    for forced in (0, 1):
        run = asked.begun(2)
        run.force_back(forced)
        assert asked.tiles([finished(run)]) == expected


@cache
def touched(sides: int) -> tuple[Asked, Tiles]:
    """A polygon with vertices (i, i^2), two of which neurons touch before others cut it."""
    rows, offsets = [[6, -1], [4, 1], [-4, -1], [1, 3]], [-9, -51, -4, -81]
    network, domain = pr.Network([(rows, offsets)], relu=[True]), parabola(sides)
    return Asked.of(network, domain), twin(network, domain)


@pytest.mark.parametrize("sides", ENDS)
def test_a_neuron_that_only_touches_a_cell_leaves_its_bit_to_the_next(sides):
    asked, expected = touched(sides)
    for forced in (0, 1):
        run = asked.begun(2)
        run.force_back(forced)
        assert asked.tiles([finished(run)]) == expected
        assert (run.counts.cells, run.counts.skeletons) == (3, 1 - forced)


SIDES = 132


@cache
def polygon() -> pr.Polyhedron:
    """With vertices (i, i^2); it takes a while to see that none of its sides can be left out."""
    return parabola(SIDES)


def facet(side: int) -> int:
    """The number of the side from a vertex to the next: they come in the order of their slopes."""
    closing = SIDES // 2 + 1
    return closing if side in (-1, SIDES - 1) else side + (side >= closing)


def without_sides(number: int, late: int) -> Asked:
    """Neurons that cut off a side each: one of the first layer, and one of the second."""
    places = range(-(SIDES // 2), SIDES // 2)

    def beyond(place: int) -> list[int]:
        """Positive at the vertices of one place and the next, and at no others."""
        return [2 * place + 1, -1, 1 - place * (place + 1)]

    rows = [beyond(places[number]), [1, 0, 0], [0, 1, 0]]
    first = pr.Layer([row[:2] for row in rows], [row[2] for row in rows], [True, False, False])
    (*normal, offset) = beyond(places[late])
    return Asked.of(pr.Network([first, pr.Layer([[0, *normal]], [offset], True)]), polygon())


@pytest.mark.parametrize("number", [0, 63, 64, 100])
@pytest.mark.parametrize("late", [125, 129])
def test_facets_of_three_words_without_one_of_them(number, late):
    asked = without_sides(number, late)
    first, second = SIDES, SIDES + 1
    beside = [[facet(k + j) for j in (-1, 0, 1)] for k in (number, late)]
    expected = {
        "00": {*range(SIDES), first, second} - {facet(number), facet(late)},
        "10": {*beside[0], first},
        "01": {*beside[1], second},
    }
    for forced in (0, 1):
        run = asked.begun(3)
        run.force_back(forced)
        found = finished(run)
        patterns = [f"{packed >> 6:02b}" for packed in found.packed[:, 0].tolist()]
        facets = np.split(found.facets, found.facet_start[1:-1])
        assert {pattern: set(own.tolist()) for pattern, own in zip(patterns, facets, strict=True)} == expected


def test_a_section_lies_in_the_row_that_cuts_it_out():
    """A cross-polytope has as many facets as a word has bits, and the row the next bit."""
    dim = 6
    cross = pr.Polyhedron(list(itertools.product([-1, 1], repeat=dim)), [1] * 2**dim)
    identity = pr.Network([(np.eye(dim), np.zeros(dim))], relu=[False])
    row = pr.parse("4*y0 + 5*y1 + 6*y2 + 7*y3 - 8*y4 - 9*y5 == 1", dim=dim)
    found = finished(Asked.of(identity, cross, row).begun(2))
    assert found.flat_dim.tolist() == [dim - 1]
    assert found.flat_containing.tolist() == [1]
    assert found.flat_facets[0] == 2**dim


@cache
def through_vertices(facets: int) -> tuple[Asked, Tiles]:
    """Neurons through two vertices of a polygon around a circle, and across these: floats know none."""
    slopes = [(k, 8) for k in range(-(facets // 2), facets - facets // 2)]
    domain = pr.Polyhedron([[b * b - a * a, 2 * a * b] for a, b in slopes], [a * a + b * b for a, b in slopes])
    rows, offsets = list[list[Fraction]](), list[Fraction]()
    for x, y, t in chart(domain, ()).start.generators[facets // 3 : facets // 3 + 2]:
        rows += [[Fraction(y, 3 * t), Fraction(-x, 3 * t)], [Fraction(x, 3 * t), Fraction(y, 3 * t)]]
        offsets += [Fraction(0), Fraction(-x * x - y * y, 6 * t * t)]
    network = pr.Network([pr.Layer(rows, offsets, relu=True)])
    return Asked.of(network, domain), twin(network, domain)


@pytest.mark.parametrize("facets", [33, 63, 64, 65])
@pytest.mark.parametrize("forced", [0, 1])
def test_signs_in_doubt_at_vertices_of_many_facets(facets, forced):
    """Which exact arithmetic finds zero, so that the vertices lie on neurons about the end of a word."""
    asked, expected = through_vertices(facets)
    run = asked.begun(2)
    run.force_back(forced)
    assert asked.tiles([finished(run)]) == expected
    assert run.counts.exact > 0


@cache
def through_an_apex(sides: int) -> tuple[Asked, Tiles]:
    """A neuron through the apex of a pyramid, of which floats know neither."""
    height = Fraction(10**20, 3 * 10**20 + 7)
    slopes = [(k, 8) for k in range(-(sides // 2), sides - sides // 2)]
    rows = [[b * b - a * a, 2 * a * b, a * a + b * b] for a, b in slopes]
    domain = pr.Polyhedron([*rows, [0, 0, -1]], [*(height * row[2] for row in rows), 0])
    network = pr.Network([pr.Layer([[Fraction(1, 3), Fraction(1, 7), 1]], [-height], relu=True)])
    return Asked.of(network, domain), twin(network, domain)


@pytest.mark.parametrize("sides", [31, 40])
def test_an_apex_is_solved_again_from_all_facets_that_it_lies_on(sides):
    """In place of a vector of which nothing is known."""
    asked, expected = through_an_apex(sides)
    run, cells = asked.run(2), asked.roots(2)
    nothing = np.full_like(cells.radius, np.inf)
    put(run, cells._replace(radius=nothing, solved=np.zeros_like(cells.solved)))
    assert asked.tiles([finished(run)]) == expected
    assert run.counts.solves == len(cells.radius)


@pytest.mark.parametrize("kind", ["generic", "concurrent", "rows"])
@pytest.mark.parametrize("facets", [60, 62, 63])
def test_cells_given_away_in_the_middle_of_a_patch(kind, facets):
    asked, expected = question(kind, facets)
    runs: list[Any] = [asked.begun(2)]
    for cuts in (1, 2, 1, 3):
        runs[-1].force_back(len(runs) % 2)
        runs[-1].advance(cuts, 10.0)
        runs.append(asked.run(2))
        put(runs[-1], runs[-2].give(everything=True))
    finished_runs = [finished(run) for run in runs]
    assert asked.tiles(finished_runs) == expected
