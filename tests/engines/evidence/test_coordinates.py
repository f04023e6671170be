"""The head of a certificate: which inputs are coordinates, and what the others are."""

from fractions import Fraction

import pytest

import polyrelu as pr
from polyrelu.engines.evidence.coordinates import equations_text, lines_text, places, read_coordinates, rows_seen
from polyrelu.engines.evidence.question import Question
from tests.engines.evidence.questions import KINDS, TWO, by_chance, statement


def places_of(text):
    question = Question.of(pr.Statement.parse(text))
    return question, list(places(question.domain, question.conditions, question.problems.values()))


def text_of(coordinates):
    return equations_text(coordinates.equations) + lines_text(coordinates.lines)


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
def test_coordinates_by_hand(name, lines):
    _, (place,) = places_of(KINDS[name][0])
    assert text_of(place.coordinates).splitlines() == lines


def examples():
    """Questions of all kinds, with the place of each target."""
    for text in [*(text for text, _ in KINDS.values()), *map(by_chance, range(150))]:
        if not pr.Statement.parse(text).domain.is_empty():
            question, own = places_of(text)
            for place in own:
                yield question, place


def test_coordinates_are_read_as_they_are_written():
    read_again = 0
    for question, (coordinates, chart, _) in examples():
        words = [line.split() for line in text_of(coordinates).splitlines()]
        read = read_coordinates(words, question.conditions, question.input_dim)
        assert read.inputs == coordinates.inputs
        assert read.embedding == coordinates.embedding == chart.embedding
        read_again += bool(words)
    assert read_again > 40


def test_facets_of_the_chart_are_conditions():
    """Each facet's form on (u, t) is that of the condition that is named, up to a positive factor."""
    for question, (coordinates, chart, facet_rows) in examples():
        for form, row in zip(chart.forms, facet_rows, strict=True):
            assert coordinates.form(question.conditions[row]) == tuple(-v for v in form)
            assert question.conditions[row].relation != "=="


def test_what_linear_paths_lead_to_is_seen():
    """x1 gets to the target past the ReLUs of the first layer, and is cancelled for the other target."""
    layers = "layer 100\n1 0 0\n0 1 0\n0 -1 1\nlayer linear\n1 1 0 0\n1 1 1 0\n"
    question = Question.of(pr.Statement.parse(statement(2, "", layers, "1 y0 < 0", "1 y1 < 0")))
    seen, cancelled = map(rows_seen, question.problems.values())
    assert set(seen) == {(1, 0), (0, 1)}
    assert set(cancelled) == {(1, 0), (0, 0)}


def test_targets_may_see_different_directions():
    text, _ = KINDS["targets that see different directions"]
    assert [place.coordinates.inputs for place in places_of(text)[1]] == [(0,), (1,), (0, 1)]
    bounded = text.replace("layer 10", "domain\n1 x0 >= 0\n1 x0 <= 1\n1 x1 >= 0\n1 x1 <= 1\nlayer 10")
    assert {place.coordinates.inputs for place in places_of(bounded)[1]} == {(0, 1)}


def test_forms_are_not_negative_inside():
    question, ((coordinates, _, _),) = places_of(KINDS["an equality"][0])
    assert coordinates.rows == [({0: 3}, Fraction(1, 2)), ({0: 1}, 0)]
    assert [coordinates.form(one) for one in question.conditions] == [(0, 0), (1, 0)]


def test_numbers_of_any_length():
    """Python converts no more than 4300 digits by itself; what is written of longer ones is read."""
    long = "9" * 5000
    text = statement(2, f"{long} x0 -3 x1 == {long}", TWO, "1 y0 > 0")
    question, ((coordinates, _, _),) = places_of(text)
    (line,) = text_of(coordinates).splitlines()
    assert len(line) > 10_000
    assert read_coordinates([line.split()], question.conditions, 2).embedding == coordinates.embedding
