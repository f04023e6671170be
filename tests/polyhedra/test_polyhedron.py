import itertools
from fractions import Fraction

import cdd.gmp
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import polyrelu as pr
from polyrelu import Polyhedron
from polyrelu.polyhedra.halfspace import Halfspace
from tests import strategies
from tests.strategies import polyhedra, wide_floats, witnesses
from tests.zoo import POLYHEDRA

SQUARE = Polyhedron.box([0, 0], [1, 1])

# Of specimens of the zoo: the dimension of the affine hull, whether they are bounded, and the volume or None.
SPECIMENS = {
    "empty": (-1, True, 0),
    "empty by strict rows": (-1, True, 0),
    "empty in no dimension": (-1, True, 0),
    "point in no dimension": (0, True, 1),
    "point": (0, True, 0),
    "plane": (2, False, None),
    "line in space": (1, False, 0),
    "segment in the plane": (1, True, 0),
    "square in space": (2, True, 0),
    "half-plane": (2, False, None),
    "wedge": (2, False, None),
    "square": (2, True, 4),
    "open square": (2, True, 4),
    "zero rows": (2, True, 4),
    "octahedron": (3, True, Fraction(4, 3)),
    "pyramid": (3, True, Fraction(4, 3)),
    "simplex in four dimensions": (4, True, Fraction(1, 24)),
    "many dimensions": (3, True, 0),
    "huge": (2, True, 4 * Fraction(1e300) ** 2),
    "subnormal": (2, True, Fraction(4, 2**2148)),
}


@pytest.mark.parametrize("name", SPECIMENS)
def test_specimens(name):
    polyhedron, (dim, bounded, volume) = POLYHEDRA[name], SPECIMENS[name]
    assert polyhedron.dim == dim
    assert polyhedron.is_bounded() == bounded
    if volume is None:
        with pytest.raises(pr.UnboundedError, match="intersect it with a box"):
            polyhedron.volume()
    else:
        assert polyhedron.volume() == volume
    if dim == -1:
        for ask in ("sample_point", "relative_interior_point", "simple_point", "chebyshev_centre"):
            with pytest.raises(pr.EmptySetError, match="the set is empty"):
                getattr(polyhedron, ask)()


@given(polyhedra())
def test_h_to_v_to_h_is_the_identity_on_closures(polyhedron):
    generators = polyhedron.generators
    again = Polyhedron.from_generators(generators.vertices, generators.rays, generators.lines, polyhedron.ambient_dim)
    assert again == polyhedron.closure()
    assert polyhedron.is_bounded() == (not generators.rays and not generators.lines)


@given(polyhedra(2), st.data())
def test_representations_keep_membership(polyhedron, data):
    points = [*witnesses(polyhedron), *data.draw(st.lists(strategies.points(2), min_size=3, max_size=3))]
    for point in points:
        expected = all(
            {"<=": s >= 0, "<": s > 0, "==": s == 0}[h.relation]
            for h in polyhedron.halfspaces
            for s in [h.slack(point)]
        )
        assert polyhedron.contains(point) == expected
        assert polyhedron.canonical().contains(point) == expected
        assert polyhedron.irredundant().contains(point) == expected


@given(polyhedra(), st.randoms(use_true_random=False))
def test_canonical_form_forgets_order_scaling_and_redundancy(polyhedron, random):
    rows = list(polyhedron.halfspaces)
    if len(rows) >= 2 and not polyhedron.is_empty():
        a, b = random.sample(rows, 2)
        if "==" not in (a.relation, b.relation):
            total = [x + y for x, y in zip(a.normal, b.normal, strict=True)]
            rows.append(Halfspace.of(total, a.offset + b.offset, "<" if "<" in (a.relation, b.relation) else "<="))
    random.shuffle(rows)
    again = Polyhedron.from_halfspaces(rows, polyhedron.ambient_dim)
    assert again.canonical().halfspaces == polyhedron.canonical().halfspaces
    assert again == polyhedron


@given(polyhedra(2), polyhedra(2))
def test_equality_is_mutual_inclusion(P, Q):
    assert (P == Q) == (P.is_subset(Q) and Q.is_subset(P))
    assert (P & Q).is_subset(P)
    assert P.is_subset(Q) == ((P & Q) == P)


def test_a_strict_row_that_touches_only_a_vertex_matters():
    without_corner = SQUARE & Polyhedron([[1, 1]], [2], strict=True)
    assert without_corner != SQUARE
    assert without_corner.closure() == SQUARE
    assert not without_corner.contains([1, 1])
    twice = without_corner & Polyhedron([[2, 1]], [3], strict=True)
    assert twice == without_corner
    assert twice.canonical().halfspaces == without_corner.canonical().halfspaces
    assert without_corner & Polyhedron([[1, 0]], [1], strict=True) == SQUARE & Polyhedron([[1, 0]], [1], strict=True)


@given(polyhedra(2), polyhedra(2))
def test_difference_is_an_exact_partition(P, Q):
    pieces = P.difference(Q)
    for piece in pieces:
        assert piece.is_subset(P)
        assert (piece & Q).is_empty()
    for a, b in itertools.combinations(pieces, 2):
        assert (a & b).is_empty()
    for point in [*witnesses(P), *witnesses(Q)]:
        assert P.contains(point) == ((P & Q).contains(point) or any(piece.contains(point) for piece in pieces))


@given(polyhedra(2), strategies.matrices(2, 3), st.lists(strategies.points(3), min_size=2, max_size=4))
def test_affine_preimage(P, W, points):
    c = [Fraction(1), Fraction(-1, 2)]
    pulled = P.affine_preimage(W, c)
    for x in points:
        image = [
            sum((Fraction(w) * v for w, v in zip(row, x, strict=True)), Fraction(s))
            for row, s in zip(W, c, strict=True)
        ]
        assert pulled.contains(x) == P.contains(image)


@given(polyhedra(3), strategies.matrices(2, 3))
def test_affine_image(P, W):
    """The image of every point is in it, and every point of it has a preimage; open faces included."""
    c = [1, -1]
    image = P.affine_image(W, c)
    assert image.is_empty() == P.is_empty()
    for x in witnesses(P):
        if P.contains(x):
            assert image.contains(
                [
                    sum((Fraction(w) * v for w, v in zip(row, x, strict=True)), Fraction(s))
                    for row, s in zip(W, c, strict=True)
                ]
            )
    for y in witnesses(image):
        fibre = Polyhedron(W, [v - s for v, s in zip(y, c, strict=True)], equalities=range(2))
        assert image.contains(y) == (not (P & fibre).is_empty())


@given(polyhedra(2), st.lists(strategies.points(2), max_size=2))
def test_plus_cone(P, rays):
    total = P.plus_cone(rays)
    for x in witnesses(P):
        for ray in rays:
            if P.contains(x):
                assert total.contains([a + 2 * b for a, b in zip(x, ray, strict=True)])
    for y in witnesses(total):
        # y belongs to the sum iff some x = y - sum(t_i ray_i) with t_i >= 0 belongs to P
        weights = P.affine_preimage([[-r[i] for r in rays] for i in range(2)], y, dim=len(rays))
        orthant = Polyhedron(-np.eye(len(rays), dtype=int), [0] * len(rays))
        assert total.contains(y) == (not (weights & orthant).is_empty())


@given(polyhedra())
def test_lifting_and_lowering_strict_rows_is_the_identity(P):
    assert P._lift().is_closed_form
    assert P._lift()._lower() == P


@given(polyhedra(max_rows=5))
def test_points(P):
    assume(not P.is_empty())
    inner = P.relative_interior_point()
    for row in P.irredundant().halfspaces:
        assert row.relation == "==" or row.slack(inner) > 0
    if P.is_bounded():
        centre, radius = P.chebyshev_centre()
        assert (radius > 0) == (P.is_full_dimensional() and P.ambient_dim > 0)
        corners = itertools.product(*[(x - radius, x + radius) for x in centre])
        assert all(P.closure().contains(corner) for corner in corners)


def test_the_largest_cube_in_a_triangle():
    triangle = Polyhedron.from_generators([[0, 0], [4, 0], [0, 4]])
    assert triangle.chebyshev_centre() == ((1, 1), 1)
    with pytest.raises(pr.UnboundedError):
        Polyhedron.whole_space(2).chebyshev_centre()


def test_simple_points_are_simple():
    assert Polyhedron.box([Fraction(1, 3)] * 2, [Fraction(7, 3)] * 2).simple_point() == (1, 1)
    assert Polyhedron.box([Fraction(10, 31)], [Fraction(11, 31)]).simple_point() == (Fraction(34, 100),)
    assert Polyhedron.box([Fraction(1, 3)], [Fraction(1, 3)]).simple_point() == (Fraction(1, 3),)


@given(polyhedra(2), st.integers(-4, 4))
def test_volume_is_additive_and_translates(P, cut):
    P = P & Polyhedron.box([-3, -3], [3, 3])
    left, right = P & Polyhedron([[1, 1]], [cut]), P & Polyhedron([[-1, -1]], [-cut])
    assert left.volume() + right.volume() == P.volume()
    assert P.affine_image([[2, 1], [0, 1]], [5, -1]).volume() == 2 * P.volume()


def test_volume_of_cubes_and_cross_polytopes_in_higher_dimensions():
    assert Polyhedron.box([0] * 5, [2] * 5).volume() == 32
    cross = Polyhedron(list(itertools.product([1, -1], repeat=4)), [1] * 16)
    assert cross.volume() == Fraction(2**4, 24)


@given(polyhedra(2), st.integers(0, 2**32))
def test_float_points_are_classified_exactly(P, seed):
    points = np.random.default_rng(seed).integers(-6, 7, (50, 2)) / 2.0
    expected = [P.contains([Fraction(v) for v in point]) for point in points.tolist()]
    assert P.contains(points).tolist() == expected
    sure, doubtful = P.contains_certified(points, np.full(points.shape, 1e-9))
    assert all(e for e, s in zip(expected, sure, strict=True) if s)
    assert not any(e for e, s, d in zip(expected, sure, doubtful, strict=True) if not s and not d)


def test_construction():
    P = Polyhedron([[2, 4], ["1/2", 0.25]], [6, "0.5"], strict=[1])
    assert P.halfspaces == (Halfspace((1, 2), 3, "<="), Halfspace((2, 1), 2, "<"))
    assert P.inequalities() == ("x0 + 2*x1 <= 3", "2*x0 + x1 < 2")
    assert P.inequalities(["u", "v"], digits=3) == ("0.5*u + v <= 1.5", "u + 0.5*v < 1")
    assert Polyhedron([[1], [2]], [0, 0], equalities=[False, True]).equalities.tolist() == [False, True]
    assert Polyhedron([[-1, 1]], [-3]).inequalities() == ("x0 - x1 >= 3",)
    assert (P.A.tolist(), P.b.tolist(), P.strict.tolist()) == ([[1, 2], [2, 1]], [3, 2], [False, True])
    assert Polyhedron(np.zeros((0, 2)), []) == Polyhedron.whole_space(2) == Polyhedron([], [], dim=2)
    assert [1, "1/2"] in SQUARE
    assert [1, 2] not in SQUARE


@pytest.mark.parametrize(
    ("build", "error", "message"),
    [
        (lambda: Polyhedron([[1, 2]], [1, 2]), pr.DimensionError, "A has 1 rows but b has 2"),
        (lambda: Polyhedron([[1, 2], [1]], [1, 2]), pr.DimensionError, r"A\[1\]: has 1 entries, expected 2"),
        (lambda: Polyhedron([], []), pr.DimensionError, "pass dim="),
        (lambda: Polyhedron([[1]], [0], dim=2), pr.DimensionError, "A has 1 columns but dim is 2"),
        (
            lambda: Polyhedron([[1]], [0], equalities=[99]),
            pr.InputError,
            "equalities names row 99, but the rows are 0 to 0",
        ),
        (lambda: Polyhedron([[1]], [0], equalities=[-1]), pr.InputError, "names row -1"),
        (lambda: Polyhedron([[1]], [0], strict=[True, False]), pr.InputError, "2 truth values but there are 1 rows"),
        (lambda: Polyhedron([[1]], [0], strict=[0], equalities=[0]), pr.InputError, "both strict and equalities"),
        (lambda: Polyhedron([[float("nan")]], [0]), pr.InexactError, r"A\[0\]\[0\]: nan"),
        (lambda: Polyhedron.box([0, 1], [1, 0]), pr.InputError, "coordinate 1 has lower bound 1 above upper bound 0"),
        (lambda: Polyhedron.box([0], [1, 0]), pr.DimensionError, "lower has 1 entries but upper has 2"),
        (lambda: Polyhedron.from_generators([], [[1, 0]]), pr.InputError, "need a vertex"),
        (lambda: Polyhedron.from_generators([[1, 0]], [[1]]), pr.DimensionError, r"\[1, 2\]"),
        (lambda: Polyhedron.from_generators([]), pr.DimensionError, "agree on one dimension"),
        (lambda: SQUARE & Polyhedron.empty(3), pr.DimensionError, r"R\^3 .* R\^2"),
        (lambda: SQUARE.is_subset(Polyhedron.empty(1)), pr.DimensionError, r"R\^1 .* R\^2"),
        (lambda: SQUARE.contains([1]), pr.DimensionError, r"R\^1 .* R\^2"),
        (lambda: SQUARE.contains(np.zeros((4, 3))), pr.DimensionError, r"\(n, 2\)"),
        (lambda: SQUARE.affine_preimage([[1]], [0]), pr.DimensionError, r"R\^1 .* R\^2"),
        (lambda: SQUARE.affine_image([[1]], [0]), pr.DimensionError, "expected 2"),
        (lambda: SQUARE.inequalities(["a"]), pr.DimensionError, "1 names for 2"),
    ],
)
def test_bad_input_is_refused_with_both_sides_of_the_mismatch(build, error, message):
    with pytest.raises(error, match=message):
        build()


def test_objects_do_not_change():
    with pytest.raises(AttributeError):
        SQUARE.ambient_dim = 3  # type: ignore[misc]
    with pytest.raises(ValueError, match="read-only"):
        SQUARE.A[0, 0] = 5
    before = SQUARE.halfspaces
    _ = SQUARE.vertices, SQUARE.canonical(), SQUARE.volume(), SQUARE.affine_image([[1, 0]], [0])
    assert SQUARE.halfspaces is before


def test_the_traps_of_cdd_are_there_and_do_not_leak():
    """pycddlib 3.0.2 drops equality indices out of range, edits its argument, and writes 0 <= b + A x."""
    matrix = cdd.gmp.matrix_from_array([[1, -1], [2, -1]], rep_type=cdd.RepType.INEQUALITY, lin_set={99})
    assert matrix.lin_set == set()
    cdd.gmp.matrix_canonicalize(matrix)
    assert len(matrix.array) == 1
    P = Polyhedron([[1], [1]], [1, 2])
    assert P.contains([-5])
    assert P.irredundant().halfspaces == (Halfspace((1,), 1, "<="),)
    assert len(P.halfspaces) == 2


@settings(max_examples=200)
@given(st.integers(1, 3), st.data())
def test_float_points_of_all_magnitudes(dim, data):
    """Rows through a point, or next to it, of any relation."""
    point = data.draw(st.lists(wide_floats, min_size=dim, max_size=dim))
    rows = data.draw(st.lists(st.lists(wide_floats, min_size=dim, max_size=dim), min_size=1, max_size=3))
    offsets = [
        sum((Fraction(a) * Fraction(x) for a, x in zip(row, point, strict=True)), Fraction(0))
        + Fraction(data.draw(st.sampled_from([0.0, 0.0, 5e-324, -1e300])))
        for row in rows
    ]
    kinds = data.draw(st.lists(st.sampled_from(["<=", "<", "=="]), min_size=len(rows), max_size=len(rows)))
    polyhedron = pr.Polyhedron(
        rows,
        offsets,
        strict=[i for i, kind in enumerate(kinds) if kind == "<"],
        equalities=[i for i, kind in enumerate(kinds) if kind == "=="],
    )
    others = [[np.nextafter(v, side).item() for v in point] for side in (-np.inf, np.inf)]
    points = np.array([point, *others, [-v for v in point]])
    assert polyhedron.contains(points).tolist() == [
        polyhedron.contains(list(map(Fraction, x))) for x in points.tolist()
    ]
