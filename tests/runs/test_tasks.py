"""Tasks and roots."""

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import polyrelu as pr
from polyrelu.engines.cells.intervals import Interval
from polyrelu.runs import tasks
from polyrelu.runs.folds import Count
from polyrelu.runs.tasks import WHOLE, Place, Question, work

NET = pr.Network([([[1, 0], [0, 1], [1, 1]], [0, 0, -1]), ([[1, -1, 1], [0, 1, 0]], [0, 0])])
BOX = pr.Polyhedron.box([-1, -1], [1, 1])
QUESTION = Question.of(NET, ["y0 > 0", "y1 > y0"], BOX)


def test_a_question_travels_once(monkeypatch):
    """Its bytes are read once in a process, and it knows its digest."""
    content = pickle.dumps(QUESTION)
    one, other = pickle.loads(content), pickle.loads(content)
    assert one is other
    assert (one.digest, one.text) == (QUESTION.statement.hash, QUESTION.statement.text)
    assert one == QUESTION


@st.composite
def places(draw):
    part = draw(st.integers(0, len(QUESTION.parts) - 1))
    digits = QUESTION.parts[part][1].neuron_count
    first, last = sorted(draw(st.tuples(*[st.integers(0, (1 << digits) - 1)] * 2)))
    return Place(part, draw(st.integers(0, 2**32 - 1)), Interval(first, last, digits))


@given(places(), places())
def test_roots_are_read_again_and_ordered_as_places(one, other):
    assert Place.of(one.root(), QUESTION) == one
    assert len(one.root()) <= 8
    if one[:2] == other[:2] or one < other:
        key, other_key = ((*own[:2], *own.interval) for own in (one, other))
        assert (one.root() < other.root()) == (key < other_key)


@pytest.mark.parametrize(
    "root",
    [
        b"\0",
        bytes(6),
        bytes([0, 9, 0, 0, 0, 0, 0, 0]),
        bytes([0, 0, 0, 0, 0, 0, 0, 1]),
        bytes([0, 0, 0, 0, 0, 0, 128, 0]),
        bytes(9),
    ],
)
def test_what_is_no_root_is_refused(root):
    with pytest.raises(ValueError, match="is no root of this question"):
        Place.of(root, QUESTION)


def test_everything_lists_the_parts():
    outcome = work(QUESTION, WHOLE, 10**6, Count())
    assert outcome.tiles == 0
    assert [Place.of(root, QUESTION).part for root in outcome.open] == list(range(len(QUESTION.parts)))
    found = sum(work(QUESTION, root, 10**6, Count()).tiles for root in outcome.open)
    assert found == len(pr.preimage(NET, ["y0 > 0", "y1 > y0"], BOX))


def test_the_same_everywhere():
    """What a task gives depends on the question, the root and the budget alone."""
    rng = np.random.default_rng(0)
    network = pr.Network([(rng.normal(size=(12, 3)), rng.normal(size=12)), (rng.normal(size=(1, 12)), [0.0])])
    question = Question.of(network, None, ([-1] * 3, [1] * 3))
    outcomes = [work(question, WHOLE, 40, Count()) for _ in range(2)]
    assert outcomes[0] == outcomes[1]
    assert outcomes[0].open
    assert outcomes[0].sizes is not None
    assert work(pickle.loads(pickle.dumps(question)), WHOLE, 40, Count()) == outcomes[0]


def test_what_is_asked_for_a_root_before_it_is_split():
    """Too large cells are refused by whoever begins."""
    network = pr.Network([(np.eye(40), np.zeros(40)), (np.ones((1, 40)), [0])])
    with pytest.raises(pr.BudgetExceeded, match="40 dimensions"):
        work(Question.of(network, None, ([-1] * 40, [1] * 40)), WHOLE, 10, Count())


def test_no_domain_no_tasks():
    question = Question.of(NET, "y0 > 0", pr.Polyhedron.empty(2))
    assert work(question, WHOLE, 10, Count()).open == ()
    assert tasks.all_places(question) == []
