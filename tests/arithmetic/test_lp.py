from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyrelu.arithmetic.lp import Program, Status, maximise

entries = st.one_of(st.integers(-2, 2), st.integers(-2, 2), st.integers(-(10**20), 10**20))


@st.composite
def programs(draw):
    """Small, often degenerate programs: repeated and opposite rows, zero rows, equalities that repeat inequalities."""
    dim = draw(st.integers(0, 4))
    rows = [(draw(st.tuples(*[entries] * dim)), draw(st.integers(-2, 3))) for _ in range(draw(st.integers(0, 7)))]
    equalities = [(draw(st.tuples(*[entries] * dim)), draw(st.integers(-1, 1))) for _ in range(draw(st.integers(0, 2)))]
    if rows and draw(st.booleans()):
        normal, offset = draw(st.sampled_from(rows))
        opposite = tuple(-2 * v for v in normal), -2 * offset
        draw(st.sampled_from([rows, equalities])).append(opposite)
    return draw(st.tuples(*[entries] * dim)), rows, equalities


def dot(a, x):
    return sum((v * w for v, w in zip(a, x, strict=True)), Fraction(0))


def check_certificate(objective, inequalities, equalities, solution):
    """Verify an answer from scratch: it shares no code with the solver."""
    if solution.point is not None:
        assert all(dot(normal, solution.point) <= offset for normal, offset in inequalities)
        assert all(dot(normal, solution.point) == offset for normal, offset in equalities)
    if solution.multipliers is not None:
        rows, y = [*inequalities, *equalities], solution.multipliers
        assert all(v >= 0 for v in y[: len(inequalities)])
        combination = [dot(y, [normal[k] for normal, _ in rows]) for k in range(len(objective))]
        bound = dot(y, [offset for _, offset in rows])
        if solution.status is Status.OPTIMAL:
            assert combination == list(objective)
            assert bound == solution.value == dot(objective, solution.point)
        else:
            assert not any(combination)
            assert bound < 0


@given(programs())
def test_every_answer_is_certified(program):
    objective, inequalities, equalities = program
    solution = maximise(objective, inequalities, equalities)
    check_certificate(objective, inequalities, equalities, solution)
    assert (solution.point is None) == (solution.status is Status.INFEASIBLE)
    if solution.status is Status.UNBOUNDED:
        beyond = int(dot(objective, solution.point)) + 10**6
        capped = maximise(objective, [*inequalities, (objective, beyond)], equalities)
        assert capped.value == beyond


def test_the_checker_rejects_a_wrong_optimum():
    rows = [((1,), 2), ((-1,), 0)]
    solution = maximise((1,), rows)
    check_certificate((1,), rows, [], solution)
    for wrong in (
        solution._replace(value=Fraction(3)),
        solution._replace(point=(Fraction(1),)),
        solution._replace(multipliers=(Fraction(0), Fraction(-1))),
    ):
        with pytest.raises(AssertionError):
            check_certificate((1,), rows, [], wrong)


@pytest.mark.parametrize(
    ("objective", "inequalities", "equalities", "expected"),
    [
        ((1, 1), [((1, 0), 3), ((0, 1), 4)], [], (Status.OPTIMAL, 7)),
        ((1,), [], [], (Status.UNBOUNDED, None)),
        ((0,), [], [], (Status.OPTIMAL, 0)),
        ((), [], [], (Status.OPTIMAL, 0)),
        ((), [((), -1)], [], (Status.INFEASIBLE, None)),
        ((), [], [((), 1)], (Status.INFEASIBLE, None)),
        ((1, 0), [((0, 1), -1), ((0, -1), 0)], [], (Status.INFEASIBLE, None)),
        ((1,), [((1,), 5)], [((2,), 3)], (Status.OPTIMAL, Fraction(3, 2))),
        # the program on which the rational solver of cddlib 0.94m writes outside its arrays
        (
            (0, 0, 1),
            [
                ((-3152519739159347, -9007199254740992, 0), 0),
                ((3152519739159347, 9007199254740992, 0), 0),
                ((0, 0, -1), 0),
                ((0, 0, 1), 1),
            ],
            [],
            (Status.OPTIMAL, 1),
        ),
    ],
)
def test_programs_with_known_answers(objective, inequalities, equalities, expected):
    solution = maximise(objective, inequalities, equalities)
    assert (solution.status, solution.value) == expected


def test_a_program_on_which_simplex_rules_cycle():
    """Beale's example: Dantzig's rule cycles forever; the optimum is 1/20."""
    rows: list[tuple[tuple[int, ...], int]]  # times 100 and 50
    rows = [((25, -6000, -4, 900), 0), ((25, -4500, -1, 150), 0), ((0, 0, 1, 0), 1)]
    rows += [(tuple(-int(i == k) for i in range(4)), 0) for k in range(4)]
    solution = maximise((75, -15000, 2, -600), rows)  # objective times 100
    check_certificate((75, -15000, 2, -600), rows, [], solution)
    assert solution.value == 5


@given(programs())
def test_a_program_that_grows_row_by_row_ends_where_a_fresh_one_does(program):
    objective, inequalities, equalities = program
    growing = Program(objective, [], equalities)
    for count, (normal, offset) in enumerate(inequalities, 1):
        growing.add(normal, offset)
        branch = growing.copy()
        branch.add(normal, offset - 1)
        solution = growing.solve()
        fresh = maximise(objective, inequalities[:count], equalities)
        assert (solution.status, solution.value) == (fresh.status, fresh.value)
        check_certificate(objective, inequalities[:count], equalities, solution)
        tighter = [*inequalities[:count], (normal, offset - 1)]
        check_certificate(objective, tighter, equalities, branch.solve())
