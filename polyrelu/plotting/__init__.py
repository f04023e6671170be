"""Drawings with matplotlib (the extra ``plot``). Every function takes and returns Axes; nothing calls show()."""

from polyrelu.plotting.latent import plot_feature_zones, plot_latent_plane
from polyrelu.plotting.planar import plot_samples, plot_tiling
from polyrelu.plotting.space import plot_latent_cube, plot_plane_in_space
from polyrelu.plotting.style import style

__all__ = [
    "plot_feature_zones",
    "plot_latent_cube",
    "plot_latent_plane",
    "plot_plane_in_space",
    "plot_samples",
    "plot_tiling",
    "style",
]
