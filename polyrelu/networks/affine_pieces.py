r"""Convex sets by their generators, and the pieces of them on which a network is affine. Exact and plain.

A :class:`Region` is a non-empty convex polyhedral set with the generators of its closure, written as integer rows
:math:`(s v, s)` for a vertex v (s > 0), :math:`(r, 0)` for a ray, and two opposite rays for a line. A form
:math:`a \cdot x + b` is non-negative on the region iff it is non-negative on these rows, and it is positive somewhere
inside iff it is positive on one of them. Their sum is a point of the relative interior, because every generator takes
part with a positive weight.

:func:`affine_pieces` cuts a region with one neuron after the other, layer by layer. A neuron that is positive on one
generator and negative on another takes both signs inside, so both closed halves have the dimension of the region, and
together they are the region. The pieces therefore cover it; on each of them every neuron keeps one sign.

A facet of a set of dimension k carries at least k generators, so a closed row that is tight on fewer is dropped. Strict
rows may remove lower faces and stay.

This module knows nothing of engines: the one algorithm is the double description method (T. S. Motzkin et al., The
double description method, 1953; K. Fukuda and A. Prodon, Double description method revisited, 1996,
doi:10.1007/3-540-61576-8_77), by cdd for a whole set and one step of it for a cut.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import accumulate, chain, count
from typing import NamedTuple, TypeAlias

from flint import fmpq_mat, fmpz_mat

from polyrelu.arithmetic.exact import ExactVector, flint_matrix, matrix_rows, primitive
from polyrelu.networks.layer import Layer
from polyrelu.networks.network import Network
from polyrelu.polyhedra.canonical import split_rows
from polyrelu.polyhedra.cddlib import generators_from_halfspaces
from polyrelu.polyhedra.halfspace import Halfspace

NeuronSigns: TypeAlias = tuple[tuple[int, ...], ...]


@dataclass(frozen=True, eq=False)
class Region:
    """A non-empty convex set: ``rows`` that say which, and the ``generators`` of its closure (see the module).

    Attributes:
        rows: its halfspaces; no closed row that is tight on too few generators for a facet.
        generators: one integer row of d + 1 entries for each.
        point: a point of the relative interior.
        is_pointed: whether the closure has no line; then the generators are the extreme ones.
    """

    rows: tuple[Halfspace, ...]
    generators: fmpz_mat
    point: ExactVector
    is_pointed: bool

    @classmethod
    def of(cls, rows: Iterable[Halfspace], ambient_dim: int) -> Region | None:
        """The set with these rows, or None if it is empty. Cost: one double description."""
        distinct = tuple(dict.fromkeys(rows))
        vertices, rays, lines = generators_from_halfspaces(*split_rows(distinct), ambient_dim)
        homogeneous = [primitive((*v, 1)) for v in vertices] + [primitive((*r, 0)) for r in rays]
        homogeneous += [tuple(sign * v for v in primitive((*line, 0))) for line in lines for sign in (1, -1)]
        return cls._generated(distinct, homogeneous, not lines)

    @classmethod
    def _generated(
        cls, rows: Sequence[Halfspace], generators: Sequence[Sequence[int]], is_pointed: bool
    ) -> Region | None:
        *total, scale = (sum(column) for column in zip(*generators, strict=True)) if generators else (0,)
        if not scale:
            return None  # no vertex
        point = tuple(Fraction(v, scale) for v in total)
        # The rows are feasible once closed. If the set is not empty, its relative interior is that of its closure.
        if not all(h.holds(point) for h in rows if h.relation == "<"):
            return None
        region = cls(tuple(rows), fmpz_mat([list(g) for g in generators]), point, is_pointed)
        tight = [sum(not v for v in slacks) for slacks in region.slacks(rows)]
        kept = (h for h, count in zip(rows, tight, strict=True) if h.relation != "<=" or count >= region.dim)
        return cls(tuple(kept), region.generators, point, is_pointed)

    @property
    def ambient_dim(self) -> int:
        """The dimension of the space."""
        return len(self.point)

    @cached_property
    def dim(self) -> int:
        """The dimension of the set."""
        return int(self.generators.rank()) - 1

    def slacks(self, rows: Sequence[Halfspace]) -> list[list[int]]:
        """For each row its slack on each generator, up to positive factors of the generators."""
        return self.values(fmpz_mat([[*(-v for v in h.normal), h.offset] for h in rows])) if rows else []

    def values(self, forms: fmpz_mat) -> list[list[int]]:
        """For each row (a, b) of integers the values ``a . x + b`` on each generator, up to the latter's factor."""
        return [[int(v) for v in row] for row in (forms * self.generators.transpose()).table()]

    def cut(self, *rows: Halfspace) -> Region | None:
        """The points that satisfy these rows too, or None if there are none.

        Cost: pairs of generators for each row, or one double description where there are lines.
        """
        if not self.is_pointed:
            return Region.of((*self.rows, *rows), self.ambient_dim)
        region: Region | None = self
        for row in rows:
            region = region and region._cut(row)
        return region

    def _cut(self, row: Halfspace) -> Region | None:
        """One step of the double description method: a new generator for each edge that crosses the row's boundary.

        Two extreme generators span an edge iff no third one is tight on all the facets that both are tight on.
        """
        (slacks,) = self.slacks([row])
        rows = self.rows if row in self.rows else (*self.rows, row)
        generators = [[int(v) for v in g] for g in self.generators.table()]
        kept = [g for g, s in zip(generators, slacks, strict=True) if not s or (s > 0 and row.relation != "==")]
        for i, above in enumerate(slacks):
            for j, below in enumerate(slacks):
                if above > 0 > below and self._is_edge(i, j):
                    pair = zip(generators[i], generators[j], strict=True)
                    kept.append(list(primitive([above * v - below * u for u, v in pair])))
        return Region._generated(rows, kept, True)

    def _is_edge(self, i: int, j: int) -> bool:
        common = self._tight[i] & self._tight[j]
        return not any(common & mask == common for k, mask in enumerate(self._tight) if k not in (i, j))

    @cached_property
    def _tight(self) -> list[int]:
        """For each generator the rows it is tight on, as bits; the lowest bit stands for infinity."""
        slacks = [*zip(*self.slacks(self.rows), strict=True)] or [()] * self.generators.nrows()
        return [
            sum(1 << k for k, slack in enumerate((self.generators[g, self.ambient_dim], *own)) if not slack)
            for g, own in enumerate(slacks)
        ]

    def violation(self, row: Halfspace) -> ExactVector | None:
        """A point of the set that breaks a row, or None if there is none."""
        (slacks,) = self.slacks([row])
        if row.relation == "==":
            holds = not any(slacks)
        else:
            holds = min(slacks) >= 0 and (row.relation == "<=" or not self._touches(slacks))
        broken = () if holds else row.violated()
        return next((part.point for part in map(self.cut, broken) if part is not None), None)

    def misses(self, row: Halfspace) -> bool:
        """Whether the generators alone show that no point satisfies the row."""
        (slacks,) = self.slacks([row])
        if max(slacks) <= 0 and not self._touches(slacks):
            return True
        return row.relation == "==" and min(slacks) >= 0 and not self._touches(slacks)

    def _touches(self, slacks: Sequence[int]) -> bool:
        """Whether some vertex has slack zero; a non-empty face of the closure has a vertex of the list."""
        last = self.ambient_dim
        return any(not slack and self.generators[k, last] for k, slack in enumerate(slacks))


class AffinePiece(NamedTuple):
    """A part of a region on which a chain of layers is affine.

    Attributes:
        region: the part.
        signs: for each layer and each of its ReLU coordinates the sign (-1, 0, 1) before the ReLU inside the part;
            0 means zero on all of it.
        affine: the values after the last layer as a matrix of rows (a, b) for ``a . x + b``, and (0, ..., 0, 1) below.
    """

    region: Region
    signs: NeuronSigns
    affine: fmpq_mat

    @property
    def flat_signs(self) -> tuple[int, ...]:
        """The signs of all layers in one row."""
        return tuple(chain.from_iterable(self.signs))


@dataclass(frozen=True)
class NetworkPart:
    """The coordinates of a network that some neurons and outputs depend on, themselves included.

    Attributes:
        layers: as many as the network has, with only these coordinates.
        outputs: the numbers of the network's outputs that are among them.
        neurons: the numbers of the ReLU neurons among them, counted through all layers of the network.
    """

    layers: tuple[Layer, ...]
    outputs: tuple[int, ...]
    neurons: tuple[int, ...]

    @classmethod
    def of(cls, network: Network, outputs: frozenset[int], neurons: frozenset[int]) -> NetworkPart:
        """What the given outputs and ReLU neurons (counted through all layers) depend on."""
        starts = [0, *accumulate(sum(layer.relu) for layer in network.layers)]
        kept: list[list[int]] = []
        numbers: list[int] = []
        read = outputs
        for layer, start in reversed(list(zip(network.layers, starts, strict=False))):
            number = dict(zip((k for k, on in enumerate(layer.relu) if on), count(start), strict=False))
            kept.insert(0, sorted(read | {k for k, n in number.items() if n in neurons}))
            numbers += [number[k] for k in kept[0] if k in number]
            read = frozenset(j for k in kept[0] for j, weight in enumerate(layer.rows[k]) if weight)
        layers, inputs = [], list(range(network.input_dim))
        for layer, own in zip(network.layers, kept, strict=True):
            layers.append(layer.restricted(own, inputs, [layer.relu[k] for k in own]))
            inputs = own
        return cls(tuple(layers), tuple(inputs), tuple(sorted(numbers)))

    @cached_property
    def matrices(self) -> tuple[fmpq_mat, ...]:
        """For each layer its rows (weight, bias), and (0, ..., 0, 1) below, so that affine maps compose by products."""
        return tuple(
            flint_matrix(
                [
                    *((*row, offset) for row, offset in zip(layer.rows, layer.offsets, strict=True)),
                    (*(Fraction(0),) * layer.input_dim, Fraction(1)),
                ],
                layer.input_dim + 1,
            )
            for layer in self.layers
        )

    def signs_at(self, point: ExactVector) -> tuple[int, ...]:
        """The signs of ``neurons`` before the ReLU at a point."""
        values, signs = point, []
        for layer in self.layers:
            column = flint_matrix([(*values, Fraction(1))], len(values) + 1).transpose()
            before = [row[0] for row in matrix_rows(layer.augmented * column)]
            signs += [(v > 0) - (v < 0) for v, on in zip(before, layer.relu, strict=True) if on]
            values = tuple(max(v, 0 * v) if on else v for v, on in zip(before, layer.relu, strict=True))
        return tuple(signs)


def affine_pieces(region: Region, part: NetworkPart) -> Iterator[AffinePiece]:
    """Closed-sign parts of a region, of its dimension and covering it, on which a part of a network is affine.

    Cost: one cut into halves less than there are pieces, and the neurons times the generators for each.
    """
    width = region.ambient_dim + 1
    identity = fmpq_mat(width, width, [int(i == j) for i in range(width) for j in range(width)])
    return _descend(region, part, 0, (), identity)


def _descend(
    region: Region, network: NetworkPart, depth: int, signs: NeuronSigns, affine: fmpq_mat
) -> Iterator[AffinePiece]:
    if depth == len(network.layers):
        yield AffinePiece(region, signs, affine)
        return
    before = network.matrices[depth] * affine
    masked = [k for k, on in enumerate(network.layers[depth].relu) if on]
    forms, _ = before.numer_denom()  # a positive common factor does not change signs
    for part, own in split_by_signs(region, forms, masked):
        after = fmpq_mat(before)
        for k, sign in zip(masked, own, strict=True):
            if sign <= 0:
                for j in range(after.ncols()):
                    after[k, j] = 0
        yield from _descend(part, network, depth + 1, (*signs, own), after)


def split_by_signs(region: Region, forms: fmpz_mat, chosen: Sequence[int]) -> Iterator[tuple[Region, tuple[int, ...]]]:
    """Parts of a region, of its dimension and covering it, on which each chosen form has one sign; with these signs.

    The forms (a, b), for ``a . x + b``, are the rows of a matrix.
    """
    waiting = [region]
    while waiting:
        part = waiting.pop()
        values = part.values(forms)
        spans = [(min(values[k]), max(values[k])) for k in chosen]
        across = next((k for k, (low, high) in zip(chosen, spans, strict=True) if low < 0 < high), None)
        if across is None:
            yield part, tuple((high > 0) - (low < 0) for low, high in spans)
            continue
        *normal, constant = (int(forms[across, j]) for j in range(forms.ncols()))
        silent = Halfspace.of(normal, -constant)
        halves = [part.cut(silent), part.cut(Halfspace(tuple(-v for v in silent.normal), -silent.offset, "<="))]
        waiting += [half for half in halves if half is not None]
