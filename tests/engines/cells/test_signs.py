from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import polyrelu as pr
from polyrelu.engines.cells.problem import UNDECIDED
from polyrelu.engines.cells.signs import ExactForms, FormsOnCell
from polyrelu.networks.pattern_cells import Placed, refine
from polyrelu.polyhedra.cell import INFINITY
from polyrelu.tilings.chart import chart
from tests.engines.cells.runs import concurrent
from tests.extreme_networks import box

small = st.integers(-2, 2)


@st.composite
def networks(draw):
    widths = [draw(st.integers(1, 3)) for _ in range(3)]
    layers = [
        ([[draw(small) for _ in range(a)] for _ in range(b)], [draw(small) for _ in range(b)])
        for a, b in pairwise(widths)
    ]
    return pr.Network(layers, relu=[True] * len(layers))


def cells_of(network, domain):
    """All cells of all depths, with the signs of all neurons that are known on them."""
    where = chart(domain, network.layers[0].rows)
    layers = where.pulled_back(network.layers)
    neurons = [layer.output_dim for layer in layers]
    waiting, cells = [Placed(where.start)], []
    while waiting:
        placed = waiting.pop()
        known = [on for layer in placed.signs for on in layer]
        cells.append((placed.cell, np.array([*known, *[UNDECIDED] * (sum(neurons) - len(known))], dtype=np.uint8)))
        if placed.depth < len(layers):
            first = len(where.facets) + sum(neurons[: placed.depth])
            waiting += refine(placed, layers, first, lambda count: None)
    return ExactForms(layers, (), where.forms), cells


@settings(max_examples=60, deadline=None)
@given(networks(), st.booleans())
def test_generators_are_found_from_their_facets(network, bounded):
    dim = network.input_dim
    domain = pr.Polyhedron.box([-3] * dim, [3] * dim) if bounded else pr.Polyhedron([[-1] * dim], [1])
    forms, cells = cells_of(network, domain)
    for cell, signs in cells:
        if cell.lines:
            continue
        exact = forms.on(signs)
        for generator, tight in zip(cell.generators, cell.tight, strict=True):
            on = [number for k, number in enumerate(cell.facets) if tight >> k & 1]
            off = [number for k, number in enumerate(cell.facets) if not tight >> k & 1]
            assert exact.generator(on, off) == generator
            first = len(forms.facets)
            for number, side in [(n, 0) for n in on] + [(n, exact.side(n)) for n in off]:
                assert number < first or exact.signs([number], generator) == [side]


def test_facets_that_meet_in_more_than_a_ray_are_no_generator():
    forms = ExactForms(pr.Network([([[1, 0], [0, 1]], [0, 0])]).layers, (), ((-1, 0, 0), (0, -1, 0)))
    exact = forms.on(np.zeros(0, dtype=np.uint8))
    assert exact.generator([0, 1], [INFINITY]) == (0, 0, 1)
    assert exact.generator([0, INFINITY], [1]) == (0, 1, 0)
    with pytest.raises(AssertionError, match=r"2 directions lie on the facets \[0\]"):
        exact.generator([0], [1])


def test_a_wrong_answer_is_caught_by_the_twin(monkeypatch):
    """Lines that meet in points, where floats cannot see it."""
    network = concurrent(np.random.default_rng(0))
    exact, decide = pr.linear_regions(network, box(2, 3), "twin"), FormsOnCell.signs

    def differs():
        try:
            tiles = pr.linear_regions(network, box(2, 3), "cells")
        except AssertionError:
            return True
        return [tile.polyhedron for tile in tiles] != [tile.polyhedron for tile in exact]

    assert not differs()
    monkeypatch.setattr(FormsOnCell, "signs", lambda *question: [sign or 1 for sign in decide(*question)])
    assert differs()


@pytest.mark.parametrize("on", [[0, 1], [0, INFINITY], [1, INFINITY]])
def test_what_lies_on_all_facets_of_its_cell_is_directed_by_what_holds_there(on):
    """A target may leave a point, or a direction, of a cell: it has no facets that it does not lie on."""
    exact = ExactForms(pr.Network([([[1, 0], [0, 1]], [0, 0])]).layers, (), ((-1, 0, 0), (0, -1, 0)))
    others = [number for number in (0, 1, INFINITY) if number not in on]
    cell = exact.on(np.zeros(0, dtype=np.uint8))
    assert cell.generator(on, []) == cell.generator(on, others)


@pytest.mark.parametrize("target", ["y0 == 0, y1 >= 0", "y0 == 0, y1 == 0", "y0 <= 0, y1 <= 0, y2 == 0"])
@pytest.mark.parametrize("domain", [box(2, 1), None, pr.Polyhedron([[-1, 0], [0, -1]], [0, 0])])
def test_rows_of_a_target_that_leave_points_of_cells(target, domain):
    """Rational rows that all vanish in one point, in which the layer before it has a vertex."""
    third = Fraction(1, 3)
    network = pr.Network(
        [
            pr.Layer([[third, 0], [0, third], [third, third]], [-third / 7, -third / 7, -2 * third / 7], True),
            pr.Layer([[third, 2 * third, 0], [third / 5, 0, third / 7], [third, 0, -third]], [0, 0, 0], False),
        ]
    )
    asked = pr.parse(target, dim=3)
    cells, exact = (pr.preimage(network, asked, domain, method) for method in ("cells", "twin"))
    assert [(t.pattern, t.polyhedron) for t in cells] == [(t.pattern, t.polyhedron) for t in exact]


def test_what_vanishes_without_biases_is_hardly_ever_asked():
    rng = np.random.default_rng(1)
    widths = [3, 8, 8, 8]
    layers = [(rng.normal(size=(b, a)), np.zeros(b)) for a, b in pairwise(widths)]
    network = pr.Network(layers, relu=[True] * 3)
    tiles = pr.linear_regions(network, pr.Polyhedron.box([-1] * 3, [1] * 3))
    assert tiles.stats["signs_by_rational"] < tiles.stats["signs_by_float"] / 1000
    assert tiles.patterns == pr.linear_regions(network, method="twin").patterns


def test_answers_lie_within_their_radius(monkeypatch):
    """Most generators are no floats, so a radius of zero would be a lie that few answers show."""
    generator, answer, found, held = FormsOnCell.generator, ExactForms.answer, [], []

    def noted(*question):
        found.append(generator(*question))
        return found[-1]

    def checked(*question):
        vector, radius, signs = answer(*question)
        floats, right = np.frombuffer(vector), found[-1]
        unit = 1 << max(map(int.bit_length, right))
        held.append(
            all(abs(Fraction(a) - Fraction(v, unit)) <= Fraction(radius) for a, v in zip(floats, right, strict=True))
        )
        assert max(abs(floats)) <= 1
        assert len(signs) == len(question[-1]) // 4
        return vector, radius, signs

    monkeypatch.setattr(FormsOnCell, "generator", noted)
    monkeypatch.setattr(ExactForms, "answer", checked)
    pr.linear_regions(concurrent(np.random.default_rng(3)), box(2, 6))
    assert len(held) > 5
    assert all(held)
