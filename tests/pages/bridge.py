"""The explorer's script in a page of the browser, with Python behind it as in a notebook, but without a notebook."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

import polyrelu
from polyrelu.errors import PolyreluError
from polyrelu.pages.exploration import Exploration

WIDGET = Path(polyrelu.__file__).parent / "pages" / "static" / "widget.js"
HTML = """<!doctype html><meta charset="utf-8"><title>bridge</title><body style="margin:0"><div id="el"></div>
<script type="module">
const script = URL.createObjectURL(new Blob([SCRIPT], { type: "text/javascript" }));
const widget = (await import(script)).default;
let state = await window.hear(null);
let changed = () => undefined;
const bytes = () => new DataView(Uint8Array.from(atob(state.geometry), (c) => c.charCodeAt(0)).buffer);
const model = {
  get: (name) => ({ _scene: state.scene, _layers: state.layers, _geometry: bytes() })[name],
  on: (name, run) => (changed = run),
  off: () => undefined,
  send: async (edit) => { state = await window.hear(edit); changed(); },
};
window.redraw = async () => { state = await window.hear(null); changed(); };
window.close_ = widget.render({ model, el: document.getElementById("el") });
</script>"""


@dataclass
class Bridge:
    """What is explored, every edit that was heard, and what went wrong in the page.

    Attributes:
        meanwhile: is run before an edit is answered, with the edit.
    """

    now: Exploration
    edits: list[dict[str, Any]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def hear(self, edit: dict[str, Any] | None) -> dict[str, Any]:
        """The answer to an edit: the state after it, or that before it with what is wrong."""
        error = ""
        if edit is not None:
            self.edits.append(edit)
            try:
                self.now = self.now.edited(edit)
                self.now.scene()
            except PolyreluError as refusal:
                error = str(refusal)
        scene = {**self.now.scene(), "number": edit["number"] if edit else 0, "milliseconds": 1.0, "error": error}
        geometry = base64.b64encode(self.now.geometry()).decode()
        return {"scene": scene, "layers": self.now.layers(), "geometry": geometry}


@contextmanager
def explored(
    browser: Browser, exploration: Exploration, folder: Path, *, size: tuple[int, int] = (1100, 900), dark: bool = False
) -> Iterator[tuple[Page, Bridge]]:
    """The explorer in a page; on leaving, nothing must have gone wrong there."""
    bridge = Bridge(exploration)
    path = folder / "bridge.html"
    script = json.dumps(WIDGET.read_text(encoding="utf-8")).replace("</script", "<\\/script")
    path.write_text(HTML.replace("SCRIPT", script), encoding="utf-8")
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]}, color_scheme="dark" if dark else "light"
    )
    page = context.new_page()
    page.on("console", lambda said: bridge.faults.append(said.text) if said.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: bridge.faults.append(str(error)))
    page.expose_function("hear", bridge.hear)
    try:
        page.goto(path.as_uri())
        page.wait_for_selector(".polyrelu[data-number]")
        yield page, bridge
        assert bridge.faults == []
    finally:
        context.close()
