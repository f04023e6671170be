r"""The un-ReLU operator: the preimage of a polyhedron under one layer, face by face.

For :math:`a = \rho(W x + b)` with ReLU on the masked coordinates M, the image lies on the faces of the orthant

.. math:: F_S = \{a : a_i = 0 \ (i \in S),\; a_i \ge 0 \ (i \in M \setminus S)\}, \qquad S \subseteq M,

and every point a of :math:`F_S` comes from exactly the z = Wx + b with :math:`z_i \le 0` on S and z_i = a_i
elsewhere. So

.. math:: \{x : \rho(W x + b) \in P\} = \bigcup_{S \subseteq M} \{x : W x + b \in (P \cap F_S) + \mathrm{cone}(-e_i :
i \in S)\}.

Two independent functions compute the pieces of this union:

* :func:`unrelu`, the original recipe, moves *sets*: it cuts the face with P, sweeps it along the negative directions of
  S, cuts it with the range :math:`\{W x + b\}` and maps it to the space of x by the exact pseudo-inverse,
  :math:`x = W^+ (z - b) + \ker W`, all in the double description;
* :func:`unrelu_by_substitution` moves *rows*: sign conditions, plus the rows of P with the coordinates of S put to
  zero, pulled back through W.

They agree on every face. Both visit all 2^|M| faces, in the order of |S|; pieces are closed along the sign conditions,
so they cover the preimage and overlap at most in shared boundaries, and strict rows of P stay strict.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple, TypeAlias

from polyrelu.arithmetic.exact import exact
from polyrelu.errors import BudgetExceeded, DimensionError
from polyrelu.networks.layer import Layer
from polyrelu.networks.questions import given_outputs
from polyrelu.polyhedra.halfspace import Halfspace
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support.arguments import instance, whole_number
from polyrelu.support.limits import check
from polyrelu.support.progress import progress_bar

DEFAULT_FACE_LIMIT = 2**20

Zeroed: TypeAlias = tuple[int, ...]
Piece: TypeAlias = Callable[[Polyhedron, Layer, Zeroed], Polyhedron]


@dataclass
class FaceStats:
    """What a face search did so far: faces visited, and pieces (faces that gave a non-empty set) found."""

    faces_visited: int = 0
    pieces_found: int = 0


class Faces(Iterator[tuple[Zeroed, Polyhedron]]):
    """The non-empty pieces ``(zeroed, polyhedron)``, lazily; ``stats`` counts as it goes."""

    def __init__(self, pieces: Iterator[tuple[Zeroed, Polyhedron]], stats: FaceStats) -> None:
        self.stats = stats
        self._pieces = pieces

    def __next__(self) -> tuple[Zeroed, Polyhedron]:
        return next(self._pieces)


def unrelu(
    P: Polyhedron | str,
    W: Iterable[Iterable[Any]],
    b: Iterable[Any],
    relu: bool | Sequence[bool] = True,
    *,
    limit: int = DEFAULT_FACE_LIMIT,
    progress: bool | None = None,
) -> Faces:
    """The pieces of ``{x : relu(W x + b) in P}``, one for each face of the orthant that gives any, by moving sets.

    Args:
        P: a polyhedron in R^n, the space after the ReLU, or a text about ``y0``, ``y1``, ...
        W: an (n, d) matrix.
        b: n numbers.
        relu: which of the n coordinates pass through the ReLU; all by default.
        limit: the largest number of faces to visit.
        progress: show a bar; by default only for long runs on a terminal.

    Returns:
        An iterator of ``(zeroed, polyhedron)`` in the order of len(zeroed): the coordinates put to zero, and the
        non-empty set of x that this face contributes. Its ``stats`` count visited faces and found pieces.

    Raises:
        DimensionError: P does not live in R^n.
        BudgetExceeded: 2^n exceeds ``limit``.

    Cost: 2^n faces, four double descriptions each.
    """
    layer = Layer(W, b, relu, where="unrelu")
    target = given_outputs(P, layer.output_dim, "unrelu: P")
    return search_faces(target, layer, face_piece, limit=limit, progress=progress)


def unrelu_by_substitution(
    P: Polyhedron | str,
    W: Iterable[Iterable[Any]],
    b: Iterable[Any],
    relu: bool | Sequence[bool] = True,
    *,
    limit: int = DEFAULT_FACE_LIMIT,
    progress: bool | None = None,
) -> Faces:
    """The pieces that :func:`unrelu` yields, by moving rows: no double description, one LP a face."""
    layer = Layer(W, b, relu, where="unrelu_by_substitution")
    target = given_outputs(P, layer.output_dim, "unrelu_by_substitution: P")
    return search_faces(target, layer, substituted_piece, limit=limit, progress=progress)


def search_faces(
    P: Polyhedron,
    layer: Layer,
    piece: Piece,
    *,
    limit: int = DEFAULT_FACE_LIMIT,
    progress: bool | None = False,
    stats: FaceStats | None = None,
) -> Faces:
    """All faces of the layer's orthant in the order of |S|, through ``piece``; searches may share ``stats``."""
    instance(P, Polyhedron, "unrelu: P", "parse text with polyrelu.parse first")
    whole_number(limit, "unrelu: limit", 1)
    if P.ambient_dim != layer.output_dim:
        raise DimensionError(f"unrelu: W has {layer.output_dim} rows but the polyhedron lives in R^{P.ambient_dim}")
    neurons = layer.neurons
    if 2 ** len(neurons) > limit:
        raise BudgetExceeded(
            f"unrelu: {len(neurons)} ReLU coordinates make 2^{len(neurons)} = {2 ** len(neurons)} faces, more than "
            f"the limit of {limit}; raise limit=, or fix some neurons first"
        )
    counts = stats if stats is not None else FaceStats()

    def pieces() -> Iterator[tuple[Zeroed, Polyhedron]]:
        subsets = itertools.chain.from_iterable(itertools.combinations(neurons, k) for k in range(len(neurons) + 1))
        for zeroed in face_progress(subsets, 2 ** len(neurons), progress):
            check()
            counts.faces_visited += 1
            polyhedron = piece(P, layer, zeroed)
            if not polyhedron.is_empty():
                counts.pieces_found += 1
                yield zeroed, polyhedron

    return Faces(pieces(), counts)


def face_progress(faces: Iterable[Zeroed], total: int | None, progress: bool | None) -> Iterable[Zeroed]:
    """``faces`` behind a progress bar: always, never, or (None) on a terminal after a second."""
    bar: Iterable[tuple[int, ...]] = progress_bar(progress, faces, total=total, desc="un-ReLU", unit=" faces")
    return bar


class FaceSteps(NamedTuple):
    """The sets that the un-ReLU operator makes on one face, in its order.

    Attributes:
        cut: what the wanted set has in common with the face, after the ReLU.
        swept: that, moved along the negative directions of the zeroed coordinates: before the ReLU.
        in_range: its part that the layer's affine map reaches.
        piece: that part, mapped back to the layer's inputs.
    """

    cut: Polyhedron
    swept: Polyhedron
    in_range: Polyhedron
    piece: Polyhedron


def face_piece(P: Polyhedron, layer: Layer, zeroed: Zeroed) -> Polyhedron:
    """What the face with these coordinates at zero contributes, by moving sets (the original recipe)."""
    return face_steps(P, layer, zeroed).piece


def face_steps(P: Polyhedron, layer: Layer, zeroed: Zeroed) -> FaceSteps:
    """The sets on the way from P to what the face with these coordinates at zero contributes."""
    dim = layer.output_dim
    unit = [tuple(int(i == j) for j in range(dim)) for i in range(dim)]
    silent = frozenset(zeroed)
    face = [
        Halfspace(unit[i], 0, "==") if i in silent else Halfspace(tuple(-v for v in unit[i]), 0, "<=")
        for i in layer.neurons
    ]
    cut = P & Polyhedron.from_halfspaces(face, dim)
    swept = cut.plus_cone([tuple(-v for v in unit[i]) for i in zeroed])
    inverse = layer.pseudo_inverse
    in_range = swept & layer_range(layer)
    shift = [-sum((w * o for w, o in zip(row, layer.offsets, strict=True)), exact(0)) for row in inverse.matrix]
    return FaceSteps(cut, swept, in_range, in_range.affine_image(inverse.matrix, shift).plus_cone([], inverse.kernel))


def layer_range(layer: Layer) -> Polyhedron:
    """The range ``{W x + b}`` of a layer's affine map, by its equations."""
    kernel = layer.pseudo_inverse.left_kernel
    rows = [
        Halfspace.of(normal, sum((n * o for n, o in zip(normal, layer.offsets, strict=True)), exact(0)), "==")
        for normal in kernel
    ]
    return Polyhedron.from_halfspaces(rows, layer.output_dim)


def substituted_piece(P: Polyhedron, layer: Layer, zeroed: Zeroed) -> Polyhedron:
    """What the face with these coordinates at zero contributes, by moving rows."""
    silent = frozenset(zeroed)
    kept = [
        Halfspace.of([0 if i in silent else v for i, v in enumerate(h.normal)], h.offset, h.relation)
        for h in P.halfspaces
    ]
    rows = Polyhedron.from_halfspaces([*kept, *sign_conditions(layer, silent)], layer.output_dim)
    return rows.affine_preimage(layer.rows, layer.offsets, layer.input_dim)


def sign_conditions(layer: Layer, silent: frozenset[int]) -> list[Halfspace]:
    """``z_i <= 0`` for the silent ReLU coordinates and ``z_i >= 0`` for the others, in the space before the ReLU."""
    return [Halfspace.side(i, 1 if i in silent else -1, Fraction(0), layer.output_dim) for i in layer.neurons]
