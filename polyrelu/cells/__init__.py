"""Certified cell splitting: the fast exact engine.

``twin`` is the algorithm in exact arithmetic, ``kernel`` the same compiled and certified: ``run`` gives it memory,
``runner`` gives it threads, ``signs`` decides what floats cannot. ``engine`` takes a problem from one to the other.
"""

from polyrelu.cells.columns import Columns
from polyrelu.cells.engine import CellEngine, CellStats
from polyrelu.cells.runner import Runner

__all__ = ["CellEngine", "CellStats", "Columns", "Runner"]
