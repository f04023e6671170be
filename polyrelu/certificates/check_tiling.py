r"""Is a tiling the whole preimage and nothing else? An exact verdict, independent of the engines.

Let N be the network, D the domain, :math:`T_0, T_1, \dots` the targets. The tiles and everything they state (pattern,
target index, affine map) are taken as claims. No engine, no restriction and no float takes part: only the network's
weights, integer rows, and the double description of each set (see :mod:`polyrelu.networks.affine_pieces`).

**1. Each tile is right.** A tile P must be non-empty and lie in D. It is cut into affine pieces by the signs of the
neurons that matter (below); on each piece N is one affine map, so "maps into T_k", "meets no earlier T_j", "has the
stated affine map" and "has the stated signs" are statements about rows and generators. ``1`` states that the neuron is
nowhere negative before its ReLU on the tile, ``0`` that it is nowhere positive, and ``*`` states nothing.

**2. Interiors are disjoint.** Write down for each tile of the dimension of D which neurons are positive inside its
pieces, where that is the same for all of them. Two interiors that meet do so in an open subset of D, which contains a
point inside a piece of either, where the signs agree. So only tiles with the same string are compared. Tiles of
different target indices share no point at all by 1. A flat tile must not lie in another tile; the one that contains it
contains its inner point, so it states no sign that this point contradicts, and few tiles are left to compare.

**3. Nothing is missing.** D is cut into affine pieces C. On each, the part that maps into T_k is a convex set with
known rows, strict ones included. It is covered when it has every row of one tile among its own; otherwise the tiles
around an inner point are taken away from it, one by one, until nothing is left or a point is found that no tile
contains.

**What matters.** Any set of neurons that contains those some tile makes a claim about, those whose output a target or a
stated affine map reads, and all they depend on: no other neuron occurs in any statement, so its sign is irrelevant.

By 1 the union of the tiles lies in the preimage, by 3 it contains it: they are equal *as sets*, flat tiles, open faces
and unbounded parts included. Each refusal carries a point that can be checked by hand.

Cost: 3 visits every cell of D, whether or not it meets a target, at about a millisecond each in low dimension; 1 and 2
take as long for each tile. The number of cells is exponential in the dimension.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations, product
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

import numpy as np
from flint import fmpq_mat
from numpy.typing import NDArray
from tqdm import tqdm

from polyrelu.arithmetic.exact import ExactVector, flint_matrix, matrix_rows
from polyrelu.errors import DimensionError
from polyrelu.networks.affine_pieces import AffinePiece, NetworkPart, Region, affine_pieces
from polyrelu.networks.network import Network
from polyrelu.polyhedra.halfspace import Halfspace
from polyrelu.polyhedra.polyhedron import Polyhedron, polyhedra
from polyrelu.support.arguments import instance
from polyrelu.support.carried import Carried
from polyrelu.support.numerals import record_text
from polyrelu.tilings.table import format_point
from polyrelu.tilings.tiling import Tiling

Kind: TypeAlias = Literal[
    "verified",
    "empty",
    "domain",
    "pattern",
    "affine map",
    "target",
    "earlier target",
    "overlap",
    "contained",
    "missing",
]

_SILENT, _ACTIVE, _FREE = "0", "1", "*"


@dataclass(frozen=True, repr=False)
class Verdict(Carried):
    """The answer of :func:`check_tiling`; true iff the tiling is verified.

    Attributes:
        kind: ``"verified"``, or the first thing that is wrong. A tile is ``"empty"``; leaves the ``"domain"``; a neuron
            contradicts its ``"pattern"``, or the network its ``"affine map"``; a point does not map into the
            ``"target"`` of its index, or maps into an ``"earlier target"``; two tiles ``"overlap"`` inside; a flat tile
            is ``"contained"`` in another; or a point of the preimage is ``"missing"``.
        message: the same in a sentence.
        tiles: the numbers of the tiles concerned; none where a point is missing.
        point: an exact point that shows it: of the tile, of both tiles, or of the preimage but of no tile. None when
            verified, and for an empty tile.
        stats: how much was checked, by name: tiles, pieces of tiles, pairs of tiles, cells of the domain, and parts of
            cells that map into a target.
    """

    kind: Kind
    message: str
    tiles: tuple[int, ...] = ()
    point: ExactVector | None = None
    stats: Mapping[str, int] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether the tiling is the preimage."""
        return self.kind == "verified"

    def __bool__(self) -> bool:
        return self.ok

    def __repr__(self) -> str:
        return record_text(self)


def check_tiling(
    tiling: Tiling,
    network: Network | None = None,
    target: Polyhedron | Sequence[Polyhedron] | None = None,
    domain: Polyhedron | None = None,
    *,
    progress: bool | None = None,
) -> Verdict:
    """Whether a tiling is exactly the preimage of the target, tile by tile and as a whole.

    Everything is proven in exact arithmetic and without the engines (see :mod:`polyrelu.certificates.check_tiling`):
    every tile lies in the domain, has the signs and the affine map it states, and maps into its target and into no
    earlier one; no two tiles overlap inside; no flat tile lies in another tile; and every point of the preimage lies in
    a tile. So the union of the tiles and the preimage are the same set, strict conditions and flat parts included. A
    tiling that says itself to be incomplete is verified all the same if nothing is missing.

    Args:
        tiling: of any engine, the tiles of :func:`~polyrelu.engines.preimage.linear_regions` too.
        network: what was asked; by default what the tiling says.
        target: one polyhedron, or several meaning their union, in the order that target indices refer to; likewise.
        domain: likewise.
        progress: show a bar; by default only for long runs on a terminal.

    Returns:
        A :class:`Verdict`, true or with the evidence of the first thing that is wrong.

    Raises:
        DimensionError: network, targets, domain and tiles do not live in fitting spaces.
        InputError: a target is not a polyhedron.

    Cost: about a millisecond for each cell of the domain and each tile in low dimension; exponential in the dimension.

    Example:
        >>> from polyrelu import Network, Polyhedron, check_tiling, parse, preimage
        >>> net = Network([([[1], [-1]], [0, 0]), ([[1, 1]], [0])])  # |x|
        >>> tiling = preimage(net, parse("y0 >= 1", dim=1), Polyhedron.box([-2], [2]))
        >>> bool(check_tiling(tiling))
        True
        >>> print(check_tiling(tiling[:1]).message)
        (1.5) maps into target 0 but lies in no tile
    """
    instance(tiling, Tiling, "check_tiling: tiling", "ask polyrelu.engines.preimage for one")
    targets = tiling.targets if target is None else polyhedra(target, "check_tiling: target")
    if network is not None:
        instance(network, Network, "check_tiling: network", "pass a Network, or None for the tiling's")
    if domain is not None:
        instance(domain, Polyhedron, "check_tiling: domain", "pass a Polyhedron, or None for the tiling's")
    question = _Question(
        tiling.network if network is None else network, targets, tiling.domain if domain is None else domain
    )
    question.validate(tiling)
    return _Check(tiling, question, progress).verdict()


@dataclass(frozen=True)
class _Question:
    network: Network
    targets: tuple[Polyhedron, ...]
    domain: Polyhedron

    def validate(self, tiling: Tiling) -> None:
        for i, target in enumerate(self.targets):
            if target.ambient_dim != self.network.output_dim:
                raise DimensionError(
                    f"check_tiling: target {i} lives in R^{target.ambient_dim} but the network's outputs in "
                    f"R^{self.network.output_dim}; pass the targets of this network"
                )
        spaces = {"the domain": self.domain.ambient_dim, "the tiling": tiling.domain.ambient_dim}
        for what, dim in spaces.items():
            if dim != self.network.input_dim:
                raise DimensionError(
                    f"check_tiling: {what} lives in R^{dim} but the network's inputs in R^{self.network.input_dim}; "
                    "pass the network and the domain that were asked"
                )


class _Refused(Exception):
    """Something is wrong; carries the verdict up to the top."""

    def __init__(self, kind: Kind, message: str, tiles: Sequence[int] = (), point: ExactVector | None = None) -> None:
        super().__init__(message)
        self.verdict = (kind, message, tuple(tiles), point)


@dataclass(frozen=True)
class _Claims:
    """What a tile states: a character for each ReLU neuron, outputs with their affine map, and the target's index."""

    pattern: str
    outputs: tuple[int, ...]
    affine: fmpq_mat
    target_index: int


class _Check:
    """One run of the check; tiles are read once."""

    def __init__(self, tiling: Tiling, question: _Question, progress: bool | None) -> None:
        self.tiling, self.question, self.progress = tiling, question, progress
        self.stats = dict.fromkeys(("tiles", "pieces", "pairs", "cells", "parts"), 0)
        self.regions: list[Region] = []
        self.claims: list[_Claims] = []
        self.inside: list[str] = []  # for each tile and neuron "1", "0" (positive inside or not) or "*" (both)

    def verdict(self) -> Verdict:
        try:
            self.read()
            for i in self.bar(range(len(self.regions)), "tiles", " tiles"):
                self.check_tile(i)
            self.check_overlaps()
            self.check_coverage()
        except _Refused as refused:
            return Verdict(*refused.verdict, MappingProxyType(self.stats))
        message = f"the {self.stats['tiles']} tiles are the preimage"
        return Verdict("verified", message, stats=MappingProxyType(self.stats))

    def bar(self, items: Any, what: str, unit: str) -> Any:
        disable = None if self.progress is None else not self.progress
        return tqdm(items, desc=f"checking {what}", unit=unit, delay=1, disable=disable, leave=False)

    # -- what is claimed, and what matters ----------------------------------------------------------------------

    def read(self) -> None:
        dim = self.question.network.input_dim
        for i, tile in enumerate(self.bar(self.tiling, "that tiles are sets", " tiles")):
            region = Region.of(tile.polyhedron.halfspaces, dim)
            if region is None:
                raise _Refused("empty", f"tile {i} is empty", [i])
            outputs, matrix, offset = tile.affine_map()
            affine = flint_matrix([(*row, c) for row, c in zip(matrix, offset, strict=True)], dim + 1)
            pattern = "".join(self.padded(i, tile.pattern, region.point))
            if any(not 0 <= k < self.question.network.output_dim for k in outputs):
                raise _Refused("affine map", f"tile {i} maps to outputs {outputs}, not all there", [i], region.point)
            if not 0 <= tile.target_index < len(self.question.targets):
                raise _Refused("target", f"tile {i} names target {tile.target_index}, not there", [i], region.point)
            self.regions.append(region)
            self.claims.append(_Claims(pattern, outputs, affine, tile.target_index))

    def padded(self, i: int, pattern: str, point: ExactVector) -> Sequence[str]:
        """The layers of a pattern."""
        counts = [sum(layer.relu) for layer in self.question.network.layers]
        shown = pattern.split("|") if pattern else []
        if list(map(len, shown)) != [n for n in counts if n]:
            raise _Refused(
                "pattern",
                f"tile {i} has the pattern {pattern!r}, but the layers have {counts} ReLU neurons",
                [i],
                point,
            )
        return shown

    @cached_property
    def part(self) -> NetworkPart:
        """The neurons that matter (see the module's docstring)."""
        stated = zip(*(claims.pattern for claims in self.claims), strict=True)
        outputs = {k for claims in self.claims for k in claims.outputs}
        outputs |= {k for t in self.question.targets for h in t.halfspaces for k, v in enumerate(h.normal) if v}
        claimed = (n for n, column in enumerate(stated) if any(c != _FREE for c in column))
        return NetworkPart.of(self.question.network, frozenset(outputs), frozenset(claimed))

    @cached_property
    def target_rows(self) -> list[tuple[fmpq_mat, list[Halfspace]]]:
        """For each target its rows (a, -b) on the outputs that matter, and the rows themselves."""
        outputs = self.part.outputs
        return [
            (
                flint_matrix([(*(h.normal[k] for k in outputs), -h.offset) for h in t.halfspaces], len(outputs) + 1),
                list(t.halfspaces),
            )
            for t in self.question.targets
        ]

    def pulled_back(self, k: int, piece: AffinePiece) -> list[Halfspace]:
        """The rows on x that say that a point of the piece maps into target k."""
        matrix, rows = self.target_rows[k]
        if not rows:
            return []
        pulled = matrix_rows(matrix * piece.affine)
        return [Halfspace.of(row[:-1], -row[-1], h.relation) for row, h in zip(pulled, rows, strict=True)]

    # -- 1. each tile is right ----------------------------------------------------------------------------------

    def check_tile(self, i: int) -> None:
        region, claims = self.regions[i], self.claims[i]
        self.stats["tiles"] += 1
        for row in self.question.domain.halfspaces:
            point = region.violation(row)
            if point is not None:
                raise _Refused("domain", f"tile {i} contains {format_point(point)} outside the domain", [i], point)
        seen: list[set[str]] = [set() for _ in claims.pattern]
        for piece in affine_pieces(region, self.part):
            self.stats["pieces"] += 1
            for place, sign in zip(self.part.neurons, piece.flat_signs, strict=True):
                seen[place].add(_ACTIVE if sign > 0 else _SILENT)
                if (claims.pattern[place], sign) in ((_ACTIVE, -1), (_SILENT, 1)):
                    self.refuse_sign(i, place, piece)
            self.check_affine_map(i, piece)
            self.check_targets(i, piece)
        self.inside.append("".join(next(iter(signs)) if len(signs) == 1 else _FREE for signs in seen))

    def refuse_sign(self, i: int, place: int, piece: AffinePiece) -> None:
        point, stated = piece.region.point, self.claims[i].pattern[place]
        message = (
            f"tile {i} states {stated} for ReLU neuron {place} (counted through all layers), "
            f"which has the other sign at {format_point(point)}"
        )
        raise _Refused("pattern", message, [i], point)

    def check_affine_map(self, i: int, piece: AffinePiece) -> None:
        claims, rows = self.claims[i], matrix_rows(piece.affine)
        places = {output: n for n, output in enumerate(self.part.outputs)}
        for output, stated in zip(claims.outputs, matrix_rows(claims.affine), strict=True):
            gap = [a - b for a, b in zip(stated, rows[places[output]], strict=True)]
            point = piece.region.violation(Halfspace.of(gap[:-1], -gap[-1], "==")) if any(gap) else None
            if point is not None:
                message = f"tile {i} states another affine map of output {output} than it has at {format_point(point)}"
                raise _Refused("affine map", message, [i], point)

    def check_targets(self, i: int, piece: AffinePiece) -> None:
        k = self.claims[i].target_index
        for row in self.pulled_back(k, piece):
            point = piece.region.violation(row)
            if point is not None:
                message = f"tile {i} contains {format_point(point)}, which does not map into target {k}"
                raise _Refused("target", message, [i], point)
        for j in range(k):
            rows = self.pulled_back(j, piece)
            meeting = None if any(map(piece.region.misses, rows)) else piece.region.cut(*rows)
            if meeting is not None:
                message = f"tile {i} states target {k} but {format_point(meeting.point)} maps into target {j} already"
                raise _Refused("earlier target", message, [i], meeting.point)

    # -- 2. interiors are disjoint ------------------------------------------------------------------------------

    @cached_property
    def whole(self) -> Region | None:
        """The domain."""
        return Region.of(self.question.domain.halfspaces, self.question.network.input_dim)

    def check_overlaps(self) -> None:
        full = [i for i, region in enumerate(self.regions) if self.whole and region.dim == self.whole.dim]
        for i, j in self.bar(self.alike(full), "overlaps", " pairs"):
            self.stats["pairs"] += 1
            meeting = self.regions[i].cut(*self.regions[j].rows)
            if meeting is not None and meeting.dim == self.regions[i].dim:
                message = f"tiles {i} and {j} overlap around {format_point(meeting.point)}"
                raise _Refused("overlap", message, [i, j], meeting.point)
        is_full = set(full)
        for i in self.bar([i for i in range(len(self.regions)) if i not in is_full], "flat tiles", " tiles"):
            region = self.regions[i]
            for j in self.around(region.point):
                self.stats["pairs"] += j != i
                if j != i and not any(map(region.violation, self.regions[j].rows)):
                    message = f"tile {i} is contained in tile {j}, for example {format_point(region.point)}"
                    raise _Refused("contained", message, [i, j], region.point)

    def alike(self, numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
        """Pairs of tiles of one target that have no neuron with different signs inside."""
        groups: dict[tuple[int, tuple[int, ...]], list[int]] = defaultdict(list)
        for i in numbers:
            fixed = tuple(n for n in self.part.neurons if self.inside[i][n] != _FREE)
            groups[self.claims[i].target_index, fixed].append(i)
        for members in groups.values():
            yield from (
                pair for own in self.by_signs(members, self.part.neurons).values() for pair in combinations(own, 2)
            )
        for ((k, fixed), some), ((other_k, other_fixed), others) in combinations(groups.items(), 2):
            if k == other_k:
                common = sorted(set(fixed) & set(other_fixed))
                opposite = self.by_signs(others, common)
                for signs, own in self.by_signs(some, common).items():
                    yield from product(own, opposite.get(signs, ()))

    def by_signs(self, numbers: Sequence[int], places: Sequence[int]) -> dict[str, list[int]]:
        groups: dict[str, list[int]] = defaultdict(list)
        for i in numbers:
            groups["".join(self.inside[i][n] for n in places)].append(i)
        return groups

    # -- 3. nothing is missing ----------------------------------------------------------------------------------

    def check_coverage(self) -> None:
        if self.whole is None:
            return
        for piece in self.bar(affine_pieces(self.whole, self.part), "cells", " cells"):
            self.stats["cells"] += 1
            for k in range(len(self.question.targets)):
                rows = self.pulled_back(k, piece)
                if any(map(piece.region.misses, rows)):
                    continue
                self.stats["parts"] += 1
                if self.has_tile_around(piece, rows):
                    continue
                point = self.uncovered(piece.region.cut(*rows))
                if point is not None:
                    raise _Refused(
                        "missing", f"{format_point(point)} maps into target {k} but lies in no tile", (), point
                    )

    def has_tile_around(self, piece: AffinePiece, rows: Sequence[Halfspace]) -> bool:
        """Whether the rows of a tile with the same signs are all among those of this part of the piece."""
        own = {*piece.region.rows, *rows}
        own |= {h.closed() for h in own}
        signs = [_ACTIVE if sign > 0 else _SILENT for sign in piece.flat_signs]
        found = (
            i
            for places, tiles in self.by_pattern.items()
            for i in tiles.get("".join(signs[n] for n in places), ())
            if own.issuperset(self.regions[i].rows)
        )
        return next(found, None) is not None

    @cached_property
    def by_pattern(self) -> dict[tuple[int, ...], dict[str, list[int]]]:
        """The tiles by the places among the neurons that matter that they make claims about, and by these claims."""
        tables: dict[tuple[int, ...], dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
        for i, claims in enumerate(self.claims):
            own = [claims.pattern[place] for place in self.part.neurons]
            places = tuple(n for n, c in enumerate(own) if c != _FREE)
            tables[places]["".join(own[n] for n in places)].append(i)
        return tables

    def uncovered(self, region: Region | None) -> ExactVector | None:
        """A point of a set that lies in no tile, or None."""
        waiting = [region]
        while waiting:
            rest = waiting.pop()
            if rest is None:
                continue
            around = next(self.around(rest.point), None)
            if around is None:
                return rest.point
            for row in self.regions[around].rows:
                if rest is not None and rest.violation(row) is not None:
                    waiting += [rest.cut(violated) for violated in row.violated()]
                    rest = rest.cut(row)
        return None

    def around(self, point: ExactVector) -> Iterator[int]:
        """The tiles that contain a point."""
        silent, active = self.contradicted
        signs = np.array(self.part.signs_at(point), dtype=np.int8)
        contradicted = active[:, signs < 0].any(axis=1) | silent[:, signs > 0].any(axis=1)
        for i in np.flatnonzero(~contradicted).tolist():
            if all(h.holds(point) for h in self.regions[i].rows):
                yield i

    @cached_property
    def contradicted(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Which tiles state that which of the neurons that matter is silent, and active."""
        stated = [[c.pattern[place] for place in self.part.neurons] for c in self.claims]
        table = np.array(stated, dtype="<U1").reshape(len(stated), len(self.part.neurons))
        return table == _SILENT, table == _ACTIVE
