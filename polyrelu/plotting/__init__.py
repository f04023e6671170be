"""Drawings with matplotlib (the extra ``plot``). Every function takes and returns Axes; nothing calls show()."""

from polyrelu.plotting.cactus import plot_cactus
from polyrelu.plotting.coverage import plot_coverage
from polyrelu.plotting.decision_boundary import plot_boundary
from polyrelu.plotting.latent import plot_feature_zones, plot_latent_plane
from polyrelu.plotting.planar import plot_samples, plot_tiling
from polyrelu.plotting.solid import plot_arrow, plot_polyhedron, solid_axes
from polyrelu.plotting.space import plot_latent_cube, plot_plane_in_space
from polyrelu.plotting.style import style
from polyrelu.plotting.surfaces import plot_zone_surfaces

__all__ = [
    "plot_arrow",
    "plot_boundary",
    "plot_cactus",
    "plot_coverage",
    "plot_feature_zones",
    "plot_latent_cube",
    "plot_latent_plane",
    "plot_plane_in_space",
    "plot_polyhedron",
    "plot_samples",
    "plot_tiling",
    "plot_zone_surfaces",
    "solid_axes",
    "style",
]
