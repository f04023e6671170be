"""The cell-splitting engine: from a restricted problem to the columns of its tiles.

Cells start in exact arithmetic and go to the compiled kernel as soon as they contain no line. Signs that the kernel
cannot certify are decided exactly while it waits. Where a row of the target only touches a cell, or demands equality,
the kernel finds a flat tile; those that are faces of their cells are compared with each other in the end, because
neighbours share them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from polyrelu.arithmetic.exact import ExactVector
from polyrelu.arithmetic.ieee import UnsoundFloats, floats_are_sound
from polyrelu.engines.cells.extents import sizes_in_x, unmeasured
from polyrelu.engines.cells.open_cells import open_cells
from polyrelu.engines.cells.pool import Pool
from polyrelu.engines.cells.problem import Cells, Problem, problem, stack
from polyrelu.engines.cells.run import CellExtents, Found, Left, arranged
from polyrelu.engines.cells.runner import Runner
from polyrelu.engines.cells.signs import ExactForms
from polyrelu.networks import pattern_cells
from polyrelu.networks.activation_pattern import PartialSigns, SignVector, packed_signs, sign_rows
from polyrelu.networks.affine_outputs import matrix_and_offset, outputs_before, signs_at
from polyrelu.networks.layer import Layer, neuron_starts
from polyrelu.networks.pattern_cells import Placed, pattern_cell
from polyrelu.networks.relevant_part import Restriction
from polyrelu.polyhedra.cell import INFINITY, Cell, split
from polyrelu.polyhedra.double_description import Vector
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support.limits import Limit, Stop, check, unlimited
from polyrelu.support.progress import progress_bar
from polyrelu.tilings.chart import Chart, chart
from polyrelu.tilings.columns import Columns, Piece
from polyrelu.tilings.late_columns import LateColumns
from polyrelu.tilings.open_cells import OpenCells
from polyrelu.tilings.sections import Sections

_SECONDS_TO_COLLECT = 0.5  # after an interruption


@dataclass
class CellStats:
    """What the engine did.

    Attributes:
        cells: full-dimensional tiles found.
        cuts: cells that were cut in two.
        signs_by_float: signs of generators at forms that were asked of floats; a float that its proven bound leaves in
            doubt decides nothing.
        signs_by_rational: those that exact arithmetic decided.
        flat: what the target leaves of cells where one of its rows touches them, or demands equality.
        solved_again: generators that were solved again to certify a sign.
        discarded: cells outside the target.
        pruned: cells that were discarded before their last layer, by bounds on what they can reach.
        bounded: cells that intervals left open, so that a zonotope was put around what they can reach.
        excluded: of the pruned cells those that this excluded.
        lineality: the dimension of the directions that every tile contains with both signs, not counting others.
    """

    cells: int = 0
    cuts: int = 0
    signs_by_float: int = 0
    signs_by_rational: int = 0
    flat: int = 0
    solved_again: int = 0
    discarded: int = 0
    pruned: int = 0
    bounded: int = 0
    excluded: int = 0
    lineality: int = 0


class CellEngine:
    """Splits a domain into the tiles of one restricted problem.

    Args:
        restriction, domain: the problem; the domain is not empty.
        runner: runs the compiled kernel, or None to do everything in exact arithmetic; a pool where tiles are taken as
            they come.
        until: asked, with the number of tiles found, whether to stop as for Ctrl-C; the runner asks for itself.

    Attributes:
        full: tiles of full dimension that were found exactly; the kernel's are kept in pieces, with flat tiles inside
            of cells, which no other tile contains.
        faces: faces of cells by their facets; :attr:`flat` has those that were written down, :attr:`needed` those that
            no other tile contains.

    Limits that are kept (:mod:`polyrelu.support.limits`) are heard in between, too. Whether there is room for the cells
    is asked before (:func:`polyrelu.engines.cells.budget.require_room`).
    """

    def __init__(
        self,
        restriction: Restriction,
        domain: Polyhedron,
        runner: Runner | Pool | None,
        until: Callable[[int], bool] | None = None,
    ) -> None:
        self.restriction, self.domain, self.runner, self.until = restriction, domain, runner, until
        self.stats = CellStats()
        self.chart: Chart = chart(domain, restriction.moving)
        self.layers: tuple[Layer, ...] = self.chart.pulled_back(restriction.layers)
        self.rows = restriction.target.halfspaces
        self.first_facets = [len(self.chart.facets) + start for start in neuron_starts(self.layers)]
        self._waiting = [Placed(self.chart.start)]  # cells to split exactly
        self._pointed: list[Placed] = []  # cells for the kernel
        self._pieces: list[_Kept] = []  # what the kernel has found
        self._faced = 0  # of how many of these the faces are taken
        self._full: Columns | None = None  # all full tiles, once they are there
        self._is_over = False
        self.full: list[Piece] = []
        self.faces = deque[tuple[NDArray[np.uint8], tuple[list[int], list[int]]]]()
        self.flat = deque[tuple[SignVector, Polyhedron]]()
        self.needed: list[tuple[SignVector, Polyhedron]] = []
        self.stats.lineality = self.chart.lineality

    def tiles(self) -> Columns:
        """All tiles found so far, in the order of their patterns; flat ones only where no other tile contains them.

        After an interruption this takes a second at the most, and flat tiles that were not compared by then stay; full
        ones are put in order when they are looked at.
        """
        self._keep_found()
        self._take_faces()
        self._full = None
        if self.faces or self.flat:
            with unlimited(), Limit(timeout=_SECONDS_TO_COLLECT).kept(), suppress(Stop):
                self._settle(check)
        flat = [*self.needed, *self.flat]
        if not self._is_over:
            return LateColumns.of(self.restriction, self._found_full + len(flat), self._maker(flat))
        self._is_over = False  # if this is stopped, it is not done the next time
        tiles = self._columns(flat)
        self._is_over = True
        return tiles

    @property
    def _found_full(self) -> int:
        """How many full tiles there are, and sections."""
        kept = sum(len(piece.full.packed) + len(piece.sections[0]) for piece in self._pieces)
        return kept + sum(len(piece.packed) for piece in self.full)

    def _columns(self, flat: Sequence[tuple[SignVector, Polyhedron]]) -> Columns:
        return self._maker(flat)()

    def _maker(self, flat: Sequence[tuple[SignVector, Polyhedron]]) -> Callable[[], Columns]:
        """What puts the tiles that are found by now in order."""
        arrange, measures = (None, False) if self.runner is None else (self._arranged, self.runner.measure)
        pieces = [piece for piece in self._pieces if len(piece.full.packed)]
        sections = [piece.sections for piece in self._pieces if len(piece.sections[0])]
        full = [*(piece.full for piece in pieces), *self.full]
        extents = [piece.extents for piece in pieces]
        extents += [unmeasured(len(piece.packed), self.chart.dim) for piece in self.full]
        sizes = partial(sizes_in_x, self.restriction, self.domain, self.chart, extents) if measures else None
        return partial(
            Columns.sorted_by_pattern,
            *(self.restriction, self.domain, self.chart, full, flat, sections, arrange, sizes),
        )

    def _arranged(self, pieces: Sequence[Piece]) -> tuple[NDArray[np.intp], Piece]:
        assert self.runner is not None
        return arranged(pieces, self.runner.workers)

    def _settle(self, ask: Callable[[], None]) -> None:
        """Find out which flat tiles are needed, sections aside; when ``ask`` raises, another call goes on."""
        self._take_faces()
        if self.faces:
            self._write_faces(ask)
        if self.flat:
            self._move_needed(ask)

    def _write_faces(self, ask: Callable[[], None]) -> None:
        """Write down the faces that the kernel found as exact polyhedra."""
        starts = neuron_starts(self.layers)
        columns = Columns.sorted_by_pattern(self.restriction, self.domain, self.chart, [], [])
        for _ in progress_bar(self._progress, range(len(self.faces)), desc="faces", unit=" faces"):
            ask()
            packed, facets = self.faces[0]
            signs = SignVector.from_packed(packed, starts)
            tile = columns.flat_tile(signs, *facets)
            if not tile.is_empty():  # as it may be in a facet that the domain does without
                self.flat.append((signs, tile))
            self.faces.popleft()

    def _move_needed(self, ask: Callable[[], None]) -> None:
        """Of the flat tiles move those that no other tile contains to the needed; of equal ones the first pattern's."""
        self.flat = deque(sorted(self.flat, key=lambda found: (-found[1].dim, found[0])))
        others, judged = _ByPattern(self.restriction.neuron_count), set[Polyhedron]()
        for signs, _ in self.needed:
            others.add(signs)
        for _ in progress_bar(self._progress, range(len(self.flat)), desc="flat tiles", unit=" tiles"):
            ask()
            signs, tile = self.flat[0]
            if tile not in judged:  # many cells share a face where the network is degenerate
                point = tile.relative_interior_point()
                there = signs_at(self.restriction.layers, point)
                flat = (self.needed[i][1] for i in others.agreeing(there))
                around = chain(flat, self._full_around(point, there))  # each is written down when it is looked at
                if not any(other.contains(point) and tile.is_subset(other) for other in around):
                    others.add(signs)
                    self.needed.append((signs, tile))
                judged.add(tile)
            self.flat.popleft()

    def _full_around(self, point: ExactVector, signs: PartialSigns) -> Iterable[Polyhedron]:
        """The full tiles that may contain a point; ``signs`` are those of the neurons there."""
        if self._full is None:
            self._full = self._columns([])
        return map(self._full.polyhedron, signs.agreeing(self._full.packed))

    @property
    def _progress(self) -> bool | None:
        return False if self.runner is None else self.runner.progress

    def run(self) -> None:
        """Find all tiles. Raises KeyboardInterrupt when stopped; what was found until then stays."""
        self.run_full()
        self._settle(self._ask)
        self._is_over = True

    def undecided(self) -> OpenCells:
        """The cells that are not split to the end. Afterwards the run does not go on.

        A cell whose tile is there may still wait for a moment; it is not among these.
        """
        waiting, left = self._waiting[:-1] if self._is_last_finished() else self._waiting, list[Left]()
        if self.runner is not None and self.runner.has_begun:
            left = self.runner.open()
            waiting = []  # the kernel's share, at most
        else:
            seen = set(map(id, waiting))
            waiting = [*waiting, *(placed for placed in self._pointed if id(placed) not in seen)]
        return open_cells(self.restriction, self.domain, self.chart, waiting, left)

    def _is_last_finished(self) -> bool:
        """Whether the tile of the cell that was split last is there already."""
        if not self._waiting or self._waiting[-1].depth < len(self.layers):
            return False
        signs = self._waiting[-1].signs
        packed = packed_signs(signs.flat[None])
        return (bool(self.full) and np.array_equal(self.full[-1].packed, packed)) or (
            bool(self.flat) and self.flat[-1][0] == signs
        )

    def run_full(self) -> None:
        """Find the tiles of full dimension. Raises KeyboardInterrupt when stopped."""
        kernel = self._kernel_problem()
        self._split_exactly(kernel is not None)
        if kernel is None or not self._pointed:
            return
        assert self.runner is not None
        with self._exactly_where_floats_are_unsound():
            self.runner.run(kernel, self._exact_forms, self._roots, self.stats)
            self._pointed = []
            self._keep_found()
        self._split_exactly(for_kernel=False)

    @contextmanager
    def _exactly_where_floats_are_unsound(self) -> Iterator[None]:
        """Within this the kernel begins; if it refuses, which it does before it hands out anything, its share waits."""
        try:
            yield
        except UnsoundFloats:
            assert self.runner is not None
            self._waiting += self._pointed
            self._pointed = []
            self.runner.forget()

    def _split_exactly(self, for_kernel: bool) -> None:
        """Split cells exactly, keep what is inside, and leave the kernel its share: cells without lines."""
        while self._waiting:
            self._step_exactly(for_kernel)

    def _step_exactly(self, for_kernel: bool) -> None:
        """Split one cell. It waits until its parts do, or its tile is there: a stop loses none."""
        placed, parts = self._waiting[-1], list[Placed]()
        if for_kernel and not placed.cell.lines:
            self._pointed.append(placed)
        elif placed.depth < len(self.layers):
            parts = list(self._refine(placed, for_kernel))
        else:
            self._finish(placed)
        self._waiting[-1:] = parts
        self._ask()

    def _ask(self) -> None:
        check()
        if self.until is not None and self.until(self._found):
            raise KeyboardInterrupt

    @property
    def _found(self) -> int:
        """How many tiles are found so far, or may be."""
        sections = sum(len(piece.sections[0]) for piece in self._pieces)
        return self.stats.cells + sections + len(self.faces) + len(self.flat) + len(self.needed)

    # -- exact ----------------------------------------------------------------------------------------------------

    def _refine(self, placed: Placed, for_kernel: bool) -> Iterator[Placed]:
        self.stats.cuts -= 1
        first_facet = self.first_facets[placed.depth]
        for part in pattern_cells.refine(placed, self.layers, first_facet, self._count_signs, for_kernel):
            self.stats.cuts += 1
            self._ask()
            yield part

    def _count_signs(self, count: int) -> None:
        self.stats.signs_by_rational += count

    def _finish(self, placed: Placed) -> None:
        """Cut a cell that is through all layers by the target's rows; keep what is inside."""
        cell = placed.cell
        matrix, offset = matrix_and_offset(outputs_before(self.layers, placed.signs))
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
        facets = [facet for facet in cell.facets if facet != INFINITY]
        packed, starts = packed_signs(placed.signs.flat[None]), np.array([0, len(facets)])
        unknown = np.full((1, self.chart.dim), np.nan)
        self.full.append(Piece(packed, starts, np.array(facets, dtype=np.int32), unknown))

    def _finish_flat(self, placed: Placed) -> None:
        """A cell that the target only touches: what it touches is a tile of lower dimension, if it is anything."""
        tile = pattern_cell(self.restriction.layers, placed.signs, self.domain)
        matrix, offset = matrix_and_offset(outputs_before(self.restriction.layers, placed.signs))
        tile &= self.restriction.target.affine_preimage(matrix, offset, self.domain.ambient_dim)
        if tile.is_empty():
            self.stats.discarded += 1
        else:
            self.flat.append((placed.signs, tile.canonical()))

    # -- the kernel -----------------------------------------------------------------------------------------------

    def _kernel_problem(self) -> Problem | None:
        if self.runner is None or not floats_are_sound():
            return None
        return problem(self.restriction, self.chart)

    def _roots(self, words: int) -> Cells | None:
        """The kernel's share, with masks of so many words."""
        sites = self.restriction.neuron_count + len(self.rows)
        return stack(self._pointed, sites, words, self.chart.dim + 1)

    def _keep_found(self) -> None:
        """Keep what the kernel has found, if that was not done."""
        found = [] if self.runner is None else self.runner.found
        while len(self._pieces) < len(found):
            self._keep(found[len(self._pieces)])

    def _keep(self, found: Found) -> None:
        """Keep a piece, in one step, so that Ctrl-C finds all of it or none."""
        flat = Sections(
            np.arange(len(found.flat_dim)),
            found.flat_dim + np.int32(self.chart.lineality),
            found.flat_containing,
            found.flat_start,
            found.flat_facets,
        )
        inside = np.flatnonzero(found.flat_is_face == 0)
        faces = [(found.flat_packed[k], flat.facets_of(k)) for k in np.flatnonzero(found.flat_is_face).tolist()]
        sections = found.flat_packed[inside], flat.chosen(inside, np.arange(len(inside)))
        full = Piece(found.packed, found.facet_start, found.facets, found.points)
        count = len(found.packed)
        is_measured = len(found.extents.volume_low) == count  # as cells without a dimension are not
        extents = found.extents if is_measured else unmeasured(count, self.chart.dim)
        self._pieces.append(_Kept(full, extents, sections, faces))

    def _take_faces(self) -> None:
        """Put the faces that were found with those to compare."""
        while self._faced < len(self._pieces):
            self.faces.extend(self._pieces[self._faced].faces)
            self._faced += 1

    def _exact_forms(self) -> ExactForms:
        return ExactForms(self.layers, self.rows, self.chart.forms)


class _Kept(NamedTuple):
    """A piece of what the kernel finds: full tiles and their sizes, flat ones inside of cells, and faces of cells."""

    full: Piece
    extents: CellExtents
    sections: tuple[NDArray[np.uint8], Sections]
    faces: list[tuple[NDArray[np.uint8], tuple[list[int], list[int]]]]


def vanishes(form: Vector, cell: Cell) -> bool:
    """Whether a form is zero on a whole cell."""
    return not any(sum(a * x for a, x in zip(form, g, strict=True)) for g in (*cell.generators, *cell.lines))


class _ByPattern:
    """Sign vectors, to be looked up by what is known of them."""

    def __init__(self, neurons: int) -> None:
        self._stacked = packed_signs(sign_rows([], neurons))
        self._latest: list[NDArray[np.uint8]] = []

    def add(self, signs: SignVector) -> None:
        """One more."""
        self._latest.append(packed_signs(signs.flat))

    def agreeing(self, signs: PartialSigns) -> list[int]:
        """The numbers of those that are as the signs say where these say something."""
        done = len(self._stacked)
        latest = np.array(self._latest, dtype=np.uint8).reshape(len(self._latest), self._stacked.shape[1])
        found = [*signs.agreeing(self._stacked), *(done + i for i in signs.agreeing(latest))]
        if len(latest) > done:
            self._stacked = np.concatenate([self._stacked, latest])
            self._latest.clear()
        return found
