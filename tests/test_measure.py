import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import polyrelu as pr
from polyrelu.cells import extents as repeated
from polyrelu.cells.extent_kernel import _pull, cell_extents
from polyrelu.cells.extents import extents
from polyrelu.lp import Status, maximise
from polyrelu.measure import Enclosure, enclosed
from polyrelu.polyhedron.volume import triangulate
from tests.strategies import points, questions

ABSOLUTE = pr.Network([([[1], [-1]], [0, 0]), ([[1, 1]], [0])])  # |x0|
CROSS = pr.Network([([[1, 0], [-1, 0], [0, 1], [0, -1]], [0] * 4), ([[1, 1, -1, -1]], [0])])  # |x0| - |x1|
SQUARE = pr.Polyhedron.box([-1, -1], [1, 1])
engines = pytest.mark.parametrize("engine", ["cells", "unrelu"])


def random_network(*widths, seed=0):
    rng = np.random.default_rng(seed)
    layers = [(rng.normal(0, np.sqrt(2 / a), (b, a)), rng.normal(0, 0.5, b)) for a, b in itertools.pairwise(widths)]
    return pr.Network(layers, relu=[True] * len(layers))


def cube(dim, half=2):
    return pr.Polyhedron.box([-half] * dim, [half] * dim)


def exact_box(polyhedron):
    """By linear programs on the rows, where the package asks the vertices."""
    rows = [(h.normal, h.offset) for h in polyhedron.closure().halfspaces if h.relation == "<="]
    flat = [(h.normal, h.offset) for h in polyhedron.halfspaces if h.relation == "=="]
    ends = []
    for sign in (-1, 1):
        found = [
            maximise([sign * int(i == j) for i in range(polyhedron.ambient_dim)], rows, flat)
            for j in range(polyhedron.ambient_dim)
        ]
        ends.append(tuple(sign * (math.inf if s.status is Status.UNBOUNDED else s.value) for s in found))
    return ends


def polytope_extents(polytope, noise=0.0, radius=0.0):
    """What the kernel says of a polytope whose vertices are moved inwards by ``noise``."""
    vertices = np.array([[float(x) for x in v] for v in polytope.vertices])
    vertices = vertices - noise * np.sign(vertices)
    facets = polytope.canonical().halfspaces
    masks = [sum(1 << j for j, h in enumerate(facets) if not h.slack(v)) for v in polytope.vertices]
    words = len(facets) // 64 + 1
    tight = np.array([[m >> 64 * w & (2**64 - 1) for w in range(words)] for m in masks], dtype=np.uint64)
    vectors = np.hstack([vertices, np.ones((len(vertices), 1))])
    return cell_extents(np.array([0, len(vertices)]), vectors, np.full(len(vertices), radius), tight)


# -- the kernel ---------------------------------------------------------------------------------------------------


@settings(max_examples=60)
@given(st.integers(1, 4).flatmap(lambda d: st.lists(points(d), min_size=d + 1, max_size=d + 6)))
def test_a_certified_volume_encloses_the_exact_one(corners):
    """Polytopes of all shapes, most of them with vertices on more than d facets."""
    polytope = pr.Polyhedron.from_generators(corners)
    if not polytope.is_full_dimensional():
        return
    radius = 2.0**-50
    sizes = polytope_extents(polytope, radius=radius)
    volume = polytope.volume()
    assert sizes.volume_low[0] <= volume <= sizes.volume_high[0]
    assert sizes.volume_high[0] - sizes.volume_low[0] < 1e-8
    low, high = exact_box(polytope)
    assert all(sizes.box_low[0, j] <= low[j] and high[j] <= sizes.box_high[0, j] for j in range(len(low)))
    assert np.abs(sizes.box_low[0] - np.array(low, dtype=float)).max() < 1e-12


@pytest.mark.parametrize("dim", [1, 2, 3, 4, 5])
def test_the_radius_counts(dim):
    """Vertices that are off by their radius: with it the volume and the box are enclosed, without it they are not."""
    polytope = cube(dim)
    noise = 2.0**-10
    sizes = polytope_extents(polytope, noise, noise)
    assert sizes.volume_low[0] <= 4**dim <= sizes.volume_high[0]
    assert (sizes.box_low[0] <= -2).all()
    assert (sizes.box_high[0] >= 2).all()
    spoilt = polytope_extents(polytope, noise, 0.0)
    assert not spoilt.volume_low[0] <= 4**dim <= spoilt.volume_high[0]
    assert not ((spoilt.box_low[0] <= -2).all() and (spoilt.box_high[0] >= 2).all())


@pytest.mark.parametrize("dim", [2, 3, 4, 5])
def test_cross_polytopes(dim):
    """Each vertex lies on 2^(d - 1) facets; in five dimensions there are 32 facets."""
    unit = np.eye(dim, dtype=int).tolist()
    sizes = polytope_extents(pr.Polyhedron.from_generators([*unit, *(-np.eye(dim, dtype=int)).tolist()]))
    volume = Fraction(2**dim, math.factorial(dim))
    assert sizes.volume_low[0] <= volume <= sizes.volume_high[0]
    assert sizes.volume_high[0] - sizes.volume_low[0] < 1e-13


# The join of two squares: two of its facets may meet in a square, which is no facet of either.
JOIN = [(a, b, 0, 0, 0) for a in (-1, 1) for b in (-1, 1)] + [(0, 0, a, b, 1) for a in (-1, 1) for b in (-1, 1)]


@settings(max_examples=40)
@example(JOIN)
@example(JOIN[::-1])
@given(st.integers(2, 4).flatmap(lambda d: st.lists(points(d), min_size=d + 1, max_size=d + 6)))
def test_faces_are_pulled_as_the_exact_triangulation_pulls_them(corners):
    """The compiled kernel and :mod:`polyrelu.polyhedron.volume` have the same simplices, also where faces coincide."""
    polytope = pr.Polyhedron.from_generators(corners)
    dim, count = polytope.dim, len(polytope.vertices)
    if not polytope.is_full_dimensional():
        return
    rows = polytope.canonical().halfspaces
    facets = [frozenset(k for k, v in enumerate(polytope.vertices) if not h.slack(v)) for h in rows]
    masks = np.array([[sum(1 << k for k in facet)] for facet in facets], dtype=np.uint64)

    def simplices(face, level):
        apex = min(face)
        if level == dim:
            yield (apex,)
            return
        below = np.empty((64, 1), dtype=np.uint64)
        mask = np.array([sum(1 << k for k in face)], dtype=np.uint64)
        for row in below[: _pull(mask, apex, masks, len(masks), dim - level, below)]:
            for simplex in simplices([k for k in range(count) if int(row[0]) >> k & 1], level + 1):
                yield (apex, *simplex)

    assert sorted(simplices(range(count), 0)) == sorted(triangulate(count, facets))


def test_many_vertices_and_many_facets():
    """More than 64 of both: a polygon on the moment curve."""
    polygon = pr.Polyhedron.from_generators([(i, i * i) for i in range(80)])
    sizes = polytope_extents(polygon, radius=2.0**-52)
    assert sizes.volume_low[0] <= polygon.volume() <= sizes.volume_high[0]


def test_no_certificate_for_rays_and_for_vertices_that_may_be_rays():
    start, tight = np.array([0, 2]), np.array([[1], [2]], dtype=np.uint64)
    for last in ([0.0], [2.0**-53], [np.nan]):
        vectors = np.array([[0.0, 1.0], [1.0, *last]])
        sizes = cell_extents(start, vectors, np.array([0.0, 2.0**-53]), tight)
        assert all(np.isnan(size).all() for size in sizes)
    overflowing = cell_extents(start, np.array([[0.0, 1.0], [1.0, 2.0**-1074]]), np.zeros(2), tight)
    assert all(np.isnan(size).all() for size in overflowing)


# -- volumes ------------------------------------------------------------------------------------------------------


@engines
@settings(max_examples=40)
@given(question=questions())
def test_volumes_and_boxes_of_bounded_tilings(engine, question):
    network, target, domain = question
    box = cube(network.input_dim)
    tiling = pr.preimage(network, target, box if domain is None else domain & box, engine)
    exact = tiling.volume(exact=True)
    assert exact == sum(tile.polyhedron.volume() for tile in tiling)
    assert exact in tiling.volume()
    assert tiling.volume().width <= 1e-9
    if len(tiling):
        boxes = [exact_box(tile.polyhedron) for tile in tiling]
        low, high = tiling.bounding_box(exact=True)
        assert low == tuple(map(min, zip(*(b[0] for b in boxes), strict=True)))
        assert high == tuple(map(max, zip(*(b[1] for b in boxes), strict=True)))
        below, above = tiling.bounding_box()
        assert all(a <= b and d <= c for a, b, c, d in zip(below, low, above, high, strict=True))
        assert max(float(b) - a for a, b in zip(below, low, strict=True)) < 1e-9


@settings(max_examples=60)
@given(question=questions())
def test_each_certified_size_encloses_its_tile(question):
    """Of every tile that the repeated run finishes, in every kind of domain."""
    network, target, domain = question
    for _, columns in pr.preimage(network, target, domain, "cells").parts:
        sizes = extents(columns, np.arange(len(columns)))
        for i in range(len(columns)):
            polyhedron = columns.polyhedron(i)
            if not np.isnan(sizes.volume_low[i]):
                inside = polyhedron.affine_preimage(columns.chart.basis, columns.chart.origin, columns.chart.dim)
                assert sizes.volume_low[i] <= inside.volume() <= sizes.volume_high[i]
            if not np.isnan(sizes.box_low[i]).any():
                low, high = exact_box(polyhedron)
                assert all(a <= b for a, b in zip(sizes.box_low[i], low, strict=True))
                assert all(a >= b for a, b in zip(sizes.box_high[i], high, strict=True))


def is_within(vertex, generator, radius):
    """Whether some positive multiple g of (vertex, 1) has |g - generator| <= radius, in exact arithmetic."""
    low, high = Fraction(0), None
    for x, g in zip((*vertex, Fraction(1)), map(Fraction, generator.tolist()), strict=True):
        if x == 0 and abs(g) > radius:
            return False
        if x:
            ends = sorted([(g - Fraction(radius)) / x, (g + Fraction(radius)) / x])
            low, high = max(low, ends[0]), ends[1] if high is None else min(high, ends[1])
    return low <= high


def test_the_vertices_lie_within_their_radius(monkeypatch):
    """What the repeated run returns: each vertex of a tile has a generator, and the radius is needed."""
    tiling = pr.linear_regions(random_network(2, 6, 6), cube(2, 6))
    found, without = [], repeated.without_finished
    monkeypatch.setattr(repeated, "without_finished", lambda result: found.append(result) or without(result))
    tiling.volume()
    number = {tile.source.packed[tile.number].tobytes(): tile for tile in tiling}
    exact, total = 0, 0
    for result in found:
        start, vectors, radius, _ = result.generators
        for i, packed in enumerate(result.packed):
            own = range(start[i], start[i + 1])
            vertices = number[packed.tobytes()].polyhedron.vertices
            assert len(own) == len(vertices)
            for vertex in vertices:
                assert any(is_within(vertex, vectors[k], radius[k]) for k in own)
                exact += any(is_within(vertex, vectors[k], 0.0) for k in own)
                total += 1
    assert total > 100
    assert exact < total / 2


@pytest.mark.parametrize(("widths", "relative"), [((1, 8), 1e-13), ((2, 16, 16), 1e-10), ((3, 8, 8), 1e-10)])
def test_the_regions_of_a_box_fill_it(widths, relative):
    dim = widths[0]
    tiling = pr.linear_regions(random_network(*widths), cube(dim, 6))
    (columns,) = (source for _, source in tiling.parts)
    assert not np.isnan(extents(columns, np.arange(len(columns))).volume_low).any()
    assert 12**dim in tiling.volume()
    assert tiling.volume().width < relative * 12**dim
    assert 1 in tiling.share()
    assert [end.tolist() for end in tiling.bounding_box()] == [[-6] * dim, [6] * dim]


def test_zones_share_what_is_known_and_add_up(monkeypatch):
    network = random_network(2, 8, 4, seed=4)
    tiling = pr.preimage(network, pr.parse("y0 >= y1 and y0 <= y1 + 1/2", dim=4), cube(2, 6))
    assert len(tiling.zones()) == 3
    whole = tiling.volume()
    monkeypatch.setattr(repeated, "measure", None)  # not once more
    zones = [zone.volume() for zone in tiling.zones()]
    assert math.fsum(v.low for v in zones) <= whole.high
    assert math.fsum(v.high for v in zones) >= whole.low
    exact = [zone.volume(exact=True) for zone in tiling.zones()]
    assert all(e in v for e, v in zip(exact, zones, strict=True))
    assert sum(exact) in whole
    assert sum(exact) == tiling.volume(exact=True)


def test_few_tiles_of_many_are_measured_exactly(monkeypatch):
    tiling = pr.linear_regions(random_network(2, 24), cube(2))
    assert len(tiling) > 200
    monkeypatch.setattr(repeated, "measure", None)
    assert tiling[7].polyhedron.volume() in tiling[7:8].volume()
    assert tiling[7:8].volume().width <= 4 * math.ulp(tiling[7:8].volume().high)


def test_unions_of_targets():
    both = pr.preimage(CROSS, [pr.parse("y0 >= 1", dim=1), pr.parse("y0 >= 0", dim=1)], SQUARE)
    assert len(both.parts) > 1
    assert both.volume(exact=True) == 2
    assert 2 in both.volume()
    assert both.select(reversed(range(len(both)))).volume() == both.volume()


@engines
def test_flat_tiles_have_no_volume(engine):
    tiling = pr.preimage(CROSS, pr.parse("y0 == 0", dim=1), SQUARE, engine)
    assert len(tiling) == 4
    assert tiling.volume() == Enclosure(0.0, 0.0)
    assert tiling.volume(exact=True) == 0
    assert tiling.bounding_box(exact=True) == ((-1, -1), (1, 1))
    with pytest.raises(pr.InputError, match="flat"):
        tiling.sample_points(3)


@engines
def test_unbounded_tilings(engine):
    tiling = pr.preimage(CROSS, pr.parse("y0 >= 1", dim=1), method=engine)
    for ask in (tiling.volume, lambda: tiling.volume(exact=True), lambda: tiling.sample_points(1)):
        with pytest.raises(pr.UnboundedError, match=r"Polyhedron\.box"):
            ask()
    with pytest.raises(pr.UnboundedError, match="within="):
        tiling.share()
    assert tiling.share(SQUARE, exact=True) == 0
    assert [end.tolist() for end in tiling.bounding_box()] == [[-math.inf] * 2, [math.inf] * 2]
    right = pr.preimage(CROSS, pr.parse("y0 >= 1", dim=1), pr.Polyhedron([[-1, 0]], [0]), engine)
    assert right.bounding_box(exact=True) == ((1, -math.inf), (math.inf, math.inf))
    assert [end.tolist() for end in right.bounding_box()] == [[1, -math.inf], [math.inf, math.inf]]
    assert right.share(cube(2) & pr.Polyhedron([[-1, 0]], [0]), exact=True) == Fraction(1, 8)


@engines
def test_lines_in_every_tile(engine):
    """The network ignores x1: bounded in x0, unbounded in x1."""
    network = pr.Network([([[1, 0], [-1, 0]], [0, 0]), ([[1, 1]], [0])])
    tiling = pr.preimage(network, pr.parse("y0 <= 1/3", dim=1), method=engine)
    low, high = tiling.bounding_box(exact=True)
    assert (low, high) == ((Fraction(-1, 3), -math.inf), (Fraction(1, 3), math.inf))
    below, above = tiling.bounding_box()
    assert below[0] <= low[0] <= high[0] <= above[0] < 1 / 3 + 1e-14
    assert (below[1], above[1]) == (-math.inf, math.inf)
    with pytest.raises(pr.UnboundedError):
        tiling.volume()
    assert Fraction(1, 3) in tiling.share(SQUARE)


@engines
def test_no_tiles(engine):
    nothing = pr.preimage(ABSOLUTE, pr.parse("y0 < -1", dim=1), pr.Polyhedron.box([-1], [1]), engine)
    assert nothing.volume() == nothing.share() == Enclosure(0.0, 0.0)
    assert nothing.volume(exact=True) == 0
    for ask in (nothing.bounding_box, lambda: nothing.sample_points(1)):
        with pytest.raises(pr.EmptySetError):
            ask()


def test_more_facets_than_bits():
    """A polygon with 64 sides fills the masks of the kernel, so that the first cut is one too many."""
    polygon = pr.Polyhedron.from_generators([(i, i * i) for i in range(64)])
    network = pr.Network([([[2, 0], [0, 2]], [-41, -2001])], relu=[True])
    tiling = pr.linear_regions(network, polygon)
    assert tiling.stats["signs_by_rational"] == 0
    assert len(tiling) == 4
    columns = tiling.parts[0][1]
    assert not np.isnan(extents(columns, np.arange(4)).volume_low).any()
    assert polygon.volume() in tiling.volume()


def test_numbers_that_are_too_large_for_the_kernel_are_measured_exactly():
    network = pr.Network([([[2**400], [-(2**400)]], [0, 0]), ([[1, 1]], [0])])
    tiling = pr.preimage(network, pr.parse(f"y0 <= {2**399}", dim=1), pr.Polyhedron.box([-1], [1]))
    assert 1 in tiling.volume()
    assert tiling.volume().width <= 2 * math.ulp(1.0)


# -- shares -------------------------------------------------------------------------------------------------------


@engines
@settings(max_examples=25)
@given(question=questions(max_inputs=2, max_neurons=5))
def test_shares_of_two_halves_add_up(engine, question):
    network, target, domain = question
    box = cube(network.input_dim)
    region = box if domain is None else (domain & box).closure()
    if region.is_empty():
        return
    tiling = pr.preimage(network, target, region, engine)
    share = tiling.share(exact=True)
    assert 0 <= share <= 1
    assert share in tiling.share()
    row = [1] * network.input_dim
    sides = [region & pr.Polyhedron([sign * np.array(row)], [0]) for sign in (1, -1)]
    if all(side.dim == region.dim for side in sides):
        exact = [tiling.share(side, exact=True) for side in sides]
        assert all(e in tiling.share(side) for e, side in zip(exact, sides, strict=True))
        if region.is_full_dimensional():
            volumes = [side.volume() for side in sides]
            assert share * sum(volumes) == sum(e * v for e, v in zip(exact, volumes, strict=True))


@engines
def test_a_domain_with_a_constant_input(engine):
    """The share of |x0| >= 1/3 in a segment of the plane that lies askew, too."""
    network = pr.Network([([[1, 0], [-1, 0]], [0, 0]), ([[1, 1]], [0])])
    target = pr.parse("y0 >= 1/3", dim=1)
    for domain in (pr.Polyhedron.box([-1, "1/7"], [1, "1/7"]), SQUARE & pr.Polyhedron([[1, -3]], [0], equalities=[0])):
        tiling = pr.preimage(network, target, domain, engine)
        assert tiling.share(exact=True) == Fraction(2, 3)
        assert Fraction(2, 3) in tiling.share()
        assert tiling.share().width < 1e-13
        assert tiling.volume() == Enclosure(0.0, 0.0)
        right = domain & pr.Polyhedron([[-1, 0]], [0])
        assert Fraction(2, 3) in tiling.share(right)
        low, high = tiling.bounding_box(exact=True)
        below, above = tiling.bounding_box()
        assert all(a <= b and c >= d for a, b, c, d in zip(below, low, above, high, strict=True))


def test_a_single_point_as_domain():
    tiling = pr.preimage(ABSOLUTE, pr.parse("y0 >= 0", dim=1), pr.Polyhedron.box([1], [1]))
    assert tiling.share(exact=True) == 1
    assert 1 in tiling.share()
    assert tiling.bounding_box(exact=True) == ((1,), (1,))


def test_wrong_regions():
    tiling = pr.preimage(CROSS, pr.parse("y0 >= 0", dim=1), SQUARE)
    with pytest.raises(pr.DimensionError, match=r"R\^1"):
        tiling.share(pr.Polyhedron.box([0], [1]))
    with pytest.raises(pr.InputError, match="no part of the domain"):
        tiling.share(cube(2))
    with pytest.raises(pr.InputError, match="dimension 1"):
        tiling.share(pr.Polyhedron.box([0, 0], [0, 1]))
    with pytest.raises(pr.EmptySetError):
        pr.preimage(CROSS, pr.parse("y0 >= 0", dim=1), pr.Polyhedron.empty(2)).share()


# -- enclosures ---------------------------------------------------------------------------------------------------


@given(st.fractions())
def test_rounding_outwards(value):
    low, high = enclosed(value)
    assert Fraction(low) <= value <= Fraction(high)
    assert low == high or math.nextafter(low, math.inf) == high
    assert (low == high) == (Fraction(float(value)) == value)


def test_numbers_beyond_the_floats():
    assert enclosed(Fraction(10**400)) == (math.nextafter(math.inf, 0), math.inf)
    assert enclosed(Fraction(-(10**400))) == (-math.inf, -math.nextafter(math.inf, 0))
    low, high = enclosed(Fraction(1, 10**400))
    assert 0 == low < high == math.ulp(0.0)


def test_enclosures():
    half = Enclosure(0.25, 0.75)
    assert (half.mid, float(half)) == (0.5, 0.5)
    assert half.width >= 0.5
    assert Enclosure(1.0, 1.0).width == 0
    assert Fraction(1, 3) in half
    assert 0.25 in half
    assert 1 not in half
