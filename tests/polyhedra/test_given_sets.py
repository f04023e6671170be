"""Boxes by corners, and the pairs that are refused: no reading of two rows is taken where another one fits as well."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import polyrelu as pr
from polyrelu.polyhedra.given_sets import given_set

box = pr.Polyhedron.box


@pytest.mark.parametrize(
    ("value", "dim", "expected"),
    [
        (box([0], [1]), 3, box([0], [1])),
        (([-1], [1]), 1, box([-1], [1])),
        (([-1, -1], [1, 1]), 2, box([-1, -1], [1, 1])),
        (([-1, "-1/3"], [1, "0.5"]), 2, box([-1, Fraction(-1, 3)], [1, Fraction(1, 2)])),
        ([(0, 0, 0), (1, 2, 3)], 3, box([0, 0, 0], [1, 2, 3])),
        (np.array([[0, 0, 0, 0], [1, 2, 3, 4]]), 4, box([0] * 4, [1, 2, 3, 4])),
        (([], []), 0, pr.Polyhedron.whole_space(0)),
        (([0, 1], [1, 1]), 2, box([0, 1], [1, 1])),  # by pairs the same set
        (([0, 0], [1, 2]), 2, box([0, 0], [1, 2])),  # by pairs a segment
        (([0, 1], [0, 1]), 2, None),  # a point, or a square by pairs
        (([-3, -2], [3, -2]), 2, box([-3, -2], [3, -2])),  # by pairs no box
        ((np.array([-3, -2]), np.array([3, 4])), 2, box([-3, -2], [3, 4])),
    ],
)
def test_corners(value, dim, expected):
    if expected is None:
        with pytest.raises(pr.InputError, match="pairs"):
            given_set(value, dim, "here")
    else:
        assert given_set(value, dim, "here") == expected


def test_a_bounding_box_is_passed_on():
    tiling = pr.linear_regions(pr.Network([([[1, 0], [0, 1]], [0, 0])]), box([-3, -2], [3, 4]))
    assert given_set(tiling.bounding_box(), 2, "here") == tiling.domain


@pytest.mark.parametrize(
    ("value", "dim", "message"),
    [
        ([(-1, 1)], 1, r"here: these are pairs \(low, high\); pass the two corners, \(\[-1\], \[1\]\)"),
        ([(-1, 1), (-1, 2)], 2, r"these are pairs .*two corners, \(\[-1, -1\], \[1, 2\]\)"),
        ([(-1, "1/2")] * 3, 3, r"two corners, \(\[-1, -1, -1\], \['1/2', '1/2', '1/2'\]\)"),
        (np.array([[-0.5, 0.5]] * 3), 3, r"two corners, \(\[-0.5, -0.5, -0.5\], \[0.5, 0.5, 0.5\]\)"),
        (
            ([-3, -2], [3, 4]),
            2,
            r"may be two corners.*Polyhedron.box\(\[-3, -2\], \[3, 4\]\) for the corners, "
            r"Polyhedron.box\(\[-3, 3\], \[-2, 4\]\) for pairs",
        ),
        ((-1, 1), 2, r"expected a Polyhedron, got tuple \(-1, 1\); .* \(lows, highs\) with 2 numbers each"),
        (3, 2, "expected a Polyhedron, got int 3"),
        ("x0 > 0", 1, "expected a Polyhedron, got str"),
        (([0, 0], [1, 1], [2, 2]), 2, "expected a Polyhedron, got tuple"),
        (([0, 0], [1, 1, 1]), 2, "expected a Polyhedron, got tuple"),
        (([0, 1], [1, 0]), 2, "coordinate 1 has lower bound 1 above upper bound 0"),
    ],
)
def test_refusals(value, dim, message):
    with pytest.raises(pr.InputError, match=message):
        given_set(value, dim, "here")


@given(st.lists(st.integers(-2, 2), min_size=4, max_size=4))
def test_what_is_taken_in_the_plane_is_no_other_box_by_pairs(numbers):
    """A box by pairs is refused, or it is the same set, or a lower-dimensional one than what is taken."""
    a, b, c, d = numbers
    by_corners = box([a, b], [c, d]) if a <= c and b <= d else None
    by_pairs = box([a, c], [b, d]) if a <= b and c <= d else None
    try:
        taken = given_set(([a, b], [c, d]), 2, "here")
    except pr.InputError as error:
        assert by_corners is None or (by_pairs is not None and by_pairs.dim >= by_corners.dim)
        if by_pairs is not None and by_corners != by_pairs:
            assert f"([{a}, {c}], [{b}, {d}])" in str(error)
    else:
        assert taken == by_corners
        assert by_pairs is None or by_pairs == taken or by_pairs.dim < taken.dim
