"""Drawings with matplotlib (the extra ``plot``). Every function takes and returns Axes; nothing calls show()."""

from polyrelu.plotting.planar import plot_samples, plot_tiling
from polyrelu.plotting.solid import plot_arrow, plot_polyhedron, solid_axes
from polyrelu.plotting.style import style

__all__ = ["plot_arrow", "plot_polyhedron", "plot_samples", "plot_tiling", "solid_axes", "style"]
