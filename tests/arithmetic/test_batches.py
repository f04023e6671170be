from fractions import Fraction

import numpy as np
import pytest

import polyrelu as pr
from polyrelu.arithmetic.batches import is_batch, rows_as_floats

NET = pr.Network([([[1, 2], [-1, 1]], [0, 1]), ([[1, -1]], [0])])
TILING = pr.preimage(NET, "y0 > 0", ([-1, -1], [1, 1]))
POINTS = [[0.5, 0.25], [-1, -1], [1, 1], [0, 7], [0.125, -0.5]]
THIRDS = [["1/3", 1], [Fraction(-1, 3), "0.1"], [1, "2/3"]]


@pytest.mark.parametrize("one", [[1, 2], (1, 2), np.array([1, 2]), np.array([0.5, 1]), [], (), ["1/3", "2"], "12", 3])
def test_one_point(one):
    assert not is_batch(one)


@pytest.mark.parametrize("many", [[[1, 2]], ((1, 2), (3, 4)), np.eye(2), np.eye(2, dtype=int), [np.ones(2)], [[]]])
def test_many_points(many):
    assert is_batch(many)


def test_floats_are_found():
    half, third = Fraction(1, 2), Fraction(1, 3)
    assert rows_as_floats(((half, half), (half, Fraction(0))), 2).tolist() == [[0.5, 0.5], [0.5, 0]]
    assert rows_as_floats(((half, half), (half, third)), 2) is None
    assert rows_as_floats(((Fraction(10**400),),), 1) is None
    assert rows_as_floats(((), ()), 0).shape == (2, 0)


@pytest.mark.parametrize("points", [POINTS, THIRDS], ids=["floats", "thirds"])
@pytest.mark.parametrize(
    "kind", [list, tuple, lambda rows: np.array(rows, dtype=object)], ids=["list", "tuple", "array"]
)
def test_lists_are_many_points(points, kind):
    """Each is answered as by itself, exactly; what all answer is an array."""
    given = kind(points)
    for asked in (TILING.locate, TILING.contains, TILING.domain.contains, TILING[0].contains):
        found = asked(given)
        assert isinstance(found, np.ndarray)
        assert found.tolist() == [asked(point) for point in points]
    assert NET(given).tolist() == [NET(point).tolist() for point in points]
    expected = [bool(NET(point)[0] > 0) for point in points]
    assert pr.maps_into(NET, "y0 > 0", given).tolist() == expected


def test_floats_in_lists_are_found_as_in_arrays():
    assert TILING.locate(POINTS).tolist() == TILING.locate(np.array(POINTS, dtype=float)).tolist()
    assert TILING.locate(np.array([[0, 1], [1, 0]])).tolist() == [TILING.locate([0, 1]), TILING.locate([1, 0])]


def test_batches_of_other_spaces_are_refused():
    for ask in (TILING.locate, TILING.contains, TILING.domain.contains, NET):
        with pytest.raises(pr.DimensionError):
            ask([[1, 2, 3]])
        with pytest.raises(pr.DimensionError):
            ask([[1, 2], [1, 2, 3]])
        with pytest.raises(pr.DimensionError):
            ask([[1, 2], 3])
