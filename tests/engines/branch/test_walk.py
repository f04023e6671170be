"""What the compiled walk does on its way: when it pauses, whom it asks for bounds, and what it counts."""

from typing import Any

import numpy as np
import pytest

import polyrelu as pr
from polyrelu.engines.branch.engine import BranchEngine
from polyrelu.engines.branch.library import Batch, Found, Pause
from polyrelu.engines.branch.rules import RULES
from polyrelu.networks.relevant_part import keep_all, restrict
from tests.engines.branch.test_engine import cube, network
from tests.extreme_networks import DEGENERATE, degenerate

CUTS, NODES, FIXED, PRUNED, DISCARDED, PROGRAMS = range(6)


def engine_of(net, target=None, radius=1, **options):
    """An engine whose walk is driven by hand."""
    restriction = keep_all(net) if target is None else restrict(net, target)
    return BranchEngine(restriction, cube(net.input_dim, radius), 10**9, **options)


def steps(engine, walk, most, answer=None):
    """The pauses of a walk; what it asks is answered, by an own answer to questions for bounds."""
    pause = Pause.PAUSED
    while pause is not Pause.DONE:
        pause = Pause(walk.advance(most))
        yield pause
        if pause is Pause.BOUNDS and answer is not None:
            walk.bound(*answer(Batch.by(walk, engine.domain.ambient_dim)))
        else:
            engine._answer(pause, walk)


def found(engine, walk):
    return Found.by(walk, engine.restriction.neuron_count, engine.domain.ambient_dim)


def bytes_of(walk):
    """All flags and signs that the walk tells of its tiles and of cells that wait."""
    signs, splits, in_doubt, _ = walk.found()
    told = [flags for _, signs_, splits_, _ in walk.waiting() for flags in (signs_, splits_)]
    return {*b"".join([signs, splits, in_doubt, *told])}, {
        v for *_, own in walk.waiting() for v in np.frombuffer(own, np.int8).tolist()
    }


TRIANGLE = pr.parse("y0 >= y1 and y1 > -1/2", dim=2)


# -- pauses ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("most", [1, 3, 10])
@pytest.mark.parametrize("target", [None, TRIANGLE])
def test_it_pauses_after_so_many_neurons_or_tiles(most, target):
    engine = engine_of(network(2, 6, 4, 2, seed=3), target)
    walk, before, reasons = engine._walk, 0, set()
    for pause in steps(engine, walk, most):
        nodes, tiles = walk.counters()[NODES], len(found(engine, walk).in_doubt)
        asked = nodes - before
        assert asked <= most
        assert tiles <= most
        if pause is Pause.PAUSED:
            reasons |= {asked == most, tiles == most}
            assert most in (asked, tiles)
        flags, own = bytes_of(walk)
        assert flags <= {0, 1}
        assert own <= {-1, 0, 1}
        before = nodes
        walk.forget()
    assert reasons == {True, False} or most == 1


def test_tiles_are_the_leaves_of_a_tree():
    """Each is one of 2 parts as often as a neuron divided a cell; some are pruned, or outside the target."""
    for seed in range(2):
        for net in (network(2, 5, 4, 2, seed=seed), network(3, 4, 3, 2, seed=seed)):
            engine = engine_of(net)
            assert list(steps(engine, engine._walk, 10**6))[-1] is Pause.DONE
            tiles, counts = found(engine, engine._walk), engine._walk.counters()
            assert len(tiles.signs) == counts[CUTS] + 1
            assert sum(2.0 ** -own.sum() for own in tiles.splits.astype(int)) == 1
            assert counts[PRUNED] == counts[DISCARDED] == 0
            engine = engine_of(net, TRIANGLE)
            list(steps(engine, engine._walk, 10**6))
            tiles, counts = found(engine, engine._walk), engine._walk.counters()
            assert len(tiles.signs) + counts[PRUNED] + counts[DISCARDED] == counts[CUTS] + 1


@pytest.mark.parametrize("kind", sorted(set(DEGENERATE) - {"no biases"}))  # whose exact programs take long
@pytest.mark.parametrize("lies", [0, 7])
def test_what_is_in_doubt_has_no_point(kind, lies):
    for seed in range(2):
        net = degenerate(np.random.default_rng([seed, DEGENERATE.index(kind)]), kind)
        engine = engine_of(net, pr.Polyhedron([[1] * net.output_dim], [0]), lies=lies)
        list(steps(engine, engine._walk, 10**6))
        tiles = found(engine, engine._walk)
        assert np.isnan(tiles.points[tiles.in_doubt]).all()


# -- dives ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(1, 9))
def test_a_dive_counts_each_neuron_as_often_as_there_are_parts_like_its_own(seed):
    engine = engine_of(network(3, 6, 4, 1))
    walk = engine._walk_from_root(dive=seed)
    cuts = estimate = 0
    for pause in steps(engine, walk, 1):
        now = walk.estimate() - estimate
        assert now == 2.0**cuts or (pause is Pause.DONE and now == 0)
        assert len(walk.waiting()) <= 1
        cuts, estimate = walk.counters()[CUTS], walk.estimate()
    assert cuts >= 3


def test_a_dive_takes_either_part():
    engine, took = engine_of(network(3, 6, 4, 1)), []
    for seed in np.random.default_rng(0).integers(1, 2**63, 9).tolist():
        walk = engine._walk_from_root(dive=seed)
        list(steps(engine, walk, 10**6))
        tile = found(engine, walk)
        took.append(set(tile.signs[tile.splits].tolist()))
    assert {True, False} in took


@pytest.mark.parametrize("widths", [(2, 5, 3, 1), (3, 6, 4, 1), (4, 8, 1), (2, 8, 8, 1)])
def test_estimates_are_about_right(widths):
    """The mean of what dives count, though they are few."""
    engine, whole = engine_of(network(*widths)), engine_of(network(*widths))
    list(steps(whole, whole._walk, 10**6))
    assert engine.estimate(10**9) == pytest.approx(whole._walk.counters()[NODES], rel=0.25)


# -- bounds ---------------------------------------------------------------------------------------------------------

EVERYWHERE = pr.parse("y0 >= -1000000", dim=1)


def keys(batch, count):
    """The signs of the first neurons, of each cell."""
    return list(map(bytes, batch.signs[:, :count].astype(np.uint8)))


@pytest.mark.parametrize("pruned", [(), (1,), (2, 3), range(99)])
def test_cells_are_asked_about_together_and_less_often_where_nothing_is_pruned(pruned):
    """After 64 of which none is pruned, as many are not asked about; then 128, and so on; and none after others."""
    net, sizes = network(2, 60, 1), list[int]()
    engine = engine_of(net, EVERYWHERE, 2)

    def answer(batch):
        misses = np.zeros(len(batch.low), np.uint8)
        misses[-1:] = len(sizes) in pruned
        sizes.append(len(batch.low))
        return misses, np.zeros((len(batch.low), 0), np.int8)

    list(steps(engine, engine._walk, 10**6, answer))
    left = len(pr.linear_regions(pr.Network(net.layers[:1]), cube(2, 2), "cells"))
    expected, patience = [], 0
    while left > 0:
        expected.append(min(left, 64))
        patience = 0 if len(expected) - 1 in pruned else max(64, 2 * patience)
        left -= 64 + patience
    assert sizes == expected
    assert len(sizes) > 3
    assert engine._walk.counters()[PRUNED] == len([k for k in pruned if k < len(sizes)])


@pytest.mark.parametrize("prunes", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_what_bounds_say_is_what_becomes_of_a_cell(seed, prunes):
    """Of three layers; made up at random, and each cell gets what was said of it."""
    engine, rng = engine_of(network(2, 18, 5, 3, 1, seed=seed), EVERYWHERE, 2), np.random.default_rng(seed)
    walk, last = engine._walk, dict[Any, Any]()
    told: dict[int, dict[Any, Any]] = {1: {}, 2: {}, 3: {}}
    ends = [0, 18, 23, 26, 26]

    def answer(batch):
        depth, n = batch.depth, len(batch.low)
        own = keys(batch, ends[depth])
        assert len(set(own)) == n
        assert not set(own) & told[depth].keys()
        for key, (before, place) in zip(own, batch.known.tolist(), strict=True):
            around = [at for at in range(1, depth) if key[: ends[at]] in told[at]]
            assert before == max(around, default=-1)
            assert place == 0 if before < 0 else last[before][place] == key[: ends[before]]
        misses = (rng.random(n) < 0.2 * prunes).astype(np.uint8)
        signs = rng.choice([-1, 0, 0, 1], (n, ends[depth + 1] - ends[depth])).astype(np.int8)
        told[depth] |= dict(zip(own, zip(misses, signs, strict=True), strict=True))
        last[depth] = own
        return misses, signs

    def waiting(depth):
        return {own[1][: ends[depth]] for own in walk.waiting()}

    for pause in map(Pause, iter(lambda: walk.advance(10**6), Pause.DONE)):
        if pause is not Pause.BOUNDS:
            engine._answer(pause, walk)
            continue
        batch = Batch.by(walk, 2)
        own, (misses, signs) = keys(batch, ends[batch.depth]), answer(batch)
        open_ = np.array(engine.reach.signs[batch.depth], dtype=np.int8) == 0
        before, there = walk.counters(), waiting(batch.depth)
        walk.bound(misses, signs)
        after = walk.counters()
        assert after[PRUNED] - before[PRUNED] == misses.sum()
        assert after[FIXED] - before[FIXED] == (signs[misses == 0][:, open_] != 0).sum()
        assert there - waiting(batch.depth) == {key for key, miss in zip(own, misses, strict=True) if miss}
    assert sum(map(len, told.values())) > 40
    for bits in found(engine, walk).signs.astype(np.uint8):
        for depth in (1, 2, 3):
            miss, signs = told[depth].get(bits[: ends[depth]].tobytes(), (0, 0))
            reach, now = np.array(engine.reach.signs[depth], dtype=np.int8), bits[ends[depth] : ends[depth + 1]]
            assert not miss
            assert (now == np.where(reach, reach > 0, np.where(signs, np.greater(signs, 0), now))).all()


# -- rules ----------------------------------------------------------------------------------------------------------


def twice(net):
    """A network with each neuron of the first layer twice, the second time after all others, and of the same weight."""
    first, *others = net.layers
    double = pr.Layer([*first.rows, *first.rows], [*first.offsets, *first.offsets], [True] * 2 * first.output_dim)
    after = [pr.Layer([[*row, *row] for row in others[0].rows], others[0].offsets, [False] * others[0].output_dim)]
    return pr.Network([double, *after])


@pytest.mark.parametrize("widths", [(2, 9, 1), (3, 7, 4, 1), (1, 9, 5, 1), (4, 5, 3, 3, 1), (2, 5, 1)])
@pytest.mark.parametrize("seed", range(2))
def test_the_compiled_rule_is_the_one_of_its_name(widths, seed):
    """It asks for the same neurons, so that each part comes of the same divisions; of equal ones for the first."""
    told, net = [], network(*widths, seed=seed)
    for rule in (None, RULES["whole first"]):
        engine = engine_of(twice(net) if widths == (2, 5, 1) else net, rule=rule)
        engine.run()
        told.append((engine.stats, found_by(engine)))
    assert told[0] == told[1]


def found_by(engine):
    columns = engine.found.columns()
    return columns.signs.tolist(), columns.splits.tolist()
