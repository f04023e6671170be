"""Things show themselves: in notebooks, in files, and on the screen."""

import pickle
import re

import numpy as np
import pytest

import polyrelu as pr
from polyrelu.errors import InputError
from polyrelu.latent.windows import LatentPlane
from polyrelu.pages import showing
from tests.browser import opened
from tests.pages.test_planar import BOX, TILINGS

ZONES = TILINGS["zones"].zones(sort="volume")
PLANE = LatentPlane.from_coordinates([(0, 0), (4, 0), (4, 4), (0, 4)], [[1, 0], [1, 1]], [-1, -2])
SHOWN = {"tiling": TILINGS["zones"], "zones": ZONES, "plane": PLANE, "zone": ZONES[0]}


@pytest.mark.parametrize("name", SHOWN)
def test_everything_that_is_shown_has_three_ways(name, tmp_path, monkeypatch):
    shown, pages = SHOWN[name], []
    monkeypatch.setattr(showing, "show", pages.append)
    shown.show()
    shown.save(tmp_path / "page.HTML")
    written = (tmp_path / "page.HTML").read_text(encoding="utf8")
    assert pages == [written]
    assert shown._repr_html_() == showing.iframe(written)


def test_zones_keep_their_order_and_numbers(browser, tmp_path):
    tiling = TILINGS["zones"]
    assert [len(zone) for zone in ZONES] == [11, 3, 4]
    for zone, numbers in zip(ZONES, ZONES.numbers(), strict=True):
        assert [tiling[i].pattern for i in numbers] == [tile.pattern for tile in zone]
    chosen = tiling.select(range(len(tiling) - 1, -1, -2)).zones()
    for zone, numbers in zip(chosen, chosen.numbers(), strict=True):
        assert [chosen.tiling[i].pattern for i in numbers] == [tile.pattern for tile in zone]
    again = pickle.loads(pickle.dumps(ZONES))
    assert again.numbers() == ZONES.numbers()
    ZONES.save(tmp_path / "zones.html")
    with opened(browser, tmp_path / "zones.html") as seen:
        seen.page.wait_for_selector("canvas[data-view]")
        first = seen.page.get_by_role("region", name="Zones").get_by_role("listitem").first
        assert "11 tiles" in first.inner_text()


def test_other_suffixes(tmp_path):
    TILINGS["zones"].save(tmp_path / "t.npz")
    assert pr.load_tiling(tmp_path / "t.npz").patterns == TILINGS["zones"].patterns
    with pytest.raises(InputError, match=r"'.npz'; Zones is saved as .html"):
        ZONES.save(tmp_path / "z.npz")
    with pytest.raises(InputError, match="suffix"):
        TILINGS["zones"].save(tmp_path / "t.htm")


def test_many_tiles_are_a_table_in_a_notebook(monkeypatch):
    monkeypatch.setattr(showing, "MOST_TILES", 10)
    assert "save(&quot;" in TILINGS["zones"]._repr_html_() or "save(&amp;quot;" in TILINGS["zones"]._repr_html_()
    assert "<canvas" not in TILINGS["zones"]._repr_html_()


def test_spaces_without_a_picture_are_tables(browser, tmp_path):
    network = pr.Network([([[1, 0, 0, 1], [0, 1, 1, 0]], [0, -1])], [True])
    tiling = pr.linear_regions(network, pr.Polyhedron.box([-1] * 4, [1] * 4))
    tiling.save(tmp_path / "four.html")
    with opened(browser, tmp_path / "four.html") as seen:
        text = seen.page.locator("body").inner_text()
        cells = seen.page.locator("table").last.locator("tr").all_inner_texts()
    assert "R^4 has no picture" in text
    for row, line in zip(tiling.rows(digits=4), cells[1:], strict=True):
        assert line.split("\t") == list(row)


def test_a_notebook_that_was_exported_shows_its_pages(browser, tmp_path):
    """Outputs as a notebook keeps them, through nbconvert, opened: each page runs in its iframe."""
    nbformat, nbconvert = pytest.importorskip("nbformat.v4"), pytest.importorskip("nbconvert")
    outputs = [
        nbformat.new_output("execute_result", {"text/html": shown._repr_html_(), "text/plain": repr(shown)})
        for shown in (TILINGS["zones"], PLANE, TILINGS["zones"].network)
    ]
    cells = [nbformat.new_code_cell("shown", outputs=[output]) for output in outputs]
    nothing = dict.fromkeys(("mathjax_url", "require_js_url", "jquery_url", "mermaid_js_url"), "")
    exported, _ = nbconvert.HTMLExporter(**nothing).from_notebook_node(nbformat.new_notebook(cells=cells))
    # What the template itself would load has no part in this.
    path = tmp_path / "notebook.html"
    path.write_text(re.sub(r"<script[^>]*src=[^>]*></script>", "", exported.split("<body", 1)[1].join(["<body", ""])))
    with opened(browser, path) as seen:
        tiling, plane = seen.page.frame_locator("iframe").nth(0), seen.page.frame_locator("iframe").nth(1)
        tiling.locator("canvas[data-view]").wait_for()
        plane.locator("canvas[data-view]").wait_for()
        assert "3 zones" in tiling.locator(".panel").inner_text()
        assert "2 features" in plane.locator(".panel").inner_text()
        assert "ReLU neurons" in seen.page.locator("body").inner_text()
        tiling.locator("canvas").focus()
        seen.page.keyboard.press("n")
        assert TILINGS["zones"][0].pattern in tiling.locator(".hover").inner_text()


def test_networks_are_tables():
    shown = pr.Network([([[1, 0], [0, 1], [1, 1]], [0, 0, -1]), ([[1, 1, -2]], [0])])._repr_html_()
    assert "<tr><td>0</td><td>2</td><td>3</td><td>3</td><td>9</td></tr>" in shown
    assert "linear regions: at most 7" in shown
    large = pr.Network([(np.ones((300, 300)), np.ones(300))])._repr_html_()
    assert "90,300 numbers" in large
    assert "at most" not in large


def test_titles_and_facts(tmp_path):
    network = pr.Network([([[1, 0], [0, 1]], [0, 0])], [True])
    for target, said in (
        (pr.parse("y0 > 1", dim=2), "Where y0 &gt; 1"),
        ([pr.parse("y0 > 1", dim=2), pr.parse("y1 > 2, y0 <= 1", dim=2)], "Where y0 &gt; 1 or y1 &gt; 2, y0 &lt;= 1"),
        ([pr.parse(f"y0 == {k}", dim=2) for k in range(5)], "Preimage of 5 targets"),
        (pr.Polyhedron([[123456789**3, 10**20]], [1]), "Where"),
    ):
        pr.preimage(network, target, BOX).save(tmp_path / "t.html")
        assert f"<title>{said}" in (tmp_path / "t.html").read_text(encoding="utf8")
