"""The tiles of an interval of patterns, in their order, until a budget is used up: what a task of a long run does.

Nothing here knows of other tasks. What an interval is, and whether a flat tile is needed, depends on the problem alone,
so tasks may be worked on by anyone, in any order, or twice.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from polyrelu.arithmetic.exact import ExactVector, primitive
from polyrelu.arithmetic.ieee import floats_are_sound
from polyrelu.engines.cells.engine import CellEngine
from polyrelu.engines.cells.extents import sizes_in_x
from polyrelu.engines.cells.intervals import Interval, dealt_out, first_patterns, patterns_in
from polyrelu.engines.cells.open_cells import extents_of
from polyrelu.engines.cells.problem import Cells, Problem, problem, stack, widened
from polyrelu.engines.cells.run import Pause, Run
from polyrelu.engines.cells.runner import Runner, add_counts
from polyrelu.networks import pattern_cells
from polyrelu.networks.activation_pattern import SignVector
from polyrelu.networks.affine_outputs import matrix_and_offset, outputs_before
from polyrelu.networks.layer import Layer, neuron_starts
from polyrelu.networks.pattern_cells import Placed, pattern_cell
from polyrelu.networks.relevant_part import Restriction
from polyrelu.polyhedra.cell import split
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support.limits import check
from polyrelu.tilings.chart import chart
from polyrelu.tilings.columns import Columns

MOST_LEFT = 8
"""Into how many intervals what is left is dealt out, at most."""

_CUTS_A_BATCH = 1 << 15
_EXACT = 64  # cuts of the kernel take as long as one in exact arithmetic
_AROUND = Fraction(1, 2**20)


class Rest(NamedTuple):
    """An interval that is left, and the share of the domain's volume that its cells have at most, or NaN."""

    interval: Interval
    share: float


class IntervalCells(CellEngine):
    """Splits the cells whose patterns lie in an interval, in the order of the patterns.

    Args:
        restriction, domain: the problem; the domain is not empty.
        sector: which of the domain's :func:`sectors`.
        interval: the patterns.
        measure: measure tiles while their vertices are there.
        by_kernel: whether the compiled kernel may do it; exact arithmetic gives the same tiles.

    Attributes:
        cuts: how many were made; one in exact arithmetic counts more.
    """

    def __init__(
        self,
        restriction: Restriction,
        domain: Polyhedron,
        sector: int,
        interval: Interval,
        measure: bool = False,
        by_kernel: bool = True,
    ) -> None:
        super().__init__(restriction, domain, Runner(measure=measure, progress=False))
        self.interval, self.cuts = interval, 0
        self._start = sectors(restriction, domain)[sector]
        self._kernel = self._kernel_of_start() if by_kernel else None
        self._run: Run | None = None
        self._words = 1
        self._left: list[Rest] | None = None
        if self._kernel is None:
            self._waiting = self._beginning()

    def batches(self, cuts: int) -> Iterator[Columns]:
        """The tiles, some at a time, in the order of their patterns, until about so many cuts are made.

        What was taken is forgotten. Limits are heard in between, and a stop passes through: :meth:`rest` then says what
        is left, after :meth:`batch`.
        """
        advance = self._advance_exactly if self._kernel is None else self._advance_kernel
        while self._left is None:
            advance(cuts)
            yield self.batch()

    def batch(self) -> Columns:
        """The tiles that were found and not taken."""
        self._take_faces()
        self._write_faces(check)
        while self.flat:
            signs, tile = self.flat[0]
            if self._is_needed(signs, tile):
                self.needed.append((signs, tile))
            self.flat.popleft()
        found = self._in_order() if len(self._pieces) == 1 and not self.needed else self._columns(self.needed)
        self.full, self._pieces, self._faced, self.needed = [], [], 0, []
        return found

    def rest(self) -> list[Rest]:
        """What is left of the interval, in order; it does not go on then."""
        if self._left is None and self._run is not None:
            cells = self._taken_back()
            self._left = self._dealt_out(cells, *first_patterns(cells, self.interval))
        elif self._left is None:
            self._left = [Rest(self.interval.cut([first])[0], math.nan) for first in self._firsts()[:1]]
        return self._left

    def _in_order(self) -> Columns:
        """The tiles of the only piece, which are in the order of their patterns."""
        full, extents, sections, _ = self._pieces[0]
        if len(sections[0]):
            return self._columns([])
        sizes = None
        if self.runner is not None and self.runner.measure:
            order = np.arange(len(full.packed))
            sizes = sizes_in_x(self.restriction, self.domain, self.chart, [extents], order)
        return Columns(self.restriction, self.domain, self.chart, *full, {}, sizes=sizes)

    # -- in the compiled kernel ---------------------------------------------------------------------------------------

    def _kernel_of_start(self) -> Problem | None:
        return problem(self.restriction, self.chart) if not self._start.cell.lines and floats_are_sound() else None

    def _advance_kernel(self, cuts: int) -> None:
        """Split until there is a batch of tiles, or the end."""
        run = self._begun_run()
        before, until = self.cuts - run.counts.cuts, min(self.cuts + _CUTS_A_BATCH, max(cuts, self.cuts + 1))
        pause = Pause.OUT_OF_TIME
        while pause is Pause.OUT_OF_TIME:
            pause = run.advance(until - self.cuts)
            self.cuts = before + run.counts.cuts
            check()
        if pause is Pause.TOO_NARROW:
            self._widen()
        elif pause is Pause.DONE:
            self._taken_back()
            self._left = []
        elif self.cuts >= cuts:
            self._stop_or_go_on()
        else:
            self._keep(run.found())

    def _begun_run(self) -> Run:
        """The run of the kernel; it begins with the whole sector, so a tile's numbers do not depend on the interval."""
        if self._run is None:
            sites = self.restriction.neuron_count + len(self.rows)
            while (cells := stack([self._start], sites, self._words, self.chart.dim + 1)) is None:
                self._words *= 2
            self._renew(cells, [0])
        assert self._run is not None
        return self._run

    def _renew(self, cells: Cells, numbers: Sequence[int] | NDArray[np.intp]) -> None:
        """A run with these cells, which are in the order of their patterns."""
        assert self._kernel is not None
        assert self.runner is not None
        self._run = Run(self._kernel, self._words, self._exact_forms(), measure=self.runner.measure)
        self._run.keep_within(*self.interval.packed)
        self._run.put(cells, numbers)

    def _widen(self) -> None:
        """Some cell has more facets than fit: go on with wider masks."""
        cells = self._taken_back()
        self._words *= 2
        self._renew(widened(cells), first_patterns(cells, self.interval)[1])

    def _taken_back(self) -> Cells:
        """All cells that wait; what was found is kept."""
        assert self._run is not None
        (columns,) = self._run.giving(everything=True, accurate=True)
        cells, _ = self._run.job_of(columns)
        self._keep(self._run.found())
        add_counts(self._run, self.stats)
        return cells

    def _stop_or_go_on(self) -> None:
        """Stop, unless the interval has not become smaller: every task is to get on."""
        cells = self._taken_back()
        firsts, numbers = first_patterns(cells, self.interval)
        if firsts == [self.interval.first]:
            self._renew(cells, numbers)
        else:
            self._left = self._dealt_out(cells, firsts, numbers)

    def _dealt_out(self, cells: Cells, firsts: Sequence[int], numbers: NDArray[np.intp]) -> list[Rest]:
        """The intervals of cells that wait, by their sizes."""
        sizes = extents_of(cells).volume_high[numbers] / self._size if self._size else np.full(len(numbers), np.nan)
        groups = dealt_out(firsts, sizes, MOST_LEFT)
        intervals = self.interval.cut([firsts[group[0]] for group in groups])
        return [Rest(own, float(sizes[group].sum())) for own, group in zip(intervals, groups, strict=True)]

    @cached_property
    def _size(self) -> float:
        """The domain's volume in the chart, from below; 0 where it is not known."""
        if not self.chart.dim or not self.chart.closure.sides.is_bounded:
            return 0.0
        cells = stack([self._start], len(self._exact_forms().sites), 64, self.chart.dim + 1)
        low = math.nan if cells is None else float(extents_of(cells).volume_low[0])
        return low if low > 0.0 else 0.0

    # -- in exact arithmetic ------------------------------------------------------------------------------------------

    def _beginning(self) -> list[Placed]:
        """The cell that the interval lies in, if there is any."""
        digits = self.restriction.neuron_count
        part = _with_prefix(self._start, self.layers, self.first_facets, self.interval.prefix)
        return [part] if part is not None and patterns_in(part, digits).meets(self.interval) else []

    def _advance_exactly(self, cuts: int) -> None:
        until, firsts = min(self.cuts + _CUTS_A_BATCH, cuts), self._firsts()
        while self._waiting and (self.cuts < until or firsts == [self.interval.first]):
            self._step()
            self.cuts, firsts = self.stats.cuts * _EXACT, self._firsts()
        if not self._waiting:
            self._left = []
        elif self.cuts >= cuts:
            self._left = [Rest(own, math.nan) for own in self.interval.cut(firsts)]

    def _firsts(self) -> list[int]:
        """Where the patterns of the cells that wait begin."""
        digits = self.restriction.neuron_count
        firsts = (max(patterns_in(placed, digits).first, self.interval.first) for placed in self._waiting)
        return sorted(set(firsts))

    def _step(self) -> None:
        """Split the first cell by a layer, or finish it. It waits until that is done, so a stop loses none."""
        placed, digits, parts = self._waiting[-1], self.restriction.neuron_count, list[Placed]()
        if placed.depth < len(self.layers):
            refined = self._refine(placed, False)
            parts = [part for part in refined if patterns_in(part, digits).meets(self.interval)]
        else:
            self._finish(placed)
        self._waiting[-1:] = reversed(parts)
        check()

    # -- flat tiles ---------------------------------------------------------------------------------------------------

    def _is_needed(self, signs: SignVector, tile: Polyhedron) -> bool:
        """Whether no other tile contains a flat one; of equal ones the first pattern's is needed.

        All tiles that contain one of its inner points are found again, by splitting a small box around that.
        """
        point = tile.relative_interior_point()
        near = Polyhedron.box([x - _AROUND for x in point], [x + _AROUND for x in point])
        around = CellEngine(self.restriction, self.domain & near, None)
        around.run_full()
        starts = neuron_starts(self.restriction.layers)
        full = (SignVector.from_packed(row, starts) for piece in around.full for row in piece.packed)
        if any(_holds(self._tile(own), point, tile) for own in full):
            return False
        others = ((own, self._tile(own).canonical()) for own, _ in around.flat if own != signs)
        return not any(_holds(other, point, tile) and (own < signs or other != tile) for own, other in others)

    def _tile(self, signs: SignVector) -> Polyhedron:
        """The tile with these signs, of whatever dimension."""
        matrix, offset = matrix_and_offset(outputs_before(self.restriction.layers, signs))
        inside = self.restriction.target.affine_preimage(matrix, offset, self.domain.ambient_dim)
        return pattern_cell(self.restriction.layers, signs, self.domain) & inside


def _holds(one: Polyhedron, point: ExactVector, tile: Polyhedron) -> bool:
    """Whether a set contains a tile, of which a point is given."""
    return bool(one.contains(point)) and tile.is_subset(one)


def sectors(restriction: Restriction, domain: Polyhedron) -> Sequence[Placed]:
    """The parts of a domain from which splitting begins: the domain, or where it contains lines parts that do not.

    Parts that contain lines and are through all layers are among them.

    Cost: none for a domain without lines; else 2^d cones, or more; found once while the problem is the same.
    """
    return domain.latest(_sectors, (restriction.layers, restriction.target.halfspaces), restriction)


def _sectors(domain: Polyhedron, restriction: Restriction) -> Sequence[Placed]:
    where = chart(domain, restriction.moving)
    layers = where.pulled_back(restriction.layers)
    starts = neuron_starts(layers)
    waiting, found = [Placed(where.start)], list[Placed]()
    while waiting:
        placed = waiting.pop()
        if placed.depth == len(layers) or not placed.cell.lines:
            found.append(placed)
        else:
            first_facet = len(where.facets) + starts[placed.depth]
            waiting += reversed(list(pattern_cells.refine(placed, layers, first_facet, lambda _: None, True)))
    return found


def _with_prefix(
    placed: Placed | None, layers: Sequence[Layer], first_facets: Sequence[int], prefix: Sequence[bool]
) -> Placed | None:
    """The part of a cell on which the first neurons have these signs; None if it is not full-dimensional."""
    left = list(prefix)
    while placed is not None and left and placed.depth < len(layers):
        own, left = left[: layers[placed.depth].neuron_count], left[layers[placed.depth].neuron_count :]
        placed = _with_signs(placed, layers, first_facets[placed.depth], own)
    return placed


def _with_signs(placed: Placed, layers: Sequence[Layer], first_facet: int, signs: Sequence[bool]) -> Placed | None:
    """The same for neurons of the cell's next layer."""
    layer, cell = layers[placed.depth], placed.cell
    rows, _ = layer.after(outputs_before(layers, placed.signs)).numer_denom()
    begun = [*placed.begun, *[0] * (layer.neuron_count - len(placed.begun))]
    for k, (is_active, known) in enumerate(zip(signs, begun, strict=False)):
        if known:
            if is_active != (known > 0):
                return None
            continue
        i = layer.neurons[k]
        half = split(cell, primitive([int(rows[i, j]) for j in range(rows.ncols())]), first_facet + k)[is_active]
        if half is None:
            return None
        cell, begun[k] = half, 1 if is_active else -1
    if all(begun):
        return Placed(cell, placed.signs.then(sign > 0 for sign in begun))
    return Placed(cell, placed.signs, tuple(begun))
