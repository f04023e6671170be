"""Drawings with matplotlib (the extra ``plot``). Every function takes and returns Axes; nothing calls show()."""

from polyrelu.plotting.planar import plot_samples, plot_tiling
from polyrelu.plotting.style import style

__all__ = ["plot_samples", "plot_tiling", "style"]
