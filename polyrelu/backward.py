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

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple, TypeAlias

from polyrelu.network import Bits, Layer, Network
from polyrelu.polyhedron import Halfspace, Polyhedron
from polyrelu.restriction import Restriction
from polyrelu.unrelu import FaceStats, Zeroed, search_faces, sign_conditions

FacePiece: TypeAlias = Callable[[Polyhedron, Layer, Zeroed], Polyhedron]


class Piece(NamedTuple):
    """A non-empty polyhedron in the input space, the activation bits of its neurons, and where it comes from."""

    polyhedron: Polyhedron
    bits: Bits
    restriction: Restriction
    target_index: int

    @property
    def pattern(self) -> str:
        """The activation pattern as text."""
        return self.restriction.pattern(self.bits)


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


def canonical_pieces(pieces: Iterable[Piece], domain: Polyhedron) -> list[Piece]:
    """The tiles among the pieces (see the module's docstring), ordered by pattern and target.

    ``pieces`` holds the non-empty T_p of every pattern p that has one.
    Cost: one evaluation for each piece; flat pieces are compared with all others.
    """
    ordered = sorted(pieces, key=lambda piece: (piece.pattern, piece.target_index))
    full = [p for p in ordered if p.polyhedron.dim == domain.dim and _is_own_pattern(p, p.polyhedron)]
    flat = [p for p in ordered if p.polyhedron.dim < domain.dim and _has_full_cell(p, domain)]
    kept = list(full)
    for piece in sorted(flat, key=lambda p: -p.polyhedron.dim):
        point = piece.polyhedron.relative_interior_point()
        around = [other for other in kept if other.polyhedron.contains(point)]
        if not any(piece.polyhedron.is_subset(other.polyhedron) for other in around):
            kept.append(piece)
    return sorted(kept, key=lambda piece: (piece.pattern, piece.target_index))


def _is_own_pattern(piece: Piece, polyhedron: Polyhedron) -> bool:
    point = polyhedron.relative_interior_point()
    return Network(piece.restriction.layers).activation_pattern(point) == piece.bits


def _has_full_cell(piece: Piece, domain: Polyhedron) -> bool:
    cell = pattern_cell(piece.restriction.layers, piece.bits, domain)
    return cell.dim == domain.dim and _is_own_pattern(piece, cell)


def pattern_cell(layers: Sequence[Layer], bits: Bits, domain: Polyhedron) -> Polyhedron:
    """The closed cell of the domain on which every neuron has the sign its bit says, zero allowed."""
    cell = domain
    for depth, (layer, on) in enumerate(zip(layers, bits, strict=True)):
        masked = [i for i, has_relu in enumerate(layer.relu) if has_relu]
        silent = frozenset(i for i, active in zip(masked, on, strict=True) if not active)
        signs: list[Halfspace] = sign_conditions(layer, silent)
        before = Polyhedron.from_halfspaces(signs, layer.output_dim).affine_preimage(
            layer.rows, layer.offsets, layer.input_dim
        )
        if depth:
            matrix, offset = Network(layers[:depth]).affine_map(bits[:depth])
            before = before.affine_preimage(matrix, offset, domain.ambient_dim)
        cell = cell & before
    return cell
