"""The page of a latent plane, in a browser, against the plane."""

from fractions import Fraction

import numpy as np
import pytest

from polyrelu.latent.windows import LatentPlane
from polyrelu.networks.pattern_cells import sign_row
from polyrelu.pages.latent import plane_page
from polyrelu.pages.page import write
from polyrelu.polyhedra.polyhedron import Polyhedron
from tests.browser import opened
from tests.pages.test_planar import at, described, numbers, pointed

RANDOM = np.random.default_rng(1)
ARROW = [(-3, -3), (3, -3), (3, 3), (0, 1), (-3, 3)]
PLANES = {
    "square": LatentPlane.from_coordinates([(0, 0), (4, 0), (4, 4), (0, 4)], [[1, 0], [1, 1]], [-1, -2]),
    "arrow": LatentPlane.from_coordinates(ARROW, RANDOM.integers(-5, 6, (6, 2)), [Fraction(-1, 2)] * 6),
    "same line twice": LatentPlane.from_coordinates(ARROW, [[1, 1], [2, 2], [0, 0]], [-1, -2, 1]),
}


@pytest.mark.parametrize("name", PLANES)
def test_cards_say_what_is_active(browser, tmp_path, name):
    plane = PLANES[name]
    write(plane_page(plane, [f"f{i}" for i in range(plane.feature_count)]), tmp_path / "plane.html")
    parts = [(subset, polygon) for subset, polygons in plane.regions().items() for polygon in polygons]
    with opened(browser, tmp_path / "plane.html") as seen:
        seen.page.wait_for_selector("canvas[data-view]")
        assert seen.evaluate("() => polyrelu.tiles.count") == len(parts)
        for i, (subset, polygon) in enumerate(parts):
            card = described(seen, i)
            assert card["pattern"] == "".join(str(int(f in subset)) for f in range(plane.feature_count))
            assert card["active"] == (", ".join(f"f{f}" for f in subset) or "no feature")
            assert Fraction(card["area"]) == polygon.area()
            point = numbers(card["point"])
            rows = [
                sign_row((*normal, offset), f in subset)
                for f in range(plane.feature_count)
                for normal, offset in [plane.form(f)]
            ]
            assert all(row.holds(point) for row in rows)
            cell = Polyhedron.from_halfspaces([row for row in rows if any(row.normal)], 2).canonical()
            assert [row["text"] for row in card["where"]] == list(cell.inequalities(["u0", "u1"]))
            assert all(row["label"] in {f"f{f}" for f in range(plane.feature_count)} for row in card["where"])
            seen.page.mouse.move(*at(seen, point))
            assert pointed(seen) == i
        for f in range(plane.feature_count):
            line = seen.page.get_by_role("region", name="Features").get_by_role("listitem").nth(f).inner_text()
            area = sum((polygon.area() for polygon in plane.active(f)), Fraction(0))
            assert float(line.split("\n")[1]) == pytest.approx(float(area), rel=1e-5)


def test_features_are_hidden_and_counted(browser, tmp_path):
    plane = PLANES["arrow"]
    plane.save(tmp_path / "plane.html")
    with opened(browser, tmp_path / "plane.html", size=(390, 844), dark=True) as seen:
        seen.page.wait_for_selector("canvas[data-view]")
        assert len(seen.evaluate("() => polyrelu.scene().fills")) == 6
        seen.page.get_by_label("Show feature 2").uncheck()
        pointed(seen)
        assert len(seen.evaluate("() => polyrelu.scene().fills")) == 5
        seen.page.get_by_role("button", name="count").click()
        pointed(seen)
        fills = seen.evaluate("() => polyrelu.scene().fills")
        assert len(fills) == len({len(subset) for subset in plane.regions()})
        assert seen.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
