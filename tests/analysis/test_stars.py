"""The tiles around a point, against asking each."""

import pytest
from hypothesis import given, settings

import polyrelu as pr
from tests import zoo
from tests.strategies import questions, witnesses


def by_asking(tiling, point):
    return [i for i, tile in enumerate(tiling) if tile.polyhedron.closure().contains(point)]


@settings(max_examples=25)
@given(questions(max_neurons=5))
def test_every_tile_around_a_vertex(question):
    for method in ("cells", "branch"):
        net, target, domain = question
        tiling = pr.preimage(net, target, domain, method=method)
        for tile in tiling[:3]:
            for point in witnesses(tile.polyhedron)[:4]:
                expected = by_asking(tiling, point)
                assert tiling.star(point).chosen.tolist() == expected


def test_of_parts_and_several_targets():
    tiling = zoo.tiling("overlapping targets")
    vertex = tiling[0].polyhedron.vertices[0]
    assert tiling.star(vertex).patterns == tuple(tiling.patterns[i] for i in by_asking(tiling, vertex))
    some = tiling[1:]
    assert some.star(vertex).patterns == tuple(some.patterns[i] for i in by_asking(some, vertex))
    assert len(tiling.star([9, 9])) == 0


def test_points_of_another_space():
    with pytest.raises(pr.DimensionError, match="star: point"):
        zoo.tiling("ring").star([0])
