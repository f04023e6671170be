"""The compiled library."""

from types import ModuleType


def kernel_library() -> ModuleType:
    """The module."""
    import importlib

    return importlib.import_module("polyrelu.engines.cells._kernel")
