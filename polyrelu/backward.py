r"""Backwards through a whole network, one layer at a time, depth first.

A polyhedron in the output space is split into its un-ReLU pieces, each of these is a polyhedron in the space before and
is split in turn, and so on; at the input the pieces meet the domain. A piece that is empty after meeting the sign
conditions of its layer, or the domain, goes no further. Memory is flat: one piece per layer is held at a time.

:func:`canonical_pieces` then makes the answer unique, whichever engine found the pieces. Write D for the domain, p for
an activation pattern, C_p for the closed cell of D on which the signs of p hold, and T_p for the part of C_p that maps
into the target. Then:

* every x of D lies in some C_p of full dimension in D that has ``p_i = 1`` exactly where neuron i is positive in the
  interior (a neuron that vanishes on the whole cell counts as silent), so those patterns suffice. Indeed let x lie in
  the relative interior of any C_q: a full-dimensional C_p that contains x shares the signs of q where they are
  nonzero at x, and where they are zero at x they are zero on C_q; so C_q is contained in C_p;
* a T_p of lower dimension than D is a tile only if no other tile contains it; of equal ones the first pattern stays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

from polyrelu.network import Bits, Layer, Network
from polyrelu.patterns import pattern_cell
from polyrelu.polyhedron import Polyhedron
from polyrelu.restriction import Restriction
from polyrelu.tiling import TileList
from polyrelu.unrelu import FaceStats, Zeroed, search_faces

FacePiece: TypeAlias = Callable[[Polyhedron, Layer, Zeroed], Polyhedron]


class BackwardEngine:
    """Finds the tiles of one restricted problem by going backwards; the reference for the other engines.

    Raises:
        BudgetExceeded: by ``run``, when some layer has more than ``limit`` faces.
    """

    def __init__(
        self,
        restriction: Restriction,
        domain: Polyhedron,
        face_piece: FacePiece,
        limit: int,
        progress: bool | None,
    ) -> None:
        self.restriction, self.domain, self.face_piece = restriction, domain, face_piece
        self.limit, self.progress = limit, progress
        self.stats = FaceStats()
        self.pieces: list[tuple[Bits, Polyhedron]] = []

    def run(self) -> None:
        """Find all pieces; those found before an interruption stay."""
        found = pull_back(
            self.restriction, self.domain, self.face_piece, limit=self.limit, progress=self.progress, stats=self.stats
        )
        for piece in found:
            self.pieces.append(piece)  # one by one, so that an interruption keeps them

    def tiles(self) -> TileList:
        """The tiles among the pieces found so far."""
        return TileList(self.restriction, tuple(canonical_pieces(self.pieces, self.restriction, self.domain)))


def pull_back(
    restriction: Restriction,
    domain: Polyhedron,
    face_piece: FacePiece,
    *,
    limit: int,
    progress: bool | None,
    stats: FaceStats,
) -> Iterator[tuple[Bits, Polyhedron]]:
    """The non-empty pieces of the preimage of the restriction's target, with their activation bits.

    Raises:
        BudgetExceeded: some layer has more than ``limit`` faces.
    """
    layers = restriction.layers
    outermost = max((i for i, layer in enumerate(layers) if any(layer.relu)), default=0)

    def descend(depth: int, polyhedron: Polyhedron, later: Bits) -> Iterator[tuple[Bits, Polyhedron]]:
        if depth < 0:
            inside = polyhedron & domain
            if not inside.is_empty():
                yield later, inside.canonical()
            return
        layer = layers[depth]
        shown = progress if depth == outermost else False
        for zeroed, piece in search_faces(polyhedron, layer, face_piece, limit=limit, progress=shown, stats=stats):
            bits = tuple(i not in zeroed for i, masked in enumerate(layer.relu) if masked)
            yield from descend(depth - 1, piece, (bits, *later))

    return descend(len(layers) - 1, restriction.target, ())


def canonical_pieces(
    pieces: Iterable[tuple[Bits, Polyhedron]], restriction: Restriction, domain: Polyhedron
) -> list[tuple[Bits, Polyhedron]]:
    """The tiles among the pieces (see the module's docstring), in the order of their patterns.

    ``pieces`` holds the non-empty T_p of every pattern p that has one.
    Cost: one evaluation for each piece; flat pieces are compared with all others.
    """
    network = Network(restriction.layers)

    def is_own(bits: Bits, polyhedron: Polyhedron) -> bool:
        return network.activation_pattern(polyhedron.relative_interior_point()) == bits

    def has_full_cell(bits: Bits) -> bool:
        cell = pattern_cell(restriction.layers, bits, domain)
        return cell.dim == domain.dim and is_own(bits, cell)

    ordered = sorted(pieces, key=lambda found: found[0])
    kept = [(bits, piece) for bits, piece in ordered if piece.dim == domain.dim and is_own(bits, piece)]
    flat = [(bits, piece) for bits, piece in ordered if piece.dim < domain.dim and has_full_cell(bits)]
    for bits, piece in sorted(flat, key=lambda found: -found[1].dim):
        point = piece.relative_interior_point()
        around = [other for _, other in kept if other.contains(point)]
        if not any(piece.is_subset(other) for other in around):
            kept.append((bits, piece))
    return sorted(kept, key=lambda found: found[0])
