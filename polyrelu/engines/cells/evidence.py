"""The cells that a search ends with, as evidence: lines of rows (``certificates/FORMAT.md``, section 4).

The kernel lists its cells itself (``kernel/evidence.h``) and writes the lines (``kernel/rows.h``). What is split in
exact arithmetic is listed here by the same rules, plainly and slowly. A pattern has the signs of the restriction's ReLU
neurons, layer by layer, and then of the target's rows; none begins another one, and the cells cover the domain.

A cell is listed with all rows where none cuts it; or with fewer where the kernel's bounds show that it misses the
target, where it is bounded and one of several rows of the target is violated on all of it, or above an inequality that
cuts it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np

from polyrelu.arithmetic.exact import primitive
from polyrelu.arithmetic.ieee import floats_are_sound
from polyrelu.engines.cells.intervals import Interval, patterns_in
from polyrelu.engines.cells.problem import finest_unit, problem, stack, widened, with_target
from polyrelu.engines.cells.run import NO_LIMIT, SECONDS, Pause, Run, Wish
from polyrelu.engines.cells.signs import ExactForms
from polyrelu.networks.affine_outputs import outputs_before
from polyrelu.networks.layer import neuron_starts
from polyrelu.networks.pattern_cells import Placed, refine
from polyrelu.networks.relevant_part import Restriction
from polyrelu.polyhedra.cell import INFINITY, Cell, split
from polyrelu.polyhedra.double_description import Vector, values_on
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support.limits import check
from polyrelu.support.progress import progress_bar
from polyrelu.tilings.chart import Chart, chart

Write: TypeAlias = Callable[[bytes], object]

FINEST = -64
"""Where a coordinate is measured in smaller units than 2^-64, checkers, which round to multiples of 2^-128, may not
confirm what the kernel's bounds show; then no cell is discarded by bounds."""

_MOST_VERTICES = 2**16  # of a block


def write_rows(
    restriction: Restriction,
    domain: Polyhedron,
    facet_rows: Sequence[int],
    t_row: int,
    write: Write,
    *,
    where: Chart | None = None,
    compiled: bool = True,
    workers: int = 1,
    progress: bool | None = None,
    until: Callable[[int], bool] | None = None,
    within: Interval | None = None,
) -> int:
    """Search one target's preimage, or the linear regions, and write all cells from the first ``b`` on.

    Args:
        restriction: the layers and the target's rows as the statement has them
            (:func:`polyrelu.networks.relevant_part.restrict_as_stated`, or ``keep_all`` for regions).
        domain: not empty.
        facet_rows: for each facet of ``chart(domain, restriction.moving)`` the number of its row.
        t_row: the number of the row t; those of the neurons and of the target follow.
        write: takes lines as they come, in their order.
        where: another chart of the domain, in whose coordinates each cell of full length is pointed; facet rows are of
            its facets then.
        compiled: whether the compiled kernel is used; without it everything is exact, and slow.
        workers: one thread works, whatever is said here.
        progress: show a bar; by default only for long runs on a terminal.
        until: asked now and then, with the number of cells so far, whether to stop as for Ctrl-C.
        within: list cells that may have tiles with patterns in this interval; some others may be among them.

    Returns:
        The number of cells.

    Raises:
        KeyboardInterrupt: Ctrl-C, or a limit that is kept; what was written by then is no whole list.
        MemoryError: there is no room; :func:`polyrelu.engines.cells.budget.require_room` asks before.

    Cost: up to three times the search; memory for the cells of a twentieth of a second.
    """
    own = chart(domain, restriction.moving) if where is None else where
    listing = _Listing(restriction, own, Wish(facet_rows, t_row, _prunes(restriction)), write, within)
    with progress_bar(progress, desc="cells", unit=" cells", unit_scale=True) as bar:

        def look() -> None:
            check()
            bar.update(listing.count - bar.n)
            if until is not None and until(listing.count):
                raise KeyboardInterrupt

        listing.run(compiled and floats_are_sound(), look)
    return listing.count


def _prunes(restriction: Restriction) -> bool:
    return finest_unit(restriction.layers, restriction.target.halfspaces) >= FINEST


class _Listing:
    """Lists the cells of one problem.

    Attributes:
        count: how many are listed.
    """

    def __init__(
        self, restriction: Restriction, own: Chart, wish: Wish, write: Write, within: Interval | None = None
    ) -> None:
        self.restriction, self.wish, self.write = restriction, wish, write
        self.within = Interval.whole(restriction.neuron_count) if within is None else within
        self._is_all = within is None
        self.chart = own
        self.layers = self.chart.pulled_back(restriction.layers)
        self.rows = restriction.target.halfspaces
        self.first_facets = [len(self.chart.facets) + start for start in neuron_starts(self.layers)]
        self.count = 0
        self._lines = _Lines(wish, len(self.chart.facets), write)

    def run(self, compiled: bool, look: Callable[[], None]) -> None:
        """List all cells; ``look`` is called now and then."""
        waiting, pointed = [Placed(self.chart.start)], list[Placed]()
        while waiting:
            look()
            placed = waiting.pop()
            if not patterns_in(placed, self.within.digits).meets(self.within):
                continue
            if compiled and not placed.cell.lines:
                pointed.append(placed)
            elif placed.depth < len(self.layers):
                waiting.extend(refine(placed, self.layers, self.first_facets[placed.depth], _no_count, compiled))
            else:
                self._judge(placed)
        if pointed:
            self._run_kernel(pointed, look)

    # -- exact ----------------------------------------------------------------------------------------------------

    def _judge(self, placed: Placed) -> None:
        """List what the target's rows make of a cell that is through all layers."""
        neurons = [sign for layer in placed.signs for sign in layer]
        forms = self._forms_of_rows(placed)
        waiting = [(placed.cell, 0)]  # and how many rows have signs there, up to the last that has cut it
        while waiting:
            cell, decided = waiting.pop()
            sides = [_Sides.of(form, cell) for form in forms]
            signs = [side.above for side in sides]
            cutting = next((k for k, side in enumerate(sides) if side.below and side.above), None)
            if self._is_discarded(cell, sides):
                self._list(cell, [*neurons, *signs[:decided]])
            elif cutting is None:
                self._list(cell, [*neurons, *signs])
            else:
                below, above = split(cell, forms[cutting], self.first_facets[-1] + cutting)
                assert below is not None
                assert above is not None
                waiting.append((below, cutting + 1))
                if self.rows[cutting].relation == "==" or above.lines:
                    waiting.append((above, cutting + 1))
                else:
                    self._list(above, [*neurons, *signs[:cutting], True])

    def _forms_of_rows(self, placed: Placed) -> list[Vector]:
        """The target's rows as forms on a cell, at most zero where they hold."""
        if not self.rows:
            return []
        target = with_target(self.layers, self.rows)[-1]
        forms, _ = (target.augmented * outputs_before(self.layers, placed.signs)).numer_denom()
        return [primitive([int(v) for v in row]) for row in forms.tolist()]

    def _is_discarded(self, cell: Cell, sides: Sequence[_Sides]) -> bool:
        """Whether bounds at its vertices may discard a cell: they show that it violates one of several rows."""
        if len(self.rows) == 1 or not self.wish.prunes or cell.lines or any(not g[-1] for g in cell.generators):
            return False
        return any(side.violates(row.relation) for side, row in zip(sides, self.rows, strict=True))

    def _list(self, cell: Cell, pattern: Sequence[bool]) -> None:
        self.count += 1
        self._lines.add(cell, pattern)

    # -- the kernel -----------------------------------------------------------------------------------------------

    def _run_kernel(self, placed: Sequence[Placed], look: Callable[[], None]) -> None:
        """List what the kernel makes of cells without lines; masks get wider where they have to."""
        asked = problem(self.restriction, self.chart)
        exact = ExactForms(self.layers, self.rows, self.chart.forms)
        words, cells = 1, None
        while cells is None:
            cells = stack(placed, len(asked.coord_of), words, asked.dim)
            words *= 1 if cells else 2
        while True:
            run = Run(asked, words, exact, evidence=self.wish)
            if not self._is_all:
                run.keep_within(*self.within.packed)
            run.put(cells, np.arange(len(cells.depth)))
            pause = self._advance(run, look)
            if pause is Pause.DONE:
                return
            cells, words = widened(run.give(everything=True)), 2 * words

    def _advance(self, run: Run, look: Callable[[], None]) -> Pause:
        """Let a run work until it is done, or its masks are too narrow, and write what it lists."""
        before = self.count
        while True:
            pause = run.advance(NO_LIMIT, SECONDS)
            counts = run.counts
            self.count = before + counts.cells + counts.discarded
            lines = run.lines()
            if lines:
                self.write(lines)
            if pause in (Pause.DONE, Pause.TOO_NARROW):
                return pause
            look()


def _no_count(_: int) -> None:
    """Signs are not counted."""


class _Sides(NamedTuple):
    """Where the generators of a cell lie of a form; lines that it varies along lie on either side."""

    below: bool
    on: bool
    above: bool

    @classmethod
    def of(cls, form: Vector, cell: Cell) -> _Sides:
        values = values_on(cell.generators, form)
        varies = any(values_on(cell.lines, form))
        return cls(varies or min(values, default=0) < 0, 0 in values, varies or max(values, default=0) > 0)

    def violates(self, relation: str) -> bool:
        """Whether no point of a bounded cell satisfies a condition on the form, which does not cut it."""
        if self.below and self.above:
            return False
        if relation == "==":
            return not self.on
        return not self.below if relation == "<" else self.above and not self.on


class _Lines:
    """Writes cells as the kernel does.

    Args:
        wish: which rows facets are.
        facets: how many the domain has.
        write: takes whole lines.
    """

    def __init__(self, wish: Wish, facets: int, write: Write) -> None:
        self._wish, self._facets, self._write = wish, facets, write
        self._vertices: dict[Vector, int] | None = None  # of the block, with their numbers
        self._ones = frozenset[int]()

    def add(self, cell: Cell, pattern: Sequence[bool]) -> None:
        """Write a cell without lines, and the vertices that are new."""
        lines = []
        if self._vertices is None or len(self._vertices) + len(cell.generators) > _MOST_VERTICES:
            self._vertices, self._ones = {}, frozenset()
            lines.append(["b"])
        known, ones = self._vertices, frozenset(k for k, sign in enumerate(pattern) if sign)
        if ones != self._ones:
            lines.append(["p", *_hexadecimal(sorted(ones ^ self._ones))])
        self._ones = ones
        rows = [self._row(facet) for facet in cell.facets]
        for vector, tight in zip(cell.generators, cell.tight, strict=True):
            if vector not in known:
                known[vector] = len(known)
                lines.append(["w", *_hexadecimal(sorted(row for k, row in enumerate(rows) if tight >> k & 1))])
        backs = [len(known) - known[vector] for vector in cell.generators]
        lines.append(["c", *_hexadecimal([len(pattern), *backs])])
        self._write("".join(" ".join(words) + "\n" for words in lines).encode())

    def _row(self, facet: int) -> int:
        if facet == INFINITY:
            return self._wish.t_row
        site = facet - self._facets
        return self._wish.facet_rows[facet] if site < 0 else self._wish.t_row + 1 + site


def _hexadecimal(numbers: Iterable[int]) -> Iterator[str]:
    return (f"{number:x}" for number in numbers)
