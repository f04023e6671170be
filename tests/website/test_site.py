"""The built site as people see it: on a wide and on a narrow screen, by day and by night, without a network."""

import os
import subprocess
from pathlib import Path

import pytest
from website.links import faults
from website.places import ROOT

from tests.browser import opened

SITE = Path(os.environ.get("BUILT_SITE", ROOT / "build" / "site")).resolve()
WALKED = (
    "index.html",
    "start/onnx.html",
    "start/torch.html",
    "choosing.html",
    "concepts.html",
    "guide/pictures.html",
    "reference/index.html",
    "reference/preimage.html",
    "reference/Tiling.volume.html",
    "reference/face_search.html",
    "command-line/verify.html",
    "papers/index.html",
    "papers/latent-spaces/gallery.html",
    "notebooks/latent-space.html",
    "glossary.html",
)

BROKEN_PICTURES = """[...document.images]
    .filter(image => image.offsetParent && image.complete && !image.naturalWidth).length"""


@pytest.fixture(scope="module", autouse=True)
def built():
    """The site, built now unless BUILT_SITE says where it is; a warning fails."""
    if "BUILT_SITE" not in os.environ:
        subprocess.run([ROOT / "scripts" / "build_site"], check=True, timeout=1200)


def test_every_link_leads_somewhere():
    assert list(faults(SITE)) == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_a_walk_through_the_site(browser, width, dark):
    """No script fails, nothing is fetched from elsewhere, and nothing is wider than the screen."""
    for name in WALKED:
        with opened(browser, SITE / name, size=(width, 900), dark=dark) as seen:
            seen.page.wait_for_load_state()
            assert seen.evaluate("document.documentElement.scrollWidth") <= width, name
            assert seen.evaluate(BROKEN_PICTURES) == 0, name
            seen.faults[:] = [fault for fault in seen.faults if not _is_of_the_site(fault)]


def test_search_finds_a_verb_and_a_word(browser):
    for said in ("preimage", "undecided"):
        with opened(browser, SITE / "index.html") as seen:
            seen.page.locator("input[name=query]").press_sequentially(said)  # it listens to keys
            found = seen.page.wait_for_selector(".md-search-result__item a", timeout=15000)
            assert found is not None
            assert said in (found.inner_text() + seen.page.inner_text(".md-search-result")).lower()
            seen.faults[:] = [fault for fault in seen.faults if not _is_of_the_site(fault)]


def _is_of_the_site(fault):
    """A request for a file of the site itself."""
    return fault.startswith(f"request: {SITE.as_uri()}/")
