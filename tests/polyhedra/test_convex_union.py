"""The union test against an oracle that knows linear programs and set differences only."""

from dataclasses import replace

import pytest
from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from polyrelu.polyhedra.convex_union import GeneratorPool, negated
from polyrelu.polyhedra.halfspace import Halfspace
from polyrelu.polyhedra.polyhedron import Polyhedron
from tests.strategies import halfspaces, polyhedra


def missing(P, *others):
    """What P has and the others have not, as polyhedra."""
    rest = [P]
    for other in others:
        rest = [part for whole in rest for part in whole.difference(other)]
    return rest


def same_set(P, *parts):
    return not missing(P, *parts) and all(part.is_subset(P) for part in parts)


def is_one_polyhedron(P, Q):
    """Whether the union of two sets with the same affine hull is a polyhedron, by its definition.

    The only candidate for the closure is the envelope. Whatever it has and the union has not must lie in faces that
    miss the union altogether.
    """
    closures = [P.closure().canonical(), Q.closure().canonical()]
    rows = [
        row
        for one, other in (closures, closures[::-1])
        for row in one.halfspaces
        if other.is_subset(Polyhedron.from_halfspaces([row], P.ambient_dim))
    ]
    envelope = Polyhedron.from_halfspaces(rows, P.ambient_dim)
    if missing(envelope, *closures):
        return False
    for part in missing(envelope, P, Q):
        point = part.relative_interior_point()
        tight = [row.boundary() for row in rows if not row.slack(point)]
        face = envelope & Polyhedron.from_halfspaces(tight, P.ambient_dim)
        if not (face & P).is_empty() or not (face & Q).is_empty():
            return False
    return True


def union(P, Q):
    """The polyhedron that the pieces of P and Q make, None if none, or "apart" without a common facet."""
    pool = GeneratorPool()
    p, q = pool.piece(P), pool.piece(Q)
    for one, other in ((p, q), (q, p)):
        for row in one.strict:
            if (one.facets[row], one.lines) == (other.generators, other.lines):
                return checked(pool, pool.union(one, other, row), P.ambient_dim)
    rows = [
        row
        for row in p.facets
        if q.facets.get(negated(row)) == p.facets[row] and (p.equalities, p.lines) == (q.equalities, q.lines)
    ]
    if not rows:
        return "apart"
    return checked(pool, pool.union(p, q, rows[0]), P.ambient_dim)


def checked(pool, piece, dim):
    """A union as a polyhedron; its faces and generators must be those that the polyhedron has by itself."""
    if piece is None:
        return None
    found = piece.polyhedron(dim)
    again = pool.piece(Polyhedron.from_halfspaces(found.halfspaces, dim))
    assert replace(piece, gone=frozenset(piece.gone)).__dict__ == replace(again, gone=frozenset(again.gone)).__dict__
    return found


def check(P, Q):
    found = union(P, Q)
    assert found == union(Q, P)
    if found == "apart":
        return "apart"
    if found is None:
        assert not is_one_polyhedron(P, Q)
        return "not one"
    assert is_one_polyhedron(P, Q)
    assert same_set(found, P, Q)
    assert found.halfspaces == Polyhedron.from_halfspaces(found.halfspaces, found.ambient_dim).canonical().halfspaces
    return "one"


@st.composite
def neighbours(draw):
    """Two sides of a polyhedron, one of which is then cut once more or has another choice of strict rows."""
    dim = draw(st.integers(1, 3))
    size = draw(st.sampled_from([None, None, 1, 2]))
    whole = Polyhedron.whole_space(dim) if size is None else Polyhedron.box([-size] * dim, [size] * dim)
    whole &= draw(polyhedra(dim, max_rows=3, relation=st.sampled_from(["<=", "<=", "<=", "=="])))
    assume(not whole.is_empty())
    centre = whole.relative_interior_point()
    normal = draw(halfspaces(dim, st.just("<="))).normal
    cut = Halfspace.of(normal, sum(a * x for a, x in zip(normal, centre, strict=True)))
    (other,) = cut.violated()
    sides = []
    for row in (cut, other):
        side = whole & Polyhedron.from_halfspaces([row], dim)
        if draw(st.integers(0, 3)) == 0:
            side &= Polyhedron.from_halfspaces([draw(halfspaces(dim, st.sampled_from(["<", "<="])))], dim)
        if not side.is_empty():
            rows = [*side.canonical().halfspaces]
            corner = [v for v in side.vertices if sum(not row.slack(v) for row in rows) > 1]
            if corner and draw(st.booleans()):  # take one vertex, or what face there is, away
                v = draw(st.sampled_from(corner))
                tight = [row for row in rows if not row.slack(v) and row.relation != "=="]
                normal = [sum(column) for column in zip(*(row.normal for row in tight), strict=True)]
                rows.append(Halfspace.of(normal, sum(row.offset for row in tight), "<") if tight else rows[0])
            strict = draw(st.sets(st.sampled_from(range(len(rows))), max_size=2)) if rows else set()
            rows = [
                row._replace(relation="<") if i in strict and row.relation == "<=" else row
                for i, row in enumerate(rows)
            ]
            side = Polyhedron.from_halfspaces(rows, dim).canonical()
        sides.append(side)
    return sides


@st.composite
def facets_apart(draw):
    """A polyhedron without one of its facets, and that facet; then some rows of both are made strict."""
    P = draw(neighbours())[0]
    rows = list(P.canonical().halfspaces)
    sides = [
        i for i, row in enumerate(rows) if row.relation != "==" and (P.closure() & hyperplane(row)).dim == P.dim - 1
    ]
    assume(sides)
    number = draw(st.sampled_from(sides))
    Q = (P.closure() & hyperplane(rows[number])).canonical()
    Q = Polyhedron.from_halfspaces([opened(draw, row) for row in Q.halfspaces], P.ambient_dim)
    rows = [row._replace(relation="<") if i == number else opened(draw, row) for i, row in enumerate(rows)]
    return Polyhedron.from_halfspaces(rows, P.ambient_dim), Q


def hyperplane(row):
    return Polyhedron.from_halfspaces([row.boundary()], len(row.normal))


def opened(draw, row):
    return row._replace(relation="<") if row.relation == "<=" and draw(st.integers(0, 3)) == 0 else row


@given(facets_apart())
@settings(max_examples=200)
def test_closing_against_the_definition(sides):
    P, Q = sides
    if not P.is_empty() and not Q.is_empty():
        found = check(P, Q)
        event(found)
        assert found != "apart"


@given(neighbours())
@settings(max_examples=300)
def test_union_against_the_definition(sides):
    P, Q = sides
    if not P.is_empty() and not Q.is_empty():
        event(check(P, Q))


def quadrant(signs, *strict):
    rows = [Halfspace((-signs[0], 0), 0, "<="), Halfspace((0, -signs[1]), 0, "<=")]
    return Polyhedron.from_halfspaces([*rows, *strict], 2)


RIGHT = Polyhedron([[-1, 0]], [0])
LEFT = Polyhedron([[1, 0]], [0])


@pytest.mark.parametrize(
    ("P", "Q", "expected"),
    [
        (RIGHT, LEFT, "one"),  # the plane, which has more lines than either
        (RIGHT, Polyhedron([[1, 0]], [0], strict=True), "one"),
        (Polyhedron([[-1, 0]], [0], strict=True), Polyhedron([[1, 0]], [0], strict=True), "not one"),
        (quadrant((1, 1)), quadrant((-1, 1)), "one"),  # a half-plane
        (quadrant((1, 1)), quadrant((-1, -1)), "apart"),
        (quadrant((1, 1)), LEFT, "apart"),
        (Polyhedron.box([0, 0], [1, 1]), Polyhedron.box([1, 0], [2, 1]), "one"),
        (Polyhedron.box([0, 0], [1, 1]), Polyhedron.box([1, 0], [2, 2]), "apart"),
        (Polyhedron.box([0, 0], [1, 1]), Polyhedron([[-1, 0], [0, -1], [1, 1]], [-1, 0, 2]), "one"),
        (Polyhedron.box([0, 0], [1, 1]), Polyhedron([[-1, 0], [0, -1], [-1, 1], [1, 0]], [-1, 0, 0, 2]), "not one"),
        (Polyhedron.box([0], [1]), Polyhedron.box([1], [2]), "one"),
        (Polyhedron.box([0, 3], [1, 3]), Polyhedron.box([1, 3], [2, 3]), "one"),  # segments
        (Polyhedron.box([0, 3], [1, 3]), Polyhedron.box([1, 3], [1, 4]), "apart"),
        (Polyhedron.box([0, 0], [1, 1]), Polyhedron.box([1, 0], [1, 1]), "apart"),  # of different dimension
        (Polyhedron([[-1, 0]], [0], strict=True), Polyhedron([[1, 0]], [0], equalities=[0]), "one"),
        (Polyhedron([[1]], [0], strict=True), Polyhedron.box([0], [0]), "one"),
    ],
)
def test_examples(P, Q, expected):
    assert check(P, Q) == expected


OPEN_ABOVE = Polyhedron([[-1, 0], [0, -1], [1, 0], [0, 1]], [0, 0, 1, 1], strict=[3])


@pytest.mark.parametrize(
    ("Q", "expected"),
    [
        (Polyhedron([[-1, 0], [0, -1], [1, 0], [0, 1]], [-1, 0, 2, 1], strict=[3]), "one"),
        (Polyhedron([[-1, 0], [0, -1], [1, 0], [0, 1]], [-1, 0, 2, 1], strict=[2]), "not one"),  # half an edge
        (Polyhedron([[-1, 0], [0, -1], [1, 1]], [-1, 0, 2]), "not one"),  # has the corner that the open edge lacks
        (Polyhedron([[-1, 0], [0, -1], [1, 1], [-1, 1]], [-1, 0, 2, 0], strict=[3]), "one"),
    ],
)
def test_an_edge_is_open_as_a_whole_or_not_at_all(Q, expected):
    assert check(OPEN_ABOVE, Q) == expected


def test_a_cone_without_its_apex():
    """Two wedges without the origin: one wedge without it, but half a plane without it is no polyhedron."""
    low = Polyhedron([[0, -1], [-1, 1], [-1, 0]], [0, 0, 0], strict=[2])
    high = Polyhedron([[-1, 0], [1, -1], [0, -1]], [0, 0, 0], strict=[2])
    left = Polyhedron([[1, 0], [0, -1], [1, -1]], [0, 0, 0], strict=[2])
    both = quadrant((1, 1), Halfspace((-1, -1), 0, "<"))
    assert union(low, high) == both
    assert check(low, high) == "one"
    assert check(both, left) == "not one"
    assert check(both, quadrant((-1, 1))) == "one"  # which has the origin
