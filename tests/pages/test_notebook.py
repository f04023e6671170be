"""The explorer in JupyterLab: dragged there, asked from the next cell, saved, exported, and the export opened."""

import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager, suppress
from fractions import Fraction

import pytest
from playwright.sync_api import TimeoutError

from tests.browser import opened

pytest.importorskip("anywidget")
pytest.importorskip("jupyterlab")
nbformat = pytest.importorskip("nbformat")


FIRST = """import polyrelu as pr
net = pr.Network([
    ([[1, 0.5], [-1, 0.25], [0.5, -1], [-0.25, 1]], [0.5, 0.25, -0.5, 0]),
    ([[1, 1, -1, 0], [0, -1, 1, 1]], [0, 0.5]),
    ([[1, -1], [-1, 1], [1, 0.5]], [0, -0.5, 0.25]),
], relu=[True, True, True])
w = pr.explore(net)
w"""
SECOND = """print(w.selected.pattern, w.network.layers[0].offsets[1], [len(islands) for islands in w.zones.values()])
film = pr.film([net, w.network], names=["before", "after"])
film"""
PATIENCE = 120_000  # milliseconds; on a busy machine a kernel takes its time


@contextmanager
def jupyterlab(folder):
    """The address of a JupyterLab of the folder's files, with nothing of the user's in it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    own = {f"JUPYTER_{kind}_DIR": str(folder / kind.lower()) for kind in ("CONFIG", "DATA", "RUNTIME")}
    options = ["--no-browser", "--ip=127.0.0.1", f"--port={port}", "--IdentityProvider.token=", "--allow-root"]
    options += [f"--ServerApp.root_dir={folder}", "--LabApp.news_url="]
    options += ["--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]
    environment = {**os.environ, **own, "IPYTHONDIR": str(folder / "ipython")}
    with (folder / "log").open("w") as log:
        command = [sys.executable, "-m", "jupyterlab", *options]
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT, cwd=folder)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            try:
                urllib.request.urlopen(f"{address}/api").close()
                break
            except OSError:
                assert server.poll() is None, (folder / "log").read_text()[-2000:]
                time.sleep(0.1)
        yield address
    finally:
        server.terminate()
        server.wait(30)


def run_cell(page, number):
    page.locator(".jp-CodeCell .cm-content").nth(number).click()
    page.keyboard.press("Shift+Enter")


def show_widget(page, address):
    """Open the notebook, and run its first cell until the widget is there."""
    page.goto(f"{address}/lab/tree/live.ipynb")
    page.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=PATIENCE)
    page.wait_for_selector('.jp-Notebook-ExecutionIndicator[data-status="idle"]', timeout=PATIENCE)
    for _ in range(4):  # a Lab that is still starting sometimes does not hear the first time
        run_cell(page, 0)
        with suppress(TimeoutError):
            page.wait_for_selector(".polyrelu[data-number]", timeout=PATIENCE / 4)
            break


def drag_and_ask(page, address):
    """Run the notebook, drag a bias, click on a cell; what the next cell prints, and what the widget shows."""
    show_widget(page, address)
    handle = page.locator('.row[data-row="1"] .handle')
    handle.scroll_into_view_if_needed()
    box = handle.bounding_box()
    page.mouse.move(box["x"] + 5, box["y"] + 5)
    page.mouse.down()
    for step in range(6):
        page.mouse.move(box["x"] + 5 + 6 * step, box["y"] + 5 + 2 * step)
    page.mouse.up()
    canvas = page.locator(".polyrelu .stage canvas")
    canvas.focus()
    canvas.press("Enter")
    page.wait_for_selector(".pinned .card", timeout=PATIENCE)
    shown = {
        "pattern": page.locator(".pinned dd").nth(1).inner_text(),
        "bias": page.locator(".number output").first.inner_text(),
        "islands": [row.locator("td").nth(2).inner_text() for row in page.locator(".features tbody tr").all()],
    }
    run_cell(page, 1)
    page.wait_for_selector(".jp-CodeCell:nth-child(2) iframe", timeout=PATIENCE)
    printed = page.locator(".jp-CodeCell").nth(1).locator(".jp-OutputArea-output").first.inner_text()
    return printed, shown


def test_a_notebook_is_driven_saved_and_exported(browser, tmp_path):
    cells = [nbformat.v4.new_code_cell(source) for source in (FIRST, SECOND)]
    for number, cell in enumerate(cells):
        cell.id = f"cell-{number}"
    notebook = nbformat.v4.new_notebook(cells=cells)
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, tmp_path / "live.ipynb")
    with jupyterlab(tmp_path) as address:
        context = browser.new_context(viewport={"width": 1440, "height": 1400})
        page = context.new_page()
        errors = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        printed, shown = drag_and_ask(page, address)
        page.keyboard.press("Control+s")
        for _ in range(200):
            if "srcdoc" in (tmp_path / "live.ipynb").read_text() and "before" in (tmp_path / "live.ipynb").read_text():
                break
            page.wait_for_timeout(100)
        context.close()
        assert errors == []
    pattern, bias, islands = re.fullmatch(r"(\S+) (\S+) (\[.*\])\s*", printed).groups()
    assert pattern == shown["pattern"]
    assert bias != "1/4"
    assert float(Fraction(bias)) == pytest.approx(float(shown["bias"].replace("\N{MINUS SIGN}", "-")))
    assert islands == str(list(map(int, shown["islands"])))
    check_export(browser, tmp_path, shown)


def test_a_notebook_that_a_program_runs_asks_nobody_for_anything(browser, tmp_path):
    """As ``nbconvert --execute`` does: what it stores is the page, and no widget that would need a script from afar."""
    nbconvert = pytest.importorskip("nbconvert")
    pytest.importorskip("nbclient")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code) for code in (FIRST, "w.thresholds")])
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    run, _ = nbconvert.preprocessors.ExecutePreprocessor(timeout=PATIENCE // 1000).preprocess(notebook, {})
    assert "widgets" not in run.metadata
    ((shown,), (levels,)) = (cell.outputs for cell in run.cells)
    assert set(shown.data) == {"text/plain", "text/html"}
    assert "Fraction(0, 1)" in levels.data["text/plain"], "the widget itself is there for the next cell"
    text, _ = nbconvert.HTMLExporter(require_js_url="", mathjax_url="").from_notebook_node(run)
    (tmp_path / "run.html").write_text(text, encoding="utf-8")
    with opened(browser, tmp_path / "run.html", size=(1440, 1000)) as seen:
        still = seen.page.frame_locator("iframe").first
        still.locator(".polyrelu[data-number]").wait_for(timeout=PATIENCE)
        assert still.locator(".features tbody tr").count() == 3


def check_export(browser, folder, shown):
    """The exported notebook shows the widget as a page that stands still, and the film; it asks nobody for anything."""
    nbconvert = pytest.importorskip("nbconvert")
    exporter = nbconvert.HTMLExporter(require_js_url="", mathjax_url="")
    text, _ = exporter.from_filename(str(folder / "live.ipynb"))
    (folder / "export.html").write_text(text, encoding="utf-8")
    with opened(browser, folder / "export.html", size=(1440, 1400)) as seen:
        still, film = (seen.page.frame_locator("iframe").nth(k) for k in (0, 1))
        still.locator(".polyrelu[data-number]").wait_for(timeout=PATIENCE)
        assert "Run the notebook" in still.locator(".readout").inner_text()
        assert still.locator(".features tbody tr").count() == len(shown["islands"])
        film.locator('canvas[data-checkpoint="0"]').wait_for(timeout=PATIENCE)
        assert film.locator(".when").inner_text() == "before"
