"""Give up a partial assignment as soon as its relaxation has no solution.

Sound: every point of every piece below a node solves the node's relaxation (see
:mod:`polyrelu.engines.search.problem`), and that it has no solution is proven by an exact linear program. Cost: one
program at every node. Every node that is branched has a solution, so with N pieces and a relaxation that is never wrong
there are at most n N + 1 of those with a solution, and as many beside them without.
"""

from __future__ import annotations

from polyrelu.engines.search import Feasibility

HEURISTICS = [Feasibility]
