"""Pages in space, opened: what is drawn, picked, cut and said is compared with the tiling."""

import io
import re
from fractions import Fraction

import numpy as np
import pytest
from PIL import Image

import polyrelu as pr
from polyrelu.export.meshes import mesh
from polyrelu.pages.solid import cube_page, solid_page, solids_page
from tests.browser import opened
from tests.pages.test_complexes import BOX, NET, PREIMAGE, REGIONS, area
from tests.pages.test_solid import CUBE

pytestmark = pytest.mark.browser

PLACES = [(x, y) for x in (360, 470, 560, 660) for y in (330, 450, 540)]


@pytest.fixture(scope="module")
def page_of(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")

    def write(name, text):
        path = folder / f"{name}.html"
        path.write_text(text, encoding="utf8")
        return path

    return write


@pytest.fixture(scope="module")
def zones(page_of):
    return page_of("zones", solid_page(PREIMAGE))


@pytest.fixture(scope="module")
def regions(page_of):
    return page_of("regions", solid_page(REGIONS))


@pytest.fixture(scope="module")
def cube(page_of):
    return page_of("cube", cube_page(CUBE))


def ready(seen):
    """The page, once it has drawn itself."""
    seen.page.wait_for_selector(".stage canvas")
    return seen.page


def settle(page):
    """Wait until the browser has drawn what was asked for."""
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def colours(page):
    """The colours in a picture of the stage."""
    picture = Image.open(io.BytesIO(page.locator(".stage canvas").screenshot())).convert("RGB")
    return {colour: count for count, colour in picture.getcolors(1 << 24)}


def exactly(numbers):
    return [Fraction(x) for x in numbers]


def section_area(tiling, normal, offset):
    """The area in which a tiling meets a plane, of floats taken exactly, by exact areas of shadows."""
    n, drop = exactly(normal), int(np.argmax(np.abs(normal)))
    kept = [k for k in range(3) if k != drop]
    rows = [[Fraction(j == kept.index(k)) if k != drop else -n[kept[j]] / n[drop] for j in range(2)] for k in range(3)]
    start = [Fraction(0) if k != drop else Fraction(offset) / n[drop] for k in range(3)]
    shadow = sum((tile.polyhedron.closure().affine_preimage(rows, start, 2).volume() for tile in tiling), Fraction(0))
    return float(shadow) * float(np.linalg.norm(normal)) / abs(float(n[drop]))


# -- what is drawn --------------------------------------------------------------------------------------------------


def test_surfaces_are_those_of_the_zones(browser, zones):
    expected = mesh(PREIMAGE)
    with opened(browser, zones) as seen:
        page = ready(seen)
        sizes = page.evaluate("polyrelu.view.surfaceSizes()")
        settle(page)
        drawn = page.evaluate("polyrelu.view.drawnTriangles")
        assert page.locator(".legend .entry").count() == len(expected.faces) == len(PREIMAGE.zones())
        assert len(colours(page)) > 50, "something is drawn"
    assert [s["triangles"] for s in sizes] == [sum(len(face) - 2 for face in faces) for faces in expected.faces]
    areas = [sum(area([expected.vertices[k] for k in face]) for face in faces) for faces in expected.faces]
    assert [s["area"] for s in sizes] == pytest.approx(areas, rel=1e-9)
    assert drawn == {"surfaces": sum(s["triangles"] for s in sizes), "section": 0}


def test_regions_fill_the_domain(browser, regions):
    with opened(browser, regions) as seen:
        page = ready(seen)
        (size,) = page.evaluate("polyrelu.view.surfaceSizes()")
        assert size["area"] == pytest.approx(6 * 16, rel=1e-9)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", [(1440, 900), (390, 844)], ids=["wide", "narrow"])
def test_pages_are_as_wide_as_the_window_and_on_its_paper(browser, zones, size, dark):
    with opened(browser, zones, size=size, dark=dark) as seen:
        page = ready(seen)
        settle(page)
        assert page.evaluate("document.documentElement.scrollWidth") == size[0]
        paper = max(colours(page).items(), key=lambda item: item[1])[0]
        assert paper == ((0x15, 0x18, 0x1D) if dark else (255, 255, 255))
        page.keyboard.press("t")
        settle(page)
        assert max(colours(page).items(), key=lambda item: item[1])[0] != paper


# -- picking --------------------------------------------------------------------------------------------------------


def check_ray(tiling, page, x, y):
    """The tiles under a place are those in which exact points of the ray lie, in order; how many there are."""
    ray = page.evaluate("([x, y]) => polyrelu.view.rayAt(x, y)", [x, y])
    passed = page.evaluate("([x, y]) => polyrelu.view.tilesAt(x, y)", [x, y])
    origin, direction = (np.array(ray[key]) for key in ("origin", "direction"))
    last = None
    for own in passed:
        if own["leaves"] - own["enters"] < 1e-9:
            continue
        assert tiling.locate(origin + direction * (own["enters"] + own["leaves"]) / 2) == own["tile"]
        if last is None:
            assert tiling.locate(origin + direction * (own["enters"] - 1e-6)) == -1, "nothing is before the first"
        last = own["leaves"]
    if last is not None:
        assert tiling.locate(origin + direction * (last + 1e-6)) == -1
    return len(passed)


def test_tiles_under_the_pointer_are_those_along_its_ray(browser, zones, regions):
    for path, tiling in ((zones, PREIMAGE), (regions, REGIONS)):
        with opened(browser, path) as seen:
            page = ready(seen)
            counts = [check_ray(tiling, page, x, y) for x, y in PLACES]
            assert max(counts) > 3
            page.keyboard.press("ArrowLeft")
            page.keyboard.press("ArrowUp")
            assert [check_ray(tiling, page, x, y) for x, y in PLACES] != counts, "it has turned"


def test_hidden_bodies_are_not_picked(browser, zones):
    with opened(browser, zones) as seen:
        page = ready(seen)
        page.get_by_role("button", name="None", exact=True).click()
        settle(page)
        assert all(page.evaluate("([x, y]) => polyrelu.tileAt(x, y)", place) is None for place in map(list, PLACES))
        assert page.evaluate("polyrelu.view.drawnTriangles.surfaces") == 0


# -- cards ----------------------------------------------------------------------------------------------------------


def card_of(locator):
    """What a card says: its title, and its lines by their terms."""
    terms = locator.locator("dt").all_inner_texts()
    return locator.locator(".head .grow").inner_text(), dict(
        zip(terms, locator.locator("dd").all_inner_texts(), strict=True)
    )


def test_cards_say_what_the_tiles_are(browser, zones):
    with opened(browser, zones) as seen:
        page = ready(seen)
        stage = page.locator(".stage canvas").bounding_box()
        for x, y in PLACES:
            tile = page.evaluate("([x, y]) => polyrelu.tileAt(x, y)", [x, y])
            page.mouse.move(stage["x"] + x, stage["y"] + y)
            settle(page)
            settle(page)
            assert page.locator(".hover").is_visible() == (tile is not None)
            if tile is None:
                continue
            title, lines = card_of(page.locator(".hover .card"))
            assert title == f"Tile {tile}"
            assert lines["pattern"] == PREIMAGE[tile].pattern
            assert float(lines["volume"]) == float(f"{float(PREIMAGE[tile].polyhedron.volume()):.6g}")
            point = [Fraction(v) for v in lines["point"].strip("()").split(", ")]
            assert PREIMAGE.locate(point) == tile


def test_every_tile_is_described_exactly(browser, zones):
    with opened(browser, zones) as seen:
        page = ready(seen)
        for tile in range(0, len(PREIMAGE), 7):
            said = page.evaluate("(tile) => polyrelu.describe(tile)", tile)
            lines = {line["term"]: line["says"] for line in said["lines"]}
            exact = [(row.get("title") or "").split("\n")[0] for row in lines["rows"]]
            shown = [row["text"] for row in lines["rows"]]
            expected = PREIMAGE[tile].inequalities()
            assert len(shown) == len(expected)
            assert all(own in (text, title) for own, text, title in zip(expected, shown, exact, strict=True))
            volume = PREIMAGE[tile].polyhedron.volume()
            assert float(Fraction(lines["volume"])) == pytest.approx(float(volume), rel=1e-5)
            if len(lines["volume"]) < 20:
                assert Fraction(lines["volume"]) == volume or len(lines["volume"]) < 12


def test_a_click_pins_and_escape_unpins(browser, zones):
    with opened(browser, zones) as seen:
        page = ready(seen)
        x, y = next(p for p in PLACES if page.evaluate("([x, y]) => polyrelu.tileAt(x, y)", list(p)) is not None)
        page.mouse.click(x, y)
        tile = page.evaluate("([x, y]) => polyrelu.tileAt(x, y)", [x, y])
        assert card_of(page.locator(".panel .card"))[0] == f"Tile {tile}"
        page.keyboard.press("Escape")
        assert page.locator(".panel .card").count() == 0
        page.keyboard.press("n")
        page.keyboard.press("n")
        assert card_of(page.locator(".panel .card"))[0] == "Tile 1"
        page.mouse.click(5, 700)
        assert page.locator(".panel .card").count() == 0


def test_a_tap_pins(browser, regions):
    with opened(browser, regions, size=(390, 844), touch=True) as seen:
        page = ready(seen)
        settle(page)
        tile = page.evaluate("polyrelu.tileAt(195, 195)")
        page.touchscreen.tap(195, 195)
        assert card_of(page.locator(".panel .card"))[0] == f"Tile {tile}"
        assert card_of(page.locator(".panel .card"))[1]["pattern"] == REGIONS[tile].pattern


def test_d_looks_through_tiles(browser, regions):
    with opened(browser, regions) as seen:
        page = ready(seen)
        page.mouse.move(520, 420)
        settle(page)
        settle(page)
        tiles = [own["tile"] for own in page.evaluate("polyrelu.view.tilesAt(520, 420)")]
        titles = []
        for _ in tiles:
            titles.append(card_of(page.locator(".hover .card"))[0])
            page.keyboard.press("d")
        assert titles == [f"Tile {tile}" for tile in tiles]


def test_patterns_are_found(browser, regions):
    with opened(browser, regions) as seen:
        page = ready(seen)
        page.keyboard.press("/")
        wanted = REGIONS.patterns[5]
        page.keyboard.type(wanted)
        assert card_of(page.locator(".panel .card"))[1]["pattern"] == wanted
        assert page.locator(".found").inner_text() == "1 of 1"
        assert page.evaluate("(text) => polyrelu.search(text)", wanted.replace("|", "")) == [5]
        start = wanted[:2]
        assert page.evaluate("(text) => polyrelu.search(text)", start) == [
            i for i, pattern in enumerate(REGIONS.patterns) if pattern.startswith(start)
        ]
        assert len(page.evaluate("polyrelu.search('?')")) == len(REGIONS)
        page.keyboard.press("Backspace")
        page.keyboard.type("x")
        assert page.locator(".found").inner_text() == "no tile"


# -- turning --------------------------------------------------------------------------------------------------------


def eye(page):
    return page.evaluate("polyrelu.view.camera.position.toArray()")


def test_mouse_wheel_and_keys_move_the_camera(browser, zones):
    with opened(browser, zones) as seen:
        page = ready(seen)
        settle(page)
        home = eye(page)
        page.mouse.move(500, 400)
        page.mouse.down()
        page.mouse.move(620, 430, steps=4)
        page.mouse.up()
        dragged = eye(page)
        assert np.linalg.norm(np.subtract(dragged, home)) > 0.5
        assert np.linalg.norm(dragged) == pytest.approx(np.linalg.norm(home), rel=1e-6), "it turned, and kept away"
        assert page.locator(".panel .card").count() == 0, "dragging pins nothing"
        page.mouse.wheel(0, -300)
        settle(page)
        near = np.linalg.norm(eye(page))
        assert near < np.linalg.norm(home) - 0.1
        page.keyboard.press("-")
        assert np.linalg.norm(eye(page)) == pytest.approx(1.2 * near)
        page.keyboard.press("3")
        x, y, z = eye(page)
        assert z > 20 * np.hypot(x, y)
        page.keyboard.press("0")
        assert eye(page) == pytest.approx(home)
        page.keyboard.press("ArrowRight")
        turned = eye(page)
        assert turned[2] == pytest.approx(home[2])
        assert turned[:2] != pytest.approx(home[:2])


# -- sections -------------------------------------------------------------------------------------------------------


def cut(page):
    return page.evaluate("polyrelu.cutter.current")


def test_a_section_is_filled_exactly(browser, zones):
    with opened(browser, zones) as seen:
        page = ready(seen)
        for axis in ("x0", "x2"):
            page.get_by_role("button", name=axis, exact=True).click()
            page.get_by_label("Where the section is").fill("537")
            now = cut(page)
            at = abs(now["offset"])
            assert at == pytest.approx(4 * 0.537 - 2)
            assert page.locator(".details output").inner_text() == f"{axis} = {at:.4g}"
            known = [section_area(zone, now["normal"], now["offset"]) for zone in PREIMAGE.zones()]
            assert page.evaluate("polyrelu.view.sectionAreas()") == pytest.approx(known, rel=1e-9)
            said = page.locator(".details .facts").inner_text()
            assert re.findall(r"Zone (\d+) ([^,]+)", said) == [
                (str(i), f"{size:.6g}") for i, size in enumerate(known) if size
            ]


def test_an_oblique_section_too(browser, regions):
    with opened(browser, regions) as seen:
        page = ready(seen)
        page.get_by_role("button", name="oblique", exact=True).click()
        page.get_by_label("Direction of the section, around").fill("20")
        page.get_by_label("Direction of the section, up").fill("-35")
        page.keyboard.press("Tab")
        page.get_by_label("Where the section is").fill("400")
        now = cut(page)
        known = section_area(REGIONS, now["normal"], now["offset"])
        assert page.evaluate("polyrelu.view.sectionAreas()") == pytest.approx([known], rel=1e-9)
        by_tile = page.evaluate("[...polyrelu.view.section.polygons.keys()]")
        assert set(by_tile) == {
            i for i, tile in enumerate(REGIONS) if section_area([tile], now["normal"], now["offset"])
        }
        page.keyboard.press("o")
        facing = page.evaluate("polyrelu.view.towardsEye()")
        assert np.abs(np.dot(cut(page)["normal"], facing)) > 0.999


def test_what_a_section_cuts_off_is_neither_seen_nor_picked(browser, regions):
    with opened(browser, regions) as seen:
        page = ready(seen)
        page.keyboard.press("x")
        page.keyboard.press("x")
        now = cut(page)
        assert now["normal"] in ([0, 1, 0], [0, -1, 0])
        assert np.dot(now["normal"], page.evaluate("polyrelu.view.towardsEye()")) > 0, "the reader looks at the section"
        place = page.evaluate("polyrelu.view.placeOf([0.3, 0, 0.2])")
        passed = page.evaluate("([x, y]) => polyrelu.view.tilesAt(x, y)", [place["x"], place["y"]])
        side = 1e-6 if now["normal"][1] < 0 else -1e-6
        assert passed[0]["tile"] == REGIONS.locate(np.array([0.3, side, 0.2]))
        settle(page)
        section = page.evaluate("polyrelu.view.drawnTriangles")["section"]
        assert section == sum(len(p) - 2 for p in page.evaluate("[...polyrelu.view.section.polygons.values()]"))
        before = colours(page)
        page.keyboard.press("]")
        settle(page)
        assert colours(page) != before
        page.get_by_label("Section only").check()
        settle(page)
        assert page.evaluate("polyrelu.view.drawnTriangles.surfaces") == 0
        page.keyboard.press("0")
        assert cut(page) is None


# -- looks ----------------------------------------------------------------------------------------------------------


def test_opacity_edges_and_legend(browser, cube):
    with opened(browser, cube) as seen:
        page = ready(seen)
        assert page.locator(".legend .name").all_inner_texts() == ["Feature 0", "Feature 1", "Feature 2"]
        whole = page.evaluate("polyrelu.view.surfaceSizes()")
        for i, size in enumerate(whole):
            assert size["area"] == pytest.approx(
                sum(area(ring) for ring in rings_of(CUBE.active(i).closure())), rel=1e-9
            )
        pictures = [colours(page)]
        page.get_by_label("Opacity").fill("60")
        settle(page)
        pictures.append(colours(page))
        page.keyboard.press("e")
        settle(page)
        pictures.append(colours(page))
        page.get_by_label("Show Feature 1").uncheck()
        settle(page)
        pictures.append(colours(page))
        assert all(pictures[i] != pictures[j] for i in range(4) for j in range(i))
        tile = page.evaluate("polyrelu.tileAt(500, 450)")
        names = {line["term"]: line["says"] for line in page.evaluate("(t) => polyrelu.describe(t)", tile)["lines"]}
        active = [i for i, bit in enumerate(names["pattern"]) if bit == "1"]
        assert names["in"] == (", ".join(f"Feature {i}" for i in active) or "none")


def rings_of(polyhedron):
    from polyrelu.polyhedra.facet_rings import facet_rings, point_of

    return [[point_of(corner) for corner in facet.corners] for facet in facet_rings([polyhedron.canonical()])[0]]


def test_every_kind_of_tiling_can_be_shown(browser, page_of):
    unit = pr.Network([(np.eye(3), [0, 0, 0])], [False])
    box = pr.Polyhedron.box([-1] * 3, [1] * 3)
    shown = {
        "plane": pr.preimage(unit, pr.parse("y0 == 0", dim=3), box),
        "segment": pr.preimage(unit, pr.parse("y0 == 0 and y1 == 0", dim=3), box),
        "point": pr.preimage(unit, pr.parse("y0 == 0 and y1 == 0 and y2 == 0", dim=3), box),
        "nothing": pr.preimage(unit, pr.parse("y0 >= 2", dim=3), box),
        "unbounded": pr.preimage(unit, pr.parse("y0 >= 0", dim=3)),
        "long": pr.linear_regions(NET, pr.Polyhedron.box([0, 0, 0], [1000, 1, 1])),
    }
    pages = {name: solid_page(tiling) for name, tiling in shown.items()}
    pages["several"] = solids_page({name: shown[name] for name in ("plane", "segment", "point")})
    for name, text in pages.items():
        with opened(browser, page_of(name, text)) as seen:
            page = ready(seen)
            settle(page)
            count = len(shown[name]) if name in shown else 3
            for tile in range(min(count, 3)):
                said = {line["term"]: line["says"] for line in page.evaluate("(t) => polyrelu.describe(t)", tile)["lines"]}
                assert said["pattern"]
                assert "volume" not in said or name == "long"
            page.keyboard.press("x")
            settle(page)
            seen_colours = colours(page)
            assert len(seen_colours) > 8
