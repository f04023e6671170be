"""Counts, measures and folds: what people ask, and go on with."""

import itertools
import operator
import pickle

import numpy as np
import pytest

import polyrelu as pr

RNG = np.random.default_rng(2)
WIDTHS = (3, 9, 7, 2)
NET = pr.Network([(RNG.normal(size=(n, m)), RNG.normal(size=n)) for m, n in itertools.pairwise(WIDTHS)])
CUBE = ([-1] * 3, [1] * 3)
TARGETS = ["y0 > 1/2", "y1 <= -1/4"]


def patterns(some):
    return list(some.patterns)


@pytest.mark.parametrize("target", [None, "y0 > 0", TARGETS, "y0 == y1"])
def test_counts(target):
    tiling = pr.linear_regions(NET, CUBE) if target is None else pr.preimage(NET, target, CUBE)
    for executor in (None, "threads:2"):
        assert pr.count(NET, target, CUBE, executor=executor, cuts=100) == len(tiling)
        assert pr.fold(NET, target, CUBE, len, operator.add, executor=executor, cuts=100) == len(tiling)
        assert pr.fold(NET, target, CUBE, patterns, operator.add, executor=executor, cuts=100) == list(tiling.patterns)


def test_nothing():
    assert pr.count(NET, "y0 > 9", CUBE) == 0
    assert pr.count(NET, "y0 > 9", pr.Polyhedron.empty(3)) == 0
    assert pr.fold(NET, "y0 > 9", CUBE, len, operator.add) is None
    found = pr.measure(NET, "y0 > 9", CUBE)
    assert (found.tiles, found.volume, found.by_target) == (0, pr.measure(NET, "y0 > 8", CUBE).volume, {})


def test_by_target():
    found, tiling = pr.measure(NET, TARGETS, CUBE, cuts=100), pr.preimage(NET, TARGETS, CUBE)
    for index, own in found.by_target.items():
        part = tiling.select([i for i, tile in enumerate(tiling) if tile.target_index == index])
        assert own.tiles == len(part)
        assert own.volume.low <= part.volume().high
        assert part.volume().low <= own.volume.high
    assert sum(own.tiles for own in found.by_target.values()) == found.tiles
    assert found.volume.width < 1e-9


def test_the_same_for_all_who_work():
    asked = [pr.measure(NET, TARGETS, CUBE, executor=own, cuts=100) for own in (None, "threads:2", "threads:3")]
    assert asked[0] == asked[1] == asked[2]


def test_a_domain_without_an_end_has_no_volume():
    found = pr.measure(NET, "y0 > 0")
    assert found.volume is None
    assert found.share is None
    assert found.tiles == len(pr.preimage(NET, "y0 > 0"))


def test_a_flat_domain_has_a_share():
    found = pr.measure(NET, "y0 > 0", ([-1, -1, 0], [1, 1, 0]))
    assert (found.volume.low, found.volume.high) == (0, 0)
    assert pr.preimage(NET, "y0 > 0", ([-1, -1, 0], [1, 1, 0])).share(exact=True) in found.share


@pytest.mark.parametrize("executor", [None, "threads:2"])
def test_an_interrupted_count_goes_on(executor):
    whole, counted, stops = pr.count(NET, None, CUBE), 0, 0
    left: tuple[bytes, ...] = (b"",)
    while left:
        try:
            counted += pr.count(NET, None, CUBE, cuts=60, left=left, executor=executor, until=lambda found: found > 60)
            left = ()
        except pr.Interrupted as stopped:
            assert stopped.left == pickle.loads(pickle.dumps(stopped)).left
            counted, left, stops = counted + stopped.partial, stopped.left, stops + 1
    assert counted == whole
    assert stops


def test_a_measure_that_is_not_complete():
    with pytest.raises(pr.Interrupted, match=r"measure: stopped with .* tiles") as stopped:
        pr.measure(NET, None, CUBE, cuts=60, until=lambda found: found > 60)
    partial = stopped.value.partial
    assert not partial.complete
    rest = pr.measure(NET, None, CUBE, left=stopped.value.left)
    assert rest.tiles + partial.tiles == pr.count(NET, None, CUBE)
    assert partial.share.high + rest.share.high >= 1 > partial.share.high


@pytest.mark.parametrize("executor", [None, "threads:2"])
def test_a_limit_that_the_last_tile_reaches_stops_nothing(executor):
    whole = pr.count(NET, None, CUBE)
    assert pr.count(NET, None, CUBE, executor=executor, until=lambda found: found >= whole) == whole


@pytest.mark.parametrize("left", [[b"no"], ["text"], [3]])
def test_what_is_left_of_another_question(left):
    with pytest.raises(pr.InputError, match=r"count: .*; pass what an interrupted run of this question has left"):
        pr.count(NET, None, CUBE, left=left)


def test_what_is_no_function():
    with pytest.raises(pr.InputError, match="fold: combine is a int; pass a function"):
        pr.fold(NET, None, CUBE, len, 3)  # type: ignore[arg-type]
