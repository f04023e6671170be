import itertools
import math
import pickle
import struct
import sys
import warnings
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import polyrelu as pr
from polyrelu.analysis.measure import Enclosure, _exact_sum, _total, enclosed, tile_volumes
from polyrelu.arithmetic.lp import Status, maximise
from polyrelu.engines.cells import measured as repeated
from polyrelu.engines.cells.extents import boxes_in_x
from polyrelu.engines.cells.measured import measured
from polyrelu.engines.cells.run import Run
from polyrelu.errors import FloatModeWarning
from polyrelu.tilings.tile_source import Extents
from tests.float_modes import MODES, everywhere, float_mode
from tests.mutants import mutated
from tests.strategies import questions, wide_floats

ABSOLUTE = pr.Network([([[1], [-1]], [0, 0]), ([[1, 1]], [0])])  # |x0|
CROSS = pr.Network([([[1, 0], [-1, 0], [0, 1], [0, -1]], [0] * 4), ([[1, 1, -1, -1]], [0])])  # |x0| - |x1|
SQUARE = pr.Polyhedron.box([-1, -1], [1, 1])
engines = pytest.mark.parametrize("engine", ["cells", "unrelu"])


def random_network(*widths, seed=0):
    rng = np.random.default_rng(seed)
    layers = [(rng.normal(0, np.sqrt(2 / a), (b, a)), rng.normal(0, 0.5, b)) for a, b in itertools.pairwise(widths)]
    return pr.Network(layers, relu=[True] * len(layers))


MANY = random_network(2, 64)
SIGNED = pr.Network([*MANY.layers, ([[1, -1] * 32], [0])])


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


# -- volumes ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ["cells", "branch", "unrelu"])
@settings(max_examples=30)
@given(question=questions())
def test_volumes_and_boxes_of_bounded_tilings(engine, question):
    network, target, domain = question
    box = cube(network.input_dim)
    tiling = pr.preimage(network, target, box if domain is None else domain & box, engine)
    exact = tiling.volume(exact=True)
    assert exact == sum(tile.polyhedron.volume() for tile in tiling)
    assert exact in tiling.volume()
    assert tiling.volume().width <= 1e-9 * float(box.volume())
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
    """Of every tile of full dimension, in every kind of domain."""
    network, target, domain = question
    for _, columns in pr.preimage(network, target, domain, "cells").parts:
        sizes = measured(columns)
        for i in range(len(columns)):
            polyhedron = columns.polyhedron(i)
            if not np.isnan(sizes.volume_low[i]):
                inside = polyhedron.affine_preimage(columns.chart.basis, columns.chart.origin, columns.chart.dim)
                assert sizes.volume_low[i] <= inside.volume() <= sizes.volume_high[i]
            if not np.isnan(sizes.box_low[i]).any():
                low, high = exact_box(polyhedron)
                assert all(a <= b for a, b in zip(sizes.box_low[i], low, strict=True))
                assert all(a >= b for a, b in zip(sizes.box_high[i], high, strict=True))


@pytest.mark.parametrize(("widths", "relative"), [((1, 8), 1e-13), ((2, 16, 16), 1e-10), ((3, 8, 8), 1e-10)])
def test_the_regions_of_a_box_fill_it(widths, relative):
    dim = widths[0]
    tiling = pr.linear_regions(random_network(*widths), cube(dim, 6))
    (columns,) = (source for _, source in tiling.parts)
    assert not np.isnan(measured(columns).volume_low).any()
    assert 12**dim in tiling.volume()
    assert tiling.volume().width < relative * 12**dim
    assert 1 in tiling.share()
    assert [end.tolist() for end in tiling.bounding_box()] == [[-6] * dim, [6] * dim]


@pytest.mark.parametrize("widths", [(1, 8, 1), (2, 8, 8, 1), (3, 6, 6, 1), (4, 5, 4, 1)])
@pytest.mark.parametrize("seed", range(3))
def test_tiles_with_vertices_on_many_facets_are_measured_from_their_rows(widths, seed, monkeypatch):
    """Small integers, without biases too; nothing runs again, and exact numbers are asked for few tiles."""
    rng = np.random.default_rng(seed)
    pairs = itertools.pairwise(widths)
    layers = [(rng.integers(-1, 2, (b, a)).tolist(), (rng.integers(-1, 2, b) * (seed % 2)).tolist()) for a, b in pairs]
    tiling = pr.preimage(pr.Network(layers), "y0 >= 0", cube(widths[0], 1), "cells")
    monkeypatch.setattr(Run, "advance", None)
    for _, columns in tiling.parts:
        sizes, full = measured(columns), np.flatnonzero(columns.dims(np.arange(len(columns))) == widths[0])
        assert 10 * np.count_nonzero(np.isnan(sizes.volume_low[full])) <= len(full)
        for i in full[:: 1 + len(full) // 12].tolist():
            if not np.isnan(sizes.volume_low[i]):
                low, high = (Fraction(end[i]) for end in (sizes.volume_low, sizes.volume_high))
                assert low <= columns.polyhedron(i).volume() <= high <= low + Fraction(1, 10**7)


def test_tiles_of_branches_are_measured_from_their_rows(monkeypatch):
    """Also where an input is constant; no canonical rows are looked for."""
    network = random_network(4, 6, 6)
    for domain in (cube(4), cube(4) & pr.Polyhedron([[0, 1, 0, 0]], ["1/3"], equalities=[0])):
        found, others = (pr.linear_regions(network, domain, method) for method in ("branch", "cells"))
        with monkeypatch.context() as patch:
            patch.setattr(pr.Polyhedron, "volume", None)
            low, high = tile_volumes(found, None)
        assert len(found) > 10
        assert (low > 0).all()
        for i, (below, above) in enumerate(zip(*tile_volumes(others, pr.Polyhedron.volume), strict=True)):
            same = found.patterns.index(others[i].pattern)
            assert low[same] <= above
            assert below <= high[same]
            assert high[same] - low[same] < 1e-9


def test_flat_tiles_of_branches_have_no_volume():
    twins = pr.Network([([[1, 0], [-1, 0], [0, 1]], [0] * 3)])
    flat = pr.preimage(twins, "y0 == y1", cube(2), "branch")
    assert [tile.dim for tile in flat] == [1]
    assert flat.volume() == Enclosure(0, 0)
    both = pr.preimage(twins, ["y0 == y1", "y0 >= 1"], cube(2), "branch")
    assert both.volume(exact=True) == 4
    assert 4 in both.volume()


def test_boxes_on_a_slanted_domain_are_tight():
    domain = cube(3) & pr.Polyhedron([[1, 1, 1]], [0], equalities=[0])
    tiling = pr.linear_regions(pr.Network([([[1, 0, 0]], [0])], relu=[True]), domain)
    assert [end.tolist() for end in tiling[:1].bounding_box()] == [[-2, -2, -2], [0, 2, 2]]


def test_zones_share_what_is_known_and_add_up(monkeypatch):
    network = random_network(2, 8, 4, seed=4)
    tiling = pr.preimage(network, pr.parse("y0 >= y1 and y0 <= y1 + 1/2", dim=4), cube(2, 6))
    assert len(tiling.zones()) == 3
    whole = tiling.volume()
    monkeypatch.setattr(repeated, "measured", None)  # not once more
    zones = [zone.volume() for zone in tiling.zones()]
    assert math.fsum(v.low for v in zones) <= whole.high
    assert math.fsum(v.high for v in zones) >= whole.low
    exact = [zone.volume(exact=True) for zone in tiling.zones()]
    assert all(e in v for e, v in zip(exact, zones, strict=True))
    assert sum(exact) in whole
    assert sum(exact) == tiling.volume(exact=True)


def test_few_tiles_of_many_are_measured_exactly(monkeypatch):
    tiling = pr.linear_regions(MANY, cube(2))
    assert len(tiling) > 1000
    monkeypatch.setattr(repeated, "measured", None)
    assert tiling[7].polyhedron.volume() in tiling[7:8].volume()
    assert tiling[7:8].volume().width <= 4 * math.ulp(tiling[7:8].volume().high)


def bits_of(answer):
    """An answer, floats by their bits."""
    if isinstance(answer, Enclosure):
        return struct.pack("<dd", answer.low, answer.high)
    return list(map(bits_of, answer)) if isinstance(answer, (tuple, list)) else np.asarray(answer).tobytes()


ORDER_QUESTIONS = {
    "volume": lambda tiling: tiling.volume(),
    "share": lambda tiling: tiling.share(),
    "part": lambda tiling: tiling.share(pr.Polyhedron.box([0, 0], ["1/8", "1/8"])),
    "box": lambda tiling: tiling.bounding_box(),
    "sample": lambda tiling: tiling.sample_points(5, seed=0),
    "one tile": lambda tiling: [tiling[3:4].volume(), tiling[3:4].share(), tiling[3:4].bounding_box()],
    "tiles": lambda tiling: [tiling[i : i + 1].volume() for i in range(0, len(tiling), len(tiling) // 6)],
    "half": lambda tiling: [tiling[::2].volume(), tiling[::2].bounding_box()],
    "zones": lambda tiling: [(zone.volume(), zone.bounding_box(), len(zone)) for zone in tiling.zones(sort="volume")],
}


@pytest.mark.parametrize("certified", [True, False])
def test_answers_do_not_depend_on_what_was_asked_before(certified, monkeypatch):
    """To the bit: in any order, twice, and of a copy that remembers nothing; also where sizes are missing."""

    def with_holes(columns):
        sizes = measured(columns)
        arrays = [array.copy() for array in vars(sizes).values()]
        for array in arrays:
            array[:: len(array) // 8] = np.nan
        return Extents(*arrays)

    def fresh():
        if certified:
            return pr.linear_regions(MANY, cube(2))
        return pr.preimage(SIGNED, [pr.parse("y0 <= 0", dim=1), pr.parse("y0 > 2", dim=1)], cube(2))

    if not certified:
        monkeypatch.setattr(repeated, "measured", with_holes)
    assert len(fresh()) > 1000
    expected = {name: bits_of(ask(fresh())) for name, ask in ORDER_QUESTIONS.items()}
    for seed in range(2):
        tiling = fresh()
        order = [*np.random.default_rng(seed).permutation([*ORDER_QUESTIONS] * 2).tolist()]
        for name in order:
            assert bits_of(ORDER_QUESTIONS[name](tiling)) == expected[name], (name, order)
        again = pickle.loads(pickle.dumps(tiling))
        assert all(bits_of(ORDER_QUESTIONS[name](again)) == expected[name] for name in order[:3])


def test_zones_are_measured_together(monkeypatch):
    """Not one by one and exactly, be they ever so small."""
    zones = list(pr.linear_regions(MANY, cube(2)).divide([[0], [1, 2]]))
    calls = []
    monkeypatch.setattr(repeated, "measured", lambda columns: calls.append(columns) or measured(columns))
    assert [zone.volume().width > 0 for zone in zones] == [True, True]
    assert len(calls) == 1
    zones[0][:1].volume()
    zones[0].volume()
    assert len(calls) == 1


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
    assert not np.isnan(measured(columns).volume_low).any()
    assert polygon.volume() in tiling.volume()


def test_large_numbers_are_measured_like_others():
    network = pr.Network([([[2**400], [-(2**400)]], [0, 0]), ([[1, 1]], [0])])
    tiling = pr.preimage(network, pr.parse(f"y0 <= {2**399}", dim=1), pr.Polyhedron.box([-1], [1]))
    assert 1 in tiling.volume()
    assert tiling.volume().width < 1e-13


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


# -- every magnitude ----------------------------------------------------------------------------------------------

QUADRANTS = pr.Network([([[1, 0], [0, 1]], [0, 0])], relu=[True])
SIDES = [10**160, Fraction(1, 10**170), 10**400, Fraction(1, 10**400), 2**1023, Fraction(1, 2**1074)]


@engines
@pytest.mark.parametrize("side", SIDES, ids=[f"{Decimal(s.numerator) / s.denominator:.0e}" for s in SIDES])
def test_boxes_beyond_and_below_the_floats(side, engine):
    """Enclosures are honest; shares, which have no scale, are as sharp as ever."""
    box = pr.Polyhedron.box([-side, -side], [side, 2 * side])
    tiling = pr.linear_regions(QUADRANTS, box, engine)
    exact = 6 * Fraction(side) ** 2
    assert tiling.volume(exact=True) == exact
    assert exact in tiling.volume()
    assert tiling.volume().width >= 0
    for part, share in ((tiling, Fraction(1)), (tiling[0:1], Fraction(1, 6)), (tiling[1:2], Fraction(1, 3))):
        assert share in part.share()
        assert part.share().width < 1e-15
        assert share == part.share(exact=True)
    half = pr.Polyhedron.box([0, -side], [side, 2 * side])
    assert tiling[0:1].share(half) == Enclosure(0.0, 0.0)
    assert Fraction(1, 3) in tiling[2:3].share(half)
    assert tiling[2:3].share(half).width < 1e-15
    low, high = tiling.bounding_box()
    assert tiling.bounding_box(exact=True) == ((-side, -side), (side, 2 * side))
    assert all(enclosed(Fraction(v))[0] == a for v, a in zip((-side, -side), low, strict=True))
    assert all(enclosed(Fraction(v))[1] == a for v, a in zip((side, 2 * side), high, strict=True))


def test_the_volume_of_a_large_box():
    tiling = pr.linear_regions(QUADRANTS, pr.Polyhedron.box([-(10**160)] * 2, [10**160] * 2))
    assert tiling.volume() == Enclosure(sys.float_info.max, math.inf)
    assert tiling.volume().mid == tiling.volume().width == math.inf


def test_sums_of_enclosures_are_rounded_outwards():
    """The nearest floats of a sum would not enclose it."""
    parts = np.array([1.0, 2.0**-60])
    exact = sum(map(Fraction, parts.tolist()), Fraction(0))
    assert exact in _total(parts, parts)
    for old, new in (
        ("max(math.nextafter(least, -math.inf), 0.0)", "least"),
        ("math.nextafter(most, math.inf) if most else 0.0", "most"),
    ):
        for numbers in (parts, np.array([1.0, 3 * 2.0**-54])):
            spoilt = mutated(_total, old, new)(numbers, numbers)
            if sum(map(Fraction, numbers.tolist()), Fraction(0)) not in spoilt:
                break
        else:
            pytest.fail(f"{new} for {old} makes no difference")


@given(st.lists(st.one_of(wide_floats, st.just(sys.float_info.max)).map(abs), max_size=5))
def test_sums_of_all_magnitudes(values):
    exact = sum(map(Fraction, values), Fraction(0))
    numbers = np.array(values)
    assert exact in _total(numbers, numbers)
    assert enclosed(exact) == _exact_sum(numbers)


def test_sums_that_overflow_on_their_way_or_at_their_end():
    most = sys.float_info.max
    assert _total(np.array([most, most]), np.array([most, math.inf])) == Enclosure(most, math.inf)
    assert _total(np.array([most]), np.array([most])).low == math.nextafter(most, 0)


@settings(max_examples=50)
@given(st.lists(wide_floats.filter(bool), min_size=2, max_size=2), st.lists(wide_floats, min_size=2, max_size=2))
def test_tilings_of_boxes_of_all_magnitudes(sizes, cuts):
    """The plane is cut at a point of the box, or far from it; what floats say is held against exact numbers."""
    low, high = [-abs(v) for v in sizes], [abs(v) / 3 or abs(v) for v in sizes]
    network = pr.Network([([[1, 0], [0, 1]], [-v for v in cuts])], relu=[True])
    tiling = pr.linear_regions(network, pr.Polyhedron.box(low, high))
    assert tiling.volume(exact=True) in tiling.volume()
    assert 1 in tiling.share()
    for i in range(len(tiling)):
        part = tiling[i : i + 1]
        assert part.volume(exact=True) in part.volume()
        assert part.share(exact=True) in part.share()
        box, exact = part.bounding_box(), part.bounding_box(exact=True)
        assert all(Fraction(a) <= b for a, b in zip(box[0].tolist(), exact[0], strict=True))
        assert all(b <= Fraction(a) for a, b in zip(box[1].tolist(), exact[1], strict=True))
    xs = np.array([low, high, cuts, [low[0], high[1]], [math.nextafter(v, math.inf) for v in cuts]])
    where = [tiling.locate([Fraction(v) for v in x]) for x in xs.tolist()]
    assert tiling.locate(xs).tolist() == where


def test_boxes_of_charts_at_the_end_of_the_floats():
    """A flat domain whose coordinates are large multiples of its own; what overflows becomes infinite, not NaN."""
    flat = pr.Polyhedron.box([-2, -(10**400)], [2, 10**400]) & pr.Polyhedron([[10**320, -1]], [0], equalities=[0])
    tiling = pr.linear_regions(QUADRANTS, flat)
    low, high = tiling.bounding_box()
    exact = tiling.bounding_box(exact=True)
    assert not np.isnan([low, high]).any()
    assert all(a <= b for a, b in zip(low.tolist(), exact[0], strict=True))
    assert all(b <= a for a, b in zip(high.tolist(), exact[1], strict=True))
    chart = tiling.parts[0][1].chart
    ends = np.array([[np.nan], [-np.inf], [1e300]]), np.array([[np.nan], [5.0], [1.7e308]])
    below, above = boxes_in_x(chart, *ends)
    assert np.isnan([below[0], above[0]]).all()
    assert not np.isnan([below[1:], above[1:]]).any()


# -- other modes --------------------------------------------------------------------------------------------------


@everywhere
@pytest.mark.parametrize("mode", MODES)
def test_sizes_where_floats_are_not_sound(mode, run, monkeypatch):
    """Nothing is certified by floats, so everything comes from exact numbers, rounded outwards by integers."""
    calls = []
    monkeypatch.setattr(repeated, "measured", lambda columns: calls.append(columns) or measured(columns))
    third = Fraction(1, 3)
    tiny = Fraction(1, 2**1074)
    shapes = [
        (third, Fraction(2, 3) * third),
        (tiny, 2 * third * 2 * third),
        (10**160, 1),
    ]
    for side, _ in shapes:
        tiling = pr.linear_regions(QUADRANTS, pr.Polyhedron.box([-side, -third], [side, 2 * third]), "unrelu")
        fresh = pr.linear_regions(QUADRANTS, pr.Polyhedron.box([-side, -third], [side, 2 * third]), "cells")
        known = pr.linear_regions(QUADRANTS, pr.Polyhedron.box([-side, -third], [side, 2 * third]), "cells")
        known.volume()
        assert calls.pop() is known.parts[0][1]
        exact, corners = tiling.volume(exact=True), tiling.bounding_box(exact=True)

        def work(kinds=(tiling, fresh, known)):
            found = []
            with float_mode(mode), warnings.catch_warnings():
                warnings.simplefilter("ignore", FloatModeWarning)
                for kind in kinds:
                    found.append((kind.volume(), kind.share(), kind[0:1].share(), kind.bounding_box()))
            return found

        answers = run(work)
        assert not calls
        assert bits_of(answers[1]) == bits_of(answers[2])
        for volume, share, part, box in answers:
            assert exact in volume
            assert 1 in share
            assert share.width < 1e-12
            assert Fraction(1, 6) in part
            assert all(Fraction(a) <= b for a, b in zip(box[0].tolist(), corners[0], strict=True))
            assert all(b <= Fraction(a) for a, b in zip(box[1].tolist(), corners[1], strict=True))


@pytest.mark.parametrize("mode", MODES)
@given(
    value=st.one_of(st.fractions(), wide_floats.map(Fraction), st.builds(Fraction, st.integers(), st.just(3 << 1074)))
)
@settings(max_examples=40)
def test_rounding_outwards_in_every_mode(mode, value):
    expected = enclosed(value)
    with float_mode(mode):
        low, high = enclosed(value)
        contained = value in Enclosure(low, high)
        ends = struct.pack("<dd", low, high)
    assert ends == struct.pack("<dd", *expected)
    assert contained


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


def test_what_is_known_of_sizes_cannot_be_written_to():
    tiling = pr.linear_regions(random_network(2, 6), cube(2))
    before = tiling.volume()
    known = measured(tiling.parts[0][1])
    for array in (known.volume_low, known.volume_high, known.box_low, known.box_high):
        with pytest.raises(ValueError, match="read-only"):
            array[:] = 7
    assert tiling.volume() == before


def test_enclosures():
    half = Enclosure(0.25, 0.75)
    assert (half.mid, float(half)) == (0.5, 0.5)
    assert half.width >= 0.5
    assert Enclosure(1.0, 1.0).width == 0
    assert Fraction(1, 3) in half
    assert 0.25 in half
    assert 1 not in half
    assert not half.__contains__(math.nan)
    assert math.inf in Enclosure(1.0, math.inf)
    assert 10**400 in Enclosure(1.0, math.inf)
    assert Enclosure(0.0, 5e-324).width == 5e-324
