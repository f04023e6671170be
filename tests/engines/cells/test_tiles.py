"""Tiles measured by their rows, as the kernel's module does it: what is refused, held on to, and taken into account."""

from __future__ import annotations

import sys
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import pytest

import polyrelu as pr
from polyrelu.engines.cells.library import kernel_library
from polyrelu.engines.cells.problem import Problem, problem
from polyrelu.networks.relevant_part import keep_all
from polyrelu.tilings.chart import chart
from tests.extreme_networks import box

SHARES = [2.0**-47, 2.0**-43, 2.0**-38, 2.0**-32]
"""By how much rows are moved where vertices are not simple, relative to the sum of their entries."""


class Tiles(NamedTuple):
    """Columns of tiles."""

    packed: np.ndarray
    starts: np.ndarray
    facets: np.ndarray
    points: np.ndarray


class Sizes(NamedTuple):
    """What is certified of them."""

    low: np.ndarray
    high: np.ndarray
    box_low: np.ndarray
    box_high: np.ndarray


def columns(given: Problem) -> tuple[Any, ...]:
    return tuple(map(np.ascontiguousarray, given[:-3]))


def measured(given: Problem, tiles: Tiles) -> Sizes:
    ends = kernel_library().tiles_measured(columns(given), given.dim, given.neurons, given.target_layer, *tiles)
    return Sizes(*map(np.frombuffer, ends))


def one_tile(domain: pr.Polyhedron, point: list[float]) -> tuple[Problem, Tiles]:
    """The domain as the tile of a neuron that is active far away."""
    dim = domain.ambient_dim
    restriction = keep_all(pr.Network([([[1] * dim], [-1000])], relu=[True]))
    given = problem(restriction, chart(domain, restriction.moving))
    count = len(given.domain_sums)
    starts, facets = np.array([0, count]), np.arange(count, dtype=np.int32)
    return given, Tiles(np.zeros((1, 1), dtype=np.uint8), starts, facets, np.array([point]))


def two_tiles() -> tuple[Problem, Tiles]:
    """A square, halved by a neuron."""
    restriction = keep_all(pr.Network([([[1, 0]], [0])], relu=[True]))
    given = problem(restriction, chart(box(2, 1), restriction.moving))
    forms = given.domain_forms.tolist()
    left, right, below, above = (forms.index([*v, -0.5]) for v in ([-0.5, 0], [0.5, 0], [0, -0.5], [0, 0.5]))
    packed = np.array([[0], [128]], dtype=np.uint8)
    facets = np.array([left, below, above, 4, right, below, above, 4], dtype=np.int32)
    return given, Tiles(packed, np.array([0, 4, 8]), facets, np.array([[-0.5, 0], [0.5, 0]]))


def test_halves_of_a_square():
    given, tiles = two_tiles()
    for points in (tiles.points, tiles.points * np.nan):
        found = measured(given, tiles._replace(points=points))
        assert (found.low <= 2).all()
        assert (found.high >= 2).all()
        assert (found.high - found.low < 2.0**-40).all()
        assert np.abs(found.box_low - [-1, -1, 0, -1]).max() < 2.0**-40
        assert np.abs(found.box_high - [0, 1, 1, 1]).max() < 2.0**-40


def changed(column: np.ndarray, place: int, value: int) -> np.ndarray:
    column = column.copy()
    column[place] = value
    return column


def test_what_is_no_tile_of_the_problem_is_refused():
    given, tiles = two_tiles()
    wrong = [
        tiles._replace(starts=np.zeros(0, dtype=np.int64)),
        tiles._replace(starts=tiles.starts[:2]),
        tiles._replace(packed=tiles.packed[:1]),
        tiles._replace(packed=np.zeros((3, 1), dtype=np.uint8)),
        tiles._replace(points=tiles.points[:1]),
        tiles._replace(points=np.zeros((3, 2))),
        *(
            tiles._replace(starts=changed(tiles.starts, *change))
            for change in ((0, -1), (1, 9), (1, -1), (2, 9), (2, 3))
        ),
        *(tiles._replace(facets=changed(tiles.facets, k, v)) for k in range(8) for v in (-1, -2, 5, 1 << 20)),
        tiles._replace(starts=np.array([1, 0, 8])),
    ]
    for own in wrong:
        with pytest.raises(ValueError, match="no tiles of the problem"):
            measured(given, own)
    flat = given._replace(dim=1)
    with pytest.raises(ValueError, match="no tiles of the problem"):
        measured(flat, tiles._replace(points=np.zeros((2, 0))))
    assert len(measured(given, Tiles(tiles.packed[:0], tiles.starts[:1], tiles.facets, tiles.points[:0])).low) == 0


def test_what_is_no_problem_is_refused():
    given, tiles = two_tiles()
    sizes = given.dim, given.neurons, given.target_layer
    own = columns(given)
    measure: Any = kernel_library().tiles_measured
    for wrong in (own[:-1], (*own, own[0]), ()):
        with pytest.raises(ValueError, match="this is no problem"):
            measure(wrong, *sizes, *tiles)
    with pytest.raises(SystemError):
        measure(list(own), *sizes, *tiles)
    for k in range(len(own)):
        with pytest.raises(TypeError):
            measure((*own[:k], None, *own[k + 1 :]), *sizes, *tiles)
    for k in range(len(tiles)):
        with pytest.raises(TypeError):
            measure(own, *sizes, *tiles[:k], None, *tiles[k + 1 :])
    with pytest.raises(ValueError, match="whole values"):
        measure(own, *sizes, *tiles[:3], np.zeros(33, dtype=np.uint8))
    with pytest.raises(TypeError):
        measure(own, *sizes)


def test_columns_are_let_go():
    given, tiles = two_tiles()
    own = columns(given)
    arrays = [*own, *tiles]
    bad = tiles._replace(points=tiles.points[:1])
    before = [sys.getrefcount(array) for array in arrays]
    kernel_library().tiles_measured(own, given.dim, given.neurons, given.target_layer, *tiles)
    with pytest.raises(ValueError, match="no tiles"):
        kernel_library().tiles_measured(own, given.dim, given.neurons, given.target_layer, *bad)
    with pytest.raises(TypeError):
        kernel_library().tiles_measured(own, given.dim, given.neurons, given.target_layer, *tiles[:3], None)
    assert [sys.getrefcount(array) for array in arrays] == before


def test_results_are_let_go():
    given, tiles = two_tiles()
    found = kernel_library().tiles_measured(columns(given), given.dim, given.neurons, given.target_layer, *tiles)
    assert sys.getrefcount(found) == 2
    assert [sys.getrefcount(column) for column in found] == [3] * 4  # the list's, the loop's and that of the call


def test_a_tile_may_have_no_facets():
    """Beside one that has some."""
    given, tiles = two_tiles()
    right = measured(given, tiles)
    left = tiles._replace(packed=tiles.packed[[0, 0]], points=tiles.points[[0, 0]])
    found = measured(given, left._replace(starts=np.array([0, 0, 4])))
    assert np.isnan([found.low[0], found.high[0], *found.box_low[:2], *found.box_high[:2]]).all()
    assert (found.low[1], found.high[1]) == (right.low[0], right.high[0])


@pytest.mark.parametrize("sides", [64, 65, 130])
def test_a_tile_may_have_many_facets(sides):
    given, tiles = one_tile(box(2, 1), [0, 0])
    angles = 2 * np.pi * np.arange(sides) / sides
    forms = np.stack([np.cos(angles), np.sin(angles), -np.ones(sides)], axis=1) / 4
    sums = np.abs(forms).sum(axis=1) * (1 + 2.0**-40)
    round_one = given._replace(domain_forms=forms, domain_sums=sums, domain_errors=np.full(sides, 2.0**-50))
    facets = np.arange(sides, dtype=np.int32)
    for point in ([0.1, 0.0], [np.nan, np.nan]):
        own = Tiles(tiles.packed, np.array([0, sides]), facets, np.array([point]))
        found = measured(round_one, own)
        assert found.low[0] < sides * np.tan(np.pi / sides) < found.high[0] < found.low[0] + 1e-8
        assert np.abs(found.box_low + 1).max() < 1e-2


PYRAMID = pr.Polyhedron([[0, 0, -1], [1, 0, 1], [-1, 0, 1], [0, 1, 1], [0, -1, 1]], [0, 1, 1, 1, 1])
INSIDE = [0, 0, 0.25]
VOLUME = Fraction(4, 3)


@pytest.mark.parametrize(("share", "width"), [*zip(SHARES, [825.7, 59.3, 56.0, 55.9], strict=True)])
def test_rows_are_moved_by_the_least_share_that_does(share, width):
    """Rows that are off need to be moved by more; an apex on four facets is several simple vertices then."""
    given, tiles = one_tile(PYRAMID, INSIDE)
    errors = np.full_like(given.domain_errors, share / 64 if share > SHARES[0] else 0.0)
    found = measured(given._replace(domain_errors=errors), tiles)
    assert found.low[0] <= VOLUME <= found.high[0]
    assert found.high[0] - found.low[0] == pytest.approx(width * share, rel=0.02)


def test_each_row_is_off_by_its_own_error():
    given, tiles = two_tiles()
    for k in range(4):
        errors = np.where(np.arange(4) == k, 2.0**-20, 0.0)
        found = measured(given._replace(domain_errors=errors), tiles)
        is_wide = found.high - found.low > 2.0**-20
        assert is_wide.tolist() == [k in tiles.facets[:4], k in tiles.facets[4:]]


def test_a_tile_that_is_flatter_than_rows_are_moved_has_no_sizes():
    """A set around it is measured, and nothing is left of it inwards."""
    slab = pr.Polyhedron.box([-1, -1, 0], [1, 1, Fraction(1, 2**50)])
    given, tiles = one_tile(slab, [0, 0, 2.0**-51])
    assert np.isnan(np.concatenate(measured(given, tiles))).all()


def test_a_pyramid_whose_volume_is_no_float_has_no_sizes():
    offsets = [0, *[2**400] * 4]
    pyramid = pr.Polyhedron([row.normal for row in PYRAMID.halfspaces], offsets)
    given, tiles = one_tile(pyramid, [0, 0, 2.0**398])
    assert np.isnan(np.concatenate(measured(given, tiles))).all()


def test_facets_come_in_any_order():
    given, tiles = two_tiles()
    backwards = tiles._replace(facets=np.ascontiguousarray(tiles.facets.reshape(2, 4)[:, ::-1].ravel()))
    found = measured(given, backwards)
    assert np.abs(found.low - 2).max() < 2.0**-40
    assert np.abs(found.box_low - [-1, -1, 0, -1]).max() < 2.0**-40


def test_what_has_no_vertices_has_no_sizes():
    given, tiles = two_tiles()
    for starts, facets in (([0, 1, 3], [0, 0, 3]), ([0, 2, 4], [0, 1, 2, 3])):
        open_ones = tiles._replace(starts=np.array(starts), facets=np.array(facets, dtype=np.int32))
        for points in (tiles.points, tiles.points * np.nan):
            assert np.isnan(np.concatenate(measured(given, open_ones._replace(points=points)))).all()


def test_where_there_is_no_room_for_determinants_memory_ends():
    """Of a simplex of sixty dimensions: its minors would be 2^60."""
    dim = 60
    simplex = pr.Polyhedron([*(-np.eye(dim, dtype=int)).tolist(), [1] * dim], [*[0] * dim, 1])
    given, tiles = one_tile(simplex, [1 / 64] * dim)
    with pytest.raises(MemoryError):
        measured(given, tiles)
