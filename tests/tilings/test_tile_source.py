"""What is asked of tiles does not depend on where they come from."""

import dataclasses
import pickle

import numpy as np
import pytest

import polyrelu as pr
from polyrelu.tilings.tile_source import TileList, TileSource

BOX = pr.Polyhedron.box([-1, -1], [1, 1])
NET = pr.Network([([[1, 0.5], [-1, 0.25], [0.3, -1]], [0, "1/10", -0.2]), ([[1, 1, -1], [1, -1, 0]], [0, 0])])
FIXED = pr.Polyhedron.box([-1, 0.25], [1, 0.25])
TARGETS = [pr.parse("y0 > 1/2", dim=2), pr.parse("y0 <= 1/3 and y1 <= 1/3", dim=2)]
TILINGS = {
    "cells": lambda: pr.preimage(NET, TARGETS[0], BOX, "cells"),
    "unrelu": lambda: pr.preimage(NET, TARGETS[0], BOX, "unrelu"),
    "union": lambda: pr.preimage(NET, TARGETS, BOX, "cells"),
    "union by unrelu": lambda: pr.preimage(NET, TARGETS, BOX, "unrelu"),
    "flat tiles": lambda: pr.preimage(NET, pr.parse("y1 == 0", dim=2), BOX, "cells"),
    "flat domain": lambda: pr.preimage(NET, TARGETS[0], FIXED, "unrelu"),
    "unbounded": lambda: pr.preimage(NET, TARGETS[0], method="cells"),
    "no tiles": lambda: pr.preimage(NET, pr.parse("y0 > 100", dim=2), BOX, "cells"),
    "some tiles": lambda: pr.preimage(NET, TARGETS[1], BOX, "cells")[1:3],
}
tilings = pytest.mark.parametrize("name", TILINGS)


@dataclasses.dataclass(frozen=True, eq=False)
class OnDisk(TileSource):
    """A file a tile, each read when it is asked for."""

    folder: str
    count: int

    @classmethod
    def of(cls, source, folder):
        folder.mkdir(parents=True)
        for i in range(len(source)):
            (folder / str(i)).write_bytes(pickle.dumps((source.bits(i), source.polyhedron(i))))
        return cls(source.restriction, str(folder), len(source))

    def _read(self, index):
        with open(f"{self.folder}/{index}", "rb") as file:
            return pickle.load(file)

    def __len__(self):
        return self.count

    def bits(self, index):
        return self._read(index)[0]

    def polyhedron(self, index):
        return self._read(index)[1]


def on_disk(tiling, folder):
    parts = [(t, OnDisk.of(source, folder / f"part{k}")) for k, (t, source) in enumerate(tiling.parts)]
    return dataclasses.replace(tiling, parts=tuple(parts))


def answer(ask, tiling):
    """What is answered, or which error is raised."""
    try:
        return ask(tiling)
    except pr.PolyreluError as error:
        return type(error), str(error)


QUESTIONS = {
    "patterns": lambda tiling: tiling.patterns,
    "tiles": lambda tiling: [(tile.bits, tile.dim, tile.polyhedron, tile.affine_map()) for tile in tiling],
    "inner points": lambda tiling: [tile.contains(tile.inner_point()) for tile in tiling],
    "locate": lambda tiling: tiling.locate(np.random.default_rng(0).uniform(-1, 1, (50, 2))).tolist(),
    "volume": lambda tiling: (tiling.volume(exact=True), tiling.volume(exact=True) in tiling.volume()),
    "share": lambda tiling: (tiling.share(exact=True), tiling.share(exact=True) in tiling.share()),
    "box": lambda tiling: tiling.bounding_box(exact=True),
    "graph": lambda tiling: sorted(tiling.adjacency().edges(data="neuron")),
    "contacts": lambda tiling: sorted(tiling.adjacency(0).edges(data="dim")),
    "zones": lambda tiling: [zone.patterns for zone in tiling.zones()],
    "largest": lambda tiling: [zone.patterns for zone in tiling.zones(sort="volume")],
    "facets": lambda tiling: [tiling.facets(i) for i in range(len(tiling)) if tiling[i].dim == 2],
    "boundary": lambda tiling: [(facet.tile, facet.row, facet.polyhedron) for facet in tiling.boundary()],
    "merged": lambda tiling: len(tiling.merged()),
    "Betti numbers": lambda tiling: tiling.betti_numbers(),
    "nearest": lambda tiling: tiling.nearest([3, 4]).distance,
    "table": lambda tiling: tiling.table(),
}


@tilings
@pytest.mark.parametrize("question", QUESTIONS)
def test_a_new_source_is_asked_like_any_other(name, question, tmp_path):
    """It says three things; everything follows from them, and agrees with what the engines' sources say."""
    tiling = TILINGS[name]()
    assert answer(QUESTIONS[question], on_disk(tiling, tmp_path / "tiles")) == answer(QUESTIONS[question], tiling)


@tilings
@pytest.mark.parametrize("suffix", [".npz", ".parquet"])
def test_a_new_source_is_saved(name, suffix, tmp_path):
    tiling = TILINGS[name]()
    on_disk(tiling, tmp_path / "tiles").save(tmp_path / f"tiling{suffix}")
    loaded = pr.load_tiling(tmp_path / f"tiling{suffix}", NET)
    assert loaded.patterns == tiling.patterns
    assert [tile.polyhedron for tile in loaded] == [tile.polyhedron for tile in tiling]
    assert loaded.zones() == [] or len(loaded.zones()) == len(tiling.zones())


@tilings
def test_the_verbs_of_every_source_agree(name, tmp_path):
    """Those with a faster answer give the one that is made of the three."""
    for k, (_, source) in enumerate(TILINGS[name]().parts):
        plain, all_tiles = OnDisk.of(source, tmp_path / str(k)), np.arange(len(source))
        chosen = all_tiles[::-2]
        assert len(plain) == len(source)
        for numbers in (all_tiles, chosen, all_tiles[:0]):
            assert source.patterns(numbers) == plain.patterns(numbers)
            assert source.dims(numbers).tolist() == plain.dims(numbers).tolist()
            full = numbers[source.dims(numbers) == source.dims(all_tiles).max(initial=0)]
            if not source.meets_in_neurons or name != "flat tiles":
                assert source.facet_counts(full).tolist() == plain.facet_counts(full).tolist()
            assert np.array_equal(source.data(numbers).bits, plain.data(numbers).bits)
            assert len(source.data(numbers).counts) == len(numbers)
        for i in all_tiles.tolist():
            alone = source.only(i)
            assert (len(alone), alone.bits(0), alone.polyhedron(0)) == (1, plain.bits(i), plain.polyhedron(i))


def test_a_tile_of_fixed_inputs_travels_whole():
    """Among all inputs, not among those that the domain leaves free."""
    for tile in TILINGS["flat domain"]():
        again = pickle.loads(pickle.dumps(tile))
        assert again.polyhedron == tile.polyhedron
        assert isinstance(again.source, TileList)
