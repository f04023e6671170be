"""Contacts and zones of tilings on disk are those in memory."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import polyrelu as pr
from polyrelu.analysis import stored_contacts as module
from polyrelu.analysis import stored_low_contacts as low_contacts
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


@pytest.mark.parametrize(("name", "measure"), [*((name, False) for name in NAMES), ("equality", True)])
def test_zones_by_contacts_of_every_dimension_are_those_in_memory(place, name, measure, monkeypatch):
    """Also where boxes and pairs do not fit into memory, and polyhedra are not kept."""
    monkeypatch.setattr(low_contacts, "_AT_ONCE", 3)
    monkeypatch.setattr(low_contacts, "_MOST_KEPT", 2)
    monkeypatch.setattr(low_contacts, "Sorter", lambda width, folder: Sorter(width, folder, 100))
    tiling = stored(name, place / "measured" if measure else place, measure)
    for contact in range(tiling.domain.ambient_dim):
        found, known = tiling.zones(contact=contact), tiling.in_memory().zones(contact=contact)
        assert sorted(sorted(zone.patterns) for zone in found) == sorted(sorted(zone.patterns) for zone in known)
        assert sum(found.tiles) == len(tiling)
        firsts = [found.numbers(zone)[0] for zone in range(len(found))]
        assert firsts == sorted(firsts)


def test_a_contact_that_is_no_dimension_is_refused(place):
    with pytest.raises(pr.InputError, match="contact"):
        stored("usual", place).zones(contact=2)


def test_zones_that_meet_in_points_of_several_batches(tmp_path):
    """Squares whose corners meet, where a wave of one input is below that of the other."""
    slopes = np.array([1, -2, 2, -2])
    wave = np.kron(np.eye(2, dtype=int), np.ones((4, 1), dtype=int))
    net = pr.Network([(wave, [0, -1, -2, -3] * 2), ([[*slopes, *-slopes]], [0])])
    run = pr.Run(tmp_path / "run", net, "y0 <= 0", ([0, 0], [4, 4]), cuts=20)
    assert run.work().tasks > 5
    stored_, known = run.tiling(), run.tiling().in_memory()
    zones = {contact: len(stored_.zones(contact=contact)) for contact in (0, 1)}
    assert zones == {contact: len(known.zones(contact=contact)) for contact in (0, 1)}
    assert zones[0] < zones[1] == len(stored_.zones())


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
