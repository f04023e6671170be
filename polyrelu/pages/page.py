"""Pages: one HTML file each, with its data, its script and its style inside, which asks nobody for anything.

A page is a *kind*, which names the bundle in ``static/`` that draws it, and a *document*, JSON that the bundle reads.
Long columns of numbers go into it as :func:`packed` arrays, which browsers unpack by themselves.
"""

from __future__ import annotations

import base64
import html
import json
import os
import sys
import tempfile
import webbrowser
import zlib
from collections.abc import Mapping
from functools import cache
from os import PathLike
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from polyrelu.support.files import write_whole

Document: TypeAlias = Mapping[str, Any]

SUFFIX = ".html"
HEIGHT = 560
"""Of a page in a notebook, in CSS pixels."""

_STATIC = Path(__file__).parent / "static"
_POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:"
_TYPES = {"f8": "f64", "f4": "f32", "u1": "u8", "u2": "u16", "u4": "u32", "i4": "i32"}


def document(kind: str, data: Document, title: str) -> str:
    """A page as HTML text: self-contained, and barred by its own policy from fetching anything.

    Args:
        kind: the bundle that draws it, ``static/KIND.js``.
        data: what the bundle reads: JSON, with arrays from :func:`packed`. Numbers that JSON has not (infinity, NaN)
            are an error.
        title: of the page, in plain text.
    """
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en"><head><meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{html.escape(title)}</title></head><body>",
            "<noscript>This page draws itself with JavaScript, which is turned off here.</noscript>",
            f'<script type="application/json" id="polyrelu-document">{_json(data)}</script>',
            f"<script>{_script(kind)}</script>",
            "</body></html>\n",
        ]
    )


def iframe(page: str, height: int = HEIGHT) -> str:
    """A page inside another, as notebooks show it: it can run its script, and touch nothing around it."""
    return (
        f'<iframe srcdoc="{html.escape(page)}" sandbox="allow-scripts allow-downloads" title="polyrelu" '
        f'style="display:block;width:100%;height:{height}px;border:0"></iframe>'
    )


def show(page: str) -> None:
    """Show a page: below the cell in a notebook, elsewhere in the browser, from a file of its own that stays."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if hasattr(shell, "kernel"):  # a notebook's; that of a terminal shows no HTML
        from IPython.display import HTML, display  # type: ignore[import-not-found, unused-ignore]

        display(HTML(iframe(page)))  # type: ignore[no-untyped-call, unused-ignore]
        return
    handle, name = tempfile.mkstemp(SUFFIX, "polyrelu-")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(page)
    webbrowser.open(Path(name).as_uri())


def write(page: str, path: str | PathLike[str]) -> None:
    """Write a page to a file, which is whole or not there.

    Raises:
        WriteError: the system refuses, see :func:`polyrelu.support.files.write_whole`.
    """
    write_whole(path, lambda place: place.write_text(page, encoding="utf-8"))


def packed(array: NDArray[Any]) -> dict[str, str]:
    """An array for a document: its bytes, little-endian, ordered by significance, deflated, in base 64.

    Numbers beside each other mostly agree in their higher bytes, which compress well once they stand together.

    Args:
        array: of any shape, which is not kept; of float32, float64, int32, or unsigned 1 to 4 bytes.
    """
    flat = np.ascontiguousarray(array).ravel()
    flat = flat.astype(flat.dtype.newbyteorder("<"), copy=False)
    planes = flat.view(np.uint8).reshape(len(flat), flat.dtype.itemsize).T
    body = zlib.compress(planes.tobytes(), 9)
    return {"type": _TYPES[flat.dtype.str[1:]], "data": base64.b64encode(body).decode()}


def packed_counts(array: NDArray[Any]) -> dict[str, str]:
    """Natural numbers as the smallest unsigned type that holds them, packed."""
    most = int(array.max(initial=0))
    return packed(array.astype(np.uint8 if most < 1 << 8 else np.uint16 if most < 1 << 16 else np.uint32))


def _json(data: Document) -> str:
    """JSON that ends no script element, whatever text is in it, and whose lines are JavaScript's."""
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for character in "<\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


@cache
def _script(kind: str) -> str:
    """A bundle; what would end its script element stands inside strings, where a backslash says nothing."""
    return (_STATIC / f"{kind}.js").read_text(encoding="utf-8").replace("</script", "<\\/script")
