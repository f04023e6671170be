"""Forms of rows under a pattern, against the network's values at points that have this pattern."""

from fractions import Fraction

import pytest

import polyrelu as pr
from polyrelu.engines.evidence.coordinates import head
from polyrelu.engines.evidence.forms import Forms
from polyrelu.engines.evidence.question import Question
from tests.engines.evidence.questions import statement

DEEP = statement(
    3,
    "1 x0 1 x2 == 1; 1 x0 >= -2; 1 x1 < 5",
    "layer 1101\n1 2 0 1/2\n-1 1/3 1 0\n1 0 0 0\n0 1 -1 1/7\n"
    "layer relu\n1 -1 1 1 0\n0 2 -1 1 -1\nlayer linear\n1 1 1/5\n",
    "1 y0 > 1; 1 h1.2 1 x1 <= 2",
)
POINTS = [(0, 0, 1), (2, -3, -1), (-2, 4, 3), (Fraction(1, 3), 1, Fraction(2, 3)), (1, -7, 0), (-1, 0, 2)]


def forms_of(text):
    question = Question.of(pr.Statement.parse(text))
    (problem,) = question.problems.values()
    own = head(question.domain, question.conditions, [problem])
    return question, problem, own.coordinates, Forms(problem, question.conditions, own.coordinates)


def rows_at(question, problem, point):
    """The values of all rows at a point of R^d, the domain's and t first."""
    values = [one.bound - sum(a * point[j] for j, a in one.normal.items()) for one in question.conditions] + [1]
    h = list(point)
    for layer in problem.layers:
        h = [
            sum(w * x for w, x in zip(row, h, strict=True)) + b
            for row, b in zip(layer.rows, layer.offsets, strict=True)
        ]
        values += [h[i] for i in layer.neurons]
        h = [max(x, 0) if on else x for x, on in zip(h, layer.relu, strict=True)]
    return values + [-row.slack(tuple(h)) for row in problem.target.halfspaces]


def sign(value):
    return (value > 0) - (value < 0)


@pytest.mark.parametrize("start", [0, 3])
def test_forms_are_the_rows_up_to_a_positive_factor(start):
    """In any order of patterns: what was kept of another pattern does not show."""
    question, problem, coordinates, forms = forms_of(DEEP)
    assert (forms.base, forms.count) == (4, 7)
    points = [tuple(map(Fraction, point)) for point in POINTS[start:] + POINTS[:start]]
    for at in points:
        values = rows_at(question, problem, at)
        for bit in range(forms.count):
            if forms.is_on(bit) != (values[forms.base + bit] > 0):
                forms.flip(bit)
        u = (*(at[i] for i in coordinates.inputs), 1)
        found = [sum(a * x for a, x in zip(forms[row], u, strict=True)) for row in range(forms.base + forms.count)]
        assert list(map(sign, found)) == list(map(sign, values))
        factors = {row: Fraction(f) / v for row, (f, v) in enumerate(zip(found, values, strict=True)) if v}
        assert all(factor > 0 for factor in factors.values())


def test_a_bit_changes_the_rows_behind_it_only():
    *_, forms = forms_of(DEEP)
    before = [forms[row] for row in range(forms.base + forms.count)]
    forms.flip(0)
    after = [forms[row] for row in range(forms.base + forms.count)]
    assert before[: forms.base + 3] == after[: forms.base + 3]
    assert before[forms.base + 3] != after[forms.base + 3]
    forms.flip(0)
    assert [forms[row] for row in range(forms.base + forms.count)] == before


def test_numbers_of_rows_end():
    *_, forms = forms_of(DEEP)
    with pytest.raises(IndexError):
        forms[forms.base + forms.count]
    with pytest.raises(IndexError):
        forms.flip(forms.count)
