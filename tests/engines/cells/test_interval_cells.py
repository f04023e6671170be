"""The tiles of intervals, against the tiles of all patterns."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import polyrelu as pr
from polyrelu.engines.cells.interval_cells import IntervalCells, sectors
from polyrelu.engines.cells.intervals import Interval
from polyrelu.networks.relevant_part import keep_all, restrict
from tests.strategies import questions

SMALL = {"max_inputs": 2, "max_width": 4, "max_depth": 2, "max_neurons": 6}


def tiles_of(columns):
    numbers = np.arange(len(columns))
    return list(zip(columns.patterns(numbers), map(columns.polyhedron, range(len(columns))), strict=True))


def tiles_within(restriction, domain, interval, cuts, **options):
    """The tiles of an interval, by as many tasks as it takes; none may leave what it was given."""
    found = []
    for sector in range(len(sectors(restriction, domain))):
        waiting = [interval]
        while waiting:
            own = waiting.pop()
            cells = IntervalCells(restriction, domain, sector, own, **options)
            for batch in cells.batches(cuts):
                found += tiles_of(batch)
            rest = [part.interval for part in cells.rest()]
            assert own not in rest
            assert all(own.first <= part.first <= part.last <= own.last for part in rest)
            waiting += reversed(rest)
    return found


def agrees(network, target, domain, cuts, ends, **options):
    """Whether intervals that make up all patterns have the tiles of the twin, each once, and in order."""
    domain = pr.Polyhedron.whole_space(network.input_dim) if domain is None else domain
    if domain.is_empty() or target.is_empty():
        return True
    restriction = restrict(network, target)
    digits = restriction.neuron_count
    whole = Interval.whole(digits)
    parts = whole.cut(sorted({0, *(end % (1 << digits) for end in ends)}))
    found = [tile for part in parts for tile in tiles_within(restriction, domain, part, cuts, **options)]
    twin = pr.preimage(network, target, domain, method="twin")
    is_one_sector = len(sectors(restriction, domain)) == 1
    expected = [(tile.pattern, tile.polyhedron) for tile in twin]
    return found == expected if is_one_sector else sorted(found, key=str) == sorted(expected, key=str)


@settings(max_examples=40, deadline=None)
@given(questions(**SMALL), st.integers(1, 30), st.lists(st.integers(0, 63), max_size=2), st.booleans())
def test_intervals_have_the_tiles_of_the_twin(question, cuts, ends, by_kernel):
    network, target, domain = question
    assert agrees(network, target, domain, cuts, ends, by_kernel=by_kernel)


@settings(max_examples=15, deadline=None)
@given(questions(**SMALL), st.integers(1, 10), st.lists(st.integers(0, 63), max_size=2))
def test_the_general_way_to_cut(question, cuts, ends):
    renew = IntervalCells._renew

    def general(self, cells, numbers):
        renew(self, cells, numbers)
        self._run.force_back(2)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(IntervalCells, "_renew", general)
        network, target, domain = question
        assert agrees(network, target, domain, cuts, ends)


WIDE = pr.Network([(np.random.default_rng(3).integers(-9, 10, (7, 2)), [1] * 7), ([[1, -1, 1, -1, 1, -1, 1]], [0])])
SQUARE = pr.Polyhedron.box([-1] * 2, [1] * 2)


def test_a_lost_pattern_is_found(monkeypatch):
    """What the laws above would say of a task that leaves out the first pattern of what is left."""
    target = pr.parse("y0 > 0", dim=1)
    assert agrees(WIDE, target, SQUARE, 5, [])
    cut = Interval.cut

    def without_the_first(self, firsts):
        return [p._replace(first=p.first + (0 < p.first < p.last)) for p in cut(self, firsts)]

    monkeypatch.setattr(Interval, "cut", without_the_first)
    assert not agrees(WIDE, target, SQUARE, 5, [])


def test_masks_that_become_wider():
    """A polygon with more facets than a word has bits, in the middle of an interval."""
    angles = np.linspace(0, 2 * np.pi, 70, endpoint=False)
    rows = np.round(np.stack([np.cos(angles), np.sin(angles)], axis=1) * 2**20)
    network = pr.Network([(rows, [-(2**20)] * 70), ([[1] * 70], [0])])
    box = pr.Polyhedron.box(["-9/8"] * 2, ["9/8"] * 2)
    found, restriction = list[str](), keep_all(network)
    for part in Interval.whole(70).cut([0, 1, 1 << 69]):
        for batch in IntervalCells(restriction, box, 0, part).batches(10**6):
            found += batch.patterns(np.arange(len(batch)))
    tiling = pr.linear_regions(network, box)
    assert max(len(tile.polyhedron.halfspaces) for tile in tiling if "1" not in tile.pattern) == 70
    assert found == list(tiling.patterns)


def test_shares_of_what_is_left():
    restriction = keep_all(WIDE)
    cells = IntervalCells(restriction, SQUARE, 0, Interval.whole(restriction.neuron_count))
    for _ in cells.batches(8):
        pass
    rest = cells.rest()
    assert len(rest) > 1
    assert 0 < sum(part.share for part in rest) < 1 + 1e-9


def test_a_stop_leaves_what_was_not_done():
    restriction = keep_all(WIDE)
    everything = tiles_within(restriction, SQUARE, Interval.whole(7), 10**6)
    for by_kernel in (True, False):
        cells = IntervalCells(restriction, SQUARE, 0, Interval.whole(7), by_kernel=by_kernel)
        found = tiles_of(next(cells.batches(64 * 9)))
        rest = [part.interval for part in cells.rest()]
        found += tiles_of(cells.batch())
        for part in rest:
            found += tiles_within(restriction, SQUARE, part, 10**6)
        assert found == everything
