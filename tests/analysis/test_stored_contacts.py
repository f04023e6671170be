"""Contacts and zones of tilings on disk are those in memory."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import polyrelu as pr
from polyrelu.analysis import stored_contacts as module
from polyrelu.analysis.adjacency import contacts
from polyrelu.analysis.stored_contacts import Met, stored_contacts
from polyrelu.support.external_sort import Sorter
from tests.runs.questions import QUESTIONS, network, stored

NAMES = list(QUESTIONS)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("runs")


def sorted_pairs(contacts):
    found = list(contacts)
    pairs = np.concatenate([np.empty((0, 2), np.int64), *(np.sort(met.pairs, axis=1) for met in found)])
    labels = np.concatenate([np.empty(0, np.int64), *(met.labels for met in found)])
    order = np.lexsort((pairs[:, 1], pairs[:, 0]))
    return pairs[order].tolist(), labels[order].tolist()


@pytest.mark.parametrize("name", NAMES)
def test_contacts_are_those_in_memory(place, tmp_path, name):
    tiling = stored(name, place)
    known = contacts(tiling.in_memory())
    if tiling.patterns == tiling.in_memory().patterns and tiling.in_memory().chosen is None:
        assert sorted_pairs(stored_contacts(tiling, tmp_path)) == (known.pairs.tolist(), known.labels.tolist())
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("most", [1, 100])
def test_what_does_not_fit_into_memory_is_sorted_on_the_disk(place, tmp_path, monkeypatch, most):
    spilled: list[int] = []
    sort = Sorter

    class Small(sort):  # type: ignore[valid-type, misc]
        def __init__(self, width, folder):
            super().__init__(width, folder, most)

        def _spill(self):
            spilled.append(1)
            super()._spill()

    monkeypatch.setattr(module, "Sorter", Small)
    for name in ("usual", "twins"):
        tiling = stored(name, place)
        known = contacts(tiling.in_memory())
        assert sorted_pairs(stored_contacts(tiling, tmp_path)) == (known.pairs.tolist(), known.labels.tolist())
    assert len(spilled) > 5


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("sort", ["first", "tiles", "volume"])
def test_zones_are_those_in_memory(place, name, sort):
    tiling = stored(name, place)
    found: Any = tiling.zones(sort=sort)  # which are kept on disk, too
    known = tiling.in_memory().zones(sort=sort)
    assert len(found) == len(known)
    if sort == "first":
        assert [zone.patterns for zone in found] == [zone.patterns for zone in known]
        if tiling.in_memory().chosen is None:
            assert [found.numbers(k).tolist() for k in range(len(found))] == known.numbers()
    else:
        assert [len(zone) for zone in found] == [len(zone) for zone in known]
    assert [len(zone) for zone in found] == found.tiles.tolist()
    assert [zone.complete for zone in found[:2]] == [zone.complete for zone in known[:2]]


def test_large_zones_stay_on_the_disk(place, monkeypatch):
    tiling = stored("usual", place)
    monkeypatch.setattr("polyrelu.analysis.stored_zones.MOST_IN_MEMORY", 2)
    for zone, known in zip(tiling.zones(), tiling.in_memory().zones(), strict=True):
        assert isinstance(zone, pr.StoredTiling) == (len(known) > 2)
        assert zone.patterns == known.patterns
        assert zone.volume(exact=True) == known.volume(exact=True)
        assert [tile.polyhedron for tile in zone] == [tile.polyhedron for tile in known]


def test_contacts_of_other_dimensions_are_for_memory(place):
    with pytest.raises(pr.InputError, match="contact=0 is for tilings in memory"):
        stored("usual", place).zones(contact=0)
    with pytest.raises(pr.InputError, match="'largest'"):
        stored("usual", place).zones(sort="largest")
    assert len(stored("usual", place).zones(contact=1)) == len(stored("usual", place).zones())


@pytest.mark.parametrize("seed", range(12))
def test_degenerate_questions(tmp_path, seed):
    """Also where facets lie between tasks, and several neurons fold at once."""
    target = [None, "y0 <= 0", "y0 == 0", ["y0 < 0", "y0 > 0"]][seed % 4]
    net = network(2, 4, 3, 1, seed=100 + seed, whole=True)
    run = pr.Run(tmp_path / "run", net, target, ([-1, -2], [2, 1]), cuts=1 + seed % 5)
    run.work()
    tiling = run.tiling()
    known = contacts(tiling.in_memory())
    assert sorted_pairs(stored_contacts(tiling, tmp_path / "run")) == (known.pairs.tolist(), known.labels.tolist())


def test_marks_come_with_contacts(place, tmp_path):
    class Own(module.Marks):
        def of_batch(self, first, count, pairs):
            return np.arange(first, first + count)

        def of(self, number):
            return number

    for name in ("usual", "flat tiles", "two targets"):
        for met in stored_contacts(stored(name, place), tmp_path, Own()):
            assert isinstance(met, Met)
            assert np.array_equal(met.pairs, met.marks)
