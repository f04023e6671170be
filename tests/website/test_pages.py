"""Every page of the site that has examples, and every notebook, run."""

import importlib.util

import pytest
from website.places import NOTEBOOKS, ROOT, SITE
from website.running import is_run, needs, run_page

SOURCES = [*(ROOT / SITE).rglob("*.md"), *(ROOT / "papers" / "site" / "examples").glob("*.md")]
PAGES = {str(path.relative_to(ROOT / "papers" / "site")): path for path in sorted(SOURCES) if is_run(path.read_text())}
NOTEBOOK_PATHS = sorted((ROOT / NOTEBOOKS).glob("*.ipynb"))


@pytest.mark.parametrize("name", PAGES)
def test_a_page_says_what_comes_out(name):
    text = PAGES[name].read_text()
    package = needs(text)
    if package and importlib.util.find_spec(package) is None:
        pytest.skip(f"there is no {package}")
    run_page(text, name)


@pytest.mark.parametrize("path", NOTEBOOK_PATHS, ids=lambda path: path.stem)
def test_a_notebook_runs(path):
    pytest.importorskip("nbclient")
    from website.notebooks import rendered

    text, shown = rendered(path, path.stem)
    assert text.startswith("# ")
    assert any(name.endswith((".png", ".html")) for name in shown)


def test_there_are_pages():
    assert len(PAGES) > 12
