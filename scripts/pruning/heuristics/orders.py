"""In which order to decide the neurons: a good order makes contradictions appear near the root.

* *random*: an order made from a seed, the same at all nodes; how much order matters at all;
* *widest*: the neuron whose hyperplane divides the sample points of the node most evenly, so that both children are
  as small as can be;
* *most constrained*: the one that divides them least evenly, so that one child is likely empty, and the other one
  settles a neuron for nothing (fail first, in constraint programming);
* *smallest norm*: the neurons with short weights first, by exact squares.

Sound whatever the points: an order discards nothing, every neuron is decided in the end. An order prunes only together
with something that does, here :class:`~polyrelu.engines.search.Feasibility`.

Cost: two counts of bits for each undecided neuron at every node (widest, most constrained), or nothing after the start.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from samples import Witnesses

from polyrelu.engines.search import FaceSearch, Feasibility, Heuristic, Node, Together, bits

SAMPLES = 500


class _Listed(Heuristic):
    """One order for all nodes."""

    order: Sequence[int]

    def choose(self, node: Node) -> int | None:
        """The first undecided neuron of the order."""
        undecided = self.search.problem.undecided(node)
        return next(i for i in self.order if undecided >> i & 1)


class RandomOrder(_Listed):
    """An order made from a seed."""

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed

    def begin(self, search: FaceSearch) -> None:
        """Shuffle the neurons."""
        super().begin(search)
        order = list(search.problem.neurons)
        random.Random(self.seed).shuffle(order)
        self.order = order


class SmallestNorm(_Listed):
    """Short weights first."""

    def begin(self, search: FaceSearch) -> None:
        """Sort the neurons by the length of their weights."""
        super().begin(search)
        forms = search.problem.forms
        self.order = sorted(search.problem.neurons, key=lambda i: sum(v * v for v in forms[i][:-1]))


class Widest(Heuristic):
    """The neuron that divides the node's sample points most evenly."""

    def __init__(self, samples: int = SAMPLES) -> None:
        self.samples = samples

    def begin(self, search: FaceSearch) -> None:
        """Sample the points."""
        super().begin(search)
        self._witnesses = Witnesses.sampled(search.problem, self.samples)

    def choose(self, node: Node) -> int | None:
        """The most balanced neuron; none where no point is left."""
        points = self._witnesses.of(node)
        return self._best({i: self._witnesses.balance(points, i) for i in bits(self.search.problem.undecided(node))})

    def _best(self, balance: dict[int, int]) -> int | None:
        best = max(balance, key=balance.__getitem__)
        return best if balance[best] else None


class MostConstrained(Widest):
    """The neuron that divides the node's sample points least evenly."""

    def _best(self, balance: dict[int, int]) -> int | None:
        return min(balance, key=balance.__getitem__) if any(balance.values()) else None


HEURISTICS = [
    lambda: Together(Feasibility(), RandomOrder(), name="feasibility, random order"),
    lambda: Together(Feasibility(), Widest(), name="feasibility, widest first"),
    lambda: Together(Feasibility(), MostConstrained(), name="feasibility, most constrained first"),
    lambda: Together(Feasibility(), SmallestNorm(), name="feasibility, smallest norm first"),
]
