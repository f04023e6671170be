from fractions import Fraction

import pytest
from matplotlib.figure import Figure

from polyrelu.figures import library

FIGURES = [name for name in dir(library) if name.startswith("figure_")]


@pytest.mark.parametrize("name", FIGURES)
def test_figures_are_made_and_labelled(name):
    figure = getattr(library, name)()
    assert isinstance(figure, Figure)
    assert figure.get_figwidth() <= 7.2
    assert all(axes.has_data() for axes in figure.axes)
    figure.canvas.draw()


@pytest.mark.parametrize("name", library.TEST_PICTURES)
def test_active_and_silent_pieces_fill_each_window(name):
    plane = library.TEST_PICTURES[name]()
    whole = plane.outline.area()
    for i in range(plane.feature_count):
        pieces = (*plane.active(i), *plane.silent(i))
        assert sum((piece.area() for piece in pieces), Fraction(0)) == whole
    assert sum((p.area() for polygons in plane.regions().values() for p in polygons), Fraction(0)) == whole


def test_the_pictures_are_as_hard_as_they_say():
    pictures = {name: make() for name, make in library.TEST_PICTURES.items()}
    assert len(pictures) == 9
    assert all(len(pictures["regular"].active(i)) == 1 for i in range(7))
    assert len(pictures["pac-man"].active(0)) == 2
    assert len(pictures["cat ears, collinear runs"].active(0)) == 2
    assert len(pictures["corners on hyperplanes"].active(0)) == 2
    dead = pictures["equal, opposite, dead"]
    assert (dead.active(3), dead.silent(4)) == ((), ())
    assert dead.active(0) == dead.active(1) == dead.silent(2)
    assert [len(pictures["a slice of four dimensions"].active(i)) for i in range(5)] == [2, 2, 2, 2, 2]


def test_the_hexagon_has_the_same_superposition_all_around():
    plane = library.regular_plane()
    alone = [sum(float(p.area()) for p in plane.region([i])) for i in range(6)]
    assert alone == pytest.approx([alone[0]] * 6)
    assert all(plane.region([i, (i + 1) % 6]) for i in range(6))
