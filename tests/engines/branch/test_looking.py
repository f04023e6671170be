"""What is made of linear programs' proposals, and the lies that tests have them propose."""

import numpy as np
import pytest

from polyrelu.bounds.linear import sizes
from tests.engines.branch import programs
from tests.engines.cells.harness.harness import shared_folder

YES, NO, NEVER, DOUBT = 1, 2, 3, 4
FACTOR = 2.0**-45


@pytest.fixture(scope="session")
def walk(tmp_path_factory):
    return programs.compiled(shared_folder(tmp_path_factory))


# -- proposals ------------------------------------------------------------------------------------------------------


def looked(walk, ends, rows, doubts, *, points=(), has=0, first=0, factor=FACTOR, inner=None, most_pivots=None):
    """The answer and the point, for rows with their constants behind."""
    low, high = map(np.array, ends)
    n, dim = len(rows), len(low)
    box = np.concatenate([low, high, *map(np.array, inner or ends)])
    own, known = np.array(rows, dtype=np.float64), np.array(points, dtype=np.float64).reshape(-1, dim)
    point, found = np.full(dim, np.nan), np.zeros(3, dtype=np.int64)
    forms = *map(np.ascontiguousarray, (own[:, :-1], own[:, -1])), np.array(doubts, dtype=np.float64)
    moduli = sizes(np.maximum(np.abs(low), np.abs(high)))
    walk.call("looked", dim, n, has, first, *forms, box, moduli, factor, len(known), known, 0, point, found)
    assert found[1] == 1
    assert most_pivots is None or found[2] <= most_pivots
    return int(found[0]), point.tolist()


STEPS = [0.0, 2.0**-8, 2.0**-4, 0.25, 0.5]


@pytest.mark.parametrize("points", [[], [[0.25, -0.5], [9.0, 9.0]]])
@pytest.mark.parametrize("step", range(6))
def test_some_points_are_tried_on_the_way_to_the_middle(walk, step, points):
    """Most room is in the middle of [0, 2] x [-2, 0], where one row is in doubt, and further on not.

    The way is to the cell's first point, or to the middle of its box.
    """
    ends = [-0.75, -4.0], [4.75, 0.25]
    middle = np.array(points[0] if points else [2.0, -1.875])
    told = np.array([1.0, -1.0])
    tried = [told + own * (middle - told) for own in STEPS]
    room = [2.0 - x[0] if points else x[0] for x in tried]
    assert room == sorted(room)
    doubt = room[step] - 2.0**-12 if step < len(room) else room[-1]
    rows = [[1.0, 0.0, -2.0], [-1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, -1.0, -2.0]]
    found = looked(walk, ends, rows, [doubt, 0, 0, 0] if points else [0, doubt, 0, 0], points=points)
    assert found[0] == (YES if step < len(room) else DOUBT)
    assert found[1] == tried[min(step, len(room) - 1)].tolist()


@pytest.mark.parametrize("side", [1, -1])
def test_points_are_between_the_ends_that_are_strictly_inside(walk, side):
    """The program's are at the ends of the box itself."""
    found = looked(walk, ([0.0], [1.0]), [[side, -0.5 * side]], [0], inner=([0.125], [0.75]))
    assert found == (YES, [0.125 if side > 0 else 0.75])


EDGE = 2.0**-20


@pytest.mark.parametrize(
    ("gap", "doubt", "answer"),
    [
        (0.0, 0.0, NO),
        (EDGE, 0.0, NEVER),
        (EDGE, EDGE, DOUBT),
        (EDGE, EDGE / 8, NEVER),
        (1.5, 0.25, NEVER),
        (0, 0.5, DOUBT),
    ],
)
def test_multipliers_prove_that_there_is_nothing(walk, gap, doubt, answer):
    """The rows x <= 0 and gap <= x, where all floats are exact."""
    rows = [[1.0, 0.0], [-1.0, gap]]
    assert looked(walk, ([-1.0], [1.0]), rows, [doubt, doubt], factor=0.0)[0] == answer


@pytest.mark.parametrize(("first", "has", "most_pivots"), [(1, 0, None), (1, 1, 2), (0, 0, 2)])
def test_what_many_pivots_have_added_up_is_forgotten(walk, first, has, most_pivots):
    """A program that has not got the first row says what does not help; one that begins anew has it. Others go on."""
    rows = [[1.0, 0.5], [-1.0, -0.75]]
    found = looked(walk, ([-1.0], [1.0]), rows, [0.0, 0.0], has=has, first=first, most_pivots=most_pivots)
    assert found == (YES, [-0.625])


@pytest.mark.parametrize(("row", "constant"), [([0.0], -1.0), ([np.nan], 0.0)])
def test_rows_that_a_program_does_not_take_are_in_doubt(walk, row, constant):
    assert looked(walk, ([-1.0], [1.0]), [[*row, constant]], [0.0])[0] == DOUBT


# -- lies -----------------------------------------------------------------------------------------------------------

LIES = [0.0, np.inf, -np.inf, -1.0, 1.0, 2.0**1000, 2.0**-1060]
POINT, MULTIPLIER = 7.5, 3.25


def share(flags):
    return pytest.approx(np.mean(flags), abs=0.02)


def test_lies_are_of_every_kind(walk):
    """Ten numbers each: they are those that spoil sums, others, multipliers times 3/2, or the truth."""
    n, d = 5000, 8
    points, multipliers, made = np.full((n, d), POINT), np.full((n, d), MULTIPLIER), np.zeros(n, dtype=np.uint8)
    walk.call("lied", n, d, 77, points, multipliers, made)
    assert share(made) == 5 / 6

    def are_lies(values):
        return np.isin(values, LIES) | np.isnan(values)

    numbers = (np.abs(points) < 2) & (np.floor(points * 2048) == points * 2048)
    of_points = {
        "lies": are_lies(points).all(axis=1),
        "numbers": numbers.all(axis=1),
        "truth": (points == POINT).all(axis=1),
    }
    of_points["lies"] &= ~of_points["numbers"]
    counts = np.isin(multipliers, range(8))
    of_multipliers = {
        "lies": are_lies(multipliers).all(axis=1),
        "counts": counts.all(axis=1),
        "scaled": (multipliers == 1.5 * MULTIPLIER).all(axis=1),
        "truth": (multipliers == MULTIPLIER).all(axis=1),
    }
    of_multipliers["lies"] &= ~of_multipliers["counts"]
    kinds = [("lies", "counts"), ("numbers", "lies"), ("numbers", "truth"), ("truth", "scaled"), ("truth", "counts")]
    for point, multiplier in kinds:
        assert share(of_points[point] & of_multipliers[multiplier]) == 1 / len(kinds)
    for told in (points[of_points["lies"]], multipliers[of_multipliers["lies"]]):
        assert [np.mean(told == own) for own in LIES] == pytest.approx([1 / 8] * len(LIES), abs=0.02)
    told = points[of_points["numbers"]]
    assert (told.min(), told.max()) == (-1, 1)
    assert abs(told.mean()) < 0.02
    assert len(np.unique(told)) > 3500
    told = multipliers[of_multipliers["counts"]]
    assert [np.mean(told == own) for own in range(8)] == pytest.approx([1 / 8] * 8, abs=0.02)


def test_no_seed_is_the_truth(walk):
    points, multipliers, made = np.full((99, 2), POINT), np.full((99, 2), MULTIPLIER), np.zeros(99, dtype=np.uint8)
    walk.call("lied", 99, 2, 0, points, multipliers, made)
    assert made.all()
    assert (points == POINT).all()
    assert (multipliers == MULTIPLIER).all()


def test_random_numbers_are_those_of_xorshift(walk):
    """The first ones of Marsaglia's paper's state by shifts of 13, 7 and 17, without their last 11 bits."""
    state, found = np.array([88172645463325252], dtype=np.uint64), np.zeros(3, dtype=np.uint64)
    walk.call("numbers", 3, state, found)
    expected = [8748534153485358512, 3040900993826735515, 3453997556048239312]
    assert found.tolist() == [v >> 11 for v in expected]
