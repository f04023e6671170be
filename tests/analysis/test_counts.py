"""Counts, measures and folds: what people ask, and go on with."""

import operator
import pickle

import numpy as np
import pytest

import polyrelu as pr

RNG = np.random.default_rng(2)
NET = pr.Network([(RNG.normal(size=(14, 3)), RNG.normal(size=14)), (RNG.normal(size=(2, 14)), [0.0, 0.1])])
CUBE = ([-1] * 3, [1] * 3)
TARGETS = ["y0 > 1/2", "y1 <= -1/4"]


def patterns(some):
    return list(some.patterns)


@pytest.mark.parametrize("target", [None, "y0 > 0", TARGETS, "y0 == y1"])
def test_counts(target):
    tiling = pr.linear_regions(NET, CUBE) if target is None else pr.preimage(NET, target, CUBE)
    for executor in (None, "threads:2"):
        assert pr.count(NET, target, CUBE, executor=executor, cuts=60) == len(tiling)
        assert pr.fold(NET, target, CUBE, len, operator.add, executor=executor, cuts=60) == len(tiling)
        assert pr.fold(NET, target, CUBE, patterns, operator.add, executor=executor, cuts=60) == list(tiling.patterns)


def test_nothing():
    assert pr.count(NET, "y0 > 9", CUBE) == 0
    assert pr.count(NET, "y0 > 9", pr.Polyhedron.empty(3)) == 0
    assert pr.fold(NET, "y0 > 9", CUBE, len, operator.add) is None
    found = pr.measure(NET, "y0 > 9", CUBE)
    assert (found.tiles, found.volume, found.by_target) == (0, pr.measure(NET, "y0 > 8", CUBE).volume, {})


def test_by_target():
    found = pr.measure(NET, TARGETS, CUBE, cuts=100)
    parts = [
        pr.preimage(NET, TARGETS, CUBE).select(
            [i for i, t in enumerate(pr.preimage(NET, TARGETS, CUBE)) if t.target_index == k]
        )
        for k in (0, 1)
    ]
    for index, part in enumerate(parts):
        assert found.by_target[index].tiles == len(part)
        assert part.volume(exact=True) in found.by_target[index].volume
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
    whole, counted, left, stops = pr.count(NET, None, CUBE), 0, (b"",), 0
    while left:
        try:
            counted += pr.count(NET, None, CUBE, cuts=40, left=left, executor=executor, until=lambda found: found > 60)
            left = ()
        except pr.Interrupted as stopped:
            assert stopped.left == pickle.loads(pickle.dumps(stopped)).left
            counted, left, stops = counted + stopped.partial, stopped.left, stops + 1
    assert counted == whole
    assert stops > 1


def test_a_measure_that_is_not_complete():
    with pytest.raises(pr.Interrupted, match="measure: stopped with .* tiles") as stopped:
        pr.measure(NET, None, CUBE, cuts=40, until=lambda found: found > 60)
    partial = stopped.value.partial
    assert not partial.complete
    rest = pr.measure(NET, None, CUBE, left=stopped.value.left)
    assert rest.tiles + partial.tiles == pr.count(NET, None, CUBE)
    assert partial.share.high + rest.share.high >= 1 > partial.share.high


@pytest.mark.parametrize("left", [[b"no"], ["text"], [3]])
def test_what_is_left_of_another_question(left):
    with pytest.raises(pr.InputError, match="count: .*; pass what an interrupted run of this question has left"):
        pr.count(NET, None, CUBE, left=left)


def test_what_is_no_function():
    with pytest.raises(pr.InputError, match="fold: combine is a int; pass a function"):
        pr.fold(NET, None, CUBE, len, 3)
