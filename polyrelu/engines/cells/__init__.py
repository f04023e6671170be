"""Certified cell splitting: the fast exact engine.

:mod:`polyrelu.polyhedra.cell` cuts a cell in exact arithmetic, and ``kernel`` does the same compiled and certified:
``library`` loads it, ``run`` speaks to it, ``runner`` gives it threads, ``signs`` decides what floats cannot.
``engine`` takes a problem from one to the other, after ``budget`` has refused what is too large.
"""
