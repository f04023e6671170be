"""The front door: which inputs make the network do this?"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from polyrelu.backward import FacePiece, Piece, canonical_pieces, pull_back
from polyrelu.errors import DimensionError, InputError, Interrupted
from polyrelu.network import Network
from polyrelu.polyhedron import Polyhedron
from polyrelu.restriction import Restriction, keep_all, restrict
from polyrelu.tiling import Tile, Tiling
from polyrelu.unrelu import DEFAULT_FACE_LIMIT, FaceStats, face_piece, substituted_piece

_ENGINES: dict[str, FacePiece] = {"unrelu": face_piece, "substitution": substituted_piece}
METHODS = ("auto", *_ENGINES)


def preimage(
    network: Network,
    target: Polyhedron | Sequence[Polyhedron],
    domain: Polyhedron | None = None,
    method: str = "auto",
    *,
    limit: int = DEFAULT_FACE_LIMIT,
    progress: bool | None = None,
) -> Tiling:
    """All inputs in the domain whose output lies in the target, as a tiling by convex polyhedra. Exact.

    Args:
        network: R^d -> R^m.
        target: a polyhedron in R^m, or a list of them, meaning their union.
        domain: a polyhedron in R^d; None is all of R^d.
        method: ``"unrelu"`` goes backwards face by face, moving sets; ``"substitution"`` does the same moving rows
            (see :mod:`polyrelu.unrelu`); ``"auto"`` chooses, and the result's ``method`` says which ran.
        limit: the largest number of faces to visit in one layer.
        progress: show a bar; by default only for long runs on a terminal.

    Returns:
        A :class:`~polyrelu.tiling.Tiling`. For closed targets and domains the union of its tiles *is* the preimage,
        including tiles of lower dimension where no other tile contains them; strict rows stay strict. Only neurons
        that the target can see are split on. A tile's ``target_index`` is the first target that its points map into:
        where targets overlap, the later ones are cut, and their tiles carry strict rows there.

    Raises:
        DimensionError: target or domain live in the wrong space.
        BudgetExceeded: some layer has more than ``limit`` faces.
        Interrupted: Ctrl-C; its ``partial`` holds the tiles found so far.

    Cost: exponential, 2^n faces for a layer of n seen neurons and each piece that comes back to it.
    """
    targets = (target,) if isinstance(target, Polyhedron) else tuple(target)
    for i, one in enumerate(targets):
        if not isinstance(one, Polyhedron):
            raise InputError(f"preimage: target {i} is {type(one).__name__}; parse text with polyrelu.parse first")
        if one.ambient_dim != network.output_dim:
            raise DimensionError(
                f"preimage: target {i} lives in R^{one.ambient_dim} but the network's outputs in R^{network.output_dim}"
            )
    restrictions = [(i, restrict(network, part)) for i, part in disjoint_parts(targets)]
    return _run(network, targets, restrictions, domain, method, limit, progress)


def linear_regions(
    network: Network,
    domain: Polyhedron | None = None,
    method: str = "auto",
    *,
    limit: int = DEFAULT_FACE_LIMIT,
    progress: bool | None = None,
) -> Tiling:
    """The cells of the domain on which every neuron has one sign, as a tiling. Exact.

    They are the activation regions of full dimension in the domain: closed, covering it, with disjoint interiors.
    Arguments, errors and cost as for :func:`preimage`.
    """
    everything = Polyhedron.whole_space(network.output_dim)
    return _run(network, (everything,), [(0, keep_all(network))], domain, method, limit, progress)


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
    restrictions: Sequence[tuple[int, Restriction]],
    domain: Polyhedron | None,
    method: str,
    limit: int,
    progress: bool | None,
) -> Tiling:
    if method not in METHODS:
        raise InputError(f"preimage: unknown method {method!r}; choose one of {', '.join(METHODS)}")
    where = Polyhedron.whole_space(network.input_dim) if domain is None else domain
    if where.ambient_dim != network.input_dim:
        raise DimensionError(
            f"preimage: the domain lives in R^{where.ambient_dim} but the network's inputs in R^{network.input_dim}"
        )
    engine = "unrelu" if method == "auto" else method
    counts, started = FaceStats(), time.perf_counter()
    found: list[Piece] = []

    def result(complete: bool) -> Tiling:
        pieces = canonical_pieces(found, where)
        tiles = tuple(Tile(p.polyhedron, p.pattern, p.target_index, p.bits, p.restriction) for p in pieces)
        stats = {
            "faces_visited": counts.visited,
            "pieces_found": counts.found,
            "tiles": len(tiles),
            "seconds": time.perf_counter() - started,
        }
        return Tiling(tiles, network, targets, where, engine, complete, stats)

    try:
        for index, restriction in [] if where.is_empty() else restrictions:
            found.extend(_pieces(index, restriction, where, engine, limit, progress, counts))
    except KeyboardInterrupt:
        partial = result(complete=False)
        raise Interrupted(
            f"preimage: stopped after {counts.visited} faces with {len(partial)} tiles; they are in .partial", partial
        ) from None
    return result(complete=True)


def _pieces(
    index: int,
    restriction: Restriction,
    domain: Polyhedron,
    engine: str,
    limit: int,
    progress: bool | None,
    stats: FaceStats,
) -> Iterator[Piece]:
    found = pull_back(restriction, domain, _ENGINES[engine], limit=limit, progress=progress, stats=stats)
    for bits, polyhedron in found:
        yield Piece(polyhedron, bits, restriction, index)
