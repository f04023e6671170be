"""Conditions after a sigmoid, a tanh or a softmax are those before it, at random points, evaluated in balls."""

from fractions import Fraction

import pytest
from flint import arb, ctx, fmpq
from hypothesis import given
from hypothesis import strategies as st

import polyrelu as pr
from polyrelu.networks.final_operators import after_final, before_final
from polyrelu.polyhedra.halfspace import Halfspace

FUNCTIONS = {
    "Sigmoid": lambda z: [1 / (1 + (-v).exp()) for v in z],
    "Tanh": lambda z: [v.tanh() for v in z],
    "Softmax": lambda z: [1 / sum(((w - v).exp() for w in z), arb(0)) for v in z],
    "LogSoftmax": lambda z: [-sum(((w - v).exp() for w in z), arb(0)).log() for v in z],
}


def holds(row, values):
    """Whether a row holds at balls; None where they do not tell."""
    side = sum((a * v for a, v in zip(row.normal, values, strict=True)), arb(0)) - row.offset
    if side < 0:
        return row.relation in {"<", "<="}
    return False if side > 0 else None


rows = st.tuples(
    st.sampled_from([(1, 0), (-1, 0), (0, 1), (1, -1), (-1, 1), (1, 1), (-1, -1), (2, -2), (1, 2), (0, 0)]),
    st.sampled_from([0, 1, -1, Fraction(1, 2), Fraction(-1, 2), 2, Fraction(1, 3), 3, -2]),
    st.sampled_from(["<", "<=", "=="]),
)


@given(row=rows, name=st.sampled_from(sorted(FUNCTIONS)), data=st.data())
def test_a_condition_after_the_operator_is_the_one_before_it(row, name, data):
    normal, offset, relation = row
    after = Halfspace.of(normal, offset, relation)
    try:
        before = before_final(pr.Polyhedron.from_halfspaces([after], 2), name)
    except pr.InputError:
        assert not after.is_trivial
        return
    for _ in range(5):
        z = data.draw(st.lists(st.fractions(-3, 3, max_denominator=4), min_size=2, max_size=2))
        with ctx.workprec(200):
            told = holds(after, FUNCTIONS[name]([arb(fmpq(v.numerator, v.denominator)) for v in z]))
        if told is not None:
            assert before.contains(z) == told
        else:  # at the boundary itself, where equal numbers go in
            assert before.contains(z) == (relation != "<")


def test_classes_are_those_of_the_numbers_before():
    assert before_final(pr.wins(1, 3), "softmax") == pr.wins(1, 3)
    assert before_final("y0 + y1 < 1", "Sigmoid", dim=2) == pr.parse("y0 + y1 < 0", dim=2)
    assert before_final("y0 < 2", "Softmax", dim=1) == pr.Polyhedron.whole_space(1)
    assert before_final("y0 == 1", "soft-max", dim=1) == pr.Polyhedron.whole_space(1)
    assert before_final("y0 >= 0", "LogSoftmax", dim=1) == pr.Polyhedron.whole_space(1)
    assert before_final("y0 + y1 + y2 >= 1", "Softmax", dim=3) == pr.Polyhedron.whole_space(3)
    assert before_final("y0 + y1 > 1", "Softmax", dim=3).is_empty()
    assert before_final("y0 >= 1", "Sigmoid", dim=1).is_empty()
    assert before_final("y1 >= 0.5", "log_softmax", dim=2).is_empty()


def test_properties_are_pulled_through_target_by_target(tmp_path):
    text = "(declare-const X_0 Real)(declare-const Y_0 Real)(assert (<= X_0 1))(assert (>= X_0 0))(assert (>= Y_0 0.5))"
    (tmp_path / "p.vnnlib").write_text(text)
    found = before_final(pr.load_property(tmp_path / "p.vnnlib"), "Sigmoid")
    assert found.disjuncts[0].targets == (pr.parse("y0 >= 0", dim=1),)
    net = pr.Network([([[2]], [-1])])
    assert pr.verify(net, found).status == "violated"


@pytest.mark.parametrize(
    ("target", "operator", "message"),
    [
        ("y0 >= 0.9", "Sigmoid", r"-10 y0 <= -9.*bound 9/10 is reached at an irrational number; 1/2 is reached at 0"),
        ("y0 >= 0.5", "Softmax", "only comparisons of outputs are linear"),
        ("y0 + y1 > y2", "Softmax", "sums of outputs"),
        ("y0 > 1/2*y1", "Tanh", "sums of outputs"),
        ("y0 > 0", "Gelu", "the operator is 'Gelu'; choose one of LogSoftmax, Sigmoid, Softmax, Tanh"),
        ("y0 > 0", None, "the operator is None"),
    ],
)
def test_other_conditions_are_refused_with_the_reason(target, operator, message):
    with pytest.raises(pr.InputError, match=message):
        before_final(target, operator, dim=3)


@given(z=st.lists(st.fractions(-40, 40), min_size=1, max_size=4), name=st.sampled_from(sorted(FUNCTIONS)))
def test_values_behind_the_operator_are_those_of_balls(z, name):
    with ctx.workprec(200):
        right = FUNCTIONS[name]([arb(fmpq(v.numerator, v.denominator)) for v in z])
    found = after_final(tuple(z), name.lower())
    assert all(abs(float(v) - float(w)) <= 1e-13 * max(1, abs(float(w))) for v, w in zip(found, right, strict=True))
    assert after_final(tuple(z), "Gelu") == tuple(z)


def test_texts_need_their_space():
    with pytest.raises(pr.InputError, match="pass dim"):
        before_final("y0 > 0", "Sigmoid")
