r"""Cells by their inequalities in any dimension, decided by floats that prove what they say.

A cell is what the signs of the neurons so far say on x, a box around it, and some points strictly inside. Layer by
layer, its neurons are fixed or divide it:

* bounds of all later layers on the cell's box (:mod:`polyrelu.bounds.linear`), with the signs that are known, say which
  neurons cannot switch, and whether the target is out of reach;
* a neuron that is certainly negative at one point inside and positive at another divides the cell, and a rule says
  which of those goes first (:mod:`polyrelu.engines.branch.rules`);
* on a side where no point is known, a linear program in floats names a point, which is held against all rows, or
  multipliers of the rows, whose combination is then positive on the box with all rounding, or is forgotten
  (:mod:`polyrelu.engines.branch.cell`);
* what floats leave in doubt is decided by an exact linear program (:mod:`polyrelu.engines.branch.exact`).

So a wrong answer of the solver in floats costs time and nothing else. Cells that are through are cut by the target's
rows in the same way. Where nothing of full dimension is left, what the target touches is a tile of lower dimension if
it is not empty, and no other tile contains it. These are the tiles of :mod:`polyrelu.engines.halfspaces`, by the same
argument; that engine does the same without the floats, and takes domains that are flat, or end nowhere.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from polyrelu.bounds.linear import Enclosure, LinearBounds
from polyrelu.bounds.reach import Reach, certain_signs, float_ends, misses, reach, rows_of
from polyrelu.engines.branch.affine import Affine, AffineOn, returned
from polyrelu.engines.branch.cell import MOST_POINTS, Answer, Cell, Space, look
from polyrelu.engines.branch.exact import ExactCells, Split
from polyrelu.engines.branch.rules import Rule, View, whole_first
from polyrelu.engines.branch.tiles import BranchTiles, Found
from polyrelu.engines.halfspaces import LazyTiles
from polyrelu.errors import BudgetExceeded
from polyrelu.networks.activation_pattern import SignVector
from polyrelu.networks.fixed_inputs import Folding
from polyrelu.networks.relevant_part import Restriction
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support.limits import check
from polyrelu.support.progress import progress_bar

_SEED = 20  # of the points that are tried in the beginning
_FIRST_POINTS = 256


@dataclass
class BranchStats:
    """What the engine did.

    Attributes:
        cells: full-dimensional tiles found.
        cuts: cells that were divided in two.
        nodes: neurons that were asked for on a cell.
        fixed: neurons that bounds fixed on a cell.
        programs: linear programs in floats, each checked.
        exact_programs: questions that exact linear programs decided.
        pruned: cells from which bounds say that the target is out of reach.
        discarded: cells outside the target.
    """

    cells: int = 0
    cuts: int = 0
    nodes: int = 0
    fixed: int = 0
    programs: int = 0
    exact_programs: int = 0
    pruned: int = 0
    discarded: int = 0


@dataclass(frozen=True, eq=False)
class _Node:
    """A cell on which the layers before the present one have signs, and some neurons of this one.

    Attributes:
        cell: where.
        splits: the neurons that divided the domain on the way to it.
        signs: of the layers before.
        own: those of this layer's neurons, 0 where open, (neurons,).
        entered: what enters this layer's ReLU, all its coordinates.
        known: bounds of all layers on the cell.
    """

    cell: Cell
    splits: tuple[Split, ...]
    signs: SignVector
    own: NDArray[np.int8]
    entered: Affine
    known: tuple[Enclosure, ...]


class BranchEngine:
    """Finds the tiles of one restricted problem.

    Args:
        restriction: the problem.
        domain: a domain of full dimension in the coordinates that it leaves free, which ends in each direction.
        limit: the most neurons to ask for.
        until: asked, with the number of tiles found, whether to stop as for Ctrl-C.
        rule: says which neuron to branch on.
        progress: show a bar; by default only for long runs on a terminal.
        advice: what to do at the limit, for the message.

    Raises:
        BudgetExceeded: by ``run``, at ``limit``.
    """

    def __init__(
        self,
        restriction: Restriction,
        domain: Polyhedron,
        limit: int,
        until: Callable[[int], bool] | None = None,
        rule: Rule = whole_first,
        progress: bool | None = None,
        advice: str = "raise limit=, or make the domain smaller",
    ) -> None:
        self.restriction, self.limit, self.until, self.rule, self.advice = restriction, limit, until, rule, advice
        self.progress = progress
        self.stats = BranchStats()
        self.folding = Folding.of(domain)
        self.domain = domain.unfixed()
        self.layers = restriction.layers if self.folding is None else self.folding.layers(restriction.layers)
        self.exact = ExactCells(self.layers, restriction.target, self.domain)
        self.found: list[Found] = []
        self.flat: list[Found] = []
        self._waiting: list[_Node] | None = None  # before the run

    def tiles(self) -> BranchTiles:
        """The tiles found so far, in the order of their patterns; flat ones only where no other tile contains them."""
        return BranchTiles.of(self.restriction, self.exact, self.found, self.flat, self.folding)

    def run(self) -> None:
        """Find all tiles. Raises KeyboardInterrupt when stopped; what was found until then stays."""
        with np.errstate(all="ignore"), progress_bar(self.progress, desc="branch", unit=" cells") as bar:
            self._waiting = self._entered(self._root, (), SignVector(), self.space.forms.inputs(), None)
            while self._waiting:  # depth first; a node waits until its parts do, so that a stop loses none
                parts = self._step(self._waiting[-1])
                self._waiting[-1:] = reversed(parts)
                bar.update(self.stats.cells - bar.n)

    def undecided(self) -> LazyTiles:
        """The cells that are not divided to the end."""
        if self._waiting is None:
            return LazyTiles(self.restriction, ((SignVector(), self.domain),), self.folding)
        last = {found[-1].splits for found in (self.found, self.flat) if found}
        nodes = [node for node in self._waiting if node.splits not in last]  # but one whose tile is there
        dim = self.domain.ambient_dim
        rows = (Polyhedron.from_halfspaces(self.exact.rows(node.splits, node.signs), dim) for node in nodes)
        sets = ((node.signs, self.domain & own) for node, own in zip(nodes, rows, strict=True))
        return LazyTiles(self.restriction, tuple(sets), self.folding)

    def _step(self, node: _Node) -> list[_Node]:
        """The nodes that one is divided in, or goes on as."""
        self._ask()
        layer = self.layers[len(node.signs)]
        open_ = np.flatnonzero(node.own == 0)
        if len(open_):
            return self._branch(node, open_)
        on = tuple((node.own > 0).tolist())
        return self._entered(node.cell, node.splits, node.signs.then(on), returned(node.entered, layer, on), node.known)

    # -- the beginning ------------------------------------------------------------------------------------------------

    @cached_property
    def space(self) -> Space:
        """The box of the domain."""
        low, high = float_ends(self.domain.sides)
        rows = self.restriction.neuron_count + len(self.domain.halfspaces) + len(self.restriction.target.halfspaces)
        most = max(rows, *(layer.output_dim for layer in self.layers), len(low))
        forms = AffineOn(low, high, most, len(self.layers) + 1)
        inner = [
            np.nextafter(np.nextafter(end, -side * np.inf), -side * np.inf) for end, side in ((low, -1), (high, 1))
        ]
        return Space(forms, low, high, inner[0], inner[1])

    @cached_property
    def _root(self) -> Cell:
        """The domain as a cell, with points of which some are there whatever its rows are."""
        space, sides = self.space, self.domain.sides
        rows = [self.domain.halfspaces[i] for i in sides.others]
        nothing = np.empty((0, len(space.low)))
        cell = Cell(space.forms.of_rows([row for row in rows if not row.is_trivial]), space.low, space.high, nothing)
        points = np.random.default_rng(_SEED).uniform(space.low, space.high, (_FIRST_POINTS, len(space.low)))
        found = cell.inside(points, space)
        if not len(found):
            found = look(cell, cell.rows, space).points
        return replace(cell, points=found[:MOST_POINTS])

    @cached_property
    def reach(self) -> Reach:
        """What is certain on the domain's box."""
        return reach(self.layers, self.domain.sides, self.restriction.target)

    @cached_property
    def _bounds(self) -> LinearBounds:
        return LinearBounds([*self.layers, rows_of(self.restriction.target)])

    # -- layers -------------------------------------------------------------------------------------------------------

    def _entered(
        self,
        cell: Cell,
        splits: tuple[Split, ...],
        signs: SignVector,
        values: Affine,
        known: tuple[Enclosure, ...] | None,
    ) -> list[_Node]:
        """The node with which a cell enters its next layer; none where the target is out of reach, or it is through."""
        depth = len(signs)
        if depth == len(self.layers):
            self._finish(cell, splits, signs, values)
            return []
        bounds = self._bounds.over(cell.low[None], cell.high[None], self._with_signs(known, signs)).layers
        if misses(self.restriction.target, bounds[-1])[0]:
            self.stats.pruned += 1
            return []
        layer = self.layers[depth]
        entered = self.space.forms.entering(layer, values)
        own = certain_signs(layer, bounds[depth])[0]
        self.stats.fixed += int(np.count_nonzero(own))
        return [_Node(cell, splits, signs, own, entered, bounds)]

    def _with_signs(self, known: tuple[Enclosure, ...] | None, signs: SignVector) -> tuple[Enclosure, ...] | None:
        """Bounds on a cell, by those on one around it and what its signs say."""
        if known is None:
            return None
        found = list(known)
        for depth, (layer, on) in enumerate(zip(self.layers, signs, strict=False)):
            low, high = (end.copy() for end in found[depth])
            neurons, active = np.array(layer.neurons, dtype=np.intp), np.array(on, dtype=np.bool_)
            low[:, neurons[active]] = np.maximum(low[:, neurons[active]], 0.0)
            high[:, neurons[~active]] = np.minimum(high[:, neurons[~active]], 0.0)
            found[depth] = Enclosure(low, high)
        return tuple(found)

    # -- neurons ------------------------------------------------------------------------------------------------------

    def _branch(self, node: _Node, open_: NDArray[np.intp]) -> list[_Node]:
        """What the next neuron makes of a node."""
        layer = self.layers[len(node.signs)]
        neurons = np.array(layer.neurons, dtype=np.intp)
        forms = node.entered.chosen(neurons[open_])
        least, most = forms.between(node.cell.low, node.cell.high)
        signs = (least >= 0).astype(np.int8) - ((most <= 0) & (least < 0)).astype(np.int8)
        if signs.any():
            own = node.own.copy()
            own[open_] = signs
            self.stats.fixed += int(np.count_nonzero(signs))
            return [replace(node, own=own)]
        values = forms.at(node.cell.points)
        below, above = (values < -forms.doubts).sum(axis=0), (values > forms.doubts).sum(axis=0)
        chosen = self.rule(View(values, least, most, below, above))
        return self._halves(node, int(open_[chosen]), int(neurons[open_[chosen]]))

    def _halves(self, node: _Node, place: int, neuron: int) -> list[_Node]:
        """The parts of full dimension on which a neuron is silent and active; the cell itself where only one is."""
        self.stats.nodes += 1
        if self.stats.nodes > self.limit:
            raise BudgetExceeded(
                f"branch: {self.limit} neurons were asked for, the limit, and {len(self.found)} tiles found; "
                f"{self.advice}"
            )
        depth, form = len(node.signs), node.entered.chosen(np.array([neuron]))
        parts: list[_Node] = []
        for sign, half in ((-1, form), (1, form.negated())):
            split = Split(depth, neuron, sign > 0)
            is_there, points = self._is_there(node, half, split)
            if is_there:
                cell, own = node.cell.within(half, points), node.own.copy()
                own[place] = sign
                parts.append(replace(node, cell=cell, splits=(*node.splits, split), own=own))
        if len(parts) == 2:
            self.stats.cuts += 1
            return parts
        own = parts[0].own if parts else node.own.copy()
        own[place] = own[place] or -1  # what vanishes on all of a cell is silent
        return [replace(node, own=own)]

    def _is_there(self, node: _Node, form: Affine, split: Split) -> tuple[bool, NDArray[np.float64]]:
        """Whether a cell has a part of full dimension on which a form is negative, and points there, if known."""
        answer, points = self._look(node.cell, form)
        if answer is Answer.DOUBT:
            self.stats.exact_programs += 1
            return self.exact.has_interior([*node.splits, split], node.signs), points
        return answer is Answer.YES, points

    def _look(self, cell: Cell, forms: Affine) -> tuple[Answer, NDArray[np.float64]]:
        found = look(cell, forms, self.space)
        self.stats.programs += found.by_program
        return found.answer, found.points

    # -- the end ------------------------------------------------------------------------------------------------------

    def _finish(self, cell: Cell, splits: tuple[Split, ...], signs: SignVector, outputs: Affine) -> None:
        """Cut a cell that is through all layers by the target's rows; keep what is inside."""
        rows = self.restriction.target.halfspaces
        answer, points = Answer.YES, cell.points
        if rows:
            forms = self.space.forms.entering(rows_of(self.restriction.target), outputs)
            equal = any(row.relation == "==" for row in rows)
            answer, points = (Answer.DOUBT, cell.points[:0]) if equal else self._look(cell, forms)
        found = Found(signs, splits, tuple(points[0].tolist()) if len(points) else None)
        if answer is Answer.NEVER:
            self.stats.discarded += 1
        elif answer is Answer.YES:
            self.stats.cells += 1
            self.found.append(found)
        else:
            self._finish_exactly(found)

    def _finish_exactly(self, found: Found) -> None:
        self.stats.exact_programs += 1
        tile = self.exact.tile(found.splits, found.signs)
        if tile.is_empty():
            self.stats.discarded += 1
        elif tile.is_full_dimensional():
            self.stats.cells += 1
            self.found.append(found)
        else:
            self.flat.append(found)

    def _ask(self) -> None:
        check()
        if self.until is not None and self.until(len(self.found) + len(self.flat)):
            raise KeyboardInterrupt
