"""A case of many inputs, decided part by part: bounds exclude parts of the domain, and the rest is split.

Where a domain has so many inputs that cells cannot be kept by their vertices, linear bounds of a few parts often prove
what those of the whole leave open (:mod:`polyrelu.bounds.boxes`). Of each part that stays, two points are tried; where
few neurons may switch, the engine that branches decides it. Here bounds are pulled back to the inputs from each neuron,
which networks of many inputs take; of smaller ones, parts are bounded a hundred times sooner by
:mod:`polyrelu.analysis.box_by_box`, whatever the number of inputs, and up to seven the rest is left to cells.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from polyrelu.analysis.counterexamples import Candidates, Example
from polyrelu.arithmetic.exact import FloatArray, exact
from polyrelu.bounds.boxes import Boxes, BoxSearch
from polyrelu.bounds.reach import float_ends
from polyrelu.engines.preimage import preimage
from polyrelu.errors import Interrupted
from polyrelu.networks.fixed_inputs import Folding
from polyrelu.networks.network import Network
from polyrelu.networks.relevant_part import restrict
from polyrelu.polyhedra.halfspace import Halfspace
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support.limits import check

_RIPE = 12  # with so many neurons that may switch, or fewer, a part is branched on
_NO_LIMIT = 2**62


@dataclass(eq=False)
class PartByPart:
    """Looks for a counterexample in a bounded domain until none is left to look at.

    Args:
        network: R^d -> R^m.
        domain: a bounded set in R^d that is not empty.
        target: a set in R^m.

    Attributes:
        found: a counterexample, once there is one.
        is_done: whether it is certain that there is none.
    """

    network: Network
    domain: Polyhedron
    target: Polyhedron
    found: Example | None = None
    is_done: bool = False

    @property
    def parts(self) -> int:
        """How many parts were bounded."""
        return self._search.bounded

    @cached_property
    def _folding(self) -> Folding | None:
        return Folding.of(self.domain)

    @cached_property
    def _search(self) -> BoxSearch:
        restriction = restrict(self.network, self.target)
        layers = restriction.layers if self._folding is None else self._folding.layers(restriction.layers)
        return BoxSearch(layers, restriction.target, *float_ends(self.domain.unfixed().sides), _RIPE)

    @cached_property
    def _candidates(self) -> Candidates:
        return Candidates(self.network, self.domain, self.target)

    def go_on(self, parts: int | None = None) -> bool:
        """Bound so many more parts, or as many as it takes; whether the case is decided then."""
        until = None if parts is None else self.parts + parts
        while not (self.is_done or self.found is not None):
            batch = self._search.step()
            check()
            if batch is None:
                self.is_done = True
            elif len(batch):
                self._look_at(batch)
            if until is not None and self.parts >= until:
                break
        return self.is_done or self.found is not None

    def _look_at(self, batch: Boxes) -> None:
        """Try points of the parts, and branch on those that are ripe."""
        points = self._whole(np.concatenate([batch.corners(), batch.middles()]))
        self.found = self._candidates.among(points)
        for place in np.flatnonzero(self._search.are_ripe(batch)).tolist():
            if self.found is None:
                self.found = self._branched_on(batch.low[place], batch.high[place])

    def _whole(self, points: FloatArray) -> FloatArray:
        """Points of the free inputs with the constant ones, rounded."""
        sides = self.domain.sides
        whole = np.empty((len(points), self.network.input_dim))
        whole[:, list(sides.free)] = points
        for j, value in sides.fixed.items():
            whole[:, j] = float(value)
        return whole

    def _branched_on(self, low: FloatArray, high: FloatArray) -> Example | None:
        """A counterexample in one part, exactly."""
        dim, free = self.network.input_dim, self.domain.sides.free
        ends = [(-1, low), (1, high)]
        rows = [
            Halfspace.side(j, s, exact(v), dim, "<=")
            for s, end in ends
            for j, v in zip(free, end.tolist(), strict=True)
        ]
        part = Polyhedron.from_halfspaces([*self.domain.halfspaces, *rows], dim)
        try:
            tiling = preimage(self.network, self.target, part, "branch", limit=_NO_LIMIT, until=bool, progress=False)
        except Interrupted as stopped:
            check()
            tiling = stopped.partial
            if not len(tiling):
                raise
        if not len(tiling):
            return None
        point = tiling[0].point()
        return Example(point, self.network.evaluate([point])[0])
