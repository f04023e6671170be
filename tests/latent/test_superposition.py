import itertools
from fractions import Fraction

import numpy as np
import pytest

import polyrelu as pr
from polyrelu.analysis.adjacency import contacts
from polyrelu.latent.feature_zones import feature_zones
from polyrelu.latent.superposition import NO_ISLAND, Superposition, planar_box

BOX = pr.Polyhedron.box([-3, -3], [3, 3])


def chain(seed, widths=(2, 5, 2, 4), last=True):
    """A network of short decimals, with ReLU after each layer but perhaps the last."""
    rng = np.random.default_rng(seed)
    layers = [
        (
            [[f"{v:.2f}" for v in row] for row in rng.normal(size=(after, before))],
            [f"{v:.2f}" for v in rng.normal(size=after) / 3],
        )
        for before, after in itertools.pairwise(widths)
    ]
    return pr.Network(layers, relu=[True] * (len(layers) - 1) + [last])


HATS = pr.Network([([[1, 0], [-1, 0], [0, 1]], [0, 0, 0]), ([[1, 1, 0], [1, 1, -1], [0, 0, 1]], [0, -1, "-1/2"])])


def full(zone):
    return [tile.polyhedron.volume() for tile in zone if tile.dim == 2]


@pytest.mark.parametrize(("seed", "last"), [(0, True), (1, False), (2, True)])
def test_zones_are_those_of_features_one_by_one(seed, last):
    network = chain(seed, last=last)
    found = Superposition(network, BOX)
    for i, zone in feature_zones(network, domain=BOX).items():
        islands = [sum(full(island)) for island in zone.zones()]
        own = [sum(full(island)) for island in found.zones(i)]
        assert sorted(islands) == sorted(own)
        assert found.exact_area(i) == sum(own)
        areas = [found.area(cells) for cells in found.islands[i]]
        assert all(size in area for size, area in zip(own, areas, strict=True))
        assert all(area.width <= 1e-9 * area.high for area in areas)


def test_islands_do_not_hang_together_where_a_feature_comes_down_to_its_threshold():
    """|x0| > 0 has two, though no feature's neuron switches between them."""
    found = Superposition(HATS, BOX)
    assert list(map(len, found.islands)) == [2, 2, 1]
    between = np.flatnonzero(found.active[found.edges[:, 0], 0] & found.active[found.edges[:, 1], 0])
    assert found._at_threshold(between, np.zeros_like(between)).any()


@pytest.mark.parametrize(("level", "islands"), [("-1/10", 1), (0, 2), ("1/3", 2), (3, 0)])
def test_thresholds(level, islands):
    found = Superposition(HATS, BOX, [0], {0: level})
    assert len(found.islands[0]) == islands
    zone = pr.preimage(HATS, pr.parse(f"y0 > {level}", dim=3), BOX)
    assert found.exact_area(0) == zone.volume(exact=True)
    assert found.thresholds == (Fraction(level),)


def test_chosen_features_keep_their_numbers():
    found = Superposition(HATS, BOX, ["y2", 0])
    both = Superposition(HATS, BOX)
    assert (found.features, found.active.shape[1]) == ((2, 0), 2)
    assert (found.exact_area(2), found.exact_area(0)) == (both.exact_area(2), both.exact_area(0))
    assert found.tiling.patterns[0].rpartition("|")[2] == "".join("01"[int(on)] for on in found.active[0])


def corners_of(found, cell):
    numbers = found.corners[found.starts[cell] : found.starts[cell + 1]]
    return [(Fraction(x, w), Fraction(y, w)) for x, y, w in found.points[numbers].tolist()]


def check_map(found):
    """Corners are the tiles' vertices, counter-clockwise; edges are the facets that tiles share."""
    for cell, tile in enumerate(found.tiling):
        corners = corners_of(found, cell)
        assert set(corners) == set(tile.polyhedron.vertices)
        assert len(corners) == len(set(corners))
        twice = sum(a[0] * b[1] - a[1] * b[0] for a, b in zip(corners, corners[1:] + corners[:1], strict=True))
        assert twice == 2 * tile.polyhedron.volume()
    assert {tuple(sorted(pair)) for pair in found.edges[:, :2].tolist()} == set(
        map(tuple, contacts(found.tiling).pairs.tolist())
    )


@pytest.mark.parametrize("seed", range(2))
def test_cells_make_a_planar_map(seed):
    found = Superposition(chain(seed, (2, 4, 2, 3)), BOX)
    check_map(found)
    exact = [(Fraction(x, w), Fraction(y, w)) for x, y, w in found.points.tolist()]
    assert found.float_points.tolist() == [[float(x), float(y)] for x, y in exact]


@pytest.mark.parametrize("size", [1, 10**400])
@pytest.mark.parametrize("order", [1, -1])
def test_nearly_parallel_normals_are_sorted_by_integers(size, order):
    """No float tells (1, 1) from (1, 1 + 2**-70); their lines meet at the origin, in a corner of a cell."""
    near = 1 + Fraction(1, 2**70)
    rows = [[size, size], [size, near * size], [size, near * near * size]][::order]
    check_map(Superposition(pr.Network([(rows, [0, 0, 0])], relu=[True]), BOX))


def test_windows_of_any_shape():
    triangle = pr.Polyhedron.from_generators([[0, 0], [4, 0], [0, 4]])
    found = Superposition(HATS, triangle)
    assert sum(full(found.tiling)) == 8
    check_map(found)


def test_cell_at_a_point():
    found = Superposition(HATS, BOX)
    for cell, tile in enumerate(found.tiling):
        assert found.cell_at(tile.point()) == cell
    assert found.cell_at([0, 0]) == next(k for k, tile in enumerate(found.tiling) if tile.contains([0, 0]))
    assert found.cell_at([7, 0]) == -1


def test_cells_of_no_island():
    found = Superposition(HATS, BOX)
    assert ((found.island_numbers == NO_ISLAND) == ~found.active).all()


@pytest.mark.parametrize(
    ("ask", "error", "says"),
    [
        (lambda: Superposition(HATS, BOX, [3]), pr.InputError, "there is no feature 3; they are 0 to 2"),
        (lambda: Superposition(HATS, BOX, [0, 0]), pr.InputError, "feature 0 is named twice"),
        (lambda: Superposition(HATS, pr.Polyhedron.whole_space(2)), pr.InputError, "unbounded or flat"),
        (lambda: Superposition(HATS, pr.parse("y0 == 0 and y1 >= 0 and y1 <= 1", dim=2)), pr.InputError, "flat"),
        (lambda: Superposition(HATS, pr.Polyhedron.box([0], [1])), pr.DimensionError, r"R\^1"),
        (lambda: Superposition(chain(0, (3, 2)), BOX), pr.DimensionError, r"takes R\^3, and what is shown is a plane"),
        (lambda: Superposition(chain(0), BOX, None, {1: -1}), pr.InputError, "threshold -1 of feature 1 is below"),
        (lambda: Superposition(HATS, BOX, None, {1: "x"}), pr.InexactError, "threshold of feature 1"),
        (lambda: planar_box(-1, "here"), pr.InputError, "here: box is -1; a half width must be positive"),
        (lambda: planar_box(([0, 1], [1, 1]), "here"), pr.InputError, "no interior; pass lows that are below"),
        (lambda: planar_box([(-1, 1), (-2, 2)], "here"), pr.InputError, r"pairs|two corners"),
        (lambda: planar_box([1, 2, 3], "here"), pr.InputError, "here: box: expected a Polyhedron"),
        (lambda: Superposition(HATS, BOX, ["y3"]), pr.ParseError, "y3"),
    ],
)
def test_what_is_refused(ask, error, says):
    with pytest.raises(error, match=says):
        ask()


def test_boxes():
    assert planar_box("1/2", "here") == pr.Polyhedron.box(["-1/2"] * 2, ["1/2"] * 2)
    assert planar_box(([0, -1], [2, 3]), "here") == pr.Polyhedron.box([0, -1], [2, 3])
    assert planar_box(BOX, "here") is BOX
