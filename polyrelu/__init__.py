"""Exact preimages of ReLU networks: which inputs make the network do this?"""

from typing import TYPE_CHECKING

from polyrelu.support import startup  # noqa: F401  first: Ctrl-C from here on

# isort: split
from polyrelu import _conveniences  # noqa: F401  the methods of upper rooms
from polyrelu.errors import (
    BudgetExceeded,
    CountingWarning,
    DimensionError,
    EmptySetError,
    FloatModeWarning,
    InexactError,
    InputError,
    Interrupted,
    MissingExtraError,
    ParseError,
    PolyreluError,
    RangeError,
    RoundedWarning,
    UnboundedError,
    WriteError,
)
from polyrelu.networks.evaluation import maps_into
from polyrelu.networks.layer import Layer
from polyrelu.networks.linear_constraints import parse
from polyrelu.networks.network import Network
from polyrelu.networks.properties import Property, active, between, inactive, level, wins
from polyrelu.networks.slices import Slice, plane_through
from polyrelu.networks.statement import Statement
from polyrelu.polyhedra.halfspace import Halfspace
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.tilings.tile import Tile
from polyrelu.tilings.tiling import Tiling

if TYPE_CHECKING:  # what is imported when it is first looked up: ``_conveniences.PUBLIC``
    from polyrelu.analysis.counts import Measure, count, fold, measure
    from polyrelu.analysis.coverage_curve import coverage_curve
    from polyrelu.analysis.decision_boundary import decision_boundary
    from polyrelu.analysis.images import image
    from polyrelu.analysis.lipschitz import lipschitz
    from polyrelu.analysis.margin import margin
    from polyrelu.analysis.nearest import Nearest, nearest_point
    from polyrelu.analysis.nearest_input import nearest_input
    from polyrelu.analysis.output_range import output_range
    from polyrelu.analysis.some_input import some_input
    from polyrelu.analysis.statistics import region_statistics
    from polyrelu.analysis.verify import Verification, verify
    from polyrelu.certificates.check_tiling import check_tiling
    from polyrelu.certificates.verdict import Verdict
    from polyrelu.engines.faces.unrelu import unrelu, unrelu_by_substitution
    from polyrelu.engines.preimage import linear_regions, preimage
    from polyrelu.engines.search import FaceSearch, face_search
    from polyrelu.engines.tiles import tiles
    from polyrelu.export.latex import to_latex
    from polyrelu.export.networks import save_network
    from polyrelu.figures.film import film
    from polyrelu.formats.load import load_network
    from polyrelu.formats.tilings import load_tiling
    from polyrelu.formats.vnnlib import load_property, load_query
    from polyrelu.latent.feature_zones import feature_zones
    from polyrelu.latent.windows import LatentCube, LatentPlane
    from polyrelu.networks.final_operators import before_final
    from polyrelu.pages.explorer import explore
    from polyrelu.plotting.segmentable import (
        SegmentableCube,
        SegmentablePlane,
        get_rigged_bias,
        get_unit_2d_vectors_regularly_spaced,
        latent_plane,
        segment_and_plot,
    )
    from polyrelu.runs.joining import join
    from polyrelu.runs.opening import open_tiling
    from polyrelu.runs.stored_run import Run
    from polyrelu.tilings.stored_tiling import StoredTiling
else:
    from polyrelu._conveniences import public_name as __getattr__  # noqa: F401
    from polyrelu._conveniences import public_names as __dir__  # noqa: F401

__version__ = "0.1.0"

__all__ = [
    "BudgetExceeded",
    "CountingWarning",
    "DimensionError",
    "EmptySetError",
    "FaceSearch",
    "FloatModeWarning",
    "Halfspace",
    "InexactError",
    "InputError",
    "Interrupted",
    "LatentCube",
    "LatentPlane",
    "Layer",
    "Measure",
    "MissingExtraError",
    "Nearest",
    "Network",
    "ParseError",
    "Polyhedron",
    "PolyreluError",
    "Property",
    "RangeError",
    "RoundedWarning",
    "Run",
    "SegmentableCube",
    "SegmentablePlane",
    "Slice",
    "Statement",
    "StoredTiling",
    "Tile",
    "Tiling",
    "UnboundedError",
    "Verdict",
    "Verification",
    "WriteError",
    "active",
    "before_final",
    "between",
    "check_tiling",
    "count",
    "coverage_curve",
    "decision_boundary",
    "explore",
    "face_search",
    "feature_zones",
    "film",
    "fold",
    "get_rigged_bias",
    "get_unit_2d_vectors_regularly_spaced",
    "image",
    "inactive",
    "join",
    "latent_plane",
    "level",
    "linear_regions",
    "lipschitz",
    "load_network",
    "load_property",
    "load_query",
    "load_tiling",
    "maps_into",
    "margin",
    "measure",
    "nearest_input",
    "nearest_point",
    "open_tiling",
    "output_range",
    "parse",
    "plane_through",
    "preimage",
    "region_statistics",
    "save_network",
    "segment_and_plot",
    "some_input",
    "tiles",
    "to_latex",
    "unrelu",
    "unrelu_by_substitution",
    "verify",
    "wins",
]
