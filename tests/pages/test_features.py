"""The page of features' zones, in a browser, against their tilings."""

from fractions import Fraction

import pytest

import polyrelu as pr
from polyrelu.pages import showing
from polyrelu.pages.features import features_page
from polyrelu.pages.page import iframe
from tests.browser import opened
from tests.pages.test_planar import BOX, all_described, at, numbers, pointed, random_network

ZONES = pr.feature_zones(random_network([2, 6, 4], seed=3), box=4)


def test_cards_say_which_features_are_active(browser, tmp_path):
    ZONES.save(tmp_path / "zones.html")
    with opened(browser, tmp_path / "zones.html") as seen:
        seen.page.wait_for_selector("canvas[data-view]")
        cards = all_described(seen, range(seen.evaluate("() => polyrelu.tiles.count")))
        for i, card in enumerate(cards):
            point = numbers(card["point"])
            active = [f"y{feature}" for feature, tiling in ZONES.items() if tiling.contains(point)]
            assert card["active"] == (", ".join(active) or "no feature")
            assert {row["label"] for row in card["where"]} <= {
                "domain",
                *(f"layer 0, neuron {k}" for k in range(6)),
                *(f"y{feature}" for feature in ZONES),
            }
            if i < 5:
                seen.page.mouse.move(*at(seen, point))
                assert pointed(seen) == i
        entries = seen.page.get_by_role("region", name="Features").get_by_role("listitem")
        for k, (feature, tiling) in enumerate(ZONES.items()):
            own = [Fraction(card["area"]) for card in cards if f"y{feature}" in card["active"].split(", ")]
            assert float(sum(own)) == pytest.approx(float(tiling.volume(exact=True)), rel=1e-10)
            name, area = entries.nth(k).inner_text().split("\n")
            assert name == f"y{feature}"
            assert float(area) == pytest.approx(float(tiling.volume(exact=True)), rel=1e-5)


def test_features_are_counted_hidden_and_folded(browser, tmp_path):
    """Only some features, in a domain without an end, on a small dark screen."""
    zones = pr.feature_zones(random_network([2, 4, 4, 3], seed=2), ["y0"])
    zones.save(tmp_path / "zones.html")
    with opened(browser, tmp_path / "zones.html", size=(390, 844), dark=True) as seen:
        seen.page.wait_for_selector("canvas[data-view]")
        assert "unbounded" in seen.page.get_by_role("region", name="Features").inner_text()
        seen.page.get_by_role("button", name="count").click()
        pointed(seen)
        assert len(seen.evaluate("() => polyrelu.scene().fills")) == 2
        seen.page.get_by_role("button", name="layer 0").click()
        pointed(seen)
        assert seen.evaluate("() => polyrelu.scene().folds[0].sides.length") > 0
        assert seen.evaluate("() => document.documentElement.scrollWidth <= innerWidth")


def test_in_space_features_are_bodies_and_elsewhere_a_table(browser, tmp_path):
    zones = pr.feature_zones(random_network([3, 3, 2], seed=1), box=2)
    zones.save(tmp_path / "zones.html")
    with opened(browser, tmp_path / "zones.html") as seen:
        seen.page.wait_for_selector("canvas")
        assert "Where 2 features are active" in seen.page.locator(".panel").inner_text()
        assert "y1" in seen.page.locator(".panel").inner_text()
    table = features_page(pr.feature_zones(random_network([4, 3, 2], seed=1), box=1))
    assert "<td>y1</td>" in table
    assert "where 2 features" in table.lower()
    assert "<td>0</td>" in features_page(pr.feature_zones(pr.Network([([[0, 0, 0, 0]], [-1])]), box=1))


def test_notebooks_show_the_page_or_a_table_of_many_tiles(monkeypatch):
    assert ZONES._repr_html_() == iframe(features_page(ZONES))
    monkeypatch.setattr(showing, "MOST_TILES", 10)
    assert "tiles: save(" in ZONES._repr_html_()
    assert "canvas" not in ZONES._repr_html_()
    assert pr.feature_zones(pr.Network([([[1, 0]], [0])]), [], BOX)._repr_html_()
