"""Runs that are put together say what one run would say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import polyrelu as pr
from polyrelu.analysis.adjacency import contacts
from polyrelu.analysis.stored_contacts import stored_contacts
from tests.runs.questions import SQUARE, network

BOXES = [([-2, -2], [0, 2]), ([0, -2], [2, 1]), ([0, 1], [2, 2])]
NETS = {"general": network(2, 4, 3, 1, seed=6), "degenerate": network(2, 5, 3, 1, seed=30, whole=True)}


def run(place: Path, name: str, net: pr.Network, target, domain) -> Path:
    pr.Run(place / name, net, target, domain, cuts=5).work()
    return place / name


def pairs(found):
    both = np.concatenate([np.empty((0, 2), np.int64), *(np.sort(met.pairs, axis=1) for met in found)])
    return both[np.lexsort((both[:, 1], both[:, 0]))].tolist()


@pytest.mark.parametrize("kind", NETS)
@pytest.mark.parametrize("target", ["y0 <= 0", "y0 == 0"])
def test_domains_that_share_facets(tmp_path, kind, target):
    places = [run(tmp_path, str(k), NETS[kind], target, pr.Polyhedron.box(*box)) for k, box in enumerate(BOXES)]
    joined, memory = pr.join(places), pr.preimage(NETS[kind], target, SQUARE)
    assert (joined.domain, joined.complete) == (memory.domain, True)
    assert len(joined) >= len(memory)
    assert joined.volume(exact=True) == memory.volume(exact=True)
    for points in (
        np.random.default_rng(0).uniform(-2, 2, (60, 2)),
        np.random.default_rng(1).integers(-2, 3, (60, 2)) * 1.0,
    ):
        assert joined.contains(points).tolist() == memory.contains(points).tolist()
    inside = joined.in_memory()
    assert pairs(stored_contacts(joined, tmp_path)) == contacts(inside).pairs.tolist()
    assert len(joined.zones()) == len(inside.zones()) == len(memory.zones())
    for i, tile in enumerate(inside):
        assert not any(tile.polyhedron.is_subset(other.polyhedron) for k, other in enumerate(inside) if k != i)


@pytest.mark.parametrize("kind", NETS)
def test_disjoint_targets(tmp_path, kind):
    targets = ["y0 < 0", "y0 == 0", "y0 > 0"]
    places = [run(tmp_path, str(k), NETS[kind], target, SQUARE) for k, target in enumerate(targets)]
    joined, memory = pr.join(map(pr.open_tiling, places)), pr.preimage(NETS[kind], targets, SQUARE)
    assert joined.patterns == memory.patterns
    assert [tile.target_index for tile in joined] == [tile.target_index for tile in memory]
    assert [zone.patterns for zone in joined.zones()] == [zone.patterns for zone in memory.zones()]


def test_what_does_not_fit_is_refused(tmp_path):
    net = NETS["general"]
    left = run(tmp_path, "left", net, "y0 <= 0", pr.Polyhedron.box([-2, -2], [0, 2]))
    low = run(tmp_path, "low", net, "y0 <= 0", pr.Polyhedron.box([0, -2], [2, 0]))
    wide = run(tmp_path, "wide", net, "y0 <= 0", pr.Polyhedron.box([-1, -2], [2, 2]))
    above = run(tmp_path, "above", net, "y0 <= 1", pr.Polyhedron.box([-2, -2], [0, 2]))
    beside = run(tmp_path, "beside", net, "y0 <= 1", pr.Polyhedron.box([0, -2], [2, 2]))
    other = run(tmp_path, "other", NETS["degenerate"], "y0 <= 0", SQUARE)
    for runs, message in (
        ([left, low], "the union of the domains is not one polyhedron"),
        ([left, wide], "the domains of the runs 0 and 1 overlap"),
        ([left, above], "the runs 0 and 1 have one domain, and targets that are not disjoint"),
        ([left, beside], "differ in domains and in targets"),
        ([left, other], "run 1 is of another network than run 0"),
        ([], "pass at least one run"),
    ):
        with pytest.raises(pr.InputError, match=message):
            pr.join(runs)
    assert pr.join([left]).patterns == pr.open_tiling(left).patterns
