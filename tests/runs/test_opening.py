"""Tilings on disk answer like those in memory."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import polyrelu as pr
from polyrelu.runs.opening import part_of
from tests.runs.questions import QUESTIONS, points, stored, whole

NAMES = list(QUESTIONS)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("runs")


def by_pattern(tiling):
    return sorted((tile.target_index, tile.pattern, tile.polyhedron.halfspaces) for tile in tiling)


@pytest.mark.parametrize("name", NAMES)
def test_tiles_are_those_in_memory(place, name):
    tiling, memory = stored(name, place), whole(name)
    assert (len(tiling), tiling.complete, tiling.targets, tiling.domain) == (
        len(memory),
        True,
        memory.targets,
        memory.domain,
    )
    assert by_pattern(tiling) == by_pattern(memory)
    if QUESTIONS[name][2] is not None:
        assert tiling.patterns == memory.patterns
    assert [tile.dim for tile in tiling] == [tile.dim for tile in tiling.in_memory()]


@pytest.mark.parametrize("name", NAMES)
def test_points_are_located(place, name):
    tiling, memory = stored(name, place), whole(name)
    for some in points(tiling.domain.ambient_dim):
        found, known = np.asarray(tiling.locate(some)), np.asarray(memory.locate(some))
        if QUESTIONS[name][2] is None:  # the order of tiles is another one
            assert [k < 0 for k in found] == [k < 0 for k in known]
            assert all(k < 0 or tiling[k].contains(x) for k, x in zip(found, some, strict=True))
        else:
            assert list(found) == list(known)


@pytest.mark.parametrize("name", NAMES)
def test_selections_are_in_the_order_that_is_asked_for(place, name):
    tiling = stored(name, place)
    order = np.random.default_rng(1).permutation(len(tiling))[:7]
    assert tiling.select(order).patterns == tuple(tiling.patterns[i] for i in order)
    assert tiling[1:4].patterns == tiling.patterns[1:4]
    assert tiling[::-1].patterns == tiling.patterns[::-1]
    lazily = tiling.lazily(np.arange(0, len(tiling), 3))
    assert isinstance(lazily, pr.StoredTiling)
    assert lazily.patterns == tiling.patterns[::3]
    assert lazily.complete == (len(lazily) == len(tiling))
    if len(tiling) > 1:
        with pytest.raises(pr.InputError, match="tile 1 is chosen twice"):
            tiling.select([1, 0, 1])


@pytest.mark.parametrize("name", [name for name in NAMES if QUESTIONS[name][0].input_dim == 2])
def test_a_window_has_the_tiles_that_meet_it(place, name):
    tiling = stored(name, place)
    box = pr.Polyhedron.box([-1, "-1/3"], ["1/2", 1])
    for region in (box, pr.parse("x0 + x1 < 1 and x0 > 0 and x1 > 0", 2, names=("x",)), pr.Polyhedron.empty(2)):
        meeting = [tile.pattern for tile in tiling if not (tile.polyhedron & region).is_empty()]
        assert list(tiling.window(region).patterns) == meeting
    with pytest.raises(pr.InputError, match="unbounded; pass a bounded region"):
        tiling.window("x0 > 0")


@pytest.mark.parametrize("name", NAMES)
def test_patterns_are_counted(place, name):
    tiling = stored(name, place)
    neurons = sum(len(layer.neurons) for layer in tiling.network.layers)
    assert tiling.count_matching("*" * neurons) == len(tiling)
    for pattern in tiling.patterns[:3]:
        plain = pattern.replace("|", "")
        for wanted in (plain, plain[:2] + "*" * (neurons - 2), "*" * (neurons - 1) + plain[-1]):
            agreeing = [
                own
                for own in tiling.patterns
                if all("*" in (a, b) or a == b for a, b in zip(own.replace("|", ""), wanted, strict=True))
            ]
            assert tiling.count_matching(wanted) == len(agreeing)
            assert list(tiling.matching(wanted).patterns) == agreeing
    with pytest.raises(pr.InputError, match=f"for each of {neurons} neurons"):
        tiling.matching("1")


def test_tiles_and_tilings_travel(place):
    tiling = stored("usual", place)
    assert pickle.loads(pickle.dumps(tiling)).patterns == tiling.patterns
    assert pickle.loads(pickle.dumps(tiling[3])).polyhedron == tiling[3].polyhedron
    assert tiling[3].inner_point() == tiling.in_memory()[3].inner_point()


def test_a_tiling_is_saved_and_drawn(place, tmp_path):
    tiling = stored("usual", place)
    tiling.save(tmp_path / "whole.npz")
    assert pr.load_tiling(tmp_path / "whole.npz").patterns == tiling.patterns
    window = tiling.window(pr.Polyhedron.box([-1, -1], [1, 1]))
    assert len(window.plot(tmp_path / "window.png", window=([-1, -1], [1, 1])).collections) > 0


def test_few_batches_are_kept(place):
    ((_, _, source),) = stored("usual", place).sources()
    assert len(source.batches) > 3
    for i in range(len(source)):
        source.bits(i)
    assert len(vars(source)["_kept"]) == 2


def test_of_a_run_that_is_stopped_the_tiles_are_there(tmp_path):
    net, target, domain, cuts = QUESTIONS["usual"]
    run = pr.Run(tmp_path / "run", net, target, domain, cuts=cuts)
    with pytest.raises(pr.Interrupted):
        run.work(until=lambda found: found > 3)
    tiling = pr.open_tiling(tmp_path / "run")
    assert not tiling.complete
    assert 3 < len(tiling) < len(whole("usual"))
    assert set(tiling.patterns) < set(whole("usual").patterns)


def test_the_part_of_a_root():
    assert part_of(b"") == 0
    assert part_of(b"\0\3\0\0\0\1\7") == 3
