"""Certified cell splitting: the fast exact engine.

:mod:`polyrelu.polyhedra.cell` cuts a cell in exact arithmetic, and ``kernel`` does the same compiled and certified:
``run`` gives it memory, ``runner`` gives it threads, ``signs`` decides what floats cannot. ``engine`` takes a problem
from one to the other. Nothing is imported here, because numba takes a while and ``budget`` refuses what is too large
without it.
"""
