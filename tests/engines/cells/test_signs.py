from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import polyrelu as pr
from polyrelu.engines.cells import kernel
from polyrelu.engines.cells.kernel import UNDECIDED
from polyrelu.engines.cells.run import Run
from polyrelu.engines.cells.signs import ExactForms, FormsOnCell
from polyrelu.networks.pattern_cells import Placed, refine
from polyrelu.polyhedra.cell import INFINITY
from polyrelu.tilings.chart import chart

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
    layers = (where.pull_back(network.layers[0]), *network.layers[1:])
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
    """A network whose second layer vanishes at the origin, where floats cannot see it."""
    rng = np.random.default_rng(0)
    network = pr.Network(
        [(rng.normal(size=(6, 2)), np.zeros(6)), (rng.normal(size=(6, 6)), np.zeros(6))], relu=[True] * 2
    )
    box = pr.Polyhedron.box([-1, -1], [1, 1])
    exact, decide = pr.linear_regions(network, box, "twin"), FormsOnCell.signs

    def differs():
        try:
            tiles = pr.linear_regions(network, box, "cells")
        except AssertionError:
            return True
        return [tile.polyhedron for tile in tiles] != [tile.polyhedron for tile in exact]

    assert not differs()
    monkeypatch.setattr(FormsOnCell, "signs", lambda *question: [sign or 1 for sign in decide(*question)])
    assert differs()


def test_networks_without_biases_are_not_handed_over():
    rng = np.random.default_rng(1)
    widths = [3, 8, 8, 8]
    layers = [(rng.normal(size=(b, a)), np.zeros(b)) for a, b in pairwise(widths)]
    network = pr.Network(layers, relu=[True] * 3)
    tiles = pr.linear_regions(network, pr.Polyhedron.box([-1] * 3, [1] * 3))
    assert tiles.stats["handed_over"] == 0 < tiles.stats["signs_by_rational"]
    assert tiles.patterns == pr.linear_regions(network, method="twin").patterns


def test_generators_that_were_decided_exactly_lie_within_their_radius(monkeypatch):
    """Most of them are no floats, so a radius of zero would be a lie that few answers show."""
    generator, decide, found, held = FormsOnCell.generator, Run._decide, [], []

    def noted(*question):
        found.append(generator(*question))
        return found[-1]

    def checked(run):
        found.clear()
        decide(run)
        pool, cell = run._memory.pool, run._memory.cell
        known = [(pool.vector[g].tolist(), pool.radius[g]) for g in cell.ids[: run._at[kernel.AT_SIZE]]]
        for vector in found:
            largest = max(map(abs, vector))
            exact = [Fraction(v, largest) for v in vector]
            held.append(
                any(
                    all(abs(a - Fraction(b)) <= Fraction(float(r)) for a, b in zip(exact, floats, strict=True))
                    for floats, r in known
                )
            )

    monkeypatch.setattr(FormsOnCell, "generator", noted)
    monkeypatch.setattr(Run, "_decide", checked)
    base = np.random.default_rng(3).integers(-9, 10, (3, 3)) / 10
    rows = np.concatenate([base, base * 3, base * 7, base.sum(axis=0, keepdims=True)])
    pr.linear_regions(pr.Network([(rows[:, :2], rows[:, 2])], relu=[True]), pr.Polyhedron.box([-6, -6], [6, 6]))
    assert len(held) > 5
    assert all(held)
