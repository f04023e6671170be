"""The front door: which inputs make the network do this?"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, replace
from typing import Any, NamedTuple, Protocol

from polyrelu.engines.cells.budget import require_room
from polyrelu.engines.faces.backward import BackwardEngine
from polyrelu.engines.faces.unrelu import DEFAULT_FACE_LIMIT, face_piece, substituted_piece
from polyrelu.engines.halfspaces import QUICK_WORK, HalfspaceEngine, LazyTiles
from polyrelu.engines.search import Best
from polyrelu.errors import BudgetExceeded, DimensionError, Interrupted
from polyrelu.networks.fixed_inputs import Folding
from polyrelu.networks.network import Network
from polyrelu.networks.relevant_part import Restriction, keep_all, restrict
from polyrelu.polyhedra.polyhedron import Polyhedron, polyhedra
from polyrelu.support.arguments import instance, one_of, whole_number
from polyrelu.support.limits import Limit, loading
from polyrelu.tilings.tile_source import TileSource
from polyrelu.tilings.tiling import Tiling

_MOST_WORKERS = 1024


def preimage(
    network: Network,
    target: Polyhedron | Sequence[Polyhedron],
    domain: Polyhedron | None = None,
    method: str = "auto",
    *,
    limit: int = DEFAULT_FACE_LIMIT,
    workers: int = 1,
    max_dim: int | None = None,
    progress: bool | None = None,
    until: Callable[[int], bool] | None = None,
    timeout: float | None = None,
) -> Tiling:
    """All inputs in the domain whose output lies in the target, as a tiling by convex polyhedra. Exact.

    Args:
        network: R^d -> R^m.
        target: a polyhedron in R^m, or a list of them, meaning their union.
        domain: a polyhedron in R^d; None is all of R^d.
        method: ``"cells"`` splits cells forwards, fast (see :mod:`polyrelu.engines.cells`), and ``"twin"`` does the
            same in exact arithmetic throughout. ``"unrelu"`` goes backwards face by face, moving sets, and
            ``"substitution"`` moving rows (see :mod:`polyrelu.engines.faces.unrelu`); ``"search"`` goes backwards too
            and prunes the faces (see :mod:`polyrelu.engines.search`). ``"halfspaces"`` splits cells by their
            inequalities, which takes few of them in any dimension (see :mod:`polyrelu.engines.halfspaces`). ``"auto"``
            chooses ``"cells"``, and where a cell gets too many vertices for that ``"halfspaces"``, if a second or two
            of it are enough; the result's ``method`` says which ran.
        limit: the largest number of faces to visit in one layer, for the methods that go face by face; of nodes, for
            ``"search"`` and ``"halfspaces"``.
        workers: how many threads split cells, at most 1024; the answer does not depend on it.
        max_dim: the largest dimension of the domain, constant inputs not counted, in which to split cells by their
            vertices: a larger one is refused, whatever it would take. None judges by the vertices and the memory that a
            cell is going to take.
        progress: show a bar; by default only for long runs on a terminal.
        until: asked time and again, with the number of tiles found for the current target, whether to stop as for
            Ctrl-C.
        timeout: seconds after which to stop as for Ctrl-C, heard within a second or so; loading compiled code does not
            count.

    Returns:
        A :class:`~polyrelu.tilings.tiling.Tiling`. For closed targets and domains the union of its tiles *is* the
        preimage, including tiles of lower dimension where no other tile contains them; strict rows stay strict. Only
        neurons that the target can see are split on. A tile's ``target_index`` is the first target that its points map
        into: where targets overlap, the later ones are cut, and their tiles carry strict rows there.

    Raises:
        DimensionError: target or domain live in the wrong space.
        BudgetExceeded: some layer has more than ``limit`` faces or takes more nodes; or cells get too large, or have
            more than ``max_dim`` dimensions, and are too many for ``"halfspaces"``. That is said at once.
        InputError: the method is unknown, or ``timeout`` is not a positive number.
        Interrupted: Ctrl-C, ``until`` said so, or time is up; its ``partial`` holds the tiles found so far. Flat ones
            among these may lie in others, because a second after the stop that is not looked at any more.

    Cost: cells cost microseconds each, see the benchmark; going face by face takes 2^n faces for a layer of n seen
    neurons, for each piece that comes back to it.
    """
    instance(network, Network, "preimage: network", "pass a Network; load_network reads files")
    targets = polyhedra(target, "preimage: target")
    for i, one in enumerate(targets):
        if one.ambient_dim != network.output_dim:
            raise DimensionError(
                f"preimage: target {i} lives in R^{one.ambient_dim} but the network's outputs in R^{network.output_dim}"
            )
    options = _options("preimage", limit, workers, max_dim, progress, Limit(until, timeout, "preimage"))

    def restrictions() -> Iterator[tuple[int, Restriction]]:
        for i, part in disjoint_parts(targets):
            yield i, restrict(network, part)

    return _run(network, targets, restrictions, domain, method, options)


def linear_regions(
    network: Network,
    domain: Polyhedron | None = None,
    method: str = "auto",
    *,
    limit: int = DEFAULT_FACE_LIMIT,
    workers: int = 1,
    max_dim: int | None = None,
    progress: bool | None = None,
    until: Callable[[int], bool] | None = None,
    timeout: float | None = None,
) -> Tiling:
    """The cells of the domain on which every neuron has one sign, as a tiling. Exact.

    They are the activation regions of full dimension in the domain: closed, covering it, with disjoint interiors.
    Arguments, errors and cost as for :func:`preimage`.
    """
    instance(network, Network, "linear_regions: network", "pass a Network; load_network reads files")
    everything = Polyhedron.whole_space(network.output_dim)
    until_then = Limit(until, timeout, "linear_regions")
    options = _options("linear_regions", limit, workers, max_dim, progress, until_then)
    return _run(network, (everything,), lambda: [(0, keep_all(network))], domain, method, options)


def _options(
    where: str, limit: int, workers: int, max_dim: int | None, progress: bool | None, until: Limit
) -> _Options:
    """The options, checked."""
    return _Options(
        whole_number(limit, f"{where}: limit", 1),
        whole_number(workers, f"{where}: workers", 1, _MOST_WORKERS),
        None if max_dim is None else whole_number(max_dim, f"{where}: max_dim"),
        progress,
        until,
    )


def disjoint_parts(targets: Sequence[Polyhedron]) -> list[tuple[int, Polyhedron]]:
    """Disjoint polyhedra with the union of ``targets``, each with the number of the first target that contains it."""
    parts: list[tuple[int, Polyhedron]] = []
    for i, target in enumerate(targets):
        rest = [] if target.is_empty() else [target]
        for earlier in targets[:i]:
            rest = [piece for part in rest for piece in _outside(part, earlier)]
        parts += [(i, part) for part in rest]
    return parts


def _outside(part: Polyhedron, earlier: Polyhedron) -> tuple[Polyhedron, ...]:
    return (part,) if (part & earlier).is_empty() else part.difference(earlier)


def _run(
    network: Network,
    targets: tuple[Polyhedron, ...],
    restrictions: Callable[[], Iterable[tuple[int, Restriction]]],
    domain: Polyhedron | None,
    method: str,
    options: _Options,
) -> Tiling:
    one_of(method, METHODS, "preimage", "method")
    where = Polyhedron.whole_space(network.input_dim) if domain is None else domain
    instance(where, Polyhedron, "preimage: domain", "pass a Polyhedron such as Polyhedron.box, or None for all of R^d")
    if where.ambient_dim != network.input_dim:
        raise DimensionError(
            f"preimage: the domain lives in R^{where.ambient_dim} but the network's inputs in R^{network.input_dim}"
        )
    started = time.perf_counter()
    engines: list[tuple[int, Engine]] = []
    interrupted = False
    try:
        with options.until.kept():
            for index, restriction in [] if where.is_empty() else restrictions():
                engine = (_auto if method == "auto" else _ENGINES[method])(restriction, where, options)
                engines.append((index, engine))
                engine.run()
    except KeyboardInterrupt:
        interrupted = True
    complete = not interrupted
    try:
        parts = _collected(engines)
    except KeyboardInterrupt:  # while what was found is put in order, which takes a moment, it is not to be lost
        interrupted, parts = True, _collected(engines)
    stats: dict[str, int | float] = {"tiles": sum(len(source) for _, source in parts)}
    for _, engine in engines:
        for name, count in asdict(engine.stats).items():
            if count is None:
                continue
            stats[name] = max(stats.get(name, 0), count) if name == "lineality" else stats.get(name, 0) + count
    stats["seconds"] = time.perf_counter() - started
    by_halfspaces = any(isinstance(engine, HalfspaceEngine) for _, engine in engines)
    chosen = method if method != "auto" else "halfspaces" if by_halfspaces else "cells"
    tiling = Tiling(network, targets, where, chosen, complete, stats, parts)
    if interrupted:
        when = f" after {options.until.timeout} seconds" if options.until.late else ""
        raise Interrupted(f"preimage: stopped{when} with {len(tiling)} tiles; they are in .partial", tiling)
    return tiling


def _collected(engines: Iterable[tuple[int, Engine]]) -> tuple[tuple[int, TileSource], ...]:
    return tuple((index, engine.tiles()) for index, engine in engines)


class Engine(Protocol):
    """What every engine does with one restricted problem: run, and hand out the tiles found, all or some."""

    stats: Any

    def run(self) -> None:
        """Find the tiles; a KeyboardInterrupt passes through, and what was found until then stays."""

    def tiles(self) -> TileSource:
        """The tiles found so far."""


class _Options(NamedTuple):
    limit: int
    workers: int
    max_dim: int | None
    progress: bool | None
    until: Limit


def _auto(restriction: Restriction, domain: Polyhedron, options: _Options) -> Engine:
    """Cells where their vertices are few enough; otherwise cells by their inequalities where these are quick."""
    try:
        return _cells(restriction, domain, options)
    except BudgetExceeded as refused:
        if options.max_dim is not None:
            raise
        engine = HalfspaceEngine(restriction, domain, options.limit, QUICK_WORK, options.until, str(refused))
        if not engine.is_promising():
            raise
        return engine


def _halfspaces(restriction: Restriction, domain: Polyhedron, options: _Options) -> Engine:
    return HalfspaceEngine(restriction, domain, options.limit, None, options.until)


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


def _unrelu(restriction: Restriction, domain: Polyhedron, options: _Options) -> Engine:
    def make(part: Restriction, where: Polyhedron) -> BackwardEngine:
        return BackwardEngine.exhaustive(part, where, face_piece, options.limit, options.progress, options.until)

    return _Folded(restriction, domain, make)


def _substitution(restriction: Restriction, domain: Polyhedron, options: _Options) -> Engine:
    def make(part: Restriction, where: Polyhedron) -> BackwardEngine:
        return BackwardEngine.exhaustive(part, where, substituted_piece, options.limit, options.progress, options.until)

    return _Folded(restriction, domain, make)


def _search(restriction: Restriction, domain: Polyhedron, options: _Options) -> Engine:
    def make(part: Restriction, where: Polyhedron) -> BackwardEngine:
        return BackwardEngine.pruned(part, where, Best, options.limit, options.progress, options.until)

    return _Folded(restriction, domain, make)


def _twin(restriction: Restriction, domain: Polyhedron, options: _Options) -> Engine:
    require_room(restriction, domain, options.max_dim)
    with loading():
        from polyrelu.engines.cells.engine import CellEngine  # numba takes a while to import, and only cells need it

    return CellEngine(restriction, domain, None, options.until)


def _cells(restriction: Restriction, domain: Polyhedron, options: _Options) -> Engine:
    require_room(restriction, domain, options.max_dim)
    with loading():
        from polyrelu.engines.cells.engine import CellEngine
        from polyrelu.engines.cells.runner import Runner

    runner = Runner(options.workers, options.progress, options.until)
    return CellEngine(restriction, domain, runner, options.until)


_ENGINES: dict[str, Callable[[Restriction, Polyhedron, _Options], Engine]] = {
    "cells": _cells,
    "unrelu": _unrelu,
    "substitution": _substitution,
    "search": _search,
    "halfspaces": _halfspaces,
    "twin": _twin,
}
METHODS = ("auto", *_ENGINES)
BACKWARD = ("unrelu", "substitution", "search")
"""The methods that go backwards."""
