"""The cell-splitting engine: from a restricted problem to the columns of its tiles.

Cells start in exact arithmetic and go to the compiled kernel as soon as they contain no line. Signs that the kernel
cannot certify are decided exactly while it waits. Cells that a row of the target only touches, or in which it demands
equality, come back; they are rebuilt exactly from their facets, and finished.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

import numpy as np
from numpy.typing import NDArray

from polyrelu.cells import exact
from polyrelu.cells.budget import require_room
from polyrelu.cells.chart import Chart, chart
from polyrelu.cells.columns import Columns, Piece, packed_bits
from polyrelu.cells.exact import Placed
from polyrelu.cells.kernel import Cells, Problem
from polyrelu.cells.problem import problem, stack
from polyrelu.cells.runner import Runner
from polyrelu.cells.signs import ExactForms
from polyrelu.cells.twin import INFINITY, Cell, Vector, cell_of, split
from polyrelu.network import Bits, Layer, Network
from polyrelu.patterns import pattern_cell
from polyrelu.polyhedron import Polyhedron
from polyrelu.restriction import Restriction


@dataclass
class CellStats:
    """What the engine did.

    Attributes:
        cells: full-dimensional tiles found.
        cuts: cells that were cut in two.
        signs_by_float: signs of generators at forms that were asked of floats; a float that its proven bound leaves in
            doubt decides nothing.
        signs_by_rational: those that exact arithmetic decided.
        handed_over: cells that a row of the target touches without cutting them, or in which it demands equality; exact
            arithmetic finished them.
        solved_again: generators that were solved again to certify a sign.
        discarded: cells outside the target.
        pruned: cells that were discarded before their last layer, by bounds on what they can reach.
        lineality: the dimension of the directions that every tile contains with both signs, not counting others.
    """

    cells: int = 0
    cuts: int = 0
    signs_by_float: int = 0
    signs_by_rational: int = 0
    handed_over: int = 0
    solved_again: int = 0
    discarded: int = 0
    pruned: int = 0
    lineality: int = 0


class CellEngine:
    """Splits a domain into the tiles of one restricted problem.

    Args:
        restriction, domain: the problem; the domain is not empty.
        runner: runs the compiled kernel, or None to do everything in exact arithmetic.
        max_dim: the largest dimension to try; None to judge by what a cell takes.
        until: asked, with the number of tiles found, whether to stop as for Ctrl-C; the runner asks for itself.

    Raises:
        BudgetExceeded: a cell may get too large, or the domain has more dimensions than ``max_dim``, constants and
            lineality not counted; before anything else is done.
    """

    def __init__(
        self,
        restriction: Restriction,
        domain: Polyhedron,
        runner: Runner | None,
        max_dim: int | None,
        until: Callable[[int], bool] | None = None,
    ) -> None:
        self.restriction, self.domain, self.runner, self.until = restriction, domain, runner, until
        self.stats = CellStats()
        require_room(restriction, domain, max_dim)
        self.chart: Chart = chart(domain, restriction.moving)
        self.layers: tuple[Layer, ...] = (self.chart.pull_back(restriction.layers[0]), *restriction.layers[1:])
        self.rows = restriction.target.halfspaces
        neurons = [sum(layer.relu) for layer in self.layers]
        self.neuron_count = sum(neurons)
        self.first_facets = list(accumulate(neurons, initial=len(self.chart.facets)))
        self.forms = self._exact_forms()
        self.full: list[Piece] = []
        self.flat: list[tuple[Bits, Polyhedron]] = []
        self.stats.lineality = self.chart.lineality

    def tiles(self) -> Columns:
        """All tiles found so far, in the order of their patterns; flat ones only where no other tile contains them."""
        full = self._columns([])
        flat = self._needed(full)
        return self._columns(flat) if flat else full

    def _columns(self, flat: Sequence[tuple[Bits, Polyhedron]]) -> Columns:
        return Columns.sorted_by_pattern(self.restriction, self.domain, self.chart, self.full, flat)

    def _needed(self, full: Columns) -> list[tuple[Bits, Polyhedron]]:
        """The flat tiles that no other tile contains; of equal ones the first pattern's."""
        kept: list[tuple[Bits, Polyhedron]] = []
        for bits, tile in sorted(self.flat, key=lambda found: (-found[1].dim, found[0])):
            around = [full.polyhedron(i) for i in full.candidates(tile.relative_interior_point())]
            around += [other for _, other in kept]
            if not any(tile.is_subset(other) for other in around):
                kept.append((bits, tile))
        return kept

    def run(self) -> None:
        """Find all tiles. Raises KeyboardInterrupt when stopped; what was found until then stays."""
        exact_cells, pointed = [Placed(self.chart.start, ())], []
        kernel = self._kernel_problem()
        while exact_cells:
            placed = exact_cells.pop()
            if kernel is not None and not placed.cell.lines:
                pointed.append(placed)
            elif placed.depth < len(self.layers):
                exact_cells.extend(self._refine(placed))
            else:
                self._finish(placed)
            self._ask()
        if kernel is not None and pointed:
            for touched in self._run_kernel(kernel, pointed):
                self._finish(touched)
                self._ask()

    def _ask(self) -> None:
        if self.until is not None and self.until(self.stats.cells + len(self.flat)):
            raise KeyboardInterrupt

    # -- exact ----------------------------------------------------------------------------------------------------

    def _refine(self, placed: Placed) -> Iterator[Placed]:
        self.stats.cuts -= 1
        first_facet, for_kernel = self.first_facets[placed.depth], self.runner is not None
        for part in exact.refine(placed, self.layers, first_facet, self._count_signs, for_kernel):
            self.stats.cuts += 1
            self._ask()
            yield part

    def _count_signs(self, count: int) -> None:
        self.stats.signs_by_rational += count

    def _finish(self, placed: Placed) -> None:
        """Cut a cell that is through all layers by the target's rows; keep what is inside."""
        cell = placed.cell
        matrix, offset = Network(self.layers).affine_map(placed.bits)
        inside = self.restriction.target.affine_preimage(matrix, offset, self.chart.dim)
        for number, row in enumerate(inside.halfspaces):
            form = (*row.normal, -row.offset)
            self._count_signs(len(cell.generators) + len(cell.lines))
            if vanishes(form, cell):
                if row.relation == "<":
                    self.stats.discarded += 1
                    return
                continue
            below, above = split(cell, form, self.first_facets[-1] + number)
            if row.relation == "==" or below is None:
                self._finish_flat(placed)
                return
            self.stats.cuts += above is not None
            cell = below
        self.stats.cells += 1
        flat_bits = [on for layer in placed.bits for on in layer]
        facets = [facet for facet in cell.facets if facet != INFINITY]
        packed = packed_bits(np.array([flat_bits], dtype=np.uint8).reshape(1, self.neuron_count))
        starts, unknown = np.array([0, len(facets)]), np.full((1, self.chart.dim), np.nan)
        self.full.append(Piece(packed, starts, np.array(facets, dtype=np.int32), unknown))

    def _finish_flat(self, placed: Placed) -> None:
        """A cell that the target only touches: what it touches is a tile of lower dimension, if it is anything."""
        tile = pattern_cell(self.restriction.layers, placed.bits, self.domain)
        matrix, offset = Network(self.restriction.layers).affine_map(placed.bits)
        tile &= self.restriction.target.affine_preimage(matrix, offset, self.domain.ambient_dim)
        if tile.is_empty():
            self.stats.discarded += 1
        else:
            self.flat.append((placed.bits, tile.canonical()))

    # -- the kernel -----------------------------------------------------------------------------------------------

    def _kernel_problem(self) -> Problem | None:
        return None if self.runner is None else problem(self.layers, self.rows, self.chart.forms)

    def _run_kernel(self, kernel: Problem, placed: Sequence[Placed]) -> list[Placed]:
        """Run the kernel on exact cells, keep what it finished, and return what the target touches, rebuilt exactly."""
        assert self.runner is not None
        sites, dim, touched = self.neuron_count + len(self.rows), self.chart.dim + 1, []

        def roots(words: int) -> Cells | None:
            return stack(placed, sites, words, dim)

        for found in self.runner.run(kernel, self._exact_forms, roots, self.stats):
            self.full.append(Piece(found.packed, found.facet_start, found.facets, found.points))
            self.stats.cells += len(found.packed)
            ends = pairwise(found.touched_start.tolist())
            for signs, (start, end) in zip(found.touched_signs, ends, strict=True):
                touched.append(self._rebuilt(signs, found.touched_facets[start:end].tolist()))
        return touched

    def _rebuilt(self, signs: NDArray[np.uint8], numbers: Sequence[int]) -> Placed:
        """The exact cell with these facets, before the target's rows: those are decided anew."""
        exact, facets = self.forms.on(signs), [number for number in numbers if number != INFINITY]
        forms = [tuple(-exact.side(number) * v for v in exact.form(number)) for number in facets]
        return Placed(cell_of(forms, facets, self.chart.dim), self.forms.bits(signs, len(self.layers)))

    def _exact_forms(self) -> ExactForms:
        return ExactForms(self.layers, self.rows, self.chart.forms)


def vanishes(form: Vector, cell: Cell) -> bool:
    """Whether a form is zero on a whole cell."""
    return not any(sum(a * x for a, x in zip(form, g, strict=True)) for g in (*cell.generators, *cell.lines))
