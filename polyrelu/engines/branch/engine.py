r"""Cells by their inequalities in any dimension, decided by floats that prove what they say.

A cell is what the signs of the neurons so far say on x, a box around it, and some points strictly inside. Layer by
layer, its neurons are fixed or divide it:

* bounds of all later layers on the cell's box (:mod:`polyrelu.bounds.linear`), with the signs that are known, say which
  neurons cannot switch, and whether the target is out of reach;
* a neuron that is certainly negative at one point inside and positive at another divides the cell, and a rule says
  which of those goes first (:mod:`polyrelu.engines.branch.rules`);
* on a side where no point is known, a linear program in floats, which goes on where that of the whole cell ended, names
  a point, which is held against all rows, or multipliers of the rows, whose combination is then positive on the box
  with all rounding, or is forgotten;
* what floats leave in doubt is decided by an exact linear program (:mod:`polyrelu.engines.branch.exact`).

So a wrong answer of the solver in floats costs time and nothing else. Cells that are through are cut by the target's
rows in the same way. Where nothing of full dimension is left, what the target touches is a tile of lower dimension if
it is not empty, and no other tile contains it. These are the tiles of :mod:`polyrelu.engines.halfspaces.engine`, by the
same argument; that engine does the same without the floats, and takes domains that are flat, or end nowhere.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from polyrelu.arithmetic.exact import FloatArray
from polyrelu.bounds.linear import Enclosure, LinearBounds
from polyrelu.bounds.reach import Reach, certain_signs, float_ends, misses, rows_of
from polyrelu.engines.branch.affine import Affine
from polyrelu.engines.branch.exact import ExactCells, Split, splits_of
from polyrelu.engines.branch.library import Asked, Batch, Found, Pause, walk_through
from polyrelu.engines.branch.rules import Rule, View
from polyrelu.engines.branch.space import Space
from polyrelu.engines.branch.tiles import BranchTiles, FlatTile, PackedCells
from polyrelu.engines.halfspaces.engine import LazyTiles
from polyrelu.errors import BudgetExceeded
from polyrelu.networks.activation_pattern import PartialSigns, SignVector, unpacked_signs
from polyrelu.networks.fixed_inputs import Folding
from polyrelu.networks.relevant_part import Restriction
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support.limits import Limit, check
from polyrelu.support.progress import progress_bar

ADVICE = "raise limit=, or make the domain smaller"
MOST_WORK = 2.0**33  # for bounds of a layer, which is about a second
MOST_POINTS = 16  # as in kernel/cell.h
_SEED = 20  # of the points that are tried in the beginning
_FIRST_POINTS = 256
_DIVES = 32
_SPREAD = 0x9E3779B97F4A7C15  # times small numbers, seeds of which all bits differ: first draws of others are alike
_ASKED_BY_DIVES = 4000
_ASKED_AT_ONCE = 8
_SECONDS_TO_COLLECT = 0.5  # after an interruption
_FIRST_STEP = 8
_MOST_AT_ONCE = 30_000  # neurons times inputs between two questions whether to stop: a few hundredths of a second


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
        bounded: cells over which all layers were bounded.
        pruned: of these, those from which the target is out of reach.
        discarded: cells outside the target.
        estimate: how many neurons it was expected to ask for, where that was estimated.
    """

    cells: int = 0
    cuts: int = 0
    nodes: int = 0
    fixed: int = 0
    programs: int = 0
    exact_programs: int = 0
    bounded: int = 0
    pruned: int = 0
    discarded: int = 0
    estimate: int | None = None


class BranchEngine:
    """Finds the tiles of one restricted problem.

    Args:
        restriction: the problem.
        domain: a domain of full dimension in the coordinates that it leaves free, which ends in each direction.
        limit: the most neurons to ask for.
        until: asked time and again, with the number of tiles found, whether to stop as for Ctrl-C.
        rule: says which neuron to branch on; None for ``whole_first``, compiled.
        progress: show a bar; by default only for long runs on a terminal.
        advice: what to do at the limit, for the message.
        bounds: whether bounds on boxes may fix neurons and rule the target out; without them nothing is gained, but
            what they save can be seen.
        lies: for tests, see :func:`polyrelu.engines.branch.library.walk_through`.

    Raises:
        BudgetExceeded: by ``run``, at ``limit``.
    """

    def __init__(
        self,
        restriction: Restriction,
        domain: Polyhedron,
        limit: int,
        until: Callable[[int], bool] | None = None,
        rule: Rule | None = None,
        progress: bool | None = None,
        advice: str = ADVICE,
        bounds: bool = True,
        lies: int = 0,
    ) -> None:
        self.restriction, self.limit, self.until, self.rule, self.advice = restriction, limit, until, rule, advice
        self.progress, self.bounds, self.lies = progress, bounds, lies
        self.stats = BranchStats()
        self.folding = Folding.of(domain)
        self.domain = domain.unfixed()
        self.layers = restriction.layers if self.folding is None else self.folding.layers(restriction.layers)
        self.exact = ExactCells(self.layers, restriction.target, self.domain)
        self.found = PackedCells(restriction.neuron_count, self.domain.ambient_dim)
        self.flat: list[FlatTile] = []
        self._tiles: BranchTiles | None = None  # once the run is complete
        self._doubtful: dict[bytes, tuple[NDArray[np.bool_], NDArray[np.bool_]]] = {}  # for exact arithmetic
        self._discarded = [0, 0]  # by floats, and exactly
        self._most = _FIRST_STEP  # neurons until the next question whether to stop
        self._handed_out = 0  # tiles that are forgotten
        self._known: dict[int, tuple[Enclosure, ...]] = {}  # bounds by the depth at which they were asked for

    def tiles(self) -> BranchTiles:
        """The tiles found so far, in the order of their patterns; flat ones only where no other tile contains them."""
        if self._tiles is None:  # stopped; then this takes a second at the most
            self._take()
            return self._sorted(Limit(timeout=_SECONDS_TO_COLLECT))
        return self._tiles

    def _sorted(self, at_most: Limit | None = None) -> BranchTiles:
        return BranchTiles.of(self.restriction, self.exact, self.found, self.flat, self.folding, at_most)

    def run(self) -> None:
        """Find all tiles. Raises KeyboardInterrupt when stopped; what was found until then stays."""
        if self.reach.misses:
            self.stats.bounded = self.stats.pruned = 1
        else:
            self._walk_to_the_end()
        self._tiles = self._sorted()

    def patterns(self) -> list[SignVector]:
        """The signs of all cells of which the target leaves something, be it contained in another tile."""
        if not self.reach.misses:
            self._walk_to_the_end()
        rows = [*unpacked_signs(self.found.columns().signs, self._starts[-1]), *(own.signs for own in self.flat)]
        return [SignVector.from_flat(row, self._starts) for row in rows]

    def _walk_to_the_end(self) -> None:
        with progress_bar(self.progress, desc="branch", unit=" cells") as bar:
            while self._walk_on():
                bar.update(self.stats.cells - bar.n)
            bar.update(self.stats.cells - bar.n)

    def _walk_on(self) -> bool:
        """Walk for a moment and answer what is asked; whether there may be more. It may be interrupted anywhere."""
        self._ask()
        pause = Pause(self._walk.advance(min(self._most, self.limit + 1 - self.stats.nodes)))
        self._take()
        self._finish_exactly()
        self._answer(pause, self._walk)
        self._most = min(2 * self._most, _MOST_AT_ONCE // len(self.space.low) + 1)
        return pause is not Pause.DONE

    def estimate(self, most: int) -> int:
        """About how many neurons a run asks for: the mean over some random dives, within a factor of a few.

        It stops as soon as the mean is certain to exceed ``most``, whatever the dives to come would say.

        Cost: that of asking for a few thousand neurons at most.
        """
        if self.reach.misses:
            return 0
        found: list[float] = []
        asked = 0
        while len(found) < _DIVES and (asked < _ASKED_BY_DIVES or not found) and sum(found) <= most * _DIVES:
            walk, pause = self._walk_from_root(dive=_SPREAD * (len(found) + 1) % 2**64), Pause.PAUSED
            while pause is not Pause.DONE and sum(found) + walk.estimate() <= most * _DIVES:
                check()
                pause = Pause(walk.advance(_ASKED_AT_ONCE))
                self._answer(pause, walk)
            found.append(walk.estimate())
            asked += walk.counters()[1]
        self.stats = BranchStats(estimate=math.ceil(statistics.fmean(found)))
        assert self.stats.estimate is not None
        return self.stats.estimate

    def undecided(self) -> LazyTiles:
        """The cells that are not divided to the end; of those that are, the ones that wait for exact arithmetic."""
        if self.reach.misses:
            return LazyTiles(self.restriction, (), self.folding)
        self._take()
        cells = [(depth, *self._flags(signs, splits, own, depth)) for depth, signs, splits, own in self._walk.waiting()]
        cells += [(len(self.layers), signs, splits) for signs, splits in self._doubtful.values()]
        return LazyTiles(self.restriction, tuple(self._open_cell(*cell) for cell in cells), self.folding)

    def _flags(self, *columns: Any) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """The signs of a cell's neurons as far as they are known, and its splits, by what a walk says."""
        signs, splits, own, depth = columns
        flags = np.frombuffer(signs, np.bool_).copy()
        flags[self._starts[depth] : self._starts[depth + 1]] = np.frombuffer(own, np.int8) > 0
        return flags, np.frombuffer(splits, np.bool_)

    def _open_cell(
        self, depth: int, signs: NDArray[np.bool_], splits: NDArray[np.bool_]
    ) -> tuple[SignVector, Polyhedron]:
        """The signs of the layers before, and the closed cell in the inputs that the domain leaves free."""
        before = SignVector.from_flat(signs, self._starts).before(depth)
        rows = self.exact.rows(splits_of(self.layers, splits, signs), before)
        return before, self.domain & Polyhedron.from_halfspaces(rows, self.domain.ambient_dim)

    # -- the beginning ------------------------------------------------------------------------------------------------

    @cached_property
    def space(self) -> Space:
        """The box of the domain."""
        low, high = float_ends(self.domain.sides)
        rows = self.restriction.neuron_count + len(self.domain.halfspaces) + len(self.restriction.target.halfspaces)
        most = max(rows, *(layer.output_dim for layer in self.layers), len(low))
        return Space.between(low, high, most, len(self.layers) + 1)

    @cached_property
    def _walk(self) -> Any:
        return self._walk_from_root()

    def _walk_from_root(self, dive: int = 0) -> Any:
        """A walk through the domain, or a dive with a seed."""
        target = self.restriction.target
        root, inside = self._root
        signs = chain.from_iterable(self.reach.signs)
        return walk_through(
            self.space,
            self.layers,
            rows_of(target),
            root,
            inside,
            np.fromiter(signs, np.int8, self.restriction.neuron_count),
            is_exact=any(row.relation == "==" for row in target.halfspaces),
            fixes=self.bounds,
            asks_bounds=self.bounds and bool(target.halfspaces),
            asks_rule=self.rule is not None,
            lies=self.lies,
            dive=dive,
        )

    @cached_property
    def _root(self) -> tuple[Affine, FloatArray]:
        """The domain's rows beside its box, and random points, of those that are inside."""
        space = self.space
        rows = [self.domain.halfspaces[i] for i in self.domain.sides.others]
        root = space.forms.of_rows([row for row in rows if not row.is_trivial])
        points = np.random.default_rng(_SEED).uniform(space.low, space.high, (_FIRST_POINTS, len(space.low)))
        return root, space.inside(root, points)[:MOST_POINTS]

    @cached_property
    def reach(self) -> Reach:
        """What is certain on the domain's box."""
        if not self.bounds:
            return Reach(PartialSigns((0,) * layer.neuron_count for layer in self.layers), False)
        *layers, forms = self._whole
        signs = (certain_signs(layer, own)[0] for layer, own in zip(self.layers, layers, strict=True))
        return Reach(
            PartialSigns(tuple(own.tolist()) for own in signs), bool(misses(self.restriction.target, forms)[0])
        )

    @cached_property
    def _whole(self) -> tuple[Enclosure, ...]:
        """Bounds of all layers on the domain's box."""
        low, high = float_ends(self.domain.sides)
        return self._bounds.over(low[None], high[None]).layers

    @cached_property
    def _bounds(self) -> LinearBounds:
        return LinearBounds([*self.layers, rows_of(self.restriction.target)], MOST_WORK)

    @cached_property
    def _starts(self) -> list[int]:
        """Where each layer's neurons begin among all, and the end."""
        return [0, *accumulate(layer.neuron_count for layer in self.layers)]

    # -- questions ----------------------------------------------------------------------------------------------------

    def _answer(self, pause: Pause, walk: Any) -> None:
        """Answer what a walk asks."""
        dim = len(self.space.low)
        if self.stats.nodes > self.limit:
            raise BudgetExceeded(
                f"branch: {self.limit} neurons were asked for, the limit, and {self.stats.cells} tiles found; "
                f"{self.advice}"
            )
        if pause is Pause.EXACTLY:
            walk.decide(self._is_there(Asked.by(walk, dim)))
        elif pause is Pause.BOUNDS:
            walk.bound(*self._bounded(Batch.by(walk, dim)))
        elif pause is Pause.RULE:
            walk.choose(self._chosen(Asked.by(walk, dim)))

    def _is_there(self, cell: Asked) -> bool:
        """Whether the side of a cell that is asked about has full dimension."""
        self.stats.exact_programs += 1
        signs, splits = self._flags(cell.signs, cell.splits, cell.own, cell.depth)
        split = Split(cell.depth, self.layers[cell.depth].neurons[cell.neuron], cell.side > 0)
        before = SignVector.from_flat(signs, self._starts).before(cell.depth)
        return self.exact.has_interior([*splits_of(self.layers, splits, signs), split], before)

    def _chosen(self, cell: Asked) -> int:
        """The neuron that the rule chooses, by its place in the layer."""
        assert self.rule is not None
        open_ = np.flatnonzero(cell.own == 0)
        values, doubts = cell.values[:, open_], cell.doubts[open_]
        below, above = (values < -doubts).sum(axis=0), (values > doubts).sum(axis=0)
        return int(open_[self.rule(View(values, cell.least[open_], cell.most[open_], below, above))])

    def _bounded(self, batch: Batch) -> tuple[NDArray[np.bool_], NDArray[np.int8]]:
        """Of each cell, whether the target is out of reach, and which signs the next layer's neurons have."""
        self.stats.bounded += len(batch.low)
        found = self._bounds.over(batch.low, batch.high, self._with_signs(batch)).layers
        self._known[batch.depth] = found
        signs = certain_signs(self.layers[batch.depth], found[batch.depth])
        return misses(self.restriction.target, found[-1]), np.ascontiguousarray(signs)

    def _with_signs(self, batch: Batch) -> tuple[Enclosure, ...]:
        """Bounds on cells, by those on cells around them and what their signs say."""
        before = [(self._known[depth] if depth >= 0 else self._whole, max(place, 0)) for depth, place in batch.known]
        known = [
            Enclosure(*(np.stack([own[depth][end][place] for own, place in before]) for end in range(2)))
            for depth in range(len(self.layers) + 1)
        ]
        for depth, layer in enumerate(self.layers[: batch.depth]):
            low, high = known[depth]
            neurons, on = list(layer.neurons), batch.signs[:, self._starts[depth] : self._starts[depth + 1]]
            low[:, neurons] = np.where(on, np.maximum(low[:, neurons], 0.0), low[:, neurons])
            high[:, neurons] = np.where(on, high[:, neurons], np.minimum(high[:, neurons], 0.0))
        return tuple(known)

    # -- the end ------------------------------------------------------------------------------------------------------

    def _take(self) -> None:
        """Keep what the walk has found; whenever this is interrupted, it may be done again."""
        stats, walk = self.stats, self._walk
        found = Found.by(walk, self.restriction.neuron_count, len(self.space.low))
        stats.cuts, stats.nodes, stats.fixed, stats.pruned, self._discarded[0], stats.programs = walk.counters()
        certain = ~found.in_doubt
        self.found.append(found.signs[certain], found.splits[certain], found.points[certain])
        for signs, splits in zip(found.signs[~certain], found.splits[~certain], strict=True):
            self._doubtful[signs.tobytes()] = signs, splits
        walk.forget()
        self._count()

    def _count(self) -> None:
        self.stats.cells = self._handed_out + len(self.found)
        self.stats.discarded = sum(self._discarded)

    def _finish_exactly(self) -> None:
        """Find out what the target leaves of cells for which floats could not tell."""
        while self._doubtful:
            check()
            key, (signs, splits) = next(iter(self._doubtful.items()))
            self.stats.exact_programs += 1
            vector = SignVector.from_flat(signs, self._starts)
            tile = self.exact.tile(splits_of(self.layers, splits, signs), vector)
            if tile.is_empty():
                self._discarded[1] += 1
            elif tile.is_full_dimensional():
                self.found.append(signs[None], splits[None], np.full((1, self.domain.ambient_dim), np.nan))
            else:
                self.flat.append(FlatTile(signs, splits, tile))
            del self._doubtful[key]
        self._count()

    def _ask(self) -> None:
        check()
        if self.until is not None and self.until(self.stats.cells + len(self.flat)):
            raise KeyboardInterrupt
