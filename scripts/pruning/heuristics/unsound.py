"""Ideas that lose pieces, to see how much: floats and samples where a proof would be needed.

* *samples only*: a node that no sample point of the preimage meets is given up. Not sound: a piece that lies between
  the points, or is flat, is lost. This is what looking at activations over a data set amounts to.
* *float programs*: feasibility by scipy's HiGHS in floats, without a certificate. Not sound: it allows constraints to
  be broken by its tolerance and takes less for zero, so it loses pieces that are thin, flat, or a point; how many
  depends on the scaling.

The record counts what was lost (``lost_pieces``, ``lost_volume``). Cost: bit masks alone; one float program a node.
"""

from __future__ import annotations

import numpy as np
from samples import SEED, Witnesses

from polyrelu.engines.search import FaceSearch, Heuristic, Node

SAMPLES = 500
SMALLEST = 1e-7  # HiGHS calls a constraint met that is broken by as much


class SamplesOnly(Heuristic):
    """Give up what no sample point meets."""

    sound = False

    def __init__(self, samples: int = SAMPLES, seed: int = SEED) -> None:
        self.samples, self.seed = samples, seed

    def begin(self, search: FaceSearch) -> None:
        """Sample the points."""
        super().begin(search)
        self._witnesses = Witnesses.sampled(search.problem, self.samples, self.seed)

    def discard(self, node: Node) -> bool:
        """Whether no sample point lies in a piece below the node."""
        return not self._witnesses.in_a_piece(node)


class FloatPrograms(Heuristic):
    """Give up what a linear program in floats calls infeasible."""

    sound = False

    def discard(self, node: Node) -> bool:
        """Whether HiGHS finds no solution with t above its tolerance."""
        from scipy.optimize import linprog

        problem = self.search.problem
        relaxation = problem.relaxation(node)
        width = len(relaxation.inequalities[-1][0])
        inequalities, equalities = relaxation.inequalities, relaxation.equalities
        A, b = _scaled([(normal, offset) for normal, offset in inequalities])
        E, e = _scaled([(normal, offset) for normal, offset in equalities])
        result = linprog([0] * (width - 1) + [-1], A, b, E if len(e) else None, e if len(e) else None, (None, None))
        return result.status != 0 or -result.fun <= SMALLEST


def _scaled(rows: list) -> tuple[np.ndarray, np.ndarray]:
    """Rows in floats, each divided by its largest entry."""
    scales = [max(map(abs, (*normal, 1))) for normal, _ in rows]
    normals = [[v / scale for v in normal] for (normal, _), scale in zip(rows, scales, strict=True)]
    offsets = [offset / scale for (_, offset), scale in zip(rows, scales, strict=True)]
    return np.array(normals, dtype=float), np.array(offsets, dtype=float)
