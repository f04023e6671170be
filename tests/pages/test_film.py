"""The page of a film: what each checkpoint shows is what was found there."""

import io
from collections import defaultdict

import pytest

from polyrelu.figures.film import film
from polyrelu.latent.superposition import area_text
from tests.browser import opened
from tests.latent.test_history import hat
from tests.latent.test_superposition import HATS, chain

HATS_LIFE = film([hat(0), hat(1), hat(-4), hat(-2)], names=["start", "one", "<two>", "end"])


def legend(page):
    return [note.inner_text() for note in page.locator(".legend .note").all()]


def expected_legend(made, number):
    frame = made.frames[number]
    texts = []
    for place, islands in enumerate(frame.islands):
        count = len(islands)
        area = area_text(frame.area(frame.active[:, place].nonzero()[0]))
        texts.append(f"{count} island{'s' if count > 1 else ''}, area {area}" if count else "nowhere on")
    return texts


def at(page, number):
    page.wait_for_selector(f'canvas[data-checkpoint="{number}"]')


@pytest.mark.parametrize(("size", "dark"), [((1440, 900), False), ((390, 844), True)])
def test_every_checkpoint_is_shown(browser, tmp_path, size, dark):
    HATS_LIFE.save(tmp_path / "film.html")
    with opened(browser, tmp_path / "film.html", size=size, dark=dark) as seen:
        page = seen.page
        at(page, 0)
        for number, name in enumerate(HATS_LIFE.names):
            at(page, number)
            assert page.locator(".when").inner_text() == name
            assert legend(page) == expected_legend(HATS_LIFE, number)
            page.keyboard.press("ArrowRight")
        at(page, 3)
        assert page.locator(".events li").all_inner_texts() == [str(event) for event in HATS_LIFE.events]
        page.locator(".events button").first.click()
        at(page, 1)
        assert page.locator(".events .current").all_inner_texts() == [str(HATS_LIFE.events[0])]
        assert page.evaluate("() => document.documentElement.scrollWidth") <= size[0]


def test_islands_have_lives(browser, tmp_path):
    """A bar for each track, a link where two merge; the film plays to its end and stops."""
    HATS_LIFE.save(tmp_path / "film.html")
    with opened(browser, tmp_path / "film.html") as seen:
        page = seen.page
        at(page, 0)
        tracks = {track for own in HATS_LIFE.tracks for track in own[0]}
        assert page.locator(".times .life").count() == len(tracks) == 4
        assert page.locator(".times .link").count() == 1
        page.keyboard.press(" ")
        assert page.get_by_role("button", name="Stop").count() == 1
        at(page, 3)
        page.get_by_role("button", name="Play").wait_for()
        page.get_by_role("button", name="island", exact=True).click()
        colours = {life.get_attribute("stroke") for life in page.locator(".times .life").all()}
        assert len(colours) == 4
        box = page.locator(".times").bounding_box()
        page.mouse.click(box["x"] + 53, box["y"] + 10)
        at(page, 0)


def test_zones_are_painted_where_they_are(browser, tmp_path):
    """Pixels inside cells are of one colour for each set of features that are on, and of different ones for others."""
    image = pytest.importorskip("PIL.Image")
    made = film([HATS, chain(4, (2, 3, 3))], names=["hats", "chain"])
    made.save(tmp_path / "film.html")
    with opened(browser, tmp_path / "film.html") as seen:
        page = seen.page
        at(page, 0)
        page.get_by_label("names").uncheck()
        for number, frame in enumerate(made.frames):
            page.get_by_role("slider", name="Checkpoint").fill(str(number))
            at(page, number)
            with image.open(io.BytesIO(page.locator("canvas").screenshot())) as shot:
                painted = shot.convert("RGB")
            colours: dict[bytes, set[tuple[int, ...]]] = defaultdict(set)
            for cell, tile in enumerate(frame.tiling):
                if tile.polyhedron.volume() > 1:
                    x, y = map(float, tile.polyhedron.relative_interior_point())
                    place = painted.width * (x + 3) / 6, painted.height * (3 - y) / 6
                    colours[frame.active[cell].tobytes()].add(painted.getpixel(tuple(map(int, place))))
            assert all(len(own) == 1 for own in colours.values())
            assert len(set.union(*colours.values())) == len(colours) > 1
