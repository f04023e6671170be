"""The bounds of the measurer in C++, term by term, and its way through cells of all shapes.

Bounds are held against extents of the true generators in rational arithmetic, as they are and with a term left out.
"""

import sys
from fractions import Fraction
from itertools import chain, pairwise, product
from math import factorial
from typing import NamedTuple

import numpy as np
import pytest
from flint import fmpq, fmpq_mat
from hypothesis import example, given, settings
from hypothesis import strategies as st

import polyrelu as pr
from polyrelu.engines.cells.library import kernel_library
from polyrelu.engines.cells.measured import measured as by_cells
from polyrelu.tilings.columns import Columns
from tests.engines.cells.harness.harness import AS_IT_IS, Compiled, built, shared_folder
from tests.strategies import points

ANY_DIMENSION = ("UNROLLED = 5", "UNROLLED = 1")
LEFT_OUT = {
    "radius": ("share * (exactly<T>(1.0) + modulus(x)) + ", ""),
    "radius at zero": ("(exactly<T>(1.0) + modulus(x))", "modulus(x)"),
    "radius far away": ("(exactly<T>(1.0) + modulus(x))", "exactly<T>(1.0)"),
    "radius beside a small scale": ("share = r / (t - r)", "share = r / t"),
    "radius below the normal floats": (
        "share * (exactly<T>(1.0) + modulus(x))",
        "r * (exactly<T>(1.0) + modulus(x)) / (t - r)",
    ),
    "thirds": (" + gamma_<T>(3) * modulus(x)", ""),
    "a quotient underflows": ("first_order * raised<T>(12) + exactly<T>(TAU)", "first_order * raised<T>(12)"),
    "a first vertex known badly": ("(spread_[k] + spread_[0])", "spread_[k]"),
    "lower minors": ("D.off + gamma_<T>(k + 1) * modulus(D.value)", "gamma_<T>(k + 1) * modulus(D.value)"),
    "the last vertex": (" + epsilon * rest.total", ""),
    "a minor underflows": ("raised<T>(k + 12) + exactly<T>(TAU)", "raised<T>(k + 12)"),
    "many simplices": ("gamma_<T>(n + 4) * sum_", "gamma_<T>(1) * sum_"),
    "radius, too large": ("(sum_ - error)", "sum_"),
    "the last vertex, too large": ("(sum_ + error)", "sum_"),
}
OTHER_WAYS = {
    "any dimension": [ANY_DIMENSION],
    "no cell is simple": [ANY_DIMENSION, ("simple_ = true", "simple_ = false")],
    "sets in any number of words": [ANY_DIMENSION, ("m <= 64 ?", "m <= 0 ?")],
}
WRONG_WAYS = {
    "all cells are simple": ("simple_ = simple_ && incident == d", "simple_ = true"),
    "faces count for each facet they are on": (" && is_new(words, found, count)", ""),
    "all terms are added": ("plus ? D.value + term : D.value - term", "D.value + term"),
    "vertices as they are": ("point[j] = point[j] - first[j]", "point[j] = point[j]"),
    "volumes of parallelotopes": ("* up / factorial_", "* up"),
    "the first facet is missed": ("for (int f = 0; f < facet_count_", "for (int f = 1; f < facet_count_"),
}


@pytest.fixture(scope="session")
def measurer(tmp_path_factory):
    return built("extents", shared_folder(tmp_path_factory))


@pytest.fixture(scope="session")
def spoilt(tmp_path_factory):
    """Other measurers: each without a term, or on another way."""
    changed = {name: [ANY_DIMENSION, change] for name, change in (LEFT_OUT | WRONG_WAYS).items()}
    return built("extents", shared_folder(tmp_path_factory), changed | OTHER_WAYS)


class Cells(NamedTuple):
    """Generators as runs of the kernel keep them: cell i has those from start[i] to start[i + 1]."""

    start: np.ndarray
    vectors: np.ndarray
    radius: np.ndarray
    tight: np.ndarray


def cell(generators, radius, facets):
    """One cell: generators are rows (g, t), ``facets`` the numbers of those on which each lies."""
    words = max(map(max, facets)) // 64 + 1
    tight = [[sum(1 << j - 64 * w for j in own if j // 64 == w) for w in range(words)] for own in facets]
    return Cells(
        np.array([0, len(generators)]),
        np.array(generators, dtype=np.float64),
        np.array(radius, dtype=np.float64),
        np.array(tight, dtype=np.uint64),
    )


def measured(measurer: Compiled, cells: Cells, variant: str = AS_IT_IS):
    """Lower and upper ends of volumes, (2, n), and of boxes, (2, n, d)."""
    n, dim = len(cells.start) - 1, cells.vectors.shape[1]
    volumes, boxes = np.empty((2, n)), np.empty((2, n, dim - 1))
    measurer.call("extents", n, dim, cells.tight.shape[1], *cells, *volumes, *boxes, variant=variant)
    return volumes, boxes


# Against rational arithmetic


def simplices(face, facets, dim):
    """The face pulled apart at its first vertices."""
    apex = min(face)
    if dim == 1:
        return [sorted(face)]
    below = dict.fromkeys(face & facet for facet in facets if apex not in facet and len(face & facet) >= dim)
    return [[apex, *rest] for part in below for rest in simplices(part, facets, dim - 1)]


def true_extents(generators, facets):
    """Volume and corners of the box of the cell, in rational arithmetic."""
    points = [[Fraction(v) / Fraction(g[-1]) for v in g[:-1]] for g in generators]
    dim, on = len(points[0]), [{k for k, own in enumerate(facets) if j in own} for j in set(chain(*facets))]
    volume = Fraction(0)
    for first, *others in simplices(frozenset(range(len(points))), [frozenset(f) for f in on], dim):
        rows = [[a - b for a, b in zip(points[k], points[first], strict=True)] for k in others]
        det = fmpq_mat(dim, dim, [fmpq(v.numerator, v.denominator) for row in rows for v in row]).det()
        volume += abs(Fraction(int(det.p), int(det.q))) / factorial(dim)
    return volume, list(map(min, zip(*points, strict=True))), list(map(max, zip(*points, strict=True)))


def encloses(measurer, case, variant=AS_IT_IS):
    """Whether the extents that are certified in floats enclose those of the true generators; None where none are."""
    generators, true, radius, facets = case
    for g, h, r in zip(generators, true, radius, strict=True):
        assert max(abs(Fraction(a) - Fraction(b)) for a, b in zip(g, h, strict=True)) <= Fraction(r), "no such example"
    volumes, boxes = measured(measurer, cell(generators, radius, facets), variant)
    volume, low, high = true_extents(true, facets)
    inside = []
    if np.isfinite(volumes).all():
        inside.append(volumes[0, 0].item() <= volume <= volumes[1, 0].item())
    if not np.isnan(boxes).any():
        inside += [a <= b for a, b in zip(boxes[0, 0].tolist(), low, strict=True)]
        inside += [a >= b for a, b in zip(boxes[1, 0].tolist(), high, strict=True)]
    return all(inside) if inside else None


def simplex(dim):
    """Which facets each vertex of a simplex lies on: all but the opposite one."""
    return [[j for j in range(dim + 1) if j != i] for i in range(dim + 1)]


def known(generators, facets):
    """A cell whose generators are what they seem."""
    return generators, generators, [0.0] * len(generators), facets


def moved(generators, true, radius, facets):
    """A cell whose generators seem to be these, all known within the radius, and really are those."""
    return generators, true, [radius] * len(true), facets


SMALL, MANY = 2.0**-54, 400
CASES = {
    "radius": moved([(0, 1), (0.75, 1)], [(0, 1), (1, 1)], 0.25, simplex(1)),
    "radius, too large": moved([(0, 1), (1, 1)], [(0, 1), (0.75, 1)], 0.25, simplex(1)),
    "radius at zero": moved([(0, 1), (1, 1)], [(-0.25, 1), (1, 1)], 0.25, simplex(1)),
    "radius far away": moved([(0, 1), (1, 0.75 * 2**-10)], [(0, 1), (1, 2.0**-11)], 2.0**-12, simplex(1)),
    "radius beside a small scale": moved([(0, 1), (1, 0.75)], [(0, 1), (1.25, 0.5)], 0.25, simplex(1)),
    "radius below the normal floats": moved(
        [(0, 5 * 2.0**-1074), (2.0**-1073, 5 * 2.0**-1074)],
        [(0, 2.0**-1072), (3 * 2.0**-1074, 2.0**-1072)],
        2.0**-1074,
        simplex(1),
    ),
    "a first vertex known badly": ([(0.25, 1), (1, 1)], [(0, 1), (1, 1)], [0.25, 0.0], simplex(1)),
    "thirds": known([(0, 3), (1, 3)], simplex(1)),
    "a quotient underflows": known([(0, 3), (2.0**-1074, 3)], simplex(1)),
    "lower minors": ([(0, 0, 1), (0.75, 0, 1), (0, 9, 1)], [(0, 0, 1), (1, 0, 1), (0, 9, 1)], [0, 0.25, 0], simplex(2)),
    "the last vertex": (
        [(0, 0, 1), (1, 0, 1), (0, 0.75, 1)],
        [(0, 0, 1), (1, 0, 1), (0, 1, 1)],
        [0, 0, 0.25],
        simplex(2),
    ),
    "a minor underflows": known(
        [(0, 0, 0, 1), (2.0**-540, 0, 0, 1), (0, 2.0**-540, 0, 1), (0, 0, 2.0**500, 1)], simplex(3)
    ),
    # A large triangle, and many after it that it swallows.
    "many simplices": known(
        [(0, 0, 1), *((i * SMALL, i * i * SMALL, 1) for i in range(1, MANY + 1)), (-1, 1, 1)],
        [[1, 2], *([i + 1, i + 2] for i in range(1, MANY)), [MANY + 1, 0], [0, 1]],
    ),
    "overflow of a vertex": known([(0, 1), (1, 2.0**-1074)], simplex(1)),
    "overflow of a volume": known([(0, 0, 1), (2.0**600, 0, 1), (0, 2.0**600, 1)], simplex(2)),
    "overflow of a difference": known([(-(2.0**1023), 1), (2.0**1023, 1)], simplex(1)),
    "overflow of an upper end": known([(0, 1), (sys.float_info.max, 1)], simplex(1)),
}


@pytest.mark.parametrize("name", CASES)
def test_extents_enclose(measurer, name):
    assert encloses(measurer, CASES[name]) is not False


@pytest.mark.parametrize("name", LEFT_OUT)
def test_no_term_is_spared(spoilt, name):
    case = CASES[name.removesuffix(", too large") if name not in CASES else name]
    assert encloses(spoilt, case, name) is False


def test_overflow_gives_no_certificate(measurer):
    for name in (name for name in CASES if name.startswith("overflow")):
        generators, _, radius, facets = CASES[name]
        assert np.isnan(measured(measurer, cell(generators, radius, facets))[0]).all()


@pytest.mark.parametrize("t", [0.0, -1.0, 0.5, np.inf, np.nan])
def test_rays_and_what_may_be_one_give_no_certificate(measurer, t):
    found = measured(measurer, cell([(0, 1), (1, t)], [0.25, 0.25], simplex(1)))
    assert all(np.isnan(part).all() for part in found)


def test_a_radius_that_is_no_number_gives_no_certificate(measurer):
    found = measured(measurer, cell([(0, 1), (1, 1)], [0.0, np.nan], simplex(1)))
    assert all(np.isnan(part).all() for part in found)


places = st.one_of(st.integers(-3, 3), st.integers(-(2**53) + 1, 2**53 - 1))
exponents = st.one_of(st.integers(-1074, 960), st.sampled_from([-1074, -1022, -537, -52, 0, 459]))


@st.composite
def simplices_of_any_magnitude(draw, most_dims):
    """Generators near one magnitude or of any; some known within a radius, at one end of which they really are."""
    dim = draw(st.integers(1, most_dims))
    scales, near = [draw(exponents) for _ in range(dim + 1)], draw(st.booleans())

    def number(j):
        shift = 0 if near else draw(st.sampled_from([0, 0, -52, 52, -300, 300]))
        return float(np.ldexp(float(draw(places)), min(max(scales[j] + shift, -1074), 960)))

    generators = [tuple(number(j) for j in range(dim + 1)) for _ in range(dim + 1)]
    relative = [draw(st.sampled_from([0.0, 2.0**-53, 2.0**-20, 0.25])) for _ in generators]
    radius = [abs(g[-1]) * r for g, r in zip(generators, relative, strict=True)]
    side = [[draw(st.sampled_from([-1, 0, 1])) for _ in g] for g in generators]
    true = [
        tuple(Fraction(v) + s * Fraction(r) for v, s in zip(g, own, strict=True))
        for g, r, own in zip(generators, radius, side, strict=True)
    ]
    return generators, true, radius, simplex(dim)


@settings(max_examples=400)
@given(case=simplices_of_any_magnitude(3))
def test_simplices_of_all_magnitudes(measurer, case):
    generators, _, radius, _ = case
    if all(g[-1] > 2 * r for g, r in zip(generators, radius, strict=True)):
        assert encloses(measurer, case) is not False


# Shapes


def cube(dim):
    """Vertices, facets on which each lies, and the volume."""
    corners = list(product([0, 1], repeat=dim))
    return corners, [[2 * j + v for j, v in enumerate(x)] for x in corners], Fraction(1)


def cross_polytope(dim):
    """Each vertex is on half of 2^d facets, one for each vector of signs."""
    ends = [tuple(s if i == j else 0 for i in range(dim)) for j in range(dim) for s in (-1, 1)]
    signs = list(product([-1, 1], repeat=dim))
    on = [[f for f, s in enumerate(signs) if any(a * b > 0 for a, b in zip(x, s, strict=True))] for x in ends]
    return ends, on, Fraction(2**dim, factorial(dim))


def hypersimplex(dim):
    """The slice between sums 2 and 3 of a cube: Eulerian numbers count its simplices; few vertices are simple."""
    inside = [x for x in product([0, 1], repeat=dim) if sum(x) in (2, 3)]
    on = [[2 * j + v for j, v in enumerate(x)] + [2 * dim + sum(x) - 2] for x in inside]
    counts = {3: 1, 4: 11, 5: 66, 6: 302}
    return inside, on, Fraction(counts[dim], factorial(dim))


SHAPES = {
    **{f"{shape.__name__} {dim}": shape(dim) for shape in (cube, cross_polytope) for dim in range(1, 8)},
    **{f"hypersimplex {dim}": hypersimplex(dim) for dim in range(3, 7)},
}


def of_shape(name, rng):
    """The shape with its vertices and facets in another order, sheared, which keeps its volume."""
    points, facets, volume = SHAPES[name]
    dim, number = len(points[0]), rng.permutation(max(map(max, facets)) + 1)
    shear = np.eye(dim, dtype=int) + np.triu(rng.integers(-2, 3, (dim, dim)), 1)
    order = rng.permutation(len(points))
    generators = [[*(shear @ np.array(points[k])).tolist(), 1] for k in order]
    return cell(generators, [0.0] * len(order), [[int(number[j]) for j in facets[k]] for k in order]), volume


@pytest.mark.parametrize("name", SHAPES)
def test_volumes_of_shapes(measurer, name):
    for seed in range(3):
        assert measures(measurer, name, seed)


def measures(measurer, name, seed, variant=AS_IT_IS):
    """Whether the volume of a shape is certified, and within little."""
    cells, volume = of_shape(name, np.random.default_rng(seed))
    (low, high), _ = measured(measurer, cells, variant)
    return bool(low[0].item() <= volume <= high[0].item() and high[0] - low[0] < 2.0**-30 * volume)


@pytest.mark.parametrize("way", OTHER_WAYS)
def test_all_ways_give_the_same(measurer, spoilt, way):
    for name in SHAPES:
        cells, _ = of_shape(name, np.random.default_rng(0))
        assert same_bits(measured(measurer, cells), measured(spoilt, cells, way)), name


@pytest.mark.parametrize("way", WRONG_WAYS)
def test_no_step_is_spared(spoilt, way):
    shapes = [name for name, (points, _, _) in SHAPES.items() if len(points[0]) in (3, 4)]
    assert not all(measures(spoilt, name, 0, way) for name in shapes)


def same_bits(some, others):
    return all(a.tobytes() == b.tobytes() for a, b in zip(some, others, strict=True))


# Against exact volumes


def polytope_extents(measurer, polytope, noise=0.0, radius=0.0):
    """Ends of the volume and of the box of a polytope whose vertices are moved inwards by ``noise``."""
    vertices = np.array([[float(x) for x in v] for v in polytope.vertices])
    vertices = vertices - noise * np.sign(vertices)
    facets = polytope.canonical().halfspaces
    on = [[j for j, h in enumerate(facets) if not h.slack(v)] for v in polytope.vertices]
    cells = cell(np.hstack([vertices, np.ones((len(vertices), 1))]), np.full(len(vertices), radius), on)
    (low, high), (box_low, box_high) = measured(measurer, cells)
    return low[0], high[0], box_low[0], box_high[0]


# The join of two squares: two of its facets may meet in a square, which is no facet of either.
JOIN = [(a, b, 0, 0, 0) for a in (-1, 1) for b in (-1, 1)] + [(0, 0, a, b, 1) for a in (-1, 1) for b in (-1, 1)]


@settings(max_examples=60)
@example(JOIN)
@example(JOIN[::-1])
@given(st.integers(1, 4).flatmap(lambda d: st.lists(points(d), min_size=d + 1, max_size=d + 6)))
def test_a_certified_volume_encloses_the_exact_one(measurer, corners):
    """Polytopes of all shapes, most of them with vertices on more than d facets."""
    polytope = pr.Polyhedron.from_generators(corners)
    if not polytope.is_full_dimensional():
        return
    low, high, box_low, box_high = polytope_extents(measurer, polytope, radius=2.0**-50)
    assert low <= polytope.volume() <= high
    assert high - low < 1e-8
    for j in range(polytope.ambient_dim):
        ends = [v[j] for v in polytope.vertices]
        assert box_low[j] <= min(ends) <= max(ends) <= box_high[j]
        assert max(float(min(ends)) - box_low[j], box_high[j] - float(max(ends))) < 1e-12


@pytest.mark.parametrize("dim", [1, 2, 3, 4, 5])
def test_the_radius_counts(measurer, dim):
    """Vertices that are off by their radius: with it the volume and the box are enclosed, without it they are not."""
    polytope, noise = pr.Polyhedron.box([-2] * dim, [2] * dim), 2.0**-10
    low, high, box_low, box_high = polytope_extents(measurer, polytope, noise, noise)
    assert low <= 4**dim <= high
    assert (box_low <= -2).all()
    assert (box_high >= 2).all()
    low, high, box_low, box_high = polytope_extents(measurer, polytope, noise, 0.0)
    assert not low <= 4**dim <= high
    assert not ((box_low <= -2).all() and (box_high >= 2).all())


def test_many_vertices_and_many_facets(measurer):
    """More than 64 of both: a polygon on the moment curve."""
    polygon = pr.Polyhedron.from_generators([(i, i * i) for i in range(80)])
    low, high, _, _ = polytope_extents(measurer, polygon, radius=2.0**-52)
    assert low <= polygon.volume() <= high


def test_no_certificate_for_rays_and_for_vertices_that_may_be_rays(measurer):
    for last in (0.0, 2.0**-53, np.nan):
        sizes = measured(measurer, cell([[0.0, 1.0], [1.0, last]], [0.0, 2.0**-53], [[0], [1]]))
        assert all(np.isnan(size).all() for size in sizes)
    overflowing = measured(measurer, cell([[0.0, 1.0], [1.0, 2.0**-1074]], [0.0, 0.0], [[0], [1]]))
    assert all(np.isnan(size).all() for size in overflowing)


# Of the module, to the last bit


def of_module(cells):
    """Ends of the first cell's volume and of its box, as the module measures it."""
    sizes = np.diff(cells.start)
    words = cells.tight.shape[1]
    ends = kernel_library().measured(cells.vectors.shape[1], words, cells.start[:-1], sizes, *cells[1:])
    return [np.frombuffer(part).tolist() for part in ends]


def rough(generators, radius, facets):
    """A cell whose generators have a last entry of three, so that a radius of one is half of what is left."""
    return cell([(*g, 3) for g in generators], radius, facets)


LISTED = {
    "an interval": (
        cell([(1, 1), (2, 1)], [0, 0], simplex(1)),
        ["0x1.fffffffffffe7p-1", "0x1.000000000000dp+0", "0x1.ffffffffffffdp-1", "0x1.0000000000002p+1"],
    ),
    "a rough interval": (
        rough([(0,), (48,)], [1, 1], simplex(1)),
        ["0x1.bffffffffffb9p+2", "0x1.9000000000018p+4", "-0x1.0000000000006p-1", "0x1.8800000000004p+4"],
    ),
    "a point": (
        cell([(0, 1)], [0], [[0, 1]]),
        ["0x0.0p+0", "0x1.0000000000000p-1022", "-0x1.0000000000000p-1022", "0x1.0000000000000p-1022"],
    ),
    "a triangle": (
        cell([(0, 0, 1), (1, 0, 1), (0, 1, 1)], [0, 0, 0], simplex(2)),
        ["0x1.fffffffffffe6p-2", "0x1.000000000000dp-1", "-0x1.0000000000000p-1022", "-0x1.0000000000000p-1022"],
    ),
    "a rough triangle": (
        rough([(0, 0), (4800, 0), (0, 4800)], [0.25] * 3, simplex(2)),
        ["0x1.f4dd7bc4c2a26p+19", "0x1.7691421d9eaf0p+20", "-0x1.745d1745d174fp-4", "-0x1.745d1745d174fp-4"],
    ),
    "a rough simplex": (
        rough([(0, 0, 0), (480, 0, 0), (0, 4800, 0), (0, 0, 4800)], [0.25] * 4, simplex(3)),
        ["0x1.5d9c087dea92cp+25", "0x1.5a075116600c4p+26", "-0x1.745d1745d174fp-4", "-0x1.745d1745d174fp-4"],
    ),
    "a triangle on the other side": (
        cell([(0, 0, 1), (-1, 0, 1), (0, -1, 1)], [0, 0, 0], simplex(2)),
        ["0x1.fffffffffffe6p-2", "0x1.000000000000dp-1", "-0x1.0000000000002p+0", "-0x1.0000000000002p+0"],
    ),
    "a rough square": (
        rough([(0, 0), (480, 0), (0, 480), (480, 480)], [0.25] * 4, [[0, 2], [1, 2], [0, 3], [1, 3]]),
        ["0x1.1ac47ef130a72p+14", "0x1.029dc08767acap+15", "-0x1.745d1745d174fp-4", "-0x1.745d1745d174fp-4"],
    ),
    "a rough simplex of six": (
        rough([(0,) * 6, *(tuple(48000 * (i == j) for j in range(6)) for i in range(6))], [0.25] * 7, simplex(6)),
        ["0x1.b69f97792bfc1p+70", "0x1.2e16fc7aea2f1p+75", "-0x1.745d1745d174fp-4", "-0x1.745d1745d174fp-4"],
    ),
}


@pytest.mark.parametrize("name", LISTED)
def test_bounds_are_those_of_the_indices_that_are_listed(name):
    """The volume and some of the box, to the last bit: other indices show here, and are to be argued in extents.h."""
    cells, ends = LISTED[name]
    assert [end.hex() for part in of_module(cells) for end in part][:4] == ends


@pytest.mark.parametrize("words", [2, 3])
def test_facets_may_have_any_numbers(words):
    rng = np.random.default_rng(words)
    for dim in (2, 3):
        points, facets, volume = cube(dim)
        number = rng.permutation(64 * words)[: 2 * dim]
        number[:2] = 0, 64 * words - 1
        cells = cell([(*x, 1) for x in points], [0.0] * len(points), [[int(number[f]) for f in on] for on in facets])
        (low,), (high,), _, _ = of_module(cells)
        assert low <= volume <= high
        assert high - low < 2.0**-30


def area_on_moment_curve(sides):
    """The area of the polygon with corners (i, i^2)."""
    corners = [(i, i * i) for i in range(sides)]
    return Fraction(abs(sum(x * v - y * u for (x, y), (u, v) in pairwise([*corners, corners[0]]))), 2)


@pytest.mark.parametrize("sides", [*range(61, 67), *range(125, 131)])
def test_as_many_vertices_as_there_are_bits(sides):
    points = [(i, i * i, 1) for i in range(sides)]
    cells = cell(points, [0.0] * sides, [[i, (i - 1) % sides] for i in range(sides)])
    (low,), (high,), _, _ = of_module(cells)
    assert low <= area_on_moment_curve(sides) <= high
    assert high - low < 1e-9 * low


@pytest.mark.parametrize("begins_with", ["top", "bottom", "sides"])
def test_an_edge_on_many_facets_among_many_vertices(begins_with):
    """A prism over a pyramid over a polygon: the edge above the apex lies on all sides, and counts once."""
    sides, height = 33, 3
    base = [(i, i * i, 0) for i in range(sides)]
    pyramid = [*base, (sides // 2, sides * sides // 3, height)]
    on = [[3 + i, 3 + (i - 1) % sides, 2] for i in range(sides)] + [list(range(3, 3 + sides))]
    number = list(range(sides + 3))
    if begins_with == "bottom":
        number[:2] = 1, 0
    if begins_with == "sides":
        number = number[::-1]
    for order in (1, -1):
        points = [(*x, level, 1) for level in (0, 1) for x in pyramid][::order]
        facets = [[number[f] for f in (level, *own)] for level in (0, 1) for own in on][::order]
        (low,), (high,), _, _ = of_module(cell(points, [0.0] * len(points), facets))
        volume = area_on_moment_curve(sides) * height / 3
        assert low <= volume <= high
        assert high - low < 1e-9 * low


@pytest.mark.parametrize("sides", [64, 65])
def test_an_apex_above_many_sides(sides):
    """More than 64 vertices, of which one is on nearly all facets; the base lies on the moment curve."""
    base = [(i, i * i, 0) for i in range(sides)]
    on = [[0, 1 + i, 1 + (i - 1) % sides] for i in range(sides)]
    apex = (sides // 2, sides * sides // 3, 3)
    area = area_on_moment_curve(sides)
    cells = cell([(*x, 1) for x in [*base, apex]], [0.0] * (sides + 1), [*on, list(range(1, sides + 1))])
    (low,), (high,), _, _ = of_module(cells)
    assert low <= area <= high
    assert high - low < 1e-9 * area


def test_cells_do_not_know_of_one_another(measurer):
    one, other = (of_shape(name, np.random.default_rng(0))[0] for name in ("hypersimplex 4", "cube 4"))
    several = Cells(
        np.cumsum([0, len(one.radius), 0, len(other.radius), len(one.radius)]),
        np.concatenate([one.vectors, other.vectors, one.vectors]),
        np.concatenate([one.radius, other.radius, one.radius]),
        np.concatenate([one.tight, other.tight, one.tight]),
    )
    volumes, boxes = measured(measurer, several)
    for k, alone in ((0, one), (2, other), (3, one)):
        own = measured(measurer, alone)
        assert same_bits(own, (volumes[:, k : k + 1], boxes[:, k : k + 1]))
    assert np.isnan(volumes[:, 1]).all()
    assert np.isnan(boxes[:, 1]).all()


def test_each_generator_has_its_own_radius(measurer):
    for k in range(3):
        radius = [0.0] * 3
        radius[k] = 0.5
        sizes = measured(measurer, cell([(0, 0, 1), (1, 0, 1), (0, 1, 1)], radius, simplex(2)))
        assert all(np.isnan(size).all() for size in sizes)


@pytest.mark.parametrize("dim", range(1, 8))
def test_a_vertex_that_is_known_badly_counts_wherever_it_comes(measurer, dim):
    """A simplex of which one vertex is off by its radius, in one coordinate."""
    true = [(*(float(i == j) for j in range(dim)), 1.0) for i in range(dim)]
    true.insert(0, (*([0.0] * dim), 1.0))
    for k in range(1, dim + 1):
        seeming, radius = list(true), [0.0] * (dim + 1)
        seeming[k] = (*(0.75 * v for v in true[k][:-1]), 1.0)
        radius[k] = 0.25
        assert encloses(measurer, (seeming, true, radius, simplex(dim)))


# In a run


@pytest.mark.parametrize("widths", [(1, 8, 8), (2, 16, 16), (3, 12, 12), (4, 8, 8)])
@pytest.mark.parametrize("kind", ["generic", "integers"])
def test_cells_are_measured_right_as_they_are_found_and_later(widths, kind):
    rng = np.random.default_rng(widths[0])
    entries = rng.normal if kind == "generic" else lambda size: rng.integers(-2, 3, size)
    layers = [(entries(size=(b, a)).tolist(), entries(size=b).tolist()) for a, b in pairwise(widths)]
    network, box = pr.Network(layers, relu=[True] * 2), pr.Polyhedron.box([-6] * widths[0], [6] * widths[0])
    found, later = (pr.linear_regions(network, box, measure=measure) for measure in (True, False))
    assert len(found) > 10
    (_, source), (_, other) = found.parts[0], later.parts[0]
    assert isinstance(source, Columns)
    assert isinstance(other, Columns)
    assert source.sizes is not None
    assert other.sizes is None
    again = by_cells(other)
    for sizes in (source.sizes, again):
        for i in range(0, len(found), 1 + len(found) // 20):
            exact = found[i].polyhedron.volume()
            assert Fraction(sizes.volume_low[i]) <= exact <= Fraction(sizes.volume_high[i])
    assert not np.isnan(again.volume_low).any()
    assert (source.sizes.volume_low <= again.volume_high).all()
    assert (again.volume_low <= source.sizes.volume_high).all()
    for end in ("box_low", "box_high"):
        np.testing.assert_allclose(getattr(source.sizes, end), getattr(again, end), atol=1e-7)
    assert pr.Polyhedron.box([-6] * widths[0], [6] * widths[0]).volume() in found.volume()
