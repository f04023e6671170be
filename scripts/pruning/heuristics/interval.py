"""Interval bounds of every neuron over the domain's bounding box.

Sound: x lies in the box, so z_i = w_i x + b_i lies between the sums of the least and of the greatest terms, exactly;
what follows from bounds is proven in ``scripts/pruning/bounds.py``. The box forgets how the coordinates of x depend on
each other, so for d > 1 the bounds are loose. Does nothing without a domain, or where the domain bounds no neuron.

Cost: once the generators of the domain and n d products; at every node one pass over P for each undecided neuron that P
mentions.
"""

from __future__ import annotations

from bounds import Bounded, is_known

from polyrelu.engines.search import FaceSearch
from polyrelu.engines.search.boxes import interval
from polyrelu.polyhedra.bounding_box import box_of


class Interval(Bounded):
    """Signs and rows of P that interval arithmetic over the domain's box decides."""

    def begin(self, search: FaceSearch) -> None:
        """Bound every neuron over the domain's box."""
        super().begin(search)
        problem = search.problem
        self.bounds = None
        if problem.domain.is_empty():
            self.bounds = ()
            return
        low, high = box_of(problem.domain)
        rows = zip(problem.layer.rows, problem.layer.offsets, strict=True)
        bounds = [interval(row, offset, low, high) for row, offset in rows]
        if is_known(bounds):
            self.bounds = bounds
