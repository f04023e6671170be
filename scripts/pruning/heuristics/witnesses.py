"""Look before you prove: a point that has the node's signs shows that it is feasible, and no linear program is needed.

Points are sampled once from a seed (``scripts/pruning/samples.py``), and every solution that a linear program finds
becomes a witness for all nodes to come. A point x answers for a node when it has its signs and solves its relaxation:
with the true a = relu(z(x)) in P, or with a larger a_u of undecided neurons that can only help P. For a whole
assignment that is a point of the piece.

Sound: only "feasible" is ever answered, with an exactly checked point; nothing is discarded for want of a witness. By
itself it prunes nothing, it saves linear programs for those that ask (:class:`~polyrelu.engines.search.Feasibility`).

Cost: once n d products for each point; a node takes one operation on bit masks of points for each decided neuron. At
most ``LIMIT`` points are kept, the first ones.
"""

from __future__ import annotations

from samples import Witnesses

from polyrelu.engines.search import Answer, FaceSearch, Feasibility, Heuristic, Node, Together

SAMPLES = 500
LIMIT = 4000


class Witnessed(Heuristic):
    """Answer by a known point."""

    def __init__(self, samples: int = SAMPLES, limit: int = LIMIT) -> None:
        self.samples, self.limit = samples, limit

    def begin(self, search: FaceSearch) -> None:
        """Sample the points."""
        super().begin(search)
        self._witnesses = Witnesses.sampled(search.problem, self.samples)

    def answer(self, node: Node) -> Answer | None:
        """Feasible, if some point shows it."""
        found = self._witnesses.in_the_relaxation(node)
        if not found:
            return None
        first = (found & -found).bit_length() - 1
        return Answer(True, self._witnesses.points[first])

    def learn(self, node: Node, answer: Answer) -> None:
        """A solution is a witness."""
        if answer.point is not None and len(self._witnesses.points) < self.limit:
            self._witnesses.add(answer.point)


HEURISTICS = [Witnessed, lambda: Together(Witnessed(), Feasibility(), name="feasibility, witnesses")]
