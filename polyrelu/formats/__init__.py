"""Networks from files."""

from polyrelu.formats.load import load_network

__all__ = ["load_network"]
