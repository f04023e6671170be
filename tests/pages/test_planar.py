"""What the planar page shows, in a browser, against the tiling that it is of."""

import itertools
import re
from contextlib import contextmanager
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import polyrelu as pr
from polyrelu.errors import DimensionError, RangeError
from polyrelu.figures.demo import demo_network
from polyrelu.pages.page import write
from polyrelu.pages.planar import planar_page, rounded_sum
from tests.browser import opened


def random_network(widths, seed):
    """Gaussian weights, as wide as layers are at the start of training."""
    random = np.random.default_rng(seed)
    pairs = itertools.pairwise(widths)
    return pr.Network([(random.normal(size=(n, d)) / np.sqrt(d), random.normal(size=n) / 2) for d, n in pairs])


BOX = pr.Polyhedron.box([-6, -6], [6, 6])
DEEP = random_network([2, 7, 5, 2], seed=5)
RATIONAL = pr.Network(
    [([["1/3", 1], [-1, "2/7"], [1, -1]], ["1/2", 0, "-1/5"]), ([[1, -1, "1/3"], [1, 1, 1]], [0, "-1/9"])],
    relu=[True, True],
)
POSITIVE = pr.parse("y0 > 0", dim=10)


def tilings():
    network = demo_network()
    yield "zones", pr.preimage(network, POSITIVE, BOX)
    yield "unbounded", pr.preimage(network, POSITIVE)
    yield "regions", pr.linear_regions(DEEP, BOX)
    yield "two targets", pr.preimage(DEEP, [pr.parse("y0 > 0", dim=2), pr.parse("y1 < 0", dim=2)], BOX)
    yield "rationals", pr.preimage(RATIONAL, pr.parse("y0 >= y1, y0 > 0", dim=2), BOX)
    yield "another engine", pr.preimage(RATIONAL, pr.parse("y0 <= 1/10", dim=2), BOX, method="unrelu")
    yield "strict domain", pr.linear_regions(RATIONAL, pr.parse("x0 > 0, x1 > 0, x0 + x1 < 2", names=["x"], dim=2))
    yield "flat tiles", pr.preimage(RATIONAL, pr.parse("y1 == 0, y0 == 0", dim=2), BOX)
    yield "segments", pr.preimage(RATIONAL, pr.parse("y0 == 1/3", dim=2), BOX)
    yield "half plane", pr.preimage(pr.Network([([[1, 2]], [0])]), pr.parse("y0 >= 1", dim=1))
    yield "whole plane", pr.linear_regions(pr.Network([([[0, 0]], [1])]))
    yield "nothing", pr.preimage(network, pr.parse("y0 < -1", dim=10), BOX)


TILINGS = dict(tilings())


@contextmanager
def page_of(browser, folder, tiling, **options):
    path = folder / "page.html"
    write(planar_page(tiling), path)
    with opened(browser, path, **options) as seen:
        seen.page.wait_for_selector("canvas[data-view]")
        yield seen


def described(seen, tile, digits=None):
    """The lines of a tile's card, by their terms."""
    return all_described(seen, [tile], digits)[0]


def all_described(seen, tiles, digits=None):
    script = "([tiles, digits]) => tiles.map(tile => polyrelu.describe(tile, digits ?? undefined))"
    return [{line["term"]: line["says"] for line in lines} for lines in seen.evaluate(script, [list(tiles), digits])]


AREAS = """() => [...Array(polyrelu.polygons.count).keys()].map(tile => {
    const own = [...polyrelu.polygons.corners(tile)], at = polyrelu.polygons.vertices;
    return own.reduce((sum, a, k) => {
        const b = own[(k + 1) % own.length];
        return sum + at[2 * a] * at[2 * b + 1] - at[2 * b] * at[2 * a + 1];
    }, 0) / 2;
})"""


def numbers(text):
    return tuple(map(Fraction, text.strip("()").split(", ")))


def at(seen, point):
    """Where a point of the plane is in the window."""
    x, y = seen.evaluate("point => polyrelu.camera.toScreen(...point)", list(map(float, point)))
    return x, y


def pointed(seen):
    seen.page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return int(seen.page.locator("canvas").get_attribute("data-tile"))


def seen_box(seen):
    pointed(seen)
    return list(map(float, seen.page.locator("canvas").get_attribute("data-view").split()))


@pytest.mark.parametrize("name", TILINGS)
def test_cards_say_what_the_tiles_are(browser, tmp_path, name):
    """Pattern, zone, exact and rounded inequalities, a point inside, the exact area, which is that of what is drawn."""
    tiling = TILINGS[name]
    with page_of(browser, tmp_path, tiling) as seen:
        assert seen.evaluate("() => polyrelu.tiles.count") == len(tiling)
        exactly, shortly = (all_described(seen, range(len(tiling)), digits) for digits in (None, 4))
        drawn = seen.evaluate(AREAS)
    zone_of = {number: k for k, zone in enumerate(tiling.zones().numbers()) for number in zone}
    for i, (tile, exact, rounded) in enumerate(zip(tiling, exactly, shortly, strict=True)):
        assert exact.get("pattern", "") == tile.pattern
        assert exact["zone"] == str(zone_of[i])
        assert [row["text"] for row in exact["where"]] == list(tile.inequalities() or ["everywhere"])
        assert [row["text"] for row in rounded["where"]] == list(tile.inequalities(digits=4) or ["everywhere"])
        point = numbers(exact["point"])
        shown = numbers(rounded["point"].removeprefix("≈ "))
        assert shown == (pytest.approx(point, rel=1e-3) if rounded["point"].startswith("≈") else point)
        if tile.dim < 2:
            assert "area" not in exact
            assert point == tile.point()
            continue
        assert all(row.slack(point) > 0 for row in tile.polyhedron.halfspaces)
        if not tile.polyhedron.is_bounded():
            assert exact["area"] == rounded["area"] == "unbounded"
            continue
        area = tile.polyhedron.volume()
        assert float(Fraction(rounded["area"])) == pytest.approx(float(area), rel=1e-5)
        assert "/" not in exact["area"] or Fraction(exact["area"]) == area
        assert drawn[i] == pytest.approx(float(area), rel=1e-9)
    if tiling.is_bounded():
        assert sum(drawn) == pytest.approx(float(tiling.volume(exact=True)), rel=1e-9)


def test_cards_say_whose_each_facet_is(browser, tmp_path):
    tiling = TILINGS["regions"]
    with page_of(browser, tmp_path, tiling) as seen:
        cards = all_described(seen, range(len(tiling)))
        for i in range(len(tiling)):
            said = {row["text"]: row["label"] for row in cards[i]["where"]}
            for facet in tiling.facets(i):
                layer, coordinate = facet.neuron or (None, None)
                label = facet.kind if facet.neuron is None else f"layer {layer}, neuron {coordinate}"
                assert said[facet.row.format(["x0", "x1"])] == label


@pytest.mark.parametrize("name", ["zones", "regions", "unbounded"])
def test_pointing_finds_the_tile_that_locate_finds(browser, tmp_path, name):
    tiling = TILINGS[name]
    random = np.random.default_rng(0)
    with page_of(browser, tmp_path, tiling, size=(900, 600)) as seen:
        found = set()
        inner = [tiling[i].point() for i in random.integers(len(tiling), size=9).tolist()]
        for x, y in [*random.integers([60, 60], [480, 560], (6, 2)).tolist(), *(at(seen, point) for point in inner)]:
            if not (0 < x < 540 and 0 < y < 600):
                continue
            seen.page.mouse.move(x, y)
            point = seen.evaluate("point => polyrelu.camera.toPlane(...point)", [x, y])
            tile = pointed(seen)
            found.add(tile)
            assert tile == tiling.locate(point)
            card = seen.page.locator(".hover")
            assert card.is_visible() == (tile >= 0)
            if tile >= 0:
                text = card.inner_text()
                assert f"tile {tile}" in text
                assert tiling[tile].pattern in text
        assert len(found) > 2


def test_the_boundary_of_two_tiles_belongs_to_the_first(browser, tmp_path):
    network = pr.Network([([[1, 0]], [0])], [True])
    tiling = pr.linear_regions(network, BOX)
    with page_of(browser, tmp_path, tiling) as seen:
        for point in ([0, 0], [0, 1], [2.0**-40, 1], [-(2.0**-40), 1]):
            assert seen.evaluate("([x, y]) => polyrelu.locate(x, y, 0.01)", point) == tiling.locate(point)
        strict = pr.preimage(network, pr.parse("y0 > 0", dim=1), BOX)
    with page_of(browser, tmp_path, strict) as seen:
        assert [seen.evaluate("x => polyrelu.locate(x, 0, 0.01)", x) for x in (0, 2.0**-40)] == [-1, 0]


def test_a_click_pins_and_another_takes_off(browser, tmp_path):
    tiling = TILINGS["zones"]
    tile = max(range(len(tiling)), key=lambda i: tiling[i].polyhedron.volume())
    with page_of(browser, tmp_path, tiling) as seen:
        pins = seen.page.get_by_role("region", name="Pinned")
        x, y = at(seen, tiling[tile].point())
        seen.page.mouse.click(x, y)
        assert tiling[tile].pattern in pins.inner_text()
        seen.page.get_by_role("button", name="all digits").click()
        for row in tiling[tile].inequalities():
            assert row in pins.inner_text().replace("\n", " ")
        seen.page.get_by_role("button", name=re.compile("Close")).click()
        assert pins.is_hidden()
        seen.page.mouse.click(x, y)
        assert pins.is_visible()
        seen.page.mouse.move(5, 5)
        row = pins.locator(".rows div").first
        row.hover()
        assert seen.evaluate("() => polyrelu.scene().traced.length") > 0
        seen.page.keyboard.press("Escape")
        assert pins.is_hidden()


def test_zooming_keeps_the_point_below_the_pointer(browser, tmp_path):
    with page_of(browser, tmp_path, TILINGS["zones"]) as seen:
        home = seen_box(seen)
        seen.page.mouse.move(300, 300)
        before = seen.evaluate("() => polyrelu.camera.toPlane(300, 300)")
        seen.page.mouse.wheel(0, -400)
        zoomed = seen_box(seen)
        assert zoomed[2] - zoomed[0] < 0.7 * (home[2] - home[0])
        assert seen.evaluate("() => polyrelu.camera.toPlane(300, 300)") == pytest.approx(before)
        seen.page.mouse.down()
        seen.page.mouse.move(350, 320)
        seen.page.mouse.up()
        assert seen.evaluate("() => polyrelu.camera.toPlane(350, 320)") == pytest.approx(before)
        assert seen.page.get_by_role("region", name="Pinned").is_hidden()  # a drag is no click
        seen.page.get_by_role("button", name="Whole picture").click()
        assert seen_box(seen) == pytest.approx(home)
        seen.page.get_by_role("button", name="Zoom in").click()
        assert seen_box(seen)[0] > home[0]


def test_keys_do_what_the_pointer_does(browser, tmp_path):
    tiling = TILINGS["zones"]
    with page_of(browser, tmp_path, tiling) as seen:
        press, home = seen.page.keyboard.press, seen_box(seen)
        press("+")
        assert seen_box(seen)[0] > home[0]
        press("0")
        press("ArrowRight")
        assert seen_box(seen)[0] > home[0]
        press("0")
        for _ in range(3):
            press("n")
        assert pointed(seen) == 2
        press("p")
        assert pointed(seen) == 1
        assert f"tile 1, zone 1, pattern {tiling[1].pattern}" in seen.page.get_by_role("status").inner_text()
        press("Enter")
        assert tiling[1].pattern in seen.page.get_by_role("region", name="Pinned").inner_text()
        press("/")
        seen.page.keyboard.type("n#3")
        assert seen.page.get_by_role("searchbox").input_value() == "n#3"
        press("Escape")
        theme = seen.evaluate("() => document.documentElement.dataset.theme")
        press("t")
        assert seen.evaluate("() => document.documentElement.dataset.theme") != theme
        press("?")
        assert "Fold lines" in seen.page.get_by_role("dialog").inner_text()
        press("Escape")
        assert seen.page.get_by_role("dialog").count() == 0


def test_searching_finds_the_patterns(browser, tmp_path):
    tiling = TILINGS["regions"]
    with page_of(browser, tmp_path, tiling) as seen:
        box = seen.page.get_by_role("searchbox")
        some = tiling.patterns[len(tiling) // 2]
        for text in (some[:4], f"{some[0]}?{some[2]}", some[5:9], some[:3] + "????" + some[7:10]):
            box.fill(text)
            expression = re.escape(text).replace(r"\?", "[01]")
            matches = [i for i, pattern in enumerate(tiling.patterns) if re.search(expression, pattern)]
            assert 0 < len(matches) < len(tiling)
            said = f"{len(matches)} tile" + (" matches" if len(matches) == 1 else "s match")
            assert said in seen.page.get_by_role("region", name="Search").inner_text()
            for number in [*matches[:2]]:
                box.press("Enter")
                assert pointed(seen) == number
        box.fill("#7")
        box.press("Enter")
        assert pointed(seen) == 7
        box.fill("2")
        assert "0 tiles match" in seen.page.get_by_role("region", name="Search").inner_text()


def test_the_legend_lists_every_zone_and_hides_it(browser, tmp_path):
    tiling = TILINGS["zones"]
    with page_of(browser, tmp_path, tiling) as seen:
        legend = seen.page.get_by_role("region", name="Zones")
        zones = tiling.zones()
        assert legend.get_by_role("listitem").count() == len(zones)
        for i, zone in enumerate(zones):
            text = legend.get_by_role("listitem").nth(i).inner_text()
            area = rounded_sum([tile.polyhedron.volume() for tile in zone], 6)
            assert text.split("\n") == [f"zone {i}", f"{len(zone)} tiles · {area}"]
        point = zones[2][0].point()
        x, y = at(seen, point)
        seen.page.mouse.move(x, y)
        assert pointed(seen) == tiling.locate(point)
        seen.page.get_by_label("Show zone 2").uncheck()
        seen.page.mouse.move(x + 1, y)
        assert pointed(seen) == -1
        legend.get_by_role("button", name="zone 1").click()
        low, high = (np.array(corner) for corner in zones[1].bounding_box())
        box = seen_box(seen)
        assert (box[:2] < low).all()
        assert (box[2:] > high).all()
        assert max(high - low) > 0.3 * min(box[2] - box[0], box[3] - box[1])


def test_fold_lines_are_the_facets_of_their_layer(browser, tmp_path):
    tiling = TILINGS["regions"]
    folds: list[set[Any]] = [set(), set(), set()]
    for i in range(len(tiling)):
        for facet in tiling.facets(i):
            if facet.neuron is not None:
                folds[facet.neuron[0]].add((frozenset({i, *facet.neighbours}), facet.row.boundary()))
    with page_of(browser, tmp_path, tiling) as seen:
        drawn = seen.evaluate("() => polyrelu.folds.map(own => own.length)")
        assert drawn == [len(own) for own in folds]
        chip = seen.page.get_by_role("button", name="layer 1")
        chip.click()
        assert seen.evaluate("() => polyrelu.scene().folds.map(own => own.layer)") == [1]
        seen.page.keyboard.press("f")
        assert seen.evaluate("() => polyrelu.scene().folds.map(own => own.layer)") == [1, 0]


def test_edges_that_do_not_belong_to_zones_are_dashed(browser, tmp_path):
    for name in ("zones", "rationals", "strict domain"):
        tiling = TILINGS[name]
        rows = [part.row.relation == "<" for part in tiling.boundary()]
        with page_of(browser, tmp_path, tiling) as seen:
            closed, dashed = (len(rim["sides"]) for rim in seen.evaluate("() => polyrelu.scene().rims"))
        assert (dashed, closed) == (rows.count(True), rows.count(False))


def test_samples_map_into_the_target_where_tiles_are(browser, tmp_path):
    tiling = TILINGS["zones"]
    with page_of(browser, tmp_path, tiling) as seen:
        seen.page.get_by_label("samples").check()
        pointed(seen)
        samples = seen.evaluate("() => polyrelu.scene().samples")
        inside = np.array([sample["inside"] for sample in samples])
        points = np.array([[sample["x"], sample["y"]] for sample in samples])
        assert np.array_equal(inside, tiling.contains(points))
        assert 0 < inside.sum() < len(inside)
        said = f"{inside.sum()} of {len(inside)} points"
        assert said in seen.page.get_by_role("region", name="View").inner_text()
        seen.page.get_by_label("samples").uncheck()
        pointed(seen)
        assert seen.evaluate("() => polyrelu.scene().samples.length") == 0


def contrast(one, other):
    def luminance(colour):
        parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
        linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("name", ["regions", "zones"])
def test_lines_between_tiles_stand_out(browser, tmp_path, name, dark):
    """A line between two fills has a contrast of 3:1 against both, and so have the rims, which are ink."""
    with page_of(browser, tmp_path, TILINGS[name], dark=dark) as seen:
        scene = seen.evaluate("() => polyrelu.scene()")
        sides = seen.evaluate("() => polyrelu.polygons.sides.map(({ from, to, tile }) => [from, to, tile])")
        fill_of = {tile: fill["colour"] for fill in scene["fills"] for tile in fill["tiles"]}
        by_ends = {(begin, end): tile for begin, end, tile in sides}
        for lines in scene["hairlines"]:
            for side in lines["sides"]:
                for tile in (side["tile"], by_ends[side["to"], side["from"]]):
                    assert contrast(lines["colour"], fill_of[tile]) >= 3
        ink = "#f1f3f5" if dark else "#14181d"
        ground = "#20252c" if dark else "#eef0f3"
        assert contrast(ink, ground) >= 3
        assert all(max(contrast(ink, fill), contrast(fill, ground)) >= 3 for fill in fill_of.values())
        if name == "regions":
            across = [
                (fill_of[tile], fill_of[by_ends[end, begin]]) for begin, end, tile in sides if (end, begin) in by_ends
            ]
            assert all(one != other for one, other in across)


@pytest.mark.parametrize(("size", "dark"), [((1440, 900), True), ((390, 844), False)])
@pytest.mark.parametrize("name", ["zones", "unbounded", "nothing"])
def test_pages_fit_and_are_not_blank(browser, tmp_path, name, size, dark):
    tiling = TILINGS[name]
    with page_of(browser, tmp_path, tiling, size=size, dark=dark) as seen:
        assert seen.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
        assert seen.evaluate("() => document.documentElement.dataset.theme") == ("dark" if dark else "light")
        pixels = """() => {
            const canvas = document.querySelector("canvas"), context = canvas.getContext("2d");
            const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
            return new Set(new Uint32Array(data.buffer)).size;
        }"""
        assert seen.evaluate(pixels) > 2
        if name == "nothing":
            assert "There are no tiles" in seen.page.locator(".stage").inner_text()


def test_touch_pins_without_a_card_over_the_picture(browser, tmp_path):
    tiling = TILINGS["zones"]
    tile = max(range(len(tiling)), key=lambda i: tiling[i].polyhedron.volume())
    with page_of(browser, tmp_path, tiling, size=(390, 844), touch=True) as seen:
        seen.page.touchscreen.tap(*at(seen, tiling[tile].point()))
        assert tiling[tile].pattern in seen.page.get_by_role("region", name="Pinned").inner_text()
        assert seen.page.locator(".hover").is_hidden()


def test_ten_thousand_tiles_are_a_megabyte(browser, tmp_path):
    tiling = pr.linear_regions(random_network([2, 96, 96, 2], seed=1), pr.Polyhedron.box([-3, -3], [3, 3]))
    tiling = tiling.select(range(min(len(tiling), 10_000)))
    assert len(tiling) == 10_000
    path = tmp_path / "large.html"
    write(planar_page(tiling, [range(len(tiling))]), path)
    assert path.stat().st_size <= 2**20
    with opened(browser, path) as seen:
        seen.page.wait_for_selector("canvas[data-view]")
        for number in (0, 5_000, 9_999):
            assert [row["text"] for row in described(seen, number)["where"]] == list(tiling[number].inequalities())
            point = list(map(float, tiling[number].inner_point()))
            assert seen.evaluate("([x, y]) => polyrelu.locate(x, y, 0)", point) == number


def test_a_network_that_is_too_large_is_left_out(browser, tmp_path, monkeypatch):
    monkeypatch.setattr("polyrelu.pages.tiles.MOST_NUMBERS", 10)
    tiling = TILINGS["zones"]
    with page_of(browser, tmp_path, tiling) as seen:
        assert [row["text"] for row in described(seen, 3)["where"]] == list(tiling[3].inequalities())
        assert seen.page.get_by_label("samples").count() == 0
    monkeypatch.setattr("polyrelu.pages.tiles._MOST_DIGITS", 0)
    with page_of(browser, tmp_path, tiling) as seen:
        assert "too large for this page" in described(seen, 17)["rows"]
        x, y = map(float, tiling[17].point())
        assert seen.evaluate("([x, y]) => polyrelu.locate(x, y, 0)", [x, y]) == 17


def test_refusals():
    with pytest.raises(DimensionError, match=r"R\^3; the planar page"):
        planar_page(pr.linear_regions(pr.Network([([[1, 0, 0]], [0])]), pr.Polyhedron.box([0] * 3, [1] * 3)))
    far = pr.Network([([[1, 0]], [10**400])], [True])
    with pytest.raises(RangeError, match="beyond their range"):
        planar_page(pr.linear_regions(far, pr.Polyhedron.box([-2 * 10**400, 0], [0, 1])))


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ([], "0"),
        ([Fraction(1, 3)] * 3, "1"),
        ([Fraction(1, 3)] * 7, "2.33333"),
        ([Fraction(5, 2), Fraction(1, 10**30)], "2.5"),
        ([Fraction(123456, 10**5) + Fraction(1, 2 * 10**5)] + [Fraction(1, 10**40)] * 9, "1.23457"),
        ([Fraction(10**400), Fraction(1)], "1e+400"),
        ([Fraction(1, 81 * 10**20)], "1.23457e-22"),
        ([Fraction(120)], "120"),
        ([Fraction(1, 10**4)], "0.0001"),
    ],
)
def test_rounded_sums(values, text):
    """Also just above the middle between two numbers with six digits, where an exact sum has to decide."""
    assert rounded_sum(values, 6) == text
