"""Complementary solutions by their definition."""

from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from polyrelu.arithmetic.complementarity import complementary_solution


@settings(max_examples=50)
@given(st.lists(st.tuples(*[st.integers(-3, 3)] * 2), min_size=1, max_size=6), st.data())
def test_complementary_solutions(vectors, data):
    """Gram matrices of dependent vectors: singular, and the hard case of the criss-cross method."""
    gram = [[Fraction(sum(a * b for a, b in zip(v, w, strict=True))) for w in vectors] for v in vectors]
    start = data.draw(st.tuples(*[st.integers(0, 3)] * len(vectors)))
    slack = data.draw(st.tuples(*[st.integers(0, 2)] * len(vectors)))
    constants = [
        Fraction(w) - sum(m * y for m, y in zip(row, start, strict=True)) for row, w in zip(gram, slack, strict=True)
    ]
    y = complementary_solution(gram, constants)
    w = [sum((m * v for m, v in zip(row, y, strict=True)), q) for row, q in zip(gram, constants, strict=True)]
    assert min(y) >= 0
    assert min(w) >= 0
    assert all(a * b == 0 for a, b in zip(y, w, strict=True))
