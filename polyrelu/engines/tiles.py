"""Tiles as they are found, one by one: the preimage for who does not want all of it in memory, or at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from types import TracebackType
from typing import Any, NamedTuple, Self

import numpy as np

from polyrelu.engines.faces.unrelu import DEFAULT_FACE_LIMIT
from polyrelu.engines.preimage import checked_options, disjoint_parts
from polyrelu.engines.protocol import Anytime, Engine, Options, Streaming
from polyrelu.engines.registry import METHODS, choose
from polyrelu.errors import InputError, Interrupted
from polyrelu.networks.activation_pattern import SignVector
from polyrelu.networks.network import Network
from polyrelu.networks.questions import Domain, Target, given_domain, given_targets
from polyrelu.networks.relevant_part import restrict
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support.arguments import one_of
from polyrelu.support.limits import Limit, unlimited
from polyrelu.tilings.open_cells import Undecided
from polyrelu.tilings.tile import Tile
from polyrelu.tilings.tile_source import TileList, TileSource
from polyrelu.tilings.tiling import Tiling


def tiles(
    network: Network,
    target: Target,
    domain: Domain | None = None,
    method: str = "auto",
    *,
    order: str = "found",
    limit: int = DEFAULT_FACE_LIMIT,
    workers: int = 1,
    max_dim: int | None = None,
    until: Callable[[int], bool] | None = None,
    timeout: float | None = None,
    measure: bool = False,
) -> Tiles:
    """The tiles of a preimage one by one, as they are found. Exact.

    Args:
        network: as for :func:`polyrelu.preimage`, like the next three.
        target: which outputs.
        domain: which inputs.
        method: the engine.
        order: ``"found"`` goes depth first, which takes the least time for all tiles; ``"largest"`` splits the largest
            cell first, so that much of the domain is decided soon. It is kept by ``"cells"`` alone.
        limit: as for :func:`polyrelu.preimage`, like the next three.
        workers: how many threads.
        max_dim: the largest dimension.
        until: asked with the number of tiles found whether to stop.
        timeout: seconds from now, heard while a tile is asked for.
        measure: measure cells while their vertices are there, for who takes :meth:`Tiles.batch` and asks for volumes.

    Returns:
        An iterator of :class:`~polyrelu.tilings.tile.Tile`. As a set they are those of :func:`polyrelu.preimage`.
        Nothing runs but while a tile is asked for, so to close it early, or to leave it alone, stops the run.

    Raises:
        Interrupted: by the iterator, when Ctrl-C, ``until`` or the time stops it. Its ``partial`` holds the tiles that
            were found and not handed out, and says what is undecided. Asked again after Ctrl-C it goes on, except with
            methods that find all tiles first, which begin again.

    Other errors are those of :func:`polyrelu.preimage`; what the engine says comes with the first tile.

    Cost: as for :func:`polyrelu.preimage`; with ``"cells"``, ``"twin"``, ``"branch"`` and ``"halfspaces"`` memory does
    not grow with the tiles, except for flat ones of the first two. Others find all before the first is handed out.

    >>> import polyrelu as pr
    >>> net = pr.Network([([[1, 0], [0, 1], [1, 1]], [0, 0, -1]), ([[1, -1, 1]], [0])])
    >>> with pr.tiles(net, "y0 > 0", ([-1, -1], [1, 1])) as found:
    ...     sorted(tile.pattern for tile in found)
    ['100', '110', '111']
    """
    targets = given_targets(target, network, "tiles")
    inputs = given_domain(domain, network, "tiles")
    one_of(method, METHODS, "tiles", "method")
    limits = Limit(until, timeout, "tiles")
    options = checked_options("tiles", limit, workers, max_dim, False, limits, measure, order)._replace(streamed=True)
    return Tiles(network, targets, inputs, method, options)


class _State(NamedTuple):
    """Where the iterator is; it changes in one step, so that Ctrl-C finds all of it or none.

    Attributes:
        waiting: the parts of the targets that no engine has begun, each with the number of its target.
        target_index: the number of the target whose part is at work.
        engine: at work on it.
        source, number: where the next tile is.
        part: what the engine works on.
    """

    waiting: tuple[tuple[int, Polyhedron], ...]
    target_index: int = 0
    engine: Engine | None = None
    source: TileSource | None = None
    number: int = 0
    part: tuple[int, Polyhedron] | None = None


class Tiles(Iterator[Tile]):
    """An iterator of tiles; :func:`tiles` makes it.

    Attributes:
        network, targets, domain: what is asked.
        method: the engine that is asked for.
        handed_out: how many tiles were.
    """

    def __init__(
        self, network: Network, targets: tuple[Polyhedron, ...], domain: Polyhedron, method: str, options: Options
    ) -> None:
        self.network, self.targets, self.domain, self.method = network, targets, domain, method
        self.handed_out = 0
        self._options = options
        self._state = _State(() if domain.is_empty() else tuple(disjoint_parts(targets)))
        self._is_closed = False

    def __next__(self) -> Tile:
        try:
            with self._options.until.kept():
                while self._state.source is None or self._state.number >= len(self._state.source):
                    if not self._go_on():
                        raise StopIteration
        except KeyboardInterrupt as stop:
            raise self._interrupted() from stop
        source, number = self._state.source, self._state.number
        self._state = self._state._replace(number=number + 1)
        self.handed_out += 1
        return Tile(self._state.target_index, source, number)

    def batch(self) -> Tiling | None:
        """The tiles of a moment's work, perhaps none, as an incomplete tiling; None where there are no more.

        What was found and not handed out one by one comes with them. Raises as the iterator does.
        """
        try:
            with self._options.until.kept():
                while self._state.source is None or self._state.number >= len(self._state.source):
                    if not self._go_on():
                        return None
                    if self._state.source is None:
                        break
        except KeyboardInterrupt as stop:
            raise self._interrupted() from stop
        found = replace(self._found(), undecided_parts=None)
        if self._state.source is not None:
            self._state = self._state._replace(number=len(self._state.source))
        self.handed_out += len(found)
        return found

    def close(self) -> None:
        """Forget everything; nothing more is handed out."""
        self._is_closed, self._state = True, _State(())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    @property
    def is_stopped(self) -> bool:
        """Whether time is up, or ``until`` said so."""
        return self._options.until.reached

    @property
    def stats(self) -> dict[str, Any]:
        """What the engine at work did so far, by name; not all is counted before it is done."""
        return {} if self._state.engine is None else dict(vars(self._state.engine.stats))

    def undecided(self) -> Undecided:
        """The cells that are not decided yet; what is found is decided, whether it is handed out or not.

        Raises:
            InputError: the iterator is closed, or the engine does not know.
        """
        if self._is_closed:
            raise InputError("undecided: the iterator is closed; ask before that")
        left = self._left()
        if left is None:
            raise InputError(f"undecided: {self.method!r} does not know; use 'cells', 'twin', 'branch' or 'halfspaces'")
        return Undecided(left)

    def partial(self) -> Tiling:
        """The tiles that are found and not handed out, as an incomplete tiling that says what is undecided."""
        left = self._left()
        engine, source = self._state.engine, self._state.source
        if engine is not None and source is None:
            found = engine.fresh() if isinstance(engine, Streaming) else engine.tiles()
            self._state = self._state._replace(source=found, number=0)
        return replace(self._found(), undecided_parts=left)

    def _found(self) -> Tiling:
        """The tiles that are at hand and were not handed out."""
        index, source, number = self._state.target_index, self._state.source, self._state.number
        parts = () if source is None else ((index, source),)
        chosen = None if source is None or not number else np.arange(number, len(source))
        return Tiling(self.network, self.targets, self.domain, self.method, False, self.stats, parts, chosen)

    # -- the run ------------------------------------------------------------------------------------------------------

    def _go_on(self) -> bool:
        """Work until there may be a tile; False if there is no more."""
        waiting, engine, source = self._state.waiting, self._state.engine, self._state.source
        if engine is None:
            return self._begin()
        if not isinstance(engine, Streaming):
            engine.run()
            self._state = _State(waiting, self._state.target_index, None, engine.tiles())
            return True
        if source is not None:
            if source is engine.fresh():
                engine.forget()
            self._state = self._state._replace(source=None, number=0)
        has_more = engine.advance()
        found = engine.fresh()
        if len(found) or not has_more:
            self._state = self._state._replace(source=found, engine=engine if has_more else None)
        else:
            engine.forget()
        return True

    def _begin(self) -> bool:
        """Make the engine for the next part of the targets; False where there is none."""
        if not self._state.waiting:
            return False
        (index, part), *waiting = self._state.waiting
        _, engine = choose(self.method, restrict(self.network, part), self.domain, self._options)
        self._state = _State(tuple(waiting), index, engine, part=(index, part))
        return True

    def _left(self) -> tuple[tuple[int, TileSource], ...] | None:
        """What is undecided; None where the engine does not know."""
        with unlimited():
            found: list[tuple[int, TileSource]] = []
            if self._state.engine is not None:
                if not isinstance(self._state.engine, Anytime):
                    return None
                found.append((self._state.target_index, self._state.engine.undecided()))
            whole = ((SignVector(), self.domain.canonical()),)
            for index, part in self._state.waiting:
                found.append((index, TileList(restrict(self.network, part), whole)))
            return tuple(found)

    def _interrupted(self) -> Interrupted:
        until = self._options.until
        when = f" after {until.timeout} seconds" if until.late else ""
        stopped = Interrupted(
            f"tiles: stopped{when} with {self.handed_out} tiles handed out; what was found since is in .partial",
            self.partial(),
        )
        engine, part = self._state.engine, self._state.part
        if engine is not None and not isinstance(engine, Streaming) and part is not None:
            self._state = _State((part, *self._state.waiting))  # it has to begin again
        return stopped
