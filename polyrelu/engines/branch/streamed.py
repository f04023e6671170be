"""The engine that branches for who takes tiles as they come: what was taken is forgotten.

A flat tile is compared with others at once, near one of its points (:mod:`polyrelu.engines.flat_tiles`).
"""

from __future__ import annotations

import numpy as np

from polyrelu.engines.branch.engine import ADVICE, BranchEngine
from polyrelu.engines.branch.exact import splits_of
from polyrelu.engines.branch.suitable import is_suitable
from polyrelu.engines.branch.tiles import BranchTiles, FlatTile, PackedCells
from polyrelu.engines.flat_tiles import around, is_needed
from polyrelu.engines.halfspaces.engine import HalfspaceEngine, LazyTiles
from polyrelu.engines.protocol import Options
from polyrelu.networks.activation_pattern import SignVector, packed_signs
from polyrelu.networks.relevant_part import Restriction
from polyrelu.polyhedra.polyhedron import Polyhedron


class StreamedBranches(BranchEngine):
    """Finds the tiles of one restricted problem, and hands them out on the way.

    Args:
        restriction, domain: as for :class:`~polyrelu.engines.branch.engine.BranchEngine`.
        options: the rest of that.
        advice: what to do at the limit.
    """

    def __init__(self, restriction: Restriction, domain: Polyhedron, options: Options, advice: str = ADVICE) -> None:
        super().__init__(restriction, domain, options.limit, options.until, progress=False, advice=advice)
        self._given = domain
        self._needed: list[FlatTile] = []
        self._fresh: BranchTiles | None = None
        self._is_done = False

    def advance(self) -> bool:
        """Work for a moment; whether there may be more to find. Raises KeyboardInterrupt when stopped."""
        if self.flat:
            self._ask()
            self._settle(self.flat[0])
            self.flat.pop(0)
        elif self.reach.misses:
            self.stats.bounded = self.stats.pruned = 1
            return False
        elif not self._is_done:
            self._is_done = not self._walk_on()
        return bool(self.flat) or not self._is_done

    def fresh(self) -> BranchTiles:
        """The tiles that were found and not forgotten, in the order of their patterns: the same until it forgets."""
        if self._fresh is None:
            if not self.reach.misses:
                self._take()
            self._leave_out_what_is_done()
            kept = PackedCells(self.restriction.neuron_count, self.domain.ambient_dim)
            kept.extend(self.found.columns())
            nowhere = np.full((1, self.domain.ambient_dim), np.nan)
            for signs, splits, _ in self._needed:
                kept.append(signs[None], splits[None], nowhere)
            self._fresh = BranchTiles(self.restriction, self.exact, kept.columns().in_order(), self.folding)
        return self._fresh

    def forget(self) -> None:
        """Let go of these tiles."""
        handed_out = self._handed_out + len(self.found)
        self.found = PackedCells(self.restriction.neuron_count, self.domain.ambient_dim)
        self._handed_out = handed_out
        self._needed = []
        self._fresh = None

    def undecided(self) -> LazyTiles:
        """The cells that are not divided to the end, and those of which it waits what the target touches."""
        left = super().undecided()
        cells = (self._open_cell(len(self.layers), signs, splits) for signs, splits, _ in self.flat)
        return LazyTiles(self.restriction, (*left.pieces, *cells), self.folding)

    def _leave_out_what_is_done(self) -> None:
        """After an interruption something may be there, and wait to be done, too."""
        found = set(map(bytes, self.found.columns().signs))
        needed = {own.signs.tobytes() for own in self._needed}
        for key, (signs, _) in list(self._doubtful.items()):
            if packed_signs(signs).tobytes() in found or any(own.signs.tobytes() == key for own in self.flat):
                del self._doubtful[key]
        self.flat = [own for own in self.flat if own.signs.tobytes() not in needed]

    # -- flat tiles ---------------------------------------------------------------------------------------------------

    def _settle(self, flat: FlatTile) -> None:
        """Keep a flat tile if it is needed."""
        signs = SignVector.from_flat(flat.signs, self._starts)
        point = flat.tile.relative_interior_point()
        near = around(self._given, point if self.folding is None else self.folding.sides.lift(point))
        if is_needed(signs, flat.tile, self._patterns(near), self._tile):
            self._needed.append(flat)

    def _patterns(self, domain: Polyhedron) -> list[SignVector]:
        """The signs of all cells of a small domain of which the target leaves something."""
        if not is_suitable(domain):
            exactly = HalfspaceEngine(self.restriction, domain, self.limit)
            exactly.run()
            return [signs for signs, _ in (*exactly.found, *exactly.flat)]
        engine = BranchEngine(self.restriction, domain, self.limit, progress=False)
        return engine.patterns()

    def _tile(self, signs: SignVector) -> Polyhedron:
        """What the target leaves of the cell with these signs."""
        own = signs.flat
        return self.exact.tile(splits_of(self.layers, np.ones(len(own), dtype=np.bool_), own), signs)
