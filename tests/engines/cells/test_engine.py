import _thread
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
from polyrelu.engines.cells import runner as runner_module
from polyrelu.engines.cells.run import Run
from polyrelu.engines.cells.signs import ExactForms
from polyrelu.networks.activation_pattern import PartialSigns, SignVector
from polyrelu.support import limits
from polyrelu.tilings.columns import Columns
from tests.engines.cells.runs import concurrent
from tests.engines.cells.sharing import Sharing


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
    assert fast.stats["flat"] == fast.stats["signs_by_rational"] == 0
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


@pytest.mark.parametrize(
    ("widths", "target"),
    [
        ([2, 8, 8, 8, 2], "y0 > 6"),
        ([2, 8, 8, 8, 2], "y0 == 5"),
        ([2, 8, 8, 8, 2], "y0 - y1 > 1 and y1 - y0 > -2"),
        ([3, 6, 6, 2], "y0 >= 3 and y1 >= 3"),
    ],
)
def test_zonotopes_exclude_cells_that_intervals_leave_open(widths, target):
    """The exact engine asks no bounds, and so it has all tiles."""
    network = random_network(widths)
    found, exact = (pr.preimage(network, target, box(widths[0], 3), method) for method in ("cells", "twin"))
    assert 0 < found.stats["excluded"] <= min(found.stats["bounded"], found.stats["pruned"])
    assert found.stats["cuts"] < exact.stats["cuts"]
    assert [tile.polyhedron for tile in found] == [tile.polyhedron for tile in exact]


def test_nothing_is_bounded_where_the_middle_is_in_the_target():
    found = pr.preimage(random_network([2, 8, 8, 8, 2]), "y0 < 100", box(2, 3), "cells")
    assert (found.stats["bounded"], found.stats["pruned"], found.stats["discarded"]) == (0, 0, 0)
    assert len(found) == found.stats["cuts"] + 1 > 1


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
    """Ctrl-C comes while the other worker is at work; it ends its piece, and begins no other."""
    sharing = Sharing(monkeypatch, 2)
    begun, ended = list[Run](), list[Run]()

    def before(run):
        if sharing.is_first(run) and begun:
            raise KeyboardInterrupt
        if not sharing.is_first(run):
            begun.append(run)

    def after(run):
        if not sharing.is_first(run):
            time.sleep(0.1)  # Ctrl-C has come by then
            ended.append(run)

    sharing.before, sharing.after = before, after
    with pytest.raises(pr.Interrupted, match=r"\.partial") as caught:
        pr.linear_regions(random_network([5, 16, 16]), box(5), "cells", workers=2)
    assert len(begun) == len(ended) == 1
    assert not caught.value.partial.complete


@pytest.mark.parametrize("workers", [1, 2, 3])
@pytest.mark.parametrize("target", [None, "y0 > y1", "y0 == y1"])
@pytest.mark.parametrize("domain", [box(3), None])
def test_cells_that_are_given_away_are_split_by_others(monkeypatch, workers, target, domain):
    network = random_network([3, 9, 9])

    def answer():
        if target is None:
            return pr.linear_regions(network, domain, "cells", workers=workers)
        return pr.preimage(network, pr.parse(target, dim=9), domain, "cells", workers=workers)

    alone = answer()
    sharing = Sharing(monkeypatch, workers)
    shared = answer()
    assert min(workers, 2) <= len(sharing.runs) <= workers
    assert sharing.given > 20
    assert shared.patterns == alone.patterns
    assert [tile.polyhedron for tile in shared[:50]] == [tile.polyhedron for tile in alone[:50]]
    # What is given away in the middle of a layer is bounded once more, and may be discarded then.
    assert shared.stats["cuts"] - shared.stats["discarded"] == alone.stats["cuts"] - alone.stats["discarded"]
    assert shared.stats["cuts"] <= alone.stats["cuts"]


def test_a_worker_with_nothing_to_do_asks_for_cells(monkeypatch):
    advance, giving, workers, given = Run.advance, Run.giving, set[Run](), list[int]()

    def counted(run, *arguments):
        workers.add(run)
        return advance(run, *arguments)

    def counted_giving(run, *arguments, **options):
        for columns in giving(run, *arguments, **options):
            given.append(len(run.job_of(columns)[1]))
            yield columns

    monkeypatch.setattr(Run, "advance", counted)
    monkeypatch.setattr(Run, "giving", counted_giving)
    shared = pr.linear_regions(random_network([5, 16, 16]), box(5), "cells", workers=2)
    assert len(workers) == 2
    assert 0 < len(given) < 1000
    assert min(given) > 0
    assert shared.stats["cuts"] == len(shared) - 1 == 125488


@pytest.mark.parametrize("error", [MemoryError, ValueError])
def test_an_error_in_one_thread_stops_the_others(monkeypatch, error):
    sharing = Sharing(monkeypatch, 2)

    def failing(run):
        if not sharing.is_first(run):
            raise error("no room")

    sharing.before = failing
    with pytest.raises(error, match="no room"):
        pr.linear_regions(random_network([5, 16, 16]), box(5), "cells", workers=2)


def test_cells_that_outgrow_their_room():
    """A cube in ten dimensions has more vertices than there is room for in the beginning."""
    network = random_network([10, 2, 2], seed=1)
    cells, twin = (pr.linear_regions(network, box(10, 1), method, max_dim=10) for method in ("cells", "twin"))
    assert len(cells) > 4
    assert [(t.pattern, t.polyhedron) for t in cells] == [(t.pattern, t.polyhedron) for t in twin]


# -- exact arithmetic that is stopped, or fails ----------------------------------------------------------------------


class Failing:
    """Exact arithmetic that raises at the k-th question, counted through all workers; 0 for never."""

    def __init__(self, monkeypatch, error=None, k=0):
        self.asked, answer = 0, ExactForms.answer

        def failing(*question):
            self.asked += 1
            if self.asked == k:
                raise error
            return answer(*question)

        monkeypatch.setattr(ExactForms, "answer", failing)


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("part", [0, 0.2, 0.5, 1])
def test_ctrl_c_during_an_exact_question_is_one(monkeypatch, workers, part):
    network = concurrent(np.random.default_rng(1), 12, 6)
    asked = Failing(monkeypatch)
    whole = pr.linear_regions(network, box(2), "cells")
    assert asked.asked > 9
    Failing(monkeypatch, KeyboardInterrupt, max(1, round(part * asked.asked)))
    if workers == 2:
        Sharing(monkeypatch, workers)
    with pytest.raises(pr.Interrupted) as stopped:
        pr.linear_regions(network, box(2), "cells", workers=workers)
    partial = stopped.value.partial
    assert not partial.complete
    assert len(partial) < len(whole)
    assert len(partial) > 0 or part == 0 or workers == 2  # of two, neither need have finished a tile
    tiles = {tile.pattern: tile.polyhedron for tile in whole}
    assert all(tiles[tile.pattern] == tile.polyhedron for tile in partial)


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("k", [1, 3, 9])
def test_an_error_in_exact_arithmetic_is_raised_by_the_call(monkeypatch, workers, k):
    network = concurrent(np.random.default_rng(1), 12, 6)
    Failing(monkeypatch, ValueError("no answer"), k)
    if workers == 2:
        Sharing(monkeypatch, workers)
    with pytest.raises(ValueError, match="no answer"):
        pr.linear_regions(network, box(2), "cells", workers=workers)


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("target", [None, "y0 > y1", "y0 == y1"])
def test_workers_stop_within_a_second(workers, target):
    """Of more cells than anyone waits for."""
    hidden, last = random_network([6, 40, 40]).layers, np.random.default_rng(1).normal(size=(2, 40))
    network, domain = pr.Network([*hidden, pr.Layer(last, [0, 0], False)]), box(6, 9)
    threads = _thread._count()

    def ask(**limit):
        if target is None:
            return pr.linear_regions(network, domain, "cells", workers=workers, **limit)
        return pr.preimage(network, pr.parse(target, dim=2), domain, "cells", workers=workers, **limit)

    began = time.monotonic()
    with pytest.raises(pr.Interrupted) as stopped:
        ask(timeout=0.5)
    assert 0.5 <= time.monotonic() - began < 5  # a second on an idle machine, with putting together what was found
    assert len(stopped.value.partial) > 0
    seen = []

    def until(found):
        seen.append((time.monotonic(), found))
        return found > 100

    with pytest.raises(pr.Interrupted) as stopped:
        ask(until=until)
    assert seen[-1][1] > 100
    assert len(stopped.value.partial) > 0
    assert max(b - a for (a, _), (b, _) in itertools.pairwise(seen)) < 1
    assert _thread._count() == threads


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


@pytest.mark.parametrize("workers", [1, 2])
def test_an_interrupted_run_keeps_what_was_found(monkeypatch, workers):
    network = random_network([5, 16, 16])
    moments = itertools.count()

    def interrupted():
        if next(moments) == 0:
            raise KeyboardInterrupt
        limits.check()

    monkeypatch.setattr(runner_module, "check", interrupted)
    with pytest.raises(pr.Interrupted, match="tiles; they are in") as caught:
        pr.linear_regions(network, box(5), "cells", workers=workers)
    monkeypatch.undo()
    partial = caught.value.partial
    assert 0 < len(partial) < 125489
    assert set(partial[:50].patterns) <= set(pr.linear_regions(network, box(5)).patterns)


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


def test_equal_flat_tiles_are_judged_once(monkeypatch):
    """All cells of a network without biases meet in one point, which is a face of most of them."""
    rng = np.random.default_rng(0)
    widths = (3, 6, 6, 2)
    net = pr.Network([(rng.normal(size=(n, m)), np.zeros(n)) for m, n in itertools.pairwise(widths)])
    judged, inner = [], engine_module.CellEngine._full_around

    def noted(engine, point, signs):
        judged.append(point)
        return inner(engine, point, signs)

    monkeypatch.setattr(engine_module.CellEngine, "_full_around", noted)
    found = pr.preimage(net, "y0 == y1", ([-1] * 3, [1] * 3), "cells")
    assert 0 < len(judged) == len(set(judged))
    again = pr.preimage(net, "y0 == y1", ([-1] * 3, [1] * 3), "branch")
    assert [(tile.pattern, tile.polyhedron) for tile in found] == [(tile.pattern, tile.polyhedron) for tile in again]
