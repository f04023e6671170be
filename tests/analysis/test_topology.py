import itertools
import math

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import polyrelu as pr
from polyrelu.analysis import topology
from polyrelu.networks.activation_pattern import SignVector
from polyrelu.networks.relevant_part import keep_all
from polyrelu.polyhedra.faces import faces
from polyrelu.polyhedra.halfspace import Halfspace
from polyrelu.tilings.tile_source import TileList
from polyrelu.tilings.tiling import Tiling
from tests.strategies import domains, networks, polyhedra, questions

ABSOLUTE = pr.Network([([[1], [-1]], [0, 0]), ([[1, 1]], [0])])
CROSS = pr.Network([([[1, 0], [-1, 0], [0, 1], [0, -1]], [0] * 4), ([[1, 1, -1, -1]], [0])])  # |x0| - |x1|
DIAMOND = pr.Network([([[1, 0], [-1, 0], [0, 1], [0, -1]], [0] * 4), ([[1, 1, 1, 1]], [0])])  # |x0| + |x1|


def tiling_of(dim, *parts, domain=None):
    """A tiling with these lists of polyhedra as its parts."""
    network = pr.Network([([[0] * dim], [0])])
    restriction = keep_all(network)
    sources = tuple(
        (i, TileList(restriction, tuple((SignVector([()]), P) for P in part))) for i, part in enumerate(parts)
    )
    space = pr.Polyhedron.whole_space(dim) if domain is None else domain
    return Tiling(network, (), space, "cells", True, {}, sources)


def voxel(corner, size=1):
    return pr.Polyhedron.box(corner, [x + size for x in corner])


def voxels(kept, dim):
    return tiling_of(dim, [voxel(corner) for corner in kept])


def interior_voxels(kept, dim):
    """The interior of the union of closed voxels: each without those of its faces that touch a voxel not kept."""
    tiles = []
    for corner in kept:
        rows = list(voxel(corner).halfspaces)
        for step in itertools.product([-1, 0, 1], repeat=dim):
            if any(step) and tuple(x + s for x, s in zip(corner, step, strict=True)) not in kept:
                rows.append(Halfspace.of(step, sum(s * (x + (s > 0)) for x, s in zip(corner, step, strict=True)), "<"))
        tiles.append(pr.Polyhedron.from_halfspaces(rows, dim).canonical())
    return tiling_of(dim, tiles)


def components(nodes, neighbours):
    """The number of components of voxels; ``neighbours(step)`` says which of the 3^d - 1 steps connect."""
    nodes = set(nodes)
    steps = [s for s in itertools.product([-1, 0, 1], repeat=len(next(iter(nodes), ()))) if neighbours(s)]
    graph = nx.Graph()
    graph.add_nodes_from(nodes)
    for node in nodes:
        others = (tuple(x + s for x, s in zip(node, step, strict=True)) for step in steps)
        graph.add_edges_from((node, other) for other in others if other in nodes)
    return nx.number_connected_components(graph)


def any_step(step):
    return any(step)


def facet_step(step):
    return sum(map(abs, step)) == 1


def outside(kept, size, dim):
    return set(itertools.product(range(-1, size + 1), repeat=dim)) - set(kept)


def alternating(numbers):
    return sum((-1) ** k * n for k, n in enumerate(numbers))


def is_contact(P, Q):
    """Whether the union of two convex sets is connected."""
    return not (P.closure() & Q).is_empty() or not (P & Q.closure()).is_empty()


# -- known shapes -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dim", [0, 1, 2, 3, 4])
def test_faces_of_a_cube_and_of_space(dim):
    cube = tiling_of(dim, [pr.Polyhedron.box([0] * dim, [1] * dim)])
    assert cube.f_vector() == tuple(math.comb(dim, k) * 2 ** (dim - k) for k in range(dim + 1))
    assert cube.euler_characteristic() == 1
    space = tiling_of(dim, [pr.Polyhedron.whole_space(dim)])
    assert space.f_vector() == (0,) * dim + (1,)
    assert cube.betti_numbers() == space.betti_numbers() == (1, *[0] * (dim - 1))[: max(dim, 1)]


def test_faces_of_a_grid_count_once():
    grid = voxels(list(itertools.product(range(3), range(2))), 2)
    assert grid.f_vector() == (12, 17, 6)
    assert grid.euler_characteristic() == alternating(grid.f_vector()) == 1


def test_faces_with_lines_and_rays():
    """Slabs 0 <= x0 + x1 <= 1 and 1 <= x0 + x1 <= 3 share a line; the four quadrants share rays."""
    slabs = [pr.Polyhedron([[1, 1], [-1, -1]], [b, -a]) for a, b in ((0, 1), (1, 3))]
    assert tiling_of(2, slabs).f_vector() == (0, 3, 2)
    quadrants = [pr.Polyhedron([[a, 0], [0, b]], [0, 0]) for a in (1, -1) for b in (1, -1)]
    assert tiling_of(2, quadrants).f_vector() == (1, 4, 4)
    assert tiling_of(2, quadrants).betti_numbers() == (1, 0)
    assert tiling_of(2, quadrants[:1] + quadrants[3:]).betti_numbers() == (1, 0)


def test_nothing():
    nothing = pr.preimage(ABSOLUTE, pr.parse("y0 < -1", dim=1))
    assert (nothing.f_vector(), nothing.euler_characteristic(), nothing.betti_numbers()) == ((0, 0), 0, (0,))
    empty = tiling_of(2, [pr.Polyhedron.empty(2)])
    assert (empty.f_vector(), empty.betti_numbers()) == ((0, 0, 0), (0, 0))


@pytest.mark.parametrize("is_open", [False, True])
def test_contact_in_a_vertex_joins_closed_sets_only(is_open):
    squares = [pr.Polyhedron(P.A, P.b, strict=is_open) for P in (voxel((0, 0)), voxel((1, 1)))]
    tiling = tiling_of(2, squares)
    assert tiling.betti_numbers() == ((2, 0) if is_open else (1, 0))
    assert tiling.f_vector() == (7, 8, 2)
    assert len(tiling.zones()) == 2


@pytest.mark.parametrize("method", ["cells", "unrelu"])
@pytest.mark.parametrize(
    ("network", "text", "betti"),
    [
        (DIAMOND, "y0 >= 1", (1, 1)),
        (DIAMOND, "y0 > 1 and y0 < 2", (1, 1)),
        (DIAMOND, "y0 == 1", (1, 1)),
        (DIAMOND, "y0 > 0", (1, 1)),  # the plane without the origin
        (DIAMOND, "y0 == 0", (1, 0)),
        (DIAMOND, "y0 <= 1", (1, 0)),
        (CROSS, "y0 >= 0", (1, 0)),
        (CROSS, "y0 > 0", (2, 0)),
        (CROSS, "y0 == 0", (1, 0)),
        (CROSS, "y0 >= 1", (2, 0)),
        (ABSOLUTE, "y0 > 0", (2,)),
        (ABSOLUTE, "y0 == 1", (2,)),
        (ABSOLUTE, "y0 < 1", (1,)),
    ],
)
def test_zones_of_networks(method, network, text, betti):
    tiling = pr.preimage(network, pr.parse(text, dim=1), method=method)
    assert tiling.betti_numbers() == betti
    assert tiling.euler_characteristic() == alternating(betti)


def test_checkerboard():
    """Five closed black squares of a 3 x 3 board surround nothing; without the middle one, four touch nowhere."""
    black = [(i, j) for i in range(3) for j in range(3) if (i + j) % 2 == 0]
    assert voxels(black, 2).betti_numbers() == (1, 0)
    white = [(i, j) for i in range(3) for j in range(3) if (i + j) % 2]
    assert voxels(white, 2).betti_numbers() == (1, 1)
    assert interior_voxels(set(white), 2).betti_numbers() == (4, 0)


CUBE = set(itertools.product(range(3), repeat=3))
RING = {(i, j, 0) for i in range(3) for j in range(3)} - {(1, 1, 0)}


@pytest.mark.parametrize(
    ("kept", "betti"),
    [
        (CUBE, (1, 0, 0)),
        (CUBE - {(1, 1, 1)}, (1, 0, 1)),
        (CUBE - {(1, 1, k) for k in range(3)}, (1, 1, 0)),
        (CUBE - {(1, 1, k) for k in range(3)} - {(1, k, 1) for k in range(3)}, (1, 3, 0)),
        (RING | {(i + 4, j, k) for i, j, k in RING}, (2, 2, 0)),
    ],
)
def test_solids(kept, betti):
    closed, interior = voxels(sorted(kept), 3), interior_voxels(kept, 3)
    assert closed.betti_numbers() == interior.betti_numbers() == betti
    assert closed.euler_characteristic() == alternating(closed.f_vector()) == alternating(betti)


def test_linked_rings():
    """Two linked rings of boxes: what is seen is two components with a hole each, as for rings side by side."""
    ring = [([0, 0, 0], [5, 1, 1]), ([0, 4, 0], [5, 5, 1]), ([0, 1, 0], [1, 4, 1]), ([4, 1, 0], [5, 4, 1])]
    other = [([2, 2, -2], [3, 7, -1]), ([2, 2, 2], [3, 7, 3]), ([2, 2, -1], [3, 3, 2]), ([2, 6, -1], [3, 7, 2])]
    boxes = [[pr.Polyhedron.box(*corners)] for corners in ring + other]  # not face to face: a part each
    assert tiling_of(3, *boxes).betti_numbers() == (2, 2, 0)


def test_torus_surface():
    """The boundary of a box with a column removed: a torus, of flat tiles, and with its holes in two directions."""
    solid = CUBE - {(1, 1, k) for k in range(3)}
    tiles = []
    for corner, axis in itertools.product(sorted(solid), range(3)):
        for sign in (-1, 1):
            step = [sign * (k == axis) for k in range(3)]
            if tuple(x + s for x, s in zip(corner, step, strict=True)) not in solid:
                wall = corner[axis] + (sign > 0)
                ends = [(wall, wall) if k == axis else (x, x + 1) for k, x in enumerate(corner)]
                tiles.append(pr.Polyhedron.box(*zip(*ends, strict=True)))
    assert tiling_of(3, tiles).betti_numbers() == (1, 2, 1)


# -- sets that are neither open nor closed, unbounded, or not tiled face to face -------------------------------------


def rows(*halfspaces, dim=2):
    return pr.Polyhedron.from_halfspaces([Halfspace(*h) for h in halfspaces], dim)


@pytest.mark.parametrize(
    ("parts", "betti"),
    [
        # an open disc with one boundary point, and with two
        ([[rows(((1, 1), 1, "<"), ((-1, 0), 0, "<"), ((0, -1), 0, "<"))], [rows(((1, 0), 0, "=="), ((0, 1), 0, "=="))]],
         (1, 0)),
        # two open half-planes joined by a point, a ray (the complement of a closed half-line), and all the line
        ([[rows(((1, 0), 0, "<"))], [rows(((-1, 0), 0, "<"))], [rows(((1, 0), 0, "=="), ((0, 1), 0, "=="))]], (1, 0)),
        ([[rows(((1, 0), 0, "<"))], [rows(((-1, 0), 0, "<"))], [rows(((1, 0), 0, "=="), ((0, 1), 0, "<"))]], (1, 0)),
        ([[rows(((1, 0), 0, "<"))], [rows(((-1, 0), 0, "<"))], [rows(((1, 0), 0, "=="))]], (1, 0)),
        # the same, joined by two points: a hole
        ([[rows(((1, 0), 0, "<"))], [rows(((-1, 0), 0, "<"))],
          [rows(((1, 0), 0, "=="), ((0, 1), 0, "==")), rows(((1, 0), 0, "=="), ((0, 1), 1, "=="))]], (1, 1)),
        # the complement of a segment
        ([[rows(((1, 0), 0, "<"))], [rows(((-1, 0), 0, "<"))],
          [rows(((1, 0), 0, "=="), ((0, 1), 0, "<")), rows(((1, 0), 0, "=="), ((0, -1), -1, "<"))]], (1, 1)),
        # half-open strips, one on the other
        ([[rows(((0, 1), 1, "<"), ((0, -1), 0, "<="))], [rows(((0, 1), 2, "<"), ((0, -1), -1, "<="))]], (1, 0)),
        ([[rows(((0, 1), 1, "<"), ((0, -1), 0, "<="))], [rows(((0, 1), 2, "<"), ((0, -1), -1, "<"))]], (2, 0)),
        # four walls that overlap at the corners
        ([[pr.Polyhedron.box([0, 0], [3, 1])], [pr.Polyhedron.box([2, 0], [3, 3])],
          [pr.Polyhedron.box([0, 2], [3, 3])], [pr.Polyhedron.box([0, 0], [1, 3])]], (1, 1)),
        # a large square above two small ones and a gap between them
        ([[pr.Polyhedron.box([0, 0], [3, 3])], [pr.Polyhedron.box([0, -1], [1, 0])],
          [pr.Polyhedron.box([2, -1], [3, 0])], [pr.Polyhedron.box([0, -2], [3, -1])]], (1, 1)),
        # segments that cross; segments across a square
        ([[pr.Polyhedron.box([0, 1], [2, 1])], [pr.Polyhedron.box([1, 0], [1, 2])]], (1, 0)),
        ([[pr.Polyhedron.box([0, 0], [2, 2])], [pr.Polyhedron.box([1, -1], [1, 3]), pr.Polyhedron.box([1, 3], [5, 3])]],
         (1, 0)),
    ],
)  # fmt: skip
def test_mixed_sets(parts, betti):
    tiling = tiling_of(2, *parts)
    assert tiling.betti_numbers() == betti
    assert tiling.euler_characteristic() == alternating(betti)


def test_faces_of_tiles_that_are_not_face_to_face_each_count():
    """A square above two: seven vertices, and nine edges of which one lies across two others."""
    tiling = tiling_of(2, [pr.Polyhedron.box([0, 0], [2, 2])], [voxel((0, -1)), voxel((1, -1))])
    assert tiling.f_vector() == (8, 11, 3)
    assert tiling.betti_numbers() == (1, 0)


# -- laws -------------------------------------------------------------------------------------------------------


@given(st.sets(st.tuples(*[st.integers(0, 3)] * 2)))
def test_pixels(kept):
    """Digital topology: closed pixels connect through corners, and their complement through edges; open ones not."""
    rest = outside(kept, 4, 2)
    closed = (components(kept, any_step), components(rest, facet_step) - 1)
    interior = (components(kept, facet_step), components(rest, any_step) - 1)
    assert voxels(sorted(kept), 2).betti_numbers() == closed
    assert interior_voxels(kept, 2).betti_numbers() == interior
    assert tiling_of(2, *[[voxel(corner)] for corner in sorted(kept)]).betti_numbers() == closed


@settings(max_examples=25)
@given(st.sets(st.tuples(*[st.integers(0, 2)] * 3), max_size=18))
def test_voxels(kept):
    rest = outside(kept, 3, 3)
    tilings = {any_step: voxels(sorted(kept), 3), facet_step: interior_voxels(kept, 3)}
    for steps, others in ((any_step, facet_step), (facet_step, any_step)):
        b0, b1, b2 = tilings[steps].betti_numbers()
        assert (b0, b2) == (components(kept, steps), components(rest, others) - 1)
        assert b0 - b1 + b2 == tilings[steps].euler_characteristic()
    assert tilings[any_step].euler_characteristic() == alternating(tilings[any_step].f_vector())


@settings(max_examples=60)
@given(questions(max_inputs=3, max_neurons=5), st.sampled_from(["cells", "unrelu"]))
def test_euler_characteristic_and_components(question, method):
    network, target, domain = question
    tiling = pr.preimage(network, target, domain, method)
    betti = tiling.betti_numbers()
    assert len(betti) == network.input_dim
    assert tiling.euler_characteristic() == alternating(betti)
    graph = nx.Graph()
    graph.add_nodes_from(range(len(tiling)))
    pairs = itertools.combinations(range(len(tiling)), 2)
    graph.add_edges_from((i, j) for i, j in pairs if is_contact(tiling[i].polyhedron, tiling[j].polyhedron))
    assert betti[0] == nx.number_connected_components(graph)


@settings(max_examples=50)
@given(st.data())
def test_convex_sets_are_contractible(data):
    """The linear regions of a network tile its domain, which is convex, open or closed, bounded or not."""
    network = data.draw(networks(max_inputs=3, max_neurons=5))
    domain = data.draw(domains(network.input_dim)) or pr.Polyhedron.whole_space(network.input_dim)
    regions = pr.linear_regions(network, domain)
    point = 0 if domain.is_empty() else 1
    assert regions.euler_characteristic() == point
    assert regions.betti_numbers() == (point, *[0] * (network.input_dim - 1))


@settings(max_examples=50)
@given(questions(max_inputs=2, max_neurons=4), st.data())
def test_a_target_in_pieces_has_the_same_preimage(question, data):
    """Neither how the target is cut, nor in which order, nor where its pieces overlap, changes the set."""
    network, target, domain = question
    piece = data.draw(polyhedra(network.output_dim, max_rows=2))
    whole = pr.preimage(network, target, domain)
    for targets in ([target & piece, target], [*target.difference(piece), target & piece]):
        pieces = pr.preimage(network, targets, domain)
        assert pieces.betti_numbers() == whole.betti_numbers()
        assert pieces.euler_characteristic() == whole.euler_characteristic()


@settings(max_examples=50)
@given(questions(max_inputs=2, max_neurons=5))
def test_zones_that_do_not_touch_add_up(question):
    tiling = pr.preimage(*question)
    zones = tiling.zones()
    assert sum(zone.betti_numbers()[0] for zone in zones) == len(zones) >= tiling.betti_numbers()[0]
    touching = any(
        is_contact(tile.polyhedron, other.polyhedron)
        for zone, rest in itertools.combinations(zones, 2)
        for tile in zone
        for other in rest
    )
    if not touching:
        sums = (
            np.sum([zone.betti_numbers() for zone in zones], axis=0).tolist()
            if zones
            else [0] * len(tiling.betti_numbers())
        )
        assert tuple(sums) == tiling.betti_numbers()


@settings(max_examples=30)
@given(st.data())
def test_level_sets_of_homogeneous_networks(data):
    """Without biases the output grows linearly along rays, so {y0 > 0} shrinks onto {y0 = 1}."""
    network = data.draw(networks(max_inputs=3, max_neurons=5))
    without = pr.Network([pr.Layer(layer.weight, [0] * layer.output_dim, layer.relu) for layer in network.layers])
    texts = ["y0 > 0", "y0 == 1", "y0 >= 1", "y0 > 1"]
    tilings = [pr.preimage(without, pr.parse(text, dim=network.output_dim)) for text in texts]
    assert len({tiling.betti_numbers() for tiling in tilings}) == 1


@settings(max_examples=50)
@given(questions(max_inputs=3, max_neurons=5), st.sampled_from(["cells", "unrelu"]))
def test_tiles_of_one_part_are_face_to_face(question, method):
    """What the short cut relies on: compared like strangers, their faces need no cutting, and their order is that of
    the rows."""
    network, target, domain = question
    tiling = pr.preimage(network, target, domain, method)
    for _, part in tiling.parts:
        found = [faces(tile.polyhedron) for tile in tiling if tile.source is part]
        inside = {f.closure: f for its in found for f in its if f.inside}
        cells = [topology._Cell(f.closure, f.dim, f.equalities, f.inequalities) for f in inside.values()]
        assert {c.closure for c in topology._cut_to_fit(cells)} == set(inside)
        every = {f.closure: f for its in found for f in its}
        below = sum(map(len, topology._order_of_faces(every, inside)))
        assert below == sum(map(len, topology._order_of_cells(cells)))


OVERLAPPING = [
    [
        pr.Polyhedron.box([0, 0], [2, 2]),
        pr.Polyhedron([[1, 1], [-1, 0], [0, -1]], [5, -1, 0], strict=[0]),
        pr.Polyhedron([[1, -1]], [0], equalities=[0]),
    ],
    [pr.Polyhedron.box([0, 0], [3, 3]), pr.Polyhedron.box([1, 1], [2, 1])],  # a cut of the square cuts its edges too
    [pr.Polyhedron.box([0, 0], [4, 4]), pr.Polyhedron.box([1, 1], [3, 3]), pr.Polyhedron([[1, 2]], [6], strict=True)],
]


def cells_of(polyhedra):
    found = [face for P in polyhedra for face in faces(P) if face.inside]
    return [topology._Cell(f.closure, f.dim, f.equalities, f.inequalities) for f in found]


def as_set(cell, relation):
    rows = [*cell.equalities, *(h._replace(relation=relation) for h in cell.inequalities)]
    return pr.Polyhedron.from_halfspaces(rows, 2)


@pytest.mark.parametrize("tiles", OVERLAPPING)
def test_cells_lie_in_closures_that_they_meet(tiles):
    """The frontier condition, by linear programs of its own, on tiles that overlap in part."""
    cells = topology._cut_to_fit(cells_of(tiles))
    closed, opened = ([as_set(cell, relation) for cell in cells] for relation in ("<=", "<"))
    for i, j in itertools.permutations(range(len(cells)), 2):
        assert (opened[i] & opened[j]).is_empty()
        assert (opened[i] & closed[j]).is_empty() or opened[i].is_subset(closed[j])
    for point in itertools.product(np.arange(-1, 6, 0.25), repeat=2):
        assert sum(bool(P.contains(point)) for P in opened) == any(P.contains(point) for P in tiles)


def test_cells_that_do_not_meet_are_left_alone():
    """Two segments in space that pass each other, though no hyperplane of either tells."""
    segments = [pr.Polyhedron.from_generators(ends) for ends in ([(0, 0, 0), (2, 2, 2)], [(0, 2, "1/2"), (2, 0, 1)])]
    cells = cells_of(segments)
    assert {cell.closure for cell in topology._cut_to_fit(cells)} == {cell.closure for cell in cells}


def test_boxes_overlook_nothing():
    tiny, huge = "1e-400", "1e400"
    intervals = [pr.Polyhedron.box([0], [tiny]), pr.Polyhedron.box([tiny], [huge]), pr.Polyhedron([[-1]], [f"-{huge}"])]
    boxes = topology._Boxes([cell for P in intervals for cell in cells_of([P])[:1]])
    assert boxes.near(0) == [1]
    assert boxes.near(1) == [0, 2]
    assert tiling_of(1, *[[P] for P in intervals]).betti_numbers() == (1,)
    third = [pr.Polyhedron.box([0], ["1/3"]), pr.Polyhedron.box(["1/3"], [1]), pr.Polyhedron([[-1]], ["-5/3"])]
    assert tiling_of(1, *[[P] for P in third]).betti_numbers() == (2,)
