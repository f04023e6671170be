"""Cells by their inequalities for who takes tiles as they come: what was taken is forgotten.

A flat tile is compared with others at once, near one of its points (:mod:`polyrelu.engines.flat_tiles`).
"""

from __future__ import annotations

from collections.abc import Callable

from polyrelu.engines.flat_tiles import around, is_needed
from polyrelu.engines.halfspaces.engine import HalfspaceEngine, LazyTiles
from polyrelu.networks.activation_pattern import SignVector
from polyrelu.networks.pattern_cells import pattern_cell
from polyrelu.networks.relevant_part import Restriction
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support.limits import check


class StreamedHalfspaces(HalfspaceEngine):
    """Finds the tiles of one restricted problem, and hands them out on the way.

    Args:
        restriction, domain, limit, work, until, refusal: as for
            :class:`~polyrelu.engines.halfspaces.engine.HalfspaceEngine`.
    """

    def __init__(
        self,
        restriction: Restriction,
        domain: Polyhedron,
        limit: int,
        work: int | None = None,
        until: Callable[[int], bool] | None = None,
        refusal: str = "",
    ) -> None:
        super().__init__(restriction, domain, limit, work, until, refusal)
        self._given = domain
        self._needed: list[tuple[SignVector, Polyhedron]] = []
        self._fresh: LazyTiles | None = None

    def advance(self) -> bool:
        """Work for a moment; whether there may be more to find. Raises KeyboardInterrupt when stopped."""
        check()
        if not self.flat:
            self._go_on()
        elif not self._waiting or not self._is_finished(self._waiting[-1]):
            self._settle(*self.flat[0])
            self.flat.pop(0)
        else:
            self._waiting.pop()
        return bool(self.flat or self._waiting)

    def fresh(self) -> LazyTiles:
        """The tiles that were found and not forgotten, in the order of their patterns: the same until it forgets."""
        if self._fresh is None:
            while self._waiting and self._is_finished(self._waiting[-1]):
                self._waiting.pop()  # after an interruption
            needed = dict(self._needed)
            self.flat = [own for own in self.flat if own[0] not in needed]
            tiles = {**dict(self.found), **needed}
            pieces = tuple(sorted(tiles.items(), key=lambda found: found[0]))
            self._fresh = LazyTiles(self.restriction, pieces, self.folding)
        return self._fresh

    def forget(self) -> None:
        """Let go of these tiles."""
        self.found, self._needed, self._fresh = [], [], None

    def undecided(self) -> LazyTiles:
        """The cells that are not divided to the end, and those of which it waits what the target touches."""
        left = super().undecided()
        cells = ((signs, self._cell(signs)) for signs, _ in self.flat)
        return LazyTiles(self.restriction, (*left.pieces, *cells), self.folding)

    def _settle(self, signs: SignVector, tile: Polyhedron) -> None:
        """Keep a flat tile if it is needed."""
        point = tile.relative_interior_point()
        near = around(self._given, point if self.folding is None else self.folding.sides.lift(point))
        others = HalfspaceEngine(self.restriction, near, self.limit).patterns()
        if is_needed(signs, tile, others, self._tile):
            self._needed.append((signs, tile))

    def _cell(self, signs: SignVector) -> Polyhedron:
        """The closed cell with these signs."""
        return pattern_cell(self.layers, signs, self.domain)

    def _tile(self, signs: SignVector) -> Polyhedron:
        """What the target leaves of it."""
        return self._cell(signs) & Polyhedron.from_halfspaces(self._target_rows(signs), self.domain.ambient_dim)
