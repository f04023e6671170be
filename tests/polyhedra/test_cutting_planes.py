import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import polyrelu as pr
from polyrelu.polyhedra.cutting_planes import without_implied
from tests.strategies import halfspaces


@settings(max_examples=50)
@given(st.data(), st.integers(0, 3))
def test_the_set_is_that_of_all_rows(data, dim):
    rows = data.draw(st.lists(halfspaces(dim), max_size=12))
    found = without_implied(rows, dim)
    assert found == pr.Polyhedron.from_halfspaces(rows, dim)
    assert found.is_empty() or set(found.halfspaces) <= set(rows)


def test_few_rows_of_many_are_left():
    rng = np.random.default_rng(0)
    rows = [pr.Halfspace.of(normal, int(offset)) for normal, offset in zip(
        rng.integers(-99, 100, (800, 2)).tolist(), rng.integers(10**4, 10**5, 800), strict=True
    )]  # fmt: skip
    found = without_implied(rows, 2)
    assert len(found.halfspaces) < 100
    vertices = np.array([[float(x) for x in vertex] for vertex in found.vertices])
    assert len(vertices) > 5
    assert all(row.slack(vertex) >= 0 for row in rows for vertex in found.vertices)


def test_a_strict_row_that_touches_a_corner_is_kept():
    square = [pr.Halfspace.of(normal, 1) for normal in ((1, 0), (-1, 0), (0, 1), (0, -1))]
    corner = pr.Halfspace.of((1, 1), 2, "<")
    found = without_implied([*square, corner], 2)
    assert (1, 1) not in found
    assert (1, 0) in found
