"""Files: networks and properties in, tilings in and out."""

from polyrelu.formats.load import load_network
from polyrelu.formats.nnet import nnet_box
from polyrelu.formats.tilings import load_tiling
from polyrelu.formats.vnnlib import load_property, parse_property

__all__ = ["load_network", "load_property", "load_tiling", "nnet_box", "parse_property"]
