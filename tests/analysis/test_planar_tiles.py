from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

import polyrelu as pr
from polyrelu.analysis import planar_tiles as module
from polyrelu.analysis.planar_tiles import planar_tiles
from polyrelu.arithmetic.exact import to_floats
from polyrelu.polyhedra.convex_polygon import convex_polygon
from tests import zoo

CROSS = pr.Network([([[1, 0], [-1, 0], [0, 1], [0, -1]], [0] * 4), ([[1, 1, -1, -1]], [0])])  # |x0| - |x1|
BOX = pr.Polyhedron.box([-2, -1], [2, 1])


def corner(*numbers):
    return tuple(map(Fraction, numbers))


def area(corners):
    x, y = corners.T
    return (x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2 if len(corners) > 2 else 0.0


def network(seed, widths=(2, 12, 9, 1)):
    random = np.random.default_rng(seed)
    return pr.Network([(random.normal(size=(n, d)), random.normal(size=n)) for d, n in pairwise(widths)])


def exactly(tile, lower, upper):
    """The corners by the definition, rounded once."""
    return [to_floats(p).tolist() for p in convex_polygon((tile.closure() & pr.Polyhedron.box(lower, upper)).vertices)]


def segments(ends):
    return sorted(
        (sorted(map(tuple, edge.tolist())), bool(out)) for edge, out in zip(ends.edges, ends.excluded, strict=True)
    )


def asked_twice(tiling, lower, upper, monkeypatch):
    """By floats, and with floats switched off."""
    first = planar_tiles(tiling, lower, upper)
    monkeypatch.setattr(module, "floats_are_sound", lambda: False)
    return first, planar_tiles(tiling, lower, upper)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("radius", ["1", "7/3"])
def test_floats_give_what_exact_arithmetic_gives(seed, radius, monkeypatch):
    lower, upper = corner(f"-{radius}", f"-{radius}"), corner(radius, radius)
    tiling = pr.preimage(network(seed), pr.parse("y0 > -1/3", dim=1), pr.Polyhedron.box([-2, -2], [2, 2]))
    fast, slow = asked_twice(tiling, lower, upper, monkeypatch)
    for a, b in zip(fast.corners, slow.corners, strict=True):
        assert np.allclose(sorted(a.tolist()), sorted(b.tolist()), rtol=0, atol=1e-10)
    assert len(fast.ends.edges) == len(slow.ends.edges)
    assert set(fast.ends.owners) == set(slow.ends.owners)
    assert np.allclose(sorted(fast.ends.edges.ravel()), sorted(slow.ends.edges.ravel()), rtol=0, atol=1e-10)
    assert sorted(fast.ends.excluded) == sorted(slow.ends.excluded)


def test_most_tiles_need_no_exact_arithmetic(monkeypatch):
    tiling = pr.linear_regions(network(0, (2, 30, 20, 1)), pr.Polyhedron.box([-2, -2], [2, 2]))
    asked = []

    def exactly(tile, window):
        asked.append(tile)
        return np.empty((0, 2)), []

    monkeypatch.setattr(module, "_exactly", exactly)
    found = planar_tiles(tiling, corner(-2, -2), corner(2, 2))
    assert len(asked) < len(tiling) / 20
    assert sum(map(area, found.corners)) == pytest.approx(16 - float(sum(tile.volume() for tile in asked)), rel=1e-9)


@pytest.mark.parametrize("name", [name for name in zoo.TILINGS if zoo.tiling(name).domain.ambient_dim == 2])
def test_the_zoo_is_cut_to_the_window(name, monkeypatch):
    tiling = zoo.tiling(name)
    lower, upper = corner(-2, "-1/3"), corner("3/2", 1)
    found = planar_tiles(tiling, lower, upper)
    for tile, corners in zip(tiling, found.corners, strict=True):
        wanted = exactly(tile.polyhedron, lower, upper)
        if tile.dim == 2 and len(wanted) < 3:
            assert not len(corners), "a tile beside the window shows no edge of its own"
        else:
            assert np.allclose(sorted(set(map(tuple, corners.tolist()))), sorted(wanted), rtol=0, atol=1e-10)
        assert area(corners) >= 0


def test_open_and_closed_ends():
    strict = planar_tiles(pr.preimage(CROSS, pr.parse("y0 > 0", dim=1), BOX), corner(-2, -1), corner(2, 1))
    diagonals = [[(-1, -1), (0, 0)], [(-1, 1), (0, 0)], [(0, 0), (1, -1)], [(0, 0), (1, 1)]]
    assert segments(strict.ends) == [(ends, True) for ends in diagonals]
    closed = planar_tiles(pr.preimage(CROSS, pr.parse("y0 >= 0", dim=1), BOX), corner(-2, -1), corner(2, 1))
    assert segments(closed.ends) == [(ends, False) for ends in diagonals]


def test_the_domain_ends_where_the_window_does_not():
    half_open = pr.parse("x0 >= 0 and x0 < 1 and x1 > 0 and x1 <= 1", 2, names=["x"])
    found = planar_tiles(pr.linear_regions(CROSS, half_open), corner(-1, 0), corner(2, 2))
    assert segments(found.ends) == [
        ([(0, 0), (0, 1)], False), ([(0, 1), (1, 1)], False), ([(1, 0), (1, 1)], True),
    ]  # fmt: skip
    assert not len(planar_tiles(pr.linear_regions(CROSS, BOX), corner(-2, -1), corner(2, 1)).ends.edges)


def test_chosen_tiles_end_where_the_others_begin():
    tiling = pr.linear_regions(CROSS, BOX)
    found = planar_tiles(tiling.select([0]), corner(-2, -1), corner(2, 1))
    assert len(found.corners) == 1
    assert len(found.ends.edges) == 2


def test_targets_of_a_union_meet_without_an_end():
    whole = pr.preimage(CROSS, [pr.parse("y0 >= 0", dim=1), pr.parse("y0 <= 0", dim=1)], BOX)
    assert len(whole.parts) == 2
    assert not len(planar_tiles(whole, corner(-2, -1), corner(2, 1)).ends.edges)


def test_a_point_on_the_line_between_neurons_and_the_target():
    """The facet of a tile may be a neuron's line across which the target fails."""
    ramp = pr.Network([([[1, 0]], [0]), ([[1]], [0])])
    found = planar_tiles(pr.preimage(ramp, pr.parse("y0 <= 0", dim=1), BOX), corner(-2, -1), corner(2, 1))
    assert segments(found.ends) == [([(0, -1), (0, 1)], False)]


def test_bad_input_is_refused():
    line = pr.preimage(pr.Network([([[1]], [0])]), pr.parse("y0 > 0", dim=1))
    with pytest.raises(pr.DimensionError, match=r"lives in R\^1"):
        planar_tiles(line, corner(0, 0), corner(1, 1))
