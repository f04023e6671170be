"""What linear programs in floats propose: the most room, in few pivots, within the tolerances that are told."""

import numpy as np
import pytest

from polyrelu.bounds.linear import LARGEST
from tests.engines.branch import programs
from tests.engines.branch.programs import HOPELESS, KINDS, ROUNDING, Rows, furthest, most_room, solved
from tests.engines.cells.harness.harness import shared_folder

COUNT = 240


@pytest.fixture(scope="session")
def walk(tmp_path_factory):
    return programs.compiled(shared_folder(tmp_path_factory))


@pytest.mark.parametrize("kind", range(len(KINDS)))
def test_there_is_as_much_room_as_it_says_and_no_more(walk, kind):
    for seed in range(kind, COUNT, len(KINDS)):
        own = programs.example(seed)
        told = solved(walk, own)
        assert told.taken == told.solved == [1] * len(own.rows)
        assert told.kept == len(own.rows)
        assert (told.multipliers >= 0).all()
        assert abs(most_room(own, told.multipliers) - told.rooms[-1]) <= 2e-9
        assert all(a >= b - 1e-9 for a, b in zip(told.rooms, told.rooms[1:], strict=False))
        if told.rooms[-1] >= -HOPELESS * own.scale:
            assert furthest(own, told) <= 2 * ROUNDING * own.scale + 2.0**-44


@pytest.mark.parametrize("kind", range(len(KINDS)))
def test_it_goes_on_where_it_ended(walk, kind):
    """Row by row it comes to the same as with all rows at once, or some."""
    for seed in range(kind, COUNT, len(KINDS)):
        own = programs.example(seed)
        room, n = solved(walk, own).rooms[-1], len(own.rows)
        for every in (n, 3):
            other = solved(walk, own, [(n - k) % every == 1 % every for k in range(n)])
            assert other.solved[-1] == 1
            assert abs(room - other.rooms[-1]) <= 2e-9 or max(room, other.rooms[-1]) < -HOPELESS * own.scale


def test_without_rows_all_is_at_its_beginning(walk):
    told = solved(walk, Rows.of([-1, 2], [3, 4], [], []))
    assert told.point.tolist() == [-1, 2]


# -- tolerances -----------------------------------------------------------------------------------------------------

WIDTHS = [[2.0**-10], [0.5], [8.0], [2.0**-12, 0.25], [0.25, 2.0**-12], [0.125, 2.0, 1.0]]
SHARES = [0.9, 1.0, 1.1]  # of a tolerance


def scale_of(widths):
    return min(1.0, max(widths))


@pytest.mark.parametrize("widths", WIDTHS)
@pytest.mark.parametrize("share", SHARES)
def test_a_row_is_violated_by_more_than_rounding(walk, widths, share):
    """All begins at x_0 = 1 with a room of 1, which satisfies x_0 - t >= c but for c."""
    rest = [0.0] * (len(widths) - 1)
    c = share * ROUNDING * scale_of(widths)
    told = solved(walk, Rows.of([1.0, *rest], np.array([1.0, *rest]) + widths, [[-1.0, *rest]], [c]))
    assert (told.pivots, told.solved, told.rooms) == (int(share > 1), [1], [1.0])
    assert (told.point[0] > 1) == (share > 1)


@pytest.mark.parametrize("share", SHARES)
def test_an_end_is_violated_by_more_than_rounding(walk, share):
    """With x_0 >= x_1 + 2 t - 1 the first row is satisfied at 1; the second moves x_1 to 2, and with it x_0 to 3."""
    high = [3.0 - share * ROUNDING, 8.0]
    told = solved(walk, Rows.of([0.0, 0.0], high, [[-1.0, 1.0], [0.0, -1.0]], [-1.0, 1.0]))
    assert (told.pivots, told.solved) == (2 + (share > 1), [1, 1])
    assert (told.point[0] <= high[0]) == (share > 1)


@pytest.mark.parametrize("widths", WIDTHS)
@pytest.mark.parametrize("share", SHARES)
def test_it_ends_where_nothing_has_room(walk, widths, share):
    """The first of two rows leaves too little room, so the second one, which leaves less, is not looked at."""
    rest = [0.0] * (len(widths) - 1)
    c = share * HOPELESS * scale_of(widths)
    told = solved(walk, Rows.of([0.0, *rest], widths, [[1.0, *rest]] * 2, [c, 2 * c]))
    assert (told.pivots, told.solved) == (1 + (share <= 1), [1, 1])
    assert told.rooms == pytest.approx([-c, -c if share > 1 else -2 * c])


@pytest.mark.parametrize("share", SHARES)
def test_what_is_nearly_zero_is_no_pivot(walk, share):
    """The row could be satisfied in part by x_0, of a million."""
    small = share * 2.0**-30
    told = solved(walk, Rows.of([0.0, 0.0], [2.0**20, 1.0], [[-small, 1.0]], [-small]))
    assert told.solved == [1]
    assert told.point.tolist() == [2.0**20 if share > 1 else 0.0, 0.0]


@pytest.mark.parametrize("share", [0.5, 0.9, 1.1, 1.5])
def test_of_nearly_equal_ratios_the_largest_pivot(walk, share):
    """Where the second row is violated, x_0 and x_1 have ratios 1/3 but for a difference; x_0 has the larger pivot."""
    other = 0.5 + 3 * share * 2.0**-30
    told = solved(walk, Rows.of([0.0, 0.0], [1.0, 1.0], [[1.0, 0.5], [-1.0, -other]], [0.0, 0.5]))
    assert told.solved == [1, 1]
    assert told.point.tolist() == pytest.approx([0.25, 0.0] if share < 1 else [0.0, 0.5])


# -- limits ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "constant", "is_taken"),
    [
        ([0.0, 0.0], -1.0, False),
        ([0.0, -5e-324], 0.0, True),
        ([LARGEST / 2, -LARGEST / 4], 0.0, True),
        ([LARGEST / 2, -LARGEST / 2], 0.0, False),
        ([np.nan, 1.0], 0.0, False),
        ([1.0, 1.0], np.nan, False),
        ([1.0, -2.0], -2 * LARGEST, False),
        ([1.0, -2.0], 2 * LARGEST, False),
        ([1.0, -2.0], np.nextafter(-2 * LARGEST, 0), True),
    ],
)
def test_rows_with_a_direction_and_numbers_that_are_not_too_large(walk, row, constant, is_taken):
    told = solved(walk, Rows.of([-1, -1], [1, 1], [row, [1.0, 1.0]], [constant, 0.5]), [0, 0])
    assert (told.taken, told.kept) == ([is_taken, True], 1 + is_taken)


def test_what_does_not_end_is_given_up(walk):
    """Three rows that are nearly parallel, on a box on which rounding is more than what they may be violated by."""
    rows = [[-128879, -74073, 106800], [-128878, -74073, 106802], [128880, 74070, -106802]]
    constants = 2.0**100 * np.array([38874, 38875, -38874])
    told = solved(walk, Rows.of([-(2.0**100)] * 3, [2.0**100] * 3, rows, constants))
    assert told.solved == [1, 1, 0]
    assert told.pivots == 1 + 20 * (3 + 2) + 3
