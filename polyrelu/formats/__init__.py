"""Networks from files and from other packages."""

from polyrelu.formats.load import load_network
from polyrelu.formats.nnet import nnet_box

__all__ = ["load_network", "nnet_box"]
