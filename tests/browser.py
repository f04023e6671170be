"""Pages as people see them: a headless Chromium that opens them, and records what goes wrong there.

A page of polyrelu asks nobody for anything. So every request that leaves the page, every error of its script, and
whatever it says to the console as a warning or an error, fails the test that opened it.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")


def chromium() -> str:
    """The path of a Chromium; the test is skipped where scripts/run cannot install one, and fails where it should."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        hint = f"no Chromium: none of {', '.join(NAMES)} is on the PATH; scripts/run installs it on Debian"
        if shutil.which("apt-get"):
            pytest.fail(hint)
        pytest.skip(hint)
    return found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for a module's tests; software rendering, so that WebGL works without a graphics card."""
    arguments = ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium(), args=arguments)
        yield running
        running.close()


@dataclass
class Opened:
    """A page that is open, and what went wrong in it so far."""

    page: Page
    faults: list[str] = field(default_factory=list)

    def evaluate(self, script: str, argument: Any = None) -> Any:
        """What an expression of JavaScript is in the page."""
        return self.page.evaluate(script, argument)


@contextmanager
def opened(
    browser: Browser, path: Path, *, size: tuple[int, int] = (1440, 900), dark: bool = False, touch: bool = False
) -> Iterator[Opened]:
    """A file open in the browser; on leaving, nothing must have gone wrong.

    Args:
        browser: the fixture.
        path: of a page.
        size: of the window, in CSS pixels.
        dark: whether the reader prefers dark pages.
        touch: whether there is a touch screen.
    """
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]}, color_scheme="dark" if dark else "light", has_touch=touch
    )
    page = context.new_page()
    seen = Opened(page)
    page.on("console", lambda said: seen.faults.append(said.text) if said.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: seen.faults.append(str(error)))
    page.on("request", lambda asked: _note(seen, asked.url, path))
    page.goto(path.as_uri())
    try:
        yield seen
        assert seen.faults == [], seen.faults
    finally:
        context.close()


def _note(seen: Opened, url: str, path: Path) -> None:
    """A request is a fault unless it is for the page itself, or for what the page has made."""
    if url != path.as_uri() and not url.startswith(("data:", "blob:", "about:")):
        seen.faults.append(f"request: {url}")
