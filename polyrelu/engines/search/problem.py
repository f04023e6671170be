r"""The face search as a question: which sign assignments of a layer's neurons give a non-empty piece?

For :math:`a = \rho(z)`, z = Wx + b, and a wanted polyhedron P = {a : p_k a <= q_k}, a face of the orthant is an
*assignment*: each neuron is silent (z_i <= 0, a_i = 0) or active (z_i >= 0, a_i = z_i). Its piece is the set of x that
satisfy these conditions and whose a lies in P. A :class:`Node` is a partial assignment; it is *feasible* when its
relaxation has a solution, in which each undecided neuron that P mentions has a value a_u of its own with

.. math:: a_u \ge 0, \qquad a_u \ge z_u.

Every point of every piece below the node solves the relaxation, so nothing is lost where it has no solution; and for a
whole assignment it is the piece itself, so the answer is exact there.

**Cores.** If the relaxation has no solution, its dual says why (Farkas): non-negative multipliers of the rows whose
combination is a contradiction. Let c_j be the coefficient that the combination of the rows of P has at a_j. The same
contradiction holds for every assignment that contains the *core*: the decided neurons whose sign condition has a
positive multiplier, and those with c_j < 0. Indeed take any other decided neuron j. Its sign condition is not used, and
its value entered as z_j or as 0, where the true value relu(z_j) is at least as large; since c_j >= 0, putting the true
value in its place makes the left side of the contradiction no smaller.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from flint import fmpz_mat

from polyrelu.arithmetic.exact import ExactVector
from polyrelu.arithmetic.lp import Program, Row, Status
from polyrelu.errors import DimensionError
from polyrelu.networks.layer import Layer
from polyrelu.polyhedra.halfspace import Halfspace
from polyrelu.polyhedra.polyhedron import Polyhedron


class Core(NamedTuple):
    """Sign conditions, as bit masks of neurons, that no piece satisfies together."""

    active: int
    silent: int

    def is_part_of(self, node: Node) -> bool:
        """Whether the node decides all these neurons, and in this way."""
        return self.active & node.active == self.active and self.silent & node.silent == self.silent


class Answer(NamedTuple):
    """Whether a node is feasible, with a point x of its relaxation or a core where they are known.

    Attributes:
        is_feasible: the answer.
        point: x of a solution, where one is known.
        core: why there is none, where that is known.
    """

    is_feasible: bool
    point: ExactVector | None = None
    core: Core | None = None


@dataclass(eq=False, slots=True)
class Node:
    """A partial sign assignment.

    Attributes:
        active: the neurons decided active, as a bit mask over the layer's coordinates.
        silent: the neurons decided silent.
        parent: the node it was branched from; None for the root.
        notes: what heuristics keep for themselves; children start with an empty one.
        answer: whether it is feasible, once that was asked.
        has_piece: whether a piece was found below.
    """

    active: int = 0
    silent: int = 0
    parent: Node | None = None
    notes: dict[Any, Any] = field(default_factory=dict)
    answer: Answer | None = None
    has_piece: bool = False

    @property
    def decided(self) -> int:
        """The neurons that have a sign, as a bit mask."""
        return self.active | self.silent

    def with_sign(self, neuron: int, is_active: bool) -> Node:
        """The child in which one more neuron has a sign."""
        bit = 1 << neuron
        return Node(self.active | bit * is_active, self.silent | bit * (not is_active), self)

    def decide(self, neuron: int, is_active: bool) -> None:
        """Give a neuron a sign that follows from the others; what was answered before stays true of the pieces."""
        if is_active:
            self.active |= 1 << neuron
        else:
            self.silent |= 1 << neuron
        if self.answer is not None and self.answer.is_feasible:
            self.answer = None


def bits(mask: int) -> Iterator[int]:
    """The positions of a mask's ones, from the lowest."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


class Relaxation(NamedTuple):
    """A node's relaxation as rows in integers, for a linear program.

    Its variables are x, then one a_u (times the layer's common denominator) for each of ``undecided``, then t, with
    which strict rows ``normal . x + t <= offset`` say that t > 0 is possible.

    Attributes:
        undecided: the undecided neurons that P mentions.
        inequalities: normals and offsets. First those of P, then ``signs``, then the others.
        equalities: those of P first.
        signs: the neuron of each sign condition.
        wanted: for each inequality, then each equality that comes from P, the coefficients of a.
    """

    undecided: tuple[int, ...]
    inequalities: list[Row]
    equalities: list[Row]
    signs: tuple[int, ...]
    wanted: tuple[list[tuple[int, ...]], list[tuple[int, ...]]]


class FaceProblem:
    """The question for one layer.

    Attributes:
        layer: R^d -> R^n.
        wanted: P, in R^n.
        domain: where x may lie, in R^d.
        neurons: the coordinates that pass through the ReLU.
        forms: for each coordinate integers (w, b), for z_i times ``scale``, the layer's common denominator.
        silent_row, active_row: for each coordinate z_i <= 0 and z_i >= 0.

    Raises:
        DimensionError: P does not live in R^n, or the domain not in R^d.
    """

    def __init__(self, layer: Layer, wanted: Polyhedron, domain: Polyhedron | None = None) -> None:
        if wanted.ambient_dim != layer.output_dim:
            raise DimensionError(
                f"face_search: W has {layer.output_dim} rows but the polyhedron lives in R^{wanted.ambient_dim}"
            )
        self.layer, self.wanted = layer, wanted
        self.domain = Polyhedron.whole_space(layer.input_dim) if domain is None else domain
        if self.domain.ambient_dim != layer.input_dim:
            raise DimensionError(
                f"face_search: W has {layer.input_dim} columns but the domain lives in R^{self.domain.ambient_dim}"
            )
        self.neurons = layer.neurons
        self.mask = sum(1 << i for i in self.neurons)
        augmented = [(*row, offset) for row, offset in zip(layer.rows, layer.offsets, strict=True)]
        self.scale = math.lcm(*(v.denominator for row in augmented for v in row))
        self.forms = [tuple(int(v * self.scale) for v in row) for row in augmented]
        self.silent_row = [Halfspace.of(form[:-1], -form[-1]) for form in self.forms]
        self.active_row = [Halfspace.of([-v for v in form[:-1]], form[-1]) for form in self.forms]

    @cached_property
    def seen(self) -> int:
        """The neurons that P mentions, as a bit mask."""
        return sum(1 << i for i in self.neurons if any(row.normal[i] for row in self.wanted.halfspaces))

    def undecided(self, node: Node) -> int:
        """The neurons without a sign, as a bit mask."""
        return self.mask & ~node.decided

    def sign_row(self, neuron: int, is_active: bool) -> Halfspace:
        """The condition on x that a sign is."""
        return self.active_row[neuron] if is_active else self.silent_row[neuron]

    def wanted_row(self, row: Halfspace, node: Node) -> tuple[int, ...]:
        """Integers ``(w, c)``: what a row ``p a <= q`` of P says on x through decided and linear coordinates.

        The row is ``w x + c + scale * (sum of p_u a_u, undecided u) <= 0``.
        """
        entering = node.active | ~self.mask
        total = [0] * (self.layer.input_dim + 1)
        for j, (p, form) in enumerate(zip(row.normal, self.forms, strict=True)):
            if p and entering >> j & 1:
                total = [t + p * v for t, v in zip(total, form, strict=True)]
        total[-1] -= self.scale * row.offset
        return tuple(total)

    def conditions(self, node: Node) -> list[Halfspace]:
        """The domain, the sign conditions, and the rows of P that no undecided neuron enters, as halfspaces of x."""
        rows = [*self.domain.halfspaces]
        rows += [self.active_row[i] for i in bits(node.active)] + [self.silent_row[i] for i in bits(node.silent)]
        return [*rows, *(self.settled(row, node) for row in self.wanted.halfspaces if self.is_settled(row, node))]

    def is_settled(self, row: Halfspace, node: Node) -> bool:
        """Whether no undecided neuron enters a row of P."""
        return not any(row.normal[i] for i in bits(self.undecided(node)))

    def settled(self, row: Halfspace, node: Node) -> Halfspace:
        """A settled row of P as a halfspace of x."""
        *normal, constant = self.wanted_row(row, node)
        return Halfspace.of(normal, -constant, row.relation)

    def piece(self, node: Node) -> Polyhedron:
        """The piece of a whole assignment."""
        return Polyhedron.from_halfspaces(self.conditions(node), self.layer.input_dim)

    def relaxation(self, node: Node) -> Relaxation:
        """The relaxation of a node."""
        undecided = tuple(bits(self.undecided(node) & self.seen))
        d, width = self.layer.input_dim, self.layer.input_dim + len(undecided)

        def row(
            form: tuple[int, ...], extra: dict[int, int], is_strict: bool = False
        ) -> Row:  # form . (x, 1) + extra <= 0
            normal = [*form[:-1], *[0] * len(undecided), int(is_strict)]
            for k, v in extra.items():
                normal[d + k] = v
            return normal, -form[-1]

        inequalities: list[Row] = []
        equalities: list[Row] = []
        wanted: tuple[list[tuple[int, ...]], list[tuple[int, ...]]] = ([], [])
        for halfspace in self.wanted.halfspaces:
            extra = {k: halfspace.normal[u] for k, u in enumerate(undecided)}
            is_equality = halfspace.relation == "=="
            rows = equalities if is_equality else inequalities
            rows.append(row(self.wanted_row(halfspace, node), extra, halfspace.relation == "<"))
            wanted[is_equality].append(halfspace.normal)
        signs = (*bits(node.active), *bits(node.silent))
        for i in signs:
            condition = self.sign_row(i, bool(node.active >> i & 1))
            inequalities.append(row((*condition.normal, -condition.offset), {}))
        for halfspace in self.domain.halfspaces:
            rows = equalities if halfspace.relation == "==" else inequalities
            rows.append(row((*halfspace.normal, -halfspace.offset), {}, halfspace.relation == "<"))
        for k, u in enumerate(undecided):
            inequalities.append(row((0,) * (d + 1), {k: -1}))
            inequalities.append(row(self.forms[u], {k: -1}))
        inequalities.append(([0] * width + [1], 1))
        return Relaxation(undecided, inequalities, equalities, signs, wanted)

    def program(self, relaxation: Relaxation) -> Program:
        """The linear program that asks a relaxation for the largest t: feasible iff it is positive."""
        width = len(relaxation.inequalities[-1][0])
        return Program([0] * (width - 1) + [1], relaxation.inequalities, relaxation.equalities)

    def solve(self, node: Node) -> tuple[Answer, int]:
        """Whether a node is feasible, by an exact linear program, and the number of its pivots."""
        relaxation = self.relaxation(node)
        program = self.program(relaxation)
        solution = program.solve()
        assert solution.status is not Status.UNBOUNDED, "t is at most 1"
        if solution.value is not None and solution.value > 0:
            assert solution.point is not None
            return Answer(True, solution.point[: self.layer.input_dim]), program.pivots
        assert solution.multipliers is not None
        return Answer(False, core=self.core(node, relaxation, solution.multipliers)), program.pivots

    def core(self, node: Node, relaxation: Relaxation, multipliers: ExactVector) -> Core:
        """The core that the multipliers of a contradiction name (see the module's docstring)."""
        first, second = relaxation.wanted
        equality_multipliers = multipliers[len(relaxation.inequalities) :]
        used = [(y, p) for y, p in zip(multipliers, first, strict=False) if y]
        used += [(y, p) for y, p in zip(equality_multipliers, second, strict=False) if y]
        named = sum(1 << i for y, i in zip(multipliers[len(first) :], relaxation.signs, strict=False) if y > 0)
        for j in bits(node.decided & self.seen & ~named):
            if sum(y * p[j] for y, p in used) < 0:
                named |= 1 << j
        return Core(node.active & named, node.silent & named)

    def holds(self, node: Node, point: ExactVector) -> bool:
        """Whether a point satisfies all conditions of a whole assignment, exactly."""
        scale = math.lcm(*(v.denominator for v in point))
        column = fmpz_mat([*([int(v * scale)] for v in point), [scale]])
        before = [int(row[0]) for row in (self._form_matrix * column).table()]  # z, up to a positive factor
        signs_hold = all(before[i] >= 0 for i in bits(node.active)) and all(before[i] <= 0 for i in bits(node.silent))
        rows = (*self.domain.halfspaces, *(self.settled(row, node) for row in self.wanted.halfspaces))
        return signs_hold and all(row.holds(point) for row in rows)

    @cached_property
    def _form_matrix(self) -> fmpz_mat:
        return fmpz_mat(len(self.forms), self.layer.input_dim + 1, [v for form in self.forms for v in form])
