import itertools
from fractions import Fraction

import pytest
from hypothesis import given

import polyrelu as pr
from polyrelu.polyhedra.faces import closure_of, faces
from polyrelu.polyhedra.generators import Generators
from tests.strategies import polyhedra, witnesses


def as_set(face, dim, relation):
    rows = [*face.equalities, *(h._replace(relation=relation) for h in face.inequalities)]
    return pr.Polyhedron.from_halfspaces(rows, dim)


@given(polyhedra())
def test_open_faces_are_disjoint_and_make_up_the_closure(P):
    found = faces(P)
    opened = [as_set(face, P.ambient_dim, "<") for face in found]
    for A, B in itertools.combinations(opened, 2):
        assert (A & B).is_empty()
    for face, A in zip(found, opened, strict=True):
        assert A.dim == face.dim
        assert A.is_subset(P) if face.inside else (A & P).is_empty()
        assert as_set(face, P.ambient_dim, "<=") == A.closure()
    for point in witnesses(P):
        assert sum(bool(A.contains(point)) for A in opened) == 1


@given(polyhedra())
def test_facets_and_keys(P):
    """Equal keys are equal sets; the facets are the faces of one dimension less that a face contains."""
    found = faces(P)
    sets = [as_set(face, P.ambient_dim, "<=") for face in found]
    assert len({face.closure for face in found}) == len(set(sets)) == len(found)
    for face, A in zip(found, sets, strict=True):
        facets = {
            other.closure for other, B in zip(found, sets, strict=True) if other.dim == face.dim - 1 and B.is_subset(A)
        }
        assert set(face.facets) == facets


@given(polyhedra(max_rows=4))
def test_every_face_of_a_face_is_a_face(P):
    found = {face.closure: face for face in faces(P)}
    for face in found.values():
        for other in faces(as_set(face, P.ambient_dim, "<=")):
            assert found[other.closure].facets == other.facets or set(found[other.closure].facets) == set(other.facets)
            assert found[other.closure].dim == other.dim


@pytest.mark.parametrize(
    ("polyhedron", "counts"),
    [
        (pr.Polyhedron.box([0, 0, 0], [1, 1, 1]), [1, 6, 12, 8]),
        (pr.Polyhedron([[1, 0, 1], [-1, 0, 1], [0, 1, 1], [0, -1, 1], [0, 0, -1]], [1, 1, 1, 1, 0]), [1, 5, 8, 5]),
        (pr.Polyhedron(list(itertools.product([1, -1], repeat=3)), [1] * 8), [1, 8, 12, 6]),
        (pr.Polyhedron.box([0, 0, 2], [1, 1, 2]), [1, 4, 4]),
        (pr.Polyhedron([[-1, 0], [0, -1]], [0, 0]), [1, 2, 1]),
        (pr.Polyhedron([[1, 1]], [0]), [1, 1]),
        (pr.Polyhedron.whole_space(2), [1]),
        (pr.Polyhedron.whole_space(0), [1]),
        (pr.Polyhedron.empty(2), []),
    ],
)
def test_known_faces(polyhedron, counts):
    dims = [face.dim for face in faces(polyhedron)]
    assert [len(list(group)) for _, group in itertools.groupby(dims)] == counts
    assert dims == sorted(dims, reverse=True)


def test_generators_are_taken_modulo_the_lines():
    """A slab along (1, 1, 0), however its points and rays are chosen."""
    numbers = (
        (((0, 0, 0), (1, 0, 0)), ((0, 0, 2),), ((1, 1, 0),)),
        (((5, 5, 0), (3, 2, 0)), ((3, 3, 1),), ((-2, -2, 0),)),
    )
    one, other = (Generators(*(tuple(tuple(map(Fraction, v)) for v in kind) for kind in g)) for g in numbers)
    assert closure_of(one) == closure_of(other)
    assert len(closure_of(one)) == 5
