"""Optional packages: imported by the function that needs them, and asked for in one way."""

from __future__ import annotations

from importlib import import_module
from types import MappingProxyType
from typing import Any

from polyrelu.errors import MissingExtraError

INSTALLED_BY = MappingProxyType(
    {
        "anywidget": "'polyrelu[widget]'",
        "distributed": "'polyrelu[dask]'",
        "h5py": "'polyrelu[keras]'",
        "matplotlib": "'polyrelu[plot]'",
        "onnx": "'polyrelu[onnx]'",
        "onnxruntime": "'polyrelu[run]'",
        "pandas": "'polyrelu[pandas]'",
        "pyarrow": "'polyrelu[parquet]'",
        "shapely": "'polyrelu[shapely]'",
        "torch": "'polyrelu[torch]'",
    }
)
"""What pip is told to install for each package."""

_PART_OF = {"mpl_toolkits": "matplotlib", "PIL": "matplotlib", "traitlets": "anywidget"}


def require(module: str, purpose: str) -> Any:
    """Import a module of an optional package.

    Args:
        module: its full name, such as ``"matplotlib.pyplot"``.
        purpose: who needs it, the subject of the message.

    Raises:
        MissingExtraError: the package is not installed; the message names it and the command that installs it.
    """
    try:
        return import_module(module)
    except ImportError as error:
        top = module.partition(".")[0]
        package = _PART_OF.get(top, top)
        raise MissingExtraError(
            f"{purpose} needs {package}, which is not installed; install it with: pip install {INSTALLED_BY[package]}"
        ) from error
