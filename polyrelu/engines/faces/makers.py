"""The three engines that go backwards: by all faces, moving sets or rows, and by a pruned search of the faces."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from polyrelu.engines.faces.backward import BackwardEngine
from polyrelu.engines.faces.unrelu import face_piece, substituted_piece
from polyrelu.engines.halfspaces.engine import LazyTiles
from polyrelu.engines.protocol import Engine, Options
from polyrelu.engines.search.tree import Best
from polyrelu.networks.fixed_inputs import Folding
from polyrelu.networks.relevant_part import Restriction
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.tilings.tile_source import TileSource


class _Folded:
    """An engine at work in the inputs that a domain leaves free."""

    def __init__(
        self, restriction: Restriction, domain: Polyhedron, make: Callable[[Restriction, Polyhedron], BackwardEngine]
    ) -> None:
        self._restriction, self._folding = restriction, Folding.of(domain)
        if self._folding is not None:
            restriction = replace(restriction, layers=self._folding.layers(restriction.layers))
        self._engine = make(restriction, domain.unfixed())
        self.stats = self._engine.stats

    def run(self) -> None:
        self._engine.run()

    def tiles(self) -> TileSource:
        return LazyTiles(self._restriction, self._engine.tiles().pieces, self._folding)


def by_faces(restriction: Restriction, domain: Polyhedron, options: Options) -> Engine:
    """The un-ReLU operator: each face's image is intersected with the wanted set and pulled back."""

    def make(part: Restriction, inputs: Polyhedron) -> BackwardEngine:
        return BackwardEngine.exhaustive(part, inputs, face_piece, options.limit, options.progress, options.until)

    return _Folded(restriction, domain, make)


def by_rows(restriction: Restriction, domain: Polyhedron, options: Options) -> Engine:
    """The same pieces by substituting the layer into the rows of the wanted set."""

    def make(part: Restriction, inputs: Polyhedron) -> BackwardEngine:
        piece = substituted_piece
        return BackwardEngine.exhaustive(part, inputs, piece, options.limit, options.progress, options.until)

    return _Folded(restriction, domain, make)


def by_search(restriction: Restriction, domain: Polyhedron, options: Options) -> Engine:
    """The faces as a tree, pruned by the best heuristic."""

    def make(part: Restriction, inputs: Polyhedron) -> BackwardEngine:
        return BackwardEngine.pruned(part, inputs, Best, options.limit, options.progress, options.until)

    return _Folded(restriction, domain, make)
