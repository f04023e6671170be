"""An extension of griffe, with which mkdocstrings reads docstrings as Markdown."""

from __future__ import annotations

from typing import Any

import griffe

from website.docstrings import in_markdown


class Roles(griffe.Extension):
    """Rewrites every docstring as Markdown."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Rewrite one."""
        if obj.docstring:
            obj.docstring.value = in_markdown(obj.docstring.value, obj.module.path)
