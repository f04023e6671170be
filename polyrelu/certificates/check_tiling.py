r"""Is a tiling the whole preimage and nothing else? An exact verdict, independent of the engines.

Let N be the network, D the domain, :math:`T_0, T_1, \dots` the targets. The tiles and everything they state (pattern,
target index, affine map) are taken as claims. No engine, no restriction and no float takes part, and nothing by which
an engine decides: of tiles, targets and domain only rows are read, of the network its weights. Sets and their cuts are
the checker's own (:mod:`polyrelu.certificates.exact_set`), and what the network does on them is worked out anew
(:mod:`polyrelu.certificates.propagation`).

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
known rows, strict ones included. It is covered when a tile that states its signs contains it; otherwise the tiles
around an inner point are taken away from it, one by one, until nothing is left or a point is found that no tile
contains.

**What matters.** Any set of neurons that contains those some tile makes a claim about, those whose output a target or a
stated affine map reads, and all they depend on: no other neuron occurs in any statement, so its sign is irrelevant.

By 1 the union of the tiles lies in the preimage, by 3 it contains it: they are equal *as sets*, flat tiles, open faces
and unbounded parts included. Each refusal carries a point that can be checked by hand.

Cost: 3 visits every cell of D, whether or not it meets a target, at half a millisecond each for two inputs and a
dozen neurons, two milliseconds for a hundred; 1 and 2 take as long for each tile. The number of cells is exponential in
the dimension.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, product
from types import MappingProxyType
from typing import Any

from flint import fmpz_mat

from polyrelu.certificates.claims import ACTIVE, FREE, SILENT, ClaimedTiles, Claims
from polyrelu.certificates.exact_set import ExactSet, Row, Sign, Vector, as_point
from polyrelu.certificates.propagation import AffinePiece, NetworkPart, affine_pieces
from polyrelu.certificates.verdict import Kind, Verdict
from polyrelu.errors import DimensionError
from polyrelu.networks.network import Network
from polyrelu.networks.questions import Domain, Target, given_domain, given_targets
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support.arguments import instance
from polyrelu.support.progress import progress_bar
from polyrelu.tilings.table import format_point
from polyrelu.tilings.tiling import Tiling


def check_tiling(
    tiling: Tiling,
    network: Network | None = None,
    target: Target | None = None,
    domain: Domain | None = None,
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
        target: as for :func:`polyrelu.preimage`, in the order that target indices refer to; likewise.
        domain: likewise.
        progress: show a bar; by default only for long runs on a terminal.

    Returns:
        A :class:`Verdict`, true or with the evidence of the first thing that is wrong.

    Raises:
        DimensionError: network, targets, domain and tiles do not live in fitting spaces.
        InputError: a target or the domain is nothing of the kind.

    Cost: half a millisecond for each cell of the domain and each tile of a small network; exponential in the dimension.

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
    asked = tiling.network if network is None else instance(network, Network, "check_tiling: network", "pass a Network")
    targets = tiling.targets if target is None else given_targets(target, asked, "check_tiling")
    inputs = tiling.domain if domain is None else given_domain(domain, asked, "check_tiling")
    question = _Question(asked, targets, inputs)
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

    def __init__(self, kind: Kind, message: str, tiles: Sequence[int] = (), point: Vector | None = None) -> None:
        super().__init__(message)
        self.verdict = (kind, message, tuple(tiles), None if point is None else as_point(point))


class _Check:
    """One run of the check; tiles are read once."""

    def __init__(self, tiling: Tiling, question: _Question, progress: bool | None) -> None:
        self.tiling, self.question, self.progress = tiling, question, progress
        self.stats = dict.fromkeys(("tiles", "pieces", "pairs", "cells", "parts"), 0)
        self.claims: list[Claims] = []
        self.inside: list[str] = []  # for each tile and neuron "1", "0" (positive inside or not) or "*" (both)

    def verdict(self) -> Verdict:
        try:
            self.read()
            for i in self.bar(range(len(self.claims)), "tiles", " tiles"):
                self.check_tile(i)
            self.check_overlaps()
            self.check_coverage()
        except _Refused as refused:
            return Verdict(*refused.verdict, MappingProxyType(self.stats))
        message = f"the {self.stats['tiles']} tiles are the preimage"
        return Verdict("verified", message, stats=MappingProxyType(self.stats))

    def bar(self, items: Any, what: str, unit: str) -> Any:
        return progress_bar(self.progress, items, desc=f"checking {what}", unit=unit)

    # -- what is claimed, and what matters ----------------------------------------------------------------------

    def read(self) -> None:
        for i, tile in enumerate(self.bar(self.tiling, "that tiles are sets", " tiles")):
            rows = tuple(map(Row.of, tile.polyhedron.halfspaces))
            region = ExactSet.of(rows, self.question.network.input_dim)
            if region is None:
                raise _Refused("empty", f"tile {i} is empty", [i])
            self.check_lengths(i, tile.pattern, region.point)
            claims = Claims.of(tile, rows, region)
            if any(not 0 <= k < self.question.network.output_dim for k in claims.outputs):
                message = f"tile {i} maps to outputs {claims.outputs}, not all there"
                raise _Refused("affine map", message, [i], region.point)
            if not 0 <= tile.target_index < len(self.question.targets):
                raise _Refused("target", f"tile {i} names target {tile.target_index}, not there", [i], region.point)
            self.claims.append(claims)

    def check_lengths(self, i: int, pattern: str, point: Vector) -> None:
        """Whether a pattern has a character for each neuron."""
        counts = [layer.neuron_count for layer in self.question.network.layers]
        shown = pattern.split("|") if pattern else []
        if list(map(len, shown)) != [n for n in counts if n]:
            message = f"tile {i} has the pattern {pattern!r}, but the layers have {counts} ReLU neurons"
            raise _Refused("pattern", message, [i], point)

    @cached_property
    def part(self) -> NetworkPart:
        """The neurons that matter (see the module's docstring)."""
        stated = zip(*(claims.pattern for claims in self.claims), strict=True)
        outputs = {k for claims in self.claims for k in claims.outputs}
        outputs |= {k for t in self.question.targets for h in t.halfspaces for k, v in enumerate(h.normal) if v}
        claimed = (n for n, column in enumerate(stated) if any(c != FREE for c in column))
        return NetworkPart.of(self.question.network, frozenset(outputs), frozenset(claimed))

    @cached_property
    def target_rows(self) -> list[tuple[fmpz_mat, list[Sign]]]:
        """For each target its rows on (y, t), the outputs that matter, as a matrix and their signs."""
        outputs, last = self.part.outputs, self.question.network.output_dim
        tables = []
        for target in self.question.targets:
            rows = list(map(Row.of, target.halfspaces))
            forms = [row.form[k] for row in rows for k in (*outputs, last)]
            tables.append((fmpz_mat(len(rows), len(outputs) + 1, forms), [row.sign for row in rows]))
        return tables

    def pulled_back(self, k: int, piece: AffinePiece) -> list[Row]:
        """The rows on (x, t) that say that a point of the piece maps into target k."""
        matrix, signs = self.target_rows[k]
        forms = (matrix * piece.affine).table()
        return [Row(tuple(map(int, form)), sign) for form, sign in zip(forms, signs, strict=True)]

    # -- 1. each tile is right ----------------------------------------------------------------------------------

    def check_tile(self, i: int) -> None:
        claims = self.claims[i]
        self.stats["tiles"] += 1
        point = claims.region.breach(self.domain_rows)
        if point is not None:
            raise _Refused("domain", f"tile {i} contains {_shown(point)} outside the domain", [i], point)
        seen: list[set[str]] = [set() for _ in claims.pattern]
        for piece in affine_pieces(claims.region, self.part):
            self.stats["pieces"] += 1
            for place, sign in zip(self.part.neurons, piece.signs, strict=True):
                seen[place].add(ACTIVE if sign > 0 else SILENT)
                if (claims.pattern[place], sign) in ((ACTIVE, -1), (SILENT, 1)):
                    self.refuse_sign(i, place, piece.region.point)
            self.check_affine_map(i, piece)
            self.check_targets(i, piece)
        self.inside.append("".join(next(iter(signs)) if len(signs) == 1 else FREE for signs in seen))

    def refuse_sign(self, i: int, place: int, point: Vector) -> None:
        message = (
            f"tile {i} states {self.claims[i].pattern[place]} for ReLU neuron {place} (counted through all layers), "
            f"which has the other sign at {_shown(point)}"
        )
        raise _Refused("pattern", message, [i], point)

    def check_affine_map(self, i: int, piece: AffinePiece) -> None:
        claims, affine = self.claims[i], piece.affine.table()
        places = {output: n for n, output in enumerate(self.part.outputs)}
        scale = affine[-1][-1]
        for output, stated in zip(claims.outputs, claims.affine, strict=True):
            gap = [int(claims.scale * a - scale * b) for a, b in zip(affine[places[output]], stated, strict=True)]
            point = piece.region.breach([Row(tuple(gap), "==")]) if any(gap) else None
            if point is not None:
                message = f"tile {i} states another affine map of output {output} than it has at {_shown(point)}"
                raise _Refused("affine map", message, [i], point)

    def check_targets(self, i: int, piece: AffinePiece) -> None:
        k = self.claims[i].target_index
        point = piece.region.breach(self.pulled_back(k, piece))
        if point is not None:
            message = f"tile {i} contains {_shown(point)}, which does not map into target {k}"
            raise _Refused("target", message, [i], point)
        for j in range(k):
            meeting = self.within_target(j, piece)
            if meeting is not None:
                message = f"tile {i} states target {k} but {_shown(meeting.point)} maps into target {j} already"
                raise _Refused("earlier target", message, [i], meeting.point)

    def within_target(self, k: int, piece: AffinePiece) -> ExactSet | None:
        """The part of a piece that maps into target k."""
        rows = self.pulled_back(k, piece)
        return piece.region.cut(*rows) if piece.region.meets(rows) else None

    # -- 2. interiors are disjoint ------------------------------------------------------------------------------

    @cached_property
    def domain_rows(self) -> list[Row]:
        return list(map(Row.of, self.question.domain.halfspaces))

    @cached_property
    def whole(self) -> ExactSet | None:
        """The domain."""
        return ExactSet.of(self.domain_rows, self.question.network.input_dim)

    @cached_property
    def tiles(self) -> ClaimedTiles:
        return ClaimedTiles(self.claims, self.part)

    def check_overlaps(self) -> None:
        dims = [claims.region.dim for claims in self.claims]
        full = [i for i, dim in enumerate(dims) if self.whole and dim == self.whole.dim]
        for i, j in self.bar(self.alike(full), "overlaps", " pairs"):
            self.stats["pairs"] += 1
            meeting = self.claims[i].region.cut(*self.claims[j].rows)
            if meeting is not None and meeting.dim == dims[i]:
                message = f"tiles {i} and {j} overlap around {_shown(meeting.point)}"
                raise _Refused("overlap", message, [i, j], meeting.point)
        is_full = set(full)
        for i in self.bar([i for i in range(len(dims)) if i not in is_full], "flat tiles", " tiles"):
            region = self.claims[i].region
            for j in self.tiles.around(region.point):
                self.stats["pairs"] += j != i
                if j != i and region.breach(self.claims[j].rows) is None:
                    message = f"tile {i} is contained in tile {j}, for example {_shown(region.point)}"
                    raise _Refused("contained", message, [i, j], region.point)

    def alike(self, numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
        """Pairs of tiles of one target that have no neuron with different signs inside."""
        groups: dict[tuple[int, tuple[int, ...]], list[int]] = defaultdict(list)
        for i in numbers:
            fixed = tuple(n for n in self.part.neurons if self.inside[i][n] != FREE)
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
                part = self.within_target(k, piece)
                if part is None:
                    continue
                self.stats["parts"] += 1
                stating = (self.claims[i].rows for i in self.tiles.stating(piece.signs))
                point = None if any(part.breach(rows) is None for rows in stating) else self.uncovered(part)
                if point is not None:
                    message = f"{_shown(point)} maps into target {k} but lies in no tile"
                    raise _Refused("missing", message, (), point)

    def uncovered(self, part: ExactSet) -> Vector | None:
        """A point of a set that lies in no tile, or None."""
        waiting: list[ExactSet | None] = [part]
        while waiting:
            rest = waiting.pop()
            if rest is None:
                continue
            around = next(self.tiles.around(rest.point), None)
            if around is None:
                return rest.point
            for row in self.claims[around].rows:
                if rest is not None and rest.breach([row]) is not None:
                    waiting += [rest.cut(broken) for broken in row.broken()]
                    rest = rest.cut(row)
        return None


def _shown(point: Vector) -> str:
    return format_point(as_point(point))
