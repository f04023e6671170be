"""The head of a certificate: which inputs are coordinates, and what the others are."""

from fractions import Fraction

import pytest

import polyrelu as pr
from polyrelu.engines.evidence.coordinates import head, head_text, read_head, rows_seen
from polyrelu.engines.evidence.question import Question
from tests.engines.evidence.questions import KINDS, by_chance, statement


def head_of(text):
    question = Question.of(pr.Statement.parse(text))
    return question, head(question.domain, question.conditions, list(question.problems.values()))


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("a box", []),
        ("two inequalities make it flat", ["eq 0 0 1 | 1 1"]),
        ("an equality", ["eq 0 0 1 | 0 -1"]),
        ("fixed inputs", ["eq 1 0 1 | 0 -1", "eq 2 1 1/3 | 2 2"]),
        ("three inequalities make it flat", ["eq 0 1 3/2 2 1/2 | 0 1", "eq 1 0 2/3 2 1/3 | 1 1"]),
        ("x1 is never used", ["line 1"]),
        ("x0 + x1 only", ["line 1 0 -1"]),
        ("x0 + x1 only, in a strip", ["eq 2 1 1 | 1 -1", "line 1 0 -1"]),
        ("nothing is seen", ["line 0", "line 1"]),
    ],
)
def test_heads_by_hand(name, lines):
    written = head_text(head_of(KINDS[name][0])[1].coordinates).splitlines()
    assert written == lines


def test_heads_are_read_as_they_are_written():
    read_again = 0
    for text in [*(text for text, _ in KINDS.values()), *map(by_chance, range(150))]:
        if pr.Statement.parse(text).domain.is_empty():
            continue
        try:
            question, own = head_of(text)
        except pr.InputError:
            continue
        words = [line.split() for line in head_text(own.coordinates).splitlines()]
        read = read_head(words, question.conditions, question.input_dim)
        assert read.inputs == own.coordinates.inputs
        assert read.embedding == own.coordinates.embedding == own.chart.embedding
        read_again += bool(words)
    assert read_again > 40


def test_facets_of_the_chart_are_conditions():
    """Each facet's form on (u, t) is that of the condition that is named, up to a positive factor."""
    for text in map(by_chance, range(150)):
        if pr.Statement.parse(text).domain.is_empty():
            continue
        try:
            question, own = head_of(text)
        except pr.InputError:
            continue
        for form, row in zip(own.chart.forms, own.facet_rows, strict=True):
            assert own.coordinates.form(question.conditions[row]) == tuple(-v for v in form)
            assert question.conditions[row].relation != "=="


def test_what_linear_paths_lead_to_is_seen():
    """x1 gets to the target past the ReLUs of the first layer, and is cancelled for the other target."""
    layers = "layer 100\n1 0 0\n0 1 0\n0 -1 1\nlayer linear\n1 1 0 0\n1 1 1 0\n"
    question = Question.of(pr.Statement.parse(statement(2, "", layers, "1 y0 < 0", "1 y1 < 0")))
    seen, cancelled = map(rows_seen, question.problems.values())
    assert set(seen) == {(1, 0), (0, 1)}
    assert set(cancelled) == {(1, 0), (0, 0)}


def test_targets_that_see_different_directions_are_refused():
    layers = "layer 10\n1 0 0\n0 1 0\n"
    text = statement(2, "", layers, "1 y0 > 1", "1 y1 > 1")
    with pytest.raises(pr.InputError, match="target 0 sees fewer directions of the domain than the others"):
        head_of(text)
    assert head_of(statement(2, "", layers, "1 y0 > 1"))[1].coordinates.inputs == (0,)
    bounded = statement(2, "1 x0 >= 0; 1 x0 <= 1; 1 x1 >= 0; 1 x1 <= 1", layers, "1 y0 > 1", "1 y1 > 1")
    assert head_of(bounded)[1].coordinates.inputs == (0, 1)


def test_forms_are_not_negative_inside():
    question, own = head_of(KINDS["an equality"][0])
    assert own.coordinates.rows == [({0: 3}, Fraction(1, 2)), ({0: 1}, 0)]
    assert [own.coordinates.form(one) for one in question.conditions] == [(0, 0), (1, 0)]
