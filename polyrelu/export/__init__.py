"""Tilings for other tools: cdd, lrs and polymake, mesh viewers, geometry and table libraries."""

from polyrelu.export.files import export_tiling
from polyrelu.export.frames import to_pandas
from polyrelu.export.hrep import ext_text, ine_text
from polyrelu.export.planar import to_shapely

__all__ = ["export_tiling", "ext_text", "ine_text", "to_pandas", "to_shapely"]
