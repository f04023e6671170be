import numpy as np
import pytest

from polyrelu.arithmetic import float_lp
from polyrelu.arithmetic.float_lp import by_highs, by_pivots, most_room


def program(rng, count, dim):
    rows = rng.normal(size=(count, dim))
    rows /= np.abs(rows).max(axis=1)[:, None]
    return rows, np.abs(rows).sum(axis=1), rng.normal(size=count) * rng.choice([0.2, 1.0]), -np.ones(dim), np.ones(dim)


@pytest.mark.parametrize(("count", "dim"), [(1, 1), (5, 2), (30, 5), (40, 12)])
def test_pivots_find_what_another_solver_finds(count, dim):
    rng = np.random.default_rng(count)
    for _ in range(12):
        asked = program(rng, count, dim)
        found, other = by_pivots(*asked), by_highs(*asked)
        if other.room > 0:
            assert found.room == pytest.approx(other.room, abs=2**-30)
        else:
            assert other.room - 2**-30 <= found.room < 0


def test_the_point_has_room_and_the_multipliers_prove_that_there_is_no_more():
    rng = np.random.default_rng(1)
    for _ in range(20):
        rows, slopes, offsets, low, high = program(rng, 20, 4)
        found = most_room(rows, -offsets, low, high)
        assert found.room < 0 or (rows @ found.point + slopes * found.room <= offsets + 2**-30).all()
        together = found.multipliers @ rows
        least = np.minimum(together * low, together * high).sum() - found.multipliers @ offsets
        assert (found.multipliers >= 0).all()
        assert found.room > 0 or least > 0


def test_what_floats_cannot_hold_has_no_answer(monkeypatch):
    one, ends = np.ones((1, 1)), (np.zeros(1), np.ones(1))
    assert most_room(np.zeros((1, 1)), np.ones(1), *ends) is None
    assert most_room(one, np.array([2.0**400]), *ends) is None
    assert most_room(one, np.ones(1), -np.array([np.inf]), np.ones(1)) is None
    assert most_room(np.array([[np.nan]]), np.ones(1), *ends) is None
    monkeypatch.setattr(float_lp, "by_pivots", lambda *_: None)
    monkeypatch.setattr(float_lp, "by_highs", lambda *_: None)
    assert most_room(one, np.ones(1), *ends) is None


def test_many_inputs_and_pivots_that_do_not_end_go_to_the_other_solver(monkeypatch):
    asked = []

    def ask(*arguments):
        asked.append(len(arguments[-1]))
        return by_highs(*arguments)

    monkeypatch.setattr(float_lp, "by_highs", ask)
    wide = np.ones((1, 60))
    assert most_room(wide, -np.ones(1), np.zeros(60), np.ones(60)).room > 0
    monkeypatch.setattr(float_lp, "by_pivots", lambda *_: None)
    assert most_room(np.ones((1, 2)), -np.ones(1), np.zeros(2), np.ones(2)).room > 0
    assert asked == [60, 2]


def test_no_rows_leave_all_the_room():
    found = most_room(np.empty((0, 2)), np.empty(0), np.zeros(2), np.ones(2))
    assert found.room == 1
