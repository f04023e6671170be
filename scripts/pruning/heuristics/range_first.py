"""Cut with the layer's range before anything else: the hyperplanes divide the space of x, not the space of a.

Sound: see :mod:`polyrelu.engines.search.arrangement`, where the idea is carried out. Cost: one cut of a polyhedron by
its generators at every node, no linear program; while P constrains neurons one by one, 2 N - 1 nodes for N pieces.
"""

from __future__ import annotations

from polyrelu.engines.search import Arrangement

HEURISTICS = [Arrangement]
