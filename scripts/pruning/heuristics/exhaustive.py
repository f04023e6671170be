"""No idea at all: every one of the 2^n sign assignments is asked for, which is what the others are measured against.

Sound, since nothing is ever discarded. Cost: 2^(n + 1) - 1 nodes and 2^n linear programs.
"""

from __future__ import annotations

from polyrelu.engines.search import Heuristic


class Exhaustive(Heuristic):
    """All 2^n assignments, in the given order."""
