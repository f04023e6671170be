"""The JSON schema of what ``--json`` prints, command by command: a file of the package, ``schema.json``.

It is a promise: names that are there stay, with their meaning; new ones may come.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

from polyrelu.support.arguments import one_of


@cache
def _published() -> str:
    return files("polyrelu.export").joinpath("schema.json").read_text(encoding="utf-8")


def commands() -> tuple[str, ...]:
    """The commands whose documents have a schema."""
    return tuple(json.loads(_published())["properties"])


def schema(command: str | None = None) -> dict[str, Any]:
    """The schema of one command's document; of all commands' when None, by their names.

    Args:
        command: such as ``"preimage"``.

    Returns:
        A JSON schema (draft 2020-12).

    Raises:
        InputError: there is no such command, or it prints no document.
    """
    whole: dict[str, Any] = json.loads(_published())
    if command is None:
        return whole
    one_of(command, commands(), "schema", "command")
    return {"$schema": whole["$schema"], "$defs": whole["$defs"], **whole["properties"][command]}
