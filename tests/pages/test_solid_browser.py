"""Pages in space, opened: what is drawn, picked, cut and said is compared with the tiling."""

import io
import itertools
import re
from contextlib import contextmanager
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

SIZE = (960, 600)
PLACES = [(x, y) for x in (230, 300, 360) for y in (240, 300, 380)]


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


@contextmanager
def shown(browser, path, **options):
    """The page, once it has drawn itself."""
    with opened(browser, path, **{"size": SIZE, **options}) as seen:
        seen.page.wait_for_selector(".stage canvas")
        settle(seen.page)
        yield seen.page


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
    with shown(browser, zones) as page:
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
    with shown(browser, regions) as page:
        (size,) = page.evaluate("polyrelu.view.surfaceSizes()")
        assert size["area"] == pytest.approx(6 * 16, rel=1e-9)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", [(1440, 900), (390, 844)], ids=["wide", "narrow"])
def test_pages_are_as_wide_as_the_window_and_on_its_paper(browser, zones, size, dark):
    with shown(browser, zones, size=size, dark=dark) as page:
        assert page.evaluate("document.documentElement.scrollWidth") == size[0]
        paper = max(colours(page).items(), key=lambda item: item[1])[0]
        assert paper == ((0x15, 0x18, 0x1D) if dark else (255, 255, 255))
        page.keyboard.press("t")
        settle(page)
        assert max(colours(page).items(), key=lambda item: item[1])[0] != paper


def luminance(rgb):
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in rgb]
    return float(np.dot([0.2126, 0.7152, 0.0722], linear))


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_lines_stand_out_against_what_they_part(browser, regions, dark):
    """By 3:1 at least (WCAG 2), for each colour of the palette in the brightest and in the darkest light."""
    with shown(browser, regions, dark=dark) as page:
        ink = np.array(page.evaluate("polyrelu.view.look.ink"))
        opacity = page.evaluate("polyrelu.view.hairs.material.opacity")
        for colour, shade in itertools.product(page.evaluate("polyrelu.colours.palette"), (1.0, 0.74)):
            fill = np.array(tuple(bytes.fromhex(colour[1:]))) / 255 * shade
            line = opacity * ink + (1 - opacity) * fill
            low, high = sorted([luminance(fill), luminance(line)])
            assert (high + 0.05) / (low + 0.05) >= 3, (colour, shade)


def test_what_does_not_belong_to_a_zone_is_dashed(browser, page_of, zones):
    """As many faces as are strict rows of tiles on the surface; their edges alone, in the section, too."""
    tiling = pr.preimage(NET, pr.parse("y0 < -1", dim=1), BOX)
    expected = sum(part.row.relation == "<" for part in tiling.boundary())
    with shown(browser, page_of("open", solid_page(tiling))) as page:
        assert sum(page.evaluate("polyrelu.view.drawn.map(({ surface }) => surface.open.size)")) == expected > 0
        dashes = "polyrelu.view.dashes.geometry.instanceCount"
        edges = page.evaluate(
            "polyrelu.view.drawn.map(({ dashed, bent, flat }) => [dashed.length, bent.length, flat.length])"
        )
        assert page.evaluate(dashes) == sum(dashed for dashed, _, _ in edges) / 2 > 0
        assert all(bent for _, bent, _ in edges), "edges of the domain are solid"
        assert "does not belong" in page.get_by_role("region", name="Edges").inner_text()
        page.keyboard.press("c")
        settle(page)
        assert page.evaluate("polyrelu.view.capDashes.geometry.instanceCount") > 0
        page.get_by_role("button", name="none").last.click()
        settle(page)
        assert not page.evaluate("polyrelu.view.dashes.visible || polyrelu.view.capDashes.visible")
    with shown(browser, zones) as page:
        assert not page.evaluate("polyrelu.view.dashes.visible")
        assert "does not belong" not in page.get_by_role("region", name="Edges").inner_text()


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
        with shown(browser, path) as page:
            counts = [check_ray(tiling, page, x, y) for x, y in PLACES]
            assert max(counts) > 3
            page.keyboard.press("ArrowLeft")
            page.keyboard.press("ArrowUp")
            assert [check_ray(tiling, page, x, y) for x, y in PLACES] != counts, "it has turned"


def test_hidden_bodies_are_not_picked(browser, zones):
    with shown(browser, zones) as page:
        page.get_by_role("region", name="zones").get_by_role("button", name="none").click()
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
    with shown(browser, zones) as page:
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
            assert title == f"tile {tile}"
            assert lines["pattern"] == PREIMAGE[tile].pattern
            assert float(lines["volume"]) == float(f"{float(PREIMAGE[tile].polyhedron.volume()):.6g}")
            point = [Fraction(v) for v in lines["point"].strip("()").split(", ")]
            assert PREIMAGE.locate(point) == tile


def described(page, tile, digits=None):
    """The lines of a tile's card, by their terms."""
    lines = page.evaluate("([tile, digits]) => polyrelu.describe(tile, digits ?? undefined)", [tile, digits])
    return {line["term"]: line["says"] for line in lines}


def test_every_tile_is_described_exactly(browser, zones):
    zone_of = {i: k for k, own in enumerate(PREIMAGE.zones().numbers()) for i in own}
    with shown(browser, zones) as page:
        for number, tile in enumerate(PREIMAGE):
            exact, rounded = described(page, number), described(page, number, 4)
            assert exact["pattern"] == tile.pattern
            assert exact["zone"] == str(zone_of[number])
            assert [row["text"] for row in exact["where"]] == list(tile.inequalities())
            assert [row["text"] for row in rounded["where"]] == list(tile.inequalities(digits=4))
            volume = tile.polyhedron.volume()
            assert float(Fraction(rounded["volume"])) == float(f"{float(volume):.6g}")
            if "/" in exact["volume"]:
                assert Fraction(exact["volume"]) == volume
            point = tuple(Fraction(v) for v in exact["point"].strip("()").split(", "))
            assert all(row.slack(point) > 0 for row in tile.polyhedron.halfspaces)


def test_pins_come_and_go(browser, zones):
    with shown(browser, zones) as page:
        cards = page.locator(".panel .card")
        x, y = next(p for p in PLACES if page.evaluate("([x, y]) => polyrelu.tileAt(x, y)", list(p)) is not None)
        page.mouse.click(x, y)
        tile = page.evaluate("([x, y]) => polyrelu.tileAt(x, y)", [x, y])
        assert card_of(cards)[0] == f"1 · tile {tile}"
        page.get_by_role("button", name="all digits").click()
        assert len(card_of(cards)[1]["where"]) >= len("".join(PREIMAGE[tile].inequalities()))
        page.mouse.click(x, y)
        assert cards.count() == 0
        page.mouse.move(5, 580)
        page.keyboard.press("n")
        page.keyboard.press("Enter")
        page.keyboard.press("n")
        page.keyboard.press("Enter")
        first = cards.first.locator(".head .grow").inner_text()
        assert cards.count() == 2
        assert first.startswith("1 · tile")
        before = colours(page)
        cards.first.locator(".rows div").first.hover()
        settle(page)
        assert colours(page) != before, "what lies in the plane of a facet is traced"
        page.keyboard.press("Escape")
        assert cards.count() == 0
        page.mouse.click(5, 580)
        assert cards.count() == 0, "there is nothing"


def test_a_tap_pins(browser, regions):
    with shown(browser, regions, size=(390, 844), touch=True) as page:
        tile = page.evaluate("polyrelu.tileAt(195, 195)")
        page.touchscreen.tap(195, 195)
        title, lines = card_of(page.locator(".panel .card"))
        assert title == f"1 · region {tile}"
        assert lines["pattern"] == REGIONS[tile].pattern


def test_d_looks_through_tiles(browser, regions):
    with shown(browser, regions) as page:
        x, y = PLACES[4]
        page.mouse.move(x, y)
        page.locator(".hover").wait_for()
        tiles = [own["tile"] for own in page.evaluate("([x, y]) => polyrelu.view.tilesAt(x, y)", [x, y])]
        titles = []
        for _ in tiles:
            titles.append(card_of(page.locator(".hover .card"))[0])
            page.keyboard.press("d")
        assert len(titles) > 2
        assert titles == [f"region {tile}" for tile in tiles]


def test_patterns_are_found(browser, regions):
    with shown(browser, regions) as page:
        before = colours(page)
        page.keyboard.press("/")
        page.keyboard.type(REGIONS.patterns[5])
        settle(page)
        assert colours(page) != before, "stress is laid on what is found"
        page.keyboard.press("Enter")
        assert card_of(page.locator(".hover .card"))[1]["pattern"] == REGIONS.patterns[5]


# -- turning --------------------------------------------------------------------------------------------------------


def eye(page):
    return page.evaluate("polyrelu.view.camera.position.toArray()")


def test_mouse_wheel_and_keys_move_the_camera(browser, zones):
    with shown(browser, zones) as page:
        home = eye(page)
        page.mouse.move(300, 300)
        page.mouse.down()
        page.mouse.move(400, 330, steps=4)
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
    with shown(browser, zones) as page:
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
            assert re.findall(r"zone (\d+) ([^,]+)", said) == [
                (str(i), f"{size:.6g}") for i, size in enumerate(known) if size
            ]


def test_an_oblique_section_too(browser, regions):
    with shown(browser, regions) as page:
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
    with shown(browser, regions) as page:
        page.keyboard.press("c")
        page.keyboard.press("c")
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
        check_section_colours(page, now)
        before = colours(page)
        page.keyboard.press("]")
        settle(page)
        assert colours(page) != before
        page.get_by_label("section only").check()
        settle(page)
        assert page.evaluate("polyrelu.view.drawnTriangles.surfaces") == 0
        page.keyboard.press("0")
        assert cut(page) is None


def check_section_colours(page, now):
    """Points of a section have the colours of the tiles that they lie in."""
    while (
        page.get_by_role("group", name="Edges").get_by_role("button", name="none").get_attribute("aria-pressed")
        != "true"
    ):
        page.keyboard.press("e")
    page.mouse.move(5, 5)
    settle(page)
    picture = Image.open(io.BytesIO(page.locator(".stage canvas").screenshot())).convert("RGB")
    normal = np.array(now["normal"], dtype=float)
    for x, z in itertools.product((-1.7, -0.9, 0.1, 1.1), (-1.6, -0.5, 0.6, 1.5)):
        point = np.array([x, 0.0, z]) + (now["offset"] - 1e-6) * normal
        place = page.evaluate("point => polyrelu.view.placeOf(point)", point.tolist())
        found = picture.getpixel((round(place["x"]), round(place["y"])))
        near = {REGIONS.locate(point + step) for step in np.eye(3)[[0, 2]] * 0.03} | {REGIONS.locate(point)}
        wanted = [page.evaluate("tile => polyrelu.colourOf(tile, 0)", int(tile)) for tile in near]
        assert len(near) > 1 or found == tuple(bytes.fromhex(wanted[0][1:]))


# -- looks ----------------------------------------------------------------------------------------------------------


def test_opacity_edges_and_legend(browser, cube):
    with shown(browser, cube) as page:
        assert page.locator(".legend .name").all_inner_texts() == ["feature 0", "feature 1", "feature 2"]
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
        page.get_by_label("Show feature 1").uncheck()
        settle(page)
        pictures.append(colours(page))
        assert all(pictures[i] != pictures[j] for i in range(4) for j in range(i))
        for tile in range(len(CUBE.cells())):
            lines = described(page, tile)
            active = [i for i, bit in enumerate(lines["pattern"]) if bit == "1"]
            assert lines["active"] == (", ".join(f"feature {i}" for i in active) or "no feature")
            assert [row["text"] for row in lines["where"]] == list(
                CUBE.cells()[tuple(active)].inequalities(["u0", "u1", "u2"])
            )


def rings_of(polyhedron):
    from polyrelu.polyhedra.facet_rings import facet_rings, point_of

    return [[point_of(corner) for corner in facet.corners] for facet in facet_rings([polyhedron.canonical()])[0]]


def test_every_kind_of_tiling_can_be_shown(browser, page_of):
    unit = pr.Network([(np.eye(3), [0, 0, 0])], [False])
    box = pr.Polyhedron.box([-1] * 3, [1] * 3)
    flat = {text: pr.preimage(unit, pr.parse(text, dim=3), box) for text in _FLAT}
    with shown(browser, page_of("flat", solids_page(flat))) as page:
        assert described(page, 0)["of"] == "y0 == 0"
        assert all("volume" not in described(page, tile) for tile in range(3))
        drawn = colours(page)
        for i in range(3):
            page.locator(".legend input").nth(i).uncheck()
            settle(page)
            drawn, before = colours(page), drawn
            assert drawn != before, "a polygon, a segment, a point"
    with shown(browser, page_of("none", solid_page(pr.preimage(unit, pr.parse("y0 >= 2", dim=3), box)))) as page:
        assert page.locator(".empty").is_visible()
    with shown(browser, page_of("half", solid_page(pr.preimage(unit, pr.parse("y0 >= 0", dim=3))))) as page:
        assert described(page, 0)["volume"] == "unbounded"
        page.keyboard.press("c")
    long = pr.linear_regions(NET, pr.Polyhedron.box([0, 0, 0], [1000, 1, 1]))
    with shown(browser, page_of("long", solid_page(long))) as page:
        assert page.evaluate("polyrelu.view.stretched")
        assert check_ray(long, page, *PLACES[4]) > 0


_FLAT = ("y0 == 0", "y0 == 0 and y1 == 0", "y0 == 0 and y1 == 0 and y2 == 1/2")


def test_a_notebook_shows_the_page_in_a_frame(browser, page_of):
    path = page_of("notebook", f"<!doctype html><body>{CUBE._repr_html_()}{PREIMAGE.zones()._repr_html_()}</body>")
    with opened(browser, path, size=SIZE) as seen:
        seen.page.wait_for_load_state()
        for frame, bodies in zip(seen.page.frames[1:], (3, len(PREIMAGE.zones())), strict=True):
            frame.wait_for_selector(".stage canvas")
            assert frame.locator(".legend .entry").count() == bodies
            assert frame.evaluate("polyrelu.view.surfaceSizes().length") == bodies
