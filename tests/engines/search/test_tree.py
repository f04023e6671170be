import pytest
from hypothesis import given
from hypothesis import strategies as st

import polyrelu as pr
from polyrelu.engines.search import Arrangement, Feasibility, Heuristic, face_search
from tests.strategies import domains, layers, polyhedra

SOUND = [Heuristic, Feasibility, Arrangement]
each = pytest.mark.parametrize("make", SOUND, ids=lambda make: make.__name__)


@st.composite
def questions(draw):
    """A layer, tall, square, wide or rank-deficient; a polyhedron after it, and a domain before it or none."""
    layer = draw(layers(draw(st.integers(1, 3)), draw(st.integers(1, 5))))
    return layer, draw(polyhedra(layer.output_dim, max_rows=3)), draw(domains(layer.input_dim))


def oracle(layer, wanted, domain):
    """The pieces of the exhaustive un-ReLU, cut with the domain."""
    pieces = pr.unrelu_by_substitution(wanted, layer.weight, layer.bias, layer.relu)
    cut = {zeroed: piece if domain is None else piece & domain for zeroed, piece in pieces}
    return {zeroed: piece for zeroed, piece in cut.items() if not piece.is_empty()}


def search(layer, wanted, domain=None, heuristic=None, **options):
    return face_search(wanted, layer.weight, layer.bias, layer.relu, domain=domain, heuristic=heuristic, **options)


@each
@given(question=questions())
def test_a_sound_heuristic_finds_exactly_the_pieces_of_the_exhaustive_search(make, question):
    layer, wanted, domain = question
    found = search(layer, wanted, domain, make())
    pieces = list(found)
    assert len(dict(pieces)) == len(pieces) == found.record.pieces
    assert dict(pieces) == oracle(*question)


THREE = pr.Layer([[1, 0], [0, 1], [1, 1]], [0, 0, -1], True)  # three half-planes: x0 > 0, x1 > 0, x0 + x1 > 1


def test_the_exhaustive_record_counted_by_hand():
    """Seven cells of eight assignments: (silent, silent, active) is empty. 1 + 2 + 4 + 8 nodes, one wasted."""
    record = search(THREE, pr.Polyhedron.whole_space(3), None, Heuristic()).run()
    assert (record.nodes, record.leaves, record.pieces, record.wasted) == (15, 8, 7, 1)
    assert (record.decisions, record.lps, record.discarded, record.implied) == (8, 8, 0, 0)


def test_the_feasible_record_counted_by_hand():
    """The same nodes, all of them asked; the one empty leaf is given up before it counts as a leaf."""
    record = search(THREE, pr.Polyhedron.whole_space(3), None, Feasibility()).run()
    assert (record.nodes, record.discarded, record.leaves, record.pieces, record.wasted) == (15, 1, 7, 7, 1)
    assert record.lps == record.decisions == 15


def test_the_arrangement_record_counted_by_hand():
    """Seven pieces, so six branches and 13 nodes; on x0, x1 <= 0 the third sign follows."""
    search_ = search(THREE, pr.Polyhedron.whole_space(3))
    record = search_.run()
    assert (record.nodes, record.leaves, record.pieces, record.wasted, record.lps) == (13, 7, 7, 0, 0)
    assert record.implied == 1
    assert set(search_.zeroed) == {(), (0,), (1,), (2,), (0, 1, 2), (0, 2), (1, 2)}


def test_bounds_of_undecided_neurons_are_just_large_enough():
    """On [-2, 2] the chords of relu(x) and relu(-x) sum to 2, which they are at the ends: P touches in two points."""
    layer = pr.Layer([[1], [-1]], [0, 0], True)
    pieces = dict(search(layer, pr.parse("y0 + y1 >= 2", dim=2), pr.Polyhedron.box([-2], [2]), Arrangement()))
    assert pieces == {(1,): pr.Polyhedron.box([2], [2]), (0,): pr.Polyhedron.box([-2], [-2])}


def test_a_row_that_the_bounds_rule_out_is_given_up_at_the_root():
    layer = pr.Layer([[1], [-1]], [0, 0], True)
    record = search(layer, pr.parse("y0 + y1 > 2", dim=2), pr.Polyhedron.box([-2], [2]), Arrangement()).run()
    assert (record.nodes, record.discarded, record.pieces) == (1, 1, 0)
