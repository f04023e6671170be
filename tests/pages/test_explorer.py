"""The explorer: as a widget whose messages are read here, and in the browser, where it is dragged."""

import re
from fractions import Fraction

import pytest

import polyrelu as pr
from polyrelu.pages.exploration import BIAS, Exploration
from polyrelu.pages.explorer import explore
from polyrelu.support.palette import contrast
from tests.browser import opened
from tests.latent.test_superposition import HATS, chain
from tests.pages.bridge import explored

pytest.importorskip("anywidget")

NET = chain(5, (2, 6, 2, 5))
SIZES = [6, 2, 5]


# -- Python's side ------------------------------------------------------------------------------------------------


def hear(widget, **message):
    """A message as the drawing sends it."""
    widget._handle_custom_msg(message, [])


def test_the_widget_has_what_is_asked_of_it():
    widget = explore(HATS, box=([-2, -1], [2, 1]), thresholds={2: "1/2"})
    assert widget.network is HATS
    assert widget.window == ((-2, -1), (2, 1))
    assert widget.thresholds == {0: 0, 1: 0, 2: Fraction(1, 2)}
    assert {feature: len(islands) for feature, islands in widget.zones.items()} == {0: 2, 1: 2, 2: 0}
    assert [area.mid for area in widget.areas.values()] == pytest.approx([8, 3, 0])
    assert sum(tile.polyhedron.volume() for tile in widget.tiling) == 8
    assert widget.selected is None


def test_messages_change_the_network_and_are_answered():
    widget = explore(HATS)
    seen = []
    widget.observe(lambda change: seen.append(change["name"]), ["network", "selected"])
    hear(widget, number=1, entries=[[0, 0, BIAS, "-0.5"]])
    assert widget.network.layers[0].offsets[0] == Fraction(-1, 2)
    assert (widget._scene["number"], widget._scene["error"]) == (1, "")
    hear(widget, number=2, pin=["2", "0.75"])
    assert isinstance(widget.selected, pr.Tile)
    assert widget.selected.contains(["2", "0.75"])
    assert widget.selected.pattern == widget.tiling[widget.tiling.locate(["2", "0.75"])].pattern
    assert seen == ["network", "selected"]
    hear(widget, number=3, window=["5", "5", "6", "6"])
    assert widget.selected is None
    widget.reset()
    assert widget.network is HATS
    hear(widget, number=4, entries=[[0, 0, 0, "7"]])
    hear(widget, number=5, reset=True)
    assert widget.network is HATS
    assert widget._scene["number"] == 5


def test_what_is_refused_is_said_and_changes_nothing():
    widget = explore(HATS)
    before = widget.tiling
    wrong: list[dict] = [
        {"entries": [[9, 0, 0, "1"]]},
        {"entries": [[0, 0, 0, "1e"]]},
        {"window": ["1", "1", "1", "2"]},
    ]
    for number, message in enumerate(wrong, start=1):
        hear(widget, number=number, **message)
        assert widget._scene["number"] == number
        assert "explore" in widget._scene["error"]
        assert widget.tiling is before
    hear(widget, number=9, entries=[[0, 0, 0, "2"]])
    assert widget._scene["error"] == ""


def test_what_is_found_out_late_changes_nothing_either():
    """A threshold below what a ReLU returns is refused when zones are asked for."""
    widget = explore(chain(3))
    before = widget.tiling
    hear(widget, number=1, thresholds=[[0, "-1"]])
    assert "below all values of its ReLU" in widget._scene["error"]
    assert widget.tiling is before


def test_another_network_is_taken():
    widget = explore(HATS, [0, 2], thresholds={2: 1})
    halved = pr.Network([HATS.layers[0], ([[0, 0, 0], [0, 0, 0], [0, 0, 2]], [0, 0, 0])])
    widget.network = halved
    assert widget.thresholds == {0: 0, 2: 1}
    assert [area.mid for area in widget.areas.values()] == pytest.approx([0, 15])
    widget.network = chain(3)
    assert list(widget.thresholds) == [0, 1, 2, 3]
    with pytest.raises(pr.InputError, match="set it to a Network"):
        widget.network = "no"


def test_a_page_stands_in_for_the_widget(tmp_path):
    widget = explore(HATS)
    data, _ = widget._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in data
    assert data["text/html"].startswith("<iframe srcdoc=")
    widget.save(tmp_path / "state.html")
    assert (tmp_path / "state.html").read_text().startswith("<!doctype html>")


# -- the browser's side -------------------------------------------------------------------------------------------


def settled(page, bridge):
    """Wait until everything that was dragged has been answered and drawn."""
    page.wait_for_timeout(60)
    for _ in range(200):
        if page.locator(".polyrelu").get_attribute("data-number") == str(len(bridge.edits)):
            return
        page.wait_for_timeout(20)
    raise AssertionError("an edit has no answer")


def drag(page, element, by, steps=5):
    box = element.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    for step in range(1, steps + 1):
        page.mouse.move(x + by[0] * step / steps, y + by[1] * step / steps)
    page.mouse.up()


def shown_table(page):
    """The legend's features, islands and areas."""
    rows = page.locator(".features tbody tr").all()
    return [[row.locator("td").nth(k).inner_text() for k in (1, 2, 3)] for row in rows]


def expected_table(state):
    return [[one["name"], str(one["islands"]), one["area"]] for one in state.scene()["features"]]


WITHOUT_LINES = """() => {
  const lines = document.querySelector("#el").shadowRoot.querySelectorAll(".overlay");
  lines.forEach((one) => (one.style.display = "none"));
}"""


def without_lines(page):
    """Take away what can be dragged, so that what is below can be clicked."""
    page.evaluate(WITHOUT_LINES)


def number_of(text):
    """A number as it is shown, with a true minus."""
    return Fraction(text.replace("\N{MINUS SIGN}", "-"))


def click_at(page, point, window=(-3, -3, 3, 3)):
    """Click where a point of the plane is, past the lines that can be dragged."""
    box = page.locator(".stage canvas").bounding_box()
    x = box["x"] + box["width"] * (point[0] - window[0]) / (window[2] - window[0])
    y = box["y"] + box["height"] * (window[3] - point[1]) / (window[3] - window[1])
    without_lines(page)
    page.mouse.click(x, y)


def test_zones_follow_what_is_dragged(browser, tmp_path):
    """A bias by its handle, a weight row by its arrow: exact decimals arrive, and what is shown is what they make."""
    with explored(browser, Exploration.of(NET), tmp_path) as (page, bridge):
        assert shown_table(page) == expected_table(bridge.now)
        first = bridge.now.network.layers[0]
        drag(page, page.locator('.row[data-row="2"] .handle'), (40, 25))
        settled(page, bridge)
        moved = bridge.now.network.layers[0]
        assert moved.rows == first.rows
        assert [k for k in range(6) if first.offsets[k] != moved.offsets[k]] == [2]
        assert 1000 % moved.offsets[2].denominator == 0
        assert shown_table(page) == expected_table(bridge.now)
        drag(page, page.locator(".row.selected .tip"), (-35, 20))
        settled(page, bridge)
        turned = bridge.now.network.layers[0]
        assert turned.rows[2] != moved.rows[2]
        assert turned.offsets[2] != moved.offsets[2]
        assert turned.rows[:2] == first.rows[:2]
        assert shown_table(page) == expected_table(bridge.now)
        assert page.locator(".warning").is_hidden()


DARKEST = """([x, y]) => {
  const copy = document.createElement("canvas").getContext("2d");
  const seen = document.querySelector("#el").shadowRoot.querySelector(".stage canvas");
  copy.drawImage(seen, 1 - Math.round(x), 1 - Math.round(y));
  const { data } = copy.getImageData(0, 0, 3, 3);
  return Math.min(...Array.from({ length: 9 }, (_, k) => Math.max(...data.slice(4 * k, 4 * k + 3))));
}"""


def test_a_line_is_painted_where_its_row_vanishes(browser, tmp_path):
    """The selected row's, on the canvas: where x1 = -b/w1 and nowhere near; and there still when it was dragged."""
    network = pr.Network([([[0, 2], [1, 0]], [1, -2]), ([[1, 1]], [0])])
    with explored(browser, Exploration.of(network), tmp_path) as (page, bridge):
        for by in (0, 60):
            drag(page, page.locator('.row[data-row="0"] .handle'), (0, by))
            settled(page, bridge)
            box = page.locator(".stage canvas").bounding_box()
            height = float(-bridge.now.network.layers[0].offsets[0] / 2)
            x, y = box["width"] / 5, box["height"] * (3 - height) / 6
            assert page.evaluate(DARKEST, [x, y]) < 80
            assert page.evaluate(DARKEST, [x, y - 6]) > 160
            assert page.evaluate(DARKEST, [x, y + 6]) > 160
        assert height < -1


BUSY = """() => {
  const answer = window.hear;
  const free = new Promise((resolve) => (window.free = resolve));
  window.hear = async (edit) => { await free; return answer(edit); };
}"""


def test_edits_made_while_python_is_busy_become_one(browser, tmp_path):
    """No line builds up: two movements are on their way, and all others are one message, of the last numbers."""
    with explored(browser, Exploration.of(NET), tmp_path) as (page, bridge):
        page.evaluate(BUSY)
        drag(page, page.locator('.row[data-row="1"] .handle'), (50, 30), steps=12)
        page.wait_for_selector(".warning:visible", timeout=20_000)  # which says that Python has not answered
        assert bridge.edits == []
        page.evaluate("() => window.free()")
        page.wait_for_selector('.polyrelu[data-number="3"]')
        assert [edit["number"] for edit in bridge.edits] == [1, 2, 3]
        shown = page.locator(".number output").first.inner_text()
        assert number_of(shown) == bridge.now.network.layers[0].offsets[1] != NET.layers[0].offsets[1]
        assert shown_table(page) == expected_table(bridge.now)
        assert page.locator(".warning").is_hidden()


def test_cells_are_looked_at(browser, tmp_path):
    """What is hovered and clicked is the tile that the tiling has at that point."""
    with explored(browser, Exploration.of(NET), tmp_path) as (page, bridge):
        tiling = bridge.now.found.tiling
        tile = max(tiling, key=lambda tile: tile.polyhedron.volume())
        point = [float(v) for v in tile.point()]
        click_at(page, point)
        settled(page, bridge)
        assert bridge.now.selected is not None
        assert bridge.now.selected.pattern == tile.pattern
        pinned = page.locator(".pinned").inner_text()
        assert tile.pattern in pinned
        assert all(row in pinned for row in bridge.now.scene()["pin"]["inequalities"])
        assert tile.pattern in page.locator(".readout").inner_text()
        on = re.search(r"on: (.*)", page.locator(".readout").inner_text())
        names = [f"y{i}" for i, bit in enumerate(tile.pattern.rpartition("|")[2]) if bit == "1"]
        assert (re.findall(r"y\d", on[1]) if on else []) == names
        page.get_by_role("button", name="Close Pinned cell").click()
        settled(page, bridge)
        assert bridge.now.pin is None


def test_sliders_thresholds_window_and_reset(browser, tmp_path):
    with explored(browser, Exploration.of(NET), tmp_path) as (page, bridge):
        page.get_by_label("Threshold of y1").fill("1")
        settled(page, bridge)
        assert bridge.now.thresholds == (0, 1, 0, 0, 0)
        assert shown_table(page) == expected_table(bridge.now)
        page.get_by_role("button", name="layer 1: 6 → 2").click()
        page.get_by_role("button", name="h1", exact=True).click()
        slider = page.get_by_label("h1 \N{MULTIPLICATION SIGN} h4")
        slider.focus()
        slider.press("ArrowRight")
        settled(page, bridge)
        assert bridge.now.network.layers[1].rows[1][4] > NET.layers[1].rows[1][4]
        assert bridge.now.network.layers[1].rows[0] == NET.layers[1].rows[0]
        canvas = page.locator(".stage canvas")
        canvas.focus()
        canvas.press("ArrowRight")
        canvas.press("+")
        settled(page, bridge)
        assert bridge.now.lows == (Fraction(-9, 5), Fraction(-12, 5))
        assert bridge.now.highs == (3, Fraction(12, 5))
        page.get_by_role("button", name="layer 2: 2 → 5").click()
        drag(page, page.locator('.inset .row[data-row="4"] .handle'), (12, 9))
        settled(page, bridge)
        assert bridge.now.network.layers[2].offsets[4] != NET.layers[2].offsets[4]
        assert bridge.now.network.layers[2].rows == NET.layers[2].rows
        assert shown_table(page) == expected_table(bridge.now)
        page.get_by_role("button", name="reset").click()
        settled(page, bridge)
        assert bridge.edits[-1]["reset"] is True


def test_the_window_is_dragged(browser, tmp_path):
    with explored(browser, Exploration.of(NET), tmp_path) as (page, bridge):
        without_lines(page)
        width = page.locator(".stage canvas").bounding_box()["width"]
        drag(page, page.locator(".stage canvas"), (width / 6, 0))
        settled(page, bridge)
        assert float(bridge.now.lows[0]) == pytest.approx(-4, abs=0.02)
        assert bridge.now.lows[1] == -3
        assert bridge.now.pin is None
        assert shown_table(page) == expected_table(bridge.now)


def test_what_python_refuses_is_said(browser, tmp_path):
    with explored(browser, Exploration.of(NET), tmp_path) as (page, bridge):
        bridge.now = Exploration.of(chain(1, (2, 3)))
        drag(page, page.locator('.row[data-row="5"] .handle'), (20, 20))
        settled(page, bridge)
        assert "out of range" in page.locator(".warning").inner_text()


VEIL = "() => Number(document.querySelector('#el').shadowRoot.querySelector('.stage canvas').dataset.veil)"


def blended(paper, fills, density):
    """What is seen of paper below fills, as canvases mix them."""
    shade = [int(paper[i : i + 2], 16) for i in (1, 3, 5)]
    for fill in fills:
        own = [int(fill[i : i + 2], 16) for i in (1, 3, 5)]
        shade = [(1 - density) * below + density * above for below, above in zip(shade, own, strict=True)]
    return "#" + "".join(f"{round(value):02x}" for value in shade)


@pytest.mark.parametrize("dark", [False, True])
def test_neighbours_are_told_apart_by_their_rims(browser, tmp_path, dark):
    """Across each edge a feature switches, and its rim has a contrast of 3:1 to what is on both sides."""
    state = Exploration.of(chain(6, (2, 10, 2, 10)))
    with explored(browser, state, tmp_path, dark=dark) as (page, _):
        density = page.evaluate(VEIL)
    paper = "#15181d" if dark else "#ffffff"
    features = state.scene()["features"]
    found = state.found
    fills = [blended(paper, [features[k]["colour"] for k in on.nonzero()[0]], density) for on in found.active]
    checked = 0
    for first, second in found.edges[:, :2]:
        for k in (found.active[first] != found.active[second]).nonzero()[0]:
            rim = features[k]["lines"][dark]
            assert min(contrast(rim, fills[first]), contrast(rim, fills[second])) >= 3
            checked += 1
    assert checked > 20


def test_the_theme_is_the_notebook_s(browser, tmp_path):
    with explored(browser, Exploration.of(HATS), tmp_path) as (page, _):
        assert page.locator(".polyrelu").get_attribute("data-theme") == "light"
        page.evaluate("() => { document.body.dataset.jpThemeLight = 'false'; }")
        page.wait_for_selector('.polyrelu[data-theme="dark"]')
        page.evaluate("() => { document.body.dataset.jpThemeLight = 'true'; }")
        page.wait_for_selector('.polyrelu[data-theme="light"]')


AREAS = """async () => {
  const view = document.querySelector("div").shadowRoot.querySelector("canvas");
  const shot = view.getContext("2d").getImageData(0, 0, view.width, view.height).data;
  return new Set(Array.from({ length: 400 }, (_, k) => shot.slice(4 * k * 97, 4 * k * 97 + 3).join())).size;
}"""


@pytest.mark.parametrize(("size", "dark"), [((1440, 900), False), ((390, 844), True)])
def test_a_page_that_stands_still(browser, tmp_path, size, dark):
    """It has the state, says that nothing moves, and tells of cells."""
    state = Exploration.of(NET).edited({"pin": ["0.5", "1"]})
    path = tmp_path / "still.html"
    path.write_text(state.page(), encoding="utf-8")
    with opened(browser, path, size=size, dark=dark) as seen:
        page = seen.page
        page.wait_for_selector(".polyrelu[data-number]")
        assert shown_table(page) == expected_table(state)
        assert "stand" not in page.locator(".readout").inner_text()
        assert "Run the notebook" in page.locator(".readout").inner_text()
        assert state.selected is not None
        assert state.selected.pattern in page.locator(".pinned").inner_text()
        assert page.locator(".handle").count() == 0
        assert page.locator("input[type=range]").count() == 0
        assert seen.evaluate(AREAS) > 3
        for tile in state.found.tiling[::9]:
            point = [float(v) for v in tile.point()]
            box = page.locator(".stage canvas").bounding_box()
            page.mouse.move(box["x"] + box["width"] * (point[0] + 3) / 6, box["y"] + box["height"] * (3 - point[1]) / 6)
            assert tile.pattern in page.locator(".readout").inner_text() or tile.polyhedron.volume() < 0.01
        width = page.evaluate("() => document.documentElement.scrollWidth")
        assert width <= size[0]
