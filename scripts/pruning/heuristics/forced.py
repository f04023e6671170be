"""Neurons that a single row of P forces to be active, before any x is looked at.

Sound: see :mod:`polyrelu.engines.search.forced`, where the idea is carried out. Cost: one look at P. With ``y0 > 0`` it
decides neuron 0 and so halves the tree; by itself it does no more.
"""

from __future__ import annotations

from polyrelu.engines.search import Feasibility, Forced, Together

HEURISTICS = [Forced, lambda: Together(Forced(), Feasibility(), name="feasibility, forced signs")]
