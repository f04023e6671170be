"""The cell-splitting engine for who takes tiles as they come: what was taken is forgotten, so memory is flat.

Flat tiles that are faces of cells wait until the end, because others may contain them. By then the full tiles are
forgotten; those around a point of a face are found again, by splitting a small box around it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction

from polyrelu.arithmetic.exact import ExactVector
from polyrelu.engines.cells.engine import CellEngine
from polyrelu.engines.cells.pool import Pool
from polyrelu.engines.cells.problem import Problem
from polyrelu.networks.activation_pattern import PartialSigns, SignVector
from polyrelu.networks.affine_outputs import matrix_and_offset, outputs_before
from polyrelu.networks.layer import neuron_starts
from polyrelu.networks.pattern_cells import pattern_cell
from polyrelu.networks.relevant_part import Restriction
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.tilings.columns import Columns

_AROUND = Fraction(1, 2**20)


class StreamedCells(CellEngine):
    """Splits a domain, and hands out tiles on the way.

    Args:
        restriction, domain, until: as for :class:`~polyrelu.engines.cells.engine.CellEngine`.
        runner: a pool, or None to do everything in exact arithmetic.
    """

    def __init__(
        self,
        restriction: Restriction,
        domain: Polyhedron,
        runner: Pool | None,
        until: Callable[[int], bool] | None = None,
    ) -> None:
        super().__init__(restriction, domain, runner, until)
        self._pool = runner
        self._kernel: Problem | None = self._kernel_problem()
        self._fresh: Columns | None = None
        self._forgot = self._gave_flat = False

    def advance(self) -> bool:
        """Work for a moment; whether there may be more to find. Raises KeyboardInterrupt when stopped."""
        if self._waiting:
            self._step_exactly(self._kernel is not None)
        elif self._pointed and self._kernel is not None:
            self._advance_pool(self._kernel)
        elif self.faces or self.flat:
            self._settle(self._ask)
        else:
            return False
        return True

    def _advance_pool(self, kernel: Problem) -> None:
        assert self._pool is not None
        with self._exactly_where_floats_are_unsound():
            if not self._pool.has_begun:
                self._pool.begin(kernel, self._exact_forms, self._roots)
            if not self._pool.advance():
                self._pool.count(self.stats)
                self._keep_found()
                self._pointed = []
            return
        self._kernel = None

    def fresh(self) -> Columns:
        """The tiles that were found and not forgotten, in the order of their patterns: the same until it forgets."""
        if self._fresh is None:
            self._keep_found()
            self._take_faces()
            is_end = not (self._waiting or self._pointed or self.faces or self.flat or self._gave_flat)
            self._fresh = self._columns(self.needed if is_end else [])
            self._gave_flat |= is_end
        return self._fresh

    def forget(self) -> None:
        """Let go of these tiles."""
        self._forgot = True
        self._take_faces()
        if self._pool is not None:
            self._pool.let_go()
        self.full, self._pieces, self._faced = [], [], 0
        self._fresh = None

    def _full_around(self, point: ExactVector, signs: PartialSigns) -> Iterable[Polyhedron]:
        """The full tiles that contain a point, found again where they are forgotten."""
        if not self._forgot:
            return super()._full_around(point, signs)
        near = Polyhedron.box([x - _AROUND for x in point], [x + _AROUND for x in point])
        again = CellEngine(self.restriction, self.domain & near, None)
        again.run_full()
        starts = neuron_starts(self.restriction.layers)
        return [self._tile(SignVector.from_packed(row, starts)) for piece in again.full for row in piece.packed]

    def _tile(self, signs: SignVector) -> Polyhedron:
        """The full tile with these signs."""
        matrix, offset = matrix_and_offset(outputs_before(self.restriction.layers, signs))
        inside = self.restriction.target.affine_preimage(matrix, offset, self.domain.ambient_dim)
        return pattern_cell(self.restriction.layers, signs, self.domain) & inside
