"""Exact convex polyhedra: H- and V-representation over the rationals."""

from polyrelu.polyhedron.core import Polyhedron, polyhedra
from polyrelu.polyhedron.halfspace import Halfspace

__all__ = ["Halfspace", "Polyhedron", "polyhedra"]
