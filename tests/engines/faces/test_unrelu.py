import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

import polyrelu as pr
from tests.strategies import layers, points, polyhedra, witnesses

HALF_ROOT = math.sqrt(3) / 2
TRIANGLE = [[1.0, 0.0], [-0.5, HALF_ROOT], [-0.5, -HALF_ROOT]]  # three features at 120 degrees, as floats

operators = pytest.mark.parametrize("operator", [pr.unrelu, pr.unrelu_by_substitution])


@st.composite
def problems(draw):
    """A layer, tall, square, wide or rank-deficient, and a polyhedron after it."""
    layer = draw(layers(draw(st.integers(1, 3)), draw(st.integers(1, 4))))
    return layer, draw(polyhedra(layer.output_dim, max_rows=3))


@given(problems())
def test_moving_sets_and_moving_rows_agree_on_every_face(problem):
    layer, P = problem
    arguments = (P, layer.weight, layer.bias, layer.relu)
    by_sets, by_rows = pr.unrelu(*arguments), pr.unrelu_by_substitution(*arguments)
    assert dict(by_sets) == dict(by_rows)
    assert by_sets.stats == by_rows.stats
    assert by_sets.stats.faces_visited == 2 ** sum(layer.relu)


@operators
@given(problem=problems(), data=st.data())
def test_a_point_is_in_some_piece_iff_its_image_is_in_the_polyhedron(operator, problem, data):
    layer, P = problem
    network = pr.Network([layer])
    pieces = [piece for _, piece in operator(P, layer.weight, layer.bias, layer.relu)]
    xs = data.draw(st.lists(points(layer.input_dim), min_size=3, max_size=3))
    for x in [*xs, *(w for piece in pieces for w in witnesses(piece))]:
        assert any(piece.contains(x) for piece in pieces) == P.contains(network([x])[0])


@operators
@given(problem=problems())
def test_pieces_overlap_only_where_their_signs_differ_by_zeros(operator, problem):
    layer, P = problem
    pieces = list(operator(P, layer.weight, layer.bias, layer.relu))
    for k, (S, piece) in enumerate(pieces):
        assert set(S) <= {i for i, on in enumerate(layer.relu) if on}
        for T, other in pieces[:k]:
            for x in witnesses(piece & other):
                before = pr.Network([pr.Layer(layer.weight, layer.bias, False)])([x])[0]
                assert all(before[i] == 0 for i in set(S) ^ set(T))


@operators
def test_the_worked_example_three_pieces_make_a_half_plane(operator):
    faces = operator(pr.parse("h_0 > 0", dim=3), TRIANGLE, [-0.3] * 3)
    pieces = dict(faces)
    assert list(pieces) == [(1,), (2,), (1, 2)]
    assert (faces.stats.faces_visited, faces.stats.pieces_found) == (8, 3)
    half_plane = pr.Polyhedron([[-1, 0]], [-0.3], strict=True)
    assert all(piece.is_subset(half_plane) for piece in pieces.values())
    rest = [half_plane]
    for piece in pieces.values():
        rest = [part for whole in rest for part in whole.difference(piece)]
    assert rest == []


@operators
def test_faces_come_in_the_order_of_their_size(operator):
    everything = pr.Polyhedron.whole_space(3)
    sizes = [len(zeroed) for zeroed, _ in operator(everything, TRIANGLE, [0.5] * 3)]
    assert sizes == sorted(sizes)
    assert len(sizes) == 7


@operators
def test_a_budget_is_a_budget(operator):
    many = [[1]] * 21
    with pytest.raises(pr.BudgetExceeded, match=r"2\^21 = 2097152 faces.*raise limit="):
        operator(pr.Polyhedron.whole_space(21), many, [0] * 21)
    with pytest.raises(pr.BudgetExceeded, match="limit of 3"):
        operator(pr.Polyhedron.whole_space(2), [[1], [1]], [0, 0], limit=3)
    masked = operator(pr.Polyhedron.whole_space(2), [[1], [1]], [0, 0], [True, False], limit=2)
    assert len(list(masked)) == 2


@operators
def test_the_polyhedron_must_live_after_the_layer(operator):
    with pytest.raises(pr.DimensionError, match=r"W has 2 rows but the polyhedron lives in R\^3"):
        operator(pr.Polyhedron.whole_space(3), [[1], [1]], [0, 0])


@operators
def test_dead_duplicate_and_zero_neurons(operator):
    """relu(-1), relu(x), relu(x) and relu(0): the second and third are one hyperplane, the others none."""
    pieces = dict(operator(pr.parse("y1 >= 1", dim=4), [[0], [1], [1], [0]], [-1, 0, 0, 0]))
    ray = pr.Polyhedron([[-1]], [-1])
    assert pieces == {(0,): ray, (0, 3): ray}
