from fractions import Fraction

import pytest

from polyrelu.figures import library, windows
from polyrelu.figures.registry import FIGURES
from polyrelu.polyhedra.convex_polygon import convex_polygon

LIBRARY_README = [
    "test_easy", "test_medium", "test_hard_1", "test_hard_2", "test_hard_3a", "test_hard_3b", "test_hard_4a",
    "test_hard_4b", "test_hard_5",
]  # fmt: skip
WINDOWS = {**library.TEST_PICTURES, **windows.WINDOWS}


def test_the_nine_pictures_have_the_library_s_names_and_order():
    assert list(library.TEST_PICTURES) == LIBRARY_README == [name for name in FIGURES if name.startswith("test_")]
    assert [axes.get_title() for axes in library.figure_test_pictures().axes] == LIBRARY_README
    (axes,) = library.figure_test_picture("test_hard_3a").axes
    assert axes.get_title() == "test_hard_3a"


@pytest.mark.parametrize("name", WINDOWS)
def test_active_and_silent_pieces_fill_each_window(name):
    plane = WINDOWS[name]()
    whole = plane.outline.area()
    for i in range(plane.feature_count):
        pieces = (*plane.active(i), *plane.silent(i))
        assert sum((piece.area() for piece in pieces), Fraction(0)) == whole
    assert sum((p.area() for polygons in plane.regions().values() for p in polygons), Fraction(0)) == whole


def test_the_test_pictures_show_what_they_are_named_for():
    pictures = {name: make() for name, make in library.TEST_PICTURES.items()}
    assert all(len(pictures["test_easy"].active(i)) == 1 for i in range(7))
    convex = [name for name, plane in pictures.items() if is_convex(plane)]
    assert convex == ["test_easy"]
    kinks = [min(pictures[name].window, key=norm) for name in ("test_hard_3a", "test_hard_3b")]
    assert all(norm(kink) < 0.01 for kink in kinks)  # the small feature
    assert sum(x * y for x, y in zip(*kinks, strict=True)) < 0  # it has turned
    inner = sorted(pictures["test_hard_5"].window, key=norm)[:2]
    assert all(norm(corner) < 0.001 for corner in inner)


def norm(point):
    return float(sum(x * x for x in point)) ** 0.5


def is_convex(plane):
    corners = plane.outline.outer
    return len(convex_polygon(corners)) == len(corners)


def test_the_windows_are_as_special_as_they_say():
    pictures = {name: make() for name, make in windows.WINDOWS.items()}
    assert len(pictures["pac-man"].active(0)) == 2
    assert len(pictures["cat ears, collinear runs"].active(0)) == 2
    assert len(pictures["a bean"].active(0)) == 2
    assert len(pictures["corners on hyperplanes"].active(0)) == 2
    dead = pictures["equal, opposite, dead"]
    assert (dead.active(3), dead.silent(4)) == ((), ())
    assert dead.active(0) == dead.active(1) == dead.silent(2)
    assert [len(pictures["a slice of four dimensions"].active(i)) for i in range(5)] == [2, 2, 2, 2, 2]
    assert [axes.get_title() for axes in windows.special_windows().axes] == list(pictures)


def test_the_hexagon_has_the_same_superposition_all_around():
    plane = library.regular_plane()
    alone = [sum(float(p.area()) for p in plane.region([i])) for i in range(6)]
    assert alone == pytest.approx([alone[0]] * 6)
    assert all(plane.region([i, (i + 1) % 6]) for i in range(6))
