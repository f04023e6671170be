"""What holds in a domain has proofs, which are summed up here; and all that holds is found."""

import random
from fractions import Fraction

import pytest

from polyrelu.engines.evidence.affine_hull import AffineHull, Condition
from polyrelu.polyhedra.halfspace import Halfspace
from polyrelu.polyhedra.polyhedron import Polyhedron
from tests.engines.evidence.questions import by_chance, conditions, statement, total


def hull_of(*domain, dim):
    own = conditions(statement(dim, "; ".join(domain), "layer linear\n" + "1 " * dim + "0\n"))
    return own, AffineHull(own, dim)


def polyhedron(own, dim):
    rows = [Halfspace.of([c.normal.get(j, 0) for j in range(dim)], c.bound, c.relation) for c in own]
    return Polyhedron.from_halfspaces(rows, dim)


def assert_proved(own, equation):
    form = {equation.i: Fraction(1)} | {j: -b for j, b in equation.terms.items()}
    assert total(own, equation.above) == (form, -equation.constant)
    assert total(own, equation.below) == ({j: -a for j, a in form.items()}, equation.constant)


def assert_contradictory(own, proof):
    normal, constant = total(own, proof)
    assert not normal
    assert constant > 0 or (constant == 0 and any(own[r].relation == "<" for r in proof))


@pytest.mark.parametrize(
    ("domain", "dim", "found"),
    [
        (["2 x0 == 3"], 0, [(0, Fraction(3, 2), {})]),
        (["-2 x0 4 x1 == 6"], 1, [(0, -3, {1: 2})]),
        (["1 x0 >= 1/2", "3 x0 <= 3/2"], 1, [(0, Fraction(1, 2), {})]),
        (["1 x0 1 x1 <= 1", "-3 x0 -3 x1 <= -3"], 1, [(0, 1, {1: -1})]),
        (["1 x0 >= 0", "1 x1 >= 0", "1 x0 1 x1 <= 0"], 0, [(0, 0, {}), (1, 0, {})]),
        (["1 x0 -1 x1 <= 0", "1 x1 -1 x2 <= 0", "1 x2 -1 x0 <= 0"], 1, [(0, 0, {2: 1}), (1, 0, {2: 1})]),
        (["1 x0 >= 2", "1 x0 <= 2", "1 x0 1 x1 <= 3", "1 x1 >= 1", "1 x2 >= 0"], 1, [(0, 2, {}), (1, 1, {})]),
        (["1 x0 1 x1 == 1", "2 x0 2 x1 == 2", "1 x1 >= 0"], 1, [(0, 1, {1: -1})]),
        (["1 x0 >= 0", "0 x0 <= 1"], 1, []),
    ],
)
def test_equations_by_hand(domain, dim, found):
    width = 3 if any("x2" in one for one in domain) else 2 if any("x1" in one for one in domain) else 1
    own, hull = hull_of(*domain, dim=width)
    equations = hull.equations(dim)
    assert [(e.i, e.constant, dict(e.terms)) for e in equations] == found
    for equation in equations:
        assert_proved(own, equation)


@pytest.mark.parametrize(
    "domain",
    [
        ["1 x0 <= 0", "1 x0 >= 1"],
        ["1 x0 < 0", "1 x0 >= 0"],
        ["0 x0 >= 1"],
        ["0 x0 < 0"],
        ["0 x0 == 2"],
        ["0 x0 == -2"],
        ["1 x0 == 1", "2 x0 < 2"],
        ["1 x0 == 1", "1 x0 == 2"],
        ["1 x0 1 x1 <= 0", "1 x0 >= 1", "1 x1 >= 0"],
        ["1 x0 1 x1 < 0", "1 x0 >= 0", "1 x1 >= 0"],
        ["1 x0 == 2", "1 x0 1 x1 < 3", "1 x1 >= 1"],
        ["1 x0 == 2", "1 x1 == 3", "1 x0 1 x1 <= 4"],
        ["1 x0 -1 x1 < 0", "1 x1 -1 x2 <= 0", "1 x2 -1 x0 <= 0"],
    ],
)
def test_contradictions_by_hand(domain):
    own, hull = hull_of(*domain, dim=3)
    assert_contradictory(own, hull.contradiction())


def test_a_proof_with_another_number_is_found_out():
    """The sums above see what is wrong: a proof that is changed proves nothing."""
    own, hull = hull_of("1 x0 >= 0", "1 x1 >= 0", "1 x0 1 x1 <= 0", dim=2)
    (equation, _) = hull.equations(0)
    wrong = equation._replace(below={**equation.below, 0: Fraction(2)})
    with pytest.raises(AssertionError):
        assert_proved(own, wrong)
    with pytest.raises(AssertionError):
        assert_contradictory(own, equation.above)


def test_domains_by_chance():
    """Of each domain as many equations as it lacks dimensions, or the proof that it is empty."""
    flat, empty = 0, 0
    for seed in range(400):
        own, dim = conditions(by_chance(seed)), int(by_chance(seed).splitlines()[1].split()[1])
        domain, hull = polyhedron(own, dim), AffineHull(own, dim)
        if domain.is_empty():
            assert_contradictory(own, hull.contradiction())
            empty += 1
            continue
        equations = hull.equations(domain.dim)
        assert len(equations) == dim - domain.dim
        said = {equation.i for equation in equations}
        for equation in equations:
            assert_proved(own, equation)
            assert not said & equation.terms.keys()
        flat += bool(equations)
    assert flat > 40
    assert empty > 20


def test_a_simplex_that_is_a_point():
    """Twenty inequalities that leave no room only together."""
    dim = 20
    domain = [*(f"1 x{j} >= {j}" for j in range(dim)), " ".join(f"1 x{j}" for j in range(dim)) + " <= 190"]
    own, hull = hull_of(*domain, dim=dim)
    equations = hull.equations(0)
    assert [equation.constant for equation in equations] == list(range(dim))
    for equation in equations:
        assert_proved(own, equation)


def test_boxes_need_no_programs(monkeypatch):
    """Of 784 inputs all but two are fixed, by conditions in any order and of any size."""
    own = []
    for j in range(784):
        high = 1 if j in (5, 300) else 0
        own += [Condition({j: Fraction(-2)}, Fraction(0), "<="), Condition({j: Fraction(1, 3)}, Fraction(high), "<=")]
    random.Random(0).shuffle(own)
    monkeypatch.setattr("polyrelu.engines.evidence.affine_hull.maximise", None)
    equations = AffineHull(own, 784).equations(2)
    assert [equation.i for equation in equations] == [j for j in range(784) if j not in (5, 300)]
    assert_proved(own, equations[0])
