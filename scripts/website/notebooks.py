"""Notebooks as pages: run from an empty state, and written as Markdown with what they show.

They are kept without outputs, so that a change of theirs is a change of words; the site and the tests run them.
"""

from __future__ import annotations

import base64
import html
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

_SECONDS = 300
_PICTURES = {"image/png": "png", "image/svg+xml": "svg", "image/gif": "gif"}


def run(path: Path) -> Any:
    """A notebook, run from top to bottom in a folder of its own; what fails is an error of nbclient."""
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=_SECONDS, resources={"metadata": {"path": str(path.parent)}}).execute()
    return notebook


def heading(path: Path) -> str:
    """What a notebook calls itself, in its first line."""
    first = nbformat.read(path, as_version=4).cells[0].source
    return str(first.splitlines()[0].removeprefix("# "))


def rendered(path: Path, stem: str) -> tuple[str, dict[str, bytes]]:
    """A notebook's page, and the pictures and pages that it shows, by their names beside it.

    Args:
        path: of the notebook.
        stem: of the page, which is the folder of what it shows.
    """
    parts: list[str] = []
    shown: dict[str, bytes] = {}
    for cell in run(path).cells:
        if cell.cell_type == "markdown":
            parts.append(cell.source)
        elif cell.cell_type == "code":
            parts.append(f"```python\n{cell.source}\n```")
            parts += (_output(output, stem, shown) for output in _joined(cell.outputs))
    shown[path.name] = path.read_bytes()
    parts.append(f"*[{path.name}]({path.name}) is the notebook itself.*")
    return "\n\n".join(part for part in parts if part) + "\n", shown


def _joined(outputs: list[Any]) -> list[Any]:
    """Outputs, in which what is printed in several parts is one."""
    joined: list[Any] = []
    for output in outputs:
        if joined and output.output_type == joined[-1].output_type == "stream":
            joined[-1].text += output.text
        else:
            joined.append(output)
    return joined


def _output(output: Any, stem: str, shown: dict[str, bytes]) -> str:
    """One output as Markdown; pictures and pages are put into ``shown``."""
    if output.output_type == "stream":
        return _text(output.text)
    data = output.get("data", {})
    for kind, suffix in _PICTURES.items():
        if kind in data:
            content = data[kind].encode() if suffix == "svg" else base64.b64decode(data[kind])
            return f"![What the cell draws]({_put(content, suffix, stem, shown)})"
    if "text/html" in data:
        return _page(data["text/html"], stem, shown)
    return _text(data.get("text/plain", ""))


def _page(text: str, stem: str, shown: dict[str, bytes]) -> str:
    """HTML: a page of polyrelu stands in a frame of its own, and a table where it is."""
    if "<iframe" not in text:
        return f'<div class="output">\n{text}\n</div>'
    start = text.index('srcdoc="') + len('srcdoc="')
    inner = html.unescape(text[start : text.index('"', start)])
    name = _put(inner.encode(), "html", stem, shown)
    return f'<iframe class="shown" src="{name}" title="What the cell shows" loading="lazy"></iframe>'


def _put(content: bytes, suffix: str, stem: str, shown: dict[str, bytes]) -> str:
    name = f"{stem}/{len(shown)}.{suffix}"
    shown[name] = content
    return name


def _text(text: str) -> str:
    return f"``` {{ .text .printed }}\n{text.rstrip()}\n```" if text.strip() else ""
