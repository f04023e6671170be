"""Exact preimages of ReLU networks: which inputs make the network do this?"""

from polyrelu import startup  # noqa: F401  first: Ctrl-C from here on
from polyrelu.check import Verdict, check_tiling
from polyrelu.constraints import parse
from polyrelu.errors import (
    BudgetExceeded,
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
from polyrelu.formats import load_network, load_property, load_tiling
from polyrelu.membership import maps_into
from polyrelu.nearest import Nearest, nearest_point
from polyrelu.network import Layer, Network
from polyrelu.polyhedron import Halfspace, Polyhedron
from polyrelu.preimage import linear_regions, preimage
from polyrelu.properties import Property, active, between, inactive, level, wins
from polyrelu.search import FaceSearch, face_search
from polyrelu.tiling import Tile, Tiling
from polyrelu.unrelu import unrelu, unrelu_by_substitution
from polyrelu.verify import Verification, verify

__version__ = "0.1.0"

__all__ = [
    "BudgetExceeded",
    "DimensionError",
    "EmptySetError",
    "FaceSearch",
    "FloatModeWarning",
    "Halfspace",
    "InexactError",
    "InputError",
    "Interrupted",
    "Layer",
    "MissingExtraError",
    "Nearest",
    "Network",
    "ParseError",
    "Polyhedron",
    "PolyreluError",
    "Property",
    "RangeError",
    "RoundedWarning",
    "Tile",
    "Tiling",
    "UnboundedError",
    "Verdict",
    "Verification",
    "WriteError",
    "active",
    "between",
    "check_tiling",
    "face_search",
    "inactive",
    "level",
    "linear_regions",
    "load_network",
    "load_property",
    "load_tiling",
    "maps_into",
    "nearest_point",
    "parse",
    "preimage",
    "unrelu",
    "unrelu_by_substitution",
    "verify",
    "wins",
]
