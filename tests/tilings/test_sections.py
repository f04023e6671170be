"""Flat tiles by their facets: the twin's, and the same after all that may become of a tiling."""

import pickle
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings

import polyrelu as pr
from polyrelu.tilings.columns import Columns
from polyrelu.tilings.sections import Sections, joined, no_sections
from tests.engines.cells.questions import questions
from tests.extreme_networks import box

EQUALITIES = (
    "y0 == 0",
    "y0 == 1/2",
    "y0 == {last}",
    "y0 == {last}, y0 <= 1",
    "y0 == 0, {last} < 1",
    "y0 == 1/3, {last} == 0",
)
FOLDED = pr.Network([([[1, 0], [0, 1], [1, 1]], [0, 0, -1]), ([[1, 1, -1], [1, -1, 0]], [0, 0])])
LINE = pr.parse("y0 == 1/2", dim=2)


def columns_of(tiling) -> Columns:
    ((_, columns),) = tiling.parts
    assert isinstance(columns, Columns)
    return columns


def tiles_of(tiling):
    return [(tile.pattern, tile.polyhedron) for tile in tiling]


@pytest.fixture(scope="module")
def sections():
    """Sections of cells with a line, and a face that no other tile contains."""
    tiling = pr.preimage(FOLDED, LINE, box(2, 2))
    assert len(columns_of(tiling).sections.dims) > 2
    return tiling


@settings(max_examples=60)
@given(questions(targets=EQUALITIES))
def test_flat_tiles_are_those_of_the_twin_and_know_their_dimension(question):
    network, domain, target = question
    cells, twin = (pr.preimage(network, target, domain, method) for method in ("cells", "twin"))
    assert tiles_of(cells) == tiles_of(twin)
    for _, columns in cells.parts:
        assert isinstance(columns, Columns)
        known = columns.dims(np.arange(len(columns)))
        assert known.tolist() == [columns.polyhedron(i).dim for i in range(len(columns))]


@settings(max_examples=30)
@given(questions(targets=EQUALITIES))
def test_points_inside_and_places_of_flat_tiles(question):
    network, domain, target = question
    tiling = pr.preimage(network, target, domain, "cells")
    for tile in tiling:
        point = tile.inner_point()
        assert tile.polyhedron.contains(point)
        assert target.contains(network.evaluate([point])[0])
        assert tiling[tiling.locate(point)].contains(point)


def test_a_tile_alone_is_the_same(sections):
    columns = columns_of(sections)
    for i in range(len(columns)):
        one = columns.only(i)
        assert len(one) == 1
        assert one.polyhedron(0) == columns.polyhedron(i)
        assert one.dims(np.arange(1)) == columns.dims(np.array([i]))
        assert one.patterns(np.arange(1)) == columns.patterns(np.array([i]))


@pytest.mark.parametrize("suffix", ["npz", "parquet"])
def test_files_and_pickles_keep_flat_tiles(sections, tmp_path, suffix):
    path = tmp_path / f"tiles.{suffix}"
    sections.save(path)
    for again in (pr.load_tiling(path), pickle.loads(pickle.dumps(sections)), pickle.loads(pickle.dumps(sections[:]))):
        assert tiles_of(again) == tiles_of(sections)
        assert [tile.dim for tile in again] == [tile.dim for tile in sections]
    assert tiles_of(pr.load_tiling(path)[1:]) == tiles_of(sections[1:])
    sections[1:3].save(path, overwrite=True)
    assert tiles_of(pr.load_tiling(path)) == tiles_of(sections[1:3])


def test_a_tile_of_a_pickle_is_the_same(sections):
    for tile in sections:
        again = pickle.loads(pickle.dumps(tile))
        assert (again.pattern, again.polyhedron, again.dim) == (tile.pattern, tile.polyhedron, tile.dim)


def test_tables_show_flat_tiles(sections):
    table = sections.table(limit=99).splitlines()
    assert len(table) == 1 + len(sections)
    assert all(row.split()[2] == str(tile.dim) for row, tile in zip(table[1:], sections, strict=True))


def test_floats_are_located_in_flat_tiles(sections):
    points = np.array([[0.25, 0.25], [0.5, 0.0], [0.125, 0.375], [0.3, 0.4], [-1.0, 0.5]])
    exact = [sections.locate([Fraction(v) for v in point]) for point in points.tolist()]
    assert sections.locate(points).tolist() == exact
    assert min(exact) == -1 < max(exact)


def test_flat_tiles_of_a_folded_domain():
    """Inputs that the domain holds constant come back."""
    network = pr.Network([([[1, 0, 2], [0, 1, 1]], [0, 0]), ([[1, -1]], [0])])
    domain, target = pr.Polyhedron.box([-1, -1, "1/3"], [1, 1, "1/3"]), pr.parse("y0 == 0", dim=1)
    cells, twin = (pr.preimage(network, target, domain, method) for method in ("cells", "twin"))
    assert tiles_of(cells) == tiles_of(twin)
    assert any(tile.dim == 1 for tile in cells)


def test_chosen_and_joined():
    starts, facets = np.array([0, 2, 2, 5]), np.array([4, 7, 1, 2, 3], dtype=np.int32)
    some = Sections(np.array([2, 5, 6]), np.array([1, 2, 1]), np.array([1, 0, 2]), starts, facets)
    assert [some.place(number) for number in range(8)] == [-1, -1, 0, -1, -1, 1, 2, -1]
    assert [some.facets_of(k) for k in range(3)] == [([4], [7]), ([], []), ([1, 2], [3])]
    two = some.chosen(np.array([2, 0]), np.array([0, 9]))
    assert (two.numbers.tolist(), two.dims.tolist()) == ([0, 9], [1, 1])
    assert [two.facets_of(k) for k in range(2)] == [([1, 2], [3]), ([4], [7])]
    both = joined([two, no_sections(), some])
    assert both.numbers.tolist() == [0, 1, 2, 3, 4]
    assert [both.facets_of(k) for k in range(5)] == [
        *(two.facets_of(k) for k in range(2)),
        *(some.facets_of(k) for k in range(3)),
    ]
    assert len(no_sections().dims) == 0
    assert no_sections().place(0) == -1
