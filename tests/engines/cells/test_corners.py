"""The vertices of sets from their rows, against exact ones; what is not simple is refused, and moved rows enclose."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import polyrelu as pr
from tests.engines.cells.harness.harness import AS_IT_IS, Compiled, built, shared_folder

ROOM = 512
UNKNOWN = np.nan
SPOILT = {
    "other rows are not asked": [
        ("if (!(value(f, g, dim_) > sign_bound(f[dim_], f[dim_ + 1], r, dim_))) return false;", "")
    ],
    "rays are overlooked": [("if (along.row < 0) return false; // a ray", "if (along.row < 0) return true;")],
    "an edge is not followed": [("for (int j = 0; j + 1 < dim_; j++)", "for (int j = 0; j + 2 < dim_; j++)")],
    "rows are moved the other way": [("f[dim_ - 1] += step;", "f[dim_ - 1] -= step;")],
}


@pytest.fixture(scope="session")
def corners(tmp_path_factory):
    return built("corners", shared_folder(tmp_path_factory))


@pytest.fixture(scope="session")
def spoilt(tmp_path_factory):
    return built("corners", shared_folder(tmp_path_factory), SPOILT)


def found(library: Compiled, polyhedron: pr.Polyhedron, inside=None, share: float = 0.0, variant: str = AS_IT_IS):
    """Vertices, (n, d), how far they may be off, and the rows that they are on; None where they are not certified."""
    halfspaces, dim = polyhedron.halfspaces, polyhedron.ambient_dim + 1
    table = []
    for row in halfspaces:
        numbers = [*(-v for v in row.normal), row.offset]
        size = sum(map(abs, numbers))
        floats = [float(Fraction(v) / size) for v in numbers]
        off = sum(abs(Fraction(v) / size - Fraction(f)) for v, f in zip(numbers, floats, strict=True))
        table.append([*floats, 1.0 + 2.0**-40, float(off) * 2])
    rows, count = np.array(table), np.zeros(1, dtype=np.int64)
    vectors, radius = np.zeros((ROOM, dim)), np.zeros(ROOM)
    tight = np.zeros((ROOM, (len(rows) + 63) // 64), dtype=np.uint64)
    point = np.full(dim - 1, UNKNOWN) if inside is None else np.array(inside, dtype=np.float64)
    arrays = (count, vectors, radius, tight)
    library.call("corners", len(rows), dim, rows, point, float(share), ROOM, *arrays, variant=variant)
    if count[0] < 0:
        return None
    points = vectors[: count[0], :-1] / vectors[: count[0], -1:]
    return points, radius[: count[0]] / vectors[: count[0], -1], tight[: count[0]]


def are_the_vertices(polyhedron, those):
    """Whether each exact vertex is one of those, and there are no others."""
    exact = [tuple(map(float, v)) for v in polyhedron.vertices]
    points, radius, _ = those
    near = [min(np.abs(points - v).max(axis=1) - 4 * radius * (1 + np.abs(v).max())) for v in exact]
    return len(exact) == len(points) and max(near) <= 2.0**-45


rows = st.lists(
    st.tuples(st.tuples(*[st.integers(-20, 20)] * 3).filter(any), st.integers(1, 40)), min_size=0, max_size=8
)


@settings(max_examples=60, deadline=None)
@given(rows, st.booleans())
def test_vertices_of_a_cut_cube(corners, cuts, is_known):
    """The origin is inside. Refused is only what is not simple, or nearly."""
    cube = pr.Polyhedron.box([-3, "-7/3", -2], [2, 3, "5/2"])
    polyhedron = cube & pr.Polyhedron([n for n, _ in cuts], [Fraction(b, 5) for _, b in cuts], dim=3)
    those = found(corners, polyhedron, [0, 0, 0] if is_known else None)
    if those is not None:
        assert are_the_vertices(polyhedron, those)
        return
    rows = polyhedron.halfspaces
    on = [sum(row.slack(v) == 0 for row in rows) for v in polyhedron.vertices]
    assert max(on) > 3


@pytest.mark.parametrize("dim", [1, 2, 3, 4, 5])
def test_cubes_without_a_known_point(corners, dim):
    cube = pr.Polyhedron.box([Fraction(j + 1, 7) for j in range(dim)], [10 + j for j in range(dim)])
    those = found(corners, cube)
    assert are_the_vertices(cube, those)
    assert len({bytes(own) for own in those[2]}) == 2**dim


PYRAMID = pr.Polyhedron([[0, 0, -1], [1, 0, 1], [-1, 0, 1], [0, 1, 1], [0, -1, 1]], [0, 1, 1, 1, 1])
INSIDE = [0, 0, 0.25]


def test_an_apex_on_many_facets_is_refused_and_enclosed(corners):
    assert found(corners, PYRAMID, INSIDE) is None
    outer, inner = (found(corners, PYRAMID, INSIDE, share) for share in (2.0**-40, -(2.0**-40)))
    assert len(outer[0]) == len(inner[0]) == 6
    for points, sign in ((outer[0], 1), (inner[0], -1)):
        reach = max(points @ [1.0, 0.0, 1.0])
        assert 0 < sign * (reach - 1) < 2.0**-36


@pytest.mark.parametrize("inside", [None, [0, 0]])
def test_what_has_no_end_is_refused(corners, inside):
    quadrant = pr.Polyhedron([[-1, 0], [0, -1], [-1, -1]], [1, 1, 1])
    assert found(corners, quadrant, inside) is None
    assert found(corners, pr.Polyhedron([[1, 0], [-1, 0]], [1, 1]), inside) is None  # a strip
    assert found(corners, pr.Polyhedron([[1, 0], [-1, 0], [0, 1], [0, -1]], [-1, -1, 1, 1])) is None  # nothing at all


def test_more_rows_than_bits_in_a_word(corners):
    polygon = pr.Polyhedron.from_generators([(i, i * i) for i in range(80)])
    assert are_the_vertices(polygon, found(corners, polygon))


def test_no_step_is_spared(spoilt):
    quadrant = pr.Polyhedron([[-1, 0], [0, -1], [-1, -2]], [1, 1, 2])
    cube = pr.Polyhedron.box([-1] * 3, [1] * 3)
    assert found(spoilt, PYRAMID, INSIDE, variant="other rows are not asked") is not None
    assert found(spoilt, quadrant, [0, 0], variant="rays are overlooked") is not None
    assert len(found(spoilt, cube, [0, 0, 0], variant="an edge is not followed")[0]) < 8
    moved = found(spoilt, cube, [0, 0, 0], 2.0**-20, "rows are moved the other way")
    assert np.abs(moved[0]).max() < 1
