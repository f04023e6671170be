r"""The arrangement view: keep the set of x that a node stands for, and branch only on neurons that divide it.

The hyperplanes z_i = 0 cut the space of x, not the space of a, so a sign assignment that no x has is never formed. A
node's set is kept by its generators (:class:`~polyrelu.polyhedra.region.Region`), exactly. A neuron that has one
sign on all of them has it on the set; any other one divides it, or touches it in a face (the other sign then has a
piece that is this face, and unrelu counts it). So as long as P constrains neurons one by one, both children of every
node have a piece, and a search that finds N pieces looks at 2N - 1 nodes.

A row ``p a <= q`` of P becomes a condition on x as soon as all its neurons are decided. Before, it is bounded: on the
set, relu(z_u) is at least z_u and at least 0, and at most its chord h (z_u - l) / (h - l) where l < 0 < h are the
extremes of z_u there. With these in place of the undecided a_u the row is a linear form; if that is positive on every
generator (and not negative along rays), no point of the set satisfies the row. Only here nodes can be wasted.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

from flint import fmpz_mat

from polyrelu.engines.search.heuristic import Heuristic
from polyrelu.engines.search.problem import Answer, Node, bits
from polyrelu.polyhedra.halfspace import Halfspace
from polyrelu.polyhedra.region import Region


class _View(NamedTuple):
    """What is known of a node: its set (None when empty), and the neurons and rows of P that it was cut with."""

    region: Region | None
    neurons: int
    rows: frozenset[int]


class Arrangement(Heuristic):
    """Branch only on neurons that divide the node's set of x; give up where P cannot be met on it."""

    def discard(self, node: Node) -> bool:
        """Whether the node's set is empty, or some row of P holds nowhere on it."""
        region = self._view(node).region
        return region is None or any(self._cannot_hold(row, node, region) for row in self._open_rows(node))

    def imply(self, node: Node) -> Mapping[int, bool]:
        """The neurons that have one sign on the whole set, zero meaning both."""
        view = self._view(node)
        if view.region is None:
            return {}
        undecided = list(bits(self.search.problem.undecided(node)))
        implied = {}
        for neuron, values in zip(undecided, self._values(view.region, undecided), strict=True):
            sign = self._only_sign(view.region, neuron, values)
            if sign is not None:
                implied[neuron] = sign
        known = sum(1 << i for i in implied)
        node.notes[self] = view._replace(neurons=view.neurons | known)  # these cut nothing off
        return implied

    def answer(self, node: Node) -> Answer | None:
        """For a whole assignment, or if P is settled: the set itself answers."""
        if any(True for _ in self._open_rows(node)):
            return None
        region = self._view(node).region
        return Answer(False) if region is None else Answer(True, region.point)

    def choose(self, node: Node) -> int | None:
        """The neuron that divides the generators of the set most evenly."""
        region = self._view(node).region
        undecided = list(bits(self.search.problem.undecided(node)))
        if region is None:
            return None
        balance = [
            min(sum(v > 0 for v in values), sum(v < 0 for v in values)) for values in self._values(region, undecided)
        ]
        return undecided[max(range(len(undecided)), key=balance.__getitem__)]

    def _view(self, node: Node) -> _View:
        """The node's set: its parent's, cut with what was decided and settled since."""
        problem = self.search.problem
        view = node.notes.get(self)
        if view is None:
            if node.parent is None:
                region = Region.of(problem.domain.halfspaces, problem.layer.input_dim)
                view = _View(region, 0, frozenset())
            else:
                view = self._view(node.parent)
        settled = {k for k, row in enumerate(problem.wanted.halfspaces) if problem.is_settled(row, node)}
        fresh, settled = node.decided & ~view.neurons, settled - view.rows
        region = view.region
        if region is not None and (fresh or settled):
            rows = [problem.sign_row(i, bool(node.active >> i & 1)) for i in bits(fresh)]
            rows += [problem.settled(problem.wanted.halfspaces[k], node) for k in sorted(settled)]
            region = region.cut(*rows)
        view = _View(region, view.neurons | fresh, view.rows | settled)
        node.notes[self] = view
        return view

    def _values(self, region: Region, neurons: Sequence[int]) -> list[list[int]]:
        """For each neuron z_i on each generator, up to positive factors."""
        forms = self.search.problem.forms
        return region.values(fmpz_mat([list(forms[i]) for i in neurons])) if neurons else []

    def _only_sign(self, region: Region, neuron: int, values: Sequence[int]) -> bool | None:
        low, high = min(values), max(values)
        if low < 0 < high or low == high == 0:
            return None
        is_active = high > 0
        other = self.search.problem.sign_row(neuron, not is_active)
        touches = (low if is_active else high) == 0 and region.cut(other) is not None
        return None if touches else is_active

    def _open_rows(self, node: Node) -> list[Halfspace]:
        problem = self.search.problem
        return [row for row in problem.wanted.halfspaces if not problem.is_settled(row, node)]

    def _cannot_hold(self, row: Halfspace, node: Node, region: Region) -> bool:
        """Whether a linear form that nowhere on the set exceeds ``p a - q`` is positive on it (see the module)."""
        if self._exceeds_zero(row.normal, row.offset, node, region, row.relation == "<"):
            return True
        return row.relation == "==" and self._exceeds_zero([-p for p in row.normal], -row.offset, node, region, False)

    def _exceeds_zero(self, p: Sequence[int], q: int, node: Node, region: Region, or_is_zero: bool) -> bool:
        problem = self.search.problem
        base = problem.wanted_row(Halfspace(tuple(p), q, "<="), node)
        total = [Fraction(v) for v in base]
        undecided = [u for u in bits(problem.undecided(node)) if p[u]]
        for u, values in zip(undecided, self._values(region, undecided), strict=True):
            bound = self._linear_bound(p[u] > 0, problem.forms[u], values, region)
            if bound is None:
                return False
            total = [t + p[u] * v for t, v in zip(total, bound, strict=True)]
        common = math.lcm(*(v.denominator for v in total))
        (values,) = region.values(fmpz_mat([[int(v * common) for v in total]]))
        scales = [int(region.generators[g, region.ambient_dim]) for g in range(region.generators.nrows())]
        on_vertices = [v for v, scale in zip(values, scales, strict=True) if scale]
        on_rays = [v for v, scale in zip(values, scales, strict=True) if not scale]
        least = min(on_vertices)
        return min(on_rays, default=0) >= 0 and (least > 0 or (or_is_zero and least == 0))

    def _linear_bound(
        self, below: bool, form: Sequence[int], values: Sequence[int], region: Region
    ) -> Sequence[Fraction | int] | None:
        """A linear form below relu(z_u) on the set, or above it; None where there is none."""
        low, high = min(values), max(values)
        if low >= 0:
            return form
        if high <= 0:
            return [0] * len(form)
        if below:
            return form if sum(values) > 0 else [0] * len(form)
        last = region.ambient_dim
        scales = [int(region.generators[g, last]) for g in range(region.generators.nrows())]
        if not all(scales):
            return None
        reached = [Fraction(v, scale) for v, scale in zip(values, scales, strict=True)]
        bottom, top = min(reached), max(reached)
        slope = top / (top - bottom)
        return [slope * v for v in form[:-1]] + [slope * (form[-1] - bottom)]
