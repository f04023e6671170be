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


def found(
    library: Compiled,
    polyhedron: pr.Polyhedron,
    inside=None,
    share: float = 0.0,
    variant: str = AS_IT_IS,
    error: float = 0.0,
):
    """Vertices, (n, d), how far they may be off, and the rows that they are on; None where they are not certified.

    Rows are said to be off by ``error`` and what they are.
    """
    halfspaces, dim = polyhedron.halfspaces, polyhedron.ambient_dim + 1
    table = []
    for row in halfspaces:
        numbers = [*(-v for v in row.normal), row.offset]
        size = sum(map(abs, numbers))
        floats = [float(Fraction(v) / size) for v in numbers]
        off = sum(abs(Fraction(v) / size - Fraction(f)) for v, f in zip(numbers, floats, strict=True))
        table.append([*floats, 1.0 + 2.0**-40, float(off) * 2 + error])
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


def test_a_row_that_nearly_touches_a_vertex_is_asked_though_it_is_the_first(corners):
    cube = pr.Polyhedron.box([-1] * 3, [1] * 3).halfspaces
    normals, offsets = [row.normal for row in cube], [row.offset for row in cube]
    near = Fraction(1, 2**50)
    assert found(corners, pr.Polyhedron([(1, 1, 1), *normals], [3 + near, *offsets]), [0, 0, 0]) is None
    assert found(corners, pr.Polyhedron([(1, 1, 1), *normals], [3 + 2**20 * near, *offsets]), [0, 0, 0]) is not None


def test_a_cube_with_so_many_neighbours_that_the_table_grows_among_the_first(corners):
    points, _, tight = found(corners, pr.Polyhedron.box([-1] * 8, [1] * 8), [0] * 8)
    assert len(points) == len({bytes(own) for own in tight}) == 2**8


def around_some_point(seed: int, rows: int | None = None) -> pr.Polyhedron:
    """A set of few rows, or of so many, all around a point that is not the origin."""
    rng = np.random.default_rng(seed)
    dim = int(rng.integers(2, 4))
    count = rows or int(rng.integers(dim + 1, dim + 8))
    inside = rng.integers(-9, 10, dim) * 3
    normals = rng.integers(-9, 10, (count, dim))
    normals = normals[np.any(normals != 0, axis=1)]
    offsets = [int(row @ inside) + int(rng.integers(1, 9)) for row in normals]
    return pr.Polyhedron(normals.tolist(), offsets)


@pytest.mark.parametrize(("seed", "rows"), [*((seed, None) for seed in (0, 1, 10, 14, 15, 27, 47, 79)), (1, 90)])
def test_room_is_found_in_bounded_sets_by_steps(corners, seed, rows):
    """Each of these needs some, along one parameter or another."""
    assert found(corners, around_some_point(seed, rows)) is not None


@pytest.mark.parametrize("first", range(5))
def test_each_row_is_asked_at_an_apex(corners, first):
    rows = PYRAMID.halfspaces[first:] + PYRAMID.halfspaces[:first]
    pyramid = pr.Polyhedron([row.normal for row in rows], [row.offset for row in rows])
    assert found(corners, pyramid, INSIDE) is None


@pytest.mark.parametrize("inside", [None, [0, 0]])
def test_what_has_no_end_is_refused(corners, inside):
    quadrant = pr.Polyhedron([[-1, 0], [0, -1], [-1, -1]], [1, 1, 1])
    assert found(corners, quadrant, inside) is None
    assert found(corners, pr.Polyhedron([[1, 0], [-1, 0]], [1, 1]), inside) is None  # a strip
    assert found(corners, pr.Polyhedron([[1, 0], [-1, 0], [0, 1], [0, -1]], [-1, -1, 1, 1])) is None  # nothing at all


def polygon(rows: int) -> tuple[pr.Polyhedron, dict[tuple[Fraction, Fraction], set[int]]]:
    """Tangents of a parabola and a line above them, those at the lowest point last; vertices, and their rows."""
    slopes = range(rows - 1)
    order = range(rows)[::-1]
    lines = [((2 * i, -1), i * i) for i in slopes]  # y >= 2 i x - i^2
    top = (-(rows - 2), 1)  # y <= (n - 2) (x + 1)
    lines.append((top, rows - 2))
    on = {(Fraction(2 * i + 1, 2), Fraction(i * i + i)): {i, i + 1} for i in slopes[:-1]}
    on[Fraction(-1), Fraction(0)] = {0, rows - 1}
    last = Fraction((rows - 2) * (rows - 1), rows - 2)
    on[last, (rows - 2) * (last + 1)] = {rows - 2, rows - 1}
    normals, offsets = zip(*(lines[k] for k in order), strict=True)
    place = {k: i for i, k in enumerate(order)}
    return pr.Polyhedron(normals, offsets), {v: {place[k] for k in own} for v, own in on.items()}


@pytest.mark.parametrize("rows", [3, 64, 65, 140])
def test_vertices_of_polygons_and_their_rows(corners, rows):
    polyhedron, exact = polygon(rows)
    for inside in (None, [1, 1.25]):
        points, _, tight = found(corners, polyhedron, inside)
        bits = np.unpackbits(tight.view(np.uint8), axis=1, bitorder="little")
        near = {
            min(exact, key=lambda v: abs(float(v[0]) - x) + abs(float(v[1]) - y)): k for k, (x, y) in enumerate(points)
        }
        assert len(near) == len(exact) == len(points)
        for v, k in near.items():
            assert np.abs(points[k] - [float(x) for x in v]).max() < 1e-9 * rows**2
            assert set(np.flatnonzero(bits[k])) == exact[v]


@pytest.mark.parametrize("inside", [[3, 0, 0], [0, -1, 1], [0, 0, np.inf]])
def test_a_point_outside_is_refused(corners, inside):
    assert found(corners, pr.Polyhedron.box([-1] * 3, [1] * 3), inside) is None


def test_a_vertex_counts_as_long_as_its_last_entry_is_twice_what_it_may_be_off(corners):
    far = pr.Polyhedron.box([-1], [100])
    shares = []
    for k in range(50, 100):
        those = found(corners, far, [0], error=2.0**-15 * k)
        shares.append(None if those is None else those[1].max())
    known = [share for share in shares if share is not None]
    assert shares[: len(known)] == known == sorted(known) != shares
    assert 0.49 < known[-1] < 0.5


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
