"""Triangulations by pulling: disjoint simplices that fill what they triangulate."""

import itertools
from fractions import Fraction
from math import factorial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyrelu import Polyhedron
from polyrelu.polyhedra.volume import simplex_volume, triangulation
from tests.strategies import points


@pytest.mark.parametrize("dim", [1, 2, 3, 4])
def test_a_cube_and_a_cross(dim):
    cube = Polyhedron.box([0] * dim, [1] * dim)
    simplices = list(triangulation(cube.vertices, cube.facets))
    assert sum(simplex_volume([cube.vertices[k] for k in simplex]) for simplex in simplices) == 1
    units = [[sign * int(i == j) for j in range(dim)] for i in range(dim) for sign in (1, -1)]
    assert Polyhedron.from_generators(units).volume() == Fraction(2**dim, factorial(dim))


@given(st.lists(points(3), min_size=4, max_size=7, unique=True))
def test_simplices_are_disjoint_and_fill_the_polytope(vertices):
    polytope = Polyhedron.from_generators(vertices)
    if polytope.dim == 3:
        corners = polytope.vertices
        numbers = list(triangulation(corners, polytope.facets))
        simplices = [Polyhedron.from_generators([corners[k] for k in simplex]) for simplex in numbers]
        assert all(len(simplex) == 4 for simplex in numbers)
        assert all(simplex.is_subset(polytope) for simplex in simplices)
        assert all((one & two).dim < 3 for one, two in itertools.combinations(simplices, 2))
        assert sum(simplex.volume() for simplex in simplices) == polytope.volume()
