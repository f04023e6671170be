from fractions import Fraction

import numpy as np
import pytest
from matplotlib import pyplot

import polyrelu as pr
from polyrelu.figures.demo import (
    RADIUS,
    Demo,
    demo_network,
    disagreements,
    draw_demo,
    run_demo,
    write_demo,
)
from tests.pictures import assert_area, assert_in_legend


@pytest.fixture(scope="module")
def demo():
    return run_demo(progress=False)


def test_the_network_is_small_trained_and_short_to_write(demo):
    assert demo.network.widths == (2, 10, 2, 10)
    assert [any(layer.relu) for layer in demo.network.layers] == [True, False, True]
    assert all(64 % v.denominator == 0 for layer in demo.network.layers for row in layer.rows for v in row)


def test_the_island_is_outside_the_training_square_and_inside_the_drawn_one(demo):
    areas = {i: sum((t.polyhedron.volume() for t in zone), Fraction(0)) for i, zone in enumerate(demo.in_box.zones())}
    island = demo.in_box.zones()[min(areas, key=areas.__getitem__)]
    assert float(min(areas.values())) == pytest.approx(0.1003, abs=1e-4)
    trained = pr.Polyhedron.box([-4, -4], [4, 4])
    for tile in island:
        assert (tile.polyhedron & trained).is_empty()
        assert all(abs(c) < RADIUS for vertex in tile.polyhedron.vertices for c in vertex)


def test_tiles_and_zones(demo):
    assert (len(demo.in_box), len(demo.in_plane)) == (18, 30)
    backward = pr.preimage(demo.network, demo.target, demo.box, "unrelu")
    assert backward.stats["faces_visited"] == 2**10 + 2  # only the first ten neurons are split on
    assert [len(zone) for zone in demo.in_box.zones()] == [3, 4, 11]
    assert [len(zone) for zone in demo.in_plane.zones()] == [15, 4, 11]


@pytest.mark.long
@pytest.mark.parametrize("method", ["unrelu", "substitution", "twin"])
def test_all_engines_agree_on_it(demo, method):
    again = pr.preimage(demo.network, demo.target, demo.box, method)
    assert {(t.pattern, t.polyhedron) for t in again} == {(t.pattern, t.polyhedron) for t in demo.in_box}


def test_a_hundred_thousand_points_agree_and_a_missing_tile_would_be_seen(demo):
    assert len(disagreements(demo.in_box, 100_000, RADIUS)) == 0
    assert len(disagreements(demo.in_plane, 100_000, 10 * RADIUS)) == 0
    assert len(disagreements(demo.in_box[:-1], 100_000, RADIUS)) > 0


def test_the_picture(demo, tmp_path):
    figure = draw_demo(demo)
    left, right = figure.axes
    assert len(right.collections[0].get_paths()) == len(demo.in_box)
    assert_in_legend(figure, ["zone 0", "zone 1", "zone 2", "boundary excluded"])
    assert_area(right.collections[:1], demo.in_box.volume(exact=True))
    assert [text.get_text() for text in right.texts] == ["an island"]
    outside, inside = (np.asarray(c.get_offsets()) for c in left.collections)
    assert len(outside) + len(inside) == 1000
    found = [zone.contains(inside).any() for zone in demo.in_box.zones()]
    assert sorted(found) == [False, True, True]  # the samples miss the island
    pyplot.close(figure)
    path = write_demo(demo, tmp_path / "new" / "folder")
    assert path.read_bytes().startswith(b"\x89PNG")


def test_the_weights_are_read_from_the_package():
    assert isinstance(demo_network(), pr.Network)
    assert Demo._fields == ("network", "target", "box", "in_box", "in_plane")
    assert np.isfinite(demo_network()(np.zeros((1, 2)))).all()
