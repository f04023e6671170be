"""Give up a partial assignment as soon as its relaxation has no solution.

Sound: every point of every piece below a node solves the node's relaxation (see :mod:`polyrelu.search.problem`), and
that it has no solution is proven by an exact linear program. Cost: one program at every node; at most n nodes for each
feasible node of the level above, so with a relaxation that is rarely wrong 2 n N nodes for N pieces.
"""

from __future__ import annotations

from polyrelu.search import Feasibility

HEURISTICS = [Feasibility]
