from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import polyrelu as pr
from polyrelu.arithmetic.exact import exact_matrix, exact_vector
from polyrelu.latent.rounded_planes import Plane, affine_rank, window_coordinates
from tests.mutants import mutated


def plane_of(weight, bias, basis=None):
    return Plane(
        exact_matrix(weight, "W"), exact_vector(bias, "b"), None if basis is None else exact_matrix(basis, "B")
    )


def exact_row(row):
    return exact_vector(row, "row")


def test_rank():
    assert affine_rank(exact_matrix([[1, 2, 3]], "p")) == 0
    assert affine_rank(exact_matrix([[0, 0, 0], [1, 1, 1], [2, 2, 2]], "p")) == 1
    assert affine_rank(exact_matrix(np.eye(4), "p")) == 3


@given(st.integers(0, 2**32), st.sampled_from([2, 3, 5]), st.sampled_from([-300, -30, 0, 30]), st.booleans())
@settings(max_examples=25)
def test_what_numpy_computes_is_a_rounded_point(seed, width, exponent, with_basis):
    """The bound holds for every order of summation that numpy picks, for tiny and for uneven numbers."""
    random = np.random.default_rng(seed)
    if not with_basis:
        width = 2
    W = random.normal(size=(6, width)) * 2.0 ** random.integers(-40, 40, (6, 1))
    b = random.normal(size=6) * 2.0 ** random.integers(-40, 40)
    basis = random.normal(size=(width, 2)) if with_basis else None
    u = random.normal(size=(4, 2)) * 2.0**exponent
    points = (u if basis is None else u @ basis.T) @ W.T + b
    plane = plane_of(W, b, basis)
    for row, start in zip(points, u, strict=True):
        assert plane.rounded_coordinates(exact_row(row), exact_row(start)) is not None
        found = plane.rounded_coordinates(exact_row(row))
        assert found is not None
        again = np.array([float(x) for x in found])
        again = (again if basis is None else basis @ again) @ W.T + b
        assert np.abs(again - row).max() <= 1e-12 * (np.abs(row).max() + np.abs(b).max())


def test_the_guess_is_taken_when_it_explains_the_point():
    W, b = np.array([[0.1, 0.7], [0.3, -0.9], [1.3, 0.2]]), np.array([0.1, 0.2, 0.3])
    z = np.array([0.37, -0.11])
    point = exact_row(W @ z + b)
    plane = plane_of(W, b)
    assert plane.coordinates(point) is None
    assert plane.rounded_coordinates(point, exact_row(z)) == exact_row(z)
    assert plane.rounded_coordinates(point, exact_row(z + 1e-9)) != exact_row(z + 1e-9)


def sequential(W, b, basis, u):
    """The expression W (B u) + b, added from left to right: in floats of floats, and exact of exact numbers."""
    z = u if basis is None else [row[0] * u[0] + row[1] * u[1] for row in basis]
    points = []
    for row, offset in zip(W, b, strict=True):
        total = row[0] * z[0]
        for w, x in zip(row[1:], z[1:], strict=True):
            total = total + w * x
        points.append(total + offset)
    return points


def explains(plane, u, point):
    """Whether the point is a rounded M u + o for this u."""
    sides = product((1, -1), repeat=2)
    return any(u in pr.Polyhedron.from_halfspaces(plane._rounding_rows(point, signs), 2) for signs in sides)


TINY = Fraction(2, 5 * 2**1074)  # rounds to zero
U = 2.0**-53


@pytest.mark.parametrize(
    ("name", "old", "new", "W", "b", "basis", "u"),
    [
        (
            "_gamma",
            "len(self.weight[0]) + (2 if self.basis is None else 5)",
            "1",
            [[1.0, *[U] * 63], [0.0] * 63 + [1.0]],
            [0.0, 0.0],
            [[1.0, 0.0], *[[1.0, 0.0]] * 62, [1.0, 1.0]],
            [1.0, 0.0],
        ),
        (
            "_magnitudes",
            "_UNDERFLOW * (width + 1 + 2 * size)",
            "0",
            [[2.0**-600, 0.0], [1.0, 1.0]],
            [0.0, 0.0],
            None,
            [2.0**-500, 0.0],
        ),
        (
            "_magnitudes",
            "_UNDERFLOW * (latent[0] + size)",
            "0",
            [[TINY, 0.0], [0.0, 1.0]],
            [0.0, 0.0],
            None,
            [2.0**900, 1.0],
        ),
    ],
    ids=["rounding", "products that underflow", "weights that underflow"],
)
def test_each_part_of_the_bound_is_needed(name, old, new, W, b, basis, u, monkeypatch):
    """What floats make of a point is within the bound of it, and would not be without the part."""
    exact = plane_of(W, b, basis)
    stored = [[float(v) for v in row] for row in W]
    point, start = exact_row(sequential(stored, b, basis, u)), exact_row(u)
    assert exact.point(start) == tuple(sequential(exact.weight, exact.offset, exact.basis, start)) != point
    assert explains(exact, start, point)
    monkeypatch.setattr(Plane, name, property(mutated(vars(Plane)[name].func, old, new)))
    assert not explains(plane_of(W, b, basis), start, point)


@given(st.integers(0, 2**32), st.sampled_from([2, 3, 40]), st.integers(-1000, 900), st.booleans())
def test_the_expression_is_off_by_less_than_its_bound(seed, width, exponent, with_basis):
    random = np.random.default_rng(seed)
    width = width if with_basis else 2
    scale = 2.0 ** random.integers(-60, 60, (4, width))
    W, b = random.normal(size=(4, width)) * scale, random.normal(size=4)
    basis = random.normal(size=(width, 2)) if with_basis else None
    u = random.normal(size=2) * 2.0**exponent
    with np.errstate(all="ignore"):
        points = sequential(W, b, basis, u)
    plane = plane_of(W, b, basis)
    z = exact_row(u)
    for value, true, (first, second, rest) in zip(points, plane.point(z), plane._magnitudes, strict=True):
        assert abs(Fraction(value) - true) <= first * abs(z[0]) + second * abs(z[1]) + rest


def test_coordinates_beyond_the_range_of_floats():
    """The point is 1e300 off the origin of a plane with tiny axes: u is near 1e330 and has no float."""
    plane = plane_of([[Fraction(1, 10**30), 0], [0, 1], [Fraction(1, 10**30), 1]], [0, 0, 0])
    found = plane.rounded_coordinates(exact_row([1e300, 0.1, 1e300 + 0.1]))
    assert found is not None
    assert found[0] > 10**320


def test_more_than_rounding_is_refused():
    W, b = np.array([[1.0, 0.0], [0.0, 1.0], [0.3, 0.7]]), np.zeros(3)
    plane = plane_of(W, b)
    point = W @ np.array([0.1, 0.9])
    gap = 40 * np.spacing(point[2])
    assert plane.rounded_coordinates(exact_row(point)) is not None
    assert plane.rounded_coordinates(exact_row([*point[:2], point[2] + gap])) is None


def test_errors_say_the_rank():
    plane = plane_of([[1, 0], [0, 1], [1, 1]], [0, 0, 1])
    rank_three = exact_matrix([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]], "p")
    with pytest.raises(pr.DimensionError, match="vertices: the points have affine rank 3; "):
        window_coordinates(plane, rank_three, False, "vertices")
    with pytest.raises(pr.DimensionError, match="affine rank 3, more than the rounding of floats explains"):
        window_coordinates(plane, rank_three, True, "vertices")
    with pytest.raises(pr.InputError, match=r"vertices\[0\] is not in the plane"):
        window_coordinates(plane, rank_three[:3], False, "vertices")
    line = [plane.point((Fraction(k), Fraction(k))) for k in range(3)]
    with pytest.raises(pr.DimensionError, match="affine rank 1; "):
        window_coordinates(plane, line, False, "vertices")
    with pytest.raises(pr.DimensionError, match="the weight, along the basis, has rank 1"):
        window_coordinates(plane_of([[1, 1], [2, 2]], [0, 0]), line, False, "vertices")
