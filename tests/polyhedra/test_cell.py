import itertools
from fractions import Fraction
from math import comb, factorial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyrelu import Polyhedron
from polyrelu.polyhedra.cell import INFINITY, Cell, split
from polyrelu.polyhedra.halfspace import Halfspace

small = st.integers(-2, 2)


def whole_space(dim):
    unit = [tuple(int(i == j) for j in range(dim + 1)) for i in range(dim + 1)]
    return Cell((unit[-1],), (0,), (INFINITY,), tuple(unit[:-1]))


def refine(cells, forms):
    for number, form in enumerate(forms):
        cells = [
            (half, (*signs, side))
            for cell, signs in cells
            for side, half in enumerate(split(cell, form, number))
            if half
        ]
    return cells


def as_halfspace(form, side):
    sign = -1 if side else 1  # form <= 0 on side 0
    return Halfspace.of([sign * v for v in form[:-1]], -sign * form[-1])


@given(st.integers(1, 3), st.data())
def test_cells_are_the_full_dimensional_sign_cells_with_their_facets_and_generators(dim, data):
    forms = data.draw(st.lists(st.tuples(*[small] * (dim + 1)), max_size=5))
    cells = refine([(whole_space(dim), ())], forms)
    found = {}
    for cell, signs in cells:
        by_facets = Polyhedron.from_halfspaces(
            [as_halfspace(forms[f], signs[f]) for f in cell.facets if f != INFINITY], dim
        )
        assert len(by_facets.canonical().halfspaces) == len(by_facets.halfspaces)  # irredundant
        vertices = [[Fraction(x, g[-1]) for x in g[:-1]] for g in cell.generators if g[-1]]
        rays = [g[:-1] for g in cell.generators if not g[-1]]
        assert Polyhedron.from_generators(vertices, rays, [line[:-1] for line in cell.lines]) == by_facets
        assert by_facets.is_full_dimensional()
        found[signs] = by_facets
    for signs in itertools.product((0, 1), repeat=len(forms)):
        expected = Polyhedron.from_halfspaces([as_halfspace(f, s) for f, s in zip(forms, signs, strict=True)], dim)
        vanishing = any(s and not any(f) for f, s in zip(forms, signs, strict=True))
        if signs in found:
            assert found[signs] == expected
        else:
            assert vanishing or not expected.is_full_dimensional()


def count(dim, forms):
    return len(refine([(whole_space(dim), ())], forms))


@pytest.mark.parametrize(("n", "d"), [(6, 1), (7, 2), (6, 3), (5, 4)])
def test_generic_hyperplanes(n, d):
    forms = [(*[t**k for k in range(d)], t**d) for t in range(1, n + 1)]
    assert count(d, forms) == sum(comb(n, i) for i in range(d + 1))


def differences(n, shifts):
    for i, j in itertools.combinations(range(n), 2):
        for shift in shifts:
            yield (*((k == i) - (k == j) for k in range(n)), -shift)


@pytest.mark.parametrize("n", [2, 3, 4])
def test_reflection_arrangements(n):
    braid = list(differences(n, [0]))
    assert count(n, braid) == factorial(n)
    assert all(len(cell.lines) == 1 for cell, _ in refine([(whole_space(n), ())], braid))
    coordinates = [tuple(int(k == i) for k in range(n + 1)) for i in range(n)]
    sums = [(*(int(k in pair) for k in range(n)), 0) for pair in itertools.combinations(range(n), 2)]
    assert count(n, [*coordinates, *braid, *sums]) == 2**n * factorial(n)
    assert count(n, list(differences(n, [0, 1]))) == (n + 1) ** (n - 1)
    assert count(n, list(differences(n, [-1, 0, 1]))) == factorial(n) * comb(2 * n, n) // (n + 1)


@pytest.mark.parametrize(("n", "expected"), [(1, 2), (2, 6), (3, 32), (4, 370)])
def test_resonance_arrangements(n, expected):
    normals = [v for v in itertools.product((0, 1), repeat=n) if any(v)]
    assert count(n, [(*v, 0) for v in normals]) == expected
