r"""Backwards through a whole network, one layer at a time, depth first.

A polyhedron in the output space is split into its un-ReLU pieces, each of these is a polyhedron in the space before and
is split in turn, and so on; at the input the pieces meet the domain. A piece that is empty after meeting the sign
conditions of its layer, or the domain, goes no further. Memory is flat: one piece per layer is held at a time.

:class:`CanonicalPieces` then makes the answer unique, whichever engine found the pieces. Write D for the domain, p for
an activation pattern, C_p for the closed cell of D on which the signs of p hold, and T_p for the part of C_p that maps
into the target. Then:

* every x of D lies in some C_p of full dimension in D that has ``p_i = 1`` exactly where neuron i is positive in the
  interior (a neuron that vanishes on the whole cell counts as silent), so those patterns suffice. Indeed let x lie in
  the relative interior of any C_q: a full-dimensional C_p that contains x shares the signs of q where they are
  nonzero at x, and where they are zero at x they are zero on C_q; so C_q is contained in C_p;
* a T_p of lower dimension than D is a tile only if no other tile contains it; of equal ones the first pattern stays.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TypeAlias

from polyrelu.engines.faces.unrelu import FaceStats, Piece, Zeroed, search_faces
from polyrelu.engines.search import Best, FaceProblem, FaceSearch, Heuristic, Record, input_boxes
from polyrelu.engines.search.tree import DEFAULT_NODE_LIMIT
from polyrelu.errors import DimensionError
from polyrelu.networks.activation_pattern import SignVector
from polyrelu.networks.layer import Layer
from polyrelu.networks.network import Network
from polyrelu.networks.pattern_cells import pattern_cell
from polyrelu.networks.relevant_part import Restriction, restrict
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support.limits import Limit, Stop, check, unlimited
from polyrelu.tilings.tile_source import TileList

_SECONDS_TO_COLLECT = 0.5  # after an interruption

FaceSource: TypeAlias = Callable[[Polyhedron, Layer, Polyhedron, bool | None], Iterator[tuple[Zeroed, Polyhedron]]]
"""Given a wanted polyhedron, a layer, a set that holds the layer's inputs, and whether to show a bar: the pieces."""


class BackwardEngine:
    """Finds the tiles of one restricted problem by going backwards; the reference for the other engines.

    Raises:
        BudgetExceeded: by ``run``, when some layer has more faces, or takes more nodes, than the source may look at.
    """

    def __init__(
        self,
        restriction: Restriction,
        domain: Polyhedron,
        faces: FaceSource,
        stats: FaceStats | Record,
        progress: bool | None,
        until: Callable[[int], bool] | None = None,
    ) -> None:
        self.restriction, self.domain, self.faces = restriction, domain, faces
        self.stats, self.progress, self.until = stats, progress, until
        self.tiling = CanonicalPieces(restriction, domain)
        self.interrupted = False

    @classmethod
    def exhaustive(
        cls,
        restriction: Restriction,
        domain: Polyhedron,
        piece: Piece,
        limit: int,
        progress: bool | None,
        until: Callable[[int], bool] | None = None,
    ) -> BackwardEngine:
        """The engine that visits all faces of each layer, at most ``limit``."""
        stats = FaceStats()

        def faces(
            wanted: Polyhedron, layer: Layer, inputs: Polyhedron, shown: bool | None
        ) -> Iterator[tuple[Zeroed, Polyhedron]]:
            return search_faces(wanted, layer, piece, limit=limit, progress=shown, stats=stats)

        return cls(restriction, domain, faces, stats, progress, until)

    @classmethod
    def pruned(
        cls,
        restriction: Restriction,
        domain: Polyhedron,
        make: Callable[[], Heuristic],
        limit: int,
        progress: bool | None,
        until: Callable[[int], bool] | None = None,
    ) -> BackwardEngine:
        """The engine that searches each layer with a fresh heuristic from ``make``, at most ``limit`` nodes a layer."""
        stats = Record()

        def faces(
            wanted: Polyhedron, layer: Layer, inputs: Polyhedron, shown: bool | None
        ) -> Iterator[tuple[Zeroed, Polyhedron]]:
            return FaceSearch(FaceProblem(layer, wanted, inputs), make(), limit, shown, stats)

        return cls(restriction, domain, faces, stats, progress, until)

    def run(self) -> None:
        """Find all pieces, and look at each; those found before an interruption stay.

        ``until`` is asked at each piece; limits that are kept (:mod:`polyrelu.support.limits`) are heard in between,
        too.
        """
        try:
            for signs, piece in pull_back(self.restriction, self.domain, self.faces, progress=self.progress):
                self.tiling.add(signs, piece)
                if self.until is not None and self.until(len(self.tiling)):
                    raise Stop
        except KeyboardInterrupt:
            self.interrupted = True
            raise

    def tiles(self) -> TileList:
        """The tiles among the pieces found so far.

        After an interruption flat pieces are compared with others for half a second, and stay if that is not enough.
        """
        return TileList(self.restriction, tuple(self.tiling.tiles(_SECONDS_TO_COLLECT if self.interrupted else None)))


class NetworkSearch(Iterator[tuple[SignVector, Polyhedron]]):
    """The non-empty pieces ``(signs, polyhedron)`` of a preimage, lazily; ``record`` sums over the layers' searches."""

    def __init__(self, engine: BackwardEngine) -> None:
        assert isinstance(engine.stats, Record)
        self.record = engine.stats
        self._pieces = pull_back(engine.restriction, engine.domain, engine.faces, progress=engine.progress)

    def __next__(self) -> tuple[SignVector, Polyhedron]:
        return next(self._pieces)


def network_search(
    network: Network,
    target: Polyhedron,
    make: Callable[[], Heuristic] = Best,
    domain: Polyhedron | None = None,
    *,
    limit: int = DEFAULT_NODE_LIMIT,
    progress: bool | None = None,
) -> NetworkSearch:
    """The pieces of the preimage of a target, searched backwards layer by layer with a heuristic. Exact.

    Args:
        network: R^d -> R^m.
        target: a polyhedron in R^m.
        make: gives a fresh heuristic for each search of one layer.
        domain: a polyhedron in R^d; None is all of R^d. Boxes around what it gives to later layers bound those too.
        limit: the largest number of nodes in one search of a layer.
        progress: show a bar for the outermost search; by default only for long runs on a terminal.

    Returns:
        An iterator of (signs, polyhedron): the signs of the ReLU neurons that the target sees, layer by layer, and the
        closed piece of this assignment. Where pieces are flat, some may be part of others;
        ``preimage(method="search")`` leaves those out.

    Raises:
        DimensionError: target or domain live in the wrong space.
        BudgetExceeded: while iterating, when ``limit`` nodes do not suffice for a layer.
    """
    inputs = Polyhedron.whole_space(network.input_dim) if domain is None else domain
    if target.ambient_dim != network.output_dim or inputs.ambient_dim != network.input_dim:
        raise DimensionError(
            f"network_search: the network maps R^{network.input_dim} to R^{network.output_dim}, but the domain lives "
            f"in R^{inputs.ambient_dim} and the target in R^{target.ambient_dim}"
        )
    return NetworkSearch(BackwardEngine.pruned(restrict(network, target), inputs, make, limit, progress))


def pull_back(
    restriction: Restriction, domain: Polyhedron, faces: FaceSource, *, progress: bool | None
) -> Iterator[tuple[SignVector, Polyhedron]]:
    """The non-empty pieces of the preimage of the restriction's target, with their activation signs.

    Raises:
        BudgetExceeded: by ``faces``.
    """
    if domain.is_empty():
        return iter(())
    layers = restriction.layers
    outermost = max((i for i, layer in enumerate(layers) if layer.neurons), default=0)
    inputs = input_boxes(layers, domain)

    def descend(depth: int, polyhedron: Polyhedron, later: SignVector) -> Iterator[tuple[SignVector, Polyhedron]]:
        if depth < 0:
            inside = polyhedron & domain
            if not inside.is_empty():
                yield later, inside.canonical()
            return
        check()
        layer = layers[depth]
        shown = progress if depth == outermost else False
        for zeroed, piece in faces(polyhedron, layer, inputs[depth], shown):
            own = tuple(i not in zeroed for i in layer.neurons)
            yield from descend(depth - 1, piece, SignVector((own, *later)))

    return descend(len(layers) - 1, restriction.target, SignVector())


class CanonicalPieces:
    """The tiles among pieces that come one by one (see the module's docstring).

    Added is the non-empty T_p of every pattern p that has one. ``len`` is the number of those that may be tiles.
    """

    def __init__(self, restriction: Restriction, domain: Polyhedron) -> None:
        self.restriction, self.domain = restriction, domain
        self._network = Network(restriction.layers)
        self._full: list[tuple[SignVector, Polyhedron]] = []
        self._flat: list[tuple[SignVector, Polyhedron]] = []

    def __len__(self) -> int:
        return len(self._full) + len(self._flat)

    def add(self, signs: SignVector, piece: Polyhedron) -> None:
        """One more piece. Cost: one or two evaluations."""
        check()
        if piece.dim == self.domain.dim:
            if self._is_own(signs, piece):
                self._full.append((signs, piece))
        elif self._has_full_cell(signs):
            self._flat.append((signs, piece))

    def tiles(self, seconds: float | None = None) -> list[tuple[SignVector, Polyhedron]]:
        """The tiles, in the order of their patterns. Flat pieces are compared with all others.

        Args:
            seconds: when to stop comparing; the flat pieces that are left are then taken for tiles.
        """
        kept = sorted(self._full, key=lambda found: found[0])
        waiting = deque(sorted(self._flat, key=lambda found: (-found[1].dim, found[0])))
        if seconds is None:
            self._compare(waiting, kept)
        else:
            with unlimited(), Limit(timeout=seconds).kept(), suppress(Stop):
                self._compare(waiting, kept)
        return sorted([*kept, *waiting], key=lambda found: found[0])

    @staticmethod
    def _compare(waiting: deque[tuple[SignVector, Polyhedron]], kept: list[tuple[SignVector, Polyhedron]]) -> None:
        """Move pieces from those that wait to those that are kept, unless these contain them."""
        while waiting:
            check()
            _, piece = waiting[0]
            point = piece.relative_interior_point()
            if not any(other.contains(point) and piece.is_subset(other) for _, other in kept):
                kept.append(waiting[0])
            waiting.popleft()

    def _is_own(self, signs: SignVector, polyhedron: Polyhedron) -> bool:
        return self._network.activation_pattern(polyhedron.relative_interior_point()) == signs

    def _has_full_cell(self, signs: SignVector) -> bool:
        cell = pattern_cell(self.restriction.layers, signs, self.domain)
        return cell.dim == self.domain.dim and self._is_own(signs, cell)
