import itertools
import time
from fractions import Fraction
from math import comb, factorial
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import polyrelu as pr
from polyrelu.engines.cells import engine as engine_module
from polyrelu.engines.cells import run as run_module
from polyrelu.engines.cells import runner as runner_module
from polyrelu.engines.cells.kernel import SHARE, STOP, UNDECIDED
from polyrelu.networks.activation_pattern import PartialSigns, SignVector
from polyrelu.tilings.columns import Columns
from tests.engines.cells.plain_kernel import run_uncompiled


def random_network(widths, seed=0):
    rng = np.random.default_rng(seed)
    layers = [(rng.normal(0, np.sqrt(2 / a), (b, a)), rng.normal(0, 0.5, b)) for a, b in itertools.pairwise(widths)]
    return pr.Network(layers, relu=[True] * len(layers))


def box(dim, radius=6):
    return pr.Polyhedron.box([-radius] * dim, [radius] * dim)


def one_layer(normals, offsets=None):
    return pr.Network([pr.Layer(normals, offsets or [0] * len(normals), relu=True)])


@pytest.mark.parametrize("widths", [[1, 9, 9], [2, 10, 10], [3, 7, 7], [4, 6, 4], [5, 6, 3], [2, 8, 12, 12]])
@pytest.mark.parametrize("seed", [0, 1])
def test_kernel_and_twin_agree_cell_by_cell(widths, seed):
    network = random_network(widths, seed)
    fast = pr.linear_regions(network, box(widths[0]), "cells")
    exact = pr.linear_regions(network, box(widths[0]), "twin")
    assert fast.patterns == exact.patterns
    assert fast.stats["handed_over"] == fast.stats["signs_by_rational"] == 0
    assert fast.stats["cuts"] == exact.stats["cuts"] == len(fast) - 1
    for a, b in zip(fast, exact, strict=True):
        assert a.polyhedron.halfspaces == b.polyhedron.halfspaces
        assert all(row.slack(a.inner_point()) > 0 for row in a.polyhedron.halfspaces)


@pytest.mark.parametrize(
    ("widths", "cells"), [([2, 64, 64], 6795), ([3, 32, 32], 41142), ([4, 16, 16], 26329), ([5, 12, 12], 38046)]
)
def test_counts_measured_independently(widths, cells):
    assert len(pr.linear_regions(random_network(widths), box(widths[0]))) == cells


@settings(max_examples=50)
@given(st.integers(0, 2**32), st.sampled_from([[2, 5, 5], [3, 4, 4], [2, 4, 3, 3]]))
def test_tiles_fill_the_box_exactly(seed, widths):
    regions = pr.linear_regions(random_network(widths, seed), box(widths[0], 2))
    assert sum(tile.polyhedron.volume() for tile in regions) == 4 ** widths[0]


def planar_euler_characteristic(tiling):
    """Vertices minus edges plus faces of a planar subdivision, with edges cut at all vertices on them."""
    corners = sorted({v for tile in tiling for v in tile.polyhedron.vertices})
    edges = set()
    for tile in tiling:
        for row in tile.polyhedron.halfspaces:
            on = [v for v in corners if row.slack(v) == 0 and tile.contains(v)]
            edges |= set(itertools.pairwise(on))
    return len(corners) - len(edges) + len(tiling)


@pytest.mark.parametrize("seed", range(3))
def test_euler_characteristic_of_a_box_is_one(seed):
    assert planar_euler_characteristic(pr.linear_regions(random_network([2, 7, 7], seed), box(2))) == 1


@settings(max_examples=50)
@given(st.integers(1, 3), st.integers(0, 2**32))
def test_the_answer_does_not_depend_on_the_number_of_workers(workers, seed):
    network = random_network([2, 9, 6], seed)
    target = pr.parse("y0 > 0.3 and y1 <= y2", dim=6)
    one, many = (pr.preimage(network, target, box(2), "cells", workers=w) for w in (1, workers))
    assert one.patterns == many.patterns
    assert one.stats["cells"] == many.stats["cells"]
    for a, b in zip(one, many, strict=True):
        assert a.polyhedron == b.polyhedron


@pytest.mark.parametrize("sides", [64, 65, 130])
def test_cells_with_more_facets_than_a_word_has_bits(sides):
    """Rational points on a circle: their tangents bound one cell, and it has all of them as facets."""
    angles = [Fraction(k, sides) * 2 - 1 for k in range(sides)]
    tangents = [[(1 - t * t) / (1 + t * t), 2 * t / (1 + t * t)] for t in angles]
    network = one_layer(tangents, [-1] * sides)
    tiling = pr.preimage(network, pr.Polyhedron(np.eye(sides, dtype=int), [0] * sides), box(2, 8), "cells")
    assert len(tiling) == 1
    own = pr.Polyhedron(tangents, [1] * sides)
    assert tiling[0].polyhedron == own & box(2, 8)
    regions = pr.linear_regions(network, box(2, 8), "cells")
    assert np.diff(columns_of(regions).starts).max() >= sides


def whole_space_count(normals, offsets=None):
    return len(pr.linear_regions(one_layer(normals, offsets), method="cells"))


@pytest.mark.parametrize("n", [2, 3, 4])
def test_arrangements_with_known_counts_over_the_whole_space(n):
    braid = [[(k == i) - (k == j) for k in range(n)] for i, j in itertools.combinations(range(n), 2)]
    braid = [[int(v) for v in row] for row in braid]
    assert whole_space_count(braid) == factorial(n)
    sums = [[int(k in pair) for k in range(n)] for pair in itertools.combinations(range(n), 2)]
    assert whole_space_count([*np.eye(n, dtype=int).tolist(), *braid, *sums]) == 2**n * factorial(n)
    assert whole_space_count(braid * 2, [0] * len(braid) + [-1] * len(braid)) == (n + 1) ** (n - 1)
    catalan = [0] * len(braid) + [-1] * len(braid) + [1] * len(braid)
    assert whole_space_count(braid * 3, catalan) == factorial(n) * comb(2 * n, n) // (n + 1)


@pytest.mark.parametrize(("n", "expected"), [(1, 2), (2, 6), (3, 32), (4, 370), (5, 11292)])
def test_resonance_arrangement(n, expected):
    assert whole_space_count([v for v in itertools.product((0, 1), repeat=n) if any(v)]) == expected


@pytest.mark.parametrize(("n", "d"), [(8, 1), (12, 2), (9, 3), (8, 4), (7, 5)])
def test_generic_hyperplanes_over_the_whole_space(n, d):
    rows = np.random.default_rng(n).normal(size=(n, d + 1))
    assert whole_space_count(rows[:, :d].tolist(), rows[:, d].tolist()) == sum(comb(n, i) for i in range(d + 1))


@pytest.mark.parametrize("widths", [(2, 16, 8), (3, 9, 9), (4, 8)])
def test_the_whole_space_starts_from_simplicial_cones_and_not_from_a_layer_cut_exactly(widths):
    """The first d neurons are independent: 2^d - 1 cuts are exact, of cells with up to d rays or lines and a vertex."""
    network = random_network(widths)
    cells, twin = (pr.linear_regions(network, method=method) for method in ("cells", "twin"))
    d = widths[0]
    assert 0 < cells.stats["signs_by_rational"] <= (2**d - 1) * (d + 1)
    assert cells.stats["cuts"] == len(cells) - 1
    assert [(t.pattern, t.polyhedron) for t in cells] == [(t.pattern, t.polyhedron) for t in twin]


def test_lineality_is_reported_and_unbounded_tiles_are_exact():
    network = pr.Network([([[1, -1, 0], [1, -1, 0]], [0, 1])])
    tiling = pr.linear_regions(network, method="cells")
    assert tiling.stats["lineality"] == 3  # without a ReLU all of space is one tile
    network = pr.Network([([[1, -1, 0], [1, -1, 0]], [0, 1])], relu=[True])
    tiling = pr.linear_regions(network, method="cells")
    assert tiling.stats["lineality"] == 2
    net = pr.Network([([[1, -1, 0], [2, -2, 0]], [0, 1]), ([[1, 1]], [0])])
    tiling = pr.linear_regions(net, method="cells")
    assert (len(tiling), tiling.stats["lineality"]) == (3, 2)
    assert all(len(tile.polyhedron.lines) == 2 for tile in tiling)


def columns_of(tiling):
    ((_, columns),) = tiling.parts
    assert isinstance(columns, Columns)
    return columns


def test_too_many_dimensions_are_refused_with_an_estimate():
    network = random_network([9, 12, 2])
    with pytest.raises(pr.BudgetExceeded, match=r"9 dimensions .* more than max_dim=7.*up to 16068 cells.*max_dim=9"):
        pr.linear_regions(network, box(9), "cells", max_dim=7)
    assert len(pr.linear_regions(random_network([8, 2]), box(8), max_dim=8)) == 4
    constant = pr.Polyhedron.box([0] * 7 + [-1, -1], [0] * 7 + [1, 1])
    assert len(pr.linear_regions(network, constant)) > 1


def test_subtrees_that_cannot_reach_the_target_are_pruned_and_counted():
    network = random_network([2, 16, 16, 3])
    target = pr.parse("y0 > 9", dim=3)
    tiling = pr.preimage(network, target, box(2), "cells")
    assert 0 < tiling.stats["pruned"] <= tiling.stats["discarded"]
    exact = pr.preimage(network, target, box(2), "twin")
    assert exact.patterns == tiling.patterns
    assert tiling.stats["cuts"] < exact.stats["cuts"]


def test_a_domain_may_have_redundant_rows_and_points():
    network = random_network([2, 8, 4])
    square = pr.Polyhedron([[1, 0], [-1, 0], [0, 1], [0, -1]], [2, 2, 2, 2])
    redundant = pr.Polyhedron([*square.A.tolist(), [1, 1], [2, 0], [1, 0], [-1, 2]], [*square.b.tolist(), 4, 4, 9, 7])
    points = pr.Polyhedron.from_generators([[2, 2], [2, -2], [-2, 2], [-2, -2], [0, 0], [2, 0], [1, 1]])
    expected = [tile.polyhedron for tile in pr.linear_regions(network, square, "cells")]
    for same in (redundant, points):
        assert [tile.polyhedron for tile in pr.linear_regions(network, same, "cells")] == expected


def test_floats_locate_what_exact_points_locate():
    network = random_network([2, 12, 8])
    tiling = pr.preimage(network, pr.parse("y0 > y1", dim=8), box(2), "cells")
    points = np.random.default_rng(0).uniform(-7, 7, (300, 2))
    vertices = [[float(x) for x in v] for tile in tiling[:20] for v in tile.polyhedron.vertices]
    points = np.concatenate([points, np.array(vertices)])
    expected = [tiling.locate([Fraction(v) for v in point]) for point in points.tolist()]
    assert tiling.locate(points).tolist() == expected
    part = tiling[3:9]
    assert part.locate(points).tolist() == [part.locate([Fraction(v) for v in p]) for p in points.tolist()]


def test_an_interrupted_run_stops_its_threads(monkeypatch):
    begun: list[Any] = []
    stopped: list[int] = []
    pr.linear_regions(random_network([2, 3]), box(2), "cells")  # compiles, or loads what was compiled

    def interrupted(*_arguments):
        while not begun:
            time.sleep(0.001)
        raise KeyboardInterrupt

    original = run_module.Run.split

    def watched(run, *arguments, **options):
        begun.append(run)
        while not run.counters[STOP]:
            time.sleep(0.001)  # the kernel begins after Ctrl-C, and ends at once
        left = original(run, *arguments, **options)
        stopped.append(len(run.found.packed))
        return left

    monkeypatch.setattr(runner_module, "wait", interrupted)
    monkeypatch.setattr(runner_module, "_ALONE", 0)
    monkeypatch.setattr(run_module.Run, "split", watched)
    with pytest.raises(pr.Interrupted, match=r"\.partial") as caught:
        pr.linear_regions(random_network([5, 16, 16]), box(5), "cells", workers=2)
    assert stopped == [0] * len(stopped)
    assert 1 <= len(stopped) <= 2
    assert not caught.value.partial.complete


@pytest.mark.parametrize("workers", [1, 2, 3])
@pytest.mark.parametrize("target", [None, "y0 > y1"])
@pytest.mark.parametrize("domain", [box(3), None])
def test_cells_that_are_given_away_are_split_by_others(monkeypatch, workers, target, domain):
    network = random_network([3, 9, 9])

    def answer():
        if target is None:
            return pr.linear_regions(network, domain, "cells", workers=workers)
        return pr.preimage(network, pr.parse(target, dim=9), domain, "cells", workers=workers)

    alone = answer()
    board, give, given = runner_module._Board, runner_module._Board._give, []

    def always_asked(board, run):
        run.counters[SHARE] = 1

    def counted(board, run, cells):
        given.append(len(cells.depth))
        give(board, run, cells)

    monkeypatch.setattr(runner_module, "_ALONE", 0)
    monkeypatch.setattr(board, "_note", always_asked)
    monkeypatch.setattr(board, "_give", counted)
    shared = answer()
    assert set(given) == {1}
    assert len(given) > len(alone) // 2
    assert shared.patterns == alone.patterns
    assert [tile.polyhedron for tile in shared[:50]] == [tile.polyhedron for tile in alone[:50]]
    assert {n: shared.stats[n] for n in ("cuts", "discarded")} == {n: alone.stats[n] for n in ("cuts", "discarded")}


def test_a_worker_with_nothing_to_do_asks_for_cells(monkeypatch):
    network = random_network([5, 16, 16])
    pr.linear_regions(random_network([2, 3]), box(2), "cells")  # compiles, or loads what was compiled
    split, workers = run_module.Run.split, []

    def counted(run, *arguments, **options):
        workers.append(run)
        return split(run, *arguments, **options)

    monkeypatch.setattr(run_module.Run, "split", counted)
    shared = pr.linear_regions(network, box(5), "cells", workers=2)
    assert len(set(workers)) == 2
    assert len(workers) < 1000
    assert shared.stats["cuts"] == len(shared) - 1 == 125488


def test_an_error_in_one_thread_stops_the_others(monkeypatch):
    split = run_module.Run.split

    def failing(run, cells, *arguments, **options):
        if cells.depth[0] or len(cells.depth) > 1 or (cells.signs != UNDECIDED).any():
            raise MemoryError("no room")
        return split(run, cells, *arguments, **options)

    monkeypatch.setattr(run_module.Run, "split", failing)
    with pytest.raises(MemoryError, match="no room"):
        pr.linear_regions(random_network([5, 16, 16]), box(5), "cells", workers=2)


@pytest.mark.parametrize("workers", [1, 2])
def test_arrays_that_are_too_short_grow(monkeypatch, workers):
    rng = np.random.default_rng(3)
    base = rng.integers(-9, 10, (3, 3)) / 10
    rows = np.concatenate([base, base * 3, base * 7, base.sum(axis=0, keepdims=True)])
    with_doubts = pr.Network([(rows[:, :2], rows[:, 2]), (rng.integers(-9, 10, (9, 10)) / 10, np.ones(9))])

    def answers():
        for network in (random_network([3, 12, 12]), with_doubts):
            regions = pr.linear_regions(network, box(network.input_dim), "cells", workers=workers)
            yield regions.patterns, [tile.polyhedron for tile in regions[:50]], regions.volume()
        touched = pr.preimage(with_doubts, pr.parse("y0 == 1", dim=9), box(2), "cells", workers=workers)
        assert regions.stats["signs_by_rational"] >= 3
        assert touched.stats["handed_over"] >= 3
        yield touched.patterns, [tile.polyhedron for tile in touched], None

    expected = list(answers())
    monkeypatch.setattr(run_module, "_ROOM", 1)
    monkeypatch.setattr(run_module, "_FEW", 1)
    assert list(answers()) == expected


@pytest.mark.parametrize("workers", [1, 2])
def test_tiles_do_not_keep_the_memory_of_their_run(workers):
    regions = pr.linear_regions(random_network([2, 6]), box(2), "cells", workers=workers)
    columns = columns_of(regions)
    for array in (columns.packed, columns.starts, columns.facets, columns.points):
        owner = array if array.base is None else array.base
        assert owner.nbytes == array.nbytes


@given(st.data(), st.lists(st.integers(1, 9), min_size=1, max_size=3))
def test_patterns_are_found_by_what_is_known_of_them(data, widths):
    bits = st.tuples(*[st.tuples(*[st.booleans()] * n) for n in widths])
    partial = st.tuples(*[st.tuples(*[st.integers(-1, 1)] * n) for n in widths])
    kept, patterns = engine_module._ByPattern(sum(widths)), list[Any]()
    for known, added in data.draw(st.lists(st.tuples(partial, bits), max_size=9)):
        wanted = [sign for layer in known for sign in layer]
        found = [
            i
            for i, flat in enumerate(patterns)
            if all(not sign or (sign > 0) == on for sign, on in zip(wanted, flat, strict=True))
        ]
        assert kept.agreeing(PartialSigns(known)) == found
        kept.add(SignVector(added))
        patterns.append([on for layer in added for on in layer])


def test_an_interrupted_run_keeps_flat_tiles_that_it_has_not_compared(monkeypatch):
    # three copies of a neuron, so that many patterns touch the same points
    network = pr.Network([([[1, 0], [1, 0], [0, 1]], [0, 0, 0]), ([[1, 1, 1]], [0])])
    target = pr.parse("y0 == 0", dim=1)
    whole = pr.preimage(network, target, box(2), "twin")
    monkeypatch.setattr(engine_module, "_SECONDS_TO_COLLECT", 1e-9)
    calls = itertools.count()
    with pytest.raises(pr.Interrupted) as stopped:
        pr.preimage(network, target, box(2), "twin", until=lambda found: found >= 1 and next(calls) >= 1)
    partial = stopped.value.partial
    assert len(partial) >= 1
    assert all(whole.contains(tile.point()) for tile in partial)


def test_an_interrupted_run_keeps_what_was_found(monkeypatch):
    network = random_network([5, 16, 16])
    pr.linear_regions(random_network([2, 3]), box(2), "cells")  # compiles, or loads what was compiled

    def interrupted(*_arguments):
        time.sleep(0.05)
        raise KeyboardInterrupt

    monkeypatch.setattr(runner_module, "wait", interrupted)
    monkeypatch.setattr(runner_module, "_ALONE", 0)
    with pytest.raises(pr.Interrupted, match="tiles; they are in") as caught:
        pr.linear_regions(network, box(5), "cells")
    monkeypatch.undo()
    partial = caught.value.partial
    assert 0 < len(partial) < 125489
    assert set(partial[:50].patterns) <= set(pr.linear_regions(network, box(5)).patterns)


COMPARE = """
import sys, types, pathlib
import polyrelu.engines.cells.engine
source = pathlib.Path(polyrelu.engines.cells.__file__).with_name("kernel.py").read_text()
for old, new in {changes!r}.items():
    assert source.count(old) == 1, old
    source = source.replace(old, new)
module = sys.modules["polyrelu.engines.cells.kernel"]
exec(compile(source, "kernel.py", "exec"), module.__dict__)
import polyrelu as pr
import numpy as np
box = pr.Polyhedron.box([-6, -6], [6, 6])
same, by_rational = True, 0
for seed in range(10):
    rng = np.random.default_rng(seed)
    base = rng.integers(-9, 10, (3, 3)) / 10
    rows = np.concatenate([base, base * 3, base * 7, base.sum(axis=0, keepdims=True)])
    mixed = rng.integers(-9, 10, (2, 10)) / 10
    network = pr.Network([(rows[:, :2], rows[:, 2]), (mixed, [0.1, 0.3])], relu=[True, True])
    exact = pr.linear_regions(network, box, "twin")
    try:
        fast = pr.linear_regions(network, box, "cells")
    except AssertionError:  # a generator that lies on too few facets
        same = False
        continue
    same &= fast.patterns == exact.patterns and all(
        a.polyhedron == b.polyhedron for a, b in zip(fast, exact, strict=True))
    by_rational += fast.stats["signs_by_rational"]
print("same" if same else "different", by_rational > 0)
"""


SPOILT_BOUND = {
    "return (_gamma(dim) * s + e + (s + e) * r) * (1.0 + _gamma(8)) + FLOOR": "return FLOOR",
    "return (radius / largest + _gamma(2)) * (1.0 + _gamma(4))": "return 0.0",
}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "same True"),
        ({"MOST_SHARED = 1 << 12": "MOST_SHARED = 1"}, "same True"),
        ({"room, state = 0, min(64, ": "room, state = 0, min(3, "}, "same True"),
        (SPOILT_BOUND, "different"),
        ({"if CERTIFIED and not abs(v) > B:": "if False:"}, "different"),
        ({"bound = (reach[i] + slip * s + e + (s + e) * r) * raised + FLOOR": "bound = 0.0"}, "different"),
        ({"factor[terms] = 1.0 if now else -1.0": "factor[terms] = 1.0"}, "different"),
        ({"unknown = plus & minus & ~_bit(i)": "unknown = np.uint64(0)"}, "different"),
    ],
    ids=[
        "as it is",
        "patches made anew all the time",
        "few neurons to a patch",
        "bounds too small",
        "no bounds",
        "no box",
        "neurons never taken out",
        "ends that differ not looked at",
    ],
)
def test_a_wrong_bound_is_caught_by_the_twin(changes, expected):
    """Proportional neurons meet in points that floats cannot tell from crossings: only a right bound refuses to say.

    The kernel runs as plain Python here, once as it is and then with its bounds or its forms spoilt.
    """
    answer, errors = run_uncompiled(COMPARE.format(changes=changes))
    assert answer.startswith(expected), errors


@pytest.mark.parametrize("exponent", [-290, -150, 150, 290])
def test_extreme_weights_overflow_into_exact_arithmetic_and_never_into_wrong_tiles(exponent):
    """Products of such weights leave the range of floats within three layers."""
    rng = np.random.default_rng(5)
    widths = [2, 5, 4, 4, 3]
    scale = 2.0**exponent
    layers = [(scale * rng.normal(size=(b, a)), scale * rng.normal(size=b)) for a, b in itertools.pairwise(widths)]
    network = pr.Network(layers, relu=[True] * len(layers))
    target = pr.parse("y0 > y1", dim=3)
    for ask in (
        lambda method: pr.linear_regions(network, box(2), method),
        lambda method: pr.preimage(network, target, box(2), method),
    ):
        fast, exact = ask("cells"), ask("twin")
        assert fast.patterns == exact.patterns
        for a, b in zip(fast, exact, strict=True):
            assert a.polyhedron == b.polyhedron


def test_a_run_can_be_stopped_while_one_layer_is_cut_exactly():
    rng = np.random.default_rng(5)
    network = pr.Network([(rng.integers(-9, 9, (12, 2)), rng.integers(-9, 9, 12))], relu=[True])
    asked = []

    def until(found):
        asked.append(found)
        return len(asked) >= 3

    with pytest.raises(pr.Interrupted) as stopped:
        pr.linear_regions(network, method="twin", until=until)
    assert len(stopped.value.partial) == 0
    assert stopped.value.partial.stats["cuts"] < 5
