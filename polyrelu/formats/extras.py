"""Packages that only some formats need."""

from __future__ import annotations

import importlib
from typing import Any

from polyrelu.errors import MissingExtraError


def require(module: str, purpose: str, install: str) -> Any:
    """Import an optional package.

    Args:
        module: what to import.
        purpose: who needs it, the subject of the message.
        install: the command that installs it.

    Raises:
        MissingExtraError: it is not installed; the message names the command.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        package = module.split(".", maxsplit=1)[0]
        raise MissingExtraError(f"{purpose} needs {package}, which is not installed; {install}") from error
